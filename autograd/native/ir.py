"""Machine code, written by operators: a `V` is a number in a register, and arithmetic on it emits LLVM's instructions.

The rules of the table are ordinary operators on whatever they are given. Given floats they compute, given Values they
record, given V they write: `x * y + 1` appends an `fmul` and an `fadd` to the function under construction, its `Body`.

A V is one double or `lanes` of them side by side, and the same text serves both: that one call, a batch of one and a
row of a batch agree to the bit is no more than this. Scalars among vectors are the same number in every lane. Nothing
is marked as fast-math, so that LLVM keeps each operation as it stands; a multiply and an add are one only where `fma`
says so.
"""

from __future__ import annotations

import operator
import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from autograd.native import cases

if TYPE_CHECKING:
    from autograd.native.body import Body

LANES = 8  # of a vector: 512 bits; where registers are smaller, LLVM takes several


def kind_of(lanes: int, kind: str = "double") -> str:
    """The name of a type: double, <8 x i64>, …"""
    return kind if lanes == 1 else f"<{lanes} x {kind}>"


def several(count: int, lanes: int) -> str:
    """The type of so many results of doubles: of one, its own."""
    return kind_of(lanes) if count == 1 else f"{{{', '.join([kind_of(lanes)] * count)}}}"


class V:
    """`lanes` numbers of a kind ("double", "i64", "i1" for what a comparison gives, "ptr") in the function `body`."""

    __slots__ = ("body", "kind", "lanes", "name", "tree")

    def __init__(self, body: Body, name: str, kind: str = "double", lanes: int = 1) -> None:
        self.body, self.name, self.kind, self.lanes = body, name, kind, lanes
        self.tree: Any = None  # what it was chosen from, if it was: see `cases`

    @property
    def type(self) -> str:
        return kind_of(self.lanes, self.kind)

    def __repr__(self) -> str:
        return f"{self.type} {self.name}"

    def _apply(self, row: Any, *operands: Any) -> Any:
        """A row of the table, called on V: see `rows`."""
        from autograd.native.rows import compute

        return compute(row, operands)

    def _arithmetic(self, name: str, other: Any, swapped: bool = False) -> Any:
        x, y = alike(*[select(z, 1.0, 0.0) if isinstance(z, V) and z.kind == "i1" else z for z in (self, other)])
        operation = name if x.kind == "i64" else f"f{name}"
        if swapped:
            x, y = y, x
        return self.body.op(f"{operation} {x.type} {x.name}, {y.name}", x.kind, x.lanes)

    def _compared(self, ordered: str, other: Any) -> V:
        if self.tree is not None and (other is self or not isinstance(other, V)) and cases.known(self.tree):
            compare = getattr(operator, ordered)
            truth = cases.mapped(lambda x: bool(compare(x, x if other is self else other)), self.tree)
            return _of_tree(self.body, truth, "i1", self.lanes)
        x, y = alike(self, other)
        if x.kind == "double":
            comparison = "fcmp " + ("une" if ordered == "ne" else f"o{ordered}")
        else:
            comparison = "icmp " + (ordered if ordered in ("eq", "ne") else f"s{ordered}")
        return self.body.op(f"{comparison} {x.type} {x.name}, {y.name}", "i1", x.lanes)

    def __add__(self, other: Any) -> Any:
        return self._arithmetic("add", other)

    def __radd__(self, other: Any) -> Any:
        return self._arithmetic("add", other, True)

    def __sub__(self, other: Any) -> Any:
        return self._arithmetic("sub", other)

    def __rsub__(self, other: Any) -> Any:
        return self._arithmetic("sub", other, True)

    def __mul__(self, other: Any) -> Any:
        return _times(self, other)

    def __rmul__(self, other: Any) -> Any:
        return _times(self, other)  # a·b is b·a to the bit

    def __truediv__(self, other: Any) -> Any:
        return self._arithmetic("div", other)

    def __rtruediv__(self, other: Any) -> Any:
        return self._arithmetic("div", other, True)

    def __pow__(self, other: Any) -> Any:
        from autograd.core.primitives import pow_

        return self._apply(pow_, self, other)

    def __rpow__(self, other: Any) -> Any:
        from autograd.core.primitives import pow_

        return self._apply(pow_, other, self)

    def __neg__(self) -> Any:
        return self.body.op(f"fneg {self.type} {self.name}", self.kind, self.lanes)

    def __pos__(self) -> V:
        return self

    def __abs__(self) -> Any:
        return intrinsic("fabs", self)

    def __lt__(self, other: Any) -> V:
        return self._compared("lt", other)

    def __le__(self, other: Any) -> V:
        return self._compared("le", other)

    def __gt__(self, other: Any) -> V:
        return self._compared("gt", other)

    def __ge__(self, other: Any) -> V:
        return self._compared("ge", other)

    def __eq__(self, other: Any) -> Any:
        return self._compared("eq", other)

    def __ne__(self, other: Any) -> Any:
        return self._compared("ne", other)

    def _bitwise(self, operation: str, other: Any) -> V:
        x, y = alike(self, other)
        return self.body.op(f"{operation} {x.type} {x.name}, {y.name}", x.kind, x.lanes)

    def __and__(self, other: Any) -> V:
        return self._bitwise("and", other)

    def __or__(self, other: Any) -> V:
        return self._bitwise("or", other)

    def __xor__(self, other: Any) -> V:
        return self._bitwise("xor", other)

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __lshift__(self, other: Any) -> V:
        return self._bitwise("shl", other)

    def __rshift__(self, other: Any) -> V:
        return self._bitwise("ashr", other)

    def __bool__(self) -> bool:
        return self.tree if isinstance(self.tree, bool) else self.body.module.decide(self)


def constant(body: Body, x: Any, kind: str = "double", lanes: int = 1) -> V:
    """A number of this kind, in all lanes."""
    if kind == "double":
        text = f"0x{bits_of(x):016X}"
    else:
        text = str(int(x))
    return V(body, text if lanes == 1 else f"splat ({kind} {text})", kind, lanes)


def alike(*xs: Any) -> list[V]:
    """Numbers and V as V of one kind, and of as many lanes as any of them has."""
    first = next(x for x in xs if isinstance(x, V))
    lanes = max([x.lanes for x in xs if isinstance(x, V)])
    return [x.body.spread(x, lanes) if isinstance(x, V) else constant(first.body, x, first.kind, lanes) for x in xs]


def in_any_lane(condition: V) -> V:
    body, lanes = condition.body, condition.lanes
    if lanes == 1:
        return condition
    return body.op(f"icmp ne i{lanes} {body.op(f'bitcast {condition} to i{lanes}', f'i{lanes}').name}, 0", "i1")


def select(condition: Any, x: Any, y: Any) -> Any:
    """x where the condition holds, y elsewhere."""
    if not isinstance(condition, V):
        return x if condition else y
    body = condition.body
    kind = next((z.kind for z in (x, y) if isinstance(z, V)), "double")
    lanes = max([condition.lanes, *[z.lanes for z in (x, y) if isinstance(z, V)]])
    test = (condition, True, False) if condition.tree is None else condition.tree
    trees = [z.tree if isinstance(z, V) and z.tree is not None else z for z in (x, y)]
    tree = cases.chosen(test, *trees)
    if cases.size(tree) < cases.size(test) + sum(map(cases.size, trees)):
        return _of_tree(body, tree, kind, lanes)
    z = _chosen(condition, x, y, kind, lanes)
    z.tree = tree if cases.size(tree) <= cases.MOST else None
    return z


def _chosen(condition: V, x: Any, y: Any, kind: str, lanes: int) -> V:
    body = condition.body
    x, y = [body.spread(z, lanes) if isinstance(z, V) else constant(body, z, kind, lanes) for z in (x, y)]
    condition = body.spread(condition, lanes)
    return body.op(f"select {condition.type} {condition.name}, {x.type} {x.name}, {y.type} {y.name}", kind, lanes)


def _of_tree(body: Body, tree: Any, kind: str, lanes: int) -> V:
    """The number that a tree chooses."""
    if isinstance(tree, V):
        return body.spread(tree, lanes)
    if isinstance(tree, tuple):
        test, yes, no = tree
        z = _chosen(test, _of_tree(body, yes, kind, lanes), _of_tree(body, no, kind, lanes), kind, lanes)
    else:
        z = constant(body, tree, kind, lanes)
    z.tree = tree if cases.size(tree) <= cases.MOST else None
    return z


def _times(x: V, y: Any) -> V:
    """x·y. Where one of them is chosen from numbers, a mask, it is chosen too: 1·y is y, and y times nan is nan."""
    for mask, other in ((x, y), (y, x)) if isinstance(y, V) and y.kind == x.kind == "double" else ():
        if isinstance(mask.tree, tuple) and cases.known(mask.tree):
            times = lambda a, other=other: other if a == 1.0 else a if a != a else other._arithmetic("mul", a)
            return _of_tree(x.body, cases.mapped(times, mask.tree), x.kind, max(x.lanes, y.lanes))
    return x._arithmetic("mul", y)


def intrinsic(name: str, *xs: Any) -> V:
    """One of LLVM's own functions: fma, sqrt, fabs, copysign, floor, …"""
    operands = alike(*xs)
    body, lanes = operands[0].body, operands[0].lanes
    suffix = "f64" if lanes == 1 else f"v{lanes}f64"
    return body.call(f"llvm.{name}.{suffix}", operands, "double", lanes)


def fma(x: Any, y: Any, z: Any) -> V:
    """x·y + z, rounded once."""
    return intrinsic("fma", x, y, z)


def bits_of(x: float) -> int:
    """The 64 bits of a double that is known here."""
    return int(struct.unpack("<Q", struct.pack("<d", x))[0])


def bits(x: V) -> V:
    """The 64 bits of a double, as an integer."""
    return x.body.op(f"bitcast {x.type} {x.name} to {kind_of(x.lanes, 'i64')}", "i64", x.lanes)


def from_bits(x: V) -> V:
    """The double of 64 bits."""
    return x.body.op(f"bitcast {x.type} {x.name} to {kind_of(x.lanes)}", "double", x.lanes)


def looked_up(numbers: Sequence[Any], index: V) -> V:
    """numbers[index] in each lane: a permutation where the processor has one for vectors of so many."""
    body, lanes, kind = index.body, index.lanes, "double" if isinstance(numbers[0], float) else "i64"
    entries = ", ".join([repr(constant(body, x, kind)) for x in numbers])
    table = V(body, f"<{entries}>", kind, len(numbers))
    if lanes == 1:
        return body.lane(table, index)
    z = V(body, "poison", kind, lanes)
    for k in range(lanes):
        z = body.with_lane(z, k, body.lane(table, body.lane(index, k)))
    return z
