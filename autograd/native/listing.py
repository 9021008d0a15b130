"""A tape in print: one line a loop, so that a reader sees what became of the neurons.

s[…]  numbers that all examples share: parameters, constants, what depends on those only, and means over the batch
v[…]  numbers that vary over the examples
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from autograd.core.words import counted
from autograd.native.roll import MATVECS, SUMS, Loop, Tape
from autograd.program.program import BATCH, EXAMPLE, ONCE

FEW = 40  # instructions that are listed one by one: the loops of a small program hide more than they show


def listing(tape: Tape) -> str:
    program = tape.program
    if program.count() <= FEW:
        return str(program)
    loops = sum(map(len, tape.loops.values()))
    lines = [f"{program.heading()} → {counted(loops, 'loop')}"]
    lines += [f"  {_span(range(program.parameters), 's')} parameters"] if program.parameters else []
    lines += [f"  {_span([place], 's')} = {number:.12g}" for place, number in tape.constants]
    lines += [f"  {_span(range(program.inputs), 'v')} inputs"] if program.inputs else []
    lines += _section("once:", [_loop(loop, "s") for loop in tape.loops[ONCE]])
    copies = [f"{_span(tape.broadcast.values(), 'v')} = {_span(tape.broadcast, 's')}"] if tape.broadcast else []
    lines += _section("for each example:", copies + [_loop(loop, "v") for loop in tape.loops[EXAMPLE]])
    count = sum(len(mean.products) for mean in tape.means)
    means = [f"{_span([mean.place for mean in tape.means], 's')} = means of {count} products"] if tape.means else []
    lines += _section("after the batch:", means + [_loop(loop, "s") for loop in tape.loops[BATCH]])
    varying = [(program.moments[slot] == EXAMPLE, tape.place[slot]) for slot in program.outputs]
    parts = [_span([p for v, p in varying if v == vary], name) for vary, name in ((False, "s"), (True, "v"))]
    return "\n".join([*lines, f"return {', '.join(filter(None, parts))}"])


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return [title, *[f"  {line}" for line in lines]] if lines else []


def _loop(loop: Loop, array: str) -> str:
    operands, n = loop.operands, loop.width // 2
    results = _span(range(loop.first, loop.first + loop.many), array)
    columns = list(zip(*operands, strict=True))
    if loop.kind == SUMS:
        return f"{results} = sums of {len(columns)}: {_matrix(operands, array)}"
    if not isinstance(loop.kind, str):
        return f"{results} = {loop.kind.name}({', '.join([_span(column, array) for column in columns])})"
    weights, inputs = [line[:n] for line in operands], [line[n:-1] for line in operands]
    if loop.kind not in MATVECS:
        products = f"{_matrix(weights, array)} · {_matrix(inputs, array)}"
        return f"{results} = dots of {n}: {products} + {_span(columns[-1], array)}"
    bias = _span(columns[-1], "s" if loop.bias_once else "v")
    masks = f", each where {_span(loop.offs, 'v')} is 0" if loop.offs else ""
    return f"{results} = {_matrix(weights, 's')} · {_span(inputs[0], 'v')} + {bias}{masks}"


def _matrix(rows: Sequence[tuple[int, ...]], array: str) -> str:
    """Its first row, and how far apart the rows are: s[0:2 | 16 rows, 3 apart]."""
    first = _span(rows[0], array)
    if len(rows) == 1:
        return first
    steps = {tuple([y - x for x, y in zip(a, b, strict=True)]) for a, b in pairwise(rows)}
    if steps == {(0,) * len(rows[0])}:
        return first
    apart = steps.pop() if len(steps) == 1 else ()
    rest = f", {apart[0]} apart" if apart and len(set(apart)) == 1 else ""
    return f"{first[:-1]} | {len(rows)} rows{rest}]"


def _span(places: Iterable[int], array: str) -> str:
    """v[3], v[3:7], v[3:15:4], or the first few of them."""
    places = list(places)
    if not places:
        return ""
    if len(set(places)) == 1:
        return f"{array}[{places[0]}]"
    step = places[1] - places[0]
    if all(y - x == step for x, y in pairwise(places)):
        stop = places[-1] + (1 if step > 0 else -1)
        return f"{array}[{places[0]}:{stop if stop >= 0 else ''}{f':{step}' if step != 1 else ''}]"
    return f"{array}[{', '.join(map(str, places[:4]))}{', …' if len(places) > 4 else ''}]"
