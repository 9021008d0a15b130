"""Systems of linear equations: `solve`, whose solution is a node for each unknown.

A x = b gives dA·x + A·dx = db, so that with v the solution of Aᵀv = eᵢ

    ∂xᵢ/∂bⱼ = vⱼ,    ∂xᵢ/∂Aⱼₖ = −vⱼ·xₖ.

The partials are solutions of linear equations again: the rows are closed under differentiation, to every order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, lru_cache, reduce
from math import inf, nan
from struct import pack, unpack
from typing import Any
from warnings import warn

from autograd.core import modes
from autograd.core import primitives as table
from autograd.core.columns import Primitive
from autograd.core.value import data_of
from autograd.derivatives.structures import holds_value, is_array, leaves, rebuild, rectangle

REMEMBERED = 4096  # solutions: each serves all unknowns of an example, and the sweeps after it
LARGEST = 16  # unknowns of equations that are written out in a program; more are solved in Python
EPSILON = 2.0**-52


def solve(A: Any, b: Any) -> Any:
    """The x with A·x = b, for n equations in n unknowns: A is n × n and b has n numbers or Values, as x, shaped like b.

    Derivatives in A and b are those of the solution, dx = A⁻¹(db − dA·x), of every order, in either direction, and
    compiled, where it is solved for each example. Gaussian elimination, with the rows scaled and the pivot the largest
    of its column (Golub & Van Loan, Matrix Computations, 3.4). ValueError for shapes that do not fit and for a matrix
    that is singular to working precision; compiled, the results for such an example are nan.
    """
    shape, n = rectangle(A), len(leaves(b, "solve: b"))
    if shape != (n, n) or rectangle(b) != (n,):
        raise ValueError(
            f"solve: A is {_spoken(shape)} and b {_spoken(rectangle(b))}; it takes n equations in n unknowns, "
            "A as a list of n lists of n numbers and b as a list of n"
        )
    operands = [*leaves(A, "solve: A"), *leaves(b, "solve: b")]
    known = not modes.is_tracing() or not holds_value(operands)
    if known:
        solution([*map(data_of, operands)])
    x = solved(operands, n)
    if n == 1 and not known:  # a quotient, whose divisor may be 0 or infinite
        x = [table.defined(x[0], table.div(operands[0], operands[0]))]
    return rebuild(b, x) if is_array(b) or not is_array(A) else rebuild(A[0], x)


def _spoken(shape: tuple[int, ...] | None) -> str:
    if shape is None:
        return "ragged"
    return " × ".join(map(str, shape)) + (" long" if len(shape) == 1 else "") if shape else "one number"


def solved(operands: Sequence[Any], n: int) -> list[Any]:
    """The solution, given A row by row and then b; of floats as floats, else as nodes."""
    if n == 1:
        return [table.div(operands[1], operands[0])]
    if not holds_value(operands):  # known in a trace too
        try:
            return [*solution(operands)]
        except ValueError:  # of numbers that stand for others, or of an example that has no solution
            return [nan] * n
    return [unknown(n, i)(*operands) for i in range(n)]


def adjoint(A: Sequence[Any], n: int, i: int) -> list[Any]:
    """The solution of Aᵀv = eᵢ."""
    transposed = [A[n * k + j] for j in range(n) for k in range(n)]
    return solved([*transposed, *[float(k == i) for k in range(n)]], n)


@cache
def unknown(n: int, i: int) -> Primitive:
    """The row for the i-th of n unknowns. Its operands are A row by row, then b."""

    def forward(*operands: float) -> float:
        if modes.is_tracing():  # of Values, whose numbers stand for others
            return nan
        return computed("solve", lambda: solution(operands)[i])

    def partials(operands: Sequence[Any], z: Any) -> list[Any]:
        x = [z if k == i else unknown(n, k)(*operands) for k in range(n)]
        v = adjoint(operands, n, i)
        return [*[-(v[j] * x[k]) for j in range(n) for k in range(n)], *v]

    written_out = n <= LARGEST
    made_of = (lambda *operands: _eliminated_graph(operands, n)[i]) if written_out else None
    return Primitive(
        f"solve[{i}]", forward, partials, nary=True, public=False, made_of=made_of, by_call=not written_out
    )


def computed(name: str, compute: Callable[[], float]) -> float:
    """A row's number; nan, with a warning, where it has none: one example of a batch does not stop the others."""
    try:
        return compute()
    except (ArithmeticError, ValueError, RuntimeError) as error:
        warn(f"{name}: nan for an example: {error}", RuntimeWarning, stacklevel=3)
        return nan


def solution(operands: Sequence[float]) -> tuple[float, ...]:
    """The solution in floats. ValueError where A is singular."""
    return _solution(pack(f"{len(operands)}d", *operands))


@lru_cache(REMEMBERED)
def _solution(operands: bytes) -> tuple[float, ...]:
    numbers = unpack(f"{len(operands) // 8}d", operands)
    try:
        return tuple(eliminated(_lines(numbers, int(len(numbers) ** 0.5))))  # n² + n of them
    except ValueError as error:
        raise ValueError(f"solve: A is {error}") from None


def _lines(operands: Sequence[Any], n: int) -> list[list[Any]]:
    """The equations: each its coefficients and its right side."""
    return [[*operands[n * j : n * j + n], operands[n * n + j]] for j in range(n)]


def eliminated(lines: list[list[float]]) -> list[float]:
    """The solution of equations, in floats. ValueError if they are singular."""
    for line in lines:
        scale = max([abs(a) for a in line[:-1]])
        if not 0.0 < scale < inf:  # nan too
            raise ValueError(f"a singular matrix: it has a line of {'zeros' if scale == 0.0 else 'infinities or nan'}")
        line[:] = [a / scale for a in line]

    def larger_first(p: list[float], q: list[float], k: int) -> tuple[list[float], list[float]]:
        return (q, p) if abs(q[k]) > abs(p[k]) else (p, q)

    def usable(pivot: float, k: int) -> None:
        if not abs(pivot) > len(lines) * EPSILON:
            raise ValueError(f"a singular matrix, to working precision: column {k + 1} depends on those before it")

    return _triangular(lines, larger_first, usable)


def _eliminated_graph(operands: Sequence[Any], n: int) -> list[Any]:
    """The same of Values, operation by operation, for machine code; nan if they are singular."""
    lines, pivots = _lines(operands, n), list[Any]()
    for line in lines:
        scale = reduce(table.maximum, map(abs, line[:-1]))
        line[:] = [a / scale for a in line]

    def larger_first(p: list[Any], q: list[Any], k: int) -> tuple[list[Any], list[Any]]:
        swap = table.greater(abs(q[k]), abs(p[k]))
        pairs = [*zip(p, q, strict=True)]
        return [table.where(swap, b, a) for a, b in pairs], [table.where(swap, a, b) for a, b in pairs]

    x = _triangular(lines, larger_first, lambda pivot, k: pivots.append(abs(pivot)))
    usable = table.greater(reduce(table.minimum, pivots), n * EPSILON)
    return [table.where(usable, a, nan) for a in x]


def _triangular(lines: list[list[Any]], larger_first: Callable[..., Any], use: Callable[[Any, int], None]) -> list[Any]:
    """Elimination column by column, and the unknowns from the last to the first."""
    n = len(lines)
    for k in range(n):
        for j in range(k + 1, n):
            lines[k], lines[j] = larger_first(lines[k], lines[j], k)
        first = lines[k]
        use(first[k], k)
        for line in lines[k + 1 :]:
            factor = line[k] / first[k]
            for j in range(k + 1, n + 1):
                line[j] = line[j] - factor * first[j]
    x: list[Any] = [0.0] * n
    for k in reversed(range(n)):
        rest = lines[k][n]
        for j in range(k + 1, n):
            rest = rest - lines[k][j] * x[j]
        x[k] = rest / lines[k][k]
    return x
