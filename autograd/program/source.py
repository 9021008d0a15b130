"""A program as text, Python or another language: one statement an instruction, to read, to run and to compile.

The function takes the inputs and the parameters of one example. A mean over the batch is, for one example, the thing
itself; so the gradient prints as the derivative of one example's result. What differs between languages is a table of
words, in `spelling`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from autograd.core import ieee
from autograd.core import primitives as table
from autograd.core.columns import TABLE
from autograd.program.expand import expand
from autograd.program.phrases import called, wrapped_words
from autograd.program.program import Program
from autograd.program.rules import Rules
from autograd.program.simplify import exact
from autograd.program.spelling import JAVASCRIPT, PYTHON, Language
from autograd.program.text import Text


def function_text(name: str, program: Program, returns: Callable[[Sequence[str]], str] | None = None) -> str:
    """`def name(inputs, parameters): …`; `returns` spells the result from the names of the outputs."""
    leaves = leaf_names(program)
    text = Text(PYTHON, called, taken=leaves)
    results = text.program(program, leaves)
    result = returns(results) if returns else ", ".join(results)
    head = wrapped_words(f"def {name}(", leaves, "):")
    return "\n".join([*head, *[f"    {line}" for line in text.lines], f"    return {result}"])


class Body(NamedTuple):
    """The inside of a function: its lines, and the names of its results."""

    lines: list[str]
    results: list[str]

    def function(self, name: str, language: Language, spell: Callable[[Sequence[str]], str]) -> str:
        """As a function of p and x in JavaScript or Python; `spell` writes what it returns, from the results."""
        begin, margin, end = (" {", "  ", "}\n") if language is JAVASCRIPT else ("", "    ", "")
        lines = (*self.lines, f"return {spell(self.results)}{language.end}")
        inside = "".join([f"{margin}{line}\n" for line in lines])
        return f"{language.head(name, ('p', 'x'))}{begin}\n{inside}{end}"


def straight(program: Program, rules: Rules, parameters: str = "p") -> Body:
    """One statement an instruction, in the language of `rules`; leaves are x[0], x[1], …, p[0], p[1], …"""
    leaves = [f"x[{i}]" for i in range(program.inputs)] + [f"{parameters}[{i}]" for i in range(program.parameters)]
    text = Text(rules.language, rules.row)
    results = text.program(program, leaves)
    return Body(text.lines, results)


def javascript(functions: Mapping[str, Program]) -> str:
    """Functions (p, x) → array of results, one for each program, after what they call."""
    rules = Rules(JAVASCRIPT, taken=("p", "x", "parameters", *functions))
    texts = [
        straight(expand(program, exact), rules).function(name, JAVASCRIPT, lambda results: f"[{', '.join(results)}]")
        for name, program in functions.items()
    ]
    return "\n".join([*rules.texts.values(), "", *texts])


def imports(text: str) -> str:
    """The import lines that printed functions need."""
    called, words = set(re.findall(r"(\w+)\(", text)), set(re.findall(r"\w+", text))
    rows = sorted(called & TABLE.keys() - {"abs"})
    at_home = [name for name in rows if getattr(table, name, None) is TABLE[name]]
    entered = [name for name in rows if name not in at_home]
    modules = {
        "math": sorted(words & {"nan", "inf"}),
        "autograd.core.columns": ["TABLE"] if entered else [],
        "autograd.core.ieee": sorted(called & set(ieee.__all__) - TABLE.keys()),
        "autograd.core.primitives": at_home,
    }
    lines = [f"from {module} import {', '.join(names)}\n" for module, names in modules.items() if names]
    lines += ["\n", *[f'{name} = TABLE["{name}"]\n' for name in entered]] if entered else []
    return "".join([*lines, "\n\n"]) if lines else ""


def compiled(text: str, name: str) -> Callable[..., Any]:
    """The printed function, running: the rows it names are the table's plain functions of floats."""
    scope: dict[str, Any] = {"nan": math.nan, "inf": math.inf}
    scope |= {called(row): row.forward for row in TABLE.values()}
    exec(text, scope)
    return scope[name]


def leaf_names(program: Program) -> list[str]:
    """The labels of inputs and parameters, as far as they can be spelled."""
    names, taken = list[str](), {*PYTHON.taken, *TABLE}
    for label in program.names:
        wanted = re.sub(r"[\W_]+", "_", label).strip("_")
        if not wanted.isidentifier():
            wanted = f"p_{wanted}"
        while wanted in taken:
            wanted += "_"
        taken.add(wanted)
        names.append(wanted)
    return names
