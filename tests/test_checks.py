"""check_gradients: what it passes, what it catches and blames, and what it says it cannot tell."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given

import autograd
from autograd import (
    Value,
    check_gradients,
    dot,
    exp,
    grad,
    hypot,
    leaky_relu,
    log,
    maximum,
    primitive,
    relu,
    sin,
    sqrt,
    stop_gradient,
    tanh,
    where,
)  # fmt: skip
from autograd.core.primitives import TABLE
from autograd.core.refusals import Argument
from autograd.testing import expressions
from autograd.trust.differences import differences
from autograd.trust.expressions import Expression


def smooth(x: Any, y: Any) -> Any:
    return tanh(x * y) + exp(-x) * y**3


def failure(f: Any, *args: Any, **options: Any) -> str:
    with pytest.raises(AssertionError) as error:
        check_gradients(f, *args, **options)
    return str(error.value)


# What it passes


def test_a_smooth_function_passes_to_second_order_in_both_modes() -> None:
    report = check_gradients(smooth, 0.7, -1.2)
    assert report and report.ok and not report.failures and not report.unchecked and report.repeats
    assert [e.symbol for e in report.entries[:3]] == ["∂smooth/∂x", "∂smooth/∂y", "∂(∂smooth/∂x)/∂x"]
    assert len(report.entries) == 2 + 4
    for e in report.entries:
        assert e.verdict == "ok" and e.got["forward"] == pytest.approx(e.got["reverse"], rel=1e-14)
        assert e.difference.low == pytest.approx(e.got["reverse"], rel=1e-8)


@given(expressions(max_nodes=12))
def test_random_expressions_pass(f: Expression) -> None:
    check_gradients(f, *f.inputs)


def test_arguments_and_results_may_be_structures() -> None:
    report = check_gradients(lambda p, k: [p["w"][0] * k, sin(p["w"][1])], {"w": np.array([1.0, 2.0])}, 3.0, order=1)
    assert report.ok
    names = [e.symbol for e in report.entries]
    assert names[:2] == ["∂f[0]/∂p['w'][0]", "∂f[1]/∂p['w'][0]"] and len(names) == 6


@pytest.mark.parametrize(("order", "count"), [(1, 1), (2, 2), (3, 3)])
def test_order_says_how_far(order: int, count: int) -> None:
    assert len(check_gradients(tanh, 0.3, order=order).entries) == count


def test_one_mode_is_enough() -> None:
    report = check_gradients(tanh, 0.3, modes=("forward",))
    assert report.ok and "reverse" not in str(report)


def test_a_steep_function_gets_a_smaller_step() -> None:
    assert check_gradients(lambda x: sin(1e4 * x), 1.0).ok


def test_a_difference_lost_in_rounding_is_taken_over_a_longer_step() -> None:
    report = check_gradients(lambda x: x * x + 1e4, 1.0)
    assert report.ok and report.entries[0].difference.noise < 1e-5


def test_no_gradient_is_written() -> None:
    w = Value(2.0)
    check_gradients(lambda x: w * x * x, 3.0)
    assert w.grad == 0.0


# What it catches


def test_a_wrong_derivative_is_blamed_on_its_row_with_point_got_and_expected() -> None:
    bug = primitive("relu_bug", lambda x: max(x, 0.0), lambda x, z: relu(x), kinks=(lambda x: x,))
    message = failure(lambda x: sin(bug(x) * 2.0), 3.0)
    assert "WRONG" in message
    assert message.endswith("the first wrong local derivative is ∂relu_bug(x)/∂x at x = 3.0: got 3.0, expected 1")


def test_the_first_wrong_one_in_the_order_of_computation_is_named() -> None:
    square = primitive("square", lambda x: x * x, lambda x, z: x)
    times = primitive("times", lambda x, y: x * y, lambda x, y, z: x, lambda x, y, z: y)
    message = failure(lambda x, y: times(square(x), y), 2.0, 3.0)
    assert "∂square(x)/∂x at x = 2.0: got 2.0, expected 4" in message and "times(" not in message
    message = failure(times, 2.0, 3.0)
    assert "∂times(x1, x2)/∂x1 at x1 = 2.0, x2 = 3.0: got 2.0, expected 3" in message


def test_a_label_helps_to_find_the_node() -> None:
    square = primitive("square", lambda x: x * x, lambda x, z: x)

    def f(x: Any) -> Any:
        y = square(x)
        y.label = "energy"
        return y + 1.0

    assert "in the node labelled 'energy'" in failure(f, 2.0)


def test_a_partial_that_is_a_number_only_is_caught_at_second_order() -> None:
    frozen = primitive("frozen", lambda x: x * x, lambda x, z: 2.0 * (x._data if isinstance(x, Value) else x))
    assert check_gradients(frozen, 3.0, order=1).ok
    message = failure(lambda x: frozen(x) + x, 3.0)
    assert message.endswith("∂²frozen(x)/∂x∂x at x = 3.0: got 0.0, expected 2")


def test_a_number_taken_out_of_the_graph_is_caught() -> None:
    message = failure(lambda x: x.data * x, 3.0)
    assert "every local derivative along the way is right" in message and "v.data" in message


def test_a_stopped_gradient_is_named() -> None:
    assert "∂stop_gradient(x)/∂x at x = 3.0: got 0.0, expected 1" in failure(lambda x: stop_gradient(x) * x, 3.0)


def test_a_function_that_is_not_the_same_twice_is_caught() -> None:
    counter = itertools.count()
    report = check_gradients(lambda x: x * (1.0 + next(counter) * 1e-15), 1.0, raises=False)
    assert not report.repeats and not report.ok and "two runs differ" in report.failures
    assert "TWO RUNS DIFFER" in str(report)


def test_forward_and_reverse_that_differ_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    from autograd.derivatives import recording

    right = recording.number_tangents
    wrong = lambda *args: {z: t * (1 + 1e-9) for z, t in right(*args).items()}
    monkeypatch.setattr(recording, "number_tangents", wrong)
    monkeypatch.setattr(Argument, "__hash__", object.__hash__)  # kept in a dict above
    assert "WRONG: forward ≠ reverse" in failure(tanh, 0.5)


def test_a_small_error_is_caught() -> None:
    off = primitive("off", lambda x: x * x, lambda x, z: 2 * x * (1 + 1e-6))
    assert "∂off(x)/∂x" in failure(off, 1.5)


def test_a_wrong_derivative_of_one_operand_in_many_is_caught() -> None:
    total = primitive("total", lambda *xs: sum(xs), lambda xs, z: [1.0] * (len(xs) - 1) + [0.5], nary=True)
    assert "∂total(x1, x2, x3)/∂x3" in failure(lambda x: total(*x), [1.0, 2.0, 3.0])


def test_without_raising_the_report_comes_back() -> None:
    square = primitive("square", lambda x: x * x, lambda x, z: x)
    report = check_gradients(square, 3.0, raises=False)
    assert not report and report.failures == ["∂square/∂x"] and "∂square(x)/∂x" in report.culprit


# Kinks: no false alarm and no free pass


@pytest.mark.parametrize("x", [1e-5, 1e-6, 1e-7, 1e-9, 1e-12, -1e-12, -1e-7, -1e-5])
def test_beside_a_kink_the_derivative_is_checked_on_its_side(x: float) -> None:
    assert check_gradients(lambda v: relu(sin(v)) + abs(v) * 3.0, x).ok
    bug = primitive("relu_bug", lambda x: max(x, 0.0), lambda x, z: 1.0, kinks=(lambda x: x,))
    assert check_gradients(bug, x, raises=False).ok == (x > 0)


KINKED = [relu, abs, lambda x: maximum(x, 0.0), lambda x: maximum(x, 2 * x), lambda x: hypot(x, 0.0)]


@pytest.mark.parametrize("f", KINKED)
def test_on_a_kink_the_derivative_lies_between_the_slopes_on_both_sides(f: Any) -> None:
    report = check_gradients(f, 0.0, order=1)
    assert report.ok and [e.verdict for e in report.entries] == ["kink"]
    assert " … " in str(report)


def test_on_a_kink_a_derivative_outside_is_caught() -> None:
    bug = primitive("relu_bug", lambda x: max(x, 0.0), lambda x, z: -0.25, kinks=(lambda x: x,))
    assert "got -0.25, expected" in failure(bug, 0.0)


def test_a_kink_at_an_interior_node_counts() -> None:
    report = check_gradients(lambda x: relu(x * x - 4.0) + x, 2.0, order=1)
    assert [e.verdict for e in report.entries] == ["kink"]
    assert report.entries[0].difference.low == pytest.approx(1.0)
    assert report.entries[0].difference.high == pytest.approx(5.0)


def test_a_smooth_point_of_a_row_with_kinks_is_no_kink() -> None:
    assert [e.verdict for e in check_gradients(lambda x: x**2 + x**3, 0.0, order=1).entries] == ["ok"]


def test_a_branch_in_python_is_a_kink() -> None:
    report = check_gradients(lambda x: x * x if x.data < 1.0 else 3.0 * x, 1.0 - 1e-9, order=1)
    assert report.ok and report.entries[0].got["reverse"] == pytest.approx(2.0)


def test_an_edge_of_the_domain_is_reported_unchecked() -> None:
    report = check_gradients(sqrt, 0.0, order=1)
    assert not report.ok and not report.failures
    assert report.unchecked[0].verdict == "unchecked: at a kink or an edge of the domain"


@pytest.mark.parametrize(("f", "x"), [(log, -1.0), (lambda x: exp(1e3 * x), 1.0), (tanh, math.inf)])
def test_what_is_not_finite_is_reported_unchecked(f: Any, x: float) -> None:
    report = check_gradients(f, x, order=1)
    assert not report.ok and report.unchecked and not report.failures


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (log, (1e-60,)),
        (sqrt, (1e-60,)),
        (autograd.asin, (math.nextafter(1.0, 0.0),)),
        (autograd.acos, (math.nextafter(-1.0, 0.0),)),
        (hypot, (0.0, 1e-200)),
        (hypot, (3e-9, 4e-9)),
        (autograd.atan2, (0.0, 0.0)),
        (lambda x, y: x / y, (0.0, 0.0)),
        (sin, (1e300,)),
        (exp, (-1e300,)),
        (tanh, (1e300,)),
        (autograd.tan, (1.5707963,)),
        (lambda x, y: x * y, (1e200, 1e-200)),
        (autograd.sigmoid, (-800.0,)),
        (relu, (5e-324,)),
        (TABLE["erfc"], (1e-310,)),
    ],
)
def test_extreme_points_raise_no_false_alarm(f: Any, args: tuple[float, ...]) -> None:
    assert not check_gradients(f, *args, raises=False).failures


def test_an_argument_that_does_not_matter_is_no_matter_of_rounding() -> None:
    report = check_gradients(lambda x, y: autograd.tan(y * 3.0) ** 3 * 1e6, 0.0, 0.52, order=1)
    assert report.entries[0].verdict == "ok"


def test_a_masked_branch_does_not_spoil_the_check() -> None:
    assert check_gradients(lambda x: where(x > 0.0, log(x), 2.0 * x), -1.0).ok


# Bad input and how it shows


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: check_gradients(3, 1.0), "takes a function"),
        (lambda: check_gradients(tanh, Value(1.0)), "plain numbers, not Values"),
        (lambda: check_gradients(tanh, "x"), r"the arguments\[0\].*str"),
        (lambda: check_gradients(tanh, 1.0, modes=("backward",)), "backward"),
        (lambda: check_gradients(tanh, 1.0, order=0), "order is 1 or more"),
        (lambda: check_gradients(lambda x: None, 1.0), "None"),
    ],
)
def test_bad_input_is_named(call: Any, words: str) -> None:
    with pytest.raises((TypeError, ValueError), match=words):
        call()


def test_the_report_prints_as_a_table() -> None:
    lines = str(check_gradients(lambda x: x**3, 2.0)).split("\n")
    assert lines[0] == (
        "check_gradients: <lambda> at x = 2.0: 2 derivatives, 0 wrong, 0 unchecked; two runs give the same bits"
    )
    assert [line.split() for line in lines[1:]] == [
        ["derivative", "reverse", "forward", "differences", "verdict"],
        ["∂f/∂x", "12", "12", "12", "ok"],
        ["∂(∂f/∂x)/∂x", "12", "12", "12", "ok"],
    ]


def test_the_report_shows_as_a_table_in_a_notebook() -> None:
    html = check_gradients(lambda p: p["<w>"] * 2.0, {"<w>": 2.0})._repr_html_()
    assert html.count("<tr>") == 3 and "<w>" not in html and "&lt;w&gt;" in html


def test_the_names_of_parameters_are_used() -> None:
    def cost(w: Any, b: Any) -> Any:
        return dot(w, [1.0, 2.0], b)

    assert [e.symbol for e in check_gradients(cost, [1.0, 2.0], 3.0, order=1).entries] == [
        "∂cost/∂w[0]", "∂cost/∂w[1]", "∂cost/∂b",
    ]  # fmt: skip


# The differences themselves


@pytest.mark.parametrize("x", [-2.0, 0.1, 1.0, 5.0])
def test_the_six_point_difference_is_good_to_nine_digits(x: float) -> None:
    for f in (tanh, sin, exp, autograd.gelu, autograd.atan):
        d = differences(f, (x,), [x], 0)[0]
        assert abs(d.low - grad(f)(x)) <= 1e-9 * max(1.0, abs(d.low)) + d.noise


def test_what_underflows_is_no_false_alarm() -> None:
    assert check_gradients(lambda x, w: exp(-((x / w) ** 2)), 5e-324, 1.0)


@pytest.mark.parametrize(
    ("f", "arguments", "node"),
    [
        (lambda x: abs(-(x**2)), (0.0,), "abs(-0.0)"),
        (lambda x, y: hypot(x, y) ** 2, (0.0, 0.0), "hypot(0.0, 0.0)"),
        (lambda x: relu(x**2), (0.0,), "relu(0.0)"),
        (lambda x: leaky_relu(x**2), (0.0,), "leaky_relu(0.0, 0.01)"),
    ],
    ids=["abs", "hypot", "relu", "leaky_relu"],
)
def test_a_second_derivative_that_the_rules_do_not_define_names_the_node_on_its_kink(
    f: Any, arguments: Any, node: str
) -> None:
    report = check_gradients(f, *arguments, raises=False)
    assert not report.ok and f"{node} is on its kink" in report.culprit and "taken out" not in report.culprit


def test_a_second_derivative_whose_sides_differ_does_not_pass() -> None:
    report = check_gradients(lambda x: relu(x) ** 2, 0.0)
    assert not report.ok and [e.verdict for e in report.unchecked] == [
        "unchecked: at a kink, whose sides differ, 0 and 2"
    ]


def test_a_first_derivative_at_a_kink_lies_between_its_sides() -> None:
    assert check_gradients(relu, 0.0, order=1).ok


def test_a_number_taken_out_is_still_blamed_where_no_node_is_on_a_kink() -> None:
    report = check_gradients(lambda x: x * x.data, 2.0, raises=False)
    assert "was a number taken out of it" in report.culprit.replace("\n", " ")


@pytest.mark.parametrize(
    ("f", "point", "first", "second"),
    [
        (lambda x: x * x if x > 0 else 0.0 * x, 0.0, "ok", "unchecked: at a kink, whose sides differ, 0 and 2"),
        (lambda x: where(x > 1, x * x, x), 1.0, "kink", "unchecked: at a kink"),
        (lambda x: x * x + 3 if x > 1 else x, 1.0, "unchecked: at a kink", "unchecked: at a kink"),
        (lambda x: x * x if x > 1 else x, 1.0 - 1e-7, "ok", "ok"),
    ],
    ids=["curvature", "slope", "jump", "beside it"],
)
def test_the_last_point_before_a_branch_is_judged_by_both_sides(f, point, first, second):
    """An `if` on numbers leaves no kink in the graph: the branch one double further on is another function."""
    verdicts = [entry.verdict for entry in check_gradients(f, point).entries]
    assert verdicts[0].startswith(first) and verdicts[1].startswith(second), verdicts
