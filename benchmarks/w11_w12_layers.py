"""W11 and W12: value and gradient of networks with other activations than relu, and of wide ones.

All engines start from the same weights, and their gradients are held against backpropagation written out in numpy.
"""

from __future__ import annotations

import math
import random
from functools import cache
from itertools import pairwise

import numpy as np

from benchmarks.harness import COMPILED, Work


def _erf(x):
    return np.vectorize(math.erf)(x)


def _sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


ACTIVATIONS = {  # the function, and its slope
    "relu": (lambda x: np.maximum(x, 0.0), lambda x: (x > 0.0) * 1.0),
    "tanh": (np.tanh, lambda x: 1.0 - np.tanh(x) ** 2),
    "sigmoid": (_sigmoid, lambda x: _sigmoid(x) * (1.0 - _sigmoid(x))),
    "silu": (lambda x: x * _sigmoid(x), lambda x: _sigmoid(x) * (1.0 + x * (1.0 - _sigmoid(x)))),
    "gelu": (
        lambda x: 0.5 * x * (1.0 + _erf(x / math.sqrt(2.0))),
        lambda x: 0.5 * (1.0 + _erf(x / math.sqrt(2.0))) + x * np.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi),
    ),
}


def weights(sizes):
    """(w, b) of each layer, w of shape (outputs, inputs)."""
    rng = np.random.default_rng(1)
    return [
        (rng.normal(size=(nout, nin)) / math.sqrt(nin), rng.normal(size=nout) * 0.1) for nin, nout in pairwise(sizes)
    ]


def examples(sizes, n):
    """Inputs, and numbers as targets, or classes where there are several outputs."""
    rng = np.random.default_rng(2)
    return rng.normal(size=(n, sizes[0])), rng.integers(0, sizes[-1], n) if sizes[-1] > 1 else rng.normal(size=n)


def by_hand(layers, activation, x, y):
    """The mean cost, and its gradient in every w and b: squared error, or cross-entropy of several outputs."""
    act, slope = ACTIVATIONS[activation]
    inputs, sums = [], []
    for k, (w, b) in enumerate(layers):
        inputs.append(x)
        sums.append(x @ w.T + b)
        x = act(sums[-1]) if k < len(layers) - 1 else sums[-1]
    if x.shape[1] == 1:
        error = x[:, 0] - y
        cost, back = np.mean(error * error), 2.0 * error[:, None] / len(x)
    else:
        e = np.exp(x - x.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        cost, back = -np.mean(np.log(p[np.arange(len(x)), y])), p / len(x)
        back[np.arange(len(x)), y] -= 1.0 / len(x)
    gradient = []
    for k in reversed(range(len(layers))):
        gradient.append((back.T @ inputs[k], back.sum(axis=0)))
        if k:
            back = (back @ layers[k][0]) * slope(sums[k - 1])
    return cost, gradient[::-1]


def network(id, title, sizes, activation, batches) -> Work:
    work = Work(
        id, title, sizes=batches, quick_sizes=batches[:1], rtol=1e-9, seconds=0.8,
        expect=lambda n: by_hand(weights(sizes), activation, *examples(sizes, n)),
    )  # fmt: skip

    @work.engine(COMPILED, "autograd")
    def compiled(n):
        cost, model = program()
        x, y = examples(sizes, n)
        y = y.astype(float)

        def view(answer):
            place = {p: k for k, p in enumerate(cost.parameters)}
            slopes = iter(np.asarray(answer[1])[[place[p] for p in model.parameters()]].tolist())
            taken = [[[next(slopes) for _ in range(nin + 1)] for _ in range(nout)] for nin, nout in pairwise(sizes)]
            return answer[0], [([row[:-1] for row in layer], [row[-1] for row in layer]) for layer in taken]

        run = lambda: cost.value_and_grad(x, y)
        run.view = view
        return run

    @cache
    def program():
        """The cost, which is recorded once for all sizes, and the model."""
        import autograd
        import nn

        model = nn.MLP(sizes[0], list(sizes[1:]), activation=activation, rng=random.Random(0))
        for layer, (w, b) in zip(model.layers, weights(sizes)):
            for neuron, ws, bias in zip(layer.neurons, w.tolist(), b.tolist()):
                for p, number in zip([*neuron.w, neuron.b], [*ws, bias]):
                    p.data = number
        loss = nn.squared_error if sizes[-1] == 1 else nn.cross_entropy
        return autograd.compile(lambda x, y: loss(model(x), y)), model

    @work.engine("jax.jit", "jax")
    def jax(n):
        import jax
        from jax import numpy as jnp

        functions = {"gelu": lambda x: jax.nn.gelu(x, approximate=False), "tanh": jnp.tanh}
        act = functions.get(activation) or getattr(jax.nn, activation)

        def cost(layers, x, y):
            for k, (w, b) in enumerate(layers):
                x = x @ w.T + b
                x = act(x) if k < len(layers) - 1 else x
            if x.shape[1] == 1:
                return jnp.mean((x[:, 0] - y) ** 2)
            return -jnp.mean(jax.nn.log_softmax(x)[jnp.arange(len(y)), y])

        call, given = jax.jit(jax.value_and_grad(cost)), jax.device_put((weights(sizes), *examples(sizes, n)))
        return lambda: jax.block_until_ready(call(*given))

    @work.engine("torch", "torch")
    def torch(n):
        import torch
        from torch.nn.functional import cross_entropy, linear

        act = getattr(torch.nn.functional, activation)
        leaves = [torch.from_numpy(a).requires_grad_() for layer in weights(sizes) for a in layer]
        x, y = map(torch.from_numpy, examples(sizes, n))

        def run():
            a = x
            for k in range(0, len(leaves), 2):
                a = linear(a, leaves[k], leaves[k + 1])
                a = act(a) if k < len(leaves) - 2 else a
            cost = ((a[:, 0] - y) ** 2).mean() if sizes[-1] == 1 else cross_entropy(a, y)
            return [cost.detach(), *torch.autograd.grad(cost, leaves)]

        return run

    if activation != "gelu":

        @work.engine("numpy by hand")
        def numpy(n):
            layers, (x, y) = weights(sizes), examples(sizes, n)
            return lambda: by_hand(layers, activation, x, y)

    return work


WORKS = [
    *[
        network(
            f"W11.{name}", f"2-16-16-1 with {name}: value and gradient", (2, 16, 16, 1), name, (10, 100, 1_000, 10_000)
        )
        for name in ("tanh", "sigmoid", "gelu", "silu")
    ],
    *[
        network(f"W12.{width}", f"2-{width}-{width}-1: value and gradient", (2, width, width, 1), "relu", (64, 1_000))
        for width in (64, 128, 256)
    ],
    network("W12.784", "784-128-10, softmax cross-entropy: value and gradient", (784, 128, 10), "relu", (64, 1_000)),
]
