"""Objectives of the CUTEst collection whose size is free, at size N, with their published minima.

N. I. M. Gould, D. Orban, Ph. L. Toint: CUTEst, a constrained and unconstrained testing environment. Comput. Optim. Appl.
60 (2015) 545–557. The minima are those of the collection's own notes, to as many digits as these have.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import pi
from typing import Any, NamedTuple

from autograd import cos, exp, sin, sum, tan

N = 100


class Objective(NamedTuple):
    f: Callable[[Sequence[Any]], Any]
    start: tuple[float, ...]
    minimum: float = 0.0


def cragg_levy(x: Sequence[Any]) -> Any:
    terms = []
    for i in range(0, len(x) - 3, 2):
        a, b, c, d = x[i : i + 4]
        terms += [(exp(a) - b) ** 4, 100 * (b - c) ** 6, (tan(c - d) + c - d) ** 4, a**8, (d - 1) ** 2]
    return sum(terms)


def bdqrtic(x: Sequence[Any]) -> Any:
    last, terms = 5 * x[-1] ** 2, []
    for i in range(len(x) - 4):
        a, b, c, d = x[i : i + 4]
        terms += [(3 - 4 * a) ** 2, (a**2 + 2 * b**2 + 3 * c**2 + 4 * d**2 + last) ** 2]
    return sum(terms)


def schmidt_vetters(x: Sequence[Any]) -> Any:
    triples = zip(x, x[1:], x[2:], strict=False)
    return sum(
        [-1 / (1 + (a - b) ** 2) - sin((pi * b + c) / 2) - exp(-(((a + c) / b - 2) ** 2)) for a, b, c in triples]
    )


def dixmaana(x: Sequence[Any]) -> Any:
    m = len(x) // 3
    squares = sum([xi**2 for xi in x])
    fourth = sum([x[i] ** 2 * x[i + m] ** 4 for i in range(2 * m)])
    products = sum([x[i] * x[i + 2 * m] for i in range(m)])
    return 1 + squares + 0.125 * fourth + 0.125 * products


def sinquad(x: Sequence[Any]) -> Any:
    first, last = x[0], x[-1]
    middle = sum([(sin(xi - last) - first**2 + xi**2) ** 2 for xi in x[1:-1]])
    return (first - 1) ** 4 + middle + (last**2 - first**2) ** 2


def edensch(x: Sequence[Any]) -> Any:
    return 16 + sum([(a - 2) ** 4 + (a * b - 2 * b) ** 2 + (b + 1) ** 2 for a, b in pairwise(x)])


OBJECTIVES: dict[str, Objective] = {
    "ARWHEAD": Objective(lambda x: sum([(xi**2 + x[-1] ** 2) ** 2 - 4 * xi + 3 for xi in x[:-1]]), (1.0,) * N),
    "BDQRTIC": Objective(bdqrtic, (1.0,) * N, 378.769),
    "COSINE": Objective(lambda x: sum([cos(a**2 - b / 2) for a, b in pairwise(x)]), (1.0,) * N, 1.0 - N),
    "CRAGGLVY": Objective(cragg_levy, (1.0, *(2.0,) * 49), 15.372),
    "DIXMAANA": Objective(dixmaana, (2.0,) * 99, 1.0),
    "DIXON3DQ": Objective(
        lambda x: (x[0] - 1) ** 2 + sum([(a - b) ** 2 for a, b in pairwise(x[1:])]) + (x[-1] - 1) ** 2, (-1.0,) * 10
    ),
    "DQDRTIC": Objective(
        lambda x: sum([a**2 + 100 * b**2 + 100 * c**2 for a, b, c in zip(x, x[1:], x[2:], strict=False)]), (3.0,) * N
    ),
    "EDENSCH": Objective(edensch, (0.0,) * 36, 219.28),
    "ENGVAL1": Objective(
        lambda x: sum([(a**2 + b**2) ** 2 - 4 * a + 3 for a, b in pairwise(x)]), (2.0,) * N, 109.09
    ),
    "EXTROSNB": Objective(
        lambda x: (x[0] - 1) ** 2 + sum([100 * (b - a**2) ** 2 for a, b in pairwise(x)]), (-1.0,) * 5
    ),
    "FLETCHCR": Objective(lambda x: sum([100 * (b - a + 1 - a**2) ** 2 for a, b in pairwise(x)]), (0.0,) * 10),
    "GENROSE": Objective(
        lambda x: 1 + sum([100 * (b - a**2) ** 2 + (b - 1) ** 2 for a, b in pairwise(x)]),
        tuple([(i + 1) / 11 for i in range(10)]), 1.0,
    ),
    "LIARWHD": Objective(lambda x: sum([4 * (xi**2 - x[0]) ** 2 + (xi - 1) ** 2 for xi in x]), (4.0,) * N),
    "NONDIA": Objective(
        lambda x: (x[0] - 1) ** 2 + sum([100 * (x[0] - xi**2) ** 2 for xi in x[:-1]]), (-1.0,) * N
    ),
    "POWER": Objective(lambda x: sum([i * xi**2 for i, xi in enumerate(x, 1)]) ** 2, (1.0,) * N),
    "QUARTC": Objective(lambda x: sum([(xi - i) ** 4 for i, xi in enumerate(x, 1)]), (2.0,) * 25),
    "SCHMVETT": Objective(schmidt_vetters, (0.5,) * N, -3.0 * (N - 2)),
    "SINQUAD": Objective(sinquad, (0.1,) * 5),
    "TRIDIA": Objective(
        lambda x: (x[0] - 1) ** 2 + sum([i * (2 * b - a) ** 2 for i, (a, b) in enumerate(pairwise(x), 2)]), (1.0,) * N
    ),
}  # fmt: skip
