"""W3: micrograd's moons demo: a training step as it stands, 100 steps of training, value and gradient."""

from __future__ import annotations

import itertools
import random

import numpy as np

from benchmarks.harness import COMPILED, OURS, Work
from benchmarks.moons_data import ALPHA, NETWORK, accuracy, layers_of, learning_rate, moons, value_and_grad, weights
from benchmarks.moons_engines import gradient_work

N = 100
STEPS = 100


def scalar_step(id: str, title: str, collector: bool) -> Work:
    """One step of the demo: 100 samples forward, the loss, backward, the update of 337 parameters."""
    first_loss = lambda: [value_and_grad(weights(), *moons(N))[0]]
    work = Work(id, title, unit="ms", scale=1e3, expect=first_loss, advances=True, seconds=5)

    @work.ours("nn", collector=collector)
    def eager():
        return eager_step()[1]

    @work.engine("micrograd", "micrograd.nn", collector=collector)
    def micrograd():
        from micrograd.engine import Value
        from micrograd.nn import MLP

        random.seed(1337)
        points, classes = (a.tolist() for a in moons(N))
        model = MLP(2, [16, 16, 1])
        inputs = [list(map(Value, p)) for p in points]
        count = itertools.count()

        def run():
            losses = [(1 + -y * model(x)).relu() for x, y in zip(inputs, classes)]
            total = sum(losses) * (1.0 / len(losses)) + ALPHA * sum(p * p for p in model.parameters())
            model.zero_grad()
            total.backward()
            rate = learning_rate(min(next(count), STEPS))
            for p in model.parameters():
                p.data -= rate * p.grad
            return [total.data]

        return run

    return work


def eager_step():
    """The model, and the function that trains it by one step."""
    import autograd
    import nn

    points, classes = (a.tolist() for a in moons(N))
    model = nn.MLP(2, [16, 16, 1], rng=random.Random(1337))
    parameters = model.parameters()
    optimizer = nn.SGD(parameters, lr=1.0)
    count = itertools.count()

    def run():
        losses = [nn.hinge(model(x), y) for x, y in zip(points, classes)]
        total = autograd.mean(losses) + ALPHA * autograd.dot(parameters, parameters)
        optimizer.zero_grad()
        total.backward()
        optimizer.lr = learning_rate(min(next(count), STEPS))
        optimizer.step()
        return [total.data]

    return model, run


def training() -> Work:
    """The whole demo: 100 steps from the same first weights; the answer is the accuracy, all engines' 100 %."""
    work = Work("W3.train", "100 training steps, to 100 % accuracy", unit="ms", scale=1e3, expect=[1.0], seconds=3)

    @work.engine(COMPILED, "nn", "llvmlite")
    def compiled():
        import autograd
        import nn

        x, y = moons(N)
        model = nn.MLP(2, [16, 16, 1], rng=random.Random(1337))
        parameters = model.parameters()
        start = [p.data for p in parameters]
        cost = autograd.compile(lambda x, y: nn.hinge(model(x), y) + ALPHA * autograd.dot(parameters, parameters))

        def run():
            for p, first in zip(parameters, start):
                p.data = first
            cost(x[:1], y[:1])  # traces it, so that its parameters are known
            optimizer = nn.SGD(cost.parameters, lr=learning_rate)
            for _ in range(STEPS):
                optimizer.step(cost.value_and_grad(x, y)[1])
            return [accuracy(layers_of([p.data for p in parameters]), x, y)]

        return run

    @work.engine(OURS, "nn", slow=True)
    def eager():
        def run():
            model, step = eager_step()
            for _ in range(STEPS):
                step()
            return [accuracy(layers_of([p.data for p in model.parameters()]), *moons(N))]

        return run

    @work.engine("numpy by hand")
    def numpy():
        def run():
            layers = weights()
            for k in range(STEPS):
                _, gradient = value_and_grad(layers, x, y)
                rate = learning_rate(k)
                layers = [(w - rate * dw, b - rate * db) for (w, b), (dw, db) in zip(layers, gradient)]
            return [accuracy(layers, x, y)]

        x, y = moons(N)
        return run

    @work.engine("torch", "torch")
    def torch():
        import torch

        from benchmarks.moons_engines import torch_cost

        x, y = map(torch.from_numpy, moons(N))

        def run():
            parameters = [
                torch.from_numpy(a).requires_grad_() for layer in weights() for a in (layer[0].T.copy(), layer[1])
            ]
            optimizer = torch.optim.SGD(parameters, lr=1.0)
            for k in range(STEPS):
                optimizer.zero_grad()
                torch_cost(parameters, x, y).backward()
                optimizer.param_groups[0]["lr"] = learning_rate(k)
                optimizer.step()
            w = [p.detach().numpy() for p in parameters]
            return [accuracy([(a.T, b) for a, b in zip(w[::2], w[1::2])], *moons(N))]

        return run

    @work.engine("jax.jit", "jax")
    def jax():
        import jax

        from benchmarks.moons_engines import jax_cost

        @jax.jit
        def step(layers, x, y, rate):
            gradient = jax.grad(jax_cost)(layers, x, y)
            return jax.tree.map(lambda p, g: p - rate * g, layers, gradient)

        x, y = map(jax.device_put, moons(N))

        def run():
            layers = weights()
            for k in range(STEPS):
                layers = step(layers, x, y, learning_rate(k))
            return [accuracy([(np.asarray(w), np.asarray(b)) for w, b in layers], *moons(N))]

        return run

    return work


WORKS = [
    scalar_step("W3.step", "a training step, scalar by scalar", collector=True),
    scalar_step("W3.step.off", "a training step, scalar by scalar, collector off", collector=False),
    gradient_work("W3.grad", NETWORK, sizes=(1, 10, 100, 1_024, 10_000, 100_000), quick_sizes=(100,)),
    training(),
]
