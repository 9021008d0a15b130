"""A re-rolled program as JAX: textbook code on whole batches, `v1 = W1 @ x + b1`, with the exact gradient of the table.

p holds the parameters, x the inputs with one column an example. What is known once is a vector s1, s2, …; what varies
over the examples is a matrix v1, v2, … of as many columns. JAX differentiates nothing: the gradient is printed too.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, groupby

from autograd.core import primitives as table
from autograd.core.primitives import where
from autograd.export import jax_loops
from autograd.export.jax_operands import Operands
from autograd.native.roll import MATVEC, MATVECS, SUMS, Loop, Mean, roll
from autograd.program.expand import expand
from autograd.program.loop import loops_in
from autograd.program.phrases import terms
from autograd.program.program import BATCH, EXAMPLE, MASKED_DOT, ONCE, Program, masked_dot_parts
from autograd.program.rules import Rules
from autograd.program.spelling import JAX

LOOPS = 500  # at most: XLA takes minutes to compile more
PLAIN, PARTS = 100, 6  # loops, up to which one over several vectors, of so many at most, is printed as one for each
HEAD = "import jax\nimport jax.numpy as jnp\nimport numpy as np\n"
PASSING = '''
def passing(A, B, off):
    """A @ B, where what is off in B passes exactly 0, be it inf or nan in A or B."""
    off = off != 0.0
    return jax.lax.cond(
        jnp.isfinite(A).all(),
        lambda: A @ jnp.where(off, 0.0, B),
        lambda: jnp.where(off, 0.0, A[:, :, None] * B).sum(1),
    )
'''
_MINUS_ZERO = "-0.0"
_FLAGS = (table.equal, table.greater, table.greater_equal)  # 0 or 1


def text(functions: dict[str, Program]) -> str:
    """For each program a function (p, x) → (results for the whole batch, results for each example), after its rules."""
    rules = Rules(JAX, taken=["p", "x", "n", "passing", "stacked", "scan", "segmented", *functions])
    programs = {name: expand(program, masked_dots=False) for name, program in functions.items()}
    bodies = [
        jax_loops.function(name, program, rules) if loops_in(program) else _Writer(program, rules).function(name)
        for name, program in programs.items()
    ]
    helpers = [f"{rule}\n" for rule in rules.texts.values()]
    for helper in (PASSING, jax_loops.STACKED, jax_loops.SCAN, jax_loops.SEGMENTED):
        if any([f"{helper.split('(')[0].split()[-1]}(" in body for body in bodies]):
            helpers.append(helper.lstrip())
    return "\n\n".join([HEAD, *helpers, *bodies])


class _Writer(Operands):
    def __init__(self, program: Program, rules: Rules) -> None:
        self.program, self.tape = program, roll(program)
        super().__init__(program, self.tape, rules)
        loops = sum(map(len, self.tape.loops.values()))
        if loops > LOOPS:
            raise ValueError(
                f"jax: the program is {loops} loops, more than {LOOPS}, which XLA would take minutes to compile; "
                "run it natively, compile(f), or write it of fewer, larger layers"
            )
        self.plain = loops <= PLAIN
        self.flags: set[int] = set()  # places in lanes of what is 0 or 1
        self.off: dict[int, int] = {}  # of what is 0 where a flag says so, that flag's place

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
            parts.append(found if varies else f"jnp.broadcast_to({found}[:, None], ({len(at)}, n))")
        return parts[0] if len(parts) == 1 else f"jnp.concatenate([{', '.join(parts)}])"

    def loop(self, loop: Loop, lanes: bool) -> None:
        """One line, or one for each of the vectors that it goes over; the rows in the order of what they read."""
        rows = [(loop.first + i, row) for i, row in enumerate(loop.operands)]
        if loop.kind is where and lanes:
            rows = [(place, row) for place, row in rows if not self.is_conjunction(place, row)]
            self.off.update({place: off for place, (off, zero, _) in rows if self.number(zero) == 0.0})
        if loop.kind in _FLAGS or loop.kind is where:
            flags = [place for place, row in rows if loop.kind is not where or all(map(self.is_flag, row))]
            self.flags.update(flags if lanes else [])
        names = {name: k for k, name in enumerate(self.size)}
        parts: dict[tuple[str, ...], list[tuple[list[tuple[int, int]], int, tuple[int, ...]]]] = {}
        for place, row in rows:
            weights = loop.kind in MATVECS  # the rest of what they read is the same for all
            found = self.sources(row[: len(row) // 2], False) if weights else self.sources(row, lanes)
            order = [(names.get(name, -1), index) for (_, name), index in found]
            parts.setdefault(tuple([name for (_, name), _ in found]), []).append((order, place, row))
        if not (self.plain and isinstance(loop.kind, table.Primitive) and len(parts) <= PARTS):
            parts = {(): [row for part in parts.values() for row in part]} if parts else {}
        for part in sorted([sorted(part) for part in parts.values()]):
            places, operands = [place for _, place, _ in part], [row for _, _, row in part]
            value = self.value(loop._replace(many=len(operands), flat=[*chain.from_iterable(operands)]), lanes)
            self.keep(self.line("v" if lanes else "s", value), places, lanes)

    def is_flag(self, place: int) -> bool:
        return place in self.flags or self.number(place) in (0.0, 1.0)

    def is_conjunction(self, place: int, row: Sequence[int]) -> bool:
        """where(a, b, 0) of two flags, kept for later: a reduction of many."""
        a, b, zero = row
        if self.number(zero) != 0.0 or not (self.is_flag(a) and self.is_flag(b)) or self.number(b) is not None:
            return False
        self.together[place] = [*dict.fromkeys([flag for x in (a, b) for flag in self.together.get(x, [x])])]
        self.flags.add(place)
        return True

    def value(self, loop: Loop, lanes: bool) -> str:
        count, columns = loop.many, [*zip(*loop.operands, strict=True)]
        if loop.kind is MASKED_DOT:
            offs, ws, b, inputs = zip(*map(masked_dot_parts, loop.operands), strict=True)
            off, w, x = (self.tensor(rows, lanes) for rows in (offs, ws, inputs))
            return f"{self.rules.row(where)}({off}, 0.0, {w} * {x}).sum(1){self.plus(self.vector(b, lanes))}"
        if isinstance(loop.kind, table.Primitive) and loop.kind is not table.sum_:
            xs = [self.vector(column, lanes) for column in columns]
            value = " + ".join(terms(loop.kind, xs, JAX, self.rules.row))
            known = not lanes and all(
                [x in self.numbers for column in columns for x in column]
            )  # by nothing but numbers
            if known or (count > 1 and all(len(set(column)) == 1 for column in columns)):
                value = f"jnp.broadcast_to({value}, {f'({count}, n)' if lanes else f'({count},)'})"
            return value
        if loop.kind == SUMS:
            return f"{self.tensor(loop.operands, lanes)}.sum(1)"
        return self.dots(loop, columns, lanes)

    def dots(self, loop: Loop, columns: Sequence[Sequence[int]], lanes: bool) -> str:
        n = len(columns) // 2
        w, x = [row[:n] for row in loop.operands], [row[n:-1] for row in loop.operands]
        if loop.bias_once and lanes:
            bias = self.vector(columns[-1], False)
            bias = bias if bias[0] in "-(0123456789" else self.new("b", f"{bias}[:, None]")
        else:
            bias = self.vector(columns[-1], lanes)
        if loop.kind not in MATVECS:
            return f"({self.tensor(w, lanes)} * {self.tensor(x, lanes)}).sum(1){self.plus(bias)}"
        order = sorted(range(n), key=lambda j: self.sources([x[0][j]], True))
        W = self.matrix([[row[j] for j in order] for row in w])
        X = self.vector([x[0][j] for j in order], True, full=True)
        if loop.kind == MATVEC:
            return f"{W} @ {X}{self.plus(bias)}"
        off = self.vector([loop.offs[j] for j in order], True)
        return f"passing({W}, {X}, {off}){self.plus(bias, ('0.0', _MINUS_ZERO))}"

    def plus(self, bias: str, nothing: Sequence[str] = (_MINUS_ZERO,)) -> str:
        return "" if bias.strip("()") in nothing else f" + {bias}"

    def means(self, means: Sequence[Mean]) -> None:
        """Means of products as matrix products: 1/n Σₖ d xᵀ over the examples."""
        rows: dict[tuple[int, int | None], list[tuple[int, int]]] = {}  # (d, where it is off): (x, the mean's place) …
        for mean in means:
            if len(mean.products) == 1:
                d, x, off = mean.products[0]
                rows.setdefault((d, off), []).append((x, mean.place))
            else:
                self.mean_of_sum(mean)
        for d, off in [(d, off) for d, off in rows if off is None and d in self.off and (d, self.off[d]) in rows]:
            if all([self.number(x) == 1.0 for x, _ in rows[d, off]]):  # a bias, beside its weights
                rows[d, self.off[d]] += rows.pop((d, off))
        alike: dict[tuple[bool, tuple[int, ...]], list[tuple[int, int, list[int]]]] = {}
        for (d, off), row in rows.items():
            row.sort(key=lambda pair: self.source(pair[0]))
            key = off is not None, tuple([x for x, _ in row])
            alike.setdefault(key, []).append((d, off or 0, [place for _, place in row]))
        for (masked, xs), group in sorted(alike.items(), key=lambda item: min([row[2][0] for row in item[1]])):
            group.sort(key=lambda one: self.source(one[0]))
            ds, offs, _ = zip(*group, strict=True)
            places = [place for *_, row in group for place in row]
            D = self.vector(ds, True, full=True)
            if len(xs) == 1 and self.number(xs[0]) == 1.0 and not masked:
                self.mean(f"{D}.mean(1)", places)
                continue
            X = self.vector(xs, True, full=True)
            if masked:
                flags = self.vector(offs, True, full=True)
                self.mean(f"(passing({X}, {D}.T, {flags}.T) / n).T.ravel()", places)
            else:
                self.mean(f"({D} @ {X}.T / n).ravel()", places)

    def mean_of_sum(self, mean: Mean) -> None:
        xs, ys = [x for x, _, _ in mean.products], [y for _, y, _ in mean.products]
        value = f"{self.vector(xs, True, full=True)} * {self.vector(ys, True, full=True)}"
        offs = [off for _, _, off in mean.products if off is not None]  # of all or of none
        if offs:
            value = f"{self.rules.row(where)}({self.vector(offs, True, full=True)}, 0.0, {value})"
        self.mean(f"({value}).sum(0, keepdims=True).mean(1)", [mean.place])

    def source(self, place: int) -> tuple[bool, int, int]:
        """By what means are put in order: as their factors lie in their vectors, constants last."""
        ((kind, name), index) = self.sources([place], True)[0]
        return kind == "number", [*self.size].index(name) if name in self.size else 0, index

    def mean(self, value: str, places: Sequence[int]) -> None:
        self.keep(self.line("m", value), places, False)
