"""The report of check_gradients: a table in a terminal, and one in a notebook."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape

from autograd.core.words import counted
from autograd.trust.differences import Difference


@dataclass(frozen=True)
class Entry:
    """One derivative: what each mode got, what the differences say, and the verdict."""

    symbol: str
    got: dict[str, float]
    difference: Difference
    verdict: str

    @property
    def expected(self) -> str:
        low, high = self.difference.low, self.difference.high
        return f"{low + 0.0:.9g} … {high + 0.0:.9g}" if self.verdict == "kink" else f"{(low + high) / 2:.9g}"


@dataclass
class Report:
    """True if every derivative was checked and is right. Entries and `failures`; `unchecked`; `repeats` bit for bit."""

    function: str
    point: list[tuple[str, float]]
    modes: tuple[str, ...]
    entries: list[Entry] = field(default_factory=list)
    repeats: bool = True
    culprit: str = ""

    @property
    def failures(self) -> list[str]:
        wrong = [e.symbol for e in self.entries if e.verdict.startswith("WRONG")]
        return wrong if self.repeats else [*wrong, "two runs differ"]

    @property
    def unchecked(self) -> list[Entry]:
        return [e for e in self.entries if e.verdict.startswith("unchecked")]

    @property
    def ok(self) -> bool:
        return not self.failures and not self.unchecked

    def __bool__(self) -> bool:
        return self.ok

    @property
    def summary(self) -> str:
        at = ", ".join([f"{name} = {x!r}" for name, x in self.point[:8]]) + (", …" if len(self.point) > 8 else "")
        wrong = len([e for e in self.entries if e.verdict.startswith("WRONG")])
        counts = f"{counted(len(self.entries), 'derivative')}, {wrong} wrong, {len(self.unchecked)} unchecked"
        same = (
            "two runs give the same bits" if self.repeats else "TWO RUNS DIFFER: f is not the same function every time"
        )
        return f"check_gradients: {self.function} at {at}: {counts}; {same}"

    def _cells(self) -> list[tuple[str, ...]]:
        header = ("derivative", *self.modes, "differences", "verdict")
        rows = [(e.symbol, *[f"{e.got[m]:.9g}" for m in self.modes], e.expected, e.verdict) for e in self.entries]
        return [header, *rows]

    def __str__(self) -> str:
        cells = self._cells()
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = ["  ".join([c.ljust(w) for c, w in zip(row, widths, strict=True)]).rstrip() for row in cells]
        return "\n".join([self.summary, *lines, *([self.culprit] if self.culprit else [])])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        header, *rows = self._cells()
        head = "".join([f"<th>{escape(c)}</th>" for c in header])
        body = "".join(["<tr>" + "".join([f"<td>{escape(c)}</td>" for c in row]) + "</tr>" for row in rows])
        culprit = f"<p><strong>{escape(self.culprit)}</strong></p>" if self.culprit else ""
        return f"<p>{escape(self.summary)}</p><table><tr>{head}</tr>{body}</table>{culprit}"
