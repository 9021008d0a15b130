"""A drop-in for micrograd's Value: its programs give its numbers here, and the golden ones hold without it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from autograd import Value


def sanity(V: Any) -> tuple[Any, ...]:
    """Sums, products and relu of one variable used many times."""
    x = V(-4.0)
    z = 2 * x + 2 + x
    q = z.relu() + z * x
    h = (z * z).relu()
    y = h + q + q * x
    y.backward()
    return y, x


def w1(V: Any) -> tuple[Any, ...]:
    a, b = V(-41.0), V(2.0)
    c = a + b
    d = a * b + b**3
    e = c - d
    f = e**2
    g = f / 2
    g.backward()
    return g, a, b


def w2(V: Any) -> tuple[Any, ...]:
    a, b = V(-4.0), V(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    g.backward()
    return g, a, b


def neuron(V: Any) -> tuple[Any, ...]:
    """The two-input neuron of the lecture, its activation spelled with the operators both engines have."""
    x1, x2, w1, w2, b = V(2.0), V(0.0), V(-3.0), V(1.0), V(6.5)
    n = x1 * w1 + x2 * w2 + b
    o = (n - 1 / n) / (n + 1 / n)
    o.backward()
    return o, x1, x2, w1, w2, b


GOLDEN = {
    sanity: (-20.0, 46.0),
    w1: (612.5, -35.0, 1050.0),
    w2: (24.70408163265306, 138.8338192419825, 645.5772594752186),
}
PROGRAMS = [sanity, w1, w2, neuron]
programs = pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)


def numbers(results: tuple[Any, ...]) -> list[float]:
    """The value of a program's result and the gradients of its variables."""
    return [results[0].data, *[v.grad for v in results[1:]]]


@pytest.mark.parametrize(("program", "golden"), GOLDEN.items(), ids=lambda x: getattr(x, "__name__", ""))
def test_a_program_gives_its_golden_numbers(program: Callable[[Any], Any], golden: tuple[float, ...]) -> None:
    assert numbers(program(Value)) == pytest.approx(golden, rel=1e-15)


@programs
def test_a_program_gives_the_numbers_of_micrograd(program: Callable[[Any], Any]) -> None:
    engine = pytest.importorskip("micrograd.engine")
    assert numbers(program(Value)) == pytest.approx(numbers(program(engine.Value)), rel=1e-14)


def test_the_published_digits_of_w2() -> None:
    assert [f"{x:.8f}" for x in numbers(w2(Value))] == ["24.70408163", "138.83381924", "645.57725948"]


Step = tuple[str, int, int, float]
OPERATORS: dict[str, Callable[[Any, Any, float], Any]] = {
    "a + b": lambda a, b, c: a + b,
    "a - b": lambda a, b, c: a - b,
    "a * b": lambda a, b, c: a * b,
    "a / b": lambda a, b, c: a / b,
    "a + c": lambda a, b, c: a + c,
    "c + a": lambda a, b, c: c + a,
    "a - c": lambda a, b, c: a - c,
    "c - a": lambda a, b, c: c - a,
    "a * c": lambda a, b, c: a * c,
    "c * a": lambda a, b, c: c * a,
    "a / c": lambda a, b, c: a / c,
    "c / a": lambda a, b, c: c / a,
    "-a": lambda a, b, c: -a,
    "a ** 2": lambda a, b, c: a**2,
    "a ** 3": lambda a, b, c: a**3,
    "a ** -1": lambda a, b, c: a**-1,
    "relu": lambda a, b, c: a.relu(),
}
steps = st.lists(
    st.tuples(st.sampled_from(sorted(OPERATORS)), st.integers(0, 99), st.integers(0, 99), st.floats(0.5, 3.0)),
    min_size=1,
    max_size=15,
)


@given(leaves=st.lists(st.floats(0.5, 2.0) | st.floats(-2.0, -0.5), min_size=1, max_size=4), steps=steps)
def test_a_random_program_gives_the_numbers_of_micrograd(leaves: list[float], steps: list[Step]) -> None:
    engine = pytest.importorskip("micrograd.engine")
    results = []
    for V in (engine.Value, Value):
        nodes = made = [V(x) for x in leaves]
        for name, i, j, c in steps:
            try:
                nodes = [*nodes, OPERATORS[name](nodes[i % len(nodes)], nodes[j % len(nodes)], c)]
            except (ZeroDivisionError, OverflowError):  # micrograd raises where this engine goes on
                assume(False)
        assume(all(1e-3 < abs(v.data) < 1e6 or v.data == 0.0 for v in nodes))
        assume(all(a.data != 0.0 for a in nodes) or not any("/" in name or "-1" in name for name, *_ in steps))
        nodes[-1].backward()
        results.append([nodes[-1].data, *[float(v.grad) for v in made]])
    size = max(map(abs, results[0]))
    assert results[1] == pytest.approx(results[0], rel=1e-9, abs=1e-12 * size)


def test_the_face_is_that_of_micrograd() -> None:
    v = Value(2.0)
    assert (v.data, v.grad) == (2.0, 0.0)
    for form in (v + 1, 1 + v, v * 2, 2 * v, v - 1, 1 - v, v / 2, 2 / v, v**2, -v, v.relu()):
        assert isinstance(form, Value)
    v.grad = 0
    (v * v).backward()
    assert v.grad == 4.0
    v.data -= 0.1 * v.grad
    assert v.data == pytest.approx(1.6)


def test_the_lecture_labels_and_methods() -> None:
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    e = a * b
    e.label = "e"
    o = e.tanh() + b.exp()
    o.backward()
    assert (e.label, e.op) == ("e", "mul")
    assert a.grad == pytest.approx(-3.0 * (1 - e.tanh().data ** 2), rel=1e-9)


def test_builtin_sum_and_max_work_on_values() -> None:
    vs = [Value(1.0), Value(3.0), Value(2.0)]
    total = sum(vs)
    total.backward()
    assert total.data == 6.0 and [v.grad for v in vs] == [1.0, 1.0, 1.0]
    assert max(vs) is vs[1] and sorted(vs) == [vs[0], vs[2], vs[1]]
