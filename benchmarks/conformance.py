"""The scorecard of engines: `check_engine` for every adapter, each in a process of its own.

python -m benchmarks.conformance               a table of all engines that are installed
python -m benchmarks.conformance torch jax     of these, with every answer that is not the expected one
python -m benchmarks.conformance --write       the table into docs/conformance.md
"""

from __future__ import annotations

import datetime
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from autograd.testing import check_engine
from autograd.trust.conformance import GROUPS
from benchmarks.peers import ADAPTERS

PAGE = Path(__file__).parent.parent / "docs" / "conformance.md"
BEGIN, END = (
    "<!-- scorecard: begin (written by `python -m benchmarks.conformance --write`) -->",
    "<!-- scorecard: end -->",
)
PURE = "chainrule_pure"  # the same adapter, in a process without the C engine


def main(arguments: Sequence[str]) -> int:
    if arguments and arguments[0] == "--one":
        print(json.dumps(_one(arguments[1])))
        return 0
    names = [name for name in arguments if not name.startswith("-")]
    if unknown := {*names} - {*ADAPTERS, PURE}:
        print(f"no adapter for {', '.join(sorted(unknown))}; there are {', '.join([*ADAPTERS, PURE])}", file=sys.stderr)
        return 2
    cards = [card for name in names or ["chainrule", PURE, *list(ADAPTERS)[1:]] if (card := _elsewhere(name))]
    print(table(cards))
    for card in cards if names else ():
        print("", card["name"], *card["wrong"], sep="\n")
    if "--write" in arguments:
        before, after = PAGE.read_text().split(BEGIN)[0], PAGE.read_text().split(END)[1]
        PAGE.write_text(f"{before}{BEGIN}\n\n{heading()}\n\n{table(cards)}\n\n{END}{after}")
    return 0


def _one(name: str) -> dict[str, object]:
    card = check_engine(ADAPTERS[name]())
    missing = [result.verdict for result in card.results].count("not offered")
    cells = {group: card.cell(group) for group in GROUPS} | {"not offered": str(missing)}
    return {"name": card.name, "cells": cells, "wrong": [str(result) for result in card.wrong]}


def _elsewhere(name: str) -> dict | None:
    pure = {"CHAINRULE_PURE": "1"} if name == PURE else {}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.conformance", "--one", "chainrule" if pure else name],
        capture_output=True, text=True, env={**os.environ, **pure},
    )  # fmt: skip
    if done.returncode:
        print(f"{name}: left out: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
        return None
    return json.loads(done.stdout.splitlines()[-1])


def heading() -> str:
    date = datetime.date.today().isoformat()
    return f"{date}, CPython {platform.python_version()}, {platform.system()} {platform.machine()}."


def table(cards: Sequence[dict]) -> str:
    groups = [*GROUPS, "not offered"]
    lines = [["engine", *groups], ["---"] * (1 + len(groups))]
    lines += [[card["name"], *[card["cells"][group] for group in groups]] for card in cards]
    return "\n".join([f"| {' | '.join(line)} |" for line in lines])


def written() -> str:
    """The table that the page has."""
    return re.search(f"{re.escape(BEGIN)}(.*){re.escape(END)}", PAGE.read_text(), re.DOTALL)[1].strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
