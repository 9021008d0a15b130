"""What depends on a Value; and what it has a derivative in, by what the rows say and not by the numbers of this run."""

from __future__ import annotations

from collections.abc import Iterable

from autograd.core.value import Value


def dependents(order: Iterable[Value], of: Iterable[Value]) -> set[Value]:
    """These, and what is computed from them among the nodes of an order, operands first."""
    found = set(of)
    for z in order:
        if not found.isdisjoint(z._arguments):
            found.add(z)
    return found


def dependencies(root: Value) -> set[Value]:
    """The nodes that the root has a derivative in, be it 0 there, itself included.

    All below it, but for what it reaches only through operands that a row is constant in wherever it is smooth, such as
    those of // and round and the condition of `where`.
    """
    found: set[Value] = set()
    stack = [root]
    while stack:
        z = stack.pop()
        if z not in found:
            found.add(z)
            stack += differentiable_operands(z)
    return found


def differentiable_operands(z: Value) -> list[Value]:
    """The operands that z has a derivative in: by the row's columns, as a mask may have switched off what is recorded;
    by what is recorded, where a row of any number of operands has one column for all."""
    row = z._row
    if row is None:
        return []
    partials = row.partials if row.arity is not None else z._partials
    return [x for x, p in zip(z._arguments, partials, strict=True) if p is not None and x.__class__ is not float]
