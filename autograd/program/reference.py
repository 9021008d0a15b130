"""The plain runner: every instruction of every example, by calling its row of the table.

It is what a program means. The other runners are held to it, and it needs nothing but Python.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd.program.program import BATCH, EXAMPLE, MEAN, ONCE, Program


def run(
    program: Program, examples: Sequence[Sequence[float]], parameters: Sequence[float]
) -> list[float | list[float]]:
    """The results: a number where it is known once or after the batch, and a list over the examples otherwise."""
    shared = [0.0] * program.inputs + list(parameters) + [0.0] * (len(program) - program.leaves)
    for slot, number in program.numbers.items():
        shared[slot] = number
    compute(program, ONCE, shared)
    table = [[*example, *shared[program.inputs :]] for example in examples]
    for values in table:
        compute(program, EXAMPLE, values)
    for slot, primitive, operands in program.instructions():
        if primitive is MEAN:
            shared[slot] = sum([values[operands[0]] for values in table]) / len(table)
    compute(program, BATCH, shared)
    return [
        [values[slot] for values in table] if program.moments[slot] == EXAMPLE else shared[slot]
        for slot in program.outputs
    ]


def compute(program: Program, moment: int, values: list[Any]) -> None:
    """What is known at one moment, put among the values of the slots."""
    for slot, primitive, operands in program.instructions():
        if program.moments[slot] == moment and primitive is not MEAN:
            values[slot] = primitive.forward(*[values[x] for x in operands])
