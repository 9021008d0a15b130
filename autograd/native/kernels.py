"""The kernels of a tape: one for each kind of loop, compiled once per machine and shared by all programs.

A kernel does one loop of a tape for one block of examples:

    kernel(code, once, lanes, sums, live)

    code    the loop as numbers (see `encode`): how many, where the results go, where the operands are
    once    the slots that are the same for every example, a double each
    lanes   the slots that are not: BLOCK doubles each, one for each example of the block
    sums    of what is averaged over the batch, one for each mean
    live    how many lanes hold an example; the others hold copies of the last one, and count in no mean

Each is made for blocks of BLOCK examples and for single numbers. A lane's result is computed by the same operations in
the same order wherever the lane is: alone, among others, or beside the alike instructions of a single example.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from functools import cache, reduce
from operator import add
from typing import Any, NamedTuple

from autograd.core import primitives as table
from autograd.native import tiles
from autograd.native.body import Body
from autograd.native.build import build
from autograd.native.ir import LANES, V, constant, fma, select
from autograd.native.means import RECTANGLE, Means
from autograd.native.module import Module
from autograd.native.roll import DOTS, SUMS
from autograd.native.rows import compute

ARGUMENTS = [("ptr", "code"), ("ptr", "once"), ("ptr", "lanes"), ("ptr", "sums"), ("i64", "live")]
Lanes = list[V]  # a block, in vectors


def kernel(kind: Any, operands: int, width: int) -> int:
    """The address of a kernel: that of a row of the table with so many operands, or of this name one of those below,
    for blocks of so many examples. What a user's row reads may have changed since the last time."""
    return (_made if getattr(kind, "own", False) else _kept)(kind, operands, width)


def _made(kind: Any, operands: int, width: int) -> int:
    module = Module()
    body = Body(module, "kernel", ARGUMENTS)
    if isinstance(kind, tiles.Matvec | Means):
        kind.write(body)
    elif isinstance(kind, str):
        *prefixes, name = kind.split("_")
        _MAKERS[name](_Kernel(body, width, *[prefix in prefixes for prefix in ("masked", "short", "relu")]))
    else:
        _elementwise(_Kernel(body, width), kind, operands)
    body.give()
    module.add(body)
    return build(module.text()).address("kernel")


_kept = cache(_made)


class Few(NamedTuple):
    """A loop of few single numbers."""

    kind: Any
    operands: int  # of each
    many: int

    def size(self) -> tuple[int, int]:
        """How many words it has before its operands, the last of them where its first result goes; and for each."""
        if not isinstance(self.kind, str):
            return 2, self.operands
        return 3, self.operands if self.kind == SUMS else 2 * self.operands + 1


Loops = tuple[Few, ...]
Linked = tuple[Loops, tuple[int, ...]]  # loops that follow one another, and their `links`
_few: dict[Linked, int] = {}


@cache
def _laid_out(loops: Loops) -> Sequence[tuple[Few, int, range]]:
    """Each of such loops: the word that says where its first result goes, and those of its operands."""
    found, at = [], 0
    for loop in loops:
        head, size = loop.size()
        end = at + head + size * loop.many
        found.append((loop, at + head - 1, range(at + head, end)))
        at = end
    return found


def few(wanted: Iterable[Linked]) -> dict[Linked, int]:
    """The addresses of kernels for loops that follow one another, each of so few numbers that it is no loop, and their
    `links`; they are built together. A program whose instructions have little in common is made of these: there,
    branches cost more than what they choose. None is of a user's row."""
    if new := [key for key in dict.fromkeys(wanted) if key not in _few]:
        module = Module()
        for i, (loops, linked) in enumerate(new):
            body = Body(module, f"kernel{i}", ARGUMENTS)
            results, link = list[V](), iter(linked)
            for loop, first, words in _laid_out(loops):
                k, size = _Kernel(body, 1, short=str(loop.kind).startswith("short_")), len(words) // loop.many
                numbers = [k.single(i) if (of := next(link)) < 0 else results[of] for i in words]
                operands = [numbers[i : i + size] for i in range(0, len(numbers), size)]
                results += _results(k, loop, operands, k.word(first))
            body.give()
            module.add(body)
        code = build(module.text(), 1)
        _few.update({key: code.address(f"kernel{i}") for i, key in enumerate(new)})
    return _few


def links(loops: Loops, words: array[int], at: Sequence[int]) -> list[tuple[int, ...]]:
    """For each operand of such loops, whose words begin there, which of their results before it is; −1 if none of them.
    It is read from its register then, not from memory. For all places that they begin `at`."""
    import numpy as np

    found: list[Any] = []
    begins, code = np.array(at)[:, None], np.frombuffer(words, "u4")
    results = np.empty((len(at), 0), dtype="u4")
    for loop, first, operands in _laid_out(loops):
        same = code[begins + operands][:, :, None] == results[:, None, :]
        found.append(np.where(same.any(2), same.argmax(2), -1) if results.size else -np.ones(same.shape[:2], int))
        results = np.hstack([results, code[begins + first] + np.arange(loop.many, dtype="u4")])
    return [*map(tuple, np.hstack(found).tolist())]


def _results(k: _Kernel, loop: Few, numbers: Sequence[Sequence[V]], first: V) -> list[V]:
    """The results of one of the loops, which are put from that place on."""
    body, (kind, operands, many) = k.body, loop
    if kind == SUMS:
        results = [reduce(add, xs, constant(body, 0.0)) for xs in numbers]
    elif isinstance(kind, str):
        results = [_chain(k, xs[:operands], xs[operands:-1], xs[-1]) for xs in numbers]
    elif kind in _CHEAP or many == 1:
        results = [compute(kind, xs) for xs in numbers]
    else:
        lanes = 1 << (many - 1).bit_length()
        columns = [_side_by_side(body, column, lanes) for column in zip(*numbers, strict=True)]
        z = body.spread(compute(kind, columns), lanes)
        results = [body.lane(z, i) for i in range(many)]
        if many == lanes:
            body.store(z, body.at(k.lanes, first))
            return results
    results = [body.spread(z, 1) for z in results]
    for i, z in enumerate(results):
        body.store(z, body.at(k.lanes, first + i))
    return results


CHAINS = (DOTS, f"short_{DOTS}", SUMS)  # kinds beside rows of the table that `few` knows
_CHEAP = (table.add, table.sub, table.mul, table.div, table.neg)


def _chain(k: _Kernel, ws: Sequence[V], xs: Sequence[V], total: V) -> V:
    for w, x in zip(ws, xs, strict=True):
        total = total + w * x if k.short else fma(w, x, total)
    return total


def _side_by_side(body: Body, numbers: Sequence[V], lanes: int) -> V:
    z = body.poison(lanes)
    for i in range(lanes):
        z = body.with_lane(z, i, numbers[min(i, len(numbers) - 1)])
    return z


class _Kernel:
    """What the kernels have in common: how they read their code, and blocks. `masked`: of sums some of whose
    products are off in some lanes; `short`: of sums of fewer terms than are fused; `relu`: with that of each sum."""

    def __init__(self, body: Body, width: int, masked: bool = False, short: bool = False, relu: bool = False) -> None:
        self.body, self.width, self.masked, self.short, self.relu = body, width, masked, short, relu
        self.once, self.lanes, self.sums = [body.argument(name) for name in ("once", "lanes", "sums")]
        self.side = min(width, LANES)

    def word(self, index: Any) -> V:
        """A number of the code."""
        body = self.body
        word = body.load(body.at(body.argument("code"), index, "i32"), kind="i32")
        return body.op(f"zext {word} to i64", "i64")

    def single(self, index: Any) -> V:
        """Of a single example, the number whose place is that one of the code's."""
        return self.body.load(self.body.at(self.lanes, self.word(index)))

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

    def summed(
        self, starts: Sequence[Lanes], n: V, terms: Callable[[V], tuple[Lanes, list[Any], Lanes | None]]
    ) -> list[Lanes]:
        """start + Σⱼ wⱼ·xⱼ for several sums at a time; `terms(j)` gives the block xⱼ, each sum's wⱼ, and where the
        products are off if they ever are."""
        body = self.body
        totals = [[body.variable(x) for x in start] for start in starts]
        with body.loop(0, n) as j:
            xs, ws, offs = terms(j)
            for w, total in zip(ws, totals, strict=True):
                for i, x in enumerate(xs):
                    before, weight = body.load(total[i], self.side), w[i] if isinstance(w, list) else w
                    after = before + weight * x if self.short else fma(weight, x, before)
                    body.store(after if offs is None else select(offs[i] != 0.0, before, after), total[i])
        return [[body.load(x, self.side) for x in total] for total in totals]


def _elementwise(k: _Kernel, row: Any, n: int) -> None:
    """code: count, first result, (x₁ … xₙ) · count. Alike instructions of one example are computed side by side."""
    body, count, first = k.body, k.word(0), k.word(1)
    in_use = body.argument("live") if k.width > 1 else 1  # lanes that hold an example

    def one(i: V) -> None:
        places = [body.at(k.lanes, k.word(i * n + (2 + x)) * k.width) for x in range(n)]
        to = body.at(k.lanes, (first + i) * k.width)
        with body.loop(0, in_use, k.side) as lane:
            z = compute(row, [body.load(body.at(place, lane), k.side) for place in places])
            body.store(body.spread(z, k.side), body.at(to, lane))

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
    """code: m, n, first result, is the bias in `once`?, x · n, (w · n, bias) · m, and off · n where
    masked: one row of W·x + b after another."""
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

        def terms(j: V) -> tuple[Lanes, list[Any], Lanes | None]:
            offs = k.block(k.word(n + 4 + m * (n + 1) + j)) if k.masked else None
            return k.block(k.word(j + 4)), [k.shared(k.word(p + j)) for p in ps], offs

        for r, total in enumerate(k.summed([bias(k.word(p + n)) for p in ps], n, terms)):
            k.put([compute(table.relu, [x]) for x in total] if k.relu else total, z + i + r)

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

        def terms(j: V, p: V = p) -> tuple[Lanes, list[Any], None]:
            return k.block(k.word(p + n + j)), [k.block(k.word(p + j))], None

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
    """code: as that of `means`, here for one example at a time."""
    body = k.body
    code = body.argument("code")
    (count,) = tiles.words(body, code, 0, 1)
    with body.loop(0, count) as rectangle:
        words = tiles.words(body, code, rectangle * RECTANGLE + 1, RECTANGLE)
        rows, columns, xs, ys, s, down, across, off, off_down, off_across = words
        with body.loop(0, rows) as i, body.loop(0, columns) as j:
            place = body.at(k.sums, s + i * down + j * across)
            left, right = k.single(xs + i), k.single(ys + j)
            before = body.load(place)
            after = fma(left, right, before)
            if k.masked:
                after = select(body.load(body.at(k.lanes, off + i * off_down + j * off_across)) != 0.0, before, after)
            body.store(after, place)


def _broadcast(k: _Kernel) -> None:
    """code: count, (place in `once`, place in `lanes`) · count: copies a number into every lane."""
    with k.body.loop(0, k.word(0)) as i:
        x = k.body.spread(k.shared(k.word(i * 2 + 1)), k.side)
        k.put([x] * (k.width // k.side), k.word(i * 2 + 2))


_MAKERS: dict[str, Callable[[_Kernel], None]] = {
    "matvec": _matvec, "dots": _dots, "means": _means, "sums": _sums, "broadcast": _broadcast,
}  # fmt: skip
