"""Products as one writes them: the number first, equal factors as powers, divisors below the line."""

from autograd.picture.formula.typeset import DOT, Box, fence, fraction, number_box, operator, row, scripts

SUM, PRODUCT, POWER, ATOM = 1, 2, 3, 4  # how tightly a formula binds: the table's `level`


class Product:
    """number · factors / divisors, each factor a box with its binding level and its exponent."""

    def __init__(self) -> None:
        self.number = 1.0
        self.factors: dict[Box, float] = {}
        self.levels: dict[Box, int] = {}

    def times(self, box: Box, level: int = ATOM, exponent: float = 1.0) -> "Product":
        self.factors[box] = self.factors.get(box, 0.0) + exponent
        self.levels[box] = level
        return self

    def by(self, other: "Product", exponent: float = 1.0) -> "Product":
        if other.number or exponent > 0:
            self.number *= other.number**exponent
        for box, power in other.factors.items():
            self.times(box, other.levels[box], power * exponent)
        return self

    def boxes(self) -> tuple[Box, int]:
        """The product as a box, with its level."""
        if self.number == 0.0 or self.number != self.number or not any(self.factors.values()):
            return number_box(self.number), ATOM if self.number >= 0 else SUM
        above = [self._power(b, e) for b, e in self.factors.items() if e > 0]
        below = [self._power(b, -e) for b, e in self.factors.items() if e < 0]
        size, sign = abs(self.number), self.number < 0
        if below and size != 1.0 and size < 1.0 and (1.0 / size).is_integer():
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


def multiplied(factors: list[tuple[Box, int]]) -> tuple[Box, int]:
    if len(factors) == 1:
        return factors[0]
    out: list[Box] = []
    for box, level in factors:
        leading = not out and box[0] == "num"
        shown = fence(box) if level < PRODUCT and not leading else box
        beside_number = len(out) == 1 and out[0][0] == "num" and shown[0] in ("id", "scripts", "fence", "root")
        out += [shown] if not out or beside_number else [DOT, shown]
    return row(*out), SUM if factors[0][0][0] == "num" and factors[0][1] == SUM else PRODUCT


def as_base(box: Box, level: int) -> Box:
    """The base of a power: a name that carries a superscript is fenced, so that the exponent cannot join it."""
    inner = box[1] if box[0] == "ref" else box
    superscript = inner[0] == "scripts" and inner[3] is not None
    return fence(box) if level < ATOM or superscript or (box[0] == "num" and box[1].startswith("−")) else box
