"""Which outputs count as right, and when targets count as classes."""

from functools import partial

import pytest

import nn
from nn.accuracy import TOGETHER, ByLargest, ByNumber, Tally, judge_of, tallied


@pytest.mark.parametrize(
    ("loss", "right", "wrong"),
    [
        (nn.squared_error, [(0.6, 1), (0.4, 0)], [(0.4, 1), (0.6, 0)]),
        (nn.mse, [([0.1, 0.3], [0, 1]), ([0.4, 0.3], [1, 0])], [([0.4, 0.3], [0, 1])]),
        (
            nn.binary_cross_entropy,
            [(0.6, 1), (0.4, 0), ([0.9, 0.1], [1, 0])],
            [(0.4, 1), (0.6, 0), ([0.9, 0.9], [1, 0])],
        ),
        (nn.binary_cross_entropy_with_logits, [(0.1, 1), (-0.1, 0)], [(-0.1, 1), (0.1, 0)]),
        (nn.hinge, [(0.1, 1), (-0.1, -1)], [(-0.1, 1), (0.1, -1), (0.0, 1)]),
        (nn.cross_entropy, [([0.1, 0.3, 0.2], 1)], [([0.1, 0.3, 0.2], 2)]),
    ],
)
def test_each_loss_knows_what_is_right(loss, right, wrong):
    judge = judge_of(loss, [right[0][1]], None)
    assert [judge(*pair) for pair in right] == [True] * len(right)
    assert [judge(*pair) for pair in wrong] == [False] * len(wrong)


@pytest.mark.parametrize(
    "shapes", [((40,), (40,)), ((40,), (40, 1)), ((40, 1), (40,)), ((40, 3), (40, 3)), ((80, 2, 1), (80, 2, 1))]
)
@pytest.mark.parametrize("loss", [nn.binary_cross_entropy, nn.binary_cross_entropy_with_logits, nn.hinge])
def test_arrays_are_judged_as_their_examples_are(loss, shapes):
    np = pytest.importorskip("numpy")
    rng = np.random.default_rng(3)
    outputs, targets = rng.normal(size=shapes[0]).round(1), rng.integers(0, 2, shapes[1]) * 1.0
    judge = judge_of(loss, [0.0, 1.0], None)
    one_by_one = sum(map(judge, outputs.tolist(), targets.tolist()))
    assert tallied(judge, outputs, targets, targets.tolist) == one_by_one != 0


def test_a_loss_with_settings_judges_as_the_loss_and_one_of_ones_own_is_asked_for_a_judge():
    assert judge_of(partial(nn.cross_entropy, smoothing=0.1), [0, 1, 2], None) is judge_of(nn.cross_entropy, [0], None)
    with pytest.raises(ValueError, match="accuracy=True, but this loss does not say which outputs are right; give a"):
        judge_of(lambda p, y: 2 * nn.binary_cross_entropy(p, y), [0, 1], True)


@pytest.mark.parametrize("nan", [False, True])
def test_arrays_of_scores_are_judged_as_their_examples_are(nan):
    np = pytest.importorskip("numpy")
    scores, classes = np.random.default_rng(3).normal(size=(40, 3)).round(0), np.arange(40) % 3
    if nan:
        scores[::5, 1] = scores[::7, 0] = np.nan
    judge = judge_of(nn.cross_entropy, [0], None)
    one_by_one = sum(map(judge, scores.tolist(), classes.tolist()))
    assert tallied(judge, scores, classes, classes.tolist) == one_by_one != 0
    one_hot = np.eye(3)[classes]
    assert tallied(judge_of(nn.mse, one_hot.tolist(), None), scores, one_hot, one_hot.tolist) == one_by_one


@pytest.mark.parametrize("targets", [[0, 1, 0.5], [[1.0, 0.0], [0.5, 0.5]], [2, 3], [[0.0], [1.0]]])
def test_numbers_between_are_no_classes(targets):
    assert judge_of(nn.mse, targets, None) is None
    with pytest.raises(ValueError, match="the targets are not classes"):
        judge_of(nn.mse, targets, True)


def test_a_judge_of_ones_own_or_none_at_all():
    def close(output, target):
        return abs(output - target) < 0.1

    assert judge_of(nn.mse, [2.0], close) is close
    assert judge_of(nn.hinge, [1], False) is None
    assert nn.evaluate(lambda x: x[0], [[1.0], [2.0]], [1.05, 3.0], accuracy=close, compiled=False).accuracy == 0.5


@pytest.mark.parametrize("judge", [ByLargest(), ByNumber(lambda a, y: (a > 0) == (y > 0))])
@pytest.mark.parametrize("nan", [False, True])
def test_a_tally_of_batches_is_that_of_each_output(judge, nan):
    np = pytest.importorskip("numpy")
    rng = np.random.default_rng(0)
    outputs = rng.normal(size=(TOGETHER + 700, 3))
    largest = isinstance(judge, ByLargest)
    targets = rng.integers(0, 3, len(outputs)) if largest else rng.normal(size=outputs.shape)
    if nan:
        outputs[5, 1] = np.nan
    tally, begin = Tally(judge), 0
    for n in (64, 1, TOGETHER, 600, 35):
        batch = slice(begin, begin + n)
        tally.add(np.asfortranarray(outputs[batch]), targets[batch], list)
        begin += n
    expected = sum(map(judge, outputs.tolist(), targets.tolist()))
    assert 0 < tally.right() == expected < len(outputs)
    assert tally.right() == expected


def test_a_judge_of_ones_own_is_asked_about_one_after_the_other():
    tally = Tally(lambda output, target: output == target)
    tally.add([1.0, 2.0], None, lambda: [1.0, 3.0])
    tally.add([4.0], None, lambda: [4.0])
    assert tally.right() == 2
