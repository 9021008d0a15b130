"""Numpy's functions along the axes of an array: sums, means, norms, what is running, what is in order.

Each is a function of the list of elements along an axis, for every place on the others.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy

from autograd.core import functions
from autograd.core import primitives as table
from autograd.core.arrays.elements import (
    FOLDS,
    check_dtype,
    contracted,
    elementwise,
    folded,
    into,
    lanes,
    numbers_of,
    objects,
    refused,
    wrapped,
)
from autograd.core.value import data_of


def _folding(fold: Callable[..., Any], name: str, parameters: tuple[str, ...] = ()) -> Callable[..., Any]:
    """np.sum and its like: `fold` of the elements along an axis. `parameters` of its own are handed on to it."""

    def reduction(
        a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, initial: Any = None,
        where: Any = True, **own: Any,
    ) -> Any:  # fmt: skip
        if not own.keys() <= {*parameters}:
            raise TypeError(f"np.{name}: {', '.join(own.keys() - {*parameters})}= is not known for arrays of Values")
        check_dtype(name, dtype)
        of = functools.partial(fold, **own) if own else fold
        return into(out, folded(of, a, axis, keepdims, initial, where))

    return reduction


def _without_dtype(reduction: Callable[..., Any]) -> Callable[..., Any]:
    """The third operand of np.max and some others is `out`."""
    return lambda a, axis=None, out=None, *rest, **options: reduction(a, axis, None, out, *rest, **options)


def _variance(xs: list[Any], ddof: float, correction: float = 0) -> Any:
    """Σ (xᵢ − mean)² / (n − ddof)."""
    mean = functions.mean(xs)
    squares = [table.pow_(table.sub(x, mean), 2.0) for x in xs]
    return table.div(functions.sum(squares), float(len(xs) - (ddof or correction)))


def _variance_of(name: str, last: Callable[[Any], Any]) -> Callable[..., Any]:
    reduction = _folding(lambda xs, **own: last(_variance(xs, **own)), name, ("ddof", "correction"))

    def of(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: float = 0, **options: Any) -> Any:
        return reduction(a, axis, dtype, out, ddof=ddof, **options)

    return of


def _in_order(xs: list[Any], name: str) -> list[Any]:
    """Smallest first, nan last."""
    return [xs[i] for i in numpy.argsort([numbers_of(x, name) for x in xs], kind="stable")]


def _median(xs: list[Any]) -> Any:
    if any([data_of(x) != data_of(x) for x in xs]):
        return functions.sum(xs)  # nan
    ordered, half = _in_order(xs, "median"), len(xs) // 2
    return ordered[half] if len(xs) % 2 else functions.mean(ordered[half - 1 : half + 1])


def _along(scan: Callable[[list[Any]], list[Any]], a: Any, axis: Any) -> Any:
    """Lists of one length for the lists of elements along an axis (None: of all elements)."""
    if axis is None:
        a, axis = objects(a).ravel(), 0
    array, _, (gone,) = lanes(a, axis)
    result = numpy.empty(array.shape, object)
    for place in numpy.ndindex(array.shape[:-1]):
        result[place] = scan(array[place].tolist())
    return wrapped(numpy.moveaxis(result, -1, gone))


def _running(row: Any, name: str) -> Callable[..., Any]:
    from itertools import accumulate

    def of(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
        check_dtype(name, dtype)
        return into(out, _along(lambda xs: list(accumulate(xs, row)), a, axis))

    return of


def sort(a: Any, axis: Any = -1, kind: Any = None, order: Any = None, stable: Any = None) -> Any:
    return _along(lambda xs: _in_order(xs, "sort"), a, axis)


def _average(a: Any, axis: Any = None, weights: Any = None, returned: bool = False, keepdims: Any = False) -> Any:
    if weights is None:
        weights = numpy.ones(numpy.shape(a))
    w = objects(weights)
    if w.ndim == 1 and numpy.ndim(a) > 1:
        if not isinstance(axis, int):
            raise TypeError("np.average: weights of one axis need the axis that they weigh")
        w = numpy.moveaxis(w.reshape((1,) * (numpy.ndim(a) - 1) + w.shape), -1, axis)
    w = numpy.broadcast_to(w, numpy.shape(a))
    total = folded(functions.sum, w, axis, keepdims)
    mean = elementwise(table.div, (folded(functions.sum, elementwise(table.mul, (a, w)), axis, keepdims), total))
    return (mean, total) if returned else mean


def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: Any = False) -> Any:
    """Of vectors: (Σ |xᵢ|ᵖ)^(1/p); of all elements, or along an axis. Of matrices: Frobenius's."""
    two = numpy.ndim(x) == 2 if axis is None else isinstance(axis, tuple) and len(axis) == 2
    if ord == "fro" or (two and ord is None) or (ord is None and axis is None):
        ord = 2
    elif two or (axis is None and numpy.ndim(x) > 2) or not isinstance(ord, int | float | None):
        raise refused(f"linalg.norm(ord={ord!r})", "of a matrix is not known for arrays of Values")
    return folded(lambda xs: _length(xs, 2 if ord is None else ord), x, axis, keepdims)


def _length(xs: list[Any], p: float) -> Any:
    sizes = [table.abs_(x) for x in xs]
    if p == 2:
        return functools.reduce(table.hypot, xs) if len(xs) > 1 else functions.sum(sizes)
    if p in (numpy.inf, -numpy.inf):
        return FOLDS["maximum" if p > 0 else "minimum"](sizes)
    if p == 0:
        raise refused("linalg.norm(ord=0)", "counts, and has no derivative")
    total = functions.sum([table.pow_(x, float(p)) for x in sizes])
    return total if p == 1 else table.pow_(total, 1.0 / p)


def _cov(m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: Any = None) -> Any:
    """The covariances of the rows of m."""
    if y is not None:
        raise refused("cov(y=)")
    lines = numpy.atleast_2d(objects(m))
    lines = lines if rowvar or len(lines) == 1 else lines.T
    off = elementwise(table.sub, (lines, folded(functions.mean, lines, 1, True)))
    n = lines.shape[1] - ((0 if bias else 1) if ddof is None else ddof)
    return elementwise(table.div, (contracted(off, objects(off).T), float(n))).squeeze()


def _amount(xs: list[Any]) -> Any:
    return table.sub(FOLDS["maximum"](xs), FOLDS["minimum"](xs))


_LARGEST, _SMALLEST = (_without_dtype(_folding(FOLDS[name], name)) for name in ("maximum", "minimum"))

REDUCTIONS: dict[str, Callable[..., Any]] = {
    "sum": _folding(functions.sum, "sum"), "prod": _folding(FOLDS["multiply"], "prod"),
    "mean": _folding(functions.mean, "mean"), "average": _average, "cov": _cov,
    "var": _variance_of("var", lambda v: v), "std": _variance_of("std", lambda v: table.sqrt(v)),
    "max": _LARGEST, "amax": _LARGEST, "min": _SMALLEST, "amin": _SMALLEST,
    "ptp": _without_dtype(_folding(_amount, "ptp")), "median": _without_dtype(_folding(_median, "median")),
    "cumsum": _running(table.add, "cumsum"), "cumprod": _running(table.mul, "cumprod"), "sort": sort,
    "linalg.norm": _norm,
    "linalg.vector_norm": lambda x, *, axis=None, ord=2, keepdims=False: folded(
        lambda xs: _length(xs, ord), x, axis, keepdims
    ),
}  # fmt: skip
