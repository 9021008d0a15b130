"""The special functions against mpmath, and numbers that a textbook formula gets wrong."""

from __future__ import annotations

import math
import random
from math import inf, nan

import mpmath
import pytest

from autograd import Value, exp, grad, log, log_ndtr, ndtr, sqrt
from autograd.core.columns import REAL, TABLE, Primitive
from autograd.trust import oracles
from tests.compare import bits
from tests.test_primitives import scale

POINTS = [
    ("gamma", (3.7,)), ("lgamma", (1.6,)), ("digamma", (0.3,)), ("polygamma", (2.0, 1.5)), ("lbeta", (0.3, 40.0)),
    ("erfcx", (2.5,)), ("erfinv", (0.9,)), ("ndtr", (-3.0,)), ("log_ndtr", (-7.0,)), ("exprel", (1e-3,)),
    ("sinc", (0.01,)), ("celu", (-0.3, 1.5)), ("j0", (2.0,)), ("j1", (30.0,)), ("y0", (0.7,)), ("y1", (12.0,)),
    ("i0e", (3.0,)), ("i1e", (-50.0,)), ("gammainc", (2.5, 1.2)), ("gammaincc", (0.3, 4.0)), ("gammainc", (15.0, 17.0)),
    ("gammaincc", (0.5, 1e-9)), ("gammaincc", (0.1, 2e-9)), ("betainc", (2.5, 0.7, 0.3)), ("betainc", (14.0, 6.0, 0.8)),
    ("betainc", (146.0, 2447.0, 0.058)), ("gammainc", (300.0, 290.0)), ("gammaincc", (0.01, 1e-8)),
    ("gammainc", (0.001, 3e-4)), ("psi_step", (1.0, 0.7, 2.5)), ("erfcxn", (2.0, 0.8)), ("erfcinv", (0.3,)),
    ("ndtri", (0.2,)), ("lambertw", (2.0,)), ("expreln", (2.0, 0.4)), ("sincn", (1.0, 0.7)), ("jn", (3.0, 2.5)),
    ("yn", (2.0, 1.3)), ("ien", (1.0, 0.9)), ("gammainc_a", (1.0, 1.5, 2.0)), ("gamma_density", (1.0, 1.5, 2.0)),
    ("betainc_ab", (1.0, 0.0, 1.5, 2.5, 0.4)), ("beta_density", (1.0, 1.0, 1.5, 2.5, 0.4)), ("ldexp", (0.7, 3.0)),
    ("erfc_ratio", (1.0, 0.9)), ("log_ndtr_x", (-2.0,)), ("i0", (3.0,)), ("i1", (-0.2,)), ("i0n", (2.0, 1.5)),
    ("k0", (0.3,)), ("k1", (20.0,)), ("k0n", (2.0, 0.7)),
]  # fmt: skip


def test_every_row_that_loops_has_its_point() -> None:
    assert {name for name, _ in POINTS} >= {row.name for row in TABLE.values() if row.by_call and not row.own}


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


# Three orders over the domain


PUBLIC = [row for row in TABLE.values() if row.by_call and row.public and row.name != "ldexp"]
INTEGRALS = ("gammainc", "gammaincc", "betainc")
# What cancels, in ulp: in the second slope in a of the integral from x on, what is on both sides of a change of sign;
# in the third of log Φ around 0, the ratios of erfc's integrals.
LOOSER = {("gammainc", 2): 8.0, ("gammaincc", 2): 8.0, ("log_ndtr", 3): 24.0}


def drawn(row: Primitive, count: int) -> list[tuple[float, ...]]:
    """Operands all over the domain, of every size from 0.001 (0.03 where it begins at 0) to 30, off the poles."""
    chance, points = random.Random(row.name), []
    while len(points) < count:
        point = []
        for x, (low, high) in zip(row.names, row.domain, strict=True):
            size = math.exp(chance.uniform(math.log(1e-3 if low == -inf else 0.03), math.log(30.0)))
            within = chance.uniform(low, high) if high - low < inf else size * chance.choice((-1.0, 1.0))
            point.append(
                float(chance.randrange(4)) if x in row.whole else low + size if -inf < low and high == inf else within
            )
        if all([abs(kink(*point)) > 1e-3 for kink in row.kinks]):
            points.append(tuple(point))
    return points


def errors(row: Primitive, count: int) -> None:
    """A value and the first three derivatives in each operand are right, to 4 ulp of what one in the operands moves."""
    for point in drawn(row, count):
        for i in [i for i, x in enumerate(row.names) if x not in row.whole]:
            f = row
            for order in range(4):
                orders = tuple([order * (i == j) for j in range(len(point))])
                got, want = f(*point), oracles.derivative(row.name, point, orders)
                f = grad(f, i)
                if abs(want) > 1.79e308:
                    assert got == math.copysign(inf, want)
                    continue
                most = LOOSER.get((row.name, order), 4.0 if order < 3 else 16.0)
                ulp = scale(row.name, point, orders) * mpmath.mpf(2) ** -52
                assert math.isfinite(got) and abs(mpmath.mpf(got) - want) <= most * ulp, (point, i, order, got, want)


@pytest.mark.parametrize("row", PUBLIC, ids=lambda row: row.name)
def test_three_orders_are_right_over_the_domain(row: Primitive) -> None:
    errors(row, 1 if row.name in INTEGRALS else 4)


@pytest.mark.parametrize("row", [row for row in TABLE.values() if row.by_call], ids=lambda row: row.name)
def test_a_row_is_a_number_inside_its_domain_and_nan_outside(row: Primitive) -> None:
    for point in drawn(row, 10):
        assert not math.isnan(row(*point)), point
        for i, (low, high) in enumerate(row.domain):
            assert row.names[i] not in row.whole or (low, high) == REAL
            for x in [x for x in (low - 0.5, high + 0.5) if abs(x) < inf]:
                assert math.isnan(row(*point[:i], x, *point[i + 1 :])), (point, i, x)


@pytest.mark.heavy
@pytest.mark.parametrize("row", PUBLIC, ids=lambda row: row.name)
def test_three_orders_are_right_at_many_points(row: Primitive) -> None:
    errors(row, 10 if row.name in INTEGRALS else 60)


# Edges and specials: z, then the slopes, the limits from inside the domain where there are such


EDGES = [
    ("gamma", (0.0,), inf, (-inf,)), ("gamma", (-0.0,), -inf, (-inf,)), ("gamma", (-2.0,), nan, (nan,)),
    ("gamma", (172.0,), inf, (inf,)), ("gamma", (-inf,), nan, (nan,)), ("lgamma", (0.0,), inf, (-inf,)),
    ("lgamma", (1.0,), 0.0, (-0.5772156649015329,)), ("lgamma", (-3.0,), inf, (nan,)), ("lgamma", (inf,), inf, (inf,)),
    ("digamma", (0.0,), -inf, (inf,)), ("digamma", (-1.0,), nan, (nan,)), ("digamma", (inf,), inf, (0.0,)),
    ("polygamma", (1.0, 0.0), inf, (0.0, -inf)), ("polygamma", (0.5, 1.0), nan, (0.0, nan)),
    ("polygamma", (-1.0, 1.0), nan, (0.0, nan)), ("lbeta", (0.0, 1.0), inf, (-inf, 0.0)),
    ("lbeta", (-1.0, 1.0), nan, (nan, nan)), ("lbeta", (1.0, inf), -inf, (-inf, 0.0)),
    ("erfcx", (-inf,), inf, (-inf,)), ("erfcx", (inf,), 0.0, (0.0,)), ("erfinv", (1.0,), inf, (inf,)),
    ("erfinv", (-1.0,), -inf, (inf,)), ("erfinv", (1.5,), nan, (nan,)),
    ("erfinv", (5e-324,), 5e-324, (math.sqrt(math.pi) / 2,)),
    ("erfcinv", (0.0,), inf, (-inf,)), ("erfcinv", (2.0,), -inf, (-inf,)), ("erfcinv", (-1.0,), nan, (nan,)),
    ("ndtri", (0.0,), -inf, (inf,)), ("ndtri", (1.0,), inf, (inf,)), ("ndtri", (1.5,), nan, (nan,)),
    ("lambertw", (0.0,), 0.0, (1.0,)), ("lambertw", (inf,), inf, (0.0,)), ("lambertw", (-0.4,), nan, (nan,)),
    ("log1mexp", (0.0,), -inf, (-inf,)), ("log1mexp", (-inf,), -0.0, (-0.0,)), ("log1mexp", (1.0,), nan, (nan,)),
    ("xlog1py", (0.0, -1.0), 0.0, (-inf, 0.0)), ("xlog1py", (2.0, -1.0), -inf, (-inf, inf)),
    ("xlog1py", (1.0, -2.0), nan, (nan, nan)), ("xlogy", (1.0, -2.0), nan, (nan, nan)),
    ("log_ndtr", (-inf,), -inf, (inf,)), ("log_ndtr", (inf,), -0.0, (0.0,)), ("exprel", (0.0,), 1.0, (0.5,)),
    ("exprel", (inf,), inf, (inf,)), ("exprel", (-inf,), 0.0, (0.0,)), ("exprel", (800.0,), inf, (inf,)),
    ("sinc", (0.0,), 1.0, (0.0,)), ("sinc", (inf,), 0.0, (0.0,)), ("j0", (0.0,), 1.0, (0.0,)),
    ("j1", (0.0,), 0.0, (0.5,)), ("y0", (0.0,), -inf, (inf,)), ("y1", (0.0,), -inf, (inf,)),
    ("y0", (-1.0,), nan, (nan,)),
    ("yn", (2.0, 0.0), -inf, (0.0, inf)), ("i0e", (0.0,), 1.0, (0.0,)), ("i1e", (0.0,), 0.0, (0.5,)),
    ("i0", (0.0,), 1.0, (0.0,)), ("i0", (-inf,), inf, (-inf,)), ("i1", (0.0,), 0.0, (0.5,)),
    ("i1", (-inf,), -inf, (inf,)), ("k0", (0.0,), inf, (-inf,)), ("k1", (0.0,), inf, (-inf,)),
    ("k0", (-1.0,), nan, (nan,)), ("k0", (inf,), 0.0, (0.0,)),
    ("gammainc", (1.0, 0.0), 0.0, (0.0, 1.0)), ("gammainc", (0.5, 0.0), 0.0, (0.0, inf)),
    ("gammainc", (-1.0, 1.0), nan, (nan, nan)), ("gammaincc", (2.0, inf), 0.0, (0.0, 0.0)),
    ("betainc", (2.0, 3.0, 1.0), 1.0, (0.0, 0.0, 0.0)), ("betainc", (1.0, 1.0, 0.0), 0.0, (0.0, 0.0, 1.0)),
    ("betainc", (2.0, 3.0, 1.1), nan, (nan, nan, nan)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "point", "value", "slopes"), EDGES, ids=str)
def test_edges_and_specials(name: str, point: tuple[float, ...], value: float, slopes: tuple[float, ...]) -> None:
    operands = [Value(x) for x in point]
    z = TABLE[name](*operands)
    z.backward()
    assert bits(z.data) == bits(value)
    assert [x.grad for x in operands] == pytest.approx(list(slopes), rel=1e-15, nan_ok=True)


@pytest.mark.parametrize("row", PUBLIC, ids=lambda row: row.name)
def test_a_nan_gives_nan_with_a_nan_slope(row: Primitive) -> None:
    i = len(row.names) - 1
    at = [1.0 if x in row.whole else 0.5 for x in row.names[:-1]]
    assert math.isnan(row(*at, nan)) and math.isnan(grad(row, i)(*at, nan))


# Compiled


@pytest.mark.parametrize("runner", ["source", "tape"])
def test_compiled_a_special_function_has_the_same_bits_and_calls_no_python(runner: str) -> None:
    np = pytest.importorskip("numpy")
    pytest.importorskip("llvmlite")
    from autograd import compile
    from autograd.native import rows

    xs = [0.3, 0.7, 1.0, 2.0, 2.3, 17.0, 26.0, 60.0, 1e9, -0.5, -2.0, -3.3, -30.7, 0.0, -0.0, 5e-324, inf, -inf, nan]
    for row in TABLE.values():
        if not row.by_call or row.own:
            continue
        lead = [2.0 if x in row.whole else 0.7 for x in row.names[:-1]]
        got = compile(lambda x, row=row, lead=lead: row(*lead, x), runner=runner)(np.array(xs))
        for x, z in zip(xs, got.tolist(), strict=True):
            assert bits(z) == bits(row(*lead, x)), (row.name, x)
        assert row not in rows._calling, row.name
