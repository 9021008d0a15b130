"""The way into machine code from a call: arguments in, results out, in machine code as well.

Python takes microseconds to look at two arrays and to make three; a small batch is computed in a tenth of one. So an
object whose calls are machine code has two words of its own: the address of `entry`, which CPython calls instead of
`__call__`, and that of a plan, which says what to look for and what to make. There is one `entry` for all functions.

It takes floats and contiguous arrays of doubles of the expected shapes, as many examples as the plan allows, and no
keywords, as long as all that the function could read when it was recorded is what it was (`Guard`). Anything else is
for the method that the plan names first, which has the messages and the other ways. While it runs no other thread of
Python does; objects that the garbage collector tracks are made last, when nothing of the plan is needed any more: the
collector may run anything.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from autograd.native.body import Body
from autograd.native.build import build
from autograd.native.ir import V, select
from autograd.native.module import Module

# The plan, an array of 64-bit integers: addresses, counts, and addresses of tables of integers.
(
    METHOD, RUN, WORK, SUMS,  # what takes other calls; the code of `straight.SIGNATURES`, and what it needs
    PARAMETERS, VALUES_AT, FLOAT, DOUBLE, NUMBERS,  # how many; Values, the offsets in them; where numbers are put
    AT, CHANGES, SEEN,  # or are they the last argument? `changes` of Values, and what it was when they were read
    ARGUMENTS, ARGUMENTS_AT, COLUMNS, LEAST, MOST,  # how many, what is expected; a table to fill; of how many examples
    LEAVES, LEAVES_AT, RESULTS, WHOLE, DIRECT,  # what is made; what is computed; is the one array computed in place?
    SHAPE, SHAPE_AT,  # the tuples and lists around them
    WORDS, WORDS_AT, NAMES, NAMES_AT,  # what must be as it was: how many, and tables of (address, word) and of
    # (dict, key, content)
    FLOAT_TYPE, ARRAY_TYPE, DOUBLES, NEW_FLOAT, NEW_TUPLE, NEW_LIST, NEW_ARRAY, CALL, GET,  # of Python and numpy
    PLAN_SIZE,
) = range(38)  # fmt: skip
WIDTH = 8  # words of an entry in the tables of arguments, (axes, columns, lengths of the axes after the first), and of
# leaves, (kind, first, count, axes after the first, their lengths)
AXES = 4  # at most, after the first
A_FLOAT, AN_ARRAY, OF_WHOLE, ARRAY_OF_WHOLE = range(4)  # kinds of leaves
LEAF = -1  # in the shape: the next leaf; 2k: a tuple of the last k, 2k + 1: a list

# Where things are, for CPython and numpy on machines of 64 bits; `trusted` looks whether it is so.
TYPE, NUMBER, ITEMS, LIST_ITEMS = 8, 16, 24, 24
WORD, SIZE, CONTENT = 8, 16, 16  # SIZE of a list, a tuple or a dict, CONTENT of a cell
DATA, ARRAY_AXES, LENGTHS, DESCRIPTION, FLAGS = 16, 24, 32, 56, 64
CONTIGUOUS_AND_ALIGNED = 0x101
VECTOR, PLAN = 16, 24  # in an object with an entry


def write(module: Module) -> None:
    """ptr entry(ptr self, ptr args, i64 nargsf, ptr kwnames)"""
    body = Body(module, "entry", [("ptr", "self"), ("ptr", "args"), ("i64", "nargsf"), ("ptr", "kwnames")], "ptr")
    _Entry(body).write()
    module.add(body)


class _Entry:
    def __init__(self, body: Body) -> None:
        self.body = body
        self.plan = self.field(body.argument("self"), PLAN)
        self.count = 0

    def field(self, place: V, offset: int, kind: str = "ptr") -> V:
        return self.body.load(self.body.at(place, offset, "i8"), kind=kind)

    def word(self, index: int, kind: str = "i64") -> V:
        return self.body.load(self.body.at(self.plan, index, "i64"), kind=kind)

    def need(self, condition: V) -> None:
        """Else the call is for the method."""
        self.count += 1
        self.body.do(f"br {condition}, label %right{self.count}, label %other")
        self.body.label(f"right{self.count}")

    def same(self, x: V, y: V) -> V:
        return self.body.op(f"icmp eq {x}, {y.name}", "i1")

    def call(self, function: int, gives: str, *arguments: Any) -> V:
        texts = ", ".join(map(repr, arguments))
        return self.body.op(f"call {gives} {self.word(function, 'ptr').name}({texts})", gives)

    def write(self) -> None:
        body = self.body
        self.need(self.same(body.argument("kwnames"), V(body, "null", "ptr")))
        nargs = body.argument("nargsf") & (2**63 - 1)
        count, at = self.word(ARGUMENTS), self.word(AT)
        self.need(nargs == count + at)
        self.guard()
        n = self.arguments(count)
        held = body.variable(self.word(NUMBERS, "ptr"))
        with body.when(at != 0):
            last = body.load(body.at(body.argument("args"), count, "ptr"), kind="ptr")
            self.need_array(last, body.integer(1))
            self.need(body.load(self.field(last, LENGTHS), kind="i64") == self.word(PARAMETERS))
            body.store(self.field(last, DATA), held)
        numbers = body.load(held, kind="ptr")
        changed, seen = body.load(self.word(CHANGES, "ptr"), kind="i64"), self.word(SEEN)
        with body.when((at == 0) & ((seen == -1) | (seen != changed))):
            body.store(changed, body.at(self.plan, SEEN, "i64"))
            with body.loop(0, self.word(PARAMETERS)) as i:
                value = body.load(body.at(self.word(VALUES_AT, "ptr"), i, "ptr"), kind="ptr")
                number = body.load(body.at(value, self.word(FLOAT), "i8"), kind="ptr")
                body.store(body.load(body.at(number, self.word(DOUBLE), "i8")), body.at(numbers, i))
        made = body.op(f"alloca ptr, {self.word(LEAVES)}", "ptr")
        place = body.variable(self.word(RESULTS, "ptr"))
        with body.when(self.word(DIRECT) != 0):  # the one array is made before, and computed in place
            array = self.new_array(body.integer(0), n)
            body.store(array, made)
            body.store(self.field(array, DATA), place)
        results, whole = body.load(place, kind="ptr"), self.word(WHOLE, "ptr")
        given = [self.word(WORK, "ptr"), self.word(COLUMNS, "ptr"), numbers, results, whole, n, self.word(SUMS, "ptr")]
        body.do(f"call void {self.word(RUN, 'ptr').name}({', '.join(map(repr, given))})")
        with body.when(self.word(DIRECT) == 0), body.loop(0, self.word(LEAVES)) as i:
            self.leaf(i, n, results, whole, body.at(made, i, "ptr"))
        body.give(self.shape(made))
        body.label("other")
        body.give(self.other())

    def guard(self) -> None:
        """Is all that is frozen in the code what it was?"""
        body = self.body
        with body.loop(0, self.word(WORDS)) as i:
            place = body.at(self.word(WORDS_AT, "ptr"), i * 2, "i64")
            address = body.load(place, kind="ptr")
            self.need(body.load(address, kind="i64") == body.load(body.at(place, 1, "i64"), kind="i64"))
        with body.loop(0, self.word(NAMES)) as i:
            place = body.at(self.word(NAMES_AT, "ptr"), i * 3, "i64")
            holder, key = [body.load(body.at(place, k, "i64"), kind="ptr") for k in (0, 1)]
            content = self.call(GET, "ptr", holder, key)
            self.need(self.same(content, body.load(body.at(place, 2, "i64"), kind="ptr")))

    def arguments(self, nargs: V) -> V:
        """Look at them and fill in the columns; how many examples there are."""
        body = self.body
        examples, column = body.variable(body.integer(-1)), body.variable(self.word(COLUMNS, "ptr"))
        with body.loop(0, nargs) as i:
            given = body.load(body.at(body.argument("args"), i, "ptr"), kind="ptr")
            expected = body.at(self.word(ARGUMENTS_AT, "ptr"), i * WIDTH, "i64")
            axes, count = [body.load(body.at(expected, k, "i64"), kind="i64") for k in (0, 1)]
            kind = self.field(given, TYPE, "i64")
            with body.when(axes == 0):
                self.need(kind == self.word(FLOAT_TYPE))
                first = body.load(column, kind="ptr")
                body.store(body.at(given, NUMBER, "i8"), first)
                body.store(body.at(first, 1, "ptr"), column)
            with body.when(axes != 0):
                self.need_array(given, axes)
                lengths = self.field(given, LENGTHS)
                n, known = body.load(lengths, kind="i64"), body.load(examples, kind="i64")
                self.need(n > 0)
                self.need((known == -1) | (known == n))
                body.store(n, examples)
                with body.loop(1, axes) as k:
                    length, wanted = body.at(lengths, k, "i64"), body.at(expected, k + 1, "i64")
                    self.need(body.load(length, kind="i64") == body.load(wanted, kind="i64"))
                data, first = self.field(given, DATA), body.load(column, kind="ptr")
                with body.loop(0, count) as k:
                    body.store(body.at(data, k), body.at(first, k, "ptr"))
                body.store(body.at(first, count, "ptr"), column)
        found = body.load(examples, kind="i64")
        n = select(found == -1, 1, found)
        self.need(n >= self.word(LEAST))
        self.need(n <= self.word(MOST))
        return n

    def need_array(self, given: V, axes: V) -> None:
        self.need(self.field(given, TYPE, "i64") == self.word(ARRAY_TYPE))
        self.need(self.field(given, DESCRIPTION, "i64") == self.word(DOUBLES))
        self.need(self.integer(given, ARRAY_AXES) == axes)
        flags = self.integer(given, FLAGS)
        self.need((flags & CONTIGUOUS_AND_ALIGNED) == CONTIGUOUS_AND_ALIGNED)

    def integer(self, place: V, offset: int) -> V:
        return self.body.op(f"sext {self.field(place, offset, 'i32')} to i64", "i64")

    def leaf_word(self, i: V, k: Any) -> V:
        return self.body.load(self.body.at(self.word(LEAVES_AT, "ptr"), i * WIDTH + k, "i64"), kind="i64")

    def new_array(self, i: V, n: V) -> V:
        """An array for leaf i: of the batch, or of what there is one of for all of it."""
        body = self.body
        kind, axes = self.leaf_word(i, 0), self.leaf_word(i, 3)
        lengths = body.array(AXES + 1)
        body.store(select(kind == ARRAY_OF_WHOLE, self.leaf_word(i, 2), n), lengths)
        with body.loop(0, axes) as k:
            body.store(self.leaf_word(i, k + 4), body.at(lengths, k + 1, "i64"))
        order = select(axes == 1, 2, body.integer(0))  # of columns, as they are computed
        short = [body.op(f"trunc {x} to i32", "i32") for x in (axes + 1, order)]
        null = V(body, "null", "ptr")
        double, zero = V(body, "12", "i32"), V(body, "0", "i32")
        given = [self.word(ARRAY_TYPE, "ptr"), short[0], lengths, double, null, null, zero, short[1], null]
        array = self.call(NEW_ARRAY, "ptr", *given)
        self.fail_without(array)
        return array

    def fail_without(self, made: V) -> None:
        self.count += 1
        self.body.do(
            f"br {self.same(made, V(self.body, 'null', 'ptr'))}, label %fail{self.count}, label %made{self.count}"
        )
        self.body.label(f"fail{self.count}")
        self.body.do("ret ptr null")
        self.body.label(f"made{self.count}")

    def leaf(self, i: V, n: V, results: V, whole: V, place: V) -> None:
        """Make a leaf from what was computed."""
        body = self.body
        kind, first, count, axes = [self.leaf_word(i, k) for k in range(4)]
        for one, start in ((A_FLOAT, results), (OF_WHOLE, whole)):
            with body.when(kind == one):
                body.store(self.call(NEW_FLOAT, "ptr", body.load(body.at(start, first))), place)
        with body.when((kind & 1) == 1):
            array = self.new_array(i, n)
            body.store(array, place)
            data = self.field(array, DATA)
            with body.when(kind == ARRAY_OF_WHOLE):
                body.copy(body.at(whole, first), data, count)
            with body.when(kind == AN_ARRAY):
                start = body.at(results, first * n)
                with body.when(axes <= 1):
                    body.copy(start, data, count * n)
                with body.when(axes > 1), body.loop(0, n) as e, body.loop(0, count) as k:
                    body.store(body.load(body.at(start, k * n + e)), body.at(data, e * count + k))

    def shape(self, made: V) -> V:
        """The leaves in the tuples and lists that the function returned, the last made first."""
        body = self.body
        steps = self.word(SHAPE)
        stack = body.op(f"alloca ptr, {steps}", "ptr")
        height, leaf = body.variable(body.integer(0)), body.variable(body.integer(0))
        with body.loop(0, steps) as i:
            step = body.load(body.at(self.word(SHAPE_AT, "ptr"), i, "i64"), kind="i64")
            top = body.load(height, kind="i64")
            with body.when(step == LEAF):
                k = body.load(leaf, kind="i64")
                body.store(body.load(body.at(made, k, "ptr"), kind="ptr"), body.at(stack, top, "ptr"))
                body.store(k + 1, leaf)
                body.store(top + 1, height)
            with body.when(step != LEAF):
                count = step >> 1
                holder = body.variable(V(body, "null", "ptr"))
                items = body.variable(V(body, "null", "ptr"))
                with body.when((step & 1) == 0):
                    tuple_ = self.call(NEW_TUPLE, "ptr", count)
                    self.fail_without(tuple_)
                    body.store(tuple_, holder)
                    body.store(body.at(tuple_, ITEMS, "i8"), items)
                with body.when((step & 1) == 1):
                    list_ = self.call(NEW_LIST, "ptr", count)
                    self.fail_without(list_)
                    body.store(list_, holder)
                    body.store(self.field(list_, LIST_ITEMS), items)
                with body.loop(0, count) as k:
                    item = body.load(body.at(stack, top - count + k, "ptr"), kind="ptr")
                    body.store(item, body.at(body.load(items, kind="ptr"), k, "ptr"))
                body.store(body.load(holder, kind="ptr"), body.at(stack, top - count, "ptr"))
                body.store(top - count + 1, height)
        return body.load(stack, kind="ptr")

    def other(self) -> V:
        """The method, with the object itself before the arguments."""
        body = self.body
        nargs = body.argument("nargsf") & (2**63 - 1)
        total = body.variable(nargs)
        named = body.op(f"icmp ne {body.argument('kwnames')}, null", "i1")
        with body.when(named):
            body.store(nargs + self.field(body.argument("kwnames"), 16, "i64"), total)
        count = body.load(total, kind="i64")
        given = body.op(f"alloca ptr, {count + 1}", "ptr")
        body.store(body.argument("self"), given)
        with body.loop(0, count) as i:
            x = body.load(body.at(body.argument("args"), i, "ptr"), kind="ptr")
            body.store(x, body.at(given, i + 1, "ptr"))
        return self.call(CALL, "ptr", self.word(METHOD, "ptr"), given, nargs + 1, body.argument("kwnames"))


@cache
def address() -> int:
    """Where `entry` is."""
    module = Module()
    write(module)
    return build(module.text(), 1).address("entry")
