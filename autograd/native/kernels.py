"""The native kernels, in the part of Python that Numba compiles: one for each kind of loop.

A kernel does one loop of a tape for one block of examples:

    kernel(code, once, lanes, sums, live)

    code    the loop as numbers (see `encode`): how many, where the results go, where the operands are
    once    the rows that are the same for every example, a double each
    lanes   the rows that are not: LANES doubles each, one for each example of the block
    sums    what is averaged over the batch: eight partial sums a mean, each over every eighth example
    live    how many lanes hold an example; the others hold copies of the last one, and count in no mean

Each is made for LANES = 64 and for 1. A lane's result is computed by the same operations in the same order wherever the
lane is. Multiply and add are fused in dots and means, and nowhere else. Indices are unsigned: Numba checks signed ones
for wrapping around, and then does not vectorise.
"""

# mypy: disable-error-code="call-arg, var-annotated, no-untyped-def"

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numba import njit, types

from autograd.core.primitives import TABLE, Primitive
from autograd.native.machine import (
    LANES,
    add_eight,
    eight_has_nan,
    fma,
    fma_where,
    has_nan,
    keep,
    load,
    splat,
    store,
    sum_products,
    zero_where,
)  # fmt: skip
from autograd.native.native_math import scalar

Kernel = Callable[..., None]
U = np.uint64
_1, _2, _3, _4, _5, _8, BLOCK = map(U, (1, 2, 3, 4, 5, 8, LANES))


def make(name: str, lanes: int) -> Kernel:
    """The kernel of this name: that of a row of the table, or one of those below."""
    if name in _MAKERS:
        return _MAKERS[name](lanes)
    primitive = TABLE[name]
    by_arity = {1: elementwise_1, 2: elementwise_2, 3: elementwise_3}
    if primitive.arity not in by_arity:
        raise TypeError(
            f"compile: the row {name!r} has not one to three operands, nor is it made of others; {_WAYS_OUT}"
        )
    return by_arity[primitive.arity](checked(primitive), U(lanes))


_WAYS_OUT = 'write its forward function with operators and other rows, or compile with runner="python"'


def checked(primitive: Primitive) -> Any:
    """A row's function, compiled. TypeError if Numba cannot."""
    forward = scalar(primitive.forward)
    try:
        forward.compile((types.float64,) * primitive.arity)  # type: ignore[operator]
    except Exception as error:  # whatever Numba makes of a function it does not know
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise TypeError(f"compile: Numba cannot compile the row {primitive.name!r} ({reason}); {_WAYS_OUT}") from None
    return forward


def elementwise_1(forward: Any, width: Any) -> Kernel:
    """code: count, first result, (x) · count"""

    def kernel(code, once, lanes, sums, live):
        z = U(code[_1]) * width
        for i in range(U(code[0])):
            x = U(code[_2 + i]) * width
            for lane in range(width):
                lanes[z + lane] = forward(lanes[x + lane])
            z += width

    return kernel


def elementwise_2(forward: Any, width: Any) -> Kernel:
    """code: count, first result, (x, y) · count"""

    def kernel(code, once, lanes, sums, live):
        z = U(code[_1]) * width
        for i in range(U(code[0])):
            x, y = U(code[_2 + _2 * i]) * width, U(code[_3 + _2 * i]) * width
            for lane in range(width):
                lanes[z + lane] = forward(lanes[x + lane], lanes[y + lane])
            z += width

    return kernel


def elementwise_3(forward: Any, width: Any) -> Kernel:
    """code: count, first result, (w, x, y) · count"""

    def kernel(code, once, lanes, sums, live):
        z = U(code[_1]) * width
        for i in range(U(code[0])):
            p = _2 + _3 * i
            w, x, y = U(code[p]) * width, U(code[p + _1]) * width, U(code[p + _2]) * width
            for lane in range(width):
                lanes[z + lane] = forward(lanes[w + lane], lanes[x + lane], lanes[y + lane])
            z += width

    return kernel


@njit(error_model="numpy")
def gated_fma(w, x, total):
    """total + w·x, but total where x is 0: the step of a gated dot."""
    return fma(w, x, total) if x != 0.0 else total


def _step(gated: bool):
    return gated_fma if gated else fma


def matvec(lanes: int, gated: bool = False) -> Kernel:
    """code: m, n, first result, is the bias in `once`?, x · n, (w · n, bias) · m: one row of W·x + b after another.

    A gated one differs only where a 0 met an infinite or undefined weight: a row with a nan in it is done again.
    """
    step = _step(gated)

    def kernel_1(code, once, lanes, sums, live):
        m, n, z, bias_once = U(code[0]), U(code[_1]), U(code[_2]), code[_3]
        p = _4 + n
        for i in range(m):
            total = once[code[p + n]] if bias_once else lanes[code[p + n]]
            for j in range(n):
                total = step(once[code[p + j]], lanes[code[_4 + j]], total)
            lanes[z + i] = total
            p += n + _1

    @njit(error_model="numpy")
    def start(bias, once, lanes, bias_once):
        return splat(once[bias]) if bias_once else load(lanes, U(bias) * BLOCK)

    @njit(error_model="numpy")
    def row(code, once, lanes, p, n, total, with_gates):
        for j in range(n):
            w, x = splat(once[code[p + j]]), load(lanes, U(code[_4 + j]) * BLOCK)
            total = fma_where(w, x, total) if with_gates else fma(w, x, total)
        return total

    def kernel(code, once, lanes, sums, live):
        m, n, z, bias_once = U(code[0]), U(code[_1]), U(code[_2]), code[_3]
        p, q, i = _4 + n, _5 + n + n, U(0)
        while i + _1 < m:  # two rows at a time: each x is loaded once for both
            one, two = start(code[p + n], once, lanes, bias_once), start(code[q + n], once, lanes, bias_once)
            for j in range(n):
                x = load(lanes, U(code[_4 + j]) * BLOCK)
                one, two = fma(splat(once[code[p + j]]), x, one), fma(splat(once[code[q + j]]), x, two)
            if gated and has_nan(one):
                one = row(code, once, lanes, p, n, start(code[p + n], once, lanes, bias_once), True)
            if gated and has_nan(two):
                two = row(code, once, lanes, q, n, start(code[q + n], once, lanes, bias_once), True)
            store(lanes, (z + i) * BLOCK, one)
            store(lanes, (z + i + _1) * BLOCK, two)
            p, q, i = q + n + _1, q + n + n + _2, i + _2
        if i < m:
            one = row(code, once, lanes, p, n, start(code[p + n], once, lanes, bias_once), False)
            if gated and has_nan(one):
                one = row(code, once, lanes, p, n, start(code[p + n], once, lanes, bias_once), True)
            store(lanes, (z + i) * BLOCK, one)

    return kernel_1 if lanes == 1 else kernel


def dots(lanes: int, gated: bool = False) -> Kernel:
    """code: m, n, first result, (w · n, x · n, b) · m: sums of products that have nothing else in common."""
    step = _step(gated)

    def kernel_1(code, once, lanes, sums, live):
        m, n, z, p = U(code[0]), U(code[_1]), U(code[_2]), _3
        for i in range(m):
            total = lanes[code[p + _2 * n]]
            for j in range(n):
                total = step(lanes[code[p + j]], lanes[code[p + n + j]], total)
            lanes[z + i] = total
            p += _2 * n + _1

    @njit(error_model="numpy")
    def row(code, lanes, p, n, with_gates):
        total = load(lanes, U(code[p + _2 * n]) * BLOCK)
        for j in range(n):
            w, x = load(lanes, U(code[p + j]) * BLOCK), load(lanes, U(code[p + n + j]) * BLOCK)
            total = fma_where(w, x, total) if with_gates else fma(w, x, total)
        return total

    def kernel(code, once, lanes, sums, live):
        m, n, z, p = U(code[0]), U(code[_1]), U(code[_2]), _3
        for i in range(m):
            total = row(code, lanes, p, n, False)
            if gated and has_nan(total):
                total = row(code, lanes, p, n, True)
            store(lanes, (z + i) * BLOCK, total)
            p += _2 * n + _1

    return kernel_1 if lanes == 1 else kernel


def sums(lanes: int) -> Kernel:
    """code: m, n, first result, (x · n) · m: plain sums from 0, left to right."""

    def kernel(code, once, lanes, sums, live):
        m, n, z, p = U(code[0]), U(code[_1]), U(code[_2]) * width, _3
        for _ in range(m):
            for lane in range(width):
                lanes[z + lane] = 0.0
            for j in range(n):
                x = U(code[p + j]) * width
                for lane in range(width):
                    lanes[z + lane] += lanes[x + lane]
            z += width
            p += n

    width = U(lanes)
    return kernel


def means(lanes: int, gated: bool = False) -> Kernel:
    """code: groups, (w, x, count, (y, mean of w·y, mean of x·y) · count) · groups: adds each product, of every live
    lane, to the sums of its mean. Gated ones keep out what is 0 in w or x, whatever y is there."""

    @njit(error_model="numpy")
    def add(sums, mean, x, y):
        total = sum_products(x, y)
        if gated and eight_has_nan(total):
            total = sum_products(x, zero_where(y, x))
        add_eight(sums, U(mean) * _8, total)

    step = _step(gated)

    def kernel_1(code, once, lanes, sums, live):
        p = _1
        for _group in range(U(code[0])):
            w, x, n = lanes[code[p]], lanes[code[p + _1]], U(code[p + _2])
            p += _3
            for _ in range(n):
                y, of_w, of_x = lanes[code[p]], U(code[p + _1]) * _8, U(code[p + _2]) * _8
                sums[of_w] = step(y, w, sums[of_w])
                sums[of_x] = step(y, x, sums[of_x])
                p += _3

    def kernel(code, once, lanes, sums, live):
        p = _1
        for _group in range(U(code[0])):
            w, x, n = load(lanes, U(code[p]) * BLOCK), load(lanes, U(code[p + _1]) * BLOCK), U(code[p + _2])
            p += _3
            if live == LANES:
                for _ in range(n):
                    y = load(lanes, U(code[p]) * BLOCK)
                    add(sums, code[p + _1], w, y)
                    add(sums, code[p + _2], x, y)
                    p += _3
            else:
                w, x = keep(w, live), keep(x, live)
                for _ in range(n):
                    y = keep(load(lanes, U(code[p]) * BLOCK), live)
                    add(sums, code[p + _1], w, y)
                    add(sums, code[p + _2], x, y)
                    p += _3

    return kernel_1 if lanes == 1 else kernel


def broadcast(lanes: int) -> Kernel:
    """code: count, (place in `once`, place in `lanes`) · count: copies a number into every lane."""

    def kernel(code, once, lanes, sums, live):
        for i in range(U(code[0])):
            number, z = once[code[_1 + _2 * i]], U(code[_2 + _2 * i]) * width
            for lane in range(width):
                lanes[z + lane] = number

    width = U(lanes)
    return kernel


_MAKERS: dict[str, Callable[..., Kernel]] = {
    "matvec": matvec,
    "gated_matvec": partial(matvec, gated=True),
    "dots": dots,
    "gated_dots": partial(dots, gated=True),
    "means": means,
    "gated_means": partial(means, gated=True),
    "sums": sums,
    "broadcast": broadcast,
}
