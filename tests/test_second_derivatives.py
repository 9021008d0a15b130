"""Second and third derivatives keep their relative accuracy where the textbook's forms of the first would cancel."""

from math import inf, isnan

import pytest

from autograd import (
    Value,
    acos,
    asin,
    atan2,
    compile,
    exp,
    grad,
    hessian,
    hvp,
    hypot,
    jacobian,
    logit,
    logsumexp,
    sigmoid,
    silu,
    softplus,
    softsign,
    sqrt,
    tanh,
)
from autograd.core.sweeps import topological_order
from autograd.derivatives.second_order import swept

NEAR_0 = {  # derivative, the point, and its value there: the first term of its series
    "tanh''": (grad(grad(tanh)), -2e-20),
    "sigmoid''": (grad(grad(sigmoid)), -1e-20 / 8),
    "softplus'''": (grad(grad(grad(softplus))), -1e-20 / 8),
    "silu'''": (grad(grad(grad(silu))), -1e-20 / 2),
    "asin''": (grad(grad(asin)), 1e-20),
    "acos''": (grad(grad(acos)), -1e-20),
}


@pytest.mark.parametrize(("derivative", "value"), NEAR_0.values(), ids=NEAR_0)
def test_odd_derivatives_are_linear_near_0(derivative, value):
    assert derivative(1e-20) == pytest.approx(value, rel=1e-15, abs=0.0)


def test_asin_and_acos_are_infinitely_bent_at_the_ends():
    assert [grad(grad(asin))(x) for x in (1.0, -1.0)] == [inf, -inf]
    assert [grad(grad(acos))(x) for x in (1.0, -1.0)] == [-inf, inf]


def test_hypot_bends_as_the_square_of_a_short_leg():
    assert hessian(lambda v: hypot(*v))([1e-8, 1.0])[1][1] == pytest.approx(1e-16, rel=1e-15, abs=0.0)


def test_logsumexp_has_a_hessian_without_a_negative_eigenvalue():
    (a, b), (c, d) = hessian(logsumexp)([0.0, 40.0])
    assert a == -b == -c == d == pytest.approx(4.248354255291589e-18, rel=1e-14, abs=0.0)


def test_slopes_where_an_operand_is_infinite():
    assert grad(lambda v: hypot(*v))([inf, 1.0]) == [1.0, 0.0]
    assert grad(lambda v: atan2(*v))([1.0, inf]) == [0.0, 0.0]
    assert all(map(isnan, grad(lambda v: hypot(*v))([inf, inf])))


def test_atan2_is_bent_crosswise_by_nothing_where_its_operands_are_equal_however_small():
    (_, cross), (other, _) = hessian(lambda v: atan2(*v))([1e-200, 1e-200])
    assert cross == other == 0.0


# Infinite log-probabilities: what is impossible has no share, and no slope.


def test_a_sum_of_nothing_but_impossible_terms_has_slopes_0():
    assert grad(logsumexp)([-inf, -inf]) == [0.0, 0.0]
    assert grad(lambda v: logsumexp([logsumexp(v), 2.0]))([-inf, -inf]) == [0.0, 0.0]
    assert hessian(logsumexp)([-inf, -inf]) == [[0.0, 0.0], [0.0, 0.0]]


def test_an_infinite_term_takes_all():
    assert grad(logsumexp)([1.0, inf]) == [0.0, 1.0]
    assert all(map(isnan, grad(logsumexp)([inf, inf])))


def test_one_term_is_itself():
    assert [grad(logsumexp)([x])[0] for x in (-inf, 0.0, inf)] == [1.0, 1.0, 1.0]


def test_a_left_to_right_chain_of_log_probabilities_has_the_gradient_of_probabilities():
    """Two states, from the first to the second and never back; the log of what reaches the end, in ∂/∂ log p."""

    def forward(logs):
        stay, move, back = logs
        a, b = 0.0, -inf
        for _ in range(3):
            a, b = logsumexp([a + stay, b + back]), logsumexp([a + move, b + 0.0])
        return b

    p, q = 0.75, 0.25
    total = q + p * q + p * p * q  # Σ of the ways to be in state 2 after three steps
    slopes = grad(forward)([-0.2876820724517809, -1.3862943611198906, -inf])  # log p, log q, log 0
    assert slopes == pytest.approx([(p * q + 2 * p * p * q) / total, 1.0, 0.0], rel=1e-14)


@pytest.mark.parametrize("x", [700.0, 709.0])
def test_a_second_partial_that_is_too_small_for_a_double_is_not_left_out(x):
    """√ has the second partial −u^−³ᐟ²/4 ≈ 3e-463 at u = e⁷⁰⁹, whose slope is as large as itself."""
    f = lambda x: sqrt(exp(x) * tanh(x))
    wanted = pytest.approx(grad(grad(f))(x), rel=1e-14)
    assert hessian(f)(x) == wanted and hvp(f, (x,), (1.0,)) == wanted
    v = Value(x)
    z = f(v)
    assert isnan(swept([v], topological_order(z, stop=[v]), z, None)[0][0])


@pytest.mark.parametrize(
    "second", [hessian, lambda f: jacobian(grad(f)), lambda f: lambda x: compile(hessian(f), "python")([x])[0].tolist()]
)
def test_a_power_bends_crosswise_without_bound_where_0_has_the_exponent_1(second):
    """∂²xʸ/∂x∂y = xʸ⁻¹(1 + y log x), which is −∞ at (0, 1) and 0 at (0, 2); ∂xʸ/∂y is 0 at (0, 0)."""
    power = lambda v: v[0] ** v[1]
    assert second(power)([0.0, 1.0]) == [[0.0, -inf], [-inf, 0.0]]
    assert second(power)([0.0, 2.0]) == [[2.0, 0.0], [0.0, 0.0]]


def test_a_slope_that_is_a_square_bends_right_where_its_own_square_would_be_subnormal():
    assert grad(grad(softsign))(2.5e80) == pytest.approx(-2 / 2.5e80**3, rel=1e-15, abs=0.0)


def test_the_logit_bends_without_bound_at_its_ends():
    assert [grad(grad(logit))(x) for x in (0.0, 0.5, 1.0)] == [-inf, 0.0, inf]
