"""What numpy's elementwise functions do to one element: a row of the table, or made of rows.

An element is a Value or a float. Comparisons answer with bools, and in a trace with nodes that are 0 or 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from autograd.core import modes
from autograd.core import primitives as table
from autograd.core.columns import of_ufunc
from autograd.core.comparisons import conjunction, disjunction, negation
from autograd.core.value import Value, data_of

LOG2 = math.log(2)


def rule_of(name: str) -> Callable[..., Any] | None:
    """What numpy's elementwise function of this name does to numbers and Values; None where there is no rule. A row of
    the table that has the name answers for it."""
    return OTHERS.get(name) or of_ufunc(name)


def _equal(x: Any, y: Any) -> Any:
    """Of numbers, as arrays compare; in a trace the 0/1 node."""
    if modes.active and modes.is_tracing() and (isinstance(x, Value) or isinstance(y, Value)):
        return table.equal(x, y)
    return data_of(x) == data_of(y)


# What is no row by numpy's name, nor an alias of one.
OTHERS: dict[str, Callable[..., Any]] = {
    "positive": lambda x: x, "conjugate": lambda x: x,
    "square": lambda x: table.pow_(x, 2.0), "reciprocal": lambda x: table.div(1.0, x),
    "logaddexp2": lambda x, y: table.div(table.logaddexp(table.mul(x, LOG2), table.mul(y, LOG2)), LOG2),
    "greater": lambda x, y: x > y, "greater_equal": lambda x, y: x >= y,
    "less": lambda x, y: x < y, "less_equal": lambda x, y: x <= y,
    "equal": _equal, "not_equal": lambda x, y: negation(_equal(x, y)),
    "isnan": lambda x: negation(x >= x), "isfinite": lambda x: x - x >= 0.0,
    "isinf": lambda x: table.abs_(x) >= math.inf,
    "logical_not": negation, "logical_and": conjunction, "logical_or": disjunction,
    "invert": negation, "bitwise_and": conjunction, "bitwise_or": disjunction,
}  # fmt: skip

# An object array of numpy's own, np.array([v, w]), looks for methods of these names on its elements.
METHODS = ("conjugate", "isnan", "isfinite", "isinf")
