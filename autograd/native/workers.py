"""Threads that stay: a job is cut into pieces, and whoever is free takes the next.

Starting a thread takes longer than many a job, so that they wait for the next one instead. The caller works as well:
a job never waits for a worker that is busy elsewhere, only for pieces under way.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue

Job = Callable[[], None]

_jobs: SimpleQueue[Job] = SimpleQueue()
_lock = threading.Lock()
_threads = 0


def share(work: Callable[[int], None], pieces: int) -> None:
    """work(0) … work(pieces − 1), on as many processors as there are; returns when all are done.

    `work` is machine code that lets other threads run. Should this one be interrupted, what is not begun is dropped.
    """
    left, done = deque(range(pieces)), SimpleQueue[None]()

    def job() -> None:
        while True:
            try:
                piece = left.popleft()
            except IndexError:
                return
            try:
                work(piece)
            finally:
                done.put(None)

    helpers = min(processors(), pieces) - 1
    _hire(helpers)
    for _ in range(helpers):
        _jobs.put(job)
    begun = pieces
    try:
        job()
    finally:
        while left:
            left.popleft()
            begun -= 1
        for _ in range(begun):
            done.get()


def processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _hire(count: int) -> None:
    global _threads
    with _lock:
        for _ in range(count - _threads):
            threading.Thread(target=_worker, args=(_jobs,), name="chainrule worker", daemon=True).start()
            _threads += 1


def _worker(jobs: SimpleQueue[Job]) -> None:
    while True:
        jobs.get()()


def _forget() -> None:
    """In a forked process no thread but the one that forked goes on."""
    global _jobs, _lock, _threads
    _jobs, _lock, _threads = SimpleQueue(), threading.Lock(), 0


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
