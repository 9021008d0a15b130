"""A table of numbers as a network of sigmoids sees it, and what is said of it in 80 columns.

x = (number − mean) / deviation,   y = (number − least) / range,   of classes y = 0 or 1, or one yₖ for each
"""

from __future__ import annotations

import math
import os
import random
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from autograd import label_text
from autograd.core.words import counted
from autograd.files import printable
from autograd.terminal import wrapped
from nn.accuracy import place_of_largest
from nn.data import DataError, Table
from nn.layers import MLP
from nn.prediction import predict

BESIDE = 11  # columns of what a line is about, under which nothing of it goes on
LAUNCHES = (31.0, 53.0, 81.0)  # °F: Challenger's last launch, the coldest and the warmest before it


def written(x: float, digits: int = 6) -> str:
    return f"{x:.{digits}g}".replace("-", "−")


class Scale(NamedTuple):
    """(x − shift) / size."""

    shift: float
    size: float

    def __call__(self, x: float) -> float:
        return (x - self.shift) / self.size

    def said(self, name: str) -> str:
        return f"({name} {'+' if self.shift < 0 else '−'} {abs(self.shift):.6g}) / {self.size:.6g}"

    def back(self, x: float) -> float:
        return x * self.size + self.shift


class Examples:
    """A table as the network sees it: inputs of mean 0 and deviation 1, targets between 0 and 1; of a long one, `most`
    rows that are drawn from it."""

    def __init__(self, table: Table, file: str | None, most: int, seed: int) -> None:
        self.given, self.seed = len(table.X), seed
        if self.given > most:
            drawn = sorted(random.Random(seed).sample(range(self.given), most))
            table = table._replace(X=[table.X[k] for k in drawn], Y=[table.Y[k] for k in drawn])
        self.table, self.own = table._replace(names=[printable(name) for name in table.names]), file is None
        self.name = "the Challenger flights" if self.own else "the file"
        self.title = self.name if file is None else printable(os.path.basename(file))
        self.scales = [_standard(column) for column in zip(*table.X, strict=True)]
        low, high = min(table.Y), max(table.Y)
        inside = low >= 0 and high <= 1
        self.classes = [printable(word) for word in table.classes]
        self.outputs = len(self.classes) if len(self.classes) > 2 else 1  # of two classes one output tells
        self.target = Scale(0.0, 1.0) if inside or self.classes else Scale(low, (high - low) or 1.0)
        for name, scale in zip(table.names, [*self.scales, self.target], strict=True):
            if not math.isfinite(scale.size):
                raise DataError(f"{file}: column {name!r}: its numbers are too far apart to be scaled to the same size")
        self.X = [self.scaled(row) for row in table.X]
        self.Y: list[Any] = [self.target(y) for y in table.Y]
        if self.outputs > 1:
            self.Y = [[float(y == k) for k in range(self.outputs)] for y in table.Y]

    def scaled(self, row: Sequence[float]) -> list[float]:
        return [scale(x) for scale, x in zip(self.scales, row, strict=True)]

    def description(self) -> str:
        *inputs, target = self.table.names
        what = "example" if not self.own else "flight"
        source = counted(len(self.X), what) + " of the Space Shuttle before Challenger's last" * self.own
        lines = [f"data       {source}: {', '.join(inputs)} → {target}"]
        if self.given > len(self.X):
            lines.append(f"sample     drawn from {self.given:,} by seed {self.seed}; --rows {self.given} takes all")
        for k, (name, scale) in enumerate(zip(inputs, self.scales, strict=True)):
            x = "x" if len(inputs) == 1 else label_text(f"x_{{{k + 1}}}")
            lines.append(f"inputs     standardised: {x} = {scale.said(name)}")
        if self.classes:
            ys = ["y"] * 2 if self.outputs == 1 else [label_text(f"y_{{{k}}}") for k in range(1, self.outputs + 1)]
            coded = zip((0, 1) if self.outputs == 1 else (1,) * self.outputs, self.classes, ys, strict=True)
            lines.append(f"classes    {', '.join([f'{y} = {number} is {word}' for number, word, y in coded])}")
        if self.target != Scale(0.0, 1.0):
            lines.append(f"target     scaled: y = {self.target.said(target)}")
        return "\n".join(map(wrapped, lines))

    def ends(self) -> list[str]:
        """The classes, or the least and the largest target: what the colours of a picture stand for."""
        name, Y = self.table.names[-1], self.table.Y
        ends = (0.0, 1.0) if {*Y} <= {0.0, 1.0} else (min(Y), max(Y))
        return self.classes or [f"{name} = {written(x)}" for x in ends]

    def said(self, k: int) -> str:
        y = self.table.Y[k]
        numbers = [*map(written, self.table.X[k]), self.classes[int(y)] if self.classes else written(y)]
        return ", ".join(f"{name} = {x}" for name, x in zip(self.table.names, numbers, strict=True))

    def read(self, output: Any) -> str:
        """What the network's output says of the target."""
        if not self.classes:
            return written(float(f"{self.target.back(output):.4g}"))  # 58270, as the table's numbers are, not 5.827e+04
        p = output if self.outputs > 1 else [1 - output, output]
        k = place_of_largest(p)
        return f"{self.classes[k]} ({p[k]:.4g})"

    def predictions(self, model: MLP) -> Iterator[str]:
        """The fitted target at chosen inputs."""
        *inputs, target = self.table.names
        if self.own:
            rows, heads = [[t] for t in LAUNCHES], [f"{t:g} °F" for t in LAUNCHES]
            title = "fitted     probability that an O-ring is damaged"
        elif len(inputs) == 1:
            column = sorted(x for (x,) in self.table.X)
            rows = [[x] for x in (column[0], column[len(column) // 2], column[-1])]
            heads, title = [f"{inputs[0]} = {written(x)}" for (x,) in rows], f"fitted     {target}"
        else:
            rows, heads = self.table.X[:3], [self.said(k) for k in range(len(self.table.X[:3]))]
            title = f"fitted     {target}"
        yield title
        for head, a in zip(heads, predict(model, [self.scaled(row) for row in rows], compiled=False), strict=True):
            yield wrapped(f"           {head}: {self.read(a)}", BESIDE)


def _standard(column: Sequence[float]) -> Scale:
    try:
        mean = math.fsum(column) / len(column)
        deviation = math.sqrt(math.fsum((x - mean) ** 2 for x in column) / len(column))
    except OverflowError:
        return Scale(0.0, math.inf)
    return Scale(mean, deviation or 1.0)
