"""Examples: seeded, balanced, where they should be; files of one's own read exactly."""

import math

import pytest

import nn
from nn.data import read_csv

MADE = [nn.data.moons, nn.data.circles, nn.data.spirals]


@pytest.mark.parametrize("made", [*MADE, nn.data.xor])
def test_a_seed_repeats_the_examples(made):
    assert made(20, noise=0.1, seed=1) == made(20, noise=0.1, seed=1) != made(20, noise=0.1, seed=2)
    X, Y = made(20, noise=0.1, seed=1)
    assert len(X) == len(Y) == 20 and {len(x) for x in X} == {2} and sorted(set(Y)) == [0, 1]
    assert Y.count(1) == 10


def test_the_same_seed_gives_the_same_numbers_for_ever():
    X, Y = nn.data.moons(4, noise=0.1, seed=1337)
    assert Y == [1, 0, 1, 0]
    assert X[0] == pytest.approx([0.014184444905029563, 0.41116425183251465], abs=1e-12)


def test_moons_lie_on_their_half_circles_without_noise():
    X, Y = nn.data.moons(50, noise=0)
    for (x, y), label in zip(X, Y):
        centre = (1.0, 0.5) if label else (0.0, 0.0)
        assert math.hypot(x - centre[0], y - centre[1]) == pytest.approx(1)
        assert (y - centre[1] < 1e-12) if label else (y > -1e-12)


def test_circles_have_their_radii_and_spirals_wind_out_to_one():
    X, Y = nn.data.circles(30, noise=0, inner=0.3)
    assert {round(math.hypot(*x), 9) for x, label in zip(X, Y) if label} == {0.3}
    X, Y = nn.data.spirals(31, noise=0, classes=3)
    assert sorted(set(Y)) == [0, 1, 2] and max(math.hypot(*x) for x in X) == pytest.approx(1)


def test_xor_is_the_four_corners():
    assert nn.data.xor() == ([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0])


def test_challenger_is_23_flights_with_7_incidents():
    X, Y = nn.data.challenger()
    assert (len(X), sum(Y), min(X), max(X)) == (23, 7, [53.0], [81.0])
    assert {type(y) for y in Y} == {int}


def test_digits_are_scikit_learns():
    pytest.importorskip("sklearn")
    X, Y = nn.data.digits()
    assert (len(X), len(X[0]), sorted(set(Y))) == (1797, 64, list(range(10)))
    assert 0.0 == min(map(min, X)) and max(map(max, X)) == 1.0


def test_split_holds_out_a_fraction_and_loses_nothing():
    X, Y = [[float(k)] for k in range(10)], list(range(10))
    kept, kept_y, out, out_y = nn.data.split(X, Y, 0.3, seed=1)
    assert (len(kept), len(out)) == (7, 3)
    assert sorted(kept + out) == X and [[float(y)] for y in kept_y + out_y] == kept + out
    with pytest.raises(ValueError, match="leaves one part empty"):
        nn.data.split(X, Y, 1.0)


def test_split_needs_a_target_for_each_row():
    with pytest.raises(ValueError, match="split: 3 rows in X, but 2 in Y"):
        nn.data.split([[1], [2], [3]], [0, 1])


def test_a_csv_file_is_read_with_its_names_quotes_and_byte_order_mark(tmp_path):
    file = tmp_path / "a.csv"
    file.write_bytes('\ufeff"height, m", weight \n1.5,"70"\n 1.8 ,8.05e1\n'.encode())
    assert read_csv(file) == (["height, m", "weight"], [[1.5], [1.8]], [70.0, 80.5], ())
