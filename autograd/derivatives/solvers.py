"""Solvers of equations on floats: what `root`, `fixed_point` and `argmin` do where they are given none, and how any
solution is taken to the last digit and looked at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf, sqrt

from autograd.derivatives.equations import System
from autograd.derivatives.linear import EPSILON, eliminated

Floats = Sequence[float]
MOST = 100  # steps
HALVINGS = 40
NEAR = 1e-8  # a step of Newton's method, relative to the unknowns, from where on it only rounds
FAR = 0.1  # the first step from a solver's answer, at most, relative to max(1, |x|)


def newton(system: System, x: Floats, p: Floats) -> Floats:
    """Newton's method, each step halved until it lessens |F|. RuntimeError where it ends at no root."""
    squares = _squares(system.residuals(x, p))
    for _ in range(MOST):
        step = _step(system, x, p)
        part = 1.0
        for _ in range(HALVINGS):
            trial = [a - part * d for a, d in zip(x, step, strict=True)]
            found = _squares(system.residuals(trial, p))
            if found < squares or found == 0.0:  # False for nan
                break
            part /= 2
        else:
            if _relative(step, x) < NEAR:  # rounding
                return x
            break
        x, squares = trial, found
        if part == 1.0 and _relative(step, x) < NEAR:
            return x
    raise RuntimeError(
        f"Newton's method found no solution: at {_spoken(x)} the equations are off by "
        f"{_spoken(system.residuals(x, p))}; start nearer to it, or give a solver of your own"
    )


def iterate(g: Callable[[Floats], Floats], x: Floats) -> Floats:
    """x, g(x), g(g(x)), … until it moves by less than a hundredth, or for so many steps."""
    for _ in range(MOST):
        new = g(x)
        moved = [b - a for a, b in zip(x, new, strict=True)]
        if not all([abs(a) < inf for a in new]):
            return x
        x = new
        if _relative(moved, x) < 0.01:
            break
    return x


def descend(f: Callable[[Floats], float], system: System, x: Floats, p: Floats) -> Floats:
    """Newton's method for a minimum, the Hessian shifted by a multiple of 1 until it is positive definite and the step
    goes down (Levenberg and Marquardt). RuntimeError where it does not end."""
    value, shift = f(x), 0.0
    for _ in range(10 * MOST):
        gradient, hessian, _ = system.linearized(x, p)
        lines = [[*hessian[system.n * i : system.n * (i + 1)], gradient[i]] for i in range(system.n)]
        for i, line in enumerate(lines):
            line[i] += shift
        size = max(map(abs, hessian))
        if is_positive([line[:-1] for line in lines]):
            step = eliminated(lines)
            if shift == 0.0 and _relative(step, x) < NEAR:
                return [a - d for a, d in zip(x, step, strict=True)]
            trial = [a - d for a, d in zip(x, step, strict=True)]
            if (found := f(trial)) <= value:
                x, value = trial, found
                shift = shift / 10 if shift > 1e-6 * size else 0.0
                continue
        shift = max(4 * shift, 1e-3 * size, 1e-300)
    raise RuntimeError(
        f"no minimum was found: at {_spoken(x)} the gradient is {_spoken(system.residuals(x, p))}; start nearer to it, "
        "or give a solver of your own"
    )


def polished(system: System, x: Floats, p: Floats) -> Floats:
    """A solution taken to the last digits by Newton's method, whatever the tolerance of what found it.

    RuntimeError where x is no solution: the first step is longer than FAR, or the steps do not shrink to rounding.
    ValueError where ∂F/∂x is singular.
    """
    before = inf
    for k in range(MOST):
        step = _step(system, x, p)
        if k == 0 and not max([abs(d) / max(1.0, abs(a)) for a, d in zip(x, step, strict=True)]) <= FAR:
            raise RuntimeError(
                f"the solver did not converge: at its answer {_spoken(x)} the equations are off by "
                f"{_spoken(system.residuals(x, p))}, and the next step of Newton's method is {_spoken(step)}"
            )
        each = max([abs(d) / abs(a) if a else inf for a, d in zip(x, step, strict=True) if d], default=0.0)
        if _relative(step, x) < NEAR and not each < before / 2:
            return x
        x, before = [a - d for a, d in zip(x, step, strict=True)], each
        if each <= EPSILON:
            return x
    raise RuntimeError(
        f"the solution at {_spoken(x)} cannot be told to the last digits: the steps of Newton's method do not shrink; "
        "are the equations singular there?"
    )


def is_positive(matrix: list[list[float]]) -> bool:
    """Whether a symmetric matrix is positive definite, by Cholesky's decomposition."""
    lower: list[list[float]] = []
    for i, line in enumerate(matrix):
        row: list[float] = []
        for j in range(i):
            row.append((line[j] - sum([a * b for a, b in zip(row, lower[j], strict=False)])) / lower[j][j])
        rest = line[i] - sum([a * a for a in row])
        if not rest > len(matrix) * EPSILON * abs(line[i]):
            return False
        lower.append([*row, sqrt(rest)])
    return True


def _step(system: System, x: Floats, p: Floats) -> list[float]:
    residuals, matrix, _ = system.linearized(x, p)
    n = system.n
    try:
        return eliminated([[*matrix[n * i : n * (i + 1)], residuals[i]] for i in range(n)])
    except ValueError as error:
        raise ValueError(f"the derivatives of the equations at {_spoken(x)} are {error}") from None


def _relative(step: Floats, x: Floats) -> float:
    size = max(map(abs, x))
    longest = max(map(abs, step))
    return longest / size if size else inf if longest else 0.0


def _squares(numbers: Floats) -> float:
    return sum([a * a for a in numbers])


def _spoken(numbers: Floats) -> str:
    shown = ", ".join([f"{a:.6g}" for a in numbers[:6]]) + (", …" if len(numbers) > 6 else "")
    return shown if len(numbers) == 1 else f"({shown})"
