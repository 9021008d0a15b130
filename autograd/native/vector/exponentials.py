"""e to the power of x, and what is made of it: hyperbolic functions, sigmoid."""

from __future__ import annotations

from math import inf
from typing import Any

from autograd.native.ir import V, alike, bits, bits_of, fma, from_bits, looked_up, select
from autograd.native.vector.rules import (
    ROUND,
    ROUND_BITS,
    copysign,
    polynomial_in_pairs,
    power_of_two,
    rare,
    rule,
    two_product,
    two_sum,
)

LOG2_E = 1.4426950408889634
LN2_HIGH, LN2_LOW = 0.6931471803691238, 1.9082149292705877e-10  # log 2 = high + low; k·high is exact for |k| < 2²⁰
NEAR = 690.0  # to 0: e^x is far from what a double cannot hold, and so is some thousandth of it

_SERIES = [
    0.5, 0.16666666666666666, 0.04166666666669588, 0.008333333333341911, 0.0013888888685990913, 0.00019841269513677063,
    2.480582864777178e-05, 2.7562198841867184e-06,
]  # fmt: skip
_QUARTERS = [1.0, 1.189207115002721, 1.4142135623730951, 1.681792830507429]  # 2^(j/4)
_LACKING = [0.0, 3.3484623336251524e-17, -6.835808657661922e-17, 4.875160526227062e-17]  # what they lack, relatively
_LOWERED = [bits_of(x) - (j << 50) for j, x in enumerate(_QUARTERS)]  # adding (4n + j) << 50 multiplies by 2ⁿ


def reduced(x: Any, low: Any = None) -> tuple[V, Any, Any]:
    """k + ROUND, r and a tail with e^(x + low) = 2^(k/4)·e^(r + tail), where 2^(k/4) is `power`: r is what is left of
    x, at most ⅛·log 2."""
    shifted = fma(x, 4.0 * LOG2_E, ROUND)
    k = shifted - ROUND
    high = fma(-k, 0.25 * LN2_HIGH, x)
    r = fma(-k, 0.25 * LN2_LOW, high)
    tail = fma(-k, 0.25 * LN2_LOW, high - r) + lacking(shifted)
    return shifted, *((r, tail) if low is None else two_sum(r, tail + low))


def power(shifted: V) -> V:
    """2^(k/4), k being shifted − ROUND, to the nearest double"""
    return from_bits((bits(shifted) << 50) + looked_up(_LOWERED, bits(shifted) & 3))


def lacking(shifted: V) -> V:
    """The logarithm of what that double is to be multiplied by."""
    return looked_up(_LACKING, bits(shifted) & 3)


def series(r: Any, first: Any) -> Any:
    """e^r − 1 − r, and what is given first"""
    return fma(r * r, polynomial_in_pairs(r, _SERIES), first)


def exponential(x: Any, shifted: V, p: Any, q: Any = 1.0) -> Any:
    """2^(k/4)·(q + p), about e^x: in two steps where x is so large or so small that 2^(k/4) is no normal double."""
    scale = power(shifted)
    if isinstance(q, V):
        product, rest = two_product(scale, q)
        near = product + fma(scale, p, rest)
    else:
        near = fma(scale, p, scale)
    exactly = lambda *xs: [_exponential(*xs)]
    return rare((abs(x) < NEAR) ^ True, [near], "exponential", exactly, x, *alike(shifted, p, q))[0]


def _exponential(x: V, shifted: V, p: V, q: V) -> Any:
    """The same by two factors; 0 and inf where n is not right."""
    half = (bits(shifted) - ROUND_BITS) >> 3
    most = from_bits(bits(power(shifted)) - (half << 52))
    product, rest = two_product(most, q)
    z = (product + fma(most, p, rest)) * power_of_two(half)
    return select(x < -746.0, 0.0, select(x > 711.0, inf, z))


@rule
def exp(x: V) -> Any:
    shifted, r, _ = reduced(x)  # what r was rounded by is less than an eighth of an ulp, and costs two instructions
    return exponential(x, shifted, series(r, r + lacking(shifted)))


def expm1_parts(x: Any, halvings: int = 0) -> tuple[Any, Any]:
    """2⁻ʰ·(eˣ − 1) as a sum of two: halved often enough not to overflow, and not so often that it vanishes."""
    shifted, r, tail = reduced(x)
    scale, one = power(shifted - 4.0 * halvings), 2.0**-halvings
    less = scale - one  # either may be the larger
    back = less - scale
    lost = (scale - (less - back)) - (one + back)
    p, p_low = two_sum(r, series(r, tail))
    product, rest = two_product(scale, p)
    z, low = two_sum(less, product)  # less is 0, or the larger
    return z, low + (rest + fma(scale, p_low, lost))


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
    shifted, r, tail = reduced(a)
    half = exponential(a, shifted - 4.0, series(r, r + tail))
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
