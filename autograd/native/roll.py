"""Re-rolling: from a list of scalar instructions back to loops.

Slots that do not depend on each other and have the same primitive become one loop; dots that also share their inputs
become a matrix times a vector. What a program needs of the machine is then a handful of loops, whatever number of
neurons it was unrolled from. A slot joins the first loop of its kind that comes after those of its operands.

Slots live in two arrays. `once` holds a number for each slot known once or after the batch; `lanes` holds a number for
each example of a block. A slot's place is its index in its array; results of one loop lie side by side.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import is_
from typing import Any, NamedTuple

from autograd.core import primitives as table
from autograd.core.primitives import Primitive, dot_parts
from autograd.native.fuse import fused, sources
from autograd.native.products import Product, mean_slots, products
from autograd.program.program import BATCH, CONSTANT, EXAMPLE, FUSED, MASKED_DOT, MEAN, ONCE, Program, masked_dot_parts

MATVEC, MASKED_MATVEC, DOTS, SUMS = "matvec", "masked_matvec", "dots", "sums"
MATVECS = (MATVEC, MASKED_MATVEC)
LONG, PIECE = 256, 28  # operands of a sum that is cut, and terms of a piece at most


class Loop(NamedTuple):
    """`kind` applied to the operands of each of `many`, giving the places first, first + 1, …

    kind      a Primitive, or one of the names above, with operands w₁ … wₙ, x₁ … xₙ, b, or x₁ … xₙ.
              A MATVEC takes its weights from `once`, and its bias too if `bias_once`; its inputs are all the same. So
              are what tells, of a masked one, which of its products are off: `offs`.
    flat      the operands of the first, then those of the second, …
    """

    kind: Any
    first: int
    many: int
    flat: list[int]
    bias_once: bool = False
    offs: tuple[int, ...] = ()

    @property
    def width(self) -> int:
        """How many operands each has."""
        return len(self.flat) // self.many

    @property
    def operands(self) -> list[tuple[int, ...]]:
        """Those of each."""
        return [*zip(*[iter(self.flat)] * self.width, strict=True)] if self.flat else [()] * self.many

    def reads(self) -> Sequence[int]:
        """The places in `lanes` that it reads, as a loop over examples."""
        if self.kind not in MATVECS:
            return self.flat
        n, width = self.width // 2, self.width
        return [*self.flat[n : width - 1], *([] if self.bias_once else self.flat[width - 1 :: width]), *self.offs]


class Mean(NamedTuple):
    """The mean over the batch of a sum of products: its place in `once`, and the places in `lanes` of the factors and
    of what tells where the product is off, None if nothing does."""

    place: int
    products: list[Product]


@dataclass(frozen=True, eq=False, repr=False)
class Tape:
    """A re-rolled program."""

    program: Program
    place: list[int]  # of each slot
    once_size: int
    lanes_size: int
    constants: list[tuple[int, float]]  # (place in once, number)
    broadcast: dict[int, int]  # place in once → place in lanes: read beside slots that vary
    loops: dict[int, list[Loop]]  # of each moment
    means: list[Mean]

    def __str__(self) -> str:
        from autograd.native.listing import listing

        return listing(self)

    def __repr__(self) -> str:
        return f"<program of {self.program.heading()}; print it>"


def roll(program: Program, fuse: bool = False, cut: bool = False) -> Tape:
    """The loops of a program, cheap instructions `fused` or as they are, long sums `cut` or not. A constant 1 may be
    added to it."""
    means = mean_slots(program)
    found, absorbed = products(program, means, program.constant(1.0)) if means else ([], set[int]())
    places = _Places(program)
    constants = [(places.new_once(slot), number) for slot, number in program.numbers.items()]
    for mean in means:
        places.new_once(mean)
    order: Sequence[int] = range(program.leaves, len(program))
    if fuse:
        program, absorbed = fused(program, absorbed, sources(program, found))
    if cut:
        program, order = _with_cut_sums(program)
        places.place += [-1] * (len(program) - len(places.place))
    places.program = program
    groups = _groups(program, absorbed, order)
    loops = {moment: [places.loop(kind, slots) for kind, slots in groups[moment]] for moment in (ONCE, EXAMPLE, BATCH)}
    lanes = places.in_lanes
    factors = [[(lanes(x), lanes(y), None if off is None else lanes(off)) for x, y, off in some] for some in found]
    return Tape(
        program,
        places.place,
        places.once_size,
        places.lanes_size,
        constants,
        places.broadcast,
        loops,
        [Mean(places.place[mean], some) for mean, some in zip(means, factors, strict=True)],
    )


def _with_cut_sums(program: Program) -> tuple[Program, Sequence[int]]:
    """The program with long sums and dots of what repeats, row by row, cut into pieces that go on from each other, and
    the order in which to take its slots, each piece where its operands are known: an addition waits for the one before,
    and there something else can be done meanwhile. The terms are added in the same order, to the same bits."""
    slots = range(program.leaves, len(program))
    least = max(LONG, len(program) // 64)  # else it is not for long that others wait for it
    long = [slot for slot in slots if len(program.operands[slot]) >= least]
    sizes = {slot: size for slot in long if (size := _piece(program, slot))}
    if not sizes:
        return program, slots
    result, after = program.first(len(program)), dict[int, list[int]]()
    for slot, size in sizes.items():
        row, operands = program.primitives[slot], program.operands[slot]
        ws, b, xs = dot_parts(operands) if row is table.dot else ((), None, operands)
        begun: tuple[int, ...] = () if b is None else (b,)
        known = max([program.leaves, *begun])  # so far
        for end in range(size, len(xs) - FUSED, size):  # so many are left, as a dot of fewer is another sum
            piece = slice(end - size, end)
            begun = (result.append(row, (*ws[piece], *begun, *xs[piece])),)
            known = max(known, *ws[piece], *xs[piece])
            after.setdefault(known, []).append(begun[0])
        result.operands[slot] = (*ws[end:], *begun, *xs[end:])
    result.outputs = program.outputs
    return result, [x for slot in slots for x in (slot, *after.get(slot, ()))]


def _piece(program: Program, slot: int) -> int:
    """How many terms the pieces of a sum have, a number of times what nearly all of it repeats; 0 if it is not cut:
    what is all of one row is computed at once, and so are the rows of a matrix."""
    row, operands = program.primitives[slot], program.operands[slot]
    if row is table.dot and _kind(program, program.moments[slot], row, operands)[0] != MATVEC:
        xs = dot_parts(operands)[2]
    elif row is table.sum_:
        xs = operands
    else:
        return 0
    rows = [program.primitives[x] for x in xs]
    alike = lambda apart: sum(map(is_, rows, rows[apart:])) > 0.9 * len(rows)
    period = next(filter(alike, range(1, PIECE + 1)), 1)
    return 0 if period == 1 else PIECE // period * period


_NEXT_MOMENT = 1 << 40  # loops of one moment come after all of the moment before


def _groups(program: Program, absorbed: Collection[int], order: Sequence[int]) -> list[list[tuple[Any, list[int]]]]:
    """(kind, slots) of each loop, for each moment."""
    primitives, moments, all_operands = program.primitives, program.moments, program.operands
    groups: list[list[tuple[Any, list[int]]]] = [[], [], []]
    alike: list[dict[Any, tuple[list[int], list[list[int]]]]] = [{}, {}, {}]  # of each kind the loops, and their slots
    position = [-1] * len(primitives)  # of each slot's loop
    rank: dict[int, int] = {}  # in the inputs of a matrix
    for slot in order:
        primitive, operands, moment = primitives[slot], all_operands[slot], moments[slot]
        if primitive is CONSTANT or primitive is MEAN or (absorbed and slot in absorbed):
            continue
        after = -1
        for x in operands:
            if position[x] > after:
                after = position[x]
        key = kind = primitive
        if primitive.arity is None:
            kind, *shared = key = _kind(program, moment, primitive, operands)
            if kind in MATVECS:
                xs = shared[0]
                if xs and rank.get(xs[-1]) != len(xs) - 1:  # the rows of one have the same
                    rank.update({x: k for k, x in enumerate(xs)})
        found = alike[moment].get(key)
        if found is None:
            found = alike[moment][key] = [], []
        loops, members = found
        if not loops or loops[-1] <= after:
            group: list[int] = []
            loops.append(moment * _NEXT_MOMENT + len(groups[moment]))
            members.append(group)
            groups[moment].append((kind, group))
            k = -1
        else:
            k = bisect_right(loops, after)
        members[k].append(slot)
        position[slot] = loops[k]
    if rank:
        for kind, slots in chain(*groups):
            if kind not in MATVECS and all([slot in rank for slot in slots]):
                slots.sort(key=rank.__getitem__)  # so that they lie evenly
    return groups


def _kind(program: Program, moment: int, primitive: Primitive, operands: tuple[int, ...]) -> tuple[Any, ...]:
    """What the instruction is a loop of, and what else must agree for two to share one."""
    moments = program.moments
    if primitive is table.dot:
        ws, b, xs = dot_parts(operands)
        if moment == EXAMPLE and all([moments[w] == ONCE for w in ws]):
            return MATVEC, xs, moments[b]
        return DOTS, len(xs)
    if primitive is MASKED_DOT and moment == EXAMPLE:
        offs, ws, b, xs = masked_dot_parts(operands)
        if all([moments[w] == ONCE for w in ws]):
            return MASKED_MATVEC, xs, offs, moments[b]
    return SUMS if primitive is table.sum_ else primitive, len(operands)


class _Places:
    """Where the numbers of a program's slots are, as far as that is decided."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.place = [-1] * len(program)
        self.place[: program.leaves] = [*range(program.inputs), *range(program.parameters)]
        self.once_size, self.lanes_size = program.parameters, program.inputs
        self.broadcast: dict[int, int] = {}

    def new_once(self, slot: int) -> int:
        self.place[slot] = self.once_size
        self.once_size += 1
        return self.place[slot]

    def in_lanes(self, slot: int) -> int:
        """The place of a slot in `lanes`; slots known once are copied there."""
        place = self.place[slot]
        if self.program.moments[slot] == EXAMPLE:
            return place
        if place not in self.broadcast:
            self.broadcast[place] = self.lanes_size
            self.lanes_size += 1
        return self.broadcast[place]

    def loop(self, kind: Any, slots: Sequence[int]) -> Loop:
        """The next loop, of these slots."""
        program, place = self.program, self.place
        all_operands: list[tuple[int, ...]] = [*map(program.operands.__getitem__, slots)]
        if kind in MATVECS:
            return self._matvec(kind, slots, all_operands)
        if kind == DOTS:
            all_operands = [(*ws, *xs, b) for ws, b, xs in map(dot_parts, all_operands)]
        varies = program.moments[slots[0]] == EXAMPLE
        flat = [*map(self.in_lanes if varies else place.__getitem__, chain.from_iterable(all_operands))]
        return Loop(kind, self._place_results(slots), len(slots), flat)

    def _matvec(self, kind: str, slots: Sequence[int], all_operands: Iterable[tuple[int, ...]]) -> Loop:
        place, moments, lanes = self.place, self.program.moments, self.in_lanes
        flat, bias_once = list[int](), False
        offs: tuple[int, ...] = ()
        for parts in all_operands:
            off, ws, b, xs = masked_dot_parts(parts) if kind == MASKED_MATVEC else ((), *dot_parts(parts))
            offs = tuple([lanes(x) for x in off])
            bias_once = moments[b] == ONCE
            flat += [*[place[w] for w in ws], *[lanes(x) for x in xs], place[b] if bias_once else lanes(b)]
        return Loop(kind, self._place_results(slots), len(slots), flat, bias_once, offs)

    def _place_results(self, slots: Sequence[int]) -> int:
        varies = self.program.moments[slots[0]] == EXAMPLE
        first = self.lanes_size if varies else self.once_size
        for place, slot in enumerate(slots, first):
            self.place[slot] = place
        if varies:
            self.lanes_size += len(slots)
        else:
            self.once_size += len(slots)
        return first
