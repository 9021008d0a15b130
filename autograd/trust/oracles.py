"""What every row of the table should compute, said again in mpmath: the independent side of every check of rules.

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

from autograd.core.columns import TABLE

DIGITS = 50


def _towards_zero(x: Any) -> Any:
    return mp.floor(x) if x > 0 else mp.ceil(x)


def _selu(x: Any) -> Any:
    """Of Klambauer et al.: its two constants make mean 0 and variance 1 a fixed point."""
    root_e, tail = mp.sqrt(mp.e), mp.erfc(1 / mp.sqrt(2))
    alpha = -mp.sqrt(2 / mp.pi) / (tail * root_e - 1)
    inverse = 2 * mp.erfc(mp.sqrt(2)) * mp.e**2 + mp.pi * tail**2 * mp.e - 2 * (2 + mp.pi) * tail * root_e + mp.pi + 2
    scale = (1 - tail * root_e) * mp.sqrt(2 * mp.pi) / mp.sqrt(inverse)
    return scale * (x if x > 0 else alpha * mp.expm1(x))


def _erfinv(x: Any) -> Any:
    """mpmath's, refined to the digits in use: it stops near 1e-300."""
    z = mp.erfinv(x)
    for _ in range(3):
        z -= (mp.erf(z) - x) * mp.sqrt(mp.pi) / 2 * mp.exp(z * z)
    return z


def _erfcxn(n: int, x: Any) -> Any:
    now, before = mp.exp(x * x) * mp.erfc(x), 2 / mp.sqrt(mp.pi)
    for k in range(1, n + 1):
        now, before = (before - 2 * x * now) / (2 * k), now
    return now


def _at_order(f: Callable[..., Any], orders: Any, point: Any) -> Any:
    """A derivative, by differences whose step is far below those of `derivative`."""
    whole, digits = tuple(map(int, orders)), mp.dps
    steps = [mp.mpf(10) ** -int(0.6 * digits)] * len(whole)
    return difference(f, point, whole, int((1.3 + 0.6 * sum(whole)) * digits), steps)


def _bessely(n: int, x: Any) -> Any:
    """By its power series (DLMF 10.8.1), which cancels for large x: with more digits there."""
    with mpmath.workprec(mp.prec + int(3 * x) + 50):
        quarter, half = x * x / 4, x / 2
        finite = sum(mp.factorial(n - k - 1) / mp.factorial(k) * quarter**k for k in range(n))
        term, k = mp.mpf(1) / mp.factorial(n), 0
        harmonic = -2 * mp.euler + sum(mp.mpf(1) / j for j in range(1, n + 1))
        total = mp.mpf(0)
        while k < x or abs(term) > mp.eps**2 * abs(total):
            total += harmonic * term
            k += 1
            harmonic += mp.mpf(1) / k + mp.mpf(1) / (n + k)
            term *= -quarter / (k * (n + k))
        return (-finite / half**n + 2 * mp.log(half) * mp.besselj(n, x) - half**n * total) / mp.pi


def _besselk(n: int, x: Any) -> Any:
    """K₀ by its power series (DLMF 10.31.2), with the digits that cancel; K₁ by the Wronskian (10.28.2)."""
    with mpmath.workprec(mp.prec + int(4 * x) + 50):
        term, total, harmonic, k = mp.mpf(1), -(mp.log(x / 2) + mp.euler) * mp.besseli(0, x), mp.mpf(0), 0
        while k < x or term > mp.eps * abs(total):
            k += 1
            term *= x * x / (4 * k * k)
            harmonic += mp.mpf(1) / k
            total += term * harmonic
        return (1 / x - mp.besseli(1, x) * total) / mp.besseli(0, x) if n else total


def _gammainc(a: Any, x: Any) -> Any:
    """By its power series, all of whose terms are positive (DLMF 8.7.1)."""
    term = total = x**a * mp.exp(-x) / mp.gamma(a + 1)
    k = 1
    while term > total * mp.eps:
        term *= x / (a + k)
        total += term
        k += 1
    return total


def _betainc(a: Any, b: Any, x: Any) -> Any:
    """By its power series, all of whose terms are positive (DLMF 8.17.8)."""
    if x > mp.mpf(1) / 2:
        return 1 - _betainc(b, a, 1 - x)
    term = total = x**a * (1 - x) ** b / (a * mp.beta(a, b))
    k = 0
    while term > total * mp.eps:
        term *= x * (a + b + k) / (a + 1 + k)
        total += term
        k += 1
    return total


_OF_MPMATH = (
    "exp expm1 log sqrt sin cos tan asin acos atan sinh cosh tanh erf erfc floor ceil log10 asinh acosh atanh gamma "
    "digamma sign atan2"
)
ORACLES: dict[str, Callable[..., Any]] = {
    # what mpmath has by the same name
    **{name: getattr(mp, name) for name in _OF_MPMATH.split()},
    # the rows that partials are made of
    "step": lambda x: mp.mpf(x > 0),
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
    "pow_times": lambda m, g: m * g,
    # arithmetic
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
    "neg": lambda x: -x,
    "abs": abs,
    "pow": mp.power,
    "pow_x": lambda x, y: y * mp.power(x, y - 1),
    "pow_y": lambda x, y: mp.power(x, y) * mp.log(x),
    "pow_log": lambda x, y: mp.power(x, y) * mp.log(x),
    # exponentials and logarithms
    "log1p": lambda x: mp.log(1 + x),
    # trigonometric and hyperbolic functions
    "sinpi": lambda x: mp.sin(mp.pi * x),
    "cospi": lambda x: mp.cos(mp.pi * x),
    "hypot": lambda x, y: mp.sqrt(x * x + y * y),
    # the error function, and activations
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "softplus": lambda x: mp.log(1 + mp.exp(x)),
    "silu": lambda x: x / (1 + mp.exp(-x)),
    "gelu": lambda x: x * mp.ncdf(x),
    "relu": lambda x: max(x, mp.mpf(0)),
    "leaky_relu": lambda x, slope: x if x > 0 else slope * x,
    "elu": lambda x, alpha: x if x > 0 else alpha * mp.expm1(x),
    # choices
    "maximum": max,
    "minimum": min,
    "where": lambda c, a, b: a if c != 0 else b,
    # remainders, rounding and the parts of a number
    "mod": lambda x, y: x - y * mp.floor(x / y),
    "floordiv": lambda x, y: mp.floor(x / y),
    "fmod": lambda x, y: x - y * _towards_zero(x / y),
    "remainder": lambda x, y: x - y * mp.nint(x / y),
    "trunc": _towards_zero,
    "round": mp.nint,
    "copysign": lambda x, y: abs(x) * (mp.sign(y) or 1),
    "ldexp": lambda x, i: x * mp.mpf(2) ** i,
    # more elementary functions
    "exp2": lambda x: mp.mpf(2) ** x,
    "log2": lambda x: mp.log(x, 2),
    "rsqrt": lambda x: 1 / mp.sqrt(x),
    "cbrt": lambda x: mp.sign(x) * mp.cbrt(abs(x)),
    "degrees": lambda x: x * 180 / mp.pi,
    "radians": lambda x: x * mp.pi / 180,
    "logit": lambda x: mp.log(x / (1 - x)),
    "logaddexp": lambda x, y: mp.log(mp.exp(x) + mp.exp(y)),
    "xlogy": lambda x, y: x * mp.log(y),
    "entr": lambda x: -x * mp.log(x),
    # more activations
    "log_sigmoid": lambda x: -mp.log(1 + mp.exp(-x)),
    "mish": lambda x: x * mp.tanh(mp.log(1 + mp.exp(x))),
    "softsign": lambda x: x / (1 + abs(x)),
    "celu": lambda x, alpha: x if x > 0 else alpha * mp.expm1(x / alpha),
    "selu": _selu,
    "hardtanh": lambda x: max(mp.mpf(-1), min(x, mp.mpf(1))),
    "relu6": lambda x: max(mp.mpf(0), min(x, mp.mpf(6))),
    "hardswish": lambda x: x * max(mp.mpf(0), min(x + 3, mp.mpf(6))) / 6,
    "clip": lambda x, low, high: min(max(x, low), high),
    # the special functions
    "lgamma": lambda x: mp.log(abs(mp.gamma(x))),
    "polygamma": lambda n, x: mp.psi(int(n), x),
    "psi_step": lambda n, a, b: mp.psi(int(n), a + b) - mp.psi(int(n), a),
    "lbeta": lambda a, b: mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b),
    "erfcx": lambda x: mp.exp(x * x) * mp.erfc(x),
    "erfcxn": lambda n, x: _erfcxn(int(n), x),
    "erfcinv": lambda x: _erfinv(1 - x),
    "ndtri": lambda p: mp.sqrt(2) * _erfinv(2 * p - 1),
    "lambertw": lambda x: mp.re(mp.lambertw(x)),
    "log1mexp": lambda x: mp.log(-mp.expm1(x)),
    "xlog1py": lambda x, y: x * mp.log1p(y),
    "erfinv": _erfinv,
    "ndtr": lambda x: mp.erfc(-x / mp.sqrt(2)) / 2,
    "erfc_ratio": lambda n, x: _erfcxn(int(n), x) / (_erfcxn(int(n) - 1, x) if n else 2 / mp.sqrt(mp.pi)),
    "log_ndtr_x": lambda x: mp.sqrt(2 / mp.pi) * mp.exp(-x * x / 2) / mp.erfc(-x / mp.sqrt(2)),
    "log_ndtr": lambda x: mp.log(mp.erfc(-x / mp.sqrt(2)) / 2),
    "exprel": lambda x: mp.expm1(x) / x,
    "expreln": lambda n, x: mp.hyp1f1(n + 1, n + 2, x) / (n + 1),
    "sinc": lambda x: mp.sin(mp.pi * x) / (mp.pi * x),
    "sincn": lambda n, x: _at_order(lambda t: mp.sin(mp.pi * t) / (mp.pi * t), [n], [x]),
    "j0": lambda x: mp.besselj(0, x),
    "j1": lambda x: mp.besselj(1, x),
    "jn": lambda n, x: mp.besselj(int(n), x),
    "y0": lambda x: _bessely(0, x),
    "y1": lambda x: _bessely(1, x),
    "yn": lambda n, x: _bessely(int(n), x),
    "i0e": lambda x: mp.exp(-abs(x)) * mp.besseli(0, x),
    "i1e": lambda x: mp.exp(-abs(x)) * mp.besseli(1, x),
    "ien": lambda n, x: _at_order(lambda t: mp.exp(-t) * mp.besseli(0, t), [n], [x]),
    "i0": lambda x: mp.besseli(0, x),
    "i1": lambda x: mp.besseli(1, x),
    "i0n": lambda n, x: _at_order(lambda t: mp.besseli(0, t), [n], [x]),
    "k0": lambda x: _besselk(0, x),
    "k1": lambda x: _besselk(1, x),
    "k0n": lambda n, x: _at_order(lambda t: _besselk(0, t), [n], [x]),
    "gammainc": _gammainc,
    "gammaincc": lambda a, x: 1 - _gammainc(a, x),
    "gammainc_a": lambda n, a, x: _at_order(lambda t: _gammainc(t, x), [n], [a]),
    "gamma_density": lambda n, a, x: _at_order(lambda t: x ** (t - 1) * mp.exp(-x) / mp.gamma(t), [n], [a]),
    "betainc": _betainc,
    "betainc_ab": lambda m, n, a, b, x: _at_order(lambda s, t: _betainc(s, t, x), [m, n], [a, b]),
    "beta_density": lambda m, n, a, b, x: _at_order(
        lambda s, t: x ** (s - 1) * (1 - x) ** (t - 1) / mp.beta(s, t), [m, n], [a, b]
    ),
    # rows of any number of operands
    "prod": lambda *xs: mp.fprod(xs),
    "norm": lambda *xs: mp.sqrt(mp.fsum(x * x for x in xs)),
    "largest": lambda *xs: max(xs),
    "smallest": lambda *xs: min(xs),
    "sum": lambda *xs: mp.fsum(xs),
    "dot": lambda *xs: mp.fdot(xs[: len(xs) // 2], xs[len(xs) // 2 + 1 :]) + xs[len(xs) // 2],
    "logsumexp": lambda *xs: mp.log(mp.fsum(mp.exp(x) for x in xs)),
}

DETACHED = {("stop_gradient", 0), ("where", 0)}  # (row, operand): not differentiated, whatever the textbook says
DETACHED |= {(row.name, i) for row in TABLE.values() for i, x in enumerate(row.names) if x in row.whole}
DETACHED |= {("copysign", 1)}

# Integrals with parameters, which take mpmath a while: at fewer digits, and drawn from where their series are short.
SLOW = {name for name in ORACLES if name.startswith(("gammainc", "gamma_", "betainc", "beta_"))}
MODERATE = (0.05, 20.0)


def value(name: str, *operands: float) -> Any:
    """The row's result at 50 digits, as an mpf."""
    with mpmath.workdps(DIGITS):
        return +ORACLES[name](*[mp.mpf(x) for x in operands])


@functools.lru_cache(maxsize=20_000)
def derivative(name: str, operands: tuple[float, ...], orders: tuple[int, ...]) -> Any:
    """∂^|orders| / ∂x₁^orders₁ … of the row at a smooth point, at 50 digits: central differences of a tiny step.

    A step of 1e-40 leaves a relative truncation error near 1e-80, and stays on one side of any kink that a double of
    ordinary size can be next to. With 420 digits a slope near the smallest double is seen beside a result of size 1.
    """
    if any(n and (name, i) in DETACHED for i, n in enumerate(orders)):
        return mp.mpf(0)
    digits, step = (130, 25) if name in SLOW else (420, 40)
    return difference(ORACLES[name], operands, orders, digits, [mp.mpf(10) ** -step] * len(operands))


def difference(f: Callable[..., Any], point: Any, orders: tuple[int, ...], digits: int, steps: Any) -> Any:
    """The same of any function of mpfs, with so many digits and a step for each operand."""
    with mpmath.workdps(digits):
        points = [mp.mpf(x) for x in point]
        total, size = mp.mpf(0), mp.mpf(1)
        for offsets, weight in _stencil(orders):
            total += weight * f(*[x + k * h / 2 for x, k, h in zip(points, offsets, steps, strict=True)])
        for n, h in zip(orders, steps, strict=True):
            size *= h**n
        return total / size


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
