"""When an output is right: the question each loss for classes asks, and how `fit` knows that targets are classes.

A judge answers for one output and target; those below answer for arrays of them as well, all at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from nn import losses

Judge = Callable[[Any, Any], bool]


class ByNumber:
    """Right when each number of the output is: `right(number, target)`, of numbers or of arrays."""

    def __init__(self, right: Callable[[Any, Any], Any]) -> None:
        self.right = right

    def __call__(self, output: Any, target: Any) -> bool:
        if not isinstance(output, list):
            return bool(self.right(output, target[0] if isinstance(target, list) else target))
        return all(map(self.right, output, target))

    def count(self, outputs: Any, targets: Any) -> int:
        """How many of these arrays' examples are right."""
        if targets.ndim > outputs.ndim:
            targets = targets[:, 0]
        return int(self.right(outputs, targets).reshape(len(outputs), -1).all(axis=1).sum())


class ByLargest:
    """Right when the largest score is the target's class, its number or a row of 0 with a 1 there."""

    def __call__(self, output: Any, target: Any) -> bool:
        return bool(_largest(output) == (_largest(target) if isinstance(target, list) else target))

    def count(self, outputs: Any, targets: Any) -> int:
        """How many of these arrays' examples are right."""
        import numpy as np

        if (square := np.vdot(outputs.T, outputs.T)) != square:  # among nan, largest is what Python finds
            return sum(map(self, outputs.tolist(), targets.tolist()))
        classes = targets.argmax(axis=1) if targets.ndim > 1 else targets
        return int(np.count_nonzero(outputs.argmax(axis=1) == classes))


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
            return _NEARER_TO_1_OR_0
        if isinstance(Y[0], list) and len(Y[0]) > 1 and all(sorted(y) == [0] * (len(y) - 1) + [1] for y in Y):
            return ByLargest()
    if asked:
        raise ValueError("accuracy=True, but the targets are not classes; give a function of output and target")
    return None


def counted(judge: Judge, outputs: Any, targets: Any, listed: Callable[[], Sequence[Any]]) -> int:
    """How many outputs are right. `targets` are in the engine's form, `listed()` as they were given: a judge of the
    user's own is asked about one of those after the other."""
    if hasattr(judge, "count") and hasattr(outputs, "dtype"):
        return int(judge.count(outputs, targets))
    return sum(map(judge, outputs.tolist() if hasattr(outputs, "dtype") else outputs, listed()))


def _largest(scores: Sequence[float]) -> int:
    return max(range(len(scores)), key=scores.__getitem__)


_NEARER_TO_1_OR_0 = ByNumber(lambda p, y: (p > 0.5) == (y > 0.5))

JUDGES: dict[Any, Judge] = {
    losses.cross_entropy: ByLargest(),
    losses.binary_cross_entropy: _NEARER_TO_1_OR_0,
    losses.binary_cross_entropy_with_logits: ByNumber(lambda z, y: (z > 0) == (y > 0.5)),
    losses.hinge: ByNumber(lambda score, y: score * y > 0),
}
