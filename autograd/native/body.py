"""A function under construction: its instructions in the order written, its variables, loops and branches.

Variables live on the stack until LLVM lifts them into registers, so that nothing here has to know where a number was
last set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from autograd.native.ir import LANES, V, constant, kind_of, several

if TYPE_CHECKING:
    from autograd.native.module import Module


class Body:
    """The text of one function, and the V that name what is in it."""

    def __init__(self, module: Module, name: str, arguments: Sequence[tuple[str, str]], gives: str = "void") -> None:
        """arguments: (type, name) of each."""
        self.module, self.name, self.gives = module, name, gives
        self.arguments = list(arguments)
        self._first: list[str] = []  # variables
        self._lines: list[str] = []
        self._count = 0
        self._known: dict[str, str] = {}  # the names of what this block has computed

    def argument(self, name: str) -> V:
        return V(self, f"%{name}", next(kind for kind, given in self.arguments if given == name))

    def op(self, text: str, kind: str = "double", lanes: int = 1) -> V:
        """The result of an instruction, which is written once in a block: it depends on its operands alone."""
        name = self._known.get(text)
        if name is None:
            name = self._known[text] = self.now(text, kind).name
        return V(self, name, kind, lanes)

    def now(self, text: str, kind: str = "double", lanes: int = 1) -> V:
        """The result of an instruction that may be another one the next time."""
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

    def shuffled(self, x: V, y: V, lanes: Sequence[int]) -> V:
        """These lanes of x and y side by side."""
        mask = ", ".join([f"i32 {k}" for k in lanes])
        return self.op(f"shufflevector {x}, {y}, <{len(lanes)} x i32> <{mask}>", x.kind, len(lanes))

    def poison(self, lanes: int) -> V:
        return V(self, "poison", "double", lanes)

    def at(self, array: V, index: Any, kind: str = "double") -> V:
        """Where the element of an array is."""
        return self.op(f"getelementptr {kind}, {array}, i64 {getattr(index, 'name', index)}", "ptr")

    def load(self, place: V, lanes: int = 1, kind: str = "double") -> V:
        return self.now(f"load {kind_of(lanes, kind)}, {place}, align {4 if kind == 'i32' else 8}", kind, lanes)

    def store(self, x: V, place: V) -> None:
        self.do(f"store {x}, {place}, align 8")

    def store_past_caches(self, x: V, place: V) -> None:
        """The same of whole lines of the cache, which nobody reads soon; before another thread does, a fence."""
        self.module.metadata("!0", "!{i32 1}")
        self.do(f"store {x}, {place}, align {8 * x.lanes}, !nontemporal !0")

    def prefetch(self, place: V) -> None:
        """Have the caches fetch what is there, to be changed soon; the place need not exist."""
        self.module.needs("llvm.prefetch.p0", "void", ["ptr", "i32", "i32", "i32"])
        self.do(f"call void @llvm.prefetch.p0({place}, i32 1, i32 3, i32 1)")

    def call(self, name: str, operands: Sequence[V], kind: str = "double", lanes: int = 1) -> V:
        """Call a function that is defined here, LLVM's own, or of another library."""
        self.module.needs(name, kind_of(lanes, kind), [x.type for x in operands])
        return self.op(f"call {kind_of(lanes, kind)} @{name}({', '.join(map(repr, operands))})", kind, lanes)

    def results(self, name: str, operands: Sequence[V], count: int, lanes: int) -> list[V]:
        """Of a function of this module that gives so many doubles."""
        gives = several(count, lanes)
        z = self.op(f"call {gives} @{name}({', '.join(map(repr, operands))})", "double", lanes)
        if count == 1:
            return [z]
        return [self.op(f"extractvalue {gives} {z.name}, {k}", "double", lanes) for k in range(count)]

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
        self._known.clear()

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

    def give(self, *xs: V) -> None:
        """Return: nothing, a number, or several side by side."""
        if len(xs) < 2:
            self.do(f"ret {xs[0] if xs else 'void'}")
            return
        z = "poison"
        for k, x in enumerate(xs):
            z = self.op(f"insertvalue {self.gives} {z}, {x}, {k}").name
        self.do(f"ret {self.gives} {z}")

    def text(self, linkage: str = "", attributes: str = "nounwind") -> str:
        arguments = ", ".join([f"{kind} %{name}" for kind, name in self.arguments])
        head = f"define {linkage} {self.gives} @{self.name}({arguments}) {attributes} {{"
        return "\n".join([head, *self._first, *self._lines, "}"])
