"""Imports only go down, nothing heavy loads before it is used, and nn stands on the public names of autograd."""

from __future__ import annotations

import ast
import io
import sys
import tokenize
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

import autograd
from tests.processes import ROOT, printed

FILES = sorted([*ROOT.glob("autograd/**/*.py"), *ROOT.glob("nn/**/*.py")])


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): ast.parse(path.read_text()) for path in FILES}
modules = pytest.mark.parametrize("module", MODULES)

FLOORS = [
    {"autograd.core", "autograd.files", "autograd.pages"},
    {"autograd.derivatives", "autograd.program", "autograd.picture"},
    {"autograd.native"},
    {"autograd.batch", "autograd.export", "autograd.trust"},
    {"autograd", "autograd.parser", "autograd.terminal", "autograd.testing"},
    {"nn"},
    {"autograd.__main__", "nn.__main__"},
]


def wing(module: str) -> str:
    """The first part of a module's name that has a floor; the longest such."""
    names = set().union(*FLOORS)
    while module not in names:
        assert "." in module, f"{module} has no floor"
        module = module.rpartition(".")[0]
    return module


def floor(module: str) -> int:
    return next(height for height, wings in enumerate(FLOORS) if wing(module) in wings)


@modules
def test_every_file_of_autograd_is_in_a_wing(module: str) -> None:
    assert module == "autograd" or wing(module) != "autograd"


def statements(tree: ast.AST, deferred: bool = False) -> Iterator[tuple[ast.stmt, bool]]:
    """Import statements, and whether they wait inside a function. Those for the type checker alone are left out."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node, deferred
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        else:
            yield from statements(node, deferred or isinstance(node, ast.FunctionDef | ast.Lambda))


def imports(module: str, deferred: bool) -> set[str]:
    """The modules that a module imports, at its top or inside its functions."""
    found: set[str] = set()
    for node, inside in statements(MODULES[module]):
        if inside != deferred:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: a relative import"
            of_modules = {f"{node.module}.{alias.name}" for alias in node.names} & set(MODULES)
            if module.startswith("nn") and node.module == "autograd":
                of_modules = set()  # the names of nn's imports are names in autograd's public face
            found |= of_modules or {str(node.module)}
    return found


@modules
def test_a_module_imports_from_its_own_floor_or_below(module: str) -> None:
    above = {name for name in imports(module, deferred=False) & set(MODULES) if floor(name) > floor(module)}
    assert not above


def test_no_module_at_its_top_imports_itself_round_a_corner() -> None:
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " → ".join((*path, module))
        if module not in done:
            for name in sorted(imports(module, deferred=False) & set(MODULES)):
                visit(name, (*path, module))
            done.add(module)

    for module in MODULES:
        visit(module, ())


def test_no_function_reaches_up() -> None:
    up = {
        (module, name)
        for module in MODULES
        for name in imports(module, deferred=True) & set(MODULES)
        if floor(name) > floor(module)
    }
    assert not up


@pytest.mark.parametrize("package", ["autograd", "nn"])
def test_nothing_heavy_is_reached_from_the_top_of_a_package(package: str) -> None:
    """numpy, llvmlite, graphviz and the like are imported inside functions, or in files that are."""
    reached, todo = set(), [package]
    while todo:
        module = todo.pop()
        if module not in reached:
            reached.add(module)
            todo += imports(module, deferred=False) if module in MODULES else []
            todo.append(module.rpartition(".")[0] or module)
    outside = {name.split(".")[0] for name in reached - set(MODULES)}
    assert outside <= set(sys.stdlib_module_names)


@pytest.mark.parametrize("package", ["autograd", "nn"])
def test_importing_a_package_loads_the_standard_library_only(package: str) -> None:
    program = (
        f"import sys, site; before = set(sys.modules); import {package}; "
        "print(*sorted({name.split('.')[0] for name in set(sys.modules) - before}))"
    )
    loaded = set(printed(program).split())
    assert package in loaded
    assert loaded - set(sys.stdlib_module_names) <= {"autograd", "nn"}


NN_MODULES = [module for module in MODULES if module.split(".")[0] == "nn" and module != "nn.__main__"]
PUBLIC_MODULES = {"autograd", *(f"autograd.{name}" for name in "core.words files pages terminal testing".split())}
PRIVATE = {"_data", "_row", "_x", "_y", "_px", "_py", "_arguments", "_partials", "_apply"}


@pytest.mark.parametrize("module", NN_MODULES)
def test_nn_uses_public_names_of_autograd_only(module: str) -> None:
    public = {*dir(autograd), "__file__"}
    for node, _ in statements(MODULES[module]):
        if isinstance(node, ast.ImportFrom) and str(node.module).split(".")[0] == "autograd":
            assert node.module in PUBLIC_MODULES
            assert node.module != "autograd" or {alias.name for alias in node.names} <= public | {"testing"}
    for part in ast.walk(MODULES[module]):
        if isinstance(part, ast.Attribute):
            assert part.attr not in PRIVATE - {"_x", "_y"}, f"line {part.lineno}: .{part.attr}"
            if isinstance(part.value, ast.Name) and part.value.id == "autograd":
                assert part.attr in public, f"line {part.lineno}: autograd.{part.attr}"


def test_every_public_name_is_there() -> None:
    assert sorted(autograd.__all__) == sorted(set(autograd.__all__))
    for name in dir(autograd):
        assert name == "testing" or getattr(autograd, name) is not None


@modules
def test_a_module_says_its_purpose(module: str) -> None:
    assert ast.get_docstring(MODULES[module])


def test_the_picture_of_the_house_has_its_floors() -> None:
    from docs.live import HOUSE

    for below, above in pairwise(HOUSE):
        assert max(height_of(name) for name, _ in below) < min(height_of(name) for name, _ in above)
    drawn = {name for wings in HOUSE for name, _ in wings}
    assert drawn == {p.name for p in (ROOT / "autograd").iterdir() if (p / "__init__.py").exists()} | {"nn"}


def height_of(wing: str) -> int:
    return floor(wing if wing == "nn" else f"autograd.{wing}")


NO_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def lines_of_code(text: str) -> int:
    """Lines with a token of code on them: neither empty nor comment nor documentation."""
    tokens = [t for t in tokenize.generate_tokens(io.StringIO(text).readline) if t.type not in NO_CODE]
    code = {line for t in tokens for line in range(t.start[0], t.end[0] + 1)}
    documented = [
        node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
    ]
    texts = [node.body[0] for node in documented if ast.get_docstring(node) is not None]
    return len(code - {line for t in texts for line in range(t.lineno, (t.end_lineno or 0) + 1)})


def test_a_value_and_the_chain_rule_are_three_hundred_lines_at_most() -> None:
    core = ROOT / "autograd" / "core"
    assert sum([lines_of_code((core / file).read_text()) for file in ("value.py", "sweeps.py")]) <= 300
