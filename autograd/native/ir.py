"""Machine code, written by operators: a `V` is a number in a register, and arithmetic on it emits LLVM's instructions.

The rules of the table are ordinary operators on whatever they are given. Given floats they compute, given Values they
record, given V they write: `x * y + 1` appends an `fmul` and an `fadd` to the function under construction, its `Body`.

A V is one double or `lanes` of them side by side, and the same text serves both: that one call, a batch of one and a
row of a batch agree to the bit is no more than this. Scalars among vectors are the same number in every lane. Nothing
is marked as fast-math, so that LLVM keeps each operation as it stands; a multiply and an add are one only where `fma`
says so.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

MOST_PATHS = 64  # through the code of a rule, and choices on one of them: more come of a loop
LANES = 8  # of a vector: 512 bits; where registers are smaller, LLVM takes several


def kind_of(lanes: int, kind: str = "double") -> str:
    """The name of a type: double, <8 x i64>, …"""
    return kind if lanes == 1 else f"<{lanes} x {kind}>"


class V:
    """`lanes` numbers of a kind ("double", "i64", "i1" for what a comparison gives, "ptr") in the function `body`."""

    __slots__ = ("body", "kind", "lanes", "name")

    def __init__(self, body: Body, name: str, kind: str = "double", lanes: int = 1) -> None:
        self.body, self.name, self.kind, self.lanes = body, name, kind, lanes

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
        return self._arithmetic("mul", other)

    def __rmul__(self, other: Any) -> Any:
        return self._arithmetic("mul", other, True)

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

    def __lshift__(self, other: Any) -> V:
        return self._bitwise("shl", other)

    def __rshift__(self, other: Any) -> V:
        return self._bitwise("ashr", other)

    def __bool__(self) -> bool:
        return self.body.module.decide(self)


def constant(body: Body, x: Any, kind: str = "double", lanes: int = 1) -> V:
    """A number of this kind, in all lanes."""
    if kind == "double":
        text = f"0x{struct.unpack('<Q', struct.pack('<d', x))[0]:016X}"
    else:
        text = str(int(x))
    return V(body, text if lanes == 1 else f"splat ({kind} {text})", kind, lanes)


def alike(*xs: Any) -> list[V]:
    """Numbers and V as V of one kind, and of as many lanes as any of them has."""
    first = next(x for x in xs if isinstance(x, V))
    lanes = max([x.lanes for x in xs if isinstance(x, V)])
    return [x.body.spread(x, lanes) if isinstance(x, V) else constant(first.body, x, first.kind, lanes) for x in xs]


def select(condition: Any, x: Any, y: Any) -> Any:
    """x where the condition holds, y elsewhere."""
    if not isinstance(condition, V):
        return x if condition else y
    body = condition.body
    kind = next((z.kind for z in (x, y) if isinstance(z, V)), "double")
    lanes = max([condition.lanes, *[z.lanes for z in (x, y) if isinstance(z, V)]])
    x, y = [body.spread(z, lanes) if isinstance(z, V) else constant(body, z, kind, lanes) for z in (x, y)]
    condition = body.spread(condition, lanes)
    return body.op(f"select {condition.type} {condition.name}, {x.type} {x.name}, {y.type} {y.name}", kind, lanes)


def intrinsic(name: str, *xs: Any) -> V:
    """One of LLVM's own functions: fma, sqrt, fabs, copysign, floor, …"""
    operands = alike(*xs)
    body, lanes = operands[0].body, operands[0].lanes
    suffix = "f64" if lanes == 1 else f"v{lanes}f64"
    return body.call(f"llvm.{name}.{suffix}", operands, "double", lanes)


def fma(x: Any, y: Any, z: Any) -> V:
    """x·y + z, rounded once."""
    return intrinsic("fma", x, y, z)


def bits(x: V) -> V:
    """The 64 bits of a double, as an integer."""
    return x.body.op(f"bitcast {x.type} {x.name} to {kind_of(x.lanes, 'i64')}", "i64", x.lanes)


def from_bits(x: V) -> V:
    """The double of 64 bits."""
    return x.body.op(f"bitcast {x.type} {x.name} to {kind_of(x.lanes)}", "double", x.lanes)


class Body:
    """A function under construction. Variables live on the stack until LLVM lifts them into registers."""

    def __init__(self, module: Module, name: str, arguments: Sequence[tuple[str, str]], gives: str = "void") -> None:
        """arguments: (type, name) of each."""
        self.module, self.name, self.gives = module, name, gives
        self.arguments = list(arguments)
        self._first: list[str] = []  # variables
        self._lines: list[str] = []
        self._count = 0

    def argument(self, name: str) -> V:
        return V(self, f"%{name}", next(kind for kind, given in self.arguments if given == name))

    def op(self, text: str, kind: str = "double", lanes: int = 1) -> V:
        """The result of an instruction."""
        self._count += 1
        name = f"%v{self._count}"
        self._lines.append(f"  {name} = {text}")
        return V(self, name, kind, lanes)

    def do(self, text: str) -> None:
        self._lines.append(f"  {text}")

    def integer(self, x: int) -> V:
        return constant(self, x, "i64")

    def spread(self, x: V, lanes: int) -> V:
        """x in so many lanes."""
        if x.lanes == lanes:
            return x
        if x.name[0] != "%":  # a constant
            return V(self, f"splat ({x.type} {x.name})", x.kind, lanes)
        vector = kind_of(lanes, x.kind)
        one = self.op(f"insertelement {vector} poison, {x}, i64 0", x.kind, lanes)
        zeros = f"<{lanes} x i32> zeroinitializer"
        return self.op(f"shufflevector {one}, {vector} poison, {zeros}", x.kind, lanes)

    def lane(self, x: V, index: int | V) -> V:
        return self.op(f"extractelement {x}, i64 {getattr(index, 'name', index)}", x.kind)

    def with_lane(self, x: V, index: int | V, number: V) -> V:
        return self.op(f"insertelement {x}, {number}, i64 {getattr(index, 'name', index)}", x.kind, x.lanes)

    def poison(self, lanes: int) -> V:
        return V(self, "poison", "double", lanes)

    def at(self, array: V, index: Any, kind: str = "double") -> V:
        """Where the element of an array is."""
        return self.op(f"getelementptr {kind}, {array}, i64 {getattr(index, 'name', index)}", "ptr")

    def load(self, place: V, lanes: int = 1, kind: str = "double") -> V:
        return self.op(f"load {kind_of(lanes, kind)}, {place}, align {4 if kind == 'i32' else 8}", kind, lanes)

    def store(self, x: V, place: V) -> None:
        self.do(f"store {x}, {place}, align 8")

    def call(self, name: str, operands: Sequence[V], kind: str = "double", lanes: int = 1) -> V:
        """Call a function that is defined here, LLVM's own, or of another library."""
        self.module.needs(name, kind_of(lanes, kind), [x.type for x in operands])
        return self.op(f"call {kind_of(lanes, kind)} @{name}({', '.join(map(repr, operands))})", kind, lanes)

    def variable(self, start: V, lanes: int | None = None) -> V:
        """A place that holds a number which changes, `start` for now."""
        self._count += 1
        place = V(self, f"%p{self._count}", "ptr")
        self._first.append(f"  {place.name} = alloca {kind_of(lanes or start.lanes, start.kind)}")
        self.store(self.spread(start, lanes or start.lanes), place)
        return place

    def array(self, count: int) -> V:
        """Doubles on the stack."""
        self._count += 1
        self._first.append(f"  %p{self._count} = alloca [{count} x double], align 64")
        return V(self, f"%p{self._count}", "ptr")

    def label(self, name: str) -> None:
        self._lines.append(f"{name}:")

    @contextmanager
    def loop(self, begin: Any, end: Any, step: int = 1) -> Iterator[V]:
        """for i in range(begin, end, step)"""
        begin, end = [x if isinstance(x, V) else self.integer(x) for x in (begin, end)]
        place = self.variable(begin)
        self._count += 1
        name = f"loop{self._count}"
        self.do(f"br label %{name}")
        self.label(name)
        i = self.load(place, kind="i64")
        self.do(f"br {i < end}, label %{name}.do, label %{name}.end")
        self.label(f"{name}.do")
        yield i
        self.store(i + step, place)
        self.do(f"br label %{name}")
        self.label(f"{name}.end")

    def strips(self, count: V, write: Callable[[V, int], None]) -> None:
        """write(i, lanes) for what is done to `count` numbers, LANES at a time, and then to those that are left."""
        whole = count & -LANES
        with self.loop(0, whole, LANES) as i:
            write(i, LANES)
        with self.loop(whole, count) as i:
            write(i, 1)

    def copy(self, start: V, to: V, count: V) -> None:
        """As many doubles from one place to another."""
        self.strips(count, lambda i, lanes: self.store(self.load(self.at(start, i), lanes), self.at(to, i)))

    @contextmanager
    def when(self, condition: V) -> Iterator[None]:
        """if condition: …"""
        self._count += 1
        name = f"when{self._count}"
        self.do(f"br {condition}, label %{name}, label %{name}.end")
        self.label(name)
        yield
        self.do(f"br label %{name}.end")
        self.label(f"{name}.end")

    def give(self, x: V | None = None) -> None:
        self.do("ret void" if x is None else f"ret {x}")

    def text(self, linkage: str = "", attributes: str = "nounwind") -> str:
        arguments = ", ".join([f"{kind} %{name}" for kind, name in self.arguments])
        head = f"define {linkage} {self.gives} @{self.name}({arguments}) {attributes} {{"
        return "\n".join([head, *self._first, *self._lines, "}"])


PURE = "nounwind willreturn memory(none)"


class Memory:
    """What code needs for itself beside registers: how many doubles, and what is in them when it begins."""

    def __init__(self) -> None:
        self.size = 0
        self.known: list[tuple[int, Sequence[float]]] = []

    def take(self, count: int, numbers: Sequence[float] = ()) -> int:
        """Where so many are, from now on."""
        first = self.size
        self.size += count
        if numbers:
            self.known.append((first, numbers))
        return first


class Module:
    """Functions that are compiled together: the text, and what it needs from elsewhere."""

    def __init__(self) -> None:
        self.memory = Memory()
        self._functions: dict[str, str] = {}
        self._declared: dict[str, str] = {}
        self._path: list[tuple[V | None, bool]] | None = None  # see `branches`
        self._taken = 0

    def add(self, body: Body, linkage: str = "", attributes: str = "nounwind") -> None:
        self._functions[body.name] = body.text(linkage, attributes)

    def has(self, name: str) -> bool:
        return name in self._functions

    def reserve(self, name: str) -> None:
        """The place of a function that others, or it itself, may call before it is added."""
        self._functions[name] = ""

    def forget(self, name: str) -> None:
        del self._functions[name]

    def constant(self, name: str, text: str) -> None:
        """Data under a name: `[3 x i32] [i32 1, i32 2, i32 3]`."""
        self._functions[name] = f"@{name} = internal constant {text}"

    def needs(self, name: str, gives: str, takes: Sequence[str]) -> None:
        self._declared[name] = f"declare {gives} @{name}({', '.join(takes)}) {PURE}"

    def function(self, name: str, rule: Callable[..., V], operands: Sequence[V]) -> V:
        """rule(*operands), as a function of doubles that is written once for so many lanes and called."""
        operands = alike(*operands)
        body, lanes = operands[0].body, operands[0].lanes
        full = f"{name}.{lanes}"
        if full not in self._functions:
            self._functions[full] = ""  # its place: what it calls comes after
            inner = Body(self, full, [(kind_of(lanes), f"x{i}") for i in range(len(operands))], kind_of(lanes))
            z = rule(*[V(inner, f"%x{i}", "double", lanes) for i in range(len(operands))])
            inner.give(inner.spread(z, lanes))
            self.add(inner, "internal", PURE)
        arguments = ", ".join(map(repr, operands))
        return body.op(f"call {kind_of(lanes)} @{full}({arguments})", "double", lanes)

    def decide(self, condition: V) -> bool:
        """The truth of a condition on the path that `branches` is on."""
        if self._path is None:
            raise TypeError("a condition on V is a number for each lane: use select")
        if self._taken == len(self._path):
            self._path.append((condition, True))
        self._taken += 1
        if self._taken > MOST_PATHS:
            raise TypeError(f"more than {MOST_PATHS} choices, one after the other")
        return self._path[self._taken - 1][1]

    def branches(self, rule: Callable[[], Any]) -> Any:
        """rule(), an `if` on a V taken both ways: once for each path, and the results chosen from by the conditions."""
        outer, outer_taken = self._path, self._taken
        runs = 0

        def explore(prefix: list[tuple[V | None, bool]]) -> Any:
            nonlocal runs
            runs += 1
            if runs > MOST_PATHS:
                raise TypeError(f"more than {MOST_PATHS} paths")
            self._path, self._taken = list(prefix), 0
            z = rule()
            path = self._path
            for k in reversed(range(len(prefix), len(path))):
                condition = path[k][0]
                assert condition is not None
                z = select(condition, z, explore([*path[:k], (condition, False)]))
            return z

        try:
            return explore([])
        finally:
            self._path, self._taken = outer, outer_taken

    def text(self) -> str:
        declared = [text for name, text in self._declared.items() if name not in self._functions]
        return "\n".join([*self._functions.values(), *declared, ""])
