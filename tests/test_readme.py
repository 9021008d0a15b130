"""The code of the README and of the pages in docs runs, and gives what its comments say."""

import ast
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
from decimal import Decimal
from functools import reduce

import pytest

import autograd
from docs import live
from tests.processes import ROOT

PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")), ROOT / "CONTRIBUTING.md"]
BLOCKS = [
    pytest.param(block, id=f"{page.stem}-{k}")
    for page in PAGES
    for k, block in enumerate(re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL))
]


@pytest.mark.parametrize("block", BLOCKS)
def test_code_gives_what_its_comments_say(block, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    claims = 0
    for statement in ast.parse(block).body:
        source = ast.unparse(statement)
        line = block.splitlines()[statement.end_lineno - 1]
        claim = re.search(r"# = (.+)$", line)
        if claim:
            claims += 1
            assert eval(source, names) == nearly(ast.literal_eval(claim[1])), line
        else:
            exec(source, names)
    assert claims


SCRIPTS = [
    pytest.param(script, id=f"{page.stem}-{k}")
    for page in PAGES
    for k, script in enumerate(re.findall(r"```bash\n(.*?)```", page.read_text(), re.DOTALL))
]


def shell(script, folder):
    python = folder / "bin" / "python"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(["sh", "-eu", "-c", script], cwd=folder, env=environment, check=True, capture_output=True)
    return done.stdout.decode()


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler, cc")
@pytest.mark.parametrize("script", SCRIPTS)
def test_commands_run_and_leave_what_they_say(script, tmp_path):
    shell(script, tmp_path)
    assert (tmp_path / "cost.o").stat().st_size > 0


PROSE = {page: re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL) for page in PAGES}
COMMANDS = {command for prose in PROSE.values() for command in re.findall(r"^    ((?:pip|python) .*)$", prose, re.M)}
ELSEWHERE = {  # what installs, or runs for minutes: where it is run
    "pip install -e . && python -m nn": ".ci/run",
    "pip install -e '.[test]' && pytest": ".ci/run",
    "pip install '.[docs]' && python -m docs && python -m http.server -d site": ".ci/run",
    "pip install '.[bench]' && python -m benchmarks": "tests/test_benchmarks.py",
    "python -m venv hips && hips/bin/pip install autograd scipy": "benchmarks/hips.py",
    "pip install '.[bench,test]' xad hyperjet && HIPS_PYTHON=hips/bin/python python -m benchmarks.conformance":
        "tests/test_conformance.py",
    "pip install '.[sparse]' && python -m benchmarks.independent": "tests/test_independent.py",
}  # fmt: skip


def test_commands_that_are_run_elsewhere_are_those_of_the_pages():
    assert {*ELSEWHERE} < COMMANDS
    assert all((ROOT / place).exists() for place in ELSEWHERE.values())


@pytest.mark.parametrize("command", sorted(COMMANDS - {*ELSEWHERE}))
def test_a_command_runs(command, tmp_path):
    lines = [f"{k};{k % 7};{3 * k + k % 7}" for k in range(20)]
    (tmp_path / "data.csv").write_text("\n".join(["size;age;price", *lines]))
    assert shell(command, tmp_path)


def test_what_commands_name_is_there():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = settings["project"]["optional-dependencies"]
    markers = [marker.partition(":")[0] for marker in settings["tool"]["pytest"]["ini_options"]["markers"]]
    for prose in PROSE.values():
        for named in re.findall(r"(?:\.|chainrule)\[([\w,]+)\]'", prose):
            assert {*named.split(",")} <= {*extras}, named
        assert {*re.findall(r"pytest -m (\w+)", prose)} <= {*markers}
        assert all((ROOT / name).exists() for name in re.findall(r"\btests/\w+\.py", prose))
        for module in re.findall(r"python -m ([\w.]+)", prose):
            assert importlib.util.find_spec(module), module


def nearly(expected):
    """expected, with every float compared to the digits that a comment has."""
    if isinstance(expected, dict):
        return {key: nearly(x) for key, x in expected.items()}
    if isinstance(expected, list | tuple):
        return type(expected)(map(nearly, expected))
    if not isinstance(expected, float):
        return expected
    half = 0.5 * 10.0 ** Decimal(repr(expected)).as_tuple().exponent  # a unit of the last digit
    return pytest.approx(expected, rel=0, abs=max(min(half, 1e-3 * abs(expected)), 1e-12))


@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_links_lead_to_files(page):
    for link in re.findall(r"\]\(([^)#]+)", page.read_text()):
        assert link.startswith("https://") or (page.parent / link).exists(), link


@pytest.mark.parametrize("path", live.KEPT, ids=[path.stem for path in live.KEPT])
def test_the_pictures_of_the_pages_are_what_is_drawn_now(path):
    assert path.read_text("utf-8") == live.KEPT[path]("light")


def test_the_first_formula_is_what_explain_prints_of_the_picture_above_it():
    cost = live.neuron()
    (w,) = [v for v in autograd.topological_order(cost) if v.label == "w"]
    printed = autograd.explain(cost, wrt=w).text().splitlines()[:3]
    assert re.search(r"(?:^    .*\n)+", PAGES[0].read_text("utf-8"), re.M)[0] == "".join(
        [f"    {x}\n" for x in printed]
    )


def test_where_things_are_names_every_folder():
    folders = {
        p.parent
        for package in ("autograd", "nn")
        for p in (ROOT / package).rglob("*.[pc]*")
        if p.suffix in (".py", ".c")
    }
    named = re.findall(r"`((?:autograd|nn)/[^`]*)`", (ROOT / "README.md").read_text())
    assert {f"{p.relative_to(ROOT)}/" for p in folders} - {"autograd/"} <= {*named}
    assert all((ROOT / name).is_dir() for name in named if name.endswith("/"))


def test_the_version_is_said_once_more_where_it_is_cited():
    cited = re.search(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text(), re.M)[1]
    assert cited == autograd.__version__
    assert f"## {cited}" in (ROOT / "CHANGELOG.md").read_text()


OTHERS = {  # a column of the page on other libraries: where its names are to be found
    "micrograd": "micrograd.engine micrograd.engine.Value micrograd.nn micrograd.nn.MLP",
    "JAX": "jax jax.lax jax.numpy",
    "CasADi": "casadi casadi.SX casadi.Function",
    "XAD": "xad xad.adj_1st xad.adj_1st.Real xad.adj_1st.Tape",
}


@pytest.mark.parametrize("library", OTHERS)
def test_names_of_other_libraries_are_theirs(library):
    homes = []
    for home in OTHERS[library].split():
        module, *names = re.split(r"\.(?=[A-Z])", home)
        homes.append(reduce(getattr, names, pytest.importorskip(module)))
    table = [line.split(" | ") for line in (ROOT / "docs/migration.md").read_text().splitlines() if line[:2] == "| "]
    column = [cell.strip("| ") for cell in table[0]].index(library)
    for row in table[1:]:
        for called in re.findall(r"(\w+)\(", row[column]):
            if called != "draw_dot":  # is in micrograd's notebook, not in its package
                assert any([hasattr(home, called) for home in homes]), (library, called)
