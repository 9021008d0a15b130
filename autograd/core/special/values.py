"""The special functions on floats: short, of the standard library only, and accurate to a few ulp.

Each is a family closed under differentiation, so that a row's partial is a member of the family again and nothing is
ever the difference of two nearly equal numbers: polygamma(n) of polygamma(n − 1), e^{x²}·iⁿerfc of the one before, the
n-th derivative in a of an incomplete gamma or beta integral. The first operands of a family are whole numbers from 0
on; anything else there gives nan. Where a formula is not said otherwise it is that of the NIST Digital Library of
Mathematical Functions (dlmf.nist.gov), whose numbers stand in parentheses.
"""

from __future__ import annotations

import math
from functools import lru_cache
from math import copysign, exp, inf, log, log1p, nan, pi, sqrt

from autograd.core import ieee

EULER = 0.5772156649015329
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330)


def whole(n: float, least: int = 0) -> bool:
    return n == n and least <= n < 150.0 and n == int(n)


# Gamma and its logarithm's derivatives


def gamma(x: float) -> float:
    """Γ(x); ±inf at ±0, nan at −1, −2, … and −inf."""
    try:
        return math.gamma(x)
    except OverflowError:
        return inf
    except ValueError:
        return copysign(inf, x) if x == 0.0 else nan


def lgamma(x: float) -> float:
    """log |Γ(x)|; inf at 0, −1, −2, … Around 1 and 2, where it is 0, by the series at 2 (5.7.3)."""
    if 0.5 < x < 2.5:
        u = x - 2.0 if x >= 1.5 else x - 1.0
        total = 0.0
        for k, zeta in reversed(_zetas()):
            total = (zeta / k - total) * u
        return (1.0 - EULER + total) * u - (log1p(u) if x < 1.5 else 0.0)
    try:
        return math.lgamma(x)
    except (OverflowError, ValueError):
        return inf


@lru_cache(maxsize=1)
def _zetas() -> list[tuple[int, float]]:
    """(k, ζ(k) − 1) for k = 2, 3, …"""
    return [(k, abs(polygamma(k - 1.0, 2.0)) / math.factorial(k - 1)) for k in range(2, 30)]


def polygamma(n: float, x: float) -> float:
    """ψ⁽ⁿ⁾(x), the (n + 1)-th derivative of log Γ (5.15): recurrence up to x ≥ 16, and Euler and Maclaurin's series."""
    if not whole(n) or x != x or x == -inf:
        return nan
    if x == 0.0:
        return copysign(inf, -x) if n % 2 == 0.0 else inf
    if x == inf:
        return inf if n == 0.0 else 0.0
    if x < 0.0:  # reflection (5.15.6)
        return nan if x == int(x) else (-1.0) ** n * polygamma(n, 1.0 - x) - _cotangent(int(n), x)
    total, s = 0.0, n + 1.0
    while x < 16.0:
        total += ieee.power(x, -s)
        x += 1.0
    factor, powers = math.factorial(int(n)), x**-s
    tail = -log(x) if n == 0.0 else x**-n / n
    term = s * powers / x
    series = 0.5 * powers
    for k, b in enumerate(_BERNOULLI):
        series += b * term / math.factorial(2 * k + 2)
        term *= (s + 2 * k + 1) * (s + 2 * k + 2) / (x * x)
    return -((-1.0) ** n) * factor * (total + (series + tail))


def _cotangent(n: int, x: float) -> float:
    """The n-th derivative of π cot πx, a polynomial in the cotangent: with c′ = −π(1 + c²)."""
    r = math.fmod(x, 1.0)
    c = 0.0 if abs(r) == 0.5 else 1.0 / math.tan(pi * r)
    polynomial = [0.0, pi]
    for _ in range(n):
        slopes = [k * a for k, a in enumerate(polynomial)][1:]
        polynomial = [0.0] * (len(slopes) + 2)
        for k, a in enumerate(slopes):
            polynomial[k] -= pi * a
            polynomial[k + 2] -= pi * a
    return sum([a * c**k for k, a in enumerate(polynomial)])


def polygamma_step(n: float, a: float, b: float) -> float:
    """ψ⁽ⁿ⁾(a + b) − ψ⁽ⁿ⁾(a) for a, b > 0, term by term, so that a small b against a large a loses nothing."""
    if not whole(n) or not (a >= 0.0 and b >= 0.0) or max(a, b) == 0.0 or min(a, b) == inf:
        return nan
    if b == 0.0 or a == inf:
        return 0.0
    if a == 0.0 or b == inf:
        return polygamma(n, b) - polygamma(n, a)
    s = n + 1.0

    def step(z: float, power: float) -> float:
        """(z + b)^power − z^power"""
        return ieee.power(z, power) * ieee.expm1(power * log1p(ieee.divide(b, z)))

    total = 0.0
    while a < 16.0:
        total += step(a, -s)
        a += 1.0
    series = (-log1p(b / a) if n == 0.0 else step(a, -n) / n) + 0.5 * step(a, -s)
    term = s
    for k, bernoulli in enumerate(_BERNOULLI):
        series += bernoulli * term / math.factorial(2 * k + 2) * step(a, -s - 2 * k - 1)
        term *= (s + 2 * k + 1) * (s + 2 * k + 2)
    return -((-1.0) ** n) * math.factorial(int(n)) * (total + series)


def stirling(x: float) -> float:
    """log Γ(x) − ((x − ½) log x − x + ½ log 2π) (5.11.1)."""
    if x < 10.0:
        return math.lgamma(x) - (x - 0.5) * log(x) + x - 0.5 * log(2.0 * pi)
    return sum([b / ((2 * k + 2) * (2 * k + 1) * x ** (2 * k + 1)) for k, b in enumerate(_BERNOULLI)])


def lbeta(a: float, b: float) -> float:
    """log B(a, b) = log Γ(a) + log Γ(b) − log Γ(a + b), for a, b > 0 (Didonato & Morris 1992)."""
    if not (a >= 0.0 and b >= 0.0):
        return nan
    a, b = min(a, b), max(a, b)
    if a == 0.0 or b > 1e300:
        return inf if b <= 1e300 else nan if a == 0.0 or b < inf else -inf
    if b < 10.0:
        return math.lgamma(a) + (math.lgamma(b) - math.lgamma(a + b))
    if a < 10.0:
        rest = stirling(b) - stirling(a + b)
        return math.lgamma(a) + (a - a * log(a + b) - (b - 0.5) * log1p(a / b)) + rest
    rest = stirling(a) + stirling(b) - stirling(a + b)
    return 0.5 * log(2.0 * pi / b) + (a - 0.5) * log(a / (a + b)) - b * log1p(a / b) + rest


# The error function's relatives


def erfcxn(n: float, x: float) -> float:
    """e^{x²} iⁿerfc(x), the scaled iterated integrals of erfc (7.18): for n = 0 the scaled erfc; derivative −2(n + 1)
    times the next. A continued fraction for x ≥ ½, else upwards from n = 0."""
    if not whole(n) or x != x:
        return nan
    if x >= 0.5:
        if x > 1e8:  # the fraction's first step
            return 2.0 / sqrt(pi) * ieee.power(2.0 * x, -(n + 1.0)) if x < inf else 0.0
        ratio = 0.0
        for k in range(int(2.0 * (9.5 / x + sqrt(0.5 * n)) ** 2) + 10, int(n), -1):
            ratio = 1.0 / (2.0 * x + 2.0 * (k + 1) * ratio)
        result = 2.0 / sqrt(pi)
        for k in range(int(n), -1, -1):  # what is left are the ratios of neighbours, n to n − 1 first
            ratio = 1.0 / (2.0 * x + 2.0 * (k + 1) * ratio)
            result *= ratio
        return result
    if x > -1.0:
        now = exp(x * x) * math.erfc(x)
    else:
        now = 2.0 * ieee.exp(x * x) - (erfcxn(0.0, -x) if x > -26.0 else 0.0)
    before = 2.0 / sqrt(pi)
    for k in range(1, int(n) + 1):
        before, now = now, (before - 2.0 * x * now) / (2.0 * k)
    return now


def erfcx(x: float) -> float:
    """e^{x²} erfc(x)"""
    return erfcxn(0.0, x)


def erfinv(x: float) -> float:
    """The z with erf z = x: Halley's steps from a first guess (Giles 2010 has the idea, Winitzki 2008 the guess)."""
    if not -1.0 < x < 1.0:
        return copysign(inf, x) if abs(x) == 1.0 else nan
    if abs(x) < 1e-9:
        return 0.5 * sqrt(pi) * x
    rest = 1.0 - abs(x)
    w = log(rest * (2.0 - rest))
    t = 2.0 / (pi * 0.147) + 0.5 * w
    z = sqrt(sqrt(t * t - w / 0.147) - t)
    for _ in range(3):
        error = math.erf(z) - abs(x) if abs(x) < 0.5 else rest - math.erfc(z)
        step = error * 0.5 * sqrt(pi) * exp(z * z)
        z -= step / (1.0 + z * step)
    return copysign(z, x)


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


# Quotients that need their limit at 0


def exprel(n: float, x: float) -> float:
    """∫₀¹ tⁿ eˣᵗ dt, the n-th derivative of (eˣ − 1)/x: sums of positive terms."""
    if not whole(n) or x != x:
        return nan
    if n == 0.0 and x < 700.0:
        return ieee.expm1(x) / x if x != 0.0 else 1.0
    if x > 40.0 + 2.0 * n:  # e^−x of it, upwards; eˣ overflows before the product does
        now = 1.0 / x
        for k in range(1, int(n) + 1):
            now = (1.0 - k * now) / x
        half = exp(0.5 * x) if x < 1400.0 else inf
        return half * (half * now) if half < inf else inf
    if x < -40.0 - 2.0 * n:
        now, e = ieee.expm1(x) / x, ieee.exp(x)
        for k in range(1, int(n) + 1):
            now = (e - k * now) / x
        return now
    term, total, k = 1.0 / (n + 1.0), 0.0, 0
    if x >= 0.0:
        term = 1.0
        while term > 1e-17 * total:
            total += term / (n + k + 1.0)
            k += 1
            term *= x / k
        return total
    while term > 1e-17 * total:
        total += term
        k += 1
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
        order = int(n)
        total, k = 0.0, (order + 1) // 2
        term = pi ** (2 * k) * x ** (2 * k - order) * (-1) ** k / math.factorial(2 * k - order)
        while abs(term) > 1e-18 * abs(total) and term:
            total += term / (2 * k + 1)
            k += 1
            term *= -u * u / ((2 * k - order) * (2 * k - order - 1))
        return total
    waves = (math.sin(u), math.cos(u), -math.sin(u), -math.cos(u))
    now = waves[0] / u
    for k in range(1, int(n) + 1):
        now = (pi ** (k - 1) * waves[k % 4] - k * now) / x
    return now


def celu(x: float, alpha: float) -> float:
    """x for x > 0, else alpha·(e^{x/alpha} − 1)"""
    return x if x > 0.0 else alpha * ieee.expm1(ieee.divide(x, alpha))


# Bessel functions


def jn(n: float, x: float) -> float:
    """Jₙ(x), n any whole number (10.2): downwards by Miller's algorithm, or Hankel's expansion."""
    if not whole(n, -999) or x != x:
        return nan
    if n < 0.0:
        return (-1.0) ** n * jn(-n, x)
    if x < 0.0:
        return (-1.0) ** n * jn(n, -x)
    if x == inf:
        return 0.0
    return _hankel(n, x)[0] if x > 25.0 + n * n / 2 else _miller(x, int(n))[int(n)]


def yn(n: float, x: float) -> float:
    """Yₙ(x) for x > 0 (10.2): Neumann's series of Jₖ (10.8), or Hankel's expansion, and upwards in n."""
    if not whole(n, -999) or not x >= 0.0:
        return nan
    if n < 0.0:
        return (-1.0) ** n * yn(-n, x)
    if x < 1e-300 or x == inf:
        if x > 0.0 and n == 0.0:
            return 2.0 / pi * (log(x) + (EULER - log(2.0))) if x < inf else 0.0
        return -inf if x < 1e-300 else 0.0
    if x > 25.0:
        before, now = _hankel(0.0, x)[1], _hankel(1.0, x)[1]
    else:
        j = _miller(x, 1)
        scale = 2.0 / pi * (log(x / 2.0) + EULER)
        evens = [(-1.0) ** k * j[2 * k] / k for k in range(1, len(j) // 2)]
        odds = [(-1.0) ** k * (2 * k + 1) * j[2 * k + 1] / (k * (k + 1)) for k in range(1, len(j) // 2 - 1)]
        before = scale * j[0] - 4.0 / pi * math.fsum(evens)
        now = -2.0 / (pi * x) * j[0] + (scale - 2.0 / pi) * j[1] - 2.0 / pi * math.fsum(odds)
    for k in range(1, int(n)):
        before, now = now, 2.0 * k * now / x - before
        if now == -inf:
            break
    return before if n == 0.0 else now


@lru_cache(maxsize=64)
def _miller(x: float, n: int) -> list[float]:
    """J₀(x) … J_N(x) for x ≥ 0, N ≥ n: the recurrence downwards from far above, scaled by J₀ + 2 Σ J₂ₖ = 1."""
    top = 2 * (int(max(x, n) / 2.0) + 20)
    if x < 1e-8:
        powers = [(x / 2.0) ** k / math.factorial(k) for k in range(n + 6)]
        return [*powers, *[0.0] * (top - len(powers))]
    values, after, now = [0.0] * (top + 1), 0.0, 1e-250
    for k in range(top, 0, -1):
        values[k] = now
        after, now = now, 2.0 * k / x * now - after
        if abs(now) > 1e250:
            values = [v * 1e-250 for v in values]
            after, now = after * 1e-250, now * 1e-250
    values[0] = now
    scale = values[0] + 2.0 * math.fsum(values[2::2])
    return [v / scale for v in values]


def _hankel(n: float, x: float) -> tuple[float, float]:
    """Jₙ(x) and Yₙ(x) for large x (10.17)."""
    p, q, term = 0.0, 0.0, 1.0
    for k in range(60):
        if k % 2 == 0:
            p += (-1) ** (k // 2) * term
        else:
            q += (-1) ** (k // 2) * term
        following = term * (4.0 * n * n - (2 * k + 1) ** 2) / ((k + 1) * 8.0 * x)
        if abs(following) < 1e-17 or (abs(following) > abs(term) and k > n):
            break
        term = following
    c, s, quarter = math.cos(x), math.sin(x), int(n) % 4
    for _ in range(quarter):  # of the angle x − nπ/2, exactly
        c, s = s, -c
    c, s = (c + s) * sqrt(0.5), (s - c) * sqrt(0.5)
    size = sqrt(2.0 / (pi * x))
    return size * (p * c - q * s), size * (p * s + q * c)


def ie(n: float, x: float) -> float:
    """The n-th derivative of e⁻ˣI₀(x) for x ≥ 0: 1/π ∫ (cos θ − 1)ⁿ e^{x(cos θ − 1)} dθ (10.32), by the trapezoidal
    rule, which is exact to rounding for a periodic function, or term by term in 1/x."""
    if not whole(n) or not x >= 0.0:
        return nan
    if x == inf:
        return 0.0
    if x > 40.0 + n * n:  # with v = sin θ/2, −2v² and 1/√(1 − v²) as a series
        term = gamma_half(int(n)) / (2.0 * x) ** (n + 0.5)
        total, k = 0.0, 0
        while term > 1e-17 * total:
            total += term
            k += 1
            term *= (2 * k - 1) / (2.0 * k) * (n + k - 0.5) / (2.0 * x)
        return (-2.0) ** n * total / pi
    points = 64 + int(x / 2.0)
    turns = [-2.0 * math.sin(pi * k / (2 * points)) ** 2 for k in range(points + 1)]
    terms = [t**n * exp(x * t) for t in turns]
    return (math.fsum(terms) - 0.5 * (terms[0] + terms[-1])) / points


def gamma_half(n: int) -> float:
    """Γ(n + ½)"""
    return sqrt(pi) * math.prod([k + 0.5 for k in range(n)])


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
    quarter, term, total, k = 0.25 * x * x, 1.0, 0.0, 0
    while term > 1e-17 * total:
        total += term
        k += 1
        term *= quarter / (k * (k + 1))
    return 0.5 * x * total * exp(-size)
