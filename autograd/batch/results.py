"""The results of a compiled call in the structure that the function returned: see `structures`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from autograd.derivatives.structures import is_array, leaves, rebuild, rectangle


def stacked(template: Any, results: Iterator[Any]) -> Any:
    """The template with an array over the examples for each leaf. Rectangular lists, which are what the axes of arrays
    became, are axes again; tuples and dicts stay."""
    if isinstance(template, tuple):
        return tuple([stacked(item, results) for item in template])
    if isinstance(template, dict):
        return {key: stacked(item, results) for key, item in template.items()}
    if not (isinstance(template, list) or is_array(template)):
        return next(results)
    shape = _rectangle(template)
    if shape is None or not all(shape):
        return [stacked(item, results) for item in template]
    try:
        import numpy as np
    except ImportError:
        columns = [next(results) for _ in leaves(template, "result")]
        return [rebuild(template, example) for example in zip(*columns, strict=True)]
    return np.stack([next(results) for _ in range(int(np.prod(shape)))], axis=-1).reshape(-1, *shape)


def _rectangle(template: Any) -> tuple[int, ...] | None:
    return None if _holds(template, tuple | dict) else rectangle(template)


def _holds(x: Any, kind: Any) -> bool:
    return isinstance(x, kind) or (isinstance(x, list) and any(_holds(item, kind) for item in x))


def speller(template: Any) -> Callable[[Sequence[str]], str]:
    """From the names of the leaves to the structure as a Python expression."""
    return lambda names: _spelled(template, iter(names))


def _spelled(template: Any, names: Iterator[str]) -> str:
    if is_array(template):
        template = template.tolist()
    if isinstance(template, dict):
        return "{" + ", ".join([f"{key!r}: {_spelled(item, names)}" for key, item in template.items()]) + "}"
    if not isinstance(template, list | tuple):
        return next(names)
    items = ", ".join([_spelled(item, names) for item in template])
    if isinstance(template, list):
        return f"[{items}]"
    return f"({items},)" if len(template) == 1 else f"({items})"
