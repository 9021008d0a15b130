"""Functions with a rule of their own: a rule is read as a row of the table is, by every reading."""

from __future__ import annotations

import ctypes
import math
import shutil
import subprocess
from typing import Any

import pytest
from hypothesis import given

import autograd
from autograd import (
    Value,
    check_gradients,
    cos,
    custom,
    differentiating,
    draw,
    exp,
    explain,
    grad,
    hessian,
    jacobian,
    jvp,
    primitive,
    sin,
    vjp,
)
from autograd.testing import inputs


@custom(partials=lambda x, y, z: (y * exp(x), exp(x)), domain=((-1.0, 4.0), (-math.inf, math.inf)))
def growth(x: float, y: float) -> float:
    """Its value by a loop that no trace could follow."""
    total, term, k = 0.0, y, 1
    while total + term != total:
        total, term, k = total + term, term * x / k, k + 1
    return total


@custom(partials=lambda r, a, z: {"x": (z["x"] / r, -z["y"]), "y": (z["y"] / r, z["x"])})
def polar(r: float, a: float) -> dict[str, float]:
    return {"x": r * math.cos(a), "y": r * math.sin(a)}


@custom(vjp=lambda A, b, z, w: (outer(transposed_solve(A, w), z), transposed_solve(A, w)))
def solved(A: list[list[float]], b: list[float]) -> list[float]:
    """A⁻¹b of two equations, by Cramer's rule."""
    (p, q), (r, s) = A
    return [(s * b[0] - q * b[1]) / (p * s - q * r), (p * b[1] - r * b[0]) / (p * s - q * r)]


def transposed_solve(A: Any, w: Any) -> Any:
    (p, q), (r, s) = A
    return solved([[p, r], [q, s]], w)


def outer(u: Any, z: Any) -> Any:
    return [[-a * b for b in z] for a in u]


POINT = ([[2.0, 1.0], [0.5, 3.0]], [1.0, -2.0])
f_x = lambda x, z: 1.0
black_box = custom(lambda x: math.sin(x), partials=lambda x, z: math.cos(x), name="black_box")


@given(inputs(growth))
def test_a_rule_agrees_with_finite_differences_to_second_order(xs: tuple[float, ...]) -> None:
    assert check_gradients(growth, *xs).ok


def test_a_wrong_rule_is_named() -> None:
    wrong = custom(lambda x, y: x * y, partials=lambda x, y, z: (y, 2 * x), name="wrong")
    with pytest.raises(AssertionError, match=r"first wrong local derivative is ∂wrong\(x1, x2\)/∂x2 at .*expected 2"):
        check_gradients(wrong, 2.0, 5.0)


def test_results_and_partials_may_have_a_structure() -> None:
    point = polar(Value(2.0), Value(0.5))
    assert {key: z.data for key, z in point.items()} == polar(2.0, 0.5)
    assert check_gradients(lambda r, a: list(polar(r, a).values()), 2.0, 0.5).ok


def test_a_rule_for_reverse_mode_serves_both_modes_and_every_order() -> None:
    assert check_gradients(solved, *POINT).ok
    assert check_gradients(grad(lambda b: solved(POINT[0], b)[0] ** 2), POINT[1]).ok


def test_a_rule_for_forward_mode_serves_both_modes_and_every_order() -> None:
    turned = custom(
        lambda x, y: (x * y, sin(x)),
        jvp=lambda x, y, z, t: (x * t[1] + y * t[0], cos(x) * t[0]),
        name="turned",
    )
    assert check_gradients(lambda x, y: [*turned(x, y)], 0.7, 1.5).ok
    assert jvp(turned, (0.7, 1.5), (1.0, 0.0)) == ((0.7 * 1.5, math.sin(0.7)), (1.5, math.cos(0.7)))
    assert vjp(turned, 0.7, 1.5)[1]((1.0, 0.0)) == (1.5, 0.7)


def test_an_operand_may_be_constant() -> None:
    scaled = custom(lambda k, x: k * x, partials=lambda k, x, z: (None, k), name="scaled")
    k, x = Value(3.0), Value(2.0)
    scaled(k, x).backward()
    assert (k.grad, x.grad) == (0.0, 3.0)


def test_an_operand_given_by_name_stands_in_its_place() -> None:
    assert growth(y=2.0, x=0.0) == 2.0


def test_the_function_runs_once_and_its_rule_once_for_all_its_results() -> None:
    calls = []

    def f(x: float, y: float) -> list[float]:
        calls.append("f")
        return [x, y, x * y]

    def rule(x: Any, y: Any, z: Any) -> list[Any]:
        calls.append("rule")
        return [(1, 0), (0, 1), (y, x)]

    custom(f, partials=rule)(Value(2.0), Value(3.0))
    assert calls == ["f", "rule"]


def test_a_rule_of_plain_numbers_gives_first_derivatives_and_refuses_second_ones() -> None:
    assert grad(black_box)(0.3) == math.cos(0.3)
    with pytest.raises(TypeError, match=r"custom black_box: its rule takes numbers only.*operators and functions"):
        grad(grad(black_box))(0.3)
    with differentiating(), pytest.raises(TypeError, match="numbers only"):
        grad(black_box)(0.3)


@custom(partials=lambda x, z: {0.3: 5.0}.get(x, 0.0))
def looked_up(x: float) -> float:
    return 5.0 * x


@pytest.mark.parametrize("f", [looked_up, lambda x: looked_up(x * 1.0)], ids=["an argument", "a computed Value"])
def test_a_rule_that_looks_its_operand_up_is_given_its_number_or_refused(f: Any) -> None:
    w = Value(0.3)
    assert autograd.compile(grad(f), "python")(0.3) == grad(f)(0.3) == 5.0
    assert autograd.compile(lambda x: x * f(w), "python").value_and_grad([1.0, 3.0])[1][0] == 10.0
    for second in (grad(grad(f)), hessian(f), autograd.compile(grad(grad(f)), "python")):
        with pytest.raises(TypeError, match="numbers only"):
            second(0.3)


def test_a_function_that_looks_its_operand_up_is_not_written_for_jax(tmp_path: Any) -> None:
    table = {0.3: 5.0}
    f = custom(lambda x: table.get(x, 1.0) * x, partials=lambda x, z: table.get(x, 1.0))
    compiled = autograd.compile(lambda x: f(x) * 2.0, "python")
    assert compiled([0.3, 1.0]).tolist() == [3.0, 2.0]
    with pytest.raises(TypeError, match="cannot be written in JAX"):
        compiled.export(tmp_path / "f_jax.py", gradient=False)


def test_it_is_drawn_and_explained() -> None:
    x, y = Value(0.5, "x"), Value(2.0, "y")
    C = growth(x, y) * 2
    C.label = "C"
    C.backward()
    assert "growth(x, y)" in draw(C).text()
    assert "∂C/∂x = 2y·exp(x)" in explain(C, wrt=x).text()


# Compiled


@pytest.fixture
def np() -> Any:
    pytest.importorskip("llvmlite")
    return pytest.importorskip("numpy")


def test_compiled_it_is_what_it_is_eager_to_second_order(np: Any) -> None:
    xs, ys = np.linspace(-1.0, 1.0, 10), np.linspace(0.5, 2.0, 10)
    for f in (
        growth,
        grad(growth, (0, 1)),
        hessian(growth, (0, 1)),
        polar,
        jacobian(lambda x, y: list(polar(x, y).values())),
    ):
        for runner in (None, "tape", "python"):
            got = autograd.compile(f, runner=runner)(xs, ys)
            want = [flat(f(float(x), float(y))) for x, y in zip(xs, ys, strict=True)]
            assert [flat(pick(got, k)) for k in range(10)] == [pytest.approx(w, rel=1e-15) for w in want]


def flat(x: Any) -> list[float]:
    if isinstance(x, dict):
        x = list(x.values())
    return [y for item in x for y in flat(item)] if isinstance(x, list | tuple) else [float(x)]


def pick(x: Any, k: int) -> Any:
    """Example k of results for a batch."""
    if isinstance(x, dict):
        return {key: pick(item, k) for key, item in x.items()}
    return [pick(item, k) for item in x] if isinstance(x, list | tuple) else x[k].tolist()


def test_compiled_arguments_may_have_a_structure(np: Any) -> None:
    A, b = (np.array([x, x]) for x in POINT)
    got = autograd.compile(lambda A, b: sum(solved(A, b)))(A, b)
    assert got.tolist() == [sum(solved(*POINT))] * 2


def test_compiled_a_rule_of_plain_numbers_is_called_and_a_second_derivative_refused(np: Any) -> None:
    xs = np.array([0.1, 0.2])
    assert autograd.compile(grad(black_box))(xs).tolist() == [math.cos(x) for x in xs]
    with pytest.raises(TypeError, match="numbers only"):
        autograd.compile(grad(grad(black_box)))(xs)


@pytest.mark.parametrize("by_call", [False, True])
def test_no_number_of_its_surroundings_is_frozen(np: Any, by_call: bool) -> None:
    k = 2.0
    scaled = custom(lambda x: k * x, partials=lambda x, z: k, name="scaled", by_call=by_call)
    own = primitive(f"scaled_by_{by_call}", lambda x: k * x, lambda x, z: k)
    try:
        for f in (scaled, own, grad(scaled), grad(own)):
            for runner in (None, "tape"):
                k = 2.0
                compiled = autograd.compile(f, runner=runner)
                before = [compiled(np.array([1.0, 1.0])).tolist() for _ in range(5)]
                k = 3.0
                assert (*before, compiled(np.array([1.0, 1.0])).tolist()) == (*[[2.0, 2.0]] * 5, [3.0, 3.0])
    finally:
        del autograd.core.columns.TABLE[own.name]


@pytest.mark.parametrize("runner", ["python", "tape", "source"])
def test_the_number_of_a_value_that_it_reads_is_not_frozen(np: Any, runner: Any) -> None:
    w = Value(2.0)
    scaled = custom(lambda x: w.data * x, partials=lambda x, z: w.data, name="scaled")
    compiled, slope = [autograd.compile(f, runner=runner) for f in (scaled, grad(scaled))]
    assert (compiled([1.0]).tolist(), slope([1.0]).tolist()) == ([2.0], [2.0])
    w.data = 7.0
    assert (compiled([1.0]).tolist(), slope([1.0]).tolist()) == ([7.0], [7.0])


@pytest.mark.parametrize(
    ("f", "x", "z"),
    [
        (lambda x: math.log(x), 0.0, -math.inf),
        (lambda x: math.log1p(x), -1.0, -math.inf),
        (lambda x: math.exp(x), 1e3, math.inf),
        (lambda x: math.log(1.0 + math.exp(x)), 1e3, math.inf),
        (lambda x: math.pow(x, -1.0), -0.0, -math.inf),
        (lambda x: math.sqrt(x), -1.0, math.nan),
    ],
)
@pytest.mark.parametrize("make", [lambda f: primitive("of_math", f, f_x), lambda f: custom(f, partials=f_x)])
def test_where_math_raises_every_runner_has_what_ieee_says(np: Any, make: Any, f: Any, x: float, z: float) -> None:
    try:
        own = make(f)
        found = [own(x), own(Value(x)).data, *[autograd.compile(own, runner)([x])[0] for runner in ("python", None)]]
        assert found == [pytest.approx(z, nan_ok=True)] * 4
    finally:
        autograd.core.columns.TABLE.pop("of_math", None)


@pytest.mark.parametrize("make", [custom, primitive], ids=["custom", "primitive"])
def test_what_it_raises_reaches_the_caller_of_compiled_code(np: Any, make: Any) -> None:
    def stubborn(x: float) -> float:
        while x < 1.0:
            x += 0.1
        if x > 2.0:
            raise RuntimeError("no convergence")
        return x

    rule = lambda x, z: 1.0
    f = custom(stubborn, partials=rule) if make is custom else primitive("stubborn", stubborn, rule)
    try:
        compiled = autograd.compile(lambda x: f(x) * 2)
        for _ in range(5):
            assert compiled(np.array([1.5, 1.25])).tolist() == [3.0, 2.5]
        with pytest.raises(RuntimeError, match="no convergence"):
            compiled(np.array([1.5, 3.0]))
        assert compiled(np.array([1.5])).tolist() == [3.0]
    finally:
        autograd.core.columns.TABLE.pop("stubborn", None)


def test_it_divides_as_ieee_does_eager_and_compiled(np: Any) -> None:
    inverse = custom(lambda x: 1 / x, partials=lambda x, z: -z / x, name="inverse")
    assert grad(inverse)(0.0) == -math.inf and inverse(0.0) == math.inf
    assert autograd.compile(inverse)(np.array([0.0, 2.0])).tolist() == [math.inf, 0.5]


def test_a_function_made_of_operators_becomes_machine_code(np: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from autograd.native import rows

    monkeypatch.setattr(rows, "_callback", lambda *_: pytest.fail("called back"))
    square = custom(lambda x, y: (x * x, x * y), partials=lambda x, y, z: ((2 * x, 0), (y, x)), name="square")
    assert autograd.compile(lambda x: square(x, 3.0)[1])(np.array([2.0, 3.0])).tolist() == [6.0, 9.0]


def test_it_is_exported_where_it_is_made_of_operators_and_else_refused_by_name(np: Any, tmp_path: Any) -> None:
    square = custom(lambda x: x * sin(x), partials=lambda x, z: 3 * x, name="square")
    compiled = autograd.compile(square)
    compiled(2.0)
    compiled.export(tmp_path / "square.py")
    names: dict[str, Any] = {}
    exec((tmp_path / "square.py").read_text(), names)
    assert names["square"]([], [2.0]) == 2.0 * math.sin(2.0)
    assert names["square_gradient"]([], [2.0]) == [2.0 * math.sin(2.0), [6.0]]  # by its own rule
    compiled = autograd.compile(lambda r, a: polar(r, a)["x"])
    compiled(1.0, 2.0)
    for suffix in ("c", "mjs", "py"):
        with pytest.raises(TypeError, match="the row 'polar_1' cannot be written"):
            compiled.export(tmp_path / f"polar.{suffix}")


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
def test_a_loop_is_exported_as_a_loop(tmp_path: Any) -> None:
    compiled = autograd.compile(growth, runner="python")
    compiled(1.0, 2.0)
    compiled.export(tmp_path / "growth.c")
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", "growth.so", "growth.c", "-lm"], cwd=tmp_path, check=True)
    f = ctypes.CDLL(str(tmp_path / "growth.so")).growth
    f.restype = ctypes.c_double
    assert f(None, (ctypes.c_double * 2)(1.0, 2.0)) == growth(1.0, 2.0)


# Refused


def test_printed_python_refuses_it_by_name() -> None:
    compiled = autograd.compile(growth, runner="python")
    compiled(1.0, 2.0)
    with pytest.raises(TypeError, match="source: the row 'growth' is a custom function"):
        _ = compiled.source


def test_a_value_that_is_no_argument_is_refused() -> None:
    w = Value(3.0, "w")
    scaled = custom(lambda x: w * x, partials=lambda x, z: w, name="scaled")
    with pytest.raises(TypeError, match=r"custom scaled: its result depends on .*no argument"):
        scaled(Value(2.0))


def test_what_a_rule_returns_must_fit_the_arguments() -> None:
    f = custom(lambda p, x: p["a"] * x, partials=lambda p, x, z: ({"b": x}, p["a"]), name="f")
    with pytest.raises(TypeError, match=r"custom f: what its rule returned\[0\] is dict of 1 where a dict of \['a'\]"):
        f({"a": Value(2.0)}, 3.0)
    g = custom(lambda x, y: x, partials=lambda x, y, z: (1.0,), name="g")
    with pytest.raises(TypeError, match="custom g: what its rule returned is tuple of 1 where 2 elements would fit"):
        g(Value(2.0), 3.0)


def test_as_many_numbers_are_returned_each_time() -> None:
    f = custom(lambda x: [x] * int(x), partials=lambda x, z: [1.0] * len(z), name="f")
    f(Value(2.0))
    with pytest.raises(TypeError, match="custom f: it returned 2 numbers before and 3 now"):
        f(Value(3.0))


def test_a_rule_is_asked_for() -> None:
    with pytest.raises(TypeError, match="custom: give one rule"):
        custom(lambda x: x)
    with pytest.raises(TypeError, match="custom: give one rule"):
        custom(lambda x: x, jvp=sin, vjp=sin)


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({"jvp": lambda primals, tangents: tangents[0]}, r"takes 2 operands; write jvp\(x, y, z, directions\)"),
        ({"vjp": lambda x, y, w: (y * w, x * w)}, r"takes 3 operands; write vjp\(x, y, z, w\)"),
        ({"partials": lambda x, y: (y, x)}, r"takes 2 operands; write partials\(x, y, z\)"),
    ],
)
def test_a_rule_of_other_operands_is_refused_where_it_is_given(rule: Any, says: str) -> None:
    with pytest.raises(TypeError, match=f"custom product: its rule {says}"):
        custom(lambda x, y: x * y, name="product", **rule)
