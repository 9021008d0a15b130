"""The transforms: what they take and give, how they compose, and what they leave alone."""

from __future__ import annotations

import math
from collections import OrderedDict, namedtuple
from typing import Any

import mpmath
import numpy as np
import pytest

import autograd
from autograd import (
    Value,
    dot,
    exp,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    log,
    maximum,
    no_grad,
    relu,
    sin,
    sqrt,
    stop_gradient,
    sum,
    tanh,
    value_and_grad,
    vjp,
    where,
)  # fmt: skip
from autograd.core.modes import tracing
from autograd.core.sweeps import topological_order
from autograd.core.value import NOT_COMPUTED
from autograd.derivatives.second_order import second_partials
from tests.test_threads import in_threads


def quadratic(x: Any) -> Any:
    """∇ = (2x₀x₁, x₀² + x₂ cos x₁x₂, x₁ cos x₁x₂)."""
    return x[0] ** 2 * x[1] + sin(x[1] * x[2])


POINT = [1.0, 2.0, 3.0]
GRADIENT = [4.0, 1.0 + 3.0 * math.cos(6.0), 2.0 * math.cos(6.0)]
HESSIAN = [
    [4.0, 2.0, 0.0],
    [2.0, -9.0 * math.sin(6.0), math.cos(6.0) - 6.0 * math.sin(6.0)],
    [0.0, math.cos(6.0) - 6.0 * math.sin(6.0), -4.0 * math.sin(6.0)],
]


# What they give


def test_the_gradient_has_the_structure_of_the_argument() -> None:
    def f(p: Any) -> Any:
        return p["w"][0] * p["w"][1] + p["b"][0]

    assert grad(f)({"w": [2.0, 3], "b": (True,)}) == {"w": [3.0, 2.0], "b": (1.0,)}


def test_named_tuples_and_ordered_dicts_come_back_as_they_are() -> None:
    pair = namedtuple("pair", "x y")
    got = grad(lambda p: p.x * p.y)(pair(2.0, 3.0))
    assert type(got) is pair and got == (3.0, 2.0)
    ordered = grad(lambda d: d["b"] * d["a"])(OrderedDict(b=2.0, a=5.0))
    assert type(ordered) is OrderedDict and list(ordered.items()) == [("b", 5.0), ("a", 2.0)]


def test_an_array_gives_an_array() -> None:
    got = grad(lambda m: m[0][1] * m[1][0] + m[1][1])(np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert got.dtype == float and got.tolist() == [[0.0, 3.0], [2.0, 1.0]]


def test_a_function_is_given_an_object_array_for_an_array_and_a_list_for_a_list() -> None:
    seen = []
    grad(lambda m, xs: seen.extend([m, xs]) or m[0][0] * xs[0], (0, 1))(np.ones((2, 2)), [1.0])
    assert isinstance(seen[0], np.ndarray) and (seen[0].shape, seen[0].dtype) == ((2, 2), object)
    assert type(seen[1]) is list


def test_numpy_scalars_and_0d_arrays_are_numbers() -> None:
    assert grad(tanh)(np.float64(0.5)) == grad(tanh)(np.array(0.5)) == grad(tanh)(0.5)


@pytest.mark.parametrize(("argnums", "want"), [(0, 3.0), (1, 2.0), (-1, 2.0), ((0, 1), (3.0, 2.0)), ((1,), (2.0,))])
def test_argnums_choose_the_arguments(argnums: Any, want: Any) -> None:
    assert grad(lambda x, y: x * y, argnums)(2.0, 3.0) == want


def test_the_other_arguments_are_passed_on_as_they_are() -> None:
    def f(x: Any, name: str, *, power: int) -> Any:
        return x**power if name == "power" else None

    assert grad(f)(2.0, "power", power=3) == 12.0


def test_value_and_grad_runs_the_function_once() -> None:
    runs = []
    assert value_and_grad(lambda x: runs.append(1) or x * x)(3.0) == (9.0, 6.0)
    assert len(runs) == 1


def test_a_constant_function_has_slope_zero() -> None:
    assert grad(lambda x: 3)(2.0) == 0.0
    assert jvp(lambda x: 3, (2.0,), (1.0,)) == (3.0, 0.0)
    assert hessian(lambda x: 3)([1.0, 2.0]) == [[0.0, 0.0], [0.0, 0.0]]


def test_no_numbers_have_no_derivatives() -> None:
    assert grad(lambda x: 3.0)([]) == [] and hessian(lambda x: 3.0)([]) == []
    assert jacobian(lambda x: [3.0, 4.0])([]) == [[], []] and jacobian(lambda x: [])([1.0, 2.0]) == []


def test_the_identity_has_slope_one() -> None:
    assert grad(lambda x: x)(2.0) == grad(lambda x: +x)(2.0) == 1.0
    assert jvp(lambda x: x, (2.0,), (5.0,)) == (2.0, 5.0)


def test_jvp_is_shaped_like_the_result() -> None:
    got = jvp(lambda x, y: {"sum": [x[0] + y], "product": x[1] * y}, ([1.0, 2.0], 3.0), ([0.5, 0.0], 1.0))
    assert got == ({"sum": [4.0], "product": 6.0}, {"sum": [1.5], "product": 2.0})


def test_tangents_are_matched_to_primals_by_key() -> None:
    got = jvp(lambda p: p["a"] * p["b"], ({"a": 2.0, "b": 5.0},), ({"b": 1.0, "a": 0.0},))
    assert got == (10.0, 2.0)


def test_a_pullback_takes_what_is_shaped_like_the_result_again_and_again() -> None:
    runs = []
    value, pullback = vjp(lambda x, y: runs.append(1) or [x * y, x + y], 2.0, 3.0)
    assert value == [6.0, 5.0]
    assert [pullback(c) for c in ([1.0, 0.0], [0.0, 1.0], np.array([2.0, 1.0]))] == [(3.0, 2.0), (1.0, 1.0), (7.0, 5.0)]
    assert len(runs) == 1


def test_an_output_that_occurs_twice_adds_up() -> None:
    def f(x: Any) -> Any:
        y = x * x
        return [y, y]

    assert vjp(f, 3.0)[1]([1.0, 10.0]) == (66.0,)


@pytest.mark.parametrize("mode", ["forward", "reverse", "auto"])
def test_a_jacobian_is_shaped_like_the_result_times_the_argument(mode: str) -> None:
    jac = jacobian(lambda x: {"p": x[0] * x[1], "s": [x[0]]}, mode=mode)
    assert jac([2.0, 3.0]) == {"p": [3.0, 2.0], "s": [[1.0, 0.0]]}


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_the_jacobian_of_an_array_is_an_array(mode: str) -> None:
    jac = jacobian(lambda x: [x[0] * x[1], x[0], sin(x[2])], mode=mode)(np.array([2.0, 3.0, 0.0]))
    assert isinstance(jac, np.ndarray) and jac.tolist() == [[3.0, 2.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]


def test_the_jacobian_of_a_matrix_function_has_both_shapes() -> None:
    def f(m: Any) -> Any:
        return [m[0][0] * m[1][1], m[0][1]]

    assert jacobian(f)(np.ones((2, 2))).shape == (2, 2, 2)


def test_a_tuple_of_argnums_gives_a_tuple_of_jacobians() -> None:
    assert jacobian(lambda x, y: [x * y, x], (0, 1))(2.0, 3.0) == ([3.0, 1.0], [2.0, 0.0])


@pytest.mark.parametrize(
    ("f", "x", "mode"),
    [
        (lambda x: x[0] * x[1], [2.0, 3.0], "reverse"),
        (lambda x: [x, x * x, sin(x)], 2.0, "forward"),
        (lambda x: [x[1], x[0]], [2.0, 3.0], "reverse"),
    ],
)
def test_the_jacobian_takes_the_mode_with_fewer_sweeps_and_says_so(f: Any, x: Any, mode: str) -> None:
    jac = jacobian(f)
    jac(x)
    assert jac.mode == mode and mode in repr(jac)


def test_the_hessian_and_its_products() -> None:
    assert np.allclose(grad(quadratic)(POINT), GRADIENT, rtol=1e-14)
    assert np.allclose(hessian(quadratic)(POINT), HESSIAN, rtol=1e-14)
    assert np.allclose(jacobian(grad(quadratic))(POINT), HESSIAN, rtol=1e-14)
    for k in range(3):
        assert np.allclose(hvp(quadratic, (POINT,), ([float(i == k) for i in range(3)],)), HESSIAN[k], rtol=1e-14)


def test_the_hessian_of_an_array_is_an_array() -> None:
    got = hessian(quadratic)(np.array(POINT))
    assert isinstance(got, np.ndarray) and np.allclose(got, HESSIAN, rtol=1e-14)


def test_the_hessian_of_several_arguments_has_a_block_for_each_pair() -> None:
    got = hessian(lambda a, b: a * a * b[0] * b[1], (0, 1))(1.0, [2.0, 3.0])
    assert got == ((12.0, [6.0, 4.0]), ([6.0, 4.0], [[0.0, 1.0], [1.0, 0.0]]))


def test_hvp_of_several_arguments_is_a_tuple() -> None:
    assert hvp(lambda x, y: x * x * y, (2.0, 3.0), (1.0, 10.0)) == (6.0 + 40.0, 4.0)


def test_the_hessian_runs_the_function_once() -> None:
    runs = []
    hessian(lambda x: runs.append(1) or sum([v**3 for v in x]))([0.5] * 50)
    assert len(runs) == 1


# Composition


def test_nested_derivatives_do_not_confuse_perturbations() -> None:
    assert grad(lambda x: x * grad(lambda y: x + y)(1.0))(3.0) == 1.0
    assert grad(lambda x: x * grad(lambda y: x + y)(x))(3.0) == 1.0
    assert jvp(lambda x: x * jvp(lambda y: x + y, (1.0,), (1.0,))[1], (3.0,), (1.0,))[1] == 1.0


def test_an_inner_derivative_of_a_captured_variable_keeps_it() -> None:
    assert grad(lambda x: grad(lambda y: x * x * y)(5.0))(3.0) == 6.0
    assert grad(lambda x: vjp(lambda y: y * x, 2.0)[1](x)[0])(3.0) == 6.0
    assert grad(lambda x: jvp(lambda y: y * x, (2.0,), (x,))[1])(3.0) == 6.0
    assert grad(lambda x: hessian(lambda y: x * y**3)(2.0))(3.0) == 12.0
    assert grad(lambda x: hvp(lambda y: x * y**3, (2.0,), (1.0,)))(3.0) == 12.0
    assert grad(lambda x: jacobian(lambda y: [x * y, x])(2.0)[0])(3.0) == 1.0


def test_siblings_inside_a_derivative_do_not_disturb_each_other() -> None:
    def f(x: Any) -> Any:
        total = 0.0
        for k in range(4):
            total = total + grad(lambda y, k=k: x * y**k * grad(lambda z: z * y * x)(y))(2.0)
        return total

    # d/dy (x² y^(k+1)) = (k + 1) x² 2^k, summed over k = 0 … 3, and its derivative in x
    assert grad(f)(3.0) == 2 * 3.0 * (1 + 2 * 2 + 3 * 4 + 4 * 8)


def test_a_captured_history_is_walked_once_not_by_every_inner_derivative(monkeypatch: pytest.MonkeyPatch) -> None:
    walked = []

    def counted(*roots: Any, seen: Any = None, **options: Any) -> Any:
        order = topological_order(*roots, seen=seen, **options)
        walked.append(len(order))
        return order

    monkeypatch.setattr("autograd.derivatives.recording.topological_order", counted)

    def f(x: Any) -> Any:
        for _ in range(100):
            x = x * 1.01
        state = x
        return sum([grad(lambda y: state * y)(1.0) for _ in range(20)])

    assert grad(f)(1.0) == pytest.approx(20 * 1.01**100)
    assert walked[0] > 100 and max(walked[1:20]) < 10


@pytest.mark.parametrize("modes", ["rrrrrr", "ffffff", "rfrfrf", "frrffr"])
def test_the_sixth_derivative_of_tanh(modes: str) -> None:
    f: Any = tanh
    for mode in modes:
        f = grad(f) if mode == "r" else (lambda x, f=f: jvp(f, (x,), (1.0,))[1])
    for x in (-1.5, 0.0, 0.3, 2.0):
        t = mpmath.tanh(x)
        closed = 16 * t * (1 - t**2) * (45 * t**4 - 60 * t**2 + 17) * -1
        assert abs(f(x) - closed) <= 1e-9 * max(1.0, abs(closed))


def test_derivatives_of_derivatives_in_any_mixture() -> None:
    third = jacobian(hessian(quadratic))(np.array(POINT))
    assert third.shape == (3, 3, 3)
    assert np.allclose(third, np.transpose(third, (1, 0, 2))) and np.allclose(third, np.transpose(third, (2, 1, 0)))
    step = 1e-5
    up, down = (np.array(hessian(quadratic)([1.0, 2.0 + s, 3.0])) for s in (step, -step))
    assert np.allclose(third[:, :, 1], (up - down) / (2 * step), rtol=1e-7, atol=1e-7)


def test_inside_a_derivative_values_come_and_go() -> None:
    seen = []

    def f(x: Any) -> Any:
        inner = value_and_grad(lambda y: y * y)(2.0)
        seen.extend(inner)
        return x * inner[1]

    assert grad(f)(3.0) == 4.0
    assert all(isinstance(v, Value) for v in seen)


def test_a_value_gives_a_value_that_backward_can_go_on_from() -> None:
    v = Value(2.0)
    slope = grad(lambda x: x**3)(v)
    assert isinstance(slope, Value) and slope.data == 12.0
    slope.backward()
    assert v.grad == 12.0


def test_while_tracing_values_come_back() -> None:
    with tracing():
        got = value_and_grad(lambda x: where(x > 0.0, x * x, 0.0))(Value(3.0))
        constant = grad(lambda x: 2.0 * x)(1.0)
    assert [v._data for v in got] == [9.0, 6.0]
    assert constant._data == 2.0 and constant._row is not None  # no leaf: it would be taken for a parameter


# What they leave alone


def test_no_grad_is_written_anywhere() -> None:
    w = Value(3.0, label="w")
    made: list[Value] = []

    def f(x: Any) -> Any:
        made.extend([x, y := w * x])
        made.append(z := y * y)
        return z

    for transform in (grad(f), hessian(f), jacobian(f), lambda x: hvp(f, (x,), (1.0,)), grad(grad(f))):
        transform(2.0)
    vjp(f, 2.0)[1](1.0), jvp(f, (2.0,), (1.0,))
    assert w.grad is NOT_COMPUTED and all(v.grad is NOT_COMPUTED for v in made)


def test_a_gradient_that_is_there_stays() -> None:
    w = Value(3.0)
    (w * w).backward()
    assert grad(lambda x: w * x)(2.0) == 3.0
    assert w.grad == 6.0


def test_no_grad_around_a_derivative_changes_its_record_not_its_number() -> None:
    with no_grad():
        assert grad(grad(tanh))(0.3) == pytest.approx(-2 * math.tanh(0.3) / math.cosh(0.3) ** 2)
        assert hessian(quadratic)(POINT) == hessian(quadratic)(POINT)
        slope = grad(tanh)(Value(0.3))
    assert slope.op == "" and slope.data == pytest.approx(1 / math.cosh(0.3) ** 2)


def test_a_pullback_called_under_no_grad_is_not_spoilt_by_it() -> None:
    v = Value(2.0)
    _, pullback = vjp(lambda x: x**3, v)
    with no_grad():
        (detached,) = pullback(1.0)
    assert detached.op == "" and detached.data == 12.0
    (slope,) = pullback(1.0)
    slope.backward()
    assert v.grad == 12.0


def test_no_grad_around_a_derivative_inside_another_detaches_it() -> None:
    def f(x: Any) -> Any:
        with no_grad():
            slope = grad(lambda y: y**3)(x)
        return x * slope

    assert grad(f)(2.0) == 12.0


def test_no_grad_inside_the_function_detaches() -> None:
    def f(x: Any) -> Any:
        with no_grad():
            y = x * x
        return x * y

    assert grad(f)(3.0) == 9.0


def test_anomalies_are_found_in_derivatives_too() -> None:
    with autograd.detect_anomaly(), pytest.raises(FloatingPointError, match="backward"):
        grad(lambda x: sqrt(x * 0.0))(2.0)
    for second in (lambda f: hessian(f)([0.0]), lambda f: hvp(f, ([0.0],), ([1.0],))):
        with autograd.detect_anomaly(), pytest.raises(FloatingPointError, match=r"backward.* through sqrt\(mul = 0\)"):
            second(lambda x: sqrt(x[0] * 1.0) * 0.0)


def test_threads_differentiate_apart() -> None:
    results: dict[int, float] = {}

    def work(k: int) -> None:
        results[k] = grad(lambda x: grad(lambda y: x * y**k)(2.0))(1.0)

    in_threads(8, work)
    assert results == {k: k * 2.0 ** (k - 1) for k in range(8)}


# Special points: as backward() has them


@pytest.mark.parametrize(
    "slope", [grad, lambda f: lambda x: jvp(f, (x,), (1.0,))[1], lambda f: jacobian(f, mode="forward")]
)
@pytest.mark.parametrize(
    ("f", "x", "want"),
    [
        (lambda x: sqrt(relu(x)), -1.0, 0.0),
        (lambda x: where(x > 0.0, log(x), 2 * x), -1.0, 2.0),
        (lambda x: maximum(x, 0.0), 0.0, 0.5),
        (lambda x: relu(x), 0.0, 0.0),
        (lambda x: abs(x), 0.0, 0.0),
        (lambda x: sqrt(x), 0.0, math.inf),
        (lambda x: log(x), -1.0, math.nan),
        (lambda x: x**0, 0.0, 0.0),
        (lambda x: x**2, -3.0, -6.0),
        (lambda x: stop_gradient(x) * x, 3.0, 3.0),
    ],
)
def test_special_points(slope: Any, f: Any, x: float, want: float) -> None:
    assert slope(f)(x) == want or (math.isnan(want) and math.isnan(slope(f)(x)))


@pytest.mark.parametrize(
    "f", [lambda v: sqrt(relu(v[0])) + v[0] * v[1], lambda v: where(v[0] > 0.0, log(v[0]), 1.0) + v[0] * v[1]]
)
def test_what_a_mask_switches_off_stays_off_in_the_hessian(f: Any) -> None:
    assert hessian(f)([-1.0, 2.0]) == [[0.0, 1.0], [1.0, 0.0]]
    assert jacobian(grad(f))([-1.0, 2.0]) == [[0.0, 1.0], [1.0, 0.0]]
    assert hvp(f, ([-1.0, 2.0],), ([1.0, 0.0],)) == [0.0, 1.0]


@pytest.mark.parametrize("second", [grad(grad(lambda x: x / 0.0)), hessian(lambda x: x / 0.0)], ids=["grad", "hessian"])
def test_a_constant_at_a_special_point_raises_in_no_order(second):
    """∂/∂x of x / 0 is 1 / 0, which Python's floats refuse."""
    assert second(1.0) == autograd.compile(second, "python")(1.0) == 0.0
    assert grad(lambda x: x / 0.0)(Value(1.0)).data == math.inf
    assert second_partials(Value(1.0) / 0.0) == []


def test_an_infinite_second_derivative_does_not_reach_where_no_path_leads() -> None:
    assert hessian(lambda v: sqrt(v[0]) + v[1] ** 2)([0.0, 1.0]) == [[-math.inf, 0.0], [0.0, 2.0]]


@pytest.mark.parametrize("x", [-1e300, -1e3, -400.0, 400.0, 1e3, 1e300])
def test_higher_derivatives_of_squashing_functions_vanish_far_out(x: float) -> None:
    for f in (tanh, autograd.sigmoid, autograd.softplus, autograd.erf):
        assert abs(grad(grad(f))(x)) < 1e-170 and abs(grad(grad(grad(f)))(x)) < 1e-170


# Bad input


def named(x: Any) -> Any:
    return x


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: grad(lambda x: None)(1.0), TypeError, "grad.*result of <lambda>.*None.*forget to return"),
        (lambda: grad(lambda x: "text")(1.0), TypeError, "result of <lambda>.*str 'text'"),
        (lambda: grad(named)([1.0, 2.0]), TypeError, r"grad\(named\): named must return one scalar.*list.*jacobian"),
        (lambda: value_and_grad(named)([1.0]), TypeError, "value_and_grad.*one scalar"),
        (lambda: hessian(named)([1.0]), TypeError, "hessian.*one scalar"),
        (lambda: hvp(named, ([1.0],), ([1.0],)), TypeError, "hvp.*one scalar"),
        (lambda: grad(lambda x: np.array([x, x]))(1.0), TypeError, "one scalar.*ndarray"),
        (lambda: grad(named, 1)(1.0), ValueError, "grad.*argnums=1.*1 positional"),
        (lambda: grad(named, (0, 0))(1.0), ValueError, "twice"),
        (lambda: grad(named, (0, -1))(1.0), ValueError, "twice"),
        (lambda: grad(named)(x=1.0), ValueError, "0 positional"),
        (lambda: grad(named, "x"), TypeError, "argnums.*'x'"),
        (lambda: grad(3), TypeError, "grad takes a function, got int 3"),
        (lambda: jacobian(named, mode="backward"), ValueError, "mode.*'backward'"),
        (lambda: grad(named)("text"), TypeError, r"grad\(named\): argument 0.*str"),
        (lambda: grad(named)({"w": [1.0, None]}), TypeError, r"argument 0\['w'\]\[1\].*None"),
        (lambda: grad(named)(1j), TypeError, "complex"),
        (lambda: grad(named)({1.0, 2.0}), TypeError, "argument 0.*set; what holds several numbers is a list, a"),
        (lambda: grad(named)(x for x in [1.0]), TypeError, "generator; what holds several numbers is a list, a"),
        (lambda: grad(named)(np.array(["2020"], dtype="datetime64[s]")), TypeError, "in which unit"),
        (lambda: grad(named)(10**400), OverflowError, "argument 0.*too large"),
        (lambda: jvp(named, (1.0,), (1.0, 2.0)), ValueError, "tangents has 2 elements where primals has 1"),
        (lambda: jvp(named, ([1.0, 2.0],), ([1.0],)), ValueError, r"tangents\[0\] has 1 element where primals\[0\] "),
        (lambda: jvp(named, ([1.0],), (1.0,)), ValueError, r"tangents\[0\] is a number where primals\[0\] is a list"),
        (lambda: jvp(named, ({"a": 1.0},), ({"b": 1.0},)), ValueError, r"tangents\[0\] has no key 'a'"),
        (lambda: jvp(named, ({"a": 1.0},), ({"a": 1.0, "b": 1.0},)), ValueError, r"tangents\[0\] has a key 'b'"),
        (lambda: jvp(named, (1.0,), ("a",)), TypeError, r"jvp\(named\): tangents\[0\].*str"),
        (lambda: jvp(named, 1.0, 1.0), TypeError, "primals is the tuple of arguments, got float"),
        (lambda: hvp(named, (1.0,), 1.0), TypeError, "v is the tuple of arguments"),
        (lambda: vjp(named, 1.0)[1]([1.0]), ValueError, "cotangent is a list where the result of named is a number"),
    ],
)  # fmt: skip
def test_bad_input_is_named(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()


def test_errors_inside_the_function_pass_through() -> None:
    with pytest.raises(ZeroDivisionError):
        grad(lambda x: x * (1 / 0))(1.0)


def test_after_an_error_derivatives_are_outermost_again() -> None:
    with pytest.raises(RuntimeError):
        grad(lambda x: (_ for _ in ()).throw(RuntimeError()))(1.0)
    assert type(grad(tanh)(0.5)) is float


# Size


def test_a_deep_graph_is_differentiated_without_recursion() -> None:
    def f(x: Any) -> Any:
        for _ in range(50_000):
            x = x * 0.9999 + 0.1
        return x

    assert grad(f)(1.0) == pytest.approx(0.9999**50_000)
    assert hvp(f, (1.0,), (1.0,)) == 0.0


def test_the_gradient_has_the_bits_of_backward() -> None:
    x = [Value(v) for v in POINT]
    quadratic(x).backward()
    assert [v.grad for v in x] == grad(quadratic)(POINT)


def test_a_neuron() -> None:
    def cost(w: Any, b: Any) -> Any:
        return (autograd.sigmoid(dot(w, [0.5, -1.0], b)) - 1.0) ** 2

    w = [Value(0.2), Value(0.3)]
    b = Value(0.1)
    cost(w, b).backward()
    assert grad(cost, (0, 1))([0.2, 0.3], 0.1) == ([w[0].grad, w[1].grad], b.grad)


def test_a_gaussian_at_many_points_keeps_its_bits() -> None:
    f = grad(grad(lambda x: exp(-x * x)))
    assert [f(0.1 * k) for k in range(50)] == [f(0.1 * k) for k in range(50)]


@pytest.mark.parametrize("derivative", [grad, jacobian, hessian, lambda f: lambda x: jvp(f, (x,), (1.0,))])
@pytest.mark.parametrize("f", [lambda x: x[0], lambda x: len(x), lambda x: x.T, lambda x: (lambda a, b: a * b)(*x)])
def test_a_number_where_the_function_takes_a_list_is_named(derivative: Any, f: Any) -> None:
    with pytest.raises((TypeError, AttributeError)) as refusal:
        derivative(f)(2.0)
    assert "argument 0 of <lambda> is one number, 2.0; where it takes a list" in refusal.value.__notes__[0]
