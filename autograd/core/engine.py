"""Which engine runs: the extension in C, where it is built, or this package's Python.

Python is the definition. The extension holds the node, the operators and the sweeps, with the rules that were
translated from the table when it was built; it gives the same bits, and hands to Python whatever is not common.
CHAINRULE_PURE=1 in the environment chooses Python.
"""

from __future__ import annotations

import os
from binascii import crc32
from typing import Any, TypeVar

Class = TypeVar("Class", bound=type)


def _extension() -> Any:
    """The extension; None where it is not built, not wanted, or was built from other texts than these."""
    if os.environ.get("CHAINRULE_PURE", "0") not in ("", "0"):
        return None
    try:
        from autograd.core import _engine  # type: ignore[attr-defined,unused-ignore]  # if built
    except ImportError:  # there was no compiler, or this is another implementation of Python
        return None
    try:
        fingerprint = 0
        for name in ("ieee.py", "primitives.py", "fast/__init__.py"):
            fingerprint = crc32(_text(name), fingerprint)
        if fingerprint == _engine.fingerprint():
            return _engine
    except OSError:  # installed without its text
        return _engine
    from warnings import warn

    warn(
        "the C engine was built from other texts than these, so the pure one runs; build it again: pip install -e .",
        stacklevel=2,
    )
    return None


def _text(name: str) -> bytes:
    with open(os.path.join(os.path.dirname(__file__), name), "rb") as file:
        return file.read()


C = _extension()
engine = "Python" if C is None else "C"
Row: Any = object if C is None else C.Row  # what rows of the table are made of
defined: Any = None  # the class of nodes, as it is defined


def node(definition: Class) -> Class:
    """The class of nodes: as it is defined, or the extension's type, with all that it does not have from there."""
    global defined
    defined = definition
    if C is None:
        return definition
    own = vars(C.Value)
    for name, member in vars(definition).items():
        if name == "__doc__" or (name not in own and type(member).__name__ != "member_descriptor"):
            setattr(C.Value, name, member)
    return C.Value
