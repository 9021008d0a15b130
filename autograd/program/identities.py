"""What an instruction is where one of its operands is a certain constant: identities of floating-point arithmetic.

x + 0 is not x (for −0), and 0·x is not 0 (for inf), so neither is here. An identity is a function of the operands made
of operators: read on Values it is what takes the instruction's place, read on numbers a test holds it to the row.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextvars import Context
from functools import cache
from typing import Any, NamedTuple

from autograd.core import primitives as table
from autograd.core.modes import tracing
from autograd.core.primitives import Primitive
from autograd.core.value import Value
from autograd.program.lower import lower
from autograd.program.program import Program


class Identity(NamedTuple):
    """`row(*operands)` is `becomes(*operands)` where the operand `at` is a constant that `holds`; to the bit, or if it
    `rounds`, to 2 ulp."""

    row: Primitive
    at: int
    holds: Callable[[float], bool]
    becomes: Callable[..., Any]
    rounds: bool = False


def _is(number: float) -> Callable[[float], bool]:
    return number.__eq__


def _is_plus_0(x: float) -> bool:
    return x == 0.0 and math.copysign(1.0, x) > 0.0


def _has_exact_inverse(x: float) -> bool:
    """Whether x is ±2ᵏ with an ordinary inverse, so that dividing by it and multiplying by 1/x round alike."""
    return x != 0.0 and math.isfinite(x) and abs(math.frexp(x)[0]) == 0.5 and 1e-300 < abs(x) < 1e300


# fmt: off
IDENTITIES = (
    #        row          operand  where it is               the result is
    Identity(table.mul,   0,       _is(1.0),                 lambda x, y: y),
    Identity(table.mul,   1,       _is(1.0),                 lambda x, y: x),
    Identity(table.mul,   0,       _is(-1.0),                lambda x, y: -y),
    Identity(table.mul,   1,       _is(-1.0),                lambda x, y: -x),
    Identity(table.sub,   1,       _is_plus_0,               lambda x, y: x),
    Identity(table.div,   1,       _is(1.0),                 lambda x, y: x),
    Identity(table.div,   1,       _has_exact_inverse,       lambda x, y: x * (1.0 / y)),
    Identity(table.pow_,  1,       _is(1.0),                 lambda x, y: x),
    Identity(table.pow_,  1,       _is(2.0),                 lambda x, y: x * x),
    Identity(table.pow_,  1,       _is(3.0),                 lambda x, y: x * x * x,           rounds=True),
    Identity(table.pow_,  1,       _is(-1.0),                lambda x, y: 1.0 / x,             rounds=True),
    Identity(table.pow_x, 1,       _is(1.0),                 lambda x, y: 1.0),
    Identity(table.pow_x, 1,       _is(2.0),                 lambda x, y: 2.0 * x),
    Identity(table.pow_x, 1,       _is(3.0),                 lambda x, y: 3.0 * (x * x)),
    Identity(table.pow_x, 1,       _is(4.0),                 lambda x, y: 4.0 * (x * x * x),   rounds=True),
    Identity(table.where, 0,       lambda c: c < 0 or c > 0, lambda c, x, y: x),
    Identity(table.where, 0,       lambda c: c == 0,         lambda c, x, y: y),
)
# fmt: on

BY_ROW: dict[Primitive, list[Identity]] = {}
for _identity in IDENTITIES:
    BY_ROW.setdefault(_identity.row, []).append(_identity)


def found(primitive: Any, constants: list[float | None], exact: bool) -> tuple[Program, list[int]] | None:
    """The program that takes the place of an instruction with these constants among its operands, and which of the
    operands its inputs are; None if no identity is known."""
    for identity in BY_ROW.get(primitive, ()):
        constant = constants[identity.at]
        if constant is not None and identity.holds(constant) and not (exact and identity.rounds):
            return _read(identity, constant)
    return None


@cache
def _read(identity: Identity, constant: float) -> tuple[Program, list[int]]:
    operands: list[Any] = [Value(0.5) for _ in range(identity.row.arity or 0)]
    operands[identity.at] = constant
    others = [i for i in range(len(operands)) if i != identity.at]
    body, _ = lower([Context().run(_traced, identity, operands)], [operands[i] for i in others])
    return body, others


def _traced(identity: Identity, operands: list[Any]) -> Any:
    with tracing():
        return identity.becomes(*operands)
