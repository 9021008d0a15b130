"""How much memory is in use."""

from __future__ import annotations

import sys

from autograd.core import engine


def blocks() -> int:
    """Blocks that Python gave out, and nodes, for which the engine in C has memory of its own."""
    return sys.getallocatedblocks() + (0 if engine.C is None else engine.C.nodes())
