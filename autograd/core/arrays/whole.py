"""Numpy's functions of whole arrays, where a Value or an array of them is among the operands.

Each is in one of the groups below or is refused by name: no function does to Values what it happens to do to objects.
PLAIN ones move elements, or add and multiply them: numpy's own code is right. READING ones answer questions about the
numbers, outside of traces. `RULES` has the rest, made of elementwise functions and reductions.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy

from autograd.core import functions, modes
from autograd.core import primitives as table
from autograd.core.arrays.elements import (
    FOLDS,
    ValueArray,
    apply_ufunc,
    check_dtype,
    contracted,
    elementwise,
    folded,
    into,
    lanes,
    objects,
    refused,
    wrapped,
)
from autograd.core.columns import find
from autograd.core.value import Value, data_of

__all__ = ["ValueArray", "apply_function", "apply_ufunc"]

PLAIN = frozenset(
    "append array2string array_repr array_split array_str atleast_1d atleast_2d atleast_3d block broadcast_arrays "
    "broadcast_to choose column_stack compress concatenate convolve copy copyto correlate cross delete diag "
    "diag_indices_from diagflat diagonal diff dsplit dstack ediff1d einsum empty_like expand_dims extract "
    "fill_diagonal flip fliplr flipud full_like hsplit hstack insert ix_ kron matrix_transpose may_share_memory "
    "meshgrid moveaxis ndim ones_like pad permute_dims place polyval put put_along_axis ravel repeat reshape resize "
    "roll rollaxis rot90 row_stack shape shares_memory size split squeeze stack swapaxes take take_along_axis "
    "tensordot tile trace transpose trapezoid trapz tril tril_indices_from trim_zeros triu triu_indices_from unstack "
    "vander vsplit vstack zeros_like lib.stride_tricks.sliding_window_view linalg.cross linalg.diagonal "
    "linalg.matrix_power linalg.matrix_transpose linalg.tensordot linalg.trace".split()
)
READING = frozenset(
    "all allclose any argmax argmin argpartition argsort argwhere array_equal array_equiv count_nonzero digitize "
    "flatnonzero isclose iscomplex iscomplexobj isreal isrealobj nonzero searchsorted".split()
)


def apply_function(function: Callable[..., Any], arguments: Any, keywords: Any) -> Any:
    """How numpy calls a function of whole arrays with a Value or an array of them among its operands."""
    name = f"{function.__module__}.{function.__name__}".removeprefix("numpy.")
    if name in RULES:
        return RULES[name](*arguments, **keywords)
    if name in PLAIN:
        return wrapped(function(*_plain(arguments), **_plain(keywords)))
    if name in READING:
        return function(*numbers_of(arguments, name), **numbers_of(keywords, name))
    raise refused(name)


def _plain(x: Any) -> Any:
    """Without ValueArrays: as numpy's own object arrays."""
    if isinstance(x, ValueArray):
        return x.view(numpy.ndarray)
    if isinstance(x, Value):
        alone = numpy.empty((), object)
        alone[()] = x
        return alone
    return _inside(_plain, x)


def _inside(change: Callable[[Any], Any], x: Any) -> Any:
    if type(x) in (list, tuple):
        return type(x)(map(change, x))
    return {key: change(item) for key, item in x.items()} if type(x) is dict else x


def numbers_of(x: Any, name: str) -> Any:
    """With numbers for Values. TypeError in a trace, where other examples have others."""
    if not isinstance(x, ValueArray | Value):
        return _inside(lambda item: numbers_of(item, name), x)
    if modes.active and modes.is_tracing():
        raise refused(name, "looks at numbers, and the function is being compiled: another example may have others")
    return x._data if isinstance(x, Value) else numpy.frompyfunc(data_of, 1, 1)(x.view(numpy.ndarray)).astype(float)


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


def _sort(a: Any, axis: Any = -1, kind: Any = None, order: Any = None, stable: Any = None) -> Any:
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


def _clip(a: Any, a_min: Any = None, a_max: Any = None, out: Any = None, *, min: Any = None, max: Any = None) -> Any:
    low, high = a_min if min is None else min, a_max if max is None else max
    if low is not None:
        a = elementwise(table.maximum, (a, low))
    return into(out, a if high is None else elementwise(table.minimum, (a, high)))


def _where(condition: Any, *branches: Any) -> Any:
    if len(branches) != 2:
        return numpy.nonzero(condition)
    asked = objects(condition)
    return elementwise(
        lambda c, a, b: table.where(c, a, b) if isinstance(c, Value) else a if c else b, (asked, *branches)
    )


def _select(condlist: Any, choicelist: Any, default: Any = 0.0) -> Any:
    chosen = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        chosen = _where(condition, choice, chosen)
    return chosen


def _dot(a: Any, b: Any, out: Any = None) -> Any:
    if not (numpy.ndim(a) and numpy.ndim(b)):
        return into(out, elementwise(table.mul, (a, b)))
    return into(out, contracted(a, b))


def _inner(a: Any, b: Any) -> Any:
    return _dot(a, numpy.moveaxis(objects(b), -1, -2) if numpy.ndim(b) > 1 else b)


def _outer(a: Any, b: Any, out: Any = None) -> Any:
    return into(out, elementwise(table.mul, (objects(a).reshape(-1, 1), objects(b).reshape(1, -1))))


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


def _nan_to_num(x: Any, copy: bool = True, nan: float = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    result = _where(apply_ufunc(numpy.isnan, "__call__", (x,), {}), nan, x)
    largest = numpy.finfo(float).max
    for infinity, limit, wanted in ((numpy.inf, largest, posinf), (-numpy.inf, -largest, neginf)):
        is_it = elementwise(table.equal, (x, infinity))
        result = _where(is_it, limit if wanted is None else wanted, result)
    return into(None if copy else x, result)


def _cov(m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: Any = None) -> Any:
    """The covariances of the rows of m."""
    if y is not None:
        raise refused("cov(y=)")
    lines = numpy.atleast_2d(objects(m))
    lines = lines if rowvar or len(lines) == 1 else lines.T
    off = elementwise(table.sub, (lines, folded(functions.mean, lines, 1, True)))
    n = lines.shape[1] - ((0 if bias else 1) if ddof is None else ddof)
    return elementwise(table.div, (contracted(off, objects(off).T), float(n))).squeeze()


def _apply_along_axis(f: Any, axis: int, arr: Any, *arguments: Any, **keywords: Any) -> Any:
    array, kept, _ = lanes(arr, axis)
    parts = [
        numpy.asarray(f(wrapped(array[place]), *arguments, **keywords)) for place in numpy.ndindex(array.shape[:-1])
    ]
    result = numpy.empty((len(parts), *parts[0].shape), object)
    for k, part in enumerate(parts):
        result[k] = part
    result = result.reshape(array.shape[:-1] + parts[0].shape)
    places = range(len(kept), result.ndim)
    return wrapped(numpy.moveaxis(result, places, [axis % numpy.ndim(arr) + i for i in range(len(places))]))


def _amount(xs: list[Any]) -> Any:
    return table.sub(FOLDS["maximum"](xs), FOLDS["minimum"](xs))


_LARGEST, _SMALLEST = (_without_dtype(_folding(FOLDS[name], name)) for name in ("maximum", "minimum"))

RULES: dict[str, Callable[..., Any]] = {
    "sum": _folding(functions.sum, "sum"), "prod": _folding(FOLDS["multiply"], "prod"),
    "mean": _folding(functions.mean, "mean"), "average": _average, "cov": _cov,
    "var": _variance_of("var", lambda v: v), "std": _variance_of("std", lambda v: table.sqrt(v)),
    "max": _LARGEST, "amax": _LARGEST, "min": _SMALLEST, "amin": _SMALLEST,
    "ptp": _without_dtype(_folding(_amount, "ptp")), "median": _without_dtype(_folding(_median, "median")),
    "cumsum": _running(table.add, "cumsum"), "cumprod": _running(table.mul, "cumprod"), "sort": _sort,
    "clip": _clip, "where": _where, "select": _select, "nan_to_num": _nan_to_num,
    "sinc": lambda x: elementwise(find("sinc"), (x,)),
    "dot": _dot, "inner": _inner, "vdot": lambda a, b: _dot(objects(a).ravel(), objects(b).ravel()),
    "outer": _outer, "linalg.outer": _outer, "linalg.norm": _norm,
    "linalg.vector_norm": lambda x, *, axis=None, ord=2, keepdims=False: folded(
        lambda xs: _length(xs, ord), x, axis, keepdims
    ),
    "apply_along_axis": _apply_along_axis, "real": lambda x: x, "real_if_close": lambda x: x,
}  # fmt: skip


def _array_function(self: ValueArray, function: Any, types: Any, arguments: Any, keywords: Any) -> Any:
    return apply_function(function, arguments, keywords)


def _method(name: str) -> Any:
    function = getattr(numpy, name)

    def method(self: ValueArray, *arguments: Any, **keywords: Any) -> Any:
        return apply_function(function, (self, *arguments), keywords)

    method.__name__, method.__qualname__, method.__doc__ = name, f"ValueArray.{name}", f"As numpy.{name}."
    return method


def _sort_in_place(self: ValueArray, *arguments: Any, **keywords: Any) -> None:
    """As numpy.sort, in place."""
    self[...] = _sort(self, *arguments, **keywords)


for _name in (
    "sum", "prod", "mean", "var", "std", "max", "min", "ptp", "cumsum", "cumprod", "clip", "dot", "all", "any",
    "argmax", "argmin", "argsort", "argpartition", "partition", "nonzero", "searchsorted", "round",
):  # fmt: skip
    setattr(ValueArray, _name, _method(_name))
for _name, _function in (("sort", _sort_in_place), ("__array_function__", _array_function)):
    setattr(ValueArray, _name, _function)
