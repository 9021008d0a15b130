"""One step of a compiled loop as a graph: what pictures and explanations of loops read.

The idea: the step is the loop's own program, read as a graph over k-th numbers. It ends in the next state, and in what
it gives beside it; whatever C comes of the loop depends on the step's operands through these alone, so that the chain
rule of all steps is that of one. No numbers stand in it: they are other ones at every step. What the loop is given, and
how that is made of the program's arguments, is a part of the program like a step.
"""

import re
from collections.abc import Iterator, Sequence
from functools import reduce
from operator import or_
from typing import Any

from autograd.core.dependencies import dependencies
from autograd.core.refusals import StepArgument
from autograd.core.sweeps import topological_order
from autograd.core.value import Value
from autograd.picture import model, select
from autograd.picture.formula import labels, typeset
from autograd.picture.formula.product import plus
from autograd.picture.formula.typeset import TIMES, Box, fence, joined, operator, row
from autograd.picture.model import INPUT, OPERATION, Graph, Node
from autograd.program.loop import Loop, LoopRow, in_a_trace, raised
from autograd.program.loop_derivatives import tells_off
from autograd.program.program import Marker, Program

MOST_MADE = 12  # primitives of what a loop is given, beyond which they are not told
MOST_WRITTEN = 24  # characters of it on a card


def steps(given: Any, fold: bool = True) -> list["Step"]:
    """One step of every loop of a program, or of what has one, as a compiled function: those in a step after it."""
    program = given.program if hasattr(type(given), "program") else given
    return [*_steps(program, fold)] if isinstance(program, Program) else []


def _steps(program: Program, fold: bool, outer: bool = True) -> Iterator["Step"]:
    for _, primitive, operands in program.instructions():
        if isinstance(primitive, Loop):
            yield Step(primitive, program, operands, fold, outer)
            yield from _steps(primitive.body, fold, outer=False)


def _said(program: Program, slot: int) -> str:
    if slot in program.numbers:
        return typeset.format_number(program.numbers[slot])
    return labels.text(program.names[slot]) if slot < program.leaves else "…"


class Part:
    """A part of a program as a graph, and how C depends on what goes into it by way of what comes out.

    inputs    the numbers that go in
    results   what comes out: a node, a number, or None where it is not told; and ends, what these are called
    graph     what lies between
    own       the results that have a node of their own in it, by their place; others are an input, a number, or the
              same as one before
    C, index  what comes of the loop, and what counts its steps: letters that name nothing else
    """

    C: Box
    index: str
    inputs: list[Value]
    results: list[Any]
    ends: list[Box]

    def read(self, names: Sequence[str], fold: bool | None = None) -> None:
        """The graph, with the results under these names; of None it shows no values but those."""
        self.own = dict[int, Value]()
        for k, (z, name) in enumerate(zip(self.results, names, strict=True)):
            if isinstance(z, Value) and z.operands and not z.label:
                z.label = name
                self.own[k] = z
        self.ends = [labels.box(name) for name in names]
        order = topological_order(*self.nodes())
        order = [*[x for x in self.inputs if x not in order], *order]
        visible = select.visible(order, fold) if fold is not None else [x for x in order if x._row is None or x.label]
        boxes = model.names(visible, order[-1], set(visible))
        kind = lambda x: INPUT if x._row is None else OPERATION
        nodes = [Node(k, x, boxes[x], kind(x), x._data, None) for k, x in enumerate(visible)]
        self.graph = Graph(nodes, model.edges(nodes, {*visible}), nodes[-1], boxes, order, {*visible})

    def nodes(self) -> list[Value]:
        """The results that are nodes."""
        return [z for z in self.results if isinstance(z, Value)]

    def equations(self) -> Iterator[tuple[Box, Box]]:
        """What is computed, then the results that are nothing of their own."""
        for node in self.graph.nodes:
            if (body := self.graph.formula(node)) is not None:
                yield node.name, body
        for k, (z, end) in enumerate(zip(self.results, self.ends, strict=True)):
            if k not in self.own and z is not None:
                yield end, self.graph.names[z] if isinstance(z, Value) else typeset.number_box(z)

    def arguments(self) -> Iterator[tuple[Value, bool]]:
        """What has a derivative, and whether all steps share it."""
        raise NotImplementedError

    def ways(self, x: Value) -> list[tuple[Any, Box]]:
        """The results that have a derivative in an input, and what they are called."""
        ends = zip(self.results, self.ends, strict=True)
        return [(z, end) for z, end in ends if isinstance(z, Value) and x in dependencies(z)]

    def slope(self, x: Value, shared: bool, factors: Sequence[Box | None]) -> Box:
        """∂C/∂x as a sum over its ways of these factors, ∂end/∂x, each times ∂C/∂end; and over k where steps share x.
        A factor of None is 1."""
        terms = []
        for (_, end), factor in zip(self.ways(x), factors, strict=True):
            rest = typeset.derivative(self.C, end)
            loose = factor is not None and typeset.is_sum(factor)
            terms.append(rest if factor is None else joined([fence(factor) if loose else factor, rest], TIMES))
        total = reduce(plus, terms)
        return row(typeset.scripts(operator("Σ"), typeset.name(self.index)), fence(total)) if shared else total

    def symbols(self, x: Value) -> list[Box | None]:
        """∂end/∂x of each way; None where x itself is what it ends in."""
        name = labels.box(x.label)
        return [None if z is x else typeset.derivative(end, name) for z, end in self.ways(x)]


class Step(Part):
    """A step of a loop: in go the numbers of the state, then those of an item, then what all steps share; out come the
    numbers of the next state, then those that are given beside it.

    starts    what the loop is given in the place of each
    given     how that is made of the program's arguments; None for a loop in a step
    """

    def __init__(self, loop: Loop, program: Program, operands: Sequence[int], fold: bool, outer: bool) -> None:
        body, n = loop.body, loop.carried
        self.loop, self.starts = loop, [_said(program, x) for x in operands]
        names = list(body.names)
        for j, slot in enumerate(operands):  # an argument's name is not that of another number
            while j >= body.inputs and slot >= program.leaves and names[j] in program.names[: program.leaves]:
                names[j] += "′"
        taken = {_split(name)[0] for name in [*names, *program.names[: program.leaves]]}
        unused = lambda letters: next((x for x in letters if x not in taken), letters[0])
        self.index, self.C, y = unused("kijm"), typeset.name(unused("CJLE")), unused("yzuv")
        self.inputs = [StepArgument(0.5, at(x, self.index if j < body.inputs else "")) for j, x in enumerate(names)]
        self.results = in_a_trace(raised, body, self.inputs)
        ends = [at(name, f"{self.index}+1") for name in names[:n]]
        ends += [f"{y}_{{{m},{self.index}}}" if loop.given > 1 else f"{y}_{self.index}" for m in range(loop.given)]
        self.read(ends, fold)
        self.given = Given(self, program, operands, names) if outer and program.leaves else None
        for j, start in self.given.formulas() if self.given else ():
            self.starts[j] = start

    def arguments(self) -> Iterator[tuple[Value, bool]]:
        """An item has none: it is another one at every step."""
        n, inputs = self.loop.carried, self.loop.body.inputs
        states = [x for x, name in zip(self.inputs, self.loop.body.names[:n], strict=False) if not tells_off(name)]
        for x, shared in (*((x, False) for x in states), *((x, True) for x in self.inputs[inputs:])):
            if self.ways(x):
                yield x, shared


class Given(Part):
    """What a loop is given: in go the program's arguments, out come the state that it begins with and what all its
    steps share. What another loop makes, or too many primitives to be read, is not told."""

    def __init__(self, step: Step, program: Program, operands: Sequence[int], names: Sequence[str]) -> None:
        n, inputs = step.loop.carried, step.loop.body.inputs
        self.C, self.index = step.C, step.index
        size, reach = _measured(program, operands)
        self._places = places = [*range(n), *range(inputs, len(operands))]
        self._reach = [reach[operands[j]] for j in places]
        self._items = reduce(or_, [reach[operands[j]] for j in range(n, inputs)], 0)
        self.inputs = [StepArgument(0.5, at(name, "")) for name in program.names[: program.leaves]]
        self._bits = {x: 1 << k for k, x in enumerate(self.inputs)}
        told = [operands[j] if size[operands[j]] <= MOST_MADE else None for j in places]
        made = _outputs(program, [slot for slot in told if slot is not None])
        found = iter(in_a_trace(raised, made, self.inputs))
        self.results = [None if slot is None else next(found) for slot in told]
        self.read([at(names[j], "0" if j < n else "") for j in places])

    def formulas(self) -> Iterator[tuple[int, str]]:
        """Those that fit a card, by the place of what they are among all that the loop is given."""
        for k, z in self.own.items():
            body = self.graph.formula(self.graph.node_of[z])
            if body is not None and len(text := typeset.text(body)) <= MOST_WRITTEN:
                yield self._places[k], text

    def equations(self) -> Iterator[tuple[Box, Box]]:
        """But for arguments that steps share as they are."""
        return ((end, body) for end, body in super().equations() if end != body)

    def arguments(self) -> Iterator[tuple[Value, bool]]:
        """Those of which no item is made, whose derivatives are not told, and of which more is to be said than steps
        say already."""
        for x in self.inputs:
            ways = self.ways(x)
            if ways and not self._items & self._bits[x] and not (len(ways) == 1 and ways[0][1] == labels.box(x.label)):
                yield x, False

    def ways(self, x: Value) -> list[tuple[Any, Box]]:
        found = zip(self.results, self.ends, self._reach, strict=True)
        return [(z, end) for z, end, reach in found if reach & self._bits[x]]


def _measured(program: Program, slots: Sequence[int]) -> tuple[list[int], list[int]]:
    """How many primitives the formula of each slot has that these are made of, and a bit for each argument in it."""
    size, reach = [0] * program.leaves, [1 << k for k in range(program.leaves)]
    for slot in range(program.leaves, 1 + max(slots)):
        row, operands = program.primitives[slot], program.operands[slot]
        many = isinstance(row, LoopRow | Marker) and slot not in program.numbers
        size.append(min(1 + MOST_MADE, sum([size[x] for x in operands]) + (1 + MOST_MADE if many else bool(operands))))
        reach.append(reduce(or_, [reach[x] for x in operands], 0))
    return size, reach


def _outputs(program: Program, slots: Sequence[int]) -> Program:
    """What computes these slots, and nothing else."""
    found = program.first(program.leaves)
    place = {k: k for k in range(program.leaves)}

    def made(slot: int) -> int:
        if slot not in place:
            if slot in program.numbers:
                place[slot] = found.constant(program.numbers[slot])
            else:
                operands = tuple([made(x) for x in program.operands[slot]])
                place[slot] = found.append(program.primitives[slot], operands)
        return place[slot]

    found.outputs = tuple([made(slot) for slot in slots])
    return found


def at(name: str, k: str) -> str:
    """The label of a number at a step: s becomes s_{k}, s0 becomes s_{0,k}."""
    letters, digits, marks = _split(name)
    below = ",".join(filter(None, (digits, k)))
    return f"{letters}{marks}_{{{below}}}" if letters and below else name


def _split(name: str) -> tuple[str, ...]:
    """Its letters, digits and marks."""
    return re.fullmatch(r"(.*?)(\d*)(\W*)", name).groups()  # type: ignore[union-attr]
