"""The README's charts, written by hand as SVG: logarithmic axes, one colour per engine everywhere."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

from benchmarks.harness import COMPILED, OURS, PURE

Row = dict[str, Any]

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 70, 150, 66, 50
COLOURS = {
    COMPILED: "#c2410c", OURS: "#ea9a3e", PURE: "#f5c98b", "micrograd": "#6b7280", "tuple tape": "#a8a29e",
    "torch": "#9333ea", "torch scalars": "#9333ea", "jax.jit": "#2563eb", "jax.jit(vmap)": "#2563eb",
    "casadi": "#059669", "casadi map": "#059669", "xad": "#b91c8c", "numpy by hand": "#0e7490", "C by hand": "#111827",
    "C switch": "#111827",
}  # fmt: skip
FONT = 'font-family="system-ui, sans-serif"'


def colour(engine: str) -> str:
    return COLOURS.get(engine, "#78716c")


def frame(title: str, body: list[str], width: int, height: int) -> str:
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        text(20, 28, title, size=16, weight="bold"),
        *body,
        "</svg>",
        "",
    ])  # fmt: skip


def text(
    x: float, y: float, words: str, size: int = 12, anchor: str = "start", fill: str = "#1f2937", weight: str = "normal"
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{fill}" '
        f'font-weight="{weight}" {FONT}>{escape(words)}</text>'
    )


def short(number: float) -> str:
    """A power of ten as an axis shows it."""
    return f"{number:,.0f}" if number >= 1 else f"{number:.10f}".rstrip("0")


def lines(title: str, x_title: str, y_title: str, series: dict[str, list[tuple[float, float]]]) -> str:
    """Curves over logarithmic axes; each is named at its right end."""
    points = [p for curve in series.values() for p in curve]
    if not points:
        return frame(title, [text(20, 60, "not measured")], WIDTH, HEIGHT)
    low_x, high_x = min(p[0] for p in points), max(p[0] for p in points)
    low_y, high_y = decades([p[1] for p in points])
    across = WIDTH - LEFT - RIGHT
    down = HEIGHT - TOP - BOTTOM
    place_x = lambda v: LEFT + across * (math.log10(v) - math.log10(low_x)) / max(math.log10(high_x / low_x), 1e-9)
    place_y = lambda v: HEIGHT - BOTTOM - down * (math.log10(v) - low_y) / (high_y - low_y)
    body = []
    for power in range(low_y, high_y + 1):
        y = place_y(10.0**power)
        body.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#e5e7eb"/>')
        body.append(text(LEFT - 8, y + 4, short(10.0**power), anchor="end"))
    for power in range(math.ceil(math.log10(low_x)), math.floor(math.log10(high_x)) + 1):
        body.append(text(place_x(10.0**power), HEIGHT - BOTTOM + 18, short(10.0**power), anchor="middle"))
    body.append(text(LEFT + across / 2, HEIGHT - 10, x_title, anchor="middle"))
    body.append(text(20, 46, y_title, fill="#4b5563"))
    ends = []
    for engine, curve in series.items():
        at = " ".join(f"{place_x(x):.1f},{place_y(y):.1f}" for x, y in curve)
        body.append(f'<polyline points="{at}" fill="none" stroke="{colour(engine)}" stroke-width="2"/>')
        body += [
            f'<circle cx="{place_x(x):.1f}" cy="{place_y(y):.1f}" r="3" fill="{colour(engine)}"/>' for x, y in curve
        ]
        ends.append((place_y(curve[-1][1]), place_x(curve[-1][0]), engine))
    last: dict[float, float] = {}
    for y, x, engine in sorted(ends):
        last[x] = max(y, last.get(x, -math.inf) + 14)
        body.append(text(x + 8, last[x] + 4, engine, fill=colour(engine)))
    return frame(title, body, WIDTH, HEIGHT)


def bars(title: str, unit: str, rows: list[tuple[str, str, float]], logarithmic: bool) -> str:
    """Horizontal bars, (label, engine, number), each with its number."""
    height = TOP + 26 * len(rows) + 20
    if not rows:
        return frame(title, [text(20, 60, "not measured")], WIDTH, height + 40)
    numbers = [number for *_, number in rows]
    low, high = decades(numbers)
    part = lambda number: (math.log10(number) - low) / (high - low) if logarithmic else number / max(numbers)
    start, across = 230, WIDTH - 230 - 110
    body = [text(20, 46, unit + (", logarithmic" if logarithmic else ""), fill="#4b5563")]
    for k, (label, engine, number) in enumerate(rows):
        y = TOP + 10 + 26 * k
        length = max(2.0, across * part(number))
        body.append(text(start - 8, y + 14, label, anchor="end"))
        body.append(f'<rect x="{start}" y="{y}" width="{length:.1f}" height="20" fill="{colour(engine)}"/>')
        body.append(text(start + length + 6, y + 14, f"{number:,.3g}" if number < 1000 else f"{number:,.0f}"))
    return frame(title, body, WIDTH, height)


def decades(numbers: list[float]) -> tuple[int, int]:
    """The powers of ten that hold all numbers."""
    low, high = math.floor(math.log10(min(numbers))), math.ceil(math.log10(max(numbers)))
    return low, max(high, low + 1)


def curves(rows: list[Row], work: str, scale: float, total: bool = False) -> dict[str, list[tuple[float, float]]]:
    """engine -> (size, median); `total` undoes a per-size unit."""
    found: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        if row["work"] == work and row["status"] == "ok":
            found.setdefault(row["engine"], []).append(
                (row["size"], row["median"] * scale * (row["size"] if total else 1))
            )
    return found


def steps(title: str, rows: list[Row]) -> str:
    wanted = [
        ("W3.step", None, "moons step"),
        ("W3.grad", 100, "moons gradient"),
        ("W4.step", None, "microgpt step"),
        ("W5.pass", None, "W5 pass"),
    ]
    found = [
        (f"{what}: {row['engine']}", row["engine"], row["median"] * 1e3)
        for work, size, what in wanted
        for row in rows
        if (row["work"], row["size"]) == (work, size) and row["status"] == "ok"
    ]
    return bars(title, "milliseconds", found, logarithmic=True)


def memory(title: str, rows: list[Row]) -> str:
    found = [(r["engine"], r["engine"], r["median"]) for r in rows if r["work"] == "memory" and r["status"] == "ok"]
    return bars(title, "bytes", found, logarithmic=False)


def against(x: str, y: str, work: str, scale: float, total: bool = False) -> Callable[[str, list[Row]], str]:
    return lambda title, rows: lines(title, x, y, curves(rows, work, scale, total))


CHARTS: dict[str, tuple[str, Callable[[str, list[Row]], str]]] = {
    "steps": ("Time per step", steps),
    "graph-size": (
        "Time against graph size",
        against("binary nodes", "eager forward + backward, ns a node", "eager.graph", 1e9),
    ),
    "batch-size": (
        "Time against batch",
        against("rows", "moons network, value and gradient, µs", "W3.grad", 1e6),
    ),
    "memory": ("Memory per node", memory),
    "first-result": (
        "Time to first result",
        against("scalar nodes", "from function to first gradient, seconds", "first.graph", 1.0, total=True),
    ),
}
