"""Losses and their gradients against mpmath wherever a double can say the answer; errors that name the classes."""

import math

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn
from autograd import Value, check_gradients, compile, grad, sigmoid

finite = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300)
LOGITS = [0.0, -0.0, 1.0, -2.5, 36.7, -36.7, 40.0, -40.0, 710.0, -745.2, 1e17, -1e300]


def value_and_gradient(loss, *numbers):
    leaves = [Value(x) for x in numbers]
    cost = loss(*leaves)
    cost.backward()
    return cost.data, [v.grad for v in leaves]


def exactly(f, *numbers):
    """The cost and the gradient that f gives in mpmath's numbers, as floats."""
    with mpmath.workdps(400):
        cost, gradient = f(*map(mpmath.mpf, numbers))
        return float(cost), [float(g) for g in gradient]


def close(got, expected):
    assert got[0] == pytest.approx(expected[0], rel=1e-14, abs=1e-300)
    assert got[1] == pytest.approx(expected[1], rel=1e-14, abs=1e-300)


def exact_binary(z, y):
    log_p, log_q = -mpmath.log1p(mpmath.exp(-z)), -mpmath.log1p(mpmath.exp(z))
    return -y * log_p - (1 - y) * log_q, [1 / (1 + mpmath.exp(-z)) - y]


@pytest.mark.parametrize("y", [0, 1])
@pytest.mark.parametrize("z", LOGITS)
def test_binary_cross_entropy_of_a_sigmoid_is_exact_however_large_its_argument(z, y):
    expected = exactly(lambda t: exact_binary(t, y), max(min(z, 1e4), -1e4)) if abs(z) < 1e4 else None
    for loss in (nn.binary_cross_entropy_with_logits, lambda z, y: nn.binary_cross_entropy(sigmoid(z), y)):
        got = value_and_gradient(lambda v, loss=loss: loss(v, y), z)
        if expected is None:
            wrong = (z > 0) != bool(y)
            expected = (abs(z) if wrong else 0.0, [(1.0 - 2 * y) if wrong else 0.0])
        close(got, expected)


@pytest.mark.parametrize(
    ("loss", "output"), [(nn.binary_cross_entropy, sigmoid), (nn.binary_cross_entropy_with_logits, lambda z: z)]
)
def test_binary_cross_entropy_of_several_outputs_is_their_mean(loss, output):
    zs, ys = (0.3, -1.2, 2.0), (1, 0, 0.25)
    parts = [value_and_gradient(lambda v, y=y: loss(output(v), y), z) for z, y in zip(zs, ys)]
    got = value_and_gradient(lambda *vs: loss([output(v) for v in vs], list(ys)), *zs)
    close(got, (sum([cost for cost, _ in parts]) / 3, [slope / 3 for _, (slope,) in parts]))


@given(st.floats(-700, 700), st.floats(0, 1))
def test_binary_cross_entropy_takes_soft_targets(z, y):
    cost, (slope,) = value_and_gradient(lambda v: nn.binary_cross_entropy_with_logits(v, y), z)
    exact, (exact_slope,) = exactly(lambda t: exact_binary(t, mpmath.mpf(y)), z)
    assert cost == pytest.approx(exact, rel=1e-13)
    assert slope == pytest.approx(exact_slope, rel=1e-13, abs=4e-16)


@pytest.mark.parametrize(
    ("p", "y", "cost", "slope"),
    [
        (0.25, 1, -math.log(0.25), -4.0),
        (0.25, 0, -math.log(0.75), 1 / 0.75),
        (0.25, 0.5, -math.log(0.25 * 0.75) / 2, -2.0 + 0.5 / 0.75),
        (1.0, 1, 0.0, -1.0),
        (0.0, 0, 0.0, 1.0),
        (0.0, 1, 100.0, 0.0),
        (1.0, 0, 100.0, 0.0),
    ],
)
def test_binary_cross_entropy_of_a_plain_probability_costs_100_at_most(p, y, cost, slope):
    close(value_and_gradient(lambda v: nn.binary_cross_entropy(v, y), p), (cost, [slope]))
    close(value_and_gradient(lambda v: nn.binary_cross_entropy(v, Value(float(y))), p), (cost, [slope]))


@pytest.mark.parametrize("y", [0, 1, 0.25])
@pytest.mark.parametrize("p", [-0.5, -1e-300, 1.0 + 2**-52, 2.0])
def test_binary_cross_entropy_of_what_is_no_probability_is_refused_and_compiled_nan(p, y):
    for output in (p, Value(p)):
        with pytest.raises(ValueError, match=r"is no probability, between 0 and 1; .*with_logits"):
            nn.binary_cross_entropy(output, y)
    assert math.isnan(compile(lambda p: nn.binary_cross_entropy(p, y), runner="python")(p))
    assert math.isnan(compile(nn.binary_cross_entropy, runner="python")(p, y))


TARGETED = [nn.hinge, nn.binary_cross_entropy, nn.binary_cross_entropy_with_logits]
SOFT = [lambda a, y: nn.cross_entropy([a, 0.5], [y, 0.25])]
TARGETS = [0, 1, -1, 2, 0.25, -1e-300, 1.0 + 2**-52, -1.0 - 2**-52, math.inf, math.nan]


@pytest.mark.parametrize("loss", TARGETED + SOFT)
@pytest.mark.parametrize("runner", ["python", "tape", "source"])
def test_a_target_that_is_refused_is_nan_in_a_compiled_program(loss, runner):
    if runner != "python":
        pytest.importorskip("llvmlite")

    def eagerly(y):
        try:
            return loss(Value(0.3), y).data
        except ValueError as error:
            assert f"the target {y!r} is not" in str(error)
            return math.nan

    want = [eagerly(y) for y in TARGETS]
    assert 0 < sum(map(math.isnan, want)) < len(want)
    compiled = [compile(loss, runner)(0.3, y) for y in TARGETS]
    slopes = [compile(grad(loss), runner)(0.3, y) for y in TARGETS]
    assert compiled == pytest.approx(want, rel=1e-15, nan_ok=True)
    assert list(map(math.isnan, slopes)) == list(map(math.isnan, want))


def test_a_target_in_an_array_without_axes_is_a_number():
    np = pytest.importorskip("numpy")
    for loss in (nn.squared_error, nn.huber, *TARGETED):
        assert loss(0.3, np.array(1.0)) == loss(0.3, 1.0)
    assert nn.cross_entropy([0.3, 0.7], np.array(1)) == nn.cross_entropy([0.3, 0.7], 1)


@pytest.mark.parametrize("loss", [nn.squared_error, nn.mse, nn.huber, *TARGETED])
@pytest.mark.parametrize("output", [0.3, Value(0.3), [0.3]])
@pytest.mark.parametrize("target", [None, "a", "1", 1j, [None], [[[1]]], {}])
def test_a_target_that_is_no_number_is_named(loss, output, target):
    with pytest.raises((TypeError, ValueError), match=r"^(squared_error|mse|huber|hinge|binary_cross_entropy)\w*: "):
        loss(output, target)


@pytest.mark.parametrize("loss", [nn.mse, nn.huber, *TARGETED])
def test_an_average_of_no_outputs_is_refused(loss):
    with pytest.raises(ValueError, match=rf"{loss.__name__} of no outputs: give at least one"):
        loss([], [])


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=6), st.data())
def test_cross_entropy_and_its_gradient_are_exact(logits, data):
    target = data.draw(st.integers(0, len(logits) - 1))

    def exact(*zs):
        total = sum(map(mpmath.exp, zs))
        return mpmath.log(total) - zs[target], [mpmath.exp(z) / total - (k == target) for k, z in enumerate(zs)]

    cost, slopes = value_and_gradient(lambda *zs: nn.cross_entropy(zs, target), *logits)
    exact_cost, exact_slopes = exactly(exact, *logits)
    assert cost == pytest.approx(exact_cost, rel=1e-14, abs=2e-13)  # half a ulp of the largest logit
    assert slopes == pytest.approx(exact_slopes, rel=1e-12, abs=2e-15)


@given(st.lists(finite, min_size=1, max_size=5), st.data())
def test_no_finite_input_makes_a_loss_or_its_gradient_infinite_or_nan(xs, data):
    k = data.draw(st.integers(0, len(xs) - 1))
    small = [math.copysign(min(abs(x), 1e150), x) for x in xs]
    for loss, at in [
        (lambda *zs: nn.cross_entropy(zs, k), xs),
        (lambda *zs: nn.softmax(zs)[k], xs),
        (lambda z, *_: nn.binary_cross_entropy_with_logits(z, 1), xs),
        (lambda z, *_: nn.binary_cross_entropy_with_logits(z, 0.3), xs),
        (lambda z, *_: nn.hinge(z, -1), xs),
        (lambda *zs: nn.mse(zs, [0.0] * len(zs)), small),
        (lambda *zs: nn.l2(zs), small),
    ]:
        cost, slopes = value_and_gradient(loss, *at)
        assert all(map(math.isfinite, [cost, *slopes])), (cost, slopes)


def test_softmax_adds_up_to_one():
    assert nn.softmax([1000.0, 1000.0]) == [0.5, 0.5]
    assert sum(p.data for p in nn.softmax([Value(z) for z in (-3.0, 0.1, 700.0, 2.0)])) == pytest.approx(1, rel=4e-16)


def test_squared_error_mse_hinge_and_l2_by_hand():
    a = Value(3.0)
    close(value_and_gradient(lambda a: nn.squared_error(a, 1.0), 3.0), (4.0, [4.0]))
    close(value_and_gradient(lambda a, b: nn.squared_error([a, b], [1.0, 0.0]), 3.0, 2.0), (8.0, [4.0, 4.0]))
    close(value_and_gradient(lambda a, b: nn.mse([a, b], [1.0, 0.0]), 3.0, 2.0), (4.0, [2.0, 2.0]))
    close(value_and_gradient(lambda s: nn.hinge(s, 1), 0.25), (0.75, [-1.0]))
    close(value_and_gradient(lambda s: nn.hinge(s, -1), -1.5), (0.0, [0.0]))
    close(value_and_gradient(lambda a, b: nn.l2([a, b]), 3.0, -2.0), (13.0, [6.0, -4.0]))
    assert nn.squared_error(a, [1.0]).data == 4.0
    assert nn.squared_error(2.0, 1.0) == 1.0 and nn.hinge([0.5, -0.5], [1, 1]) == 1.0


@pytest.mark.parametrize("target", [10, -1, 1.5, float("nan"), "3", None])
def test_a_class_out_of_range_is_named_with_the_number_of_classes(target):
    with pytest.raises(IndexError, match=rf"the target {target!r} is not one of the 10 classes.*0 to 9"):
        nn.cross_entropy([Value(0.0)] * 10, target)


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (lambda: nn.binary_cross_entropy(Value(0.5), 2), "the target 2 is not between the 2 classes 0 and 1"),
        (lambda: nn.binary_cross_entropy_with_logits(Value(0.5), -1), "the target -1 is not between the 2 classes"),
        (lambda: nn.hinge(Value(0.5), 0), "the target 0 is not one of the 2 classes −1 and 1"),
        (lambda: nn.squared_error([Value(0.5)], [1, 2]), "squared_error: 2 targets for 1 output"),
        (lambda: nn.mse([Value(0.5)] * 3, 1.0), "mse: 1 target for 3 outputs"),
        (lambda: nn.squared_error(Value(0.5), [1, 2]), "squared_error: 2 targets for 1 output"),
    ],
)
def test_a_wrong_target_is_named(loss, message):
    with pytest.raises(ValueError, match=message):
        loss()


def test_a_list_of_targets_for_the_classes_is_a_single_logit_error():
    with pytest.raises(TypeError, match="a list of logits, one for each class"):
        nn.cross_entropy(Value(1.0), 0)


@pytest.mark.parametrize("logits", [Value(1.0), 1.0, []])
def test_softmax_of_no_list_says_what_it_needs(logits):
    with pytest.raises(TypeError, match="softmax needs a list of logits, one for each class, got"):
        nn.softmax(logits)


def test_whole_number_targets_of_any_kind_count_as_the_class():
    np = pytest.importorskip("numpy")
    zs = [Value(0.1), Value(0.7)]
    costs = {nn.cross_entropy(zs, t).data for t in (1, 1.0, True, np.int64(1), np.float64(1), Value(1.0))}
    assert len(costs) == 1


def test_a_row_that_is_masked_altogether_has_shares_and_slopes_0_eager_and_compiled():
    masked = [-math.inf, -math.inf]
    shares = nn.softmax(zs := [Value(z) for z in masked])
    sum(p * w for p, w in zip(shares, (1.0, 3.0))).backward()
    assert [p.data for p in shares] == [z.grad for z in zs] == nn.softmax(masked) == [0.0, 0.0]
    np = pytest.importorskip("numpy")
    pytest.importorskip("llvmlite")
    second = lambda zs: nn.softmax(zs)[1]
    rows = np.array([masked, [0.0, -math.inf], [1.0, 1.0]])
    for runner in ("python", "source"):
        assert compile(second, runner)(rows).tolist() == [0.0, 0.0, 0.5]
        assert compile(grad(second), runner)(rows).tolist() == [[0.0, 0.0], [0.0, 0.0], [-0.25, 0.25]]


def test_softmax_is_exact_to_the_last_digits_and_so_is_its_slope():
    (p, _), slopes = nn.softmax([a := Value(1000.0), b := Value(1003.0)]), None
    p.backward()
    with mpmath.workdps(50):
        exact = 1 / (1 + mpmath.exp(3))
        slopes = [float(exact * (1 - exact)), float(-exact * (1 - exact))]
        assert p.data == pytest.approx(float(exact), rel=4e-16)
    assert [a.grad, b.grad] == pytest.approx(slopes, rel=2e-15)


@given(st.lists(st.floats(-30, 30), min_size=2, max_size=5), st.data())
def test_a_soft_target_is_the_cross_entropy_of_two_distributions(logits, data):
    weights = [data.draw(st.floats(0.1, 1)) for _ in logits]
    target = [w / sum(weights) for w in weights]

    def exact(*zs):
        total = mpmath.log(sum(map(mpmath.exp, zs)))
        mass = sum(map(mpmath.mpf, target))
        return sum(p * (total - z) for p, z in zip(map(mpmath.mpf, target), zs)), [
            mass * mpmath.exp(z - total) - p for p, z in zip(map(mpmath.mpf, target), zs)
        ]

    cost, slopes = value_and_gradient(lambda *zs: nn.cross_entropy(zs, target), *logits)
    exact_cost, exact_slopes = exactly(exact, *logits)
    assert cost == pytest.approx(exact_cost, rel=1e-13, abs=1e-13)
    assert slopes == pytest.approx(exact_slopes, rel=1e-12, abs=1e-14)


def test_a_soft_target_that_is_certain_is_the_class_itself():
    zs = [Value(0.3), Value(-1.0), Value(2.0)]
    assert nn.cross_entropy(zs, [0, 1, 0]).data == pytest.approx(nn.cross_entropy(zs, 1).data, rel=1e-15)


def test_label_smoothing_mixes_the_target_with_all_classes():
    zs = [0.3, -1.0, 2.0]
    mixed = [0.1 / 3, 0.9 + 0.1 / 3, 0.1 / 3]
    assert nn.cross_entropy(zs, 1, smoothing=0.1) == pytest.approx(nn.cross_entropy(zs, mixed), rel=1e-14)
    with pytest.raises(ValueError, match="smoothing is between 0 and 1, got 2"):
        nn.cross_entropy(zs, 1, smoothing=2)


@pytest.mark.parametrize(
    ("a", "cost", "slope"), [(1.5, 0.125, 0.5), (4.0, 2.5, 1.0), (-2.0, 2.5, -1.0), (1.0, 0.0, 0.0)]
)
def test_huber_is_a_square_near_the_target_and_straight_beyond(a, cost, slope):
    close(value_and_gradient(lambda v: nn.huber(v, 1.0), a), (cost, [slope]))


def test_huber_averages_lists_and_names_a_wrong_delta():
    assert nn.huber([3.0, 1.0], [0.0, 1.0], delta=2.0) == (2.0 * 3.0 - 2.0) / 2
    with pytest.raises(ValueError, match="delta is positive, got 0"):
        nn.huber(1.0, 0.0, delta=0)


def test_gradients_are_clipped_to_a_norm_together():
    p, q = Value(1.0), Value(2.0)
    p.grad, q.grad = 3.0, 4.0
    assert nn.clip_gradients([p, q], 10.0) == 5.0 and (p.grad, q.grad) == (3.0, 4.0)
    assert nn.clip_gradients([p, q], 1.0) == 5.0 and [p.grad, q.grad] == pytest.approx([0.6, 0.8], rel=1e-15)
    with pytest.raises(ValueError, match="the norm is positive"):
        nn.clip_gradients([p, q], 0.0)


@pytest.mark.parametrize(
    "loss", [nn.binary_cross_entropy_with_logits, lambda z, y: nn.binary_cross_entropy(sigmoid(z), y)]
)
@pytest.mark.parametrize("y", [0.0, 1.0])
def test_a_target_can_be_varied_at_the_ends_of_its_range(loss, y):
    assert check_gradients(loss, 2.0, y)
