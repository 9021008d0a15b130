"""Formulas as boxes, and their linear notations: Unicode text and SVG.

The idea: a formula is a small tree of boxes (plain tuples, built by the functions below), and a notation is one way of
walking that tree. Text and SVG are set on one line, so they share the flattening into runs of equally raised
characters; `stacked` has the notations that stack fractions and roots.
"""

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from html import escape
from itertools import groupby
from typing import NamedTuple

Box = tuple  # a kind and its parts, told apart by `match`; the kind is a part: a name and a number of one text differ


# fmt: off
def name(text: str) -> Box:                                             return ("id", text)
def number(text: str) -> Box:                                           return ("num", text)
def function(text: str) -> Box:                                         return ("fn", text)
def operator(text: str) -> Box:                                         return ("op", text)  # ∂ · ( ′ …, close to all
def binary(text: str) -> Box:                                           return ("bin", text)  # + − = …, with space
def scripts(base: Box, sub: Box | None, sup: Box | None = None) -> Box: return ("scripts", base, sub, sup)
def fraction(above: Box, below: Box) -> Box:                            return ("frac", above, below)
def root(body: Box) -> Box:                                             return ("root", body)
def fence(body: Box) -> Box:                                            return ("fence", body)  # in parentheses
def cases(yes: Box, condition: Box, no: Box) -> Box:                    return ("cases", yes, condition, no)  # no: else
def template(shown: Box, latex: str, operands: tuple[Box, ...]) -> Box: return ("template", shown, latex, operands)
def reference(box: Box, mark: str) -> Box:                              return ("ref", box, mark)  # a mark in MathML
# fmt: on


def row(*boxes: Box) -> Box:
    return boxes[0] if len(boxes) == 1 else ("row", *boxes)


def joined(boxes: list[Box], separator: Box) -> Box:
    out: list[Box] = []
    for box in boxes:
        out += [separator, box] if out else [box]
    return row(*out)


TIMES = binary("·")  # between the factors of a chain
DOT = operator("·")  # between the factors of a formula
EQUALS = binary("=")
ELLIPSIS = operator("…")
MOST_HELD = 6  # operands that a derivative says to be held fixed


def derivative(of: Box, by: Box, sign: str = "∂") -> Box:
    """∂of/∂by; a label such as x1*w1 + b in parentheses: ∂(x1*w1 + b)/∂x1"""
    above, below = (fence(x) if is_composite(x) else x for x in (of, by))
    return fraction(row(operator(sign), above), row(operator(sign), below))


def held(symbol: Box, fixed: list[Box]) -> Box:
    """symbol|ₐ: a derivative with the operands `fixed` held."""
    shown = fixed if len(fixed) <= MOST_HELD else [*fixed[: MOST_HELD - 2], ELLIPSIS, fixed[-1]]
    return row(symbol, scripts(operator("|"), joined(shown, operator(","))))


def is_composite(box: Box) -> bool:
    """Is it a name that reads as more than one symbol?"""
    return box[0] == "id" and any(character in " +-*/^=<>·−" for character in box[1])


def format_number(x: float, digits: int = 4) -> str:
    """Four significant digits, a true minus sign, 1e-05 as 1e−5."""
    if x != x:
        return "nan"
    if x in (float("inf"), float("-inf")):
        return "∞" if x > 0 else "−∞"
    text = f"{x + 0.0:.{digits}g}"  # −0 reads as 0
    if "e" in text:
        mantissa, exponent = text.split("e")
        text = f"{mantissa}e{int(exponent)}"
    return text.replace("-", "−")


def number_box(x: float) -> Box:
    return number(format_number(x))


# alpha is α; the names are Unicode's, and LaTeX's where it has one.
GREEK = {
    unicodedata.name(letter).split()[-1].lower().replace("lamda", "lambda"): letter
    for letter in "αβγδεζηθικλμνξοπρστυφχψω"
}
GREEK |= {name.capitalize(): letter.upper() for name, letter in GREEK.items()}

# ---------------------------------------------------------------------------------------------- linear notations


class Run(NamedTuple):
    text: str
    italic: bool
    level: int  # 0 on the line, +1 superscript, -1 subscript


SUPERSCRIPT = dict(
    zip(
        "0123456789+−-=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVW′,",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂ′˒",
        strict=True,
    )
)
SUBSCRIPT = dict(zip("0123456789+−-=()aehijklmnoprstuvx,", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ‚", strict=True))


_LOWERED = {lowered: plain for plain, lowered in SUBSCRIPT.items()}


def named(name: str) -> Box:
    """A function's name as the table has it, softmax₁; what is lowered in it is a script, as not every font has it."""
    plain = name.rstrip("".join(_LOWERED))
    below = "".join(_LOWERED[sign] for sign in name[len(plain) :])
    return scripts(function(plain), number(below)) if below else function(plain)


def is_sum(box: Box) -> bool:
    """Does the box show + or − at its top level (so that a product must fence it)?"""
    if box[0] == "template":
        return is_sum(box[1])
    return box[0] == "row" and any(part[0] == "bin" and part[1] in "+−" for part in box[1:])


def is_compound(box: Box) -> bool:
    """Would the box fall apart below a slash?"""
    if box[0] == "row":
        return box[1][0] == "num" or any(p[0] in ("bin", "frac") or p in (DOT, operator("−")) for p in box[1:])
    return box[0] in ("frac", "template") and is_compound(box[1] if box[0] == "template" else ("row", box))


def on_one_line(box: Box) -> Box:
    """A fraction with a slash, a root and cases without height: one box of what would stand in several lines."""
    match box:
        case "root", body:
            return row(operator("√"), body if body[0] in ("id", "num", "fn", "scripts") else fence(body))
        case "cases", yes, condition, no:
            return fence(row(yes, operator(" if "), condition, operator(" else "), no))
        case "frac", above, below:
            return row(
                fence(above) if is_sum(above) or above[0] == "frac" else above,
                operator("/"),
                fence(below) if is_compound(below) else below,
            )
    raise ValueError(f"not a box of several lines: {box!r}")


def runs(box: Box, level: int = 0) -> Iterator[Run]:
    """The box on one line: fractions with a slash, scripts as raised and lowered runs."""
    match box:
        case "id", name:
            yield Run(name, True, level)
        case "bin", sign:
            yield Run("·" if sign == "·" and level else f" {sign} ", False, level)
        case (("num" | "fn" | "op"), plain):
            yield Run(plain, False, level)
        case "row", *parts:
            for part in parts:
                yield from runs(part, level)
        case (("template" | "ref"), shown, *_):
            yield from runs(shown, level)
        case "fence", body:
            yield Run("(", False, level)
            yield from runs(body, level)
            yield Run(")", False, level)
        case (("root" | "cases" | "frac"), *_):
            yield from runs(on_one_line(box), level)
        case "scripts", base, sub, sup:
            yield from runs(base, level)
            for script, shift in ((sub, -1), (sup, 1)):
                if script is not None:
                    yield from _script(script, shift)
        case _:
            raise ValueError(f"not a box: {box!r}")


def _script(script: Box, shift: int) -> Iterator[Run]:
    if _has_scripts(script):  # Unicode has small figures for it; a second shift is not legible on a line
        yield Run(text(script), False, shift)
    else:
        yield from runs(script, shift)


@lru_cache(maxsize=16384)
def _flat(box: Box) -> tuple[Run, ...]:
    """The runs of a box: the same names come again and again in a picture."""
    return tuple(runs(box))


def _has_scripts(box: Box) -> bool:
    return box[0] == "scripts" or any(isinstance(part, tuple) and _has_scripts(part) for part in box[1:])


@lru_cache(maxsize=16384)
def text(box: Box) -> str:
    """Unicode text: a⁽ᴸ⁻¹⁾, w₁₂⁽¹⁾; characters that Unicode cannot raise are written ^(…)."""
    out = []
    for level, group in groupby(_flat(box), key=lambda run: run.level):
        plain = "".join(run.text for run in group)
        table = {1: SUPERSCRIPT, -1: SUBSCRIPT}.get(level)
        if table is None:
            out.append(plain)
        elif all(character in table for character in plain):
            out.append("".join(table[character] for character in plain))
        else:
            mark = "^" if level > 0 else "_"
            bare = plain[1:-1] if plain.startswith("(") and plain.endswith(")") else plain
            plain_number = bare.replace(".", "").replace("−", "").isdigit()
            out.append(f"{mark}{bare}" if len(bare) == 1 or plain_number else f"{mark}({bare})")
    return "".join(out)


def svg(box: Box, size: float, page: bool = False) -> str:
    """The inside of an SVG <text> of that font size; scripts are shifted by dy, which every renderer knows.

    Inside a page, the style sheet knows the classes i for italics and u for scripts.
    """
    italic = ' class="i"' if page else ' font-style="italic"'
    small = ' class="u"' if page else f' font-size="{_coordinate(0.72 * size)}"'
    out: list[str] = []
    offset = 0.0
    for (is_italic, level), group in groupby(_flat(box), key=lambda run: (run.italic, run.level)):
        target = {0: 0.0, 1: -0.36 * size, -1: 0.22 * size}[level]
        attributes = f' dy="{_coordinate(target - offset)}"' if target != offset else ""
        attributes += small if level else ""
        attributes += italic if is_italic else ""
        body = escape("".join(run.text for run in group))
        if out and body.startswith(" "):  # some renderers drop a blank at the start of a tspan
            body = "\u00a0" + body[1:]
        out.append(f"<tspan{attributes}>{body}</tspan>" if attributes else body)
        offset = target
    return "".join(out)


def _coordinate(x: float) -> str:
    return f"{x:.1f}".rstrip("0").rstrip(".")


# Widths of Helvetica (and its metric twins Arial and Liberation Sans), thousandths of the font size.
_WIDTHS = {
    **dict.fromkeys("ijl'|", 222),
    **dict.fromkeys(" ,.:;/!ftI[]\\·", 278),
    **dict.fromkeys("()r-`′", 333),
    **dict.fromkeys("ckvxyzsJ", 500),
    **dict.fromkeys("ABEKPSVXY&", 667),
    **dict.fromkeys("CDHNRUw", 722),
    **dict.fromkeys("FTZ", 611),
    **dict.fromkeys("GOQ", 778),
    **dict.fromkeys("mM", 833),
    **dict.fromkeys("+−=<>~×", 584),
    "W": 944,
    "@": 1015,
    "%": 889,
    "∂": 530,
    "σ": 600,
    "…": 1000,
    "—": 1000,
    "→": 1000,
    "√": 650,
    "Σ": 680,
    "*": 389,
}


def width(box: Box, size: float, bold: bool = False) -> float:
    """About how wide the box is in SVG, a little on the generous side."""
    total = 0.0
    for run in _flat(box):
        scale = 0.72 if run.level else 1.0
        total += scale * sum(_WIDTHS.get(c, 556 if ord(c) < 0x2E80 else 1000) for c in run.text)
    return total * size / 1000 * (1.09 if bold else 1.02)
