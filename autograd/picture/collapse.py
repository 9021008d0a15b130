"""Groups of values: a neuron or a layer as one card, with the exact derivatives between groups.

The idea: labels say where a value belongs (`w_{12}^(1)`: layer 1, neuron 1). A group's *ports* are its values that
other groups read; between ports, everything else is summed out by a small sweep from each port back to the ports
before it. So a link between groups carries ∂port/∂port, and the sum over links is the gradient again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from autograd.core.value import Value
from autograd.picture.formula import labels
from autograd.picture.model import Edge, Graph, Node

BY = ("neuron", "layer")


@dataclass(slots=True, eq=False)
class Group:
    index: int
    key: tuple[str, ...] | None  # ("1", "2") for neuron 2 of layer 1, ("1",) for layer 1, None for a value on its own
    members: list[Node]


@dataclass(slots=True, eq=False)
class Collapsed:
    groups: list[Group]
    edges: list[Edge]  # between ports, and from a group's own leaves to its ports
    group_of: dict[Node, Group]

    def links(self) -> dict[tuple[Group, Group], list[Edge]]:
        """The edges from one group to another."""
        found: dict[tuple[Group, Group], list[Edge]] = {}
        for edge in self.edges:
            ends = self.group_of[edge.source], self.group_of[edge.target]
            if ends[0] is not ends[1]:
                found.setdefault(ends, []).append(edge)
        return found


def key_of(value: Value, by: str) -> tuple[str, ...] | None:
    layer = labels.layer(value.label) if value.label else None
    if layer is None or by == "layer":
        return None if layer is None else (layer,)
    neuron = labels.neuron(value.label)
    return None if neuron is None else (layer, neuron)


def count_groups(shown: Sequence[Value], by: str) -> int:
    """How many cards collapsing would leave, at most."""
    keys = [key_of(value, by) for value in shown]
    return len(set(keys) - {None}) + keys.count(None)


def collapse(graph: Graph, by: str) -> Collapsed:
    """Group the nodes by layer or by neuron; raises ValueError for another word."""
    if by not in BY:
        raise ValueError(f'draw: collapse="neuron" or "layer", not {by!r}')
    keys = {node: key_of(node.value, by) for node in graph.nodes}
    consumers: dict[Node, list[Node]] = {node: [] for node in graph.nodes}
    for edge in graph.edges:
        consumers[edge.source].append(edge.target)
    for node in reversed(graph.nodes):  # an unlabelled value inside one group belongs to it
        if keys[node] is None and not node.value.label and not node.is_leaf:
            around = {keys[c] for c in consumers[node]}
            if len(around) == 1:
                keys[node] = around.pop()
    members: dict[object, list[Node]] = {}
    for node in graph.nodes:
        members.setdefault(keys[node] or node, []).append(node)
    ordered = sorted(members.items(), key=lambda item: item[1][-1].index)
    groups = [Group(k, key if isinstance(key, tuple) else None, nodes) for k, (key, nodes) in enumerate(ordered)]
    group_of = {node: group for group in groups for node in group.members}
    return Collapsed(groups, list(_port_edges(graph, group_of, consumers)), group_of)


def _port_edges(graph: Graph, group_of: dict[Node, Group], consumers: dict[Node, list[Node]]) -> Iterable[Edge]:
    ports = {
        node
        for node in graph.nodes
        if node.is_leaf or node is graph.root or any(group_of[c] is not group_of[node] for c in consumers[node])
    }
    arriving: dict[Node, list[Edge]] = {node: [] for node in graph.nodes}
    for edge in graph.edges:
        arriving[edge.target].append(edge)
    for port in graph.nodes:
        if port not in ports or port.is_leaf:
            continue
        inside, stack = {port}, [port]
        while stack:
            for edge in arriving[stack.pop()]:
                if edge.source not in ports and edge.source not in inside:
                    inside.add(edge.source)
                    stack.append(edge.source)
        slope: dict[Node, float] = {port: 1.0}
        reached: dict[Node, bool] = {}
        for node in sorted(inside, key=lambda n: -n.index):
            for edge in arriving[node]:
                reached.setdefault(edge.source, False)
                if not edge.masked and node in slope:
                    slope[edge.source] = slope.get(edge.source, 0.0) + edge.number * slope[node]
        for source in sorted((n for n in reached if n in ports), key=lambda n: n.index):
            yield Edge(source, port, slope.get(source, 0.0), source not in slope)
