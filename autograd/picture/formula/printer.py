"""A node's formula, and its local derivatives as formulas, both read from the table.

The idea: a partial read on Values is a small graph like any other, so one printer serves the forward formula and the
derivative rules. The printer stops at the values that have a name in the picture, and it tidies products: numbers come
first, equal factors become powers, `−z/y` reads as a quotient.
"""

import re
from collections.abc import Mapping
from contextvars import Context
from typing import Any

from autograd.core.columns import ATOM, POWER, SUM, Primitive
from autograd.core.primitives import dot_parts, where
from autograd.core.value import Value, apply
from autograd.picture.formula import typeset
from autograd.picture.formula.product import Product, as_base, constant, multiplied, plus
from autograd.picture.formula.typeset import (
    ELLIPSIS,
    Box,
    binary,
    fence,
    fraction,
    function,
    named,
    number,
    operator,
    row,
    scripts,
)

Names = Mapping[Value, Box]

DEEPEST = 12  # nested primitives printed before …
OPAQUE = object()  # a partial that cannot be read as a formula
TERMS = 4  # terms of a sum printed in full; a longer one has …


def formula(value: Value, names: Names, terms: int = TERMS, deepest: int = DEEPEST) -> Box:
    """The right-hand side of `value = …`, down to the values that have a name."""
    return _Printer(names, terms, deepest).application(row_of(value), value._arguments, 0)[0]


def rule(value: Value, position: int, names: Names, partials: Any = None, primes: bool = True) -> Product:
    """∂value/∂argument at one position, as a tidy product.

    With primes, a function whose derivative is itself a formula of several steps is written f′(x). One that has many x
    and a derivative of several steps is ∂f/∂x in either case.
    """
    partial = (partials or symbolic_partials(value))[position]
    printer = _Printer(names)
    primitive = row_of(value)
    if primes and partial is not OPAQUE and _is_primed(value, position):
        return Product().times(printer.prime(value))
    many = primitive.arity is None and primitive.level == ATOM
    if partial is OPAQUE or (many and _size(partial, value) > 2):
        return Product().times(typeset.derivative(function(primitive.name), printer.factor(value._arguments[position])))
    return printer.product(partial, 0)


def row_of(value: Value) -> Primitive:
    assert value._row is not None, "a leaf has no formula"
    return value._row


def symbolic_partials(value: Value, textbook: bool = True) -> Any:
    """The row's partials as textbooks write them, read on the Values themselves, whatever context the caller is in."""
    try:
        return Context().run(row_of(value).partials_at, value._arguments, value, textbook)
    except Exception:  # a rule of the user's own may be written for numbers only: it has a value here, but no formula
        return [OPAQUE] * len(value._arguments)


def in_other_rows(primitive: Primitive, arguments: Any) -> Any:
    """What the row is shown as, if that is not its own name."""
    return Context().run(primitive.shown, *arguments) if primitive.shown else None


def primed(value: Value) -> tuple[Box, Box] | None:
    """(f′(u), what that is) where `rule` writes a prime for the value's operation, else None."""
    position = next((k for k, argument in enumerate(value._arguments) if isinstance(argument, Value)), None)
    if position is None or not _is_primed(value, position):
        return None
    u = Value(1.0, "u")
    z = Context().run(apply, row_of(value), *[u if isinstance(a, Value) else a for a in value._arguments])
    printer = _Printer({u: typeset.name("u")})
    return printer.prime(z), printer.product(symbolic_partials(z)[position], 0).box()


def _is_primed(value: Value, position: int) -> bool:
    """A function of one Value whose derivative, as it is computed, takes more than one further step."""
    primitive = row_of(value)
    function_like = primitive.level == ATOM and re.fullmatch(r"\w+\(\{0\}.*\)", primitive.text) is not None
    if primitive.arity is None or not function_like or len(value.operands) != 1:
        return False
    partial = symbolic_partials(value, textbook=False)[position]
    return partial is not OPAQUE and _size(partial, value) > 1


def _size(partial: Any, z: Value) -> int:
    """How many rows the partial applies beyond its operands and z; 1 + x, −x and `defined` are no work to read."""
    seen: dict[Value, None] = {}
    stack, count = [partial], 0
    inputs = {id(a) for a in z._arguments} | {id(z)}
    while stack:
        v = stack.pop()
        if not isinstance(v, Value) or id(v) in inputs or v in seen or v._row is None:
            continue
        seen[v] = None
        arguments = v._arguments
        if (shown := in_other_rows(v._row, arguments)) is not None:
            stack.append(shown)
            continue
        constant_added = (
            v._row.infix in ("+", "-") and v._row.arity == 2 and not all(isinstance(a, Value) for a in arguments)
        )
        count += not ((v._row.infix == "-" and v._row.arity == 1) or constant_added)
        count += max(0, v._row.text.count("{0}") - 1)  # a row that is itself printed as a formula
        stack.extend(arguments)
    return count


class _Printer:
    def __init__(self, names: Names, terms: int = TERMS, deepest: int = DEEPEST) -> None:
        self.names = names
        self.terms = terms
        self.deepest = deepest

    def expression(self, x: Any, depth: int) -> tuple[Box, int]:
        """A number, a named value, or a formula; with its level."""
        if not isinstance(x, Value):
            return constant(x).boxes()
        if x in self.names:
            return self.names[x], SUM if typeset.is_composite(self.names[x]) else ATOM
        if x._row is None:
            return constant(x._data).boxes()
        if depth >= self.deepest:
            return ELLIPSIS, ATOM
        return self.application(x._row, x._arguments, depth + 1)

    def factor(self, x: Any) -> Box:
        """An expression that is fenced unless it is one symbol."""
        box, level = self.expression(x, 0)
        return box if level == ATOM else fence(box)

    def application(self, primitive: Primitive, arguments: Any, depth: int) -> tuple[Box, int]:
        if (shown := in_other_rows(primitive, arguments)) is not None:
            return self.expression(shown, depth)
        if primitive.arity is None:
            return _SUMS.get(primitive.name, _listed)(self, primitive, arguments, depth)
        if primitive.is_arithmetic:
            shape = _SHAPES.get(primitive.infix, _infix) if primitive.arity == 2 else _prefixed
            return shape(self, primitive, arguments, depth)
        if primitive is where:
            return _where(self, primitive, arguments, depth)
        return self.by_template(primitive, arguments, depth)

    def by_template(
        self, primitive: Primitive, arguments: Any, depth: int, part: slice = slice(None)
    ) -> tuple[Box, int]:
        """The row's own `text`, or a part of it, its operands fenced where the template does not bracket them."""
        operands: list[Box] = []
        for k, argument in enumerate(arguments):
            box, level = self.expression(argument, depth)
            bracketed = re.search(rf"[(\[|,] ?\{{{k}\}}[)\]|,]|\[\{{{k}\}} |[>≥=] \{{{k}\}}\]", primitive.text)
            loose = not bracketed and (level < ATOM if primitive.level == ATOM else level < primitive.level)
            operands.append(fence(box) if loose else box)
        pieces: list[Box] = []
        for piece in re.split(r"(\{\d+\})", primitive.text[part]):
            if re.fullmatch(r"\{\d+\}", piece):
                pieces.append(operands[int(piece[1:-1])])
                continue
            for text in re.split(r"( [+−] )", piece):
                if text in (" + ", " − ") and primitive.level == SUM:
                    pieces.append(binary(text.strip()))
                else:
                    pieces += [named(t) if t[0].isalpha() else operator(t) for t in re.findall(r"\w+|[^\w]+", text)]
        box = typeset.root(operands[0]) if primitive.text == "√({0})" else row(*pieces)
        latex = primitive.latex[part]
        return (typeset.template(box, latex, tuple(operands)) if latex else box), primitive.level

    def prime(self, value: Value) -> Box:
        """f′(x)"""
        name = function(row_of(value).text.split("(")[0])
        operand = next(self.expression(a, 0)[0] for a in value._arguments if isinstance(a, Value))
        return row(name, operator("′"), fence(operand))

    def product(self, x: Any, depth: int) -> Product:
        """An expression as a tidy product."""
        out = Product()
        if not isinstance(x, Value):
            return constant(0.0 if x is None else x)
        primitive = x._row
        if x in self.names or primitive is None or depth >= self.deepest:
            return out.times(*self.expression(x, depth))
        arguments = x._arguments
        if (shown := in_other_rows(primitive, arguments)) is not None:
            return self.product(shown, depth)
        sign = primitive.infix if primitive.is_arithmetic else ""
        if sign == "*":
            return self.product(arguments[0], depth + 1).by(self.product(arguments[1], depth + 1))
        if sign == "/":
            return self.product(arguments[0], depth + 1).by(self.product(arguments[1], depth + 1), -1.0)
        if sign == "-" and primitive.arity == 1:
            out = self.product(arguments[0], depth + 1)
            out.number = -out.number
            return out
        if sign == "+" and 0.0 in arguments[1:]:  # `x + 0.0` turns −0 into 0
            return self.product(arguments[0], depth + 1)
        if sign == "**" and not isinstance(arguments[1], Value):
            base, exponent = arguments
            return out.times(*self.expression(base, depth), exponent=exponent) if exponent else out
        return out.times(*self.expression(x, depth))


# What is written with a sign, and what that looks like on paper; sums and lists of any length.


def _infix(p: _Printer, primitive: Primitive, arguments: Any, depth: int) -> tuple[Box, int]:
    (left, x), (right, y) = p.expression(arguments[0], depth), p.expression(arguments[1], depth)
    left, right = fence(left) if x < primitive.level else left, fence(right) if y <= primitive.level else right
    return row(left, binary(primitive.infix), right), primitive.level


def _add(p: _Printer, primitive: Primitive, arguments: Any, depth: int) -> tuple[Box, int]:
    (left, _), (right, _) = p.expression(arguments[0], depth), p.expression(arguments[1], depth)
    return plus(left, right), primitive.level


def _sub(p: _Printer, primitive: Primitive, arguments: Any, depth: int) -> tuple[Box, int]:
    (left, _), (right, level) = p.expression(arguments[0], depth), p.expression(arguments[1], depth)
    if right[0] == "num" and right[1].startswith("−"):
        return row(left, binary("+"), number(right[1][1:])), primitive.level
    return row(left, binary("−"), fence(right) if level <= primitive.level else right), primitive.level


def _mul(p: _Printer, primitive: Primitive, arguments: Any, depth: int) -> tuple[Box, int]:
    x, y = arguments
    if x is y:
        return scripts(as_base(*p.expression(x, depth)), None, number("2")), POWER
    if not isinstance(y, Value) and isinstance(x, Value):
        x, y = y, x
    return multiplied([p.expression(x, depth), p.expression(y, depth)])


def _div(p: _Printer, primitive: Primitive, arguments: Any, depth: int) -> tuple[Box, int]:
    return fraction(p.expression(arguments[0], depth)[0], p.expression(arguments[1], depth)[0]), primitive.level


def _pow(p: _Printer, primitive: Primitive, arguments: Any, depth: int) -> tuple[Box, int]:
    base = as_base(*p.expression(arguments[0], depth))
    return scripts(base, None, p.expression(arguments[1], depth)[0]), primitive.level


_SHAPES = {"+": _add, "-": _sub, "*": _mul, "/": _div, "**": _pow}


def _prefixed(p: _Printer, primitive: Primitive, arguments: Any, depth: int) -> tuple[Box, int]:
    box, level = p.expression(arguments[0], depth)
    sign = operator(primitive.infix.replace("-", "−"))
    return row(sign, fence(box) if level <= primitive.level else box), primitive.level


def _listed(p: _Printer, primitive: Primitive, arguments: Any, depth: int) -> tuple[Box, int]:
    parts = [ELLIPSIS if a is _GAP else p.expression(a, depth)[0] for a in _elided(arguments, p.terms)]
    return row(function(primitive.name), fence(typeset.joined(parts, operator(", ")))), ATOM


def _where(p: _Printer, primitive: Primitive, arguments: Any, depth: int) -> tuple[Box, int]:
    """(a if x > 0 else b): a condition that is a bracket [x > 0] goes without it."""
    condition, yes, no = arguments
    made_by = condition._row if isinstance(condition, Value) and condition not in p.names else None
    if made_by is not None and re.fullmatch(r"\[[^\[]*\]", made_by.text):
        shown = p.by_template(made_by, condition._arguments, depth, slice(1, -1))[0]
    else:
        shown = row(p.factor(condition), binary("≠"), number("0"))
    return typeset.cases(p.product(yes, depth).box(), shown, p.product(no, depth).box()), ATOM


def _sum(p: _Printer, primitive: Primitive, arguments: Any, depth: int) -> tuple[Box, int]:
    return _plus([p.expression(a, depth) if a is not _GAP else (ELLIPSIS, ATOM) for a in _elided(arguments, p.terms)])


def _dot(p: _Printer, primitive: Primitive, arguments: Any, depth: int) -> tuple[Box, int]:
    ws, bias, xs = dot_parts(arguments)
    terms = [
        (ELLIPSIS, ATOM) if pair is _GAP else multiplied([p.expression(pair[0], depth), p.expression(pair[1], depth)])
        for pair in _elided(list(zip(ws, xs, strict=True)), p.terms)
    ]
    return _plus(terms + ([p.expression(bias, depth)] if isinstance(bias, Value) or bias else []))


_SUMS = {"sum": _sum, "dot": _dot}

_GAP: Any = object()


def _elided(terms: Any, most: int) -> list[Any]:
    return list(terms) if len(terms) <= most else [*terms[: max(most - 2, 1)], _GAP, *terms[len(terms) - (most > 1) :]]


def _plus(terms: list[tuple[Box, int]]) -> tuple[Box, int]:
    if len(terms) == 1:
        return terms[0]
    return typeset.joined([box for box, _ in terms], binary("+")) if terms else number("0"), SUM
