"""From a graph of Values to a program: the same nodes in order, with slot numbers in place of references.

Nothing is decided here. Nodes handed in are the inputs, every other leaf is a parameter; the passes of `simplify`
do the rest.
"""

from __future__ import annotations

from collections.abc import Sequence

from autograd.core.refusals import Argument
from autograd.core.sweeps import topological_order
from autograd.core.value import Value
from autograd.program.program import Program


class StepArgument(Argument):
    """What the step of a loop is given while it is traced."""

    __slots__ = ()


StepArgument.__hash__ = Argument.__hash__  # type: ignore[method-assign]  # a method on purpose


def lower(results: Sequence[Value | float], inputs: Sequence[Value]) -> tuple[Program, list[Value]]:
    """The program that computes `results`, and the leaves that are its parameters, in the order they are met.

    TypeError where one of them is an argument of a loop's step: that is no number outside of it."""
    inner = [x for x in inputs if x._row is not None]  # what these were made of is not asked
    order = topological_order(*[z for z in results if isinstance(z, Value)], stop=inner)
    parameters = _parameters(order, inputs)
    names = [leaf.label or f"x{i}" for i, leaf in enumerate(inputs)]
    names += [leaf.label or f"p{i}" for i, leaf in enumerate(parameters)]
    program = Program(len(inputs), len(parameters), names, graph_nodes=len(order))
    slot_of: dict[Value, int] = {leaf: slot for slot, leaf in enumerate([*inputs, *parameters])}
    append, constant = program.append, program.constant
    for node in order:
        if node._row is not None:
            operands = [constant(x) if x.__class__ is float else slot_of[x] for x in node._arguments]
            slot_of[node] = append(node._row, tuple(operands))
    program.outputs = tuple([slot_of[z] if isinstance(z, Value) else constant(z) for z in results])
    return program, parameters


def _parameters(order: Sequence[Value], inputs: Sequence[Value]) -> list[Value]:
    """The leaves that are not inputs, in the order in which the nodes need them: a first layer's before a second's."""
    met = dict.fromkeys(inputs)
    for node in order:
        for x in node._arguments:
            if x.__class__ is not float and x._row is None:
                met[x] = None
    for node in order:  # a leaf that is itself a result
        if node._row is None:
            met[node] = None
    parameters = list(met)[len(inputs) :]
    for leaf in parameters:
        if isinstance(leaf, StepArgument):
            raise TypeError(
                f"{leaf.label or 'a number'}, of one step of a loop (scan, fori, while_loop, rk4), or what was made of "
                "it, is used outside of the loop, which a program runs as one instruction: let the step give it back, "
                "in the state or beside it"
            )
    return parameters
