"""Right, or refused: what people write and would otherwise get plausible wrong numbers for, one claim each."""

from __future__ import annotations

import asyncio
import contextvars
import copy
import gc
import pickle
import random
import textwrap
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from math import inf, nan
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
import nn
from autograd import Value, compile, equal, fori, grad, jvp, no_grad, sin, where
from autograd.core.fast import gradients
from autograd.core.modes import tracing
from autograd.core.primitives import TABLE
from tests.processes import printed

X, Y = [0.0, 0.5, 1.0, 2.0], [0.0, 1.0, 1.0, 2.0]

# 1. Equality


@given(x=st.floats(), y=st.floats())
def test_a_value_and_a_number_compare_as_numbers(x: float, y: float) -> None:
    v = Value(x)
    assert ((v == y), (y == v), (v != y), (y != v)) == ((x == y), (y == x), (x != y), (y != x))


@pytest.mark.parametrize("one", [1, True, np.float32(1), np.int64(1), np.array(1.0), Fraction(1)])
def test_any_number_will_do(one: Any) -> None:
    assert Value(1.0) == one and one == Value(1.0)
    assert not (Value(2.0) == one) and Value(2.0) != one


def test_a_signaling_nan_is_no_number() -> None:
    signal = Decimal("sNaN")
    for ask in (Value, lambda x: Value(1.0) * x, lambda x: x - Value(1.0), sin, compile(lambda x: 2 * x, "python")):
        with pytest.raises(TypeError, match=r"expected a number, got Decimal Decimal\('sNaN'\); write math.nan"):
            ask(signal)
    assert (Value(1.0) == signal) is False


@pytest.mark.parametrize("other", ["1", b"1", None, 1j, [1.0], (1.0,), {1.0}, 10**400, object()])
@pytest.mark.parametrize("traced", [False, True])
def test_anything_else_is_not_equal(other: Any, traced: bool) -> None:
    def ask() -> None:
        assert (Value(1.0) == other) is False and (other == Value(1.0)) is False
        assert (Value(1.0) != other) is True and (other != Value(1.0)) is True

    if not traced:
        return ask()
    with tracing():
        ask()


def test_membership_and_match_compare_numbers_eagerly() -> None:
    y = Value(1.0)
    match y:
        case 1:
            matched = True
        case _:
            matched = False
    assert matched and y in (0, 1) and y in [1.0] and y not in (2, 3) and (0, 1).index(y) == 1


def chosen(x: Any, y: Any) -> Any:
    """What is asked in the shape of a choice: the same in every reading."""
    return where(y == 1, 2 * x, where(y != 0, x * x, -x)) + where(1.0 == y, 10.0, 0.0)


@pytest.mark.parametrize("runner", ["python", "tape", "source", None])
def test_a_choice_by_equality_compiles_to_what_it_is_eagerly(runner: Any) -> None:
    want = [chosen(x, y) for x, y in zip(X, Y, strict=True)]
    assert compile(chosen, runner)(X, Y).tolist() == want == [-0.0, 11.0, 12.0, 4.0]
    slopes = compile(grad(chosen), runner)(X, Y).tolist()
    assert slopes == [grad(chosen)(x, y) for x, y in zip(X, Y, strict=True)] == [-1.0, 2.0, 2.0, 4.0]


def filled(x: Any) -> Any:
    return where(x == 0, 1.0, sin(x) / x)


@pytest.mark.parametrize(
    ("f", "at_0"),
    [(filled, 1.0), (grad(filled), 0.0), (lambda x: jvp(filled, (x,), (1.0,))[1], 0.0), (grad(grad(filled)), 0.0)],
    ids=["value", "grad", "jvp", "second"],
)
def test_a_hole_is_filled_in_every_reading(f: Any, at_0: float) -> None:
    assert f(Value(0.0)).data == compile(f, "python")(0.0) == compile(f)([0.0, 1.0])[0] == at_0


def test_equal_of_two_values_is_a_choice_that_compiles() -> None:
    f = compile(lambda x, y: where(equal(x, y), x, x * y))
    assert f(X, Y).tolist() == [0.0, 0.5, 1.0, 2.0] and f([3.0], [5.0]).tolist() == [15.0]
    assert (equal(1, 1.0), equal(nan, nan), equal(inf, inf)) == (1.0, 0.0, 1.0)


REFUSED = {  # what is asked of a Value in a function being compiled, and what its error must name
    "x == y": (lambda x, y: x if x == y else x * y, ["where(equal(a, b)", "is"]),
    "x != y": (lambda x, y: x if x != y else x * y, ["where(equal(a, b)"]),
    "x in [y]": (lambda x, y: x if x in [y] else y, ["where(equal(a, b)"]),
    "if y == 1": (lambda x, y: x if y == 1 else x * y, ["where"]),
    "y in (0, 1)": (lambda x, y: x if y in (0, 1) else x * y, ["where"]),
    "y in np.array": (lambda x, y: x if y in np.array([0.0, 1.0]) else x * y, ["where"]),
    "list.index": (lambda x, y: x * [0, 1, 2].index(y), ["where"]),
    "list.count": (lambda x, y: x * [0, 1, 2].count(y), ["where"]),
    "np.float64 == y": (lambda x, y: x if np.float64(1.0) == y else x * y, ["where"]),
    "np.equal": (lambda x, y: x if np.equal(y, 1) else x * y, ["where"]),
    "max": (lambda x, y: max(x, y), ["maximum"]),
    "min": (lambda x, y: min(x, 0.5), ["minimum"]),
    "sorted": (lambda x, y: sorted([x, y])[0], ["sorted", "minimum"]),
    "int": (lambda x, y: int(x) * y, ["v.data"]),
    "dict[y]": (lambda x, y: {0: x, 1: 2 * x}[y], ["where(y == 1, a, b)"]),
    "list[y]": (lambda x, y: [x, 2 * x][y], ["where"]),
    "dict.get": (lambda x, y: {1: x}.get(y, 2 * x), ["where(y == 1, a, b)"]),
    "y in a set": (lambda x, y: x if y in {0, 1} else x * y, ["`y == 0`"]),
    "range(y)": (lambda x, y: sum([x for _ in range(y)]), ["where"]),
    "np.array[y]": (lambda x, y: x * np.array([1.0, 2.0])[y], ["where"]),
    "dict.get(2 * y)": (lambda x, y: {2.0: x}.get(2 * y, 2 * x), ["where(y == 1, a, b)"]),
    "dict.get(y == 1)": (lambda x, y: {True: x}.get(y == 1, 2 * x), ["where(y == 1, a, b)"]),
    "round(y) in a set": (lambda x, y: x if round(y) in {0, 1} else x * y, ["`y == 0`"]),
    "y % 2 in a dict": (lambda x, y: x if y % 2 in {0: 1} else x * y, ["`y == 0`"]),
    "in a loop": (lambda x, y: fori(lambda s, i: s + {0.0: y}.get(i % 2, x), x, 3), ["where(y == 1, a, b)"]),
    "a text": (lambda x, y: x * float(f"{y:.2f}"), ["'y'", "frozen into the text"]),
    "a key of text": (lambda x, y: {"1": x}.get(f"{y:.0f}", 2 * x), ["frozen into the text"]),
    "copy": (lambda x, y: copy.copy(x) * y, ["cut off"]),
    "copy of a list": (lambda x, y: copy.deepcopy([x])[0] * y, ["list(xs)"]),
    "pickle": (lambda x, y: pickle.loads(pickle.dumps(x)) * y, ["cut off"]),
    "copy of a parameter": (lambda x, y: x * y * copy.copy(HELD), ["'held'", "cut off"]),
    ".grad": (lambda x, y: x * y * HELD.grad, ["'held'.grad", "frozen"]),
    "np.maximum of np.array": (lambda x, y: np.maximum(np.array([x, y]), 0.0).sum(), ["np.stack([a, b])"]),
    "~": (lambda x, y: where(~(y > 0), x, y), ["1 - (x > 0)"]),
    "& of numbers": (lambda x, y: x * (y & 1), ["(x > 0) & (x < 1)", "where"]),
    "under no_grad": (lambda x, y: x * {2.0: 1.0}.get(without_grad(y), 2.0), ["where(y == 1, a, b)"]),
}


HELD = Value(2.0, label="held")


def without_grad(y: Any) -> Any:
    with no_grad():
        return 2 * y


def matching(x: Any, y: Any) -> Any:
    match y:
        case 1:
            return x
        case _:
            return x * y


REFUSED["match y"] = (matching, ["where"])


@pytest.mark.parametrize("traced", [lambda f: f, grad], ids=["value", "grad"])
@pytest.mark.parametrize(("f", "named"), REFUSED.values(), ids=REFUSED)
def test_what_a_trace_cannot_ask_names_what_to_write(f: Any, named: list[str], traced: Any) -> None:
    with pytest.raises((TypeError, LookupError)) as refusal:
        compile(traced(f))(X, Y)
    said = " ".join([str(refusal.value), *getattr(refusal.value, "__notes__", [])])
    assert all(words in said for words in named), said


@pytest.mark.parametrize("make", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_copy_of_an_argument_would_lose_its_slope_and_is_refused(make: Any) -> None:
    with pytest.raises(TypeError, match=r"Value 3.0 was copied .*cut off from it"):
        grad(lambda x: make(x) * x)(3.0)


@pytest.mark.parametrize("runner", ["python", "tape", "source"])
def test_comparisons_are_joined_as_in_numpy(runner: Any) -> None:
    def f(x: Any, y: Any) -> Any:
        return where((x > 0.2) & (y < 1.5), x * y, where((x > 1.5) | (y == 0), -x, 7.0)) + where(
            (0.0 <= y) & True, 1.0, 0.0
        )

    want = [f(x, y) for x, y in zip(X, Y, strict=True)]
    assert compile(lambda x, y: f(x, y) + 0.0 * x, runner)(X, Y).tolist() == want == [1.0, 1.5, 2.0, -1.0]


@pytest.mark.parametrize("first", [0.0, 1.0])
def test_the_truth_of_a_number_is_not_taken_for_that_number(first: float) -> None:
    """Also where the example that is traced is 0 or 1, as a comparison is."""

    def f(x: Any) -> Any:
        return np.where(np.logical_not(x), 2.0, 3.0).sum() + np.where(np.logical_and(x, x < 9), x, 5.0).sum()

    examples = np.array([[first, 1.0], [3.0, 0.0], [nan, 0.5]])
    want = [f(x) for x in examples]
    assert compile(lambda x: f(x) + 0.0 * np.nansum([0.0]), "python")(examples).tolist() == pytest.approx(
        want, nan_ok=True
    )


# 2. What a trace freezes: fit, predict and evaluate find it, say so, and go on eagerly

MOONS, CLASSES = nn.data.moons(30, noise=0.1, seed=1)


class Dropout(nn.Module):
    """Hidden units that are left out by chance."""

    def __init__(self, chance: Any) -> None:
        self.hidden, self.out = nn.Layer(2, 8, "tanh", seed=1), nn.Layer(8, 1, "sigmoid", seed=2)
        self.chance = chance

    def __call__(self, x: Any) -> Any:
        return self.out([a * (self.chance() < 0.5) for a in self.hidden(x)])


class Scaled(nn.Module):
    """A coefficient beside the parameters, a list of terms, and a count of calls."""

    def __init__(self) -> None:
        self.net, self.scale, self.terms, self.calls = nn.MLP(2, [4, 1], "tanh", seed=1), 1.0, [1.0], 0

    def __call__(self, x: Any) -> Any:
        self.calls += 1
        return self.net(x) * self.scale * sum(self.terms)


def trained(model: nn.Module, compiled: bool | None, **settings: Any) -> tuple[nn.History, dict[str, float]]:
    settings = {"epochs": 12, "seed": 3, "progress": False, "loss": nn.squared_error} | settings
    history = nn.fit(model, MOONS, CLASSES, compiled=compiled, **settings)
    return history, model.state_dict()


def log_loss(choose: Any) -> Any:
    return lambda p, y: choose(y, -autograd.log(p), -autograd.log(1 - p))


def by_match(y: Any, one: Any, zero: Any) -> Any:
    match y:
        case 1:
            return one
        case _:
            return zero


CHOICES = {
    "==": lambda y, one, zero: one if y == 1 else zero,
    "!=": lambda y, one, zero: zero if y != 1 else one,
    "in tuple": lambda y, one, zero: one if y in (1,) else zero,
    "in set": lambda y, one, zero: one if y in {1} else zero,
    "match": by_match,
    "dict": lambda y, one, zero: {0: zero, 1: one}[y],
    "dict.get": lambda y, one, zero: {1: one}.get(y, zero),
    "list[int]": lambda y, one, zero: [zero, one][int(y)],
    "list.index": lambda y, one, zero: [zero, one][[0, 1].index(y)],
    "np.where": lambda y, one, zero: np.where(y == 1, one, zero),
    "where": lambda y, one, zero: where(y == 1, one, zero),
    "method of a number": lambda y, one, zero: one if float(y).is_integer() and y > 0.5 else zero,
    "round": lambda y, one, zero: one if round(y) else zero,
    "isinstance": lambda y, one, zero: one if isinstance(y, int | float) and y > 0.5 else zero,
    "max": lambda y, one, zero: one if max(y, 0.5) > 0.5 else zero,
    "sorted": lambda y, one, zero: one if sorted([y, 0.5])[0] == 0.5 else zero,
    "%": lambda y, one, zero: one if y % 2 else zero,
}


@pytest.mark.filterwarnings("ignore:running eagerly")
@pytest.mark.parametrize("choose", CHOICES.values(), ids=CHOICES)
def test_a_loss_that_chooses_by_its_target_trains_as_it_does_eagerly(choose: Any) -> None:
    loss = log_loss(choose)
    models = [nn.MLP(2, [4, 1], "tanh", "sigmoid", seed=7) for _ in range(2)]
    (quick, found), (slow, wanted) = [trained(m, c, loss=loss) for m, c in zip(models, (None, False), strict=True)]
    assert quick.cost == pytest.approx(slow.cost, rel=1e-9) and found == pytest.approx(wanted, rel=1e-9)
    costs = [nn.evaluate(models[0], MOONS, CLASSES, loss, compiled=compiled).cost for compiled in (None, False)]
    assert costs[0] == pytest.approx(costs[1], rel=1e-9)


def test_the_warning_names_an_example_its_target_and_what_differed() -> None:
    with pytest.warns(UserWarning, match=r"eagerly, because .* example \d+ \(target 1\): its cost is .* eagerly"):
        trained(nn.MLP(2, [4, 1], "tanh", "sigmoid", seed=7), None, loss=log_loss(CHOICES["isinstance"]))


def test_a_compiled_run_that_was_demanded_raises_instead() -> None:
    with pytest.raises(TypeError, match="compiled run differs"):
        trained(nn.MLP(2, [4, 1], "tanh", "sigmoid", seed=7), True, loss=log_loss(CHOICES["isinstance"]))


@pytest.mark.parametrize("chance", [random.Random(1).random, np.random.default_rng(1).random], ids=["random", "numpy"])
def test_dropout_is_drawn_anew_each_time(chance: Any) -> None:
    with pytest.warns(UserWarning, match="eagerly, because .*random"):
        history, _ = trained(Dropout(chance), None)
    assert not history.compiled


def test_a_gradient_that_differs_is_found_where_the_cost_does_not() -> None:
    def halved(a: Any, y: Any) -> Any:
        return a if isinstance(y, Value) else autograd.stop_gradient(a / 2) + a / 2

    with pytest.warns(UserWarning, match=r"its gradient in \S+ is .* eagerly and .* compiled"):
        trained(nn.MLP(2, [4, 1], "tanh", seed=7), None, loss=halved)


def change_scale(model: Any, history: nn.History) -> None:
    model.scale = 1.0 / (1 + history.epochs)


def grow(model: Any, history: nn.History) -> None:
    model.terms.append(0.5)


@pytest.mark.filterwarnings("ignore:going on eagerly")
@pytest.mark.parametrize("callback", [change_scale, grow])
def test_what_a_callback_changes_reaches_the_run(callback: Any) -> None:
    (quick, found), (slow, wanted) = [trained(Scaled(), compiled, callback=callback) for compiled in (None, False)]
    assert quick.cost == pytest.approx(slow.cost, rel=1e-9) and found == pytest.approx(wanted, rel=1e-9)


def test_a_count_that_nothing_depends_on_changes_nothing() -> None:
    history, _ = trained(Scaled(), None)
    assert history.compiled


def test_a_check_leaves_the_gradients_alone() -> None:
    model = Scaled()
    for k, p in enumerate(model.parameters()):
        p.grad = float(k)
    nn.evaluate(model, MOONS, CLASSES)
    assert [p.grad for p in model.parameters()] == [*range(len(model.parameters()))]


@pytest.mark.filterwarnings("ignore:running eagerly")
def test_a_model_that_looks_up_its_inputs_predicts_what_they_say() -> None:
    table = {0: 1.0, 1: 2.0}
    model = lambda x: table.get(x[0], 3.0) * x[0]
    assert nn.predict(model, [[0.0], [1.0], [2.0]]) == [0.0, 2.0, 6.0]


def test_predict_compares_some_outputs() -> None:
    counted = iter(range(100))
    with pytest.warns(UserWarning, match="running eagerly, because .*example 0: its output is"):
        nn.predict(lambda x: x[0] + next(counted), [[0.0], [1.0], [2.0]])


def test_a_model_that_looks_its_inputs_up_still_trains() -> None:
    class Embedding(nn.Module):
        def __init__(self) -> None:
            self.rows = [Value(0.1 * k) for k in range(3)]

        def __call__(self, x: Any) -> Any:
            return self.rows[int(x[0])]

    model = Embedding()
    with pytest.warns(UserWarning, match="running eagerly"):
        nn.fit(model, [[0], [1], [2]], [1.0, 2.0, 3.0], progress=False, epochs=300, optimizer=lambda p: nn.SGD(p, 0.5))
    assert [v.data for v in model.rows] == pytest.approx([1.0, 2.0, 3.0], abs=1e-6)


# 5. Losses that differentiate


class Residual(nn.Module):
    """u″ + u of a network u: what a physics-informed network makes small. How its inputs come is up to `at`."""

    def __init__(self, at: Any, derivative: Any) -> None:
        self.u, self.at, self.derivative = nn.MLP(1, [4, 1], "tanh", seed=4), at, derivative

    def __call__(self, x: Any) -> Any:
        t = self.at(x[0])
        return self.derivative(lambda t: self.u([t]), t) + self.u([t])


AT = {"the input": lambda x: x, "a float": lambda x: 0.5, "a Value": lambda x: Value(0.5) + 0 * x}
DERIVATIVES = {
    "grad grad": lambda u, t: grad(grad(u))(t),
    "jvp of grad": lambda u, t: jvp(grad(u), (t,), (1.0,))[1],
    "jvp jvp": lambda u, t: jvp(lambda t: jvp(u, (t,), (1.0,))[1], (t,), (1.0,))[1],
    "hessian": lambda u, t: autograd.hessian(u)(t),
    "jacobian of grad": lambda u, t: autograd.jacobian(grad(u))(t),
    "hvp": lambda u, t: autograd.hvp(u, (t,), (1.0,)),
    "vjp of grad": lambda u, t: autograd.vjp(grad(u), t)[1](1.0)[0],
    "value_and_grad": lambda u, t: autograd.value_and_grad(grad(u))(t)[1],
}


def by_differences(model: Residual, x: float) -> list[float]:
    """The cost's gradient in the parameters, from costs alone."""

    def cost(p: Value, moved: float) -> float:
        start, p.data = p.data, p.data + moved
        r = model([Value(x)])
        p.data = start
        return r.data**2

    h = 1e-4
    return [
        (8 * (cost(p, h) - cost(p, -h)) - (cost(p, 2 * h) - cost(p, -2 * h))) / (12 * h) for p in model.parameters()
    ]


@pytest.mark.parametrize("at", AT)
@pytest.mark.parametrize("derivative", DERIVATIVES)
@pytest.mark.parametrize("compiled", [False, True])
def test_a_residual_trains_along_its_true_gradient(at: str, derivative: str, compiled: bool) -> None:
    model = Residual(AT[at], DERIVATIVES[derivative])
    want = by_differences(model, 0.5)
    before = model.state_dict()
    nn.fit(model, [[0.5]], [0.0], epochs=1, progress=False, compiled=compiled, optimizer=lambda p: nn.SGD(p, 1.0))
    slopes = [b - a for a, b in zip(model.state_dict().values(), before.values(), strict=True)]
    assert slopes == pytest.approx(want, rel=1e-6, abs=1e-9)


def test_within_differentiating_a_cost_of_derivatives_goes_backward_to_the_parameters() -> None:
    w = Value(3.0)
    u = lambda t: w * t * t * t
    with autograd.differentiating():
        cost = grad(grad(u))(0.5) ** 2  # (3 w)²
    cost.backward()
    assert (cost.data, w.grad) == (81.0, 54.0)


@pytest.mark.parametrize("name", ["grad", "value_and_grad", "jvp", "vjp", "hvp", "jacobian", "hessian"])
def test_help_says_when_a_derivative_is_a_number(name: str) -> None:
    assert "`differentiating`" in (getattr(autograd, name).__doc__ or "")


# 7. Modes


def under_no_grad() -> Any:
    yield from under(no_grad)


def under(mode: Any) -> Any:
    with mode():
        yield
        yield


def test_differentiating_in_interleaved_generators_ends_with_the_last() -> None:
    a, b = under(autograd.differentiating), under(autograd.differentiating)
    next(a)
    next(b)
    a.close()
    assert isinstance(grad(sin)(1.0), Value)
    b.close()
    assert isinstance(grad(sin)(1.0), float)


def test_differentiating_may_end_in_another_context_than_it_began() -> None:
    block = under(autograd.differentiating)
    contextvars.copy_context().run(next, block)
    block.close()
    assert isinstance(grad(sin)(1.0), float)


def records() -> bool:
    return (Value(1.0) * 2).op == "mul"


def test_no_grad_in_interleaved_generators_ends_with_the_last() -> None:
    a, b = under_no_grad(), under_no_grad()
    next(a)
    next(b)
    a.close()
    assert not records()
    b.close()
    assert records()


def test_no_grad_ends_with_an_abandoned_asynchronous_generator() -> None:
    async def examples() -> Any:
        with no_grad():
            for k in range(3):
                yield k

    async def main() -> bool:
        async for _ in examples():
            break
        gc.collect()
        for _ in range(3):
            await asyncio.sleep(0)
        return records()

    assert asyncio.run(main()) and records()


def test_backward_within_a_suspended_no_grad_is_refused() -> None:
    x = Value(3.0)
    for _ in under_no_grad():
        with pytest.raises(TypeError, match="within no_grad"):
            (x * x).backward()


def test_backward_within_a_backward_of_its_thread_raises() -> None:
    gradients._sweeping = True  # as it is for whatever runs during a sweep
    try:
        with pytest.raises(RuntimeError, match="of the same thread is under way"):
            gradients.add_gradients([Value(1.0)], [1.0])
    finally:
        gradients._sweeping = False


@pytest.mark.parametrize("call", [lambda f: f([1.0, -1.0]), lambda f: f(-1.0), lambda f: f.backward([1.0, -1.0])])
def test_an_anomaly_in_a_compiled_call_is_found_at_its_line(call: Any) -> None:
    w = Value(1.0, label="w")
    f = compile(lambda x: autograd.sqrt(w * x))
    f(1.0)
    f.backward([1.0])
    with autograd.detect_anomaly(), pytest.raises(FloatingPointError, match=r"forward: nan from sqrt.*test_right_or"):
        call(f)


def test_an_anomaly_of_a_compiled_gradient_is_found() -> None:
    f = compile(lambda x: autograd.sqrt(x * 1.0) * 0.0)
    with autograd.detect_anomaly(), pytest.raises(FloatingPointError, match=r"backward"):
        f([1.0, 0.0])


# 11. Small


@pytest.mark.parametrize(
    ("name", "written"),
    [("_prev", ".operands"), ("_op", ".op"), ("item", ".data"), ("value", ".data"), ("gradient", ".grad"),
     ("zero_grad", "v.grad = 0.0")],
)  # fmt: skip
def test_a_name_from_elsewhere_says_what_to_write(name: str, written: str) -> None:
    with pytest.raises(AttributeError, match=f"write {written}"):
        getattr(Value(1.0), name)


def test_sum_takes_a_start() -> None:
    x = Value(2.0)
    assert autograd.sum([x, x], x).data == 6.0 and autograd.sum([1.0], 2) == 3.0


def test_a_decimal_that_no_double_holds_overflows() -> None:
    with pytest.raises(OverflowError, match="too large"):
        Value(Decimal("1e400"))
    assert Value(Decimal("Infinity")).data == inf


def test_a_row_whose_partial_gives_too_few_says_so() -> None:
    short = autograd.primitive("short", lambda *xs: xs[0], lambda xs, z: [1.0], nary=True)
    with pytest.raises(TypeError, match="short: its partial gave 1 ∂z/∂x for 2 operands"):
        short(Value(1.0), Value(2.0))


def test_a_subclass_with_its_own_equality_compiles_right() -> None:
    class Same(Value):
        def __eq__(self, other: Any) -> bool:
            return True

    a, b = Same(2.0), Same(3.0)
    f = compile(lambda x: a * x + b)
    assert f(X).tolist() == [3.0, 4.0, 5.0, 7.0] and f.backward([1.0]) == 5.0 and (a.grad, b.grad) == (1.0, 1.0)


def test_a_copy_keeps_its_class_and_what_it_holds() -> None:
    named = Kept(2.0, "w")
    named.unit = "m"
    copied = copy.copy(named)
    assert type(copied) is Kept and (copied.data, copied.label, copied.unit) == (2.0, "w", "m")


class Kept(Value):
    unit: str


# ---- small things, the same in both engines ----

ENGINES = pytest.mark.parametrize("pure", ["0", "1"], ids=["C where built", "pure"])


def run_in(pure: str, text: str) -> None:
    printed(textwrap.dedent(text), CHAINRULE_PURE=pure)


@ENGINES
def test_attributes_of_a_value_are_checked_where_they_are_set(pure: str) -> None:
    run_in(
        pure,
        """
        from autograd import Value
        v = Value(2.0, label="v")
        for name, wrong, said in (
            ("label", 5, "a label is text, got int"), ("label", None, "a label is text, got NoneType"),
            ("grad", None, "expected a number, got None"), ("grad", Value(0.0), "v.data for its number"),
            ("data", "2", "expected a number"), ("data", None, "expected a number, got None"),
        ):
            try:
                setattr(v, name, wrong)
            except TypeError as error:
                assert said in str(error), error
            else:
                raise AssertionError((name, wrong))
        assert (v.data, v.grad, v.label) == (2.0, 0.0, "v")
        class Text(str): pass
        v.label = Text("w")
        assert type(v.label) is str and v.label == "w"
        """,
    )


@ENGINES
def test_a_computed_value_is_looked_up_by_identity_but_in_a_trace(pure: str) -> None:
    run_in(
        pure,
        """
        from autograd import Value, compile, no_grad
        x = Value(2.0)
        y = x * 3.0
        with no_grad():
            assert {y: 1}[y] == 1 and x * 3.0 not in {y}
        table = {6.0: 1.0}
        f = compile(lambda x: x * table.get(x * 3.0, 2.0), "python")
        try:
            f(2.0)
        except TypeError as error:
            assert "looked up in a dict or a set" in str(error), error
        else:
            raise AssertionError("a miss without a word")
        assert {y: 1}[y] == 1
        """,
    )


@ENGINES
def test_a_value_can_be_weakly_referred_to(pure: str) -> None:
    run_in(
        pure,
        """
        import weakref
        from autograd import Value
        v = Value(2.0)
        z = v * v
        leaf, node = weakref.ref(v), weakref.ref(z)
        assert leaf() is v and node() is z and weakref.WeakKeyDictionary({v: 1})[v] == 1
        del z
        assert node() is None and leaf() is v
        del v
        assert leaf() is None
        """,
    )


@ENGINES
def test_forms_of_other_libraries_say_what_to_write(pure: str) -> None:
    run_in(
        pure,
        """
        from autograd import Value
        x = Value(2.0)
        for call, said in (
            (lambda: Value(4.0, (x,), "tanh"), "primitive(name, forward, *partials)"),
            (lambda: Value(4.0, (x,)), "primitive(name, forward, *partials)"),
            (lambda: x.backward(retain_graph=True), "retain_graph=True"),
            (lambda: x.backward(Value(1.0)), "(g * v).backward()"),
        ):
            try:
                call()
            except TypeError as error:
                assert said in str(error), error
            else:
                raise AssertionError(said)
        assert x.grad == 0.0
        """,
    )


@ENGINES
def test_a_signal_handler_that_calls_backward_during_one_loses_nothing(pure: str) -> None:
    run_in(
        pure,
        """
        import signal
        from autograd import Value
        w = Value(1.0)
        z = w * 0.0
        for _ in range(100_000):
            z = z + w
        small, counted, refused = w * 3.0, 0, 0
        def handler(*_):
            global counted, refused
            try:
                small.backward()
                counted += 1
            except RuntimeError as error:
                assert "under way" in str(error)
                refused += 1
        signal.signal(signal.SIGALRM, handler)
        sweeps = 0
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
        while sweeps < 20 or counted + refused < 20:
            z.backward()
            sweeps += 1
        signal.setitimer(signal.ITIMER_REAL, 0)
        assert w.grad == 100_000.0 * sweeps + 3.0 * counted, (w.grad, sweeps, counted)
        assert refused or Value.backward.__class__.__name__ == "method_descriptor"
        """,
    )


@ENGINES
def test_a_finalizer_that_calls_backward_during_one_loses_nothing(pure: str) -> None:
    run_in(
        pure,
        """
        import gc
        from autograd import Value
        w, outcomes = Value(1.0), []
        class Owner:
            def __init__(self): self.itself = self
            def __del__(self):
                try:
                    (w * 3.0).backward()
                    outcomes.append(3.0)
                except RuntimeError as error:
                    assert "under way" in str(error)
                    outcomes.append(0.0)
        z = w * 0.0
        for _ in range(50_000):
            z = z + w
        gc.set_threshold(10)
        for _ in range(20):
            Owner()
            z.backward()
        gc.collect()
        assert len(outcomes) == 20 and w.grad == 50_000.0 * 20 + sum(outcomes), (w.grad, outcomes)
        """,
    )


def test_a_batch_that_is_not_rectangular_says_which_examples() -> None:
    with pytest.raises(ValueError, match="a number in example 0 and a list of 1 in example 1"):
        compile(lambda x: x)([1.0, [2.0]])


def test_fit_without_a_bar_does_not_load_tqdm() -> None:
    run_in(
        "0",
        """
        import sys, nn
        nn.fit(nn.MLP(1, [1]), [[0.0], [1.0]], [0.0, 1.0], epochs=2, progress=False)
        assert "tqdm" not in sys.modules
        """,
    )


LOOKED_UP: dict[str, Callable[[Any], Any]] = {
    "in a set": lambda x: x * (1.0 if x in {0.0, 1.0} else 2.0),
    "in a frozen set": lambda x: x * (1.0 if x in frozenset([0.0, 1.0]) else 2.0),
    "dict.get": lambda x: x * {1.0: 5.0}.get(x, 2.0),
    "in a dict": lambda x: x * (1.0 if x in {1.0: 0} else 2.0),
}
LOOKING_UP: dict[str, Callable[[Any], Any]] = {
    "grad": lambda f: autograd.grad(f)(1.0),
    "value_and_grad": lambda f: autograd.value_and_grad(f)(1.0),
    "jvp": lambda f: autograd.jvp(f, (1.0,), (1.0,)),
    "vjp": lambda f: autograd.vjp(f, 1.0),
    "jacobian": lambda f: autograd.jacobian(f)(1.0),
    "hessian": lambda f: autograd.hessian(f)(1.0),
    "hvp": lambda f: autograd.hvp(f, (1.0,), (1.0,)),
    "check_gradients": lambda f: autograd.check_gradients(f, 1.0),
    "compile": lambda f: compile(f)(1.0),
    "grad of grad": lambda f: autograd.grad(autograd.grad(f))(1.0),
    "grad inside grad": lambda f: autograd.grad(lambda x: x * autograd.grad(f)(x))(1.0),
    "compiled grad": lambda f: compile(autograd.grad(f))(1.0),
    "compiled hessian": lambda f: compile(autograd.hessian(f))(1.0),
}


@pytest.mark.parametrize("how", LOOKED_UP)
@pytest.mark.parametrize("derivative", LOOKING_UP)
def test_an_argument_that_is_looked_up_by_its_number_is_refused(derivative: str, how: str) -> None:
    with pytest.raises(TypeError, match=r"looked up in a dict or a set.*write where\(y == 1"):
        LOOKING_UP[derivative](LOOKED_UP[how])


def test_what_a_derivative_handed_over_is_a_plain_value_among_others_and_its_sums_are_right() -> None:
    kept: list[Any] = []

    def f(xs: Any) -> Any:
        kept.extend(xs)
        return xs[0] * xs[1] + (3.0 - xs[0]) * 2 + (2 / xs[1]) * 1

    assert autograd.grad(f)([2.0, 4.0]) == [4.0 - 2.0, 2.0 - 2.0 / 16.0]
    assert all(isinstance(x, Value) for x in kept)


own = autograd.primitive("five_times", lambda x: 5.0 * x, lambda x, z: {1.0: 5.0}.get(x, 0.0))
del TABLE["five_times"]  # so that no other test meets it
W = Value(1.0)
LOOKED_UP_IN_A_RULE = {
    "grad of grad": lambda f: grad(grad(f))(1.0),
    "hessian": lambda f: autograd.hessian(f)(1.0),
    "hvp": lambda f: autograd.hvp(f, (1.0,), (1.0,)),
    "grad of a Value": lambda f: grad(f)(Value(1.0)),
    "compiled grad": lambda f: compile(grad(f), "python")(1.0),
    "gradient in a parameter": lambda f: compile(lambda x: x * f(W), "python").value_and_grad([1.0]),
    "in a loop": lambda f: compile(grad(lambda x: autograd.fori(lambda s, i: f(s), x, 2)), "python")(1.0),
}


@pytest.mark.parametrize("derivative", LOOKED_UP_IN_A_RULE)
@pytest.mark.parametrize("f", [own, lambda x: own(x * 1.0)], ids=["an argument", "a computed Value"])
def test_an_operand_that_the_partial_of_an_own_row_looks_up_is_refused(derivative: str, f: Any) -> None:
    with pytest.raises(TypeError, match=r"looked up in a dict or a set"):
        LOOKED_UP_IN_A_RULE[derivative](f)
