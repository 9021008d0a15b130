"""The native driver: one call that takes a tape over a whole batch, block by block.

    parameters in → once loops → copies of what examples read → for each block of examples: inputs in, example loops,
    results out → means → batch loops → results out

Everything it needs is in a plan, an array of counts and addresses laid out in `encode`.
"""

# mypy: disable-error-code="call-arg, operator, no-untyped-def"

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from autograd.program.encode import (
    BATCH_LOOPS,
    CODE_AT,
    COLUMNS,
    COLUMNS_AT,
    COPY_LOOPS,
    DOUBLE_OFFSET,
    EXAMPLE_LOOPS,
    FLOAT_OFFSET,
    KERNELS_AT,
    LANES_AT,
    MEANS,
    MEANS_AT,
    OFFSETS_AT,
    ONCE_AT,
    ONCE_LOOPS,
    PARAMETERS,
    PARAMETERS_AT,
    RESULTS,
    RESULTS_AT,
    RESULTS_VARY,
    SUMS_AT,
)  # fmt: skip
from autograd.program.machine import call, doubles_at, integers_at, words_at

I, U = np.int64, np.uint64


def parameters() -> Callable[..., None]:
    """parameters(plan): the numbers of all parameters, from the Values themselves. To be called holding the GIL."""

    def read(plan):
        once, values = doubles_at(plan[ONCE_AT]), integers_at(plan[PARAMETERS_AT])
        for i in range(plan[PARAMETERS]):
            number = integers_at(values[U(i)] + plan[FLOAT_OFFSET])[0]
            once[U(i)] = doubles_at(number + plan[DOUBLE_OFFSET])[0]

    return read


def run(LANES: int) -> Callable[..., None]:
    """run(plan, sources, results, n): n examples, from columns of the sources to (results × n) or (results) doubles."""
    from numba import njit

    lanes_of_a_row = U(LANES)
    inline = njit(error_model="numpy", inline="never")

    @inline
    def loops(plan, first, count, lanes, live):
        kernels, offsets = integers_at(plan[KERNELS_AT]), integers_at(plan[OFFSETS_AT])
        once, sums = doubles_at(plan[ONCE_AT]), doubles_at(plan[SUMS_AT])
        for i in range(first, first + count):
            call(kernels[i], words_at(plan[CODE_AT] + 4 * offsets[i]), once, lanes, sums, live)

    @inline
    def inputs_in(plan, sources, lanes, start, live):
        table = integers_at(plan[COLUMNS_AT])
        for k in range(plan[COLUMNS]):
            stride = table[3 * k + 2]
            column = doubles_at(sources[table[3 * k]] + 8 * (table[3 * k + 1] + start * stride))
            row, step = U(k) * lanes_of_a_row, U(stride)
            if live == LANES:
                for lane in range(lanes_of_a_row):
                    lanes[row + lane] = column[lane * step]
            else:
                for lane in range(lanes_of_a_row):
                    lanes[row + lane] = column[min(lane, U(live) - U(1)) * step]

    @inline
    def results_out(plan, results, lanes, start, live, n):
        once, table = doubles_at(plan[ONCE_AT]), integers_at(plan[RESULTS_AT])
        for k in range(plan[RESULTS]):
            place, out = U(table[2 * k + 1]), U(k * n + start)
            if table[2 * k]:
                for lane in range(U(live)):
                    results[out + lane] = lanes[place * lanes_of_a_row + lane]
            else:
                for lane in range(U(live)):
                    results[out + lane] = once[place]

    def run(plan, sources, results, n):
        once, lanes, sums = doubles_at(plan[ONCE_AT]), doubles_at(plan[LANES_AT]), doubles_at(plan[SUMS_AT])
        means, results_vary = integers_at(plan[MEANS_AT]), plan[RESULTS_VARY]
        loops(plan, 0, plan[ONCE_LOOPS], once, 1)
        loops(plan, plan[ONCE_LOOPS], plan[COPY_LOOPS], lanes, LANES)
        for i in range(U(8 * plan[MEANS])):
            sums[i] = 0.0
        first = plan[ONCE_LOOPS] + plan[COPY_LOOPS]
        for start in range(0, n, LANES):
            live = min(n - start, LANES)
            inputs_in(plan, sources, lanes, start, live)
            loops(plan, first, plan[EXAMPLE_LOOPS], lanes, live)
            if results_vary:
                results_out(plan, results, lanes, start, live, n)
        for i in range(plan[MEANS]):
            s = U(8 * i)
            left = (sums[s] + sums[s + U(1)]) + (sums[s + U(2)] + sums[s + U(3)])
            right = (sums[s + U(4)] + sums[s + U(5)]) + (sums[s + U(6)] + sums[s + U(7)])
            once[U(means[i])] = (left + right) / n
        loops(plan, first + plan[EXAMPLE_LOOPS], plan[BATCH_LOOPS], once, 1)
        if not results_vary:
            table = integers_at(plan[RESULTS_AT])
            for k in range(plan[RESULTS]):
                results[U(k)] = once[U(table[2 * k + 1])]

    return run
