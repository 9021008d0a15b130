"""Whole-array programs in numpy: the function is given an array of Values, and every one is right or refused by name.

Values are held against numpy itself on floats, gradients against closed forms.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

import autograd
from autograd import (
    Value,
    check_gradients,
    compile,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    value_and_grad,
    vjp,
)
from tests.compare import assert_refused

np = pytest.importorskip("numpy")

X = np.array([0.3, -1.2, 2.5, 0.7])
W = np.array([[1.0, -2.0, 0.5, 3.0], [0.25, 1.5, -1.0, 2.0], [2.0, 0.1, 0.3, -0.7]])
B = np.array([0.1, -0.2, 0.3])
N = len(X)
sigma = lambda z: 1 / (1 + np.exp(-z))
one = lambda i: np.eye(N)[i]


def softmax(z: Any) -> Any:
    return np.exp(z) / np.exp(z).sum()


# name: (program of numpy and x, its gradient at x)
PROGRAMS: dict[str, tuple[Callable[[Any, Any], Any], Callable[[Any], Any]]] = {
    "mean of twice": (lambda np, x: np.mean(2 * x), lambda x: np.full(N, 2 / N)),
    "sum of a sum": (lambda np, x: (x + x).sum(), lambda x: np.full(N, 2.0)),
    "squares": (lambda np, x: np.sum(x**2), lambda x: 2 * x),
    "np.square": (lambda np, x: np.square(x).mean(), lambda x: 2 * x / N),
    "x @ x": (lambda np, x: x @ x, lambda x: 2 * x),
    "np.dot": (lambda np, x: np.dot(x, np.arange(4.0)), lambda x: np.arange(4.0)),
    "quadratic form": (lambda np, x: x @ (W.T @ W) @ x, lambda x: 2 * W.T @ W @ x),
    "least squares": (lambda np, x: np.sum((W @ x - B) ** 2), lambda x: 2 * W.T @ (W @ x - B)),
    "reflected matmul": (lambda np, x: np.sum(x @ W.T), lambda x: W.sum(0)),
    "matrix of x": (lambda np, x: np.sum((x.reshape(2, 2) @ x.reshape(2, 2)) ** 2), lambda x: matrix_square(x)),
    "prod": (lambda np, x: np.prod(x), lambda x: np.prod(x) / x),
    "var": (lambda np, x: np.var(x), lambda x: 2 * (x - x.mean()) / N),
    "var, ddof": (lambda np, x: np.var(x, ddof=1), lambda x: 2 * (x - x.mean()) / (N - 1)),
    "std": (lambda np, x: x.std(), lambda x: (x - x.mean()) / N / x.std()),
    "norm": (lambda np, x: np.linalg.norm(x), lambda x: x / np.sqrt(x @ x)),
    "norm 1": (lambda np, x: np.linalg.norm(x, 1), lambda x: np.sign(x)),
    "norm 3": (lambda np, x: np.linalg.norm(x, 3), lambda x: x * abs(x) / np.sum(abs(x) ** 3) ** (2 / 3)),
    "norm inf": (lambda np, x: np.linalg.norm(x, np.inf), lambda x: one(2)),
    "norms of rows": (
        lambda np, x: np.linalg.norm(x.reshape(2, 2), axis=1).sum(),
        lambda x: (x.reshape(2, 2) / np.sqrt((x.reshape(2, 2) ** 2).sum(1, keepdims=True))).ravel(),
    ),
    "max": (lambda np, x: np.max(x), lambda x: one(2)),
    "min": (lambda np, x: x.min() ** 2, lambda x: 2 * x.min() * one(1)),
    "ptp": (lambda np, x: np.ptp(x), lambda x: one(2) - one(1)),
    "max along an axis": (lambda np, x: np.max(x.reshape(2, 2), axis=0).sum(), lambda x: one(2) + one(3)),
    "where": (lambda np, x: np.where(x > 0, x**2, -x).sum(), lambda x: np.where(x > 0, 2 * x, -1)),
    "where of masks": (
        lambda np, x: np.sum(np.where((x > 0) & (x < 1), x**3, 0.0)),
        lambda x: np.where((x > 0) & (x < 1), 3 * x**2, 0.0),
    ),
    "where not, or": (
        lambda np, x: np.sum(np.where(~(x > 0) | np.logical_not(x < 2), x**2, x)),
        lambda x: np.where((x <= 0) | (x >= 2), 2 * x, 1.0),
    ),
    "mask as a factor": (lambda np, x: np.sum((x > 0) * x**2), lambda x: 2 * x * (x > 0)),
    "safe log": (
        lambda np, x: np.sum(np.where(x > 0, np.log(np.where(x > 0, x, 1.0)), 0.0)),
        lambda x: np.where(x > 0, 1 / x, 0.0),
    ),
    "equal": (lambda np, x: np.sum(np.where(x == 0.7, x**2, x)), lambda x: np.where(x == 0.7, 2 * x, 1.0)),
    "clip": (lambda np, x: np.clip(x, -1, 1).sum(), lambda x: np.array([1.0, 0.0, 0.0, 1.0])),
    "clip from one side": (lambda np, x: np.clip(x, 0.5, None) @ x, lambda x: np.where(x > 0.5, 2 * x, 0.5)),
    "maximum": (lambda np, x: np.maximum(x, 0).sum(), lambda x: (x > 0) * 1.0),
    "minimum of two": (lambda np, x: np.minimum(x, x[::-1]).sum(), lambda x: np.array([2.0, 2.0, 0, 0])),
    "arctan2": (lambda np, x: np.arctan2(x, 2.0).sum(), lambda x: 2 / (4 + x**2)),
    "hypot": (lambda np, x: np.hypot(x, x[::-1]).sum(), lambda x: 2 * x / np.sqrt(x**2 + x[::-1] ** 2)),
    "exp2": (lambda np, x: np.exp2(x).sum(), lambda x: 2**x * np.log(2)),
    "log2, log10": (
        lambda np, x: (np.log2(x**2) + np.log10(x**2)).sum(),
        lambda x: 2 / x * (1 / np.log(2) + 1 / np.log(10)),
    ),
    "abs": (lambda np, x: np.abs(x).sum(), lambda x: np.sign(x)),
    "sign": (lambda np, x: np.sum(np.sign(x) * x), lambda x: np.sign(x)),
    "reciprocal": (lambda np, x: np.reciprocal(x).sum(), lambda x: -1 / x**2),
    "degrees": (lambda np, x: np.sin(np.deg2rad(x)).sum(), lambda x: np.cos(x * np.pi / 180) * np.pi / 180),
    "logaddexp": (lambda np, x: np.logaddexp(x, 0.0).sum(), lambda x: sigma(x)),
    "power": (lambda np, x: np.power(2.0, x).sum() + np.sum(x**3), lambda x: 2**x * np.log(2) + 3 * x**2),
    "trigonometry": (
        lambda np, x: (np.sin(x) * np.cos(x) + np.arctan(x) + np.tanh(x)).sum(),
        lambda x: np.cos(2 * x) + 1 / (1 + x**2) + 1 - np.tanh(x) ** 2,
    ),
    "softmax": (
        lambda np, x: (np.exp(x - np.max(x)) / np.sum(np.exp(x - np.max(x))))[1],
        lambda x: softmax(x)[1] * (one(1) - softmax(x)),
    ),
    "normal density": (
        lambda np, x: np.sum(np.log(np.exp(-((x - np.mean(x)) ** 2)))),
        lambda x: -2 * (x - x.mean()),
    ),
    "outer": (lambda np, x: np.outer(x, x).sum(), lambda x: np.full(N, 2 * x.sum())),
    "inner": (lambda np, x: np.inner(W, x) @ B, lambda x: W.T @ B),
    "einsum": (lambda np, x: np.einsum("ij,j,j->i", W, x, x).sum(), lambda x: 2 * x * W.sum(0)),
    "tensordot": (lambda np, x: np.tensordot(W, x, axes=1).sum(), lambda x: W.sum(0)),
    "trace": (lambda np, x: np.trace(np.outer(x, x)), lambda x: 2 * x),
    "diag": (lambda np, x: np.sum(np.diag(x) @ np.diag(x)), lambda x: 2 * x),
    "kron": (lambda np, x: np.kron(x, np.ones(2)) @ np.kron(x, np.ones(2)), lambda x: 4 * x),
    "cross": (lambda np, x: np.cross(x[:3], B) @ np.ones(3), lambda x: np.append(np.cross(B, np.ones(3)), 0.0)),
    "cumsum": (lambda np, x: np.cumsum(x)[2] ** 2, lambda x: 2 * x[:3].sum() * np.array([1, 1, 1, 0])),
    "cumprod": (lambda np, x: np.cumprod(x)[2], lambda x: np.array([x[1] * x[2], x[0] * x[2], x[0] * x[1], 0])),
    "accumulate": (lambda np, x: np.add.accumulate(x)[2], lambda x: np.array([1.0, 1.0, 1.0, 0.0])),
    "outer of a ufunc": (
        lambda np, x: np.multiply.outer(x, x[:2]).sum(),
        lambda x: x[:2].sum() + x.sum() * (one(0) + one(1)),
    ),
    "reduceat": (
        lambda np, x: (np.add.reduceat(x, [0, 2]) ** 2).sum(),
        lambda x: 2 * np.repeat(x.reshape(2, 2).sum(1), 2),
    ),
    "at": (lambda np, x: (added_at(np, x) ** 2).sum(), lambda x: at_slopes(x)),
    "diff": (lambda np, x: np.sum(np.diff(x) ** 2), lambda x: -2 * np.diff(np.pad(np.diff(x), 1))),
    "convolve": (lambda np, x: np.convolve(x, B).sum(), lambda x: np.full(N, B.sum())),
    "roll, flip": (
        lambda np, x: np.roll(x, 1) @ np.flip(x),
        lambda x: np.flip(np.roll(x, 1)) + np.roll(np.flip(x), -1),
    ),
    "stack": (lambda np, x: np.sum(np.stack([x, x**2]) ** 2), lambda x: 2 * x + 4 * x**3),
    "concatenate": (lambda np, x: np.concatenate([x, x[:2]]) @ np.arange(6.0), lambda x: np.array([4.0, 6, 2, 3])),
    "broadcast": (lambda np, x: np.sum((x[:, None] - x[None, :]) ** 2), lambda x: 4 * (N * x - x.sum())),
    "transpose": (lambda np, x: np.sum(x.reshape(2, 2).T @ B[:2]), lambda x: np.repeat(B[:2], 2)),
    "tile, repeat": (lambda np, x: (np.tile(x, 2) * np.repeat(x, 2)).sum(), lambda x: tiled(x)),
    "ellipsis": (lambda np, x: x[..., 0] * 3.0, lambda x: 3 * one(0)),
    "one element": (lambda np, x: x[:1] ** 2, lambda x: 2 * x * one(0)),
    "keepdims": (lambda np, x: np.sum(x - x.mean(keepdims=True)) + x.sum(keepdims=True), lambda x: np.ones(N)),
    "mean along an axis": (lambda np, x: np.mean(x.reshape(2, 2), axis=0) @ B[:2], lambda x: np.tile(B[:2], 2) / 2),
    "average": (lambda np, x: np.average(x, weights=np.arange(4.0)), lambda x: np.arange(4.0) / 6),
    "polyval": (lambda np, x: np.polyval(np.array([1.0, -2.0, 3.0]), x).sum(), lambda x: 2 * x - 2),
    "finite ones": (lambda np, x: np.sum(np.where(np.isfinite(x), x, 0.0)), lambda x: np.ones(N)),
    "not a nan": (lambda np, x: np.sum(np.where(np.isnan(x) | np.isinf(x), 0.0, x**2)), lambda x: 2 * x),
    "sinc": (lambda np, x: np.sinc(x).sum(), lambda x: (np.cos(np.pi * x) - np.sinc(x)) / x),
    "nan_to_num": (lambda np, x: np.nan_to_num(x).sum(), lambda x: np.ones(N)),
    "nan_to_num of infinities": (
        lambda np, x: np.nan_to_num(x * np.array([np.inf, np.inf, 1, 1]), posinf=5.0, neginf=-7.0).sum(),
        lambda x: one(2) + one(3),
    ),
    "plain average": (lambda np, x: np.average(x), lambda x: np.full(N, 1 / N)),
    "average with keepdims": (
        lambda np, x: (np.average(x.reshape(2, 2), axis=1, keepdims=True) ** 2).sum(),
        lambda x: np.repeat(x.reshape(2, 2).mean(1), 2),
    ),
    "average of rows": (
        lambda np, x: np.average(x.reshape(2, 2), axis=0, weights=[1.0, 3.0]) @ B[:2],
        lambda x: np.outer([0.25, 0.75], B[:2]).ravel(),
    ),
    "dot with a number": (lambda np, x: np.dot(x, 3.0).sum(), lambda x: np.full(N, 3.0)),
    "products of stacks": (
        lambda np, x: np.matmul(x.reshape(2, 1, 2), x.reshape(2, 2, 1)).sum() + (x[:2] @ x.reshape(2, 2, 1)).sum(),
        lambda x: 2 * x + np.append(x[:2] + x[2:], x[:2]) + np.append(x[:2], [0.0, 0.0]),
    ),
    "clipped above": (lambda np, x: np.clip(x, None, 0.5).sum(), lambda x: (x < 0.5) * 1.0),
    "sum of some": (lambda np, x: np.sum(x**2, where=np.arange(N) != 1, initial=7.0), lambda x: 2 * x * (1 - one(1))),
    "select": (
        lambda np, x: np.select([x > 1, x < 0], [x**2, -x]).sum(),
        lambda x: np.select([x > 1, x < 0], [2 * x, -np.ones(N)]),
    ),
    "apply_along_axis": (
        lambda np, x: np.apply_along_axis(lambda r: np.sum(r**2) * r, 1, x.reshape(2, 2)).sum(),
        lambda x: row_by_row(x),
    ),
    "covariance": (lambda np, x: np.cov(x), lambda x: 2 * (x - x.mean()) / (N - 1)),
    "logistic loss": (
        lambda np, x: np.mean(np.log1p(np.exp(-B * (W @ x)))),
        lambda x: -W.T @ (B * sigma(-B * (W @ x))) / 3,
    ),
    "layer": (
        lambda np, x: np.sum(np.tanh(np.dot(W, x) + B)),
        lambda x: W.T @ (1 - np.tanh(W @ x + B) ** 2),
    ),
    "Rosenbrock": (
        lambda np, x: np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2),
        lambda x: np.append(-400 * x[:-1] * (x[1:] - x[:-1] ** 2) - 2 * (1 - x[:-1]), 0)
        + np.append(0, 200 * (x[1:] - x[:-1] ** 2)),
    ),
}  # fmt: skip

if hasattr(np, "vecmat"):
    PROGRAMS["vecdot"] = (lambda np, x: np.vecdot(x.reshape(2, 2), x.reshape(2, 2)).sum(), lambda x: 2 * x)
    PROGRAMS["matvec"] = (lambda np, x: np.matvec(W, x) @ B, lambda x: W.T @ B)
    PROGRAMS["vecmat"] = (lambda np, x: np.vecmat(x, W.T) @ B, lambda x: W.T @ B)

# These look at numbers, which a compiled function cannot.
EAGER: dict[str, tuple[Callable[[Any, Any], Any], Callable[[Any], Any]]] = {
    "median": (lambda np, x: np.median(x), lambda x: (one(0) + one(3)) / 2),
    "sort": (lambda np, x: np.sort(x) @ np.arange(4.0), lambda x: np.array([1.0, 0.0, 3.0, 2.0])),
    "sort in place": (
        lambda np, x: (lambda y: (y.sort(), y @ np.arange(4.0))[1])(x.copy()),
        lambda x: np.array([1.0, 0.0, 3.0, 2.0]),
    ),
    "those that are not 0": (lambda np, x: x[np.where(x)].sum(), lambda x: np.ones(N)),
    "argmax": (lambda np, x: x[np.argmax(x)] ** 2, lambda x: 2 * x[2] * one(2)),
    "argsort": (lambda np, x: x[np.argsort(x)][:2].sum(), lambda x: one(0) + one(1)),
    "chosen by a mask": (lambda np, x: np.sum(x[x > 0] ** 2), lambda x: np.where(x > 0, 2 * x, 0.0)),
    "if on a sum": (lambda np, x: x.sum() if x.sum() > 0 else -x.sum(), lambda x: np.ones(N)),
}  # fmt: skip


def matrix_square(x: Any) -> Any:
    m = x.reshape(2, 2)
    g = 2 * m @ m
    return (g @ m.T + m.T @ g).ravel()


def row_by_row(x: Any) -> Any:
    m = x.reshape(2, 2)
    return (2 * m * m.sum(1, keepdims=True) + (m**2).sum(1, keepdims=True)).ravel()


def added_at(np: Any, x: Any) -> Any:
    """x₀ + x₀ + x₁, x₁, x₂ + x₂, x₃"""
    y = x.copy()
    np.add.at(y, [0, 0, 2], x[:3])
    return y


def at_slopes(x: Any) -> Any:
    y = 2 * added_at(np, x)
    return np.array([2 * y[0], y[0] + y[1], 2 * y[2], y[3]])


def tiled(x: Any) -> Any:
    return np.array([2 * x[0] + x[1] + x[2], x[0] + 2 * x[2] + x[3], x[0] + 2 * x[1] + x[3], x[1] + x[2] + 2 * x[3]])


programs = pytest.mark.parametrize("name", [*PROGRAMS, *EAGER])
compilable = pytest.mark.parametrize("name", PROGRAMS)


def program(name: str) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    f, gradient = {**PROGRAMS, **EAGER}[name]
    return lambda x: f(np, x), gradient


@programs
def test_the_value_is_numpys(name: str) -> None:
    f, _ = program(name)
    assert value_and_grad(f)(X)[0] == pytest.approx(float(np.squeeze(f(X))), rel=1e-13, abs=1e-13)


@programs
def test_the_gradient_is_the_closed_form(name: str) -> None:
    f, gradient = program(name)
    got = grad(f)(X)
    assert isinstance(got, np.ndarray) and got.dtype == float
    np.testing.assert_allclose(got, gradient(X), rtol=1e-12, atol=1e-13)


def test_near_0_sinc_is_as_exact_as_elsewhere() -> None:
    slope = grad(np.sinc)
    assert [slope(x) for x in (0.0, 1e-9, -1e-5)] == pytest.approx([0.0, -(np.pi**2) / 3e9, np.pi**2 / 3e5], rel=1e-9)
    assert grad(slope)(0.0) == pytest.approx(-(np.pi**2) / 3, rel=1e-15)


@programs
def test_the_gradient_passes_its_check(name: str) -> None:
    assert check_gradients(program(name)[0], X, order=1).failures == []


@compilable
def test_compiled_the_results_are_the_same(name: str) -> None:
    f, _ = program(name)
    batch = np.stack([X, X[::-1] * 1.5, X + 0.25])
    got = np.reshape(compile(f)(batch), -1)
    np.testing.assert_allclose(got, [value_and_grad(f)(x)[0] for x in batch], rtol=1e-14, atol=1e-14)


@compilable
def test_compiled_the_gradient_is_the_same(name: str) -> None:
    f, _ = program(name)
    batch = np.stack([X, X[::-1] * 1.5, X + 0.25])
    np.testing.assert_allclose(compile(grad(f))(batch), [grad(f)(x) for x in batch], rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("name", [name for name in EAGER if name != "if on a sum"])
def test_what_looks_at_numbers_is_refused_in_a_trace(name: str) -> None:
    assert_refused(lambda: compile(program(name)[0])(np.stack([X, X])), "another example may have", "np.where")


REFUSED: dict[str, Callable[[Any], Any]] = {
    "linalg.inv": lambda x: np.linalg.inv(x.reshape(2, 2)),
    "linalg.det": lambda x: np.linalg.det(x.reshape(2, 2)),
    "linalg.solve": lambda x: np.linalg.solve(x.reshape(2, 2), B[:2]),
    "linalg.eigvalsh": lambda x: np.linalg.eigvalsh(x.reshape(2, 2)),
    "fft.fft": lambda x: np.fft.fft(x),
    "interp": lambda x: np.interp(x, B, B),
    "percentile": lambda x: np.percentile(x, 50),
    "nansum": lambda x: np.nansum(x),
    "histogram": lambda x: np.histogram(x),
    "heaviside": lambda x: np.heaviside(x, 0.5),
    "spacing": lambda x: np.spacing(x),
    "sum": lambda x: np.sum(x, dtype=np.float32),
    "linalg.norm(ord=0)": lambda x: np.linalg.norm(x, 0),
    "linalg.norm(ord=2)": lambda x: np.linalg.norm(x.reshape(2, 2), 2),
    "cov(y=)": lambda x: np.cov(x, x),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_known_is_refused_by_name(name: str) -> None:
    assert_refused(lambda: grad(lambda x: np.sum(REFUSED[name](x)))(X), f"np.{name}", "write it with")


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (lambda x: np.dot(x, B), ValueError, r"np.dot: shapes \(4,\) and \(3,\) do not fit: 4 against 3"),
        (lambda x: np.matmul(x, 2.0), ValueError, r"np.matmul: an operand is a number; write a \* b"),
        (lambda x: np.max(x[:0]), ValueError, "np.max of no numbers: give at least one, or initial="),
        (lambda x: np.min(x[:0]), ValueError, "np.min of no numbers: give at least one, or initial="),
        (lambda x: np.sum(x, axis=1), ValueError, "axis 1 is out of bounds"),
        (
            lambda x: np.sum(x, ddof=1),
            TypeError,
            "unexpected keyword argument|np.sum: ddof= is not known for arrays of Values",
        ),
        (lambda x: np.average(x.reshape(2, 2), weights=[1.0, 2.0]), TypeError, "weights of one axis need the axis"),
    ],
)
def test_shapes_and_settings_that_do_not_fit_are_named(wrong: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        grad(wrong)(X)


def test_a_nan_makes_the_median_one() -> None:
    assert math.isnan(np.median(np.stack([Value(1.0), Value(math.nan), Value(2.0)])).data)


@pytest.mark.parametrize("name", ["linalg.inv", "linalg.solve"])
def test_for_numpy_s_linear_systems_ours_is_named(name: str) -> None:
    assert_refused(lambda: grad(lambda x: np.sum(REFUSED[name](x)))(X), f"np.{name}", "autograd.solve(A, b)")


TRANSFORMS: dict[str, Callable[[Callable[[Any], Any]], Any]] = {
    "grad": lambda f: grad(f)(X),
    "value_and_grad": lambda f: value_and_grad(f)(X),
    "jvp": lambda f: jvp(f, (X,), (X,)),
    "vjp": lambda f: vjp(f, X)[1](1.0),
    "jacobian": lambda f: jacobian(f)(X),
    "jacobian, forward": lambda f: jacobian(f, mode="forward")(X),
    "hessian": lambda f: hessian(f)(X),
    "hvp": lambda f: hvp(f, (X,), (X,)),
    "compile": lambda f: compile(f)(X[None]),
    "compile of grad": lambda f: compile(grad(f))(X[None]),
    "check_gradients": lambda f: check_gradients(f, X),
    "grad of grad": lambda f: grad(lambda x: grad(f)(x) @ x)(X),
}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_every_transform_gives_an_array_for_an_array(name: str) -> None:
    seen: list[Any] = []

    def f(x: Any) -> Any:
        seen.append(x)
        return np.mean(2 * x**2)

    TRANSFORMS[name](f)
    assert {(isinstance(x, np.ndarray), x.shape) for x in seen} == {(True, X.shape)}


@pytest.mark.parametrize("name", ["grad", "jvp", "hessian", "compile", "check_gradients"])
def test_every_transform_gives_a_list_for_a_list(name: str) -> None:
    calls = {
        "grad": lambda f: grad(f)([1.0, 2.0]), "jvp": lambda f: jvp(f, ([1.0, 2.0],), ([1.0, 0.0],)),
        "hessian": lambda f: hessian(f)([1.0, 2.0]), "compile": lambda f: compile(f)([[1.0, 2.0]]),
        "check_gradients": lambda f: check_gradients(f, [1.0, 2.0]),
    }  # fmt: skip
    seen: list[type] = []
    calls[name](lambda x: seen.append(type(x)) or x[0] * x[1])
    assert {*seen} == {list}


def test_the_example_of_the_silent_list_is_right() -> None:
    value, gradient = value_and_grad(lambda x: np.mean(2 * x))(np.array([1.0, 2.0, 3.0]))
    assert value == 4.0 and gradient == pytest.approx([2 / 3] * 3, rel=1e-15)


def test_a_compiled_function_tells_lists_from_arrays_of_one_shape() -> None:
    twice = compile(lambda x: 2 * x)
    assert twice(np.ones((1, 2))).shape == (1, 2) and twice([[1.0, 1.0]]).shape == (1, 4)


@pytest.mark.parametrize("take", [lambda x: x[..., 0], lambda x: x[:1], lambda x: x[:1].reshape(1, 1)])
def test_an_array_of_one_number_stands_for_it(take: Callable[[Any], Any]) -> None:
    w = Value(3.0)
    assert grad(take)(X).tolist() == [1, 0, 0, 0]
    assert compile(lambda x: take(x * w)).value_and_grad(X[None])[0] == pytest.approx(0.9)


def test_a_list_of_one_number_is_not_one_number() -> None:
    with pytest.raises(TypeError, match="must return one scalar"):
        grad(lambda x: [x[0]])(X)


def test_rows_of_the_table_take_arrays() -> None:
    got = grad(lambda x: autograd.sigmoid(x).sum())(X)
    np.testing.assert_allclose(got, sigma(X) * sigma(-X), rtol=1e-14)


def test_a_scalar_condition_in_a_trace_chooses_with_np_where() -> None:
    f = compile(lambda x, y: np.where(y == 1, x, x * y))
    assert f([2.0, 2.0], [1.0, 5.0]).tolist() == [2.0, 10.0]


def test_writing_into_an_array_keeps_the_graph() -> None:
    def f(x: Any) -> Any:
        y = np.zeros_like(x)
        y[1:] = x[:-1]
        y += x
        return y @ y

    assert grad(f)(np.array([1.0, 2.0])).tolist() == [2 * 1 + 2 * 3, 2 * 3]


def test_writing_into_an_array_of_floats_is_refused() -> None:
    y = np.zeros(N)
    assert_refused(lambda: grad(lambda x: np.add(x, 1.0, out=y).sum())(X), "v.data")


def put(x: Any, index: Any) -> Any:
    y = x.copy()
    y[index] = 0.0
    return y.sum()


def test_an_index_by_a_traced_comparison_names_where() -> None:
    assert_refused(lambda: compile(lambda x: x[x > 0].sum())(X[None]), "np.where")
    assert_refused(lambda: compile(lambda x: put(x, x > 0))(X[None]), "np.where")
    with pytest.raises(IndexError, match="out of bounds"):
        grad(lambda x: put(x, N))(X)


def test_arrays_compare_by_number() -> None:
    assert grad(lambda x: np.sum(np.where(x == np.max(x), x, 0.0)))(X).tolist() == [0, 0, 1, 0]


def test_the_norm_at_zero_has_the_least_subgradient() -> None:
    assert grad(np.linalg.norm)(np.zeros(3)).tolist() == [0, 0, 0]


def test_numpys_own_object_arrays_ask_the_elements() -> None:
    got = grad(lambda x: np.sum(np.exp2(np.array([x[0], x[1]])) + np.arctan2(np.array([x[0], x[1]]), 1.0)))(X[:2])
    np.testing.assert_allclose(got, 2 ** X[:2] * np.log(2) + 1 / (1 + X[:2] ** 2), rtol=1e-14)


def test_the_second_derivatives_of_a_whole_array_program() -> None:
    got = hessian(lambda x: np.sum(np.outer(x, x) ** 2))(X)
    want = 8 * np.outer(X, X) + np.diag(4 * np.full(N, X @ X))
    np.testing.assert_allclose(got, want, rtol=1e-13)


def test_a_row_of_the_table_answers_for_numpys_function_of_its_name() -> None:
    from autograd import primitive
    from autograd.core.primitives import TABLE

    primitive("spacing", lambda x: 2.0 * x, lambda x, z: 2.0)
    try:
        assert grad(lambda x: np.spacing(x).sum())(X).tolist() == [2.0] * N
    finally:
        del TABLE["spacing"]


@pytest.mark.parametrize(
    "choose", [np.max, np.min, lambda a: np.maximum(a[:1], a[1:])[0]], ids=["max", "min", "maximum"]
)
@pytest.mark.parametrize("other", [1.0, math.nan], ids=["tie", "nan"])
def test_what_numpys_own_object_array_would_choose_wrongly_is_refused(choose: Any, other: float) -> None:
    with pytest.raises(TypeError, match=r"np.stack\(\[v, w\]\)"):
        choose(np.array([Value(1.0), Value(other)]))


def test_numpys_own_object_array_chooses_where_the_numbers_differ() -> None:
    v, w = Value(1.0), Value(2.0)
    assert np.max(np.array([v, w])) is w and np.min(np.array([v, w])) is v


def test_the_remedy_shares_the_slope_of_a_tie_and_keeps_a_nan() -> None:
    v, w = Value(1.0), Value(1.0)
    np.max(np.stack([v, w])).backward()
    assert (v.grad, w.grad) == (0.5, 0.5)
    assert math.isnan(np.max(np.stack([v, Value(math.nan)])).data)


@pytest.mark.parametrize("choose", [np.max, np.min, lambda x: x.max(), lambda x: np.maximum.reduce(x)])
def test_where_k_tie_for_the_largest_or_smallest_each_has_the_slope_1_over_k(choose: Any) -> None:
    assert grad(choose)(np.array([2.0, 2.0, 2.0])).tolist() == [1 / 3] * 3
    assert np.stack([Value(1.0), Value(3.0), Value(2.0)]).max().data == 3.0


def test_equal_values_compare_as_ever_where_a_person_asks() -> None:
    v, w = Value(1.0), Value(1.0)
    assert v >= w and v <= w and not v > w
    assert [v >= 1.0, v <= 1.0] == [True, True] and (np.array([v, w]) >= 1.0).all()


MASKED = np.ma.masked_array([1.0, 999.0, 3.0], mask=[False, True, False])


@pytest.mark.parametrize(
    ("f", "slopes"),
    [
        (lambda w: (w * MASKED).sum(), [1.0, 0.0, 3.0]),
        (lambda w: (MASKED * w).sum(), [1.0, 0.0, 3.0]),
        (lambda w: (np.exp(w) - MASKED).sum(), [math.e, 0.0, math.exp(4.0)]),
    ],
)
def test_what_a_mask_leaves_out_has_no_part_in_an_array_of_values(f: Any, slopes: list[float]) -> None:
    assert grad(f)(np.array([1.0, 2.0, 4.0])).tolist() == slopes


@pytest.mark.parametrize("traced", [lambda f: f, lambda f: compile(f, "python")])
@pytest.mark.parametrize(
    "f",
    [
        lambda w: (MASKED * w).sum(),
        lambda w: (w - MASKED).mean(),
        lambda w: (w**MASKED).sum(),
        lambda w: np.multiply(MASKED, w).sum(),
        lambda w: np.ma.exp(w),
        lambda w: np.ma.where(MASKED.mask, 0.0, w).sum(),
        lambda w: np.ma.masked_array([1.0, 2.0]) * w,
    ],
)
def test_numpy_ma_does_not_take_a_values_number_for_the_value(f: Any, traced: Any) -> None:
    with pytest.raises(TypeError, match=r"with a masked array: numpy.ma would take its number.*m.filled\(0.0\)"):
        traced(grad(f))(2.0)


@pytest.mark.parametrize("f", [np.maximum, np.matmul, lambda w, m: np.add.at(w, [0], m[:1])])
def test_numpys_functions_that_would_forget_a_mask_are_refused(f: Any) -> None:
    with pytest.raises(TypeError, match="of a masked array is not known for Values"):
        grad(lambda w: f(w, MASKED).sum())(np.array([1.0, 2.0, 4.0]))
