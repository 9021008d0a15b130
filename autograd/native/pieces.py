"""A batch in pieces, which threads share: machine code that takes one after the other, for every form the same.

void pieces(each, work, columns, parameters, results, n, apart, block, chunks, sums, means, lines, next, begun)
                                        `each` for every chunk that nobody has taken
void help(…, begun, many, looks)        the same by another thread than the caller, which then waits until so many
                                        jobs are begun
void wait(many, count, looks)           until the count is so many, a while

each        the form's: see `forms`, also for what is not said here
block       examples that are computed together: chunks begin at multiples of it
sums        double[chunks][means]: lines of sums, this thread's own
next        the number of the first chunk that nobody has taken, and how many are done
begun       how many jobs are begun
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from autograd.native import forms
from autograd.native.build import build, has
from autograd.native.forms import arguments_of, at, function
from autograd.native.ir import V, select
from autograd.native.module import Module

PIECES = "each work columns parameters results n apart block chunks sums means lines next begun".split()
SIGNATURES = {"pieces": PIECES, "help": [*PIECES, "many", "looks"], "wait": ["many", "count", "looks"]}
INTEGERS = {*forms.INTEGERS, "block", "means", "many", "looks"}
MANY = 12  # pieces, from which on each is shorter than the one before


@cache
def functions() -> list[Callable[..., None]]:
    """`pieces`, `help` and `wait`."""
    module = Module()
    for write in (_write_pieces, _write_help, _write_wait):
        write(module)
    code = build(module.text(), 1)
    return [at(code.address(name), SIGNATURES[name], INTEGERS) for name in ("pieces", "help", "wait")]


def _write_pieces(module: Module) -> None:
    body = function(module, "pieces", SIGNATURES["pieces"], INTEGERS)
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
            of_chunk = given | {"begin": end(k), "end": end(k + 1), "sums": line}
            body.do(f"call void {given['each'].name}({arguments_of(forms.SIGNATURES['each'], of_chunk)})")
            body.now(f"atomicrmw add {body.at(given['next'], 1, 'i64')}, i64 1 release", "i64")
    body.give()
    module.add(body)


def _write_help(module: Module) -> None:
    body = function(module, "help", SIGNATURES["help"], INTEGERS)
    given = {name: body.argument(name) for name in SIGNATURES["help"]}
    inner = given | {"begun": body.variable(body.integer(0)), "count": given["begun"]}
    for name in ("pieces", "wait"):
        body.do(f"call void @{name}({arguments_of(SIGNATURES[name], inner)})")
    body.give()
    module.add(body)


def _write_wait(module: Module) -> None:
    body = function(module, "wait", SIGNATURES["wait"], INTEGERS)
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
