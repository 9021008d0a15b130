"""Right, or refused: what people write and would otherwise get plausible wrong numbers for, one claim each."""

from __future__ import annotations

from fractions import Fraction
from math import inf, nan
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Value, compile, equal, grad, jvp, sin, where
from autograd.core.modes import tracing

X, Y = [0.0, 0.5, 1.0, 2.0], [0.0, 1.0, 1.0, 2.0]

# 1. Equality


@given(x=st.floats(), y=st.floats())
def test_a_value_and_a_number_compare_as_numbers(x: float, y: float) -> None:
    v = Value(x)
    assert ((v == y), (y == v), (v != y), (y != v)) == ((x == y), (y == x), (x != y), (y != x))


@pytest.mark.parametrize("one", [1, True, np.float32(1), np.int64(1), np.array(1.0), Fraction(1)])
def test_any_number_will_do(one: Any) -> None:
    assert Value(1.0) == one and one == Value(1.0)
    assert not (Value(2.0) == one) and Value(2.0) != one


@pytest.mark.parametrize("other", ["1", b"1", None, 1j, [1.0], (1.0,), {1.0}, 10**400, object()])
@pytest.mark.parametrize("traced", [False, True])
def test_anything_else_is_not_equal(other: Any, traced: bool) -> None:
    def ask() -> None:
        assert (Value(1.0) == other) is False and (other == Value(1.0)) is False
        assert (Value(1.0) != other) is True and (other != Value(1.0)) is True

    if not traced:
        return ask()
    with tracing():
        ask()


def test_membership_and_match_compare_numbers_eagerly() -> None:
    y = Value(1.0)
    match y:
        case 1:
            matched = True
        case _:
            matched = False
    assert matched and y in (0, 1) and y in [1.0] and y not in (2, 3) and (0, 1).index(y) == 1


def chosen(x: Any, y: Any) -> Any:
    """What is asked in the shape of a choice: the same in every reading."""
    return where(y == 1, 2 * x, where(y != 0, x * x, -x)) + where(1.0 == y, 10.0, 0.0)


@pytest.mark.parametrize("runner", ["python", "tape", "source", None])
def test_a_choice_by_equality_compiles_to_what_it_is_eagerly(runner: Any) -> None:
    want = [chosen(x, y) for x, y in zip(X, Y, strict=True)]
    assert compile(chosen, runner)(X, Y).tolist() == want == [-0.0, 11.0, 12.0, 4.0]
    slopes = compile(grad(chosen), runner)(X, Y).tolist()
    assert slopes == [grad(chosen)(x, y) for x, y in zip(X, Y, strict=True)] == [-1.0, 2.0, 2.0, 4.0]


def filled(x: Any) -> Any:
    return where(x == 0, 1.0, sin(x) / x)


@pytest.mark.parametrize(
    ("f", "at_0"),
    [(filled, 1.0), (grad(filled), 0.0), (lambda x: jvp(filled, (x,), (1.0,))[1], 0.0), (grad(grad(filled)), 0.0)],
    ids=["value", "grad", "jvp", "second"],
)
def test_a_hole_is_filled_in_every_reading(f: Any, at_0: float) -> None:
    assert f(Value(0.0)).data == compile(f, "python")(0.0) == compile(f)([0.0, 1.0])[0] == at_0


def test_equal_of_two_values_is_a_choice_that_compiles() -> None:
    f = compile(lambda x, y: where(equal(x, y), x, x * y))
    assert f(X, Y).tolist() == [0.0, 0.5, 1.0, 2.0] and f([3.0], [5.0]).tolist() == [15.0]
    assert (equal(1, 1.0), equal(nan, nan), equal(inf, inf)) == (1.0, 0.0, 1.0)


REFUSED = {  # what is asked of a Value in a function being compiled, and what its error must name
    "x == y": (lambda x, y: x if x == y else x * y, ["where(equal(a, b)", "is"]),
    "x != y": (lambda x, y: x if x != y else x * y, ["where(equal(a, b)"]),
    "x in [y]": (lambda x, y: x if x in [y] else y, ["where(equal(a, b)"]),
    "if y == 1": (lambda x, y: x if y == 1 else x * y, ["where"]),
    "y in (0, 1)": (lambda x, y: x if y in (0, 1) else x * y, ["where"]),
    "y in np.array": (lambda x, y: x if y in np.array([0.0, 1.0]) else x * y, ["where"]),
    "list.index": (lambda x, y: x * [0, 1, 2].index(y), ["where"]),
    "list.count": (lambda x, y: x * [0, 1, 2].count(y), ["where"]),
    "np.float64 == y": (lambda x, y: x if np.float64(1.0) == y else x * y, ["where"]),
    "np.equal": (lambda x, y: x if np.equal(y, 1) else x * y, ["where"]),
    "max": (lambda x, y: max(x, y), ["maximum"]),
    "min": (lambda x, y: min(x, 0.5), ["minimum"]),
    "sorted": (lambda x, y: sorted([x, y])[0], ["sorted", "minimum"]),
    "round": (lambda x, y: round(x) * y, ["floor = primitive"]),
    "%": (lambda x, y: x % 2 * y, ["x - m * floor(x / m)"]),
    "2 % x": (lambda x, y: 2 % x * y, ["floor"]),
    "//": (lambda x, y: x // 2 * y, ["floor"]),
    "int": (lambda x, y: int(x) * y, ["v.data"]),
    "dict[y]": (lambda x, y: {0: x, 1: 2 * x}[y], ["where"]),
    "list[y]": (lambda x, y: [x, 2 * x][y], ["where"]),
    "range(y)": (lambda x, y: sum([x for _ in range(y)]), ["where"]),
    "np.array[y]": (lambda x, y: x * np.array([1.0, 2.0])[y], ["where"]),
}


def matching(x: Any, y: Any) -> Any:
    match y:
        case 1:
            return x
        case _:
            return x * y


REFUSED["match y"] = (matching, ["where"])


@pytest.mark.parametrize(("f", "named"), REFUSED.values(), ids=REFUSED)
def test_what_a_trace_cannot_ask_names_what_to_write(f: Any, named: list[str]) -> None:
    with pytest.raises((TypeError, LookupError)) as refusal:
        compile(f)(X, Y)
    said = " ".join([str(refusal.value), *getattr(refusal.value, "__notes__", [])])
    assert all(words in said for words in named), said
