"""explain(C, wrt=w): names, rules, numbers, result; every path; checked against the gradient."""

import math
import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd as ad
from autograd import Value, explain
from autograd.core.primitives import TABLE
from autograd.core.sweeps import topological_order
from autograd.parser import Formula
from autograd.picture import model
from autograd.picture.explanation import Derivation
from autograd.picture.formula import labels, stacked, typeset
from autograd.picture.formula import printer as formula
from tests.test_picture_model import graphs, network_cost, neuron_cost


def named(cost):
    return {v.label: v for v in topological_order(cost) if v.label}


def test_the_lecture_s_three_lines():
    cost = neuron_cost()
    cost.backward()
    lines = {label: explain(cost, wrt=named(cost)[label]).text().splitlines()[:3] for label in ("w", "b", "a^(L-1)")}
    assert lines["w"] == [
        "∂C/∂w = ∂z/∂w · ∂a⁽ᴸ⁾/∂z · ∂C/∂a⁽ᴸ⁾",
        "      = a⁽ᴸ⁻¹⁾ · σ′(z) · 2(a⁽ᴸ⁾ − y)",
        "      = 0.5 · 0.2217 · (−0.6636) = −0.07357",
    ]
    assert lines["b"] == [
        "∂C/∂b = ∂z/∂b · ∂a⁽ᴸ⁾/∂z · ∂C/∂a⁽ᴸ⁾",
        "      = 1 · σ′(z) · 2(a⁽ᴸ⁾ − y)",
        "      = 1 · 0.2217 · (−0.6636) = −0.1471",
    ]
    assert lines["a^(L-1)"] == [
        "∂C/∂a⁽ᴸ⁻¹⁾ = ∂z/∂a⁽ᴸ⁻¹⁾ · ∂a⁽ᴸ⁾/∂z · ∂C/∂a⁽ᴸ⁾",
        "           = w · σ′(z) · 2(a⁽ᴸ⁾ − y)",
        "           = 2 · 0.2217 · (−0.6636) = −0.2943",
    ]


def test_it_says_what_a_prime_is_and_whether_the_gradient_agrees():
    cost = neuron_cost()
    w = named(cost)["w"]
    assert explain(cost, wrt=w).text().splitlines()[3:] == [
        "  where σ′(u) = σ(u)·(1 − σ(u))",
        "  w.grad is not computed yet: call C.backward()",
    ]
    cost.backward()
    assert "✓ equals w.grad" in str(explain(cost, wrt=w))
    cost.backward()
    assert "w.grad is −0.1471: it adds up several sweeps (before one, zero_grad() or .grad = 0)" in repr(
        explain(cost, wrt=w)
    )


def test_an_infinite_slope_equals_no_other_outputs_gradient():
    x = Value(0.0, "x")
    (x * 3.0).backward()
    root = x.sqrt()
    assert "x.grad is 3: it adds up several sweeps" in str(explain(root, wrt=x))
    assert "grad 3" in ad.draw(root).text()
    root.backward()
    assert "✓ equals x.grad" in str(explain(root, wrt=x))


def test_every_path_has_its_line_and_then_comes_their_sum():
    x = Value(2.0, "x")
    a = x.exp()
    a.label = "a"
    cost = x * a + x
    cost.backward()
    assert explain(cost, wrt=x).text().splitlines() == [
        "∂C/∂x = sum over 2 paths",
        "  x → a → C:  ∂a/∂x · ∂C/∂a = a · x = 7.389 · 2 = 14.78",
        "  x → C:  ∂C/∂x|ₐ = a + 1 = 8.389",
        "∂C/∂x = 14.78 + 8.389 = 23.17",
        "  ✓ equals x.grad",
    ]


def test_an_operand_read_twice_is_one_edge_with_the_sum_of_its_rules():
    x = Value(3.0, "x")
    s = x + x
    s.label = "s"
    assert explain(s * s, wrt=x).text().splitlines()[0] == "∂C/∂x = ∂s/∂x · ∂C/∂s = 2 · 2s = 2 · 12 = 24"


def test_unfolded_every_primitive_is_a_factor():
    x = Value(3.0, "x")
    cost = (2 * x) ** 2
    assert explain(cost).text().splitlines()[0] == "∂C/∂x = 4·2x = 24"
    assert explain(cost, fold=False).text().splitlines()[0] == "∂C/∂x = ∂v₁/∂x · ∂C/∂v₁ = 2 · 2v₁ = 2 · 12 = 24"


def test_a_rule_that_is_a_sum_is_fenced_where_it_is_a_factor():
    x, y = Value(-1.0, "x"), Value(-1.0, "y")
    u = ad.maximum(x, y)
    u.label = "u"
    text = explain(u * y, wrt=x).text()
    assert text.startswith("∂C/∂x = ∂u/∂x · ∂C/∂u = ([x > y] + ½[x = y]) · y = 0.5 · (−1) = −0.5")
    assert explain(u, wrt=x).text().startswith("∂u/∂x = [x > y] + ½[x = y] = 0.5")


def test_without_any_label_leaves_are_a_b_c():
    x, y = Value(2.0), Value(3.0)
    assert re.findall(r"^∂C/∂(\S+) = (.*)", explain((x * y + x).relu()).text(), re.M) == [
        ("a", "b·[a·b + a > 0] + [a·b + a > 0] = 4"),
        ("b", "a·[a·b + a > 0] = 2"),
    ]


def test_lines_break_at_80_columns_and_paths_alike_are_elided():
    cost = network_cost(2, 8, 8, 1)
    cost.backward()
    text = explain(cost, wrt=named(cost)["x_1"]).text()
    assert max(map(len, text.splitlines())) <= 80
    assert text.count(" → C:") == 3
    assert "and 61 more paths, together" in text


def test_a_path_of_many_names_breaks_before_an_arrow_and_the_meaning_of_a_prime_before_a_sign():
    cost = network_cost(1, 2, 2, 2, 1)
    long = explain(cost, wrt=named(cost)["x_1"]).text().splitlines()
    x = Value(0.5, "x")
    prime = explain(x.mish(), wrt=x).text().splitlines()
    assert max(map(len, long + prime)) <= 80
    assert any(line.lstrip().startswith("→ ") for line in long)
    assert any(line.lstrip().startswith("+ 4u·") for line in prime)


def test_without_a_path_the_slope_is_0_and_of_the_output_itself_1_in_every_notation():
    cost, other = Value(2.0, "x") * 3.0, Value(1.0, "y")
    for wrt, slope in ((other, "0"), (cost, "1")):
        shown = explain(cost, wrt=wrt)
        assert rf"&= {slope}" in shown.latex() and f"<mo>=</mo><mn>{slope}</mn>" in shown.mathml()


def test_a_huge_number_of_paths_is_counted_not_walked():
    x = Value(1.0, "x")
    h = x
    for k in range(64):
        half = h + 0.0
        half.label = f"half_{k}"
        h = half + h
        h.label = f"h_{k}"
    h.backward()
    text = explain(h, wrt=x).text()
    assert text.startswith(f"∂h₆₃/∂x = sum over {2**64:,} paths")
    assert re.search(r"and 18,446,744,073,709,551,6\d\d more paths, together 1.845e19", text)
    assert "✓ equals x.grad" in text
    assert len(text) < 10_000


def test_a_long_path_is_elided():
    x = Value(0.5, "x")
    h = x
    for k in range(40):
        h = h.sin()
        h.label = f"h_{k}"
    text = explain(h, wrt=x).text()
    assert " · … · " in text
    assert len(text) < 1500


@given(graphs())
def test_the_paths_add_up_to_the_gradient(root):
    for value in topological_order(root):
        if value._row is None and value.label:
            derivation = Derivation(root, value)
            assert math.isclose(derivation.total, value.grad, rel_tol=1e-12, abs_tol=1e-12)
            explain(root, wrt=value)._repr_mimebundle_()


def test_without_a_name_every_labelled_leaf_is_explained():
    text = explain(neuron_cost()).text()
    assert re.findall(r"^∂C/∂(\S+) =", text, re.M) == ["w", "b", "a⁽ᴸ⁻¹⁾", "y"]


def test_no_path_is_said():
    x, q = Value(1.0, "x"), Value(2.0, "q")
    assert explain(x * 2, wrt=q).text().startswith("∂C/∂q = 0: no path leads from the one to the other")
    assert explain(x, wrt=x).text().startswith("∂x/∂x = 1")


def test_only_values_are_explained():
    with pytest.raises(TypeError, match="got float"):
        explain(neuron_cost(), wrt=1.0)
    with pytest.raises(TypeError, match="got str 'w'; give the Value itself, not its name"):
        explain(neuron_cost(), wrt="w")


def test_what_was_changed_after_the_forward_pass_is_noted_once_in_80_columns():
    cost = network_cost(2, 3, 2, 1)
    for leaf in topological_order(cost):
        if not leaf.op and leaf.label[0] in "wb":
            leaf.data += 0.1
    text = explain(cost).text()
    told, _, notes = text.partition("\n\n  note: ")
    assert max(map(len, text.splitlines())) <= 80
    assert told.count("∂C/∂w") > 10 and "note: " not in told
    changed = [note.split(" was recorded")[0] for note in " ".join(notes.split()).split("note: ")]
    assert len(changed) == len(set(changed)) == 3
    assert not any("dot" in note for note in changed)


def test_latex_is_balanced_and_mathml_is_well_formed():
    cost = network_cost(2, 3, 2, 1)
    cost.backward()
    explanation = explain(cost, wrt=named(cost)["x_1"])
    latex = explanation.latex()
    assert latex.count("{") == latex.count("}")
    assert latex.count(r"\left") == latex.count(r"\right")
    assert r"\frac{\partial C}{\partial x_{1}}" in latex
    for element in explanation.mathml().splitlines():
        assert ET.fromstring(element).tag == "math"


# ---- formulas and rules


def printed(value, *leaves):
    names = {leaf: labels.box(leaf.label) for leaf in leaves}
    rules = [
        typeset.text(formula.rule(value, k, names).box())
        for k, a in enumerate(value._arguments)
        if isinstance(a, Value)
    ]
    return typeset.text(formula.formula(value, names)), rules


W, A, B = Value(2.0, "w"), Value(0.5, "a^(L)"), Value(3.0, "b")


@pytest.mark.parametrize(
    ("value", "text", "rules"),
    [
        (W + A, "w + a⁽ᴸ⁾", ["1", "1"]),
        (W - A, "w − a⁽ᴸ⁾", ["1", "−1"]),
        (W * A, "w·a⁽ᴸ⁾", ["a⁽ᴸ⁾", "w"]),
        (W / A, "w/a⁽ᴸ⁾", ["1/a⁽ᴸ⁾", "−w/(a⁽ᴸ⁾)²"]),
        (1 / W, "1/w", ["−1/w²"]),
        (W / (A * 4), "w/(4a⁽ᴸ⁾)", ["1/(4a⁽ᴸ⁾)", "−w/(16(a⁽ᴸ⁾)²)"]),
        (-W, "−w", ["−1"]),
        (W**2, "w²", ["2w"]),
        (A**3, "(a⁽ᴸ⁾)³", ["3(a⁽ᴸ⁾)²"]),
        (W**-1, "w⁻¹", ["−1/w²"]),
        (W**0.5, "w^0.5", ["1/(2w^0.5)"]),
        (W**B, "wᵇ", ["b·w^(b − 1)", "wᵇ·log(w)"]),
        (2**W, "2ʷ", ["2ʷ·log(2)"]),
        (ad.exp(W), "exp(w)", ["exp(w)"]),
        (ad.log(W), "log(w)", ["1/w"]),
        (ad.sqrt(W), "√w", ["1/(2√w)"]),
        (ad.sin(W), "sin(w)", ["cos(w)"]),
        (ad.cos(W), "cos(w)", ["−sin(w)"]),
        (ad.tanh(W), "tanh(w)", ["tanh′(w)"]),
        (ad.sigmoid(W), "σ(w)", ["σ′(w)"]),
        (ad.relu(W), "relu(w)", ["[w > 0]"]),
        (abs(W), "|w|", ["sign(w)"]),
        (ad.maximum(W, B), "max(w, b)", ["[w > b] + ½[w = b]", "[b > w] + ½[b = w]"]),
        (ad.dot([W, A], [B, W], B), "w·b + a⁽ᴸ⁾·w + b", ["b", "w", "1", "w", "a⁽ᴸ⁾"]),
        (ad.sum([W, A, B]), "w + a⁽ᴸ⁾ + b", ["1", "1", "1"]),
        (ad.sum([W] * 9), "w + w + … + w", ["1"] * 9),
        ((W + A) * (B - 1), "(w + a⁽ᴸ⁾)·(b − 1)", ["b − 1", "w + a⁽ᴸ⁾"]),
        (W / (A * B), "w/(a⁽ᴸ⁾·b)", ["1/(a⁽ᴸ⁾·b)", "−w/((a⁽ᴸ⁾)²·b²)"]),
        (W - (A - B), "w − (a⁽ᴸ⁾ − b)", ["1", "−1"]),
        (W + -2.5, "w − 2.5", ["1"]),
        (W - -2.5, "w + 2.5", ["1"]),
        (ad.logsumexp([W, A + B]), "logsumexp(w, a⁽ᴸ⁾ + b)", ["softmax₁", "softmax₂"]),
        (W * -2, "−2w", ["−2"]),
        ((-W) ** 2, "(−w)²", ["2(−w)"]),
    ],
)  # fmt: skip
def test_formulas_and_rules_read_as_on_paper(value, text, rules):
    assert printed(value, W, A, B) == (text, rules)


def test_a_power_on_a_name_with_a_superscript_does_not_join_it():
    box = formula.formula(A**2, {A: labels.box("a^(L)")})
    assert stacked.latex(box) == r"\left(a^{(L)}\right)^{2}"


@pytest.mark.parametrize("name", TABLE)
def test_every_row_of_the_table_prints(name):
    row = TABLE[name]
    leaves = [Value(x, label) for x, label in ((0.5, "x"), (0.25, "y"), (0.75, "z"), (0.625, "u"), (0.125, "v"))][
        : row.arity or 3
    ]
    value = row(*leaves)
    names = {leaf: labels.box(leaf.label) for leaf in leaves}
    box = formula.formula(value, names)
    latex = stacked.latex(box)
    assert all(leaf.label in latex or name == "defined" for leaf in leaves)
    assert latex.count("{") == latex.count("}")
    assert not re.search(r"(?<!\\)_[a-z]", latex)  # an underscore of a name is escaped
    ET.fromstring(stacked.math_element(box))
    for k in range(len(leaves)):
        assert typeset.text(formula.rule(value, k, names).box())
    if row.arity is not None:
        formula.primed(value)


def test_a_row_of_the_user_prints_by_its_own_columns():
    cube = ad.primitive("cube", lambda x: x * x * x, lambda x, z: 3 * x * x, text="{0}³", latex="{0}^3", level=3)
    assert printed(cube(W + A), W, A)[0] == "(w + a⁽ᴸ⁾)³"
    assert printed(cube(W), W) == ("w³", ["3w²"])


def computed(text, numbers):
    """The number that a printed formula says, read back by the parser of typed formulas."""
    digits = {ord(raised): plain for raised, plain in zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-", strict=True)}
    text = re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+", lambda power: f"**({power[0].translate(digits)})", text)
    text = re.sub(r"(\d)(?=[xyzC(])", r"\1*", text.replace("·", "*").replace("−", "-"))
    return Formula(text).evaluate(numbers)


@st.composite
def folded(draw_from):
    """A formula of unlabelled arithmetic, folded into one card, of numbers around 1 so that little cancels."""
    pool = [Value(x, label) for label, x in (("x", 0.75), ("y", 1.5), ("z", 1.25))]
    value = pool[0]
    for _ in range(draw_from(st.integers(1, 9))):
        other = draw_from(st.sampled_from([*pool, 2.0, 3.0, -4.0, pool[0] - 3, pool[1] * pool[2], 2 / pool[0]]))
        step = draw_from(st.integers(0, 7))
        value = [
            lambda v, o: v + o, lambda v, o: v - o, lambda v, o: o - v, lambda v, o: v * o, lambda v, o: v / o,
            lambda v, o: o / v, lambda v, o: v**2, lambda v, o: -v,
        ][step](value, other)  # fmt: skip
    return value


@given(folded())
@settings(max_examples=300)
def test_printed_formulas_and_rules_say_the_numbers_beside_them(value):
    graph = model.build(value)
    numbers = {typeset.text(node.name): node.data for node in graph.nodes}
    printed = [(graph.formula(graph.root), graph.root.data)]
    printed += [(graph.rule(edge, most_steps=99), edge.number) for edge in graph.edges]
    for box, number in printed:
        if box is not None and "…" not in typeset.text(box) and 1e-3 < abs(number) < 1e3:
            assert math.isclose(computed(typeset.text(box), numbers), number, rel_tol=0.02), typeset.text(box)


def test_a_rule_written_for_numbers_only_has_no_formula_but_its_number():
    f = ad.primitive("f", math.sin, lambda x, z: math.cos(x))
    x = Value(0.0, "x")
    cost = f(x) * 2
    cost.backward()
    assert explain(cost, wrt=x).text().splitlines()[0] == "∂C/∂x = 2·∂f/∂x = 2"
    assert "∂C/∂x = 2·∂f/∂x" in ad.draw(cost).text()


def test_a_path_that_a_mask_switches_off_adds_nothing_however_steep_it_is():
    x = Value(0.0, "x")
    s = ad.sqrt(x)
    s.label = "s"
    C = ad.where(x > 0, s, 0.0)
    C.backward()
    assert explain(C, wrt=x).text() == (
        "∂C/∂x = ∂s/∂x · ∂C/∂s = 1/(2s) · 0 = ∞ · 0 = 0\n  ✓ equals x.grad"
    )  # fmt: skip


def test_a_sum_that_cancels_equals_the_gradient_to_the_rounding_of_its_terms():
    x = Value(1.0, "x")
    m = ad.mean([x, x, x])
    m.label = "m"
    C = m / x
    C.backward()
    assert x.grad != 0.0
    assert explain(C, wrt=x).text().endswith("✓ equals x.grad")


def test_blanks_leave_the_numbers_to_be_filled_in_and_the_key_has_them():
    cost = neuron_cost()
    cost.backward()
    w = named(cost)["w"]
    sheet = explain(cost, wrt=w, blanks=True)
    assert sheet.text().splitlines() == [
        "∂C/∂w = ∂z/∂w · ∂a⁽ᴸ⁾/∂z · ∂C/∂a⁽ᴸ⁾",
        "      = a⁽ᴸ⁻¹⁾ · σ′(z) · 2(a⁽ᴸ⁾ − y)",
        "      = ____ · ____ · ____ = ____",  # nor whether a number is negative
        "  where σ′(u) = σ(u)·(1 − σ(u))",
    ]
    blank = r"\underline{\hspace{2.5em}}"
    sides = sheet.latex().splitlines()[1].removesuffix(r" \\[3pt]").split(" = ")
    assert sides[-2:] == [rf"{blank} \cdot {blank} \cdot {blank}", blank]
    assert sheet._repr_mimebundle_()["text/latex"] == f"$\\displaystyle {sheet.latex()}$"
    assert sheet.mathml().count("<mn>____</mn>") == 4
    for shown in (sheet.text(), sheet.latex(), sheet.mathml()):
        assert "0.2217" not in shown and "0.5" not in shown and "0.07357" not in shown
    assert sheet.key().text() == explain(cost, wrt=w).text()
