"""The conformance kit: the checks that hold this engine, run against any engine through an adapter of ten lines.

An adapter says how an engine differentiates a function at some numbers, and what its functions are called. The kit asks
for values, gradients and second derivatives at points where the answer is known, and keeps the score.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType, SimpleNamespace
from typing import Any, NamedTuple

from autograd.core.columns import TABLE, functions
from autograd.derivatives.matrices import hessian
from autograd.derivatives.transforms import value_and_grad
from autograd.trust.cases import Case, cases

Function = Callable[..., Any]
GROUPS = (
    "values", "gradients", "second order", "special points", "shared nodes", "masks", "kinks", "loops", "extremes",
)  # fmt: skip
RTOL, ATOL, SMALL = 1e-9, 1e-12, 1e-300  # far from 1 only the relative error counts, down to SMALL


@dataclass(frozen=True)
class Adapter:
    """An engine, as the kit sees it.

    `value_and_grad(f, xs)` runs f on the engine's scalars for the numbers xs, and returns f's value and the list of its
    derivatives; `hessian(f, xs)`, if there is one, the lines of ∂²f/∂xᵢ∂xⱼ. All are floats. `functions` are the
    engine's, by the names of the rows (`exp`, `relu`, `where`, …); operators and `abs` are Python's.
    """

    name: str
    value_and_grad: Callable[[Function, list[float]], tuple[float, Sequence[float]]]
    functions: Mapping[str, Function] = field(default_factory=dict)
    hessian: Callable[[Function, list[float]], Sequence[Sequence[float]]] | None = None


def offered(*modules: ModuleType | Any) -> dict[str, Function]:
    """The functions of modules that are called like a row of the table or one of its aliases; the first one counts."""
    found: dict[str, Function] = {}
    for row in TABLE.values():
        if row.is_function and row.arity is not None:
            for module in modules:
                known = [getattr(module, name) for name in (row.name, *row.aliases) if hasattr(module, name)]
                if known:
                    found.setdefault(row.name, known[0])
    return found


def own() -> Adapter:
    """This engine."""
    return Adapter(
        "autograd",
        lambda f, xs: value_and_grad(f, tuple(range(len(xs))))(*xs),
        functions(),
        lambda f, xs: hessian(f, tuple(range(len(xs))))(*xs),
    )


class Result(NamedTuple):
    """One answer: "right", "wrong", or "not offered" where the engine refused or has no such function."""

    group: str
    case: Case
    verdict: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.group}: {self.case}: {self.detail or self.verdict}"


@dataclass(frozen=True)
class Scorecard:
    """What an engine answered. True if nothing was wrong; `wrong` says what was."""

    name: str
    results: list[Result]

    @property
    def wrong(self) -> list[Result]:
        return [result for result in self.results if result.verdict == "wrong"]

    def __bool__(self) -> bool:
        return not self.wrong

    def count(self, group: str) -> tuple[int, int]:
        """How many answers of a group are right, and how many the engine gave."""
        verdicts = [result.verdict for result in self.results if result.group == group]
        return verdicts.count("right"), len(verdicts) - verdicts.count("not offered")

    def cell(self, group: str) -> str:
        right, answered = self.count(group)
        return f"{right}/{answered}" if answered else "–"

    def __str__(self) -> str:
        missing = [result.verdict for result in self.results].count("not offered")
        lines = [f"{group:15}{self.cell(group):>10}" for group in GROUPS]
        return "\n".join([f"{self.name}: right of answered, {missing} not offered", *lines, *map(str, self.wrong)])

    __repr__ = __str__


def check_engine(adapter: Adapter) -> Scorecard:
    """Ask an engine everything the kit knows, and score the answers.

    Smooth cases are held to mpmath at 50 digits (without it to this engine), to a relative 1e-9; kinks to the interval
    between the slopes of both sides; special points and masks to the table, whose answers are conventions where
    mathematics has none. What the engine refuses by TypeError, AttributeError or NotImplementedError is not offered.
    """
    answers = Answers(adapter)
    return Scorecard(adapter.name, [result for case in cases(adapter.functions) for result in _results(case, answers)])


class Answers:
    """What an adapter gives for a case: a value with its gradient, or the lines of a Hessian."""

    def __init__(self, adapter: Adapter) -> None:
        self.adapter, self.functions = adapter, SimpleNamespace(**adapter.functions)

    def first(self, case: Case) -> tuple[float, list[float]]:
        value, gradient = self.adapter.value_and_grad(self._function(case), list(case.point))
        return float(value), [float(x) for x in gradient]

    def second(self, case: Case) -> list[float]:
        if self.adapter.hessian is None:
            raise NotImplementedError
        lines = self.adapter.hessian(self._function(case), list(case.point))
        return [float(x) for line in lines for x in line]

    def _function(self, case: Case) -> Function:
        return lambda *xs: case.f(self.functions, *xs)


class Mathematics(Answers):
    """The answers to 50 digits and more, by central differences of a tiny step."""

    def __init__(self) -> None:
        from autograd.trust import oracles  # mpmath loads on first use

        self._difference, self._mp, self._known = oracles.difference, oracles.mp, dict[Any, float]()
        self.functions = SimpleNamespace(**{name: _complete(name, f) for name, f in oracles.ORACLES.items()})

    def first(self, case: Case) -> tuple[float, list[float]]:
        n = len(case.point)
        value, *gradient = [self._at(case, tuple([int(i == j) for i in range(n)])) for j in range(-1, n)]
        return value, gradient

    def second(self, case: Case) -> list[float]:
        n = len(case.point)
        return [self._at(case, tuple([(i == j) + (i == k) for i in range(n)])) for j in range(n) for k in range(n)]

    def _at(self, case: Case, orders: tuple[int, ...]) -> float:
        key = (case.group, case.text, case.point, orders)
        if key not in self._known:
            digits, step = (700, 30) if case.group == "extremes" else (130, 25)
            steps = [self._mp.mpf(10) ** -step * (abs(x) or 1.0) for x in case.point]
            x = self._difference(self._function(case), case.point, orders, digits, steps)
            self._known[key] = float(x) if abs(x) < 1e308 else math.copysign(math.inf, x)
        return self._known[key]


def _complete(name: str, oracle: Function) -> Function:
    return lambda *xs: oracle(*xs, *TABLE[name].defaults)


def _results(case: Case, answers: Answers) -> Iterator[Result]:
    truth = Answers(own()) if case.by_table or case.between else _truth()
    ask, know = (functools.cache(lambda a=a: a.first(case)) for a in (answers, truth))
    if case.group != "smooth":
        yield _asked(case.group, case, ask, know)
        return
    yield _asked("values", case, lambda: (ask()[0], []), lambda: (know()[0], []))
    yield _asked("gradients", case, ask, know)
    yield _asked("second order", case, lambda: (0.0, answers.second(case)), lambda: (0.0, truth.second(case)))


@functools.cache
def _truth() -> Answers:
    try:
        return Mathematics()
    except ImportError:
        return Answers(own())


Answer = tuple[float, list[float]]


def _asked(group: str, case: Case, ask: Callable[[], Answer], know: Callable[[], Answer]) -> Result:
    try:
        got = ask()
    except (TypeError, AttributeError, NotImplementedError) as refusal:
        return Result(group, case, "not offered", str(refusal))
    except Exception as error:
        return Result(
            group, case, "wrong", f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        )
    (value, slopes), (z, partials) = got, know()
    relative = case.group in ("extremes", "special points")
    right = _close(value, z, relative) and len(slopes) == len(partials)
    if case.between:
        right = right and all([a - RTOL <= x <= b + RTOL for x, (a, b) in zip(slopes, case.between, strict=True)])
    elif not case.values_only:
        right = right and all([_close(x, p, relative) for x, p in zip(slopes, partials, strict=True)])
    if right:
        return Result(group, case, "right")
    expected = f"slopes in {case.between}" if case.between else _shown(z, partials, case)
    return Result(group, case, "wrong", f"got {_shown(value, slopes, case)}, expected {expected}")


def _shown(z: float, slopes: Sequence[float], case: Case) -> str:
    numbers = ", ".join([f"{x:.10g}" for x in slopes])
    return f"{z:.10g}" if case.values_only or not slopes else f"{z:.10g} with slopes {numbers}"


def _close(got: float, want: float, relative: bool) -> bool:
    """Equal to RTOL; where only the relative error counts, also for numbers far below 1. Infinities and nan as such."""
    if math.isfinite(got) and math.isfinite(want):
        return abs(got - want) <= RTOL * abs(want) + (SMALL if relative else ATOL)
    return got == want or (got != got and want != want)
