"""The one room where the core is written for speed: the commonest operators and the sweeps on numbers.

Nothing here says what `value`, `functions` and `sweeps` do not; it says it several times faster, and takes the place of
those definitions. Tests hold each to its definition to the bit.
"""

from __future__ import annotations

from typing import Any

from autograd.core import engine
from autograd.core import primitives as table
from autograd.core.fast.gradients import add_gradients as add_gradients
from autograd.core.fast.gradients import backward as backward
from autograd.core.fast.operators import add, binary, call_row, infix, mul, neg, reflected, relu, sub, truediv, unary
from autograd.core.fast.sweeps import number_adjoints as number_adjoints
from autograd.core.fast.sweeps import number_gradients as number_gradients
from autograd.core.fast.sweeps import number_tangents as number_tangents
from autograd.core.primitives import TABLE, Primitive
from autograd.core.refusals import Argument, look_up
from autograd.core.value import NOT_COMPUTED, Value, watched


def _bind() -> None:
    """Put what is faster in the place of the definitions on Value."""

    def of_one(row: Primitive) -> Any:
        return lambda self: unary(row, self)

    bound: dict[str, Any] = {"_apply": call_row}
    if engine.C is None:
        bound |= {"backward": backward, "__add__": add, "__sub__": sub, "__mul__": mul, "__truediv__": truediv}
        bound |= {"__neg__": neg, "__abs__": of_one(table.abs_), "relu": relu}
        rows = {"add": table.add, "sub": table.sub, "mul": table.mul, "truediv": table.div, "pow": table.pow_}
        for name, row in rows.items():
            bound.setdefault(f"__{name}__", infix(row))
            bound[f"__r{name}__"] = reflected(row)
    for row in TABLE.values():
        if row.arity == 1 and callable(vars(engine.defined).get(row.name)):
            bound.setdefault(row.name, (engine.C and engine.C.method(row)) or of_one(row))
    for name, fast in bound.items():
        if not hasattr(fast, "__objclass__"):  # a method of the extension has its name and text already
            fast.__name__, fast.__qualname__, fast.__doc__ = name, f"Value.{name}", vars(engine.defined)[name].__doc__
        setattr(Value, name, fast)


def _connect() -> None:
    """Hand the extension the table, and the definitions that it falls back on."""
    defined = vars(engine.defined)
    data, grad = defined["data"], defined["grad"]
    engine.C.connect(
        TABLE, operator=binary, unary=unary, call=Primitive.__call__, backward=backward,
        init=defined["__init__"], get_data=data.fget, set_data=data.fset, get_grad=grad.fget, set_grad=grad.fset,
        set_label=defined["label"].fset, argument=Argument, watched=watched, look_up=look_up,
        not_computed=NOT_COMPUTED,
    )  # fmt: skip
    del Primitive.__call__


if engine.C is not None:
    _connect()
_bind()
