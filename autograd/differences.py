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
from typing import Any

from autograd.primitives import Primitive
from autograd.recordings import Recording
from autograd.structures import rebuild
from autograd.sweeps import number_adjoints
from autograd.value import Value

EPSILON = 2.0**-52
TINY = 2.0**-1022  # below it numbers lose digits
STEP = EPSILON ** (1 / 3)
STEEP = "too steep"

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
    recording = Recording("check_gradients", f, rebuild(tuple(arguments), numbers, arrays=False), range(len(arguments)))
    places = {z: i for i, z in enumerate([*recording.inputs, *recording.order])}
    signature = tuple([(_sides(z), *[places.get(x) for x in z._arguments]) for z in recording.order])  # type: ignore[arg-type]
    errors = [_rounding(recording, z) for z in recording.outputs] if noise else []
    return Point(recording.values(), signature, errors)


def _sides(z: Value) -> Any:
    """The row of a node, and where its operands are among the row's special points."""
    if (row := z._row) is None:
        return None
    edges = _edges(row)
    if not row.kinks and not edges:
        return row.name
    xs = [x._data if isinstance(x, Value) else x for x in z._arguments]
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
    terms = [abs(a * z._data) for z, a in adjoint.items()]
    return EPSILON * sum([term for term in terms if math.isfinite(term)]) + TINY


def differences(f: Callable[..., Any], arguments: Sequence[Any], numbers: Sequence[float], i: int) -> list[Difference]:
    """The derivative of every output of f in the i-th number of its arguments, near the given ones."""
    x = numbers[i]
    step = STEP * max(1.0, abs(x))
    base = evaluated(f, arguments, numbers, noise=True)
    if not all(map(math.isfinite, numbers)):
        return [Difference(math.nan, math.nan, reason="not finite")] * len(base.values)

    def at(offsets: Sequence[int], h: float) -> list[Point]:
        far = offsets[-1]
        return [evaluated(f, arguments, [*numbers[:i], x + k * h, *numbers[i + 1 :]], noise=k == far) for k in offsets]

    best: list[Difference | None] = [None] * len(base.values)
    for scale in (1.0, 1 / 8, 1 / 64, 32.0):
        h = step * scale
        points = at(_SIX, h)
        if all([p.signature == base.signature for p in points]):
            for k, known in enumerate(best):
                new = _central([p.values[k] for p in points], max(base.noise[k], points[-1].noise[k]), h)
                if known is None or (known.reason, known.noise) > (new.reason, new.noise):
                    best[k] = new
        if all(
            [
                known is not None and not known.reason and known.noise <= max(1e-7 * abs(known.low), 1e-9)
                for known in best
            ]
        ):
            break
    if None not in best:
        return best  # type: ignore[return-value]
    h = step / 64
    sides = [points if len({p.signature for p in points}) == 1 else None for points in (at(_SIDE, h), at(_SIDE, -h))]
    return [_one_sided(base, sides, k, h) for k in range(len(base.values))]


def _central(values: list[float], rounding: float, h: float) -> Difference:
    six, four = _weighted(_SIX_WEIGHTS, values, h), _weighted(_FOUR_WEIGHTS, values[1:-1], h)
    noise = 4 * rounding * _SIX_SIZE / h
    size = abs(six)
    if not math.isfinite(six):
        reason = "not finite"
    elif abs(six - four) > 4e-6 * size + noise:  # then the six-point one is off by 1e-8 or more
        reason = STEEP
    elif noise > max(1e-3 * size, 1e-6):
        reason = "lost in rounding"
    else:
        reason = ""
    return Difference(six, six, noise, reason)


def _one_sided(base: Point, sides: list[list[Point] | None], k: int, h: float) -> Difference:
    """From the side that the point itself is on; from both, if it is on the kink."""
    own = [side for side in sides if side and side[0].signature == base.signature][:1]
    rounding = max([base.noise[k], *[side[-1].noise[k] for side in sides if side]])
    noise, slopes = 4 * rounding * _SIDE_SIZE / h, []
    for side, sign in zip(sides, (1, -1), strict=True):
        if not own or side is own[0]:
            values = [p.values[k] for p in side] if side else [math.nan] * 6
            slope, fewer = _weighted(_SIDE_WEIGHTS, values, sign * h), _weighted(_FIVE_WEIGHTS, values[:-1], sign * h)
            converged = abs(slope - fewer) <= 1e-3 * abs(slope) + noise
            slopes.append(slope if converged else math.nan)
            noise += abs(slope - fewer) if converged else 0.0
    reason = "" if all(map(math.isfinite, slopes)) else "at a kink or an edge of the domain"
    return Difference(min(slopes), max(slopes), noise, reason)


def _weights(offsets: Sequence[int]) -> list[float]:
    """Of the derivative at 0 of the polynomial through values at the offsets, exact for degrees below their number."""
    weights = []
    for i in offsets:
        others = [j for j in offsets if j != i]
        slope = sum([_product([-m for m in others if m != j]) for j in others], Fraction(0))
        weights.append(float(slope / _product([i - j for j in others])))
    return weights


def _product(factors: Sequence[int]) -> Fraction:
    return Fraction(math.prod(factors))


def _weighted(weights: list[float], values: list[float], h: float) -> float:
    return sum([w * v for w, v in zip(weights, values, strict=True)]) / h


_SIX, _SIDE = (-3, -2, -1, 1, 2, 3), (1, 2, 3, 4, 5, 6)
_SIX_WEIGHTS, _FOUR_WEIGHTS = _weights(_SIX), _weights(_SIX[1:-1])
_SIDE_WEIGHTS, _FIVE_WEIGHTS = _weights(_SIDE), _weights(_SIDE[:-1])
_SIX_SIZE, _SIDE_SIZE = sum(map(abs, _SIX_WEIGHTS)), sum(map(abs, _SIDE_WEIGHTS))
