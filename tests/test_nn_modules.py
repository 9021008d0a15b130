"""Modules: names, shapes, errors that teach, initial weights, parameters found wherever they are kept, copies."""

import copy
import pickle
import random

import pytest

import autograd
import nn
from autograd import Value, compile, label, maximum
from autograd.core.columns import TABLE


@pytest.fixture
def xor_net():
    return nn.MLP(2, [3, 1], activation="tanh", output="sigmoid", seed=1)


def test_a_neuron_is_two_nodes_z_and_a():
    neuron = nn.Neuron(3, activation="sigmoid", seed=0)
    x = [Value(1.0, "x"), 2.0, -1.0]
    a = neuron(x)
    (z,) = a.operands
    assert (a.op, z.op) == ("sigmoid", "dot")
    assert z.operands == (*neuron.w, neuron.b, x[0])
    assert z.data == pytest.approx(sum(w.data * v for w, v in zip(neuron.w, [1.0, 2.0, -1.0], strict=True)))


def test_everything_in_an_mlp_is_labelled_by_layer_neuron_and_input(xor_net):
    assert [p.label for p in xor_net.parameters()] == [
        "w_{11}^(1)", "w_{12}^(1)", "b_1^(1)", "w_{21}^(1)", "w_{22}^(1)", "b_2^(1)", "w_{31}^(1)", "w_{32}^(1)",
        "b_3^(1)", "w_{11}^(2)", "w_{12}^(2)", "w_{13}^(2)", "b_1^(2)",
    ]  # fmt: skip
    a = xor_net([0.5, -0.5])
    (z,) = a.operands
    assert (a.label, z.label) == ("a_1^(2)", "z_1^(2)")
    assert [h.label for h in z.operands if h.op] == ["a_1^(1)", "a_2^(1)", "a_3^(1)"]


def test_a_layer_may_lose_neurons_and_get_new_ones():
    layer = nn.MLP(2, [3, 1], seed=0).layers[0]
    kept = layer.neurons[2]
    del layer.neurons[1]
    assert [a.label for a in layer([1.0, 2.0])] == ["a_1^(1)", "a_2^(1)"]
    assert kept.w[0].label == "w_{21}^(1)"
    layer.neurons += [nn.Neuron(2, "tanh"), nn.Neuron(2)]
    assert [a.data for a in layer([1.0, 2.0])] == [neuron([1.0, 2.0]).data for neuron in layer.neurons]


def test_labels_outside_an_mlp_carry_no_layer_and_two_digit_indices_a_comma():
    assert [p.label for p in nn.Neuron(1).parameters()] == ["w", "b"]
    assert [p.label for p in nn.Neuron(2).parameters()] == ["w_1", "w_2", "b"]
    assert [p.label for p in nn.Layer(1, 2).parameters()] == ["w_{11}", "b_1", "w_{21}", "b_2"]
    assert [p.label for p in nn.Layer(11, 1).parameters()][8:] == ["w_{19}", "w_{1,10}", "w_{1,11}", "b_1"]
    assert nn.MLP(1, [12]).parameters()[-1].label == "b_{12}^(1)"


def test_initial_weights_are_micrograds():
    random.seed(1337)
    expected = [random.uniform(-1, 1) for _ in range(2 * 3 + 3 * 1)]
    random.seed(1337)
    parameters = nn.MLP(2, [3, 1]).parameters()
    assert [p.data for p in parameters if p.label[0] == "w"] == expected
    assert {p.data for p in parameters if p.label[0] == "b"} == {0.0}


def test_a_seed_repeats_the_weights_and_leaves_pythons_generator_alone():
    random.seed(3)
    state = random.getstate()
    first, second = nn.MLP(2, [4, 1], seed=7), nn.MLP(2, [4, 1], rng=random.Random(7))
    assert first.state_dict() == second.state_dict() != nn.MLP(2, [4, 1], seed=8).state_dict()
    assert random.getstate() == state
    with pytest.raises(ValueError, match="not both"):
        nn.Neuron(2, seed=1, rng=random)


@pytest.mark.parametrize(("init", "limit"), [("he", (6 / 50) ** 0.5), ("xavier", (6 / 90) ** 0.5)])
def test_named_initial_weights_are_uniform_within_their_bound(init, limit):
    weights = [w.data for neuron in nn.Layer(50, 40, init=init, seed=0).neurons for w in neuron.w]
    assert 0.98 * limit < max(weights) < limit and -limit < min(weights) < -0.98 * limit
    with pytest.raises(ValueError, match="unknown init 'glorot'; the names are uniform, he, xavier"):
        nn.Layer(2, 2, init="glorot")


def test_micrograds_own_forms_work():
    assert nn.Neuron(2, nonlin=False)([1.0, 1.0]).op == "dot"
    assert nn.Neuron(2, False)([1.0, 1.0]).op == "dot"
    assert nn.Layer(2, 3, nonlin=True)([1.0, 1.0])[2].op == "relu"
    assert isinstance(nn.Layer(2, 1)([1.0, 1.0]), Value)
    assert len(nn.MLP(2, [16, 16, 1]).parameters()) == 337


class Largest(nn.Neuron):
    """Not w·x + b."""

    def __call__(self, x):
        return maximum(self.w[0] * x[0], self.w[1] * x[1]) + self.b


@pytest.mark.parametrize("later", [False, True])
def test_a_neuron_that_says_itself_what_it_computes_is_asked(later):
    model, own = nn.MLP(2, [3, 1], seed=1), Largest(2, seed=3)
    layer, x = model.layers[0], [0.5, -1.0]
    before = layer(x) if later else None
    layer.neurons[1] = own
    a = layer(x)
    assert a[1].data == own(x).data == max(own.w[0].data * 0.5, -own.w[1].data)
    if later:
        assert [a[0].data, a[2].data] == [before[0].data, before[2].data]
    assert [n.b.label for n in layer.neurons] == ["b_1^(1)", "b_2^(1)", "b_3^(1)"]
    assert compile(lambda *x: model(x))(*x) == pytest.approx(model(x).data, rel=1e-15)
    layer.neurons.remove(own)
    assert own.b not in layer.parameters()


def test_the_1_1_1_1_network_is_three_neurons_in_a_row():
    model = nn.MLP(1, [1, 1, 1], activation="sigmoid", output="sigmoid", seed=0)
    a = model(0.3)
    assert a.data == model([0.3]).data
    ops = []
    while a.op:
        ops.append(a.op)
        a = next((v for v in a.operands if v.op), a.operands[0])
    assert ops == ["sigmoid", "dot"] * 3


TABLES = (
    "relu sigmoid tanh softplus log_sigmoid leaky_relu elu gelu silu mish softsign celu selu hardtanh relu6 hardswish"
)


@pytest.mark.parametrize("name", TABLES.split())
def test_every_activation_of_the_table_is_found_by_its_name(name):
    neuron = nn.Neuron(1, activation=name, seed=0)
    out = neuron([0.7])
    assert out.op == name and out.data == getattr(autograd, name)(out.operands[0].data)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (
            lambda: nn.Neuron(2, activation="rleu"),
            "Neuron: unknown activation 'rleu'; the names are linear, relu",
        ),
        (lambda: nn.MLP(2, [2, 1], activation="Tanh"), "MLP, layer 1: unknown activation 'Tanh'"),
        (lambda: nn.MLP(2, [2, 1], output="softmax"), "MLP, layer 2: softmax is of all outputs together: leave"),
        (lambda: nn.Neuron(0), "Neuron needs a whole number of inputs, 1 or more, got 0"),
        (lambda: nn.Layer(2, 0), "Layer needs a whole number of neurons, 1 or more, got 0"),
        (lambda: nn.MLP(2, [4, 0, 1]), r"MLP\(2, 4, 0, 1\): layer 2 needs a whole number of neurons"),
        (lambda: nn.MLP(2, []), "give the size of each layer"),
        (lambda: nn.MLP(2, 3), "give the size of each layer"),
        (lambda: nn.Sequential(), "Sequential of nothing"),
        (lambda: nn.Neuron(2)([1.0]), r"Neuron\(2 → 1 relu; 3 parameters\) takes 2 inputs, got 1"),
        (lambda: nn.MLP(2, [3, 1])([1.0] * 3), r"layer 1, Layer\(2 → 3 relu; 9 parameters\), takes 2 inputs, got 3"),
        (lambda: nn.MLP(2, [3, 1])(1.0), "takes 2 inputs, got 1"),
        (
            lambda: nn.Layer(2, 1)([[1.0, 2.0]] * 3),
            r"got 3 lists; of several examples write \[model\(x\) for x in X\]",
        ),
        (lambda: nn.MLP(2, [1])([[1.0, 2.0]] * 2), r"takes 2 inputs, got 2 lists; of several examples write \[model"),
        (lambda: nn.MLP(2, [1], "sigmod"), "unknown activation 'sigmod'"),
    ],
)
def test_a_wrong_size_or_name_is_an_error_that_names_the_layer(made, message):
    with pytest.raises(ValueError, match=message):
        made()


@pytest.mark.parametrize("made", [nn.Neuron(2), nn.Layer(2, 3), nn.MLP(2, [1]), nn.Sequential(nn.Layer(2, 1))])
def test_inputs_side_by_side_are_told_to_be_one_list(made):
    with pytest.raises(TypeError, match=r"its inputs as one list, got 2 arguments; write model\(\[1, 2\]\)") as raised:
        made(1, 2)
    assert str(raised.value).startswith(repr(made))
    with pytest.raises(TypeError, match=r"write model\(\[x₁, x₂, …\]\)"):
        made(Value(1.0), 2.0)


@pytest.mark.parametrize("given", [{0: 1.0, 1: 2.0}, {1.0, 2.0}, "12"])
def test_inputs_without_an_order_or_of_text_are_refused(given):
    with pytest.raises(TypeError, match=rf"Layer\(2 → 3 .*\) takes a list of numbers, got {type(given).__name__}"):
        nn.Layer(2, 3)(given)


def test_a_step_that_cannot_be_called_is_refused():
    with pytest.raises(TypeError, match="Sequential: 3 cannot be called; give modules or functions"):
        nn.Sequential(nn.Layer(2, 3), 3)


def test_a_mismatch_between_layers_is_found_at_the_layer():
    model = nn.Sequential(nn.Layer(2, 3), nn.Layer(4, 1))
    with pytest.raises(ValueError, match=r"layer 2, Layer\(4 → 1 relu; 5 parameters\), takes 4 inputs, got 3"):
        model([1.0, 2.0])


def test_an_activation_may_be_any_function():
    def cube(z):
        return z**3

    neuron = nn.Neuron(1, activation=cube, seed=0)
    assert neuron(2.0).data == (2 * neuron.w[0].data) ** 3
    assert repr(neuron) == "Neuron(1 → 1 cube; 2 parameters)"


def test_an_activation_that_leaves_the_graph_is_named_with_its_neuron():
    with pytest.raises(
        TypeError, match=r"Neuron\(1 → 1 .*\): its activation returned 3.0, not a Value computed from z"
    ):
        nn.Neuron(1, activation=lambda z: 3.0)([1.0])


def test_repr_shows_architecture_and_parameter_count(xor_net):
    assert repr(xor_net) == "MLP(2 → 3 tanh → 1 sigmoid; 13 parameters)"
    assert repr(nn.Layer(2, 3)) == "Layer(2 → 3 relu; 9 parameters)"
    net = nn.Sequential(nn.Layer(2, 2, "tanh"), sum)
    assert repr(net) == "Sequential(Layer(2 → 2 tanh), sum; 6 parameters)"


class Custom(nn.Module):
    def __init__(self):
        self.scale = Value(2.0)
        self.layers = [nn.Neuron(1, seed=0), (nn.Neuron(1, seed=1),)]
        self.table = {"a": Value(1.0), "b": [Value(3.0)]}
        self.again, self.self, self.name, self.size = self.scale, self, "custom", 3
        self.last = self.scale * 2  # computed: not a parameter


def test_parameters_are_found_in_attributes_lists_tuples_and_dicts_shared_ones_once():
    names = [name for name, _ in Custom().named_parameters()]
    assert names == ["scale", "layers.0.w.0", "layers.0.b", "layers.1.0.w.0", "layers.1.0.b", "table.a", "table.b.0"]
    assert repr(Custom()).startswith("Custom(scale, layers, table, again") and repr(Custom()).endswith("7 parameters)")


def test_parameters_are_found_in_arrays():
    np = pytest.importorskip("numpy")

    class Matrix(nn.Module):
        def __init__(self):
            self.w, self.size = np.array([[Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]]), np.zeros(3)
            self.heads = np.array([nn.Neuron(1, seed=0)])

        def __call__(self, x):
            return self.w @ x

    assert list(Matrix().state_dict()) == ["w.0.0", "w.0.1", "w.1.0", "w.1.1", "heads.0.w.0", "heads.0.b"]
    assert repr(Matrix()) == "Matrix(w, heads; 6 parameters)"


class Shared(nn.Module):
    """Its parameters are in none of its attributes."""

    w = Value(3.0, "w")

    def parameters(self):
        return [self.w]


def test_a_parameter_without_a_name_is_not_lost_in_silence(tmp_path):
    with pytest.raises(ValueError, match=r"state_dict: parameter 0 of Shared\(.*'w'.*has no name to be kept under"):
        Shared().save(tmp_path / "m.json")


def test_zero_grad_is_of_the_parameters_that_a_subclass_names():
    Shared.w.grad = 5.0
    Shared().zero_grad()
    assert Shared.w.grad == 0.0


def test_zero_grad_forgets_what_backward_added(xor_net):
    for _ in range(2):
        (xor_net([1.0, 2.0]) ** 2).backward()
    assert any(p.grad for p in xor_net.parameters())
    xor_net.zero_grad()
    assert [p.grad for p in xor_net.parameters()] == [0.0] * 13


def test_state_dict_goes_from_one_module_to_another(xor_net):
    other = nn.MLP(2, [3, 1], activation="tanh", output="sigmoid", seed=2)
    other.load_state_dict(xor_net.state_dict())
    assert other([0.1, 0.2]).data == xor_net([0.1, 0.2]).data


def test_a_wrong_state_dict_changes_nothing_and_is_named(xor_net):
    before = xor_net.state_dict()
    state = {**before, "extra": 1.0}
    del state["layers.1.neurons.0.b"]
    with pytest.raises(KeyError, match=r"missing: layers.1.neurons.0.b; unknown: extra"):
        xor_net.load_state_dict(state)
    with pytest.raises(TypeError, match="expected a number, got str"):
        xor_net.load_state_dict({**dict.fromkeys(before, 1.0), "layers.1.neurons.0.b": "zero"})
    assert xor_net.state_dict() == before


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_a_copy_computes_the_same_and_learns_apart(xor_net, copied):
    other = copied(xor_net)
    assert other([0.1, 0.2]).data == xor_net([0.1, 0.2]).data
    assert [p.label for p in other.parameters()] == [p.label for p in xor_net.parameters()]
    other.parameters()[0].data += 1.0
    assert other([0.1, 0.2]).data != xor_net([0.1, 0.2]).data


class Squashed(nn.Module):
    def __init__(self):
        self.neuron, self.by = nn.Neuron(2, seed=0), autograd.tanh

    def __call__(self, x):
        return self.by(self.neuron(x))


def test_a_row_that_a_module_holds_is_copied_and_pickled_as_itself():
    net = Squashed()
    for again in (copy.copy(net), copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert again.by is autograd.tanh and again([1.0, 2.0]).data == net([1.0, 2.0]).data
    own = autograd.primitive("row_to_pickle", lambda x: x, lambda x, z: 1.0)
    pickled = pickle.dumps(own)
    del TABLE["row_to_pickle"]
    with pytest.raises(LookupError, match=r"row_to_pickle.*enter it"):
        pickle.loads(pickled)


def test_a_copy_keeps_shared_parameters_shared():
    tied = Custom()
    del tied.last
    other = copy.deepcopy(tied)
    assert other.again is other.scale is not tied.scale


def test_an_activation_that_is_set_later_would_change_nothing_and_is_refused():
    with pytest.raises(AttributeError, match=r"its activation is chosen where it is made: Neuron\(2, 'tanh'\)"):
        nn.Neuron(2).activation = "tanh"


@pytest.mark.parametrize("names", [["x"], ["x", "y", "z"]])
def test_as_many_labels_as_values(names):
    with pytest.raises(ValueError, match=f"label: {len(names)} names? for 2 Values"):
        label([Value(1.0), Value(2.0)], names)
