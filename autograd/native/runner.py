"""The native runner: a program in one of its forms, the arrays it needs, and how it is called over a batch."""

from __future__ import annotations

import ctypes
import sys
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple

from autograd.core.forks import renewed
from autograd.core.primitives import Primitive
from autograd.core.value import Value
from autograd.native import build, forms, pieces, straight
from autograd.native.body import Body
from autograd.native.fuse import CHEAP
from autograd.native.ir import LANES
from autograd.native.making import PADDED
from autograd.native.module import Module
from autograd.native.objects import address, aligned, changes_now, references, value_offsets
from autograd.native.plans import Plan, Work
from autograd.native.rows import keeping
from autograd.native.tiles import BLOCK
from autograd.program.loop import Loop
from autograd.program.program import EXAMPLE, INPUT, MEAN, Program

CHUNK = 2_000_000  # multiply-adds of a tape, about 0.1 ms of work: a batch is cut into pieces no smaller,
IN_REGISTERS = 3  # times as many of straight-line code, which is that much faster,
MEAN_WORK = 1000  # and as many more for each mean, whose sum in each piece is cleared and added up
FUNCTION_WORK = 40  # multiply-adds that an exponential or a logarithm takes, give or take
CHUNKS = 64  # at most
LOOKS = 3000  # at what others do, before a thread sleeps: about as long as it takes to be woken, or two or three times
LINGERS = 10_000  # the same of a helper that has no more to do, whether the next job has begun
FEW = 4  # up to this many examples, a tape takes them one at a time
MANY = 4096  # examples from which on LLVM's best effort pays


class Form(NamedTuple):
    """How a program runs: "straight" or as a "tape", so many examples side by side, built with so much effort."""

    kind: str
    width: int
    effort: int = 3

    def examples(self) -> tuple[int, int]:
        """The fewest and the most examples for which it is chosen."""
        if self.kind == "tape":
            return (1, FEW) if self.width == 1 else (FEW + 1, sys.maxsize)
        return (1, LANES - 1) if self.width == 1 else (LANES, MANY - 1) if self.effort == 1 else (MANY, sys.maxsize)


def form(straight: bool, n: int) -> Form:
    """What suits a batch of n."""
    if straight:
        return Form("straight", LANES if n >= LANES else 1, 3 if n >= MANY else 1)
    return Form("tape", BLOCK if n > FEW else 1)


class Runner:
    """Runs a program over batches. It owns its arrays, so calls wait for each other.

    columns: for each input (argument, index in an example, length of an example).
    """

    def __init__(
        self, program: Program, columns: Sequence[tuple[int, int, int]], parameters: Sequence[Value], form: Form
    ) -> None:
        try:
            import numpy as np
        except ImportError:
            raise build.NativeUnavailable(build.MISSING) from None

        strides = [length for _, _, length in columns]
        kind, width, effort = form
        if kind == "straight":
            self.form: Any = straight.Straight(program, strides, width, effort)
        else:
            from autograd.native.tapes import Tapes

            self.form = Tapes(program, strides, width)
        self._whole, self._each = program.whole, len(program.outputs) - program.whole
        self._arguments = np.array([argument for argument, _, _ in columns], dtype=int)
        self._offsets = np.array([8 * index for _, index, _ in columns], dtype=int)
        self._parameters = list(parameters)
        self._objects, self._nodes = references(parameters)
        self._numbers = self.form.numbers()  # as they were when `changes_now` was `_seen`
        self._own = _Own(self.form)  # of whoever holds the lock
        self._helpers = threading.local()
        means = program.primitives.count(MEAN)
        enough = CHUNK * (IN_REGISTERS if kind == "straight" else 1)
        self._chunk = (enough + MEAN_WORK * means) / max(_work(program), 1)  # examples of a piece
        code = self.form.code
        self._each_at = code.address("each")
        self._before, self._after, self._run = [
            forms.at(code.address(name), forms.SIGNATURES[name]) for name in ("before", "after", "run")
        ]
        renewed(self, Runner._renew)
        least, most = form.examples()
        self._least, self.most = least, min(most, int(2 * self._chunk) - 1)  # examples, that are not cut into pieces
        self.calls = 0
        self.plans: dict[Any, tuple[Any, Plan | None]] = {}  # with the surroundings that they are for
        self._array = np.array

    def _renew(self) -> None:
        """A lock that nobody holds; the numbers may be half read."""
        self._lock, self._seen = threading.Lock(), -1

    def run(self, arrays: Sequence[Any], n: int, at: Any = None) -> tuple[Any, Any]:
        """The results for the whole batch, (program.whole,) doubles, and those for each of n examples, (others, n).
        `at`: the parameters' numbers, an array, in place of those of their Values."""
        apart = n if n < PADDED else -(-n // LANES) * LANES
        whole, rows = aligned(self._whole, False), aligned(self._each * apart, False).reshape(self._each, apart)
        self.calls += 1
        errors: list[BaseException] = []
        with self._lock, keeping(errors):
            columns = self._array([*map(address, arrays)], dtype=int)[self._arguments] + self._offsets
            numbers = self._numbers
            if at is not None:
                numbers[: len(at)] = at
                self._seen = -1
            elif self._parameters and (self._seen == -1 or self._seen != changes_now()):
                self._seen = changes_now()
                _read(self._parameters, self._objects, numbers)
            batch = _Batch(address(columns), address(numbers), address(rows), address(whole), n, apart)
            chunks = min(int(n / self._chunk), CHUNKS, -(-n // self.form.block))
            if chunks < 2:
                self._run(address(self._own.work), *batch, self._own.sums(1))
            else:
                self._run_in_chunks(chunks, batch, [*arrays, columns, rows], errors)
        if errors:
            raise errors.pop(0)  # which this frame does not hold on to
        return whole, rows[:, :n]

    def entry_work(self) -> Work:
        """For calls that come by an entry: as many examples as are not cut into pieces."""
        run, sums = self.form.code.address("run"), aligned(self.form.sums + 1)
        work, numbers = self.form.own()
        return Work(run, work, sums, self._objects, self._nodes, numbers, self._least, self.most)

    def _run_in_chunks(self, chunks: int, batch: _Batch, arrays: list[Any], errors: list[BaseException]) -> None:
        """The same on several threads. The cut depends on the work alone, and each chunk has sums of its own, added in
        order: so that the bits do not depend on how many threads there are. A call may be interrupted anywhere: then
        the `arrays`, where all that is read and written, live on with those who are still at work."""
        from autograd.native import workers

        block, means, taken, lines = self.form.block, self.form.sums, self._array([0, 0]), self._array([0] * chunks)
        common, caller = address(self._own.work), threading.get_ident()
        columns, numbers, rows, whole, n, apart = batch
        self._before(common, numbers)
        next_job = workers.begun.value + 2
        take, help_, wait = pieces.functions()

        def work() -> None:
            if not arrays:  # all is done
                return
            helps = threading.get_ident() != caller
            own = self._helper() if helps else self._own
            ends = own.sums(chunks), means, address(lines), address(taken), ctypes.addressof(workers.begun)
            given = self._each_at, address(own.work), columns, numbers, rows, n, apart, block, chunks, *ends
            with keeping(errors):
                help_(*given, next_job, LINGERS) if helps else take(*given)

        def done() -> bool:
            wait(chunks, address(taken) + 8, LOOKS)
            return bool(taken[1] == chunks)

        workers.share(work, chunks, done)
        arrays.clear()
        self._after(common, numbers, whole, n, chunks, address(lines))

    def _helper(self) -> _Own:
        """What another thread than the caller works with."""
        if not hasattr(self._helpers, "own"):
            self._helpers.own = _Own(self.form)
        return self._helpers.own  # type: ignore[no-any-return]


class _Batch(NamedTuple):
    """A batch of n examples as machine code is given it: addresses, by the names of `forms`."""

    columns: int
    parameters: int
    results: int
    whole: int
    n: int
    apart: int


class _Own:
    """Memory that one thread works with: on the next batch too, as it lies in that processor's cache."""

    def __init__(self, form: Any) -> None:
        self.work, self._means, self._sums = form.work(), form.sums, aligned(form.sums)

    def sums(self, lines: int) -> int:
        """Where there is room for so many lines of sums."""
        if len(self._sums) < lines * self._means:
            self._sums = aligned(lines * self._means)
        return address(self._sums)


def _work(program: Program) -> int:
    """Multiply-adds for an example, forward and for the means; any other cheap instruction counts as one."""
    if not program.inputs:
        return 0
    work = 0
    for (row, moment, operands), count in Counter(
        zip(program.primitives, program.moments, map(len, program.operands), strict=True)
    ).items():
        if moment == EXAMPLE and row is not INPUT:
            function = isinstance(row, Primitive) and row.arity is not None and row not in CHEAP
            each = FUNCTION_WORK if function else 1 + operands // 2
            if isinstance(row, Loop):
                each += row.steps * _work(row.body)
            work += count * each
    return work


def _read(parameters: Sequence[Value], objects: Any, numbers: Any) -> None:
    """The numbers of the parameters, from the Values themselves."""
    offsets = value_offsets()
    if offsets is None:
        numbers[: len(parameters)] = [p._data for p in parameters]
    else:
        _reader()(address(objects), address(numbers), len(parameters), *offsets)


@cache
def _reader() -> Callable[..., None]:
    module = Module()
    offsets = [("i64", "float"), ("i64", "double")]
    body = Body(module, "read", [("ptr", "objects"), ("ptr", "numbers"), ("i64", "n"), *offsets])
    with body.loop(0, body.argument("n")) as i:
        value = body.load(body.at(body.argument("objects"), i, "ptr"), kind="ptr")
        number = body.load(body.at(value, body.argument("float"), "i8"), kind="ptr")
        body.store(body.load(body.at(number, body.argument("double"), "i8")), body.at(body.argument("numbers"), i))
    body.give()
    module.add(body)
    place = build.build(module.text(), 1).address("read")
    return ctypes.PYFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, *[ctypes.c_int64] * 3)(place)  # holds the GIL
