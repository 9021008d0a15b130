"""Numbers of a tape as JAX writes them: slices of named vectors and matrices, joined where they lie in several.

What is known once is a vector, what varies over the examples a matrix with a column for each. A conjunction of flags
stays one until something reads it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, pairwise

from autograd.native.roll import Tape
from autograd.program.program import Program
from autograd.program.rules import Rules

Source = tuple[tuple[str, str], int]  # (kind and name of what holds a number, its index there)


class Operands:
    """Where the numbers of a program are, and the text that reads them."""

    def __init__(self, program: Program, tape: Tape, rules: Rules) -> None:
        self.rules = rules
        self.lines: list[str] = []
        self.once: dict[int, tuple[str, int]] = {i: ("p", i) for i in range(program.parameters)}
        self.each: dict[int, tuple[str, int]] = {i: ("x", i) for i in range(program.inputs)}
        self.numbers = dict(tape.constants)
        self.size = {"p": program.parameters, "x": program.inputs}
        self.copied = {to: at for at, to in tape.broadcast.items()}
        self.together: dict[int, list[int]] = {}  # where not all flags are read yet: the places that must all be 1
        self._named: dict[str, str] = {}

    def new(self, prefix: str, value: str) -> str:
        """A name for a value, the same for an equal one."""
        if value.endswith(".T") and value[:-2] in self._named:
            return f"{self._named[value[:-2]]}.T"
        if value not in self._named:
            count = sum(name.startswith(prefix) for name in self._named.values())
            self._named[value] = f"{prefix}{count + 1}"
            self.lines.append(f"{self._named[value]} = {value}")
        return self._named[value]

    def line(self, prefix: str, value: str) -> str:
        """A name for what a loop computes."""
        self.lines.append(f"{prefix}{len(self.lines) + 1} = {value}")
        return f"{prefix}{len(self.lines)}"

    def keep(self, name: str, places: Sequence[int], lanes: bool) -> None:
        self.size[name] = len(places)
        (self.each if lanes else self.once).update({place: (name, i) for i, place in enumerate(places)})

    def sources(self, places: Sequence[int], lanes: bool) -> list[Source]:
        """Where each place is."""
        found: list[Source] = []
        for place in places:
            at = self.copied.get(place) if lanes else place
            if at is None:
                if place in self.together:
                    flags = self.vector(sorted(self.together.pop(place), key=self.each.__getitem__), True, full=True)
                    self.keep(self.line("v", f"{flags}.min(0, keepdims=True)"), [place], True)
                name, index = self.each[place]
                found.append((("each", name), index))
            elif at in self.numbers:
                found.append((("number", str(at)), at))
            else:
                name, index = self.once[at]
                found.append((("once", name), index))
        return found

    def number(self, place: int) -> float | None:
        """The constant at a place of `lanes`, if it is one."""
        return self.numbers.get(self.copied.get(place, -1))

    def vector(self, places: Sequence[int], lanes: bool, full: bool = False) -> str:
        """Numbers of these places: (k,), or (k, n) if they vary; what is the same for all may be one row, or a number,
        unless `full`."""
        pieces = [
            (key, [index for _, index in run]) for key, run in groupby(self.sources(places, lanes), lambda r: r[0])
        ]
        (kind, name), indices = pieces[0]
        if len(pieces) == 1:
            if kind == "number" and not full:
                return _bracketed(self.rules.language.number(self.numbers[indices[0]]))
            if len(set(indices)) == 1 and len(indices) > 1 and not full:
                indices = indices[:1]
            text = self.piece(kind, name, indices, lanes)
            return (
                self.column(text, len(indices))
                if kind == "once" and lanes and not full
                else self.spread(kind, text, len(places), lanes)
            )
        if len(pieces) > 12 and all(kind == "once" for (kind, _), _ in pieces) and not lanes:
            return self.gathered([(name, index) for (_, name), run in pieces for index in run])
        parts = [self.spread(k, self.piece(k, a, i, lanes), len(i), lanes) for (k, a), i in pieces]
        return f"jnp.concatenate([{', '.join(parts)}])"

    def gathered(self, refs: Sequence[tuple[str, int]]) -> str:
        """Numbers from here and there: all of their vectors end to end, and an index."""
        first, size = {}, 0
        for name in dict.fromkeys([name for name, _ in refs]):
            first[name] = size
            size += self.size[name]
        order = self.new("order", f"np.array({[first[name] + index for name, index in refs]})")
        return f"jnp.concatenate([{', '.join(first)}])[{order}]"

    def piece(self, kind: str, name: str, indices: Sequence[int], lanes: bool) -> str:
        if kind == "number":
            number = self.rules.language.number(self.numbers[indices[0]])
            return f"jnp.full({f'({len(indices)}, n)' if lanes else len(indices)}, {number})"
        if [*indices] == [*range(self.size[name])]:
            return name
        step = indices[1] - indices[0] if len(indices) > 1 else 1
        if step and all(b - a == step for a, b in pairwise(indices)):
            return f"{name}[{_slice(indices[0], indices[-1], step)}]"
        return f"{name}[np.array({[*indices]})]"

    def column(self, text: str, count: int) -> str:
        """A vector as a column; that of a matrix of one row is its transpose."""
        row = self._named.get(f"{text}.reshape(1, {count})")
        return f"{row}.T" if row else f"{text}[:, None]"

    def spread(self, kind: str, text: str, count: int, lanes: bool) -> str:
        return f"jnp.broadcast_to({text}[:, None], ({count}, n))" if kind == "once" and lanes else text

    def matrix(self, rows: Sequence[Sequence[int]]) -> str:
        """Numbers known once as a matrix, named W: a slice of one vector where they lie in it evenly."""
        sources = [self.sources(row, False) for row in rows]
        holders = {key for row in sources for key, _ in row}
        count, width = len(rows), len(rows[0])
        if len(holders) == 1 and (holder := holders.pop())[0] == "once":
            at = [[index for _, index in row] for row in sources]
            down = at[1][0] - at[0][0] if count > 1 else width
            right = at[0][1] - at[0][0] if width > 1 else 1
            even = all([x == at[0][0] + i * down + j * right for i, row in enumerate(at) for j, x in enumerate(row)])
            text = self.window(holder[1], at[0][0], (count, down), (width, right)) if even else ""
            return self.new("W", text or f"{holder[1]}[np.array({at})]")
        flat = self.vector([place for row in rows for place in row], False, full=True)
        return self.new("W", f"{flat}.reshape({count}, {width})")

    def window(self, name: str, first: int, rows: tuple[int, int], columns: tuple[int, int]) -> str:
        """A matrix of evenly spaced numbers of a vector as a reshaped slice; "" if it is none."""
        (count, down), (width, right) = rows, columns
        start = first + min(0, (count - 1) * down) + min(0, (width - 1) * right)
        flips = f"{'[::-1]' if down < 0 else ''}{'[:, ::-1]' if right < 0 else ''}"
        down, right = abs(down), abs(right)
        if right == 1 and down >= width and start + count * down <= self.size[name]:
            inner = f"[:, :{width}]" if down > width else ""
            return f"{name}[{start}:{start + count * down}].reshape({count}, {down}){inner}{flips}"
        if down == 1 and right >= count and start + width * right <= self.size[name]:
            inner = f"[:, :{count}]" if right > count else ""
            return f"{name}[{start}:{start + width * right}].reshape({width}, {right}){inner}.T{flips}"
        return ""

    def tensor(self, rows: Sequence[Sequence[int]], lanes: bool) -> str:
        """(rows, columns[, n])"""
        flat = self.vector([place for row in rows for place in row], lanes, full=True)
        return f"{flat}.reshape({len(rows)}, {len(rows[0])}{', n' if lanes else ''})"


def _bracketed(number: str) -> str:
    return f"({number})" if number[0] == "-" else number


def _slice(first: int, last: int, step: int) -> str:
    stop = last + (1 if step > 0 else -1)
    return f"{first}:{stop if stop >= 0 else ''}{f':{step}' if step != 1 else ''}"
