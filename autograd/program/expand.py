"""Rows that have no kernel, rewritten in rows that have.

A row may say what it is `made_of`, and a user's row be made of other rows: called on Values, its `forward` leaves a
graph that says how. Derivatives are taken before, so the partials that came with the row are the ones that count, and
`stop_gradient` has done its work.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import Context
from typing import Any

from autograd.core import primitives as table
from autograd.core.columns import TABLE, Primitive
from autograd.core.modes import tracing
from autograd.core.refusals import Argument
from autograd.core.value import Value
from autograd.program.lower import lower
from autograd.program.program import MASKED_DOT, MEAN, Program, masked_dot_parts
from autograd.program.simplify import dots, share


def _tidy(program: Program) -> Program:
    return dots(share(program))


def expand(
    program: Program,
    tidy: Callable[[Program], Program] = _tidy,
    masked_dots: bool = True,
    stays: Callable[[Any], bool] | None = None,
) -> Program:
    """The program with the rows that are made of others replaced by those, and then made `tidy` again; its masked dots
    too, unless the reader has a form for them. `stays` says of which rows it has one, where that are more."""
    kept = () if masked_dots else (MASKED_DOT,)
    stays = stays or (lambda primitive: _stays(primitive, kept))
    program = program.with_loops(lambda loop: loop.with_body(expand(loop.body, tidy, stays=stays)))
    if all([stays(row) for row in program.rows()]):
        return program
    result = program.like()
    bodies: dict[tuple[Primitive, int], Program | None] = {}

    def append(primitive: Any, operands: tuple[int, ...]) -> int:
        if stays(primitive):
            return result.append(primitive, operands)
        if primitive is MASKED_DOT:
            return _masked_dot(result, operands)
        key = (primitive, len(operands))
        if key not in bodies:
            bodies[key] = _body(primitive, len(operands))
        body = bodies[key]
        return result.append(primitive, operands) if body is None else result.inline(body, operands)[body.outputs[0]]

    return tidy(program.rewritten(result, append))


def _masked_dot(result: Program, operands: tuple[int, ...]) -> int:
    offs, ws, b, xs = masked_dot_parts(operands)
    zero, append = result.constant(0.0), result.append
    terms = [
        append(table.where, (off, zero, append(table.mul, (w, x)))) for off, w, x in zip(offs, ws, xs, strict=True)
    ]
    return append(table.sum_, (b, *terms))


def is_ours(primitive: Any) -> bool:
    """Whether machine code has a form of its own for it: for all rows of the table, and of rows that are not in it for
    those that are not made of others."""
    return getattr(primitive, "made_of", None) is None or TABLE.get(primitive.name) is primitive


def _stays(primitive: Any, kept: Sequence[Any]) -> bool:
    return (
        primitive is MEAN
        or primitive in kept
        or (primitive is not MASKED_DOT and primitive.made_of is None and not primitive.own)
    )


def _body(primitive: Primitive, count: int) -> Program | None:
    """What a row of so many operands is made of; None if its function does not take Values."""
    forward: Any = primitive.made_of or getattr(primitive.forward, "__wrapped__", primitive.forward)
    body = read_on_values(forward, count)
    return body and expand(body)


def read_on_values(forward: Callable[..., Any], count: int) -> Program | None:
    """A function of so many numbers as a program; None where it does not take Values, or reads others."""
    operands = [Argument(0.5) for _ in range(count)]
    try:
        z = Context().run(_traced, forward, operands)
    except Exception:
        return None
    if not isinstance(z, Value):
        return None
    program, others = lower([z], operands)
    return None if others else program


def _traced(forward: Callable[..., Any], operands: Sequence[Value]) -> Any:
    with tracing():
        return forward(*operands)
