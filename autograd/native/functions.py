"""A function of floats as machine code, from its own text: also what loops until it has converged, as no V can.

Its numbers are doubles, whole ones too. It may assign, choose, and loop (`while`, `for` over a range or a constant
tuple), and call `math`, `ieee`, rows and functions of its own kind. All of that is one lane of arithmetic, in the order
of the text and by the C library's functions, as Python's own are: so it gives the same bits.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from types import BuiltinFunctionType, FunctionType
from typing import Any

from autograd.core import ieee
from autograd.core.columns import Primitive
from autograd.native.body import Body
from autograd.native.ir import V, constant, intrinsic, select
from autograd.native.module import PURE, Module
from autograd.program.reading import Untranslatable, assigned, index_of, meaning, numbers_in, parts, tree, zeros

# Of `math`, the C library's own, special points included; and what LLVM has instructions for.
LIBRARY = frozenset("exp expm1 log log1p log2 log10 sin cos tan sinh cosh tanh atan atan2 erf erfc pow fmod".split())
INSTRUCTIONS = {
    math.sqrt: "sqrt", math.fabs: "fabs", abs: "fabs", math.floor: "floor", math.ceil: "ceil", math.trunc: "trunc",
    int: "trunc", math.copysign: "copysign",
}  # fmt: skip


def function(module: Module, f: Callable[..., Any], called: Callable[[Callable[..., Any], int], str]) -> str:
    """The name by which the module can call f, which is written into it; Untranslatable where its text says more.

    `called(g, n)` is the name of a C function that calls g in Python, with n operands.
    """
    if not isinstance(f, FunctionType):
        raise Untranslatable(f"it calls {getattr(f, '__qualname__', f)}")
    name = f"{f.__module__}.{f.__qualname__}.{f.__code__.co_firstlineno}".replace("<", "").replace(">", "")
    if not module.has(name):
        node = tree(f)
        module.reserve(name)
        body = Body(module, name, [("double", a.arg) for a in node.args.args], "double")
        try:
            _Writer(body, f, called).write(node)
        except Exception:
            module.forget(name)
            raise
        module.add(body, "internal", PURE)
    return name


class _Writer:
    """One function on its way."""

    def __init__(self, body: Body, f: FunctionType, called: Callable[[Callable[..., Any], int], str]) -> None:
        self.body, self.f, self.called = body, f, called
        self.places: dict[str, V] = {}
        self.arrays: dict[str, V] = {}
        self.ends: list[str] = []  # of the loops around
        self.count = 0

    def write(self, node: ast.Lambda | ast.FunctionDef) -> None:
        given = node.args
        if given.vararg or given.kwonlyargs or given.kwarg:
            raise Untranslatable("it takes any number of operands")
        for argument in given.args:
            self.places[argument.arg] = self.body.variable(self.body.argument(argument.arg))
        for part in ast.walk(node):
            if isinstance(part, ast.Assign) and zeros(part.value):
                self.arrays |= {name: self.body.array(zeros(part.value) or 0) for name in assigned(part)}
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store) and part.id not in self.places:
                self.places[part.id] = self.body.variable(self.number(0.0))
        statements = [ast.Return(node.body)] if isinstance(node, ast.Lambda) else node.body
        if not self.block(statements):
            raise Untranslatable("it may return nothing")

    def number(self, x: float) -> V:
        return constant(self.body, float(x))

    def fresh(self, name: str) -> str:
        self.count += 1
        return f"{name}{self.count}"

    def go(self, label: str) -> None:
        self.body.do(f"br label %{label}")

    def block(self, statements: Sequence[ast.stmt]) -> bool:
        """Write them; whether none goes on to what follows."""
        return any(self.statement(statement) for statement in statements)  # what comes after one that leaves is dead

    def statement(self, node: ast.stmt) -> bool:
        match node:
            case ast.Expr(value=ast.Constant()):
                return False
            case ast.Return(value=ast.expr() as value):
                self.body.give(self.expression(value))
                return True
            case ast.Break():
                self.go(self.ends[-1])
                return True
            case ast.Try(body=body):  # C's functions answer where Python's raise
                return self.block(body)
            case ast.If(test=test, body=yes, orelse=no):
                return self.choice(test, lambda: self.block(yes), lambda: self.block(no))
            case ast.While(test=test, body=body, orelse=[]):
                with self.loop(lambda: self.truth(test)):
                    self.turn(body)
                return False
            case ast.For(target=ast.Name(id=name), iter=numbers, body=body, orelse=[]):
                self.over(name, numbers, body)
                return False
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in self.arrays:
                with self.body.loop(0, zeros(value) or 0) as i:
                    self.body.store(self.number(0.0), self.body.at(self.arrays[name], i))
                return False
            case ast.Assign(targets=[ast.Subscript() as element], value=value):
                x = self.expression(value)
                self.body.store(x, self.element(element))
                return False
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self.body.store(self.expression(value), self.places[name])
                return False
            case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
                self.body.store(self.expression(ast.BinOp(ast.Name(name), op, value)), self.places[name])
                return False
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=value):
                found = [self.expression(part) for part in parts(value)]
                for target, x in zip(targets, found, strict=True):
                    self.body.store(x, self.places[ast.unparse(target)])
                return False
        raise Untranslatable(f"it holds the statement {ast.unparse(node).splitlines()[0]!r}")

    def choice(self, test: ast.expr, yes: Callable[[], bool], no: Callable[[], bool]) -> bool:
        name = self.fresh("if")
        self.body.do(f"br {self.truth(test)}, label %{name}, label %{name}.else")
        left = []
        for label, side in ((name, yes), (f"{name}.else", no)):
            self.body.label(label)
            left.append(side())
            if not left[-1]:
                self.go(f"{name}.end")
        if not all(left):
            self.body.label(f"{name}.end")
        return all(left)

    @contextmanager
    def loop(self, goes_on: Callable[[], V]) -> Iterator[None]:
        name = self.fresh("loop")
        self.go(name)
        self.body.label(name)
        self.body.do(f"br {goes_on()}, label %{name}.do, label %{name}.end")
        self.body.label(f"{name}.do")
        self.ends.append(f"{name}.end")
        yield
        self.ends.pop()
        self.go(name)
        self.body.label(f"{name}.end")

    def turn(self, body: Sequence[ast.stmt]) -> None:
        if self.block(body):
            self.body.label(self.fresh("dead"))  # what follows is not reached

    def over(self, name: str, numbers: ast.expr, body: Sequence[ast.stmt]) -> None:
        """A loop over a range, whose counter is another than the variable; one over numbers known now, turn by turn."""
        place = self.places[name]
        if not (isinstance(numbers, ast.Call) and self.found(numbers.func) is range):
            for x in numbers_in(self.found, numbers):
                self.body.store(self.number(x), place)
                self.turn(body)
            return
        begin, end, step = self.range(numbers.args)
        counter = self.body.variable(begin)
        with self.loop(lambda: self.body.load(counter) < end if step > 0 else self.body.load(counter) > end):
            now = self.body.load(counter)
            self.body.store(now, place)
            self.body.store(now + step, counter)
            self.turn(body)

    def range(self, given: Sequence[ast.expr]) -> tuple[V, V, float]:
        ends = [self.expression(x) for x in given[:2]]
        step = ast.literal_eval(given[2]) if len(given) > 2 else 1
        return (*([self.number(0.0), *ends] if len(ends) == 1 else ends), float(step))  # type: ignore[return-value]  # one or two of them

    def truth(self, node: ast.expr) -> V:
        match node:
            case ast.Compare(left=x, ops=ops, comparators=others):
                xs = [self.expression(part) for part in (x, *others)]
                told = [_COMPARE[type(op)](a, b) for op, a, b in zip(ops, xs, xs[1:], strict=False)]
            case ast.BoolOp(values=parts):
                told = [self.truth(part) for part in parts]
                if isinstance(node.op, ast.Or):
                    return _joined(told, lambda a, b: a | b)
            case ast.UnaryOp(op=ast.Not(), operand=x):
                return self.truth(x) ^ True
            case _:
                return self.expression(node) != 0.0
        return _joined(told, lambda a, b: a & b)

    def expression(self, node: ast.expr) -> V:
        match node:
            case ast.Name(id=name) if name in self.places:
                return self.body.load(self.places[name])
            case ast.Subscript():
                return self.body.load(self.element(node))
            case ast.Constant() | ast.Name() | ast.Attribute():
                found = node.value if isinstance(node, ast.Constant) else self.found(node)
                if isinstance(found, int | float):
                    return self.number(found)
            case ast.UnaryOp(op=ast.USub(), operand=x):
                return -self.expression(x)
            case ast.BinOp(left=x, op=op, right=y) if type(op) in _ARITHMETIC:
                return _ARITHMETIC[type(op)](self.expression(x), self.expression(y))
            case ast.Compare() | ast.BoolOp() | ast.UnaryOp():
                return select(self.truth(node), 1.0, 0.0)
            case ast.IfExp(test=test, body=yes, orelse=no):
                place = self.body.variable(self.number(0.0))
                self.choice(test, lambda: self.keep(yes, place), lambda: self.keep(no, place))
                return self.body.load(place)
            case ast.Call(func=f, args=xs, keywords=[]):
                return self.call(self.found(f), [self.expression(x) for x in xs])
        raise Untranslatable(f"it holds {ast.unparse(node)!r}")

    def element(self, node: ast.Subscript) -> V:
        """Where an element of an array is."""
        index = self.expression(index_of(node))
        return self.body.at(self.arrays[ast.unparse(node.value)], self.body.op(f"fptosi {index} to i64", "i64"))

    def keep(self, value: ast.expr, place: V) -> bool:
        self.body.store(self.expression(value), place)
        return False

    def call(self, f: Any, xs: list[V]) -> V:
        f = f.forward if isinstance(f, Primitive) else f
        if f in INSTRUCTIONS:
            return intrinsic(INSTRUCTIONS[f], *xs)
        if f is float:
            return xs[0]
        if f.__module__ in ("math", ieee.__name__) and f.__name__ in LIBRARY:
            return self.body.call(f.__name__, xs)
        if isinstance(f, BuiltinFunctionType) and f.__module__ == "math" and f.__name__ in ("gamma", "lgamma"):
            return self.body.call(self.called(_total(f), len(xs)), xs)  # CPython's are its own
        return self.body.call(function(self.body.module, f, self.called), xs)

    def found(self, node: ast.expr) -> Any:
        return meaning(node, self.f, self.places)


@cache
def _total(f: Callable[[float], float]) -> Callable[[float], float]:
    """math.gamma or math.lgamma, as C's answer where these raise."""

    def total(x: float) -> float:
        try:
            return f(x)
        except OverflowError:
            return math.inf
        except ValueError:
            return math.inf if f is math.lgamma else math.copysign(math.inf, x) if x == 0.0 else math.nan

    return total


def _joined(told: Sequence[V], join: Callable[[V, V], V]) -> V:
    first, *others = told
    for x in others:
        first = join(first, x)
    return first


_ARITHMETIC: dict[type, Callable[[V, V], V]] = {
    ast.Add: lambda x, y: x + y, ast.Sub: lambda x, y: x - y, ast.Mult: lambda x, y: x * y,
    ast.Div: lambda x, y: x / y,
}  # fmt: skip
_COMPARE: dict[type, Callable[[V, V], V]] = {
    ast.Lt: lambda x, y: x < y, ast.Gt: lambda x, y: x > y, ast.LtE: lambda x, y: x <= y,
    ast.GtE: lambda x, y: x >= y, ast.Eq: lambda x, y: x == y, ast.NotEq: lambda x, y: x != y,
}  # fmt: skip
