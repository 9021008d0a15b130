"""The face of a Value: what it accepts, what it shows, and that every written-out operator is its row of the table."""

from __future__ import annotations

import copy
import math
import operator
import pickle
import statistics
from array import array as doubles_of
from decimal import Decimal
from fractions import Fraction
from math import inf, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import Value, assign, gradient, no_grad, numbers
from autograd.core import modes
from autograd.core.primitives import TABLE
from autograd.core.value import NOT_COMPUTED, apply
from tests.compare import assert_refused, bits

SPECIAL = [0.0, -0.0, 1.0, -1.0, 2.0, -3.0, 0.5, 1e308, -1e308, 5e-324, inf, -inf, nan]
doubles = st.sampled_from(SPECIAL) | st.floats()


# Every written-out form is `apply` of its row

INFIX = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": operator.truediv, "pow": operator.pow,
}  # fmt: skip
IN_PLACE = {
    "add": operator.iadd, "sub": operator.isub, "mul": operator.imul, "div": operator.itruediv, "pow": operator.ipow,
}  # fmt: skip
UNARY = {"neg": operator.neg, "abs": operator.abs} | {
    name: operator.methodcaller(name)
    for name in (
        "exp", "log", "log1p", "expm1", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh",
        "sigmoid", "softplus", "relu", "gelu", "silu", "erf",
    )
}  # fmt: skip


def assert_same_node(got: Value, want: Value) -> None:
    assert got.op == want.op and bits(got.data) == bits(want.data)
    assert len(got._arguments) == len(want._arguments) == len(got._partials)
    for a, b in zip(got._arguments, want._arguments, strict=True):
        assert a is b or bits(a) == bits(b)
    for p, q in zip(got._partials, want._partials, strict=True):
        assert (p is None and q is None) or bits(p) == bits(q)
    assert got.operands == want.operands


@pytest.mark.parametrize("forms", [INFIX, IN_PLACE], ids=["infix", "in place"])
@pytest.mark.parametrize("name", INFIX)
@given(x=doubles, y=doubles)
def test_an_operator_is_its_row(name: str, forms: dict[str, Any], x: float, y: float) -> None:
    v, w = Value(x), Value(y)
    for a, b in [(v, w), (v, y), (x, w), (v, v)]:
        assert_same_node(forms[name](a, b), apply(TABLE[name], a, b))


@pytest.mark.parametrize("name", INFIX)
@pytest.mark.parametrize("number", [0, 2, -1, 3, True, False, Fraction(1, 3), Decimal("0.1"), 10**20])
def test_an_operator_takes_any_number_on_either_side(name: str, number: Any) -> None:
    v = Value(1.5)
    assert_same_node(INFIX[name](v, number), apply(TABLE[name], v, float(number)))
    assert_same_node(INFIX[name](number, v), apply(TABLE[name], float(number), v))


@pytest.mark.parametrize("name", UNARY)
@given(x=doubles)
def test_a_method_is_its_row(name: str, x: float) -> None:
    v = Value(x)
    assert_same_node(UNARY[name](v), apply(TABLE[name], v))


@pytest.mark.parametrize("name", [*INFIX, *UNARY, "maximum", "minimum", "hypot", "atan2", "where", "leaky_relu", "elu"])
@given(data=st.data())
def test_a_row_called_on_values_is_its_node(name: str, data: st.DataObject) -> None:
    row = TABLE[name]
    arguments = [data.draw(doubles) for _ in range(row.arity or 0)]
    which = data.draw(st.integers(0, len(arguments) - 1))
    arguments = [Value(x) if i == which or data.draw(st.booleans()) else x for i, x in enumerate(arguments)]
    assert_same_node(row(*arguments), apply(row, *arguments))


@given(x=doubles, slope=doubles)
def test_leaky_relu_and_elu_have_a_default_slope(x: float, slope: float) -> None:
    v = Value(x)
    for name, default in [("leaky_relu", 0.01), ("elu", 1.0)]:
        row, function, method = TABLE[name], getattr(autograd, name), getattr(v, name)
        assert_same_node(function(v), apply(row, v, default))
        assert_same_node(method(), apply(row, v, default))
        assert_same_node(function(v, slope), apply(row, v, slope))
        assert_same_node(method(slope), apply(row, v, slope))


@given(data=st.data(), n=st.integers(0, 4))
def test_dot_is_its_row_in_every_mixture_of_values_and_numbers(data: st.DataObject, n: int) -> None:
    mixed = st.builds(lambda x, is_value: Value(x) if is_value else x, doubles, st.booleans())
    style = data.draw(st.sampled_from([mixed, doubles.map(Value), doubles]))
    ws = data.draw(st.lists(style, min_size=n, max_size=n))
    xs = data.draw(st.lists(data.draw(st.sampled_from([mixed, doubles.map(Value), doubles])), min_size=n, max_size=n))
    b = data.draw(st.sampled_from([0.0, 1.5, Value(-0.5)]))
    got = autograd.dot(ws, xs, b)
    if any(isinstance(x, Value) for x in (*ws, *xs, b)):
        assert_same_node(got, apply(TABLE["dot"], *ws, b, *xs))
    else:
        assert bits(got) == bits(TABLE["dot"](*ws, b, *xs))


@given(xs=st.lists(st.builds(lambda x, v: Value(x) if v else x, doubles, st.booleans()), max_size=5))
def test_sum_and_logsumexp_are_their_rows(xs: list[Any]) -> None:
    if any(isinstance(x, Value) for x in xs):
        assert_same_node(autograd.sum(iter(xs)), apply(TABLE["sum"], *xs))
        assert_same_node(autograd.logsumexp(iter(xs)), apply(TABLE["logsumexp"], *xs))


@pytest.mark.parametrize("name", [*INFIX, *UNARY])
def test_no_form_records_under_no_grad(name: str) -> None:
    with no_grad():
        z = INFIX[name](Value(0.5), Value(0.25)) if name in INFIX else UNARY[name](Value(0.5))
    assert z.op == "" and z.operands == ()


def test_plus_is_the_value_itself() -> None:
    v = Value(1.0)
    assert +v is v


@pytest.mark.parametrize("name", ["sum", "mean", "logsumexp"])
def test_a_function_of_a_list_says_so_when_it_gets_a_value(name: str) -> None:
    assert_refused(lambda: getattr(autograd, name)(Value(1.0)), name, f"{name}([x, y])", "Value")


def test_mean_divides_the_sum() -> None:
    a, b = Value(1.0), Value(4.0)
    m = autograd.mean([a, b, 1.0])
    m.backward()
    assert (m.data, a.grad, b.grad) == (2.0, 1 / 3, 1 / 3)


# Shown, compared, converted


def test_a_leaf_shows_its_parts() -> None:
    v = Value(2.0, label="w")
    assert (v.data, v.grad, v.label, v.op, v.operands) == (2.0, 0.0, "w", "", ())
    assert repr(v) == "Value(2.0, grad=0.0, label='w')" and f"{v:.2f}" == "2.00" and str(v) == repr(v)


def test_a_node_shows_its_operands_with_repeats_and_without_constants() -> None:
    a = Value(3.0)
    assert (a * a).operands == (a, a) and (a * a).op == "mul"
    assert (a * 2).operands == (a,) and (2 - a).operands == (a,) and (a**2).op == "pow"


def test_no_gradient_yet_is_a_zero_that_can_be_told() -> None:
    v = Value(1.0)
    assert v.grad == 0.0 and v.grad is NOT_COMPUTED
    v.backward()
    assert v.grad is not NOT_COMPUTED


def test_equality_of_two_values_and_hash_are_identity() -> None:
    v, w = Value(1.0), Value(1.0)
    assert v == v and v != w and v in [w, v] and v not in [w]
    assert len({v, w, v}) == 2 and hash(v) != hash(w)


@given(x=doubles, y=doubles)
def test_comparisons_are_those_of_the_numbers(x: float, y: float) -> None:
    v, w = Value(x), Value(y)
    for compare in (operator.lt, operator.le, operator.gt, operator.ge):
        for a, b in [(v, w), (v, y), (x, w)]:
            assert compare(a, b) is compare(x, y)


def test_truth_is_refused_and_says_what_to_write() -> None:
    assert_refused(lambda: bool(Value(1.0, label="p")), "'p'", "v.data", "where")
    assert_refused(lambda: Value(0.0) and 1, "v.data")


@pytest.mark.parametrize("convert", [float, int, complex, math.sin, "%f".__mod__, lambda v: statistics.mean([v])])
def test_leaving_the_graph_silently_is_refused(convert: Any) -> None:
    assert_refused(lambda: convert(Value(1.0, label="p")), "'p'", "v.data", "v.exp()")


@pytest.mark.parametrize(
    ("operator", "row"),
    [(round, "round"), (math.floor, "floor"), (math.ceil, "ceil"), (math.trunc, "trunc")],
)
@given(x=doubles)
def test_rounding_is_a_row_without_slope(operator: Any, row: str, x: float) -> None:
    v = Value(x)
    assert_same_node(operator(v), apply(TABLE[row], v))


@given(x=doubles, y=doubles)
def test_remainders_are_their_rows_and_pythons(x: float, y: float) -> None:
    v = Value(x)
    assert_same_node(v % y, apply(TABLE["mod"], v, y))
    assert_same_node(y // v, apply(TABLE["floordiv"], y, v))
    assert [z.data for z in divmod(v, 0.75)] == [(v // 0.75).data, (v % 0.75).data] or math.isnan((v % 0.75).data)
    if y != 0.0:
        assert bits((v % y).data) == bits(x % y) and bits((v // y).data) == bits(x // y)


def test_rounding_to_digits_is_refused_and_says_what_to_write() -> None:
    assert_refused(lambda: round(Value(1.0), 2), "round(v * 100) / 100")


# Copies


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_leaf_pickles_with_its_gradient(protocol: int) -> None:
    v = Value(0.1, label="w")
    again = pickle.loads(pickle.dumps(v, protocol))
    assert (again.data, again.label) == (0.1, "w") and again.grad is NOT_COMPUTED
    v.grad = 0.25
    assert pickle.loads(pickle.dumps(v, protocol)).grad == 0.25


def test_a_copied_leaf_stands_alone() -> None:
    v = Value(1.0, label="w")
    for again in (copy.copy(v), copy.deepcopy(v)):
        (again * 3).backward()
        assert (again.grad, v.grad) == (3.0, 0.0)


class Weight(Value):
    __slots__ = ("__rate", "frozen")

    def __init__(self, data: float, rate: float) -> None:
        super().__init__(data)
        self.__rate = rate

    @property
    def rate(self) -> float:
        return self.__rate


def test_what_a_class_made_of_value_adds_is_copied_with_it() -> None:
    w = Weight(1.0, 0.5)
    for again in (copy.copy(w), copy.deepcopy(w), pickle.loads(pickle.dumps(w))):
        assert (type(again), again.data, again.rate) == (Weight, 1.0, 0.5) and again.grad is NOT_COMPUTED


def test_a_leaf_shared_in_a_structure_is_shared_in_its_copy() -> None:
    v = Value(1.0)
    first, second = copy.deepcopy([v, v])
    assert first is second and first is not v


@pytest.mark.parametrize("make", [copy.copy, copy.deepcopy, pickle.dumps], ids=["copy", "deepcopy", "pickle"])
def test_the_middle_of_a_graph_cannot_be_copied(make: Any) -> None:
    h = Value(1.0).exp()
    h.label = "h"
    assert_refused(lambda: make(h), "'h'", "exp", "copy the leaves", "v.data")


def test_a_structure_that_holds_the_middle_of_a_graph_cannot_be_copied_deeply() -> None:
    w = Value(1.0)
    assert_refused(lambda: copy.deepcopy({"w": w, "loss": w * 2}), "mul", "cut off")


def test_new_attributes_are_refused() -> None:
    with pytest.raises(AttributeError):
        Value(1.0).gradient = 2.0


def test_numbers_and_assign_read_and_write_many() -> None:
    values = [Value(1.0), Value(2.0), Value(3.0)]
    assign(values, [4, 5.0, Fraction(6)])
    assert numbers(values) == [4.0, 5.0, 6.0]
    assert {type(x) for x in numbers(values)} == {float}
    assert numbers(values, doubles_of("d", [0.0] * 3)) == doubles_of("d", [4.0, 5.0, 6.0])


@pytest.mark.parametrize("array", ["doubles", "every other", "integers", "singles", "swapped"])
def test_numbers_and_assign_take_arrays(array: str) -> None:
    np = pytest.importorskip("numpy")
    values = [Value(1.0), Value(2.0), Value(3.0)]
    kind = {"integers": int, "singles": "f4", "swapped": np.dtype(float).newbyteorder()}.get(array, float)
    given = np.arange(10, 16).astype(kind)[::2] if array == "every other" else np.arange(10, 13).astype(kind)
    assign(values, given)
    assert numbers(values) == given.tolist()
    assign(values, [7.0, 8.0, 9.0])
    assert numbers(values, given) is given
    assert given.tolist() == [7, 8, 9]
    for wrong in (given[:2], np.zeros(4), np.zeros((3, 1))):
        with pytest.raises((ValueError, TypeError)):
            assign(values, wrong)
    with pytest.raises(ValueError, match=r"broadcast"):
        numbers(values, np.zeros(4))
    read_only = np.zeros(3)
    read_only.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        numbers(values, read_only)
    assert numbers(values) == [7.0, 8.0, 9.0]


def test_assign_sets_all_or_none() -> None:
    values = [Value(1.0), Value(2.0, label="b")]
    with pytest.raises(ValueError, match="3 numbers for 2 Values"):
        assign(values, [1.0, 2.0, 3.0])
    with pytest.raises(TypeError, match=r"'b'\.data: expected a number, got str"):
        assign(values, [7.0, "x"])
    assert numbers(values) == [1.0, 2.0]


def test_numbers_and_assign_refuse_while_a_function_is_traced() -> None:
    values = [Value(1.0)]
    with modes.tracing():
        with pytest.raises(TypeError, match="while the function is being traced"):
            numbers(values)
        for data in ([2.0], doubles_of("d", [2.0])):
            with pytest.raises(TypeError, match="while the function is being traced"):
                assign(values, data)
    assert values[0].data == 1.0


def test_gradient_is_what_backward_adds_to_grad_and_writes_none() -> None:
    x, y, other = Value(2.0), Value(3.0), Value(4.0)
    y.grad = 7.0
    z = x * y + x
    assert gradient(z, [x, y, z, other]) == [4.0, 2.0, 1.0, 0.0]
    assert gradient(x, iter([x])) == [1.0]
    assert [v.grad for v in (x, y, z, other)] == [0.0, 7.0, 0.0, 0.0]
    with no_grad():
        assert gradient(z, [x]) == [4.0]
    with modes.tracing(), pytest.raises(TypeError, match="while the function is being traced"):
        gradient(z, [x])


@pytest.mark.parametrize(
    ("given", "got"),
    [
        (lambda x: (3.0, [x]), r"Values, as in gradient\(z, \[x, y\]\), got float"),
        (lambda x: (abs, [x]), r"got builtin_function_or_method; of a function it is grad\(f\)"),
        (lambda x: (x * x, x), r"a list of Values, as in gradient\(z, \[x, y\]\), got .*Value"),
        (lambda x: (x * x, None), r"a list of Values, .* got NoneType"),
        (lambda x: (x * x, [x, 1.0]), "got float"),
        (lambda x: (x * x, {"x": x}), "got str"),
        (lambda x: (x * x, [[x]]), "got list"),
    ],
)
def test_gradient_of_and_by_anything_else_says_what_to_write(given: Any, got: str) -> None:
    with pytest.raises(TypeError, match=got):
        gradient(*given(Value(2.0)))


def test_a_branch_in_a_traced_function_points_to_where() -> None:
    x = Value(1.0)
    with modes.tracing(), pytest.raises(TypeError, match=r"frozen into the program; choose .* with where\("):
        _ = x if x > 0 else -x
