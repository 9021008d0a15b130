"""A function of doubles, read as C: what its statements and expressions are there.

On doubles a rule of the table is arithmetic, comparisons, conditional expressions, functions of `math` and other rows,
and these are the same in C. A `try` becomes its body alone: where Python's `math` and `/` raise, C's answer as IEEE 754
does. Anything else is `Untranslatable`.
"""

from __future__ import annotations

import ast
import math
import sys
from collections.abc import Sequence
from typing import NamedTuple

# What C's library computes as Python's `math` does; gamma, lgamma, hypot and fsum are Python's own.
LIBM = frozenset(
    "acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh erf erfc exp exp2 expm1 fabs floor fmod isinf "
    "isnan log log10 log1p log2 pow remainder sin sinh sqrt tan tanh trunc".split()
)
OPERATORS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/",
    ast.Lt: "<", ast.Gt: ">", ast.LtE: "<=", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
    ast.And: "&&", ast.Or: "||",
}  # fmt: skip


class Untranslatable(Exception):
    """Something that is not arithmetic on doubles."""


class Function(NamedTuple):
    """A function in C, and the names of those that it calls."""

    text: str
    calls: frozenset[str]


class Scope:
    """What names mean in one function, and how its text reads in C."""

    def __init__(self, functions: dict[str, str], operands: Sequence[str]) -> None:
        self.functions, self.known = functions, set(operands)
        self.calls: set[str] = set()

    def function(self, name: str, operands: Sequence[str], body: Sequence[ast.stmt]) -> Function:
        statements = self.body(body)
        if made := sorted(self.known - set(operands)):
            statements.insert(0, f"double {', '.join(made)};")
        lines = "\n".join(f"    {line}" for line in statements)
        unused = [operand for operand in operands if not _reads(body, operand)]
        ignored = f"    {', '.join(f'(void){operand}' for operand in unused)};\n" if unused else ""
        head = f"static inline double {name}({', '.join(f'double {operand}' for operand in operands)})"
        return Function(f"{head} {{\n{ignored}{lines}\n}}", frozenset(self.calls))

    def body(self, statements: Sequence[ast.stmt]) -> list[str]:
        lines: list[str] = []
        for statement in statements:
            match statement:
                case ast.Expr(value=ast.Constant()):  # a docstring
                    pass
                case ast.Return(value=ast.expr() as value):
                    lines.append(f"return {self.number(value)};")
                case ast.If(test=test, body=body, orelse=other):
                    lines += [f"if {self.truth(test)} {{", *self.body(body), "}"]
                    lines += ["else {", *self.body(other), "}"] if other else []
                case ast.Try(body=body, orelse=[], finalbody=[]):
                    lines += self.body(body)
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    lines += self.assigned([name], [self.number(value)])
                case ast.AugAssign(target=ast.Name(id=name), op=operator, value=value):
                    lines += self.assigned([name], [self.number(ast.BinOp(ast.Name(name), operator, value))])
                case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
                    lines += self.assigned(_names(targets), [self.number(value) for value in values])
                case ast.Assign(
                    targets=[ast.Tuple(elts=targets)],
                    value=ast.IfExp(test=test, body=ast.Tuple(elts=first), orelse=ast.Tuple(elts=second)),
                ):
                    chosen = [ast.IfExp(test, a, b) for a, b in zip(first, second, strict=True)]
                    lines += self.assigned(_names(targets), [self.number(value) for value in chosen])
                case _:
                    raise Untranslatable(ast.unparse(statement).partition("\n")[0])
        return lines

    def assigned(self, names: Sequence[str], values: Sequence[str]) -> list[str]:
        """All values are formed before any is assigned."""
        self.known.update(names)
        if len(names) == 1:
            return [f"{names[0]} = {values[0]};"]
        formed = [f"double next_{name} = {value};" for name, value in zip(names, values, strict=True)]
        return ["{", *formed, *[f"{name} = next_{name};" for name in names], "}"]

    def number(self, node: ast.expr) -> str:
        match node:
            case ast.Constant(value=bool() | str() | None):
                raise Untranslatable(ast.unparse(node))
            case ast.Constant(value=int() | float() as value) if float(value) == value:
                return _literal(float(value))
            case ast.Name(id=name) if name in self.known:
                return name
            case ast.Name() | ast.Attribute():
                return _literal(_constant(node))
            case ast.UnaryOp(op=ast.USub(), operand=x):
                return f"(-{self.number(x)})"
            case ast.BinOp(left=a, op=ast.Mod(), right=b):
                return f"modulo({self.number(a)}, {self.number(b)})"
            case ast.BinOp(left=a, op=operator, right=b) if type(operator) in OPERATORS:
                return f"({self.number(a)} {OPERATORS[type(operator)]} {self.number(b)})"
            case ast.Compare():
                return f"({self.truth(node)} ? 1.0 : 0.0)"
            case ast.IfExp(test=test, body=a, orelse=b):
                return f"({self.truth(test)} ? {self.number(a)} : {self.number(b)})"
            case ast.Call(func=function, args=arguments, keywords=[]):
                return self.call(function, arguments)
        raise Untranslatable(ast.unparse(node))

    def truth(self, node: ast.expr) -> str:
        """A condition, in brackets."""
        match node:
            case ast.Compare(left=first, ops=operators, comparators=others):
                xs = [self.number(x) for x in (first, *others)]
                pairs = zip(xs, operators, xs[1:], strict=False)
                if not {type(operator) for operator in operators} <= OPERATORS.keys():
                    raise Untranslatable(ast.unparse(node))
                return "(" + " && ".join(f"{a} {OPERATORS[type(operator)]} {b}" for a, operator, b in pairs) + ")"
            case ast.BoolOp(op=operator, values=values):
                return "(" + f" {OPERATORS[type(operator)]} ".join(map(self.truth, values)) + ")"
            case ast.UnaryOp(op=ast.Not(), operand=x):
                return f"(!{self.truth(x)})"
        return f"({self.number(node)} != 0.0)"

    def call(self, function: ast.expr, arguments: Sequence[ast.expr]) -> str:
        operands = ", ".join(map(self.number, arguments))
        match function:
            case ast.Attribute(value=ast.Name(id="math"), attr=name) if name in LIBM:
                return f"{name}({operands})"
            case ast.Attribute(value=ast.Name(id="ieee"), attr=name):
                return f"{self.called(f'ieee_{name}')}({operands})"
            case ast.Name(id="float") if len(arguments) == 1:
                return operands
            case ast.Name(id="abs") if len(arguments) == 1:
                return f"fabs({operands})"
            case ast.Name(id=name) if name in self.functions:
                return f"{self.called(self.functions[name])}({operands})"
            case ast.Name(id=name) if name in LIBM:
                return f"{name}({operands})"
        raise Untranslatable(f"{ast.unparse(function)}(…)")

    def called(self, name: str) -> str:
        self.calls.add(name)
        return name


def _names(targets: Sequence[ast.expr]) -> list[str]:
    names = [target.id for target in targets if isinstance(target, ast.Name)]
    if len(names) != len(targets):
        raise Untranslatable("an assignment to something else than a name")
    return names


def _reads(body: Sequence[ast.stmt], name: str) -> bool:
    return any(isinstance(node, ast.Name) and node.id == name for part in body for node in ast.walk(part))


def _constant(node: ast.expr) -> float:
    match ast.unparse(node):
        case "inf" | "nan" | "pi" | "e" | "tau" as name:
            return float(getattr(math, name))
        case "math.inf" | "math.nan" | "math.pi" | "math.e" | "math.tau" as name:
            return float(getattr(math, name[5:]))
        case "sys.float_info.max":
            return sys.float_info.max
        case "sys.float_info.min":
            return sys.float_info.min
        case "sys.float_info.epsilon":
            return sys.float_info.epsilon
    raise Untranslatable(ast.unparse(node))


def _literal(value: float) -> str:
    if value != value:
        return "((double)NAN)"
    return repr(value) if abs(value) < math.inf else f"({'-' * (value < 0)}(double)INFINITY)"
