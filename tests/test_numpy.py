"""Numpy beside Values: its scalars are numbers, its arrays work element by element, and neither swallows a Value."""

from __future__ import annotations

import operator
from typing import Any

import pytest

import autograd
from autograd import Value
from tests.compare import assert_refused
from tests.test_value import IN_PLACE, INFIX, assert_same_node

np = pytest.importorskip("numpy")
pytestmark = pytest.mark.filterwarnings("ignore:invalid value encountered")  # numpy's own word on nan

SCALARS = [
    np.float64(2), np.float32(2), np.float16(2), np.longdouble(2), np.int8(2), np.uint64(2), np.int64(2),
    np.bool_(True), np.array(2.0), np.array(2), np.array(True), np.float64("nan"), np.float64("inf"),
]  # fmt: skip
scalars = pytest.mark.parametrize("x", SCALARS, ids=lambda x: f"{type(x).__name__}-{x.dtype}-{x}")


@scalars
def test_a_scalar_is_a_number(x: Any) -> None:
    assert type(Value(x).data) is float and str(Value(x).data) == str(float(x))
    assert type(autograd.exp(x)) is float


@scalars
@pytest.mark.parametrize("forms", [INFIX, IN_PLACE], ids=["infix", "in place"])
@pytest.mark.parametrize("name", INFIX)
def test_a_scalar_on_either_side_is_the_float(x: Any, name: str, forms: dict[str, Any]) -> None:
    v = Value(1.5)
    assert_same_node(forms[name](v, x), INFIX[name](v, float(x)))
    assert_same_node(INFIX[name](x, v), INFIX[name](float(x), v))


@scalars
@pytest.mark.parametrize("compare", [operator.lt, operator.le, operator.gt, operator.ge])
def test_a_scalar_compares_by_its_number(x: Any, compare: Any) -> None:
    v = Value(1.5)
    assert compare(v, x) == compare(1.5, float(x))
    assert compare(x, v) == compare(float(x), 1.5)


@pytest.mark.parametrize("name", INFIX)
@pytest.mark.parametrize("dtype", [float, np.float32, int, np.longdouble, object])
def test_an_array_gives_an_object_array_of_values(name: str, dtype: Any) -> None:
    v, array = Value(1.5), np.array([[1, 2, 3]], dtype=dtype)
    for got, form in [
        (INFIX[name](array, v), lambda x: INFIX[name](float(x), v)),
        (INFIX[name](v, array), lambda x: INFIX[name](v, float(x))),
    ]:
        assert isinstance(got, np.ndarray) and got.dtype == object and got.shape == (1, 3)
        for z, x in zip(got[0], array[0], strict=True):
            assert_same_node(z, form(x))


@pytest.mark.parametrize("name", INFIX)
def test_a_value_inside_an_array_without_axes_is_still_a_value(name: str) -> None:
    """As np.where(True, v, 0.0) returns it."""
    v, w = Value(1.5), Value(2.5)
    assert_same_node(INFIX[name](v, np.array(w)), INFIX[name](v, w))
    assert_same_node(INFIX[name](np.array(w), v), INFIX[name](w, v))
    assert v < np.array(w) and not np.array(w) < v


@pytest.mark.parametrize(
    ("ufunc", "name"),
    [("exp", "exp"), ("log", "log"), ("log1p", "log1p"), ("expm1", "expm1"), ("sqrt", "sqrt"), ("sin", "sin"),
     ("cos", "cos"), ("tan", "tan"), ("arcsin", "asin"), ("arccos", "acos"), ("arctan", "atan"), ("sinh", "sinh"),
     ("cosh", "cosh"), ("tanh", "tanh"), ("negative", "neg"), ("abs", "abs")],
)  # fmt: skip
def test_a_numpy_function_of_a_value_is_its_row(ufunc: str, name: str) -> None:
    from autograd.core.primitives import TABLE
    from autograd.core.value import apply

    v = Value(0.5)
    assert_same_node(getattr(np, ufunc)(v), apply(TABLE[name], v))
    assert_same_node(getattr(np, ufunc)(np.array([v, v]))[1], apply(TABLE[name], v))


def test_reductions_of_an_object_array_keep_the_graph() -> None:
    vs = [Value(1.0), Value(2.0), Value(3.0)]
    z = (np.array(vs) * np.array([1.0, 10.0, 100.0])).sum() + np.mean(np.array(vs)) + np.dot(np.array(vs), np.ones(3))
    z.backward()
    assert z.data == 321.0 + 2.0 + 6.0
    assert [v.grad for v in vs] == pytest.approx([1 + 1 / 3 + 1, 10 + 1 / 3 + 1, 100 + 1 / 3 + 1], rel=1e-15)


@pytest.mark.parametrize(
    ("x", "remedy"),
    [(np.datetime64("2020-01-01"), "unit"), (np.timedelta64(1, "s"), "unit"), (np.complex64(1j), "imaginary"),
     (np.complex128(1j), "imaginary"), (np.str_("2"), "float(text)"), (np.array(["a", "b"]), "[Value(x) for x in xs]"),
     (np.array([1j]), "imaginary"), (np.array(["2020"], dtype="M8[Y]"), "unit")],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("name", INFIX)
def test_what_is_no_number_is_refused_from_either_side(x: Any, remedy: str, name: str) -> None:
    v = Value(1.0, label="w_1")
    for act in (lambda: INFIX[name](v, x), lambda: INFIX[name](x, v)):
        assert_refused(act, "w_1", remedy)


@pytest.mark.parametrize("x", [np.array([1.0, 2.0]), np.array([3.0]), np.array([]), np.ones((2, 2))], ids=str)
def test_an_array_is_not_a_scalar(x: Any) -> None:
    for act in (lambda: Value(x), lambda: autograd.sin(x), lambda: autograd.maximum(Value(1.0), x)):
        assert_refused(act, "ndarray", "[Value(x) for x in xs]")


def test_a_float_array_does_not_swallow_a_value() -> None:
    v, array = Value(1.0, label="p"), np.zeros(2)
    assert_refused(lambda: np.array(v, dtype=float), "'p'", "v.data")
    with pytest.raises(TypeError):
        array[0] = v
    with pytest.raises(TypeError):
        array += v
    assert array.tolist() == [0.0, 0.0]


def test_values_make_an_object_array() -> None:
    vs = [Value(1.0), Value(2.0)]
    array = np.array(vs)
    assert array.dtype == object and array[0] is vs[0] and array[1] is vs[1]


def test_equality_with_a_numpy_scalar_compares_numbers() -> None:
    assert Value(2.0) == np.float64(2.0) and np.float64(2.0) == Value(2.0) and Value(2.0) == np.array(2.0)
    assert Value(2.0) != np.float64(3.0) and np.float64(3.0) != Value(2.0)


def test_dot_takes_arrays_of_numbers() -> None:
    ws = [Value(2.0), Value(3.0)]
    z = autograd.dot(ws, np.array([5.0, 7.0]), Value(11.0))
    z.backward()
    assert z.data == 42.0 and [w.grad for w in ws] == [5.0, 7.0]


@pytest.mark.parametrize(
    ("ufunc", "name"),
    [("arctan2", "atan2"), ("hypot", "hypot"), ("maximum", "maximum"), ("minimum", "minimum")],
)
def test_a_numpy_function_of_two_is_its_row(ufunc: str, name: str) -> None:
    from autograd.core.primitives import TABLE
    from autograd.core.value import apply

    v, w = Value(1.5), Value(1.5)
    function = getattr(np, ufunc)
    assert_same_node(function(v, w), apply(TABLE[name], v, w))
    assert_same_node(function(2.0, v), apply(TABLE[name], 2.0, v))
    assert_same_node(function(np.array([1.0, 2.0]), v)[1], apply(TABLE[name], 2.0, v))


def test_the_sign_of_a_value_stays_in_the_graph() -> None:
    v = np.sign(Value(-2.0))
    assert (v.data, v.op) == (-1.0, "sign")
