"""The order of a graph, and the chain rule along it: backwards for gradients, forwards for tangents.

One rule, two readings: on the numbers recorded beside the operands, or on Values, where the result is a graph again.
`fast` has the loops on numbers written out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

from autograd.core import modes
from autograd.core.primitives import gate
from autograd.core.value import Value

Edges = Callable[[Value], Iterable[tuple[Value, Any]]]


def topological_order(*roots: Value, seen: set[Value] | None = None) -> list[Value]:
    """Every node the roots depend on, operands before their consumers, left before right. Iterative.

    A single root comes last. The walk stops at nodes `seen` before, leaves them out, and adds those it finds to them.
    """
    order: list[Value] = []
    seen = set() if seen is None else seen
    stack: list[Value | None] = [*reversed(roots)]
    push, pop = stack.append, stack.pop
    while stack:
        node = pop()
        if node is None:  # all that the next node depends on is in order
            order.append(pop())  # type: ignore[arg-type]
            continue
        while node not in seen:  # down along the first operands
            seen.add(node)
            x, y = node._x, node._y
            if x is None:  # a leaf
                order.append(node)
                break
            push(node)
            push(None)
            if x.__class__ is tuple:
                stack += [v for v in node._arguments[::-1] if v.__class__ is not float and v not in seen]  # type: ignore[misc]
                break
            if y is not None and y.__class__ is not float and y not in seen:
                push(y)
            if x.__class__ is float:
                break
            node = x
    return order


def adjoints(order: list[Value], seeds: dict[Value, Any], edges: Edges) -> dict[Value, Any]:
    """The chain rule: adjoint(x) = Σ ∂z/∂x · adjoint(z) over the consumers z of x, in numbers or in Values.

    `edges(z)` yields (operand, ∂z/∂operand) pairs. A node that nothing reaches has no entry: its adjoint is 0.
    """
    adjoint = dict(seeds)
    switched = _Switched()
    for z in reversed(order):
        if z in adjoint:
            for x, partial in edges(z):
                term = product(z, partial, adjoint[z], z in switched)
                switched.add(x, _masks(z) or z in switched, x in adjoint)
                adjoint[x] = adjoint[x] + term if x in adjoint else term
    return adjoint


def tangents(order: list[Value], seeds: dict[Value, Any], edges: Edges) -> dict[Value, Any]:
    """The same rule forwards: tangent(z) = Σ ∂z/∂x · tangent(x) over the operands x of z."""
    tangent = dict(seeds)
    switched = _Switched()
    for z in order:
        if z not in seeds:
            for x, partial in edges(z):
                if x in tangent:
                    term = product(z, partial, tangent[x], x in switched)
                    switched.add(z, _masks(z) or x in switched, z in tangent)
                    tangent[z] = tangent[z] + term if z in tangent else term
    return tangent


class _Switched(set[Value]):
    """In a trace, the nodes that are reached through masks only. These may all be 0 when the program runs: what arrives
    is 0 then, and wins over what it meets. Outside a trace a mask's 0 is known, and is no edge."""

    def __init__(self) -> None:
        super().__init__()
        self.tracing = bool(modes.active) and modes.is_tracing()

    def add(self, node: Value, through_mask: bool, reached: bool) -> None:  # type: ignore[override]
        """A term arrives at a node, through a mask or not; the first one, or one more."""
        if self.tracing and through_mask and not reached:
            super().add(node)
        elif self.tracing and not through_mask:
            self.discard(node)


def product(z: Value, partial: Any, factor: Any, switched: bool = False) -> Any:
    """∂z/∂x times what arrives. The 0 of a masked row wins over inf and nan; as a number it is no edge at all."""
    if partial.__class__ is float and partial == 1.0:
        return factor
    if switched and not _masks(z):
        return gate(factor, partial)
    if partial.__class__ is float:
        return partial * factor
    return gate(partial, factor) if _masks(z) else partial * factor


def _masks(z: Value) -> bool:
    return z._row is not None and z._row.masked


def number_edges(z: Value) -> Iterable[tuple[Value, float]]:
    """The edges as recorded: the operands of z and the numbers ∂z/∂x had when z was made."""
    if z._py.__class__ is list:  # a dot of Values: weights and bias, then inputs, as the loops written out below go
        return [*zip(z._x, z._px, strict=True), *zip(z._y, z._py, strict=True)]
    tuples = z._x.__class__ is tuple and z._py is None
    xs, partials = (z._x, z._px) if tuples else (z._arguments, z._partials)  # the same, without the constants
    return [(x, p) for x, p in zip(xs, partials, strict=True) if p is not None]


def value_edges(z: Value, among: Collection[Value] | None = None) -> Iterable[tuple[Value, Any]]:
    """The edges as graph: ∂z/∂x as functions of the operands, which can be differentiated again.

    Partials are formed only for the operands `among` those asked for: one that nobody needs could still be nan.
    """
    row, xs = z._row, z._arguments
    if row is None:
        return []
    wanted = [isinstance(x, Value) and (among is None or x in among) for x in xs]
    if row.arity is None:
        partials = row.partials_at(xs, z) if any(wanted) else xs
    else:
        partials = [p(*xs, z) if p and needed else None for p, needed in zip(row.partials, wanted, strict=True)]
    edges = zip(xs, partials, wanted, strict=True)
    return [(x, p) for x, p, needed in edges if needed and p is not None and not (row.masked and _is_off(p))]  # type: ignore[misc]


def _is_off(partial: Any) -> bool:
    """Is a mask's partial 0, here and all around? Then there is no edge at all, and no inf below can make it nan.

    A program being traced will meet other numbers: there `product` decides, when it runs.
    """
    if not isinstance(partial, Value):
        return partial == 0.0  # type: ignore[no-any-return]
    constant = all(p is None for p in partial._partials)
    return partial._data == 0.0 and constant and not (modes.active and modes.is_tracing())
