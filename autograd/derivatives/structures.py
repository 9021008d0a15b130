"""Arguments and results that hold many numbers: nested lists, tuples, dicts and numpy arrays, taken apart and rebuilt.

A structure is its own template. `leaves(x)` lists the numbers in it from left to right, and `rebuild(x, new)` walks it
again with other leaves in their place, so nothing about its shape has to be written down in between. An array is built
again as an array: of floats, or of Values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from autograd.core.arrays import array_of
from autograd.core.number import number
from autograd.core.value import Value
from autograd.core.words import counted
from autograd.derivatives.pattern import Sparse


def leaves(x: Any, where: str) -> list[Any]:
    """The numbers (as floats) and Values of x, in order. TypeError naming `where` and the place for anything else."""
    found: list[Any] = []
    _collect(x, where, found)
    return found


def _collect(x: Any, where: str, found: list[Any]) -> None:
    if x.__class__ is float or isinstance(x, Value):
        found.append(x)
    elif isinstance(x, list) and _are_floats(x):
        found += x
    elif isinstance(x, list | tuple):
        for i, item in enumerate(x):
            _collect(item, f"{where}[{i}]", found)
    elif isinstance(x, dict):
        for key, item in x.items():
            _collect(item, f"{where}[{key!r}]", found)
    elif (is_array(x) and x.dtype.kind in "biufO") or _holds_one(x):
        _collect(x.tolist(), where, found)
    elif isinstance(x, Sparse):
        _collect(x.data, where, found)
    else:
        found.append(number(x, where, "what holds several numbers is a list, a tuple, a dict or an array"))


def places(x: Any, name: str) -> list[str]:
    """How to write each number of x, in order: name[0]['w']."""
    if isinstance(x, Value):
        return [name]
    if is_array(x):
        return places(x.tolist(), name)
    if isinstance(x, dict):
        return [place for key, item in x.items() for place in places(item, f"{name}[{key!r}]")]
    if isinstance(x, list | tuple):
        return [place for i, item in enumerate(x) for place in places(item, f"{name}[{i}]")]
    return [name]


def rebuild(template: Any, new: Iterable[Any], arrays: bool = True) -> Any:
    """The template with `new` leaves, in order. An array becomes an array again, or nested lists if not `arrays`."""
    return _rebuild(template, iter(new), arrays)


def rebuilt(template: Any, several: Iterable[list[Any]]) -> list[Any]:
    """`rebuild` with each of several lists of leaves, which may become part of the result."""
    if template.__class__ is list and _are_floats(template):
        return [*several]
    return [rebuild(template, new) for new in several]


def _rebuild(x: Any, new: Iterator[Any], arrays: bool) -> Any:
    if x.__class__ is float or x.__class__ is Value:
        return next(new)
    if isinstance(x, list):
        if _are_floats(x):
            return list(islice(new, len(x)))
        return [_rebuild(item, new, arrays) for item in x]
    if isinstance(x, tuple):
        items = [_rebuild(item, new, arrays) for item in x]
        return type(x)(*items) if hasattr(x, "_fields") else tuple(items)
    if isinstance(x, dict):
        copy = x.copy()
        for key, item in x.items():
            copy[key] = _rebuild(item, new, arrays)
        return copy
    if is_array(x):
        nested = _rebuild(x.tolist(), new, arrays)
        return array_of(leaves(nested, "array"), x.shape) if arrays else nested
    if isinstance(x, Sparse):
        return Sparse(x.pattern, [next(new) for _ in x.data])
    return next(new)


def _are_floats(x: list[Any] | tuple[Any, ...]) -> bool:
    return {*map(type, x)} <= {float}


def is_array(x: Any) -> bool:
    return getattr(x, "shape", ()) != () and hasattr(x, "tolist") and hasattr(getattr(x, "dtype", None), "kind")


def _holds_one(x: Any) -> bool:
    """Whether x is an object array without axes, as x[..., 0] is."""
    return getattr(x, "shape", None) == () and getattr(getattr(x, "dtype", None), "kind", "") == "O"


def is_one_number(x: Any) -> bool:
    """A number, or an array that holds just one: what may stand where one number is due."""
    return x.size == 1 if is_array(x) else not isinstance(x, list | tuple | dict | Sparse)


def holds_value(x: Any) -> bool:
    """Whether a Value is anywhere in x."""
    if isinstance(x, Value):
        return True
    if isinstance(x, list | tuple):
        return not _are_floats(x) and any(map(holds_value, x))
    if isinstance(x, dict):
        return any(map(holds_value, x.values()))
    if isinstance(x, Sparse):
        return any(map(holds_value, x.data))
    return ((is_array(x) and x.dtype.kind == "O") or _holds_one(x)) and holds_value(x.tolist())


def rectangle(nested: Any) -> tuple[int, ...] | None:
    """The shape of nested lists (or tuples, or arrays) that an array could hold; None if they are ragged or a dict."""
    if is_array(nested):
        return tuple(nested.shape)
    if isinstance(nested, dict | Sparse):
        return None
    if not isinstance(nested, list | tuple):
        return ()
    shapes = {()} if _are_floats(nested) and nested else {rectangle(item) for item in nested}
    inner = shapes.pop() if shapes else ()
    return None if shapes or inner is None else (len(nested), *inner)


def matching(x: Any, name: str, template: Any, template_name: str) -> list[Any]:
    """The leaves of x, which must be shaped like the template; a list, a tuple and an array of one length are alike.

    ValueError naming the first place where they differ."""
    if (difference := _difference(name, x, template_name, template)) is not None:
        raise ValueError(difference)
    return leaves(_in_order_of(template, x), name)


def _in_order_of(template: Any, x: Any) -> Any:
    """x with its dicts in the template's order of keys."""
    if isinstance(template, dict):
        return {key: _in_order_of(item, x[key]) for key, item in template.items()}
    if isinstance(template, list | tuple):
        return [_in_order_of(a, b) for a, b in zip(template, x, strict=True)]
    return x


def _difference(name: str, x: Any, template_name: str, template: Any) -> str | None:
    """What the first difference in shape is, in words."""
    x, template = (v.tolist() if is_array(v) else v.data if isinstance(v, Sparse) else v for v in (x, template))
    kind, wanted = _kind(x), _kind(template)
    if kind != wanted:
        return f"{name} is a {kind} where {template_name} is a {wanted}"
    if kind == "number":
        return None
    if kind == "dict":
        for key in [*template, *x]:
            if (key in x) != (key in template):
                return f"{name} {'has no' if key in template else 'has a'} key {key!r}, unlike {template_name}"
        items = [(key, x[key], template[key]) for key in template]
    else:
        if len(x) != len(template):
            return f"{name} has {counted(len(x), 'element')} where {template_name} has {len(template)}"
        items = list(zip(range(len(x)), x, template, strict=True))
    differences = (_difference(f"{name}[{key!r}]", a, f"{template_name}[{key!r}]", b) for key, a, b in items)
    return next((d for d in differences if d is not None), None)


def _kind(x: Any) -> str:
    return "list" if isinstance(x, list | tuple) else "dict" if isinstance(x, dict) else "number"
