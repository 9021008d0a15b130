"""What a function could read beside its arguments when it was recorded, and whether that is still what it was.

A program has the coefficients, lists and settings of its surroundings frozen in. So they are remembered as places with
what they held: the cells of closures, the globals that the code names, and the items of lists, dicts, sets, small
arrays and objects from there on, nearest first, `MOST` of them. They are compared by identity, in machine code before a
call that goes straight there, else here. Values are parameters, whose numbers are read at each call. What lies beyond
(deeper than that, in larger arrays, in files, in the state of a random number generator) is frozen.
"""

from __future__ import annotations

import gc
import sys
from array import array
from collections import deque
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from functools import partial
from itertools import islice
from operator import is_
from threading import local
from types import CellType, CodeType, FunctionType, MappingProxyType, MethodType, ModuleType
from typing import Any

from autograd.core.columns import Primitive
from autograd.core.value import Value
from autograd.derivatives.custom import Custom
from autograd.derivatives.matrices import Jacobian
from autograd.derivatives.transforms import Derivative
from autograd.native.objects import slot_place
from autograd.native.plans import Guard

MOST = 256  # places
LARGEST = 1024  # numbers of an array, at most
OURS = {"autograd", "nn", "numpy", *sys.stdlib_module_names} - {"__main__"}
NOTHING = object()  # what an empty place holds
CALLED = "__call__ __get__ __getattr__ __getitem__ __iter__ __len__ __contains__ __bool__ __float__ __enter__".split()


class Surroundings:
    """The places that a function reaches, and what they hold now."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._known: set[tuple[int, Any]] = set()  # names taken, by their dict
        self._cells: list[tuple[CellType, Any]] = []
        self._names: list[tuple[dict[Any, Any], Any, Any]] = []
        self._lists: list[tuple[list[Any], list[Any]]] = []
        self._sizes: list[tuple[dict[Any, Any], int]] = []
        self._others: list[tuple[Any, Any]] = []  # which only Python can compare
        self._arrays: list[tuple[Any, bytes]] = []
        self._slots: list[tuple[Any, str, Any]] = []
        self._functions: list[tuple[FunctionType, tuple[Any, ...]]] = []
        self._left = MOST
        self._called = {"forward", *CALLED}  # names in the code met so far, and what is called without a name
        self._spaces: dict[int, dict[str, Any]] = {}  # of modules and classes: what the code names there counts
        self._seen: dict[int, Any] = {}
        self._queue: deque[Any] = deque([function])
        while self._queue and self._left > 0:
            x = self._queue.popleft()
            if id(x) not in self._seen:
                self._seen[id(x)] = x
                self._look_into(x)
            if not self._queue:  # code that was met later may name more
                for space in self._spaces.values():
                    self._items(space, sorted(self._called & space.keys()))
        self._holders, self._keys, self._contents = ([name[i] for name in self._names] for i in range(3))
        del self._seen, self._queue, self._spaces, self._called, self._known

    def changed(self) -> bool:
        """Whether a place holds something else."""
        return not (
            all([_content(cell) is was for cell, was in self._cells])
            and all(map(is_, map(dict.get, self._holders, self._keys), self._contents))
            and all([len(items) == len(was) and all(map(is_, items, was)) for items, was in self._lists])
            and all([len(holder) == was for holder, was in self._sizes])
            and all([items == was for items, was in self._others])
            and all([array.tobytes() == was for array, was in self._arrays])
            and all([_attribute(holder, name) is was for holder, name, was in self._slots])
            and all([all(map(is_, _parts(f), was)) for f, was in self._functions])
        )

    def guard(self) -> Guard | None:
        """The same for machine code; None where it cannot look."""
        slots = [place for x, name, _ in self._slots if (place := slot_place(x, name)) is not None]
        if self._others or len(slots) < len(self._slots) or any([not _is_plain(array) for array, _ in self._arrays]):
            return None
        if any([type(name) not in (str, int, float) for _, name, _ in self._names]):
            return None
        return Guard(
            self,
            [cell for cell, _ in self._cells],
            [(holder, name) for holder, name, _ in self._names],
            [items for items, _ in self._lists],
            [holder for holder, _ in self._sizes],
            [array for array, _ in self._arrays],
            [f for f, _ in self._functions],
            slots,
        )

    def _look_into(self, x: Any) -> None:
        kind = type(x)
        if isinstance(x, FunctionType):
            self._function(x)
        elif isinstance(x, Custom | Derivative | Jacobian):
            self._queue += [getattr(x, "__wrapped__", None), getattr(x, "rule", None)]
        elif isinstance(x, Primitive):
            self._queue += [x.forward, *x.partials] if x.own else []
        elif isinstance(x, MethodType):
            self._queue += [x.__func__, x.__self__]
        elif isinstance(x, property):
            self._queue.append(x.fget)
        elif isinstance(x, staticmethod | classmethod):
            self._queue.append(x.__func__)
        elif isinstance(x, partial):
            self._queue += [x.func, x.args, x.keywords]
        elif isinstance(x, tuple | frozenset):
            self._queue.extend(islice(x, self._left))
        elif isinstance(x, list):
            if self._takes(1 + len(x)):
                self._lists.append((x, x[:]))
                self._queue.extend(x)
        elif isinstance(x, dict):
            self._items(x, [*x])
            self._sizes.append((x, len(x)))
        elif isinstance(x, set):
            if self._takes(1 + len(x)):
                self._others.append((x, frozenset(x)))
        elif isinstance(x, deque):
            if self._takes(1 + len(x)):
                self._others.append((x, Items(x)))
                self._queue.extend(x)
        elif isinstance(x, bytearray | array):
            if len(x) <= LARGEST and self._takes(1):
                self._others.append((x, x[:]))
        elif isinstance(x, ContextVar | local):
            if self._takes(1):
                held = InContext(x)
                self._others.append((x, held))
                self._queue += held.items
        elif isinstance(x, MappingProxyType):
            self._queue += gc.get_referents(x)
        elif hasattr(kind, "cache_clear"):  # functools.cache, lru_cache
            self._queue.append(x.__wrapped__)
        elif hasattr(kind, "tobytes") and hasattr(kind, "dtype"):
            if x.dtype.kind == "O":
                self._queue.extend(islice(x.ravel().tolist(), self._left))
            elif x.size <= LARGEST and self._takes(1):
                self._arrays.append((x, x.tobytes()))
        elif not isinstance(x, Value | float | int | str | bytes | type(None)):
            self._object(x)

    def _takes(self, places: int) -> bool:
        """Whether as many are left; a list that is too long is not looked at, and what is shorter still is."""
        if places > self._left:
            return False
        self._left -= places
        return True

    def _function(self, f: FunctionType) -> None:
        for cell in f.__closure__ or ():
            if self._takes(1):
                self._cells.append((cell, _content(cell)))
                self._queue.append(_content(cell))
        self._queue += [f.__defaults__, f.__kwdefaults__, f.__dict__]
        if str(f.__globals__.get("__name__")).split(".")[0] not in OURS:
            if self._takes(1):
                self._functions.append((f, _parts(f)))
            names = dict.fromkeys(_names(f.__code__))
            self._called |= names.keys()
            self._items(f.__globals__, [name for name in names if name in f.__globals__])

    def _items(self, holder: dict[Any, Any], names: list[Any]) -> None:
        for name in names:
            if (id(holder), name) not in self._known and self._takes(1):
                self._known.add((id(holder), name))
                self._names.append((holder, name, holder[name]))
                self._queue.append(holder[name])

    def _object(self, x: Any) -> None:
        """Attributes: all of an object's own; of a module or a class, and of slots, those that the code names."""
        kind = type(x)
        if isinstance(x, ModuleType):
            if x.__name__.split(".")[0] not in OURS:
                self._spaces[id(x)] = vars(x)
            return
        if isinstance(x, type):
            self._class(x)
            return
        if (home := kind.__module__.split(".")[0]) in OURS and home not in ("collections", "nn", "types"):
            return
        if isinstance(own := getattr(x, "__dict__", None), dict):
            self._items(own, [*own])
            self._sizes.append((own, len(own)))
        for name in [name for base in kind.__mro__ for name in _slots(base)]:
            if self._takes(1):
                self._slots.append((x, name, _attribute(x, name)))
                self._queue.append(_attribute(x, name))
        self._class(kind)

    def _class(self, kind: type) -> None:
        for base in kind.__mro__[:-1]:
            if base.__module__.split(".")[0] not in OURS:
                self._spaces[id(base)] = gc.get_referents(vars(base))[0]  # the dict behind the view of it


def _content(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # empty
        return NOTHING


def _attribute(x: Any, name: str) -> Any:
    try:
        return getattr(x, name)
    except Exception:  # a slot that is empty, of a class with a `__getattr__` that looks elsewhere
        return NOTHING


class Items:
    """What a container held; equal to it as long as that is the same, each item by identity."""

    def __init__(self, holder: Any) -> None:
        self.items = self.of(holder)

    @staticmethod
    def of(holder: Any) -> list[Any]:
        return [*holder]

    def __eq__(self, holder: Any) -> bool:
        items = self.of(holder)
        return len(items) == len(self.items) and all(map(is_, items, self.items))

    __hash__ = None  # type: ignore[assignment]


class InContext(Items):
    """What a variable is in this context, or what a `threading.local` has in this thread."""

    @staticmethod
    def of(holder: Any) -> list[Any]:
        if isinstance(holder, ContextVar):
            return [holder.get(NOTHING)]
        return [x for item in vars(holder).items() for x in item]


def _parts(f: FunctionType) -> tuple[Any, ...]:
    """What can be put in the place of what a function had; `plans.function_offsets` in machine code."""
    return f.__code__, f.__defaults__, f.__kwdefaults__


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _slots(base: type) -> list[str]:
    slots = vars(base).get("__slots__", ())
    return [slots] if isinstance(slots, str) else [*slots]


def _is_plain(array: Any) -> bool:
    return bool(array.flags.c_contiguous and array.itemsize == 8)
