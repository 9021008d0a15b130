"""The gamma function on floats, its logarithm, and the families of its logarithm's derivatives.

Here as in the files beside it, a function is of the standard library only and accurate to a few ulp, and its text is
what other languages and machine code are translated from: floats, choices, loops, calls. Each is a family closed under
differentiation, so that a row's partial is a member of the family again and nothing is ever the difference of two
nearly equal numbers. The first operands of a family are whole numbers from 0 on; anything else there gives nan. Where a
formula is not said otherwise it is that of the NIST Digital Library of Mathematical Functions (dlmf.nist.gov), whose
numbers stand in parentheses.
"""

from __future__ import annotations

import math
from math import copysign, exp, inf, log, log1p, nan, pi, sqrt

from autograd.core import ieee

EULER = 0.5772156649015329
STIRLING = 7.5  # from here on Stirling's series has all digits
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


def gamma(x: float) -> float:
    """Γ(x); ±inf at ±0, nan at −1, −2, … and −inf; below −½ by reflection (5.5.3)."""
    if x == 0.0:
        return copysign(inf, x)
    if x >= -0.5 or x != x:
        return gamma_unreflected(x)
    if x == ieee.floor(x):
        return nan
    product = x * ieee.sinpi(x)
    if x < -185.0:
        return copysign(0.0, -product)
    while x < -170.0:  # beyond, 1/Γ(−x) is not normal
        x += 1.0
        product *= -x
    return -pi / product / gamma_unreflected(-x)


def gamma_unreflected(x: float) -> float:
    """Γ(x) for x ≥ −½: from [1½, 2½] by recurrence, Stirling's formula in two factors beyond."""
    if x < 0.5:
        return exp(_log_gamma_2(x)) / (1.0 + x) / x
    if x < 1.5:
        return exp(_log_gamma_2(x - 1.0)) / x
    if x < 24.0 and x == ieee.floor(x):
        return factorial(x - 1.0)
    if x >= STIRLING:
        if x > 171.7:
            return inf
        half = ieee.power(x, 0.5 * x - 0.25)
        return sqrt(2.0 * pi) * (half * exp(-x) * half) * exp(stirling(x))
    product = 1.0
    while x > 2.5:
        x -= 1.0
        product *= x
    return product * exp(_log_gamma_2(x - 2.0)) if x == x else x


def _log_gamma_2(u: float) -> float:
    """log Γ(2 + u) for |u| ≤ ½ (5.7.3)."""
    total = 0.0
    for share in _ZETAS:
        total = (share - total) * u
    return (1.0 - EULER + total) * u


def lgamma(x: float) -> float:
    """log |Γ(x)|; inf at 0, −1, −2, …; below 0 by reflection (5.5.3)."""
    if not -inf < x < inf:
        return abs(x)
    if x > 0.0:
        return _lgamma(x)
    if x == ieee.floor(x):
        return inf
    if -3.0 < x < -2.0:  # where it is 0 twice: by recurrence, whose product is (w² − 5/4)² − 1
        w = x + 1.5
        rest = w * w - 1.25
        return _lgamma(x + 4.0) - log1p(-rest * rest)
    return -log(abs(ieee.sinpi(x)) / pi) - _lgamma(1.0 - x)


def _lgamma(x: float) -> float:
    """The same for x > 0, the series where it is 0, around 1 and 2."""
    if x < 0.5:
        return _log_gamma_2(x) - log1p(x) - log(x)
    if x < 1.5:
        return _log_gamma_2(x - 1.0) - log1p(x - 1.0)
    if x >= STIRLING:
        return (x - 0.5) * (log(x) - 1.0) + (0.5 * log(2.0 * pi) - 0.5) + stirling(x)
    product = 1.0
    while x > 2.5:
        x -= 1.0
        product *= x
    return log(product) + _log_gamma_2(x - 2.0)


def polygamma(n: float, x: float) -> float:
    """ψ⁽ⁿ⁾(x), the (n + 1)-th derivative of log Γ (5.15)."""
    if not whole(n) or x != x or x == -inf:
        return nan
    odd = math.fmod(n, 2.0) == 1.0
    if x == 0.0:
        return inf if odd else copysign(inf, -x)
    if x > 0.0:
        return psi(n, x)
    below = -math.fmod(x, 1.0)  # reflection (5.15.6), whose cotangent has that of x + 1, + 2, … up to (0, 1)
    if below == 0.0:
        return nan
    sign = -1.0 if odd else 1.0
    return sign * (psi(n, 1.0 - x) - psi(n, below)) + psi(n, 1.0 - below)


def psi(n: float, x: float) -> float:
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
    return steps_of_psi(n, a, b)


def steps_of_psi(n: float, a: float, b: float) -> float:
    """The same for finite a and b that are not 0."""
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
    """log Γ(x) − ((x − ½) log x − x + ½ log 2π) (5.11.1), for small x by the steps from x to x + 1, each of which is
    atanh(v)/v − 1 with v = 1/(2x + 1)."""
    total = 0.0
    while x < STIRLING:
        v = 1.0 / (2.0 * x + 1.0)
        if x < 0.5:
            total += (x + 0.5) * log1p(1.0 / x) - 1.0
        else:
            square = v * v
            term, k = square, 3.0
            while term > 1e-17:
                total += term / k
                term *= square
                k += 2.0
        x += 1.0
    series, odd = 0.0, x
    for share in _STIRLING_SHARES:
        series += share / odd
        odd *= x * x
    return total + series


def lbeta(a: float, b: float) -> float:
    """log B(a, b) = log Γ(a) + log Γ(b) − log Γ(a + b), for a, b > 0 (Didonato & Morris 1992)."""
    if not (a >= 0.0 and b >= 0.0):
        return nan
    if a > b:
        a, b = b, a
    if a == 0.0 or b > 1e300:
        return inf if b <= 1e300 else nan if a == 0.0 or b < inf else -inf
    if b < 10.0:
        return _lgamma(a) + (_lgamma(b) - _lgamma(a + b))
    if a < 10.0:
        rest = stirling(b) - stirling(a + b)
        return _lgamma(a) + (a - a * log(a + b) - (b - 0.5) * log1p(a / b)) + rest
    rest = stirling(a) + stirling(b) - stirling(a + b)
    return 0.5 * log(2.0 * pi / b) + (a - 0.5) * log(a / (a + b)) - b * log1p(a / b) + rest
