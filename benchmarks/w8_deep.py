"""W8: y = y * 1.0001 + 0.1, a million times: a chain too deep for recursion, and what a node weighs."""

from __future__ import annotations

import os
import sys

from benchmarks.harness import OURS, Work, printed
from benchmarks.scalar_graph import by_class, by_xad

DEPTH = 1_000_000
START, FACTOR, TERM = 1.0, 1.0001, 0.1
RECURSIVE = "RecursionError already at 10,000"


def chain(y, depth):
    for _ in range(depth):
        y = y * FACTOR + TERM
    return y


def closed_form(depth):
    """y and dy/dx after `depth` steps: x rⁿ + t (rⁿ - 1) / (r - 1), and rⁿ."""
    power = FACTOR**depth
    return START * power + TERM * (power - 1) / (FACTOR - 1), power


deep = Work(
    "W8.deep",
    "build a chain and sweep it backwards",
    unit="s",
    scale=1.0,
    expect=closed_form,
    rtol=1e-6,
    sizes=(10_000, DEPTH),
    quick_sizes=(10_000,),
    seconds=4,
)


@deep.ours("autograd")
def eager(depth):
    from autograd import Value

    return by_class(Value, [START], lambda x: chain(*x, depth))


@deep.engine("torch scalars", "torch", slow=True)
def torch(depth):
    import torch

    number = lambda x: torch.tensor(x, dtype=torch.float64, requires_grad=True)
    return by_class(number, [START], lambda x: chain(*x, depth))


@deep.engine("xad", "xad")
def xad(depth):
    return by_xad([START], lambda x: chain(*x, depth))


@deep.engine("micrograd", "micrograd.engine", upto=10_000, why_not=RECURSIVE)
def micrograd(depth):
    from micrograd.engine import Value

    return by_class(Value, [START], lambda x: chain(*x, depth))


@deep.engine("tuple tape", upto=10_000, why_not=RECURSIVE)
def tape(depth):
    from benchmarks.tape import Value

    return by_class(Value, [START], lambda x: chain(*x, depth))


memory = Work(
    "memory",
    "what one binary node weighs",
    unit="bytes a node",
    scale=1.0,
    meter="own",
    sizes=(200_000,),
    quick_sizes=(20_000,),
)

MAKERS = {
    OURS: ("autograd", "from autograd import Value as make"),
    "tuple tape": ("benchmarks.tape", "from benchmarks.tape import Value as make"),
    "micrograd": ("micrograd.engine", "from micrograd.engine import Value as make"),
    "torch scalars": (
        "torch",
        "import torch; make = lambda x: torch.tensor(x, dtype=torch.float64, requires_grad=True)",
    ),
    "xad": ("xad", "from xad.adj_1st import Real, Tape; tape = Tape(); tape.activate(); make = Real"),
}

PROGRAM = """
import gc
gc.disable()
from benchmarks.w8_deep import resident
{maker}
keep = [make(0.5) for _ in range(1000)]
if {xad}:
    tape.registerInputs(keep); tape.newRecording()
before = resident()
y, other = keep[0], keep[1]
for _ in range({half}):
    y = y * other + other
    keep.append(y)
print((resident() - before - 8 * {half}) / (2 * {half}))
"""


def resident() -> int:
    """Bytes of memory this process holds now (Linux), or its peak so far (elsewhere)."""
    if os.path.exists("/proc/self/statm"):
        with open("/proc/self/statm") as f:
            return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _weigh(name):
    module, maker = MAKERS[name]

    @memory.ours(module) if name == OURS else memory.engine(name, module)
    def setup(nodes):
        program = PROGRAM.format(maker=maker, half=nodes // 2, xad=name == "xad")
        return lambda: printed(program)


for name in MAKERS:
    _weigh(name)

WORKS = [deep, memory]
