"""What `<` and `==` say of Values: they compare numbers, and under tracing they are 0/1 nodes, for `where`.

Two Values are equal only if they are one, so that lists and sets of them work. A trace has no use for that, and says
so.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from opcode import opmap
from typing import Any, NoReturn

from autograd.core import modes
from autograd.core import primitives as table
from autograd.core.columns import Primitive
from autograd.core.number import has_operators, number
from autograd.core.value import Value, apply, bind, constant
from autograd.core.words import named


def _compare(row: Primitive, x: Any, y: Any) -> Any:
    if has_operators(x) or has_operators(y):
        return NotImplemented
    if modes.active and modes.is_tracing():
        return apply(row, x, y)
    a, b = [v._data if isinstance(v, Value) else constant(v, row, (x, y)) for v in (x, y)]
    if not (a < b or a > b) and row is table.greater_equal:
        _refuse_numpys_choice(sys._getframe(2))
    return row.forward(a, b) == 1.0


def _refuse_numpys_choice(frame: Any) -> None:
    """np.max of numpy's own object array asks `v >= w`, and np.min `v <= w`, and takes one of the two: the wrong slope
    at a tie, and the wrong number beside a nan. They ask from numpy's Python, or where code calls a function of it;
    code that asks for itself has an instruction for that."""
    if "numpy" not in sys.modules or frame.f_code.co_code[frame.f_lasti] == opmap["COMPARE_OP"]:
        return
    numpys = str(frame.f_globals.get("__name__")).split(".")[0] == "numpy"
    if numpys or not {"maximum", "minimum", "fmax", "fmin"}.isdisjoint(frame.f_code.co_names):
        raise TypeError(
            "one of two Values was to be chosen where they are equal or nan, as np.max and np.min do in an array that "
            "numpy made of Values, np.array([v, w]); write np.max(np.stack([v, w])), maximum(v, w) or minimum(v, w)"
        )


def _equal(x: Value, y: Any) -> Any:
    """x == y: of a Value and a number by number, of two Values by identity."""
    tracing = modes.active and modes.is_tracing()
    if isinstance(y, Value):
        if tracing:
            raise TypeError(
                f"{named(x)} == {named(y)} was asked while the function is being traced: == of two Values is identity, "
                "not equality of their numbers; write where(equal(a, b), …) for that, and `a is b` for identity"
            )
        return x is y
    try:
        y = number(y)
    except (TypeError, OverflowError):  # arrays answer for themselves; anything else is not equal
        return NotImplemented
    return apply(table.equal, x, y) if tracing else x._data == y


def _not_equal(x: Value, y: Any) -> Any:
    equal = _equal(x, y)
    return 1.0 - equal if isinstance(equal, Value) else equal if equal is NotImplemented else not equal


_COMPARISONS = (table.greater, table.greater_equal, table.equal)


def truth(x: Any) -> Any:
    """Whether x is not 0: of a Value in a trace a 0/1 node, elsewhere an error that says what to write."""
    if not isinstance(x, Value) or not (modes.active and modes.is_tracing()):
        return float(bool(x))
    return x if x._row in _COMPARISONS else negation(negation(x))


def negation(x: Any) -> Any:
    """not x."""
    return apply(table.equal, x, 0.0) if isinstance(x, Value) and modes.is_tracing() else not x


def conjunction(x: Any, y: Any) -> Any:
    """x and y."""
    if not isinstance(x, Value) and not isinstance(y, Value):
        return bool(x and y)
    return table.greater(truth(x) + truth(y), 1.0)


def disjunction(x: Any, y: Any) -> Any:
    """x or y."""
    if not isinstance(x, Value) and not isinstance(y, Value):
        return bool(x or y)
    return table.greater(truth(x) + truth(y), 0.0)


def _of_comparisons(join: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """& or | of two Values, or of one and a bool: arrays go element by element, numbers are refused."""

    def joined(x: Value, y: Any) -> Any:
        if has_operators(y):
            return NotImplemented
        for z in (x, y):
            if z._row not in _COMPARISONS if isinstance(z, Value) else z not in (0, 1):
                given = named(z) if isinstance(z, Value) else repr(z)
                raise TypeError(
                    f"& and | join comparisons, as in (x > 0) & (x < 1), got {given}; choose by numbers "
                    "with where(x, where(y, a, b), b)"
                )
        return join(x, y)

    return joined


def _inverted(value: Value) -> NoReturn:
    raise TypeError(
        f"~ of {named(value)}: of a comparison of numbers it would be -1 or -2, which are both true; write "
        "1 - (x > 0), or where(x > 0, b, a) for where(~(x > 0), a, b)"
    )


def _hashed_by_identity(cls: type[Value]) -> None:
    """A subclass may compare as it likes, but is hashed by identity: the sweeps keep nodes in sets and dicts."""
    cls.__hash__ = Value.__hash__  # type: ignore[method-assign]  # a method on purpose


# fmt: off
def _less(self: Value, other: Any) -> Any:          return _compare(table.greater, other, self)
def _greater(self: Value, other: Any) -> Any:       return _compare(table.greater, self, other)
def _less_equal(self: Value, other: Any) -> Any:    return _compare(table.greater_equal, other, self)
def _greater_equal(self: Value, other: Any) -> Any: return _compare(table.greater_equal, self, other)
# fmt: on

bind(__lt__=_less, __gt__=_greater, __le__=_less_equal, __ge__=_greater_equal, __eq__=_equal, __ne__=_not_equal)
bind(**dict.fromkeys(("__and__", "__rand__"), _of_comparisons(conjunction)))  # in a trace; elsewhere they are bools
bind(**dict.fromkeys(("__or__", "__ror__"), _of_comparisons(disjunction)), __invert__=_inverted)
bind(__init_subclass__=classmethod(_hashed_by_identity))
