"""A graph of binary nodes of any size: what one `+` or `*` costs, forward and backward, in each engine.

Leaves are multiplied and added in runs of fifty, and the runs' ends are added up pairwise, so the
graph is shallow enough for the engines that order it recursively. Moons over 100 samples has about
86,000 such nodes, hence that size among the others.
"""

from __future__ import annotations

import random
from functools import partial

from benchmarks.harness import Work

RUN = 50
MOONS = 86_000


def build(leaves, nodes):
    """One root over `nodes` binary nodes (a few more or less), made of `*` and `+` alone; no two runs are the same."""
    ends, count = [], len(leaves)
    for start in range(0, max(1, nodes // RUN)):
        at, stride = start * 7, 3 + start // count
        z = leaves[at % count]
        for step in range(1, RUN, 2):
            z = z * leaves[(at + step) % count] + leaves[(at + step * stride) % count]
        ends.append(z)
    while len(ends) > 1:
        pairs = [x + y for x, y in zip(ends[::2], ends[1::2])]
        ends = pairs + ends[2 * len(pairs) :]
    return ends[0]


def points(nodes) -> list[float]:
    """One leaf for every ten nodes, at most a thousand."""
    rng = random.Random(3)
    return [rng.uniform(-1.0, 1.0) for _ in range(min(1_000, nodes // 10))]


def by_class(make, numbers, f, told=list):
    """f, forward and backward, with any class that has `.backward()`, `.grad` and operators."""

    def run():
        leaves = [make(x) for x in numbers]
        root = f(leaves)
        root.backward()
        return float(root.data), [float(leaf.grad or 0.0) for leaf in told(leaves)]

    return run


def by_xad(numbers, f, told=list):
    """The same with XAD's tape."""
    from xad.adj_1st import Real, Tape

    tape = Tape()
    tape.activate()

    def run():
        leaves = [Real(x) for x in numbers]
        tape.registerInputs(leaves)
        tape.newRecording()
        root = f(leaves)
        tape.registerOutput(root)
        root.derivative = 1.0
        tape.computeAdjoints()
        result = root.value, [leaf.derivative for leaf in told(leaves)]
        tape.clearAll()
        return result

    return run


def checked(leaves):
    """Every so many leaves, ten in all: enough to catch a wrong rule, cheap to return."""
    return leaves[:: len(leaves) // 10]


def reference(nodes):
    """Complex steps, which know no chain rule at all."""
    h = 1e-200
    numbers = points(nodes)
    derivatives = []
    for i in checked(range(len(numbers))):
        leaves = [complex(x) for x in numbers]
        leaves[i] += 1j * h
        derivatives.append(build(leaves, nodes).imag / h)
    return build(numbers, nodes), derivatives


def works() -> list[Work]:
    common = dict(
        unit="ns a node", scale=1e9, expect=reference, rtol=1e-8, per=lambda n: n, quick_sizes=(1_000,), seconds=2.5
    )
    every = Work(
        "eager.graph", "forward + backward of binary nodes", sizes=(100, 1_000, 10_000, MOONS, 1_000_000), **common
    )
    off = Work("eager.graph.off", "the same with the collector off", sizes=(MOONS,), **common)

    for work, collector in ((every, True), (off, False)):
        engine = partial(work.engine, collector=collector)

        @work.ours("autograd", collector=collector)
        def eager(n):
            from autograd import Value

            return by_class(Value, points(n), lambda leaves: build(leaves, n), checked)

        @engine("tuple tape")
        def tape(n):
            from benchmarks.tape import Value

            return by_class(Value, points(n), lambda leaves: build(leaves, n), checked)

        @engine("micrograd", "micrograd.engine", upto=MOONS, why_not="tens of seconds a pass")
        def micrograd(n):
            from micrograd.engine import Value

            return by_class(Value, points(n), lambda leaves: build(leaves, n), checked)

        @engine("torch scalars", "torch", upto=MOONS, why_not="tens of seconds a pass")
        def torch(n):
            import torch

            number = lambda x: torch.tensor(x, dtype=torch.float64, requires_grad=True)
            return by_class(number, points(n), lambda leaves: build(leaves, n), checked)

        @engine("xad", "xad")
        def xad(n):
            return by_xad(points(n), lambda leaves: build(leaves, n), checked)

    return [every, off]


WORKS = works()
