"""All second derivatives of a recorded scalar at once: forward over reverse, a vector of directions at a time.

The first derivatives are two recurrences along the graph, ṫ(z) = Σ ∂z/∂x · ṫ(x) forwards and a(x) = Σ ∂z/∂x · a(z)
backwards. Differentiating the second one in the direction of every input gives a third,

    ȧ(x) = Σ_z  ∂z/∂x · ȧ(z)  +  a(z) · Σ_y ∂²z/∂x∂y · ṫ(y),

whose values at the inputs are lines of H·V for a matrix V of directions: the Hessian if V is the identity. ṫ and ȧ
are vectors with one entry for each direction, so the graph is walked once and not once for each of them, and each
∂²z/∂x∂y is formed once. Vectors are added in the order of the terms, beginning with −0, to which every number adds as
it is. The extension walks in the same order.
"""

from __future__ import annotations

from itertools import repeat
from math import nan
from typing import Any

from autograd.core import engine, modes
from autograd.core.fast import number_adjoints, number_tangents
from autograd.core.refusals import Argument
from autograd.core.sweeps import number_edges, partials_as_graph, topological_order
from autograd.core.value import Value

Vector = tuple[int, list[float]]  # the entries from a first one on; those before and after are 0
Terms = list[tuple[float, Vector]]  # Σ factor · vector
TINY, LARGE = 2.0**-700, 2.0**100  # what may be lost of a factor and a direction


def second_derivatives(
    inputs: list[Value], order: list[Value], output: Value | float, v: list[float] | None = None
) -> list[list[float]]:
    """H, or H·v for a direction v in one column: line i is ∂²output/∂xᵢ∂x₁ …, for inputs that are leaves.

    Right if it is finite: a 0 that means "no path" is multiplied here like any other number, so an infinite partial
    anywhere can make a nan of it. So does a factor of a large direction that may have been too small for a double: √ at
    1e308 has the second partial 2.5e-463.
    """
    n = len(inputs) if v is None else 1
    if not isinstance(output, Value):
        return [*map(list, repeat([0.0] * n, len(inputs)))]
    if engine.C is not None:
        lines = engine.C.second(order, inputs, output, v, _by_rule, TINY, LARGE)
        if lines is not None:
            return lines
    with modes.differentiating():
        return swept(inputs, order, output, v)


def swept(inputs: list[Value], order: list[Value], output: Value, v: list[float] | None) -> list[list[float]]:
    """The same in Python, which is the definition."""
    n = len(inputs) if v is None else 1
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
            xs: Any = z._arguments
            for i, k, second in second_partials(z):
                if xs[i] in direction and xs[k] in direction:
                    arriving[xs[i]].append((_factor(adjoint[z] * second, direction[xs[k]]), direction[xs[k]]))
    if v is not None:
        return [_from(0, arriving[x], n) for x in inputs]
    lines = [_from(i, arriving[x], n) for i, x in enumerate(inputs)]  # on and above the diagonal
    return [[lines[j][i - j] for j in range(i)] + lines[i] for i in range(n)]


def second_partials(z: Value) -> list[tuple[int, int, float]]:
    """(i, k, ∂²z/∂xᵢ∂xₖ) where it is not zero by form, for the operands by their places: the tangents of the row's
    partials, read as graph, in the direction of each operand, along which z moves as well."""
    row, slopes = z._row, z._partials
    xs: Any = z._arguments
    assert row is not None
    places = [i for i, x in enumerate(xs) if x.__class__ is not float]
    if row.own or len({xs[i] for i in places}) < len(places):  # x * x: each place moves for itself
        xs = tuple([x if x.__class__ is float else Argument(x._data) for x in xs])
    partials = partials_as_graph(row, xs, z, [i in places for i in range(len(xs))])
    formed = [(i, partials[i]) for i in places if isinstance(partials[i], Value)]
    found: list[tuple[int, int, float]] = []
    inner: list[Value] | None = None
    for i, p in formed:
        if p is z:
            found += [(i, k, slope) for k, slope in enumerate(slopes) if slope is not None]
        elif (k := next((k for k in places if xs[k] is p), None)) is not None:
            found.append((i, k, 1.0))
        else:
            if inner is None:
                inner = topological_order(*[p for _, p in formed], seen={z, *[xs[k] for k in places]})
                moving: list[Any] = [{xs[k]: 1.0} if slopes[k] is None else {xs[k]: 1.0, z: slopes[k]} for k in places]
                tangents = [number_tangents(inner, m) for m in moving]
            found += [(i, k, t[p]) for k, t in zip(places, tangents, strict=True) if p in t]
    return found


def _by_rule(z: Value) -> list[tuple[int, int, float]]:
    with modes.differentiating():
        return second_partials(z)


def _factor(p: float, direction: Vector) -> float:
    return nan if abs(p) < TINY and any([abs(a) > LARGE for a in direction[1]]) else p


def _combined(terms: Terms) -> Vector:
    """Σ factor · vector. A factor of 1 alone shares the vector, which nobody changes."""
    p, (start, v) = terms[0]
    if len(terms) == 1:
        return start, v if p == 1.0 else [p * a for a in v]
    start = min([first for _, (first, _) in terms])
    total = [-0.0] * (max([first + len(w) for _, (first, w) in terms]) - start)
    for p, (first, w) in terms:
        here = slice(first - start, first - start + len(w))
        total[here] = [t + p * a for t, a in zip(total[here], w, strict=True)]
    return start, total


def _from(first: int, terms: Terms, n: int) -> list[float]:
    """The entries of Σ factor · vector from a first one on, up to the n-th; +0 where they are 0."""
    cut = [(p, (s, v) if s >= first else (first, v[first - s :])) for p, (s, v) in terms if s + len(v) > first]
    if not cut:
        return [0.0] * (n - first)
    start, total = _combined(cut)
    return [0.0] * (start - first) + [t + 0.0 for t in total] + [0.0] * (n - start - len(total))
