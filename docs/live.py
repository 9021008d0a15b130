"""What the site shows of the library's own making: live pages, and pictures for the pages, light and dark."""

import json
from collections.abc import Callable
from pathlib import Path

import nn
from autograd import Value, draw, sigmoid
from docs import playground


def write(folder: Path) -> None:
    """A live page for every example, and what the playground knows of each."""
    folder.mkdir(parents=True, exist_ok=True)
    known = {}
    for name, example in playground.EXAMPLES.items():
        made = playground.page(example.formula, example.numbers)
        (folder / f"{name}.html").write_text(made.pop("html"), "utf-8")
        known[name] = {"title": example.title, "formula": example.formula, **made}
    (folder / "examples.json").write_text(json.dumps(known, ensure_ascii=False), "utf-8")


def pictures(folder: Path) -> None:
    """name-light.svg and name-dark.svg of every picture."""
    folder.mkdir()
    for name, make in PICTURES.items():
        for theme in ("light", "dark"):
            (folder / f"{name}-{theme}.svg").write_text(make(theme), "utf-8")


def neuron() -> Value:
    w, a, b, y = Value(2.0, "w"), Value(0.5, "a^(L-1)"), Value(-0.3, "b"), Value(1.0, "y")
    z = w * a + b
    out = sigmoid(z)
    cost = (out - y) ** 2
    z.label, out.label, cost.label = "z", "a^(L)", "C"
    cost.backward()
    return cost


def network() -> Value:
    model = nn.MLP(2, [3, 1], activation="tanh", seed=1)
    cost = nn.squared_error(model([Value(0.5, "x_1"), Value(-0.3, "x_2")]), Value(1.0, "y"))
    cost.label = "C"
    cost.backward()
    return cost


PICTURES: dict[str, Callable[[str], str]] = {
    "neuron": lambda theme: draw(neuron(), theme=theme).svg(),
    "primitives": lambda theme: draw(neuron(), theme=theme, fold=False).svg(),
    "layers": lambda theme: draw(network(), theme=theme, collapse="layer").svg(),
}
