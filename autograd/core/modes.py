"""Ways to record: `no_grad`, `detect_anomaly`, tracing and differentiating, each in its own context (thread, task)
only.

Operators ask one question of a plain global, "is any mode on anywhere?", and look further only when one is. A mode ends
with its `with` block, wherever that ends: generators leave theirs in any order, and the block of an abandoned
asynchronous one is left in another context than it was entered in.
"""

from __future__ import annotations

import sys
import threading
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from autograd.core import engine

if TYPE_CHECKING:
    from autograd.core.value import Value


class _Setting:
    """What a `with` block sets a mode to, for as long as it lasts."""

    def __init__(self, value: Any) -> None:
        self.value, self.lasts = value, True


Settings = ContextVar[tuple[_Setting, ...]]  # of the blocks around, the innermost last; some may have ended
_no_grad: Settings = ContextVar("no_grad", default=())
_tracing: Settings = ContextVar("tracing", default=())
_anomaly: Settings = ContextVar("anomaly", default=())
_derivative: ContextVar[set[Value] | None] = ContextVar("derivative", default=None)
_lock = threading.RLock()  # a signal handler may enter a mode while its own thread is entering one
active = 0  # how many modes are on, over all contexts
looking = array("q", [0])  # and how many of them look for anomalies, where machine code reads it


@contextmanager
def _mode(variable: Settings, value: Any) -> Iterator[None]:
    global active
    setting = _Setting(value)
    with _lock:
        active += 1
        looking[0] += isinstance(value, Anomaly)
        _tell()
    variable.set((*_lasting(variable), setting))
    try:
        yield
    finally:
        setting.lasts = False
        variable.set(_lasting(variable))
        with _lock:
            active -= 1
            looking[0] -= isinstance(value, Anomaly)
            _tell()


def _tell() -> None:
    """The extension asks the same question of a number of its own."""
    if engine.C is not None:
        engine.C.set_active(active)


def _lasting(variable: Settings) -> tuple[_Setting, ...]:
    return tuple([setting for setting in variable.get() if setting.lasts])


def _in_force(variable: Settings) -> Any:
    """What the innermost block that lasts has set; None where there is none."""
    for setting in reversed(variable.get()):
        if setting.lasts:
            return setting.value
    return None


def no_grad() -> Any:
    """Within `with no_grad():` results are plain leaves: nothing is recorded, so nothing can be differentiated."""
    return _mode(_no_grad, True)


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
    return _mode(_anomaly, Anomaly(inf))


@contextmanager
def differentiating() -> Iterator[None]:
    """Within `with differentiating():` derivatives of numbers are Values, as they are inside another derivative: for a
    cost made of derivatives that `backward()` takes to its parameters.

        with differentiating():
            cost = grad(u)(0.5) ** 2        # u has parameters; outside, grad(u)(0.5) is a number, and ends the graph
        cost.backward()

    It switches recording on, whatever is in force outside, and is no mode to the operators: they do the same.
    """
    token = _derivative.set(set())
    try:
        if active and is_no_grad():
            with _mode(_no_grad, False):
                yield
        else:
            yield
    finally:
        _derivative.reset(token)


def derivative_around() -> set[Value] | None:
    """None outside any derivative; else the nodes met by the derivatives that ran inside it so far. They are older
    than the arguments of the next one and cannot depend on them, so its walk over the graph stops there."""
    return _derivative.get()


def is_no_grad() -> bool:
    return bool(_in_force(_no_grad))


def is_tracing() -> bool:
    return bool(_in_force(_tracing))


def anomaly() -> Anomaly | None:
    return _in_force(_anomaly)  # type: ignore[no-any-return]


class Anomaly:
    """Remembers which line made each node while it is on, so that a bad adjoint can be traced to its source."""

    def __init__(self, inf: bool) -> None:
        self.inf = inf
        self.lines: dict[Value, str] = {}

    def is_bad(self, x: float) -> bool:
        return x != x or (self.inf and x - x != 0.0)

    def check_forward(self, node: Value) -> None:
        self.lines[node] = line = _calling_line()
        if self.is_bad(node._data):
            raise FloatingPointError(f"forward: {node._data} from {_formula(node)}, made at {line}")

    def check_backward(self, adjoint: float, operand: Value, consumer: Value) -> None:
        if self.is_bad(adjoint):
            line = self.lines.get(consumer, "a line outside detect_anomaly()")
            raise FloatingPointError(
                f"backward: the gradient arriving at {_named(operand)} is {adjoint}, through {_formula(consumer)}, "
                f"made at {line}"
            )


def _named(value: Any) -> str:
    return f"{value.label or value.op or 'leaf'} = {value._data:.6g}" if hasattr(value, "_data") else f"{value:.6g}"


def _formula(node: Value) -> str:
    made = f"{node.op}({', '.join(map(_named, node._arguments[:6]))}{', …' if len(node._arguments) > 6 else ''})"
    return f"{node.label} = {made}" if node.label else made


def is_foreign(frame: Any) -> bool:
    """Whether it runs code outside this library."""
    return str(frame.f_globals.get("__name__", "")).split(".")[0] not in ("autograd", "nn")


def _calling_line() -> str:
    """The nearest line outside this package."""
    frame = sys._getframe(1)
    while frame.f_back and not is_foreign(frame):
        frame = frame.f_back
    return f"{_file(frame.f_code.co_filename)}:{frame.f_lineno}"


def _file(name: str) -> str:
    """The name of a file of code; in a notebook that of the cell, as tracebacks there say it."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    cell = shell.compile.format_code_name(name) if shell else None
    return " ".join(cell) if cell else name
