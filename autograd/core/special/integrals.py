"""The incomplete gamma and beta integrals with all their derivatives in a and b, on floats.

What is under the integral has one sign, or changes it once, for the first derivatives: the side of x is integrated
that has less of the other sign, so that nothing cancels. A derivative in a multiplies the integrand by a polynomial in
log t, the complete Bell polynomial of the derivatives of its logarithm.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from math import exp, expm1, inf, log, log1p, nan, pi, sqrt

from autograd.core import ieee
from autograd.core.special.gammas import polygamma, polygamma_step, stirling, whole, whole_from

TINY, HUGE = 1e-100, 1e7  # parameters beyond are refused, with nan: the integrals are not tried there
NOTHING = 2.0**-1022  # the smallest normal number: an x below counts as 0


def _integral(f: Callable[[float], float], scale: float, longest: float) -> float:
    """∫₀^∞ f(u) du of an f that decays exponentially, over lengths of about 1/scale: u = e^{s − e⁻ˢ}/scale
    (Takahasi & Mori 1974), s outwards from 0 until nothing is added, or u is `longest`."""
    step, last = 1.0 / 24.0, int(log(longest * scale) * 24.0) + 2
    total = [f(exp(-1.0) / scale) * exp(-1.0) * 2.0]
    for ends in (range(1, last), range(-1, -100, -1)):
        size, quiet = abs(total[0]), 0
        for k in ends:
            e = exp(-k * step)
            u = exp(k * step - e)
            term = f(u / scale) * u * (1.0 + e)
            total.append(term)
            size += abs(term)
            quiet = quiet + 1 if abs(term) <= 1e-19 * size else 0
            if quiet == 6:
                break
    return math.fsum(total) * step / scale


def _integral_to(f: Callable[[float], float], end: float) -> float:
    """∫₀^end f(u) du of a smooth f, also where most of what it does is near an end: u = end/(1 + e^{−π sinh s})
    (Takahasi & Mori 1974)."""
    step, total = 1.0 / 20.0, []
    for k in range(-70, 71):
        q = exp(-pi * math.sinh(k * step))
        total.append(f(end / (1.0 + q)) * math.cosh(k * step) * q / (1.0 + q) ** 2)
    return math.fsum(total) * step * end * pi


Polynomial = list[tuple[float, int, int]]  # coefficients, with the powers of both unknowns


def _bell(cumulants: Callable[[int, int], float], m: int, n: int) -> Polynomial:
    """∂^{m+n}/∂ε^m∂η^n of exp Σ cᵢⱼ εⁱηʲ/(i! j!) at 0, the complete Bell polynomial in two variables, as a polynomial
    in c₁₀ and c₀₁, which alone are not known yet."""
    known = [[0.0] * (n + 1) for _ in range(m + 1)]  # of the other cumulants
    known[0][0] = 1.0
    for i in range(m + 1):
        for j in range(n + 1):
            if i:  # what the derivative by ε that comes last brings down
                known[i][j] = sum(
                    [
                        math.comb(i - 1, k) * math.comb(j, q) * cumulants(k + 1, q) * known[i - 1 - k][j - q]
                        for k in range(i)
                        for q in range(j + 1)
                        if k + q
                    ]
                )
            elif j:
                terms = [math.comb(j - 1, q) * cumulants(0, q + 1) * known[0][j - 1 - q] for q in range(1, j)]
                known[i][j] = sum(terms)
    return [
        (math.comb(m, i) * math.comb(n, j) * known[i][j], m - i, n - j)
        for i in range(m + 1)
        for j in range(n + 1)
        if known[i][j]
    ]


def _value(polynomial: Polynomial, x: float, y: float) -> float:
    return sum([c * x**i * y**j for c, i, j in polynomial])


def _deviance(x: float, a: float) -> float:
    """a log(a/x) + x − a without cancellation (Loader 2000)."""
    if abs(x - a) < 0.1 * (x + a):
        v = (a - x) / (a + x)
        total, term, k = (a - x) * v, 2.0 * a * v, 1
        while True:
            term *= v * v
            further = total + term / (2 * k + 1)
            if further == total:
                return total
            total, k = further, k + 1
    return a * log(a / x) + x - a


def gamma_density(n: float, a: float, x: float) -> float:
    """∂ⁿ/∂aⁿ of x^{a−1} e⁻ˣ / Γ(a), the gamma density."""
    if not (TINY <= a <= HUGE and x >= 0.0) or not whole_from(-64.0, n):
        return nan
    if n < 0.0 or x > 2.0 * a + 800.0:
        return 0.0
    if x == 0.0:
        return 0.0 if a > 1.0 else nan if n > 0.0 else 1.0 if a == 1.0 else inf
    if a < 10.0 and x < 500.0:
        density = ieee.power(x, a - 1.0) * exp(-x) / math.gamma(a)
    else:
        density = sqrt(a / (2.0 * pi)) / x * exp(-_deviance(x, a) - stirling(a))
    if n == 0.0:
        return density
    return density * _gamma_bell(int(n), a)(log(x))


def _gamma_bell(n: int, a: float) -> Callable[[float], float]:
    """log t to ∂ⁿ/∂aⁿ of t^a / Γ(a) over t^a / Γ(a). For small a of a t^a / Γ(a + 1), where nothing is large."""
    shift = a < 1.0
    c = [polygamma(float(i), a + shift) for i in range(max(n, 1))]
    upper, lower = [_bell(lambda i, j: -c[i - 1], k, 0) for k in (n, max(n - 1, 0))]
    if shift and n:
        return lambda logs: _value(upper, logs - c[0], 0.0) + n / a * _value(lower, logs - c[0], 0.0)
    return lambda logs: _value(upper, logs - c[0], 0.0)


def gammainc_a(n: float, a: float, x: float) -> float:
    """∂ⁿ/∂aⁿ of P(a, x) = 1/Γ(a) ∫₀ˣ t^{a−1} e⁻ᵗ dt (8.2): the integral over the side of x that has less of it."""
    if not whole(n) or not (TINY <= a <= HUGE and x >= 0.0):
        return nan
    if x < NOTHING or x > 2.0 * a + 800.0:
        return float(x >= NOTHING and n == 0.0)
    below = log(x) < polygamma(0.0, a)  # where the integrand of ∂/∂a changes sign
    part = _gamma_side(int(n), a, x, -1.0 if below else 1.0)
    return part if below else float(n == 0.0) - part


def gammaincc(a: float, x: float) -> float:
    """Q(a, x) = 1 − P(a, x), by itself."""
    if not (TINY <= a <= HUGE and x >= 0.0):
        return nan
    if x < NOTHING or x > 2.0 * a + 800.0:
        return float(x < NOTHING)
    return 1.0 - _gamma_side(0, a, x, -1.0) if 1.0 < a and x < a else _gamma_side(0, a, x, 1.0)


def _gamma_side(n: int, a: float, x: float, side: float) -> float:
    """∂ⁿ/∂aⁿ of 1/Γ(a) ∫ t^{a−1} e⁻ᵗ dt from 0 to x (side −1) or from x on (+1), t = x e^{±u}."""
    logs = log(x)
    bell = _gamma_bell(n, a)

    def f(u: float) -> float:
        t = side * u
        e = a * t - x * ieee.expm1(t)
        if e < -745.0:
            return 0.0
        return exp(e) * bell(logs + t)

    if side > 0.0 and x < 1.0:  # the integrand is flat for long and falls at once, near t = 1
        return x * gamma_density(0.0, a, x) * _integral_to(f, -logs) + _gamma_side(n, a, 1.0, side)
    scale = 1.0 + abs(x - a) + sqrt(x)
    longest = (60.0 + x) / a if side < 0.0 else log1p(1000.0 * (1.0 + a) / x)
    return x * gamma_density(0.0, a, x) * _integral(f, scale, longest)


def beta_density(m: float, n: float, a: float, b: float, x: float) -> float:
    """∂^{m+n}/∂a^m∂b^n of x^{a−1} (1 − x)^{b−1} / B(a, b), the beta density."""
    if not (TINY <= a <= HUGE and TINY <= b <= HUGE and 0.0 <= x <= 1.0) or not (
        whole_from(-64.0, m) and whole_from(-64.0, n)
    ):
        return nan
    if m < 0.0 or n < 0.0:
        return 0.0
    if x == 0.0 or x == 1.0:
        power = a if x == 0.0 else b
        at = 0.0 if power > 1.0 else inf if power < 1.0 else (b if x == 0.0 else a)
        return at if m == n == 0.0 else 0.0 if power > 1.0 else nan
    density = _beta_density(a, b, x, 1.0 - x)
    if m == n == 0.0:
        return density
    gaps = _beta_gaps(a, b)
    return density * _value(_bell(gaps, int(m), int(n)), gaps(1, 0) + log(x), gaps(0, 1) + log1p(-x))


def _beta_density(a: float, b: float, x: float, y: float) -> float:
    """x^{a−1} y^{b−1} / B(a, b), y = 1 − x."""
    if a + b > 30.0:
        s = a + b
        deviance = _deviance(s * x, a) + _deviance(s * y, b)
        rest = stirling(s) - stirling(a) - stirling(b)
        return sqrt(a / s * b / (2.0 * pi)) / (x * y) * exp(rest - deviance)
    inverse = math.gamma(a + b) / math.gamma(a) / math.gamma(b)
    return _power(x, y, a - 1.0) * _power(y, x, b - 1.0) * inverse


def _power(x: float, y: float, k: float) -> float:
    """x to the k, where x + y = 1 and the larger of them is rounded."""
    return ieee.power(x, k) if x <= 0.5 else exp(k * log1p(-y))


def _beta_gaps(a: float, b: float) -> Callable[[int, int], float]:
    """The derivatives of −log B(a, b)."""

    @cache
    def gap(i: int, j: int) -> float:
        if i and j:
            return polygamma(i + j - 1.0, a + b)
        return polygamma_step(i - 1.0, a, b) if i else polygamma_step(j - 1.0, b, a)

    return gap


def betainc_ab(m: float, n: float, a: float, b: float, x: float) -> float:
    """∂^{m+n}/∂a^m∂b^n of Iₓ(a, b) = 1/B(a, b) ∫₀ˣ t^{a−1} (1 − t)^{b−1} dt (8.17), on the side that has less of it."""
    if not (whole(m) and whole(n)) or not (TINY <= a <= HUGE and TINY <= b <= HUGE and 0.0 <= x <= 1.0):
        return nan
    if x < NOTHING or x == 1.0:
        return float(x == 1.0 and m == n == 0.0)
    if x < a / (a + b):
        return _beta_side(int(m), int(n), a, b, x, 1.0 - x)
    return float(m == n == 0.0) - _beta_side(int(n), int(m), b, a, 1.0 - x, x)


def _beta_side(m: int, n: int, a: float, b: float, x: float, y: float) -> float:
    """The integral from 0 to x, t = x e⁻ᵘ."""
    log_x, log_y = log(x) if x < 0.5 else log1p(-y), log(y) if y < 0.5 else log1p(-x)
    gaps, ratio = _beta_gaps(a, b), x / y
    if m or n:
        polynomial, left, right = _bell(gaps, m, n), gaps(1, 0) + log_x, gaps(0, 1) + log_y

    def f(u: float) -> float:
        rise = log1p(-ratio * expm1(-u))
        e = (b - 1.0) * rise - a * u
        if e < -745.0:
            return 0.0
        return exp(e) * _value(polynomial, left - u, right + rise) if m or n else exp(e)

    bend = (b - 1.0) * ratio
    scale = 1.0 + abs(a - bend) + sqrt(abs(bend) / y)
    longest = (60.0 + max(1.0 - b, (1.0 - b) * log_y)) / a
    return x * _beta_density(a, b, x, y) * _integral(f, scale, longest)
