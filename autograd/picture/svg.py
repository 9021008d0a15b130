"""A scene as SVG, laid out without any other program.

The idea: every shape asks a style table for its colours. A picture on its own carries them as plain attributes, because
style sheets and CSS variables turn black in many viewers; inside an HTML page the same shapes carry classes instead,
so that the page can switch between light and dark and animate them.
"""

from collections.abc import Callable, Sequence
from html import escape
from itertools import pairwise
from typing import NamedTuple

from autograd.pages import COLOURS
from autograd.picture.back import at, lead_round, rounded
from autograd.picture.formula import typeset
from autograd.picture.layout import Layout, lay_out, stacked
from autograd.picture.scene import Card, Line, Link, Scene, colour, thickness, warnings

FONT = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
TITLE, TEXT, SMALL = 16.0, 14.0, 13.0  # font sizes
BAND, LINE_HEIGHT, PAD = 30.0, 22.0, 12.0
LABEL_LINE = 17.0
TIP = 8.0  # of an arrow, ahead of its line
STRANDS = 12.0  # between the lines of an operand that is read several times

DIRECTIONS = ("right", "down")  # from the operands to the output
THEMES = ("light", "dark")  # and "auto": light, with a style sheet for viewers that ask for the dark


class Ids(NamedTuple):
    """What a page calls its shapes: the ids of the cards, and the numbers k of the links eₖ and their labels lₖ."""

    cards: Sequence[str]
    links: Sequence[int]


Paint = Callable[..., str]  # class name, attribute="colour or other value", … -> the attributes to write


def shade_of(theme: str) -> int:
    """The column of COLOURS."""
    return THEMES.index("dark") if theme == "dark" else THEMES.index("light")


def plain_paint(theme: str) -> Paint:
    """Everything written out as attributes; "auto" adds classes, by which `dark_style` repaints."""
    shade = shade_of(theme)

    def paint(_class: str, **look: str) -> str:
        text = "".join(f' {k.replace("_", "-")}="{COLOURS[v][shade] if v in COLOURS else v}"' for k, v in look.items())
        coloured = " ".join(f"{k[0]}-{v}" for k, v in look.items() if v in COLOURS) if theme == "auto" else ""
        return f'{text} class="{coloured}"' if coloured else text

    return paint


def dark_style() -> str:
    """Rules that repaint what `plain_paint("auto")` classed, where the reader prefers the dark."""
    rules = "".join(f".{k[0]}-{name}{{{k}:{dark}}}" for name, (_, dark) in COLOURS.items() for k in ("fill", "stroke"))
    return f"<style>@media(prefers-color-scheme:dark){{{rules}}}</style>"


def class_paint(css_class: str, **_look: str) -> str:
    """A class, for a page whose style sheet has the look."""
    return f' class="{css_class}"'


def card_size(card: Card) -> tuple[float, float]:
    width = typeset.width(card.title, TITLE, bold=True)
    for left, middle, right in (columns(card),):
        width = max(width, left + middle + right)
    return max(width + 2 * PAD, 110.0), BAND + LINE_HEIGHT * len(card.lines) + 8.0


def columns(card: Card) -> tuple[float, float, float]:
    """Widths of a card's columns: names, values, gradients; two columns when a line has one number only."""
    names = max((typeset.width(line.name, TEXT) for line in card.lines), default=0.0) + 18.0
    values = max((_number_width(line.value) for line in card.lines), default=0.0)
    grads = max((_number_width(line.grad) for line in card.lines), default=0.0)
    if any(line.value and line.grad for line in card.lines):
        return names, values + 20.0, grads
    return names, 0.0, max(values, grads)


def _number_width(text: str) -> float:
    return typeset.width(typeset.operator(text), TEXT, bold=True)


def label_size(link: Link) -> tuple[float, float] | None:
    if not link.words:
        return None
    width = max(typeset.width(box, SMALL, bold) for box, bold in link.words)
    return width + 18.0, LABEL_LINE * len(link.words) + 8.0


def place(scene: Scene, direction: str = "right") -> Layout:
    """Where its cards, labels and lines go."""
    if scene.parts:
        return stacked([place(part, direction) for part in scene.parts])
    on, back = [[link for link in scene.links if link.back is round_] for round_ in (False, True)]
    layout = lay_out(
        [card_size(card) for card in scene.cards],
        [(link.source, link.target) for link in on],
        [label_size(link) for link in on],
        down=direction == "down",
    )
    if back:  # the last of a scene's links
        ends, sizes = [(link.source, link.target) for link in back], [label_size(link) for link in back]
        layout, labels, routes = lead_round(layout, ends, sizes)
        layout.labels, layout.routes = layout.labels + labels, layout.routes + routes
    return layout


def draw_svg(scene: Scene, theme: str, title: str, direction: str) -> str:
    """A standalone SVG document."""
    paint = plain_paint(theme)
    layout = place(scene, direction)
    footer = [(box, "grad", TEXT + 2) for box in scene.caption]
    footer += [(typeset.operator(line), "note", SMALL) for line in warnings(scene)]
    width = max([layout.width, *(typeset.width(box, size) + 48 for box, _, size in footer)])
    height = layout.height + 24.0 * len(footer) + (8 if footer else 0)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_n(width)}" height="{_n(height)}" '
        f'viewBox="0 0 {_n(width)} {_n(height)}" font-family="{FONT}" font-size="{_n(TEXT)}" role="graphics-document" '
        f'aria-label="{escape(title)}">',
        f"<title>{escape(title)}</title>",
        *([dark_style()] if theme == "auto" else []),
        f'<rect width="100%" height="100%"{paint("paper", fill="paper")}/>',
        *shapes(scene, layout, paint),
    ]
    y = layout.height + 6.0
    for box, shade, size in footer:
        out.append(
            f'<text x="{_n(width / 2)}" y="{_n(y)}" text-anchor="middle" font-size="{_n(size)}"'
            f"{paint('foot', fill=shade)}>{typeset.svg(box, size)}</text>"
        )
        y += 24.0
    out.append("</svg>")
    return "\n".join(out) + "\n"


def shapes(scene: Scene, layout: Layout, paint: Paint, ids: Ids | None = None) -> list[str]:
    """Links below, then their labels, then cards. In a page they have ids, and CSS draws the arrowheads."""
    out, page = [], ids is not None
    lines = paths(scene, layout)
    for k, (link, route, path) in enumerate(zip(scene.links, layout.routes, lines, strict=True)):
        tip = "" if link.words else f"<title>{escape(link.spoken)}</title>"
        if ids:
            out.append(f'<path id="e{ids.links[k]}" class="line" d="{path}">{tip}</path>')
        else:
            out.append(f"<g>{tip}{_arrow(path, route[-1], line_width(scene, link), link, paint, layout.down)}</g>")
    for k, (link, item) in enumerate(zip(scene.links, layout.labels, strict=True)):
        if item is not None:
            start = f'<g id="l{ids.links[k]}">' if ids else f"<g><title>{escape(link.spoken)}</title>"
            out.append(f"{start}{_label(link, item.x, item.y, item.width, item.height, paint, page)}</g>")
    for k, (card, item) in enumerate(zip(scene.cards, layout.cards, strict=True)):
        x, y = item.x - item.width / 2, item.y - item.height / 2
        own = (
            f' id="{ids.cards[k]}" class="card {card.kind}"'
            if ids
            else f' role="group" aria-label="{escape(card.spoken)}"'
        )
        tip = "" if page else f"<title>{escape(card.spoken)}</title>"
        out.append(
            f'<g{own} transform="translate({_n(x)} {_n(y)})">{tip}'
            f"{_card(card, item.width, item.height, paint, page)}</g>"
        )
    return out


def paths(scene: Scene, layout: Layout) -> list[str]:
    """The path of every link."""
    return [
        rounded(route, TIP, layout.down)
        if link.back
        else "".join(curve(strand, layout.down) for strand in strands(route, link.ways))
        for link, route in zip(scene.links, layout.routes, strict=True)
    ]


def line_width(scene: Scene, link: Link) -> float:
    return 0.8 + 3.0 * thickness(scene, link) if link.weighted else 1.6


def strands(route: list[tuple[float, float]], ways: int) -> list[list[tuple[float, float]]]:
    """The route once for every way, three at most, side by side between its ends."""
    ways = min(ways, 3)
    shifts = [STRANDS * (k - (ways - 1) / 2) for k in range(ways)]
    return [[route[0], *((x, y + shift) for x, y in route[1:-1]), route[-1]] for shift in shifts]


def curve(points: list[tuple[float, float]], down: bool = False) -> str:
    """A smooth curve through the points that never swings past one (Fritsch and Carlson's slopes)."""
    points = [*points[:-1], (points[-1][0] - TIP, points[-1][1])]
    rises = [(v - y) / max(u - x, 1.0) for (x, y), (u, v) in pairwise(points)]
    slopes = [0.0, *(2 * p * q / (p + q) if p * q > 0 else 0.0 for p, q in pairwise(rises)), 0.0]
    path = [f"M{at(*points[0], down)}"]
    for ((x, y), (u, v)), (p, q) in zip(pairwise(points), pairwise(slopes), strict=True):
        third = max(u - x, 24.0) * (0.5 if p == q == 0.0 else 0.38)
        path.append(f"C{at(x + third, y + p * third, down)} {at(u - third, v - q * third, down)} {at(u, v, down)}")
    return "".join(path)


def _arrow(path: str, tip: tuple[float, float], wide: float, link: Link, paint: Paint, down: bool) -> str:
    shade = colour(link)
    dash = {"stroke_dasharray": "6 4"} if link.back else {}
    head = f"M{at(*tip, down)}{'l-4.5 -10h9z' if down else 'l-10 -4.5v9z'}"
    return (
        f'<path d="{path}"{paint("line", fill="none", stroke=shade, stroke_width=_n(wide), **dash)}/>'
        f'<path d="{head}"{paint("head", fill=shade)}/>'
    )


def _label(link: Link, x: float, y: float, width: float, height: float, paint: Paint, page: bool) -> str:
    out = [
        f'<rect x="{_n(x - width / 2)}" y="{_n(y - height / 2)}" width="{_n(width)}" height="{_n(height)}" rx="5"'
        f"{paint('tag', fill='label', stroke='grad')}/>"
    ]
    for k, (box, bold) in enumerate(link.words):
        weight = {"font_weight": "bold"} if bold else {}
        look = paint("r b" if bold else "r", fill="grad", text_anchor="middle", font_size=_n(SMALL), **weight)
        baseline = y - height / 2 + 4.0 + LABEL_LINE * (k + 0.75)
        out.append(f'<text x="{_n(x)}" y="{_n(baseline)}"{look}>{typeset.svg(box, SMALL, page)}</text>')
    return "".join(out)


def _card(card: Card, width: float, height: float, paint: Paint, page: bool) -> str:
    dash = ' stroke-dasharray="5 3"' if card.stale else ""
    size = f'width="{_n(width)}" height="{_n(height)}" rx="9"'
    look = paint("t b", fill="ink", text_anchor="middle", font_size=_n(TITLE), font_weight="bold")
    out = [
        f"<rect {size}{paint('body', fill='paper')}/>",
        f'<path d="{band(width)}"{paint("band", fill=card.kind)}/>',
        f"<rect {size}{dash}{paint('frame', fill='none', stroke='border', stroke_width='1.6')}/>",
        f'<text x="{_n(width / 2)}" y="{_n(BAND * 0.69)}"{look}>{typeset.svg(card.title, TITLE, page)}</text>',
    ]
    names, values, _ = columns(card)
    for k, line in enumerate(card.lines):
        out += _line(line, BAND + LINE_HEIGHT * (k + 0.82), width, PAD + names + values - 20.0, paint, page)
    return "".join(out)


def band(width: float) -> str:
    """The path of a title's ground: the top of a rounded rectangle."""
    return f"M0 {_n(BAND)}V9Q0 0 9 0H{_n(width - 9)}Q{_n(width)} 0 {_n(width)} 9V{_n(BAND)}Z"


def _line(line: Line, y: float, width: float, middle: float, paint: Paint, page: bool) -> list[str]:
    name_class, shade = {"value": ("m", "muted"), "grad": ("g", "grad"), "row": ("t", "ink")}.get(line.tone, ("m", ""))
    out = []
    if shade:
        text = typeset.svg(line.name, TEXT, page)
        out.append(f'<text x="{_n(PAD)}" y="{_n(y)}"{paint(name_class, fill=shade)}>{text}</text>')
    head = {"font_size": _n(SMALL - 1)} if line.tone == "head" else {"font_weight": "bold"}
    shades = ("muted" if line.tone == "head" else "value", "grad")
    both = bool(line.value and line.grad)
    for css_class, number, tone in (("v", line.value, shades[0]), ("d", line.grad, shades[1])):
        if number:
            x = middle if both and css_class == "v" else width - PAD
            look = paint(css_class, fill=tone, text_anchor="end", **head)
            out.append(f'<text x="{_n(x)}" y="{_n(y)}"{look}>{escape(number)}</text>')
    return out


def _n(x: float) -> str:
    text = f"{x:.1f}"
    return text[:-2] if text.endswith(".0") else text
