"""What a derivative costs beside the bare sweep it is made of: `grad` of 1,000 nodes, `hessian` of 50 inputs.

`grad(f)` runs f, orders the graph and sweeps, as building it and calling `backward()` does. A Hessian is held against
one `backward()` over a graph that is there already: differentiating 50 times would take 50 of those, and 50 runs of f.
"""

from __future__ import annotations

import math
from itertools import pairwise

from benchmarks.harness import Work

ROUNDS = 500
POINT = [0.5 + (0.1 * i) % 1.0 for i in range(50)]
LAYERS = [[[math.sin(i + 7 * j) / math.sqrt(n) for i in range(n)] for j in range(20)] for n in (50, 20)]

gradient = Work("D.grad", "gradient of a function of 1,000 nodes, one call", rtol=1e-12, expect=lambda: _by_hand(0.7))


def chain(x):
    y = x
    for _ in range(ROUNDS):
        y = y * x + x
    return y


def _by_hand(x):
    y = slope = 1.0
    y = x
    for _ in range(ROUNDS):
        y, slope = y * x + x, slope * x + y + 1.0
    return slope


@gradient.engine("build, backward()")
def built():
    from autograd import Value

    def run():
        x = Value(0.7)
        chain(x).backward()
        return x.grad

    return run


@gradient.ours()
def transformed():
    from autograd import grad

    slope = grad(chain)
    return lambda: slope(0.7)


def valley(xs):
    """Rosenbrock's: every input meets its neighbours only."""
    from autograd import sum

    return sum([100 * (b - a * a) ** 2 + (1 - a) ** 2 for a, b in pairwise(xs)])


def product(xs):
    """Every input meets every other, in one long chain."""
    from autograd import sin

    s = xs[0]
    for x in xs[1:]:
        s = s * x + sin(x) * s
    return s


def network(xs):
    """Two layers of 20 tanh neurons: every neuron one node of 50 or 20 edges, the cheapest there are to sweep."""
    from autograd import dot, tanh

    for layer in LAYERS:
        xs = [tanh(dot(w, xs, 0.1)) for w in layer]
    return dot([0.1] * 20, xs)


WORKS = [gradient]

for name, function in [("valley", valley), ("product", product), ("network", network)]:
    hessians = Work(f"D.hessian.{name}", f"Hessian of 50 inputs, {function.__name__}")
    WORKS.append(hessians)

    @hessians.engine("one backward()")
    def sweep(function=function):
        from autograd import Value

        root = function([Value(x) for x in POINT])
        return root.backward

    @hessians.ours()
    def at_once(function=function):
        from autograd import hessian

        matrix = hessian(function)
        return lambda: matrix(POINT) and None
