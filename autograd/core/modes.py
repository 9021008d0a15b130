"""Ways to record: `no_grad`, `detect_anomaly`, tracing and differentiating, each in its own context (thread, task)
only.

Operators ask one question of a plain global, "is any mode on anywhere?", and look further only when one is.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograd.core.value import Value

_no_grad: ContextVar[bool] = ContextVar("no_grad", default=False)
_tracing: ContextVar[bool] = ContextVar("tracing", default=False)
_anomaly: ContextVar[Anomaly | None] = ContextVar("anomaly", default=None)
_derivative: ContextVar[set[Value] | None] = ContextVar("derivative", default=None)
_lock = threading.Lock()
active = 0  # how many modes are on, over all contexts


@contextmanager
def _mode(variable: ContextVar[Any], setting: Any) -> Iterator[None]:
    global active
    with _lock:
        active += 1
    token = variable.set(setting)
    try:
        yield
    finally:
        variable.reset(token)
        with _lock:
            active -= 1


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
    """While a derivative runs the function it was given: derivatives inside know that one is around them.

    It switches recording on, whatever is in force outside, and is no mode to the operators: they do the same.
    """
    token = _derivative.set(set())
    try:
        if active and _no_grad.get():
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
    return _no_grad.get()


def is_tracing() -> bool:
    return _tracing.get()


def anomaly() -> Anomaly | None:
    return _anomaly.get()


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


def _calling_line() -> str:
    """The nearest line outside this package."""
    frame = sys._getframe(1)
    while frame.f_back and str(frame.f_globals.get("__name__", "")).split(".")[0] in ("autograd", "nn"):
        frame = frame.f_back
    return f"{_file(frame.f_code.co_filename)}:{frame.f_lineno}"


def _file(name: str) -> str:
    """The name of a file of code; in a notebook that of the cell, as tracebacks there say it."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    cell = shell.compile.format_code_name(name) if shell else None
    return " ".join(cell) if cell else name
