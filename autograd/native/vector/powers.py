"""Powers: by the logarithm to 10 bits more than a double has, since y multiplies its error."""

from __future__ import annotations

from math import inf, nan
from typing import Any

from autograd.native.ir import V, fma, intrinsic, select
from autograd.native.vector.exponentials import LN2_HIGH, LN2_LOW, exponential, reduced, series
from autograd.native.vector.logarithms import normalized
from autograd.native.vector.rules import copysign, polynomial_in_pairs, rule, two_product, two_sum

_LOG_FINE = [
    0.4, 0.28571428571429364, 0.22222222221655885, 0.18181818335392802, 0.1538459496251843, 0.1333480469384731,
    0.11706236339491206, 0.11723178623876518,
]  # fmt: skip


def _log_parts(x: V) -> tuple[Any, Any]:
    """log x as a sum of two, for x > 0"""
    k, m = normalized(x)
    f, (d, d_low) = m - 1.0, two_sum(1.0, m)
    inverse = 1.0 / d
    s = f * inverse
    s_low = (fma(-s, d, f) - s * d_low) * inverse
    z, z_low = two_product(s, s)
    z_low = fma(2.0 * s, s_low, z_low)
    p, p_low = two_sum(2.0 / 3.0, z * polynomial_in_pairs(z, _LOG_FINE))
    p_low = p_low + fma(z_low, 0.4, 3.700743415417188e-17)  # ⅔ less the double that is nearest to it
    c, c_low = two_product(s, z)
    c_low = fma(s, z_low, fma(s_low, z, c_low))
    t, t_low = two_product(c, p)
    t_low = fma(c, p_low, fma(c_low, p, t_low))
    high, low = two_sum(k * LN2_HIGH, 2.0 * s)  # k is 0, or the larger
    r, r_low = two_sum(high, t)
    return two_sum(r, r_low + (low + (t_low + fma(2.0, s_low, k * LN2_LOW))))


@rule
def pow(x: V, y: V) -> Any:
    a = abs(x)
    high, low = _log_parts(a)
    e, e_low = two_product(y, high)
    e_low = fma(y, low, e_low)
    e_low = select(abs(e) < 746.0, e_low, 0.0)
    shifted, r, tail = reduced(e, e_low)
    z = exponential(e, shifted, series(r, r + tail))
    # x = 0 and inf, where the logarithm is no number; then negative x; then what nothing else changes
    grows = (y > 0.0) ^ (a < 1.0)
    z = select((a == 0.0) | (a == inf) | (abs(y) == inf), select(grows, inf, 0.0), z)
    z = select((a == 1.0) & (y == y), 1.0, z)
    whole, odd = _parity(y)
    z = select((x < 0.0) & (a < inf) & (abs(y) < inf), select(whole, z, nan), z)
    z = select(odd, copysign(z, x), z)
    z = select((x == x) & (y == y), z, x + y)
    return select((y == 0.0) | (x == 1.0), 1.0, z)


def _parity(y: V) -> tuple[V, V]:
    """Is y an integer, and is it odd?"""
    whole, half = intrinsic("floor", y) == y, 0.5 * y
    return whole, whole & (intrinsic("floor", half) != half)
