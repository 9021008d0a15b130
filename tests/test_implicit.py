"""Functions given by equations: exact derivatives of every order, whatever solver is inside and however loose it is."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import mpmath
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from autograd import (
    Value,
    argmin,
    check_gradients,
    compile,
    cos,
    differentiating,
    dot,
    exp,
    fixed_point,
    fori,
    grad,
    hessian,
    jacobian,
    jvp,
    log,
    ndtr,
    no_grad,
    relu,
    root,
    scan,
    sin,
    solve,
    sqrt,
    tanh,
    value_and_grad,
    vjp,
    while_loop,
)
from autograd.program import loop_trace
from autograd.testing import expressions
from autograd.trust.expressions import Expression
from tests.compare import bits

np = pytest.importorskip("numpy", reason="compiled calls are of arrays")

Function = Callable[..., Any]


def reverse(f: Function) -> Function:
    return grad(f)


def forward(f: Function) -> Function:
    return lambda x: jvp(f, (x,), (1.0,))[1]


def backward(f: Function) -> Function:
    return lambda x: vjp(f, x)[1](1.0)[0]


def mixed(f: Function, *orders: Function) -> Function:
    for derivative in orders:
        f = derivative(f)
    return f


# One unknown


def square_root(a: Any) -> Any:
    return root(lambda x: x * x - a, 1.0)


@pytest.mark.parametrize(
    "orders",
    [(reverse,) * 4, (forward,) * 4, (reverse, forward, backward, reverse), (forward, reverse, reverse, forward)],
)
def test_every_order_of_a_root_is_exact_in_every_mixture_of_modes(orders: tuple[Function, ...]) -> None:
    exact = [0.5 * 2**-0.5, -0.25 * 2**-1.5, 0.375 * 2**-2.5, -0.9375 * 2**-3.5]
    for k in range(4):
        assert mixed(square_root, *orders[: k + 1])(2.0) == pytest.approx(exact[k], rel=1e-14)


def test_a_root_of_captured_values_has_their_gradients() -> None:
    a, b = Value(2.0), Value(3.0)
    x = root(lambda x: a * x**3 + b * x - 5, 1.0)
    x.backward()
    slope = 3 * a.data * x.data**2 + b.data
    assert a.grad == pytest.approx(-(x.data**3) / slope, rel=1e-15)
    assert b.grad == pytest.approx(-x.data / slope, rel=1e-15)


def test_what_was_computed_before_is_differentiated_through() -> None:
    f = lambda a: square_root(exp(a)) * a
    assert grad(f)(1.0) == pytest.approx(1.5 * math.exp(0.5), rel=1e-14)


def test_arguments_beside_x_are_parameters_too() -> None:
    f = lambda a, b: root(lambda x, p, q: p["a"] * x - q[0], 1.0, {"a": a}, [b])
    assert grad(f, argnums=(0, 1))(2.0, 6.0) == (-1.5, 0.5)


def test_of_plain_numbers_a_root_is_a_number() -> None:
    assert root(lambda x: x * x - 2, 1.0) == pytest.approx(math.sqrt(2), rel=1e-16)
    assert type(root(lambda x: x * x - 2, 1.0)) is float


def test_equations_alike_but_for_a_number_are_others() -> None:
    slopes = [grad(lambda p: root(lambda x: x / c - p, 1.0))(1.0) for c in (2.0, 3.0, 2.0)]  # noqa: B023
    assert slopes == [2.0, 3.0, 2.0]


@pytest.mark.parametrize(
    "around",
    [
        lambda a, b: fori(lambda s, i: s * b, a, 3), lambda a, b: scan(lambda s, x: (s * x, s), a, [b, a])[1][1],
        lambda a, b: while_loop(lambda s: s < 9.0, lambda s: s * b, a, 30), lambda a, b: root(lambda z: z * z - a, b),
        lambda a, b: fixed_point(lambda z: 0.3 * cos(a * z), b), lambda a, b: solve([[a, b], [1.0, 3.0]], [1.0, a])[0],
        lambda a, b: argmin(lambda z: (z - a) ** 2 + z * b, 0.0),
    ],
)  # fmt: skip
def test_what_equations_find_around_them_may_be_a_loop_or_a_solution(around: Function) -> None:
    """Nothing in it depends on the unknowns, so that it is a parameter, whose number counts."""
    outside, f = around(2.0, 1.3), lambda a, b: root(lambda x: x**3 + x - around(a, b) * x - 0.1 * around(a, b), 2.0)
    assert f(2.0, 1.3) == root(lambda x: x**3 + x - outside * x - 0.1 * outside, 2.0)
    check_gradients(f, 2.0, 1.3, order=2)
    both = lambda a, b: (f(a, b), grad(f, (0, 1))(a, b))
    value, slopes = compile(both, runner="python")(2.0, 1.3)
    assert value == pytest.approx(f(2.0, 1.3), rel=1e-14)
    assert slopes == pytest.approx(grad(f, (0, 1))(2.0, 1.3), rel=1e-12)


@pytest.mark.parametrize("find", [root, fixed_point, argmin])
@pytest.mark.parametrize("derivative", [lambda f: f, grad, hessian, lambda f: lambda a: jvp(f, (a,), (1.0,))])
def test_what_leaves_the_equations_is_no_number_of_a_program(find: Any, derivative: Any) -> None:
    """They stand for any unknowns while they are recorded."""

    def f(a: Any) -> Any:
        kept = [0.0]

        def equations(x: Any) -> Any:
            kept[0] = x * a
            return 0.1 * x * x + (x - a if find is root else a)

        return find(equations, 1.0) * kept[0]

    with pytest.raises(
        TypeError, match=r"of equations \(root, fixed_point, argmin\), or what was made of it, is used out"
    ):
        compile(derivative(f), runner="python")(0.5)


def test_a_written_solver_calls_its_steps_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a step does the same when it is called again is asked of a user's only."""
    asked = list[str]()
    monkeypatch.setattr(loop_trace, "refuse_another", lambda name, *_: asked.append(name))
    compile(grad(lambda a: root(lambda v: [v[0] ** 2 - a, v[1] - v[0]], [1.0, 1.0])[1]))(2.0)
    assert asked == []
    compile(lambda a: root(lambda x: fori(lambda s, i: s * 0.5 + x, a, 3), 1.0))(2.0)
    assert set(asked) == {"fori"}


def test_a_root_in_a_root() -> None:
    """x with x = √(a·y), y with y = √(a·x): both are a."""
    inner = lambda x, a: root(lambda y: y * y - a * x, 1.0)
    f = lambda a: root(lambda x: x * x - a * inner(x, a), 1.5)
    assert f(Value(3.0)).data == pytest.approx(3.0, rel=1e-15)
    assert grad(f)(3.0) == pytest.approx(1.0, rel=1e-13)
    assert grad(grad(f))(3.0) == pytest.approx(0.0, abs=1e-12)
    assert compile(grad(f))([2.0, 3.0]) == pytest.approx([1.0, 1.0], rel=1e-13)


LOOP_IN_ROOT = lambda a: root(lambda x: fori(lambda s, k: s * 0.5 + x * a, x, 4) - 1.0, 0.5)
ITEMS_IN_ROOT = lambda a: root(lambda x: scan(lambda s, k: (s * k + x, s), x, [a, 0.5, 2.0])[0] - 1.0, 0.5)
ROOT_IN_LOOP = lambda a: fori(lambda s, k: root(lambda x: x * x - s - a, 1.0), a, 3)


@pytest.mark.parametrize("derivative", [lambda f: f, grad, lambda f: grad(grad(f))])
@pytest.mark.parametrize(
    ("f", "closed", "a"),
    [
        (LOOP_IN_ROOT, lambda a: 1 / (0.0625 + 1.875 * a), 2.0),
        (ITEMS_IN_ROOT, lambda a: 1 / (a + 4), 2.0),
        (ROOT_IN_LOOP, lambda a: sqrt(a + sqrt(a + sqrt(a + a))), 3.0),
    ],
    ids=["a loop in a root", "a loop over items in a root", "a root at every step of a loop"],
)
def test_roots_and_loops_in_each_other_have_exact_derivatives(derivative: Any, f: Any, closed: Any, a: float) -> None:
    exact = derivative(closed)(a)
    assert derivative(f)(a) == pytest.approx(exact, rel=1e-14)
    assert compile(derivative(f))([a - 1.0, a])[1] == pytest.approx(exact, rel=1e-14)


def test_systems_in_a_loop_compile_with_their_derivatives() -> None:
    def f(a: Any) -> Any:
        step = lambda s, k: root(lambda v: [v[0] ** 2 - s[0] - a, v[1] + v[0] - s[1]], [1.0, 1.0])
        return fori(step, [1.0, 2.0], 3)

    assert compile(jacobian(f))([2.0, 3.0])[0] == pytest.approx(jacobian(f)(2.0), rel=1e-14)


TWO = [[2.0, 1.0], [1.0, 3.0]]


@pytest.mark.parametrize("runner", ["python", None])
def test_what_is_constant_is_solved_in_a_trace(runner: str | None) -> None:
    f = lambda x: x * solve(TWO, [1.0, 2.0])[0] + root(lambda y: y * y - 2, 1.0)
    assert compile(f, runner=runner)([1.0, 2.0]) == pytest.approx([0.2 + math.sqrt(2), 0.4 + math.sqrt(2)], rel=1e-15)
    in_a_loop = lambda x: fori(lambda s, k: f(s), x, 2)
    assert compile(in_a_loop, runner=runner)([1.0]) == pytest.approx([in_a_loop(1.0)], rel=1e-15)


def test_equations_of_a_constant_jacobian_compile_with_their_derivatives() -> None:
    f = lambda a: root(lambda v: [2 * v[0] + v[1] - a, v[0] + 3 * v[1] - 2 * a * a], [1.0, 1.0])
    assert jacobian(f)(2.0) == pytest.approx([-1.0, 3.0], rel=1e-14)
    assert compile(jacobian(f))([2.0])[0] == pytest.approx([-1.0, 3.0], rel=1e-14)


@pytest.mark.parametrize("runner", ["python", None])
def test_a_compiled_root_of_numbers_may_be_called_in_a_trace(runner: str | None) -> None:
    inner = compile(square_root, runner=runner)
    assert compile(lambda x: x * inner(2.0))([1.0]) == pytest.approx([math.sqrt(2)], rel=1e-15)


def test_a_root_is_recorded_without_a_graph_where_nothing_is_to_be() -> None:
    with no_grad():
        x = square_root(Value(2.0))
    assert x.data == pytest.approx(math.sqrt(2), rel=1e-15) and x.op == ""


def test_recording_under_no_grad_still_finds_the_root() -> None:
    with differentiating():
        assert grad(square_root)(Value(4.0)).data == pytest.approx(0.25, rel=1e-15)


# Implied volatility, through a bracketing solver of scipy's


SPOT, STRIKE, YEARS, RATE = 100.0, 110.0, 0.5, 0.03


def call_price(volatility: Any, spot: Any = SPOT, ndtr: Any = ndtr, log: Any = log, sqrt: Any = sqrt) -> Any:
    """Black and Scholes (1973)."""
    spread = volatility * sqrt(YEARS)
    d = (log(spot / STRIKE) + RATE * YEARS) / spread + spread / 2
    return spot * ndtr(d) - STRIKE * math.exp(-RATE * YEARS) * ndtr(d - spread)


def implied(tolerance: float) -> Function:
    def brent(f: Any, x0: float) -> float:
        from scipy.optimize import brentq

        return brentq(f, 0.01, 5.0, xtol=tolerance, rtol=max(tolerance, 1e-15))

    return lambda price, spot=SPOT: root(lambda v: call_price(v, spot) - price, 0.2, solver=brent)


@pytest.mark.parametrize("tolerance", [1e-2, 1e-6, 1e-12])
def test_implied_volatility_has_the_slope_1_over_vega_whatever_the_tolerance(tolerance: float) -> None:
    pytest.importorskip("scipy")
    price, vega = value_and_grad(call_price)(0.25)
    volatility, slope = value_and_grad(implied(tolerance))(price)
    assert volatility == pytest.approx(0.25, rel=1e-14)
    assert slope * vega == pytest.approx(1.0, rel=1e-12)


def test_implied_volatility_agrees_with_mpmath_to_the_third_order() -> None:
    pytest.importorskip("scipy")
    exact = lambda price, spot: mpmath.findroot(
        lambda v: call_price(v, spot, mpmath.ncdf, mpmath.log, mpmath.sqrt) - price, 0.25
    )
    f, price = implied(1e-3), 3.5
    with mpmath.workdps(40):
        known = {
            n: float(mpmath.diff(exact, (price, SPOT), n)) for n in [(1, 0), (0, 1), (2, 0), (1, 1), (0, 2), (3, 0)]
        }
    lines = hessian(f, argnums=(0, 1))(price, SPOT)
    assert grad(f, argnums=(0, 1))(price, SPOT) == pytest.approx((known[1, 0], known[0, 1]), rel=1e-12)
    assert lines[0] == pytest.approx((known[2, 0], known[1, 1]), rel=1e-11)
    assert lines[1] == pytest.approx((known[1, 1], known[0, 2]), rel=1e-11)
    assert mixed(f, reverse, forward, reverse)(price) == pytest.approx(known[3, 0], rel=1e-10)


def test_compiled_the_solver_runs_for_each_example() -> None:
    pytest.importorskip("scipy")
    f, prices, spots = implied(1e-3), np.array([3.0, 4.0, 5.0, 6.0, 7.0]), np.linspace(99, 103, 5)
    eager = [value_and_grad(f, argnums=(0, 1))(p, s) for p, s in zip(prices.tolist(), spots.tolist())]
    value, slopes = compile(value_and_grad(f, argnums=(0, 1)))(prices, spots)
    assert [bits(v) for v in value.tolist()] == [bits(v) for v, _ in eager]
    assert np.array(slopes).T == pytest.approx(np.array([g for _, g in eager]), rel=1e-15)
    second = compile(hessian(f, argnums=(0, 1)))(prices, spots)
    for k, (p, s) in enumerate(zip(prices.tolist(), spots.tolist())):
        lines = hessian(f, argnums=(0, 1))(p, s)
        assert np.array(second)[:, :, k] == pytest.approx(np.array(lines), rel=1e-12)


# Several unknowns


def circle_and_line(a: Any, b: Any) -> Any:
    """The point in the first quadrant with x² + y² = a and x = b·y."""
    return root(lambda v: [v[0] ** 2 + v[1] ** 2 - a, v[0] - b * v[1]], [1.0, 1.0])


def point(a: Any, b: Any, sqrt: Any = sqrt) -> list[Any]:
    y = sqrt(a / (1 + b * b))
    return [b * y, y]


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_a_system_has_the_jacobian_of_its_closed_form(mode: str) -> None:
    found = jacobian(circle_and_line, argnums=(0, 1), mode=mode)(2.0, 3.0)
    exact = jacobian(point, argnums=(0, 1))(2.0, 3.0)
    assert np.array(found) == pytest.approx(np.array(exact), rel=1e-13)


def test_a_system_agrees_with_mpmath_to_the_third_order() -> None:
    f = lambda a, b: dot([1.0, 2.0], circle_and_line(a, b))
    exact = lambda a, b: (lambda x, y: x + 2 * y)(*point(a, b, mpmath.sqrt))
    third = grad(lambda a: grad(lambda b: grad(f, argnums=1)(a, b))(3.0))
    with mpmath.workdps(40):
        known = {n: float(mpmath.diff(exact, (2, 3), n)) for n in [(2, 0), (1, 1), (0, 2), (1, 2)]}
    lines = hessian(f, argnums=(0, 1))(2.0, 3.0)
    assert np.array(lines) == pytest.approx(
        np.array([[known[2, 0], known[1, 1]], [known[1, 1], known[0, 2]]]), rel=1e-12
    )
    assert third(2.0) == pytest.approx(known[1, 2], rel=1e-12)


@pytest.mark.parametrize("runner", ["python", "tape", "source"])
def test_every_runner_solves_a_system(runner: str) -> None:
    a = np.array([1.0, 2.0, 5.0])
    f = lambda a, b: dot([1.0, 2.0], circle_and_line(a, b))
    found = np.array(compile(hessian(f, argnums=(0, 1)), runner=runner)(a, 3.0))
    for k in range(3):
        assert found[:, :, k] == pytest.approx(np.array(hessian(f, argnums=(0, 1))(a[k].item(), 3.0)), rel=1e-12)


def test_unknowns_keep_the_structure_of_the_start() -> None:
    a = Value(2.0)
    x = root(lambda v: {"u": v["p"][0] - a, "w": v["q"] - v["p"][0] ** 2}, {"p": [1.0], "q": 1.0})
    assert x["p"][0].data == 2.0 and x["q"].data == 4.0
    array = root(lambda v: v * v - a, np.ones(2))
    assert array.shape == (2,) and [v.data for v in array] == pytest.approx([math.sqrt(2)] * 2, rel=1e-15)


def test_the_gradient_of_a_compiled_mean_reaches_parameters_through_a_root() -> None:
    w = Value(1.5)
    cost = lambda t: root(lambda x: x**3 + w * x - t, 1.0) ** 2
    examples = [1.0, 2.0, 3.0]
    mean = sum(map(cost, examples)) / 3
    mean.backward()
    found, (slope,) = compile(cost).value_and_grad(np.array(examples))
    assert found == pytest.approx(mean.data, rel=1e-15)
    assert slope == pytest.approx(w.grad, rel=1e-14)


def test_each_example_may_start_elsewhere() -> None:
    f = compile(value_and_grad(lambda a, x0: root(lambda x: sin(x) - a, x0)))
    value, slope = f(0.5, np.array([0.0, 3.0]))
    assert value == pytest.approx([math.pi / 6, 5 * math.pi / 6], rel=1e-15)
    assert slope == pytest.approx([2 / math.sqrt(3), -2 / math.sqrt(3)], rel=1e-14)


def test_a_start_has_no_derivative() -> None:
    assert grad(lambda x0: root(lambda x: x * x - 2, x0) * x0)(1.5) == pytest.approx(math.sqrt(2), rel=1e-15)


def test_masks_in_the_equations_switch_paths_off() -> None:
    f = lambda a, b: root(lambda x: x - a - sqrt(relu(b - x)), 2.0)
    assert grad(f, argnums=(0, 1))(2.0, 1.0) == (1.0, 0.0)
    assert compile(grad(f, argnums=(0, 1)))(2.0, 1.0) == (1.0, 0.0)


# The other three


def test_a_fixed_point_has_the_slope_of_the_theorem() -> None:
    f = lambda a: fixed_point(lambda x: a * cos(x), 1.0)
    x = f(Value(1.0)).data
    assert x == pytest.approx(0.7390851332151607, rel=1e-15)  # Dottie's number, OEIS A003957
    assert grad(f)(1.0) == pytest.approx(math.cos(x) / (1 + math.sin(x)), rel=1e-14)
    assert check_gradients(f, 1.0, order=2)


def test_a_solver_of_a_fixed_point_gets_the_function_that_repeats() -> None:
    seen = []

    def repeat(g: Any, x: float) -> float:
        for _ in range(60):
            x = g(x)
        seen.append(x)
        return x

    fixed_point(cos, 1.0, solver=repeat)
    assert seen == [pytest.approx(0.7390851332151607, rel=1e-9)]


def test_a_minimum_moves_with_its_parameters_as_the_theorem_says() -> None:
    """argmin of (x − a)² + b·(y − a·x)² is (a, a²)."""
    f = lambda a, b: argmin(lambda v: (v[0] - a) ** 2 + b * (v[1] - a * v[0]) ** 2, [0.0, 0.0])
    of_a, of_b = jacobian(f, argnums=(0, 1))(2.0, 3.0)
    assert of_a == pytest.approx([1.0, 4.0], rel=1e-13)
    assert of_b == pytest.approx([0.0, 0.0], abs=1e-13)
    assert compile(jacobian(f))([1.0, 2.0], 3.0) == pytest.approx(np.array([[1.0, 2.0], [1.0, 4.0]]), rel=1e-13)


def test_scipy_minimizes_with_the_gradient_and_the_hessian_it_is_given() -> None:
    optimize = pytest.importorskip("scipy.optimize")
    solver = lambda f, x0: optimize.minimize(f, x0, jac=f.gradient, hess=f.hessian, method="trust-exact")
    f = lambda a: argmin(lambda v: (1 - v[0]) ** 2 + a * (v[1] - v[0] ** 2) ** 2 + v[1], [0.5, 0.5], solver=solver)
    assert jacobian(f)(10.0) == pytest.approx(jacobian(lambda a: argmin_by_default(a))(10.0), rel=1e-12)


def test_a_minimum_that_rounds_is_found() -> None:
    """argmin of (x − a)² + x⁴ has 4x³ + 2x = 2a: Cardano's x = 2 sinh(asinh(9a/√6) / 3) / √6."""
    f = lambda a: argmin(lambda x: (x - a) ** 2 + x**4, 0.0)
    numbers = [k / 100 for k in range(400)]
    expected = [2 * math.sinh(math.asinh(9 * a / math.sqrt(6)) / 3) / math.sqrt(6) for a in numbers]
    assert [f(a) for a in numbers] == pytest.approx(expected, rel=1e-14)
    assert compile(f, runner="python")(numbers).tolist() == [f(a) for a in numbers]


def argmin_by_default(a: Any) -> Any:
    return argmin(lambda v: (1 - v[0]) ** 2 + a * (v[1] - v[0] ** 2) ** 2 + v[1], [0.5, 0.5])


def test_scipy_solves_a_system_with_the_jacobian_it_is_given() -> None:
    optimize = pytest.importorskip("scipy.optimize")
    solver = lambda f, x0: optimize.root(f, x0, jac=f.jacobian)
    x = root(lambda v: [v[0] ** 2 + v[1] ** 2 - 4, v[0] - v[1]], [1.0, 1.0], solver=solver)
    assert x == [math.sqrt(2)] * 2


matrices = st.lists(st.lists(st.floats(-1, 1), min_size=3, max_size=3), min_size=3, max_size=3)


@settings(max_examples=30, deadline=None)
@given(matrices, st.lists(st.floats(-1, 1), min_size=3, max_size=3))
def test_linear_equations_are_solved_and_differentiated_as_numpy_inverts(A: Any, b: Any) -> None:
    A = [[x + 4.0 * (i == j) for j, x in enumerate(line)] for i, line in enumerate(A)]
    inverse = np.linalg.inv(A)
    x = inverse @ b
    assert solve(A, b) == pytest.approx(x, rel=1e-12, abs=1e-14)
    of_A, of_b = jacobian(solve, argnums=(0, 1))(A, b)
    assert np.array(of_b) == pytest.approx(inverse, rel=1e-12, abs=1e-14)
    assert np.array(of_A) == pytest.approx(-np.einsum("ij,k->ijk", inverse, x), rel=1e-12, abs=1e-14)


def test_a_solution_has_second_derivatives_and_compiles() -> None:
    f = lambda a, b: dot(solve([[a, b], [b, 3.0]], [1.0, a]), [1.0, b])
    closed = lambda a, b: ((3.0 - a * b) + (a * a - b) * b) / (3.0 * a - b * b)
    exact = np.array(hessian(closed, argnums=(0, 1))(2.0, 1.0))
    assert np.array(hessian(f, argnums=(0, 1))(2.0, 1.0)) == pytest.approx(exact, rel=1e-12)
    compiled = compile(hessian(f, argnums=(0, 1)))(np.array([1.5, 2.0]), 1.0)
    assert np.array(compiled)[:, :, 1] == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize(
    ("n", "runner"),
    [
        *[(n, runner) for n in (2, 5) for runner in ("python", "tape", "source")],
        pytest.param(17, None, marks=pytest.mark.heavy),  # too many to be written out: called in Python
    ],
)
def test_compiled_equations_have_the_solution_of_eager_ones_to_the_bit(n: int, runner: str | None) -> None:
    rng = np.random.default_rng(n)
    A, b = rng.normal(size=(3, n, n)), rng.normal(size=(3, n))
    found = compile(solve, runner=runner)(A, b)
    for k in range(3):
        assert found[k].tolist() == solve(A[k].tolist(), b[k].tolist())


@pytest.mark.filterwarnings("ignore:solve. nan")
@pytest.mark.parametrize("runner", ["python", None])
def test_an_example_with_a_singular_matrix_is_nan(runner: str | None) -> None:
    call = compile(lambda A: solve(A, [1.0, 2.0]), runner=runner)
    found = call(np.array([[[1.0, 2.0], [2.0, 4.0]], [[0.0, 0.0], [1.0, 2.0]], [[2.0, 0.0], [0.0, 1.0]]]))
    assert np.isnan(found[:2]).all() and found[2].tolist() == [0.5, 2.0]


def test_equations_are_exported_as_they_are_solved(tmp_path: Any) -> None:
    call = compile(lambda a: solve([[a, 1.0], [1.0, 3.0]], [1.0, 2.0])[0])
    call(2.0)
    call.export(tmp_path / "unknown.py", gradient=False)
    scope: dict[str, Any] = {}
    exec((tmp_path / "unknown.py").read_text(), scope)
    assert scope["unknown"]([], [2.0]) == solve([[2.0, 1.0], [1.0, 3.0]], [1.0, 2.0])[0]


def test_more_unknowns_than_machine_code_can_hand_over_are_refused() -> None:
    with pytest.raises(TypeError, match=r"1,640 operands.*runner=\"python\""):
        compile(solve)(np.ones((1, 40, 40)), np.ones((1, 40)))


def test_badly_scaled_equations_are_not_taken_for_singular() -> None:
    assert solve([[1e-200, 0.0], [0.0, 1e200]], [1e-200, 1e200]) == [1.0, 1.0]
    assert solve([[1e-20, 1.0], [1.0, 1.0]], [1.0, 2.0]) == pytest.approx([1.0, 1.0], rel=1e-15)


# Random programs with roots in them


SMOOTH = ["sin", "cos", "tanh", "sigmoid", "softplus", "add", "sub", "mul"]


@settings(max_examples=12, deadline=None)
@given(
    expressions(SMOOTH, n_inputs=3, max_nodes=6), expressions(SMOOTH, n_inputs=3, max_nodes=6),
    st.floats(-1, 1), st.floats(-1, 1),
)  # fmt: skip
def test_random_programs_with_roots_agree_in_every_reading(
    inside: Expression, after: Expression, a: float, b: float
) -> None:
    def f(a: Any, b: Any) -> Any:
        y = root(lambda y: y - 0.5 * tanh(inside(y, a, b)), 0.1)
        return after(y, a, b) + y

    try:
        y = root(lambda y: y - 0.5 * tanh(inside(y, a, b)), 0.1)
    except (RuntimeError, ValueError):
        assume(False)
    assume(abs(grad(lambda y: y - 0.5 * tanh(inside(y, a, b)))(y)) > 0.3)
    check_gradients(f, a, b, order=2)
    eager = hessian(f, argnums=(0, 1))(a, b)
    for runner in ("python", None):
        value, slopes = compile(value_and_grad(f, argnums=(0, 1)), runner=runner)([a], [b])
        expected, gradient = value_and_grad(f, argnums=(0, 1))(a, b)
        assert value[0] == pytest.approx(expected, rel=1e-14, abs=1e-15)
        assert [slope[0] for slope in slopes] == pytest.approx(gradient, rel=1e-12, abs=1e-13)
        lines = compile(hessian(f, argnums=(0, 1)), runner=runner)([a], [b])
        assert np.array(lines)[:, :, 0] == pytest.approx(np.array(eager), rel=1e-9, abs=1e-11)


# What goes wrong says so


@pytest.mark.parametrize(
    ("act", "error", "words"),
    [
        (lambda: root(lambda x: x * x + 1.0, 0.7), RuntimeError, "found no solution"),
        (lambda: root(lambda x: x * x, 1.0), RuntimeError, "found no solution"),
        (lambda: root(lambda x: x * x - 2, 1.0, solver=lambda f, x0: 7.0), RuntimeError, "the solver did not converge"),
        (lambda: root(lambda x: x * 0.0 + 1.0, 1.0), ValueError, "start elsewhere"),
        (lambda: root(lambda v: [v[0] + v[1]] * 2, [1.0, 2.0]), ValueError, "column 2 depends on those before"),
        (lambda: root(lambda v: [v[0]], [1.0, 2.0]), ValueError, "2 unknowns in x0 and 1 equation;"),
        (lambda: root(lambda x: x, 1.0, solver=lambda f, x0: [1.0, 2.0]), ValueError, r"for 1 unknown\b"),
        (lambda: root(lambda x: x, 1.0, solver=lambda f, x0: f([1.0, 2.0])), ValueError, "tried 2 numbers"),
        (lambda: root(lambda x: x - 1 if x > 0 else x, 1.0), TypeError, "where"),
        (lambda: root(3, 1.0), TypeError, "root takes a function, got int"),
        (lambda: root(lambda x: x, 1.0, solver="brentq"), TypeError, r"solver is a function of \(f, x0\), got str"),
        (lambda: root(lambda x: x, "one"), TypeError, "root: x0"),
        (lambda: fixed_point(lambda x: [x, x], 1.0), ValueError, "of 1 number returned 2"),
        (lambda: fixed_point(lambda x: x + 1.0, 1.0), ValueError, "start elsewhere"),
        (lambda: argmin(lambda x: -x * x, 0.1), RuntimeError, "no minimum was found"),
        (lambda: argmin(lambda x: -x * x, 0.1, solver=lambda f, x0: 0.0), ValueError, "no minimum"),
        (lambda: argmin(lambda x: [x, x], 0.1), TypeError, "must return one scalar"),
        (lambda: solve([[1.0, 2.0], [2.0, 4.0]], [1.0, 2.0]), ValueError, "solve: A is a singular matrix"),
        (lambda: solve([[0.1, 0.2], [0.3, 0.6]], [1.0, 2.0]), ValueError, "solve: A is a singular matrix"),
        (lambda: solve([[0.0, 0.0], [0.3, 0.6]], [1.0, 2.0]), ValueError, "a line of zeros"),
        (lambda: solve([[1.0, 2.0]], [1.0]), ValueError, "A is 1 × 2 and b 1 long"),
        (lambda: solve(2.0, 1.0), ValueError, "A is one number"),
    ],
)  # fmt: skip
def test_bad_equations_and_bad_answers_say_what_is_wrong(act: Function, error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        act()


def test_scipy_s_own_word_that_it_failed_is_passed_on() -> None:
    optimize = pytest.importorskip("scipy.optimize")
    with pytest.raises(RuntimeError, match="did not converge"):
        root(lambda x: x * x + 1.0, 0.7, solver=lambda f, x0: optimize.root(f, x0))


def test_the_start_is_named_where_a_solver_raises() -> None:
    optimize = pytest.importorskip("scipy.optimize")
    with pytest.raises(ValueError, match="different signs") as caught:
        root(lambda x: x - 9.0, 0.5, solver=lambda f, x0: optimize.brentq(f, 0.0, 1.0))
    assert caught.value.__notes__ == ["in root, from x0 = 0.5"]


@pytest.mark.parametrize("runner", ["python", None])
def test_an_example_without_a_solution_is_nan(runner: str | None) -> None:
    call = compile(lambda a: root(lambda x: x * x - a, 1.0), runner=runner)
    if runner is None:
        found = call([4.0, -1.0])
    else:
        with pytest.warns(RuntimeWarning, match="root: nan for an example: .* singular"):
            found = call([4.0, -1.0])
    assert found[0] == 2.0 and math.isnan(found[1])


@pytest.mark.parametrize("runner", ["python", None])
def test_what_is_no_lack_of_a_solution_is_raised_in_machine_code_too(runner: str | None) -> None:
    def wrong(f: Any, x0: float) -> float:
        return {4.0: 2.0}[f.arguments[0]]

    call = compile(lambda a: root(lambda x, a: x * x - a, 1.0, a, solver=wrong), runner=runner)
    assert call([4.0]) == [2.0]
    with pytest.raises(KeyError):
        call([4.0, 9.0])


def test_a_solver_that_would_keep_the_first_example_s_number_is_refused() -> None:
    def f(a: Any) -> Any:
        return root(lambda x: x * x - a, 1.0, solver=lambda f, x0: a.data)

    with pytest.raises(TypeError, match=r"would have its number of the first example.*f\.arguments"):
        compile(f)([1.0, 4.0])


def test_a_solver_finds_the_numbers_of_its_example_in_arguments() -> None:
    f = lambda a: root(lambda x, a: x * x - a[0], 1.0, [a], solver=lambda f, x0: math.sqrt(f.arguments[0][0]))
    assert compile(f)([1.0, 4.0, 9.0]).tolist() == [1.0, 2.0, 3.0]


def test_a_solver_of_python_s_is_neither_printed_nor_exported(tmp_path: Any) -> None:
    call = compile(lambda a: root(lambda x, a: x * x - a, 1.0, a, solver=lambda f, x0: math.sqrt(f.arguments[0])))
    call(2.0)
    assert "root(a, 1)" in str(call.program)
    with pytest.raises(TypeError, match="solved by a function of Python's"):
        _ = call.source
    with pytest.raises(TypeError, match="solved by a function of Python's"):
        call.export(tmp_path / "root.c")


def test_a_root_leaves_no_cycle() -> None:
    import gc

    f = grad(lambda a: dot([1.0, 1.0], circle_and_line(a, 3.0)))
    f(2.0)
    gc.collect()
    gc.disable()
    try:
        f(2.0)
        assert gc.collect() == 0
    finally:
        gc.enable()


@pytest.mark.filterwarnings("ignore:(solve|argmin). nan")
@pytest.mark.parametrize("runner", ["python", None])
def test_without_a_solution_there_is_no_slope_however_constant_it_would_be(runner: str | None) -> None:
    corner = lambda a: argmin(lambda x: abs(x) + (x - a) ** 2, 0.3)  # 0 for |a| < ½, where Newton's method goes astray
    value, slope = [compile(f, runner=runner)([0.1, 2.0]) for f in (corner, grad(corner))]
    assert np.isnan([value[0], slope[0]]).all() and (value[1], slope[1]) == (1.5, 1.0)
    median = lambda a: argmin(lambda x: abs(x - a) + abs(x - 1.0), 0.3)  # whose gradient's slopes are 0 in all
    assert np.isnan([compile(f, runner=runner)([0.1])[0] for f in (median, grad(median))]).all()
    one = compile(lambda a: solve([[a]], [2.0])[0], runner=runner)
    assert np.isnan(one([0.0, math.inf])).all() and one([4.0])[0] == 0.5
