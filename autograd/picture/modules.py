"""The graph as modules that a page opens: a neuron or a layer is one card, or a frame around the cards within it.

The idea: what stands within a module, all that it holds closed, is laid out as any graph is. Opening one makes its
place as large as its frame, and the page pushes aside what is beyond it. An edge from outside passes a frame to what
is not in its first column through a lane kept free among its cards.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

from autograd.picture import svg
from autograd.picture.collapse import Group
from autograd.picture.formula import typeset
from autograd.picture.layout import Item, Layout, lay_out, ranks
from autograd.picture.model import Graph, Node
from autograd.picture.nesting import Module, Nesting, nest
from autograd.picture.scene import Card, Link, Scene, bare_between_columns, card, group_card, link, listing

LANE = 10.0  # across the flow, for an edge from outside
MARGIN = 14.0  # within a frame
AROUND = 12.0  # the whole picture

Route = list[tuple[int, int]]


class Modules(NamedTuple):
    """The picture with every module closed, and what the page needs to open them."""

    shapes: list[str]
    width: float
    height: float
    told: dict[str, Any]


@dataclass(slots=True)
class _Level:
    """What stands in one module, or in none: its cards, its links, and where they go within its frame."""

    scene: Scene
    layout: Layout
    names: list[str]  # of the cards
    edges: list[int]  # of the links
    entry: dict[int, Route]  # the lanes of edges from outside


def modules(graph: Graph, by: str, direction: str = "right") -> Modules:
    """The modules of a graph, its neurons, or its layers with their neurons within.

    What is told: `within`, the innermost module of every node (null: in none); `modules`, of each the one around it and
    the nodes that the lines of its closed card list; for every edge whose way depends on what is open, `via`, the
    points along and across the flow that it passes in the innermost module that holds its ends; and `entry`, those in
    each module that it enters, by the module's number.
    """
    nesting, down = nest(graph, by), direction == "down"
    several = [*nesting.ground.within()]
    number = {module: k for k, module in enumerate(several)}
    ground = _level(graph, nesting, nesting.ground, number, down)
    floors: list[str] = []
    lines: list[str] = []
    cards: list[str] = []
    insides: list[str] = []
    via: dict[int, Route] = {}
    entry: dict[int, dict[int, Route]] = {}
    for module in [nesting.ground, *several]:
        level = ground if module is nesting.ground else _level(graph, nesting, module, number, down)
        ids = svg.Ids(level.names, level.edges)
        drawn = svg.shapes(level.scene, level.layout, svg.class_paint, ids)
        if module.key is None or module.holds_modules:
            via |= {k: _whole(r[1:-1]) for k, r in zip(level.edges, level.layout.routes, strict=True)}
            if module.key is not None:  # nothing of it is seen before it is opened
                drawn = [shape.replace(' class="', ' class="shut ', 1) for shape in drawn]
            lines += drawn[: len(level.edges)]
            cards += drawn[len(level.edges) :]
            drawn = []
        if module.key is not None:
            k = number[module]
            floor, inside = _frame(graph, module, k, level, drawn)
            floors.append(floor)
            insides.append(inside)
            for edge, route in level.entry.items():
                entry.setdefault(edge, {})[k] = route
    told = {
        "within": [number.get(nesting.around[node][-1]) for node in graph.nodes],
        "modules": [
            [number.get(module.parent) if module.parent else None, [[m.index for m in ms] for _, ms in _listed(module)]]
            for module in several
        ],
        "via": via,
        "entry": entry,
        "down": down,
    }
    return Modules([*floors, *lines, *cards, *insides], ground.layout.width, ground.layout.height, told)


def _frame(graph: Graph, module: Module, k: int, level: _Level, drawn: list[str]) -> tuple[str, str]:
    """The floor of an open module, and its bar with what always stands below it."""
    width, height = level.layout.width, level.layout.height
    shown = _card(graph, module)
    title = typeset.svg(shown.title, svg.TITLE, page=True)
    return (
        f'<rect id="f{k}" class="floor shut" width="{width:.0f}" height="{height:.0f}" rx="9"/>',
        f'<g id="o{k}" class="shut"><g id="b{k}" class="bar {shown.kind}">'
        f'<path class="band" d="{svg.band(width)}"/>'
        f'<text class="t b" x="{width / 2:.0f}" y="{svg.BAND * 0.69:.0f}">{title}</text></g>{"".join(drawn)}</g>',
    )


def _level(graph: Graph, nesting: Nesting, module: Module, number: dict[Module, int], down: bool) -> _Level:
    """The items of a module, or of the whole picture, laid out below its bar.

    Where modules are among them, links have no words, as their ways change, and alike ones are laid out as one.
    """
    place = {item: k for k, item in enumerate(module.items)}
    chain = {node: nesting.item(module, node) for node in module.members}
    own, arriving = nesting.own[module], nesting.arriving[module]
    bare = module.key is None or module.holds_modules
    links = [link(graph, e, place[chain[e.source]], place[chain[e.target]], bare=bare) for e in own.values()]
    if not bare:
        bare_between_columns(len(place), links)
    alike = _alike(links) if bare else [[k] for k in range(len(links))]
    chosen = [links[which[0]] for which in alike]
    rank = ranks(len(place), [(x.source, x.target) for x in chosen])
    lanes = {k: place[chain[e.target]] for k, e in arriving.items() if rank[place[chain[e.target]]] > min(rank)}
    cards = [_card(graph, item) for item in module.items]
    layout = _laid_out(cards, chosen, [*lanes.values()], MARGIN if module.key else AROUND, down)
    entry = _entries(layout, [*lanes], len(chosen), down)
    route_of = {k: route for which, route in zip(alike, layout.routes, strict=False) for k in which}
    routes = [route_of[k] for k in range(len(links))]
    labels: list[Item | None] = [None] * len(links) if bare else layout.labels[: len(links)]
    names = [f"m{number[item]}" if isinstance(item, Module) else f"n{item.index}" for item in module.items]
    inner = Layout(layout.width, layout.height, layout.cards[len(lanes) :], labels, routes, down)
    level = _Level(Scene(cards, links, []), inner, names, [*own], entry)
    return level if module.key is None else _below_bar(level)


def _alike(links: list[Link]) -> list[list[int]]:
    """The links from one card to another, together."""
    found: dict[tuple[int, int], list[int]] = {}
    for k, each in enumerate(links):
        found.setdefault((each.source, each.target), []).append(k)
    return [*found.values()]


def _laid_out(cards: list[Card], links: list[Link], lanes: list[int], margin: float, down: bool) -> Layout:
    """The lanes first, then the cards; the links, then the lanes' own."""
    lane, n = (LANE, 0.0) if down else (0.0, LANE), len(lanes)
    return lay_out(
        [lane] * n + [svg.card_size(c) for c in cards],
        [(n + x.source, n + x.target) for x in links] + [(i, n + target) for i, target in enumerate(lanes)],
        [svg.label_size(x) for x in links] + [lane] * n,
        margin,
        down,
    )


def _entries(layout: Layout, lanes: list[int], links: int, down: bool) -> dict[int, Route]:
    """The points of each lane, level past the cards it stands among."""

    def along(item: Item) -> tuple[float, float]:
        return (item.y, item.height) if down else (item.x, item.width)

    span: dict[float, float] = {}
    for middle, length in map(along, layout.cards):
        span[middle] = max(span.get(middle, 0.0), length)
    entry = {}
    for item, k, route in zip(layout.cards, lanes, layout.routes[links:], strict=False):
        middle, _ = along(item)
        entry[k] = _whole(
            [(middle - span[middle] / 2, route[0][1]), (middle + span[middle] / 2, route[0][1]), *route[1:]]
        )
    return entry


def _below_bar(level: _Level) -> _Level:
    """The same further down."""
    layout = level.layout
    for item in (*layout.cards, *(label for label in layout.labels if label is not None)):
        item.y += svg.BAND
    a, c = (svg.BAND, 0.0) if layout.down else (0.0, svg.BAND)
    layout.routes = [[(x + a, y + c) for x, y in route] for route in layout.routes]
    layout.height += svg.BAND
    level.entry = {k: [(round(x + a), round(y + c)) for x, y in route] for k, route in level.entry.items()}
    return level


def _card(graph: Graph, item: Module | Node) -> Card:
    return group_card(graph, _group(item)) if isinstance(item, Module) else card(graph, item)


def _group(module: Module) -> Group:
    return Group(0, module.key, module.members)


def _listed(module: Module) -> list[tuple[typeset.Box, list[Node]]]:
    return listing(_group(module))


def _whole(points: list[tuple[float, float]]) -> Route:
    return [(round(a), round(c)) for a, c in points]
