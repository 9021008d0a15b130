"""Numpy's functions of whole arrays, where a Value or an array of them is among the operands.

Each is in one of the groups below or is refused by name: no function does to Values what it happens to do to objects.
PLAIN ones move elements, or add and multiply them: numpy's own code is right. READING ones answer questions about the
numbers, outside of traces. `RULES` has the rest: elementwise functions, products, and the `reductions`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

from autograd.core import primitives as table
from autograd.core.arrays.elements import (
    ValueArray,
    apply_ufunc,
    contracted,
    elementwise,
    inside,
    into,
    lanes,
    numbers_of,
    objects,
    refused,
    wrapped,
)
from autograd.core.arrays.reductions import REDUCTIONS, sort
from autograd.core.columns import find
from autograd.core.value import Value

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
    return inside(_plain, x)


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


def _nan_to_num(x: Any, copy: bool = True, nan: float = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    result = _where(apply_ufunc(numpy.isnan, "__call__", (x,), {}), nan, x)
    largest = numpy.finfo(float).max
    for infinity, limit, wanted in ((numpy.inf, largest, posinf), (-numpy.inf, -largest, neginf)):
        is_it = elementwise(table.equal, (x, infinity))
        result = _where(is_it, limit if wanted is None else wanted, result)
    return into(None if copy else x, result)


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


RULES: dict[str, Callable[..., Any]] = {
    **REDUCTIONS,
    "clip": _clip, "where": _where, "select": _select, "nan_to_num": _nan_to_num,
    "sinc": lambda x: elementwise(find("sinc"), (x,)),
    "dot": _dot, "inner": _inner, "vdot": lambda a, b: _dot(objects(a).ravel(), objects(b).ravel()),
    "outer": _outer, "linalg.outer": _outer,
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
    self[...] = sort(self, *arguments, **keywords)


for _name in (
    "sum", "prod", "mean", "var", "std", "max", "min", "ptp", "cumsum", "cumprod", "clip", "dot", "all", "any",
    "argmax", "argmin", "argsort", "argpartition", "partition", "nonzero", "searchsorted", "round",
):  # fmt: skip
    setattr(ValueArray, _name, _method(_name))
for _name, _function in (("sort", _sort_in_place), ("__array_function__", _array_function)):
    setattr(ValueArray, _name, _function)
