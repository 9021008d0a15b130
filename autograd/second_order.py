"""All second derivatives of a recorded scalar at once: forward over reverse, a vector of directions at a time.

The first derivatives are two recurrences along the graph, ṫ(z) = Σ ∂z/∂x · ṫ(x) forwards and a(x) = Σ ∂z/∂x · a(z)
backwards. Differentiating the second one in the direction of every input gives a third,

    ȧ(x) = Σ_z  ∂z/∂x · ȧ(z)  +  a(z) · Σ_y ∂²z/∂x∂y · ṫ(y),

whose values at the inputs are rows of H·V for a matrix V of directions: the Hessian if V is the identity. ṫ and ȧ
are vectors with one entry for each direction, so the graph is walked once and not once for each of them, and each
∂²z/∂x∂y is formed once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from autograd.sweeps import number_adjoints, number_edges, topological_order
from autograd.value import Value

Vector = tuple[int, list[float]]  # the entries from a first one on; those before and after are 0
Terms = list[tuple[float, Vector]]  # Σ factor · vector


def second_derivatives(
    inputs: list[Value], order: list[Value], output: Value | float, directions: list[Vector], n: int
) -> list[list[float]]:
    """The second derivative of the output in every direction: row i is ∂²output/∂xᵢ∂v for the n directions v.

    `directions[i]` holds the i-th component of each. Right if it is finite: a 0 that means "no path" is multiplied here
    like any other number, so an infinite partial anywhere can make a nan of it.
    """
    if not isinstance(output, Value):
        return [[0.0] * n for _ in inputs]
    adjoint = number_adjoints(order, {output: 1.0})
    direction = dict(zip(inputs, directions, strict=True))
    edges: dict[Value, list[tuple[Value, float]]] = {}
    for z in order:
        edges[z] = [(x, p) for x, p in number_edges(z) if x in direction]
        if edges[z]:
            direction[z] = _combined([(p, direction[x]) for x, p in edges[z]])
    arriving: dict[Value, Terms] = {x: [] for x in direction}  # the terms of ȧ, summed when the sweep gets there
    for z in reversed(order):
        if edges[z] and z in adjoint:
            if arriving[z]:
                total = _combined(arriving.pop(z))
                for x, p in edges[z]:
                    arriving[x].append((p, total))
            for x, y, second in _second_partials(z, edges[z], direction):
                arriving[x].append((adjoint[z] * second, direction[y]))
    return [_dense(arriving[x], n) for x in inputs]


def _second_partials(z: Value, edges: list[tuple[Value, float]], among: Collection[Value]) -> list[Any]:
    """(x, y, ∂²z/∂x∂y) where it is not zero by form: the row's partials as graph, swept down to the operands and z."""
    row, xs = z._row, z._arguments
    assert row is not None
    partials: Iterable[Any]
    if row.arity is None:
        partials = row.partials_at(xs, z)
    else:
        partials = [p(*xs, z) if p and x in among else None for p, x in zip(row.partials, xs, strict=True)]
    found: list[Any] = []
    stop = {z, *z.operands}
    for x, partial in zip(xs, partials, strict=True):
        if partial.__class__ is Value and x in among:
            second = {partial: 1.0}
            if partial not in stop:
                second = number_adjoints(topological_order(partial, beyond=stop), second)
            found += [(x, y, s) for y, s in second.items() if y in among and y is not z]
            if z in second:
                found += [(x, y, second[z] * p) for y, p in edges]
    return found


def _combined(terms: Terms) -> Vector:
    """Σ factor · vector, four at a time. A factor of 1 alone shares the vector, which nobody changes."""
    if len(terms) == 1:
        p, (start, v) = terms[0]
        return start, v if p == 1.0 else [p * a for a in v]
    start = min([start for _, (start, _) in terms])
    end = max([start + len(v) for _, (start, v) in terms])
    total, long = [0.0] * (end - start), []
    for p, (first, v) in terms:
        if 4 * len(v) <= end - start:
            for i, a in enumerate(v, first - start):
                total[i] += p * a
        elif len(v) == end - start:
            long.append((p, v))
        else:
            long.append((p, [0.0] * (first - start) + v + [0.0] * (end - first - len(v))))
    for i in range(0, len(long) - 3, 4):
        (p, v), (q, w), (r, x), (s, y) = long[i : i + 4]
        total = [t + p * a + q * b + r * c + s * d for t, a, b, c, d in zip(total, v, w, x, y)]  # noqa: B905
    for p, v in long[len(long) // 4 * 4 :]:
        total = [t + p * a for t, a in zip(total, v)]  # noqa: B905
    return start, total


def _dense(terms: Terms, n: int) -> list[float]:
    if not terms:
        return [0.0] * n
    start, v = _combined(terms)
    return [0.0] * start + v + [0.0] * (n - start - len(v))
