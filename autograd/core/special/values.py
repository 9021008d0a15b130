"""The special functions on floats: short, of the standard library only, and accurate to a few ulp.

Each is a family closed under differentiation, so that a row's partial is a member of the family again and nothing is
ever the difference of two nearly equal numbers: polygamma(n) of polygamma(n − 1), e^{x²}·iⁿerfc of the one before, the
n-th derivative in a of an incomplete gamma or beta integral. The first operands of a family are whole numbers from 0
on; anything else there gives nan. Where a formula is not said otherwise it is that of the NIST Digital Library of
Mathematical Functions (dlmf.nist.gov), whose numbers stand in parentheses.
"""

from __future__ import annotations

import math
from math import copysign, exp, inf, log, log1p, nan, pi, sqrt

from autograd.core import ieee

EULER = 0.5772156649015329
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330)
_BERNOULLI_SHARES = tuple([b / math.factorial(2 * k + 2) for k, b in enumerate(_BERNOULLI)])
_STIRLING_SHARES = tuple([b / ((2 * k + 2) * (2 * k + 1)) for k, b in enumerate(_BERNOULLI)])


def whole(n: float) -> bool:
    return 0.0 <= n < 150.0 and n == math.floor(n)


def whole_from(least: float, n: float) -> bool:
    return least <= n < 150.0 and n == math.floor(n)


_ZETAS = (  # (ζ(k) − 1)/k for k from 29 down to 2
    6.4229645638381e-11, 1.330476437424449e-10, 2.7595228851242334e-10, 5.731367241678862e-10, 1.1921401405860912e-09,
    2.4836745438024785e-09, 5.183475041970047e-09, 1.0838659214896955e-08, 2.2711094608943164e-08,
    4.7698101693639804e-08, 1.0043224823968099e-07, 2.1207184805554665e-07, 4.492469198764566e-07,
    9.55141213040742e-07, 2.039215753801366e-06, 4.374866789907488e-06, 9.439488275268397e-06, 2.050721277567069e-05,
    4.492623673813314e-05, 9.945751278180853e-05, 0.00022315475845357939, 0.0005096695247430425, 0.001192753911703261,
    0.0028905103307415234, 0.007385551028673986, 0.020580808427784546, 0.0673523010531981, 0.3224670334241132,
)  # fmt: skip


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
        for share in _ZETAS:
            total = (share - total) * u
        return (1.0 - EULER + total) * u - (log1p(u) if x < 1.5 else 0.0)
    try:
        return math.lgamma(x)
    except (OverflowError, ValueError):
        return inf


def polygamma(n: float, x: float) -> float:
    """ψ⁽ⁿ⁾(x), the (n + 1)-th derivative of log Γ (5.15)."""
    if not whole(n) or x != x or x == -inf:
        return nan
    odd = math.fmod(n, 2.0) == 1.0
    if x == 0.0:
        return inf if odd else copysign(inf, -x)
    if x > 0.0:
        return _polygamma(n, x)
    below = -math.fmod(x, 1.0)  # reflection (5.15.6), whose cotangent has that of x + 1, + 2, … up to (0, 1)
    if below == 0.0:
        return nan
    sign = -1.0 if odd else 1.0
    return sign * (_polygamma(n, 1.0 - x) - _polygamma(n, below)) + _polygamma(n, 1.0 - below)


def _polygamma(n: float, x: float) -> float:
    """ψ⁽ⁿ⁾(x) for x > 0: recurrence up to x ≥ 16, and Euler and Maclaurin's series."""
    if x == inf:
        return inf if n == 0.0 else 0.0
    total, s = 0.0, n + 1.0
    while x < 16.0:
        total += ieee.power(x, -s)
        x += 1.0
    tail = -log(x) if n == 0.0 else ieee.power(x, -n) / n
    series, term = 0.5 * ieee.power(x, -s), s * ieee.power(x, -s) / x
    for share in _BERNOULLI_SHARES:
        series += share * term
        term *= (s + 1.0) * (s + 2.0) / (x * x)
        s += 2.0
    return (1.0 if math.fmod(n, 2.0) == 1.0 else -1.0) * factorial(n) * (total + (series + tail))


def factorial(n: float) -> float:
    """n! of a whole number."""
    product = 1.0
    while n > 1.0:
        product *= n
        n -= 1.0
    return product


def polygamma_step(n: float, a: float, b: float) -> float:
    """ψ⁽ⁿ⁾(a + b) − ψ⁽ⁿ⁾(a) for a, b > 0, term by term, so that a small b against a large a loses nothing."""
    if not whole(n) or not (a >= 0.0 and b >= 0.0) or a + b == 0.0 or (a == inf and b == inf):
        return nan
    if b == 0.0 or a == inf:
        return 0.0
    if a == 0.0 or b == inf:
        return polygamma(n, b) - polygamma(n, a)
    s, total = n + 1.0, 0.0
    while a < 16.0:
        total += _step(a, b, -s)
        a += 1.0
    series = (-log1p(b / a) if n == 0.0 else _step(a, b, -n) / n) + 0.5 * _step(a, b, -s)
    term = s
    for share in _BERNOULLI_SHARES:
        series += share * term * _step(a, b, -s - 1.0)
        term *= (s + 1.0) * (s + 2.0)
        s += 2.0
    return (1.0 if math.fmod(n, 2.0) == 1.0 else -1.0) * factorial(n) * (total + series)


def _step(z: float, b: float, s: float) -> float:
    """(z + b)ˢ − zˢ"""
    return ieee.power(z, s) * ieee.expm1(s * log1p(ieee.divide(b, z)))


def stirling(x: float) -> float:
    """log Γ(x) − ((x − ½) log x − x + ½ log 2π) (5.11.1)."""
    if x < 10.0:
        return math.lgamma(x) - (x - 0.5) * log(x) + x - 0.5 * log(2.0 * pi)
    total, odd = 0.0, x
    for share in _STIRLING_SHARES:
        total += share / odd
        odd *= x * x
    return total


def lbeta(a: float, b: float) -> float:
    """log B(a, b) = log Γ(a) + log Γ(b) − log Γ(a + b), for a, b > 0 (Didonato & Morris 1992)."""
    if not (a >= 0.0 and b >= 0.0):
        return nan
    if a > b:
        a, b = b, a
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
