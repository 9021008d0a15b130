"""Modules within modules: layers in the modules that hold them, neurons in layers, by what the labels say.

The idea: every value has a path, the modules it is in from the outermost inwards, and paths make a tree. An edge
belongs to the innermost module that holds both its ends.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from autograd.core.value import Value
from autograd.picture.collapse import key_of
from autograd.picture.formula import labels
from autograd.picture.model import Edge, Graph, Node

Path = tuple[tuple[str, ...], ...]


@dataclass(slots=True, eq=False)
class Module:
    """What a page opens and closes; its key is None for the whole picture."""

    key: tuple[str, ...] | None
    parent: "Module | None" = None
    items: "list[Module | Node]" = field(default_factory=list)  # operands first
    members: list[Node] = field(default_factory=list)  # of the modules within, too

    @property
    def holds_modules(self) -> bool:
        return any(isinstance(item, Module) for item in self.items)

    def within(self) -> "Iterator[Module]":
        """The modules within, each before those within it."""
        for item in self.items:
            if isinstance(item, Module):
                yield item
                yield from item.within()


@dataclass(slots=True, eq=False)
class Nesting:
    """The tree, and its edges by their numbers in the graph."""

    ground: Module
    around: dict[Node, list[Module]]  # every node, from the ground inwards
    own: dict[Module, dict[int, Edge]]  # those between its items
    arriving: dict[Module, dict[int, Edge]]  # those from outside

    def item(self, level: Module, node: Node) -> "Module | Node":
        """What stands for a node among the items of a module that holds it."""
        chain = self.around[node]
        below = chain.index(level) + 1
        return chain[below] if below < len(chain) else node


def nest(graph: Graph, by: str) -> Nesting:
    """The tree of a graph's modules: by "neuron" its neurons alone, by "layer" all that a layer is in and holds."""
    paths = _paths(graph, by)
    found: dict[Path, Module] = {(): Module(None)}
    for node in graph.nodes:
        for depth in range(len(paths[node]) + 1):
            path = paths[node][:depth]
            if path not in found:
                found[path] = Module(path[-1], found[path[:-1]])
                found[path[:-1]].items.append(found[path])
            found[path].members.append(node)
        found[paths[node]].items.append(node)
    ground = found[()]
    for module in [*ground.within()]:
        while len(module.items) == 1 and isinstance(only := module.items[0], Module):  # a layer of one neuron is it
            module.items = only.items
            for item in module.items:
                if isinstance(item, Module):
                    item.parent = module
    modules = [ground, *ground.within()]
    around: dict[Node, list[Module]] = {node: [] for node in graph.nodes}
    for module in modules:
        module.items.sort(key=_last)
        for node in module.members:
            around[node].append(module)
    nesting = Nesting(ground, around, {m: {} for m in modules}, {m: {} for m in modules})
    for k, edge in enumerate(graph.edges):
        chain = around[edge.target]
        depth = sum(a is b for a, b in zip(around[edge.source], chain, strict=False))
        nesting.own[chain[depth - 1]][k] = edge
        for module in chain[depth:]:
            nesting.arriving[module][k] = edge
    return nesting


def _last(item: Module | Node) -> int:
    return item.members[-1].index if isinstance(item, Module) else item.index


def _paths(graph: Graph, by: str) -> dict[Node, Path]:
    paths = {node: path_of(node.value, by) for node in graph.nodes}
    consumers = graph.outgoing()
    for node in reversed(graph.nodes):  # an unlabelled value is where all that reads it is
        if not paths[node] and not node.value.label and not node.is_leaf:
            paths[node] = _common([paths[edge.target] for edge in consumers[node]])
    return paths


def path_of(value: Value, by: str) -> Path:
    """The keys of the modules that a value is in: `w_{31}^(2,1)` is of module 2, layer 2,1 in it, and its neuron 3."""
    neuron = key_of(value, "neuron")
    if by == "neuron":
        return (neuron,) if neuron else ()
    name = labels.layer(value.label) if value.label else None
    if name is None:
        return ()
    parts = name.split(",")
    layers = tuple((",".join(parts[: k + 1]),) for k in range(len(parts)))
    return (*layers, neuron) if neuron else layers


def _common(paths: Sequence[Path]) -> Path:
    shared: list[tuple[str, ...]] = []
    for keys in zip(*paths, strict=False):
        if len({*keys}) > 1:
            break
        shared.append(keys[0])
    return tuple(shared)
