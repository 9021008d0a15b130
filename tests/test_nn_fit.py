"""fit: the loop does what a loop written out does; batches, validation, stopping, interrupts, divergence, resuming."""

import json
import math
import os
import re
import signal
import sys
import warnings
from functools import partial, reduce
from operator import getitem

import pytest

import nn
from autograd import Value, copysign, greater, log, stop_gradient, where
from nn import examples
from nn.agreement import _alike


def moons(n=40):
    X, Y = nn.data.moons(n, noise=0.05, seed=3)
    return X, Y, nn.MLP(2, [6, 1], activation="tanh", output="sigmoid", seed=5)


def scaled(a, y, by):
    return by * nn.squared_error(a, y)


def fit(model, X, Y, **settings):
    settings = {"loss": nn.binary_cross_entropy, "progress": False, "compiled": False, "seed": 0} | settings
    return nn.fit(model, X, Y, **settings)


def xor(**settings):
    """Two epochs of one neuron."""
    X, Y = nn.data.xor()
    usual = {"model": nn.MLP(2, [1], seed=0), "X": X, "Y": Y, "loss": nn.squared_error, "epochs": 2}
    return fit(**usual | settings)


def test_full_batch_is_the_loop_written_out():
    X, Y, model = moons()
    _, _, other = moons()
    history = fit(model, X, Y, optimizer=nn.SGD(model.parameters(), 0.5), epochs=5, l2=1e-3)
    optimizer = nn.SGD(other.parameters(), 0.5)
    for k in range(5):
        cost = sum(nn.binary_cross_entropy(other(x), y) for x, y in zip(X, Y)) / len(X)
        cost = cost + 1e-3 * nn.l2(other.parameters())
        assert history.cost[k] == pytest.approx(cost.data, rel=1e-12)
        other.zero_grad()
        cost.backward()
        optimizer.step()
    assert list(model.state_dict().values()) == pytest.approx(list(other.state_dict().values()), rel=1e-12)


def test_every_epoch_takes_each_example_once_in_an_order_of_its_own():
    batches = [examples.order(10, 4, seed=1, epoch=e) for e in (0, 1, 0)]
    assert [len(b) for b in batches[0]] == [4, 4, 2]
    assert sorted(k for batch in batches[0] for k in batch) == list(range(10))
    assert batches[0] == batches[2] != batches[1]
    assert examples.order(10, 10, seed=1, epoch=0) == [range(10)]


def test_the_shuffle_is_the_same_with_and_without_numpy():
    pytest.importorskip("numpy")
    arrays = examples.order(2_000, 300, seed=3, epoch=5, arrays=True)
    assert [batch.tolist() for batch in arrays] == examples.order(2_000, 300, seed=3, epoch=5)


def test_a_seed_repeats_a_run_of_mini_batches_bit_for_bit():
    states = []
    for seed in (1, 1, 2):
        X, Y, model = moons()
        history = fit(model, X, Y, epochs=3, batch_size=8, seed=seed)
        states.append((model.state_dict(), history.cost))
    assert states[0] == states[1] != states[2]


def test_it_learns_moons_and_says_how_well():
    X, Y, model = moons()
    history = fit(model, X, Y, optimizer=lambda ps: nn.Adam(ps, 0.1), epochs=120)
    assert history.accuracy[-1] > 0.95 and history.cost[-1] < 0.2 < history.cost[0]
    assert repr(history).startswith("History(120 epochs eager in ") and "accuracy" in history.summary()
    cost, accuracy = nn.evaluate(model, X, Y, nn.binary_cross_entropy, compiled=False)
    assert cost < history.cost[-1] and accuracy >= 0.95
    assert nn.predict(model, X[:2], compiled=False) == [model(x).data for x in X[:2]]


def test_validation_may_be_a_fraction_or_a_pair():
    X, Y, model = moons()
    history = fit(model, X, Y, epochs=2, validation=0.25)
    assert len(history.validation_cost) == len(history.validation_accuracy) == 2
    history = fit(model, X, Y, epochs=1, validation=(X[:5], Y[:5]))
    assert history.validation_cost[0] == nn.evaluate(model, X[:5], Y[:5], nn.binary_cross_entropy, compiled=False).cost


def rising(step):
    """A learning rate that learns at first and then throws everything about."""
    return 0.5 if step < 10 else 30.0


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("validation", [None, 0.25])
def test_early_stopping_takes_the_best_parameters_back(validation, compiled):
    if compiled:
        pytest.importorskip("llvmlite")
    X, Y, model = moons()
    optimizer = nn.SGD(model.parameters(), rising)
    settings = {"optimizer": optimizer, "epochs": 500, "patience": 7, "validation": validation, "compiled": compiled}
    history = fit(model, X, Y, **settings)
    judged = history.validation_cost or history.cost
    best = judged.index(min(judged))
    assert history.stopped == "early stopping" and history.epochs == best + 1 + 7
    if validation:
        _, _, X, Y = nn.data.split(X, Y, validation, seed=0)
    cost = nn.evaluate(model, X, Y, nn.binary_cross_entropy, compiled=False).cost
    assert cost == pytest.approx(min(judged), rel=1e-12)


def test_a_callback_stops_by_returning_something_true():
    X, Y, model = moons()
    history = fit(model, X, Y, epochs=100, callback=lambda model, history: history.epochs == 3)
    assert (history.epochs, history.stopped) == (3, "callback")


@pytest.mark.parametrize("compiled", [False, True])
def test_a_callback_sees_the_parameters_as_they_are_and_may_move_them(compiled):
    if compiled:
        pytest.importorskip("llvmlite")
    X, Y = [[1.0], [2.0], [3.0]], [3.0, 5.0, 7.0]
    model = nn.MLP(1, [1], seed=0)
    seen = []

    def halve(model, history):
        seen.append([p.data for p in model.parameters()])
        for p in model.parameters():
            p.data = p.data / 2

    optimizer = nn.SGD(model.parameters(), 0.05)
    history = fit(model, X, Y, loss=nn.mse, optimizer=optimizer, epochs=3, callback=halve, compiled=compiled)
    w, b = nn.MLP(1, [1], seed=0).parameters()
    costs = []
    for k in range(3):
        cost = sum(nn.mse(w * x + b, y) for (x,), y in zip(X, Y, strict=True)) / 3
        w.grad = b.grad = 0.0
        cost.backward()
        costs.append(cost.data)
        w.data, b.data = w.data - 0.05 * w.grad, b.data - 0.05 * b.grad
        assert seen[k] == pytest.approx([w.data, b.data], rel=1e-12)
        w.data, b.data = w.data / 2, b.data / 2
    assert history.cost == pytest.approx(costs, rel=1e-12)
    assert [p.data for p in model.parameters()] == [x / 2 for x in seen[-1]]


@pytest.mark.parametrize("compiled", [False, True])
def test_what_a_run_learned_is_there_when_it_is_broken_off_by_an_error(compiled):
    if compiled:
        pytest.importorskip("llvmlite")
    X, Y, model = moons()
    _, _, other = moons()

    def judge(output, target):
        nonlocal calls
        calls += 1
        if calls > 3 * len(X):
            raise LookupError
        return True

    calls = 0
    with pytest.raises(LookupError):
        fit(model, X, Y, accuracy=judge, epochs=9, compiled=compiled)
    fit(other, X, Y, epochs=4, compiled=compiled)
    assert model.state_dict() == other.state_dict()


@pytest.fixture
def ctrl_c():
    """Ctrl-C as a terminal has it: a shell starts what runs in the background with it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_finishes_the_step_and_keeps_what_was_learned(ctrl_c):
    X, Y, model = moons()
    _, _, other = moons()

    def interrupt(model, history):
        if history.epochs == 4:
            os.kill(os.getpid(), signal.SIGINT)

    history = fit(model, X, Y, epochs=100, callback=interrupt)
    assert (history.epochs, history.stopped) == (4, "interrupted")
    fit(other, X, Y, epochs=4)
    assert model.state_dict() == other.state_dict()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize(("times", "batch_size", "epochs", "steps"), [(1, None, 3, 3), (2, None, 2, 2), (1, 8, 2, 11)])
def test_ctrl_c_in_the_middle_of_a_step_waits_for_its_end_and_twice_it_does_not(
    ctrl_c, times, batch_size, epochs, steps
):
    X, Y, model = moons()
    _, _, other = moons()
    calls = 0

    def loss(a, y):
        nonlocal calls
        calls += 1
        if calls == 2 + 2 * len(X) + 5:  # after a look at both targets and two epochs
            for _ in range(times):
                os.kill(os.getpid(), signal.SIGINT)
        return nn.binary_cross_entropy(a, y)

    optimizer = nn.SGD(model.parameters(), 0.1)
    history = fit(model, X, Y, epochs=100, loss=loss, optimizer=optimizer, batch_size=batch_size)
    assert (history.stopped, history.epochs, optimizer.steps) == ("interrupted", epochs, steps)
    if batch_size is None:
        fit(other, X, Y, optimizer=nn.SGD(other.parameters(), 0.1), epochs=epochs)
        assert model.state_dict() == other.state_dict()


def test_a_keyboard_interrupt_from_anywhere_inside_ends_the_run_the_same_way():
    X, Y, model = moons()

    def interrupt(model, history):
        raise KeyboardInterrupt

    assert fit(model, X, Y, epochs=100, callback=interrupt).stopped == "interrupted"


def test_a_diverging_run_names_the_first_node_that_is_not_finite():
    X, Y, model = moons()

    def bad(a, y):
        loss = log(1.0 - a * 1e6)
        return loss * loss

    before = model.state_dict()
    with pytest.raises(FloatingPointError, match=r"epoch 1 \(step 1\); example 0: forward: nan from log\("):
        fit(model, X, Y, loss=bad, epochs=2)
    assert model.state_dict() == before


@pytest.mark.parametrize("batch_size", [None, 2])
def test_the_example_that_is_not_finite_is_named_by_its_place_in_the_data(batch_size):
    model = nn.MLP(1, [1], output="linear", seed=0)
    X, Y = [[1.0], [2.0], [3.0], [-5000.0], [4.0]], [1.0] * 5

    def risky(a, y):
        return (a * a).exp() * 0.0 + y

    with pytest.raises(FloatingPointError, match=r"example 3: forward: inf from exp\("):
        fit(model, X, Y, loss=risky, batch_size=batch_size, epochs=1)


def test_an_example_that_costs_an_infinite_number_of_no_node_is_named():
    model = nn.Neuron(1, activation="linear", seed=0)
    with pytest.raises(FloatingPointError, match=r"not finite in epoch 1 \(step 1\); example 1\. A smaller"):
        fit(model, [[1.0], [2.0]], [1.0, 0.0], loss=lambda a, y: a if y else math.inf, epochs=1)


@pytest.mark.parametrize(("engine", "compiled"), [("native", True), ("eager", False)])
def test_an_engine_is_chosen_by_its_name(engine, compiled):
    pytest.importorskip("llvmlite")
    assert xor(compiled=None, engine=engine).compiled is compiled


def test_a_run_that_grows_without_bound_stops_at_the_node_that_overflows():
    model = nn.MLP(1, [1], output="exp", seed=0)
    with pytest.raises(FloatingPointError, match=r"the cost is not finite in epoch \d+ .*inf from exp") as raised:
        fit(model, [[1.0], [2.0]], [9.0, 99.0], loss=nn.mse, optimizer=nn.SGD(model.parameters(), 1e3), epochs=100)
    assert "z_1^(1)" in str(raised.value)
    assert all(map(math.isfinite, model.state_dict().values()))


@pytest.mark.parametrize("batch_size", [None, 7])
def test_a_resumed_run_is_the_whole_run_bit_for_bit(tmp_path, batch_size):
    X, Y, model = moons()
    whole = fit(model, X, Y, epochs=9, batch_size=batch_size, validation=0.2)
    _, _, first = moons()
    path = tmp_path / "run.json"
    fit(first, X, Y, epochs=4, batch_size=batch_size, validation=0.2, checkpoint=path)
    second = nn.MLP(2, [6, 1], activation="tanh", output="sigmoid", seed=99)
    history = fit(second, X, Y, epochs=9, batch_size=batch_size, validation=0.2, resume=path, seed=None)
    assert second.state_dict() == model.state_dict()
    assert (history.cost, history.validation_cost) == (whole.cost, whole.validation_cost)


def test_a_run_that_had_run_out_of_patience_has_when_it_is_resumed(tmp_path):
    X, Y, _ = moons(12)
    fit = partial(nn.fit, X=X, Y=Y, epochs=50, optimizer=lambda p: nn.SGD(p, 9.0), patience=2, seed=3, progress=False)
    first, again = [nn.MLP(2, [3, 1], "tanh", seed=seed) for seed in (1, 2)]
    whole = fit(first, checkpoint=tmp_path / "run.json")
    resumed = fit(again, resume=tmp_path / "run.json")
    assert whole.stopped == resumed.stopped == "early stopping"
    assert (resumed.cost, again.state_dict()) == (whole.cost, first.state_dict())


def test_a_checkpoint_of_another_run_is_refused(tmp_path):
    X, Y, model = moons()
    path = tmp_path / "run.json"
    fit(model, X, Y, epochs=1, batch_size=8, checkpoint=path)
    with pytest.raises(ValueError, match="of a run with batch_size 8; this one has 4"):
        fit(model, X, Y, epochs=2, batch_size=4, resume=path)
    model.save(path)
    with pytest.raises(nn.FileError, match="not a chainrule checkpoint: it says 'chainrule model'"):
        fit(model, X, Y, epochs=2, batch_size=8, resume=path)


def test_rows_of_single_numbers_and_arrays_are_inputs_too():
    np = pytest.importorskip("numpy")
    states = []
    for X in ([[0.5], [1.0]], [0.5, 1.0], np.array([0.5, 1.0]), np.array([[0.5], [1.0]])):
        model = nn.MLP(1, [1], seed=0)
        fit(model, X, np.array([1.0, 2.0]), loss=nn.mse, epochs=2)
        states.append(model.state_dict())
    assert all(s == states[0] for s in states)


@pytest.mark.parametrize(
    ("X", "Y", "settings", "error", "message"),
    [
        ([], [], {}, ValueError, "X has no rows"),
        ([[1.0], [2.0]], [1.0], {}, ValueError, "2 rows in X, but 1 in Y"),
        ([[1.0], [2.0, 3.0]], [0, 1], {}, ValueError, r"X\[1\] has another shape than X\[0\]: 2 numbers for 1"),
        ([[1.0], ["2"]], [0, 1], {}, TypeError, r"X\[1\]\[0\]: expected a number, got str '2'"),
        ([[1.0], [math.nan]], [0, 1], {}, ValueError, r"X\[1\]\[0\] is nan"),
        ([[1.0]], [2], {}, ValueError, r"Y\[0\]: binary_cross_entropy: the target 2 is not between"),
        ([[1.0, 2.0]], [1], {}, ValueError, "layer 1, .* takes 1 input, got 2"),
        ("12", [0, 1], {}, TypeError, "X is str; give a list or an array with one row for each example"),
        ([[]], [0], {}, ValueError, r"X\[0\] is empty"),
        ([[[1.0], [1.0, 2.0]]], [0], {}, ValueError, r"X\[0\] is ragged: its rows are not of one length"),
        ([[1.0]], [1], {"epochs": -1}, ValueError, "epochs is -1"),
        ([[1.0]], [1], {"epochs": None}, ValueError, "epochs is None; it must be a whole number, 0 or more"),
        ([[1.0]], [1], {"epochs": 2.0}, ValueError, "epochs is 2.0"),
        ([[1.0]], [1], {"batch_size": 0}, ValueError, "batch_size is 0"),
        ([[1.0]], [1], {"l2": -1}, ValueError, "l2 is -1; it must be a number, 0 or more"),
        ([[1.0]], [1], {"l2": math.nan}, ValueError, "l2 is nan"),
        ([[1.0]], [1], {"l2": "1"}, ValueError, "l2 is '1'"),
        ([[1.0]], [1], {"optimizer": nn.SGD([Value(1.0)], 0.1)}, ValueError, "not the model's 2"),
        ([[1.0]], [1], {"validation": 0.5}, ValueError, "leaves one part empty"),
    ],
)
def test_examples_and_settings_that_cannot_be_used_are_named(X, Y, settings, error, message):
    with pytest.raises(error, match=message):
        fit(nn.MLP(1, [1], output="sigmoid"), X, Y, **settings)


def test_whole_numbers_of_numpy_are_whole_numbers(tmp_path):
    np = pytest.importorskip("numpy")
    X, Y, model = moons()
    settings = {"epochs": np.int64(2), "batch_size": np.int32(4), "patience": np.uint8(2), "l2": np.float32(0.5)}
    history = fit(model, X, Y, **settings, seed=np.int64(7), checkpoint=tmp_path / "run.json")
    assert history.epochs == 2 and (tmp_path / "run.json").exists()
    assert nn.MLP(2, [1], seed=np.int64(7)).state_dict() == nn.MLP(2, [1], seed=7).state_dict()
    assert nn.data.moons(4, seed=np.int64(7)) == nn.data.moons(4, seed=7)


@pytest.mark.parametrize("how", [False, True, "shards"])
def test_a_step_of_ones_own_is_taken_in_every_run(how):
    class Clipped(nn.SGD):
        def step(self):
            nn.clip_gradients(self.parameters, 0.01)
            super().step()

    if how:
        pytest.importorskip("llvmlite")
    X, Y, model = moons()
    before = [p.data for p in model.parameters()]
    data = {"X": nn.Shards([0], lambda _: (X, Y))} if how == "shards" else {"X": X, "Y": Y, "compiled": how}
    for _ in range(2):
        optimizer = Clipped(model.parameters(), 1.0)
        nn.fit(model, **data, loss=nn.binary_cross_entropy, optimizer=optimizer, epochs=1, progress=False)
    assert math.dist(before, [p.data for p in model.parameters()]) == pytest.approx(0.02, rel=1e-3)


def test_what_is_wrong_with_the_examples_held_out_is_said_of_them():
    X, Y, model = moons()
    with pytest.raises(ValueError, match=r"validation: Y\[1\]: .*the target 2 is not between the 2 classes"):
        fit(model, X, Y, validation=(X[:2], [1, 2]))
    with pytest.raises(ValueError, match=r"validation: layer 1.*takes 2 inputs, got 1"):
        fit(model, X, Y, validation=([[1.0]], [1]))


def test_a_model_that_works_in_no_run_says_why_and_nothing_of_running_eagerly():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match="takes 2 inputs, got 1"):
            nn.predict(nn.MLP(2, [1]), [1.0, 2.0])


def test_a_function_without_parameters_is_evaluated():
    assert nn.evaluate(lambda x: 2 * x[0], [1.0, 2.0], [2.0, 5.0]).cost == 0.5


def test_progress_is_shown_with_cost_and_accuracy(capsys):
    X, Y, model = moons()
    fit(model, X, Y, epochs=2, progress=True)
    bar = capsys.readouterr().err
    assert "2/2" in bar and "cost 1." in bar and "accuracy" in bar


def test_history_plots_its_curves():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    X, Y, model = moons()
    axes = fit(model, X, Y, epochs=3, validation=0.25).plot()
    assert [line.get_label() for line in axes.lines] == ["cost", "cost, held out"]
    (right,) = [other for other in axes.figure.axes if other is not axes]  # which is drawn above
    assert [text.get_text() for text in right.get_legend().texts] == ["cost", "cost, held out", "accuracy"]
    axes.figure.draw_without_rendering()
    assert axes.xaxis.label.get_window_extent().y0 >= 0


@pytest.mark.parametrize("compiled", [False, True, None])
@pytest.mark.parametrize(
    "loss",
    [
        lambda a, y: 1.0, lambda a, y: Value(a.data) * y, lambda a, y: Value(2.0) * y,
        lambda a, y: (stop_gradient(a) - y) ** 2, lambda a, y: (round(a) - y) ** 2,
        lambda a, y: (a // 0.1 - y) ** 2, lambda a, y: where(greater(a, 0.5), 1.0, Value(2.0)) * y,
        lambda a, y: copysign(2.0, a - 0.5) * y,
    ],
)  # fmt: skip
def test_a_cost_that_depends_on_no_parameter_is_refused(compiled, loss):
    X, Y, model = moons()
    before = model.state_dict()
    with pytest.raises(ValueError, match="depends on a parameter"):
        fit(model, X, Y, loss=loss, epochs=1, compiled=compiled)
    assert model.state_dict() == before


def test_examples_that_cost_nothing_are_no_reason_to_refuse():
    X, Y, model = moons()
    seen = iter([1.0, 1.0])  # the first and the last call, of the targets
    history = fit(model, X, Y, loss=lambda a, y: next(seen, (a - y) ** 2), epochs=2, compiled=False)
    assert history.epochs == 2


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"loss": "mse"}, "loss= is a function, such as nn.mse, not 'mse'"),
        ({"optimizer": "adam"}, r"optimizer= is one, such as nn.Adam\(model.parameters\(\), 0.01\), not 'adam'"),
        ({"callback": 3}, "callback= is a function of the model and the history, not 3"),
        ({"validation": "a"}, r"validation= is a fraction of the examples or a pair \(X, Y\), not 'a'"),
        ({"validation": ([[0.0, 1.0]],)}, "validation= is a fraction of the examples or a pair"),
    ],
)
def test_a_setting_of_the_wrong_kind_is_named_before_anything_moves(settings, message):
    X, Y, model = moons()
    before = model.state_dict()
    with pytest.raises(TypeError, match=f"fit: {message}"):
        fit(model, X, Y, **settings)
    assert model.state_dict() == before


def test_a_model_without_parameters_has_nothing_to_train():
    class Doubled(nn.Module):
        def __call__(self, x):
            return 2 * x[0]

    with pytest.raises(ValueError, match="fit: the model has no parameters to train"):
        fit(Doubled(), [[1.0]], [1.0], loss=nn.mse)


@pytest.mark.parametrize(
    ("missing", "needs"),
    [
        ("tqdm", lambda history: xor(progress=True)),
        ("matplotlib.pyplot", lambda history: history.plot()),
        ("sklearn.datasets", lambda history: nn.data.digits()),
    ],
)
def test_what_is_not_installed_is_named(monkeypatch, missing, needs):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ImportError, match=r"pip install (tqdm|matplotlib|scikit-learn)"):
        needs(nn.History())


def test_a_history_in_words():
    assert nn.History().summary() == "not trained yet"
    X, Y, model = moons()
    assert re.fullmatch(
        r"cost \S+, accuracy \S+ %, held out \S+, accuracy there \S+ %",
        fit(model, X, Y, epochs=1, validation=0.25).summary(),
    )


def test_a_batch_that_costs_a_number_alone_moves_nothing():
    model = nn.Neuron(1, activation="linear", seed=0)
    w, b = model.state_dict().values()
    loss = lambda a, y: a if y else 3.0
    fit(
        model, [[1.0], [2.0]], [0.0, 1.0], loss=loss, optimizer=nn.SGD(model.parameters(), 0.25), epochs=1, batch_size=1
    )
    assert list(model.state_dict().values()) == pytest.approx([w - 0.5, b - 0.25], rel=1e-15)


def test_a_cost_that_overflows_only_in_the_sum_is_said_to():
    model = nn.Neuron(1, activation="linear", seed=0)
    with pytest.raises(
        FloatingPointError, match="the sum over the examples overflows, though no single one of them does"
    ):
        fit(model, [[1.0], [2.0]], [1.0, 1.0], loss=lambda a, y: 1.5e308 * y + 0.0 * a, epochs=1)


def test_what_changes_unseen_is_found_after_an_epoch_and_the_run_goes_on_eagerly(monkeypatch):
    pytest.importorskip("llvmlite")
    monkeypatch.setenv("SCALE", "1")
    loss = lambda a, y: float(os.environ["SCALE"]) * nn.squared_error(a, y)
    change = lambda model, history: monkeypatch.setenv("SCALE", "2")
    given = {"loss": loss, "callback": change, "epochs": 3, "validation": (X := [[0.5], [1.0]], Y := [1.0, 0.0])}
    with pytest.warns(UserWarning, match="going on eagerly, because after epoch 1 the compiled run differs"):
        history = fit(nn.Neuron(1, seed=0), X, Y, compiled=None, **given)
    monkeypatch.setenv("SCALE", "1")
    eager = fit(nn.Neuron(1, seed=0), X, Y, compiled=False, **given)
    assert not history.compiled and history.validation_cost == pytest.approx(eager.validation_cost, rel=1e-12)
    monkeypatch.setenv("SCALE", "1")
    with pytest.raises(TypeError, match="fit: after epoch 1 the compiled run differs from the eager one"):
        fit(nn.Neuron(1, seed=0), X, Y, compiled=True, **given)


@pytest.mark.parametrize(
    ("output", "as_read"),
    [
        (lambda p, q: (p, q), lambda p, q: [p, q]),
        (lambda p, q: [[p, q], [q, q]], lambda p, q: [[p, q], [q, q]]),
        (lambda p, q: ([p, q], [q, q]), lambda p, q: [[p, q], [q, q]]),
        (lambda p, q: ([p, q], q), lambda p, q: [[p, q], q]),
        (lambda p, q: {"mean": p, "rest": [q, 1.0]}, lambda p, q: {"mean": p, "rest": [q, 1.0]}),
        (lambda p, q: [p], lambda p, q: [p]),
    ],
)
@pytest.mark.parametrize("compiled", [False, True])
def test_a_model_gives_numbers_in_lists_tuples_and_dicts(output, as_read, compiled):
    if compiled:
        pytest.importorskip("llvmlite")
    line = nn.Neuron(1, activation="linear", seed=0)
    model = Giving(line, lambda x: output(line(x), 2 * line(x)))
    X = [[0.5], [1.0], [2.0]]
    want = [as_read(line(x).data, 2 * line(x).data) for x in X]
    assert nn.predict(model, X, compiled=compiled) == want
    cost = lambda a, y: nn.mse(sum(examples.flat(a)), y)
    start = nn.mse(sum(examples.flat(output(line(X[0]), 2 * line(X[0])))), 1.0).data
    settings = {"epochs": 2, "compiled": compiled, "accuracy": lambda a, y: a in want}
    history = fit(model, X[:1], [1.0], loss=cost, **settings)
    assert (history.cost[0], history.accuracy[0]) == (pytest.approx(start, rel=1e-14), 1.0)


class Giving(nn.Module):
    def __init__(self, inner, function):
        self.inner, self.function = inner, function

    def __call__(self, x):
        return self.function(x)


@pytest.mark.parametrize("compiled", [False, True])
def test_a_model_gives_numbers_in_arrays(compiled):
    np = pytest.importorskip("numpy")
    if compiled:
        pytest.importorskip("llvmlite")
    layer = nn.Layer(2, 2, "sigmoid", seed=0)
    model = Giving(layer, lambda x: np.array(layer(x)))
    X, Y = nn.data.moons(20, seed=1)
    assert nn.predict(model, X, compiled=compiled) == nn.predict(layer, X, compiled=compiled)
    targets = [[y, 1 - y] for y in Y]
    same = [fit(m, X, targets, loss=nn.binary_cross_entropy, epochs=1, compiled=compiled, optimizer=still) for m in
            (model, layer)]  # fmt: skip
    assert (same[0].cost, same[0].accuracy) == (same[1].cost, same[1].accuracy)


def still(parameters):
    return nn.SGD(parameters, 0.0)


@pytest.mark.parametrize("compiled", [False, True])
def test_a_list_of_one_output_is_judged_as_the_output(compiled):
    if compiled:
        pytest.importorskip("llvmlite")
    X, Y, model = moons()
    listed = Giving(model, lambda x: [model(x)])
    found = [nn.evaluate(m, X, Y, nn.binary_cross_entropy, compiled=compiled) for m in (model, listed)]
    assert found[0].accuracy == found[1].accuracy > 0


class Head(Giving):
    """All but the last layer stay as they are."""

    def parameters(self):
        return self.inner.layers[-1].parameters()


def test_parameters_that_a_model_leaves_out_are_kept_but_not_trained(tmp_path):
    X, Y, model = moons()
    body = model.layers[0].state_dict()
    whole = fit(Head(model, model), X, Y, epochs=6, patience=4, l2=0.1)
    assert model.layers[0].state_dict() == body
    _, _, again = moons()
    fit(Head(again, again), X, Y, epochs=3, patience=4, l2=0.1, checkpoint=tmp_path / "run.json")
    assert fit(Head(again, again), X, Y, epochs=6, patience=4, l2=0.1, resume=tmp_path / "run.json").cost == whole.cost
    assert again.state_dict() == model.state_dict()
    with pytest.raises(ValueError, match="moves 7 of the model's 25 parameters; to train those alone, let the model's"):
        fit(model, X, Y, optimizer=nn.SGD(model.layers[-1].parameters(), 0.1))


def test_a_model_that_is_no_module_is_trained_and_its_checkpoint_refused_before_it_is(tmp_path):
    class Line:
        def __init__(self):
            self.w = Value(2.0)

        def parameters(self):
            yield self.w

        def __call__(self, x):
            return self.w * x[0]

    line = Line()
    assert fit(line, [1.0], [1.0], loss=nn.mse, epochs=2).epochs == 2
    before = line.w.data
    with pytest.raises(TypeError, match=r"fit: checkpoint= needs a model with a state_dict\(\)"):
        fit(line, [1.0], [1.0], loss=nn.mse, checkpoint=tmp_path / "run.json")
    assert line.w.data == before


def test_a_model_whose_call_has_torch_s_name_is_told_ours():
    class Net(nn.Module):
        def forward(self, x):
            return x

    with pytest.raises(TypeError, match=r"not Net.*; call its `forward` `__call__`"):
        fit(Net(), [[1.0]], [1.0])


def test_a_model_that_is_not_one_is_named():
    with pytest.raises(TypeError, match=r"fit: model= is a function, such as nn.MLP\(2, \[8, 1\]\), not 3"):
        fit(3, [[1.0]], [1.0])


def test_a_checkpoint_of_other_data_is_refused(tmp_path):
    xor(checkpoint=tmp_path / "run.json")
    with pytest.raises(ValueError, match="of a run on other data"):
        xor(Y=[1 - y for y in nn.data.xor()[1]], resume=tmp_path / "run.json")


def test_a_checkpoint_of_other_data_held_out_is_refused(tmp_path):
    X, Y = nn.data.xor()
    xor(validation=(X, Y), checkpoint=tmp_path / "run.json")
    assert xor(validation=(X, Y), resume=tmp_path / "run.json").epochs == 2
    for validation in (None, (X, [1 - y for y in Y])):
        with pytest.raises(ValueError, match="of a run on other data"):
            xor(validation=validation, resume=tmp_path / "run.json")


def test_what_rounding_leaves_of_a_certain_example_is_no_disagreement_of_the_engines():
    slopes = [0.0, 2.5e-16]  # of p − y where an example is all but certain: eagerly and compiled
    assert _alike([slopes[0]], [slopes[1]], 1e-6)
    assert not _alike([0.0], [1e-11], 1e-6)


def test_a_checkpoint_resumes_on_the_same_data_in_an_array(tmp_path):
    np = pytest.importorskip("numpy")
    X, Y = map(np.array, nn.data.xor())
    xor(checkpoint=tmp_path / "run.json")
    assert xor(model=nn.MLP(2, [1]), X=X, Y=Y, epochs=3, resume=tmp_path / "run.json").epochs == 3


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"loss": nn.mse}, "loss 'squared_error'; this one has 'mse'"),
        ({"loss": partial(scaled, by=2.0)}, r"loss 'squared_error'; this one has 'scaled\(by=2.0\)'"),
        ({"optimizer": lambda ps: nn.SGD(ps, 0.01)}, r"method 'Adam\(lr=0.01, .*'SGD\(lr=0.01, momentum=0.0"),
        ({"optimizer": lambda ps: nn.Adam(ps, 0.1)}, r"method 'Adam\(lr=0.01, .*'Adam\(lr=0.1, "),
        ({"optimizer": lambda ps: nn.Adam(ps, 0.01, betas=(0.8, 0.9))}, r"betas=\(0.9, 0.999\).*betas=\(0.8, 0.9\)"),
        ({"model": nn.MLP(2, [1], output="tanh", seed=0)}, r"model 'MLP\(2 → 1 linear.*'MLP\(2 → 1 tanh"),
        ({"loss": nn.mse, "l2": 0.1}, "l2 0.0, loss 'squared_error'; this one has 0.1, 'mse'"),
    ],
)
def test_a_checkpoint_of_another_loss_optimizer_or_model_is_refused(tmp_path, settings, words):
    xor(checkpoint=tmp_path / "run.json")
    with pytest.raises(ValueError, match=f"fit: the checkpoint is of a run with .*{words}"):
        xor(**settings, resume=tmp_path / "run.json")
    assert xor(epochs=3, resume=tmp_path / "run.json").epochs == 3


def test_a_checkpoint_that_does_not_say_its_loss_still_loads(tmp_path):
    xor(checkpoint=tmp_path / "run.json")
    state = json.loads((tmp_path / "run.json").read_text())
    for name in ("checksum", "loss", "method", "model", "data"):
        del state[name]
    (tmp_path / "run.json").write_text(json.dumps(state))
    assert xor(epochs=3, resume=tmp_path / "run.json").epochs == 3


@pytest.mark.parametrize("place", [("batch_size",), ("best", "epoch"), ("optimizer", "steps"), ("history", "cost", 0)])
def test_a_checkpoint_with_true_for_a_number_is_refused(tmp_path, place):
    xor(batch_size=1, epochs=1, checkpoint=tmp_path / "run.json")
    state = json.loads((tmp_path / "run.json").read_text())
    del state["checksum"]
    *above, last = place
    reduce(getitem, above, state)[last] = True
    (tmp_path / "run.json").write_text(json.dumps(state))
    with pytest.raises(nn.FileError, match=rf"{'.'.join(map(str, place[:2]))} is true or false where a number is due"):
        xor(batch_size=1, resume=tmp_path / "run.json")


@pytest.mark.parametrize("compiled", [False, True])
def test_the_example_that_is_named_is_not_finite_itself(compiled):
    """The first one has an infinity as well, which a mask switches off."""
    model = nn.Neuron(1, activation="linear", seed=0)
    loss = lambda a, y: where(greater(y, 1.0), log(a - a), a)
    before = [p.grad for p in model.parameters()]
    with pytest.raises(FloatingPointError, match="example 1: forward: -inf from log"):
        fit(model, [1.0, 1.0], [0.0, 2.0], loss=loss, epochs=1, compiled=compiled)
    if compiled:  # an eager run keeps its gradients there
        assert [p.grad for p in model.parameters()] == before


@pytest.mark.parametrize("Y", [{1.0, 2.0}, frozenset((1.0, 2.0)), {0: 1.0, 1: 2.0}])
def test_what_has_no_order_holds_no_targets(Y):
    with pytest.raises(TypeError, match=rf"Y is {type(Y).__name__}; give a list or an array with one row for each"):
        nn.fit(nn.MLP(1, [1]), [[1.0], [2.0]], Y, epochs=1, progress=False)
