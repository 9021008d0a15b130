"""Numpy beside Values: its protocol, bound onto Value. Numpy itself loads when it asks, or when an array is made.

`ufuncs` says what a function of numpy's does to one element, `elements` does it to all of an array, `reductions` to
what lies along its axes, and `whole` knows all functions of arrays; what none of them knows is refused by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from autograd.core.arrays.ufuncs import METHODS, OTHERS
from autograd.core.value import Value, bind


def array_of(numbers: Iterable[Any], shape: tuple[int, ...]) -> Any:
    """Numbers and Values in an array: of floats, or a ValueArray where a Value is among them."""
    import numpy

    flat = list(numbers)
    if not any([isinstance(x, Value) for x in flat]):
        return numpy.array(flat, float).reshape(shape)
    from autograd.core.arrays.whole import ValueArray

    array = numpy.empty(len(flat), object)
    array[:] = flat
    return array.reshape(shape).view(ValueArray)


def _array_ufunc(self: Value, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
    """np.exp(v), np.float64(2) * v, np.array([1., 2.]) * v: the same rows, element by element."""
    from autograd.core.arrays.whole import apply_ufunc

    return apply_ufunc(ufunc, method, inputs, options)


def _array_function(self: Value, function: Any, types: Any, arguments: Any, keywords: Any) -> Any:
    """np.where(v > 0, v, 0), np.stack([v, w]) and the like."""
    from autograd.core.arrays.whole import apply_function

    return apply_function(function, arguments, keywords)


def _method(name: str, rule: Callable[..., Any]) -> Any:
    def method(self: Value, *operands: Any) -> Any:
        return rule(self, *operands)

    method.__name__, method.__qualname__, method.__doc__ = name, f"Value.{name}", f"As numpy.{name} of the Value."
    return method


bind(__array_ufunc__=_array_ufunc, __array_function__=_array_function)
bind(**{name: _method(name, OTHERS[name]) for name in METHODS if not hasattr(Value, name)})
