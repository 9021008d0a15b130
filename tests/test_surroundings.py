"""A compiled function says what the function itself says, also after what it reads beside its arguments has changed."""

from __future__ import annotations

import argparse
import array
import collections
import contextvars
import functools
import random
import threading
import types
from collections.abc import Callable
from typing import Any
from unittest import mock

import numpy as np
import pytest

from autograd import Value, compile, detect_anomaly, grad, jacobian, log, stop_gradient
from autograd.batch import compiled
from autograd.native import plans
from autograd.native import words as code

SOME_GLOBAL = 2.0


class Model:
    scale = 1.0

    def __init__(self) -> None:
        self.offset = 1.0

    def cost(self, x: Any) -> Any:
        return x * self.scale + self.offset

    def __call__(self, x: Any) -> Any:
        return self.cost(x) * 2.0


class Slotted:
    __slots__ = ("offset",)


class Private:
    __slots__ = ("__held",)

    def __init__(self) -> None:
        self.__held = 2.0

    def value(self) -> float:
        return self.__held

    def change(self) -> None:
        self.__held = 3.0


class Reader:
    """An attribute that is read from somewhere else."""

    def __init__(self, held: list[float]) -> None:
        self.held = held

    def __get__(self, owner: Any, kind: type) -> float:
        return self.held[0]


class Settings:
    """As configurations are: a name that is not known is a KeyError."""

    def __init__(self, **held: float) -> None:
        self.__dict__["held"] = held

    def __getattr__(self, name: str) -> float:
        return self.held[name]


def _cell() -> Any:
    c = 2.0

    def f(x: Any) -> Any:
        return x * c

    def change() -> None:
        nonlocal c
        c += 1.0

    return f, change


def _global() -> Any:
    def change() -> None:
        global SOME_GLOBAL
        SOME_GLOBAL += 1.0

    return lambda x: x * SOME_GLOBAL, change


def _attribute_of_the_function() -> Any:
    def f(x: Any) -> Any:
        return x * f.scale  # type: ignore[attr-defined]

    f.scale = 2.0  # type: ignore[attr-defined]
    return f, lambda: setattr(f, "scale", 3.0)


def _another_dict() -> Any:
    held = type("Held", (), {})()
    held.c = 2.0
    return lambda x: x * held.c, lambda: setattr(held, "__dict__", {"c": 3.0})


def _shape_of_numpy() -> Any:
    held = np.arange(6.0).reshape(2, 3)
    return lambda x: x * held.shape[0], lambda: setattr(held, "shape", (3, 2))


def _shorter_of_numpy() -> Any:
    held = np.arange(3.0)
    return lambda x: x * len(held), lambda: held.resize((2,), refcheck=False)


def _deque() -> Any:
    held = collections.deque([1.0, 2.0])
    return lambda x: x * held[-1], lambda: held.append(3.0)


def _bytes() -> Any:
    held = bytearray(b"\x02")
    return lambda x: x * held[-1], lambda: held.append(3)


def _array_module() -> Any:
    held = array.array("d", [2.0])
    return lambda x: x * held[-1], lambda: held.append(3.0)


def _view_of_a_dict() -> Any:
    held = {"scale": 2.0}
    view = types.MappingProxyType(held)
    return lambda x: x * view["scale"], lambda: held.update(scale=3.0)


def _chain_of_dicts() -> Any:
    held = {"scale": 2.0}
    chain = collections.ChainMap({}, held)
    return lambda x: x * chain["scale"], lambda: held.update(scale=3.0)


def _descriptor() -> Any:
    held = [2.0]
    kind = type("Read", (), {"scale": Reader(held)})
    read = kind()
    return lambda x: x * read.scale, lambda: held.__setitem__(0, 3.0)


def _cached() -> Any:
    held = [2.0]
    scale = functools.lru_cache(lambda: held[0])

    def change() -> None:
        held[0] = 3.0
        scale.cache_clear()

    return lambda x: x * scale(), change


def _attributes_elsewhere() -> Any:
    settings = Settings(scale=2.0)
    return lambda x: x * settings.scale, lambda: settings.held.update(scale=3.0)


def _attribute_of_a_subclass() -> Any:
    base = type("Base", (), {"scale": 2.0})
    kind = type("Kind", (base,), {})
    x0 = kind()
    return lambda x: x * x0.scale, lambda: setattr(kind, "scale", 3.0)


def _private_slot() -> Any:
    held = Private()
    return lambda x: x * held.value(), held.change


def _attribute_of_a_list() -> Any:
    held = type("Held", (list,), {})([1.0])
    held.scale = 2.0
    return lambda x: x * held.scale, lambda: setattr(held, "scale", 3.0)


def _namespace() -> Any:
    held = argparse.Namespace(scale=2.0)
    return lambda x: x * held.scale, lambda: setattr(held, "scale", 3.0)


def _number_of_numpy() -> Any:
    held = [np.array([1.0, 3.0]).mean(), np.int64(2)]
    return lambda x: x * held[0] * held[1], lambda: held.__setitem__(0, np.float64(3.0))


def _global_of_a_helper() -> Any:
    _, change = _global()

    def helper(x: Any) -> Any:
        return SOME_GLOBAL * x

    return lambda x: helper(x) + 1.0, change


def _growing_list() -> Any:
    items = [1.0]
    return lambda x: x * sum(items), lambda: items.append(3.0)


def _item_of_a_list() -> Any:
    items = [1.0, 2.0]
    return lambda x: x * items[1], lambda: items.__setitem__(1, items[1] + 1.0)


def _item_of_a_dict() -> Any:
    settings = {"rate": 1.0}
    return lambda x: x * settings["rate"], lambda: settings.update(rate=settings["rate"] + 1.0)


def _new_key() -> Any:
    settings: dict[str, float] = {}
    return lambda x: x * len(settings), lambda: settings.update({str(len(settings)): 1.0})


def _set() -> Any:
    chosen: set[int] = set()
    return lambda x: x * len(chosen), lambda: chosen.add(len(chosen))


def _array() -> Any:
    factors = np.array([1.0, 2.0])
    return lambda x: x * factors[1], lambda: factors.__setitem__(1, factors[1] + 1.0)


def _attribute() -> Any:
    model = Model()

    def change() -> None:
        model.offset += 1.0

    return model, change


def _attribute_of_a_method() -> Any:
    model = Model()

    def change() -> None:
        model.offset += 1.0

    return model.cost, change


def _attribute_of_a_class() -> Any:
    def change() -> None:
        Model.scale += 1.0

    return Model(), change


def _attribute_of_a_module() -> Any:
    settings = types.ModuleType("some_settings")
    settings.rate = 1.0

    def change() -> None:
        settings.rate += 1.0

    return lambda x: x * settings.rate, change


def _slot() -> Any:
    held = Slotted()
    held.offset = 1.0

    def change() -> None:
        held.offset += 1.0

    return lambda x: x + held.offset, change


def _partial() -> Any:
    items = [1.0]
    return functools.partial(lambda items, x: x * len(items), items), lambda: items.append(1.0)


def _default() -> Any:
    def f(x: Any, items: Any = [1.0]) -> Any:  # noqa: B006
        return x * len(items)

    return f, lambda: f.__defaults__[0].append(1.0)


def _another_parameter() -> Any:
    weights = [Value(2.0)]
    return lambda x: x * weights[0], lambda: weights.__setitem__(0, Value(weights[0].data + 1.0))


def _item_of_an_array_of_values() -> Any:
    weights = np.array([Value(1.0), Value(2.0)])
    return lambda x: x * weights[1], lambda: weights.__isub__(0.5)


def _code_of_a_helper() -> Any:
    def helper(x: Any) -> Any:
        return x * 2.0

    return lambda x: helper(x) + 1.0, lambda: setattr(helper, "__code__", (lambda x: x * 3.0).__code__)


def _defaults() -> Any:
    def f(x: Any, scale: float = 2.0, *, offset: float = 1.0) -> Any:
        return x * scale + offset

    def change() -> None:
        f.__defaults__ = (f.__defaults__[0] + 1.0,)
        f.__kwdefaults__ = {"offset": 5.0}

    return f, change


def _context_variable() -> Any:
    scale: contextvars.ContextVar[float] = contextvars.ContextVar("scale", default=1.0)
    return lambda x: x * scale.get(), lambda: scale.set(scale.get() + 1.0)


def _of_a_thread() -> Any:
    held = threading.local()
    held.scale = [1.0]
    return lambda x: x * held.scale[-1], lambda: held.scale.append(3.0)


CHANGES = [
    _cell, _global, _global_of_a_helper, _growing_list, _item_of_a_list, _item_of_a_dict, _new_key, _set, _array,
    _attribute, _attribute_of_a_method, _attribute_of_a_class, _attribute_of_a_module, _slot, _partial, _default,
    _another_parameter, _attribute_of_the_function, _deque, _bytes, _array_module, _view_of_a_dict, _chain_of_dicts,
    _descriptor, _cached, _attributes_elsewhere, _code_of_a_helper, _defaults,
    _context_variable, _of_a_thread, _attribute_of_a_subclass, _private_slot, _attribute_of_a_list, _namespace,
    _number_of_numpy, _shape_of_numpy, _shorter_of_numpy, _another_dict, _item_of_an_array_of_values,
]  # fmt: skip


@pytest.mark.parametrize("runner", [None, "python"])
@pytest.mark.parametrize("make", CHANGES, ids=lambda make: make.__name__.strip("_"))
def test_a_change_reaches_one_call_a_batch_of_one_and_a_row_of_a_batch(make: Callable[[], Any], runner: Any) -> None:
    f, change = make()
    h = compile(f, runner)
    for _ in range(3):
        result = f(2.0)
        wanted = result.data if isinstance(result, Value) else result
        for _ in range(5):  # the later ones go straight to machine code
            assert h(2.0) == wanted
            assert h(np.array([2.0])).tolist() == [wanted]
            assert h(np.array([1.0, 2.0])).tolist()[1] == wanted
        change()


@pytest.mark.parametrize("make", CHANGES, ids=lambda make: make.__name__.strip("_"))
def test_a_change_is_seen_by_machine_code_that_looks_around_for_python(
    make: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("llvmlite")
    looked: list[bool] = []
    holds = plans.Watch.holds
    monkeypatch.setattr(plans.Watch, "holds", lambda self: looked.append(holds(self)) or looked[-1])
    monkeypatch.setattr(compiled, "OFTEN", 1)
    monkeypatch.setattr(compiled, "install", lambda *_: None)  # as of a batch so large that it goes in pieces
    f, change = make()
    h = compile(f)
    for _ in range(3):
        result = f(2.0)
        wanted = result.data if isinstance(result, Value) else result
        for _ in range(9):
            assert h(np.array([1.0, 2.0])).tolist()[1] == wanted
        change()
    watched = plans.Guard.of(h._surroundings) is not None and plans._symbols() is not None
    assert any(looked) == watched


def test_a_change_reaches_the_gradient_too() -> None:
    items, w = [1.0], Value(2.0)
    h = compile(lambda x: x * w * len(items))
    X = np.array([1.0, 2.0])
    for n in (1, 2):
        for _ in range(5):
            mean, gradient = h.value_and_grad(X)
            assert (mean, gradient.tolist()) == (3.0 * n, [1.5 * n])
        items.append(1.0)


def test_a_function_is_traced_in_the_context_of_its_call() -> None:
    scale: contextvars.ContextVar[float] = contextvars.ContextVar("scale", default=1.0)
    h = compile(lambda x: x * scale.get())
    for k in (2.0, 3.0):
        scale.set(k)
        assert h(1.0) == h(np.array([1.0, 2.0]))[0] == k


def test_a_function_is_traced_in_the_thread_of_its_call() -> None:
    held, seen = threading.local(), []
    held.scale = 2.0
    h = compile(lambda x: x * held.scale)
    assert [h(1.0) for _ in range(4)] == [2.0] * 4

    def other() -> None:
        held.scale = 3.0
        seen.append(h(1.0))

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert (seen, h(1.0)) == ([3.0], 2.0)


def test_what_is_drawn_by_chance_is_the_same_for_one_call_and_a_batch() -> None:
    h = compile(lambda x: x * random.random())
    assert h(2.0) == h([2.0])[0] == h([1.0, 2.0])[1] == h(np.array([2.0]))[0]


def test_a_function_that_counts_its_calls_is_recorded_once() -> None:
    calls: list[int] = []

    def f(x: Any) -> Any:
        calls.append(1)
        return x * 2.0

    h = compile(f)
    for _ in range(5):
        h(1.0), h([1.0, 2.0])
    assert len(calls) == 1


def test_a_change_of_a_parameters_number_is_no_change() -> None:
    calls, w = [], Value(2.0)

    def f(x: Any) -> Any:
        calls.append(1)
        return x * w

    h = compile(f)
    for k in range(6):
        w.data = float(k)
        assert h(1.0) == float(k)
    assert len(calls) == 1


def test_an_anomaly_is_found_after_calls_that_went_straight_to_machine_code() -> None:
    h = compile(lambda x: log(stop_gradient(x)))
    for _ in range(6):
        h(1.0)
    with detect_anomaly(), pytest.raises(FloatingPointError, match="nan from log"):
        h(-1.0)


@pytest.mark.parametrize("transform", [grad, jacobian])
def test_what_the_function_under_a_derivative_reads_is_no_frozen_number(transform: Any) -> None:
    k = 2.0
    h = compile(transform(lambda x: k * x))
    before = h(1.0)
    k = 3.0
    assert (before, h(1.0)) == (2.0, 3.0)


def test_an_object_that_has_every_attribute_is_not_gone_into_for_ever() -> None:
    log = mock.Mock()
    assert compile(lambda x: (log.info("called"), x * 2.0)[1], runner="python")(1.5) == 3.0


def _while_it_runs(monkeypatch: pytest.MonkeyPatch, change: Callable[[], None]) -> None:
    """As of another thread, once."""
    from autograd.batch.execute import ENOUGH
    from autograd.native.runner import Runner

    run, left = Runner.run, [change]

    def running(self: Runner, *given: Any) -> Any:
        result = run(self, *given)
        while self.calls >= ENOUGH and left:
            left.pop()()
        return result

    monkeypatch.setattr(Runner, "run", running)


@pytest.mark.parametrize("called", [False, True])
def test_a_change_while_a_call_runs_is_seen_by_the_next(called: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("llvmlite")
    held, x = [2.0], np.array([1.0, 2.0])
    h = compile(lambda x: x * held[0])

    def change() -> None:
        held[0] = 3.0
        if called:
            h(x)

    _while_it_runs(monkeypatch, change)
    for _ in range(3):
        h(x)
    assert held == [3.0]
    for _ in range(5):
        assert h(x).tolist() == [3.0, 6.0]


def test_a_change_while_machine_code_learns_where_to_look_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("llvmlite")
    held = {"c": 2.0}
    h = compile(lambda x: x * held["c"])
    of = plans.Watch.of

    def late(around: Any) -> Any:
        del held["c"]
        held["c"] = 3.0 if h.recorded else 2.0
        return of(around)

    monkeypatch.setattr(plans.Watch, "of", late)
    monkeypatch.setattr(compiled, "OFTEN", 1)
    monkeypatch.setattr(compiled, "install", lambda *_: None)
    h([1.0])
    for _ in range(5):
        assert h([1.0]).tolist() == [3.0]


def test_a_change_that_one_thread_sees_while_another_records_is_not_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    held, recorded, end = [2.0], threading.Event(), threading.Event()
    h = compile(lambda x: x * held[0], "python")
    trace = compiled.Trace

    def late(*given: Any) -> Any:
        made = trace(*given)
        if not recorded.is_set():
            recorded.set()
            assert end.wait(60)
        return made

    monkeypatch.setattr(compiled, "Trace", late)
    threads = [threading.Thread(target=h, args=([1.0],)) for _ in range(2)]
    threads[0].start()
    assert recorded.wait(60)
    held[0] = 3.0
    threads[1].start()
    threads[1].join(0.2)  # it waits for the first
    end.set()
    for thread in threads:
        thread.join()
    assert h([1.0]).tolist() == [3.0]


def test_an_entry_never_goes_by_a_plan_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("llvmlite")
    ends: list[bool] = []

    def set_attribute(self: Any, name: str, x: Any) -> None:
        object.__setattr__(self, name, x)
        if name == "plan":  # where another thread may call
            goes = plans._word_at(id(self) + code.VECTOR).value
            ends.append(not goes)

    h = compile(lambda x: x * 2.0)
    if not hasattr(h, "has_entry"):
        pytest.skip("no entries here")
    monkeypatch.setattr(compiled.Compiled, "__setattr__", set_attribute, raising=False)
    for x in (1.0, np.ones(2), 1.0, np.ones(3)):
        for _ in range(5):
            h(x)
    assert len(ends) > 1
    assert all(ends)


def test_a_plan_keeps_what_it_reads_parameters_from() -> None:
    """As of two threads that make a runner each, of which one is kept."""
    pytest.importorskip("llvmlite")
    w, x = Value(2.0), np.ones(2)
    h = compile(lambda x: x * w)
    for _ in range(5):
        h(x)
    (runner,) = h._current("").forward._runners.values()
    if getattr(h, "plan", None) is not None:
        assert any(kept is runner._nodes for kept in h.plan._kept[1])
