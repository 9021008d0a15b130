"""JAX as the engine: the table's semantics to 1e-14, batches cut between devices, weights as the native engine's."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest

np = pytest.importorskip("numpy")
jax = pytest.importorskip("jax")

import nn  # noqa: E402
from autograd import Value, compile, exp, value_and_grad  # noqa: E402
from autograd.core.primitives import TABLE  # noqa: E402
from tests.problems import PROBLEMS  # noqa: E402
from tests.test_export import every_row, expected, named, rows_of  # noqa: E402
from tests.test_primitives import SPECIAL  # noqa: E402

ROOT = Path(__file__).parents[1]


def same(got: float, want: float, tolerance: float = 1e-14) -> bool:
    """To the tolerance; XLA takes subnormal numbers for 0."""
    if math.isfinite(want) and math.isfinite(got):
        return abs(got - want) <= tolerance * abs(want) + 2.3e-308
    return got == want or (got != got and want != want) or abs(got - want) < 0 or (abs(got) > 1.79e308 < abs(want))


NOT_IN_JAX = ("remainder",)  # numpy's function of this name is that of %


def test_a_row_whose_function_jax_has_not_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match="remainder"):
        compile(lambda x: TABLE["remainder"](x, 2.0), runner="jax")([1.0, 3.5])


@pytest.mark.parametrize("operands", [1, 2])
def test_every_row_and_its_partials_at_special_points_are_eager(operands: int) -> None:
    # Not where a partial on the way is subnormal.
    ordinary = [x for x in SPECIAL if x == 0.0 or x != x or math.isinf(x) or 1e-100 < abs(x) < 1e100]
    at = [*product(ordinary, repeat=operands)]
    f = compile(every_row(operands, NOT_IN_JAX), runner="jax")
    results = f(*np.array(at).T)
    for k, point in enumerate(at):
        place = 0
        for row, found in zip([row for row in rows_of(operands) if row.name not in NOT_IN_JAX], results, strict=True):
            got = [float(x) for x in (np.asarray(found)[k] if np.ndim(found) > 1 else [found[k]])]
            want = expected(row, point)
            place += 1
            assert all(map(same, got, want)), (row.name, point, got, want)


def test_the_gradients_of_a_hundred_problems_are_eager_to_1e_14(tmp_path: Path) -> None:
    chosen = {name: problem for i, (name, problem) in enumerate(PROBLEMS.items()) if i % 6 == 0}
    for name, (f, start) in chosen.items():
        problem = compile(named(f, name), runner="python")
        problem([start])
        problem.export(tmp_path / f"{name}_jax.py")
        scope: dict[str, Any] = {}
        exec((tmp_path / f"{name}_jax.py").read_text(), scope)
        value, slopes = jax.jit(scope[f"{name}_gradient"])(scope["parameters"], np.array([start, start]).T)
        want, gradient = value_and_grad(f)([*start])
        assert np.allclose(slopes[:, 1], gradient, rtol=0, atol=2e-14 * max(map(abs, gradient))), name
        assert same(float(value[0]), want, 1e-13), name


def moons(runner: str | None, **how: Any) -> tuple[Callable[..., Any], Any, Any]:
    model, rng = nn.MLP(2, [16, 16, 1], seed=0), np.random.default_rng(0)
    X, Y = rng.normal(size=(100, 2)), np.sign(rng.normal(size=100))
    return compile(lambda x, y: nn.hinge(model(x), y), runner, **how), X, Y


def test_the_moons_gradient_is_the_native_one_to_1e_14() -> None:
    f, X, Y = moons("jax")
    g, _, _ = moons(None)
    assert np.allclose(f(X, Y), g(X, Y), rtol=1e-14, atol=1e-15)
    (cost, gradient), (want, slopes) = f.value_and_grad(X, Y), g.value_and_grad(X, Y)
    assert abs(cost - want) <= 1e-14 * abs(want)
    assert np.abs(gradient - slopes).max() <= 1e-14 * np.abs(slopes).max()


def test_the_export_prints_textbook_code(tmp_path: Path) -> None:
    f, X, Y = moons(None)
    f(X, Y)
    f.export(tmp_path / "moons_jax.py")
    text = (tmp_path / "moons_jax.py").read_text()
    assert "W2 @ v4 + b2" in text
    scope: dict[str, Any] = {}
    exec(text, scope)
    mean, gradient = scope["moons_gradient"](scope["parameters"], np.column_stack([X, Y]).T)
    want, slopes = f.value_and_grad(X, Y)
    assert abs(mean - want) < 1e-14 and np.abs(gradient - slopes).max() < 1e-14


def test_a_masked_path_passes_exactly_nothing() -> None:
    w = Value(math.inf)
    f = compile(lambda x: (w * x).relu() + exp(-1000.0 * x).relu() * 0.0, "jax")
    g = compile(lambda x: (w * x).relu() + exp(-1000.0 * x).relu() * 0.0, "python")
    x = [-1.0, -2.0]
    assert f.value_and_grad(x)[1].tolist() == g.value_and_grad(x)[1].tolist() or np.isnan(g.value_and_grad(x)[1]).all()


def test_a_batch_size_is_compiled_once() -> None:
    f, X, Y = moons("jax")
    f.value_and_grad(X, Y)
    runner = f._last.gradient()._runners["jax"]
    for n in (100, 100, 36, 100, 36):
        f.value_and_grad(X[:n], Y[:n])
    assert runner._run._cache_size() == 2


def test_a_program_of_many_loops_is_refused_with_the_reason() -> None:
    def f(x: Any) -> Any:
        for i in range(600):
            x = exp(-x) + float(i)
        return x

    with pytest.raises(ValueError, match="loops, more than 500, which XLA would take minutes to compile"):
        compile(f, runner="jax")([1.0])


def test_devices_without_jax_and_unknown_engines_are_refused() -> None:
    with pytest.raises(ValueError, match="devices are JAX's"):
        compile(exp, devices=jax.devices())
    model = nn.MLP(1, [1])
    with pytest.raises(ValueError, match="no engine 'torch'"):
        nn.fit(model, [[1.0]], [1.0], engine="torch", progress=False)
    with pytest.raises(ValueError, match="contradict each other"):
        nn.fit(model, [[1.0]], [1.0], engine="jax", compiled=False, progress=False)


DIGITS = """
import numpy as np, nn, sys, json
from sklearn.datasets import load_digits
def weights(**how):
    data = load_digits()
    X, Y = (data.data / 16).tolist(), data.target.astype(int).tolist()
    model = nn.MLP(64, [32, 10], seed=0, init="he")
    nn.fit(model, X, Y, loss=nn.cross_entropy, optimizer=nn.Adam(model.parameters(), 0.01), epochs=5, batch_size=64,
           seed=1, progress=False, **how)
    return np.array([p.data for p in model.parameters()])
"""


def python(program: str, timeout: int = 240, **environment: str) -> subprocess.Popen[str]:
    import os

    variables = os.environ | {"PYTHONPATH": str(ROOT), "JAX_PLATFORMS": "cpu"} | environment
    return subprocess.Popen(
        [sys.executable, "-c", program], env=variables, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


@pytest.mark.heavy
def test_digits_on_eight_devices_end_within_1e_12_of_native() -> None:
    pytest.importorskip("sklearn")
    program = DIGITS + (
        "import jax\n"
        "native = weights()\n"
        "for devices in (None, jax.devices()):\n"
        "    print(len(devices or [1]), abs(weights(engine='jax', devices=devices) - native).max())\n"
    )
    done = python(program, XLA_FLAGS="--xla_force_host_platform_device_count=8")
    out, errors = done.communicate(timeout=400)
    found = [line.split() for line in out.splitlines()]
    assert [int(n) for n, _ in found] == [1, 8], errors[-2000:]
    assert all(float(difference) <= 1e-12 for _, difference in found), found


@pytest.mark.heavy
def test_two_processes_over_gloo_have_the_gradient_of_one() -> None:
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = f"""
import sys, jax
jax.config.update("jax_cpu_collectives_implementation", "gloo")
jax.distributed.initialize("127.0.0.1:{port}", 2, int(sys.argv[1] if len(sys.argv) > 1 else "RANK"))
from tests.test_jax import moons
f, X, Y = moons("jax", devices=jax.devices())
cost, gradient = f.value_and_grad(X, Y)
print(len(jax.devices()), float(cost).hex(), float(gradient.sum()).hex())
"""
    both = [python(program.replace('"RANK"', str(rank))) for rank in (0, 1)]
    said = [process.communicate(timeout=240) for process in both]
    assert all(process.returncode == 0 for process in both), [errors[-1500:] for _, errors in said]
    lines = [out.splitlines()[-1].split() for out, _ in said]
    assert lines[0] == lines[1] and lines[0][0] == "2"
    f, X, Y = moons(None)
    cost, gradient = f.value_and_grad(X, Y)
    assert abs(float.fromhex(lines[0][1]) - cost) < 1e-14
    assert abs(float.fromhex(lines[0][2]) - gradient.sum()) < 1e-13
