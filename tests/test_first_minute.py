"""What somebody meets in the first minute: names, texts and refusals that say what to do."""

import builtins
import inspect
import subprocess
import sys
import traceback

import pytest

import autograd
import nn
from autograd import Value, compile, draw, explain, grad, step
from autograd.core.columns import TABLE
from tests.processes import ROOT, printed, python


def test_a_pipe_gets_utf_8_whatever_the_locale_is():
    done = python("-m", "autograd", "w*a", "w=2", "a=3", PYTHONIOENCODING="cp1252")
    assert "∂C/∂w = a = 3" in done.stdout


def test_a_missing_number_is_one_short_line():
    done = python("-m", "autograd", "w*a + b", "w=2", "a=3")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.split("\n") == ["error: no number for b: add b=…", ""]


@pytest.mark.parametrize("look", [draw, explain, step])
def test_of_a_model_its_output_is_what_can_be_looked_at(look):
    with pytest.raises(TypeError, match=rf"MLP; give what it computes: {look.__name__}\(model\(x\)\)"):
        look(nn.MLP(2, [1]))


@pytest.mark.parametrize("by", ["neuron", "layer"])
def test_a_graph_without_modules_does_not_collapse(by):
    with pytest.raises(ValueError, match=f'collapse="{by}": this graph has no {by}s'):
        draw(Value(2.0, "w") * 3, collapse=by)


def test_a_model_is_not_saved_as_what_it_is_not(tmp_path):
    with pytest.raises(ValueError, match=r"m\.pkl'?: a model is saved as data, in \.json or \.safetensors"):
        nn.MLP(1, [1]).save(tmp_path / "m.pkl")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("module", "name", "remedy"),
    [
        (autograd, "jit", r"write compile\(f\)"),
        (autograd, "elementwise_grad", r"write compile\(grad\(f\)\)\(xs\)"),
        (autograd, "softmax", r"write nn.softmax\(xs\)"),
        (autograd, "ln", r"write log\(x\)"),
        (autograd, "zero_grad", r"write v\.grad = 0\.0, or model\.zero_grad\(\)"),
        (autograd, "numpy", "numpy's own functions take Values"),
        (nn, "Linear", r"write Layer\(nin, nout, \"linear\"\)"),
        (nn, "MSELoss", "write mse"),
    ],
)
def test_of_another_library_s_name_it_is_said_what_to_write(module, name, remedy):
    with pytest.raises(AttributeError, match=rf"module '{module.__name__}' has no attribute '{name}': .*{remedy}"):
        getattr(module, name)


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("forward", r"model\(x\)"),
        ("predict", r"nn\.predict\(model, X\)"),
        ("eval", "the same in training and after it"),
    ],
)
def test_of_another_library_s_name_for_what_a_model_does_too(name, remedy):
    with pytest.raises(AttributeError, match=rf"'MLP' object has no attribute '{name}': .*{remedy}"):
        getattr(nn.MLP(2, [1]), name)


def test_a_mistyped_name_of_a_model_is_one_that_python_answers_with_the_nearest():
    model = nn.MLP(2, [1])
    with pytest.raises(AttributeError, match=r"'MLP' object has no attribute 'zero_grads'$") as raised:
        model.zero_grads()
    assert (raised.value.name, raised.value.obj) == ("zero_grads", model)


@pytest.mark.parametrize("name", ["depth", "score"])
def test_what_a_property_of_a_model_lacks_is_said_as_it_is(name):
    model = type("Net", (nn.Module,), {name: property(lambda self: self.missing)})()
    with pytest.raises(AttributeError, match="'Net' object has no attribute 'missing'"):
        getattr(model, name)


def test_how_conditions_are_joined_is_said_where_a_condition_is_refused():
    between = compile(lambda x: autograd.where(0 < x < 1, x, 0), runner="python")
    with pytest.raises(TypeError, match=r"join conditions by & and \|, as in \(x > 0\) & \(x < 1\)"):
        between([0.5])


def test_one_edge_is_one_edge():
    assert repr(draw(Value(2.0, "w").exp())) == "<Drawing of the graph of C: 2 cards, 1 edge>"


def square(x):
    return x * x


def test_what_is_made_says_what_it_is():
    assert repr(grad(square)) == "<grad(square)>"
    compiled = compile(square, runner="python")
    assert repr(compiled) == "<compile(square): not called yet>"
    compiled([1.0, 2.0])
    assert repr(compiled).startswith("<compile(square): 1 input, 0 parameters; ")
    assert repr(compiled.program).startswith("<program of 1 input, 0 parameters; ")
    network = nn.Sequential(nn.Layer(2, 3), nn.Layer(3, 1))
    assert repr(network) == "Sequential(Layer(2 → 3 relu), Layer(3 → 1 relu); 13 parameters)"


def test_a_gradient_still_takes_the_arguments_of_its_function_also_as_a_method():
    assert str(inspect.signature(grad(square))) == "(x)"

    class Well:
        depth = 3.0

        @lambda f: grad(f, argnums=1)
        def force(self, x):
            return self.depth * x * x

    assert Well().force(2.0) == 12.0


def test_dir_shows_the_public_names_and_no_others():
    assert set(autograd.__all__) < set(dir(autograd))
    beside = set(dir(autograd)) - set(autograd.__all__) - set(vars(builtins))
    assert beside == {"__version__", "engine", "testing"}
    assert {"compile", "sum"} < set(dir(autograd))
    for name in dir(autograd):
        assert hasattr(autograd, name)


def test_the_kit_for_tests_is_there_without_an_import_of_its_own():
    assert printed("import autograd; print(autograd.testing.check_engine.__name__)") == "check_engine\n"


def test_a_star_import_replaces_no_builtin():
    assert not set(autograd.__all__) & set(vars(builtins))


@pytest.mark.parametrize("wrong", [lambda: Value(2.0) + "x", lambda: autograd.hypot(Value(1.0), None)])
def test_an_error_is_told_once(wrong):
    with pytest.raises(TypeError) as raised:
        wrong()
    assert "another exception occurred" not in "".join(traceback.format_exception(raised.value))


def test_another_autograd_is_named_when_nn_is_imported(tmp_path):
    (tmp_path / "autograd").mkdir()
    (tmp_path / "autograd" / "__init__.py").write_text("from math import tanh\n")
    (tmp_path / "nn").symlink_to(ROOT / "nn", target_is_directory=True)
    done = subprocess.run([sys.executable, "-c", "import nn"], capture_output=True, text=True, cwd=tmp_path, env={})
    assert "HIPS autograd most likely" in done.stderr and "pip uninstall autograd" in done.stderr


def test_what_an_uninstalled_version_left_is_named():
    left = "import sys, types; sys.modules['autograd'] = m = types.ModuleType('autograd')"
    done = python("-c", f"{left}; m.__file__, m.__path__ = None, ['/site/autograd']; import nn")
    assert "/site/autograd, as an uninstalled version may leave it; delete that folder" in done.stderr


def test_the_signature_of_where_is_that_of_its_row():
    assert str(inspect.signature(autograd.where)) == "(c, a, b)"


@pytest.mark.parametrize("name", TABLE)
def test_a_row_has_a_signature_and_takes_what_it_says(name):
    row, signature = TABLE[name], inspect.signature(TABLE[name])
    if row.arity is not None:
        required = [p.name for p in signature.parameters.values() if p.default is p.empty]
        given = dict.fromkeys(required, 0.5)
        assert repr(row(**given)) == repr(row(*given.values()))
        assert len(signature.parameters) == row.arity
