"""JupyterLite: the notebooks to edit and run in the browser, with every package that they load beside them.

The kernel is Pyodide from the npm package, which brings no packages; those written in Python alone come from PyPI when
the site is built, those that are compiled (numpy, matplotlib) from a folder of the full Pyodide distribution: where
CHAINRULE_PYODIDE is one, they are there too, and else the notebooks that need numpy are left out, and the others do
not plot.
"""

import ast
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import autograd
from docs import browser, plots

ROOT = Path(__file__).parents[1]
KERNEL = ("micropip", "ipython", "jedi")  # what a kernel starts with, of those that Pyodide's list knows
BESIDE = ("comm", "tqdm", "graphviz", "hypothesis<6.150", "sortedcontainers")  # of PyPI; later ones are compiled
COMPILED = ("numpy", "matplotlib")  # of the full distribution

Lock = dict[str, Any]


def write(output: Path) -> list[str]:
    """Build it; returns the names of the notebooks that can run in it."""
    package = browser.package()
    if package is None:
        raise SystemExit("python -m docs --lab needs node and the npm package pyodide: npm install pyodide")
    with tempfile.TemporaryDirectory() as scratch:
        lite = Path(scratch)
        known = distribution(package, lite / "static" / "pyodide")
        contents = lite / "contents"
        contents.mkdir()
        notebooks = sorted((ROOT / "notebooks").glob("*.ipynb"))
        runnable = [path for path in notebooks if imports(path) <= known | {plots.PLOTS}]
        for path in [*runnable, ROOT / "notebooks" / "chainrule.mplstyle", ROOT / "notebooks" / "names.txt"]:
            shutil.copy(path, contents)
        for path in runnable:
            if not imports(path) <= known:
                bare = plots.without(json.loads(path.read_text("utf-8")), path.stem)
                (contents / path.name).write_text(json.dumps(bare), "utf-8")
        (lite / "jupyter-lite.json").write_text(json.dumps(settings(known)))
        command = ["build", "--lite-dir", lite, "--output-dir", output, "--contents", contents, "--no-sourcemaps",
                   "--no-unused-shared-packages", "--apps", "lab"]  # fmt: skip
        subprocess.run([sys.executable, "-m", "jupyterlite_core", *map(str, command)], cwd=lite, check=True)
    return [path.name for path in runnable]


def settings(packages: Iterable[str]) -> dict[str, Any]:
    """The kernel loads these packages as it starts, and asks no other server; `jupyterapp` is there for tests."""
    kernel = {"disablePyPIFallback": True, "loadPyodideOptions": {"packages": sorted(packages)}}
    plugins = {"@jupyterlite/pyodide-kernel-extension:kernel": kernel}
    data = {"litePluginSettings": plugins, "exposeAppInBrowser": True}
    return {"jupyter-lite-schema-version": 0, "jupyter-config-data": data}


def distribution(package: Path, folder: Path) -> set[str]:
    """A Pyodide that has these packages and no others; returns their names."""
    folder.mkdir(parents=True)
    for name in browser.CORE:
        shutil.copy(package / name, folder / name)
    lock = json.loads((package / "pyodide-lock.json").read_text())
    listed: Lock = lock["packages"]
    there = [
        name for name in COMPILED if all((package / listed[n]["file_name"]).exists() for n in needed(listed, [name]))
    ]
    chosen: Lock = {}
    for name in needed(listed, there):
        chosen[name] = listed[name]
        shutil.copy(package / listed[name]["file_name"], folder)
    pure = [name for name in needed(listed, KERNEL) if name not in chosen]
    wanted = [f"{name}=={listed[name]['version']}" for name in pure] + [*BESIDE]
    python = ".".join(lock["info"]["python"].split(".")[:2])
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:"]
    subprocess.run([*pip, "--python-version", python, "-d", str(folder), *wanted], check=True)
    browser.wheel(folder / f"chainrule-{autograd.__version__}-py3-none-any.whl")
    for path in kernels_own():
        shutil.copy(path, folder)
    for path in folder.glob("*.whl"):
        if path.name not in {entry["file_name"] for entry in chosen.values()}:
            name, entry = described(path)
            entry["depends"] = listed[name]["depends"] if name in pure else []
            chosen[name] = entry
    (folder / "pyodide-lock.json").write_text(json.dumps(lock | {"packages": chosen}))
    return {*chosen}


def needed(listed: Lock, names: Iterable[str]) -> list[str]:
    """These and all that they depend on."""
    found = [*names]
    for name in found:  # which grows
        found += [d for each in listed[name]["depends"] if (d := normal(each)) not in found]
    return found


def normal(name: str) -> str:
    return name.lower().replace("_", "-")


def kernels_own() -> list[Path]:
    """The wheels that the kernel brings."""
    extension = Path(sys.prefix, "share", "jupyter", "labextensions", "@jupyterlite", "pyodide-kernel-extension")
    names = ("piplite", "ipykernel", "pyodide_kernel")
    return [next((extension / "static" / "pypi").glob(f"{name}-*.whl")) for name in names]


def described(wheel: Path) -> tuple[str, dict[str, Any]]:
    """The name of a wheel, and what Pyodide's list says of one."""
    stem, version = wheel.name.split("-")[:2]
    with zipfile.ZipFile(wheel) as packed:
        tops = {name.split("/")[0].removesuffix(".py") for name in packed.namelist()}
    name = normal(stem)
    return name, {
        "name": name,
        "version": version,
        "file_name": wheel.name,
        "install_dir": "site",
        "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
        "package_type": "package",
        "imports": sorted(top for top in tops if top.isidentifier()),
        "depends": [],
    }


def imports(notebook: Path) -> set[str]:
    """The packages that a notebook imports and that Python does not bring, by their names on PyPI."""
    found: set[str] = set()
    for cell in json.loads(notebook.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            for node in ast.walk(ast.parse("".join(cell["source"]))):
                match node:
                    case ast.Import(names=names):
                        found |= {alias.name.split(".")[0] for alias in names}
                    case ast.ImportFrom(module=str(module)):
                        found.add(module.split(".")[0])
    names = {"autograd": "chainrule", "nn": "chainrule", "sklearn": "scikit-learn"}
    return {names.get(name, name) for name in found - sys.stdlib_module_names}
