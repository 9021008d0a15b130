"""Dense layers by register tiles: a matrix times a vector, and the means of all products of two vectors.

Both read a block of LANES examples, and their operands are affine: the weight of row i and column j is found at
start + i·down + j·across, whatever the layer. So one kernel, compiled once for a machine, serves every layer, its
transpose in the gradient, and every mean of its weights. A tile keeps as many sums in registers as there are: each
number that is loaded enters several of them.

A kernel reads the loop from `code`, 32-bit integers:

    matvec    rows, columns, first result, weights at, down, across, inputs at, apart, bias at, apart, masks at, apart
    means     how many rectangles, then of each: rows, columns, left factors at, apart, right factors at, apart, first
              sum, down, masks at, apart; sums lie side by side across

Places of weights are in `once`, and so are those of a bias in `once`; all others are lines of `lanes`, as in `encode`.
A sum has its terms in order whatever the tile, so that results do not depend on it. Where masks switch products off
(their 0 wins over an inf), a tile is computed plainly, and again with the masks only if a nan came out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from autograd.native.body import Body
from autograd.native.ir import LANES, V, fma, select

BLOCK = 64  # examples
ROWS, VECTORS = 4, 4  # of a tile of a matvec: its sums, VECTORS inputs and a weight fill 21 of 32 registers
TALL, WIDE = 2, (8, 2, 1)  # of a tile of means
VECTORS_OF_A_BLOCK = BLOCK // LANES


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
    code, once, lanes = map(body.argument, ("code", "once", "lanes"))
    m, n, z, w, down, across, x, x_apart, b, b_apart, off, off_apart = words(body, code, 0, 12)

    def at(place: V, vector: Any) -> V:
        return body.load(body.at(lanes, place * BLOCK + vector * LANES), LANES)

    def sums(row: V, count: int, first: Any, vectors: int, with_masks: bool = False) -> list[V]:
        """The sums of so many rows, in so many vectors of lanes."""
        totals = []
        for r in range(count):
            place = b + (row + r) * b_apart
            if bias_once:
                totals += [body.variable(body.spread(body.load(body.at(once, place)), LANES)) for _ in range(vectors)]
            else:
                totals += [body.variable(at(place, first + k)) for k in range(vectors)]
        with body.loop(0, n) as j:
            inputs = [at(x + j * x_apart, first + k) for k in range(vectors)]
            masks = [at(off + j * off_apart, first + k) != 0.0 for k in range(vectors)] if with_masks else []
            for r in range(count):
                weight = body.spread(body.load(body.at(once, w + (row + r) * down + j * across)), LANES)
                for k in range(vectors):
                    place = totals[r * vectors + k]
                    total = body.load(place, LANES)
                    new = fma(weight, inputs[k], total) if fused else total + weight * inputs[k]
                    body.store(select(masks[k], total, new) if with_masks else new, place)
        return [body.load(total, LANES) for total in totals]

    def keep(total: V, row: V, vector: Any) -> None:
        body.store(total, body.at(lanes, (z + row) * BLOCK + vector * LANES))

    def rows(row: V, count: int) -> None:
        for first in range(0, VECTORS_OF_A_BLOCK, VECTORS):
            totals = sums(row, count, first, VECTORS)
            for r in range(count):
                for k in range(VECTORS):
                    keep(totals[r * VECTORS + k], row + r, first + k)
            if masked:
                with (
                    body.when(_any_nan(body, totals)),
                    body.loop(row, row + count) as one_row,
                    body.loop(first, first + VECTORS) as vector,
                ):
                    keep(sums(one_row, 1, vector, 1, True)[0], one_row, vector)

    many = m - _remainder(m, ROWS)
    with body.loop(0, many, ROWS) as row:
        rows(row, ROWS)
    with body.loop(many, m) as row:
        rows(row, 1)


def means(body: Body, masked: bool) -> None:
    code, lanes, sums, live = map(body.argument, ("code", "lanes", "sums", "live"))
    (count,) = words(body, code, 0, 1)
    end = (live + (LANES - 1)) >> 3 << 3  # of the lanes that are read
    zero = V(body, "zeroinitializer", "double", LANES)

    def at(row: V, lane: V) -> V:
        return body.load(body.at(lanes, row * BLOCK + lane), LANES)

    with body.when(live < end):  # lanes that hold no example count as 0
        inside = _first(body, live - end + LANES)
        with body.loop(0, count) as k:
            rows, columns, x, x_apart, y, y_apart = words(body, code, k * 10 + 1, 6)
            for first, apart, many in ((x, x_apart, rows), (y, y_apart, columns)):
                with body.loop(0, many) as i:
                    place = body.at(lanes, (first + i * apart) * BLOCK + end - LANES)
                    body.store(select(inside, body.load(place, LANES), 0.0), place)

    with body.loop(0, count) as k:
        rows, columns, x, x_apart, y, y_apart, s, down, off, off_apart = words(body, code, k * 10 + 1, 10)

        def products(i: V, j: V, tall: int, wide: int, with_masks: bool = False) -> list[V]:
            """Of factors i, i + 1, … and j, j + 1, …: the sum over every eighth lane."""
            totals = [body.variable(zero) for _ in range(tall * wide)]
            with body.loop(0, end, LANES) as lane:
                left = [at(x + (i + r) * x_apart, lane) for r in range(tall)]
                right = [at(y + (j + q) * y_apart, lane) for q in range(wide)]
                if with_masks:
                    right = [select(at(off + i * off_apart, lane) != 0.0, 0.0, right[0])]
                for r in range(tall):
                    for q in range(wide):
                        place = totals[r * wide + q]
                        body.store(fma(left[r], right[q], body.load(place, LANES)), place)
            return [body.load(total, LANES) for total in totals]

        def summed(found: list[V]) -> list[V]:
            """Over the lanes; as many sums in a vector as fit, row after row."""
            filled = found + [zero] * (-len(found) % LANES)
            return [_across(body, filled[k : k + LANES]) for k in range(0, len(filled), LANES)]

        def keep(found: list[V], i: V, j: V, tall: int, wide: int) -> None:
            for r in range(tall):
                place = body.at(sums, s + (i + r) * down + j)
                part = _part(body, found[r * wide // LANES], r * wide % LANES, wide)
                body.store(body.load(place, wide) + part, place)

        def tile(i: V, j: V, tall: int, wide: int) -> None:
            found = summed(products(i, j, tall, wide))
            if not masked:
                keep(found, i, j, tall, wide)
                return
            nan = _any_nan(body, found)
            with body.when(nan), body.loop(i, i + tall) as one, body.loop(j, j + wide) as other:
                keep(summed(products(one, other, 1, 1, True)), one, other, 1, 1)
            with body.when(body.op(f"xor {nan}, true", "i1")):
                keep(found, i, j, tall, wide)

        def band(i: V, tall: int) -> None:
            begin: Any = 0
            for wide in WIDE:
                until = columns - _remainder(columns, wide)
                with body.loop(begin, until, wide) as j:
                    tile(i, j, tall, wide)
                begin = until

        many = rows - _remainder(rows, TALL)
        with body.loop(0, many, TALL) as i:
            band(i, TALL)
        with body.loop(many, rows) as i:
            band(i, 1)


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
