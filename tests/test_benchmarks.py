"""The benchmarks run, refuse wrong answers, and the README repeats their figures and nothing else."""

import json
import sys

import pytest

from benchmarks import publish, tables
from benchmarks.__main__ import main
from benchmarks.harness import Engine, Work, disagreement
from benchmarks.targets import TARGETS
from benchmarks.turns import ROUND, play, ratio, ready

TOY = """
from benchmarks.harness import Work

work = Work("toy", "three squared", expect=(9.0,))
work.engine("chainrule")(lambda: lambda: [3.0 * 3.0])
work.engine("mistaken")(lambda: lambda: [6.0])
work.engine("absent", "no_such_engine")(lambda: lambda: [9.0])
work.engine("raising")(lambda: lambda: 1 / 0)
work.engine("dying")(lambda: lambda: __import__("os")._exit(3))
work.engine("idle", upto=0, why_not="it takes all day")(lambda: lambda: [9.0])
WORKS = [work]
"""


@pytest.fixture(scope="module")
def toy_rows(tmp_path_factory):
    folder = tmp_path_factory.mktemp("toy")
    (folder / "toy_workload.py").write_text(TOY)
    sys.path.insert(0, str(folder))
    try:
        import toy_workload

        [rows] = play("toy_workload", toy_workload.work, [], quick=True)
        return {row["engine"]: row for row in rows}
    finally:
        sys.path.remove(str(folder))


def test_a_right_answer_is_timed(toy_rows):
    row = toy_rows["chainrule"]
    assert row["status"] == "ok"
    assert 0 < row["low"] <= row["median"] <= row["high"]


@pytest.mark.parametrize(
    ("engine", "says"),
    [
        ("mistaken", "wrong answer: number 0 is 6, not 9"),
        ("absent", "not installed: no_such_engine"),
        ("raising", "ZeroDivisionError: division by zero"),
        ("dying", "the process died (exit code 3)"),
        ("idle", "not run: it takes all day"),
    ],
)
def test_a_row_that_cannot_be_timed_says_why(toy_rows, engine, says):
    assert toy_rows[engine]["status"] == says
    assert "median" not in toy_rows[engine]
    assert says in tables.terminal(list(toy_rows.values()))


class Slow:
    """An engine whose k-th call lasts as long as is said, and any other 1e-6 s."""

    def __init__(self, lasts):
        self.engine, self.lasts, self.done = Engine("slow", lambda: None), lasts, 0

    def ask(self, request, argument):
        calls = 2 if request == "prepare" else argument
        took = sum(self.lasts.get(k, 1e-6) for k in range(self.done + 1, self.done + calls + 1))
        self.done += calls
        return {"first": took, "figure": took / calls}


@pytest.mark.parametrize("k", range(1, 50))
def test_one_slow_call_does_not_decide_how_many_make_a_turn(k):
    player = Slow({1: 0.1, k: 0.1})
    ready(Work("slow", "a call that is prepared"), player, None, quick=False)
    assert player.calls > 1000


def test_slow_calls_are_few():
    player = Slow(dict.fromkeys(range(50), 2 * ROUND))
    ready(Work("slow", "slow calls"), player, None, quick=False)
    assert (player.calls, player.done) == (1, 4)


def test_answers_are_compared_by_their_size():
    assert disagreement([1.0, 1e-15], [1.0, 0.0], 1e-9) == ""
    assert "number 1 is 1e-06" in disagreement([1.0, 1e-6], [1.0, 0.0], 1e-9)
    assert "1 numbers instead of 2" in disagreement([1.0], [1.0, 0.0], 1e-9)
    assert "nan" in disagreement([float("nan")], [1.0], 1e-9)


def test_a_ratio_is_taken_inside_each_round():
    ours = {"status": "ok", "figures": [1.0, 2.0, 1.0]}
    peer = {"status": "ok", "figures": [3.0, 6.0, 3.0]}  # the second round was twice as slow for both
    assert ratio(ours, peer) == 3.0
    assert ratio(ours, {"status": "not installed: it", "figures": []}) is None


@pytest.mark.parametrize("work", ["W1.call", "W2.call", "W3.step", "W4.step", "W5", "W8", "eager"])
def test_our_eager_answers_are_right(work, tmp_path):
    out = tmp_path / "out.json"
    assert main(["--quick", "--only", work, "--engine", "chainrule", "--json", str(out)]) == 0
    rows = json.loads(out.read_text())["rows"]
    assert rows
    assert [row["status"] for row in rows] == ["ok"] * len(rows)


@pytest.mark.heavy
def test_everything_runs_quickly_and_our_answers_are_right(tmp_path):
    out = tmp_path / "out.json"
    assert main(["--quick", "--json", str(out)]) == 0
    ours = [row for row in json.loads(out.read_text())["rows"] if row["engine"].startswith("chainrule")]
    assert {row["status"] for row in ours} <= {"ok", "not installed: sklearn"}


def test_every_target_names_rows_that_exist():
    results = publish.load()
    places = {(row["work"], row["size"], row["engine"]) for row in results["rows"]}
    for target in TARGETS:
        assert target.ours in places
        assert target.peer is None or target.peer in places
    assert results["targets"] == publish.judged(results["rows"])


def test_readme_charts_and_tables_are_those_of_the_results():
    readme = publish.README.read_text()
    for path, content in publish.written(publish.load(), readme).items():
        assert path.read_text() == content, f"{path.name} differs: run `python -m benchmarks --render`"
