"""One step of a loop as a picture: what it reads, what it makes of it, and what flows round into the next step.

The idea: the step is the loop's own program, read as a graph over k-th numbers and drawn as any other. The next state
is what the step ends in, and a dashed link leads back from there to the state that the next step begins with. No
numbers stand in it: they are other ones at every step.
"""

import re
from collections.abc import Sequence
from typing import Any

from autograd.core.dependencies import dependents
from autograd.core.refusals import StepArgument
from autograd.core.sweeps import topological_order
from autograd.core.value import Value
from autograd.core.words import counted
from autograd.picture import model, select
from autograd.picture.formula import labels, typeset
from autograd.picture.formula.product import plus
from autograd.picture.formula.typeset import EQUALS, TIMES, Box, fence, joined, operator, row
from autograd.picture.model import INPUT, OPERATION, OUTPUT, PARAMETER, Edge, Graph, Node
from autograd.picture.scene import Card, Line, Link, Scene, bare_between_columns, right_hand_side
from autograd.program.loop import Loop, LoopRow, in_a_trace, raised
from autograd.program.program import Program

C = typeset.name("C")  # what comes of the loop
WIDEST = 90  # characters of a line of the chain rule
MOST_LINES = 8


def scene(given: Any) -> tuple[str, Scene] | None:
    """The name of the first loop of a program, or of what has one, as a compiled function does; and one step of it.
    None where there is no loop."""
    program = given.program if hasattr(type(given), "program") else given
    for _, primitive, operands in program.instructions() if isinstance(program, Program) else ():
        if isinstance(primitive, Loop):
            return primitive.name, _step(primitive, [_said(program, x) for x in operands[: primitive.carried]])
    return None


def _said(program: Program, slot: int) -> str:
    if slot in program.numbers:
        return typeset.format_number(program.numbers[slot])
    return labels.text(program.names[slot]) if slot < program.leaves else "…"


def _step(loop: Loop, starts: Sequence[str]) -> Scene:
    """One step's cards and links."""
    body, n = loop.body, loop.carried
    names = [_at(name, "k" if j < body.inputs else "") for j, name in enumerate(body.names)]
    inputs = [StepArgument(0.5, name) for name in names]
    results = in_a_trace(raised, body, inputs)
    ends = [_at(name, "k+1") for name in body.names[:n]] + [
        f"y_{{{m},k}}" if loop.given > 1 else "y_{k}" for m in range(loop.given)
    ]
    same: list[tuple[int, Any]] = []  # results that have a card already, or are a number
    for k, (z, name) in enumerate(zip(results, ends, strict=True)):
        if isinstance(z, Value) and z.operands and not z.label:
            z.label = name
        else:
            same.append((k, z))
    graph = _graph(inputs, results)
    along = {*inputs[: body.inputs]}
    cards = [_card(graph, node, INPUT if node.value in along else PARAMETER) for node in graph.nodes]
    place = {node.value: node.index for node in graph.nodes}
    links = [Link(e.source.index, e.target.index, _words(graph, e), "", ways=len(e.ways)) for e in graph.edges]
    at = {k: place[z] for k, z in enumerate(results) if isinstance(z, Value) and (k, z) not in same}
    for k, z in same:
        box = graph.names[z] if isinstance(z, Value) else typeset.number_box(z)
        at[k] = len(cards)
        cards.append(_plain(row(labels.box(ends[k]), EQUALS, box), OUTPUT))
        links += [Link(place[z], at[k], [], "")] if isinstance(z, Value) else []
    for k, index in at.items():
        cards[index].kind = OUTPUT
        if k < n:
            last = labels.box(_at(body.names[k], str(loop.steps)))
            cards[index].lines.append(Line(row(operator("after the last: "), last)))
    for k, start in enumerate(starts):
        cards[place[inputs[k]]].lines.append(Line(operator("at first"), start))
    bare_between_columns(len(cards), links)
    most = "" if loop.on is None else "at most "
    round_ = [(operator(f"{most}{counted(loop.steps, 'time')}"), True)]
    for k in range(n):
        links.append(Link(at[k], place[inputs[k]], round_ if k == 0 else [], "", back=True))
    for link in links:
        told = typeset.text(typeset.joined([box for box, _ in link.words], operator(" ")))
        source, target = [typeset.text(cards[x].title) for x in (link.source, link.target)]
        link.spoken = f"back to {target} from {source}" if link.back else told or f"from {source}"
    several = [*range(n), *range(body.inputs, len(inputs))]  # an item is another one at every step
    rules = _chain_rule([inputs[j] for j in several], n, results, [labels.box(name) for name in ends])
    return Scene(cards, links, ["the last item comes first"] if loop.backwards else [], rules)


def _at(name: str, k: str) -> str:
    """The label of a number at a step: s becomes s_{k}, s0 becomes s_{0,k}."""
    letters, digits, marks = re.fullmatch(r"(.*?)(\d*)(\W*)", name).groups()  # type: ignore[union-attr]
    below = ",".join(filter(None, (digits, k)))
    return f"{letters}{marks}_{{{below}}}" if letters and below else name


def _graph(inputs: Sequence[Value], results: Sequence[Any]) -> Graph:
    """The graph model of several results."""
    ends = [z for z in results if isinstance(z, Value)]
    order = topological_order(*ends)
    order = [*[x for x in inputs if x not in order], *order]
    visible = select.visible(order, fold=True)
    boxes = model.names(visible, order[-1], set(visible))
    kind = lambda x: INPUT if x._row is None else OPERATION
    nodes = [Node(k, x, boxes[x], kind(x), x._data, None) for k, x in enumerate(visible)]
    node_of = {node.value: node for node in nodes}
    edges = [e for node in nodes if not node.is_leaf for e in model._edges_into(node, node_of, {*visible}, 10_000)]
    return Graph(nodes, edges, nodes[-1], boxes, order, {*visible})


def _card(graph: Graph, node: Node, leaf: str) -> Card:
    if node.is_leaf:
        return _plain(node.name, leaf)
    return _plain(row(node.name, EQUALS, right_hand_side(graph, node)), OPERATION)


def _plain(title: Box, kind: str) -> Card:
    return Card(title, [], kind, typeset.text(title))


def _words(graph: Graph, edge: Edge) -> list[tuple[Box, bool]]:
    inner = any([isinstance(z._row, LoopRow) for way in edge.ways for z, _ in way])  # a loop in the step
    rule = None if inner else graph.rule(edge)
    fits = rule is not None and len(typeset.text(rule)) <= 30
    return [(row(graph.symbol(edge), EQUALS, rule) if fits and rule is not None else graph.symbol(edge), False)]


def _chain_rule(inputs: Sequence[Value], states: int, results: Sequence[Any], ends: Sequence[Box]) -> list[Box]:
    """That of one step: ∂C/∂sₖ = ∂sₖ₊₁/∂sₖ · ∂C/∂sₖ₊₁ + ∂yₖ/∂sₖ · ∂C/∂yₖ, and the sum over k where all steps share."""
    lines = list[Box]()
    order = topological_order(*[z for z in results if isinstance(z, Value)])
    for k, x in enumerate(inputs):
        below = dependents(order, [x])
        name, total = labels.box(x.label), None
        for z, end in zip(results, ends, strict=True):
            if z in below:
                passed = [] if z is x else [typeset.derivative(end, name)]
                term = joined([*passed, typeset.derivative(C, end)], TIMES)
                total = term if total is None else plus(total, term)
        if total is not None and len(typeset.text(total)) <= WIDEST:
            shared = [typeset.scripts(operator("Σ"), typeset.name("k")), fence(total)]
            lines.append(joined([typeset.derivative(C, name), row(*shared) if k >= states else total], EQUALS))
    return lines[:MOST_LINES]
