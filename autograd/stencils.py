"""Polynomials through six values: their slope and value at a point beside them, and how far to trust these."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple


class Reading(NamedTuple):
    slope: float
    error: float  # |slope − that of the polynomial through fewer of the values|
    misfit: float  # |value at 0 − the function's|: large if it is not smooth between there and here
    noise: float  # the error of the slope that errors of the values can make, and the same for the misfit
    blur: float


class Stencil:
    """Offsets in steps of h from 0, and the weights of f(x + k·h) in f′(x)·h and f(x), exact for polynomials."""

    def __init__(self, offsets: Sequence[int], fewer: slice) -> None:
        self.offsets, self.fewer = offsets, fewer
        self.slope, self.value = _slope_weights(offsets), _value_weights(offsets)
        self.fewer_slope = _slope_weights(offsets[fewer])

    def read(self, values: list[float], at_0: float, rounding: float, h: float) -> Reading:
        """From the function's values at the offsets and at 0, each with an error of up to `rounding` (or its own ε)."""
        rounding = max(rounding, 2.0**-52 * max(map(abs, [*values, at_0])))
        if all([v == at_0 for v in values]):
            return Reading(0.0, 0.0, 0.0, rounding * _size(self.slope) / abs(h), 0.0)
        slope = _weighted(self.slope, values) / h
        error = abs(slope - _weighted(self.fewer_slope, values[self.fewer]) / h)
        misfit = abs(_weighted(self.value, values) - at_0)
        return Reading(
            slope, error, misfit, rounding * _size(self.slope) / abs(h), rounding * (1.0 + _size(self.value))
        )


def _slope_weights(offsets: Sequence[int]) -> list[float]:
    weights = []
    for i in offsets:
        others = [j for j in offsets if j != i]
        slope = sum([_product([-m for m in others if m != j]) for j in others], Fraction(0))
        weights.append(float(slope / _product([i - j for j in others])))
    return weights


def _value_weights(offsets: Sequence[int]) -> list[float]:
    weights = []
    for i in offsets:
        others = [j for j in offsets if j != i]
        weights.append(float(_product([-j for j in others]) / _product([i - j for j in others])))
    return weights


def _product(factors: Sequence[int]) -> Fraction:
    return Fraction(math.prod(factors))


def _weighted(weights: list[float], values: list[float]) -> float:
    return sum([w * v for w, v in zip(weights, values, strict=True)])


def _size(weights: list[float]) -> float:
    return sum(map(abs, weights))


CENTRAL = Stencil((-3, -2, -1, 1, 2, 3), slice(1, 5))
ONE_SIDED = Stencil((1, 2, 3, 4, 5, 6), slice(0, 5))
