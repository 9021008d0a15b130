"""The kernels of a tape: one for each kind of loop, compiled once per machine and shared by all programs.

A kernel does one loop of a tape for one block of examples:

    kernel(code, once, lanes, sums, live)

    code    the loop as numbers (see `encode`): how many, where the results go, where the operands are
    once    the rows that are the same for every example, a double each
    lanes   the rows that are not: BLOCK doubles each, one for each example of the block
    sums    what is averaged over the batch: eight partial sums a mean, each over every eighth example
    live    how many lanes hold an example; the others hold copies of the last one, and count in no mean

Each is made for blocks of BLOCK examples and for single numbers. A lane's result is computed by the same operations in
the same order wherever the lane is: alone, among others, or beside the alike instructions of a single example.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from autograd.native.build import build
from autograd.native.ir import LANES, Body, Module, V, constant, fma, select
from autograd.native.rows import compute

BLOCK = 64  # examples

ARGUMENTS = [("ptr", "code"), ("ptr", "once"), ("ptr", "lanes"), ("ptr", "sums"), ("i64", "live")]
Lanes = list[V]  # a block, in vectors


@cache
def kernel(kind: Any, operands: int, width: int) -> int:
    """The address of a kernel: that of a row of the table with so many operands, or of this name one of those below,
    for blocks of so many examples."""
    module = Module()
    body = Body(module, "kernel", ARGUMENTS)
    if isinstance(kind, str):
        short, gated = kind.startswith("short_"), "gated_" in kind
        _MAKERS[kind.removeprefix("short_").removeprefix("gated_")](_Kernel(body, width, gated, short))
    else:
        _elementwise(_Kernel(body, width), kind, operands)
    body.give()
    module.add(body)
    return build(module.text()).address("kernel")


class _Kernel:
    """What the kernels have in common: how they read their code, and blocks. `gated`: a factor that is 0 wins over
    whatever the other is; `short`: of sums of fewer terms than are fused."""

    def __init__(self, body: Body, width: int, gated: bool = False, short: bool = False) -> None:
        self.body, self.width, self.gated, self.short = body, width, gated, short
        self.once, self.lanes, self.sums = [body.argument(name) for name in ("once", "lanes", "sums")]
        self.side = min(width, LANES)

    def word(self, index: Any) -> V:
        """A number of the code."""
        body = self.body
        word = body.load(body.at(body.argument("code"), index, "i32"), kind="i32")
        return body.op(f"zext {word} to i64", "i64")

    def shared(self, place: V) -> V:
        """A number of `once`."""
        return self.body.load(self.body.at(self.once, place))

    def parts(self, place: V) -> list[V]:
        """Where the vectors of a block are."""
        first = self.body.at(self.lanes, place * self.width)
        return [self.body.at(first, k) for k in range(0, self.width, self.side)]

    def block(self, place: V) -> Lanes:
        return [self.body.load(part, self.side) for part in self.parts(place)]

    def put(self, xs: Lanes, place: V) -> None:
        for x, part in zip(xs, self.parts(place), strict=True):
            self.body.store(x, part)

    def step(self, w: V, x: V, total: V, gated: bool) -> V:
        """total + w·x"""
        z = total + w * x if self.short else fma(w, x, total)
        return select(x != 0.0, z, total) if gated else z

    def has_nan(self, xs: Lanes) -> V:
        body, total = self.body, None
        for x in xs:
            undefined = x != x
            total = undefined if total is None else total | undefined
        assert total is not None
        return total if self.side == 1 else body.call(f"llvm.vector.reduce.or.v{self.side}i1", [total], "i1")

    def summed(self, starts: Sequence[Lanes], n: V, terms: Callable[[V], tuple[Lanes, list[Any]]]) -> list[Lanes]:
        """start + Σⱼ wⱼ·xⱼ for several sums at a time; `terms(j)` gives the block xⱼ and each sum's wⱼ. Of a gated sum
        the gates are left out at first: they matter only where a 0 met an infinite or undefined weight, to a nan."""
        body = self.body

        def attempt(chosen: range, gated: bool) -> list[list[V]]:
            totals = [[body.variable(x) for x in starts[k]] for k in chosen]
            with body.loop(0, n) as j:
                xs, ws = terms(j)
                for k, total in zip(chosen, totals, strict=True):
                    w = ws[k] if isinstance(ws[k], list) else [ws[k]] * len(xs)
                    for i, x in enumerate(xs):
                        body.store(self.step(w[i], x, body.load(total[i], self.side), gated), total[i])
            return totals

        every = range(len(starts))
        totals = attempt(every, False)
        if self.gated:
            for k in every:
                with body.when(self.has_nan([body.load(x, self.side) for x in totals[k]])):
                    for place, again in zip(totals[k], attempt(range(k, k + 1), True)[0], strict=True):
                        body.store(body.load(again, self.side), place)
        return [[body.load(x, self.side) for x in total] for total in totals]


def _elementwise(k: _Kernel, row: Any, n: int) -> None:
    """code: count, first result, (x₁ … xₙ) · count. Alike instructions of one example are computed side by side."""
    body, count, first = k.body, k.word(0), k.word(1)

    def one(i: V) -> None:
        places = [k.parts(k.word(i * n + (2 + x))) for x in range(n)]
        for z, *xs in zip(k.parts(first + i), *places, strict=True):
            body.store(body.spread(compute(row, [body.load(x, k.side) for x in xs]), k.side), z)

    def several(i: V) -> None:
        xs = [body.poison(LANES) for _ in range(n)]
        for lane in range(LANES):
            for x in range(n):
                number = body.load(body.at(k.lanes, k.word(i * n + (lane * n + 2 + x))))
                xs[x] = body.with_lane(xs[x], lane, number)
        body.store(body.spread(compute(row, xs), LANES), body.at(k.lanes, first + i))

    if k.width > 1:
        with body.loop(0, count) as i:
            one(i)
        return
    wide = count >= LANES
    with body.when(wide):
        with body.loop(0, count, LANES) as start:
            several(select(start > count - LANES, count - LANES, start))
    with body.when(wide ^ True), body.loop(0, count) as i:
        one(i)


def _matvec(k: _Kernel) -> None:
    """code: m, n, first result, is the bias in `once`?, x · n, (w · n, bias) · m: one row of W·x + b after another."""
    body = k.body
    m, n, z, bias_once = [k.word(i) for i in range(4)]

    def bias(place: V) -> Lanes:
        zero = k.body.load(body.variable(constant(body, 0.0), k.side), k.side)
        starts = [body.variable(zero) for _ in range(k.width // k.side)]
        with body.when(bias_once != 0):
            for start in starts:
                body.store(body.spread(k.shared(place), k.side), start)
        with body.when(bias_once == 0):
            for start, x in zip(starts, k.block(place), strict=True):
                body.store(x, start)
        return [body.load(start, k.side) for start in starts]

    def rows(i: V, several: int) -> None:
        ps = [n + 4 + (i + r) * (n + 1) for r in range(several)]

        def terms(j: V) -> tuple[Lanes, list[Any]]:
            return k.block(k.word(j + 4)), [k.shared(k.word(p + j)) for p in ps]

        for r, total in enumerate(k.summed([bias(k.word(p + n)) for p in ps], n, terms)):
            k.put(total, z + i + r)

    whole = m - (m & 1)
    with body.loop(0, whole, 2) as i:  # each x is loaded once for two rows
        rows(i, 2)
    with body.loop(whole, m) as i:
        rows(i, 1)


def _dots(k: _Kernel) -> None:
    """code: m, n, first result, (w · n, x · n, b) · m: sums of products that have nothing else in common."""
    body = k.body
    m, n, z = [k.word(i) for i in range(3)]
    with body.loop(0, m) as i:
        p = i * (n * 2 + 1) + 3

        def terms(j: V, p: V = p) -> tuple[Lanes, list[Any]]:
            return k.block(k.word(p + n + j)), [k.block(k.word(p + j))]

        (total,) = k.summed([k.block(k.word(p + n * 2))], n, terms)
        k.put(total, z + i)


def _sums(k: _Kernel) -> None:
    """code: m, n, first result, (x · n) · m: plain sums from 0, left to right."""
    body = k.body
    m, n, z = [k.word(i) for i in range(3)]
    with body.loop(0, m) as i:
        totals = [body.variable(constant(body, 0.0), k.side) for _ in range(k.width // k.side)]
        with body.loop(0, n) as j:
            for total, x in zip(totals, k.block(k.word(i * n + j + 3)), strict=True):
                body.store(body.load(total, k.side) + x, total)
        k.put([body.load(total, k.side) for total in totals], z + i)


def _means(k: _Kernel) -> None:
    """code: groups, (w, x, count, (y, mean of w·y, mean of x·y) · count) · groups: adds each product, of every live
    lane, to the sums of its mean."""
    body, live = k.body, k.body.argument("live")

    def alive(xs: Lanes) -> Lanes:
        if k.width == 1:
            return xs
        order = [", ".join([f"i64 {part * k.side + lane}" for lane in range(k.side)]) for part in range(len(xs))]
        return [select(V(body, f"<{o}>", "i64", k.side) < live, x, 0.0) for o, x in zip(order, xs, strict=True)]

    def products(xs: Lanes, ys: Lanes) -> V:
        total = xs[0] * ys[0]
        for x, y in zip(xs[1:], ys[1:], strict=True):
            total = fma(x, y, total)
        return total

    def add(mean: V, xs: Lanes, ys: Lanes) -> None:
        place, term = body.at(k.sums, mean * LANES), body.variable(products(xs, ys))
        if k.gated:
            with body.when(k.has_nan([body.load(term, k.side)])):
                open_ = [select(x != 0.0, y, 0.0) for x, y in zip(xs, ys, strict=True)]
                body.store(products(xs, open_), term)
        body.store(body.load(place, k.side) + body.load(term, k.side), place)

    start = body.variable(body.integer(1))
    with body.loop(0, k.word(0)):
        p = body.load(start, kind="i64")
        w, x, n = alive(k.block(k.word(p))), alive(k.block(k.word(p + 1))), k.word(p + 2)
        with body.loop(0, n) as i:
            q = p + 3 + i * 3
            y = alive(k.block(k.word(q)))
            add(k.word(q + 1), w, y)
            add(k.word(q + 2), x, y)
        body.store(p + 3 + n * 3, start)


def _broadcast(k: _Kernel) -> None:
    """code: count, (place in `once`, place in `lanes`) · count: copies a number into every lane."""
    with k.body.loop(0, k.word(0)) as i:
        x = k.body.spread(k.shared(k.word(i * 2 + 1)), k.side)
        k.put([x] * (k.width // k.side), k.word(i * 2 + 2))


_MAKERS: dict[str, Callable[[_Kernel], None]] = {
    "matvec": _matvec, "dots": _dots, "means": _means, "sums": _sums, "broadcast": _broadcast,
}  # fmt: skip
