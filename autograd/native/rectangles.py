"""The products that means are taken of, as rectangles: of every x of some and every y of others; `means` reads them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from autograd.native.means import RECTANGLE, WIDE
from autograd.native.roll import Mean

Product = tuple[int, int, int, int]  # (number of its mean, x, off, y)


@dataclass
class Rectangle:
    """The products of every x of some and every y of others: the number of the first one's mean, how many more it is a
    row down and a column across; and so for the masks."""

    xs: list[int]
    ys: Sequence[int]
    first: int
    off: int
    down: int = 0
    across: int = 1
    off_down: int = 0
    off_across: int = 0

    def joins(self, x: int, number: int, off: int) -> bool:
        """Add a row, if it is where the next one is: the second says how far apart they are. Its means are others than
        those of the rows before, since a tile keeps the sums of several rows at once."""
        rows = len(self.xs)
        if rows == 1:
            self.down, self.off_down = number - self.first, off - self.off
        follows = (number, off) == (self.first + rows * self.down, self.off + rows * self.off_down)
        if not follows or abs(self.down) < len(self.ys):
            return False
        self.xs.append(x)
        return True

    def wide(self) -> Rectangle:
        """A tile is wider than tall: of few columns and more rows, these become the columns."""
        if len(self.ys) >= min(len(self.xs), WIDE[0]):
            return self
        turned = self.across, self.down, self.off_across, self.off_down
        return Rectangle([*self.ys], self.xs, self.first, self.off, *turned)


def mean_words(means: Sequence[Mean], masked: bool) -> list[int]:
    """The products with masks, or those without, as rectangles; those of one x have one mask."""
    found: dict[tuple[int, ...], Rectangle] = {}  # by their columns: those that more rows may join
    rectangles: list[Rectangle] = []
    for k in range(max([len(mean.products) for mean in means])):
        some = [(i, *mean.products[k]) for i, mean in enumerate(means) if len(mean.products) > k]
        products = [(i, x, off or 0, y) for i, x, y, off in some if (off is not None) == masked]
        for number, x, off, ys in _runs(products):
            if ys not in found or not found[ys].joins(x, number, off):
                found[ys] = Rectangle([x], ys, number, off)
                rectangles.append(found[ys])
    words, listed = [len(rectangles)], list[int]()
    for r in [rectangle.wide() for rectangle in rectangles]:
        xs = 1 + RECTANGLE * len(rectangles) + len(listed)
        listed += [*r.xs, *r.ys]
        words += [len(r.xs), len(r.ys), xs, xs + len(r.xs), r.first, r.down, r.across, r.off, r.off_down, r.off_across]
    return words + listed


def _runs(products: Sequence[Product]) -> Iterator[tuple[int, int, int, tuple[int, ...]]]:
    """(number, x, off, every y) of products that follow one another, with one x and one mask."""
    for _, run in groupby(enumerate(products), lambda entry: (entry[1][0] - entry[0], *entry[1][1:3])):
        some = [product for _, product in run]
        yield (*some[0][:3], tuple([y for *_, y in some]))
