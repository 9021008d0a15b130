"""Random graphs, differentiated along a line up to three times in mixtures of modes, against mpmath at 50 digits."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import mpmath
from hypothesis import given, settings
from mpmath import mp

from autograd import grad, jvp
from autograd.expressions import Expression
from autograd.recordings import Recording
from autograd.sweeps import number_adjoints
from autograd.testing import expressions
from tests.oracles import ORACLES

Function = Callable[..., Any]
LINE = (1.0, -0.5, 0.75)


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


def test_random_graphs_agree_with_mpmath_in_every_mode() -> None:
    conditioned: list[bool] = []

    @settings(max_examples=2000)
    @given(expressions(max_nodes=40))
    def every_graph(f: Expression) -> None:
        if f.steps:
            check(f, READINGS, conditioned)

    every_graph()
    assert len(conditioned) > 5000
    assert sum(conditioned) > 0.6 * len(conditioned)
