"""Nonlinear regressions of NIST's Statistical Reference Datasets, with the certified parameters and their deviations.

https://www.itl.nist.gov/div898/strd/nls/nls_main.shtml, all 27: the certified numbers were found in 128-bit arithmetic
with two algorithms. At the certified parameters b the residual sum of squares is the certified one, and the certified
standard deviations are √(RSS/(n − p)·(JᵀJ)⁻¹ᵢᵢ): a check of the Jacobian J that knows nothing of this library.
The numbers are in `strd.json`, the models here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from math import log, pi
from pathlib import Path
from typing import Any, NamedTuple

from autograd import atan, cos, exp, sin

Model = Callable[[Sequence[Any], Any], Any]


class Dataset(NamedTuple):
    """y ≈ model(b, x); `starts`, far and near, end in the certified parameters, whose deviations and sum are known."""

    model: Model
    x: list[Any]
    y: list[float]
    starts: list[list[float]]
    certified: list[float]
    deviations: list[float]
    squares: float

    def residuals(self, b: Sequence[Any]) -> list[Any]:
        return [y - self.model(b, x) for x, y in zip(self.x, self.y, strict=True)]


def _polynomial(coefficients: Sequence[Any], x: float) -> Any:
    """c₀ + c₁·x + c₂·x² + …"""
    return sum([c * x**k for k, c in enumerate(coefficients)])


def _wave(a: Any, b: Any, period: Any, x: float) -> Any:
    return a * cos(2 * pi * x / period) + b * sin(2 * pi * x / period)


def _decays(b: Sequence[Any], x: float) -> Any:
    """The sum of exponentials b₀·e^(−b₁x) + b₂·e^(−b₃x) + …"""
    return sum([b[k] * exp(-b[k + 1] * x) for k in range(0, len(b), 2)])


def _bell(height: Any, middle: Any, width: Any, x: float) -> Any:
    return height * exp(-(((x - middle) / width) ** 2))


def _rational(b: Sequence[Any], x: float, degree: int) -> Any:
    """A ratio of polynomials, whose denominator begins with 1."""
    return _polynomial(b[: degree + 1], x) / _polynomial([1.0, *b[degree + 1 :]], x)


# fmt: off
MODELS: dict[str, Model] = {
    "Bennett5": lambda b, x: b[0] * (b[1] + x) ** (-1 / b[2]),
    "BoxBOD":   lambda b, x: b[0] * (1 - exp(-b[1] * x)),
    "Chwirut1": lambda b, x: exp(-b[0] * x) / (b[1] + b[2] * x),
    "Chwirut2": lambda b, x: exp(-b[0] * x) / (b[1] + b[2] * x),
    "DanWood":  lambda b, x: b[0] * x ** b[1],
    "ENSO":     lambda b, x: b[0] + _wave(b[1], b[2], 12, x) + _wave(b[4], b[5], b[3], x) + _wave(b[7], b[8], b[6], x),
    "Eckerle4": lambda b, x: b[0] / b[1] * exp(-0.5 * ((x - b[2]) / b[1]) ** 2),
    "Gauss1":   lambda b, x: _decays(b[:2], x) + _bell(*b[2:5], x) + _bell(*b[5:], x),
    "Gauss2":   lambda b, x: _decays(b[:2], x) + _bell(*b[2:5], x) + _bell(*b[5:], x),
    "Gauss3":   lambda b, x: _decays(b[:2], x) + _bell(*b[2:5], x) + _bell(*b[5:], x),
    "Hahn1":    lambda b, x: _rational(b, x, 3),
    "Kirby2":   lambda b, x: _rational(b, x, 2),
    "Lanczos1": _decays,
    "Lanczos2": _decays,
    "Lanczos3": _decays,
    "MGH09":    lambda b, x: b[0] * (x**2 + x * b[1]) / (x**2 + x * b[2] + b[3]),
    "MGH10":    lambda b, x: b[0] * exp(b[1] / (x + b[2])),
    "MGH17":    lambda b, x: b[0] + b[1] * exp(-x * b[3]) + b[2] * exp(-x * b[4]),
    "Misra1a":  lambda b, x: b[0] * (1 - exp(-b[1] * x)),
    "Misra1b":  lambda b, x: b[0] * (1 - (1 + b[1] * x / 2) ** -2),
    "Misra1c":  lambda b, x: b[0] * (1 - (1 + 2 * b[1] * x) ** -0.5),
    "Misra1d":  lambda b, x: b[0] * b[1] * x / (1 + b[1] * x),
    "Nelson":   lambda b, x: b[0] - b[1] * x[0] * exp(-b[2] * x[1]),  # of the logarithm of y
    "Rat42":    lambda b, x: b[0] / (1 + exp(b[1] - b[2] * x)),
    "Rat43":    lambda b, x: b[0] / (1 + exp(b[1] - b[2] * x)) ** (1 / b[3]),
    "Roszman1": lambda b, x: b[0] - b[1] * x - atan(b[2] / (x - b[3])) / pi,
    "Thurber":  lambda b, x: _rational(b, x, 3),
}
# fmt: on


def _read() -> dict[str, Dataset]:
    numbers = json.loads(Path(__file__).with_name("strd.json").read_text())
    numbers["Nelson"]["y"] = [log(y) for y in numbers["Nelson"]["y"]]
    return {name: Dataset(MODELS[name], **numbers[name]) for name in MODELS}


DATASETS = _read()
