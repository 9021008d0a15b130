"""A loop of a program as a loop of machine code: the step written once, the state in registers.

Columns lie in the memory that a thread has for itself (`work`): those that the rest of the program reads of a loop, and
those that are packed. A column that counts takes none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from autograd.native.ir import Body, V, constant
from autograd.program.loop import PACK, Constants, Loop, LoopRow
from autograd.program.program import EXAMPLE, ONCE, Program

RUN = 16  # numbers, from which on they are gone through by a loop
Instructions = Callable[..., None]  # `straight.instructions`


class Column:
    """Numbers that lie one after the other, of so many lanes each."""

    def __init__(self, body: Body, first: int, lanes: int) -> None:
        self.body, self.lanes = body, lanes
        self.first = body.at(body.argument("work"), first)

    def place(self, i: Any) -> V:
        return self.body.at(self.first, i * self.lanes)

    def __getitem__(self, i: Any) -> V:
        return self.body.load(self.place(i), self.lanes)

    def put(self, i: Any, x: Any) -> None:
        self.body.store(spread(self.body, x, self.lanes), self.place(i))


class Counted:
    """The numbers of a range."""

    def __init__(self, body: Body, numbers: range) -> None:
        self.body, self.numbers = body, numbers

    def __getitem__(self, i: Any) -> Any:
        if not isinstance(i, V):
            return float(self.numbers[i])
        return self.body.op(f"sitofp {i * self.numbers.step + self.numbers.start} to double")


class Inputs:
    """A column of inputs, `first` and every `step`-th from there on; `load` reads the one at an address."""

    def __init__(self, body: Body, first: int, step: int, load: Callable[[V], V]) -> None:
        self.body, self.first, self.step, self.load = body, first, step, load

    def __getitem__(self, i: Any) -> V:
        which = i * self.step + self.first
        return self.load(self.body.load(self.body.at(self.body.argument("columns"), which, "ptr"), kind="ptr"))


def spread(body: Body, x: Any, lanes: int) -> V:
    """A number in all lanes."""
    return body.spread(x if isinstance(x, V) else constant(body, x), lanes)


def write(
    body: Body, row: LoopRow, operands: Sequence[Any], parts: Sequence[int], lanes: int, instructions: Instructions
) -> Any:
    """What a row of loops computes, of which these parts are read: numbers, columns, or for a loop its parts."""
    if isinstance(row, Loop):
        return _write_loop(body, row, operands, parts, lanes, instructions)
    if isinstance(row, Constants):
        if isinstance(row.numbers, range):
            return Counted(body, row.numbers)
        return Column(body, body.module.memory.take(len(row.numbers), row.numbers), 1)
    if row is PACK:
        column = Column(body, body.module.memory.take(len(operands) * lanes), lanes)
        for i, x in enumerate(operands):
            column.put(i, x)
        return column
    return row.forward(*operands)


def _write_loop(
    body: Body, loop: Loop, operands: Sequence[Any], parts: Sequence[int], lanes: int, instructions: Instructions
) -> dict[int, Any]:
    step, n = loop.body, loop.carried
    variables = [body.variable(spread(body, x, lanes)) for x in operands[:n]]
    columns, take = operands[n : step.inputs], body.module.memory.take
    along = {k: Column(body, take(loop.steps * lanes), lanes) for k in parts if k >= n}
    uses = step.uses()
    once: dict[int, Any] = dict(step.numbers) | dict(enumerate(operands[step.inputs :], step.inputs))
    instructions(body, step, ONCE, once, uses, lanes)
    with body.loop(0, loop.steps) as count:
        i = loop.steps - 1 - count if loop.backwards else count
        here = once | {k: body.load(variable, lanes) for k, variable in enumerate(variables)}
        here |= {n + m: column[i] for m, column in enumerate(columns)}
        instructions(body, step, EXAMPLE, here, uses, lanes)
        results = [here[slot] for slot in step.outputs]
        for k, column in along.items():
            column.put(i, results[k] if k < loop.before else here[k - loop.before])
        for variable, number in zip(variables, results, strict=False):
            body.store(spread(body, number, lanes), variable)
    return {k: body.load(variable, lanes) for k, variable in enumerate(variables)} | along


class Runs:
    """What a program with loops lists number by number, and a loop of machine code can go through: inputs that are
    packed to a column, and items of a column that are results.

    packed   the first input and the step from one to the next, by the slot of the column
    results  the first result and its step, how many there are, the slot of the column, the first item and its step
    uses     how often each slot is read otherwise
    """

    def __init__(self, program: Program, strides: Sequence[int]) -> None:
        self.packed: dict[int, tuple[int, int]] = {}
        self.results: list[tuple[int, int, int, int, int, int]] = []
        self.uses = program.uses()
        for slot, row, operands in program.instructions():
            if row is PACK and self.uses[slot] and max(operands) < program.inputs:
                step = _step(operands)
                if step and len({strides[x] for x in operands}) == 1:
                    self.packed[slot] = operands[0], step
                    for x in operands:
                        self.uses[x] -= 1
        items: dict[int, list[tuple[int, int, int]]] = {}
        for k, slot in enumerate(program.outputs[program.whole :]):
            row = program.primitives[slot]
            if isinstance(row, LoopRow) and row.item >= 0:
                items.setdefault(program.operands[slot][0], []).append((k, row.item, slot))
        for column, found in items.items():
            steps = _step([k for k, _, _ in found]), _step([i for _, i, _ in found])
            if all(steps):
                self.results.append((found[0][0], steps[0], len(found), column, found[0][1], steps[1]))
                for _, _, slot in found:
                    self.uses[slot] -= 1

    def write_results(self, body: Body, numbers: dict[int, Any], n: V, i: V, lanes: int) -> set[int]:
        """Write those results that are items of columns, of n examples from the i-th on; which these are."""
        results, done = body.argument("results"), set()
        for first, step, count, column, item, item_step in self.results:
            with body.loop(0, count) as k:
                place = body.at(results, (k * step + first) * n + i)
                body.store(spread(body, numbers[column][k * item_step + item], lanes), place)
            done |= {first + step * k for k in range(count)}
        return done


def _step(numbers: Sequence[int]) -> int:
    """The difference of each number to the one before; 0 if they are few, or differ."""
    steps = {b - a for a, b in pairwise(numbers)}
    return steps.pop() if len(steps) == 1 and len(numbers) >= RUN else 0


def parts_read(program: Program, uses: Sequence[int]) -> dict[int, list[int]]:
    """For each loop of a program, by its slot, the parts that anything reads."""
    read: dict[int, list[int]] = {}
    for slot, row, operands in program.instructions():
        if isinstance(row, LoopRow) and uses[slot] and operands and isinstance(program.primitives[operands[0]], Loop):
            read.setdefault(operands[0], []).append(row.part)
    return read
