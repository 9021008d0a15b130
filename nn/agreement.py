"""Which engine runs: the compiled one where it works and says what the eager one says, else the eager one.

A compiled program is what a function did once. What it drew by chance, looked up, or read from something that has
changed since, is frozen in it; so a few examples are run both ways and compared: of every class of target before the
compiled engine is trusted, and others after epochs 1, 2, 4, 8, ….
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

from autograd import Value
from nn.engines import Compiled, Eager, Loss, demanded, number, slopes
from nn.examples import flat, hashable

CLASSES = 8  # examples compared at first, at most: one of each class
AGAIN = 3  # and later, when they are to show whether anything has changed
LANES = 5  # examples in a call, at least: the native code is then that of a whole batch


def engine(
    model: Any,
    loss: Loss,
    parameters: Sequence[Value],
    X: list[Any],
    Y: list[Any],
    compiled: bool | None,
    costs: bool = True,
    named: str | None = None,
    devices: Any = None,
) -> Eager | Compiled:
    """The compiled engine where it works, else the eager one; `compiled` True or False, or a name, demands one."""
    compiled = demanded(compiled, named)
    eager = Eager(model, loss, parameters)
    if compiled is False:
        return eager
    try:
        native = Compiled(model, loss, parameters, "jax" if named == "jax" else None, devices)
        x, y = native.table(X[:1]), native.table(Y[:1])
        if costs:
            native.cost(x, y)
        else:
            native.outputs(x)
    except ImportError:  # without the `fast` extra
        if compiled:
            raise
        return eager
    except Exception as error:  # the model or the loss looks at a number, or looks it up
        if compiled:
            raise
        eager.cost(X[:1], Y[:1]) if costs else eager.outputs(X[:1])  # is it wrong as it is?
        said = str(error) if isinstance(error, TypeError) else f"{type(error).__name__}: {error}"
        what = "the cost" if costs else "the model"
        warnings.warn(f"running eagerly, because {what} cannot be compiled: {said}", stacklevel=3)
        return eager
    found = difference(native, X, Y, classes(Y), 0) if costs else difference_of_outputs(native, X)
    if not found:
        return native
    if compiled:
        raise TypeError(differs(found))
    warnings.warn(f"running eagerly, because {differs(found)}", stacklevel=3)
    return eager


def differs(found: str) -> str:
    """What a difference means."""
    return (
        f"the compiled run differs from the eager one in {found}: the function does not do the same each time, as when "
        "it draws random numbers, looks a target up in a dict or a set, or reads what changes from call to call"
    )


def difference(
    native: Compiled, X: Sequence[Any], Y: Sequence[Any], classes: Sequence[Sequence[int]], epochs: int
) -> str:
    """In what the engines differ on a few examples of these classes, which change with the epochs gone by; "" if in
    nothing.

    The parameters' numbers are those in their Values. Their `.grad` is left as it was.
    """
    which = _some(classes, epochs)
    found = _difference(native, X, Y, which)
    if found and len(which) > 1:
        for k in which:
            if alone := _difference(native, X, Y, [k]):
                return f"example {k} (target {Y[k]!r:.40}): {alone}"
    return f"example{'s'[: len(which) > 1]} {', '.join(map(str, which))}: {found}" if found else ""


def difference_of_outputs(native: Compiled, X: Sequence[Any]) -> str:
    """The same of the outputs alone, on the first example, one in the middle and the last."""
    which = sorted({0, len(X) // 2, len(X) - 1})
    x = [X[k] for k in which]
    eager = Eager(native.model, native.loss, native.parameters).outputs(x)
    for k, a, b in zip(which, eager, native.outputs(native.table(x)), strict=True):
        if not _alike(flat(a), flat(b), 1e-7):
            return f"example {k}: its output is {_said(a)} eagerly and {_said(b)} compiled"
    return ""


def _difference(native: Compiled, X: Sequence[Any], Y: Sequence[Any], which: Sequence[int]) -> str:
    many = [*which] * math.ceil(LANES / len(which))  # the mean over these is that over each of them once
    x, y = [X[k] for k in many], [Y[k] for k in many]
    cost, _ = Eager(native.model, native.loss, native.parameters).recorded(x[: len(which)], y[: len(which)])
    compiled = native.step(native.table(x), native.table(y), 0.0)
    if not _alike([number(cost)], [compiled.cost], 1e-7):
        return f"its cost is {number(cost):.9g} eagerly and {compiled.cost:.9g} compiled"
    eager = slopes(cost, native.parameters)
    if not _alike(eager, compiled.gradient, 1e-6):
        found = compiled.gradient.tolist()
        i = max(range(len(found)), key=lambda i: abs(eager[i] - found[i]))
        name = native.parameters[i].label or f"parameter {i}"
        return f"its gradient in {name} is {eager[i]:.9g} eagerly and {found[i]:.9g} compiled"
    return ""


def classes(Y: Sequence[Any]) -> list[list[int]]:
    """The examples of every class of target, which is their number or list of numbers."""
    members: dict[Any, list[int]] = {}
    for k, key in enumerate(map(hashable, Y) if isinstance(Y[0], list) else Y):
        members.setdefault(key, []).append(k)
    return [*members.values()]


def _some(classes: Sequence[Sequence[int]], epochs: int) -> list[int]:
    """One example of every class, another one each time; of real targets, some that are far apart."""
    most = AGAIN if epochs else CLASSES
    if len(classes) > most:
        classes = [classes[(i * len(classes) // most + epochs) % len(classes)] for i in range(most)]
    return [ks[epochs % len(ks)] for ks in classes]


ROUNDING = 1e-12  # what is left of p − y where an example is all but certain says nothing


def _alike(xs: Any, ys: Any, tolerance: float) -> bool:
    """Whether they are the same to rounding, in the scale of the largest; whatever is not finite is alike."""
    import numpy as np

    if len(xs) != len(ys):
        return False
    both = np.array([np.array(xs, dtype=float), np.array(ys, dtype=float)])
    finite = np.isfinite(both)
    most = tolerance * np.abs(np.where(finite, both, 0.0)).max(initial=0.0) + ROUNDING
    with np.errstate(invalid="ignore", over="ignore"):
        apart = np.abs(both[0] - both[1])
    return bool(np.where(np.isfinite(apart), apart <= most, ~finite.any(axis=0)).all())


def _said(output: Any) -> str:
    return ", ".join([f"{x:.9g}" for x in flat(output)[:4]])
