"""Moons and the 2-16-16-1 network's first weights, for every engine the same numbers.

`moons` draws what scikit-learn's `make_moons(n, noise=0.1, random_state=1337)` draws, and `weights`
what `random.seed(1337); micrograd.nn.MLP(2, [16, 16, 1])` does, so nobody needs either to take part.
"""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np

NETWORK = (2, 16, 16, 1)
ALPHA = 1e-4  # weight of the L2 term


def moons(n: int = 100) -> tuple[np.ndarray, np.ndarray]:
    """n points of two interleaved half circles (n, 2), and their classes -1 and 1 (n,)."""
    rng = np.random.RandomState(1337)
    upper, lower = np.linspace(0, np.pi, n // 2), np.linspace(0, np.pi, n - n // 2)
    x = np.concatenate([np.cos(upper), 1 - np.cos(lower)])
    y = np.concatenate([np.sin(upper), 1 - np.sin(lower) - 0.5])
    points, classes = np.stack([x, y], axis=1), np.repeat([-1.0, 1.0], [n // 2, n - n // 2])
    order = np.arange(n)
    rng.shuffle(order)
    return points[order] + rng.normal(scale=0.1, size=points.shape), classes[order]


def weights(network=NETWORK) -> list[tuple[np.ndarray, np.ndarray]]:
    """(weights (inputs, neurons), biases (neurons,)) of each layer, drawn neuron by neuron."""
    rng = random.Random(1337)
    return [
        (np.array([[rng.uniform(-1, 1) for _ in range(nin)] for _ in range(nout)]).T.copy(), np.zeros(nout))
        for nin, nout in pairwise(network)
    ]


def flat(layers) -> np.ndarray:
    """One array over all parameters in micrograd's order: neuron by neuron, its weights and then its bias."""
    return np.concatenate(
        [np.concatenate([np.asarray(w).T, np.asarray(b)[:, None]], axis=1).ravel() for w, b in layers]
    )


def layers_of(parameters) -> list[tuple[np.ndarray, np.ndarray]]:
    """The inverse of `flat`."""
    layers, at, parameters = [], 0, np.asarray(parameters)
    for nin, nout in pairwise(NETWORK):
        rows = parameters[at : at + (nin + 1) * nout].reshape(nout, nin + 1)
        layers.append((rows[:, :nin].T, rows[:, nin]))
        at += (nin + 1) * nout
    return layers


def value_and_grad(layers, x, y):
    """By hand in whole matrices: mean max-margin loss + ALPHA * (sum of squares), and its gradient per layer."""
    inputs, h = [], x
    for w, b in layers[:-1]:
        inputs.append(h)
        h = np.maximum(h @ w + b, 0.0)
    w, b = layers[-1]
    margin = 1.0 - y * (h @ w + b)[:, 0]
    loss = np.maximum(margin, 0.0).mean() + ALPHA * sum((w * w).sum() + (b * b).sum() for w, b in layers)
    back = (np.where(margin > 0.0, -y, 0.0) / len(y))[:, None]
    inputs.append(h)
    gradient = []
    for (w, b), h in zip(reversed(layers), reversed(inputs)):
        gradient.append((h.T @ back + 2 * ALPHA * w, back.sum(axis=0) + 2 * ALPHA * b))
        back = (back @ w.T) * (h > 0.0)
    return loss, gradient[::-1]


def accuracy(layers, x, y) -> float:
    h = x
    for w, b in layers[:-1]:
        h = np.maximum(h @ w + b, 0.0)
    w, b = layers[-1]
    return float((((h @ w + b)[:, 0] > 0) == (y > 0)).mean())


def learning_rate(k: int) -> float:
    return 1.0 - 0.9 * k / 100
