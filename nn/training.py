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
from contextlib import nullcontext
from functools import partial
from operator import index
from typing import Any

from autograd.core.words import counted
from nn import checkpoints, examples
from nn.accuracy import Judge, Tally, judge_of
from nn.agreement import engine as engine_for
from nn.engines import depends, first_trouble
from nn.history import History
from nn.interrupts import Interrupts
from nn.losses import squared_error
from nn.optimizers import Adam, Optimizer, at_least_0
from nn.shards import Shards
from nn.shards import train as train_on_shards
from nn.watchers import Agreement, Bar, Callback, Checkpoint, HeldOut, Patience, Run, Watcher


def fit(
    model: Any,
    X: Any,
    Y: Any = None,
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
    engine: str | None = None,
    devices: Any = None,
) -> History:
    """Minimise 1/n Σ loss(model(x), y) + l2 · Σ p² over the parameters p of the model, and say how it went.

    X, Y        as many examples and targets; or Shards and nothing, for more data than memory holds
    optimizer   an Optimizer of the model's parameters, or a function of them that makes one; Adam at 0.01 by default
    batch_size  examples in a step; all of them by default. Batches are shuffled anew in each epoch, from `seed`
    validation  a fraction of the examples to hold out, or a pair (X, Y); judged after each epoch
    patience    stop after so many epochs without a better validation cost (cost, without one), and take the best back
    accuracy    a function (output, target) → bool; by default the loss knows, where targets are classes
    callback    called as callback(model, history) after each epoch; stops the run by returning something true
    checkpoint  a file written after each epoch; `resume` goes on from one, up to `epochs` in all
    compiled    True or False to demand the compiled or the eager run; by default compiled where it works and a few
                examples, compared before it is trusted and after epochs 1, 2, 4, 8, …, cost what they do eagerly
    engine      the same by name, "native" or "eager", or "jax": XLA, on the first of JAX's devices, or with the
                batch cut between these `devices`; it compiles once for each size of batch

    The model gets inputs as Values, so derivatives in the inputs may be part of a cost. ValueError when no example's
    cost depends on a parameter.

    Ctrl-C ends the run after the step under way and keeps what was learned (twice: at once). A cost or gradient that is
    not finite raises FloatingPointError, which names the first such node and keeps the parameters of that step.
    """
    started = time.perf_counter()
    epochs = _whole("epochs", epochs, 0)
    batch_size = None if batch_size is None else _whole("batch_size", batch_size)
    patience = None if patience is None else _whole("patience", patience)
    l2 = at_least_0("fit", "l2", l2)
    if isinstance(X, Shards):
        _no_others(Y=Y, batch_size=batch_size, validation=validation, patience=patience, callback=callback)
        _no_others(accuracy=accuracy, checkpoint=checkpoint, resume=resume, compiled=compiled, engine=engine)
        _no_others(devices=devices)
        chosen = _optimizer(optimizer, _parameters(model))
        with _bar(progress, 0, epochs) as bar:
            return train_on_shards(model, X, loss, chosen, epochs, l2, bar)
    X, Y = examples.pairs(X, Y)
    for name, function, such in (("model", model, "nn.MLP(2, [8, 1])"), ("loss", loss, "nn.mse")):
        if not callable(function):
            remedy = "; call its `forward` `__call__`" if hasattr(function, "forward") else ""
            raise TypeError(f"fit: {name}= is a function, such as {such}, not {function!r:.60}{remedy}")
    if callback is not None and not callable(callback):
        raise TypeError(f"fit: callback= is a function of the model and the history, not {callback!r:.60}")
    examples.check_targets(model, loss, X, Y)
    parameters = _parameters(model)
    chosen = _optimizer(optimizer, parameters)
    for name, path in (("checkpoint", checkpoint), ("resume", resume)):
        if path is not None and not isinstance(path, str | os.PathLike):
            raise TypeError(f"fit: {name}= is the name of a file, such as 'run.json', not {path!r:.60}")
        if path is not None and not hasattr(model, "state_dict"):
            raise TypeError(f"fit: {name}= needs a model with a state_dict(), as an nn.Module: {model!r:.60} has none")
    if devices is not None and engine != "jax":
        raise ValueError('fit: devices= are JAX\'s; say engine="jax" too')
    saved = checkpoints.read(resume) if resume is not None else None
    if seed is None:
        seed = saved["seed"] if saved else random.getrandbits(32)
    elif hasattr(seed, "__index__"):
        seed = index(seed)
    held_out = None
    if validation is not None:
        X, Y, held_out = _held_out(validation, X, Y, seed, model, loss)
    if not depends(model, loss, parameters, X, Y):
        raise ValueError(
            "fit: the cost of no example depends on a parameter of the model, so there is nothing to learn: was a "
            "number taken out of a Value (.data, no_grad, stop_gradient, round, //), or is the output not used?"
        )
    run = Run(
        model,
        engine_for(model, loss, parameters, X, Y, compiled, named=engine, devices=devices),
        chosen,
        X,
        Y,
        min(batch_size or len(X), len(X)),
        seed,
        l2,
        judge_of(loss, Y, accuracy),
        held_out,
    )
    if saved:
        run.resume(saved)
    run.history.seed, run.history.compiled, run.history.stopped = seed, run.engine.compiled, ""

    with _bar(progress, run.history.epochs, epochs) as bar:
        watchers: list[Watcher] = [Agreement(compiled, Y)]
        watchers += [HeldOut(run, held_out)] if held_out else []
        watchers += [Bar(bar)] if progress else []
        watchers += [Patience(patience)] if patience is not None else []
        watchers += [Callback(callback)] if callback is not None else []
        watchers += [Checkpoint(checkpoint)] if checkpoint is not None else []
        train(run, epochs, watchers)
    run.history.seconds += time.perf_counter() - started
    return run.history


def _parameters(model: Any) -> list[Any]:
    if not hasattr(model, "parameters"):
        raise TypeError(
            "fit: a model has parameters(), as an nn.Module: write a class of it with the parameters in attributes "
            f"and a __call__, which is what the {type(model).__name__} computes"
        )
    return [*model.parameters()]


def _no_others(**given: Any) -> None:
    """Shards are read anew for every step, and each step is one over all of them."""
    for name, value in given.items():
        if value is not None:
            raise ValueError(f"fit: {name}= does not go with Shards: an epoch is one step over all of them")


def train(run: Run, epochs: int, watchers: Sequence[Watcher]) -> None:
    """Epoch after epoch, up to so many in all or until a watcher or Ctrl-C ends it."""
    history, engine = run.history, None
    with Interrupts() as interrupts:
        try:
            while history.epochs < epochs and not history.stopped and not interrupts.asked:
                for watcher in watchers:
                    watcher.before(run)
                if history.stopped:
                    break
                if engine is not run.engine:  # the first, or one that took over
                    engine = run.engine
                    inputs, targets = engine.table(run.X), engine.table(run.Y)
                if not _epoch(run, inputs, targets, interrupts):
                    break
                for watcher in watchers:
                    _show(run, watcher)
        except KeyboardInterrupt:
            interrupts.asked = True
        finally:
            run.engine.write()
    if interrupts.asked and history.epochs < epochs:
        history.stopped = "interrupted"
        return
    for watcher in watchers:
        watcher.ended(run)
    run.engine.write()


def _show(run: Run, watcher: Watcher) -> None:
    """Show the run to a watcher, with the parameters in their Values if it looks at those; it may have moved them."""
    if not watcher.looks:
        watcher.after(run)
        return
    run.engine.write()
    try:
        watcher.after(run)
    finally:
        run.engine.read()


def _epoch(run: Run, inputs: Any, targets: Any, interrupts: Interrupts) -> bool:
    """One pass over the examples: enters its mean cost and accuracy. False if it was broken off."""
    engine, cost, n = run.engine, 0.0, len(run.X)
    tally = None if run.judge is None else Tally(run.judge)
    batches = examples.order(n, run.batch_size, run.seed, run.history.epochs, arrays=engine.compiled)
    for k, batch in enumerate(batches, 1):
        x, y = engine.take(inputs, batch), engine.take(targets, batch)
        step = engine.step(x, y, run.l2)
        if not (math.isfinite(step.cost) and _all_finite(step.gradient)):
            raise _not_finite(run, step.cost, batch)
        engine.move(run.optimizer, step.gradient)
        cost += step.cost * len(batch)
        if tally is not None:
            tally.add(step.outputs, y, partial(run.targets, batch))
        if interrupts.asked and k < len(batches):
            return False
    run.history.cost.append(cost / n)
    if tally is not None:
        run.history.accuracy.append(tally.right() / n)
    return True


def _all_finite(gradient: Any) -> bool:
    """Their sum, or that of their squares, says so at once, unless finite ones overflow in it."""
    total = sum(gradient) if isinstance(gradient, list) else gradient.dot(gradient)
    return math.isfinite(total) or all(map(math.isfinite, gradient))


def _not_finite(run: Run, cost: float, batch: Sequence[int]) -> FloatingPointError:
    run.engine.write()
    where = first_trouble(run.model, run.engine.loss, run.engine.parameters, run.X, run.Y, batch)
    what = "the cost" if not math.isfinite(cost) else "the gradient"
    return FloatingPointError(
        f"fit: {what} is not finite in epoch {run.history.epochs + 1} (step {run.optimizer.steps + 1}); {where}. "
        "A smaller learning rate often helps."
    )


def _optimizer(given: Any, parameters: list[Any]) -> Optimizer:
    if not parameters:
        raise ValueError(
            "fit: the model has no parameters to train: these are Values in its attributes, or in lists, dicts, arrays "
            "and modules there"
        )
    if given is not None and not callable(given) and not isinstance(given, Optimizer):
        raise TypeError(f"fit: optimizer= is one, such as nn.Adam(model.parameters(), 0.01), not {given!r:.60}")
    optimizer = (
        Adam(parameters, 0.01) if given is None else given if isinstance(given, Optimizer) else given(parameters)
    )
    moved = optimizer.parameters
    if [id(p) for p in moved] != [id(p) for p in parameters]:
        if {*moved} < {*parameters}:
            raise ValueError(
                f"fit: the optimizer moves {len(moved)} of the model's {counted(len(parameters), 'parameter')}; to "
                "train those alone, let the model's parameters() return them and no others"
            )
        raise ValueError(
            f"fit: the optimizer moves {counted(len(moved), 'parameter')} that are not the model's "
            f"{len(parameters)}; make it from model.parameters()"
        )
    return optimizer


def _held_out(validation: Any, X: list[Any], Y: list[Any], seed: int, model: Any, loss: Any) -> tuple[Any, Any, Any]:
    if isinstance(validation, tuple | list) and len(validation) == 2:
        try:
            pair = examples.pairs(*validation)
            examples.check_targets(model, loss, *pair)
        except (TypeError, ValueError, IndexError) as error:
            raise type(error)(f"validation: {error}") from None
        return X, Y, pair
    if not isinstance(validation, float):
        raise TypeError(f"fit: validation= is a fraction of the examples or a pair (X, Y), not {validation!r:.60}")
    from nn.data import split

    X, Y, X_out, Y_out = split(X, Y, validation, seed)
    return X, Y, (X_out, Y_out)


def _bar(progress: bool, done: int, epochs: int) -> Any:
    if not progress:
        return nullcontext()
    try:
        from tqdm import tqdm
    except ImportError:
        raise ImportError("fit: progress=True shows a bar of tqdm's: pip install tqdm, or progress=False") from None
    return tqdm(total=epochs, initial=done, unit="epoch", dynamic_ncols=True, desc="training")


def _whole(name: str, count: Any, least: int = 1) -> int:
    if isinstance(count, bool) or not hasattr(count, "__index__") or index(count) < least:
        raise ValueError(f"fit: {name} is {count!r}; it must be a whole number, {least} or more")
    return index(count)
