"""The derivative of a loop is a loop, whose step is the chain rule along one step.

    forwards     ṡ′ = ∂s/∂s · ṡ + ∂s/∂x · ẋ + ∂s/∂c · ċ            beside the step itself
    backwards    λ = ∂s/∂sᵀ · λ′ + ∂y/∂sᵀ · ȳ,  x̄ = ∂s/∂xᵀ · λ′ + …,  c̄ = Σ ∂s/∂cᵀ · λ′ + …    the last step first

The step's program is read as a graph, swept by `core.sweeps`, and lowered again. Backwards the states before each step
are columns that the loop itself leaves. What the sum c̄ has so far is carried as λ is.

Strong zeros: with a number that arrives goes where all paths to it are off. That is carried too, where a step has masks
or where what arrives at the end is not what arrives at every step: a number that nothing has reached yet is off.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from autograd.core.refusals import StepArgument
from autograd.core.sweeps import (
    Arriving,
    added,
    arriving_adjoints,
    arriving_tangents,
    in_parallel,
    topological_order,
    value_edges,
)
from autograd.core.value import Value
from autograd.program.loop import PACK, Loop, Several, Whole, in_a_trace, node, part, raised
from autograd.program.loop_trace import made

# What an operand of the derivative is: ("operand", j), the loop's own; ("before", j), a number of the states before
# each step; ("arriving", place, k, off), the k-th that arrives at a place, or where it is off; and while the step is
# made ("carried", j, off) and ("sum", j, off).
Key = tuple[Any, ...]
SUM = "c̄"  # the mark of what a sum over the steps has so far


class Derivative(NamedTuple):
    """A loop; what its operands are, numbers as they are; and which of its parts say what leaves each place, and where
    that is off."""

    loop: Loop
    operands: list[Key | float]
    results: dict[int, tuple[int, int | None]]

    def at(self, sources: Callable[[Key], Value | float]) -> dict[int, Arriving]:
        z = node(self.loop, *[x if isinstance(x, float) else sources(x) for x in self.operands])
        found = {}
        for place, (number, off) in self.results.items():
            many = number >= self.loop.carried
            here = Arriving(node(part(number, many), z), None if off is None else node(part(off, many), z))
            found[place] = Arriving(Several({Whole(): here})) if many else here
        return found


def pulled(z: Value, several: Several) -> dict[int, Arriving]:
    """What each operand of a loop gets of what arrives at its parts."""
    return _derivative(z, several, _Adjoint)


def pushed(z: Value, several: Several) -> dict[int, Arriving]:
    """What each part of a loop gets of what arrives at its operands."""
    return _derivative(z, several, _Tangent)


def _derivative(z: Value, several: Several, kind: type[_Step]) -> dict[int, Arriving]:
    loop, operands = z._row, z._arguments
    assert isinstance(loop, Loop)
    if several.result is None:
        arriving = {
            place: _columns(term.number, loop.steps) if isinstance(term.number, Several) else [term]
            for place, term in sorted(several.at.items())
        }
        offs = tuple([(place, tuple([term.off is not None for term in terms])) for place, terms in arriving.items()])
        if (kind, offs) not in loop.derivatives:
            loop.derivatives[kind, offs] = in_a_trace(lambda: kind(loop, dict(offs)).derivative())
        derivative: Derivative = loop.derivatives[kind, offs]

        def source(key: Key) -> Value | float:
            what, place = key[:2]
            if what == "arriving":
                term = arriving[place][key[2]]
                return term.off if key[3] else term.number
            if what == "before":
                return node(part(loop.before + place, True), z)
            return operands[place]

        several.result = derivative.at(source)
    return several.result


def _columns(several: Several, steps: int) -> list[Arriving]:
    """What arrives at a column, as whole columns."""
    whole = [term for place, term in several.at.items() if place.__class__ is Whole]
    single = {place: term for place, term in several.at.items() if place.__class__ is not Whole}
    if not single:
        return whole
    terms = [single.get(i, Arriving(0.0, 1.0)) for i in range(steps)]
    off = None
    if any([term.off is not None for term in terms]):
        off = node(PACK, *[0.0 if term.off is None else term.off for term in terms])
    return [*whole, Arriving(node(PACK, *[term.number for term in terms]), off)]


class _Step:
    """One step as a graph over fresh leaves, and what arrives there; `offs`: for each place, of what arrives, whether
    it may be off."""

    title = mark = ""  # of the derivative, and of what arrives at the state

    def __init__(self, loop: Loop, offs: dict[int, tuple[bool, ...]]) -> None:
        self.loop, self.offs = loop, offs
        self.leaves: dict[Key, Value] = {}
        body, n = loop.body, loop.carried
        self.inputs = [self.leaf(("operand", j), name) for j, name in enumerate(body.names)]
        self.states = self.inputs[:n]
        self.results = raised(body, self.inputs)
        self.order = topological_order(*[z for z in self.results if isinstance(z, Value)], stop=self.inputs)
        self.edges = {z: list(value_edges(z)) for z in self.order}

    def leaf(self, key: Key, label: str) -> Value:
        if key not in self.leaves:
            self.leaves[key] = StepArgument(0.5, label)
        return self.leaves[key]

    def arriving(self, place: int, mark: str) -> Arriving | None:
        """What arrives at a place at every step: columns, or what is shared."""
        total = None
        for k, off in enumerate(self.offs.get(place, ())):
            name = f"{mark}{place}" + ("" if k == 0 else f"_{k}")
            here = Arriving(
                self.leaf(("arriving", place, k, False), name),
                self.leaf(("arriving", place, k, True), f"off{name}") if off else None,
            )
            total = here if total is None else added(total, here)
        return total

    def carried(self, places: list[int], flagged: bool, mark: str) -> dict[int, Arriving]:
        """What arrives at numbers of the state."""
        return {
            j: Arriving(
                self.leaf(("carried", j, False), f"{mark}{j}"),
                self.leaf(("carried", j, True), f"off{mark}{j}") if flagged else None,
            )
            for j in places
        }

    def one(self, arriving: dict[int, Arriving]) -> tuple[dict[int, Arriving], Any]:
        """What arrives at the state after the step, of what arrives there before; and the rest of the sweep."""
        raise NotImplementedError

    def derivative(self) -> Derivative:
        raise NotImplementedError

    def settled(self) -> tuple[dict[int, Arriving], dict[int, Arriving], Any]:
        """Before, after, and the rest of the sweep, for all numbers of the state that anything ever arrives at."""
        n, mark = self.loop.carried, self.mark
        first = [j for j in range(n) if j in self.offs]
        places, flagged = first, any([self.offs[j][0] for j in first])
        while True:
            before = self.carried(places, flagged, mark)
            after, rest = self.one(before)
            every = sorted({*places, *after})
            steady = every == first and len(after) == len(every) and all([a.off is None for a in after.values()])
            if every == places and (flagged or steady or not places):
                return before, after, rest
            places, flagged = every, flagged or every == places

    def starts(self, before: dict[int, Arriving]) -> list[tuple[Value, Key | float]]:
        """The leaves of what is carried, with what they are first."""
        found: list[tuple[Value, Key | float]] = []
        for j, (number, off) in before.items():
            given = self.offs.get(j)
            found.append((number, ("arriving", j, 0, False) if given else 0.0))
            if off is not None:
                found.append((off, ("arriving", j, 0, True) if given and given[0] else 0.0 if given else 1.0))
        return found

    def on(self, results: list[Any]) -> int | None:
        """Add what tells whether a step is idle to the results; where it is among them."""
        if self.loop.on is None:
            return None
        return _put(results, self.results[self.loop.on], None)[0]

    def finished(
        self, states: list[tuple[Value, Key | float]], results: list[Any], backwards: bool, on: int | None
    ) -> tuple[Loop, list[Key | float]]:
        """The loop with these states, and its operands."""
        taken = {leaf for leaf, _ in states}
        items: list[tuple[Key, Value]] = []
        shared: list[tuple[Key, Value]] = []
        for key, leaf in self.leaves.items():
            if leaf not in taken and key[0] != "carried":
                (items if self._varies(key) else shared).append((key, leaf))
        loop, read, kept = made(
            f"{self.title} of {self.loop.title}", [leaf for leaf, _ in states], [leaf for _, leaf in items],
            [leaf for _, leaf in shared], results, self.loop.steps, backwards, self.loop.checkpoints, on,
        )  # fmt: skip
        operands = [start for _, start in states]
        return loop, [
            *operands,
            *[self._source(items[i][0]) for i in read],
            *[self._source(shared[k][0]) for k in kept],
        ]

    def _varies(self, key: Key) -> bool:
        """Is it another one at every step?"""
        raise NotImplementedError

    def _source(self, key: Key) -> Key:
        return key


def tells_off(name: str) -> bool:
    """Whether a number of the state says where another one is off. It has no part in derivatives."""
    return name.startswith(tuple([f"off{mark}" for mark in (_Tangent.mark, _Adjoint.mark, SUM)]))


def _put(results: list[Any], number: Any, off: Any) -> tuple[int, int | None]:
    """Add what leaves a place to the results; where it is among them."""
    first = len(results)
    results += [number] if off is None else [number, off]
    return first, None if off is None else first + 1


def _next(
    before: dict[int, Arriving], after: dict[int, Arriving], results: list[Any]
) -> dict[int, tuple[int, int | None]]:
    """Add what is carried to the results; where numbers that nothing arrives at are off."""
    places = {}
    for j, carried in before.items():
        here = after.get(j, Arriving(0.0, 1.0))
        places[j] = _put(results, here.number, None if carried.off is None else 0.0 if here.off is None else here.off)
    return places


class _Tangent(_Step):
    """Places are operands."""

    title, mark = "tangent", "ṡ"

    def one(self, arriving: dict[int, Arriving]) -> tuple[dict[int, Arriving], Any]:
        seeds = {self.states[j]: a for j, a in arriving.items()}
        for j in range(self.loop.carried, len(self.inputs)):
            if (here := self.arriving(j, "ẋ" if j < self.loop.body.inputs else "k̇")) is not None:
                seeds[self.inputs[j]] = here
        tangent = arriving_tangents(self.order, seeds, self.edges.__getitem__)
        found = {k: tangent[z] for k, z in enumerate(self.results) if isinstance(z, Value) and z in tangent}
        return {j: a for j, a in found.items() if j < self.loop.carried}, found

    def derivative(self) -> Derivative:
        before, after, found = self.settled()
        n, states = self.loop.carried, [(leaf, ("operand", j)) for j, leaf in enumerate(self.states)]
        results: list[Any] = [*self.results[:n]]
        places = _next(before, after, results)
        moving: dict[int, tuple[int, int | None]] = {**places}
        places |= {k: _put(results, *found[k]) for k in range(n, len(self.results)) if k in found}
        on = self.on(results)
        for j, (number, off) in moving.items():  # the states before each step
            places[self.loop.before + j] = len(results) + number, None if off is None else len(results) + off
        loop, operands = self.finished([*states, *self.starts(before)], results, self.loop.backwards, on)
        return Derivative(loop, operands, places)

    def _varies(self, key: Key) -> bool:
        return self.loop.carried <= key[1] < self.loop.body.inputs


class _Adjoint(_Step):
    """Places are parts."""

    title, mark = "adjoint", "λ"

    def one(self, arriving: dict[int, Arriving]) -> tuple[dict[int, Arriving], Any]:
        seeds: dict[Value, Arriving] = {}
        for j in self._places():
            here = arriving.get(j) if j < self.loop.carried else self.arriving(j, "ȳ")
            z = self.states[j - self.loop.before] if j >= self.loop.before else self.results[j]
            if here is not None and isinstance(z, Value):
                seeds[z] = added(seeds[z], here) if z in seeds else here
        adjoint = arriving_adjoints(self.order, seeds, self.edges.__getitem__)
        found = {j: adjoint[x] for j, x in enumerate(self.inputs) if x in adjoint}
        return {j: a for j, a in found.items() if j < self.loop.carried}, found

    def _places(self) -> range:
        return range(self.loop.before + self.loop.carried)

    def derivative(self) -> Derivative:
        before, after, found = self.settled()
        n, inputs, states = self.loop.carried, self.loop.body.inputs, self.starts(before)
        results: list[Any] = []
        places = _next(before, after, results)
        for j in range(inputs, len(self.inputs)):
            if j in found:  # a sum over the steps
                sums = [self.leaf(("sum", j, off), f"{'off' * off}{SUM}{j - inputs}") for off in (False, True)]
                off = None if found[j].off is None else in_parallel(sums[1], found[j].off)
                states += [(sums[0], 0.0), (sums[1], 1.0)][: 1 if off is None else 2]
                places[j] = _put(results, sums[0] + found[j].number, off)
        places |= {j: _put(results, *found[j]) for j in range(n, inputs) if j in found}
        loop, operands = self.finished(states, results, not self.loop.backwards, self.on(results))
        return Derivative(loop, operands, places)

    def _varies(self, key: Key) -> bool:
        return key[0] == "arriving" or key[1] < self.loop.body.inputs

    def _source(self, key: Key) -> Key:
        return ("before", key[1]) if key[0] == "operand" and key[1] < self.loop.carried else key
