"""A loop of a program as a loop of machine code: the step written once, the state in registers.

Columns lie in the memory that a thread has for itself (`work`): those that the rest of the program reads of a loop, and
those that are packed. A column that counts takes none.

The states before each step, which derivatives read, are as many as there are steps. Where that is too much, or as the
loop says, one of √n is kept, a *checkpoint* at the beginning of each segment of √n steps; who reads them goes segment
by segment, and runs the loop through each again first. All loops over n steps have the same segments.
Source: Griewank, Walther, Evaluating Derivatives, chapter 12.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from autograd.native.body import Body
from autograd.native.ir import V, constant, select
from autograd.program.loop import PACK, Constants, Loop, LoopRow
from autograd.program.program import EXAMPLE, ONCE, Program

RUN = 16  # numbers, from which on they are gone through by a loop
LARGE = 4_000_000  # doubles, from which on states are not all kept
Parts = dict[int, bool]  # that are read; does nothing but a loop over the same steps?
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
    body: Body, row: LoopRow, operands: Sequence[Any], parts: Parts, lanes: int, instructions: Instructions
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


class _Running:
    """A loop that is written: what its steps read, and where states are kept."""

    def __init__(self, body: Body, loop: Loop, operands: Sequence[Any], lanes: int, instructions: Instructions) -> None:
        self.body, self.loop, self.step, self.lanes, self.instructions = body, loop, loop.body, lanes, instructions
        self.columns = operands[loop.carried : self.step.inputs]
        self.uses = self.step.uses()
        self.once = dict(self.step.numbers) | dict(enumerate(operands[self.step.inputs :], self.step.inputs))
        instructions(body, self.step, ONCE, self.once, self.uses, lanes)
        self.variables = [body.variable(spread(body, x, lanes)) for x in operands[: loop.carried]]
        self.length = math.isqrt(max(loop.steps - 1, 0)) + 1  # of a segment
        self.segments = -(-loop.steps // self.length)

    def column(self, size: int) -> Column:
        return Column(self.body, self.body.module.memory.take(size * self.lanes), self.lanes)

    def keep(self, parts: Sequence[int]) -> dict[int, Recomputed]:
        """Checkpoints, and the columns of these parts made of them."""
        self.kept = [self.column(self.segments) for _ in self.variables]
        self.again = [self.body.variable(spread(self.body, 0.0, self.lanes)) for _ in self.variables]
        self.buffers = {k: self.column(self.length) for k in parts}
        return {k: Recomputed(self, k) for k in parts}

    def run(self, variables: Sequence[V], begin: Any, end: Any, put: Callable[..., None], given: bool = False) -> None:
        """The steps from begin to end; `put` is given each one's number, the state before it, and its results, which
        are None where the step is not `given` for being idle in all lanes."""
        body, loop, step = self.body, self.loop, self.step
        with body.loop(begin, end) as count:
            i = begin + end - 1 - count if loop.backwards else count
            here = self.once | {k: body.load(x, self.lanes) for k, x in enumerate(variables)}
            here |= {loop.carried + m: column[i] for m, column in enumerate(self.columns)}
            state = [here[k] for k in range(loop.carried)]
            on = self.holds(here)

            def write() -> list[Any]:
                self.instructions(body, step, EXAMPLE, here, self.uses, self.lanes)
                results = [here[slot] for slot in step.outputs]
                for variable, old, number in zip(variables, state, results, strict=False):
                    body.store(spread(body, number if on is None else select(on, number, old), self.lanes), variable)
                return results

            if on is None or given:
                put(i, state, write())
            else:
                put(i, state, None)
                with body.when(_in_any_lane(on)):
                    write()

    def holds(self, here: dict[int, Any]) -> V | None:
        """Where a step is not idle, computed before the rest of it; None where it never is."""
        if self.loop.on is None:
            return None
        slot = self.step.outputs[self.loop.on]
        self.instructions(self.body, self.step, EXAMPLE, here, self.step.uses((slot,)), self.lanes)
        on = here[slot]
        return on != 0.0 if isinstance(on, V) else None

    def segment(self, s: V) -> tuple[V, V]:
        """Where a segment begins and ends; the columns that are read are there."""
        for owner in dict.fromkeys([x.owner for x in self.columns if isinstance(x, Recomputed)]):
            owner.refill(s)
        begin = s * self.length
        full = begin + self.length
        return begin, select(full > self.loop.steps, self.body.integer(self.loop.steps), full)

    def refill(self, s: V) -> None:
        """The states of a segment, from its checkpoint on."""
        begin, end = self.segment(s)
        self.base = begin
        for column, variable in zip(self.kept, self.again, strict=True):
            self.body.store(column[s], variable)

        def put(i: V, state: Sequence[Any], results: Any) -> None:
            for k, buffer in self.buffers.items():
                buffer.put(i - begin, state[k - self.loop.before])

        self.run(self.again, begin, end, put)


def _in_any_lane(condition: V) -> V:
    body, lanes = condition.body, condition.lanes
    if lanes == 1:
        return condition
    return body.op(f"icmp ne i{lanes} {body.op(f'bitcast {condition} to i{lanes}', f'i{lanes}').name}, 0", "i1")


class Recomputed:
    """The column of one number of the states before each step, of which a segment is there."""

    def __init__(self, owner: _Running, part: int) -> None:
        self.owner, self.part = owner, part

    def __getitem__(self, i: V) -> V:
        return self.owner.buffers[self.part][i - self.owner.base]


def _write_loop(
    body: Body, loop: Loop, operands: Sequence[Any], parts: Parts, lanes: int, instructions: Instructions
) -> dict[int, Any]:
    running = _Running(body, loop, operands, lanes, instructions)
    states = [k for k in parts if k >= loop.before]
    thrifty = loop.checkpoints
    if thrifty is None:
        thrifty = len(states) * loop.steps * lanes > LARGE
    thrifty = thrifty and all([parts[k] for k in states])
    kept = running.keep(states) if states and thrifty else {}
    along = {k: running.column(loop.steps) for k in parts if k >= loop.carried and k not in kept}

    def put(i: V, state: Sequence[Any], results: Any) -> None:
        for k, column in along.items():
            column.put(i, results[k] if k < loop.before else state[k - loop.before])

    given = any([k < loop.before for k in along])
    if not kept and not any([isinstance(x, Recomputed) for x in running.columns]):
        running.run(running.variables, body.integer(0), body.integer(loop.steps), put, given)
    else:
        with body.loop(0, running.segments) as count:
            s = running.segments - 1 - count if loop.backwards else count
            begin, end = running.segment(s)
            if kept:
                for column, variable in zip(running.kept, running.variables, strict=True):
                    column.put(s, body.load(variable, lanes))
            running.run(running.variables, begin, end, put, given)
    return {k: body.load(variable, lanes) for k, variable in enumerate(running.variables)} | along | kept


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


def parts_read(program: Program, uses: Sequence[int]) -> dict[int, Parts]:
    """For each loop of a program, by its slot, the parts that anything reads, and of each whether only loops do."""
    read: dict[int, Parts] = {}
    place: dict[int, tuple[int, int]] = {}  # of the slots that hold parts
    for slot, row, operands in program.instructions():
        if uses[slot]:
            if isinstance(row, LoopRow) and row.part >= 0:
                read.setdefault(operands[0], {})[row.part] = True
                place[slot] = operands[0], row.part
            for k, x in enumerate(operands):
                if x in place and not (isinstance(row, Loop) and row.carried <= k < row.body.inputs):
                    read[place[x][0]][place[x][1]] = False
    return read
