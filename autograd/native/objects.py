"""Where the numbers are in CPython's objects, so that machine code can read them there.

A driver that reads every parameter from its Value takes a nanosecond for each; Python takes ten times as long to hand
them over. The extension says where its nodes keep theirs. Elsewhere the offsets are found by looking at one object of
each kind, and read under the interpreter's lock alone; where there is none, as in free-threaded builds, and in other
implementations of Python, nothing is looked at and the slow way is taken.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence
from functools import cache
from struct import pack
from types import MemberDescriptorType
from typing import Any

from autograd.core import engine
from autograd.core.value import Value

_word_at = ctypes.c_int64.from_address


@cache
def value_offsets() -> tuple[int, int] | None:
    """How a Value's number is reached from what `references` gives: the offset of a reference, and in what that refers
    to the offset of the double. In Python's Value it is the reference to a float, and the double in that."""
    if engine.C is not None:  # the double is in the node itself, and the reference is to the node
        return 0, engine.C.data_at()
    probe = Value(0.1234567)
    reference, double = _offset(probe, id(probe._data)), _offset(probe._data, _bits(probe._data))
    return None if reference is None or double is None else (reference, double)


@cache
def function_offsets() -> list[int] | None:
    """Where a function refers to its code and its defaults."""

    def probe(x: Any = 0.123, *, y: Any = 0.456) -> None: ...

    found = [_offset(probe, id(part)) for part in (probe.__code__, probe.__defaults__, probe.__kwdefaults__)]
    return None if None in found else found  # type: ignore[return-value]


def slot_place(x: Any, name: str) -> int | None:
    """Where the word is that refers to what an object has in one of its `__slots__`, 0 where that is empty, or to its
    `__dict__`."""
    if name == "__dict__":
        offset = type(x).__dictoffset__
        place = id(x) + (offset if offset > 0 else -3 * 8)  # where CPython manages it
        return place if offset and _word_at(place).value == id(x.__dict__) else None
    found = next((vars(base)[name] for base in type(x).__mro__ if name in vars(base)), None)
    if not isinstance(found, MemberDescriptorType):
        return None
    place = id(x) + _word_at(_word_at(id(found) + 40).value + 16).value  # of its PyMemberDef the offset
    return place if _word_at(place).value == (id(getattr(x, name)) if hasattr(x, name) else 0) else None


def references(values: Sequence[Value]) -> tuple[Any, Any]:
    """An address for each Value, from which `value_offsets` lead to its number; and what must live as long as they."""
    import numpy as np

    nodes = np.array([id(value) for value in values], dtype=int)
    return (nodes, None) if engine.C is None else (nodes.ctypes.data + 8 * np.arange(len(nodes)), nodes)


@cache
def is_layout_known() -> bool:
    """Are objects laid out as CPython's with its lock are, where a word is an address?"""
    of_c = sys.implementation.name == "cpython" and sys.maxsize > 2**62
    if not hasattr(sys, "_is_gil_enabled"):  # older than builds without
        return of_c
    import sysconfig

    return of_c and not sysconfig.get_config_var("Py_GIL_DISABLED")


@cache
def changes() -> tuple[int, Any]:
    """The address of a count that differs where any Value's number was set since, and what must live as long as that is
    looked at; −1 there where nothing counts."""
    if engine.C is not None:
        return engine.C.changes_at(), None
    nothing = ctypes.c_int64(-1)
    return ctypes.addressof(nothing), nothing


def changes_now() -> int:
    return _word_at(changes()[0]).value


def aligned(size: int, known: bool = True) -> Any:
    """So many doubles, 0 or not `known`, that begin where a line of the processor's cache does: a vector across two
    takes twice as long to load or to store."""
    import numpy as np

    block = np.zeros(size + 7) if known else np.empty(size + 7)
    first = -address(block) // 8 % 8
    return block[first : first + size]


def address(array: Any) -> int:
    """Where an array's numbers are: `array.ctypes.data`, in a tenth of the time."""
    offset = _array_offset()
    return array.ctypes.data if offset is None else _word_at(id(array) + offset).value


@cache
def _array_offset() -> int | None:
    from numpy import zeros

    probe = zeros(1)
    return _offset(probe, probe.ctypes.data)


def _bits(number: float) -> int:
    return int.from_bytes(pack("d", number), sys.byteorder)


def _offset(holder: Any, content: int) -> int | None:
    """The offset, in an object, of the one word that is `content`."""
    if not is_layout_known():
        return None
    words = range(0, type(holder).__basicsize__ // 8 * 8, 8)
    found = [i for i in words if _word_at(id(holder) + i).value == content]
    return found[0] if len(found) == 1 else None
