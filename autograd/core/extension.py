"""Rows of a user's own: `primitive` enters one into the table, checked, and answering wherever its rules raise. Whoever
enters it, a row that comes after the library's is a method of a Value as those are."""

from __future__ import annotations

import functools
import keyword
import math
from collections.abc import Callable
from math import nan
from types import BuiltinFunctionType, FunctionType
from typing import Any

from autograd.core import ieee
from autograd.core.columns import TABLE, Partial, Primitive, find_method, readers, row
from autograd.core.modes import computing
from autograd.core.number import number
from autograd.core.refusals import Argument
from autograd.core.value import Value, bind
from autograd.core.words import counted


class _Entered:
    """The method of a row that was entered later: there as long as the row is. (With a `__getattr__` on the class to
    look for it, every attribute of every Value would take three times as long.)"""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, value: Value | None, owner: type) -> Any:
        if (method := find_method(self.name)) is None:
            raise AttributeError(f"the table has no function {self.name!r} any more", name=self.name, obj=value)
        return method.__get__(value, owner)


readers.append(lambda names: bind(**{name: _Entered(name) for name in names}))


def primitive(name: str, forward: Callable[..., float], *partials: Partial | None, **columns: Any) -> Primitive:
    r"""Enter a row of your own into the table and return it: a function of numbers or Values that every reading knows.

    `forward(x₁, …, xₙ)` computes z on floats; `partials` are ∂z/∂x₁ … ∂z/∂xₙ, each a function of x₁ … xₙ and z made of
    operators and other rows (None: constant in that operand). The other columns are optional: see the module.

        cube = primitive("cube", lambda x: x * x * x, lambda x, z: 3 * x * x, text="{0}³", latex="{0}^3", level=3)

    A row of any number of operands (`nary=True`) has one partial, `lambda xs, z: [∂z/∂x for x in xs]`. Where forward
    raises a ValueError or an ArithmeticError, as `math` does off its domain, z is what IEEE says if forward is made of
    operators and `math` (1 / 0 is inf, and log(0) is −inf), else nan. `check_gradients(cube, 2.0)` tells whether the
    partials are right.
    """
    _check(name, forward, partials, columns.get("nary", False))
    raised = (ValueError, ArithmeticError)
    of_partial = ValueError if columns.get("nary") else raised  # a list is read on Values where rows are applied
    rules = [None if partial is None else _total(partial, of_partial) for partial in partials]
    entered = row(name, _total(forward, raised), *rules, **columns)
    entered.own = True
    return entered


def _check(name: Any, forward: Any, partials: tuple[Any, ...], nary: bool) -> None:
    """Refuse a row that could not work, saying what to give instead."""
    if not isinstance(name, str) or not name.isidentifier():
        raise ValueError(f"primitive: a name is one word, as it would be written in Python, got {name!r}")
    if name in TABLE:
        raise ValueError(f"primitive {name!r} is in the table already; choose another name")
    if keyword.iskeyword(name) or name in ("inf", "nan", *ieee.__all__):
        raise ValueError(f"primitive: {name!r} means something else in printed programs; choose another name")
    for rule in (forward, *partials):
        if not callable(rule) and (rule is not None or rule is forward):
            raise TypeError(f"primitive {name!r}: forward and partials are functions, got {type(rule).__name__}")
    if nary:
        if len(partials) != 1 or partials[0] is None:
            raise TypeError(f"primitive {name!r}: with nary=True it has one partial, lambda xs, z: [∂z/∂x for x in xs]")
    else:
        operands, given = parameters(forward), len(partials)
        if given == 0 or operands not in (None, given):
            taken = "the operands" if operands is None else counted(operands, "operand")
            raise TypeError(
                f"primitive {name!r}: {counted(given, 'partial')} for {taken} of forward; give one for each operand "
                "(None where z does not depend on it)"
            )
        for partial in partials:
            if partial is not None and parameters(partial) not in (None, given + 1):
                wanted = ", ".join([f"x{i + 1}" for i in range(given)] if given > 1 else ["x"])
                raise TypeError(
                    f"primitive {name!r}: a partial takes the operands and the result, lambda {wanted}, z: …"
                )


def parameters(f: Callable[..., Any]) -> int | None:
    """How many operands f takes; None if that is not fixed or not known."""
    import inspect

    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):
        return None
    if any([p.kind is p.VAR_POSITIONAL or p.default is not p.empty for p in parameters]):
        return None
    return len([p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)])


def _total(f: Callable[..., Any], errors: Any) -> Callable[..., Any]:
    """f, answering as IEEE does where it raises; f itself stays in `__wrapped__`, for those who compile it."""

    @functools.wraps(f)
    def total(*xs: Any) -> Any:
        try:
            return f(*xs)
        except errors:
            return _ieee(f, xs)

    return total


def _ieee(f: Callable[..., Any], xs: tuple[float, ...]) -> float:
    """f read on Values, whose operators answer as IEEE does: 1 / 0 is inf. nan if f works on plain numbers only."""
    try:
        with computing():
            z = on_values(f)(*map(Argument, xs))
        return z._data if isinstance(z, Value) else number(z)
    except (TypeError, ValueError, ArithmeticError):
        return nan


def on_values(f: Any) -> Any:
    """f with rows of the table in the place of `math`, in its own code: log(0) is −inf there."""
    if f is math:
        return _Rows()
    if isinstance(f, BuiltinFunctionType) and f.__module__ == "math":
        return TABLE.get(f.__name__, f)
    if not isinstance(f, FunctionType):
        return f
    of_math = lambda x: x is math or (isinstance(x, BuiltinFunctionType) and x.__module__ == "math")
    scope = {name: on_values(x) if of_math(x) else x for name, x in f.__globals__.items()}
    other = FunctionType(f.__code__, scope, f.__name__, f.__defaults__, f.__closure__)
    other.__kwdefaults__ = f.__kwdefaults__
    return other


class _Rows:
    """`math`, of Values."""

    def __getattr__(self, name: str) -> Any:
        return on_values(getattr(math, name))
