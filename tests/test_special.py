"""The special functions against mpmath, and numbers that a textbook formula gets wrong."""

from __future__ import annotations

import math

import pytest

from autograd import Value, exp, log, log_ndtr, ndtr, sqrt
from autograd.core.columns import TABLE
from autograd.trust import oracles

POINTS = [
    ("gamma", (3.7,)), ("lgamma", (1.6,)), ("digamma", (0.3,)), ("polygamma", (2.0, 1.5)), ("lbeta", (0.3, 40.0)),
    ("erfcx", (2.5,)), ("erfinv", (0.9,)), ("ndtr", (-3.0,)), ("log_ndtr", (-7.0,)), ("exprel", (1e-3,)),
    ("sinc", (0.01,)), ("celu", (-0.3, 1.5)), ("j0", (2.0,)), ("j1", (30.0,)), ("y0", (0.7,)), ("y1", (12.0,)),
    ("i0e", (3.0,)), ("i1e", (-50.0,)), ("gammainc", (2.5, 1.2)), ("gammaincc", (0.3, 4.0)), ("gammainc", (15.0, 17.0)),
    ("gammaincc", (0.5, 1e-9)), ("gammaincc", (0.1, 2e-9)), ("betainc", (2.5, 0.7, 0.3)), ("betainc", (14.0, 6.0, 0.8)),
    ("betainc", (146.0, 2447.0, 0.058)), ("gammainc", (300.0, 290.0)), ("gammaincc", (0.01, 1e-8)),
    ("gammainc", (0.001, 3e-4)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "point"), POINTS, ids=str)
def test_a_value_and_every_partial_agree_with_mpmath(name: str, point: tuple[float, ...]) -> None:
    row, operands = TABLE[name], [Value(x) for x in point]
    z = row(*operands)
    z.backward()
    orders = [tuple([int(i == j) for j in range(len(point))]) for i in range(len(point))]
    assert z.data == pytest.approx(float(oracles.derivative(name, point, (0,) * len(point))), rel=4e-15)
    for v, order in zip(operands, orders):
        assert v.grad == pytest.approx(float(oracles.derivative(name, point, order)), rel=1e-12)


def test_the_lower_tail_of_the_normal_distribution_has_a_logarithm() -> None:
    assert log_ndtr(-40.0) == pytest.approx(-804.6084420137538, rel=1e-15)


def test_an_option_far_out_of_the_money_has_a_price() -> None:
    K, S, sigma, T, r = 800.0, 100.0, 0.2, 0.5, 0.02
    d1 = (log(S / K) + (r + sigma * sigma / 2) * T) / (sigma * sqrt(T))
    price = S * ndtr(d1) - K * exp(-r * T) * ndtr(d1 - sigma * math.sqrt(T))
    assert price == pytest.approx(2.320e-48, rel=1e-3)
