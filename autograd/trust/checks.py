"""check_gradients: whether the derivatives of a function are right, and if not, which row of the table is to blame.

The gradient of a function is a sum of products of local derivatives, one for each edge of its graph. If the total
disagrees with finite differences, some local derivative does as well, and that one is small enough to understand: it
belongs to one row at one point. If every one of them is right, the graph does not say what the function computes: a
number was taken out of it on the way.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from autograd.core.sweeps import adjoints, number_edges
from autograd.core.value import Value, data_of
from autograd.derivatives.recording import Recording, name_of
from autograd.derivatives.structures import leaves, places
from autograd.trust.differences import EPSILON, STEEP, TINY, Difference, differences
from autograd.trust.report import Entry, Report

Function = Callable[..., Any]
RTOL = 1e-7
SIDES = "at a kink, whose sides differ"


def check_gradients(
    f: Function,
    *args: Any,
    modes: Sequence[str] = ("reverse", "forward"),
    order: int = 2,
    rtol: float = RTOL,
    raises: bool = True,
) -> Report:
    """Check every derivative of f at these arguments, up to an order, and report.

    Each is formed in each of the modes and must agree with a six-point central difference to rtol (and the rounding
    errors of f) and the modes with each other; the second order is the same check of the derivative function. Two runs
    must give the same bits. Near a kink of any node in f's graph the differences keep to the side the point is on; on
    it, a first derivative must lie between the slopes on both sides, and a second one where its sides differ is none:
    it is reported as unchecked, and a wrong one names the node on its kink. What the differences cannot tell is
    unchecked. Raises AssertionError with the report and the first wrong local derivative, unless `raises` is False.
    """
    if not callable(f):
        raise TypeError(f"check_gradients takes a function and its arguments, got {type(f).__name__} {f!r:.40}")
    if not set(modes) <= {"reverse", "forward"} or not modes:
        raise ValueError(f'check_gradients: modes are "reverse" and "forward", got {modes!r}')
    if order < 1:
        raise ValueError(f"check_gradients: order is 1 or more, got {order!r}")
    numbers = leaves(args, "check_gradients: the arguments")
    if any([isinstance(x, Value) for x in numbers]):
        raise TypeError("check_gradients: the arguments are plain numbers, not Values; write v.data")
    report = Report(name_of(f), list(zip(_names(f, args), numbers, strict=True)), tuple(modes))
    for k in range(1, order + 1):
        report.entries += _entries(derivative_of(f, k - 1), args, k, _output_names(f, args, k - 1), report, rtol)
        if report.failures:
            report.culprit = _culprit(f, args, k, rtol)
            break
    if raises and report.failures:
        raise AssertionError(str(report))
    return report


def derivative_of(f: Function, order: int) -> Function:
    """The function whose results are all derivatives of f of an order, in one list: [∂f/∂x₁, …] for order 1."""
    if order == 0:
        return f
    below = derivative_of(f, order - 1)

    def derivative(*args: Any) -> list[Any]:
        recording = Recording(f"the derivative of {name_of(f)}", below, args, range(len(args)))
        return [d for line in recording.lines() for d in line]

    vars(derivative)["of"] = below
    return derivative


def _entries(f: Function, args: Any, order: int, outputs: list[str], report: Report, rtol: float) -> Iterator[Entry]:
    numbers = leaves(args, "")
    recording, again = (Recording("check_gradients", f, args, range(len(args))) for _ in range(2))
    lines = recording.lines()
    columns = recording.columns() if "forward" in report.modes else []
    if _bits([recording.values(), lines]) != _bits([again.values(), again.lines()]):
        report.repeats = False
    inexact = [_agreement(recording, z) for z in recording.outputs]
    for j, (name, _) in enumerate(report.point):
        for i, difference in enumerate(differences(f, args, numbers, j)):
            got = {"reverse": lines[i][j], "forward": columns[j][i] if columns else math.nan}
            chosen = [got[mode] for mode in report.modes]
            symbol = f"∂{outputs[i]}/∂{name}" if order == 1 else f"∂({outputs[i]})/∂{name}"
            apart = len(chosen) == 2 and not _close(chosen[0], chosen[1], inexact[i][j])
            said = verdict(chosen, difference, rtol, apart)
            if said == "kink" and order > 1:  # a slope at a kink is one between those of its sides; not so a curvature
                said = f"unchecked: {SIDES}, {difference.low + 0.0:.9g} and {difference.high + 0.0:.9g}"
            yield Entry(symbol, got, difference, said)


def verdict(chosen: Sequence[float], difference: Difference, rtol: float, apart: bool = False) -> str:
    """ "ok", "WRONG", "kink" (right, as far as there is a right value), or why it could not be checked."""
    if apart:
        return "WRONG: forward ≠ reverse"
    low, high = difference.low, difference.high
    if not (math.isfinite(low) and math.isfinite(high)):
        return f"unchecked: {difference.reason}"
    if any([x != x for x in chosen]):
        return "WRONG"
    if difference.reason == STEEP:
        return f"unchecked: {STEEP}"
    tolerance = rtol * max(abs(low), abs(high), *map(abs, chosen)) + difference.noise
    if not all([low - tolerance <= x <= high + tolerance for x in chosen]):
        return "WRONG"
    if difference.reason and not (low == high == 0.0 and not any(chosen)):  # f does not move at all, and is said not to
        return f"unchecked: {difference.reason}"
    return "kink" if high - low > 2 * tolerance else "ok"


def _culprit(f: Function, args: Any, order: int, rtol: float) -> str:
    """The first local derivative that is wrong, in the order of computation."""
    recording = Recording("check_gradients", derivative_of(f, order - 1), args, range(len(args)))
    for z in recording.order:
        if z._row is not None:
            xs = [*map(data_of, z._arguments)]
            for i, (x, partial) in enumerate(zip(z._arguments, z._partials, strict=True)):
                if isinstance(x, Value):
                    got = 0.0 if partial is None else partial
                    difference = differences(z._row, xs, xs, i)[0]
                    if verdict([got], difference, rtol) == "WRONG":
                        return _blame(z, xs, [i], got, difference)
    if order > 1:
        for z in Recording("check_gradients", f, args, range(len(args))).order:
            if z._row is not None:
                xs = [*map(data_of, z._arguments)]
                slope = derivative_of(z._row, 1)
                lines = Recording("check_gradients", slope, xs, range(len(xs))).lines()
                for j in range(len(xs)):
                    for i, difference in enumerate(differences(slope, xs, xs, j)):
                        if verdict([lines[i][j]], difference, rtol) == "WRONG":
                            return _blame(z, xs, [i, j], lines[i][j], difference)
    if order > 1 and (kink := _on_a_kink(f, args)):
        return kink
    return (
        "every local derivative along the way is right, so the graph does not say what the function computes: was a "
        "number taken out of it (v.data), or does the function do something else when called again?"
    )


def _on_a_kink(f: Function, args: Any) -> str:
    """The first node of f that is on a kink of its row: of that, rules say the slope, and no more."""
    for z in Recording("check_gradients", f, args, range(len(args))).order:
        if (row := z._row) is not None:
            xs = [*map(data_of, z._arguments)]
            near = [differences(row, xs, xs, i)[0] for i, x in enumerate(z._arguments) if isinstance(x, Value)]
            if row.kinks and any([d.high - d.low > 1e-6 for d in near]):
                labelled = f", labelled {z.label!r}," if z.label else ""
                return (
                    f"{row.name}({', '.join(map(repr, xs))}){labelled} is on its kink: its rule gives a slope there, "
                    "but slopes beside it are not that slope's neighbours, so a second derivative through it is not "
                    "defined by the rules; check a point beside the kink"
                )
    return ""


def _blame(z: Value, xs: Sequence[float], operands: list[int], got: float, difference: Difference) -> str:
    names = ["x"] if len(xs) == 1 else [f"x{i + 1}" for i in range(len(xs))]
    symbol = (
        f"∂{'²' if len(operands) == 2 else ''}{z.op}({', '.join(names)})/{''.join([f'∂{names[i]}' for i in operands])}"
    )
    point = ", ".join([f"{name} = {x!r}" for name, x in zip(names, xs, strict=True)])
    labelled = f", in the node labelled {z.label!r}" if z.label else ""
    expected = f"{difference.low:.9g}"
    if difference.high > difference.low:
        expected += f" to {difference.high:.9g}"
    return f"the first wrong local derivative is {symbol} at {point}{labelled}: got {got!r}, expected {expected}"


def _agreement(recording: Recording, output: Any) -> list[float]:
    """How far apart rounding may put two orders of summation: ε · number of nodes · Σ over paths |product|."""
    if not isinstance(output, Value):
        return [0.0] * len(recording.inputs)
    sizes = adjoints(recording.order, {output: 1.0}, lambda z: [(x, abs(p)) for x, p in number_edges(z)])
    return [4 * EPSILON * (len(recording.order) + 4) * sizes.get(x, 0.0) + TINY for x in recording.inputs]


def _close(x: float, y: float, tolerance: float) -> bool:
    return x == y or (x != x and y != y) or abs(x - y) <= tolerance


def _bits(numbers: Any) -> list[str]:
    return [x.hex() for x in leaves(numbers, "")]


def _names(f: Function, args: Sequence[Any]) -> list[str]:
    """x, y[0], …: f's parameter names where it has them."""
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    named = [p.name for p in parameters if p.kind in kinds]
    if len(named) < len(args):
        named = [f"x{i}" for i in range(len(args))] if len(args) > 1 else ["x"]
    return [place for name, x in zip(named, args, strict=False) for place in places(x, name)]


def _output_names(f: Function, args: Sequence[Any], order: int) -> list[str]:
    name = name_of(f) if name_of(f).isidentifier() else "f"
    if order == 0:
        result = Recording("check_gradients", f, args, range(len(args))).result
        return places(result, name)
    below = _output_names(f, args, order - 1)
    return [f"∂{z}/∂{x}" for z in below for x in _names(f, args)]
