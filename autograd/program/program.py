"""A program: a function as a flat list of slots, each of which holds one number.

The first slots are the inputs, then come the parameters; every other slot holds a constant or what an instruction
computes, one primitive applied to earlier slots. Operands are numbers of earlier slots, so one pass over the
list, in either direction, is all that any reader needs.

A program is about a whole batch. A slot is known at one of three moments:

    ONCE      it depends on parameters and constants only: one number, the same for every example
    EXAMPLE   it depends on an input: one number for each example
    BATCH     it depends on a mean over the batch: one number, known after the last example
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from struct import pack
from typing import Any

from autograd.core.primitives import Primitive, dot, dot_parts, where
from autograd.core.words import counted

ONCE, EXAMPLE, BATCH = 0, 1, 2


class Marker:
    """What stands in the primitive's place in a slot that no primitive of the table computes."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"<{self.name}>"


INPUT = Marker("input")
PARAMETER = Marker("parameter")
CONSTANT = Marker("constant")  # its number is in `numbers`
MEAN = Marker("mean")  # the mean over the batch of its one operand


def masked_dot_parts(xs: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any], Any, Sequence[Any]]:
    """What tells which products are off, the weights, the bias and the inputs among a masked dot's operands."""
    n = len(xs) // 3
    return (xs[:n], *dot_parts(xs[n:]))


def _masked_dot(*operands: float) -> float:
    offs, ws, total, xs = masked_dot_parts(operands)
    for off, w, x in zip(offs, ws, xs, strict=True):
        total += where.forward(off, 0.0, w * x)
    return total


# A dot for gradients, b + Σ where(offᵢ, 0, wᵢxᵢ): what a mask switched off contributes 0, not 0·inf.
# Its operands are off₁ … offₙ, w₁ … wₙ, b, x₁ … xₙ.
MASKED_DOT = Primitive("masked_dot", _masked_dot, None, nary=True)
# Products from which on a runner may fuse multiply and add in a dot's sum; shorter ones it computes as written.
FUSED = 4


Append = Callable[[Any, tuple[int, ...]], int]  # of a primitive and its operands, to a program; their slot
ByWayOf = Callable[["Program"], Append]  # what appends to it in place of its own way: so a pass changes it meanwhile


class Program:
    """Slot by slot: what computes it (`primitives`), of which slots (`operands`), and when it is known (`moments`).

    `outputs` are the slots that are results: the first `whole` of them one number for the batch, the others one for
    each example. `numbers` are the constants; `names` print the inputs and the parameters.
    """

    def __init__(self, inputs: int, parameters: int, names: Sequence[str] = (), graph_nodes: int = 0) -> None:
        self.inputs, self.parameters, self.leaves = inputs, parameters, inputs + parameters
        self.names = names or [f"x{i}" for i in range(inputs)] + [f"p{i}" for i in range(parameters)]
        self.graph_nodes = graph_nodes  # of the graph it came from
        self.primitives: list[Any] = [INPUT] * inputs + [PARAMETER] * parameters
        self.operands: list[tuple[int, ...]] = [()] * self.leaves
        self.moments = [EXAMPLE] * inputs + [ONCE] * parameters
        self.varies = inputs > 0  # is anything known later than once?
        self.outputs: tuple[int, ...] = ()
        self.whole = 0
        self.numbers: dict[int, float] = {}
        self._constants: dict[bytes, int] = {}
        self._rows: tuple[int, list[Any]] = (0, [])  # of so many slots, see `rows`

    def like(self) -> Program:
        """An empty program with the same inputs and parameters: what a pass starts from."""
        empty = Program(self.inputs, self.parameters, self.names, self.graph_nodes)
        empty.whole = self.whole
        return empty

    def first(self, slots: int) -> Program:
        """A program of its first so many slots, without outputs."""
        first = self.like()
        first.primitives, first.operands = self.primitives[:slots], self.operands[:slots]
        first.moments, first.varies = self.moments[:slots], self.varies
        first.numbers = {slot: number for slot, number in self.numbers.items() if slot < slots}
        first._constants = {bits: slot for bits, slot in self._constants.items() if slot < slots}
        return first

    def __len__(self) -> int:
        return len(self.primitives)

    def append(self, primitive: Primitive | Marker, operands: tuple[int, ...]) -> int:
        """Add a slot and return its number."""
        moments = self.moments
        if primitive is MEAN:
            moment, self.varies = BATCH, True
        elif not self.varies:
            moment = ONCE
        elif len(operands) == 2:
            x, y = operands
            moment = moments[x] if moments[x] > moments[y] else moments[y]
        else:
            moment = max(map(moments.__getitem__, operands), default=ONCE)
        moments.append(moment)
        self.primitives.append(primitive)
        self.operands.append(operands)
        return len(moments) - 1

    def constant(self, number: float) -> int:
        """The slot of a constant; the same number (to the bit) has one slot."""
        bits = pack("d", number)
        slot = self._constants.get(bits)
        if slot is None:
            self._constants[bits] = slot = self.append(CONSTANT, ())
            self.numbers[slot] = number
        return slot

    def inline(self, body: Program, leaves: Sequence[int], append: Callable[..., int] | None = None) -> list[int]:
        """Append another program's instructions, these slots in place of its first; where each of its slots went.
        `append` is used in place of the program's own: that is how a pass changes things on the way."""
        append = append or self.append
        place = list(leaves)
        first = len(place)
        for primitive, operands in zip(body.primitives[first:], body.operands[first:], strict=True):
            if len(operands) == 2:
                x, y = operands
                place.append(append(primitive, (place[x], place[y])))
            elif primitive is CONSTANT:
                place.append(self.constant(body.numbers[len(place)]))
            else:
                place.append(append(primitive, tuple(map(place.__getitem__, operands))))
        return place

    def rewritten(self, result: Program, append: Callable[..., int]) -> Program:
        """Every slot of this program appended to `result`, which holds its leaves or more of it, by way of `append`."""
        place = result.inline(self, range(len(result)), append)
        result.outputs = tuple([place[x] for x in self.outputs])
        return result

    def with_loops(self, change: Callable[[Any], Any]) -> Program:
        """The program with every loop changed; itself, where that changes none."""
        changed = {loop: change(loop) for loop in self.rows() if hasattr(loop, "body")}
        if all([new is loop for loop, new in changed.items()]):
            return self
        result = self.first(len(self))
        result.primitives = [changed.get(x, x) for x in self.primitives]
        result.outputs = self.outputs
        return result

    def rows(self) -> list[Any]:
        """What computes its instructions, each once: a question about all of them is seldom one about every slot."""
        slots, rows = self._rows
        if slots != len(self.primitives):
            rows = [row for row in dict.fromkeys(self.primitives) if row not in (INPUT, PARAMETER, CONSTANT)]
            self._rows = len(self.primitives), rows
        return rows

    def instructions(self) -> Iterator[tuple[int, Any, tuple[int, ...]]]:
        """(slot, primitive, operands) of everything that is computed."""
        for slot in range(self.leaves, len(self.primitives)):
            if self.primitives[slot] is not CONSTANT:
                yield slot, self.primitives[slot], self.operands[slot]

    def count(self) -> int:
        return len(self.primitives) - self.leaves - len(self.numbers)

    def uses(self) -> list[int]:
        """How often each slot is read by what some result depends on, results included; 0 for what none does."""
        uses = [0] * len(self.primitives)
        for x in self.outputs:
            uses[x] += 1
        for used, operands in zip(reversed(uses), reversed(self.operands), strict=True):  # all readers come after it
            if used:
                for x in operands:
                    uses[x] += 1
        return uses

    def name(self, slot: int) -> str:
        if slot < self.leaves:
            return self.names[slot]
        return f"{self.numbers[slot]:.12g}" if slot in self.numbers else f"t{slot}"

    def __str__(self) -> str:
        """One instruction a line, under a heading for each moment. Long operand lists are shortened."""
        lines = [self.heading()]
        for moment, title in ((ONCE, "once"), (EXAMPLE, "for each example"), (BATCH, "after the batch")):
            body = [
                f"  t{slot} = {self._formula(primitive, operands)}"
                for slot, primitive, operands in self.instructions()
                if self.moments[slot] == moment
            ]
            lines += [f"{title}:", *body] if body else []
        lines.append("return " + _shortened([self.name(x) for x in self.outputs]))
        return "\n".join([*lines, *[f"\n{loop}" for loop in self.rows() if hasattr(loop, "body")]])

    def heading(self) -> str:
        nodes = f"{counted(self.graph_nodes, 'graph node')} → " if self.graph_nodes else ""
        leaves = f"{counted(self.inputs, 'input')}, {counted(self.parameters, 'parameter')}"
        return f"{leaves}; {nodes}{counted(self.count(), 'instruction')}"

    def _formula(self, primitive: Any, operands: tuple[int, ...]) -> str:
        names = [self.name(x) for x in operands]
        if primitive is dot or primitive is MASKED_DOT:
            offs, ws, b, xs = masked_dot_parts(names) if primitive is MASKED_DOT else ((), *dot_parts(names))
            masks = f" but [{_shortened(offs)}]" if offs else ""
            return f"[{_shortened(ws)}] · [{_shortened(xs)}]{masks}{'' if b == '-0' else f' + {b}'}"
        return f"{primitive.name}({_shortened(names)})"


def _shortened(names: Sequence[str]) -> str:
    if len(names) <= 12:
        return ", ".join(names)
    return f"{', '.join(names[:3])}, … {len(names) - 4} more …, {names[-1]}"
