"""Whether two graphs are alike: the same rows of the same numbers, whichever the nodes are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from autograd.core.primitives import TABLE, Primitive
from autograd.core.sweeps import topological_order
from autograd.core.value import Value
from autograd.program.loop import Constants, Loop
from autograd.program.program import Program


def alike(xs: Sequence[Any], ys: Sequence[Any], stop: Iterable[Value]) -> bool:
    """Whether these results say the same of the nodes at which both graphs stop."""
    stop = [*stop]
    first, second = [topological_order(*[z for z in zs if isinstance(z, Value)], stop=stop) for zs in (xs, ys)]
    twin: dict[Value, Value] = {x: x for x in stop}
    for x, y in zip(first, second, strict=False):
        if x is not y and not (_same_row(x._row, y._row) and _same(x._arguments, y._arguments, twin)):
            return False
        if x._row is None and x._data != y._data:
            return False
        twin[x] = y
    return len(first) == len(second) and _same(xs, ys, twin)


def refuse_another(name: str, results: Sequence[Any], again: Sequence[Any], leaves: Sequence[Value]) -> None:
    """TypeError where the step of a loop, called again, does something else: one call of it stands for all."""
    if not alike(results, again, leaves):
        raise TypeError(
            f"{name}: the step does something else when it is called again, as one that draws random numbers, counts "
            "its calls or takes the next of an iterator does; compiled, one call stands for all steps: let it find "
            "that in the state, or in items made before the loop, scan(step, state, xs)"
        )


def _same(xs: Sequence[Any], ys: Sequence[Any], twin: dict[Value, Value]) -> bool:
    return len(xs) == len(ys) and all(
        [twin.get(x) is y if isinstance(x, Value) else x == y or x != x for x, y in zip(xs, ys, strict=True)]
    )


def _same_row(a: Primitive | None, b: Primitive | None) -> bool:
    """Rows that are made at each call, as loops are, are the same if they do the same."""
    if isinstance(a, Loop) and isinstance(b, Loop):
        return a.name == b.name and _same_program(a.body, b.body)
    if isinstance(a, Constants) and isinstance(b, Constants):
        return [*a.numbers] == [*b.numbers]
    return a is b or (a is not None and b is not None and a.name == b.name and a.name not in TABLE)


def _same_program(a: Program, b: Program) -> bool:
    return (
        (a.inputs, a.operands, a.numbers, a.outputs) == (b.inputs, b.operands, b.numbers, b.outputs)
        and len(a) == len(b)
        and all(map(_same_row, a.primitives, b.primitives))
    )
