"""Locks in a forked process, where no thread but the one that forked goes on: what others held would stay held.

What a lock guards decides. Where it is whole again in a moment, `os.fork` waits for that: `held`. Where a thread may
hold a lock for as long as a batch or a user's function takes, the forked process gets a new one, and what the other
thread had begun is nobody's: `renewed`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

T = TypeVar("T")


def held(lock: threading.RLock) -> threading.RLock:  # type: ignore[valid-type]  # a function, as the stubs have it
    """A lock that the thread which forks holds while it does."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=lock.acquire, after_in_parent=lock.release, after_in_child=lock.release)
    return lock


def renewed(owner: T, renew: Callable[[T], None]) -> None:
    """Give `owner` its locks by renew(owner), now and in every process that is forked while it lives."""
    renew(owner)
    _owners[owner] = renew


def in_forked(renew: Callable[[], None]) -> None:
    """Call it in every process that is forked."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=renew)


def _renew() -> None:
    for owner, renew in [*_owners.items()]:
        renew(owner)


_owners: WeakKeyDictionary[Any, Callable[[Any], None]] = WeakKeyDictionary()
in_forked(_renew)
