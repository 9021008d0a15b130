"""All second derivatives of a recorded scalar at once: forward over reverse, a vector of directions at a time.

The first derivatives are two recurrences along the graph, ṫ(z) = Σ ∂z/∂x · ṫ(x) forwards and a(x) = Σ ∂z/∂x · a(z)
backwards. Differentiating the second one in the direction of every input gives a third,

    ȧ(x) = Σ_z  ∂z/∂x · ȧ(z)  +  a(z) · Σ_y ∂²z/∂x∂y · ṫ(y),

whose values at the inputs are lines of H·V for a matrix V of directions: the Hessian if V is the identity. ṫ and ȧ
are vectors with one entry for each direction, so the graph is walked once and not once for each of them, and each
∂²z/∂x∂y is formed once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from autograd.core.fast import number_adjoints
from autograd.core.sweeps import number_edges, topological_order
from autograd.core.value import Value

Vector = tuple[int, list[float]]  # the entries from a first one on; those before and after are 0
Terms = list[tuple[float, Vector]]  # Σ factor · vector


def second_derivatives(
    inputs: list[Value], order: list[Value], output: Value | float, v: list[float] | None = None
) -> list[list[float]]:
    """H, or H·v for a direction v in one column: line i is ∂²output/∂xᵢ∂x₁ …, for inputs that are leaves.

    Right if it is finite: a 0 that means "no path" is multiplied here like any other number, so an infinite partial
    anywhere can make a nan of it.
    """
    n = len(inputs) if v is None else 1
    if not isinstance(output, Value):
        return [[0.0] * n for _ in inputs]
    adjoint = number_adjoints(order, {output: 1.0})
    starts: list[Vector] = [(i, [1.0]) for i in range(n)] if v is None else [(0, [x]) for x in v]
    direction = dict(zip(inputs, starts, strict=True))
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
    if v is not None:
        return [_from(0, arriving[x], n) for x in inputs]
    lines = [_from(i, arriving[x], n) for i, x in enumerate(inputs)]  # on and above the diagonal
    return [[lines[j][i - j] for j in range(i)] + lines[i] for i in range(n)]


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
    stop: set[Value] = set()
    for x, partial in zip(xs, partials, strict=True):
        if not isinstance(partial, Value) or x not in among:
            continue
        if partial is z:
            found += [(x, y, p) for y, p in edges]
        elif partial in among:  # an operand itself
            found.append((x, partial, 1.0))
        else:
            stop = stop or {z, *z.operands}
            second = number_adjoints(topological_order(partial, seen=set(stop)), {partial: 1.0})
            found += [(x, y, s) for y, s in second.items() if y in among and y is not z]
            if z in second:
                found += [(x, y, second[z] * p) for y, p in edges]
    return found


def _combined(terms: Terms) -> Vector:
    """Σ factor · vector, four at a time. A factor of 1 alone shares the vector, which nobody changes."""
    p, (start, v) = terms[0]
    if len(terms) == 1:
        return start, v if p == 1.0 else [p * a for a in v]
    if len(terms) == 2:
        q, (first, w) = terms[1]
        if start == first and len(v) == len(w):
            return start, [p * a + q * b for a, b in zip(v, w)]  # noqa: B905 (of one length)
    spans = {(first, first + len(w)) for _, (first, w) in terms}
    start, end = min([first for first, _ in spans]), max([last for _, last in spans])
    total = [0.0] * (end - start)
    long = [(p, v) for p, (_, v) in terms] if len(spans) == 1 else _stretched(terms, start, end, total)
    for i in range(0, len(long) - 3, 4):
        (p, v), (q, w), (r, x), (s, y) = long[i : i + 4]
        total = [t + p * a + q * b + r * c + s * d for t, a, b, c, d in zip(total, v, w, x, y)]  # noqa: B905
    for p, v in long[len(long) // 4 * 4 :]:
        total = [t + p * a for t, a in zip(total, v)]  # noqa: B905
    return start, total


def _stretched(terms: Terms, start: int, end: int, total: list[float]) -> list[tuple[float, list[float]]]:
    """Terms with vectors from start to end; what is short is added to the total at once."""
    long = []
    for p, (first, v) in terms:
        if 4 * len(v) <= end - start:
            for i, a in enumerate(v, first - start):
                total[i] += p * a
        else:
            long.append((p, [0.0] * (first - start) + v + [0.0] * (end - first - len(v))))
    return long


def _from(first: int, terms: Terms, n: int) -> list[float]:
    """The entries of Σ factor · vector from a first one on, up to the n-th."""
    cut = [(p, (s, v) if s >= first else (first, v[first - s :])) for p, (s, v) in terms if s + len(v) > first]
    if not cut:
        return [0.0] * (n - first)
    start, total = _combined(cut)
    return [0.0] * (start - first) + total + [0.0] * (n - start - len(total))
