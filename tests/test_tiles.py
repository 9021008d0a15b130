"""Layers by register tiles: what the products say, whatever the sizes, the spacing and the number of live lanes."""

from __future__ import annotations

import ctypes
import random
from collections.abc import Sequence
from typing import Any

import pytest

import autograd
import nn
from autograd import Value, compile, dot, relu, sqrt, tanh
from autograd.native import kernels, means, tiles
from autograd.native.encode import encode
from autograd.native.means import Means
from autograd.native.rectangles import mean_words
from autograd.native.roll import Mean
from autograd.native.tiles import BLOCK, Matvec

np = pytest.importorskip("numpy")
pytest.importorskip("llvmlite")

SIZES = [(1, 1), (1, 5), (3, 4), (4, 3), (5, 8), (10, 21), (33, 27), (33, 93)]


def run(kind: Any, words: list[int], once: Any, lanes: Any, sums: Any, live: int = BLOCK) -> None:
    call(kernels.kernel(kind, 0, BLOCK), words, once, lanes, sums, live)


def call(address: int, words: list[int], once: Any, lanes: Any, sums: Any, live: int) -> None:
    code = np.array(words, dtype=np.int32)
    function = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 4, ctypes.c_int64)(address)
    function(code.ctypes.data, once.ctypes.data, lanes.ctypes.data, sums.ctypes.data, live)


def rectangle(xs: Sequence[int], ys: Sequence[int], *rest: int) -> list[int]:
    """The code of one."""
    first = 1 + means.RECTANGLE
    return [1, len(xs), len(ys), first, first + len(xs), *rest, *xs, *ys]


def fused(w: float, x: float, total: float) -> float:
    from fractions import Fraction

    return float(Fraction(w) * Fraction(x) + Fraction(total))


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("bias_once", [False, True])
@pytest.mark.parametrize(("m", "n"), SIZES)
def test_a_matvec_adds_term_after_term(m: int, n: int, bias_once: bool, masked: bool) -> None:
    rng = np.random.default_rng(m + n)
    once, lanes = rng.normal(size=m * (n + 1)), rng.normal(size=(3 * n + 2 * m, BLOCK))
    lanes[2 * n : 3 * n] = rng.integers(0, 2, size=(n, BLOCK))  # off
    x, z, b, off = 0, 3 * n, 3 * n + m, 2 * n
    words = [m, n, z, 0, n + 1, 1, x, 2, *((n, n + 1) if bias_once else (b, 1)), off, 1]
    weights = once.reshape(m, n + 1)
    expected = weights[:, n:] * np.ones(BLOCK) if bias_once else lanes[b : b + m].copy()
    if masked:
        lanes[1, 3] = lanes[0, 3] = np.inf  # brings a nan where no product is off, and so the masks
    with np.errstate(invalid="ignore"):
        for j in range(n):
            term = weights[:, j : j + 1] * lanes[2 * j]
            expected = np.where(lanes[off + j] != 0.0, expected, expected + term) if masked else expected + term
    run(Matvec(bias_once, False, masked), words, once, lanes, np.zeros(1))
    if not masked:
        assert lanes[z : z + m].tolist() == expected.tolist()
    else:
        assert np.array_equal(np.isnan(lanes[z : z + m]), np.isnan(expected))


def test_a_longer_matvec_fuses() -> None:
    rng = np.random.default_rng(0)
    once, lanes = rng.normal(size=5), rng.normal(size=(6, BLOCK))
    run(Matvec(True, True, False), [1, 4, 4, 0, 4, 1, 0, 1, 4, 4, 0, 0], once, lanes, np.zeros(1))
    for lane in range(BLOCK):
        total = once[4]
        for j in range(4):
            total = fused(once[j], lanes[j, lane], total)
        assert lanes[4, lane] == total


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("live", [1, 7, 8, 13, 64])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(("m", "n"), SIZES)
def test_means_add_the_products_of_the_live_lanes(m: int, n: int, masked: bool, live: int, turned: bool) -> None:
    rng = np.random.default_rng(m * n)
    lanes, sums = rng.normal(size=(2 * m + n, BLOCK)), rng.normal(size=m * (n + 2) + 1)
    lanes[m + n :] = masked * rng.integers(0, 2, size=(m, BLOCK))
    lanes[:m] *= lanes[m + n :] == 0.0  # what is off is 0
    lanes[m, min(live, BLOCK - 1) :] = np.nan if live < BLOCK else lanes[m, -1]
    before, left, right = sums.copy(), lanes[:m, :live].copy(), lanes[m : m + n, :live].copy()
    xs, ys, first, masks = [*range(m)], [*range(m + n - 1, m - 1, -1)], (1, n + 2, 1), (m + n, 1, 0)
    words = rectangle(ys, xs, 1, 1, n + 2, m + n, 0, 1) if turned else rectangle(xs, ys, *first, *masks)
    run(Means(masked), words, np.zeros(1), lanes, sums, live)
    expected = before.copy()
    expected[1:].reshape(m, n + 2)[:, :n] += left @ right[::-1].T
    assert sums == pytest.approx(expected, rel=1e-12, abs=1e-12)


def of_a_product_of_polynomials(rows: int, columns: int) -> list[Mean]:
    """Of x and y, coefficient by coefficient: two and more products are of one mean, and y's are those of every x."""
    other = rows + columns  # a line of zeros
    means = []
    for m in range(rows + columns - 1):
        term = lambda i, m=m: (i, rows + m - i, None) if 0 <= m - i < columns else (other, other + i % 2, None)
        means.append(Mean(m, [*map(term, range(rows))]))
    return means


def of_one_sum(rows: int, columns: int) -> list[Mean]:
    return [Mean(m, [(i, rows + m, None) for i in range(rows)]) for m in range(columns)]


@pytest.mark.parametrize("some", [of_a_product_of_polynomials, of_one_sum])
@pytest.mark.parametrize(("rows", "columns"), [(2, 3), (5, 8), (33, 16), (40, 35)])
def test_products_of_one_mean_are_all_added(some: Any, rows: int, columns: int) -> None:
    rng = np.random.default_rng(rows)
    lanes = np.vstack([rng.normal(size=(rows + columns, BLOCK)), np.zeros((2, BLOCK))])
    found = some(rows, columns)
    sums = np.zeros(len(found) + 16)
    expected = [sum(lanes[x] @ lanes[y] for x, y, _ in mean.products) for mean in found]
    run(Means(False), mean_words(found, False), np.zeros(1), lanes, sums)
    assert sums[: len(found)] == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("kind", [Matvec(True, True, False), Matvec(False, True, True), Means(False), Means(True)])
@pytest.mark.parametrize("live", [5, 27, 64])
def test_tiles_for_few_registers_and_for_many_give_the_same_bits(
    kind: Any, live: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    m, n = 41, 93
    found = []
    for few in (True, False):
        for module in (tiles, means):
            monkeypatch.setattr(module, "few_registers", lambda few=few: few)
        rng = np.random.default_rng(live)
        once, lanes, sums = (
            rng.normal(size=m * (n + 1)),
            rng.normal(size=(4 * n + 2 * m, BLOCK)),
            rng.normal(size=m * n),
        )
        lanes[3 * n + 2 * m :] = 0.0  # on
        words = [m, n, 3 * n, 0, n + 1, 1, 0, 2, 3 * n + m, 1, 3 * n + 2 * m, 1]
        if isinstance(kind, Means):
            words = rectangle(range(m), range(m, m + n), 0, n, 1, 3 * n + 2 * m, 0, 0)
        call(kernels._made(kind, 0, BLOCK), words, once, lanes, sums, live)
        found.append((lanes[: 3 * n + 2 * m].tobytes(), sums.tobytes()))
    assert found[0] == found[1]


@pytest.mark.parametrize("zero_left", [True, False])
@pytest.mark.parametrize(("m", "n"), [(1, 1), (33, 27)])
def test_what_is_off_adds_nothing_to_a_mean_whatever_it_is_multiplied_by(m: int, n: int, zero_left: bool) -> None:
    lanes, sums = np.ones((2 * m + n, BLOCK)), np.zeros(m * n)
    zero, infinite = (slice(m), slice(m, m + n)) if zero_left else (slice(m, m + n), slice(m))
    lanes[zero, 5], lanes[infinite, 5] = 0.0, np.inf
    lanes[m + n :] = 0.0
    lanes[m + n :, 5] = 1.0  # off
    run(Means(True), rectangle(range(m), range(m, m + n), 0, n, 1, m + n, 1, 0), np.zeros(1), lanes, sums)
    assert sums.tolist() == [BLOCK - 1.0] * (m * n)


def kinds(program: Any) -> list[str]:
    return [type(kind).__name__ for kind, _, _ in encode(program, True).kernels if isinstance(kind, Matvec | Means)]


def test_a_network_and_its_gradient_are_tiles() -> None:
    model = nn.MLP(2, [8, 8, 1], seed=0)
    cost = compile(lambda x, y: nn.squared_error(model(x), y))
    X, Y = np.random.default_rng(1).normal(size=(100, 2)), np.ones(100)
    mean, gradient = cost.value_and_grad(X, Y)
    tape = cost.gradient_program
    assert kinds(tape) == ["Matvec"] * 4 + ["Means"]
    assert not any(getattr(loop.kind, "name", "") == "mul" and len(loop.operands) > 20 for loop in tape.loops[1])
    costs = [nn.squared_error(model(list(x)), y) for x, y in zip(X.tolist(), Y.tolist(), strict=True)]
    total = sum(costs[1:], costs[0]) / 100
    total.backward()
    assert mean == pytest.approx(total.data, rel=1e-13)
    assert gradient.tolist() == pytest.approx([p.grad for p in cost.parameters], rel=1e-9, abs=1e-15)


def test_a_neuron_that_is_used_many_times_has_the_gradient_of_all() -> None:
    rng = random.Random(0)
    w, biases = [Value(rng.gauss(0.0, 0.3)) for _ in range(16)], [rng.gauss(0.0, 1.0) for _ in range(40)]
    cost = lambda x: autograd.sum([tanh(dot(w, x, b)) for b in biases])
    X = np.random.default_rng(0).normal(size=(100, 16))
    (_, found), (_, expected) = [compile(cost, runner=runner).value_and_grad(X) for runner in ("tape", "python")]
    assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("n", [3, 64, 100])
def test_a_unit_that_is_off_passes_nothing_back_through_tiles(n: int) -> None:
    ws = [[Value(0.5 + i + j) for j in range(4)] for i in range(6)]
    vs = [Value(1.0 + i) for i in range(6)]

    def cost(x: list[Value]) -> Value:
        return dot(vs, [sqrt(relu(dot(row, x))) for row in ws])

    X = np.abs(np.random.default_rng(2).normal(size=(n, 4)))
    X[1] *= -1.0
    compiled = compile(cost)
    mean, gradient = compiled.value_and_grad(X)
    costs = [cost(x) for x in X.tolist()]
    total = sum(costs[1:], costs[0]) / n
    total.backward()
    assert mean == pytest.approx(total.data, rel=1e-13)
    assert gradient.tolist() == pytest.approx([p.grad for p in compiled.parameters], rel=1e-12)
    assert np.isfinite(gradient).all()


def test_the_tape_and_its_tiles_agree_with_one_example_at_a_time() -> None:
    model = nn.MLP(3, [5, 5, 2], activation="relu", seed=1)
    outputs = compile(lambda x: model(x))
    X = np.random.default_rng(3).normal(size=(70, 3))
    assert outputs(X).tolist() == [outputs(X[k : k + 1]).tolist()[0] for k in range(70)]
