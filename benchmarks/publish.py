"""From results to everything written from them: tables, charts, the README's section and the page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks import tables
from benchmarks.charts import CHARTS
from benchmarks.targets import TARGETS, judge

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
README = HERE.parent / "README.md"
PAGE = HERE.parent / "docs" / "benchmarks.md"
TEXT = HERE / "REMARKS.md"  # where the library is ahead and where behind, in words


def load(path: Path = RESULTS) -> dict[str, Any]:
    return json.loads(path.read_text()) if path.exists() else {"rows": []}


def merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """The old results with the workloads that ran this time in the place of their old rows."""
    works: dict[str, list[dict[str, Any]]] = {row["work"]: [] for row in old["rows"] + new["rows"]}
    ran = {row["work"] for row in new["rows"]}
    for row in [row for row in old["rows"] if row["work"] not in ran] + new["rows"]:
        works[row["work"]].append(row)
    return {**new, "rows": [row for rows in works.values() for row in rows]}


def save(results: dict[str, Any], path: Path) -> None:
    """One row to a line, so that versions can be compared."""
    rows = ",\n".join(json.dumps(rounded(row), ensure_ascii=False) for row in results["rows"])
    head = json.dumps({key: value for key, value in results.items() if key != "rows"}, ensure_ascii=False, indent=1)
    path.write_text(f'{head[:-2]},\n "rows": [\n{rows}\n ]\n}}\n')


def judged(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every target beside what was measured."""
    return rounded([judge(target, rows) for target in TARGETS])


def rounded(thing: Any) -> Any:
    """Five digits are more than any timing holds."""
    if isinstance(thing, dict):
        return {key: rounded(value) for key, value in thing.items()}
    if isinstance(thing, list):
        return [rounded(value) for value in thing]
    return float(f"{thing:.5g}") if isinstance(thing, float) else thing


def written(results: dict[str, Any], readme: str) -> dict[Path, str]:
    """Every file that follows from the results, and what it must contain."""
    files = {HERE / "charts" / f"{name}.svg": draw(title, results["rows"]) for name, (title, draw) in CHARTS.items()}
    files[HERE / "RESULTS.md"] = tables.full(results)
    files[README] = tables.embed(readme, tables.section(results))
    files[PAGE] = tables.page(results, TEXT.read_text())
    return files


def render() -> list[Path]:
    """Judge the targets, and write everything again, from the rows in results.json."""
    results = load()
    results["targets"] = judged(results["rows"])
    save(results, RESULTS)
    files = written(results, README.read_text())
    for path, content in files.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    return list(files)
