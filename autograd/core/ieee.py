"""`math` made total: every function here answers every double, as IEEE 754 does.

Python's `math` raises where the standard has an answer (`math.log(0)`, `math.exp(1000)`, `1 / 0`). An exception
inside a graph would lose a whole batch for one row, so the engine computes with these instead: the result is inf,
-inf or nan, and never complex.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from math import asinh as asinh
from math import atan as atan
from math import cbrt as cbrt
from math import copysign, erf, erfc, inf, nan
from math import tanh as tanh
from operator import add

__all__ = [  # noqa: RUF022
    "acos", "acosh", "add_up", "asin", "asin_leg", "asinh", "atan", "atan2", "atan2_y", "atanh", "cbrt", "ceil",
    "clip", "copysign", "cos", "cosh", "cospi", "divide", "erf", "erfc", "exp", "exp2", "expm1", "floor",
    "floor_divide", "fmod", "hypot", "hypot_x", "largest", "ldexp", "log", "log10", "log1p", "log2",
    "logaddexp", "logit", "logsumexp", "modulo", "norm", "power", "remainder", "rint", "sigmoid", "sigmoid_x",
    "sin", "sinh", "sinpi", "smallest", "softmax_share", "softplus", "softsign", "sqrt", "tan", "tanh", "trunc",
]  # fmt: skip

atan2 = math.atan2


def divide(x: float, y: float) -> float:
    try:
        return x / y
    except ZeroDivisionError:
        return nan if x == 0.0 or x != x else copysign(inf, x) * copysign(1.0, y)


def power(x: float, y: float) -> float:
    """x to the y: C's pow, but x**2 is x*x to the bit."""
    if y == 2.0:
        return x * x
    try:
        return math.pow(x, y)
    except OverflowError:
        return -inf if x < 0.0 and y % 2.0 == 1.0 else inf
    except ValueError:
        if x == 0.0:  # and y < 0
            return copysign(inf, x) if y % 2.0 == 1.0 else inf
        return nan  # a negative base and a fractional exponent


def modulo(x: float, y: float) -> float:
    """Python's x % y, with the sign of y."""
    if y == 0.0 or not -inf < x < inf:
        return nan
    rest = math.fmod(x, y)
    if rest == 0.0:
        return copysign(0.0, y)
    return rest + y if (rest < 0.0) != (y < 0.0) else rest


def floor_divide(x: float, y: float) -> float:
    """Python's x // y, so nan for an infinite x; of y = 0 what x / y is."""
    if y == 0.0:
        return divide(x, y)
    rest = fmod(x, y)
    quotient = (x - rest) / y
    quotient = quotient - 1.0 if rest != 0.0 and (rest < 0.0) != (y < 0.0) else quotient
    if quotient == 0.0:
        return copysign(0.0, x / y)
    whole = floor(quotient)
    return whole + 1.0 if quotient - whole > 0.5 else whole


def fmod(x: float, y: float) -> float:
    """C's: with the sign of x."""
    return math.fmod(x, y) if y != 0.0 and -inf < x < inf else nan


def remainder(x: float, y: float) -> float:
    """x less the nearest multiple of y."""
    return math.remainder(x, y) if y != 0.0 and -inf < x < inf else nan


def exp(x: float) -> float:
    try:
        return math.exp(x)
    except OverflowError:
        return inf


def exp2(x: float) -> float:
    try:
        return math.exp2(x)
    except OverflowError:
        return inf


def expm1(x: float) -> float:
    try:
        return math.expm1(x)
    except OverflowError:
        return inf


def log(x: float) -> float:
    if x > 0.0:
        return math.log(x)
    return -inf if x == 0.0 else nan


def log2(x: float) -> float:
    if x > 0.0:
        return math.log2(x)
    return -inf if x == 0.0 else nan


def log10(x: float) -> float:
    if x > 0.0:
        return math.log10(x)
    return -inf if x == 0.0 else nan


def log1p(x: float) -> float:
    if x > -1.0:
        return math.log1p(x)
    return -inf if x == -1.0 else nan


def sqrt(x: float) -> float:
    return math.sqrt(x) if x >= 0.0 else nan


def sin(x: float) -> float:
    return math.sin(x) if -inf < x < inf else nan


def cos(x: float) -> float:
    return math.cos(x) if -inf < x < inf else nan


def sinpi(x: float) -> float:
    """sin πx, of what x exceeds the nearest multiple of ½ by; 0 with the sign of x at whole numbers."""
    if not -inf < x < inf:
        return nan
    size = math.fmod(abs(x), 2.0)
    turns = rint(2.0 * size)
    rest = math.pi * (size - 0.5 * turns)
    if turns == 2.0:
        wave = -math.sin(rest) if rest != 0.0 else 0.0
    elif turns == 0.0 or turns == 4.0:
        wave = math.sin(rest)
    else:
        wave = -math.cos(rest) if turns == 3.0 else math.cos(rest)
    return wave if x > 0.0 else -wave if x < 0.0 else x


def cospi(x: float) -> float:
    """cos πx in the same way; +0 half-way between whole numbers."""
    if not -inf < x < inf:
        return nan
    size = math.fmod(abs(x), 2.0)
    turns = rint(2.0 * size)
    rest = math.pi * (size - 0.5 * turns)
    wave = math.cos(rest) if turns == 0.0 or turns == 4.0 else math.sin(rest)
    if turns == 1.0 and rest != 0.0:
        wave = -wave
    return -math.cos(rest) if turns == 2.0 else wave


def tan(x: float) -> float:
    return math.tan(x) if -inf < x < inf else nan


def asin(x: float) -> float:
    return math.asin(x) if -1.0 <= x <= 1.0 else nan


def acos(x: float) -> float:
    return math.acos(x) if -1.0 <= x <= 1.0 else nan


def sinh(x: float) -> float:
    try:
        return math.sinh(x)
    except OverflowError:
        return copysign(inf, x)


def cosh(x: float) -> float:
    try:
        return math.cosh(x)
    except OverflowError:
        return inf


def acosh(x: float) -> float:
    return math.acosh(x) if x >= 1.0 else nan


def atanh(x: float) -> float:
    if -1.0 < x < 1.0:
        return math.atanh(x)
    return copysign(inf, x) if x == 1.0 or x == -1.0 else nan


def floor(x: float) -> float:
    """The largest whole number up to x, as a float; −0 of −0."""
    return copysign(float(math.floor(x)), x) if -inf < x < inf else x


def ceil(x: float) -> float:
    return copysign(float(math.ceil(x)), x) if -inf < x < inf else x


def trunc(x: float) -> float:
    return copysign(float(math.trunc(x)), x) if -inf < x < inf else x


def rint(x: float) -> float:
    """The nearest whole number, the even one at a tie."""
    size, from_there = abs(x), 4503599627370496.0  # 2⁵², from which on there are whole numbers only
    return copysign((size + from_there) - from_there, x) if size < from_there else x


_UP, _DOWN = 2.0**1000, 2.0**-940


def ldexp(x: float, i: float) -> float:
    """x·2ⁱ for a whole number i, in factors of which the last alone may round."""
    if i != floor(i) or x != x:
        return nan
    if abs(i) > 2200.0:  # beyond what any double can make up for
        i = copysign(2200.0, i)
    while i > 1000.0:
        x *= _UP
        i -= 1000.0
    while i < -1000.0:
        x *= _DOWN
        i += 940.0
    return x * power(2.0, i)


def logit(x: float) -> float:
    """log(x / (1 − x))"""
    return log(x) - log1p(-x)


def softsign(x: float) -> float:
    """x / (1 + |x|)"""
    return x / (1.0 + abs(x)) if -inf < x < inf else x if x != x else copysign(1.0, x)


def clip(x: float, low: float, high: float) -> float:
    """min(max(x, low), high); nan if any of them is."""
    if x != x or low != low or high != high:
        return nan
    return high if high < low or high < x else low if x < low else x


def hypot(x: float, y: float) -> float:
    """√(x² + y²), scaled by the larger leg so that neither square overflows nor vanishes."""
    x, y = abs(x), abs(y)
    if x == inf or y == inf:
        return inf
    large, small = (y, x) if x < y else (x, y)
    if large == 0.0:
        return 0.0 if small == 0.0 else nan
    ratio = small / large
    return large * math.sqrt(1.0 + ratio * ratio)


def hypot_x(x: float, y: float) -> float:
    """x / √(x² + y²), the cosine of the angle of (x, y); 0 at (0, 0), nan where both are infinite."""
    if x == 0.0:
        return 0.0 if y == y else nan
    if abs(x) < abs(y):
        ratio = x / abs(y)
        return ratio / math.sqrt(1.0 + ratio * ratio)
    ratio = y / x
    return copysign(1.0, x) / math.sqrt(1.0 + ratio * ratio)


def atan2_y(y: float, x: float) -> float:
    """x / (x² + y²); nan at (0, 0)."""
    return divide(hypot_x(x, y), hypot(x, y))


def asin_leg(x: float) -> float:
    """√(1 − x²), in factors that do not cancel."""
    return sqrt((1.0 - x) * (1.0 + x))


def softmax_share(a: float, b: float) -> float:
    """a / (a + b); 0 of nothing at all, and all of an infinite sum for the one that is infinite."""
    if a == 0.0:
        return 0.0 if b == b else nan
    return 1.0 if a == inf and b < inf else divide(a, a + b)


def sigmoid_x(x: float) -> float:
    """σ(x)·σ(−x) = e⁻ˣ / (1 + e⁻ˣ)², the slope of the sigmoid."""
    e = math.exp(-abs(x))
    return e / ((1.0 + e) * (1.0 + e))


def sigmoid(x: float) -> float:
    """1 / (1 + e⁻ˣ), exponentiating only what cannot overflow."""
    if x >= 0.0:
        return 1.0 / (1.0 + math.exp(-x))
    e = math.exp(x)
    return e / (1.0 + e)


def softplus(x: float) -> float:
    """log(1 + eˣ), without a threshold."""
    return math.log1p(math.exp(-abs(x))) + (x if x > 0.0 else 0.0)


def _left_to_right(xs: Iterable[float], start: float = 0.0) -> float:
    """start + Σ xs, rounded after each addition, as every reading does it."""
    return reduce(add, xs, start)


# The built-in sum does the same, faster, before Python 3.12; since then it compensates for the rounding.
add_up: Callable[..., float] = sum if sys.version_info < (3, 12) else _left_to_right


def logaddexp(x: float, y: float) -> float:
    """log(eˣ + eʸ), shifted by the larger."""
    top = x if x > y or x != x else y
    return top + math.log1p(math.exp(-abs(x - y))) if -inf < top < inf else top if x == x else x


def norm(*xs: float) -> float:
    """√ Σ xᵢ², scaled by the largest of them so that no square overflows or vanishes."""
    top = max([abs(x) for x in xs]) if xs else 0.0
    if top == 0.0 or top == inf or top != top:
        return nan if any([x != x for x in xs]) else top
    return top * math.sqrt(add_up([(x / top) * (x / top) for x in xs], 0.0))


def largest(*xs: float) -> float:
    """max xᵢ; nan if any is."""
    return nan if any([x != x for x in xs]) else max(xs)


def smallest(*xs: float) -> float:
    """min xᵢ; nan if any is."""
    return nan if any([x != x for x in xs]) else min(xs)


def logsumexp(xs: Sequence[float]) -> float:
    """log Σ exp xᵢ, shifted by the largest so that nothing overflows."""
    top = max(xs)
    if any(x != x for x in xs):
        return nan
    return top + math.log(add_up([math.exp(x - top) for x in xs])) if -inf < top < inf else top
