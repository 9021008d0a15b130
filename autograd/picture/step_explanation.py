"""`explain(f)` of a compiled function: the chain rule of one step of its loops, in words and symbols.

The idea: ∂C/∂sₖ is a sum over what the step ends in, of ∂sₖ₊₁/∂sₖ · ∂C/∂sₖ₊₁, and each ∂sₖ₊₁/∂sₖ is explained as the
derivative of any value, path by path, only without numbers, which are others at every step.
"""

from dataclasses import replace

from autograd.core.value import Value
from autograd.picture import explanation, model
from autograd.picture.formula import labels, stacked, typeset
from autograd.picture.formula.typeset import EQUALS, Box, joined
from autograd.picture.recurrence import Part, Step

SHORT = 30  # characters of a rule that stands in the sum


class Within(explanation.Derivation):
    """How one result of a part depends on an input of it: paths, in symbols and rules."""

    numeric = blanks = False

    def __init__(self, part: Part, x: Value, z: Value) -> None:
        graph = part.graph
        self.read(replace(graph, root=graph.node_of[z]), graph.node_of[x])

    def says_more(self) -> bool:
        """Is it no factor of the sum already, and not a loop's in the step?"""
        return self.rule() is None and self.chains() != [[self.symbol]]

    def rule(self) -> Box | None:
        """The one factor that it is, if that is short."""
        if self.count != 1 or len(self.paths[0]) != 1:
            return None
        rule = self.graph.rule(self.paths[0][0], model.MOST_STEPS)
        return rule if rule is not None and len(typeset.text(rule)) <= SHORT else None


class StepDerivation:
    """∂C by each number of the state before a step, by what all steps share, and by what the loop is given."""

    def __init__(self, step: Step) -> None:
        self.step = step

    def filled(self) -> "StepDerivation":
        """The same: there are no numbers to be filled in."""
        return self

    def equations(self) -> list[tuple[Box, Box]]:
        """What the loop is given, and what the step computes."""
        return [*(self.step.given.equations() if self.step.given else ()), *self.step.equations()]

    def slopes(self, part: Part) -> list[tuple[Box, list[Box], list[Within]]]:
        """Each derivative of C; its sides; and those within that are too long for these."""
        found = []
        for x, shared in part.arguments():
            symbols = part.symbols(x)
            inner = [
                None if s is None or z is None else Within(part, x, z)
                for s, (z, _) in zip(symbols, part.ways(x), strict=True)
            ]
            rules = [s if d is None else d.rule() or s for s, d in zip(symbols, inner, strict=True)]
            factors = [None if rule == typeset.number("1") else rule for rule in rules]
            sides = dict.fromkeys([part.slope(x, shared, symbols), part.slope(x, shared, factors)])
            left = typeset.derivative(part.C, labels.box(x.label), "∂" if part is self.step else "d")
            found.append((left, [*sides], [d for d in inner if d and d.says_more()]))
        return found

    def told(self) -> list[tuple[str, list[tuple[Box, list[Box], list[Within]]]]]:
        """The derivatives in what steps read, then those in arguments, with what is said above them."""
        given = self.slopes(self.step.given) if self.step.given else []
        C = typeset.text(self.step.C)
        found = [(f"whatever {C} comes of it, from its last step back:", self.slopes(self.step))]
        return [*found, ("in all, by way of this loop:", given)] if given else found

    def primes(self) -> list[tuple[Box, Box]]:
        parts = [part for part in (self.step, self.step.given) if part]
        ways = [(part, x, z) for part in parts for x, _ in part.arguments() for z, _ in part.ways(x)]
        found = [Within(part, x, z).primes() for part, x, z in ways if z is not x and z is not None]
        return [*dict.fromkeys([prime for primes in found for prime in primes])]

    def head(self) -> str:
        loop = self.step.loop
        ends = (loop.steps - 1, 0) if loop.backwards else (0, loop.steps - 1)
        until = "" if loop.on is None else ", while it goes on"
        return f"{loop.name}: step {self.step.index} = {', …, '.join(map(str, dict.fromkeys(ends)))}{until}"

    def notes(self) -> list[str]:
        """None: there are no numbers that could have changed."""
        return []

    def text(self) -> str:
        lines = [self.head()]
        for name, body in self.equations():
            lines += explanation.broken(f"  {typeset.text(name)}", [typeset.text(body)])
        for words, slopes in self.told():
            lines.append(words)
            for left, sides, inner in slopes:
                lines += explanation.broken(typeset.text(left), [typeset.text(side) for side in sides], numeric=False)
                for derivation in inner:
                    lines += [f"  {line}" for line in derivation.lines()]
        for prime, meaning in self.primes():
            lines.append(f"  where {typeset.text(prime)} = {typeset.text(meaning)}")
        return "\n".join(lines)

    def latex_lines(self) -> list[str]:
        lines = [rf"&\text{{{stacked.latex(typeset.operator(self.head()))}}}"]
        for name, body in self.equations():
            lines += explanation.aligned(stacked.latex(name), [body])
        for _, slopes in self.told():
            for left, sides, inner in slopes:
                lines += explanation.aligned(stacked.latex(left), sides, numeric=False)
                for derivation in inner:
                    lines += derivation.latex_lines()
        return lines

    def mathml(self) -> str:
        lines = [joined([name, body], EQUALS) for name, body in self.equations()]
        found = [stacked.math_element(line, True) for line in lines]
        for _, slopes in self.told():
            for left, sides, inner in slopes:
                found.append(stacked.math_element(joined([left, *sides], EQUALS), True))
                found += [derivation.mathml() for derivation in inner]
        return "\n".join(found)
