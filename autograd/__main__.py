"""`python -m autograd "(sigmoid(w*a + b) - y)**2" w=2 a=0.5 b=-0.3 y=1`: any formula's derivatives, explained."""

import argparse
import re
import sys
import unicodedata
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from autograd import terminal
from autograd.core.value import Value
from autograd.files import printable
from autograd.parser import CONSTANTS, Formula, FormulaError, known_functions
from autograd.picture import draw, explain, model, step
from autograd.picture.explanation import broken
from autograd.picture.formula import labels, typeset
from autograd.trust.checks import check_gradients
from autograd.trust.report import Entry

WINDOW = 60  # characters of a formula that are shown on each side of what is wrong


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns the exit status: 0, 1 if a derivative fails its check, 2 if the command cannot be read."""
    given = sys.argv[1:] if arguments is None else arguments
    # A formula may begin with a minus, which argparse would take for an option; a space in front tells it.
    given = [f" {text}" if text[:1] == "-" and text[1:2] not in ("-", "h") else text for text in given]
    options = _options().parse_intermixed_args(given)
    try:
        formula = Formula(options.formula)
        numbers = _numbers(options.numbers, formula)
        wanted = [name.strip() for names in options.wrt for name in names.split(",")] or list(numbers)
        for name in wanted:
            if name not in numbers:
                raise FormulaError(f"--wrt {name}: the formula's names are {', '.join(numbers)}")
        return _report(formula, numbers, wanted, options)
    except FormulaError as error:
        _complain(options.formula, error)
        return 2
    except (ValueError, RuntimeError) as error:
        terminal.complain(f"error: {error}")
        return 2


def _options() -> argparse.ArgumentParser:
    parser = terminal.Options(
        prog="python -m autograd",
        description="Differentiate a formula: its value, every derivative with its chain rule, and a check against "
        "finite differences.",
        epilog=f"functions: {', '.join(sorted(known_functions()))}",
    )
    parser.add_argument("formula", help='such as "C = (sigmoid(w*a + b) - y)**2"')
    parser.add_argument("numbers", nargs="*", default=[], metavar="name=number",
                        help="a number for every name in the formula")  # fmt: skip
    parser.add_argument("--wrt", action="append", default=[], metavar="NAME", help="only the derivative by this name")
    parser.add_argument("--svg", metavar="FILE", help="write the graph as a picture (.svg, .png, .pdf, .tex, .dot)")
    parser.add_argument("--html", metavar="FILE", help="write a page that steps forward through it and back")
    return parser


def _numbers(given: Sequence[str], formula: Formula) -> dict[str, float]:
    """A number for each of the formula's names, in the formula's order."""
    found: dict[str, float] = {}
    for text in given:
        name, equals, number = text.strip().partition("=")
        name = unicodedata.normalize("NFKC", name.strip())
        if name in found:
            raise FormulaError(f"{name} is given twice; one number is needed for each name")
        try:
            if not equals or not name:
                raise ValueError
            found[name] = _number(number.replace("−", "-"))
        except (ValueError, ArithmeticError) as error:
            said = f": {error}" if isinstance(error, FormulaError) and number.strip() else ""
            given, such = text.strip(), "w=2, w=-0.5, w=1/3 or w=2*pi"
            raise FormulaError(f"{given!r} should be name=number, such as {such}{said}") from None
        if name not in formula.names:
            names = ", ".join(formula.names) or "none"
            raise FormulaError(f"{name} is not in the formula, whose names are {names}")
    missing = [name for name in formula.names if name not in found and name not in CONSTANTS]
    if missing:
        remedy = " ".join(f"{name}=…" for name in missing)
        raise FormulaError(f"no number for {', '.join(missing)}: add {remedy}")
    return {name: found[name] for name in formula.names if name in found}


def _number(text: str) -> float:
    """A number, a fraction, or a formula of the names that stand for numbers: 0.5, 1/3, pi/2."""
    try:
        return float(Fraction(text)) if "/" in text else float(text)
    except ValueError:
        if re.fullmatch(r"\s*[+-]?\d*,\d+\s*", text):
            raise FormulaError(f"decimals follow a point, {text.strip().replace(',', '.')}") from None
        formula = Formula(text)
        if formula.label:
            raise FormulaError("a number has one name") from None
        if unknown := [name for name in formula.names if name not in CONSTANTS]:
            raise FormulaError(f"{', '.join(unknown)} stands for no number") from None
        return float(formula.evaluate(CONSTANTS))


def _report(formula: Formula, numbers: dict[str, float], wanted: list[str], options: argparse.Namespace) -> int:
    leaves = {name: Value(number, name) for name, number in numbers.items()}
    result = formula.evaluate(CONSTANTS | leaves)
    if not isinstance(result, Value):
        if options.svg or options.html:
            raise FormulaError("a formula without names has no graph to draw")
        print(f"{typeset.format_number(result, 16)}")
        return 0
    result.backward()
    graph = model.build(result)
    print(", ".join(f"{labels.text(name)} = {typeset.format_number(x, 16)}" for name, x in numbers.items()))
    for node in graph.nodes:
        if (body := graph.formula(node)) is not None:
            equals = [typeset.text(body), typeset.format_number(node.data, 10)]
            print("\n".join(broken(typeset.text(node.name), equals)))
    report = check_gradients(
        lambda *xs: formula.evaluate(CONSTANTS | dict(zip(numbers, xs, strict=True))),
        *numbers.values(), modes=("reverse",), order=1, raises=False,
    )  # fmt: skip
    verdicts = dict(zip(numbers, report.entries, strict=True))
    for name in wanted:
        print()
        print(explain(result, wrt=leaves[name]).text())
        print(f"  {_beside(verdicts[name])}")
    if report.culprit:
        print(f"\n{report.culprit}")
    for path, picture in ((options.svg, draw), (options.html, step)):
        if path is not None:
            print(f"\nwrote {_save(picture(result), path)}")
    return int(any(verdicts[name].verdict.startswith("WRONG") for name in wanted))


def _save(picture: Any, path: str) -> Any:
    try:
        return picture.save(path)
    except OSError as error:  # of the file, not of stdout
        raise ValueError(error) from None


def _beside(entry: Entry) -> str:
    """The finite difference beside a derivative, and what it says of it."""
    low, high = (typeset.format_number(x, 10) for x in (entry.difference.low, entry.difference.high))
    if entry.verdict == "ok":
        return f"✓ finite difference {low}"
    if entry.verdict == "kink":
        return f"✓ between the finite differences of both sides, {low} and {high}"
    if entry.verdict.startswith("WRONG"):
        return f"✗ finite difference {low} differs from {typeset.format_number(entry.got['reverse'], 10)}"
    return f"finite difference not comparable ({entry.verdict.removeprefix('unchecked: ')})"


def _complain(formula: str, error: FormulaError) -> None:
    terminal.complain(f"error: {printable(error)}")
    if error.column is not None and formula.strip():
        begin = max(0, error.column - WINDOW)
        shown = "".join([c if c.isprintable() else " " for c in formula[begin : error.column + WINDOW]])
        before, after = "… " if begin else "", " …" if error.column + WINDOW < len(formula) else ""
        print(f"  {before}{shown}{after}\n  {' ' * (len(before) + error.column - begin)}^", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(terminal.run(main))
