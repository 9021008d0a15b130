"""Examples to learn from, as plain lists: X, one list of inputs for each example, and Y, its target.

The made-up ones come from a seeded generator of Python's and are the same everywhere. Classes are numbered from 0.
"""

from __future__ import annotations

import math
import os
import random
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

Inputs = list[list[float]]


def moons(n: int = 100, noise: float = 0.1, seed: int | None = None) -> tuple[Inputs, list[int]]:
    """Two half circles, each around the other's end; the classes are 0 and 1."""
    rng = random.Random(seed)
    rows = []
    for k in range(n):
        half, angle = k % 2, math.pi * (k // 2) / max(1, (n + 1) // 2 - 1)
        x, y = math.cos(angle), math.sin(angle)
        rows.append(([1 - x, 0.5 - y] if half else [x, y], half))
    return _shaken(rows, noise, rng)


def circles(n: int = 100, noise: float = 0.05, seed: int | None = None, inner: float = 0.5) -> tuple[Inputs, list[int]]:
    """A circle of radius 1, class 0, around one of radius `inner`, class 1."""
    rng = random.Random(seed)
    rows = []
    for k in range(n):
        radius, angle = (1.0, inner)[k % 2], math.tau * (k // 2) / max(1, (n + 1) // 2)
        rows.append(([radius * math.cos(angle), radius * math.sin(angle)], k % 2))
    return _shaken(rows, noise, rng)


def spirals(
    n: int = 200, noise: float = 0.03, seed: int | None = None, classes: int = 2, turns: float = 1.0
) -> tuple[Inputs, list[int]]:
    """Arms that wind `turns` times around the origin, one for each class."""
    rng = random.Random(seed)
    rows = []
    for k in range(n):
        arm, along = k % classes, (k // classes + 1) / max(1, math.ceil(n / classes))
        angle = math.tau * (turns * along + arm / classes)
        rows.append(([along * math.cos(angle), along * math.sin(angle)], arm))
    return _shaken(rows, noise, rng)


def xor(n: int = 4, noise: float = 0.0, seed: int | None = None) -> tuple[Inputs, list[int]]:
    """The corners of the unit square in turn; the class is whether exactly one coordinate is 1."""
    corners = [((k >> 1) & 1, k & 1) for k in range(n)]
    return _shaken([([float(a), float(b)], a ^ b) for a, b in corners], noise, random.Random(seed), shuffle=n > 4)


def challenger() -> tuple[Inputs, list[int]]:
    """The 23 flights of the Space Shuttle before the Challenger accident: temperature at launch in °F → was an O-ring
    damaged? (Dalal, Fowlkes and Hoadley, Journal of the American Statistical Association 84, 1989)"""
    table = read_csv(os.path.join(os.path.dirname(__file__), "challenger.csv"))
    return table.X, [int(y) for y in table.Y]


def digits() -> tuple[Inputs, list[int]]:
    """1,797 handwritten digits of 8 × 8 pixels between 0 and 1, from scikit-learn (the `notebooks` extra)."""
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise ImportError("nn.data.digits reads scikit-learn's copy: pip install 'chainrule[notebooks]'") from None
    pixels, labels = load_digits(return_X_y=True)
    return (pixels / 16).tolist(), labels.tolist()


def split(X: Any, Y: Any, fraction: float = 0.2, seed: int | None = None) -> tuple[Any, Any, Any, Any]:
    """(X, Y) shuffled and cut in two, `fraction` of it in the second part: X, Y, X_held_out, Y_held_out."""
    if len(X) != len(Y):
        raise ValueError(f"split: {len(X)} rows in X, but {len(Y)} in Y; there must be one target for each")
    held_out = round(fraction * len(X))
    if not 0 < held_out < len(X):
        raise ValueError(f"split: a fraction {fraction!r} of {len(X)} examples leaves one part empty")
    order = random.Random(seed).sample(range(len(X)), len(X))
    kept, out = order[held_out:], order[:held_out]
    return [X[i] for i in kept], [Y[i] for i in kept], [X[i] for i in out], [Y[i] for i in out]


def _shaken(
    rows: list[tuple[list[float], int]], noise: float, rng: random.Random, shuffle: bool = True
) -> tuple[Inputs, list[int]]:
    if shuffle:
        rng.shuffle(rows)
    return [[x + rng.gauss(0, noise) if noise else x for x in xs] for xs, _ in rows], [label for _, label in rows]


class Table(NamedTuple):
    """What a CSV file held: the names of its columns, the last of which is the target."""

    names: list[str]
    X: Inputs
    Y: list[float]


class DataError(ValueError):
    """A file of examples cannot be used: the message names the file, the row and the column."""


def read_csv(path: str | os.PathLike[str]) -> Table:
    """A CSV file of numbers with a header row; the last column is the target. DataError says what is wrong, and where.

    Rows are counted as the file's lines are, from 1.
    """
    import csv

    name = os.fspath(path)
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except OSError as error:
        raise DataError(f"{name}: {error.strerror or error}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{name}: not a CSV file of text in UTF-8 ({error})") from None
    if not rows:
        raise DataError(f"{name}: row 1: the file is empty; it needs a header row and rows of numbers")
    names = _header(name, *rows[0])
    if len(rows) == 1:
        raise DataError(f"{name}: row {rows[0][0] + 1}: there are no examples below the header")
    numbers = [_numbers(name, line, row, names) for line, row in rows[1:]]
    return Table(names, [row[:-1] for row in numbers], [row[-1] for row in numbers])


def _header(file: str, line: int, cells: Sequence[str]) -> list[str]:
    names = [cell.strip() for cell in cells]
    if all(_is_number(cell) for cell in names):
        raise DataError(f"{file}: row {line}: the columns have no names; the first row must be a header")
    if len(names) < 2:
        raise DataError(f"{file}: row {line}: column 2 is missing; there must be an input and a target column")
    for before, after in pairwise(sorted(names)):
        if before == after:
            raise DataError(f"{file}: row {line}: column {after!r} appears twice")
    return names


def _numbers(file: str, line: int, cells: Sequence[str], names: Sequence[str]) -> list[float]:
    if len(cells) > len(names):
        raise DataError(
            f"{file}: row {line}: column {len(names) + 1} has no name in the header ({cells[len(names)]!r})"
        )
    if len(cells) < len(names):
        raise DataError(f"{file}: row {line}: column {names[len(cells)]!r} is missing")
    for column, cell in zip(names, cells, strict=True):
        if not _is_number(cell):
            raise DataError(f"{file}: row {line}, column {column!r}: {cell.strip()!r} is not a finite number")
    return [float(cell) for cell in cells]


def _is_number(cell: str) -> bool:
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False
