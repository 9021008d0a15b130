"""compile: what it takes, what it gives, and what it says when something is wrong."""

from __future__ import annotations

import math
import os
import threading
import time
import warnings
import weakref
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd import (
    Value,
    betainc,
    compile,
    dot,
    exp,
    fmod,
    fori,
    gammainc,
    grad,
    hessian,
    jacobian,
    jvp,
    largest,
    logsumexp,
    no_grad,
    norm,
    primitive,
    relu,
    smallest,
    value_and_grad,
    where,
)
from autograd.core.modes import detect_anomaly
from autograd.core.primitives import TABLE
from autograd.native import build, workers
from autograd.native import runner as native_runner
from tests.processes import python
from tests.test_threads import in_threads

RUNNERS = ["python", "tape", "source"]


def neuron() -> tuple[Any, Value, Value]:
    w, b = Value(0.7, "w"), Value(-0.2, "b")
    return (lambda x, y: ((w * x + b).sigmoid() - y) ** 2), w, b


X, Y = np.linspace(-2.0, 2.0, 90), np.linspace(0.0, 1.0, 90)


@pytest.mark.parametrize("runner", [None, *RUNNERS])
def test_a_call_gives_one_result_for_each_example(runner: str | None) -> None:
    f, _, _ = neuron()
    results = compile(f, runner)(X, Y)
    assert results.shape == (90,)
    expected = [f(x, y).data for x, y in zip(X.tolist(), Y.tolist(), strict=True)]
    assert results.tolist() == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("runner", [None, *RUNNERS])
def test_value_and_grad_is_of_the_mean_over_the_batch(runner: str | None) -> None:
    f, w, b = neuron()
    cost = compile(f, runner)
    mean, gradient = cost.value_and_grad(X, Y)
    total = sum(f(x, y) for x, y in zip(X.tolist(), Y.tolist(), strict=True)) / 90
    total.backward()
    assert cost.parameters == [w, b]
    assert mean == pytest.approx(total.data, rel=1e-14)
    assert gradient.tolist() == pytest.approx([w.grad, b.grad], rel=1e-13)


def test_backward_adds_to_the_gradients_of_the_parameters() -> None:
    f, w, b = neuron()
    cost = compile(f)
    _, gradient = cost.value_and_grad(X, Y)
    assert (w.grad, b.grad) == (0.0, 0.0)
    first = cost.backward(X, Y)
    assert [w.grad, b.grad] == gradient.tolist()
    assert cost.backward(X, Y) == first
    assert [w.grad, b.grad] == (2 * gradient).tolist()


def test_parameters_are_read_at_each_call() -> None:
    f, w, _ = neuron()
    cost = compile(f)
    before = cost(X, Y)
    w.data = -3.0
    assert cost(X, Y).tolist() != before.tolist()
    assert cost(0.5, 1.0) == f(0.5, 1.0).data
    w.data = 3.0
    assert cost(0.5, 1.0) == f(0.5, 1.0).data


def test_axes_after_the_first_become_nested_lists() -> None:
    A = np.arange(24.0).reshape(4, 3, 2)
    seen: list[Any] = []

    def f(a: Any) -> Any:
        seen.append([[v.label for v in row] for row in a])
        return a[2][1] - a[0][0]

    assert compile(f)(A).tolist() == (A[:, 2, 1] - A[:, 0, 0]).tolist()
    assert seen == [[["a0_0", "a0_1"], ["a1_0", "a1_1"], ["a2_0", "a2_1"]]]


def test_a_plain_number_is_the_same_for_every_example() -> None:
    f = compile(lambda x, k: x * k)
    assert f(X, 3).tolist() == (X * 3).tolist()
    assert f(X, np.float32(0.5)).tolist() == (X * 0.5).tolist()
    assert f(2, 3) == 6.0 and isinstance(f(2, 3), float)


def test_the_function_is_traced_once_for_each_structure() -> None:
    calls = []

    def f(x: Any) -> Any:
        calls.append(x)
        return dot(x, x) if hasattr(x, "__len__") else x * x

    g = compile(f)
    for batch in (
        np.ones((5, 3)),
        np.ones((9, 3)),
        np.ones((5, 2)),
        np.ones(5),
        np.ones(70),
        1.0,
        2.0,
        [[1, 2], [3, 4]],
    ):
        g(batch)
    assert len(calls) == 4  # a number is the structure of an example in a batch of numbers


@pytest.mark.parametrize("runner", [None, *RUNNERS])
def test_derivatives_compose(runner: str | None) -> None:
    def f(a: Any, b: Any) -> Any:
        return a * b.sin() + a**3

    value, (da, db) = compile(value_and_grad(f, argnums=(0, 1)), runner)(X, Y)
    assert value.tolist() == pytest.approx((X * np.sin(Y) + X**3).tolist(), rel=1e-14)
    assert da.tolist() == pytest.approx((np.sin(Y) + 3 * X**2).tolist(), rel=1e-14)
    assert db.tolist() == pytest.approx((X * np.cos(Y)).tolist(), rel=1e-15)
    assert compile(grad(grad(lambda x: x**3)), runner)(X).tolist() == pytest.approx((6 * X).tolist())
    _, tangent = compile(lambda x, t: jvp(lambda v: v.exp(), (x,), (t,)), runner)(X, Y)
    assert tangent.tolist() == pytest.approx((np.exp(X) * Y).tolist(), rel=1e-15)


def test_matrices_of_derivatives_come_as_arrays() -> None:
    A = np.random.default_rng(0).normal(size=(80, 3))

    def f(x: Any) -> Any:
        return logsumexp(x) * x[0]

    assert compile(grad(f))(A).shape == (80, 3)
    H = compile(hessian(f))(A)
    assert H.shape == (80, 3, 3)
    assert np.allclose(H[7], hessian(f)(A[7].tolist()), rtol=1e-13)
    assert compile(jacobian(lambda x: [x[0] * x[1], x[2].sin()]))(A).shape == (80, 2, 3)


def test_results_keep_the_structure_the_function_returned() -> None:
    f = compile(lambda x: {"double": x * 2, "both": (x, [x + 1, x + 2])})
    assert f(1.0) == {"double": 2.0, "both": (1.0, [2.0, 3.0])}
    batch = f(np.array([1.0, 5.0]))
    assert batch["double"].tolist() == [2.0, 10.0]
    assert batch["both"][0].tolist() == [1.0, 5.0]
    assert batch["both"][1].tolist() == [[2.0, 3.0], [6.0, 7.0]]
    pair = namedtuple("pair", "price slope")
    named = compile(lambda x: [pair(x * 2, x)])
    assert named(1.0) == [pair(2.0, 1.0)]
    assert named(np.array([1.0, 5.0]))[0].price.tolist() == [2.0, 10.0]


def test_a_result_that_does_not_vary_is_given_for_every_example() -> None:
    w = Value(2.0)
    assert compile(lambda x: [x, w * 3, 5])(np.array([1.0, 2.0])).tolist() == [[1.0, 6.0, 5.0], [2.0, 6.0, 5.0]]
    assert compile(lambda x: w * 3)(np.zeros(3)).tolist() == [6.0, 6.0, 6.0]
    assert compile(lambda: w * 3)() == 6.0


@pytest.mark.parametrize("runner", RUNNERS)
def test_what_is_constant_stands_between_what_varies(runner: str | None) -> None:
    both = compile(lambda x: ([[x * 2.0, 0.0], [1.0, x]], (x, 3.0)), runner=runner)
    matrix, (same, three) = both(np.array([5.0, 6.0, 7.0]))
    assert matrix.tolist() == [[[2.0 * x, 0.0], [1.0, x]] for x in (5.0, 6.0, 7.0)]
    assert same.tolist() == [5.0, 6.0, 7.0] and three.tolist() == [3.0, 3.0, 3.0]


@pytest.mark.parametrize("runner", RUNNERS)
def test_has_aux_gives_the_rest_of_the_same_pass(runner: str | None) -> None:
    w = Value(3.0, "w")
    pair = compile(lambda x: (w * x * x, {"twice": 2.0 * w * x, "w": w}), runner=runner)
    mean, gradient, rest = pair.value_and_grad(np.array([1.0, 2.0]), has_aux=True)
    assert mean == 7.5 and gradient.tolist() == [2.5]
    assert rest["twice"].tolist() == [6.0, 12.0] and rest["w"].tolist() == [3.0, 3.0]


def test_has_aux_asks_for_a_pair() -> None:
    with pytest.raises(TypeError, match="returns a pair"):
        compile(lambda x: x * Value(1.0)).value_and_grad(np.ones(2), has_aux=True)


@pytest.mark.parametrize("runner", RUNNERS)
def test_at_takes_the_place_of_the_parameters(runner: str | None) -> None:
    w, b = Value(3.0, "w"), Value(1.0, "b")
    line = compile(lambda x: w * x + b, runner=runner)
    assert line(np.array([1.0, 2.0])).tolist() == [4.0, 7.0]
    assert line.parameters == [w, b]
    assert line(np.array([1.0, 2.0]), at=[10.0, 0.5]).tolist() == [10.5, 20.5]
    mean, gradient = line.value_and_grad(np.array([1.0, 2.0]), at=np.array([10.0, 0.5]))
    assert mean == 15.5 and gradient.tolist() == [1.5, 1.0]
    assert line(2.0, at=[10.0, 0.5]) == 20.5 and line(2.0) == 7.0
    with pytest.raises(ValueError, match="there are 2 parameters"):
        line(2.0, at=[1.0])


def test_masks_are_strong_zeros() -> None:
    x = Value(-1.0)
    for f, expected in ((lambda: relu(x).sqrt(), 0.0), (lambda: where(x, 1.0, 1 / (x + 1)), 0.0)):
        for runner in RUNNERS:
            assert compile(f, runner).value_and_grad()[1].tolist() == [expected]
    gradient = compile(grad(lambda v: where(v > 0, v.log(), 0.0)))(np.array([-1.0, 0.0, 2.0]))
    assert gradient.tolist() == [0.0, 0.0, 0.5]


@pytest.mark.parametrize("runner", RUNNERS)
def test_examples_masked_out_may_hold_nan_and_inf(runner: str) -> None:
    weights = [[Value(0.3 * i - 0.2 * j) for j in range(3)] for i in range(5)]
    scale = Value(1.5)

    def f(x: Any, valid: Any) -> Any:
        return where(valid, dot([1.0] * 5, [dot(w, x).tanh() for w in weights]) * scale, 0.0)

    A = np.random.default_rng(3).normal(size=(100, 3))
    valid = np.arange(100.0) % 3
    expected = compile(f, runner).value_and_grad(A, valid)
    A[::3, 1], A[::6, 2] = np.nan, np.inf
    got = compile(f, runner).value_and_grad(A, valid)
    assert got[0] == expected[0] and got[1].tolist() == expected[1].tolist() and np.all(np.isfinite(got[1]))
    square = compile(lambda x, valid: where(valid, (scale * x) ** 2, 0.0), runner)
    assert square.value_and_grad(np.array([np.inf, 1.0]), np.array([0.0, 1.0]))[1].tolist() == [1.5]
    infinite = compile(lambda x: dot([where(x > 0, 1.0, 0.0)], [x]).log().relu(), runner)
    assert compile(grad(infinite.function), runner)(np.array([-1.0, 0.5, 2.0])).tolist() == [0.0, 0.0, 0.5]


def test_rows_of_the_users_own_run_natively() -> None:
    cube = primitive("cube_of_test_compile", lambda x: x * x * x, lambda x, z: 3 * x * x)
    ramp = primitive("ramp_of_test_compile", lambda x: x if x > 0 else 0.0, lambda x, z: z * 0 + 7)
    assert compile(cube)(X).tolist() == (X * X * X).tolist()
    assert compile(ramp)(X).tolist() == np.maximum(X, 0.0).tolist()
    assert compile(grad(ramp))(X).tolist() == [7.0] * 90


def test_a_row_that_nothing_native_expresses_is_called_in_python() -> None:
    odd = primitive("odd_of_test_compile", lambda x: float(repr(x)), lambda x, z: 1.0)
    assert compile(odd)(X).tolist() == compile(odd, "python")(X).tolist() == X.tolist()


@pytest.mark.parametrize("runner", RUNNERS)
@pytest.mark.parametrize("row", [norm, largest, smallest], ids=lambda row: row.__name__)
def test_rows_of_many_operands_run_natively(row: Any, runner: str) -> None:
    A = np.random.default_rng(4).normal(size=(5, 40))
    A[1, 7], A[2, 3] = np.nan, np.inf
    got = compile(lambda x: row([*x]), runner)(A)
    assert got == pytest.approx([row(a.tolist()) for a in A], rel=1e-15, nan_ok=True)


@pytest.mark.parametrize("runner", RUNNERS)
@pytest.mark.parametrize("row", [norm, largest, smallest, logsumexp], ids=lambda row: row.__name__)
def test_rows_of_many_operands_may_begin_with_a_number(row: Any, runner: str) -> None:
    rows = [0.5, math.nan, -math.inf]
    got = compile(lambda x: row([1.0, x, 2.0, x]), runner)(rows)
    assert got == pytest.approx([row([1.0, x, 2.0, x]) for x in rows], rel=1e-15, nan_ok=True)


@pytest.mark.parametrize(
    ("argument", "error", "words"),
    [
        ([[1.0, 2.0], [3.0]], ValueError, "cost: x: ragged.*a list of 2 in example 0 and a list of 1 in example 1"),
        (np.zeros((0, 2)), ValueError, r"x holds no examples, its shape is \(0, 2\)"),
        (np.array([1.0, None]), TypeError, "x: expected an array of numbers, got objects, such as NoneType None"),
        (np.array(["a"]), TypeError, "x: .*text"),
        (np.array([1j]), TypeError, "x: .*complex"),
        (np.array(["2020-01-01"], dtype="M8[D]"), TypeError, "x: .*dates"),
        (np.ma.masked_array([1.0, 2.0], [True, False]), TypeError, "x: .*masked"),
        ("abc", TypeError, "x: .*str"),
        (None, TypeError, "x: .*None"),
        ({1.0, 2.0}, TypeError, "x: .*set"),
    ],
)
def test_what_is_not_a_batch_of_numbers_is_refused_by_name(argument: Any, error: type[Exception], words: str) -> None:
    def cost(x: Any) -> Any:
        return x

    with pytest.raises(error, match=words):
        compile(cost)(argument)


def test_batches_must_agree_in_length() -> None:
    f, _, _ = neuron()
    with pytest.raises(ValueError, match=r"x holds 90 examples and y holds 89 \(shape \(89,\)\)"):
        compile(f)(X, Y[1:])


def test_an_error_while_tracing_names_the_shapes() -> None:
    f = compile(lambda x: dot([1.0, 2.0], x))
    with pytest.raises(ValueError, match="2 weights for 3 inputs") as caught:
        f(np.ones((4, 3)))
    assert caught.value.__notes__ == ["while function was traced for compile, on x: (3,)"]


def test_looking_at_a_traced_number_is_an_error() -> None:
    with pytest.raises(TypeError, match="where"):
        compile(lambda x: x if x > 0 else -x)(X)
    with pytest.raises(TypeError, match="frozen"):
        compile(lambda x: x * x.data)(X)


def test_writing_to_captured_leaves_is_an_error() -> None:
    w = Value(1.0, "w")

    def sets(x: Any) -> Any:
        w.data = 2.0
        return w * x

    def sweeps(x: Any) -> Any:
        z = w * x
        z.backward()
        return z

    with pytest.raises(TypeError, match=r"'w'\.data was set"):
        compile(sets)(X)
    with pytest.raises(TypeError, match="backward"):
        compile(sweeps)(X)
    assert w.data == 1.0 and w.grad == 0.0


def test_a_gradient_needs_one_number() -> None:
    with pytest.raises(TypeError, match="one number for each example"):
        compile(lambda x: [x, x]).value_and_grad(X)


def test_compile_says_what_it_takes() -> None:
    with pytest.raises(TypeError, match="expected a function, got int"):
        compile(3)
    with pytest.raises(ValueError, match="'python', 'tape', 'source'"):
        compile(abs, runner="gpu")
    with pytest.raises(ValueError, match="call the function once"):
        compile(lambda x: x).program  # noqa: B018


def test_modes_around_a_call_do_not_reach_into_the_trace() -> None:
    f, w, _ = neuron()
    cost = compile(f)
    with no_grad():
        _, gradient = cost.value_and_grad(X, Y)
    with detect_anomaly():
        assert compile(lambda x: (x * w).sqrt())(np.array([1.0, 2.0])).tolist() == [math.sqrt(0.7), math.sqrt(1.4)]
    assert gradient.shape == (2,) and cost.parameters[0] is w


@pytest.mark.parametrize("row", [fmod, gammainc, lambda w, x: betainc(w, x, 0.3)])
def test_a_function_of_c_takes_a_parameter_beside_an_example(row: Any) -> None:
    """The lanes of one used to be counted for both."""
    w, at = Value(5.3), np.linspace(0.5, 3.0, 9)
    for f in (row, lambda a, b: row(b, a)):
        assert compile(lambda x, f=f: f(w, x))(at).tolist() == [f(5.3, x) for x in at.tolist()]


@pytest.mark.parametrize("runner", ["python", None])
def test_within_no_grad_a_trace_has_constants_of_each_example(runner: str | None) -> None:
    """They used to be frozen as the first example's numbers."""

    def f(x: Any) -> Any:
        with no_grad():
            y = x * 2.0 + grad(lambda u: u**3)(x) + fori(lambda s, _: s * x, x, 2)
        return y * x

    at = [1.0, 2.0, 3.0]
    assert compile(f, runner)(at).tolist() == [x * (2.0 * x + 3.0 * x**2 + x**3) for x in at]
    assert compile(grad(f), runner)(at).tolist() == [2.0 * x + 3.0 * x**2 + x**3 for x in at]


def test_program_and_source_print() -> None:
    f, _, _ = neuron()
    cost = compile(f)
    cost(X, Y)
    assert str(cost.program).startswith("2 inputs, 2 parameters; 9 graph nodes → 5 instructions")
    assert "after the batch:" in str(cost.gradient_program)
    scope: dict[str, Any] = {}
    exec(cost.source, scope)
    assert scope["function"](0.5, 1.0, 0.7, -0.2) == f(0.5, 1.0).data
    value, gradient = scope["function_value_and_gradient"](0.5, 1.0, 0.7, -0.2)
    assert gradient == compile(f).value_and_grad(0.5, 1.0)[1].tolist()
    assert value == f(0.5, 1.0).data


def test_the_source_gives_what_the_function_returns_in_its_structure() -> None:
    f = compile(lambda x, y: {"a": x * y, "b": (x,), "c": [x, (y, 2.0)], "d": np.array([x, y])}, runner="python")
    given, scope = f(1.5, 2.0), dict[str, Any]()
    exec(f.source, scope)
    assert scope["function"](1.5, 2.0) == given == {"a": 3.0, "b": (1.5,), "c": [1.5, (2.0, 2.0)], "d": [1.5, 2.0]}


def test_threads_may_share_a_compiled_function() -> None:
    f, _, _ = neuron()
    cost = compile(f)
    expected = [cost.value_and_grad(X[: 10 + k], Y[: 10 + k])[0] for k in range(8)]
    got: dict[int, set[float]] = {k: set() for k in range(8)}

    def work(k: int) -> None:
        for _ in range(50):
            got[k].add(cost.value_and_grad(X[: 10 + k], Y[: 10 + k])[0])

    in_threads(8, work)
    assert [got[k] for k in range(8)] == [{value} for value in expected]


@pytest.mark.parametrize("runner", ["tape", "source"])
def test_a_large_batch_gives_the_same_bits_on_any_number_of_threads(
    runner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    f, _, _ = neuron()
    many = np.random.default_rng(4).normal(size=(2, 20_000))
    monkeypatch.setattr(native_runner, "CHUNK", 10_000)
    answers = []
    for processors in (1, 2, 3, 1):
        monkeypatch.setattr(workers, "processors", lambda count=processors: count)
        cost = compile(f, runner)
        mean, gradient = cost.value_and_grad(*many)
        answers.append((mean, gradient.tolist(), cost(*many).tolist()))
    assert answers[1:] == answers[:1] * 3
    assert answers[0][2][::1000] == compile(f)(*many[:, ::1000]).tolist()
    assert answers[0][0] == pytest.approx(np.mean(answers[0][2]), rel=1e-13)


@pytest.mark.parametrize("runner", ["tape", "source"])
@pytest.mark.parametrize("work", [1, 300, 3000, 20_000])  # from 64 pieces of a block or two to a few, and to one
def test_each_example_is_in_one_piece(runner: str, work: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native_runner, "CHUNK", work)
    monkeypatch.setattr(native_runner, "MEAN_WORK", work)
    w = Value(1.0)
    cost = compile(lambda x: w * x, runner)
    for n in (1, 63, 64, 65, 511, 777, 2048, 5000, 9999):
        X = np.arange(float(n))
        np.testing.assert_array_equal(cost(X), X)
        mean, slopes = cost.value_and_grad(X)  # sums of whole numbers, exact in any order
        assert mean == slopes[0] == pytest.approx((n - 1) / 2, rel=1e-15)


def test_a_job_is_done_by_whoever_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "processors", lambda: 3)
    done: list[tuple[int, str]] = []

    before = threading.active_count()
    for _ in range(3):
        done.clear()
        pieces = iter(range(7))

        def work(pieces: Iterator[int] = pieces) -> None:
            for piece in pieces:
                time.sleep(0.01)
                done.append((piece, threading.current_thread().name))

        workers.share(work, 7, lambda: False)
        assert sorted(piece for piece, _ in done) == [*range(7)]
        assert len({name for _, name in done}) > 1
    assert threading.active_count() - before <= 2


def test_nobody_waits_for_a_worker_who_has_nothing_left_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "processors", lambda: 2)
    begun, free, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        if threading.current_thread() is threading.main_thread():
            begun.wait(10.0)
            return
        begun.set()
        free.wait(10.0)
        ended.set()

    workers.share(work, 2, lambda: True)
    assert begun.is_set()
    assert not ended.is_set()
    free.set()
    assert ended.wait(10.0)


def test_a_job_that_is_interrupted_leaves_no_worker_at_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "processors", lambda: 2)
    begun, ended = [], []

    def work() -> None:
        if threading.current_thread() is threading.main_thread():
            time.sleep(0.01)
            raise KeyboardInterrupt
        begun.append(1)
        time.sleep(0.03)
        ended.append(1)

    with pytest.raises(KeyboardInterrupt):
        workers.share(work, 50, lambda: False)
    assert begun == ended


def test_what_an_interrupted_call_works_on_lives_as_long_as_somebody_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native_runner, "CHUNK", 1)
    monkeypatch.setattr(workers, "processors", lambda: 1)
    begun, free = threading.Event(), threading.Event()
    begun.set()

    def forward(x: float) -> float:
        if threading.current_thread() is threading.main_thread():
            begun.wait(10.0)
        else:
            begun.set()
            free.wait(10.0)
        return float(f"{x}")  # for Python alone

    def interrupted(*given: int) -> None:
        raise KeyboardInterrupt

    cost, X = compile(primitive("slow", forward, lambda x, z: 1.0)), np.arange(64.0)
    assert cost(X).tolist() == X.tolist()
    begun.clear()
    monkeypatch.setattr(workers, "processors", lambda: 2)
    take, help_, _ = native_runner.pieces.functions()
    monkeypatch.setattr(native_runner.pieces, "functions", lambda: (take, help_, interrupted))
    given = weakref.ref(X)
    try:
        with pytest.raises(KeyboardInterrupt):
            cost(X)
        del X
        assert begun.is_set()
        assert given() is not None
    finally:
        free.set()
    for _ in range(1000):
        if given() is None:
            break
        time.sleep(0.01)
    assert given() is None


def test_an_exception_in_a_row_is_that_of_the_call_that_came_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of helpers' too, and not that of a call in another thread meanwhile, nor of one in the row itself."""
    monkeypatch.setattr(workers, "processors", lambda: 3)
    monkeypatch.setattr(native_runner, "CHUNK", 1000)
    good, many, wrong = compile(lambda x: 2.0 * x), np.arange(512.0), threading.Event()

    def forward(x: float) -> float:
        if wrong.is_set() and x == 300.0:
            raise KeyError("300")
        if wrong.is_set() and x > 300.0:
            assert good(many)[1] == 2.0
        return float(f"{x}")  # for Python alone

    bad = compile(primitive("keyed", forward, lambda x, z: 1.0))
    assert bad(many).tolist() == many.tolist()
    wrong.set()

    def work(i: int) -> None:
        for _ in range(20):
            if i:
                assert good(many)[2] == 4.0
            else:
                with pytest.raises(KeyError, match="300"):
                    bad(many)

    in_threads(3, work)


def test_where_no_thread_can_be_started_the_caller_works_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(workers, "processors", lambda: 2)
    monkeypatch.setattr(workers, "_threads", [])
    monkeypatch.setattr(threading.Thread, "start", start)
    names: list[str] = []
    for _ in range(2):
        workers.share(lambda: names.append(threading.current_thread().name), 2, lambda: False)
    assert names == [threading.current_thread().name] * 2
    assert workers._jobs.empty()


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="threads cannot be moved here")
def test_workers_keep_off_the_processor_of_their_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    moves: list[set[int]] = []
    monkeypatch.setattr(os, "sched_getaffinity", lambda thread: {3, 4, 5})
    monkeypatch.setattr(os, "sched_setaffinity", lambda thread, processors: moves.append(processors))
    monkeypatch.setattr(workers, "processors", lambda: 2)
    monkeypatch.setattr(workers, "_threads", [])
    for processor, expected in ((4, {3, 5}), (4, None), (5, {3, 4})):
        moves.clear()
        monkeypatch.setattr(workers, "_processor", lambda at=processor: at)
        workers.share(lambda: None, 2, lambda: False)
        assert moves == [expected] * (expected is not None)


def test_no_job_waits_for_a_helper_that_waits_for_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "processors", lambda: 2)
    monkeypatch.setattr(native_runner, "CHUNK", 10_000)
    monkeypatch.setattr(native_runner, "LINGERS", 1 << 60)  # for ever
    share = workers.share
    monkeypatch.setattr(workers, "share", lambda work, most, done: share(work, most, lambda: False))
    f, _, _ = neuron()
    cost, many = compile(f), np.random.default_rng(4).normal(size=(2, 20_000))
    try:
        assert len({cost.value_and_grad(*many)[0] for _ in range(50)}) == 1
    finally:
        workers.begun.value += 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_process_has_workers_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "processors", lambda: 2)
    workers.share(lambda: None, 2, lambda: False)
    child = os.fork()
    if child == 0:
        names: set[str] = set()

        def work() -> None:
            time.sleep(0.02)
            names.add(threading.current_thread().name)

        workers.share(work, 8, lambda: False)
        os._exit(len(names))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 2


@pytest.mark.parametrize("given", [Value(2.0), [Value(2.0), Value(3.0)]])
def test_a_value_as_argument_is_told_to_differentiate_first(given: Any) -> None:
    with pytest.raises(
        TypeError, match=r"function: x: a compiled function takes numbers, got a Value; .*compile\(grad\(f"
    ):
        compile(lambda x: x * x)(given)


# In processes of their own: what is missing, what is cached, what is unwritable.

JOB = "from autograd import compile; import numpy as np; print(compile(lambda x: x.exp() * 2)(np.arange(3.0)).tolist())"


BLOCKED = "import sys; sys.modules.update(dict.fromkeys({names}))\n"


@pytest.mark.parametrize("names", [["llvmlite"], ["llvmlite", "numpy"]])
@pytest.mark.parametrize("call", ["f([1.0, 2.0])", "f.value_and_grad([1.0, 2.0])"])
def test_without_llvmlite_one_line_says_what_to_install(names: list[str], call: str) -> None:
    job = BLOCKED.format(names=names) + "from autograd import Value, compile; w = Value(2.0)\n"
    done = python("-c", f"{job}f = compile(lambda x: x * w)\n{call}")
    assert "ImportError" in done.stderr or "NativeUnavailable" in done.stderr
    assert "pip install numpy llvmlite" in done.stderr.splitlines()[-1]
    plain = python("-c", f"{job}f = compile(lambda x: x * w, runner='python')\nprint({call})")
    assert plain.returncode == 0, plain.stderr


def test_without_numpy_a_sum_over_shards_says_what_to_install() -> None:
    code = BLOCKED.format(names=["numpy"]) + "from autograd import compile\n"
    done = python("-c", code + "compile(lambda x: x * x, 'python').over([1.0], lambda x: ([x],))")
    assert (
        done.stderr.splitlines()[-1] == "ImportError: over: gradients are summed as arrays of numpy: pip install numpy"
    )


def test_without_numpy_the_plain_runner_takes_lists() -> None:
    code = BLOCKED.format(names=["llvmlite", "numpy"])
    code += "from autograd import compile, Value; w = Value(2.0)\n"
    code += "f = compile(lambda x: x[0] * w + x[1], 'python'); X = [[1, 2], [3, 4]]; print(f(X), f.value_and_grad(X))"
    assert python("-c", code).stdout == "[4.0, 10.0] (7.0, [2.0])\n"


def test_machine_code_is_kept(tmp_path: Path) -> None:
    first = python("-c", JOB, CHAINRULE_CACHE=str(tmp_path))
    kept = sorted(tmp_path.iterdir())
    again = python("-c", JOB, CHAINRULE_CACHE=str(tmp_path))
    assert first.stdout == again.stdout and first.stdout
    assert kept and sorted(tmp_path.iterdir()) == kept


def test_a_damaged_cache_is_made_anew(tmp_path: Path) -> None:
    first = python("-c", JOB, CHAINRULE_CACHE=str(tmp_path))
    for file in tmp_path.iterdir():
        file.write_bytes(file.read_bytes()[:-1000])
    again = python("-c", JOB, CHAINRULE_CACHE=str(tmp_path))
    assert (again.stdout, again.stderr) == (first.stdout, "")


def test_cached_code_under_the_name_of_another_functions_is_made_anew(tmp_path: Path) -> None:
    jobs = [JOB, JOB.replace("exp", "sin")]
    first = [python("-c", job, CHAINRULE_CACHE=str(tmp_path)).stdout for job in jobs]
    files = sorted(tmp_path.iterdir())
    for file, content in zip(files, [file.read_bytes() for file in reversed(files)], strict=True):
        file.write_bytes(content)
    assert [python("-c", job, CHAINRULE_CACHE=str(tmp_path)).stdout for job in jobs] == first


def test_the_source_of_a_row_is_not_a_function_that_calls_itself() -> None:
    f = compile(exp)
    f(1.0)
    scope: dict[str, Any] = {}
    exec(f.source, scope)
    assert scope["function"](1.0) == math.exp(1.0)


@pytest.mark.parametrize("name", ["t1", "x", "quick", "np", "row_of_the_source_test"])
def test_a_users_row_of_any_name_is_called_and_printed_as_python_that_runs(name: str) -> None:
    row = primitive(name, lambda x: x * x + 1.0, lambda x, z: 2 * x)
    try:
        f = compile(lambda x: row(x) * row(2.0 * x))
        assert f(2.0) == 85.0
        scope: dict[str, Any] = {}
        exec(f.source, scope)
        assert scope["function"](2.0) == 85.0
    finally:
        del TABLE[name]


@pytest.mark.parametrize("name", ["lambda", "inf", "divide"])
def test_a_name_that_printed_programs_use_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"primitive: {name!r} means something else in printed programs"):
        primitive(name, lambda x: x, lambda x, z: 1.0)


ROW = (
    "import numpy as np; from autograd import compile, primitive, sigmoid, where\n"
    "row = primitive('row', lambda x: {forward}, lambda x, z: 1.0)\n"
    "print(compile(row, {runner!r})(np.array([-1.0, 2.0])).tolist())"
)


@pytest.mark.parametrize("runner", ["tape", "source"])
def test_a_row_made_of_rows_before_anything_is_compiled_runs_natively(runner: str) -> None:
    done = python("-c", ROW.format(forward="where(x > 0, x, x * sigmoid(0.0))", runner=runner))
    assert done.stdout == "[-0.5, 2.0]\n", done.stderr


@pytest.mark.parametrize("runner", ["tape", "source"])
def test_the_code_of_a_users_row_is_not_kept_for_another_of_its_name(runner: str, tmp_path: Path) -> None:
    for forward, expected in (("abs(x)", "[1.0, 2.0]\n"), ("abs(x) * 3.0", "[3.0, 6.0]\n")):
        done = python("-c", ROW.format(forward=f"float({forward})", runner=runner), CHAINRULE_CACHE=str(tmp_path))
        assert done.stdout == expected, done.stderr


CRASHING = (
    "import os, signal; from autograd.native import build\n"
    "def crash(*_): os.kill(os.getpid(), signal.SIGKILL)\n"
    "build.{name} = crash\n"
)


def test_code_that_crashed_llvm_is_not_loaded_again(tmp_path: Path) -> None:
    first = python("-c", JOB, CHAINRULE_CACHE=str(tmp_path))
    kept = sorted(tmp_path.glob("*.o"))
    assert python("-c", CRASHING.format(name="_link") + JOB, CHAINRULE_CACHE=str(tmp_path)).returncode != 0
    assert len(sorted(tmp_path.glob("*.o"))) == len(kept) - 1  # what it was at is out of the way
    assert python("-c", JOB, CHAINRULE_CACHE=str(tmp_path)).stdout == first.stdout
    assert sorted(tmp_path.glob("*.o")) == kept


def test_a_killed_first_run_leaves_nothing_that_is_loaded(tmp_path: Path) -> None:
    killed = CRASHING.replace("build.{name}", "os.replace").format() + JOB
    assert python("-c", killed, CHAINRULE_CACHE=str(tmp_path)).returncode != 0
    assert not list(tmp_path.glob("*.o"))
    assert python("-c", JOB, CHAINRULE_CACHE=str(tmp_path)).stdout == "[2.0, 5.43656365691809, 14.7781121978613]\n"


def test_the_cache_drops_its_older_half_when_it_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "MOST_FILES", 6)
    monkeypatch.setattr(build, "_cache_directory", lambda: tmp_path)
    for age in range(6):
        build._write(f"{age}.o", b"code")
        os.utime(tmp_path / f"{age}.o", (age, age))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        build._write("new.o", b"code")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["3.o", "4.o", "5.o", "new.o"]
    build._write("7.o", b"code")
    build._write("8.o", b"code")
    (tmp_path / "gone").symlink_to("nowhere")  # as a file that another process drops meanwhile
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        build._write("9.o", b"code")
    assert (tmp_path / "9.o").exists() and not (tmp_path / "3.o").exists()


def test_an_unwritable_cache_falls_back_to_the_users_and_says_so_once(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a directory")
    users = tmp_path / "users"
    done = python("-c", JOB + "; " + JOB, CHAINRULE_CACHE=str(blocked / "cache"), XDG_CACHE_HOME=str(users))
    assert done.returncode == 0
    assert done.stderr.count("cannot be written to; compiled code is kept in") == 1
    assert list((users / "chainrule").iterdir())


def test_the_cache_of_an_installed_package_is_the_users(tmp_path: Path) -> None:
    where = "import autograd.native.build as b; b.__file__ = '{}'; print(b._cache_directory())"
    site = where.format(tmp_path / "site-packages/autograd/native/build.py")
    none = {"CHAINRULE_CACHE": "", "LOCALAPPDATA": ""}
    assert python("-c", site, XDG_CACHE_HOME=str(tmp_path), **none).stdout == f"{tmp_path / 'chainrule'}\n"
    assert (
        python("-c", site, XDG_CACHE_HOME="", HOME=str(tmp_path), **none).stdout == f"{tmp_path / '.cache/chainrule'}\n"
    )
    (tmp_path / "file").touch()
    done = python("-c", site, XDG_CACHE_HOME=str(tmp_path / "file"), **none)
    assert "file/chainrule cannot be written to; compiled code is not kept" in done.stderr
    here = python("-c", where.format(build.__file__), XDG_CACHE_HOME=str(tmp_path), **none).stdout
    assert Path(here.strip()) == Path(build.__file__).parent / "__pycache__" / "native"


def unpacked(x: Any) -> Any:
    a, b = x
    return a * b


@pytest.mark.parametrize(
    "f",
    [lambda x: x[0] * x[1], lambda x: sum(x), lambda x: x * len(x), unpacked, lambda x: max(*x),
     lambda x: autograd.sum(x), lambda x: autograd.dot([1.0, 2.0], x), lambda x: nn.softmax(x)[0]],
)  # fmt: skip
def test_of_one_vector_it_is_said_that_its_axis_is_the_batch(f: Any) -> None:
    with pytest.raises(TypeError) as raised:
        compile(f, runner="python")([1.0, 2.0])
    assert raised.value.__notes__[-1].startswith("the first axis of x is the batch: [1.0, 2.0] is 2 examples of one")
    with pytest.raises(TypeError) as raised:
        compile(lambda x, y: [1.0, 2.0][x] * y, runner="python")([1.0, 2.0], 1.0)
    assert "the first axis" not in raised.value.__notes__[-1]


@pytest.mark.parametrize("model", [nn.MLP(2, [3, 1]), nn.Layer(2, 1), nn.Neuron(2)])
def test_so_it_is_of_one_example_given_to_a_model(model: Any) -> None:
    with pytest.raises(ValueError, match="takes 2 inputs, got 1") as raised:
        compile(model, runner="python")([0.0, 1.0])
    said = "the first axis of x is the batch: [0.0, 1.0] is 2 examples of one number, [[0.0, 1.0]] one example of 2"
    assert raised.value.__notes__[-1] == said
    with pytest.raises(ValueError, match="takes 2 inputs, got 1") as raised:
        compile(model, runner="python")([0.0])
    assert "one example of several is written [[0.0, …]]" in raised.value.__notes__[-1]
