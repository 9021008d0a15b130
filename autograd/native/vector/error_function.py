"""The error function and its complement."""

from __future__ import annotations

from typing import Any

from autograd.native.ir import V, fma, select
from autograd.native.vector.exponentials import exponential, reduced, series
from autograd.native.vector.rules import copysign, polynomial, polynomial_in_pairs, rule, two_product

_ERF = [
    0.1283791670955126, -0.3761263890318375, 0.11283791670954879, -0.026866170645076792, 0.0052239776248180145,
    -0.000854832698083379, 0.0001205533111164271, -1.4925595266831182e-05, 1.6461000484121368e-06,
    -1.6350312701054695e-07, 1.4659775274047436e-08, -1.1372848856791674e-09, 5.957176147748911e-11,
]  # fmt: skip
_ERFC = [
    1.2530080582697296, -0.13562110612458084, -0.04756229435343384, 0.12964515870271817, -0.11927366341637591,
    0.06830802734557402, -0.023770514892453878, 0.002529391787416037, 0.0018886900308933137, -0.0007798319787670749,
    -0.00010515741491655, 0.00012509749095168397, 4.9387975342434404e-06, -2.00929833045886e-05,
    -7.012462973163499e-07, 3.4525197016153044e-06, 3.0307407103093377e-07, -5.840747551910045e-07,
    -8.42551957399924e-08, 7.124245030572795e-08, 8.635681414307825e-09,
]  # fmt: skip


def _erfc_tail(a: Any) -> Any:
    """erfc a = e^−a² · g(u)/(1 + 2a) for a ≥ ½; g is flat, and a polynomial in u = (a − 3)/(a + 3)."""
    a = select(a > 28.0, 28.0, a)
    u = (a - 3.0) / (a + 3.0)
    g = fma(fma(polynomial_in_pairs(u, _ERFC[2:]), u, _ERFC[1]), u, _ERFC[0])
    d = fma(2.0, a, 1.0)
    d_low = fma(2.0, a, 1.0 - d)
    inverse = 1.0 / d
    q = g * inverse
    q_low = (fma(-q, d, g) - q * d_low) * inverse
    square, square_low = two_product(a, a)
    shifted, r, tail = reduced(-square, -square_low)
    return exponential(-square, shifted, fma(q, series(r, r + tail), q_low), q)


def _erf_small(x: V) -> Any:
    """erf x − x, for |x| ≤ 1"""
    return x * polynomial(x * x, _ERF)


@rule
def erf(x: V) -> Any:
    a = abs(x)
    z = select(a < 0.9, a + _erf_small(a), 1.0 - _erfc_tail(a))
    return select(x == x, copysign(z, x), x)


@rule
def erfc(x: V) -> Any:
    tail = _erfc_tail(abs(x))
    z = select(x < 0.0, 2.0 - tail, tail)
    near = 0.5 - ((x - 0.5) + _erf_small(x))
    return select(x == x, select(abs(x) < 0.7, select(x < 0.25, 1.0 - (x + _erf_small(x)), near), z), x)
