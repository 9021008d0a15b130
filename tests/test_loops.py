"""Loops mean the same written out, recorded one by one, and as instructions of a program; to every order."""

from __future__ import annotations

import math
import os
import random
from collections.abc import Callable
from functools import partial, reduce
from typing import Any

import numpy as np
import pytest

from autograd import (
    Value,
    check_gradients,
    compile,
    draw,
    exp,
    explain,
    fori,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    label_text,
    log,
    maximum,
    no_grad,
    relu,
    rk4,
    root,
    scan,
    sin,
    sqrt,
    tanh,
    where,
    while_loop,
)  # fmt: skip
from autograd.core import modes
from autograd.picture.svg import place
from autograd.program.lower import lower
from autograd.program.simplify import simplify
from tests.processes import printed


def flat(x: Any) -> list[Any]:
    """The arrays in tuples and lists."""
    return [y for part in x for y in flat(part)] if isinstance(x, list | tuple) else [x]


runners = pytest.mark.parametrize("runner", ["python", None])
F = Callable[..., Any]


def numbers(x: Any) -> list[float]:
    if isinstance(x, tuple | list):
        return [number for item in x for number in numbers(item)]
    return np.ravel(np.asarray(x, dtype=float)).tolist()


def readings(f: F, n: int) -> list[F]:
    """f of n numbers, its first derivatives and its second ones, forwards and backwards."""
    which, v = tuple(range(n)), tuple([1.0 - 0.7 * i for i in range(n)])
    return [
        f,
        grad(f, which),
        lambda *xs: jvp(f, xs, v),
        hessian(f, which),
        lambda *xs: hvp(f, xs, v),
        jacobian(grad(f, which), which, mode="forward"),
        grad(lambda *xs: jvp(f, xs, v)[1], which),
        lambda *xs: jvp(lambda *ys: jvp(f, ys, v)[1], xs, v),
    ]


def agree(f: F, *at: float, runner: str | None = "python", rtol: float = 1e-9, which: Any = range(8)) -> None:
    """Compiled, alone and in a batch, f and its derivatives are what they are eagerly."""
    for k in which:
        g = readings(f, len(at))[k]
        compiled, eager = compile(g, runner=runner), numbers(g(*at))
        alone = numbers(compiled(*at))
        np.testing.assert_allclose(alone, eager, rtol=rtol, atol=1e-12, err_msg=f"reading {k}")
        batch = compiled(*[[x, *[x + 0.25] * 8, x] for x in at])
        for example in (0, 9):
            np.testing.assert_array_equal(picked(batch, example), alone, err_msg=f"reading {k} in a batch")


def picked(x: Any, example: int) -> list[float]:
    if isinstance(x, tuple | list):
        return [number for item in x for number in picked(item, example)]
    return np.ravel(np.asarray(x)[example]).tolist()


def newton(a: Any) -> Any:
    return while_loop(lambda x: abs(x * x - a) > 1e-12, lambda x: 0.5 * (x + a / x), a, 30)


def shifted(a: Any, b: Any, c: Any) -> Any:
    """Numbers that change places, one of which is forgotten."""
    p, q, _ = fori(lambda s, i: (s[1], s[2], s[0] * a + i), (a, b, c), 5)
    return p * q


def swapped(a: Any, b: Any) -> Any:
    """Numbers that take each other's place: what arrives at the end is at every other step at another one."""
    return fori(lambda s, i: (s[1], s[0] * a), (a, b), 7)[0]


def summed(a: Any, b: Any) -> Any:
    """Items of Values and of numbers, and y's that are used one by one and again as items."""
    total, ys = scan(lambda s, x: (s + x[0] * x[1], s * x[0]), a, [(a, 1.0), (b, 2.0), (a * b, 3.0)])
    again, _ = scan(lambda s, y: (s * 0.5 + y, None), total, ys)
    return again + ys[1] ** 2 + ys[2]


def nested(a: Any, b: Any) -> Any:
    """A loop in a loop that reads both states, over items from outside."""
    xs = [a, b, a + b]
    inner = lambda s, i: scan(lambda u, x: (sin(u + s * x) + b / (i + 1), u), s, xs)
    return fori(lambda s, i: inner(s, i)[0] + inner(s, i)[1][1], a, 4)


def pendulum(angle: Any, length: Any) -> Any:
    y = rk4(
        lambda t, y: {"θ": y["ω"], "ω": -9.81 / length * sin(y["θ"]) - 0.1 * t}, {"θ": angle, "ω": 0.0}, 0.0, 0.05, 20
    )
    return y["θ"]


def of_no_steps(a: Any) -> Any:
    return fori(lambda s, i: s * 0.0, a, 0) + scan(lambda s, x: (s, x), a, [])[0]


CASES: list[tuple[F, tuple[float, ...]]] = [
    (newton, (2.0,)), (shifted, (0.5, 1.5, -2.0)), (swapped, (0.7, 1.3)), (summed, (0.7, 1.3)), (nested, (0.4, -0.3)),
    (pendulum, (1.0, 2.0)), (of_no_steps, (0.3,)),
]  # fmt: skip


@runners
@pytest.mark.parametrize(("f", "at"), CASES, ids=lambda x: getattr(x, "__name__", ""))
def test_a_compiled_loop_is_the_eager_one_to_second_order(f: F, at: tuple[float, ...], runner: str | None) -> None:
    agree(f, *at, runner=runner, which=range(8) if runner else (1, 3, 5))


@pytest.mark.parametrize(("f", "at"), CASES, ids=lambda x: getattr(x, "__name__", ""))
def test_an_eager_loop_has_the_slopes_of_finite_differences(f: F, at: tuple[float, ...]) -> None:
    check_gradients(f, *at)


def overwritten(x: Any) -> Any:
    """A name that the step overwrites is the step's own."""
    y = 2.0 * x

    def step(s: Any, i: Any) -> Any:
        y = s * x
        return y + i

    return fori(step, x, 3) + y


def in_a_branch(x: Any) -> Any:
    """A loop in the branch that is not taken, where it and its slopes are inf or nan."""
    return where(x > 1.0, fori(lambda s, i: log(s - 1.0), x, 2), fori(lambda s, i: s * x, x, 3))


def left_early(x: Any) -> Any:
    """After its last step the step would divide by 0, and take the root of it."""
    return while_loop(lambda s: s < 1.0, lambda s: s + 0.5 + 0.0 * sqrt(1.0 - s) / (1.0 - s), x, 8)


def masked_root(x: Any) -> Any:
    """Infinite slopes at 0 that a mask after the loop switches off."""
    return where(x > 0.0, fori(lambda s, i: sqrt(s), x, 3), x)


def beside_a_root(x: Any) -> Any:
    """What nothing asks for has infinite slopes at 0; nothing arrives there."""
    return fori(lambda s, i: (s[0] * 2.0, sqrt(s[0])), (x, x), 3)[0]


SPECIAL: list[tuple[F, float]] = [
    (overwritten, 1.5), (in_a_branch, 0.5), (left_early, 0.25), (left_early, 1.0), (masked_root, 0.0),
    (beside_a_root, 0.0),
]  # fmt: skip


@runners
@pytest.mark.parametrize(("f", "x"), SPECIAL, ids=lambda x: getattr(x, "__name__", str(x)))
def test_what_loops_are_known_to_get_wrong_is_right(f: F, x: float, runner: str | None) -> None:
    agree(f, x, runner=runner, which=range(8) if runner else (1, 3, 5))
    assert all(map(math.isfinite, [numbers(g(x))[0] for g in readings(f, 1)]))


def in_segments(n: int) -> F:
    """A scan of n steps, of what its derivatives read from the states before each."""

    def f(a: Any, b: Any, checkpoints: bool) -> Any:
        def step(s: Any, x: Any) -> Any:
            u = sin(s[0] * b + x * a) + s[1] * 0.3
            return (u, where(u > 0.2, s[0] * a, u * b)), u * s[1]

        last, ys = scan(step, (a, b), [a * 0.1 * k for k in range(n)], checkpoints=checkpoints)
        return last[0] * last[1] + sum(ys)

    return f


@pytest.mark.parametrize("n", [1, 2, 3, 5, 9, 10, 17])
def test_checkpoints_change_no_bit(n: int) -> None:
    """Second order reads the states that are found again forwards and backwards."""

    f = in_segments(n)
    for derivative in (hessian, lambda g, which: jacobian(grad(g, which), which, mode="forward")):
        few, all_ = (compile(derivative(partial(f, checkpoints=c), (0, 1)))(0.7, 0.4) for c in (True, False))
        assert few == all_


@pytest.mark.parametrize("checkpoints", [False, True])
@pytest.mark.parametrize("n", [1, 7, 8, 9, 17, 24])
def test_one_example_whose_steps_go_side_by_side_has_the_bits_of_a_row(n: int, checkpoints: bool) -> None:
    """Of one example what does not wait for the step before is computed for eight steps at a time."""

    def f(a: Any, b: Any, xs: Any) -> Any:
        def step(s: Any, x: Any) -> Any:
            i, x = x
            gain = sin(x * b) * exp(0.1 * i)  # of the step's own numbers alone
            return s * gain + b * sin(s), gain * a + i

        last, ys = scan(step, a, [(k, xs[k]) for k in range(n)], checkpoints=checkpoints)
        return last + 0.5 * sum(ys)

    at = np.random.default_rng(n).normal(size=(9, n + 2))
    for g in (f, grad(f, (0, 1, 2)), hessian(f, (0, 1))):
        compiled = compile(g)
        rows = compiled(*[np.ascontiguousarray(x) for x in (at[:, 0], at[:, 1], at[:, 2:])])
        for k, (a, b, *xs) in enumerate(at.tolist()):
            one = compiled([a], [b], [xs])
            for x, row in zip(flat(one), flat(rows), strict=True):
                np.testing.assert_array_equal(x[0], row[k])


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="the peak of memory is read from /proc")
def test_a_million_steps_fit_in_memory_backwards() -> None:
    program = """
import re
from autograd import compile, grad, rk4, sin

def swing(angle, length, n=10**6):
    return rk4(lambda t, y: [y[1], -9.81 / length * sin(y[0])], [angle, 0.0], 0.0, 1 / n, n)[0]

slopes = compile(grad(swing, (0, 1)))([1.0] * 8, [2.0] * 8)
kilobytes = int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])  # ru_maxrss has the parent's
assert kilobytes < 200 * 1024
assert all(abs(a[0] - b) < 1e-9 for a, b in zip(slopes, grad(lambda a, l: swing(a, l, 200), (0, 1))(1.0, 2.0)))
"""
    printed(program)


def keeps_a_value(x: Any) -> Any:
    kept = [x]
    fori(lambda s, i: kept.__setitem__(0, s * x) or s, x, 3)
    return kept[0] * x


def reads_before_it_writes(x: Any) -> Any:
    total = 0.0

    def step(s: Any, i: Any) -> Any:
        nonlocal total
        total = total + s
        return s * x

    fori(step, x, 3)
    return total


def keeps_one_in_an_attribute(x: Any) -> Any:
    class Sum:
        total = 0.0

    def step(s: Any, i: Any) -> Any:
        Sum.total = Sum.total * 0.0 + s
        return s * x

    return fori(step, x, 3) + Sum.total


@pytest.mark.parametrize("f", [keeps_a_value, reads_before_it_writes, keeps_one_in_an_attribute])
@pytest.mark.parametrize("reading", range(8))
def test_no_derivative_takes_what_leaves_a_step_for_a_constant(f: F, reading: int) -> None:
    with pytest.raises(TypeError, match="used outside of the loop"):
        compile(readings(f, 1)[reading], runner="python")(0.5)
    with pytest.raises(TypeError, match="used outside of the loop"):
        compile(jacobian(lambda x: [f(x[0])], sparse=True), runner="python")([[0.5]])


class Counter:
    seen = 0

    def step(self, s: Any, i: Any) -> Any:
        self.seen += 1
        return s * 2.0


def counts_beside(x: Any) -> Any:
    seen = 0

    def step(s: Any, i: Any) -> Any:
        nonlocal seen
        seen += 1
        return s * x

    return fori(step, x, 3) * seen


def counts_in_an_object(x: Any) -> Any:
    seen = Counter()
    return fori(seen.step, x, 3) * seen.seen


def grows_a_list(x: Any) -> Any:
    seen: list[Any] = []
    return while_loop(lambda s: s < 9.0, lambda s: seen.append(0.0) or s * 2.0, x, 9) * len(seen)


def counts_in_an_array(x: Any) -> Any:
    seen = np.zeros(2)

    def slope(t: Any, y: Any, seen: Any = seen) -> Any:
        seen[0] += 1.0
        return y

    return rk4(slope, x, 0.0, 0.1, 3) * float(seen[0])


@pytest.mark.parametrize("f", [counts_beside, counts_in_an_object, grows_a_list, counts_in_an_array])
def test_a_step_that_keeps_something_beside_the_state_is_refused(f: F) -> None:
    for g in (f, grad(f)):
        with pytest.raises(TypeError, match=r"the step changes seen at every call.*let it give that back"):
            compile(g, runner="python")(0.5)


def adds_up_what_is_outside(x: Any) -> Any:
    seen = x * 0.0

    def step(s: Any, i: Any) -> Any:
        nonlocal seen
        seen = seen + x
        return s * x

    return fori(step, x, 5) * seen


def swaps_what_is_outside(x: Any) -> Any:
    seen = [x * 1.0, x * 2.0]
    return fori(lambda s, i: seen.reverse() or s * x, x, 5) * seen[0]


def turns_a_zero(x: Any) -> Any:
    seen = [0.0]
    return fori(lambda s, i: seen.__setitem__(0, -seen[0]) or s * x, x, 5) * seen[0]


@pytest.mark.parametrize("f", [adds_up_what_is_outside, swaps_what_is_outside, turns_a_zero])
def test_a_step_that_changes_what_it_keeps_of_what_is_outside_is_refused(f: F) -> None:
    for g in (f, grad(f)):
        with pytest.raises(TypeError, match="the step changes seen at every call"):
            compile(g, runner="python")(0.5)


class Keeps:
    """What modules keep for who looks at them."""

    def step(self, s: Any, i: Any) -> Any:
        self.one, self.several, self.named = s * 2.0, [s, (s + 1.0, i)], {"rate": 2.0, "x": s}
        self.numbers, self.array, self.values = (1.0, math.nan), np.array([1.0, 2.0]), np.array([s, s])
        return self.one * s


def test_what_a_step_keeps_anew_but_the_same_is_no_change() -> None:
    agree(lambda x: fori(Keeps().step, x, 3), 0.5)


def test_a_first_example_of_nan_is_like_itself() -> None:
    f = lambda x: fori(lambda s, i: s * x, x, 3)
    assert [*map(repr, compile(f, runner="python")([math.nan, 2.0]))] == [
        *map(repr, [np.float64("nan"), np.float64(16)])
    ]


def test_what_a_step_looks_up_once_is_no_change() -> None:
    found: dict[str, float] = {}
    f = compile(lambda x: fori(lambda s, i: s * found.setdefault("rate", 2.0), x, 3), runner="python")
    assert f(0.5) == 4.0


def writes_into_the_state(x: Any) -> Any:
    start = [x, x + 1.0]

    def step(s: Any, i: Any) -> Any:
        s[0] = s[0] * s[1]
        s[1] = s[1] + s[0]
        return s

    return fori(step, start, 3)[1] + start[0] * 2.0


def writes_into_an_array(x: Any) -> Any:
    start = np.array([x, x + 1.0], dtype=object)

    def step(s: Any) -> Any:
        s[0] = s[0] * s[1]
        return s

    return while_loop(lambda s: s[0] < 9.0, step, start, 20)[0] + start[0] * 2.0


def writes_into_an_item(x: Any) -> Any:
    items = [{"a": x}, {"a": 2.0}]

    def step(s: Any, item: Any) -> Any:
        item["a"] = item["a"] * 3.0
        return s * item["a"], item

    last, ys = scan(step, x, items)
    return last + items[0]["a"] * ys[0]["a"]


@pytest.mark.parametrize("f", [writes_into_the_state, writes_into_an_array, writes_into_an_item])
def test_what_a_step_is_given_is_its_own(f: F) -> None:
    check_gradients(f, 1.3)
    agree(f, 1.3)


def counts(x: Any) -> Any:
    calls = []
    return fori(lambda s, i: (calls.append(1), s + len(calls))[1], x, 3)


def iterates(x: Any) -> Any:
    items = iter([1.0, 2.0, 3.0])
    return fori(lambda s, i: s + next(items), x, 3)


def draws(x: Any) -> Any:
    return while_loop(lambda s: s < 3.0, lambda s: s + random.random(), x, 9)


def draws_in_a_loop_of_its_step(x: Any) -> Any:
    return fori(lambda s, i: fori(lambda u, j: u * random.random(), s, 2), x, 3)


def draws_items_of_a_loop_of_its_step(x: Any) -> Any:
    return fori(lambda s, i: scan(lambda u, y: (u + y, None), s, [random.random(), 1.0])[0], x, 3)


@pytest.mark.parametrize("f", [counts, iterates, draws, draws_in_a_loop_of_its_step, draws_items_of_a_loop_of_its_step])
def test_a_step_that_is_another_when_it_is_called_again_is_refused(f: F) -> None:
    for g in (f, grad(f)):
        with pytest.raises(TypeError, match=r"something else when it is called again.*made before the loop"):
            compile(g, runner="python")(0.5)


REFUSED: list[tuple[F, type[Exception], str]] = [
    (keeps_a_value, TypeError, "used outside of the loop"),
    (reads_before_it_writes, TypeError, "used outside of the loop"),
    (lambda x: fori(lambda s, i: s, x, x), TypeError, r"got .*while_loop\(cond, step, state, most\)"),
    (lambda x: fori(lambda s, i: fori(lambda u, j: u, s, i * 1.0), x, 2), TypeError, "known when the loop begins"),
    (lambda x: fori(lambda s, i: s, x, -1), ValueError, "a number of steps, got -1"),
    (lambda x: fori(lambda s, i: s if s > 0.0 else -s, x, 2) if isinstance(x, Value) else 1 / 0, TypeError, "where"),
    (lambda x: fori(lambda s, i: (s, s), x, 2), ValueError, "the state after .* is a list where .* is a number"),
    (lambda x: fori(lambda s, i: {"b": s["a"]}, {"a": x}, 2)["a"], ValueError, "has no key 'a'"),
    (lambda x: while_loop(lambda s: s < 9.0, lambda s: [s], x, 5), ValueError, "is a list where"),
    (lambda x: scan(lambda s, i: s, x, [1.0, 2.0])[0], TypeError, "step gives a pair"),
    (lambda x: scan(lambda s, i: (s, s), x, x)[0], TypeError, "xs is a list, a range or an array"),
    (lambda x: scan(lambda s, i: (s, s), x, {1.0, 2.0})[0], TypeError, "xs is a list, a range or an array"),
    (lambda x: scan(lambda s, i: (s, None), x, [[1.0], [2.0, x]])[0], ValueError, r"xs\[1\] has 2 elements where"),
    (lambda x: rk4(lambda t, y: [y], x, 0.0, 0.1, 3), ValueError, r"rk4: f\(t, y\) is a list where y is a number"),
]  # fmt: skip


@pytest.mark.parametrize(("f", "error", "says"), REFUSED)
def test_what_a_loop_cannot_do_is_refused(f: F, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        compile(f, runner="python")(2.0)


@pytest.mark.parametrize(("f", "error", "says"), REFUSED[2:5] + REFUSED[6:])
def test_eagerly_too(f: F, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        f(2.0)


def test_a_condition_that_holds_still_is_an_error_or_nan() -> None:
    double = lambda x: while_loop(lambda s: s < 100.0, lambda s: 2.0 * s, x, 3)
    with pytest.raises(ValueError, match="the condition holds still after most=3 steps"):
        double(1.0)
    x, slope = compile(lambda x: (double(x), grad(double)(x)), runner="python")([1.0, 20.0, 200.0])
    np.testing.assert_array_equal(x, [math.nan, 160.0, 200.0])
    np.testing.assert_array_equal(slope, [math.nan, 8.0, 1.0])


def test_steps_after_the_last_cost_nothing_and_change_nothing() -> None:
    """Each example ends by itself, and at once where all of a block have; a hundred thousand steps are allowed."""
    square_root = lambda most: (
        lambda a: while_loop(lambda x: abs(x * x - a) > 1e-12, lambda x: 0.5 * (x + a / x), a, most)
    )
    at = np.linspace(0.5, 50.0, 19)
    for derivative in (lambda f: f, grad):
        few, many = (compile(derivative(square_root(most)))(at) for most in (30, 100_000))
        np.testing.assert_array_equal(few, many)
        np.testing.assert_array_equal(many, [derivative(square_root(30))(a) for a in at])


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_sparse_derivatives_go_through_loops(mode: str) -> None:
    def f(x: Any) -> list[Any]:
        last, ys = scan(lambda s, v: (s * 0.5 + sin(v) * x[0], s * v), x[1], x)
        return [last, ys[0], ys[2], x[3] * 2.0, fori(lambda s, i: s * x[2], x[1], 3)]

    at = [0.3, 0.7, -0.4, 1.1]
    found = compile(jacobian(f, sparse=True, mode=mode))([at])[0]
    np.testing.assert_allclose(found.toarray(), jacobian(f)(at), rtol=1e-14)
    assert found.nnz == 15  # of 20


@runners
def test_what_a_step_reads_gets_its_gradient(runner: str | None) -> None:
    w, b = Value(0.7, "w"), Value(-0.2, "b")
    cost = lambda x, y: (fori(lambda s, i: tanh(w * s + b * x), x, 6) - y) ** 2
    compiled = compile(cost, runner=runner)
    xs, ys = [0.3, -0.8, 1.1, 0.4], [0.1, 0.2, 0.3, -1.0]
    mean = sum([cost(x, y) for x, y in zip(xs, ys, strict=True)]) / 4
    mean.backward()
    value, slopes = compiled.value_and_grad(xs, ys)
    assert value == pytest.approx(mean.data, rel=1e-12)
    np.testing.assert_allclose(slopes, [{"w": w, "b": b}[p.label].grad for p in compiled.parameters], rtol=1e-12)


def test_a_compiled_loop_is_one_instruction_whatever_the_number_of_steps() -> None:
    x, w = Value(0.5, "x"), Value(0.7, "w")
    with modes.tracing():
        y = fori(lambda s, i: sin(s) * w, x, 10**6)
    assert str(simplify(lower([y], [x])[0])) == (
        "1 input, 1 parameter; 4 graph nodes → 2 instructions\n"
        "for each example:\n  t2 = fori[1000000 steps](x, w)\n  t3 = part0(t2)\nreturn t3\n\n"
        "fori[1000000 steps], each:\n  for each example:\n    t2 = sin(s)\n    t3 = mul(t2, w)\n  return t3"
    )


def test_the_states_have_names_in_pictures_and_explanations() -> None:
    w, x = Value(0.7, "w"), Value(0.5, "x")
    said = explain(fori(lambda s, i: sin(w * s), x, 2), wrt=x).text()
    assert said.startswith("∂x₂/∂x = ∂x₁/∂x · ∂x₂/∂x₁")
    y = fori(lambda y, i: {"θ": y["θ"] + y["ω"], "ω": y["ω"] - y["θ"]}, {"θ": x, "ω": w}, 2)
    assert "θ₂ = θ₁ + ω₁" in draw(y["θ"]).text()


def data_of_rat42() -> tuple[list[float], list[float]]:
    """Ages and sizes of pasture; NIST, Statistical Reference Datasets, Rat42 (Ratkowsky 1983)."""
    ages = [9.0, 14.0, 21.0, 28.0, 42.0, 57.0, 63.0, 70.0, 79.0]
    return ages, [8.93, 10.8, 18.59, 22.33, 39.35, 56.11, 61.73, 64.62, 67.08]


def test_the_picture_of_a_compiled_loop_is_one_step_with_what_flows_round() -> None:
    f = compile(lambda w, a, b: fori(lambda s, k: [s[1], w * s[0] + s[1]], [a, b], 10)[0], runner="python")
    f(2.0, 1.0, 1.0)
    picture = draw(f)
    back = [(link.source, link.target) for link in picture._scene.links if link.back]
    names = [label_text(name) for name in ("s_{0,k}", "s_{0,k+1}", "s_{1,k}", "s_{1,k+1}")]
    titles = [card.spoken.partition(" =")[0] for card in picture._scene.cards]
    assert [(titles[a], titles[b]) for a, b in back] == [(names[1], names[0]), (names[3], names[2])]
    assert picture.text().splitlines()[-3:] == [
        "∂C/∂s₀‚ₖ = ∂s₁‚ₖ₊₁/∂s₀‚ₖ · ∂C/∂s₁‚ₖ₊₁",
        "∂C/∂s₁‚ₖ = ∂C/∂s₀‚ₖ₊₁ + ∂s₁‚ₖ₊₁/∂s₁‚ₖ · ∂C/∂s₁‚ₖ₊₁",
        "∂C/∂w = Σₖ(∂s₁‚ₖ₊₁/∂w · ∂C/∂s₁‚ₖ₊₁)",
    ]
    assert "stroke-dasharray" in picture.svg() and "10 times" in picture.svg()
    assert "dashed" in picture.graphviz.source and "dashed" in picture.tikz()


def test_the_explanation_of_a_compiled_loop_is_the_chain_rule_of_one_step() -> None:
    f = compile(lambda w, a, b: fori(lambda s, k: [s[1], w * s[0] + tanh(s[1])], [a, b], 10)[0], runner="python")
    f(2.0, 1.0, 1.0)
    said = explain(f).text().splitlines()
    assert said == [
        "fori[10 steps]: step k = 0, …, 9",
        "  s₀‚₀ = a",
        "  s₁‚₀ = b",
        "  s₁‚ₖ₊₁ = w·s₀‚ₖ + tanh(s₁‚ₖ)",
        "  s₀‚ₖ₊₁ = s₁‚ₖ",
        "whatever C comes of it, from its last step back:",
        "∂C/∂s₀‚ₖ = ∂s₁‚ₖ₊₁/∂s₀‚ₖ · ∂C/∂s₁‚ₖ₊₁ = w · ∂C/∂s₁‚ₖ₊₁",
        "∂C/∂s₁‚ₖ = ∂C/∂s₀‚ₖ₊₁ + ∂s₁‚ₖ₊₁/∂s₁‚ₖ · ∂C/∂s₁‚ₖ₊₁",
        "         = ∂C/∂s₀‚ₖ₊₁ + tanh′(s₁‚ₖ) · ∂C/∂s₁‚ₖ₊₁",
        "∂C/∂w = Σₖ(∂s₁‚ₖ₊₁/∂w · ∂C/∂s₁‚ₖ₊₁) = Σₖ(s₀‚ₖ · ∂C/∂s₁‚ₖ₊₁)",
        "in all, by way of this loop:",
        "dC/da = ∂C/∂s₀‚₀",
        "dC/db = ∂C/∂s₁‚₀",
        "  where tanh′(u) = 1 − tanh(u)²",
    ]
    rules = [line for line in draw(f).text().splitlines() if line.startswith("∂C")]
    assert all([any([line.startswith(rule) for line in said]) for rule in rules]) and len(rules) == 3
    assert r"\frac{\partial C}{\partial w} &= \Sigma _{k}" in explain(f).latex()
    assert explain(f).mathml().count("<math") == 9
    with pytest.raises(TypeError, match="wrt= is a Value of a graph"):
        explain(f, wrt=Value(1.0))


def test_what_a_loop_is_given_is_told_in_the_arguments_and_its_derivative_by_them() -> None:
    def swing(theta: Any, length: Any) -> Any:
        return fori(lambda s, k: [s[0] + s[1], s[1] - 9.81 / length * sin(s[0]) - length], [theta, 0.0], 3)[0]

    f = compile(swing, runner="python")
    f(0.5, 2.0)
    said = explain(f).text().splitlines()
    assert said[1:4] == ["  c₀ = 9.81/length", "  s₀‚₀ = θ", "  s₁‚₀ = 0"]
    assert said[said.index("in all, by way of this loop:") + 1 :] == [
        "dC/dθ = ∂C/∂s₀‚₀",
        "dC/dlength = ∂c₀/∂length · ∂C/∂c₀ + ∂C/∂length",
        "           = −9.81/length² · ∂C/∂c₀ + ∂C/∂length",
    ]
    assert r"\frac{dC}{d\mathit{length}}" in explain(f).latex()
    assert "9.81/length" in draw(f).svg()


def test_what_is_made_by_a_loop_or_of_too_much_has_its_derivative_in_symbols_alone() -> None:
    def two(a: Any, x: Any) -> Any:
        b = fori(lambda s, k: sin(s), a, 2)
        c = reduce(lambda s, k: exp(s) + k, range(9), x)
        return fori(lambda s, k: s * b + c, 1.0, 2)

    f = compile(two, runner="python")
    f(0.5, 0.1)
    said = explain(f).text().split("\n\n")[1].splitlines()
    assert said[1:3] == ["  s₀ = 1", "  sₖ₊₁ = sₖ·c₀ + c₁"]
    assert said[-2:] == ["dC/da = ∂c₀/∂a · ∂C/∂c₀", "dC/dx = ∂c₁/∂x · ∂C/∂c₁"]


def test_a_loop_s_letters_are_not_those_of_its_names() -> None:
    def f(k: Any, C: Any, c0: Any) -> Any:
        step = lambda s, x: ({"y": s["y"] * (c0 + k), "k": s["k"] + C * x}, s["y"])
        return scan(step, {"y": 2 * C, "k": 1.0}, [1.0, 2.0])[0]["k"]

    g = compile(f, runner="python")
    g(1.0, 2.0, 3.0)
    said = explain(g).text().splitlines()
    assert said[0] == "scan[2 steps]: step i = 0, …, 1"
    assert "whatever J comes of it, from its last step back:" in said
    assert {"  y₀ = 2C", "  c′₀ = c₀ + k", "  yᵢ₊₁ = yᵢ·c′₀", "  zᵢ = yᵢ"} <= {*said}


def test_what_says_where_an_adjoint_is_off_has_a_name_and_no_derivative():
    f = compile(grad(lambda x, y: fori(lambda s, k: relu(s) * y + x, x, 5)), "python")
    f(0.3, 0.5)
    said = explain(f).text().split("\n\n")[1].splitlines()
    assert "  c̄₀‚ₖ₊₁ = c̄₀‚ₖ + (0 if offλ₀‚ₖ ≠ 0 else relu(sₖ)·λ₀‚ₖ)" in said
    assert [line.split(" = ")[0] for line in said if line.startswith("∂")] == [
        "∂C/∂λ₀‚ₖ", "∂C/∂c̄₀‚ₖ", "∂C/∂c̄₁‚ₖ", "∂C/∂y",
    ]  # fmt: skip
    assert not {"_", "{"} & {*"".join(said)} and r"\mathit{off\lambda }_{0,k+1} &=" in explain(f).latex()


def test_what_is_no_factor_is_explained_path_by_path() -> None:
    f = compile(lambda a: fori(lambda s, k: exp(s) * s * a, a, 5), runner="python")
    f(0.1)
    twice = compile(lambda a: fori(lambda s, k: (lambda u: u * u + u * s)(sin(s) * a), a, 5), runner="python")
    twice(0.1)
    assert "∂sₖ₊₁/∂sₖ = sum over" not in explain(f).text()
    lines = explain(twice).text().splitlines()
    first = lines.index("  ∂sₖ₊₁/∂sₖ = sum over 2 paths")
    assert lines[first + 1 : first + 3] == [
        "    sₖ → v₁ → sₖ₊₁:  ∂v₁/∂sₖ · ∂sₖ₊₁/∂v₁ = cos(sₖ)·a · (2v₁ + sₖ)",
        "    sₖ → sₖ₊₁:  ∂sₖ₊₁/∂sₖ|_(v₁) = v₁",
    ]
    assert r"\frac{\partial s_{k+1}}{\partial s_{k}} &= p_{1} + p_{2}" in explain(twice).latex()
    assert explain(twice).mathml().count("<math") == 3 + (1 + 3) + (1 + 1) + 1
    assert explain(twice).key().text() == explain(twice).text()


def two_loops(a: Any, b: Any) -> Any:
    inner = lambda s, i: fori(lambda u, j: sin(u) * s, s, 2) + a
    return while_loop(lambda x: abs(x) > b, lambda x: 0.5 * x, fori(inner, a, 5), 30)


def test_every_loop_is_drawn_and_explained_those_in_a_step_too() -> None:
    f = compile(two_loops, runner="python")
    f(1.0, 2.0)
    names = ["fori[5 steps]", "fori[2 steps]", "while_loop[30 steps]"]
    assert [part.partition(":")[0] for part in explain(f).text().split("\n\n")] == names
    picture = draw(f)
    back = [link.words[0][0][1] for link in picture._scene.links if link.back]
    assert back == ["fori, 5 times", "fori, 2 times", "while_loop, at most 30 times"]
    assert [line for line in picture.text().splitlines() if line.endswith(" steps]:")] == [f"{name}:" for name in names]
    for direction in ("right", "down"):
        layout = place(picture._scene, direction)
        cards = [[x for x in place(part, direction).cards] for part in picture._scene.parts]
        assert [len(part) for part in cards] and len(layout.cards) == sum(map(len, cards))
        boxes = [(x.x - x.width / 2, x.y - x.height / 2, x.x + x.width / 2, x.y + x.height / 2) for x in layout.cards]
        assert all(
            [
                a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
                for i, a in enumerate(boxes)
                for b in boxes[:i]
            ]
        )
        assert max(x[2] for x in boxes) <= layout.width and max(x[3] for x in boxes) <= layout.height
    assert "dashed" in picture.graphviz.source and "dashed" in picture.tikz()
    with pytest.raises(TypeError, match="whole, and in symbols"):
        draw(f, depth=2)


def test_a_step_of_runge_and_kutta_fits_on_a_slide() -> None:
    """1280 × 720 pixels, in letters of 12 pixels and more."""
    swing = lambda a, l: rk4(lambda t, y: [y[1], -9.81 / l * sin(y[0])], [a, 0.0], 0.0, 0.01, 100)
    f = compile(lambda a, l: swing(a, l)[0], runner="python")
    f(1.0, 2.0)
    layout = place(draw(f)._scene)
    assert layout.width <= 1280 * 16 / 12 and layout.height <= 720
    assert place(draw(f)._scene, "down").width <= 720


def test_a_compiled_function_without_a_loop_is_not_drawn() -> None:
    f = compile(lambda x: x * x, runner="python")
    f(1.0)
    for picture in (draw, explain):
        with pytest.raises(TypeError, match="give what it computes"):
            picture(f)


def test_a_calibrated_differential_equation_has_the_certified_parameters() -> None:
    """y′ = ry(1 − y/K) from y(0) = K/(1 + exp b), by least squares; b₁ = K, b₂ = b and b₃ = r are certified."""
    ages, sizes = data_of_rat42()
    gaps = [(a, b - a) for a, b in zip([0.0, *ages], ages, strict=False)]

    def residuals(p: Any) -> Any:
        top, b, rate = p
        between = lambda y, gap: rk4(lambda t, y: rate * y * (1.0 - y / top), y, gap[0], gap[1] / 40, 40)
        both = lambda y, gap: (between(y, gap), between(y, gap))
        _, ys = scan(both, top / (1.0 + exp(b)), gaps)
        return [y - size for y, size in zip(ys, sizes, strict=True)]

    compiled = compile(lambda p: (residuals(p), jacobian(residuals)(p)))
    p = np.array([75.0, 2.5, 0.07])  # the second of NIST's two starts
    for _ in range(12):
        errors, slopes = (np.array(x)[0] for x in compiled(p[None]))
        p = p - np.linalg.lstsq(slopes, errors, rcond=None)[0]
    np.testing.assert_allclose(p, [7.2462237576e1, 2.6180768402, 6.7359200066e-2], rtol=1e-7)
    assert errors @ errors == pytest.approx(8.0565229338, rel=1e-8)


def test_under_no_grad_nothing_is_recorded() -> None:
    with no_grad():
        assert fori(lambda s, i: s * 2.0, Value(1.0), 3).operands == ()


def test_a_tape_cannot_say_a_loop_and_refuses_it_by_name() -> None:
    with pytest.raises(TypeError, match=r"there is a loop in it, fori\[2 steps\]"):
        compile(lambda x: fori(lambda s, i: exp(s) - x, x, 2), runner="tape")(1.0)


def random_loop(rng: random.Random, depth: int = 2) -> F:
    """A loop of a random step that masks, branches, reads what is around it, and may hold another loop. Its numbers
    stay near 1, so that all of it can be compared."""
    kind, size, steps = rng.choice(("fori", "scan", "while")), rng.randint(1, 3), rng.randint(1, 4)
    inner = random_loop(rng, depth - 1) if depth > 1 and rng.random() < 0.6 else None
    choices = [
        lambda p, q: p * tanh(q), lambda p, q: sin(p) - 0.5 * q, lambda p, q: where(p > q, sin(p * p), 0.5 * q - 1.0),
        lambda p, q: relu(p) + 0.2 * q, lambda p, q: maximum(p, 0.3 * q), lambda p, q: tanh(p + q),
        lambda p, q: where(p > 0.1, sqrt(relu(p)), p) + q * 0.1, lambda p, q: where(q > 0.1, log(relu(q)), p),
        lambda p, q: root(lambda z: z + 0.3 * tanh(z * sin(q)) - p, 0.0), lambda p, q: p,
    ]  # fmt: skip
    ops = [
        [(rng.choice(choices), rng.randrange(size + 3), rng.randrange(size + 3)) for _ in range(2)] for _ in range(size)
    ]
    asked = rng.randrange(size)

    def f(a: Any, b: Any) -> Any:
        def step(state: list[Any], x: Any) -> list[Any]:
            around = [*state, a, b, x]
            new = [op2(op1(around[i], around[j]), around[k]) for (op1, i, j), (op2, k, _) in ops]
            if inner is not None:
                new[0] = new[0] * 0.5 + tanh(inner(new[-1], b))
            return new

        start = [a, b, a * b][:size]
        if kind == "fori":
            return fori(lambda s, i: step(s, i * 0.1), start, steps)[asked]
        if kind == "while":
            on = lambda s: [s[0] + 0.4 + 0.2 * sin(s[-1]), *step(s, 0.7)[1:]]  # which ends
            return while_loop(lambda s: s[0] < 1.5, on, start, 40)[asked]
        last, ys = scan(lambda s, x: (step(s, x), s[0] * x), start, [a, 0.4, b, a - b][:steps])
        return last[asked] + 0.3 * sum(ys)

    return f


def random_case(seed: int) -> tuple[F, tuple[float, float]]:
    rng = random.Random(seed)
    return random_loop(rng), (rng.uniform(-1.5, 1.5), rng.uniform(-1.5, 1.5))


@runners
@pytest.mark.parametrize("seed", range(20))
def test_random_loops_are_the_loops_written_out(seed: int, runner: str | None) -> None:
    f, at = random_case(seed)
    agree(f, *at, runner=runner, rtol=1e-8, which=range(8) if runner else (seed % 8,))


@pytest.mark.parametrize("seed", range(8))
def test_random_loops_have_the_derivatives_of_finite_differences(seed: int) -> None:
    f, at = random_case(seed)
    check_gradients(f, *at, order=2)


@pytest.mark.heavy
@pytest.mark.parametrize("seed", range(20, 400))
def test_many_random_loops_are_the_loops_written_out(seed: int) -> None:
    f, at = random_case(seed)
    check_gradients(f, *at, order=2)
    for runner in ("python", None):
        agree(f, *at, runner=runner, rtol=1e-8)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda f: fori(3, 1.0, f), r"fori\(step, state, n\): step is a function, got int 3"),
        (lambda f: scan([1.0], 0.0, f), r"scan\(step, state, xs\): step is a function, got list \[1.0\]"),
        (lambda f: while_loop(f, 1.0, 1.0, 3), r"while_loop\(cond, step, state, most\): step is a function, got float"),
        (lambda f: rk4(1.0, f, 0.0, 0.1, 3), r"rk4\(f, y, t, dt, steps\): f is a function, got float 1.0"),
    ],
)
def test_arguments_in_another_order_are_told_the_order(call: Any, said: str) -> None:
    with pytest.raises(TypeError, match=said):
        call(lambda s, k=0: s)


@pytest.mark.parametrize("n", [1, 9, 5000])
def test_many_results_of_a_loop_that_all_examples_share(n: int) -> None:
    """Beside others, more than are written one by one, that no loop made."""
    w = Value(0.3)

    def f(x: Value) -> Any:
        _, ys = scan(lambda s, u: (s * 0.5 + u * w, s), 1.0, [float(k) for k in range(100)])
        return ys, x + w, [w * k for k in range(100)]

    X = np.linspace(-1.0, 1.0, n)
    for got, expected in zip(flat(compile(f)(X)), flat(compile(f, "python")(X[-9:])), strict=True):
        np.testing.assert_array_equal(got[-9:], expected)
