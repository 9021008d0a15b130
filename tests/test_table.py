"""The measure of the table: a row entered now is there for every reading, and nothing else was edited."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import find, given, settings

import autograd
from autograd import Value, check_gradients, compile, draw, explain, grad, hypot
from autograd.core import face, ieee
from autograd.core.columns import TABLE, Primitive, find_method, row
from autograd.parser import Formula
from autograd.testing import expressions, inputs
from tests import stub
from tests.processes import printed


@pytest.fixture
def area() -> Iterator[Primitive]:
    """asinh under another name, as one row of the table."""
    yield row(
        "area", ieee.asinh, lambda x, z: 1 / hypot(1.0, x),
        aliases=("arcarea",), about="log(x + √(x² + 1)).",
    )  # fmt: skip
    with suppress(KeyError):
        del TABLE["area"]


def test_a_new_row_is_a_function_and_a_method_under_each_of_its_names(area: Primitive) -> None:
    v = Value(0.5)
    for name in ("area", "arcarea"):
        assert getattr(autograd, name) is area and getattr(face, name) is area
        assert getattr(v, name)().op == "area"
    assert area(0.5) == math.asinh(0.5) and "log(x + √(x² + 1))" in autograd.area.__doc__


def test_a_new_row_is_a_numpy_function(area: Primitive) -> None:
    np = pytest.importorskip("numpy")
    made = np.array([Value(0.5), Value(2.0)])
    assert [z.op for z in np.frompyfunc(lambda v: v.area(), 1, 1)(made)] == ["area", "area"]
    row(
        "arcsinh", ieee.asinh, lambda x, z: 1 / hypot(1.0, x)
    )  # in the place of the one that has this ufunc as an alias
    TABLE["arcsinh"].aliases = ("arcsinh",)
    assert np.arcsinh(Value(0.5)).op == "asinh"


def test_a_new_row_can_be_typed(area: Primitive) -> None:
    assert Formula("area(x) + 1").evaluate({"x": 0.5}) == math.asinh(0.5) + 1.0


def test_a_new_row_is_drawn_and_explained(area: Primitive) -> None:
    x = Value(0.5, "x")
    C = area(x) * 2
    C.label = "C"
    C.backward()
    assert "area(x)" in draw(C).text()
    assert "area" in explain(C, wrt=x).text() and "✓ equals x.grad" in explain(C, wrt=x).text()


def test_a_new_row_is_compiled_and_printed(area: Primitive) -> None:
    np = pytest.importorskip("numpy")
    pytest.importorskip("llvmlite")
    f = compile(lambda x: area(x) * x)
    assert f(np.array([0.5, 2.0])).tolist() == pytest.approx([0.5 * math.asinh(0.5), 2.0 * math.asinh(2.0)], rel=1e-15)
    slope = compile(grad(lambda x: area(x) * x))(np.array([0.5]))
    assert slope.tolist() == pytest.approx([0.5 / math.sqrt(1.25) + math.asinh(0.5)], rel=1e-15)
    assert "area(" in f.source


def test_a_new_row_is_property_tested(area: Primitive) -> None:
    find(expressions(), lambda f: any(step.row is area for step in f.steps))

    @settings(max_examples=20)
    @given(inputs(area))
    def check(xs: tuple[float]) -> None:
        check_gradients(area, *xs)

    check()


def test_a_new_infix_row_is_an_operator_of_formulas_and_listings() -> None:
    sign = TABLE["mod"].infix
    assert Formula("7 % 4").evaluate({}) == 3.0 and sign in TABLE["mod"].text


def test_a_row_that_is_gone_is_gone_from_every_face() -> None:
    for owner in (autograd, face):
        with pytest.raises(AttributeError):
            owner.area  # noqa: B018
    assert find_method("area") is None and not hasattr(Value(1.0), "area")


def test_what_a_type_checker_reads_is_what_the_table_says() -> None:
    assert stub.STUB.read_text() == stub.stub(), "run python -m tests.stub"


NOT_FUNCTIONS = {"pi", "e", "tau", "inf", "nan"}


@pytest.mark.parametrize("name", [name for name in dir(math) if not name.startswith("_") and name not in NOT_FUNCTIONS])
def test_every_name_of_pythons_math_is_here_or_refused_with_the_reason(name: str) -> None:
    try:
        assert callable(getattr(autograd, name))
    except AttributeError as refusal:
        assert ": " in str(refusal), refusal


def test_no_line_of_the_table_is_over_160_columns() -> None:
    for module in ("primitives", "special"):
        text = open(sys.modules[f"autograd.core.{module}"].__file__).read()
        assert max(map(len, text.splitlines())) <= 160


def test_the_table_needs_the_standard_library_only() -> None:
    code = (
        "import sys, autograd; autograd.betainc(2.0, 3.0, 0.5); print({'numpy', 'scipy', 'mpmath'} & set(sys.modules))"
    )
    assert printed(code) == "set()\n"
