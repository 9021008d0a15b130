"""What the library's HTML pages have in common: each is one document that needs no network and no other file.

The idea: a page is a template, filled from texts. Its style and its scripts stand inside, its colours are those of the
pictures, and its steps are played by the buttons, the slider and the keys that every page has.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

from autograd.files import write

# name: (light, dark)
COLOURS = {
    "paper": ("#ffffff", "#0f172a"), "ink": ("#1e293b", "#e2e8f0"), "muted": ("#64748b", "#94a3b8"),
    "border": ("#94a3b8", "#64748b"), "value": ("#1d4ed8", "#93c5fd"), "grad": ("#b91c1c", "#fca5a5"),
    "label": ("#fff7ed", "#292524"), "note": ("#92400e", "#fcd34d"),
    "positive": ("#2563eb", "#60a5fa"), "negative": ("#ea580c", "#fb923c"),
    "parameter": ("#fde68a", "#854d0e"), "input": ("#e2e8f0", "#334155"), "operation": ("#dbeafe", "#1e3a8a"),
    "group": ("#dbeafe", "#1e3a8a"), "output": ("#bbf7d0", "#166534"),
}  # fmt: skip
HEAD = """\
<!doctype html>
<html lang="en"{{theme}}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>{{title}}</title>
<link rel="icon" href="data:,">
<style>
{{style}}</style>
</head>
"""
LEFT_OUT = re.compile(r"^ *(//.*\n)?| +// .*$", re.MULTILINE)  # in a page: indentation, and comments


class Page:
    """A page: `.html()`, `.save("page.html")`; a notebook shows it in a frame."""

    _kind: str  # what is refused to be saved as anything but HTML
    _title: str

    def html(self) -> str:
        """One HTML document: no network, no other file."""
        raise NotImplementedError

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page, whole or not at all."""
        if Path(path).suffix.lower() not in (".html", ".htm"):
            raise ValueError(f"save: {self._kind} is HTML; {str(path)!r} should end in .html")
        write(path, self.html().encode())
        return Path(path)

    def _filled(self, package: str, name: str, scripts: Iterable[str], theme: str = "", **parts: str) -> str:
        """The template of that name in a package's folder `page`, with its style, these scripts and these parts."""
        script = _text("autograd.picture", "player.js") + "".join(
            [_text(package, f"{script}.js") for script in scripts]
        )
        style = _text("autograd.picture", "player.css") + _text(package, f"{name}.css")
        parts |= {
            "title": escape(self._title),
            "theme": theme,
            "style": _colours() + LEFT_OUT.sub("", style),
            "script": f'(() => {{\n"use strict";\n{LEFT_OUT.sub("", script)}}})();\n',
        }
        return re.sub(r"\{\{(\w+)\}\}", lambda place: parts[place[1]], HEAD + _text(package, f"{name}.html"))

    def _frame(self, height: float, style: str = "") -> str:
        return (
            f'<iframe srcdoc="{escape(self.html())}" title="{escape(self._title)}" sandbox="allow-scripts" '
            f'style="{style}width:100%;height:{height:.0f}px;border:0"></iframe>'
        )


def told(data: Any) -> str:
    """Data as a script in a page may have them."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _text(package: str, name: str) -> str:
    from importlib.resources import files  # 6 ms that only a page needs

    return files(package).joinpath("page", name).read_text("utf-8")


def _colours() -> str:
    """The colour table as CSS variables, light and dark."""
    light, dark = ("".join([f"--{name}:{pair[shade]};" for name, pair in COLOURS.items()]) for shade in (0, 1))
    return (
        f":root{{{light}color-scheme:light}}"
        f"@media(prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}color-scheme:dark}}}}"
        f":root[data-theme=dark]{{{dark}color-scheme:dark}}\n"
    )
