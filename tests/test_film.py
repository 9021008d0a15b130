"""`nn.watch`: it trains as `fit` does, and its page shows what the model said after each of its epochs."""

import base64
import json
import math
import re
from functools import partial

import pytest

import nn
from autograd import exp
from tests import chromium

X, Y = nn.data.moons(40, noise=0.1, seed=3)


def moons(**options):
    model = nn.MLP(2, [4, 1], activation="tanh", output="sigmoid", seed=1)
    settings = {"optimizer": lambda ps: nn.SGD(ps, 1.0), "epochs": 30, "seed": 0, "progress": False, "frames": 8}
    return model, nn.watch(model, X, Y, nn.binary_cross_entropy, compiled=False, **settings | options)


def film(page):
    return json.loads(re.search(r"^const film = (.*);$", page.html(), re.M)[1])


def test_it_trains_as_fit_does():
    model, page = moons()
    again = nn.MLP(2, [4, 1], activation="tanh", output="sigmoid", seed=1)
    history = nn.fit(again, X, Y, nn.binary_cross_entropy, lambda ps: nn.SGD(ps, 1.0), 30, seed=0, progress=False,
                     compiled=False)  # fmt: skip
    assert [p.data for p in model.parameters()] == [p.data for p in again.parameters()]
    assert page.history.cost == history.cost


def test_the_frames_begin_before_training_and_end_after_it():
    model, page = moons()
    told = film(page)
    assert told["epochs"] == [0, 1, 2, 6, 10, 15, 22, 30]
    fresh = nn.MLP(2, [4, 1], activation="tanh", output="sigmoid", seed=1)
    for place, network in ((0, fresh), (-1, model)):
        judged = nn.evaluate(network, X, Y, nn.binary_cross_entropy, compiled=False)
        assert told["cost"][place] == pytest.approx(judged.cost, rel=1e-3)
        assert told["accuracy"][place] == pytest.approx(judged.accuracy, rel=1e-3)
        assert told["weights"][place] == pytest.approx([p.data for p in network.parameters()], rel=1e-3)


def test_a_byte_for_every_point_of_the_grid_says_what_the_model_says_there():
    model, page = moons()
    told = film(page)
    cells = base64.b64decode(told["cells"])[-400:]
    (left, right), (low, high) = told["extent"]
    for k in (0, 19, 380, 217):  # x runs fastest, from the lower left
        x, y = left + (right - left) * (k % 20) / 19, low + (high - low) * (k // 20) / 19
        p = model([x, y]).data
        assert cells[k] == pytest.approx(255 * (0.5 + 0.5 * math.log(p / (1 - p)) / told["farthest"]), abs=0.6)


def test_a_run_that_stops_early_ends_with_the_parameters_it_is_left_with():
    model, page = moons(callback=lambda model, history: history.epochs == 7)
    told = film(page)
    assert told["epochs"] == [0, 1, 2, 6, 7]
    assert told["weights"][-1] == pytest.approx([p.data for p in model.parameters()], rel=1e-3)


@pytest.mark.parametrize(
    ("model", "loss", "inputs", "targets", "classes", "extent", "sizes"),
    [
        (nn.MLP(1, [1, 1], output="sigmoid", seed=0), nn.mse, [0.0, 1.0, 2.0], [0, 0, 1], 2, 1, [1, 1, 1]),
        (nn.MLP(2, [3], seed=0), nn.cross_entropy, [[0, 0], [0, 1], [1, 0]], [0, 1, 2], 3, 2, [2, 3]),
        (nn.MLP(2, [1], seed=0), nn.hinge, [[0, 0], [0, 1]], [-1, 1], 2, 2, [2, 1]),
        (nn.MLP(2, [1], seed=0), nn.mse, [[0, 0], [0, 1]], [3.5, 9.0], 0, 2, [2, 1]),
        (nn.MLP(3, [1], seed=0), nn.mse, [[0, 0, 1], [0, 1, 1]], [0, 1], 2, 0, [3, 1]),
        (nn.Neuron(2, seed=0), nn.mse, [[0, 0], [0, 1]], [0, 1], 2, 2, []),
    ],
)
def test_any_model_is_watched_as_far_as_it_can_be_shown(model, loss, inputs, targets, classes, extent, sizes):
    told = film(nn.watch(model, inputs, targets, loss, epochs=3, seed=0, progress=False, compiled=False))
    assert (told["classes"], len(told["extent"]), told["sizes"]) == (classes, extent, sizes)
    size = {0: 0, 1: 120, 2: 400}[extent]
    assert len(base64.b64decode(told["cells"])) == size * len(told["epochs"])
    assert len(told["cost"]) == len(told["epochs"]) == 4


@pytest.mark.parametrize(
    ("outputs", "loss", "targets", "names"),
    [
        (1, nn.mse, [0, 1], ["y = 0", "y = 1"]),
        (1, nn.hinge, [-1, 1], ["y = −1", "y = 1"]),
        (1, nn.mse, [-2.5, 3e-7], ["y = −2.5", "y = 3e−07"]),
        (2, nn.cross_entropy, [0, 1], ["class 0", "class 1"]),
        (2, nn.mse, [[1, 0], [0, 1]], ["class 0", "class 1"]),
        (9, nn.cross_entropy, [0, 8], [*[f"class {k}" for k in range(7)], "others"]),
    ],
)
def test_a_legend_says_what_the_colours_stand_for(outputs, loss, targets, names):
    model = nn.MLP(2, [outputs], seed=0)
    settings = {"loss": loss, "epochs": 1, "progress": False, "compiled": False}
    assert film(nn.watch(model, [[0, 0], [0, 1]], targets, **settings))["targets"] == names
    assert film(nn.watch(model, [[0, 0], [0, 1]], targets, targets=["no", "yes"], **settings))["targets"] == [
        "no",
        "yes",
    ]


def test_of_two_classes_with_an_output_each_a_byte_says_how_likely_the_second_is():
    model = nn.MLP(2, [3, 2], activation="tanh", seed=1)
    page = nn.watch(model, X, Y, nn.cross_entropy, epochs=1, progress=False, compiled=False)
    told = film(page)
    p, q = (z.data for z in model([told["extent"][0][0], told["extent"][1][0]]))
    byte = base64.b64decode(told["cells"])[-400]
    assert byte == pytest.approx(255 * (0.5 + 0.5 * (q - p) / told["farthest"]), abs=0.6)
    assert told["classes"] == 2


def test_a_curve_goes_on_beyond_the_targets_to_the_edge_of_the_picture():
    line = nn.Neuron(1, activation="linear", seed=0)
    line.w[0].data, line.b.data = 0.5, 3.0  # at the ends of the axis, 1.2 beyond the inputs, 2.4 and 8.6
    told = film(nn.watch(line, [0.0, 10.0], [3.0, 8.123456789], epochs=0, progress=False, compiled=False))
    cells = base64.b64decode(told["cells"])
    low, high = told["extent"][0]
    for k in (0, 11, 60, 119):
        y = 3.0 + 0.5 * (low + (high - low) * k / 119)
        share = (y - 3.0) / 5.123456789
        assert cells[k] == pytest.approx(255 * max(0.0, min(1.0, (share + 0.1) / 1.2)), abs=0.6)
    assert cells[0] == 0 < cells[11] and told["targets"] == ["y = 3", "y = 8.12346"]


def test_several_numbers_that_are_no_classes_have_no_map():
    model = nn.MLP(2, [2], seed=0)
    told = film(nn.watch(model, X, [[0.5, y] for y in Y], epochs=1, progress=False, compiled=False))
    assert told["extent"] == told["points"] == [] and told["cells"] == ""


@pytest.mark.parametrize("loss", [nn.cross_entropy, partial(nn.cross_entropy, smoothing=0.1)])
def test_the_classes_are_those_the_model_has_a_score_for(loss):
    model = nn.MLP(2, [3], seed=0)
    told = film(nn.watch(model, X, Y, loss, epochs=1, progress=False, compiled=False))
    assert told["classes"] == 3 and told["targets"] == ["class 0", "class 1", "class 2"]


def test_outputs_that_are_not_one_for_each_class_have_no_map_and_a_judge_of_ones_own_makes_no_classes():
    settings = {"epochs": 1, "progress": False, "compiled": False, "accuracy": lambda a, y: True}
    spread = lambda a, y: a[1] + (y - a[0]) ** 2 * exp(-a[1])
    cases = [
        (2, Y, spread),
        (3, Y, lambda a, y: spread(a, y) + a[2] ** 2),
        (2, [[y, 1] for y in Y], nn.binary_cross_entropy_with_logits),
        (2, [[[y], [y]] for y in Y], lambda a, y: a[0] - a[1]),
    ]
    for outputs, targets, loss in cases:
        told = film(nn.watch(nn.MLP(2, [outputs], seed=0), X, targets, loss, **settings))
        assert (told["classes"], told["cells"]) == (0, "")
    told = film(nn.watch(nn.MLP(2, [1], seed=0), X, [2.5 * x for x, _ in X], **settings))
    assert told["classes"] == 0 and len({target for *_, target in told["points"]}) > 2


@pytest.mark.parametrize(
    ("column", "scale", "ends"),
    [
        ([-2.0, 1.0], None, ["−2.36", "1.36"]),
        ([-2.0, 1.0], (69.6, 7.0), ["53.1", "79.1"]),
        ([-2.0, 1.0], (0.0, 3e8), ["−710000000", "410000000"]),
    ],
)
def test_an_axis_says_what_the_input_was_before_it_was_standardised(column, scale, ends):
    scales = None if scale is None else [scale]
    page = nn.watch(nn.Neuron(1), column, [0, 1], epochs=1, progress=False, compiled=False, scales=scales)
    assert film(page)["ends"] == [ends]


def test_many_examples_run_eagerly_have_fewer_frames(monkeypatch):
    monkeypatch.setattr("nn.film.MOST_EAGER", 4 * len(X))
    told = film(moons()[1])
    assert told["epochs"] == [0, 2, 10, 22, 30]


def test_a_history_gives_the_page_of_a_run_that_was_watched_and_says_how_to_get_one():
    model, page = moons()
    assert page.history.page() is page
    history = nn.fit(model, X, Y, nn.binary_cross_entropy, epochs=1, progress=False, compiled=False)
    with pytest.raises(RuntimeError, match=r"History\.page: this run kept its costs alone; nn\.watch"):
        history.page()


def test_what_cannot_be_is_said(tmp_path):
    with pytest.raises(ValueError, match=r"watch: frames= is a whole number, 2 or more, not 1"):
        moons(frames=1)
    for given in ({"inputs": ["x"]}, {"scales": [(0.0, 1.0)] * 3}):
        with pytest.raises(
            ValueError, match=r"watch: (inputs|scales)= is one for each input, of which there are 2, not"
        ):
            moons(**given)
    with pytest.raises(ValueError, match=r"the page of a training is HTML; '.*film.svg' should end in .html"):
        moons()[1].save(tmp_path / "film.svg")


# ---- the page


@pytest.fixture
def page(chrome, tmp_path):
    page = chrome.open(moons()[1].save(tmp_path / "film.html").as_uri())
    yield page
    complaints, requests = page.complaints(), page.requests()
    page.close()
    assert complaints == []
    assert all(url.startswith(("file:", "data:", "about:")) for url in requests)


def said(page):
    return page.run("document.getElementById('said').textContent")


@pytest.mark.browser
def test_keys_buttons_and_the_slider_move_through_the_epochs(page):
    seen = [said(page)]
    for key in (("ArrowRight", 39), ("End", 35), ("ArrowLeft", 37), ("Home", 36)):
        page.press(*key)
        seen.append(said(page))
    page.click("#last")
    page.click("#slider", 0.5)
    seen.append(said(page))
    epochs = [int(re.match(r"epoch (\d+): cost [\d.]+, accuracy [\d.]+ %$", text)[1]) for text in seen]
    assert epochs[:5] == [0, 1, 30, 22, 0]
    assert epochs[5] in (6, 10, 15)


@pytest.mark.browser
def test_play_runs_to_the_end(page):
    page.press(" ", 32, " ")
    chromium.wait_for(lambda: said(page).startswith("epoch 30:"))
    chromium.wait_for(lambda: page.run("document.getElementById('play').ariaLabel") == "Play")


@pytest.mark.browser
def test_the_address_holds_the_frame(page):
    page.run("location.hash = 'frame=3'")
    chromium.wait_for(lambda: said(page).startswith("epoch 6:"))
    page.press("ArrowRight", 39)
    assert page.run("location.hash") == "#frame=4"


@pytest.mark.browser
def test_the_boundary_moves_and_each_side_has_its_class_s_colour(page):
    before = page.run("document.getElementById('plane').toDataURL()")
    page.press("End", 35)
    assert before != page.run("document.getElementById('plane').toDataURL()")
    (r, _, b), (s, _, c) = page.run(
        "(d => [[20, 20], [620, 620]].map(([x, y]) => [...d.slice(4 * (640 * y + x), 4 * (640 * y + x) + 3)]))"
        "(document.getElementById('plane').getContext('2d').getImageData(0, 0, 640, 640).data)"
    )  # the upper moon is class 0, orange; the lower blue
    assert r > b and c > s


@pytest.mark.browser
def test_a_cost_below_0_is_drawn_below_the_line(chrome, tmp_path):
    line = nn.Neuron(1, activation="linear", seed=0)
    settings = {"epochs": 3, "progress": False, "compiled": False, "optimizer": lambda ps: nn.SGD(ps, 1.0)}
    watched = nn.watch(line, [1.0], [0.5], lambda a, y: a, **settings)
    page = chrome.open(watched.save(tmp_path / "film.html").as_uri())
    points = page.run("[...document.querySelector('#cost polyline').points].map(p => p.y)")
    axis = page.run("+document.querySelector('#cost line').getAttribute('y1')")
    assert points == sorted(points) and points[0] < axis < points[-1] <= 118
    page.close()


@pytest.mark.browser
def test_nine_classes_are_drawn_and_those_without_a_colour_share_one(chrome, tmp_path):
    settings = {"epochs": 1, "progress": False, "compiled": False, "inputs": ["length", "width"]}
    watched = nn.watch(nn.MLP(2, [9], seed=0), X[:9], [*range(9)], nn.cross_entropy, **settings)
    page = chrome.open(watched.save(tmp_path / "film.html").as_uri())
    texts = "[...document.querySelectorAll('#legend span, #map figcaption span')].map(e => e.textContent)"
    low, middle, high, *legend = page.run(texts)
    assert re.fullmatch(r"length → \S+ … \S+", low) and re.fullmatch(r"width ↑ \S+ … \S+", high) and middle == ""
    assert legend == [*[f"class {k}" for k in range(7)], "others"]
    assert page.complaints() == []
    page.close()


@pytest.mark.browser
def test_a_weight_that_is_pointed_at_says_its_name_and_its_number(page):
    weight = film(moons()[1])["weights"][0][0]
    page.run("document.querySelector('#network path').dispatchEvent(new Event('pointerenter'))")
    assert said(page).endswith(f"; w₁₁⁽¹⁾ = {weight:.4g}".replace("-", "−"))
    css = page.run("document.querySelector('#network path').getAttribute('class')")
    assert css == ("positive" if weight > 0 else "negative")


@pytest.mark.browser
@pytest.mark.parametrize(("width", "height"), [(1280, 720), (960, 540), (390, 844)])
def test_the_controls_are_in_view_and_nothing_is_wider_than_the_screen(page, width, height):
    page.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500)
    page.run("1")
    assert page.run("document.documentElement.scrollWidth") <= width
    assert page.run("document.getElementById('said').getBoundingClientRect().bottom") <= height
