"""Training on more data than memory holds: each step sums the gradient over shards, wherever a `map` takes them.

shards = nn.Shards(paths, read, map=executor.map)        # read(path) → (X, Y)
nn.fit(model, shards, loss=nn.mse, epochs=50)
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from typing import Any

from autograd import numbers
from nn.examples import listed
from nn.history import History
from nn.interrupts import Interrupts


class Shards:
    """Pieces of a data set, what reads one as (X, Y), and what maps over them: the builtin, an executor's, dask's."""

    def __init__(self, items: Iterable[Any], load: Callable[[Any], Any], map: Callable[..., Any] = map) -> None:
        self.items, self.load, self.map = list(items), load, map
        if not self.items:
            raise ValueError("Shards: there are none")


class Cost:
    """loss(model(x), y), as something that can be sent to another process."""

    def __init__(self, model: Any, loss: Any) -> None:
        self.model, self.loss = model, loss

    def __call__(self, x: Any, y: Any) -> Any:
        return self.loss(self.model(listed(x)), listed(y))


def train(model: Any, shards: Shards, loss: Any, optimizer: Any, epochs: int, l2: float, bar: Any) -> History:
    """A step of the optimizer for each epoch, by the gradient of the mean over all examples of all shards."""
    started, history = time.perf_counter(), History()
    from autograd import compile

    parameters, cost = [*model.parameters()], compile(Cost(model, loss))
    history.compiled = True
    with Interrupts() as interrupts:
        while history.epochs < epochs and not interrupts.asked:
            mean, found = cost.over(shards.items, shards.load, map=shards.map)
            place = {p: i for i, p in enumerate(cost.parameters)}
            gradient = [float(found[place[p]]) if p in place else 0.0 for p in parameters]
            if l2:
                at = numbers(parameters)
                mean += l2 * sum(p * p for p in at)
                gradient = [g + 2 * l2 * p for g, p in zip(gradient, at, strict=True)]
            if not math.isfinite(mean) or not all(map(math.isfinite, gradient)):
                raise FloatingPointError(
                    f"fit: the cost or the gradient is not finite in epoch {history.epochs + 1}; fit on one shard "
                    "alone names the node. A smaller learning rate often helps."
                )
            for p, g in zip(parameters, gradient, strict=True):
                p.grad = g
            optimizer.step()
            history.cost.append(float(mean))
            if bar is not None:
                bar.set_postfix_str(history.summary(), refresh=False)
                bar.update()
    history.stopped = "interrupted" if interrupts.asked and history.epochs < epochs else ""
    history.seconds = time.perf_counter() - started
    return history
