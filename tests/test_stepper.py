"""The step-by-step page, driven in a real Chromium, and the file it is in."""

import base64
import functools
import json
import math
import re

import pytest

import autograd as ad
import nn
from autograd import Value, draw, step
from autograd.core.primitives import TABLE
from autograd.core.sweeps import topological_order
from autograd.core.value import NOT_COMPUTED
from autograd.picture import live
from autograd.picture.formula import labels, typeset
from tests import chromium
from tests.test_picture_model import network_cost, neuron_cost


@pytest.fixture
def page_of(chrome, tmp_path):
    """Open the page of a value, perhaps at a step."""
    pages = []

    def open_page(value, at="", **options):
        path = step(value, title="A test", **options).save(tmp_path / "page.html")
        pages.append(chrome.open(path.as_uri() + at))
        return pages[-1]

    yield open_page
    for page in pages:
        complaints = page.complaints()
        page.close()
        assert complaints == []


def at(page):
    return page.run("document.getElementById('count').textContent")


def shown(page, css):
    """The texts of the elements that can be seen."""
    script = "[...document.querySelectorAll('#picture %s')].filter(e => !e.closest('.off')).map(e => e.textContent)"
    return [text.replace("\xa0", " ") for text in page.run(script % css)]


def equations(page):
    return page.run("[...document.querySelectorAll('.eq')].map(e => e.textContent.replaceAll(' ', ''))")


RIGHT, LEFT, HOME, END = ("ArrowRight", 39), ("ArrowLeft", 37), ("Home", 36), ("End", 35)


@pytest.mark.browser
def test_keys_move_through_the_steps(page_of):
    page = page_of(neuron_cost())
    assert at(page) == "1 / 11"
    seen = []
    for key in (RIGHT, RIGHT, LEFT, END, RIGHT, HOME, LEFT):
        page.press(*key)
        seen.append(at(page))
    assert seen == ["2 / 11", "3 / 11", "2 / 11", "11 / 11", "11 / 11", "1 / 11", "1 / 11"]


@pytest.mark.browser
def test_slider_and_buttons_move_through_the_steps(page_of):
    page = page_of(neuron_cost())
    page.click("#slider", 0.5)
    assert at(page) == "6 / 11"
    page.click("#last")
    assert at(page) == "11 / 11"
    page.click("#back")
    assert at(page) == "10 / 11"
    page.click("#first")
    page.click("#next")
    assert at(page) == "2 / 11"
    assert page.run("document.getElementById('slider').value") == "2"


@pytest.mark.browser
def test_play_walks_on_and_pauses(page_of):
    page = page_of(neuron_cost())
    page.press(" ", 32, " ")
    chromium.wait_for(lambda: at(page) == "2 / 11")
    assert page.run("document.getElementById('play').ariaLabel") == "Pause"
    page.press(" ", 32, " ")
    assert page.run("document.getElementById('play').ariaLabel") == "Play"


@pytest.mark.browser
def test_deep_link_opens_a_step_and_the_address_follows(page_of):
    page = page_of(neuron_cost(), "#step=9")
    assert at(page) == "9 / 11"
    page.press(*RIGHT)
    assert page.run("location.hash") == "#step=10"
    page.run("location.hash = 'step=4'")
    chromium.wait_for(lambda: at(page) == "4 / 11")


@pytest.mark.browser
def test_clicking_a_card_jumps_to_what_happens_there(page_of):
    page = page_of(neuron_cost())
    page.click("#n3")  # z: computed in step 2, its gradient arrives in step 8
    assert at(page) == "2 / 11"
    page.click("#n3")
    assert at(page) == "8 / 11"
    page.run("document.getElementById('n0').focus()")
    page.press("Enter", 13, "\r")
    assert at(page) == "9 / 11"


@pytest.mark.browser
def test_a_step_shows_what_is_known_then_and_how_the_newest_number_came_about(page_of):
    page = page_of(neuron_cost(), "#step=9")
    assert shown(page, ".d") == ["−0.07357", "−0.1471", "−0.6636", "0.6636", "1"]
    assert page.run("document.getElementById('phase').textContent") == "backward"
    assert page.run("document.querySelector('.card.now').id") == "n0"
    assert page.run("[...document.querySelectorAll('path.path')].map(e => e.id)") == ["e3", "e4"]
    assert shown(page, ".r:not(.b)") == [
        "∂z/∂w = a(L−1)",
        "∂a(L)/∂z = σ′(z)",
        "= a(L)·(1 − a(L))",
        "∂C/∂a(L) = 2(a(L) − y)",
        "∂C/∂y = −2(a(L) − y)",
    ]
    words = "Backward along z → w: multiply the gradient arriving at z by the local derivative."
    assert page.run("document.getElementById('words').textContent") == words
    assert equations(page) == [
        "∂C∂w=∂z∂w·∂C∂z=a(L−1)·∂C∂z=0.5·(−0.1471)=−0.07357",
        "∂C∂w=∂z∂w·∂a(L)∂z·∂C∂a(L)=0.5·0.2217·(−0.6636)=−0.07357",
    ]
    page.press(*HOME)
    assert shown(page, ".v") == ["2", "−0.3", "0.5", "1"]
    assert shown(page, ".d") == []
    page.press(*RIGHT)
    assert equations(page)[0] == "z=w·a(L−1)+b=2·0.5+(−0.3)=0.7"


@pytest.mark.browser
def test_a_negative_number_is_fenced_where_nothing_else_fences_it(page_of):
    x, y = Value(-0.5, "x"), Value(-2.0, "y")
    cases = [
        (ad.sigmoid(x), "σ(−0.5)"),
        (ad.maximum(x, y), "max(−0.5,−2)"),
        (abs(x), "|−0.5|"),
        (ad.logsumexp([x, y]), "logsumexp(−0.5,−2)"),
        ((x + y) ** 2, "((−0.5)+(−2))2"),
        (ad.sigmoid(x * y), "σ((−0.5)·(−2))"),
    ]
    for value, filled in cases:
        assert equations(page_of(value, "#step=2"))[0].split("=")[2] == filled


@pytest.mark.browser
def test_shared_values_show_their_running_sums(page_of):
    x = Value(3.0, "x")
    parts = [x * x, x * 1, 2 * x]
    for part, label in zip(parts, "abc", strict=True):
        part.label = label
    page = page_of(parts[0] + parts[1] - parts[2], "#step=10")
    words = page.run("document.getElementById('words').textContent")
    assert words.endswith("(contribution 1 of 3).")
    sums = []
    for _ in range(3):
        sums.append(page.run("['.g', '.d'].map(css => document.querySelector('#n0 ' + css).textContent)"))
        page.press(*RIGHT)
    assert sums == [["so far", "−2"], ["so far", "−1"], ["∂C/∂x", "5"]]  # the sum of some is no ∂C/∂x
    assert equations(page)[-1] == "∂C∂x=−2+1+6=5"


@pytest.mark.browser
@pytest.mark.parametrize("collapse", [None, "neuron"])
def test_at_no_step_does_a_symbol_stand_for_another_number_than_at_the_end(page_of, collapse):
    x = Value(3.0, "x")
    h = x * x + 2 * x
    h.label = "a_1^(1)"
    g = h * x + h.tanh()
    g.label = "a_1^(2)"
    page = page_of(h * g - x, collapse=collapse)
    meanings = {}
    for _ in range(int(at(page).split()[-1])):
        for symbol, number in page.run(
            "[...document.querySelectorAll('.card')].filter(c => c.getClientRects().length).flatMap(c => ["
            "[c.querySelector('.g'), c.querySelector('.d')]]).filter(([g, d]) => g && !d.classList.contains('off'))"
            ".map(([g, d]) => [g.textContent, d.textContent])"
        ):
            meanings.setdefault(symbol, set()).add(number)
        page.press(*RIGHT)
    del meanings["so far"]
    assert all(len(numbers) == 1 for numbers in meanings.values()), meanings


def test_of_what_was_swept_twice_the_page_says_nothing_as_it_makes_a_sweep_of_its_own():
    cost = Value(2.0, "changed") * 3.0
    cost.backward()
    cost.backward()
    assert "⚠" not in step(cost).html() and "⚠" in draw(cost).svg()


def test_an_unlabelled_value_is_in_the_module_of_all_that_reads_it():
    w, x = Value(2.0, "w_1^(1)"), Value(0.5, "x")
    one, two, three = x.exp(), x.sin(), x.cos()
    first, second = one * one * w + two, two + three
    first.label, second.label = "z_1^(1)", "z_2^(1)"
    page = step(first * second * three, collapse="layer")
    within = dict(zip([node[0] for node in page._story["nodes"]], page._story["within"], strict=True))
    layers, keys = page._story["modules"], ["v₁", "z₁⁽¹⁾", "v₂", "v₃"]
    neuron, again, layer, outside = [within[key] for key in keys]
    assert neuron == again and layers[neuron][0] == layer and outside is None


@pytest.mark.browser
def test_numbers_changed_since_are_said_and_not_put_into_the_formula(page_of):
    cost = neuron_cost()
    cost.operands[0].operands[0].operands[0].operands[0].data = 9.0  # w
    page = page_of(cost, "#step=2")
    assert equations(page)[0] == "z=w·a(L−1)+b=0.7"
    assert "was changed after the forward pass" in page.run("document.querySelector('.note').textContent")


@pytest.mark.browser
def test_edges_go_in_the_order_of_the_engine(page_of):
    cost = network_cost(2, 3, 2, 1)
    page = page_of(cost, collapse=False)
    seen = []
    for _ in range(int(at(page).split()[-1])):
        words = page.run("document.getElementById('words').textContent")
        seen += re.findall(r"Backward along (.+) → ", words)
        page.press(*RIGHT)
    swept = [v.label for v in reversed(topological_order(cost)) if v.label and v.op]
    assert list(dict.fromkeys(seen)) == [labels.text(label) for label in swept]


@pytest.mark.browser
def test_the_accessible_tree_has_every_node_with_its_value_and_gradient(page_of):
    page = page_of(neuron_cost(), "#step=11")
    named = {name for role, name in page.spoken() if role == "button"}
    assert {
        "w: value 2, gradient ∂C/∂w −0.07357",
        "a⁽ᴸ⁻¹⁾: value 0.5, gradient ∂C/∂a⁽ᴸ⁻¹⁾ −0.2943",
        "b: value −0.3, gradient ∂C/∂b −0.1471",
        "z: value 0.7, gradient ∂C/∂z −0.1471",
        "a⁽ᴸ⁾: value 0.6682, gradient ∂C/∂a⁽ᴸ⁾ −0.6636",
        "y: value 1, gradient ∂C/∂y 0.6636",
        "C: value 0.1101, gradient ∂C/∂C 1",
    } <= named
    assert {"First step", "Step back", "Play", "Step forward", "Last step"} <= named
    assert ("slider", "Step") in page.spoken()
    page.press(*HOME)
    assert ("button", "z: value not computed yet, gradient ∂C/∂z not computed yet") in page.spoken()


@pytest.mark.browser
def test_hovering_a_card_fades_what_is_not_connected(page_of):
    page = page_of(neuron_cost())
    page.move(*page.middle("#n5"))
    opacity = "getComputedStyle(document.getElementById(%r)).opacity"
    assert [page.run(opacity % name) for name in ("n5", "n6", "e5", "n0", "e0")] == ["1", "1", "1", "0.18", "0.18"]
    page.move(5, 5)
    assert page.run(opacity % "n0") == "1"


@pytest.mark.browser
def test_the_page_follows_the_system_into_the_dark_and_prints_the_whole_picture(page_of):
    page = page_of(neuron_cost())
    paper = "getComputedStyle(document.body).backgroundColor"
    assert page.run(paper) == "rgb(255, 255, 255)"
    page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    assert page.run(paper) == "rgb(15, 23, 42)"
    page.press("d", 68, "d")
    assert page.run(paper) == "rgb(255, 255, 255)"
    page.call("Emulation.setEmulatedMedia", media="print")
    assert page.run("getComputedStyle(document.getElementById('controls')).display") == "none"
    assert page.run("getComputedStyle(document.querySelector('#n3 .d')).visibility") == "visible"
    assert base64.b64decode(page.call("Page.printToPDF")["data"]).startswith(b"%PDF")


@pytest.mark.browser
def test_the_page_asks_for_nothing_else(page_of):
    page = page_of(network_cost(2, 3, 2, 1), collapse=False)
    page.press(*END)
    page.run("1")
    assert all(url.startswith(("file:", "data:", "about:")) for url in page.requests())


@pytest.mark.browser
def test_hostile_labels_are_text(page_of):
    hostile = ["</script><script>window.broken = 1</script>", "<b>&amp;\"'", "{0}{{title}}", "שלום", "a|b{c}\\n\x00"]
    cost = ad.sum([Value(float(k), label) * 2 for k, label in enumerate(hostile)]) ** 2
    page = page_of(cost, "#step=2")
    assert page.run("window.broken") is None
    for _ in range(8):
        page.press(*RIGHT)
    titles = page.run("[...document.querySelectorAll('.card text:first-of-type')].map(e => e.textContent)")
    assert titles[1] == "<b>&amp;\"'"
    assert titles[2] == "{0}{{title}}"
    assert "שלום" in titles[3]
    assert page.run("document.querySelectorAll('b').length") == 0


@pytest.mark.browser
def test_in_a_notebook_the_page_runs_in_its_frame(chrome, tmp_path):
    bundle = step(neuron_cost())._repr_mimebundle_()
    path = tmp_path / "notebook.html"
    path.write_text(f'<meta charset="utf-8"><body style="margin:0">{bundle["text/html"]}', "utf-8")
    page = chrome.open(path.as_uri())
    chromium.wait_for(lambda: page.run("document.querySelector('img').complete"))
    assert page.run("document.querySelector('img').naturalWidth") > 800  # what an untrusted notebook shows
    x, y = page.middle("iframe")
    assert page.run(f"document.elementFromPoint({x}, {y}).tagName") == "IFRAME"
    inside = chrome.frame()
    chromium.wait_for(lambda: at(inside) == "1 / 11")
    inside.run("document.getElementById('last').click()")
    assert at(inside) == "11 / 11"
    assert inside.complaints() == page.complaints() == []
    inside.close()
    page.close()


def story(value, **options):
    return json.loads(re.search(r"^const story = (.*);$", step(value, **options).html(), re.M)[1])


def test_the_page_needs_no_backward_and_leaves_gradients_alone():
    cost = neuron_cost()
    nodes = story(cost)["nodes"]
    assert nodes[0][:2] == ["w", "<mi>w</mi>"]
    assert nodes[0][3:] == [2.0, pytest.approx(-0.07357, rel=1e-4)]
    assert all(v.grad is NOT_COMPUTED for v in topological_order(cost))


def test_one_neuron_takes_less_than_60_kB_and_242_nodes_less_than_500():
    assert len(step(neuron_cost()).html().encode()) <= 60_000
    cost = network_cost(2, 11, 12, 1)
    page = step(cost, collapse=False)
    assert "242 cards" in repr(page)
    assert len(page.html().encode()) <= 500_000


def test_the_page_is_the_same_bytes_every_time():
    assert step(network_cost(2, 3, 2, 1)).html() == step(network_cost(2, 3, 2, 1)).html()


def test_the_page_names_no_other_address():
    html = step(neuron_cost()).html()
    assert set(re.findall(r"https?://[^\"' )]+", html)) == {"http://www.w3.org/2000/svg"}


def test_a_page_can_follow_one_value():
    cost = network_cost(2, 3, 2, 1)
    w = next(v for v in topological_order(cost) if v.label == "w_{1,1}^(1)")
    told = story(cost, path_to=w)
    assert [node[0] for node in told["nodes"]][:3] == ["w₁‚₁⁽¹⁾", "z₁⁽¹⁾", "a₁⁽¹⁾"]
    assert len(told["order"]) == len(told["edges"]) == 10
    cost.backward()
    assert told["nodes"][0][4] == w.grad


def test_save_wants_html_and_step_wants_a_value(tmp_path):
    with pytest.raises(ValueError, match=r"should end in \.html"):
        step(neuron_cost()).save(tmp_path / "page.png")
    with pytest.raises(TypeError, match="step: a Value is stepped through, not float"):
        step(1.0)
    with pytest.raises(ValueError, match="max_nodes=5"):
        step(neuron_cost(), max_nodes=5)


# ---- the page computes the graph again


def in_javascript(row):
    z = row(*[Value(x) for x in (0.3, 0.7, 0.2, 0.4, 0.5)[: row.arity or 3]])
    return live.script(topological_order(z)) is not None


@pytest.mark.browser
@pytest.mark.parametrize("name", [name for name, row in TABLE.items() if in_javascript(row)])
def test_every_row_has_the_engine_s_value_and_partials_in_the_page(bare_page, name):
    row = TABLE[name]
    points = [
        (0.3, 0.7, 0.2, 0.4, 0.5), (2.5, 1.5, -3.25, 0.5, 2.0), (-1.25, 2.0, 0.5, 0.0, 1.0), (0.0, 0.0, 0.0, 0.0, 0.0),
        (1.0, math.nan, 2.0, 1.0, 0.0), (1.0, 2.0, 2.5, 1.5, 0.25), (0.0, 1.0, 0.75, 3.0, 0.5),
    ]  # fmt: skip
    wrong = []
    for point in points:
        z = row(*map(Value, point[: row.arity or 3]))
        expected = [z.data, *[0.0 if p is None else p for p in z._partials]]
        found = bare_page.run(
            "(() => {" + live.script(topological_order(z)) + "const [kind, ...at] = engine.code.at(-1);"
            "const xs = at.map((k) => engine.data[k]), { f, d } = engine.rows[kind], z = f(0, xs)[0];"
            "return [z, ...d([...xs, z])].map((x) => Number.isFinite(x ?? 0) ? x ?? 0 : String(x)); })()"
        )
        for got, want in zip(map(float, found), expected, strict=True):
            same = got == want or (got != got and want != want)
            if not same and not math.isclose(got, want, rel_tol=1e-14, abs_tol=1e-300):
                wrong.append((point, got, want))
    assert wrong == []


@pytest.fixture(scope="module")
def bare_page(chrome):
    page = chrome.open("about:blank")
    yield page
    page.close()


def drag(page, name, x):
    """Move the slider of a leaf as a hand does: its number, then the event."""
    return page.run(
        f"(() => {{ const s = [...document.querySelectorAll('#sliders input')].find(s => s.ariaLabel === {name!r});"
        f"s.value = {x}; s.dispatchEvent(new Event('input')); return +s.value; }})()"
    )


@pytest.mark.browser
def test_dragging_a_slider_changes_every_number_to_the_engine_s(page_of):
    page = page_of(neuron_cost(), "#step=11")
    moved = drag(page, "w", -1.0)
    w, a, b, y = (Value(x) for x in (moved, 0.5, -0.3, 1.0))
    cost = (ad.dot([w], [a], b).sigmoid() - y) ** 2
    cost.backward()
    assert shown(page, ".d")[:3] == [typeset.format_number(v.grad) for v in (w, b, a)]
    assert shown(page, ".v")[-1] == typeset.format_number(cost.data)
    assert page.run("document.querySelector('#sliders .fd').textContent") == typeset.format_number(w.grad)
    assert "= −1" in shown(page, ".r.b")  # ∂z/∂a
    assert equations(page)[0].endswith(f"={typeset.format_number(a.grad)}")


@pytest.mark.browser
def test_the_address_holds_what_was_dragged_and_reset_forgets_it(page_of):
    page = page_of(neuron_cost(), "#step=11&w=-1.5")
    assert shown(page, "#n0 .v") == ["−1.5"]
    drag(page, "b", 0.5)
    assert page.run("location.hash") == "#step=11&w=-1.5&b=0.5"
    page.click("#reset")
    assert page.run("location.hash") == "#step=11"
    assert shown(page, ".d")[0] == "−0.07357"


@pytest.mark.browser
def test_descending_moves_the_parameters_down_and_draws_the_cost(page_of):
    page = page_of(neuron_cost(), "#step=11")
    said = "document.getElementById('costs').textContent"
    page.click("#descend")
    assert re.fullmatch(r"C: 0\.1101 → 0\.\d+ after 1 step", page.run(said))
    page.click("#reset")
    page.click("#descend-more")
    assert re.fullmatch(r"C: 0\.1101 → 0\.0\d+ after 100 steps", page.run(said))
    assert page.run("document.querySelector('#curve polyline').getAttribute('points').split(' ').length") == 101
    assert shown(page, "#n2 .v") == ["0.5"]  # an input stays


@pytest.mark.browser
def test_a_leaf_is_dragged_sideways_in_the_picture_and_its_click_does_not_jump(page_of):
    page = page_of(neuron_cost(), "#step=11")
    x, y = page.middle("#n0 .body")
    page.call("Input.dispatchMouseEvent", type="mousePressed", x=x, y=y, button="left", clickCount=1)
    page.move(x + 30, y)
    page.call("Input.dispatchMouseEvent", type="mouseMoved", x=x + 50, y=y, button="left", buttons=1)
    page.call("Input.dispatchMouseEvent", type="mouseReleased", x=x + 50, y=y, button="left", clickCount=1)
    assert shown(page, "#n0 .v") == ["3"]
    assert at(page) == "11 / 11"


@pytest.mark.browser
def test_the_picture_zooms_fits_and_finds(page_of):
    page = page_of(network_cost(2, 4, 4, 1), collapse=False)
    width = "+document.getElementById('picture').getAttribute('viewBox').split(' ')[2]"
    page.click("#fit")
    whole = page.run(width)
    page.press("+", 187)
    assert page.run(width) < whole
    page.press("0", 48)
    assert page.run(width) == whole
    page.press("/", 191)
    assert page.run("document.activeElement.id") == "search"
    page.run("document.activeElement.value = 'y_1'; document.activeElement.dispatchEvent(new Event('input'))")
    assert page.run("[...document.querySelectorAll('.found .t.b')].map(e => e.textContent)") == ["y1"]
    said = "document.getElementById('found').textContent"
    assert page.run(said) == ""
    page.run("document.activeElement.value = 'q'; document.activeElement.dispatchEvent(new Event('input'))")
    assert page.run(said) == "no value is called q…"


def test_a_row_that_javascript_cannot_say_leaves_the_page_without_sliders():
    odd = ad.primitive("odd", lambda x: float(str(x)), lambda x, z: 1.0)
    html = step(odd(Value(2.0, "x"))).html()
    assert "const engine" not in html


def attention_weight():
    query = [Value(x, f"q_{i}") for i, x in enumerate((0.5, -0.3), 1)]
    keys = ((0.2, 0.9), (-0.4, 0.7), (1.1, 0.3))
    scores = [
        ad.dot(query, [Value(x, f"k_{{{j}{i}}}") for i, x in enumerate(key, 1)]) / 2**0.5
        for j, key in enumerate(keys, 1)
    ]
    for j, score in enumerate(scores, 1):
        score.label = f"s_{j}"
    weight = ad.exp(scores[0] - ad.logsumexp(scores))
    weight.label = "alpha_1"
    return weight


def black_scholes():
    S, K, r, v, T = (Value(x, name) for x, name in zip((100.0, 105.0, 0.03, 0.2, 1.0), "SKrvT", strict=True))
    above = (ad.log(S / K) + (r + v**2 / 2) * T) / (v * ad.sqrt(T))
    above.label = "d_1"
    below = above - v * ad.sqrt(T)
    below.label = "d_2"
    call = S * ad.ndtr(above) - K * ad.exp(-r * T) * ad.ndtr(below)
    call.label = "C"
    return call


SEEN = {"one neuron": neuron_cost, "attention": attention_weight, "Black-Scholes": black_scholes} | {
    name: functools.partial(network_cost, *map(int, name.split("-")))
    for name in ("1-1-1-1", "2-3-1", "2-4-4-1", "2-8-8-1")
}


@pytest.mark.browser
@pytest.mark.parametrize("name", SEEN)
def test_all_fits_a_slide_and_can_be_read(page_of, name):
    page = page_of(SEEN[name]())
    page.call("Emulation.setDeviceMetricsOverride", width=960, height=540, deviceScaleFactor=1, mobile=False)
    for at in ("step=1", "step=8", "step=999"):
        page.run(
            f"location.hash = {at!r}; new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )
        stage = page.run(
            "(r => [r.left, r.top, r.right, r.bottom])(document.getElementById('stage').getBoundingClientRect())"
        )
        for left, top, right, bottom in page.run(
            "[...document.querySelectorAll('.card')].map(c => c.getBoundingClientRect()).filter(r => r.width)"
            ".map(r => [r.left, r.top, r.right, r.bottom])"
        ):
            assert (
                stage[0] <= left + 0.5
                and stage[1] <= top + 0.5
                and right <= stage[2] + 0.5
                and bottom <= stage[3] + 0.5
            )
        assert page.run("document.documentElement.scrollHeight") <= 540
    letters = "parseFloat(getComputedStyle(document.querySelector('#picture .v')).fontSize)"
    assert page.run(f"{letters} * document.getElementById('picture').getScreenCTM().a") > 8


@pytest.mark.browser
@pytest.mark.parametrize("sizes", [(1,) * 4, (1,) * 7])
def test_no_card_of_a_chain_lies_below_the_buttons_that_zoom(page_of, sizes):
    page = page_of(network_cost(*sizes))
    page.call("Emulation.setDeviceMetricsOverride", width=1280, height=720, deviceScaleFactor=1, mobile=False)
    page.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    lowest, buttons = page.run(
        "[Math.max(...[...document.querySelectorAll('.card, .module')].map(c => c.getBoundingClientRect().bottom)),"
        "document.getElementById('zoom').getBoundingClientRect().top]"
    )
    assert lowest <= buttons


@pytest.mark.browser
def test_on_a_phone_the_result_is_in_view_and_nothing_is_wider_than_the_screen(page_of):
    page = page_of(network_cost(3, 2, 1), collapse=False)
    page.call("Emulation.setDeviceMetricsOverride", width=390, height=844, deviceScaleFactor=1, mobile=True)
    for _ in range(int(at(page).split()[-1])):
        page.press(*RIGHT)
        bottom, right, wide = page.run(
            "(() => { const boxes = (css) => [...document.querySelectorAll(css)].map(e => e.getBoundingClientRect());"
            "return [Math.max(...boxes('#math .result').map(r => r.bottom)), Math.max(...boxes('math')"
            ".map(r => r.right)),"
            "document.documentElement.scrollWidth]; })()"
        )
        assert bottom <= 844 and right <= 390 and wide <= 390


@pytest.mark.browser
def test_on_a_phone_no_bar_lies_on_the_numbers_of_the_leaves(page_of):
    """Bars of phones are drawn over what they scroll, some 6 pixels of it."""
    page = page_of(network_cost(2, 4, 1), collapse=False)
    page.call("Emulation.setDeviceMetricsOverride", width=390, height=844, deviceScaleFactor=1, mobile=True)
    scrolls, edge, numbers, title = page.run(
        "(() => { const right = (css) => document.querySelector(css).getBoundingClientRect().right;"
        "const list = document.querySelector('#sliders');"
        "return [list.scrollHeight > list.clientHeight, right('#sliders'),"
        "right('#sliders label > :last-child'), right('#leaves .head > :last-child')]; })()"
    )
    assert scrolls and edge - numbers >= 8 and numbers == title


# ---- modules that open and close


def overlaps(page):
    """Cards that can be seen and lie on one another."""
    return page.run(
        "(() => { const seen = [...document.querySelectorAll('.card')].filter((c) => c.getClientRects().length)"
        ".map((c) => [c.id, c.querySelector('.body').getBoundingClientRect()]);"
        "return seen.flatMap(([a, p], k) => seen.slice(k + 1).filter(([b, q]) => p.left < q.right - 1 && "
        "q.left < p.right - 1 && p.top < q.bottom - 1 && q.top < p.bottom - 1).map(([b]) => [a, b])); })()"
    )


def crossed(page):
    """Cards and labels that can be seen and that an edge of others runs through."""
    return page.run(
        "(() => { const edges = [...document.querySelectorAll('.line')]"
        ".filter((line) => line.getClientRects().length).map((line) => {"
        "const seen = line.getScreenCTM(); const length = 1 + line.getTotalLength() / 5;"
        "return [line.id.slice(1), Array.from({ length }, (_, k) => "
        "line.getPointAtLength(5 * k).matrixTransform(seen))]; });"
        "const on = (box, [, points]) => points.some(({ x, y }) => x > box.left + 2 && x < box.right - 2 && "
        "y > box.top + 2 && y < box.bottom - 2);"
        "return [...document.querySelectorAll('.body, .tag')].filter((shape) => shape.getClientRects().length)"
        ".flatMap((shape) => edges.filter((edge) => 'l' + edge[0] !== shape.parentNode.id && "
        "on(shape.getBoundingClientRect(), edge)).map((edge) => [shape.parentNode.id, edge[0]])); })()"
    )


def cards(page):
    return page.run("[...document.querySelectorAll('.card')].filter((c) => c.getClientRects().length).map((c) => c.id)")


@pytest.mark.browser
@pytest.mark.parametrize("direction", ["right", "down"])
def test_a_click_opens_a_module_and_a_click_on_its_bar_closes_it(page_of, direction):
    page = page_of(network_cost(2, 3, 1), collapse="neuron", direction=direction)
    closed = cards(page)
    assert len(closed) == 4 + 2 + 1 + 1  # neurons, x, y, C
    page.click("#m1")
    assert "m1" not in cards(page)
    assert len(cards(page)) == len(closed) - 1 + 5  # w, w, b, z, a
    assert page.run("location.hash") == "#step=1&open=1"
    assert ("button", "Close L1 · neuron 2") in page.spoken()
    assert ("button", "Open L1 · neuron 1") in page.spoken()
    assert overlaps(page) == []
    page.click("#b1")
    assert cards(page) == closed


@pytest.mark.browser
@pytest.mark.parametrize("direction", ["right", "down"])
def test_all_modules_open_at_once_without_cards_on_one_another(page_of, direction):
    page = page_of(network_cost(2, 3, 2, 1), "#step=99", collapse="neuron", direction=direction)
    page.press("m", 77, "m")
    assert not any(name.startswith("m") for name in cards(page))
    assert overlaps(page) == []
    page.press("m", 77, "m")
    assert overlaps(page) == []


@pytest.mark.browser
@pytest.mark.parametrize("direction", ["right", "down"])
def test_in_open_modules_no_edge_runs_through_a_card_or_the_label_of_another(page_of, direction):
    page = page_of(network_cost(2, 4, 3, 1), "#step=99", collapse="neuron", direction=direction)
    page.press("m", 77, "m")
    assert crossed(page) == []


@pytest.mark.browser
@pytest.mark.parametrize("direction", ["right", "down"])
def test_a_layer_opens_into_neurons_and_these_into_values(page_of, direction):
    page = page_of(network_cost(2, 4, 4, 1), "#step=999&open=", direction=direction)
    assert len(cards(page)) == 2 + 3 + 2  # x, layers, y, C
    click = "document.getElementById({!r}).dispatchEvent(new Event('click'))"
    page.run(click.format("m0"))
    assert {"m1", "m2", "m3", "m4"} < {*cards(page)} and "m0" not in cards(page)
    page.run(click.format("m2"))
    assert len(cards(page)) == 6 + 3 + 5  # w, w, b, z, a
    assert page.run("location.hash").endswith("&open=0,2")
    assert overlaps(page) == [] and crossed(page) == []
    page.run(click.format("b0"))
    assert len(cards(page)) == 7
    page.press("m", 77, "m")
    page.press("m", 77, "m")
    assert not any(name.startswith("m") for name in cards(page))
    assert overlaps(page) == [] and crossed(page) == []


@pytest.mark.browser
def test_a_sequential_in_a_sequential_opens_into_its_layers(page_of):
    inner = nn.Sequential(nn.Layer(2, 3, "tanh"), nn.Layer(3, 2, "tanh"))
    model = nn.Sequential(nn.Layer(2, 2, "tanh"), inner, nn.Layer(2, 1))
    page = page_of(nn.mse(model([0.5, -0.3]), 1.0), "#step=999&open=")
    titles = "[...document.querySelectorAll('.card')].filter((c) => c.getClientRects().length).map((c) => c.ariaLabel)"
    assert [t for t in page.run(titles) if t.startswith("Open")] == ["Open layer 1", "Open module 2", "Open layer 3"]
    click = "document.getElementById({!r}).dispatchEvent(new Event('click'))"
    page.run(click.format("m3"))
    assert {"Open layer 2,1", "Open layer 2,2"} < {*page.run(titles)}
    page.run(click.format("m4"))
    assert "Open L2,1 · neuron 3" in page.run(titles)
    assert overlaps(page) == [] and crossed(page) == []


@pytest.mark.browser
def test_a_closed_module_lists_the_engine_s_numbers_once_they_are_whole(page_of):
    cost = network_cost(2, 3, 1)
    cost.backward()
    page = page_of(cost, "#step=99", collapse="neuron")
    graph = {labels.text(v.label): v for v in topological_order(cost) if v.label}
    wanted = [typeset.format_number(graph[name].grad) for name in ("w₁‚₁⁽¹⁾", "w₁‚₂⁽¹⁾", "b₁⁽¹⁾", "z₁⁽¹⁾", "a₁⁽¹⁾")]
    assert shown(page, "#m0 .d")[1:] == wanted
    page.press(*HOME)
    assert len(shown(page, "#m0 .v")) == 1 + 3  # the head, and the leaves
    assert len(shown(page, "#m0 .d")) == 1


@pytest.mark.browser
def test_a_closed_module_is_stepped_through_and_the_panel_has_the_chain_rule_of_each_parameter(page_of):
    cost = network_cost(1, 1, 1, 1)
    page = page_of(cost, "#step=1&open=")
    told, underlined = {}, "[...document.querySelectorAll('.told')].map(e => e.textContent)"
    for k in range(1, 1 + int(at(page).split()[-1])):
        assert at(page).startswith(f"{k} /")
        words = page.run("document.getElementById('words').textContent")
        if found := re.match("Backward along .* → (.*):", words):
            told[found[1]] = equations(page)[-1].split("=")[-1], page.run(underlined)
        page.press(*RIGHT)
    cost.backward()
    for v in topological_order(cost):
        if v.label.startswith(("w", "b")):
            number = typeset.format_number(v.grad)
            assert told[labels.text(v.label)] == (number, [number])


@pytest.mark.browser
def test_dragging_a_leaf_changes_what_a_closed_module_lists(page_of):
    page = page_of(network_cost(2, 3, 1), "#step=99", collapse="neuron")
    moved = drag(page, "w₁‚₁⁽¹⁾", 1.0)
    assert shown(page, "#m0 .v")[1] == typeset.format_number(moved)


def test_above_12_cards_values_stand_in_layers_and_these_hold_neurons():
    around = [parent for parent, _ in story(network_cost(2, 3, 1))["modules"]]
    assert around == [None, 0, 0, 0, None]  # a layer of one neuron holds its values
    assert len(story(network_cost(1, 1, 1, 1))["modules"]) == 3
    assert "modules" not in story(network_cost(2, 3, 1), collapse=False)
    assert "modules" not in story(neuron_cost())


def test_a_page_holds_so_many_values_and_no_more():
    with pytest.raises(
        ValueError, match=r"step: 3,\d+ values are more than a page holds \(3,000\); focus with path_to="
    ):
        step(network_cost(2, 60, 44, 1), collapse="neuron")


def test_step_names_a_look_that_is_none():
    with pytest.raises(ValueError, match='step: theme="light", "dark" or "auto", not \'blue\''):
        step(neuron_cost(), theme="blue")
    with pytest.raises(ValueError, match='step: direction="right" or "down", not \'up\''):
        step(neuron_cost(), direction="up")
    assert '<html lang="en" data-theme=dark>' in step(neuron_cost(), theme="dark").html()
