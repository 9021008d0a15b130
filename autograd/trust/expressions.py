"""Random expressions over the table: functions that are their own listing, as plain Python.

An expression is a list of steps; each applies a row to inputs, constants and earlier steps, and the last one is the
result. It can be called with numbers, with Values, or with the scalars of any other engine that has operators and
methods of the usual names, which is what makes it a test of two engines against each other.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from autograd.core.columns import ATOM, POWER, Primitive
from autograd.core.number import number
from autograd.core.primitives import dot_parts
from autograd.core.value import Value
from autograd.core.words import counted

Operand = int | float  # the index of an input or step (inputs first), or a constant

_SIGN = 2.5  # how tightly a sign before a number binds in Python: between a product and a power


class Step(NamedTuple):
    row: Primitive
    operands: tuple[Operand, ...]


class Expression:
    """f(x1, …, xn), with the numbers it was drawn with in `inputs`. `repr` is its definition and a call, in Python."""

    def __init__(self, inputs: Sequence[float], steps: Sequence[Step]) -> None:
        self.inputs = tuple(inputs)
        self.steps = _live(len(self.inputs), list(steps))
        self.__name__ = "f"
        kind = inspect.Parameter.POSITIONAL_ONLY
        self.__signature__ = inspect.Signature([inspect.Parameter(name, kind) for name in self.names])

    @property
    def names(self) -> list[str]:
        """Of the inputs: x, y, z, or x1, x2, … if there are more."""
        n = len(self.inputs)
        return ["x", "y", "z"][:n] if n <= 3 else [f"x{i + 1}" for i in range(n)]

    def __call__(self, *xs: Any) -> Any:
        if len(xs) != len(self.inputs):
            raise TypeError(f"this expression takes {counted(len(self.inputs), 'number')}, got {len(xs)}")
        return self.applied(_applied, xs)

    def applied(self, apply: Callable[[Primitive, list[Any]], Any], xs: Sequence[Any]) -> Any:
        """The result, with apply(row, operands) in the place of the rows."""
        known = list(xs)
        for row, operands in self.steps:
            known.append(apply(row, [known[i] if isinstance(i, int) else i for i in operands]))
        return known[-1] if self.steps else known[0]

    def __len__(self) -> int:
        return len(self.steps)

    def __repr__(self) -> str:
        n = len(self.inputs)
        uses = [i for step in self.steps for i in step.operands if isinstance(i, int)]
        texts: list[tuple[str, float]] = [(name, ATOM) for name in self.names]
        lines = []
        for k, step in enumerate(self.steps, n):
            text = _written(step, texts)
            if k == n + len(self.steps) - 1:
                lines.append(f"    return {text[0]}")
            elif uses.count(k) == 1 and len(text[0]) < 40:
                texts.append(text)  # written where it is used
            else:
                lines.append(f"    v{k - n + 1} = {text[0]}")
                texts.append((f"v{k - n + 1}", ATOM))
        if not self.steps:
            lines = [f"    return {self.names[0]}"]
        call = f"f({', '.join(map(repr, self.inputs))})"
        return "\n".join([f"def f({', '.join(self.names)}):", *lines, call])


def _live(n: int, steps: list[Step]) -> list[Step]:
    """The steps that the last one depends on, renumbered."""
    needed = {n + len(steps) - 1}
    for k in range(n + len(steps) - 1, n - 1, -1):
        if k in needed:
            needed.update([i for i in steps[k - n].operands if isinstance(i, int)])
    new = {i: i for i in range(n)}
    live: list[Step] = []
    for k, (row, operands) in enumerate(steps, n):
        if k in needed:
            new[k] = n + len(live)
            live.append(Step(row, tuple([new[i] if isinstance(i, int) else i for i in operands])))
    return live


def _applied(row: Primitive, xs: list[Any]) -> Any:
    """A row on numbers and Values; on scalars of another engine, by its operators and methods."""
    if all([isinstance(x, Value | float | int) for x in xs]):
        return row(*xs)
    if row.is_arithmetic:
        return eval(f"lambda x, y: x {row.infix} y" if row.arity == 2 else f"lambda x: {row.infix}x")(*xs)
    if row.name == "abs":
        return abs(xs[0])
    if row.name == "sum":
        return sum(xs[1:], xs[0])
    method = getattr(xs[0], row.name, None)
    if method is None:
        raise TypeError(f"{type(xs[0]).__name__} has no method {row.name!r}; draw expressions(primitives=…) without it")
    return method(*xs[1:])


def _written(step: Step, texts: list[tuple[str, float]]) -> tuple[str, float]:
    """A step in Python, and how tightly it binds."""
    row, operands = step
    parts = [texts[i] if isinstance(i, int) else (repr(i), ATOM if i >= 0 else _SIGN) for i in operands]
    if row.is_arithmetic and row.arity == 1:
        return row.infix + _bracketed(*parts[0], _SIGN), _SIGN
    if row.is_arithmetic:
        (x, left), (y, right) = parts
        x = x if left == row.level != POWER else _bracketed(x, left, row.level)
        return f"{x} {row.infix} {_bracketed(y, right, row.level)}", row.level
    plain = [text for text, _ in parts]
    if row.name == "dot":
        ws, b, xs = dot_parts(plain)
        return f"dot([{', '.join(ws)}], [{', '.join(xs)}], {b})", ATOM
    listed = ", ".join(plain)
    return f"{row.name}([{listed}])" if row.arity is None else f"{row.name}({listed})", ATOM


def _bracketed(text: str, level: float, least: float) -> str:
    """The text, in brackets unless it binds more tightly than that."""
    return text if level > least else f"({text})"


def is_ordinary(row: Primitive, xs: Sequence[float], margin: float = 1e-2, largest: float = 1e3) -> bool:
    """Whether a row is smooth and of moderate size at a point: inside its domain and off its kinks by the margin, and
    with a value and partials that are finite and no larger than `largest`."""
    try:
        if row.arity is not None:
            for x, (low, high) in zip(xs, row.domain, strict=True):
                if not low + margin <= x <= high - margin:
                    return False
        if any([not abs(kink(*xs)) >= margin for kink in row.kinks]):
            return False
        z = number(row.forward(*xs), row.name)
        partials = [p for p in row.partials_at(xs, z) if p is not None]
        return all([abs(v) <= largest for v in (z, *map(float, partials))])
    except (ArithmeticError, ValueError):
        return False
