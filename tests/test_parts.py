"""Rows in their parts: what a slope needs of a row is computed once, to the same bits."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

import autograd
from autograd import Value, gelu, mish, silu
from autograd.core import primitives as table
from autograd.program.differentiate import parametric, value_and_gradient
from autograd.program.lower import lower
from autograd.program.program import Program
from autograd.program.simplify import simplify

np = pytest.importorskip("numpy")
pytest.importorskip("llvmlite")
from autograd.native.parts import opened, parts  # noqa: E402  # it reads rules of machine code


def with_slope(f: Any) -> Program:
    x = Value(0.5)
    return simplify(value_and_gradient(parametric(simplify(lower([f(x)], [x])[0]))))


def rows(program: Program) -> Counter[Any]:
    return Counter([row for _, row, _ in program.instructions()])


@pytest.mark.parametrize(("f", "part"), [(gelu, table.erfc), (silu, table.sigmoid), (mish, table.softplus)])
def test_a_row_and_its_slope_share_a_function(f: Any, part: Any) -> None:
    found = rows(opened(with_slope(f)))
    assert (found[part], found[f]) == (1, 0)


def test_a_row_stays_where_nothing_else_needs_its_parts() -> None:
    x = Value(0.5)
    program = simplify(lower([gelu(x) * x], [x])[0])
    assert opened(program) is program


def test_a_row_that_is_no_formula_has_no_parts() -> None:
    assert [parts(row) for row in (table.relu, table.erfc, table.dot, table.maximum)] == [None] * 4


@pytest.mark.parametrize("f", [gelu, silu, mish])
def test_the_numbers_are_those_of_the_row(f: Any) -> None:
    x = np.concatenate([np.linspace(-40.0, 40.0, 801), [np.inf, -np.inf, np.nan, 0.0, -0.0, 5e-324, 1e308, -1e308]])
    alone = autograd.compile(f, runner="tape")(x)
    beside, _ = autograd.compile(autograd.value_and_grad(f), runner="tape")(x)
    assert alone.tobytes() == beside.tobytes()
