"""W15: an epoch of `nn.fit` on the digits, shuffle, optimizer, accuracy and all, beside loops written out by hand.

What is timed are the epochs after the first, forty of them, from the first of their steps, which asks for its learning
rate: `fit` itself begins by looking at every example and by comparing its engines. The others count no accuracy.
"""

from __future__ import annotations

import math
import random
import time

from benchmarks.harness import COMPILED, Work, timed
from benchmarks.w6_digits import (
    BATCH,
    BETA1,
    BETA2,
    ENGINES,
    EPSILON,
    NETWORK,
    RATE,
    accuracy,
    batches,
    digits,
)

EPOCHS = 40
work = Work(
    "W15.epoch", "digits: one epoch of training, of forty in a row", unit="ms", scale=1e3, meter="own", seconds=4
)


@work.engine(COMPILED, "nn", "llvmlite")
def fit():
    import nn

    x, y, *_ = digits()
    classes = y.argmax(axis=1)

    def run():
        def rate(step):
            nonlocal started
            if step == first:
                started = time.process_time()
            return RATE

        started, first = 0.0, math.ceil(len(x) / BATCH)
        model = nn.MLP(NETWORK[0], list(NETWORK[1:]), init="he", rng=random.Random(0))
        adam = nn.Adam(model.parameters(), lr=rate, betas=(BETA1, BETA2), eps=EPSILON)
        history = nn.fit(
            model, x, classes, nn.cross_entropy, adam, EPOCHS + 1, BATCH, seed=0, progress=False, compiled=True
        )
        took = time.process_time() - started
        assert history.accuracy[-1] > 0.99
        return took / EPOCHS

    return run


def by_hand(engine):
    def setup():
        x, y, *_ = digits()

        def train():
            for epoch in range(EPOCHS):
                for rows in batches(epoch, len(x)):
                    step(x[rows], y[rows])

        step, parameters = engine()
        train()
        assert accuracy(parameters(), x, y) > 0.99
        return lambda: timed(train) / EPOCHS

    return setup


for name in ("torch", "jax.jit", "numpy by hand"):
    engine, imports = ENGINES[name]
    work.engine(name, *imports)(by_hand(engine))

WORKS = [work]
