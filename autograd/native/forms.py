"""What every form of a program is, in machine code: functions over a batch, in one piece or in pieces.

    void before(work, parameters)                                         what all examples share
    void each(work, columns, parameters, results, apart, begin, end, sums)
                                                                          examples begin to end
    void after(work, parameters, whole, n, chunks, lines)                 what follows from the means over the batch
    void run(work, columns, parameters, results, whole, n, apart, sums)   all, for a batch in one piece
    void pieces(work, columns, parameters, results, n, apart, block, chunks, sums, means, lines, next, begun)
                                                                          `each` for every chunk that nobody has taken
    void help(…, begun, many, looks)                                      the same by another thread than the caller,
                                                                          which then waits until so many jobs are begun
    void wait(many, count, looks)                                         until the count is so many, a while

    columns     const double *[inputs]: where the first example's number for each input is; the form knows how many
                doubles further on the next example's is
    parameters  const double[parameters]
    results     double[results][apart]: those of the program's outputs that there is one of for each example; apart is
                n, or as much more as it takes for each row to begin where the first one does in a line of the cache
    whole       double[program.whole]: those that there is one of for the whole batch
    sums        double[means]: a line, which each call of `each` writes; of `pieces`, as many lines as there are chunks,
                this thread's own
    lines       double *[chunks]: where the line of each chunk is, in whose order `after` adds them up
    work        memory of the form's own

    block       examples that are computed together: chunks begin at multiples of it
    means       numbers in a line of sums
    next        the number of the first chunk that nobody has taken, and how many are done
    begun       how many jobs are begun

A form writes the first three; here is what calls them. A batch may be cut into chunks that threads share; sums depend
on the cuts, and on nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd.native.body import Body
from autograd.native.build import has
from autograd.native.ir import V, select
from autograd.native.module import Module

PIECES = "work columns parameters results n apart block chunks sums means lines next begun".split()
SIGNATURES = {
    "before": ["work", "parameters"],
    "each": ["work", "columns", "parameters", "results", "apart", "begin", "end", "sums"],
    "after": ["work", "parameters", "whole", "n", "chunks", "lines"],
    "run": ["work", "columns", "parameters", "results", "whole", "n", "apart", "sums"],
    "pieces": PIECES,
    "help": [*PIECES, "many", "looks"],
    "wait": ["many", "count", "looks"],
}
INTEGERS = {"n", "apart", "begin", "end", "block", "chunks", "means", "many", "looks"}
MANY = 12  # pieces, from which on each is shorter than the one before


def write_run(module: Module) -> None:
    """Those that are the same for every form."""
    body = function(module, "run", SIGNATURES["run"])
    given = {name: body.argument(name) for name in SIGNATURES["run"]}
    line = body.variable(given["sums"])
    given |= {"begin": body.integer(0), "end": given["n"], "chunks": body.integer(1), "lines": line}
    for name in ("before", "each", "after"):
        _call(body, name, given)
    body.give()
    module.add(body)

    body = function(module, "pieces", SIGNATURES["pieces"])
    given = {name: body.argument(name) for name in SIGNATURES["pieces"]}
    n, block, chunks, sums = [given[name] for name in ("n", "block", "chunks", "sums")]
    whole_blocks = body.op(f"sdiv {n + block - 1}, {block.name}", "i64")
    more = chunks >> 2
    body.now(f"atomicrmw add {given['begun']}, i64 1 monotonic", "i64")
    falling = (chunks >= MANY) & (whole_blocks >= chunks * 5)

    def end(chunk: V) -> V:
        """Of pieces alike; of many, each is shorter than the one before: who ends first has little to wait for."""
        parts = select(falling, chunk * (chunks * 2 + more - chunk), chunk)
        of = select(falling, chunks * (chunks + more), chunks)
        full = body.op(f"sdiv {whole_blocks * parts}, {of.name}", "i64") * block
        return select(full > n, n, full)

    with body.loop(0, chunks) as taken:  # nobody takes more
        k = body.now(f"atomicrmw add {given['next']}, i64 1 monotonic", "i64")
        with body.when(k < chunks):
            line = body.at(sums, taken * given["means"])
            body.store(line, body.at(given["lines"], k, "ptr"))
            _call(body, "each", given | {"begin": end(k), "end": end(k + 1), "sums": line})
            body.now(f"atomicrmw add {body.at(given['next'], 1, 'i64')}, i64 1 release", "i64")
    body.give()
    module.add(body)

    body = function(module, "help", SIGNATURES["help"])
    given = {name: body.argument(name) for name in SIGNATURES["help"]}
    _call(body, "pieces", given | {"begun": body.variable(body.integer(0))})
    _call(body, "wait", given | {"count": given["begun"]})
    body.give()
    module.add(body)

    body = function(module, "wait", SIGNATURES["wait"])
    left = body.variable(body.argument("looks"))
    body.do("br label %look")
    body.label("look")
    if has("sse2"):
        body.module.needs("llvm.x86.sse2.pause", "void", [])
        body.do("call void @llvm.x86.sse2.pause()")
    found = body.now(f"load atomic i64, {body.argument('count')} acquire, align 8", "i64")
    body.store(body.load(left, kind="i64") - 1, left)
    body.do(f"br {(found < body.argument('many')) & (body.load(left, kind='i64') > 0)}, label %look, label %end")
    body.label("end")
    body.give()
    module.add(body)


def _call(body: Body, name: str, given: dict[str, V]) -> None:
    body.do(f"call void @{name}({', '.join([repr(given[x]) for x in SIGNATURES[name]])})")


def function(module: Module, name: str, arguments: Sequence[str]) -> Body:
    """A function of these arguments, all of them addresses or counts."""
    return Body(module, name, [("i64" if x in INTEGERS else "ptr", x) for x in arguments])


def added_up(body: Body, mean: V, lanes: int = 1) -> V:
    """The sums over the batch of means, of these lanes from this one on: those of the chunks, in order."""

    def part(chunk: Any) -> V:
        line = body.load(body.at(body.argument("lines"), chunk, "ptr"), kind="ptr")
        return body.load(body.at(line, mean), lanes)

    total = body.variable(part(0), lanes)
    with body.loop(1, body.argument("chunks")) as chunk:
        body.store(body.load(total, lanes) + part(chunk), total)
    return body.load(total, lanes)
