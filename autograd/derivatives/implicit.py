"""Functions given by equations: `root`, `fixed_point` and `argmin`, with any solver inside.

A solution x = X(p) of F(x, p) = 0 is a node for each unknown. It is found on floats, by whatever solver; derivatives do
not look into that. They are those of the implicit function theorem: F(X(p), p) = 0 near p, so F_x·X_p + F_p = 0, and

    ∂Xᵢ/∂p = −vᵀ·F_p,    F_xᵀ·v = eᵢ,    F_x and F_p at (X(p), p).

This is the partial in the node's row, and it says so as a function of p: made of the rows that F is made of, of those
of `solve` for v, and of the nodes Xⱼ(p) again. Read on floats it is the first derivative. Read on Values it is a graph
which has the value X_p not only at this p but, by the theorem, at every one near it; so its derivative is that of X_p,
and its rows are of the same kinds. By induction every order is exact, forwards and backwards, without a further rule.
(A recorded Newton step x − F_x⁻¹F has the value X(p) at this p only, to the first order; k steps reach 2ᵏ − 1.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import Context
from functools import cached_property, reduce
from math import nan
from operator import add
from struct import pack
from typing import Any
from weakref import WeakValueDictionary

from autograd.core import modes
from autograd.core.columns import Primitive
from autograd.core.primitives import defined, where
from autograd.core.refusals import Argument
from autograd.core.value import Value, data_of
from autograd.core.words import counted
from autograd.derivatives.equations import Recorded, evaluated, record, system_of
from autograd.derivatives.linear import REMEMBERED, adjoint, computed
from autograd.derivatives.recording import name_of
from autograd.derivatives.solvers import Found, conjunction, descend, is_positive, iterate, newton, polished, refuse
from autograd.derivatives.structures import holds_value, is_array, is_one_number, leaves, rebuild
from autograd.derivatives.transforms import value_and_grad
from autograd.program.expand import expand
from autograd.program.loop import in_a_trace, raised
from autograd.program.lower import lower
from autograd.program.program import Program
from autograd.program.simplify import exact

Solver = Callable[[Any, Any], Any]
WRITTEN = 8  # unknowns, at most, for which the solver is written out in a program


def root(f: Callable[..., Any], x0: Any, *arguments: Any, solver: Solver | None = None) -> Any:
    """The x with f(x, *arguments) = 0, near x0 and shaped like it: a number, or nested lists, dicts, arrays of them.

    f returns as many numbers as x has. What it depends on beside x, its arguments or what it finds in its
    surroundings, are the parameters p, and the derivatives of x in them are those of the implicit function theorem, of
    every order, whichever solver found it: ∂x/∂p = −(∂f/∂x)⁻¹ ∂f/∂p (Krantz & Parks, The Implicit Function Theorem).
    f is recorded once, so it chooses with `where`. x0 is a start and has no derivative.

    `solver(f, x0)` gives x, or a result of scipy's that has it, from f on floats, which has `f.jacobian(x)` too:

        root(f, 0.2, solver=lambda f, x0: scipy.optimize.brentq(f, 0.01, 5.0))

    What it needs of the arguments it finds, as numbers, in `f.arguments`.
    Without one it is Newton's method. The answer is taken to the last digits by Newton steps, so that derivatives are
    exact however loose the solver's tolerance. RuntimeError where there is no solution to be had from it; ValueError
    for numbers of equations and unknowns that differ, and where ∂f/∂x is singular. Compiled, it is solved for each
    example, and nan where there is no solution: Newton's method as machine code, to the same bits; a solver of your own
    as it is, where a warning says so.
    """
    recorded = record("root", f, x0, arguments)
    return _solutions("root", recorded, recorded.result, x0, solver)


def fixed_point(g: Callable[..., Any], x0: Any, *arguments: Any, solver: Solver | None = None) -> Any:
    """The x with g(x, *arguments) = x, near x0: `root` of x − g(x), which see.

    `solver(g, x0)` gives x; without one g is repeated, and Newton's method ends it, which needs no contraction.
    """

    def equations(x: Any, *arguments: Any) -> Any:
        result = g(x, *arguments)
        new, old = leaves(result, f"fixed_point: the result of {name_of(g)}"), leaves(x, "fixed_point: x")
        if len(new) != len(old):
            raise ValueError(f"fixed_point: {name_of(g)} of {counted(len(old), 'number')} returned {len(new)}")
        return result, [a - b for a, b in zip(old, new, strict=True)]

    recorded = record("fixed_point", equations, x0, arguments)
    return _solutions("fixed_point", recorded, recorded.result[0], x0, solver)


def argmin(f: Callable[..., Any], x0: Any, *arguments: Any, solver: Solver | None = None) -> Any:
    """The x near x0 where f(x, *arguments), one number, has a minimum: the `root` of its gradient, which see.

    `solver(f, x0)` gives x, from f on floats with `f.gradient(x)` and `f.hessian(x)`; without one it is Newton's method
    with Levenberg and Marquardt's shift. ValueError where the Hessian is not positive definite at the answer.
    """
    recorded = record("argmin", value_and_grad(f), x0, arguments)
    return _solutions("argmin", recorded, recorded.result[0], x0, solver)


def _solutions(name: str, recorded: Recorded, shown: Any, x0: Any, solver: Solver | None) -> Any:
    """The unknowns, shaped like x0: nodes, or floats where nothing is a Value."""
    if solver is not None and not callable(solver):
        raise TypeError(f"{name}: solver is a function of (f, x0), got {type(solver).__name__} {solver!r:.40}")
    if solver is not None and modes.is_tracing():
        _refuse_frozen(name, solver)
    start = leaves(x0, f"{name}: x0")
    visible = len(leaves(shown, name))
    program, n = recorded.program, len(start)
    if len(program.outputs) - (name != "root") * visible != n or not n:
        raise ValueError(
            f"{name}: {counted(n, 'unknown')} in x0 and {counted(visible, 'equation')}; it takes as many numbers from "
            "the function as x0 has"
        )
    equation = Equation(name, recorded, rebuild(shown, [0.0] * visible), x0, solver)
    operands = [*recorded.parameters, *start]
    if not holds_value(operands):
        return rebuild(x0, Context().run(equation.solution, operands))  # in a trace as well
    if not modes.is_tracing():  # else the numbers are not known yet
        equation.solution([*map(data_of, operands)])
    return rebuild(x0, [equation.unknown(i)(*operands) for i in range(n)])


def _refuse_frozen(name: str, solver: Solver) -> None:
    """TypeError for a solver that keeps a Value of the function being traced: its number there is the first example's,
    and the solver runs for all of them."""
    for cell in getattr(solver, "__closure__", None) or ():
        held = cell.cell_contents
        for x in leaves(held, name) if holds_value(held) else ():
            if isinstance(x, Argument) or (isinstance(x, Value) and x._row is not None):
                raise TypeError(
                    f"{name}: the solver refers to a Value of the function that is being traced, {x.label or x.op!r}, "
                    f"and would have its number of the first example for all; give it to {name} as an argument, and "
                    "take its number in the solver from f.arguments"
                )


class Equation:
    """Equations with a solver, which is None for that of this library. Operands of its rows are the parameters, and
    then where the solver starts.

    The first of the program's outputs are what the solver sees, shaped like `shown`; the last n are to be 0.
    """

    def __init__(self, name: str, recorded: Recorded, shown: Any, x0: Any, solver: Solver | None) -> None:
        self.name, self.solver, self.shown = name, solver, shown
        self.program, self.arguments = recorded.program, recorded.arguments
        self.n = len(leaves(x0, name))
        self.x0 = rebuild(x0, [0.0] * self.n)
        equations = self.program.like()
        self.program.rewritten(equations, equations.append)
        equations.outputs = equations.outputs[-self.n :]
        self.system = system_of(equations, self.n)
        self._known: dict[bytes, tuple[float, ...]] = {}
        self._rows: WeakValueDictionary[int, Primitive] = WeakValueDictionary()  # each of which holds this

    def unknown(self, i: int) -> Primitive:
        """The row for the i-th unknown."""
        if (row := self._rows.get(i)) is None:
            name = self.name if is_one_number(self.x0) else f"{self.name}[{i}]"
            forward, partials = self._forward(i), lambda operands, z: self._partials(i, operands, z)
            written = self.solver is None and self.n <= WRITTEN
            made_of = (lambda *operands: raised(self.written, operands)[i]) if written else None
            row = Primitive(name, forward, partials, nary=True, by_call=True, public=False, made_of=made_of)
        return self._rows.setdefault(i, row)

    def _forward(self, i: int) -> Callable[..., float]:
        def forward(*operands: float) -> float:
            if modes.is_tracing():  # of Values, whose numbers stand for others
                return float("nan")
            return computed(self.name, lambda: self.solution(operands)[i])

        return forward

    def _partials(self, i: int, operands: Sequence[Any], z: Any) -> list[Any]:
        n, m = self.n, self.system.parameters
        x = [z if k == i else self.unknown(k)(*operands) for k in range(n)]
        _, matrix, slopes = self.system.linearized(x, operands[:m])
        v = adjoint(matrix, n, i)
        terms: list[list[Any]] = [[] for _ in operands]
        for factor, of_equation in zip(v, slopes, strict=True):
            for j, slope in of_equation.items():
                terms[j].append(factor * slope)
        found = [-reduce(add, products) if products else 0.0 for products in terms[:m]]
        return [*[defined(slope, z) for slope in found], *[None] * n]  # there is none without a solution

    def solution(self, operands: Sequence[float]) -> tuple[float, ...]:
        """The unknowns in floats. RuntimeError, ValueError, or what the solver raises, where there are none."""
        key = pack(f"{len(operands)}d", *operands)
        x = self._known.get(key)
        if x is None:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[key] = x = self._solved(operands)
        return x

    def _solved(self, operands: Sequence[float]) -> tuple[float, ...]:
        p, start = operands[: self.system.parameters], operands[self.system.parameters :]
        try:
            if self.solver is None:
                x, found = self.searched(start, p)
                if not found:
                    refuse(self.system, self.name, x, p)
            else:
                x = self._answer(self.solver(Function(self, p), rebuild(self.x0, start)))
            x, found = polished(self.system, x, p)
            if not found:
                refuse(self.system, "polished", x, p)
        except (RuntimeError, ValueError, ArithmeticError) as error:
            error.add_note(f"in {self.name}, from x0 = {rebuild(self.x0, start)!r}")
            raise
        if self.name == "argmin":
            _, hessian, _ = self.system.linearized(x, p)
            if not is_positive(hessian, self.n):
                raise ValueError(
                    f"argmin: {[*x]} is no minimum, where the second derivatives are {hessian}: not positive definite"
                )
        return tuple(x)

    def searched(self, start: Sequence[Any], p: Sequence[Any]) -> Found:
        """What this library's own solver finds."""
        if self.name == "argmin":
            return descend(lambda x: evaluated(self.program, [*x, *p])[0], self.system, start, p)
        if self.name == "fixed_point":
            start = iterate(lambda x: evaluated(self.program, [*x, *p])[: self.n], start)
        return newton(self.system, start, p)

    @cached_property
    def written(self) -> Program:
        """The same as a program: of the unknowns, nan where there are none."""
        operands = [Argument(0.5) for _ in range(self.system.parameters + self.n)]

        def unknowns() -> list[Any]:
            p, start = operands[: self.system.parameters], operands[self.system.parameters :]
            x, found = self.searched(start, p)
            x, last = polished(self.system, x, p)
            found = conjunction(found, last)
            if self.name == "argmin":
                found = conjunction(found, is_positive(self.system.linearized(x, p)[1], self.n))
            return [where(found, a, nan) for a in x]

        return expand(lower(in_a_trace(unknowns), operands)[0], exact)

    def _answer(self, found: Any) -> list[float]:
        """A solver's answer as numbers; scipy's results say whether they are any."""
        if not getattr(found, "success", getattr(found, "converged", True)):
            raise RuntimeError(
                f"the solver did not converge: {getattr(found, 'message', getattr(found, 'flag', 'it says so'))}"
            )
        found = getattr(found, "x", getattr(found, "root", found)) if not is_array(found) else found
        numbers = leaves(found, f"{self.name}: the solver's answer")
        if len(numbers) != self.n:
            raise ValueError(
                f"{self.name}: the solver gave {counted(len(numbers), 'number')} for {counted(self.n, 'unknown')}"
            )
        return numbers


class Function:
    """What a solver is given: the user's function on floats, its parameters being what they are."""

    def __init__(self, equation: Equation, p: Sequence[float]) -> None:
        self.equation, self.p = equation, p

    def __call__(self, x: Any) -> Any:
        """Its result, in the structure that the user's function gave it."""
        visible = len(leaves(self.equation.shown, "shown"))
        return rebuild(self.equation.shown, evaluated(self.equation.program, [*self._numbers(x), *self.p])[:visible])

    @property
    def arguments(self) -> tuple[Any, ...]:
        """Those that the equations were given beside x, in numbers."""
        p = iter(self.p)
        found = []
        for argument in self.equation.arguments:
            if holds_value(argument):
                numbers = [next(p) if isinstance(x, Value) else x for x in leaves(argument, self.equation.name)]
                argument = rebuild(argument, numbers)
            found.append(argument)
        return tuple(found)

    def jacobian(self, x: Any) -> Any:
        """The derivatives of the equations in the unknowns: a number for one, a list of lists for more."""
        n = self.equation.n
        _, matrix, _ = self.equation.system.linearized(self._numbers(x), self.p)
        if is_one_number(self.equation.x0):
            return matrix[0]
        return [matrix[n * i : n * (i + 1)] for i in range(n)]

    hessian = jacobian  # of a function to be minimized, whose gradient the equations are

    def gradient(self, x: Any) -> Any:
        """The numbers that are to be 0, shaped like x0."""
        return rebuild(self.equation.x0, self.equation.system.residuals(self._numbers(x), self.p))

    def _numbers(self, x: Any) -> list[float]:
        numbers = leaves(x, f"{self.equation.name}: what the solver tries")
        if len(numbers) != self.equation.n:
            raise ValueError(
                f"{self.equation.name}: the solver tried {counted(len(numbers), 'number')} for "
                f"{counted(self.equation.n, 'unknown')}"
            )
        return numbers
