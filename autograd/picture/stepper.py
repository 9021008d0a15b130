"""`step(C)`: one self-contained HTML page that walks through the forward pass and then back, edge by edge.

The idea: the page holds the final picture and, for every value and every edge, the few fragments it is told with
(name, formula, number). The scripts of `page/` compose the steps from those, so a step costs nothing in the file.
Beside them it holds the graph as `live` prints it, so that a leaf can be dragged and everything follows.
"""

import re
from dataclasses import replace
from html import escape
from typing import Any

from autograd.core.sweeps import topological_order
from autograd.core.value import Value
from autograd.core.words import counted
from autograd.pages import Page, told
from autograd.picture import live, model, svg
from autograd.picture.drawing import check_look, graph_of, grouping, image
from autograd.picture.formula import stacked, typeset
from autograd.picture.formula.typeset import Box
from autograd.picture.layout import Layout
from autograd.picture.model import Edge, Graph, Node
from autograd.picture.modules import modules
from autograd.picture.scene import Scene, right_hand_side, scene

MAX_NODES = 300
MANY = 12  # cards, above which they stand in modules: that many fit a screen
SLIDE = 948, 341  # what a screen of 960 × 540 leaves for the picture, in pixels
LEGIBLE = 9 / svg.TEXT  # pixels per unit of a picture that can be read
MOST_COMPACT = 60  # cards; more cannot be read at once
TALLEST = 840  # frame in a notebook, in pixels
HEIGHT = 400  # of the page beyond its picture, in pixels
MOST_INSIDE = 3000  # values in all modules
SCRIPTS = "engine mathematics view modules compact picture leaves controls".split()  # in the order in which they run


class Stepper(Page):
    """The page: `.html()`, `.save("backprop.html")`; a notebook shows it in a frame."""

    _kind = "the step-by-step page"

    def __init__(self, graph: Graph, title: str, by: str | None, theme: str, direction: str) -> None:
        self._title, self._theme, self._direction = title, theme, direction
        self._scene: Scene = scene(graph, by)
        self._story = _story(graph)
        self._engine = live.script(graph.order) or ""
        self._root = typeset.text(graph.root.name)
        if by is None:
            layout = svg.place(self._scene, direction)
            ids = svg.Ids([f"n{k}" for k in range(len(graph.nodes))], range(len(graph.edges)))
            self._shapes = svg.shapes(self._scene, layout, svg.class_paint, ids)
            self._size = layout.width, layout.height
            if compact := _compact(self._scene, layout):
                self._story["compact"] = compact
        else:
            self._shapes, *size, told = modules(graph, by, direction)
            self._size = size[0], size[1]
            self._story |= told

    def html(self) -> str:
        picture = "\n".join(self._shapes)
        width, height = self._size
        return self._filled(
            "autograd.picture",
            "step",
            SCRIPTS,
            theme="" if self._theme == "auto" else f" data-theme={self._theme}",
            font=svg.FONT,
            size=f"{svg.TEXT:g}",
            width=f"{width:.0f}",
            height=f"{height:.0f}",
            picture=re.sub(r'="([\w.#-]+)"(?=[ >])', r"=\1", picture),  # HTML does without the quotes
            notes="".join(f"<p class=note>⚠ {escape(note)}</p>" for note in self._scene.notes),
            root=escape(self._root),
            engine=self._engine,
            story=told(self._story),
        )

    def __repr__(self) -> str:
        cards, edges = counted(len(self._scene.cards), "card"), counted(len(self._scene.links), "edge")
        return f"<Stepper: {self._title}; {cards}, {edges}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """The page in a frame over the still picture, which is what remains in an untrusted notebook."""
        height = min(self._size[1] + HEIGHT, TALLEST)
        still = image(svg.draw_svg(self._scene, self._theme, self._title, self._direction), self._title)
        still = f'<div style="grid-area:1/1;min-width:0;max-height:{TALLEST}px;overflow:auto">{still}</div>'
        frame = self._frame(height, "grid-area:1/1;")
        box = f'<div style="display:grid">{still}{frame}</div>'  # as tall as what is left of the two
        return {"text/plain": repr(self), "text/html": box}


def step(
    value: Value,
    title: str | None = None,
    fold: bool = True,
    path_to: Value | None = None,
    max_nodes: int = MAX_NODES,
    *,
    collapse: str | bool | None = None,
    theme: str = "auto",
    direction: str = "right",
) -> Stepper:
    """A page that steps through backpropagation from a value: forward by operations, backward by edges.

    path_to    only what lies between this value and the result
    max_nodes  refuse more cards than this
    collapse   "neuron", or "layer" with its neurons within: modules that a click opens and closes, open at first as far
               as the screen has room; None for layers above 12 cards, if labels say so; False for none
    theme      "light", "dark", or "auto": what the reader's system, or the notebook, prefers
    direction  "right" or "down": where the output is
    """
    if not isinstance(value, Value):
        raise TypeError(f"step: a Value is stepped through, not {model.instead('step', value)}")
    check_look("step", theme, direction)
    if collapse is None and not (fold and path_to is None):
        collapse = False
    by = grouping(value, collapse, max_nodes, MANY)
    by = "layer" if by and collapse is None else by
    graph = graph_of(value, fold, by, None, path_to, max_nodes)
    if len(graph.nodes) > MOST_INSIDE:
        raise ValueError(
            f"step: {len(graph.nodes):,} values are more than a page holds ({MOST_INSIDE:,}); focus with path_to=, "
            f'or draw with collapse="{by}"'
        )
    graph.notes = graph.changed
    for node in graph.nodes:  # the page makes its own sweep, so nobody needs to have called backward()
        node.grad = node.adjoint
    return Stepper(graph, title or f"Backpropagation through {typeset.text(graph.root.name)}", by, theme, direction)


def _story(graph: Graph) -> dict[str, Any]:
    """What the script tells: nodes, edges, and the edges in the order the engine sweeps them."""
    order = backward_order(graph)
    index = {edge: k for k, edge in enumerate(graph.edges)}
    marks = graph.names | {n.value: typeset.reference(n.name, f"{{{n.index}}}") for n in graph.nodes}
    return {
        "root": graph.root.index,
        "nodes": [_told(graph, node, marks) for node in graph.nodes],
        "edges": [
            [e.source.index, e.target.index, _rule(graph, e, marks), e.number, int(e.masked), _held(graph, e)]
            for e in graph.edges
        ],
        "order": [index[edge] for edge in order],
        "legible": LEGIBLE,
    }


def backward_order(graph: Graph) -> list[Edge]:
    """The edges as `backward()` meets them: consumers in reverse topological order, their operands in turn."""
    arriving: dict[Value, list[Edge]] = {}
    for edge in graph.edges:
        arriving.setdefault(edge.target.value, []).append(edge)
    return [edge for value in reversed(topological_order(graph.root.value)) for edge in arriving.get(value, ())]


def _compact(scene: Scene, layout: Layout) -> list[dict[str, Any]]:
    """Layouts without words on the links, for screens on which the one with words is too small to be read: sizes, where
    each card stands, and the path of each link. None where that one can be read on a slide."""
    scale = min(SLIDE[0] / layout.width, SLIDE[1] / layout.height)
    if scale >= LEGIBLE or len(scene.cards) > MOST_COMPACT:
        return []
    bare = Scene(scene.cards, [replace(link, words=[]) for link in scene.links], [])
    return [
        {
            "width": round(found.width),
            "height": round(found.height),
            "cards": [f"{item.x - item.width / 2:.0f} {item.y - item.height / 2:.0f}" for item in found.cards],
            "lines": svg.paths(bare, found),
        }
        for found in (svg.place(bare, direction) for direction in svg.DIRECTIONS)
    ]


def _told(graph: Graph, node: Node, marks: dict[Value, Box]) -> list[str | float | bool | None]:
    """[name, name in MathML, place in the order, value, gradient]; an operation adds its formula, {3} for node 3.

    One whose operands have changed since says so last: their numbers no longer give its value.
    """
    name, place = typeset.text(node.name), graph.position[node.value]
    told: list[str | float | bool | None] = [
        name,
        stacked.mathml(node.name),
        place,
        node.data,
        node.adjoint if node.reached else None,
    ]
    if not node.is_leaf:
        told.append(stacked.mathml(right_hand_side(graph, node, marks)))
    return [*told, True] if node.stale else told


def _held(graph: Graph, edge: Edge) -> str:
    """The operands that the edge's derivative holds fixed."""
    held = graph.held(edge)
    return stacked.mathml(typeset.row(typeset.joined(held, typeset.operator(",")))) if held else ""


def _rule(graph: Graph, edge: Edge, marks: dict[Value, Box]) -> str:
    """The local derivative as a formula with the same marks; empty where it is too long to be read."""
    rule = graph.rule(edge, names=marks)
    if rule is None or len(typeset.text(rule)) > 60:
        return ""
    loose = typeset.is_sum(rule) or typeset.text(rule).startswith("−")
    return stacked.mathml(typeset.fence(rule) if loose else rule)
