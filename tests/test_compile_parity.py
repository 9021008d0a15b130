"""Eager, the plain runner, the tape and the compiled source are one function: the same bits, whatever the lane."""

from __future__ import annotations

import itertools
import math
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd import Value, compile, dot, grad, hessian, jacobian, value_and_grad
from autograd.batch.arguments import Arguments
from autograd.batch.execute import Execution
from autograd.core import primitives
from autograd.core.primitives import TABLE
from autograd.program.lower import lower
from autograd.program.program import Program
from autograd.program.simplify import fold, share, simplify

SPECIAL = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -2.5,
    3.7,
    2.0,
    5e-324,
    -1e-310,
    1e-8,
    40.0,
    -745.0,
    710.0,
    1e308,
    math.inf,
    -math.inf,
    math.nan,
]
FIXED = [row for row in TABLE.values() if row.arity in (1, 2, 3)]


def same(got: Any, expected: Any) -> bool:
    """Equal to the bit; one nan is as good as another."""
    got, expected = np.asarray(got, float), np.asarray(expected, float)
    return bool(np.all((got.view(np.int64) == expected.view(np.int64)) | (np.isnan(got) & np.isnan(expected))))


def run(program: Program, parameters: list[Value], columns: list[list[float]], runner: str) -> Any:
    arrays = [np.array(column) for column in columns]
    execution = Execution(program, parameters, [()] * len(arrays), runner)
    return execution.run(Arguments(tuple([()] * len(arrays)), arrays, len(arrays[0])))[1]


def points(arity: int) -> list[tuple[float, ...]]:
    if arity < 3:
        return list(itertools.product(SPECIAL, repeat=arity))
    return list(itertools.product(SPECIAL[::3], repeat=arity)) + list(
        itertools.product((0.0, 1.0, math.nan), SPECIAL, SPECIAL)
    )


# Rows that are the same to the bit everywhere; in the others, an elementary function is native code of our own.
EXACT = {
    *("step", "sign", "above", "greater", "greater_equal", "equal", "stop_gradient", "defined", "add", "sub"),
    *("mul", "div", "neg", "abs", "sqrt", "hypot", "relu", "leaky_relu", "maximum", "minimum", "where"),
}


@pytest.mark.parametrize("runner", ["python", "tape", "source"])
@pytest.mark.parametrize("row", FIXED, ids=lambda row: row.name)
def test_every_row_is_the_same_natively(row: Any, runner: str) -> None:
    rows = points(row.arity)
    inputs = [Value(0.5) for _ in range(row.arity)]
    program, _ = lower([row(*inputs)], inputs)
    (got,) = run(program, [], [list(column) for column in zip(*rows, strict=True)], runner)
    expected = [row.forward(*point) for point in rows]
    ulp = 0 if row.name in EXACT or runner == "python" else 2
    wrong = [(p, g, e) for p, g, e in zip(rows, got, expected, strict=True) if not within(g, e, ulp)]
    assert not wrong, wrong[:5]


def within(got: float, expected: float, ulp: int) -> bool:
    near = math.isfinite(got) and math.isfinite(expected) and abs(got - expected) <= ulp * math.ulp(expected)
    return same(got, expected) or near


OPERATIONS = [  # those that are the same to the bit
    *("add", "sub", "mul", "div", "neg", "relu", "maximum", "where", "sqrt", "hypot", "step", "greater", "equal"),
]


@st.composite
def programs(draw: Any) -> tuple[Program, list[Value], list[Value], Value]:
    inputs = [Value(0.3, "x"), Value(-0.7, "y")]
    parameters = [Value(draw(st.sampled_from(SPECIAL[:11])), "w"), Value(1.25, "b")]
    pool: list[Any] = [*inputs, *parameters, *draw(st.lists(st.sampled_from(SPECIAL[:9]), max_size=3))]
    for _ in range(draw(st.integers(1, 25))):
        row = TABLE[draw(st.sampled_from(OPERATIONS))]
        operands = [draw(st.sampled_from(pool[-8:])) for _ in range(row.arity or 0)]
        pool.append(row(*operands))
    result = pool[-1] if isinstance(pool[-1], Value) else Value(pool[-1])
    graph, met = lower([result], inputs)
    return graph, inputs, met, result


def eagerly(graph: Program, parameters: list[Value], example: tuple[float, ...]) -> float:
    values: list[float] = []
    for row in range(len(graph)):
        if row < graph.inputs:
            values.append(example[row])
        elif row < graph.leaves:
            values.append(parameters[row - graph.inputs]._data)
        elif row in graph.numbers:
            values.append(graph.numbers[row])
        else:
            values.append(graph.primitives[row].forward(*[values[x] for x in graph.operands[row]]))
    return values[graph.outputs[0]]


@settings(max_examples=40, deadline=None)
@given(programs(), st.integers(0, 2**32))
def test_random_programs_are_the_same_on_every_runner(made: Any, seed: int) -> None:
    graph, _, parameters, _ = made
    chance = random.Random(seed)
    rows = [(chance.choice(SPECIAL), chance.choice(SPECIAL)) for _ in range(60)]
    rows += [(chance.gauss(0, 3), chance.gauss(0, 3)) for _ in range(41)]
    expected = [eagerly(graph, parameters, row) for row in rows]
    program = share(fold(graph))
    columns = [list(column) for column in zip(*rows, strict=True)]
    for runner in ("python", "tape"):
        (got,) = np.broadcast_to(run(program, parameters, columns, runner).reshape(1, -1), (1, len(rows)))
        assert same(got, expected), runner
    one = [run(program, parameters, [[x], [y]], "tape").reshape(-1)[0] for x, y in rows[::10]]
    assert same(one, expected[::10]), "one at a time"


@settings(max_examples=6, deadline=None)
@given(programs(), st.integers(0, 2**32))
def test_the_tape_and_the_source_give_the_same_bits(made: Any, seed: int) -> None:
    graph, _, parameters, _ = made
    chance = random.Random(seed)
    columns = [[chance.choice(SPECIAL) for _ in range(100)] for _ in range(2)]
    program = simplify(graph)
    assert same(run(program, parameters, columns, "tape"), run(program, parameters, columns, "source"))


def test_a_row_does_not_depend_on_its_place_in_the_batch() -> None:
    chance = np.random.default_rng(0)
    weights = [[Value(x) for x in row] for row in chance.normal(size=(5, 7)).tolist()]
    f = compile(lambda x: [dot(w, x, 0.5).tanh() for w in weights])
    X = chance.normal(size=(150, 7))
    whole = f(X)
    for order in (slice(None, None, -1), slice(1, None), slice(140, None), slice(17, 18)):
        assert same(f(X[order]), whole[order])


def test_a_dot_stays_within_a_few_ulp_of_the_sum_of_its_absolute_products() -> None:
    chance = np.random.default_rng(1)
    W, X = chance.normal(size=(9, 50)), chance.normal(size=(200, 50))
    weights = [[Value(x) for x in row] for row in W.tolist()]
    got = compile(lambda x: [sum(w * v for w, v in zip(row, x, strict=True)) for row in weights])(X)
    exact = np.array([[math.fsum((w * x).tolist()) for w in W] for x in X])
    assert np.all(np.abs(got - exact) <= 8 * np.finfo(float).eps * (np.abs(X) @ np.abs(W).T))


def test_denormals_survive() -> None:
    X = np.array([5e-324, 1e-310, -2e-308] * 30)
    for runner in ("tape", "source"):
        assert same(compile(lambda x: x * 0.5 + x, runner=runner)(X), X * 0.5 + X)


def test_small_powers_are_within_two_ulp() -> None:
    chance = np.random.default_rng(2)
    X = chance.normal(size=1000) * 10.0 ** chance.integers(-100, 100, size=1000)
    for exponent in (2, 3, -1):
        got = compile(lambda x, k=exponent: x**k, runner="tape")(X)
        expected = np.array([primitives.pow_.forward(x, float(exponent)) for x in X.tolist()])
        assert np.all(np.abs(got - expected) <= 2 * np.spacing(np.abs(expected)))


@pytest.mark.parametrize("transform", [grad, value_and_grad, jacobian, hessian, lambda f: grad(grad(f))])
def test_the_program_of_a_derivative_calls_its_inputs_what_the_function_calls_them(transform):
    derivative = compile(transform(lambda spot, strike: spot**3 / strike))
    derivative([1.0, 2.0], 3.0)
    assert "spot" in str(derivative.program) and "strike" in str(derivative.program)


DIFFERENTIABLE = [
    *("add", "sub", "mul", "div", "neg", "exp", "log", "tanh", "relu", "maximum", "minimum", "where", "sigmoid", "sum"),
    *("softplus", "sqrt", "hypot", "pow", "abs", "leaky_relu", "elu", "dot", "logsumexp", "atan2", "gelu", "log1p"),
]


def random_function(chance: random.Random) -> Any:
    """A function of four scalars: up to 14 rows of the table, applied to the last few results and to constants."""
    steps: list[tuple[Any, list[Any]]] = []
    for step in range(chance.randint(1, 14)):
        row = TABLE[chance.choice(DIFFERENTIABLE)]
        count = row.arity or (5 if row.name == "dot" else chance.randint(2, 3))
        recent = range(max(0, step - 2), step + 4)
        constants = [0.0, 1.0, 2.0, -1.5, 3.0, 0.5]
        operands = [
            chance.choice(recent) if chance.random() > 0.12 else [chance.choice(constants)] for _ in range(count)
        ]
        steps.append((row, operands))

    def f(*xs: Any) -> Any:
        pool = list(xs)
        for row, operands in steps:
            pool.append(row(*[x[0] if isinstance(x, list) else pool[x] for x in operands]))
        return pool[-1] if isinstance(pool[-1], Value) else pool[-1] + pool[0]

    return f


def agree(got: float, eager: float) -> bool:
    """Equal up to rounding, which a random function may magnify, and never a nan of the program's own. One difference
    is there: where everything arrives through masks, any zero counts as one of theirs, and may stop a nan."""
    return math.isnan(eager) or got == eager or math.isclose(got, eager, rel_tol=1e-6, abs_tol=1e-8)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 2**32), st.booleans())
def test_gradients_of_random_functions_agree_with_eager_ones(seed: int, special: bool) -> None:
    chance = random.Random(seed)
    f = random_function(chance)
    leaves = [Value(0.1) for _ in range(4)]
    cost, gradient = compile(lambda: f(*leaves)), compile(grad(f, argnums=(0, 1, 2, 3)))
    pick = lambda: chance.choice(SPECIAL) if special and chance.random() < 0.4 else chance.gauss(0.0, 1.5)
    points = [[pick() for _ in range(4)] for _ in range(70)]
    batch = np.array(gradient(*np.array(points).T.copy()))
    for k, point in enumerate(points):
        for leaf, x in zip(leaves, point, strict=True):
            leaf.data, leaf.grad = x, 0.0
        f(*leaves).backward()
        eager = [leaf.grad for leaf in leaves]
        slopes = cost.value_and_grad()[1].tolist()
        program = dict(zip(cost.parameters, slopes, strict=True))
        for got in (
            batch[:, k].tolist(),
            [program.get(leaf, 0.0) for leaf in leaves],
        ):
            assert all(map(agree, got, eager)), (point, got, eager)


SEVERAL = [name for name, row in TABLE.items() if row.public and row.arity is not None and row.arity > 1]


@pytest.mark.parametrize("runner", ["tape", "source"])
@pytest.mark.parametrize("name", SEVERAL)
def test_each_operand_of_a_row_may_be_the_same_for_all_examples(name: str, runner: str) -> None:
    w, places = Value(1.5), range(TABLE[name].arity or 0)
    operands = lambda x, k: [w if i == k else x * (1 + 0.1 * i) for i in places]
    f = lambda x: [TABLE[name](*operands(x, k)) for k in places]
    X = [0.3, 0.7, 0.9, 0.45] * 4
    got = compile(f, runner)(X)
    np.testing.assert_allclose(got, [[z.data for z in f(x)] for x in X], rtol=1e-12)
