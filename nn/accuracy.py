"""When an output is right: the question each loss for classes asks, and how `fit` knows that targets are classes.

A judge answers for one output and target; those below answer for arrays of them as well, all at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from nn import losses
from nn.examples import flat

Judge = Callable[[Any, Any], bool]
TOGETHER = 4096  # examples


class ByNumber:
    """Right when each number of the output is: `right(number, target)`, of numbers or of arrays."""

    def __init__(self, right: Callable[[Any, Any], Any]) -> None:
        self.right = right

    def __call__(self, output: Any, target: Any) -> bool:
        return all(map(self.right, flat(output), flat(target)))

    def count(self, outputs: Any, targets: Any) -> int:
        """How many of these arrays' examples are right."""
        outputs, targets = outputs.reshape(len(outputs), -1), targets.reshape(len(targets), -1)
        return int(self.right(outputs, targets).all(axis=1).sum())


class ByLargest:
    """Right when the largest score is the target's class, its number or a row of 0 with a 1 there."""

    def __call__(self, output: Any, target: Any) -> bool:
        return bool(place_of_largest(output) == (place_of_largest(target) if isinstance(target, list) else target))

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
    loss = known(loss)
    if loss in JUDGES:
        return JUDGES[loss]
    if of_numbers := loss in (losses.squared_error, losses.mse):
        if all(y in (0, 1) for y in Y if not isinstance(y, list)) and not isinstance(Y[0], list):
            return _NEARER_TO_1_OR_0
        if isinstance(Y[0], list) and len(Y[0]) > 1 and all(sorted(y) == [0] * (len(y) - 1) + [1] for y in Y):
            return ByLargest()
    if asked:
        why = "the targets are not classes" if of_numbers else "this loss does not say which outputs are right"
        raise ValueError(f"accuracy=True, but {why}; give a function of output and target")
    return None


def known(loss: Any) -> Any:
    """The loss without settings given by `functools.partial`, as smoothing=0.1."""
    return loss.func if isinstance(loss, partial) else loss


class Tally:
    """How many outputs are right, of batch after batch."""

    def __init__(self, judge: Judge) -> None:
        self._judge, self._right = judge, 0
        self._waiting: list[tuple[Any, Any]] = []  # arrays, which are judged many at a time
        self._examples = 0

    def add(self, outputs: Any, targets: Any, listed: Callable[[], Sequence[Any]]) -> None:
        """`targets` are in the engine's form, `listed()` as they were given: a judge of the user's own is asked about
        one of those after the other."""
        if not (hasattr(self._judge, "count") and hasattr(outputs, "dtype")):
            self._right += sum(map(self._judge, outputs.tolist() if hasattr(outputs, "dtype") else outputs, listed()))
            return
        self._waiting.append((outputs, targets))
        self._examples += len(outputs)
        if self._examples >= TOGETHER:
            self.right()

    def right(self) -> int:
        """So far."""
        if self._waiting:
            import numpy as np

            outputs, targets = zip(*self._waiting, strict=True)
            columns = np.concatenate([x.T for x in outputs], axis=-1)  # as they are computed
            self._right += int(self._judge.count(columns.T, np.concatenate(targets)))  # type: ignore[attr-defined]
            self._waiting, self._examples = [], 0
        return self._right


def tallied(judge: Judge, outputs: Any, targets: Any, listed: Callable[[], Sequence[Any]]) -> int:
    """How many outputs of one batch are right."""
    tally = Tally(judge)
    tally.add(outputs, targets, listed)
    return tally.right()


def place_of_largest(scores: Sequence[float]) -> int:
    """The first of them."""
    return max(range(len(scores)), key=scores.__getitem__)


_NEARER_TO_1_OR_0 = ByNumber(lambda p, y: (p > 0.5) == (y > 0.5))

JUDGES: dict[Any, Judge] = {
    losses.cross_entropy: ByLargest(),
    losses.binary_cross_entropy: _NEARER_TO_1_OR_0,
    losses.binary_cross_entropy_with_logits: ByNumber(lambda z, y: (z > 0) == (y > 0.5)),
    losses.hinge: ByNumber(lambda score, y: score * y > 0),
}
