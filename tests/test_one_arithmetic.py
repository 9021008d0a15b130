"""One arithmetic: whatever the runner, the form, the size of the batch and the place in it, the same bits; and eagerly,
the same where a function is made of operators."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from autograd import Value, compile, dot, exp, gelu, grad, hypot, relu, sigmoid, sin, softplus, tanh, value_and_grad
from autograd import sum as total
from autograd.native import roll, straight, tapes
from tests.compare import bits

np = pytest.importorskip("numpy")
pytest.importorskip("llvmlite")

RUNNERS = ["python", "tape", "source"]
SIZES = [1, 2, 7, 8, 9, 63, 64, 65, 1000]


@pytest.mark.parametrize("runner", RUNNERS)
def test_a_product_and_its_opposite_cancel_exactly(runner: str) -> None:
    points = np.random.default_rng(1).normal(size=(2, 1000))
    assert not compile(lambda x, y: x * y + (-x) * y, runner)(*points).any()
    slopes = compile(grad(lambda x, y: x * y + (-x) * y, argnums=(0, 1)), runner)(*points)
    assert not np.any(slopes)


@pytest.mark.parametrize("runner", RUNNERS)
@pytest.mark.parametrize("n", [1, 100])
def test_a_short_sum_is_computed_as_it_is_written(runner: str, n: int) -> None:
    f = lambda x, p, y, q, b: x * p + y * q + b
    for point in ((1e8, 1e8, -1e8, 1e8, 1.0), (1e8, 1.0 + 1e-8, -1e8, 1.0, 1e-17), (0.1, 10.0, -0.3, 10.0 / 3, 1e-17)):
        assert set(compile(f, runner)(*[np.full(n, x) for x in point]).tolist()) == {f(*point)}


@pytest.mark.parametrize("runner", RUNNERS)
@pytest.mark.parametrize("n", [1, 100])
def test_a_short_sum_overflows_as_it_is_written(runner: str, n: int) -> None:
    assert np.isnan(compile(lambda x: x * 3.0 + x * -2.0, runner)(np.full(n, 1e308))).all()


@pytest.mark.parametrize("runner", RUNNERS)
def test_a_slope_that_cancels_eagerly_cancels_compiled(runner: str) -> None:
    f = value_and_grad(lambda x: sigmoid(x / x * 3))
    for x in (-745.2, 0.1, 1e-300):
        value, slope = compile(f, runner)(np.full(9, x))
        assert set(slope.tolist()) == {f(x)[1]} == {0.0}
        assert value.tolist() == pytest.approx([f(x)[0]] * 9, rel=4e-16)


WEIGHTS = [Value(x) for x in np.random.default_rng(2).normal(size=7).tolist()]
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "elementary": lambda x, y: tanh(x) * exp(y) + gelu(y) + sin(x) / (1.0 + y * y) + abs(x) ** y,
    "masks": lambda x, y: relu(x - y) * hypot(x, y) + softplus(y),
    "a long sum": lambda x, y: dot(WEIGHTS, [x, y, x * y, x + y, x - y, x * x, y * y], 0.5),
    "its gradient": grad(lambda x, y: sigmoid(dot(WEIGHTS[:5], [x, y, x * y, x + y, x - y], x)), argnums=(0, 1)),
}


def columns(result: Any) -> Any:
    return np.array(result).reshape(-1, np.shape(result)[-1])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_row_has_the_same_bits_in_every_batch_form_and_place(name: str) -> None:
    points = np.random.default_rng(3).normal(size=(2, 1000))
    points[:, ::50] = np.array([0.0, -0.0, 1e-310, 700.0, -700.0])[:, None].repeat(4, 1).reshape(-1)
    f = {runner: compile(FUNCTIONS[name], runner) for runner in (*RUNNERS[1:], None)}
    whole = columns(f["source"](*points))
    for compiled in f.values():
        for k in range(0, 1000, 25):
            alone = compiled(*points[:, k].tolist())
            assert list(map(bits, np.ravel(alone).tolist())) == list(map(bits, whole[:, k].tolist())), k
        for n in SIZES:
            for start in (0, 1000 - n):
                got = columns(compiled(*points[:, start : start + n]))
                want = whole[:, start : start + n]
                assert list(map(bits, got.ravel().tolist())) == list(map(bits, want.ravel().tolist())), (n, start)


@pytest.mark.parametrize("past", [False, True])
@pytest.mark.parametrize("n", [65_536, 65_541])
def test_a_row_of_a_large_result_has_the_same_bits(n: int, past: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(straight, "stores_past_caches", lambda: past)  # whatever the processor
    f = compile(grad(lambda x: total([a * tanh(a * b) for a, b in pairwise(x)])))
    X = np.random.default_rng(7).normal(size=(n, 9))
    rows = range(0, n, 4001)
    small = np.concatenate([f(X[k : k + 4001]) for k in rows])
    for _ in range(3):  # in Python, and in machine code
        assert f(X).tobytes() == small.tobytes()


@pytest.mark.parametrize("name", ["elementary", "masks"])
@pytest.mark.parametrize("runner", RUNNERS[1:])
def test_a_batch_gives_nan_and_infinity_where_eager_does(runner: str, name: str) -> None:
    special = [0.0, -0.0, 5e-324, 1e-310, 1.0, -1.0, 745.2, -745.2, 1e308, -1e308, math.inf, -math.inf, math.nan]
    points = np.array([(x, y) for x in special for y in special]).T.copy()
    f = value_and_grad(FUNCTIONS[name], argnums=(0, 1))
    value, slopes = compile(f, runner)(*points)
    for point, row in zip(points.T.tolist(), np.array([value, *slopes]).T.tolist(), strict=True):
        z, (dx, dy) = f(*point)
        assert list(map(math.isnan, row)) == list(map(math.isnan, (z, dx, dy))), (point, row, z, dx, dy)
        assert list(map(math.isinf, row)) == list(map(math.isinf, (z, dx, dy))), (point, row, z, dx, dy)


def test_an_irregular_program_has_the_same_bits_in_kernels_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tape of many short loops joins those that often follow one another, and cuts sums that are long; here, it is
    made to think it has many."""
    leaves = [Value(x) for x in np.random.default_rng(5).normal(size=6).tolist()]

    def cost() -> Any:
        nodes: list[Any] = list(leaves)
        for _ in range(40):
            nodes.append(softplus(nodes[-3]) + dot(nodes[-6:-1], nodes[-5:]))
            shares = [exp(x - nodes[-1]) for x in nodes[-4:]]
            nodes += [x / total(shares) for x in shares]
        return total(nodes) + total([nodes[k] * nodes[k + 1] if k % 5 != 2 else nodes[k] for k in range(6, 200)])

    answers, cuts = [], list[int]()
    cut = roll._with_cut_sums
    monkeypatch.setattr(roll, "_with_cut_sums", lambda program: (found := cut(program), cuts.append(len(found[0])))[0])
    for irregular in (10**9, 0):
        monkeypatch.setattr(tapes, "IRREGULAR", irregular)
        monkeypatch.setattr(tapes, "COMMON", 3)
        monkeypatch.setattr(roll, "LONG", irregular or 20)
        monkeypatch.setattr(roll, "PIECE", 10)
        compiled = compile(cost, "tape")
        value, slopes = compiled.value_and_grad()
        answers.append([bits(value), *map(bits, slopes.tolist())])
    assert answers[0] == answers[1]
    assert cuts[1] > cuts[0] + 30
    eager = cost()
    eager.backward()
    assert [value, *slopes] == pytest.approx([eager.data, *[leaf.grad for leaf in compiled.parameters]], rel=1e-12)


def test_a_long_sum_of_what_is_known_last_first_is_cut_where_each_piece_is_known() -> None:
    def falling(x: Any, y: Any) -> Any:
        nodes = [x]
        for _ in range(150):
            nodes += [nodes[-1] * y, tanh(nodes[-1] * y)]
        return total(nodes[::-1])

    assert compile(falling, "tape")(0.5, 0.75) == falling(0.5, 0.75)
