"""Two ways to run a model over many examples, with the same results to rounding: eagerly, and compiled.

Eager builds the graph of every example and sweeps it; Compiled asks `autograd.compile` for the whole batch at once.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

from autograd import Value, detect_anomaly, dot, no_grad, numbers
from autograd import sum as total

Loss = Callable[[Any, Any], Any]


class Eager:
    """A graph for each example. Inputs and targets are lists."""

    compiled = False

    def __init__(self, model: Callable[[Any], Any], loss: Loss, parameters: Sequence[Value]) -> None:
        self.model, self.loss, self.parameters = model, loss, parameters

    def table(self, rows: list[Any]) -> Any:
        """The examples in the form this engine reads fastest."""
        return rows

    def take(self, table: Any, indices: Sequence[int]) -> Any:
        return table if len(indices) == len(table) else [table[i] for i in indices]

    def outputs(self, X: Any) -> list[Any]:
        with no_grad():
            return [_numbers(self.model(x)) for x in X]

    def cost(self, X: Any, Y: Any) -> float:
        with no_grad():
            costs = [self.loss(self.model(x), y) for x, y in zip(X, Y, strict=True)]
        return float(_number(total(costs)) / len(costs))

    def step(self, X: Any, Y: Any, l2: float, watched: bool) -> tuple[float, list[Any] | None, None]:
        """The mean cost over the examples, its gradient into every `.grad`, and the outputs if they are watched."""
        outputs = [self.model(x) for x in X]
        cost = total([self.loss(a, y) for a, y in zip(outputs, Y, strict=True)]) / len(outputs)
        if l2:
            cost = cost + l2 * dot(self.parameters, self.parameters)
        for p in self.parameters:
            p.grad = 0.0
        if not isinstance(cost, Value):  # max(0, …) of Python's: no example in the batch depends on the parameters
            return cost, [_numbers(a) for a in outputs] if watched else None, None
        cost.backward()
        return cost.data, [_numbers(a) for a in outputs] if watched else None, None


class Compiled:
    """The whole batch in one native call. Inputs and targets are numpy arrays."""

    compiled = True

    def __init__(self, model: Callable[[Any], Any], loss: Loss, parameters: Sequence[Value]) -> None:
        from importlib.util import find_spec

        from autograd import compile

        if find_spec("numpy") is None:
            raise ImportError("a compiled run needs numpy and numba: pip install 'chainrule[fast]'")
        self.model, self.loss, self.parameters = model, loss, parameters
        self._cost = compile(lambda x, y: loss(model(x), y))
        self._outputs = compile(lambda x: model(x))
        self._order: Any = None

    def table(self, rows: list[Any]) -> Any:
        import numpy as np

        return np.array(rows, dtype=float)

    def take(self, table: Any, indices: Sequence[int]) -> Any:
        return table if len(indices) == len(table) else table[list(indices)]

    def outputs(self, X: Any) -> list[Any]:
        import numpy as np

        out = self._outputs(X)
        if isinstance(out, tuple):
            out = np.stack(out, axis=-1)
        return np.broadcast_to(out, (len(X), *np.shape(out)[1:])).tolist()

    def cost(self, X: Any, Y: Any) -> float:
        import numpy as np

        return float(np.mean(self._cost(X, Y)))

    def step(self, X: Any, Y: Any, l2: float, watched: bool) -> tuple[float, list[Any] | None, Any]:
        """The mean cost over the examples, the outputs if they are watched, and the gradient as an array."""
        import numpy as np

        outputs = self.outputs(X) if watched else None
        cost, found = self._cost.value_and_grad(X, Y)
        if self._order is None:
            place = {p: i for i, p in enumerate(self._cost.parameters)}
            here = [i for i, p in enumerate(self.parameters) if p in place]
            self._order = np.array(here, int), np.array([place[self.parameters[i]] for i in here], int)
        gradient = np.zeros(len(self.parameters))
        gradient[self._order[0]] = np.asarray(found)[self._order[1]]
        cost = float(cost)
        if l2:
            p = np.array(numbers(self.parameters))
            cost, gradient = cost + l2 * float(p @ p), gradient + 2 * l2 * p
        return cost, outputs, gradient


def engine(
    model: Any,
    loss: Loss,
    parameters: Sequence[Value],
    X: list[Any],
    Y: list[Any],
    compiled: bool | None,
    costs: bool = True,
) -> Eager | Compiled:
    """The compiled engine where it works, else the eager one; `compiled` True or False demands one of them."""
    if compiled is False:
        return Eager(model, loss, parameters)
    try:
        native = Compiled(model, loss, parameters)
        x, y = native.table(X[:1]), native.table(Y[:1])
        if costs:
            native.cost(x, y)
        else:
            native.outputs(x)
        return native
    except ImportError:  # without the `fast` extra
        if compiled:
            raise
    except TypeError as error:  # the model or the loss looks at a number
        if compiled:
            raise
        warnings.warn(f"running eagerly, because the model cannot be compiled: {error}", stacklevel=3)
    return Eager(model, loss, parameters)


def first_trouble(model: Any, loss: Loss, X: Sequence[Any], Y: Sequence[Any], which: Sequence[int]) -> str:
    """Where the first inf or nan appears when the examples with these numbers are run again, forward and backward."""
    for k in which:
        saved: dict[Value, float] = {}
        try:
            with detect_anomaly(inf=True):
                cost = loss(model(X[k]), Y[k])
                saved = _leaf_gradients(cost)
                cost.backward()
        except FloatingPointError as error:
            return f"example {k}: {error}"
        finally:
            for leaf, grad in saved.items():
                leaf.grad = grad
    return "the sum over the examples overflows, though no single one of them does"


def _leaf_gradients(root: Value) -> dict[Value, float]:
    leaves, seen, stack = {}, {root}, [root]
    while stack:
        node = stack.pop()
        if not node.op:
            leaves[node] = node.grad
        for x in node.operands:
            if x not in seen:
                seen.add(x)
                stack.append(x)
    return leaves


def _numbers(output: Any) -> Any:
    return [_number(a) for a in output] if isinstance(output, list | tuple) else _number(output)


def _number(a: Any) -> float:
    return a.data if isinstance(a, Value) else float(a)
