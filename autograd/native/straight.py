"""The straight-line form: a program as one function over a batch, every instruction written out once.

The functions are those of `forms`; `strides`, known when the code is made, say how many doubles apart the examples of
each input are (0: the same for all examples), and `work` holds the columns of loops. Eight examples are computed side
by side, the last eight of a chunk overlapping those before; a batch of fewer is computed one by one, by the same text.
So a result has the same bits whatever its place and whatever the size of the batch. Each of the two is written when it
is needed: LLVM takes most of the time before a first result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from autograd.native import loops
from autograd.native.body import Body
from autograd.native.build import Code, build, stores_past_caches
from autograd.native.forms import SIGNATURES, added_up, function, neighbours, write_run
from autograd.native.ir import LANES, V, constant, select
from autograd.native.loops import Inputs, Runs, spread
from autograd.native.module import Memory, Module
from autograd.native.objects import aligned
from autograd.native.rows import compute
from autograd.program.loop import LoopRow, loops_in
from autograd.program.program import BATCH, EXAMPLE, MEAN, ONCE, Program
from autograd.program.running import parts_read

LARGE = 1 << 19  # results, from which on caches do not hold them
MANY_RESULTS = 64  # more of them are written by way of a table: LLVM takes long over thousands of places

Numbers = dict[int, Any]  # the V of a program's slots, floats for its constants


def code(program: Program, strides: Sequence[int], lanes: int, effort: int = 1) -> tuple[Code, Memory]:
    """The straight-line form of a program whose examples are so many doubles apart, for each input: for batches of at
    least so many examples; and the memory that it works in. `effort`: see `build`."""
    module = Module()
    write(module, program, strides, lanes, effort > 1 and stores_past_caches())
    return build(module.text(), effort, bool(loops_in(program))), module.memory


class Straight:
    """A program as straight-line code, for batches of at least `lanes` examples."""

    def __init__(self, program: Program, strides: Sequence[int], lanes: int, effort: int) -> None:
        self.code, self._memory = code(program, strides, lanes, effort)
        self.block, self.sums, self.parameters = LANES, program.primitives.count(MEAN), program.parameters

    def work(self) -> Any:
        """What a thread needs for itself."""
        memory = aligned(self._memory.size + LANES, False)  # so that vectors may be loaded to the end of it
        for first, numbers in self._memory.known:
            memory[first : first + len(numbers)] = numbers
        return memory

    def own(self) -> tuple[Any, Any]:
        """The same for a thread that shares no batch with others; and where it is to put the parameters' numbers."""
        return self.work(), self.numbers()

    def numbers(self) -> Any:
        """Where the parameters' numbers are to be put."""
        import numpy as np

        return np.zeros(self.parameters + 1)


def write(module: Module, program: Program, strides: Sequence[int], lanes: int, past: bool = False) -> None:
    """The functions, in a module. `past`: large results are stored past the caches."""
    nothing = function(module, "before", SIGNATURES["before"])
    nothing.give()
    module.add(nothing)
    _write_each(module, program, strides, lanes, past)
    _write_after(module, program)
    write_run(module)


def instructions(
    body: Body, program: Program, moment: int, numbers: Numbers, uses: Sequence[int], lanes: int = 1
) -> None:
    """Write what is computed at one moment; `numbers` has what it starts from, and gets the results."""
    parts = parts_read(program, uses)
    for slot, primitive, operands in program.instructions():
        if program.moments[slot] == moment and uses[slot] and slot not in numbers and primitive is not MEAN:
            xs = [numbers.get(x) for x in operands]  # a loop does not read all
            if isinstance(primitive, LoopRow):
                numbers[slot] = loops.write(body, primitive, xs, parts.get(slot, {}), lanes, instructions)
            else:
                numbers[slot] = compute(primitive, xs)


def shared(body: Body, program: Program, uses: Sequence[int]) -> Numbers:
    """What all examples share: constants, parameters, and what depends on those only."""
    numbers: Numbers = dict(program.numbers)
    for k in range(program.parameters):
        if uses[program.inputs + k]:
            numbers[program.inputs + k] = body.load(body.at(body.argument("parameters"), k))
    instructions(body, program, ONCE, numbers, uses)
    return numbers


def _write_each(module: Module, program: Program, strides: Sequence[int], lanes: int, past: bool) -> None:
    body = function(module, "each", SIGNATURES["each"])
    begin, end = body.argument("begin"), body.argument("end")
    runs = Runs(program, strides)
    uses = runs.uses
    numbers = shared(body, program, uses)
    columns = {
        k: body.load(body.at(body.argument("columns"), k, "ptr"), kind="ptr") for k in range(program.inputs) if uses[k]
    }
    means = [program.operands[slot][0] for slot in range(len(program)) if program.primitives[slot] is MEAN]

    slots = {k: slot for k, slot in enumerate(program.outputs[program.whole :]) if k not in runs.listed}
    fixed = _fixed_results(program, slots) if lanes > 1 else {}
    slots = {k: slot for k, slot in slots.items() if k not in fixed}
    if fixed:
        with _by_table(body, "fixed", fixed, numbers, 1) as (result, x):
            row = body.at(body.argument("results"), body.argument("apart") * result + begin)
            body.strips(end - begin, lambda i, lanes: body.store(body.spread(x, lanes), body.at(row, i)))
    pairs = {k for first, count in neighbours(strides) for k in range(first, first + count - 1, 2)}
    last = end - lanes
    totals = [body.variable(constant(body, 0.0), lanes) for _ in means]
    with body.loop(begin, end, lanes) as first:
        i = select(first > last, last, first)
        here = dict(numbers)
        for k, column in columns.items():
            if k not in here and k + 1 in columns and lanes == LANES and k in pairs:
                here[k], here[k + 1] = _two_columns(body, column, i, strides[k])
            elif k not in here:
                here[k] = _column(body, column, i, strides[k], lanes)
        for slot, (k, step) in runs.packed.items():
            here[slot] = Inputs(body, k, step, partial(_column, body, i=i, stride=strides[k], lanes=lanes))
        instructions(body, program, EXAMPLE, here, uses, lanes)
        new = _lanes_from(body, first - i) if lanes > 1 and means else None
        for total, slot in zip(totals, means, strict=True):
            term = here[slot] if new is None else select(new, here[slot], 0.0)
            body.store(body.spread(body.load(total, lanes) + term, lanes), total)
        runs.write_results(body, here, body.argument("apart"), i, lanes)
        if not past or len(slots) > MANY_RESULTS:
            _write_results(body, slots, here, i, lanes)
        else:
            large = (body.argument("apart") * len(slots) >= LARGE) & (first <= last)
            with body.when(large):
                _write_results(body, slots, here, i, lanes, body.store_past_caches)
            with body.when(large ^ True):
                _write_results(body, slots, here, i, lanes)
    if past:
        body.do("fence seq_cst")
    for k, total in enumerate(totals):
        body.store(add_lanes(body.load(total, lanes)), body.at(body.argument("sums"), k))
    body.give()
    module.add(body)


def _column(body: Body, column: V, i: V, stride: int, lanes: int) -> V:
    """The numbers of an input for `lanes` examples from the i-th on."""
    if stride == 0:
        return body.load(column)
    place = body.at(column, i * stride)
    if stride == 1 or lanes == 1:
        return body.load(place, lanes)
    x = body.poison(lanes)
    for lane in range(lanes):
        x = body.with_lane(x, lane, body.load(body.at(place, lane * stride)))
    return x


def _two_columns(body: Body, column: V, i: V, stride: int) -> tuple[V, V]:
    """The numbers of an input and of the next one for LANES examples: half as many instructions as one by one."""
    places = [body.at(column, (i + lane) * stride) for lane in range(LANES)]
    pairs = [body.load(place, 2) for place in places]
    even, odd = [_side_by_side(body, pairs[first::2]) for first in (0, 1)]
    x, y = [[lane + half * LANES + which for lane in range(0, LANES, 2) for half in (0, 1)] for which in (0, 1)]
    return body.shuffled(even, odd, x), body.shuffled(even, odd, y)


def _side_by_side(body: Body, xs: Sequence[V]) -> V:
    """Vectors as one, the first first."""
    while len(xs) > 1:
        xs = [body.shuffled(x, y, range(2 * x.lanes)) for x, y in zip(xs[::2], xs[1::2], strict=True)]
    return xs[0]


def _lanes_from(body: Body, first: V) -> V:
    """Is it the first lane or a later one?"""
    order = ", ".join([f"i64 {k}" for k in range(LANES)])
    return V(body, f"<{order}>", "i64", LANES) >= first


def add_lanes(x: V) -> V:
    """The sum of the lanes, in pairs."""
    parts = [x.body.lane(x, k) for k in range(x.lanes)] if x.lanes > 1 else [x]
    while len(parts) > 1:
        parts = [a + b for a, b in zip(parts[::2], parts[1::2], strict=True)]
    return parts[0]


def _fixed_results(program: Program, slots: dict[int, int]) -> dict[int, int]:
    """Of results (their slots, by number) those that all examples share, if they are many: they are written row by
    row, as they lie in memory."""
    fixed = {k: slot for k, slot in slots.items() if program.moments[slot] != EXAMPLE}
    return fixed if len(fixed) > MANY_RESULTS else {}


def _write_results(
    body: Body, slots: dict[int, int], numbers: Numbers, i: V, lanes: int, store: Callable[[V, V], None] | None = None
) -> None:
    apart, results = body.argument("apart"), body.argument("results")
    if len(slots) <= MANY_RESULTS:
        for k, slot in slots.items():
            (store or body.store)(spread(body, numbers[slot], lanes), body.at(results, apart * k + i))
        return
    with _by_table(body, "varying", slots, numbers, lanes) as (result, x):
        body.store(x, body.at(results, apart * result + i))


@contextmanager
def _by_table(body: Body, name: str, slots: dict[int, int], numbers: Numbers, lanes: int) -> Iterator[tuple[V, V]]:
    """What is done with each of many results, given its number and itself: written once."""
    place = {slot: k for k, slot in enumerate(dict.fromkeys(slots.values()))}
    kept = body.array(len(place) * lanes)
    for slot, k in place.items():
        body.store(spread(body, numbers[slot], lanes), body.at(kept, k * lanes))
    tables = {f"{name}.results": [*slots], f"{name}.slots": [place[slot] for slot in slots.values()]}
    for table, words in tables.items():
        body.module.constant(table, f"[{len(words)} x i32] [{', '.join([f'i32 {x}' for x in words])}]")
    with body.loop(0, len(slots)) as entry:
        places = [body.at(V(body, f"@{table}", "ptr"), entry, "i32") for table in tables]
        result, which = [body.op(f"zext {body.load(x, kind='i32')} to i64", "i64") for x in places]
        yield result, body.load(body.at(kept, which * lanes), lanes)


def _write_after(module: Module, program: Program) -> None:
    body = function(module, "after", SIGNATURES["after"])
    uses = program.uses() if program.whole else [0] * len(program)
    numbers = shared(body, program, uses)
    means = [slot for slot in range(len(program)) if program.primitives[slot] is MEAN]
    examples = body.op(f"sitofp {body.argument('n')} to double")
    totals = body.array(len(means) + 1)
    with body.loop(0, len(means)) as mean:
        body.store(added_up(body, mean) / examples, body.at(totals, mean))
    for k, slot in enumerate(means):
        numbers[slot] = body.load(body.at(totals, k))
    instructions(body, program, BATCH, numbers, uses)
    for k, slot in enumerate(program.outputs[: program.whole]):
        body.store(spread(body, numbers[slot], 1), body.at(body.argument("whole"), k))
    body.give()
    module.add(body)
