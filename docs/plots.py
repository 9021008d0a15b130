"""Notebooks for a Python that has no matplotlib: the same without what plots.

A statement plots if it reads pyplot, or a name that a plotting statement made, as `fig, ax = plt.subplots()` does.
"""

import ast
import re
from typing import Any

PLOTS = "matplotlib"
SAID = "# what plots is left out here: there is no matplotlib"
NOTE = (
    "Here nothing is plotted: matplotlib needs compiled code, which this site was built without. The plots stand in "
    "[the page of this notebook](../../notebooks/{}.html)."
)


def without(notebook: dict[str, Any], name: str) -> dict[str, Any]:
    """A copy that says so at its top, and in every cell that lost a statement."""
    plotting: set[str] = set()
    cells = []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell = cell | {"source": _without("".join(cell["source"]), plotting)}
        cells.append(cell)
    note = {"cell_type": "markdown", "id": "no-plots", "metadata": {}, "source": NOTE.format(name)}
    return notebook | {"cells": [cells[0], note, *cells[1:]]}


def _without(source: str, plotting: set[str]) -> str:
    """The source of a cell, less its plotting statements; what those make is entered in `plotting`."""
    lines = source.splitlines()
    left = [*lines]
    for statement in ast.parse(source).body:
        names = [node for node in ast.walk(statement) if isinstance(node, ast.Name)]
        made = {node.id for node in names if isinstance(node.ctx, ast.Store)}
        own = made | {node.arg for node in ast.walk(statement) if isinstance(node, ast.arg)}
        read = {node.id for node in names} - own
        match statement:
            case ast.Import(names=[ast.alias(name=name, asname=alias)]) if name.split(".")[0] == PLOTS:
                made, plots = {alias or name}, True
            case _:
                plots = bool(read & plotting)
        if not plots:
            plotting -= made
            continue
        plotting |= made
        for k in range(statement.lineno - 1, statement.end_lineno or 0):
            left[k] = ""
    if left == lines:
        return source
    kept = re.sub(r"\n{3,}", "\n\n\n", "\n".join(left)).strip()
    return f"{SAID}\n{kept}".strip()
