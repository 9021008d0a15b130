"""What is a number, from either side of every operator; what is not is refused by name, with the remedy."""

from __future__ import annotations

import datetime
import math
import operator
from decimal import Decimal
from fractions import Fraction
from math import nan
from typing import Any

import pytest

import autograd
from autograd import Value
from tests.compare import assert_refused, bits
from tests.test_value import INFIX


class Convertible:
    def __float__(self) -> float:
        return 2.5


@pytest.mark.parametrize(
    ("number", "want"),
    [
        (3, 3.0), (2.5, 2.5), (True, 1.0), (Fraction(1, 4), 0.25), (Decimal("0.1"), 0.1), (Convertible(), 2.5),
        (2**53 + 1, 2.0**53), (nan, nan), (-0.0, -0.0),
    ],
)  # fmt: skip
def test_a_number_becomes_a_plain_float(number: Any, want: float) -> None:
    v = Value(number)
    assert bits(v.data) == bits(want)
    v.data = number
    assert bits(v.data) == bits(want)
    assert bits(autograd.sigmoid(number)) == bits(autograd.sigmoid(want))


def test_a_number_is_converted_once() -> None:
    class Counted:
        times = 0

        def __float__(self) -> float:
            self.times += 1
            return 2.0

    for act in (
        Value,
        Value(1.0).__add__,
        Value(1.0).__rpow__,
        autograd.exp,
        lambda x: autograd.maximum(Value(1.0), x),
    ):
        number = Counted()
        act(number)
        assert number.times == 1


NOT_NUMBERS = {
    "text": ("2", "str '2'", "float(text)"),
    "bytes": (b"2", "bytes b'2'", "float(text)"),
    "nothing": (None, "None", "did a function forget to return?"),
    "complex": (1j, "complex", "real and imaginary parts"),
    "date": (datetime.date(2020, 1, 1), "date", "float"),
    "duration": (datetime.timedelta(1), "timedelta", "unit"),
    "list": ([1.0], "list", "[Value(x) for x in xs]"),
    "tuple": ((1.0,), "tuple", "[Value(x) for x in xs]"),
    "dict": ({}, "dict", "[Value(x) for x in xs]"),
    "function": (math.exp, "builtin_function_or_method", "float"),
}
not_numbers = pytest.mark.parametrize(("x", "kind", "remedy"), NOT_NUMBERS.values(), ids=NOT_NUMBERS)


@not_numbers
def test_a_value_of_something_else_is_refused(x: Any, kind: str, remedy: str) -> None:
    assert_refused(lambda: Value(x), "Value", kind, remedy)


@not_numbers
@pytest.mark.parametrize("name", INFIX)
def test_an_operator_refuses_it_from_the_right(x: Any, kind: str, remedy: str, name: str) -> None:
    w = Value(2.0, label="w_1")
    assert_refused(lambda: INFIX[name](w, x), name, "w_1", kind, remedy)


@not_numbers
@pytest.mark.parametrize("name", INFIX)
def test_an_operator_refuses_it_from_the_left(x: Any, kind: str, remedy: str, name: str) -> None:
    w = Value(2.0, label="w_1")
    assert_refused(lambda: INFIX[name](x, w), name, "w_1", kind, remedy)


@not_numbers
@pytest.mark.parametrize("compare", [operator.lt, operator.le, operator.gt, operator.ge])
def test_a_comparison_refuses_it_from_either_side(x: Any, kind: str, remedy: str, compare: Any) -> None:
    w = Value(2.0, label="w_1")
    assert_refused(lambda: compare(w, x), "greater", "w_1", kind, remedy)
    assert_refused(lambda: compare(x, w), "greater", "w_1", kind, remedy)


@not_numbers
def test_a_function_refuses_it(x: Any, kind: str, remedy: str) -> None:
    w = Value(2.0, label="w_1")
    assert_refused(lambda: autograd.sin(x), "sin", kind, remedy)
    assert_refused(lambda: autograd.maximum(w, x), "maximum", "w_1", kind, remedy)
    assert_refused(lambda: autograd.dot([w], [x]), "dot", "w_1", kind, remedy)


@not_numbers
def test_new_data_refuses_it_and_the_old_stays(x: Any, kind: str, remedy: str) -> None:
    w = Value(2.0, label="w_1")
    assert_refused(lambda: setattr(w, "data", x), "w_1", kind, remedy)
    assert w.data == 2.0


@pytest.mark.parametrize("act", [Value, lambda x: Value(1.0) + x, lambda x: x * Value(1.0), autograd.exp])
def test_an_int_that_no_double_holds_overflows(act: Any) -> None:
    with pytest.raises(OverflowError, match="too large for a double"):
        act(10**400)


class Quantity:
    """What many programs have: a class with operators of its own, for a number on either side."""

    def __init__(self, number: Any) -> None:
        self.number = number

    def __mul__(self, other: Any) -> Quantity:
        return Quantity(self.number * other)

    __rmul__ = __mul__

    def __rsub__(self, other: Any) -> Quantity:
        return Quantity(other - self.number)

    def __lt__(self, other: Any) -> bool:
        return self.number < other  # type: ignore[no-any-return]


def test_a_class_with_operators_of_its_own_is_asked_what_they_do() -> None:
    def f(x: Any) -> Any:
        return (x * (2.0 - x * Quantity(3.0))).number  # x · (2 − 3x)

    v = Value(0.5)
    assert isinstance(v * Quantity(3.0), Quantity)
    assert autograd.grad(f)(0.5) == 2.0 - 6.0 * 0.5
    assert v > Quantity(0.25)
    assert not v > Quantity(0.75)
    with pytest.raises(TypeError, match="Value' and 'Quantity'"):
        v + Quantity(1.0)


def test_a_value_never_holds_a_value() -> None:
    v = Value(1.0, label="v")
    assert_refused(lambda: Value(v), "'v'", "already", ".data")
    assert_refused(lambda: setattr(v, "data", Value(2.0, label="w")), "'w'", ".data")


def test_a_label_is_text() -> None:
    assert_refused(lambda: Value(1.0, label=3), "label", "text", "int")
