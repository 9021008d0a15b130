"""Quotients that need their limit at 0, in families closed under differentiation, and Lambert's function."""

from __future__ import annotations

import math
from math import exp, inf, log, log1p, nan, pi, sqrt

from autograd.core import ieee
from autograd.core.special.gammas import whole


def exprel(n: float, x: float) -> float:
    """∫₀¹ tⁿ eˣᵗ dt, the n-th derivative of (eˣ − 1)/x: sums of positive terms."""
    if not whole(n) or x != x:
        return nan
    if n == 0.0 and x < 700.0:
        return ieee.expm1(x) / x if x != 0.0 else 1.0
    if x > 40.0 + 2.0 * n:  # e^−x of it, upwards; eˣ overflows before the product does
        now = 1.0 / x
        j = 1.0
        while j <= n:
            now = (1.0 - j * now) / x
            j += 1.0
        half = exp(0.5 * x) if x < 1400.0 else inf
        return half * (half * now) if half < inf else inf
    if x < -40.0 - 2.0 * n:
        now, e = ieee.expm1(x) / x, ieee.exp(x)
        j = 1.0
        while j <= n:
            now = (e - j * now) / x
            j += 1.0
        return now
    term, total, k = 1.0 / (n + 1.0), 0.0, 0.0
    if x >= 0.0:
        term = 1.0
        while term > 1e-17 * total:
            total += term / (n + k + 1.0)
            k += 1.0
            term *= x / k
        return total
    while term > 1e-17 * total:
        total += term
        k += 1.0
        term *= -x / (n + k + 1.0)
    return exp(x) * total


def sinc(n: float, x: float) -> float:
    """The n-th derivative of sin(πx)/(πx): its series near 0, else upwards from n = 0."""
    if not whole(n) or x != x:
        return nan
    if abs(x) > 1e300:
        return 0.0
    u = pi * x
    if abs(u) < 1.0 + 0.5 * n and (n > 0.0 or u == 0.0):
        k = math.floor(0.5 * (n + 1.0)) + 0.0
        left = 2.0 * k - n  # the power of x that is left of x²ᵏ
        term = ieee.power(pi, 2.0 * k) * (x if left == 1.0 else 1.0)
        term *= -1.0 if math.fmod(k, 2.0) == 1.0 else 1.0
        total = 0.0
        while abs(term) > 1e-18 * abs(total) and term != 0.0:
            total += term / (2.0 * k + 1.0)
            k += 1.0
            term *= -u * u / ((2.0 * k - n) * (2.0 * k - n - 1.0))
        return total
    wave, next_wave = math.sin(u), math.cos(u)  # each is the derivative of the one before
    now, k, scale = wave / u, 1.0, 1.0
    while k <= n:
        wave, next_wave = next_wave, -wave
        now = (scale * wave - k * now) / x
        scale *= pi
        k += 1.0
    return now


def celu(x: float, alpha: float) -> float:
    """x for x > 0, else alpha·(e^{x/alpha} − 1)"""
    return x if x > 0.0 else alpha * ieee.expm1(ieee.divide(x, alpha))


def lambertw(x: float) -> float:
    """The w ≥ −1 with w eʷ = x (4.13): Halley's steps, from its series at −1/e or from logarithms."""
    if not x >= -0.36787944117144233:
        return nan
    if x == 0.0 or x == inf:
        return x
    if x < -0.25:
        rest = math.e * x + 1.0
        p = sqrt(2.0 * rest) if rest > 0.0 else 0.0
        w = -1.0 + p * (1.0 - p * (1.0 / 3.0 - p * (11.0 / 72.0 - p * 43.0 / 540.0)))
        if p < 1e-3:
            return w
    else:
        w = log1p(x)
        if x > 3.0:
            w = log(x) - log(log(x))
    for _ in range(4):
        f = w - x * exp(-w)
        w -= f / (w + 1.0 - 0.5 * (w + 2.0) * f / (w + 1.0))
    return w
