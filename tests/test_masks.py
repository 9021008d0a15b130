"""A path that a mask switches off passes exactly 0, whatever slope lies below it, in every reading."""

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import nn
from autograd import (
    Value,
    compile,
    cos,
    dot,
    exp,
    fixed_point,
    fori,
    grad,
    hessian,
    hvp,
    jvp,
    leaky_relu,
    log,
    maximum,
    minimum,
    relu,
    sqrt,
    vjp,
    where,
    while_loop,
)

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


# Masks inside masks: whichever factor of a product is a mask's 0, the product is 0.

NESTED = {  # f, a point where the inner mask's own slope is nan or inf, and f′ there
    "relu of log": (lambda x: where(x > 0, relu(log(x)), x), -1.0, 1.0),
    "maximum of log": (lambda x: where(x > 0, maximum(log(x), 0.0), x), -1.0, 1.0),
    "minimum of sqrt": (lambda x: where(x > 0, minimum(sqrt(x), 1.0), x), -1.0, 1.0),
    "a loss": (lambda x: where(x > 0, relu(log(x)), -x) + (x - 2.0) ** 2, -1.0, -7.0),
    "relu of relu": (lambda x: relu(sqrt(relu(x)) - 1.0), -1.0, 0.0),
    "a choice of choices": (lambda x: where(x > 0, where(x > 1, log(x - 1), sqrt(x)), x * x), -3.0, -6.0),
}
nested = pytest.mark.parametrize(("f", "x", "slope"), NESTED.values(), ids=NESTED)
RUNNERS = ("python", None)


@nested
def test_a_masks_zero_wins_on_either_side_of_a_product(f, x, slope):
    assert grad(f)(x) == jvp(f, (x,), (1.0,))[1] == grad(f)(Value(x)).data == slope


@nested
@pytest.mark.parametrize("runner", RUNNERS)
def test_and_does_so_compiled(f, x, slope, runner):
    assert next(iter(compile(grad(f), runner=runner)([x, 0.5]))) == slope
    assert next(iter(compile(lambda x: jvp(f, (x,), (1.0,))[1], runner=runner)([x, 0.5]))) == slope


@nested
@pytest.mark.parametrize("runner", RUNNERS)
def test_and_does_so_in_the_gradient_of_a_program(f, x, slope, runner):
    w = Value(x)
    cost = compile(lambda y: f(w) * y, runner=runner)
    assert cost.value_and_grad([1.0, 1.0])[1][0] == slope


@nested
@pytest.mark.parametrize("runner", RUNNERS)
def test_and_does_so_to_second_order(f, x, slope, runner):
    second = grad(grad(f))(x)
    assert math.isfinite(second)
    assert next(iter(compile(grad(grad(f)), runner=runner)([x, 0.5]))) == second
    assert next(iter(compile(lambda x: hvp(f, (x,), (1.0,)), runner=runner)([x, 0.5]))) == second


@pytest.mark.parametrize("runner", RUNNERS)
def test_a_computed_zero_is_no_masks(runner):
    """The slope of u² at u = 0 is a number, and 0 · ∞ is nan, in every reading."""

    def f(x):
        return where(x >= 0, sqrt(x), x) ** 2

    w = Value(0.0)
    assert math.isnan(grad(f)(0.0)) and math.isnan(compile(grad(f), runner=runner)([0.0, 1.0])[0])
    assert math.isnan(compile(lambda y: f(w) * y, runner=runner).value_and_grad([1.0, 2.0])[1][0])


@pytest.mark.parametrize("runner", RUNNERS)
def test_a_mean_over_the_batch_is_on_where_any_example_is(runner):
    """∂/∂w of √w, known once, times the mean of what arrives: nothing does if no example lets it through."""
    w = Value(0.0)
    cost = compile(lambda x: where(x > 0, sqrt(w) * x, x), runner=runner)
    assert cost.value_and_grad([-1.0, -2.0])[1][0] == 0.0
    assert cost.value_and_grad([-1.0, 2.0])[1][0] == math.inf


@pytest.mark.parametrize("runner", ["python", "tape", "source"])
def test_a_product_that_is_switched_off_has_no_part_in_a_mean(runner):
    """As in a loss of examples some of which have no target: nothing but the mask says that it is 0."""
    w = Value(1.5)
    cost = compile(lambda x: where(x > 0, 0.0, x * w), runner)
    mean, slopes = cost.value_and_grad([-1.0, 2.0, -3.0, 4.0, 5.0, 6.0, 7.0, 8.0])
    assert (mean, slopes[0]) == (-0.75, -0.5)


def without(monkeypatch):
    """From now on, gradients have their masks from the first."""
    monkeypatch.setattr("autograd.batch.traces.without_masks", lambda *_: None)


@pytest.mark.parametrize("runner", ["tape", "source"])
def test_without_masks_slopes_are_the_same_as_long_as_none_is_nan(runner, monkeypatch):
    numpy = pytest.importorskip("numpy")
    ws = [[Value(math.sin(1.0 + i + 4 * j)) for j in range(4)] for i in range(4)]

    def residual(x, y):
        """Terms with masks and without meet in one slot."""
        h = [relu(dot(w, x)) for w in ws]
        return (dot(ws[0], [a + b for a, b in zip(h, x, strict=True)]) - y) ** 2 + relu(h[0] - x[0]) * h[1]

    X, Y = numpy.random.default_rng(0).normal(size=(100, 4)), numpy.ones(100)
    X[:9] = 0.0
    plain, masked = compile(residual, runner), compile(residual, runner)
    _, slopes = plain.value_and_grad(X, Y)
    without(monkeypatch)
    assert masked.value_and_grad(X, Y)[1] == pytest.approx(slopes, rel=1e-14)
    assert "where" in str(masked.gradient_program) and "where" not in str(plain.gradient_program)


def test_those_of_a_network_are_so_to_the_bit(monkeypatch):
    numpy = pytest.importorskip("numpy")
    model = nn.MLP(5, [40, 20, 3], seed=1)
    X, Y = numpy.random.default_rng(0).normal(size=(100, 5)), numpy.arange(100.0) % 3
    plain, masked = [compile(lambda x, y: nn.cross_entropy(model(x), y)) for _ in range(2)]
    _, slopes = plain.value_and_grad(X, Y)
    without(monkeypatch)
    assert masked.value_and_grad(X, Y)[1].tobytes() == slopes.tobytes()


@pytest.mark.parametrize("runner", [None, "tape", "source"])
@pytest.mark.parametrize("n", [1, 7, 100])
def test_where_a_slope_is_nan_without_masks_they_count(runner, n):
    """0·∞ is 0 where the 0 is a mask's, in the first call and in those that run no Python."""
    numpy = pytest.importorskip("numpy")
    w = Value(2.0)
    cost = compile(lambda x: (relu(w * x) - 1.0) ** 2, runner)
    for _ in range(6):
        assert cost.value_and_grad(numpy.full(n, 2.0)) == (9.0, [12.0])
    for _ in range(6):
        assert cost.value_and_grad(numpy.full(n, -math.inf)) == (1.0, [0.0])
    assert "where" not in str(cost.gradient_program)
    assert cost.value_and_grad(numpy.full(n, 2.0)) == (9.0, [12.0])
    w.data = math.nan
    assert math.isnan(cost.value_and_grad(numpy.full(n, 2.0))[1][0])


@pytest.mark.parametrize("below", [sqrt, log, lambda x: 1.0 / x])
def test_where_slopes_may_well_be_infinite_masks_are_there_from_the_first(below):
    pytest.importorskip("numpy")
    w = Value(0.0)
    cost = compile(lambda x: where(x > 0.0, x, below(w * x)))
    assert cost.value_and_grad([1.0, 2.0]) == (1.5, [0.0])
    assert "where" in str(cost.gradient_program)


def test_what_is_known_once_keeps_its_masks():
    """exp(w) is: of −exp(w) times the mean of no slopes the sign would be seen."""
    w = Value(0.5)
    for runner in RUNNERS:
        cost = compile(lambda x: relu(-exp(w) * x), runner)
        assert math.copysign(1.0, cost.value_and_grad([1.0, 2.0])[1][0]) == 1.0


# Random programs full of masks: every reading is of the same class, nan, infinite or a number, as the definition.

CLASSES = [sqrt, log, relu, lambda x: 1 / x, lambda x: x * x, lambda x: -x, lambda x: x - 1.0, lambda x: x * 0.0]


@st.composite
def masked_programs(draw):
    steps = draw(
        st.lists(st.tuples(st.integers(0, 12), st.integers(0, 99), st.integers(0, 99)), min_size=3, max_size=9)
    )

    def f(x):
        made = [x]
        for kind, i, j in steps:
            a, b = made[i % len(made)], made[j % len(made)]
            made.append(
                CLASSES[kind](a) if kind < 8 else maximum(a, b) if kind == 8 else minimum(a, b) if kind == 9
                else where(a > b, a, b * a) if kind == 10 else a + b if kind == 11 else where(x > 0.5, a, b)
            )  # fmt: skip
        return made[-1] + 0.0 * x * 0.0

    return f


def kind(x):
    return "nan" if x != x else "inf" if abs(x) == math.inf else "number"


POINTS = [
    -2.0,
    -1.0,
    -0.5,
    -0.0,
    0.0,
    0.25,
    0.5,
    1.0,
    2.0,
    1e-300,
    -1e-300,
    1e-160,
    1e3,
    -1e3,
    math.inf,
    -math.inf,
    math.nan,
]
MODES = {
    "slope": grad,
    "second": lambda f: grad(grad(f)),
    "forward": lambda f: lambda x: jvp(f, (x,), (1.0,))[1],
    "forward of reverse": lambda f: lambda x: jvp(grad(f), (x,), (1.0,))[1],
    "reverse of forward": lambda f: grad(lambda x: jvp(f, (x,), (1.0,))[1]),
}


@pytest.mark.heavy
@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
@settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))
@given(f=masked_programs())
def test_a_thousand_programs_full_of_masks_are_of_the_same_class_compiled(mode, f):
    derivative = mode(f)
    eager = [kind(derivative(x)) for x in POINTS]
    for runner in RUNNERS:
        assert [kind(x) for x in compile(derivative, runner=runner)(POINTS)] == eager


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(f=masked_programs())
def test_programs_full_of_masks_are_of_the_same_class_in_every_reading(f):
    points = [-2.0, -1.0, -0.5, 0.0, 0.25, 0.5, 1.0, 2.0]
    for derivative in (grad(f), grad(grad(f)), lambda x: jvp(f, (x,), (1.0,))[1]):
        eager = [kind(derivative(x)) for x in points]
        assert [kind(x) for x in compile(derivative, runner="python")(points)] == eager
    w = Value(0.0)
    trained = compile(lambda y: f(w) * y, runner="python")
    for x in points:
        w.data = x
        assert kind(trained.value_and_grad([1.0])[1][0] if trained.value_and_grad([1.0])[1] else 0.0) == kind(
            grad(f)(x)
        )


# A seed that is 0 is a number: no mask's 0.
STEEP = {  # f, and where some of its slopes are infinite, nan or switched off
    "a sum": (lambda x, y: sqrt(x) + y, (0.0, 1.0)),
    "a power": (lambda x, y: x**y, (0.0, 0.5)),
    "a product": (lambda x, y: x * y, (math.inf, 0.0)),
    "a quotient": (lambda x, y: x / y, (0.0, 0.0)),
    "a choice": (lambda x, y: where(y > 0, sqrt(x) * y, y), (0.0, 1.0)),
    "a choice that is off": (lambda x, y: where(y > 0, sqrt(x), y), (0.0, -1.0)),
    "a dot": (lambda x, y: dot([x, y, x, y], [y, sqrt(x), log(y), x], 1.0), (0.0, 1.0)),
    "a loop": (lambda x, y: fori(lambda s, _: sqrt(s) + y, x, 3), (0.0, 1.0)),
    "a while loop": (lambda x, y: while_loop(lambda s: s < 3, lambda s: s + 1 + sqrt(x) * y, y, 9), (0.0, 1.0)),
    "an equation": (lambda x, y: fixed_point(lambda z, x, y: cos(z) * y + sqrt(x), 0.5, x, y), (0.0, 1.0)),
}


@pytest.mark.parametrize(("f", "at"), STEEP.values(), ids=STEEP)
def test_a_seed_of_zero_is_a_number_in_every_reading(f, at):
    readings = {
        "jvp": lambda x, y, t, u: jvp(f, (x, y), (t, u))[1],
        "vjp": lambda x, y, t, u: vjp(lambda x, y: (f(x, y), sqrt(x)), x, y)[1]((t, u)),
        "hvp": lambda x, y, t, u: hvp(f, (x, y), (t, u)),
        "jvp of grad": lambda x, y, t, u: jvp(grad(f, (0, 1)), (x, y), (t, u))[1],
        "grad of jvp": lambda *xs: grad(lambda x, y, t, u: jvp(f, (x, y), (t, u))[1], (0, 1, 2, 3))(*xs),
    }
    seeds = [0.0, 1.0, math.inf, math.nan]
    rows = [(*at, t, u) for t in seeds for u in seeds]

    def kinds(results):
        return [kind(float(x)) for x in (results if isinstance(results, tuple | list) else [results])]

    for name, reading in readings.items():
        expected = [kinds(reading(*row)) for row in rows]
        of_values = [reading(*row[:2], *map(Value, row[2:])) for row in rows]
        assert [kinds([z.data for z in (r if isinstance(r, tuple) else (r,))]) for r in of_values] == expected, name
        for runner in RUNNERS:
            columns = compile(reading, runner=runner)(*[list(column) for column in zip(*rows, strict=True)])
            columns = columns if isinstance(columns, tuple) else (columns,)
            assert [kinds(row) for row in zip(*columns, strict=True)] == expected, (name, runner)


def test_zero_times_an_infinite_slope_is_nan_forwards_and_backwards():
    assert math.isnan(jvp(sqrt, (0.0,), (0.0,))[1]) and math.isnan(vjp(sqrt, 0.0)[1](0.0)[0])
    assert jvp(lambda x: 0.0**x, (0.5,), (1.0,)) == (0.0, 0.0)  # what does not move belongs into a closure
