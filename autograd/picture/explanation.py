"""`explain(C, wrt=w)`: the chain rule in words, for one value, with this run's numbers.

The idea: every path from w to C is a product of local derivatives, written three times: as names ∂z/∂w, as rules
(a, σ′(z), 2(a − y)) and as numbers. The gradient is the sum over all paths.
"""

import re
import textwrap
from collections.abc import Sequence
from copy import copy
from itertools import chain
from typing import TYPE_CHECKING, Any

from autograd.core.sweeps import topological_order
from autograd.core.value import NOT_COMPUTED, Value
from autograd.picture import model, paths, recurrence
from autograd.picture.formula import printer as formula
from autograd.picture.formula import stacked, typeset
from autograd.picture.formula.typeset import (
    ELLIPSIS,
    EQUALS,
    Box,
    binary,
    format_number,
    joined,
    number_box,
)
from autograd.picture.model import Edge, Graph, Node
from autograd.picture.notes import FOREIGN, close

if TYPE_CHECKING:
    from autograd.picture.step_explanation import StepDerivation

WIDTH = 80  # columns of text before a derivation breaks at its signs = and ·
BLANK = typeset.template(typeset.number("____"), r"\underline{{\hspace{{2.5em}}}}", ())  # to be filled in


class Explanation:
    """A derivation: print it, or `.text()`, `.latex()`, `.mathml()`; a notebook typesets the LaTeX."""

    def __init__(self, derivations: Sequence["Derivation | StepDerivation"]) -> None:
        self._derivations = derivations

    def text(self) -> str:
        """What is true of several of its derivations is noted once, at the end."""
        told = "\n\n".join(derivation.text() for derivation in self._derivations)
        notes = dict.fromkeys(note for derivation in self._derivations for note in derivation.notes())
        apart = "\n" if notes and len(self._derivations) > 1 else ""
        return "\n".join(
            [told + apart, *[textwrap.fill(f"  note: {note}", WIDTH, subsequent_indent="  ") for note in notes]]
        )

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
    comes of it, by every number of the state and by what all steps share; and by the arguments of which these are made,
    dC/dx, in all that goes by way of the loop. In symbols, as `draw` has it.
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
        self.count, self.total, self.size = paths.sum_over_paths(graph, outgoing, wrt)
        self.paths = paths.chosen(paths.every_path(graph, outgoing, wrt), self.count) if self.count else []
        self.symbol = typeset.derivative(graph.root.name, wrt.name)

    # Every line is a list of boxes that equal each other.

    def filled(self) -> "Derivation":
        """The same with its numbers."""
        other = copy(self)
        other.blanks = False
        return other

    def chains(self) -> list[list[Box]]:
        return [self._shown(paths.sides(self.graph, path, self.numeric)) for path in self.paths]

    def _shown(self, sides: list[Box]) -> list[Box]:
        return [_blanked(side) for side in sides] if self.blanks else sides

    def sum(self) -> list[Box]:
        """[24 + 12 + …, 36]"""
        products = [paths.product(path) for path in self.paths]
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
        if stored is NOT_COMPUTED:
            return f"{name}.grad is not computed yet: call {typeset.text(self.graph.root.name)}.backward()"
        if close(stored, self.total, self.size):
            return f"✓ equals {name}.grad"
        return f"{name}.grad is {format_number(stored)}: {FOREIGN}"

    def text(self) -> str:
        lines = self.lines()
        for prime, meaning in self.primes():
            lines += _wrapped(f"  where {typeset.text(prime)} = ", typeset.text(meaning))
        lines += [] if self.blanks else [f"  {self.check()}"]
        return "\n".join(lines)

    def notes(self) -> list[str]:
        return self.graph.changed

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
                nodes = paths.elided([path[0].source, *(edge.target for edge in path)])
                way = " → ".join("…" if node is None else typeset.text(node.name) for node in nodes)
                lines += broken(f"  {way}:  ", [typeset.text(box) for box in equals], "", self.numeric)
            if self.count > len(self.paths):
                (rest,) = self._shown([number_box(self.total - sum(map(paths.product, self.paths)))])
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
            whole = " + ".join(rf"p_{{{k + 1}}}" for k in range(len(self.paths)))
            more = rf" + \ldots \text{{ ({self.count:,} paths)}}" if self.count > len(self.paths) else ""
            lines.append(f"{left} &= {whole}{more}")
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
            for edge in path[: paths.LONGEST_PATH]:
                for value, _ in chain.from_iterable(edge.ways):
                    if (prime := formula.primed(value)) is not None:
                        found.setdefault(*prime)
        return list(found.items())


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
    """head and text, broken before the arrows of a path, and before the signs between factors or terms."""
    first, *parts = re.split(r"(?= [·+−→] )", head + text)
    lines, margin = [first], " " * min(len(head), 24)
    for part in parts:
        if len(lines[-1]) + len(part) > WIDTH:
            lines.append(margin + part.lstrip())
        else:
            lines[-1] += part
    return lines
