"""The command: `python -m benchmarks`, and what its options say.

python -m benchmarks                     run everything (about ten minutes), print the table
python -m benchmarks --only W3           only the workloads whose name begins so; may be repeated
python -m benchmarks --engine micrograd  only the engines of this name; may be repeated
python -m benchmarks --quick             every workload once or twice at a small size: it runs, the answers are right
python -m benchmarks --json out.json     also write the figures; --markdown out.md, the table
python -m benchmarks --publish           also update results.json, the charts and the README from this run
python -m benchmarks --render            run nothing: write charts, page and README again from results.json
"""

from __future__ import annotations

import argparse
import compileall
import importlib
import importlib.util
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import machine, publish, tables, turns
from benchmarks.worker import environment

MODULES = [
    "w1_tiny", "w2_small", "w3_moons", "w4_microgpt", "w5_irregular", "w6_digits", "w7_grid", "w8_deep",
    "w9_transcription", "w10_w13_per_example", "w11_w12_layers", "w14_rollout", "w15_fit",
    "scalar_graph", "derivatives", "startup",
]  # fmt: skip


def run(only: list[str], engines: list[str], quick: bool) -> dict[str, Any]:
    """All wanted workloads; prints each as it is done."""
    about = machine.describe()
    print("\n".join(tables.machine({"machine": about})), flush=True)
    rows = []
    start = time.time()
    for name in MODULES:
        module = f"benchmarks.{name}"
        for work in importlib.import_module(module).WORKS:
            if only and not any(work.id.startswith(wanted) for wanted in only):
                continue
            for group in turns.play(module, work, engines, quick):
                print(f"\n{tables.name(group[0])}: {work.title}\n{tables.terminal(group)}", flush=True)
                rows += group
    print(f"\n{time.time() - start:.0f} s in all", flush=True)
    return {"machine": about, "rows": [publish.rounded(row) for row in rows]}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", action="append", default=[], metavar="WORK")
    parser.add_argument("--engine", action="append", default=[], metavar="NAME")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--markdown", type=Path, metavar="FILE")
    parser.add_argument("--publish", action="store_true")
    parser.add_argument("--render", action="store_true")
    options = parser.parse_args(arguments)
    if options.publish and options.quick:
        parser.error("--publish needs real figures: leave --quick out")
    if options.render:
        print("\n".join(map(str, publish.render())))
        return 0
    if importlib.util.find_spec("numpy") is None:
        parser.error("the references need numpy: pip install '.[bench]'")
    os.environ.update(environment(threads=1))
    for package in ("autograd", "nn", "benchmarks"):  # to bytecode, as the peers are: pip does so where it installs
        compileall.compile_dir(Path(__file__).resolve().parents[1] / package, quiet=2)
    with tempfile.TemporaryDirectory() as folder:  # what we compile is compiled in this run, not found on disk
        os.environ["CHAINRULE_CACHE"] = folder
        results = run(options.only, options.engine, options.quick)
    if not results["rows"]:
        parser.error(f"no workload begins with {' or '.join(options.only)}")
    if options.publish:
        results = publish.merged(publish.load(), results)
    results["targets"] = publish.judged(results["rows"])
    decided = [target for target in results["targets"] if target["measured"] is not None]
    if decided and not options.quick:
        print("\n".join(tables.goals(decided)))
    if options.json:
        publish.save(results, options.json)
    if options.markdown:
        options.markdown.write_text(tables.full(results))
    if options.publish:
        publish.save(results, publish.RESULTS)
        publish.render()
    wrong = [
        row
        for row in results["rows"]
        if row["status"].startswith("wrong answer") and row["engine"].startswith("chainrule")
    ]
    for row in wrong:
        print(f"{tables.name(row)}: {row['engine']}: {row['status']}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
