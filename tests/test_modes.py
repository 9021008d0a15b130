"""Ways to record: no_grad, stop_gradient, detect_anomaly and tracing."""

from __future__ import annotations

import asyncio
import inspect
import sys
import threading
import weakref
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from math import inf, nan
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Value, assign, detect_anomaly, no_grad, numbers, stop_gradient, where
from autograd.core import modes
from autograd.core.modes import tracing
from autograd.core.refusals import as_argument
from autograd.core.value import NOT_COMPUTED

# no_grad


class Marked(Value):
    pass


FORMS: dict[str, Callable[[Value, Value], Any]] = {
    "of two": lambda x, y: x * y,
    "with an int": lambda x, y: x + 1,
    "reflected": lambda x, y: 2 / x,
    "power": lambda x, y: x**2,
    "of one": lambda x, y: -x,
    "method": lambda x, y: x.tanh(),
    "row of one": lambda x, y: autograd.exp(x),
    "row of two": lambda x, y: autograd.maximum(x, y),
    "row of three": lambda x, y: where(x, y, 1.0),
    "row of many": lambda x, y: autograd.logsumexp([x, y, 1.0]),
    "row that is not in C": lambda x, y: autograd.lgamma(x),
    "subclass": lambda x, y: Marked(2.0) * x,
    "dot": lambda x, y: autograd.dot([x, y], [y, 0.5], x),
    "affine": lambda x, y: autograd.affine([[x, 2.0], [y, y]], [y, x], [x, 1.0])[1],
    "sum": lambda x, y: autograd.sum([x, y, x]),
    "sum with a number": lambda x, y: autograd.sum([x, 1.0]),
    "argument": lambda x, y: as_argument(x),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_no_grad_gives_plain_leaves_of_the_same_numbers(form: Any) -> None:
    x, y = Value(3.0), Value(0.25)
    recorded = form(x, y)
    assert recorded.operands
    with no_grad():
        z = form(x, y)
    assert type(z) is Value and (z.op, z.operands, z._arguments, z._partials, z.label) == ("", (), (), (), "")
    assert z.data == recorded.data and z.grad is NOT_COMPUTED
    z.backward()
    assert (x.grad, y.grad, z.grad) == (0.0, 0.0, 1.0)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_what_is_computed_under_no_grad_keeps_nothing_alive(form: Any) -> None:
    x, y = Value(3.0), Value(0.25)
    operands = [weakref.ref(x), weakref.ref(y)]
    with no_grad():
        z = form(x, y)
    del x, y
    assert z.data == z.data and [operand() for operand in operands] == [None, None]


def test_differentiating_within_no_grad_records_and_no_grad_within_that_does_not() -> None:
    x, ops = Value(3.0), []
    with no_grad():
        ops.append((x * x).op)
        with autograd.differentiating():
            ops.append((x * x).op)
            with no_grad():
                ops.append((x * x).op)
            ops.append((x * x).op)
        ops.append((x * x).op)
    assert ops == ["", "mul", "", "mul", ""]


def test_what_switches_recording_on_again_counts_as_no_mode() -> None:
    x, outer, inner = Value(3.0), no_grad(), autograd.differentiating()
    with ExitStack() as stack:
        with outer:
            stack.enter_context(inner)
        with detect_anomaly():  # with each block all are counted
            assert (x * x).op == "mul"
        assert (x * x).op == "mul" and modes.active == 0
    assert (x * x).op == "mul" and modes.active == 0


def test_recording_resumes_after_no_grad() -> None:
    x = Value(3.0)
    with no_grad():
        a = x * x
    (a * x).backward()
    assert (x.grad, a.grad) == (9.0, 3.0)


def test_no_grad_ends_with_an_exception() -> None:
    with pytest.raises(ValueError), no_grad():
        raise ValueError
    assert (Value(1.0) * 2).op == "mul" and not modes.active


MODES = {
    "no_grad": no_grad,
    "detect_anomaly": detect_anomaly,
    "differentiating": autograd.differentiating,
    "tracing": tracing,
    "computing": modes.computing,
}


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
def test_no_interrupt_leaves_a_mode_on(mode: Any) -> None:
    """A signal handler can raise where a function of Python's begins, and after each call of one of C's."""

    def interrupted(at: int) -> bool:
        met = 0

        def profile(frame: Any, event: str, _: Any) -> None:
            nonlocal met
            met += event in ("call", "c_return") and frame.f_code.co_filename.endswith(("modes.py", "contextlib.py"))
            if met == at:
                raise KeyboardInterrupt

        block = mode()
        sys.setprofile(profile)
        try:
            with block:
                pass
        except KeyboardInterrupt:
            return True
        finally:
            sys.setprofile(None)
        return False

    at = 0
    while interrupted(at := at + 1):
        assert not modes.is_no_grad() and not modes.is_tracing()
        assert modes.anomaly() is None and modes.derivative_around() is None
        assert (modes.active, modes.looking[0]) == (0, 0)
    assert at > 5


def test_a_block_begins_once_at_a_time_and_an_exit_stack_may_hold_it() -> None:
    block = no_grad()
    with block, pytest.raises(RuntimeError, match="has begun already"), block:
        pass
    with ExitStack() as stack:
        stack.enter_context(block)
        assert modes.is_no_grad()
    assert not modes.is_no_grad()


def test_no_grad_nests() -> None:
    x = Value(1.0)
    with no_grad():
        with no_grad():
            pass
        assert (x * 2).op == ""
    assert (x * 2).op == "mul"


def test_no_grad_is_of_its_thread_alone() -> None:
    x, inside, checked, seen = Value(1.0), threading.Event(), threading.Event(), []

    def other() -> None:
        inside.wait(10)
        seen.append((x * 2).op)
        checked.set()

    thread = threading.Thread(target=other)
    thread.start()
    with no_grad():
        inside.set()
        assert checked.wait(10)
        assert (x * 2).op == ""
    thread.join()
    assert seen == ["mul"]


def outside(act: Callable[[], Any], mode: Any) -> Any:
    """What `act` gives here while another thread is in a block of this mode, which has ended after it."""
    inside, done = threading.Event(), threading.Event()

    def other() -> None:
        with mode():
            inside.set()
            done.wait(10)

    thread = threading.Thread(target=other)
    thread.start()
    try:
        assert inside.wait(10)
        return act()
    finally:
        done.set()
        thread.join()


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
def test_no_mode_is_of_another_thread(mode: Any, form: Any) -> None:
    def act() -> Any:
        x, y = Value(3.0), Value(0.25)
        z = form(x, y)
        z.backward()
        return z.op, z.data, z._partials, x.grad, y.grad

    assert outside(act, mode) == act()


def test_numbers_are_read_and_set_while_another_thread_is_traced() -> None:
    x = Value(1.0)

    def act() -> Any:
        x.data = x.data + 1.0
        assign([x], [x.data * 3.0])
        return numbers([x]), [*numbers([x], np.empty(1))], x.grad, {x * 1.0: 1}

    assert outside(act, tracing)[:3] == ([6.0], [6.0], 0.0)


@pytest.mark.parametrize("mode", [no_grad, detect_anomaly, tracing])
def test_who_computes_finds_that_the_blocks_of_other_threads_have_ended(mode: Any) -> None:
    x = Value(3.0)
    outside(lambda: None, mode)
    assert modes.active == 1
    assert (x * x).op == "mul" and x.data == 3.0
    x.exp().backward()
    assert modes.active == 0


def test_no_grad_is_of_its_task_alone() -> None:
    x, seen = Value(1.0), []

    async def without(turn: asyncio.Event, done: asyncio.Event) -> None:
        with no_grad():
            turn.set()
            await done.wait()
            seen.append((x * 2).op)

    async def recording(turn: asyncio.Event, done: asyncio.Event) -> None:
        await turn.wait()
        seen.append((x * 2).op)
        done.set()

    async def both() -> None:
        events = asyncio.Event(), asyncio.Event()
        await asyncio.gather(without(*events), recording(*events))

    asyncio.run(both())
    assert seen == ["mul", ""]


def test_no_grad_decorates_a_function_for_each_of_its_calls() -> None:
    @no_grad()
    def square(x: Value, again: bool = True) -> list[Value]:
        return [x * x, *(square(x, again=False) if again else [])]

    x = Value(3.0)
    assert [z.op for z in square(x) + square(x)] == [""] * 4
    assert (x * x).op == "mul" and not modes.active


@pytest.mark.parametrize("mode", [no_grad, detect_anomaly])
def test_what_runs_after_its_call_is_not_decorated(mode: Any) -> None:
    def pieces(x: Value) -> Any:
        yield x * x

    async def later(x: Value) -> Any:
        return x * x

    async def both(x: Value) -> Any:
        yield x * x

    for f in (pieces, later, both):
        with pytest.raises(TypeError, match=f"{mode.__name__}: the body of {f.__name__} runs after its call"):
            mode()(f)


def test_no_grad_does_not_stop_backward() -> None:
    x = Value(3.0)
    z = x * x
    with no_grad():
        z.backward()
    assert x.grad == 6.0


# stop_gradient


def test_stop_gradient_is_the_number_without_a_slope() -> None:
    x = Value(3.0)
    (stop_gradient(x) * x).backward()
    assert x.grad == 3.0
    assert stop_gradient(x).data == 3.0 and stop_gradient(2) == 2.0


@pytest.mark.parametrize("factor", [inf, nan])
def test_nothing_gets_through_a_stop(factor: float) -> None:
    x = Value(3.0)
    (stop_gradient(x) * factor).backward()
    assert x.grad == 0.0


# detect_anomaly


def here() -> str:
    """File and line of the caller."""
    frame = inspect.currentframe().f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


FORWARD = {
    "log(a = -1)": lambda a, b: autograd.log(a),
    "sqrt(a = -1)": lambda a, b: a.sqrt(),
    "pow(a = -1, 0.5)": lambda a, b: a**0.5,
    "pow(-2, b = 0.5)": lambda a, b: (-2) ** b,
    "sub(leaf = inf, leaf = inf)": lambda a, b: Value(inf) - Value(inf),
    "mul(a = -1, nan)": lambda a, b: a * nan,
    "add(nan, b = 0.5)": lambda a, b: nan + b,
    "div(leaf = 0, leaf = 0)": lambda a, b: Value(0.0) / Value(0.0),
    "dot(a = -1, nan, b = 0.5)": lambda a, b: autograd.dot([a], [b], nan),
    "dot(a = -1, leaf = nan, b = 0.5)": lambda a, b: autograd.dot([a], [b], Value(nan)),
    "sum(a = -1, b = 0.5, nan)": lambda a, b: autograd.sum([a, b, nan]),
    "neg(leaf = nan)": lambda a, b: -Value(nan),
    "maximum(a = -1, nan)": lambda a, b: autograd.maximum(a, nan),
}


@pytest.mark.parametrize("formula", FORWARD)
def test_the_first_nan_is_found_where_it_is_made(formula: str) -> None:
    a, b = Value(-1.0, label="a"), Value(0.5, label="b")
    with detect_anomaly(), pytest.raises(FloatingPointError) as error:
        FORWARD[formula](a, b)
    assert str(error.value).startswith(f"forward: nan from {formula}, made at {__file__}:")
    assert str(error.value).endswith(f":{FORWARD[formula].__code__.co_firstlineno}")


def test_the_line_that_made_the_nan_is_named() -> None:
    line: list[str] = []
    with detect_anomaly(), pytest.raises(FloatingPointError) as error:
        line.append(here()) or autograd.log(Value(-1.0))
    assert str(error.value).endswith(f"made at {line[0]}")


def test_a_result_without_a_nan_passes() -> None:
    x = Value(0.0)
    with detect_anomaly():
        z = where(0.0, x.sqrt(), x * 2)
        z.backward()
    assert x.grad == 2.0


@pytest.mark.parametrize("formula", FORWARD)
def test_a_nan_is_found_where_nothing_is_recorded(formula: str) -> None:
    a, b = Value(-1.0, label="a"), Value(0.5, label="b")
    with detect_anomaly(), no_grad(), pytest.raises(FloatingPointError, match="made at") as error:
        FORWARD[formula](a, b)
    assert str(error.value).startswith(f"forward: nan from {formula}, made at {__file__}:")


def test_the_neuron_of_a_layer_that_gives_the_nan_is_named() -> None:
    a, b = Value(-1.0, label="a"), Value(0.5, label="b")
    with detect_anomaly(), pytest.raises(FloatingPointError, match=r"nan from dot\(b = 0.5, nan, b = 0.5\)"):
        autograd.affine([[a], [b], [a]], [b], [a, nan, nan])


def test_the_engines_own_arithmetic_is_not_looked_at() -> None:
    x = Value(0.0)
    with detect_anomaly(inf=True):
        assert autograd.sqrt(x).data == 0.0  # its slope there is inf


def test_infinities_are_found_on_request() -> None:
    x = Value(0.0, label="x")
    with detect_anomaly():
        assert (1 / x).data == inf
    with detect_anomaly(inf=True), pytest.raises(FloatingPointError, match=r"forward: inf from div\(1, x = 0\)"):
        1 / x


def test_a_nan_born_in_the_sweep_names_the_edge_and_its_line() -> None:
    x = Value(0.0, label="x")
    with detect_anomaly():
        z, line = autograd.sqrt(x) * 0.0, here()
        with pytest.raises(FloatingPointError) as error:
            z.backward()
    expected = "backward: the gradient arriving at x = 0 is nan, through sqrt(x = 0), made at "
    assert str(error.value) == expected + line


def test_a_labelled_node_is_shown_with_its_label() -> None:
    x = Value(0.0, label="x")
    with detect_anomaly():
        h = autograd.sqrt(x)
        h.label = "h"
        with pytest.raises(FloatingPointError, match=r"arriving at x = 0 is nan, through h = sqrt\(x = 0\)"):
            (h * 0.0).backward()


def test_a_nan_among_terms_that_cancel_is_found_at_the_shared_node() -> None:
    x = Value(1.0, label="x")
    with detect_anomaly():
        a = (x * 1.0) * 1.0
        a.label = "a"
        z = autograd.dot([a, a], [1e308, -1e308]) * 10.0
        with pytest.raises(FloatingPointError, match="arriving at a = 1 is nan"):
            z.backward()


def test_a_graph_made_outside_is_swept_and_says_so() -> None:
    x = Value(0.0, label="x")
    z = autograd.sqrt(x) * 0.0
    with detect_anomaly(), pytest.raises(FloatingPointError, match="a line outside detect_anomaly"):
        z.backward()


def test_a_sweep_that_an_anomaly_stops_leaves_every_gradient() -> None:
    x, y = Value(0.0), Value(2.0)
    h = autograd.sqrt(x)
    z = h * 0.0 + y
    (h * y).backward()
    before = [v.grad for v in (x, y, h)]
    with detect_anomaly(), pytest.raises(FloatingPointError):
        z.backward()
    assert [v.grad for v in (x, y, h)] == before and before == [inf, 0.0, 2.0]


@pytest.mark.parametrize("masked", ["relu", "where", "maximum", "minimum"])
def test_a_path_that_is_switched_off_is_no_anomaly(masked: str) -> None:
    x = Value(0.0)
    off: dict[str, Any] = {
        "relu": lambda: (autograd.sqrt(x) - 1.0).relu(),
        "where": lambda: where(0.0, autograd.sqrt(x), 1.0),
        "maximum": lambda: autograd.maximum(autograd.sqrt(x), 1.0),
        "minimum": lambda: autograd.minimum(autograd.sqrt(x), -1.0),
    }
    with detect_anomaly():
        z = off[masked]()
        z.backward()
    assert x.grad == 0.0


def test_nothing_is_looked_for_outside() -> None:
    z = autograd.log(Value(-1.0))
    z.backward()
    assert z.data != z.data and not modes.active


# tracing


def test_numbers_cannot_be_read_while_tracing() -> None:
    x = Value(1.0, label="x")
    with tracing():
        for act in (lambda: x.data, lambda: setattr(x, "data", 2.0), lambda: bool(x > 0), lambda: float(x)):
            with pytest.raises(TypeError):
                act()
    assert x.data == 1.0


def test_a_condition_while_tracing_names_where() -> None:
    x = Value(1.0, label="x")
    with tracing(), pytest.raises(TypeError, match="where"):
        if x > 0:
            pass


def test_a_comparison_while_tracing_is_a_zero_or_one_node() -> None:
    x, y = Value(1.0), Value(2.0)
    with tracing():
        nodes = [x > y, x >= y, x < y, x <= y, x > 0, 0 < x]
    assert [z.data for z in nodes] == [0.0, 0.0, 1.0, 1.0, 1.0, 1.0]
    assert [z.op for z in nodes] == ["greater", "greater_equal", "greater", "greater_equal", "greater", "greater"]


def test_equality_with_a_number_while_tracing_is_a_zero_or_one_node() -> None:
    x = Value(1.0)
    with tracing():
        nodes = [x == 1, 1 == x, x == 2.0, x != 1, 2 != x]
    assert [z.data for z in nodes] == [1.0, 1.0, 0.0, 0.0, 1.0]


def test_where_reads_a_comparison_eagerly_and_traced_alike() -> None:
    for mode in (nullcontext, tracing):
        x = Value(3.0)
        with mode():
            z = where(x > 0, x * x, -x)
        z.backward()
        assert (z.data, x.grad) == (9.0, 6.0)
