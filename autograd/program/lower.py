"""From a graph of Values to a program: the same nodes in order, with slot numbers in place of references.

Nothing is decided here. Nodes handed in are the inputs, every other leaf is a parameter; the passes of `simplify`
do the rest, some of them on the way.
"""

from __future__ import annotations

from collections.abc import Sequence

from autograd.core.refusals import StepArgument, refuse_escaped
from autograd.core.sweeps import topological_order
from autograd.core.value import Value
from autograd.program.program import ByWayOf, Program


def lower(
    results: Sequence[Value | float],
    inputs: Sequence[Value],
    by_way_of: ByWayOf | None = None,
) -> tuple[Program, list[Value]]:
    """The program that computes `results`, and the leaves that are its parameters, in the order they are met.
    `by_way_of` says how that is appended to.

    TypeError where one of them is an argument of a loop's step: that is no number outside of it."""
    inner = [x for x in inputs if x._row is not None]  # what these were made of is not asked
    order = topological_order(*[z for z in results if isinstance(z, Value)], stop=inner)
    slot_of = _Slots(inputs)
    unmet = [node for node in order if node._row is None and node not in slot_of]
    program = Program(len(inputs), len(unmet), graph_nodes=len(order))
    append, constant = by_way_of(program) if by_way_of else program.append, program.constant
    for node in order:
        if (row := node._row) is not None:
            xs = node._arguments
            if len(xs) == 2:
                x, y = xs
                operands: tuple[int, ...] = (
                    constant(x) if x.__class__ is float else slot_of[x],
                    constant(y) if y.__class__ is float else slot_of[y],
                )
            else:
                operands = tuple([constant(x) if x.__class__ is float else slot_of[x] for x in xs])
            slot_of[node] = append(row, operands)
    program.outputs = tuple([slot_of[z] if isinstance(z, Value) else constant(z) for z in results])
    parameters = slot_of.leaves[len(inputs) :]
    refuse_escaped(parameters, StepArgument)
    program.names = [leaf.label or f"x{i}" for i, leaf in enumerate(inputs)]
    program.names += [leaf.label or f"p{i}" for i, leaf in enumerate(parameters)]
    return program, parameters


class _Slots(dict[Value, int]):
    """The slot of each node. Leaves that are not inputs come after those, in the order in which the nodes need them: a
    first layer's before a second's."""

    def __init__(self, inputs: Sequence[Value]) -> None:
        super().__init__({leaf: slot for slot, leaf in enumerate(inputs)})
        self.leaves = [*inputs]

    def __missing__(self, leaf: Value) -> int:
        self[leaf] = len(self.leaves)
        self.leaves.append(leaf)
        return self[leaf]
