"""From a graph of Values to a program: the same nodes in order, with row numbers in place of references.

Nothing is decided here. Leaves handed in are the inputs, every other leaf is a parameter; the passes of `simplify`
do the rest.
"""

from __future__ import annotations

from collections.abc import Sequence

from autograd import primitives as table
from autograd.program.program import Program
from autograd.sweeps import topological_order
from autograd.value import Value


def lower(results: Sequence[Value | float], inputs: Sequence[Value]) -> tuple[Program, list[Value]]:
    """The program that computes `results`, and the leaves that are its parameters, in the order they are met."""
    above = table.sum_(*results)  # a node that has all of them below it, so that they share one order
    order = topological_order(above)[:-1] if isinstance(above, Value) else []
    given = set(inputs)
    parameters = [node for node in order if node._row is None and node not in given]
    names = [leaf.label or f"x{i}" for i, leaf in enumerate(inputs)]
    names += [leaf.label or f"p{i}" for i, leaf in enumerate(parameters)]
    program = Program(len(inputs), len(parameters), names, graph_nodes=len(order))
    row_of: dict[Value, int] = {leaf: row for row, leaf in enumerate([*inputs, *parameters])}
    append, constant = program.append, program.constant
    for node in order:
        if node._row is not None:
            operands = [constant(x) if x.__class__ is float else row_of[x] for x in node._arguments]  # type: ignore[arg-type, index]
            row_of[node] = append(node._row, tuple(operands))
    program.outputs = tuple([row_of[z] if isinstance(z, Value) else constant(z) for z in results])
    return program, parameters
