"""Every row of the table, differentiated once, twice and three times in every mode, against mpmath at 50 digits."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import combinations_with_replacement
from typing import Any

import pytest

from autograd import grad, hessian, hvp, jacobian, jvp, vjp
from autograd.expressions import is_ordinary
from autograd.primitives import TABLE, Primitive
from tests import oracles

ROWS = pytest.mark.parametrize("name", list(oracles.ORACLES))
EXACT = 1e-12


def points(row: Primitive) -> list[tuple[float, ...]]:
    """Ten points where the row is smooth: some near 0, some of size 1, some of size 10."""
    rng = random.Random(row.name)
    n = row.arity or 5
    found: list[tuple[float, ...]] = []
    while len(found) < 10:
        scale = (0.05, 1.0, 1.0, 10.0)[len(found) % 4]
        for _ in range(1000):
            xs = tuple([rng.gauss(0.0, scale) for _ in range(n)])
            if is_ordinary(row, xs, margin=1e-3, largest=1e8):
                break
        else:
            xs = tuple([rng.uniform(0.01, 0.99) for _ in range(n)])
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
