"""Run notebooks: `python -m tests.notebooks [01 ...]` runs those, or all, and writes their outputs into the files.

A notebook runs in a fresh kernel of this Python, in its own folder, against this checkout. What a run leaves in the
file is the same on every machine: no times, no identifiers of the kernel. What a cell tagged `picture` shows is written
to notebooks/pictures as well, for README.md.
"""

import base64
import io
import os
import re
import sys
import textwrap
from pathlib import Path
from typing import Any

import nbclient
import nbformat

from tests.processes import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PICTURES = ROOT / "notebooks" / "pictures"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
SECONDS = 120  # a cell may take on a slow machine
SOLUTION = re.compile(r"<details>.*?</details>", re.S)
CODE = re.compile(r"^```python\n(.*?)^```", re.S | re.M)


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def run(notebook: Any) -> Any:
    """Run it in place; the first cell that raises is raised here, with its traceback."""
    environment = {key: value for key, value in os.environ.items() if key != "MPLBACKEND"}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    client = nbclient.NotebookClient(
        notebook,
        timeout=SECONDS,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(ROOT / "notebooks")}},
    )
    client.execute(env=environment)
    notebook.metadata = nbformat.from_dict(METADATA)
    return notebook


def solutions(markdown: str) -> list[str]:
    """The code in the folded-away solutions of a markdown cell."""
    return [textwrap.dedent(code) for details in SOLUTION.findall(markdown) for code in CODE.findall(details)]


def with_solutions(notebook: Any) -> Any:
    """A copy in which every solution is a cell, after the one that hides it."""
    cells = []
    for cell in notebook.cells:
        cells.append(nbformat.from_dict({**cell, "outputs": []} if cell.cell_type == "code" else cell))
        if cell.cell_type == "markdown":
            hidden = [nbformat.v4.new_code_cell(code) for code in solutions(cell.source)]
            for solution in hidden:
                solution.metadata["tags"] = ["solution"]
            cells += hidden
    return nbformat.from_dict({**notebook, "cells": cells})


def picture(notebook: Any) -> tuple[str, bytes] | None:
    """What the cell tagged `picture` shows, as a file: its extension and its bytes."""
    for cell in notebook.cells:
        if "picture" in cell.metadata.get("tags", []):
            for output in cell.outputs:
                data = output.get("data", {})
                if "image/svg+xml" in data:
                    return "svg", data["image/svg+xml"].encode()
                if "image/png" in data:
                    return "png", in_few_colours(base64.b64decode(data["image/png"]))
    return None


def in_few_colours(png: bytes) -> bytes:
    """A plot needs no more than 64 colours, and a third of the bytes."""
    from PIL import Image

    file = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").quantize(64).save(file, "png", optimize=True)
    return file.getvalue()


def main(names: list[str]) -> None:
    for path in NOTEBOOKS:
        if not names or path.name.startswith(tuple(names)):
            notebook = run(read(path))
            nbformat.write(notebook, path)
            print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")
            if shown := picture(notebook):
                (PICTURES / f"{path.name[:2]}.{shown[0]}").write_bytes(shown[1])


if __name__ == "__main__":
    main(sys.argv[1:])
