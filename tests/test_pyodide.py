"""The wheel in the browser's Python: Pyodide, run by Node. It imports, trains, draws and steps, with nothing beside it.

`npm install pyodide` somewhere, and NODE_PATH or CHAINRULE_PYODIDE says where; without it these tests are skipped.
"""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from docs import browser
from tests.processes import printed

needs_pyodide = pytest.mark.skipif(browser.package() is None, reason="needs node and the npm package pyodide")

PROGRAM = """
import json, sys
import autograd, nn
from autograd import Value, draw, step

w, a, b = Value(2.0, label="w"), Value(0.5, label="a"), Value(-0.3, label="b")
C = ((w * a + b).sigmoid() - 1.0) ** 2
C.backward()

model = nn.MLP(1, [1, 1, 1], activation="sigmoid", output="sigmoid", seed=0)
history = nn.fit(model, [[0.0], [1.0]], [0.0, 1.0], epochs=20, seed=1, progress=False)

y = x = Value(1.0)
for _ in range(100_000):
    y = y * 1.0001 + 1e-9
y.backward()
slope = x.grad
del y
json.dumps({
    "w": w.grad, "cost": history.cost, "weights": model.state_dict(), "slope": slope,
    "svg": draw(C).svg()[:4], "page": len(step(C).html()),
    "beside": sorted({"numpy", "tqdm", "graphviz", "llvmlite"} & set(sys.modules)),
})
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("pyodide")
    library = folder / "chainrule.zip"
    browser.archive(library)
    script = f"""
import {{ loadPyodide }} from {json.dumps(str(browser.package() / "pyodide.mjs"))};
import {{ readFileSync }} from "node:fs";
const pyodide = await loadPyodide();
pyodide.unpackArchive(new Uint8Array(readFileSync({json.dumps(str(library))})), "zip");
console.log("RESULT" + pyodide.runPython({json.dumps(PROGRAM)}));
"""
    (folder / "run.mjs").write_text(script)
    done = subprocess.run(["node", "run.mjs"], cwd=folder, capture_output=True, text=True, timeout=300)
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT")]
    assert lines, done.stderr[-3000:]
    return json.loads(lines[0].removeprefix("RESULT"))


@needs_pyodide
def test_it_draws_and_steps_without_what_is_not_there(said: Any) -> None:
    assert said["svg"] == "<svg" and said["page"] > 10_000
    assert said["beside"] == []


@needs_pyodide
def test_it_differentiates_and_frees_a_long_chain(said: Any) -> None:
    assert said["slope"] == pytest.approx(1.0001**100_000, rel=1e-9)


@needs_pyodide
def test_it_trains_to_the_weights_of_this_machine(said: Any) -> None:
    program = PROGRAM[PROGRAM.index("model =") : PROGRAM.index("y = x =")] + "print(json.dumps(model.state_dict()))"
    want = json.loads(printed(f"import nn, json\n{program}"))
    assert said["weights"].keys() == want.keys()
    assert all(abs(said["weights"][name] - want[name]) < 1e-12 for name in want)
    assert said["cost"][-1] < said["cost"][0]
