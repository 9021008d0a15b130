"""Results as text: the terminal table, the full Markdown table, and the README's section between two markers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from benchmarks.charts import CHARTS
from benchmarks.harness import COMPILED, OURS
from benchmarks.turns import ratio

BEGIN, END = "<!-- benchmarks: begin (written by `python -m benchmarks --render`) -->", "<!-- benchmarks: end -->"

Row = dict[str, Any]


def figure(row: Row, key: str = "median") -> str:
    """A row's figure with three digits and its unit, or why there is none."""
    if row["status"] != "ok":
        return row["status"]
    return f"{digits(row[key] * row['scale'])} {row['unit']}"


def digits(number: float) -> str:
    """Three significant digits, thousands grouped, never an exponent."""
    places = next((p for p, limit in ((3, 1), (2, 10), (1, 100)) if abs(number) < limit), 0)
    return f"{number:,.{places}f}"


def groups(rows: list[Row]) -> Iterator[tuple[Row, list[Row]]]:
    """(a row of the group, the group) for every workload and size, in order."""
    together: dict[tuple[str, int | None], list[Row]] = {}
    for row in rows:
        together.setdefault((row["work"], row["size"]), []).append(row)
    for group in together.values():
        yield group[0], group


def name(row: Row) -> str:
    size = "" if row["size"] is None else f", {row['size']:,}"
    return f"{row['work']}{size}"


def compared(group: list[Row]) -> Row | None:
    """The row the others are compared with: the compiled one where there is one."""
    by_name = {row["engine"]: row for row in group}
    ours = by_name.get(COMPILED) or by_name.get(OURS)
    return ours if ours and ours["status"] == "ok" else None


def times(ours: Row | None, row: Row) -> str:
    """How many times as long the peer takes, '' for ourselves."""
    value = ratio(ours, row) if ours and row is not ours else None
    return "" if value is None else f"{digits(value)}×"


def terminal(group: list[Row]) -> str:
    """One workload and size, ready to print."""
    lines = []
    for row in group:
        spread = first = ""
        if row["status"] == "ok":
            spread = f"{digits(row['low'] * row['scale'])} … {digits(row['high'] * row['scale'])}"
            first = f"first result {row['first']:.3f} s"
        ratio_text = times(compared(group), row)
        lines.append(f"  {row['engine']:<20}{figure(row):>22}  {spread:<24}{ratio_text:>10}  {first}".rstrip())
    return "\n".join(lines)


def goals(judged: list[Row]) -> list[str]:
    """The targets, as lines of a Markdown table."""
    lines = ["| target | goal | measured | |", "|---|---|---|---|"]
    for goal in judged:
        measured = "–" if goal["measured"] is None else f"{digits(goal['measured'])} {goal['unit']}"
        verdict = {True: "reached", False: "missed", None: "not measured"}[goal["met"]]
        lines.append(f"| {goal['what']} | {goal['goal']} | {measured} | {verdict} |")
    return lines


def full(results: Row) -> str:
    """Every row with its spread: benchmarks/RESULTS.md."""
    lines = ["# Results", "", *machine(results), "", *goals(results["targets"]), ""]
    for first, group in groups(results["rows"]):
        state = f"collector {first['collector']}, {'one thread' if first['threads'] == 1 else 'two threads'}"
        lines += [f"## {name(first)}: {first['title']}", "", f"In {first['unit']}; {state}.", ""]
        lines += [
            "| engine | median | lowest | highest | rounds | takes × ours | to first result |",
            "|---|---|---|---|---|---|---|",
        ]
        for row in group:
            if row["status"] != "ok":
                lines.append(f"| {row['engine']} | {row['status']} | | | | | |")
                continue
            low, median, high = (digits(row[key] * row["scale"]) for key in ("low", "median", "high"))
            cells = [
                row["engine"],
                median,
                low,
                high,
                str(len(row["figures"])),
                times(compared(group), row),
                f"{row['first']:.3f} s",
            ]
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines)


def machine(results: Row) -> list[str]:
    m = results["machine"]
    engines = ", ".join(f"{engine} {version}" for engine, version in m["engines"].items())
    return [f"{m['processor']}; {m['system']}; {m['python']}; {m['compiler']}. {engines}."]


INTRODUCTION = [
    "    pip install '.[bench]' && python -m benchmarks",
    "",
    "runs the same work in every engine that is installed (`pip install xad hyperjet num-dual fastdual` adds four);",
    "`--only W3` runs a part, `--quick` each once. All rows: [RESULTS.md](../benchmarks/RESULTS.md).",
]
FIRST_ROWS = [("W1.call", None), ("W3.grad", 100), ("W3.grad", 1_024), ("W5.pass", None), ("eager.graph", 86_000)]
PAGE_ROWS = [
    ("W1.call", None), ("W1.batch", 100_000), ("W2.call", None), ("W2.batch", 100_000), ("W3.step", None),
    ("W3.step.off", None), ("W3.grad", 100), ("W3.grad", 1_024), ("W3.train", None), ("W4.step", None),
    ("W4.step.off", None), ("W4.train", None), ("W5.pass", None), ("W6.epoch", None), ("W6.train", None),
    ("W7.2-8-1", 1_000), ("W7.2-32-32-1", 10_000), ("W8.deep", 1_000_000), ("eager.graph", 86_000),
    ("eager.graph.off", 86_000), ("memory", 200_000), ("import", None), ("start.cold", None), ("start.warm", None),
    ("first.moons", None), ("first.graph", 86_000),
]  # fmt: skip


def section(results: Row) -> str:
    """The README's part: five workloads, and how many targets are missed, all from the results."""
    met = [goal["met"] for goal in results["targets"] if goal["met"] is not None]
    last = f"Of {len(met)} targets {met.count(False)} are missed: [which, by how much and why](docs/benchmarks.md)."
    return "\n".join([BEGIN, "", *workloads(results, FIRST_ROWS), "", *machine(results), "", last, "", END])


def page(results: Row, text: str) -> str:
    """docs/benchmarks.md: targets, one line per workload, charts, and `text`, all from the results."""
    charts = [f"![{title}](../benchmarks/charts/{chart}.svg)" for chart, (title, _) in CHARTS.items()]
    lines = ["# Benchmarks", "", *INTRODUCTION, "", *machine(results), "", *goals(results["targets"]), ""]
    return "\n".join([*lines, *workloads(results, PAGE_ROWS), "", *charts, "", text.strip(), ""])


def workloads(results: Row, wanted: list[tuple[str, int | None]]) -> list[str]:
    """One line for each of these workloads, as a Markdown table."""
    lines = ["| work | here | elsewhere (how many times as long) |", "|---|---|---|"]
    for first, group in groups(results["rows"]):
        if (first["work"], first["size"]) in wanted:
            ours = [
                r
                for r in group
                if r["engine"] in (COMPILED, OURS) or (first["work"] == "import" and r["engine"] in ("autograd", "nn"))
            ]
            here = "; ".join(f"{label(r)}{figure(r)}" for r in ours)
            peers = "; ".join(f"{r['engine']} {elsewhere(compared(group), r)}" for r in group if r not in ours)
            lines.append(f"| {name(first)}: {first['title']} | {here} | {peers} |")
    return lines


def label(row: Row) -> str:
    return {COMPILED: "compiled ", OURS: ""}.get(row["engine"], f"{row['engine']} ")


def elsewhere(ours: Row | None, row: Row) -> str:
    ratio_text = times(ours, row)
    return figure(row) + (f" ({ratio_text})" if ratio_text else "")


def embedded(readme: str) -> str | None:
    """The section the README holds now, or None."""
    found = re.search(re.escape(BEGIN) + ".*?" + re.escape(END), readme, re.DOTALL)
    return found and found[0]


def embed(readme: str, part: str) -> str:
    """The README with the section replaced, or added at the end."""
    old = embedded(readme)
    return readme.replace(old, part) if old else f"{readme.rstrip()}\n\n## Benchmarks\n\n{part}\n"
