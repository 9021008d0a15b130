"""The one room where the core is written for speed: the commonest operators and the sweeps on numbers.

Nothing here says what `value`, `functions` and `sweeps` do not; it says it several times faster, and takes the place of
those definitions. Tests hold each to its definition to the bit.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from autograd.core import engine, modes
from autograd.core import primitives as table
from autograd.core.primitives import TABLE, Primitive
from autograd.core.sweeps import number_edges, topological_order
from autograd.core.value import FREES_SLOWLY, NOT_COMPUTED, Argument, Value, _is_array, apply, record, watched

_new, _ADD, _MUL = Value.__new__, table.add, table.mul


def _add(self: Value, other: Any) -> Any:  # 0.2 µs a node, 1.5 through `apply`; makes its node as `record` does
    if other.__class__ is Value:
        z, py = self._data + other._data, 1.0
    elif other.__class__ is float:
        z, py = self._data + other, None
    else:
        return _binary(table.add, self, other)
    node = _new(Value)
    node._data = z
    node._label = ""
    node._grad = NOT_COMPUTED
    node._row = _ADD
    node._x = self
    node._y = other
    node._px = 1.0
    node._py = py
    return watched(node) if modes.active else node


def _sub(self: Value, other: Any) -> Any:
    if other.__class__ is Value:
        return record(table.sub, self._data - other._data, self, other, 1.0, -1.0)
    return _binary(table.sub, self, other)


def _mul(self: Value, other: Any) -> Any:
    x = self._data
    if other.__class__ is Value:
        px, py = other._data, x
    elif other.__class__ is float:
        px, py = other, None
    else:
        return _binary(table.mul, self, other)
    node = _new(Value)
    node._data = x * px
    node._label = ""
    node._grad = NOT_COMPUTED
    node._row = _MUL
    node._x = self
    node._y = other
    node._px = px
    node._py = py
    return watched(node) if modes.active else node


def _truediv(self: Value, other: Any) -> Any:
    if other.__class__ is Value and other._data != 0.0:
        x, y = self._data, other._data
        z = x / y
        return record(table.div, z, self, other, 1.0 / y, -z / y)
    return _binary(table.div, self, other)


def _relu(self: Value) -> Value:
    x = self._data
    if x > 0.0:
        return record(table.relu, x, self, None, 1.0, None)
    if x <= 0.0:
        return record(table.relu, 0.0, self, None, None, None)
    return apply(table.relu, self)  # nan


def _unary(row: Primitive, x: Value) -> Value:
    """`apply` for a row of one operand, where a network spends its time: 0.3 µs for 1.5."""
    data, rule = x._data, row.partials[0]
    if rule is not None:
        z = row.forward(data)
        try:
            partial = rule(data, z)
        except ArithmeticError:
            return apply(row, x)
        if z.__class__ is float and partial.__class__ is float:
            return record(row, z, x, None, None if row.masked and partial == 0.0 else partial, None)
    return apply(row, x)


def _binary(row: Primitive, x: Any, y: Any) -> Any:
    """`apply` for a row of two operands, Values, floats or ints: 0.6 µs for 2.7. Arrays go element by element."""
    a = x._data if x.__class__ in _OURS else x
    b = y._data if y.__class__ in _OURS else y
    try:
        if a.__class__ is int:
            a = x = float(a)
        if b.__class__ is int:
            b = y = float(b)
        if a.__class__ is float and b.__class__ is float:
            z = row.forward(a, b)
            p, q = row.partials
            px = p(a, b, z) if x.__class__ in _OURS and p is not None else None
            py = q(a, b, z) if y.__class__ in _OURS and q is not None else None
            if row.masked:
                px, py = px or None, py or None
            if z.__class__ is float and px.__class__ in _RECORDED and py.__class__ in _RECORDED:
                return record(row, z, x, y, px, py)
    except ArithmeticError:
        pass
    return NotImplemented if _is_array(x) or _is_array(y) else apply(row, x, y)


_RECORDED, _OURS = (float, type(None)), (Value, Argument)


def _apply(self: Value, row: Primitive, *arguments: Any) -> Value:
    """How a row that is called as a function comes here."""
    if row.arity == 1:
        return _unary(row, self)
    z = _binary(row, *arguments) if row.arity == 2 else NotImplemented
    return apply(row, *arguments) if z is NotImplemented else z


def number_adjoints(order: list[Value], seeds: Mapping[Value, float]) -> dict[Value, float]:
    """`adjoints(order, seeds, number_edges)` written out: 0.13 µs a node instead of 0.8."""
    if engine.C is not None and (swept := engine.C.adjoints(order, seeds)) is not None:
        return swept  # type: ignore[no-any-return]
    adjoint = dict(seeds)
    arrived = adjoint.get
    for z in reversed(order):
        grad = arrived(z)
        if grad is None:
            continue
        px, py = z._px, z._py
        if px.__class__ is float:
            before = arrived(x := z._x)
            adjoint[x] = grad * px if before is None else before + grad * px
        elif px is not None:
            for x, partial in zip(z._x, px):  # noqa: B905 (of one length by construction)
                if partial is not None:
                    before = arrived(x)
                    adjoint[x] = grad * partial if before is None else before + grad * partial
        if py.__class__ is float:
            before = arrived(y := z._y)
            adjoint[y] = grad * py if before is None else before + grad * py
        elif py is not None:
            for y, partial in zip(z._y, py):  # noqa: B905
                if partial is not None:
                    before = arrived(y)
                    adjoint[y] = grad * partial if before is None else before + grad * partial
    if modes.active and (anomaly := modes.anomaly()) is not None:
        _look_for_anomalies(order, adjoint, anomaly)
    return adjoint


def number_gradients(order: list[Value], seeds: dict[Value, float], wanted: list[Value]) -> list[float]:
    """The adjoints of the nodes wanted alone, 0 where nothing arrives."""
    if engine.C is not None and (swept := engine.C.adjoints(order, seeds, wanted)) is not None:
        return swept  # type: ignore[no-any-return]
    adjoint = number_adjoints(order, seeds)
    return [adjoint.get(x, 0.0) for x in wanted]


def number_tangents(order: list[Value], seeds: Mapping[Value, float]) -> dict[Value, float]:
    """`tangents(order, seeds, number_edges)` written out for nodes of one and two operands: a third of the time."""
    if engine.C is not None and (swept := engine.C.tangents(order, seeds)) is not None:
        return swept  # type: ignore[no-any-return]
    tangent = dict(seeds)
    moving = tangent.get
    for z in order:
        if z in seeds:
            continue
        px, py, total = z._px, z._py, None
        if z._x.__class__ is tuple:
            for x, partial in number_edges(z):
                if (arriving := moving(x)) is not None:
                    total = partial * arriving if total is None else total + partial * arriving
        else:
            if px is not None and (arriving := moving(z._x)) is not None:
                total = px * arriving
            if py is not None and (arriving := moving(z._y)) is not None:
                total = py * arriving if total is None else total + py * arriving
        if total is not None:
            tangent[z] = total
    return tangent


_lock = threading.RLock()  # one sweep at a time writes gradients, so that threads sharing a leaf lose nothing
_sweeping = False  # a sweep holds the lock: who gets it nonetheless is of the same thread, and would wait for itself
AGAIN = (
    "backward() was called while a backward() of the same thread is under way, as from a signal handler, a __del__ or "
    "a callback; remember there what is to be done, and call it after"
)


def backward(root: Value, *others: Any, **options: Any) -> None:
    """`root.backward()`: `adjoints` on numbers, written into `.grad` as they form (0.2 µs a node instead of 1).

    Leaves add this sweep's total to what they had; the nodes between hold this sweep's alone. If the sweep cannot be
    finished, every `.grad` is as it was.
    """
    if others or options:
        given = ", ".join([*map(repr, others), *[f"{name}={x!r}" for name, x in options.items()]])
        raise TypeError(
            f"backward() takes nothing, got {given}: it can be called again (there is no retain_graph), "
            "(g * v).backward() weighs v by g, and derivatives that can be "
            "differentiated again (create_graph) are those of grad"
        )
    if modes.active and modes.is_tracing():
        raise TypeError(
            "backward() was called while the function is being traced: it would write the gradients of one example; "
            "use grad or value_and_grad inside, or .backward(X, Y) of the compiled function"
        )
    if root._row is None and modes.active and modes.is_no_grad():
        raise TypeError(
            f"backward() of a leaf, {root!r}, within no_grad(): nothing was recorded below it, so no gradient would "
            "reach anything else; compute it outside the block (which a suspended generator may be in)"
        )
    global _sweeping
    with _lock:
        if _sweeping:
            raise RuntimeError(AGAIN)
        _sweeping = True
        try:
            _write_gradients(root)
        finally:
            _sweeping = False


def add_gradients(leaves: Sequence[Value], slopes: Sequence[float]) -> None:
    """Add to each leaf's `.grad`, as one sweep does."""
    global _sweeping
    with _lock:
        if _sweeping:
            raise RuntimeError(AGAIN)
        _sweeping = True
        before = [leaf._grad for leaf in leaves]
        try:
            if engine.C is not None:
                engine.C.add_gradients([*leaves], [*map(float, slopes)])
                return
            for leaf, slope in zip(leaves, slopes, strict=True):
                leaf._grad += slope
        except BaseException:
            for leaf, grad in zip(leaves, before, strict=True):
                leaf._grad = grad
            raise
        finally:
            _sweeping = False


def _write_gradients(root: Value) -> None:
    if engine.C is not None:
        _write_gradients_at_once(root)
        return
    walk = _Walk(root)
    try:
        walk.down()
        root._grad = 1.0
        _sweep(walk.order, walk.mark)
        if modes.active and (anomaly := modes.anomaly()) is not None:
            _look_for_anomalies(walk.order, {z: z._grad for z in walk.order if z._grad is not walk.mark}, anomaly)
        for leaf, grad in zip(walk.leaves, walk.before, strict=True):
            leaf._grad = grad + leaf._grad
        if FREES_SLOWLY:
            root.below = walk.order[:-1]
    except BaseException:
        walk.undo()
        raise


def _write_gradients_at_once(root: Value) -> None:
    """The same with adjoints in a dict, for the extension's nodes. (It sweeps itself where no mode is on.)"""
    order = topological_order(root)
    adjoint = number_adjoints([z for z in order if z._row], {root: 1.0})
    total = [0.0 + adjoint.get(z, 0.0) for z in order]
    engine.C.set_gradients(order, [t if z._row else z._grad + t for z, t in zip(order, total, strict=True)])


class _Walk:
    """`topological_order` with a mark in `.grad` for the set, and what there was in `.grad` before.

    order   the inner nodes, operands first       written    those that had a gradient, with it: (node, grad)
    leaves  in the order they are met             before     the gradient of each leaf
    mark    a 0.0 of this sweep's own: the grad of nodes in order that nothing has arrived at
    """

    def __init__(self, root: Value) -> None:
        self.mark = float("0")
        self.stack: list[Any] = [root]
        self.order: list[Value] = []
        self.leaves: list[Value] = []
        self.before: list[float] = []
        self.written: list[tuple[Value, float]] = []

    def down(self) -> None:
        mark, stack, order = self.mark, self.stack, self.order
        push, pop, put = stack.append, stack.pop, order.append
        while stack:
            node = pop()
            if node is None:
                put(stack[-1])  # a marked node is in order or on the stack at any moment: see `undo`
                pop()
                continue
            while (grad := node._grad) is not mark:  # down along the first operands
                x, y = node._x, node._y
                if x is None:
                    self.leaves.append(node)
                    self.before.append(grad)
                    node._grad = mark
                    break
                push(node)
                push(None)
                if grad is not NOT_COMPUTED:
                    self.written.append((node, grad))
                node._grad = mark
                if x.__class__ is tuple:
                    if y is not None:
                        stack += _unmarked(y, mark)
                    stack += _unmarked(x, mark)
                    break
                if y is not None and y.__class__ is not float and y._grad is not mark:
                    push(y)
                if x.__class__ is float:
                    break
                node = x

    def undo(self) -> None:
        """Every `.grad` as it was, wherever the walk or the sweep was interrupted."""
        for node in self.order:
            node._grad = NOT_COMPUTED
        for node in self.stack:
            if node is not None and node._grad is self.mark:
                node._grad = NOT_COMPUTED
        for node, grad in self.written:
            node._grad = grad
        for node, grad in zip(self.leaves, self.before, strict=False):
            node._grad = grad


def _unmarked(side: tuple[Any, ...], mark: float) -> list[Value]:
    """The Values on one side of a node that the walk has not met, last first."""
    try:
        return [v for v in side[::-1] if v._grad is not mark]
    except AttributeError:  # constants among them
        return [v for v in side[::-1] if v.__class__ is not float and v._grad is not mark]


def _sweep(order: list[Value], unreached: float) -> None:
    for node in reversed(order):
        grad = node._grad
        if grad is unreached:  # behind a mask: nothing passes on, not even 0 · inf
            continue
        px, py = node._px, node._py
        if px.__class__ is float:
            node._x._grad += grad * px
        elif px is not None:
            for operand, partial in zip(node._x, px):  # noqa: B905 (of one length by construction)
                if partial is not None:
                    operand._grad += grad * partial
        if py.__class__ is float:
            node._y._grad += grad * py
        elif py is not None:
            for operand, partial in zip(node._y, py):  # noqa: B905
                if partial is not None:
                    operand._grad += grad * partial


def _look_for_anomalies(order: list[Value], adjoint: Mapping[Value, float], anomaly: modes.Anomaly) -> None:
    for z in reversed(order):
        if z in adjoint:
            anomaly.check_backward(adjoint[z], z, z)
            for x, partial in number_edges(z):
                anomaly.check_backward(partial * adjoint[z], x, z)


def _bind() -> None:
    """Put what is faster in the place of the definitions on Value."""

    def unary(row: Primitive) -> Any:
        return lambda self: _unary(row, self)

    def infix(row: Primitive) -> Any:
        return lambda self, other: _binary(row, self, other)

    def reflected(row: Primitive) -> Any:
        return lambda self, other: _binary(row, other, self)

    bound: dict[str, Any] = {"_apply": _apply}
    if engine.C is None:
        bound |= {"backward": backward, "__add__": _add, "__sub__": _sub, "__mul__": _mul, "__truediv__": _truediv}
        bound["relu"] = _relu
        for name, row in {
            "add": table.add,
            "sub": table.sub,
            "mul": table.mul,
            "truediv": table.div,
            "pow": table.pow_,
        }.items():
            bound.setdefault(f"__{name}__", infix(row))
            bound[f"__r{name}__"] = reflected(row)
        bound["__neg__"], bound["__abs__"] = unary(table.neg), unary(table.abs_)
    for row in TABLE.values():
        if row.arity == 1 and callable(vars(engine.defined).get(row.name)):
            bound.setdefault(row.name, (engine.C and engine.C.method(row)) or unary(row))
    for name, fast in bound.items():
        if not hasattr(fast, "__objclass__"):  # a method of the extension has its name and text already
            fast.__name__, fast.__qualname__, fast.__doc__ = name, f"Value.{name}", vars(engine.defined)[name].__doc__
        setattr(Value, name, fast)


def _connect() -> None:
    """Hand the extension the table, and the definitions that it falls back on."""
    defined = vars(engine.defined)
    data, grad = defined["data"], defined["grad"]
    engine.C.connect(
        TABLE, operator=_binary, unary=_unary, call=Primitive.__call__, backward=backward, init=defined["__init__"],
        get_data=data.fget, set_data=data.fset, set_grad=grad.fset,
        set_label=defined["label"].fset, argument=Argument, watched=watched, not_computed=NOT_COMPUTED,
    )  # fmt: skip
    del Primitive.__call__


if engine.C is not None:
    _connect()
_bind()
