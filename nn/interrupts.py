"""Ctrl-C as a request: the step under way is finished first, so that no parameter is left half moved."""

from __future__ import annotations

import signal
import threading
from typing import Any


class Interrupts:
    """Within `with Interrupts() as interrupts:` the first Ctrl-C sets `interrupts.asked`; the second raises as usual.

    Only on the main thread, and only where Ctrl-C would have raised KeyboardInterrupt; elsewhere nothing changes.
    """

    def __init__(self) -> None:
        self.asked = False
        self._installed = False

    def __enter__(self) -> Interrupts:
        main = threading.current_thread() is threading.main_thread()
        if main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._ask)
            self._installed = True
        return self

    def _ask(self, *_: Any) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True

    def __exit__(self, *_: Any) -> None:
        if self._installed:
            signal.signal(signal.SIGINT, signal.default_int_handler)
