"""A loop of a program as a loop of machine code: the step written once, the state in registers.

Columns lie in the memory that a thread has for itself (`work`): those that the rest of the program reads of a loop, and
those that are packed. A column that counts takes none. What a loop does is said in `program.running`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

from autograd.native.body import Body
from autograd.native.fuse import CHEAP
from autograd.native.ir import LANES, V, constant, in_any_lane, select
from autograd.program.loop import PACK, Constants, Loop, LoopRow
from autograd.program.program import EXAMPLE, Program
from autograd.program.running import Ahead, Parts, write_loop

RUN = 16  # numbers, from which on they are gone through by a loop
LARGE = 4_000_000  # doubles, from which on states are not all kept
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
        return write_loop(_Lanes(body, lanes, instructions), row, operands, parts)
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


class _Lanes:
    """Writes a loop for so many examples side by side; see `running.Writer`."""

    def __init__(self, body: Body, lanes: int, instructions: Instructions) -> None:
        self.body, self.lanes, self._instructions, self.large = body, lanes, instructions, LARGE // lanes

    def variable(self, start: Any) -> V:
        return self.body.variable(spread(self.body, start, self.lanes))

    def read(self, variable: V) -> V:
        return self.body.load(variable, self.lanes)

    def store(self, numbers: Sequence[Any], variables: Sequence[V], on: V | None = None) -> None:
        for x, variable in zip(numbers, variables, strict=True):
            chosen = x if on is None else select(on, x, self.read(variable))
            self.body.store(spread(self.body, chosen, self.lanes), variable)

    def column(self, size: int) -> Column:
        return Column(self.body, self.body.module.memory.take(size * self.lanes), self.lanes)

    @contextmanager
    def loop(self, begin: Any, end: Any, backwards: bool = False) -> Iterator[V]:
        begin, end = [x if isinstance(x, V) else self.body.integer(x) for x in (begin, end)]
        with self.body.loop(begin, end) as count:
            yield begin + end - 1 - count if backwards else count

    def strips(self, ahead: Ahead, *given: Any) -> Any:
        computed = [row for row, count in zip(ahead.step.primitives, ahead.uses, strict=True) if count]
        return None if self.lanes > 1 or all([row in CHEAP for row in computed]) else self._strips(ahead, *given)

    @contextmanager
    def _strips(
        self, ahead: Ahead, once: dict[int, Any], columns: dict[int, Any], begin: Any, end: Any, backwards: bool
    ) -> Iterator[tuple[V, V, dict[int, Column]]]:
        begin, end = [x if isinstance(x, V) else self.body.integer(x) for x in (begin, end)]
        rooms = {slot: self.column(LANES) for slot in ahead.read}
        with self.loop(0, (end - begin + LANES - 1) >> (LANES.bit_length() - 1), backwards) as strip:
            first = strip * LANES + begin
            last = self.least(first + LANES, end)
            numbers = once | {k: self._beside(column, first, last) for k, column in columns.items()}
            self._instructions(self.body, ahead.step, EXAMPLE, numbers, ahead.uses, LANES)
            for slot, room in rooms.items():
                self.body.store(spread(self.body, numbers[slot], LANES), room.place(0))
            yield first, last, rooms

    def _beside(self, column: Any, first: V, last: V) -> V:
        """The numbers of a column for LANES steps; those behind the last step are any."""
        if isinstance(column, Column):
            return self.body.load(column.place(first), LANES)
        numbers = self.body.poison(LANES)
        for lane in range(LANES):
            x = column[self.least(first + lane, last - 1)]
            numbers = self.body.with_lane(numbers, lane, spread(self.body, x, 1))
        return numbers

    @contextmanager
    def when(self, on: V) -> Iterator[V]:
        with self.body.when(in_any_lane(on)):
            yield on

    def condition(self, x: Any) -> V | None:
        return x != 0.0 if isinstance(x, V) else None

    def least(self, index: V, most: int | V) -> V:
        return select(index > most, most if isinstance(most, V) else self.body.integer(most), index)

    def instructions(self, program: Program, moment: int, numbers: dict[int, Any], uses: Sequence[int]) -> None:
        self._instructions(self.body, program, moment, numbers, uses, self.lanes)


class Runs:
    """What a program with loops lists number by number, and a loop of machine code can go through: inputs that are
    packed to a column, and items of a column that are results.

    packed   the first input and the step from one to the next, by the slot of the column
    results  the first result and its step, how many there are, the slot of the column, the first item and its step
    listed   the numbers of all these results
    uses     how often each slot is read otherwise
    """

    def __init__(self, program: Program, strides: Sequence[int]) -> None:
        self.packed: dict[int, tuple[int, int]] = {}
        self.results: list[tuple[int, int, int, int, int, int]] = []
        self.listed: set[int] = set()
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
                for k, _, slot in found:
                    self.listed.add(k)
                    self.uses[slot] -= 1

    def write_results(self, body: Body, numbers: dict[int, Any], apart: V, i: V, lanes: int) -> None:
        """Write those results that are items of columns, of examples from the i-th on."""
        results = body.argument("results")
        for first, step, count, column, item, item_step in self.results:
            with body.loop(0, count) as k:
                place = body.at(results, (k * step + first) * apart + i)
                body.store(spread(body, numbers[column][k * item_step + item], lanes), place)


def _step(numbers: Sequence[int]) -> int:
    """The difference of each number to the one before; 0 if they are few, or differ."""
    steps = {b - a for a, b in pairwise(numbers)}
    return steps.pop() if len(steps) == 1 and len(numbers) >= RUN else 0
