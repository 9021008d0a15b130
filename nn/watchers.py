"""What looks on while `fit` trains: after each epoch each watcher is shown the run, and may end it.

A watcher that looks at the model's parameters says `looks`: only then are their numbers put back into the Values.
"""

from __future__ import annotations

import json
import math
import os
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

from nn import agreement, checkpoints
from nn.accuracy import Judge, tallied
from nn.engines import Compiled, Eager
from nn.history import History
from nn.modules import Module
from nn.optimizers import Optimizer


@dataclass
class Best:
    """The lowest cost so far, after which epoch, and with which parameters."""

    cost: float = math.inf
    epoch: int = 0
    weights: Any = None


@dataclass
class Run:
    """A training run: what is trained, how, on what, and where it stands."""

    model: Any
    engine: Eager | Compiled
    optimizer: Optimizer
    X: list[Any]
    Y: list[Any]
    batch_size: int
    seed: int
    l2: float
    judge: Judge | None
    held_out: tuple[Any, Any] | None = None
    history: History = field(default_factory=History)
    best: Best = field(default_factory=Best)

    def targets(self, batch: Sequence[int]) -> list[Any]:
        """Of these examples."""
        return [self.Y[i] for i in batch]

    @property
    def settings(self) -> dict[str, Any]:
        """What a checkpoint must agree in, for the run to go on from it."""
        counts = {"seed": self.seed, "batch_size": self.batch_size, "examples": len(self.X), "l2": self.l2}
        names = {"loss": name_of(self.engine.loss), "method": self.optimizer.method()}
        if isinstance(self.model, Module):
            names["model"] = repr(self.model)
        return counts | names | {"data": self.fingerprint}

    @cached_property
    def fingerprint(self) -> str:
        """A hash of the examples' numbers, those held out included."""
        from hashlib import sha256

        examples = [_floats(self.X), _floats(self.Y), *map(_floats, self.held_out or ())]
        return sha256(json.dumps(examples).encode()).hexdigest()

    def resume(self, saved: dict[str, Any]) -> None:
        """Go on from a checkpoint. ValueError when it was another run, with what differs."""
        checkpoints.restore(saved, self.settings, self.model, self.optimizer, self.history)
        weights = saved["best"]["weights"]
        if isinstance(weights, dict):  # of an older checkpoint
            weights = [*weights.values()]
        self.best = Best(**saved["best"] | {"weights": weights})
        self.engine.read()


def name_of(loss: Any) -> str:
    """As one would call it; two lambdas are not told apart."""
    if isinstance(loss, partial):
        settings = [*map(str, loss.args), *[f"{name}={x}" for name, x in loss.keywords.items()]]
        return f"{name_of(loss.func)}({', '.join(settings)})"
    return getattr(loss, "__qualname__", type(loss).__qualname__)


def _floats(x: Any) -> Any:
    return [_floats(item) for item in x] if isinstance(x, list | tuple) else float(x)


class Watcher:
    looks = False  # at the parameters

    def before(self, run: Run) -> None:
        """An epoch begins, unless a watcher says in `run.history.stopped` why not."""

    def after(self, run: Run) -> None:
        """It is over; to end the run, say why in `run.history.stopped`."""

    def ended(self, run: Run) -> None:
        """All epochs are over, or a watcher ended the run; not when it was interrupted."""


class Agreement(Watcher):
    """Holds the compiled engine to the eager one after epochs 1, 2, 4, 8, …; where they differ it says so, and the run
    goes on eagerly. TypeError instead where the compiled one was demanded."""

    def __init__(self, demanded: bool | None, Y: Sequence[Any]) -> None:
        self.demanded, self.classes = demanded, agreement.classes(Y)

    def before(self, run: Run) -> None:
        epochs = run.history.epochs
        if not isinstance(run.engine, Compiled) or epochs & (epochs - 1) or not epochs:
            return
        run.engine.write()
        if not (found := agreement.difference(run.engine, run.X, run.Y, self.classes, epochs)):
            return
        said = f"after epoch {epochs} {agreement.differs(found)}"
        if self.demanded:
            raise TypeError(f"fit: {said}")
        warnings.warn(f"going on eagerly, because {said}", stacklevel=5)
        run.engine = Eager(run.engine.model, run.engine.loss, run.engine.parameters)
        run.history.compiled = False


class HeldOut(Watcher):
    """Judges the examples that are held out."""

    def __init__(self, run: Run, pair: tuple[Any, Any]) -> None:
        self.X, self.Y = pair
        self.read(run.engine)

    def read(self, engine: Eager | Compiled) -> None:
        self.engine, self.inputs, self.targets = engine, engine.table(self.X), engine.table(self.Y)

    def after(self, run: Run) -> None:
        if self.engine is not run.engine:
            self.read(run.engine)
        cost, outputs = run.engine.cost(self.inputs, self.targets)
        run.history.validation_cost.append(cost)
        if run.judge is not None:
            right = tallied(run.judge, outputs, self.targets, lambda: self.Y)
            run.history.validation_accuracy.append(right / len(self.Y))


class Bar(Watcher):
    """The progress bar."""

    def __init__(self, bar: Any) -> None:
        self.bar = bar

    def after(self, run: Run) -> None:
        self.bar.set_postfix_str(run.history.summary(), refresh=False)
        self.bar.update()


class Patience(Watcher):
    """Ends a run whose cost, on what is held out if anything is, has not fallen for so many epochs; takes the best
    parameters back. The cost of an epoch is that of its steps before each, so its parameters are those it began with.
    """

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs

    def before(self, run: Run) -> None:
        self.start = run.engine.numbers()
        if run.best.weights is not None:  # of a run that is resumed, and may have ended so before
            self._end(run)

    def after(self, run: Run) -> None:
        held_out = run.history.validation_cost
        cost = (held_out or run.history.cost)[-1]
        if cost < run.best.cost:
            run.best = Best(cost, run.history.epochs, run.engine.numbers() if held_out else self.start)
        self._end(run)

    def _end(self, run: Run) -> None:
        if run.history.epochs - run.best.epoch >= self.epochs:
            run.history.stopped = "early stopping"

    def ended(self, run: Run) -> None:
        if run.best.weights is not None:
            run.engine.restore(run.best.weights)


class Callback(Watcher):
    """The user's function of the model and the history, which ends the run by returning something true."""

    looks = True

    def __init__(self, function: Callable[[Any, History], Any]) -> None:
        self.function = function

    def after(self, run: Run) -> None:
        if self.function(run.model, run.history):
            run.history.stopped = run.history.stopped or "callback"


class Checkpoint(Watcher):
    """Writes where the run stands to a file."""

    looks = True

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = path

    def after(self, run: Run) -> None:
        weights = run.best.weights
        best = vars(run.best) | {"weights": None if weights is None else [*map(float, weights)]}
        checkpoints.write(self.path, run.settings, run.model, run.optimizer, run.history, best)
