"""`python -m autograd FORMULA name=number …`."""

import pytest

from autograd import Value, primitive
from autograd.__main__ import main
from autograd.parser import Formula, FormulaError
from tests.processes import python


def run(capsys, *arguments):
    """(exit status, what was printed, what was complained)"""
    try:
        status = main(arguments)
    except SystemExit as stop:  # argparse
        status = stop.code
    said = capsys.readouterr()
    return status, said.out, said.err


def test_the_cost_of_one_neuron(capsys):
    status, out, err = run(capsys, "C = (sigmoid(w*a + b) - y)**2", "w=2", "a=0.5", "b=-0.3", "y=1")
    assert (status, err) == (0, "")
    assert "u₁ = w·a + b = 0.7" in out
    assert "C = (u₂ − y)² = 0.1100993545" in out
    assert "∂C/∂w = ∂u₁/∂w · ∂u₂/∂u₁ · ∂C/∂u₂\n      = a · σ′(u₁) · 2(u₂ − y)\n      = 0.5 · 0.2217 · (" in out
    assert out.count("✓ finite difference") == 4
    assert out.count(".grad") == 4


def test_a_long_formula_breaks_at_80_columns(capsys):
    names = [f"measurement_{k}" for k in range(7)]
    status, out, _ = run(capsys, " + ".join(f"{name}**2" for name in names), *[f"{name}=2" for name in names])
    assert status == 0 and "+ measurement₆² = 28\n" in out
    assert max(map(len, out.splitlines()[1:])) <= 80


def test_as_a_program():
    done = python("-m", "autograd", "-x**2 + é", "x=3", "é=1/3", "--wrt", "x")
    assert done.returncode == 0, done.stderr
    assert "∂C/∂x = −2x = −6" in done.stdout


@pytest.mark.parametrize(
    ("formula", "column"),
    [
        ("(w*a + b", 0), ("w*a) + b", 3), ("w + ", 3), ("é + 2 3", 6), ("C = w +* a", 7), ("w^2", 1), ("2*w.real", 2),
        ("é*'x'", 2), ("w if a else b", 0), ("[w for w in a]", 0), ("w(2)", 0), ("sigmoid", 0), ("w = 1 in w", 4),
        ("__import__('os').system('true')", 0), ("f'{w}'", 0), ("w[0]", 0), ("True*w", 0), ("1j*w", 0),
        ("sigmoid(w, 2)", 0), ("[w, w]", 0), ("w\x00", 2), (f"w*1{'0' * 400}", 2),
    ],
)  # fmt: skip
def test_an_error_points_at_its_column_with_status_2(capsys, formula, column):
    status, out, err = run(capsys, formula, *(["w=2"] if "w" in formula else []), *(["é=1"] if "é" in formula else []))
    assert (status, out) == (2, "")
    lines = err.splitlines()
    assert lines[0].startswith("error: ")
    assert lines[-1].index("^") - 2 == column
    assert "Traceback" not in err


def test_unknown_names_say_what_is_known(capsys):
    status, _, err = run(capsys, "w*a + b", "w=1")
    assert status == 2
    assert "no number for a, b: add a=… b=…" in err
    status, _, err = run(capsys, "w*a", "w=1", "a=2", "q=3")
    assert (status, err) == (2, "error: q is not in the formula, whose names are w, a\n")
    status, _, err = run(capsys, "w*a", "w=1", "a=2", "--wrt", "q")
    assert (status, err) == (2, "error: --wrt q: the formula's names are w, a\n")


@pytest.mark.parametrize(
    ("formula", "remedy"),
    [
        ("sigmod(w)", "sigmod is not a known function; did you mean sigmoid?"),
        ("qqq(w)", "qqq is not a known function; -h lists them; a product is written qqq*(…)"),
        ("ln(w)", "ln is not a known function; did you mean log?"),
        ("cot(w)", "cot is not a known function; did you mean 1/tan?"),
        ("SIN(w)", "SIN is not a known function; did you mean sin?"),
        ("w(w + 1)", "w is not a known function; -h lists them; a product is written w*(…)"),
        ("sin(w, w)", "sin takes 1 operand, x, got 2"),
        ("2w", "a product is written 2*x, not 2x"),
        ("2(w + 1)", "a product is written x*y, not x y"),
        ("(w + 1)(w - 1)", "a product is written x*y, not x y"),
        ("sin(w w)", "a product is written x*y, not x y"),
        ("3 sin(w)", "a product is written x*y, not x y"),
        ("w·w + 1", "a product is written x*y, not x·y"),
        ("w×w", "a product is written x*y, not x×y"),
        ("sin w", "a function's operand is in parentheses: sin(x)"),
        ("w²", "a power is written x**2, not x²"),
        ("1 + |w|", "an absolute value is written abs(x), not |x|"),
        ("1 − w", "a minus is written -"),
        ("√w", "a root is written sqrt(x), not √x"),
        ("f(w) = w*w", "a result has a name alone: f = …, not f(x) = …"),
        ("w if w > 0 else 1", "a choice is written where(x > 0, x, y)"),
        ("if w > 0", "invalid syntax"),
        ("lambda*w", "lambda is a word of Python's, and no name; lambda_ is one"),
        ("math.sin(w)", "a name has no point: sin, not math.sin"),
        ("2*math.pi*w", "a name has no point: pi, not math.pi"),
        ("(w + 1", "'(' was never closed"),
    ],
)
def test_what_was_meant_is_said(capsys, formula, remedy):
    status, _, err = run(capsys, formula, "w=1")
    assert (status, err.splitlines()[0]) == (2, f"error: {remedy}")


@pytest.mark.parametrize(
    "condition", ["w > 0 and w < 1", "(w > 0) & (w < 1)", "w < 0 or w > 1", "not w > 0", "0 < w < 1"]
)
def test_how_conditions_are_joined_is_said_in_what_can_be_written(capsys, condition):
    status, _, err = run(capsys, f"where({condition}, w, 0)", "w=1")
    assert (status, max(map(len, err.splitlines())) <= 80) == (2, True)
    said = " ".join(err.split("  where(")[0].split())
    for x in (-0.5, 0.5, 1.5):
        for text, holds in (
            ("(x > 0)*(x < 1)", 0 < x < 1), ("max(x < 0, x > 1)", not 0 <= x <= 1), ("1 - (x > 0)", x <= 0)
        ):  # fmt: skip
            assert text in said and Formula(text).evaluate({"x": Value(x)}).data == holds


@pytest.mark.parametrize("formula", ["", " "])
def test_where_there_is_no_formula_nothing_is_pointed_at(capsys, formula):
    assert run(capsys, formula) == (2, "", 'error: there is no formula here; write one such as "w*a + b"\n')


def test_a_name_has_one_number(capsys):
    status, _, err = run(capsys, "w*2", "w=1", "w=2")
    assert (status, err) == (2, "error: w is given twice; one number is needed for each name\n")


@pytest.mark.parametrize("number", ["w", "w=", "w=x", "w=1/0", "=2"])
def test_numbers_are_numbers(capsys, number):
    status, _, err = run(capsys, "w*2", number)
    assert status == 2
    assert "should be name=number, such as w=2" in err


def test_a_number_is_a_formula_of_the_names_that_stand_for_numbers(capsys):
    for text, number in (("pi", "3.141592653589793"), ("−pi/4", "−0.7853981633974483"), ("sqrt(4)*e**0", "2")):
        assert run(capsys, "sin(x)", f"x={text}")[1].splitlines()[0] == f"x = {number}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("y", "y stands for no number"),
        ("2pi", "a product is written 2*x, not 2x"),
        ("y=3", "a number has one name"),
        ("3,5", "decimals follow a point, 3.5"),
    ],
)
def test_and_of_no_others_which_is_said_in_lines_of_80_columns(capsys, text, said):
    status, _, err = run(capsys, "sin(x)", f"x={text}", "y=1")
    assert status == 2 and max(map(len, err.splitlines())) <= 80
    assert f"such as w=2, w=-0.5, w=1/3 or w=2*pi: {said}" in " ".join(err.split())


def test_a_wrong_option_is_said_in_lines_of_80_columns(capsys):
    status, _, err = run(capsys, "sin(x)", "x=1", "--svg", "a.svg", *[f"--wrong{k}" for k in range(12)])
    assert status == 2 and max(map(len, err.splitlines())) <= 80
    assert "--wrong0" in err and "--wrong11" in err


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        ("relu(x)", "✓ between the finite differences of both sides, 0 and 1"),
        ("log(x)", "finite difference not comparable (at a kink or an edge of the domain)"),
        ("exp(x + 1000)", "finite difference not comparable (not finite)"),
        ("where(x > 0, x, 2*x)", "✓ between the finite differences of both sides, 1 and 2"),
    ],
)
def test_a_kink_and_a_pole_are_not_failures(capsys, formula, words):
    status, out, _ = run(capsys, formula, "x=0")
    assert status == 0
    assert words in out


def test_a_wrong_derivative_fails_its_check_and_is_named(capsys):
    primitive("halved", lambda x: x / 2, lambda x, z: 0.25)
    status, out, _ = run(capsys, "halved(x) + y", "x=3", "y=1")
    assert status == 1
    assert "✗ finite difference 0.5 differs from 0.25" in out
    assert "the first wrong local derivative is ∂halved(x)/∂x at x = 3.0" in out
    assert run(capsys, "halved(x) + y", "x=3", "y=1", "--wrt", "y")[0] == 0


def test_pictures_are_written(capsys, tmp_path):
    svg, html = tmp_path / "c.svg", tmp_path / "c.html"
    status, out, _ = run(capsys, "(w - y)**2", "w=2", "y=1", "--svg", str(svg), "--html", str(html))
    assert status == 0
    assert svg.read_text("utf-8").startswith("<svg")
    assert "<!doctype html>" in html.read_text("utf-8")
    assert f"wrote {svg}" in out
    status, _, err = run(capsys, "w", "w=2", "--svg", str(tmp_path / "c.bmp"))
    assert status == 2
    assert "ends in none of .svg" in " ".join(err.split())


@pytest.mark.parametrize("option", ["--svg", "--html"])
def test_a_missing_folder_is_named_and_not_a_temporary_file(capsys, tmp_path, option):
    path = tmp_path / "nowhere" / f"c.{option[2:]}"
    status, _, err = run(capsys, "log(w)", "w=1", option, str(path))
    assert status == 2
    said = f"error: save: there is no folder '{path.parent}' to write '{path.name}' into; make it first"
    assert err.split() == said.split()


def test_a_number_has_no_picture(capsys, tmp_path):
    status, out, err = run(capsys, "2*pi", "--svg", str(tmp_path / "c.svg"))
    assert (status, out, err) == (2, "", "error: a formula without names has no graph to draw\n")


def test_what_a_function_says_of_its_operands_names_it_once(capsys):
    err = run(capsys, "dot(w, 1)", "w=2")[2]
    assert err.startswith("error: dot: expected two lists, dot([w], [x], b), got Value\n")


def test_lists_constants_and_comparisons(capsys):
    _, out, _ = run(capsys, "dot([w, 2], [w, pi], 1) + where(w > 1, w*w, 3) + mean([w, e]) + max(w, 1)", "w=2")
    assert "∂C/∂w = " in out
    assert "✓ finite difference 9.5" in out
    assert run(capsys, "2 + 2*pi")[1] == "8.283185307179586\n"


def test_a_deep_formula_is_refused_or_computed_but_never_crashes():
    for text in ("(" * 500 + "x" + ")" * 500, "-" * 20_000 + "x", "+".join(["x"] * 20_000)):
        try:
            assert Formula(text).evaluate({"x": 1.0}) in (1.0, 20_000.0)
        except FormulaError as error:
            assert "nested too deeply" in str(error) or "too many nested" in str(error)


def test_an_error_far_to_the_right_shows_a_window(capsys):
    formula = "sum([" + "1, " * 300_000 + "x^2" + ", 1" * 1000 + "])"
    assert main([formula, "x=1"]) == 2
    _, line, mark = capsys.readouterr().err.splitlines()
    assert len(line) < 140 and line.strip().startswith("…") and line.endswith("…")
    assert line[mark.index("^")] == "^"


@pytest.mark.parametrize("formula", ["x is 1", "2(3)", "x if 1is 1 else 0", "0x1for x in x", '"\\d"'])
def test_warnings_of_pythons_parser_do_not_reach_the_terminal(formula):
    done = python("-W", "always", "-m", "autograd", formula, "x=1")
    assert done.returncode == 2 and "Warning" not in done.stderr


def test_escape_sequences_in_a_formula_do_not_reach_the_terminal(capsys):
    assert main(["x + \x1b[31m", "x=1"]) == 2
    assert "\x1b" not in capsys.readouterr().err
