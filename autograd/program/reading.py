"""The text of a function: its syntax tree, and what the names in it mean where it was written.

A function that machine code or another language is translated from is floats, choices, loops and calls. Beside numbers
it may hold arrays: `[0.0] * 64` is a new one, `known[int(i)]` a number of it.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import linecache
from collections.abc import Callable, Container, Sequence
from functools import cache
from types import FunctionType
from typing import Any


class Untranslatable(TypeError):
    """A rule that this language cannot say."""


def meaning(node: ast.expr, f: Any, own: Container[str]) -> Any:
    """What an expression of names means where the function f was written; those of its `own` mean nothing there."""
    match node:
        case ast.Attribute(value=of, attr=name):
            return getattr(meaning(of, f, own), name)
        case ast.Name(id=name) if name not in own:
            closed = dict(zip(f.__code__.co_freevars, f.__closure__ or (), strict=True))
            if name in closed:
                return closed[name].cell_contents
            return f.__globals__.get(name, getattr(builtins, name, None))
        case ast.Tuple() | ast.List():
            return ast.literal_eval(node)
    raise Untranslatable(f"it looks up {ast.unparse(node)!r}")


def numbers_in(found: Callable[[ast.expr], Any], node: ast.expr) -> Sequence[float]:
    """The numbers that a loop goes over, of which `found` gives the meaning."""
    numbers = found(node)
    if isinstance(numbers, list | tuple) and all([isinstance(x, float | int) for x in numbers]):
        return numbers
    raise Untranslatable(f"it loops over {ast.unparse(node)}")


@cache
def _module(filename: str, lines: tuple[str, ...]) -> ast.Module:
    return ast.parse("".join(lines), filename)


def tree(f: FunctionType) -> ast.Lambda | ast.FunctionDef:
    """The syntax tree of a function. Of several lambdas that begin in one line, the one that spans all of f's code."""
    code = f.__code__
    lines = linecache.getlines(inspect.getsourcefile(f) or code.co_filename, f.__globals__)
    try:
        module = _module(code.co_filename, tuple(lines))
    except SyntaxError:
        raise Untranslatable("its text cannot be read") from None
    spans = [span for span in code.co_positions() if None not in span and span[3]]
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef) and node.name == code.co_name:
            if min([node.lineno, *[d.lineno for d in node.decorator_list]]) == code.co_firstlineno:
                return node
        elif isinstance(node, ast.Lambda) and code.co_name == "<lambda>" and node.lineno == code.co_firstlineno:
            first, last = (node.body.lineno, node.body.col_offset), (node.body.end_lineno, node.body.end_col_offset)
            if all([first <= (line, column) and (end, until) <= last for line, end, column, until in spans]):
                return node
    raise Untranslatable("its text cannot be read")


def assigned(node: ast.AST) -> set[str]:
    """The variables that a statement sets, those whose elements it sets included."""
    names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    elements = [n.value for n in ast.walk(node) if isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Store)]
    return names | {x.id for x in elements if isinstance(x, ast.Name)}


def zeros(node: ast.expr) -> int | None:
    """How many numbers `[0.0] * 64` has; None of anything else."""
    match node:
        case ast.BinOp(left=ast.List(elts=[ast.Constant(value=0.0)]), op=ast.Mult(), right=ast.Constant(value=int(n))):
            return n
    return None


def index_of(element: ast.Subscript) -> ast.expr:
    """The index of an element of an array, as the number that it is before `int`."""
    match element.slice:
        case ast.Call(func=ast.Name(id="int"), args=[index]):
            return index
    return element.slice


def parts(value: ast.expr) -> list[ast.expr]:
    """What a, b = … takes apart."""
    match value:
        case ast.Tuple(elts=values):
            return values
        case ast.IfExp(test=test, body=ast.Tuple(elts=yes), orelse=ast.Tuple(elts=no)):
            return [ast.IfExp(test, a, b) for a, b in zip(yes, no, strict=True)]
    raise Untranslatable(f"it takes {ast.unparse(value)!r} apart")


def is_range(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range"


def calls(f: FunctionType) -> list[ast.expr]:
    """What the text of a function calls."""
    return [node.func for node in ast.walk(tree(f)) if isinstance(node, ast.Call)]
