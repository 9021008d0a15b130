"""The incomplete gamma and beta integrals with all their derivatives in a and b, on floats.

What is under the integral has one sign, or changes it once, for the first derivatives: the side of x is integrated
that has less of the other sign, so that nothing cancels. A derivative in a or b multiplies the integrand by a
polynomial in log t and log(1 − t), the complete Bell polynomial of the derivatives of its logarithm: so it is a sum of
a few `moments`, integrals with powers of these. For a < 1 the lower side is that of a + 1, and a term that needs no
integral (8.8.5, 8.17.20).

Both integrals are of one kind, over u from x outwards, t = x eᵘ; that of gamma is the one whose b is 0.
"""

from __future__ import annotations

import math
from math import exp, expm1, inf, log, log1p, nan, pi, sqrt

from autograd.core import ieee
from autograd.core.special import bell
from autograd.core.special.bell import ORDERS
from autograd.core.special.gammas import gamma_unreflected, psi, steps_of_psi, stirling, whole, whole_from

TINY, HUGE = 1e-100, 1e7  # parameters beyond are refused, with nan: the integrals are not tried there
NOTHING = 2.0**-1022  # the smallest normal number: an x below counts as 0
PART, ALONE = 1.0, 2.0  # of a + 1: Γ(a) as Γ(a + 1)/a, and Γ(a + 1) itself


def _integrand(u: float, i: float, j: float, left: float, right: float, a: float, b: float, x: float) -> float:
    """(left + u)^i times exp(a u − x(eᵘ − 1)); with a b, and x/(1 − x) for x, times (right + r)^j exp(a u + (b − 1) r),
    r being log(1 − t) − log(1 − x)."""
    if b == 0.0:
        rise, e = 0.0, a * u - x * ieee.expm1(u)
    else:
        rise = log1p(-x * expm1(u))
        e = (b - 1.0) * rise + a * u
    if e < -745.0:
        return 0.0
    product = exp(e)
    while i > 0.0:
        product *= left + u
        i -= 1.0
    while j > 0.0:
        product *= right + rise
        j -= 1.0
    return product


def _outwards(
    side: float,
    longest: float,
    scale: float,
    i: float,
    j: float,
    left: float,
    right: float,
    a: float,
    b: float,
    x: float,
) -> float:
    """∫₀^∞ of the integrand at side·u, which decays exponentially, over lengths of about 1/scale: u = e^{s − e⁻ˢ}/scale
    (Takahasi & Mori 1974), s outwards from 0 until nothing is added, or u is `longest`."""
    step, last = 1.0 / 24.0, math.floor(log(longest * scale) * 24.0) + 2.0
    total, lost, size, quiet, k, way = 0.0, 0.0, 0.0, 0.0, 0.0, 1.0
    while k > -100.0:
        e = exp(-k * step)
        u = exp(k * step - e)
        term = _integrand(side * u / scale, i, j, left, right, a, b, x) * u * (1.0 + e)
        size += abs(term)
        quiet = quiet + 1.0 if abs(term) <= 1e-19 * size else 0.0
        term -= lost
        now = total + term  # and what this loses (Kahan)
        lost = (now - total) - term
        total = now
        k += way
        if way > 0.0 and (quiet == 6.0 or k >= last):
            k, way, quiet = -1.0, -1.0, 0.0
        if quiet == 6.0:
            break
    return total * step / scale


def _between(end: float, i: float, left: float, a: float, x: float) -> float:
    """∫₀^end of gamma's integrand du, also where most of what it does is near an end: u = end/(1 + e^{−π sinh s})
    (Takahasi & Mori 1974)."""
    step, total, lost, k = 1.0 / 20.0, 0.0, 0.0, -70.0
    while k <= 70.0:
        q = exp(-pi * math.sinh(k * step))
        share = 1.0 / (1.0 + q)
        term = _integrand(end * share, i, 0.0, left, 0.0, a, 0.0, x) * math.cosh(k * step) * q * share * share - lost
        now = total + term
        lost = (now - total) - term
        total = now
        k += 1.0
    return total * step * end * pi


def _deviance(x: float, a: float) -> float:
    """a log(a/x) + x − a without cancellation (Loader 2000)."""
    if abs(x - a) >= 0.1 * (x + a):
        return a * log(a / x) + x - a
    v = (a - x) / (a + x)
    total, term, k, before = (a - x) * v, 2.0 * a * v, 3.0, inf
    while total != before:
        before = total
        term *= v * v
        total += term / k
        k += 2.0
    return total


# Gamma


def gamma_density(n: float, a: float, x: float) -> float:
    """∂ⁿ/∂aⁿ of x^{a−1} e⁻ˣ / Γ(a), the gamma density."""
    if not (TINY <= a <= HUGE and x >= 0.0) or not whole_from(-64.0, n) or n >= ORDERS:
        return nan
    if n < 0.0 or x > 2.0 * a + 800.0:
        return 0.0
    if x == 0.0:
        return 0.0 if a > 1.0 else nan if n > 0.0 else 1.0 if a == 1.0 else inf
    shift = PART if a < 1.0 else 0.0
    return _gamma_density(a, x) * bell.polynomial(n, 0.0, log(x), 0.0, a, 0.0, shift, 0.0)


def _gamma_density(a: float, x: float) -> float:
    if a < 10.0 and x < 500.0:
        return ieee.power(x, a - 1.0) * exp(-x) / gamma_unreflected(a)
    return sqrt(a / (2.0 * pi)) / x * exp(-_deviance(x, a) - stirling(a))


def gammainc_a(n: float, a: float, x: float) -> float:
    """∂ⁿ/∂aⁿ of P(a, x) = 1/Γ(a) ∫₀ˣ t^{a−1} e⁻ᵗ dt (8.2): the integral over the side of x that has less of it."""
    if not whole(n) or n >= ORDERS or not (TINY <= a <= HUGE and x >= 0.0):
        return nan
    if x < NOTHING or x > 2.0 * a + 800.0:
        return float(x >= NOTHING and n == 0.0)
    below = log(x) < psi(0.0, a)  # where the integrand of ∂/∂a changes sign
    part = _gamma_side(n, a, x, -1.0 if below else 1.0)
    return part if below else 1.0 - part if n == 0.0 else -part


def gammaincc(a: float, x: float) -> float:
    """Q(a, x) = 1 − P(a, x), by itself."""
    if not (TINY <= a <= HUGE and x >= 0.0):
        return nan
    if x < NOTHING or x > 2.0 * a + 800.0:
        return float(x < NOTHING)
    below = 1.0 < a and x < a
    part = _gamma_side(0.0, a, x, -1.0 if below else 1.0)
    return 1.0 - part if below else part


def _gamma_side(n: float, a: float, x: float, side: float) -> float:
    """∂ⁿ/∂aⁿ of 1/Γ(a) ∫ t^{a−1} e⁻ᵗ dt from 0 to x (side −1) or from x on (+1)."""
    logs, first, shift = log(x), 0.0, 0.0
    factor = x * _gamma_density(a, x)
    if a < 1.0 and side < 0.0:
        factor /= a
        first = factor * bell.polynomial(n, 0.0, logs, 0.0, a, 0.0, ALONE, 0.0)
        a += 1.0
        factor *= x
    elif a < 1.0:
        shift = PART
    left, total, i = logs + bell.cumulant(1.0, 0.0, a, 0.0, shift, 0.0), 0.0, 0.0
    while i <= n:
        share = bell.coefficient(n, 0.0, i, 0.0, a, 0.0, shift, 0.0)
        if share != 0.0:
            total += share * _gamma_moment(i, left, a, x, logs, side, factor)
        i += 1.0
    return first + total


def _gamma_moment(i: float, left: float, a: float, x: float, logs: float, side: float, factor: float) -> float:
    """`factor` times the integral with the i-th power of log t and a constant, which is `left` at x."""
    near = 0.0
    if side > 0.0 and x < 1.0:  # the integrand is flat for long and falls at once, near t = 1: up to there, and beyond
        near = factor * _between(-logs, i, left, a, x)
        factor *= exp(x - 1.0 - a * logs)
        left -= logs
        x = 1.0
    scale = 1.0 + abs(x - a) + sqrt(x)
    longest = (60.0 + x) / a if side < 0.0 else log1p(1000.0 * (1.0 + a) / x)
    return near + factor * _outwards(side, longest, scale, i, 0.0, left, 0.0, a, 0.0, x)


# Beta


def beta_density(m: float, n: float, a: float, b: float, x: float) -> float:
    """∂^{m+n}/∂a^m∂b^n of x^{a−1} (1 − x)^{b−1} / B(a, b), the beta density."""
    if not (TINY <= a <= HUGE and TINY <= b <= HUGE and 0.0 <= x <= 1.0):
        return nan
    if not (whole_from(-64.0, m) and whole_from(-64.0, n)) or (m + 1.0) * (n + 1.0) > ORDERS:
        return nan
    if m < 0.0 or n < 0.0:
        return 0.0
    if x == 0.0 or x == 1.0:
        power = a if x == 0.0 else b
        at = 0.0 if power > 1.0 else inf if power < 1.0 else (b if x == 0.0 else a)
        return at if m + n == 0.0 else 0.0 if power > 1.0 else nan
    of_a, of_b = PART if a < 1.0 and a < b else 0.0, PART if b < 1.0 and b <= a else 0.0
    return _beta_density(a, b, x, 1.0 - x) * bell.polynomial(m, n, log(x), log1p(-x), a, b, of_a, of_b)


def _beta_density(a: float, b: float, x: float, y: float) -> float:
    """x^{a−1} y^{b−1} / B(a, b), y = 1 − x."""
    s = a + b
    if a >= 1.0 and b >= 1.0:
        deviance = _deviance(s * x, a) + _deviance(s * y, b)
        return sqrt(a / s * b / (2.0 * pi)) / (x * y) * exp(stirling(s) - stirling(a) - stirling(b) - deviance)
    small, large = (a, b) if a < b else (b, a)
    step = small * (log(s) - 1.0) + (large - 0.5) * log1p(small / large) + stirling(s) - stirling(large)
    grown = exp(step) if large >= 1.0 else gamma_unreflected(s) / gamma_unreflected(large)  # Γ(s)/Γ(large)
    return _power(x, y, a - 1.0) * _power(y, x, b - 1.0) * (small / gamma_unreflected(1.0 + small) * grown)


def _power(x: float, y: float, k: float) -> float:
    """x to the k, where x + y = 1 and the larger of them is rounded."""
    return ieee.power(x, k) if x <= 0.5 else exp(k * log1p(-y))


def betainc_ab(m: float, n: float, a: float, b: float, x: float) -> float:
    """∂^{m+n}/∂a^m∂b^n of Iₓ(a, b) = 1/B(a, b) ∫₀ˣ t^{a−1} (1 − t)^{b−1} dt (8.17), on the side that has less of it: in
    the smaller of a and b, or in the one that is differentiated by, no first derivative changes its sign there."""
    if not (whole(m) and whole(n)) or (m + 1.0) * (n + 1.0) > ORDERS:
        return nan
    if not (TINY <= a <= HUGE and TINY <= b <= HUGE and 0.0 <= x <= 1.0):
        return nan
    if x < NOTHING or x == 1.0:
        return float(x == 1.0 and m + n == 0.0)
    y = 1.0 - x
    if n == 0.0 and (m > 0.0 or a <= b):
        below = log(x) < -steps_of_psi(0.0, a, b)
    elif m == 0.0:
        below = log(y) > -steps_of_psi(0.0, b, a)
    else:
        below = x < a / (a + b)
    if not below:
        m, n, a, b, x, y = n, m, b, a, y, x
    part = _beta_side(m, n, a, b, x, y)
    return part if below else 1.0 - part if m + n == 0.0 else -part


def _beta_side(m: float, n: float, a: float, b: float, x: float, y: float) -> float:
    """The integral from 0 to x."""
    log_x, log_y = log(x) if x < 0.5 else log1p(-y), log(y) if y < 0.5 else log1p(-x)
    first, factor = 0.0, x * _beta_density(a, b, x, y)
    of_b = PART if b < 1.0 and b < a else 0.0
    if a < 1.0:
        first = factor * y / a
        first *= bell.polynomial(m, n, log_x, log_y, a, b, ALONE, of_b)
        factor *= x * (a + b) / a
        a += 1.0
        of_b = PART if b < 1.0 else 0.0
    left, right = log_x + bell.cumulant(1.0, 0.0, a, b, 0.0, of_b), log_y + bell.cumulant(0.0, 1.0, a, b, 0.0, of_b)
    bend = (b - 1.0) * (x / y)
    scale = 1.0 + abs(a - bend) + sqrt(abs(b - 1.0) * x) / y
    longest = (60.0 + (1.0 - b) * (1.0 if b < 1.0 else log_y)) / a
    total, i = 0.0, 0.0
    while i <= m:
        j = 0.0
        while j <= n:
            share = bell.coefficient(m, n, i, j, a, b, 0.0, of_b)
            if share != 0.0:
                total += share * _outwards(-1.0, longest, scale, i, j, left, right, a, b, x / y)
            j += 1.0
        i += 1.0
    return first + factor * total
