"""JAX as the engine: the table's semantics to 1e-14, batches cut between devices, weights as the native engine's."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

np = pytest.importorskip("numpy")
jax = pytest.importorskip("jax")

import nn  # noqa: E402
from autograd import Value, clip, compile, custom, exp, minimum, norm, value_and_grad, where  # noqa: E402
from autograd.core.primitives import TABLE  # noqa: E402
from tests.problems import PROBLEMS  # noqa: E402
from tests.processes import variables  # noqa: E402
from tests.test_export import (  # noqa: E402
    LAST,
    LEAD,
    LOOPING,
    every_row,
    expected,
    named,
    points,
    rows_of,
    weights_that_vary,
)


def same(got: float, want: float, tolerance: float = 1e-14) -> bool:
    """To the tolerance; XLA takes subnormal numbers for 0."""
    if math.isfinite(want) and math.isfinite(got):
        return abs(got - want) <= tolerance * abs(want) + 2.3e-308
    return got == want or (got != got and want != want) or abs(got - want) < 0 or (abs(got) > 1.79e308 < abs(want))


def test_the_remainder_is_exact_and_at_a_tie_the_even_one() -> None:
    rng = np.random.default_rng(0)
    y = np.concatenate([2.0 ** rng.integers(-900, 900, 200), rng.normal(size=200), rng.uniform(-1.7, 1.7, 100) * 1e308])
    ties = np.where(np.arange(500) % 2, rng.integers(-9, 9, 500) + 0.5, rng.normal(size=500) * 1e6)
    x = np.where(np.abs(y) > 1e300, rng.uniform(-1.7, 1.7, 500) * 1e308, ties * np.clip(y, -1e300, 1e300))
    found = compile(lambda x, y: TABLE["remainder"](x, y), runner="jax")(x, y)
    want = [math.remainder(*pair) for pair in zip(x, y, strict=True)]
    assert found.tolist() == want and np.signbit(found).tolist() == np.signbit(want).tolist()


# Where XLA computes something else, each time by a number on the way: a subnormal one it takes for 0, and a/b/c it
# takes for a/(b·c), whose divisor underflows.
OTHERWISE = {
    ("pow", (1e308, -1.0)): "1e308⁻¹ is subnormal",
    ("pow_y", (1e308, -1.0)): "1e308⁻¹ is subnormal",
    ("pow_log", (1e308, -1.0)): "1e308⁻¹ is subnormal",
    ("atan2_y", (1e-300, 1e-300)): "a/b/b as a/(b·b)",
}


@pytest.mark.parametrize("operands", [1, 2, 3])
def test_every_row_and_its_partials_at_special_points_are_eager(operands: int) -> None:
    at = [point for point in points(operands) if not any(0.0 < abs(x) < 2.3e-308 for x in point)]
    results = compile(every_row(operands), runner="jax")(*np.array(at).T)
    other = set()
    for k, point in enumerate(at):
        found = results[k] if isinstance(results, np.ndarray) else [np.asarray(result)[k] for result in results]
        for row, numbers in zip(rows_of(operands), found, strict=True):
            got, want = [float(x) for x in np.ravel(numbers)], expected(row, point)
            if not all(map(same, got, want)):
                other.add((row.name, point))
    assert other == {(name, point) for name, point in OTHERWISE if len(point) == operands}


def looping(name: str) -> None:
    """A row that loops, one loop for all lanes, is eager's in each: to 1e-14, or what XLA's own erfc is off by."""
    row, lead = TABLE[name], LEAD[name]
    for x, z in zip(LAST, compile(lambda x: row(*lead, x), runner="jax")(np.array(LAST)).tolist(), strict=True):
        assert same(z, row(*lead, x), 2e-14), (x, z, row(*lead, x))


@pytest.mark.parametrize("name", ["ldexp", "erfcx", "lambertw"])
def test_a_row_that_loops_ends_in_every_lane(name: str) -> None:
    looping(name)


@pytest.mark.heavy
@pytest.mark.parametrize("name", [row.name for row in LOOPING])
def test_every_row_that_loops_is_eager(name: str) -> None:
    looping(name)


@pytest.mark.parametrize("row", ["step", "relu", "sqrt", "log"])
def test_a_subnormal_number_is_taken_for_0(row: str) -> None:
    assert compile(TABLE[row], runner="jax")([5e-324])[0] == TABLE[row](0.0)


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
    model = nn.MLP(2, [3, 1], activation="relu", output="tanh", seed=0)
    f = compile(lambda x, y: nn.squared_error(model(x), y))
    X, Y = np.array([[0.5, -1.0], [2.0, 1.0]]), np.array([1.0, 0.0])
    f(X, Y)
    f.export(tmp_path / "cost_jax.py")
    text = (tmp_path / "cost_jax.py").read_text()
    assert text[text.index("def _gradient") : text.index("jax.config")].rstrip() + "\n" == TEXTBOOK
    scope: dict[str, Any] = {}
    exec(text, scope)
    mean, gradient = scope["cost_gradient"](scope["parameters"], np.column_stack([X, Y]).T)
    want, slopes = f.value_and_grad(X, Y)
    assert abs(mean - want) < 1e-14 and np.abs(gradient - slopes).max() < 1e-14


TEXTBOOK = """\
def _gradient(p, x):
    n = x.shape[1]
    b1 = p[2:9:3][:, None]
    W1 = p[0:9].reshape(3, 3)[:, :2]
    v3 = W1 @ x[0:2] + b1
    v4 = relu(v3)
    b2 = p[12:13][:, None]
    W2 = p[9:12].reshape(1, 3)
    v7 = W2 @ v4 + b2
    v8 = jnp.tanh(v7)
    v9 = v8 - x[2:3]
    v10 = 2.0 * v7
    v11 = 2.0 * v9
    v12 = sigmoid_x(v10)
    v13 = 4.0 * v12
    v14 = v13 * v11
    v15 = W2.T * v14
    v16 = step(v3)
    v17 = equal(v16, 0.0)
    v18 = v16 * v15
    v19 = where(v17, 0.0, v18)
    m20 = (v9 @ v9.T / n).ravel()
    m21 = (passing(jnp.concatenate([x[0:2], jnp.full((1, n), 1.0)]), v19.T, v17.T) / n).T.ravel()
    m22 = (v14 @ jnp.concatenate([v4, jnp.full((1, n), 1.0)]).T / n).ravel()
    return jnp.concatenate([m20, m21, m22]), jnp.zeros((0, n))
"""


@pytest.mark.parametrize("w", [1.0, math.inf, math.nan])
@pytest.mark.parametrize("x", [-1.0, -math.inf, math.nan, 2.0])
def test_a_masked_path_passes_exactly_nothing(w: float, x: float) -> None:
    weights = [Value(w), Value(-1.0)]

    def f(x: Any) -> Any:
        return (weights[0] * x).relu() + where(x > 0.0, weights[1] * x, 0.0) + (weights[1] * (x * 0.5)).relu()

    got, want = (compile(f, runner).value_and_grad([x, -2.0]) for runner in ("jax", "python"))
    assert same(float(got[0]), float(want[0])) and all(map(same, got[1].tolist(), want[1].tolist()))


def test_of_weights_that_vary_masks_switch_off_the_same() -> None:
    batch = np.random.default_rng(1).normal(size=(5, 4))
    got, want = (compile(weights_that_vary, runner).value_and_grad(batch) for runner in ("jax", "python"))
    assert np.allclose(got[0], want[0], rtol=1e-14) and np.allclose(got[1], want[1], rtol=1e-13)


def test_a_slope_may_be_off_for_several_reasons_each_of_several() -> None:
    w, u = Value(0.5), Value(0.3)

    def f(x: Any) -> Any:
        low = minimum(w, x) * u
        middle = where(clip(low, low, 1.0) > 0, low + low, low)
        return clip(middle, low + low, 1.0)

    got, want = (compile(f, runner).value_and_grad([0.5, -1.0, 0.2]) for runner in ("jax", "python"))
    assert same(got[0], want[0]) and all(map(same, got[1].tolist(), want[1].tolist()))


def test_what_only_numbers_decide_is_a_vector_too() -> None:
    for f in (lambda x: norm([x, -1.0, 2.0]), lambda x: norm([x, -1.0, 2.0]) * norm([x, -3.0, 0.5])):
        got, want = (compile(f, runner)([1.0, -2.0]).tolist() for runner in ("jax", "python"))
        assert all(map(same, got, want))


def test_a_neuron_that_is_off_hides_an_infinite_weight_behind_it() -> None:
    model = nn.MLP(2, [3, 2, 1], seed=0)
    for p in model.parameters():
        p.data = abs(p.data) + 0.1
    model.layers[1].neurons[0].w[1].data = -math.inf
    X, Y = [[1.0, 2.0], [3.0, 0.5]], [1.0, 0.0]
    got, want = (
        compile(lambda x, y: nn.squared_error(model(x), y), runner).value_and_grad(X, Y)[1].tolist()
        for runner in ("jax", "python")
    )
    assert np.allclose(got, want, rtol=1e-14) and all(map(math.isfinite, want)) and any(want[:9])


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


def test_the_number_of_a_value_that_a_custom_function_reads_would_be_frozen_and_is_refused() -> None:
    w = Value(2.0)
    scaled = custom(lambda x: w.data * x, partials=lambda x, z: w.data)
    with pytest.raises(TypeError, match=r"the Value 2.0\.data was read .* frozen"):
        compile(scaled, runner="jax")([1.0])


def test_devices_without_jax_and_unknown_engines_are_refused() -> None:
    with pytest.raises(ValueError, match="devices are JAX's"):
        compile(exp, devices=jax.devices())
    for wrong in (8, "cpu", [0], []):
        with pytest.raises(TypeError, match=r"devices= are JAX's, such as jax.devices\(\)\[:2\], not"):
            compile(exp, "jax", wrong)([1.0])
    model = nn.MLP(1, [1])
    with pytest.raises(ValueError, match="no engine 'torch'"):
        nn.fit(model, [[1.0]], [1.0], engine="torch", progress=False)
    with pytest.raises(ValueError, match="contradict each other"):
        nn.fit(model, [[1.0]], [1.0], engine="jax", compiled=False, progress=False)
    with pytest.raises(ValueError, match='say engine="jax" too'):
        nn.fit(model, [[1.0]], [1.0], devices=jax.devices(), progress=False)


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
    env = variables(JAX_PLATFORMS="cpu", **environment)
    return subprocess.Popen(
        [sys.executable, "-c", program], env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
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
