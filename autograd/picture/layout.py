"""Where the cards go: a small layered layout, operands on the left, the output on the right; or above and below.

The idea: cards take the even columns; an edge's label is a box of its own in the odd column it passes, so labels can
overlap nothing and the edge runs through its label. Columns come from longest paths, orders from a walk from the output
improved by barycentres, heights from isotonic regression: the nearest positions to the wished ones that keep the order.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

GAP_X, GAP_Y = 34.0, 18.0
LABEL_GAP_Y = 8.0
MORE_X = 90.0  # at most, between columns with many edges
LONG = 12  # an edge past more columns than this runs behind them instead of being led between their boxes
SWEEPS = 8


@dataclass(slots=True)
class Item:
    """A card, an edge's label, or a bend of a long edge."""

    width: float
    height: float
    column: int
    x: float = 0.0  # centre
    y: float = 0.0
    weight: float = 1.0
    is_card: bool = False
    sources: list[int] = field(default_factory=list)  # the cards at the far ends of a card's edges
    targets: list[int] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    right: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Layout:
    width: float
    height: float
    cards: list[Item]
    labels: list[Item | None]  # per edge
    routes: list[list[tuple[float, float]]]  # per edge: the points its curve passes, (along, across) the flow
    down: bool = False  # the flow: downwards, not to the right


def lay_out(
    cards: Sequence[tuple[float, float]],
    edges: Sequence[tuple[int, int]],
    labels: Sequence[tuple[float, float] | None],
    margin: float = 24.0,
    down: bool = False,
) -> Layout:
    """Place cards (width, height) given in topological order, the edges between them and the edges' labels.

    `down` places the output below its operands: the same lying on its side, turned.
    """
    if down:
        layout = lay_out([(h, w) for w, h in cards], edges, [size and (size[1], size[0]) for size in labels], margin)
        for item in (*layout.cards, *(label for label in layout.labels if label is not None)):
            item.x, item.y, item.width, item.height = item.y, item.x, item.height, item.width
        return Layout(layout.height, layout.width, layout.cards, layout.labels, layout.routes, down)
    rank = ranks(len(cards), edges)
    items = [Item(w, h, 2 * r, is_card=True) for (w, h), r in zip(cards, rank, strict=True)]
    chains: list[list[int]] = []
    label_of: list[int | None] = []
    for (source, target), label in zip(edges, labels, strict=True):
        chain, labelled = _chain(items, source, target, label)
        chains.append(chain)
        items[source].targets.append(target)
        items[target].sources.append(source)
        label_of.append(labelled)
        path = [source, *chain, target]
        for a, b in pairwise(path):
            items[a].right.append(b)
            items[b].left.append(a)
    for item in items[: len(cards)]:
        item.weight = 2.0 if item.left else 0.02  # a leaf gives way to what is computed
    columns = _order(items, len(cards))
    _place_columns(items, columns, margin)
    _place_heights(items, columns, margin)
    width = max((i.x + i.width / 2 for i in items), default=0.0) + margin
    height = max((i.y + i.height / 2 for i in items), default=0.0) + margin
    spans = [max((items[k].width for k in column), default=0.0) for column in columns]
    routes = _routes(items, edges, chains, spans)
    return Layout(width, height, items[: len(cards)], [None if k is None else items[k] for k in label_of], routes)


def stacked(layouts: Sequence[Layout]) -> Layout:
    """Layouts beside each other, across the flow, as one."""
    whole = Layout(0.0, 0.0, [], [], [], layouts[0].down)
    for layout in layouts:
        across = whole.width if whole.down else whole.height
        for item in (*layout.cards, *(label for label in layout.labels if label is not None)):
            if whole.down:
                item.x += across
            else:
                item.y += across
        whole.cards, whole.labels = whole.cards + layout.cards, whole.labels + layout.labels
        whole.routes += [[(x, y + across) for x, y in route] for route in layout.routes]
        wide, high = (sum, max) if whole.down else (max, sum)
        whole.width, whole.height = wide([whole.width, layout.width]), high([whole.height, layout.height])
    return whole


def ranks(count: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    """Longest path from the leaves; then leaves, and whatever feeds more than it reads, move up to their consumers."""
    operands: list[list[int]] = [[] for _ in range(count)]
    consumers: list[list[int]] = [[] for _ in range(count)]
    for source, target in edges:
        if source < target:  # between collapsed groups an edge may run backwards; it does not take part in ranking
            operands[target].append(source)
            consumers[source].append(target)
    rank = [0] * count
    for card in range(count):
        rank[card] = max((rank[k] + 1 for k in operands[card]), default=0)
    for card in reversed(range(count)):
        if consumers[card] and len(operands[card]) < len(consumers[card]):
            rank[card] = min(rank[k] for k in consumers[card]) - 1
    for card in reversed(range(count)):
        if consumers[card] and not operands[card]:
            rank[card] = min(rank[k] for k in consumers[card]) - 1
    return rank


def _chain(
    items: list[Item], source: int, target: int, label: tuple[float, float] | None
) -> tuple[list[int], int | None]:
    """The label and the bends of one edge, from left to right, as new items."""
    first, last = items[source].column + 1, items[target].column - 1
    if first > last:  # backwards or within a column: no bends, and no place for a label between the two
        return [], None
    middle = (first + last) // 2
    middle += 1 - middle % 2
    chain, labelled = [], None
    for column in range(first, last + 1):
        if column == middle and label is not None:
            labelled = len(items)
            items.append(Item(label[0], label[1], column))
        elif last - first <= LONG and last > first:
            items.append(Item(0.0, 2.0, column, weight=4.0))
        else:
            continue
        chain.append(len(items) - 1)
    return chain, labelled


def _order(items: list[Item], cards: int) -> list[list[int]]:
    """The items of every column from top to bottom."""
    columns: list[list[int]] = [[] for _ in range(1 + max((i.column for i in items), default=0))]
    seen = [False] * len(items)
    ends = [k for k in range(cards) if not items[k].right]
    for last in [*ends, *reversed(range(cards))]:  # depth first from the outputs: a tree gets no crossing
        stack = [last]
        while stack:
            k = stack.pop()
            if not seen[k]:
                seen[k] = True
                columns[items[k].column].append(k)
                stack.extend(reversed(items[k].left))
    best, fewest = [c[:] for c in columns], _crossings(items, columns)
    for sweep in range(SWEEPS):
        if fewest == 0:
            break
        forward = sweep % 2 == 1
        position = [0.0] * len(items)
        for column in columns if forward else reversed(columns):

            def wish(k: int) -> float:
                near = items[k].left if forward else items[k].right  # noqa: B023
                return sum(position[n] for n in near) / len(near) if near else position[k]  # noqa: B023

            for place, k in enumerate(column):
                position[k] = float(place)
            column.sort(key=wish)
            for place, k in enumerate(column):
                position[k] = place * 1000.0 / len(column)
        crossings = _crossings(items, columns)
        if crossings < fewest:
            best, fewest = [c[:] for c in columns], crossings
    return best


def _crossings(items: list[Item], columns: list[list[int]]) -> int:
    """How many pairs of neighbouring links cross, counted with a Fenwick tree."""
    total = 0
    place = [0] * len(items)
    for column in columns:
        for position, k in enumerate(column):
            place[k] = position
    for column in columns:
        ends = [place[n] for k in column for n in sorted(items[k].right, key=place.__getitem__)]
        tree = [0] * (max(ends, default=0) + 2)
        for seen, end in enumerate(ends):
            below, k = 0, end + 1
            while k:
                below += tree[k]
                k &= k - 1
            total += seen - below
            k = end + 1
            while k < len(tree):
                tree[k] += 1
                k += k & -k
    return total


def _place_columns(items: list[Item], columns: list[list[int]], margin: float) -> None:
    x = margin
    for number, column in enumerate(columns):
        span = max((items[k].width for k in column), default=0.0)
        x += GAP_X + min(MORE_X, 2.0 * sum(len(items[k].left) for k in column)) if number else 0.0
        for k in column:
            items[k].x = x + span / 2
        x += span


def _place_heights(items: list[Item], columns: list[list[int]], margin: float) -> None:
    offsets = []
    for column in columns:
        y, above, offset = 0.0, None, []
        for k in column:
            item = items[k]
            if above is not None:
                gap = GAP_Y if item.is_card else LABEL_GAP_Y
                y += (above.height + item.height) / 2 + gap
            offset.append(y)
            above = item
        offsets.append(offset)
        for k, y in zip(column, offset, strict=True):
            items[k].y = y - offset[-1] / 2
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        for c in range(len(columns)) if forward else range(len(columns) - 1, -1, -1):
            _settle(items, columns[c], offsets[c], lambda item: item.left if forward else item.right)  # noqa: B023
    for _ in range(3):  # chains end up straight: a card in line with the cards it reads, a leaf with those that read it
        for c in range(0, len(columns), 2):
            _settle(items, columns[c], offsets[c], lambda item: item.sources or item.targets)
    for _ in range(3):
        for c in range(1, len(columns), 2):
            _settle(items, columns[c], offsets[c], lambda item: item.left + item.right)
    top = min((i.y - i.height / 2 for i in items), default=0.0)
    for item in items:
        item.y += margin - top


def _settle(items: list[Item], column: list[int], offset: list[float], near: Callable[[Item], list[int]]) -> None:
    """Move a column's items as near as their order allows to the mean height of what each looks at."""
    wishes = []
    for k, own in zip(column, offset, strict=True):
        item = items[k]
        around = near(item) or item.left + item.right
        weights = [items[n].weight if item.is_card else 1.0 for n in around]  # computed operands before leaves
        height = sum(w * items[n].y for w, n in zip(weights, around, strict=True)) / sum(weights) if around else item.y
        wishes.append(height - own)
    for k, own, y in zip(column, offset, _isotonic(wishes, [items[k].weight for k in column]), strict=True):
        items[k].y = y + own


def _isotonic(wishes: list[float], weights: list[float]) -> list[float]:
    """The non-decreasing sequence nearest to the wishes in weighted least squares (pool adjacent violators)."""
    pools: list[tuple[float, float, int]] = []
    for wish, weight in zip(wishes, weights, strict=True):
        mean, total, count = wish, weight, 1
        while pools and pools[-1][0] > mean:
            m, t, n = pools.pop()
            mean, total, count = (mean * total + m * t) / (total + t), total + t, count + n
        pools.append((mean, total, count))
    return [mean for mean, _, count in pools for _ in range(count)]


def _routes(
    items: list[Item],
    edges: Sequence[tuple[int, int]],
    chains: list[list[int]],
    spans: list[float],
) -> list[list[tuple[float, float]]]:
    arriving: dict[int, list[int]] = {}
    for edge, (_, target) in enumerate(edges):
        arriving.setdefault(target, []).append(edge)
    port: dict[int, float] = {}
    for target, incoming in arriving.items():
        incoming.sort(key=lambda e: items[chains[e][-1] if chains[e] else edges[e][0]].y)
        height = items[target].height
        step = min(22.0, (height - 24.0) / len(incoming))
        for place, edge in enumerate(incoming):
            port[edge] = items[target].y + step * (place - (len(incoming) - 1) / 2)
    routes = []
    for edge, (source, target) in enumerate(edges):
        a, b = items[source], items[target]
        points = [(a.x + a.width / 2, a.y)]
        for k in chains[edge]:
            item = items[k]
            half = spans[item.column] / 2  # level all across the column: no edge runs through another's label
            points += [(item.x - half, item.y), (item.x + half, item.y)] if half else [(item.x, item.y)]
        points.append((b.x - b.width / 2, port[edge]))
        routes.append(points)
    return routes
