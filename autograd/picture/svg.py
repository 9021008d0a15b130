"""A scene as SVG, laid out without any other program.

The idea: every shape asks a style table for its colours. A picture on its own carries them as plain attributes, because
style sheets and CSS variables turn black in many viewers; inside an HTML page the same shapes carry classes instead,
so that the page can switch between light and dark and animate them.
"""

from collections.abc import Callable
from html import escape
from itertools import pairwise

from autograd.picture import typeset
from autograd.picture.layout import Layout, lay_out
from autograd.picture.model import GROUP, INPUT, OPERATION, OUTPUT, PARAMETER
from autograd.picture.scene import Card, Line, Link, Scene, wrapped

FONT = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
TITLE, TEXT, SMALL = 16.0, 14.0, 13.0  # font sizes
BAND, LINE_HEIGHT, PAD = 30.0, 22.0, 12.0
LABEL_LINE = 17.0

# name: (light, dark)
COLOURS = {
    "paper": ("#ffffff", "#0f172a"), "ink": ("#1e293b", "#e2e8f0"), "muted": ("#64748b", "#94a3b8"),
    "border": ("#94a3b8", "#64748b"), "value": ("#1d4ed8", "#93c5fd"), "grad": ("#b91c1c", "#fca5a5"),
    "label": ("#fff7ed", "#292524"), "note": ("#92400e", "#fcd34d"),
    PARAMETER: ("#fde68a", "#854d0e"), INPUT: ("#e2e8f0", "#334155"), OPERATION: ("#dbeafe", "#1e3a8a"),
    GROUP: ("#dbeafe", "#1e3a8a"), OUTPUT: ("#bbf7d0", "#166534"),
}  # fmt: skip

THEMES = ("light", "dark")

Paint = Callable[..., str]  # class name, attribute=colour name … -> the attributes to write


def plain_paint(theme: str) -> Paint:
    """Colours written out as attributes."""
    shade = THEMES.index(theme)
    return lambda _class, **colours: "".join(f' {k}="{COLOURS[c][shade]}"' for k, c in colours.items())


def class_paint(css_class: str, **_colours: str) -> str:
    """A class, for a page whose style sheet has the colours."""
    return f' class="{css_class}"' if css_class else ""


def card_size(card: Card) -> tuple[float, float]:
    width = typeset.width(card.title, TITLE, bold=True)
    for left, middle, right in (_columns(card),):
        width = max(width, left + middle + right)
    return max(width + 2 * PAD, 110.0), BAND + LINE_HEIGHT * len(card.lines) + 8.0


def _columns(card: Card) -> tuple[float, float, float]:
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


def place(scene: Scene) -> Layout:
    return lay_out(
        [card_size(card) for card in scene.cards],
        [(link.source, link.target) for link in scene.links],
        [label_size(link) for link in scene.links],
    )


def draw_svg(scene: Scene, theme: str = "light", title: str = "computational graph") -> str:
    """A standalone SVG document."""
    paint = plain_paint(theme)
    layout = place(scene)
    footer = [(box, "grad", TEXT + 2) for box in scene.caption]
    footer += [(typeset.operator(line), "note", SMALL) for note in scene.notes for line in wrapped("⚠ " + note)]
    width = max([layout.width, *(typeset.width(box, size) + 48 for box, _, size in footer)])
    height = layout.height + 24.0 * len(footer) + (8 if footer else 0)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_n(width)}" height="{_n(height)}" '
        f'viewBox="0 0 {_n(width)} {_n(height)}" font-family="{FONT}" font-size="{_n(TEXT)}" role="img" '
        f'aria-label="{escape(title)}">',
        f"<title>{escape(title)}</title>",
        f'<rect width="100%" height="100%"{paint("paper", fill="paper")}/>',
        *shapes(scene, layout, paint),
    ]
    y = layout.height + 6.0
    for box, colour, size in footer:
        out.append(
            f'<text x="{_n(width / 2)}" y="{_n(y)}" text-anchor="middle" font-size="{_n(size)}"'
            f"{paint('foot', fill=colour)}>{typeset.svg(box, size)}</text>"
        )
        y += 24.0
    out.append("</svg>")
    return "\n".join(out) + "\n"


def shapes(scene: Scene, layout: Layout, paint: Paint, numbered: str = "") -> list[str]:
    """Links below, then their labels, then cards. `numbered` prefixes the ids that a page's script uses."""
    strongest = max((link.strength for link in scene.links if link.strength), default=1.0)
    out = []
    for k, (link, route) in enumerate(zip(scene.links, layout.routes, strict=True)):
        thickness = 1.6 if link.strength is None else 1.0 + 2.5 * min(1.0, link.strength / strongest) ** 0.5
        name = f' id="{numbered}e{k}"' if numbered else ""
        out.append(f"<g{name}{paint('edge')}>{_arrow(route, thickness, paint)}</g>")
    for k, (link, item) in enumerate(zip(scene.links, layout.labels, strict=True)):
        if item is not None:
            name = f' id="{numbered}l{k}"' if numbered else ""
            out.append(
                f"<g{name}{paint('lab')}><title>{escape(link.spoken)}</title>"
                f"{_label(link, item.x, item.y, item.width, item.height, paint)}</g>"
            )
    for k, (card, item) in enumerate(zip(scene.cards, layout.cards, strict=True)):
        x, y = item.x - item.width / 2, item.y - item.height / 2
        name = f' id="{numbered}n{k}" role="button" tabindex="0"' if numbered else ' role="group"'
        out.append(
            f'<g{name} transform="translate({_n(x)} {_n(y)})" aria-label="{escape(card.spoken)}"'
            f"{paint('card ' + card.kind)}>"
            f"<title>{escape(card.spoken)}</title>{_card(card, item.width, item.height, paint)}</g>"
        )
    return out


def _arrow(points: list[tuple[float, float]], thickness: float, paint: Paint) -> str:
    """A smooth curve through the points that never swings past one (Fritsch and Carlson's slopes), and its head."""
    tip = points[-1]
    points = [*points[:-1], (tip[0] - 8.0, tip[1])]
    rises = [(v - y) / max(u - x, 1.0) for (x, y), (u, v) in pairwise(points)]
    slopes = [0.0, *(2 * p * q / (p + q) if p * q > 0 else 0.0 for p, q in pairwise(rises)), 0.0]
    path = [f"M{_n(points[0][0])} {_n(points[0][1])}"]
    for ((x, y), (u, v)), (p, q) in zip(pairwise(points), pairwise(slopes), strict=True):
        third = max(u - x, 24.0) * (0.5 if p == q == 0.0 else 0.38)
        path.append(f"C{_n(x + third)} {_n(y + p * third)} {_n(u - third)} {_n(v - q * third)} {_n(u)} {_n(v)}")
    head = f"M{_n(tip[0])} {_n(tip[1])}l-10 -4.5v9z"
    return (
        f'<path d="{"".join(path)}" fill="none" stroke-width="{_n(thickness)}"{paint("line", stroke="border")}/>'
        f'<path d="{head}"{paint("head", fill="border")}/>'
    )


def _label(link: Link, x: float, y: float, width: float, height: float, paint: Paint) -> str:
    out = [
        f'<rect x="{_n(x - width / 2)}" y="{_n(y - height / 2)}" width="{_n(width)}" height="{_n(height)}" rx="5"'
        f"{paint('tag', fill='label', stroke='grad')}/>"
    ]
    for k, (box, bold) in enumerate(link.words):
        baseline = y - height / 2 + 4.0 + LABEL_LINE * (k + 0.75)
        weight = ' font-weight="bold"' if bold else ""
        out.append(
            f'<text x="{_n(x)}" y="{_n(baseline)}" text-anchor="middle" font-size="{_n(SMALL)}"{weight}'
            f"{paint('g', fill='grad')}>{typeset.svg(box, SMALL)}</text>"
        )
    return "".join(out)


def _card(card: Card, width: float, height: float, paint: Paint) -> str:
    dash = ' stroke-dasharray="5 3"' if card.stale else ""
    radius = 9.0
    out = [
        f'<rect width="{_n(width)}" height="{_n(height)}" rx="{_n(radius)}"{paint("body", fill="paper")}/>',
        f'<path d="M0 {_n(BAND)}V{_n(radius)}Q0 0 {_n(radius)} 0H{_n(width - radius)}Q{_n(width)} 0 {_n(width)} '
        f'{_n(radius)}V{_n(BAND)}Z"{paint("band", fill=card.kind)}/>',
        f'<rect width="{_n(width)}" height="{_n(height)}" rx="{_n(radius)}" fill="none" stroke-width="1.6"{dash}'
        f"{paint('frame', stroke='border')}/>",
        f'<text x="{_n(width / 2)}" y="{_n(BAND * 0.69)}" text-anchor="middle" font-size="{_n(TITLE)}" '
        f'font-weight="bold"{paint("t", fill="ink")}>{typeset.svg(card.title, TITLE)}</text>',
    ]
    names, values, _ = _columns(card)
    for k, line in enumerate(card.lines):
        out += _line(line, BAND + LINE_HEIGHT * (k + 0.82), width, PAD + names + values - 20.0, paint)
    return "".join(out)


def _line(line: Line, y: float, width: float, middle: float, paint: Paint) -> list[str]:
    colour = {"value": "muted", "grad": "grad", "head": "muted", "row": "ink"}[line.tone]
    name_class = {"value": "m", "grad": "g", "head": "m", "row": "t"}[line.tone]
    at = f'y="{_n(y)}"'
    out = [f'<text x="{_n(PAD)}" {at}{paint(name_class, fill=colour)}>{typeset.svg(line.name, TEXT)}</text>']
    end = width - PAD
    if line.tone == "head":
        small = f'text-anchor="end" font-size="{_n(SMALL - 1)}"'
        out.append(f'<text x="{_n(middle)}" {at} {small}{paint("m", fill="muted")}>{escape(line.value)}</text>')
        out.append(f'<text x="{_n(end)}" {at} {small}{paint("g", fill="grad")}>{escape(line.grad)}</text>')
        return out
    both = bool(line.value and line.grad)
    if line.value:
        x = middle if both else end
        out.append(
            f'<text x="{_n(x)}" {at} text-anchor="end" font-weight="bold"{paint("v", fill="value")}>'
            f"{escape(line.value)}</text>"
        )
    if line.grad:
        out.append(
            f'<text x="{_n(end)}" {at} text-anchor="end" font-weight="bold"{paint("g", fill="grad")}>'
            f"{escape(line.grad)}</text>"
        )
    return out


def _n(x: float) -> str:
    text = f"{x:.1f}"
    return text[:-2] if text.endswith(".0") else text
