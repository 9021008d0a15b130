"""The order of a graph, and the chain rule along it: backwards for gradients, forwards for tangents.

One rule, two readings: on the numbers recorded beside the operands, or on Values, where the result is a graph again.
`fast` has the loops on numbers written out.

**Strong zeros.** relu, maximum, minimum and where are *masks*: where their partial is 0 they switch a path off, and
what lies on it contributes exactly 0, be it inf or nan. So a product of the chain rule is 0 if either factor is a
mask's 0, and IEEE's otherwise: a 0 that was computed is no mask's.

    sqrt(relu(x)) at −1     ∞ · 0 is 0: the 0 is relu's          relu(log(x)) under where(x > 0, …)     nan · 0 is 0
    (sqrt(x) * 0) at 0      ∞ · 0 is nan: this 0 is a number

Where numbers are known, a mask's 0 is no edge at all: a partial of None, an adjoint that never arrives. A program meets
other numbers each time; there what arrives comes with a 0/1 number that is 1 where every path to it is switched `off`
(`in_series`, `in_parallel`, `passing`), for reverse and forward sweeps, for traced derivatives and for the gradients of
programs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, NamedTuple

from autograd.core import engine, modes
from autograd.core.columns import Primitive
from autograd.core.linear import LinearMap
from autograd.core.primitives import equal, stop_gradient, where
from autograd.core.refusals import as_argument
from autograd.core.value import Value, apply

Edges = Callable[[Value], Iterable[tuple[Value, Any]]]
Apply = Callable[..., Any]  # apply(row, *operands), on Values or on what else a reader computes with


class Arriving(NamedTuple):
    """What the chain rule brings to a node, and where all paths to it are off: 1 there, else 0; None if nowhere."""

    number: Any
    off: Any = None


def in_series(off: Any, mask: Any, apply: Apply = apply) -> Any:
    """Where a path through a mask is off: where it was off already, or the mask is 0."""
    here = apply(equal, mask, 0.0)
    return here if off is None else apply(where, off, 1.0, here)


def in_parallel(a: Any, b: Any, apply: Apply = apply) -> Any:
    """Where two paths to one node are both off."""
    return None if a is None or b is None else a if a is b else apply(where, a, b, 0.0)


def passing(off: Any, number: Any, apply: Apply = apply) -> Any:
    """A number where some path to it is on; 0, whatever it is, where all are off."""
    return number if off is None else apply(where, off, 0.0, number)


def topological_order(*roots: Value, seen: set[Value] | None = None, stop: Iterable[Value] = ()) -> list[Value]:
    """Every node the roots depend on, operands before their consumers, left before right. Iterative.

    A single root comes last. The walk stops at nodes `seen` before and at those in `stop`, and leaves them out; `seen`
    gets these, and all that the walk finds.
    """
    if engine.C is not None:
        return engine.C.order(roots, seen, [*stop])
    seen = set() if seen is None else seen
    seen.update(stop)
    return _walked(roots, seen)


def _walked(roots: tuple[Value, ...], seen: set[Value]) -> list[Value]:
    order: list[Value] = []
    stack: list[Any] = [*reversed(roots)]
    push, pop = stack.append, stack.pop
    while stack:
        node = pop()
        if node is None:  # all that the next node depends on is in order
            order.append(pop())
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
                stack += [v for v in node._arguments[::-1] if v.__class__ is not float and v not in seen]
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
    adjoint = arriving_adjoints(order, {z: Arriving(seed) for z, seed in seeds.items()}, edges)
    return {z: arriving.number for z, arriving in adjoint.items()}


def arriving_adjoints(order: list[Value], seeds: dict[Value, Arriving], edges: Edges) -> dict[Value, Arriving]:
    """The same with where it is off."""
    adjoint = dict(seeds)
    for z in reversed(order):
        if z in adjoint:
            for x, partial in edges(z):
                term = through(z, partial, adjoint[z])
                if term is not None:
                    adjoint[x] = added(adjoint[x], term) if x in adjoint else term
    return adjoint


def tangents(order: list[Value], seeds: dict[Value, Any], edges: Edges) -> dict[Value, Any]:
    """The same rule forwards: tangent(z) = Σ ∂z/∂x · tangent(x) over the operands x of z."""
    tangent = arriving_tangents(order, {x: Arriving(seed) for x, seed in seeds.items()}, edges)
    return {z: arriving.number for z, arriving in tangent.items()}


def arriving_tangents(order: list[Value], seeds: dict[Value, Arriving], edges: Edges) -> dict[Value, Arriving]:
    """The same with where it is off."""
    tangent = dict(seeds)
    for z in order:
        if z not in seeds:
            for x, partial in edges(z):
                if x in tangent:
                    term = through(z, partial, tangent[x], forwards=True)
                    if term is not None:
                        tangent[z] = added(tangent[z], term) if z in tangent else term
    return tangent


def through(z: Value, partial: Any, arriving: Arriving, forwards: bool = False) -> Arriving | None:
    """One edge: ∂z/∂x times what arrives, 0 if either is a mask's 0; None where nothing passes."""
    if partial.__class__ is LinearMap:
        return partial.push(arriving) if forwards else partial.pull(arriving)
    factor, off = arriving
    if partial.__class__ is float and partial == 1.0:
        return arriving
    if is_mask(z) and isinstance(partial, Value) and modes.is_tracing():
        off = in_series(off, partial)
    return Arriving(passing(off, partial * factor), off)


def added(a: Arriving, b: Arriving) -> Arriving:
    return Arriving(a.number + b.number, in_parallel(a.off, b.off))


def is_mask(z: Value) -> bool:
    return z._row is not None and z._row.masked


def number_edges(z: Value) -> Iterable[tuple[Value, float]]:
    """The edges as recorded: the operands of z and the numbers ∂z/∂x had when z was made, side by side."""
    sides = ((z._x, z._px), (z._y, z._py))
    pairs = [zip(x, p, strict=True) if x.__class__ is tuple else ((x, p),) for x, p in sides]
    return [(x, p) for side in pairs for x, p in side if p is not None]


def value_edges(z: Value, among: Collection[Value] | None = None) -> Iterable[tuple[Value, Any]]:
    """The edges as graph: ∂z/∂x as functions of the operands, which can be differentiated again.

    Partials are formed only for the operands `among` those asked for: one that nobody needs could still be nan.
    """
    row, xs = z._row, z._arguments
    if row is None:
        return []
    wanted = [isinstance(x, Value) and (among is None or x in among) for x in xs]
    if row.own:  # whose rule could look its operands up
        given = [as_argument(x) if isinstance(x, Value) else x for x in xs]
        partials = partials_as_graph(row, given, as_argument(z), wanted)
    else:
        partials = partials_as_graph(row, xs, z, wanted)
    edges = zip(xs, partials, wanted, strict=True)
    return [(x, p) for x, p, needed in edges if needed and p is not None and not (row.masked and _is_off(p))]


def partials_as_graph(row: Primitive, xs: Sequence[Any], z: Value, wanted: Sequence[bool]) -> Sequence[Any]:
    """∂z/∂x read on Values, for the operands that are wanted."""
    try:
        if row.arity is None:
            return row.partials_at(xs, z) if any(wanted) else xs
        return [p(*xs, z) if p and needed else None for p, needed in zip(row.partials, wanted, strict=True)]
    except ArithmeticError:  # 1 / y of a constant y: a node of it, which is no leaf, answers as IEEE does
        nodes = [x if isinstance(x, Value) else apply(stop_gradient, x) for x in xs]
        if not any([x.__class__ is float for x in xs]):
            raise
        return partials_as_graph(row, nodes, z, wanted)


def _is_off(partial: Any) -> bool:
    """Is a mask's partial 0, here and all around? A program being traced will meet other numbers and decides then."""
    if not isinstance(partial, Value):
        return partial == 0.0
    return partial._data == 0.0 and not modes.is_tracing()
