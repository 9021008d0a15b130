"""Two engines, one meaning: which one runs, that both give the same bits, and how the one in C treats memory."""

from __future__ import annotations

import gc
import os
import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import autograd
import nn
from autograd import Value
from autograd.core import engine, primitives
from autograd.core.fast import add_gradients, number_adjoints, number_tangents
from autograd.core.sweeps import topological_order
from autograd.core.value import NOT_COMPUTED, apply
from autograd.derivatives.second_order import second_derivatives
from tests.memory import blocks
from tests.processes import ROOT
from tests.test_threads import in_threads

by_linux = pytest.mark.skipif(
    not sys.platform.startswith("linux") or "asan" in os.environ.get("LD_PRELOAD", ""),
    reason="the memory of a process as Linux counts it, without a sanitizer's",
)
needs_c = pytest.mark.skipif(autograd.engine != "C", reason="the C engine is not built")


def run(*arguments: str, pure: str = "", path: Path = ROOT, **options: Any) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join(filter(None, [str(path), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "CHAINRULE_PURE": pure, "PYTHONPATH": paths}
    return subprocess.run(
        [sys.executable, *arguments], env=environment, cwd=path, capture_output=True, text=True, check=True, **options
    )


# Which one runs


def test_the_engine_has_a_name() -> None:
    assert autograd.engine in ("C", "Python")


def test_the_environment_chooses_python() -> None:
    program = "import autograd; print(autograd.engine, type(autograd.Value(1.0) + 1).__module__)"
    assert run("-c", program, pure="1").stdout.split() == ["Python", "autograd.core.value"]


@needs_c
def test_a_table_that_was_changed_since_runs_in_python_and_says_so(tmp_path: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__")  # where other processes add and remove
    shutil.copytree(Path(autograd.__file__).parent, tmp_path / "autograd", ignore=ignored)
    with (tmp_path / "autograd" / "core" / "primitives.py").open("a", encoding="utf-8") as table:
        table.write("# another table\n")
    ran = run("-c", "import autograd; print(autograd.engine)", path=tmp_path)
    assert ran.stdout.strip() == "Python" and "built from other texts" in ran.stderr
    assert "pip install -e ." in ran.stderr


@needs_c
def test_both_engines_give_the_same_bits() -> None:
    """Random graphs of every row, derivatives of every kind, moons with its optimizer, a step of a GPT."""
    program = str(ROOT / "tests" / "engines.py")
    in_c, in_python = run(program), run(program, pure="1")
    assert (in_c.stderr.split(), in_python.stderr.split()) == (["C"], ["Python"])
    for got, want in zip(in_c.stdout.splitlines(), in_python.stdout.splitlines(), strict=True):
        assert got == want
    assert len(in_c.stdout) > 10_000


# Memory


def leaves_and_root() -> tuple[list[Value], Value]:
    """A graph of every shape of node: one operand, two, many, a dot, constants, masks."""
    xs = [Value(0.5), Value(-1.5), Value(2.0)]
    a, b, c = xs
    (z,) = autograd.affine([[a, b, c]], [b, c, a], [c])
    (y,) = autograd.affine([[a, b, c]], [1.0, 2.0, 3.0], [z])
    s = autograd.sum([z * 2.0, y.tanh(), a.relu(), b.relu(), autograd.where(a, b, c)])
    return xs, s * autograd.exp(a / b) + autograd.maximum(a, 0.25) - autograd.logsumexp(
        [a, b, 1.0]
    )  # root._x: all in C


def under(mode: Any, xs: list[Value], root: Value) -> None:
    with mode():
        for action in ("operators", "functions", "affine", "a mixed dot", "sum"):
            ACTIONS[action](xs, root)


ACTIONS: dict[str, Callable[[list[Value], Value], Any]] = {
    "backward": lambda xs, root: root.backward(),
    "operators": lambda xs, root: (root + xs[0]) * 2 - 1 / xs[1] + xs[0] ** 2,
    "functions": lambda xs, root: autograd.where(xs[0], autograd.exp(xs[1]), autograd.maximum(xs[2], 1)),
    "leaves": lambda xs, root: [Value(1.0), Value(2.0, "b"), Value(3, label="c")],
    "affine": lambda xs, root: autograd.affine([xs, xs], xs, xs[:2]),
    "a mixed dot": lambda xs, root: autograd.dot([xs[0], 2.0], [1.0, xs[1]], 3.0),
    "sum": lambda xs, root: autograd.sum(xs),
    "order": lambda xs, root: topological_order(root),
    "adjoints": lambda xs, root: number_adjoints(topological_order(root), {root: 1.0}),
    "tangents": lambda xs, root: number_tangents(topological_order(root), {xs[0]: 1.0}),
    "second": lambda xs, root: second_derivatives(xs, topological_order(root._x, stop=xs), root._x),
    "numbers": lambda xs, root: autograd.numbers(xs),
    "gradient": lambda xs, root: (
        # the C alone: a debug interpreter aborts where a frame of Python around it loses a MemoryError
        engine.C.adjoints(topological_order(root), {root: 1.0}, xs) if engine.C else autograd.gradient(root, xs)
    ),
    "assign": lambda xs, root: autograd.assign(xs, [0.5, -1.5, 2.0]),
    "no_grad": lambda xs, root: under(autograd.no_grad, xs, root),
    "detect_anomaly": lambda xs, root: under(autograd.detect_anomaly, xs, root),
    "attributes": lambda xs, root: [(v._x, v._y, v._px, v._py, v.label, v.data) for v in topological_order(root)],
}


IN_PYTHON = ("a mixed dot", "no_grad", "detect_anomaly")  # where CPython itself loses a MemoryError
IN_C = [name for name in ACTIONS if name not in IN_PYTHON]
FROM_FREED = ("assign", "numbers", "operators", "functions")  # allocate nothing, or floats and nodes that were freed


@needs_c
@pytest.mark.parametrize("name", IN_C)
def test_an_allocation_that_fails_changes_nothing(name: str) -> None:
    testcapi = pytest.importorskip("_testcapi")
    xs, root = leaves_and_root()
    root.backward()
    everything = topological_order(root)
    before = [(v.data, v.grad) for v in everything]
    act, failures = ACTIONS[name], 0
    act(xs, root)
    after = [(v.data, v.grad) for v in everything]  # backward adds to the leaves
    for start in range(400):
        for v, (data, grad) in zip(everything, before):
            v.data, v.grad = data, grad
        testcapi.set_nomemory(start, start + 1)
        try:
            act(xs, root)
            done = True
        except MemoryError:
            done = False
        finally:
            testcapi.remove_mem_hooks()
        failures += not done
        assert [(v.data, v.grad) for v in everything] == (after if done else before), start
    assert failures > 0 or name in FROM_FREED
    for v, (data, grad) in zip(everything, before):
        v.data, v.grad = data, grad
    act(xs, root)
    assert [(v.data, v.grad) for v in everything] == after


def counted() -> tuple[int, int]:
    """Blocks of memory, and references where the interpreter counts them."""
    return blocks(), getattr(sys, "gettotalrefcount", int)()


@pytest.mark.parametrize("name", ACTIONS)
def test_nothing_leaks(name: str) -> None:
    """Over 100,000 steps, counted in blocks of memory, which the collector has no part in; references to what lives on,
    None among them, take none, and a debug interpreter counts those."""
    xs, root = leaves_and_root()
    act, steps = ACTIONS[name], 100_000 if autograd.engine == "C" else 2_000
    collecting = gc.isenabled()
    gc.disable()
    try:
        for _ in range(200):
            act(xs, root)
        before = counted()
        for _ in range(steps // len(ACTIONS)):
            act(xs, root)
        assert max(now - then for now, then in zip(counted(), before, strict=True)) < 50
    finally:
        if collecting:
            gc.enable()


@needs_c
def test_nodes_are_what_they_were_whichever_others_are_freed() -> None:
    """Slabs that are full, have holes, begin anew or are given back: what lives is counted and untouched."""
    gc.collect()  # of nodes that others have left in cycles
    rng, before = random.Random(0), engine.C.nodes()
    kept: list[Value] = []
    numbers: list[float] = []
    for size in (50_000, 300, 30_000, 5, 300_000, 0):
        while len(kept) < size:
            numbers.append(rng.random())
            kept.append(Value(numbers[-1]))
            if rng.random() < 0.1:
                i = rng.randrange(max(0, len(kept) - 5_000), len(kept))
                kept[i], numbers[i] = kept[-1], numbers[-1]
                del kept[-1], numbers[-1]
        for held in (kept, numbers):
            random.Random(1).shuffle(held)
            del held[size:]
        assert engine.C.nodes() - before == len(set(map(id, kept))) == size
        assert [node.data for node in kept] == numbers and not any([node.grad for node in kept])


@needs_c
@by_linux
def test_memory_of_a_large_graph_goes_back() -> None:
    program = """if True:
        from autograd import Value
        pages = lambda: int(open("/proc/self/statm").read().split()[1])
        start, z = pages(), Value(1.0)
        for _ in range(600_000): z = z + 1.0
        full = pages()
        del z
        print(start, full, pages())
    """
    start, full, end = map(int, run("-c", program).stdout.split())
    assert full - start > 3 * (end - start)
    assert (end - start) * os.sysconf("SC_PAGESIZE") < 20_000_000


@needs_c
@by_linux
def test_no_memory_for_nodes_is_an_error_after_which_all_is_as_it_was() -> None:
    program = """if True:
        import resource
        from autograd import Value
        x = z = Value(2.0)
        used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + 20_000_000, -1))
        n = 0
        try:
            while True:
                z = z + x
                n += 1
        except MemoryError:
            resource.setrlimit(resource.RLIMIT_AS, (-1, -1))
        z.backward()
        print(n > 100_000, z.data == 2.0 * (n + 1), x.grad == n + 1, (x + 1.0).data)
    """
    assert run("-c", program).stdout.split() == ["True", "True", "True", "3.0"]


def test_dots_of_one_list_of_weights_are_of_what_it_holds_then() -> None:
    ws, xs, b = [Value(0.5), Value(-1.5), Value(2.0)], [Value(3.0), 0.25, Value(-1.0)], [Value(0.125)]
    changed: list[Callable[[], Any]] = [
        lambda: None,
        lambda: setattr(ws[1], "data", 7.0),
        lambda: autograd.assign(ws, [1.0, 2.0, 3.0]),
        lambda: ws.__setitem__(2, Value(-4.0)),
        lambda: ws.__setitem__(0, 0.75),
        lambda: setattr(b[0], "data", -1.0),
        lambda: b.__setitem__(0, Value(-1.0)),
        lambda: b.__setitem__(0, 4.0),
        lambda: ws[2].__init__(5.0),
        lambda: (ws.pop(), xs.pop()),
    ]
    dots = []
    for change in changed:
        change()
        z, want = autograd.dot(ws, xs, *b), apply(primitives.dot, *ws, *b, *xs)
        dots.append((z, (want.data, want._partials, want._arguments)))
        for z, was in dots:
            assert (z.data, z._partials, z._arguments) == was


@needs_c
def test_what_a_node_was_made_of_is_what_the_definition_says() -> None:
    x, y = Value(0.5), Value(2.0)
    nodes = [x, -x, x * y, x * 3.0, 3.0 - x, autograd.dot([x, y], [y, 1.0], 4.0), autograd.sum([x, 1.0, y])]
    with autograd.no_grad():
        nodes += [x * y, autograd.where(x > 1.0, x, y)]
    for z in nodes:
        assert z._arguments == engine.defined._arguments.fget(z)
    with pytest.raises(AttributeError):
        x._arguments = ()


@needs_c
def test_lists_of_a_layer_may_change_while_a_mode_looks_at_its_nodes() -> None:
    a = Value(1.0)
    weights, biases = [[a] for _ in range(9)], [a] * 9

    def profile(frame: Any, *_: Any) -> None:
        if frame.f_code.co_name == "check_forward":
            weights.clear()
            biases.clear()

    with autograd.detect_anomaly():
        sys.setprofile(profile)
        try:
            zs = autograd.affine(weights, [a], biases)
        finally:
            sys.setprofile(None)
    assert [z.data for z in zs] == [2.0] * 9 and not weights


@needs_c
def test_the_examples_of_a_batch_share_weights() -> None:
    ws, b, x = [Value(0.5) for _ in range(20)], Value(1.0), [0.5] * 20
    kept: list[Any] = [None] * 1_000
    before = blocks()
    for i in range(1_000):
        kept[i] = autograd.dot(ws, x, b)
    assert blocks() - before < 2_200  # a node and the inputs, for each


def test_a_training_step_leaks_nothing() -> None:
    model = nn.MLP(2, [4, 1])
    optimizer = nn.SGD(model.parameters(), lr=0.0)

    def step() -> None:
        optimizer.zero_grad()
        nn.squared_error(model([0.5, -0.5]), 1.0).backward()
        optimizer.step()

    for _ in range(100):
        step()
    before = blocks()
    for _ in range(1_000):
        step()
    assert blocks() - before < 50


@needs_c
def test_a_node_takes_at_most_100_bytes() -> None:
    assert Value.__basicsize__ <= 96 and not gc.is_tracked(Value(1.0) * 2.0)


@pytest.mark.parametrize("pure", ["", "1"])
def test_where_there_is_no_lock_machine_code_reads_no_object_of_python(pure: str) -> None:
    """As in a free-threaded build: there another thread could free what is being read."""
    pytest.importorskip("llvmlite")
    program = """if True:
        import sys, sysconfig
        sys._is_gil_enabled = lambda: False
        of = sysconfig.get_config_var
        sysconfig.get_config_var = lambda name: 1 if name == "Py_GIL_DISABLED" else of(name)
        from autograd import Value, compile, engine
        from autograd.native import objects, plans
        w = Value(3.0)
        f = compile(lambda x: w * x)
        first = [f(2.0) for _ in range(3)]
        w.data = 5.0
        print(*first, f(2.0), engine == "C" or objects.value_offsets() is None)
        print(objects._array_offset(), plans._symbols())
    """
    assert run("-c", program, pure=pure).stdout.split() == ["6.0", "6.0", "6.0", "10.0", "True", "None", "None"]


# Semantics that C could break


def test_a_leaf_says_that_no_sweep_has_written_it() -> None:
    x = Value(2.0)
    z = x * x
    assert x.grad is NOT_COMPUTED and z.grad is NOT_COMPUTED
    z.backward()
    assert x.grad is not NOT_COMPUTED and z.grad is not NOT_COMPUTED
    x.grad = NOT_COMPUTED
    assert x.grad is NOT_COMPUTED and x.grad == 0.0


def test_what_lies_behind_a_mask_is_written_as_0() -> None:
    x = Value(-2.0)
    h = x.log() * x
    z = h.relu() + x.relu() * h
    z.backward()
    assert x.grad is not NOT_COMPUTED


@pytest.mark.parametrize("wrong", [None, "0", [0.0], 1j], ids=repr)
def test_a_gradient_is_a_number(wrong: Any) -> None:
    x = Value(1.0, label="x")
    x.grad = 3
    with pytest.raises(TypeError, match=r"Value 'x'.grad: expected a number"):
        x.grad = wrong
    assert x.grad == 3.0 and type(x.grad) is float


class Marked(Value):
    """A subclass, with a dictionary for what people hang on it."""


def test_a_subclass_takes_part_and_its_results_are_values() -> None:
    a = Marked(2.0)
    a.note = "kept"
    b = Value(3.0)
    z = a * b + autograd.exp(a) + autograd.dot([a, b], [b, a], a) + autograd.sum([a, b])
    z.backward()
    assert type(z) is Value and type(a * 1.0) is Value and a.note == "kept"
    assert a.grad == pytest.approx(b.data + a.data * 0 + autograd.exp(2.0) + 2 * 3.0 + 1 + 1) and b.grad == 2 + 4 + 1


def test_an_initializer_called_again_makes_a_leaf() -> None:
    a = Value(2.0)
    z = a * a
    z.__init__(5.0, "five")
    assert (z.data, z.label, z.op, z.operands) == (5.0, "five", "", ())


def test_what_a_node_was_made_of_outlives_its_name() -> None:
    z = Value(1.0)
    for _ in range(100_000):
        z = z * 1.0 + 0.0
    first = topological_order(z)[0]
    del z
    assert first.data == 1.0 and first.op == ""


def test_functions_and_methods_make_the_same_node() -> None:
    v = Value(0.3)
    for name in ("exp", "log", "tanh", "relu", "sigmoid", "gelu", "abs"):
        row = autograd.core.primitives.TABLE[name]
        by_method = abs(v) if name == "abs" else getattr(v, name)()
        by_function = row(v)
        assert (by_method.data, by_method.op, by_method._partials) == (by_function.data, name, by_function._partials)


def test_threads_that_share_a_leaf_lose_nothing() -> None:
    leaf, steps = Value(1.0), 300

    def work(k: int) -> None:
        for _ in range(steps):
            (leaf * 2.0 + 1.0).backward()
            add_gradients([leaf], [1.0])

    in_threads(4, work)
    assert leaf.grad == 4 * steps * 3.0


@needs_c
def test_a_sweep_that_looks_for_anomalies_loses_nothing_of_those_of_other_threads() -> None:
    x = Value(2.0)
    z, other, others = x * 3.0, x * 3.0, 0

    def profile(frame: Any, event: str, _: Any) -> None:
        nonlocal others
        if event == "c_call" and frame.f_code.co_filename.endswith("gradients.py"):
            thread = threading.Thread(target=other.backward)
            thread.start()
            thread.join()
            others += 1

    with autograd.detect_anomaly():
        sys.setprofile(profile)
        try:
            z.backward()
        finally:
            sys.setprofile(None)
    assert others > 1 and x.grad == 3.0 * (1 + others)


def test_in_a_browser_a_swept_chain_is_held_by_a_list_that_outlives_its_operands() -> None:
    """So each node is freed when its only consumer is gone already, and frees nothing else: slots go by name."""
    program = """if True:
        import sys
        sys.platform = "emscripten"
        from autograd import Value
        z = Value(1.0)
        for _ in range(5):
            z = z * 1.0
        z.backward()
        print(len(z.below), z.below[-1] is z._x, sorted(Value.__slots__).index("below") > Value.__slots__.index("_y"))
    """
    assert run("-c", program, pure="1").stdout.split() == ["4", "True", "True"]
