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

from autograd.core.words import counted
from nn.activations import seeded

Inputs = list[list[float]]
CHALLENGER = os.path.join(os.path.dirname(__file__), "challenger.csv")
MOST_CLASSES = 20  # of a target that is text
GAPS = ("", "NA", "N/A", "NaN", "nan", "NULL", "null", "inf")  # what stands for a target that is missing among words


def moons(n: int = 100, noise: float = 0.1, seed: int | None = None) -> tuple[Inputs, list[int]]:
    """Two half circles, each around the other's end; the classes are 0 and 1."""
    rng = seeded(seed)
    rows = []
    for k in range(n):
        half, angle = k % 2, math.pi * (k // 2) / max(1, (n + 1) // 2 - 1)
        x, y = math.cos(angle), math.sin(angle)
        rows.append(([1 - x, 0.5 - y] if half else [x, y], half))
    return _shaken(rows, noise, rng)


def circles(n: int = 100, noise: float = 0.05, seed: int | None = None, inner: float = 0.5) -> tuple[Inputs, list[int]]:
    """A circle of radius 1, class 0, around one of radius `inner`, class 1."""
    rng = seeded(seed)
    rows = []
    for k in range(n):
        radius, angle = (1.0, inner)[k % 2], math.tau * (k // 2) / max(1, (n + 1) // 2)
        rows.append(([radius * math.cos(angle), radius * math.sin(angle)], k % 2))
    return _shaken(rows, noise, rng)


def spirals(
    n: int = 200, noise: float = 0.03, seed: int | None = None, classes: int = 2, turns: float = 1.0
) -> tuple[Inputs, list[int]]:
    """Arms that wind `turns` times around the origin, one for each class."""
    rng = seeded(seed)
    rows = []
    for k in range(n):
        arm, along = k % classes, (k // classes + 1) / max(1, math.ceil(n / classes))
        angle = math.tau * (turns * along + arm / classes)
        rows.append(([along * math.cos(angle), along * math.sin(angle)], arm))
    return _shaken(rows, noise, rng)


def xor(n: int = 4, noise: float = 0.0, seed: int | None = None) -> tuple[Inputs, list[int]]:
    """The corners of the unit square in turn; the class is whether exactly one coordinate is 1."""
    corners = [((k >> 1) & 1, k & 1) for k in range(n)]
    return _shaken([([float(a), float(b)], a ^ b) for a, b in corners], noise, seeded(seed), shuffle=n > 4)


def challenger() -> tuple[Inputs, list[int]]:
    """The 23 flights of the Space Shuttle before the Challenger accident: temperature at launch in °F → was an O-ring
    damaged? (Dalal, Fowlkes and Hoadley, Journal of the American Statistical Association 84, 1989)"""
    table = read_csv(CHALLENGER)
    return table.X, [int(y) for y in table.Y]


def digits() -> tuple[Inputs, list[int]]:
    """1,797 handwritten digits of 8 × 8 pixels between 0 and 1, from scikit-learn (the `notebooks` extra)."""
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise ImportError("nn.data.digits reads scikit-learn's copy: pip install scikit-learn") from None
    pixels, labels = load_digits(return_X_y=True)
    return (pixels / 16).tolist(), labels.tolist()


def split(X: Any, Y: Any, fraction: float = 0.2, seed: int | None = None) -> tuple[Any, Any, Any, Any]:
    """(X, Y) shuffled and cut in two, `fraction` of it in the second part: X, Y, X_held_out, Y_held_out."""
    if len(X) != len(Y):
        raise ValueError(f"split: {counted(len(X), 'row')} in X, but {len(Y)} in Y; there must be one target for each")
    if not (0.0 < fraction < 1.0 and 0 < (held_out := round(fraction * len(X))) < len(X)):
        raise ValueError(f"split: a fraction {fraction!r} of {counted(len(X), 'example')} leaves one part empty")
    order = seeded(seed).sample(range(len(X)), len(X))
    kept, out = order[held_out:], order[:held_out]
    return [X[i] for i in kept], [Y[i] for i in kept], [X[i] for i in out], [Y[i] for i in out]


def _shaken(
    rows: list[tuple[list[float], int]], noise: float, rng: random.Random, shuffle: bool = True
) -> tuple[Inputs, list[int]]:
    if shuffle:
        rng.shuffle(rows)
    return [[x + rng.gauss(0, noise) if noise else x for x in xs] for xs, _ in rows], [label for _, label in rows]


class Table(NamedTuple):
    """What a CSV file held: the names of its columns, the last of which is the target; where that is text, its classes,
    of which Y has the numbers."""

    names: list[str]
    X: Inputs
    Y: list[float]
    classes: tuple[str, ...] = ()


class DataError(ValueError):
    """A file of examples cannot be used: the message names the file, the row and the column."""


def read_csv(path: str | os.PathLike[str], target: str | None = None) -> Table:
    """A CSV file of numbers with a header row; the target is the last column, or the one of this name. A target that is
    text is a class: Y numbers its words in alphabetical order. DataError says what is wrong, and where.

    Columns are separated as the header says, by commas, semicolons or tabs; without commas between them, numbers may
    have a decimal comma. Rows are counted as the file's lines are, from 1.
    """
    import csv

    name = os.fspath(path)
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            header = file.readline()
            separator = max(",;\t", key=header.count)
            file.seek(0)
            reader = csv.reader(file, delimiter=separator)
            rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except OSError as error:
        raise DataError(f"{name}: {error.strerror or error}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{name}: not a CSV file of text in UTF-8 ({error})") from None
    if not rows:
        raise DataError(f"{name}: row 1: the file is empty; it needs a header row and rows of numbers")
    names = _header(name, *rows[0])
    if target is not None and target not in names:
        raise DataError(f"{name}: no column {target!r} for the target; there are {', '.join(names)}")
    last = len(names) - 1 if target is None else names.index(target)
    if len(rows) == 1:
        raise DataError(f"{name}: row {rows[0][0] + 1}: there are no examples below the header")
    for line, row in rows[1:]:
        _complete(name, line, row, names)
    body = [[*row[:last], *row[last + 1 :], row[last]] for _, row in rows[1:]]
    names = [*names[:last], *names[last + 1 :], names[last]]
    lines = [line for line, _ in rows[1:]]
    if separator != ",":
        body = _with_points(name, lines, body, names)
    classes = _classes(name, names[-1], lines, [row[-1].strip() for row in body])
    if classes:
        body = [[*row[:-1], str(classes.index(row[-1].strip()))] for row in body]
    numbers = [_numbers(name, line, row, names) for line, row in zip(lines, body, strict=True)]
    return Table(names, [row[:-1] for row in numbers], [row[-1] for row in numbers], classes)


def _header(file: str, line: int, cells: Sequence[str]) -> list[str]:
    names = [cell.strip() for cell in cells]
    if all(_is_number(cell) for cell in names):
        raise DataError(f"{file}: row {line}: the columns have no names; the first row must be a header")
    if len(names) < 2:
        raise DataError(f"{file}: row {line}: column 2 is missing; there must be an input and a target column")
    if "" in names:  # pandas writes its index so, which says nothing of the example
        raise DataError(f"{file}: row {line}: column {names.index('') + 1} has no name; name it, or leave it out")
    for before, after in pairwise(sorted(names)):
        if before == after:
            raise DataError(f"{file}: row {line}: column {after!r} appears twice")
    return names


def _complete(file: str, line: int, cells: Sequence[str], names: Sequence[str]) -> None:
    if len(cells) > len(names):
        raise DataError(
            f"{file}: row {line}: column {len(names) + 1} has no name in the header ({cells[len(names)]!r})"
        )
    if len(cells) < len(names):
        raise DataError(f"{file}: row {line}: column {names[len(cells)]!r} is missing")


def _with_points(file: str, lines: list[int], body: list[list[str]], names: Sequence[str]) -> list[list[str]]:
    """Decimal commas as points. A file that has both is refused: one of them may separate thousands."""
    with_points = [[c.replace(",", ".") if _is_number(c.replace(",", ".")) else c for c in row] for row in body]
    commas = [(line, names[k]) for line, row in zip(lines, body, strict=True) for k, c in enumerate(row) if "," in c]
    points = any("." in c and _is_number(c) for row in body for c in row)
    if commas and points:
        line, column = commas[0]
        raise DataError(f"{file}: row {line}, column {column!r}: decimal commas and decimal points in one file")
    return with_points


def _classes(file: str, column: str, lines: Sequence[int], cells: Sequence[str]) -> tuple[str, ...]:
    """The words of a target none of which is a number; none where one is."""
    if any(_is_number(cell) for cell in cells):
        return ()
    for line, cell in zip(lines, cells, strict=True):
        if cell in GAPS:
            raise DataError(f"{file}: row {line}, column {column!r}: {cell!r} is no class; leave out rows without one")
    classes = tuple(sorted(set(cells)))
    if len(classes) == 1:
        raise DataError(f"{file}: column {column!r}: {classes[0]!r} is no number, and as a class it is the only one")
    if len(classes) > MOST_CLASSES:
        raise DataError(f"{file}: column {column!r}: {len(classes)} different words; {MOST_CLASSES} classes at most")
    return classes


def _numbers(file: str, line: int, cells: Sequence[str], names: Sequence[str]) -> list[float]:
    for column, cell in zip(names, cells, strict=True):
        if not _is_number(cell):
            remedy = (
                "leave out rows without one" if cell.strip() in GAPS else "a column of words can be the target alone"
            )
            raise DataError(f"{file}: row {line}, column {column!r}: {cell.strip()!r} is not a finite number; {remedy}")
    return [float(cell) for cell in cells]


def _is_number(cell: str) -> bool:
    try:
        return math.isfinite(float(cell)) and "_" not in cell  # 1_000 is a number of Python's, not of a table's
    except ValueError:
        return False
