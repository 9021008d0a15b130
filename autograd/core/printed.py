"""How a Value prints: its number, gradient and name; in a trace, where it has many numbers, only its name."""

from __future__ import annotations

from autograd.core import modes
from autograd.core.value import Value, bind
from autograd.core.words import frozen


def _format(value: Value, spec: str) -> str:
    if spec and modes.active and modes.is_tracing():
        raise frozen(value, " was formatted", "print the results of the program", into="the text")
    return format(value._data, spec) if spec else repr(value)


def _repr(value: Value) -> str:
    label = f", label={value.label!r}" if value.label else ""
    if modes.active and modes.is_tracing():
        return f"Value(…{label})"
    return f"Value({value._data!r}, grad={value._grad!r}{label})"


bind(__format__=_format, __repr__=_repr)
