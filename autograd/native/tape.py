"""The native runner: a re-rolled program, its arrays, and the machine code it needs, behind one call.

As a tape nothing is compiled for a program: a kernel is made once per machine, for the first program that uses it. With
`fused`, what differs between examples is compiled as one kernel, printed by `straight`.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Sequence
from typing import Any

from autograd.core.primitives import BUILT_IN, TABLE
from autograd.core.value import Value
from autograd.native import encode as layout
from autograd.native import native, numba_straight
from autograd.native.encode import encode
from autograd.native.native import NOWHERE
from autograd.native.objects import address, value_offsets
from autograd.native.roll import FUSED, Tape
from autograd.native.workers import share
from autograd.program.expand import expand
from autograd.program.program import EXAMPLE, Program

KERNEL = "void(CPointer(uint32), CPointer(float64), CPointer(float64), CPointer(float64), int64)"
_PLAN, _DOUBLES = "CPointer(int64)", "CPointer(float64)"
_ARRAYS = (
    f"{_PLAN}, {_DOUBLES}, {_DOUBLES}, CPointer(int64), {_DOUBLES}, int64"  # plan, lanes, sums, sources, results, n
)
DRIVERS = {
    "parameters": f"void({_PLAN})",
    "before": f"void({_PLAN})",
    "chunk": f"void({_ARRAYS}, int64, int64)",
    "after": f"void({_PLAN}, {_DOUBLES}, int64, {_DOUBLES}, int64)",
    "run": f"void({_ARRAYS}, {_DOUBLES})",
}
CHUNK = 2_000_000  # multiply-adds, about 0.1 ms of work: a batch is cut into pieces no smaller,
MEAN = 200  # and as many more for each mean, whose sum in each piece is cleared and added up
CHUNKS = 64  # at most


class Runner:
    """Runs a program `lanes` examples at a time. It owns its arrays, so calls wait for each other.

    columns: for each input (argument, index in an example, length of an example), as the driver reads them.
    """

    def __init__(
        self,
        program: Program,
        columns: Sequence[tuple[int, int, int]],
        arguments: int,
        parameters: Sequence[Value],
        lanes: int,
        fused: bool,
    ) -> None:
        try:
            import numpy as np
        except ImportError:
            raise native.NativeUnavailable(native.MISSING) from None

        program = expand(program)
        self.tape = tape = Tape(program, fused)
        code = encode(tape)
        self._once = np.zeros(tape.once_size + 1)
        self._lanes = np.zeros((tape.lanes_size + 1) * lanes)
        self._sums = np.zeros((1, 8 * (len(tape.means) + 1)))  # the last are those that nobody reads
        for place, number in tape.constants:
            self._once[place] = number
        outputs = [(program.moments[row] == EXAMPLE, tape.place[row]) for row in program.outputs]
        whole, each = [place for _, place in outputs[: program.whole]], outputs[program.whole :]
        self._each, self._whole = len(each), len(whole)
        fused_kernel = numba_straight.kernel(tape, lanes) if fused else 0
        made = {
            (name, over_lanes): fused_kernel if name == FUSED else kernel(name, lanes if over_lanes else 1)
            for name, over_lanes in set(code.kernels)
        }
        self._parameters = list(parameters)
        self._offsets = value_offsets()
        tables = [
            (code.words, np.uint32), ([made[loop] for loop in code.kernels], np.int64), (code.offsets, np.int64),
            ([id(x) for x in parameters], np.int64), (list(columns), np.int64),
            ([mean.place for mean in tape.means], np.int64), (each, np.int64), (whole, np.int64),
        ]  # fmt: skip
        self._tables = [np.array(numbers, dtype=kind) for numbers, kind in tables]
        words, kernels, offsets, objects, columns_at, means, each_at, whole_at = [
            table.ctypes.data for table in self._tables
        ]
        self._plan = np.zeros(layout.PLAN_SIZE, dtype=np.int64)
        self._plan[:] = [
            self._once.ctypes.data, words, kernels, offsets, *code.phases,
            len(parameters), objects, *(self._offsets or (0, 0)), len(columns), columns_at, len(tape.means), means,
            self._each, each_at, self._whole, whole_at,
        ]  # fmt: skip
        self._plan_at = self._plan.ctypes.data
        self._lanes_at, self._sums_at = self._lanes.ctypes.data, self._sums.ctypes.data
        self._width, self._chunk = (
            lanes,
            (CHUNK + MEAN * len(tape.means)) / max(_work(program), 1),
        )  # examples of a piece
        self._spare = [self._lanes]
        self._read_parameters = self._driver("parameters", 1, holds_gil=True)
        self._run = self._driver("run", 7)
        self._lock = threading.Lock()
        self._sources = (ctypes.c_int64 * (arguments + 1))()
        self._sources_at = ctypes.addressof(self._sources)
        self._empty = np.empty

    def _driver(self, name: str, arguments: int, holds_gil: bool = False) -> Callable[..., int]:
        def make() -> Any:
            from autograd.native import driver

            return driver.make(name, self._width)

        return native.function(
            native.address(f"driver {name} {self._width}", make, DRIVERS[name]), arguments, holds_gil
        )

    def run(self, arrays: Sequence[Any], n: int, at: Any = None) -> tuple[Any, Any]:
        """The results for the whole batch, (program.whole,) doubles, and those for each of n examples, (others, n).
        `at`: the parameters' numbers, an array, in place of those of their Values."""
        whole, each = self._empty(self._whole), self._empty((self._each, n))
        sources = self._sources
        with self._lock:
            for i, array in enumerate(arrays):
                sources[i] = address(array)
            if at is not None:
                self._once[: len(self._parameters)] = at
            elif self._offsets:
                self._read_parameters(NOWHERE, NOWHERE, self._plan_at)
            else:
                self._once[: len(self._parameters)] = [p._data for p in self._parameters]
            tables = self._sources_at, address(each), n
            chunks = min(int(n / self._chunk), CHUNKS)
            if chunks < 2:
                self._run(NOWHERE, NOWHERE, self._plan_at, self._lanes_at, self._sums_at, *tables, address(whole))
            else:
                self._run_in_chunks(chunks, *tables, address(whole))
        return whole, each

    def _run_in_chunks(self, chunks: int, sources: int, each: int, n: int, whole: int) -> None:
        """The same on several threads. The cut depends on the work alone, and each chunk has sums of its own, added in
        order: so that the bits do not depend on how many threads there are."""
        blocks = -(-n // self._width)
        ends = [min(n, blocks * k // chunks * self._width) for k in range(chunks + 1)]
        if len(self._sums) < chunks:
            self._sums = self._sums.repeat(chunks, axis=0)[:chunks]
            self._sums_at = self._sums.ctypes.data
        before, chunk, after = self._driver("before", 1), self._driver("chunk", 8), self._driver("after", 5)
        before(NOWHERE, NOWHERE, self._plan_at)

        def work(k: int) -> None:
            try:
                lanes = self._spare.pop()
            except IndexError:
                lanes = self._lanes.copy()
            sums = self._sums_at + k * self._sums.strides[0]
            chunk(NOWHERE, NOWHERE, self._plan_at, address(lanes), sums, sources, each, n, ends[k], ends[k + 1])
            self._spare.append(lanes)

        share(work, chunks)
        after(NOWHERE, NOWHERE, self._plan_at, self._sums_at, chunks, whole, n)


def _work(program: Program) -> int:
    """Multiply-adds for an example, forward and for the means; any other instruction counts as one."""
    moments, operands = program.moments, program.operands
    return sum([1 + len(operands[row]) // 2 for row in range(program.leaves, len(program)) if moments[row] == EXAMPLE])


def kernel(name: str, lanes: int) -> int:
    """The address of a kernel for so many lanes."""

    def make() -> Any:
        from autograd.native import kernels

        return kernels.make(name, lanes)

    return native.address(f"kernel {name} {lanes}", make, KERNEL, keep=name in BUILT_IN or name not in TABLE)
