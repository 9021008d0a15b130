"""e to the power of x, and what is made of it: hyperbolic functions, sigmoid."""

from __future__ import annotations

from math import inf
from typing import Any

from autograd.native.ir import V, bits, fma, from_bits, select
from autograd.native.vector.rules import (
    ROUND,
    ROUND_BITS,
    copysign,
    polynomial_in_pairs,
    power_of_two,
    rare,
    rule,
    two_sum,
)

LOG2_E = 1.4426950408889634
LN2_HIGH, LN2_LOW = 0.6931471803691238, 1.9082149292705877e-10  # log 2 = high + low; n·high is exact for |n| < 2²⁰
NEAR = 690.0  # to 0: e^x is far from what a double cannot hold, and so is some thousandth of it

_EXP = [
    0.5, 0.1666666666666667, 0.04166666666666667, 0.008333333333326084, 0.0013888888888883711, 0.0001984126987500228,
    2.480158732567746e-05, 2.755725517000089e-06, 2.755727347871858e-07, 2.5105312729622103e-08, 2.09147553258932e-09,
]  # fmt: skip


def reduced(x: Any, low: Any = None) -> tuple[V, Any, Any]:
    """n + ROUND, r and s with e^(x + low) = 2ⁿ·(1 + r + s): r is x − n·log 2, at most ½·log 2, and s what its series
    adds."""
    shifted = fma(x, LOG2_E, ROUND)
    n = shifted - ROUND
    high = fma(-n, LN2_HIGH, x)
    r = fma(-n, LN2_LOW, high)
    tail = fma(-n, LN2_LOW, high - r)
    if low is not None:
        r, tail = two_sum(r, tail + low)
    return shifted, r, fma(r * r, polynomial_in_pairs(r, _EXP), tail)


def one_plus(r: Any, s: Any) -> tuple[Any, Any]:
    """1 + r + s as a sum of two."""
    high = 1.0 + r
    return high, ((1.0 - high) + r) + s


def exponential(x: Any, shifted: V, high: Any, low: Any) -> Any:
    """2ⁿ·(high + low), about e^x, n being shifted − ROUND: added to the exponent of high + low unless x is so large
    or so small that this would leave its bits."""
    near = from_bits(bits(high + low) + (bits(shifted) << 52))
    exactly = lambda *xs: [_exponential(*xs)]
    return rare((abs(x) < NEAR) ^ True, [near], "exponential", exactly, x, shifted, high, low)[0]


def _exponential(x: V, shifted: V, high: V, low: V) -> Any:
    """The same by two factors, as 2ⁿ alone may be too large or too small; 0 and inf where n is not right."""
    n = bits(shifted) - ROUND_BITS
    half = n >> 1
    most = power_of_two(n - half)
    z = fma(most, low, most * high) * power_of_two(half)
    return select(x < -746.0, 0.0, select(x > 711.0, inf, z))


@rule
def exp(x: V) -> Any:
    shifted, r, s = reduced(x)
    return exponential(x, shifted, *one_plus(r, s))


def expm1_parts(x: Any, halvings: int = 0) -> tuple[Any, Any]:
    """2⁻ʰ·(eˣ − 1) as a sum of two: halved often enough not to overflow, and not so often that it vanishes."""
    shifted, r, s = reduced(x)
    n = bits(shifted) - ROUND_BITS
    p, p_low = two_sum(r, s)
    scale = power_of_two(n - halvings)
    minus_one = scale - 2.0**-halvings
    p, p_low = p * scale, p_low * scale
    z = minus_one + p  # either may be the larger
    back = z - minus_one
    return z, ((minus_one - (z - back)) + (p - back)) + p_low


@rule
def expm1(x: V) -> Any:
    z, low = expm1_parts(select(x < -50.0, -50.0, x), halvings=1)
    return select(abs(x) < 2.0**-54, x, select(x > 709.8, inf, 2.0 * (z + low)))


@rule
def sinh(x: V) -> Any:
    """½(E + E/(E + 1)), E = e^|x| − 1"""
    a = abs(x)
    quarter, low = expm1_parts(a, halvings=2)
    z = 2.0 * (quarter + (low + (quarter + low) / fma(4.0, quarter, 1.0)))
    return select(x == x, copysign(select(a > 711.0, inf, select(a < 2.0**-28, a, z)), x), x)


@rule
def cosh(x: V) -> Any:
    a = abs(x)
    shifted, r, s = reduced(a)
    half = exponential(a, shifted - 1.0, *one_plus(r, s))
    return half + 0.25 / half


@rule
def tanh(x: V) -> Any:
    """−E/(E + 2), E = e^(−2|x|) − 1: the exponential that its slope, 4·σ(2x)·σ(−2x), takes as well."""
    e, low = expm1_parts(-abs(select(abs(x) > 20.0, 20.0, x) * 2.0))
    d, d_low = two_sum(2.0, e)
    d_low = d_low + low
    inverse = 1.0 / d
    q = e * inverse
    z = fma(fma(-q, d, e) + (low - q * d_low), inverse, q)
    return select(x == x, copysign(z, x), x)


@rule
def sigmoid(x: V) -> Any:
    """1/(1 + e) or e/(1 + e), e = e^−|x|"""
    e = exp(-abs(x))
    d, d_low = two_sum(1.0, e)
    top, inverse = select(x >= 0.0, 1.0, e), 1.0 / d
    q = top * inverse
    return fma(fma(-q, d, top) - q * d_low, inverse, q)
