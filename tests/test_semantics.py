"""Claims about meaning that are of no one file: IEEE arithmetic in a graph, powers, determinism, published numbers."""

from __future__ import annotations

import csv
import math
from math import inf, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import Value, exp, log, logsumexp, sigmoid, softplus, sqrt
from tests.compare import bits
from tests.processes import ROOT, printed


def value_and_slope(f: Any, x: float) -> tuple[float, float]:
    v = Value(x)
    z = f(v)
    z.backward()
    return z.data, v.grad


# Arithmetic never raises from inside a graph


@pytest.mark.parametrize(
    ("f", "x", "value", "slope"),
    [
        (log, 0.0, -inf, inf),
        (lambda x: 1 / x, 0.0, inf, -inf),
        (lambda x: 1 / x, -0.0, -inf, -inf),
        (lambda x: x / 0, 1.0, inf, inf),
        (lambda x: x / 0, 0.0, nan, inf),
        (lambda x: x / -0.0, 1.0, -inf, -inf),
        (exp, 1000.0, inf, inf),
        (sqrt, -1.0, nan, nan),
        (lambda x: x ** (1 / 3), -8.0, nan, nan),
        (lambda x: x**-1, 0.0, inf, -inf),
        (lambda x: x**-2, 0.0, inf, -inf),
        (lambda x: x**300, 1e300, inf, inf),
        (lambda x: x * x, 1e200, inf, 2e200),
        (lambda x: x - x, inf, nan, 0.0),
        (lambda x: 0.0**x, -1.0, inf, -inf),
        (lambda x: (-8.0) ** x, 1 / 3, nan, nan),
        (lambda x: exp(-exp(x)), 1000.0, 0.0, nan),
    ],
)
def test_the_result_is_what_ieee_says(f: Any, x: float, value: float, slope: float) -> None:
    got = value_and_slope(f, x)
    assert [bits(g) for g in got] == [bits(value), bits(slope)], got


operations = st.sampled_from(
    [
        lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b, lambda a, b: a / b, lambda a, b: a**b,
        lambda a, b: log(a), lambda a, b: exp(a), lambda a, b: sqrt(a), lambda a, b: a.asin(), lambda a, b: a.tan(),
        lambda a, b: autograd.maximum(a, b), lambda a, b: autograd.hypot(a, b), lambda a, b: autograd.atan2(a, b),
        lambda a, b: logsumexp([a, b]), lambda a, b: autograd.dot([a], [b], a), lambda a, b: 1 / a, lambda a, b: 2**a,
        lambda a, b: autograd.where(a, a, b), lambda a, b: a.gelu(), lambda a, b: a.elu(), lambda a, b: a.sinh(),
    ]
)  # fmt: skip


@given(x=st.floats(), y=st.floats(), steps=st.lists(st.tuples(operations, st.integers(0, 9), st.integers(0, 9))))
def test_no_graph_of_any_doubles_raises(x: float, y: float, steps: list[Any]) -> None:
    nodes = [Value(x), Value(y)]
    for operation, i, j in steps:
        nodes.append(operation(nodes[i % len(nodes)], nodes[j % len(nodes)]))
    nodes[-1].backward()
    assert all(type(v.data) is float and type(v.grad) is float for v in nodes)


# Powers


@pytest.mark.parametrize("x", [0.0, -0.0, 3.0, -3.0, inf, -inf, nan, 1e-320])
def test_the_power_zero_is_one_with_slope_zero_everywhere(x: float) -> None:
    assert value_and_slope(lambda v: v**0, x) == (1.0, 0.0)


@pytest.mark.parametrize(("n", "slope"), [(1, 1.0), (2, -4.0), (3, 12.0), (4, -32.0), (-1, -0.25), (-2, 0.25)])
def test_a_constant_exponent_never_meets_a_logarithm(n: int, slope: float) -> None:
    assert value_and_slope(lambda v: v**n, -2.0) == ((-2.0) ** n, slope)


@given(st.floats(-1e150, 1e150))
def test_a_square_is_x_times_x_to_the_bit(x: float) -> None:
    assert bits((Value(x) ** 2).data) == bits(x * x)


@given(st.floats(allow_nan=False), st.floats(allow_nan=False).filter(lambda y: y != 0.0))
def test_division_is_division_not_a_reciprocal(x: float, y: float) -> None:
    assert bits((Value(x) / Value(y)).data) == bits(x / y) == bits((x / Value(y)).data) == bits((Value(x) / y).data)


@pytest.mark.parametrize(
    ("base", "exponent", "slopes"),
    [(0.0, 0.0, (0.0, 0.0)), (0.0, 2.0, (0.0, 0.0)), (0.0, 0.5, (inf, 0.0)), (-2.0, 2.0, (-4.0, nan)),
     (2.0, 3.0, (12.0, 8 * math.log(2))), (1.0, 5.0, (5.0, 0.0))],
)  # fmt: skip
def test_an_exponent_that_is_a_value(base: float, exponent: float, slopes: tuple[float, float]) -> None:
    x, y = Value(base), Value(exponent)
    (x**y).backward()
    assert bits(x.grad) == bits(slopes[0]) and (bits(y.grad) == bits(slopes[1]) or y.grad == pytest.approx(slopes[1]))


# Stable forms in use


@given(st.floats(-1e308, 1e308), st.sampled_from([0.0, 1.0]))
def test_cross_entropy_from_logits_is_finite_with_slope_p_minus_y(z: float, y: float) -> None:
    value, slope = value_and_slope(lambda v: softplus(v) - y * v, z)
    assert math.isfinite(value) and value >= 0.0
    assert slope == pytest.approx(sigmoid(z) - y, rel=1e-15, abs=1e-16)


@given(st.lists(st.floats(-8e307, 8e307), min_size=2, max_size=5), st.data())
def test_cross_entropy_over_classes_is_finite_with_slopes_p_minus_y(xs: list[float], data: st.DataObject) -> None:
    chosen = data.draw(st.integers(0, len(xs) - 1))
    logits = [Value(x) for x in xs]
    (logsumexp(logits) - logits[chosen]).backward()
    assert all(math.isfinite(v.grad) for v in logits)
    assert sum(v.grad for v in logits) == pytest.approx(0.0, abs=1e-12)
    assert logits[chosen].grad <= 0.0 and all(v.grad >= 0.0 for v in logits if v is not logits[chosen])


# The chain rule of one neuron, in closed form


@given(w=st.floats(-5, 5), a=st.floats(-5, 5), b=st.floats(-5, 5), y=st.floats(0, 1))
def test_the_cost_of_one_neuron(w: float, a: float, b: float, y: float) -> None:
    """∂C/∂w = a σ′(z) 2(σ(z) − y), ∂C/∂b = 1 · …, ∂C/∂a = w · …, −2(σ(z) − y) for y itself."""
    W, A, B, Y = (Value(x) for x in (w, a, b, y))
    activation = sigmoid(W * A + B)
    ((activation - Y) ** 2).backward()
    out = 1 / (1 + math.exp(-(w * a + b)))
    common = out * (1 - out) * 2 * (out - y)
    for got, want in zip([W, A, B, Y], [a * common, w * common, common, -2 * (out - y)], strict=True):
        assert got.grad == pytest.approx(want, rel=1e-9, abs=1e-14)


# Determinism

PROGRAM = """
import autograd
from autograd import Value, dot, logsumexp, relu
from autograd.core.sweeps import topological_order
ws = {f"w{i}": Value(0.1 * i - 0.35, label=f"w{i}") for i in range(8)}
names = sorted(ws)
hidden = [dot([ws[n] for n in names], [0.3 * k + j for j in range(8)], ws["w0"]).tanh() for k in range(5)]
z = logsumexp(hidden) * relu(hidden[1] - hidden[2]) + sum(h * h for h in hidden) / 3 + (1 / hidden[0]) ** 3
z.backward()
order = topological_order(z)
print(*[f"{v.op}:{v.data.hex()}:{v.grad.hex()}" for v in order])
"""


def test_the_same_program_gives_the_same_bits_in_every_process() -> None:
    outputs = {printed(PROGRAM, PYTHONHASHSEED=seed) for seed in ("0", "1", "4242", "random")}
    assert len(outputs) == 1 and "logsumexp:" in outputs.pop()


# A published result


def test_logistic_regression_reaches_the_published_fit_of_the_challenger_flights() -> None:
    """Newton's method with the engine's gradient: intercept 15.0429, slope −0.2322 per °F, deviance 20.315."""
    with (ROOT / "nn" / "challenger.csv").open() as file:
        flights = [(float(x), float(y)) for x, y in list(csv.reader(file))[1:]]
    assert len(flights) == 23
    a, b = 0.0, 0.0
    for _ in range(12):
        A, B = Value(a, label="intercept"), Value(b, label="slope")
        logits = [A + B * x for x, _ in flights]
        deviance = 2 * autograd.sum([softplus(z) - y * z for z, (_, y) in zip(logits, flights, strict=True)])
        deviance.backward()
        weights = [2 * sigmoid(z.data) * sigmoid(-z.data) for z in logits]
        haa, hab = sum(weights), sum(w * x for w, (x, _) in zip(weights, flights, strict=True))
        hbb = sum(w * x * x for w, (x, _) in zip(weights, flights, strict=True))
        determinant = haa * hbb - hab * hab
        a -= (hbb * A.grad - hab * B.grad) / determinant
        b -= (haa * B.grad - hab * A.grad) / determinant
    assert (round(a, 4), round(b, 4), round(deviance.data, 3)) == (15.0429, -0.2322, 20.315)
