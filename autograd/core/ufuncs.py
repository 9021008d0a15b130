"""What numpy's elementwise functions do to one element: a row of the table, or made of rows.

An element is a Value or a float. Comparisons answer with bools, and in a trace with nodes that are 0 or 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from autograd.core import functions, modes
from autograd.core import primitives as table
from autograd.core.value import Value

LOG2, LOG10, DEGREE = math.log(2), math.log(10), math.pi / 180


def rule_of(name: str) -> Callable[..., Any] | None:
    """What numpy's elementwise function of this name does to numbers and Values; None where there is no rule. A row of
    the table that has the name answers for it."""
    return RULES.get(name) or table.TABLE.get(name)


def data_of(x: Any) -> Any:
    return x._data if isinstance(x, Value) else x


def _equal(x: Any, y: Any) -> Any:
    """Of numbers, as arrays compare; in a trace the 0/1 node."""
    if modes.active and modes.is_tracing() and (isinstance(x, Value) or isinstance(y, Value)):
        return table.equal(x, y)
    return data_of(x) == data_of(y)


def _not(x: Any) -> Any:
    return 1.0 - _mask(x) if isinstance(x, Value) else not x


def _and(x: Any, y: Any) -> Any:
    return _mask(x) * _mask(y) if isinstance(x, Value) or isinstance(y, Value) else bool(x and y)


def _or(x: Any, y: Any) -> Any:
    return table.maximum(_mask(x), _mask(y)) if isinstance(x, Value) or isinstance(y, Value) else bool(x or y)


def _mask(x: Any) -> Any:
    """What a comparison gave: a bool, or in a trace a node that is 0 or 1."""
    if isinstance(x, Value) and not (modes.is_tracing() and x._data in (0.0, 1.0)):
        bool(x)  # says what to write
    return x if isinstance(x, Value) else float(x)


RULES: dict[str, Callable[..., Any]] = {
    "add": table.add, "subtract": table.sub, "multiply": table.mul, "divide": table.div, "true_divide": table.div,
    "negative": table.neg, "positive": lambda x: x, "conjugate": lambda x: x,
    "absolute": table.abs_, "fabs": table.abs_, "sign": table.sign,
    "power": table.pow_, "float_power": table.pow_, "square": lambda x: table.pow_(x, 2.0), "sqrt": table.sqrt,
    "reciprocal": lambda x: table.div(1.0, x),
    "exp": table.exp, "expm1": table.expm1, "exp2": lambda x: table.pow_(2.0, x),
    "log": table.log, "log1p": table.log1p,
    "log2": lambda x: table.div(table.log(x), LOG2), "log10": lambda x: table.div(table.log(x), LOG10),
    "logaddexp": lambda x, y: functions.logsumexp([x, y]),
    "logaddexp2": lambda x, y: table.div(functions.logsumexp([table.mul(x, LOG2), table.mul(y, LOG2)]), LOG2),
    "sin": table.sin, "cos": table.cos, "tan": table.tan, "arcsin": table.asin, "arccos": table.acos,
    "arctan": table.atan, "arctan2": table.atan2, "hypot": table.hypot,
    "sinh": table.sinh, "cosh": table.cosh, "tanh": table.tanh,
    "deg2rad": lambda x: table.mul(x, DEGREE), "radians": lambda x: table.mul(x, DEGREE),
    "rad2deg": lambda x: table.div(x, DEGREE), "degrees": lambda x: table.div(x, DEGREE),
    "maximum": table.maximum, "minimum": table.minimum,
    "greater": lambda x, y: x > y, "greater_equal": lambda x, y: x >= y,
    "less": lambda x, y: x < y, "less_equal": lambda x, y: x <= y,
    "equal": _equal, "not_equal": lambda x, y: _not(_equal(x, y)),
    "isnan": lambda x: _not(x >= x), "isfinite": lambda x: x - x >= 0.0, "isinf": lambda x: table.abs_(x) >= math.inf,
    "logical_not": _not, "logical_and": _and, "logical_or": _or,
    "invert": _not, "bitwise_and": _and, "bitwise_or": _or,
}  # fmt: skip

# An object array of numpy's own, np.array([v, w]), looks for methods of these names on its elements.
METHODS = (
    "conjugate", "exp2", "log2", "log10", "logaddexp", "arcsin", "arccos", "arctan", "arctan2", "hypot", "deg2rad",
    "radians", "rad2deg", "degrees", "fabs", "isnan", "isfinite", "isinf",
)  # fmt: skip
