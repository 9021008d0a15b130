"""The driver of a tape: what takes it over a whole batch, block by block.

    before  parameters in, once loops
    each    copies of what examples read; then block by block inputs in, example loops, results out
    after   means, batch loops, results

The functions are those of `forms`; `work` is the plan, an array of counts and addresses laid out in `encode`. Chunks on
different threads have plans that differ in LANES_AT.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from autograd.native import encode as layout
from autograd.native.body import Body
from autograd.native.build import Code, build
from autograd.native.forms import SIGNATURES, added_up, function, write_run
from autograd.native.ir import LANES, V, constant, select
from autograd.native.means import turned
from autograd.native.module import Module


@cache
def driver(width: int) -> Code:
    """The functions above, for blocks of so many examples."""
    module = Module()
    for name, write in (("before", _before), ("each", _each), ("after", _after)):
        body = function(module, name, SIGNATURES[name])
        write(_Driver(body, width))
        body.give()
        module.add(body)
    write_run(module)
    return build(module.text(), 1 if width == 1 else 3)  # of one example it does little but call


class _Driver:
    def __init__(self, body: Body, width: int) -> None:
        self.body, self.width, self.argument = body, width, body.argument

    def plan(self, field: int, kind: str = "i64") -> V:
        """A field of the plan: a count, or an address."""
        return self.body.load(self.body.at(self.argument("work"), field), kind=kind)

    def entry(self, table: int, index: Any) -> V:
        """An integer of one of the plan's tables."""
        return self.body.load(self.body.at(self.plan(table, "ptr"), index), kind="i64")

    def loops(self, first: Any, count: V, lanes: V, sums: V, live: Any) -> None:
        """Call the kernels of these loops of the tape."""
        body, live = self.body, live if isinstance(live, V) else self.body.integer(live)
        once = self.plan(layout.ONCE_AT, "ptr")
        with body.loop(first, count + first) as i:
            kernel = body.load(body.at(self.plan(layout.KERNELS_AT, "ptr"), i, "ptr"), kind="ptr")
            code = body.at(self.plan(layout.CODE_AT, "ptr"), self.entry(layout.OFFSETS_AT, i), "i32")
            body.do(f"call void {kernel.name}({code}, {once}, {lanes}, {sums}, {live})")


def _before(d: _Driver) -> None:
    """The parameters, and what is known once."""
    body, once, parameters = d.body, d.plan(layout.ONCE_AT, "ptr"), d.argument("parameters")
    with body.when(body.op(f"icmp ne {once}, {parameters.name}", "i1")):  # they were not read into their places
        body.copy(parameters, once, d.plan(layout.PARAMETERS))
    d.loops(0, d.plan(layout.ONCE_LOOPS), once, once, 1)


def _after(d: _Driver) -> None:
    """The means, from the sums of the chunks in order; what follows from them; and the results for the batch."""
    body, once, count = d.body, d.plan(layout.ONCE_AT, "ptr"), d.plan(layout.MEANS)
    n = body.op(f"sitofp {d.argument('n')} to double")
    of_two = (
        d.argument("n") & (d.argument("n") - 1)
    ) == 0  # a power of it: 1/n is exact, and faster than to divide by n

    def means(first: Any, to: V, many: V) -> None:
        """So many of them from one on, to a place."""

        def mean(i: V, lanes: int, share: Callable[[V], Any]) -> None:
            body.store(share(added_up(body, i + first, lanes)), body.at(to, i))

        with body.when(of_two):
            body.strips(many, lambda i, lanes: mean(i, lanes, lambda x: x * (1.0 / n)))
        with body.when(of_two ^ True):
            body.strips(many, lambda i, lanes: mean(i, lanes, lambda x: x / n))

    first_mean, batch = d.plan(layout.FIRST_MEAN), d.plan(layout.BATCH_LOOPS)
    with body.when(batch != 0):
        means(0, body.at(once, first_mean), count)
    done = d.plan(layout.ONCE_LOOPS) + d.plan(layout.COPY_LOOPS) + d.plan(layout.EXAMPLE_LOOPS)
    d.loops(done, batch, once, once, 1)
    with body.loop(0, d.plan(layout.WHOLE)) as run:
        place, to, length = [d.entry(layout.WHOLE_AT, run * 3 + k) for k in range(3)]
        result = body.at(d.argument("whole"), to)
        straight = (batch == 0) & (place >= first_mean) & (place < first_mean + count)
        with body.when(straight):  # nothing else asks for these means
            means(place - first_mean, result, length)
        with body.when(straight ^ True):
            body.copy(body.at(once, place), result, length)


def _each(d: _Driver) -> None:
    """Examples begin to end of n, from the columns to the results."""
    body, width = d.body, d.width
    lanes, (sums, begin, end) = d.plan(layout.LANES_AT, "ptr"), [d.argument(name) for name in ("sums", "begin", "end")]
    first = d.plan(layout.ONCE_LOOPS)
    d.loops(first, d.plan(layout.COPY_LOOPS), lanes, sums, width)
    with body.loop(0, d.plan(layout.MEANS)) as i:
        body.store(constant(body, 0.0), body.at(sums, i))
    _fixed_out(d, begin, end)
    with body.loop(begin, end, width) as start:
        live = select(end - start > width, body.integer(width), end - start)
        _inputs_in(d, start, live)
        d.loops(first + d.plan(layout.COPY_LOOPS), d.plan(layout.EXAMPLE_LOOPS), lanes, sums, live)
        _results_out(d, start, live)


def _inputs_in(d: _Driver, start: V, live: V) -> None:
    body = d.body

    def places(entry: V) -> tuple[V, Callable[[V], V]]:
        """The line of an input, and where its number for each lane is."""
        k, stride = d.entry(layout.COLUMNS_AT, entry * 2), d.entry(layout.COLUMNS_AT, entry * 2 + 1)
        column = body.load(body.at(d.argument("columns"), k, "ptr"), kind="ptr")
        line = body.at(d.plan(layout.LANES_AT, "ptr"), k * d.width)
        return line, lambda lane: body.at(column, (start + select(lane < live, lane, live - 1)) * stride)

    squares = d.plan(layout.SQUARES)
    if d.width > 1:
        with body.loop(0, squares) as entry, body.loop(0, d.width, LANES) as first:
            line, place = places(entry)
            rows = [body.load(place(first + k), LANES) for k in range(LANES)]
            for k, column in enumerate(turned(body, rows)):
                body.store(column, body.at(line, first + k * d.width))
    with body.loop(squares, d.plan(layout.COLUMNS)) as entry:
        line, place = places(entry)
        with body.loop(0, d.width) as lane:
            body.store(body.load(place(lane)), body.at(line, lane))


def _fixed_out(d: _Driver, begin: V, end: V) -> None:
    """The results that all examples share: each row at once, as it lies in memory."""
    body, once = d.body, d.plan(layout.ONCE_AT, "ptr")
    with body.loop(0, d.plan(layout.FIXED)) as entry:
        k, place = d.entry(layout.EACH_AT, entry * 2), d.entry(layout.EACH_AT, entry * 2 + 1)
        out, x = body.at(d.argument("results"), k * d.argument("apart") + begin), body.load(body.at(once, place))
        body.strips(end - begin, lambda i, lanes: body.store(body.spread(x, lanes), body.at(out, i)))


def _results_out(d: _Driver, start: V, live: V) -> None:
    body = d.body
    with body.loop(d.plan(layout.FIXED), d.plan(layout.EACH)) as entry:
        k, place = d.entry(layout.EACH_AT, entry * 2), d.entry(layout.EACH_AT, entry * 2 + 1)
        line = body.at(d.plan(layout.LANES_AT, "ptr"), place * d.width)
        body.copy(line, body.at(d.argument("results"), k * d.argument("apart") + start), live)
