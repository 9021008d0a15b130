"""One run of a function, recorded: the graph between its arguments and its results, to sweep over in either direction.

Which reading of the partials the sweeps use is a question of place:

    grad(f)(2.0)                          outermost: the recorded numbers, and a float comes back
    grad(lambda x: x * grad(f)(x))(2.0)   inside another derivative (or a trace, or given a Value): the partials as
                                          graph, and a Value comes back that can be differentiated again

Inside, f is given products x · 1. The sweep stops at them, so a derivative is with respect to its own argument only,
while the graph goes on to what x was made of. That keeps nested derivatives apart: d/dx [x · d/dy (x + y)] is 1.
Nothing here writes a `.grad`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any

from autograd.core import engine, modes
from autograd.core import primitives as table
from autograd.core.dependencies import dependents
from autograd.core.fast import number_gradients, number_tangents
from autograd.core.refusals import Argument, as_argument, refuse_escaped
from autograd.core.sweeps import adjoints, number_edges, tangents, topological_order, value_edges
from autograd.core.value import Value, apply, data_of
from autograd.derivatives.structures import holds_value, is_one_number, leaves, rebuild


def reads_as_graph(*structures: Any) -> bool:
    """Whether a derivative of these arguments, here, is a Value: see the module."""
    return modes.derivative_around() is not None or modes.is_tracing() or any(map(holds_value, structures))


_running: set[Recording] = set()  # those whose functions run now, in any thread


class Recording:
    """f(*arguments, **keywords), run once and differentiable in the arguments at the positions `which`.

    inputs   fresh nodes that f was given, one for each number in those arguments
    result   what f returned, and outputs: the numbers and Values in it
    order    the nodes between them, operands first
    nested   whether the results are Values
    """

    def __init__(
        self,
        transform: str,
        f: Callable[..., Any],
        arguments: Sequence[Any],
        which: Sequence[int],
        keywords: Mapping[str, Any] | None = None,
        nested: bool | None = None,
    ) -> None:
        self.f, self.transform = f, transform
        self.nested = reads_as_graph(arguments, keywords) if nested is None else nested
        self.arguments = [arguments[i] for i in which]
        numbers = [leaves(arguments[i], f"{transform}: argument {i}") for i in which]
        self.sizes = [len(part) for part in numbers]
        self.inputs: list[Value] = []
        call = list(arguments)
        older = modes.derivative_around()
        _running.add(self)
        with modes.differentiating():
            for i, part in zip(which, numbers, strict=True):
                fresh = [as_argument(x) if self.nested else Argument(x) for x in part]
                self.inputs += fresh
                call[i] = rebuild(arguments[i], fresh)
            try:
                self.result = f(*call, **(keywords or {}))
            except (TypeError, AttributeError) as error:
                taken_apart = re.search(r"'Argument' object|type 'Argument'|iterable, not Argument", str(error))
                if single := [i for i in which if taken_apart and is_one_number(arguments[i])]:
                    error.add_note(
                        f"{transform}: argument {single[0]} of {name_of(f)} is one number, {arguments[single[0]]!r}; "
                        "where it takes a list or an array, give one"
                    )
                raise
            finally:
                _running.discard(self)
        if engine.C is None:  # they have been handed over: from here on plain Values are faster
            for x in self.inputs:
                x.__class__ = Value
        self.outputs: list[Any] = leaves(self.result, f"{transform}: the result of {name_of(f)}")
        self._set_order(older)

    def _set_order(self, older: set[Value] | None) -> None:
        roots = [z for z in self.outputs if isinstance(z, Value)]
        order = topological_order(*roots, seen=older, stop=self.inputs)
        if self.nested:
            refuse_escaped(order)
            depends = dependents(order, self.inputs)
            order = [z for z in order if z in depends]
            self.edges = _Edges(lambda z: value_edges(z, depends))
        else:
            if older is None and (_running or modes.active):
                self._refuse_strangers(order)
            self.edges = _Edges(number_edges)
        self.order = order

    def _refuse_strangers(self, order: Iterable[Value]) -> None:
        """TypeError where the graph goes on to what another derivative, or a trace, has given its function to compute
        with: that one runs in another thread, whose context does not say so here, and would get a number."""
        own = {*self.inputs}
        if any([z._row is None and isinstance(z, Argument) and z not in own for z in order]):
            raise TypeError(
                f"{self.transform}: {name_of(self.f)} uses an argument of a function that is being differentiated or "
                "compiled in another thread, which the derivative here, a number, would be cut off from; run it in "
                "that one's context: pool.submit(contextvars.copy_context().run, f, x)"
            )

    def pull(self, cotangents: Iterable[Any]) -> list[Any]:
        """Σ cotangent · ∂output/∂input for each input: a reverse sweep. A cotangent of None adds nothing."""
        seeds: dict[Value, Any] = {}
        for z, cotangent in zip(self.outputs, cotangents, strict=True):
            if isinstance(z, Value) and cotangent is not None:
                seeds[z] = seeds[z] + cotangent if z in seeds else cotangent
        if self.nested or any(isinstance(c, Value) for c in seeds.values()):
            adjoint = self.recorded(adjoints, seeds)
            return self.given([adjoint.get(x, 0.0) for x in self.inputs])
        return self.given(number_gradients(self.order, seeds, self.inputs))

    def push(self, directions: Iterable[Any]) -> list[Any]:
        """Σ ∂output/∂input · direction for each output: a forward sweep. A direction of None adds nothing; one of 0 is
        a number like any other, as a cotangent of 0 is: compiled, it may be another one in the next example."""
        seeds = {x: d for x, d in zip(self.inputs, directions, strict=True) if d is not None}
        if self.nested or any(isinstance(d, Value) for d in seeds.values()):
            tangent = self.recorded(tangents, seeds)
        else:
            tangent = number_tangents(self.order, seeds)
        return self.given([tangent.get(z, 0.0) if isinstance(z, Value) else 0.0 for z in self.outputs])

    def recorded(self, sweep: Callable[..., dict[Value, Any]], seeds: dict[Value, Any]) -> dict[Value, Any]:
        """A sweep in graphs, recorded even under no_grad: the partials that it forms are kept for later ones."""
        if not _is_no_grad():
            return sweep(self.order, seeds, self.edges.__getitem__)
        with modes.differentiating():
            return sweep(self.order, seeds, self.edges.__getitem__)

    def lines(self) -> list[list[Any]]:
        """The Jacobian, by a reverse sweep for each output."""
        m = len(self.outputs)
        return [self.pull([1.0 if i == k else None for i in range(m)]) for k in range(m)]

    def columns(self) -> list[list[Any]]:
        """The transposed Jacobian, by a forward sweep for each input."""
        n = len(self.inputs)
        return [self.push([1.0 if i == k else None for i in range(n)]) for k in range(n)]

    def values(self) -> list[Any]:
        if not self.nested:
            return [*map(data_of, self.outputs)]
        return self.given(self.outputs)

    def scalar(self) -> Any:
        """The one output; TypeError if the function returned anything else than a scalar."""
        if not is_one_number(self.result):
            raise TypeError(
                f"{self.transform}: {name_of(self.f)} must return one scalar, and returned a "
                f"{type(self.result).__name__}; jacobian({name_of(self.f)}) differentiates every number in it"
            )
        return self.values()[0]

    def split(self, numbers: Sequence[Any]) -> list[Sequence[Any]]:
        """One number (or line) for each input, parted by argument."""
        ends = accumulate(self.sizes)
        return [numbers[end - size : end] for size, end in zip(self.sizes, ends, strict=True)]

    def shaped(self, numbers: Sequence[Any]) -> list[Any]:
        """One number for each input, shaped like the arguments."""
        return [rebuild(x, part) for x, part in zip(self.arguments, self.split(numbers), strict=True)]

    def given(self, results: list[Any]) -> list[Any]:
        """Results as the caller gets them: Values inside a derivative, floats outside. A number is a node with no
        operands there, and not a leaf, which a trace would take for a parameter."""
        if not self.nested:
            return results
        if _is_no_grad():
            return [apply(table.stop_gradient, x) for x in results]
        return [x if isinstance(x, Value) else apply(table.stop_gradient, x) for x in results]


def _is_no_grad() -> bool:
    return modes.active > 0 and modes.is_no_grad()


class _Edges(dict[Value, Any]):
    """The edges of a node, formed once however many sweeps ask for them."""

    def __init__(self, form: Callable[[Value], Any]) -> None:
        super().__init__()
        self.form = form

    def __missing__(self, z: Value) -> Any:
        self[z] = edges = self.form(z)
        return edges


def name_of(f: Callable[..., Any]) -> str:
    return getattr(f, "__name__", None) or type(f).__name__
