"""The graph as modules that a page opens: a neuron or a layer is one card, or a frame around the cards within it.

The idea: the closed modules are laid out as any graph is, and so is what stands within each. Opening one makes its
place as large as its frame, and the page pushes aside what is beyond it. An edge from another module passes the frame
through a lane kept free among its cards.
"""

from typing import Any, NamedTuple

from autograd.picture import svg
from autograd.picture.collapse import Group, collapse
from autograd.picture.formula import typeset
from autograd.picture.layout import Layout, lay_out
from autograd.picture.model import Edge, Graph
from autograd.picture.scene import Scene, bare_between_columns, card, group_card, link, listing

LANE = 10.0  # across the flow, for an edge from outside
MARGIN = 14.0  # within a frame

Route = list[tuple[int, int]]


class Modules(NamedTuple):
    """The picture with every module closed, and what the page needs to open them."""

    shapes: list[str]
    width: float
    height: float
    told: dict[str, Any]


def modules(graph: Graph, by: str, direction: str = "right") -> Modules:
    """The modules of a graph, its layers or its neurons.

    What is told: `within`, which module every node is in (null: in none); `modules`, the nodes that each line of a
    closed one lists; and for every edge between modules, `via`, the points along and across the flow that it passes
    on its way, and `entry`, those within the frame of the module it ends in.
    """
    collapsed = collapse(graph, by)
    group_of, down = collapsed.group_of, direction == "down"
    several = [group for group in collapsed.groups if group.key is not None]
    number = {group: k for k, group in enumerate(several)}
    between = {k: edge for k, edge in enumerate(graph.edges) if group_of[edge.source] is not group_of[edge.target]}
    cards = [group_card(graph, g) if g in number else card(graph, g.members[0]) for g in collapsed.groups]
    links = [link(graph, e, group_of[e.source].index, group_of[e.target].index, bare=True) for e in between.values()]
    outer = Scene(cards, links, [])
    layout = svg.place(outer, direction)
    names = [f"m{number[g]}" if g in number else f"n{g.members[0].index}" for g in collapsed.groups]
    frames: list[str] = []
    insides: list[str] = []
    entry: dict[int, Route] = {}
    for k, group in enumerate(several):
        width, height, inside, entries = _inside(graph, group, between, down)
        title = typeset.svg(cards[group.index].title, svg.TITLE, page=True)
        frames.append(f'<rect id="f{k}" class="floor shut" width="{width:.0f}" height="{height:.0f}" rx="9"/>')
        insides.append(
            f'<g id="o{k}" class="shut"><g id="b{k}" class="bar {cards[group.index].kind}">'
            f'<path class="band" d="{svg.band(width)}"/>'
            f'<text class="t b" x="{width / 2:.0f}" y="{svg.BAND * 0.69:.0f}">{title}</text></g>'
            f'<g transform="translate(0 {svg.BAND:.0f})">{"".join(inside)}</g></g>'
        )
        entry |= entries
    told = {
        "within": [number.get(group_of[node]) for node in graph.nodes],
        "modules": [[[m.index for m in members] for _, members in listing(group)] for group in several],
        "via": {k: _whole(route[1:-1]) for k, route in zip(between, layout.routes, strict=True)},
        "entry": entry,
        "down": down,
    }
    closed = svg.shapes(outer, layout, svg.class_paint, svg.Ids(names, [*between]))
    return Modules([*frames, *closed, *insides], layout.width, layout.height, told)


def _inside(
    graph: Graph, group: Group, between: dict[int, Edge], down: bool
) -> tuple[float, float, list[str], dict[int, Route]]:
    """The frame's size, the shapes within it, and the lanes of the edges from outside."""
    members = set(group.members)
    lanes = [k for k, edge in between.items() if edge.target in members]
    place = {node: len(lanes) + i for i, node in enumerate(group.members)}
    own = {k: e for k, e in enumerate(graph.edges) if e.source in members and e.target in members}
    links = [link(graph, e, place[e.source], place[e.target]) for e in own.values()]
    bare_between_columns(len(place) + len(lanes), links)
    cards = [card(graph, node) for node in group.members]
    lane = (LANE, 0.0) if down else (0.0, LANE)
    layout = lay_out(
        [lane] * len(lanes) + [svg.card_size(c) for c in cards],
        [(x.source, x.target) for x in links] + [(i, place[between[k].target]) for i, k in enumerate(lanes)],
        [svg.label_size(x) for x in links] + [lane] * len(lanes),
        MARGIN,
        down,
    )
    along = (lambda item: (item.y, item.height)) if down else (lambda item: (item.x, item.width))
    span: dict[float, float] = {}
    for middle, length in map(along, layout.cards):
        span[middle] = max(span.get(middle, 0.0), length)
    entry = {}
    for item, k, route in zip(layout.cards, lanes, layout.routes[len(links) :], strict=False):
        middle, _ = along(item)  # level past the cards it stands among
        points = [(middle - span[middle] / 2, route[0][1]), (middle + span[middle] / 2, route[0][1]), *route[1:]]
        entry[k] = _whole([(a + svg.BAND, c) if down else (a, c + svg.BAND) for a, c in points])
    inner = Layout(0, 0, layout.cards[len(lanes) :], layout.labels[: len(links)], layout.routes[: len(links)], down)
    ids = svg.Ids([f"n{node.index}" for node in group.members], [*own])
    shapes = svg.shapes(Scene(cards, links, []), inner, svg.class_paint, ids)
    return layout.width, layout.height + svg.BAND, shapes, entry


def _whole(points: list[tuple[float, float]]) -> Route:
    return [(round(a), round(c)) for a, c in points]
