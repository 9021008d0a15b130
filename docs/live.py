"""What the site shows of the library's own making: live pages, and pictures for the pages, light and dark.

`python -m docs.live` draws those of docs/pictures anew, which are what the pages show where they are read as files.
"""

import json
from collections.abc import Callable
from html import escape
from pathlib import Path

import nn
from autograd import Value, draw, sigmoid, step
from autograd.picture import svg
from docs import playground


def write(folder: Path) -> None:
    """A live page for every example and for a network, and what the playground knows of each example."""
    folder.mkdir(parents=True, exist_ok=True)
    known = {}
    for name, example in playground.EXAMPLES.items():
        made = playground.page(example.formula, example.numbers)
        (folder / f"{name}.html").write_text(made.pop("html"), "utf-8")
        known[name] = {"title": example.title, "formula": example.formula, **made}
    (folder / "examples.json").write_text(json.dumps(known, ensure_ascii=False), "utf-8")
    step(network(), "A network of two layers", collapse="layer").save(folder / "network.html")


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


def product() -> Value:
    w, a, y = Value(2.0, "w"), Value(0.5, "a"), Value(0.3, "y")
    cost = (w * a - y) ** 2
    cost.label = "C"
    cost.backward()
    return cost


def network() -> Value:
    model = nn.MLP(2, [3, 1], activation="tanh", seed=1)
    cost = nn.squared_error(model([Value(0.5, "x_1"), Value(-0.3, "x_2")]), Value(1.0, "y"))
    cost.label = "C"
    cost.backward()
    return cost


# What stands on what, from the ground up; a test holds it to the imports.
HOUSE = [
    [("core", "the table, Value, the chain rule")],
    [("derivatives", "grad, jvp, hessian"), ("program", "instructions"), ("picture", "draw, explain, step")],
    [("native", "from a program to machine code")],
    [("batch", "compile"), ("export", "C, JavaScript, JAX"), ("trust", "check_gradients")],
    [("nn", "modules, losses, optimizers, fit")],
]


def house(theme: str) -> str:
    """The wings, floor by floor."""
    paint = {name: pair[theme == "dark"] for name, pair in svg.COLOURS.items()}
    width, height, gap = 720, 58, 10
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {len(HOUSE) * (height + gap)}" width="{width}" '
        f'font-family="{escape(svg.FONT)}" text-anchor="middle">'
    ]
    for k, floor in enumerate(reversed(HOUSE)):
        across = (width + gap) / len(floor) - gap
        for n, (name, words) in enumerate(floor):
            x, y = n * (across + gap), k * (height + gap)
            lines.append(
                f'<rect x="{x:.1f}" y="{y}" width="{across:.1f}" height="{height}" rx="8" fill="{paint["input"]}" '
                f'stroke="{paint["border"]}"/>'
                f'<text x="{x + across / 2:.1f}" y="{y + 25}" font-weight="bold" fill="{paint["ink"]}">{name}</text>'
                f'<text x="{x + across / 2:.1f}" y="{y + 45}" font-size="14" fill="{paint["ink"]}">{words}</text>'
            )
    return "\n".join([*lines, "</svg>"])


PICTURES: dict[str, Callable[[str], str]] = {
    "neuron": lambda theme: draw(neuron(), theme=theme).svg(),
    "primitives": lambda theme: draw(product(), theme=theme, fold=False).svg(),
    "house": house,
    "layers": lambda theme: draw(network(), theme=theme, collapse="layer").svg(),
}

KEPT = {Path(__file__).parent / "pictures" / f"{name}.svg": make for name, make in PICTURES.items() if name != "neuron"}

if __name__ == "__main__":
    for path, make in KEPT.items():
        path.write_text(make("light"), "utf-8")
