"""Every row of the table, against mpmath at 50 digits, against finite differences, and at its special points.

Whatever can be said of all rows is said by a loop over the table, so that a new row is tested by being there.
"""

from __future__ import annotations

import math
from itertools import product
from math import inf, nan
from typing import Any

import mpmath
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

import autograd
from autograd import Value
from autograd.primitives import TABLE, Primitive, primitive
from autograd.value import apply
from tests import oracles
from tests.compare import bits, close

ROWS = list(TABLE.values())
FIXED = [row for row in ROWS if row.arity is not None]
SMOOTH = [row for row in ROWS if any(partial is not None for partial in row.partials)]
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -3.0, 2.0, 5e-324, -5e-324, 1e-300, 1e308, -1e308, 1e3, -1e3, inf, -inf, nan]


def rows(choice: list[Primitive]) -> Any:
    return pytest.mark.parametrize("row", choice, ids=[row.name for row in choice])


def numbers(low: float, high: float) -> st.SearchStrategy[float]:
    """Doubles of every size strictly between low and high, and evenly spread ones near 1; none beyond ±1000."""
    low, high = max(low, -1e3), min(high, 1e3)
    spread = st.floats(max(low, -4.0), min(high, 4.0), exclude_min=True, exclude_max=True)
    sizes = st.builds(lambda m, e, s: s * m * 10.0**e, st.floats(1, 9), st.integers(-12, 2), st.sampled_from([1, -1]))
    return (spread | sizes).filter(lambda x: low < x < high and (abs(x) > 1e-25 or x == 0.0))


@st.composite
def smooth_points(draw: Any, row: Primitive) -> tuple[float, ...]:
    """Operands inside the row's domain and off its kinks."""
    domain = row.domain if row.arity is not None else [(-100.0, 100.0)] * (2 * draw(st.integers(0, 3)) + 1)
    point = tuple([draw(numbers(low, high)) for low, high in domain])
    assume(all(abs(kink(*point)) > 1e-25 for kink in row.kinks))
    return point


def scale(name: str, point: tuple[float, ...], orders: tuple[int, ...]) -> Any:
    """|f| + Σ |xᵢ ∂f/∂xᵢ| of a derivative f: what an error of one ulp in the operands and the result amounts to."""
    total = abs(oracles.derivative(name, point, orders))
    for i, x in enumerate(point):
        total += abs(x * oracles.derivative(name, point, raised(orders, i)))
    return total


def raised(orders: tuple[int, ...], i: int) -> tuple[int, ...]:
    return (*orders[:i], orders[i] + 1, *orders[i + 1 :])


def result_and_gradient(row: Primitive, *point: float) -> tuple[float, list[float]]:
    """z and ∂z/∂x₁ … ∂z/∂xₙ, as a user gets them."""
    operands = [Value(x) for x in point]
    z = row(*operands)
    z.backward()
    return z.data, [x.grad for x in operands]


# Readings


@rows(ROWS)
def test_a_row_has_every_reading(row: Primitive) -> None:
    operands = ["x", "y", "c", "d"][: row.arity or 1]
    assert TABLE[row.name] is row
    assert callable(row.forward)
    assert len(row.partials) == (row.arity or 1) and all(p is None or callable(p) for p in row.partials)
    assert row.arity is None or len(row.domain) == row.arity
    assert all(low < high for low, high in row.domain)
    assert row.name in oracles.ORACLES
    for template in (row.text, row.latex):
        assert template.format(*operands).strip()
    assert row.level in (1, 2, 3, 4)


@rows([row for row in FIXED if row.name != "defined"])
def test_a_formula_shows_every_operand(row: Primitive) -> None:
    for template in (row.text, row.latex):
        shown = template.format(*[f"<{i}>" for i in range(row.arity or 0)])
        assert all(f"<{i}>" in shown for i in range(row.arity or 0)), shown
        assert shown.count("(") == shown.count(")") and shown.count("{") == shown.count("}"), shown


def test_every_oracle_is_of_a_row() -> None:
    assert set(oracles.ORACLES) == {row.name for row in ROWS}


def test_every_public_function_is_a_row_or_made_of_one() -> None:
    functions = {name for name in autograd.__all__ if name.islower()} - {"primitive", "no_grad", "detect_anomaly"}
    for name in functions & set(TABLE):
        v = Value(0.5)
        arguments = ([v],) if TABLE[name].arity is None else (v,) * TABLE[name].arity
        function = getattr(autograd, name)
        z = function([v], [v]) if name == "dot" else function(*arguments)
        assert z.op == name
    assert {"exp", "log", "sqrt", "sin", "tanh", "sigmoid", "relu", "dot", "sum", "where", "logsumexp"} <= functions


# Values and partials on smooth points


@rows(ROWS)
@given(data=st.data())
def test_forward_is_the_function(row: Primitive, data: st.DataObject) -> None:
    point = data.draw(smooth_points(row))
    want = oracles.derivative(row.name, point, (0,) * len(point))
    got = row(*point)
    assert type(got) is float
    assert close(got, want, scale(row.name, point, (0,) * len(point))), (point, got, want)


@rows(SMOOTH)
@given(data=st.data())
def test_every_partial_is_the_derivative(row: Primitive, data: st.DataObject) -> None:
    point = data.draw(smooth_points(row))
    _, gradient = result_and_gradient(row, *point)
    for i, got in enumerate(gradient):
        orders = tuple([int(i == j) for j in range(len(point))])
        want = oracles.derivative(row.name, point, orders)
        assert close(got, want, scale(row.name, point, orders), ulps=8), (i, point, got, want)


@rows(SMOOTH)
@given(data=st.data())
def test_every_partial_is_the_finite_difference(row: Primitive, data: st.DataObject) -> None:
    domain = row.domain if row.arity is not None else [(-inf, inf)] * 5
    point = [data.draw(st.floats(max(low, -2.0) + 0.05, min(high, 2.0) - 0.05)) for low, high in domain]
    z, gradient = result_and_gradient(row, *point)
    assume(all(abs(kink(*point)) > 0.05 for kink in row.kinks) and abs(z) < 100.0)
    h = 2.0 ** (-52 / 3)
    for i, got in enumerate(gradient):
        along = lambda t, i=i: row(*point[:i], point[i] + t, *point[i + 1 :])
        want = sum(w * (along(k * h) - along(-k * h)) for k, w in [(1, 45.0), (2, -9.0), (3, 1.0)]) / (60.0 * h)
        assert got == pytest.approx(want, rel=1e-7, abs=2e-8 * max(1.0, abs(z))), (i, point)


@rows(SMOOTH)
@given(data=st.data())
def test_partials_on_values_are_the_partials_on_numbers(row: Primitive, data: st.DataObject) -> None:
    """To the bit, special points included: reverse mode on numbers and on graphs are one table."""
    n = row.arity or 3
    point = data.draw(st.lists(st.sampled_from(SPECIAL) | st.floats(), min_size=n, max_size=n))
    node = apply(row, *[Value(x) for x in point])
    as_graph = row.partials_at(node._arguments, node)
    for recorded, partial in zip(node._partials, as_graph, strict=True):
        number = partial.data if isinstance(partial, Value) else 0.0 if partial is None else float(partial)
        assert bits(0.0 if recorded is None else recorded) == bits(0.0 if row.masked and number == 0.0 else number)


# Special points


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
    "pow": "power", "exp": "exp", "expm1": "expm1", "log": "log", "log1p": "log1p", "sqrt": "sqrt", "sin": "sin", "cos": "cos",
    "tan": "tan", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh",
    "hypot": "hypot", "atan2": "arctan2",
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


@rows([row for row in FIXED if row.arity == 1 and row in SMOOTH and row.name != "neg"])
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
    ("dot",          (2.0, 3.0, 5.0, 7.0, 11.0), 42.0, (5.0, 7.0, 2.0, 3.0, 1.0)),
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
@pytest.mark.parametrize("name", ["sigmoid", "softplus", "log1p", "expm1", "tanh", "erfc", "asin"])
def test_tails_keep_their_relative_accuracy(name: str, x: float) -> None:
    """To a few ulp of the result itself, where a textbook formula cancels or underflows."""
    low, high = TABLE[name].domain[0]
    if not low < x < high:
        x = math.copysign(abs(x) / (1.0 + abs(x)), x)
    z, gradient = result_and_gradient(TABLE[name], x)
    want, slope = oracles.derivative(name, (x,), (0,)), oracles.derivative(name, (x,), (1,))
    assert close(z, want, abs(want), ulps=4)
    ulps = 8 + (4 * x * x if name == "erfc" else 8 * abs(x) if name == "asin" else 0)
    assert close(gradient[0], slope, abs(slope), ulps=ulps)


# Calling a row, and adding one


def test_a_row_of_numbers_gives_a_float() -> None:
    assert type(autograd.maximum(1, 2)) is float and type(TABLE["abs"](-1)) is float


def test_the_number_of_operands_is_checked() -> None:
    with pytest.raises(TypeError, match="maximum takes 2 operands, got 3"):
        autograd.maximum(1.0, 2.0, 3.0)
    with pytest.raises(TypeError, match="exp takes 1 operand, got 0"):
        autograd.exp()


@pytest.mark.parametrize("name", ["mean", "logsumexp"])
def test_a_mean_of_nothing_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=rf"{name} of no numbers"):
        getattr(autograd, name)([])


def test_a_sum_of_nothing_is_zero() -> None:
    assert autograd.sum([]) == 0.0


def test_dot_names_the_lengths_that_differ() -> None:
    with pytest.raises(ValueError, match="2 weights for 1 inputs"):
        autograd.dot([1.0, 2.0], [1.0])


def test_a_new_row_is_a_function_of_numbers_and_values() -> None:
    cube = primitive("cube", lambda x: x * x * x, lambda x, z: 3 * x * x, text="{0}³", latex="{0}^3", level=3)
    assert cube(2) == 8.0
    assert result_and_gradient(cube, 2.0) == (8.0, [12.0])


def test_a_new_row_answers_with_floats_whatever_its_forward_returns() -> None:
    positive = primitive("positive", lambda x: x > 0, None)
    assert type(positive(2.0)) is float and type(positive(Value(2.0)).data) is float


def test_a_new_row_of_any_number_of_operands() -> None:
    norm = primitive("norm", lambda *xs: math.hypot(*xs), lambda xs, z: [x / z for x in xs], nary=True)
    assert result_and_gradient(norm, 3.0, 0.0, 4.0) == (5.0, [0.6, 0.0, 0.8])


def test_a_name_can_be_taken_once() -> None:
    with pytest.raises(ValueError, match="'exp' is in the table already"):
        primitive("exp", math.exp, lambda x, z: z)


def test_mpmath_works_at_fifty_digits() -> None:
    """The oracle is what it says: π to 50 digits, not a double."""
    assert mpmath.nstr(oracles.value("atan2", 0.0, -1.0), 50) == "3.1415926535897932384626433832795028841971693993751"
