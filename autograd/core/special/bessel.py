"""The Bessel functions on floats: J, Y, and the derivatives of I₀, of e⁻ˣI₀ and of K₀, each a family of its own.

Formulas are those of the NIST Digital Library of Mathematical Functions (dlmf.nist.gov), whose numbers stand in
parentheses.
"""

from __future__ import annotations

import math
from math import copysign, exp, expm1, inf, log, nan, pi, sqrt

from autograd.core import ieee
from autograd.core.special.gammas import EULER, factorial, whole, whole_from


def jn(n: float, x: float) -> float:
    """Jₙ(x), n any whole number (10.2): downwards by Miller's algorithm, or Hankel's expansion."""
    if not whole_from(-999.0, n) or x != x:
        return nan
    sign = 1.0
    if math.fmod(n, 2.0) != 0.0 and (n < 0.0) != (x < 0.0):  # J₋ₙ(x) = Jₙ(−x) = (−1)ⁿ Jₙ(x)
        sign = -1.0
    n, x = abs(n), abs(x)
    if x == inf:
        return sign * 0.0
    return sign * (_hankel(0.0, n, x) if x > 25.0 + 0.5 * n * n else _miller(n, 0.0, x))


def yn(n: float, x: float) -> float:
    """Yₙ(x) for x > 0 (10.2): Neumann's series of Jₖ (10.8), or Hankel's expansion, and upwards in n."""
    if not whole_from(-999.0, n) or not x >= 0.0:
        return nan
    sign = -1.0 if n < 0.0 and math.fmod(n, 2.0) != 0.0 else 1.0
    n = abs(n)
    if x < 1e-300 or x == inf:
        if x > 0.0 and n == 0.0:
            return 2.0 / pi * (log(x) + (EULER - log(2.0))) if x < inf else 0.0
        return sign * -inf if x < 1e-300 else 0.0
    if x > 25.0:
        before, now = _hankel(1.0, 0.0, x), _hankel(1.0, 1.0, x)
    else:
        j0, scale = _miller(0.0, 0.0, x), 2.0 / pi * (log(x / 2.0) + EULER)
        before = scale * j0 - 4.0 / pi * _miller(1.0, 1.0, x)
        now = -2.0 / (pi * x) * j0 + (scale - 2.0 / pi) * _miller(1.0, 0.0, x) - 2.0 / pi * _miller(1.0, 2.0, x)
    k = 1.0
    while k < n and now > -inf:
        before, now = now, 2.0 * k * now / x - before
        k += 1.0
    return sign * (before if n == 0.0 else now)


def _miller(n: float, what: float, x: float) -> float:
    """Jₙ(x) for x ≥ 0: the recurrence downwards from far above, scaled by J₀ + 2 Σ J₂ₖ = 1. Or of these, for `what`
    1 and 2, the series of Y₀, Σ (−1)ᵏ J₂ₖ/k, and of Y₁, Σ (−1)ᵏ (2k + 1) J₂ₖ₊₁/(k(k + 1))."""
    if x < 1e-8:
        return ieee.power(x / 2.0, n) / factorial(n) if what == 0.0 else 0.0
    k = 2.0 * (math.floor((x if x > n else n) / 2.0) + 20.0)
    after, now, whole_sum, found = 0.0, 1e-250, 0.0, 0.0
    while k > 0.0:
        half = math.floor(0.5 * k)
        even, sign = 2.0 * half == k, -1.0 if math.fmod(half, 2.0) == 1.0 else 1.0
        if even:
            whole_sum += 2.0 * now
            if what == 1.0:
                found += sign * now / half
        elif what == 2.0 and half > 0.0:
            found += sign * k * now / (half * (half + 1.0))
        if what == 0.0 and k == n:
            found = now
        after, now = now, 2.0 * k / x * now - after
        k -= 1.0
        if abs(now) > 1e250:
            now, after, whole_sum, found = now * 1e-250, after * 1e-250, whole_sum * 1e-250, found * 1e-250
    if what == 0.0 and n == 0.0:
        found = now
    return found / (whole_sum + now)


def _hankel(of_y: float, n: float, x: float) -> float:
    """Jₙ(x), or Yₙ(x), for large x (10.17)."""
    p, q, term, k = 0.0, 0.0, 1.0, 0.0
    while k < 60.0:
        sign = -1.0 if math.fmod(k, 4.0) > 1.0 else 1.0
        if math.fmod(k, 2.0) == 0.0:
            p += sign * term
        else:
            q += sign * term
        following = term * (4.0 * n * n - (2.0 * k + 1.0) * (2.0 * k + 1.0)) / ((k + 1.0) * 8.0 * x)
        if abs(following) < 1e-17 or (abs(following) > abs(term) and k > n):
            break
        term = following
        k += 1.0
    c, s, turns = math.cos(x), math.sin(x), math.fmod(n, 4.0)
    while turns > 0.0:  # of the angle x − nπ/2, exactly
        c, s = s, -c
        turns -= 1.0
    c, s = (c + s) * sqrt(0.5), (s - c) * sqrt(0.5)
    size = sqrt(2.0 / (pi * x))
    return size * (p * s + q * c) if of_y != 0.0 else size * (p * c - q * s)


def ie(n: float, x: float) -> float:
    """The n-th derivative of e⁻ˣI₀(x) for x ≥ 0: 1/π ∫ (cos θ − 1)ⁿ e^{x(cos θ − 1)} dθ (10.32), by the trapezoidal
    rule, which is exact to rounding for a periodic function, or term by term in 1/x."""
    if not whole(n) or not x >= 0.0:
        return nan
    if x == inf:
        return 0.0
    total, k, lost = 0.0, 0.0, 0.0
    if x > 40.0 + n * n:  # with v = sin θ/2, −2v² and 1/√(1 − v²) as a series
        term = gamma_half(n) / (ieee.power(2.0 * x, n) * sqrt(2.0 * x)) * ieee.power(-2.0, n)
        while abs(term) > 1e-17 * abs(total):
            total += term
            k += 1.0
            term *= (2.0 * k - 1.0) / (2.0 * k) * (n + k - 0.5) / (2.0 * x)
        return total / pi
    points = 64.0 + math.floor(x / 2.0)
    while k <= points:
        half = math.sin(pi * k / (2.0 * points))
        turn = -2.0 * half * half
        term = ieee.power(turn, n) * exp(x * turn) * (0.5 if k == 0.0 or k == points else 1.0) - lost
        now = total + term  # and what this loses (Kahan)
        lost = (now - total) - term
        total = now
        k += 1.0
    return total / points


def i0n(n: float, x: float) -> float:
    """The n-th derivative of I₀(x): 2/π ∫ cosⁿθ cosh(x cos θ) dθ to π/2, or sinh for odd n (10.32), by the trapezoidal
    rule too."""
    if not whole(n) or x != x:
        return nan
    size, odd = abs(x), math.fmod(n, 2.0)
    sign = -1.0 if odd == 1.0 and x < 0.0 else 1.0
    if size > 1400.0:
        return sign * inf
    points, total, lost, k = 32.0 + math.floor((size + n) / 4.0), 0.0, 0.0, 0.0
    while k <= points:
        half = math.sin(pi * k / (4.0 * points))
        turn = -2.0 * half * half  # cos θ − 1
        both = -expm1(-2.0 * size * (1.0 + turn)) if odd == 1.0 else 1.0 + exp(-2.0 * size * (1.0 + turn))
        term = ieee.power(1.0 + turn, n) * exp(size * turn) * both * (0.5 if k == 0.0 or k == points else 1.0) - lost
        now = total + term
        lost = (now - total) - term
        total = now
        k += 1.0
    return sign * (total / (2.0 * points) * exp(0.5 * size)) * exp(0.5 * size)


def k0n(n: float, x: float) -> float:
    """The n-th derivative of K₀(x) for x > 0: (−1)ⁿ ∫₀^∞ coshⁿt e^{−x cosh t} dt (10.32), by the trapezoidal rule."""
    if not whole(n) or not x >= 0.0:
        return nan
    sign = -1.0 if math.fmod(n, 2.0) == 1.0 else 1.0
    if x == 0.0 or x == inf:
        return sign * inf if x == 0.0 else 0.0
    step = 0.2 if x < 12.0 else 0.7 / sqrt(x)
    total, lost, k = 0.5, 0.0, 1.0
    while total < inf:
        half = math.sinh(0.5 * k * step)
        grown, weight = 1.0 + 2.0 * half * half, exp(-2.0 * x * half * half)
        term = ieee.power(grown, n) * weight if weight > 0.0 else 0.0
        if term < 1e-17 * total and x * grown > n:
            break
        term -= lost
        now = total + term
        lost = (now - total) - term
        total = now
        k += 1.0
    return sign * step * total * exp(-x)


def gamma_half(n: float) -> float:
    """Γ(n + ½)"""
    product = sqrt(pi)
    while n > 0.0:
        n -= 1.0
        product *= n + 0.5
    return product


def i0e(x: float) -> float:
    """e^{−|x|} I₀(x)"""
    return ie(0.0, abs(x))


def i1e(x: float) -> float:
    """e^{−|x|} I₁(x): its power series (10.25), or as I₀′."""
    if x != x or abs(x) == inf:
        return nan if x != x else 0.0
    size = abs(x)
    if size > 12.0:
        return copysign(ie(0.0, size) + ie(1.0, size), x)
    quarter, term, total, k = 0.25 * x * x, 1.0, 0.0, 0.0
    while term > 1e-17 * total:
        total += term
        k += 1.0
        term *= quarter / (k * (k + 1.0))
    return 0.5 * x * total * exp(-size)
