"""Exported functions are the function: to the bit in C and Python, to 1e-14 in JavaScript."""

from __future__ import annotations

import ctypes
import json
import math
import random
import shutil
import struct
import subprocess
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import autograd
import nn
from autograd import Value, compile, dot, exp, primitive, relu, tanh, value_and_grad, where
from autograd.core.columns import TABLE, Primitive
from autograd.export import files
from autograd.testing import expressions
from tests.compare import bits
from tests.problems import PROBLEMS
from tests.test_primitives import SPECIAL

needs_cc = pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
STRICT = ["-Wall", "-Wextra", "-Werror", "-O2", "-ffp-contract=off"]
ROWS = [
    row for row in TABLE.values() if not row.own and not row.by_call and row.name != "celu"
]  # whose slope is called
SMOOTH = [row for row in ROWS if any(partial is not None for partial in row.partials)]


def built(folder: Path, *compiler: str) -> Any:
    """Every C file of a folder as one loaded library."""
    library = folder / "library.so"
    command = [*(compiler or ("gcc", "-std=c11")), *STRICT, "-shared", "-fPIC", "-o", str(library)]
    done = subprocess.run([*command, *sorted(map(str, folder.glob("*.c"))), "-lm"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[:2000]
    return ctypes.CDLL(str(library))


def numbers(xs: Any) -> Any:
    xs = [*xs]
    return (ctypes.c_double * max(len(xs), 1))(*xs)


def gradient_in_c(library: Any, name: str, p: Any, x: Any) -> tuple[float, list[float]]:
    f = library[f"{name}_gradient"]
    f.restype = ctypes.c_double
    size = len(p) or len(x)
    g = numbers([-0.0] * size)  # −0 + x is x, for −0 too
    return f(numbers(p), numbers(x), g), [*g][:size]


def run_in_node(folder: Path, script: str) -> Any:
    done = subprocess.run(
        ["node", "--input-type=module"], cwd=folder, input=script, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[:2000]
    return json.loads(done.stdout)


def words(xs: Any) -> str:
    """JavaScript that makes these doubles."""
    return json.dumps([struct.pack(">d", x).hex() for x in xs])


FROM_WORDS = "const doubles = (ws) => ws.map((w) => Buffer.from(w, 'hex').readDoubleBE(0));"
TO_WORDS = (
    "const b = Buffer.alloc(8); const hex = (x) => { b.writeDoubleBE(x, 0); return b.toString('hex'); };"
    "const out = (x) => Array.isArray(x) ? x.map(out) : hex(x);"
)


def from_words(x: Any) -> Any:
    return [from_words(item) for item in x] if isinstance(x, list) else struct.unpack(">d", bytes.fromhex(x))[0]


def near(got: float, want: float, tolerance: float = 1e-14) -> bool:
    if not math.isfinite(want) or not math.isfinite(got):
        return bits(got) == bits(want) or (abs(got) > 1.79e308 and abs(want) > 1.79e308)
    return abs(got - want) <= tolerance * abs(want) + 1e-300


# Rows


def every_row(operands: int) -> Any:
    """z and its partials for every row that takes so many numbers: [z, ∂z/∂x₁, …] each, as `grad` has them."""

    def everything(*xs: Any) -> list[Any]:
        found = []
        for row in rows_of(operands):
            if row in SMOOTH:
                z, slopes = value_and_grad(row, tuple(range(operands)))(*xs)
                found.append([z, *slopes])
            else:
                found.append([row(*xs)])
        return found

    return everything


def rows_of(operands: int) -> list[Primitive]:
    return [row for row in ROWS if row.arity == operands or (row.arity is None and operands == 3)]


def points(operands: int) -> list[tuple[float, ...]]:
    return [*product(SPECIAL, repeat=operands)] if operands < 3 else [*product(SPECIAL[::3], repeat=3)]


def expected(row: Primitive, point: tuple[float, ...]) -> list[float]:
    if row not in SMOOTH:
        return [row(*point)]
    z, slopes = value_and_grad(row, tuple(range(len(point))))(*point)
    return [z, *slopes]


def compared(operands: int, results: list[float], point: tuple[float, ...], same: Any) -> None:
    place = 0
    for row in rows_of(operands):
        want = expected(row, point)
        got = results[place : place + len(want)]
        place += len(want)
        assert all(map(same, got, want)), (row.name, point, got, want)
    assert place == len(results)


@needs_cc
@pytest.mark.parametrize("operands", [1, 2, 3])
@pytest.mark.parametrize("compiler", [("gcc", "-std=c11"), ("g++", "-xc++"), ("clang", "-std=c11")], ids=lambda c: c[0])
def test_every_row_and_its_partials_at_special_points_are_eager_to_the_bit(
    tmp_path: Path, compiler: tuple[str, ...], operands: int
) -> None:
    if shutil.which(compiler[0]) is None:
        pytest.skip(f"needs {compiler[0]}")
    f = compile(every_row(operands), runner="python")
    f(*[0.5] * operands)
    f.export(tmp_path / "rows.c")
    library = built(tmp_path, *compiler)
    size = sum(len(expected(row, (0.5,) * operands)) for row in rows_of(operands))
    results = numbers([0.0] * size)
    for point in points(operands):
        library.everything(None, numbers(point), results)
        compared(operands, [*results], point, lambda got, want: bits(got) == bits(want))


@needs_node
@pytest.mark.parametrize("operands", [1, 2, 3])
def test_every_row_and_its_partials_at_special_points_are_eager_in_javascript(tmp_path: Path, operands: int) -> None:
    f = compile(every_row(operands), runner="python")
    f(*[0.5] * operands)
    f.export(tmp_path / "rows.mjs")
    at = points(operands)
    script = (
        f"import {{ everything }} from './rows.mjs'; {FROM_WORDS} {TO_WORDS}"
        f"const points = {json.dumps([[struct.pack('>d', x).hex() for x in point] for point in at])};"
        "console.log(JSON.stringify(points.map((p) => out(everything([], doubles(p)).flat()))));"
    )
    for point, results in zip(at, from_words(run_in_node(tmp_path, script)), strict=True):
        compared(operands, results, point, lambda got, want: near(got, want, 1e-14))


def test_every_row_and_its_partials_at_special_points_are_eager_in_python(tmp_path: Path) -> None:
    f = compile(every_row(2), runner="python")
    f(0.5, 0.5)
    f.export(tmp_path / "rows.py")
    scope: dict[str, Any] = {}
    exec((tmp_path / "rows.py").read_text(), scope)
    for point in points(2):
        results = [x for row in scope["everything"]([], point) for x in row]
        compared(2, results, point, lambda got, want: bits(got) == bits(want))


# Programs


@needs_cc
@settings(
    max_examples=10, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture], deadline=None
)
@given(made=expressions(), seed=st.integers(0, 2**20))
def test_random_expressions_are_the_plain_runners_to_the_bit(made: Any, seed: int, tmp_path_factory: Any) -> None:
    folder, rng = tmp_path_factory.mktemp("c"), random.Random(seed)
    f = compile(lambda x: made(*x), runner="python")
    x = [rng.choice([rng.gauss(0, 2), rng.choice(SPECIAL)]) for _ in made.inputs]
    f([x])
    f.export(folder / "made.c")
    library = built(folder)
    library.made.restype = ctypes.c_double
    assert bits(library.made(None, numbers(x))) == bits(float(f([x])[0]))


@needs_cc
def test_the_gradients_of_a_hundred_problems_are_eager_to_the_bit(tmp_path: Path) -> None:
    found = {}
    for name, (f, start) in PROBLEMS.items():
        problem = compile(named(f, name), runner="python")
        problem([start])
        problem.export(tmp_path / f"{name}.c")
        found[name] = value_and_grad(f)([*start])
    library = built(tmp_path)
    assert len(found) >= 95
    for name, (value, slopes) in found.items():
        got, gradient = gradient_in_c(library, name, [], PROBLEMS[name][1])
        assert bits(got) == bits(value), name
        assert [*map(bits, gradient)] == [*map(bits, slopes)], name


@needs_node
def test_the_gradients_of_a_hundred_problems_are_eager_to_1e_14_in_javascript(tmp_path: Path) -> None:
    for name, (f, start) in PROBLEMS.items():
        problem = compile(named(f, name), runner="python")
        problem([start])
        problem.export(tmp_path / f"{name}.mjs")
    starts = {name: [*start] for name, (_, start) in PROBLEMS.items()}
    script = (
        f"const starts = {json.dumps(starts)}, found = {{}};"
        "for (const [name, x] of Object.entries(starts))"
        " found[name] = (await import(`./${name}.mjs`))[name + 'Gradient']([], x);"
        "console.log(JSON.stringify(found));"
    )
    for name, (value, slopes) in run_in_node(tmp_path, script).items():
        want, gradient = value_and_grad(PROBLEMS[name][0])([*starts[name]])
        size = max(map(abs, gradient))
        assert near(value, want), name
        assert all(abs(g - w) <= 1e-14 * size for g, w in zip(slopes, gradient)), (name, slopes, gradient)


def named(f: Any, name: str) -> Any:
    def renamed(x: Any) -> Any:
        return f(x)

    renamed.__name__ = name
    return renamed


def moons(sizes: list[int]) -> tuple[Any, Any]:
    model = nn.MLP(2, sizes, seed=0)

    def cost(x: Any, y: Any) -> Any:
        return nn.hinge(model(x), y)

    f = compile(cost, runner="python")
    f([[0.5, -0.3]], [1.0])
    return f, cost


@needs_cc
@pytest.mark.parametrize("sizes", [[16, 16, 1], [40, 40, 1]], ids=["straight", "loops"])
def test_the_moons_gradient_is_eager_to_the_bit(tmp_path: Path, sizes: list[int]) -> None:
    f, cost = moons(sizes)
    f.export(tmp_path / "cost.c")
    library, rng = built(tmp_path), random.Random(1)
    loops = "for (int i" in (tmp_path / "cost.c").read_text()
    assert loops == (sizes[0] == 40)
    for _ in range(10):
        x, y = [rng.gauss(0, 1), rng.gauss(0, 1)], rng.choice([-1.0, 1.0])
        for p in f.parameters:
            p.grad = 0.0
        c = cost(x, y)
        c.backward()
        value, gradient = gradient_in_c(library, "cost", [p.data for p in f.parameters], [*x, y])
        assert bits(value) == bits(c.data)
        assert [0.0 + x for x in gradient] == [p.grad for p in f.parameters]


WEIGHTS = [Value(0.4 * k - 0.9) for k in range(7)]


def weights_that_vary(x: Any) -> Any:
    """Of two layers: one whose weights are computed from parameters, one whose weights also depend on the example."""
    *ws, shared = WEIGHTS
    first = [relu(dot([exp(w) for w in ws[:3]], [x[(i + k) % 4] for k in range(3)], ws[i % 2])) for i in range(6)]
    second = [relu(dot([x[(i + k) % 4] * w for k, w in enumerate(ws)], first, 0.1 * i)) for i in range(4)]
    return ws[5] * autograd.sum(second) + dot(second, second[::-1]) + autograd.sum([tanh(shared * v) for v in x])


@needs_cc
def test_loops_over_what_only_parameters_or_examples_too_decide_are_eager_to_the_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "STRAIGHT", 0)
    f = compile(weights_that_vary, runner="python")
    f([x := [0.3, -0.7, 1.1, 0.4]])
    f.export(tmp_path / "varying.c")
    assert "for (int i" in (tmp_path / "varying.c").read_text()
    got, gradient = gradient_in_c(built(tmp_path), "weights_that_vary", [p.data for p in f.parameters], x)
    for p in f.parameters:
        p.grad = 0.0
    weights_that_vary([*map(Value, x)]).backward()
    assert bits(got) == bits(weights_that_vary(x).data)
    assert [0.0 + g for g in gradient] == [p.grad for p in f.parameters]


@needs_cc
def test_a_gradient_is_added_and_the_numbers_of_the_parameters_are_in_the_file(tmp_path: Path) -> None:
    f, _ = moons([3, 1])
    f.export(tmp_path / "cost.c")
    library = built(tmp_path)
    kept = (ctypes.c_double * len(f.parameters)).in_dll(library, "cost_parameters")
    assert [*kept] == [p.data for p in f.parameters]
    once, g = gradient_in_c(library, "cost", kept, [0.5, 0.25, 1.0])[1], numbers([1.0] * len(kept))
    library.cost_gradient(kept, numbers([0.5, 0.25, 1.0]), g)
    assert [*g] == [1.0 + x for x in once]


@needs_cc
def test_a_small_network_fits_a_microcontroller(tmp_path: Path) -> None:
    """Cost and gradient of the 1-1-1-1 network: two kilobytes of code, and nothing that allocates."""
    model = nn.MLP(1, [1, 1, 1], activation="sigmoid", output="sigmoid", seed=0)
    f = compile(lambda x, y: nn.squared_error(model(x), y))
    f([[0.5]], [1.0])
    f.export(tmp_path / "tiny.c")
    subprocess.run(["gcc", "-std=c11", "-Os", "-ffp-contract=off", "-c", "tiny.c"], cwd=tmp_path, check=True)
    sizes = subprocess.run(["size", "tiny.o"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    text, data, bss = map(int, sizes.splitlines()[1].split()[:3])
    needed = subprocess.run(["nm", "-u", "tiny.o"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert text < 2048 and data == bss == 0
    assert {line.split()[-1] for line in needed.splitlines()} <= {"exp", "_GLOBAL_OFFSET_TABLE_"}


def test_python_needs_nothing_but_itself_and_rounds_as_the_library(tmp_path: Path) -> None:
    f, _ = moons([4, 1])
    f.export(tmp_path / "cost.py")
    text = (tmp_path / "cost.py").read_text()
    scope: dict[str, Any] = {}
    exec(text, scope)
    value, gradient = scope["cost_gradient"](scope["parameters"], [0.5, 0.25, 1.0])
    want, slopes = f.value_and_grad([[0.5, 0.25]], [1.0])
    assert "autograd" not in text
    assert value == want and gradient == [*map(float, slopes)]


@needs_node
def test_javascript_gives_the_structure_of_the_result_with_arrays_for_tuples(tmp_path: Path) -> None:
    f = compile(named(lambda x: (x, (2 * x,), {"a b": [x, (x, 3.0)], 1: ()}), "nested"), runner="python")
    f(2.0)
    f.export(tmp_path / "nested.mjs")
    script = "import { nested } from './nested.mjs'; console.log(JSON.stringify(nested([], [2])));"
    assert run_in_node(tmp_path, script) == [2, [4], {"1": [], "a b": [2, [2, 3]]}]


REPEATED = {  # an operand that is there twice, beside other paths to it
    "sum": lambda x, y: (x + x) * y + x,
    "square": lambda x, y: x * x * y + x,
    "of three": lambda x, y: autograd.sum([x, y, x]).tanh() + x,
    "dot": lambda x, y: dot([x, y, x], [y, x, x]) + x,
}


@pytest.mark.parametrize("f", REPEATED.values(), ids=REPEATED)
def test_slopes_of_an_operand_that_is_there_twice_are_eager_to_the_bit(f: Any, tmp_path: Path) -> None:
    compiled = compile(named(lambda xy: f(*xy), "repeated"), runner="python")
    compiled([[1.0, 1.0]])
    compiled.export(tmp_path / "repeated.py")
    exec((tmp_path / "repeated.py").read_text(), names := {})
    source = random.Random(1)
    for point in [(source.gauss(0, 1), source.gauss(0, 1)) for _ in range(100)]:
        assert tuple(names["repeated_gradient"]([], point)[1]) == value_and_grad(f, (0, 1))(*point)[1]


# What is refused


INTRUDERS = [
    '"""\nraise SystemExit(9)\n"""',
    "\\u0022" * 3,
    "*/ #error no",
    "/* ?",
    "a\\",
    "\u2028throw 9",
    "\n<!--\rthrow 9",
    "\0",
]


@needs_cc
@needs_node
def test_no_label_leaves_the_comment_of_an_exported_file(tmp_path: Path) -> None:
    pytest.importorskip("jax")
    weights = [Value(2.0, label) for label in INTRUDERS]
    f = compile(named(lambda x: dot(weights, [x] * len(weights)), "labelled"), runner="python")
    f(1.0)
    for suffix in (".c", ".mjs", ".py", "_jax.py"):
        f.export(tmp_path / f"labelled{suffix}")
    built(tmp_path), built(tmp_path, "g++", "-xc++")
    for suffix in (".py", "_jax.py"):
        exec((tmp_path / f"labelled{suffix}").read_text("utf-8"), {})
    script = "import { labelled } from './labelled.mjs'; console.log(labelled([2, 2, 2, 2, 2, 2, 2, 2], [1]));"
    assert run_in_node(tmp_path, script) == 16


def test_a_suffix_that_is_no_language_is_refused(tmp_path: Path) -> None:
    f, _ = moons([3, 1])
    with pytest.raises(ValueError, match=r"'cost\.rs' ends in none of .*_jax\.py"):
        f.export(tmp_path / "cost.rs")


def test_a_row_that_raises_where_ieee_answers_is_refused_by_name(tmp_path: Path) -> None:
    row = primitive("row_of_export", lambda x: math.log(x) if x > 1.0 else 0.0, lambda x, z: 1 / x)
    try:
        f = compile(lambda x: row(x), runner="python")
        f([2.0])
        with pytest.raises(TypeError, match=r"'row_of_export' cannot be written in C: math\.log raises"):
            f.export(tmp_path / "f.c", gradient=False)
    finally:
        del TABLE["row_of_export"]


@needs_cc
@pytest.mark.parametrize("name", ["lround", "t1", "x", "int_", "hypot"])
def test_a_users_row_and_function_may_have_names_that_mean_something_in_c(tmp_path: Path, name: str) -> None:
    if name in TABLE:
        row = TABLE[name]
    else:
        row = primitive(name, lambda x, y: x * y if x > y else y, lambda x, y, z: y, lambda x, y, z: x)
    try:
        f = compile(named(lambda x: row(x[0], x[1]) + dot([x[0]], [x[1]], 1.0), "double"), runner="python")
        f([[2.0, 3.0]])
        f.export(tmp_path / "f.c", gradient=False)
        library = built(tmp_path)
        library.double_.restype = ctypes.c_double
        assert library.double_(None, numbers([2.0, 3.0])) == f([[2.0, 3.0]])[0]
    finally:
        if TABLE[name].own:
            del TABLE[name]


@needs_cc
def test_a_file_and_a_function_may_have_names_that_c_gives_no_one(tmp_path: Path) -> None:
    f = compile(named(lambda x: x * x, "main"), runner="python")
    f(2.0)
    f.export(tmp_path / "1-f.c")
    assert "double main_(const double *p, const double *x)" in (tmp_path / "1-f.c").read_text()
    subprocess.run(["cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-c", "1-f.c"], cwd=tmp_path, check=True)


LOOPING = [row for row in TABLE.values() if row.by_call and not row.own]
LEAD = {row.name: [2.0 if x in row.whole else 0.7 for x in row.names[:-1]] for row in LOOPING}
LAST = [0.3, 2.2, 0.9999, 17.0, 60.0, -0.4, -3.3, 0.0, math.inf, math.nan]


def looping(folder: Path, suffix: str) -> None:
    """A function of one number that gives all of these rows, exported."""
    f = compile(named(lambda x: [row(*LEAD[row.name], x[0]) for row in LOOPING], "all_of_them"), runner="python")
    f([[0.5]])
    f.export(folder / f"all_of_them{suffix}", gradient=False)


@needs_cc
def test_special_functions_are_written_in_c_to_the_bit(tmp_path: Path) -> None:
    looping(tmp_path, ".c")
    library, made = built(tmp_path), numbers([0.0] * len(LOOPING))
    for x in LAST:
        library.all_of_them(None, numbers([x]), made)
        for row, z in zip(LOOPING, made, strict=True):
            assert bits(z) == bits(row(*LEAD[row.name], x)), (row.name, x, z)


def test_special_functions_are_written_in_python_to_the_bit(tmp_path: Path) -> None:
    looping(tmp_path, ".py")
    exec((tmp_path / "all_of_them.py").read_text(), names := {})
    for x in LAST:
        for row, z in zip(LOOPING, names["all_of_them"]([], [x]), strict=True):
            assert bits(z) == bits(row(*LEAD[row.name], x)), (row.name, x, z)


@needs_node
def test_special_functions_are_written_in_javascript(tmp_path: Path) -> None:
    looping(tmp_path, ".mjs")
    script = f"""import {{ all_of_them as f }} from './all_of_them.mjs'; {FROM_WORDS} {TO_WORDS}
        console.log(JSON.stringify(doubles({words(LAST)}).map((x) => out(f([], [x])))));"""
    for x, theirs in zip(LAST, from_words(run_in_node(tmp_path, script)), strict=True):
        for row, z in zip(LOOPING, theirs, strict=True):
            want = row(*LEAD[row.name], x)
            assert near(z, want, 1e-14) or abs(z - want) < 1e-15, (row.name, x, z, want)


@needs_cc
@needs_node
def test_a_row_entered_at_run_time_goes_into_every_language_with_its_own_partials(tmp_path: Path) -> None:
    pytest.importorskip("numpy")
    jax = pytest.importorskip("jax")
    rule = (lambda x, y, z: y + 7.0 * x, lambda x, y, z: x)  # not the derivative: so it is the rule that is exported
    row = primitive("row_of_export", lambda x, y: x * y if x > y else exp(x) * y, *rule)
    try:
        f = compile(named(lambda x: row(x[0], x[1]) * 2.0, "double_it"), runner="python")
        at = [(3.0, 2.0), (0.5, 2.0)]
        want = [(f([xy])[0], [2.0 * (xy[1] + 7.0 * xy[0]), 2.0 * xy[0]]) for xy in at]
        for suffix in (".c", ".mjs", ".py", "_jax.py"):
            f.export(tmp_path / f"double_it{suffix}")
        library, texts = built(tmp_path), {}
        for suffix in (".py", "_jax.py"):
            exec((tmp_path / f"double_it{suffix}").read_text(), names := {})
            texts[suffix] = names
        script = "import { double_itGradient as g } from './double_it.mjs'; console.log(JSON.stringify([{}]));"
        calls = ", ".join([f"g([], {[*xy]})" for xy in at])
        in_node = run_in_node(tmp_path, script.replace("[{}]", f"[{calls}]"))
        value, slopes = texts["_jax.py"]["double_it_gradient"](jax.numpy.array([]), jax.numpy.array(at).T)
        for k, (z, gradient) in enumerate(want):
            assert gradient_in_c(library, "double_it", [], at[k]) == (z, gradient)
            assert texts[".py"]["double_it_gradient"]([], at[k]) == [z, gradient]
            assert in_node[k][0] == pytest.approx(z, rel=1e-14) and in_node[k][1] == gradient
            assert [value[k], *slopes[:, k]] == pytest.approx([z, *gradient], rel=1e-14)
    finally:
        del TABLE["row_of_export"]


@needs_cc
def test_what_is_not_read_is_no_warning(tmp_path: Path) -> None:
    f = compile(lambda x, y: where(x > 0.0, exp(1.0), 2.0), runner="python")
    f([1.0], [2.0])
    f.export(tmp_path / "f.c", gradient=False)
    built(tmp_path)


@pytest.mark.parametrize("name", ["f.c", "f.mjs", "f.py", "f_jax.py"])
def test_a_folder_that_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    f = compile(lambda x: x * x, "python")
    f(1.0)
    with pytest.raises(FileNotFoundError, match=rf"there is no folder '.*nowhere' to write '{name}' into; make it"):
        f.export(tmp_path / "nowhere" / name)
