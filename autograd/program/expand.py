"""Rows that have no kernel, rewritten in rows that have.

A user's row may be made of other rows: called on Values, its `forward` leaves a graph that says how. Derivatives are
taken before, so the partials that came with the row are the ones that count.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from math import inf
from typing import Any

from autograd import primitives as table
from autograd.modes import tracing
from autograd.primitives import TABLE, Primitive
from autograd.program.lower import lower
from autograd.program.program import CONSTANT, MEAN, Program
from autograd.value import Value

BUILT_IN = frozenset(TABLE)


def logsumexp(*xs: Any) -> Any:
    """top + log Σ exp(xᵢ − top), and top itself where it is infinite or nan."""
    top = reduce(table.maximum, xs)
    total = top + table.log(table.sum_(*[table.exp(x - top) for x in xs]))
    return table.where(table.greater(inf, table.abs_(top)), total, top)


_MADE_OF: dict[str, Callable[..., Any]] = {"logsumexp": logsumexp}


def expand(program: Program) -> Program:
    """The program with the rows that are made of others replaced by those."""
    result = program.like()
    new = list(range(program.leaves))
    bodies: dict[tuple[str, int], Program | None] = {}
    for primitive, operands in program.rows[program.leaves :]:
        if primitive is CONSTANT:
            new.append(result.constant(operands[0]))
            continue
        xs = [new[x] for x in operands]
        body = None
        if primitive is not MEAN and (primitive.name in _MADE_OF or primitive.name not in BUILT_IN):
            key = (primitive.name, len(xs))
            if key not in bodies:
                bodies[key] = _body(primitive, len(xs))
            body = bodies[key]
        if body is None:
            new.append(result.append(primitive, tuple(xs)))
        else:
            new.append(result.inline(body, xs)[body.outputs[0]])
    result.outputs = tuple([new[x] for x in program.outputs])
    return result


def _body(primitive: Primitive, count: int) -> Program | None:
    """What a row of so many operands is made of; None if its function does not take Values: Numba may know it."""
    operands = [Value(0.5) for _ in range(count)]
    try:
        with tracing():
            z = _MADE_OF.get(primitive.name, primitive.forward)(*operands)
    except Exception:
        return None
    program, others = lower([z], operands)
    return None if others else program
