"""Calls that go straight to machine code: the results of the way round, for exactly the calls it is made for."""

from __future__ import annotations

import gc
import random
import sys
import tracemalloc
import weakref
from math import inf
from typing import Any

import pytest

import nn
from autograd import Value, assign, compile, detect_anomaly, exp, log, primitive, relu, value_and_grad, where
from autograd.core.primitives import TABLE
from tests.memory import blocks
from tests.test_threads import in_threads

np = pytest.importorskip("numpy")
pytest.importorskip("llvmlite")

WARM = 5  # calls, after which there are no more of the other way


def warm(function: Any, *args: Any) -> Any:
    """The result of the last of a few calls."""
    for _ in range(WARM):
        result = function(*args)
    return result


def goes_round(function: Any, *args: Any) -> bool:
    """Whether the method of the class is called."""
    called = False

    def look(frame: Any, event: str, _: Any) -> None:
        nonlocal called
        called = called or (event == "call" and frame.f_code.co_name == "__call__")

    sys.setprofile(look)
    try:
        function(*args)
    finally:
        sys.setprofile(None)
    return called


def test_after_a_few_calls_no_python_runs() -> None:
    f = compile(lambda x, y: x * y + 1.0)
    assert goes_round(f, 2.0, 3.0) and warm(f, 2.0, 3.0) == 7.0
    assert not goes_round(f, 2.0, 3.0)
    g = compile(lambda x, y: x * y + 1.0)
    warm(g, np.ones(20), np.ones(20))
    assert not goes_round(g, np.ones(9), np.ones(9))


def test_a_nan_among_slopes_without_masks_goes_the_long_way_and_leaves_nothing_behind() -> None:
    w = Value(2.0)
    cost = compile(lambda x: (relu(w * x), [x] * 100))
    call = lambda x: cost.value_and_grad(x, has_aux=True)
    on, off = np.full(50, 2.0), np.full(50, -inf)
    warm(call, on)
    assert not goes_round(call, on) and goes_round(call, off)
    tracemalloc.start()
    try:
        for _ in range(20):
            mean, slopes, rest = call(off)
            assert (mean, slopes.tolist(), rest.shape) == (0.0, [0.0], (50, 100))
        del rest
        assert tracemalloc.get_traced_memory()[0] < 5 * off.nbytes * 100
    finally:
        tracemalloc.stop()


def test_a_name_is_looked_up_again_where_its_dict_has_changed() -> None:
    names = {"__builtins__": {}, "a": 2.0, "b": 3.0}
    f = compile(eval("lambda x: a * x", names))
    assert warm(f, 3.0) == 6.0 and not goes_round(f, 3.0)
    names["b"] = 4.0
    assert not goes_round(f, 3.0)
    names["a"] = 5.0
    assert f(3.0) == 15.0


def test_slots_are_looked_at_as_well() -> None:
    class Scale:
        __slots__ = ("by", "other")

    scale = Scale()
    scale.by = 2.0
    f = compile(lambda x: scale.by * x)
    assert warm(f, 3.0) == 6.0 and not goes_round(f, 3.0)
    scale.by = 5.0
    assert f(3.0) == 15.0
    warm(f, 3.0)
    scale.other = 1.0
    assert goes_round(f, 3.0)


def test_a_network_goes_straight_to_machine_code() -> None:
    model = nn.MLP(2, [3, 1], seed=0)
    cost = compile(lambda x, y: nn.squared_error(model(x), y))
    warm(cost.value_and_grad, np.ones((20, 2)), np.ones(20))
    assert not goes_round(cost.value_and_grad, np.ones((20, 2)), np.ones(20))


def test_rows_that_are_called_in_python_go_the_long_way() -> None:
    """Python may let other threads run, and they could come to the same arrays by the same entry."""
    row = primitive("row_of_test_entry", lambda x: float(repr(x)), lambda x, z: 1.0)
    try:
        f = compile(lambda x: row(x))
        warm(f, 2.5)
        assert goes_round(f, 2.5)
    finally:
        del TABLE[row.name]


STRUCTURES: dict[str, Any] = {
    "a number": lambda x, y: x * y,
    "a tuple": lambda x, y: (x, (y, x + y), x - y),
    "a list": lambda x, y: [x, y, exp(x)],
    "lists of lists": lambda x, y: [[x, y], [y, 2.0]],
    "three axes": lambda x, y: [[[x, y, x], [y, x, 1.0]]],
    "a ragged list": lambda x, y: [x, [y, x * y]],
    "a list in a tuple": lambda x, y: (x, [y, x * y]),
    "a dictionary": lambda x, y: {"sum": x + y, "rest": (x, y)},
    "nothing that varies": lambda x, y: (1.0, 2.0),
}


def same(a: Any, b: Any) -> bool:
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, tuple | list):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if hasattr(a, "shape"):
        return a.shape == b.shape and a.dtype == b.dtype and a.tolist() == b.tolist()
    return type(a) is type(b) and bool(a == b)


@pytest.mark.parametrize("name", STRUCTURES)
@pytest.mark.parametrize("n", [None, 1, 7, 8, 50, 3_000])
def test_results_are_those_of_the_first_call(name: str, n: int | None) -> None:
    rng = np.random.default_rng(0)
    args = (0.5, -1.25) if n is None else tuple(rng.normal(size=(2, n)))
    f = compile(STRUCTURES[name])
    first = f(*args)
    assert same(warm(f, *args), first)


def test_arguments_of_several_axes_and_plain_numbers_among_arrays() -> None:
    f = compile(lambda a, x, t: a[0][1] * x[2] + t)
    a, x = np.arange(40.0).reshape(10, 2, 2), np.arange(30.0).reshape(10, 3)
    first = f(a, x, 0.5)
    assert warm(f, a, x, 0.5).tolist() == first.tolist() == (a[:, 0, 1] * x[:, 2] + 0.5).tolist()


def test_parameters_are_read_at_each_call() -> None:
    w = Value(2.0)
    f = compile(lambda x: w * x)
    X = np.array([1.0, 2.0])
    warm(f, X)
    w.data = 10.0
    assert f(X).tolist() == [10.0, 20.0]
    mean, gradient = warm(f.value_and_grad, X)
    assert (mean, gradient.tolist()) == (15.0, [1.5])
    w.data = -1.0
    assert f.value_and_grad(X)[0] == -1.5


WAYS: dict[str, Any] = {  # of giving a Value another number
    "data": lambda p, x: setattr(p, "data", x),
    "an int": lambda p, x: setattr(p, "data", int(x)),
    "assign": lambda p, x: assign([p], [x]),
    "assign of ints": lambda p, x: assign([p], [int(x)]),
    "__init__": lambda p, x: p.__init__(x),
    "a state": lambda p, x: p.__setstate__((None, {"data": x})),
    "addition in place": lambda p, x: setattr(p, "data", p.data + (x - p.data)),
}


@pytest.mark.parametrize("n", [None, 1, 3, 20])
@pytest.mark.parametrize("way", WAYS)
def test_a_number_that_was_set_in_whatever_way_is_read_by_the_next_call(way: str, n: int | None) -> None:
    p, given = Value(2.0), 3.0 if n is None else np.full(n, 3.0)
    f = compile(lambda x: x * p)
    for k in range(2 * WARM):
        WAYS[way](p, float(k))
        assert np.all(f(given) == 3.0 * k)
        assert np.all(f(given) == 3.0 * k)


def test_numbers_given_once_are_not_those_of_the_next_call() -> None:
    p = Value(2.0)
    f = compile(lambda x: x * p)
    x, at = np.ones(20), np.array([5.0])
    for _ in range(2 * WARM):
        assert f.value_and_grad(x, at=at)[0] == 5.0 and f.value_and_grad(x)[0] == 2.0


def test_what_is_unusual_goes_the_other_way() -> None:
    f = compile(lambda x, y: x * y)
    x = np.arange(20.0)
    warm(f, x, x)
    assert f([1.0, 2.0], [3.0, 4.0]).tolist() == [3.0, 8.0]
    assert f(x[::2], x[::2]).tolist() == (x[::2] ** 2).tolist()
    assert f(x.astype(np.float32), x.astype(int)).tolist() == (x * x).tolist()
    assert f(x, 2.0).tolist() == (2 * x).tolist() and f(np.array(3.0), 4.0) == 12.0
    assert f(x.reshape(20, 1)[:, 0], x).tolist() == (x * x).tolist()
    assert f(x.view(type("Sub", (np.ndarray,), {})), x).tolist() == (x * x).tolist()
    with pytest.raises(ValueError, match="x holds 20 examples and y holds 3"):
        f(x, x[:3])
    with pytest.raises(ValueError, match="holds no examples"):
        f(x[:0], x[:0])
    with pytest.raises(TypeError, match="got a Value"):
        f(Value(1.0), x)
    with pytest.raises(TypeError, match="unexpected keyword"):
        f(x, x, z=1)
    assert f(x, x).tolist() == (x * x).tolist()


@pytest.mark.parametrize(
    "x",
    [3, -1, 0, 2**53 + 1, -(2**63), 10**30, True, False, np.float64(0.1), np.float64(np.nan), np.float64(-0.0)],
    ids=repr,
)
@pytest.mark.parametrize("batch", [False, True])
def test_a_number_of_another_type_is_what_float_makes_of_it(x: Any, batch: bool) -> None:
    f = compile(lambda x, y: x * y)
    y: Any = np.ones(9) if batch else 1.0
    warm(f, 2.0, y)
    assert not goes_round(f, x, y)
    found = f(x, y)
    assert np.array_equal(found, np.broadcast_to(float(x), np.shape(y)), equal_nan=True)
    assert (np.signbit(found) == np.signbit(float(x))).all()


@pytest.mark.parametrize("batch", [False, True])
def test_an_int_that_no_double_holds_is_refused_as_ever(batch: bool) -> None:
    f = compile(lambda x, y: x * y)
    y: Any = np.ones(9) if batch else 1.0
    warm(f, 2.0, y)
    for x in (10**400, -(10**400)):
        with pytest.raises(OverflowError, match="x: the integer is too large for a double"):
            f(x, y)
    with pytest.raises(TypeError, match="expected a number, got complex"):
        f(1j, y)
    assert np.array_equal(f(-1, y), -np.ones(np.shape(y)))


def test_a_number_that_says_itself_what_it_is_as_a_float_is_asked() -> None:
    f = compile(lambda x: x * 1.0)
    warm(f, 2.0)
    for base in (float, int):
        assert f(type("Other", (base,), {"__float__": lambda self: 7.0})(5)) == 7.0


def test_an_entry_is_made_anew_for_what_the_function_itself_has_changed() -> None:
    held = [[1.0]]

    def scaled(x: Any) -> Any:
        held[0] = [*held[0]]
        return x * held[0][0]

    f = compile(scaled)
    warm(f, 2.0)
    assert warm(f, np.ones((9, 2))).tolist() == [[1.0] * 2] * 9
    warm(f, 2.0)
    assert not goes_round(f, 2.0)
    held[0][0] = 3.0
    assert f(2.0) == 6.0


def test_a_list_that_was_moved_is_found_again() -> None:
    numbers = [2.0]
    f = compile(lambda x: x * numbers[0])
    warm(f, 1.0)
    for n in range(3, 300):
        numbers.extend([0.0] * n)
        del numbers[1:]
    for _ in range(2 * WARM):
        f(1.0)
    assert not goes_round(f, 1.0)


def test_an_array_whose_numbers_were_moved_is_read_where_they_are() -> None:
    numbers = np.array([2.0, 0.0])
    f = compile(lambda x: x * float(numbers[0]))
    warm(f, 1.0)
    numbers.resize(700, refcheck=False)
    numbers[0] = 5.0
    assert f(1.0) == 5.0


@pytest.mark.parametrize(
    "result", ["((x, x), y)", "(x, ((y, x), [y], (x,)), y)", "[[x], [y, (x, y)]]", "((((x,),),),)"]
)
def test_tuples_and_lists_are_made_as_the_function_returns_them(result: str) -> None:
    f = compile(eval(f"lambda x, y: {result}"))
    expected = eval(result, {"x": 2.0, "y": 3.0})
    assert warm(f, 2.0, 3.0) == expected and not goes_round(f, 2.0, 3.0)


@pytest.mark.parametrize("result", ["x", "(x, y)", "(x, (y, x))", "((x,), (y, (x, y)), x)"])
def test_what_somebody_has_of_a_result_stays_what_it_is(result: str) -> None:
    def copied(z: Any) -> Any:
        return tuple(map(copied, z)) if isinstance(z, tuple) else float(repr(z))

    f = compile(eval(f"lambda x, y: {result}"))
    warm(f, 1.0, 1.0)
    rng, kept = random.Random(0), [(0.5, 0.5)]
    for _ in range(3000):
        x, y = rng.random(), rng.random()
        found = f(x, y)
        assert found == eval(result, {"x": x, "y": y})
        part: Any = found
        while isinstance(part, tuple) and rng.random() < 0.6:
            part = rng.choice(part)
        if rng.random() < 0.5:
            kept.append((part, copied(part)))
        if rng.random() < 0.5:
            del kept[: rng.randrange(2)]
        if rng.random() < 0.01:
            gc.collect(0)
        del found, part
        assert all(part == was for part, was in kept)
    assert not goes_round(f, 1.0, 1.0)


def test_results_of_several_structures_by_turns() -> None:
    f = compile(lambda *xs: xs[0] if len(xs) == 1 else xs if len(xs) < 4 else (xs[:2], [*xs[2:]]))
    for k in range(50):
        xs = [float(k + i) for i in range(k % 5 + 1)]
        for _ in range(WARM):
            kept = f(*xs)
            assert kept == (xs[0] if len(xs) == 1 else tuple(xs) if len(xs) < 4 else (tuple(xs[:2]), xs[2:]))
            if len(xs) >= 4:
                kept[1].append(1.0)  # it is the caller's


def test_a_result_that_nobody_has_makes_the_next_one() -> None:
    f = compile(lambda x, y: (x, (y, x)))
    warm(f, 1.0, 2.0)
    before = sys.getallocatedblocks()
    for _ in range(100):
        f(3.0, 4.0)
    assert sys.getallocatedblocks() - before < 10
    value, slopes = f(5.0, 6.0)
    assert f(7.0, 8.0) == (7.0, (8.0, 7.0)) and (value, slopes) == (5.0, (6.0, 5.0))


def test_an_array_whose_numbers_are_not_aligned_goes_the_other_way() -> None:
    f = compile(lambda x: x + 1.0)
    warm(f, np.ones(10))
    raw = np.zeros(81, dtype=np.uint8)
    crooked = raw[1:].view(np.float64)
    assert not crooked.flags.aligned and f(crooked).tolist() == [1.0] * 10


def test_batches_of_all_sizes_by_turns() -> None:
    f = compile(lambda x: (x * x, x))
    for n in [1, 3, 7, 8, 9, 100, 5000, 1, 8, 5000, 100_000, 3] * 4:
        x = np.linspace(0.0, 1.0, n)
        square, copy = f(x)
        assert square.tolist() == (x * x).tolist() and copy.tolist() == x.tolist()


def test_results_are_arrays_of_their_own() -> None:
    f = compile(lambda x: (x, x))
    x = np.ones(10)
    a, b = warm(f, x)
    a[0] = 5.0
    assert b[0] == x[0] == 1.0 and a.flags.owndata and f(x)[0][0] == 1.0


def test_large_results_begin_where_a_line_of_the_cache_does() -> None:
    """A vector that is stored across two lines takes twice as long."""
    X = np.linspace(0.0, 1.0, 4096)
    for result in (lambda x: x * 2.0, lambda x: (x, x + 1.0, x * x)):
        f = compile(result)
        for _ in range(8):  # by Python, and by machine code
            kept = [np.empty(3), f(X), np.empty(5)]
            arrays = kept[1] if isinstance(kept[1], tuple) else (kept[1],)
            assert [z.ctypes.data % 64 for z in arrays] == [0] * len(arrays)


@pytest.mark.parametrize("n", [None, 10, 5_000])
def test_calls_leave_nothing_behind(n: int | None) -> None:
    f = compile(lambda x: (x, [x, 2.0 * x]))
    x = 0.3 if n is None else np.ones(n)
    warm(f, x)
    gc.collect()
    before, references = blocks(), sys.getrefcount(x)
    for _ in range(1000):
        f(x)
    assert blocks() - before < 50 and sys.getrefcount(x) == references


def test_a_compiled_function_is_freed() -> None:
    f = compile(lambda x: x * x)
    warm(f, 1.0)
    warm(f.value_and_grad, np.ones(3))
    gone = weakref.ref(f)
    gc.disable()
    try:
        del f
        assert gone() is None
    finally:
        gc.enable()


def test_threads_share_a_compiled_function() -> None:
    w = Value(3.0)
    f = compile(lambda x: where(x > 0.5, w * x, exp(x)))
    f(np.ones(10)), f.value_and_grad(np.ones(10))
    wrong: list[Any] = []

    def work(k: int) -> None:
        x = np.linspace(0.0, 1.0, 10 + k)
        expected = np.where(x > 0.5, 3.0 * x, np.exp(x))
        for _ in range(200):
            if not np.allclose(f(x), expected, rtol=1e-15) or abs(f.value_and_grad(x)[0] - expected.mean()) > 1e-12:
                wrong.append(k)

    in_threads(6, work)
    assert not wrong


def test_derivatives_come_by_the_same_way() -> None:
    f = compile(value_and_grad(lambda a, b: a * a * b, argnums=(0, 1)))
    assert warm(f, 3.0, 2.0) == (18.0, (12.0, 9.0))
    assert not goes_round(f, 3.0, 2.0)


def test_a_gradient_at_other_parameters_comes_with_the_rest_of_its_pass() -> None:
    w, b = Value(1.0), Value(2.0)
    f = compile(lambda x: ((w * x + b) ** 2, [w * x, b]))
    x, at = np.array([1.0, 2.0, 3.0]), np.array([3.0, -1.0])
    first = f.value_and_grad(x, at=at, has_aux=True)
    for _ in range(WARM):
        mean, gradient, rest = f.value_and_grad(x, at=at, has_aux=True)
    assert not goes_round(lambda: f.value_and_grad(x, at=at, has_aux=True))
    assert (mean, gradient.tolist(), rest.tolist()) == (first[0], first[1].tolist(), first[2].tolist())
    assert rest.tolist() == [[3.0, -1.0], [6.0, -1.0], [9.0, -1.0]]
    assert f.value_and_grad(x, at=[0.0, 2.0], has_aux=True)[0] == 4.0
    assert f.value_and_grad(x, has_aux=True)[0] == np.mean((x + 2.0) ** 2)
    with pytest.raises(ValueError, match="there are 2 parameters"):
        f.value_and_grad(x, at=np.ones(3), has_aux=True)


@pytest.mark.parametrize("before", range(6))
@pytest.mark.parametrize("within", range(6))
def test_detect_anomaly_finds_a_nan_whichever_call_it_is(before: int, within: int) -> None:
    f = compile(lambda x: log(x) * 2.0)
    for _ in range(before):
        f(2.0)
    for _ in range(2):
        with detect_anomaly():
            for _ in range(within):
                f(3.0)
            with pytest.raises(FloatingPointError):
                f(-1.0)


def test_within_detect_anomaly_calls_go_the_other_way() -> None:
    f = compile(lambda x: log(x) * 2.0)
    x = np.array([1.0, -1.0])
    warm(f, x)
    warm(f.value_and_grad, x)
    with detect_anomaly():
        with pytest.raises(FloatingPointError, match="nan from log"):
            f(x)
        with pytest.raises(FloatingPointError, match="nan from log"):
            f.value_and_grad(x)
    assert np.isnan(f(x)[1])  # the first one finds that the block has ended
    assert not goes_round(f, x)
