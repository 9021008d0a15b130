"""What a type checker says of a user's program: nothing where it is right, and each mistake where it is made."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import ROOT

PROGRAM = """
from autograd import (
    Value, compile, dot, draw, exp, grad, hessian, hvp, jacobian, jvp, maximum, no_grad, value_and_grad, vjp, where,
)
import nn

def area(x: float, y: float) -> float:
    return x * y

def power(x: float, exponent: int = 2) -> float:
    return x**exponent

def sides(x: list[float]) -> list[float]:
    return [x[0] * x[1], x[0] - x[1]]

w, b = Value(2.0, label="w"), Value(1.0)
grad(area)(1.0, 2.0)
grad(area, argnums=(0, 1))(x=1.0, y=2.0)
grad(power)(2.0)
grad(lambda x: x * x)(1.0)
value, gradient = value_and_grad(area)(1.0, 2.0)
with no_grad():
    (w * 2.0).data
jacobian(sides)([1.0, 2.0])
jacobian(sides, mode="forward").mode.upper()
jacobian(sides, sparse=True).pattern([1.0, 2.0])
z, change = jvp(area, (1.0, 2.0), (0.0, 1.0))
z, change = jvp(lambda x: x * x, [1.0], [0.5])
z, pull = vjp(area, 1.0, 2.0)
pull(1.0)[0]
hvp(sides, ([1.0, 2.0],), ([0.0, 1.0],))
dot([w, b], [1.0, 2.0]).backward()
dot([1.0], [2.0]).is_integer()
if w < 3.0:
    where(w > 1.0, w, b).backward()
(w + 1).exp().backward()
maximum(exp(w), 0.0).backward()
model = nn.MLP(2, [8, 1])
model([1.0, 2.0]).backward()
nn.Layer(2, 3)([1.0, w])[0].backward()
nn.Neuron(2)([1.0, 2.0]).backward()
cost = compile(lambda x: w * x)
cost(2.0).is_integer()
cost([1.0, 2.0]).tolist()
mean, slopes = cost.value_and_grad([1.0, 2.0])
mean.is_integer(), slopes.shape
compile(value_and_grad(area))([1.0], [2.0])[0]

grad(area)(1.0)  # wrong: an argument is missing
grad(area)(1.0, 2.0, 3.0)  # wrong: one too many
grad(area)("1", 2.0)  # wrong: text
hessian(area)(1.0, z=2.0)  # wrong: no such name
one, two, three = value_and_grad(area)(1.0, 2.0)  # wrong: two results
grad(area(1.0, 2.0))  # wrong: a number for a function
grad(area, "x")  # wrong: a name for a position
w.gradient  # wrong: it is .grad
w.backwards()  # wrong: it is .backward()
draw(w, folded=True)  # wrong: no such option
jacobian(sides)([1.0], [2.0])  # wrong: one list
jvp(area, (1.0,), (0.0, 1.0))  # wrong: a primal is missing
vjp(area, 1.0)  # wrong: an argument is missing
dot([w], [b]).gradient  # wrong: it is .grad
model([1.0, 2.0]).backwards()  # wrong: it is .backward()
cost([1.0, 2.0]).items()  # wrong: an array
cost(2.0).tolist()  # wrong: of a number a number
"""
WRONG = {k for k, line in enumerate(PROGRAM.splitlines(), 1) if "# wrong" in line}


def flagged(tmp_path: Path, *command: str, found: str) -> tuple[set[int], str]:
    """The lines of the program that a checker calls wrong, and all it says. It finds the library as a user's would."""
    (tmp_path / "program.py").write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, "-m", *command, "program.py"],
        capture_output=True, text=True, cwd=tmp_path, env={**os.environ, "MYPYPATH": str(ROOT)}, timeout=300,
    )  # fmt: skip
    return {int(line) for line in re.findall(found, done.stdout, re.M)}, done.stdout + done.stderr


def test_the_commonest_mistakes_and_no_others_are_flagged_by_mypy(tmp_path):
    pytest.importorskip("mypy", reason="types are checked by mypy, of the `test` extra")
    cache = os.environ.get("MYPY_CACHE_DIR") or str(tmp_path / "cache")
    lines, said = flagged(
        tmp_path, "mypy", "--config-file", "", "--cache-dir", cache, found=r"^program\.py:(\d+): error"
    )
    assert lines == WRONG, said


def test_the_commonest_mistakes_and_no_others_are_flagged_by_pyright(tmp_path):
    pytest.importorskip("pyright", reason="a second opinion on types: pip install pyright")
    settings = {"extraPaths": [str(ROOT)], "reportUnusedExpression": False}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    lines, said = flagged(tmp_path, "pyright", found=r"program\.py:(\d+):\d+ - error")
    assert lines == WRONG, said


def test_a_checker_is_told_to_look_away_in_few_places():
    told = [line for name in ("autograd", "nn") for path in (ROOT / name).rglob("*.py") for line in path.open()]
    assert len([line for line in told if "# type: ignore" in line]) <= 20
