"""Whether two graphs are alike: the same rows of the same numbers, whichever the nodes are; and what holds such."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
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
        if x is not y and x._row is None and repr(x._data) != repr(y._data):  # nan is as nan is, and 0 is not −0
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


def is_same(a: Any, b: Any, stop: Sequence[Value]) -> bool:
    """Whether who reads these after a step finds the same in both: Values that are alike, and what holds such, anew or
    not. A Value that depends on the step's arguments is found by nobody: outside of the loop it is refused."""
    if a is b or type(a) is not type(b):
        return a is b
    if isinstance(a, Value):
        return alike([a], [b], stop) or all([any([z is x for z in topological_order(y) for x in stop]) for y in (a, b)])
    if isinstance(a, float | int | str | bytes):
        return repr(a) == repr(b)
    if isinstance(a, dict):
        return [*a] == [*b] and is_same([*a.values()], [*b.values()], stop)
    if hasattr(a, "tobytes") and hasattr(a, "dtype"):
        same = a.dtype == b.dtype and a.shape == b.shape
        return same and (is_same(a.tolist(), b.tolist(), stop) if a.dtype.kind == "O" else a.tobytes() == b.tobytes())
    return isinstance(a, list | tuple) and len(a) == len(b) and all(map(partial(is_same, stop=stop), a, b))


def _same(xs: Sequence[Any], ys: Sequence[Any], twin: dict[Value, Value]) -> bool:
    return len(xs) == len(ys) and all(
        [twin.get(x) is y if isinstance(x, Value) else repr(x) == repr(y) for x, y in zip(xs, ys, strict=True)]
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
