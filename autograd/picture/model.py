"""The one graph model that every picture, page and explanation reads.

The idea: choose which values are *shown*; an edge then is a way from a shown operand to a shown consumer through hidden
values, and its derivative is the product of the recorded partials along it. Folding hides the unlabelled single-use
values, so what it hides is a tree and every occurrence of an operand is one edge. Whatever is shown, the sum over a
value's edges of (local derivative · gradient at the other end) is its gradient, exactly.
"""

from collections.abc import Mapping, Sequence
from contextvars import Context
from dataclasses import dataclass, field
from typing import Any

from autograd.core.fast import number_adjoints
from autograd.core.value import NOT_COMPUTED, Value
from autograd.picture import notes, select
from autograd.picture.formula import labels, typeset
from autograd.picture.formula import printer as formula
from autograd.picture.formula.typeset import Box

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
    reached: bool = True  # False where masks switch every way to the output off: then nothing arrives, not even 0 · inf
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
        return self.number * self.target.adjoint if self.target.reached and not self.masked else 0.0


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

    def formula(self, node: Node, names: Mapping[Value, Box] | None = None, **limits: int) -> Box | None:
        """The right-hand side of `name = …`, with other words for the names if given; None for a leaf."""
        return None if node.is_leaf else formula.formula(node.value, names or self.names, **limits)

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
    order = select.reading_order(root)
    shown = select.visible(order, fold)
    if path_to is not None:
        shown = select.between(order, shown, path_to)
    stops = set(shown if path_to is None else [*select.visible(order, fold), path_to])
    if depth is not None:
        shown = select.near(root, shown, stops, depth)
    if len(shown) > max_nodes:
        raise ValueError(select.too_many(order, len(shown), fold, max_nodes))
    kept = set(shown)
    named = [v for v in order if v in kept] if kept == stops else select.with_operands(order, shown, stops)
    boxes = names(named, root)
    nodes = [_node(index, value, boxes[value], root) for index, value in enumerate(shown)]
    node_of = {node.value: node for node in nodes}
    edges: list[Edge] = []
    most = 10 * max_nodes
    for node in nodes:
        if not node.is_leaf:
            edges += _edges_into(node, node_of, stops, most - len(edges))
        if len(edges) > most:
            raise ValueError(
                f"more than {most:,} edges between {len(shown):,} cards; focus with path_to= or depth=, "
                "or raise max_nodes"
            )
    graph = Graph(nodes, edges, node_of[root], boxes, hidden=len(stops) - len(kept))
    _sweep(graph, order)
    graph.notes += notes.on_data(order, graph) + notes.on_gradients(graph)
    return graph


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
        label = value.label if labels.clean(value.label) else ""
        if not label and value is root and "C" not in taken:
            label = "C"
        while not label:
            count += 1
            label = "" if f"v_{count}" in taken else f"v_{count}"
        boxes[value] = labels.box(label)
    return boxes


def _edges_into(node: Node, node_of: dict[Value, Node], stops: set[Value], most: int) -> list[Edge]:
    """The edges ending in a node, operands in argument order; the hidden values behind it are a tree.

    Stops at one more than `most`.
    """
    edges: list[Edge] = []
    # (value, product of the partials from it up to the node, masked, linked list of the steps passed, their number)
    stack: list[tuple[Value, float, bool, Any, int]] = [(node.value, 1.0, False, None, 0)]
    while stack and len(edges) <= most:
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
                step = ((value, position), passed if length < MOST_STEPS else None)
                off = masked or partial is None
                stack.append((operand, product if off else product * partial, off, step, length + 1))  # type: ignore[operator]
    return edges


def _sweep(graph: Graph, order: Sequence[Value]) -> None:
    """∂output/∂node of this graph alone, from the recorded partials."""
    adjoint = Context().run(number_adjoints, list(order), {graph.root.value: 1.0})  # whatever modes the caller is in
    for node in graph.nodes:
        node.adjoint, node.reached = adjoint.get(node.value, 0.0), node.value in adjoint
