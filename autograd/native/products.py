"""Means over the batch as sums of products: a gradient's, of partials and adjoints, need no slot for each example.

What a mean is of is often a product or a dot that nothing else asks for. It is then not stored example by example:
one kernel forms the products and adds them up.
"""

from __future__ import annotations

from collections.abc import Sequence

from autograd.core import primitives as table
from autograd.core.primitives import dot_parts
from autograd.program.program import MASKED_DOT, MEAN, Program, masked_dot_parts

Product = tuple[int, int, int | None]  # x·y, but 0 where a third is not


def mean_slots(program: Program) -> list[int]:
    """In the order of the results: a gradient's means lie side by side as it does."""
    if MEAN not in program.rows():
        return []
    means = [slot for slot, primitive in enumerate(program.primitives) if primitive is MEAN]
    results = {slot: k for k, slot in enumerate(program.outputs)}
    return sorted(means, key=lambda slot: (results.get(slot, len(results)), slot))


def products(program: Program, means: Sequence[int], one: int) -> tuple[list[list[Product]], set[int]]:
    """Each mean as a sum of products of slots, and the slots that exist only for that. `one` is the slot of 1."""
    uses, found = program.uses(), []
    absorbed: set[int] = set()
    for mean in means:
        (slot,) = program.operands[mean]
        factors, inside = _factors(program, slot, uses)
        found.append(factors or [(slot, one, None)])
        absorbed.update(inside)
    return found, absorbed


def _factors(program: Program, slot: int, uses: Sequence[int]) -> tuple[list[Product], tuple[int, ...]]:
    """A slot that nothing else uses as a sum of products, each (adjoint, partial, off), and the slots in that; none
    where it is no such sum."""
    primitive, operands, zero = program.primitives[slot], program.operands[slot], 0.0
    if uses[slot] != 1:
        return [], ()
    if primitive is table.mul:
        return [(operands[1], operands[0], None)], (slot,)
    if primitive is table.where and program.numbers.get(operands[1]) == zero:
        off, _, product = operands
        if program.primitives[product] is table.mul and uses[product] == 1:
            partial, adjoint = program.operands[product]
            if _is_zero_where(program, adjoint, off):
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


def _is_zero_where(program: Program, slot: int, off: int) -> bool:
    """Is it 0 by its mask, so that a kernel may look at that only where the other factor is inf or nan?"""
    operands = program.operands[slot]
    if program.primitives[slot] is MASKED_DOT:
        return {*masked_dot_parts(operands)[0]} == {off}
    return program.primitives[slot] is table.where and operands[0] == off and program.numbers.get(operands[1]) == 0.0
