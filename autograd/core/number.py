"""What a number is: what becomes a double, and what is said of what does not."""

from __future__ import annotations

from types import FunctionType
from typing import Any


def number(x: Any, where: object = "Value", remedy: str = "") -> float:
    """x as a plain double: int, float, bool, numpy real scalars and 0-d arrays, anything with `__float__`.

    Raises TypeError, naming `where` and the remedy, for text, None, complex numbers, dates, containers and arrays
    (and for a Value: only the operators and functions of this library keep the graph); OverflowError for an int that
    no double holds. `remedy`: another one for containers and objects.
    """
    if x.__class__ is float:
        return x
    if isinstance(x, str | bytes | bytearray | complex) or not hasattr(type(x), "__float__"):
        raise TypeError(f"{where}: expected a number, got {_described(x, remedy)}")
    dtype = getattr(x, "dtype", None)
    if getattr(x, "shape", ()) != () or getattr(dtype, "kind", "f") not in "biuf":  # arrays, datetime64, complex64
        raise TypeError(f"{where}: expected a number, got {_described(x, remedy)}")
    try:
        double = float(x)
    except ValueError:  # a signaling nan
        raise TypeError(f"{where}: expected a number, got {type(x).__name__} {x!r:.40}; write math.nan") from None
    except OverflowError:
        raise OverflowError(f"{where}: the integer is too large for a double (about 1.8e308 at most)") from None
    if double - double != 0.0 and double == double and type(x).__eq__ is not object.__eq__ and x != double:
        raise OverflowError(f"{where}: {type(x).__name__} {x!r:.40} is too large for a double (about 1.8e308 at most)")
    return double


_OPERATORS = "__radd__ __rsub__ __rmul__ __rtruediv__ __rpow__ __rmod__ __rfloordiv__ __lt__ __gt__".split()


def has_operators(x: Any) -> bool:
    """Whether x says itself what `v * x` is: an array of numpy, with axes or of objects, goes element by element; and
    so may what is no number and of a class written in Python (a quantity with its unit, a complex pair, a vector)."""
    if x.__class__ is float:
        return False
    if getattr(x, "shape", ()) != () or getattr(getattr(x, "dtype", None), "kind", "") == "O":
        return True
    kind = type(x)
    return not hasattr(kind, "__float__") and any(
        [isinstance(getattr(kind, y, None), FunctionType) for y in _OPERATORS]
    )


def _described(x: Any, remedy: str) -> str:
    """The type of x and what to write instead."""
    if x is None:
        return "None; did a function forget to return?"
    if isinstance(x, str | bytes | bytearray):
        return f"{type(x).__name__} {x!r:.40}; convert it first: float(text)"
    if isinstance(x, complex) or getattr(getattr(x, "dtype", None), "kind", "") == "c":
        return f"{type(x).__name__}; differentiate its real and imaginary parts as two real numbers"
    if getattr(getattr(x, "dtype", None), "kind", "") in ("m", "M") or hasattr(x, "total_seconds"):
        return f"{type(x).__name__}; say in which unit it is a number, for instance seconds"
    if remedy:
        return f"{type(x).__name__}; {remedy}"
    if hasattr(x, "__len__") or hasattr(x, "shape"):
        return f"{type(x).__name__}; a Value is one scalar: make one for each element, [Value(x) for x in xs]"
    return f"{type(x).__name__}; convert it to a float first"
