"""What messages are made of: numbers of things, and what a Value is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograd.core.value import Value


def counted(count: int, thing: str, things: str = "") -> str:
    """1 input, 2 inputs."""
    return f"{count} {thing if count == 1 else things or f'{thing}s'}"


def named(value: Value) -> str:
    return f"Value {value.label!r}" if value.label else f"the Value {value._data!r}"


class Attribute(tuple[Any, ...]):
    """Of a Value, in words once an error needs them."""

    def __str__(self) -> str:
        value, name = self
        return f"{named(value)}.{name}"


def frozen(value: Value, done: str, remedy: str, into: str = "the program") -> TypeError:
    """What is said where a trace would keep the number that a Value happens to have now."""
    return TypeError(
        f"{named(value)}{done} while the function is being traced: its number now would be frozen into {into}; {remedy}"
    )
