"""The gradient of a program is a program: the chain rule, read off the table row by row.

    adjoint(x) = Σ ∂z/∂x · adjoint(z)    over the rows z that x is an operand of

A sum of products is a dot, so that is what is emitted: the adjoints of a layer's inputs come out as dots of the
layer's weights with the adjoints of its outputs, and are re-rolled just as the layer was. Where a row that is known
once meets examples, the products are averaged over the batch first: ∂C/∂w = 1/n Σₖ ∂Cₖ/∂w.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextvars import Context
from typing import NamedTuple

from autograd.core import primitives as table
from autograd.core.modes import tracing
from autograd.core.primitives import Primitive
from autograd.core.value import Value
from autograd.program.lower import lower
from autograd.program.program import EXAMPLE, GATED_DOT, MEAN, ONCE, Program

Pair = tuple[int | None, int]  # (∂z/∂x, adjoint of z); None for a partial that is 1


def value_and_gradient(program: Program) -> Program:
    """The program of the mean of its first output over the batch, of that mean's gradient in every parameter, and of
    its other outputs as they are."""
    root, *rest = program.outputs
    result = program.first(len(program))
    gradient = _Gradient(result)
    pairs: list[list[Pair] | None] = [None] * len(program)
    pairs[root] = [(None, result.constant(1.0))]
    adjoints: dict[int, int] = {}
    rules: dict[tuple[object, ...], _Rule] = {}
    for z in range(root, -1, -1):
        arrived = pairs[z]
        if arrived is None:
            continue
        pairs[z] = None
        adjoint = gradient.adjoint(arrived, program.moments[z])
        primitive, operands = program.primitives[z], program.operands[z]
        if primitive.__class__ is not Primitive:
            adjoints[z] = adjoint
            continue
        if primitive is table.dot:
            n = len(operands) // 2
            terms: list[Pair | None] = [(x, adjoint) for x in (*operands[n:-1], *operands[:n])]
            terms.append((None, adjoint))
        else:
            terms = gradient.terms(primitive, _rule(program, z, rules), (*operands, z), adjoint)
        for x, term in zip(operands, terms, strict=True):
            if term is not None and x not in program.numbers:
                others = pairs[x]
                if others is None:
                    pairs[x] = [term]
                else:
                    others.append(term)
    zero = result.constant(0.0)
    mean = root if program.moments[root] == ONCE else result.append(MEAN, (root,))
    result.outputs = (mean, *[adjoints.get(row, zero) for row in range(program.inputs, program.leaves)], *rest)
    result.whole = 1 + program.parameters
    return result


def parametric(program: Program) -> Program:
    """The program with its inputs for parameters: known once, and differentiated by `value_and_gradient`."""
    result = Program(0, program.leaves, program.names, program.graph_nodes)
    return program.rewritten(result, result.append)


class _Gradient:
    """Appends what the chain rule needs to a program.

    `maskable` holds the adjoints all of whose paths go through a mask. Where every mask is 0, nothing arrives: such an
    adjoint's 0 must win over an infinite or undefined partial, so its products are gates. (A 0 that came about
    otherwise cannot be told from a mask's there, and wins as well.)
    """

    def __init__(self, result: Program) -> None:
        self.result = result
        self.maskable: set[int] = set()
        self.batched = EXAMPLE in result.moments

    def adjoint(self, pairs: list[Pair], moment: int) -> int:
        """Σ ∂z/∂x · adjoint(z). When x is known once, what differs between examples is averaged over the batch."""
        if moment == EXAMPLE or not self.batched:
            return self.products(pairs)
        varying = [pair for pair in pairs if self._varies(pair)]
        if varying:
            mean = self.result.append(MEAN, (self.products(varying),))
            if all([a in self.maskable for _, a in varying]):
                self.maskable.add(mean)
            pairs = [(None, mean), *[pair for pair in pairs if not self._varies(pair)]]
        return self.products(pairs)

    def _varies(self, pair: Pair) -> bool:
        partial, adjoint = pair
        moments = self.result.moments
        return moments[adjoint] == EXAMPLE or (partial is not None and moments[partial] == EXAMPLE)

    def product(self, partial: int | None, adjoint: int) -> int:
        """partial · adjoint as one row."""
        if partial is None:
            return adjoint
        if self.result.numbers.get(adjoint) == 1.0:
            return partial
        if adjoint not in self.maskable:
            return self.result.append(table.mul, (partial, adjoint))
        row = self.result.append(table.gate, (adjoint, partial))
        self.maskable.add(row)
        return row

    def products(self, pairs: list[Pair]) -> int:
        """Σ partial · adjoint as one row."""
        if len(pairs) > 1 and len(set(pairs)) < len(pairs):
            pairs = self.doubled(pairs)
        if len(pairs) == 1:
            return self.product(*pairs[0])
        gated = [pair for pair in pairs if pair[1] in self.maskable]
        if gated and len(gated) < len(pairs):
            plain = [pair for pair in pairs if pair[1] not in self.maskable]
            return self.result.append(table.add, (self.products(plain), self.products(gated)))
        numbers, append = self.result.numbers, self.result.append
        pairs = [(None, p) if p is not None and numbers.get(a) == 1.0 else (p, a) for p, a in pairs]
        adjoints = [a for _, a in pairs]
        if all([p is None for p, _ in pairs]):
            row = append(table.add if len(pairs) == 2 else table.sum_, tuple(adjoints))
        else:
            partials = [self.result.constant(1.0) if p is None else p for p, _ in pairs]
            minus_zero = self.result.constant(-0.0)  # −0 + x is x, for 0 and −0 too
            row = append(GATED_DOT if gated else table.dot, (*partials, *adjoints, minus_zero))
        if gated:
            self.maskable.add(row)
        return row

    def doubled(self, pairs: list[Pair]) -> list[Pair]:
        """What is there just twice, as from x·x and x + x, once with twice the adjoint: the same to the bit."""
        once: list[Pair] = []
        for (partial, adjoint), count in Counter(pairs).items():
            if count == 2:
                twice = self.result.append(table.mul, (self.result.constant(2.0), adjoint))
                if adjoint in self.maskable:
                    self.maskable.add(twice)
                once.append((partial, twice))
            else:
                once += [(partial, adjoint)] * count
        return once

    def terms(self, primitive: Primitive, rule: _Rule, slots: Sequence[int], adjoint: int) -> list[Pair | None]:
        """The rule at one row: (∂z/∂x, adjoint) for each operand; for a masked row what its masks let through."""
        result = self.result
        place = [slots[slot] for slot in rule.slots]
        if rule.computes:
            place = result.inline(rule.program, place)
        terms: list[Pair | None] = []
        for partial in rule.partials:
            if partial is None:
                terms.append(None)
            elif partial == _ONE or result.numbers.get(place[partial]) == 1.0:
                terms.append((None, adjoint))
            elif primitive.masked:
                passed = result.append(table.gate, (place[partial], adjoint))
                self.maskable.add(passed)
                terms.append((None, passed))
            else:
                terms.append((place[partial], adjoint))
        return terms


_ONE = -1  # in place of the row of a partial that is 1


class _Rule(NamedTuple):
    """The partials of a row read on Values: a small program whose parameters are some of the operands and z."""

    program: Program
    slots: tuple[int, ...]  # which of (x₁, …, xₙ, z) each of its parameters is
    partials: tuple[int | None, ...]  # the row of ∂z/∂x for each operand, _ONE if it is 1, None where nothing passes
    computes: bool  # is any of them more than an operand or z itself?


def _rule(program: Program, row: int, known: dict[tuple[object, ...], _Rule]) -> _Rule:
    """The rule for a row. Constants are read as numbers, so that x**2 has the slope of a square."""
    primitive, operands, numbers = program.primitives[row], program.operands[row], program.numbers
    plain = numbers.keys().isdisjoint(operands)
    constants = (None,) * len(operands) if plain else tuple([x if x in numbers else None for x in operands])
    key = (primitive, constants)  # a constant has one row
    if key not in known:
        slots = [numbers[x] if x in numbers else Value(0.5) for x in operands]
        try:
            known[key] = Context().run(_read_partials, primitive, slots)  # whatever modes are on outside
        except ArithmeticError:  # the constants are at a special point, 1/0: let the row itself answer there
            known[key] = Context().run(_read_partials, primitive, [Value(0.5) for _ in slots])
    return known[key]


def _read_partials(primitive: Primitive, slots: Sequence[Value | float]) -> _Rule:
    z = Value(0.5)
    with tracing():
        partials = primitive.partials_at(slots, z)
    passing = [p is not None and not (primitive.masked and p.__class__ is float and p == 0.0) for p in partials]
    rows, leaves = lower(
        [p if isinstance(p, Value) else float(p) for p, passes in zip(partials, passing, strict=True) if passes], []
    )
    slot_of = {leaf: i for i, leaf in enumerate([*slots, z]) if isinstance(leaf, Value)}
    outputs = iter([_ONE if rows.numbers.get(row) == 1.0 else row for row in rows.outputs])
    found = tuple([next(outputs) if passes else None for passes in passing])
    computes = any([partial is not None and partial >= rows.leaves for partial in found])
    return _Rule(rows, tuple([slot_of[x] for x in leaves]), found, computes)
