"""W6: scikit-learn's 8 × 8 digits, a 64-32-10 network, softmax cross-entropy, Adam, batches of 64."""

from __future__ import annotations

import random
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks.harness import COMPILED, OURS, Work

NETWORK = (64, 32, 10)
BATCH = 64
EPOCHS = 40
RATE, BETA1, BETA2, EPSILON = 0.01, 0.9, 0.999, 1e-8


def digits():
    """Training images (1437, 64) in 0 .. 1, their classes as rows of 0 and 1 (1437, 10); the same for testing (360)."""
    library = find_spec("sklearn")  # its data file alone: importing it takes seconds, in each worker
    if library is None:
        raise ModuleNotFoundError("the digits come with scikit-learn", name="sklearn")
    table = np.loadtxt(Path(str(library.origin)).parent / "datasets" / "data" / "digits.csv.gz", delimiter=",")
    x, y = table[:, :-1] / 16.0, np.eye(10)[table[:, -1].astype(int)]
    held_out = np.arange(len(x)) % 5 == 0
    return x[~held_out], y[~held_out], x[held_out], y[held_out]


def batches(epoch: int, n: int) -> np.ndarray:
    """Row numbers of each full batch (batches, BATCH), shuffled anew every epoch."""
    order = np.random.default_rng(epoch).permutation(n)
    return order[: n - n % BATCH].reshape(-1, BATCH)


def weights() -> list[np.ndarray]:
    """w (inputs, neurons) and b of each layer, uniform within sqrt(6 / inputs)."""
    rng = np.random.default_rng(1)
    return [
        a
        for nin, nout in pairwise(NETWORK)
        for a in (rng.uniform(-1, 1, (nin, nout)) * np.sqrt(6.0 / nin), np.zeros(nout))
    ]


def by_hand(parameters, x, y):
    """Mean cross-entropy and its gradient."""
    w1, b1, w2, b2 = parameters
    h = np.maximum(x @ w1 + b1, 0.0)
    z = h @ w2 + b2
    z = z - z.max(axis=1, keepdims=True)
    e = np.exp(z)
    total = e.sum(axis=1, keepdims=True)
    loss = (np.log(total[:, 0]) - (z * y).sum(axis=1)).mean()
    dz = (e / total - y) / len(x)
    dh = (dz @ w2.T) * (h > 0.0)
    return loss, [x.T @ dh, dh.sum(axis=0), h.T @ dz, dz.sum(axis=0)]


class Adam:
    """Adam on arrays, in place."""

    def __init__(self, parameters) -> None:
        self.parameters, self.count = parameters, 0
        self.moments = [(np.zeros_like(p), np.zeros_like(p)) for p in parameters]

    def step(self, gradient) -> None:
        self.count += 1
        rate = RATE * np.sqrt(1 - BETA2**self.count) / (1 - BETA1**self.count)
        epsilon = EPSILON * np.sqrt(1 - BETA2**self.count)
        for p, g, (m, v) in zip(self.parameters, gradient, self.moments):
            m += (1 - BETA1) * (g - m)
            v += (1 - BETA2) * (g * g - v)
            p -= rate * m / (np.sqrt(v) + epsilon)


def accuracy(parameters, x, y) -> float:
    w1, b1, w2, b2 = map(np.asarray, parameters)
    return float(((np.maximum(x @ w1 + b1, 0.0) @ w2 + b2).argmax(axis=1) == y.argmax(axis=1)).mean())


# An engine is a function () -> (step, parameters): step(x, y) trains on one batch and returns its loss, parameters()
# gives the four arrays as they are now.


def numpy_engine():
    parameters = weights()
    adam = Adam(parameters)

    def step(x, y):
        loss, gradient = by_hand(parameters, x, y)
        adam.step(gradient)
        return loss

    return step, lambda: parameters


def torch_engine():
    import torch
    from torch.nn.functional import cross_entropy, linear, relu

    parameters = [torch.from_numpy(a.T.copy()).requires_grad_() for a in weights()]
    optimizer = torch.optim.Adam(parameters, lr=RATE, betas=(BETA1, BETA2), eps=EPSILON)

    def step(x, y):
        w1, b1, w2, b2 = parameters
        optimizer.zero_grad()
        loss = cross_entropy(linear(relu(linear(torch.from_numpy(x), w1, b1)), w2, b2), torch.from_numpy(y))
        loss.backward()
        optimizer.step()
        return float(loss.detach())

    return step, lambda: [p.detach().numpy().T for p in parameters]


def jax_engine():
    import jax
    import jax.numpy as jnp

    def cost(parameters, x, y):
        w1, b1, w2, b2 = parameters
        z = jnp.maximum(x @ w1 + b1, 0.0) @ w2 + b2
        return (jax.nn.logsumexp(z, axis=1) - (z * y).sum(axis=1)).mean()

    @jax.jit
    def update(parameters, first, second, count, x, y):
        loss, gradient = jax.value_and_grad(cost)(parameters, x, y)
        first = [m + (1 - BETA1) * (g - m) for m, g in zip(first, gradient)]
        second = [v + (1 - BETA2) * (g * g - v) for v, g in zip(second, gradient)]
        u1, u2 = 1 - BETA1**count, 1 - BETA2**count
        parameters = [p - RATE * (m / u1) / (jnp.sqrt(v / u2) + EPSILON) for p, m, v in zip(parameters, first, second)]
        return loss, parameters, first, second, count + 1

    state = [weights(), [np.zeros_like(a) for a in weights()], [np.zeros_like(a) for a in weights()], 1.0]

    def step(x, y):
        loss, *state[:] = update(*state, x, y)
        return float(loss)

    return step, lambda: state[0]


def our_model():
    """Of the network with the first weights everybody has: cost, arrays, parameters, and what makes its optimizer."""
    import autograd
    import nn

    model = nn.MLP(64, [32, 10], rng=random.Random(0))
    for layer, w, b in zip(model.layers, weights()[::2], weights()[1::2]):
        for neuron, column, bias in zip(layer.neurons, w.T.tolist(), b.tolist()):
            neuron.b.data = bias
            for p, number in zip(neuron.w, column):
                p.data = number

    def cost(x, y):
        z = model(x)
        return autograd.logsumexp(z) - autograd.dot(y, z)

    def parameters():
        return [
            np.array(a)
            for layer in model.layers
            for a in (np.array([[p.data for p in n.w] for n in layer.neurons]).T, [n.b.data for n in layer.neurons])
        ]

    adam = lambda moved: nn.Adam(moved, lr=RATE, betas=(BETA1, BETA2), eps=EPSILON)
    return cost, parameters, model.parameters(), adam


def compiled_engine():
    import autograd

    cost, parameters, _, adam = our_model()
    cost = autograd.compile(cost)
    cost(np.zeros((1, 64)), np.zeros((1, 10)))  # traces it, so that its parameters are known
    optimizer = adam(cost.parameters)

    def step(x, y):
        loss, gradient = cost.value_and_grad(x, y)
        optimizer.step(gradient)
        return loss

    return step, parameters


def eager_engine():
    import autograd

    cost, parameters, moved, adam = our_model()
    optimizer = adam(moved)

    def step(x, y):
        optimizer.zero_grad()
        loss = autograd.mean([cost(xi, yi) for xi, yi in zip(x.tolist(), y.tolist())])
        loss.backward()
        optimizer.step()
        return loss.data

    return step, parameters


ENGINES = {
    COMPILED: (compiled_engine, ("nn", "llvmlite")),
    OURS: (eager_engine, ("nn",)),
    "torch": (torch_engine, ("torch",)),
    "jax.jit": (jax_engine, ("jax",)),
    "numpy by hand": (numpy_engine, ()),
}


def train(engine, epochs: int):
    """Mean loss of the last epoch, and the trained engine's parameters."""
    x, y, *_ = digits()
    step, parameters = engine()
    for epoch in range(epochs):
        losses = [step(x[rows], y[rows]) for rows in batches(epoch, len(x))]
    return sum(losses) / len(losses), parameters()


def works() -> list[Work]:
    first = lambda: [train(numpy_engine, 1)[0]]
    epoch = Work(
        "W6.epoch", "digits: one epoch", unit="ms", scale=1e3, expect=first, rtol=1e-7, advances=True, seconds=3
    )
    whole = Work(
        "W6.train", f"digits: {EPOCHS} epochs, to > 97 % of unseen digits", unit="s", scale=1, expect=[1.0], seconds=3
    )

    for name, (engine, imports) in ENGINES.items():

        @epoch.engine(name, *imports)
        def one_epoch(engine=engine):
            x, y, *_ = digits()
            step, _ = engine()

            def run():
                losses = [step(x[rows], y[rows]) for rows in batches(0, len(x))]
                return [sum(losses) / len(losses)]

            return run

        if name != OURS:

            @whole.engine(name, *imports)
            def whole_training(engine=engine):
                *_, x, y = digits()
                run = lambda: train(engine, EPOCHS)[1]
                run.view = lambda parameters: [accuracy(parameters, x, y) > 0.97]
                return run

    return [epoch, whole]


WORKS = works()
