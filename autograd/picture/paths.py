"""The paths from a value to the output, and what is said of one: its factors as names, as rules and as numbers.

The idea: every path is a product of local derivatives, and the derivative is the sum over all paths. These are many
more than the edges, so they are counted and summed edge by edge, and few are written out.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from autograd.picture import model
from autograd.picture.formula import typeset
from autograd.picture.formula.typeset import ELLIPSIS, EQUALS, TIMES, Box, fence, joined, number_box
from autograd.picture.model import Edge, Graph, Node

MOST_PATHS = 8  # written out; beyond, the rest is said as a count and a sum
LONGEST_PATH = 12  # factors written out
ALIKE = 3  # paths alike but for the numbers in their names that are written out


def sides(graph: Graph, path: list[Edge], numeric: bool = True) -> list[Box]:
    """[names, rules, numbers, result] of one path; what repeats the one before is left out."""
    shown = elided(path)
    names = _multiplied([ELLIPSIS if edge is None else graph.symbol(edge) for edge in shown])
    rules = _multiplied([ELLIPSIS if edge is None else _rule(graph, edge, numeric) for edge in shown])
    numbers = _multiplied([ELLIPSIS if edge is None else number_box(edge.number) for edge in shown])
    equals = [names, rules, numbers, number_box(product(path))] if numeric else [names, rules]
    if names == typeset.derivative(graph.root.name, path[0].source.name):  # it is what is to be explained
        equals = equals[1:]
    return [box for k, box in enumerate(equals) if k == 0 or box != equals[k - 1]]


def one_path(graph: Graph, node: Node) -> Box | None:
    """∂C/∂w = names = numbers = result on one line, where w reaches C by a single short path."""
    outgoing = graph.outgoing()
    count, _, _ = sum_over_paths(graph, outgoing, node)
    if count != 1:
        return None
    path = next(every_path(graph, outgoing, node))
    if not 1 < len(path) <= 5:
        return None
    names, *_, numbers, result = sides(graph, path)
    return joined([typeset.derivative(graph.root.name, node.name), names, numbers, result], EQUALS)


def _rule(graph: Graph, edge: Edge, numeric: bool) -> Box:
    return graph.rule(edge, model.MOST_STEPS) or (number_box(edge.number) if numeric else graph.symbol(edge))


def _multiplied(boxes: list[Box]) -> Box:
    """Boxes multiplied: what would come apart is fenced."""
    if len(boxes) == 1:
        return boxes[0]
    loose = [typeset.is_sum(box) or typeset.text(box).startswith("−") for box in boxes]
    return joined([fence(box) if is_loose else box for box, is_loose in zip(boxes, loose, strict=True)], TIMES)


def elided(path: list[Any]) -> list[Any]:
    """The edges or nodes of a path; of a long one the first and the last, and None for those between."""
    return path if len(path) <= LONGEST_PATH else [*path[: LONGEST_PATH - 4], None, *path[-3:]]


def product(path: list[Edge]) -> float:
    """The local derivatives along a path, multiplied; 0 where a mask switches it off."""
    found = 1.0
    for edge in reversed(path):
        if edge.masked:
            return 0.0
        found *= edge.number
    return found


def sum_over_paths(graph: Graph, outgoing: dict[Node, list[Edge]], wrt: Node) -> tuple[int, float, float]:
    """How many paths lead from wrt to the output, the sum of their products, and that of their absolute values."""
    count = {graph.root: 1}
    slope, size = {graph.root: 1.0}, {graph.root: 1.0}  # of what masks do not switch off
    for node in reversed(graph.nodes):
        if node is graph.root:
            continue
        count[node] = sum(count[edge.target] for edge in outgoing[node])
        if on := [edge for edge in outgoing[node] if not edge.masked and edge.target in slope]:
            slope[node] = sum(edge.number * slope[edge.target] for edge in on)
            size[node] = sum(abs(edge.number) * size[edge.target] for edge in on)
    return (count[wrt], slope.get(wrt, 0.0), size.get(wrt, 0.0)) if wrt is not graph.root else (0, 1.0, 1.0)


def every_path(graph: Graph, outgoing: dict[Node, list[Edge]], wrt: Node) -> Iterator[list[Edge]]:
    """The paths from wrt to the output, one after another."""
    path: list[Edge] = []
    stack = [iter(outgoing[wrt])]
    while stack:
        edge = next(stack[-1], None)
        if edge is None:
            stack.pop()
            if path:
                path.pop()
        elif edge.target is graph.root:
            yield [*path, edge]
        else:
            path.append(edge)
            stack.append(iter(outgoing[edge.target]))


def chosen(paths: Iterator[list[Edge]], count: int) -> list[list[Edge]]:
    """The paths to be written out: few of those that differ in the numbers of their names alone."""
    first = list(islice(paths, 8 * MOST_PATHS))
    alike: dict[tuple[str, ...], int] = {}
    few = []
    for path in first:
        shape = tuple([re.sub(r"\d+", "", edge.target.value.label) for edge in path])
        alike[shape] = alike.get(shape, 0) + 1
        if alike[shape] <= ALIKE:
            few.append(path)
    return first if count - len(few) == 1 else few[:MOST_PATHS]
