"""Tables of special functions, values and slopes, that scipy ships for its own tests: Boost's, of many digits.

Columns of `boost.npz` in scipy/special/tests/data, which came to scipy from Boost.Math. Slopes are those of its table of Jₙ′.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import autograd
from autograd import grad

Columns = Sequence[float]
#   what      tables                                                      function    operands                value
TABLES: list[tuple[str, str, Callable[..., Any], Callable[[Columns], tuple[float, ...]], Callable[[Columns], float]]] = [
    ("erf",       "erf_data erf_small_data erf_large_data",               autograd.erf,     lambda c: (c[0],),        lambda c: c[1]),
    ("erfc",      "erf_data erf_small_data erf_large_data",               autograd.erfc,    lambda c: (c[0],),        lambda c: c[2]),
    ("erfinv",    "erf_inv_data",                                         autograd.erfinv,  lambda c: (c[0],),        lambda c: c[1]),
    ("log1p",     "log1p_expm1_data",                                     autograd.log1p,   lambda c: (c[0],),        lambda c: c[1]),
    ("expm1",     "log1p_expm1_data",                                     autograd.expm1,   lambda c: (c[0],),        lambda c: c[2]),
    ("cbrt",      "cbrt_data",                                            autograd.cbrt,    lambda c: (c[1],),        lambda c: c[0]),
    ("sinc",      "sinc_data",                                            autograd.sinc,    lambda c: (c[0] / math.pi,), lambda c: c[1]),
    ("gamma",     "factorials near_0 near_1 near_2 near_m10 near_m55",    autograd.gamma,   lambda c: (c[0],),        lambda c: c[1]),
    ("lgamma",    "factorials near_0 near_1 near_2 near_m10 near_m55",    autograd.lgamma,  lambda c: (c[0],),        lambda c: c[2]),
    ("digamma",   "digamma_data digamma_small_data digamma_neg_data",     autograd.digamma, lambda c: (c[0],),        lambda c: c[1]),
    ("lbeta",     "beta_med_data",                                        autograd.lbeta,   lambda c: (c[0], c[1]),   lambda c: math.log(c[2])),
    ("jn",        "bessel_j_int_data",                                    autograd.jn,      lambda c: (c[0], c[1]),   lambda c: c[2]),
    ("jn slope",  "bessel_j_prime_int_data",                              grad(autograd.jn, argnums=1), lambda c: (c[0], c[1]),   lambda c: c[2]),
    ("yn",        "bessel_y01_data bessel_yn_data",                       autograd.yn,      lambda c: (c[0], c[1]),   lambda c: c[2]),
    ("gammainc",  "igamma_small_data igamma_med_data igamma_int_data",    autograd.gammainc, lambda c: (c[0], c[1]),  lambda c: c[5]),
    ("gammaincc", "igamma_small_data igamma_med_data igamma_int_data",    autograd.gammaincc, lambda c: (c[0], c[1]), lambda c: c[3]),
    ("betainc",   "ibeta_small_data ibeta_data ibeta_int_data",           autograd.betainc, lambda c: (c[0], c[1], c[2]), lambda c: c[5]),
]  # fmt: skip


def rows() -> Iterator[tuple[str, int, float, tuple[float, ...]]]:
    """(function, how many points, largest relative error, where) of every table; ImportError without scipy's."""
    import numpy as np
    import scipy.special

    data = np.load(Path(scipy.special.__file__).parent / "tests" / "data" / "boost.npz")
    for what, tables, f, operands, value in TABLES:
        keys = [key for key in data.files if key.split("-")[-1] in tables.split()]
        errors = [(0.0, ())]
        for columns in [line.tolist() for key in keys for line in data[key]]:
            xs, want = operands(columns), value(columns)
            if want == 0.0 or not math.isfinite(want):
                continue  # beyond what doubles hold
            errors.append((abs(f(*xs) - want) / abs(want), xs))
        worst = max(errors, key=lambda pair: math.inf if pair[0] != pair[0] else pair[0])
        yield what, len(errors) - 1, *worst
