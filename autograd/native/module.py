"""Functions that are compiled together, and what their code needs: names from elsewhere, memory of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autograd.native.body import Body
from autograd.native.ir import V, alike, kind_of, select, several

MOST_PATHS = 64  # through the code of a rule, and choices on one of them: more come of a loop
PURE = "nounwind willreturn memory(none)"


class Memory:
    """What code needs for itself beside registers: how many doubles, and what is in them when it begins."""

    def __init__(self) -> None:
        self.size = 0
        self.known: list[tuple[int, Sequence[float]]] = []

    def take(self, count: int, numbers: Sequence[float] = ()) -> int:
        """Where so many are, from now on."""
        first = self.size
        self.size += count
        if numbers:
            self.known.append((first, numbers))
        return first


class Module:
    """Functions that are compiled together: the text, and what it needs from elsewhere."""

    def __init__(self) -> None:
        self.memory = Memory()
        self._functions: dict[str, str] = {}
        self._declared: dict[str, str] = {}
        self._path: list[tuple[V | None, bool]] | None = None  # see `branches`
        self._taken = 0

    def add(self, body: Body, linkage: str = "", attributes: str = "nounwind") -> None:
        self._functions[body.name] = body.text(linkage, attributes)

    def has(self, name: str) -> bool:
        return name in self._functions

    def reserve(self, name: str) -> None:
        """The place of a function that others, or it itself, may call before it is added."""
        self._functions[name] = ""

    def forget(self, name: str) -> None:
        del self._functions[name]

    def constant(self, name: str, text: str) -> None:
        """Data under a name: `[3 x i32] [i32 1, i32 2, i32 3]`."""
        self._functions[name] = f"@{name} = internal constant {text}"

    def metadata(self, name: str, text: str) -> None:
        """What instructions say of themselves by this name."""
        self._declared[name] = f"{name} = {text}"

    def needs(self, name: str, gives: str, takes: Sequence[str]) -> None:
        self._declared[name] = f"declare {gives} @{name}({', '.join(takes)}) {PURE}"

    def function(self, name: str, rule: Callable[..., Sequence[V]], operands: Sequence[V], results: int) -> list[V]:
        """rule(*operands), so many numbers, by a function of doubles that is written once for so many lanes."""
        operands = alike(*operands)
        body, lanes = operands[0].body, operands[0].lanes
        full = f"{name}.{lanes}"
        if full not in self._functions:
            self._functions[full] = ""  # its place: what it calls comes after
            given = [(kind_of(lanes), f"x{i}") for i in range(len(operands))]
            inner = Body(self, full, given, several(results, lanes))
            zs = rule(*[V(inner, f"%x{i}", "double", lanes) for i in range(len(operands))])
            inner.give(*[inner.spread(z, lanes) for z in zs])
            self.add(inner, "internal", PURE)
        return body.results(full, operands, results, lanes)

    def decide(self, condition: V) -> bool:
        """The truth of a condition on the path that `branches` is on."""
        if self._path is None:
            raise TypeError("a condition on V is a number for each lane: use select")
        if self._taken == len(self._path):
            self._path.append((condition, True))
        self._taken += 1
        if self._taken > MOST_PATHS:
            raise TypeError(f"more than {MOST_PATHS} choices, one after the other")
        return self._path[self._taken - 1][1]

    def branches(self, rule: Callable[[], Any]) -> Any:
        """rule(), an `if` on a V taken both ways: once for each path, and the results chosen from by the conditions."""
        outer, outer_taken = self._path, self._taken
        runs = 0

        def explore(prefix: list[tuple[V | None, bool]]) -> Any:
            nonlocal runs
            runs += 1
            if runs > MOST_PATHS:
                raise TypeError(f"more than {MOST_PATHS} paths")
            self._path, self._taken = list(prefix), 0
            z = rule()
            path = self._path
            for k in reversed(range(len(prefix), len(path))):
                condition = path[k][0]
                assert condition is not None
                z = select(condition, z, explore([*path[:k], (condition, False)]))
            return z

        try:
            return explore([])
        finally:
            self._path, self._taken = outer, outer_taken

    def text(self) -> str:
        declared = [text for name, text in self._declared.items() if name not in self._functions]
        return "\n".join([*self._functions.values(), *declared, ""])
