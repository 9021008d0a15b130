"""The API reference: a page for each import package, and one for the table, from docstrings and from the rows.

Docstrings are Markdown, and so are the pages: an entry is a directive of Sphinx's Python domain, which is what the
index and the search go by.
"""

import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import autograd
import nn
from autograd import Value, testing
from autograd.batch.compiled import Compiled
from autograd.core import columns
from autograd.core.columns import Primitive
from autograd.core.value import apply
from autograd.picture import model
from autograd.picture.formula import stacked

PAGES = ("autograd", "rows", "nn", "testing")
FENCED = re.compile(r"^```python\n(.*?)^```", re.S | re.M)
ALIGNED = re.compile(r"\S {3,}\S")  # columns within a line: a table that is read as it was typed


def write(folder: Path) -> None:
    """The pages, and the one that leads to them."""
    folder.mkdir()
    texts = {
        "autograd": page(autograd, [name for name in dir(autograd) if not is_row(name)]),
        "rows": rows(),
        "nn": page(nn, nn.__all__),
        "testing": page(testing, testing.__all__, "autograd.testing"),
    }
    for name, text in texts.items():
        (folder / f"{name}.md").write_text(text, "utf-8")


def is_row(name: str) -> bool:
    return name in columns.functions()


def page(module: ModuleType, names: list[str], title: str = "") -> str:
    title = title or module.__name__
    parts = [f"# {title}", markdown(inspect.getdoc(module) or ""), f"```{{py:module}} {title}\n```"]
    for name in names:
        thing = getattr(module, name)
        if isinstance(thing, ModuleType):
            if thing.__name__ != f"{title}.testing":
                parts += [f"## {title}.{name}", markdown(inspect.getdoc(thing) or "")]
                parts += [entry(f"{name}.{each}", found) for each, found in functions_of(thing)]
        elif callable(thing):
            parts.append(entry(name, thing))
    if module is autograd:
        parts.append(entry("batch.compiled.Compiled", Compiled))
    return "\n\n".join(parts) + "\n"


def functions_of(module: ModuleType) -> Iterator[tuple[str, Callable[..., Any]]]:
    for name, thing in vars(module).items():
        if inspect.isfunction(thing) and thing.__module__ == module.__name__ and not name.startswith("_"):
            yield name, thing


def entry(name: str, thing: Any, fence: str = "````") -> str:
    """The directive of a function or a class, by its name in the page's module; a class's holds one for each of its
    own documented members."""
    kind = "class" if inspect.isclass(thing) else "function"
    members = [*members_of(thing)] if kind == "class" else []
    body = [markdown(inspect.getdoc(thing) or ""), *members]
    return directive(kind, name + signature(thing), "\n\n".join(body), fence + "`" * bool(members))


def members_of(thing: type) -> Iterator[str]:
    for name, member in vars(thing).items():
        doc = inspect.cleandoc(getattr(member, "__doc__", None) or "")  # its own, not its base's
        if name.startswith("_") or not doc or (thing is Value and (is_row(name) or name in NUMPY)):
            continue
        if inspect.isfunction(member):
            yield directive("method", name + signature(member), markdown(doc))
        elif isinstance(member, property) or inspect.isdatadescriptor(member):
            yield directive("attribute", name, markdown(doc))


NUMPY = ("absolute", "conjugate", "fabs", "isfinite", "isinf", "isnan")  # what arrays of objects call


def directive(kind: str, head: str, body: str, fence: str = "````") -> str:
    return f"{fence}{{py:{kind}}} {head}\n\n{body}\n{fence}"


def signature(thing: Any) -> str:
    """(x, y=1), without the types, which the text says; nothing where there is none."""
    try:
        found = inspect.signature(thing)
    except (TypeError, ValueError):
        return "()"
    bare = [
        p.replace(annotation=p.empty, default=p.default if p.default is p.empty else _Plain(p.default))
        for p in found.parameters.values()
        if p.name != "self" and not p.name.startswith("_")
    ]
    return str(found.replace(parameters=bare, return_annotation=found.empty))


class _Plain:
    """A default as one writes it."""

    def __init__(self, x: Any) -> None:
        self.x = x

    def __repr__(self) -> str:
        return getattr(self.x, "__name__", None) or re.sub(r"<.*>", "…", repr(self.x))


def markdown(doc: str) -> str:
    """A docstring as a page shows it: typed tables stay as they are, and an indented fence becomes one of its own."""
    parts = FENCED.split(doc)  # text, code, text, …
    for k, part in enumerate(parts):
        code = k % 2
        parts[k] = (
            f"```python\n{inspect.cleandoc(part)}\n```" if code else "\n\n".join(map(_paragraph, part.split("\n\n")))
        )
    return "".join(parts)


def _paragraph(text: str) -> str:
    if text.startswith("    ") or not ALIGNED.search(text):
        return text
    return "```text\n" + text.strip("\n") + "\n```"


def rows() -> str:
    """Every function of the table: what it means, and its derivatives as the library prints them."""
    said = [
        "# The table",
        "Functions of numbers and of Values; those of one operand are methods too. Each is one row of one table, "
        "which states its value and its partial derivatives; these are printed from there.",
        "```{py:currentmodule} autograd\n```",
    ]
    for name, row in columns.functions().items():
        if isinstance(row, Primitive) and row.name == name:
            about = row.__doc__.removeprefix(row.about).strip() if row.__doc__ else ""
            also = f"\n\nAlso as {', '.join(f'`{alias}`' for alias in row.aliases)}." if row.aliases else ""
            said.append(directive("function", f"{name}{signature(row)}", f"{_formulas(row)}\n\n{about}{also}"))
    for name, function in columns.functions().items():
        if not isinstance(function, Primitive) and hasattr(autograd, name):
            said.append(entry(name, getattr(autograd, name)))
    return "\n\n".join(said) + "\n"


def _formulas(row: Primitive) -> str:
    """∂z/∂x = … for every operand that passes something, at an ordinary point."""
    operands = [Value(0.4 + 0.1 * k, name) for k, name in enumerate(row.names)]
    z = apply(row, *operands)
    z.label = "z"
    graph = model.build(z)
    lines = []
    for edge in graph.edges:
        rule = graph.rule(edge, primes=False)
        if rule is not None:
            of, by = "z", stacked.latex(edge.source.name)
            lines.append(rf"\frac{{\partial {of}}}{{\partial {by}}} = {stacked.latex(rule)}")
    body = stacked.latex(formula) if (formula := graph.formula(graph.node_of[z])) else ""
    return "$$" + r" \qquad ".join([f"z = {body}", *lines]) + "$$"
