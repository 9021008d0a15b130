"""The one graph model that every picture, page and explanation reads.

The idea: choose which values are *shown*; an edge then joins a shown operand to a shown consumer by the ways through
hidden values, and its derivative is the sum over its ways of the products of the recorded partials: the consumer's
partial derivative, whatever is folded. Whatever is shown, the sum over a value's edges of (local derivative · gradient
at the other end) is its gradient.

One symbol has one meaning: ∂z/∂x is the derivative of z in the whole graph. Where z also depends on x through another
of its operands a, the edge's partial is another number, and it says what it holds fixed: ∂z/∂x|ₐ.
"""

from collections.abc import Collection, Mapping, Sequence
from contextvars import Context
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from typing import Any

from autograd.core.dependencies import dependents
from autograd.core.fast import number_adjoints
from autograd.core.sweeps import topological_order
from autograd.core.value import NOT_COMPUTED, Value
from autograd.picture import notes, select
from autograd.picture.formula import labels, typeset
from autograd.picture.formula import printer as formula
from autograd.picture.formula.product import Product, added
from autograd.picture.formula.typeset import Box
from autograd.program.loop import LoopRow

MAX_NODES = 1000
MOST_STEPS = 8  # primitives on an edge that are remembered, to print its rule

Way = tuple[tuple[Value, int], ...]

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
    """From a shown operand to a shown consumer, by one or several ways.

    A way is the primitives it passes, the operand's side first: (value, position of the argument) each.
    """

    source: Node
    target: Node
    number: float
    masked: bool  # masks switch every way off: exactly 0, whatever arrives
    ways: list[Way] = field(default_factory=list)  # () for a way of more than MOST_STEPS

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
    order: list[Value]  # every value below the root, operands first
    stops: set[Value]  # those where a formula ends: shown, or left out by depth= or path_to=
    notes: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)  # those of them on numbers changed since the forward pass
    hidden: int = 0  # cards left out by depth= or path_to=
    node_of: dict[Value, Node] = field(init=False)

    def __post_init__(self) -> None:
        self.node_of = {node.value: node for node in self.nodes}
        self._partials: dict[Value, Any] = {}

    @cached_property
    def position(self) -> dict[Value, int]:
        return {value: k for k, value in enumerate(self.order)}

    @cached_property
    def _shared(self) -> set[Value]:
        return select.shared(self.order)

    def outgoing(self) -> dict[Node, list[Edge]]:
        """Every node's edges to its consumers."""
        out: dict[Node, list[Edge]] = {node: [] for node in self.nodes}
        for edge in self.edges:
            out[edge.source].append(edge)
        return out

    def formula(self, node: Node, names: Mapping[Value, Box] | None = None, **limits: int) -> Box | None:
        """The right-hand side of `name = …`, with other words for the names if given; None for a leaf."""
        return None if node.is_leaf else formula.formula(node.value, names or self.names, **limits)

    def symbol(self, edge: Edge, operands: Collection[Value] | None = None) -> Box:
        """∂target/∂source; ∂target/∂source|ₐ where the target depends on the source through its operand a as well.

        `operands` are those shown of the target, if not all that its formula ends in.
        """
        symbol = typeset.derivative(edge.target.name, edge.source.name)
        held = self.held(edge, operands)
        return typeset.held(symbol, held) if held else symbol

    def held(self, edge: Edge, operands: Collection[Value] | None = None) -> list[Box]:
        """The target's other operands that depend on the source too: the edge's derivative holds them fixed."""
        source, target = edge.source.value, edge.target.value
        if operands is None and source not in self._shared:  # else what lies between the two may be shared itself
            return []
        between = self.order[self.position[source] + 1 : self.position[target]]  # where paths from one to the other run
        above = dependents(between, [source])
        if operands is None:
            operands = select.operands_shown(target, self.stops)
        return [self.names[v] for v in dict.fromkeys(operands) if v is not source and v in above]

    def rule(
        self, edge: Edge, most_steps: int = 4, names: Mapping[Value, Box] | None = None, primes: bool = True
    ) -> Box | None:
        """The local derivative as a formula, with f′ or what that is; None if it passes too many primitives to read, or
        a loop, whose rule is a step of its own."""
        loops = any([isinstance(value._row, LoopRow) for way in edge.ways for value, _ in way])
        if loops or not all(0 < len(way) <= most_steps for way in edge.ways):
            return None
        return added([self._product(way, names or self.names, primes) for way in edge.ways])

    def _product(self, way: Way, names: Mapping[Value, Box], primes: bool) -> Product:
        product = Product()
        for value, position in way:
            if value not in self._partials:
                self._partials[value] = formula.symbolic_partials(value)
            product.by(formula.rule(value, position, names, self._partials[value], primes))
        return product


def instead(function: str, given: Any) -> str:
    """What was given where a Value was asked for, and of a model or a number what to write."""
    kind = type(given).__name__
    if isinstance(given, int | float):
        return f"{kind}, which knows no graph; compute it of a Value: {function}(f(Value(2.0)))"
    if isinstance(given, str):
        return f"{kind} {given!r}; give the Value itself, not its name"
    return f"{kind}; give what it computes: {function}(model(x))" if callable(given) else kind


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
    order = topological_order(root)
    visible = select.visible(order, fold)
    shown = visible if path_to is None else select.between(order, visible, path_to)
    stops = {*visible, *shown}
    if depth is not None:
        shown = select.near(root, shown, stops, depth)
    if len(shown) > max_nodes:
        raise ValueError(select.too_many(order, len(shown), fold, max_nodes))
    kept = set(shown)
    named = kept if kept == stops else select.with_operands(shown, stops)
    boxes = names(visible if path_to is None else list(dict.fromkeys([*visible, path_to])), root, named)
    nodes = [_node(index, value, boxes[value], root) for index, value in enumerate(shown)]
    place = shown.index(root)
    graph = Graph(
        nodes, edges(nodes, stops, 10 * max_nodes), nodes[place], boxes, order, stops, hidden=len(stops) - len(kept)
    )
    _sweep(graph)
    graph.changed = notes.on_data(order, graph)
    graph.notes = graph.changed + notes.on_gradients(graph)
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


def names(visible: Sequence[Value], root: Value, wanted: Collection[Value]) -> dict[Value, Box]:
    """What the wanted values are called, whichever part of the graph is shown: no two alike.

    Labels, the second of the same with a number: x₍₂₎. Without a label leaves are a, b, c, …, computed values v₁, v₂,
    …, and the output C.
    """
    label_of = {value: value.label if labels.clean(value.label) else "" for value in visible}
    if "C" not in label_of.values() and not label_of[root]:
        label_of[root] = "C"
    taken = {labels.text(label) for label in set(label_of.values())}
    letters = (x for x in labels.letters() if labels.text(x) not in taken)
    numbers = (x for x in map("v_{}".format, count(1)) if labels.text(x) not in taken)
    found: dict[Value, Box] = {}
    met: set[str] = set()
    for value, label in label_of.items():
        if not label:
            box = labels.box(next(letters if value._row is None else numbers))
        else:
            box = labels.box(label)
            if typeset.text(box) in met:
                again = (labels.box(label, k) for k in count(2))
                box = next(x for x in again if typeset.text(x) not in met and typeset.text(x) not in taken)
            met.add(typeset.text(box))
        if value in wanted:
            found[value] = box
    return found


def edges(nodes: Sequence[Node], stops: set[Value], most: int = 10 * MAX_NODES) -> list[Edge]:
    """The edges between these nodes. Raises ValueError where they are more than `most`."""
    node_of = {node.value: node for node in nodes}
    found: list[Edge] = []
    for node in nodes:
        if not node.is_leaf:
            found += _edges_into(node, node_of, stops)
        if len(found) > most:
            raise ValueError(
                f"more than {most:,} edges between {len(nodes):,} cards; focus with path_to= or depth=, "
                "or raise max_nodes"
            )
    return found


def _edges_into(node: Node, node_of: dict[Value, Node], stops: set[Value]) -> list[Edge]:
    """The edges ending in a node, operands in argument order; the hidden values behind it are a tree."""
    edges: dict[Value, Edge] = {}
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
                edge = edges.setdefault(value, Edge(node_of[value], node, 0.0, True))
                edge.ways.append(tuple(steps))
                if not masked:
                    edge.number = product if edge.masked else edge.number + product
                    edge.masked = False
            continue
        arriving = list(zip(value._arguments, value._partials, strict=True))
        for position in range(len(arriving) - 1, -1, -1):
            operand, partial = arriving[position]
            if isinstance(operand, Value):
                step = ((value, position), passed if length < MOST_STEPS else None)
                off = masked or partial is None
                through = product if off or partial is None else product * partial
                stack.append((operand, through, off, step, length + 1))
    return list(edges.values())


def _sweep(graph: Graph) -> None:
    """∂output/∂node of this graph alone, from the recorded partials."""
    adjoint = Context().run(number_adjoints, graph.order, {graph.root.value: 1.0})  # whatever modes the caller is in
    for node in graph.nodes:
        node.adjoint, node.reached = adjoint.get(node.value, 0.0), node.value in adjoint
