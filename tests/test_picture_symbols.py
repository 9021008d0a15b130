"""One symbol has one meaning, on every card and edge of a picture and in every line of an explanation."""

import math
import re
from contextvars import Context

from hypothesis import given, settings

from autograd import Value, draw, explain, logsumexp
from autograd.core.fast import number_adjoints
from autograd.core.sweeps import topological_order
from autograd.picture import model
from autograd.picture.explanation import Derivation
from autograd.picture.formula import typeset
from tests.test_picture_model import graphs


def number(text: str) -> float:
    return float(text.replace("−", "-").replace("∞", "inf"))


class Said(dict[str, float]):
    """What each symbol was said to be; saying another number of the same symbol is the mistake."""

    def __call__(self, symbol: str, x: float) -> None:
        before = self.setdefault(symbol, x)
        # numbers are printed to four digits; of terms that cancel, different orders leave different rests
        assert math.isclose(before, x, rel_tol=2e-3, abs_tol=1e-9) or before != before, (symbol, before, x)

    def text(self, text: str) -> None:
        for line in text.splitlines():
            if card := re.search(r"value (\S+), (∂\S+) (\S+)$", line):
                self("value of " + line.split(":")[0].split(" = ")[0], number(card[1]))
                self(card[2], number(card[3]))
            elif line.strip().startswith("∂") and " = " in line:
                for said in line.strip().split(", ∂"):
                    symbol, *_, result = said.split(" = ")
                    self("∂" + symbol.removeprefix("∂"), number(result))


@given(graphs())
@settings(max_examples=150, deadline=None)
def test_no_card_no_edge_and_no_line_says_two_numbers_of_one_symbol(root):
    said = Said()
    root.label = "a_1^(1)"  # a neuron's, so that there is one to collapse
    for options in ({"fold": True}, {"depth": 2}, {"collapse": "neuron"}, {"collapse": "layer"}):
        said.text(draw(root, **options).text())
    for leaf in (v for v in topological_order(root) if v._row is None):
        explanation = Derivation(root, leaf)
        for line in re.sub(r"\n +(?=[=·+−] )", " ", explanation.text()).splitlines():
            if line.startswith("∂") and "paths" not in line:
                said(line.split(" = ")[0], number(line.split(" = ")[-1].split(":")[0]))
        for edge in (edge for path in explanation.paths for edge in path):
            said(typeset.text(explanation.graph.symbol(edge)), edge.number)


@given(graphs())
@settings(max_examples=100, deadline=None)
def test_a_bare_symbol_is_the_derivative_in_the_whole_graph_and_a_bar_holds_operands(root):
    for graph in (model.build(root), model.build(root, fold=False), model.build(root, depth=2)):
        for edge in graph.edges:
            source, target = edge.source.value, edge.target.value
            whole = Context().run(number_adjoints, topological_order(target), {target: 1.0})
            if not graph.held(edge):
                assert math.isclose(whole.get(source, 0.0), edge.number, rel_tol=1e-12, abs_tol=1e-12)
                assert "|" not in typeset.text(graph.symbol(edge))


def test_a_second_way_to_an_operand_is_said_beside_the_derivative_that_holds_it():
    x = Value(3.0, "x")
    a = 2 * x
    a.label = "a"
    cost = x * a
    cost.backward()
    text = draw(cost).text()
    assert "∂C/∂x 12" in text
    assert "∂C/∂x|ₐ = a = 6" in text
    assert r"\frac{\partial C}{\partial x}|_{a}" in explain(cost, wrt=x).latex()


def test_the_shared_sum_says_one_number_everywhere():
    x = Value(3.0, "x")
    s = x + x
    s.label = "s"
    cost = s * s
    cost.backward()
    text = draw(cost).text()
    assert text.count("∂C/∂s") == 2
    assert "∂C/∂s 12" in text
    assert "∂C/∂s = 2s = 12" in text


def test_a_collapsed_neuron_holds_what_leaves_it_and_comes_back():
    x, y = Value(1.0, "x"), Value(2.0, "y")
    v = x + y
    a = x + v
    a.label = "a_1^(1)"
    h = x + a
    h.label = "h"
    root = h + v
    root.label = "z_1^(1)"
    root.backward()
    assert "∂z₁⁽¹⁾/∂y|ₕ = 1" in draw(root, collapse="neuron").text()  # 2 in all: by v, and by a and h


def test_no_text_of_a_picture_needs_a_font_with_lowered_figures():
    scores = [Value(float(k), f"z_{k}") for k in (1, 2, 3)]
    texts = re.findall(r"<text.*?</text>", draw(logsumexp(scores)).svg())
    assert any("softmax" in text for text in texts)
    assert not {*"₁₂₃"} & {*"".join(texts)}
