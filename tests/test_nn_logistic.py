"""One sigmoid neuron on the 23 flights is logistic regression: the published maximum-likelihood fit comes out.

Dalal, Fowlkes and Hoadley (1989): intercept 15.0429, slope −0.2322 per °F, deviance 20.315. The fit is Newton's, with
first derivatives by `backward()` and second ones by running the partials of the table on the first.
"""

import math

import pytest

import nn
from autograd import Value, sum


def cost_of(model, X, Y):
    return sum([nn.binary_cross_entropy(model(x), y) for x, y in zip(X, Y, strict=True)])


def newton(model, X, Y, steps):
    """w ← w − H⁻¹ g; H = Σ a(1 − a) x xᵀ is the derivative of the gradient Σ (a − y) x, swept row by row."""
    w, b = model.parameters()
    for _ in range(steps):
        a = [model(x) for x in X]
        residuals = [p - y for p, y in zip(a, Y, strict=True)]
        slopes = [sum([r * x[0] for r, x in zip(residuals, X, strict=True)]), sum(residuals)]
        hessian = []
        for slope in slopes:
            model.zero_grad()
            slope.backward()
            hessian.append([w.grad, b.grad])
        model.zero_grad()
        cost_of(model, X, Y).backward()
        assert [w.grad, b.grad] == pytest.approx([s.data for s in slopes], rel=1e-9, abs=1e-9)
        (h11, h12), (h21, h22) = hessian
        determinant = h11 * h22 - h12 * h21
        dw, db = (h22 * w.grad - h12 * b.grad) / determinant, (h11 * b.grad - h21 * w.grad) / determinant
        w.data -= dw
        b.data -= db


@pytest.fixture
def neuron():
    model = nn.Neuron(1, activation="sigmoid")
    model.w[0].data = 0.0
    return model


def test_newton_on_a_sigmoid_neuron_reaches_the_published_fit(neuron):
    X, Y = nn.data.challenger()
    assert (len(X), Y.count(1)) == (23, 7)
    newton(neuron, X, Y, steps=8)
    assert neuron.b.data == pytest.approx(15.0429, abs=5e-5)
    assert neuron.w[0].data == pytest.approx(-0.2322, abs=5e-5)
    assert 2 * cost_of(neuron, X, Y).data == pytest.approx(20.315, abs=5e-4)


def test_gradient_descent_through_fit_reaches_it_too(neuron):
    X, Y = nn.data.challenger()
    mean = math.fsum(x for (x,) in X) / len(X)
    history = nn.fit(
        neuron, [[(x - mean) / 7] for (x,) in X], Y, loss=nn.binary_cross_entropy,
        optimizer=nn.SGD([*neuron.parameters()], lr=2.0, momentum=0.9), epochs=400, progress=False, compiled=False,
    )  # fmt: skip
    slope = neuron.w[0].data / 7
    assert slope == pytest.approx(-0.2322, abs=5e-5)
    assert neuron.b.data - slope * mean == pytest.approx(15.0429, abs=5e-5)
    assert 2 * len(X) * history.cost[-1] == pytest.approx(20.315, abs=5e-4)


def test_the_fitted_neuron_expects_damage_in_the_cold(neuron):
    X, Y = nn.data.challenger()
    newton(neuron, X, Y, steps=8)
    assert neuron(Value(31.0)).data == pytest.approx(0.9996, abs=5e-5)
    assert neuron(Value(81.0)).data == pytest.approx(0.0227, abs=5e-5)
