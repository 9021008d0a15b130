"""The plain runner: every instruction of every example, by calling its row of the table.

It is what a program means. The other runners are held to it, and it needs nothing but Python.
"""

from __future__ import annotations

from collections.abc import Sequence

from autograd.primitives import Primitive
from autograd.program.program import BATCH, CONSTANT, EXAMPLE, INPUT, MEAN, ONCE, PARAMETER, Program

Number = float


def run(program: Program, examples: Sequence[Sequence[float]], parameters: Sequence[float]) -> list[float | list[float]]:
    """The results: a float where it is known once or after the batch, and a list over the examples otherwise."""
    once: list[float] = [0.0] * len(program.rows)
    _compute(program, ONCE, once, (), parameters)
    table = []
    for example in examples:
        values = once[:]
        _compute(program, EXAMPLE, values, example, parameters)
        table.append(values)
    for row, (primitive, operands) in enumerate(program.rows):
        if primitive is MEAN:
            once[row] = sum([values[operands[0]] for values in table]) / len(table)
    _compute(program, BATCH, once, (), parameters)
    return [
        [values[row] for values in table] if program.moments[row] == EXAMPLE else once[row] for row in program.outputs
    ]


def _compute(program: Program, moment: int, values: list[float], example: Sequence[float], parameters: Sequence[float]) -> None:
    for row, (primitive, operands) in enumerate(program.rows):
        if program.moments[row] != moment:
            continue
        if primitive.__class__ is Primitive:
            values[row] = primitive.forward(*[values[x] for x in operands])
        elif primitive is INPUT:
            values[row] = example[operands[0]]
        elif primitive is PARAMETER:
            values[row] = parameters[operands[0]]
        elif primitive is CONSTANT:
            values[row] = operands[0]
