"""Steps of loops as a picture: what each reads, what it makes of it, and what flows round into the next.

The idea: a step (`recurrence`) is drawn as any other graph, and a dashed link leads back from the next state to the one
that the step begins with.
"""

from collections.abc import Sequence

from autograd.core.value import Value
from autograd.core.words import counted
from autograd.picture.formula import labels, typeset
from autograd.picture.formula.typeset import EQUALS, Box, joined, operator, row
from autograd.picture.model import INPUT, OPERATION, OUTPUT, PARAMETER, Edge, Graph, Node
from autograd.picture.recurrence import Step, at
from autograd.picture.scene import MOST_LABELS, WIDEST_RULE, Card, Line, Link, Scene, bare, right_hand_side

WIDEST = 90  # characters of a line of the chain rule
MOST_LINES = 8


def scene(steps: Sequence[Step]) -> Scene:
    """The steps below each other."""
    parts = [_scene(step, len(steps) > 1) for step in steps]
    return parts[0] if len(parts) == 1 else Scene.of(parts)


def _scene(step: Step, named: bool) -> Scene:
    """One step's cards and links."""
    loop, graph = step.loop, step.graph
    n, along = loop.carried, {*step.inputs[: loop.body.inputs]}
    cards = [_card(graph, node, INPUT if node.value in along else PARAMETER) for node in graph.nodes]
    place = {node.value: node.index for node in graph.nodes}
    links = [Link(e.source.index, e.target.index, _words(graph, e), "", ways=len(e.ways)) for e in graph.edges]
    ends = {k: place[z] for k, z in step.own.items()}
    for k, z in enumerate(step.results):
        if k not in ends:
            box = graph.names[z] if isinstance(z, Value) else typeset.number_box(z)
            ends[k] = len(cards)
            cards.append(_plain(row(step.ends[k], EQUALS, box), OUTPUT))
            links += [Link(place[z], ends[k], [], "")] if isinstance(z, Value) else []
    for k, index in ends.items():
        cards[index].kind = OUTPUT
        if k < n:
            last = labels.box(at(loop.body.names[k], str(loop.steps)))
            cards[index].lines.append(Line(row(operator("after the last: "), last)))
    for j, (x, start) in enumerate(zip(step.inputs, step.starts, strict=True)):
        if x in place and (j < n or start not in ("…", loop.body.names[j])) and not n <= j < loop.body.inputs:
            cards[place[x]].lines.append(Line(operator("at first" if j < n else "always"), start))
    told = [typeset.text(joined([box for box, _ in link.words], operator(" "))) for link in links]
    if len(links) > MOST_LABELS:
        bare(links)
    often = f"{'' if loop.on is None else 'at most '}{counted(loop.steps, 'time')}"
    words = [(operator(f"{loop.title}, {often}" if named else often), True)]
    back = [Link(ends[k], place[step.inputs[k]], words if k == 0 else [], "", back=True) for k in range(n)]
    for link, said in zip(links + back, told + [""] * n, strict=True):
        source, target = [typeset.text(cards[x].title) for x in (link.source, link.target)]
        link.spoken = f"back to {target} from {source}" if link.back else said or f"from {source}"
    notes = ["the last item comes first"] if loop.backwards else []
    return Scene(cards, links + back, notes, [*([operator(f"{loop.name}:")] if named else []), *_chain_rule(step)])


def _card(graph: Graph, node: Node, leaf: str) -> Card:
    if node.is_leaf:
        return _plain(node.name, leaf)
    return _plain(row(node.name, EQUALS, right_hand_side(graph, node)), OPERATION)


def _plain(title: Box, kind: str) -> Card:
    return Card(title, [], kind, typeset.text(title))


def _words(graph: Graph, edge: Edge) -> list[tuple[Box, bool]]:
    symbol, rule = graph.symbol(edge), graph.rule(edge)
    short = rule is not None and len(typeset.text(rule)) <= WIDEST_RULE
    return [(row(symbol, EQUALS, rule) if rule and short else symbol, False)]


def _chain_rule(step: Step) -> list[Box]:
    """That of one step: ∂C/∂sₖ = ∂sₖ₊₁/∂sₖ · ∂C/∂sₖ₊₁ + ∂yₖ/∂sₖ · ∂C/∂yₖ, and the sum over k where all steps share."""
    lines = list[Box]()
    for x, shared in step.arguments():
        right = step.slope(x, shared, step.symbols(x))
        if len(typeset.text(right)) <= WIDEST:
            lines.append(joined([typeset.derivative(step.C, labels.box(x.label)), right], EQUALS))
    return lines[:MOST_LINES]
