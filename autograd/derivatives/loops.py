"""Loops: plain ones on numbers and Values, one instruction of the program where a function is compiled.

    scan(step, state, xs)                     for x in xs: state, y = step(state, x)
    fori(step, state, n)                      for i in range(n): state = step(state, i)
    while_loop(cond, step, state, most)       while cond(state): state = step(state)
    rk4(f, y, t, dt, steps)                   an initial value problem y′ = f(t, y), by Runge and Kutta's steps

Derivatives of every order are those of the loop written out. A trace calls the step twice, whatever the number of
steps, and refuses one that does not do the same again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from operator import index
from typing import Any

from autograd.core import modes
from autograd.core.primitives import defined, stop_gradient, where
from autograd.core.value import Value
from autograd.core.words import counted
from autograd.derivatives.structures import is_array, leaves, matching, places, rebuild


def scan(
    step: Callable[[Any, Any], tuple[Any, Any]], state: Any, xs: Sequence[Any], checkpoints: bool | None = None
) -> tuple[Any, Any]:
    """The last state, and what the steps gave beside it: s_n, [y₀, …], where sₖ₊₁, yₖ = step(sₖ, xₖ) from s₀ = state.

    `state` is a number or a nested list, tuple, dict or array of them, and every step gives one of that structure. `xs`
    is a list, a range or an array of n items, all of one structure. Where the steps give no y but None, the second of
    the pair is None too. Of no items it is the state itself, and [].

    TypeError where step gives no pair, or xs is no list; ValueError where a state or an item has another structure, at
    the place where it differs.

    Compiled it is one instruction: step is called on Values, not for each item, and reads what it likes from outside,
    whose derivatives are those of the loop written out. What it keeps elsewhere than in the state is refused there, and
    so is a step that does something else when it is called again: one that draws random numbers, or counts. It may
    write into the state or the item that it is given, which are its own. Backwards
    the states before each step are read: with `checkpoints` one of √n is kept, and the others are found again by
    running the steps twice; without, all n are. Left out, it goes by their number. The bits are the same.
    """
    _functions("scan(step, state, xs)", step=step)
    return _scan("scan", step, state, xs, checkpoints)


def fori(step: Callable[[Any, Any], Any], state: Any, n: int, checkpoints: bool | None = None) -> Any:
    """s_n, where sₖ₊₁ = step(sₖ, k) from s₀ = state, for k = 0, …, n − 1: see `scan`, also for `checkpoints`.

    TypeError where n is no whole number: how often a loop runs may depend on data in `while_loop` only.
    """
    _functions("fori(step, state, n)", step=step)
    return _scan("fori", lambda s, k: (step(s, k), None), state, range(_count("fori: n", n)), checkpoints)[0]


def while_loop(cond: Callable[[Any], Any], step: Callable[[Any], Any], state: Any, most: int) -> Any:
    """The first state for which cond(state) does not hold: s₀ = state, sₖ₊₁ = step(sₖ), of at most so many steps.

    cond gives a comparison, or a number that is 0 or not. The derivative is that of the steps that are taken; how many
    these are is constant wherever it is smooth. ValueError if the condition holds still after `most` steps; in a
    compiled function, where that would stop all examples for the sake of one, the state of that one is nan.

    Compiled, an example's steps after its last one change nothing: what they compute, be it inf or nan, has no part in
    it, nor have their slopes. They are left out where eight neighbours of a batch are all through.
    """
    _functions("while_loop(cond, step, state, most)", cond=cond, step=step)
    most = _count("while_loop: most", most)
    if modes.active and modes.is_tracing():
        return traced_while(cond, step, state, most)
    names = None if modes.derivative_around() else _names(state)
    state = _own(state, state, "while_loop: state", "")
    for k in range(most):
        if not _holds(cond(state)):
            return state
        state = _alike("while_loop", step(state), state, k + 1)
        _label(state, names, k + 1)
    if _holds(cond(state)):
        raise ValueError(f"while_loop: the condition holds still after most={counted(most, 'step')}")
    return state


def traced_while(
    cond: Callable[[Any], Any], step: Callable[[Any], Any], state: Any, most: int, again: bool = True
) -> Any:
    """The same in a trace. Without `again` the step is one that surely does the same when it is called again."""

    def masked(s: Any, _: Any) -> tuple[Any, Any]:
        on = where(cond(s), 1.0, 0.0)
        new = _alike("while_loop", step(_own(s, s, "while_loop: state", "")), s, 1)
        return _each(lambda a, b: where(on, a, b), new, s), on

    last = _scan("while_loop", masked, state, range(most), again=again)[0]
    still = where(cond(last), math.nan, 0.0)
    return _each(lambda a, _: defined(a, still), last, last)


def rk4(f: Callable[[Any, Any], Any], y: Any, t: Any, dt: Any, steps: int, checkpoints: bool | None = None) -> Any:
    """y(t + steps · dt), where y′ = f(t, y) and y(t) = y: the classical Runge–Kutta method of order 4, in fixed steps.

        y + dt/6 · (k₁ + 2k₂ + 2k₃ + k₄)    k₁ = f(t, y), k₂ = f(t + dt/2, y + dt/2 · k₁),
                                            k₃ = f(t + dt/2, y + dt/2 · k₂), k₄ = f(t + dt, y + dt · k₃)

    y is a number or a structure of them, and f gives one of that structure; its error after a given time goes with dt⁴.
    Derivatives, in y, t, dt and whatever f reads, are those of the steps themselves to rounding (the discrete adjoint),
    not approximations of the adjoint equation's. Source: Hairer, Nørsett, Wanner, Solving Ordinary Differential
    Equations I, II.1. `checkpoints` as for `scan`.

    ValueError where f's result has another structure; TypeError where steps is no whole number.
    """
    _functions("rk4(f, y, t, dt, steps)", f=f)

    def slope(time: Any, at: Any) -> list[Any]:
        return matching(f(time, at), "rk4: f(t, y)", y, "y")

    def step(at: Any, k: Any) -> Any:
        here, now = leaves(at, "rk4: y"), t + k * dt
        moved = lambda h, ks: rebuild(y, [a + h * b for a, b in zip(here, ks, strict=True)])
        k1 = slope(now, at)
        k2 = slope(now + dt / 2, moved(dt / 2, k1))
        k3 = slope(now + dt / 2, moved(dt / 2, k2))
        k4 = slope(now + dt, moved(dt, k3))
        return moved(dt / 6, [a + 2 * b + 2 * c + d for a, b, c, d in zip(k1, k2, k3, k4, strict=True)])

    return fori(step, y, _count("rk4: steps", steps), checkpoints)


def _functions(call: str, **given: Any) -> None:
    for name, f in given.items():
        if not callable(f):
            raise TypeError(f"{call}: {name} is a function, got {type(f).__name__} {f!r:.60}")


def _scan(
    name: str, step: Callable[[Any, Any], Any], state: Any, xs: Any, checkpoints: bool | None = None, again: bool = True
) -> tuple[Any, Any]:
    if isinstance(xs, Value | Mapping | str) or not hasattr(xs, "__len__") or not hasattr(xs, "__getitem__"):
        got = "a Value" if isinstance(xs, Value) else type(xs).__name__
        raise TypeError(f"{name}: xs is a list, a range or an array of items, got {got}")
    if len(xs) == 0:
        return state, []
    if modes.active and modes.is_tracing():
        if not modes.is_no_grad():
            return _traced(name, step, state, xs, checkpoints, again)
        with modes.differentiating():
            last, ys = _traced(name, step, state, xs, checkpoints, again)
        return _stopped(last), None if ys is None else _stopped(ys)
    ys = []
    names = None if modes.derivative_around() else _names(state)
    state = _own(state, state, f"{name}: state", "")
    for k, x in enumerate(xs):
        new, y = _pair(name, step(state, _own(x, xs[0], f"{name}: xs[{k}]", "xs[0]")))
        state = _alike(name, new, state, k + 1)
        _label(state, names, k + 1)
        ys.append(y)
    return state, None if all([y is None for y in ys]) else ys


def _traced(
    name: str, step: Callable[[Any, Any], Any], state: Any, xs: Any, checkpoints: bool | None, again: bool
) -> tuple[Any, Any]:
    """The same as one instruction."""
    from autograd.program.loop import Constants, column_of, item, node, part
    from autograd.program.loop_trace import traced

    n, numbers = len(xs), leaves(state, f"{name}: state")
    labels = _names(state) + places(xs[0], "x")
    columns = []
    for column in _columns(name, xs):
        known = isinstance(column, range) or not any([isinstance(x, Value) for x in column])
        columns.append(node(Constants(column), 0.0) if known else column_of(column))
    y: Any = None

    def on_numbers(given: Sequence[Value]) -> list[Any]:
        nonlocal y
        new, y = _pair(name, step(rebuild(state, given[: len(numbers)]), rebuild(xs[0], given[len(numbers) :])))
        beside = [] if y is None else leaves(y, f"{name}: y")
        return [*matching(new, f"{name}: the state after a step", state, "the state"), *beside]

    on = len(numbers) if name == "while_loop" else None  # whose y says whether the condition holds
    loop, row = traced(name, on_numbers, numbers, columns, n, labels, checkpoints, on, step if again else None)
    last = rebuild(state, [node(part(k, False), loop) for k in range(len(numbers))])
    if y is None or on is not None:
        return last, None
    beside = [node(part(row.carried + m, True), loop) for m in range(row.given)]
    return last, [rebuild(y, [node(item(i), column) for column in beside]) for i in range(n)]


def _names(state: Any) -> list[str]:
    """What pictures and programs call the numbers of a state: by their key, or while nothing is traced by the label
    that they have first; else s, or s0, s1, …"""
    found, where = leaves(state, "state"), places(state, "")
    tracing = modes.active and modes.is_tracing()
    given = [x.label if isinstance(x, Value) and not tracing else "" for x in found]
    keys = [place.rpartition("['")[2].removesuffix("']") if place.endswith("']") else "" for place in where]
    numbered = [f"s{i}" if len(found) > 1 else "s" for i in range(len(found))]
    return [
        next((name for name in names if name.isidentifier() and "_" not in name), "s")
        for names in zip(keys, given, numbered, strict=True)
    ]


def _label(state: Any, names: list[str] | None, k: int) -> None:
    """Call the numbers of a state after k steps s_k, for pictures: those that are new and have no name."""
    if names is not None and state.__class__ is not float:
        for x, name in zip(leaves(state, "state"), names, strict=True):
            if isinstance(x, Value) and x.operands and not x.label:
                x.label = f"{name}_{{{k}}}"


def _columns(name: str, xs: Any) -> list[Any]:
    """For each number of an item, that of every item."""
    if isinstance(xs, range):
        return [xs]
    if is_array(xs) and xs.ndim == 1:
        return [leaves(xs, f"{name}: xs")]
    items = [matching(x, f"{name}: xs[{i}]", xs[0], "xs[0]") for i, x in enumerate(xs)]
    return [list(column) for column in zip(*items, strict=True)]


def _pair(name: str, result: Any) -> Any:
    if not isinstance(result, tuple) or len(result) != 2:
        got = "a Value" if isinstance(result, Value) else type(result).__name__
        raise TypeError(
            f"{name}: step gives a pair, the next state and what to keep of the step (or None), not "
            + (f"a tuple of {len(result)}" if isinstance(result, tuple) else got)
        )
    return result


def _alike(name: str, new: Any, state: Any, steps: int) -> Any:
    """A state in the structure of the one before."""
    if new.__class__ is float and state.__class__ is float:
        return new
    return rebuild(state, matching(new, f"{name}: the state after step {steps}", state, "the state before it"))


def _own(x: Any, template: Any, name: str, template_name: str) -> Any:
    """A structure of numbers as a step gets it, which may write into it: one more, shaped like the template."""
    if isinstance(x, list | tuple | dict) or is_array(x):
        return rebuild(template, matching(x, name, template, template_name))
    return x


def _each(f: Callable[[Any, Any], Any], a: Any, b: Any) -> Any:
    return rebuild(a, [f(x, y) for x, y in zip(leaves(a, "a"), leaves(b, "b"), strict=True)])


def _stopped(x: Any) -> Any:
    return rebuild(x, [stop_gradient(number) for number in leaves(x, "state")])


def _holds(condition: Any) -> bool:
    return condition._data != 0.0 if isinstance(condition, Value) else bool(condition)


def _count(what: str, n: Any) -> int:
    try:
        count = index(n)
    except TypeError:
        got = "a Value" if isinstance(n, Value) else f"{type(n).__name__} {n!r:.40}"
        raise TypeError(
            f"{what} is a whole number that is known when the loop begins, got {got}; a loop that ends where data says "
            "is while_loop(cond, step, state, most)"
        ) from None
    if count < 0:
        raise ValueError(f"{what} is a number of steps, got {count}")
    return count
