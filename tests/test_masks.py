"""A path that a mask switches off passes exactly 0, whatever slope lies below it, in every reading."""

import pytest

from autograd import Value, grad, hessian, jvp, leaky_relu, maximum, minimum, relu, sqrt, where

SWITCHED_OFF = {  # each has an infinite slope at 0 below what switches it off
    "maximum": lambda x: maximum(sqrt(x), 1.0),
    "minimum": lambda x: minimum(1 / x, 5.0),
    "relu": lambda x: relu(sqrt(x) - 1.0),
    "where": lambda x: where(x > 0, sqrt(x), 3.0),
    "relu below": lambda x: sqrt(relu(x)),
}
OFF = pytest.mark.parametrize("f", SWITCHED_OFF.values(), ids=SWITCHED_OFF)


@OFF
def test_backward(f):
    x = Value(0.0)
    f(x).backward()
    assert x.grad == 0.0


@OFF
def test_forward(f):
    assert jvp(f, (0.0,), (1.0,))[1] == 0.0


@OFF
def test_read_on_values(f):
    assert grad(f)(Value(0.0)).data == 0.0


@OFF
def test_second_order(f):
    assert grad(grad(f))(0.0) == 0.0
    assert jvp(grad(f), (0.0,), (1.0,))[1] == 0.0


def test_a_slope_that_happens_to_be_0_is_no_mask():
    """∂/∂slope of ∂/∂x leaky_relu(x, slope) is 1 for x < 0, at slope 0 too."""
    assert grad(lambda slope: grad(lambda x: leaky_relu(x, slope))(-2.0))(0.0) == 1.0
    assert hessian(lambda x: leaky_relu(x, x))(0.0) == grad(grad(lambda x: leaky_relu(x, x)))(0.0) == 2.0


def test_an_ordinary_zero_times_infinity_is_nan():
    x = Value(0.0)
    (sqrt(x) * 0.0).backward()
    assert x.grad != x.grad
