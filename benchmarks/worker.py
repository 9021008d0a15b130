"""A process of its own for each engine, so that none pays for another's heap, threads or imports.

The worker answers two requests over a pipe: prepare (set up, run once, check the answer) and time
(run so many times). Only one worker is ever busy: the others wait on their pipe.
"""

from __future__ import annotations

import gc
import importlib
import itertools
import os
import sys
import time
from multiprocessing.connection import Connection

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


def serve(pipe: Connection, module: str, work_id: str, name: str) -> None:
    """Answer requests until the pipe closes. Answers are dictionaries; a failure is one with `problem`."""
    from benchmarks.harness import disagreement

    work = next(w for w in importlib.import_module(module).WORKS if w.id == work_id)
    pin(work.threads)
    engine = work.engines[name]
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
                start = time.perf_counter()
                run = engine.setup() if argument is None else engine.setup(argument)
                called = time.perf_counter()
                answer = run()
                done = time.perf_counter()
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
                    else {"first": done - start, "call": done - called}
                )
            else:
                pipe.send({"figure": _figure(run, argument, engine.collector, work.meter)})
        except ModuleNotFoundError as missing:
            pipe.send({"problem": f"not installed: {missing.name}"})
        except Exception as failure:
            text = " ".join(str(failure).split())
            pipe.send({"problem": f"{type(failure).__name__}: {text[:160]}"})


def _figure(run, calls: int, collector: bool, meter: str) -> float:
    """Seconds a call, averaged over `calls` calls; or what `run` itself measured."""
    if meter == "own":
        return run()
    gc.collect()
    (gc.enable if collector else gc.disable)()
    try:
        start = time.perf_counter()
        for _ in itertools.repeat(None, calls):
            run()
        return (time.perf_counter() - start) / calls
    finally:
        gc.enable()


def main(pipe: Connection, module: str, work_id: str, name: str) -> None:
    sys.setswitchinterval(1.0)
    serve(pipe, module, work_id, name)
