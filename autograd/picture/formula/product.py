"""Products as one writes them: the number first, equal factors as powers, divisors below the line."""

from __future__ import annotations

import math

from autograd.core.columns import ATOM, POWER, PRODUCT, SUM
from autograd.picture.formula.typeset import (
    DOT,
    Box,
    binary,
    fence,
    fraction,
    function,
    number,
    number_box,
    operator,
    root,
    row,
    scripts,
)


class Product:
    """number · factors / divisors, each factor a box with its binding level and its exponent."""

    def __init__(self) -> None:
        self.number = 1.0
        self.factors: dict[Box, float] = {}
        self.levels: dict[Box, int] = {}

    def times(self, box: Box, level: int = ATOM, exponent: float = 1.0) -> Product:
        self.factors[box] = self.factors.get(box, 0.0) + exponent
        self.levels[box] = level
        return self

    def by(self, other: Product, exponent: float = 1.0) -> Product:
        if other.number or exponent > 0:
            self.number *= other.number**exponent
        for box, power in other.factors.items():
            self.times(box, other.levels[box], power * exponent)
        return self

    def boxes(self) -> tuple[Box, int]:
        """The product as a box, with its level."""
        plain = not any(self.factors.values()) and abs(self.number) not in _FRACTIONS
        if self.number == 0.0 or self.number != self.number or plain:
            return number_box(self.number), ATOM if self.number >= 0 else SUM
        above = [self._power(b, e) for b, e in self.factors.items() if e > 0]
        below = [self._power(b, -e) for b, e in self.factors.items() if e < 0]
        size, sign = abs(self.number), self.number < 0
        quotient = below or size in _FRACTIONS or any(box in self.factors for box in _NAMED.values())
        if quotient and size != 1.0 and size < 1.0 and (1.0 / size).is_integer():
            below.insert(0, (number_box(1.0 / size), ATOM))
            size = 1.0
        if size != 1.0 or not above:
            above.insert(0, (number_box(size), ATOM))
        box, level = multiplied(above)
        if below:
            box, level = fraction(box, multiplied(below)[0]), PRODUCT
        return (row(operator("−"), fence(box) if level == SUM else box), SUM) if sign else (box, level)

    def box(self) -> Box:
        return self.boxes()[0]

    def _power(self, box: Box, exponent: float) -> tuple[Box, int]:
        level = self.levels[box]
        if exponent == 1.0:
            return box, level
        return scripts(as_base(box, level), None, number_box(exponent)), POWER


# Numbers that a formula calls by name: small multiples and quotients of these, exactly as floats come out, as
# number · name^exponent.
_NAMED = {
    math.pi: function("π"), math.e: function("e"), math.log(2.0): row(function("log"), fence(number("2"))),
    **{math.sqrt(k): root(number(str(k))) for k in (2, 3, 5)},
    math.sqrt(math.pi): root(function("π")), math.sqrt(2 * math.pi): root(row(number("2"), function("π"))),
}  # fmt: skip
_CONSTANTS: dict[float, tuple[float, Box, float]] = {}
for _k in (8.0, 6.0, 4.0, 3.0, 2.0, 1.0):
    for _x, _box in _NAMED.items():
        _CONSTANTS |= {_k / _x: (_k, _box, -1.0), _x / _k: (1.0 / _k, _box, 1.0), _k * _x: (_k, _box, 1.0)}
_FRACTIONS = {1.0 / k for k in (3.0, 6.0, 7.0, 9.0)}


def constant(x: float) -> Product:
    """A number in a formula, π by its name."""
    out = Product()
    size, name, exponent = _CONSTANTS.get(abs(x), (abs(x), None, 0.0))
    out.number = math.copysign(size, x)
    return out if name is None else out.times(name, ATOM, exponent)


def added(products: list[Product]) -> Box:
    """Products added, like terms together: s + s is 2s, 1 + 1 is 2."""
    terms: dict[frozenset[tuple[Box, float]], Product] = {}
    for product in products:
        like = terms.setdefault(frozenset(product.factors.items()), product)
        if like is not product:
            like.number += product.number
    kept = [product for product in terms.values() if product.number != 0.0] or [*terms.values()][:1]
    box = kept[0].box()
    for product in kept[1:]:
        box = plus(box, product.box())
    return box


def plus(left: Box, right: Box) -> Box:
    """left + right, or left − … where the right one starts with a minus sign."""
    positive = _without_minus(right)
    return row(left, binary("+"), right) if positive is None else row(left, binary("−"), positive)


def _without_minus(box: Box) -> Box | None:
    """The box without the minus sign that it starts with, None if it starts with none."""
    if box[0] == "num" and box[1].startswith("−"):
        return number(box[1][1:])
    if box[0] != "row":
        return None
    if box[1] == operator("−"):
        return row(*box[2:])
    first = _without_minus(box[1])
    return None if first is None else row(first, *box[2:])


def multiplied(factors: list[tuple[Box, int]]) -> tuple[Box, int]:
    if len(factors) == 1:
        return factors[0]
    out: list[Box] = []
    for box, level in factors:
        leading = not out and box[0] == "num"
        shown = fence(box) if level < PRODUCT and not leading else box
        beside_number = len(out) == 1 and out[0][0] == "num" and _follows_number(shown)
        out += [shown] if not out or beside_number else [DOT, shown]
    return row(*out), SUM if factors[0][0][0] == "num" and factors[0][1] == SUM else PRODUCT


def as_base(box: Box, level: int) -> Box:
    """The base of a power: a name that carries a superscript is fenced, so that the exponent cannot join it."""
    inner = box[1] if box[0] == "ref" else box
    superscript = inner[0] == "scripts" and inner[3] is not None
    return fence(box) if level < ATOM or superscript or (box[0] == "num" and box[1].startswith("−")) else box


def _follows_number(box: Box) -> bool:
    """Does it read as a factor right after a number: 2x, 2π?"""
    return box[0] in ("id", "scripts", "fence", "root") or (box[0] == "fn" and len(box[1]) == 1)
