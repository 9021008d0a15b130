"""The error function's relatives on floats: scaled, inverted, and as the normal distribution has them."""

from __future__ import annotations

import math
from math import copysign, exp, inf, log, log1p, nan, pi, sqrt

from autograd.core import ieee
from autograd.core.special.gammas import whole


def erfcxn(n: float, x: float) -> float:
    """e^{x²} iⁿerfc(x), the scaled iterated integrals of erfc (7.18): for n = 0 the scaled erfc; derivative −2(n + 1)
    times the next. A continued fraction for x ≥ ½, else upwards from n = 0."""
    if not whole(n) or x != x:
        return nan
    if x >= 0.5:
        return _erfcxn(n, x)
    if x > -1.0:
        now = exp(x * x) * math.erfc(x)
    else:
        now = 2.0 * ieee.exp(x * x) - (_erfcxn(0.0, -x) if x > -26.0 else 0.0)
    before, k = 2.0 / sqrt(pi), 1.0
    while k <= n:
        before, now = now, (before - 2.0 * x * now) / (2.0 * k)
        k += 1.0
    return now


def _erfcxn(n: float, x: float) -> float:
    """The same for x ≥ ½: the continued fraction of the ratios of neighbours, from far above."""
    if x > 1e8:  # its first step
        return 2.0 / sqrt(pi) * ieee.power(2.0 * x, -(n + 1.0)) if x < inf else 0.0
    root = 9.5 / x + sqrt(0.5 * n)
    ratio, result, k = 0.0, 2.0 / sqrt(pi), math.floor(2.0 * root * root) + 10.0
    while k >= 0.0:
        ratio = 1.0 / (2.0 * x + 2.0 * (k + 1.0) * ratio)
        if k <= n:
            result *= ratio
        k -= 1.0
    return result


def erfc_ratio(n: float, x: float) -> float:
    """erfcxn(n, x) / erfcxn(n − 1, x), with 2/√π for n = −1: the same continued fraction for x ≥ ½."""
    if not whole(n) or x != x:
        return nan
    if x < 0.35:
        return ieee.divide(erfcxn(n, x), erfcxn(n - 1.0, x) if n > 0.0 else 2.0 / sqrt(pi))
    if x > 1e8:
        return 0.5 / x
    root = 9.5 / x + sqrt(0.5 * n)
    ratio, k = 0.0, math.floor(2.0 * root * root) + 10.0
    while k >= n:
        ratio = 1.0 / (2.0 * x + 2.0 * (k + 1.0) * ratio)
        k -= 1.0
    return ratio


def log_ndtr_x(x: float) -> float:
    """The slope of log Φ, the normal density over Φ."""
    if x > 0.0:
        return exp(-0.5 * x * x) / sqrt(2.0 * pi) / ndtr(x)
    return sqrt(2.0 / pi) / erfcxn(0.0, -x / sqrt(2.0)) if x > -inf else -x


def erfcx(x: float) -> float:
    """e^{x²} erfc(x)"""
    return erfcxn(0.0, x)


def erfinv(x: float) -> float:
    """The z with erf z = x."""
    if not -1.0 < x < 1.0:
        return copysign(inf, x) if abs(x) == 1.0 else nan
    if abs(x) < 1e-9:
        return 0.5 * sqrt(pi) * x
    if abs(x) > 0.5:
        return copysign(_erfcinv(1.0 - abs(x)), x)
    z = _guess(1.0 - abs(x))
    for _ in range(3):
        step = (math.erf(z) - abs(x)) * 0.5 * sqrt(pi) * exp(z * z)
        z -= step / (1.0 + z * step)
    return copysign(z, x)


def erfcinv(x: float) -> float:
    """The z with erfc z = x, for 0 < x < 2."""
    if x >= 0.5:
        return -erfinv(x - 1.0) if x <= 2.0 else nan
    return _erfcinv(x) if x > 0.0 else inf if x == 0.0 else nan


def _guess(rest: float) -> float:
    """The z ≥ 0 with erfc z = rest, to some thousandths (Winitzki 2008)."""
    w = log(rest) + log1p(1.0 - rest)
    t = 2.0 / (pi * 0.147) + 0.5 * w
    return sqrt(sqrt(t * t - w / 0.147) - t)


def _erfcinv(rest: float) -> float:
    """The same for rest < ½, to all digits: Newton's steps for its logarithm."""
    z = _guess(rest)
    for _ in range(4):
        scaled = erfcxn(0.0, z)
        z += (log(scaled) - z * z - log(rest)) * 0.5 * sqrt(pi) * scaled
    return z


def ndtri(p: float) -> float:
    """The z with Φ(z) = p, accurate in both tails as far as p is."""
    return -sqrt(2.0) * erfcinv(2.0 * p) if p <= 0.5 else sqrt(2.0) * erfinv(2.0 * p - 1.0)


def ndtr(x: float) -> float:
    """Φ(x) = ½ erfc(−x/√2), the normal distribution function."""
    return 0.5 * math.erfc(-x / sqrt(2.0))


def log_ndtr(x: float) -> float:
    """log Φ(x), of the scaled erfc in the lower tail."""
    if x > -1.0:
        return log1p(-0.5 * math.erfc(x / sqrt(2.0)))
    if x == -inf or x != x:
        return x
    return log(0.5 * erfcxn(0.0, -x / sqrt(2.0))) - 0.5 * x * x
