"""Rows in their parts, where one of these is computed anyway.

gelu x = ½x·erfc(−x/√2) has the slope erfc(−x/√2)/2 + …: a program with both takes the one function that is expensive
twice, unless it sees what gelu is made of. That is what its own `forward` says, read on Values.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from autograd.core import primitives as table
from autograd.core.columns import TABLE, Primitive
from autograd.native.rows import read
from autograd.program.expand import read_on_values
from autograd.program.program import Program
from autograd.program.simplify import folded_and_shared

_CHEAP = (table.add, table.sub, table.mul, table.div, table.neg)


def opened(program: Program) -> Program:
    """The program with such rows in their parts, each of which is computed once."""
    rows = {*program.rows()}
    bodies = {row: body for row in rows if (body := parts(row)) and not rows.isdisjoint(_functions(body))}
    if not bodies:
        return program
    result = program.like()
    append = folded_and_shared(result)

    def open_(primitive: Any, operands: tuple[int, ...]) -> int:
        body = bodies.get(primitive)
        return append(primitive, operands) if body is None else result.inline(body, operands, append)[body.outputs[0]]

    return program.rewritten(result, open_)


def _functions(body: Program) -> list[Any]:
    return [row for row in body.rows() if row not in _CHEAP]


@cache
def parts(row: Any) -> Program | None:
    """A row of the table as a formula of others; None where its `forward` is none."""
    if row.__class__ is not Primitive or TABLE.get(row.name) is not row or not row.arity or row.by_call:
        return None
    body = read_on_values(lambda *xs: read(row.forward)(*xs), row.arity)
    return None if body is None or row in body.primitives else body
