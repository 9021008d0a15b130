"""A scene as TikZ: a document of its own, which LaTeX sets, and which another document can `\\input` with `standalone`.

The idea: the layout is that of the SVG, a pixel three quarters of a point; the formulas are LaTeX's, on one line.
"""

import re

from autograd.picture import svg
from autograd.picture.formula import stacked, typeset
from autograd.picture.formula.typeset import Box
from autograd.picture.layout import Item
from autograd.picture.scene import Card, Line, Link, Scene, colour

PIXEL = 0.75  # in points

Point = tuple[float, float]


def document(scene: Scene, theme: str = "light", direction: str = "right") -> str:
    """A LaTeX document of the class `standalone` with the picture."""
    layout = svg.place(scene, direction)
    shade = svg.shade_of(theme)
    out = [
        r"\documentclass[tikz,border=0pt]{standalone}",
        r"\usepackage{amsmath}",
        *(rf"\definecolor{{{name}}}{{HTML}}{{{pair[shade][1:].upper()}}}" for name, pair in svg.COLOURS.items()),
        r"\begin{document}\medmuskip=2mu\thickmuskip=3mu",  # as close as the SVG sets its signs
        rf"\begin{{tikzpicture}}[x={PIXEL}pt,y=-{PIXEL}pt,line width=1.2pt,inner sep=0pt]",
        rf"\fill[paper] {_at(0, 0)} rectangle {_at(layout.width, layout.height + 24 * len(scene.caption))};",
    ]
    for link, route in zip(scene.links, layout.routes, strict=True):
        out += _edge(scene, link, route, layout.down)
    for link, label in zip(scene.links, layout.labels, strict=True):
        if label is not None:
            out += _label(link, label)
    for card, item in zip(scene.cards, layout.cards, strict=True):
        out += _card(card, item)
    for k, box in enumerate(scene.caption):
        out.append(_text((layout.width / 2, layout.height + 24 * k), box, "grad"))
    return "\n".join([*out, r"\end{tikzpicture}", r"\end{document}"]) + "\n"


def _edge(scene: Scene, link: Link, route: list[Point], down: bool) -> list[str]:
    shade = colour(link)
    out = []
    if link.back:
        path = " -- ".join([_at(across, along) if down else _at(along, across) for along, across in route])
        out.append(rf"\draw[{shade},dashed,rounded corners={6 * PIXEL:g}pt] {path};")
    for strand in svg.strands(route, link.ways) if not link.back else ():
        start, *curves = re.split("[MC]", svg.curve(strand, down))[1:]
        path = _at(*map(float, start.split()))
        for part in curves:
            a, b, c, d, x, y = map(float, part.split())
            path += f" .. controls {_at(a, b)} and {_at(c, d)} .. {_at(x, y)}"
        out.append(rf"\draw[{shade},line width={svg.line_width(scene, link) * PIXEL:.2f}pt] {path};")
    along, across = route[-1]
    tip = [(0.0, 0.0), (-10.0, -4.5), (-10.0, 4.5)]
    corners = [_at(across + c, along + a) if down else _at(along + a, across + c) for a, c in tip]
    return [*out, rf"\fill[{shade}] {' -- '.join(corners)} -- cycle;"]


def _label(link: Link, item: Item) -> list[str]:
    left, top = item.x - item.width / 2, item.y - item.height / 2
    out = [
        rf"\filldraw[fill=label,draw=grad,line width={PIXEL}pt,rounded corners={5 * PIXEL}pt] {_at(left, top)} "
        f"rectangle {_at(left + item.width, top + item.height)};"
    ]
    for k, (box, bold) in enumerate(link.words):
        out.append(_text((item.x, top + 4 + svg.LABEL_LINE * (k + 0.75)), box, "grad", size=r"\small", bold=bold))
    return out


def _card(card: Card, item: Item) -> list[str]:
    left, top = item.x - item.width / 2, item.y - item.height / 2
    right, bottom, below = left + item.width, top + item.height, top + svg.BAND
    dash = ",dashed" if card.stale else ""
    round_off = f"rounded corners={9 * PIXEL}pt"
    out = [
        rf"\fill[paper,{round_off}] {_at(left, top)} rectangle {_at(right, bottom)};",
        rf"\fill[{card.kind}] {_at(left, below)} [{round_off}] -- {_at(left, top)} -- {_at(right, top)} "
        f"[sharp corners] -- {_at(right, below)} -- cycle;",
        rf"\draw[border,{round_off}{dash}] {_at(left, top)} rectangle {_at(right, bottom)};",
        _text((item.x, top + svg.BAND * 0.69), card.title, "ink", bold=True),
    ]
    names, values, _ = svg.columns(card)
    for k, line in enumerate(card.lines):
        y = below + svg.LINE_HEIGHT * (k + 0.82)
        out += _line(line, y, left + svg.PAD, left + svg.PAD + names + values - 20, right - svg.PAD)
    return out


def _line(line: Line, y: float, left: float, middle: float, right: float) -> list[str]:
    shade = {"value": "muted", "grad": "grad", "row": "ink"}.get(line.tone)
    out = [_text((left, y), line.name, shade, "west")] if shade else []
    head = line.tone == "head"
    for number, x, tone in (
        (line.value, middle if line.grad else right, "muted" if head else "value"),
        (line.grad, right, "grad"),
    ):
        if number:
            box = typeset.operator(number) if head else typeset.number(number)
            out.append(_text((x, y), box, tone, "east", r"\small" if head else "", bold=not head))
    return out


def _text(place: Point, box: Box, shade: str, anchor: str = "", size: str = "", bold: bool = False) -> str:
    font = size + (r"\bfseries\boldmath" if bold else "")
    where = f"base {anchor}".strip()
    said = f",font={font}" if font else ""
    return rf"\node[anchor={where},text={shade}{said}] at {_at(*place)} {{{formula(box)}}};"


def formula(box: Box) -> str:
    """A formula on one line of LaTeX, dollar signs and all."""
    return f"${stacked.latex(_flat(box))}$"


def _flat(box: Box) -> Box:
    """The box without anything that stands in several lines, its words as text."""
    if box[0] in ("frac", "root", "cases"):
        return _flat(typeset.on_one_line(box))
    if box[0] == "template" and not re.search(r"\\(frac|sqrt|begin)", box[2]):
        return typeset.template(_flat(box[1]), box[2], tuple(map(_flat, box[3])))
    if box[0] == "template":
        return _flat(box[1])
    if box[0] == "fence":  # parentheses that do not grow
        return typeset.row(typeset.operator("("), _flat(box[1]), typeset.operator(")"))
    if box[0] == "num" and box[1].startswith("−"):  # a sign, not a difference
        return typeset.template(box, "{{{0}}}", (box,))
    if box[0] == "op" and (" " in box[1].strip() or re.search(r"[^\W\d_]{2}", box[1])):
        words = "".join(c if c.isalnum() or c == " " else f"${stacked.latex(typeset.operator(c))}$" for c in box[1])
        return typeset.template(box, rf"\text{{{{{words.replace('{', '{{').replace('}', '}}')}}}}}", ())
    if box[1:] == ("√",):
        return typeset.template(box, r"\surd ", ())
    if box == typeset.number("—"):
        return typeset.template(box, r"\text{{---}}", ())
    return (box[0], *(_flat(part) if isinstance(part, tuple) else part for part in box[1:]))


def _at(x: float, y: float) -> str:
    return f"({x:.1f},{y:.1f})"
