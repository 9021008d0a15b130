"""The conformance kit: no fault in this engine, faults planted in four found, and the page that has the scores."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from autograd import primitive, stop_gradient
from autograd.core.columns import TABLE
from autograd.testing import Adapter, check_engine, offered, own
from autograd.trust import cases, conformance
from benchmarks import conformance as command
from benchmarks import peers

pytest.importorskip("mpmath", reason="what is right is known by mpmath, of the `test` extra")


SERIES = {name for name, f in own().functions.items() if getattr(f, "by_call", False)}  # special functions


@pytest.mark.parametrize("left_out", [pytest.param(set(), marks=pytest.mark.heavy, id="all"), SERIES - {"lgamma"}])
def test_this_engine_answers_everything_and_is_right(left_out):
    functions = {name: f for name, f in own().functions.items() if name not in left_out}
    card = check_engine(replace(own(), functions=functions))
    assert card, card
    assert all([result.verdict == "right" for result in card.results])
    assert {result.group for result in card.results} == {*conformance.GROUPS}


def test_without_mpmath_this_engine_is_what_others_are_held_to(monkeypatch):
    monkeypatch.setattr(conformance, "_truth", lambda: conformance.Answers(own()))
    few = {name: f for name, f in own().functions.items() if name in ("exp", "tanh")}
    assert check_engine(replace(own(), functions=few))
    wrong = few | {"tanh": lambda x: own().functions["tanh"](x) * 1.001}
    assert {r.group for r in check_engine(replace(own(), functions=wrong)).wrong} >= {"values", "gradients"}


def faults(adapter: Adapter, **functions) -> set[str]:
    """The groups in which an engine with these functions in the place of its own is wrong, and was right before."""
    names = {*functions, "exp", "relu", "where", "sin"} & {*adapter.functions}
    few = replace(adapter, functions={name: adapter.functions[name] for name in names})
    before = {str(result) for result in check_engine(few).wrong}
    after = check_engine(replace(few, functions=few.functions | functions)).wrong
    return {result.group for result in after if str(result) not in before}


def test_a_number_taken_out_of_the_graph_is_found_in_this_engine():
    assert "gradients" in faults(own(), sin=lambda x: own().functions["sin"](stop_gradient(x)))


def test_a_rule_that_is_right_once_only_is_found_by_the_second_order():
    exp = own().functions["exp"]
    assert faults(own(), exp=lambda x: stop_gradient(exp(x)) * (1 + x - stop_gradient(x))) >= {"second order"}


def test_a_gradient_that_is_set_and_not_added_is_found_in_micrograd():
    engine = pytest.importorskip("micrograd.engine")

    class Setting(engine.Value):
        def __mul__(self, other):
            other = other if isinstance(other, engine.Value) else engine.Value(other)
            out = Setting(self.data * other.data, (self, other), "*")

            def backward():
                self.grad = other.data * out.grad
                other.grad = self.data * out.grad

            out._backward = backward
            return out

    def value_and_grad(f, xs):
        leaves = [Setting(x) for x in xs]
        z = f(*leaves)
        z.backward()
        return z.data, [leaf.grad for leaf in leaves]

    wrong = check_engine(Adapter("micrograd with a fault", peers.refusing(value_and_grad, AssertionError))).wrong
    assert "x · x" in {result.case.text for result in wrong if result.group == "shared nodes"}


def test_a_wrong_rule_is_found_in_torch():
    torch = pytest.importorskip("torch")

    class Tanh(torch.autograd.Function):
        @staticmethod
        def forward(context, x):
            z = torch.tanh(x)
            context.save_for_backward(z)
            return z

        @staticmethod
        def backward(context, g):
            (z,) = context.saved_tensors
            return g * (1 - z)  # 1 − z² it should be

    adapter = peers.torch()
    assert "gradients" in faults(adapter, tanh=Tanh.apply)


def test_a_slope_of_a_kink_that_no_side_has_is_found_in_hyperjet():
    pytest.importorskip("hyperjet")
    assert "kinks" in faults(peers.hyperjet(), relu=lambda x: (x + abs(x)) * 0.5 if x.f != 0.0 else x * 2.0)


def test_a_hessian_without_its_mixed_part_is_found_in_hyperjet():
    pytest.importorskip("hyperjet")
    adapter = peers.hyperjet()

    def hessian(f, xs):
        return [[x * (i == j) for j, x in enumerate(line)] for i, line in enumerate(adapter.hessian(f, xs))]

    few = replace(adapter, functions={}, hessian=hessian)
    assert {result.group for result in check_engine(few).wrong if result.case.text == "x * y"} == {"second order"}


def test_an_adapter_of_ten_lines_is_enough():
    """An engine of dual numbers, which has no more than sums and products."""

    class Dual:
        def __init__(self, a, b=0.0):
            self.a, self.b = a, b

        def __add__(self, other):
            return Dual(self.a + other.a, self.b + other.b)

        def __mul__(self, other):
            return Dual(self.a * other.a, self.a * other.b + self.b * other.a)

    def value_and_grad(f, xs):
        runs = [f(*[Dual(x, float(i == j)) for j, x in enumerate(xs)]) for i in range(len(xs))]
        return runs[0].a, [z.b for z in runs]

    card = check_engine(Adapter("dual numbers", value_and_grad))
    assert card.count("gradients") == (8, 8) and card.cell("second order") == "–"


def test_functions_are_found_by_the_names_of_rows_and_by_their_other_names():
    numpy = pytest.importorskip("numpy")
    found = offered(numpy)
    assert found["asin"] is numpy.arcsin and found["exp"] is numpy.exp and "sigmoid" not in found


def test_a_row_of_a_users_own_is_not_asked_for():
    row = primitive("sixfold", lambda x: 6 * x, lambda x, z: 6.0)
    try:
        assert row.name not in {case.text.partition("(")[0] for case in cases.cases(own().functions)}
    finally:
        del TABLE[row.name]


def test_cases_are_the_same_ones_every_time():
    once, again = ([str(case) for case in cases.cases(own().functions)] for _ in range(2))
    assert once == again and len(set(once)) > 1_500


def test_the_command_prints_a_row_for_every_engine_and_what_was_wrong(capfd):
    pytest.importorskip("micrograd")
    assert command.main(["micrograd"]) == 0
    printed = capfd.readouterr().out
    assert re.search(r"^\| micrograd .* \| 43/43 \|", printed, re.M)
    assert "loops: 1,000 operations in a row at 1.5: RecursionError" in printed


def test_an_engine_that_is_not_there_is_named(capfd):
    assert command.main(["nosuch"]) == 2
    assert "no adapter for nosuch; there are chainrule, " in capfd.readouterr().err


def test_the_page_has_the_score_of_every_engine_with_date_and_version():
    page = command.written()
    assert re.match(r"\d{4}-\d\d-\d\d, CPython 3\.\d+", page)
    engines = re.findall(r"^\| (\S[^|]*\d[^|]*) \|", page, re.M)
    named = " ".join(engines).lower()
    assert all([name in named for name in ("chainrule", "torch", "jax", "micrograd", "hips", "xad", "hyperjet")])
    ours = [line for line in page.splitlines() if line.startswith("| chainrule")]
    for right, answered in re.findall(r"(\d+)/(\d+)", " ".join(ours)):
        assert right == answered
