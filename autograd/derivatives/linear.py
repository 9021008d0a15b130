"""Systems of linear equations: `solve`, whose solution is a node for each unknown.

A x = b gives dA·x + A·dx = db, so that with v the solution of Aᵀv = eᵢ

    ∂xᵢ/∂bⱼ = vⱼ,    ∂xᵢ/∂Aⱼₖ = −vⱼ·xₖ.

The partials are solutions of linear equations again: the rows are closed under differentiation, to every order.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from struct import pack, unpack
from typing import Any
from warnings import warn

from autograd.core import modes
from autograd.core import primitives as table
from autograd.core.columns import Primitive
from autograd.core.value import Value
from autograd.derivatives.structures import is_array, leaves, rebuild, rectangle

REMEMBERED = 4096  # solutions: each serves all unknowns of an example, and the sweeps after it
EPSILON = 2.0**-52


def solve(A: Any, b: Any) -> Any:
    """The x with A·x = b, for n equations in n unknowns: A is n × n and b has n numbers or Values, as x, shaped like b.

    Derivatives in A and b are those of the solution, dx = A⁻¹(db − dA·x), of every order, in either direction, and
    compiled, where it is solved for each example. Gaussian elimination, with the rows scaled and the pivot the largest
    of its column (Golub & Van Loan, Matrix Computations, 3.4). ValueError for shapes that do not fit and for a matrix
    that is singular to working precision; compiled, an example with such a one is nan, and a warning says so.
    """
    shape, n = rectangle(A), len(leaves(b, "solve: b"))
    if shape != (n, n) or rectangle(b) != (n,):
        raise ValueError(
            f"solve: A is {_spoken(shape)} and b {_spoken(rectangle(b))}; it takes n equations in n unknowns, "
            "A as a list of n lists of n numbers and b as a list of n"
        )
    operands = [*leaves(A, "solve: A"), *leaves(b, "solve: b")]
    if not modes.is_tracing():  # else the numbers are not known yet
        solution([x._data if isinstance(x, Value) else x for x in operands])
    x = solved(operands, n)
    return rebuild(b, x) if is_array(b) or not is_array(A) else rebuild(A[0], x)


def _spoken(shape: tuple[int, ...] | None) -> str:
    if shape is None:
        return "ragged"
    return " × ".join(map(str, shape)) + (" long" if len(shape) == 1 else "") if shape else "one number"


def solved(operands: Sequence[Any], n: int) -> list[Any]:
    """The solution, given A row by row and then b; of floats as floats, else as nodes."""
    if n == 1:
        return [table.div(operands[1], operands[0])]
    return [unknown(n, i)(*operands) for i in range(n)]


def adjoint(A: Sequence[Any], n: int, i: int) -> list[Any]:
    """The solution of Aᵀv = eᵢ."""
    transposed = [A[n * k + j] for j in range(n) for k in range(n)]
    return solved([*transposed, *[float(k == i) for k in range(n)]], n)


@cache
def unknown(n: int, i: int) -> Primitive:
    """The row for the i-th of n unknowns. Its operands are A row by row, then b."""

    def forward(*operands: float) -> float:
        if modes.is_tracing():  # with numbers that stand for others
            return float("nan")
        return computed("solve", lambda: solution(operands)[i])

    def partials(operands: Sequence[Any], z: Any) -> list[Any]:
        x = [z if k == i else unknown(n, k)(*operands) for k in range(n)]
        v = adjoint(operands, n, i)
        return [*[-(v[j] * x[k]) for j in range(n) for k in range(n)], *v]

    return Primitive(f"solve[{i}]", forward, partials, nary=True, by_call=True, public=False)


def computed(name: str, compute: Any) -> float:
    """A row's number; nan, with a warning, where it has none: one example of a batch does not stop the others."""
    try:
        return compute()
    except (ArithmeticError, ValueError, RuntimeError) as error:
        warn(f"{name}: nan for an example: {error}", RuntimeWarning, stacklevel=3)
        return float("nan")


def solution(operands: Sequence[float]) -> tuple[float, ...]:
    """The solution in floats. ValueError where A is singular."""
    return _solution(pack(f"{len(operands)}d", *operands))


@lru_cache(REMEMBERED)
def _solution(operands: bytes) -> tuple[float, ...]:
    numbers = unpack(f"{len(operands) // 8}d", operands)
    n = int(len(numbers) ** 0.5)  # n² + n of them
    return tuple(eliminated([[*numbers[n * j : n * j + n], numbers[n * n + j]] for j in range(n)]))


def eliminated(lines: list[list[float]]) -> list[float]:
    """The solution of n equations, each given as its coefficients and its right side. ValueError if singular."""
    n = len(lines)
    for line in lines:
        scale = max([abs(a) for a in line[:-1]])
        if not 0.0 < scale < float("inf"):  # nan too
            raise ValueError(f"a singular matrix: it has a line of {'zeros' if scale == 0.0 else 'infinities or nan'}")
        line[:] = [a / scale for a in line]
    for k in range(n):
        top = max(range(k, n), key=lambda j: abs(lines[j][k]))
        lines[k], lines[top] = lines[top], lines[k]
        first = lines[k]
        if not abs(first[k]) > n * EPSILON:
            raise ValueError(f"a singular matrix, to working precision: column {k + 1} depends on those before it")
        for line in lines[k + 1 :]:
            factor = line[k] / first[k]
            if factor:
                for j in range(k + 1, n + 1):
                    line[j] -= factor * first[j]
    x = [0.0] * n
    for k in reversed(range(n)):
        line = lines[k]
        x[k] = (line[n] - sum([line[j] * x[j] for j in range(k + 1, n)])) / line[k]
    return x
