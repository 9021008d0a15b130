"""Numbers, gradients and labels of many Values at once: what training does with all parameters at every step."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar, overload

from autograd.core import engine, modes
from autograd.core.fast import number_gradients
from autograd.core.number import number
from autograd.core.sweeps import topological_order
from autograd.core.value import Value
from autograd.core.words import Attribute, counted

A = TypeVar("A")


@overload
def numbers(values: Iterable[Value]) -> list[float]: ...
@overload
def numbers(values: Sequence[Value], into: A) -> A: ...
def numbers(values: Any, into: Any = None) -> Any:
    """[v.data for v in values], in a third of the time; `into` an array of as many doubles, sooner still."""
    if into is not None:
        if engine.C is None or not engine.C.read_into(values, into):
            into[:] = array("d", numbers(values))
        return into
    if engine.C is not None and (data := engine.C.numbers(values)) is not None:
        return data
    if modes.active and modes.is_tracing():
        return [v.data for v in values]  # says why not
    return [v._data for v in values]


def assign(values: Sequence[Value], data: Any) -> None:
    """`v.data = x` for each x in a sequence, in a third of the time; in an array of doubles, sooner still. For all or
    none. ValueError when the lengths differ."""
    if engine.C is not None and engine.C.assign(values, data):
        return
    if hasattr(data, "tolist"):
        data = data.tolist()
    if len(values) != len(data):
        raise ValueError(f"assign: {counted(len(data), 'number')} for {counted(len(values), 'Value')}")
    if modes.active and modes.is_tracing() and values:
        values[0].data = 0.0  # says why not
    if {*map(type, data)} != {float}:
        data = [number(x, Attribute((v, "data"))) for v, x in zip(values, data, strict=True)]
    for v, x in zip(values, data, strict=True):
        v._data = x


def gradient(z: Value, xs: Iterable[Value]) -> list[float]:
    """[∂z/∂x for x in xs] in the graph that z has recorded, 0 where it does not depend on x: what `z.backward()` adds
    to `.grad`, of which none is written. Numbers: to a derivative around it they are constants, as `.grad` is, where
    `grad` gives Values. TypeError while a function is being traced, as from `backward`, and where z or one of the xs is
    no Value."""
    if modes.active and modes.is_tracing():
        raise TypeError(
            "gradient() was called while the function is being traced: its numbers would be those of one example; use "
            "grad or value_and_grad inside"
        )
    if not isinstance(xs, Iterable):
        raise TypeError(f"gradient: expected a list of Values, as in gradient(z, [x, y]), got {type(xs).__name__}")
    xs = [*xs]
    for kind in dict.fromkeys(map(type, (z, *xs))):
        if not issubclass(kind, Value):
            expected = "expected Values, as in gradient(z, [x, y])"
            raise TypeError(f"gradient: {expected}, got {kind.__name__}; of a function it is grad(f)")
    return number_gradients(topological_order(z), {z: 1.0}, xs)


def label(values: Sequence[Value], names: Sequence[str]) -> None:
    """`v.label = name` for each. ValueError when the lengths differ, TypeError where one is no Value."""
    if engine.C is not None and engine.C.name(values, names):
        return
    if len(values) != len(names):
        raise ValueError(f"label: {counted(len(names), 'name')} for {counted(len(values), 'Value')}")
    for v, name in zip(values, names, strict=True):
        if engine.C is None and v.__class__ is Value and name.__class__ is str:
            v._label = name
        elif not isinstance(v, Value):
            raise TypeError(f"label: expected Values, got {type(v).__name__}")
        else:
            v.label = name
