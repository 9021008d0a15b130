"""Dense layers by register tiles: a matrix times a vector. What their gradient averages is in `means`.

A kernel reads a block of LANES examples, and its operands are affine: the weight of row i and column j is found at
start + i·down + j·across, whatever the layer. So one kernel, compiled once for a machine, serves every layer, and its
transpose in the gradient. A tile keeps as many sums in registers as there are: each number that is loaded enters
several of them.

The loop is read from `code`, 32-bit integers:

    rows, columns, first result, weights at, down, across, inputs at, apart, bias at, apart, masks at, apart,
    and of each other operand of what is computed of the sums at once: at, apart

Places of weights are in `once`, and so are those of a bias in `once`; all others are lines of `lanes`, as in `encode`.
A sum has its terms in order whatever the tile, so that results do not depend on it, nor on the processor. Where masks
switch products off (their 0 wins over an inf), a tile is computed plainly, and again with the masks only if a nan came
out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple

from autograd.core.primitives import Primitive
from autograd.native.body import Body
from autograd.native.build import has
from autograd.native.ir import LANES, V, fma, in_any_lane, select
from autograd.native.rows import compute

BLOCK = 64  # examples


@cache
def few_registers() -> bool:
    """Do the processor's hold 8 vectors of LANES doubles, and not 32?"""
    return not has("avx512f")


def sizes() -> list[tuple[int, int]]:
    """Of the tiles of a matvec, (rows, vectors), the largest first: sums, inputs and a weight fit in registers."""
    return [(6, 1), (2, 2), (1, 4)] if few_registers() else [(4, 4), (1, 4)]


class Matvec(NamedTuple):
    """The kernel of one row of W·x + b after another."""

    bias_once: bool
    fused: bool
    masked: bool
    then: Primitive | None = None  # of each sum, as this of its operands
    place: int = 0

    def write(self, body: Body) -> None:
        matvec(body, self)


def matvec(body: Body, kind: Matvec) -> None:
    layer, masked = _Layer(body, kind), kind.masked

    def tile(row: V, count: int, first: V, vectors: int) -> None:
        totals = layer.sums(row, count, first, vectors)
        layer.keep(totals, row, count, first, vectors)
        if masked:
            with body.when(any_nan(body, totals)):
                call_again(body, "again", 0, row, count, first, vectors)

    in_use, begin = lanes_read(body) >> 3, body.integer(0)
    for count, vectors in sizes():
        end = layer.rows - remainder(layer.rows, count)
        in_tiles = in_use & -vectors
        with body.loop(begin, end, count) as row:
            with body.loop(0, in_tiles, vectors) as first:
                tile(row, count, first, vectors)
            if vectors > 1:
                with body.loop(in_tiles, in_use) as first:
                    tile(row, count, first, 1)
        begin = end
    if masked:
        with again(body, "again") as (inner, _, row, count, first, vectors):
            layer = _Layer(inner, kind)
            with inner.loop(row, row + count) as one, inner.loop(first, first + vectors) as vector:
                layer.keep(layer.sums(one, 1, vector, 1, True), one, 1, vector, 1)


class _Layer:
    """A matvec in a function that has its arguments."""

    def __init__(self, body: Body, kind: Matvec) -> None:
        self.body, (self.bias_once, self.fused, _, self.then, self.place) = body, kind
        self.once, self.lanes = body.argument("once"), body.argument("lanes")
        others = self.then.arity - 1 if self.then and self.then.arity else 0
        found = words(body, body.argument("code"), 0, 12 + 2 * others)
        self.rows, self.n, self.z, self.w, self.down, self.across = found[:6]
        self.x, self.x_apart, self.b, self.b_apart, self.off, self.off_apart = found[6:12]
        self.others = [*zip(found[12::2], found[13::2], strict=True)]

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
                z = totals[r * vectors + k]
                if self.then:
                    operands = [self.at(start + (row + r) * apart, first + k) for start, apart in self.others]
                    operands.insert(self.place, z)
                    z = self.body.spread(compute(self.then, operands), LANES)
                self.body.store(z, self.body.at(self.lanes, (self.z + row + r) * BLOCK + (first + k) * LANES))


# What is computed once more, product by product with its masks, is a function of its own: what is rare takes no
# registers of what is not.


def call_again(body: Body, name: str, *numbers: Any) -> None:
    given = [V(body, str(x), "i64") if isinstance(x, int) else x for x in numbers]
    arguments = [body.argument(name) for _, name in body.arguments]
    body.do(f"call void @{name}({', '.join(map(repr, [*arguments, *given]))})")


@contextmanager
def again(body: Body, name: str) -> Iterator[tuple[Any, ...]]:
    """Write such a function, of the arguments of this one and of a tile: of which rectangle, where and how far
    down, where and how far across."""
    names = ("of", "i", "tall", "j", "wide")
    inner = Body(body.module, name, [*body.arguments, *[("i64", name) for name in names]])
    yield inner, *map(inner.argument, names)
    inner.give()
    body.module.add(inner, "internal", "noinline cold nounwind")


def lanes_read(body: Body) -> V:
    """Up to where: whole vectors, of which the last may hold lanes without an example."""
    return (body.argument("live") + (LANES - 1)) >> 3 << 3


def words(body: Body, code: V, first: Any, count: int) -> list[V]:
    """Numbers of the code, with their signs."""
    found = [body.load(body.at(code, first + k, "i32"), kind="i32") for k in range(count)]
    return [body.op(f"sext {word} to i64", "i64") for word in found]


def any_nan(body: Body, xs: Sequence[V]) -> V:
    """Whether a nan is in any lane of any of them: their sum is one then, or of an inf and a −inf."""
    total = xs[0]
    for x in xs[1:]:
        total = total + x
    return in_any_lane(body.op(f"fcmp uno {total}, {total.name}", "i1", LANES))


def remainder(x: V, y: int) -> V:
    return x.body.op(f"urem {x}, {y}", "i64")
