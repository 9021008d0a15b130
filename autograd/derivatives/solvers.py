"""Solvers of equations: what `root`, `fixed_point` and `argmin` do where they are given none, and how any solution is
taken to the last digit and looked at.

They are written of rows of the table and of loops, and so read in two ways: on floats they run, on Values that stand
for numbers they leave loops of a program, which compute the same to the bit. Each gives numbers and whether they are a
solution; `refuse` says in floats why they are none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from math import inf
from operator import add
from typing import Any

from autograd.core import modes
from autograd.core.primitives import div, equal, greater, greater_equal, maximum, sqrt, where
from autograd.derivatives.equations import System
from autograd.derivatives.linear import EPSILON, eliminated, solved
from autograd.derivatives.loops import traced_while

Numbers = Sequence[Any]  # floats or Values
Found = tuple[Numbers, Any]  # numbers, and 1 if they are a solution, else 0
MOST = 100  # steps
HALVINGS = 40
NEAR = 1e-8  # a step of Newton's method, relative to the unknowns, from where on it only rounds
FAR = 0.1  # the first step from a solver's answer, at most, relative to max(1, |x|)
RUNNING, FOUND, FAILED = 0.0, 1.0, 2.0


def newton(system: System, x: Numbers, p: Numbers) -> Found:
    """Newton's method, each step halved until it lessens |F|."""

    def step(state: Any) -> Any:
        x, squares, _, k = state
        d = _step(system, x, p)
        lessens = lambda found: disjunction(greater(squares, found), equal(found, 0.0))  # 0 for nan
        at = lambda part: _squares(system.residuals(_moved(x, part, d), p))
        part, found, _ = _repeated(
            lambda s: conjunction(negation(lessens(s[1])), greater(float(HALVINGS), s[2])),
            lambda s: [s[0] / 2.0, at(s[0] / 2.0), s[2] + 1.0],
            [1.0, at(1.0), 1.0],
            HALVINGS,
        )
        better, new = lessens(found), _moved(x, part, d)
        ended = where(conjunction(equal(part, 1.0), _is_near(d, new)), FOUND, RUNNING)
        rounds = where(_is_near(d, x), FOUND, FAILED)
        return [_chosen(better, new, x), where(better, found, squares), where(better, ended, rounds), k + 1.0]

    x, _, status, _ = _steps(step, [[*x], _squares(system.residuals(x, p)), RUNNING, 0.0], MOST)
    return x, equal(status, FOUND)


def iterate(g: Callable[[Numbers], Numbers], x: Numbers) -> list[Any]:
    """x, g(x), g(g(x)), … until it moves by less than a hundredth, or for so many steps."""

    def step(state: Any) -> Any:
        x, _, k = state
        new = g(x)
        finite = reduce(conjunction, [greater(inf, abs(a)) for a in new])
        near = greater(0.01, _relative([b - a for a, b in zip(x, new, strict=True)], new))
        return [_chosen(finite, new, x), where(finite, where(near, FOUND, RUNNING), FAILED), k + 1.0]

    found: list[Any] = _steps(step, [[*x], RUNNING, 0.0], MOST)[0]
    return found


def descend(f: Callable[[Numbers], Any], system: System, x: Numbers, p: Numbers) -> Found:
    """Newton's method for a minimum, the Hessian shifted by a multiple of 1 until it is positive definite and the step
    goes down (Levenberg and Marquardt).

    So near a minimum that f only rounds, a step may seem to go up: the shift is then left out, and the step ends it.
    """

    def step(state: Any) -> Any:
        x, value, shift, _, k = state
        gradient, matrix, _ = system.linearized(x, p)
        size = reduce(maximum, map(abs, matrix))
        matrix = [a + shift if i % (system.n + 1) == 0 else a for i, a in enumerate(matrix)]
        positive, d = is_positive(matrix, system.n), solved([*matrix, *gradient], system.n)
        new = _moved(x, 1.0, d)
        rounds = conjunction(positive, _is_near(d, x))
        ended = conjunction(equal(shift, 0.0), rounds)
        found = f(new)
        down = conjunction(positive, greater_equal(value, found))
        less = where(greater(shift, 1e-6 * size), shift / 10.0, 0.0)
        more = where(rounds, 0.0, maximum(maximum(4.0 * shift, 1e-3 * size), 1e-300))
        moves = disjunction(ended, down)
        return [
            _chosen(moves, new, x), where(down, found, value), where(down, less, more),
            where(ended, FOUND, RUNNING), k + 1.0,
        ]  # fmt: skip

    x, _, _, status, _ = _steps(step, [[*x], f(x), 0.0, RUNNING, 0.0], 10 * MOST)
    return x, equal(status, FOUND)


def polished(system: System, x: Numbers, p: Numbers) -> Found:
    """A solution taken to the last digits by Newton's method, whatever the tolerance of what found it.

    It is none where the first step is longer than FAR, the steps do not shrink to rounding, or ∂F/∂x is singular.
    """

    def step(state: Any) -> Any:
        x, before, _, k = state
        d = _step(system, x, p)
        length = reduce(maximum, [abs(b) / maximum(1.0, abs(a)) for a, b in zip(x, d, strict=True)])
        starts = disjunction(greater(k, 0.0), greater_equal(FAR, length))
        each = reduce(maximum, [where(equal(b, 0.0), 0.0, div(abs(b), abs(a))) for a, b in zip(x, d, strict=True)])
        rounds = conjunction(_is_near(d, x), negation(greater(before / 2.0, each)))
        ended = disjunction(rounds, greater_equal(EPSILON, each))
        stays = disjunction(rounds, negation(starts))
        return [
            _chosen(stays, x, _moved(x, 1.0, d)), each,
            where(starts, where(ended, FOUND, RUNNING), FAILED), k + 1.0,
        ]  # fmt: skip

    x, _, status, _ = _steps(step, [[*x], inf, RUNNING, 0.0], MOST)
    return x, equal(status, FOUND)


def is_positive(matrix: Numbers, n: int) -> Any:
    """Whether a symmetric matrix, given line by line, is positive definite, by Cholesky's decomposition."""
    lower, positive = list[list[Any]](), list[Any]()
    for i in range(n):
        row: list[Any] = []
        for j in range(i):
            products = [a * b for a, b in zip(row, lower[j], strict=False)]
            row.append(div(matrix[n * i + j] - _sum(products), lower[j][j]))
        rest = matrix[n * i + i] - _sum([a * a for a in row])
        positive.append(greater(rest, n * EPSILON * abs(matrix[n * i + i])))
        lower.append([*row, sqrt(rest)])
    return reduce(conjunction, positive)


def refuse(system: System, name: str, x: Sequence[float], p: Sequence[float]) -> None:
    """ValueError or RuntimeError for numbers that are no solution, which say why."""
    residuals, matrix, _ = system.linearized(x, p)
    n, off = system.n, _spoken(residuals)
    if name == "argmin":
        raise RuntimeError(
            f"no minimum was found: at {_spoken(x)} the gradient is {off}; start nearer to it, or give a solver of "
            "your own"
        )
    try:
        step = eliminated([[*matrix[n * i : n * (i + 1)], residuals[i]] for i in range(n)])
    except ValueError as error:
        raise ValueError(
            f"the derivatives of the equations at {_spoken(x)} are {error}; start elsewhere, or give "
            "a solver of your own"
        ) from None
    if name == "polished":
        raise RuntimeError(
            f"the solver did not converge: at its answer {_spoken(x)} the equations are off by {off}, and the next "
            f"step of Newton's method is {_spoken(step)}; are the equations singular there?"
        )
    raise RuntimeError(
        f"Newton's method found no solution: at {_spoken(x)} the equations are off by {off}; start nearer to it, or "
        "give a solver of your own"
    )


def conjunction(a: Any, b: Any) -> Any:
    return where(a, b, 0.0)


def disjunction(a: Any, b: Any) -> Any:
    return where(a, 1.0, b)


def negation(a: Any) -> Any:
    return where(a, 0.0, 1.0)


def _steps(step: Callable[[Any], Any], state: Any, most: int) -> Any:
    """The last state: the one before its last number, which counts, says whether there are more."""
    return _repeated(lambda s: conjunction(equal(s[-2], RUNNING), greater(float(most), s[-1])), step, state, most)


def _repeated(cond: Callable[[Any], Any], step: Callable[[Any], Any], state: Any, most: int) -> Any:
    if modes.is_tracing():
        return traced_while(cond, step, state, most, again=False)
    while cond(state):
        state = step(state)
    return state


def _step(system: System, x: Numbers, p: Numbers) -> list[Any]:
    """That of Newton's method; nan where ∂F/∂x is singular."""
    residuals, matrix, _ = system.linearized(x, p)
    return solved([*matrix, *residuals], system.n)


def _moved(x: Numbers, part: Any, d: Numbers) -> list[Any]:
    return [a - part * b for a, b in zip(x, d, strict=True)]


def _chosen(condition: Any, x: Numbers, y: Numbers) -> list[Any]:
    return [where(condition, a, b) for a, b in zip(x, y, strict=True)]


def _is_near(step: Numbers, x: Numbers) -> Any:
    return greater(NEAR, _relative(step, x))


def _relative(step: Numbers, x: Numbers) -> Any:
    """The longest part of a step beside the largest number; 0 where both are 0."""
    size, longest = reduce(maximum, map(abs, x)), reduce(maximum, map(abs, step))
    return where(equal(longest, 0.0), 0.0, div(longest, size))


def _squares(numbers: Numbers) -> Any:
    return _sum([a * a for a in numbers])


def _sum(numbers: Numbers) -> Any:
    return reduce(add, numbers, 0.0)


def _spoken(numbers: Numbers) -> str:
    shown = ", ".join([f"{a:.6g}" for a in numbers[:6]]) + (", …" if len(numbers) > 6 else "")
    return shown if len(numbers) == 1 else f"({shown})"
