"""What a call makes of its results, in machine code: floats, arrays, and the tuples and lists around them.

Of a small batch every array is made for itself, and copied to from where it was computed. That of a large one is a part
of the array that all results were computed in.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from autograd.native import words as code
from autograd.native.body import Body
from autograd.native.ir import LANES, V, select

PADDED = 64  # numbers, from which on a row is filled up to the end of a line of the processor's cache


class Making:
    """Writes what makes the results, in `entry`."""

    def __init__(self, body: Body) -> None:
        self.body = body
        self.plan = self.field(body.argument("self"), code.PLAN)
        self.null = V(body, "null", "ptr")
        self.count = 0

    def field(self, place: V, offset: int, kind: str = "ptr") -> V:
        return self.body.load(self.body.at(place, offset, "i8"), kind=kind)

    def word(self, index: int, kind: str = "i64") -> V:
        return self.body.load(self.body.at(self.plan, index, "i64"), kind=kind)

    def same(self, x: V, y: V) -> V:
        return self.body.op(f"icmp eq {x}, {y.name}", "i1")

    def call(self, function: int, gives: str, *arguments: Any) -> V:
        texts = ", ".join(map(repr, arguments))
        return self.body.now(f"call {gives} {self.word(function, 'ptr').name}({texts})", gives)

    def tell(self, function: V, x: V) -> None:
        self.body.do(f"call void {function.name}({x})")

    def need(self, condition: V, otherwise: str = "other") -> None:
        """Else go on there: as a rule, the call is for the method."""
        self.count += 1
        self.body.do(f"br {condition}, label %right{self.count}, label %{otherwise}")
        self.body.label(f"right{self.count}")

    def leaf_word(self, i: V, k: Any) -> V:
        return self.body.load(self.body.at(self.word(code.LEAVES_AT, "ptr"), i * code.WIDTH + k, "i64"), kind="i64")

    def line(self, array: V) -> V:
        """Where the first line of the processor's cache begins in an array's data: see `aligned`."""
        return self.body.op(f"inttoptr {(self.field(array, code.DATA, 'i64') + 63) & -64} to ptr", "ptr")

    def new_array(self, i: V, n: V, block: V | None = None, first: Any = 0) -> V:
        """An array for leaf i: of the batch, or of what there is one of for all of it; of its own, or in a block of
        results, a row of lines of the cache each, from the first of these on."""
        body = self.body
        kind, axes = self.leaf_word(i, 0), self.leaf_word(i, 3)
        lengths, steps = body.array(code.AXES + 1), body.array(code.AXES + 1)
        body.store(select(kind == code.ARRAY_OF_WHOLE, self.leaf_word(i, 2), n), lengths)
        with body.loop(0, axes) as k:
            body.store(self.leaf_word(i, k + 4), body.at(lengths, k + 1, "i64"))
        if block is None:
            order = select(axes == 1, 2, body.integer(0))  # of columns, as they are computed
            return self.array(axes + 1, lengths, order)
        step = body.variable(apart(n) * 8)  # bytes
        with body.loop(0, axes) as k:
            now, axis = body.load(step, kind="i64"), axes - k
            body.store(now, body.at(steps, axis, "i64"))
            body.store(now * body.load(body.at(lengths, axis, "i64"), kind="i64"), step)
        body.store(body.integer(8), steps)
        array = self.array(
            axes + 1, lengths, body.integer(code.WRITEABLE), steps, body.at(self.line(block), first * apart(n))
        )
        self.tell(self.word(code.KEEP, "ptr"), block)
        self.call(code.HOLD, "i32", array, block)
        return array

    def array(self, axes: V, lengths: Any, flags: V, steps: V | None = None, data: V | None = None) -> V:
        """An array of doubles; `steps` in bytes and `data` of one that is made of another's."""
        body = self.body
        if isinstance(lengths, list):
            places = body.array(len(lengths))
            for k, length in enumerate(lengths):
                body.store(length, body.at(places, k, "i64"))
            lengths = places
        short = [body.op(f"trunc {x} to i32", "i32") for x in (axes, flags)]
        double, zero = V(body, "12", "i32"), V(body, "0", "i32")
        given = [
            short[0],
            lengths,
            double,
            *[self.null if x is None else x for x in (steps, data)],
            zero,
            short[1],
            self.null,
        ]
        array = self.call(code.NEW_ARRAY, "ptr", self.word(code.ARRAY_TYPE, "ptr"), *given)
        self.fail_without(array)
        return array

    def fail_without(self, made: V) -> None:
        self.count += 1
        self.body.do(f"br {self.same(made, self.null)}, label %fail{self.count}, label %made{self.count}")
        self.body.label(f"fail{self.count}")
        self.body.do("ret ptr null")
        self.body.label(f"made{self.count}")

    def leaf(self, i: V, n: V, results: V, whole: V, place: V, block: V) -> None:
        """Make a leaf from what was computed, in a block that outlives this if there is one."""
        body = self.body
        kind, first, count, axes = [self.leaf_word(i, k) for k in range(4)]
        for one, start in ((code.A_FLOAT, results), (code.OF_WHOLE, whole)):
            with body.when(kind == one):
                body.store(self.call(code.NEW_FLOAT, "ptr", body.load(body.at(start, first))), place)
        in_block = (kind == code.AN_ARRAY) & (self.same(block, self.null) ^ True)
        with body.when(in_block):
            body.store(self.new_array(i, n, block, first), place)
        with body.when(((kind & 1) == 1) & (in_block ^ True)):
            array = self.new_array(i, n)
            body.store(array, place)
            data = self.field(array, code.DATA)
            with body.when(kind == code.ARRAY_OF_WHOLE):
                body.copy(body.at(whole, first), data, count)
            with body.when(kind == code.AN_ARRAY):
                start = body.at(results, first * n)
                with body.when(axes <= 1):
                    body.copy(start, data, count * n)
                with body.when(axes > 1), body.loop(0, n) as e, body.loop(0, count) as k:
                    body.store(body.load(body.at(start, k * n + e)), body.at(data, e * count + k))

    def shape(self, made: V) -> V:
        """The leaves in the tuples and lists that the function returned, the last made first. What is to go into the
        next one lies side by side, where the leaves were."""
        body = self.body
        count, table = self.word(code.SHAPE), self.word(code.SHAPE_AT, "ptr")
        new_tuple, new_list = self.word(code.NEW_TUPLE, "ptr"), self.word(code.NEW_LIST, "ptr")
        height, leaf = body.variable(body.integer(0)), body.variable(body.integer(0))
        with body.loop(0, count) as i:
            step = body.at(table, i * 2, "i64")
            more, size = [body.load(body.at(step, k, "i64"), kind="i64") for k in (0, 1)]
            top, first = body.load(height, kind="i64"), body.load(leaf, kind="i64")
            with body.when(top != first), body.loop(0, more) as k:
                body.store(self.item(made, first + k), body.at(made, top + k, "ptr"))
            body.store(first + more, leaf)
            items, bottom = size >> 1, top + more - (size >> 1)
            holder, place = body.variable(self.null), body.variable(self.null)
            with body.when((size & 1) == 0):
                tuple_ = body.now(f"call ptr {new_tuple.name}({items})", "ptr")
                self.fail_without(tuple_)
                body.store(tuple_, holder)
                body.store(body.at(tuple_, code.ITEMS, "i8"), place)
            with body.when((size & 1) == 1):
                list_ = body.now(f"call ptr {new_list.name}({items})", "ptr")
                self.fail_without(list_)
                body.store(list_, holder)
                body.store(self.field(list_, code.LIST_ITEMS), place)
            with body.loop(0, items) as k:
                body.store(self.item(made, bottom + k), body.at(body.load(place, kind="ptr"), k, "ptr"))
            body.store(body.load(holder, kind="ptr"), body.at(made, bottom, "ptr"))
            body.store(bottom + 1, height)
        return body.load(made, kind="ptr")

    def item(self, made: V, k: V) -> V:
        return self.body.load(self.body.at(made, k, "ptr"), kind="ptr")

    def last_anew(self, results: V) -> None:
        """Return the result of the last call with the numbers of this one, where nobody has that any more, nor a tuple
        in it; the floats among them that somebody has are replaced. Else go on at `anew`."""
        body = self.body
        tuples = self.word(code.TUPLES)
        self.need(tuples >= 0, "anew")
        held = body.now(f"alloca ptr, {tuples + 1}", "ptr")  # where the items of each are
        last = self.field(body.argument("self"), code.LAST)
        body.store(last, held)
        part = body.variable(self.word(code.PARTS_AT, "ptr"))

        def place(width: int) -> tuple[V, V]:
            now = body.load(part, kind="ptr")
            holder, item = [body.load(body.at(now, k, "i64"), kind="i64") for k in (0, 1)]
            body.store(body.at(now, width, "i64"), part)
            return now, body.at(self.item(held, holder), item, "ptr")

        with body.loop(0, tuples) as i:
            now, where = place(3)
            tuple_ = body.load(where, kind="ptr")
            self.need(self.field(tuple_, code.TYPE, "i64") == self.word(code.TUPLE_TYPE), "anew")
            self.need(self.field(tuple_, code.SIZE, "i64") == body.load(body.at(now, 2, "i64"), kind="i64"), "anew")
            self.need(body.load(tuple_, kind="i64") == 1, "anew")
            body.store(body.at(tuple_, code.ITEMS, "i8"), body.at(held, i + 1, "ptr"))
        with body.loop(0, self.word(code.LEAVES)) as i:
            _, where = place(2)
            old, number = body.load(where, kind="ptr"), body.load(body.at(results, i))
            ours = (self.field(old, code.TYPE, "i64") == self.word(code.FLOAT_TYPE)) & (body.load(old, kind="i64") == 1)
            with body.when(ours):
                body.store(number, body.at(old, code.NUMBER, "i8"))
            with body.when(ours ^ True):
                new = self.call(code.NEW_FLOAT, "ptr", number)
                self.fail_without(new)
                body.store(new, where)
                self.tell(self.word(code.DROP, "ptr"), old)
        result = body.load(last, kind="ptr")
        self.tell(self.word(code.KEEP, "ptr"), result)
        body.give(result)
        body.label("anew")


def apart(n: V) -> V:
    """How far apart the rows of a block are, of n numbers each."""
    return select(n < PADDED, n, (n + (LANES - 1)) & -LANES)


@cache
def shape_tables(*steps: int) -> tuple[Any, Any]:
    """How the tuples and lists around the leaves are made: for each how many leaves come before it, and its step. And
    how they are gone through from the outermost in: for each that which it is in, as which item, and how many it
    holds; and for each leaf that and as which. (The outermost is in number 0, at 0.)

    These are kept for ever: making a tuple may run the garbage collector, and that anything, while more is to be made.
    """
    import numpy as np

    made: list[int] = []
    stack: list[Any] = []
    before = 0
    for step in steps:
        if step == code.LEAF:
            before += 1
            stack.append(None)
        else:
            made += [before, step]
            before = 0
            stack[-(step >> 1) :] = [stack[-(step >> 1) :]]
    holders: list[tuple[int, ...]] = []
    leaves: list[tuple[int, ...]] = []

    def go_through(x: Any, holder: int, place: int) -> None:
        if x is None:
            leaves.append((holder, place))
            return
        holders.append((holder, place, len(x)))
        number = len(holders)
        for k, item in enumerate(x):
            go_through(item, number, k)

    go_through(stack[0], 0, 0)
    parts = [word for part in (*holders, *leaves) for word in part]
    return np.array(made, dtype=np.int64), np.array(parts, dtype=np.int64)
