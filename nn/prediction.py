"""A model at work on many examples at once: `predict` its outputs, `evaluate` its cost and accuracy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from nn import examples
from nn.accuracy import Judge, judge_of, tallied
from nn.agreement import engine
from nn.losses import squared_error


class Evaluation(NamedTuple):
    """1/n Σ loss(model(x), y), and the fraction of right outputs where targets are classes."""

    cost: float
    accuracy: float | None


def predict(model: Callable[[Any], Any], X: Any, *, compiled: bool | None = None) -> Any:
    """The model's output for each row of X: numbers, or lists or dicts of numbers; an array if X is one and they fill
    one."""
    inputs = examples.as_lists(examples.rows(X))
    parameters = parameters_of(model)
    run = engine(model, lambda output, _: output, parameters, inputs, [0.0] * len(inputs), compiled, costs=False)
    out = run.outputs(run.table(inputs))
    if hasattr(X, "dtype") or hasattr(X, "to_numpy"):
        import numpy as np

        try:
            return np.array(out, dtype=float)
        except (TypeError, ValueError):
            pass
    return out


def evaluate(
    model: Callable[[Any], Any],
    X: Any,
    Y: Any,
    loss: Callable[[Any, Any], Any] = squared_error,
    *,
    accuracy: Judge | bool | None = None,
    compiled: bool | None = None,
) -> Evaluation:
    """The mean cost of the model's outputs over the examples, and its accuracy where targets are classes."""
    X, Y = examples.pairs(X, Y)
    examples.check_targets(model, loss, X, Y)
    run, judge = engine(model, loss, parameters_of(model), X, Y, compiled), judge_of(loss, Y, accuracy)
    targets = run.table(Y)
    cost, outputs = run.cost(run.table(X), targets)
    return Evaluation(cost, tallied(judge, outputs, targets, lambda: Y) / len(Y) if judge else None)


def parameters_of(model: Any) -> list[Any]:
    """Of a function, none."""
    return [*model.parameters()] if hasattr(model, "parameters") else []
