"""A re-rolled program as JAX: textbook code on whole batches, `v1 = W1 @ x + b1`, with the exact gradient of the table.

p holds the parameters, x the inputs with one column an example. What is known once is a vector s1, s2, …; what varies
over the examples is a matrix v1, v2, … of as many columns. JAX differentiates nothing: the gradient is printed too.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, pairwise

from autograd.core.primitives import where
from autograd.native.roll import MATVEC, SUMS, Loop, Mean, Tape
from autograd.program.expand import expand
from autograd.program.program import BATCH, EXAMPLE, MASKED_DOT, ONCE, Program, masked_dot_parts
from autograd.program.rules import Rules
from autograd.program.source import terms
from autograd.program.spelling import JAX

LOOPS = 500  # at most: XLA takes minutes to compile more
HEAD = "import jax\nimport jax.numpy as jnp\nimport numpy as np\n"
_MINUS_ZERO = "-0.0"


def text(functions: dict[str, Program]) -> str:
    """For each program a function (p, x) → (results for the whole batch, results for each example), after its rules."""
    rules = Rules(JAX, taken=["p", "x", "n", *functions])
    bodies = [_Writer(expand(program), rules).function(name) for name, program in functions.items()]
    return "\n\n".join([HEAD, *[f"{rule}\n" for rule in rules.texts.values()], *bodies])


class _Writer:
    def __init__(self, program: Program, rules: Rules) -> None:
        self.program, self.rules, self.tape = program, rules, Tape(program)
        loops = sum(map(len, self.tape.loops.values()))
        if loops > LOOPS:
            raise ValueError(
                f"jax: the program is {loops} loops, more than {LOOPS}, which XLA would take minutes to compile; "
                "run it natively, compile(f), or write it of fewer, larger layers"
            )
        self.lines: list[str] = []
        self.once: dict[int, tuple[str, int]] = {i: ("p", i) for i in range(program.parameters)}
        self.each: dict[int, tuple[str, int]] = {i: ("x", i) for i in range(program.inputs)}
        self.numbers = dict(self.tape.constants)
        self.size = {"p": program.parameters, "x": program.inputs}
        self.copied = {to: at for at, to in self.tape.broadcast.items()}
        self._named: dict[str, str] = {}

    def function(self, name: str) -> str:
        tape, program = self.tape, self.program
        for loop in tape.loops[ONCE]:
            self.loop(loop, False)
        for loop in tape.loops[EXAMPLE]:
            self.loop(loop, True)
        self.means(tape.means)
        for loop in tape.loops[BATCH]:
            self.loop(loop, False)
        places = [(tape.place[slot], program.moments[slot] == EXAMPLE) for slot in program.outputs]
        whole, each = places[: program.whole], places[program.whole :]
        results = [
            self.vector([place for place, _ in whole], False, full=True) if whole else "jnp.zeros(0)",
            self.rows(each) if each else "jnp.zeros((0, n))",
        ]
        body = [*self.lines, f"return {', '.join(results)}"]
        return "\n".join([f"def {name}(p, x):", "    n = x.shape[1]", *[f"    {line}" for line in body]]) + "\n"

    def rows(self, places: Sequence[tuple[int, bool]]) -> str:
        """Results for each example, (k, n): what is known once is repeated."""
        parts = []
        for varies, run in groupby(places, lambda pair: pair[1]):
            at = [place for place, _ in run]
            found = self.vector(at, varies, full=True)
            parts.append(found if varies else f"jnp.broadcast_to({_column(found)}, ({len(at)}, n))")
        return parts[0] if len(parts) == 1 else f"jnp.concatenate([{', '.join(parts)}])"

    def new(self, prefix: str, value: str) -> str:
        """A name for a value, the same for an equal one."""
        if value not in self._named:
            count = sum(name.startswith(prefix) for name in self._named.values())
            self._named[value] = f"{prefix}{count + 1}"
            self.lines.append(f"{self._named[value]} = {value}")
        return self._named[value]

    # Operands

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
                _column(text) if kind == "once" and lanes and not full else self.spread(kind, text, len(places), lanes)
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

    def sources(self, places: Sequence[int], lanes: bool) -> list[tuple[tuple[str, str], int]]:
        """Where each place is: the kind of what holds it and its name, and the index there."""
        found = []
        for place in places:
            at = self.copied.get(place) if lanes else place
            if at is None:
                name, index = self.each[place]
                found.append((("each", name), index))
            elif at in self.numbers:
                found.append((("number", str(at)), at))
            else:
                name, index = self.once[at]
                found.append((("once", name), index))
        return found

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

    def spread(self, kind: str, text: str, count: int, lanes: bool) -> str:
        return f"jnp.broadcast_to({_column(text)}, ({count}, n))" if kind == "once" and lanes else text

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

    # Instructions

    def loop(self, loop: Loop, lanes: bool) -> None:
        count, columns = len(loop.operands), [*zip(*loop.operands, strict=True)]
        if loop.kind is MASKED_DOT:
            offs, ws, b, inputs = zip(*map(masked_dot_parts, loop.operands), strict=True)
            off, w, x = (self.tensor(rows, lanes) for rows in (offs, ws, inputs))
            value = f"{self.rules.row(where)}({off}, 0.0, {w} * {x}).sum(1){self.plus(self.vector(b, lanes))}"
        elif not isinstance(loop.kind, str):
            xs = [self.vector(column, lanes) for column in columns]
            value = " + ".join(terms(loop.kind, xs, JAX, self.rules.row))
            if count > 1 and all(len(set(column)) == 1 for column in columns):
                value = f"jnp.broadcast_to({value}, {f'({count}, n)' if lanes else f'({count},)'})"
        elif loop.kind == SUMS:
            value = f"{self.tensor(loop.operands, lanes)}.sum(1)"
        else:
            value = self.dots(loop, columns, lanes)
        name = f"{'v' if lanes else 's'}{len(self.lines) + 1}"
        self.lines.append(f"{name} = {value}")
        self.keep(name, range(loop.first, loop.first + count), lanes)

    def keep(self, name: str, places: Sequence[int], lanes: bool) -> None:
        self.size[name] = len(places)
        (self.each if lanes else self.once).update({place: (name, i) for i, place in enumerate(places)})

    def dots(self, loop: Loop, columns: Sequence[Sequence[int]], lanes: bool) -> str:
        n = len(columns) // 2
        w, x = [row[:n] for row in loop.operands], [row[n:-1] for row in loop.operands]
        if loop.bias_once and lanes:
            bias = self.vector(columns[-1], False)
            bias = bias if bias[0] in "-(0123456789" else self.new("b", _column(bias))
        else:
            bias = self.vector(columns[-1], lanes)
        if loop.kind != MATVEC:
            return f"({self.tensor(w, lanes)} * {self.tensor(x, lanes)}).sum(1){self.plus(bias)}"
        W, X = self.matrix(w), self.vector(x[0], True, full=True)
        return f"{W} @ {X}{self.plus(bias)}"

    def plus(self, bias: str) -> str:
        return "" if bias.strip("()") == _MINUS_ZERO else f" + {bias}"

    def means(self, means: Sequence[Mean]) -> None:
        """Means of products as matrix products: 1/n Σₖ d xᵀ over the examples."""
        rows: dict[int, list[Mean]] = {}
        for mean in means:
            if len(mean.products) == 1:
                rows.setdefault(mean.products[0][0], []).append(mean)
            else:
                x, y = (self.vector(places, True, full=True) for places in zip(*mean.products, strict=True))
                self.mean(f"({x} * {y}).sum(0, keepdims=True).mean(1)", [mean.place])
        alike: dict[tuple[int, ...], list[list[Mean]]] = {}
        for row in rows.values():
            row.sort()
            alike.setdefault(tuple([mean.products[0][1] for mean in row]), []).append(row)
        for ys, group in alike.items():
            group.sort()
            d = self.vector([row[0].products[0][0] for row in group], True, full=True)
            places = [mean.place for row in group for mean in row]
            if len(ys) == 1 and self.numbers.get(self.copied.get(ys[0], -1)) == 1.0:
                self.mean(f"{d}.mean(1)", places)
            else:
                y = self.vector(ys, True, full=True)
                self.mean(f"({d} @ {y}.T / n).ravel()", places)

    def mean(self, value: str, places: Sequence[int]) -> None:
        name = f"m{len(self.lines) + 1}"
        self.lines.append(f"{name} = {value}")
        self.keep(name, places, False)


def _column(text: str) -> str:
    return f"{text}[:, None]"


def _bracketed(number: str) -> str:
    return f"({number})" if number[0] == "-" else number


def _slice(first: int, last: int, step: int) -> str:
    stop = last + (1 if step > 0 else -1)
    return f"{first}:{stop if stop >= 0 else ''}{f':{step}' if step != 1 else ''}"
