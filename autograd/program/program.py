"""A program: a function as a flat list of rows, each one primitive applied to earlier rows.

The first rows are the inputs, then come the parameters; every other row is a constant or an instruction. Row numbers
only point backwards, so one pass over the list, in either direction, is all that any reader needs.

A program is about a whole batch. A row is known at one of three moments:

    ONCE      it depends on parameters and constants only: one number, the same for every example
    EXAMPLE   it depends on an input: one number for each example
    BATCH     it depends on a mean over the batch: one number, known after the last example
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from struct import pack
from typing import Any, NamedTuple

from autograd.primitives import Primitive

ONCE, EXAMPLE, BATCH = 0, 1, 2


class Marker:
    """What stands in the primitive's place in a row that no primitive of the table computes."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"<{self.name}>"


INPUT = Marker("input")  # operands: its number among the inputs
PARAMETER = Marker("parameter")  # operands: its number among the parameters
CONSTANT = Marker("constant")  # operands: the float
MEAN = Marker("mean")  # the mean of a row over the batch


class Instruction(NamedTuple):
    """One row: `primitive(operands)`, where operands are numbers of earlier rows."""

    primitive: Any  # a Primitive or a Marker
    operands: tuple[Any, ...]


class Program:
    """Rows, and which of them are the results. `names` prints the inputs and then the parameters."""

    def __init__(self, inputs: int, parameters: int, names: Sequence[str] = (), graph_nodes: int = 0) -> None:
        self.inputs, self.parameters = inputs, parameters
        self.names = names or [f"x{i}" for i in range(inputs)] + [f"p{i}" for i in range(parameters)]
        self.graph_nodes = graph_nodes  # how many nodes of the graph it came from
        self.rows: list[Instruction] = [Instruction(INPUT, (i,)) for i in range(inputs)]
        self.rows += [Instruction(PARAMETER, (i,)) for i in range(parameters)]
        self.moments = [EXAMPLE] * inputs + [ONCE] * parameters  # when each row is known
        self.outputs: tuple[int, ...] = ()
        self._constants: dict[bytes, int] = {}

    def like(self) -> Program:
        """An empty program with the same inputs and parameters: what a pass starts from."""
        return Program(self.inputs, self.parameters, self.names, self.graph_nodes)

    def copy(self) -> Program:
        copy = self.like()
        copy.rows, copy.moments, copy.outputs = self.rows[:], self.moments[:], self.outputs
        copy._constants = self._constants.copy()
        return copy

    def append(self, primitive: Primitive | Marker, operands: tuple[int, ...]) -> int:
        """Add a row and return its number."""
        moments = self.moments
        moments.append(BATCH if primitive is MEAN else max([moments[x] for x in operands], default=ONCE))
        self.rows.append(Instruction(primitive, operands))
        return len(self.rows) - 1

    def inline(self, body: Program, leaves: Sequence[int]) -> list[int]:
        """Append another program's instructions, these rows in place of its leaves; where each of its rows went."""
        place = list(leaves)
        for primitive, operands in body.rows[body.leaves :]:
            if primitive is CONSTANT:
                place.append(self.constant(operands[0]))
            else:
                place.append(self.append(primitive, tuple([place[x] for x in operands])))
        return place

    def constant(self, number: float) -> int:
        """The row of a constant; the same number (to the bit) has one row."""
        bits = pack("d", number)
        row = self._constants.get(bits)
        if row is None:
            self._constants[bits] = row = len(self.rows)
            self.rows.append(Instruction(CONSTANT, (number,)))
            self.moments.append(ONCE)
        return row

    @property
    def leaves(self) -> int:
        return self.inputs + self.parameters

    def instructions(self) -> Iterable[tuple[int, Instruction]]:
        """(row number, instruction) of everything that is computed."""
        for row, instruction in enumerate(self.rows):
            if instruction.primitive.__class__ is Primitive or instruction.primitive is MEAN:
                yield row, instruction

    def count(self) -> int:
        return sum(1 for _ in self.instructions())

    def uses(self) -> list[int]:
        """How often each row is read, results included."""
        uses = [0] * len(self.rows)
        for _, (_, operands) in self.instructions():
            for x in operands:
                uses[x] += 1
        for x in self.outputs:
            uses[x] += 1
        return uses

    def name(self, row: int) -> str:
        primitive, operands = self.rows[row]
        if row < self.leaves:
            return self.names[row]
        return f"{operands[0]:.12g}" if primitive is CONSTANT else f"t{row}"

    def __str__(self) -> str:
        """One instruction a line, under a heading for each moment. Long operand lists are shortened."""
        lines = [self.heading()]
        for moment, title in ((ONCE, "once"), (EXAMPLE, "for each example"), (BATCH, "after the batch")):
            body = [f"  t{row} = {self._formula(i)}" for row, i in self.instructions() if self.moments[row] == moment]
            lines += [f"{title}:", *body] if body else []
        return "\n".join([*lines, "return " + _shortened([self.name(x) for x in self.outputs])])

    def heading(self) -> str:
        nodes = f"{self.graph_nodes} graph nodes → " if self.graph_nodes else ""
        return f"{self.inputs} inputs, {self.parameters} parameters; {nodes}{self.count()} instructions"

    def _formula(self, instruction: Instruction) -> str:
        primitive, operands = instruction
        names = [self.name(x) for x in operands]
        if primitive.name == "dot":
            n = len(names) // 2
            bias = "" if names[-1] == "-0" else f" + {names[-1]}"
            return f"[{_shortened(names[:n])}] · [{_shortened(names[n:-1])}]{bias}"
        return f"{primitive.name}({_shortened(names)})"


def _shortened(names: Sequence[str], most: int = 12) -> str:
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:3])}, … {len(names) - 4} more …, {names[-1]}"
