"""The rules of the C engine are the table's, bit for bit."""

from __future__ import annotations

import itertools
import math
import random
import runpy
import struct
from pathlib import Path
from typing import Any

import pytest

import autograd
from autograd import Value
from autograd.core import primitives
from autograd.core.columns import TABLE, Primitive
from autograd.core.value import apply
from autograd.derivatives.second_order import second_derivatives, swept

CORE = Path(autograd.__file__).parent / "core"
GENERATOR = CORE / "c" / "rules.py"
LEFT_TO_PYTHON = {"ldexp", "logaddexp"}  # rows of one to three operands that say more than arithmetic on doubles

SPECIAL = [
    0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 3.0, -3.0, 1e-9, -1e-9, 1e-320, -1e-320, 1e308, -1e308,
    709.9, -746.0, 22.0, math.inf, -math.inf, math.nan,
]  # fmt: skip
FIXED = sorted(row.name for row in vars(primitives).values() if isinstance(row, Primitive) and row.arity in (1, 2, 3))

needs_text = pytest.mark.skipif(not GENERATOR.exists(), reason="the generator is not installed")
needs_c = pytest.mark.skipif(autograd.engine != "C", reason="the C engine is not built")


def translated(primitives: str | None = None, tmp_path: Path | None = None) -> tuple[str, dict[str, str]]:
    core = CORE
    if primitives is not None:
        assert tmp_path is not None
        core = tmp_path
        (core / "fast").mkdir()
        for name in ("ieee.py", "fast/__init__.py"):
            (core / name).write_bytes((CORE / name).read_bytes())
        (core / "primitives.py").write_text(primitives, encoding="utf-8")
    lines, reasons = runpy.run_path(str(GENERATOR))["table"](core)
    return "\n".join(lines), reasons


@needs_text
def test_the_rows_that_are_left_to_python_are_these() -> None:
    assert set(translated()[1]) == LEFT_TO_PYTHON


@needs_text
def test_what_is_no_arithmetic_is_left_to_python_and_so_is_what_calls_it(tmp_path: Path) -> None:
    text, reasons = translated(
        'odd = row("odd", lambda x: math.gamma(x), lambda x, z: z)\n'
        'even = row("even", lambda x: x * x, lambda x, z: odd(x))\n'
        'plain = row("plain", lambda x: x * x, lambda x, z: 2 * x)\n',
        tmp_path,
    )
    assert reasons == {"odd": "math.gamma(…)", "even": "it calls what is not translated"}
    assert "X(plain, 1, 1u, NULL)" in text and "odd" not in text


@needs_text
def test_second_partials_are_the_partials_on_dual_numbers(tmp_path: Path) -> None:
    text, _ = translated(
        'mul = row("mul", lambda x, y: x * y, lambda x, y, z: y, lambda x, y, z: x)\n'
        'square = row("square", lambda x: x * x, lambda x, z: 2 * x)\n',
        tmp_path,
    )
    assert "case 0: return dual_mul(still(2.0), at[0]).moves;" in text and "X(square, 1, 1u, second_square)" in text


@needs_text
def test_a_partial_that_is_none_is_not_asked_for(tmp_path: Path) -> None:
    text, _ = translated(
        'pick = row("pick", lambda c, a, b: a if c else b, None, lambda c, a, b, z: 1, None)\n', tmp_path
    )
    assert "X(pick, 3, 2u, second_pick)" in text and "((c != 0.0) ? a : b)" in text


@needs_text
def test_a_remainder_takes_pythons_sign(tmp_path: Path) -> None:
    text, _ = translated('odd = row("odd", lambda x: x % 2.0, None)\n', tmp_path)
    assert "modulo(x, 2.0)" in text


def points(arity: int) -> list[tuple[float, ...]]:
    rng = random.Random(arity)
    special = list(itertools.product(SPECIAL, repeat=arity))
    some = special if arity < 3 else rng.sample(special, 1_000)
    sizes = (
        lambda: rng.gauss(0.0, 1.0),
        lambda: rng.uniform(-20.0, 20.0),
        lambda: rng.uniform(0.0, 2.0),
        lambda: math.exp(rng.uniform(-50.0, 50.0)),
        lambda: float(rng.randrange(-9, 10)),
    )
    return some + [tuple(rng.choice(sizes)() for _ in range(arity)) for _ in range(500)]


def bits(x: Any) -> Any:
    return x if x is None else "nan" if x != x else struct.pack("d", x)


def recorded(node: Value) -> list[Any]:
    return [bits(node._data), *map(bits, node._partials)]


@needs_c
@pytest.mark.parametrize("name", FIXED)
def test_a_row_in_c_gives_the_bits_of_the_definition(name: str) -> None:
    row = TABLE[name]
    assert row.arity is not None
    for at in points(row.arity):
        operands = [Value(x) for x in at]
        assert recorded(row(*operands)) == recorded(apply(row, *operands)), at
        assert bits(row(*at)) == bits(row.forward(*at)), at


@needs_c
@pytest.mark.parametrize("name", [name for name in FIXED if TABLE[name].arity != 1])
def test_a_constant_in_c_keeps_its_place_and_has_no_partial(name: str) -> None:
    row = TABLE[name]
    assert row.arity is not None
    for which in itertools.product((True, False), repeat=row.arity):
        operands = [Value(x) if chosen else x for x, chosen in zip((0.7, 3.0, -0.2), which)]
        if any(which):
            got, want = row(*operands), apply(row, *operands)
            assert recorded(got) == recorded(want) and got._arguments == want._arguments


@needs_c
@pytest.mark.parametrize("name", [name for name in FIXED if any(TABLE[name].partials)])
def test_second_partials_in_c_have_the_bits_of_the_definition(name: str) -> None:
    row = TABLE[name]
    assert row.arity is not None
    for at in points(row.arity)[:: 1 if row.arity == 1 else 5]:
        xs = [Value(x) for x in at]
        z = row(*xs)
        in_c, in_python = second_derivatives(xs, [z], z), swept(xs, [z], z, None)
        assert [bits(h + 0.0) for line in in_c for h in line] == [bits(h) for line in in_python for h in line], at
