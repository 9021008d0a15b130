"""What a label says: `w_{12}^(1)` is the name w with subscript 12 and superscript (1).

The idea: a label is the user's text, so it may hold anything. What reads as name, subscript and superscript is set that
way, the name of a Greek letter as that letter; everything else is shown as it stands, made safe for every format (no
control characters, right-to-left text isolated).
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import count
from typing import NamedTuple

from autograd.picture.formula import typeset
from autograd.picture.formula.typeset import GREEK, Box

LONGEST = 40  # characters of a label that a picture shows

_LABEL = re.compile(
    r"(?P<base>(?:[^\W_][\u0300-\u036f]?)+(?:[′']*))"
    r"(?:_(?:\{(?P<sub1>[^{}]+)\}|(?P<sub2>\([^()]+\))|(?P<sub3>[^\W_]+)))?"
    r"(?:\^(?:\{(?P<sup1>[^{}]+)\}|(?P<sup2>\([^()]+\))|(?P<sup3>[^\W_]+|[*])))?"
    r"(?:_(?:\{(?P<sub4>[^{}]+)\}|(?P<sub5>\([^()]+\))|(?P<sub6>[^\W_]+)))?"
)


class Label(NamedTuple):
    base: str
    sub: str = ""
    sup: str = ""


@lru_cache(maxsize=4096)
def parse(label: str) -> Label:
    """The parts of a label; a label of another shape is all base."""
    match = _LABEL.fullmatch(label.strip())
    if match is None:
        return Label(clean(label))
    part = match.groupdict()
    sub = [part[key] for key in ("sub1", "sub2", "sub3", "sub4", "sub5", "sub6") if part[key]]
    if len(sub) > 1:
        return Label(clean(label))
    sup = part["sup1"] or part["sup2"] or part["sup3"] or ""
    word = part["base"].rstrip("′'")
    return Label(
        GREEK.get(word, clean(word)) + "′" * (len(part["base"]) - len(word)), clean(sub[0]) if sub else "", clean(sup)
    )


@lru_cache(maxsize=4096)
def clean(label: str) -> str:
    """The label as text that any format can carry: control characters shown, lone surrogates replaced."""
    out = []
    for character in label:
        code = ord(character)
        if code < 0x20:
            character = " " if character in "\t\n\r" else chr(0x2400 + code)
        elif 0xD800 <= code <= 0xDFFF or code in (0xFFFE, 0xFFFF) or 0x7F <= code < 0xA0:
            character = "\N{REPLACEMENT CHARACTER}"
        elif 0x202A <= code <= 0x202E or 0x2066 <= code <= 0x2069:  # would reorder the text around the label
            continue
        out.append(character)
    shown = "".join(out).strip()
    if len(shown) > LONGEST:
        shown = shown[: LONGEST - 1] + "…"
    if any(unicodedata.bidirectional(character) in ("R", "AL", "AN") for character in shown):
        shown = f"\N{FIRST STRONG ISOLATE}{shown}\N{POP DIRECTIONAL ISOLATE}"
    return shown


@lru_cache(maxsize=4096)
def box(label: str, number: int = 0) -> Box:
    """The label as a formula box; a number tells apart values that share the label: x₍₂₎."""
    base, sub, sup = parse(label)
    sub += f"({number})" if number else ""
    shown = typeset.name(base)
    if not sub and not sup:
        return shown
    return typeset.scripts(shown, _script(sub), _script(sup))


def _script(part: str) -> Box | None:
    if not part:
        return None
    tokens = re.findall(r"\w+|.", part.replace("-", "−"))
    return typeset.row(*[typeset.number(t) if t[0].isalnum() else typeset.operator(t) for t in tokens])


def text(label: str) -> str:
    """A label in Unicode, as text and pictures print it: `a^(L-1)` is a⁽ᴸ⁻¹⁾, and `w_{12}` w₁₂."""
    return typeset.text(box(label))


def layer(label: str) -> str | None:
    """The layer a label belongs to: its superscript without parentheses, `w_{12}^(1)` → "1"."""
    sup = parse(label).sup
    return sup[1:-1].strip() if sup.startswith("(") and sup.endswith(")") else None


def neuron(label: str) -> str | None:
    """The neuron a label belongs to: the first of its subscripts, `w_{12}^(1)` → "1", `w_{10,2}^(1)` → "10"."""
    sub = parse(label).sub
    if not sub:
        return None
    if "," in sub:
        return sub.split(",")[0].strip()
    if sub.isdigit() and parse(label).base[:1] in "wW":
        return sub[: (len(sub) + 1) // 2]
    return sub


PARAMETER_NAMES = {"w", "W", "b", "θ", "weight", "bias", "γ", "β"}


def is_parameter(label: str) -> bool:
    """Is the label that of a weight or a bias? (A Value itself does not say what it is for.)"""
    return parse(label).base.rstrip("0123456789") in PARAMETER_NAMES


def letters() -> Iterator[str]:
    """a, b, c, … for leaves without a label, without e, the number; then a_1, b_1, …"""
    alphabet = [chr(code) for code in range(ord("a"), ord("z") + 1) if chr(code) != "e"]
    yield from alphabet
    for number in count(1):
        yield from (f"{letter}_{number}" for letter in alphabet)
