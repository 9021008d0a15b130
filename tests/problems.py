"""A hundred functions to minimise, of the kinds on which optimisation codes are tried, each with a point to start from.

Sums of squares in the manner of Moré, Garbow and Hillstrom, objectives in the manner of Hock and Schittkowski, and the
usual valleys and egg boxes. What matters here is that they are many and unlike: powers, quotients, exponentials, angles.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import pi
from typing import Any

from autograd import atan, cos, exp, log, sin, sqrt, tanh

Problem = tuple[Callable[[Sequence[Any]], Any], tuple[float, ...]]


def total(terms: Any) -> Any:
    """Σ terms, first to last."""
    first, *rest = terms
    for term in rest:
        first = first + term
    return first


def squares(residuals: Callable[[Sequence[Any]], Sequence[Any]]) -> Callable[[Sequence[Any]], Any]:
    return lambda x: total(r**2 for r in residuals(x))


def product(terms: Any) -> Any:
    first, *rest = terms
    for term in rest:
        first = first * term
    return first


T = [0.1 * (i + 1) for i in range(10)]
GRID = [(0.5 * i - 1.0, 0.3 * i) for i in range(8)]

SQUARES: dict[str, Problem] = {
    "banana": (squares(lambda x: [10 * (x[1] - x[0] ** 2), 1 - x[0]]), (-1.2, 1.0)),
    "ravine": (squares(lambda x: [x[1] * (x[1] * (5 - x[1]) - 2) + x[0] - 13, x[1] * (x[1] * (x[1] + 1) - 14) + x[0] - 29]), (0.5, -2.0)),
    "badly_scaled_powers": (squares(lambda x: [1e4 * x[0] * x[1] - 1, exp(-x[0]) + exp(-x[1]) - 1.0001]), (0.1, 1.0)),
    "badly_scaled_lines": (squares(lambda x: [x[0] - 1e6, x[1] - 2e-6, x[0] * x[1] - 2]), (1.0, 1.0)),
    "three_powers": (squares(lambda x: [1.5 - x[0] * (1 - x[1]), 2.25 - x[0] * (1 - x[1] ** 2), 2.625 - x[0] * (1 - x[1] ** 3)]), (1.0, 1.0)),
    "two_exponentials": (squares(lambda x: [2 + 2 * i - exp(i * x[0]) - exp(i * x[1]) for i in range(1, 11)]), (0.3, 0.4)),
    "helix": (squares(lambda x: [10 * (x[2] - 10 * atan(x[1] / x[0]) / (2 * pi)), 10 * (sqrt(x[0] ** 2 + x[1] ** 2) - 1), x[2]]), (1.0, 0.5, 0.1)),
    "rational_fit": (squares(lambda x: [0.1 * i + 0.14 - x[0] - i / ((16 - i) * x[1] + min(i, 16 - i) * x[2]) for i in range(1, 16)]), (1.0, 1.0, 1.0)),
    "gaussian_fit": (squares(lambda x: [x[0] * exp(-x[1] * (t - x[2]) ** 2 / 2) - 0.4 * t for t in T]), (0.4, 1.0, 0.2)),
    "thermistor": (squares(lambda x: [x[0] * exp(x[1] / (45 + 5 * i + x[2])) - 34780 / i for i in range(1, 9)]), (0.02, 4000.0, 250.0)),
    "gulf": (squares(lambda x: [exp(-((25 + (50 * i) ** 0.6 - x[1]) ** 2) ** (x[2] / 2) / x[0]) - i / 10 for i in range(1, 8)]), (5.0, 2.5, 0.15)),
    "box": (squares(lambda x: [exp(-t * x[0]) - exp(-t * x[1]) - x[2] * (exp(-t) - exp(-10 * t)) for t in T]), (0.0, 10.0, 20.0)),
    "singular": (squares(lambda x: [x[0] + 10 * x[1], 5**0.5 * (x[2] - x[3]), (x[1] - 2 * x[2]) ** 2, 10**0.5 * (x[0] - x[3]) ** 2]), (3.0, -1.0, 0.0, 1.0)),
    "two_valleys": (squares(lambda x: [10 * (x[1] - x[0] ** 2), 1 - x[0], 90**0.5 * (x[3] - x[2] ** 2), 1 - x[2], 10**0.5 * (x[1] + x[3] - 2), (x[1] - x[3]) / 10**0.5]), (-3.0, -1.0, -3.0, -1.0)),
    "enzyme": (squares(lambda x: [0.2 - 0.01 * i - x[0] * (t**2 + t * x[1]) / (t**2 + t * x[2] + x[3]) for i, t in enumerate(T)]), (0.25, 0.39, 0.415, 0.39)),
    "tangents": (squares(lambda x: [(x[0] + t * x[1] - exp(t)) ** 2 + (x[2] + x[3] * sin(t) - cos(t)) ** 2 for t in T]), (25.0, 5.0, -5.0, -1.0)),
    "decay_and_growth": (squares(lambda x: [0.8 - t - x[0] - x[1] * exp(-t * x[3]) - x[2] * exp(-t * x[4]) for t in T]), (0.5, 1.5, -1.0, 0.01, 0.02)),
    "three_exponentials": (squares(lambda x: [x[2] * exp(-t * x[0]) - x[3] * exp(-t * x[1]) + x[5] * exp(-t * x[4]) - exp(-t) + 5 * exp(-10 * t) - 3 * exp(-4 * t) for t in T]), (1.0, 2.0, 1.0, 1.0, 1.0, 1.0)),
    "four_peaks": (squares(lambda x: [t - x[0] * exp(-x[1] * t) - x[2] * exp(-x[3] * (t - x[4]) ** 2) - x[5] * exp(-x[6] * (t - x[7]) ** 2) for t in T]), (1.3, 0.7, 0.65, 3.0, 2.0, 0.6, 5.0, 4.5)),
    "polynomial_ode": (squares(lambda x: [total((j * x[j]) * t ** (j - 1) for j in range(1, 6)) - total(x[j] * t**j for j in range(6)) ** 2 - 1 for t in T]), (0.1, 0.0, 0.2, 0.0, -0.1, 0.3)),
    "long_valley": (squares(lambda x: [r for i in range(9) for r in (10 * (x[i + 1] - x[i] ** 2), 1 - x[i])]), (-1.2, 1.0) * 5),
    "long_singular": (squares(lambda x: [r for i in range(0, 8, 4) for r in (x[i] + 10 * x[i + 1], 2.2 * (x[i + 2] - x[i + 3]), (x[i + 1] - 2 * x[i + 2]) ** 2, 3.1 * (x[i] - x[i + 3]) ** 2)]), (3.0, -1.0, 0.0, 1.0) * 2),
    "penalty_of_norm": (squares(lambda x: [1e-2 * (xi - 1) for xi in x] + [total(xi**2 for xi in x) - 0.25]), (1.0, 2.0, 3.0, 4.0)),
    "penalty_of_sums": (squares(lambda x: [x[0] - 0.2, *[0.003 * (exp(b / 10) + exp(a / 10) - i) for i, (a, b) in enumerate(zip(x, x[1:]))], total((len(x) - i) * xi**2 for i, xi in enumerate(x)) - 1]), (0.5, 0.5, 0.5, 0.5)),
    "dimensioned": (squares(lambda x: [*[xi - 1 for xi in x], (s := total((i + 1) * (xi - 1) for i, xi in enumerate(x))), s**2]), (0.75, 0.5, 0.25, 0.0)),
    "trigonometric": (squares(lambda x: [len(x) - total(cos(xj) for xj in x) + (i + 1) * (1 - cos(xi)) - sin(xi) for i, xi in enumerate(x)]), (0.2, 0.25, 0.3, 0.1)),
    "almost_linear": (squares(lambda x: [*[xi + total(x) - 6 for xi in x[:-1]], product(x) - 1]), (0.5, 0.5, 0.5, 0.5, 0.5)),
    "boundary_value": (squares(lambda x: [2 * b - a - c + 0.02 * (b + 0.1 * i + 1) ** 3 for i, (a, b, c) in enumerate(zip((0.0, *x), x, (*x[1:], 0.0)))]), (-0.1, -0.2, -0.15, -0.05)),
    "integral_equation": (squares(lambda x: [xi + 0.1 * total((1 - abs(i - j) / 5) * (xj + 0.2 * j + 1) ** 3 for j, xj in enumerate(x)) for i, xi in enumerate(x)]), (-0.1, -0.2, -0.15, -0.05, -0.1)),
    "tridiagonal": (squares(lambda x: [(3 - 2 * b) * b - a - 2 * c + 1 for a, b, c in zip((0.0, *x), x, (*x[1:], 0.0))]), (-1.0,) * 6),
    "banded": (squares(lambda x: [xi * (2 + 5 * xi**2) + 1 - total(x[j] * (1 + x[j]) for j in range(max(0, i - 2), min(6, i + 2)) if j != i) if i else xi * (2 + 5 * xi**2) + 1 - x[1] * (1 + x[1]) for i, xi in enumerate(x)]), (-1.0,) * 6),
    "linear_full_rank": (squares(lambda x: [xi - 0.4 * total(x) - 1 for xi in x]), (1.0,) * 5),
    "linear_rank_one": (squares(lambda x: [(i + 1) * total((j + 1) * xj for j, xj in enumerate(x)) - 1 for i in range(5)]), (1.0,) * 4),
    "quadrature": (squares(lambda x: [total(8 * xi**2 - 8 * xi + 1 for xi in x) / 4 + 1 / 3, total((2 * xi - 1) * (16 * xi**2 - 16 * xi + 1) for xi in x) / 4]), (0.2, 0.4, 0.6, 0.8)),
    "saturation": (squares(lambda x: [x[0] * t / (x[1] + t) - t / (1 + t) for t in T]), (0.5, 2.0)),
    "logistic_growth": (squares(lambda x: [x[0] / (1 + exp(x[1] - x[2] * t)) - t for t in T]), (1.0, 2.0, 3.0)),
    "damped_wave": (squares(lambda x: [x[0] * exp(-x[1] * t) * cos(x[2] * t + x[3]) - 1 / (1 + t) for t in T]), (1.0, 0.5, 2.0, 0.1)),
    "power_law": (squares(lambda x: [x[0] * t ** x[1] - t**1.5 for t in T]), (1.0, 0.5)),
    "circles": (squares(lambda x: [sqrt((x[0] - a) ** 2 + (x[1] - b) ** 2) - x[2] for a, b in GRID]), (0.1, 0.2, 1.0)),
    "tiny_network": (squares(lambda x: [x[4] * tanh(x[0] * t + x[1]) + x[5] * tanh(x[2] * t + x[3]) - sin(3 * t) for t in T]), (0.3, -0.2, 0.5, 0.1, 1.0, -1.0)),
}  # fmt: skip

OBJECTIVES: dict[str, Problem] = {
    "steep_valley": (lambda x: 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2, (-2.0, 1.0)),
    "flat_bowl": (lambda x: x[1] + 1e-5 * (x[1] - x[0]) ** 2, (10.0, 1.0)),
    "cube_and_line": (lambda x: (x[0] + 1) ** 3 / 3 + x[1], (1.125, 0.125)),
    "sine_of_sum": (lambda x: sin(x[0] + x[1]) + (x[0] - x[1]) ** 2 - 1.5 * x[0] + 2.5 * x[1] + 1, (0.2, 0.1)),
    "one_minus": (lambda x: (1 - x[0]) ** 2, (-1.2, 1.0)),
    "log_and_line": (lambda x: log(1 + x[0] ** 2) - x[1], (2.0, 2.0)),
    "two_sines": (lambda x: sin(pi * x[0] / 12) * cos(pi * x[1] / 16), (0.3, 0.2)),
    "difference": (lambda x: x[0] - x[1], (-10.0, 10.0)),
    "parabola_and_line": (lambda x: (x[0] - 5) ** 2 + x[1] ** 2 - 25, (4.9, 0.1)),
    "ellipse": (lambda x: x[0] ** 2 / 2 + x[1] ** 2 - x[0] * x[1] - 7 * x[0] - 7 * x[1], (0.0, 0.0)),
    "two_wells": (lambda x: (x[0] - 2) ** 2 + x[1] ** 2, (-2.0, -2.0)),
    "far_centre": (lambda x: (x[0] - 2) ** 2 + (x[1] - 1) ** 2, (2.0, 2.0)),
    "wide_and_narrow": (lambda x: 0.01 * x[0] ** 2 + x[1] ** 2, (2.0, 2.0)),
    "cubic_pair": (lambda x: (x[0] - 10) ** 3 + (x[1] - 20) ** 3, (20.1, 5.84)),
    "centred": (lambda x: (x[0] - 5) ** 2 + (x[1] - 5) ** 2 - 100, (15.0, 15.0)),
    "ninth": (lambda x: x[0] ** 2 + x[1] ** 2 + 0.01 * x[0] ** 9, (3.0, 1.0)),
    "wedge": (lambda x: ((x[0] - 3) ** 2 - 9) * x[1] ** 3 / (27 * 3**0.5), (1.0, 0.5)),
    "sum_and_quartic": (lambda x: (x[0] + x[1]) ** 2 + (x[2] - x[3]) ** 4, (-2.6, 2.0, 2.0, 1.0)),
    "sphere_of_hundredths": (lambda x: 0.01 * (x[0] - 1) ** 2 + (x[1] - x[0] ** 2) ** 2, (2.0, 2.0)),
    "chain_of_three": (lambda x: (x[0] + x[1]) ** 2 + (x[1] + x[2]) ** 2, (-4.0, 1.0, 1.0)),
    "negative_product": (lambda x: -x[0] * x[1] * x[2], (1.0, 2.0, 3.0)),
    "squares_of_three": (lambda x: x[0] ** 2 + x[1] ** 2 + x[2] ** 2, (10.0, 10.0, 10.0)),
    "three_with_products": (lambda x: 9 * x[0] ** 2 + x[1] ** 2 + 9 * x[2] ** 2 - x[0] * x[1], (0.1, 0.7, 0.2)),
    "shifted_three": (lambda x: (x[0] + 3 * x[1] + x[2]) ** 2 + 4 * (x[0] - x[1]) ** 2, (0.1, 0.7, 0.2)),
    "cubic_factored": (lambda x: (x[0] - 1) * (x[0] - 2) * (x[0] - 3) + x[2], (0.0, 2.0, 3.0)),
    "quadratic_form": (lambda x: 9 - 8 * x[0] - 6 * x[1] - 4 * x[2] + 2 * x[0] ** 2 + 2 * x[1] ** 2 + x[2] ** 2 + 2 * x[0] * x[1] + 2 * x[0] * x[2], (0.5, 0.5, 0.5)),
    "volume": (lambda x: -x[0] * x[1] * x[2] / 1000, (10.0, 10.0, 10.0)),
    "double_rosen": (lambda x: 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2 + 90 * (x[3] - x[2] ** 2) ** 2 + (1 - x[2]) ** 2 + 10.1 * ((x[1] - 1) ** 2 + (x[3] - 1) ** 2) + 19.8 * (x[1] - 1) * (x[3] - 1), (-3.0, -1.0, -3.0, -1.0)),
    "inner_products": (lambda x: 2 - product(x) / 120, (0.5, 1.0, 1.5, 2.0, 2.5)),
    "cuts": (lambda x: (x[0] - 1) ** 2 + (x[1] - x[2]) ** 2 + (x[3] - x[4]) ** 2, (1.0, 2.0, 3.0, 4.0, 5.0)),
    "even_powers": (lambda x: (x[0] - 1) ** 2 + (x[0] - x[1]) ** 2 + (x[2] - 1) ** 2 + (x[3] - 1) ** 4 + (x[4] - 1) ** 6, (2.0, 2.0, 2.0, 2.0, 2.0)),
    "chain_of_five": (lambda x: total((a - b) ** 2 for a, b in zip(x, x[1:])), (2.0, 1.5, -1.0, 0.5, -2.0)),
    "mixed_powers": (lambda x: (x[0] - x[1]) ** 2 + (x[1] - x[2]) ** 3 + (x[2] - x[3]) ** 4 + (x[3] - x[4]) ** 4, (2.0, 2.0**0.5, -1.0, 0.6, 0.5)),
    "reciprocal": (lambda x: 1 / x[0] + x[1] / (1 + x[0] ** 2), (0.7, 1.1)),
    "root_and_product": (lambda x: sqrt(x[0]) * x[1] + 0.5 * x[2] ** 1.5, (1.3, 0.4, 2.0)),
    "posynomial": (lambda x: 5 * x[0] / x[1] + 3 * x[1] ** 0.6 * x[2] ** -0.3 + 2 * x[2] / x[0] ** 0.8, (2.0, 1.5, 0.7)),
    "gibbs": (lambda x: total(xi * (c + log(xi / total(x))) for xi, c in zip(x, (-6.089, -17.164, -34.054, -5.914, -24.721))), (0.1, 0.2, 0.3, 0.25, 0.15)),
    "heat_exchangers": (lambda x: x[0] + x[1] + x[2] + 1e-3 * (833.3 * x[0] / x[1] - 100 * x[2]) ** 2, (5.0, 5.0, 2.0)),
    "colville": (lambda x: 5.3578547 * x[2] ** 2 + 0.8356891 * x[0] * x[4] + 37.293239 * x[0] - 40792.141 + x[1] * x[3], (78.0, 33.0, 27.0, 27.0, 27.0)),
    "transformer": (lambda x: 0.0204 * x[0] * x[3] * (x[0] + x[1] + x[2]) + 0.0187 * x[1] * x[2] * (x[0] + 1.57 * x[1] + x[3]) + 0.0607 * x[0] * x[3] * x[4] ** 2, (5.5, 4.4, 12.0, 11.8, 0.7)),
    "sphere": (lambda x: total(xi**2 for xi in x), (1.0, -2.0, 3.0, -4.0)),
    "booth": (lambda x: (x[0] + 2 * x[1] - 7) ** 2 + (2 * x[0] + x[1] - 5) ** 2, (0.3, -0.8)),
    "himmelblau": (lambda x: (x[0] ** 2 + x[1] - 11) ** 2 + (x[0] + x[1] ** 2 - 7) ** 2, (0.5, 0.5)),
    "matyas": (lambda x: 0.26 * (x[0] ** 2 + x[1] ** 2) - 0.48 * x[0] * x[1], (1.5, -2.0)),
    "ackley": (lambda x: -20 * exp(-0.2 * sqrt(total(xi**2 for xi in x) / 3)) - exp(total(cos(2 * pi * xi) for xi in x) / 3) + 22.7, (0.4, -0.3, 1.2)),
    "rastrigin": (lambda x: total(xi**2 - 10 * cos(2 * pi * xi) + 10 for xi in x), (0.3, -1.1, 2.2)),
    "griewank": (lambda x: total(xi**2 for xi in x) / 4000 - product(cos(xi / (i + 1) ** 0.5) for i, xi in enumerate(x)) + 1, (3.0, -2.0, 1.0)),
    "levy": (lambda x: sin(3 * pi * x[0]) ** 2 + (x[0] - 1) ** 2 * (1 + sin(3 * pi * x[1]) ** 2) + (x[1] - 1) ** 2 * (1 + sin(2 * pi * x[1]) ** 2), (0.2, 0.7)),
    "easom": (lambda x: -cos(x[0]) * cos(x[1]) * exp(-((x[0] - pi) ** 2) - (x[1] - pi) ** 2), (2.5, 3.5)),
    "branin": (lambda x: (x[1] - 5.1 * x[0] ** 2 / (4 * pi**2) + 5 * x[0] / pi - 6) ** 2 + 10 * (1 - 1 / (8 * pi)) * cos(x[0]) + 10, (2.0, 3.0)),
    "six_humps": (lambda x: (4 - 2.1 * x[0] ** 2 + x[0] ** 4 / 3) * x[0] ** 2 + x[0] * x[1] + (4 * x[1] ** 2 - 4) * x[1] ** 2, (0.7, -0.4)),
    "three_humps": (lambda x: 2 * x[0] ** 2 - 1.05 * x[0] ** 4 + x[0] ** 6 / 6 + x[0] * x[1] + x[1] ** 2, (1.1, 0.3)),
    "goldstein": (lambda x: (1 + (x[0] + x[1] + 1) ** 2 * (19 - 14 * x[0] + 3 * x[0] ** 2 - 14 * x[1] + 6 * x[0] * x[1] + 3 * x[1] ** 2)) * (30 + (2 * x[0] - 3 * x[1]) ** 2 * (18 - 32 * x[0] + 12 * x[0] ** 2)), (0.4, -0.6)),
    "styblinski": (lambda x: total(xi**4 - 16 * xi**2 + 5 * xi for xi in x) / 2, (1.0, -2.0, 0.5)),
    "schwefel": (lambda x: total(-xi * sin(sqrt(xi)) for xi in x), (10.0, 20.0, 30.0)),
    "schaffer": (lambda x: 0.5 + (sin(x[0] ** 2 - x[1] ** 2) ** 2 - 0.5) / (1 + 0.001 * (x[0] ** 2 + x[1] ** 2)) ** 2, (0.9, -0.4)),
    "mccormick": (lambda x: sin(x[0] + x[1]) + (x[0] - x[1]) ** 2 - 1.5 * x[0] + 2.5 * x[1] + 1, (1.0, -1.0)),
    "zakharov": (lambda x: total(xi**2 for xi in x) + (s := total(0.5 * (i + 1) * xi for i, xi in enumerate(x))) ** 2 + s**4, (0.3, -0.2, 0.5)),
    "dixon": (lambda x: (x[0] - 1) ** 2 + total((i + 2) * (2 * b**2 - a) ** 2 for i, (a, b) in enumerate(zip(x, x[1:]))), (1.0, 2.0, -1.0)),
    "michalewicz": (lambda x: -total(sin(xi) * sin((i + 1) * xi**2 / pi) ** 6 for i, xi in enumerate(x)), (1.5, 1.2, 2.0)),
    "log_barrier": (lambda x: x[0] + 2 * x[1] - 0.1 * (log(x[0]) + log(x[1]) + log(4 - x[0] - x[1])), (1.0, 1.0)),
    "entropy": (lambda x: total(xi * log(xi) for xi in x), (0.2, 0.3, 0.5)),
    "softened_maximum": (lambda x: log(total(exp(3 * xi) for xi in x)) / 3, (0.5, 0.4, -1.0)),
    "weibull": (lambda x: -total(log(x[1] / x[0]) + (x[1] - 1) * log(t / x[0]) - (t / x[0]) ** x[1] for t in T), (0.6, 1.4)),
    "spring_chain": (lambda x: total((sqrt(1 + (b - a) ** 2) - 1) ** 2 for a, b in zip((0.0, *x), (*x, 1.0))), (0.3, 0.1, 0.8)),
    "brachistochrone": (lambda x: total(sqrt((0.04 + (b - a) ** 2) / (0.1 + a + b)) for a, b in zip((0.0, *x), (*x, 1.0))), (0.3, 0.5, 0.7, 0.9)),
}  # fmt: skip

PROBLEMS: dict[str, Problem] = SQUARES | OBJECTIVES
