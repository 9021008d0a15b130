"""fit, predict and evaluate compiled: the same results as eagerly, to 1e-9 or better; eager where it cannot be."""

import warnings

import pytest

import autograd
import nn
from autograd import Value
from tests.processes import python

np = pytest.importorskip("numpy")
pytest.importorskip("llvmlite")


X, CLASSES = nn.data.moons(30, noise=0.1, seed=2)
SIGNS = [2 * y - 1 for y in CLASSES]
ONE_HOT = [[float(y == k) for k in range(2)] for y in CLASSES]

CASES = {
    "squared_error": (nn.squared_error, CLASSES, [5, 1], "sigmoid"),
    "mse of two outputs": (nn.mse, ONE_HOT, [5, 2], "sigmoid"),
    "binary_cross_entropy": (nn.binary_cross_entropy, CLASSES, [5, 1], "sigmoid"),
    "probabilities not from a sigmoid": (lambda a, y: nn.binary_cross_entropy(1 - a, y), CLASSES, [5, 1], "sigmoid"),
    "logits": (nn.binary_cross_entropy_with_logits, CLASSES, [5, 1], "linear"),
    "soft targets": (nn.binary_cross_entropy_with_logits, [0.1 + 0.8 * y for y in CLASSES], [5, 1], "linear"),
    "hinge": (nn.hinge, SIGNS, [5, 1], "linear"),
    "cross_entropy": (nn.cross_entropy, CLASSES, [5, 3], "linear"),
}


def trained(compiled, loss, Y, nouts, output, **settings):
    model = nn.MLP(2, nouts, activation="tanh", output=output, seed=4)
    settings = {"optimizer": lambda ps: nn.Adam(ps, 0.05), "epochs": 6, "batch_size": 8, "seed": 1} | settings
    history = nn.fit(model, X, Y, loss=loss, progress=False, compiled=compiled, **settings)
    return model, history


@pytest.mark.parametrize("case", CASES)
def test_compiled_training_ends_where_eager_training_ends(case):
    settings = {"l2": 1e-3, "validation": 0.2}
    (eager, slow), (native, fast) = (trained(compiled, *CASES[case], **settings) for compiled in (False, True))
    assert (slow.compiled, fast.compiled) == (False, True)
    assert fast.cost == pytest.approx(slow.cost, rel=1e-9)
    assert fast.validation_cost == pytest.approx(slow.validation_cost, rel=1e-9)
    assert (fast.accuracy, fast.validation_accuracy) == (slow.accuracy, slow.validation_accuracy)
    assert native.state_dict() == pytest.approx(eager.state_dict(), rel=1e-9)


@pytest.mark.parametrize("case", CASES)
def test_predict_and_evaluate_agree_too(case):
    loss, Y, nouts, output = CASES[case]
    model = nn.MLP(2, nouts, activation="tanh", output=output, seed=4)
    slow, fast = (nn.predict(model, X, compiled=compiled) for compiled in (False, True))
    assert np.shape(fast) == ((30,) if nouts[-1] == 1 else (30, nouts[-1]))
    assert np.array(fast) == pytest.approx(np.array(slow), rel=1e-12)
    assert isinstance(fast, list) and isinstance(nn.predict(model, np.array(X)), np.ndarray)
    slow, fast = (nn.evaluate(model, X, Y, loss, compiled=compiled) for compiled in (False, True))
    assert fast.cost == pytest.approx(slow.cost, rel=1e-12) and fast.accuracy == slow.accuracy


def test_the_moons_workload_reaches_every_point():
    points, classes = nn.data.moons(100, noise=0.1, seed=1)
    model = nn.MLP(2, [16, 16, 1], seed=1)
    history = nn.fit(
        model, points, [2 * y - 1 for y in classes], loss=nn.hinge, l2=1e-4, epochs=100, progress=False,
        optimizer=nn.SGD(model.parameters(), lambda k: 1 - 0.9 * k / 100),
    )  # fmt: skip
    assert history.compiled and history.accuracy[-1] == 1.0


def test_the_digits_workload_reads_97_of_100_digits_it_never_saw():
    pytest.importorskip("sklearn")
    digits, labels, unseen, answers = nn.data.split(*nn.data.digits(), 0.2, seed=0)
    model, epochs, size = nn.MLP(64, [32, 10], init="he", seed=0), 20, 32
    steps = epochs * -(-len(digits) // size)
    history = nn.fit(
        model, digits, labels, loss=nn.cross_entropy, l2=1e-4, epochs=epochs, batch_size=size, seed=0, progress=False,
        optimizer=nn.Adam(model.parameters(), lambda k: 0.01 * (1 - k / steps)),
    )  # fmt: skip
    assert history.compiled and nn.evaluate(model, unseen, answers, nn.cross_entropy).accuracy > 0.97


def test_a_model_saved_and_loaded_predicts_the_same_bits(tmp_path):
    model, _ = trained(True, *CASES["hinge"])
    model.save(tmp_path / "m.json")
    assert nn.predict(nn.load(tmp_path / "m.json"), X) == nn.predict(model, X)


def test_a_resumed_compiled_run_is_the_whole_run_bit_for_bit(tmp_path):
    path = tmp_path / "run.json"
    whole, history = trained(True, *CASES["mse of two outputs"])
    trained(True, *CASES["mse of two outputs"], epochs=2, checkpoint=path)
    resumed, again = trained(True, *CASES["mse of two outputs"], resume=path)
    assert resumed.state_dict() == whole.state_dict() and again.cost == history.cost


def test_a_model_that_ignores_its_input_still_answers_for_every_row():
    bias = Value(0.25)
    assert nn.predict(lambda x: bias * 2, [[1.0], [2.0]], compiled=True) == [0.5, 0.5]
    assert nn.predict(lambda x: [bias * 2, x[0]], [[1.0], [2.0]], compiled=True) == [[0.5, 1.0], [0.5, 2.0]]


def test_a_compiled_cross_entropy_is_nan_for_what_is_no_class():
    costs = autograd.compile(lambda z, y: nn.cross_entropy(z, y))(np.zeros((6, 3)), [0, 1, 2, 3, -1, 1.5])
    assert costs[:3] == pytest.approx(np.log(3)) and np.isnan(costs[3:]).all()


@pytest.mark.parametrize("y", [0.0, 1.0, 0.25])
@pytest.mark.parametrize("p", [0.0, 1e-50, 1e-10, 0.5, 1 - 2**-53, 1.0])
def test_a_compiled_cost_of_a_certain_probability_is_finite_with_the_eager_slope(p, y):
    w = Value(p)
    cost, (slope,) = autograd.compile(lambda x, y: nn.binary_cross_entropy(w * x, y)).value_and_grad([1.0], [y])
    eager = nn.binary_cross_entropy(w * 1.0, y)
    eager.backward()
    assert (cost, slope) == pytest.approx((eager.data, w.grad), rel=1e-14)


def test_a_compiled_softmax_is_finite_for_large_logits():
    shares = autograd.compile(nn.softmax)([[1000.0, 1003.0], [-2000.0, 3000.0]])
    assert shares.tolist() == [[s for s in nn.softmax(z)] for z in ([1000.0, 1003.0], [-2000.0, 3000.0])]


class Switch(nn.Module):
    """It looks at a number, which a recorded program cannot do."""

    def __init__(self):
        self.a, self.b = Value(1.0, "a"), Value(2.0, "b")

    def __call__(self, x):
        return self.a * x[0] if x[0] > 0 else self.b * x[0]


def test_a_model_that_looks_at_numbers_is_run_eagerly_and_said():
    with pytest.warns(UserWarning, match="running eagerly, because the cost cannot be compiled: .*where"):
        history = nn.fit(Switch(), [[1.0], [-1.0]], [1.0, 1.0], epochs=2, progress=False)
    assert not history.compiled
    with pytest.raises(TypeError, match="where"):
        nn.fit(Switch(), [[1.0], [-1.0]], [1.0, 1.0], epochs=2, progress=False, compiled=True)


def test_without_the_fast_extra_it_runs_eagerly_in_silence(monkeypatch):
    def missing(function, *options):
        raise ImportError("compile needs llvmlite: pip install numpy llvmlite")

    monkeypatch.setattr(autograd, "compile", missing)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, history = trained(None, *CASES["hinge"])
    assert not history.compiled
    with pytest.raises(ImportError, match="needs llvmlite"):
        trained(True, *CASES["hinge"])


def test_without_numpy_a_compiled_run_says_what_to_install():
    job = (
        "import sys; sys.modules['numpy'] = None; import nn\n"
        "nn.fit(nn.Neuron(1), [1.0, 2.0], [0.0, 1.0], epochs=1, progress=False)\n"
        "nn.fit(nn.Neuron(1), [1.0, 2.0], [0.0, 1.0], epochs=1, progress=False, compiled=True)"
    )
    done = python("-c", job)
    said = "ImportError: a compiled run needs numpy and llvmlite: pip install numpy llvmlite"
    assert done.stderr.splitlines()[-1] == said


class Unused(nn.Module):
    def __init__(self):
        self.spare, self.line = Value(3.0), nn.Neuron(1, activation="linear", seed=0)

    def __call__(self, x):
        return self.line(x)


def test_parameters_that_the_cost_does_not_use_stay():
    model = Unused()
    nn.fit(model, [[1.0], [2.0]], [1.0, 3.0], epochs=50, progress=False, compiled=True)
    assert model.spare.data == 3.0


def test_a_wrong_target_is_named_before_anything_is_compiled():
    with pytest.raises(IndexError, match=r"Y\[3\]: cross_entropy: the target 2 is not one of the 2 classes"):
        nn.fit(nn.MLP(2, [2]), X[:4], [0, 1, 1, 2], loss=nn.cross_entropy, progress=False)
    assert nn.cross_entropy([0.0, 0.0], 1) == pytest.approx(np.log(2))


def test_a_diverging_compiled_run_names_the_node():
    model = nn.MLP(1, [1], output="exp", seed=0)
    with pytest.raises(FloatingPointError, match="forward: inf from exp"):
        nn.fit(
            model, [[1.0], [2.0]], [9.0, 99.0], loss=nn.mse, optimizer=nn.SGD(model.parameters(), 1e3), epochs=100,
            progress=False, compiled=True,
        )  # fmt: skip
