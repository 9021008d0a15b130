"""Functions of lists: each fast way of recording a dot is the row itself."""

import itertools

import pytest

from autograd import Value, affine, dot, logsumexp, mean
from autograd import sum as value_sum
from autograd.core.primitives import TABLE
from autograd.core.value import apply

MIXTURES = list(itertools.product("vc", repeat=5))


@pytest.mark.parametrize("mixture", MIXTURES, ids="".join)
def test_a_dot_of_any_mixture_of_values_and_numbers_is_its_row(mixture):
    numbers = [2.0, -3.0, 0.25, 0.5, 7.0]  # w₁ w₂ b x₁ x₂
    operands = [
        Value(n, f"v{i}") if kind == "v" else n for i, (n, kind) in enumerate(zip(numbers, mixture, strict=True))
    ]
    got = dot(operands[:2], operands[3:], operands[2])
    if "v" not in mixture:
        assert got == 2.0 * 0.5 - 3.0 * 7.0 + 0.25
        return
    want = apply(TABLE["dot"], *operands)
    assert (got.data, got.op, got._arguments, got._partials) == (want.data, want.op, want._arguments, want._partials)
    assert got.operands == tuple(v for v in operands if isinstance(v, Value))
    got.backward()
    for i, v in enumerate(operands):
        if isinstance(v, Value):
            assert v.grad == [0.5, 7.0, 1.0, 2.0, -3.0][i]


def test_affine_is_a_dot_for_each_row_of_weights():
    weights = [[Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)], [Value(5.0), Value(6.0)]]
    xs, biases = (Value(7.0), Value(8.0)), [Value(9.0), Value(10.0), 11.0]
    together, apart = affine(weights, xs, biases), [dot(w, xs, b) for w, b in zip(weights, biases, strict=True)]
    assert [z.data for z in together] == [7 + 16 + 9, 21 + 32 + 10, 35 + 48 + 11]
    assert [(z._arguments, z._partials) for z in together] == [(z._arguments, z._partials) for z in apart]
    value_sum(z * z for z in together).backward()
    assert xs[0].grad == 2 * (32 * 1 + 63 * 3 + 94 * 5)


def test_affine_refuses_biases_that_are_not_one_for_each_row():
    with pytest.raises(ValueError, match="affine: 2 biases for 1 row of weights"):
        affine([[Value(1.0)]], [Value(2.0)], [3.0, 4.0])


def test_a_dot_keeps_its_inputs_though_their_list_changes():
    w, xs = Value(2.0), [3.0]
    z = dot([w], xs, Value(0.0))
    xs[0] = 100.0
    z.backward()
    assert w.grad == 3.0


def test_a_dot_of_unequal_lengths_says_both():
    with pytest.raises(ValueError, match="2 weights for 1 input;"):
        dot([Value(1.0), Value(2.0)], [1.0])


@pytest.mark.parametrize("function", [mean, logsumexp])
def test_an_empty_list_is_an_error(function):
    with pytest.raises(ValueError, match="no numbers"):
        function([])


def test_an_empty_sum_is_zero():
    assert value_sum([]) == 0.0


@pytest.mark.parametrize("mixture", list(itertools.product("vc", repeat=3))[:-1], ids="".join)
def test_a_sum_of_any_mixture_of_values_and_numbers_is_its_row(mixture):
    operands = [Value(n) if kind == "v" else n for n, kind in zip([0.1, 0.2, 0.3], mixture, strict=True)]
    got, want = value_sum(operands), apply(TABLE["sum"], *operands)
    assert (got.data, got.op, got._arguments, got._partials) == (want.data, want.op, want._arguments, want._partials)


def test_sums_are_rounded_after_each_addition_in_every_python():
    """From 3.12 on the built-in sum would give 1: more accurate here, but not what a compiled loop gives."""
    assert value_sum([1e16, 1.0, -1e16]) == 0.0
    assert value_sum([Value(1e16), Value(1.0), Value(-1e16)]).data == 0.0
    assert dot([Value(1e16), Value(1.0), Value(-1e16)], [1.0, 1.0, 1.0], Value(0.0)).data == 0.0
    assert dot([1e16, 1.0, -1e16], [1.0, 1.0, 1.0]) == 0.0
