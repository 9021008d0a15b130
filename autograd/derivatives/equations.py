"""A system of equations F(x, p) = 0 as a program: recorded once, and read on floats for solvers, on Values for graphs.

The user's function names its unknowns only; what else it depends on, the parameters p, it may take as arguments or find
in its surroundings. Recorded on fresh unknowns, its graph shows them: they are the operands, of nodes that depend on an
unknown, that do not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import Context
from typing import Any, NamedTuple

from autograd.core import modes
from autograd.core.columns import TABLE, Primitive
from autograd.core.refusals import Argument, EndedArgument, StepArgument
from autograd.core.sweeps import topological_order
from autograd.core.value import Value, data_of
from autograd.derivatives.linear import REMEMBERED
from autograd.derivatives.pattern import Pattern
from autograd.derivatives.recording import Recording, name_of
from autograd.derivatives.sparse import entries
from autograd.derivatives.structures import holds_value, leaves, rebuild
from autograd.program.loop import Loop, LoopRow, is_many, raised
from autograd.program.lower import lower
from autograd.program.program import Marker, Program
from autograd.program.simplify import exact


class Recorded(NamedTuple):
    """What a function did with fresh unknowns: what it returned, and the program of the numbers in it, whose inputs
    are the unknowns and then stand-ins for the `parameters`, of which those in its `arguments` come first."""

    result: Any
    program: Program
    parameters: list[Value]
    arguments: Sequence[Any]


def record(name: str, f: Callable[..., Any], unknowns: Any, arguments: Sequence[Any]) -> Recorded:
    """f(unknowns, *arguments), recorded. TypeError where it looks at a number, which another solution may not have."""
    if not callable(f):
        raise TypeError(f"{name} takes a function, got {type(f).__name__} {f!r:.40}")
    inner: list[Value] = [StepArgument(data_of(x)) for x in leaves(unknowns, f"{name}: x0")]
    outer: list[Value] = []
    call = [rebuild(unknowns, inner)]
    for i, argument in enumerate(arguments):
        if not holds_value(argument):
            call.append(argument)
            continue
        numbers = leaves(argument, f"{name}: argument {i + 1} of {name_of(f)}")
        fresh = [StepArgument(x._data) if isinstance(x, Value) else x for x in numbers]
        outer += [x for x in numbers if isinstance(x, Value)]
        inner += [x for x in fresh if isinstance(x, Value)]
        call.append(rebuild(argument, fresh))
    try:
        result = Context().run(_traced, f, call)  # whatever modes are on outside
    except Exception as error:
        error.add_note(
            f"while {name_of(f)} was recorded for {name}, which runs it on Values that stand for any numbers"
        )
        raise
    outputs = leaves(result, f"{name}: the result of {name_of(f)}")
    around = _around([z for z in outputs if isinstance(z, Value)], inner)
    program, _ = lower(outputs, [*inner, *around])
    for x in inner:
        x.__class__ = EndedArgument
    return Recorded(result, exact(program), [*outer, *around], arguments)


def _traced(f: Callable[..., Any], arguments: Sequence[Any]) -> Any:
    with modes.tracing():
        return f(*arguments)


def _around(outputs: list[Value], inner: list[Value]) -> list[Value]:
    """The Values of the surroundings that the outputs depend on, nearest first come.

    They have numbers. A loop, or a solution, that was recorded with the function has none yet, whatever it is of: it is
    computed with the function. (Where all of this is traced, nothing has a number.) So is a column, which is no number.
    """
    depends, numbered = set(inner), not modes.is_tracing()
    order = topological_order(*outputs, stop=inner)
    for z in order:
        unknown = numbered and (isinstance(z._row, LoopRow) or (z._row is not None and z._data != z._data))
        if unknown or not depends.isdisjoint(z._arguments):
            depends.add(z)
    found = dict.fromkeys([z for z in outputs if z not in depends])
    for z in reversed(order):
        if z in depends or (is_many(z) and z in found):
            found.update(dict.fromkeys([x for x in z.operands if x not in depends]))
    return [z for z in found if not is_many(z)]


class System:
    """n equations and their derivatives: programs of F, and of F with its entries ∂F/∂x and ∂F/∂p."""

    def __init__(self, program: Program, n: int) -> None:
        self.program, self.n, self.parameters = program, n, program.inputs - n
        stand_ins = [Argument(0.5) for _ in range(program.inputs)]
        recording, pattern, data = Context().run(_differentiated, program, stand_ins)
        derived, _ = lower([*recording.outputs, *data], stand_ins)
        self.derived, self.pattern = exact(derived), pattern

    def residuals(self, x: Sequence[float], p: Sequence[float]) -> list[float]:
        return evaluated(self.program, [*x, *p])

    def linearized(self, x: Sequence[Any], p: Sequence[Any]) -> tuple[list[Any], list[Any], list[dict[int, Any]]]:
        """F, ∂F/∂x row by row, and ∂F/∂p: for each equation, by the number of the parameter. Of floats as floats."""
        numbers = iter(evaluated(self.derived, [*x, *p]))
        residuals = [next(numbers) for _ in range(self.n)]
        matrix, slopes = [0.0] * self.n**2, list[dict[int, Any]]()
        for i, row in enumerate(self.pattern.rows):
            slopes.append({})
            for j in row:
                if j < self.n:
                    matrix[self.n * i + j] = next(numbers)
                else:
                    slopes[i][j - self.n] = next(numbers)
        return residuals, matrix, slopes


_KNOWN: dict[Any, System] = {}


def system_of(program: Program, n: int) -> System:
    """The `System` of a program, differentiated once for all that are the same: whose rows are of the table, with equal
    operands and the same numbers to the bit."""
    rows = program.primitives[program.leaves :]
    if not all([row.__class__ is Marker or TABLE.get(row.name) is row for row in rows]):
        return System(program, n)
    numbers = tuple([(slot, float(x).hex()) for slot, x in program.numbers.items()])
    key = (n, program.inputs, program.parameters, tuple(rows), tuple(program.operands), numbers, tuple(program.outputs))
    system = _KNOWN.get(key)
    if system is None:
        if len(_KNOWN) >= REMEMBERED:
            _KNOWN.clear()
        _KNOWN[key] = system = System(program, n)
    return system


def _differentiated(program: Program, leaves: list[Argument]) -> tuple[Recording, Pattern, list[Any]]:
    with modes.tracing():
        recording = Recording("root", lambda x: evaluated(program, x), [[*leaves]], [0], nested=True)
        pattern, data, _ = entries(recording)
    return recording, pattern, data


def evaluated(program: Program, leaves: Sequence[Any]) -> list[Any]:
    """The outputs of a program: of floats as floats, of Values as a graph; a loop is written out there, but in a trace
    one node."""
    if all([x.__class__ is float for x in leaves]):
        return _outputs(program, leaves, lambda row, *xs: row.forward(*xs))
    return raised(program, leaves) if modes.is_tracing() else _outputs(program, leaves, _apply)


def _outputs(program: Program, leaves: Sequence[Any], apply: Callable[..., Any]) -> list[Any]:
    numbers, slots = program.numbers, [*leaves]
    for slot in range(program.leaves, len(program)):
        if slot in numbers:
            slots.append(numbers[slot])
        else:
            slots.append(apply(program.primitives[slot], *[slots[x] for x in program.operands[slot]]))
    return [slots[x] for x in program.outputs]


def _apply(row: Primitive, *operands: Any) -> Any:
    """A row on Values; a loop gives lists of them, and the rows that pick from one pick from these."""
    if isinstance(row, Loop):
        return row.run(operands, lambda leaves: _outputs(row.body, leaves, _apply))
    return row.forward(*operands) if isinstance(row, LoopRow) else row(*operands)
