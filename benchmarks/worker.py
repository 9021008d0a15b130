"""A process of its own for each engine, so that none pays for another's heap, threads or imports.

The worker answers two requests over a pipe: prepare (set up, run once, check the answer) and time
(run so many times). Only one worker is ever busy: the others wait on their pipe.

A worker that is pinned to one core counts processor time, which on a quiet machine is the time that passes,
and on a busy one leaves out the time in which the core did other people's work.
"""

from __future__ import annotations

import gc
import importlib
import itertools
import os
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection

try:
    from resource import RUSAGE_CHILDREN, getrusage
except ModuleNotFoundError:  # Windows, where `pin` does nothing either
    pass

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def environment(threads: int) -> dict[str, str]:
    """Environment variables to set before any engine is imported: threads, float64 and the CPU."""
    variables = {name: str(threads) for name in THREAD_VARIABLES}
    one = " --xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1" if threads == 1 else ""
    return {**variables, "JAX_ENABLE_X64": "1", "JAX_PLATFORMS": "cpu", "XLA_FLAGS": one.strip()}


def pin(threads: int) -> None:
    """Keep this process on so many cores (where the system can): the one limit every engine obeys."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-threads:])


def clock() -> float:
    """Seconds of processor time used by this process, all its threads, and the children it has waited for."""
    return time.process_time() + sum(getrusage(RUSAGE_CHILDREN)[:2])


def serve(pipe: Connection, module: str, work_id: str, name: str) -> None:
    """Answer requests until the pipe closes. Answers are dictionaries; a failure is one with `problem`."""
    from benchmarks.harness import disagreement

    work = next(w for w in importlib.import_module(module).WORKS if w.id == work_id)
    pin(work.threads)
    engine = work.engines[name]
    now = clock if work.threads == 1 and hasattr(os, "sched_setaffinity") else time.perf_counter
    run = None
    while True:
        try:
            request, argument = pipe.recv()
        except EOFError:
            return
        try:
            if request == "prepare":
                run = None
                for needed in engine.imports:
                    importlib.import_module(needed)
                start = now()
                run = engine.setup() if argument is None else engine.setup(argument)
                called = now()
                answer = run()
                done = now()
                problem = ""
                if work.meter == "clock":
                    view = getattr(run, "view", lambda answer: answer)
                    want = work.expected(argument)
                    problem = disagreement(view(answer), want, work.rtol)
                    if not (work.advances or work.whole):
                        problem = problem or disagreement(view(run()), want, work.rtol)
                pipe.send(
                    {"problem": f"wrong answer: {problem}"}
                    if problem
                    else {"first": done - start, "figure": answer if work.meter == "own" else done - called}
                )
            else:
                pipe.send({"figure": _figure(run, argument, engine.collector, work.meter, now)})
        except ModuleNotFoundError as missing:
            pipe.send({"problem": f"not installed: {missing.name}"})
        except Exception as failure:
            text = " ".join(str(failure).split())
            pipe.send({"problem": f"{type(failure).__name__}: {text[:160]}"})


def _figure(run, calls: int, collector: bool, meter: str, now: Callable[[], float]) -> float:
    """Seconds a call, averaged over `calls` calls; or what `run` itself measured."""
    if meter == "own":
        return run()
    gc.collect()
    (gc.enable if collector else gc.disable)()
    try:
        start = now()
        for _ in itertools.repeat(None, calls):
            run()
        return (now() - start) / calls
    finally:
        gc.enable()


def main(pipe: Connection, module: str, work_id: str, name: str) -> None:
    sys.setswitchinterval(1.0)
    serve(pipe, module, work_id, name)
