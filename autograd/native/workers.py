"""Threads that stay: of a job that is cut into pieces, whoever is free takes the next.

Starting a thread takes longer than many a job, so that they wait for the next one instead. The caller works as well:
a job never waits for a worker that is busy elsewhere, only for pieces under way.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from queue import SimpleQueue

from autograd.core.forks import in_forked

Job = Callable[[], None]

_jobs: SimpleQueue[Job] = SimpleQueue()
_lock = threading.Lock()
_threads: list[threading.Thread] = []
begun = ctypes.c_int64()  # how many jobs are, said by machine code: for the next one a worker waits a while
_avoided: int | None = None  # the processor that they keep off


def share(work: Job, most: int, done: Callable[[], bool]) -> None:
    """work() on as many processors as there are, `most` at most; returns when the job is done.

    `work` takes pieces of it until none is left, in machine code that lets other threads run. A worker that is busy
    elsewhere until then does not begin. Have those who began finished theirs? If `done` cannot say so yet, they are
    waited for: to be woken takes a thread as long as many a piece.
    """
    helpers = _hired(min(processors(), most) - 1)
    left, ended = deque(range(helpers)), SimpleQueue[None]()

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
                ended.put(None)

    if helpers:
        _keep_off(_processor())
    for _ in range(helpers):
        _jobs.put(job)
    try:
        work()
    finally:
        while begins():  # in their place: they need not any more
            helpers -= 1
        if helpers and not done():
            begun.value += 1  # so that none of them waits for the next job
            for _ in range(helpers):
                ended.get()


def processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def _getcpu() -> Callable[[], int] | None:
    """What says on which processor a thread runs, where threads can be moved as well."""
    return getattr(ctypes.CDLL(None), "sched_getcpu", None) if hasattr(os, "sched_setaffinity") else None


def _processor() -> int | None:
    ask = _getcpu()
    return None if ask is None else ask()


def _keep_off(processor: int | None) -> None:
    """Have the workers keep off the caller's processor. Where nothing balances the load they wake up on it, and stay
    there until the caller has done all of the job."""
    global _avoided
    if processor == _avoided:
        return
    if others := os.sched_getaffinity(0) - {processor}:
        with suppress(OSError):  # where that is forbidden
            for thread in _threads:
                os.sched_setaffinity(thread.native_id or 0, others)
        _avoided = processor


def _hired(count: int) -> int:
    """How many workers there are of so many, where as many threads can be started."""
    global _avoided
    with _lock:
        with suppress(RuntimeError):  # no more of them, as in a container, or none at all as the interpreter ends
            for _ in range(count - len(_threads)):
                thread = threading.Thread(target=_worker, args=(_jobs,), name="chainrule worker", daemon=True)
                thread.start()
                _threads.append(thread)  # now that it has a number
                _avoided = None
    return min(count, len(_threads))


def _worker(jobs: SimpleQueue[Job]) -> None:
    while True:
        jobs.get()()


def _forget() -> None:
    """In a forked process no thread but the one that forked goes on."""
    global _jobs, _lock
    _jobs, _lock = SimpleQueue(), threading.Lock()
    _threads.clear()


in_forked(_forget)
