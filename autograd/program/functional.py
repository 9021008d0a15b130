"""A function in JAX, which has no statements: every variable is set once, a choice computes both sides, a loop is
`lax.while_loop`.

So a side that is not chosen must end, too. What loops, or calls what does, takes a truth more, `on`: whether its result
is asked for. No loop goes on where it is not.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from functools import partial
from types import FunctionType
from typing import Any

from autograd.program.reading import Untranslatable, assigned, index_of, is_range, numbers_in, parts, tree, zeros
from autograd.program.spelling import Language
from autograd.program.translation import CALL, CHOICE, Translation

EACH = '''\
def each(f):
    """f of numbers, at every place of arrays."""
    return jnp.vectorize(lambda *xs: f(True, *xs))'''


class Functional(Translation):
    def __init__(
        self,
        language: Language,
        f: FunctionType,
        name_of: Callable[[Callable[..., Any]], str],
        loops: Callable[[Callable[..., Any]], bool],
    ) -> None:
        super().__init__(language, f, name_of)
        self.loops = loops
        self.on = ["on"] if loops(f) else []  # the conditions of this place
        self.written = {*self.arguments, "on", "s"}  # all names so far

    def text(self, name: str) -> str:
        lines: list[str] = []
        (result,) = self.results(self.body, lines, None)
        body = [f"    {line}" for line in (*lines, f"return {result}")]
        return "\n".join([self.language.head(name, [*self.on, *self.arguments]), *body])

    # Statements

    def results(
        self, statements: Sequence[ast.stmt], lines: list[str], carried: tuple[list[str], ast.expr] | None
    ) -> list[str]:
        """What statements return, as expressions; what they set goes to `lines`. In a loop, whether it goes on and the
        variables that it carries."""
        for i, node in enumerate(statements):
            rest = statements[i + 1 :]
            match node:
                case ast.Return(value=ast.expr() as value) if carried is None:
                    return [self.expression(value)]
                case ast.Break() if carried is not None:
                    return ["False", *map(self.now, carried[0])]
                case ast.Try(body=inner):
                    return self.results([*inner, *rest], lines, carried)
                case ast.For(target=ast.Name(id=name), iter=numbers, body=body, orelse=[]):
                    return self.results([*self.turns(name, numbers, body), *rest], lines, carried)
                case ast.If(test=test, body=yes, orelse=no) if any(map(_leaves, (*yes, *no))):
                    condition = self.set("c", self.expression(test), lines)
                    first, second = self.sides(
                        condition,
                        partial(self.results, [*yes, *rest], lines, carried),
                        partial(self.results, [*no, *rest], lines, carried),
                    )
                    return [x if x == y else self.chosen(condition, x, y) for x, y in zip(first, second, strict=True)]
                case _:
                    self.statement(node, lines)
        if carried is None:
            raise Untranslatable("one side of an if returns nothing")
        return [self.expression(carried[1]), *map(self.now, carried[0])]

    def sides(self, condition: str, yes: Callable[[], Any], no: Callable[[], Any]) -> list[Any]:
        """What both sides of a choice give, each from the variables as they are now."""
        before, known, on, found = self.newest, self.known, self.on, []
        for side, holds in ((yes, condition), (no, self.language.logic["not"].format(condition))):
            self.newest, self.known = dict(before), set(known)
            self.on = [*on, holds] if on else []
            found.append(side())
        self.newest, self.known, self.on = before, known, on
        return found

    def chosen(self, condition: str, x: str, y: str) -> str:
        return self.language.choose.format(condition, x, y)

    def statement(self, node: ast.stmt, lines: list[str]) -> None:
        match node:
            case ast.Expr(value=ast.Constant()):
                pass
            case ast.If(test=test, body=yes, orelse=no):
                condition = self.set("c", self.expression(test), lines)
                first, second = self.sides(
                    condition, lambda: self.variables(yes, lines), lambda: self.variables(no, lines)
                )
                for name in sorted({x for part in (*yes, *no) for x in assigned(part)}):
                    x, y = first.get(name), second.get(name)
                    self.declared(name, self.chosen(condition, x, y) if x and y else x or y, lines)
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if zeros(value):
                self.declared(name, self.language.zeros.format("", zeros(value)), lines)
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self.declared(name, self.expression(value), lines)
            case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name)) as element], value=value):
                where = self.language.element.format(f"{self.now(name)}.at", self.expression(index_of(element)))
                self.declared(name, f"{where}.set({self.expression(value)})", lines)
            case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
                self.declared(name, self.expression(ast.BinOp(ast.Name(name), op, value)), lines)
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=value):
                texts = [self.expression(v) for v in parts(value)]
                for target, text in zip(targets, texts, strict=True):
                    self.declared(ast.unparse(target), text, lines)
            case ast.While(test=test, body=body, orelse=[]):
                self.loop(test, body, lines)
            case _:
                raise Untranslatable(f"it holds the statement {ast.unparse(node).splitlines()[0]!r}")

    def variables(self, statements: Sequence[ast.stmt], lines: list[str]) -> dict[str, str]:
        """What each variable is called after them."""
        for node in statements:
            match node:
                case ast.For(target=ast.Name(id=name), iter=numbers, body=body, orelse=[]):
                    self.variables(self.turns(name, numbers, body), lines)
                case _:
                    self.statement(node, lines)
        return {name: self.now(name) for name in self.known}

    def turns(self, name: str, numbers: ast.expr, body: Sequence[ast.stmt]) -> list[ast.stmt]:
        """A `for` over a range as a `while`; over known numbers, turn by turn."""
        target = ast.Name(name, ast.Store())
        if isinstance(numbers, ast.Call) and is_range(numbers) and len(numbers.args) == 1:
            test = ast.Compare(ast.Name(name), [ast.Lt()], numbers.args)
            turn = [*body, ast.AugAssign(target, ast.Add(), ast.Constant(1.0))]
            return [ast.Assign([target], ast.Constant(0.0)), ast.While(test, turn, [])]
        each = numbers_in(self.found, numbers)
        return [part for x in each for part in (ast.Assign([target], ast.Constant(float(x))), *body)]

    def loop(self, test: ast.expr, body: Sequence[ast.stmt], lines: list[str]) -> None:
        """It carries what it sets and was there before; what else it sets is gone with each turn."""
        names = sorted({x for part in body for x in assigned(part)} & self.known)
        begins = " & ".join([*self.on, f"({self.expression(test)})"])
        initial = ", ".join([begins, *map(self.now, names)])
        outer, known, on, inner = dict(self.newest), set(self.known), self.on, list[str]()
        turn, inside = self.new("turn"), [self.new(name) for name in ("go", *names)]
        self.newest |= dict(zip(names, inside[1:], strict=True))
        self.on = inside[:1]
        results = self.results(body, inner, (names, test))
        self.newest, self.known, self.on = outer, known, on
        lines += [
            f"def {turn}(s):",
            f"    {', '.join(inside)} = s",
            *[f"    {line}" for line in inner],
            f"    return {', '.join(results)}",
        ]
        after = [self.new(name) for name in ("done", *names)]
        self.newest |= dict(zip(names, after[1:], strict=True))
        lines.append(f"{', '.join(after)} = jax.lax.while_loop(lambda s: s[0], {turn}, ({initial}))")

    # Names

    def now(self, name: str) -> str:
        return self.newest.get(name, name)

    def new(self, wanted: str) -> str:
        name, count = wanted, 1
        while name in self.written:
            count += 1
            name = f"{wanted}_{count}"
        self.written.add(name)
        return name

    def set(self, wanted: str, text: str, lines: list[str]) -> str:
        """A name for a value, which keeps it."""
        if text.isidentifier():
            return text
        name = self.new(wanted)
        lines.append(f"{name} = {text}")
        return name

    def declared(self, name: str, text: str, lines: list[str]) -> None:
        new = self.new(name)
        lines.append(f"{new} = {self.array(text)}")
        self.known.add(name)
        self.newest[name] = new

    def array(self, text: str) -> str:
        """A literal as one of JAX's numbers: by a 0 of Python's nothing can be divided."""
        try:
            float(text)
        except ValueError:
            return text
        return f"jnp.float64({text})" if self.on else text

    # Expressions

    def spelled(self, node: ast.expr) -> tuple[str, int]:
        match node:
            case ast.IfExp(test=test, body=x, orelse=y) if self.on and self.calls_a_loop(node):
                condition = self.expression(test)
                bracketed = condition if condition.isidentifier() else f"({condition})"
                first, second = self.sides(bracketed, lambda: self.expression(x), lambda: self.expression(y))
                return self.chosen(condition, first, second), CHOICE
        return super().spelled(node)

    def calls_a_loop(self, node: ast.expr) -> bool:
        calls = [n for n in ast.walk(node) if isinstance(n, ast.Call)]
        return any([self.loops(self.found(call.func)) for call in calls])

    def called(self, f: Any, xs: Sequence[ast.expr]) -> tuple[str, int]:
        if not self.loops(f):
            return super().called(f, xs)
        given = [self.array(self.expression(x)) for x in xs]
        return f"{self.name_of(f)}({', '.join([' & '.join(self.on), *given])})", CALL


def _leaves(node: ast.AST) -> bool:
    """Does it return, or break the loop around it?"""
    if isinstance(node, ast.Return | ast.Break):
        return True
    if isinstance(node, ast.While | ast.For):
        return any([isinstance(n, ast.Return) for n in ast.walk(node)])
    return any([_leaves(child) for child in ast.iter_child_nodes(node)])


def holds_loop(f: FunctionType) -> bool:
    """Is there a loop in its text, other than one over known numbers?"""
    return any([isinstance(n, ast.While) or (isinstance(n, ast.For) and is_range(n.iter)) for n in ast.walk(tree(f))])
