"""An object array of Values, and what numpy's elementwise functions (its ufuncs) do to one: rows, element by element.

A function that is given an array sees one of these. They stay what they are through indexing, arithmetic and numpy's
functions, so that every one of those comes here and is right or refused; an object array that numpy makes itself,
np.array([v, w]), asks its elements instead, and becomes one of these where it meets one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy

from autograd.core import functions, modes
from autograd.core import primitives as table
from autograd.core.arrays.ufuncs import rule_of
from autograd.core.columns import listed
from autograd.core.number import number
from autograd.core.primitives import Primitive
from autograd.core.value import Value, data_of, said


class ValueArray(numpy.ndarray):
    """An object array of Values and floats. == and its like compare numbers, element by element."""

    __array_priority__ = 100.0

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        return apply_ufunc(ufunc, method, inputs, options)

    def _apply(self, row: Primitive, *operands: Any) -> Any:
        """How a row that is called on arrays, sigmoid(x), comes here."""
        return elementwise(row, operands)

    def __getitem__(self, index: Any) -> Any:
        try:
            return super().__getitem__(index)
        except IndexError:
            _refuse_values(index)
            raise

    def __setitem__(self, index: Any, x: Any) -> None:
        try:
            super().__setitem__(index, x)
        except IndexError:
            _refuse_values(index)
            raise


def _refuse_values(index: Any) -> None:
    for part in index if isinstance(index, tuple) else (index,):
        if isinstance(part, Value) or any([isinstance(x, Value) for x in numpy.asarray(part, object).ravel()]):
            raise TypeError(
                "an index is whole numbers or bools, got a Value; a comparison in a function that is being compiled is "
                "one, as another example may have another answer: write np.where(condition, a, b)"
            ) from None


def refused(name: str, why: str = "is not known for arrays of Values") -> TypeError:
    if name in ("linalg.solve", "linalg.inv"):
        return TypeError(f"np.{name} {why}; write it with autograd.solve(A, b)")
    return TypeError(
        f"np.{name} {why}; write it with operators and functions that are (np.sum, np.where, np.dot, np.exp, …), "
        "or compute it outside of the function where it does not depend on the arguments"
    )


def objects(x: Any, where: str = "array") -> Any:
    """x as a plain object array of floats and Values."""
    array = numpy.asarray(x)
    if array.dtype.kind == "O":
        return array
    if array.dtype.kind not in "biuf":
        number(x, where)  # says what is wrong with it
    return array.astype(float).astype(object)


def wrapped(result: Any) -> Any:
    """A result of numpy's as it goes on: object arrays are ValueArrays again."""
    if isinstance(result, numpy.ndarray) and result.dtype.kind == "O":
        return result.view(ValueArray)
    if type(result) in (list, tuple):
        return type(result)(map(wrapped, result))
    return result


def inside(change: Callable[[Any], Any], x: Any) -> Any:
    if type(x) in (list, tuple):
        return type(x)(map(change, x))
    return {key: change(item) for key, item in x.items()} if type(x) is dict else x


def numbers_of(x: Any, name: str) -> Any:
    """With numbers for Values. TypeError in a trace, where other examples have others."""
    if not isinstance(x, ValueArray | Value):
        return inside(lambda item: numbers_of(item, name), x)
    if modes.active and modes.is_tracing():
        raise refused(name, "looks at numbers, and the function is being compiled: another example may have others")
    return x._data if isinstance(x, Value) else numpy.frompyfunc(data_of, 1, 1)(x.view(numpy.ndarray)).astype(float)


def elementwise(rule: Callable[..., Any], operands: Sequence[Any], where: str = "array", **options: Any) -> Any:
    """A function of numbers, of every element; bools, if it answers questions."""
    result = numpy.frompyfunc(rule, len(operands), 1)(*[objects(x, where) for x in operands], **options)
    if isinstance(result, numpy.ndarray) and result.size and {*map(type, result.ravel().tolist())} == {bool}:
        return result.astype(bool)
    return wrapped(result)


def apply_ufunc(ufunc: Any, method: str, inputs: Sequence[Any], options: dict[str, Any]) -> Any:
    """How numpy calls an elementwise function with a Value or an array of them among its operands."""
    name = ufunc.__name__
    masked = sys.modules.get("numpy.ma")  # which loads on first use
    if masked is not None and any([isinstance(x, masked.MaskedArray) for x in inputs]):
        if method != "__call__" or options or name in ("maximum", "minimum") or not hasattr(masked, name):
            raise refused(name, "of a masked array is not known for Values")  # the two choose by an `if`
        return getattr(masked, name)(*inputs)
    out = (options.pop("out", None) or (None,))[0]
    check_dtype(name, options.pop("dtype", None))
    where = f"{name}({', '.join(map(said, inputs))})"
    if name in ("matmul", "vecdot", "matvec", "vecmat") and method == "__call__" and not options:
        return into(out, (products if name == "matmul" else _contracted(name))(*inputs))
    rule = rule_of(name)
    if rule is None:
        raise refused(name)
    if method == "__call__":
        options.pop("casting", None)
        return into(out, elementwise(rule, inputs, where, **options))
    if method == "reduce" and name in FOLDS:
        return into(out, folded(FOLDS[name], *inputs, **{"axis": 0, **options}))
    plain = [objects(x) if i == 0 or method == "outer" else x for i, x in enumerate(inputs)]
    if method == "at":  # in place
        plain = [inputs[0].view(numpy.ndarray), inputs[1], *map(objects, inputs[2:])]
    return into(out, wrapped(getattr(numpy.frompyfunc(rule, ufunc.nin, 1), method)(*plain, **options)))


def check_dtype(name: str, dtype: Any) -> None:
    if dtype is not None and numpy.dtype(dtype) not in (numpy.dtype(float), numpy.dtype(object)):
        raise refused(name, f"computes in doubles, not in {numpy.dtype(dtype)}")


def into(out: Any, result: Any) -> Any:
    """The result, or the array given for it. TypeError from the Value where that is of floats."""
    if out is None:
        return result
    out[...] = result
    return out


def lanes(x: Any, axis: Any) -> tuple[Any, list[int], list[int]]:
    """x with the given axes (None: all) made one, the last; the axes that stay, and those."""
    array = objects(x)
    chosen = range(array.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    for a in chosen:
        if not -array.ndim <= a < array.ndim:
            raise numpy.exceptions.AxisError(a, array.ndim)
    gone = sorted({a % array.ndim for a in chosen})
    kept = [a for a in range(array.ndim) if a not in gone]
    count = 1
    for a in gone:
        count *= array.shape[a]
    return array.transpose(kept + gone).reshape(*[array.shape[a] for a in kept], count), kept, gone


def folded(
    f: Callable[[list[Any]], Any],
    x: Any,
    axis: Any = None,
    keepdims: Any = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """f of the list of elements along the axes, for each place on the others."""
    array, _, gone = lanes(x, axis)
    asked = None if where is True else lanes(numpy.broadcast_to(where, numpy.shape(x)), axis)[0]
    result = numpy.empty(array.shape[:-1], object)
    for place in numpy.ndindex(result.shape):
        elements = array[place].tolist()
        if asked is not None:
            elements = [e for e, is_asked in zip(elements, asked[place].tolist(), strict=True) if is_asked]
        result[place] = f(elements if initial is None or initial is numpy._NoValue else [initial, *elements])
    if keepdims is True:
        result = numpy.expand_dims(result, tuple(gone))
    return wrapped(result) if result.ndim else result[()]


def product(xs: list[Any]) -> Any:
    return reduce(table.mul, xs, 1.0) if not xs else reduce(table.mul, xs)


def largest(xs: list[Any]) -> Any:
    if not xs:
        raise ValueError("np.max of no numbers: give at least one, or initial=")
    return xs[0] if len(xs) == 1 else table.largest(*xs)


def smallest(xs: list[Any]) -> Any:
    if not xs:
        raise ValueError("np.min of no numbers: give at least one, or initial=")
    return xs[0] if len(xs) == 1 else table.smallest(*xs)


FOLDS: dict[str, Callable[[list[Any]], Any]] = {
    "add": functions.sum, "multiply": product, "maximum": largest, "minimum": smallest,
    "logaddexp": listed(table.logsumexp),
}  # fmt: skip


def contracted(a: Any, b: Any) -> Any:
    """Σₖ a[…, k] b[…, k, j], each sum one dot; the axes of a, then those of b. ValueError when the lengths differ."""
    a, b = objects(a), objects(b)
    columns = b.reshape(-1, 1) if b.ndim == 1 else numpy.moveaxis(b, -2, 0).reshape(b.shape[-2], -1)
    if a.shape[-1] != len(columns):
        raise ValueError(f"np.dot: shapes {a.shape} and {b.shape} do not fit: {a.shape[-1]} against {len(columns)}")
    lines = a.reshape(-1, a.shape[-1]).tolist()
    result = numpy.empty((len(lines), columns.shape[1]), object)
    for j, column in enumerate(columns.T.tolist()):
        for i, line in enumerate(lines):
            result[i, j] = functions.dot(line, column)
    shape = a.shape[:-1] + (() if b.ndim == 1 else b.shape[:-2] + b.shape[-1:])
    return wrapped(result.reshape(shape)) if shape else result[0, 0]


def products(a: Any, b: Any) -> Any:
    """a @ b: matrix products, over the axes before the last two."""
    a, b = objects(a), objects(b)
    if not (a.ndim and b.ndim):
        raise ValueError("np.matmul: an operand is a number; write a * b")
    if b.ndim <= 2:
        return contracted(a, b)
    batch = numpy.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    a = numpy.broadcast_to(a, batch + a.shape[-2:]) if a.ndim > 1 else a
    b = numpy.broadcast_to(b, batch + b.shape[-2:])
    parts = [contracted(a if a.ndim == 1 else a[place], b[place]) for place in numpy.ndindex(batch)]
    result = numpy.empty((len(parts), *numpy.shape(parts[0])), object) if parts else numpy.empty((0,), object)
    for k, part in enumerate(parts):
        result[k] = part
    return wrapped(result.reshape(batch + result.shape[1:]))


def _contracted(name: str) -> Callable[..., Any]:
    """The products of numpy 2 that name their operands' kinds."""
    if name == "vecdot":
        return lambda a, b: folded(functions.sum, elementwise(table.mul, (a, b)), axis=-1)
    if name == "matvec":
        return lambda a, b: products(a, objects(b)[..., None])[..., 0]
    return lambda a, b: products(objects(a)[..., None, :], b)[..., 0, :]
