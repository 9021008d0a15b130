"""Dense layers by register tiles: a matrix times a vector, and the means of all products of two vectors.

Both read a block of LANES examples, and their operands are affine: the weight of row i and column j is found at
start + i·down + j·across, whatever the layer. So one kernel, compiled once for a machine, serves every layer, its
transpose in the gradient, and every mean of its weights. A tile keeps as many sums in registers as there are: each
number that is loaded enters several of them.

A kernel reads the loop from `code`, 32-bit integers:

    matvec    rows, columns, first result, weights at, down, across, inputs at, apart, bias at, apart, masks at, apart
    means     how many rectangles, then of each RECTANGLE words: rows, columns, left factors at, apart, right factors
              at, apart, first sum, down, across, masks at, down, across

Places of weights are in `once`, and so are those of a bias in `once`; all others are lines of `lanes`, as in `encode`.
A sum has its terms in order whatever the tile, so that results do not depend on it. Where masks switch products off
(their 0 wins over an inf), a tile is computed plainly, and again with the masks only if a nan came out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from autograd.native.body import Body
from autograd.native.ir import LANES, V, fma, select

BLOCK = 64  # examples
ROWS, VECTORS = 4, 4  # of a tile of a matvec: its sums, VECTORS inputs and a weight fill 21 of 32 registers
TALL, WIDE = 2, (8, 2, 1)  # of a tile of means


RECTANGLE = 12


class Matvec(NamedTuple):
    """The kernel of one row of W·x + b after another."""

    bias_once: bool
    fused: bool
    masked: bool

    def write(self, body: Body) -> None:
        matvec(body, *self)


class Means(NamedTuple):
    """The kernel of the sums that means are taken of."""

    masked: bool

    def write(self, body: Body) -> None:
        means(body, *self)


def matvec(body: Body, bias_once: bool, fused: bool, masked: bool) -> None:
    layer = _Layer(body, bias_once, fused)

    def tile(row: V, count: int, first: V, vectors: int) -> None:
        totals = layer.sums(row, count, first, vectors)
        layer.keep(totals, row, count, first, vectors)
        if masked:
            with body.when(_any_nan(body, totals)):
                _call_again(body, 0, row, count, first, vectors)

    in_use = _lanes_read(body) >> 3  # vectors
    in_tiles = in_use & -VECTORS

    def rows(row: V, count: int) -> None:
        with body.loop(0, in_tiles, VECTORS) as first:
            tile(row, count, first, VECTORS)
        with body.loop(in_tiles, in_use) as first:
            tile(row, count, first, 1)

    many = layer.rows - _remainder(layer.rows, ROWS)
    with body.loop(0, many, ROWS) as row:
        rows(row, ROWS)
    with body.loop(many, layer.rows) as row:
        rows(row, 1)
    if masked:
        with _again(body) as (inner, _, row, count, first, vectors):
            layer = _Layer(inner, bias_once, fused)
            with inner.loop(row, row + count) as one, inner.loop(first, first + vectors) as vector:
                layer.keep(layer.sums(one, 1, vector, 1, True), one, 1, vector, 1)


class _Layer:
    """A matvec in a function that has its arguments."""

    def __init__(self, body: Body, bias_once: bool, fused: bool) -> None:
        self.body, self.bias_once, self.fused = body, bias_once, fused
        self.once, self.lanes = body.argument("once"), body.argument("lanes")
        found = words(body, body.argument("code"), 0, 12)
        self.rows, self.n, self.z, self.w, self.down, self.across = found[:6]
        self.x, self.x_apart, self.b, self.b_apart, self.off, self.off_apart = found[6:]

    def at(self, place: V, vector: Any) -> V:
        return self.body.load(self.body.at(self.lanes, place * BLOCK + vector * LANES), LANES)

    def sums(self, row: V, count: int, first: Any, vectors: int, with_masks: bool = False) -> list[V]:
        """The sums of so many rows, in so many vectors of lanes."""
        body, at, totals = self.body, self.at, []
        for r in range(count):
            place = self.b + (row + r) * self.b_apart
            if self.bias_once:
                bias = body.spread(body.load(body.at(self.once, place)), LANES)
                totals += [body.variable(bias) for _ in range(vectors)]
            else:
                totals += [body.variable(at(place, first + k)) for k in range(vectors)]
        with body.loop(0, self.n) as j:
            inputs = [at(self.x + j * self.x_apart, first + k) for k in range(vectors)]
            offs = range(vectors) if with_masks else ()
            masks = [at(self.off + j * self.off_apart, first + k) != 0.0 for k in offs]
            for r in range(count):
                weight = body.load(body.at(self.once, self.w + (row + r) * self.down + j * self.across))
                weight = body.spread(weight, LANES)
                for k in range(vectors):
                    place = totals[r * vectors + k]
                    total = body.load(place, LANES)
                    new = fma(weight, inputs[k], total) if self.fused else total + weight * inputs[k]
                    body.store(select(masks[k], total, new) if with_masks else new, place)
        return [body.load(total, LANES) for total in totals]

    def keep(self, totals: list[V], row: V, count: int, first: Any, vectors: int) -> None:
        for r in range(count):
            for k in range(vectors):
                place = self.body.at(self.lanes, (self.z + row + r) * BLOCK + (first + k) * LANES)
                self.body.store(totals[r * vectors + k], place)


# What is computed once more, product by product with its masks, is a function of its own: what is rare takes no
# registers of what is not.


def _call_again(body: Body, *numbers: Any) -> None:
    given = [V(body, str(x), "i64") if isinstance(x, int) else x for x in numbers]
    arguments = [body.argument(name) for _, name in body.arguments]
    body.do(f"call void @again({', '.join(map(repr, [*arguments, *given]))})")


@contextmanager
def _again(body: Body) -> Iterator[tuple[Any, ...]]:
    """Write that function, of the arguments of this one and of a tile: of which rectangle, where and how far
    down, where and how far across."""
    names = ("of", "i", "tall", "j", "wide")
    inner = Body(body.module, "again", [*body.arguments, *[("i64", name) for name in names]])
    yield inner, *map(inner.argument, names)
    inner.give()
    body.module.add(inner, "internal", "noinline cold nounwind")


def means(body: Body, masked: bool) -> None:
    code, lanes, live = map(body.argument, ("code", "lanes", "live"))
    (count,) = words(body, code, 0, 1)
    end = _lanes_read(body)

    with body.when(live < end):  # lanes that hold no example count as 0
        inside = _first(body, live - end + LANES)
        with body.loop(0, count) as k:
            rows, columns, x, x_apart, y, y_apart = words(body, code, k * RECTANGLE + 1, 6)
            for first, apart, many in ((x, x_apart, rows), (y, y_apart, columns)):
                with body.loop(0, many) as i:
                    place = body.at(lanes, (first + i * apart) * BLOCK + end - LANES)
                    body.store(select(inside, body.load(place, LANES), 0.0), place)

    with body.loop(0, count) as k:
        rectangle = _Rectangle(body, k)

        def tile(i: V, j: V, tall: int, wide: int) -> None:
            found = rectangle.sums(i, j, tall, wide)
            if not masked:
                rectangle.keep(found, i, j, tall, wide)
                return
            nan = _any_nan(body, found)
            with body.when(nan):
                _call_again(body, k, i, tall, j, wide)
            with body.when(nan ^ True):
                rectangle.keep(found, i, j, tall, wide)

        def band(i: V, tall: int) -> None:
            begin: Any = 0
            for wide in WIDE:
                until = rectangle.columns - _remainder(rectangle.columns, wide)
                with body.loop(begin, until, wide) as j:
                    tile(i, j, tall, wide)
                begin = until

        many = rectangle.rows - _remainder(rectangle.rows, TALL)
        with body.loop(0, many, TALL) as i:
            band(i, TALL)
        with body.loop(many, rectangle.rows) as i:
            band(i, 1)
    if masked:
        with _again(body) as (inner, k, i, tall, j, wide):
            rectangle = _Rectangle(inner, k)
            with inner.loop(i, i + tall) as one, inner.loop(j, j + wide) as other:
                rectangle.keep(rectangle.sums(one, other, 1, 1, True), one, other, 1, 1)


class _Rectangle:
    """The sums of all products of some left factors with some right ones, the k-th of the code, in a function that has
    the arguments of `means`."""

    def __init__(self, body: Body, k: V) -> None:
        self.body, self.end, self.lanes = body, _lanes_read(body), body.argument("lanes")
        found = words(body, body.argument("code"), k * RECTANGLE + 1, RECTANGLE)
        self.rows, self.columns, self.x, self.x_apart, self.y, self.y_apart = found[:6]
        self.first, self.down, self.across, self.off, self.off_down, self.off_across = found[6:]

    def sums(self, i: V, j: V, tall: int, wide: int, with_masks: bool = False) -> list[V]:
        """Of factors i, i + 1, … and j, j + 1, …; as many in a vector as fit, row after row."""
        body, zero = self.body, V(self.body, "zeroinitializer", "double", LANES)

        def at(row: V, lane: V) -> V:
            return body.load(body.at(self.lanes, row * BLOCK + lane), LANES)

        totals = [body.variable(zero) for _ in range(tall * wide)]  # over every eighth lane
        with body.loop(0, self.end, LANES) as lane:
            left = [at(self.x + (i + r) * self.x_apart, lane) for r in range(tall)]
            right = [at(self.y + (j + q) * self.y_apart, lane) for q in range(wide)]
            if with_masks:
                is_off = at(self.off + i * self.off_down + j * self.off_across, lane) != 0.0
                left, right = [[select(is_off, 0.0, x) for x in side] for side in (left, right)]
            for r in range(tall):
                for q in range(wide):
                    place = totals[r * wide + q]
                    body.store(fma(left[r], right[q], body.load(place, LANES)), place)
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


def _lanes_read(body: Body) -> V:
    """Up to where: whole vectors, of which the last may hold lanes without an example."""
    return (body.argument("live") + (LANES - 1)) >> 3 << 3


def words(body: Body, code: V, first: Any, count: int) -> list[V]:
    """Numbers of the code, with their signs."""
    found = [body.load(body.at(code, first + k, "i32"), kind="i32") for k in range(count)]
    return [body.op(f"sext {word} to i64", "i64") for word in found]


def _any_nan(body: Body, xs: Sequence[V]) -> V:
    """Whether a nan is in any lane of any of them: their sum is one then, or of an inf and a −inf."""
    total = xs[0]
    for x in xs[1:]:
        total = total + x
    nan = body.op(f"fcmp uno {total}, {total.name}", "i1", LANES)
    return body.op(f"icmp ne i{LANES} {body.op(f'bitcast {nan} to i{LANES}', f'i{LANES}').name}, 0", "i1")


def _remainder(x: V, y: int) -> V:
    return x.body.op(f"urem {x}, {y}", "i64")


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
