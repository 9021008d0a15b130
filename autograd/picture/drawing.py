"""`draw(C)`: the computational graph as a picture in any format.

The idea: a Drawing is a snapshot. The graph is read once, when it is asked for; whatever is trained afterwards, every
format shows the numbers of that moment.
"""

import base64
import os
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograd.core.sweeps import topological_order
from autograd.core.value import Value
from autograd.core.words import counted
from autograd.files import write
from autograd.picture import convert, dot, loops, model, recurrence, select, svg, tikz
from autograd.picture.collapse import BY, count_groups, key_of
from autograd.picture.formula import typeset
from autograd.picture.scene import Scene, blank, scene

if TYPE_CHECKING:
    import graphviz

NOTEBOOK_NODES = 150  # cards up to which a Value at the end of a notebook cell is drawn
MANY = 60  # cards, above which they are collapsed by neuron: that many make a picture of about a page
LEAST_SCALE = 0.65  # of a picture in a notebook or on a page: letters of 9 pixels


class Drawing:
    """A picture of a graph: `.svg()`, `.html()`, `.text()`, `.graphviz`, `.save("c.svg|png|pdf|dot|html|tex")`."""

    def __init__(self, scene: Scene, theme: str | None, title: str, direction: str = "right") -> None:
        self._scene, self._title, self._direction = scene, title, direction
        self._theme, self._theme_in_notebook = theme or "light", theme or "auto"
        self._format: str | None = None  # of `render`, where asked for

    @property
    def graphviz(self) -> "graphviz.Digraph":
        """The picture as a graphviz.Digraph, for Graphviz to lay out."""
        graph = dot.digraph(self._scene, self._theme, self._direction)
        if self._format is not None:
            graph.format = self._format
        return graph

    def render(self, *arguments: Any, **options: Any) -> str:
        """`graphviz.render(filename, view=…)`: the picture as Graphviz lays it out, in a file; returns its name."""
        return self.graphviz.render(*arguments, **options)

    def svg(self) -> str:
        """A standalone SVG document, the same bytes every time; needs no other program."""
        return svg.draw_svg(self._scene, self._theme, self._title, self._direction)

    def html(self) -> str:
        """A self-contained HTML page with the picture."""
        own = svg.dark_style().replace(".f-paper{", "body{background:" + svg.COLOURS["paper"][1] + "}.f-paper{")
        style = own if self._theme == "auto" else ""
        paper, picture = svg.COLOURS["paper"][svg.shade_of(self._theme)], self.svg()
        return (
            f'<!doctype html>\n<html lang="en"><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width,initial-scale=1">'
            f"<title>{escape(self._title)}</title>"
            f"<style>body{{margin:0;background:{paper}}}svg{{max-width:100%;min-width:{_least_width(picture):.0f}px;"
            f"height:auto}}</style>{style}\n{picture}</html>\n"
        )

    def text(self) -> str:
        """The graph in words: every card on a line, the derivatives of its incoming edges below it."""
        lines: list[str] = []
        arriving: dict[int, list[str]] = {}
        for link in self._scene.links:
            arriving.setdefault(link.target, []).append(link.spoken)
        for index, card in enumerate(self._scene.cards):
            lines.append(card.spoken)
            lines += [f"    {spoken}" for spoken in arriving.get(index, [])]
        lines += [typeset.text(box) for box in self._scene.caption if any([link.back for link in self._scene.links])]
        return "\n".join([*lines, *(f"note: {note}" for note in self._scene.notes)])

    def tikz(self) -> str:
        """A LaTeX document of the class `standalone` with the picture in TikZ."""
        return tikz.document(self._scene, self._theme, self._direction)

    def save(self, path: "str | os.PathLike[str]", timeout: float = 60.0) -> Path:
        """Write the picture; the format is the file's extension.

        PNG and PDF are drawn by Graphviz's dot; where that is not installed, from the SVG by the `png` or `pdf` extra.
        """
        kind = Path(path).suffix.lower().lstrip(".")
        source = lambda: self.graphviz.source
        texts = {"svg": self.svg, "html": self.html, "tex": self.tikz, "dot": source, "gv": source}
        if kind == "txt":
            content = (self.text() + "\n").encode()
        elif kind in texts:
            content = texts[kind]().encode()
        elif kind in ("png", "pdf"):
            content = self._pixels_or_pages(kind, timeout)
        else:
            raise ValueError(f"save: {str(path)!r} ends in none of .svg .html .png .pdf .tex .dot .txt")
        write(path, content)
        return Path(path)

    def _pixels_or_pages(self, kind: str, timeout: float) -> bytes:
        if not dot.is_there() and (made := convert.from_svg(self.svg(), kind)) is not None:
            return made
        return dot.run(self.graphviz.source, kind, timeout)

    def __repr__(self) -> str:
        cards, edges = len(self._scene.cards), len(self._scene.links)
        return f"<Drawing of {self._title}: {counted(cards, 'card')}, {counted(edges, 'edge')}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        picture = svg.draw_svg(self._scene, self._theme_in_notebook, self._title, self._direction)
        return {"text/plain": self.text(), "image/svg+xml": picture, "text/html": image(picture, self._title)}


def image(picture: str, alt: str) -> str:
    """An SVG as an <img>, which notebooks show whether they are trusted or not; a wide one scrolls before its text
    gets too small to read."""
    data = base64.b64encode(picture.encode()).decode()
    style = f"max-width:100%;min-width:{_least_width(picture):.0f}px"
    source = f"data:image/svg+xml;base64,{data}"
    return f'<div style="overflow-x:auto"><img alt="{escape(alt)}" style="{style}" src="{source}"></div>'


def _least_width(picture: str) -> float:
    """Of an SVG on a page, in pixels."""
    return LEAST_SCALE * float(picture.partition('width="')[2].partition('"')[0])


def draw(
    value: Any,
    fold: bool = True,
    collapse: str | bool | None = None,
    depth: int | None = None,
    path_to: Value | None = None,
    max_nodes: int = model.MAX_NODES,
    theme: str | None = None,
    show: str = "numbers",
    direction: str = "right",
) -> Drawing:
    """A picture of the graph that computed a value, with the local derivative on every edge.

    fold       hide unlabelled values that are used once; False shows every primitive
    collapse   "neuron" or "layer": one card per module, by the labels `w_{12}^(1)`; None for what suits the size:
               above 60 cards by neuron, if labels say so; False for every value on its own
    depth      only what is at most this many edges from the value
    path_to    only what lies between this value and the result, and the chain rule along it
    max_nodes  refuse to draw more cards than this
    theme      "light", "dark", or "auto": what the page around it has or the reader's system prefers, where the viewer
               knows style sheets; by default light in a file and "auto" in a notebook
    show       "numbers", or "blank": a worksheet, with the leaves' values given and the rest to be filled in
    direction  "right" or "down": where the output is

    Of a compiled function, or its program, in which there are loops: one step of each, with what flows round into the
    next along dashed links. They have symbols and no numbers, which are others at every step, and below them the chain
    rule of a step, whatever C comes of the loop; of the other settings there are `fold` and the looks.
    """
    check_look("draw", theme, direction)
    if not isinstance(value, Value) and (steps := recurrence.steps(value, fold)):
        if (collapse, depth, path_to, max_nodes, show) != (None, None, None, model.MAX_NODES, "numbers"):
            raise TypeError(
                "draw: the step of a loop is drawn whole, and in symbols: fold=, theme= and direction= are its settings"
            )
        title = f"one step of {', '.join([step.loop.name for step in steps])}"
        return Drawing(loops.scene(steps), theme, title, direction)
    if not isinstance(value, Value):
        raise TypeError(f"draw: a Value is drawn, not {model.instead('draw', value)}")
    if show not in ("numbers", "blank"):
        raise ValueError(f'draw: show="numbers" or "blank", not {show!r}')
    if path_to is not None and not isinstance(path_to, Value):
        raise TypeError(f"draw: path_to= is a Value of the graph, not {type(path_to).__name__}")
    for name, limit in (("depth", depth), ("max_nodes", max_nodes)):
        if limit is not None and not (isinstance(limit, int) and limit >= 0):
            raise ValueError(f"draw: {name}= is a whole number, 0 or more, not {limit!r}")
    if collapse is None and not (fold and depth is None and path_to is None):
        collapse = False
    by = grouping(value, collapse, max_nodes)
    graph = graph_of(value, fold, by, depth, path_to, max_nodes)
    shown = scene(graph, by)
    shown.caption = _caption(graph, path_to) if by is None else []
    if show == "blank":
        shown = blank(shown)
    return Drawing(shown, theme, f"the graph of {typeset.text(graph.root.name)}", direction)


def draw_dot(value: Value, format: str = "svg", rankdir: str = "LR", **options: Any) -> Drawing:
    """`draw` by micrograd's name and with its arguments: `format` is that of `.render()`, `rankdir` "LR" or "TB"."""
    if rankdir not in ("LR", "TB"):
        raise ValueError(f'draw_dot: rankdir="LR" (left to right) or "TB" (top to bottom), not {rankdir!r}')
    drawing = draw(value, direction="down" if rankdir == "TB" else "right", **options)
    drawing._format = format
    return drawing


def check_look(function: str, theme: str | None, direction: str) -> None:
    """Raises ValueError for a theme or a direction that is none."""
    if theme not in (*svg.THEMES, "auto", None):
        raise ValueError(f'{function}: theme="light", "dark" or "auto", not {theme!r}')
    if direction not in svg.DIRECTIONS:
        raise ValueError(f'{function}: direction="right" or "down", not {direction!r}')


def grouping(value: Value, collapse: str | bool | None, max_nodes: int, many: int = MANY) -> str | None:
    """What to collapse by; where that is not said, by neuron if there are more cards than `many` and labels that put
    most of them into neurons."""
    if collapse is not None:
        return str(collapse) if collapse else None
    shown = select.visible(topological_order(value), fold=True)
    fits = count_groups(shown, "neuron") <= min(max_nodes, len(shown) // 2)
    return "neuron" if many < len(shown) <= 100_000 and fits else None


def graph_of(
    value: Value, fold: bool, by: str | None, depth: int | None, path_to: Value | None, max_nodes: int
) -> model.Graph:
    """The graph model; when it is to be collapsed, only the number of groups is limited."""
    if by is None:
        return model.build(value, fold, path_to, depth, max_nodes)
    graph = model.build(value, True, path_to, depth, max(max_nodes, 100_000))
    groups = count_groups([node.value for node in graph.nodes], by)
    if by in BY and not any([key_of(node.value, by) for node in graph.nodes]):
        raise ValueError(
            f'collapse="{by}": this graph has no {by}s; the modules of nn name what they compute, z_1^(1) and a_1^(1), '
            "and labels like these are what is collapsed"
        )
    if groups > max_nodes:
        raise ValueError(f'collapse="{by}" leaves {groups:,} cards, more than max_nodes={max_nodes:,}')
    return graph


def _caption(graph: model.Graph, path_to: Value | None) -> list[typeset.Box]:
    """The chain rule of one value, below the picture: of the one asked for, or of the first parameter."""
    from autograd.picture.paths import one_path

    if path_to is not None:
        chosen = [graph.node_of[path_to]]
    else:
        chosen = [node for node in graph.nodes if node.kind == model.PARAMETER and node.grad is not None][:1]
    return [box for node in chosen if (box := one_path(graph, node)) is not None]


def mimebundle(value: Value) -> dict[str, str]:
    """What a notebook shows for a Value: its graph, or for a large one how to look at it."""
    try:
        shown = draw(value, max_nodes=NOTEBOOK_NODES)
    except ValueError as refusal:
        said = f"{value!r}\n{refusal}"
        return {"text/plain": repr(value), "text/html": f"<pre>{escape(said)}</pre>"}
    return shown._repr_mimebundle_() | {"text/plain": repr(value)}
