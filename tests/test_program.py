"""Every pass prints, and is held to its print."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from autograd import Value, dot, no_grad, relu
from autograd import sum as sum_of
from autograd.native import listing
from autograd.native.roll import roll
from autograd.program.differentiate import value_and_gradient
from autograd.program.identities import IDENTITIES, Identity
from autograd.program.lower import lower
from autograd.program.program import EXAMPLE, Program
from autograd.program.reference import run
from autograd.program.simplify import dots, fold, share, simplify
from autograd.program.source import compiled, function_text, imports
from tests.compare import bits


def body(program: Program) -> list[str]:
    """The printed program without its heading and indentation."""
    return [line.strip() for line in str(program).splitlines()[1:]]


def leaves(*names: str) -> list[Value]:
    return [Value(0.5, name) for name in names]


def lowered(result: Value, *inputs: Value) -> Program:
    return lower([result], inputs)[0]


def test_lowering_keeps_the_nodes_in_order() -> None:
    x, w, b = leaves("x", "w", "b")
    assert str(lowered((w * x + b).tanh(), x)) == (
        "1 input, 2 parameters; 6 graph nodes → 3 instructions\n"
        "for each example:\n  t3 = mul(w, x)\n  t4 = add(t3, b)\n  t5 = tanh(t4)\nreturn t5"
    )


def test_parameters_come_in_the_order_in_which_the_nodes_need_them() -> None:
    x, w1, b1, w2, b2 = leaves("x", "w1", "b1", "w2", "b2")
    _, parameters = lower([dot([w2], [dot([w1], [x], b1).tanh()], b2)], [x])
    assert [leaf.label for leaf in parameters] == ["w1", "b1", "w2", "b2"]


def test_a_slot_is_known_once_for_each_example_or_after_the_batch() -> None:
    x, w = leaves("x", "w")
    assert body(simplify(value_and_gradient(lowered(w.exp() * x, x)))) == [
        *("once:", "t2 = exp(w)"),
        *("for each example:", "t3 = mul(t2, x)"),
        *("after the batch:", "t4 = mean(x)", "t5 = mul(t2, t4)", "t6 = mean(t3)"),
        "return t6, t5",
    ]


def test_folding_computes_constants_and_drops_what_does_nothing() -> None:
    (x,) = leaves("x")
    with no_grad():
        six = Value(2.0) * 3.0
    program = lowered(x * 1 + (x / 1) * six.data + (x - 0.0) + (-1 * -x) + x**1, x)
    assert body(dots(fold(program))) == [
        "for each example:",
        *("t2 = mul(x, 6)", "t3 = add(x, t2)", "t4 = add(t3, x)", "t5 = add(t4, x)", "t6 = add(t5, x)"),
        "return t6",
    ]


def test_folding_turns_small_powers_and_division_by_powers_of_two_into_products() -> None:
    (x,) = leaves("x")
    assert body(fold(lowered(x**2 + x**3, x)))[1:-2] == ["t2 = mul(x, x)", "t4 = mul(x, x)", "t5 = mul(t4, x)"]
    assert body(fold(lowered(x / 4, x)))[1] == "t3 = mul(x, 0.25)"
    assert body(fold(lowered(x / 3, x)))[1] == "t2 = div(x, 3)"
    assert body(fold(lowered(x**2.5, x)))[1] == "t2 = pow(x, 2.5)"


@pytest.mark.parametrize("identity", IDENTITIES)
@given(x=st.floats(), y=st.floats(), k=st.integers(-900, 900))
@example(x=-0.0, y=-0.0, k=0)
@example(x=math.inf, y=math.nan, k=0)
def test_an_identity_is_what_its_row_computes(identity: Identity, x: float, y: float, k: int) -> None:
    constants = [c for c in (-0.0, 0.0, 1.0, -1.0, 2.0, 3.0, 4.0, math.inf, 2.0**k, -(2.0**k)) if identity.holds(c)]
    assert constants
    for constant in constants:
        operands = [x, y, y][: identity.row.arity]
        operands[identity.at] = constant
        want, z = identity.row(*operands), identity.becomes(*map(Value, operands))
        got = z.data if isinstance(z, Value) else z
        if identity.rounds and math.isfinite(want):
            assert abs(got - want) <= 2 * math.ulp(want)
        else:
            assert bits(got) == bits(want) or (got != got and want != want)


def test_folding_keeps_what_floating_point_does_not_allow() -> None:
    (x,) = leaves("x")
    assert body(fold(lowered(x + 0.0, x)))[1] == "t2 = add(x, 0)"  # −0 + 0 is 0
    assert body(fold(lowered(x * 0.0, x)))[1] == "t2 = mul(x, 0)"  # inf · 0 is nan
    assert body(fold(lowered(x - (-0.0), x)))[1] == "t2 = sub(x, -0)"


def test_sharing_keeps_one_of_equal_instructions() -> None:
    x, y = leaves("x", "y")
    assert body(share(lowered((x + y) * (y + x) + x * y - y * x, x, y))) == [
        "for each example:",
        *("t2 = add(x, y)", "t3 = mul(t2, t2)", "t4 = mul(x, y)", "t5 = add(t3, t4)", "t6 = sub(t5, t4)"),
        "return t6",
    ]


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (lambda x, y, w, b, c: sum([w * x, b * y]) + c, "[w, b] · [x, y] + 0; add(t6, c)"),
        (lambda x, y, w, b, c: w * x + b * y + c, "[w, b] · [x, y]; add(t6, c)"),
        (lambda x, y, w, b, c: w * x + b * y + c * y + x * y + b, "[w, b, c, x] · [x, y, y, y] + b"),
        (lambda x, y, w, b, c: w * x + b * y + c * y + x * y + b + c, "[w, b, c, x, 1, 1] · [x, y, y, y, b, c]"),
        (lambda x, y, w, b, c: w * x + b * y, "[w, b] · [x, y]"),
        (lambda x, y, w, b, c: c + w * x + b * y, "[w, b] · [x, y] + c"),
        (lambda x, y, w, b, c: w * x + (c + b * y), "[b, w] · [y, x] + c"),
        (lambda x, y, w, b, c: sum_of([w * x, y * b]), "[w, b] · [x, y] + 0"),
        (lambda x, y, w, b, c: w * x + c + b * y + b, "mul(w, x); add(t5, c); mul(b, y); add(t6, t7); add(t8, b)"),
        (lambda x, y, w, b, c: sum([x, y, w]), "sum(x, y, w)"),
    ],
)
def test_chains_of_products_become_dots(build: object, expected: str) -> None:
    x, y, w, b, c = leaves("x", "y", "w", "b", "c")
    lines = body(dots(lowered(build(x, y, w, b, c), x, y)))
    assert "; ".join([line.split(" = ")[1] for line in lines[1:-1]]) == expected


def test_what_is_simplified_already_is_kept_and_shared_with() -> None:
    x, w = leaves("x", "w")
    program = simplify(lowered((w * x).sin() + (x * w).cos() * w**3, x))
    gradient = value_and_gradient(program)
    at_once = simplify(gradient, done=len(program))
    assert str(at_once) == str(simplify(gradient))
    assert str(at_once).count("cos(") == 1


def test_a_chain_without_products_and_a_product_used_elsewhere_stay() -> None:
    x, y, w, b = leaves("x", "y", "w", "b")
    assert body(dots(lowered(x + y + w, x, y)))[1:] == ["t3 = add(x, y)", "t4 = add(t3, w)", "return t4"]
    z = w * x
    program, _ = lower([z + b * y, z], [x, y])
    assert body(dots(program))[1:] == ["t4 = mul(w, x)", "t5 = mul(b, y)", "t6 = add(t4, t5)", "return t6, t4"]


def test_what_no_result_needs_is_dropped() -> None:
    x, w = leaves("x", "w")
    program = lowered(x * w, x)
    program.append(program.primitives[-1], (0, 0))
    assert (program.count(), dots(program).count()) == (2, 1)


def test_the_gradient_of_a_dot_is_made_of_means_of_products() -> None:
    x, y, w, b, c = leaves("x", "y", "w", "b", "c")
    assert body(simplify(value_and_gradient(lowered(dot([w, b], [x, y], c), x, y)))) == [
        *("for each example:", "t5 = [w, b] · [x, y] + c"),
        *("after the batch:", "t7 = mean(y)", "t8 = mean(x)", "t9 = mean(t5)"),
        "return t9, t8, t7, 1",
    ]


def test_the_adjoints_of_a_layers_inputs_are_dots_with_its_weights() -> None:
    x, v, w1, w2 = leaves("x", "v", "w1", "w2")
    hidden = (v * x).tanh()
    printed = body(simplify(value_and_gradient(lowered((w1 * hidden).sin() + (w2 * hidden).cos(), x))))
    (adjoint,) = [line for line in printed if "[w" in line]
    assert adjoint.split(" = ")[1].startswith("[w2, w1] · [t")


def test_what_a_mask_lets_through_is_chosen_by_the_mask() -> None:
    x, w = leaves("x", "w")
    printed = body(simplify(value_and_gradient(lowered(relu(w * x), x))))
    assert printed[4:8] == ["t6 = equal(t4, 0)", "t7 = where(t6, 0, t4)", "t8 = mul(x, t7)", "t9 = where(t6, 0, t8)"]


def test_a_layer_is_rolled_up_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "FEW", 0)
    x, y = leaves("x", "y")
    hidden = [dot(leaves("v", "w"), (x, y), b) for b in leaves("a", "b", "c")]
    program = simplify(lowered(dot(leaves("p", "q", "r"), [h.relu() for h in hidden], Value(0.0)), x, y))
    assert str(roll(program)).splitlines()[-5:] == [
        "for each example:",
        "  v[2:5] = s[0:2 | 3 rows, 3 apart] · v[0:2] + s[2:9:3]",
        "  v[5:8] = relu(v[2:5])",
        "  v[8] = s[9:12] · v[5:8] + s[12]",
        "return v[8]",
    ]


def test_the_gradient_of_a_layer_is_rolled_up_as_well() -> None:
    x, y = leaves("x", "y")
    hidden = [dot(leaves("v", "w"), [x, y], b).tanh() for b in leaves(*"abcdefgh")]
    small = roll(simplify(value_and_gradient(lowered(dot(leaves(*"ijklmnop"), hidden).sin(), x, y))))
    hidden += [dot(leaves("v", "w"), [x, y], b).tanh() for b in leaves(*"abcdefgh")]
    large = roll(simplify(value_and_gradient(lowered(dot(leaves(*"ijklmnopabcdefgh"), hidden).sin(), x, y))))
    assert large.program.count() > 1.8 * small.program.count()
    assert sum(map(len, large.loops.values())) == sum(map(len, small.loops.values())) < 20


def test_a_slot_joins_the_first_loop_of_its_kind_after_its_operands() -> None:
    x, y = leaves("x", "y")
    chains = [x.sin().cos().sin(), y.cos().sin().cos(), y.sin()]
    program, _ = lower(chains, [x, y])
    kinds = [(loop.kind.name, len(loop.operands)) for loop in roll(program).loops[EXAMPLE]]
    assert kinds == [("sin", 2), ("cos", 2), ("sin", 2), ("cos", 1)]


def test_the_source_is_python_that_a_person_can_read_and_run() -> None:
    x, w, b = leaves("x", "w_{1}^(1)", "lambda")
    text = function_text("neuron", simplify(lowered((w * x + b).sigmoid() / x, x)))
    assert imports(text) + text == (
        "from autograd.core.ieee import divide\n"
        "from autograd.core.primitives import sigmoid\n\n\n"
        "def neuron(x, w_1_1, lambda_):\n"
        "    t3 = w_1_1 * x\n    t4 = t3 + lambda_\n    t5 = sigmoid(t4)\n    t6 = divide(t5, x)\n    return t6"
    )
    scope: dict[str, object] = {}
    exec(imports(text) + text, scope)
    assert scope["neuron"](0.5, 2.0, 0.1) == compiled(text, "neuron")(0.5, 2.0, 0.1)


def test_lowering_is_linear_in_depth_and_needs_no_recursion() -> None:
    y = x = Value(1.0)
    for _ in range(20_000):
        y = y * 1.0001 + 0.1
    program = simplify(value_and_gradient(lowered(y)))
    value, slope = run(program, [()], [x.data])
    y.backward()
    assert (value, slope) == (y.data, x.grad)
