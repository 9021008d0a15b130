"""`Value.backward`: `sweeps.adjoints` on recorded numbers, written into `.grad` as they form, all of them or none."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from autograd.core import engine, modes
from autograd.core.fast.sweeps import look_for_anomalies, number_adjoints
from autograd.core.forks import held
from autograd.core.sweeps import topological_order
from autograd.core.value import FREES_SLOWLY, NOT_COMPUTED, Value

_lock = held(threading.RLock())  # one sweep at a time writes gradients, so that threads sharing a leaf lose nothing
_sweeping = False  # a sweep holds the lock: who gets it nonetheless is of the same thread, and would wait for itself
AGAIN = (
    "backward() was called while a backward() of the same thread is under way, as from a signal handler, a __del__ or "
    "a callback; remember there what is to be done, and call it after"
)


def backward(root: Value, *others: Any, **options: Any) -> None:
    """`root.backward()`: `adjoints` on numbers, written into `.grad` as they form (0.2 µs a node instead of 1).

    Leaves add this sweep's total to what they had; the nodes between hold this sweep's alone. If the sweep cannot be
    finished, every `.grad` is as it was.
    """
    if others or options:
        given = ", ".join([*map(repr, others), *[f"{name}={x!r}" for name, x in options.items()]])
        raise TypeError(
            f"backward() takes nothing, got {given}: it can be called again (there is no retain_graph), "
            "(g * v).backward() weighs v by g, and derivatives that can be "
            "differentiated again (create_graph) are those of grad"
        )
    if modes.active and modes.is_tracing():
        raise TypeError(
            "backward() was called while the function is being traced: it would write the gradients of one example; "
            "use grad or value_and_grad inside, or .backward(X, Y) of the compiled function"
        )
    if root._row is None and modes.active and modes.is_no_grad():
        raise TypeError(
            f"backward() of a leaf, {root!r}, within no_grad(): nothing was recorded below it, so no gradient would "
            "reach anything else; compute it outside the block (which a suspended generator may be in)"
        )
    global _sweeping
    with _lock:
        if _sweeping:
            raise RuntimeError(AGAIN)
        _sweeping = True
        try:
            _write_gradients(root)
        finally:
            _sweeping = False


def add_gradients(leaves: Sequence[Value], slopes: Sequence[float]) -> None:
    """Add to each leaf's `.grad`, as one sweep does."""
    global _sweeping
    with _lock:
        if _sweeping:
            raise RuntimeError(AGAIN)
        _sweeping = True
        before = [leaf._grad for leaf in leaves]
        try:
            if engine.C is not None:
                engine.C.write_gradients([*leaves], [*map(float, slopes)])
                return
            for leaf, slope in zip(leaves, slopes, strict=True):
                leaf._grad += slope
        except BaseException:
            for leaf, grad in zip(leaves, before, strict=True):
                leaf._grad = grad
            raise
        finally:
            _sweeping = False


def _write_gradients(root: Value) -> None:
    if engine.C is not None:
        _write_gradients_at_once(root)
        return
    walk = _Walk(root)
    try:
        walk.down()
        root._grad = 1.0
        _sweep(walk.order, walk.mark)
        if modes.active and (anomaly := modes.anomaly()) is not None:
            look_for_anomalies(walk.order, {z: z._grad for z in walk.order if z._grad is not walk.mark}, anomaly)
        for leaf, grad in zip(walk.leaves, walk.before, strict=True):
            leaf._grad = grad + leaf._grad
        if FREES_SLOWLY:
            root.below = walk.order[:-1]
    except BaseException:
        walk.undo()
        raise


def _write_gradients_at_once(root: Value) -> None:
    """The same with adjoints in a dict, for the extension's nodes. (It sweeps itself where no anomaly is looked for.)
    They are written in one step, as other threads sweep without this lock."""
    order = topological_order(root)
    adjoint = number_adjoints([z for z in order if z._row], {root: 1.0})
    engine.C.write_gradients(order, [0.0 + adjoint.get(z, 0.0) for z in order])


class _Walk:
    """`topological_order` with a mark in `.grad` for the set, and what there was in `.grad` before.

    order   the inner nodes, operands first       written    those that had a gradient, with it: (node, grad)
    leaves  in the order they are met             before     the gradient of each leaf
    path    inner nodes on the way down           mark       a 0.0 of this sweep's own: the grad of nodes that are in
                                                             order or on the path, and that nothing has arrived at
    """

    def __init__(self, root: Value) -> None:
        self.mark = float("0")
        self.root = root
        self.path: list[Value] = []
        self.order: list[Value] = []
        self.leaves: list[Value] = []
        self.before: list[float] = []
        self.written: list[tuple[Value, float]] = []

    def down(self) -> None:
        mark, path, order, leaves, before = self.mark, self.path, self.order, self.leaves, self.before
        waiting, below = [self.root], [0]  # operands to be visited, and how long the path to each is
        marked = None  # a side that is marked altogether: the inputs that all neurons of a layer share
        while waiting:
            node, length = waiting.pop(), below.pop()
            if length < len(path):  # all that the nodes beyond depend on is in order
                order += path[: length - len(path) - 1 : -1]
                del path[length:]
            while True:  # down along the first operands; CPython finds a hot loop by its jumps without a condition
                grad = node._grad
                if grad is mark:
                    break
                x, y = node._x, node._y
                if x is None:
                    leaves.append(node)
                    before.append(grad)
                    node._grad = mark
                    break
                path.append(node)
                if grad is not NOT_COMPUTED:
                    self.written.append((node, grad))
                node._grad = mark
                if y.__class__ is Value or (y is not None and y.__class__ is not tuple and y.__class__ is not float):
                    if y._grad is not mark:
                        waiting.append(y)
                        below.append(len(path))
                elif x.__class__ is tuple:
                    if y and y is not marked:
                        if found := _unmarked(y, mark):
                            waiting += found[::-1]
                            below += [len(path)] * len(found)
                        else:
                            marked = y
                    if found := _unmarked(x, mark):
                        waiting += found[::-1]
                        below += [len(path)] * len(found)
                    break
                if x.__class__ is float:
                    break
                node = x
        order += path[::-1]
        path.clear()

    def undo(self) -> None:
        """Every `.grad` as it was, wherever the walk or the sweep was interrupted."""
        for node in self.order:
            node._grad = NOT_COMPUTED
        for node in self.path:
            if node._grad is self.mark:
                node._grad = NOT_COMPUTED
        for node, grad in self.written:
            node._grad = grad
        for node, grad in zip(self.leaves, self.before, strict=False):
            node._grad = grad


def _unmarked(side: Any, mark: float) -> list[Value]:
    """The Values on one side of a node, a tuple, that the walk has not met."""
    found = []
    if side[0].__class__ is not float:
        try:
            for v in side:  # a comprehension would be a function, made anew for each of mostly few operands
                if v._grad is not mark:
                    found.append(v)
            return found
        except AttributeError:  # constants among them
            pass
    return [v for v in side if v.__class__ is not float and v._grad is not mark]


def _sweep(order: list[Value], unreached: float) -> None:
    for node in reversed(order):
        grad = node._grad
        if grad is unreached:  # behind a mask: nothing passes on, not even 0 · inf
            continue
        px, py = node._px, node._py
        if px.__class__ is float:
            node._x._grad += grad * px
        elif px is not None:
            for operand, partial in zip(node._x, px):  # noqa: B905 (of one length by construction)
                if partial is not None:
                    operand._grad += grad * partial
        if py.__class__ is float:
            node._y._grad += grad * py
        elif py is not None:
            for operand, partial in zip(node._y, py):  # noqa: B905
                if partial is not None:
                    operand._grad += grad * partial
