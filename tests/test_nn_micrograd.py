"""micrograd's moons demo and its engine tests, with only the imports replaced.

The golden losses are micrograd 0.1.0's own, over 100 steps of its demo. To print them again, with micrograd installed:
replace the two imports marked (*) by `from micrograd.engine import Value` and `from micrograd.nn import MLP`, and
run `for row in demo(100): print(*row)`.
"""
# ruff: noqa: UP034, B007

import random

import numpy as np
import pytest

from autograd import Value  # (*)
from nn import MLP  # (*)
from tests.test_micrograd import sanity, w2

LOSSES = {
    0: 0.8958441028683222,
    1: 1.723590533697202,
    2: 0.7429006313851131,
    3: 0.7705641260584202,
    9: 0.27048625516379227,
    19: 0.1845374874688393,
    49: 0.04829139382390303,
    99: 0.010978370135492719,
}


def make_moons(n_samples, noise):
    """What scikit-learn's function of this name draws from numpy's generator, number for number."""
    t = np.linspace(0, np.pi, n_samples // 2)
    X = np.vstack([np.append(np.cos(t), 1 - np.cos(t)), np.append(np.sin(t), 1 - np.sin(t) - 0.5)]).T
    y = np.repeat([0, 1], n_samples // 2)
    order = np.arange(n_samples)
    np.random.shuffle(order)
    return X[order] + np.random.normal(scale=noise, size=X.shape), y[order]


def demo(steps):
    np.random.seed(1337)
    random.seed(1337)
    X, y = make_moons(n_samples=100, noise=0.1)
    y = y * 2 - 1
    model = MLP(2, [16, 16, 1])

    def loss(batch_size=None):
        if batch_size is None:
            Xb, yb = X, y
        else:
            ri = np.random.permutation(X.shape[0])[:batch_size]
            Xb, yb = X[ri], y[ri]
        inputs = [list(map(Value, xrow)) for xrow in Xb]
        scores = list(map(model, inputs))
        losses = [(1 + -yi * scorei).relu() for yi, scorei in zip(yb, scores)]
        data_loss = sum(losses) * (1.0 / len(losses))
        alpha = 1e-4
        reg_loss = alpha * sum((p * p for p in model.parameters()))
        total_loss = data_loss + reg_loss
        accuracy = [(yi > 0) == (scorei.data > 0) for yi, scorei in zip(yb, scores)]
        return total_loss, sum(accuracy) / len(accuracy)

    for k in range(steps):
        total_loss, acc = loss()
        model.zero_grad()
        total_loss.backward()
        learning_rate = 1.0 - 0.9 * k / 100
        for p in model.parameters():
            p.data -= learning_rate * p.grad
        yield k, total_loss.data, acc


def test_the_moons_demo_gives_the_published_losses():
    seen = {}
    for k, loss, accuracy in demo(100):
        seen[k] = loss
    assert accuracy == 1.0
    assert {k: seen[k] for k in LOSSES} == pytest.approx(LOSSES, rel=0, abs=1e-9)


def test_a_batch_of_the_demo_has_the_same_graph_whatever_the_input_kind():
    random.seed(0)
    model = MLP(2, [4, 1])
    as_values, as_numbers = model([Value(0.5), Value(-1.0)]), model([0.5, -1.0])
    as_values.backward()
    by_values = [p.grad for p in model.parameters()]
    model.zero_grad()
    as_numbers.backward()
    assert (as_values.data, by_values) == (as_numbers.data, [p.grad for p in model.parameters()])


def test_the_engine_examples_of_its_test_suite():
    y, x = sanity(Value)
    assert (y.data, x.grad) == (-20.0, 46.0)

    g, a, b = w2(Value)
    assert [g.data, a.grad, b.grad] == pytest.approx(
        [24.70408163265306, 138.8338192419825, 645.5772594752186], abs=1e-6
    )
