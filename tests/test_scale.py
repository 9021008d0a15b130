"""A million nodes deep or wide build, sweep and are freed; memory stays flat without the garbage collector."""

from __future__ import annotations

import copy
import gc
import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import autograd
from autograd import Value, detect_anomaly, no_grad, relu, where
from autograd.core.sweeps import adjoints, number_edges, topological_order
from tests.memory import blocks
from tests.processes import printed

MILLION = 1_000_000


@pytest.fixture
def freed() -> Iterator[None]:
    """What the test built is gone when it ends, by reference counts alone."""
    gc.collect()
    gc.disable()
    before = blocks()
    try:
        yield
        assert blocks() - before < 5_000
    finally:
        gc.enable()


def test_a_chain_of_a_million_steps(freed: None) -> None:
    """y ← 1.0001 y + 0.1, whose closed form is known."""
    y = x = Value(1.0)
    for _ in range(MILLION):
        y = y * 1.0001 + 0.1
    y.backward()
    growth = math.exp(MILLION * math.log1p(1e-4))
    assert x.grad == pytest.approx(growth, rel=1e-8)
    assert y.data == pytest.approx(growth * (1.0 + 1e3) - 1e3, rel=1e-8)


def test_a_sum_of_a_million_leaves(freed: None) -> None:
    xs = [Value(0.5) for _ in range(MILLION)]
    z = autograd.sum(xs)
    z.backward()
    assert z.data == 0.5 * MILLION and all(x.grad == 1.0 for x in xs)


def test_a_dot_of_a_million_terms(freed: None) -> None:
    n = MILLION // 2
    ws, x = [Value(0.5) for _ in range(n)], Value(2.0)
    z = autograd.dot(ws, [x] * n)
    z.backward()
    assert z.data == float(n) and x.grad == 0.5 * n and all(w.grad == 2.0 for w in ws)


def test_a_fan_out_to_a_million_nodes(freed: None) -> None:
    x = Value(3.0)
    z = autograd.sum([x * 2.0 for _ in range(MILLION)])
    z.backward()
    assert x.grad == 2.0 * MILLION


def test_a_million_additions_of_one_leaf(freed: None) -> None:
    z = x = Value(1.0)
    for _ in range(MILLION):
        z = z + x
    z.backward()
    assert x.grad == MILLION + 1.0


LINKS: dict[str, Callable[[Value], Value]] = {
    "unary": lambda z: relu(z),
    "constant on the left": lambda z: 1.0 * z,
    "both operands": lambda z: autograd.maximum(z, z),
    "three operands": lambda z: where(z, z, z),
    "sum": lambda z: autograd.sum([z]),
    "sum with a constant": lambda z: autograd.sum([0.0, z]),
    "dot of values": lambda z: autograd.dot([Value(1.0)], [z], Value(0.0)),
    "dot of weights": lambda z: autograd.dot([z], [1.0], 0.0),
}


@pytest.mark.parametrize("link", LINKS)
def test_a_chain_of_any_kind_is_swept_and_freed(link: str, freed: None) -> None:
    z = x = Value(1.0)
    for _ in range(100_000):
        z = LINKS[link](z)
    z.backward()
    assert (z.data, x.grad) == (1.0, 1.0)


def test_the_collector_frees_a_deep_chain_in_a_cycle() -> None:
    z = Value(1.0)
    for _ in range(200_000):
        z = z + 1.0
    cycle: list[Any] = [z]
    cycle.append(cycle)
    gc.collect()
    before = blocks()
    del z, cycle
    gc.collect()
    assert before - blocks() > 190_000  # what else lives by then moves the count by a few


def test_the_slide_goes_as_deep(freed: None) -> None:
    z = x = Value(1.0)
    for _ in range(100_000):
        z = z + 1.0
    order = topological_order(z)
    assert len(order) == 100_001 and adjoints(order, {z: 1.0}, number_edges)[x] == 1.0


def test_a_deep_chain_is_shown_drawn_or_refused_without_recursion() -> None:
    z = Value(1.0)
    for _ in range(MILLION):
        z = z + 1.0
    assert repr(z) == "Value(1000001.0, grad=0.0)"
    with pytest.raises(ValueError, match="nodes"):
        autograd.draw(z, fold=False)
    with pytest.raises(TypeError, match="cut off"):
        copy.deepcopy(z)


def test_what_somebody_froze_stays_frozen_when_a_function_is_compiled() -> None:
    program = """
import gc, autograd
square = lambda x: autograd.compile(lambda x: x * x)(x)
assert square(2.0) == 4.0 and gc.isenabled() and gc.get_freeze_count() == 0
gc.freeze()
assert square(3.0) == 9.0 and gc.isenabled() and gc.get_freeze_count() > 0
gc.disable()
assert square(4.0) == 16.0 and not gc.isenabled()
print("so it is")
"""
    assert printed(program) == "so it is\n"


# Memory without the collector


def step() -> None:
    w, x = Value(0.5, label="w"), Value(2.0)
    z = autograd.dot([w, w], [x, 1.0], x).tanh() * x + where(x > 0, x, w) ** 2 / w
    z.backward()
    z.backward()


def recorded_without() -> None:
    with no_grad():
        step_like = Value(2.0) * 3.0
    assert step_like.op == ""


def watched() -> None:
    with detect_anomaly():
        step()


def failed_sweep() -> None:
    x = Value(0.0).sqrt()
    try:
        with detect_anomaly(inf=True):
            (x * 2.0).backward()
    except FloatingPointError:
        pass


def refused() -> None:
    try:
        Value(1.0) + "1"
    except TypeError:
        pass


@pytest.mark.parametrize("work", [step, recorded_without, watched, failed_sweep, refused])
def test_memory_is_flat_without_the_collector(work: Callable[[], None]) -> None:
    gc.collect()
    gc.disable()
    try:
        for _ in range(200):
            work()
        before = blocks()
        for _ in range(2_000):
            work()
        assert blocks() - before < 500
    finally:
        gc.enable()


def test_memory_is_flat_over_ten_thousand_training_steps() -> None:
    ws = [Value(0.1 * i) for i in range(20)]
    gc.collect()
    gc.disable()
    try:
        for k in range(10_000):
            if k == 5_000:  # past it, the interpreter's own free lists are full
                before = blocks()
            z = (autograd.dot(ws, [1.0] * 20).tanh() - 0.5) ** 2
            z.backward()
            for w in ws:
                w.data -= 0.01 * w.grad
                w.grad = 0.0
        assert blocks() - before < 500
    finally:
        gc.enable()
