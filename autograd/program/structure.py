"""Results as flat lists: what nested lists, tuples and dicts a function returned, and how to build them again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from autograd.ieee import number
from autograd.value import Value


class Structure:
    """The shape of a result: a leaf (kind None), or a list, tuple or dict of structures."""

    def __init__(self, kind: type | None, parts: Sequence[Structure] = (), keys: Sequence[Any] = ()) -> None:
        self.kind, self.parts, self.keys = kind, parts, keys

    def shape(self) -> tuple[int, ...] | None:
        """() for a leaf, the lengths of rectangular nested lists, else None."""
        if self.kind is None:
            return ()
        shapes = {part.shape() for part in self.parts}
        if self.kind is not list or len(shapes) != 1 or None in shapes:
            return None
        return (len(self.parts), *shapes.pop())  # type: ignore[misc]

    def build(self, leaves: Iterator[Any]) -> Any:
        """The structure with these leaves."""
        if self.kind is None:
            return next(leaves)
        parts = [part.build(leaves) for part in self.parts]
        return dict(zip(self.keys, parts, strict=True)) if self.kind is dict else self.kind(parts)

    def build_arrays(self, leaves: Iterator[Any]) -> Any:
        """The same with an array over the examples at each leaf: rectangular lists become further axes."""
        import numpy as np

        shape = self.shape()
        if shape is not None and shape:
            count = int(np.prod(shape))
            return np.stack([next(leaves) for _ in range(count)], axis=-1).reshape(-1, *shape)
        if self.kind is None:
            return next(leaves)
        parts = [part.build_arrays(leaves) for part in self.parts]
        return dict(zip(self.keys, parts, strict=True)) if self.kind is dict else self.kind(parts)

    def spell(self, names: Iterator[str]) -> str:
        """The structure as a Python expression."""
        if self.kind is None:
            return next(names)
        parts = [part.spell(names) for part in self.parts]
        if self.kind is dict:
            return "{" + ", ".join(f"{key!r}: {part}" for key, part in zip(self.keys, parts, strict=True)) + "}"
        if self.kind is list:
            return f"[{', '.join(parts)}]"
        return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"


def flatten(result: Any, function: str) -> tuple[list[Value | float], Structure]:
    """The numbers of a result, left to right, and its structure."""
    leaves: list[Value | float] = []
    return leaves, _structure(result, leaves, function)


def _structure(result: Any, leaves: list[Value | float], function: str) -> Structure:
    if isinstance(result, Value):
        leaves.append(result)
        return Structure(None)
    if hasattr(result, "tolist") and getattr(result, "shape", ()) != ():
        result = result.tolist()
    if isinstance(result, list | tuple):
        return Structure(
            list if isinstance(result, list) else tuple, [_structure(part, leaves, function) for part in result]
        )
    if isinstance(result, dict):
        return Structure(dict, [_structure(part, leaves, function) for part in result.values()], list(result))
    leaves.append(number(result, f"the result of {function}"))
    return Structure(None)
