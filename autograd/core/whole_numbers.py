"""What Python asks of whole numbers: %, //, divmod, round, floor, ceil and trunc of Values, by rows of the table."""

from __future__ import annotations

from typing import Any

from autograd.core import primitives as table
from autograd.core.value import Value, apply, bind, operator


def _round(x: Value, digits: int | None = None) -> Value:
    if digits:
        raise TypeError("round(v, digits) is not differentiable in one step: write round(v * 100) / 100 for two digits")
    return apply(table.rint, x)


# fmt: off
def _mod(x: Value, y: Any) -> Any:       return operator(table.mod, x, y)
def _rmod(y: Value, x: Any) -> Any:      return operator(table.mod, x, y)
def _floordiv(x: Value, y: Any) -> Any:  return operator(table.floordiv, x, y)
def _rfloordiv(y: Value, x: Any) -> Any: return operator(table.floordiv, x, y)
def _divmod(x: Value, y: Any) -> Any:    return x // y, x % y
def _rdivmod(y: Value, x: Any) -> Any:   return x // y, x % y
def _floor(x: Value) -> Value:           return apply(table.floor, x)
def _ceil(x: Value) -> Value:            return apply(table.ceil, x)
def _trunc(x: Value) -> Value:           return apply(table.trunc, x)
# fmt: on

bind(__mod__=_mod, __rmod__=_rmod, __floordiv__=_floordiv, __rfloordiv__=_rfloordiv)
bind(__divmod__=_divmod, __rdivmod__=_rdivmod)
bind(__floor__=_floor, __ceil__=_ceil, __trunc__=_trunc, __round__=_round)
