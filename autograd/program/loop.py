"""A loop as one instruction: a program for one step, and how often it runs.

    s₀, s₁ = s(s₀, x₀; c), s₂ = s(s₁, x₁; c), …        y₀, y₁, … beside them

Its operands are the numbers of the first state s₀, for each number of an item x the *column* x₀, x₁, …, and whatever
else a step reads, c. A column is one node of a graph (one slot of a program) that holds many numbers, and so is a loop
itself. Rows pick from these: `part` one number of the last state, the column of one number of y, or that of one number
of the states before each step; `item` a number of a column. `PACK` makes a column of numbers, `Constants` is one.

Nothing else knows more of loops than that: each of these rows has a `forward`, which is what the plain runner calls,
and partials, which are linear maps (`core.sweeps`). The derivative of a loop is a loop: see `loop_derivatives`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import Context
from functools import cache, cached_property
from typing import Any

from autograd.core import modes
from autograd.core.linear import LinearMap
from autograd.core.primitives import Primitive
from autograd.core.sweeps import Arriving, added
from autograd.core.value import Value, apply, record
from autograd.core.words import counted
from autograd.program.program import EXAMPLE, ONCE, Program
from autograd.program.simplify import simplify


class Several:
    """What arrives at a node that holds several numbers, as a loop does: for each place, what arrives there."""

    def __init__(self, at: dict[Any, Arriving]) -> None:
        self.at = at
        self.result: Any = None  # what the node makes of it, found once

    def __add__(self, other: Several) -> Several:
        at = dict(self.at)
        for place, term in other.at.items():
            at[place] = added(at[place], term) if place in at else term
        return Several(at)


class LoopRow(Primitive):
    """A row of several numbers, or of one that is picked from them. `many`: does its node hold several? `part`, `item`:
    which one of a loop or of a column it is, if it is one."""

    many, part, item = True, -1, -1

    def __init__(self, name: str, forward: Callable[..., Any], *partials: Any, nary: bool = False) -> None:
        super().__init__(name, forward, *partials, nary=nary, public=False)


class Loop(LoopRow):
    """`body` run `steps` times.

    body       its inputs are the numbers of the state, then those of an item; its parameters what else a step reads;
               its outputs the next state, then y
    carried    how many numbers the state has; given: how many y has
    backwards  the last items come first; a column's k-th number belongs to the k-th item either way
    checkpoints  whether a runner keeps one of √steps states for the derivatives, and finds the others again; None: it
               goes by their number
    on         which of the body's outputs is 0 where a step is idle: it leaves the state as it was; None: none is
    """

    def __init__(
        self,
        name: str,
        body: Program,
        carried: int,
        steps: int,
        backwards: bool = False,
        checkpoints: bool | None = None,
        on: int | None = None,
    ) -> None:
        from autograd.program.loop_derivatives import pulled, pushed

        super().__init__(f"{name}[{counted(steps, 'step')}]", self._run, _placing(pulled), nary=True)
        self.title, self.body, self.carried, self.steps, self.backwards = name, body, carried, steps, backwards
        self.checkpoints, self.on = checkpoints, on
        self.given = len(body.outputs) - carried
        self.before = carried + self.given  # the first of the parts that are states before each step
        self.push = pushed
        self.derivatives: dict[Any, Any] = {}  # by what they are with respect to

    def _run(self, *operands: Any) -> list[Any]:
        """All parts: the last state, the columns of y, and those of the states before each step."""
        from autograd.program.reference import compute

        body = self.body
        once = [*[0.0] * body.inputs, *operands[body.inputs :], *[0.0] * (len(body) - body.leaves)]
        for slot, number in body.numbers.items():
            once[slot] = number
        compute(body, ONCE, once)

        def step(leaves: Sequence[Any]) -> list[Any]:
            values = [*leaves[: body.inputs], *once[body.inputs :]]
            compute(body, EXAMPLE, values)
            return [values[slot] for slot in body.outputs]

        return self.run(operands, step)

    def run(self, operands: Sequence[Any], step: Callable[[Sequence[Any]], list[Any]]) -> list[Any]:
        """The same by a step from the leaves of the body to its outputs, of whatever they are."""
        body, carried = self.body, self.carried
        state, columns, others = list(operands[:carried]), operands[carried : body.inputs], operands[body.inputs :]
        along: list[list[Any]] = [[0.0] * self.steps for _ in range(self.given + carried)]
        for i in reversed(range(self.steps)) if self.backwards else range(self.steps):
            results = step([*state, *[column[i] for column in columns], *others])
            for column, number in zip(along, [*results[carried:], *state], strict=True):
                column[i] = number
            if self.on is None or results[self.on] != 0.0:
                state = results[:carried]
        return [*state, *along]

    def with_body(self, body: Program) -> Loop:
        """The same loop of a step that computes the same."""
        if body is self.body:
            return self
        return Loop(self.title, body, self.carried, self.steps, self.backwards, self.checkpoints, self.on)

    @cached_property
    def simplified(self) -> Loop:
        """The same loop, always the same, of a simpler step."""
        loop = self.with_body(simplify(self.body))
        loop.__dict__["simplified"] = loop
        return loop

    def __str__(self) -> str:
        """One step: the state s, an item x, and what comes of them."""
        lines = str(self.body).splitlines()[1:]
        order = ", the last item first" if self.backwards else ""
        return "\n".join([f"{self.name}{order}, each:", *[f"  {line}" for line in lines]])


@cache
def part(k: int, many: bool) -> LoopRow:
    """Part k of a loop: a number of its last state, or a column."""

    def push(z: Value) -> LinearMap:
        loop = z._row
        assert isinstance(loop, Loop)
        return LinearMap(lambda a: Arriving(Several({k: a})), lambda a: loop.push(z, a.number).get(k))

    row = LoopRow(f"part{k}", lambda parts: parts[k], lambda loop, z: push(loop))
    row.many, row.part = many, k
    return row


@cache
def item(i: int) -> LoopRow:
    """Number i of a column."""
    row = LoopRow(
        f"item{i}",
        lambda column: column[i],
        lambda column, z: LinearMap(lambda a: Arriving(Several({i: a})), lambda a: number_at(i, a.number)),
    )
    row.many, row.item = False, i
    return row


def _placing(pulled: Any) -> Any:
    """The partials of a row of many operands: backwards each gets its share, forwards what arrives is kept apart."""

    def map_of(z: Value, j: int) -> LinearMap:
        return LinearMap(lambda a: pulled(z, a.number).get(j), lambda a: Arriving(Several({j: a})))

    return lambda xs, z: [map_of(z, j) for j in range(len(xs))]


class _Shares:
    """What each operand of a column packed of numbers gets."""

    def __init__(self, several: Several) -> None:
        self.several = several

    def get(self, j: int) -> Arriving | None:
        return number_at(j, self.several)


PACK = LoopRow("pack", lambda *xs: list(xs), _placing(lambda z, several: _Shares(several)), nary=True)


class Constants(LoopRow):
    """A column of numbers that are known; its operand is a 0, so that its node is no leaf."""

    def __init__(self, numbers: Sequence[float]) -> None:
        super().__init__(f"{len(numbers)} numbers", lambda zero: numbers, None)
        self.numbers = numbers


def number_at(i: int, several: Several) -> Arriving | None:
    """What arrives at number i of a column, of its own and from whole columns (`Whole`)."""
    total = several.at.get(i)
    for place, term in several.at.items():
        if place.__class__ is Whole:
            here = Arriving(node(item(i), term.number), None if term.off is None else node(item(i), term.off))
            total = here if total is None else added(total, here)
    return total


class Whole:
    """The place of a column that arrives as a whole, and of no other."""


def node(row: Primitive, *operands: Value | float) -> Value:
    """A node of one of these rows. Its number and its partials are none: in a trace nobody looks."""
    if len(operands) == 1:
        return record(row, 0.5, operands[0], None, None if operands[0].__class__ is float else 1.0, None)
    return record(row, 0.5, operands, None, tuple([None if x.__class__ is float else 1.0 for x in operands]), None)


def column_of(numbers: Sequence[Any]) -> Value:
    """The column that these numbers make; if they are the items of one, that."""
    rows = [x._row if isinstance(x, Value) else None for x in numbers]
    if all([isinstance(row, LoopRow) and row.item == i for i, row in enumerate(rows)]):
        columns = {x.operands[0] for x in numbers}
        if len(columns) == 1 and _length(column := columns.pop()) == len(numbers):
            return column
    return node(PACK, *numbers)


def _length(column: Value) -> int:
    row = column.operands[0]._row if column.operands else None
    return row.steps if isinstance(row, Loop) else -1


def is_many(x: Any) -> bool:
    """Does the node hold several numbers?"""
    return isinstance(x, Value) and isinstance(x._row, LoopRow) and x._row.many


def raised(program: Program, leaves: Sequence[Value]) -> list[Value | float]:
    """The outputs of a program as a graph over these leaves: what `lower` lowers."""
    nodes: list[Value | float] = [*leaves]
    for slot in range(program.leaves, len(program)):
        row, operands = program.primitives[slot], [nodes[x] for x in program.operands[slot]]
        if slot in program.numbers:
            nodes.append(program.numbers[slot])
        else:
            nodes.append(node(row, *operands) if isinstance(row, LoopRow) else apply(row, *operands))
    return [nodes[slot] for slot in program.outputs]


def loops_in(program: Program) -> list[Loop]:
    """The loops among its instructions."""
    return [row for row in program.rows() if isinstance(row, Loop)]


def refuse_loops(program: Program, what: str) -> None:
    """TypeError for what cannot say a loop."""
    if loops := loops_in(program):
        raise TypeError(
            f"{what}: there is a loop in it, {loops[0].name}, as one instruction, which this cannot say; "
            "write it out with Python's own `for`"
        )


def in_a_trace(f: Any, *arguments: Any) -> Any:
    """f(*arguments) as a trace has it, whatever modes are on outside."""

    def run() -> Any:
        with modes.tracing():
            return f(*arguments)

    return Context().run(run)
