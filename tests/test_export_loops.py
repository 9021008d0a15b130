"""Loops in other languages: a `for` in C, JavaScript and Python, a scan in JAX; with their derivatives."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograd import (
    argmin,
    compile,
    cos,
    exp,
    fixed_point,
    fori,
    grad,
    hessian,
    jvp,
    rk4,
    root,
    scan,
    sin,
    tanh,
    value_and_grad,
    while_loop,
)
from autograd.export import jax_loops
from autograd.export.jax import text
from autograd.program.source import compiled
from tests.compare import bits
from tests.test_export import built, gradient_in_c, named, near, needs_cc, needs_node, run_in_node
from tests.test_loops import CASES, SPECIAL, in_segments, left_early, numbers, picked, random_case, swapped

F = Callable[..., Any]


def circle_and_line(a: Any, b: Any) -> Any:
    x, y = root(lambda v: [v[0] ** 2 + v[1] ** 2 - a * a, v[0] - b * v[1]], [1.0, 1.0])
    return x * y + x


def dottie(a: Any) -> Any:
    return fixed_point(lambda x: cos(a * x), 0.5)


def valley(a: Any, b: Any) -> Any:
    x, y = argmin(lambda v: (a - v[0]) ** 2 + 10.0 * (v[1] - v[0] ** 2) ** 2 + b * v[1] ** 4, [0.3, 0.2])
    return x + 2.0 * y


def roots_in_a_loop(a: Any, b: Any) -> Any:
    return fori(lambda s, i: root(lambda z: z + 0.3 * z**3 - s * b, 0.1), a, 4)


def root_of_a_loop(a: Any, b: Any) -> Any:
    return root(lambda x: fori(lambda s, i: s * 0.5 + sin(s) * b, x, 3) - a, 0.2)


ROOTS: list[tuple[F, tuple[float, ...]]] = [
    (circle_and_line, (2.0, 0.7)), (dottie, (1.1,)), (valley, (1.1, 0.2)), (roots_in_a_loop, (0.7, 1.2)),
    (root_of_a_loop, (0.3, 0.4)),
]  # fmt: skip
ALL: list[tuple[F, tuple[float, ...]]] = [*CASES, *[(f, (x,)) for f, x in SPECIAL], *ROOTS]


# What is written below of loops is written of roots too: their solver is a loop.


def of_list(f: F, name: str) -> F:
    """f of a list of numbers, called so."""
    return named(lambda x: f(*x), name)


def exported(folder: Path, f: F, at: tuple[float, ...], name: str, *suffixes: str) -> None:
    g = compile(of_list(f, name), runner="python")
    g([[*at]])
    for suffix in suffixes:
        g.export(folder / f"{name}{suffix}")


def in_python(folder: Path, name: str, at: tuple[float, ...]) -> tuple[float, list[float]]:
    scope: dict[str, Any] = {}
    exec((folder / f"{name}.py").read_text(), scope)
    value, slopes = scope[f"{name}_gradient"]([], [*at])
    return value, slopes


def equal(xs: Any, ys: Any) -> bool:
    return [bits(x + 0.0) for x in numbers(xs)] == [bits(y + 0.0) for y in numbers(ys)]


@needs_cc
def test_loops_and_their_gradients_are_eager_in_c_to_the_bit_and_in_python(tmp_path: Path) -> None:
    at = {f"{f.__name__}_{k}": (f, x) for k, (f, x) in enumerate(ALL)}
    for name, (f, x) in at.items():
        exported(tmp_path, f, x, name, ".c", ".py")
    library = built(tmp_path)
    for name, (f, x) in at.items():
        theirs = gradient_in_c(library, name, [], x)
        assert equal(theirs, in_python(tmp_path, name, x)), name
        value, slopes = value_and_grad(f, tuple(range(len(x))))(*x)
        assert equal(theirs[0], value), name
        np.testing.assert_allclose(theirs[1], slopes, rtol=1e-14, err_msg=name)  # sums over the steps in their order


@needs_node
def test_loops_and_their_gradients_are_eager_in_javascript(tmp_path: Path) -> None:
    at = {f"{f.__name__}_{k}": (f, x) for k, (f, x) in enumerate(ALL)}
    for name, (f, x) in at.items():
        exported(tmp_path, f, x, name, ".mjs")
    script = (
        f"const at = {json.dumps({name: x for name, (_, x) in at.items()})}, found = {{}};"
        "for (const [name, x] of Object.entries(at))"
        " found[name] = (await import(`./${name}.mjs`))[name + 'Gradient']([], x).flat();"
        "console.log(JSON.stringify(found));"
    )
    for name, found in run_in_node(tmp_path, script).items():
        f, x = at[name]
        wanted = numbers(value_and_grad(f, tuple(range(len(x))))(*x))
        assert all(map(near, found, wanted)), (name, found, wanted)


@pytest.mark.parametrize(("f", "at"), ALL, ids=lambda x: getattr(x, "__name__", ""))
def test_loops_and_their_derivatives_are_eager_in_jax(f: F, at: tuple[float, ...]) -> None:
    pytest.importorskip("jax")
    which = tuple(range(len(at)))

    def everything(*xs: Any) -> list[Any]:
        second = [hessian(f, which)(*xs), jvp(f, xs, [1.0] * len(xs))] if f in (swapped, left_early) else []
        return [f(*xs), grad(f, which)(*xs), *second]

    call, wanted = compile(everything, runner="jax"), numbers(everything(*at))
    np.testing.assert_allclose(picked(call(*[[x, x + 0.25, x] for x in at]), 2), wanted, rtol=1e-13, atol=1e-14)


def test_the_source_of_a_compiled_loop_computes_it() -> None:
    def rollout(a: Any, b: Any) -> Any:
        last, ys = scan(lambda s, k: (sin(s * a + k), s * b), b, range(3, 13, 2))
        return last + ys[3] + fori(lambda s, k: tanh(s), a, 0)

    f = compile(rollout, runner="python")
    value = f(0.3, 0.7)
    assert "for t" in f.source
    assert compiled(f.source.partition("\n\n\n")[2], "rollout")(0.3, 0.7) == value


@needs_cc
def test_checkpoints_change_no_bit_in_c(tmp_path: Path) -> None:
    def swing(name: str, checkpoints: bool) -> None:
        f = lambda a, l: rk4(lambda t, y: [y[1], -9.81 / l * sin(y[0])], [a, 0.0], 0.0, 0.01, 107, checkpoints)[0]
        exported(tmp_path, f, (1.0, 2.0), name, ".c")

    swing("few", True)
    swing("every", False)
    library = built(tmp_path)
    assert gradient_in_c(library, "few", [], (1.0, 2.0)) == gradient_in_c(library, "every", [], (1.0, 2.0))
    assert "[11];" in (tmp_path / "few.c").read_text() and "[107];" in (tmp_path / "every.c").read_text()


@needs_cc
def test_a_hundred_thousand_steps_need_little_memory_in_c(tmp_path: Path) -> None:
    f = lambda a, w: fori(lambda s, i: sin(w * s) + 0.1, a, 100_000)
    exported(tmp_path, f, (0.3, 1.2), "rollout", ".c")
    value, slopes = gradient_in_c(built(tmp_path), "rollout", [], (0.3, 1.2))
    wanted, gradient = compile(value_and_grad(f, (0, 1)), runner="python")(0.3, 1.2)
    assert value == wanted
    np.testing.assert_allclose(slopes, gradient, rtol=1e-13)


def test_what_c_has_no_room_for_is_refused(tmp_path: Path) -> None:
    f = compile(lambda x: fori(lambda s, i: sin(s), x, 100_001, checkpoints=False))
    f(0.5)
    with pytest.raises(ValueError, match="loops keep more than 100,000 numbers, which C has no room for"):
        f.export(tmp_path / "f.c")


@needs_cc
def test_items_of_an_argument_are_read_where_they_lie(tmp_path: Path) -> None:
    f = compile(lambda xs: scan(lambda s, x: (s * x[0] + x[1], None), 0.5, xs)[0], runner="python")
    f([[[0.1 * k, 1.0] for k in range(40)]])
    f.export(tmp_path / "items.c")
    text = (tmp_path / "items.c").read_text()
    assert "x[2 * " in text and "x[1 + 2 * " in text


@needs_cc
@pytest.mark.parametrize("seed", [1, 2])
def test_random_loops_are_eager_in_c(seed: int, tmp_path: Path) -> None:
    f, at = random_case(seed)
    exported(tmp_path, f, at, "random", ".c", ".py")
    theirs = gradient_in_c(built(tmp_path), "random", [], at)
    assert equal(theirs, in_python(tmp_path, "random", at))
    np.testing.assert_allclose(numbers(theirs), numbers(value_and_grad(f, (0, 1))(*at)), rtol=1e-12, atol=1e-14)


def test_parameters_of_a_loop_have_their_gradients_in_jax() -> None:
    pytest.importorskip("jax")
    from autograd import Value

    w, b = Value(0.7, "w"), Value(-0.2, "b")
    cost = lambda x, y: (fori(lambda s, i: tanh(w * s + b * exp(x)), x, 6) - y) ** 2
    xs, ys = [0.3, -0.8, 1.1], [0.1, 0.2, 0.3]
    value, slopes = compile(cost, runner="jax").value_and_grad(xs, ys)
    wanted, gradient = compile(cost, runner="python").value_and_grad(xs, ys)
    assert value == pytest.approx(wanted, rel=1e-14)
    np.testing.assert_allclose(slopes, gradient, rtol=1e-13)


@pytest.mark.parametrize(("f", "at"), ROOTS, ids=lambda x: getattr(x, "__name__", ""))
def test_roots_in_machine_code_are_eager_ones_to_the_bit(f: F, at: tuple[float, ...]) -> None:
    which = tuple(range(len(at)))
    call = compile(lambda *xs: (f(*xs), grad(f, which)(*xs)))
    alone = numbers(call(*at))
    assert equal(alone[:1], f(*at))
    np.testing.assert_allclose(alone[1:], numbers(grad(f, which)(*at)), rtol=1e-14)
    assert picked(call(*[[x, *[x + 0.01] * 8, x] for x in at]), 9) == alone


@needs_cc
def test_an_example_without_a_solution_is_nan_in_c(tmp_path: Path) -> None:
    exported(tmp_path, lambda a: root(lambda x: x * x - a, 1.0), (2.0,), "square_root", ".c")
    library = built(tmp_path)
    assert gradient_in_c(library, "square_root", [], [9.0]) == (3.0, [1.0 / 6.0])
    assert np.isnan(gradient_in_c(library, "square_root", [], [-1.0])[0])


def test_what_nothing_reads_of_a_loop_is_not_written(tmp_path: Path) -> None:
    f = compile(lambda x: fori(lambda s, i: (s[0] * 2.0, sin(s[1]), s[1]), (x, x, x), 3)[0], runner="python")
    f(0.5)
    f.export(tmp_path / "f.c", gradient=False)
    assert "sin(" not in (tmp_path / "f.c").read_text()


@pytest.mark.parametrize(("n", "derivative"), [(1, hessian), (7, grad), (10, hessian)])
def test_checkpoints_change_nothing_in_jax(n: int, derivative: Any, tmp_path: Path) -> None:
    """Segments that do not fill the last one, a loop whose derivative reads the states of two, and idle steps."""
    pytest.importorskip("jax")

    f = in_segments(n)
    few, every = [
        compile(derivative(lambda a, b, c=c: f(a, b, c), (0, 1)), runner="jax")([0.7, 0.2], [0.4, 0.5])
        for c in (True, False)
    ]
    np.testing.assert_allclose(numbers(few), numbers(every), rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(
        picked(few, 0), numbers(derivative(lambda a, b: f(a, b, True), (0, 1))(0.7, 0.4)), rtol=1e-13
    )


def test_a_jax_loop_with_checkpoints_keeps_few_states() -> None:
    jax = pytest.importorskip("jax")

    def room(checkpoints: bool) -> int:
        f = compile(grad(lambda a: fori(lambda s, i: sin(s * a) + 0.1, a, 10_000, checkpoints)), runner="python")
        f(0.3)
        scope: dict[str, Any] = {}
        exec(text({"run": f.program}), scope)
        with jax.enable_x64(True):
            lowered = jax.jit(scope["run"]).lower(np.zeros(0), np.zeros((1, 8)))
            return int(lowered.compile().memory_analysis().temp_size_in_bytes)

    assert room(False) > 8 * 8 * 10_000 and room(True) < 8 * 8 * 1_000


def test_idle_steps_and_checkpoints_in_jax() -> None:
    pytest.importorskip("jax")

    def f(a: Any) -> Any:
        inner = lambda s: while_loop(lambda u: u * u < 50.0, lambda u: u * a + 0.1 * u * u, s, 12)
        return fori(lambda s, i: tanh(inner(s)) * a, a, 5, True)

    found = compile(grad(f), runner="jax")([1.1, 1.3])
    np.testing.assert_allclose(found, [grad(f)(1.1), grad(f)(1.3)], rtol=1e-13)


def test_a_long_sum_beside_a_loop_is_a_line_of_python(tmp_path: Path) -> None:
    pytest.importorskip("jax")

    def f(a: Any) -> Any:
        last, ys = scan(lambda s, x: (s * a, s * x), a, [0.1 * k for k in range(14)])
        return last + sum([k * y for k, y in enumerate(ys)])

    call = compile(f, runner="python")
    value = call(0.7)
    call.export(tmp_path / "f_jax.py")
    scope: dict[str, Any] = {}
    exec((tmp_path / "f_jax.py").read_text(), scope)
    assert compile(f, runner="jax")([0.7])[0] == pytest.approx(value, rel=1e-14)


def test_a_program_that_xla_would_take_minutes_over_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("jax")
    monkeypatch.setattr(jax_loops, "MOST", 3)
    with pytest.raises(ValueError, match=r"jax: a program with loops of 5 instructions, more than 3"):
        compile(lambda x: fori(lambda s, i: s * x, x, 3) * x + exp(x), runner="jax")(0.5)
