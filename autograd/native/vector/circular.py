"""Sine, cosine, tangent and their inverses."""

from __future__ import annotations

from math import inf, nan, pi
from typing import Any

from autograd.native.ir import V, bits, fma, from_bits, select
from autograd.native.vector.rules import ROUND, by_lane, copysign, polynomial_in_pairs, rare, rule, rules, sqrt, two_sum

_PI_2 = [  # π/2 in parts: two of 33 bits, so that n times them is exact, and the rest
    1.5707963267341256, 6.077100506303966e-11, 2.0222662487959506e-21,
]  # fmt: skip
_SIN = [
    -0.16666666666666666, 0.008333333333330948, -0.00019841269836756774, 2.7557316101617874e-06,
    -2.505113165023518e-08, 1.5918115263265974e-10,
]  # fmt: skip
_COS = [
    0.041666666666666664, -0.0013888888888887398, 2.480158729876456e-05, -2.7557317271145144e-07,
    2.087614614655861e-09, -1.1382623647474604e-11,
]  # fmt: skip
FAR = 1e6  # from here on n times a part is not exact


def _quarter_turns(x: V) -> tuple[V, Any, Any]:
    """The sine and the cosine of x − n·π/2, at most π/4, and n."""
    shifted = fma(x, 2.0 / pi, ROUND)
    n = shifted - ROUND
    high = fma(-n, _PI_2[0], x)
    next_ = fma(-n, _PI_2[1], high)
    low = fma(-n, _PI_2[2], fma(-n, _PI_2[1], high - next_))
    r = next_ + low
    low = (next_ - r) + low
    z = r * r
    s = fma(z * r, _SIN[0], fma(z, fma(z * r, polynomial_in_pairs(z, _SIN[1:]), -0.5 * low), low)) + r
    half = 0.5 * z
    w = 1.0 - half
    c = w + (((1.0 - w) - half) + fma(z, z * polynomial_in_pairs(z, _COS), -r * low))
    return bits(shifted), s, c


def _turned(n: V, s: Any, c: Any) -> Any:
    """The sine after n quarter turns."""
    z = select((n & 1) != 0, c, s)
    return from_bits(bits(z) ^ ((n & 2) << 62))


def _far(x: V, **usual: V) -> list[V]:
    """The `usual` results, but far from 0 what the C library's functions of these names say."""
    exactly = lambda x: [by_lane(name, [x]) for name in usual]
    return rare(abs(x) > FAR, [*usual.values()], "_".join(usual), exactly, x)


@rules("sin", "cos")
def sine_and_cosine(x: V) -> Any:
    """Who differentiates one of them needs the other."""
    n, s, c = _quarter_turns(x)
    return _far(x, sin=select(abs(x) < 2.0**-27, x, _turned(n, s, c)), cos=_turned(n + 1, s, c))


@rule
def tan(x: V) -> Any:
    n, s, c = _quarter_turns(x)
    odd = (n & 1) != 0
    z = select(odd, -c, s) / select(odd, s, c)
    return _far(x, tan=select(abs(x) < 2.0**-27, x, z))[0]


_ASIN = [
    0.16666666666666669, 0.07499999999998425, 0.04464285714637338, 0.030381944137085216, 0.022372173002005596,
    0.017352391265909227, 0.013971235301124539, 0.011478952690257387, 0.010324318288744113, 0.00545087818772055,
    0.017419357964884856, -0.014881409392818066, 0.02877844261259304,
]  # fmt: skip
_ATAN = [
    -0.3333333333333333, 0.199999999999998, -0.14285714285659326, 0.11111111105106705, -0.09090908751076636,
    0.0769229630497447, -0.06666423628069258, 0.058789145444006215, -0.052303478730160745, 0.04551108126325172,
    -0.034558092551413795, 0.01627194475162406,
]  # fmt: skip
PI_LOW = 1.2246467991473532e-16  # π less its double


def _asin_parts(x: V) -> tuple[V, Any, Any]:
    """Is |x| > ½? Then the arcsine of s = √((1 − |x|)/2), which is (π/2 − asin |x|)/2, else that of |x|: in parts."""
    a = abs(x)
    steep = a > 0.5
    z = select(steep, 0.5 - 0.5 * a, a * a)
    s = sqrt(z)
    rest = select(steep & (s > 0.0), fma(-s, s, z) / (2.0 * s), 0.0)
    s = select(steep, s, a)
    return steep, s, fma(s * z, polynomial_in_pairs(z, _ASIN), rest)


@rule
def asin(x: V) -> Any:
    steep, s, rest = _asin_parts(x)
    z = select(steep, (pi / 2 - 2.0 * s) + (PI_LOW / 2 - 2.0 * rest), s + rest)
    return copysign(select(abs(x) <= 1.0, z, nan), x)


@rule
def acos(x: V) -> Any:
    steep, s, rest = _asin_parts(x)
    s, rest = copysign(s, x), copysign(1.0, x) * rest
    near_minus_one = (pi + 2.0 * s) + (PI_LOW + 2.0 * rest)
    z = select(steep, select(x < 0.0, near_minus_one, 2.0 * (s + rest)), pi / 2 - (s - (PI_LOW / 2 - rest)))
    return select(abs(x) <= 1.0, z, nan)


def _angle(y: Any, x: Any) -> tuple[Any, Any]:
    """The arctangent of y/x for y, x ≥ 0, as a sum of two: that of −x/y, of (y − x)/(y + x) or of y/x, turned."""
    steep, middle = y > 2.414213562373095 * x, y > 0.41421356237309503 * x
    top = select(steep, -x, select(middle, y - x, y))
    t = top / select(steep, y, select(middle, y + x, x))
    z = t * t
    high = select(steep, pi / 2, select(middle, pi / 4, 0.0))
    low = select(steep, PI_LOW / 2, select(middle, PI_LOW / 4, 0.0))
    sum_, rest = two_sum(high, t)
    sum_, rest = select(middle, sum_, t), select(middle, rest, 0.0)
    return sum_, rest + fma(t * z, polynomial_in_pairs(z, _ATAN), low)


@rule
def atan(x: V) -> Any:
    high, low = _angle(abs(x), 1.0)
    return copysign(high + low, x)


@rule
def atan2(y: V, x: V) -> Any:
    b, a = abs(y), abs(x)
    larger = select(b > a, b, a)
    scale = select(larger > 2.0**1000, 2.0**-10, select(larger < 2.0**-900, 2.0**100, 1.0))
    both = (b == inf) & (a == inf)
    none = larger == 0.0
    high, low = _angle(select(both | none, select(none, 0.0, 1.0), b * scale), select(both | none, 1.0, a * scale))
    left = copysign(1.0, x) < 0.0
    turned = pi - high
    z = select(left, turned + (((pi - turned) - high) + (PI_LOW - low)), high + low)
    return select((x == x) & (y == y), copysign(z, y), x + y)
