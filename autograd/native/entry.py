"""The way into machine code from a call: arguments in, results out, in machine code as well.

Python takes microseconds to look at two arrays and to make three; a small batch is computed in a tenth of one. So an
object whose calls are machine code has two words of its own: the address of `entry`, which CPython calls instead of
`__call__`, and that of a plan, which says what to look for and what to make. There is one `entry` for all functions.

It takes numbers (floats, numpy's too, ints and bools) and contiguous arrays of doubles of the expected shapes, as many
examples as the plan allows, and no keywords, as long as all that the function could read when it was recorded is what
it was (`Guard`). Anything else is for the method that the plan names first, which has the messages and the other ways.
While it runs no other thread of Python does; objects that the garbage collector tracks are made last, when nothing of
the plan is needed any more: the collector may run anything.

Where all arguments and results are numbers, most of that is never asked: such calls have an entry of their own. Half of
their time would go into making tuples and floats, and freeing those of the call before. So the object keeps its last
result, and what nobody else has of that (no name, no list) is the next one, as in `zip`.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache

from autograd.native import words as code
from autograd.native.body import Body
from autograd.native.build import build
from autograd.native.ir import LANES, V, constant, select
from autograd.native.making import Making, apart
from autograd.native.module import Module
from autograd.native.tiles import any_nan


def write(module: Module, numbers: bool) -> None:
    """ptr entry(ptr self, ptr args, i64 nargsf, ptr kwnames)"""
    body = Body(module, "entry", [("ptr", "self"), ("ptr", "args"), ("i64", "nargsf"), ("ptr", "kwnames")], "ptr")
    entry = _Numbers(body) if numbers else _Arrays(body)
    entry.write()
    body.label("raised")
    body.do(f"call void {entry.word(code.FORGET, 'ptr').name}()")
    body.do("br label %other")
    body.label("other")
    body.give(entry.other())
    module.add(body)


class _Entry(Making):
    def need_count(self, count: V) -> None:
        """So many arguments, all of them by place."""
        self.need(self.same(self.body.argument("kwnames"), self.null))
        self.need((self.body.argument("nargsf") & (2**63 - 1)) == count)

    def guard(self) -> None:
        """Is all that is frozen in the code what it was?"""
        body = self.body
        with body.loop(0, self.word(code.WORDS)) as i:
            places = body.at(self.word(code.WORDS_AT, "ptr"), i * 2 * code.TOGETHER, "i64")
            differs = body.integer(0)
            for k in range(code.TOGETHER):
                address = body.load(body.at(places, 2 * k, "i64"), kind="ptr")
                was = body.load(body.at(places, 2 * k + 1, "i64"), kind="i64")
                differs = differs | (body.load(address, kind="i64") ^ was)
            self.need(differs == 0)
        names = body.variable(self.word(code.NAMES_AT, "ptr"))
        with body.loop(0, self.word(code.DICTS)):
            of_one = body.load(names, kind="ptr")
            holder, count = [body.load(body.at(of_one, k, "i64"), kind=kind) for k, kind in ((0, "ptr"), (2, "i64"))]
            seen, version = body.at(of_one, 1, "i64"), self.field(holder, code.VERSION, "i64")
            with body.when((self.word(code.VERSIONED) == 0) | (version != body.load(seen, kind="i64"))):
                with body.loop(0, count) as i:
                    key, content = [body.load(body.at(of_one, i * 2 + k, "i64"), kind="ptr") for k in (3, 4)]
                    self.need(self.same(self.call(code.GET, "ptr", holder, key), content))
                body.store(version, seen)
            body.store(body.at(of_one, count * 2 + 3, "i64"), names)

    def number(self, i: V, given: V) -> V:
        """Where the double of the i-th argument is; that of an int is made, as `float` does."""
        body = self.body
        place, kind = body.variable(body.at(given, code.NUMBER, "i8")), self.field(given, code.TYPE, "i64")
        with body.when(kind != self.word(code.FLOAT_TYPE)), body.when(kind != self.word(code.FLOAT64_TYPE)):
            self.need((kind == self.word(code.INT_TYPE)) | (kind == self.word(code.BOOL_TYPE)))
            double = self.call(code.FROM_INT, "double", given)
            with body.when(double == -1.0):  # or there is none
                self.need(self.same(self.call(code.ERROR, "ptr"), self.null), "raised")
            made = body.at(self.word(code.INTS, "ptr"), i)
            body.store(double, made)
            body.store(made, place)
        return body.load(place, kind="ptr")

    def read_parameters(self) -> None:
        """From their Values, where any was set since they were."""
        body = self.body
        changed, seen = body.load(self.word(code.CHANGES, "ptr"), kind="i64"), self.word(code.SEEN)
        with body.when((seen == -1) | (seen != changed)):
            body.store(changed, body.at(self.plan, code.SEEN, "i64"))
            with body.loop(0, self.word(code.PARAMETERS)) as i:
                value = body.load(body.at(self.word(code.VALUES_AT, "ptr"), i, "ptr"), kind="ptr")
                number = body.load(body.at(value, self.word(code.FLOAT), "i8"), kind="ptr")
                double = body.load(body.at(number, self.word(code.DOUBLE), "i8"))
                body.store(double, body.at(self.word(code.NUMBERS, "ptr"), i))

    def run(self, numbers: V, results: V, n: V, between: V) -> None:
        work, columns, sums, whole = [self.word(k, "ptr") for k in (code.WORK, code.COLUMNS, code.SUMS, code.WHOLE)]
        given = [work, columns, numbers, results, whole, n, between, sums]
        self.body.do(f"call void {self.word(code.RUN, 'ptr').name}({', '.join(map(repr, given))})")

    def other(self) -> V:
        """The method, with the object itself before the arguments."""
        body = self.body
        nargs = body.argument("nargsf") & (2**63 - 1)
        total = body.variable(nargs)
        named = body.op(f"icmp ne {body.argument('kwnames')}, null", "i1")
        with body.when(named):
            body.store(nargs + self.field(body.argument("kwnames"), 16, "i64"), total)
        count = body.load(total, kind="i64")
        given = body.now(f"alloca ptr, {count + 1}", "ptr")
        body.store(body.argument("self"), given)
        with body.loop(0, count) as i:
            x = body.load(body.at(body.argument("args"), i, "ptr"), kind="ptr")
            body.store(x, body.at(given, i + 1, "ptr"))
        return self.call(code.CALL, "ptr", self.word(code.METHOD, "ptr"), given, nargs + 1, body.argument("kwnames"))


class _Numbers(_Entry):
    """Numbers in, floats out: one example."""

    def write(self) -> None:
        body = self.body
        count, columns, results = (
            self.word(code.ARGUMENTS),
            self.word(code.COLUMNS, "ptr"),
            self.word(code.RESULTS, "ptr"),
        )
        self.need_count(count)
        self.guard()
        with body.loop(0, count) as i:
            given = body.load(body.at(body.argument("args"), i, "ptr"), kind="ptr")
            body.store(self.number(i, given), body.at(columns, i, "ptr"))
        self.read_parameters()
        self.run(self.word(code.NUMBERS, "ptr"), results, body.integer(1), body.integer(1))
        self.last_anew(results)
        leaves, last = self.word(code.LEAVES), self.field(body.argument("self"), code.LAST)
        known, keep, drop = self.word(code.TUPLES) >= 0, self.word(code.KEEP, "ptr"), self.word(code.DROP, "ptr")
        made = body.now(f"alloca ptr, {leaves}", "ptr")
        with body.loop(0, leaves) as i:
            body.store(self.call(code.NEW_FLOAT, "ptr", body.load(body.at(results, i))), body.at(made, i, "ptr"))
        result = self.shape(made)
        with body.when(known):
            before = body.load(last, kind="ptr")
            body.store(result, last)
            self.tell(keep, result)
            self.tell(drop, before)
        body.give(result)


class _Arrays(_Entry):
    """Arrays among the arguments or the results: a batch."""

    def write(self) -> None:
        body = self.body
        count, at = self.word(code.ARGUMENTS), self.word(code.AT)
        self.need_count(count + at)
        self.guard()
        n = self.arguments(count)
        held = body.variable(self.word(code.NUMBERS, "ptr"))
        with body.when(at != 0):
            last = body.load(body.at(body.argument("args"), count, "ptr"), kind="ptr")
            self.need_array(last, body.integer(1))
            self.need(body.load(self.field(last, code.LENGTHS), kind="i64") == self.word(code.PARAMETERS))
            body.store(self.field(last, code.DATA), held)
        with body.when(at == 0):
            self.read_parameters()
        made = body.now(f"alloca ptr, {self.word(code.LEAVES)}", "ptr")
        place = body.variable(self.word(code.RESULTS, "ptr"))
        large, block = n >= self.word(code.LARGE), body.variable(self.null)
        direct = (self.word(code.DIRECT) != 0) & (large ^ True)
        with body.when(direct):  # the one array is made before, and computed in place
            array = self.new_array(body.integer(0), n)
            body.store(array, made)
            body.store(self.field(array, code.DATA), place)
        with body.when(large):
            shared = self.array(body.integer(1), [self.word(code.EACH) * apart(n) + LANES - 1], body.integer(0))
            body.store(shared, block)
            body.store(self.line(shared), place)
        results, whole = body.load(place, kind="ptr"), self.word(code.WHOLE, "ptr")
        self.run(body.load(held, kind="ptr"), results, n, select(large, apart(n), n))
        self.look_for_nan(whole, large, block)
        with body.when(direct ^ True), body.loop(0, self.word(code.LEAVES)) as i:
            self.leaf(i, n, results, whole, body.at(made, i, "ptr"), body.load(block, kind="ptr"))
        with body.when(large):
            self.drop(block)
        body.give(self.shape(made))

    def drop(self, block: V) -> None:
        self.tell(self.word(code.DROP, "ptr"), self.body.load(block, kind="ptr"))

    def look_for_nan(self, whole: V, large: V, block: V) -> None:
        """Where there may be none in the results for the whole batch, is there one? (Or an inf and a −inf.)"""
        body = self.body
        total = body.variable(constant(body, 0.0), LANES)
        with body.loop(0, self.word(code.NO_NAN), LANES) as i:
            body.store(body.load(total, LANES) + body.load(body.at(whole, i), LANES), total)
        found = any_nan(body, [body.load(total, LANES)])
        with body.when(found & large):
            self.drop(block)
        self.need(found ^ True)

    def arguments(self, nargs: V) -> V:
        """Look at them and fill in the columns; how many examples there are."""
        body = self.body
        examples, column = body.variable(body.integer(-1)), body.variable(self.word(code.COLUMNS, "ptr"))
        with body.loop(0, nargs) as i:
            given = body.load(body.at(body.argument("args"), i, "ptr"), kind="ptr")
            expected = body.at(self.word(code.ARGUMENTS_AT, "ptr"), i * code.WIDTH, "i64")
            axes, count = [body.load(body.at(expected, k, "i64"), kind="i64") for k in (0, 1)]
            with body.when(axes == 0):
                first = body.load(column, kind="ptr")
                body.store(self.number(i, given), first)
                body.store(body.at(first, 1, "ptr"), column)
            with body.when(axes != 0):
                self.need_array(given, axes)
                lengths = self.field(given, code.LENGTHS)
                n, known = body.load(lengths, kind="i64"), body.load(examples, kind="i64")
                self.need(n > 0)
                self.need((known == -1) | (known == n))
                body.store(n, examples)
                with body.loop(1, axes) as k:
                    length, wanted = body.at(lengths, k, "i64"), body.at(expected, k + 1, "i64")
                    self.need(body.load(length, kind="i64") == body.load(wanted, kind="i64"))
                data, first = self.field(given, code.DATA), body.load(column, kind="ptr")
                with body.loop(0, count) as k:
                    body.store(body.at(data, k), body.at(first, k, "ptr"))
                body.store(body.at(first, count, "ptr"), column)
        found = body.load(examples, kind="i64")
        n = select(found == -1, 1, found)
        self.need(n >= self.word(code.LEAST))
        self.need(n <= self.word(code.MOST))
        return n

    def need_array(self, given: V, axes: V) -> None:
        self.need(self.field(given, code.TYPE, "i64") == self.word(code.ARRAY_TYPE))
        self.need(self.field(given, code.DESCRIPTION, "i64") == self.word(code.DOUBLES))
        self.need(self.integer(given, code.ARRAY_AXES) == axes)
        flags = self.integer(given, code.FLAGS)
        self.need((flags & code.CONTIGUOUS_AND_ALIGNED) == code.CONTIGUOUS_AND_ALIGNED)

    def integer(self, place: V, offset: int) -> V:
        return self.body.op(f"sext {self.field(place, offset, 'i32')} to i64", "i64")


@cache
def holds() -> Callable[[int], int]:
    """What says of an object with a plan, by its address, whether all that the plan guards is what it was."""
    module = Module()
    body = Body(module, "holds", [("ptr", "self")], "i64")
    _Entry(body).guard()
    body.give(body.integer(1))
    body.label("other")
    body.give(body.integer(0))
    module.add(body)
    return ctypes.PYFUNCTYPE(ctypes.c_int64, ctypes.c_void_p)(build(module.text(), 1).address("holds"))


@cache
def address(numbers: bool) -> int:
    """Where `entry` is: of calls with numbers alone, or of all."""
    module = Module()
    write(module, numbers)
    return build(module.text(), 1).address("entry")
