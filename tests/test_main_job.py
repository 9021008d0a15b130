"""`python -m nn`: what it prints is right, what it writes is there, and a bad file is one line and exit status 2."""

import re
import sys

import pytest

import nn
from autograd import finite_difference, grad, label_text
from nn import lecture
from nn.__main__ import _chosen as chosen
from nn.lecture import main
from tests.processes import python


def run(capsys, *arguments):
    status = main([*map(str, arguments)])
    said = capsys.readouterr()
    assert status != 2 or all([len(line) <= 80 or " " not in line.strip() for line in said.err.splitlines()])
    return status, said.out, re.sub(r"\n +", " ", said.err)  # a line that was wrapped is one


def test_the_job_runs_as_a_command_without_graphviz_on_the_machine(tmp_path):
    done = python("-m", "nn", cwd=tmp_path, PATH="/nowhere")
    assert done.returncode == 0, done.stderr
    assert "training: 100%" in done.stderr
    assert (tmp_path / "network.svg").read_text().startswith("<svg") or "<svg" in (tmp_path / "network.svg").read_text()
    assert "<html" in (tmp_path / "steps.html").read_text()
    assert '"accuracy":[' in (tmp_path / "training.html").read_text()
    assert re.search(r"wrote +\./network\.svg", done.stdout) and re.search(r"wrote +\./steps\.html", done.stdout)


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    done = python("-m", "nn", "--out", "out", "--epochs", "300", cwd=tmp_path_factory.mktemp("job"))
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_says_what_it_does_to_the_inputs(printed):
    assert "data       23 flights" in printed
    assert "standardised: x = (temperature_f − 69.5652) / 6.90196" in printed


def test_it_prints_all_six_chain_rules_close_to_their_finite_differences(printed):
    names = re.findall(r"^∂C₀/∂(\S+)\s+= ∂z", printed, re.M)
    assert names == ["w₁₁⁽¹⁾", "b₁⁽¹⁾", "w₁₁⁽²⁾", "b₁⁽²⁾", "w₁₁⁽³⁾", "b₁⁽³⁾"]
    pairs = re.findall(r"finite difference (\S+), chain rule (\S+)", printed.replace("−", "-"))
    assert len(pairs) == 6
    for difference, rule in pairs:
        assert float(rule) == pytest.approx(float(difference), abs=1e-9) and float(rule) != 0.0
    assert float(re.search(r"largest disagreement .*: (\S+)", printed)[1].replace("−", "-")) < 1e-9


def test_the_cost_falls_and_the_probabilities_fall_with_the_temperature(printed):
    before, after = re.search(r"cost +(\S+) before, (\S+) after 300 epochs", printed).groups()
    assert float(after) < 0.6 * float(before)
    cold, cool, warm = (float(p) for p in re.findall(r"(?:31|53|81) °F: (\S+)", printed))
    assert 1 > cold >= cool > 0.5 > warm > 0


def test_the_forward_pass_is_listed_layer_by_layer(printed):
    listed = re.search(r"One example forward.*\n((?:  .*\n)+)", printed)[1]
    names = re.findall(r"^  (\S+)", listed, re.M)
    assert names[:5] == ["w₁₁⁽¹⁾", "b₁⁽¹⁾", "x", "z₁⁽¹⁾", "a₁⁽¹⁾"]
    assert names[5:9] == ["w₁₁⁽²⁾", "b₁⁽²⁾", "z₁⁽²⁾", "a₁⁽²⁾"]
    assert names[9:] == ["w₁₁⁽³⁾", "b₁⁽³⁾", "z₁⁽³⁾", "a₁⁽³⁾", "y", "C₀"]


def test_the_numbers_of_the_forward_pass_are_the_networks(printed):
    model = nn.MLP(1, [1, 1, 1], activation="sigmoid", output="sigmoid", seed=0)
    a = model([(66 - 69.56521739130434) / 6.901956895421]).data
    assert float(re.search(r"a₁⁽³⁾ = σ\(z\) = (\S+)", printed)[1]) == pytest.approx(a, rel=1e-5)
    assert float(re.search(r"C₀ = \(a − y\)² = (\S+)", printed)[1]) == pytest.approx(a**2, rel=1e-5)


def test_a_minus_is_a_minus_sign_and_of_a_negative_mean_a_plus(tmp_path, capsys):
    file = tmp_path / "cold.csv"
    file.write_text("degrees,loss\n-3,-1\n-5,-2.5\n")
    _, printed, _ = run(capsys, "--out", tmp_path, "--epochs", 1, file)
    assert "standardised: x = (degrees + 4) / 1" in printed
    assert "scaled: y = (loss + 2.5) / 1.5" in printed
    assert "One example forward: degrees = −3, loss = −1" in printed
    assert not re.search(r"-\d", printed.replace("1-1-1-1", "").replace(str(tmp_path), ""))


def test_the_same_seed_prints_the_same_and_another_seed_does_not(tmp_path, capsys):
    outputs = [run(capsys, "--out", tmp_path, "--epochs", 5, "--seed", seed)[1] for seed in (3, 3, 4)]
    assert outputs[0] == outputs[1] != outputs[2]


def test_a_file_of_ones_own_with_two_inputs_and_targets_of_any_size(tmp_path, capsys):
    file = tmp_path / "houses.csv"
    file.write_text("area,rooms,price\n50,2,100\n80,3,180\n\n120,4,260\n150,5,300\n")
    status, out, _ = run(capsys, file, "--layers", "2-3-1", "--out", tmp_path / "new" / "folder", "--epochs", 2000)
    assert status == 0
    assert "x₁ = (area − 100)" in out and "x₂ = (rooms − 3.5)" in out and "y = (price − 100) / 200" in out
    assert "… and 1 more" in out
    fitted = [float(p) for p in re.findall(r"price = \d+: (\S+)", out)]
    assert fitted == pytest.approx([100, 180, 260], abs=25)
    assert (tmp_path / "new" / "folder" / "network.svg").exists()


def test_what_is_fitted_is_written_as_the_table_is(tmp_path, capsys):
    file = tmp_path / "houses.csv"
    file.write_text("area,price\n50,70000\n80,100000\n150,160000\n")
    _, out, _ = run(capsys, file, "--out", tmp_path, "--epochs", 0)
    assert re.findall(r"area = \d+: (\d{5,6})\n", out) == ["113100", "113000", "112900"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "No such file or directory"),
        ("", "row 1: the file is empty"),
        ("t,y\n", "row 2: there are no examples below the header"),
        ("t\n1\n", "row 1: column 2 is missing"),
        ("t,y\n1,0\n2\n", "row 3: column 'y' is missing"),
        ("t,y\n1,0\n\n2,yes\n", "row 4, column 'y': 'yes' is not a finite number"),
        ("t,y\nred,0\n", "row 2, column 't': 'red' is not a finite number; a column of words can be the target alone"),
        ("t,y\n,0\n", "row 2, column 't': '' is not a finite number; leave out rows without one"),
        ("t,y\ninf,0\n", "row 2, column 't': 'inf' is not a finite number"),
        ("t,y\n1,0,7\n", "row 2: column 3 has no name in the header ('7')"),
        ("1,0\n2,1\n", "row 1: the columns have no names"),
        ("t,t\n2,1\n", "row 1: column 't' appears twice"),
        (",t,y\n0,2,1\n1,3,0\n", "row 1: column 1 has no name; name it, or leave it out"),
        ("t,y\n1_0,0\n", "row 2, column 't': '1_0' is not a finite number"),
        ("t,y\n1,no\n2,NA\n3,yes\n", "row 3, column 'y': 'NA' is no class; leave out rows without one"),
        ("t,y\n1e200,0\n-1e200,1\n", "column 't': its numbers are too far apart to be scaled"),
        ("t,y\n1,1e308\n2,-1e308\n", "column 'y': its numbers are too far apart to be scaled"),
        (b"t,y\n\xff,1\n", "not a CSV file of text in UTF-8"),
        ("t;y\n1,5;1\n2.5;0\n", "row 2, column 't': decimal commas and decimal points in one file"),
        ("t;y\n1.234,5;1\n2;0\n", "row 2, column 't': '1.234,5' is not a finite number"),
        ("t,y\n1,yes\n2,yes\n", "column 'y': 'yes' is no number, and as a class it is the only one"),
        ("t,y\n" + "".join([f"1,word{k}\n" for k in range(21)]), "column 'y': 21 different words; 20 classes at most"),
    ],
)
def test_a_bad_file_is_one_line_that_names_file_row_and_column(tmp_path, capsys, content, message):
    file = tmp_path / "flights.csv"
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    status, out, err = run(capsys, file, "--out", tmp_path)
    assert (status, out) == (2, "")
    assert err.startswith("python -m nn: ") and err.count("\n") == 1
    assert message in err
    if not message.startswith("--layers"):
        assert str(file) in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--layers", "1-0-1"], "--layers '1-0-1': give the size of each layer"),
        (["--layers", "1"], "give the size of each layer"),
        (["--layers", "1-2-3"], "there is one target, 'incident', so the last must be 1"),
        (["--layers", "1-99999999999-1"], "299,999,999,998 parameters; 5,000 are the most shown here"),
        (["--layers", "2-1"], "the first number must be 1, for the input column temperature_f of the Chall"),
    ],
)
def test_layers_that_do_not_fit_are_one_line(tmp_path, capsys, arguments, message):
    status, out, err = run(capsys, *arguments, "--out", tmp_path)
    assert (status, out) == (2, "") and message in err and err.count("\n") == 1


@pytest.mark.parametrize("folder", ["", "/dev/null", "/dev/null/out"])
def test_a_folder_that_cannot_be_made_is_one_line(capsys, folder):
    status, out, err = run(capsys, "--out", folder)
    assert (status, out) == (2, "") and err.count("\n") == 1
    assert err.startswith(f"python -m nn: --out {folder!r}: ") and "give a folder that can be made" in err


@pytest.mark.parametrize("option", [["--lr", "fast"], ["--lr", "nan"], ["--epochs", "-1"], ["--epochs", "1.5"]])
def test_an_option_that_is_no_number_ends_with_status_2(option, capsys):
    with pytest.raises(SystemExit) as ended:
        main(option)
    assert ended.value.code == 2
    assert re.search(
        rf"argument {option[0]}: '{option[1]}' is no (whole )?number of \S+ or more", capsys.readouterr().err
    )


@pytest.mark.parametrize("layers", ["1-20-20-20-1", "1-300-1"])
def test_of_a_big_network_as_much_is_drawn_as_fits(tmp_path, capsys, layers):
    status, out, _ = run(capsys, "--layers", layers, "--epochs", 0, "--out", tmp_path)
    assert status == 0 and "not written" not in out
    assert re.search(r"network\.svg: the graph with its local derivatives, one card a (neuron|layer)\n", out)
    assert re.search(r"steps\.html: .*one step of backpropagation at a time", out)
    assert (tmp_path / "network.svg").exists() and (tmp_path / "steps.html").exists()


def test_a_picture_that_cannot_be_written_is_said_and_the_job_goes_on(tmp_path, capsys):
    (tmp_path / "network.svg").mkdir()
    status, out, _ = run(capsys, "--epochs", 1, "--out", tmp_path)
    assert status == 0 and "not written: " in out and re.search(r"wrote +.*steps\.html", out)


def test_a_training_that_fails_ends_with_status_1(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(lecture, "squared_error", lambda a, y: nn.squared_error(a, y) * 1e308 * 10)
    status, _, err = run(capsys, "--epochs", 1, "--out", tmp_path)
    assert status == 1 and err.splitlines()[-1].startswith("python -m nn: fit: the cost is not finite in epoch 1")


def test_no_epochs_are_allowed(tmp_path, capsys):
    status, out, _ = run(capsys, "--epochs", 0, "--out", tmp_path)
    assert status == 0
    before, after = re.search(r"cost +(\S+) before, (\S+) after 0 epochs", out).groups()
    assert before == after


def test_the_finite_difference_is_of_sixth_order():
    assert finite_difference(lambda x: x**5, 0.7) == pytest.approx(5 * 0.7**4, rel=1e-10)
    assert finite_difference(lambda x: x**6, 1.0) == pytest.approx(6.0, rel=1e-10)  # weights exact up to degree 6


@pytest.mark.parametrize(
    ("x", "said"),
    [([0.5, 1.0], "list; of several arguments give one"), ("0.5", "str '0.5'; convert it first"), (None, "None")],
)
def test_the_finite_difference_is_at_a_number(x, said):
    with pytest.raises(TypeError, match=f"finite_difference: x: expected a number, got {said}"):
        finite_difference(lambda x: x, x)


def test_the_finite_difference_of_a_value_is_on_its_graph():
    assert grad(lambda w: finite_difference(lambda x: w * x, 0.7))(3.0) == pytest.approx(1.0, rel=1e-10)
    assert grad(lambda x: finite_difference(lambda x: x**3, x))(0.7) == pytest.approx(4.2, rel=1e-9)


def test_labels_print_with_their_indices_raised_and_lowered():
    labels = ["w_{12}^(1)", "w_{1,12}^(3)", "b_1^(2)", "x", "C_0"]
    assert [label_text(label) for label in labels] == ["w₁₂⁽¹⁾", "w₁‚₁₂⁽³⁾", "b₁⁽²⁾", "x", "C₀"]


def test_escape_sequences_in_a_header_do_not_reach_the_terminal(capsys, tmp_path):
    (tmp_path / "a.csv").write_text("\x1b[31mred\x07,y\n1,0\n2,1\n")
    status, out, _ = run(capsys, tmp_path / "a.csv", "--epochs", 1, "--out", tmp_path)
    assert status == 0 and r"\x1b[31mred\x07" in out and not re.search(r"[\x00-\x09\x0b-\x1f]", out)


@pytest.mark.parametrize("content", ["\x1b[31m,\x1b[31m\n1,2\n", "a,b\n1,\x1b[31m\n", "a,b\x1b\n1\n"])
def test_escape_sequences_in_a_bad_file_do_not_reach_the_terminal(capsys, tmp_path, content):
    (tmp_path / "a.csv").write_text(content)
    status, _, err = run(capsys, tmp_path / "a.csv")
    assert status == 2 and r"\x1b" in err and "\x1b" not in err


def test_of_many_rows_a_sample_is_drawn_and_named(capsys, tmp_path):
    rows = "".join(f"{k / 1000},{k % 2}\n" for k in range(3000))
    (tmp_path / "a.csv").write_text("x,y\n" + rows)
    status, out, _ = run(capsys, tmp_path / "a.csv", "--epochs", 1, "--rows", 50, "--seed", 7, "--out", tmp_path)
    assert status == 0 and "data       50 examples" in out
    assert "sample     drawn from 3,000 by seed 7; --rows 3000 takes all" in out


def test_few_rows_are_all_taken(printed):
    assert "sample" not in printed


def test_the_network_has_as_many_inputs_as_the_file_and_lines_stay_within_80_columns(tmp_path, capsys):
    names = [f"measurement_{k}" for k in range(12)]
    rows = [",".join(str((3 * j + k * k) % 7) for k in range(13)) for j in range(9)]
    (tmp_path / "a.csv").write_text("\n".join([",".join([*names, "target"]), *rows]))
    status, out, _ = run(capsys, tmp_path / "a.csv", "--epochs", 1, "--out", tmp_path)
    assert status == 0 and "network    MLP(12 → 4 sigmoid → 1 sigmoid; 57 parameters)" in out
    said = [line for line in out.splitlines() if not line.startswith("wrote")]  # a path is as long as it is
    assert max(map(len, said)) <= 80


def test_the_lecture_stays_within_80_columns(printed):
    assert max(map(len, printed.splitlines())) <= 80


def test_semicolons_decimal_commas_a_target_in_the_middle_and_its_classes(tmp_path, capsys):
    text = (
        "len;species;wid\n5,1;setosa;0,2\n4,9;setosa;0,3\n7,0;versi;1,4\n6,4;versi;1,5\n6,3;virgi;2,5\n5,8;virgi;2,4\n"
    )
    (tmp_path / "a.csv").write_text(text)
    status, out, _ = run(capsys, tmp_path / "a.csv", "--target", "species", "--out", tmp_path)
    assert status == 0
    assert "6 examples: len, wid → species" in out and "network    MLP(2 → 4 sigmoid → 3 sigmoid" in out
    assert "classes    y₁ = 1 is setosa, y₂ = 1 is versi, y₃ = 1 is virgi" in out
    assert "One example forward: len = 5.1, wid = 0.2, species = setosa" in out
    assert "accuracy   100.0 %" in out
    assert re.search(r"len = 7, wid = 1.4, species = versi: versi \(0\.\d+\)", out)


def test_of_two_classes_one_output_tells(tmp_path, capsys):
    (tmp_path / "a.csv").write_text("x,ok\n1,no\n2,no\n8,yes\n9,yes\n")
    status, out, _ = run(capsys, tmp_path / "a.csv", "--out", tmp_path)
    assert status == 0 and "classes    y = 0 is no, y = 1 is yes" in out and "1-1" not in out
    assert re.search(r"x = 1: no \(", out) and re.search(r"x = 9: yes \(", out)


def test_a_target_that_is_no_column_names_the_columns(tmp_path, capsys):
    (tmp_path / "a.csv").write_text("x,ok\n1,0\n")
    status, out, err = run(capsys, tmp_path / "a.csv", "--target", "okay")
    assert (status, out) == (2, "") and "no column 'okay' for the target; there are x, ok" in err


@pytest.mark.parametrize(("which", "status"), [([], 2), (["-h"], 0), (["fly"], 2)])
def test_the_command_chainrule_says_what_it_does(which, status, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["chainrule", *which])
    assert chosen() == status
    said = capsys.readouterr()
    assert "usage: chainrule train" in (said.err if which == ["fly"] else said.out)
    assert max(map(len, (said.out + said.err).splitlines())) <= 80
    assert ("error: 'fly'" in said.err) == (which == ["fly"])


def test_the_command_chainrule_trains_and_derives(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(sys, "argv", ["chainrule", "train", "--epochs", "0", "--out", str(tmp_path)])
    assert chosen() == 0 and "0 epochs" in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", ["chainrule", "derive", "w*a", "w=2", "a=3"])
    assert chosen() == 0 and "∂C/∂w = a = 3" in capsys.readouterr().out
