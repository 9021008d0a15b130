"""Re-rolling: from a list of scalar instructions back to loops.

Slots that could run at the same time do not depend on each other, so those with the same primitive become one loop.
Dots that also share their inputs become a matrix times a vector. What a program needs of the machine is then a
handful of loops, whatever number of neurons it was unrolled from.

Slots live in two arrays. `once` holds a number for each slot known once or after the batch; `lanes` holds a number for
each example of a block. A slot's place is its index in its array; results of one loop lie side by side.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import heapify, heappop, heappush
from typing import Any, NamedTuple

from autograd.core import primitives as table
from autograd.core.primitives import Primitive, dot_parts
from autograd.program.program import BATCH, EXAMPLE, MASKED_DOT, MEAN, ONCE, Program, masked_dot_parts

MATVEC, MASKED_MATVEC, DOTS, SUMS = "matvec", "masked_matvec", "dots", "sums"
MATVECS = (MATVEC, MASKED_MATVEC)


Product = tuple[int, int, int | None]  # x·y, but 0 where a third is not


class Loop(NamedTuple):
    """`kind` applied to each tuple of `operands`, giving the places first, first + 1, …

    kind      a Primitive, or one of the names above, with operands w₁ … wₙ, x₁ … xₙ, b, or x₁ … xₙ.
              A MATVEC takes its weights from `once`, and its bias too if `bias_once`; its inputs are all the same. So
              are what tells, of a masked one, which of its products are off: `offs`.
    """

    kind: Any
    first: int
    operands: list[tuple[int, ...]]
    bias_once: bool = False
    offs: tuple[int, ...] = ()


class Mean(NamedTuple):
    """The mean over the batch of a sum of products: its place in `once`, and the places in `lanes` of the factors and
    of what tells where the product is off, None if nothing does."""

    place: int
    products: list[Product]


class Tape:
    """A re-rolled program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.place = [-1] * len(program)
        self.once_size = self.lanes_size = 0
        self.constants: list[tuple[int, float]] = []  # (place in once, number)
        self.broadcast: dict[int, int] = {}  # place in once → place in lanes: read beside slots that vary
        self.means: list[Mean] = []
        self._place_leaves()
        self._place_once()
        products, absorbed = self._products()
        self.loops: dict[int, list[Loop]] = {}
        at: dict[int, list[int]] = {ONCE: [], EXAMPLE: [], BATCH: []}
        for slot, primitive, _ in program.instructions():
            if primitive is not MEAN and slot not in absorbed:
                at[program.moments[slot]].append(slot)
        for moment, slots in at.items():
            self.loops[moment] = [self._loop(*group) for group in _groups(program, moment, slots)]
        self.means = [
            Mean(
                self.place[slot],
                [
                    (self._in_lanes(x), self._in_lanes(y), None if off is None else self._in_lanes(off))
                    for x, y, off in factors
                ],
            )
            for slot, factors in products
        ]

    def __str__(self) -> str:
        from autograd.native.listing import listing

        return listing(self)

    def __repr__(self) -> str:
        return f"<program of {self.program.heading()}; print it>"

    def _place_leaves(self) -> None:
        program = self.program
        for slot in range(program.leaves):
            self.place[slot] = slot if slot < program.inputs else slot - program.inputs
        self.lanes_size, self.once_size = program.inputs, program.parameters

    def _new_once(self, slot: int) -> int:
        self.place[slot] = self.once_size
        self.once_size += 1
        return self.place[slot]

    def _place_once(self) -> None:
        for slot, number in self.program.numbers.items():
            self.constants.append((self._new_once(slot), number))
        for slot in self._mean_slots():
            self._new_once(slot)

    def _mean_slots(self) -> list[int]:
        """In the order of the results: a gradient's means lie side by side as it does."""
        program = self.program
        means = [slot for slot, primitive in enumerate(program.primitives) if primitive is MEAN]
        results = {slot: k for k, slot in enumerate(program.outputs)}
        return sorted(means, key=lambda slot: (results.get(slot, len(results)), slot))

    def _products(self) -> tuple[list[tuple[int, list[Product]]], set[int]]:
        """Each mean as a sum of products of slots; and the slots that exist only for that, and need not be stored."""
        program = self.program
        means = [(slot, program.operands[slot][0]) for slot in self._mean_slots()]
        if not means:
            return [], set()
        uses, products = program.uses(), []
        absorbed: set[int] = set()
        one = self._one()
        for mean, slot in means:
            factors, inside = self._factors(slot, uses)
            products.append((mean, factors or [(slot, one, None)]))
            absorbed.update(inside)
        return products, absorbed

    def _factors(self, slot: int, uses: Sequence[int]) -> tuple[list[Product], tuple[int, ...]]:
        """A slot that nothing else uses as a sum of products, each (adjoint, partial, off), and the slots in that; none
        where it is no such sum."""
        program = self.program
        primitive, operands, zero = program.primitives[slot], program.operands[slot], 0.0
        if uses[slot] != 1:
            return [], ()
        if primitive is table.mul:
            return [(operands[1], operands[0], None)], (slot,)
        if primitive is table.where and program.numbers.get(operands[1]) == zero:
            off, _, product = operands
            if program.primitives[product] is table.mul and uses[product] == 1:
                partial, adjoint = program.operands[product]
                if self._is_zero_where(adjoint, off):
                    return [(adjoint, partial, off)], (slot, product)
        if primitive is table.dot:
            ws, b, xs = dot_parts(operands)
            if program.numbers.get(b) == zero:
                return [(x, w, None) for w, x in zip(ws, xs, strict=True)], (slot,)
        if primitive is MASKED_DOT:
            offs, ws, b, xs = masked_dot_parts(operands)
            if program.numbers.get(b) == zero:
                return list(zip(xs, ws, offs, strict=True)), (slot,)
        return [], ()

    def _is_zero_where(self, slot: int, off: int) -> bool:
        """Is it 0 by its mask, so that a kernel may look at that only where the other factor is inf or nan?"""
        program = self.program
        operands = program.operands[slot]
        if program.primitives[slot] is MASKED_DOT:
            return {*masked_dot_parts(operands)[0]} == {off}
        return (
            program.primitives[slot] is table.where and operands[0] == off and program.numbers.get(operands[1]) == 0.0
        )

    def _one(self) -> int:
        """The slot of the constant 1, made if the program has none."""
        slot = self.program.constant(1.0)
        if slot == len(self.place):
            self.place.append(-1)
            self.constants.append((self._new_once(slot), 1.0))
        return slot

    def _in_lanes(self, slot: int) -> int:
        """The place of a slot in `lanes`; slots known once are copied there."""
        if self.program.moments[slot] == EXAMPLE:
            return self.place[slot]
        place = self.place[slot]
        if place not in self.broadcast:
            self.broadcast[place] = self.lanes_size
            self.lanes_size += 1
        return self.broadcast[place]

    def _loop(self, kind: Any, slots: Sequence[int]) -> Loop:
        program, place = self.program, self.place
        if program.moments[slots[0]] != EXAMPLE:
            first = self.once_size
            self.once_size += len(slots)
            for at, slot in enumerate(slots, first):
                place[slot] = at
            operand_lists = [program.operands[slot] for slot in slots]
            if kind == DOTS:
                operand_lists = [tuple([*ws, *xs, b]) for ws, b, xs in map(dot_parts, operand_lists)]
            return Loop(kind, first, [tuple([place[x] for x in xs]) for xs in operand_lists])
        operands, bias_once = [], False
        offs: tuple[int, ...] = ()
        for slot in slots:
            if kind in MATVECS:
                parts = program.operands[slot]
                off, ws, b, xs = masked_dot_parts(parts) if kind == MASKED_MATVEC else ((), *dot_parts(parts))
                offs = tuple([self._in_lanes(x) for x in off])
                bias_once = program.moments[b] == ONCE
                bias = place[b] if bias_once else self._in_lanes(b)
                operands.append((*[place[w] for w in ws], *[self._in_lanes(x) for x in xs], bias))
            elif kind == DOTS:
                ws, b, xs = dot_parts(program.operands[slot])
                operands.append(tuple([self._in_lanes(x) for x in (*ws, *xs, b)]))
            else:
                operands.append(tuple([self._in_lanes(x) for x in program.operands[slot]]))
        first = self.lanes_size
        for slot in slots:
            place[slot] = self.lanes_size
            self.lanes_size += 1
        return Loop(kind, first, operands, bias_once, offs)


def _groups(program: Program, moment: int, computed: Sequence[int]) -> Iterable[tuple[Any, list[int]]]:
    """(kind, slots) of each loop of the slots computed at one moment. Of what could run next, the kind with the
    earliest slot is run, and all of that kind that could run with it: where they are the inputs of a matrix, in its
    order, so that these lie evenly."""
    kinds: list[Any] = [None] * (len(program) if computed else 0)  # (kind, what else must agree) of the slots to be run
    waiting = [0] * len(kinds)  # for how many of its operands
    users: dict[int, list[int]] = {}
    rank: dict[int, int] = {}  # in the inputs of a matrix
    ready: dict[tuple[Any, Any], list[int]] = {}
    simple: dict[Primitive, tuple[Any, Any]] = {}  # rows of so many operands each
    for slot in computed:
        primitive, operands = program.primitives[slot], program.operands[slot]
        kind = simple.get(primitive)
        if kind is None:
            kind = _kind(program, moment, primitive, operands)
            if primitive.arity is not None:
                simple[primitive] = kind
            elif kind[0] in MATVECS:
                xs = kind[1][0]
                if xs and rank.get(xs[-1]) != len(xs) - 1:  # the rows of one have the same
                    rank.update({x: k for k, x in enumerate(xs)})
        kinds[slot] = kind
        count = 0
        for x in operands:
            if kinds[x] is not None:
                count += 1
                if x in users:
                    users[x].append(slot)
                else:
                    users[x] = [slot]
        if count:
            waiting[slot] = count
        else:
            ready.setdefault(kind, []).append(slot)
    first = [
        (slots[0], kind) for kind, slots in ready.items()
    ]  # a heap; slots differ, so that kinds are never compared
    heapify(first)
    while first:
        kind = heappop(first)[1]
        slots = ready.pop(kind)
        if kind[0] not in MATVECS and all([slot in rank for slot in slots]):
            slots.sort(key=rank.__getitem__)
        yield kind[0], slots
        for slot in slots:
            for user in users.get(slot, ()):
                waiting[user] -= 1
                if not waiting[user]:
                    others = ready.get(kinds[user])
                    if others is None:
                        heappush(first, (user, kinds[user]))
                        ready[kinds[user]] = [user]
                    else:
                        others.append(user)


def _kind(program: Program, moment: int, primitive: Primitive, operands: tuple[int, ...]) -> tuple[Any, Any]:
    """What the instruction is a loop of, and what else must agree for two to share one."""
    if primitive.arity is not None:
        return primitive, 0
    if primitive is table.dot:
        moments = program.moments
        ws, b, xs = dot_parts(operands)
        if moment == EXAMPLE and all([moments[w] == ONCE for w in ws]):
            return MATVEC, (xs, moments[b])
        return DOTS, len(xs)
    if primitive is MASKED_DOT and moment == EXAMPLE:
        offs, ws, b, xs = masked_dot_parts(operands)
        if all([program.moments[w] == ONCE for w in ws]):
            return MASKED_MATVEC, (xs, offs, program.moments[b])
    return SUMS if primitive is table.sum_ else primitive, len(operands)
