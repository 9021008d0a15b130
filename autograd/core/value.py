"""A scalar that remembers how it was made.

That record is the computational graph. A node keeps its operands and, beside each, the local derivative ∂z/∂x as the
number it was when the node was made; the sweeps only multiply and add those. Constants are held in the operand's
place but have no derivative: `x * 2` is a node with one operand.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from autograd.core import engine, modes
from autograd.core import primitives as table
from autograd.core import special as special  # so that all rows are there to be methods
from autograd.core.columns import Primitive, methods
from autograd.core.number import has_operators, number
from autograd.core.words import Attribute, frozen, named

if TYPE_CHECKING:
    from autograd.core.face import Methods
else:
    Methods = object

# In a browser an interpreter crashes when it frees a chain of a few thousand links. There the root of a sweep holds the
# order of all below it in a list, which outlives the operands (slots are freed by name), and drops its last item first.
FREES_SLOWLY = sys.platform == "emscripten"
NOT_COMPUTED = float("0")  # a 0.0 of its own: the gradient that no sweep has written yet, shown as "—"


@engine.node
class Value(Methods):
    """A scalar with its place in the computational graph.

    data      the number, a float                            label     the name it is printed with
    grad      ∂root/∂self, written by root.backward()        op        the primitive that made it, "" for a leaf
    operands  the Values it was made from, with repeats

    `data` is anything with a `__float__`, converted once; TypeError for what is no number, text included. + - * / **
    are IEEE arithmetic and never raise: 1 / 0 is inf. < <= > >= compare numbers, and so do == and != with a number;
    with another Value these two are identity, as hash is, so that lists and sets of Values work. `bool(v)` and
    `float(v)` raise TypeError: write v.data. Leaves copy and pickle; a computed Value refuses.

    How it prints, comparisons, whole numbers (%, round), copies, refusals and numpy's protocol are rooms of their own.
    """

    # A node has two sides, (_x, _px) and (_y, _py): each an operand beside its partial, or a tuple of operands beside a
    # tuple of partials. An operand is a Value or (a constant) a float; the partial of a constant, and of a path that a
    # mask switched off, is None. A row of one operand leaves the second side empty, and so does one of many operands,
    # but a dot: (w₁, …, wₙ, b) is its first side, and its second the inputs, which all neurons of a layer share.
    __slots__ = (*"_data _grad _label _px _py _row _x _y __weakref__".split(), *(("below",) if FREES_SLOWLY else ()))
    _data: float
    _row: Primitive | None
    _x: Any
    _y: Any
    _px: Any
    _py: Any
    _grad: float
    _label: str
    below: list[Value]

    def __init__(self, data: Any, label: str = "", *made: Any) -> None:
        if made or (label.__class__ is not str and isinstance(label, tuple | list | set)):
            raise TypeError(
                "Value(data, operands, op) makes no node here: call a row, y = x.tanh(), or make one of your own, "
                "primitive(name, forward, *partials), which is called on Values"
            )
        if data.__class__ is not float:
            if isinstance(data, Value):
                raise TypeError(f"Value: {data!r} is a Value already; use it as it is, or write .data for its number")
            data = number(data)
        self._data = data
        if label.__class__ is not str or label:
            self.label = label
        self._grad = NOT_COMPUTED
        self._row = self._x = self._y = self._px = self._py = None

    @property
    def data(self) -> float:
        """The number. TypeError where it would be frozen into a function that is being compiled."""
        if modes.active and modes.is_tracing():
            raise frozen(self, ".data was read", "compute with the Value itself")
        return self._data

    @data.setter
    def data(self, data: Any) -> None:
        if modes.active and modes.is_tracing():
            raise TypeError(f"{named(self)}.data was set while the function is being traced; set it outside")
        self._data = data if data.__class__ is float else number(data, Attribute((self, "data")))

    @property
    def grad(self) -> float:
        """∂root/∂self, as `root.backward()` wrote it; 0 before that."""
        if modes.active and modes.is_tracing():
            raise frozen(self, ".grad was read", "read it outside, or differentiate with grad(f)")
        return self._grad

    @grad.setter
    def grad(self, grad: Any) -> None:
        self._grad = grad if grad.__class__ is float else number(grad, Attribute((self, "grad")))

    @property
    def label(self) -> str:
        """The name it is printed with."""
        return getattr(self, "_label", "")  # computed nodes have none until they are named: it is a slot less to visit

    @label.setter
    def label(self, label: Any) -> None:
        if not isinstance(label, str):
            raise TypeError(f"Value: a label is text, got {type(label).__name__}")
        self._label = str.__str__(label)  # exactly a str, which can hold no reference back to this node

    @property
    def op(self) -> str:
        """The name of the row that made it, "" for a leaf."""
        return "" if self._row is None else self._row.name

    @property
    def operands(self) -> tuple[Value, ...]:
        """The Values it was made from in the order of the call, with repeats and without constants."""
        return tuple([x for x in self._arguments if isinstance(x, Value)])

    @property
    def _arguments(self) -> tuple[Any, ...]:
        """What the row was applied to: Values, and floats for constants."""
        return (*_side(self._x, self._x), *_side(self._y, self._y))

    @property
    def _partials(self) -> tuple[float | None, ...]:
        """The recorded ∂z/∂x beside each argument."""
        return (*_side(self._px, self._x), *_side(self._py, self._y))

    def backward(self) -> None:  # in `fast`
        """Add ∂self/∂leaf to the `.grad` of every leaf below, and set that of every node between.

        So gradients of several losses add up, and a training step begins by setting them to 0. They are those of the
        numbers that were recorded, whatever `.data` is now. A sweep that raises leaves every `.grad` as it was.
        """

    # Arithmetic and the rows as methods, by definition; `fast` writes the commonest out, and a test holds it to these.
    # fmt: off
    def __add__(self, other: Any) -> Value:      return operator(table.add, self, other)
    def __sub__(self, other: Any) -> Value:      return operator(table.sub, self, other)
    def __mul__(self, other: Any) -> Value:      return operator(table.mul, self, other)
    def __truediv__(self, other: Any) -> Value:  return operator(table.div, self, other)
    def __pow__(self, other: Any) -> Value:      return operator(table.pow_, self, other)
    def __radd__(self, other: Any) -> Value:     return operator(table.add, other, self)
    def __rsub__(self, other: Any) -> Value:     return operator(table.sub, other, self)
    def __rmul__(self, other: Any) -> Value:     return operator(table.mul, other, self)
    def __rtruediv__(self, other: Any) -> Value: return operator(table.div, other, self)
    def __rpow__(self, other: Any) -> Value:     return operator(table.pow_, other, self)
    def __neg__(self) -> Value:                  return apply(table.neg, self)
    def __pos__(self) -> Value:                  return self
    def __abs__(self) -> Value:                  return apply(table.abs_, self)

    # fmt: on

    def _apply(self, row: Primitive, *arguments: Any) -> Value:
        """How a row called on Values comes here."""
        return apply(row, *arguments)


def apply(row: Primitive, *arguments: Any) -> Value:
    """Evaluate a row of the table on Values and numbers, and record the node: the definition of eager computation."""
    numbers = [x._data if isinstance(x, Value) else constant(x, row, arguments) for x in arguments]
    z = row.forward(*numbers)
    if z.__class__ is not float:
        z = number(z, row.name)
    operands: list[Any] = [x if isinstance(x, Value) else n for x, n in zip(arguments, numbers, strict=True)]
    partials: list[float | None] = [None] * len(operands)
    if not (modes.active and modes.is_no_grad()):
        try:
            partials = _partials(row, operands, numbers, z)
        except ArithmeticError:  # a division by zero, an overflow: the same rule read on Values answers as IEEE does
            with modes.computing():
                partials = _partials(row, operands, [Value(x) for x in numbers], Value(z))
    if row.arity == 1:
        return record(row, z, operands[0], None, partials[0], None)
    if row.arity == 2:
        return record(row, z, *operands, *partials)
    if row is table.dot:
        n = len(operands) // 2 + 1
        return record(row, z, tuple(operands[:n]), tuple(operands[n:]), tuple(partials[:n]), tuple(partials[n:]))
    return record(row, z, tuple(operands), None, tuple(partials), None)


def _partials(row: Primitive, operands: list[Any], at: list[Any], z: Any) -> list[float | None]:
    """∂z/∂x as a node keeps it: a float, or None for a constant and for what a mask switches off."""
    kept: list[float | None] = []
    rules = row.partials if row.arity is not None else row.partials_at(at, z)
    for x, partial in zip(operands, rules, strict=True):
        if x.__class__ is float or partial is None:  # a constant's is not even computed: x ** 3 never meets log x
            kept.append(None)
            continue
        if row.arity is not None:
            partial = partial(*at, z)
        if partial.__class__ is not float:
            partial = partial._data if isinstance(partial, Value) else number(partial, f"the partial of {row.name}")
        kept.append(None if row.masked and partial == 0.0 else partial)
    return kept


def data_of(x: Any) -> Any:
    """The number of a Value; a number as it is."""
    return x._data if isinstance(x, Value) else x


def constant(x: Any, row: Primitive, arguments: tuple[Any, ...]) -> float:
    """A number among the arguments; an error names the operation and all of them."""
    return x if x.__class__ is float else number(x, _Call((row, arguments)))


def said(x: Any) -> str:
    """What an error calls an operand."""
    return (x.label or f"{x._data:.6g}") if isinstance(x, Value) else type(x).__name__


class _Call(tuple[Any, ...]):
    def __str__(self) -> str:
        row, xs = self
        return f"{row.name}({', '.join(map(said, xs))})"


def record(row: Primitive, data: float, x: Any, y: Any, px: Any, py: Any, kind: type[Value] = Value) -> Value:
    """A new node; the one place where nodes are made."""
    node = _new(kind)
    node._data = data
    node._grad = NOT_COMPUTED
    node._row = row
    node._x = x
    node._y = y
    node._px = px
    node._py = py
    return watched(node) if modes.active else node


class Argument(Value):
    """A Value in an argument's place: what a function is given to be compiled, differentiated or trained, and what the
    rule of a user's own row is.

    There a number would be looked up: table[y], y in {0, 1}. A Value is hashed by identity and would never be found,
    without a word, so this one raises TypeError where a caller outside this library hashes it. In a trace
    all that is computed of arguments does.
    """

    __slots__ = ()


def watched(node: Value) -> Value:
    """A node just made, as the modes have it. The extension makes a plain leaf of it under no_grad itself."""
    if (anomaly := modes.anomaly()) is not None:
        anomaly.check_forward(node)
    off = modes.is_no_grad()
    if (off or engine.C is None) and modes.is_tracing():
        if off and node._row is not table.stop_gradient:
            return apply(table.stop_gradient, node)  # the number is another one for each example: a constant of that
        if engine.C is None:  # the extension asks where a node is hashed
            node.__class__ = Argument
        return node
    return Value(node._data) if off else node


if engine.C is not None:
    record = engine.C.record

_new = Value.__new__


def bind(**members: Any) -> None:
    """Give Value what it has from elsewhere: the rows as methods, and what other rooms of the core define."""
    for name, member in members.items():
        for owner in (Value, engine.defined):
            setattr(owner, name, member)


bind(**methods())


def operator(row: Primitive, x: Any, y: Any) -> Any:
    """`apply` for an infix operator; arrays go element by element."""
    return NotImplemented if has_operators(x) or has_operators(y) else apply(row, x, y)


def _side(x: Any, of: Any) -> tuple[Any, ...]:
    """One side of a node as a tuple, its operands or their partials; empty where there are no operands."""
    return x if x.__class__ is tuple else () if of is None else (x,)
