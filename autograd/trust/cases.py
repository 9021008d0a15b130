"""The cases of the conformance kit that the table gives: every row where it is smooth, at edges, at kinks, far out.

A case is a function f(ad, x, …) that any engine can run, and a point: `ad` has the engine's functions under the names
of the rows, and x, … are its scalars. What no row gives is in `patterns`.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice, product
from typing import Any, NamedTuple

from autograd.core.columns import TABLE, Primitive
from autograd.trust.differences import differences
from autograd.trust.expressions import Expression, Operand, Step, is_ordinary
from autograd.trust.patterns import KINKS, LOOPS, MASKS, SHARED

ARITHMETIC = ("add", "sub", "mul", "div", "neg", "pow", "mod", "floordiv")
INFINITE = math.inf, -math.inf, math.nan
SIZES = (1e-300, 1e-20, 1e-8, 1e-3, 20.0, 40.0, 1e3, 1e8)
EXPRESSIONS = 40


class Case(NamedTuple):
    """A function, a point, and where the right answer comes from: mathematics, or (`by_table`) the rows, which say what
    holds where mathematics leaves it open. `between` has the smallest and the largest right slope instead."""

    group: str
    text: str
    f: Callable[..., Any]
    point: tuple[float, ...]
    by_table: bool = False
    between: tuple[tuple[float, float], ...] = ()
    values_only: bool = False

    def __str__(self) -> str:
        return f"{self.text} at {', '.join([f'{x:.9g}' for x in self.point])}"


def cases(functions: Iterable[str]) -> Iterator[Case]:
    """All cases for an engine that has these functions beside Python's operators, always the same ones."""
    offered = {*functions, *ARITHMETIC, "abs"}
    table = [row for row in TABLE.values() if not row.own]
    rows = [row for row in table if row.name in offered and row.arity and any(row.partials)]
    for row in rows:
        for point in islice(_ordinary(row), 4):
            yield _case("smooth", row, point)
        for point in _special(row):
            yield _case("special points", row, point, by_table=True, values_only=len(point) > 1 or row.masked)
        for point, between in _kinks(row):
            yield _case("kinks", row, point, between=between)
        for point in _extreme(row):
            yield _case("extremes", row, point)
    rng = random.Random("expressions")
    smooth = [row for row in rows if row.public and not row.by_call]
    for _ in range(EXPRESSIONS):
        f = _expression(rng, smooth)
        yield Case("smooth", repr(f).rpartition("\n")[0], _on(f), f.inputs)
    for group, patterns in (("shared nodes", SHARED), ("masks", MASKS), ("kinks", KINKS), ("loops", LOOPS)):
        for text, f, at, *between in patterns:
            yield Case(group, text, f, at, group == "masks", *between)


def _case(group: str, row: Primitive, point: tuple[float, ...], **more: Any) -> Case:
    """The row as a function of the operands that it can be differentiated by, which are those that are no orders."""
    names = row.names[: _required(row)]
    orders = {name: int(x) for name, x in zip(names, point, strict=True) if name in row.whole}
    free = [name for name in names if name not in orders]
    text = f"{row.name}({', '.join([str(orders.get(name, name)) for name in names])})"
    if row.name in ARITHMETIC:
        text = row.text.format(*names)
        f = eval(f"lambda ad, {', '.join(names)}: {text}")
    else:
        f = eval(f"lambda ad, {', '.join(free)}: ad.{text}")
    return Case(group, text, f, tuple([x for name, x in zip(names, point, strict=True) if name in free]), **more)


def _required(row: Primitive) -> int:
    assert row.arity is not None
    return row.arity - len(row.defaults)


def _ordinary(row: Primitive) -> Iterator[tuple[float, ...]]:
    """Points of moderate size inside the domain and off the kinks."""
    rng = random.Random(row.name)
    for _ in range(2_000):
        ends = zip(row.names, row.domain, strict=True)
        drawn = [rng.randrange(3) if x in row.whole else rng.uniform(max(a, -3.0), min(b, 3.0)) for x, (a, b) in ends]
        point = tuple([round(x, 2) for x in drawn[: _required(row)]])
        if is_ordinary(row, point + row.defaults):
            yield point


def _special(row: Primitive) -> Iterator[tuple[float, ...]]:
    """For one operand the edges of its domain, what is beyond them, and what is no finite number."""
    if row.arity == 1:
        edges = [x for x in row.domain[0] if math.isfinite(x)]
        beyond = [x for x in (row.domain[0][0] - 0.5, row.domain[0][1] + 0.5) if math.isfinite(x)]
        yield from [(x,) for x in (*(edges or [-0.0]), *beyond, *INFINITE)]
    elif row.name in (*ARITHMETIC[:6], "hypot", "atan2", "maximum", "minimum"):
        yield from product((0.0, -0.0, 1.0, -1.0, *INFINITE), repeat=2)


def _kinks(row: Primitive) -> Iterator[tuple[tuple[float, ...], tuple[tuple[float, float], ...]]]:
    """Points on a kink, with the slopes of both sides as finite differences tell them."""
    if row.whole or row.name == "where":
        return
    near = (0.0, 1.0, -1.0, 3.0, -3.0, 6.0) if _required(row) == 1 else (0.0, 1.0, -1.0)
    for point in product(near, repeat=_required(row)):
        operands = point + row.defaults
        if [kink(*operands) for kink in row.kinks].count(0.0) == 1:  # where two meet, slopes are not one by one
            found = [differences(row, operands, operands, i)[0] for i in range(len(point))]
            if all([math.isfinite(d.low + d.high) and not d.reason for d in found]):
                yield point, tuple([(d.low - 1e-6, d.high + 1e-6) for d in found])


def _extreme(row: Primitive) -> Iterator[tuple[float, ...]]:
    """Very small and large numbers of the domain, and the neighbours of its finite edges."""
    if row.by_call or row.name in ("mod", "floordiv", "fmod", "remainder", "tan") or _required(row) > 2:
        return  # large arguments of these are a matter of their remainder alone
    low, high = row.domain[0]
    near = [low + d for d in (1e-9, 1e-15) if math.isfinite(low) and low] + [high - d for d in (1e-9, 1e-15)]
    for x in [s * x for x in SIZES for s in (1.0, -1.0)] + [x for x in near if math.isfinite(x)]:
        for point in [(x,)] if _required(row) == 1 else [(x, 0.7), (0.7, x), (x, x), (x, 3 * x)]:
            inside = [a < v < b for v, (a, b) in zip(point, row.domain, strict=False)]
            if all(inside) and all([kink(*point, *row.defaults) != 0.0 for kink in row.kinks]):
                yield point


def _expression(rng: random.Random, rows: Sequence[Primitive]) -> Expression:
    """Three to ten applications of rows to two inputs and to each other's results, smooth at the inputs."""
    xs = (round(rng.uniform(0.2, 2.0), 2), round(rng.uniform(-2.0, 2.0), 2))
    known, steps, wanted = list(xs), list[Step](), rng.randint(3, 10)
    while len(steps) < wanted:
        row = rng.choice(rows)
        operands: list[Operand] = [
            rng.choice((len(known) - 1, rng.randrange(len(known)), 2.0)) for _ in range(_required(row))
        ]
        at = (*[known[i] if isinstance(i, int) else i for i in operands], *row.defaults)
        if any([isinstance(i, int) for i in operands]) and is_ordinary(row, at, largest=1e2):
            steps.append(Step(row, tuple(operands)))
            known.append(float(row.forward(*at)))
    return Expression(xs, steps)


def _on(f: Expression) -> Callable[..., Any]:
    """An expression as a case: its functions are those of the engine."""
    calls = {step.row: _case("", step.row, (0.0,) * _required(step.row)).f for step in f.steps}
    return lambda ad, *xs: f.applied(lambda row, operands: calls[row](ad, *operands), xs)
