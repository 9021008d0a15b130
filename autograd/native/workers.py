"""Threads that stay: of a job that is cut into pieces, whoever is free takes the next.

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


def share(work: Job, most: int) -> None:
    """work() on as many processors as there are, `most` at most; returns when all who began are done.

    `work` takes pieces of a job until none is left, in machine code that lets other threads run. A worker that is busy
    elsewhere until then does not begin.
    """
    helpers = min(processors(), most) - 1
    left, done = deque(range(helpers)), SimpleQueue[None]()

    def begins() -> bool:
        try:
            left.pop()
        except IndexError:
            return False
        return True

    def job() -> None:
        if begins():
            try:
                work()
            finally:
                done.put(None)

    _hire(helpers)
    for _ in range(helpers):
        _jobs.put(job)
    try:
        work()
    finally:
        while begins():  # in their place: they need not any more
            helpers -= 1
        for _ in range(helpers):
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
