"""What `save` writes besides SVG, HTML and Graphviz: TikZ, and PNG and PDF where there is no dot."""

import re
import shutil
import subprocess
import sys

import pytest

import autograd as ad
from autograd import Value, draw
from autograd.picture import tikz
from autograd.picture.formula import labels, typeset
from tests.test_picture import HOSTILE
from tests.test_picture_model import network_cost, neuron_cost


def nodes(document):
    """The texts of a TikZ picture."""
    return re.findall(r"^\\node\[.*?\] at \(.*?\) \{\$(.*)\$\};$", document, re.M)


def test_tikz_says_what_the_svg_says():
    cost = neuron_cost()
    cost.backward()
    shown = nodes(draw(cost).tikz())
    for text in ("w", r"z = w\cdot a^{(L-1)} + b", r"a^{(L)} = \sigma (z)", r"C = (a^{(L)} - y)^{2}", "{-0.07357}"):
        assert text in shown
    assert r"\partial a^{(L)}/\partial z = \sigma '(z)" in shown
    assert r"\partial z/\partial w = a^{(L-1)}" in shown
    assert shown[-1].endswith(r"= 0.5 \cdot 0.2217 \cdot ({-0.6636}) = {-0.07357}")


def test_tikz_has_the_theme_s_colours_and_an_arrow_for_every_edge():
    document = draw(neuron_cost(), theme="dark").tikz()
    assert r"\definecolor{paper}{HTML}{0F172A}" in document
    assert document.count(r"\draw[border,line width=") == 6
    assert document.count(" -- cycle;") == 6 + 7  # heads of arrows, grounds of titles


def test_a_formula_of_tikz_stands_on_one_line():
    assert "C = e^{x}" in nodes(draw(Value(1.0, "x").exp()).tikz())
    root = typeset.template(typeset.root(typeset.name("x")), r"\sqrt{{{0}}}", (typeset.name("x"),))
    assert tikz.formula(root) == r"$\surd x$"
    box = typeset.fraction(typeset.root(typeset.name("x")), typeset.row(typeset.number("2"), typeset.name("y")))
    assert tikz.formula(box) == r"$\surd x/(2y)$"
    assert tikz.formula(typeset.operator("layer 1")) == r"$\text{layer 1}$"


@pytest.mark.parametrize("options", [{}, {"collapse": "neuron"}, {"collapse": "layer"}, {"direction": "down"}])
def test_every_brace_of_a_tikz_document_is_closed(options):
    document = draw(network_cost(2, 3, 2, 1), **options).tikz()
    bare = re.sub(r"\\[{}]", "", document)
    assert bare.count("{") == bare.count("}")
    assert document.endswith("\\end{tikzpicture}\n\\end{document}\n")


@pytest.mark.parametrize("label", HOSTILE)
def test_no_label_opens_or_closes_a_brace_of_tikz(label):
    x = Value(1.0, label)
    bare = re.sub(r"\\[{}]", "", draw(x * 2 + x).tikz())
    assert bare.count("{") == bare.count("}")
    assert labels.clean(label) is not None


@pytest.mark.heavy
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="LaTeX is not installed")
@pytest.mark.parametrize(
    "options", [{}, {"collapse": "layer"}, {"direction": "down", "theme": "dark"}, {"show": "blank"}]
)
def test_latex_sets_the_tikz(tmp_path, options):
    path = draw(network_cost(2, 3, 1), **options).save(tmp_path / "c.tex")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", path.name], cwd=tmp_path, capture_output=True
    )
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]


@pytest.mark.parametrize(("kind", "library", "start"), [("png", "resvg_py", b"\x89PNG"), ("pdf", "typst", b"%PDF")])
def test_without_dot_an_extra_draws_what_the_svg_shows(monkeypatch, tmp_path, kind, library, start):
    pytest.importorskip(library, reason=f"the extra {kind!r} is not installed")
    monkeypatch.setenv("PATH", str(tmp_path))
    content = draw(network_cost(2, 3, 1), collapse="neuron").save(tmp_path / f"c.{kind}").read_bytes()
    assert content.startswith(start)


def test_a_png_has_two_pixels_for_each_of_the_svg(monkeypatch, tmp_path):
    pytest.importorskip("resvg_py", reason="the extra 'png' is not installed")
    monkeypatch.setenv("PATH", str(tmp_path))
    drawing = draw(neuron_cost())
    width, height = re.search(r'width="([\d.]+)" height="([\d.]+)"', drawing.svg()).groups()
    header = drawing.save(tmp_path / "c.png").read_bytes()[16:24]
    found = int.from_bytes(header[:4]), int.from_bytes(header[4:])
    assert found == pytest.approx((2 * float(width), 2 * float(height)), abs=2)


@pytest.mark.parametrize(("kind", "library"), [("png", "resvg_py"), ("pdf", "typst")])
def test_with_neither_the_remedy_is_named(monkeypatch, tmp_path, kind, library):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(RuntimeError, match=rf"{kind.upper()} is drawn by .*pip install {library.replace('_', '-')},"):
        draw(ad.exp(Value(1.0))).save(tmp_path / f"c.{kind}")
    assert not list(tmp_path.iterdir())
