"""From a step, or the graph of one, to a loop: what it reads of its state and items, and what else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from autograd.core.dependencies import dependents
from autograd.core.refusals import EndedArgument, StepArgument
from autograd.core.sweeps import topological_order
from autograd.core.value import Value
from autograd.program.alike import is_same, refuse_another
from autograd.program.loop import Loop, is_many, node
from autograd.program.lower import lower
from autograd.program.program import Program
from autograd.program.simplify import exact
from autograd.program.surroundings import Surroundings


def made(
    name: str,
    states: Sequence[Value],
    items: Sequence[Value],
    shared: Sequence[Value],
    results: Sequence[Value | float],
    steps: int,
    backwards: bool = False,
    checkpoints: bool | None = None,
    on: int | None = None,
) -> tuple[Loop, list[int], list[int]]:
    """The loop whose step takes these nodes to these results, and which of the items and of what is shared it reads."""
    end = len(states) + len(items)
    program = lower(results, [*states, *items, *shared])[0]
    program = exact(_merged(program, [*range(end), *[end + k for k in _firsts(shared)]]))
    uses = program.uses()
    read = [i for i in range(len(items)) if uses[len(states) + i]], [k for k in range(len(shared)) if uses[end + k]]
    inputs = [*range(len(states)), *[len(states) + i for i in read[0]]]
    leaves = [*inputs, *[end + k for k in read[1]]]
    names: list[str] = []
    for label in [program.names[slot] for slot in inputs] + [shared[k].label or f"c{k}" for k in read[1]]:
        while label in names:
            label += "′"
        names.append(label)
    body = Program(len(inputs), len(read[1]), names)
    unread = set(range(program.leaves)).difference(leaves)
    place = dict(zip(leaves, range(len(leaves)), strict=True)) | dict.fromkeys(unread, 0)
    where = body.inline(program, [place[slot] for slot in range(program.leaves)])
    body.outputs = tuple([where[slot] for slot in program.outputs])
    return Loop(name, body, len(states), steps, backwards, checkpoints, on), *read


def _firsts(nodes: Sequence[Value]) -> list[int]:
    """For each node the first of them that is the same row of the same operands."""
    met: dict[Any, int] = {}
    operands = lambda z: tuple([x if x.__class__ is float else id(x) for x in z._arguments])
    return [met.setdefault((z._row, operands(z)) if z._row is not None else id(z), k) for k, z in enumerate(nodes)]


def _merged(program: Program, leaves: Sequence[int]) -> Program:
    """The program that reads these of its leaves in place of all."""
    result = program.like()
    where = result.inline(program, leaves)
    result.outputs = tuple([where[slot] for slot in program.outputs])
    return result


def traced(
    name: str,
    step: Any,
    state: Sequence[Value | float],
    columns: Sequence[Value],
    steps: int,
    labels: Sequence[str],
    checkpoints: bool | None,
    on: int | None,
    users: Any = None,
) -> tuple[Value, Loop]:
    """The node of the loop of a step, a function of a list of numbers (those of the state, then those of an item) that
    gives such a list (those of the next state, then those of y). If it calls a user's, that must do the same again."""
    leaves = [StepArgument(0.5, label) for label in labels]
    results = step(leaves)
    if steps > 1 and users is not None:
        around = Surroundings(users)
        refuse_another(name, results, step(leaves), leaves)
        _refuse_kept(name, around, leaves)
    captured = _captured(results, leaves)
    count = len(state)
    loop, items, shared = made(name, leaves[:count], leaves[count:], captured, results, steps, False, checkpoints, on)
    for leaf in leaves:
        leaf.__class__ = EndedArgument
    return node(loop, *state, *[columns[i] for i in items], *[captured[k] for k in shared]), loop


def _refuse_kept(name: str, around: Surroundings, leaves: Sequence[Value]) -> None:
    """TypeError where a call of the step changes what it finds around it."""
    if (changed := around.change(partial(is_same, stop=leaves))) is not None:
        raise TypeError(
            f"{name}: the step changes {changed} at every call; compiled, one call stands for all steps: let it give "
            "that back, in the state or beside it, scan(step, state, xs)"
        )


def _captured(results: Iterable[Any], leaves: Sequence[Value]) -> list[Value]:
    """What a step reads beside its arguments: the nodes next to its own that do not depend on them. Those of several
    numbers belong to the step as well, so that what is read is numbers."""
    ends: list[Any] = [z for z in results if isinstance(z, Value)]
    order = topological_order(*ends, stop=leaves)
    inner: set[Any] = {*dependents(order, leaves)}
    for z in reversed(order):
        if z in inner:
            inner.update([x for x in z._arguments if is_many(x)])
    met: list[Any] = [x for z in order if z in inner for x in z._arguments] + ends
    return [x for x in dict.fromkeys(met) if isinstance(x, Value) and x not in inner]
