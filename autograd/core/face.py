"""What people call: every row that is a function, `from autograd.core.face import *`, and as a method of a Value.

Which they are is read off the table whenever it is asked, so that a row entered later is there too. A type checker
reads `face.pyi`, which `python -m tests.stub` writes from the table.
"""

from __future__ import annotations

from typing import Any

from autograd.core import special as special  # whose rows, and those below it, are the first
from autograd.core.columns import TABLE, find

__all__ = sorted([row.name for row in TABLE.values() if row.is_function])


def __getattr__(name: str) -> Any:
    if (called := find(name)) is None:
        raise AttributeError(f"the table has no function {name!r}")
    return called
