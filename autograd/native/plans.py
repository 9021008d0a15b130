"""What an entry goes by: the plan of a function, and objects whose calls it takes.

A plan says what to look for in the arguments and around the function, which code to run, and what to make of what it
computes. An object `with_entry` has two words for it, and goes by it from `install` to `uninstall`.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from autograd.core import modes
from autograd.native import words as code
from autograd.native.ir import LANES
from autograd.native.making import shape_tables
from autograd.native.objects import aligned, changes, function_offsets, is_layout_known, slot_place, value_offsets
from autograd.program.surroundings import Surroundings

_word_at = ctypes.c_int64.from_address


class Leaf(NamedTuple):
    """A result to make: of `size` numbers an example, from the `first` of all on."""

    kind: int
    first: int = 0
    size: int = 1
    shape: tuple[int, ...] = ()


class Guard(NamedTuple):
    """Places that must hold what they hold now."""

    around: Surroundings  # keeps them alive, and what is in them
    slots: Sequence[int]  # where machine code finds those

    @classmethod
    def of(cls, around: Surroundings) -> Guard | None:
        """What a function reads beside its arguments. None where machine code cannot look: no code of Python hashes or
        compares keys there, and arrays are contiguous, of items of 64 bits."""
        slots = [place for x, name in around.slots if (place := slot_place(x, name)) is not None]
        keys = all([type(key) in (str, int, float) for _, key in around.names])
        arrays = all([array.flags.c_contiguous and array.itemsize == 8 for array in around.arrays])
        known = keys and arrays and len(slots) == len(around.slots) and not around.others
        return cls(around, slots) if known else None

    def layout(self) -> tuple[dict[int, int], dict[int, list[int]]]:
        """The fields of a plan that say so, and their tables."""
        words, dicts = self.words(), self.in_dicts()
        fields = {code.WORDS: len(words) // 2 // code.TOGETHER, code.DICTS: len(dicts)}
        fields[code.VERSIONED] = int(sys.version_info < (3, 13))
        return fields, {code.WORDS_AT: words, code.NAMES_AT: [word for names in dicts for word in names]}

    def in_dicts(self) -> list[list[int]]:
        """For each dict what an entry looks at."""
        found: dict[int, list[int]] = {}
        for holder, key in self.around.names:
            found.setdefault(id(holder), [id(holder), -1, 0]).extend([id(key), id(holder.get(key))])
        return [[holder, seen, len(names) // 2, *names] for holder, seen, _, *names in found.values()]

    def words(self) -> list[int]:
        """Addresses, each with the word there, TOGETHER by TOGETHER. What a list or an array holds lies where it did if
        the pointer to it says so, so that is looked at before."""
        looking = modes.looking.buffer_info()[0]
        places = [looking, *[id(cell) + code.CONTENT for cell in self.around.cells]]
        places += [id(items) + offset for items in self.around.lists for offset in (code.SIZE, code.LIST_ITEMS)]
        places += [id(holder) + code.SIZE for holder in self.around.dicts]
        places += self.slots
        places += [id(f) + offset for f in self.around.functions for offset in function_offsets() or ()]
        arrays = self.around.arrays
        places += [id(x) + at for x in arrays for at in (code.DATA, code.ARRAY_AXES, code.LENGTHS, code.DESCRIPTION)]
        _fill(places)
        for items in self.around.lists:
            start = _word_at(id(items) + code.LIST_ITEMS).value
            places += [start + code.WORD * i for i in range(len(items))]
        for x in arrays:
            lengths = _word_at(id(x) + code.LENGTHS).value
            places += [lengths + code.WORD * i for i in range(x.ndim)]
            places += [x.ctypes.data + code.WORD * i for i in range(x.size)]
        _fill(places)
        return [word for at in places for word in (at, 0 if at == looking else _word_at(at).value)]


def _fill(places: list[int]) -> None:
    """The first place again and again, up to a multiple of TOGETHER."""
    places += places[:1] * (-len(places) % code.TOGETHER)


@cache
def _symbols() -> dict[int, int] | None:
    """What an entry needs of Python and numpy; None where they are not laid out as is written above."""
    import numpy as np

    if not is_layout_known():
        return None
    api = ctypes.pythonapi
    word, short = _word_at, ctypes.c_int32.from_address
    array, number = np.zeros((3, 2)), 0.1
    there, double, pair, items, counted = id(array), np.float64(number), (array, None), [array, None], {1: 1, 2: 2}
    [cell] = (lambda: array).__closure__ or ()
    trusted = (
        word(there + code.TYPE).value == id(np.ndarray)
        and word(there + code.DATA).value == array.ctypes.data
        and short(there + code.ARRAY_AXES).value == 2
        and word(word(there + code.LENGTHS).value).value == 3
        and word(there + code.DESCRIPTION).value == id(np.dtype(np.float64))
        and short(there + code.FLAGS).value & code.CONTIGUOUS_AND_ALIGNED == code.CONTIGUOUS_AND_ALIGNED
        and all(ctypes.c_double.from_address(id(x) + code.NUMBER).value == number for x in (number, double))
        and word(id(pair) + code.ITEMS).value == there
        and word(id(pair) + code.SIZE).value == 2
        and word(id(pair)).value == sys.getrefcount(pair) - 1
        and word(word(id(items) + code.LIST_ITEMS).value).value == there
        and word(id(items) + code.SIZE).value == word(id(counted) + code.SIZE).value == 2
        and function_offsets() is not None
        and word(id(cell) + code.CONTENT).value == there
    )
    if not trusted:
        return None
    from numpy._core import _multiarray_umath as umath  # type: ignore[attr-defined]  # numpy keeps it to itself

    pointer = api.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    table = ctypes.cast(pointer(umath._ARRAY_API, None), ctypes.POINTER(ctypes.c_void_p))
    if table[2] != id(np.ndarray):
        return None
    functions = {code.NEW_FLOAT: "PyFloat_FromDouble", code.NEW_TUPLE: "PyTuple_New", code.NEW_LIST: "PyList_New"}
    functions |= {code.CALL: "PyObject_Vectorcall", code.GET: "PyDict_GetItem", code.FROM_INT: "PyLong_AsDouble"}
    functions |= {code.KEEP: "Py_IncRef", code.DROP: "Py_DecRef", code.ERROR: "PyErr_Occurred"}
    functions |= {code.FORGET: "PyErr_Clear"}
    found = {k: ctypes.cast(getattr(api, name), ctypes.c_void_p).value or 0 for k, name in functions.items()}
    found |= {code.FLOAT_TYPE: id(float), code.FLOAT64_TYPE: id(np.float64), code.INT_TYPE: id(int)}
    found |= {
        code.BOOL_TYPE: id(bool),
        code.TUPLE_TYPE: id(tuple),
        code.ARRAY_TYPE: id(np.ndarray),
        code.DOUBLES: id(np.dtype(np.float64)),
    }
    return found | {code.NEW_ARRAY: table[93] or 0, code.HOLD: table[282] or 0}  # PyArray_New, PyArray_SetBaseObject


class _Member(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("type", ctypes.c_int), ("offset", ctypes.c_ssize_t),
                ("flags", ctypes.c_int), ("doc", ctypes.c_char_p)]  # fmt: skip


class _Slot(ctypes.Structure):
    _fields_ = [("slot", ctypes.c_int), ("function", ctypes.c_void_p)]


class _Spec(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("basicsize", ctypes.c_int), ("itemsize", ctypes.c_int),
                ("flags", ctypes.c_uint), ("slots", ctypes.POINTER(_Slot))]  # fmt: skip


_BASE_TYPE, _VECTORCALL = 1 << 10, 1 << 11  # flags of types
_VECTOR_OFFSET, _FLAGS = 56, 168  # where a type keeps them


@cache
def with_entry(kind: type) -> type:
    """A subclass of `kind` whose objects may have an entry: see `install`. `kind` itself where that cannot be."""
    if not is_layout_known():
        return kind
    members = (_Member * 2)(_Member(b"__vectorcalloffset__", 19, code.VECTOR, 1, None))
    slots = (_Slot * 2)(_Slot(72, ctypes.addressof(members)))
    spec = _Spec(b"autograd.native.entry.Callable", code.LAST + 8, 0, _BASE_TYPE, slots)
    make = ctypes.pythonapi.PyType_FromSpec
    make.restype, make.argtypes = ctypes.py_object, [ctypes.POINTER(_Spec)]
    base = make(ctypes.byref(spec))
    made = type(
        kind.__name__, (kind, base), {"__module__": kind.__module__, "__doc__": kind.__doc__, "has_entry": True}
    )
    flags = ctypes.c_ulong.from_address(id(made) + _FLAGS)
    if _word_at(id(made) + _VECTOR_OFFSET).value != code.VECTOR or flags.value != made.__flags__:
        return kind
    flags.value |= _VECTORCALL  # while an object has no entry, its `__call__` is called
    _kept.append((members, slots, spec))
    return made


_kept: list[Any] = []


class Plan:
    """What an entry is to do for a function, of `numbers` alone or of arrays; it keeps what the addresses point at."""

    def __init__(
        self,
        fields: dict[int, int],
        tables: dict[int, Sequence[int]],
        guard: Guard,
        kept: Any = None,
        numbers: bool = False,
    ) -> None:
        import numpy as np

        self._kept, self.numbers = (guard, kept), numbers
        guarded, its = guard.layout()
        self._tables = {field: np.array(table, dtype=np.int64) for field, table in {**tables, **its}.items()}
        fields = fields | guarded | {field: table.ctypes.data for field, table in self._tables.items()}
        self.words = np.array([fields.get(k, 0) for k in range(code.PLAN_SIZE)], dtype=np.int64)


def install(callable_: Any, plan: Plan) -> None:
    """From now on, calls of this object go by the plan."""
    from autograd.native import entry

    if not hasattr(callable_, "last"):
        callable_.last = [None]  # as this one does: it may be about to be written to
    _word_at(id(callable_) + code.VECTOR).value = 0  # other threads may call it meanwhile
    _word_at(id(callable_) + code.LAST).value = _word_at(id(callable_.last) + code.LIST_ITEMS).value
    _word_at(id(callable_) + code.PLAN).value = plan.words.ctypes.data
    callable_.plan = plan  # which lives as long; of the one before nothing is used any more
    _word_at(id(callable_) + code.VECTOR).value = entry.address(plan.numbers)


class Watch:
    """What sees in machine code whether all is as it was around a function."""

    def __init__(self, symbols: dict[int, int], guard: Guard) -> None:
        import numpy as np

        from autograd.native import entry

        self._plan, self._holds = Plan(symbols, {}, guard), entry.holds()
        self._object = np.zeros(code.PLAN // code.WORD + 1, dtype=np.int64)  # in the place of one with an entry
        self._object[-1] = self._plan.words.ctypes.data
        self._place = self._object.ctypes.data

    @classmethod
    def of(cls, around: Surroundings) -> Watch | None:
        """None where machine code cannot look."""
        symbols, guard = _symbols(), Guard.of(around)
        return None if symbols is None or guard is None else cls(symbols, guard)

    def holds(self) -> bool:
        """False, too, where a list was moved, or a mode is on."""
        return bool(self._holds(self._place))


def uninstall(callable_: Any) -> None:
    """From now on, calls of this object go to its method again."""
    _word_at(id(callable_) + code.VECTOR).value = 0
    callable_.plan = None


class Work(NamedTuple):
    """The code of a program, and what it needs: arrays that nothing else uses."""

    run: int  # its address: see `forms.SIGNATURES`
    work: Any
    sums: Any
    values: Any  # where the parameters' Values are
    nodes: Any  # what is there
    numbers: Any  # where the code takes the parameters' numbers
    least: int  # examples
    most: int


def plan(
    method: Any,
    work: Work,
    shapes: Sequence[tuple[int, ...] | None],
    at: bool,
    no_nan: bool,
    guard: Guard,
    leaves: Sequence[Leaf],
    shape: Sequence[int],
) -> Plan | None:
    """The plan of a function; None where it cannot have one.

    method          what takes the object and the arguments of all other calls
    shapes          of an example's share of each argument, None for a number
    at              whether the parameters' numbers are a last argument
    no_nan          is a call for the method, too, where a result for the whole batch is nan?
    guard           what is looked at first
    leaves, shape   the results, and the tuples and lists around them: see `entry`
    """
    import math

    import numpy as np

    symbols, offsets, values = _symbols(), value_offsets(), work.values
    if symbols is None or any(len(s or ()) > code.AXES for s in (*shapes, *[leaf.shape for leaf in leaves])):
        return None
    if len(values) and offsets is None and not at:
        return None
    sizes = [0, 0]  # of results for each example, and for the batch
    for leaf in leaves:
        sizes[leaf.kind // 2] = max(sizes[leaf.kind // 2], leaf.first + leaf.size)
    direct = len(leaves) == 1 and leaves[0].kind == code.AN_ARRAY and len(leaves[0].shape) <= 1
    arrays_only = all(leaf.kind != code.A_FLOAT for leaf in leaves)
    numbers = all(s is None for s in shapes) and all(leaf.kind == code.A_FLOAT for leaf in leaves) and not at
    scratch = min(work.most, SCRATCH // max(sizes[0], 1))  # examples
    most = work.most if arrays_only else scratch
    if most < work.least:
        return None
    count = sum(1 if s is None else math.prod(s) for s in shapes)
    made, parts = shape_tables(*shape)
    arrays = [
        work.numbers, np.empty(count + 1, dtype=np.int64), aligned(0 if direct else sizes[0] * scratch + 1),
        aligned(sizes[1] + LANES), work.work, work.sums, np.empty(len(shapes) + 1), made, parts,
    ]  # fmt: skip
    held = (
        code.NUMBERS, code.COLUMNS, code.RESULTS,
        code.WHOLE, code.WORK, code.SUMS, code.INTS, code.SHAPE_AT, code.PARTS_AT,
    )  # fmt: skip
    places = dict(zip(held, [a.ctypes.data for a in arrays], strict=True))
    fields = {
        code.METHOD: id(method), code.RUN: work.run, code.CHANGES: changes()[0], code.SEEN: -1,
        code.PARAMETERS: len(values), code.FLOAT: (offsets or (0, 0))[0], code.DOUBLE: (offsets or (0, 0))[1],
        code.ARGUMENTS: len(shapes), code.LEAST: work.least, code.MOST: most, code.LEAVES: len(leaves),
        code.EACH: sizes[0], code.LARGE: scratch + 1, code.AT: int(at),
        code.DIRECT: int(direct), code.SHAPE: len(made) // 2, code.NO_NAN: sizes[1] * no_nan,
        code.TUPLES: -1 if any([step & 1 for step in shape if step != code.LEAF]) else len(made) // 2,
    }  # fmt: skip
    expected = [(0,) if s is None else (1 + len(s), math.prod(s), *s) for s in shapes]
    results = [(x.kind, x.first, x.size, len(x.shape), *x.shape) for x in leaves]
    tables = {
        code.VALUES_AT: values,
        code.ARGUMENTS_AT: _table(expected),
        code.LEAVES_AT: _table(results),
    }
    return Plan(symbols | places | fields, tables, guard, (arrays, method, work.nodes), numbers)


SCRATCH = 2048  # numbers that are copied into arrays of their own, or computed in one; of more, these are parts of one


def _table(entries: Sequence[tuple[int, ...]]) -> list[int]:
    return [word for entry in entries for word in (*entry, *[0] * (code.WIDTH - len(entry)))]
