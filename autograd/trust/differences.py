"""The derivative of a function as finite differences tell it, with an honest account of what they cannot tell.

A six-point central difference with step h = ∛ε · max(1, |x|) is good to about 1e-9, if f is smooth over the points it
looks at. So f is run on Values, and every node of its graph is asked on which side of its row's kinks and domain edges
it is. That is the *signature* of a point, together with the shape of the graph, which a Python `if` can change. Where
the signature changes, or the difference has not converged, the step is made smaller. Closer to a kink than that, the
slope on the side the point is on is taken; on the kink itself, those on both sides, between which the derivative lies.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from autograd.core.fast import number_adjoints
from autograd.core.number import number
from autograd.core.primitives import Primitive
from autograd.core.value import Value, data_of
from autograd.derivatives.recording import Recording
from autograd.derivatives.structures import rebuild

EPSILON = 2.0**-52
TINY = 2.0**-1022  # below it numbers lose digits
ENDS = (math.inf, -math.inf)  # where the numbers on either side are
STEP = EPSILON ** (1 / 3)
STEEP, ROUNDED, INFINITE = "too steep", "lost in rounding", "not finite"
EDGE = "at a kink or an edge of the domain"
_RANK = {"": 0, ROUNDED: 1, STEEP: 2, INFINITE: 3}

Signature = tuple[Any, ...]


@dataclass(frozen=True)
class Difference:
    """∂f/∂x is between low and high, give or take `noise`: the effect of rounding inside f. Or why it is not known."""

    low: float
    high: float
    noise: float = 0.0
    reason: str = ""


@dataclass(frozen=True)
class Point:
    values: list[float]
    signature: Signature
    noise: list[float]


def evaluated(f: Callable[..., Any], arguments: Sequence[Any], numbers: Sequence[float], noise: bool = False) -> Point:
    """f at numbers in place of those in the arguments: its values, the side they are on, and their rounding errors."""
    recording = Recording("check_gradients", f, rebuild(tuple(arguments), numbers), range(len(arguments)))
    places = {z: i for i, z in enumerate([*recording.inputs, *recording.order])}
    signature = tuple([(_sides(z), *[places.get(x) for x in z._arguments]) for z in recording.order])
    if (below := getattr(f, "of", None)) is not None:  # what a mask switched off is in the function, not in its slope
        signature += evaluated(below, arguments, numbers).signature
    errors = [_rounding(recording, z) for z in recording.outputs] if noise else []
    return Point(recording.values(), signature, errors)


def _sides(z: Value) -> Any:
    """The row of a node, and where its operands are among the row's special points."""
    if (row := z._row) is None:
        return None
    edges = _edges(row)
    if not row.kinks and not edges:
        return row.name
    xs = [*map(data_of, z._arguments)]
    return (row.name, *[_sign(kink(*xs)) for kink in row.kinks], *[_sign(xs[i] - edge) for i, edge in edges])


@functools.cache
def _edges(row: Primitive) -> list[tuple[int, float]]:
    """(operand, edge) for each finite edge of the row's domain."""
    intervals = enumerate(row.domain if row.arity is not None else ())
    return [(i, edge) for i, ends in intervals for edge in ends if math.isfinite(edge)]


def _sign(x: float) -> int:
    return (x > 0.0) - (x < 0.0)


def _rounding(recording: Recording, output: Any) -> float:
    """How far rounding every node once may move the output: ε · Σ |∂output/∂z · z|, and what underflow may lose."""
    if not isinstance(output, Value):
        return EPSILON * abs(output)
    adjoint = number_adjoints(recording.order, {output: 1.0})
    terms = [abs(adjoint[z] * z._data) for z in recording.order if z in adjoint and not _is_exact(z)]
    return EPSILON * sum([term for term in terms if math.isfinite(term)]) + TINY


def _is_exact(z: Value) -> bool:
    """A leaf, or the product x · 1 that stands for an argument inside another derivative."""
    return z._row is None or (z._row.name == "mul" and z._y == 1.0)


def differences(f: Callable[..., Any], arguments: Sequence[Any], numbers: Sequence[float], i: int) -> list[Difference]:
    """The derivative of every output of f in the i-th number of its arguments, near the given ones."""
    x = numbers[i]
    base = evaluated(f, arguments, numbers, noise=True)
    if not all(map(math.isfinite, numbers)):
        return [Difference(math.nan, math.nan, reason=INFINITE)] * len(base.values)

    def at(offsets: Sequence[int], h: float) -> list[Point]:
        far = offsets[-1]
        return [evaluated(f, arguments, [*numbers[:i], x + k * h, *numbers[i + 1 :]], noise=k == far) for k in offsets]

    best: list[Difference | None] = [None] * len(base.values)
    crossed = False
    step = STEP * max(1.0, abs(x))
    for h in (step, step / 8, step / 64, step * 32, STEP * abs(x)):  # the last matters near an edge at 0
        if x + h == x:
            continue
        points = at(CENTRAL.offsets, h)
        if any([p.signature != base.signature for p in points]):
            crossed = True
            continue
        for k, known in enumerate(best):
            new = _central(base, points, k, h)
            if known is None or (_RANK[known.reason], known.noise) > (_RANK[new.reason], new.noise):
                best[k] = new
        if all([d and not d.reason and d.noise <= max(1e-7 * abs(d.low), 1e-9) for d in best]):
            break
    if crossed and any([d is None or d.reason for d in best]):
        h = step / 64
        sides = [at(ONE_SIDED.offsets, h), at(ONE_SIDED.offsets, -h)]
        uniform = [side if len({p.signature for p in side}) == 1 else None for side in sides]
        beside = [evaluated(f, arguments, [*numbers[:i], math.nextafter(x, end), *numbers[i + 1 :]]) for end in ENDS]
        on_the_edge = [p.signature != base.signature for p in beside]
        for k, known in enumerate(best):
            if known is None or known.reason:
                one_sided = _one_sided(base, uniform, on_the_edge, k, h)
                best[k] = known if known and one_sided.reason else one_sided
    return [d or Difference(math.nan, math.nan, reason=STEEP) for d in best]


def _central(base: Point, points: list[Point], k: int, h: float) -> Difference:
    rounding = 4 * max(base.noise[k], points[-1].noise[k])
    slope, error, misfit, noise, blur = CENTRAL.read([p.values[k] for p in points], base.values[k], rounding, h)
    size = abs(slope)
    if not (math.isfinite(slope) and math.isfinite(base.values[k])):
        reason = INFINITE
    elif error > 4e-6 * size + noise or not misfit <= 1e-4 * size * h + blur:  # then it is off by 1e-8 or more
        reason = STEEP
    elif noise > max(1e-3 * size, 1e-6):
        reason = ROUNDED
    else:
        reason = ""
    return Difference(slope, slope, noise, reason)


def _one_sided(base: Point, sides: list[list[Point] | None], on_the_edge: list[bool], k: int, h: float) -> Difference:
    """From the side that the point itself is on; from both, if it is on the kink, or the last number on its side."""
    own = [side for side in sides if side and side[0].signature == base.signature][:1]
    slopes, doubt = [], 0.0
    for side, sign, begins in zip(sides, (1, -1), on_the_edge, strict=True):
        if not own or side is own[0] or begins:
            if side is None:
                return Difference(math.nan, math.nan, reason=EDGE)
            rounding = 4 * max(base.noise[k], side[-1].noise[k])
            values = [p.values[k] for p in side]
            slope, error, misfit, noise, blur = ONE_SIDED.read(values, base.values[k], rounding, sign * h)
            size = abs(slope)
            if not (
                error <= 1e-3 * size + noise and misfit <= 1e-3 * size * h + blur and noise <= max(1e-3 * size, 1e-4)
            ):
                return Difference(math.nan, math.nan, reason=EDGE)
            slopes.append(slope)
            doubt = max(doubt, noise + error)
    return Difference(min(slopes), max(slopes), doubt)


class Reading(NamedTuple):
    slope: float
    error: float  # |slope − that of the polynomial through fewer of the values|
    misfit: float  # |value at 0 − the function's|: large if it is not smooth between there and here
    noise: float  # the error of the slope that errors of the values can make, and the same for the misfit
    blur: float


class Stencil:
    """Offsets in steps of h from 0, and the weights of f(x + k·h) in f′(x)·h and f(x), exact for polynomials."""

    def __init__(self, offsets: Sequence[int], fewer: slice) -> None:
        self.offsets, self.fewer = offsets, fewer
        self.slope, self.value = _slope_weights(offsets), _value_weights(offsets)
        self.fewer_slope = _slope_weights(offsets[fewer])

    def read(self, values: list[float], at_0: float, rounding: float, h: float) -> Reading:
        """From the function's values at the offsets and at 0, each with an error of up to `rounding` (or its own ε)."""
        rounding = max(rounding, 2.0**-52 * max(map(abs, [*values, at_0])))
        if all([v == at_0 for v in values]):
            return Reading(0.0, 0.0, 0.0, rounding * _size(self.slope) / abs(h), 0.0)
        slope = _weighted(self.slope, values) / h
        error = abs(slope - _weighted(self.fewer_slope, values[self.fewer]) / h)
        misfit = abs(_weighted(self.value, values) - at_0)
        return Reading(
            slope, error, misfit, rounding * _size(self.slope) / abs(h), rounding * (1.0 + _size(self.value))
        )


def _slope_weights(offsets: Sequence[int]) -> list[float]:
    weights = []
    for i in offsets:
        others = [j for j in offsets if j != i]
        slope = sum([_product([-m for m in others if m != j]) for j in others], Fraction(0))
        weights.append(float(slope / _product([i - j for j in others])))
    return weights


def _value_weights(offsets: Sequence[int]) -> list[float]:
    weights = []
    for i in offsets:
        others = [j for j in offsets if j != i]
        weights.append(float(_product([-j for j in others]) / _product([i - j for j in others])))
    return weights


def _product(factors: Sequence[int]) -> Fraction:
    return Fraction(math.prod(factors))


def _weighted(weights: list[float], values: list[float]) -> float:
    return sum([w * v for w, v in zip(weights, values, strict=True)])


def _size(weights: list[float]) -> float:
    return sum(map(abs, weights))


def finite_difference(f: Callable[[float], float], x: float) -> float:
    """f′(x) from six points: (45 (f₁ − f₋₁) − 9 (f₂ − f₋₂) + f₃ − f₋₃) / 60h at x + k·h, h = ∛ε · max(1, |x|).

    Its error is of the order of h⁶ f⁽⁷⁾ and of ε f / h, some 1e-10 for a function and a derivative of size 1.
    TypeError where x is no number.
    """
    if not isinstance(x, Value):
        x = number(x, "finite_difference: x", "of several arguments give one, lambda w: f(w, 2.0)")
    h = STEP * max(1.0, abs(x))
    return _weighted(CENTRAL.slope, [f(x + k * h) for k in CENTRAL.offsets]) / h


CENTRAL = Stencil((-3, -2, -1, 1, 2, 3), slice(1, 5))
ONE_SIDED = Stencil((1, 2, 3, 4, 5, 6), slice(0, 5))
