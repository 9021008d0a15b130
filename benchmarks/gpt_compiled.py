"""The same GPT as a function to compile: tokens come as rows of 0 and 1, so that one trace serves every document.

The scalars' version looks embeddings up by index, which would fix the document in the program. Here a
document is two (positions, 27) arrays, its tokens and those to predict; a length is traced once.
"""

from __future__ import annotations

import numpy as np

from benchmarks import gpt


def loss(p, inputs, targets):
    """Mean -log p(next token), in dots and logsumexps."""
    from autograd import dot, exp, logsumexp, mean

    columns = list(zip(*p["token"]))
    linear = lambda matrix, x: [dot(row, x) for row in matrix]
    keys, values, losses = [], [], []
    for token, target, position in zip(inputs, targets, p["position"]):
        x = normalized([dot(column, token, s) for column, s in zip(columns, position)], dot)
        y = normalized(x, dot)
        q = linear(p["query"], y)
        keys.append(linear(p["key"], y))
        values.append(linear(p["value"], y))
        read = []
        for start in range(0, gpt.WIDTH, gpt.HEAD):
            part = slice(start, start + gpt.HEAD)
            fit = [dot(q[part], key[part]) * gpt.HEAD**-0.5 for key in keys]
            total = logsumexp(fit)
            weights = [exp(f - total) for f in fit]
            read += [dot(weights, [value[i] for value in values]) for i in range(start, start + gpt.HEAD)]
        x = [xi + yi for xi, yi in zip(x, linear(p["mix"], read))]
        hidden = [h.relu() for h in linear(p["up"], normalized(x, dot))]
        x = [xi + yi for xi, yi in zip(x, linear(p["down"], hidden))]
        logits = linear(p["logit"], x)
        losses.append(logsumexp(logits) - dot(target, logits))
    return mean(losses)


def normalized(x, dot):
    scale = (dot(x, x) / len(x) + 1e-5) ** -0.5
    return [xi * scale for xi in x]


def document(tokens: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """A batch of one document: (1, positions, 27) zeros and ones of its tokens, and of the tokens that follow."""
    rows = np.eye(gpt.TOKENS)[tokens]
    return rows[None, :-1], rows[None, 1:]


class Adam:
    """`gpt.Adam` on an array."""

    def __init__(self, numbers: np.ndarray) -> None:
        self.numbers, self.count = numbers, 0
        self.first, self.second = np.zeros_like(numbers), np.zeros_like(numbers)

    def step(self, g: np.ndarray) -> None:
        rate = gpt.RATE * (1 - min(self.count, gpt.STEPS - 1) / gpt.STEPS)
        self.count += 1
        self.first += (1 - gpt.BETA1) * (g - self.first)
        self.second += (1 - gpt.BETA2) * (g * g - self.second)
        unbias1, unbias2 = 1 - gpt.BETA1**self.count, 1 - gpt.BETA2**self.count
        self.numbers -= (rate / unbias1) * self.first / (np.sqrt(self.second / unbias2) + gpt.EPSILON)


class Trainer:
    """Parameters, the compiled cost, and Adam: `step(document)` trains and returns the loss."""

    def __init__(self) -> None:
        from autograd import Value, compile

        p = gpt.parameters(Value)
        self.scalars = [x for name in gpt.SHAPES for row in p[name] for x in row]
        self.cost = compile(lambda inputs, targets: loss(p, inputs, targets))
        self.adam = Adam(np.array([x.data for x in self.scalars]))
        self.places: dict[int, np.ndarray] = {}  # positions in a document -> where its parameters are in ours

    def gradient(self, inputs, targets) -> tuple[float, np.ndarray]:
        """The loss and its gradient in all parameters (those a short document does not meet have slope 0)."""
        value, met = self.cost.value_and_grad(inputs, targets)
        length = inputs.shape[1]
        if length not in self.places:
            order = {x: i for i, x in enumerate(self.scalars)}
            self.places[length] = np.array([order[x] for x in self.cost.parameters])
        gradient = np.zeros(len(self.scalars))
        gradient[self.places[length]] = met
        return value, gradient

    def step(self, inputs, targets) -> tuple[float, np.ndarray]:
        value, gradient = self.gradient(inputs, targets)
        self.adam.step(gradient)
        for x, number in zip(self.scalars, self.adam.numbers.tolist()):
            x.data = number
        return value, gradient
