"""Two ways to run a model over many examples, with the same results to rounding: eagerly, and compiled.

Eager builds the graph of every example and sweeps it; Compiled asks `autograd.compile` for the whole batch at once, on
arrays. Between `read` and `write` an engine holds the parameters' numbers: Eager in the Values themselves, Compiled in
an array, so that a step looks at no Value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from autograd import (
    Value,
    assign,
    dependencies,
    detect_anomaly,
    differentiating,
    dot,
    gradient,
    no_grad,
    numbers,
)
from autograd import sum as total
from nn.examples import by_example, listed, on_values, without_values
from nn.optimizers import Optimizer

Loss = Callable[[Any, Any], Any]

ENGINES = ("native", "eager", "jax")


class Step(NamedTuple):
    """What a step of the optimizer needs of a batch, as the engine holds numbers: lists, or arrays."""

    cost: float  # the mean over the examples
    gradient: Any  # of that, one number for each parameter
    outputs: Any  # of the model, for each example


class Eager:
    """A graph for each example. Inputs and targets are lists.

    The model gets its inputs as Values, as where it is compiled; one that looks at their numbers, floats. Either way it
    runs within `differentiating`, so that derivatives in a cost can be differentiated in the parameters.
    """

    compiled = False

    def __init__(self, model: Callable[[Any], Any], loss: Loss, parameters: Sequence[Value]) -> None:
        self.model, self.loss, self.parameters = model, loss, parameters
        self.output = on_values(model)

    def table(self, rows: list[Any]) -> Any:
        """The examples in the form this engine reads fastest."""
        return rows

    def take(self, table: Any, indices: Sequence[int]) -> Any:
        return table if len(indices) == len(table) else [table[i] for i in indices]

    def read(self) -> None:
        """Take the parameters' numbers from their Values."""

    def write(self) -> None:
        """Put them back."""

    def numbers(self) -> list[float]:
        """The parameters' numbers, to keep."""
        return numbers(self.parameters)

    def restore(self, kept: Sequence[float]) -> None:
        """Back to `numbers` that were kept."""
        assign(self.parameters, kept)

    def outputs(self, X: Any) -> list[Any]:
        with no_grad():
            return [without_values(self.output(x)) for x in X]

    def cost(self, X: Any, Y: Any) -> tuple[float, Any]:
        """The mean cost over the examples, and the outputs."""
        with no_grad():
            outputs = [self.output(x) for x in X]
            costs = [self.loss(a, y) for a, y in zip(outputs, Y, strict=True)]
        return float(number(total(costs)) / len(costs)), [without_values(a) for a in outputs]

    def recorded(self, X: Any, Y: Any) -> tuple[Any, list[Any]]:
        """The mean cost over the examples, and the outputs, with their graph."""
        with differentiating():
            outputs = [self.output(x) for x in X]
            return total([self.loss(a, y) for a, y in zip(outputs, Y, strict=True)]) / len(outputs), outputs

    def step(self, X: Any, Y: Any, l2: float) -> Step:
        """The mean cost over the examples, its gradient (in every `.grad` too), and the outputs."""
        cost, outputs = self.recorded(X, Y)
        if l2:
            cost = cost + l2 * dot(self.parameters, self.parameters)
        for p in self.parameters:
            p.grad = 0.0
        if isinstance(cost, Value):  # else max(0, …) of Python's: no example in the batch depends on the parameters
            cost.backward()
        return Step(number(cost), [p.grad for p in self.parameters], [without_values(a) for a in outputs])

    def move(self, optimizer: Optimizer, gradient: Any) -> None:
        """A step of the optimizer, by the gradient that is in every `.grad`."""
        optimizer.step()


class Compiled:
    """The whole batch in one native call. Inputs and targets are numpy arrays."""

    compiled = True

    def __init__(
        self,
        model: Callable[[Any], Any],
        loss: Loss,
        parameters: Sequence[Value],
        runner: str | None = None,
        devices: Any = None,
    ) -> None:
        from importlib.util import find_spec

        from autograd import compile

        if find_spec("numpy") is None:
            raise ImportError("a compiled run needs numpy and llvmlite: pip install numpy llvmlite")
        self.model, self.loss, self.parameters = model, loss, parameters

        def cost_and_output(x: Any, y: Any) -> tuple[Any, Any]:
            output = model(listed(x))
            return loss(output, listed(y)), output

        self._costs = compile(cost_and_output, runner, devices)
        self._outputs = compile(lambda x: model(listed(x)), runner, devices)
        self._leaves: Any = None
        self.read()

    def table(self, rows: list[Any]) -> Any:
        import numpy as np

        return np.array(rows, dtype=float)

    def take(self, table: Any, indices: Sequence[int]) -> Any:
        return table if len(indices) == len(table) else table.take(indices, axis=0)

    def read(self) -> None:
        """Take the parameters' numbers from their Values."""
        import numpy as np

        self._weights = numbers(self.parameters, np.empty(len(self.parameters)))
        if self._leaves is not None:
            numbers(self._costs.parameters, self._leaves)

    def write(self) -> None:
        """Put them back."""
        assign(self.parameters, self._weights)

    def numbers(self) -> Any:
        """The parameters' numbers, to keep: a step makes new arrays."""
        return self._weights

    def restore(self, kept: Sequence[float]) -> None:
        """Back to `numbers` that were kept."""
        import numpy as np

        self._weights = np.array(kept, dtype=float)

    def outputs(self, X: Any) -> list[Any]:
        return listed(by_example(self._outputs(X)))

    def cost(self, X: Any, Y: Any) -> tuple[float, Any]:
        """The mean cost over the examples, and the outputs."""
        costs, outputs = self._costs(X, Y, at=self._at(X, Y))
        return float(costs.mean()), by_example(outputs)

    def step(self, X: Any, Y: Any, l2: float) -> Step:
        """The mean cost over the examples, its gradient, and the outputs, of one pass."""
        cost, found, outputs = self._costs.value_and_grad(X, Y, at=self._at(X, Y), has_aux=True)
        gradient = found
        if not self._in_order:
            import numpy as np

            gradient = np.zeros(len(self.parameters))
            gradient[self._here] = found[self._there]
        if l2:
            p = self._weights
            cost, gradient = cost + l2 * float(p @ p), gradient + 2 * l2 * p
        return Step(cost, gradient, by_example(outputs))

    def move(self, optimizer: Optimizer, gradient: Any) -> None:
        """A step of the optimizer; one that is written anew moves the Values by their `.grad`."""
        if getattr(optimizer.step, "__func__", None) is Optimizer.step:
            self._weights = optimizer.moved(self._weights, gradient)
            return
        self.write()
        for p, g in zip(self.parameters, gradient.tolist(), strict=True):
            p.grad = g
        optimizer.step()
        self.read()

    def _at(self, X: Any, Y: Any) -> Any:
        """The numbers of all leaves that the cost depends on, in its order: parameters here are leaves there."""
        if self._leaves is None:
            import numpy as np

            self._costs(X[:1], Y[:1])
            leaves = self._costs.parameters
            place = {p: i for i, p in enumerate(leaves)}
            here = [i for i, p in enumerate(self.parameters) if p in place]
            there = [place[self.parameters[i]] for i in here]
            self._in_order = here == there == [*range(len(self.parameters))] and len(leaves) == len(here)
            self._here, self._there = _indices(here, len(self.parameters)), _indices(there, len(leaves))
            self._leaves = numbers(leaves, np.empty(len(leaves)))
        if self._in_order:
            return self._weights
        self._leaves[self._there] = self._weights[self._here]
        return self._leaves


def _indices(places: list[int], n: int) -> Any:
    """To index an array of n numbers with: faster where it is all of them in order."""
    import numpy as np

    return slice(None) if places == [*range(n)] else np.array(places, int)


def first_trouble(
    model: Any, loss: Loss, parameters: Sequence[Value], X: Sequence[Any], Y: Sequence[Any], which: Sequence[int]
) -> str:
    """Where the first inf or nan appears in the first of the examples with these numbers whose own cost, or whose
    gradient in the parameters, is not finite. Others may have infinities too, which a mask switches off."""
    output = on_values(model)
    for k in which:
        found = _alone(output, loss, parameters, X[k], Y[k])
        if all(map(math.isfinite, found)):
            continue
        try:
            with detect_anomaly(inf=True):
                _alone(output, loss, parameters, X[k], Y[k])
        except FloatingPointError as error:
            return f"example {k}: {error}"
        return f"example {k}"
    return "the sum over the examples overflows, though no single one of them does"


def _alone(output: Any, loss: Loss, parameters: Sequence[Value], x: Any, y: Any) -> list[float]:
    """The cost of one example and its gradient."""
    with differentiating():
        cost = loss(output(x), y)
    return [number(cost), *slopes(cost, parameters)]


def slopes(cost: Any, parameters: Sequence[Value]) -> list[float]:
    """The gradient of a recorded cost; one that is a number depends on no parameter."""
    return gradient(cost, parameters) if isinstance(cost, Value) else [0.0] * len(parameters)


def depends(model: Any, loss: Loss, parameters: Sequence[Value], X: Sequence[Any], Y: Sequence[Any]) -> bool:
    """Whether the cost of any example has a derivative in a parameter, be it 0 there."""
    output = on_values(model)
    with differentiating():
        costs = (loss(output(x), y) for x, y in zip(X, Y, strict=True))
        return any(not dependencies(cost).isdisjoint(parameters) for cost in costs if isinstance(cost, Value))


def number(a: Any) -> float:
    """A cost or an output, without its graph."""
    return a.data if isinstance(a, Value) else float(a)


def demanded(compiled: bool | None, named: str | None) -> bool | None:
    """`compiled`, as the engine's name says it."""
    if named is None:
        return compiled
    if named not in ENGINES:
        raise ValueError(f"no engine {named!r}; there are {', '.join(map(repr, ENGINES))}")
    if compiled not in (None, named != "eager"):
        raise ValueError(f"engine={named!r} and compiled={compiled!r} contradict each other; give one of them")
    return named != "eager"
