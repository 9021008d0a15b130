"""A tape as numbers: the code that kernels read, and the plan that the driver reads.

Each loop becomes the name of a kernel and a stretch of 32-bit words; `kernels` says what the words mean.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain, pairwise
from typing import Any, NamedTuple

from autograd.native import tiles
from autograd.native.fuse import is_short
from autograd.native.ir import LANES
from autograd.native.means import Means
from autograd.native.rectangles import mean_words
from autograd.native.roll import DOTS, MATVECS, SUMS, Loop, Tape
from autograd.program.program import BATCH, EXAMPLE, FUSED, ONCE

# The plan, an array of 64-bit integers: addresses, counts, and addresses of tables of integers.
(
    ONCE_AT, LANES_AT, CODE_AT, KERNELS_AT, OFFSETS_AT,  # arrays; the kernel and the code offset of each loop
    ONCE_LOOPS, COPY_LOOPS, EXAMPLE_LOOPS, BATCH_LOOPS,  # how many loops of each phase, in this order
    PARAMETERS, COLUMNS, SQUARES, COLUMNS_AT,  # how many; (input, how far apart its examples are): of those that LANES
    # inputs begin with which lie side by side, then of the others, one by one
    MEANS, FIRST_MEAN,  # how many, and the place in `once` of the first; they lie side by side
    EACH, FIXED, EACH_AT,  # (number, place) of each result that is wanted for every example; first those that are fixed
    WHOLE, WHOLE_AT,  # (place in `once`, first result, how many) of runs of results that are one number for the batch
    PLAN_SIZE,
) = range(21)  # fmt: skip


class Code(NamedTuple):
    """The loops of a tape, phase after phase: which kernel, for how many lanes, where its words begin."""

    words: array[int]
    kernels: list[tuple[Any, int, bool]]  # (kind, operands, over the lanes of a block? else one number each)
    offsets: list[int]
    phases: tuple[int, int, int, int]  # how many loops are run once, copied to lanes, for each block, after the batch


def encode(tape: Tape, tiled: bool) -> Code:
    """`tiled`: for blocks of examples, whose dense layers are left to `tiles`."""
    words: list[int] = []
    kernels, offsets = [], []
    phases: list[Any] = []

    def emit(kind: Any, operands: int, over_lanes: bool, numbers: Sequence[int]) -> None:
        kernels.append((kind, operands, over_lanes))
        offsets.append(len(words))
        words.extend(numbers)

    def emit_loops(moment: int) -> None:
        in_tiles = _tiles(tape) if tiled and moment == EXAMPLE else {}
        for k, loop in enumerate(tape.loops[moment]):
            if k not in in_tiles:
                emit(*_kernel(loop), moment == EXAMPLE, _words(loop))
            elif tile := in_tiles[k]:
                emit(tile[0], 0, True, tile[1])

    def end_phase() -> None:
        phases.append(len(kernels) - sum(phases))

    emit_loops(ONCE)
    end_phase()
    if tape.broadcast:
        emit("broadcast", 0, True, [len(tape.broadcast), *[x for pair in tape.broadcast.items() for x in pair]])
    end_phase()
    emit_loops(EXAMPLE)
    for masked, name in ((False, "means"), (True, "masked_means")):
        if any((off is not None) == masked for mean in tape.means for _, _, off in mean.products):
            emit(Means(masked) if tiled else name, 0, True, mean_words(tape.means, masked))
    end_phase()
    emit_loops(BATCH)
    end_phase()
    return Code(array("I", array("i", words).tobytes()), kernels, offsets, tuple(phases))  # steps may be negative


def _kernel(loop: Loop) -> tuple[Any, int]:
    """The kind of its kernel, and of how many operands if that matters."""
    if not isinstance(loop.kind, str):
        return loop.kind, loop.width
    return f"short_{loop.kind}" if loop.kind != SUMS and loop.width // 2 < FUSED else loop.kind, 0


def _words(loop: Loop) -> list[int]:
    if loop.kind in MATVECS:
        operands, n = loop.operands, loop.width // 2
        rows = [x for line in operands for x in (*line[:n], line[-1])]
        return [loop.many, n, loop.first, loop.bias_once, *operands[0][n:-1], *rows, *loop.offs]
    if loop.kind == DOTS:
        return [loop.many, loop.width // 2, loop.first, *loop.flat]
    if loop.kind == SUMS:
        return [loop.many, loop.width, loop.first, *loop.flat]
    return [loop.many, loop.first, *loop.flat]


Tile = tuple[tiles.Matvec, list[int]]  # its kernel, and its words


def _tiles(tape: Tape) -> dict[int, Tile | None]:
    """The loops of examples that are computed in tiles: layers, and what is computed at once of a layer's sums where
    nothing else reads them. Such a layer is None: its sums are found where they are needed."""
    loops = tape.loops[EXAMPLE]
    found = {k: tile for k, loop in enumerate(loops) if loop.kind in MATVECS and (tile := _tile(loop))}
    layers = {loops[k].first: k for k in found if loops[k].many >= LANES}
    if not layers:
        return {**found}
    read: Counter[int | None] = Counter(chain.from_iterable([loop.reads() for loop in loops]))
    read.update(chain.from_iterable(chain.from_iterable([mean.products for mean in tape.means])))
    read.update(tape.place[slot] for slot in tape.program.outputs)
    result: dict[int, Tile | None] = {**found}
    for k, loop in enumerate(loops):
        for i, first in enumerate(loop.flat[: loop.width] if is_short(loop.kind) else ()):
            layer = layers.get(first)
            if layer is not None and (tile := _with(found[layer], loops[layer], loop, i, read)):
                result[layer], result[k] = None, tile
                break  # of two layers, the other is an operand
    return result


def _with(tile: Tile, layer: Loop, loop: Loop, i: int, read: Mapping[int | None, int]) -> Tile | None:
    """The tile of a layer whose sums are the i-th operands of a loop, and read by nothing else."""
    others = [loop.flat[x :: loop.width] for x in range(loop.width)]
    sums = others.pop(i)
    if sums != [*range(layer.first, layer.first + layer.many)] or any([read[x] > 1 for x in sums]):
        return None
    apart = [_apart(some) for some in others]
    if None in apart:
        return None
    kernel, (rows, columns, _, *words) = tile
    words += [word for some, step in zip(others, apart, strict=True) for word in (some[0], step or 0)]
    return kernel._replace(then=loop.kind, place=i), [rows, columns, loop.first, *words]


def _tile(loop: Loop) -> Tile | None:
    """The tile for a matrix whose weights, inputs and biases are evenly spaced, as those of a layer are."""
    import numpy as np

    places, n = np.array(loop.flat).reshape(loop.many, -1), loop.width // 2
    weights = places[:, :n]
    spaced = [weights[:, 0], weights[0], places[0, n:-1], places[:, -1], np.array(loop.offs or (0,))]
    apart = [_apart(some) for some in spaced]
    if None in apart or (np.diff(weights, axis=0) != apart[0]).any():
        return None
    words = [len(places), n, loop.first, spaced[0][0], apart[0], apart[1]]
    words += [word for some, step in zip(spaced[2:], apart[2:], strict=True) for word in (some[0], step)]
    return tiles.Matvec(loop.bias_once, n >= FUSED, bool(loop.offs)), [*map(int, words)]


def _apart(places: Any) -> int | None:
    """How far apart evenly spaced places are."""
    steps = {int(y) - int(x) for x, y in pairwise(places)} or {0}
    return steps.pop() if len(steps) == 1 else None


def runs(places: Sequence[int], begins: Collection[int]) -> Iterator[tuple[int, int, int]]:
    """(place, index of the first, how many) of places that follow one another; at the places in `begins` one begins."""
    begin = 0
    for k in range(1, len(places) + 1):
        if k == len(places) or places[k] != places[k - 1] + 1 or places[k] in begins:
            yield places[begin], begin, k - begin
            begin = k
