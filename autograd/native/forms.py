"""What every form of a program is, in machine code: functions over a batch.

    void before(work, parameters)                                         what all examples share
    void each(work, columns, parameters, results, apart, begin, end, sums)
                                                                          examples begin to end
    void after(work, parameters, whole, n, chunks, lines)                 what follows from the means over the batch
    void run(work, columns, parameters, results, whole, n, apart, sums)   all, for a batch in one piece

    columns     const double *[inputs]: where the first example's number for each input is; the form knows how many
                doubles further on the next example's is
    parameters  const double[parameters]
    results     double[results][apart]: those of the program's outputs that there is one of for each example; apart is
                n, or as much more as it takes for each row to begin where the first one does in a line of the cache
    whole       double[program.whole]: those that there is one of for the whole batch
    sums        double[means]: a line, which each call of `each` writes
    lines       double *[chunks]: where the line of each chunk is, in whose order `after` adds them up
    work        memory of the form's own

A form writes the first three; here is what calls them. A batch may be cut into chunks, see `pieces`; sums depend on the
cuts, and on nothing else.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Sequence, Set
from typing import Any

from autograd.native.body import Body
from autograd.native.ir import V
from autograd.native.module import Module

SIGNATURES = {
    "before": ["work", "parameters"],
    "each": ["work", "columns", "parameters", "results", "apart", "begin", "end", "sums"],
    "after": ["work", "parameters", "whole", "n", "chunks", "lines"],
    "run": ["work", "columns", "parameters", "results", "whole", "n", "apart", "sums"],
}
INTEGERS = {"n", "apart", "begin", "end", "chunks"}


def write_run(module: Module) -> None:
    """The one that is the same for every form. Inlined, the others would be compiled twice."""
    body = function(module, "run", SIGNATURES["run"])
    given = {name: body.argument(name) for name in SIGNATURES["run"]}
    line = body.variable(given["sums"])
    given |= {"begin": body.integer(0), "end": given["n"], "chunks": body.integer(1), "lines": line}
    for name in ("before", "each", "after"):
        body.do(f"call void @{name}({arguments_of(SIGNATURES[name], given)}) noinline")
    body.give()
    module.add(body)


def arguments_of(signature: Sequence[str], given: dict[str, V]) -> str:
    return ", ".join([repr(given[name]) for name in signature])


def function(module: Module, name: str, arguments: Sequence[str], integers: Set[str] = INTEGERS) -> Body:
    """A function of these arguments, all of them addresses or counts."""
    return Body(module, name, [("i64" if x in integers else "ptr", x) for x in arguments])


def neighbours(strides: Sequence[int]) -> Iterator[tuple[int, int]]:
    """(first, how many) of inputs that lie side by side: an argument of several numbers an example has as many, which
    are as many doubles apart."""
    first = 0
    while first < len(strides):
        count = max(strides[first], 1)
        yield first, count
        first += count


def added_up(body: Body, mean: V, lanes: int = 1) -> V:
    """The sums over the batch of means, of these lanes from this one on: those of the chunks, in order."""

    def part(chunk: Any) -> V:
        line = body.load(body.at(body.argument("lines"), chunk, "ptr"), kind="ptr")
        return body.load(body.at(line, mean), lanes)

    total = body.variable(part(0), lanes)
    with body.loop(1, body.argument("chunks")) as chunk:
        body.store(body.load(total, lanes) + part(chunk), total)
    return body.load(total, lanes)


def at(place: int, signature: Sequence[str], integers: Set[str] = INTEGERS) -> Callable[..., None]:
    """The one at an address, to call from Python; while it runs, other threads do."""
    kinds = [ctypes.c_int64 if name in integers else ctypes.c_void_p for name in signature]
    return ctypes.CFUNCTYPE(None, *kinds)(place)
