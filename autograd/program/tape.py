"""The tape runner: a re-rolled program, its arrays, and the native kernels it needs, as one callable.

Nothing is compiled for a program: a kernel is made once per machine, for the first program that uses it.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from autograd.primitives import TABLE
from autograd.program import encode as layout
from autograd.program import native
from autograd.program.encode import encode
from autograd.program.program import EXAMPLE, Program
from autograd.program.roll import Tape

LANES = 64
KERNEL = "void(CPointer(uint32), CPointer(float64), CPointer(float64), CPointer(float64), int64)"
DRIVER = "void(CPointer(int64), CPointer(int64), CPointer(float64), int64)"


class Runner:
    """Runs a program natively, `lanes` examples at a time. Calls are taken one after another: the arrays are its own."""

    def __init__(self, program: Program, columns: Sequence[tuple[int, int, int]], objects: Sequence[Any], number_offset: int, lanes: int = LANES) -> None:
        """columns: for each input (source, index in an example, length of an example), as the driver reads them."""
        import numpy as np

        self.tape = tape = Tape(program)
        code = encode(tape)
        self.once = np.zeros(max(1, tape.once_size))
        self.lanes = np.zeros(max(1, tape.lanes_size) * lanes)
        self.sums = np.zeros(8 * max(1, len(tape.means)))
        for place, number in tape.constants:
            self.once[place] = number
        outputs = [(program.moments[row] == EXAMPLE, tape.place[row]) for row in program.outputs]
        self.results_vary = any(varies for varies, _ in outputs)
        kernels = [_kernel(name, lanes if over_lanes else 1) for name, over_lanes in code.kernels]
        self._tables = [
            np.array(table, dtype=dtype)
            for table, dtype in (
                (code.words, np.uint32), (kernels, np.int64), (code.offsets, np.int64), ([id(x) for x in objects], np.int64),
                (columns, np.int64), ([place for place, _ in tape.means], np.int64), (outputs, np.int64),
            )
        ]  # fmt: skip
        words, kernels_at, offsets, objects_at, columns_at, means, results = [table.ctypes.data for table in self._tables]
        self.plan = plan = np.zeros(layout.PLAN_SIZE, dtype=np.int64)
        plan[: layout.ONCE_LOOPS] = [x.ctypes.data for x in (self.once, self.lanes, self.sums)] + [words, kernels_at, offsets]
        plan[layout.ONCE_LOOPS : layout.PARAMETERS] = code.phases
        plan[layout.PARAMETERS :] = [
            len(objects), objects_at, number_offset, len(columns), columns_at, len(tape.means), means,
            len(outputs), results, self.results_vary,
        ]  # fmt: skip
        self._plan_at = self.plan.ctypes.data
        self._objects = list(objects)
        self._run = native.function(_driver(lanes), 4)
        self._lock = threading.Lock()


def _kernel(name: str, lanes: int) -> int:
    def make() -> Any:
        from autograd.program import kernels

        return kernels.make(name, lanes)

    return native.address(f"{name} {lanes}", make, KERNEL)


def _driver(lanes: int) -> int:
    def make() -> Any:
        from autograd.program.driver import driver

        return driver(lanes)

    return native.address(f"driver {lanes}", make, DRIVER)
