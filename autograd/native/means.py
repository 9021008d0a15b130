"""The means of all products of two vectors, as a layer's gradient takes them, by register tiles.

Left factors times right factors, summed over the examples of a block: a rectangle of sums. The kernel reads which from
`code`, 32-bit integers, and so serves every layer:

    how many rectangles, then of each RECTANGLE words: rows, columns, where in `code` the lines of the left factors are
    listed, where those of the right ones, first sum, down, across, masks at, down, across

Where rows and columns are many, right factors are turned, so that a vector holds those of LANES columns in one example,
and a sum takes one example after the other. Elsewhere a vector holds a factor in LANES examples, and is summed at last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from autograd.native.body import Body
from autograd.native.ir import LANES, V, fma, select
from autograd.native.tiles import BLOCK, again, any_nan, call_again, few_registers, lanes_read, remainder, words

RECTANGLE = 10
TALL, WIDE = 2, (8, 2, 1)  # of a tile
MANY = 32  # rows, from which on turning the columns pays for itself
TURNED, PANEL = 16, 64  # columns: as many times this are turned, so many at a time


class Means(NamedTuple):
    """The kernel of the sums that means are taken of."""

    masked: bool

    def write(self, body: Body) -> None:
        means(body, *self)


def means(body: Body, masked: bool) -> None:
    code, lanes, live = map(body.argument, ("code", "lanes", "live"))
    (count,) = words(body, code, 0, 1)
    end = lanes_read(body)

    with body.when(live < end):  # lanes that hold no example count as 0
        inside = _first(body, live - end + LANES)
        with body.loop(0, count) as k:
            rows, columns, xs, ys = words(body, code, k * RECTANGLE + 1, 4)
            for listed, many in ((xs, rows), (ys, columns)):
                with body.loop(0, many) as i:
                    (line,) = words(body, code, listed + i, 1)
                    place = body.at(lanes, line * BLOCK + end - LANES)
                    body.store(select(inside, body.load(place, LANES), 0.0), place)

    panel = body.array(BLOCK * PANEL)
    with body.loop(0, count) as k:
        rectangle = _Rectangle(body, k)

        def kept(found: list[V], name: str, keep: Callable[[], None], *tile: Any) -> None:
            """Keep what was found, or if masks may say otherwise, compute it again."""
            if not masked:
                keep()
                return
            nan = any_nan(body, found)
            with body.when(nan):
                call_again(body, name, k, *tile)
            with body.when(nan ^ True):
                keep()

        def turned_tile(i: V, j: V, vector: V, tall: int, vectors: int) -> None:
            first = j + vector * LANES
            found = rectangle.turned_sums(panel, i, first, vector, tall, vectors)
            keep = lambda: rectangle.put(found, i, first, tall, vectors)
            kept(found, "again_turned", keep, i, tall, first, vectors * LANES)

        def tile(i: V, j: V, tall: int, wide: int) -> None:
            found = rectangle.sums(i, j, tall, wide)
            kept(found, "again", lambda: rectangle.keep(found, i, j, tall, wide), i, tall, j, wide)

        def band(i: V, tall: int, begin: Any) -> None:
            for wide in WIDE:
                until = rectangle.columns - remainder(rectangle.columns, wide)
                with body.loop(begin, until, wide) as j:
                    tile(i, j, tall, wide)
                begin = until

        turned = rectangle.turned()
        sizes, vectors = ((6, 2, 1), 1) if few_registers() else ((8, 1), 2)
        with body.loop(0, turned, PANEL) as j:
            in_panel = select(turned - j > PANEL, PANEL, turned - j) >> 3
            rectangle.turn(panel, j, in_panel)
            for i, tall in rectangle.in_rows(*sizes):
                with body.loop(0, in_panel, vectors) as vector:
                    turned_tile(i, j, vector, tall, vectors)
        for i, tall in rectangle.in_rows(TALL, 1):
            band(i, tall, turned)
    if masked:
        for name, sums in (("again", _Rectangle.masked), ("again_turned", _Rectangle.masked_in_order)):
            with again(body, name) as (inner, k, i, tall, j, wide):
                rectangle = _Rectangle(inner, k)
                with inner.loop(i, i + tall) as one, inner.loop(j, j + wide) as other:
                    sums(rectangle, one, other)


class _Rectangle:
    """The sums of all products of some left factors with some right ones, the k-th of the code, in a function that has
    the arguments of `means`."""

    def __init__(self, body: Body, k: V) -> None:
        self.body, self.end, self.lanes = body, lanes_read(body), body.argument("lanes")
        found = words(body, body.argument("code"), k * RECTANGLE + 1, RECTANGLE)
        self.rows, self.columns, self.xs, self.ys = found[:4]
        self.first, self.down, self.across, self.off, self.off_down, self.off_across = found[4:]

    def lines(self, listed: V, count: int) -> list[V]:
        """Where so many factors begin, of those listed."""
        return [line * BLOCK for line in words(self.body, self.body.argument("code"), listed, count)]

    def sums(self, i: V, j: V, tall: int, wide: int, with_masks: bool = False) -> list[V]:
        """Of factors i, i + 1, … and j, j + 1, …; as many in a vector as fit, row after row."""
        body, zero = self.body, V(self.body, "zeroinitializer", "double", LANES)

        def at(line: V, lane: V) -> V:
            return body.load(body.at(self.lanes, line + lane), LANES)

        xs, ys, off = self.lines(self.xs + i, tall), self.lines(self.ys + j, wide), self.mask(i, j)
        totals = [body.variable(zero) for _ in range(tall * wide)]  # over every eighth lane
        together = 2 if few_registers() else wide
        for some in [range(q, min(q + together, wide)) for q in range(0, wide, together)]:
            with body.loop(0, self.end, LANES) as lane:
                left, right = [at(x, lane) for x in xs], [at(ys[q], lane) for q in some]
                if with_masks:
                    is_off = at(off, lane) != 0.0
                    left, right = [[select(is_off, 0.0, x) for x in side] for side in (left, right)]
                for r in range(tall):
                    for q, x in zip(some, right, strict=True):
                        place = totals[r * wide + q]
                        body.store(fma(left[r], x, body.load(place, LANES)), place)
        found = [body.load(total, LANES) for total in totals]
        filled = found + [zero] * (-len(found) % LANES)
        return [_across(body, filled[k : k + LANES]) for k in range(0, len(filled), LANES)]

    def keep(self, found: list[V], i: V, j: V, tall: int, wide: int) -> None:
        """Add them to what is there."""
        body, sums = self.body, self.body.argument("sums")

        def add(new: V, place: V) -> None:
            body.store(body.load(place, new.lanes) + new, place)

        parts = [_part(body, found[r * wide // LANES], r * wide % LANES, wide) for r in range(tall)]
        firsts = [self.first + (i + r) * self.down + j * self.across for r in range(tall)]
        if wide == 1:
            for part, first in zip(parts, firsts, strict=True):
                add(part, body.at(sums, first))
            return
        with body.when(self.across == 1):
            for part, first in zip(parts, firsts, strict=True):
                add(part, body.at(sums, first))
        with body.when(self.across != 1):
            for part, first in zip(parts, firsts, strict=True):
                for q in range(wide):
                    add(body.lane(part, q), body.at(sums, first + q * self.across))

    def mask(self, i: V, j: V) -> V:
        """Where it begins, that of one of them."""
        return (self.off + i * self.off_down + j * self.off_across) * BLOCK

    def masked(self, i: V, j: V) -> None:
        """One of them, with its masks."""
        self.keep(self.sums(i, j, 1, 1, True), i, j, 1, 1)

    def in_rows(self, *sizes: int) -> Iterator[tuple[V, int]]:
        """Rows, so many at a time as the first says, those that are left as the next does."""
        begin = self.body.integer(0)
        for tall in sizes:
            end = self.rows - remainder(self.rows, tall)
            with self.body.loop(begin, end, tall) as i:
                yield i, tall
            begin = end

    # Turned: the sums of a row lie side by side.

    def turned(self) -> V:
        """How many columns are."""
        pays = (self.across == 1) & (self.rows >= MANY)
        return select(pays, self.columns - remainder(self.columns, TURNED), self.body.integer(0))

    def turn(self, panel: V, j: V, count: V) -> None:
        """Right factors j, j + 1, … into the panel, so many vectors: LANES of them in the first example, then in the
        second, …; then the next LANES."""
        body = self.body
        with body.loop(0, count) as k, body.loop(0, self.end, LANES) as lane:
            lines = self.lines(self.ys + j + k * LANES, LANES)
            factors = [body.load(body.at(self.lanes, line + lane), LANES) for line in lines]
            for q, of_example in enumerate(turned(body, factors)):
                body.store(of_example, body.at(panel, (k * BLOCK + lane + q) * LANES))

    def turned_sums(self, panel: V, i: V, j: V, first: V, tall: int, vectors: int) -> list[V]:
        """Of factors i, i + 1, … and j, j + 1, …, which are these vectors of the panel, with what is there: row after
        row."""
        body = self.body
        totals = [body.variable(body.load(place, LANES)) for place in self.places(i, j, tall, vectors)]
        for next_ in self.places(i + tall, j, tall, vectors):  # a row away, where no cache expects it
            body.prefetch(next_)
        lines = self.lines(self.xs + i, tall)
        with body.loop(0, body.argument("live")) as lane:
            right = [body.load(body.at(panel, ((first + q) * BLOCK + lane) * LANES), LANES) for q in range(vectors)]
            for r, line in enumerate(lines):
                left = body.spread(body.load(body.at(self.lanes, line + lane)), LANES)
                for total, x in zip(totals[r * vectors :], right, strict=False):
                    body.store(fma(left, x, body.load(total, LANES)), total)
        return [body.load(total, LANES) for total in totals]

    def places(self, i: V, j: V, tall: int, vectors: int) -> list[V]:
        sums = self.body.argument("sums")
        firsts = [self.first + (i + r) * self.down + j for r in range(tall)]
        return [self.body.at(sums, first + k * LANES) for first in firsts for k in range(vectors)]

    def put(self, found: list[V], i: V, j: V, tall: int, vectors: int) -> None:
        for z, place in zip(found, self.places(i, j, tall, vectors), strict=True):
            self.body.store(z, place)

    def masked_in_order(self, i: V, j: V) -> None:
        """One of them, with its masks, as `turned_sums` adds."""
        body = self.body
        lines = [*self.lines(self.xs + i, 1), *self.lines(self.ys + j, 1), self.mask(i, j)]
        place = body.at(body.argument("sums"), self.first + i * self.down + j * self.across)
        total = body.variable(body.load(place))
        with body.loop(0, body.argument("live")) as lane:
            x, y, off = [body.load(body.at(self.lanes, line + lane)) for line in lines]
            before = body.load(total)
            body.store(select(off != 0.0, before, fma(x, y, before)), total)
        body.store(body.load(total), place)


def _first(body: Body, count: V) -> V:
    """Which lanes are among the first `count`."""
    order = ", ".join(f"i64 {k}" for k in range(LANES))
    return body.op(f"icmp slt <{LANES} x i64> <{order}>, {body.spread(count, LANES).name}", "i1", LANES)


def _part(body: Body, x: V, first: int, count: int) -> V:
    if count == LANES:
        return x
    if count == 1:
        return body.lane(x, first)
    return body.shuffled(x, x, range(first, first + count))


def turned(body: Body, xs: list[V]) -> list[V]:
    """Eight vectors of eight, rows for columns."""
    for width in (4, 2, 1):
        low = [p if not p & width else LANES + p - width for p in range(LANES)]
        high = [p + width if not p & width else LANES + p for p in range(LANES)]
        xs = [
            body.shuffled(xs[k], xs[k | width], low) if not k & width else body.shuffled(xs[k ^ width], xs[k], high)
            for k in range(LANES)
        ]
    return xs


def _across(body: Body, xs: list[V]) -> V:
    """Eight vectors of eight → the vector of their eight sums, each ((0+4)+(2+6)) + ((1+5)+(3+7))."""

    def merge(x: V, y: V, width: int) -> V:
        low, high = [], []
        for group in range(0, LANES, 2 * width):
            low += [*range(group, group + width), *range(LANES + group, LANES + group + width)]
            high += [*range(group + width, group + 2 * width), *range(LANES + group + width, LANES + group + 2 * width)]
        return body.shuffled(x, y, low) + body.shuffled(x, y, high)

    width = LANES // 2
    while len(xs) > 1:
        half = len(xs) // 2
        xs = [merge(xs[k], xs[k + half], width) for k in range(half)]
        width //= 2
    return xs[0]
