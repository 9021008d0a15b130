"""Passes that make a program smaller without changing a result: each takes a program and returns one.

    fold     compute what is constant, drop what does nothing (1·x, x/1), turn small powers into products
    share    keep one of equal instructions
    dots     see w₁x₁ + w₂x₂ + … + b, however it was written, as one dot; drop what no result needs

What does nothing is said in `identities`. The one freedom taken is inside a dot's own sum, which may start from b.

Folding and sharing look at one instruction at a time, so each is a way to append: it is given the next way, and hands
on what it does not replace.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextvars import Context
from typing import Any, NamedTuple

from autograd.core import primitives as table
from autograd.core.primitives import Primitive
from autograd.program.identities import BY_ROW, found
from autograd.program.program import CONSTANT, FUSED, Append, Program


def simplify(program: Program, done: int = 0) -> Program:
    """All passes, in the steps of loops too. The first `done` slots are known to be folded and shared."""
    result = program.first(max(done, program.leaves))
    return finished(program.rewritten(result, folded_and_shared(result)))


def folded_and_shared(program: Program) -> Append:
    """The first two passes, for what is appended to a program from now on; `finished` does the rest."""
    return folding(program, sharing(program))


def finished(program: Program) -> Program:
    """The last pass, and all of them in the steps of loops."""
    return dots(program.with_loops(lambda loop: loop.simplified))


def exact(program: Program) -> Program:
    """What rounds as the graph does: folded and shared, but sums keep their order, and powers are powers."""
    result = program.like()
    program = program.rewritten(result, folding(result, sharing(result), exact=True))
    uses, kept = program.uses(), program.like()
    new = [*range(program.leaves)]
    for slot in range(program.leaves, len(program)):
        if not uses[slot]:
            new.append(-1)
        elif program.primitives[slot] is CONSTANT:
            new.append(kept.constant(program.numbers[slot]))
        else:
            new.append(kept.append(program.primitives[slot], tuple([new[x] for x in program.operands[slot]])))
    kept.outputs = tuple([new[x] for x in program.outputs])
    return kept


def fold(program: Program) -> Program:
    """Compute constants now; put what `identities` knows in place; −(−x) is x."""
    result = program.like()
    return program.rewritten(result, folding(result, result.append))


def share(program: Program) -> Program:
    """One instruction for equal ones; x + y and y + x are equal, x·y and y·x too."""
    result = program.like()
    return program.rewritten(result, sharing(result))


def folding(program: Program, append: Append, exact: bool = False) -> Append:
    numbers, neg = program.numbers, table.neg
    unknown = numbers.keys().isdisjoint

    def fold(primitive: Primitive, operands: tuple[int, ...]) -> int:
        if not unknown(operands) and (primitive in BY_ROW or operands[-1] in numbers):
            return fold_constants(primitive, operands)
        if primitive is neg and program.primitives[operands[0]] is neg:
            return program.operands[operands[0]][0]
        return append(primitive, operands)

    def fold_constants(primitive: Primitive, operands: tuple[int, ...]) -> int:
        constants = [*map(numbers.get, operands)]
        if None not in constants and primitive.__class__ is Primitive:
            return program.constant(Context().run(primitive.forward, *constants))  # whatever modes are on outside
        if (identity := found(primitive, constants, exact)) is not None:
            body, others = identity
            again = folding(program, append, exact)  # not `fold`, which would hold itself
            return program.inline(body, [operands[i] for i in others], again)[body.outputs[0]]
        return append(primitive, operands)

    return fold


def sharing(program: Program) -> Append:
    append, primitives, add, mul = program.append, program.primitives, table.add, table.mul
    known = _Known(program)

    def share(primitive: Primitive, operands: tuple[int, ...]) -> int:
        in_order = operands
        if primitive is mul or primitive is add:
            x, y = operands
            if x > y:
                in_order = (y, x)
        next_one = len(primitives)
        slot = known[primitive].setdefault(in_order, next_one)
        return slot if slot != next_one else append(primitive, operands)

    return share


class _Known(dict[Any, dict[tuple[int, ...], int]]):
    """The slots that a row computes in a program, by its operands; of a sum or a product, by these in order."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def __missing__(self, row: Any) -> dict[tuple[int, ...], int]:
        slots = [slot for slot, primitive in enumerate(self.program.primitives) if primitive is row]
        operands: Iterable[tuple[int, ...]] = map(self.program.operands.__getitem__, slots)
        if row is table.mul or row is table.add:
            operands = [(x, y) if x <= y else (y, x) for x, y in operands]
        self[row] = dict(zip(operands, slots, strict=True))
        return self[row]


def dots(program: Program) -> Program:
    """A chain of additions with at least two products among its terms becomes a dot.

    Terms keep their order. With fewer than FUSED products, those that follow one another at its beginning become the
    dot, and the rest is added as it was written. With more, a lone term that is no product becomes the bias and is
    added first; several of them are products with 1. A sum from 0 without products is a `sum`.
    """
    uses = program.uses()
    chains = _chains(program, uses)
    primitives = program.primitives
    same = min([[*uses, 0].index(0, program.leaves), *chains])  # the first that changes
    result = program.first(same)
    new = list(range(same))
    append = result.append
    for slot, (primitive, operands) in enumerate(zip(primitives[same:], program.operands[same:], strict=True), same):
        if not uses[slot]:
            new.append(-1)
        elif slot in chains:
            new.append(_dot(result, program, new, chains[slot]))
        elif primitive is CONSTANT:
            new.append(result.constant(program.numbers[slot]))
        elif len(operands) == 2:
            x, y = operands
            new.append(append(primitive, (new[x], new[y])))
        else:
            new.append(append(primitive, tuple(map(new.__getitem__, operands))))
    result.outputs = tuple([new[x] for x in program.outputs])
    return result


_ZERO = -1  # among the terms of a chain: the 0 that a sum starts from


class _Chain(NamedTuple):
    terms: list[int]  # first added first
    products: set[int]  # those of them that become products of the dot
    from_zero: bool


def _chains(program: Program, uses: list[int]) -> dict[int, _Chain]:
    """The chains worth replacing, by their last addition. What they absorb is taken out of `uses`."""
    primitives, numbers, operands = program.primitives, program.numbers, program.operands
    add, mul, sum_ = table.add, table.mul, table.sum_
    inside: set[int] = set()  # additions that belong to a longer chain
    chains: dict[int, _Chain] = {}
    for slot in range(len(primitives) - 1, program.leaves - 1, -1):
        primitive = primitives[slot]
        if (primitive is not add and primitive is not sum_) or not uses[slot] or slot in inside:
            continue
        if primitive is add:
            x, y = operands[slot]
            of_x, of_y = primitives[x], primitives[y]
            if of_x is not add and of_y is not add and (of_x is not mul or of_y is not mul):
                if of_x is not sum_ and of_y is not sum_:
                    continue  # no chain, and no two products
        terms, links = _terms(program, slot, uses)
        inside.update(links)
        from_zero = terms[0] == _ZERO or repr(numbers.get(terms[0])) == "0.0"  # not −0
        if from_zero:
            terms = terms[1:]
        is_product = [primitives[x] is mul and uses[x] == 1 for x in terms]
        products = {x for x, yes in zip(terms, is_product, strict=True) if yes}
        if len(products) < FUSED:
            products = _first_run(terms, is_product, from_zero)
        if len(products) >= 2 or (from_zero and len(terms) > 1 and not products):
            chains[slot] = _Chain(terms, products if len(products) >= 2 else set(), from_zero)
            for x in (*links, *chains[slot].products):
                uses[x] = 0
    return chains


def _first_run(terms: Sequence[int], is_product: Sequence[bool], from_zero: bool) -> set[int]:
    """The products that follow one another from the first term on; or from the second, if the first is none."""
    run: list[int] = []
    for k in range(0 if from_zero or is_product[0] else 1, len(terms)):
        if not is_product[k]:
            break
        run.append(terms[k])
    return {*run}


def _terms(program: Program, slot: int, uses: list[int]) -> tuple[list[int], list[int]]:
    """The terms of a chain of additions, first added first, and its inner links: ((a + b) + c) + d, and c + (a + b) as
    (a + b) + c."""
    terms: list[int] = []
    links: list[int] = []
    primitives, operands = program.primitives, program.operands
    while primitives[slot] is table.add:
        x, y = operands[slot]
        if uses[x] == 1 and (primitives[x] is table.add or primitives[x] is table.sum_):
            chain, term = x, y
        elif uses[y] == 1 and (primitives[y] is table.add or primitives[y] is table.sum_):
            chain, term = y, x
        else:
            return [x, y, *reversed(terms)], links
        links.append(chain)
        terms.append(term)
        slot = chain
    return [_ZERO, *operands[slot], *reversed(terms)], links


def _dot(result: Program, program: Program, new: list[int], chain: _Chain) -> int:
    terms, products, from_zero = chain
    if not products:
        return result.append(table.sum_, tuple([new[x] for x in terms]))
    start = result.constant(0.0 if from_zero else -0.0)  # −0 + x is x, even −0
    others = [x for x in terms if x not in products]
    short = len(products) < FUSED
    if (not from_zero and terms[0] not in products) if short else len(others) == 1:
        start = new[others.pop(0)]
    weights, inputs = [], []
    for term in terms:
        if term in products:
            w, x = (new[x] for x in program.operands[term])
            if result.moments[w] > result.moments[x]:  # what varies least is the weight
                w, x = x, w
            weights.append(w)
            inputs.append(x)
        elif others and not short:
            weights.append(result.constant(1.0))
            inputs.append(new[term])
    total = result.append(table.dot, (*weights, start, *inputs))
    for term in others if short else ():
        total = result.append(table.add, (total, new[term]))
    return total
