"""What every row of the table should compute, said again in mpmath: the independent side of the tests on rules.

`ORACLES[name]` is the textbook function of a row, written without looking at the row's own formula, so that a mistake
there has nothing to agree with. Derivatives are not stated here: `derivative` takes them numerically, at 50 digits
and more, which leaves no rule to copy a mistake from. Both are meant for points inside a row's domain and off its
kinks; what happens at the special points is design, not mathematics, and has tests of its own.

    value("tanh", 0.5)                        mpf, 50 digits
    derivative("pow", (2.0, 3.0), (1, 2))     ∂³/∂x∂y² of x^y there
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import mpmath
from mpmath import mp

DIGITS = 50

ORACLES: dict[str, Callable[..., Any]] = {
    # the rows that partials are made of
    "step": lambda x: mp.mpf(x > 0),
    "sign": lambda x: mp.sign(x),
    "above": lambda x, y: (1 + mp.sign(x - y)) / 2,
    "greater": lambda x, y: mp.mpf(x > y),
    "greater_equal": lambda x, y: mp.mpf(x >= y),
    "equal": lambda x, y: mp.mpf(x == y),
    "stop_gradient": lambda x: x,
    "defined": lambda v, z: v,
    "sigmoid_x": lambda x: 1 / ((1 + mp.exp(x)) * (1 + mp.exp(-x))),
    "asin_leg": lambda x: mp.sqrt(1 - x * x),
    "hypot_x": lambda x, y: x / mp.sqrt(x * x + y * y),
    "atan2_y": lambda y, x: x / (x * x + y * y),
    "softmax_share": lambda a, b: a / (a + b),
    # arithmetic
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
    "neg": lambda x: -x,
    "abs": lambda x: abs(x),
    "pow": lambda x, y: mp.power(x, y),
    "pow_x": lambda x, y: y * mp.power(x, y - 1),
    "pow_y": lambda x, y: mp.power(x, y) * mp.log(x),
    # exponentials and logarithms
    "exp": mp.exp,
    "expm1": mp.expm1,
    "log": mp.log,
    "log1p": lambda x: mp.log(1 + x),
    "sqrt": mp.sqrt,
    # trigonometric and hyperbolic functions
    "sin": mp.sin,
    "cos": mp.cos,
    "tan": mp.tan,
    "asin": mp.asin,
    "acos": mp.acos,
    "atan": mp.atan,
    "sinh": mp.sinh,
    "cosh": mp.cosh,
    "tanh": mp.tanh,
    "hypot": lambda x, y: mp.sqrt(x * x + y * y),
    "atan2": lambda y, x: mp.atan2(y, x),
    # the error function, and activations
    "erf": mp.erf,
    "erfc": mp.erfc,
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "softplus": lambda x: mp.log(1 + mp.exp(x)),
    "silu": lambda x: x / (1 + mp.exp(-x)),
    "gelu": lambda x: x * mp.ncdf(x),
    "relu": lambda x: max(x, mp.mpf(0)),
    "leaky_relu": lambda x, slope: x if x > 0 else slope * x,
    "elu": lambda x, alpha: x if x > 0 else alpha * mp.expm1(x),
    # choices
    "maximum": lambda x, y: max(x, y),
    "minimum": lambda x, y: min(x, y),
    "where": lambda c, a, b: a if c != 0 else b,
    # rows of any number of operands
    "sum": lambda *xs: mp.fsum(xs),
    "dot": lambda *xs: mp.fdot(xs[: len(xs) // 2], xs[len(xs) // 2 + 1 :]) + xs[len(xs) // 2],
    "logsumexp": lambda *xs: mp.log(mp.fsum(mp.exp(x) for x in xs)),
}

DETACHED = {("stop_gradient", 0), ("where", 0)}  # (row, operand): not differentiated, whatever the textbook says


def value(name: str, *operands: float) -> Any:
    """The row's result at 50 digits, as an mpf."""
    with mpmath.workdps(DIGITS):
        return +ORACLES[name](*[mp.mpf(x) for x in operands])


@functools.lru_cache(maxsize=20_000)
def derivative(name: str, operands: tuple[float, ...], orders: tuple[int, ...]) -> Any:
    """∂^|orders| / ∂x₁^orders₁ … of the row at a smooth point, at 50 digits: central differences of a tiny step.

    A step of 1e-40 at 300 digits leaves a relative truncation error near 1e-80, and stays on one side of any kink
    that a double of ordinary size can be next to.
    """
    if any(n and (name, i) in DETACHED for i, n in enumerate(orders)):
        return mp.mpf(0)
    with mpmath.workdps(300):
        h = mp.mpf(10) ** -40
        points = [mp.mpf(x) for x in operands]
        total = mp.mpf(0)
        for offsets, weight in _stencil(orders):
            total += weight * ORACLES[name](*[x + k * h / 2 for x, k in zip(points, offsets, strict=True)])
        return total / h ** sum(orders)


@functools.cache
def _stencil(orders: tuple[int, ...]) -> list[tuple[tuple[int, ...], int]]:
    """Points (in half steps) and weights of the tensor product of central differences."""
    grid: list[tuple[tuple[int, ...], int]] = [((), 1)]
    for n in orders:
        grid = [
            ((*offsets, n - 2 * k), weight * (-1) ** k * int(mp.binomial(n, k)))
            for offsets, weight in grid
            for k in range(n + 1)
        ]
    return grid
