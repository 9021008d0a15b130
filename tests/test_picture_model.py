"""The graph model: what is shown, and that the edges shown always add up to the gradient."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd as ad
from autograd import Value, draw
from autograd.core.sweeps import topological_order
from autograd.picture import model
from autograd.picture.collapse import collapse
from autograd.picture.formula import typeset


def neuron_cost() -> Value:
    w, a, b, y = Value(2.0, "w"), Value(0.5, "a^(L-1)"), Value(-0.3, "b"), Value(1.0, "y")
    z = ad.dot([w], [a], b)
    z.label = "z"
    out = z.sigmoid()
    out.label = "a^(L)"
    cost = (out - y) ** 2
    cost.label = "C"
    return cost


def network_cost(*sizes: int, seed: int = 1) -> Value:
    draw_number = random.Random(seed).uniform
    layer = [Value(draw_number(-1, 1), f"x_{i}") for i in range(1, sizes[0] + 1)]
    for number, size in enumerate(sizes[1:], 1):
        outputs = []
        for j in range(1, size + 1):
            weights = [Value(draw_number(-1, 1), f"w_{{{j},{i}}}^({number})") for i in range(1, len(layer) + 1)]
            z = ad.dot(weights, layer, Value(draw_number(-1, 1), f"b_{j}^({number})"))
            z.label = f"z_{j}^({number})"
            outputs.append(z.sigmoid())
            outputs[-1].label = f"a_{j}^({number})"
        layer = outputs
    cost = ad.sum([(a - Value(1.0, f"y_{j}")) ** 2 for j, a in enumerate(layer, 1)])
    cost.label = "C"
    return cost


@st.composite
def graphs(draw_from: st.DrawFn) -> Value:
    """A random graph with shared values, parallel edges, masks, constants and labels of layers and neurons."""
    values = [Value(draw_from(st.floats(-2, 2)), f"x_{i}") for i in range(draw_from(st.integers(1, 3)))]
    pick = st.integers(0, 1_000_000)
    for _ in range(draw_from(st.integers(1, 14))):
        x, y = (values[draw_from(pick) % len(values)] for _ in range(2))
        makers = [
            lambda x, y: x + y, lambda x, y: x * y, lambda x, y: x - y, lambda x, y: x.tanh(), lambda x, y: x.relu(),
            lambda x, y: ad.maximum(x, y), lambda x, y: 0.5 * x + 1, lambda x, y: ad.dot([x, y], [y, x], x),
            lambda x, y: ad.sum([x, x, y]),
        ]  # fmt: skip
        made = makers[draw_from(st.integers(0, len(makers) - 1))](x, y)
        labels = ["", "", "h", "a_1^(1)", "a_2^(1)", "z_1^(2)", "a_1^(2)"]
        made.label = labels[draw_from(st.integers(0, len(labels) - 1))]
        values.append(made)
    root = values[-1] + values[len(values) // 2]
    root.backward()
    return root


def assert_edges_add_up(nodes, edges, root):
    total = dict.fromkeys(nodes, 0.0)
    sources = set()
    for edge in edges:
        sources.add(edge.source)
        total[edge.source] += 0.0 if edge.masked else edge.number * edge.target.value.grad
    for node in sources:
        if node is not root:
            assert math.isclose(total[node], node.value.grad, rel_tol=1e-12, abs_tol=1e-12)


@given(graphs())
@settings(max_examples=150, deadline=None)
def test_at_every_fold_and_collapse_level_the_edges_add_up_to_the_gradient(root):
    for fold in (True, False):
        graph = model.build(root, fold)
        assert_edges_add_up(graph.nodes, graph.edges, graph.root)
    graph = model.build(root)
    for by in ("neuron", "layer"):
        collapsed = collapse(graph, by)
        assert_edges_add_up(graph.nodes, collapsed.edges, graph.root)


@given(graphs())
@settings(max_examples=50, deadline=None)
def test_without_folding_every_operand_has_an_edge(root):
    graph = model.build(root, fold=False)
    assert sum(len(edge.ways) for edge in graph.edges) == sum(len(node.value.operands) for node in graph.nodes)
    assert [node.value for node in graph.nodes] == topological_order(root)


def test_fold_shows_leaves_labelled_values_shared_values_and_the_output():
    x, y = Value(2.0, "x"), Value(3.0)
    shared = x * y
    hidden = x + 1
    named = hidden.tanh()
    named.label = "t"
    root = shared * named + shared
    assert [node.value for node in model.build(root).nodes] == [x, y, shared, named, root]


def test_a_plus_a_is_drawn_with_two_lines_and_one_derivative():
    a = Value(3.0, "a")
    graph = model.build(a + a)
    assert [(edge.source.value, edge.number) for edge in graph.edges] == [(a, 2.0)]
    assert draw(a + a).graphviz.source.count("n0 -> n1") == 2


def test_a_gradient_not_computed_is_a_dash_and_a_computed_zero_is_zero():
    x = Value(-1.0, "x")
    cost = x.relu()
    assert model.build(cost).nodes[0].grad is None
    assert "∂C/∂x not computed" in draw(cost).text()
    assert ">—<" in draw(cost).svg()
    cost.backward()
    assert model.build(cost).nodes[0].grad == 0.0
    assert ">—<" not in draw(cost).svg()


def test_what_has_no_label_gets_a_letter_or_a_number_around_the_labels_there_are():
    a, b, c = Value(1.0), Value(2.0, "v_1"), Value(3.0, " \u202e ")
    graph = model.build((a * b + c) * Value(4.0, "C"))
    assert [typeset.text(node.name) for node in graph.nodes] == ["a", "v₁", "b", "C", "v₂"]


def test_a_name_is_the_same_in_every_part_of_the_graph():
    leaves = [Value(float(k)) for k in range(3)]
    first, second = leaves[0] * leaves[1], leaves[1] * leaves[2]
    root = (first * first).tanh() * second * second
    whole = model.build(root).names
    for part in (model.build(root, path_to=leaves[2]), model.build(root, depth=1)):
        assert {v: whole[v] for v in part.names} == part.names


def test_values_with_the_same_label_are_told_apart():
    x, y, z = Value(1.0, "x"), Value(2.0, "x"), Value(3.0, "x_(2)")
    assert [typeset.text(node.name) for node in model.build(x * y * z).nodes] == ["x", "x₍₃₎", "x₍₂₎", "C"]


def test_greek_letters_go_by_their_names_and_composite_labels_in_parentheses():
    x, alpha = Value(2.0, "x1*w1 + b"), Value(0.5, "alpha'_1")
    root = (x * 2) * alpha
    assert [typeset.text(node.name) for node in model.build(root).nodes] == ["x1*w1 + b", "α′₁", "C"]
    assert "∂C/∂(x1*w1 + b) = 2α′₁ = 1" in draw(root).text()


def test_a_drawing_is_a_snapshot():
    cost = neuron_cost()
    drawing = draw(cost)
    before = drawing.svg()
    cost.backward()
    assert drawing.svg() == before != draw(cost).svg()


def test_a_parameter_changed_after_the_forward_pass_is_said():
    cost = neuron_cost()
    assert not model.build(cost).notes
    w = topological_order(cost)[0]
    w.data = 3.0
    (note,) = model.build(cost).notes
    assert note.startswith("w, b or a⁽ᴸ⁻¹⁾ was changed after the forward pass: z was recorded as 0.7")
    assert "⚠ w, b or a⁽ᴸ⁻¹⁾ was changed" in draw(cost).svg()


def test_a_function_that_takes_the_changed_number_no_more_is_drawn_all_the_same():
    def picky(x):
        if x < 0:
            raise RuntimeError("below 0")
        return 2.0 * x

    w = Value(1.0, "w")
    doubled = ad.custom(picky, partials=lambda x, z: 2.0)(w)
    w.data = -1.0
    assert model.build(doubled).changed == []


def test_of_many_changed_parameters_three_are_named_with_what_they_were_for():
    weights = [Value(1.0, f"p_{k}") for k in range(5)]
    cost = ad.sum([w * 2.0 for w in weights])
    for w in weights:
        w.data = 3.0
    assert [note.split(" was ")[0] for note in model.build(cost, fold=False).changed] == ["p₀", "p₁", "p₂"]


def test_a_small_step_is_seen_in_what_is_said_of_it():
    w = ad.Value(0.3, "w")
    cost = w * 2.0
    w.data -= 1e-7
    (note,) = model.build(cost).changed
    assert "was recorded as 0.6, its operands now give 0.5999998;" in note


def test_gradients_of_several_sweeps_are_said_to_be_so():
    cost = neuron_cost()
    cost.backward()
    assert not model.build(cost).notes
    cost.backward()
    (note,) = model.build(cost).notes
    assert note.startswith("the .grad of w, b, a⁽ᴸ⁻¹⁾ and … is not ∂C/∂· of this graph alone")


def test_depth_keeps_what_is_near_and_path_to_keeps_what_lies_between():
    cost = neuron_cost()
    shown = {node.value.label: node.value for node in model.build(cost).nodes}
    assert [n.value.label for n in model.build(cost, depth=1).nodes] == ["a^(L)", "y", "C"]
    assert [n.value.label for n in model.build(cost, path_to=shown["b"]).nodes] == ["b", "z", "a^(L)", "C"]
    assert "4 more values are left out" in draw(cost, depth=1).text()
    with pytest.raises(ValueError, match="C does not depend on q"):
        draw(cost, path_to=Value(1.0, "q"))


def test_collapse_by_neuron_and_by_layer_group_by_label():
    graph = model.build(network_cost(2, 3, 2, 1))
    neurons = [group.key for group in collapse(graph, "neuron").groups if group.key]
    assert neurons == [("1", "1"), ("1", "2"), ("1", "3"), ("2", "1"), ("2", "2"), ("3", "1")]
    assert [group.key for group in collapse(graph, "layer").groups if group.key] == [("1",), ("2",), ("3",)]
    with pytest.raises(ValueError, match='collapse="neuron" or "layer"'):
        draw(graph.root.value, collapse="neurons")


def test_a_link_between_neurons_is_the_derivative_of_one_output_by_the_other():
    graph = model.build(network_cost(1, 1, 1))
    (link,) = [edge for edge in collapse(graph, "neuron").edges if edge.source.value.label == "a_1^(1)"]
    w, z = (next(n.data for n in graph.nodes if n.value.label == label) for label in ("w_{1,1}^(2)", "z_1^(2)"))
    assert link.target.value.label == "a_1^(2)"
    assert math.isclose(link.number, w * ad.sigmoid(z) * ad.sigmoid(-z), rel_tol=1e-12)


def test_too_many_cards_are_refused_with_counts_and_the_settings_that_fit():
    cost = network_cost(2, 8, 8, 1)
    with pytest.raises(ValueError, match=r"\d+ cards .* more than max_nodes=30") as refusal:
        draw(cost, max_nodes=30, collapse=False)
    message = str(refusal.value)
    assert 'collapse="neuron" (21 cards)' in message
    assert 'collapse="layer" (7 cards)' in message
    assert len(draw(cost, max_nodes=30, collapse="layer").text()) > 0


def dense(n):
    """The sum of n sums of the same n leaves."""
    xs, zs = [Value(1.0) for _ in range(n)], []
    for k in range(n):
        zs.append(ad.sum(xs))
        zs[-1].label = f"z_{k}"
    return ad.sum(zs)


def test_an_edge_counts_every_time_that_its_target_reads_its_source():
    graph = model.build(ad.sum([Value(1.0, "x")] * 300), max_nodes=2)
    assert [(edge.number, len(edge.ways)) for edge in graph.edges] == [(300.0, 300)]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: draw(neuron_cost().operands[0] * 2, collapse="layer", depth=0), "this graph has no layers"),
        (
            lambda: draw(network_cost(2, 8, 8, 1), collapse="neuron", max_nodes=9),
            "leaves 21 cards, more than",
        ),
        (lambda: draw(dense(24), max_nodes=49), "more than 490 edges between 49 cards; focus with path_to="),
        (lambda: ad.draw_dot(neuron_cost(), rankdir="BT"), r'rankdir="LR" \(left to right\) or "TB"'),
    ],
)
def test_a_picture_that_cannot_be_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()


def test_of_more_leaves_than_letters_each_has_a_name_of_its_own():
    graph = model.build(ad.sum([Value(float(k)) for k in range(60)]))
    assert len({node.name for node in graph.nodes}) == 61 and "e" not in map(typeset.text, graph.names.values())


def test_a_chain_of_a_million_nodes_neither_recurses_nor_hangs():
    x = Value(1.0, "x")
    value = x
    for _ in range(1_000_000):
        value = value + 1.0
    assert "x" in draw(value).text()  # all folded into one formula
    with pytest.raises(ValueError, match=r"1,000,001 cards"):
        draw(value, fold=False)
    assert draw(value, fold=False, depth=3).svg().count('role="group"') == 4


def test_an_edge_into_what_a_mask_switched_off_contributes_nothing():
    x = Value(0.0, "x")
    s = ad.sqrt(x)
    s.label = "s"
    graph = model.build(ad.where(x > 0, s, 0.0))
    steep = next(edge for edge in graph.edges if edge.source.value is x)
    assert (steep.number, steep.target.adjoint, steep.contribution) == (float("inf"), 0.0, 0.0)
