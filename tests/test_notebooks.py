"""The notebooks run top to bottom, and what a reader sees without running them is true.

A code cell tagged `varies` prints what differs between machines (times): its outputs must be there, not the same. A
markdown cell tagged `cited` quotes numbers from elsewhere.
"""

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("nbclient", reason="notebooks run with nbclient, of the `test` extra")
pytest.importorskip("ipykernel", reason="notebooks run in a kernel by ipykernel, of the `test` extra")
pytest.importorskip("matplotlib", reason="notebooks plot with matplotlib, of the `test` extra")

from tests.notebooks import NOTEBOOKS, read, run, solutions, with_solutions

NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?")
DECIMAL = re.compile(r"(?<![\w.])\d+\.\d+(?!\.?\d)")
MACHINE = re.compile(r"0x[0-9a-f]{6,}|/(?:home|root|tmp|work|Users)/|ipykernel_")

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])


@cache
def fresh(path: Path) -> Any:
    return run(with_solutions(read(path)))


def code_cells(notebook: Any) -> list[Any]:
    """The file's own; in a fresh run solutions stand among them."""
    return [c for c in notebook.cells if c.cell_type == "code" and "solution" not in c.metadata.get("tags", [])]


def said(cell: Any) -> list[tuple[str, str]]:
    """What a cell shows, output by output: what kind it is, and its text. A stream is one, however it was cut up."""
    shown: list[tuple[str, str]] = []
    for output in cell.outputs:
        if output.output_type == "stream":
            if output.name == "stderr":
                continue
            before = shown.pop()[1] if shown and shown[-1][0] == "stdout" else ""
            shown.append(("stdout", before + output.text))
        else:
            shown.append((" ".join(sorted(output.data)), output.data.get("text/plain", "")))
    return shown


def difference(committed: str, now: str) -> str | None:
    """The first line in which two texts differ by more than the rounding of their last printed digits."""
    for old, new in zip(committed.splitlines(), now.splitlines(), strict=False):
        same = NUMBER.sub("#", old) == NUMBER.sub("#", new)
        if not same or not all(map(close, NUMBER.findall(old), NUMBER.findall(new))):
            return f"committed: {old}\nfresh:     {new}"
    if len(committed.splitlines()) != len(now.splitlines()):
        return f"committed: {len(committed.splitlines())} lines\nfresh:     {len(now.splitlines())} lines"
    return None


def close(old: str, new: str) -> bool:
    x, y = float(old.replace(",", "")), float(new.replace(",", ""))
    return abs(x - y) <= max(1.001 * min(last_digit(old), last_digit(new)), 1e-8 * abs(x))


def last_digit(number: str) -> float:
    """What the last printed digit is worth: 0.01 in 3.14; nothing in a whole number, which is exact."""
    mantissa, _, exponent = number.partition("e")
    decimals = len(mantissa.partition(".")[2])
    return 10.0 ** (int(exponent or 0) - decimals) if decimals else 0.0


@every_notebook
def test_it_runs_top_to_bottom_and_so_do_its_hidden_solutions(path):
    for cell in fresh(path).cells:
        assert cell.cell_type != "code" or cell.execution_count


@every_notebook
def test_it_ships_with_the_outputs_of_a_whole_run(path):
    cells = code_cells(read(path))
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    for cell, again in zip(cells, code_cells(fresh(path)), strict=True):
        assert [kind for kind, _ in said(cell)] == [kind for kind, _ in said(again)], cell.source
        assert all(output.get("name") != "stderr" for output in cell.outputs), cell.source


@every_notebook
def test_its_outputs_are_those_of_a_fresh_run(path):
    for cell, again in zip(code_cells(read(path)), code_cells(fresh(path)), strict=True):
        if "varies" not in cell.metadata.get("tags", []):
            for (_, committed), (_, now) in zip(said(cell), said(again), strict=True):
                found = difference(committed, now)
                assert found is None, f"{cell.source}\n\n{found}\n\nrenew: python -m tests.notebooks {path.stem[:2]}"


@every_notebook
def test_its_outputs_name_no_place_of_the_machine_that_ran_it(path):
    for cell in code_cells(read(path)):
        for _, text in said(cell):
            assert not MACHINE.search(text), text


@every_notebook
def test_the_decimals_in_its_text_stand_in_its_code_or_its_outputs(path):
    notebook = fresh(path)
    sources = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    outputs = [text for cell in notebook.cells if cell.cell_type == "code" for _, text in said(cell)]
    known = {float(n.replace(",", "")) for text in sources + outputs for n in NUMBER.findall(text)}
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and "cited" not in cell.metadata.get("tags", []):
            for quoted in DECIMAL.findall(cell.source):
                half = last_digit(quoted) / 2
                assert any(abs(float(quoted) - x) <= 1.001 * half for x in known), f"{quoted} in: {cell.source}"


def test_a_number_may_differ_in_its_last_digit_only():
    assert difference("a = 0.2217, n = 23", "a = 0.2218, n = 23") is None
    assert difference("a = 0.2217, n = 23", "a = 0.2219, n = 23") is not None
    assert difference("a = 0.2217, n = 23", "a = 0.2217, n = 24") is not None
    assert difference("a = 0.22", "a = 0.2217") is not None
    assert difference("1.5e-09", "1.6e-09") is None
    assert difference("1.5e-09", "1.5e-08") is not None
    assert difference("w.grad", "b.grad") is not None
    assert difference("one\ntwo", "one") is not None


def test_solutions_are_found_in_details_only():
    text = "```python\nno\n```\n<details>\n<summary>Solution</summary>\n\n```python\nyes = 1\n```\n\n</details>"
    assert solutions(text) == ["yes = 1\n"]
