"""When an output is right: the question each loss for classes asks, and how `fit` knows that targets are classes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from nn import losses

Judge = Callable[[Any, Any], bool]


def judge_of(loss: Any, Y: Sequence[Any], asked: Judge | bool | None) -> Judge | None:
    """Whether an output (numbers) is right for a target; None when the targets are not classes."""
    if asked is False:
        return None
    if callable(asked):
        return asked
    if loss in JUDGES:
        return JUDGES[loss]
    if loss in (losses.squared_error, losses.mse):
        if all(y in (0, 1) for y in Y if not isinstance(y, list)) and not isinstance(Y[0], list):
            return _nearer_to_1_or_0
        if isinstance(Y[0], list) and len(Y[0]) > 1 and all(sorted(y) == [0] * (len(y) - 1) + [1] for y in Y):
            return lambda output, target: _largest(output) == _largest(target)
    if asked:
        raise ValueError("accuracy=True, but the targets are not classes; give a function of output and target")
    return None


def _nearer_to_1_or_0(p: Any, y: Any) -> bool:
    return bool((p > 0.5) == (y > 0.5))


def _largest(scores: Sequence[float]) -> int:
    return max(range(len(scores)), key=scores.__getitem__)


JUDGES: dict[Any, Judge] = {
    losses.cross_entropy: lambda logits, y: _largest(logits) == y,
    losses.binary_cross_entropy: lambda p, y: _each(p, y, _nearer_to_1_or_0),
    losses.binary_cross_entropy_with_logits: lambda z, y: _each(z, y, lambda z, y: (z > 0) == (y > 0.5)),
    losses.hinge: lambda score, y: _each(score, y, lambda s, y: s * y > 0),
}


def _each(output: Any, target: Any, right: Judge) -> bool:
    if not isinstance(output, list):
        return right(output, target[0] if isinstance(target, list) else target)
    return all(map(right, output, target))
