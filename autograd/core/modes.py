"""Ways to record: `no_grad`, `detect_anomaly`, tracing and differentiating, each in its own context (thread, task)
only.

Operators ask one question of a plain global, "is any mode on anywhere?", and look further only when one is. A mode ends
with its `with` block, wherever that ends: generators leave theirs in any order, and the block of an abandoned
asynchronous one is left in another context than it was entered in.
"""

from __future__ import annotations

import threading
from array import array
from collections.abc import Callable
from contextlib import ContextDecorator
from contextvars import Context, ContextVar, copy_context
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from typing import TYPE_CHECKING, Any, TypeVar

from autograd.core import engine
from autograd.core.anomaly import Anomaly
from autograd.core.forks import held

if TYPE_CHECKING:
    from autograd.core.value import Value


F = TypeVar("F", bound=Callable[..., Any])


Setting = tuple[Any, Callable[[], bool]]  # what a `with` block sets a mode to, and whether it lasts
Settings = ContextVar[tuple[Setting, ...]]  # of the blocks around, the innermost last; some may have ended
_no_grad: Settings = ContextVar("no_grad", default=())
_tracing: Settings = ContextVar("tracing", default=())
_anomaly: Settings = ContextVar("detect_anomaly", default=())
_derivative: Settings = ContextVar("derivative", default=())
_lock = held(threading.RLock())  # a signal handler may enter a mode while its own thread is entering one
_blocks: dict[Callable[[], bool], tuple[tuple[Settings, Any], ...]] = {}  # of all contexts; some may have ended
on = dict.fromkeys((_no_grad, _tracing, _anomaly), 0)  # how many blocks switch each on, over all contexts,
active = 0  # in all,
looking = array("q", [0])  # and the last of these where machine code reads it


def _count() -> None:
    """Count the modes of the blocks that last. The extension asks the same question of the count of each mode."""
    global active
    with _lock:
        for lasts in [*_blocks]:
            if not lasts():
                _blocks.pop(lasts, None)
        sets = [mode for block in [*_blocks.values()] for mode in block]
        for mode in on:
            on[mode] = sum([bool(value) for variable, value in sets if variable is mode])
        active, looking[0] = sum(on.values()), on[_anomaly]
        if engine.C is not None:
            engine.C.set_modes((*_blocks,), *[(mode.get, n) for mode, n in on.items()])


def _begin(variable: Settings, value: Any, lasts: Callable[[], bool]) -> None:
    variable.set((*[setting for setting in variable.get() if setting[1]()], (value, lasts)))


def _in_force(variable: Settings) -> Any:
    """What the innermost block that lasts has set; None where there is none, or it is on nowhere. Ended blocks are
    forgotten."""
    if not on.get(variable, True):
        return None
    around = variable.get()
    for value, lasts in reversed(around):
        if lasts():
            return value
    if around:
        variable.set(())
    if _blocks and not all([lasts() for lasts in [*_blocks]]):
        _count()
    return None


def _switch_on(sets: tuple[tuple[Settings, Any], ...], lasts: Callable[[], bool]) -> None:
    """Begin a block that operators ask for."""
    for variable, value in sets:
        _begin(variable, value, lasts)
    with _lock:
        _blocks[lasts] = sets
        _count()


def _hold(block: Any) -> None:
    """`__enter__` of a block."""
    if block._held.locked():
        raise RuntimeError("this block of a mode has begun already; make a new one for each `with`")
    try:
        block._held.acquire()
        block._begin()
    except BaseException:
        if block._held.locked():
            block._held.release()
        raise


class _Exit:
    """`__exit__` of a block: that of its lock. A `with` looks it up before it enters."""

    def __get__(self, block: Any, _: Any) -> Any:
        return block._held.__exit__ if block is not None else lambda block, *error: block._held.__exit__(*error)


class _Block(ContextDecorator):
    """Modes for one `with` block, or as a decorator for each call of a function.

    The block lasts as long as its lock is held, and the lock's own method ends it. Ctrl-C can raise before the first
    line of any function written in Python: one that ended the block might never run, and the mode would stay on.
    So the modes are counted anew when a block begins, and when someone asks who finds that one has ended.
    """

    def __init__(self, *sets: tuple[Settings, Any]) -> None:
        self._sets, self._held = sets, threading.Lock()

    def _begin(self) -> None:
        _switch_on(self._sets, self._held.locked)

    __enter__ = _hold
    __exit__: Any = _Exit()

    def __call__(self, f: F) -> F:
        if isgeneratorfunction(f) or iscoroutinefunction(f) or isasyncgenfunction(f):
            mode = self._sets[0][0].name
            raise TypeError(
                f"{mode}: the body of {f.__name__} runs after its call, piece by piece, where the decorator is over; "
                f"write `with {mode}():` in it, around what computes and not around a yield"
            )
        return super().__call__(f)

    def _recreate_cm(self) -> _Block:
        return _Block(*self._sets)


def no_grad() -> Any:
    """Within `with no_grad():` results are plain leaves: nothing is recorded, so nothing can be differentiated. As a
    decorator it holds while the function runs."""
    return _Block((_no_grad, True))


def computing() -> _Block:
    """For the engine's own arithmetic on Values: nothing is recorded, and no anomaly looked for."""
    return _Block((_no_grad, True), (_anomaly, None))


def tracing() -> _Block:
    """Within `with tracing():` a graph is being recorded to run on other data, so no branch may look at this one's."""
    return _Block((_tracing, True))


def detect_anomaly(inf: bool = False) -> Any:
    """Within `with detect_anomaly():` the first nan raises FloatingPointError where it appears, forward or backward,
    naming the operation, its operands and the line that made it. `inf=True` looks for infinities as well."""
    return _Block((_anomaly, Anomaly(inf)))


class differentiating:
    """Within `with differentiating():` derivatives of numbers are Values, as they are inside another derivative: for a
    cost made of derivatives that `backward()` takes to its parameters.

        with differentiating():
            cost = grad(u)(0.5) ** 2        # u has parameters; outside, grad(u)(0.5) is a number, and ends the graph
        cost.backward()

    It switches recording on, whatever is in force outside, and is no mode to the operators: they do the same.
    """

    __slots__ = ("_held", "_recording")

    def __init__(self) -> None:
        self._held = threading.Lock()

    __enter__ = _hold
    __exit__: Any = _Exit()

    def _begin(self) -> None:
        lasts = self._held.locked
        if active and is_no_grad():
            _switch_on(((_no_grad, False),), lasts)
        _begin(_derivative, set(), lasts)


def derivative_around() -> set[Value] | None:
    """None outside any derivative; else the nodes met by the derivatives that ran inside it so far. They are older
    than the arguments of the next one and cannot depend on them, so its walk over the graph stops there."""
    return _in_force(_derivative)


def without_modes() -> Context:
    """A copy of this context in which no mode is on."""
    context = copy_context()
    for variable in (_no_grad, _tracing, _anomaly, _derivative):
        context.run(variable.set, ())
    return context


def is_no_grad() -> bool:
    return bool(_in_force(_no_grad))


def is_tracing() -> bool:
    return bool(_in_force(_tracing))


def anomaly() -> Anomaly | None:
    return _in_force(_anomaly)
