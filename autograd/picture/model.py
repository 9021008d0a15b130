"""The one graph model that every picture, page and explanation reads.

The idea: choose which values are *shown*; an edge then is a way from a shown operand to a shown consumer through hidden
values, and its derivative is the product of the recorded partials along it. Folding hides the unlabelled single-use
values, so what it hides is a tree and every occurrence of an operand is one edge. Whatever is shown, the sum over a
value's edges of (local derivative · gradient at the other end) is its gradient, exactly.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograd.picture import formula, labels, typeset
from autograd.picture.typeset import Box
from autograd.sweeps import adjoints, number_edges
from autograd.value import NOT_COMPUTED, Value

MAX_NODES = 1000
MOST_STEPS = 8  # primitives on an edge that are remembered, to print its rule

PARAMETER, INPUT, OPERATION, OUTPUT, GROUP = "parameter", "input", "operation", "output", "group"


@dataclass(slots=True, eq=False)
class Node:
    """A shown value, as it was when the picture was asked for."""

    index: int
    value: Value
    name: Box
    kind: str
    data: float
    grad: float | None  # None before a sweep has written it
    adjoint: float = 0.0  # ∂output/∂value of this graph alone, whatever `.grad` holds
    group: tuple[str, ...] | None = None
    stale: bool = False  # its operands' numbers are no longer those it was computed from

    @property
    def is_leaf(self) -> bool:
        return self.value._row is None


@dataclass(slots=True, eq=False)
class Edge:
    """One way from a shown operand to a shown consumer. `steps` are the primitives passed, the operand's side first."""

    source: Node
    target: Node
    number: float
    masked: bool  # a mask on the way switches the path off: exactly 0, whatever arrives
    steps: tuple[tuple[Value, int], ...] = ()  # none where there are more than MOST_STEPS

    @property
    def contribution(self) -> float:
        """What this edge adds to the gradient of its source."""
        return 0.0 if self.masked else self.number * self.target.adjoint


@dataclass(eq=False)
class Graph:
    nodes: list[Node]
    edges: list[Edge]
    root: Node
    names: dict[Value, Box]
    notes: list[str] = field(default_factory=list)
    hidden: int = 0  # cards left out by depth= or path_to=
    node_of: dict[Value, Node] = field(init=False)

    def __post_init__(self) -> None:
        self.node_of = {node.value: node for node in self.nodes}
        self._partials: dict[Value, object] = {}

    def outgoing(self) -> dict[Node, list[Edge]]:
        """Every node's edges to its consumers."""
        out: dict[Node, list[Edge]] = {node: [] for node in self.nodes}
        for edge in self.edges:
            out[edge.source].append(edge)
        return out

    def formula(self, node: Node, terms: int = formula.TERMS, names: Mapping[Value, Box] | None = None) -> Box | None:
        """The right-hand side of `name = …`, with other words for the names if given; None for a leaf."""
        return None if node.is_leaf else formula.formula(node.value, names or self.names, terms)

    def symbol(self, edge: Edge) -> Box:
        """∂target/∂source"""
        return typeset.derivative(edge.target.name, edge.source.name)

    def rule(self, edge: Edge, most_steps: int = 4, names: Mapping[Value, Box] | None = None) -> Box | None:
        """The local derivative as a formula; None when it passes too many primitives to be read."""
        if not 0 < len(edge.steps) <= most_steps:
            return None
        product = formula.Product()
        for value, position in edge.steps:
            if value not in self._partials:
                self._partials[value] = formula.symbolic_partials(value)
            product.by(formula.rule(value, position, names or self.names, self._partials[value]))
        return product.box()


def build(
    root: Value,
    fold: bool = True,
    path_to: Value | None = None,
    depth: int | None = None,
    max_nodes: int = MAX_NODES,
) -> Graph:
    """The graph below root, folded or primitive by primitive. Raises ValueError past max_nodes shown values.

    `path_to` keeps what lies between a value and root, `depth` what is at most that many edges from root.
    """
    order = reading_order(root)
    shown = visible(order, fold)
    if path_to is not None:
        shown = _between(order, shown, path_to)
    stops = set(shown if path_to is None else [*visible(order, fold), path_to])
    if depth is not None:
        shown = _near(root, shown, stops, depth)
    if len(shown) > max_nodes:
        raise ValueError(_too_many(order, len(shown), fold, max_nodes))
    kept = set(shown)
    named = [v for v in order if v in kept] if kept == stops else _with_operands(order, shown, stops)
    boxes = names(named, root)
    nodes = [_node(index, value, boxes[value], root) for index, value in enumerate(shown)]
    node_of = {node.value: node for node in nodes}
    edges: list[Edge] = []
    for node in nodes:
        if not node.is_leaf:
            edges += _edges_into(node, node_of, stops)
        if len(edges) > 10 * max_nodes:
            raise ValueError(f"draw: more than {10 * max_nodes:,} edges between {len(shown):,} cards; raise max_nodes")
    graph = Graph(nodes, edges, node_of[root], boxes, hidden=len(stops) - len(kept))
    _sweep(graph, order)
    graph.notes += _notes_on_data(order, graph) + _notes_on_gradients(graph)
    return graph


def reading_order(root: Value) -> list[Value]:
    """A topological order as one reads formulas: the first operand and all below it come first."""
    order: list[Value] = []
    seen: set[Value] = set()
    stack: list[tuple[Value, bool]] = [(root, False)]
    while stack:
        value, done = stack.pop()
        if done:
            order.append(value)
        elif value not in seen:
            seen.add(value)
            stack.append((value, True))
            stack += [(operand, False) for operand in reversed(value.operands) if operand not in seen]
    return order


def visible(order: Sequence[Value], fold: bool) -> list[Value]:
    """Leaves, labelled values, values used more than once and the output; without folding, everything."""
    if not fold:
        return list(order)
    uses: dict[Value, int] = dict.fromkeys(order, 0)
    for value in order:
        for operand in value.operands:
            uses[operand] += 1
    root = order[-1]
    return [v for v in order if v._row is None or v.label or uses[v] > 1 or v is root]


def _between(order: Sequence[Value], shown: Sequence[Value], target: Value) -> list[Value]:
    """The shown values that depend on the target, and the target."""
    above = {target}
    for value in order:
        if any(operand in above for operand in value.operands):
            above.add(value)
    if order[-1] not in above:
        raise ValueError(f"{_said(order[-1])} does not depend on {_said(target)}")
    kept = set(shown) & above | {target}
    return [value for value in order if value in kept]


def _near(root: Value, shown: Sequence[Value], stops: set[Value], depth: int) -> list[Value]:
    """The shown values at most `depth` edges from root."""
    near, frontier = {root}, [root]
    for _ in range(depth):
        frontier = [v for value in frontier for v in _operands_shown(value, stops) if v not in near]
        near.update(frontier)
    return [value for value in shown if value in near]


def _operands_shown(value: Value, stops: set[Value]) -> list[Value]:
    found, stack = [], list(value.operands)
    while stack:
        operand = stack.pop()
        if operand in stops:
            found.append(operand)
        else:
            stack.extend(operand.operands)
    return found


def _with_operands(order: Sequence[Value], shown: Sequence[Value], stops: set[Value]) -> list[Value]:
    """The shown values and those their formulas name."""
    named = set(shown)
    for value in shown:
        named.update(_operands_shown(value, stops))
    return [value for value in order if value in named]


def _said(value: Value) -> str:
    return labels.text(value.label) if value.label else f"the value {typeset.format_number(value._data)}"


def _node(index: int, value: Value, name: Box, root: Value) -> Node:
    if value is root:
        kind = OUTPUT
    elif value._row is not None:
        kind = OPERATION
    else:
        kind = PARAMETER if labels.is_parameter(value.label) else INPUT
    grad = None if value.grad is NOT_COMPUTED else value.grad
    return Node(index, value, name, kind, value._data, grad)


def names(shown: Sequence[Value], root: Value) -> dict[Value, Box]:
    """Labels; what has none is v₁, v₂, …, and the output C."""
    taken = {value.label for value in shown}
    boxes: dict[Value, Box] = {}
    count = 0
    for value in shown:
        label = value.label
        if not label and value is root and "C" not in taken:
            label = "C"
        while not label:
            count += 1
            label = "" if f"v_{count}" in taken else f"v_{count}"
        boxes[value] = labels.box(label)
    return boxes


def _edges_into(node: Node, node_of: dict[Value, Node], stops: set[Value]) -> list[Edge]:
    """The edges ending in a node, operands in argument order; the hidden values behind it are a tree."""
    edges: list[Edge] = []
    # (value, product of the partials from it up to the node, masked, linked list of the steps passed, their number)
    stack: list[tuple[Value, float, bool, Any, int]] = [(node.value, 1.0, False, None, 0)]
    while stack:
        value, product, masked, passed, length = stack.pop()
        if passed is not None and value in stops:
            if value in node_of:
                steps = []
                while passed is not None and length <= MOST_STEPS:
                    step, passed = passed
                    steps.append(step)
                edges.append(Edge(node_of[value], node, 0.0 if masked else product, masked, tuple(steps)))
            continue
        arriving = list(zip(value._arguments, value._partials, strict=True))
        for position in range(len(arriving) - 1, -1, -1):
            operand, partial = arriving[position]
            if isinstance(operand, Value):
                step = ((value, position), passed)
                off = masked or partial is None
                stack.append((operand, product if off else product * partial, off, step, length + 1))  # type: ignore[operator]
    return edges


def _sweep(graph: Graph, order: Sequence[Value]) -> None:
    """∂output/∂node of this graph alone, from the recorded partials."""
    adjoint = adjoints(list(order), {graph.root.value: 1.0}, number_edges)
    for node in graph.nodes:
        node.adjoint = adjoint.get(node.value, 0.0)


def close(x: float, y: float, tolerance: float = 1e-9) -> bool:
    return x == y or abs(x - y) <= tolerance * max(abs(x), abs(y)) or (x != x and y != y)


def _notes_on_data(order: Sequence[Value], graph: Graph) -> list[str]:
    """Which recorded numbers their operands no longer give: a parameter was changed after the forward pass."""
    notes = []
    for value in order:
        if value._row is None:
            continue
        numbers = [a._data if isinstance(a, Value) else a for a in value._arguments]
        try:
            now = value._row.forward(*numbers)
        except ArithmeticError:  # a row of the user's own may raise
            continue
        if close(now, value._data):
            continue
        changed = [labels.text(a.label) if a.label else "a leaf" for a in value.operands if a._row is None]
        owner = typeset.text(graph.names[value]) if value in graph.names else value._row.name
        which = _listed(list(dict.fromkeys(changed)), "or") or "its data"
        notes.append(
            f"{which} was changed after the forward pass: {owner} was recorded as "
            f"{typeset.format_number(value._data)}, its operands now give {typeset.format_number(now)}; "
            "derivatives are those of the recorded pass"
        )
        if value in graph.node_of:
            graph.node_of[value].stale = True
        if len(notes) == 3:
            break
    return notes


def _notes_on_gradients(graph: Graph) -> list[str]:
    foreign = [n for n in graph.nodes if n.grad is not None and not close(n.grad, n.adjoint)]
    if not foreign:
        return []
    which = _listed([typeset.text(n.name) for n in foreign[:3]] + ["…"] * (len(foreign) > 3), "and")
    return [
        f"the .grad of {which} is not ∂{typeset.text(graph.root.name)}/∂· of this graph alone (it adds up several "
        "sweeps, or comes from another output): it is shown as grad"
    ]


def _listed(words: list[str], last: str) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}" if words else ""


def _too_many(order: Sequence[Value], count: int, fold: bool, max_nodes: int) -> str:
    from autograd.picture.collapse import count_groups

    counts = {"fold=True": len(visible(order, True))} if not fold else {}
    shown = visible(order, True)
    counts |= {f'collapse="{by}"': count_groups(shown, by) for by in ("neuron", "layer")}
    fitting = [f"{setting} ({n} cards)" for setting, n in counts.items() if n <= max_nodes and n < count]
    remedies = [*fitting, "depth=3", "path_to=a value", f"max_nodes={count}"]
    return (
        f"draw: {count:,} cards ({len(order):,} primitives and leaves) are more than max_nodes={max_nodes:,}; "
        f"what would fit: {', '.join(remedies)}"
    )
