"""Value and gradient of the moons loss over a batch, in every engine: what W3 and W7 time."""

from __future__ import annotations

import ctypes
import random
from itertools import pairwise

import numpy as np

from benchmarks.harness import COMPILED, Work
from benchmarks.moons_data import ALPHA, flat, moons, value_and_grad, weights
from benchmarks.native import address, load


def gradient_work(id, network, sizes, quick_sizes) -> Work:
    name = "-".join(map(str, network))
    work = Work(
        id,
        f"{name} network: value and gradient over a batch",
        expect=lambda n: (lambda loss, g: (loss, flat(g)))(*value_and_grad(weights(network), *moons(n))),
        rtol=1e-8,
        sizes=sizes,
        quick_sizes=quick_sizes,
        seconds=1.2,
    )

    @work.engine(COMPILED, "nn", "llvmlite")
    def compiled(n):
        import autograd
        import nn

        model = nn.MLP(network[0], list(network[1:]), rng=random.Random(1337))
        parameters = model.parameters()
        cost = autograd.compile(lambda x, y: nn.hinge(model(x), y) + ALPHA * autograd.dot(parameters, parameters))
        x, y = moons(n)
        run = lambda: cost.value_and_grad(x, y)

        def view(answer):
            place = {p: k for k, p in enumerate(cost.parameters)}
            return answer[0], np.asarray(answer[1])[[place[p] for p in parameters]]

        run.view = view
        return run

    @work.engine("jax.jit", "jax")
    def jax(n):
        import jax

        call = jax.jit(jax.value_and_grad(jax_cost))
        layers, x, y = jax.device_put((weights(network), *moons(n)))
        run = lambda: jax.block_until_ready(call(layers, x, y))
        run.view = lambda answer: (answer[0], flat(answer[1]))
        return run

    @work.engine("torch", "torch")
    def torch(n):
        import torch

        x, y = map(torch.from_numpy, moons(n))
        parameters = [torch.from_numpy(a).requires_grad_() for w, b in weights(network) for a in (w.T.copy(), b)]

        def run():
            loss = torch_cost(parameters, x, y)
            return loss, torch.autograd.grad(loss, parameters)

        run.view = lambda answer: (answer[0], flat([(w.T, b) for w, b in zip(answer[1][::2], answer[1][1::2])]))
        return run

    @work.engine("casadi map", "casadi", upto=1_024, why_not="a hundred times slower than the matrices by then")
    def casadi(n):
        from benchmarks.two_inputs import casadi_call

        function = casadi_network(network)
        mapped = function.map("batch", "serial", n, [0], [0, 1])
        p, (x, y) = flat(weights(network)), moons(n)
        evaluate = casadi_call(mapped, [p, x, y], [np.zeros(1), np.zeros(len(p))])

        def run():
            loss, g = evaluate()
            return loss / n, g / n

        return run

    @work.engine("numpy by hand")
    def numpy(n):
        layers, (x, y) = weights(network), moons(n)
        run = lambda: value_and_grad(layers, x, y)
        run.view = lambda answer: (answer[0], flat(answer[1]))
        return run

    @work.engine("C by hand")
    def c(n):
        function = load("network").network
        function.restype = ctypes.c_double
        width = np.array(network, dtype=np.int32)
        p = np.concatenate([np.concatenate([w.ravel(), b]) for w, b in weights(network)])
        g, (x, y) = np.zeros(len(p)), moons(n)
        arguments = [
            len(network) - 1,
            address(width),
            n,
            address(x),
            address(y),
            ctypes.c_double(ALPHA),
            address(p),
            address(g),
        ]

        def run():
            return function(*arguments), g

        run.view = lambda answer: (answer[0], flat(split(answer[1], network)))
        run.alive = width, p, x, y
        return run

    return work


def jax_cost(layers, x, y):
    import jax.numpy as jnp

    h = x
    for w, b in layers[:-1]:
        h = jnp.maximum(h @ w + b, 0.0)
    w, b = layers[-1]
    margin = 1.0 - y * (h @ w + b)[:, 0]
    return jnp.maximum(margin, 0.0).mean() + ALPHA * sum((w * w).sum() + (b * b).sum() for w, b in layers)


def torch_cost(parameters, x, y):
    from torch import dot
    from torch.nn.functional import linear, relu

    h = x
    for w, b in zip(parameters[:-2:2], parameters[1:-2:2]):
        h = relu(linear(h, w, b))
    score = linear(h, parameters[-2], parameters[-1])[:, 0]
    squares = sum(dot(p.view(-1), p.view(-1)) for p in parameters)
    return relu(1.0 - y * score).mean() + ALPHA * squares


def casadi_network(network):
    """loss and gradient of one example (flat parameters, x, y) as a scalar graph."""
    import casadi

    count = sum((a + 1) * b for a, b in pairwise(network))
    p, x, y = casadi.SX.sym("p", count), casadi.SX.sym("x", network[0]), casadi.SX.sym("y")
    h, at = x, 0
    for k, (nin, nout) in enumerate(pairwise(network)):
        rows = casadi.reshape(p[at : at + (nin + 1) * nout], nin + 1, nout).T
        h = rows[:, :nin] @ h + rows[:, nin]
        h = casadi.fmax(h, 0) if k < len(network) - 2 else h
        at += (nin + 1) * nout
    loss = casadi.fmax(1 - y * h, 0) + ALPHA * casadi.dot(p, p)
    return casadi.Function("network", [p, x, y], [loss, casadi.gradient(loss, p)])


def split(parameters, network):
    """The layers of one array that holds each layer's weights (inputs, neurons) and then its biases."""
    layers, at = [], 0
    for nin, nout in pairwise(network):
        w, b = np.split(parameters[at : at + (nin + 1) * nout], [nin * nout])
        layers.append((w.reshape(nin, nout), b))
        at += (nin + 1) * nout
    return layers
