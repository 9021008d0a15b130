"""A GPT in scalars: one layer, 16 wide, 4 heads, context 16, 4,192 parameters, trained on names.

Everything here is written with the operators and the methods exp, log, relu of whichever scalar class
the parameters are made of, so that two engines run the very same lines.
"""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

WIDTH, HEADS, CONTEXT = 16, 4, 16
HEAD = WIDTH // HEADS
BOUNDARY = 26  # the token before and after a name; a letter's token is its place in the alphabet
TOKENS = 27
SHAPES = {
    "token": (TOKENS, WIDTH),
    "position": (CONTEXT, WIDTH),
    "query": (WIDTH, WIDTH),
    "key": (WIDTH, WIDTH),
    "value": (WIDTH, WIDTH),
    "mix": (WIDTH, WIDTH),
    "up": (4 * WIDTH, WIDTH),
    "down": (WIDTH, 4 * WIDTH),
    "logit": (TOKENS, WIDTH),
}
STEPS = 1_000
RATE, BETA1, BETA2, EPSILON = 0.01, 0.85, 0.99, 1e-8


def names() -> list[str]:
    """A thousand given names, already shuffled: one for each step."""
    return (Path(__file__).parent / "names.txt").read_text().split()


def tokens(name: str) -> list[int]:
    """The name's letters between two boundaries, at most one context long (and the token to predict)."""
    return [BOUNDARY, *(ord(c) - ord("a") for c in name), BOUNDARY][: CONTEXT + 1]


def parameters(make) -> dict[str, list[list]]:
    """Matrices by name, rows of make(number), the numbers normal with deviation 0.08."""
    rng = random.Random(42)
    return {
        name: [[make(rng.gauss(0.0, 0.08)) for _ in range(columns)] for _ in range(rows)]
        for name, (rows, columns) in SHAPES.items()
    }


def linear(matrix, x):
    return [sum(w * xi for w, xi in zip(row, x)) for row in matrix]


def softmax(logits):
    top = max(x.data for x in logits)
    powers = [(x - top).exp() for x in logits]
    total = sum(powers)
    return [e / total for e in powers]


def normalized(x):
    """x over its root mean square."""
    scale = (sum(xi * xi for xi in x) / len(x) + 1e-5) ** -0.5
    return [xi * scale for xi in x]


def attention(queries, keys, values):
    """What each head reads from the positions so far, the heads side by side."""
    read = []
    for start in range(0, WIDTH, HEAD):
        part = slice(start, start + HEAD)
        fit = [sum(q * k for q, k in zip(queries[part], key[part])) / HEAD**0.5 for key in keys]
        weights = softmax(fit)
        read += [sum(w * value[i] for w, value in zip(weights, values)) for i in range(start, start + HEAD)]
    return read


def logits(p, token, position, keys, values):
    """Scores of the next token; appends this position's key and value."""
    x = normalized([t + s for t, s in zip(p["token"][token], p["position"][position])])
    y = normalized(x)
    keys.append(linear(p["key"], y))
    values.append(linear(p["value"], y))
    y = linear(p["mix"], attention(linear(p["query"], y), keys, values))
    x = [xi + yi for xi, yi in zip(x, y)]
    y = linear(p["down"], [h.relu() for h in linear(p["up"], normalized(x))])
    x = [xi + yi for xi, yi in zip(x, y)]
    return linear(p["logit"], x)


def loss(p, document):
    """Mean -log p(next token) over the document."""
    keys, values, losses = [], [], []
    for position, (token, following) in enumerate(pairwise(document)):
        losses.append(-softmax(logits(p, token, position, keys, values))[following].log())
    return sum(losses) / len(losses)


class Adam:
    """Adam over a flat list of scalars, the rate falling linearly to 0 over STEPS."""

    def __init__(self, scalars) -> None:
        self.scalars = scalars
        self.first, self.second = [0.0] * len(scalars), [0.0] * len(scalars)
        self.count = 0

    def step(self) -> None:
        rate = RATE * (1 - min(self.count, STEPS - 1) / STEPS)
        self.count += 1
        unbias1, unbias2 = 1 - BETA1**self.count, 1 - BETA2**self.count
        for i, p in enumerate(self.scalars):
            g = p.grad
            self.first[i] = BETA1 * self.first[i] + (1 - BETA1) * g
            self.second[i] = BETA2 * self.second[i] + (1 - BETA2) * g * g
            p.data -= rate * (self.first[i] / unbias1) / ((self.second[i] / unbias2) ** 0.5 + EPSILON)
            p.grad = 0.0
