"""Every row of the table, against mpmath at 50 digits, against finite differences, and at its special points.

Whatever can be said of all rows is said by a loop over the table, so that a new row is tested by being there.
"""

from __future__ import annotations

import math
from math import inf, nan
from typing import Any

import mpmath
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import autograd
from autograd import Value, primitive
from autograd.core import functions as by_hand
from autograd.core.primitives import TABLE, Primitive
from autograd.core.value import apply
from autograd.trust import oracles
from tests.compare import bits, close

ROWS = [row for row in TABLE.values() if not row.by_call]
FIXED = [row for row in ROWS if row.arity is not None and not row.by_call]  # the others: test_special
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


ORDERS = st.sampled_from([0.0, 1.0, 2.0])  # of a family of derivatives


@st.composite
def smooth_points(draw: Any, row: Primitive) -> tuple[float, ...]:
    """Operands inside the row's domain and off its kinks."""
    if row.arity is None:
        point = tuple([draw(numbers(-100.0, 100.0)) for _ in range(2 * draw(st.integers(0, 3)) + 1)])
    else:
        moderate = oracles.MODERATE if row.name in oracles.SLOW else (-inf, inf)
        spans = [(max(low, moderate[0]), min(high, moderate[1])) for low, high in row.domain]
        drawn = zip(row.names, spans, strict=True)
        point = tuple([draw(ORDERS if x in row.whole else numbers(*span)) for x, span in drawn])
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


@rows([*TABLE.values()])
def test_a_row_has_every_reading(row: Primitive) -> None:
    operands = row.names
    assert TABLE[row.name] is row
    assert callable(row.forward)
    assert len(row.partials) == (row.arity or 1) and all(p is None or callable(p) for p in row.partials)
    assert row.arity is None or len(row.domain) == row.arity
    assert all(low < high for low, high in row.domain)
    assert row.name in oracles.ORACLES
    assert row.text.format(*operands).strip() and row.about
    assert row.level in (1, 2, 3, 4)


@rows([row for row in TABLE.values() if row.arity is not None])
def test_a_formula_shows_every_operand(row: Primitive) -> None:
    for template in (row.text, row.latex or row.text):
        shown = template.format(*[f"<{i}>" for i in range(row.arity or 0)])
        assert all(f"<{i}>" in shown for i in range(row.arity or 0)), shown
        assert shown.count("(") == shown.count(")") and shown.count("{") == shown.count("}"), shown


def test_every_oracle_is_of_a_row() -> None:
    assert set(oracles.ORACLES) == set(TABLE)


@rows([row for row in ROWS if row.is_function])
def test_a_function_of_the_table_is_in_the_public_face_and_makes_one_node_of_its_row(row: Primitive) -> None:
    v = Value(0.5)
    function = getattr(autograd, row.name)
    lists = {"dot": ([v], [v])}
    z = function(*lists.get(row.name, ([v],) if row.arity is None else (v,) * row.arity))
    assert z.op == row.name and set(z.operands) == {v} and row.name in dir(autograd)
    assert row.about in function.__doc__ or row.name in by_hand.__all__


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
    names = zip(row.names if row.arity is not None else "abcde", domain, strict=True)
    moderate = [(max(low, -2.0) + 0.05, min(high, max(low, 0.0) + 2.0) - 0.05) for low, high in domain]
    point = [
        data.draw(ORDERS if x in row.whole else st.floats(*span)) for (x, _), span in zip(names, moderate, strict=True)
    ]
    z, gradient = result_and_gradient(row, *point)
    assume(all(abs(kink(*point)) > 0.05 for kink in row.kinks) and abs(z) < 100.0)
    h = 2.0 ** (-52 / 3)
    for i, got in enumerate(gradient):
        if row.partials[min(i, len(row.partials) - 1)] is None:
            continue
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


# Calling a row, and adding one


def test_a_row_of_numbers_gives_a_float() -> None:
    assert type(autograd.maximum(1, 2)) is float and type(TABLE["abs"](-1)) is float


def test_the_number_of_operands_is_checked() -> None:
    with pytest.raises(TypeError, match="maximum takes 2 operands, x, y, got 3"):
        autograd.maximum(1.0, 2.0, 3.0)
    with pytest.raises(TypeError, match="exp takes 1 operand, x, got 0"):
        autograd.exp()


@pytest.mark.parametrize("name", ["mean", "logsumexp"])
def test_a_mean_of_nothing_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=rf"{name} of no numbers"):
        getattr(autograd, name)([])


def test_a_sum_of_nothing_is_zero() -> None:
    assert autograd.sum([]) == 0.0


def test_dot_names_the_lengths_that_differ() -> None:
    with pytest.raises(ValueError, match="2 weights for 1 input;"):
        autograd.dot([1.0, 2.0], [1.0])


def test_a_new_row_is_a_function_of_numbers_and_values() -> None:
    cube = primitive("cube", lambda x: x * x * x, lambda x, z: 3 * x * x, text="{0}³", latex="{0}^3", level=3)
    assert cube(2) == 8.0
    assert result_and_gradient(cube, 2.0) == (8.0, [12.0])


def test_a_new_row_answers_with_floats_whatever_its_forward_returns() -> None:
    positive = primitive("positive", lambda x: x > 0, None)
    assert type(positive(2.0)) is float and type(positive(Value(2.0)).data) is float


def test_a_new_row_of_any_number_of_operands() -> None:
    norm = primitive("length", lambda *xs: math.hypot(*xs), lambda xs, z: [x / z for x in xs], nary=True)
    assert result_and_gradient(norm, 3.0, 0.0, 4.0) == (5.0, [0.6, 0.0, 0.8])


def test_a_new_row_of_four_operands() -> None:
    slopes = [lambda a, b, c, d, z: b, lambda a, b, c, d, z: a, lambda a, b, c, d, z: d, lambda a, b, c, d, z: c]
    pairs = primitive("pairs", lambda a, b, c, d: a * b + c * d, *slopes)
    assert result_and_gradient(pairs, 2.0, 3.0, 5.0, 7.0) == (41.0, [3.0, 2.0, 7.0, 5.0])
    assert pairs.text.format("p", "q", "r", "s") == "pairs(p, q, r, s)"


def test_a_new_row_masked_or_constant_in_an_operand() -> None:
    switch = primitive(
        "switch", lambda on, x: x if on > 0 else 0.0, None, lambda on, x, z: TABLE["step"](on), masked=True
    )
    for on, want in [(1.0, (5.0, [0.0, math.inf])), (-1.0, (0.0, [0.0, 0.0]))]:
        operands = [Value(on), Value(5.0)]
        z = switch(*operands)
        (z * math.inf).backward()
        assert (z.data, [v.grad for v in operands]) == want


def test_a_partial_of_a_new_row_answers_as_ieee_does_where_it_divides_by_zero() -> None:
    inverse = primitive("inverse", lambda x: math.inf if x == 0.0 else 1 / x, lambda x, z: -1 / (x * x))
    assert result_and_gradient(inverse, 0.0) == (math.inf, [-math.inf])


def test_a_name_can_be_taken_once() -> None:
    with pytest.raises(ValueError, match="'exp' is in the table already"):
        primitive("exp", math.exp, lambda x, z: z)


def test_mpmath_works_at_fifty_digits() -> None:
    """The oracle is what it says: π to 50 digits, not a double."""
    assert mpmath.nstr(oracles.value("atan2", 0.0, -1.0), 50) == "3.1415926535897932384626433832795028841971693993751"


@rows([row for row in ROWS if row.is_function and row.name not in ("greater", "greater_equal", "dot")])
def test_help_with_a_public_row_says_its_operands_and_more_than_its_formula(row):
    formula, _, about = row.__doc__.partition("\n\n")
    assert all(name in formula for name in row.names if row.arity is not None) and about
