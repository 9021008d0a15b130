"""The table: what each primitive computes, and its partial derivatives. Everything else in the library reads it.

A partial ∂z/∂xᵢ is written once, as a function of the operands and of the result z, with ordinary operators and other
rows only. The argument's type chooses the reading: on floats it is a number, on Values it is a piece of graph that can
be differentiated again, drawn, explained or compiled.

    sigmoid(0.7)           a number: the row's `forward`
    sigmoid(Value(0.7))    a node of the graph that remembers this row

Columns: `text` and `latex` print the formula of an operand list and `level` says how tightly it binds (1 sums,
2 products, 3 powers, 4 what has brackets of its own); `domain` is the open interval of each operand in which the
row is smooth (edges of it are special points); `kinks` are functions of the operands that change sign where it is not.
`textbook` has the partials as a textbook writes them, σ′ = z(1 − z), where the computed form is another one for its
accuracy: they are for reading, and equal where nothing cancels or overflows. `masked` rows switch paths off: where their partial is 0 nothing passes, not even inf or nan. `names` are those of the
operands in the row's documentation.
"""

# mypy: disable-error-code="has-type"
from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from itertools import accumulate
from math import inf, nan, pi
from operator import mul as mul_
from typing import TYPE_CHECKING, Any, overload

from autograd.core import engine, ieee
from autograd.core.ieee import number

if TYPE_CHECKING:
    from autograd.core.value import Value

Interval = tuple[float, float]
Partial = Callable[..., Any]

REAL = (-inf, inf)
POSITIVE = (0.0, inf)

TABLE: dict[str, Primitive] = {}


class Primitive(engine.Row):  # type: ignore[misc]
    """One row of the table. Called on numbers it gives a float; with a Value among its operands, a Value."""

    def __init__(
        self,
        name: str,
        forward: Callable[..., float],
        *partials: Partial | None,
        text: str = "",
        latex: str = "",
        level: int = 4,
        textbook: tuple[Partial, ...] = (),
        domain: Interval | tuple[Interval, ...] = REAL,
        kinks: tuple[Callable[..., float], ...] = (),
        masked: bool = False,
        nary: bool = False,
        names: Sequence[str] = "xy",
    ) -> None:
        self.name = self.__name__ = name
        self.forward, self.partials = forward, partials
        self.arity = None if nary else len(partials)
        slots = ", ".join(f"{{{i}}}" for i in range(len(partials)))
        self.text = text or f"{name}({slots})"
        words = name.replace("_", r"\_")
        self.latex = latex or rf"\operatorname{{{{{words}}}}}({slots})"
        self.level = level
        self.textbook = textbook or partials
        self.domain: tuple[Interval, ...] = domain if isinstance(domain[0], tuple) else (domain,) * len(partials)  # type: ignore[assignment]
        self.kinks, self.masked = kinks, masked
        if len(names) < len(partials):
            names = [f"x{i + 1}" for i in range(len(partials))]
        self.__doc__ = f"z = {self.text.format(*names)}: of numbers a float, of Values a Value."

    @overload
    def __call__(self, *operands: float) -> float: ...
    @overload
    def __call__(self, x: Value, /, *operands: Value | float) -> Value: ...
    @overload
    def __call__(self, *operands: Value | float) -> Any: ...
    def __call__(self, *operands: Any) -> Any:
        if self.arity is not None and self.arity != len(operands):
            raise TypeError(f"{self.name} takes {self.arity} operand{'s'[: self.arity != 1]}, got {len(operands)}")
        for operand in operands:
            if operand.__class__ is not float:
                for x in operands:
                    if hasattr(x, "_apply"):
                        return x._apply(self, *operands)
                operands = tuple([number(x, self.name) for x in operands])
                break
        z = self.forward(*operands)
        return z if z.__class__ is float else number(z, self.name)

    def partials_at(self, operands: Sequence[Any], z: Any, textbook: bool = False) -> Sequence[Any]:
        """∂z/∂xᵢ for every operand, as numbers or as Values by what the operands are; None where there is none."""
        partials = self.textbook if textbook else self.partials
        if self.arity is None:
            assert partials[0] is not None
            found = list(partials[0](operands, z))
            if len(found) != len(operands):
                raise TypeError(f"{self.name}: its partial gave {len(found)} ∂z/∂x for {len(operands)} operands")
            return found
        return [None if partial is None else partial(*operands, z) for partial in partials]

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"


def row(name: str, forward: Callable[..., float], *partials: Partial | None, **columns: Any) -> Primitive:
    """Enter a row into the table and return it."""
    TABLE[name] = Primitive(name, forward, *partials, **columns)
    return TABLE[name]


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
            "softmax", lambda x, z: ieee.exp(x - z), None, None, level=4, text=f"softmax{str(i).translate(index)}",
            latex=rf"\operatorname{{{{softmax}}}}_{{{{{i}}}}}",
        )(x, z)
        for i, x in enumerate(xs, 1)
    ]  # fmt: skip


# fmt: off
# Rows that partials use. `step`, `sign` and `above` (1, or ½ at a tie) are constant wherever they are smooth; `defined`
# is v, but nan where z is nan.
#                    name             z                                              ∂z/∂xᵢ, one per operand, and how it prints
step          = row("step",          lambda x: nan if x != x else float(x > 0.0),   None, text="[{0} > 0]", latex="[{0} > 0]", kinks=(lambda x: x,))
sign          = row("sign",          lambda x: nan if x != x else float((x > 0.0) - (x < 0.0)), None, kinks=(lambda x: x,))
above         = row("above",         lambda x, y: nan if x != x or y != y else 0.5 * ((x > y) + (x >= y)), None, None, text="[{0} > {1}] + ½[{0} = {1}]", latex=r"[{0} > {1}] + \tfrac12[{0} = {1}]", level=1, kinks=(lambda x, y: x - y,))
greater       = row("greater",       lambda x, y: float(x > y),                     None, None, text="[{0} > {1}]", latex="[{0} > {1}]", kinks=(lambda x, y: x - y,))
greater_equal = row("greater_equal", lambda x, y: float(x >= y),                    None, None, text="[{0} ≥ {1}]", latex=r"[{0} \ge {1}]", kinks=(lambda x, y: x - y,))
equal         = row("equal",         lambda x, y: float(x == y),                    None, None, text="[{0} = {1}]", latex="[{0} = {1}]", kinks=(lambda x, y: x - y,))
stop_gradient = row("stop_gradient", lambda x: x,                                   None, text="stop({0})")
defined       = row("defined",       lambda v, z: z if z != z else v,               lambda v, z, r: defined(1.0, z), None, text="{0}", latex="{0}")
# Arithmetic.
add           = row("add",           lambda x, y: x + y,                            lambda x, y, z: 1.0,
                                                                                    lambda x, y, z: 1.0, text="{0} + {1}", latex="{0} + {1}", level=1)
sub           = row("sub",           lambda x, y: x - y,                            lambda x, y, z: 1.0,
                                                                                    lambda x, y, z: -1.0, text="{0} − {1}", latex="{0} - {1}", level=1)
mul           = row("mul",           lambda x, y: x * y,                            lambda x, y, z: y,
                                                                                    lambda x, y, z: x, text="{0}·{1}", latex=r"{0} \cdot {1}", level=2)
div           = row("div",           ieee.divide,                                   lambda x, y, z: 1 / y,
                                                                                    lambda x, y, z: -z / y, text="{0}/{1}", latex=r"\frac{{{0}}}{{{1}}}", level=2, kinks=(lambda x, y: y,),
                     textbook=(lambda x, y, z: 1 / y, lambda x, y, z: -x / (y * y)))
neg           = row("neg",           lambda x: -x,                                  lambda x, z: -1.0, text="−{0}", latex="-{0}", level=1)
abs_          = row("abs",           abs,                                           lambda x, z: sign(x), text="|{0}|", latex=r"\left|{0}\right|", kinks=(lambda x: x,))

# A power and its two partials. x⁰ is 1 with slope 0 everywhere; 0ʸ has slope 0 in y for y ≥ 0; nan in y for x < 0.
pow_          = row("pow",           ieee.power,                                    lambda x, y, z: pow_x(x, y),
                                                                                    lambda x, y, z: pow_y(x, y), text="{0}^{1}", latex="{0}^{{{1}}}", level=3, domain=(POSITIVE, REAL), kinks=(lambda x, y: x,))
pow_x         = row("pow_x",         lambda x, y: 0.0 if y == 0.0 else y * ieee.power(x, y - 1.0),
                                                                                    lambda x, y, z: where(y, y * pow_x(x, y - 1), 0.0),
                                                                                    lambda x, y, z: pow_(x, y - 1) + y * pow_y(x, y - 1), text="{1}·{0}^({1} − 1)", latex="{1} {0}^{{{1} - 1}}", level=2, domain=(POSITIVE, REAL), kinks=(lambda x, y: x,))
pow_y         = row("pow_y",         lambda x, y: ieee.power(x, y) * ieee.log(x) if x != 0.0 else 0.0 if y >= 0.0 else -inf if y < 0.0 else nan,
                                                                                    lambda x, y, z: pow_(x, y - 1) + y * pow_y(x, y - 1),
                                                                                    lambda x, y, z: where(z, z * log(x), 0.0), text="{0}^{1}·log({0})", latex=r"{0}^{{{1}}} \log({0})", level=2, domain=(POSITIVE, REAL), kinks=(lambda x, y: x,))
# Exponentials and logarithms. `+ 0.0` turns −0 into 0, so that a slope is the limit from inside the domain.
exp           = row("exp",           ieee.exp,                                      lambda x, z: z, latex="e^{{{0}}}")
expm1         = row("expm1",         ieee.expm1,                                    lambda x, z: exp(x))
log           = row("log",           ieee.log,                                      lambda x, z: defined(1 / (x + 0.0), z), latex=r"\log({0})", domain=POSITIVE)
log1p         = row("log1p",         ieee.log1p,                                    lambda x, z: defined(1 / (1 + x), z), domain=(-1.0, inf))
sqrt          = row("sqrt",          ieee.sqrt,                                     lambda x, z: 0.5 / (z + 0.0), text="√({0})", latex=r"\sqrt{{{0}}}", domain=POSITIVE,
                     textbook=(lambda x, z: 1 / (2 * z),))

# Rows that the partials below are made of, so that none cancels, overflows or loses its relative accuracy, and none of
# their own partials does: σ(x)·σ(−x), √(1 − x²), x/√(x² + y²), x/(x² + y²), and the share a/(a + b).
sigmoid_x     = row("sigmoid_x",     ieee.sigmoid_x,                                lambda x, z: -tanh(x / 2) * z, text="σ({0})·σ(−{0})", latex=r"\sigma({0}) \cdot \sigma(-{0})", level=2)
asin_leg      = row("asin_leg",      ieee.asin_leg,                                 lambda x, z: -x / (z + 0.0), text="√(1 − {0}²)", latex=r"\sqrt{{1 - {0}^2}}", domain=(-1.0, 1.0))
hypot_x       = row("hypot_x",       ieee.hypot_x,                                  lambda x, y, z: where(hypot(x, y), hypot_x(y, x) * hypot_x(y, x) / hypot(x, y), 0.0),
                                                                                    lambda x, y, z: where(hypot(x, y), -z * hypot_x(y, x) / hypot(x, y), 0.0), kinks=(lambda x, y: abs(x) + abs(y),))
atan2_y       = row("atan2_y",       ieee.atan2_y,                                  lambda y, x, z: -2 * z * hypot_x(y, x) / hypot(y, x),
                                                                                    lambda y, x, z: (hypot_x(y, x) - hypot_x(x, y)) * (hypot_x(y, x) + hypot_x(x, y)) / hypot(y, x) / hypot(y, x), kinks=(lambda y, x: abs(y) + abs(x),), names="yx")
softmax_share = row("softmax_share", ieee.softmax_share,                            lambda a, b, z: where(a + b, softmax_share(b, a) / (a + b), 0.0),
                                                                                    lambda a, b, z: where(a + b, -z / (a + b), 0.0), domain=POSITIVE, names="ab")
# Trigonometric and hyperbolic functions.
sin           = row("sin",           ieee.sin,                                      lambda x, z: cos(x), latex=r"\sin({0})")
cos           = row("cos",           ieee.cos,                                      lambda x, z: -sin(x), latex=r"\cos({0})")
tan           = row("tan",           ieee.tan,                                      lambda x, z: 1 + z * z, latex=r"\tan({0})", kinks=(ieee.cos,))
asin          = row("asin",          ieee.asin,                                     lambda x, z: 1 / asin_leg(x), domain=(-1.0, 1.0),
                     textbook=(lambda x, z: 1 / sqrt(1 - x * x),))
acos          = row("acos",          ieee.acos,                                     lambda x, z: -1 / asin_leg(x), domain=(-1.0, 1.0),
                     textbook=(lambda x, z: -1 / sqrt(1 - x * x),))
atan          = row("atan",          ieee.atan,                                     lambda x, z: 1 / (1 + x * x))
sinh          = row("sinh",          ieee.sinh,                                     lambda x, z: cosh(x))
cosh          = row("cosh",          ieee.cosh,                                     lambda x, z: sinh(x))
tanh          = row("tanh",          ieee.tanh,                                     lambda x, z: 4 * sigmoid_x(2 * x), latex=r"\tanh({0})",
                     textbook=(lambda x, z: 1 - z * z,))
hypot         = row("hypot",         ieee.hypot,                                    lambda x, y, z: hypot_x(x, y),
                                                                                    lambda x, y, z: hypot_x(y, x), latex=r"\sqrt{{{0}^2 + {1}^2}}", kinks=(lambda x, y: abs(x) + abs(y),),
                     textbook=(lambda x, y, z: x / z, lambda x, y, z: y / z))
atan2         = row("atan2",         ieee.atan2,                                    lambda y, x, z: atan2_y(y, x),
                                                                                    lambda y, x, z: -atan2_y(x, y), kinks=(lambda y, x: y if x < 0.0 else ieee.hypot(y, x),), names="yx",
                     textbook=(lambda y, x, z: x / (x * x + y * y), lambda y, x, z: -y / (x * x + y * y)))
# The error function, and activations.
erf           = row("erf",           ieee.erf,                                      lambda x, z: 2 / math.sqrt(pi) * exp(-x * x),
                     textbook=(lambda x, z: 2 / math.sqrt(pi) * exp(-(x * x)),))
erfc          = row("erfc",          ieee.erfc,                                     lambda x, z: -2 / math.sqrt(pi) * exp(-x * x),
                     textbook=(lambda x, z: -2 / math.sqrt(pi) * exp(-(x * x)),))
sigmoid       = row("sigmoid",       ieee.sigmoid,                                  lambda x, z: sigmoid_x(x), text="σ({0})", latex=r"\sigma({0})",
                     textbook=(lambda x, z: z * (1 - z),))
softplus      = row("softplus",      ieee.softplus,                                 lambda x, z: sigmoid(x))
silu          = row("silu",          lambda x: x * ieee.sigmoid(x),                 lambda x, z: sigmoid(x) + x * sigmoid_x(x),
                     textbook=(lambda x, z: sigmoid(x) * (1 + x * (1 - sigmoid(x))),))
gelu          = row("gelu",          lambda x: 0.5 * x * ieee.erfc(-x / math.sqrt(2)),
                                                                                    lambda x, z: erfc(-x / math.sqrt(2)) / 2 + x * exp(-x * x / 2) / math.sqrt(2 * pi),
                     textbook=(lambda x, z: erfc(-x / math.sqrt(2)) / 2 + x * exp(-(x * x) / 2) / math.sqrt(2 * pi),))
relu          = row("relu",          lambda x: x if x > 0.0 or x != x else 0.0,     lambda x, z: step(x), kinks=(lambda x: x,), masked=True)
leaky_relu    = row("leaky_relu",    lambda x, slope: x if x > 0.0 else slope * x,  lambda x, slope, z: where(step(x), 1.0, slope),
                                                                                    lambda x, slope, z: where(step(x), 0.0, x), kinks=(lambda x, slope: x,))
elu           = row("elu",           lambda x, alpha: x if x > 0.0 else alpha * ieee.expm1(x),
                                                                                    lambda x, alpha, z: where(step(x), 1.0, alpha * exp(x)),
                                                                                    lambda x, alpha, z: where(step(x), 0.0, expm1(x)), kinks=(lambda x, alpha: x,))
# Choices: whatever is not chosen gets exactly 0.
maximum       = row("maximum",       lambda x, y: x if x > y or x != x else y,      lambda x, y, z: above(x, y),
                                                                                    lambda x, y, z: above(y, x), text="max({0}, {1})", latex=r"\max({0}, {1})", kinks=(lambda x, y: x - y,), masked=True)
minimum       = row("minimum",       lambda x, y: x if x < y or x != x else y,      lambda x, y, z: above(y, x),
                                                                                    lambda x, y, z: above(x, y), text="min({0}, {1})", latex=r"\min({0}, {1})", kinks=(lambda x, y: x - y,), masked=True)
where         = row("where",         lambda c, a, b: c if c != c else a if c != 0.0 else b,
                                                                                    None,
                                                                                    lambda c, a, b, z: where(c, 1.0, 0.0),
                                                                                    lambda c, a, b, z: where(c, 0.0, 1.0), kinks=(lambda c, a, b: c,), masked=True, names="cab")
# Rows of any number of operands: their partials come all at once. A dot's operands are w₁ … wₙ, b, x₁ … xₙ.
sum_          = row("sum",           lambda *xs: ieee.add_up(xs, 0.0),               lambda xs, z: (1.0,) * len(xs), text="Σ", latex=r"\sum", level=1, nary=True)
dot           = row("dot",           _dot,                                           _dot_partials, text="w·x + b", latex=r"w \cdot x + b", level=1, nary=True)
logsumexp     = row("logsumexp",     lambda *xs: ieee.logsumexp(xs),                shares, text="logsumexp", nary=True,
                     textbook=(softmax,))

# What a row's documentation says beyond its formula: what it means, its units, and its edges.
ABOUT = {
    stop_gradient: "x, of which nothing passes back: a constant.",
    equal:    "1 where x = y as numbers, else 0, also where either is nan; constant wherever it is smooth.",
    exp:      "eˣ; inf where it overflows, above 709.78.",
    expm1:    "eˣ − 1, accurate near x = 0.",
    log:      "Natural. −inf at 0, with slope inf; nan, slope and all, for x < 0.",
    log1p:    "log(1 + x), accurate near x = 0. −inf at −1; nan, slope and all, below.",
    sqrt:     "Slope inf at 0; nan for x < 0.",
    sin:      "x in radians; nan at ±inf.",
    cos:      "x in radians; nan at ±inf.",
    tan:      "x in radians; nan at ±inf.",
    asin:     "In radians, from −π/2 to π/2. Slope inf at ±1; nan for |x| > 1.",
    acos:     "In radians, from 0 to π. Slope −inf at ±1; nan for |x| > 1.",
    atan:     "In radians, from −π/2 to π/2.",
    sinh:     "(eˣ − e⁻ˣ)/2; ±inf where it overflows, beyond ±710.47.",
    cosh:     "(eˣ + e⁻ˣ)/2; inf where it overflows, beyond ±710.47.",
    tanh:     "(eˣ − e⁻ˣ)/(eˣ + e⁻ˣ); its slope 1 − z² is taken in a form that does not cancel.",
    hypot:    "√(x² + y²), scaled so that no square overflows. At (0, 0) both slopes are 0, the least-norm subgradient.",
    atan2:    "The angle of the point (x, y) from the x axis, in radians, from −π to π. At (0, 0) both slopes are nan.",
    erf:      "2/√π ∫₀ˣ exp(−t²) dt.",
    erfc:     "1 − erf x, accurate where erf x is near 1.",
    sigmoid:  "1/(1 + e⁻ˣ), without overflow at any x.",
    softplus: "log(1 + eˣ), without overflow at any x and without a threshold.",
    silu:     "x·σ(x), also known as swish (Elfwing, Uchibe & Doya 2018).",
    gelu:     "x·Φ(x), Φ the normal distribution function: the exact form, not the one by tanh (Hendrycks & Gimpel 2016).",
    relu:     "max(x, 0). The slope at 0 is 0, the least-norm subgradient; where x ≤ 0 nothing passes back, not even nan.",
    maximum:  "The larger; at a tie both slopes are ½. Nothing passes back to the smaller; nan if either is nan.",
    minimum:  "The smaller; at a tie both slopes are ½. Nothing passes back to the larger; nan if either is nan.",
    where:    "a where c is not 0, else b; nan where c is. Exactly 0 passes back to what is not taken, even where its own\n"
              "slope is inf or nan, and to c. Both are computed. c may be a comparison, such as x > 0.",
}
for _row, _about in ABOUT.items():
    _row.__doc__ = f"{_row.__doc__}\n\n{_about}"
# fmt: on

BUILT_IN = frozenset(TABLE)  # the rows above, without those that users enter
