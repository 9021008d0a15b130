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
from autograd.core.columns import TABLE, Primitive
from autograd.program.expand import expand
from autograd.program.program import MASKED_DOT, MEAN, Program, masked_dot_parts
from autograd.program.rules import SOLVES, Rules
from autograd.program.simplify import exact
from autograd.program.spelling import JAVASCRIPT, PYTHON, Language

WIDTH = 110


def called(primitive: Primitive) -> str:
    """What a row is called where the library can be imported: as in `ieee` where Python's operator may raise. TypeError
    for one that is not in the table: it has a solver inside, or is a function of the user's."""
    if primitive.name not in TABLE and (primitive.by_call or primitive.own):
        why = "is a custom function, and in no module" if primitive.own else SOLVES
        raise TypeError(f"source: the row {primitive.name!r} {why}; print the program: print(f.program)")
    in_ieee = primitive.is_arithmetic and primitive.forward.__module__ == ieee.__name__
    return primitive.forward.__name__ if in_ieee else primitive.name


def function_text(name: str, program: Program, returns: Callable[[Sequence[str]], str] | None = None) -> str:
    """`def name(inputs, parameters): …`; `returns` spells the result from the names of the outputs."""
    names = slot_names(program)
    slots = range(program.leaves, len(program))
    body = [line for slot in slots for line in statements(program, slot, names)]
    results = [names[slot] for slot in program.outputs]
    result = returns(results) if returns else ", ".join(results)
    head = wrapped_words(f"def {name}(", names[: program.leaves], "):")
    return "\n".join([*head, *[f"    {line}" for line in body], f"    return {result}"])


class Body(NamedTuple):
    """The inside of a function: its lines, and the names of its results."""

    lines: list[str]
    results: list[str]


def straight(program: Program, rules: Rules, parameters: str = "p") -> Body:
    """One statement an instruction, in the language of `rules`; leaves are x[0], x[1], …, p[0], p[1], …"""
    leaves = [f"x[{i}]" for i in range(program.inputs)] + [f"{parameters}[{i}]" for i in range(program.parameters)]
    names = slot_names(program, rules.language, leaves)
    slots = range(program.leaves, len(program))
    lines = [x for slot in slots for x in statements(program, slot, names, language=rules.language, call=rules.row)]
    return Body(lines, [names[slot] for slot in program.outputs])


def javascript(functions: Mapping[str, Program], export: bool = False) -> str:
    """Functions (p, x) → array of results, one for each program, after what they call."""
    rules = Rules(JAVASCRIPT, taken=("p", "x", "parameters", *functions))
    texts = []
    for name, program in functions.items():
        body = straight(expand(program, exact), rules)
        lines = [f"  {line}\n" for line in (*body.lines, f"return [{', '.join(body.results)}];")]
        texts.append(f"{'export ' if export else ''}function {name}(p, x) {{\n{''.join(lines)}}}\n")
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


def slot_names(program: Program, language: Language = PYTHON, leaves: Sequence[str] = ()) -> list[str]:
    """What each slot is called: these leaves, or their labels where they can be spelled; else t and its number."""
    names: list[str] = []
    taken = {*language.taken, *TABLE}
    for slot, primitive in enumerate(program.primitives):
        if slot in program.numbers:
            names.append(language.number(program.numbers[slot]))
        elif primitive is MEAN:
            names.append(names[program.operands[slot][0]])
        elif slot < len(leaves):
            names.append(leaves[slot])
        else:
            wanted = re.sub(r"[\W_]+", "_", program.names[slot]).strip("_") if slot < program.leaves else f"t{slot}"
            if not wanted.isidentifier():
                wanted = f"p_{wanted}"
            while wanted in taken:
                wanted += "_"
            taken.add(wanted)
            names.append(wanted)
    return names


def statements(
    program: Program,
    slot: int,
    names: Sequence[str],
    language: Language = PYTHON,
    call: Callable[[Primitive], str] = called,
) -> list[str]:
    """The lines that compute a slot; `call` spells how rows are called."""
    primitive, operands = program.primitives[slot], program.operands[slot]
    if not isinstance(primitive, Primitive):
        return []
    xs = [names[x] for x in operands]
    safe = language is not PYTHON or program.numbers.get(operands[-1], 0.0) != 0.0
    return wrapped_sum(language, names[slot], terms(primitive, xs, language, call, safe))


def terms(
    primitive: Primitive,
    xs: Sequence[str],
    language: Language,
    call: Callable[[Primitive], str],
    safe: bool = True,
) -> list[str]:
    """What a slot computes, as the terms of a sum; `safe` if dividing cannot raise."""
    if primitive is table.dot or primitive is MASKED_DOT:
        offs, ws, b, inputs = masked_dot_parts(xs) if primitive is MASKED_DOT else ((), *table.dot_parts(xs))
        products = [x if w == "1.0" and not offs else f"{w} * {x}" for w, x in zip(ws, inputs, strict=True)]
        if offs:
            where = call(table.where)
            products = [f"{where}({off}, 0.0, {product})" for off, product in zip(offs, products, strict=True)]
        return products if b == "-0.0" else [b, *products]
    if primitive is table.sum_:
        return [language.number(0.0), *xs]
    if primitive is table.div and safe:
        return [f"{xs[0]} / {xs[1]}"]
    if primitive.is_arithmetic and called(primitive) == primitive.name:
        return [primitive.text.format(*xs)]
    return [f"{call(primitive)}({', '.join(xs)})"]


def wrapped_sum(language: Language, name: str, terms: Sequence[str]) -> list[str]:
    """`name = t₁ + t₂ + …`, on several lines if it is long and the language lets a statement go on."""
    text = language.declare.format(name, " + ".join(terms))
    if len(text) <= WIDTH or language is PYTHON or len(terms) == 1:
        return [text]
    start, end = language.declare.split("{}")[0] + name + " = ", language.end
    lines, line = [], start + terms[0]
    for term in terms[1:]:
        if len(line) + len(term) + 3 > WIDTH:
            lines.append(line)
            line = "    + " + term
        else:
            line += " + " + term
    return [*lines, line + end]


def wrapped_words(start: str, words: Sequence[str], end: str, width: int = WIDTH) -> list[str]:
    lines, line = [], start
    for i, word in enumerate(words):
        piece = word + (", " if i < len(words) - 1 else "")
        if len(line) + len(piece) > width:
            lines.append(line.rstrip())
            line = "    " + "    "
        line += piece
    return [*lines, line + end]
