"""Logarithms, of x, of 1 + x and of 1 + eˣ."""

from __future__ import annotations

from math import inf, nan
from typing import Any

from autograd.native.ir import V, bits, fma, from_bits, select
from autograd.native.vector.exponentials import LN2_HIGH, LN2_LOW, exp
from autograd.native.vector.rules import ONE_BITS, polynomial_in_pairs, power_of_two, rule, to_double, two_sum

SMALLEST_NORMAL = 2.0**-1022
_LOG = [
    0.666666666666667, 0.39999999999899444, 0.2857142862600327, 0.22222211130259878, 0.18182889455674947,
    0.15331710618210773, 0.14616585424888623,
]  # fmt: skip
_SQRT_HALF_BITS = 0x3FE6A09E667F3BCD


def exponent_and_mantissa(x: V) -> tuple[V, Any]:
    """k and m with x = 2ᵏ·m, √½ ≤ m < √2, for normal x > 0"""
    shifted = bits(x) + (ONE_BITS - _SQRT_HALF_BITS)
    return (shifted >> 52) - 1023, from_bits((shifted & ((1 << 52) - 1)) + _SQRT_HALF_BITS)


def normalized(x: V) -> tuple[V, Any]:
    """The same for denormal x as well, with k as a double."""
    small = x < SMALLEST_NORMAL
    k, m = exponent_and_mantissa(select(small, x * 2.0**54, x))
    return select(small, to_double(k) - 54.0, to_double(k)), m


def log_of(k: Any, f: Any) -> Any:
    """k·log 2 + log(1 + f): with s = f/(2 + f), log(1 + f) = 2s + s³·(⅔ + …) = f − f²/2 + s·(f²/2 + s²·(⅔ + …))"""
    s = f / (2.0 + f)
    z, h = s * s, 0.5 * f * f
    return k * LN2_HIGH - ((h - fma(s, fma(z, polynomial_in_pairs(z, _LOG), h), k * LN2_LOW)) - f)


def _edges(x: V, z: Any, lowest: float) -> Any:
    """z, but −inf at the lowest argument, nan below it, and inf at inf."""
    z = select(x == inf, inf, select(x == lowest, -inf, z))
    return select(x < lowest, nan, select(x == x, z, x))


@rule
def log(x: V) -> Any:
    k, m = normalized(x)
    return _edges(x, log_of(k, m - 1.0), 0.0)


@rule
def log1p(x: V) -> Any:
    u = 1.0 + x
    back = u - 1.0
    lost = (1.0 - (u - back)) + (x - back)
    k, m = exponent_and_mantissa(u)
    f = (m - 1.0) + select(u > 2.0**60, 0.0, lost * power_of_two(-1 * k))
    return _edges(x, select(abs(x) < 2.0**-54, x, log_of(to_double(k), f)), -1.0)


@rule
def softplus(x: V) -> Any:
    """log(1 + e) + max(x, 0), e = e^−|x|: `log1p` where 0 ≤ e ≤ 1, so that 1 + e is halved or not."""
    e = exp(-abs(x))
    u, lost = two_sum(1.0, e)
    large = u > 1.4142135623730951
    f = fma(select(large, 0.5, 1.0), lost, select(large, 0.5 * u, u) - 1.0)
    return log_of(select(large, 1.0, 0.0), f) + select(x > 0.0, x, 0.0)
