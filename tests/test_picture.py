"""draw(C): the same cards in every format, with and without Graphviz, whatever the labels hold."""

import base64
import itertools
import os
import random
import re
import shutil
import stat
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd as ad
from autograd import Value, draw, draw_dot, topological_order
from autograd.picture import model, scene, svg
from autograd.picture.formula import labels, stacked, typeset
from autograd.picture.layout import lay_out
from tests.processes import printed
from tests.test_picture_model import graphs, network_cost, neuron_cost

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz's dot is not installed")

HOSTILE = ["<b>&amp;</b>", "a|b{c}", '"quoted"', "</svg></script>", "back\\slash\\n", "שלום", "x_{", "tab\tnew\nline"]
HOSTILE += ["nul\x00bell\x07", "lone\ud800", "\u202ereversed", "{0}%s", "]]>", "<!--", "a" * 500, "e\u0301", "🙂"]


def texts(document):
    """The texts of an SVG document, one string per <text> element."""
    found = ET.fromstring(document).iter("{http://www.w3.org/2000/svg}text")
    return ["".join(element.itertext()).replace("\u00a0", " ") for element in found]


# ---- SVG


def test_the_cost_of_one_neuron_says_everything():
    cost = neuron_cost()
    cost.backward()
    shown = texts(draw(cost).svg())
    for text in ("w", "z = w·a(L−1) + b", "a(L) = σ(z)", "C = (a(L) − y)2", "∂C/∂w", "−0.07357", "0.1101"):
        assert text in shown
    for text in ("∂z/∂w = a(L−1)", "= 0.5", "∂a(L)/∂z = σ′(z)", "= 0.2217", "∂C/∂y = −2(a(L) − y)", "∂z/∂b = 1"):
        assert text in shown
    assert "∂C/∂w = ∂z/∂w · ∂a(L)/∂z · ∂C/∂a(L) = 0.5 · 0.2217 · (−0.6636) = −0.07357" in shown


def test_colours_are_written_out_and_the_background_is_opaque():
    for theme, paper in (("light", "#ffffff"), ("dark", "#0f172a")):
        picture = draw(neuron_cost(), theme=theme).svg()
        assert f'<rect width="100%" height="100%" fill="{paper}"/>' in picture
        assert not any(word in picture for word in ("var(", "class=", "<style", " id="))


def test_the_same_bytes_in_every_process():
    script = (
        "import sys; sys.path.insert(0, '.')\n"
        "from tests.test_picture_model import network_cost\n"
        "from autograd import draw, step\n"
        "d = draw(network_cost(2, 3, 2, 1))\n"
        "sys.stdout.buffer.write((d.svg() + d.graphviz.source + d.text()).encode())"
    )
    runs = [printed(script, PYTHONHASHSEED=seed) for seed in ("1", "2")]
    drawing = draw(network_cost(2, 3, 2, 1))
    assert runs[0] == runs[1] == drawing.svg() + drawing.graphviz.source + drawing.text()


@given(graphs())
def test_any_graph_is_drawn_at_every_level(root):
    root.label = "a_1^(1)"  # of a module, as there is nothing to collapse without one
    for options in ({}, {"fold": False}, {"collapse": "neuron"}, {"collapse": "layer"}, {"depth": 1}):
        drawing = draw(root, **options)
        ET.fromstring(drawing.svg())
        assert drawing.text()


def test_collapsed_neurons_list_their_values_and_links_their_derivatives():
    cost = network_cost(2, 3, 2, 1)
    cost.backward()
    shown = texts(draw(cost, collapse="neuron").svg())
    assert [text for text in shown if "neuron" in text] == [
        "L1 · neuron 1", "L1 · neuron 2", "L1 · neuron 3", "L2 · neuron 1", "L2 · neuron 2", "L3 · neuron 1",
    ]  # fmt: skip
    assert {"w1,1(1)", "b1(1)", "z1(1)", "a1(1)"} <= set(shown)
    assert sum(text.startswith("× ") for text in shown) == 2 * 3 + 3 * 2 + 2 + 2


def test_a_wide_layer_is_summarised():
    shown = texts(draw(network_cost(2, 8, 1), collapse="layer").svg())
    assert "w(1) × 16" in shown
    assert "8 × 1 Jacobian" in shown


def test_a_formula_too_long_for_a_title_shows_its_outside():
    x = Value(1.0, "a_long_name")
    cost = ad.sum([x * k for k in range(2, 9)]) ** 2
    (title,) = [text for text in texts(draw(cost).svg()) if text.startswith("C = ")]
    assert title == "C = (2a_long_name + … + 8a_long_name)2"
    (title,) = [
        text for text in texts(draw(((x + 1).exp() * (x + 2).exp() * (x + 3).exp()).tanh()).svg()) if "C = " in text
    ]
    assert title == "C = tanh(exp(…)·exp(…)·exp(a_long_name + 3))"


# ---- layout


def overlapping(items):
    boxes = [(i.x - i.width / 2, i.y - i.height / 2, i.x + i.width / 2, i.y + i.height / 2) for i in items]
    return [
        (a, b)
        for a, b in itertools.combinations(boxes, 2)
        if a[0] < b[2] - 0.01 and b[0] < a[2] - 0.01 and a[1] < b[3] - 0.01 and b[1] < a[3] - 0.01
    ]


@given(st.integers(2, 30), st.randoms(use_true_random=False))
def test_no_card_and_no_label_overlaps_another(count, chance):
    cards = [(chance.uniform(50, 200), chance.uniform(40, 120)) for _ in range(count)]
    edges = [(chance.randrange(k), k) for k in range(1, count) for _ in range(chance.randint(1, 3))]
    tags = [(chance.uniform(40, 120), 25.0) for _ in edges]
    layout = lay_out(cards, edges, tags)
    items = [*layout.cards, *(label for label in layout.labels if label is not None)]
    assert len(items) == count + len(edges)
    assert overlapping(items) == []
    for item in items:
        assert 0 <= item.x - item.width / 2 and item.x + item.width / 2 <= layout.width
        assert 0 <= item.y - item.height / 2 and item.y + item.height / 2 <= layout.height


def test_edges_run_from_left_to_right_through_their_labels():
    layout = svg.place(scene.scene(model.build(network_cost(2, 3, 2, 1))))
    for route, label in zip(layout.routes, layout.labels, strict=True):
        assert [x for x, _ in route] == sorted(x for x, _ in route)
        level = [x for x, y in route if label is not None and abs(y - label.y) < 1e-6]
        if label is not None:
            assert min(level) <= label.x - label.width / 2 + 1e-6
            assert max(level) >= label.x + label.width / 2 - 1e-6


def curve_points(path):
    """Points along the cubic curves of a path's data."""
    (x, y), found = (0.0, 0.0), []
    for part in re.findall(r"[MC][^MC]+", path):
        n = [float(number) for number in part[1:].split()]
        for t in [k / 24 for k in range(25)] if part[0] == "C" else ():
            a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
            found.append((a * x + b * n[0] + c * n[2] + d * n[4], a * y + b * n[1] + c * n[3] + d * n[5]))
        x, y = n[-2:]
    return found


@pytest.mark.parametrize("direction", ["right", "down"])
@pytest.mark.parametrize("by", [None, "neuron", "layer"])
@pytest.mark.parametrize("sizes", [(1, 1, 1, 1), (2, 3, 1), (2, 4, 4, 1), (2, 8, 8, 1)])
def test_no_label_lies_on_a_foreign_edge(sizes, by, direction):
    shown = scene.scene(model.build(network_cost(*sizes)), by)
    layout = svg.place(shown, direction)
    curves = [curve_points(svg.curve(route, layout.down)) for route in layout.routes]
    on = [
        (k, other)
        for k, label in enumerate(layout.labels)
        if label is not None
        for other, points in enumerate(curves)
        if other != k
        and any(abs(x - label.x) < label.width / 2 - 1 and abs(y - label.y) < label.height / 2 - 1 for x, y in points)
    ]
    assert on == []


def test_between_dense_columns_derivatives_are_colours_and_widths_with_the_number_in_the_title():
    cost = network_cost(2, 8, 8, 1)
    picture = draw(cost, collapse="neuron").svg()
    boxes = [text for text in texts(picture) if text.startswith("× ")]
    assert len(boxes) == 8 + 2  # the last layer and the cost; not the 16 and 64 between layers
    assert picture.count('stroke="#2563eb"') + picture.count('stroke="#ea580c"') == 16 + 64
    assert picture.count("<title>∂a₁⁽²⁾/∂a₁⁽¹⁾ = ") == 1


def test_a_picture_of_one_value_ends_with_its_chain_rule_where_there_is_one_path_of_some_steps():
    cost = neuron_cost()
    cost.backward()
    named = {v.label: v for v in topological_order(cost)}
    rule = "∂C/∂b = ∂z/∂b · ∂a(L)/∂z · ∂C/∂a(L) = 1 · 0.2217 · (−0.6636) = −0.1471"
    assert rule in texts(draw(cost, path_to=named["b"]).svg())
    x = Value(0.3, "x")
    square = x * x
    square.label = "s"
    for root, end in ((cost, named["y"]), (x * square, x)):  # one edge; two paths
        assert not any(text.startswith(f"∂C/∂{end.label} = ∂") for text in texts(draw(root, path_to=end).svg()))


def test_above_60_cards_neurons_are_collapsed_unless_that_is_refused():
    cost = network_cost(2, 8, 8, 1)
    assert "L2 · neuron 8" in texts(draw(cost).svg())
    assert "L2 · neuron 8" not in texts(draw(cost, collapse=False).svg())
    assert "L2 · neuron 4" not in texts(draw(network_cost(2, 4, 4, 1)).svg())


def test_a_chain_is_straight():
    x = Value(1.0, "x")
    h = x
    for k in range(5):
        h = h.tanh()
        h.label = f"h_{k}"
    layout = svg.place(scene.scene(model.build(h)))
    assert max(c.y for c in layout.cards) - min(c.y for c in layout.cards) < 1e-6


def test_groups_that_read_each_other_are_laid_out_all_the_same():
    layout = lay_out([(100, 50)] * 3, [(0, 1), (1, 2), (2, 1)], [(40, 20)] * 3)
    assert overlapping(layout.cards) == []
    assert layout.labels[2] is None


@pytest.mark.parametrize("collapse", [False, "neuron"])
def test_downwards_every_edge_goes_down_and_nothing_overlaps(collapse):
    shown = scene.scene(model.build(network_cost(2, 3, 2, 1)), collapse or None)
    layout = svg.place(shown, "down")
    assert overlapping([*layout.cards, *filter(None, layout.labels)]) == []
    for link in shown.links:
        above, below = layout.cards[link.source], layout.cards[link.target]
        assert above.y + above.height / 2 < below.y - below.height / 2
    tall, wide = (svg.place(shown, direction) for direction in ("down", "right"))
    assert tall.height / tall.width > wide.height / wide.width


# ---- Graphviz


def test_graphviz_source_has_a_card_per_value_and_keeps_parallel_edges():
    x = Value(3.0, "x")
    source = draw_dot(x * x).graphviz.source
    assert source.count("<TABLE BORDER=") == 2 + 1  # two cards, one edge label
    assert source.count("n0 -> n1") == 2
    assert "<SUP>" not in draw(neuron_cost()).graphviz.source


def test_graphviz_gets_the_direction_too():
    assert "rankdir=TB" in draw(neuron_cost(), direction="down").graphviz.source
    assert "rankdir=LR" in draw(neuron_cost()).graphviz.source
    with pytest.raises(ValueError, match='draw: direction="right" or "down", not \'up\''):
        draw(neuron_cost(), direction="up")


@needs_dot
@pytest.mark.dot
@pytest.mark.parametrize(("rankdir", "direction"), [("LR", "right"), ("TB", "down")])
def test_draw_dot_renders_as_micrograd_s_does(tmp_path, rankdir, direction):
    drawing = draw_dot(neuron_cost(), format="svg", rankdir=rankdir)
    name = drawing.render(str(tmp_path / "gout"))
    width, height = re.search(r'width="(\d+)pt" height="(\d+)pt"', Path(name).read_text("utf-8")).groups()
    assert name.endswith("gout.svg")
    assert (int(width) > int(height)) == (rankdir == "LR")
    assert drawing.svg() == draw(neuron_cost(), direction=direction).svg()


@needs_dot
@pytest.mark.dot
@pytest.mark.parametrize(("kind", "start"), [("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_dot_renders(tmp_path, kind, start):
    path = draw(network_cost(2, 3, 2, 1), collapse="neuron").save(tmp_path / f"c.{kind}")
    assert path.read_bytes().startswith(start)


@needs_dot
@pytest.mark.dot
def test_dot_takes_hostile_labels(tmp_path):
    cost = ad.sum([Value(float(k), label) for k, label in enumerate(HOSTILE)])
    cost.label = "<C>"
    source = draw(cost).graphviz.source
    done = subprocess.run(["dot", "-Tsvg"], input=source.encode(), capture_output=True, check=True, timeout=60)
    assert done.stderr == b""
    shown = "".join(texts(done.stdout.decode()))
    assert "<b>&amp;</b>" in shown
    assert "a|b{c}" in shown


def with_program(monkeypatch, folder, script=None):
    """A PATH on which `dot` is this script, or missing."""
    if script is not None:
        program = folder / "dot"
        program.write_text(f"#!{sys.executable}\n{script}")
        program.chmod(program.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", str(folder))


def test_without_dot_svg_and_html_come_out_and_png_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with_program(monkeypatch, tmp_path)
    drawing = draw(neuron_cost())
    for name in ("c.svg", "c.html", "c.dot", "c.txt"):
        assert drawing.save(tmp_path / name).stat().st_size > 200
    with pytest.raises(RuntimeError, match=r"PNG is drawn by Graphviz's dot, which is not on the PATH: install it"):
        drawing.save(tmp_path / "c.png")
    assert not (tmp_path / "c.png").exists()


def test_a_failing_dot_is_quoted_and_leaves_no_file(monkeypatch, tmp_path):
    with_program(monkeypatch, tmp_path, "import sys; print('half'); sys.stderr.write('no memory\\n'); sys.exit(3)")
    with pytest.raises(RuntimeError, match="dot failed with exit status 3: no memory"):
        draw(neuron_cost()).save(tmp_path / "c.png")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["dot"]


def test_a_hanging_dot_is_stopped(monkeypatch, tmp_path):
    with_program(monkeypatch, tmp_path, "import time; time.sleep(60)")
    old = tmp_path / "c.pdf"
    old.write_bytes(b"old")
    with pytest.raises(RuntimeError, match=r"dot did not finish within 0\.2 s; draw fewer cards"):
        draw(neuron_cost()).save(old, timeout=0.2)
    assert old.read_bytes() == b"old"


# ---- saving, notebooks, bad input


def test_save_goes_by_the_extension_and_refuses_others(tmp_path):
    drawing = draw(neuron_cost())
    assert drawing.save(str(tmp_path / "C.SVG")).read_text("utf-8") == drawing.svg()
    page = drawing.save(tmp_path / "c.html").read_text("utf-8")
    assert "<svg" in page and 'content="width=device-width,initial-scale=1"' in page  # a phone shows it as large
    with pytest.raises(ValueError, match=r"'.*c\.gif' ends in none of"):
        drawing.save(tmp_path / "c.gif")
    with pytest.raises(FileNotFoundError, match=r"no folder '.*nowhere' to write 'c\.svg' into; make it first"):
        drawing.save(tmp_path / "nowhere" / "c.svg")
    (tmp_path / "folder.svg").mkdir()
    with pytest.raises(IsADirectoryError, match=r"'.*folder\.svg' is a folder; give the name of a file"):
        drawing.save(tmp_path / "folder.svg")
    with pytest.raises(OSError, match=r"'.*\.svg' cannot be written: File name too long"):
        drawing.save(tmp_path / f"{'n' * 300}.svg")
    longest = tmp_path / f"{'n' * 251}.svg"
    drawing.save(longest).unlink()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["C.SVG", "c.html", "folder.svg"]


def test_ctrl_c_while_a_file_is_put_in_place_is_still_ctrl_c(tmp_path, monkeypatch):
    replace = os.replace

    def interrupted(*names):
        replace(*names)
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        draw(neuron_cost()).save(tmp_path / "c.svg")
    assert [p.name for p in tmp_path.iterdir()] == ["c.svg"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"path_to": 3}, "path_to= is a Value of the graph, not int"),
        ({"depth": -1}, "depth= is a whole number, 0 or more, not -1"),
        ({"depth": "all"}, "depth= is a whole number, 0 or more, not 'all'"),
        ({"max_nodes": 1e3}, "max_nodes= is a whole number, 0 or more, not 1000.0"),
    ],
)
def test_draw_names_the_option_it_cannot_use(options, said):
    with pytest.raises((TypeError, ValueError), match=f"draw: {said}"):
        draw(neuron_cost(), **options)


def test_a_value_at_the_end_of_a_cell_shows_its_graph():
    cost = neuron_cost()
    bundle = cost._repr_mimebundle_()
    assert bundle["text/plain"] == repr(cost)
    assert "<svg" in bundle["image/svg+xml"]
    data = bundle["text/html"].partition("base64,")[2].partition('"')[0]
    assert base64.b64decode(data).decode() == bundle["image/svg+xml"]
    assert "data" in Value(1.0)._repr_mimebundle_()["text/html"]


def test_a_huge_value_at_the_end_of_a_cell_shows_how_to_focus():
    bundle = ad.sum([Value(float(k)) ** 2 for k in range(200)])._repr_mimebundle_()
    assert "max_nodes=201" in bundle["text/html"]
    assert "<svg" not in "".join(bundle.values())


@pytest.mark.parametrize("label", HOSTILE)
def test_labels_come_out_as_text(label):
    x = Value(1.0, label)
    cost = x * 2 + x
    cost.backward()
    drawing = draw(cost)
    shown = texts(drawing.svg())
    assert labels.clean(label) in shown
    drawing.html().encode()
    drawing.graphviz.source.encode()
    ET.fromstring(stacked.math_element(labels.box(label)))
    ad.explain(cost, wrt=x).latex().encode()


@pytest.mark.parametrize(
    ("label", "text", "latex"),
    [
        ("w", "w", "w"), ("a^(L-1)", "a⁽ᴸ⁻¹⁾", "a^{(L-1)}"), ("w_{12}^(1)", "w₁₂⁽¹⁾", "w_{12}^{(1)}"),
        ("b_1^(1)", "b₁⁽¹⁾", "b_{1}^{(1)}"), ("w_{10,2}^(3)", "w₁₀‚₂⁽³⁾", "w_{10,2}^{(3)}"), ("x_i", "xᵢ", "x_{i}"),
        ("loss", "loss", r"\mathit{loss}"), ("a_b_c", "a_b_c", r"\mathit{a\_b\_c}"), ("θ_0", "θ₀", r"\theta _{0}"),
        ("alpha", "α", r"\alpha "), ("Alpha", "Α", r"\mathrm{A}"), ("omicron", "ο", r"\mathrm{o}"),
        ("Δt", "Δt", r"\mathit{\Delta t}"), ("w̄x_1", "w̄x₁", r"\mathit{\bar{w}x}_{1}"),
        ("a^(L)_j", "aⱼ⁽ᴸ⁾", "a_{j}^{(L)}"), ("x^q", "x^q", "x^{q}"),
    ],
)  # fmt: skip
def test_labels_read_as_written_on_paper(label, text, latex):
    assert labels.text(label) == text
    assert stacked.latex(labels.box(label)) == latex


def test_layer_and_neuron_come_from_the_label():
    found = {label: (labels.layer(label), labels.neuron(label)) for label in ("w_{12}^(3)", "w_{10,2}^(1)", "a_2^(1)")}
    assert found == {"w_{12}^(3)": ("3", "1"), "w_{10,2}^(1)": ("1", "10"), "a_2^(1)": ("1", "2")}
    assert labels.layer("x_1") is None


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.5, "0.5"), (-2.0, "−2"), (-0.0, "0"), (1 / 3, "0.3333"), (1e-7, "1e−7"), (1.5e300, "1.5e300"),
        (float("nan"), "nan"), (float("inf"), "∞"), (float("-inf"), "−∞"), (12345.678, "1.235e4"),
    ],
)  # fmt: skip
def test_numbers_are_short(number, text):
    assert typeset.format_number(number) == text


def test_only_values_are_drawn_and_only_known_options():
    with pytest.raises(TypeError, match=r"draw: a Value is drawn, not float.*draw\(f\(Value\(2.0\)\)\)"):
        draw(1.0)
    with pytest.raises(ValueError, match='theme="light", "dark" or "auto"'):
        draw(neuron_cost(), theme="blue")


def test_drawing_under_no_grad_and_while_detecting_anomalies_changes_nothing():
    cost = neuron_cost()
    plain = draw(cost).svg()
    with ad.no_grad():
        assert draw(cost).svg() == plain
    with ad.detect_anomaly():
        assert draw(cost).svg() == plain


def test_masked_paths_are_zero_even_where_infinity_arrives():
    x = Value(-1.0, "x")
    cost = ad.sqrt(ad.relu(x))
    cost.backward()
    graph = model.build(cost)
    assert [(edge.number, edge.contribution) for edge in graph.edges] == [(0.0, 0.0)]
    assert not graph.notes


def test_a_thousand_values_can_be_drawn():
    chance = random.Random(0)
    values = [Value(chance.random(), f"x_{k}") for k in range(5)]
    while len(values) < 900:
        x, y = chance.choice(values[-20:]), chance.choice(values[-20:])
        values.append((x + y, x * y, x.tanh())[chance.randrange(3)])
        values[-1].label = f"h_{len(values)}"
    drawing = draw(ad.sum(values[-20:]))
    ET.fromstring(drawing.svg())


def test_a_worksheet_gives_the_leaves_and_leaves_the_rest_blank():
    cost = neuron_cost()
    cost.backward()
    sheet = draw(cost, show="blank")
    shown = texts(sheet.svg())
    assert {"2", "0.5", "−0.3", "1"} <= set(shown)
    assert shown.count("______") == 3 + 7  # computed values, gradients
    assert "∂z/∂w = a(L−1)" in shown
    for answer in ("0.6682", "0.1101", "−0.07357", "0.2217", "−0.6636"):
        assert answer not in sheet.svg() + sheet.text() + sheet.html() + sheet.graphviz.source
    with pytest.raises(ValueError, match='show="numbers" or "blank"'):
        draw(cost, show="nothing")


def test_a_notebook_gets_the_automatic_theme_and_a_file_the_light_one():
    drawing = draw(neuron_cost())
    assert drawing.svg() == draw(neuron_cost(), theme="light").svg()
    assert drawing._repr_mimebundle_()["image/svg+xml"] == draw(neuron_cost(), theme="auto").svg()
    assert "@media" not in draw(neuron_cost(), theme="dark")._repr_mimebundle_()["image/svg+xml"]


def test_an_automatic_theme_is_the_light_one_with_a_style_for_the_dark():
    light, auto = (draw(neuron_cost(), theme=theme).svg() for theme in ("light", "auto"))
    assert "@media(prefers-color-scheme:dark)" in auto
    assert re.sub(r' class="[^"]*"|<style>.*?</style>\n', "", auto) == light
