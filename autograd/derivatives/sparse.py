"""The Jacobian of a recording by its structural entries alone, in one sweep.

A sweep brings to every node, in a dict, what a dense one brings it for one seed at a time: forwards the derivatives of
the node in the inputs that it depends on; backwards those of the outputs that depend on it. So the work is not
outputs × nodes, but the sum of the lengths of those dicts over the edges. Which direction has less is found by sweeping
sets of seeds in both, a little further in turn, until one is through; the sets that it leaves are the pattern.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import compress
from typing import Any

from autograd.core.dependencies import differentiable_operands
from autograd.core.sweeps import Arriving, Edges, added, through
from autograd.core.value import Value
from autograd.derivatives.pattern import Pattern
from autograd.derivatives.recording import Recording

Arrivals = dict[Value, dict[int, Arriving]]  # by the number of the seed


def entries(recording: Recording, mode: str = "auto") -> tuple[Pattern, list[Any], str]:
    """The pattern, the entries in its order (as numbers or Values), and the direction of the sweep: "forward",
    "reverse", or for "auto" whichever is less work."""
    columns, mode = structure(recording, mode)
    rows = _rows(recording, mode)
    data = [row[j].number if j in row else 0.0 for row, among in zip(rows, columns, strict=True) for j in among]
    return Pattern(columns, len(recording.inputs)), recording.given(data), mode


def _rows(recording: Recording, mode: str) -> list[dict[int, Arriving]]:
    """The derivatives of each output, by the number of the input."""
    outputs, inputs = recording.outputs, recording.inputs
    if mode == "forward":
        tangent = recording.recorded(sparse_tangents, {x: {j: Arriving(1.0)} for j, x in enumerate(inputs)})
        return [tangent.get(z, {}) if isinstance(z, Value) else {} for z in outputs]
    adjoint = recording.recorded(sparse_adjoints, _seeds(outputs))
    rows: list[dict[int, Arriving]] = [{} for _ in outputs]
    for j, x in enumerate(inputs):
        for k, arriving in adjoint.get(x, {}).items():
            rows[k][j] = arriving
    return rows


def _seeds(outputs: Iterable[Any]) -> Arrivals:
    seeds: Arrivals = {}
    for k, z in enumerate(outputs):
        if isinstance(z, Value):
            seeds.setdefault(z, {})[k] = Arriving(1.0)
    return seeds


def sparse_adjoints(order: list[Value], seeds: Arrivals, edges: Edges) -> Arrivals:
    """`core.sweeps.adjoints` for many seeds at once."""
    adjoint = {z: {**arriving} for z, arriving in seeds.items()}
    for z in reversed(order):
        if z in adjoint:
            for x, partial in edges(z):
                _pass(z, partial, adjoint[z], adjoint.setdefault(x, {}))
    return adjoint


def sparse_tangents(order: list[Value], seeds: Arrivals, edges: Edges) -> Arrivals:
    """`core.sweeps.tangents` for many seeds at once."""
    tangent = {x: {**arriving} for x, arriving in seeds.items()}
    for z in order:
        if z not in seeds:
            for x, partial in edges(z):
                if x in tangent:
                    _pass(z, partial, tangent[x], tangent.setdefault(z, {}), forwards=True)
    return tangent


def _pass(
    z: Value, partial: Any, arriving: dict[int, Arriving], into: dict[int, Arriving], forwards: bool = False
) -> None:
    for seed, what in arriving.items():
        if (term := through(z, partial, what, forwards)) is not None:
            into[seed] = added(into[seed], term) if seed in into else term


def structure(recording: Recording, mode: str = "auto") -> tuple[list[list[int]], str]:
    """The columns of the structural entries of each row, and the direction of the sweep that is less work."""
    depends = set(recording.inputs)
    steps = []
    for z in recording.order:
        operands = [x for x in differentiable_operands(z) if x in depends]
        if operands:
            depends.add(z)
            steps.append((z, operands))
    work = 4 * (len(steps) + len(depends))
    while True:
        for direction, sweep in (("reverse", _backwards), ("forward", _forwards)):
            if mode in ("auto", direction):
                found = sweep(recording, steps, work if mode == "auto" else None)
                if found is not None:
                    return found, direction
        work *= 4


Steps = list[tuple[Value, list[Value]]]


def _forwards(recording: Recording, steps: Steps, work: int | None) -> list[list[int]] | None:
    """The columns of each row, by the sets of inputs that nodes depend on; None where that takes more work."""
    inputs = {x: frozenset((j,)) for j, x in enumerate(recording.inputs)}
    for z, operands in steps:
        if work is not None and (work := work - sum([len(inputs[x]) for x in operands])) < 0:
            return None
        inputs[z] = frozenset().union(*[inputs[x] for x in operands]) if len(operands) > 1 else inputs[operands[0]]
    return [sorted(inputs.get(z, ())) if isinstance(z, Value) else [] for z in recording.outputs]


def _backwards(recording: Recording, steps: Steps, work: int | None) -> list[list[int]] | None:
    """The same by the sets of outputs that nodes lead to."""
    outputs: dict[Value, set[int]] = {z: {*seeds} for z, seeds in _seeds(recording.outputs).items()}
    for z, operands in reversed(steps):
        if work is not None and (work := work - len(operands) * len(outputs.get(z, ()))) < 0:
            return None
        for x in operands:
            outputs.setdefault(x, set()).update(outputs.get(z, ()))
    rows: list[list[int]] = [[] for _ in recording.outputs]
    for j, x in enumerate(recording.inputs):
        for k in outputs.get(x, ()):
            rows[k].append(j)
    return rows


def beside(pattern: Pattern, data: list[Any], widths: Iterable[int]) -> list[tuple[Pattern, list[Any]]]:
    """A matrix cut into parts of so many columns each."""
    parts, first = [], 0
    for width in widths:
        inside = [first <= j < first + width for j in pattern.indices]
        rows = [[j - first for j in row if first <= j < first + width] for row in pattern.rows]
        parts.append((Pattern(rows, width), [*compress(data, inside)]))
        first += width
    return parts


def below(pattern: Pattern, data: list[Any], heights: Iterable[int]) -> list[tuple[Pattern, list[Any]]]:
    """A matrix cut into parts of so many rows each."""
    parts, first = [], 0
    for height in heights:
        begin, end = pattern.indptr[first], pattern.indptr[first + height]
        parts.append((Pattern(pattern.rows[first : first + height], pattern.shape[1]), data[begin:end]))
        first += height
    return parts
