"""The order of a graph, and the chain rule along it: backwards for gradients, forwards for tangents."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

from autograd import modes
from autograd.primitives import gate
from autograd.value import Value

Edges = Callable[[Value], Iterable[tuple[Value, Any]]]


def topological_order(root: Value) -> list[Value]:
    """Every node root depends on, operands before their consumers, left before right, root last. Iterative."""
    order: list[Value] = []
    seen: set[Value] = set()
    stack: list[Value | None] = [root]
    while stack:
        node = stack.pop()
        if node is None:  # all that the next node depends on is in order
            order.append(stack.pop())  # type: ignore[arg-type]
        elif node not in seen:
            seen.add(node)
            if node._row is None:
                order.append(node)
            else:
                stack += (node, None)
                stack += [x for x in reversed(node._arguments) if x.__class__ is not float and x not in seen]  # type: ignore[misc]
    return order


def adjoints(order: list[Value], seeds: dict[Value, Any], edges: Edges) -> dict[Value, Any]:
    """The chain rule: adjoint(x) = Σ ∂z/∂x · adjoint(z) over the consumers z of x, in numbers or in Values.

    `edges(z)` yields (operand, ∂z/∂operand) pairs. A node that nothing reaches has no entry: its adjoint is 0.
    """
    adjoint = dict(seeds)
    for z in reversed(order):
        if z in adjoint:
            for x, partial in edges(z):
                term = product(z, partial, adjoint[z])
                adjoint[x] = adjoint[x] + term if x in adjoint else term
    return adjoint


def tangents(order: list[Value], seeds: dict[Value, Any], edges: Edges) -> dict[Value, Any]:
    """The same rule forwards: tangent(z) = Σ ∂z/∂x · tangent(x) over the operands x of z."""
    tangent = dict(seeds)
    for z in order:
        if z not in seeds:
            for x, partial in edges(z):
                if x in tangent:
                    term = product(z, partial, tangent[x])
                    tangent[z] = tangent[z] + term if z in tangent else term
    return tangent


def product(z: Value, partial: Any, factor: Any) -> Any:
    """∂z/∂x times what arrives. The 0 of a masked row wins over inf and nan; as a number it is no edge at all."""
    if partial.__class__ is float:
        return factor if partial == 1.0 else partial * factor
    return gate(partial, factor) if z._row.masked else partial * factor  # type: ignore[union-attr]


def number_edges(z: Value) -> Iterable[tuple[Value, float]]:
    """The edges as recorded: the operands of z and the numbers ∂z/∂x had when z was made."""
    return [(x, p) for x, p in zip(z._arguments, z._partials, strict=True) if p is not None]  # type: ignore[misc]


def value_edges(z: Value) -> Iterable[tuple[Value, Any]]:
    """The edges as graph: ∂z/∂x as functions of the operands, which can be differentiated again."""
    if z._row is None:
        return []
    edges = zip(z._arguments, z._row.partials_at(z._arguments, z), strict=True)
    off = 0.0 if z._row.masked else None
    return [(x, p) for x, p in edges if isinstance(x, Value) and p is not None and p is not off and p != off]


_writing = threading.Lock()  # one sweep at a time writes gradients, so that threads sharing a leaf lose nothing


def backward(root: Value) -> None:
    """`root.backward()`: `adjoints` on numbers, written into `.grad` as they form (0.2 µs a node instead of 1).

    Leaves add this sweep's total to what they had; the nodes between hold this sweep's alone. If the sweep cannot be
    finished, every `.grad` is as it was.
    """
    unreached = float("0")  # a 0.0 of this sweep's own: the grad of nodes in order that nothing has arrived at
    nodes: list[Value] = []
    before: list[float] = []
    with _writing:
        try:
            order = _mark_in_order(root, unreached, nodes, before)
            root.grad = 1.0
            _sweep(order, unreached)
            if modes.active and (anomaly := modes.anomaly()) is not None:
                _look_for_anomalies(order, anomaly, unreached)
            for node, grad in zip(nodes, before, strict=False):
                if node._row is None:
                    node.grad = _accumulated(node, grad)
        except BaseException:
            for node, grad in zip(nodes, before, strict=False):
                node.grad = grad
            raise


def _mark_in_order(root: Value, mark: float, nodes: list[Value], before: list[float]) -> list[Value]:
    """`topological_order` less the leaves, with a mark in `.grad` for the set; `before` gets what each node's was."""
    order: list[Value] = []
    stack: list[Any] = [root]
    push, pop = stack.append, stack.pop
    while stack:
        node = pop()
        if node is None:
            order.append(pop())
            continue
        grad = node.grad
        if grad is mark:
            continue
        nodes.append(node)
        before.append(grad)
        node.grad = mark
        x, y = node._x, node._y
        if x is None:
            continue
        push(node)
        push(None)
        if x.__class__ is tuple:
            if node._py is not None:
                stack += [v for v in y[::-1] if v.grad is not mark]
            stack += [v for v in x[::-1] if v.grad is not mark]
            continue
        if y is not None and y.__class__ is not float and y.grad is not mark:
            push(y)
        if x.__class__ is not float and x.grad is not mark:
            push(x)
    return order


def _sweep(order: list[Value], unreached: float) -> None:
    for node in reversed(order):
        grad = node.grad
        if grad is unreached:  # behind a mask: nothing passes on, not even 0 · inf
            continue
        px, py = node._px, node._py
        if px.__class__ is float:
            node._x.grad += grad * px
        elif px is not None:
            for operand, partial in zip(node._x, px):  # noqa: B905 (of one length by construction)
                if partial is not None:
                    operand.grad += grad * partial
        if py.__class__ is float:
            node._y.grad += grad * py
        elif py is not None:
            for operand, partial in zip(node._y, py):  # noqa: B905
                operand.grad += grad * partial


def _look_for_anomalies(order: list[Value], anomaly: modes.Anomaly, unreached: float) -> None:
    for z in reversed(order):
        if z.grad is not unreached:
            anomaly.check_backward(z.grad, z, z)
            for x, partial in number_edges(z):
                anomaly.check_backward(partial * z.grad, x, z)


def _accumulated(leaf: Value, grad: float) -> float:
    try:
        return grad + leaf.grad
    except TypeError:
        raise TypeError(
            f"backward: the .grad of {leaf.label or 'a leaf'} is {grad!r}, which cannot be added to; set it to 0.0 "
            "(zero_grad() does)"
        ) from None
