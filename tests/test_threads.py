"""Threads: independent graphs do not disturb each other, and concurrent sweeps into one leaf lose nothing."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from contextvars import copy_context
from typing import Any

import pytest

import autograd
from autograd import Value, compile, detect_anomaly, grad, hessian, no_grad
from autograd.core import modes
from tests.processes import printed


def in_threads(n: int, work: Callable[[int], None]) -> None:
    errors: list[BaseException] = []

    def guarded(i: int) -> None:
        try:
            work(i)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(i,)) for i in range(n)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert not errors, errors


def test_concurrent_sweeps_into_a_shared_leaf_lose_nothing() -> None:
    shared = Value(2.0)

    def work(i: int) -> None:
        for _ in range(100):
            z = shared * 1.0
            for _ in range(10):
                z = z + shared
            z.backward()

    in_threads(8, work)
    assert shared.grad == 8 * 100 * 11


def test_concurrent_sweeps_of_which_some_look_for_anomalies_lose_nothing() -> None:
    shared = [Value(2.0) for _ in range(300)]

    def work(i: int) -> None:
        with detect_anomaly() if i % 2 else nullcontext():
            for _ in range(50 if i % 2 else 1000):
                autograd.sum(shared).backward()

    in_threads(4, work)
    assert [leaf.grad for leaf in shared] == [2 * 50 + 2 * 1000] * len(shared)


def test_concurrent_sweeps_of_one_graph_lose_nothing() -> None:
    x = Value(2.0)
    z = x
    for _ in range(20):
        z = z * 1.0 + x

    in_threads(8, lambda i: [z.backward() for _ in range(50)] and None)
    assert x.grad == 8 * 50 * 21


def test_independent_graphs_on_threads_do_not_disturb_each_other() -> None:
    results: dict[int, float] = {}

    def work(i: int) -> None:
        for _ in range(50):
            x = Value(float(i))
            z = x
            for _ in range(10):
                z = z * x
            z.backward()
            results[i] = x.grad

    in_threads(8, work)
    assert results == {i: 11.0 * float(i) ** 10 for i in range(8)}


def test_modes_of_many_threads_are_counted_exactly() -> None:
    """Operators look at modes only while the count is not 0: a lost update would switch a mode off, or leave one on."""
    x = Value(1.0)

    def work(i: int) -> None:
        for _ in range(1_000):
            with no_grad():
                assert (x * 2.0).op == ""
            assert (x * 2.0).op == "mul"

    in_threads(8, work)
    assert not modes.is_no_grad() and modes.active == 0


@pytest.mark.parametrize("outer", [grad, hessian, lambda f: compile(grad(f), "python"), lambda f: compile(f, "python")])
def test_a_derivative_in_another_thread_than_the_one_around_it_is_refused_or_told_of_it(outer: Any) -> None:
    def inside(x: Any) -> Callable[[float], Any]:
        return lambda k: grad(lambda y: y**3 * x)(k)  # 3k²x

    with ThreadPoolExecutor(1) as pool:
        with pytest.raises(TypeError, match=r"in another thread.*pool.submit\(contextvars.copy_context\(\).run"):
            outer(lambda x: pool.submit(inside(x), 2.0).result())(3.0)
        told = lambda x: pool.submit(copy_context().run, inside(x), 2.0).result()
        assert outer(told)(3.0) == outer(lambda x: inside(x)(2.0))(3.0)


def test_derivatives_of_their_own_on_many_threads_are_numbers_all_the_same() -> None:
    w = Value(2.0)
    with ThreadPoolExecutor(8) as pool:
        nested = lambda k: grad(lambda x: x * w * grad(lambda y: x * y * y)(k))(k)
        found = [*pool.map(nested, [1.0, 2.0, 3.0] * 50)]
    assert found == [nested(1.0), nested(2.0), nested(3.0)] * 50


# A process that is forked while other threads are at work: none of them goes on there.

FORKED = """
import gc, os, signal, sys, threading
from autograd import Value, compile, custom, sin
from autograd.core import modes
from tests.processes import printed
from autograd.core.fast import gradients
from autograd.native import build

inside, go_on, w = threading.Event(), threading.Event(), Value(2.0)
waiting = False

def wait():
    if waiting and threading.current_thread() is not threading.main_thread():
        inside.set()
        go_on.wait()

def fork_within(work, then):
    global waiting
    waiting = True
    thread = threading.Thread(target=work)
    thread.start()
    inside.wait()
    child = os.fork()
    if child == 0:
        signal.alarm(60)  # ends what would wait for ever
        os._exit(0 if then() else 1)
    go_on.set()
    thread.join()
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), end="")
"""
IMPORTING = """
class Slow:
    def find_spec(name, *_):
        if name == "{name}":
            threading.Timer(0.2, go_on.set).start()  # the fork waits for it
            wait()
sys.meta_path.insert(0, Slow)
f = compile(lambda x: sin(x) * w, runner="tape")
fork_within(lambda: f([1.0]), lambda: f([0.0]).tolist() == [0.0])
"""
AT_WORK = {  # what another thread does, and what the forked process does then
    "running": """
@custom(partials=lambda x, z: 1.0, by_call=True)
def slow(x):
    wait()
    return x
f = compile(lambda x: slow(x) * w)
f([1.0, 3.0])
fork_within(lambda: f([1.0, 3.0]), lambda: f([2.0, 1.0]).tolist() == [4.0, 2.0])
""",
    "tracing": """
def slow(x):
    wait()
    return sin(x) * w
f = compile(slow)
fork_within(lambda: f([1.0]), lambda: f([0.0, 0.0]).tolist() == [0.0, 0.0] and gc.isenabled())
""",
    "holding": """
def hold():
    locks = [modes._lock, gradients._lock, build.lock]
    for lock in locks:
        lock.acquire()
    threading.Timer(0.2, go_on.set).start()  # the fork waits for it
    wait()
    for lock in locks:
        lock.release()
fork_within(hold, lambda: all([lock.acquire(False) for lock in (modes._lock, gradients._lock, build.lock)]))
""",
    **{
        f"importing {name}": IMPORTING.format(name=name)
        for name in ("autograd.native.straight", "autograd.native.roll", "llvmlite.binding")
    },
}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.parametrize("work", AT_WORK.values(), ids=AT_WORK)
def test_a_process_forked_while_a_thread_is_at_work_does_not_wait_for_it(work: str) -> None:
    assert printed(FORKED + work) == "0"
