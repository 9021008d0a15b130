"""Passes that make a program smaller without changing a result: each takes a program and returns one.

    fold     compute what is constant, drop what does nothing (1·x, x/1), turn small powers into products
    share    keep one of equal instructions
    dots     see w₁x₁ + w₂x₂ + … + b, however it was written, as one dot
    prune    drop what no result needs

Floating-point identities only: x + 0 is not x (for −0), and 0·x is not 0 (for inf). The one freedom taken is inside a
dot's own sum, which may start from b.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from autograd import primitives as table
from autograd.primitives import Primitive
from autograd.program.program import CONSTANT, Instruction, Program


def simplify(program: Program) -> Program:
    return prune(dots(share(fold(program))))


def _rewrite(program: Program, rule: Callable[[Program, Instruction], int]) -> Program:
    """Every instruction, its operands renumbered, handed to a rule that appends what replaces it and returns its row."""
    result = program.like()
    new = list(range(program.leaves))
    for row in range(program.leaves, len(program.rows)):
        primitive, operands = program.rows[row]
        if primitive is CONSTANT:
            new.append(result.constant(operands[0]))
        else:
            new.append(rule(result, Instruction(primitive, tuple([new[x] for x in operands]))))
    result.outputs = tuple([new[x] for x in program.outputs])
    return result


def fold(program: Program) -> Program:
    """Compute constants now; x·1, x/1, x − 0 and x¹ are x, x² is x·x, x³ is x·x·x, 1·w + 1·x stays as it is."""
    return _rewrite(program, _fold)


def _fold(result: Program, instruction: Instruction) -> int:
    primitive, operands = instruction
    rows = result.rows
    constants = [rows[x].operands[0] if rows[x].primitive is CONSTANT else None for x in operands]
    if None not in constants and primitive.__class__ is Primitive:
        return result.constant(primitive.forward(*constants))
    if len(operands) == 2:
        (x, y), (cx, cy) = operands, constants
        if primitive is table.mul or primitive is table.gate:
            if cx == 1.0:
                return y
            if cy == 1.0 and primitive is table.mul:
                return x
            if primitive is table.mul and -1.0 in (cx, cy):
                return _fold(result, Instruction(table.neg, (y if cx == -1.0 else x,)))
        elif primitive is table.div and cy == 1.0:
            return x
        elif primitive is table.sub and cy == 0.0 and math.copysign(1.0, cy) > 0:
            return x
        elif primitive is table.pow_ and cy in (1.0, 2.0, 3.0, -1.0):
            return _power(result, x, cy)
        elif primitive is table.pow_x and cy in (1.0, 2.0, 3.0, 4.0):  # y·x^(y − 1)
            power = result.constant(1.0) if cy == 1.0 else _power(result, x, cy - 1.0)
            return _fold(result, Instruction(table.mul, (result.constant(cy), power)))
    if primitive is table.neg and rows[operands[0]].primitive is table.neg:
        return rows[operands[0]].operands[0]  # type: ignore[no-any-return]
    return result.append(primitive, operands)


def _power(result: Program, x: int, exponent: float) -> int:
    """Small powers as products: within 2 ulp of pow, overflow and underflow included, and many times faster."""
    if exponent == 1.0:
        return x
    if exponent == -1.0:
        return result.append(table.div, (result.constant(1.0), x))
    square = result.append(table.mul, (x, x))
    return square if exponent == 2.0 else result.append(table.mul, (square, x))


def share(program: Program) -> Program:
    """One instruction for equal ones; x + y and y + x are equal, x·y and y·x too."""
    known: dict[tuple[object, tuple[int, ...]], int] = {}

    def rule(result: Program, instruction: Instruction) -> int:
        primitive, operands = instruction
        if (primitive is table.add or primitive is table.mul) and operands[0] > operands[1]:
            key = (primitive, operands[::-1])
        else:
            key = (primitive, operands)
        row = known.get(key)
        if row is None:
            known[key] = row = result.append(primitive, operands)
        return row

    return _rewrite(program, rule)


def prune(program: Program) -> Program:
    """Only the rows that some result depends on."""
    needed = bytearray(len(program.rows))
    for row in program.outputs:
        needed[row] = 1
    for row in range(len(program.rows) - 1, program.leaves - 1, -1):
        primitive, operands = program.rows[row]
        if needed[row] and primitive is not CONSTANT:
            for x in operands:
                needed[x] = 1
    result = program.like()
    new = list(range(program.leaves))
    for row in range(program.leaves, len(program.rows)):
        primitive, operands = program.rows[row]
        if not needed[row]:
            new.append(-1)
        elif primitive is CONSTANT:
            new.append(result.constant(operands[0]))
        else:
            new.append(result.append(primitive, tuple([new[x] for x in operands])))
    result.outputs = tuple([new[x] for x in program.outputs])
    return result


def dots(program: Program) -> Program:
    """A chain of additions with at least two products among its terms becomes a dot.

    Terms keep their order, so the sum is the same to the bit, except that a lone term that is no product becomes the
    bias and is added first. With more of them they are products with 1. A long chain without products is a sum.
    """
    uses = program.uses()
    rows = program.rows
    chains: dict[int, list[int]] = {}
    inside: set[int] = set()  # additions that belong to a longer chain
    for row in range(len(rows) - 1, program.leaves - 1, -1):
        if _is_sum(rows[row]) and row not in inside:
            chains[row] = _terms(rows, row, uses, inside)

    result = program.like()
    new = list(range(program.leaves))
    for row in range(program.leaves, len(rows)):
        primitive, operands = rows[row]
        if primitive is CONSTANT:
            new.append(result.constant(operands[0]))
        elif row in chains and (chain := _dot(result, rows, new, chains[row], uses)) is not None:
            new.append(chain)
        else:
            new.append(result.append(primitive, tuple([new[x] for x in operands])))
    result.outputs = tuple([new[x] for x in program.outputs])
    return result


def _is_sum(instruction: Instruction) -> bool:
    return instruction.primitive is table.add or instruction.primitive is table.sum_


def _terms(rows: list[Instruction], row: int, uses: list[int], inside: set[int]) -> list[int]:
    """The terms of a chain of additions, first added first: ((a + b) + c) + d, and c + (a + b) as (a + b) + c."""
    terms: list[int] = []
    while rows[row].primitive is table.add:
        x, y = rows[row].operands
        if uses[x] == 1 and _is_sum(rows[x]):
            chain, term = x, y
        elif uses[y] == 1 and _is_sum(rows[y]):
            chain, term = y, x
        else:
            return [x, y, *reversed(terms)]
        inside.add(chain)
        terms.append(term)
        row = chain
    return [_ZERO, *rows[row].operands, *reversed(terms)]


_ZERO = -1  # the 0 that a sum starts from, among terms


def _dot(result: Program, rows: list[Instruction], new: list[int], terms: list[int], uses: list[int]) -> int | None:
    from_zero = terms[0] == _ZERO or (rows[terms[0]] == (CONSTANT, (0.0,)))
    if from_zero:
        terms = terms[1:]
    products = {x for x in terms if rows[x].primitive is table.mul and uses[x] == 1}
    if len(products) < 2:
        return result.append(table.sum_, tuple([new[x] for x in terms])) if from_zero and len(terms) > 1 else None
    others = [x for x in terms if x not in products]
    bias = new[others[0]] if len(others) == 1 else result.constant(0.0 if from_zero else -0.0)  # −0 + x is x, even −0
    weights, inputs = [], []
    for term in terms:
        if term in products:
            w, x = (new[x] for x in rows[term].operands)
            weights.append(min(w, x, key=result.moments.__getitem__))  # what varies least is the weight
            inputs.append(w + x - weights[-1])
        elif len(others) > 1:
            weights.append(result.constant(1.0))
            inputs.append(new[term])
    return result.append(table.dot, (*weights, *inputs, bias))
