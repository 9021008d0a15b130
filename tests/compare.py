"""How close is close: comparisons of doubles that know about nan, signed zeros and the last place; and of errors."""

from __future__ import annotations

import math
import struct
from typing import Any

import mpmath
import pytest

EPSILON = 2.0**-52
SMALLEST = 5e-324


def bits(x: float) -> bytes:
    """The 64 bits of x; every nan counts as one."""
    assert type(x) is float, f"{x!r} is a {type(x).__name__}, not a float"
    return struct.pack("<d", math.nan if x != x else x)


def double(x: Any) -> float:
    """An mpf as the nearest double, ±inf beyond the largest."""
    try:
        return float(x)
    except OverflowError:
        return math.copysign(math.inf, mpmath.sign(x))


def close(got: float, want: Any, scale: Any, ulps: float = 4.0) -> bool:
    """got = want within `ulps` units in the last place of `scale`, and within a few of the smallest doubles."""
    if math.isinf(double(want)) or math.isinf(got):
        return got == double(want) or (abs(double(want)) > 1.79e308 and abs(got) > 1.79e308)
    return bool(abs(mpmath.mpf(got) - want) <= ulps * EPSILON * scale + 8 * SMALLEST)


def assert_refused(act: Any, *words: str) -> None:
    """act() raises a TypeError whose message has all the words."""
    with pytest.raises(TypeError) as error:
        act()
    for word in words:
        assert word in str(error.value), str(error.value)
