"""What a workload is: one piece of work, the answer it must give, and one way of doing it per engine.

An engine is a `setup` function that does everything done once (build the model, trace, compile) and
returns `run`, the function that is timed. Setting up plus the first `run` is the time to first result.
Where an engine's raw answer has a shape of its own, `run.view` turns it into the expected one, untimed.
"""

from __future__ import annotations

import math
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

OURS = "chainrule"
PURE = "chainrule pure"  # the same without the engine in C
COMPILED = "chainrule compiled"


@dataclass(frozen=True)
class Engine:
    """One way of doing the work.

    imports: modules loaded before the clock starts; a missing one makes the row "not installed".
    collector: whether Python's cyclic garbage collector runs while timing.
    upto: the largest size tried, with `why_not` the reason printed beyond it.
    slow: left out of `--quick`.
    environment: variables of its process.
    """

    name: str
    setup: Callable[..., Callable[[], Any]]
    imports: tuple[str, ...] = ()
    collector: bool = True
    upto: float = math.inf
    why_not: str = ""
    slow: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Work:
    """One row group of the table: `engines` do the same thing and must return `expect`.

    unit, scale: what is printed is seconds (or bytes) times `scale`, `per(size)` to a call.
    meter: "clock" times `run`; "own" means that `run` returns the figure itself (memory, start-up time).
    advances: `run` trains, so that only its first answer has a known value.
    whole: `run` is a job from beginning to end, compilation and all; it is run once, and that is the figure.
    """

    id: str
    title: str
    unit: str = "µs"
    scale: float = 1e6
    expect: Any = None  # a nested sequence of numbers, or a function of the size returning one
    rtol: float = 1e-9
    sizes: Sequence[int] = ()
    quick_sizes: Sequence[int] = ()
    per: Callable[[int], float] = lambda size: 1
    meter: str = "clock"
    advances: bool = False
    whole: bool = False
    threads: int = 1
    seconds: float = 1.5  # spent timing each engine
    engines: dict[str, Engine] = field(default_factory=dict)

    def engine(self, name: str, *imports: str, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Register the decorated setup function as the way `name` does this work."""

        def register(setup: Callable[..., Any]) -> Callable[..., Any]:
            self.engines[name] = Engine(name, setup, imports, **options)
            return setup

        return register

    def ours(self, *imports: str, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Register the decorated setup function as both of our eager engines, the one in C and the pure one."""

        def register(setup: Callable[..., Any]) -> Callable[..., Any]:
            self.engines[OURS] = Engine(OURS, setup, imports, environment={"CHAINRULE_PURE": "0"}, **options)
            self.engines[PURE] = Engine(PURE, setup, imports, environment={"CHAINRULE_PURE": "1"}, **options)
            return setup

        return register

    def expected(self, size: int | None) -> Any:
        if not callable(self.expect):
            return self.expect
        return self.expect() if size is None else self.expect(size)


def timed(work: Callable[[], Any]) -> float:
    """Seconds of processor time."""
    start = time.process_time()
    work()
    return time.process_time() - start


def printed(program: str) -> float:
    """The number that a program prints, in a process of its own."""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    if ran.returncode:
        raise RuntimeError((ran.stderr.strip() or "died").splitlines()[-1])
    return float(ran.stdout)


def numbers(answer: Any) -> Iterator[float]:
    """All numbers of a nested answer, in order; arrays of any engine count as nested sequences."""
    if hasattr(answer, "tolist"):
        answer = answer.tolist()
    if isinstance(answer, (list, tuple)):
        for part in answer:
            yield from numbers(part)
    else:
        yield float(answer)


def disagreement(got: Any, want: Any, rtol: float) -> str:
    """'' when the answers agree to rtol, relative to the largest number of the answer's part; else what differs."""
    if want is None:
        return ""
    got, want = list(numbers(got)), list(numbers(want))
    if len(got) != len(want):
        return f"{len(got)} numbers instead of {len(want)}"
    size = max(map(abs, want), default=0.0)
    for place, (g, w) in enumerate(zip(got, want, strict=True)):
        if not abs(g - w) <= rtol * max(abs(w), 1e-3 * size):
            return f"number {place} is {g:.9g}, not {w:.9g}"
    return ""
