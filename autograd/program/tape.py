"""The native runner: a re-rolled program, its arrays, and the machine code it needs, behind one call.

As a tape nothing is compiled for a program: a kernel is made once per machine, for the first program that uses it. With
`fused`, what differs between examples is compiled as one kernel, printed by `straight`.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Sequence
from typing import Any

from autograd.program import encode as layout
from autograd.program import native, straight
from autograd.program.encode import encode
from autograd.program.program import EXAMPLE, Program
from autograd.program.roll import FUSED, Tape
from autograd.value import Value

KERNEL = "void(CPointer(uint32), CPointer(float64), CPointer(float64), CPointer(float64), int64)"
DRIVER = "void(CPointer(int64), CPointer(int64), CPointer(float64), int64)"


class Runner:
    """Runs a program `lanes` examples at a time. It owns its arrays, so calls wait for each other.

    columns: for each input (argument, index in an example, length of an example), as the driver reads them.
    """

    def __init__(
        self, program: Program, columns: Sequence[tuple[int, int, int]], parameters: Sequence[Value], lanes: int, fused: bool
    ) -> None:
        import numpy as np

        self.tape = tape = Tape(program, fused)
        code = encode(tape)
        self._once = np.zeros(tape.once_size + 1)
        self._lanes = np.zeros((tape.lanes_size + 1) * lanes)
        self._sums = np.zeros(8 * len(tape.means) + 8)
        for place, number in tape.constants:
            self._once[place] = number
        outputs = [(program.moments[row] == EXAMPLE, tape.place[row]) for row in program.outputs]
        self.results_vary = any(varies for varies, _ in outputs)
        self.count = len(outputs)
        kernels = [
            straight.kernel(tape, lanes) if name == FUSED else kernel(name, lanes if over_lanes else 1)
            for name, over_lanes in code.kernels
        ]
        self._parameters = list(parameters)
        direct = _number_offset() >= 0
        tables = [
            (code.words, np.uint32), (kernels, np.int64), (code.offsets, np.int64),
            ([id(x) for x in parameters] if direct else [], np.int64), (list(columns), np.int64),
            ([place for place, _ in tape.means], np.int64), (outputs, np.int64),
        ]  # fmt: skip
        self._tables = [np.array(numbers, dtype=kind) for numbers, kind in tables]
        words, kernels_at, offsets, objects, columns_at, means, results = [table.ctypes.data for table in self._tables]
        self._plan = plan = np.zeros(layout.PLAN_SIZE, dtype=np.int64)
        plan[: layout.ONCE_LOOPS] = [*[x.ctypes.data for x in (self._once, self._lanes, self._sums)], words, kernels_at, offsets]
        plan[layout.ONCE_LOOPS : layout.PARAMETERS] = code.phases
        plan[layout.PARAMETERS :] = [
            len(parameters) if direct else 0, objects, _number_offset(), len(columns), columns_at, len(tape.means), means,
            len(outputs), results, self.results_vary,
        ]  # fmt: skip
        self._copied = not direct
        self._plan_at = plan.ctypes.data
        self._driver = native.function(_driver(lanes), 4)
        self._lock = threading.Lock()
        self._empty = np.empty

    def run(self, arrays: Sequence[Any], n: int) -> Any:
        """The results for n examples: (results, n) doubles if any varies over the examples, else (results,)."""
        results = self._empty((self.count, n) if self.results_vary else self.count)
        sources = (ctypes.c_int64 * len(arrays))(*[array.ctypes.data for array in arrays])
        with self._lock:
            if self._copied:
                self._once[: len(self._parameters)] = [p._data for p in self._parameters]
            self._driver(native.NOWHERE, native.NOWHERE, self._plan_at, ctypes.addressof(sources), results.ctypes.data, n)
        return results


def _number_offset() -> int:
    return -1


def kernel(name: str, lanes: int) -> int:
    def make() -> Any:
        from autograd.program import kernels

        return kernels.make(name, lanes)

    return native.address(f"{name} {lanes}", make, KERNEL)


def _driver(lanes: int) -> int:
    def make() -> Any:
        from autograd.program.driver import driver

        return driver(lanes)

    return native.address(f"driver {lanes}", make, DRIVER)
