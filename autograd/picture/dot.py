"""A scene for Graphviz, and Graphviz's `dot` run with care.

The idea: cards are HTML-like tables, and every script is a Unicode character, because Graphviz places <SUP> badly. What
`dot` writes goes to a temporary file first, so a failure, a timeout or an interrupt leaves no half-written picture.
"""

import shutil
import subprocess
from html import escape
from typing import TYPE_CHECKING

from autograd.picture.formula import typeset
from autograd.picture.formula.typeset import Box
from autograd.picture.scene import Card, Line, Link, Scene, thickness, warnings
from autograd.picture.scene import colour as shade_of
from autograd.picture.svg import COLOURS
from autograd.picture.svg import shade_of as shade_of_theme

if TYPE_CHECKING:
    import graphviz

_INSTEAD = {"png": "resvg-py", "pdf": "typst"}  # what `convert` draws with
FONT = "DejaVu Sans,Helvetica,Arial,sans-serif"


def digraph(scene: Scene, theme: str, direction: str) -> "graphviz.Digraph":
    """The scene as a graphviz.Digraph."""
    import graphviz

    shade = shade_of_theme(theme)
    colour = {name: pair[shade] for name, pair in COLOURS.items()}
    graph = graphviz.Digraph("chainrule")
    rank = "TB" if direction == "down" else "LR"
    graph.attr(rankdir=rank, bgcolor=colour["paper"], nodesep="0.2", ranksep="0.45", margin="0", pad="0.25")
    graph.attr(fontname=FONT, fontsize="12", fontcolor=colour["note"], labelloc="b")
    graph.attr("node", shape="plain", fontname=FONT, fontsize="12", fontcolor=colour["ink"])
    graph.attr("edge", color=colour["border"], fontname=FONT, fontsize="10", arrowsize="0.7")
    for index, card in enumerate(scene.cards):
        graph.node(f"n{index}", label=_table(card, colour), tooltip=_quoted(card.spoken))
    for link in scene.links:
        wide = f"{0.8 + 2.2 * thickness(scene, link) if link.weighted else 1.1:.2f}"
        label = {"label": _tag(link, colour)} if link.words else {}
        if link.back:
            label |= {"style": "dashed", "constraint": "false"}
        graph.edge(
            f"n{link.source}", f"n{link.target}", **label, penwidth=wide, color=colour[shade_of(link)],
            tooltip=_quoted(link.spoken), labeltooltip=_quoted(link.spoken),
        )  # fmt: skip
        for _ in range(min(link.ways, 3) - 1):  # the operand is read again
            graph.edge(f"n{link.source}", f"n{link.target}", penwidth=wide)
    below = [f'<FONT COLOR="{colour["grad"]}" POINT-SIZE="14">{_text(box)}</FONT>' for box in scene.caption]
    below += map(escape, warnings(scene))
    if below:
        graph.attr(label=f"<{'<BR/>'.join(below)}>")
    return graph


def _table(card: Card, colour: dict[str, str]) -> str:
    three = any(line.value and line.grad for line in card.lines)
    style = ' STYLE="dashed"' if card.stale else ""
    rows = [
        f'<TR><TD COLSPAN="{3 if three else 2}" BGCOLOR="{colour[card.kind]}" CELLPADDING="5">'
        f"<B>{_text(card.title)}</B></TD></TR>"
    ]
    rows += [_row(line, three, colour) for line in card.lines]
    return (
        f'<<TABLE BORDER="1" CELLBORDER="0" CELLSPACING="0" CELLPADDING="3" COLOR="{colour["border"]}" '
        f'BGCOLOR="{colour["paper"]}"{style}>{"".join(rows)}</TABLE>>'
    )


def _row(line: Line, three: bool, colour: dict[str, str]) -> str:
    tone = {"value": "muted", "grad": "grad", "head": "muted", "row": "ink"}[line.tone]
    bold = "{}" if line.tone == "head" else "<B>{}</B>"
    name = _text(line.name) or " "
    cells = [f'<TD ALIGN="LEFT"><FONT COLOR="{colour[tone]}">{name}</FONT></TD>']
    numbers = [(line.value, "value" if line.tone != "head" else "muted"), (line.grad, "grad")]
    for text, shade in numbers if three else [number for number in numbers if number[0]]:
        cells.append(f'<TD ALIGN="RIGHT"><FONT COLOR="{colour[shade]}">{bold.format(escape(text) or " ")}</FONT></TD>')
    return f"<TR>{''.join(cells)}</TR>"


def _tag(link: Link, colour: dict[str, str]) -> str:
    rows = [
        f'<TR><TD><FONT COLOR="{colour["grad"]}">{f"<B>{_text(box)}</B>" if bold else _text(box)}</FONT></TD></TR>'
        for box, bold in link.words
    ]
    return f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1">{"".join(rows)}</TABLE>>'


def _text(box: Box) -> str:
    return escape(typeset.text(box).strip())


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\")


def is_there() -> bool:
    """Is Graphviz's dot on the PATH?"""
    return shutil.which("dot") is not None


def run(source: str, kind: str, timeout: float) -> bytes:
    """What `dot -Tkind` makes of the source. Raises RuntimeError with the remedy or with dot's own message."""
    program = shutil.which("dot")
    if program is None:
        raise RuntimeError(
            f"{kind.upper()} is drawn by Graphviz's dot, which is not on the PATH: install it (apt install graphviz, "
            f"brew install graphviz, or graphviz.org), or pip install {_INSTEAD[kind]}, or save as .svg or .html, "
            "which need nothing"
        )
    command = [program, f"-T{kind}", *(["-Gdpi=144"] if kind == "png" else [])]
    try:
        done = subprocess.run(command, input=source.encode(), capture_output=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        raise RuntimeError(
            f"dot did not finish within {timeout:g} s; draw fewer cards (collapse=, depth=, path_to=), give it a "
            "longer timeout=, or save as .svg, which does not use dot"
        ) from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip() or "it said nothing"
        raise RuntimeError(f"dot failed with exit status {done.returncode}: {said}")
    return done.stdout
