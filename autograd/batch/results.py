"""The results of a compiled call in the structure that the function returned: see `structures`."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Any, NamedTuple

from autograd.derivatives.pattern import Sparse, SparseBatch
from autograd.derivatives.structures import is_array, rebuild, rectangle
from autograd.native.plans import Leaf
from autograd.native.words import A_FLOAT, AN_ARRAY, LEAF


class Part(NamedTuple):
    """Results that become one array: numbers begin to end of all results, an example's share in this shape."""

    begin: int
    end: int
    shape: tuple[int, ...]


def layout(template: Any) -> Any:
    """The template with `Part` for what becomes an array. Rectangular lists, which are what the axes of arrays became,
    are axes again; tuples, dicts and ragged lists stay. It is found once: a call then costs nothing for each number."""
    return _layout(template, count())


def _layout(template: Any, number: Iterator[int]) -> Any:
    if isinstance(template, tuple):
        return _of_kind(template, [_layout(item, number) for item in template])
    if isinstance(template, dict):
        return {key: _layout(item, number) for key, item in template.items()}
    if isinstance(template, Sparse):
        numbers = [next(number) for _ in template.data] or [0]
        return Sparse(template.pattern, [Part(numbers[0], numbers[0] + template.pattern.nnz, ())])
    if not isinstance(template, list):
        i = next(number)
        return Part(i, i + 1, ())
    shape = _rectangle(template)
    if shape is None or not all(shape):
        return [_layout(item, number) for item in template]
    numbers = [next(number) for _ in range(math.prod(shape))]
    return Part(numbers[0], numbers[-1] + 1, shape)


def stacked(layout: Any, each: Any) -> Any:
    """What the function returned, with an array over the examples for each of the layout's `Part`; `each` holds the
    results, (results, n) doubles, of which the arrays are views. Without numpy, lists."""
    if isinstance(layout, Part):
        begin, end, shape = layout
        if not shape:
            return each[begin]
        if isinstance(each, list):
            return [_nested(list(example), shape) for example in zip(*each[begin:end], strict=True)]
        return each[begin:end].T.reshape(-1, *shape)
    if isinstance(layout, Sparse):
        begin, end, _ = layout.data[0]
        numbers = each[begin:end]
        data = [*map(list, zip(*numbers, strict=True))] if isinstance(each, list) else numbers.T
        return SparseBatch(layout.pattern, data)
    if isinstance(layout, dict):
        return {key: stacked(item, each) for key, item in layout.items()}
    return _of_kind(layout, [stacked(item, each) for item in layout])


def _of_kind(x: Any, items: list[Any]) -> Any:
    """A list, a tuple or a named one, as x is, of these."""
    return type(x)(*items) if hasattr(x, "_fields") else type(x)(items)


def single(template: Any, numbers: Sequence[float]) -> Any:
    """What the function returned of plain numbers: these, in its structure."""
    return _finished(rebuild(template, numbers))


def _finished(x: Any) -> Any:
    """With matrices of scipy for sparse ones, which they are wherever they hold numbers."""
    if isinstance(x, Sparse):
        return x.pattern.csr(x.data)
    if isinstance(x, dict):
        return {key: _finished(item) for key, item in x.items()}
    if isinstance(x, list | tuple) and any(map(_holds_sparse, x)):
        return _of_kind(x, [_finished(item) for item in x])
    return x


def _holds_sparse(x: Any) -> bool:
    return isinstance(x, Sparse | dict) or (isinstance(x, list | tuple) and any(map(_holds_sparse, x)))


def recipe(template: Any, layout: Any) -> tuple[list[Leaf], list[int]] | None:
    """The same for machine code: what is to be made, and the tuples and lists around it; None where there is more than
    those. `layout` None: of one example, whose numbers are floats."""
    leaves: list[Leaf] = []
    steps: list[int] = []
    known = _add_steps(template if layout is None else layout, leaves, steps)
    return (leaves, steps) if known else None


def _add_steps(x: Any, leaves: list[Leaf], steps: list[int]) -> bool:
    if isinstance(x, Sparse):
        return False
    if isinstance(x, Part) or not isinstance(x, tuple | list | dict):
        steps.append(LEAF)
        whole = isinstance(x, Part)
        leaves.append(Leaf(AN_ARRAY, x.begin, x.end - x.begin, x.shape) if whole else Leaf(A_FLOAT, len(leaves)))
        return not is_array(x)
    if isinstance(x, dict) or hasattr(x, "_fields") or not x:
        return False
    known = all([_add_steps(item, leaves, steps) for item in x])
    steps.append(2 * len(x) + isinstance(x, list))
    return known


def _nested(numbers: list[float], shape: tuple[int, ...]) -> list[Any]:
    if len(shape) == 1:
        return numbers
    size = len(numbers) // shape[0]
    return [_nested(numbers[i * size : (i + 1) * size], shape[1:]) for i in range(shape[0])]


def _rectangle(template: Any) -> tuple[int, ...] | None:
    return None if _holds(template, tuple | dict) else rectangle(template)


def _holds(x: Any, kind: Any) -> bool:
    return isinstance(x, kind) or (isinstance(x, list) and any(_holds(item, kind) for item in x))


def speller(template: Any) -> Callable[..., str]:
    """From the names of the leaves to the structure as an expression of Python, or of JavaScript where that is said."""
    return lambda names, javascript=False: _spelled(template, iter(names), javascript)


def _spelled(template: Any, names: Iterator[str], javascript: bool) -> str:
    if is_array(template):
        template = template.tolist()
    if isinstance(template, Sparse):
        template = template.data
    if isinstance(template, dict):
        word = (lambda key: json.dumps(str(key))) if javascript else repr
        items = [f"{word(key)}: {_spelled(item, names, javascript)}" for key, item in template.items()]
        return "{" + ", ".join(items) + "}"
    if not isinstance(template, list | tuple):
        return next(names)
    items = [_spelled(item, names, javascript) for item in template]
    if isinstance(template, list) or javascript:
        return f"[{', '.join(items)}]"
    return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"
