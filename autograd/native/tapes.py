"""The tape form of a program: its code, and what a thread needs to run it.

Nothing is compiled for a program: it becomes loops, and a kernel for each kind of loop is made once per machine, for
the first program that uses it.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from typing import Any

from autograd.core.primitives import Primitive
from autograd.native import encode as layout
from autograd.native.driver import driver
from autograd.native.encode import Code, encode, runs
from autograd.native.forms import neighbours
from autograd.native.ir import LANES
from autograd.native.kernels import CHAINS, Few, Linked, few, kernel, links
from autograd.native.objects import address, aligned
from autograd.native.roll import roll
from autograd.program.program import EXAMPLE, Program

IRREGULAR = 1000  # loops, from which on a tape's short ones have kernels of their own,
COMMON, LONGEST = 64, 24  # and so many alike pairs of neighbours become one, of so many loops at most


class Tapes:
    """A program as a tape, for blocks of `width` examples."""

    def __init__(self, program: Program, strides: Sequence[int], width: int) -> None:
        self.code, self.block = driver(width), width
        tape = roll(program, fuse=width > 1, cut=width == 1)
        code = encode(tape, tiled=width > 1)
        self._once = aligned(tape.once_size + 1)
        for place, number in tape.constants:
            self._once[place] = number
        self._lanes_size = (tape.lanes_size + 1) * width
        self.sums = len(tape.means)
        made, starts, phases = _kernels(code, width)
        places = [tape.place[slot] for slot in program.outputs]
        first_mean = tape.means[0].place if tape.means else 0
        ends = {first_mean, first_mean + len(tape.means)}
        whole, each = [*runs(places[: program.whole], ends)], [*enumerate(places[program.whole :])]
        varies = [program.moments[slot] == EXAMPLE for slot in program.outputs[program.whole :]]
        each.sort(key=lambda result: varies[result[0]])
        self._words = _array(code.words, "u4")
        runs_of_inputs = neighbours(strides) if width > 1 else ()
        squares = [k for first, n in runs_of_inputs for k in range(first, first + n - LANES + 1, LANES)]
        single = {*range(program.inputs)}.difference(*[range(k, k + LANES) for k in squares])
        inputs = [(k, strides[k]) for k in (*squares, *sorted(single))]
        self._tables = [_array(table) for table in (made, starts, inputs, each, whole)]
        kernels, offsets, columns, each_at, whole_at = map(address, self._tables)
        once, copies, examples, batch = phases
        plan = {
            layout.ONCE_AT: address(self._once), layout.CODE_AT: address(self._words),
            layout.KERNELS_AT: kernels, layout.OFFSETS_AT: offsets,
            layout.ONCE_LOOPS: once, layout.COPY_LOOPS: copies, layout.EXAMPLE_LOOPS: examples,
            layout.BATCH_LOOPS: batch, layout.PARAMETERS: program.parameters,
            layout.COLUMNS: len(inputs), layout.SQUARES: len(squares), layout.COLUMNS_AT: columns,
            layout.MEANS: len(tape.means), layout.FIRST_MEAN: first_mean,
            layout.EACH: len(each), layout.FIXED: varies.count(False), layout.EACH_AT: each_at,
            layout.WHOLE: len(whole), layout.WHOLE_AT: whole_at,
        }  # fmt: skip
        self._plan = [plan.get(field, 0) for field in range(layout.PLAN_SIZE)]

    def work(self) -> Any:
        """A plan with lanes of its own."""
        plan, lanes = _array(self._plan), aligned(self._lanes_size)
        plan[layout.LANES_AT] = address(lanes)
        self._tables.append(lanes)
        return plan

    def own(self) -> tuple[Any, Any]:
        """A plan with all of its own, for a thread that shares no batch with others; and where it is to put the
        parameters' numbers."""
        plan, once = self.work(), aligned(len(self._once))
        once[:] = self._once
        plan[layout.ONCE_AT] = address(once)
        return plan, once

    def numbers(self) -> Any:
        """Where the parameters' numbers are to be put: where they are read."""
        return self._once


def _kernels(code: Code, width: int) -> tuple[list[int], list[int], list[int]]:
    """The kernel of each loop, where its words begin, and how many loops each phase has. Where there are thousands,
    most are of a few numbers; then those that often follow one another become one."""
    keys: list[Any] = []
    for (kind, operands, over_lanes), offset in zip(code.kernels, code.offsets, strict=True):
        side, words = width if over_lanes else 1, code.words
        few_known = (
            side == 1
            and len(code.kernels) > IRREGULAR
            and (kind in CHAINS or (isinstance(kind, Primitive) and not kind.own))
        )
        count, terms = (words[offset], operands or words[offset + 1]) if few_known else (0, 0)
        if few_known and count <= LANES and count * terms <= 4 * LANES:
            keys.append((Few(kind, terms, count),))
        else:
            keys.append(kernel(kind, operands, side))
    made, offsets, phases, begin = [], [], [], 0
    for length in code.phases:
        merged = _merged(keys[begin : begin + length])
        offsets += [code.offsets[begin + i] for i, _ in merged]
        made += [key for _, key in merged]
        phases.append(len(merged))
        begin += length
    return _addresses(made, code.words, offsets), offsets, phases


def _addresses(keys: Sequence[Any], words: array[int], offsets: Sequence[int]) -> list[int]:
    """Those of the kernels; short loops are linked as the commonest of their kind are."""
    at: dict[Any, list[int]] = {}
    for i, key in enumerate(keys):
        if isinstance(key, tuple):
            at.setdefault(key, []).append(i)
    made = [*keys]
    linked: dict[int, Linked] = {}
    for key, places in at.items():
        found = links(key, words, [offsets[i] for i in places])
        often = Counter(found)
        linked |= {
            i: (key, of if often[of] >= COMMON else (-1,) * len(of)) for i, of in zip(places, found, strict=True)
        }
    addresses = few([linked[i] for i in sorted(linked)])
    for i, pair in linked.items():
        made[i] = addresses[pair]
    return made


def _merged(keys: Sequence[Any]) -> list[tuple[int, Any]]:
    """(index of the first, key): neighbours that are tuples joined where that pair is the commonest of all, again and
    again, as long as it is common."""
    import numpy as np

    numbers = {key: k for k, key in enumerate(dict.fromkeys(keys))}  # which are compared instead
    kinds = [*numbers]
    items, begins = np.array([*map(numbers.__getitem__, keys)], dtype=int), np.arange(len(keys))

    def fit(a: int, b: int) -> bool:
        a, b = kinds[a], kinds[b]
        return isinstance(a, tuple) and isinstance(b, tuple) and len(a) + len(b) <= LONGEST

    while True:
        pairs, many = items[:-1] * len(kinds) + items[1:], len(kinds)
        met, at, often = np.unique(pairs, return_index=True, return_counts=True)
        order = [k for k in np.lexsort((at, -often)) if often[k] >= COMMON]
        pair = next((met[k] for k in order if fit(*divmod(met[k], many))), None)
        if pair is None:
            return [(begin, kinds[kind]) for begin, kind in zip(begins.tolist(), items.tolist(), strict=True)]
        a, b = divmod(pair, many)
        whole = numbers.setdefault(kinds[a] + kinds[b], many)
        if whole == many:
            kinds.append(kinds[a] + kinds[b])
        joined: list[int] = []
        for i in np.flatnonzero(pairs == pair).tolist():
            if not joined or joined[-1] + 1 < i:
                joined.append(i)
        items[joined] = whole
        items, begins = [np.delete(x, np.array(joined) + 1) for x in (items, begins)]


def _array(numbers: Sequence[Any], kind: Any = "i8") -> Any:
    import numpy as np

    return np.array(numbers, dtype=kind)
