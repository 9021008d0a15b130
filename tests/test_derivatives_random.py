"""Random graphs, differentiated along a line up to three times in mixtures of modes, against mpmath at 50 digits."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import mpmath
import pytest
from hypothesis import given, settings
from mpmath import mp

from autograd import Value, grad, hessian, hvp, jacobian, jvp
from autograd.core.fast import number_adjoints, number_tangents
from autograd.core.refusals import Argument
from autograd.core.sweeps import adjoints, number_edges, tangents
from autograd.derivatives.recording import Recording
from autograd.testing import expressions
from autograd.trust.expressions import Expression
from autograd.trust.oracles import ORACLES
from tests.compare import bits

Function = Callable[..., Any]
LINE = (1.0, -0.5, 0.75)


@pytest.fixture(autouse=True)
def arguments_are_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests keep the nodes that a function was given in dicts of their own, as the library does."""
    monkeypatch.setattr(Argument, "__hash__", object.__hash__)


def on_a_line(f: Expression) -> Function:
    """t ↦ f(inputs + t · direction), whose derivatives take all inputs along."""
    return lambda t: f(*[x + t * v for x, v in zip(f.inputs, LINE, strict=False)])


def exact(f: Expression) -> list[float]:
    """f and its first three derivatives along the line, by central differences with a step of 1e-30."""
    with mpmath.workdps(160):
        h = mp.mpf(10) ** -30

        def at(k: int) -> Any:
            known = [mp.mpf(x) + k * h * v for x, v in zip(f.inputs, LINE, strict=False)]
            for row, operands in f.steps:
                known.append(ORACLES[row.name](*[known[i] if isinstance(i, int) else mp.mpf(i) for i in operands]))
            return known[-1] if f.steps else known[0]

        a, b, c, d, e = map(at, (-2, -1, 0, 1, 2))
        return [float(x) for x in (c, (d - b) / (2 * h), (d - 2 * c + b) / h**2, (e - 2 * d + 2 * b - a) / (2 * h**3))]


def reverse(f: Function) -> Function:
    return grad(f)


def forward(f: Function) -> Function:
    return lambda t: jvp(f, (t,), (1.0,))[1]


def value_and_rounding(f: Function) -> tuple[float, float]:
    """f(0), and how far it moves if every node of its graph is rounded once: ε Σ |∂f/∂z · z|."""
    recording = Recording("test", f, (0.0,), [0])
    value = recording.scalar()
    adjoint = number_adjoints(recording.order, {recording.outputs[0]: 1.0})
    return value, 2.0**-52 * math.fsum([abs(a * z._data) for z, a in adjoint.items()])


READINGS = [
    (1, (reverse,)),
    (1, (forward,)),
    (2, (reverse, reverse)),
    (2, (reverse, forward)),
    (3, (reverse, reverse, forward)),
]


def check(f: Expression, readings: Any, conditioned: list[bool]) -> None:
    true = exact(f)
    for order, modes in readings:
        g = on_a_line(f)
        for mode in modes:
            g = mode(g)
        got, rounding = value_and_rounding(g)
        conditioned.append(16 * rounding <= 1e-12 * abs(true[order]))
        assert abs(got - true[order]) <= 1e-12 * abs(true[order]) + 16 * rounding + 1e-50, (order, modes, got, true)


@pytest.mark.parametrize("count", [100, pytest.param(2000, marks=pytest.mark.heavy)])
def test_random_graphs_agree_with_mpmath_in_every_mode(count: int) -> None:
    conditioned: list[bool] = []

    @settings(max_examples=count)
    @given(expressions(max_nodes=40))
    def every_graph(f: Expression) -> None:
        if f.steps:
            check(f, READINGS, conditioned)

    every_graph()
    assert len(conditioned) > 2.5 * count
    assert sum(conditioned) > 0.6 * len(conditioned)


# The readings agree with each other


@settings(max_examples=200)
@given(expressions(max_nodes=40))
def test_the_fast_reverse_sweep_on_numbers_is_the_slide(f: Expression) -> None:
    recording = Recording("test", f, f.inputs, range(len(f.inputs)))
    seeds = {z: 1.0 for z in recording.outputs}
    slide = adjoints(recording.order, seeds, number_edges)
    fast = number_adjoints(recording.order, seeds)
    assert list(slide) == list(fast) and [bits(a) for a in slide.values()] == [bits(a) for a in fast.values()]


@settings(max_examples=200)
@given(expressions(max_nodes=40))
def test_the_fast_forward_sweep_on_numbers_is_the_slide(f: Expression) -> None:
    recording = Recording("test", f, f.inputs, range(len(f.inputs)))
    seeds = dict(zip(recording.inputs, LINE, strict=False))
    slide = tangents(recording.order, seeds, number_edges)
    fast = number_tangents(recording.order, seeds)
    assert list(slide) == list(fast) and [bits(t) for t in slide.values()] == [bits(t) for t in fast.values()]


def largest(recording: Recording) -> float:
    """Σ over paths of |product of partials|, from the outputs to the inputs: what rounding is relative to."""
    seeds = {z: 1.0 for z in recording.outputs if isinstance(z, Value)}
    sizes = adjoints(recording.order, seeds, lambda z: [(x, abs(p)) for x, p in number_edges(z)])
    return math.fsum([sizes.get(x, 0.0) for x in recording.inputs])


@settings(max_examples=200)
@given(expressions(max_nodes=40, n_inputs=3))
def test_reverse_mode_is_the_transpose_of_forward_mode(f: Expression) -> None:
    recording = Recording("test", f, f.inputs, range(3))
    backwards = recording.pull([2.0])
    forwards = recording.push([0.5, -1.0, 3.0])
    rounding = 100 * 2.0**-52 * largest(recording)
    assert abs(2.0 * forwards[0] - (0.5 * backwards[0] - backwards[1] + 3.0 * backwards[2])) <= rounding


@settings(max_examples=200)
@given(expressions(max_nodes=40))
def test_the_graph_of_a_gradient_has_its_numbers(f: Expression) -> None:
    which = tuple(range(len(f.inputs)))
    numbers = grad(f, which)(*f.inputs)
    graphs = grad(f, which)(*map(Value, f.inputs))
    rounding = 100 * 2.0**-52 * largest(Recording("test", f, f.inputs, which))
    for number, graph in zip(numbers, graphs, strict=True):
        assert abs(number - graph.data) <= rounding


@settings(max_examples=200)
@given(expressions(max_nodes=20, n_inputs=3))
def test_the_hessian_at_once_is_the_jacobian_of_the_gradient(f: Expression) -> None:
    which = (0, 1, 2)
    at_once = hessian(f, which)(*f.inputs)
    gradient = grad(f, which)
    by_row = [jacobian(lambda *xs, i=i: gradient(*xs)[i], which)(*f.inputs) for i in which]
    rounding = 100 * 2.0**-52 * largest(Recording("test", gradient, f.inputs, which))
    for i in which:
        assert hvp(f, f.inputs, [float(i == j) for j in which]) == pytest.approx(at_once[i], rel=1e-12, abs=rounding)
        for j in which:
            assert abs(at_once[i][j] - by_row[i][j]) <= rounding and at_once[i][j] == at_once[j][i]
