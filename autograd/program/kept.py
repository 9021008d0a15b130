"""What the step of a loop keeps beside its state: what it finds at one call is not what it found at the one before.

The idea: the places that a step reaches are those of its closure and the globals that it names, and the items and
attributes there, nearest first. One call of it stands for all in a program, so a place that it changes at every call, a
count or a list that grows, would hold what two calls leave there.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from autograd.core.value import Value

MOST = 256  # places
LARGEST = 1024  # numbers of an array
OURS = {"autograd", "nn", "numpy", *sys.stdlib_module_names} - {"__main__"}

Held = list[tuple[str, list[tuple[str, Any]]]]  # by its name, what is there, by names


def held_by(step: Callable[..., Any]) -> Held:
    """What the places hold now that a function reaches."""
    found, seen, left = Held(), dict[int, Any](), MOST
    queue = deque[tuple[str, Any]]([("", step)])
    while queue and left > 0:
        name, x = queue.popleft()
        if id(x) not in seen:
            seen[id(x)] = x
            parts = [*islice(_parts(name, x), left)]
            left -= len(parts)
            found.append((name, parts))
            queue += parts
    return found


def refuse_kept(name: str, held: Held, now: Held) -> None:
    """TypeError where a place has changed: but for Values, which a use outside of the loop would show."""
    for (holder, before), (_, after) in zip(held, now, strict=False):
        others = [place for (place, a), (_, b) in zip(before, after, strict=False) if not _same(a, b)]
        if others or len(before) != len(after):
            place = (others or [holder])[0]
            raise TypeError(
                f"{name}: the step changes {place or 'what it finds around it'} at every call; compiled, one call "
                "stands for all steps: let it give that back, in the state or beside it, scan(step, state, xs)"
            )


def _same(a: Any, b: Any) -> bool:
    plain = isinstance(a, float | int | str | bytes) and type(a) is type(b) and (a == b or a != a)
    return a is b or plain or (isinstance(a, Value) and isinstance(b, Value))


def _parts(name: str, x: Any) -> Iterator[tuple[str, Any]]:
    """What is in x, by name."""
    if isinstance(x, FunctionType):
        for cell, variable in zip(x.__closure__ or (), x.__code__.co_freevars, strict=True):
            try:
                yield variable, cell.cell_contents
            except ValueError:  # empty
                pass
        arguments, defaults = x.__code__.co_varnames[: x.__code__.co_argcount], x.__defaults__ or ()
        yield from zip(arguments[len(arguments) - len(defaults) :], defaults, strict=True)
        yield from (x.__kwdefaults__ or {}).items()
        if not _is_ours(x.__globals__.get("__name__")):
            for variable in dict.fromkeys(_names(x.__code__)):
                if variable in x.__globals__:
                    yield variable, x.__globals__[variable]
    elif isinstance(x, MethodType):
        yield from ((name, x.__func__), (name, x.__self__))
    elif isinstance(x, partial):
        yield from ((name, part) for part in (x.func, *x.args, *x.keywords.values()))
    elif isinstance(x, list | tuple | set | frozenset | deque):
        yield from ((name, item) for item in x)
    elif isinstance(x, dict):
        yield from ((name, item) for item in x.values())
    elif hasattr(x, "tobytes") and hasattr(x, "dtype"):
        if x.dtype.kind == "O":
            yield from ((name, item) for item in x.ravel().tolist())
        elif x.size <= LARGEST:
            yield name, x.tobytes()
    elif not isinstance(x, Value | ModuleType | type) and not _is_ours(type(x).__module__):
        yield from getattr(x, "__dict__", {}).items()


def _is_ours(module: Any) -> bool:
    return str(module).partition(".")[0] in OURS


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
