"""A function on its way into another language: the expressions of its text, which most languages write alike."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any

from autograd.program.reading import Untranslatable, index_of, meaning, tree
from autograd.program.spelling import JAX, Language

_SIGNS: dict[type, tuple[str, int]] = {
    ast.Add: ("+", 5), ast.Sub: ("-", 5), ast.Mult: ("*", 6), ast.Div: ("/", 6),
    ast.Lt: ("<", 4), ast.Gt: (">", 4), ast.LtE: ("<=", 4), ast.GtE: (">=", 4), ast.Eq: ("==", 4), ast.NotEq: ("!=", 4),
}  # fmt: skip
CHOICE, OR, AND, COMPARED, SUM, SIGN, CALL = 1, 2, 3, 4, 5, 7, 9


class Translation:
    """One function f in a language; `name_of` gives the name of another one that it calls."""

    def __init__(self, language: Language, f: FunctionType, name_of: Callable[[Callable[..., Any]], str]) -> None:
        self.language, self.f, self.name_of = language, f, name_of
        self.node = tree(f)
        given = self.node.args
        if given.vararg or given.kwonlyargs or given.kwarg or given.defaults:
            raise Untranslatable("it takes any number of operands, or some by default")
        self.arguments = [a.arg for a in given.args]
        self.known = set(self.arguments)  # the variables so far
        self.newest: dict[str, str] = {}  # what each of them is called by now, if not by its name
        self.body = [ast.Return(self.node.body)] if isinstance(self.node, ast.Lambda) else self.node.body

    def expression(self, node: ast.expr, least: int = 0) -> str:
        """Its text, in brackets if it binds less tightly than `least`."""
        text, level = self.spelled(node)
        return f"({text})" if level < least else text

    def spelled(self, node: ast.expr) -> tuple[str, int]:
        logic = self.language.logic
        match node:
            case ast.Name(id=name) if name in self.known:
                return self.newest.get(name, name), CALL
            case ast.Constant() | ast.Name() | ast.Attribute():
                return self.constant(node)
            case ast.UnaryOp(op=ast.USub(), operand=x):
                return f"-{self.expression(x, SIGN + 1)}", SIGN
            case ast.UnaryOp(op=ast.Not(), operand=x):
                return logic["not"].format(self.expression(x, SIGN)), SIGN
            case ast.BinOp(left=x, op=op, right=y) if type(op) in _SIGNS:
                sign, level = _SIGNS[type(op)]
                if self.language is JAX and isinstance(x, ast.Compare):  # true is no number there
                    return f"{self.number_of(x)} {sign} {self.number_of(y)}", level
                return f"{self.expression(x, level)} {sign} {self.expression(y, level + 1)}", level
            case ast.BoolOp(op=op, values=parts):
                word, level = (logic["and"], AND) if isinstance(op, ast.And) else (logic["or"], OR)
                tight = CALL if self.language is JAX else COMPARED
                return f" {word} ".join([self.expression(part, tight) for part in parts]), level
            case ast.Compare(left=x, ops=ops, comparators=others) if all(type(op) in _SIGNS for op in ops):
                xs = [self.expression(part, SUM) for part in (x, *others)]
                pairs = [f"{a} {_SIGNS[type(op)][0]} {b}" for a, op, b in zip(xs, ops, xs[1:], strict=False)]
                if self.language is JAX and len(pairs) > 1:
                    pairs = [f"({pair})" for pair in pairs]
                return f" {logic['and']} ".join(pairs), COMPARED if len(pairs) == 1 else AND
            case ast.IfExp(test=test, body=x, orelse=y):
                condition = self.expression(test, OR)
                return self.language.choose.format(condition, self.expression(x, OR), self.expression(y)), CHOICE
            case ast.Subscript(value=ast.Name(id=name)):
                return self.language.element.format(self.newest.get(name, name), self.expression(index_of(node))), CALL
            case ast.Call(func=f, args=xs, keywords=[]):
                return self.called(self.found(f), xs)
        raise Untranslatable(f"it holds {ast.unparse(node)!r}")

    def number_of(self, node: ast.expr) -> str:
        text = self.expression(node)
        return self.language.logic["float"].format(text) if isinstance(node, ast.Compare) else f"({text})"

    def called(self, f: Any, xs: Sequence[ast.expr]) -> tuple[str, int]:
        if f is float:
            (x,) = xs
            if isinstance(x, ast.Compare | ast.BoolOp) or not isinstance(x, ast.Call | ast.Name):
                return self.language.logic["float"].format(self.expression(x)), CALL
            return self.spelled(x)
        return f"{self.name_of(f)}({', '.join([self.expression(x) for x in xs])})", CALL

    def constant(self, node: ast.expr) -> tuple[str, int]:
        found = node.value if isinstance(node, ast.Constant) else self.found(node)
        if isinstance(found, int | float) and not isinstance(found, bool):
            return self.language.number(found), CALL if found >= 0 else SIGN
        raise Untranslatable(f"it needs {ast.unparse(node)!r}")

    def found(self, node: ast.expr) -> Any:
        return meaning(node, self.f, self.known)
