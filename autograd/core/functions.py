"""The functions that take lists, and some that are made of others; the rest are the rows of the table themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import mul
from typing import Any, overload

from autograd.core import engine
from autograd.core import primitives as table
from autograd.core.ieee import add_up
from autograd.core.value import Value, record
from autograd.core.words import counted

__all__ = ["affine", "dist", "dot", "entropy", "hypot", "mean", "sum"]


@overload
def dot(ws: Sequence[float], xs: Sequence[float], b: float = 0.0) -> float: ...
@overload
def dot(ws: Sequence[Value], xs: Sequence[Value | float], b: Value | float = 0.0) -> Value: ...
@overload
def dot(ws: Sequence[Value | float], xs: Sequence[Value], b: Value | float = 0.0) -> Value: ...
@overload
def dot(ws: Sequence[Value | float], xs: Sequence[Value | float], b: Value | float = 0.0) -> Value | float: ...
def dot(ws: Sequence[Any], xs: Sequence[Any], b: Any = 0.0) -> Any:
    """b + Σ wᵢxᵢ as one node: the z = w·a + b of a neuron. ValueError when the lengths differ."""
    try:
        return affine((ws,), xs, (b,))[0]
    except TypeError:
        for given in (ws, xs):
            if not hasattr(given, "__len__"):
                raise TypeError(f"dot: expected two lists, dot([w], [x], b), got {type(given).__name__}") from None
        raise


def affine(weights: Sequence[Sequence[Any]], xs: Sequence[Value | float], biases: Sequence[Any]) -> list[Any]:
    """A dot for each row of weights, all of the same inputs: the z = W·a + b of a layer, a list of m numbers.

    m rows of n weights, n inputs and m biases. ValueError when a length does not fit.
    """
    n = len(xs)
    if len(weights) != len(biases):
        raise ValueError(
            f"affine: {counted(len(biases), 'bias', 'biases')} for {counted(len(weights), 'row')} of weights; it "
            "needs one for each row"
        )
    if engine.C is not None and (dots := engine.C.affine(weights, xs, biases)) is not None:
        return dots
    given: tuple[Any, ...] = tuple(xs)
    inputs = None
    try:  # 55 ns a term, against 450 through the table
        x: Sequence[float] = [v._data for v in given]
        inputs = given
    except AttributeError:
        x, nothing = given, (None,) * n
        constant = {*map(type, xs)} <= {float}
    beside = (*x, 1.0)  # ∂z/∂w and ∂z/∂b, of all rows
    zs = []
    for ws, b in zip(weights, biases, strict=True):
        if len(ws) != n:
            raise ValueError(
                f"dot: {counted(len(ws), 'weight')} for {counted(n, 'input')}; it needs one weight for each input"
            )
        try:
            w = [v._data for v in ws]
            if inputs is not None:
                zs.append(record(table.dot, add_up(map(mul, w, x), b._data), (*ws, b), inputs, beside, tuple(w)))
                continue
            if constant:
                zs.append(record(table.dot, add_up(map(mul, w, x), b._data), (*ws, b), x, beside, nothing))
                continue
        except AttributeError:  # other mixtures of Values and numbers
            pass
        zs.append(table.dot(*ws, b, *xs))
    return zs


@overload
def sum(xs: Iterable[float], start: float = 0.0) -> float: ...
@overload
def sum(xs: Iterable[Value], start: Value | float = 0.0) -> Value: ...
@overload
def sum(xs: Iterable[Value | float], start: Value | float = 0.0) -> Value | float: ...
def sum(xs: Iterable[Any], start: Any = 0.0) -> Any:
    """start + Σ xᵢ as one node; 0.0 when there are none."""
    xs = _several(xs, "sum")
    if start.__class__ is not float or start != 0.0:
        xs = (start, *xs)
    if engine.C is not None and (node := engine.C.total(xs)) is not None:
        return node
    try:  # 60 ns a term, against 250 through the table
        total = add_up([x._data for x in xs], 0.0)
    except AttributeError:
        return table.sum_(*xs)
    return record(table.sum_, total, xs, None, (1.0,) * len(xs), None) if xs else 0.0


@overload
def mean(xs: Iterable[float]) -> float: ...
@overload
def mean(xs: Iterable[Value]) -> Value: ...
@overload
def mean(xs: Iterable[Value | float]) -> Value | float: ...
def mean(xs: Iterable[Any]) -> Any:
    """1/n Σ xᵢ. ValueError when there are none."""
    xs = _several(xs, "mean")
    if not xs:
        raise ValueError("mean of no numbers: give at least one")
    return sum(xs) / len(xs)


@overload
def dist(p: Iterable[float], q: Iterable[float]) -> float: ...
@overload
def dist(p: Iterable[Value], q: Iterable[Value | float]) -> Value: ...
@overload
def dist(p: Iterable[Value | float], q: Iterable[Value | float]) -> Value | float: ...
def dist(p: Iterable[Any], q: Iterable[Any]) -> Any:
    """√ Σ (pᵢ − qᵢ)², the distance of two points. ValueError when they have different numbers of coordinates."""
    p, q = _several(p, "dist"), _several(q, "dist")
    if len(p) != len(q):
        raise ValueError(f"dist: points of {len(p)} and {len(q)} coordinates; it needs as many of one as of the other")
    return table.norm(*[x - y for x, y in zip(p, q, strict=True)])


@overload
def hypot(*xs: float) -> float: ...
@overload
def hypot(x: Value, /, *xs: Value | float) -> Value: ...
@overload
def hypot(*xs: Value | float) -> Value | float: ...
def hypot(*xs: Any) -> Any:
    """√ Σ xᵢ², scaled so that no square overflows; slopes x/z, and 0 where all xᵢ are 0, the least-norm subgradient."""
    return table.hypot(*xs) if len(xs) == 2 else table.norm(*xs)


@overload
def entropy(ps: Iterable[float]) -> float: ...
@overload
def entropy(ps: Iterable[Value]) -> Value: ...
@overload
def entropy(ps: Iterable[Value | float]) -> Value | float: ...
def entropy(ps: Iterable[Any]) -> Any:
    """−Σ pᵢ log pᵢ in nats, for probabilities; of one that is 0, 0 with slope inf."""
    return sum([table.entr(p) for p in _several(ps, "entropy")])


def _several(xs: Iterable[Any], name: str) -> tuple[Any, ...]:
    try:
        return tuple(xs)
    except TypeError:
        if hasattr(xs, "__iter__"):
            raise
        raise TypeError(f"{name}: expected a list, {name}([x, y]), got {type(xs).__name__}") from None
