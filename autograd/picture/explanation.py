"""`explain(C, wrt=w)`: the chain rule in words, for one value, with this run's numbers.

The idea: every path from w to C is a product of local derivatives, written three times: as names ∂z/∂w, as rules
(a, σ′(z), 2(a − y)) and as numbers. The gradient is the sum over all paths.
"""

import re
from collections.abc import Iterator, Sequence
from copy import copy
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from autograd.core.sweeps import topological_order
from autograd.core.value import Value
from autograd.picture import model, recurrence
from autograd.picture.formula import printer as formula
from autograd.picture.formula import stacked, typeset
from autograd.picture.formula.typeset import (
    ELLIPSIS,
    EQUALS,
    TIMES,
    Box,
    binary,
    fence,
    format_number,
    joined,
    number_box,
)
from autograd.picture.model import Edge, Graph, Node
from autograd.picture.notes import close

if TYPE_CHECKING:
    from autograd.picture.step_explanation import StepDerivation

MOST_PATHS = 8  # written out; beyond, the rest is said as a count and a sum
LONGEST_PATH = 12  # factors written out
WIDTH = 80  # columns of text before a derivation breaks at its signs = and ·
BLANK = typeset.template(typeset.number("____"), r"\underline{{\hspace{{2.5em}}}}", ())  # to be filled in
ALIKE = 3  # paths alike but for the numbers in their names that are written out


class Explanation:
    """A derivation: print it, or `.text()`, `.latex()`, `.mathml()`; a notebook typesets the LaTeX."""

    def __init__(self, derivations: Sequence["Derivation | StepDerivation"]) -> None:
        self._derivations = derivations

    def text(self) -> str:
        return "\n\n".join(derivation.text() for derivation in self._derivations)

    def key(self) -> "Explanation":
        """The same with its numbers: the answers to `blanks=True`."""
        return Explanation([derivation.filled() for derivation in self._derivations])

    def latex(self) -> str:
        """An aligned block, without the dollar signs."""
        lines = [line for derivation in self._derivations for line in derivation.latex_lines()]
        primes = dict.fromkeys(prime for derivation in self._derivations for prime in derivation.primes())
        lines += [rf"&\text{{where }} {stacked.latex(f)} = {stacked.latex(meaning)}" for f, meaning in primes]
        return "\\begin{aligned}\n" + " \\\\[3pt]\n".join(lines) + "\n\\end{aligned}"

    def mathml(self) -> str:
        """One <math> element per line."""
        return "\n".join(derivation.mathml() for derivation in self._derivations)

    def __str__(self) -> str:
        return self.text()

    __repr__ = __str__

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """No HTML beside the LaTeX: it would be preferred, and an untrusted notebook strips the MathML from it."""
        return {"text/plain": self.text(), "text/latex": f"$\\displaystyle {self.latex()}$"}


def explain(
    value: Any, wrt: Value | Sequence[Value] | None = None, fold: bool = True, blanks: bool = False
) -> Explanation:
    """How ∂value/∂wrt comes about, path by path: wrt a Value, or each of a list, or every labelled leaf.

    Where no leaf has a label, every leaf. For each path the partials along it, as symbols, as rules and as this run's
    numbers, their product, and the sum over the paths beside `.grad`. What has a label is a factor of its own;
    `fold=False` takes every primitive for one. `blanks=True` leaves the numbers out, to be filled in, and its `.key()`
    has them.

    Of a compiled function, or its program, in which there are loops: of each the chain rule of one step, whatever C
    comes of it, by every number of the state and by what all steps share; in symbols, as `draw` has it.
    """
    if not isinstance(value, Value) and (steps := recurrence.steps(value, fold)):
        from autograd.picture.step_explanation import StepDerivation

        if wrt is not None:
            raise TypeError("explain: the step of a loop is explained by all that it reads; wrt= is a Value of a graph")
        return Explanation([StepDerivation(step) for step in steps])
    several: list[Any] = list(wrt) if isinstance(wrt, (list, tuple)) else [] if wrt is None else [wrt]
    for v in (value, *several):
        if not isinstance(v, Value):
            raise TypeError(
                f"explain: derivatives are explained of a Value, wrt a Value; got {model.instead('explain', v)}"
            )
    if wrt is None:
        leaves = [v for v in topological_order(value) if v._row is None]
        several = [v for v in leaves if v.label] or leaves
    return Explanation([Derivation(value, v, fold, blanks) for v in several])


def _blanked(box: Box) -> Box:
    """A side of nothing but numbers is to be filled in, signs and all."""
    return _without_numbers(box) if _is_numeric(box) else box


def _is_numeric(box: Box) -> bool:
    return box[0] in ("num", "op", "bin") or (
        box[0] in ("row", "fence") and all(_is_numeric(part) for part in box[1:] if isinstance(part, tuple))
    )


def _without_numbers(box: Box) -> Box:
    if box[0] in ("num", "fence"):
        return BLANK
    if box[0] == "row":
        return typeset.row(*map(_without_numbers, box[1:]))
    return binary("+") if box == binary("−") else box


class Derivation:
    """∂root/∂wrt: its paths, their sum and how it compares with `.grad`; or without its numbers."""

    numeric = True  # does the graph have any?

    def __init__(self, root: Value, wrt: Value, fold: bool = True, blanks: bool = False) -> None:
        self.blanks = blanks
        try:
            self.graph = model.build(root, fold, path_to=wrt, max_nodes=1_000_000)
        except ValueError:  # root does not depend on wrt
            self.graph = model.build(root, fold, depth=0)
            box = model.names([*self.graph.stops, wrt], root, {wrt})[wrt]
            self.wrt = model.Node(0, wrt, box, model.INPUT, wrt._data, None)
            self.count, self.total, self.size = 0, 0.0, 0.0
            self.paths = list[list[Edge]]()
            self.symbol = typeset.derivative(self.graph.root.name, self.wrt.name)
        else:
            self.read(self.graph, self.graph.node_of[wrt])

    def read(self, graph: Graph, wrt: Node) -> None:
        """The paths of a graph from a node to its root."""
        self.graph, self.wrt, outgoing = graph, wrt, graph.outgoing()
        self.count, self.total, self.size = _sum_over_paths(graph, outgoing, wrt)
        self.paths = _chosen(_paths(graph, outgoing, wrt), self.count) if self.count else []
        self.symbol = typeset.derivative(graph.root.name, wrt.name)

    # Every line is a list of boxes that equal each other.

    def filled(self) -> "Derivation":
        """The same with its numbers."""
        other = copy(self)
        other.blanks = False
        return other

    def chains(self) -> list[list[Box]]:
        return [self._shown(factors(self.graph, path, self.numeric)) for path in self.paths]

    def _shown(self, sides: list[Box]) -> list[Box]:
        return [_blanked(side) for side in sides] if self.blanks else sides

    def sum(self) -> list[Box]:
        """[24 + 12 + …, 36]"""
        products = [_product(path) for path in self.paths]
        terms: list[Box] = []
        for k, x in enumerate(products):
            minus = k > 0 and format_number(x).startswith("−")
            terms += [binary("−" if minus else "+")] * (k > 0) + [number_box(-x if minus else x)]
        if self.count > len(self.paths):
            terms += [binary("+"), ELLIPSIS]
        return self._shown([typeset.row(*terms), number_box(self.total)])

    def check(self) -> str:
        name = typeset.text(self.wrt.name)
        stored = self.wrt.value.grad
        if stored is model.NOT_COMPUTED:
            return f"{name}.grad is not computed yet: call {typeset.text(self.graph.root.name)}.backward()"
        if close(stored, self.total) or abs(stored - self.total) <= 1e-12 * self.size:  # terms may cancel
            return f"✓ equals {name}.grad"
        return f"{name}.grad is {format_number(stored)}: it adds up several sweeps, or comes from another output"

    def text(self) -> str:
        lines = self.lines()
        for prime, meaning in self.primes():
            lines.append(f"  where {typeset.text(prime)} = {typeset.text(meaning)}")
        lines += [] if self.blanks else [f"  {self.check()}"]
        return "\n".join(lines + [f"  note: {note}" for note in self.graph.notes if "changed" in note])

    def lines(self) -> list[str]:
        """Its paths and their sum."""
        left = typeset.text(self.symbol)
        lines: list[str] = []
        if not self.count:
            own = self.wrt.value is self.graph.root.value
            lines.append(f"{left} = 1" if own else f"{left} = 0: no path leads from the one to the other")
        elif self.count == 1 and self.paths:
            lines += broken(left, [typeset.text(box) for box in self.chains()[0]], numeric=self.numeric)
        else:
            lines.append(f"{left} = sum over {self.count:,} paths")
            for path, equals in zip(self.paths, self.chains(), strict=True):
                nodes = _elided([path[0].source, *(edge.target for edge in path)])
                way = " → ".join("…" if node is None else typeset.text(node.name) for node in nodes)
                lines += broken(f"  {way}:  ", [typeset.text(box) for box in equals], "", self.numeric)
            if self.count > len(self.paths):
                (rest,) = self._shown([number_box(self.total - sum(map(_product, self.paths)))])
                together = f", together {typeset.text(rest)}" if self.numeric else ""
                lines.append(f"  and {self.count - len(self.paths):,} more paths{together}")
            lines += broken(left, [typeset.text(box) for box in self.sum()]) if self.numeric else []
        return lines

    def latex_lines(self) -> list[str]:
        left = stacked.latex(self.symbol)
        if not self.count:
            return [f"{left} &= {'1' if self.wrt.value is self.graph.root.value else '0'}"]
        lines = []
        if self.count > 1:
            paths = " + ".join(rf"p_{{{k + 1}}}" for k in range(len(self.paths)))
            more = rf" + \ldots \text{{ ({self.count:,} paths)}}" if self.count > len(self.paths) else ""
            lines.append(f"{left} &= {paths}{more}")
        for k, equals in enumerate(self.chains()):
            head = left if self.count == 1 else rf"p_{{{k + 1}}}"
            lines += aligned(head, equals, self.numeric)
        if self.count > 1 and self.numeric:
            lines += aligned(left, self.sum())
        return lines

    def mathml(self) -> str:
        if not self.count:
            one = self.wrt.value is self.graph.root.value
            return stacked.math_element(joined([self.symbol, typeset.number("1" if one else "0")], EQUALS), True)
        equations = self.chains() if self.count == 1 else [*self.chains(), self.sum()]
        if self.count > 1 and not self.numeric:
            equations[-1] = [joined([chain[0] for chain in equations[:-1]], binary("+"))]
        lines = []
        for k, equals in enumerate(equations):
            whole = self.count == 1 or k == len(equations) - 1
            lines.append(stacked.math_element(joined([self.symbol, *equals] if whole else equals, EQUALS), True))
        return "\n".join(lines)

    def primes(self) -> list[tuple[Box, Box]]:
        """What the primed functions of the written paths stand for, each once: σ′(u) = σ(u)·σ(−u)."""
        found: dict[Box, Box] = {}
        for path in self.paths:
            for edge in path[:LONGEST_PATH]:
                for value, _ in chain.from_iterable(edge.ways):
                    if (prime := formula.primed(value)) is not None:
                        found.setdefault(*prime)
        return list(found.items())


def factors(graph: Graph, path: list[Edge], numeric: bool = True) -> list[Box]:
    """[names, rules, numbers, result] of one path; what repeats the one before is left out."""
    shown = _elided(path)
    names = _factors([ELLIPSIS if edge is None else graph.symbol(edge) for edge in shown])
    rules = _factors([ELLIPSIS if edge is None else _rule(graph, edge, numeric) for edge in shown])
    numbers = _factors([ELLIPSIS if edge is None else number_box(edge.number) for edge in shown])
    equals = [names, rules, numbers, number_box(_product(path))] if numeric else [names, rules]
    if names == typeset.derivative(graph.root.name, path[0].source.name):  # it is what is to be explained
        equals = equals[1:]
    return [box for k, box in enumerate(equals) if k == 0 or box != equals[k - 1]]


def one_path(graph: Graph, node: Node) -> Box | None:
    """∂C/∂w = names = numbers = result on one line, where w reaches C by a single short path."""
    outgoing = graph.outgoing()
    count, _, _ = _sum_over_paths(graph, outgoing, node)
    if count != 1:
        return None
    path = next(_paths(graph, outgoing, node))
    if not 1 < len(path) <= 5:
        return None
    names, *_, numbers, result = factors(graph, path)
    return joined([typeset.derivative(graph.root.name, node.name), names, numbers, result], EQUALS)


def _rule(graph: Graph, edge: Edge, numeric: bool) -> Box:
    rule = graph.rule(edge, model.MOST_STEPS) if not recurrence.holds_loop(edge) else None
    return rule or (number_box(edge.number) if numeric else graph.symbol(edge))


def _factors(boxes: list[Box]) -> Box:
    """Boxes multiplied: what would come apart is fenced."""
    out = []
    for k, box in enumerate(boxes):
        negative = typeset.text(box).startswith("−") and (k > 0 or len(boxes) > 1)
        loose = len(boxes) > 1 and typeset.is_sum(box)
        out.append(fence(box) if negative or loose else box)
    return joined(out, TIMES)


def _elided(path: list[Any]) -> list[Any]:
    if len(path) <= LONGEST_PATH:
        return path
    return [*path[: LONGEST_PATH - 4], None, *path[-3:]]


def _chosen(paths: Iterator[list[Edge]], count: int) -> list[list[Edge]]:
    """The paths to be written out: few of those that differ in the numbers of their names alone."""
    first = list(islice(paths, 8 * MOST_PATHS))
    shapes: dict[tuple[str, ...], int] = {}
    chosen = []
    for path in first:
        shape = tuple([re.sub(r"\d+", "", edge.target.value.label) for edge in path])
        shapes[shape] = shapes.get(shape, 0) + 1
        if shapes[shape] <= ALIKE:
            chosen.append(path)
    return first if count - len(chosen) == 1 else chosen[:MOST_PATHS]


def _product(path: list[Edge]) -> float:
    product = 1.0
    for edge in reversed(path):
        if edge.masked:
            return 0.0
        product *= edge.number
    return product


def _sum_over_paths(graph: Graph, outgoing: dict[Node, list[Edge]], wrt: Node) -> tuple[int, float, float]:
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


def _paths(graph: Graph, outgoing: dict[Node, list[Edge]], wrt: Node) -> Iterator[list[Edge]]:
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


def aligned(left: str, equals: list[Box], numeric: bool = True) -> list[str]:
    """left &= a = b on one line; where that is too wide a line for each side, the result beside its numbers."""
    sides = [stacked.latex(box) for box in equals]
    wide = sum(len(typeset.text(box)) for box in equals) > WIDTH
    sides = [" = ".join(sides)] if not wide else [*sides[:-2], " = ".join(sides[-2:])] if numeric else sides
    return [f"{left} &= {sides[0]}", *(f"&= {side}" for side in sides[1:])]


def broken(left: str, equals: list[str], first: str = " = ", numeric: bool = True) -> list[str]:
    """left = a = b on one line; broken before the equals signs where that is too wide, and then before · and +."""
    whole = left + first + " = ".join(equals)
    if len(whole) <= WIDTH:
        return [whole]
    if len(equals) > 1 and numeric:
        equals = [*equals[:-2], " = ".join(equals[-2:])]  # the result beside its numbers
    margin = " " * min(len(left), 24) if first else "     "
    heads = [left + first, *[f"{margin} = "] * (len(equals) - 1)]
    return [line for head, part in zip(heads, equals, strict=True) for line in _wrapped(head, part)]


def _wrapped(head: str, text: str) -> list[str]:
    """head and text, broken before the signs between factors or terms where they are too wide."""
    lines, margin = [head], " " * min(len(head), 24)
    for part in re.split(r"(?= [·+−] )", text):
        if len(lines[-1]) + len(part) > WIDTH and lines[-1] != head:
            lines.append(margin + part.lstrip())
        else:
            lines[-1] += part
    return lines
