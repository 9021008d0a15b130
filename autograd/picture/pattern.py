"""The pattern of a sparse matrix as a picture: a square for each of its entries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from autograd.core.words import counted
from autograd.picture.svg import FONT, SMALL, plain_paint

SIDE = 360.0  # of the longer side of the matrix, in pixels
FINEST = 360  # cells along it, at most; those of a larger matrix stand for several rows and columns
LARGEST = 14.0  # pixels of a cell
MARGIN, CAPTION = 12.0, 22.0


def svg(rows: Sequence[Sequence[int]], shape: tuple[int, int], theme: str = "light") -> str:
    """A standalone SVG document, from the columns of each row's entries."""
    m, n = shape
    longest = max(m, n, 1)
    grain = -(-longest // FINEST)  # rows and columns of a cell
    cell = min(LARGEST, SIDE / (longest / grain))
    width, height = cell * n / grain, cell * m / grain
    words = f"{m} × {n}, {counted(sum(map(len, rows)), 'entry', 'entries')}"
    full_width = max(width, 0.55 * SMALL * len(words)) + 2 * MARGIN
    full_height = height + 2 * MARGIN + CAPTION
    paint = plain_paint(theme)
    squares = "".join(
        [
            f"M{MARGIN + cell * first:.4g} {MARGIN + cell * i:.4g}h{cell * count:.4g}v{cell:.4g}h{-cell * count:.4g}z"
            for i, first, count in _runs(rows, grain)
        ]
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{full_width:.0f}" height="{full_height:.0f}" '
        f'viewBox="0 0 {full_width:.6g} {full_height:.6g}" role="img" font-family="{FONT}">'
        f"<title>sparse matrix, {words}</title>"
        f'<rect width="100%" height="100%"{paint("paper", fill="paper")}/>'
        f'<rect x="{MARGIN:g}" y="{MARGIN:g}" width="{width:.6g}" height="{height:.6g}"'
        f"{paint('frame', fill='none', stroke='border')}/>"
        f'<path d="{squares}"{paint("entries", fill="value")}/>'
        f'<text x="{MARGIN:g}" y="{full_height - MARGIN:.6g}" font-size="{SMALL:g}"{paint("caption", fill="muted")}>'
        f"{words}</text></svg>\n"
    )


def _runs(rows: Sequence[Sequence[int]], grain: int) -> Iterator[tuple[int, int, int]]:
    """(row of cells, first cell, how many) of cells side by side that have entries."""
    for i in range(0, len(rows), grain):
        cells = sorted({j // grain for row in rows[i : i + grain] for j in row})
        first = last = -2
        for j in cells:
            if j != last + 1:
                if last >= 0:
                    yield i // grain, first, last - first + 1
                first = j
            last = j
        if last >= 0:
            yield i // grain, first, last - first + 1
