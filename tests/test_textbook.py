"""The rules that pictures show are the partials that the sweeps multiply: the table's `textbook` column."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd as ad
from autograd import Value
from autograd.core.primitives import TABLE
from autograd.picture.formula import labels, stacked, typeset
from autograd.picture.formula import printer as formula
from autograd.testing import inputs

X, Y, Z = (Value(x, label) for x, label in ((0.5, "x"), (0.25, "y"), (0.75, "z")))


def shown(value: Value, position: int = 0, **options: bool) -> str:
    return typeset.text(formula.rule(value, position, {v: labels.box(v.label) for v in (X, Y, Z)}, **options).box())


@pytest.mark.parametrize("name", TABLE)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_the_displayed_rule_is_the_partial_at_random_points(name, data):
    row = TABLE[name]
    operands = (
        data.draw(inputs(row))
        if row.arity is not None
        else data.draw(st.lists(st.floats(-5, 5), min_size=3, max_size=3))
    )
    operands = [math.copysign(min(abs(x), 8.0), x) for x in operands]  # beyond, 1 − tanh² is all cancellation
    values = [Value(x) for x in operands]
    z = row(*values)
    for rule, partial in zip(row.partials_at(values, z, textbook=True), row.partials_at(operands, z.data), strict=True):
        got = rule.data if isinstance(rule, Value) else rule
        if partial is None or not math.isfinite(partial):
            assert partial is None or got != got or not math.isfinite(got) or row.name == "hypot"
        else:
            assert math.isclose(got, partial, rel_tol=1e-9, abs_tol=1e-9), (operands, got, partial)


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (ad.tanh(X), "1 − tanh(x)²"),
        (ad.sigmoid(X), "σ(x)·(1 − σ(x))"),
        (ad.asin(X), "1/√(1 − x²)"),
        (ad.erf(X), "2·exp(−x²)/√π"),
        (ad.hypot(X, Y), "x/hypot(x, y)"),
        (ad.logsumexp([X, Y]), "softmax₁"),
        (ad.maximum(X, Y), "[x > y] + ½[x = y]"),
        (ad.elu(X, 1.0), "(1 if x > 0 else exp(x))"),
        (ad.leaky_relu(X, 0.1), "(1 if x > 0 else 0.1)"),
        (ad.where(Z, X, Y), "(0 if z ≠ 0 else 1)"),
    ],
)
def test_rules_are_those_of_textbooks(value, rule):
    assert rule in [shown(value, k, primes=False) for k in range(len(value.operands))]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (math.pi, "π·x"), (2 * math.pi, "2π·x"), (math.pi / 2, "π·x/2"), (-math.e, "−e·x"), (math.sqrt(2), "√2·x"),
        (1 / math.sqrt(2), "x/√2"), (math.log(2), "log(2)·x"), (1 / 3, "x/3"), (3.142, "3.142x"),
    ],
)  # fmt: skip
def test_constants_go_by_their_names(number, text):
    assert shown(number * X * Y, 1) == text


def test_a_name_of_a_constant_is_not_taken_for_a_number_that_is_near_it():
    assert shown(math.nextafter(math.pi, 4) * X * Y, 1) == "3.142x"


def test_cases_stack_where_the_notation_can():
    rule = formula.rule(ad.elu(X, 1.0), 0, {X: labels.box("x")}, primes=False).box()
    assert stacked.latex(rule) == r"\begin{cases} 1 & x > 0 \\ e^{x} & \text{else} \end{cases}"
    assert stacked.mathml(rule).count("<mtr>") == 2
