"""The elementary functions as rules on `V`: what `math` computes, without a branch, on all lanes at once.

Each is within 2 ulp of the true value over its whole range, and answers infinities, nans, signed zeros and denormals
as C's function does. The plan is the same everywhere: reduce the argument to a short interval, carrying what the
reduction rounds away as a second number; there, a polynomial; then put the parts together so that the last operation
is the one that rounds. Coefficients are of interpolating polynomials at Chebyshev's points, taken at 250 bits.

Where few arguments would need much more (sine of 10⁹ radians), the C library is asked for those lanes alone: `rare`.
"""

from __future__ import annotations

import functools
import math
import struct
from collections.abc import Callable, Sequence
from math import inf, nan, pi
from typing import Any

from autograd.core import ieee
from autograd.native.body import Body
from autograd.native.ir import V, alike, bits, fma, from_bits, intrinsic, select

Rule = Callable[..., Any]
RULES: dict[Any, Rule] = {}  # what is computed in place of a function of `math` or `ieee`

ROUND = 1.5 * 2.0**52  # x + ROUND has the nearest integer to x in its last bits
ROUND_BITS = struct.unpack("<q", struct.pack("<d", ROUND))[0]
ONE_BITS = 1023 << 52
SMALLEST_NORMAL = 2.0**-1022
LOG2_E = 1.4426950408889634
LN2_HIGH, LN2_LOW = 0.6931471803691238, 1.9082149292705877e-10  # log 2 = high + low; n·high is exact for |n| < 2²⁰


def rule(f: Rule) -> Rule:
    """Enter a rule for the functions of its name in `math` and in `ieee`; a module has it once, as a function."""

    @functools.wraps(f)
    def called(*xs: Any) -> Any:
        body = next(x.body for x in xs if isinstance(x, V))
        return body.module.function(f.__name__, f, xs)

    _enter(f.__name__, called)
    return called


def inline(f: Rule) -> Rule:
    """Enter a rule that is an instruction or two: it is written where it is used."""
    _enter(f.__name__, f)
    return f


def _enter(name: str, f: Rule) -> None:
    for module in (math, ieee):
        if hasattr(module, name):
            RULES[getattr(module, name)] = f


def polynomial(x: V, coefficients: Sequence[float]) -> Any:
    """c₀ + c₁x + c₂x² + …, one after the other (Horner): the fewest operations."""
    z: Any = coefficients[-1]
    for c in coefficients[-2::-1]:
        z = fma(z, x, c)
    return z


def polynomial_in_pairs(x: V, coefficients: Sequence[float]) -> Any:
    """The same in pairs, pairs of pairs, … (Estrin): few operations wait for each other."""
    terms: list[Any] = list(coefficients)
    while len(terms) > 1:
        pairs = [fma(b, x, a) for a, b in zip(terms[::2], terms[1::2], strict=False)]
        terms = pairs + terms[len(pairs) * 2 :]
        x = x * x
    return terms[0]


def two_sum(x: Any, y: Any) -> tuple[Any, Any]:
    """x + y as what it rounds to and what that leaves, for |x| ≥ |y|."""
    z = x + y
    return z, y - (z - x)


def two_product(x: Any, y: Any) -> tuple[Any, Any]:
    z = x * y
    return z, fma(x, y, -z)


def to_double(n: V) -> Any:
    """A double from a small integer."""
    return from_bits(n + ROUND_BITS) - ROUND


def power_of_two(n: V) -> V:
    """2ⁿ, for −1023 < n < 1024"""
    return from_bits((n + 1023) << 52)


def rare(condition: V, usual: V, name: str, x: V) -> Any:
    """`usual`, but what the C library's function `name` says of x in the lanes where the condition holds."""
    body, lanes = x.body, x.lanes
    module, helper = body.module, f"rare.{name}.{lanes}"
    if not module.has(helper):
        kind, conditions = x.type, condition.type
        inner = Body(module, helper, [(kind, "z"), (kind, "x"), (conditions, "c")], kind)
        z, x_, c = V(inner, "%z", "double", lanes), V(inner, "%x", "double", lanes), V(inner, "%c", "i1", lanes)
        inner.give(select(c, by_lane(name, [x_]), z))
        module.add(inner, "internal", "noinline cold nounwind willreturn memory(none)")
    any_lane = condition if lanes == 1 else body.call(f"llvm.vector.reduce.or.v{lanes}i1", [condition], "i1")
    result = body.variable(usual)
    with body.when(any_lane):
        body.store(body.op(f"call {x.type} @{helper}({usual}, {x}, {condition})", "double", lanes), result)
    return body.load(result, lanes)


def by_lane(name: str, operands: Sequence[V]) -> Any:
    """A C function of doubles, called for one lane after the other; what all share is spread first."""
    operands = alike(*operands)
    body, lanes = operands[0].body, operands[0].lanes
    if lanes == 1:
        return body.call(name, operands)
    z = body.poison(lanes)
    for k in range(lanes):
        z = body.with_lane(z, k, body.call(name, [body.lane(x, k) for x in operands]))
    return z


# Roots, signs and integers: instructions.


@inline
def sqrt(x: V) -> Any:
    return intrinsic("sqrt", x)


@inline
def fabs(x: V) -> Any:
    return abs(x)


@inline
def copysign(x: Any, y: Any) -> Any:
    return intrinsic("copysign", x, y)


# Exponentials

_EXP = [
    0.5, 0.1666666666666667, 0.04166666666666667, 0.008333333333326084, 0.0013888888888883711, 0.0001984126987500228,
    2.480158732567746e-05, 2.755725517000089e-06, 2.755727347871858e-07, 2.5105312729622103e-08, 2.09147553258932e-09,
]  # fmt: skip


def reduced(x: Any, low: Any = None) -> tuple[V, Any, Any]:
    """n, r and s with e^(x + low) = 2ⁿ·(1 + r + s): r is x − n·log 2, at most ½·log 2, and s what its series adds."""
    shifted = fma(x, LOG2_E, ROUND)
    n = shifted - ROUND
    high = fma(-n, LN2_HIGH, x)
    r = fma(-n, LN2_LOW, high)
    tail = fma(-n, LN2_LOW, high - r)
    if low is not None:
        r, tail = two_sum(r, tail + low)
    return bits(shifted) - ROUND_BITS, r, fma(r * r, polynomial_in_pairs(r, _EXP), tail)


def one_plus(r: Any, s: Any) -> tuple[Any, Any]:
    """1 + r + s as a sum of two."""
    high = 1.0 + r
    return high, ((1.0 - high) + r) + s


def scaled(high: Any, low: Any, n: V) -> Any:
    """2ⁿ·(high + low), in two steps: 2ⁿ alone may be too large or too small for a double."""
    half = n >> 1
    most = power_of_two(n - half)
    return fma(most, low, most * high) * power_of_two(half)


def exponential(x: Any, n: V, high: Any, low: Any) -> Any:
    """2ⁿ·(high + low), but 0 and inf for x that is too small or too large for n to be right: beside the long way that
    the other operations make, not in it."""
    return select(x < -746.0, 0.0, select(x > 711.0, inf, scaled(high, low, n)))


@rule
def exp(x: V) -> Any:
    n, r, s = reduced(x)
    return exponential(x, n, *one_plus(r, s))


def expm1_parts(x: Any, halvings: int = 0) -> tuple[Any, Any]:
    """2⁻ʰ·(eˣ − 1) as a sum of two: halved often enough not to overflow, and not so often that it vanishes."""
    n, r, s = reduced(x)
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
    n, r, s = reduced(a)
    half = exponential(a, n - 1, *one_plus(r, s))
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


# Logarithms

_LOG = [
    0.666666666666667, 0.39999999999899444, 0.2857142862600327, 0.22222211130259878, 0.18182889455674947,
    0.15331710618210773, 0.14616585424888623,
]  # fmt: skip
_LOG_FINE = [
    0.4, 0.28571428571429364, 0.22222222221655885, 0.18181818335392802, 0.1538459496251843, 0.1333480469384731,
    0.11706236339491206, 0.11723178623876518,
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


# Powers: the logarithm to 10 bits more than a double has, since y multiplies its error.


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
    n, r, s = reduced(e, e_low)
    z = exponential(e, n, *one_plus(r, s))
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


# Circular functions

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


@rule
def sin(x: V) -> Any:
    n, s, c = _quarter_turns(x)
    z = select(abs(x) < 2.0**-27, x, _turned(n, s, c))
    return rare(abs(x) > FAR, z, "sin", x)


@rule
def cos(x: V) -> Any:
    n, s, c = _quarter_turns(x)
    return rare(abs(x) > FAR, _turned(n + 1, s, c), "cos", x)


@rule
def tan(x: V) -> Any:
    n, s, c = _quarter_turns(x)
    odd = (n & 1) != 0
    z = select(odd, -c, s) / select(odd, s, c)
    return rare(abs(x) > FAR, select(abs(x) < 2.0**-27, x, z), "tan", x)


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


# The error function

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
    n, r, s = reduced(-square, -square_low)
    e, e_low = one_plus(r, s)
    product, rest = two_product(e, q)
    return scaled(product, fma(e, q_low, fma(e_low, q, rest)), n)


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
    return select(x == x, select(abs(x) < 0.5, select(x < 0.25, 1.0 - (x + _erf_small(x)), near), z), x)
