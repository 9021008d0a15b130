"""Every row of the table, differentiated once, twice and three times in every mode, against mpmath at 50 digits."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from itertools import combinations_with_replacement
from typing import Any

import pytest

from autograd import Value, grad, hessian, hvp, jacobian, jvp, sqrt, vjp
from autograd.core.primitives import TABLE, Primitive
from autograd.trust import oracles
from autograd.trust.expressions import is_ordinary

ROWS = pytest.mark.parametrize("name", [name for name in oracles.ORACLES if not TABLE[name].by_call])
ALL = pytest.mark.parametrize("name", oracles.ORACLES)
EXACT = 1e-12


def points(row: Primitive) -> list[tuple[float, ...]]:
    """Ten points where the row is smooth: some near 0, some of size 1, some of size 10."""
    rng = random.Random(row.name)
    n = row.arity or 3
    found: list[tuple[float, ...]] = []
    while len(found) < 10:
        scale = (0.05, 1.0, 1.0, 10.0)[len(found) % 4]
        for _ in range(1000):
            xs = tuple([rng.gauss(0.0, scale) for _ in range(n)])
            if is_ordinary(row, xs, margin=1e-3, largest=1e8):
                break
        else:
            low = [max(low, 0.0) for low, _ in row.domain] if row.arity is not None else [0.0] * n
            xs = tuple([start + rng.uniform(0.01, 0.99) for start in low])
        if row.name == "where" and len(found) % 2:
            xs = (0.0, *xs[1:])  # the other branch
        found.append(xs)
    return found


def reverse(f: Callable[..., Any], i: int) -> Callable[..., Any]:
    return grad(f, argnums=i)


def forward(f: Callable[..., Any], i: int) -> Callable[..., Any]:
    return lambda *xs: jvp(f, xs, [float(i == j) for j in range(len(xs))])[1]


def derivatives(row: Primitive, order: int) -> Iterator[tuple[tuple[float, ...], tuple[int, ...], float, float]]:
    """(point, operands, value to 50 digits, size of the error that rounding the operands alone can make)."""
    for xs in points(row):
        for operands in combinations_with_replacement(range(len(xs)), order):
            orders = tuple([operands.count(i) for i in range(len(xs))])
            true = oracles.derivative(row.name, xs, orders)
            rounding = abs(true) + 1e-100
            for i, x in enumerate(xs):
                further = tuple([n + (i == j) for j, n in enumerate(orders)])
                rounding += abs(x * oracles.derivative(row.name, xs, further))
            if row is TABLE["logsumexp"] and order > 1:  # of shares: p(1 − p) is exact to the rounding of p = 1 − tiny
                share = tuple([int(i == operands[0]) for i in range(len(xs))])
                rounding += abs(oracles.derivative(row.name, xs, share))
            yield xs, operands, float(true), float(rounding)


def agree(name: str, order: int, *modes: Callable[..., Any]) -> None:
    row = TABLE[name]
    for xs, operands, true, rounding in derivatives(row, order):
        for mode in modes:
            got = mode(row, operands)(*xs)
            assert abs(got - true) <= EXACT * rounding, (xs, operands, mode, got, true)


def in_turn(*modes: Callable[..., Any]) -> Callable[..., Any]:
    """The innermost derivative first."""

    def differentiated(f: Callable[..., Any], operands: tuple[int, ...]) -> Callable[..., Any]:
        for i, mode in zip(operands, modes, strict=True):
            f = mode(f, i)
        return f

    return differentiated


@ROWS
def test_first_derivatives_in_reverse_and_forward_mode(name: str) -> None:
    agree(name, 1, in_turn(reverse), in_turn(forward))


@ROWS
def test_second_derivatives_in_all_four_orders_of_modes(name: str) -> None:
    agree(name, 2, *[in_turn(inner, outer) for inner in (reverse, forward) for outer in (reverse, forward)])


@ROWS
def test_the_hessian_and_its_products(name: str) -> None:
    row = TABLE[name]
    for xs, (i, j), true, rounding in derivatives(row, 2):
        everything = tuple(range(len(xs)))
        direction = [float(k == j) for k in everything]
        product = hvp(row, xs, direction)
        got = [hessian(row, everything)(*xs)[i][j], product[i] if len(xs) > 1 else product]
        got += [jacobian(grad(row, i), j)(*xs), vjp(grad(row, i), *xs)[1](1.0)[j]]
        assert all([abs(d - true) <= EXACT * rounding for d in got]), (xs, i, j, got, true)


@ROWS
def test_third_derivatives(name: str) -> None:
    modes = [(reverse, reverse, reverse), (reverse, forward, reverse), (reverse, reverse, forward), (forward,) * 3]
    agree(name, 3, *[in_turn(*three) for three in modes])


# What the columns say, where a derivative at smooth points alone would not show it


def rules(row: Primitive, xs: tuple[float, ...]) -> list[Any]:
    """The partials read on Values."""
    return list(row.partials_at(tuple(map(Value, xs)), Value(row.forward(*xs))))


@ALL
def test_no_rule_is_frozen_where_it_was_recorded(name: str) -> None:
    """A partial that changes with its operands, by a jump at least, is a node when it is read on Values: a compiled
    program would otherwise keep the number of the example that it was traced on."""
    row = TABLE[name]
    places = [(0.3, 0.7, 0.6, 0.2, 0.9), (-0.3, 0.2, 0.1, 0.5, 0.4), (0.0, 0.4, 0.3, 0.1, 0.2), (math.nan,) * 5]
    orders = [1.0] * len(row.whole)  # these come first
    for found in zip(*[rules(row, (*orders, *xs)[: row.arity or 5]) for xs in places], strict=True):
        if any([isinstance(rule, Value) for rule in found]) or len(set(map(repr, found))) > 1:
            assert all([isinstance(rule, Value) for rule in found]), found


OFF = {  # row: where it switches an operand off
    "pow_times": [((0.0, 2.0), 1)],
    "relu": [((-1.0,), 0)],
    "maximum": [((1.0, 2.0), 0), ((2.0, 1.0), 1)],
    "minimum": [((1.0, 2.0), 1), ((2.0, 1.0), 0)],
    "largest": [((1.0, 2.0, 0.5), 0), ((1.0, 2.0, 0.5), 2)],
    "smallest": [((1.0, 2.0, 0.5), 0), ((1.0, 2.0, 0.5), 1)],
    "where": [((1.0, 2.0, 3.0), 2), ((0.0, 2.0, 3.0), 1)],
    "clip": [((3.0, 1.0, 2.0), 0), ((1.5, 1.0, 2.0), 1), ((1.5, 1.0, 2.0), 2)],
    "hardtanh": [((-2.0,), 0), ((2.0,), 0)],
    "relu6": [((-1.0,), 0), ((7.0,), 0)],
}


@ROWS
def test_what_a_row_switches_off_contributes_exactly_nothing(name: str) -> None:
    row = TABLE[name]
    assert row.masked == (name in OFF)
    for xs, i in OFF.get(name, []):
        infinite = lambda *vs: sqrt(row(*vs) * 0.0)  # what arrives at the row from above is nan
        assert grad(infinite, i)(*xs) == 0.0
        assert grad(infinite, i)(*map(Value, xs)).data == 0.0
        below = lambda t, xs=xs, i=i: row(*xs[:i], xs[i] + sqrt(t), *xs[i + 1 :])  # from below, inf
        for t in (0.0, Value(0.0)):
            assert jvp(below, (t,), (1.0,))[1] == 0.0 or jvp(below, (t,), (1.0,))[1].data == 0.0


KINKS = {  # row: points around which some operand crosses a kink
    **{name: [(0.0,)] for name in ("step", "sign", "abs", "relu")},
    **{name: [(1.0, 1.0)] for name in ("above", "greater", "greater_equal", "equal", "maximum", "minimum")},
    "div": [(1.0, 0.0)],
    "pow_times": [(0.0, 0.5), (0.5, 0.0)],
    **{name: [(0.0, 0.5)] for name in ("pow", "pow_x", "pow_y", "pow_log")},
    "tan": [(math.pi / 2,)],
    **{name: [(0.0, 0.0)] for name in ("hypot", "hypot_x", "atan2_y")},
    "atan2": [(0.0, -1.0), (0.0, 0.0)],
    "leaky_relu": [(0.0, 0.1)],
    "elu": [(0.0, 2.0)],
    "where": [(0.0, 1.0, 2.0)],
    **{name: [(2.0,)] for name in ("floor", "ceil", "trunc")},
    **{name: [(2.0, 1.0)] for name in ("mod", "floordiv", "fmod")},
    "round": [(2.5,)],
    "norm": [(0.0, 0.0, 0.0)],
    **{name: [(1.0, 1.0), (2.0, 2.0, 2.0)] for name in ("largest", "smallest")},
    "remainder": [(2.5, 1.0)],
    "copysign": [(0.0, 1.0), (1.0, 0.0)],
    **{name: [(0.0,)] for name in ("cbrt", "softsign", "selu")},
    "celu": [(0.0, 1.0)],
    "hardtanh": [(1.0,), (-1.0,)],
    "relu6": [(0.0,), (6.0,)],
    "hardswish": [(3.0,), (-3.0,)],
    **{name: [(-1.0,), (0.0,)] for name in ("gamma", "lgamma", "digamma")},
    "polygamma": [(2.0, -1.0), (0.0, 0.0)],
    **{name: [(0.0,)] for name in ("i0e", "i1e")},
    "clip": [(1.0, 1.0, 2.0), (2.0, 1.0, 2.0), (0.5, 1.0, 1.0)],
}


@ALL
def test_the_kinks_of_a_row_are_where_it_is_not_smooth(name: str) -> None:
    row = TABLE[name]
    assert bool(row.kinks) == (name in KINKS)
    for xs in KINKS.get(name, []):
        around = [xs] + [(*xs[:i], x + h, *xs[i + 1 :]) for i, x in enumerate(xs) for h in (-1e-3, 1e-3)]
        signs = [[math.copysign(1.0, k) if k else 0.0 for k in (kink(*at) for kink in row.kinks)] for at in around]
        columns = [set(column) for column in zip(*signs, strict=True)]
        if len(row.kinks) > 1:  # each is 0 on some kink that another one is for: one of them tells the two sides apart
            assert any([{1.0, -1.0} <= column for column in columns]), xs
        assert any([len(column) > 1 for column in columns]), xs


@pytest.mark.parametrize("name", ["largest", "smallest"])
@pytest.mark.parametrize("bit", range(16))
def test_two_of_very_many_operands_are_told_apart_where_they_meet(name: str, bit: int) -> None:
    row, sign = TABLE[name], 1.0 if name == "largest" else -1.0
    far = [-sign] * (2**bit - 1)
    sides = [[kink(a, *far, b) for kink in row.kinks] for a, b in ((0.0, 1e-3), (1e-3, 0.0))]
    assert any([before * after < 0.0 for before, after in zip(*sides, strict=True)])
