"""The gradient of a program is a program: the chain rule, read off the table row by row.

    adjoint(x) = Σ ∂z/∂x · adjoint(z)    over the slots z that x is an operand of

A sum of products is a dot, so that is what is emitted: the adjoints of a layer's inputs come out as dots of the
layer's weights with the adjoints of its outputs, and are re-rolled just as the layer was. Where a slot that is known
once meets examples, the products are averaged over the batch first: ∂C/∂w = 1/n Σₖ ∂Cₖ/∂w.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import Context
from functools import reduce
from typing import Any, NamedTuple

from autograd.core import primitives as table
from autograd.core.columns import REAL
from autograd.core.modes import tracing
from autograd.core.primitives import Primitive
from autograd.core.refusals import Argument
from autograd.core.sweeps import adjoints, in_parallel, in_series, passing, topological_order, value_edges
from autograd.core.value import Value
from autograd.program.loop import LoopRow, in_a_trace, raised
from autograd.program.lower import lower
from autograd.program.program import EXAMPLE, MASKED_DOT, MEAN, ONCE, Append, ByWayOf, Program

# A product of the chain rule: ∂z/∂x (None if it is 1), the adjoint of z, and where all paths to it are off (None if
# nowhere): see `core.sweeps` on strong zeros. A plain tuple, for there are two or three of them a node.
Term = tuple[int | None, int, int | None]


def value_and_gradient(program: Program, by_way_of: ByWayOf | None = None) -> Program:
    """The program of the mean of its first output over the batch, of that mean's gradient in every parameter, and of
    its other outputs as they are."""
    if any([isinstance(row, LoopRow) for row in program.rows()]):
        return _of_loops(program, by_way_of)
    result = _by_rows(program, True, by_way_of)
    assert result is not None
    return result


def without_masks(program: Program, by_way_of: ByWayOf | None = None) -> Program | None:
    """The same, but a mask's 0 is multiplied as any number is: a shorter program, whose results are the same, up to the
    rounding of the means, as long as none of them is nan. For 0·x is 0 or nan, and products and sums pass a nan on.

    None where no row masks; where a slope may well be infinite, at the end of a row's domain; and where something that
    is known once is masked, or computed from what is: there the sign of such a 0 would be seen."""
    rows = program.rows()
    if not any([row.masked for row in rows]):
        return None
    if any([isinstance(row, LoopRow) or any([interval != REAL for interval in row.domain]) for row in rows]):
        return None
    for slot, row, operands in program.instructions():
        if row.masked and program.moments[slot] == ONCE:
            return None
        if row is table.div and operands[1] not in program.numbers:
            return None
    return _by_rows(program, False, by_way_of)


def _by_rows(program: Program, masks: bool, by_way_of: ByWayOf | None) -> Program | None:
    root, *rest = program.outputs
    result = program.first(len(program))
    append = by_way_of(result) if by_way_of else result.append
    gradient = _Gradient(result, append, masks)
    arriving: list[list[Term]] = [[] for _ in range(root + 1)]
    arriving[root].append((None, result.constant(1.0), None))
    adjoints: dict[int, int] = {}
    rules, batched = _Rules(program), EXAMPLE in program.moments
    primitives, all_operands, moments, numbers = program.primitives, program.operands, program.moments, program.numbers
    for z in range(root, -1, -1):
        terms = arriving.pop()
        if not terms:
            continue
        once = batched and moments[z] != EXAMPLE
        adjoint = gradient.averaged(terms) if once else gradient.products(terms)
        if not masks and moments[z] == ONCE and z >= program.leaves and adjoint[2] is not None:
            return None
        primitive, operands = primitives[z], all_operands[z]
        if primitive.__class__ is not Primitive:
            adjoints[z] = adjoint[1]
            continue
        _, slope, off = adjoint
        if primitive is table.dot:
            ws, _, xs = table.dot_parts(operands)
            through: Sequence[Term | None] = [(x, slope, off) for x in (*xs, None, *ws)]
        else:
            rule, given = rules.of(primitive, operands), (*operands, z)
            if rule.plain:  # no operand is a constant: nothing to compute, nothing that may be 1
                for k, i in rule.plain:
                    arriving[operands[k]].append(adjoint if i == _ONE else (given[i], slope, off))
                continue
            through = gradient.through(primitive, rule, given, adjoint)
        for x, term in zip(operands, through, strict=True):
            if term is not None and x not in numbers:
                arriving[x].append(term)
    zero = result.constant(0.0)
    mean = root if program.moments[root] == ONCE else append(MEAN, (root,))
    result.outputs = (mean, *[adjoints.get(slot, zero) for slot in range(program.inputs, program.leaves)], *rest)
    result.whole = 1 + program.parameters
    return result


def _of_loops(program: Program, by_way_of: ByWayOf | None) -> Program:
    """The same by way of a graph, in which loops have their derivatives; every slope is averaged at last."""
    leaves = [Value(0.5, name) for name in program.names]
    parameters = leaves[program.inputs :]

    def results() -> list[Value | float]:
        value, *rest = raised(program, leaves)
        if not isinstance(value, Value):
            return [value, *[0.0 for _ in parameters], *rest]
        adjoint = adjoints(topological_order(value), {value: 1.0}, value_edges)
        return [value, *[adjoint.get(x, 0.0) for x in parameters], *rest]

    each, _ = lower(in_a_trace(results), leaves)
    result = Program(program.inputs, program.parameters, program.names, program.graph_nodes)
    append = by_way_of(result) if by_way_of else result.append
    each.rewritten(result, append)
    ends = 1 + program.parameters
    whole = [append(MEAN, (z,)) if result.moments[z] == EXAMPLE else z for z in result.outputs[:ends]]
    result.outputs, result.whole = (*whole, *result.outputs[ends:]), ends
    return result


def parametric(program: Program) -> Program:
    """The program with its inputs for parameters: known once, and differentiated by `value_and_gradient`."""
    result = Program(0, program.leaves, program.names, program.graph_nodes)
    return program.rewritten(result, result.append)


class _Gradient:
    """Appends what the chain rule needs to a program. Without `masks` what says where a path is off is a constant, and
    read by nothing: the terms are added in the same order."""

    def __init__(self, result: Program, append: Append, masks: bool) -> None:
        self.result, self.append, self.masks = result, append, masks

    def apply(self, row: Primitive, *operands: int | float) -> int:
        """A row of the table applied to slots of the program and to numbers (floats)."""
        constant = self.result.constant
        return self.append(row, tuple([constant(x) if isinstance(x, float) else x for x in operands]))

    def averaged(self, terms: list[Term]) -> Term:
        """Σ ∂z/∂x · adjoint(z) for an x that is known once: what differs between examples is averaged over them."""
        varying = [term for term in terms if self._varies(term)]
        if varying:
            _, total, off = self.products(varying)
            if off is not None and self.result.moments[off] == EXAMPLE:  # off where it is for every example
                off = self.apply(table.equal, self.append(MEAN, (off,)), 1.0)
            mean = (None, self.append(MEAN, (total,)), off)
            terms = [mean, *[term for term in terms if not self._varies(term)]]
        return self.products(terms)

    def _varies(self, term: Term) -> bool:
        moments = self.result.moments
        return any([slot is not None and moments[slot] == EXAMPLE for slot in term])

    def product(self, term: Term) -> Term:
        """partial · adjoint as one slot, 0 where all paths to it are off."""
        partial, adjoint, off = term
        if partial is None:  # what arrives where all is off is 0 already
            return term
        if self.result.numbers.get(adjoint) != 1.0:
            partial = self.append(table.mul, (partial, adjoint))
        return None, partial if off is None or not self.masks else passing(off, partial, self.apply), off

    def products(self, terms: list[Term]) -> Term:
        """Σ partial · adjoint as one slot."""
        if len(terms) == 1:
            return self.product(terms[0])
        if len(terms) == 2 and terms[0] == terms[1]:  # as from x·x and x + x: twice the adjoint is the same to the bit
            partial, adjoint, off = terms[0]
            return self.product((partial, self.append(table.mul, (self.result.constant(2.0), adjoint)), off))
        partials, adjoints, offs = zip(*terms, strict=True)
        always = offs.count(None)
        if 0 < always < len(terms):
            unmasked, masked = [[term for term in terms if (term[2] is None) == yes] for yes in (True, False)]
            parts = (self.products(unmasked)[1], self.products(masked)[1])
            return None, self.append(table.add, parts), None
        numbers, append, constant = self.result.numbers, self.append, self.result.constant
        off = None if always else reduce(lambda a, b: a if a == b else in_parallel(a, b, self.apply), offs)
        ones = partials.count(None)
        if always and not ones and numbers.get(adjoints[0]) == 1.0 and all([numbers.get(x) == 1.0 for x in adjoints]):
            adjoints, ones = partials, len(terms)
        if ones == len(terms):
            return None, append(table.add if ones == 2 else table.sum_, adjoints), off
        factors = [constant(1.0) if partial is None else partial for partial in partials] if ones else partials
        if not always:  # from 0, so that it is what the dot without masks is wherever nothing is infinite
            row, flags = (MASKED_DOT, offs) if self.masks else (table.dot, ())
            return None, append(row, (*flags, *factors, constant(0.0), *adjoints)), off
        return None, append(table.dot, (*factors, constant(-0.0), *adjoints)), None  # −0 + x is x, for 0 and −0 too

    def through(self, primitive: Primitive, rule: _Rule, given: Sequence[int], adjoint: Term) -> list[Term | None]:
        """The rule at one slot: the term that each operand gets; for a masked row what its masks let through."""
        result = self.result
        _, slope, off = adjoint
        place = [given[i] for i in rule.given]
        if rule.computes:
            place = result.inline(rule.program, place, self.append)
        terms: list[Term | None] = []
        for partial in rule.partials:
            if partial is None:
                terms.append(None)
            elif partial == _ONE or result.numbers.get(place[partial]) == 1.0:
                terms.append(adjoint)
            elif primitive.masked:
                mask = place[partial]
                here = in_series(off, mask, self.apply) if self.masks else result.constant(1.0)
                terms.append(self.product((mask, slope, here)))
            else:
                terms.append((place[partial], slope, off))
        return terms


_ONE = -1  # in place of the slot of a partial that is 1


class _Rule(NamedTuple):
    """The partials of a row read on Values: a small program whose parameters are some of the operands and z."""

    program: Program
    given: tuple[int, ...]  # which of (x₁, …, xₙ, z) each of its parameters is
    partials: tuple[int | None, ...]  # the slot of ∂z/∂x for each operand, _ONE if it is 1, None where nothing passes
    computes: bool  # is any of them more than an operand or z itself?
    plain: tuple[tuple[int, int], ...] = ()  # where nothing is to be computed, of each operand that something passes
    # to its number and that of the partial, _ONE or in (x₁, …, xₙ, z)


class _Rules:
    """The rules of the rows in a program."""

    def __init__(self, program: Program) -> None:
        self._numbers = program.numbers
        self._no_constants = program.numbers.keys().isdisjoint
        self._known: dict[Any, _Rule] = {}

    def of(self, primitive: Primitive, operands: tuple[int, ...]) -> _Rule:
        """Of a row on these operands. Constants are read as numbers, so that x**2 has the slope of a square."""
        if self._no_constants(operands):
            key: Any = (primitive, len(operands)) if primitive.arity is None else primitive
        else:
            key = primitive, tuple([x if x in self._numbers else None for x in operands])  # a constant has one slot
        rule = self._known.get(key)
        if rule is None:
            rule = self._known[key] = self._read(primitive, operands)
        return rule

    def _read(self, primitive: Primitive, operands: tuple[int, ...]) -> _Rule:
        given = [self._numbers[x] if x in self._numbers else Argument(0.5) for x in operands]
        try:
            rule = Context().run(_read_partials, primitive, given)  # whatever modes are on outside
        except ArithmeticError:  # the constants are at a special point, 1/0: let the row itself answer there
            rule = Context().run(_read_partials, primitive, [Argument(0.5) for _ in given])
        if rule.computes or primitive.masked or not self._no_constants(operands):
            return rule
        passing = [(k, p if p == _ONE else rule.given[p]) for k, p in enumerate(rule.partials) if p is not None]
        return rule._replace(plain=tuple(passing))


def _read_partials(primitive: Primitive, given: Sequence[Value | float]) -> _Rule:
    z = Argument(0.5)
    with tracing():
        partials = primitive.partials_at(given, z)
    passing = [p is not None and not (primitive.masked and p.__class__ is float and p == 0.0) for p in partials]
    body, leaves = lower(
        [p if isinstance(p, Value) else float(p) for p, passes in zip(partials, passing, strict=True) if passes], []
    )
    index_of = {leaf: i for i, leaf in enumerate([*given, z]) if isinstance(leaf, Value)}
    outputs = iter([_ONE if body.numbers.get(slot) == 1.0 else slot for slot in body.outputs])
    found = tuple([next(outputs) if passes else None for passes in passing])
    computes = any([partial is not None and partial >= body.leaves for partial in found])
    return _Rule(body, tuple([index_of[x] for x in leaves]), found, computes)
