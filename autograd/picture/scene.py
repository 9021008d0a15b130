"""What a picture shows: cards with lines of text, and links with a few words, before any output format.

The idea: Graphviz, SVG, HTML and plain text differ in how they set a card, not in what it says, so what it says is
decided here once.
"""

import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from autograd.core.value import Value
from autograd.picture.collapse import Collapsed, Group, collapse
from autograd.picture.formula import labels, typeset
from autograd.picture.formula.typeset import EQUALS, Box, format_number, number_box, operator, row
from autograd.picture.layout import ranks
from autograd.picture.model import GROUP, INPUT, OUTPUT, PARAMETER, Edge, Graph, Node
from autograd.picture.notes import close

DASH = "—"  # for a gradient that is not computed
BLANK = "______"  # to be filled in
MOST_ROWS = 10  # of a group's card; beyond, its values are listed by name and range
WIDEST_RULE = 30  # characters of a rule on a link
MOST_LABELS = 12  # between two columns; beyond, a derivative is a colour and a width
FEW = 60  # edges that also say what σ′ is
WIDEST_FORMULA = 40  # characters of a formula in a title


class Line(NamedTuple):
    """A line of a card: its name, and numbers in the value's or the gradient's colour."""

    name: Box
    value: str = ""
    grad: str = ""
    tone: str = "row"  # "value" and "grad" lines of one value; "head" and "row" of a group


@dataclass(slots=True)
class Card:
    title: Box
    lines: list[Line]
    kind: str
    spoken: str
    stale: bool = False


@dataclass(slots=True)
class Link:
    source: int
    target: int
    words: list[tuple[Box, bool]]  # lines of the label; True for the emphasized one
    spoken: str
    number: float = 0.0  # the derivative; between groups the one of largest size
    weighted: bool = False  # its size is drawn as thickness: between groups, and where it has no words
    ways: int = 1  # how often the target reads the source: as many lines
    back: bool = False  # from the end of a loop's step to the beginning of the next one


@dataclass(slots=True)
class Scene:
    cards: list[Card]
    links: list[Link]
    notes: list[str]
    caption: list[Box] = field(default_factory=list)
    parts: "list[Scene]" = field(default_factory=list)  # that stand beside each other, across the flow; or it is one

    @staticmethod
    def of(parts: "Sequence[Scene]") -> "Scene":
        """A scene of these parts."""
        whole = Scene([], [], [], parts=[*parts])
        for part in parts:
            first = len(whole.cards)
            whole.links += [replace(x, source=x.source + first, target=x.target + first) for x in part.links]
            whole.cards += part.cards
            whole.notes += [note for note in part.notes if note not in whole.notes]
            whole.caption += part.caption
        return whole


def thickness(scene: Scene, link: Link) -> float:
    """How wide a link is drawn, from 0 to 1, by the square root of its derivative's size."""
    largest = max((abs(x.number) for x in scene.links if x.weighted and math.isfinite(x.number)), default=0.0)
    return min(1.0, abs(link.number) / largest) ** 0.5 if largest and link.number == link.number else 0.0


def colour(link: Link) -> str:
    """The colour of a link: the sign of its derivative where it has no words."""
    return "border" if link.words or not link.number else "positive" if link.number > 0 else "negative"


def scene(graph: Graph, by: str | None = None) -> Scene:
    """The graph's cards and links; `by` groups them into neurons or layers."""
    if by is not None:
        return _grouped(graph, collapse(graph, by))
    cards = [card(graph, node) for node in graph.nodes]
    links = [link(graph, edge, edge.source.index, edge.target.index) for edge in graph.edges]
    bare_between_columns(len(cards), links)
    return Scene(cards, links, list(graph.notes) + _left_out(graph))


def link(graph: Graph, edge: Edge, source: int, target: int, bare: bool = False) -> Link:
    """An edge between the cards of these numbers; a bare one has no words."""
    told = words(graph, edge)
    spoken = typeset.text(typeset.joined([box for box, _ in told], operator(" ")))
    return Link(source, target, [] if bare else told, spoken, edge.number, weighted=bare, ways=len(edge.ways))


def blank(scene: Scene) -> Scene:
    """The scene as a worksheet: the leaves' values are given, every other number is to be filled in."""
    cards = []
    for card in scene.cards:
        given = card.kind in (PARAMETER, INPUT)
        lines = [
            line if line.tone == "head" else line._replace(
                value=line.value and (line.value if given else BLANK), grad=line.grad and BLANK
            )
            for line in card.lines
        ]  # fmt: skip
        spoken = "; ".join(f"{typeset.text(line.name)} {line.value or line.grad}" for line in lines)
        cards.append(replace(card, lines=lines, spoken=f"{typeset.text(card.title)}: {spoken}"))
    links = []
    for link in scene.links:
        told = [(box, bold) for box, bold in link.words if bold or "×" not in typeset.text(box)]
        words = [(operator(f"= {BLANK}") if bold else box, bold) for box, bold in told]
        spoken = " ".join(typeset.text(box) for box, _ in words)
        links.append(replace(link, words=words, spoken=spoken, weighted=False, number=0.0))
    return Scene(cards, links, list(scene.notes))


def bare_between_columns(cards: int, links: list[Link]) -> None:
    """Take the words from links where there are too many between two columns to be read: colour and width remain."""
    rank = ranks(cards, [(link.source, link.target) for link in links])
    between: dict[tuple[int, int], list[Link]] = {}
    for link in links:
        between.setdefault((rank[link.source], rank[link.target]), []).append(link)
    for crowd in between.values():
        if len(crowd) > MOST_LABELS:
            bare(crowd)


def bare(links: Sequence[Link]) -> None:
    """Take the words from links: colour and width remain."""
    for link in links:
        link.words, link.weighted = [], True


def card(graph: Graph, node: Node) -> Card:
    """The card of one value: `z = w·a + b`, its value, its gradient."""
    title = node.name if node.is_leaf else row(node.name, EQUALS, right_hand_side(graph, node))
    value = format_number(node.data)
    grad = DASH if node.grad is None else format_number(node.grad)
    slope = gradient_name(graph, node)
    lines = [Line(operator("value"), value=value, tone="value"), Line(slope, grad=grad, tone="grad")]
    spoken_grad = "not computed" if node.grad is None else grad
    spoken = f"{typeset.text(title)}: value {value}, {typeset.text(slope)} {spoken_grad}"
    return Card(title, lines, node.kind, spoken, node.stale)


def gradient_name(graph: Graph, node: Node) -> Box:
    """∂C/∂w; only `grad` where the number stored is not that of this graph alone."""
    own = node.grad is None or close(node.grad, node.adjoint)
    return typeset.derivative(graph.root.name, node.name) if own else operator("grad")


def right_hand_side(graph: Graph, node: Node, names: Mapping[Value, Box] | None = None) -> Box:
    """The node's formula, with fewer terms or less deep where it is too long for a title."""
    for terms, deepest in ((4, 12), (2, 12), (1, 12), (2, 3), (2, 2), (2, 1)):
        body = graph.formula(node, names, terms=terms, deepest=deepest)
        if body is not None and len(typeset.text(body)) <= WIDEST_FORMULA:
            return body
    return row(typeset.function(node.value.op), operator("(…)"))


def words(graph: Graph, edge: Edge) -> list[tuple[Box, bool]]:
    """∂a/∂z = σ′(z) / = a·(1 − a) / = 0.25, on one line when the rule is the number itself.

    What σ′ is stands only in a picture of few edges.
    """
    number = number_box(edge.number)
    rules = [graph.rule(edge), graph.rule(edge, primes=False) if len(graph.edges) <= FEW else None]
    short = [x for x in rules if x is not None and len(typeset.text(x)) <= WIDEST_RULE]
    first, *others = dict.fromkeys(short) or [number]
    symbol = graph.symbol(edge)
    if short and first == number:
        return [(row(symbol, EQUALS, number), False)]
    lines = [(row(symbol, EQUALS, first) if short else symbol, False)]
    lines += [(row(operator("= "), x), False) for x in others]
    return [*lines, (row(operator("= "), number), True)]


def _left_out(graph: Graph) -> list[str]:
    return [f"{graph.hidden:,} more values are left out"] if graph.hidden > 0 else []


def _grouped(graph: Graph, collapsed: Collapsed) -> Scene:
    cards = [
        card(graph, group.members[0]) if group.key is None else group_card(graph, group) for group in collapsed.groups
    ]
    ports: dict[Node, list[Value]] = {}
    for edge in collapsed.edges:
        ports.setdefault(edge.target, []).append(edge.source.value)
    links = []
    for (source, target), edges in collapsed.links().items():
        largest = max((edge.number for edge in edges), key=abs)
        symbols = [typeset.text(graph.symbol(edge, ports[edge.target])) for edge in edges[:16]]
        spoken = ", ".join(f"{x} = {format_number(e.number)}" for x, e in zip(symbols, edges, strict=False))
        links.append(Link(source.index, target.index, _jacobian(edges), spoken, largest, weighted=True))
    bare_between_columns(len(cards), links)
    return Scene(cards, links, list(graph.notes) + _left_out(graph))


def _jacobian(edges: list[Edge]) -> list[tuple[Box, bool]]:
    """× 0.04635 for one derivative; the matrix, or its size, for several."""
    if len(edges) == 1:
        return [(row(operator("× "), number_box(edges[0].number)), False)]
    sources = list(dict.fromkeys(edge.source for edge in edges))
    targets = list(dict.fromkeys(edge.target for edge in edges))
    entries = {(edge.source, edge.target): edge.number for edge in edges}
    size = operator(f"{len(targets)} × {len(sources)} Jacobian")
    if len(targets) > 4 or len(sources) > 4:
        largest = format_number(max(abs(edge.number) for edge in edges))
        return [(size, False), (operator(f"entries up to {largest}"), True)]
    lines = [
        (typeset.joined([number_box(entries.get((s, t), 0.0)) for s in sources], operator("\u00a0" * 3)), True)
        for t in targets
    ]
    return [(size, False), *lines]


def group_card(graph: Graph, group: Group) -> Card:
    assert group.key is not None
    layer, *neuron = group.key
    deeper = any(labels.layer(m.value.label) not in (layer, None) for m in group.members if m.value.label)
    title = operator(f"{'module' if deeper else 'layer'} {layer}")
    if neuron:
        title = row(typeset.name("L"), typeset.number(layer), operator(f" · neuron {neuron[0]}"))
    listed = listing(group)
    own = all(m.grad is None or close(m.grad, m.adjoint) for _, members in listed for m in members)
    head = Line(operator(""), "value", f"∂{typeset.text(graph.root.name)}/∂·" if own else "grad", tone="head")
    rows = [Line(box, _range([m.data for m in members]), _gradients(members)) for box, members in listed]
    kind = OUTPUT if graph.root in group.members else GROUP
    spoken = f"{typeset.text(title)}: " + "; ".join(
        f"{typeset.text(line.name)} value {line.value}, gradient {line.grad}" for line in rows
    )
    return Card(title, [head, *rows], kind, spoken, any(m.stale for m in group.members))


def listing(group: Group) -> list[tuple[Box, list[Node]]]:
    """The lines of a group's card: its leaves and what has a label, or too many of them by kind, `w⁽¹⁾ × 256`."""
    members = [m for m in group.members if m.is_leaf] + [m for m in group.members if not m.is_leaf and m.value.label]
    if len(members) <= MOST_ROWS:
        return [(m.name, [m]) for m in members]
    kinds: dict[tuple[str, str], list[Node]] = {}
    for node in members:
        base, _, sup = labels.parse(node.value.label)
        kinds.setdefault((base, sup), []).append(node)
    lines = []
    for (base, sup), nodes in kinds.items():
        box = typeset.name(base)
        if sup:
            box = typeset.scripts(box, None, operator(sup.replace("-", "−")))
        if len(nodes) > 1:
            box = row(box, operator(f" × {len(nodes)}"))
        lines.append((box, nodes))
    return lines


def _gradients(nodes: list[Node]) -> str:
    grads = [node.grad for node in nodes if node.grad is not None]
    return _range(grads) if grads else DASH


def _range(numbers: list[float]) -> str:
    if len(numbers) == 1:
        return format_number(numbers[0])
    low, high = format_number(min(numbers), 3), format_number(max(numbers), 3)
    return low if low == high else f"{low} … {high}"


def warnings(scene: Scene) -> list[str]:
    """Its notes, on lines of at most 110 characters."""
    return [line for note in scene.notes for line in textwrap.wrap("⚠ " + note, 110)]
