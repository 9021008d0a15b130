"""A function as statements: in C and JavaScript, which have the same ones, and in Python."""

from __future__ import annotations

import ast
import copy
from collections.abc import Sequence
from types import BuiltinFunctionType, FunctionType

from autograd.core.columns import Primitive
from autograd.program.reading import Untranslatable, assigned, numbers_in, parts, zeros
from autograd.program.translation import Translation


class Statements(Translation):
    """In C or JavaScript."""

    def text(self, name: str) -> str:
        early = {x for part in self.body if not isinstance(part, ast.Assign) for x in assigned(part)} - self.known
        early -= {x for part in self.body if isinstance(part, ast.Assign) and zeros(part.value) for x in assigned(part)}
        lines = [self.declared(variable, self.language.number(0.0)) for variable in sorted(early)]
        head = self.language.head(name, self.arguments)
        return "\n".join([f"{head} {{", *[f"    {line}" for line in [*lines, *self.block(self.body)]], "}"])

    def declared(self, name: str, value: str) -> str:
        if name in self.known:
            return f"{name} = {value};"
        self.known.add(name)
        return self.language.declare.replace("const", "let").format(name, value)

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
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if zeros(value):
                self.known.add(name)
                return [self.language.zeros.format(name, zeros(value))]
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                return [self.declared(name, self.expression(value))]
            case ast.Assign(targets=[ast.Subscript() as element], value=value):
                return [f"{self.expression(element)} = {self.expression(value)};"]
            case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
                return [self.declared(name, self.expression(ast.BinOp(ast.Name(name), op, value)))]
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=value):
                return self.assigned_together(targets, value)
            case ast.While(test=test, body=body, orelse=[]):
                return [f"while ({self.expression(test)}) {{", *self.inside(body), "}"]
            case ast.Break():
                return ["break;"]
            case ast.For(target=ast.Name(id=name), iter=ast.Call(func=f, args=[count]), body=body, orelse=[]) if (
                self.found(f) is range
            ):
                self.known.add(name)
                turns = f"{name} = 0; {name} < {self.expression(count)}; {name}++"
                return [f"for ({turns}) {{", *self.inside(body), "}"]
            case ast.For(target=ast.Name(id=name), iter=numbers, body=body):
                loop = [
                    [self.declared(name, self.language.number(x)), *self.block(body)]
                    for x in numbers_in(self.found, numbers)
                ]
                return [line for lines in loop for line in lines]
        raise Untranslatable(f"it holds the statement {ast.unparse(node).splitlines()[0]!r}")

    def assigned_together(self, targets: Sequence[ast.expr], value: ast.expr) -> list[str]:
        """a, b = …: all values first, in names of their own, then the targets."""
        texts = [self.expression(v) for v in parts(value)]
        names = [ast.unparse(target) for target in targets]
        if not {n.id for n in ast.walk(value) if isinstance(n, ast.Name)} & set(names):
            return [self.declared(name, text) for name, text in zip(names, texts, strict=True)]
        new = [f"{name}_new" for name in names]
        before = [self.declared(name, self.language.number(0.0)) for name in names if name not in self.known]
        told = [self.language.declare.format(name, text) for name, text in zip(new, texts, strict=True)]
        return [*before, "{", *told, *[f"{name} = {text};" for name, text in zip(names, new, strict=True)], "}"]


class Python(Translation):
    """In Python: as it is, the names in it looked up."""

    def text(self, name: str) -> str:
        lines = [line for statement in self.body for line in self.statement(statement)]
        return "\n".join([self.language.head(name, self.arguments), *[f"    {line}" for line in lines]])

    def statement(self, statement: ast.stmt) -> list[str]:
        if isinstance(statement, ast.Expr):
            return []
        return ast.unparse(_Renamed(self).visit(copy.deepcopy(statement))).splitlines()


class _Renamed(ast.NodeTransformer):
    """Names of another module's functions and numbers, as they are spelled in the text that is printed."""

    def __init__(self, translation: Python) -> None:
        self.translation = translation

    def visit_Name(self, node: ast.Name) -> ast.expr:
        local = isinstance(node.ctx, ast.Store) or node.id in self.translation.f.__code__.co_varnames
        return node if local else self.spelled(node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        return self.spelled(node)

    def spelled(self, node: ast.expr) -> ast.expr:
        found = self.translation.found(node)
        if isinstance(found, FunctionType | BuiltinFunctionType | Primitive):
            return ast.parse(self.translation.name_of(found), mode="eval").body
        if isinstance(found, tuple):
            return ast.Tuple([self.number(x) for x in found], ast.Load())
        if isinstance(found, int | float):
            return self.number(found)
        if not isinstance(found, type):  # float, an exception
            raise Untranslatable(f"it needs {ast.unparse(node)!r}")
        return node

    def number(self, x: float) -> ast.expr:
        return (
            ast.Constant(x) if isinstance(x, int) else ast.parse(self.translation.language.number(x), mode="eval").body
        )
