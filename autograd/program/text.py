"""The statements of a program in a language: one an instruction, and for a loop that language's own.

t5_s0 = …                       the state of the loop in slot 5, then the columns that are read of it
for t5_i = 0, …, 999:
    t5_7 = …                    slot 7 of its step
    t5_y2[t5_i] = …
    t5_s0 = t5_7
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from autograd.core.columns import TABLE, Primitive
from autograd.program.loop import PACK, Constants, Loop, LoopRow
from autograd.program.phrases import affine, place_of, terms, wrapped_sum, wrapped_words
from autograd.program.program import MEAN, Program
from autograd.program.running import Parts, parts_read, uses_of, write_loop
from autograd.program.spelling import PYTHON, Language


class Index(str):
    """A place in a column: a variable that counts, or a formula of one."""

    def __mul__(self, n: Any) -> Index:
        return Index(f"{n} * {self}")

    def __add__(self, n: Any) -> Index:
        return Index(f"{self} + {n}")

    def __sub__(self, n: Any) -> Index:
        return Index(f"{self} - {n}")


class Array:
    """A column in an array of its own."""

    def __init__(self, text: Text, name: str) -> None:
        self.text, self.name = text, name

    def __getitem__(self, i: int | Index) -> str:
        return f"{self.name}[{i}]"

    def put(self, i: int | Index, x: Any) -> None:
        self.text.assign(self[i], x)

    def whole(self, size: int) -> str:
        """All of them, in languages that have a word for that."""
        return self.name


class Inputs:
    """A column of inputs, `first` and every `step`-th from there on."""

    def __init__(self, name: str, first: int, step: int) -> None:
        self.name, self.first, self.step = name, first, step

    def __getitem__(self, i: int | Index) -> str:
        place = affine(self.first, [(self.step, i)]) if isinstance(i, Index) else self.first + self.step * i
        return f"{self.name}[{place}]"

    def whole(self, size: int) -> str:
        return f"{self.name}[{self.first}:{self.first + self.step * (size - 1) + 1}:{self.step}]"


class Counted:
    """The numbers of a range."""

    def __init__(self, language: Language, numbers: range) -> None:
        self.language, self.numbers = language, numbers

    def __getitem__(self, i: int | Index) -> str | float:
        if not isinstance(i, Index):
            return float(self.numbers[i])
        return self.language.logic["float"].format(affine(self.numbers.start, [(self.numbers.step, i)]))


class Text:
    """Lines of a language, on their way; it writes loops as `running` says. `call` spells how rows are called, `taken`
    are names that mean something else."""

    def __init__(self, language: Language, call: Callable[[Primitive], str], taken: Collection[str] = ()) -> None:
        self.language, self.call, self.taken = language, call, {*language.taken, *TABLE, *taken}
        self.large = language.looping.large
        self.lines: list[str] = []
        self._depth = 0
        self.prefix = "t"  # of the names of slots
        self._counted = 0  # the names that were made for a loop
        self._room = 0  # numbers in arrays

    def program(self, program: Program, leaves: Sequence[str]) -> list[str]:
        """Its statements; the names of its results."""
        numbers: dict[int, Any] = dict(enumerate(leaves)) | program.numbers
        self.instructions(program, None, numbers, uses_of(program, program.outputs))
        return [self.spelled(numbers[slot]) for slot in program.outputs]

    def instructions(self, program: Program, moment: int | None, numbers: dict[int, Any], uses: Sequence[int]) -> None:
        """What is computed at one moment, or at any; `numbers` has what it starts from, and gets the results."""
        parts = parts_read(program, uses)
        for slot, row, operands in program.instructions():
            if uses[slot] and slot not in numbers and moment in (None, program.moments[slot]):
                xs = [numbers.get(x) for x in operands]  # a loop does not read all
                name = self.name(f"{self.prefix}{slot}")
                if row is MEAN:
                    numbers[slot] = self.mean(xs[0], name)
                elif isinstance(row, LoopRow):
                    numbers[slot] = self.of_loop(row, xs, parts.get(slot, {}), name, program.moments[slot])
                else:
                    safe = self.language is not PYTHON or program.numbers.get(operands[-1], 0.0) != 0.0
                    found = terms(row, [*map(self.spelled, xs)], self.language, self.call, safe)
                    self.write(*wrapped_sum(self.language, name, found))
                    numbers[slot] = name

    def mean(self, x: Any, name: str) -> Any:
        """The mean over the batch, which is one example."""
        return x

    def of_loop(self, row: LoopRow, operands: Sequence[Any], parts: Parts, name: str, moment: int) -> Any:
        """What a row of loops computes, of which these parts are read: numbers, columns, or for a loop its parts."""
        if isinstance(row, Constants):
            return self.known(row.numbers, name)
        if row is PACK:
            numbers = [*map(self.spelled, operands)]
            return even(numbers) or self.filled(numbers, name)
        if not isinstance(row, Loop):
            return row.forward(*operands)
        before, self.prefix, self._counted = (self.prefix, self._counted), f"{name}_", 0
        found = self.loop_row(row, operands, parts)
        self.prefix, self._counted = before
        return found

    def loop_row(self, loop: Loop, operands: Sequence[Any], parts: Parts) -> dict[int, Any]:
        return write_loop(self, loop, operands, parts)

    def known(self, numbers: Sequence[float], name: str) -> Any:
        """A column of numbers that are known."""
        if isinstance(numbers, range):
            return Counted(self.language, numbers)
        start, end = self.language.looping.table
        self.write(*wrapped_words(start.format(name), [self.spelled(float(x)) for x in numbers], end))
        return Array(self, name)

    def filled(self, numbers: Sequence[str], name: str) -> Array:
        """A column of numbers from here and there."""
        column = self._array(name, len(numbers))
        for i, x in enumerate(numbers):
            column.put(i, x)
        return column

    # What `running` asks for

    def variable(self, start: Any) -> str:
        name = self._new("s")
        self.write(self.language.looping.variable.format(name, self.spelled(start)))
        return name

    def read(self, variable: str) -> str:
        return variable

    def store(self, numbers: Sequence[Any], variables: Sequence[str], on: str | None = None) -> None:
        pairs = [(self.spelled(x), to) for x, to in zip(numbers, variables, strict=True)]
        pairs = [(self.language.choose.format(on, x, to) if on else x, to) for x, to in pairs if x != to]
        while pairs:
            (x, to), *pairs = pairs
            if any([re.search(rf"\b{to}\b", other) for other, _ in pairs]):  # it is read later
                old = self._new("v")
                self.write(self.language.declare.format(old, to))
                pairs = [(re.sub(rf"\b{to}\b", old, other), place) for other, place in pairs]
            self.assign(to, x)

    def column(self, size: int) -> Array:
        return self._array(self._new("y"), size)

    @contextmanager
    def loop(self, begin: Any, end: Any, backwards: bool = False) -> Iterator[Index]:
        index = Index(self._new("i"))
        head = self.language.looping.backwards if backwards else self.language.looping.forwards
        with self.block(head.format(index, begin, end, end - 1)):
            yield index

    def strips(self, *_: Any) -> None:
        """A step is computed alone."""

    @contextmanager
    def when(self, on: str) -> Iterator[None]:
        with self.block(self.language.looping.when.format(on)):
            yield None

    def condition(self, x: Any) -> str | None:
        return None if isinstance(x, float) else f"{x} != 0.0"

    def least(self, index: Index, most: int) -> Index:
        return Index(f"({self.language.choose.format(f'{index} < {most}', index, most)})")

    # Lines

    def write(self, *lines: str) -> None:
        self.lines += [f"{'    ' * self._depth}{line}" for line in lines]

    def assign(self, to: str, x: Any) -> None:
        self.write(self.language.looping.assign.format(to, self.spelled(x)))

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        self.write(head)
        self._depth += 1
        first = len(self.lines)
        yield
        if len(self.lines) == first and not self.language.looping.close:
            self.write("pass")
        self._depth -= 1
        if self.language.looping.close:
            self.write(self.language.looping.close)

    def _array(self, name: str, size: int) -> Array:
        looping = self.language.looping
        self._room += size
        if looping.room and self._room > looping.room:
            raise ValueError(
                f"export: loops keep more than {looping.room:,} numbers, which {self.language.name} has no room for on "
                "its stack; keep fewer beside the state, or export to another language"
            )
        self.write(looping.array.format(name, size))
        return Array(self, name)

    def _new(self, kind: str) -> str:
        self._counted += 1
        return self.name(f"{self.prefix}{kind}{self._counted}")

    def name(self, wanted: str) -> str:
        while wanted in self.taken:
            wanted += "_"
        return wanted

    def spelled(self, x: Any) -> str:
        return self.language.number(x) if isinstance(x, float) else x


def even(numbers: Sequence[str]) -> Inputs | None:
    """The column of numbers that lie evenly in an array."""
    places = [place_of(x) for x in numbers]
    if len(places) < 2 or not places[0] or not places[1]:
        return None
    (array, first), step = places[0], places[1][1] - places[0][1]
    lies = step > 0 and places == [(array, first + step * k) for k in range(len(places))]
    return Inputs(array, first, step) if lies else None
