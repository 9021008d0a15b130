"""Cheap instructions that follow one another as one: a tape then reads and writes fewer numbers.

A loop of a tape takes every number from memory and puts every result back, which takes longer than an addition. So what
is computed for one instruction alone goes into it, and what costs next to nothing goes into the few that ask for it.
Slots keep their numbers; the instructions are computed in the same order as alone, to the same bits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from struct import pack, unpack
from typing import Any

from autograd.core import primitives as table
from autograd.core.primitives import Primitive
from autograd.native import cases
from autograd.native.ir import V, select
from autograd.program.program import EXAMPLE, Program

CHEAP = frozenset({
    table.add, table.sub, table.mul, table.div, table.neg, table.relu, table.step, table.equal, table.greater,
    table.where,
})  # fmt: skip
REPEATED, OFTEN = frozenset({table.step, table.equal, table.neg, table.where}), 3  # of up to three, for so many readers
MOST = 16  # instructions in one
KINDS = 12  # of them at most: each is compiled, once for a machine

Step = tuple[Primitive, tuple[Any, ...], bool]  # a row; what of: see `_shape`; is it 1 or 0?
Tree = Any  # a slot, or (row, Trees, is it 1 or 0?)
Shape = tuple[tuple[Step, ...], tuple[bool, ...]]  # the last is the result; which operands are 1 or 0


class Several(Primitive):
    """Cheap rows that follow one another as one."""

    steps: int


def is_short(row: Any) -> bool:
    """Is it an instruction or two? Of more, a kernel for each costs more to compile than it saves."""
    return row in CHEAP or (isinstance(row, Several) and row.steps <= 2)


def fused(program: Program, absorbed: Collection[int], read: Collection[int]) -> tuple[Program, set[int]]:
    """The program with such instructions in place of others, and the slots that need not be computed; `absorbed` are
    those that were none before, `read` those that are read by other than instructions."""
    program = _with_steps(program, read)
    truths = _truths(program)
    trees = _trees(program, absorbed, read, truths)
    fewer, gone = _chosen(program, trees, absorbed, read, truths)
    saved: Counter[Shape] = Counter()
    for shape, _ in fewer.values():
        saved[shape] += len(shape[0])
    if len(saved) > KINDS:
        most = {shape for shape, _ in saved.most_common(KINDS)}
        fewer, gone = _chosen(program, trees, absorbed, read, truths, most)
    if not fewer:
        return program, set(absorbed)
    result = program.first(len(program))
    result.outputs = program.outputs
    for slot, (shape, operands) in fewer.items():
        result.primitives[slot], result.operands[slot] = _row(*shape), tuple(operands)
    return result, gone


def _chosen(
    program: Program,
    trees: Mapping[int, Tree],
    absorbed: Collection[int],
    read: Collection[int],
    truths: Collection[int],
    only: Collection[Shape] | None = None,
) -> tuple[dict[int, tuple[Shape, list[int]]], set[int]]:
    """The slots that become several instructions in one, of these shapes only, and those that need not be computed."""
    live, gone = set(read), set(absorbed)
    found: dict[int, tuple[Shape, list[int]]] = {}
    for slot in range(len(program) - 1, program.leaves - 1, -1):
        if slot in absorbed or slot in program.numbers:
            continue
        if slot in trees and slot not in live:
            gone.add(slot)
            continue
        operands: Sequence[int] = program.operands[slot]
        if slot in trees:
            shape, inputs = _shape(program, trees[slot], truths)
            if len(shape[0]) > 1 and (only is None or shape in only):
                found[slot], operands = (shape, inputs), inputs
        live.update(operands)
    return found, gone


def _with_steps(program: Program, read: Collection[int]) -> Program:
    """With step(relu(x)) for step(x) where x is of a layer, so that nothing but the relu reads it."""
    readers: dict[int, list[int]] = {}
    layers = {slot for slot, row, _ in program.instructions() if row is table.dot and slot not in read}
    for slot, _, operands in program.instructions():
        for x in layers.intersection(operands):
            readers.setdefault(x, []).append(slot)
    result = program.first(len(program))
    result.outputs = program.outputs
    for relu, *others in readers.values():
        if program.primitives[relu] is table.relu and all([program.primitives[x] is table.step for x in others]):
            for step in others:
                result.operands[step] = (relu,)
    return result


def sources(program: Program, found: Sequence[Sequence[tuple[int | None, ...]]]) -> set[int]:
    """The slots that are read by other than instructions: results, and the factors of means."""
    return {x for factors in found for product in factors for x in product if x is not None} | set(program.outputs)


def _truths(program: Program) -> set[int]:
    """The slots that are 1 or 0, and never nan."""
    truths = {slot for slot, number in program.numbers.items() if number in (0.0, 1.0)}
    for slot, row, operands in program.instructions():
        if row in (table.equal, table.greater) or (row is table.where and truths.issuperset(operands)):
            truths.add(slot)
    return truths


def _trees(
    program: Program, absorbed: Collection[int], read: Collection[int], truths: Collection[int]
) -> dict[int, Tree]:
    """What could be computed at each slot: its row, of slots and of what can go into it."""
    uses, cheap_uses = [0] * len(program), [0] * len(program)
    for slot, row, operands in program.instructions():
        if slot not in absorbed:
            for x in operands:
                uses[x] += 1
                cheap_uses[x] += row in CHEAP
    for slot in read:
        uses[slot] += 1
    trees: dict[int, Tree] = {}
    size = [0] * len(program)
    for slot, row, operands in program.instructions():
        if row not in CHEAP or program.moments[slot] != EXAMPLE or slot in absorbed:
            continue
        inside: list[Tree] = []
        size[slot] = 1
        for x in operands:
            stored = uses[x] > cheap_uses[x]
            again = size[x] <= 3 and cheap_uses[x] <= OFTEN and program.primitives[x] in REPEATED
            again = again and not (stored and slot in truths)  # which would read as much, and compute more
            goes_in = x in trees and (uses[x] == 1 or again)
            goes_in = goes_in and size[slot] + size[x] <= MOST
            inside.append(trees[x] if goes_in else x)
            size[slot] += size[x] if goes_in else 0
        trees[slot] = (row, tuple(inside), slot in truths)
    return trees


def _shape(program: Program, tree: Tree, truths: Collection[int]) -> tuple[Shape, list[int]]:
    """A tree as steps, whose operands are those before (negative), operands of all (from 0 on) or constants (bits); and
    the slots of these operands. What is the same twice is one step."""
    operands: dict[int, int] = {}
    steps: dict[Step, int] = {}

    def add(tree: Tree) -> Any:
        if isinstance(tree, int):
            if tree in program.numbers:
                return pack("d", program.numbers[tree])
            return operands.setdefault(tree, len(operands))
        row, inside, truth = tree
        step = (row, tuple([add(x) for x in inside]), truth)
        return -1 - steps.setdefault(step, len(steps))

    add(tree)
    return (tuple(steps), tuple([slot in truths for slot in operands])), [*operands]


@cache
def _row(steps: tuple[Step, ...], truths: tuple[bool, ...]) -> Primitive:
    """The steps as one row."""

    def forward(*operands: Any) -> Any:
        given = [_truth(x) if truth else x for x, truth in zip(operands, truths, strict=True)]
        found: list[Any] = []
        for row, parts, truth in steps:
            xs = [unpack("d", x)[0] if isinstance(x, bytes) else given[x] if x >= 0 else found[-1 - x] for x in parts]
            found.append(_truth(row(*xs)) if truth else row(*xs))
        return found[-1]

    result = Several(" ".join([row.name for row, *_ in steps]), forward, *[None] * len(truths))
    result.steps = len(steps)
    return result


def _truth(x: Any) -> Any:
    """x, which is 1 or 0, as a choice between them; a number where what is known of the others leaves no choice."""
    if not isinstance(x, V):
        return x
    return x if x.tree is not None and cases.known(x.tree) else select(x != 0.0, 1.0, 0.0)
