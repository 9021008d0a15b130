"""The arguments of a compiled call: checked at the border, once, and seen as columns of doubles.

An array's leading axis is the batch. Its other axes index the numbers of one example, which the function sees as an
array; an example that was given as a list it sees as one. A plain number is the same for every example.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from autograd.core.number import number
from autograd.core.value import Value
from autograd.core.words import counted

NO_VALUES = (
    "a compiled function takes numbers, got a Value; differentiate before compiling, compile(grad(f)), or call the "
    "function itself on Values"
)
_NDARRAY: Any = None
_DOUBLE: Any = None
Shape = tuple[int, ...] | None  # of one example's numbers; None for a plain number


class Arguments(NamedTuple):
    shapes: tuple[Shape, ...]
    arrays: list[Any]  # contiguous doubles, one array for each argument
    n: int | None  # how many examples; None when every argument is a plain number
    as_arrays: tuple[bool, ...] = ()  # whether the function sees an example as an array, not as nested lists


def read(args: Sequence[Any], names: Sequence[str], function: str) -> Arguments:
    """Arguments as arrays. TypeError or ValueError, naming the argument, for what is not a batch of numbers."""
    arrays, shapes, as_arrays, n = [], [], [], None
    for x, name in zip(args, names, strict=True):
        given = x
        ready = x.__class__ is _NDARRAY and x.dtype is _DOUBLE and x.flags.c_contiguous
        if not ready:
            x = as_array(x, f"{function}: {name}")
        shape = x.shape
        arrays.append(x)
        shapes.append(shape[1:] if shape else None)
        as_arrays.append(len(shape) > 1 and hasattr(given if ready or hasattr(given, "shape") else given[0], "shape"))
        if shape and shape[0] != n:
            if n is not None or shape[0] == 0:
                raise ValueError(_wrong_lengths(arrays, names, function))
            n = shape[0]
    return Arguments(tuple(shapes), arrays, n, tuple(as_arrays))


def _wrong_lengths(arrays: Sequence[Any], names: Sequence[str], function: str) -> str:
    name, shape = names[len(arrays) - 1], arrays[-1].shape
    if shape[0] == 0:
        return f"{function}: {name} holds no examples, its shape is {shape}"
    first, other = next((k, a.shape) for k, a in zip(names, arrays, strict=False) if a.ndim)
    return (
        f"{function}: {first} holds {counted(other[0], 'example')} and {name} holds {shape[0]} (shape {shape}); the "
        "leading axis is the batch and must agree, and a plain number is the same for every example"
    )


def as_array(x: Any, where: str) -> Any:
    """x as contiguous doubles."""
    if isinstance(x, Value):
        raise TypeError(f"{where}: {NO_VALUES}")
    global _NDARRAY, _DOUBLE
    try:
        import numpy as np
    except ImportError:
        return _plain_array(x, where)
    _NDARRAY, _DOUBLE = np.ndarray, np.dtype(np.float64)
    if not isinstance(x, np.ndarray) and not hasattr(x, "__len__") and not hasattr(x, "__array__"):
        return np.asarray(number(x, where))
    masked = sys.modules.get("numpy.ma")  # which loads on first use: a tenth of a second, when nobody has one
    if masked is not None and isinstance(x, masked.MaskedArray) and masked.is_masked(x):
        raise TypeError(f"{where}: a masked array; fill its masked entries or drop those rows first")
    if isinstance(x, dict | str | bytes | set | frozenset):
        raise TypeError(f"{where}: expected numbers or an array of numbers, got {type(x).__name__}")
    try:
        array = np.asarray(x)
    except ValueError:
        raise ValueError(f"{where}: ragged; every example must have the same shape, got {_lengths(x)}") from None
    if array.dtype.kind in "biuf":
        return np.ascontiguousarray(array, dtype=np.float64).reshape(array.shape)
    raise TypeError(f"{where}: {_strange(array)}")


def _lengths(x: Any) -> str:
    held = [f"a list of {len(row)}" if hasattr(row, "__len__") else "a number" for row in x]
    odd = next((i for i, what in enumerate(held) if what != held[0]), None)
    return (
        "lists of several lengths in an example"
        if odd is None
        else f"{held[0]} in example 0 and {held[odd]} in example {odd}"
    )


def _strange(array: Any) -> str:
    kind = {"O": "objects", "U": "text", "S": "bytes", "c": "complex numbers", "M": "dates", "m": "time spans"}
    found = kind.get(array.dtype.kind, str(array.dtype))
    if array.dtype.kind == "O":
        odd = [x for x in array.ravel().tolist() if not isinstance(x, int | float)]
        if any(isinstance(x, Value) for x in odd):
            return NO_VALUES
        found = f"objects, such as {type(odd[0]).__name__} {odd[0]!r:.40}" if odd else "an object array"
        return f"expected an array of numbers, got {found}; fill what is missing, then convert: x.astype(float)"
    return f"expected an array of numbers, got {found} ({array.dtype}); convert it to floats first"


class PlainArray:
    """An array where there is no numpy: its shape, and its numbers in a row."""

    def __init__(self, shape: tuple[int, ...], numbers: list[float]) -> None:
        self.shape, self.ndim, self._numbers = shape, len(shape), numbers

    def ravel(self) -> PlainArray:
        return PlainArray((len(self._numbers),), self._numbers)

    def __getitem__(self, i: int) -> PlainArray:
        size = len(self._numbers) // self.shape[0]
        return PlainArray(self.shape[1:], self._numbers[i * size : (i + 1) * size])

    def tolist(self) -> Any:
        return [self[i].tolist() for i in range(self.shape[0])] if self.shape else self._numbers[0]


def _plain_array(x: Any, where: str) -> PlainArray:
    if not isinstance(x, list | tuple):
        return PlainArray((), [number(x, where)])
    parts = [_plain_array(item, where) for item in x]
    if any(part.shape != parts[0].shape for part in parts):
        raise ValueError(f"{where}: ragged; every example must have the same shape")
    shape = (len(parts), *(parts[0].shape if parts else ()))
    return PlainArray(shape, [z for part in parts for z in part._numbers])


def structure(read: Arguments) -> Arguments:
    """Arguments of the same structure, one example of ½s: what a function can be recorded on again."""
    arrays = [_plain_array(0.5 if shape is None else [_halves(shape)], "") for shape in read.shapes]
    return read._replace(arrays=arrays, n=1)


def _halves(shape: tuple[int, ...]) -> Any:
    return [_halves(shape[1:])] * shape[0] if shape else 0.5


def argument_names(function: Callable[..., Any]) -> list[str]:
    import inspect

    try:
        return [
            name
            for name, p in inspect.signature(function).parameters.items()
            if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        ]
    except (TypeError, ValueError):
        return []
