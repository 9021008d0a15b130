"""The table: what each primitive computes, and its partial derivatives. Everything else in the library reads it.

What the columns mean is in `columns`; the special functions have their rows in `special`.
"""

# mypy: disable-error-code="has-type"
from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from functools import reduce
from itertools import accumulate
from math import inf, nan, pi
from operator import mul as mul_
from typing import Any

from autograd.core import ieee
from autograd.core.columns import ATOM as ATOM
from autograd.core.columns import POWER, PRODUCT, REAL, SUM, TABLE, Primitive, row

__all__ = ["TABLE", "Primitive"]

POSITIVE = (0.0, inf)


# Kinks of rounding: these change sign at the whole numbers, and half-way between them.
def _whole(x: float) -> float:
    return ieee.sin(pi * x)


def _half(x: float) -> float:
    return ieee.cos(pi * x)


def _whole_quotient(x: float, y: float) -> float:
    return y * ieee.sin(pi * ieee.divide(x, y)) if y != 0.0 else 0.0


def _half_quotient(x: float, y: float) -> float:
    return y * ieee.cos(pi * ieee.divide(x, y)) if y != 0.0 else 0.0


def dot_parts(xs: Sequence[Any]) -> tuple[Sequence[Any], Any, Sequence[Any]]:
    """The weights, the bias and the inputs among the operands w₁ … wₙ, b, x₁ … xₙ of a dot."""
    n = len(xs) // 2
    return xs[:n], xs[n], xs[n + 1 :]


def _dot(*xs: float) -> float:
    ws, b, inputs = dot_parts(xs)
    return ieee.add_up(map(mul_, ws, inputs), b)


def _dot_partials(xs: Sequence[Any], z: Any) -> tuple[Any, ...]:
    ws, _, inputs = dot_parts(xs)
    return (*inputs, 1.0, *ws)


def _others(xs: Sequence[Any], join: Any, none: float) -> list[Any]:
    """For each of the xs, all others joined: what comes before it with what comes after, n joinings for n of them."""
    before = [none, *accumulate(xs[:-1], join)]
    after = [*list(accumulate(xs[:0:-1], join))[::-1], none]
    ends = (0, len(xs) - 1)
    return [
        join(b, a) if i not in ends else a if i == 0 else b for i, (b, a) in enumerate(zip(before, after, strict=True))
    ]


def _ties(xs: Sequence[Any], z: Any) -> list[Any]:
    """1/k for each of the k that are z, else 0."""
    here = [equal(x, z) for x in xs]
    count = sum_(*here)
    return [div(x, count) for x in here]


def _lead(*xs: float) -> tuple[float, int]:
    """By how much the largest exceeds the next one, and which it is."""
    order = sorted(range(len(xs)), key=xs.__getitem__, reverse=True)
    return xs[order[0]] - xs[order[1]] if len(xs) > 1 else inf, order[0]


def _turn(bit: int, sign: float) -> Callable[..., float]:
    """A kink of the largest (or smallest) of many: it changes sign where another one leads whose place has another
    such bit."""

    def kink(*xs: float) -> float:
        lead, place = _lead(*[sign * x for x in xs])
        return lead if place >> bit & 1 else -lead

    return kink


_LEADS, _TRAILS = [tuple([_turn(bit, sign) for bit in range(16)]) for sign in (1.0, -1.0)]


def shares(xs: Sequence[Any], z: Any) -> list[Any]:
    """exp xᵢ / Σ exp xⱼ, where z = log Σ exp xⱼ.

    Each is wᵢ / (wᵢ + what the others weigh), so that nothing cancels when it is differentiated again. z only shifts
    the exponents, and no further than doubles go: where all xᵢ are −inf, all shares and their slopes are 0.
    """
    if len(xs) == 1:
        return [1.0]
    shift = maximum(minimum(stop_gradient(z), sys.float_info.max), -sys.float_info.max)
    weights = [exp(x - shift) for x in xs]
    before, after = list(accumulate(weights)), list(accumulate(reversed(weights)))[::-1]
    others = [after[1], *[a + b for a, b in zip(before, after[2:], strict=False)], before[-2]]
    return [softmax_share(weight, rest) for weight, rest in zip(weights, others, strict=True)]


def softmax(xs: Sequence[Any], z: Any) -> list[Any]:
    """`shares` for reading: softmax₁, softmax₂, …, each exp(xᵢ − z)."""
    index = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
    return [
        Primitive(
            "softmax", lambda x, z: ieee.exp(x - z), None, None, text=f"softmax{str(i).translate(index)}",
            latex=rf"\operatorname{{{{softmax}}}}_{{{{{i}}}}}",
        )(x, z)
        for i, x in enumerate(xs, 1)
    ]  # fmt: skip


def _logsumexp(*xs: Any) -> Any:
    """top + log Σ exp(xᵢ − top), and top itself where it is infinite or nan."""
    top = reduce(maximum, xs)
    return where(greater(inf, abs_(top)), top + log(sum_(*[exp(x - top) for x in xs])), top)


def _norm(*xs: Any) -> Any:
    """The largest |xᵢ| times √ Σ (xᵢ/largest)², so that no square overflows; the largest itself if that is 0 or inf."""
    top = reduce(maximum, map(abs_, xs))
    return where(where(greater(inf, top), top, 0.0), top * sqrt(sum_(*[(x / top) * (x / top) for x in xs])), top)


# fmt: off
# Rows that partials use. `step`, `sign` and `above` (1, or ½ at a tie) are constant wherever they are smooth; `defined`
# is v, but nan where z is nan.
#                    name             z                                              ∂z/∂xᵢ, one per operand; the other columns
step          = row("step",          lambda x: nan if x != x else float(x > 0.0),   None,
                                     text="[{0} > 0]", public=False, kinks=(lambda x: x,))
sign          = row("sign",          lambda x: nan if x != x else float((x > 0.0) - (x < 0.0)), None,
                                     kinks=(lambda x: x,), about="1, 0 or −1; the slope is 0 everywhere.")
above         = row("above",         lambda x, y: nan if x != x or y != y else 0.5 * ((x > y) + (x >= y)), None, None,
                                     level=SUM, text="[{0} > {1}] + ½[{0} = {1}]", latex=r"[{0} > {1}] + \tfrac12[{0} = {1}]", public=False,
                                     kinks=(lambda x, y: x - y,))
greater       = row("greater",       lambda x, y: float(x > y),                     None, None,
                                     infix=">", text="[{0} > {1}]", kinks=(lambda x, y: x - y,))
greater_equal = row("greater_equal", lambda x, y: float(x >= y),                    None, None,
                                     infix=">=", text="[{0} ≥ {1}]", kinks=(lambda x, y: x - y,))
equal         = row("equal",         lambda x, y: float(x == y),                    None, None,
                                     infix="==", text="[{0} = {1}]", kinks=(lambda x, y: x - y,),
                                     about="1 where x = y as numbers, else 0, also where either is nan; constant wherever it is smooth.")
stop_gradient = row("stop_gradient", lambda x: x,                                   None,
                                     text="stop({0})", made_of=lambda x: x, about="x, of which nothing passes back: a constant.")
defined       = row("defined",       lambda v, z: z if z != z else v,               lambda v, z, r: defined(1.0, z),
                                                                                    None,
                                     shown=lambda v, z: v, names="v z", public=False)
# Arithmetic, and its remainders: `%` and `//` round down as Python does, fmod towards 0 as C does, remainder to nearest.
add           = row("add",           lambda x, y: x + y,                            lambda x, y, z: 1.0,
                                                                                    lambda x, y, z: 1.0,
                                     infix="+", level=SUM)
sub           = row("sub",           lambda x, y: x - y,                            lambda x, y, z: 1.0,
                                                                                    lambda x, y, z: -1.0,
                                     infix="-", level=SUM, aliases=("subtract",))
mul           = row("mul",           lambda x, y: x * y,                            lambda x, y, z: y,
                                                                                    lambda x, y, z: x,
                                     infix="*", level=PRODUCT, aliases=("multiply",))
div           = row("div",           ieee.divide,                                   lambda x, y, z: 1 / y,
                                                                                    lambda x, y, z: -z / y,
                                     infix="/", level=PRODUCT, aliases=("divide", "true_divide"), kinks=(lambda x, y: y,),
                                     textbook=(lambda x, y, z: 1 / y, lambda x, y, z: -x / (y * y)))
neg           = row("neg",           lambda x: -x,                                  lambda x, z: -1.0,
                                     infix="-", level=SUM, aliases=("negative",))
abs_          = row("abs",           abs,                                           lambda x, z: sign(x),
                                     text="|{0}|", aliases=("fabs", "absolute"), kinks=(lambda x: x,),
                                     about="The slope at 0 is 0, the least-norm subgradient.")
mod           = row("mod",           ieee.modulo,                                   lambda x, y, z: defined(1.0, z),
                                                                                    lambda x, y, z: rint((z - x) / y),
                                     infix="%", level=PRODUCT, aliases=("remainder",), kinks=(_whole_quotient,),
                                     about="x − y·⌊x/y⌋, with the sign of y, as Python's %; nan for y = 0.")
floordiv      = row("floordiv",      ieee.floor_divide,                             None, None,
                                     infix="//", level=PRODUCT, aliases=("floor_divide",), kinks=(_whole_quotient,), about="⌊x/y⌋; the slopes are 0.")
fmod          = row("fmod",          ieee.fmod,                                     lambda x, y, z: defined(1.0, z),
                                                                                    lambda x, y, z: rint((z - x) / y),
                                     kinks=(_whole_quotient,),
                                     about="x − y·n, n being x/y rounded towards 0: with the sign of x, as C's fmod; nan for y = 0 and for infinite x.")
remainder     = row("remainder",     ieee.remainder,                                lambda x, y, z: defined(1.0, z),
                                                                                    lambda x, y, z: rint((z - x) / y),
                                     kinks=(_half_quotient,),
                                     about="x − y·n, n being the whole number nearest x/y (the even one at a tie), as IEEE 754 says; nan for y = 0.")

# A power and its two partials; 0 times anything is 0 in theirs. x⁰ is 1 with slope 0 everywhere; 0ʸ has slope 0 in y for y ≥ 0; nan in y for x < 0.
# Their own partials have xʸ·log x, −∞ at (0, 0), which pow_y is but there.
pow_times     = row("pow_times",     lambda m, g: 0.0 if m == 0.0 else m * g,       lambda m, g, z: g,
                                                                                    lambda m, g, z: m,
                                     shown=lambda m, g: m * g, public=False, masked=True, kinks=(lambda m, g: m, lambda m, g: g))
pow_          = row("pow",           ieee.power,                                    lambda x, y, z: pow_x(x, y),
                                                                                    lambda x, y, z: pow_y(x, y),
                                     infix="**", level=POWER, aliases=("power", "float_power"), domain=(POSITIVE, REAL), kinks=(lambda x, y: x,))
pow_x         = row("pow_x",         lambda x, y: 0.0 if y == 0.0 else y * ieee.power(x, y - 1.0),
                                     lambda x, y, z: pow_times(y, pow_x(x, y - 1)),
                                     lambda x, y, z: pow_(x, y - 1) + y * pow_log(x, y - 1),
                                     shown=lambda x, y: y * pow_(x, y - 1), public=False, domain=(POSITIVE, REAL), kinks=(lambda x, y: x,))
pow_y         = row("pow_y",         lambda x, y: ieee.power(x, y) * ieee.log(x) if x != 0.0 else 0.0 if y >= 0.0 else -inf if y < 0.0 else nan,
                                     lambda x, y, z: pow_(x, y - 1) + y * pow_log(x, y - 1),
                                     lambda x, y, z: pow_times(z, log(x)),
                                     shown=lambda x, y: pow_(x, y) * log(x), public=False, domain=(POSITIVE, REAL), kinks=(lambda x, y: x,))
pow_log       = row("pow_log",       lambda x, y: ieee.power(x, y) * ieee.log(x) if x != 0.0 else 0.0 if y > 0.0 else -inf if y <= 0.0 else nan,
                                     lambda x, y, z: pow_(x, y - 1) + y * pow_log(x, y - 1),
                                     lambda x, y, z: pow_times(z, log(x)),
                                     shown=lambda x, y: pow_(x, y) * log(x), public=False, domain=(POSITIVE, REAL), kinks=(lambda x, y: x,))
# Exponentials and logarithms. `+ 0.0` turns −0 into 0, so that a slope is the limit from inside the domain.
exp           = row("exp",           ieee.exp,                                      lambda x, z: z,
                                     latex="e^{{{0}}}", about="eˣ; inf where it overflows, above 709.78.")
exp2          = row("exp2",          ieee.exp2,                                     lambda x, z: math.log(2) * z,
                                     latex="2^{{{0}}}", about="2ˣ; inf where it overflows, from 1024 on.")
expm1         = row("expm1",         ieee.expm1,                                    lambda x, z: exp(x),
                                     about="eˣ − 1, accurate near x = 0.")
log           = row("log",           ieee.log,                                      lambda x, z: defined(1 / (x + 0.0), z),
                                     domain=POSITIVE, about="Natural. −inf at 0, with slope inf; nan, slope and all, for x < 0.")
log1p         = row("log1p",         ieee.log1p,                                    lambda x, z: defined(1 / (1 + x), z),
                                     domain=(-1.0, inf), about="log(1 + x), accurate near x = 0. −inf at −1; nan, slope and all, below.")
log1mexp      = row("log1mexp",      lambda x: ieee.log(-ieee.expm1(x)) if x > -0.6931471805599453 else ieee.log1p(-ieee.exp(x)),
                                     lambda x, z: defined(-exp(x) / (0.0 - expm1(x)), z),
                                     domain=(-inf, 0.0),
                                     about="log(1 − eˣ) for x < 0 (Mächler 2012); −inf at 0, with slope −inf; nan, slope and all, above.")
log2          = row("log2",          ieee.log2,                                     lambda x, z: defined(1 / ((x + 0.0) * math.log(2)), z),
                                     latex=r"\log_2({0})", domain=POSITIVE,
                                     about="Base 2, exact for powers of 2. −inf at 0, with slope inf; nan, slope and all, for x < 0.")
log10         = row("log10",         ieee.log10,                                    lambda x, z: defined(1 / ((x + 0.0) * math.log(10)), z),
                                     latex=r"\log_{{10}}({0})", domain=POSITIVE, about="Base 10. −inf at 0, with slope inf; nan, slope and all, for x < 0.")
sqrt          = row("sqrt",          ieee.sqrt,                                     lambda x, z: 0.5 / (z + 0.0),
                                     text="√({0})", domain=POSITIVE, about="Slope inf at 0; nan for x < 0.", textbook=(lambda x, z: 1 / (2 * z),))
rsqrt         = row("rsqrt",         lambda x: ieee.divide(1.0, ieee.sqrt(x) + 0.0), lambda x, z: -0.5 * z / (x + 0.0),
                                     latex=r"\frac{{1}}{{\sqrt{{{0}}}}}", domain=POSITIVE, about="1/√x; inf at 0, with slope −inf; nan for x < 0.")
cbrt          = row("cbrt",          ieee.cbrt,                                     lambda x, z: 1 / (3 * z * z),
                                     text="∛({0})", latex=r"\sqrt[3]{{{0}}}", kinks=(lambda x: x,),
                                     about="The real cube root, of negative numbers too. Slope inf at 0.")

# Rows that the partials below are made of, so that none cancels, overflows or loses its relative accuracy, and none of
# their own partials does: σ(x)·σ(−x), √(1 − x²), x/√(x² + y²), x/(x² + y²), and the share a/(a + b).
sigmoid_x     = row("sigmoid_x",     ieee.sigmoid_x,                                lambda x, z: -tanh(x / 2) * z,
                                     level=PRODUCT, text="σ({0})·σ(−{0})", public=False)
asin_leg      = row("asin_leg",      ieee.asin_leg,                                 lambda x, z: -x / (z + 0.0),
                                     text="√(1 − {0}²)", latex=r"\sqrt{{1 - {0}^2}}", public=False, domain=(-1.0, 1.0))
hypot_x       = row("hypot_x",       ieee.hypot_x,
                                     lambda x, y, z: where(hypot(x, y), hypot_x(y, x) * hypot_x(y, x) / hypot(x, y), 0.0),
                                     lambda x, y, z: where(hypot(x, y), -z * hypot_x(y, x) / hypot(x, y), 0.0),
                                     shown=lambda x, y: x / hypot(x, y), public=False, kinks=(lambda x, y: abs(x) + abs(y),))
atan2_y       = row("atan2_y",       ieee.atan2_y,
                                     lambda y, x, z: -2 * z * hypot_x(y, x) / hypot(y, x),
                                     lambda y, x, z: (hypot_x(y, x) - hypot_x(x, y)) * (hypot_x(y, x) + hypot_x(x, y)) / hypot(y, x) / hypot(y, x),
                                     shown=lambda y, x: x / (x * x + y * y), names="y x", public=False, kinks=(lambda y, x: abs(y) + abs(x),))
softmax_share = row("softmax_share", ieee.softmax_share,                            lambda a, b, z: where(a + b, softmax_share(b, a) / (a + b), 0.0),
                                                                                    lambda a, b, z: where(a + b, -z / (a + b), 0.0),
                                     shown=lambda a, b: a / (a + b), names="a b", public=False, domain=POSITIVE)
# Trigonometric and hyperbolic functions.
sin           = row("sin",           ieee.sin,                                      lambda x, z: cos(x),
                                     about="x in radians; nan at ±inf.")
cos           = row("cos",           ieee.cos,                                      lambda x, z: -sin(x),
                                     about="x in radians; nan at ±inf.")
tan           = row("tan",           ieee.tan,                                      lambda x, z: 1 + z * z,
                                     kinks=(ieee.cos,), about="x in radians; nan at ±inf.")
sinpi         = row("sinpi",         ieee.sinpi,                                    lambda x, z: pi * cospi(x),
                                     text="sin(π·{0})", about="sin πx, x in half turns; exact at multiples of ½: 0 at whole numbers. nan at ±inf.")
cospi         = row("cospi",         ieee.cospi,                                    lambda x, z: -pi * sinpi(x),
                                     text="cos(π·{0})", about="cos πx, x in half turns; exact at multiples of ½. nan at ±inf.")
asin          = row("asin",          ieee.asin,                                     lambda x, z: 1 / asin_leg(x),
                                     aliases=("arcsin",), domain=(-1.0, 1.0), about="In radians, from −π/2 to π/2. Slope inf at ±1; nan for |x| > 1.",
                                     textbook=(lambda x, z: 1 / sqrt(1 - x * x),))
acos          = row("acos",          ieee.acos,                                     lambda x, z: -1 / asin_leg(x),
                                     aliases=("arccos",), domain=(-1.0, 1.0), about="In radians, from 0 to π. Slope −inf at ±1; nan for |x| > 1.",
                                     textbook=(lambda x, z: -1 / sqrt(1 - x * x),))
atan          = row("atan",          ieee.atan,                                     lambda x, z: 1 / (1 + x * x),
                                     aliases=("arctan",), about="In radians, from −π/2 to π/2.")
sinh          = row("sinh",          ieee.sinh,                                     lambda x, z: cosh(x),
                                     about="(eˣ − e⁻ˣ)/2; ±inf where it overflows, beyond ±710.47.")
cosh          = row("cosh",          ieee.cosh,                                     lambda x, z: sinh(x),
                                     about="(eˣ + e⁻ˣ)/2; inf where it overflows, beyond ±710.47.")
tanh          = row("tanh",          ieee.tanh,                                     lambda x, z: 4 * sigmoid_x(2 * x),
                                     about="(eˣ − e⁻ˣ)/(eˣ + e⁻ˣ); its slope 1 − z² is taken in a form that does not cancel.",
                                     textbook=(lambda x, z: 1 - z * z,))
asinh         = row("asinh",         ieee.asinh,                                    lambda x, z: 1 / hypot(1.0, x),
                                     aliases=("arcsinh",), about="log(x + √(x² + 1)).")
acosh         = row("acosh",         ieee.acosh,                                    lambda x, z: 1 / (sqrt(x - 1) * sqrt(x + 1)),
                                     aliases=("arccosh",), domain=(1.0, inf),
                                     about="log(x + √(x² − 1)), the branch from 0 up. Slope inf at 1; nan for x < 1.")
atanh         = row("atanh",         ieee.atanh,                                    lambda x, z: 1 / (asin_leg(x) * asin_leg(x)),
                                     aliases=("arctanh",), domain=(-1.0, 1.0), about="½ log((1 + x)/(1 − x)); ±inf at ±1, with slope inf; nan beyond.")
hypot         = row("hypot",         ieee.hypot,                                    lambda x, y, z: hypot_x(x, y),
                                                                                    lambda x, y, z: hypot_x(y, x),
                                     latex=r"\sqrt{{{0}^2 + {1}^2}}", kinks=(lambda x, y: abs(x) + abs(y),),
                                     about="√(x² + y²), scaled so that no square overflows. At (0, 0) both slopes are 0, the least-norm subgradient.",
                                     textbook=(lambda x, y, z: x / z, lambda x, y, z: y / z))
atan2         = row("atan2",         ieee.atan2,                                    lambda y, x, z: atan2_y(y, x),
                                                                                    lambda y, x, z: -atan2_y(x, y),
                                     names="y x", aliases=("arctan2",), kinks=(lambda y, x: y if x < 0.0 else ieee.hypot(y, x),),
                                     about="The angle of the point (x, y) from the x axis, in radians, from −π to π. At (0, 0) both slopes are nan.",
                                     textbook=(lambda y, x, z: x / (x * x + y * y), lambda y, x, z: -y / (x * x + y * y)))
degrees       = row("degrees",       lambda x: x * (180.0 / pi),                    lambda x, z: 180.0 / pi,
                                     aliases=("rad2deg",), about="x radians in degrees: x·180/π.")
radians       = row("radians",       lambda x: x * (pi / 180.0),                    lambda x, z: pi / 180.0,
                                     aliases=("deg2rad",), about="x degrees in radians: x·π/180.")
# Rounding, and the parts of a number: constant wherever they are smooth.
floor         = row("floor",         ieee.floor,                                    None,
                                     text="⌊{0}⌋", latex=r"\lfloor {0} \rfloor", kinks=(_whole,), about="The largest whole number up to x; the slope is 0.")
ceil          = row("ceil",          ieee.ceil,                                     None,
                                     text="⌈{0}⌉", latex=r"\lceil {0} \rceil", kinks=(_whole,),
                                     about="The smallest whole number from x on; the slope is 0.")
trunc         = row("trunc",         ieee.trunc,                                    None,
                                     aliases=("fix",), kinks=(_whole,), about="x without its fraction, rounded towards 0; the slope is 0.")
rint          = row("round",         ieee.rint,                                     None,
                                     aliases=("rint",), kinks=(_half,), about="The nearest whole number, the even one at a tie; the slope is 0.")
copysign      = row("copysign",      lambda x, y: nan if y != y else ieee.copysign(x, y),
                                     lambda x, y, z: sign(x) * copysign(1.0, y),
                                     None,
                                     kinks=(lambda x, y: x, lambda x, y: y),
                                     about="|x| with the sign of y, that of a zero too. At x = 0 the slope is 0; in y it is 0 everywhere.")
ldexp         = row("ldexp",         ieee.ldexp,                                    lambda x, i, z: ldexp(1.0, i),
                                                                                    None,
                                     names="x i", whole="i", by_call=True,
                                     about="x·2ⁱ for a whole number i, in which nothing is differentiated; nan for any other.")
# The error function, and activations.
erf           = row("erf",           ieee.erf,                                      lambda x, z: 2 / math.sqrt(pi) * exp(-x * x),
                                     about="2/√π ∫₀ˣ exp(−t²) dt.", textbook=(lambda x, z: 2 / math.sqrt(pi) * exp(-(x * x)),))
erfc          = row("erfc",          ieee.erfc,                                     lambda x, z: -2 / math.sqrt(pi) * exp(-x * x),
                                     about="1 − erf x, accurate where erf x is near 1.", textbook=(lambda x, z: -2 / math.sqrt(pi) * exp(-(x * x)),))
sigmoid       = row("sigmoid",       ieee.sigmoid,                                  lambda x, z: sigmoid_x(x),
                                     text="σ({0})", aliases=("expit",), about="1/(1 + e⁻ˣ), without overflow at any x.",
                                     textbook=(lambda x, z: z * (1 - z),))
softplus      = row("softplus",      ieee.softplus,                                 lambda x, z: sigmoid(x),
                                     about="log(1 + eˣ), without overflow at any x and without a threshold.")
log_sigmoid   = row("log_sigmoid",   lambda x: -ieee.softplus(-x),                  lambda x, z: sigmoid(-x),
                                     aliases=("log_expit",), about="log σ(x) = −log(1 + e⁻ˣ), finite for any finite x.")
logit         = row("logit",         ieee.logit,                                    lambda x, z: defined(1 / (x + 0.0) + 1 / (1 - x), z),
                                     textbook=(lambda x, z: 1 / (x * (1 - x)),), domain=(0.0, 1.0),
                                     about="log(x/(1 − x)), the inverse of the sigmoid; ±inf at 1 and 0, nan beyond.")
silu          = row("silu",          lambda x: x * ieee.sigmoid(x),                 lambda x, z: sigmoid(x) + x * sigmoid_x(x),
                                     about="x·σ(x), also known as swish (Elfwing, Uchibe & Doya 2018).",
                                     textbook=(lambda x, z: sigmoid(x) * (1 + x * (1 - sigmoid(x))),))
gelu          = row("gelu",          lambda x: 0.5 * x * ieee.erfc(-x / math.sqrt(2)),
                                     lambda x, z: erfc(-x / math.sqrt(2)) / 2 + x * exp(-x * x / 2) / math.sqrt(2 * pi),
                                     about="x·Φ(x), Φ the normal distribution function: the exact form, not the one by tanh (Hendrycks & Gimpel 2016).",
                                     textbook=(lambda x, z: erfc(-x / math.sqrt(2)) / 2 + x * exp(-(x * x) / 2) / math.sqrt(2 * pi),))
mish          = row("mish",          lambda x: x * ieee.tanh(ieee.softplus(x)),
                                     lambda x, z: tanh(softplus(x)) + 4 * x * sigmoid(x) * sigmoid_x(2 * softplus(x)),
                                     about="x·tanh(log(1 + eˣ)) (Misra 2020).")
softsign      = row("softsign",      ieee.softsign,                                 lambda x, z: 1 / (1 + abs_(x)) / (1 + abs_(x)),
                                     textbook=(lambda x, z: 1 / ((1 + abs_(x)) * (1 + abs_(x))),), kinks=(lambda x: x,),
                                     about="x/(1 + |x|) (Turian, Bergstra & Bengio 2009).")
relu          = row("relu",          lambda x: 0.0 if x <= 0.0 else x,             lambda x, z: step(x),
                                     kinks=(lambda x: x,), masked=True,
                                     about="max(x, 0). The slope at 0 is 0, the least-norm subgradient; where x ≤ 0 nothing passes back, not even nan.")
leaky_relu    = row("leaky_relu",    lambda x, slope: x if x > 0.0 else slope * x,  lambda x, slope, z: where(step(x), 1.0, slope),
                                                                                    lambda x, slope, z: where(step(x), 0.0, x),
                                     names="x slope", defaults=(0.01,), kinks=(lambda x, slope: x,),
                                     about="x for x > 0, else slope·x; the slope at 0 is `slope`.")
elu           = row("elu",           lambda x, alpha: x if x > 0.0 else alpha * ieee.expm1(x),
                                     lambda x, alpha, z: where(step(x), 1.0, alpha * exp(x)),
                                     lambda x, alpha, z: where(step(x), 0.0, expm1(x)),
                                     names="x alpha", defaults=(1.0,), kinks=(lambda x, alpha: x,),
                                     about="x for x > 0, else alpha·(eˣ − 1) (Clevert et al. 2016); the slope at 0 is alpha, the left-hand one.")
selu          = row("selu",          lambda x: 1.0507009873554805 * (x if x > 0.0 else 1.6732632423543772 * ieee.expm1(x)),
                                     lambda x, z: where(step(x), 1.0507009873554805, 1.7580993408473766 * exp(x)),
                                     kinks=(lambda x: x,),
                                     about="λx for x > 0, else λα(eˣ − 1), λ = 1.0507… and α = 1.6733… (Klambauer et al. 2017); the slope at 0 is the "
                                           "left-hand one.")
hardtanh      = row("hardtanh",      lambda x: -1.0 if x < -1.0 else 1.0 if x > 1.0 else x, lambda x, z: step(x + 1) * step(1 - x),
                                     kinks=(lambda x: x + 1.0, lambda x: x - 1.0), masked=True,
                                     about="x, but −1 below and 1 above. At ±1 the slope is 0, of least norm; nothing passes back beyond, not even nan.")
relu6         = row("relu6",         lambda x: 0.0 if x < 0.0 else 6.0 if x > 6.0 else x, lambda x, z: step(x) * step(6 - x),
                                     kinks=(lambda x: x, lambda x: x - 6.0), masked=True,
                                     about="min(max(x, 0), 6) (Krizhevsky 2010). At 0 and 6 the slope is 0; nothing passes back beyond, not even nan.")
hardswish     = row("hardswish",     lambda x: 0.0 if x < -3.0 else x if x > 3.0 else x * (x + 3.0) / 6.0,
                                     lambda x, z: where(step(x + 3), where(step(3 - x), (2 * x + 3) / 6, 1.0), 0.0),
                                     kinks=(lambda x: x + 3.0, lambda x: x - 3.0),
                                     about="x·min(max(x + 3, 0), 6)/6 (Howard et al. 2019). At −3 the slope is 0 and at 3 it is 1, of least norm.")
# Choices: whatever is not chosen gets exactly 0.
maximum       = row("maximum",       lambda x, y: x if x > y or x != x else y,      lambda x, y, z: above(x, y),
                                                                                    lambda x, y, z: above(y, x),
                                     text="max({0}, {1})", aliases=("max",), kinks=(lambda x, y: x - y,), masked=True,
                                     about="The larger; at a tie both slopes are ½. Nothing passes back to the smaller; nan if either is nan.")
minimum       = row("minimum",       lambda x, y: x if x < y or x != x else y,      lambda x, y, z: above(y, x),
                                                                                    lambda x, y, z: above(x, y),
                                     text="min({0}, {1})", aliases=("min",), kinks=(lambda x, y: x - y,), masked=True,
                                     about="The smaller; at a tie both slopes are ½. Nothing passes back to the larger; nan if either is nan.")
clip          = row("clip",          ieee.clip,                                     lambda x, low, high, z: above(x, low) * above(high, x),
                                                                                    lambda x, low, high, z: above(low, x) * above(high, low),
                                                                                    lambda x, low, high, z: above(maximum(x, low), high),
                                     names="x low high", kinks=(lambda x, low, high: (x - low) * (x - high), lambda x, low, high: low - high), masked=True,
                                     about="x, but low below and high above: min(max(x, low), high). At an edge the slopes are ½ and ½; nothing "
                                           "passes back to what is not taken.")
where         = row("where",         lambda c, a, b: c if c != c else a if c != 0.0 else b,
                                     None,
                                     lambda c, a, b, z: where(c, 1.0, 0.0),
                                     lambda c, a, b, z: where(c, 0.0, 1.0),
                                     names="c a b", kinks=(lambda c, a, b: c,), masked=True,
                                     about="a where c is not 0, else b; nan where c is. Exactly 0 passes back to what is not taken, even where its "
                                           "own slope is inf or nan, and to c. Both are computed. c may be a comparison, such as x > 0.")
# Sums in logarithms, and what needs its limit where a factor is 0.
logaddexp     = row("logaddexp",     ieee.logaddexp,                                lambda x, y, z: shares((x, y), z)[0],
                                                                                    lambda x, y, z: shares((x, y), z)[1],
                                     about="log(eˣ + eʸ), finite for any finite x and y; −inf, with slopes 0, where both are −inf.")
xlogy         = row("xlogy",         lambda x, y: 0.0 if x == 0.0 and y >= 0.0 else x * ieee.log(y),
                                     lambda x, y, z: log(y),
                                     lambda x, y, z: defined(where(y, x / y, where(x, x / (y + 0.0), 0.0)), z),
                                     domain=(REAL, POSITIVE), about="x·log y, and 0 where x = 0, even at y = 0; nan for y < 0.")
xlog1py       = row("xlog1py",       lambda x, y: 0.0 if x == 0.0 and y >= -1.0 else x * ieee.log1p(y),
                                     lambda x, y, z: log1p(y),
                                     lambda x, y, z: defined(where(1 + y, x / (1 + y), where(x, x / (1 + y), 0.0)), z),
                                     domain=(REAL, (-1.0, inf)), about="x·log(1 + y), and 0 where x = 0, even at y = −1; nan for y < −1.")
entr          = row("entr",          lambda x: 0.0 if x == 0.0 else -x * ieee.log(x), lambda x, z: -1 - log(x),
                                     domain=POSITIVE, about="−x·log x, a probability's part in the entropy; 0 at 0, with slope inf; nan for x < 0.")
# Rows of any number of operands: their partials come all at once. A dot's operands are w₁ … wₙ, b, x₁ … xₙ.
sum_          = row("sum",           lambda *xs: ieee.add_up(xs, 0.0),              lambda xs, z: (1.0,) * len(xs),
                                     level=SUM, nary=True, about="Σ xᵢ, rounded after each addition; 0 of no numbers.")
prod          = row("prod",          lambda *xs: math.prod(xs, start=1.0),          lambda xs, z: _others(xs, mul, 1.0),
                                     level=PRODUCT, nary=True, made_of=lambda *xs: reduce(mul, xs, 1.0),
                                     about="Π xᵢ; 1 of no numbers. A slope is the product of the others, so that it is right where some xᵢ is 0.")
dot           = row("dot",           _dot,                                          _dot_partials,
                                     level=SUM, nary=True)
logsumexp     = row("logsumexp",     lambda *xs: ieee.logsumexp(xs),                shares,
                                     nary=True, least=1, made_of=_logsumexp, about="log Σ exp xᵢ, finite for any finite xᵢ.", textbook=(softmax,))
norm          = row("norm",          ieee.norm, lambda xs, z: [hypot_x(x, rest) for x, rest in zip(xs, _others(xs, hypot, 0.0), strict=True)],
                                     nary=True, least=0, kinks=(lambda *xs: sum(map(abs, xs)),), made_of=_norm,
                                     about="√ Σ xᵢ², scaled so that no square overflows; 0 of no numbers. At 0 every slope is 0, the least-norm subgradient.")
largest       = row("largest",       ieee.largest,                                  _ties,
                                     nary=True, least=1, aliases=("amax",), kinks=_LEADS, masked=True,
                                     made_of=lambda *xs: reduce(lambda x, y: maximum(y, x), xs),
                                     about="max xᵢ. Where k of them tie each has the slope 1/k; nothing passes back to the others; nan if any is nan.")
smallest      = row("smallest",      ieee.smallest,                                 _ties,
                                     nary=True, least=1, aliases=("amin",), kinks=_TRAILS, masked=True,
                                     made_of=lambda *xs: reduce(lambda x, y: minimum(y, x), xs),
                                     about="min xᵢ. Where k of them tie each has the slope 1/k; nothing passes back to the others; nan if any is nan.")
# fmt: on
