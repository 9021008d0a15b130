"""Instructions of a tape that are computed in one: as one by one, to the bit; and what is known of a mask."""

from __future__ import annotations

import random
from itertools import product
from math import inf, nan
from typing import Any

import pytest

from autograd import compile, dot, grad, jvp, relu, tanh, where
from autograd.core.value import Value
from autograd.native import cases, fuse
from autograd.native.encode import encode
from autograd.native.fuse import fused
from autograd.native.roll import roll
from autograd.native.tiles import Matvec
from autograd.program.lower import lower

np = pytest.importorskip("numpy")
pytest.importorskip("llvmlite")

SPECIAL = [0.0, -0.0, 1.0, -2.5, 5e-324, -1e-310, 1e308, -1e308, inf, -inf, nan]


def gated(x: Any, y: Any) -> Any:
    return relu(1.0 - y * relu(x * y - 1.0)) + where(x > y, x / y, y - x)


def nested(x: Any, y: Any) -> Any:
    return relu(relu(x) * relu(y) + relu(x - y) * x) * where(relu(y), x, 2.0)


def halves(x: Any, y: Any) -> Any:
    return where(where(x > 0.0, y > 0.0, 0.0), x * x, -y) / relu(x)


@pytest.mark.parametrize("f", [gated, nested, halves])
@pytest.mark.parametrize("of", [lambda f: f, lambda f: grad(f, (0, 1)), lambda f: grad(lambda x, y: grad(f)(x, y))])
def test_a_block_of_examples_is_what_each_is_alone(f: Any, of: Any) -> None:
    """One example is computed an instruction at a time."""
    x, y = np.array([*product(SPECIAL, SPECIAL)]).T.copy()
    call = compile(of(f), "tape")
    batch = np.array(call(x, y)).reshape(-1, len(x))
    for k in range(len(x)):
        alone = np.array(call(x[k : k + 1], y[k : k + 1])).ravel()
        assert repr(alone.tolist()) == repr(batch[:, k].tolist())


def test_a_step_that_is_a_number_whatever_its_operands_are_is_one() -> None:
    """Where a choice is known from the choices before it, nothing is left to choose."""

    def larger(x: Any, y: Any) -> Any:
        z = y * x
        return where(z > y, z, y * z)

    second = lambda x, y: jvp(grad(larger, 1), (x, y), (0.0, 1.0))[1]
    x, y = [1.5, 0.5, -2.0, 0.0, 3.0], [2.0, 2.0, -0.5, 1.0, -1.0]
    assert compile(second, "tape")(x, y).tolist() == [*map(second, x, y)]


def test_instructions_that_one_other_reads_go_into_it() -> None:
    x, y = Value(0.5), Value(0.25)
    program, _ = lower([relu(x * y - 1.0) / y], [x, y])
    result, gone = fused(program, (), program.outputs)
    (slot,) = result.outputs
    assert result.operands[slot] == (0, 1) and result.primitives[slot].name == "mul sub relu div"
    assert len(gone) == 3


def test_a_tape_of_a_network_has_fewer_loops() -> None:
    x = [Value(0.1 * k) for k in range(8)]
    program, _ = lower([relu(1.0 - u) * u for u in x], x)
    loops = [sum(map(len, roll(program, fuse).loops.values())) for fuse in (False, True)]
    assert loops == [3, 1]


def test_of_more_kinds_than_are_made_the_commonest_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuse, "KINDS", 1)
    x, y, z = Value(0.5), Value(0.25), Value(2.0)
    program, _ = lower([relu(x - 1.0) * x, relu(y - 1.0) * y, relu(relu(z) / y - z)], [x, y, z])
    result, gone = fused(program, (), program.outputs)
    names = [result.primitives[slot].name for slot in result.outputs]
    assert names == ["sub relu mul", "sub relu mul", "relu"] and len(gone) == 4


def of_tiles(program: Any) -> list[str]:
    """What each kernel of a block of examples computes: "matvec", with what it computes of the sums at once."""
    code = encode(roll(program, fuse=True), tiled=True)
    of_layer = lambda kind: f"matvec {kind.then.name} {kind.place}" if kind.then else "matvec"
    kinds = [kind for kind, _, over_lanes in code.kernels if over_lanes and kind != "broadcast"]
    return [of_layer(kind) if isinstance(kind, Matvec) else kind.name for kind in kinds]


def test_what_is_of_a_layer_s_sums_alone_is_computed_in_its_tiles() -> None:
    x, w = [Value(0.1 * k) for k in range(4)], [Value(0.2 * k) for k in range(32)]
    layer = [dot(w[4 * k : 4 * k + 4], x) for k in range(8)]
    squares = [u * u for u in x]
    other = [dot(w[4 * k : 4 * k + 4], squares) for k in range(8)]
    short, long = [relu(z) for z in layer], [relu(z * x[0]) - x[1] for z in layer]
    cases = [
        (short, ["matvec relu 0"]),
        ([x[0] * relu(z) for z in layer], ["matvec relu mul 1"]),
        ([x[0] - z for z in layer], ["matvec sub 1"]),
        ([z - u for z, u in zip(layer, short, strict=True)], ["matvec relu sub 0"]),
        ([u - z for u, z in zip(other, layer, strict=True)], ["mul", "matvec", "matvec sub 0"]),
        (short + layer, ["matvec", "relu"]),
        ([*short, layer[3] * 2.0], ["matvec", "relu", "mul"]),
        (short[:7], ["matvec", "relu"]),  # few
        (long, ["matvec", "mul relu sub"]),
        ([tanh(z) for z in layer], ["matvec", "tanh"]),
        ([z * u for z, u in zip(layer, [x[0], x[0], *x, x[2], x[3]], strict=True)], ["matvec", "mul"]),  # not evenly
    ]
    for results, kinds in cases:
        program, _ = lower(results, x)
        assert of_tiles(program) == kinds


def test_a_layer_with_what_is_of_its_sums_gives_the_same_bits() -> None:
    rng = random.Random(0)
    w = [rng.gauss(0.0, 1.0) for _ in range(48)]

    def f(x: list[Any], y: list[Any]) -> Any:
        with_masks = [relu(u) for u in x]
        sums = [dot(w[4 * k : 4 * k + 4], with_masks, w[32 + k]) for k in range(8)]
        others = [dot(w[4 * k : 4 * k + 4], x, w[40 + k]) for k in range(8)]
        both = [u * z for u, z in zip(others, sums, strict=True)]
        return [relu(z) for z in sums], [u - relu(z) for u, z in zip(y, sums, strict=True)], both

    def g(x: list[Any], y: list[Any]) -> Any:
        z, u, both = f(x, y)
        return sum(map(relu, z)) + sum(u) + sum(both)

    xs = [[rng.choice((rng.gauss(0.0, 1.0), 0.0, -0.0, 1e300, float("inf"))) for _ in range(4)] for _ in range(200)]
    ys = [[rng.gauss(0.0, 1.0) for _ in range(8)] for _ in range(200)]
    for function in (*[lambda x, y, k=k: f(x, y)[k] for k in range(3)], grad(g, 0), grad(g, 1)):
        found, expected = [compile(function, runner=runner)(xs, ys).tolist() for runner in ("tape", "source")]
        assert str(found) == str(expected)


class Condition:
    """What stands for a condition."""

    def __init__(self, name: str) -> None:
        self.name = name


def test_a_mask_s_zero_is_its_condition() -> None:
    """where(mask == 0, 0, mask·y) is y, nan or 0: no product is left."""
    above, undefined = Condition("x > 0"), Condition("x != x")
    mask = (undefined, nan, (above, 1.0, 0.0))
    is_zero = cases.mapped(lambda m: m == 0.0, mask)
    product_ = cases.mapped(lambda m: {1.0: "y", 0.0: "0·y"}.get(m, nan), mask)
    assert is_zero == (undefined, False, (above, False, True))
    assert cases.chosen(is_zero, 0.0, product_) == (undefined, nan, (above, "y", 0.0))


def test_a_choice_between_the_same_is_none() -> None:
    test = Condition("x > 0")
    assert cases.chosen((test, True, False), 1.0, 1.0) == 1.0
    assert repr(cases.chosen((test, True, False), 0.0, -0.0)) != "0.0"
    assert cases.chosen((test, False, True), (test, "a", "b"), (test, "c", "d")) == (test, "c", "b")
