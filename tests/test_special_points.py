"""Every row of the table at its special points: edges and kinks, signed zeros, huge, tiny, inf and nan."""

from __future__ import annotations

import math
from itertools import product
from math import inf, nan

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from autograd.core.primitives import TABLE, Primitive
from autograd.trust import oracles
from tests.compare import bits, close
from tests.test_primitives import FIXED, SMOOTH, SPECIAL, result_and_gradient, rows


@rows(FIXED)
def test_no_special_point_raises(row: Primitive) -> None:
    for point in product(SPECIAL, repeat=row.arity or 0):
        z, gradient = result_and_gradient(row, *point)
        assert type(z) is float and bits(z) == bits(row(*point)), point
        assert all(type(g) is float for g in gradient), point


@pytest.mark.parametrize("name", ["sum", "dot", "logsumexp"])
def test_no_special_point_of_three_operands_raises(name: str) -> None:
    for point in product(SPECIAL, repeat=3):
        z, _ = result_and_gradient(TABLE[name], *point)
        assert bits(z) == bits(TABLE[name](*point)), point


IEEE = {
    "add": "add", "sub": "subtract", "mul": "multiply", "div": "divide", "neg": "negative", "abs": "abs",
    "pow": "power", "exp": "exp", "expm1": "expm1", "log": "log", "log1p": "log1p", "sqrt": "sqrt", "sin": "sin",
    "cos": "cos", "tan": "tan", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "sinh": "sinh", "cosh": "cosh",
    "tanh": "tanh", "hypot": "hypot", "atan2": "arctan2",
}  # fmt: skip


@pytest.mark.parametrize("name", IEEE)
def test_special_points_are_what_ieee_says(name: str) -> None:
    """As numpy, which asks C: the same infinities, nans and signs of zero, and the same number to 2 ulp."""
    np = pytest.importorskip("numpy")
    row = TABLE[name]
    for point in product(SPECIAL, repeat=row.arity):
        with np.errstate(all="ignore"):
            want = float(getattr(np, IEEE[name])(*point))
        got = row(*point)
        if name == "pow" and point[1] == 0.5:  # numpy takes a square root, of −0 and −inf too
            want = math.pow(*point) if not -inf < point[0] < 0.0 else nan
        if math.isfinite(want) and want != 0.0:
            assert abs(got - want) <= 2 * math.ulp(want), (point, got, want)
        else:
            assert bits(got) == bits(want), (point, got, want)


@rows([row for row in FIXED if row.arity == 1 and row in SMOOTH and row.name not in ("neg", "degrees", "radians")])
def test_a_nan_has_no_slope(row: Primitive) -> None:
    z, gradient = result_and_gradient(row, nan)
    assert math.isnan(z) and math.isnan(gradient[0])


@rows([row for row in FIXED if row.arity == 1 and row in SMOOTH and row.domain != ((-inf, inf),)])
def test_outside_its_domain_a_function_and_its_slope_are_nan(row: Primitive) -> None:
    low, high = row.domain[0]
    outside = [x for x in (low - 1e-9, low - 3.0, -inf, high + 1e-9, high + 3.0) if not low <= x <= high]
    assert outside
    for x in outside:
        z, gradient = result_and_gradient(row, x)
        assert math.isnan(z) and math.isnan(gradient[0]), x


@pytest.mark.parametrize("name", ["maximum", "minimum"])
@pytest.mark.parametrize("point", [(nan, 1.0), (1.0, nan), (nan, nan)])
def test_the_larger_or_smaller_of_a_nan_is_nan_with_nan_slopes(name: str, point: tuple[float, float]) -> None:
    z, gradient = result_and_gradient(TABLE[name], *point)
    assert math.isnan(z) and all(map(math.isnan, gradient))


TINY = 5e-324
AT = [
    # row            operands            z           ∂z/∂xᵢ
    # convex kinks: the least-norm subgradient; ties share
    ("relu",         (0.0,),             0.0,        (0.0,)),
    ("relu",         (-0.0,),            0.0,        (0.0,)),
    ("abs",          (0.0,),             0.0,        (0.0,)),
    ("abs",          (-0.0,),            0.0,        (0.0,)),
    ("maximum",      (2.0, 2.0),         2.0,        (0.5, 0.5)),
    ("minimum",      (2.0, 2.0),         2.0,        (0.5, 0.5)),
    ("maximum",      (0.0, -0.0),        -0.0,       (0.5, 0.5)),
    ("maximum",      (inf, inf),         inf,        (0.5, 0.5)),
    ("largest",      (2.0, 2.0, 1.0, 2.0), 2.0,      (1/3, 1/3, 0.0, 1/3)),
    ("smallest",     (inf, 1.0, 1.0),    1.0,        (0.0, 0.5, 0.5)),
    ("largest",      (nan, 1.0),         nan,        (nan, nan)),
    ("largest",      (5.0,),             5.0,        (1.0,)),
    ("hypot",        (0.0, 0.0),         0.0,        (0.0, 0.0)),
    ("hypot",        (-0.0, 0.0),        0.0,        (0.0, 0.0)),
    ("leaky_relu",   (0.0, 0.01),        0.0,        (0.01, 0.0)),
    ("leaky_relu",   (-2.0, 0.25),       -0.5,       (0.25, -2.0)),
    ("elu",          (0.0, 1.5),         0.0,        (1.5, 0.0)),
    # edges of a domain: the continuous limit, from inside
    ("sqrt",         (0.0,),             0.0,        (inf,)),
    ("sqrt",         (-0.0,),            -0.0,       (inf,)),
    ("log",          (0.0,),             -inf,       (inf,)),
    ("log",          (-0.0,),            -inf,       (inf,)),
    ("log",          (-1.0,),            nan,        (nan,)),
    ("log1p",        (-1.0,),            -inf,       (inf,)),
    ("asin",         (1.0,),             math.pi/2,  (inf,)),
    ("asin",         (-1.0,),            -math.pi/2, (inf,)),
    ("acos",         (1.0,),             0.0,        (-inf,)),
    ("acos",         (-1.0,),            math.pi,    (-inf,)),
    # no limit at all
    ("atan2",        (0.0, 0.0),         0.0,        (nan, nan)),
    ("div",          (0.0, 0.0),         nan,        (inf, nan)),
    ("div",          (1.0, 0.0),         inf,        (inf, -inf)),
    ("div",          (1.0, -0.0),        -inf,       (-inf, -inf)),
    ("div",          (-1.0, 0.0),        -inf,       (inf, inf)),
    ("atan2",        (0.0, 2.0),         0.0,        (0.5, -0.0)),
    ("atan2",        (1e308, 1e308),     math.pi/4,  (5e-309, -5e-309)),
    # powers
    ("pow",          (3.0, 0.0),         1.0,        (0.0, math.log(3.0))),
    ("pow",          (0.0, 0.0),         1.0,        (0.0, 0.0)),
    ("pow",          (-3.0, 0.0),        1.0,        (0.0, nan)),
    ("pow",          (nan, 0.0),         1.0,        (0.0, nan)),
    ("pow",          (0.0, 2.0),         0.0,        (0.0, 0.0)),
    ("pow",          (0.0, 1.0),         0.0,        (1.0, 0.0)),
    ("pow",          (0.0, 0.5),         0.0,        (inf, 0.0)),
    ("pow",          (0.0, -1.0),        inf,        (-inf, -inf)),
    ("pow",          (-0.0, -1.0),       -inf,       (-inf, -inf)),
    ("pow",          (-2.0, 3.0),        -8.0,       (12.0, nan)),
    ("pow",          (-8.0, 1/3),        nan,        (nan, nan)),
    ("pow",          (1e200, 2.0),       inf,        (2e200, inf)),
    ("pow",          (-1e200, 3.0),      -inf,       (inf, nan)),
    ("pow_x", (0.0, 2.0), 0.0, (2.0, 0.0)),
    ("pow_x", (3.0, 0.0), 0.0, (0.0, 1.0 / 3.0)),
    ("pow_x", (-2.0, 2.0), -4.0, (2.0, nan)),
    ("pow_y", (0.0, 2.0), 0.0, (0.0, 0.0)),
    ("pow_y", (1.0, 3.0), 0.0, (1.0, 0.0)),
    ("pow_log", (0.0, 0.0), -inf, (nan, inf)),
    ("pow_log", (0.0, 1.0), 0.0, (-inf, 0.0)),
    ("logit", (-0.0,), -inf, (inf,)),
    ("xlogy", (2.0, -0.0), -inf, (-inf, inf)),
    # stable forms: finite where the plain formula overflows, zero only where the smallest double would be
    ("sigmoid",      (1e3,),             1.0,        (0.0,)),
    ("sigmoid",      (-1e3,),            0.0,        (0.0,)),
    ("sigmoid",      (1e308,),           1.0,        (0.0,)),
    ("sigmoid",      (-1e308,),          0.0,        (0.0,)),
    ("sigmoid",      (-inf,),            0.0,        (0.0,)),
    ("sigmoid",      (inf,),             1.0,        (0.0,)),
    ("softplus",     (1e3,),             1e3,        (1.0,)),
    ("softplus",     (-1e3,),            0.0,        (0.0,)),
    ("softplus",     (1e308,),           1e308,      (1.0,)),
    ("softplus",     (-1e308,),          0.0,        (0.0,)),
    ("softplus",     (inf,),             inf,        (1.0,)),
    ("softplus",     (-inf,),            0.0,        (0.0,)),
    ("softplus",     (0.0,),             math.log(2),(0.5,)),
    ("tanh",         (1e308,),           1.0,        (0.0,)),
    ("tanh",         (-1e308,),          -1.0,       (-0.0,)),
    ("silu",         (1e308,),           1e308,      (1.0,)),
    ("silu",         (-1e308,),          -0.0,       (-0.0,)),
    ("gelu",         (1e308,),           1e308,      (1.0,)),
    ("gelu",         (-1e308,),          -0.0,       (-0.0,)),
    ("atan",         (1e308,),           math.pi/2,  (0.0,)),
    ("expm1",        (1e-300,),          1e-300,     (1.0,)),
    ("log1p",        (1e-300,),          1e-300,     (1.0,)),
    ("log1p",        (1e308,),           math.log(1e308), (1e-308,)),
    ("hypot",        (3e200, 4e200),     5e200,      (0.6, 0.8)),
    ("hypot",        (3e-200, 4e-200),   5e-200,     (0.6, 0.8)),
    ("erf",          (1e308,),           1.0,        (0.0,)),
    ("exp",          (1e3,),             inf,        (inf,)),
    ("exp",          (-1e3,),            0.0,        (0.0,)),
    ("cosh",         (1e3,),             inf,        (inf,)),
    ("cosh",         (-1e3,),            inf,        (-inf,)),
    ("sinh",         (-1e3,),            -inf,       (inf,)),
    # choices
    ("where",        (1.0, 5.0, 7.0),    5.0,        (0.0, 1.0, 0.0)),
    ("where",        (0.0, 5.0, 7.0),    7.0,        (0.0, 0.0, 1.0)),
    ("where",        (-0.0, 5.0, 7.0),   7.0,        (0.0, 0.0, 1.0)),
    ("where",        (-2.0, 5.0, nan),   5.0,        (0.0, 1.0, 0.0)),
    ("where",        (nan, 5.0, 7.0),    nan,        (0.0, nan, nan)),
    ("elu",          (1e3, 1.0),         1e3,        (1.0, 0.0)),
    ("elu",          (-1e3, 2.0),        -2.0,       (0.0, -1.0)),
    ("leaky_relu",   (-1e308, 0.01),     -1e306,     (0.01, -1e308)),
    ("logsumexp",    (1e3, 1e3),         1e3 + math.log(2), (0.5, 0.5)),
    ("logsumexp",    (-1e3, -1e3),       -1e3 + math.log(2), (0.5, 0.5)),
    ("logsumexp",    (1e308, -1e308),    1e308,      (1.0, 0.0)),
    ("logsumexp",    (-inf, 0.0),        0.0,        (0.0, 1.0)),
    ("logsumexp",    (nan, 0.0),         nan,        (nan, nan)),
    ("logsumexp",    (0.0, nan),         nan,        (nan, nan)),
    # the rows that partials are made of
    ("defined",      (2.0, 7.0),         2.0,        (1.0, 0.0)),
    ("defined",      (2.0, nan),         nan,        (nan, 0.0)),
    ("step",         (0.0,),             0.0,        (0.0,)),
    ("step",         (nan,),             nan,        (0.0,)),
    ("sign",         (-0.0,),            0.0,        (0.0,)),
    ("sign",         (nan,),             nan,        (0.0,)),
    ("above",        (1.0, 1.0),         0.5,        (0.0, 0.0)),
    ("above",        (nan, 1.0),         nan,        (0.0, 0.0)),
    ("above",        (1.0, nan),         nan,        (0.0, 0.0)),
    ("greater",      (1.0, 1.0),         0.0,        (0.0, 0.0)),
    ("greater_equal", (1.0, 1.0),        1.0,        (0.0, 0.0)),
    ("greater_equal", (nan, nan),        0.0,        (0.0, 0.0)),
    ("equal",        (1.0, 1.0),         1.0,        (0.0, 0.0)),
    ("equal",        (nan, nan),         0.0,        (0.0, 0.0)),
    ("stop_gradient", (nan,),            nan,        (0.0,)),
    ("dot",          (2.0, 3.0, 11.0, 5.0, 7.0), 42.0, (5.0, 7.0, 1.0, 2.0, 3.0)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "point", "z", "slopes"), AT, ids=[f"{name}{point}" for name, point, *_ in AT])
def test_special_point(name: str, point: tuple[float, ...], z: float, slopes: tuple[float, ...]) -> None:
    got, gradient = result_and_gradient(TABLE[name], *point)
    for g, want in zip([got, *gradient], [z, *slopes], strict=True):
        assert (math.isnan(g) and math.isnan(want)) or g == want or g == pytest.approx(want, rel=1e-15, abs=0.0)
    if z == 0.0:
        assert math.copysign(1.0, got) == math.copysign(1.0, z)


@pytest.mark.parametrize("name", ["sigmoid", "softplus", "tanh", "silu", "gelu", "erf", "erfc", "atan", "log1p"])
@given(x=st.floats(-(1 - 1e-9), allow_nan=False, allow_infinity=False))
@example(x=1e308)
@example(x=709.8)
@example(x=36.05)
def test_stable_forms_are_finite_for_any_finite_input(name: str, x: float) -> None:
    for point in (x, -x) if name != "log1p" else (x,):
        z, gradient = result_and_gradient(TABLE[name], point)
        assert math.isfinite(z) and math.isfinite(gradient[0])


@given(xs=st.lists(st.floats(-8e307, 8e307), min_size=1, max_size=6))
def test_logsumexp_is_finite_and_its_gradient_is_a_distribution(xs: list[float]) -> None:
    z, gradient = result_and_gradient(TABLE["logsumexp"], *xs)
    assert math.isfinite(z)
    assert all(0.0 <= g <= 1.0 for g in gradient) and math.isclose(sum(gradient), 1.0, rel_tol=1e-12)


@pytest.mark.parametrize("x", [-200.0, -40.0, -1.0, -1e-8, 0.0, 1e-8, 36.0, 40.0, 200.0])
@pytest.mark.parametrize("name", ["sigmoid", "softplus", "log1p", "expm1", "tanh", "erfc"])
def test_tails_keep_their_relative_accuracy(name: str, x: float) -> None:
    """To a few ulp of the result itself, where a textbook formula cancels or underflows."""
    low, high = TABLE[name].domain[0]
    if not low < x < high:
        x = math.copysign(abs(x) / (1.0 + abs(x)), x)
    z, gradient = result_and_gradient(TABLE[name], x)
    want, slope = oracles.derivative(name, (x,), (0,)), oracles.derivative(name, (x,), (1,))
    assert close(z, want, abs(want), ulps=4)
    assert close(gradient[0], slope, abs(slope), ulps=8 + (4 * x * x if name == "erfc" else 0))


@pytest.mark.parametrize("name", ["asin", "acos"])
@pytest.mark.parametrize("x", [1.0 - 2.0**-k for k in (2, 20, 40, 53)])
def test_slopes_at_the_edge_of_a_domain_keep_their_relative_accuracy(name: str, x: float) -> None:
    for point in (x, -x):
        _, gradient = result_and_gradient(TABLE[name], point)
        slope = oracles.derivative(name, (point,), (1,))
        assert close(gradient[0], slope, abs(slope), ulps=4)


POLES = [
    ("log", (0.0,)), ("log1p", (-1.0,)), ("rsqrt", (0.0,)), ("logit", (1.0,)), ("atanh", (-1.0,)), ("div", (1.0, 0.0)),
    ("pow", (0.0, -1.0)), ("softmax_share", (0.5, -0.5)), ("xlogy", (1.0, 0.0)), ("entr", (-1.0,)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "pole"), POLES)
def test_a_pole_is_outside_the_domain_or_on_a_kink(name: str, pole: tuple[float, ...]) -> None:
    row = TABLE[name]
    assert not math.isfinite(row(*pole))
    inside = all([low < x < high for x, (low, high) in zip(pole, row.domain, strict=True)])
    assert not inside or 0.0 in [kink(*pole) for kink in row.kinks]
