"""The 35 sums of squares of Moré, Garbow and Hillstrom (1981): residuals, the standard start, the published minima.

J. J. Moré, B. S. Garbow, K. E. Hillstrom: Testing unconstrained optimization software. ACM TOMS 7 (1981) 17–41, whose
numbers the comments are. Where the size is free, it is that of the published minimum.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import pi
from typing import Any, NamedTuple

from autograd import atan, cos, exp, log, prod, sin, sqrt, sum, where


class Problem(NamedTuple):
    """Σ rᵢ(x)² from a start; `minima` are the published ones that a local method may end in."""

    residuals: Callable[[Sequence[Any]], Sequence[Any]]
    start: tuple[float, ...]
    minima: tuple[float, ...] = (0.0,)


# fmt: off
BARD = (0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.10, 4.39)
GAUSS = (0.0009, 0.0044, 0.0175, 0.0540, 0.1295, 0.2420, 0.3521, 0.3989)
MEYER = (34780, 28610, 23650, 19630, 16370, 13720, 11540, 9744, 8261, 7030, 6005, 5147, 4427, 3820, 3307, 2872)
KOWALIK = tuple(zip(
    (0.1957, 0.1947, 0.1735, 0.1600, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246),
    (4.0, 2.0, 1.0, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625),
    strict=True,
))
OSBORNE_1 = (
    0.844, 0.908, 0.932, 0.936, 0.925, 0.908, 0.881, 0.850, 0.818, 0.784, 0.751, 0.718, 0.685, 0.658, 0.628, 0.603, 0.580,
    0.558, 0.538, 0.522, 0.506, 0.490, 0.478, 0.467, 0.457, 0.448, 0.438, 0.431, 0.424, 0.420, 0.414, 0.411, 0.406,
)
OSBORNE_2 = (
    1.366, 1.191, 1.112, 1.013, 0.991, 0.885, 0.831, 0.847, 0.786, 0.725, 0.746, 0.679, 0.608, 0.655, 0.616, 0.606, 0.602,
    0.626, 0.651, 0.724, 0.649, 0.649, 0.694, 0.644, 0.624, 0.661, 0.612, 0.558, 0.533, 0.495, 0.500, 0.423, 0.395, 0.375,
    0.372, 0.391, 0.396, 0.405, 0.428, 0.429, 0.523, 0.562, 0.607, 0.653, 0.672, 0.708, 0.633, 0.668, 0.645, 0.632, 0.591,
    0.559, 0.597, 0.625, 0.739, 0.710, 0.729, 0.720, 0.636, 0.581, 0.428, 0.292, 0.162, 0.098, 0.054,
)
# fmt: on


def bard(x: Sequence[Any]) -> list[Any]:
    return [y - x[0] - u / ((16 - u) * x[1] + min(u, 16 - u) * x[2]) for u, y in enumerate(BARD, 1)]


def meyer(x: Sequence[Any]) -> list[Any]:
    return [x[0] * exp(x[1] / (45 + 5 * i + x[2])) - y for i, y in enumerate(MEYER, 1)]


def kowalik_osborne(x: Sequence[Any]) -> list[Any]:
    return [y - x[0] * (u * u + u * x[1]) / (u * u + u * x[2] + x[3]) for y, u in KOWALIK]


def helical_valley(x: Sequence[Any]) -> list[Any]:
    turn = atan(x[1] / x[0]) / (2 * pi) + where(x[0] < 0, 0.5, 0.0)
    return [10 * (x[2] - 10 * turn), 10 * (sqrt(x[0] ** 2 + x[1] ** 2) - 1), x[2]]


def gulf(x: Sequence[Any]) -> list[Any]:
    t = [i / 100 for i in range(1, 100)]
    y = [25 + (-50 * log(ti)) ** (2 / 3) for ti in t]
    return [exp(-(abs(yi - x[1]) ** x[2]) / x[0]) - ti for ti, yi in zip(t, y, strict=True)]


def biggs(x: Sequence[Any]) -> list[Any]:
    t = [0.1 * i for i in range(1, 14)]
    y = [exp(-ti) - 5 * exp(-10 * ti) + 3 * exp(-4 * ti) for ti in t]
    return [
        x[2] * exp(-ti * x[0]) - x[3] * exp(-ti * x[1]) + x[5] * exp(-ti * x[4]) - yi
        for ti, yi in zip(t, y, strict=True)
    ]


def watson(x: Sequence[Any]) -> list[Any]:
    residuals = []
    for i in range(1, 30):
        t = i / 29
        slope = sum([j * x[j] * t ** (j - 1) for j in range(1, len(x))])
        residuals.append(slope - sum([xj * t**j for j, xj in enumerate(x)]) ** 2 - 1)
    return [*residuals, x[0], x[1] - x[0] ** 2 - 1]


def osborne_1(x: Sequence[Any]) -> list[Any]:
    return [y - (x[0] + x[1] * exp(-10 * i * x[3]) + x[2] * exp(-10 * i * x[4])) for i, y in enumerate(OSBORNE_1)]


def osborne_2(x: Sequence[Any]) -> list[Any]:
    residuals = []
    for i, y in enumerate(OSBORNE_2):
        t = i / 10
        peaks = [x[k] * exp(-((t - x[k + 7]) ** 2) * x[k + 4]) for k in (1, 2, 3)]
        residuals.append(y - (x[0] * exp(-t * x[4]) + sum(peaks)))
    return residuals


def penalty_2(x: Sequence[Any]) -> list[Any]:
    n, a = len(x), 1e-5**0.5
    pairs = [a * (exp(x[i] / 10) + exp(x[i - 1] / 10) - (exp((i + 1) / 10) + exp(i / 10))) for i in range(1, n)]
    lone = [a * (exp(x[i] / 10) - exp(-0.1)) for i in range(1, n)]
    return [x[0] - 0.2, *pairs, *lone, sum([(n - j) * xj**2 for j, xj in enumerate(x)]) - 1]


def chebyquad(x: Sequence[Any]) -> list[Any]:
    """Means of shifted Chebyshev polynomials less their integrals."""
    n = len(x)
    before, now, residuals = [1.0] * n, [2 * xj - 1 for xj in x], []
    for i in range(1, n + 1):
        residuals.append(sum(now) / n + (1 / (i * i - 1) if i % 2 == 0 else 0.0))
        before, now = now, [2 * (2 * xj - 1) * b - a for xj, a, b in zip(x, before, now, strict=True)]
    return residuals


def boundary_value(x: Sequence[Any]) -> list[Any]:
    n, h = len(x), 1 / (len(x) + 1)
    at = [0.0, *x, 0.0]
    return [2 * at[i] - at[i - 1] - at[i + 1] + h * h * (at[i] + i * h + 1) ** 3 / 2 for i in range(1, n + 1)]


def integral_equation(x: Sequence[Any]) -> list[Any]:
    n, h = len(x), 1 / (len(x) + 1)
    t = [h * (i + 1) for i in range(n)]
    cubes = [(xj + tj + 1) ** 3 for xj, tj in zip(x, t, strict=True)]
    below = lambda i: (1 - t[i]) * sum([t[j] * cubes[j] for j in range(i + 1)])
    above = lambda i: t[i] * sum([(1 - t[j]) * cubes[j] for j in range(i + 1, n)])
    return [x[i] + h * (below(i) + above(i)) / 2 for i in range(n)]


def tridiagonal(x: Sequence[Any]) -> list[Any]:
    at = [0.0, *x, 0.0]
    return [(3 - 2 * at[i]) * at[i] - at[i - 1] - 2 * at[i + 1] + 1 for i in range(1, len(x) + 1)]


def banded(x: Sequence[Any]) -> list[Any]:
    n = len(x)
    near = lambda i: [j for j in range(max(0, i - 5), min(n, i + 2)) if j != i]
    return [x[i] * (2 + 5 * x[i] ** 2) + 1 - sum([x[j] * (1 + x[j]) for j in near(i)]) for i in range(n)]


def trigonometric(x: Sequence[Any]) -> list[Any]:
    n, cosines = len(x), sum([cos(xj) for xj in x])
    return [n - cosines + (i + 1) * (1 - cos(xi)) - sin(xi) for i, xi in enumerate(x)]


def dimensioned(x: Sequence[Any]) -> list[Any]:
    weighted = sum([(j + 1) * (xj - 1) for j, xj in enumerate(x)])
    return [*[xj - 1 for xj in x], weighted, weighted**2]


def wood(x: Sequence[Any]) -> list[Any]:
    return [
        10 * (x[1] - x[0] ** 2), 1 - x[0], sqrt(90.0) * (x[3] - x[2] ** 2), 1 - x[2],
        sqrt(10.0) * (x[1] + x[3] - 2), (x[1] - x[3]) / sqrt(10.0),
    ]  # fmt: skip


def powell_singular(x: Sequence[Any]) -> list[Any]:
    blocks = [x[i : i + 4] for i in range(0, len(x), 4)]
    return [
        r
        for a, b, c, d in blocks
        for r in (a + 10 * b, sqrt(5.0) * (c - d), (b - 2 * c) ** 2, sqrt(10.0) * (a - d) ** 2)
    ]


def rosenbrock(x: Sequence[Any]) -> list[Any]:
    return [r for i in range(0, len(x), 2) for r in (10 * (x[i + 1] - x[i] ** 2), 1 - x[i])]


def brown_dennis(x: Sequence[Any]) -> list[Any]:
    t = [i / 5 for i in range(1, 21)]
    return [(x[0] + ti * x[1] - exp(ti)) ** 2 + (x[2] + x[3] * sin(ti) - cos(ti)) ** 2 for ti in t]


def box(x: Sequence[Any]) -> list[Any]:
    t = [0.1 * i for i in range(1, 11)]
    return [exp(-ti * x[0]) - exp(-ti * x[1]) - x[2] * (exp(-ti) - exp(-10 * ti)) for ti in t]


def gaussian(x: Sequence[Any]) -> list[Any]:
    y = [*GAUSS, *GAUSS[-2::-1]]
    return [x[0] * exp(-x[1] * ((8 - i) / 2 - x[2]) ** 2 / 2) - yi for i, yi in enumerate(y, 1)]


M = 10  # residuals of the linear ones, of 5 variables


def rank_one(x: Sequence[Any], first: int = 0) -> list[Any]:
    """With `first` = 1 the first and the last row and column are 0."""
    weighted = sum([(j + 1) * x[j] for j in range(first, len(x) - first)])
    return [
        (i * weighted if not first or i + 1 < M else 0.0 * weighted) - 1
        for i in range(0 if first else 1, M + (not first))
    ]


STEPS = tuple([j / 9 for j in range(1, 9)])
PROBLEMS: dict[str, Problem] = {
    "rosenbrock": Problem(rosenbrock, (-1.2, 1.0)),
    "freudenstein_roth": Problem(
        lambda x: [-13 + x[0] + ((5 - x[1]) * x[1] - 2) * x[1], -29 + x[0] + ((x[1] + 1) * x[1] - 14) * x[1]],
        (0.5, -2.0), (0.0, 48.9843),
    ),
    "powell_badly_scaled": Problem(
        lambda x: [1e4 * x[0] * x[1] - 1, exp(-x[0]) + exp(-x[1]) - 1.0001], (0.0, 1.0)
    ),
    "brown_badly_scaled": Problem(lambda x: [x[0] - 1e6, x[1] - 2e-6, x[0] * x[1] - 2], (1.0, 1.0)),
    "beale": Problem(lambda x: [y - x[0] * (1 - x[1] ** i) for i, y in enumerate((1.5, 2.25, 2.625), 1)], (1.0, 1.0)),
    "jennrich_sampson": Problem(
        lambda x: [2 + 2 * i - (exp(i * x[0]) + exp(i * x[1])) for i in range(1, 11)], (0.3, 0.4), (124.362,)
    ),
    "helical_valley": Problem(helical_valley, (-1.0, 0.0, 0.0)),
    "bard": Problem(bard, (1.0, 1.0, 1.0), (0.00821488, 17.42869)),
    "gaussian": Problem(gaussian, (0.4, 1.0, 0.0), (1.12793e-8,)),
    "meyer": Problem(meyer, (0.02, 4000.0, 250.0), (87.9459,)),
    "gulf": Problem(gulf, (5.0, 2.5, 0.15), (0.0, 0.038)),
    "box": Problem(box, (0.0, 10.0, 20.0)),
    "powell_singular": Problem(powell_singular, (3.0, -1.0, 0.0, 1.0)),
    "wood": Problem(wood, (-3.0, -1.0, -3.0, -1.0)),
    "kowalik_osborne": Problem(kowalik_osborne, (0.25, 0.39, 0.415, 0.39), (0.000307506,)),
    "brown_dennis": Problem(brown_dennis, (25.0, 5.0, -5.0, -1.0), (85822.2,)),
    "osborne_1": Problem(osborne_1, (0.5, 1.5, -1.0, 0.01, 0.02), (5.46489e-5,)),
    "biggs": Problem(biggs, (1.0, 2.0, 1.0, 1.0, 1.0, 1.0), (0.0, 0.00565565)),
    "osborne_2": Problem(
        osborne_2, (1.3, 0.65, 0.65, 0.7, 0.6, 3.0, 5.0, 7.0, 2.0, 4.5, 5.5), (0.0401377,)
    ),
    "watson": Problem(watson, (0.0,) * 6, (0.00228767,)),
    "extended_rosenbrock": Problem(rosenbrock, (-1.2, 1.0) * 5),
    "extended_powell_singular": Problem(powell_singular, (3.0, -1.0, 0.0, 1.0) * 2),
    "penalty_1": Problem(
        lambda x: [*[1e-5**0.5 * (xi - 1) for xi in x], sum([xi**2 for xi in x]) - 0.25],
        (1.0, 2.0, 3.0, 4.0), (2.24998e-5,),
    ),
    "penalty_2": Problem(penalty_2, (0.5,) * 4, (9.37629e-6,)),
    "variably_dimensioned": Problem(dimensioned, tuple([1 - j / 8 for j in range(1, 9)])),
    "trigonometric": Problem(trigonometric, (0.1,) * 10, (0.0, 2.79506e-5)),
    "brown_almost_linear": Problem(
        lambda x: [*[xi + sum(x) - (len(x) + 1) for xi in x[:-1]], prod(x) - 1], (0.5,) * 10, (0.0, 1.0)
    ),
    "boundary_value": Problem(boundary_value, tuple([j / 11 * (j / 11 - 1) for j in range(1, 11)])),
    "integral_equation": Problem(integral_equation, tuple([j / 11 * (j / 11 - 1) for j in range(1, 11)])),
    "tridiagonal": Problem(tridiagonal, (-1.0,) * 10),
    "banded": Problem(banded, (-1.0,) * 10),
    "linear_full_rank": Problem(
        lambda x: [*[xi - 2 * sum(x) / M - 1 for xi in x], *[-2 * sum(x) / M - 1 for _ in range(M - len(x))]],
        (1.0,) * 5, (M - 5.0,),
    ),
    "linear_rank_one": Problem(rank_one, (1.0,) * 5, (M * (M - 1) / (2 * (2 * M + 1)),)),
    "linear_rank_one_zeros": Problem(
        lambda x: rank_one(x, 1), (1.0,) * 5, ((M * M + 3 * M - 6) / (2 * (2 * M - 3)),)
    ),
    "chebyquad": Problem(chebyquad, STEPS, (0.00351687,)),
}  # fmt: skip
