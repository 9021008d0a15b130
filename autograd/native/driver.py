"""The native driver: what takes a tape over a whole batch, block by block.

    once loops → for each chunk of examples: copies of what they read, then block by block inputs in, example loops,
    results for each example out → means → batch loops → results for the whole batch

A small batch is one chunk and one call, `run`. A large one is cut into chunks by the amount of work alone, each with
sums of its own that are added up in order; so chunks may run on any number of threads, and give the same bits.

Everything else that a driver needs is in the plan, an array of counts and addresses laid out in `encode`.
"""

# mypy: disable-error-code="call-arg, operator, no-untyped-def"

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit

from autograd.native import encode as layout
from autograd.native.machine import call, doubles_at, integers_at, words_at

U = np.uint64
_1, _8 = U(1), U(8)
compiled = njit(error_model="numpy", inline="never")


def make(name: str, lanes: int) -> Callable[..., Any]:
    """The driver's function of this name, for blocks of so many lanes."""
    if name == "chunk":
        return chunk(lanes)
    if name == "run":
        return run(lanes)
    whatever_lanes: dict[str, Any] = {"parameters": parameters, "before": before, "after": after}
    return whatever_lanes[name]  # type: ignore[no-any-return]


def parameters(plan):
    """The numbers of all parameters, from the Values themselves. To be called holding the GIL."""
    once, values = doubles_at(plan[layout.ONCE_AT]), integers_at(plan[layout.PARAMETERS_AT])
    for i in range(plan[layout.PARAMETERS]):
        number = integers_at(values[U(i)] + plan[layout.FLOAT_OFFSET])[0]
        once[U(i)] = doubles_at(number + plan[layout.DOUBLE_OFFSET])[0]


@compiled
def loops(plan, first, count, lanes, sums, live):
    kernels, offsets = integers_at(plan[layout.KERNELS_AT]), integers_at(plan[layout.OFFSETS_AT])
    once = doubles_at(plan[layout.ONCE_AT])
    for i in range(first, first + count):
        call(kernels[i], words_at(plan[layout.CODE_AT] + 4 * offsets[i]), once, lanes, sums, live)


def before(plan):
    """What is known once."""
    once = doubles_at(plan[layout.ONCE_AT])
    loops(plan, 0, plan[layout.ONCE_LOOPS], once, once, 1)


def after(plan, sums, chunks, whole, n):
    """The means, from the sums of the chunks in order; what follows from them; and the results for the batch."""
    once, means, count = doubles_at(plan[layout.ONCE_AT]), integers_at(plan[layout.MEANS_AT]), U(plan[layout.MEANS])
    for k in range(_1, U(chunks)):
        other = k * (count + _1) * _8
        for i in range(count * _8):
            sums[i] += sums[other + i]
    for i in range(count):
        s = i * _8
        left = (sums[s] + sums[s + U(1)]) + (sums[s + U(2)] + sums[s + U(3)])
        right = (sums[s + U(4)] + sums[s + U(5)]) + (sums[s + U(6)] + sums[s + U(7)])
        once[U(means[i])] = (left + right) / n
    done = plan[layout.ONCE_LOOPS] + plan[layout.COPY_LOOPS] + plan[layout.EXAMPLE_LOOPS]
    loops(plan, done, plan[layout.BATCH_LOOPS], once, sums, 1)
    table = integers_at(plan[layout.WHOLE_AT])
    for i in range(U(plan[layout.WHOLE])):
        whole[i] = once[U(table[i])]


def chunk(LANES: int) -> Callable[..., None]:
    """chunk(plan, lanes, sums, sources, results, n, begin, end): examples begin to end of n, from columns of the
    sources to rows of the results, on arrays of its own."""
    width = U(LANES)

    @compiled
    def inputs_in(plan, sources, lanes, start, live):
        table = integers_at(plan[layout.COLUMNS_AT])
        for k in range(plan[layout.COLUMNS]):
            stride = table[3 * k + 2]
            column = doubles_at(sources[table[3 * k]] + 8 * (table[3 * k + 1] + start * stride))
            row, step = U(k) * width, U(stride)
            if live == LANES:
                for lane in range(width):
                    lanes[row + lane] = column[lane * step]
            else:
                for lane in range(width):
                    lanes[row + lane] = column[min(lane, U(live) - _1) * step]

    @compiled
    def results_out(plan, results, lanes, start, live, n):
        once, table = doubles_at(plan[layout.ONCE_AT]), integers_at(plan[layout.EACH_AT])
        for k in range(plan[layout.EACH]):
            place, out = U(table[2 * k + 1]), U(k * n + start)
            if table[2 * k]:
                for lane in range(U(live)):
                    results[out + lane] = lanes[place * width + lane]
            else:
                for lane in range(U(live)):
                    results[out + lane] = once[place]

    def chunk(plan, lanes, sums, sources, results, n, begin, end):
        loops(plan, plan[layout.ONCE_LOOPS], plan[layout.COPY_LOOPS], lanes, sums, LANES)
        for i in range(U(plan[layout.MEANS]) * _8):
            sums[i] = 0.0
        for start in range(begin, end, LANES):
            live = min(end - start, LANES)
            inputs_in(plan, sources, lanes, start, live)
            loops(
                plan, plan[layout.ONCE_LOOPS] + plan[layout.COPY_LOOPS], plan[layout.EXAMPLE_LOOPS], lanes, sums, live
            )
            results_out(plan, results, lanes, start, live, n)

    return chunk


def run(LANES: int) -> Callable[..., None]:
    """run(plan, lanes, sums, sources, results, n, whole): a batch that is one chunk."""
    first, one_chunk, last = compiled(before), compiled(chunk(LANES)), compiled(after)

    def run(plan, lanes, sums, sources, results, n, whole):
        first(plan)
        one_chunk(plan, lanes, sums, sources, results, n, 0, n)
        last(plan, sums, 1, whole, n)

    return run
