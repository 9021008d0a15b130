"""A program with loops as JAX: a line an instruction, on whole batches at once, and `jax.lax.scan` for a loop.

What is known once is a number, what varies over the examples a vector of n, and a column of a loop has an axis more
before that. A loop whose idle steps change nothing leaves them out where every example is through. Derivatives are
loops of the program like others: JAX differentiates nothing. States before steps are kept, or found again, as `running`
says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autograd.program.loop import Loop, LoopRow
from autograd.program.program import EXAMPLE, ONCE, Program
from autograd.program.rules import Rules
from autograd.program.running import Parts, keeps_few, needed, segment_length, uses_of
from autograd.program.spelling import JAX
from autograd.program.text import Array, Text

MOST = 3_000  # instructions: XLA takes minutes to compile more
STACKED = '''
def stacked(xs, shape):
    """Numbers one after the other, each of this shape."""
    return jnp.stack([jnp.broadcast_to(jnp.asarray(x, float), shape) for x in xs])
'''
SCAN = '''
def scan(step, state, items, length, shape, reverse=False, on=None, before=()):
    """The last state, and what the steps gave beside it. A step that is idle in every example, as `on` says, is left
    out, and gives beside it these numbers of the state."""
    whole = lambda xs: tuple([jnp.broadcast_to(jnp.asarray(x, float), shape) for x in xs])
    both = lambda s, x: tuple(map(whole, step(s, x)))
    if on is None:
        return jax.lax.scan(both, whole(state), items, length, reverse)
    working = lambda s, x: jnp.any(on(s, x) != 0.0)
    if not items and not before:
        more = lambda turn: (turn[0] < length) & working(turn[1], ())
        return jax.lax.while_loop(more, lambda turn: (turn[0] + 1, both(turn[1], ())[0]), (0, whole(state)))[1], ()
    idle = lambda s, x: (s, tuple([s[k] for k in before]))
    return jax.lax.scan(
        lambda s, x: jax.lax.cond(working(s, x), both, idle, s, x), whole(state), items, length, reverse
    )
'''
SEGMENTED = '''
def segmented(step, state, items, length, size, shape, reverse=False, on=None, before=(), thrifty=False):
    """The same in segments of so many steps. Where it is thrifty, another thing beside the state says how the states
    before the steps are found again, a segment at a time, from those before the segments: a function of the place where
    one begins, of that state and of the segment's items; these states, and these items. An item (this, k) is number k
    of such states."""
    whole = lambda xs: tuple([jnp.broadcast_to(jnp.asarray(x, float), shape) for x in xs])
    count = -(-length // size)
    owners = lambda items: {id(x[0]): x[0] for x in items if isinstance(x, tuple)}

    def cut(x):
        rest = jnp.broadcast_to(x[-1:], (count * size - length, *x.shape[1:]))
        return jnp.concatenate([x, rest]).reshape(count, size, *x.shape[1:])

    def found(first, pieces):
        again = {key: x[0](first, *piece) for (key, x), piece in zip(owners(items).items(), pieces[0])}
        arrays = iter(pieces[1])
        return tuple([again[id(x[0])][x[1]] if isinstance(x, tuple) else next(arrays) for x in items])

    def run(first, state, pieces, states):
        def both(s, x):
            return tuple(map(whole, step(s, x)))

        def idle(s, x):
            return s, tuple([s[k] for k in before])

        def one(s, place_and_item):
            place, x = place_and_item
            new, beside = both(s, x) if on is None else jax.lax.cond(jnp.any(on(s, x) != 0.0), both, idle, s, x)
            return tuple([jnp.where(place < length, a, b) for a, b in zip(new, s)]), s if states else beside

        return jax.lax.scan(one, state, (first + jnp.arange(size), found(first, pieces)), size, reverse)

    def segment(s, x):
        last, beside = run(x[0], s, x[1], False)
        return last, (beside, s if thrifty else ())

    pieces = (
        tuple([x[1:] for x in owners(items).values()]),
        tuple([cut(x) for x in items if not isinstance(x, tuple)]),
    )
    firsts = size * jnp.arange(count)
    last, (beside, kept) = jax.lax.scan(segment, whole(state), (firsts, pieces), count, reverse)
    columns = tuple([x.reshape(count * size, *x.shape[2:])[:length] for x in beside])
    again = (lambda first, s, pieces: run(first, s, pieces, True)[1], kept, pieces)
    return last, (*columns, again) if thrifty else columns
'''


def function(name: str, program: Program, rules: Rules) -> str:
    """The function (p, x) → (results for the whole batch, results for each example)."""
    if program.count() > MOST:
        raise ValueError(
            f"jax: a program with loops of {program.count():,} instructions, more than {MOST:,}, which XLA would take "
            "minutes to compile; run it natively, compile(f)"
        )
    text = _Batch(rules)
    leaves = [f"x[{i}]" for i in range(program.inputs)] + [f"p[{i}]" for i in range(program.parameters)]
    results = text.program(program, leaves)
    whole, each = results[: program.whole], results[program.whole :]
    given = [
        f"stacked({_tuple(whole)}, ())" if whole else "jnp.zeros(0)",
        f"stacked({_tuple(each)}, (n,))" if each else "jnp.zeros((0, n))",
    ]
    lines = ["n = x.shape[1]", *text.lines, f"return {', '.join(given)}"]
    return "\n".join([f"def {name}(p, x):", *[f"    {line}" for line in lines]]) + "\n"


class _Batch(Text):
    """Lines of JAX."""

    def __init__(self, rules: Rules) -> None:
        super().__init__(JAX, rules.row)
        self.shape = ""  # of a number, in a loop

    def mean(self, x: Any, name: str) -> Any:
        self.write(f"{name} = jnp.mean({x})")
        return name

    def of_loop(self, row: LoopRow, operands: Sequence[Any], parts: Parts, name: str, moment: int) -> Any:
        before, self.shape = self.shape, self.shape or ("(n,)" if moment == EXAMPLE else "()")
        found = super().of_loop(row, operands, parts, name, moment)
        self.shape = before
        return found

    def known(self, numbers: Sequence[float], name: str) -> Any:
        if isinstance(numbers, range):
            text = f"arange({numbers.start}, {numbers.stop}, {numbers.step}, float)"
        else:
            text = f"array([{', '.join([self.spelled(float(x)) for x in numbers])}])"
        self.write(f"{name} = jnp.{text}")
        return Array(self, name)

    def filled(self, numbers: Sequence[str], name: str) -> Array:
        self.write(f"{name} = stacked({_tuple(numbers)}, {self.shape})")
        return Array(self, name)

    def loop_row(self, loop: Loop, operands: Sequence[Any], parts: Parts) -> dict[int, Any]:
        body, prefix = loop.body, self.prefix
        states, uses = needed(loop, parts)
        items = [k for k in range(loop.carried, body.inputs) if uses[k]]
        here = dict(body.numbers) | dict(enumerate(operands[body.inputs :], body.inputs))
        self.instructions(body, ONCE, here, uses)
        here |= {k: f"{prefix}x{k}" for k in items} | {k: f"{prefix}s{k}" for k in states}
        before = [k for k in parts if k >= loop.before]
        thrifty = keeps_few(loop, parts, JAX.looping.large)
        kept = [k for k in parts if k >= loop.carried and not (thrifty and k >= loop.before)]

        def step(name: str, uses: Sequence[int], results: Callable[[dict[int, Any]], str]) -> str:
            with self.block(f"def {prefix}{name}(state, items):"):
                for names, whole in (([here[k] for k in states], "state"), ([here[k] for k in items], "items")):
                    self.write(*[f"{_tuple(names)} = {whole}"] * bool(names))
                inside = dict(here)
                self.instructions(body, EXAMPLE, inside, uses)
                self.write(f"return {results(inside)}")
            return f"{prefix}{name}"

        def both(inside: dict[int, Any]) -> str:
            given = {k: inside.get(slot) for k, slot in enumerate(body.outputs)}
            given |= {loop.before + k: inside[k] for k in states}
            return ", ".join([_tuple([self.spelled(given[k]) for k in some]) for some in (states, kept)])

        few = thrifty or any([isinstance(operands[k], Again) for k in items])
        call = [
            step("step", uses, both),
            _tuple([self.spelled(operands[k]) for k in states]),
            _tuple([operands[k].whole(loop.steps) for k in items]),
            f"{loop.steps}, {segment_length(loop.steps)}, {self.shape}" if few else f"{loop.steps}, {self.shape}",
        ]
        if loop.backwards:
            call.append("reverse=True")
        if loop.on is not None and all([k >= loop.before for k in kept]):
            slot = body.outputs[loop.on]
            call.append(f"on={step('on', uses_of(body, [slot]), lambda inside: self.spelled(inside[slot]))}")
            call += [f"before={tuple([states.index(k - loop.before) for k in kept])}"] * bool(kept)
        call += ["thrifty=True"] * thrifty
        last, along = {k: f"{prefix}{k}" for k in states}, {k: f"{prefix}y{k}" for k in kept}
        beside = [*along.values(), *[f"{prefix}again"] * thrifty]
        ends = [_tuple(names) if names else "_" for names in ([*last.values()], beside)]
        self.write(f"{', '.join(ends)} = {'segmented' if few else 'scan'}({', '.join(call)})")
        again = {k: Again(self, f"({prefix}again, {states.index(k - loop.before)})") for k in before if thrifty}
        return last | {k: Array(self, column) for k, column in along.items()} | again


class Again(Array):
    """A column of states that is found again, segment by segment."""


def _tuple(names: Sequence[str]) -> str:
    return f"({', '.join(names)}{',' * (len(names) == 1)})"
