"""Saved models: bit for bit the same again, errors that say what is wrong with a file, and never half a file."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import nn
from autograd import Value
from nn.checkpoints import CHECKPOINT
from nn.files import write_json
from tests.processes import variables

KINDS = ["json", "safetensors"]


class Custom(nn.Module):
    def __init__(self, seed=0):
        self.hidden, self.scale = nn.Layer(2, 2, seed=seed), Value(0.5)


def mlp(seed=0):
    model = nn.MLP(2, [3, 1], activation="tanh", output="sigmoid", seed=seed)
    model.parameters()[0].data = 0.1 + 0.2
    model.parameters()[1].data = 5e-324
    model.parameters()[2].data = -0.0
    return model


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "made",
    [
        mlp,
        lambda: nn.MLP(3, [2], activation="relu", output="linear"),
        lambda: nn.Neuron(3, activation="softplus"),
        lambda: nn.Layer(2, 3, activation="gelu"),
        lambda: nn.Sequential(nn.Layer(2, 3), nn.Sequential(nn.Neuron(3, nonlin=False))),
    ],
)
def test_a_saved_model_loads_with_the_same_architecture_and_bits(tmp_path, kind, made):
    model, path = made(), tmp_path / f"m.{kind}"
    model.save(path)
    other = nn.load(path)
    assert repr(other) == repr(model) and type(other) is type(model)
    assert [p.data.hex() for p in other.parameters()] == [p.data.hex() for p in model.parameters()]
    x = [0.3, -0.7, 0.9][: 3 if "3 →" in repr(model).split("(")[1][:3] else 2]
    assert _numbers(other(x)) == _numbers(model(x))
    assert [p.label for p in other.parameters()] == [p.label for p in model.parameters()]


def _numbers(a):
    return [v.data for v in a] if isinstance(a, list) else a.data


@pytest.mark.parametrize("kind", KINDS)
def test_a_class_of_ones_own_is_loaded_into_an_instance(tmp_path, kind):
    path, model = tmp_path / f"m.{kind}", Custom(seed=1)
    model.save(path)
    with pytest.raises(nn.FileError, match=r"weights of a Custom that only your code can build.*into=Custom"):
        nn.load(path)
    assert nn.load(path, into=Custom()).state_dict() == model.state_dict()


def test_shared_layers_and_functions_as_activations_need_an_instance_too(tmp_path):
    layer = nn.Layer(2, 2)
    models = [nn.Sequential(layer, layer), nn.MLP(2, [1], output=abs), nn.Sequential(nn.Layer(2, 1), abs)]
    for model in (*models, nn.Neuron(2, abs), nn.Layer(2, 1, abs), nn.Sequential(Tripled(2))):
        model.save(tmp_path / "m.json")
        with pytest.raises(nn.FileError, match="only your code can build"):
            nn.load(tmp_path / "m.json")
        assert nn.load(tmp_path / "m.json", into=model) is model


class Tripled(nn.Neuron):
    """It says to be a module that cannot be built."""

    def architecture(self):
        return {**super().architecture(), "module": "Tripled"}


def test_a_model_is_saved_under_no_extension_of_another_kind(tmp_path):
    with pytest.raises(ValueError, match=r"m\.pt': a model is saved as data, in .json or .safetensors"):
        mlp().save(tmp_path / "m.pt")
    assert os.listdir(tmp_path) == []


def test_a_checkpoint_that_lacks_something_is_named(tmp_path):
    write_json(tmp_path / "run.json", CHECKPOINT, {"seed": 0, "weights": {}, "best": {}})
    with pytest.raises(nn.FileError, match=r"run\.json: not a whole checkpoint: optimizer, history missing"):
        nn.fit(mlp(), [[0.0, 1.0]], [1.0], epochs=1, resume=tmp_path / "run.json", progress=False, compiled=False)


def test_loading_leaves_pythons_random_numbers_alone(tmp_path):
    import random

    mlp().save(tmp_path / "m.json")
    random.seed(1)
    state = random.getstate()
    nn.load(tmp_path / "m.json")
    assert random.getstate() == state


def test_the_json_is_plain_data_with_names_for_everything(tmp_path):
    mlp().save(tmp_path / "m.json")
    record = json.loads((tmp_path / "m.json").read_text())
    assert (record["format"], record["version"], record["class"]) == ("chainrule model", 1, "MLP")
    assert record["architecture"] == {
        "module": "MLP", "nin": 2, "nouts": [3, 1], "activation": "tanh", "output": "sigmoid",
    }  # fmt: skip
    assert record["weights"]["layers.0.neurons.0.w.0"] == 0.1 + 0.2


def test_the_safetensors_package_reads_what_we_write(tmp_path):
    safetensors, np = pytest.importorskip("safetensors"), pytest.importorskip("numpy")
    model = mlp()
    model.save(tmp_path / "m.safetensors")
    with safetensors.safe_open(tmp_path / "m.safetensors", "np") as file:
        assert {k: float(file.get_tensor(k)) for k in file.keys()} == model.state_dict()
        assert file.get_tensor("layers.0.neurons.0.b").dtype == np.float64
        assert json.loads(file.metadata()["chainrule"])["architecture"]["nouts"] == [3, 1]


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_cut_off_anywhere_is_an_error_that_names_it(tmp_path, kind):
    path = tmp_path / f"m.{kind}"
    mlp().save(path)
    whole = path.read_bytes()
    for length in {0, 1, 7, 8, 9, 100, len(whole) // 2, len(whole) - 9, len(whole) - 1}:
        path.write_bytes(whole[:length])
        with pytest.raises(nn.FileError, match=rf"m\.{kind}: .*(cut off|empty|no JSON)"):
            nn.load(path)


renamed = {"x": 0.5} | {k: 0.5 for k in list(mlp().state_dict())[1:]}


def changed(**entries):
    mlp().save(path := Path(os.environ["PYTEST_TMP"]) / "m.json")
    record = json.loads(path.read_text())
    del record["checksum"]
    for key, value in entries.items():
        if value is None:
            del record[key]
        else:
            record[key] = value
    return json.dumps(record)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (lambda: "[1, 2]", "not a chainrule model: it says no format"),
        (lambda: '{"weights": {}}', "not a chainrule model: it says no format"),
        (lambda: changed(format="another"), "not a chainrule model: it says 'another'"),
        (lambda: changed(version=2), r"written by a newer version .*\(format 2; this one reads up to 1\)"),
        (lambda: changed(version="x"), "the version is 'x', which is none"),
        (lambda: changed(version=True), "the version is True, which is none"),
        (lambda: changed(weights=None), "the 'weights' are missing"),
        (lambda: changed(weights={}), "the weights are not those of this model: it has 13 parameters, there are 0"),
        (lambda: changed(architecture={"module": "Transformer"}), "cannot be built: KeyError: 'Transformer'"),
        (lambda: changed(architecture={"module": "MLP", "nin": 2, "nouts": [3, 1]}), "cannot be built: KeyError"),
        (lambda: changed(architecture={"module": "MLP", "nin": 2, "nouts": []}), "it has 0 parameters, there are 13"),
        (lambda: changed(architecture=None), "only your code can build"),
        (lambda: "[" * 100_000, "not a chainrule model, or cut off"),
        (
            lambda: changed(weights=renamed),
            "the weights are not those of this model: .*missing: layers.0.neurons.0.w.0",
        ),
        (lambda: changed(weights=renamed | {"x": 10**400}), "the weights are not those of this model"),
        (lambda: changed(weights=renamed | {"x": True}), "the weight 'x' is no number: True"),
        (lambda: changed(weights=renamed | {"x": "1"}), "the weight 'x' is no number: '1'"),
        (
            lambda: changed(architecture={"module": "MLP", "nin": 100_000_000, "nouts": [3, 1]}),
            "it has 300,000,007 parameters, there are 13",
        ),
        (lambda: changed(architecture={"module": "MLP", "nin": True, "nouts": [3, 1]}), "the sizes are whole numbers"),
        (lambda: changed().replace('"version": 1', '"version": 1, "version": 1'), "'version' is given twice"),
        (
            lambda: changed().replace('b": ', 'b": 0.5, "layers.0.neurons.0.b": ', 1),
            "'layers.0.neurons.0.b' is given twice",
        ),
        (lambda: "\x00\x01PK", "not a chainrule model, or cut off"),
    ],
)
def test_a_file_that_is_something_else_says_what(tmp_path, monkeypatch, content, message):
    monkeypatch.setenv("PYTEST_TMP", str(tmp_path))
    path = tmp_path / "m.json"
    path.write_text(content())
    with pytest.raises(nn.FileError, match=message) as raised:
        nn.load(path)
    assert str(path) in str(raised.value)


def test_safetensors_files_of_others_are_named_as_such(tmp_path):
    safetensors = pytest.importorskip("safetensors.numpy")
    np = pytest.importorskip("numpy")
    path = tmp_path / "bert.safetensors"
    safetensors.save_file({"w": np.ones(3)}, path)
    with pytest.raises(nn.FileError, match=r"bert\.safetensors: not a chainrule model"):
        nn.load(path)


@pytest.mark.parametrize("kind", KINDS)
def test_a_place_that_cannot_be_written_is_named_and_not_a_temporary_file(tmp_path, kind):
    with pytest.raises(
        FileNotFoundError, match=r"save: there is no folder '.*nowhere' to write 'm.* into; make it first"
    ):
        mlp().save(tmp_path / "nowhere" / f"m.{kind}")
    (tmp_path / f"m.{kind}").mkdir()
    with pytest.raises(IsADirectoryError, match=rf"save: '.*m\.{kind}' is a folder; give the name of a file"):
        mlp().save(tmp_path / f"m.{kind}")
    assert os.listdir(tmp_path) == [f"m.{kind}"]


def test_a_save_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "m.json"
    mlp().save(path)
    old = path.read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        mlp(seed=5).save(path)
    assert path.read_bytes() == old and os.listdir(tmp_path) == ["m.json"]


SAVING = """
import sys, itertools, nn
model = nn.MLP(8, [16, 16, 1], seed=0)
print("ready", flush=True)
for k in itertools.count():
    model.parameters()[0].data = float(k)
    model.save(sys.argv[1])
"""


@pytest.mark.skipif(os.name != "posix", reason="kills with SIGKILL")
@pytest.mark.parametrize("kind", KINDS)
def test_killing_the_process_while_it_saves_never_leaves_an_unreadable_file(tmp_path, kind):
    path = tmp_path / f"m.{kind}"
    nn.MLP(8, [16, 16, 1], seed=0).save(path)
    for k in range(8):
        saving = subprocess.Popen([sys.executable, "-c", SAVING, path], env=variables(), stdout=subprocess.PIPE)
        saving.stdout.readline()
        time.sleep(0.003 + 0.0071 * k)
        saving.send_signal(signal.SIGKILL)
        saving.wait()
        saving.stdout.close()
        assert nn.load(path)([0.0] * 8).data == nn.MLP(8, [16, 16, 1], seed=0)([0.0] * 8).data


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_with_one_bit_flipped_is_refused_or_loads_the_same_model(tmp_path, kind):
    model, path = nn.Neuron(1, activation="tanh", seed=3), tmp_path / f"m.{kind}"
    model.save(path)
    whole = path.read_bytes()
    for i in range(8 * len(whole)):
        flipped = bytearray(whole)
        flipped[i // 8] ^= 1 << i % 8
        path.write_bytes(flipped)
        try:
            other = nn.load(path)
        except nn.FileError:
            continue
        assert (repr(other), other.state_dict()) == (repr(model), model.state_dict()), f"bit {i}"


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_without_a_checksum_still_loads(tmp_path, kind):
    path, model = tmp_path / f"m.{kind}", mlp()
    model.save(path)
    whole = path.read_bytes()
    cut = re.sub(rb'\\?"checksum\\?": \\?"[0-9a-f]{64}\\?",\s*', b"", whole)
    assert len(cut) < len(whole)
    if kind == "safetensors":
        header = int.from_bytes(whole[:8], "little") - (len(whole) - len(cut))
        cut = header.to_bytes(8, "little") + cut[8:]
    path.write_bytes(cut)
    assert nn.load(path).state_dict() == model.state_dict()


def test_a_changed_weight_is_refused_as_damage(tmp_path):
    path = tmp_path / "m.json"
    mlp().save(path)
    path.write_text(path.read_text().replace("0.30000000000000004", "0.3000000000000001"))
    with pytest.raises(nn.FileError, match=r"m\.json: damaged, or changed since it was saved.*remove the \"checksum\""):
        nn.load(path)


def test_the_layout_of_the_json_is_no_damage(tmp_path):
    path = tmp_path / "m.json"
    mlp().save(path)
    path.write_text(json.dumps(json.loads(path.read_text()), indent=4, sort_keys=True))
    assert nn.load(path).state_dict() == mlp().state_dict()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"[8, 16]", b"[0, 8] ", "lie at the same place"),
        (b"[8, 16]", b"[4, 12]", "do not fill its 24 bytes one by one"),
        (b"[0, 8]", b"[-8,0]", "do not fill its 24 bytes one by one"),
        (b"[8, 16]", b"[8, 15]", "is not the place of one F64 number"),
        (b"[16, 24]", b"[true,9]", "is not the place of one F64 number"),
        (b'"data_offsets"', b'"data_offsetz"', "is not the place of one F64 number"),
        (b'"dtype"', b'"dtypf"', "is not the place of one F64 number"),
        (b'"F64"', b'"F32"', "is not the place of one F64 number"),
        (b"[0, 8]", b'[0, "]', "its header is no JSON"),
    ],
)
def test_a_safetensors_header_that_lies_is_refused(tmp_path, old, new, message):
    path = tmp_path / "m.safetensors"
    nn.Neuron(2, seed=0).save(path)
    whole = path.read_bytes()
    assert old in whole and len(old) == len(new)
    path.write_bytes(whole.replace(old, new))
    with pytest.raises(nn.FileError, match=rf"m\.safetensors: .*{message}"):
        nn.load(path)


def test_bytes_after_the_last_number_of_a_safetensors_file_are_refused(tmp_path):
    path = tmp_path / "m.safetensors"
    nn.Neuron(2, seed=0).save(path)
    path.write_bytes(path.read_bytes() + b"more")
    with pytest.raises(nn.FileError, match="its 3 numbers do not fill its 28 bytes one by one"):
        nn.load(path)


def test_a_checkpoint_that_was_changed_is_refused(tmp_path):
    X, Y = nn.data.xor()
    path = tmp_path / "run.json"
    nn.fit(nn.MLP(2, [1], seed=0), X, Y, epochs=2, checkpoint=path, progress=False, compiled=False)
    path.write_text(path.read_text().replace('"epoch": 0', '"epoch": 1'))
    with pytest.raises(nn.FileError, match="damaged"):
        nn.fit(nn.MLP(2, [1], seed=0), X, Y, epochs=3, resume=path, progress=False, compiled=False)


@pytest.mark.parametrize("name", ["checkpoint", "resume"])
def test_a_checkpoint_is_the_name_of_a_file_and_no_descriptor_that_would_be_closed(name):
    X, Y = nn.data.xor()
    with pytest.raises(TypeError, match=f"fit: {name}= is the name of a file, such as 'run.json', not True"):
        nn.fit(nn.MLP(2, [1], seed=0), X, Y, epochs=1, progress=False, compiled=False, **{name: True})


def test_an_extension_in_capitals_says_the_same(tmp_path):
    model = nn.MLP(2, [1], seed=0)
    for name in ("M.SAFETENSORS", "m.safetensors"):
        model.save(tmp_path / name)
    assert (tmp_path / "M.SAFETENSORS").read_bytes() == (tmp_path / "m.safetensors").read_bytes()
    assert nn.load(tmp_path / "M.SAFETENSORS").state_dict() == model.state_dict()


def test_a_file_that_is_not_there_is_named_with_what_was_asked(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"load: '.*m.json' cannot be read: No such file"):
        nn.load(tmp_path / "m.json")
    with pytest.raises(IsADirectoryError, match=r"load: .* cannot be read: Is a directory"):
        nn.load(tmp_path)


def with_a_third_layer():
    model = mlp()
    model.layers.append(nn.Layer(1, 2, activation="relu"))
    return model


def with_a_neuron_of_its_own():
    model = mlp()
    model.layers[0].neurons[1] = nn.Neuron(2, activation="sin")
    return model


class MLP(nn.MLP):
    def __call__(self, x):
        return super().__call__(x) * 2.0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("made", [with_a_third_layer, with_a_neuron_of_its_own, lambda: MLP(2, [3, 1])])
def test_a_model_that_its_sizes_do_not_say_is_not_rebuilt_as_another(made, kind, tmp_path):
    path = tmp_path / f"m.{kind}"
    made().save(path)
    with pytest.raises(nn.FileError, match=r"weights of a MLP that only your code can build.*into=MLP"):
        nn.load(path)
    model = made()
    assert nn.load(path, into=model) is model


def test_weights_are_not_loaded_into_a_model_that_computes_something_else(tmp_path):
    mlp().save(tmp_path / "m.json")
    other = nn.MLP(2, [3, 1], activation="relu", output="sigmoid", seed=1)
    before = other.state_dict()
    with pytest.raises(nn.FileError, match=r"3 tanh → .* is another model than MLP\(2 → 3 relu.*load_state_dict"):
        nn.load(tmp_path / "m.json", into=other)
    assert other.state_dict() == before
