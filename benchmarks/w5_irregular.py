"""W5: a hundred leaves and ten thousand nodes that no matrix fits: the cost of a pass, and of getting ready for it.

The nodes cycle through softplus of the tenth last, a sum of four, a product and a softmax of the last
four (which makes four nodes); the output is the mean of them all. 10,000 passes are the whole job.
"""

from __future__ import annotations

import ctypes
import random
import sys

import numpy as np

from benchmarks.harness import COMPILED, OURS, Work
from benchmarks.native import address, load

LEAVES = 100
NODES = 10_000
PASSES = 10_000


def four(x):
    return x[0] + x[1] + x[2] + x[3]


def grow(leaves, softplus, exp, total=four):
    """The nodes after the leaves, from any scalars with operators and these functions."""
    n = list(leaves)
    kind = 0
    while len(n) < len(leaves) + NODES:
        if kind == 0:
            n.append(softplus(n[-10]))
        elif kind == 1:
            n.append(total(n[-30:-10:5]))
        elif kind == 2:
            n.append(n[-20] * n[-10])
        else:
            powers = [exp(x) for x in n[-4:]]
            share = 1.0 / total(powers)
            n += [e * share for e in powers]
        kind = (kind + 1) % 4
    return n[len(leaves) :]


def mean(nodes):
    return sum(nodes[1:], nodes[0]) / len(nodes)


def points() -> list[float]:
    rng = random.Random(5)
    return [rng.uniform(-1.0, 1.0) for _ in range(LEAVES)]


def reference():
    """The value, and the derivative by every leaf from complex steps."""
    softplus = lambda x: np.log1p(np.exp(x))
    stepped = np.array(points())[:, None] + 1e-200j * np.eye(LEAVES)
    y = mean(grow(list(stepped), softplus, np.exp))
    return y[0].real, y.imag / 1e-200


work = Work("W5.pass", "10,000 irregular nodes: a forward and backward pass", expect=reference, rtol=1e-8, seconds=2.5)


@work.engine(COMPILED, "autograd", "llvmlite")
def compiled():
    import autograd

    leaves = [autograd.Value(x) for x in points()]
    cost = autograd.compile(lambda: autograd.mean(grow(leaves, autograd.softplus, autograd.exp, autograd.sum)))
    run = lambda: cost.value_and_grad()

    def view(answer):
        slopes = dict(zip(cost.parameters, answer[1]))  # a leaf that no node reads is no parameter
        return answer[0], [slopes.get(leaf, 0.0) for leaf in leaves]

    run.view = view
    return run


@work.engine("C switch")
def c():
    function = load("irregular").run_pass
    function.restype = ctypes.c_double
    at = []
    kinds = []
    end = LEAVES
    while end < LEAVES + NODES:
        kinds.append(len(kinds) % 4)
        at.append(end)
        end += 4 if kinds[-1] == 3 else 1
    op, at = np.array(kinds, dtype=np.int32), np.array(at, dtype=np.int32)
    v, slope, adjoint = np.zeros(end), np.zeros(end), np.zeros(end)
    v[:LEAVES] = points()
    arguments = [LEAVES, end, len(op), *map(address, (op, at, v, slope, adjoint))]

    def run():
        return function(*arguments), adjoint[:LEAVES]

    run.alive = op, at, v, slope
    return run


@work.engine("casadi", "casadi")
def casadi():
    import casadi

    from benchmarks.two_inputs import casadi_call

    x = casadi.SX.sym("x", LEAVES)
    y = mean(grow(casadi.vertsplit(x), lambda x: casadi.log1p(casadi.exp(x)), casadi.exp))
    function = casadi.Function("f", [x], [y, casadi.gradient(y, x)])
    return casadi_call(function, [np.array(points())], [np.zeros(1), np.zeros(LEAVES)])


def by_class(make, softplus, exp, number=lambda x: x, total=four, mean=mean):
    def run():
        leaves = [make(x) for x in values]
        y = mean(grow(leaves, softplus, exp, total))
        y.backward()
        return number(y.data), [number(leaf.grad) for leaf in leaves]

    values = points()
    return run


@work.engine(OURS, "autograd")
def eager():
    import autograd

    return by_class(autograd.Value, autograd.softplus, autograd.exp, total=autograd.sum, mean=autograd.mean)


@work.engine("tuple tape")
def tape():
    from benchmarks.tape import Value

    sys.setrecursionlimit(1_000_000)  # it orders recursively, and this graph is deep
    return by_class(Value, Value.softplus, Value.exp)


@work.engine("torch scalars", "torch")
def torch():
    import torch

    make = lambda x: torch.tensor(x, dtype=torch.float64, requires_grad=True)
    return by_class(make, torch.nn.functional.softplus, torch.exp, lambda x: float(x or 0.0))


@work.engine("jax.jit", "jax", upto=0, why_not="compiling this graph takes minutes (published: 470 s)")
def jax():
    raise NotImplementedError


def job() -> Work:
    """The whole job: from nothing to 10,000 passes."""
    title = "from nothing through 10,000 passes over 10,000 nodes"
    job = Work("W5.job", title, unit="s", scale=1.0, expect=reference, rtol=1e-8, whole=True)

    for name in (COMPILED, "C switch", "casadi"):

        @job.engine(name, *work.engines[name].imports, slow=True)
        def everything(setup=work.engines[name].setup):
            def run():
                one_pass = setup()
                for _ in range(PASSES - 1):
                    one_pass()
                return getattr(one_pass, "view", list)(one_pass())

            return run

    return job


WORKS = [work, job()]
