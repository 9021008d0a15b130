"""The order of a graph and the sweeps along it: the fast sweep is the slide, and random graphs agree with mpmath."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import nullcontext
from math import inf, nan
from pathlib import Path
from typing import Any

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp

import autograd
from autograd import Value, detect_anomaly, dot, gradient, logsumexp, maximum, minimum, relu, sqrt, stop_gradient, where
from autograd import sum as sum_
from autograd.core.fast import number_adjoints
from autograd.core.primitives import TABLE
from autograd.core.sweeps import adjoints, number_edges, tangents, topological_order, value_edges
from autograd.trust import oracles
from tests.compare import bits

# Random graphs: a list of steps, each a row with the indices of its operands among the nodes so far. Every row here is
# smooth and tame on all of ℝ, so any graph of them is well conditioned enough to be compared to mpmath.

TAME = {"add": 2, "sub": 2, "mul": 2, "sin": 1, "cos": 1, "tanh": 1, "sigmoid": 1, "softplus": 1, "atan": 1, "erf": 1,
        "gelu": 1, "silu": 1, "neg": 1, "hypot1": 1, "dot": 3, "sum": 3, "logsumexp": 2}  # fmt: skip
Steps = list[tuple[str, tuple[int, ...]]]


@st.composite
def graphs(draw: Any) -> tuple[list[float], Steps]:
    leaves = draw(st.lists(st.floats(-2.0, 2.0), min_size=1, max_size=4))
    steps: Steps = []
    for size in range(len(leaves), len(leaves) + draw(st.integers(1, 12))):
        name = draw(st.sampled_from(sorted(TAME)))
        steps.append((name, tuple([draw(st.integers(max(0, size - 5), size - 1)) for _ in range(TAME[name])])))
    return leaves, steps


def evaluate(leaves: list[Any], steps: Steps, call: Callable[..., Any]) -> list[Any]:
    nodes = list(leaves)
    for name, operands in steps:
        xs = [nodes[i] for i in operands]
        if name == "hypot1":  # smooth everywhere, with a constant among its operands
            nodes.append(call("hypot", xs[0], 1.0))
        else:
            nodes.append(call("mul", call(name, *xs), 0.5) if name in ("mul", "sum", "dot") else call(name, *xs))
    return nodes


def on_values(leaves: list[float], steps: Steps) -> tuple[list[Value], list[Value]]:
    made = [Value(x) for x in leaves]
    return made, evaluate(made, steps, lambda name, *xs: TABLE[name](*xs))


@given(graphs())
def test_a_random_graph_is_the_function_and_its_gradient(graph: tuple[list[float], Steps]) -> None:
    leaves, steps = graph
    made, nodes = on_values(leaves, steps)
    nodes[-1].backward()
    with mpmath.workdps(60):
        h, point = mp.mpf(10) ** -25, [mp.mpf(x) for x in leaves]

        def f(i: int, t: Any) -> Any:
            shifted = [x + t if i == j else x for j, x in enumerate(point)]
            return evaluate(shifted, steps, lambda name, *xs: oracles.ORACLES[name](*xs))[-1]

        assert nodes[-1].data == pytest.approx(float(f(0, 0)), rel=1e-9, abs=1e-12)
        for i, leaf in enumerate(made):
            assert leaf.grad == pytest.approx(float((f(i, h) - f(i, -h)) / (2 * h)), rel=1e-9, abs=1e-11)


@given(graphs(), st.lists(st.sampled_from([0.0, inf, -inf, nan, 1e308, -0.5, 3.0]), min_size=4, max_size=4))
def test_the_fast_sweep_is_the_slide(graph: tuple[list[float], Steps], special: list[float]) -> None:
    """To the bit, whatever the numbers: `.grad` is `adjoints` over the recorded partials."""
    leaves, steps = graph
    for point in (leaves, special[: len(leaves)]):
        _, nodes = on_values(point, steps)
        root = nodes[-1]
        order = topological_order(root)
        want = adjoints(order, {root: 1.0}, number_edges)
        root.backward()
        assert [bits(v.grad) for v in order] == [bits(0.0 + want.get(v, 0.0)) for v in order]


WILD: list[Callable[[Any, Any], Any]] = [
    lambda a, b: a / b, lambda a, b: a**b, lambda a, b: a.log(), lambda a, b: maximum(a, b), lambda a, b: relu(a),
    lambda a, b: where(a > b, a, b), lambda a, b: where(a, 2.0, b), lambda a, b: dot([a, 2.0], [b, a], 1.0),
    lambda a, b: dot([a, b], [b, b], a), lambda a, b: dot([a, b], [1.0, 0.0], b), lambda a, b: minimum(1.0, a),
    lambda a, b: a.leaky_relu(0.0), lambda a, b: sqrt(relu(a)), lambda a, b: 1 / a, lambda a, b: sum_([a, 3.0, b, a]),
    lambda a, b: logsumexp([a, b, 0.0]), lambda a, b: stop_gradient(a) * b, lambda a, b: a - a,
]  # fmt: skip


@given(
    point=st.lists(st.sampled_from([0.0, -0.0, 1.0, -2.0, inf, -inf, nan]) | st.floats(), min_size=2, max_size=3),
    steps=st.lists(st.tuples(st.sampled_from(WILD), st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=12),
)
def test_the_fast_sweep_is_the_slide_on_every_kind_of_node(point: list[float], steps: list[Any]) -> None:
    nodes = [Value(x) for x in point]
    for step, i, j in steps:
        nodes.append(step(nodes[-1 - i % len(nodes)], nodes[-1 - j % len(nodes)]))
    root = nodes[-1]
    order = topological_order(root)
    want = adjoints(order, {root: 1.0}, number_edges)
    written_out = number_adjoints(order, {root: 1.0})
    before = [v.grad for v in order]
    assert [bits(g) for g in gradient(root, order)] == [bits(want.get(v, 0.0)) for v in order]
    assert [v.grad for v in order] == before
    root.backward()
    assert [bits(v.grad) for v in order] == [bits(0.0 + want.get(v, 0.0)) for v in order]
    assert [(v, bits(g)) for v, g in written_out.items()] == [(v, bits(g)) for v, g in want.items()]


@given(st.lists(st.floats(0.1, 1.0), min_size=10, max_size=10))
def test_terms_are_added_in_the_order_of_the_arguments(numbers: list[float]) -> None:
    """Sums of doubles depend on their order, which must be no set's: here all arguments lead to one leaf, or are it."""
    for combine in (
        lambda p, xs: dot(xs[:4], xs[4:8], xs[8]),
        lambda p, xs: dot([p, *xs[:3]], [*xs[4:7], p], p),
        lambda p, xs: sum_(xs),
        lambda p, xs: dot(xs[:4], [*numbers[:4]], xs[8]),
        lambda p, xs: xs[0] / xs[1] - xs[2] * xs[3],
    ):
        p, *factors = [Value(x) for x in numbers]
        z = combine(p, [p * factor for factor in factors]) * factors[0]
        order = topological_order(z)
        want = adjoints(order, {z: 1.0}, number_edges)
        z.backward()
        assert [bits(v.grad) for v in order] == [bits(want[v]) for v in order]


def test_a_seeded_node_keeps_its_tangent() -> None:
    x = Value(3.0)
    h = x * x
    z = h * 5.0
    assert tangents(topological_order(z), {x: 1.0, h: 2.0}, number_edges)[z] == 10.0


@given(graphs())
def test_the_slide_reads_the_same_on_numbers_and_on_values(graph: tuple[list[float], Steps]) -> None:
    made, nodes = on_values(*graph)
    root = nodes[-1]
    order = topological_order(root)
    on_numbers = adjoints(order, {root: 1.0}, number_edges)
    on_graph = adjoints(order, {root: 1.0}, value_edges)
    for leaf in made:
        got = on_graph.get(leaf, 0.0)
        got = got.data if isinstance(got, Value) else got
        assert got == pytest.approx(on_numbers.get(leaf, 0.0), rel=1e-12, abs=1e-13)


@given(graphs(), st.lists(st.floats(-1.0, 1.0), min_size=4, max_size=4))
def test_forward_and_reverse_agree(graph: tuple[list[float], Steps], direction: list[float]) -> None:
    """⟨gradient, direction⟩ is the tangent along the direction."""
    made, nodes = on_values(*graph)
    root = nodes[-1]
    order = topological_order(root)
    adjoint = adjoints(order, {root: 1.0}, number_edges)
    tangent = tangents(order, dict(zip(made, direction, strict=False)), number_edges)
    terms = [adjoint.get(x, 0.0) * t for x, t in zip(made, direction, strict=False)]
    size = max([1.0, *map(abs, terms)])
    assert tangent.get(root, 0.0) == pytest.approx(sum(terms), rel=1e-9, abs=1e-11 * size)


# The order


@given(graphs())
def test_operands_come_before_their_consumers_once_and_the_root_last(graph: tuple[list[float], Steps]) -> None:
    _, nodes = on_values(*graph)
    order = topological_order(nodes[-1])
    place = {v: i for i, v in enumerate(order)}
    assert len(place) == len(order) and order[-1] is nodes[-1]
    for v in order:
        assert all(place[x] < place[v] for x in v.operands)


@given(graphs())
def test_the_order_is_that_of_the_program_not_of_the_memory(graph: tuple[list[float], Steps]) -> None:
    def shape(root: Value) -> list[Any]:
        order = topological_order(root)
        place = {v: i for i, v in enumerate(order)}
        return [(v.op, v.data, [place[x] for x in v.operands]) for v in order]

    first, second = on_values(*graph)[1][-1], on_values(*graph)[1][-1]
    assert repr(shape(first)) == repr(shape(second))


def test_leaves_are_in_the_order_left_before_right() -> None:
    a, b, c = Value(1.0), Value(2.0), Value(3.0)
    z = a * b + c
    assert topological_order(z) == [a, b, z.operands[0], c, z]


def test_a_leaf_alone_is_its_own_order() -> None:
    a = Value(1.0)
    assert topological_order(a) == [a]


# What `.grad` means


def test_a_leaf_swept_from_itself_has_slope_one() -> None:
    a = Value(7.0)
    a.backward()
    assert a.grad == 1.0


@given(graphs())
def test_a_second_backward_doubles_the_leaves_exactly_and_resets_the_rest(graph: tuple[list[float], Steps]) -> None:
    made, nodes = on_values(*graph)
    inner = [v for v in topological_order(nodes[-1]) if v.operands]
    nodes[-1].backward()
    leaves, between = [v.grad for v in made], [v.grad for v in inner]
    nodes[-1].backward()
    assert [v.grad for v in made] == [2.0 * g for g in leaves]
    assert [v.grad for v in inner] == between


def test_two_losses_sharing_a_node_add_up() -> None:
    x = Value(3.0)
    h = x * x
    (h * 5).backward()
    assert (x.grad, h.grad) == (30.0, 5.0)
    (h * h).backward()
    assert (x.grad, h.grad) == (30.0 + 2 * 9 * 6, 18.0)


def test_a_gradient_set_by_hand_is_added_to() -> None:
    x = Value(3.0)
    x.grad = 100.0
    (x * 2).backward()
    assert x.grad == 102.0
    x.grad = 0
    (x * 2).backward()
    assert x.grad == 2.0 and type(x.grad) is float


def test_values_outside_the_sweep_keep_theirs() -> None:
    x, other = Value(3.0), Value(1.0)
    h = x * other
    h.backward()
    before = (other.grad, h.grad)
    (x * 2).backward()
    assert (other.grad, h.grad) == before


def test_a_sweep_that_raises_leaves_everything_as_it_was() -> None:
    a, b = Value(0.0, label="a"), Value(2.0, label="b")
    h = a.sqrt()
    z = h * b + a
    z.backward()
    before = [v.grad for v in (a, b, h, z)]
    with (
        detect_anomaly(inf=True),
        pytest.raises(FloatingPointError, match="arriving at a = 0 is inf"),
    ):
        z.backward()
    assert [v.grad for v in (a, b, h, z)] == before


def test_an_interrupted_sweep_leaves_everything_as_it_was() -> None:
    """A KeyboardInterrupt in the middle, as a notebook's stop button raises it."""
    xs = [Value(1.0) for _ in range(50)]
    z = Value(0.0)
    for x in xs:
        z = z * x + x
    z.backward()
    everything = topological_order(z)
    before = [v.grad for v in everything]
    for stop_at in (3, 60, 150, 400, 700):
        count = 0
        in_python = detect_anomaly() if autograd.engine == "C" else nullcontext()  # in C nothing can interrupt it

        def stop(frame: Any, event: str, _: Any, stop_at: int = stop_at) -> Any:
            nonlocal count
            if Path(frame.f_code.co_filename).parent.name == "fast":
                count += event == "line"
                if count == stop_at:
                    raise KeyboardInterrupt
            return stop

        previous = sys.gettrace()
        sys.settrace(stop)
        try:
            with pytest.raises(KeyboardInterrupt), in_python:
                z.backward()
        finally:
            sys.settrace(previous)
        assert [v.grad for v in everything] == before
    z.backward()
    assert [x.grad for x in xs] == [2.0 * g for v, g in zip(everything, before, strict=True) if v in set(xs)]


# Shared nodes


def test_a_plus_a_has_both_edges() -> None:
    a = Value(3.0)
    z = a + a
    z.backward()
    assert a.grad == 2.0 and z.operands == (a, a)


@pytest.mark.parametrize(
    ("f", "slope"),
    [(lambda a: a * a, 6.0), (lambda a: a - a, 0.0), (lambda a: a / a, 0.0), (lambda a: a * a * a, 27.0),
     (lambda a: maximum(a, a), 1.0), (lambda a: (a * 2) * (a * 2), 24.0), (lambda a: where(a, a, a), 1.0)],
)  # fmt: skip
def test_an_operand_used_twice_gets_both_terms(f: Any, slope: float) -> None:
    a = Value(3.0)
    f(a).backward()
    assert a.grad == pytest.approx(slope, abs=1e-15)


def test_a_ladder_of_diamonds_is_swept_once_per_node() -> None:
    """200 diamonds have 2²⁰⁰ paths."""
    a = Value(1.0)
    z = a
    for _ in range(200):
        z = z * 0.5 + z * 0.5
    z.backward()
    assert a.grad == 1.0 and len(topological_order(z)) == 601


# Masks are strong zeros in the fast sweep


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (lambda x: sqrt(relu(x)), -1.0),
        (lambda x: relu(x).log(), -1.0),
        (lambda x: (x - 1).relu() * inf, 0.5),
        (lambda x: where(x > 0, sqrt(x), 0.0), -1.0),
        (lambda x: where(x > 0, x.log(), 0.0), 0.0),
        (lambda x: where(0.0, 1 / x, 2.0), 0.0),
        (lambda x: where(1.0, 2.0, 1 / x), 0.0),
        (lambda x: maximum(x, 1.0) * nan, 0.5),
        (lambda x: maximum(sqrt(x), 1.0), 0.0),
        (lambda x: minimum(1 / x, 5.0), 0.0),
        (lambda x: minimum(x, 1.0) * inf, 2.0),
        (lambda x: where(x > 0, x, 0.0) * nan, -1.0),
    ],
)  # fmt: skip
def test_a_masked_path_contributes_exactly_zero(f: Any, x: float) -> None:
    v = Value(x)
    z = f(v)
    z.backward()
    assert bits(v.grad) == bits(0.0)
    order = topological_order(z)
    assert tangents(order, {v: 1.0}, number_edges).get(z, 0.0) == 0.0
    for edges in (number_edges, value_edges):
        adjoint = adjoints(order, {z: 1.0}, edges).get(v, 0.0)
        assert (adjoint.data if isinstance(adjoint, Value) else adjoint) == 0.0


def test_an_ordinary_zero_multiplies_as_ieee_says() -> None:
    x = Value(0.0)
    (sqrt(x) * 0.0).backward()
    assert x.grad != x.grad


def test_the_branch_taken_beside_a_masked_one_has_its_own_slope() -> None:
    x = Value(-4.0)
    where(x > 0, sqrt(x), x * 3).backward()
    assert x.grad == 3.0


# Data changed after recording


def test_the_gradient_is_that_of_what_was_recorded() -> None:
    x, y = Value(3.0), Value(5.0)
    z = x * y
    x.data = 100.0
    z.backward()
    assert (z.data, x.grad, y.grad) == (15.0, 5.0, 3.0)
