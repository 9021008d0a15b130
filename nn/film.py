"""`watch(model, X, Y)`: training as `fit` does it, and a page that shows it: the boundary moving, weights, cost.

The idea: while the model trains, only the numbers of its parameters are kept, after a few epochs. Afterwards they are
put back, one after another, and what the model says of a grid of inputs, its cost and its accuracy are computed. So the
page holds numbers alone and needs no model.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

from autograd import Value, assign, numbers, sigmoid
from autograd.core.words import counted
from autograd.pages import Page, told
from nn import examples, losses
from nn.accuracy import ByLargest, ByNumber, judge_of, known, place_of_largest, tallied
from nn.agreement import engine
from nn.history import History
from nn.layers import Layer
from nn.losses import squared_error
from nn.prediction import parameters_of
from nn.training import fit

FRAMES = 60
SIDE = {True: 32, False: 20}  # points of the grid along each side, where the run is compiled and where not
LINE = 120  # points of the grid where there is one input
MOST_WEIGHTS = 2_000  # that are drawn
MOST_POINTS = 1_000  # of the examples
MOST_CLASSES = 8
MOST_EAGER = 200_000  # examples judged, over all frames, where the run is not compiled
FARTHEST = 12.0  # log(p / (1 − p)) that a byte tells apart
HEIGHT = 720  # of the frame in a notebook, in pixels


class TrainingPage(Page):
    """What `watch` saw: `.history`, `.html()`, `.save("training.html")`; a notebook shows the page in a frame."""

    _kind = "the page of a training"

    def __init__(self, title: str, told: dict[str, Any], history: History) -> None:
        self._title, self._told, self.history = title, told, history
        history._page = self

    def html(self) -> str:
        return self._filled("nn", "training", ["training"], film=told(self._told))

    def __repr__(self) -> str:
        pictures, epochs = counted(len(self._told["epochs"]), "picture"), counted(self.history.epochs, "epoch")
        return f"<TrainingPage: {self._title}; {pictures} of {epochs}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._frame(HEIGHT)}


def watch(
    model: Any,
    X: Any,
    Y: Any,
    loss: Callable[[Any, Any], Any] = squared_error,
    optimizer: Any = None,
    epochs: int = 100,
    *,
    frames: int = FRAMES,
    title: str = "Training",
    inputs: Sequence[str] | None = None,
    targets: Sequence[str] | None = None,
    scales: Sequence[tuple[float, float]] | None = None,
    callback: Callable[[Any, History], Any] | None = None,
    **options: Any,
) -> TrainingPage:
    """Train the model as `fit` does, and keep what a page shows of it: play and scrub through the epochs.

    frames   pictures at most: the start, the end, and between them more of the early epochs, where most happens
    inputs   what the inputs are called
    targets  what the classes are called, or a number's least and its largest
    scales   (shift, size) of each input that was standardised as (x − shift) / size: the axes then say what x was
    options  the other arguments are `fit`'s

    Of one or two inputs the page shows what the model says of each, and where its classes part; of layers, the weights
    as lines, blue above 0 and orange below; of any model the cost and, where targets are classes, the accuracy, over
    all the examples given.
    """
    if not (isinstance(frames, int) and frames >= 2):
        raise ValueError(f"watch: frames= is a whole number, 2 or more, not {frames!r}")
    X, Y = examples.pairs(X, Y)
    for name, given in (("inputs", inputs), ("scales", scales)):
        if given is not None and len(given) != len(X[0]):
            raise ValueError(f"watch: {name}= is one for each input, of which there are {len(X[0])}, not {len(given)}")
    parameters = parameters_of(model)
    kept = {} if options.get("resume") else {0: numbers(parameters)}
    chosen = {round(epochs * (k / (frames - 1)) ** 2) for k in range(frames)} if isinstance(epochs, int) else set()

    def keep(model: Any, history: History) -> Any:
        if history.epochs in chosen:
            kept[history.epochs] = numbers(parameters)
        return callback(model, history) if callback is not None else None

    history = fit(model, X, Y, loss, optimizer, epochs, callback=keep, **options)
    from autograd import label_text

    kept[history.epochs] = numbers(parameters)
    said = ["x"] if len(X[0]) == 1 else [label_text(f"x_{k}") for k in range(1, len(X[0]) + 1)]
    try:
        told = _told(model, parameters, X, Y, loss, kept, history.compiled, options.get("accuracy"))
    finally:
        assign(parameters, kept[history.epochs])
    told |= {
        "inputs": said if inputs is None else [*inputs],
        "targets": told["targets"] if targets is None else _eight(targets),
        "ends": [_ends(ends, scale) for ends, scale in zip(told["extent"], scales or [(0.0, 1.0)] * 2, strict=False)],
    }
    return TrainingPage(title, told, history)


def _told(
    model: Any,
    parameters: Sequence[Value],
    X: list[Any],
    Y: list[Any],
    loss: Callable[[Any, Any], Any],
    kept: dict[int, list[float]],
    compiled: bool,
    accuracy: Any,
) -> dict[str, Any]:
    """What the page knows, a frame for each epoch kept."""
    judge = judge_of(loss, Y, accuracy)
    epochs = sorted(kept)
    if not compiled and len(epochs) * len(X) > MOST_EAGER:
        every = math.ceil(len(epochs) * len(X) / MOST_EAGER)
        epochs = [*epochs[:-1:every], epochs[-1]]
    judged = engine(model, loss, parameters, X, Y, None if compiled else False)
    inputs, targets = judged.table(X), judged.table(Y)
    (said,) = judged.outputs(judged.take(inputs, [0]))
    scale = _Scale(loss, Y, len(examples.flat(said)), len(X[0]) == 2)
    grid, extent = _grid(X, SIDE[judged.compiled]) if scale.names else ([], [])
    surface = engine(model, lambda output, _: output, parameters, grid or X, Y, judged.compiled, costs=False)
    points = surface.table(grid) if grid else None
    layers = [step for step in getattr(model, "layers", ()) if isinstance(step, Layer)]
    told: dict[str, Any] = {
        "epochs": epochs, "cost": [], "accuracy": [] if judge else None, "weights": [], "classes": scale.classes,
        "farthest": scale.farthest, "extent": extent, "points": [], "sizes": [], "targets": scale.names,
    }  # fmt: skip
    if sum(len(n.w) + 1 for layer in layers for n in layer.neurons) <= MOST_WEIGHTS:
        told["sizes"] = [len(layers[0].neurons[0].w), *(len(layer.neurons) for layer in layers)] if layers else []
    if extent:
        told["points"] = [[*map(_short, x), scale.target(y)] for x, y in list(zip(X, Y, strict=True))[:MOST_POINTS]]
    cells = bytearray()
    for epoch in epochs:
        assign(parameters, kept[epoch])
        for run in (judged, surface):
            run.read()
        cost, outputs = judged.cost(inputs, targets)
        told["cost"].append(_short(cost))
        if judge:
            told["accuracy"].append(_short(tallied(judge, outputs, targets, lambda: Y) / len(Y)))
        if told["sizes"]:
            told["weights"].append([_short(p.data) for layer in layers for n in layer.neurons for p in (*n.w, n.b)])
        if grid:
            cells += bytes(scale.cell(output) for output in surface.outputs(points))
    return told | {"cells": base64.b64encode(bytes(cells)).decode()}


def _grid(X: list[Any], side: int) -> tuple[list[list[float]], list[list[float]]]:
    """The inputs that the model is asked about, the last running fastest, and the least and largest of each; nothing
    where there are more than two."""
    columns = list(zip(*X, strict=True))
    if len(columns) > 2 or any(isinstance(x, list) for x in X[0]):
        return [], []
    extent = []
    for column in columns:
        low, high = min(column), max(column)
        edge = 0.12 * (high - low) or 1.0
        extent.append([_short(low - edge), _short(high + edge)])
    side = side if len(columns) == 2 else LINE
    axes = [[low + (high - low) * k / (side - 1) for k in range(side)] for low, high in extent]
    return [list(reversed(x)) for x in product(*reversed(axes))], extent


class _Scale:
    """How outputs and targets are shown: from 0 to 1 where there is one output, or one for each of two classes, with
    the classes parting at ½; the class and how far it is ahead where there are more. Between two classes in a plane it
    is log(p / (1 − p)) that is told, in which the boundary is smooth however steep p is. Several numbers that are not
    one for each class have no names: no colour tells them."""

    def __init__(self, loss: Callable[[Any, Any], Any], Y: list[Any], outputs: int, plane: bool) -> None:
        judge, loss = judge_of(loss, Y, None), known(loss)
        largest, single = isinstance(judge, ByLargest), outputs == len(examples.flat(Y[0])) == 1
        self.logits = loss is losses.cross_entropy
        self.classes = max(2, outputs) if largest else 2 if single and isinstance(judge, ByNumber) else 0
        self.several = self.classes > 2
        self.farthest = FARTHEST if self.classes == 2 and plane else 0.0
        self.beyond = 0.0 if plane else 0.1  # 0 and 1, that a curve is drawn
        self.names: list[str] = []
        self.low, self.high = 0.0, 1.0
        if largest:
            self.names = _eight([f"class {k}" for k in range(self.classes)])
        elif single:
            plain = [y[0] if isinstance(y, list) else y for y in Y]
            if not self.classes:
                self.low, self.high = min(plain), max(plain)
            least = -1.0 if loss is losses.hinge else self.low
            self.names = [f"y = {_said(x, 6)}" for x in (least, self.high)]
        self.squash: Callable[[float], float] = lambda x: (x - self.low) / ((self.high - self.low) or 1.0)
        if loss is losses.binary_cross_entropy_with_logits:
            self.squash = sigmoid
        elif loss is losses.hinge:
            self.squash = lambda x: (x + 1) / 2

    def target(self, y: Any) -> float:
        """A class's number; a number from 0 to 1."""
        if isinstance(y, list):
            y = place_of_largest(y) if len(y) > 1 else y[0]
        if self.several:
            return float(min(y, MOST_CLASSES - 1))
        return float(y > 0.5) if self.classes else _short(self.squash(y))

    def _single(self, output: Any) -> float:
        if not isinstance(output, list) or len(output) == 1:
            return self.squash(output[0] if isinstance(output, list) else output)
        p, q = output  # of two classes
        return sigmoid(q - p) if self.logits else (1.0 + q - p) / 2

    def cell(self, output: Any) -> int:
        """A byte: 255 where a number is 1, of a curve 1.1, and 0 where it is 0 or −0.1; of several classes 32 times the
        number of one, and up to 31 for its lead."""
        if not self.several:
            x = self._single(output)
            if self.farthest:
                p = min(1 - 1e-12, max(1e-12, x))
                x = 0.5 + 0.5 * math.log(p / (1 - p)) / self.farthest
            x = (x + self.beyond) / (1 + 2 * self.beyond)
            return round(255 * min(1.0, max(0.0, x))) if x == x else 127
        scores = output
        if self.logits:
            scores = [math.exp(max(-700.0, s - max(scores))) for s in scores]
            scores = [s / sum(scores) for s in scores]
        best = place_of_largest(scores)
        lead = scores[best] - max(s for k, s in enumerate(scores) if k != best)
        return 32 * min(best, MOST_CLASSES - 1) + round(31 * min(1.0, max(0.0, lead)))


def _eight(names: Sequence[str]) -> list[str]:
    """What the colours stand for: the last for all the classes that have none of their own."""
    return [*names] if len(names) <= MOST_CLASSES else [*names[: MOST_CLASSES - 1], "others"]


def _ends(extent: Sequence[float], scale: tuple[float, float]) -> list[str]:
    """Both ends of an axis, to a hundredth of the way between them."""
    low, high = [x * scale[1] + scale[0] for x in extent]
    digits = 2 - math.floor(math.log10(abs(high - low)))
    return [_said(round(x, digits)) for x in (low, high)]


def _said(x: float, digits: int = 10) -> str:
    return f"{x:.{digits}g}".replace("-", "−")


def _short(x: float) -> float:
    """Four digits: what can be seen."""
    return float(f"{x:.4g}")
