"""W4: a GPT trained scalar by scalar, one name a step: only the scalar class differs, or the step is compiled."""

from __future__ import annotations

import numpy as np

from benchmarks import gpt
from benchmarks.harness import COMPILED, Work

DOCUMENT = gpt.tokens(next(name for name in gpt.names() if len(name) == 6))  # names have 6.1 letters on average
CHECKED = slice(0, None, 350)  # the parameters whose derivative is checked


def flat(p) -> list:
    return [x for name in gpt.SHAPES for row in p[name] for x in row]


def reference() -> tuple[float, list[float]]:
    """Loss and some derivatives: a forward pass in numpy's complex matrices, stepped in one parameter at a time."""
    numbers = np.array(flat(gpt.parameters(complex)))

    def stepped(i: int) -> complex:
        moved = numbers.copy()
        moved[i] += 1e-200j
        return _loss_in_matrices(moved)

    return _loss_in_matrices(numbers).real, [stepped(i).imag / 1e-200 for i in range(*CHECKED.indices(len(numbers)))]


def _loss_in_matrices(numbers) -> complex:
    p, at = {}, 0
    for name, (rows, columns) in gpt.SHAPES.items():
        p[name], at = numbers[at : at + rows * columns].reshape(rows, columns), at + rows * columns

    def normalized(x):
        return x / np.sqrt((x * x).mean(axis=1, keepdims=True) + 1e-5)

    def softmax(x):
        e = np.exp(x)
        return e / e.sum(axis=-1, keepdims=True)

    n = len(DOCUMENT) - 1
    x = normalized(p["token"][DOCUMENT[:-1]] + p["position"][:n])
    y = normalized(x)
    q, k, v = ((y @ p[name].T).reshape(n, gpt.HEADS, gpt.HEAD) for name in ("query", "key", "value"))
    fit = np.einsum("ihd,jhd->hij", q, k) / gpt.HEAD**0.5
    weights = softmax(np.where(np.tri(n, dtype=bool), fit, -np.inf))
    x = x + np.einsum("hij,jhd->ihd", weights, v).reshape(n, gpt.WIDTH) @ p["mix"].T
    h = normalized(x) @ p["up"].T
    x = x + np.where(h.real > 0, h, 0) @ p["down"].T
    return -np.log(softmax(x @ p["logit"].T)[np.arange(n), DOCUMENT[1:]]).mean()


def scalar_step(make):
    """One training step in any scalar class: the loss, its gradient, Adam."""
    p = gpt.parameters(make)
    scalars = flat(p)
    adam = gpt.Adam(scalars)

    def run():
        loss = gpt.loss(p, DOCUMENT)
        loss.backward()
        gradient = [x.grad for x in scalars[CHECKED]]
        adam.step()
        return loss.data, gradient

    return run


def step(id: str, title: str, collector: bool) -> Work:
    work = Work(id, title, unit="ms", scale=1e3, expect=reference, rtol=1e-7, advances=True, seconds=4)

    @work.ours("autograd", collector=collector)
    def eager():
        from autograd import Value

        return scalar_step(Value)

    @work.engine(COMPILED, "autograd", "llvmlite", collector=collector)
    def compiled():
        from benchmarks.gpt_compiled import Trainer, document

        trainer, (inputs, targets) = Trainer(), document(DOCUMENT)
        run = lambda: trainer.step(inputs, targets)
        run.view = lambda answer: (answer[0], answer[1][CHECKED])
        return run

    @work.engine("tuple tape", collector=collector)
    def tape():
        from benchmarks.tape import Value

        return scalar_step(Value)

    return work


def training() -> Work:
    """1,000 steps, one name each. Answers: is the first ten's mean loss above 3, is the last hundred's below 2.7?"""
    work = Work(
        "W4.train",
        "microgpt: 1,000 steps with all compilation, loss 3.3 to 2.6",
        unit="s",
        scale=1.0,
        expect=(1, 1),
        whole=True,
    )

    @work.engine(COMPILED, "autograd", "llvmlite")
    def compiled():
        from benchmarks.gpt_compiled import Trainer, document

        documents = {name: document(gpt.tokens(name)) for name in gpt.names()}

        def run():
            trainer = Trainer()
            losses = [trainer.step(*documents[name])[0] for name in gpt.names()]
            return sum(losses[:10]) / 10 > 3.0, sum(losses[-100:]) / 100 < 2.7

        return run

    return work


WORKS = [
    step("W4.step", "microgpt training step, the same code in two scalar classes", collector=True),
    step("W4.step.off", "microgpt training step, the same code, collector off", collector=False),
    training(),
]
