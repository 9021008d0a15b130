"""Optimizers walk torch's trajectories over 100 steps; a saved state goes on bit for bit; floats and arrays agree.

GOLDEN is where torch 2.13 ends. To print it again: `python -m tests.test_nn_optimizers` with torch installed.
"""

import math
import random
from fractions import Fraction

import pytest

import nn
from autograd import Value
from nn import optimizers

START = [1.5, -2.0, 0.3]

CASES = {
    "sgd": (nn.SGD, {"lr": 1e-3}),
    "momentum": (nn.SGD, {"lr": 1e-3, "momentum": 0.9}),
    "nesterov": (nn.SGD, {"lr": 1e-3, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    "adam": (nn.Adam, {"lr": 0.05}),
    "adam_decay": (nn.Adam, {"lr": 0.05, "betas": (0.85, 0.99), "eps": 1e-6, "weight_decay": 0.1}),
    "adamw": (nn.AdamW, {"lr": 0.05, "weight_decay": 0.1}),
}

GOLDEN = {
    "sgd": [0.14125985742239386, -0.21865831629519727, 0.2143208368267644],
    "momentum": [0.38514292067679967, 0.11895385877959988, 0.11776047653729094],
    "nesterov": [-0.03040885622858735, 0.00010579582398236293, -0.15126437569948162],
    "adam": [0.175766567197988, 0.02390061242066501, 0.08446659951374498],
    "adam_decay": [0.2536660741983766, 0.03364672373489145, 0.12373829035288486],
    "adamw": [0.13188485720734602, 0.022710363829053396, 0.06211968498414994],
}


def rosenbrock(x, y, z):
    """A curved valley with one independent direction: no optimizer is at rest in it after 100 steps."""
    return (1 - x) ** 2 + 10 * (y - x * x) ** 2 + (z - 0.5 * x) ** 2 * 3


def trajectory(optimizer, steps):
    for _ in range(steps):
        optimizer.zero_grad()
        rosenbrock(*optimizer.parameters).backward()
        optimizer.step()
    return [p.data for p in optimizer.parameters]


def made(case, **changed):
    kind, settings = CASES[case]
    return kind([Value(x) for x in START], **{**settings, **changed})


def torch_trajectory(torch, case, steps=100):
    kind, settings = CASES[case]
    leaves = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in START]
    optimizer = getattr(torch.optim, kind.__name__)(leaves, **settings)
    for _ in range(steps):
        optimizer.zero_grad()
        rosenbrock(*leaves).backward()
        optimizer.step()
    return [p.item() for p in leaves]


@pytest.mark.parametrize("case", CASES)
def test_100_steps_end_where_torch_ends(case):
    assert trajectory(made(case), 100) == pytest.approx(GOLDEN[case], rel=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_every_10_steps_we_are_where_torch_is(case):
    torch = pytest.importorskip("torch")
    optimizer = made(case)
    for k in range(1, 11):
        assert trajectory(optimizer, 10) == pytest.approx(torch_trajectory(torch, case, 10 * k), rel=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_arrays_of_gradients_move_the_parameters_to_the_same_bits(case):
    np = pytest.importorskip("numpy")
    one, other = made(case), made(case)
    for _ in range(5):
        trajectory(one, 1)
        other.zero_grad()
        rosenbrock(*other.parameters).backward()
        other.step(np.array([p.grad for p in other.parameters]))
    assert [p.data for p in one.parameters] == [p.data for p in other.parameters]
    assert one.state_dict() == other.state_dict()


@pytest.mark.parametrize("n", [1, 7, 300])
@pytest.mark.parametrize("case", CASES)
def test_after_some_steps_machine_code_moves_arrays_to_the_same_bits(case, n, monkeypatch):
    np = pytest.importorskip("numpy")
    pytest.importorskip("llvmlite")
    monkeypatch.setattr(optimizers, "ENOUGH", 2)
    optimizers.on_arrays.cache_clear()
    rng = random.Random(n)
    start = [rng.gauss(0.0, 1.0) for _ in range(n)]
    kind, settings = CASES[case]
    one, other = (kind([Value(x) for x in start], **settings) for _ in range(2))
    listed, arrays = start, np.array(start)
    for k in range(8):
        if k in (1, 5):  # the memories are lists again
            other.load_state_dict(one.state_dict())
        gradient = [rng.gauss(0.0, 1.0) * 10.0 ** rng.randrange(-9, 3) for _ in range(n)]
        listed, arrays = one.moved(listed, gradient), other.moved(arrays, np.array(gradient))
        assert listed == arrays.tolist()
    assert one.state_dict() == other.state_dict()
    assert optimizers.on_arrays(one._rule()).native.recorded


@pytest.mark.parametrize("case", CASES)
def test_machine_code_serves_every_optimizer_of_the_same_rule(case, monkeypatch):
    np = pytest.importorskip("numpy")
    pytest.importorskip("llvmlite")
    monkeypatch.setattr(optimizers, "ENOUGH", 3)
    optimizers.on_arrays.cache_clear()
    for _ in range(4):
        optimizer = made(case)
        optimizer.moved(np.ones(3), np.ones(3))
    assert optimizers.on_arrays(optimizer._rule()).native.recorded


def test_a_rule_that_changes_at_every_step_is_not_kept_for_ever():
    np = pytest.importorskip("numpy")
    optimizer = nn.SGD([Value(1.0)], 0.1)
    for k in range(2 * optimizers.RULES):
        optimizer.momentum = 0.9 - 0.001 * k
        optimizer.moved(np.ones(1), np.ones(1))
    assert optimizers.on_arrays.cache_info().currsize == optimizers.RULES


@pytest.mark.parametrize("kind", [nn.SGD, nn.Adam, nn.AdamW])
def test_settings_are_floats_whatever_numbers_are_given(kind, monkeypatch):
    np = pytest.importorskip("numpy")
    monkeypatch.setattr(optimizers, "ENOUGH", 2)
    optimizers.on_arrays.cache_clear()
    names = ["weight_decay", "momentum" if kind is nn.SGD else "eps"]
    for number in (np.float32(0.9), np.array(0.5), Fraction(1, 3), 0):
        plain, given = ({name: x for name in names} for x in (float(number), number))
        one, *others = (kind([Value(0.3), Value(0.7)], 0.1, **settings) for settings in (plain, given, given))
        for _ in range(4):
            at = one.moved([0.3, 0.7], [0.1, -0.2])
            assert others[0].moved([0.3, 0.7], [0.1, -0.2]) == at
            assert others[1].moved(np.array([0.3, 0.7]), np.array([0.1, -0.2])).tolist() == at
        assert others[1].method() == one.method()


@pytest.mark.parametrize("case", CASES)
def test_a_saved_state_goes_on_bit_for_bit(case):
    whole, first, second = made(case), made(case), made(case)
    end = trajectory(whole, 20)
    trajectory(first, 8)
    for p, q in zip(second.parameters, first.parameters, strict=True):
        p.data = q.data
    second.load_state_dict(first.state_dict())
    assert trajectory(second, 12) == end


def test_the_learning_rate_may_be_a_function_of_the_step():
    seen = []

    def lr(k):
        seen.append(k)
        return 0.1 / (k + 1)

    (p,) = (optimizer := nn.SGD([Value(1.0)], lr=lr)).parameters
    for _ in range(3):
        p.grad = 1.0
        optimizer.step()
    assert seen == [0, 1, 2]
    assert p.data == pytest.approx(1 - 0.1 - 0.05 - 0.1 / 3)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda p: nn.SGD([], lr=0.1), "SGD: there are no parameters"),
        (lambda p: nn.SGD([p], lr=-1.0), "SGD: lr is -1.0; it must be a number, 0 or more$"),
        (lambda p: nn.SGD([p], lr=math.nan), "lr is nan"),
        (lambda p: nn.SGD([p], lr=math.inf), "lr is inf"),
        (lambda p: nn.SGD([p], lr=lambda k: -5.0).step(), r"SGD: lr\(0\) is -5.0; it must be a number, 0 or more"),
        (lambda p: nn.SGD([p], lr=0.1, momentum=1.5), "momentum is 1.5; it must be a number, 0 or more and below 1"),
        (lambda p: nn.SGD([p], lr=0.1, nesterov=True), "nesterov=True needs a momentum"),
        (lambda p: nn.Adam([p], betas=(0.9, 1.0)), "Adam: beta 2 is 1.0; it must be a number, 0 or more and below 1"),
        (lambda p: nn.Adam([p], betas=("a", 0.9)), "Adam: beta 1 is 'a'"),
        (lambda p: nn.AdamW([p], eps=math.inf), "AdamW: eps is inf"),
        (lambda p: nn.SGD([p], lr="fast"), "SGD: lr is 'fast'; it must be a number, 0 or more"),
        (lambda p: nn.Adam([p], betas=0.9), "Adam: betas are 0.9; there are two"),
        (lambda p: nn.SGD([p, p], lr=0.1), "SGD: a parameter is listed twice; it would be moved twice a step"),
        (lambda p: nn.AdamW([p], weight_decay=-0.1), "AdamW: weight_decay is -0.1"),
        (lambda p: nn.SGD([p], 0.1).load_state_dict(nn.Adam([p]).state_dict()), "that of Adam, not of SGD"),
        (
            lambda p: nn.SGD([p], 0.1).load_state_dict(nn.SGD([p, Value(2.0)], 0.1).state_dict()),
            "2 numbers in 'velocity' for 1",
        ),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(made, message):
    with pytest.raises(ValueError, match=message):
        made(Value(1.0))


def test_a_rate_that_is_set_later_is_held_to_the_same_and_the_step_is_not_taken():
    optimizer = nn.SGD([Value(1.0)], lr=0.1)
    optimizer.lr = -5
    with pytest.raises(ValueError, match="SGD: lr is -5; it must be a number, 0 or more"):
        optimizer.step()
    assert optimizer.steps == 0


@pytest.mark.parametrize("make", [nn.SGD, nn.Adam])
def test_a_gradient_of_other_parameters_is_refused_and_the_step_is_not_taken(make):
    np = pytest.importorskip("numpy")
    parameters = [Value(1.0), Value(2.0), Value(3.0)]
    optimizer = make(parameters, 0.1)
    before = optimizer.state_dict()
    for gradient in (np.ones(1), np.ones(2), np.ones((3, 1)), [1.0] * 2, np.array(1.0)):
        with pytest.raises(ValueError, match=r"a gradient of shape \(.*\) for 3 parameters"):
            optimizer.step(gradient)
    assert [p.data for p in parameters] == [1.0, 2.0, 3.0]
    assert optimizer.state_dict() == before
    for gradient in ((1.0, 1.0, 1.0), np.ones(3, np.float32), np.ones(3, int)):
        others = [Value(p.data) for p in parameters]
        optimizer = make(parameters, 0.1)
        other = make(others, 0.1)
        optimizer.step(gradient)
        other.step([1.0] * 3)
        assert [p.data for p in parameters] == [p.data for p in others]


def test_only_leaves_can_be_optimized():
    with pytest.raises(TypeError, match="is not a parameter"):
        nn.SGD([Value(1.0) * 2], lr=0.1)


@pytest.mark.parametrize("given", [nn.Neuron(1), Value(1.0)])
def test_a_model_in_place_of_its_parameters_is_named(given):
    with pytest.raises(TypeError, match=r"SGD: the parameters are a list, such as model.parameters\(\), not "):
        nn.SGD(given, lr=0.1)


def test_repr_says_what_it_is_doing():
    optimizer = nn.Adam([Value(1.0)], lr=0.5)
    optimizer.step()
    assert repr(optimizer) == "Adam(1 parameter, lr=0.5, 1 step taken)"


if __name__ == "__main__":
    import torch

    for case in CASES:
        print(f'    "{case}": {torch_trajectory(torch, case)},')
