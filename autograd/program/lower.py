"""From a graph of Values to a program: the same nodes in order, with slot numbers in place of references.

Nothing is decided here. Nodes handed in are the inputs, every other leaf is a parameter; the passes of `simplify`
do the rest, some of them on the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

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
    arguments = [node._arguments for node in order]
    parameters = _parameters(order, arguments, inputs)
    names = [leaf.label or f"x{i}" for i, leaf in enumerate(inputs)]
    names += [leaf.label or f"p{i}" for i, leaf in enumerate(parameters)]
    program = Program(len(inputs), len(parameters), names, graph_nodes=len(order))
    slot_of: dict[Value, int] = {leaf: slot for slot, leaf in enumerate([*inputs, *parameters])}
    append, constant = by_way_of(program) if by_way_of else program.append, program.constant
    for node, xs in zip(order, arguments, strict=True):
        if (row := node._row) is not None:
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
    return program, parameters


def _parameters(order: Sequence[Value], arguments: Sequence[Sequence[Any]], inputs: Sequence[Value]) -> list[Value]:
    """The leaves that are not inputs, in the order in which the nodes need them: a first layer's before a second's."""
    met = dict.fromkeys(inputs)
    met.update(
        dict.fromkeys([x for x in chain.from_iterable(arguments) if x.__class__ is not float and x._row is None])
    )
    met.update(dict.fromkeys([node for node in order if node._row is None]))  # a leaf that is itself a result
    parameters = list(met)[len(inputs) :]
    refuse_escaped(parameters, StepArgument)
    return parameters
