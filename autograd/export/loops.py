"""A large program as loops in C: what re-rolling found, one `for` a loop of the tape.

s[…]  numbers that all examples share, v[…] those of this example: the tape's two arrays, on the stack. A mean over the
batch is, for one example, its sum of products.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from autograd.native.roll import MATVECS, SUMS, Loop, Mean, roll
from autograd.program.phrases import affine, place_of, terms, wrapped_sum, wrapped_words
from autograd.program.program import BATCH, EXAMPLE, ONCE, Program
from autograd.program.rules import Rules
from autograd.program.source import Body
from autograd.program.spelling import C


def body(program: Program, rules: Rules, of_inputs: bool) -> Body:
    tape = roll(program)
    writer = _Writer(rules)
    of_example = f", v[{tape.lanes_size}]" if tape.lanes_size else ""
    lines = [f"double s[{tape.once_size + 1}]{of_example};"]
    for array, leaf, count in (("s", "x" if of_inputs else "p", program.parameters), ("v", "x", program.inputs)):
        lines += [f"for (int i = 0; i < {count}; i++) {array}[i] = {leaf}[i];"] if count else []
    lines += [f"s[{place}] = {rules.language.number(number)};" for place, number in tape.constants]
    for loop in tape.loops[ONCE]:
        lines += writer.loop(loop, "s")
    lines += stored("v", [f"s[{at}]" for at in tape.broadcast], at=[*tape.broadcast.values()])
    for loop in tape.loops[EXAMPLE]:
        lines += writer.loop(loop, "v")
    lines += writer.means(tape.means)
    for loop in tape.loops[BATCH]:
        lines += writer.loop(loop, "s")
    outputs = [f"{'v' if program.moments[slot] == EXAMPLE else 's'}[{tape.place[slot]}]" for slot in program.outputs]
    return Body([*writer.tables, *lines], outputs)


def stored(target: str, results: Sequence[str], sign: str = "=", at: Sequence[int] = ()) -> list[str]:
    """target[i] = resultᵢ, at these i if given; in loops where the results lie side by side."""
    lines: list[str] = []
    places, found = [*(at or range(len(results)))], [place_of(result) for result in results]
    start = 0
    while start < len(results):
        end = start + 1
        step = 0
        while end < len(results) and (here := found[start]) and (there := found[end]) and here[0] == there[0]:
            step = step or there[1] - here[1]
            steps = (there[1] - here[1], places[end] - places[start])
            if step not in (1, -1) or steps != (step * (end - start), end - start):
                break
            end += 1
        if (here := found[start]) and end - start > 3:
            to, of = affine(places[start], [(1, "i")]), affine(here[1], [(step, "i")])
            lines.append(f"for (int i = 0; i < {end - start}; i++) {target}[{to}] {sign} {here[0]}[{of}];")
        else:
            lines += [f"{target}[{places[i]}] {sign} {results[i]};" for i in range(start, end)]
        start = end
    return lines


ASSIGN = C._replace(declare="{} = {};")


class _Writer:
    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.tables: list[str] = []  # of places that no formula gives
        self._named: dict[tuple[int, ...], str] = {}

    def index(self, places: Sequence[int], i: str = "i") -> str:
        """The place of the i-th, as an expression: 3, 3 + i, 3 + 2 * i, or one of a table."""
        step = places[1] - places[0] if len(places) > 1 else 0
        if all(y - x == step for x, y in pairwise(places)):
            return affine(places[0], [(step, i)])
        return f"{self.table(places)}[{i}]"

    def table(self, places: Sequence[int]) -> str:
        key = tuple(places)
        if key not in self._named:
            self._named[key] = name = f"k{len(self._named)}"
            kind = "unsigned short" if max(key) < 65536 else "unsigned int"
            self.tables += wrapped_words(f"static const {kind} {name}[{len(key)}] = {{", [*map(str, key)], "};")
        return self._named[key]

    def matrix(self, rows: Sequence[Sequence[int]]) -> str:
        """The place in row i and column j, as an expression."""
        down = {b[0] - a[0] for a, b in pairwise(rows)} or {0}
        right = {y - x for row in rows for x, y in pairwise(row)} or {0}
        if len(down) == len(right) == 1:
            return affine(rows[0][0], [(down.pop(), "i"), (right.pop(), "j")])
        if all([row == rows[0] for row in rows]):
            return self.index(rows[0], "j")
        return f"{self.table([place for row in rows for place in row])}[{len(rows[0])} * i + j]"

    def loop(self, loop: Loop, array: str) -> list[str]:
        head = f"for (int i = 0; i < {len(loop.operands)}; i++) {{"
        result = f"{array}[{affine(loop.first, [(1, 'i')])}]"
        columns = list(zip(*loop.operands, strict=True))
        if not isinstance(loop.kind, str):
            xs = [f"{array}[{self.index(column)}]" for column in columns]
            text = " + ".join(terms(loop.kind, xs, self.rules.language, self.rules.row))
            return [head, f"    {result} = {text};", "}"]
        if loop.kind == SUMS:
            start, n = self.rules.language.number(0.0), len(columns)
            term = f"{array}[{self.matrix(loop.operands)}]"
        else:
            n, matvec = len(columns) // 2, loop.kind in MATVECS
            start = f"{'s' if loop.bias_once or array == 's' else 'v'}[{self.index(columns[-1])}]"
            w = f"{'s' if matvec else array}[{self.matrix([row[:n] for row in loop.operands])}]"
            x = f"{array}[{self.matrix([row[n:-1] for row in loop.operands])}]"
            term = _masked(f"{w} * {x}", self.index(loop.offs, "j") if loop.offs else None)
        return [
            head,
            f"    double sum = {start};",
            f"    for (int j = 0; j < {n}; j++) sum += {term};",
            f"    {result} = sum;",
            "}",
        ]

    def means(self, means: Sequence[Mean]) -> list[str]:
        """Products of one factor's row with another's are one loop in two, as gradients of matrices are."""
        rows: dict[tuple[int, int | None], list[Mean]] = {}
        lines: list[str] = []
        for mean in means:
            if len(mean.products) == 1:
                leader, _, mask = mean.products[0]
                rows.setdefault((leader, mask), []).append(mean)
            else:
                products = [
                    _masked(f"v[{y}] * v[{x}]", None if off is None else str(off)) for x, y, off in mean.products
                ]
                lines += wrapped_sum(ASSIGN, f"s[{mean.place}]", products)
        alike: dict[tuple[bool, tuple[int, ...]], list[list[Mean]]] = {}
        for (_, mask), row in rows.items():
            row.sort(key=lambda mean: mean.place)
            alike.setdefault((mask is not None, tuple([mean.products[0][1] for mean in row])), []).append(row)
        for (masked, ys), group in alike.items():
            group.sort(key=lambda row: row[0].place)
            x, y = self.index([row[0].products[0][0] for row in group]), self.index(ys, "j")
            masks = [row[0].products[0][2] for row in group]
            off = self.index([off for off in masks if off is not None]) if masked else None
            product = _masked(f"v[{y}] * v[{x}]", off)
            place = self.matrix([[mean.place for mean in row] for row in group])
            lines += [
                f"for (int i = 0; i < {len(group)}; i++) {{",
                f"    for (int j = 0; j < {len(ys)}; j++) s[{place}] = {product};",
                "}",
            ]
        return lines


def _masked(product: str, off: str | None) -> str:
    """A product, 0 where it is off."""
    return product if off is None else f"(v[{off}] != 0.0 ? 0.0 : {product})"
