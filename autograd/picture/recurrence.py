"""One step of a compiled loop as a graph: what pictures and explanations of loops read.

The idea: the step is the loop's own program, read as a graph over k-th numbers. It ends in the next state, and in what
it gives beside it; whatever C comes of the loop depends on the step's operands through these alone, so that the chain
rule of all steps is that of one. No numbers stand in it: they are other ones at every step.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from autograd.core.dependencies import dependents
from autograd.core.refusals import StepArgument
from autograd.core.sweeps import topological_order
from autograd.core.value import Value
from autograd.picture import model, select
from autograd.picture.formula import labels, typeset
from autograd.picture.formula.product import plus
from autograd.picture.formula.typeset import TIMES, Box, fence, joined, operator, row
from autograd.picture.model import INPUT, OPERATION, Graph, Node
from autograd.program.loop import Loop, in_a_trace, raised
from autograd.program.program import Program

C = typeset.name("C")  # what comes of the loop


def steps(given: Any, fold: bool = True) -> list["Step"]:
    """One step of every loop of a program, or of what has one, as a compiled function: those in a step after it."""
    program = given.program if hasattr(type(given), "program") else given
    return [*_steps(program, fold)] if isinstance(program, Program) else []


def _steps(program: Program, fold: bool) -> Iterator["Step"]:
    for _, primitive, operands in program.instructions():
        if isinstance(primitive, Loop):
            yield Step(primitive, [_said(program, x) for x in operands], fold)
            yield from _steps(primitive.body, fold)


def _said(program: Program, slot: int) -> str:
    if slot in program.numbers:
        return typeset.format_number(program.numbers[slot])
    return labels.text(program.names[slot]) if slot < program.leaves else "…"


class Step:
    """A step of a loop.

    inputs    the numbers of the state, then those of an item, then what all steps share
    starts    what the loop is given in the place of each
    results   the numbers of the next state, then those that are given beside it; and ends, what these are called
    graph     what lies between
    own       the results that have a node of their own in it, by their place; others are an input, a number, or the
              same as one before
    """

    def __init__(self, loop: Loop, starts: Sequence[str], fold: bool = True) -> None:
        body, n = loop.body, loop.carried
        self.loop, self.starts = loop, starts
        self.inputs = [StepArgument(0.5, at(x, "k" if j < body.inputs else "")) for j, x in enumerate(body.names)]
        self.results = in_a_trace(raised, body, self.inputs)
        names = [at(name, "k+1") for name in body.names[:n]]
        names += [f"y_{{{m},k}}" if loop.given > 1 else "y_{k}" for m in range(loop.given)]
        self.ends = [labels.box(name) for name in names]
        self.own = dict[int, Value]()
        for k, (z, name) in enumerate(zip(self.results, names, strict=True)):
            if isinstance(z, Value) and z.operands and not z.label:
                z.label = name
                self.own[k] = z
        self.graph = self._graph(fold)

    def _graph(self, fold: bool) -> Graph:
        order = topological_order(*self.nodes())
        order = [*[x for x in self.inputs if x not in order], *order]
        visible = select.visible(order, fold)
        boxes = model.names(visible, order[-1], set(visible))
        kind = lambda x: INPUT if x._row is None else OPERATION
        nodes = [Node(k, x, boxes[x], kind(x), x._data, None) for k, x in enumerate(visible)]
        return Graph(nodes, model.edges(nodes, {*visible}), nodes[-1], boxes, order, {*visible})

    def nodes(self) -> list[Value]:
        """The results that are no numbers."""
        return [z for z in self.results if isinstance(z, Value)]

    def arguments(self) -> Iterator[tuple[Value, bool]]:
        """What has a derivative, and whether all steps share it. (An item is another one at every step.)"""
        n, inputs = self.loop.carried, self.loop.body.inputs
        for x, shared in (*((x, False) for x in self.inputs[:n]), *((x, True) for x in self.inputs[inputs:])):
            if self.ways(x):
                yield x, shared

    def ways(self, x: Value) -> list[tuple[Value, Box]]:
        """The results that an argument reaches, and what they are called; whether the loop goes on has no slope."""
        below = dependents(topological_order(*self.nodes()), [x])
        on = self.loop.on
        found = enumerate(zip(self.results, self.ends, strict=True))
        return [(z, end) for k, (z, end) in found if k != on and z in below]

    def slope(self, x: Value, shared: bool, factors: Sequence[Box | None]) -> Box:
        """∂C/∂x as a sum over its ways of these factors, ∂end/∂x, each times ∂C/∂end; and over k where steps share x.
        A factor of None is 1."""
        total = None
        for (_, end), factor in zip(self.ways(x), factors, strict=True):
            fenced = [fence(x) if typeset.is_sum(x) else x for x in (factor,) if x is not None]
            term = joined([*fenced, typeset.derivative(C, end)], TIMES)
            total = term if total is None else plus(total, term)
        assert total is not None
        return row(typeset.scripts(operator("Σ"), typeset.name("k")), fence(total)) if shared else total

    def symbols(self, x: Value) -> list[Box | None]:
        """∂end/∂x of each way; None where x itself is what the step ends in."""
        name = labels.box(x.label)
        return [None if z is x else typeset.derivative(end, name) for z, end in self.ways(x)]


def at(name: str, k: str) -> str:
    """The label of a number at a step: s becomes s_{k}, s0 becomes s_{0,k}."""
    letters, digits, marks = re.fullmatch(r"(.*?)(\d*)(\W*)", name).groups()  # type: ignore[union-attr]
    below = ",".join(filter(None, (digits, k)))
    return f"{letters}{marks}_{{{below}}}" if letters and below else name
