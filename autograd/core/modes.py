"""Ways to record: `no_grad`, `detect_anomaly`, tracing and differentiating, each in its own context (thread, task)
only.

Operators ask one question of a plain global, "is any mode on anywhere?", and look further only when one is. A mode ends
with its `with` block, wherever that ends: generators leave theirs in any order, and the block of an abandoned
asynchronous one is left in another context than it was entered in.
"""

from __future__ import annotations

import threading
from array import array
from collections.abc import Callable, Iterator
from contextlib import ContextDecorator, contextmanager
from contextvars import Context, ContextVar, copy_context
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from typing import TYPE_CHECKING, Any, TypeVar

from autograd.core import engine
from autograd.core.anomaly import Anomaly

if TYPE_CHECKING:
    from autograd.core.value import Value


F = TypeVar("F", bound=Callable[..., Any])


class _Setting:
    """What a `with` block sets a mode to, for as long as it lasts."""

    __slots__ = ("lasts", "value")

    def __init__(self, value: Any) -> None:
        self.value, self.lasts = value, True


Settings = ContextVar[tuple[_Setting, ...]]  # of the blocks around, the innermost last; some may have ended
_no_grad: Settings = ContextVar("no_grad", default=())
_tracing: Settings = ContextVar("tracing", default=())
_anomaly: Settings = ContextVar("detect_anomaly", default=())
_derivative: Settings = ContextVar("derivative", default=())
_lock = threading.RLock()  # a signal handler may enter a mode while its own thread is entering one
active = 0  # how many modes are on, over all contexts,
watching = 0  # and how many of them look at every new node: all but tracing
looking = array("q", [0])  # and how many of them look for anomalies, where machine code reads it


@contextmanager
def _mode(variable: Settings, value: Any) -> Iterator[None]:
    global active, watching
    with _lock:
        active += 1
        watching += variable is not _tracing
        looking[0] += isinstance(value, Anomaly)
        _tell()
    setting = _begin(variable, value)
    try:
        yield
    finally:
        _end(variable, setting)
        with _lock:
            active -= 1
            watching -= variable is not _tracing
            looking[0] -= isinstance(value, Anomaly)
            _tell()


def _begin(variable: Settings, value: Any) -> _Setting:
    setting = _Setting(value)
    variable.set((*_lasting(variable), setting))
    return setting


def _end(variable: Settings, setting: _Setting) -> None:
    setting.lasts = False
    around = variable.get()
    variable.set(around[:-1] if around and around[-1] is setting else _lasting(variable))


def _tell() -> None:
    """The extension asks the same question of numbers of its own."""
    if engine.C is not None:
        engine.C.set_active(active, watching)


def _lasting(variable: Settings) -> tuple[_Setting, ...]:
    return tuple([setting for setting in variable.get() if setting.lasts])


def _in_force(variable: Settings) -> Any:
    """What the innermost block that lasts has set; None where there is none."""
    for setting in reversed(variable.get()):
        if setting.lasts:
            return setting.value
    return None


class _Block(ContextDecorator):
    """A mode for one `with` block, or as a decorator for each call of a function."""

    def __init__(self, variable: Settings, value: Any) -> None:
        self._sets = variable, value
        self._mode = _mode(variable, value)

    def __enter__(self) -> None:
        self._mode.__enter__()

    def __exit__(self, *error: Any) -> bool | None:
        return self._mode.__exit__(*error)

    def __call__(self, f: F) -> F:
        if isgeneratorfunction(f) or iscoroutinefunction(f) or isasyncgenfunction(f):
            mode = self._sets[0].name
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
    return _Block(_no_grad, True)


@contextmanager
def computing() -> Iterator[None]:
    """For the engine's own arithmetic on Values: nothing is recorded, and no anomaly looked for."""
    with _mode(_no_grad, True), _mode(_anomaly, None):
        yield


def tracing() -> Any:
    """Within `with tracing():` a graph is being recorded to run on other data, so no branch may look at this one's."""
    return _mode(_tracing, True)


def detect_anomaly(inf: bool = False) -> Any:
    """Within `with detect_anomaly():` the first nan raises FloatingPointError where it appears, forward or backward,
    naming the operation, its operands and the line that made it. `inf=True` looks for infinities as well."""
    return _Block(_anomaly, Anomaly(inf))


class differentiating:
    """Within `with differentiating():` derivatives of numbers are Values, as they are inside another derivative: for a
    cost made of derivatives that `backward()` takes to its parameters.

        with differentiating():
            cost = grad(u)(0.5) ** 2        # u has parameters; outside, grad(u)(0.5) is a number, and ends the graph
        cost.backward()

    It switches recording on, whatever is in force outside, and is no mode to the operators: they do the same.
    """

    __slots__ = ("_recording", "_setting")

    def __enter__(self) -> None:
        self._recording = _mode(_no_grad, False) if active and is_no_grad() else None
        if self._recording is not None:
            self._recording.__enter__()
        self._setting = _begin(_derivative, set())

    def __exit__(self, *error: Any) -> None:
        _end(_derivative, self._setting)
        if self._recording is not None:
            self._recording.__exit__(*error)


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
