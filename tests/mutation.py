"""Break every rule of the table, one at a time, and see whether a test notices.

    python -m tests.mutation              every mutant of every row, and which test caught it
    python -m tests.mutation tanh mul     of these rows only

A mutant is one row with one thing wrong: a partial doubled, negated, dropped, made up, off by one part in a billion,
read as a plain number (right once, without a second derivative) or with its operands exchanged; a result that is off
in the tenth digit; a mask, a kink, a domain or an operand of a printed formula missing; a partial doubled where an
operator or a function writes its row out. The tests tried are those of `MODULES` that are parametrized by the row, and
those of `WRITTEN_OUT`, but for heavy ones; first those that caught most so far.
What changes nothing (the operands of x + y exchanged) is no mutant.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from itertools import product
from typing import Any, NamedTuple

from hypothesis import Phase, settings

from autograd.core import engine, functions
from autograd.core.primitives import REAL, TABLE, Primitive
from autograd.core.value import Value, record

MODULES = [
    "test_derivatives_rows",
    "test_special",
    "test_special_points",
    "test_primitives",
    "test_value",
    "test_testing",
]
CAUGHT: Counter[str] = Counter()  # how many each test did
WRITTEN_OUT = {"dot": "test_functions", "sum": "test_functions"}
OPERATORS = {"add": "__add__", "sub": "__sub__", "mul": "__mul__", "div": "__truediv__", "neg": "__neg__"}
PLACES = [(0.3, 0.7, 0.6, 0.2, 0.9), (0.8, 0.4, 0.5, 0.6, 0.1), (0.6, 0.6, 0.2, 0.7, 0.3)]


class Mutant(NamedTuple):
    row: Primitive
    what: str
    column: str
    broken: Any
    owner: Any = None  # of the column, if it is not the row

    def __str__(self) -> str:
        return f"{self.row.name}: {self.what}"

    @contextmanager
    def in_force(self) -> Iterator[None]:
        owner = self.owner or self.row
        right = getattr(owner, self.column)
        setattr(owner, self.column, self.broken)
        try:
            yield
        finally:
            setattr(owner, self.column, right)


def mutants(row: Primitive) -> Iterator[Mutant]:
    """Everything that can be wrong with a row."""
    for i, partial in enumerate(row.partials):
        where = "the partial" if len(row.partials) == 1 else f"partial {i + 1}"
        for what, broken in (_broken_rules if row.arity is not None else _broken_lists)(row, partial):
            yield Mutant(row, f"{where} {what}", "partials", (*row.partials[:i], broken, *row.partials[i + 1 :]))
    yield Mutant(row, "the result off by 1e-10", "forward", lambda *xs, f=row.forward: f(*xs) * (1 + 1e-10) + 1e-10)
    if row.masked:
        yield Mutant(row, "no mask", "masked", False)
    for k in range(len(row.kinks)):
        yield Mutant(row, f"kink {k + 1} missing", "kinks", (*row.kinks[:k], *row.kinks[k + 1 :]))
    for i, interval in enumerate(row.domain if row.arity is not None else ()):
        if interval != REAL:
            yield Mutant(row, f"domain {i + 1} unbounded", "domain", (*row.domain[:i], REAL, *row.domain[i + 1 :]))
    for i in range(row.arity or 0):
        for column in ("text", "latex"):
            if f"{{{i}}}" in getattr(row, column) and row.name != "defined":
                broken = getattr(row, column).replace(f"{{{i}}}", "?")
                yield Mutant(row, f"operand {i + 1} missing in {column}", column, broken)
    if row.name in OPERATORS:
        method = OPERATORS[row.name]
        for slot in ("_px", "_py")[: row.arity]:
            broken = _doubling(getattr(Value, method), slot)
            yield Mutant(row, f"Value.{method} with {slot} doubled", method, broken, Value)
    if row.name in WRITTEN_OUT:
        for k in (0, -1):
            yield Mutant(row, f"autograd.{row.name} with partial {k} doubled", "record", recording(row, k), functions)


def _doubling(method: Any, slot: str) -> Any:
    def broken(*xs: Any) -> Any:
        z = method(*xs)
        if isinstance(z, Value) and getattr(z, slot) is not None:
            setattr(z, slot, 2.0 * getattr(z, slot))
        return z

    return broken


def recording(row: Primitive, k: int) -> Any:
    def broken(made: Primitive, data: float, x: Any, y: Any, px: Any, py: Any) -> Value:
        partials = list(px)
        partials[k] *= 2.0
        return record(made, data, x, y, tuple(partials) if made is row else px, py)

    return broken


def _broken_rules(row: Primitive, p: Any) -> Iterator[tuple[str, Any]]:
    if p is None:
        yield "made up", lambda *xs: 1.0
        return
    yield "doubled", lambda *xs: p(*xs) * 2.0
    yield "negated", lambda *xs: -p(*xs)
    yield "off by 1e-9", lambda *xs: p(*xs) * (1.0 + 1e-9)
    yield "dropped", None
    if any([isinstance(p(*map(Value, xs[: row.arity]), Value(_forward(row, xs))), Value) for xs in PLACES]):
        yield "read as a number", lambda *xs: _number(p(*xs))
    if (row.arity or 0) > 1:
        exchanged = lambda *xs: p(xs[1], xs[0], *xs[2:])
        if any(
            [
                _number(exchanged(*xs[: row.arity], _forward(row, xs)))
                != _number(p(*xs[: row.arity], _forward(row, xs)))
                for xs in PLACES
            ]
        ):
            yield "with operands exchanged", exchanged


def _broken_lists(row: Primitive, p: Any) -> Iterator[tuple[str, Any]]:
    """The same for a row of any number of operands, whose one rule gives all partials: the first or the last broken."""
    for k, name in ((0, "of the first operand"), (-1, "of the last operand")):

        def changed(change: Callable[[Any], Any], k: int = k) -> Callable[..., Any]:
            def rule(xs: Any, z: Any) -> Any:
                partials = list(p(xs, z))
                partials[k] = change(partials[k])
                return partials

            return rule

        yield f"{name} doubled", changed(lambda d: d * 2.0)
        yield f"{name} negated", changed(lambda d: -d)
        yield f"{name} off by 1e-9", changed(lambda d: d * (1.0 + 1e-9))
        yield f"{name} dropped", changed(lambda d: None)
        if isinstance(p([Value(x) for x in PLACES[0]], Value(_forward(row, PLACES[0])))[k], Value):
            yield f"{name} read as a number", changed(_number)


def _forward(row: Primitive, xs: tuple[float, ...]) -> float:
    return row.forward(*xs[: row.arity])


def _number(x: Any) -> Any:
    return x._data if isinstance(x, Value) else x


def tests_of(row: Primitive, modules: Sequence[str]) -> Iterator[tuple[str, Callable[[], None]]]:
    """Every test in the modules that is parametrized by the row, or by its name, and those of its written-out form."""
    everything = [WRITTEN_OUT[row.name]] if row.name in WRITTEN_OUT else []
    for module_name in [*modules, *everything]:
        for name, test in vars(importlib.import_module(f"tests.{module_name}")).items():
            if name.startswith("test_"):
                for arguments in _parametrized(test):
                    theirs = arguments.get("row") is row or arguments.get("name") == row.name
                    if theirs or module_name in everything:
                        yield f"{module_name}.{name}", lambda t=test, a=arguments: t(**a)


def _parametrized(test: Any) -> Iterator[dict[str, Any]]:
    """The arguments that its parametrize marks call a test with."""
    marks = getattr(test, "pytestmark", [])
    if any([m.name == "heavy" for m in marks]):
        return
    marks = [m for m in marks if m.name == "parametrize"]
    for choice in product(*[[(m.args[0], value) for value in m.args[1]] for m in marks]):
        arguments: dict[str, Any] = {}
        for names, value in choice:
            names = [n.strip() for n in names.split(",")] if isinstance(names, str) else list(names)
            arguments |= dict(zip(names, [value] if len(names) == 1 else value, strict=True))
        yield arguments


def caught_by(mutant: Mutant, modules: Sequence[str] = MODULES) -> str | None:
    """The first test that fails, with the mutant in force; None if it survives."""
    with mutant.in_force():
        for name, test in sorted(tests_of(mutant.row, modules), key=lambda named: -CAUGHT[named[0]]):
            try:
                test()
            except (Exception, BaseExceptionGroup):
                CAUGHT[name] += 1
                return name
    return None


def main(names: list[str]) -> int:
    tried = survived = 0
    for found in map(tried_of, names) if len(names) == 1 else in_processes(names or [*TABLE]):
        for mutant, test in found:
            tried, survived = tried + 1, survived + (test is None)
            print(f"{'caught' if test else 'SURVIVED':9} {mutant:58} {test or ''}", flush=True)
    print(f"{tried} mutants tried, {tried - survived} caught, {survived} survived")
    return int(survived > 0)


Found = list[tuple[str, str | None]]


def in_processes(names: list[str]) -> Iterator[Found]:
    """`tried_of` each row, on all processors: each process has a table of its own to break."""
    with ProcessPoolExecutor(initializer=prepare) as processes:
        yield from processes.map(tried_of, names)


def prepare() -> None:
    """Hypothesis as in the suite, but content with the first example that fails: a smaller one says no more here."""
    from tests import conftest  # noqa: F401

    as_in_the_suite = settings.get_profile("chainrule")
    settings.register_profile("mutation", as_in_the_suite, phases=[Phase.explicit, Phase.generate])
    settings.load_profile("mutation")


def tried_of(name: str) -> Found:
    """Every mutant of a row, and what caught it."""
    return [(str(mutant), caught_by(mutant)) for mutant in mutants(TABLE[name])]


if __name__ == "__main__":
    if engine.C is not None:  # it has rules of its own, which other tests hold to the table's; these are broken here
        os.environ["CHAINRULE_PURE"] = "1"
        os.execv(sys.executable, [sys.executable, "-m", "tests.mutation", *sys.argv[1:]])
    prepare()
    sys.exit(main(sys.argv[1:]))
