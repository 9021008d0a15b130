"""Links that lead back, from where a step ends to where the next begins: round below everything else.

The idea: between two columns there is always room for a line, and below all cards for more, so that such a link passes
nothing but the lines that it crosses. It is no part of the order in which cards stand.
"""

from collections.abc import Sequence
from dataclasses import replace

from autograd.picture.layout import GAP_X, Item, Layout

LANE = 7.0  # from one line to the next beside it
CORNER = 9.0  # its radius

Point = tuple[float, float]


def lead_round(
    layout: Layout, backs: Sequence[tuple[int, int]], labels: Sequence[tuple[float, float] | None]
) -> tuple[Layout, list[Item | None], list[list[Point]]]:
    """The layout with room for these links from card to card; their labels, and their routes as in `Layout`."""
    down, lanes = layout.down, len(backs)
    room = 2 * GAP_X / 3 + LANE * lanes
    for item in (*layout.cards, *(x for x in layout.labels if x is not None)):
        if down:
            item.y += room
        else:
            item.x += room
    routes = [[(x + room, y) for x, y in route] for route in layout.routes]
    across = layout.width if down else layout.height
    begins, ends = dict[int, float](), dict[int, float]()  # of columns, along the flow
    for item in layout.cards:
        middle, half = (item.y, item.height / 2) if down else (item.x, item.width / 2)
        begins[item.column] = min(begins.get(item.column, middle), middle - half)
        ends[item.column] = max(ends.get(item.column, middle), middle + half)
    long, found, shown = 0.0, list[list[Point]](), list[Item | None]()
    for k, ((source, target), size) in enumerate(zip(backs, labels, strict=True)):
        a, b = layout.cards[source], layout.cards[target]
        lane = LANE * (lanes - 1 - k)  # the first link is the outermost
        right, left = ends[a.column] + GAP_X / 3 + lane, begins[b.column] - GAP_X / 3 - lane
        (start, y), (end, v) = [
            (x.y + side * x.height / 2, x.x) if down else (x.x + side * x.width / 2, x.y)
            for x, side in ((a, 1), (b, -1))
        ]
        far = across + lane
        found.append([(start, y), (right, y), (right, far), (left, far), (left, v), (end, v)])
        long = max(long, right)
        shown.append(None)
        if size is not None:
            middle = (left + right) / 2
            shown[-1] = Item(*size, 0, *((far, middle) if down else (middle, far)))
    wide = max([0.0, *((size[0] if down else size[1]) / 2 for size in labels if size is not None)])
    along, across = (
        max((layout.height if down else layout.width) + room, long + GAP_X),
        across + LANE * lanes + wide + 8.0,
    )
    width, height = (across, along) if down else (along, across)
    return replace(layout, width=width, height=height, routes=routes), shown, found


def at(along: float, across: float, down: bool) -> str:
    """A place in a path."""
    return f"{across:.0f} {along:.0f}" if down else f"{along:.0f} {across:.0f}"


def rounded(points: Sequence[Point], tip: float, down: bool = False) -> str:
    """The path of lines through the points, of which each turns at a right angle, up to before its arrow's tip."""

    def towards(p: Point, q: Point) -> Point:
        length = max(abs(q[0] - p[0]) + abs(q[1] - p[1]), 1e-9)
        part = min(CORNER, length / 2) / length
        return p[0] + part * (q[0] - p[0]), p[1] + part * (q[1] - p[1])

    path = [f"M{at(*points[0], down)}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        path.append(f"L{at(*towards(corner, before), down)}Q{at(*corner, down)} {at(*towards(corner, after), down)}")
    return "".join([*path, f"L{at(points[-1][0] - tip, points[-1][1], down)}"])
