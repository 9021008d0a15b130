"""Problems published with their answers: the minima, the certified deviations, the tables, with our derivatives."""

import pytest

pytest.importorskip("scipy", reason="its minimisers and its tables are what our derivatives are given to")

from benchmarks.independent import __main__ as independent
from benchmarks.independent import more_garbow_hillstrom, strd

HEAVY = {"special functions of Boost"}
SETS = [pytest.param(name, marks=[pytest.mark.heavy] * (name in HEAVY)) for name in independent.SETS]


@pytest.mark.parametrize("name", SETS)
def test_every_problem_of_a_set_comes_out_as_published(name):
    found = list(independent.SETS[name]())
    assert len(found) > 15
    assert not [check for check in found if not check.right]


def test_the_command_prints_a_line_for_a_set_and_says_what_is_wrong(monkeypatch, capsys):
    monkeypatch.setattr(independent, "SETS", {"a set": lambda: [independent.Checked("x", 1e-5, y) for y in (0.0, 1.0)]})
    assert independent.main() == 1
    assert capsys.readouterr().out.splitlines() == [
        "a set: 1 of 2 right; nearest to its limit of 1e-05: 1, x",
        "  WRONG: x: 1 apart, 1e-05 allowed",
    ]


def test_a_jacobian_that_is_off_by_a_millionth_is_no_certified_one(monkeypatch):
    exact = independent.jacobian
    monkeypatch.setattr(
        independent, "jacobian", lambda f: lambda x: [[1.000001 * d for d in row] for row in exact(f)(x)]
    )
    wrong = {check.name for check in independent.regressions() if not check.right}
    assert wrong >= {f"{name}: deviations" for name in strd.DATASETS}


def test_all_problems_of_the_two_collections_are_there():
    assert (len(more_garbow_hillstrom.PROBLEMS), len(strd.DATASETS)) == (35, 27)
