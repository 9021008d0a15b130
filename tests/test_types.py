"""What a type checker says of a user's program: nothing where it is right, and each mistake where it is made."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mypy", reason="types are checked by mypy, of the `test` extra")

ROOT = Path(__file__).parent.parent
PROGRAM = """
from autograd import Value, draw, grad, hessian, no_grad, value_and_grad

def area(x: float, y: float) -> float:
    return x * y

w = Value(2.0, label="w")
grad(area)(1.0, 2.0)
grad(area, argnums=(0, 1))(x=1.0, y=2.0)
value, gradient = value_and_grad(area)(1.0, 2.0)
with no_grad():
    (w * 2.0).data

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
"""


def test_the_commonest_mistakes_and_no_others_are_flagged_by_mypy(tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", "", "--cache-dir", str(tmp_path / "cache"), "program.py"],
        capture_output=True, text=True, cwd=tmp_path, env={"MYPYPATH": str(ROOT), "PATH": ""}, timeout=300,
    )  # fmt: skip
    flagged = {int(line) for line in re.findall(r"^program\.py:(\d+): error", done.stdout, re.M)}
    wrong = {k for k, line in enumerate(PROGRAM.splitlines(), 1) if "# wrong" in line}
    assert flagged == wrong, done.stdout + done.stderr
