"""The rules of rows as functions of another language, translated from their own text.

A rule on floats is arithmetic, comparisons, choices, and calls of `math` and of other rules. Its syntax tree says
all of that, and the names in it are looked up where the rule was written, so nothing about any row is said here. A
`try` is its body: other languages' division and functions answer as IEEE 754 says where Python's raise.
"""

from __future__ import annotations

import ast
import builtins
import copy
import inspect
import linecache
import re
from collections.abc import Callable, Container, Iterable, Sequence
from functools import cache
from types import BuiltinFunctionType, FunctionType
from typing import Any

from autograd.core import ieee
from autograd.core.columns import TABLE, Primitive
from autograd.program.spelling import JAX, PYTHON, Language

_SIGNS: dict[type, tuple[str, int]] = {
    ast.Add: ("+", 5), ast.Sub: ("-", 5), ast.Mult: ("*", 6), ast.Div: ("/", 6),
    ast.Lt: ("<", 4), ast.Gt: (">", 4), ast.LtE: ("<=", 4), ast.GtE: (">=", 4), ast.Eq: ("==", 4), ast.NotEq: ("!=", 4),
}  # fmt: skip
_CHOICE, _OR, _AND, _COMPARED, _SUM, _SIGN, _CALL = 1, 2, 3, 4, 5, 7, 9
_SPELLED = {
    row.forward: row.forward.__name__
    for row in TABLE.values()
    if row.is_arithmetic and row.forward.__module__ == ieee.__name__
}  # what printed Python calls them


SOLVES = "is solved by a function of Python's that takes floats, and has no text"


class Untranslatable(TypeError):
    """A rule that this language cannot say."""


class Rules:
    """The functions that a text in a language needs, in the order in which they must stand."""

    def __init__(self, language: Language, taken: Iterable[str] = ()) -> None:
        self.language, self.taken = language, {*language.taken, *taken}
        self.texts: dict[str, str] = {}
        self._names: dict[Any, str] = {}
        self._own = False  # inside the text of a user's

    def row(self, primitive: Primitive) -> str:
        """The name by which a row is called. TypeError if the language cannot say what it computes."""
        if primitive.by_call and not primitive.own and primitive.name not in TABLE:
            raise TypeError(
                f"export: the row {primitive.name!r} {SOLVES} in {self.language.name}; export the function that is to "
                "be solved, and solve it there"
            )
        forward = getattr(primitive.forward, "__wrapped__", primitive.forward)
        self._own = primitive.own
        try:
            return self.function(forward, primitive.name)
        except Untranslatable as reason:
            raise TypeError(
                f"export: the row {primitive.name!r} cannot be written in {self.language.name}: {reason}; "
                "make its rule of operators and this library's functions"
            ) from None

    def function(self, f: Callable[..., Any], wanted: str = "") -> str:
        """The name of a function, defined if need be."""
        if isinstance(f, Primitive):
            return self.function(f.forward, f.name)
        word = self.language.words.get(f)
        if word is not None:
            if self._own and f.__module__ == "math" and f.__name__ not in ("fabs", "copysign"):
                raise Untranslatable(f"math.{f.__name__} raises where IEEE arithmetic has an answer")
            if word in self.language.own:
                self.texts.setdefault(self.language.own[word], self.language.own[word])
            return word
        if not isinstance(f, FunctionType):
            raise Untranslatable(f"it calls {getattr(f, '__qualname__', f)}")
        if f not in self._names:
            name = _SPELLED.get(f) or wanted or f.__name__
            while (
                name in self.taken - {*_SPELLED.values()}
                or name in self._names.values()
                or re.fullmatch(r"t\d\w*", name)
            ):
                name += "_"
            own, self._own = self._own, self._own and not f.__module__.startswith("autograd.")
            self._names[f] = name
            try:
                self.texts[name] = _Translation(self, f).text(name)  # what it calls comes before, by being there first
            except Exception:
                del self._names[f]
                raise
            finally:
                self._own = own
        return self._names[f]


class _Translation:
    """One function on its way."""

    def __init__(self, rules: Rules, f: FunctionType) -> None:
        self.rules, self.language, self.f = rules, rules.language, f
        self.node = tree(f)
        self.known: set[str] = {a.arg for a in self.node.args.args}
        self.written, self.newest = (
            set(self.known),
            dict[str, str](),
        )  # in JAX: all variables, and what each name is now

    def text(self, name: str) -> str:
        given = self.node.args
        if given.vararg or given.kwonlyargs or given.kwarg or given.defaults:
            raise Untranslatable("it takes any number of operands, or some by default")
        head = self.language.head(name, [a.arg for a in given.args])
        body = [ast.Return(self.node.body)] if isinstance(self.node, ast.Lambda) else self.node.body
        if self.language is PYTHON:
            return "\n".join([head, *[f"    {line}" for statement in body for line in self.python(statement)]])
        if self.language is JAX:
            lines: list[str] = []
            result = self.returned(body, lines)
            return "\n".join([head, *[f"    {line}" for line in (*lines, f"return {result}")]])
        early = {name for part in body if not isinstance(part, ast.Assign) for name in _assigned(part)} - self.known
        lines = [self.declared(name, self.language.number(0.0)) for name in sorted(early)]
        return "\n".join([f"{head} {{", *[f"    {line}" for line in [*lines, *self.block(body)]], "}"])

    def declared(self, name: str, value: str) -> str:
        if self.language is JAX:  # where both sides of an if are computed, each has variables of its own
            new = name
            while new in self.written:
                new += "_"
            self.written.add(new)
            self.known.add(name)
            self.newest[name] = new
            return f"{new} = {value}"
        if name in self.known:
            return f"{name} = {value};"
        self.known.add(name)
        return self.language.declare.replace("const", "let").format(name, value)

    def python(self, statement: ast.stmt) -> list[str]:
        """A statement as it is, its names looked up."""
        if isinstance(statement, ast.Expr):
            return []
        return ast.unparse(_Renamed(self).visit(copy.deepcopy(statement))).splitlines()

    def returned(self, body: Sequence[ast.stmt], lines: list[str]) -> str:
        """What statements return, as one expression: both sides of an `if`; what they assign goes to `lines`."""
        for i, node in enumerate(body):
            match node:
                case ast.Return(value=ast.expr() as value):
                    return self.expression(value)
                case ast.Try(body=inner):
                    return self.returned([*inner, *body[i + 1 :]], lines)
                case ast.If(test=test, body=yes, orelse=no):
                    condition, before = self.expression(test), dict(self.newest)
                    sides = []
                    for side in (yes, [*no, *body[i + 1 :]]):
                        self.newest = dict(before)
                        sides.append(self.returned(side, lines))
                    return self.language.choose.format(condition, *sides)
                case _:
                    lines += [line.removesuffix(";") for line in self.statement(node)]
        raise Untranslatable("one side of an if returns nothing")

    def block(self, statements: Sequence[ast.stmt]) -> list[str]:
        return [line for statement in statements for line in self.statement(statement)]

    def inside(self, statements: Sequence[ast.stmt]) -> list[str]:
        return [f"    {line}" for line in self.block(statements)]

    def statement(self, node: ast.stmt) -> list[str]:
        match node:
            case ast.Expr(value=ast.Constant()):
                return []
            case ast.Return(value=ast.expr() as value):
                return [f"return {self.expression(value)};"]
            case ast.Try(body=body):
                return self.block(body)
            case ast.If(test=test, body=body, orelse=orelse):
                inside = self.inside(body)
                otherwise = ["} else {", *self.inside(orelse)] if orelse else []
                return [f"if ({self.expression(test)}) {{", *inside, *otherwise, "}"]
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                return [self.declared(name, self.expression(value))]
            case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
                return [self.declared(name, self.expression(ast.BinOp(ast.Name(name), op, value)))]
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=value):
                return self.assigned_together(targets, value)
            case ast.While(test=test, body=body, orelse=[]) if self.language is not JAX:
                return [f"while ({self.expression(test)}) {{", *self.inside(body), "}"]
            case ast.Break() if self.language is not JAX:
                return ["break;"]
            case ast.For(target=ast.Name(id=name), iter=ast.Call(func=f, args=[count]), body=body, orelse=[]) if (
                self.language is not JAX and self.found(f) is range
            ):
                self.known.add(name)
                turns = f"{name} = 0; {name} < {self.expression(count)}; {name}++"
                return [f"for ({turns}) {{", *self.inside(body), "}"]
            case ast.For(target=ast.Name(id=name), iter=numbers, body=body):
                loop = [
                    [self.declared(name, self.language.number(x)), *self.block(body)] for x in self.numbers(numbers)
                ]
                return [line for lines in loop for line in lines]
        raise Untranslatable(f"it holds the statement {ast.unparse(node).splitlines()[0]!r}")

    def numbers(self, node: ast.expr) -> Sequence[float]:
        found = self.found(node)
        if isinstance(found, list | tuple) and all(isinstance(x, float | int) for x in found):
            return found
        raise Untranslatable(f"it loops over {ast.unparse(node)}")

    def assigned_together(self, targets: Sequence[ast.expr], value: ast.expr) -> list[str]:
        """a, b = …: all values first, in names of their own, then the targets."""
        match value:
            case ast.Tuple(elts=values):
                texts = [self.expression(v) for v in values]
            case ast.IfExp(test=test, body=ast.Tuple(elts=yes), orelse=ast.Tuple(elts=no)):
                texts = [self.expression(ast.IfExp(test, a, b)) for a, b in zip(yes, no, strict=True)]
            case _:
                raise Untranslatable(f"it takes {ast.unparse(value)!r} apart")
        names = [ast.unparse(target) for target in targets]
        if not {n.id for n in ast.walk(value) if isinstance(n, ast.Name)} & set(names):
            return [self.declared(name, text) for name, text in zip(names, texts, strict=True)]
        new = [f"{name}_new" for name in names]
        if self.language is JAX:
            lines = [self.declared(name, text) for name, text in zip(new, texts, strict=True)]
            return lines + [self.declared(name, text) for name, text in zip(names, new, strict=True)]
        before = [self.declared(name, self.language.number(0.0)) for name in names if name not in self.known]
        told = [self.language.declare.format(name, text) for name, text in zip(new, texts, strict=True)]
        return [*before, "{", *told, *[f"{name} = {text};" for name, text in zip(names, new, strict=True)], "}"]

    def expression(self, node: ast.expr, least: int = 0) -> str:
        """Its text, in brackets if it binds less tightly than `least`."""
        text, level = self.spelled(node)
        return f"({text})" if level < least else text

    def spelled(self, node: ast.expr) -> tuple[str, int]:
        logic = self.language.logic
        match node:
            case ast.Name(id=name) if name in self.known:
                return self.newest.get(name, name), _CALL
            case ast.Constant() | ast.Name() | ast.Attribute():
                return self.constant(node)
            case ast.UnaryOp(op=ast.USub(), operand=x):
                return f"-{self.expression(x, _SIGN + 1)}", _SIGN
            case ast.UnaryOp(op=ast.Not(), operand=x):
                return f"{logic['not ']}{self.expression(x, _SIGN)}", _SIGN
            case ast.BinOp(left=x, op=op, right=y) if type(op) in _SIGNS:
                sign, level = _SIGNS[type(op)]
                if self.language is JAX and isinstance(x, ast.Compare):  # true is no number there
                    return f"{self.number_of(x)} {sign} {self.number_of(y)}", level
                return f"{self.expression(x, level)} {sign} {self.expression(y, level + 1)}", level
            case ast.BoolOp(op=op, values=parts):
                word, level = (logic["and"], _AND) if isinstance(op, ast.And) else (logic["or"], _OR)
                tight = _CALL if self.language is JAX else _COMPARED
                return f" {word} ".join([self.expression(part, tight) for part in parts]), level
            case ast.Compare(left=x, ops=ops, comparators=others) if all(type(op) in _SIGNS for op in ops):
                xs = [self.expression(part, _SUM) for part in (x, *others)]
                pairs = [f"{a} {_SIGNS[type(op)][0]} {b}" for a, op, b in zip(xs, ops, xs[1:], strict=False)]
                if self.language is JAX and len(pairs) > 1:
                    pairs = [f"({pair})" for pair in pairs]
                return f" {logic['and']} ".join(pairs), _COMPARED if len(pairs) == 1 else _AND
            case ast.IfExp(test=test, body=x, orelse=y):
                condition = self.expression(test, _OR)
                return self.language.choose.format(condition, self.expression(x, _OR), self.expression(y)), _CHOICE
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
                return self.language.logic["float"].format(self.expression(x)), _CALL
            return self.spelled(x)
        return f"{self.rules.function(f)}({', '.join([self.expression(x) for x in xs])})", _CALL

    def constant(self, node: ast.expr) -> tuple[str, int]:
        found = node.value if isinstance(node, ast.Constant) else self.found(node)
        if isinstance(found, int | float) and not isinstance(found, bool):
            return self.language.number(found), _CALL if found >= 0 else _SIGN
        raise Untranslatable(f"it needs {ast.unparse(node)!r}")

    def found(self, node: ast.expr) -> Any:
        return meaning(node, self.f, self.known)


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


class _Renamed(ast.NodeTransformer):
    """Names of another module's functions and numbers, as they are spelled in the text that is printed."""

    def __init__(self, translation: _Translation) -> None:
        self.translation = translation

    def visit_Name(self, node: ast.Name) -> ast.expr:
        local = isinstance(node.ctx, ast.Store) or node.id in self.translation.f.__code__.co_varnames
        return node if local else self.spelled(node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        return self.spelled(node)

    def spelled(self, node: ast.expr) -> ast.expr:
        found = self.translation.found(node)
        if isinstance(found, FunctionType | BuiltinFunctionType | Primitive):
            return ast.parse(self.translation.rules.function(found), mode="eval").body
        if isinstance(found, float) and not isinstance(found, bool):
            return ast.parse(self.translation.language.number(found), mode="eval").body
        return node  # float, an exception


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


def _assigned(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
