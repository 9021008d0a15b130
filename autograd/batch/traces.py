"""What a function did with one structure of arguments, and what runs that: a recording and its traces."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from autograd.batch import arguments
from autograd.batch.execute import Execution, collector_paused
from autograd.batch.results import layout, recipe, speller
from autograd.core import modes
from autograd.core.arrays import array_of
from autograd.core.primitives import TABLE
from autograd.core.refusals import Argument
from autograd.core.value import Value
from autograd.core.words import counted
from autograd.derivatives.structures import is_one_number, leaves, rebuild
from autograd.native.plans import Leaf
from autograd.native.words import ARRAY_OF_WHOLE, LEAF, OF_WHOLE
from autograd.program.differentiate import value_and_gradient, without_masks
from autograd.program.expand import expand, is_ours
from autograd.program.lower import lower
from autograd.program.program import ByWayOf, Program
from autograd.program.simplify import exact, finished, folded_and_shared

# What is said of a number by those who take it for a list of them.
TAKEN_FOR_SEVERAL = (
    r"(Argument|Value)' object (is not (subscriptable|iterable)|has no attribute)|type 'Argument' has no len"
    r"|(non-iterable|iterable, not) Argument|lists?\b.* got (Argument|Value)|\b(a|one) number\b|got 1$|too many indices"
)


class Recording:
    """What the function did with one structure of arguments: its program, and the leaves that it met."""

    def __init__(
        self, function: Callable[..., Any], name: str, read: arguments.Arguments, names: Sequence[str]
    ) -> None:
        result, folded, self.parameters = record(function, name, read, names, folded_and_shared)
        results = leaves(result, f"the result of {name}")
        self.name = name
        self.template = rebuild(result, [0.0] * len(results), arrays=False)  # the graph itself is not needed any more
        self.is_one = is_one_number(result)
        self.is_pair = isinstance(result, tuple) and len(result) == 2 and is_one_number(result[0])
        self.program: Program = finished(folded)


class Trace:
    """A recording, and what runs it on arguments of one structure."""

    def __init__(
        self, recording: Recording, read: arguments.Arguments, runner: str | None, devices: Any = None
    ) -> None:
        self.recording, self.name, self.parameters = recording, recording.name, recording.parameters
        self.template, self.program = recording.template, recording.program
        self.layout = layout(self.template)
        self.shapes, self.structure, self._how = read.shapes, arguments.structure(read), (runner, devices)
        self.forward = Execution(self.program, self.parameters, read.shapes, *self._how)
        self._gradient: Execution | None = None

    def gradient(self, has_aux: bool = False) -> Execution:
        """What computes the mean and its gradient; with `has_aux` of the first result, and the `rest` beside it."""
        if has_aux and not self.recording.is_pair:
            raise TypeError(f"{self.name}: has_aux is for a function that returns a pair: a number, and anything else")
        if not has_aux and not self.recording.is_one:
            raise TypeError(f"{self.name}: a gradient needs one number for each example, the function returns several")
        if self._gradient is None:
            if has_aux:
                self.rest = layout(self.template[1])
            with collector_paused():
                plain = None if self._how[0] in ("python", "jax") else without_masks(self.program, folded_and_shared)
                self._gradient = self._execution(plain, self._exact_gradient) if plain else self._exact_gradient()
        return self._gradient

    def _exact_gradient(self) -> Execution:
        return self._execution(value_and_gradient(self.program, folded_and_shared))

    def _execution(self, gradient: Program, instead: Callable[[], Execution] | None = None) -> Execution:
        return Execution(finished(gradient), self.parameters, self.shapes, *self._how, instead)

    def gradient_recipe(self, has_aux: bool) -> Any:
        """What a call of the gradient makes: see `recipe`."""
        leaves, steps = [Leaf(OF_WHOLE), Leaf(ARRAY_OF_WHOLE, 1, len(self.parameters))], [LEAF, LEAF]
        if not has_aux:
            return leaves, [*steps, 4]
        rest = recipe(self.template[1], self.rest)
        return rest and (leaves + rest[0], [*steps, *rest[1], 6])

    def numbers(self, at: Any) -> Any:
        """`at`, looked at: one number for each parameter."""
        if at is None:
            return None
        numbers = arguments.as_array(at, f"{self.name}: at")
        if numbers.shape != (len(self.parameters),):
            raise ValueError(
                f"{self.name}: at has the shape {numbers.shape}; there are {len(self.parameters)} parameters"
            )
        return numbers

    @property
    def text(self) -> str:
        from autograd.program import source

        name = self.name if self.name.isidentifier() and self.name not in TABLE else "function"
        text = source.function_text(name, expand(self.program, exact, stays=is_ours), speller(self.template))
        if self.recording.is_one and self.parameters:
            gradient = expand(self._exact_gradient().program, exact, stays=is_ours)
            text += "\n\n\n" + source.function_text(f"{name}_value_and_gradient", gradient, _spell_gradient)
        return source.imports(text) + text + "\n"


def record(
    function: Callable[..., Any],
    name: str,
    read: arguments.Arguments,
    names: Sequence[str],
    by_way_of: ByWayOf | None = None,
) -> tuple[Any, Program, list[Value]]:
    """What the function returns of Values, the program that the graph is, and its parameters; see `lower`."""
    inputs, nested = as_values(read, names)
    try:
        result = modes.without_modes().run(_traced, function, nested)
    except Exception as error:
        given = dict(zip(names, read.shapes, strict=True))
        shapes = [f"{n}: {'a number' if s is None else s or 'a number an example'}" for n, s in given.items()]
        error.add_note(f"while {name} was traced for compile, on {', '.join(shapes) or 'no arguments'}")
        said, flat = str(error), {n: x for n, x, s in zip(names, read.arrays, read.shapes, strict=True) if s == ()}
        if flat and re.search(TAKEN_FOR_SEVERAL, said):
            name, numbers = next(iter(flat.items()))
            error.add_note(_batch_of_numbers(name, numbers.ravel().tolist()))
        elif isinstance(error, LookupError) or "Argument" in said:
            error.add_note(
                "its arguments stand for numbers that are not known yet: what looks them up (table[y], range(y)) "
                "chooses with where(y == 1, a, b)"
            )
        raise
    results = leaves(result, f"the result of {name}")
    return result, *lower(results, inputs, by_way_of)


def _batch_of_numbers(name: str, numbers: Sequence[float]) -> str:
    shown = repr([*numbers]) if len(numbers) <= 4 else f"[{numbers[0]!r}, {numbers[1]!r}, …]"
    several = f"is {counted(len(numbers), 'example')} of one number, [{shown}] one example of {len(numbers)}"
    if len(numbers) == 1:
        several = f"is one example of one number; one example of several is written [[{numbers[0]!r}, …]]"
    return f"the first axis of {name} is the batch: {shown} {several}"


def _traced(function: Callable[..., Any], arguments: Sequence[Any]) -> Any:
    with modes.tracing():
        return function(*arguments)


def _spell_gradient(names: Sequence[str]) -> str:
    return f"{names[0]}, [{', '.join(names[1:])}]"


def as_values(read: arguments.Arguments, names: Sequence[str]) -> tuple[list[Value], list[Any]]:
    """The first example as Values, in a flat list and nested as the function sees them."""
    inputs: list[Value] = []

    def nest(numbers: Any, label: str) -> Any:
        if isinstance(numbers, list):
            return [nest(x, f"{label}{i}" if label[-1:].isalpha() else f"{label}_{i}") for i, x in enumerate(numbers)]
        inputs.append(Argument(float(numbers), label))
        return inputs[-1]

    seen = []
    for array, shape, as_array, label in zip(read.arrays, read.shapes, read.as_arrays, names, strict=True):
        first = len(inputs)
        nested = nest((array if shape is None else array[0]).tolist(), label)
        seen.append(array_of(inputs[first:], shape) if as_array and shape else nested)
    return inputs, seen
