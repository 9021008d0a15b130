"""The lecture as a program: one example forward, every chain rule beside its finite difference, then training.

    C₀ = (a − y)²,  z = w·a + b,  a = σ(z);  over n examples the cost is 1/n · Σₖ Cₖ

`python -m nn` runs `main`. Everything it prints is computed here and now, from the data and the seed.
"""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

from autograd import Value, finite_difference, label_text, topological_order
from autograd.core.words import counted
from autograd.files import printable
from autograd.terminal import Options, complain, wrapped
from nn.data import CHALLENGER, DataError, read_csv
from nn.film import watch
from nn.layers import MLP
from nn.losses import squared_error
from nn.optimizers import SGD
from nn.prediction import evaluate
from nn.standardised import BESIDE, Examples, written

LISTED = 40  # numbers of the forward pass that are printed
MOST_PARAMETERS = 5_000  # each is differentiated six more times, by differences
EXPLAINED = 12  # parameters whose chain rule is written out


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the lecture; the exit status: 0, 2 for data or options that cannot be used, 1 for a training that fails."""
    options = _options(arguments)
    try:
        data = Examples(
            read_csv(CHALLENGER if options.data is None else options.data, options.target),
            options.data, options.rows, options.seed,
        )  # fmt: skip
        sizes = _sizes(options.layers or _usual(data), data)
        os.makedirs(options.out, exist_ok=True)
    except DataError as error:
        complain(f"python -m nn: {printable(error)}")
        return 2
    except OSError as error:
        complain(f"python -m nn: --out {options.out!r}: {error.strerror}; give a folder that can be made")
        return 2
    model = MLP(sizes[0], sizes[1:], activation="sigmoid", output="sigmoid", seed=options.seed)
    print(data.description())
    print(wrapped(f"network    {model!r}, initial weights from seed {options.seed}", BESIDE), end="\n\n")

    x, y = data.X[0], data.Y[0]
    print(wrapped(f"One example forward: {data.said(0)}", BESIDE))
    cost = _cost(model, x, y)
    print("\n".join(_forward(cost)))
    cost.backward()
    print("\nThe chain rule with the numbers of this example, beside finite differences of C₀")
    print("\n".join(_chain_rules(model, cost, lambda: _cost(model, x, y).data)))
    files = _pictures(cost, model.parameters(), options.out)

    before = evaluate(model, data.X, data.Y).cost
    examples = counted(len(data.X), "example")
    print(f"\nTraining on the mean cost 1/n Σ Cₖ of {examples} by gradient descent, lr = {options.lr:g}", flush=True)
    try:
        page = watch(model, data.X, data.Y, loss=squared_error, optimizer=SGD(model.parameters(), options.lr),
                     epochs=options.epochs, seed=options.seed, inputs=data.table.names[:-1], targets=data.ends(),
                     scales=data.scales, title=f"Training on {data.title}")  # fmt: skip
    except FloatingPointError as error:
        complain(f"python -m nn: {error}")
        return 1
    history = page.history
    files.append(_written(os.path.join(options.out, "training.html"), [("the training, epoch by epoch", lambda: page)]))
    after = evaluate(model, data.X, data.Y)
    epochs = counted(history.epochs, "epoch")
    ended = f" ({history.stopped} after {epochs})" if history.stopped else f" after {epochs}"
    print(f"cost       {before:.6f} before, {after.cost:.6f}{ended}")
    if after.accuracy is not None:
        print(f"accuracy   {100 * after.accuracy:.1f} %")
    print("\n".join(data.predictions(model)))
    print("\n" + "\n".join(files))
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = Options(
        prog="python -m nn",
        description="Backpropagation in a small network, shown on one example and then used on all of them.",
    )
    parser.add_argument(
        "data",
        nargs="?",
        help="a CSV file with a header row and any number of columns of numbers, the target in the last, numbers or "
        "words (by default: the Space Shuttle's O-rings, damaged or not at the launch temperature)",
    )
    parser.add_argument("--target", metavar="COLUMN", help="the column of the target, where it is not the last")
    parser.add_argument(
        "--layers",
        help="how many inputs, neurons in each hidden layer, and outputs, as in 2-8-1 "
        "(1-1-1-1 for one input, n-4-m for more)",
    )
    parser.add_argument("--epochs", type=_above(int, 0), default=1000, help="passes over the data (%(default)s)")
    parser.add_argument("--lr", type=_above(float, 0.0), default=5.0, help="learning rate (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="what the initial weights are drawn by (%(default)s)")
    parser.add_argument(
        "--rows",
        type=_above(int, 1),
        default=10_000,
        help="of a longer file, train on so many rows, drawn by the seed (%(default)s)",
    )
    parser.add_argument(
        "--out", default=".", help="folder for network.svg, steps.html and training.html (by default this one)"
    )
    return parser.parse_args(arguments)


def _above(kind: Callable[[str], Any], least: float) -> Callable[[str], Any]:
    def number(text: str) -> Any:
        try:
            value = kind(text)
        except ValueError:
            value = math.nan
        if not least <= value < math.inf:
            what = "whole number" if kind is int else "number"
            raise argparse.ArgumentTypeError(f"{text!r} is no {what} of {least:g} or more")
        return value

    return number


def _usual(data: Examples) -> str:
    """The lecture's network for one number from one number; otherwise one hidden layer, small enough to show."""
    nin, nout = len(data.table.names) - 1, data.outputs
    hidden = max(1, min(4, (MOST_PARAMETERS - nout) // (nin + 1 + nout)))
    return "1-1-1-1" if nin == nout == 1 else f"{nin}-{hidden}-{nout}"


def _sizes(layers: str, data: Examples) -> list[int]:
    sizes = [int(part) if part.strip().isdecimal() else 0 for part in layers.split("-")]
    if len(sizes) < 2 or min(sizes) < 1:
        raise DataError(f"--layers {layers!r}: give the size of each layer, 1 or more, as in 1-1-1-1")
    columns = data.table.names[:-1]
    if sizes[0] != len(columns):
        raise DataError(
            f"--layers {layers}: the first number must be {len(columns)}, for the input "
            f"column{'s'[: len(columns) != 1]} {', '.join(columns)} of {data.name}"
        )
    if sizes[-1] != data.outputs:
        target = data.table.names[-1]
        number = f"one target, {target!r}" if data.outputs == 1 else f"{data.outputs} classes of {target!r}"
        raise DataError(f"--layers {layers}: there {'is' if data.outputs == 1 else 'are'} {number}, "
                        f"so the last must be {data.outputs}")  # fmt: skip
    if (parameters := sum((nin + 1) * nout for nin, nout in pairwise(sizes))) > MOST_PARAMETERS:
        raise DataError(f"--layers {layers}: {parameters:,} parameters; {MOST_PARAMETERS:,} are the most shown here")
    return sizes


def _cost(model: MLP, x: Sequence[float], y: Any) -> Value:
    """C₀ of one example, with x and y in the graph under their names."""
    inputs = [Value(v, "x" if len(x) == 1 else f"x_{k}") for k, v in enumerate(x, 1)]
    targets = [Value(v, f"y_{k}") for k, v in enumerate(y, 1)] if isinstance(y, list) else Value(y, "y")
    cost: Value = squared_error(model(inputs), targets)
    cost.label = "C_0"
    return cost


def _forward(cost: Value) -> Iterator[str]:
    """Every named number of the forward pass, operands first; of a big network the cost alone."""
    order: dict[Value, None] = {}
    for z in topological_order(cost):
        if z.op:  # beside it the leaves that it is made from
            order |= dict.fromkeys([*[x for x in z.operands if not x.op], z])
    shown = [v for v in order if v.label]
    for v in shown if len(shown) <= LISTED else shown[-1:]:
        made = {"dot": " = w·a + b", "sigmoid": " = σ(z)", "pow": " = (a − y)²"}.get(v.op, "")
        yield f"  {label_text(v.label)}{made} = {written(v.data)}"


def _chain_rules(model: MLP, cost: Value, again: Callable[[], float]) -> Iterator[str]:
    """Each parameter's derivation, its finite difference, and at the end how far the two are apart at most."""
    from autograd import explain

    worst, named = 0.0, model.parameters()
    for k, p in enumerate(named):
        difference = _difference(p, again)
        worst = max(worst, abs(p.grad - difference))
        if k < EXPLAINED:
            yield f"\n{explain(cost, wrt=p)}"
            yield f"  finite difference {written(difference, 10)}, chain rule {written(p.grad, 10)}"
    if len(named) > EXPLAINED:
        yield f"\n… and {len(named) - EXPLAINED} more"
    yield f"\nlargest disagreement between chain rule and finite difference: {written(worst, 2)}"


def _difference(p: Value, again: Callable[[], float]) -> float:
    """∂C/∂p as a finite difference; p is put back."""
    centre = p.data

    def at(x: float) -> float:
        p.data = x
        return again()

    try:
        return finite_difference(at, centre)
    finally:
        p.data = centre


def _pictures(cost: Value, parameters: Sequence[Value], folder: str) -> list[str]:
    """Draw the graph of the example and its steps, of a big network as much as fits; what was written, or why not."""
    from autograd import draw, step

    graph, steps = "the graph with its local derivatives", "one step of backpropagation at a time"
    wanted: dict[str, list[tuple[str, Callable[[], Any]]]] = {
        "network.svg": [
            (graph, lambda: draw(cost, collapse=False)),
            (f"{graph}, one card a neuron", lambda: draw(cost, collapse="neuron")),
            (f"{graph}, one card a layer", lambda: draw(cost, collapse="layer")),
        ],
        "steps.html": [
            (f"the same, {steps}", lambda: step(cost)),
            *[
                (f"{steps}, down to {label_text(p.label)}", partial(step, cost, path_to=p))
                for p in (parameters[0], parameters[-1])
            ],
        ],
    }
    return [_written(os.path.join(folder, name), pictures) for name, pictures in wanted.items()]


def _written(path: str, pictures: Sequence[tuple[str, Callable[[], Any]]]) -> str:
    """Write the first picture that can be drawn; what it was, or why there is none."""
    line = ""
    for what, picture in pictures:
        try:
            picture().save(path)
        except ValueError as error:  # too many cards: the next has fewer
            line = f"not written: {path}: {error}"
            continue
        except (OSError, ImportError, RuntimeError) as error:
            line = f"not written: {path}: {error}"
        else:
            line = f"wrote      {path}: {what}"
        break
    return line
