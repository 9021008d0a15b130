"""The rows of the special functions. Their values are in the files beside, in families closed under differentiation.

A family's first operands are whole numbers, the orders: nothing is differentiated by them. The names are scipy's.
"""

# mypy: disable-error-code="has-type"
from __future__ import annotations

import math
from math import inf, pi
from typing import Any

from autograd.core import ieee
from autograd.core.columns import row
from autograd.core.primitives import POSITIVE, REAL, abs_, defined, exp, sign, step, where
from autograd.core.special import bessel, erfs, gammas, integrals, quotients

# fmt: off
UNIT = (0.0, 1.0)


def _pole(x: float) -> float:
    """Changes sign at 0, −1, −2, …"""
    return ieee.sin(pi * x) if x < 0.5 else 1.0


def _ratio(n: float, x: Any) -> Any:
    return erfc_ratio(n, -x / math.sqrt(2))


#                    name             z                                              ∂z/∂xᵢ, one per operand; the other columns
# The gamma function. Its logarithm's derivatives are differences of ψ taken in one step where they would cancel.
gamma          = row("gamma",         gammas.gamma,                                  lambda x, z: z * digamma(x),
                                      by_call=True, text="Γ({0})", kinks=(_pole,),
                                      about="∫₀^∞ t^{x−1} e⁻ᵗ dt (DLMF 5.2); ±inf at ±0, nan at −1, −2, …; inf where it overflows, above 171.6.")
lgamma         = row("lgamma",        gammas.lgamma,                                 lambda x, z: digamma(x),
                                      by_call=True, aliases=("gammaln",), kinks=(_pole,), about="log |Γ(x)| (DLMF 5.2); inf at 0, −1, −2, …")
digamma        = row("digamma",       lambda x: gammas.polygamma(0.0, x),            lambda x, z: polygamma(1.0, x),
                                      by_call=True, text="ψ({0})", aliases=("psi",), kinks=(_pole,),
                                      about="Γ′(x)/Γ(x) (DLMF 5.2); ∓inf at ±0, nan at −1, −2, …")
polygamma      = row("polygamma",     gammas.polygamma,                              None,
                                                                                     lambda n, x, z: defined(polygamma(n + 1, x), z),
                                      by_call=True, names="n x", whole="n", kinks=(lambda n, x: _pole(x),),
                                      about="ψ⁽ⁿ⁾(x), the n-th derivative of digamma (DLMF 5.15), for a whole number n ≥ 0.")
psi_step       = row("psi_step",      gammas.polygamma_step,                         None,
                                                                                     lambda n, a, b, z: psi_step(n + 1, a, b),
                                                                                     lambda n, a, b, z: polygamma(n + 1, a + b),
                                      by_call=True, names="n a b", whole="n", public=False, domain=(REAL, POSITIVE, POSITIVE))
lbeta          = row("lbeta",         gammas.lbeta,                                  lambda a, b, z: -psi_step(0.0, a, b),
                                                                                     lambda a, b, z: -psi_step(0.0, b, a),
                                      by_call=True, names="a b", aliases=("betaln",), domain=POSITIVE,
                                      about="log Γ(a)Γ(b)/Γ(a + b), for a, b > 0 (Didonato & Morris 1992); inf at 0, nan below.")
# The error function's relatives. −2(n + 1) times the next one of its family is the slope of e^{x²}·iⁿerfc.
erfcx          = row("erfcx",         erfs.erfcx,                                    lambda x, z: -2 * erfcxn(1.0, x),
                                      by_call=True, about="e^{x²}·erfc x, near 1/(x√π) for large x (DLMF 7.2); inf below −26.6.")
erfcxn         = row("erfcxn",        erfs.erfcxn,                                   None,
                                                                                     lambda n, x, z: -2 * (n + 1) * erfcxn(n + 1, x),
                                      by_call=True, names="n x", whole="n", public=False)
erfinv         = row("erfinv",        erfs.erfinv,                                   lambda x, z: math.sqrt(pi) / 2 * exp(z * z),
                                      by_call=True, domain=(-1.0, 1.0), about="The z with erf z = x; ±inf at ±1, with slope inf; nan beyond.")
erfcinv        = row("erfcinv",       erfs.erfcinv,                                  lambda x, z: -math.sqrt(pi) / 2 * exp(z * z),
                                      by_call=True, domain=(0.0, 2.0), about="The z with erfc z = x; ±inf at 0 and 2, with slope −inf; nan beyond.")
ndtr           = row("ndtr",          erfs.ndtr,                                     lambda x, z: exp(-x * x / 2) / math.sqrt(2 * pi),
                                      text="Φ({0})", about="Φ(x) = 1/√2π ∫₋∞ˣ exp(−t²/2) dt, the normal distribution function, accurate in its tails.")
ndtri          = row("ndtri",         erfs.ndtri,                                    lambda p, z: math.sqrt(2 * pi) * exp(z * z / 2),
                                      by_call=True, names="p", domain=UNIT,
                                      about="The z with Φ(z) = p, a quantile of the normal distribution; ∓inf at 0 and 1, with slope inf; nan beyond.")
# The slope of log Φ nears that of −x²/2: its own slope is −1 and what is left, of ratios of the family above.
erfc_ratio     = row("erfc_ratio",    erfs.erfc_ratio,                               None,
                                                                                     lambda n, x, z: 2 * z * (n * z - (n + 1) * erfc_ratio(n + 1, x)),
                                      by_call=True, names="n x", whole="n", public=False)
log_ndtr_x     = row("log_ndtr_x",    erfs.log_ndtr_x,
                                      lambda x, z: where(step(-x), 2 * _ratio(1.0, x) * (2 * _ratio(2.0, x) - _ratio(1.0, x)) - 1, -z * (x + z)),
                                      by_call=True, public=False)
log_ndtr       = row("log_ndtr",      erfs.log_ndtr,                                 lambda x, z: log_ndtr_x(x),
                                      by_call=True, about="log Φ(x), finite for any finite x down to −1.9e154: −804.6 at −40.")
lambertw       = row("lambertw",      quotients.lambertw,                            lambda x, z: exp(-z) / (1 + z),
                                      by_call=True, text="W({0})", domain=(-1 / math.e, inf),
                                      about="The w ≥ −1 with w·eʷ = x, Lambert's function (DLMF 4.13); −1 at −1/e, with slope inf; nan below.")
# Quotients that need their limit at 0, in families too.
exprel         = row("exprel",        lambda x: quotients.exprel(0.0, x),            lambda x, z: expreln(1.0, x),
                                      by_call=True, about="(eˣ − 1)/x, and 1 at 0.")
expreln        = row("expreln",       quotients.exprel,                              None,
                                                                                     lambda n, x, z: expreln(n + 1, x),
                                      by_call=True, names="n x", whole="n", public=False)
sinc           = row("sinc",          lambda x: quotients.sinc(0.0, x),              lambda x, z: sincn(1.0, x),
                                      by_call=True, about="sin(πx)/(πx), and 1 at 0: the normalized one, as numpy's.")
sincn          = row("sincn",         quotients.sinc,                                None,
                                                                                     lambda n, x, z: sincn(n + 1, x),
                                      by_call=True, names="n x", whole="n", public=False)
celu           = row("celu",          quotients.celu,                                lambda x, alpha, z: where(step(x), 1.0, exp(x / alpha)),
                                      lambda x, alpha, z: where(step(x), 0.0, -(x / alpha) * (x / alpha) * expreln(1.0, x / alpha)),
                                      names="x alpha", defaults=(1.0,), kinks=(lambda x, alpha: x, lambda x, alpha: alpha),
                                      about="x for x > 0, else alpha·(e^{x/alpha} − 1), whose slope is 1 at 0 for any alpha (Barron 2017).")
# Bessel functions, and e⁻ˣI₀(x) with all its derivatives.
j0             = row("j0",            lambda x: bessel.jn(0.0, x),                   lambda x, z: -j1(x),
                                      by_call=True, about="The Bessel function J₀ (DLMF 10.2).")
j1             = row("j1",            lambda x: bessel.jn(1.0, x),                   lambda x, z: (j0(x) - jn(2.0, x)) / 2,
                                      by_call=True, about="The Bessel function J₁ (DLMF 10.2).")
jn             = row("jn",            bessel.jn,                                     None,
                                                                                     lambda n, x, z: (jn(n - 1, x) - jn(n + 1, x)) / 2,
                                      by_call=True, names="n x", whole="n", about="The Bessel function Jₙ, n any whole number (DLMF 10.2).")
y0             = row("y0",            lambda x: bessel.yn(0.0, x),                   lambda x, z: -y1(x),
                                      by_call=True, domain=POSITIVE, about="The Bessel function Y₀ (DLMF 10.2); −inf at 0, nan below.")
y1             = row("y1",            lambda x: bessel.yn(1.0, x),                   lambda x, z: where(x, (y0(x) - yn(2.0, x)) / 2, inf),
                                      by_call=True, domain=POSITIVE, about="The Bessel function Y₁ (DLMF 10.2); −inf at 0, nan below.")
yn             = row("yn",            bessel.yn,                                     None,
                                                                                     lambda n, x, z: where(x, (yn(n - 1, x) - yn(n + 1, x)) / 2, inf),
                                      by_call=True, names="n x", whole="n", domain=(REAL, POSITIVE),
                                      about="The Bessel function Yₙ, n any whole number (DLMF 10.2); −inf at 0, nan below.")
i0e            = row("i0e",           bessel.i0e,                                    lambda x, z: sign(x) * ien(1.0, abs_(x)),
                                      by_call=True, kinks=(lambda x: x,),
                                      about="e^{−|x|}·I₀(x), I₀ the modified Bessel function (DLMF 10.25); the slope at 0 is 0.")
i1e            = row("i1e",           bessel.i1e,                                    lambda x, z: ien(1.0, abs_(x)) + ien(2.0, abs_(x)),
                                      by_call=True, kinks=(lambda x: x,), about="e^{−|x|}·I₁(x), I₁ the modified Bessel function (DLMF 10.25).")
ien            = row("ien",           bessel.ie,                                     None,
                                                                                     lambda n, x, z: ien(n + 1, x),
                                      by_call=True, names="n x", whole="n", public=False, domain=(REAL, POSITIVE))
i0             = row("i0",            lambda x: bessel.i0n(0.0, x),                  lambda x, z: i1(x),
                                      by_call=True, about="The modified Bessel function I₀ (DLMF 10.25); inf where it overflows, beyond ±713.98.")
i1             = row("i1",            lambda x: bessel.i0n(1.0, x),                  lambda x, z: i0n(2.0, x),
                                      by_call=True, about="The modified Bessel function I₁ (DLMF 10.25); ±inf where it overflows, beyond ±713.98.")
i0n            = row("i0n",           bessel.i0n,                                    None,
                                                                                     lambda n, x, z: i0n(n + 1, x),
                                      by_call=True, names="n x", whole="n", public=False)
k0             = row("k0",            lambda x: bessel.k0n(0.0, x),                  lambda x, z: -k1(x),
                                      by_call=True, domain=POSITIVE, about="The modified Bessel function K₀ (DLMF 10.25); inf at 0, slope −inf; nan below.")
k1             = row("k1",            lambda x: -bessel.k0n(1.0, x),                 lambda x, z: -k0n(2.0, x),
                                      by_call=True, domain=POSITIVE, about="The modified Bessel function K₁ (DLMF 10.25); inf at 0, slope −inf; nan below.")
k0n            = row("k0n",           bessel.k0n,                                    None,
                                                                                     lambda n, x, z: k0n(n + 1, x),
                                      by_call=True, names="n x", whole="n", public=False, domain=(REAL, POSITIVE))
# The incomplete gamma and beta integrals, and their derivatives of any order in a and b.
gammainc       = row("gammainc",      lambda a, x: integrals.gammainc_a(0.0, a, x),  lambda a, x, z: gammainc_a(1.0, a, x),
                                                                                     lambda a, x, z: gamma_density(0.0, a, x),
                                      by_call=True, names="a x", domain=POSITIVE,
                                      about="P(a, x) = 1/Γ(a) ∫₀ˣ t^{a−1} e⁻ᵗ dt for a > 0, x ≥ 0 (DLMF 8.2); nan for others.")
gammaincc      = row("gammaincc",     integrals.gammaincc,                           lambda a, x, z: -gammainc_a(1.0, a, x),
                                                                                     lambda a, x, z: -gamma_density(0.0, a, x),
                                      by_call=True, names="a x", domain=POSITIVE,
                                      about="Q(a, x) = 1/Γ(a) ∫ₓ^∞ t^{a−1} e⁻ᵗ dt = 1 − P(a, x), accurate where it is small (DLMF 8.2).")
gammainc_a     = row("gammainc_a",    integrals.gammainc_a,                          None,
                                                                                     lambda n, a, x, z: gammainc_a(n + 1, a, x),
                                                                                     lambda n, a, x, z: gamma_density(n, a, x),
                                      by_call=True, names="n a x", whole="n", public=False, domain=(REAL, POSITIVE, POSITIVE))
gamma_density  = row("gamma_density", integrals.gamma_density,                       None,
                                                                                     lambda n, a, x, z: gamma_density(n + 1, a, x),
                                      lambda n, a, x, z: z * ((a - 1) / x - 1) + n * gamma_density(n - 1, a, x) / x,
                                      by_call=True, names="n a x", whole="n", public=False, domain=(REAL, POSITIVE, POSITIVE))
betainc        = row("betainc",       lambda a, b, x: integrals.betainc_ab(0.0, 0.0, a, b, x),
                                      lambda a, b, x, z: betainc_ab(1.0, 0.0, a, b, x),
                                      lambda a, b, x, z: betainc_ab(0.0, 1.0, a, b, x),
                                      lambda a, b, x, z: beta_density(0.0, 0.0, a, b, x),
                                      by_call=True, names="a b x", domain=(POSITIVE, POSITIVE, UNIT),
                                      about="Iₓ(a, b) = 1/B(a, b) ∫₀ˣ t^{a−1}(1 − t)^{b−1} dt for a, b > 0, 0 ≤ x ≤ 1 (DLMF 8.17); nan for others.")
betainc_ab     = row("betainc_ab",    integrals.betainc_ab,
                                      None,
                                      None,
                                      lambda m, n, a, b, x, z: betainc_ab(m + 1, n, a, b, x),
                                      lambda m, n, a, b, x, z: betainc_ab(m, n + 1, a, b, x),
                                      lambda m, n, a, b, x, z: beta_density(m, n, a, b, x),
                                      by_call=True, names="m n a b x", whole="m n", public=False, domain=(REAL, REAL, POSITIVE, POSITIVE, UNIT))
beta_density   = row("beta_density",  integrals.beta_density,
                                      None,
                                      None,
                                      lambda m, n, a, b, x, z: beta_density(m + 1, n, a, b, x),
                                      lambda m, n, a, b, x, z: beta_density(m, n + 1, a, b, x),
                                      lambda m, n, a, b, x, z: z * ((a - 1) / x - (b - 1) / (1 - x)) + m * beta_density(m - 1, n, a, b, x) / x
                                                               - n * beta_density(m, n - 1, a, b, x) / (1 - x),
                                      by_call=True, names="m n a b x", whole="m n", public=False, domain=(REAL, REAL, POSITIVE, POSITIVE, UNIT))
# fmt: on
