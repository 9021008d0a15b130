"""What a Value refuses to be, and what to write instead: a truth, a plain number, a key of a dict while it stands for
an argument, and what other libraries call its parts."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from autograd.core import modes
from autograd.core.anomaly import is_foreign
from autograd.core.primitives import mul
from autograd.core.value import Argument, Value, bind, record
from autograd.core.words import named

_ELSEWHERE = {  # names from micrograd and torch, and what they are here
    "_prev": ".operands",
    "_op": ".op",
    "_backward": "a row of your own, primitive(name, forward, *partials), whose partials backward() multiplies",
    "item": ".data",
    "detach": "stop_gradient(v), or Value(v.data) for a new leaf",
    "numpy": ".data",
    "requires_grad": "stop_gradient(v) for a constant; every other leaf has a gradient",
    "value": ".data",
    "gradient": ".grad",
    "zero_": "v.grad = 0.0",
    "zero_grad": "v.grad = 0.0, or model.zero_grad()",
}


def as_argument(x: Value | float) -> Value:
    """x · 1, as an `Argument`: the same number, with a graph that goes on to what x was made of."""
    if isinstance(x, Value):
        return record(mul, x._data, x, 1.0, 1.0, None, Argument)
    return record(mul, x, x, 1.0, None, None, Argument)


def _hash(argument: Argument) -> int:
    _refuse_a_look_up(argument, sys._getframe(1))
    return object.__hash__(argument)


def look_up(value: Value) -> None:
    """Asked by the extension where a computed Value is hashed while a mode is on."""
    if modes.is_tracing():
        _refuse_a_look_up(value, sys._getframe(1))


def _refuse_a_look_up(value: Value, frame: Any) -> None:
    if is_foreign(frame):
        raise TypeError(
            f"{named(value)} was looked up in a dict or a set, which find a Value by identity and not by its number; "
            "write where(y == 1, a, b) for table[y], `y == 0` for `y in {0}`, and id(v) to know a Value again"
        )


class StepArgument(Argument):
    """What the step of a loop, or equations, are given while they are traced."""

    __slots__ = ()


class EndedArgument(StepArgument):
    """The same after that: no number any more."""

    __slots__ = ()


for kind in (Argument, StepArgument, EndedArgument):
    kind.__hash__ = _hash  # type: ignore[assignment, method-assign]


def refuse_escaped(nodes: Sequence[Value], kind: type[StepArgument] = EndedArgument) -> None:
    """TypeError where one of them is an argument of a loop's step, or of equations: that is no number outside of it."""
    for leaf in nodes:
        if isinstance(leaf, kind):
            raise TypeError(
                f"{leaf.label or 'a number'}, of one step of a loop (scan, fori, while_loop, rk4) or of equations "
                "(root, fixed_point, argmin), or what was made of it, is used outside of the loop or of them, which a "
                "program runs as one instruction: let the step give it back, in the state or beside it, and make it "
                "anew of the solution"
            )


def _truth(value: Value) -> NoReturn:
    if modes.active and modes.is_tracing():
        raise TypeError(
            "an `if` (or and, or, not, in, match, max, min, sorted) was asked about a Value while the function is "
            "being traced: the branch it takes now would be frozen into the program; choose between two results "
            "with where(condition, a, b), maximum(a, b) or minimum(a, b), and join conditions by & and |, as in "
            "(x > 0) & (x < 1); numpy's take np.stack([a, b]) for an array"
        )
    raise TypeError(
        f"the truth of {named(value)} is not defined: compare its number (v.data != 0), or choose between two "
        "results with where(condition, a, b)"
    )


def _plain_number(value: Value) -> NoReturn:
    raise TypeError(
        f"turning {named(value)} into a plain number would cut it off from its gradient; write "
        "v.exp(), v.sin(), … or autograd.sin(v), autograd.mean(vs), … for functions, and v.data for its number"
    )


class _Elsewhere:
    """An attribute that other libraries have."""

    def __init__(self, name: str, written: str) -> None:
        self.name, self.written = name, written

    def __get__(self, value: Value | None, owner: type) -> NoReturn:
        said = f"a Value has no attribute {self.name!r}: write {self.written}"
        raise AttributeError(said, name=self.name, obj=value)


class _Mask:
    """What numpy.ma asks of an operand that has `_data`, which it takes for the operand's array."""

    def __get__(self, value: Value | None, owner: type) -> NoReturn:
        if value is None or not str(sys._getframe(1).f_globals.get("__name__")).startswith("numpy.ma"):
            raise AttributeError("a Value has no attribute '_mask'", name="_mask", obj=value)
        raise TypeError(
            f"{named(value)} with a masked array: numpy.ma would take its number, and cut it off from its gradient; "
            "compute with m.filled(0.0) for the array m, and leave out what is masked with np.where(m.mask, 0.0, …)"
        )


bind(_mask=_Mask())
bind(__bool__=_truth, __float__=_plain_number, __int__=_plain_number, __complex__=_plain_number)
bind(as_integer_ratio=_plain_number)  # what `statistics` asks for
bind(**{name: _Elsewhere(name, written) for name, written in _ELSEWHERE.items()})
