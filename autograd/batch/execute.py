"""From a program to results for a batch: which runner, and how it is called."""

from __future__ import annotations

import gc
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import Context
from threading import get_ident
from typing import Any

from autograd.batch.arguments import Arguments, Shape
from autograd.core.forks import in_forked
from autograd.core.value import Value
from autograd.native import build
from autograd.program import reference
from autograd.program.expand import expand, is_ours
from autograd.program.loop import loops_in, refuse_loops
from autograd.program.program import Program
from autograd.program.surroundings import Surroundings

ENOUGH = 3  # calls, after which they go straight to machine code
SMALL = 256  # instructions, at most, of a program that is compiled as straight-line code
ROOTS = 1_024  # of one whose equations are solved in it, by loops


@contextmanager
def collector_paused() -> Iterator[None]:
    """Without the garbage collector for a while. Graphs and programs hold no cycles, but a million new objects make it
    look through all of them again and again: half of the time it takes to prepare a large program. Afterwards they
    count as looked through."""
    was_on = gc.isenabled()
    if was_on:
        _pausing.append(get_ident())
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            _pausing.remove(get_ident())
            if not gc.get_freeze_count():  # else somebody froze what unfreezing would thaw
                gc.freeze()
                gc.unfreeze()
            gc.enable()


def _resume() -> None:
    """In a forked process, on behalf of a thread that is not there."""
    if _pausing and get_ident() not in _pausing:
        _pausing.clear()
        gc.enable()


_pausing: list[int] = []  # the thread that paused the collector
in_forked(_resume)


def _import_native(straight: bool) -> None:
    """What the first call imports, while no process is forked: that would wait there for the import for ever."""
    with build.lock:
        from autograd.native import runner  # noqa: F401

        if not straight:
            from autograd.native import parts, tapes  # noqa: F401


def _stays(row: Any) -> bool:
    """Whether machine code has a form for it that is no loop: equations are solved in Python."""
    return is_ours(row) or row.by_call


class Execution:
    """A program bound to its parameters and to the shapes of its arguments.

    `instead` makes what to run where a result for the whole batch is nan: see `without_masks`.
    """

    def __init__(
        self,
        program: Program,
        parameters: Sequence[Value],
        shapes: Sequence[Shape],
        runner: str | None,
        devices: Any = None,
        instead: Callable[[], Execution] | None = None,
    ) -> None:
        self.instead = instead
        self._other: Execution | None = None
        if runner not in ("python", "jax"):
            solved = runner != "tape" and (program.count() <= ROOTS or bool(loops_in(program)))
            program = expand(program, stays=is_ours if solved else _stays)
        self.program, self.parameters, self.runner, self.devices = program, parameters, runner, devices
        if runner == "tape":
            refuse_loops(program, f"compile: runner={runner!r}")
        self.columns = [
            (argument, i, 0 if shape is None else math.prod(shape))
            for argument, shape in enumerate(shapes)
            for i in range(math.prod(shape or ()))
        ]
        self._straight = runner == "source" or (
            runner is None and (program.count() <= SMALL or bool(loops_in(program)))
        )
        if runner not in ("python", "jax"):
            _import_native(self._straight)
        if not self._straight and runner in (None, "tape"):  # of straight-line code LLVM sees it
            from autograd.native.parts import opened

            self.program = opened(program)
        self._runners: dict[Any, Any] = {}

    def run(self, read: Arguments, at: Any = None) -> tuple[Any, Any]:
        """The results for the whole batch, a number each, and those for each example: (others, n). `at`: numbers for
        the parameters in place of those of their Values."""
        n = 1 if read.n is None else read.n
        if self.runner == "python":
            return self._run_plainly(read, n, at)
        if self.runner == "jax":
            how: Any = "jax"
        else:
            from autograd.native.runner import form

            how = form(self._straight, n)
        runner = self._runners.get(how)
        if runner is None:
            with collector_paused():
                runner = self._runners[how] = self._made(how)
        whole, each = runner.run(read.arrays, n, at)
        if self.instead is not None and (whole != whole).any():
            self._other = self._other or self.instead()
            return self._other.run(read, at)
        return whole, each

    def _made(self, how: Any) -> Any:
        if how == "jax":
            from autograd.export.jax_runner import Runner as Jax

            return Jax(self.program, self.columns, self.parameters, self.devices)
        from autograd.native.runner import Runner

        return Runner(self.program, self.columns, self.parameters, how)

    def plan(
        self,
        n: int,
        method: Any,
        shapes: Sequence[Shape],
        at: bool,
        surroundings: Surroundings,
        recipe: Callable[[], Any],
    ) -> Any:
        """How calls of so many examples go straight to machine code, once there were a few; the `surroundings` say what
        must be as it was, and `recipe` what they make. None while they go another way."""
        from autograd.native import plans
        from autograd.native.rows import calls_python
        from autograd.native.runner import form

        runner = self._runners.get(form(self._straight, n))
        if runner is None or n > runner.most or runner.calls < ENOUGH:
            return None
        around, plan = runner.plans.get((method, at), (None, None))
        if around is not surroundings or runner.calls & (runner.calls - 1) == 0:  # lists may have been moved
            made, guard, plan = recipe(), plans.Guard.of(surroundings), None
            if made is not None and guard is not None and not calls_python(self.program):
                plan = plans.plan(method, runner.entry_work(), shapes, at, self.instead is not None, guard, *made)
            if surroundings.changed():  # by another thread, and the plan guards what is there now
                return None
            runner.plans[method, at] = surroundings, plan
        return plan

    def _run_plainly(self, read: Arguments, n: int, at: Any) -> tuple[Any, Any]:
        flat = [array.ravel().tolist() for array in read.arrays]
        examples = [[flat[argument][k * length + i] for argument, i, length in self.columns] for k in range(n)]
        numbers = [p._data for p in self.parameters] if at is None else at.tolist()
        results: list[Any] = Context().run(reference.run, self.program, examples, numbers)  # whatever modes are on
        whole, each = results[: self.program.whole], results[self.program.whole :]
        each = [result if isinstance(result, list) else [result] * n for result in each]
        try:
            import numpy as np
        except ImportError:
            return whole, each
        return np.array(whole), np.array(each).reshape(len(each), n)
