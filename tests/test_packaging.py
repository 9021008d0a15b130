"""What the package says of itself, builds where there is no compiler, and ships."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile

import pytest

import autograd
from tests.processes import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]


def workflow(name):
    yaml = pytest.importorskip("yaml", reason="workflows are YAML: pip install pyyaml")
    return yaml.safe_load((ROOT / ".github" / "workflows" / name).read_text())


def copied(folder, *names):
    """These parts of the project in a folder, where a build may write."""
    for name in names:
        of = ROOT / name
        if of.is_dir():
            shutil.copytree(of, folder / name, ignore=shutil.ignore_patterns("*.so", "__pycache__", "_build"))
        else:
            shutil.copy(of, folder / name)
    return folder


def setup(folder, *arguments, **environment):
    pytest.importorskip("setuptools", minversion="77", reason="builds are setuptools'")
    return subprocess.run(
        [sys.executable, "setup.py", "-q", *arguments],
        cwd=folder, env=os.environ | environment, capture_output=True, text=True, timeout=300,
    )  # fmt: skip


@pytest.mark.parametrize("without", [{"CC": "/bin/false"}, {"CC": "", "PATH": "/nowhere"}], ids=["false", "none"])
def test_without_a_compiler_a_line_says_that_the_pure_engine_will_run(tmp_path, without):
    copied(tmp_path, "setup.py", "pyproject.toml", "README.md", "LICENSE", "autograd", "nn")
    done = setup(tmp_path, "build_ext", "--inplace", **without)
    assert done.returncode == 0, done.stderr
    assert "the C engine was not built, the pure one will run" in done.stdout
    assert not [*tmp_path.rglob("*.so")]


@pytest.mark.parametrize("compiler, tag", [("/bin/false", "py3-none-any"), (None, "cp311-abi3-")], ids=["false", "one"])
def test_a_wheel_says_whether_it_is_for_every_machine(tmp_path, compiler, tag):
    if compiler is None and autograd.engine != "C":
        pytest.skip("there may be no compiler here")
    copied(tmp_path, "setup.py", "pyproject.toml", "README.md", "LICENSE", "autograd", "nn")
    done = setup(tmp_path, "bdist_wheel", **({} if compiler is None else {"CC": compiler}))
    assert done.returncode == 0, done.stderr
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        says = archive.read(next(name for name in names if name.endswith("/WHEEL"))).decode()
    pure = tag == "py3-none-any"
    assert f"-{tag}" in wheel.name and f"Tag: {tag}" in says and f"Root-Is-Purelib: {str(pure).lower()}" in says
    assert pure == (not any("_engine." in name for name in names)) and "autograd/__init__.py" in names


def test_every_python_that_is_promised_is_tried():
    classified = [text.rpartition(" ")[2] for text in PROJECT["classifiers"] if "Python :: 3." in text]
    assert classified == PYTHONS and PROJECT["requires-python"] == ">=3.11"
    assert workflow("tests.yml")["jobs"]["tests"]["strategy"]["matrix"]["python"] == PYTHONS


def test_wheels_are_built_for_every_system_and_tried_with_the_engine():
    job = workflow("wheels.yml")["jobs"]["wheels"]
    systems = {name.partition("-")[0] for name in job["strategy"]["matrix"]["os"]}
    assert systems == {"ubuntu", "windows", "macos"}
    step = next(step for step in job["steps"] if "cibuildwheel" in step.get("uses", ""))
    assert "autograd.engine == 'C'" in step["env"]["CIBW_TEST_COMMAND"]


def test_extras_are_those_that_pages_name():
    assert {"fast", "testing", "notebooks", "dist", "bench", "test"} <= {*PROJECT["optional-dependencies"]}
    assert [name.partition(">")[0] for name in PROJECT["optional-dependencies"]["testing"]] == ["hypothesis"]


def test_the_extra_of_the_notebooks_has_what_they_import():
    extras = PROJECT["optional-dependencies"]
    names = [re.split("[<>=]", name)[0] for name in extras["notebooks"]]
    if "chainrule[testing]" in names:
        names += [name.partition(">")[0] for name in extras["testing"]]
    installed = {"autograd", "nn", "scipy", *sys.stdlib_module_names, *names}  # scipy: by scikit-learn
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"]
        for cell in cells:
            imported = re.findall(r"^(?:import|from) (\w+)", "".join(cell["source"]), re.M)  # indented: if it is there
            assert {*imported} <= installed, path.name


@pytest.mark.heavy
@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="compares with what git keeps")
def test_an_sdist_has_every_file(tmp_path):
    kept = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    for name in kept:
        (tmp_path / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / "tree" / name)
    done = setup(tmp_path / "tree", "sdist", "-d", str(tmp_path))
    assert done.returncode == 0, done.stderr
    with tarfile.open(next(tmp_path.glob("*.tar.gz"))) as archive:
        shipped = {name.partition("/")[2] for name in archive.getnames()}
    assert {*kept} - shipped == {".gitignore"}


def test_every_pattern_of_the_manifest_matches_a_file():
    for line in (ROOT / "MANIFEST.in").read_text().splitlines():
        command, *words = line.split()
        if command == "recursive-include":
            assert all(any((ROOT / words[0]).rglob(pattern)) for pattern in words[1:]), line
        elif command == "include":
            assert all((ROOT / name).exists() for name in words), line


def test_no_message_says_to_install_this_distribution_from_an_index():
    for path in [*(ROOT / "autograd").rglob("*.py"), *(ROOT / "nn").rglob("*.py")]:
        assert not re.search(r"pip install [^,;`]*chainrule", path.read_text()), path
