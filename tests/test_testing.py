"""The Hypothesis strategies, and planted bugs: each is found at once and shrinks to the row that is wrong."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

import autograd
from autograd import Value, check_gradients, exp, grad, primitive, relu
from autograd.core.primitives import TABLE
from autograd.testing import assert_gradients_match, expressions, inputs, values
from autograd.trust.expressions import Expression, Step, is_ordinary
from tests.processes import printed, python

DIFFERENTIABLE = [name for name, row in TABLE.items() if any(row.partials)]

# Strategies


@given(values(), values(0.0, math.inf), values(-1.0, 1.0), values(100.0, 200.0))
def test_values_are_numbers_strictly_inside(x: float, positive: float, unit: float, far: float) -> None:
    assert math.isfinite(x) and 0.0 < positive < math.inf and -1.0 < unit < 1.0 and 100.0 < far < 200.0


@pytest.mark.parametrize(
    "kind",
    [
        lambda x: x == 0.0 and math.copysign(1.0, x) < 0,
        lambda x: 0.0 < abs(x) < 1e-300,
        lambda x: abs(x) > 1e200,
        lambda x: x == 1.0,
        lambda x: 1.0 < x < 2.0,
    ],
)
def test_values_cover_zeros_tiny_huge_and_ordinary(kind: Callable[[float], bool]) -> None:
    find(values(), kind)


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_inputs_of_every_row_pass_its_own_check(name: str) -> None:
    row = TABLE[name]

    @settings(max_examples=8)
    @given(inputs(name))
    def check(xs: tuple[float, ...]) -> None:
        assert is_ordinary(row, xs)
        if not row.whole:
            check_gradients(row, *xs)
            return
        free = [
            i for i, name in enumerate(row.names) if name not in row.whole
        ]  # nothing is differentiated by the others
        place = dict(zip(free, range(len(free)), strict=True))
        check_gradients(
            lambda *ys: row(*[ys[place[i]] if i in place else x for i, x in enumerate(xs)]), *[xs[i] for i in free]
        )

    check()


@given(inputs("log", special=True), inputs("pow", special=True))
def test_special_inputs_are_inside_the_domain(x: tuple[float], xy: tuple[float, float]) -> None:
    assert x[0] > 0.0 and xy[0] > 0.0


def test_special_inputs_reach_kinks() -> None:
    find(inputs("relu", special=True), lambda xs: xs == (0.0,))


def test_unknown_rows_are_named() -> None:
    with pytest.raises(ValueError, match="no row 'rleu'"):
        inputs("rleu")
    with pytest.raises(ValueError, match="empty"):
        expressions(primitives=[])
    with pytest.raises(ValueError, match="max_nodes"):
        expressions(max_nodes=0)
    with pytest.raises(ValueError, match="n_inputs is 1 or more, got 0"):
        expressions(n_inputs=0)


# Expressions


@given(expressions(max_nodes=15))
def test_an_expression_is_the_python_that_it_prints(f: Expression) -> None:
    definition, _, call = repr(f).rpartition("\n")
    scope: dict[str, Any] = {name: row for name, row in TABLE.items()}
    scope |= {name: getattr(autograd, name) for name in autograd.__all__ if callable(getattr(autograd, name, None))}
    scope |= {"abs": abs, "sum": autograd.sum}
    exec(definition, scope)
    assert scope["f"](*f.inputs) == f(*f.inputs) or math.isnan(f(*f.inputs))
    assert eval(call, scope) == f(*f.inputs)
    assert len(f.steps) <= 15


@given(expressions(primitives=["add", "mul", exp], max_nodes=6, n_inputs=2))
def test_expressions_are_of_the_rows_and_inputs_asked_for(f: Expression) -> None:
    assert len(f.inputs) == 2 and len(f) <= 6
    assert {step.row.name for step in f.steps} <= {"add", "mul", "exp"}


def test_expressions_reach_every_row_sharing_and_forty_nodes() -> None:
    sizes, rows, shared = [], set(), 0

    @settings(max_examples=1000, phases=[Phase.generate])
    @given(expressions(max_nodes=40))
    def look(f: Expression) -> None:
        nonlocal shared
        sizes.append(len(f))
        rows.update(step.row.name for step in f.steps)
        used = [i for step in f.steps for i in step.operands if isinstance(i, int) and i >= len(f.inputs)]
        shared += len(set(used)) < len(used)

    look()
    assert rows == {row for row in TABLE if any(TABLE[row].partials) and TABLE[row].public and not TABLE[row].by_call}
    assert max(sizes) == 40 and sum(sizes) / len(sizes) > 10 and shared > 100


def test_an_expression_prints_one_line_for_what_is_used_once() -> None:
    f = Expression([0.5, 2.0], [Step(TABLE["mul"], (0, 1)), Step(TABLE["tanh"], (2,)), Step(TABLE["sub"], (3, 3.0))])
    assert repr(f) == "def f(x, y):\n    return tanh(x * y) - 3.0\nf(0.5, 2.0)"
    g = Expression([0.5], [Step(TABLE["neg"], (0,)), Step(TABLE["pow"], (1, 2.0)), Step(TABLE["mul"], (2, 2))])
    assert repr(g) == "def f(x):\n    v2 = (-x) ** 2.0\n    return v2 * v2\nf(0.5)"
    assert repr(Expression([1.0], [])) == "def f(x):\n    return x\nf(1.0)"


def test_steps_that_nothing_needs_are_left_out() -> None:
    f = Expression([0.5], [Step(TABLE["exp"], (0,)), Step(TABLE["sin"], (0,)), Step(TABLE["cos"], (2,))])
    assert [step.row.name for step in f.steps] == ["sin", "cos"]


def test_a_check_of_an_expression_names_its_inputs_as_it_prints_them() -> None:
    f = Expression([0.5, 2.0], [Step(TABLE["mul"], (0, 1))])
    assert [e.symbol for e in check_gradients(f, *f.inputs, order=1).entries] == ["∂f/∂x", "∂f/∂y"]


def test_an_expression_checks_how_many_numbers_it_gets() -> None:
    with pytest.raises(TypeError, match="takes 1 number, got 2"):
        Expression([0.5], [])(1.0, 2.0)


# Planted bugs

FOUND = settings(
    database=None, deadline=None, max_examples=5000, phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


def found(check: Callable[[Expression], None], **options: Any) -> tuple[Expression, str]:
    """The smallest expression that fails the check, and the failure; within a few hundred tries, under a second."""
    smallest: list[Expression] = []
    tries: list[None] = []

    @FOUND
    @given(expressions(**options))
    def test(f: Expression) -> None:
        tries.append(None)
        try:
            check(f)
        except AssertionError:
            smallest[:] = [f]
            raise

    with pytest.raises(AssertionError) as error:
        test()
    assert len(tries) < 400
    return smallest[0], str(error.value)


def check(f: Expression) -> None:
    check_gradients(f, *f.inputs)


def test_a_relu_whose_slope_is_its_input_is_found() -> None:
    bug = primitive("relu_bug", lambda x: max(x, 0.0), lambda x, z: relu(x), kinks=(lambda x: x,))
    assert check_gradients(bug, 1.0, order=1).ok  # a test at 1 alone would not see it
    f, message = found(check, primitives=["add", "mul", "tanh", bug])
    assert len(f) <= 2 and "∂relu_bug(x)/∂x at x = " in message


def test_a_missing_factor_two_is_found() -> None:
    bug = primitive("square", lambda x: x * x, lambda x, z: x)
    f, message = found(check, primitives=["add", "mul", "tanh", bug])
    assert len(f) <= 2 and "∂square(x)/∂x" in message


def test_a_swapped_operand_is_found() -> None:
    bug = primitive("times", lambda x, y: x * y, lambda x, y, z: x, lambda x, y, z: y)
    f, message = found(check, primitives=["add", "mul", "tanh", bug])
    assert len(f) <= 2 and "∂times(x1, x2)/∂x1" in message


class Forgetful:
    """Another engine, with a bug: at a shared node the last gradient to arrive replaces the others."""

    def __init__(self, data: float, operands: tuple[tuple[Forgetful, float], ...] = ()) -> None:
        self.data, self.operands, self.grad = data, operands, 0.0

    def __add__(self, other: Any) -> Forgetful:
        other = other if isinstance(other, Forgetful) else Forgetful(other)
        return Forgetful(self.data + other.data, ((self, 1.0), (other, 1.0)))

    def __mul__(self, other: Any) -> Forgetful:
        other = other if isinstance(other, Forgetful) else Forgetful(other)
        return Forgetful(self.data * other.data, ((self, other.data), (other, self.data)))

    __radd__, __rmul__ = __add__, __mul__

    def relu(self) -> Forgetful:
        return Forgetful(max(self.data, 0.0), ((self, float(self.data > 0)),))

    def backward(self, adds: bool) -> None:
        order: list[Forgetful] = []

        def visit(node: Forgetful) -> None:
            if node not in order:
                for operand, _ in node.operands:
                    visit(operand)
                order.append(node)

        visit(self)
        self.grad = 1.0
        for node in reversed(order):
            for operand, partial in node.operands:
                operand.grad = operand.grad * adds + node.grad * partial


def engine(adds: bool) -> Callable[..., list[float]]:
    def gradients(f: Any, *xs: float) -> list[float]:
        leaves = [Forgetful(x) for x in xs]
        result = f(*leaves)
        result.backward(adds)
        return [leaf.grad for leaf in leaves]

    return gradients


def test_a_gradient_lost_through_a_shared_node_is_found() -> None:
    f, message = found(lambda f: assert_gradients_match(f, engine(adds=False)), primitives=["add", "mul"])
    assert len(f) <= 2 and repr(f) in message and "finite differences say" in message


@given(expressions(primitives=["add", "mul", "relu", "sum"]))
def test_the_same_engine_without_the_bug_matches(f: Expression) -> None:
    if f.steps:
        assert_gradients_match(f, engine(adds=True))


def test_a_reference_may_be_any_function_of_numbers() -> None:
    assert_gradients_match(lambda x: x**3, lambda f, x: 3 * x * x, 2.0)
    assert_gradients_match(
        lambda p, k: p[0] * p[1] * k, lambda f, p, k: ([p[1] * k, p[0] * k], p[0] * p[1]), [2.0, 3.0], 4.0
    )
    with pytest.raises(
        AssertionError, match=r"argument 0 is 12.0 here and 6.0 by the reference; finite differences say 12,"
    ):
        assert_gradients_match(lambda x: x**3, lambda f, x: 3 * x, 2.0)
    for rough in ({"rtol": 0.1}, {"atol": 1.0}):
        assert_gradients_match(lambda x: x**3, lambda f, x: 12.9, 2.0, **rough)
    with pytest.raises(AssertionError, match="returned 2 derivatives where f has 1 argument"):
        assert_gradients_match(lambda x: x**3, lambda f, x: [1.0, 2.0], 2.0)


def test_an_engine_without_a_method_is_told_which() -> None:
    f = Expression([0.5], [Step(TABLE["tanh"], (0,))])
    with pytest.raises(TypeError, match="Forgetful has no method 'tanh'"):
        f(Forgetful(0.5))


# A row of the user's own is at home everywhere


def test_a_users_row_is_in_random_expressions_with_all_its_derivatives() -> None:
    cube = primitive("cube", lambda x: x * x * x, lambda x, z: 3 * x * x)
    find(expressions(), lambda f: any(step.row is cube for step in f.steps), settings=FOUND)

    @settings(max_examples=30)
    @given(expressions(primitives=["mul", "sin", cube]))
    def test(f: Expression) -> None:
        check_gradients(f, *f.inputs)

    test()
    assert grad(grad(grad(cube)))(5.0) == 6.0


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_a_users_row_that_raises_gives_what_ieee_says_instead(x: float) -> None:
    for name in ("root", "inverse"):
        TABLE.pop(name, None)
    root = primitive("root", math.sqrt, lambda x, z: 0.5 / z)
    inverse = primitive("inverse", lambda x: 1 / x, lambda x, z: -z * z)
    node = root(Value(x)) + inverse(Value(x))
    node.backward()
    assert inverse(0.0) == math.inf and math.isnan(root(-1.0)) and math.isnan(root(Value(-1.0)).data)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: primitive("two words", abs, lambda x, z: 1.0), ValueError, "one word.*'two words'"),
        (lambda: primitive("exp", abs, lambda x, z: 1.0), ValueError, "in the table already"),
        (lambda: primitive("f", 3, lambda x, z: 1.0), TypeError, "functions, got int"),
        (lambda: primitive("f", None, lambda x, z: 1.0), TypeError, "functions, got NoneType"),
        (lambda: primitive("f", lambda x: x, 1.0), TypeError, "functions, got float"),
        (lambda: primitive("f", lambda x, y: x, lambda x, y, z: 1.0), TypeError, "1 partial for 2 operands of forward"),
        (lambda: primitive("f", lambda x: x), TypeError, "0 partials for 1 operand of forward"),
        (lambda: primitive("f", lambda x: x, lambda x: 1.0), TypeError, "the operands and the result, lambda x, z"),
        (lambda: primitive("f", lambda *xs: xs[0], nary=True), TypeError, "nary=True it has one partial"),
        (lambda: primitive("f", lambda x: x, lambda x, z: 1.0, colour="red"), TypeError, "colour"),
    ],
)
def test_a_malformed_row_is_refused_where_it_is_entered(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()
    assert "f" not in TABLE


def test_hypothesis_is_imported_by_the_testing_module_only() -> None:
    program = "import sys, autograd; assert 'hypothesis' not in sys.modules; import autograd.testing"
    printed(program)


def test_the_page_of_examples_runs() -> None:
    """Every example in the module's docstring, as written, its tests run."""
    import autograd.testing

    pytest.importorskip("micrograd")
    blocks = re.findall(r"```python\n(.*?)```", autograd.testing.__doc__ or "", re.DOTALL)
    scope: dict[str, Any] = {}
    for block in blocks:
        exec(textwrap.dedent(block), scope)
    tests = [test for name, test in scope.items() if name.startswith("test_")]
    assert len(blocks) == 3 and len(tests) == 4
    for test in tests:
        test()


def test_the_page_shows_what_a_missing_factor_looks_like() -> None:
    cube = primitive("cube", lambda x: x * x * x, lambda x, z: x * x)
    f, message = found(check, primitives=["add", "mul", "tanh", cube])
    assert repr(f) == "def f(x):\n    return cube(x)\nf(1.0)"
    assert message.endswith("the first wrong local derivative is ∂cube(x)/∂x at x = 1.0: got 1.0, expected 3")


def test_without_hypothesis_one_line_says_what_to_install():
    job = "import sys; sys.modules['hypothesis'] = None; import autograd.testing"
    done = python("-c", job)
    said = "ImportError: autograd.testing makes its examples with Hypothesis: pip install hypothesis"
    assert done.stderr.splitlines()[-1] == said
