"""What one instruction is in a language: what its row is called, its terms, lines of them, and places in arrays."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from autograd.core import ieee
from autograd.core import primitives as table
from autograd.core.columns import TABLE, Primitive
from autograd.program.program import MASKED_DOT, masked_dot_parts
from autograd.program.rules import SOLVES
from autograd.program.spelling import Language

WIDTH = 110


def called(primitive: Primitive) -> str:
    """What a row is called where the library can be imported: as in `ieee` where Python's operator may raise. TypeError
    for one that is not in the table: it has a solver inside, or is a function of the user's."""
    if primitive.name not in TABLE and (primitive.by_call or primitive.own):
        why = "is a custom function, and in no module" if primitive.own else SOLVES
        raise TypeError(f"source: the row {primitive.name!r} {why}; print the program: print(f.program)")
    in_ieee = primitive.is_arithmetic and primitive.forward.__module__ == ieee.__name__
    return primitive.forward.__name__ if in_ieee else primitive.name


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
    if len(text) <= WIDTH or not language.end or len(terms) == 1:  # where nothing else ends one, its line does
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


def wrapped_words(start: str, words: Sequence[str], end: str) -> list[str]:
    lines, line = [], start
    for i, word in enumerate(words):
        piece = word + (", " if i < len(words) - 1 else "")
        if len(line) + len(piece) > WIDTH:
            lines.append(line.rstrip())
            line = " " * 8
        line += piece
    return [*lines, line + end]


def affine(first: int, steps: Sequence[tuple[int, str]]) -> str:
    """first + step * i + …, without what is 0."""
    text = str(first) if first or not any(step for step, _ in steps) else ""
    for step, i in steps:
        if step:
            part = i if abs(step) == 1 else f"{abs(step)} * {i}"
            text = f"{text} {'-' if step < 0 else '+'} {part}" if text else ("-" if step < 0 else "") + part
    return text


def place_of(result: str) -> tuple[str, int] | None:
    found = re.fullmatch(r"(\w+)\[(\d+)\]", result)
    return (found[1], int(found[2])) if found else None
