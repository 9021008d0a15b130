"""A sample of `python -m tests.mutation`: for every row, some kinds of broken rule are caught by the tests of rows."""

from __future__ import annotations

import subprocess
import sys

import pytest

from autograd.core.primitives import TABLE
from tests.mutation import caught_by, main, mutants

QUICK = ("doubled", "made up", "read as a number", "no mask", "kink 1 missing", "with operands exchanged")


@pytest.mark.parametrize("name", [name for name, row in TABLE.items() if not row.by_call])
def test_a_broken_rule_is_caught(name: str) -> None:
    broken = [mutant for mutant in mutants(TABLE[name]) if mutant.what.endswith(QUICK) and not mutant.owner]
    assert broken
    assert [str(mutant) for mutant in broken if caught_by(mutant, ["test_derivatives_rows"]) is None] == []


def test_a_mutant_is_over_when_it_was_tried() -> None:
    before = {name: dict(vars(row)) for name, row in TABLE.items()}
    assert main(["relu"]) == 0
    assert before == {name: dict(vars(row)) for name, row in TABLE.items()}


@pytest.mark.heavy
def test_every_mutant_is_caught() -> None:
    subprocess.run([sys.executable, "-m", "tests.mutation"], check=True)
