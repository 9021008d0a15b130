"""Copying and pickling: a leaf is its number, its label and its gradient, with what a class made of Value adds; a
computed Value and an argument refuse."""

from __future__ import annotations

from typing import Any

from autograd.core import modes
from autograd.core.value import NOT_COMPUTED, Argument, Value, bind
from autograd.core.words import named


def _reduce(value: Value) -> Any:
    if isinstance(value, Argument) or (modes.active and modes.is_tracing()):
        raise TypeError(
            f"{named(value)} was copied or pickled in a function that is being differentiated or compiled: its copy "
            "would be cut off from it; use it as it is, and copy the list that holds it by list(xs) or xs.copy()"
        )
    if value._row is not None:
        raise TypeError(
            f"{named(value)} was made by {value.op!r} and cannot be copied or pickled: its copy would be cut off "
            "from the leaves it depends on; copy the leaves and compute it again, or keep its number, v.data"
        )
    held: Any = object.__getstate__(value)
    attributes = {**(held[0] or {}), **{name: x for name, x in held[1].items() if not hasattr(Value, name)}}
    state = None if value.grad is NOT_COMPUTED else value.grad, attributes
    return _leaf, (type(value), value._data, value.label), state


def _leaf(kind: type[Value], data: float, label: str) -> Value:
    leaf = kind.__new__(kind)
    Value.__init__(leaf, data, label)
    return leaf


def _set_state(leaf: Value, state: Any) -> None:
    grad, attributes = state
    if grad is not None:
        leaf.grad = grad
    for name, attribute in attributes.items():
        setattr(leaf, name, attribute)


bind(__reduce__=_reduce, __setstate__=_set_state)
