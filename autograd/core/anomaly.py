"""Where a nan came from: the check of each node and of each adjoint, with the line that made it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograd.core.value import Value


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
