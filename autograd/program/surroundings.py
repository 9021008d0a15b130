"""What a function could read beside its arguments when it was recorded, and whether that is still what it was.

A program has the coefficients, lists and settings of its surroundings frozen in. So they are remembered as places with
what they held: the cells of closures, the globals that the code names, and the items of lists, dicts, sets, small
arrays and objects from there on, nearest first, `MOST` of them. They are compared by identity, in machine code before a
call that goes straight there, else here. Values are parameters, whose numbers are read at each call. What lies beyond
(deeper than that, in larger arrays, in files, in the state of a random number generator) is frozen.

One call of the step of a loop stands for all of them, so what that call changes there is no place to keep anything.
"""

from __future__ import annotations

import gc
import sys
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextvars import ContextVar
from functools import partial
from itertools import islice, repeat, zip_longest
from operator import eq, is_
from threading import local
from types import CellType, CodeType, FunctionType, MappingProxyType, MethodType, ModuleType
from typing import Any, NamedTuple

from autograd.core.columns import Primitive
from autograd.core.value import Value

MOST = 256  # places
LARGEST = 1024  # numbers of an array, at most
OURS = {"autograd", "nn", "numpy", *sys.stdlib_module_names} - {"__main__"}
NOTHING = object()  # what an empty place holds
CALLED = "__call__ __get__ __getattr__ __getitem__ __iter__ __len__ __contains__ __bool__ __float__ __enter__".split()


class Places(NamedTuple):
    """What some places held, and how to see what they hold; `whose` they are, each or all, or what they are called."""

    whose: Iterable[Any]
    look: Callable[[], Sequence[Any]]
    held: Sequence[Any]
    same: Callable[[Any, Any], bool]

    def changed(self) -> bool:
        now = self.look()
        return len(now) != len(self.held) or not all(map(self.same, now, self.held))


class Surroundings:
    """The places that a function reaches, and what they held."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.cells: list[CellType] = []
        self.names: list[tuple[dict[Any, Any], Any]] = []
        self.lists: list[list[Any]] = []
        self.dicts: list[dict[Any, Any]] = []  # whose sizes count
        self.arrays: list[Any] = []
        self.slots: list[tuple[Any, str]] = []
        self.functions: list[FunctionType] = []
        self.others: list[Any] = []  # which only Python can compare
        self._places: list[Places] = []
        self._words: dict[int, str] = {}  # what the code calls a cell, and what it finds under a name
        self._known: set[tuple[int, Any]] = set()  # names taken, by their dict
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
        cells, dicts = self.cells, self.dicts
        holders, keys = [holder for holder, _ in self.names], [key for _, key in self.names]
        objects, slots = [x for x, _ in self.slots], [name for _, name in self.slots]
        self._watch(cells, lambda: [*map(_content, cells)])
        self._watch(keys, lambda: [*map(dict.get, holders, keys)])
        self._watch(dicts, lambda: [*map(len, dicts)], eq)
        self._watch(slots, lambda: _attributes(objects, slots))
        del self._seen, self._queue, self._spaces, self._called, self._known

    def changed(self) -> bool:
        """Whether a place holds something else."""
        return any([places.changed() for places in self._places])

    def change(self, is_same: Callable[[Any, Any], bool]) -> str | None:
        """What the code calls a place that does, if what it holds is not the same in another sense either."""
        for whose, look, held, same in self._places:
            for x, (now, was) in zip(whose, zip_longest(look(), held, fillvalue=NOTHING), strict=False):
                if not (same(now, was) or is_same(now, was)):
                    return x if isinstance(x, str) else self._words.get(id(x), f"a {type(x).__name__} around it")
        return None

    def _watch(
        self, whose: Iterable[Any], look: Callable[[], Sequence[Any]], same: Callable[[Any, Any], bool] = is_
    ) -> None:
        self._places.append(Places(whose, look, look(), same))

    def _look_into(self, x: Any) -> None:
        kind = type(x)
        if isinstance(x, FunctionType):
            self._function(x)
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
                self.lists.append(x)
                self._watch(repeat(x), lambda: [*x])
                self._queue.extend(x)
        elif isinstance(x, dict):
            self._all_items(x)
        elif isinstance(x, set):
            if self._takes(1 + len(x)):
                self._other(x, lambda: [frozenset(x)], eq)
        elif isinstance(x, deque):
            if self._takes(1 + len(x)):
                self._other(x, lambda: [*x])
                self._queue.extend(x)
        elif isinstance(x, bytearray | array):
            if len(x) <= LARGEST and self._takes(1):
                self._other(x, lambda: [x[:]], eq)
        elif isinstance(x, ContextVar | local):
            if self._takes(1):
                self._other(x, lambda: _in_context(x))
                self._queue += _in_context(x)
        elif isinstance(x, MappingProxyType):
            self._queue += gc.get_referents(x)
        elif hasattr(kind, "tobytes") and hasattr(kind, "ctypes"):  # a numpy array: its numbers have no such thing
            if x.size <= LARGEST and self._takes(1):
                self.arrays.append(x)
                self._watch([x], lambda: [(x.shape, x.dtype, x.tobytes())], eq)
            if x.dtype.kind == "O":
                self._watch(repeat(x), lambda: x.ravel().tolist())  # and keeps them: their addresses are what it holds
                self._queue.extend(islice(x.ravel().tolist(), self._left))
        if isinstance(x, ModuleType | type) or (kind.__module__ != "builtins" and not isinstance(x, Value)):
            self._object(x)

    def _takes(self, places: int) -> bool:
        """Whether as many are left; a list that is too long is not looked at, and what is shorter still is."""
        if places > self._left:
            return False
        self._left -= places
        return True

    def _function(self, f: FunctionType) -> None:
        for cell, name in zip(f.__closure__ or (), f.__code__.co_freevars, strict=True):
            if self._takes(1):
                self.cells.append(cell)
                self._words[id(cell)] = name
                self._found(name, _content(cell))
        defaults, count = f.__defaults__ or (), f.__code__.co_argcount
        for name, x in zip(f.__code__.co_varnames[count - len(defaults) : count], defaults, strict=True):
            self._found(name, x)
        self._queue += [f.__kwdefaults__, f.__dict__]
        if str(f.__globals__.get("__name__")).split(".")[0] not in OURS:
            if self._takes(1):
                self.functions.append(f)
                self._watch(repeat(f.__name__), lambda: _parts(f))
            names = dict.fromkeys(_names(f.__code__))
            self._called |= names.keys()
            self._items(f.__globals__, [name for name in names if name in f.__globals__])

    def _items(self, holder: dict[Any, Any], names: list[Any]) -> None:
        for name in names:
            if (id(holder), name) not in self._known and self._takes(1):
                self._known.add((id(holder), name))
                self.names.append((holder, name))
                self._found(str(name), holder[name])

    def _all_items(self, holder: dict[Any, Any]) -> None:
        self._items(holder, [*holder])
        self.dicts.append(holder)

    def _found(self, name: str, x: Any) -> None:
        self._words.setdefault(id(x), name)
        self._queue.append(x)

    def _other(self, x: Any, look: Callable[[], Sequence[Any]], same: Callable[[Any, Any], bool] = is_) -> None:
        self.others.append(x)
        self._watch(repeat(x), look, same)

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
        own = getattr(x, "__dict__", None)
        if (home := kind.__module__.split(".")[0]) in OURS and home not in ("argparse", "collections", "nn", "types"):
            self._queue += [own.get("__wrapped__"), own.get("rule")] if isinstance(own, dict) else []
            return
        if isinstance(own, dict):
            self._words.setdefault(id(own), self._words.get(id(x), kind.__name__))
            self._all_items(own)
            if not kind.__itemsize__:  # another may take its place
                self.slots.append((x, "__dict__"))
        for name in [name for base in kind.__mro__ for name in _slots(base)]:
            if self._takes(1):
                self.slots.append((x, name))
                self._found(name, *_attributes([x], [name]))
        self._class(kind)

    def _class(self, kind: type) -> None:
        for base in kind.__mro__[:-1]:
            if base.__module__.split(".")[0] not in OURS:
                space = gc.get_referents(vars(base))[0]  # the dict behind the view of it
                if id(base) not in self._spaces and self._takes(1):
                    self._spaces[id(base)] = space
                    self._words[id(space)] = base.__name__
                    self.dicts.append(space)  # what it has none of yet, a base may have


def _content(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # empty
        return NOTHING


def _attributes(xs: Sequence[Any], names: Sequence[str]) -> list[Any]:
    try:
        return [*map(getattr, xs, names, repeat(NOTHING))]
    except Exception:  # a slot that is empty, of a class with a `__getattr__` that looks elsewhere
        return [_attributes([x], [name])[0] for x, name in zip(xs, names, strict=True)] if len(xs) > 1 else [NOTHING]


def _in_context(x: Any) -> list[Any]:
    """What a variable is in this context, or what a `threading.local` has in this thread."""
    return [x.get(NOTHING)] if isinstance(x, ContextVar) else [part for item in vars(x).items() for part in item]


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
    names = [slots] if isinstance(slots, str) else [*slots]
    private = lambda name: name.startswith("__") and not name.endswith("__")
    return [f"_{base.__name__.lstrip('_')}{name}" if private(name) else name for name in names]
