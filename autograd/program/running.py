"""How a loop runs, said once for whatever writes it down: machine code, or the text of a language.

The states before each step, which derivatives read, are as many as there are steps. Where that is too much, or as the
loop says, one of √n is kept, a *checkpoint* at the beginning of each segment of √n steps; who reads them goes segment
by segment, and runs the loop through each again first. All loops over n steps have the same segments.
Source: Griewank, Walther, Evaluating Derivatives, chapter 12.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple, Protocol

from autograd.program.loop import Loop, LoopRow
from autograd.program.program import EXAMPLE, ONCE, Program

Parts = dict[int, bool]  # that are read; does nothing but a loop over the same steps?


class Ahead(NamedTuple):
    """The part of a step that does not wait for the step before: in the backward pass of a loop most of what its
    forward pass did."""

    step: Program
    uses: list[int]  # in that part alone
    read: list[int]  # slots of it that the rest of the step reads, or that are its results


class Writer(Protocol):
    """What writes instructions. Numbers, conditions, variables, and indices into columns are what it makes of them."""

    large: int  # numbers, from which on states are not all kept

    def variable(self, start: Any) -> Any:
        """One that holds a number which changes."""

    def read(self, variable: Any) -> Any: ...

    def store(self, numbers: Sequence[Any], variables: Sequence[Any], on: Any = None) -> None:
        """Put all numbers in the variables at once, where `on` holds."""

    def column(self, size: int) -> Any:
        """Room for numbers that lie one after the other: `column[i]`, `column.put(i, x)`."""

    def loop(self, begin: Any, end: Any, backwards: bool = False) -> AbstractContextManager[Any]:
        """for i in range(begin, end), or the last one first"""

    def strips(
        self, ahead: Ahead, once: dict[int, Any], columns: dict[int, Any], begin: Any, end: Any, backwards: bool
    ) -> AbstractContextManager[tuple[Any, Any, dict[int, Any]]] | None:
        """The range of `loop` a few steps at a time, for which so much is computed side by side: where each strip
        begins and ends, and that as columns from there on. None where it does not pay."""

    def when(self, on: Any) -> AbstractContextManager[Any]:
        """if on: …, where it holds for any of the examples side by side; gives what is to be asked still of each."""

    def condition(self, x: Any) -> Any:
        """Whether a number is not 0; None if that is known."""

    def least(self, index: Any, most: int) -> Any: ...

    def instructions(self, program: Program, moment: int, numbers: dict[int, Any], uses: Sequence[int]) -> None:
        """What is computed at one moment; `numbers` has what it starts from, and gets the results."""


def write_loop(writer: Writer, loop: Loop, operands: Sequence[Any], parts: Parts) -> dict[int, Any]:
    """A loop, and those of its parts that are read."""
    running = _Running(writer, loop, operands, parts)
    states = [k for k in parts if k >= loop.before]
    kept = running.keep(states) if keeps_few(loop, parts, writer.large) else {}
    along = {k: writer.column(loop.steps) for k in parts if k >= loop.carried and k not in kept}

    def put(i: Any, state: dict[int, Any], results: Any) -> None:
        for k, column in along.items():
            column.put(i, results[k] if k < loop.before else state[k - loop.before])

    given = any([k < loop.before for k in along])
    if not kept and not any([isinstance(x, Recomputed) for x in running.columns]):
        running.run(running.variables, 0, loop.steps, put, given)
    else:
        with writer.loop(0, running.segments, loop.backwards) as s:
            begin, end = running.segment(s)
            if kept:
                for k, column in running.kept.items():
                    column.put(s, writer.read(running.variables[k]))
            running.run(running.variables, begin, end, put, given)
    return {k: writer.read(variable) for k, variable in running.variables.items()} | along | kept


def keeps_few(loop: Loop, parts: Parts, large: int) -> bool:
    """Whether one of √n of the states before each step is kept."""
    states = [k for k in parts if k >= loop.before]
    thrifty = len(states) * loop.steps > large if loop.checkpoints is None else loop.checkpoints
    return thrifty and bool(states) and all([parts[k] for k in states])


def segment_length(steps: int) -> int:
    return math.isqrt(max(steps - 1, 0)) + 1


class _Running:
    """A loop that is written: what its steps read, and where states are kept."""

    def __init__(self, writer: Writer, loop: Loop, operands: Sequence[Any], parts: Parts) -> None:
        self.writer, self.loop, self.step = writer, loop, loop.body
        self.columns = operands[loop.carried : self.step.inputs]
        self.states, self.uses = needed(loop, parts)
        self.once = dict(self.step.numbers) | dict(enumerate(operands[self.step.inputs :], self.step.inputs))
        writer.instructions(self.step, ONCE, self.once, self.uses)
        self.variables = {k: writer.variable(operands[k]) for k in self.states}
        self.length = segment_length(loop.steps)
        self.segments = -(-loop.steps // self.length)
        self.ahead = self._ahead()

    def _ahead(self) -> Ahead:
        step, free = self.step, {*range(self.loop.carried, self.step.inputs)}
        uses, rest = [0] * len(step), set(step.outputs)
        for slot, row, operands in step.instructions():
            if not self.uses[slot] or step.moments[slot] == ONCE:
                continue
            if isinstance(row, LoopRow) or any([step.moments[x] != ONCE and x not in free for x in operands]):
                rest.update(operands)
            else:
                free.add(slot)
                uses[slot] = self.uses[slot]
        return Ahead(step, uses, [slot for slot in sorted(rest) if uses[slot]])

    def keep(self, parts: Sequence[int]) -> dict[int, Recomputed]:
        """Checkpoints, and the columns of these parts made of them."""
        self.kept = {k: self.writer.column(self.segments) for k in self.states}
        self.again = {k: self.writer.variable(0.0) for k in self.states}
        self.buffers = {k: self.writer.column(self.length) for k in parts}
        return {k: Recomputed(self, k) for k in parts}

    def run(self, variables: dict[int, Any], begin: Any, end: Any, put: Callable[..., None], given: bool) -> None:
        """The steps from begin to end; `put` is given each one's number, the state before it, and its results, which
        are None where the step is not `given` for being idle."""
        writer, backwards = self.writer, self.loop.backwards
        columns = {k: column for k, column in enumerate(self.columns, self.loop.carried) if self.uses[k]}
        strips = None
        if self.loop.on is None:
            strips = writer.strips(self.ahead, self.once, columns, begin, end, backwards)
        with strips or nullcontext((begin, end, {})) as (first, last, known):
            with writer.loop(first, last, backwards) as i:
                here = {k: column[i] for k, column in columns.items()}
                here |= {slot: column[i - first] for slot, column in known.items()}
                self.one(i, here, variables, put, given)

    def one(
        self, i: Any, here: dict[int, Any], variables: dict[int, Any], put: Callable[..., None], given: bool
    ) -> None:
        """A step, of which these numbers are known."""
        writer, step = self.writer, self.step
        state = {k: writer.read(x) for k, x in variables.items()}
        here = self.once | state | here
        on = self.holds(here)

        def write(on: Any, put: Callable[..., None]) -> None:
            writer.instructions(step, EXAMPLE, here, self.uses)
            put(i, state, [here.get(slot) for slot in step.outputs])
            writer.store([here[step.outputs[k]] for k in self.states], [*variables.values()], on)

        if on is None or given:
            write(on, put)
        else:
            put(i, state, None)
            with writer.when(on) as still:
                write(still, lambda *_: None)

    def holds(self, here: dict[int, Any]) -> Any:
        """Where a step is not idle, computed before the rest of it; None where it never is."""
        if self.loop.on is None:
            return None
        slot = self.step.outputs[self.loop.on]
        self.writer.instructions(self.step, EXAMPLE, here, uses_of(self.step, [slot]))
        return self.writer.condition(here[slot])

    def segment(self, s: Any) -> tuple[Any, Any]:
        """Where a segment begins and ends; the columns that are read are there."""
        for owner in dict.fromkeys([x.owner for x in self.columns if isinstance(x, Recomputed)]):
            owner.refill(s)
        begin = s * self.length
        return begin, self.writer.least(begin + self.length, self.loop.steps)

    def refill(self, s: Any) -> None:
        """The states of a segment, from its checkpoint on."""
        begin, end = self.segment(s)
        self.base = begin
        self.writer.store([column[s] for column in self.kept.values()], [*self.again.values()])

        def put(i: Any, state: dict[int, Any], _: Any) -> None:
            for k, buffer in self.buffers.items():
                buffer.put(i - begin, state[k - self.loop.before])

        self.run(self.again, begin, end, put, False)


class Recomputed:
    """The column of one number of the states before each step, of which a segment is there."""

    def __init__(self, owner: _Running, part: int) -> None:
        self.owner, self.part = owner, part

    def __getitem__(self, i: Any) -> Any:
        return self.owner.buffers[self.part][i - self.owner.base]


def needed(loop: Loop, parts: Collection[int]) -> tuple[list[int], list[int]]:
    """The numbers of the state that these parts depend on, and how often a step's slots are read for that."""
    asked = {k if k < loop.before else k - loop.before for k in parts} | {loop.on} - {None}
    while True:
        uses = uses_of(loop.body, [slot for k, slot in enumerate(loop.body.outputs) if k in asked])
        read = {k for k in range(loop.carried) if uses[k]}
        if asked >= read:
            return [k for k in range(loop.carried) if k in asked], uses
        asked |= read


def uses_of(program: Program, outputs: Sequence[int]) -> list[int]:
    """How often each slot is read for these: `Program.uses`, without what loops need for parts that nothing reads."""
    uses, parts = [0] * len(program), dict[int, list[int]]()
    for x in outputs:
        uses[x] += 1
    for slot in range(len(program) - 1, program.leaves - 1, -1):
        if uses[slot]:
            row, operands = program.primitives[slot], program.operands[slot]
            if isinstance(row, LoopRow) and row.part >= 0:
                parts.setdefault(operands[0], []).append(row.part)
            if isinstance(row, Loop):
                states, inside = needed(row, parts[slot])
                read = [k in states if k < row.carried else inside[k] for k in range(len(operands))]
                operands = tuple([x for x, yes in zip(operands, read, strict=True) if yes])
            for x in operands:
                uses[x] += 1
    return uses


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
