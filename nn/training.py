"""`fit`: the training loop. Step by step: mean cost over a batch, its gradient, one step of the optimizer.

    history = nn.fit(model, X, Y, loss=nn.mse, optimizer=nn.Adam(model.parameters(), 0.01), epochs=200)

Compiled or eager, in one go or resumed from a checkpoint, the same numbers come out: the shuffle of an epoch depends on
the seed and the epoch only, and everything else that a step depends on is in the checkpoint.
"""

from __future__ import annotations

import math
import os
import random
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from nn import checkpoints, examples
from nn.accuracy import Judge, judge_of
from nn.engines import Compiled, Eager, engine, first_trouble
from nn.history import History
from nn.interrupts import Interrupts
from nn.losses import squared_error
from nn.optimizers import Adam, Optimizer


def fit(
    model: Any,
    X: Any,
    Y: Any,
    loss: Callable[[Any, Any], Any] = squared_error,
    optimizer: Optimizer | Callable[[list[Any]], Optimizer] | None = None,
    epochs: int = 100,
    batch_size: int | None = None,
    *,
    seed: int | None = None,
    progress: bool = True,
    validation: float | tuple[Any, Any] | None = None,
    patience: int | None = None,
    l2: float = 0.0,
    accuracy: Judge | bool | None = None,
    callback: Callable[[Any, History], Any] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    resume: str | os.PathLike[str] | None = None,
    compiled: bool | None = None,
) -> History:
    """Minimise 1/n Σ loss(model(x), y) + l2 · Σ p² over the parameters p of the model, and say how it went.

    optimizer   an Optimizer of the model's parameters, or a function of them that makes one; Adam at 0.01 by default
    batch_size  examples in a step; all of them by default. Batches are shuffled anew in each epoch, from `seed`
    validation  a fraction of the examples to hold out, or a pair (X, Y); judged after each epoch
    patience    stop after so many epochs without a better validation cost (cost, without one), and take the best back
    accuracy    a function (output, target) → bool; by default the loss knows, where targets are classes
    callback    called as callback(model, history) after each epoch; stops the run by returning something true
    checkpoint  a file written after each epoch; `resume` goes on from one, up to `epochs` in all
    compiled    True or False to demand the compiled or the eager run; by default compiled where it works

    Ctrl-C ends the run after the step under way and keeps what was learned (twice: at once). A cost or gradient that is
    not finite raises FloatingPointError, which names the first such node and keeps the parameters of that step.
    """
    started = time.perf_counter()
    X, Y = examples.pairs(X, Y)
    for name, function, such in (("model", model, "nn.MLP(2, [8, 1])"), ("loss", loss, "nn.mse")):
        if not callable(function):
            raise TypeError(f"fit: {name}= is a function, such as {such}, not {function!r:.60}")
    if callback is not None and not callable(callback):
        raise TypeError(f"fit: callback= is a function of the model and the history, not {callback!r:.60}")
    examples.check_targets(model, loss, X, Y)
    _whole(epochs=epochs, batch_size=batch_size, patience=patience)
    parameters = model.parameters()
    chosen = _optimizer(optimizer, parameters)
    history = History()
    saved = checkpoints.read(resume) if resume is not None else None
    if seed is None:
        seed = saved["seed"] if saved else random.getrandbits(32)
    held_out = None
    if validation is not None:
        X, Y, held_out = _held_out(validation, X, Y, seed, model, loss)
    run = engine(model, loss, parameters, X, Y, compiled)
    batch_size = min(batch_size or len(X), len(X))
    settings = {"seed": seed, "batch_size": batch_size, "examples": len(X), "l2": float(l2)}
    best: dict[str, Any] = {"cost": math.inf, "epoch": 0, "weights": None}
    if saved:
        checkpoints.restore(saved, settings, model, chosen, history, best)
    history.seed, history.compiled, history.stopped = seed, run.compiled, ""
    judge = judge_of(loss, Y, accuracy)
    loop = _Loop(run, chosen, run.table(X), run.table(Y), X, Y, batch_size, seed, float(l2), judge)

    with Interrupts() as interrupts, _bar(progress, history.epochs, epochs) as bar:
        try:
            while history.epochs < epochs and not history.stopped and not interrupts.asked:
                start = model.state_dict() if patience is not None and not held_out else None
                if not loop.epoch(history, model, interrupts):
                    break
                if held_out:
                    _judge_held_out(run, held_out, judge, history)
                bar.set_postfix_str(history.summary(), refresh=False)
                bar.update()
                if patience is not None and _exhausted(best, history, start or model.state_dict(), patience):
                    history.stopped = "early stopping"
                if callback is not None and callback(model, history):
                    history.stopped = history.stopped or "callback"
                if checkpoint is not None:
                    checkpoints.write(checkpoint, settings, model, chosen, history, best)
        except KeyboardInterrupt:
            interrupts.asked = True
    if interrupts.asked and history.epochs < epochs:
        history.stopped = "interrupted"
    elif best["weights"] is not None:
        model.load_state_dict(best["weights"])
    history.seconds += time.perf_counter() - started
    return history


class _Loop(NamedTuple):
    """One epoch after another over fixed examples."""

    run: Eager | Compiled
    optimizer: Optimizer
    inputs: Any
    targets: Any
    X: list[Any]
    Y: list[Any]
    batch_size: int
    seed: int
    l2: float
    judge: Judge | None

    def epoch(self, history: History, model: Any, interrupts: Interrupts) -> bool:
        """Run one, and enter its mean cost and accuracy; False if it was broken off."""
        cost, right, n = 0.0, 0, len(self.X)
        batches = examples.order(n, self.batch_size, self.seed, history.epochs)
        for k, batch in enumerate(batches, 1):
            x, y = self.run.take(self.inputs, batch), self.run.take(self.targets, batch)
            batch_cost, outputs, gradient = self.run.step(x, y, self.l2, self.judge is not None)
            self._check(batch_cost, gradient, batch, history, model)
            self.optimizer.step(gradient)
            cost += batch_cost * len(batch)
            if outputs is not None and self.judge is not None:
                right += sum(map(self.judge, outputs, [self.Y[i] for i in batch]))
            if interrupts.asked and k < len(batches):
                return False
        history.cost.append(cost / n)
        if self.judge is not None:
            history.accuracy.append(right / n)
        return True

    def _check(self, cost: float, gradient: Any, batch: Sequence[int], history: History, model: Any) -> None:
        if gradient is None:
            finite = all(math.isfinite(p.grad) for p in self.optimizer.parameters)
        else:
            finite = math.isfinite(gradient.min()) and math.isfinite(gradient.max())
        if math.isfinite(cost) and finite:
            return
        where = first_trouble(model, self.run.loss, self.X, self.Y, batch)
        what = "the cost" if not math.isfinite(cost) else "the gradient"
        raise FloatingPointError(
            f"fit: {what} is not finite in epoch {history.epochs + 1} (step {self.optimizer.steps + 1}); {where}. "
            "A smaller learning rate often helps."
        )


def _optimizer(given: Any, parameters: list[Any]) -> Optimizer:
    if not parameters:
        raise ValueError("fit: the model has no parameters to train")
    if given is not None and not callable(given) and not isinstance(given, Optimizer):
        raise TypeError(f"fit: optimizer= is one, such as nn.Adam(model.parameters(), 0.01), not {given!r:.60}")
    optimizer = (
        Adam(parameters, 0.01) if given is None else given if isinstance(given, Optimizer) else given(parameters)
    )
    if [id(p) for p in optimizer.parameters] != [id(p) for p in parameters]:
        raise ValueError(
            f"fit: the optimizer moves {len(optimizer.parameters)} parameters that are not the model's "
            f"{len(parameters)}; make it from model.parameters()"
        )
    return optimizer


def _held_out(validation: Any, X: list[Any], Y: list[Any], seed: int, model: Any, loss: Any) -> tuple[Any, Any, Any]:
    if isinstance(validation, tuple | list) and len(validation) == 2:
        pair = examples.pairs(*validation)
        examples.check_targets(model, loss, *pair)
        return X, Y, pair
    if not isinstance(validation, float):
        raise TypeError(f"fit: validation= is a fraction of the examples or a pair (X, Y), not {validation!r:.60}")
    from nn.data import split

    X, Y, X_out, Y_out = split(X, Y, validation, seed)
    return X, Y, (X_out, Y_out)


def _judge_held_out(run: Eager | Compiled, pair: tuple[Any, Any], judge: Judge | None, history: History) -> None:
    X, Y = run.table(pair[0]), run.table(pair[1])
    history.validation_cost.append(run.cost(X, Y))
    if judge is not None:
        history.validation_accuracy.append(sum(map(judge, run.outputs(X), pair[1])) / len(pair[1]))


def _exhausted(best: dict[str, Any], history: History, weights: dict[str, float], patience: int) -> bool:
    """Keep the weights of the lowest cost so far; true when they are `patience` epochs old."""
    cost = (history.validation_cost or history.cost)[-1]
    if cost < best["cost"]:
        best.update(cost=cost, epoch=history.epochs, weights=weights)
    return history.epochs - int(best["epoch"]) >= patience


def _bar(progress: bool, done: int, epochs: int) -> Any:
    from tqdm import tqdm

    return tqdm(total=epochs, initial=done, disable=not progress, unit="epoch", dynamic_ncols=True, desc="training")


def _whole(**counts: int | None) -> None:
    for name, count in counts.items():
        if count is not None and (not isinstance(count, int) or isinstance(count, bool) or count < (name != "epochs")):
            raise ValueError(f"fit: {name} is {count!r}; it must be a whole number above 0")
