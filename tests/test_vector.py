"""The elementary functions on vectors: against mpmath over their range, and `ieee` at the special points."""

from __future__ import annotations

import itertools
import math
from typing import Any

import mpmath
import pytest
from mpmath import mp

from autograd.core import ieee
from autograd.core.primitives import TABLE, cos, pow_, sin
from autograd.native.body import Body
from autograd.native.module import Module
from autograd.native.rows import compute
from autograd.trust import oracles
from tests.compare import bits, double
from tests.native import over_arrays

np = pytest.importorskip("numpy")
pytest.importorskip("llvmlite")

SPECIAL = [
    *(0.0, 5e-324, 1e-310, 2.2250738585072014e-308, 1e-300, 1e-17, 0.5, 1.0 - 2.0**-53, 1.0, 1.0 + 2.0**-52, 2.0, 2.5),
    *(3.0, 20.0, 36.05, 709.782712893384, 709.7827128933841, 710.475860073944, 745.13, 745.14, 746.0, 1e6, 1e9, 1e22),
    *(9007199254740991.0, 9007199254740993.0, 1e300, 1.7976931348623157e308, math.inf),
]
SPECIAL = [*SPECIAL, *[-x for x in SPECIAL], math.nan]

# Where each function is sampled: (from, to) evenly, and powers of ten from 10^a to 10^b of either sign.
RANGES: dict[str, tuple[tuple[float, float], tuple[float, float]]] = {
    "exp": ((-745.0, 709.7), (-300, 2)),
    "expm1": ((-45.0, 709.7), (-300, 2)),
    "log": ((0.5, 2.0), (-320, 308)),
    "log1p": ((-0.999, 3.0), (-300, 308)),
    "sin": ((-1e6, 1e6), (-300, 8)),
    "cos": ((-1e6, 1e6), (-300, 8)),
    "tan": ((-1e6, 1e6), (-300, 8)),
    "asin": ((-1.0, 1.0), (-300, 0)),
    "acos": ((-1.0, 1.0), (-300, 0)),
    "atan": ((-5.0, 5.0), (-300, 300)),
    "sinh": ((-710.0, 710.0), (-300, 1)),
    "cosh": ((-710.0, 710.0), (-300, 1)),
    "tanh": ((-3.0, 3.0), (-300, 2)),
    "erf": ((-6.0, 6.0), (-30, 1)),
    "erfc": ((-6.0, 26.5), (-30, 1)),
    "sigmoid": ((-740.0, 40.0), (-300, 2)),
    "softplus": ((-740.0, 40.0), (-300, 2)),
    "silu": ((-700.0, 40.0), (-290, 2)),
    "pow": ((0.2, 5.0), (-300, 300)),
    "atan2": ((-5.0, 5.0), (-300, 300)),
    "hypot": ((-5.0, 5.0), (-300, 300)),
}

# Where a function begins to be computed in another way, and is sampled as closely.
SEAMS: dict[str, list[tuple[float, float]]] = {
    "exp": [(-745.0, -690.0), (690.0, 709.7), (-0.1, 0.1)],
    "expm1": [(-0.1, 0.1), (0.08, 0.28)],
    "sinh": [(-0.1, 0.1), (690.0, 710.0)],
    "cosh": [(690.0, 710.0)],
    "tanh": [(-0.1, 0.1), (0.04, 0.14)],
    "sigmoid": [(-740.0, -690.0)],
    "softplus": [(-740.0, -690.0), (-1.0, 0.0)],
    "erf": [(0.85, 0.95)],
    "erfc": [(0.2, 0.3), (0.5, 0.55), (0.65, 0.75), (26.26, 26.54)],
}


@pytest.fixture(scope="module")
def native() -> Any:
    return over_arrays({name: (lambda *xs, r=TABLE[name]: compute(r, xs), TABLE[name].arity or 0) for name in RANGES})


def sample(name: str, n: int) -> list[list[float]]:
    """Columns of operands inside the row's domain."""
    chance = np.random.default_rng(len(name))
    (low, high), (least, most) = RANGES[name]
    columns = []
    for domain in TABLE[name].domain:
        scales = chance.choice([-1.0, 1.0], n) * 10.0 ** chance.uniform(least, most, n)
        seams = [chance.uniform(*seam, n) for seam in SEAMS.get(name, ())]
        x = np.concatenate([chance.uniform(low, high, n), scales, chance.normal(size=n), *seams])
        x = np.where((domain[0] < x) & (x < domain[1]), x, np.clip(np.abs(x) % 1.0, 1e-9, 1.0 - 1e-9))
        columns.append(chance.permutation(x))
    if name == "pow":  # where the result is a number, and no denormal
        columns[1] = chance.uniform(-700.0, 700.0, len(columns[0])) / np.log(columns[0])
    return [column.tolist() for column in columns]


def ulps(got: float, want: Any) -> float:
    """How many units of its last place a result is off."""
    nearest = double(want)
    if math.isinf(nearest) or math.isinf(got):
        return 0.0 if got == nearest else math.inf
    return float(abs(mp.mpf(got) - want) / math.ulp(nearest))


def worst(native: Any, name: str, n: int) -> tuple[float, tuple[float, ...], float]:
    columns = sample(name, n)
    got = native[name, 8](*columns).tolist()
    with mpmath.workprec(1200 if name in ("log1p", "softplus") else 160):  # their oracles add 1
        return max(
            (ulps(z, oracles.ORACLES[name](*map(mp.mpf, point))), point, z)
            for *point, z in zip(*columns, got, strict=True)
        )


@pytest.mark.parametrize("name", RANGES)
def test_a_function_is_within_two_ulp(native: Any, name: str) -> None:
    error, *where = worst(native, name, 120)
    assert error <= 2.0, where


@pytest.mark.heavy
@pytest.mark.parametrize("name", RANGES)
def test_a_function_is_within_two_ulp_at_many_points(native: Any, name: str) -> None:
    error, *where = worst(native, name, 20_000)
    assert error <= 2.0, where


@pytest.mark.parametrize("name", RANGES)
def test_special_points_are_of_the_same_class_and_sign_as_eagerly(native: Any, name: str) -> None:
    points = list(itertools.product(SPECIAL, repeat=TABLE[name].arity or 0))
    got = native[name, 8](*zip(*points, strict=True)).tolist()
    for point, z in zip(points, got, strict=True):
        want = TABLE[name](*point)
        assert bits(z) == bits(want) or abs(z - want) <= 2 * math.ulp(want), (point, z, want)


@pytest.mark.parametrize("name", RANGES)
def test_one_lane_and_eight_give_the_same_bits(native: Any, name: str) -> None:
    special = zip(*itertools.product(SPECIAL, repeat=TABLE[name].arity or 0), strict=True)
    columns = [a + list(b) for a, b in zip(sample(name, 200), special, strict=True)]
    assert list(map(bits, native[name, 1](*columns).tolist())) == list(map(bits, native[name, 8](*columns).tolist()))


def test_a_square_is_a_product_to_the_bit(native: Any) -> None:
    xs = sample("pow", 100)[0]
    assert native["pow", 8](xs, [2.0] * len(xs)).tolist() == [x * x for x in xs] == [pow_(x, 2.0) for x in xs]


def test_huge_angles_are_those_of_the_c_library(native: Any) -> None:
    angles = [1e6 * 1.7**k for k in range(60)]
    for name in ("sin", "cos", "tan"):
        assert native[name, 8](angles).tolist() == [getattr(ieee, name)(x) for x in angles]


def test_a_power_that_is_a_denormal_has_the_same_bits_in_one_lane_and_eight(native: Any) -> None:
    xs = np.linspace(-746.5, -707.0, 500).tolist()
    assert list(map(bits, native["exp", 1](xs).tolist())) == list(map(bits, native["exp", 8](xs).tolist()))


def test_an_instruction_is_written_once_in_a_block_and_a_number_in_memory_read_again() -> None:
    body = Body(Module(), "f", [("double", "x"), ("double", "y"), ("ptr", "place")])
    x, y, place = [body.argument(name) for name in ("x", "y", "place")]
    assert (x * y + 1.0).name == (x * y + 1.0).name != (y * x + 1.0).name
    assert body.load(place).name != body.load(place).name
    before = (x * y).name
    with body.when(x < y):
        assert (x * y).name != before
        inside = (x - y).name
    assert (x - y).name != inside


def test_the_sine_and_the_cosine_of_a_number_are_computed_at_once() -> None:
    module = Module()
    body = Body(module, "f", [("double", "x"), ("double", "y")])
    x, y = body.argument("x"), body.argument("y")
    body.give(compute(sin, [x]) * compute(cos, [x]) + compute(sin, [y]))
    module.add(body)
    assert module.text().count("call {double, double} @sine_and_cosine.1") == 2
