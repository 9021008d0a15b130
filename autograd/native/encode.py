"""A tape as numbers: the code that kernels read, and the plan that the driver reads.

Each loop becomes the name of a kernel and a stretch of 32-bit words; `kernels` says what the words mean.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any, NamedTuple

from autograd.native.roll import DOTS, MATVEC, SUMS, Loop, Tape
from autograd.program.program import BATCH, EXAMPLE, FUSED, ONCE

# The plan, an array of 64-bit integers: addresses, counts, and addresses of tables of integers.
(
    ONCE_AT, LANES_AT, CODE_AT, KERNELS_AT, OFFSETS_AT,  # arrays; the kernel and the code offset of each loop
    ONCE_LOOPS, COPY_LOOPS, EXAMPLE_LOOPS, BATCH_LOOPS,  # how many loops of each phase, in this order
    PARAMETERS, COLUMNS, COLUMNS_AT,  # how many; how far apart the examples of each input are
    MEANS, MEANS_AT,  # the place in `once` of each mean
    EACH, EACH_AT,  # (does it vary over the examples?, place) of each result that is wanted for every example
    WHOLE, WHOLE_AT,  # the place in `once` of each result that is one number for the batch
    PLAN_SIZE,
) = range(19)  # fmt: skip


class Code(NamedTuple):
    """The loops of a tape, phase after phase: which kernel, for how many lanes, where its words begin."""

    words: array[int]
    kernels: list[tuple[Any, int, bool]]  # (kind, operands, over the lanes of a block? else one number each)
    offsets: list[int]
    phases: tuple[int, int, int, int]  # how many loops are run once, copied to lanes, for each block, after the batch


def encode(tape: Tape) -> Code:
    words, kernels, offsets = array("I"), [], []
    phases: list[int] = []

    def emit(kind: Any, operands: int, over_lanes: bool, numbers: Sequence[int]) -> None:
        kernels.append((kind, operands, over_lanes))
        offsets.append(len(words))
        words.extend(numbers)

    def emit_loops(moment: int) -> None:
        for loop in tape.loops[moment]:
            emit(*_kernel(loop), moment == EXAMPLE, _words(loop))

    def end_phase() -> None:
        phases.append(len(kernels) - sum(phases))

    emit_loops(ONCE)
    end_phase()
    if tape.broadcast:
        emit("broadcast", 0, True, [len(tape.broadcast), *[x for pair in tape.broadcast.items() for x in pair]])
    end_phase()
    emit_loops(EXAMPLE)
    if tape.means:
        emit("means", 0, True, _mean_words(tape))
    end_phase()
    emit_loops(BATCH)
    end_phase()
    return Code(words, kernels, offsets, tuple(phases))  # type: ignore[arg-type]


def _kernel(loop: Loop) -> tuple[Any, int]:
    """The kind of its kernel, and of how many operands if that matters."""
    operands = len(loop.operands[0])
    if not isinstance(loop.kind, str):
        return loop.kind, operands
    return f"short_{loop.kind}" if loop.kind != SUMS and operands // 2 < FUSED else loop.kind, 0


def _words(loop: Loop) -> list[int]:
    operands = loop.operands
    flat = [x for row in operands for x in row]
    if loop.kind == MATVEC:
        n = len(operands[0]) // 2
        rows = [x for row in operands for x in (*row[:n], row[-1])]
        return [len(operands), n, loop.first, loop.bias_once, *operands[0][n:-1], *rows]
    if loop.kind == DOTS:
        return [len(operands), len(operands[0]) // 2, loop.first, *flat]
    if loop.kind == SUMS:
        return [len(operands), len(operands[0]), loop.first, *flat]
    return [len(operands), loop.first, *flat]


def _mean_words(tape: Tape) -> list[int]:
    """Products by their first factor, the adjoint, so that it stays in registers. Two of them with the same partners
    (two units of a layer) share a group; one that is left alone adds to sums nobody reads."""
    leaders: dict[int, list[tuple[int, int]]] = {}
    for number, mean in enumerate(tape.means):
        for x, y in mean.products:
            leaders.setdefault(x, []).append((y, number))
    waiting: dict[tuple[int, ...], int] = {}
    groups: list[tuple[int, int]] = []
    for x, partners in leaders.items():
        ys = tuple([y for y, _ in partners])
        if ys in waiting:
            groups.append((waiting.pop(ys), x))
        else:
            waiting[ys] = x
    unread = len(tape.means)
    words = [len(groups) + len(waiting)]
    for w, x in [*groups, *[(x, x) for x in waiting.values()]]:
        means_of_x = [mean for _, mean in leaders[x]] if w != x else [unread] * len(leaders[x])
        words += [w, x, len(leaders[w])]
        words += [word for (y, of_w), of_x in zip(leaders[w], means_of_x, strict=True) for word in (y, of_w, of_x)]
    return words
