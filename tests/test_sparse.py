"""Sparse Jacobians and Hessians: the entries of the dense ones, found in one sweep, as matrices that scipy takes."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings

from autograd import (
    Value,
    compile,
    dot,
    exp,
    grad,
    hessian,
    jacobian,
    jvp,
    log,
    relu,
    sign,
    sin,
    sqrt,
    vjp,
    where,
)
from autograd.derivatives import sparse
from autograd.derivatives.pattern import Pattern, Sparse
from autograd.native import runner
from autograd.testing import expressions
from autograd.trust.expressions import Expression
from tests.compare import bits
from tests.processes import printed

np = pytest.importorskip("numpy", reason="the matrices are scipy's")
pytest.importorskip("scipy", reason="the matrices are scipy's")
STEP = 0.1


def pendulum(z: Any) -> list[Any]:
    """The defects of z = (a₀, w₀, u₀, a₁, …), the angles, speeds and torques of a pendulum at some moments."""
    a, w, u = z[0::3], z[1::3], z[2::3]
    return [
        defect
        for i in range(len(a) - 1)
        for defect in (a[i + 1] - a[i] - STEP * w[i], w[i + 1] - w[i] - STEP * (u[i] - sin(a[i])))
    ]


def valley(x: Any) -> Any:
    return sum([100 * (b - a * a) ** 2 + (1 - a) ** 2 for a, b in pairwise(x)])


def test_a_transcription_of_500_moments_has_the_entries_that_its_formulas_name() -> None:
    assert jacobian(pendulum, sparse=True).pattern([0.5] * 1500).nnz == 3493


def test_the_rows_are_compressed_as_scipy_has_them() -> None:
    z = np.linspace(-1, 1, 15)
    matrix = jacobian(pendulum, sparse=True)(z)
    matrix.check_format(full_check=True)
    assert matrix.format == "csr" and matrix.has_sorted_indices
    assert matrix.toarray().tolist() == jacobian(pendulum)(z).tolist()


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@settings(max_examples=60, deadline=None)
@given(f=expressions(n_inputs=3, max_nodes=12))
def test_the_entries_of_a_random_graph_are_those_of_the_dense_jacobian_to_the_bit(mode: str, f: Expression) -> None:
    several = lambda x: [f(*x), f(x[1], x[2], x[0]) * x[0], x[2], 2.0]
    dense = jacobian(several, mode=mode)([*f.inputs])
    matrix = jacobian(several, mode=mode, sparse=True)([*f.inputs])
    found = dict(zip(zip(*matrix.nonzero(), strict=True), matrix.data[matrix.data != 0], strict=True))
    for i, row in enumerate(dense):
        for j, number in enumerate(row):
            assert number == 0 or bits(float(found[i, j])) == bits(number)


@settings(max_examples=40, deadline=None)
@given(f=expressions(n_inputs=3, max_nodes=10))
def test_the_sparse_hessian_of_a_random_graph_is_the_dense_one(f: Expression) -> None:
    of_list = lambda x: f(*x)
    dense = np.array(hessian(of_list)([*f.inputs]))
    matrix = hessian(of_list, sparse=True)([*f.inputs])
    assert matrix.toarray() == pytest.approx(dense, rel=1e-9, abs=1e-12, nan_ok=True)


def test_a_hessian_has_the_pattern_of_what_is_added() -> None:
    assert str(hessian(valley, sparse=True).pattern([0.5] * 4)) == "××··\n×××·\n·×××\n··××"


def test_a_pattern_is_of_the_function_and_not_of_the_point() -> None:
    f = lambda x: [relu(x[0]), x[0] * x[1], where(x[0] > 0, x[1], x[2]), sign(x[2])]
    pattern = jacobian(f, sparse=True).pattern
    assert pattern([1.0, 0.0, 2.0]) == pattern([-1.0, 3.0, 0.0])
    assert pattern([1.0, 0.0, 2.0]).rows == [[0], [0, 1], [1, 2], []]


def test_what_a_mask_switches_off_is_an_entry_of_exactly_0() -> None:
    f = lambda x: [sqrt(relu(x[0])), where(x[0] > 0, log(x[0]), x[1])]
    for call in (jacobian(f, sparse=True), lambda x: compile(jacobian(f, sparse=True))([x])[0]):
        matrix = call([-1.0, 2.0])
        assert matrix.nnz == 3
        assert matrix.toarray().tolist() == [[0.0, 0.0], [0.0, 1.0]]


@pytest.mark.parametrize(
    ("f", "mode"),
    [
        (lambda x: [exp(sum(x))], "reverse"),  # a chain after the sum of many
        (lambda x: [v + w for w in [chain(x[0])] for v in x], "forward"),  # a chain that many outputs end in
    ],
)
def test_the_sweep_goes_where_there_is_less_to_carry(f: Any, mode: str) -> None:
    jac = jacobian(f, sparse=True)
    jac([0.01] * 50)
    assert jac.mode == mode


def chain(x: Any) -> Any:
    for _ in range(50):
        x = sin(x)
    return x


def test_a_sweep_passes_each_edge_as_often_as_it_has_seeds_to_carry(monkeypatch: pytest.MonkeyPatch) -> None:
    carried = 0
    through = sparse.through

    def counted(*arguments: Any) -> Any:
        nonlocal carried
        carried += 1
        return through(*arguments)

    monkeypatch.setattr(sparse, "through", counted)
    jacobian(pendulum, sparse=True)(np.linspace(-1, 1, 300))
    assert carried < 20 * 99  # where dense sweeps pass some 1,000 edges for each of 198 outputs


def test_compiled_over_a_batch_it_is_one_pattern_and_the_data_of_each_example() -> None:
    points = np.linspace(-1, 1, 60).reshape(4, 15)
    call = compile(jacobian(pendulum, sparse=True))
    batch = call(points)
    assert batch.data.shape == (4, batch.pattern.nnz) and len(batch) == 4
    for matrix, z in zip(batch, points, strict=True):
        assert matrix.format == "csr"
        assert matrix.toarray() == pytest.approx(jacobian(pendulum)(z), rel=1e-15)
    assert (batch[1:][0] != batch[1]).nnz == 0


@pytest.mark.parametrize("runner", ["python", "tape", "source"])
def test_every_runner_gives_a_sparse_hessian(runner: str) -> None:
    x = np.linspace(-0.5, 1, 5)
    matrix = compile(hessian(valley, sparse=True), runner=runner)([x])[0]
    assert matrix.toarray() == pytest.approx(hessian(valley)(x), rel=1e-14)


def test_of_plain_numbers_a_compiled_one_is_a_matrix_among_what_else_is_returned() -> None:
    cube = lambda x: [x, x**3]
    value, matrices = compile(lambda x: (x, {"J": jacobian(cube, sparse=True)(x)}))(2.0)
    assert value == 2.0
    assert matrices["J"].toarray().tolist() == [[1.0], [12.0]]


def test_several_arguments_have_a_matrix_each() -> None:
    f = lambda x, y: [x[0] * y, sin(x[1]), 3.0]
    of_x, of_y = jacobian(f, argnums=(0, 1), sparse=True)([1.0, 2.0], 3.0)
    assert of_x.toarray().tolist() == [[3.0, 0.0], [0.0, np.cos(2.0)], [0.0, 0.0]]
    assert of_y.toarray().tolist() == [[1.0], [0.0], [0.0]]
    lines = hessian(lambda x, y: x[0] * y * x[1], argnums=(0, 1), sparse=True)([1.0, 2.0], 3.0)
    assert [[block.toarray().tolist() for block in line] for line in lines] == [
        [[[0.0, 3.0], [3.0, 0.0]], [[2.0], [1.0]]],
        [[[2.0, 1.0]], [[0.0]]],
    ]


def test_within_another_derivative_it_is_a_matrix_of_values() -> None:
    product = lambda z: [z[0] * z[1], z[1] ** 3]
    norm = lambda x: sum([v * v for v in jacobian(product, sparse=True)(x).data])
    assert grad(norm)([1.0, 2.0]) == [2.0, 292.0]
    assert isinstance(jacobian(product, sparse=True)([Value(1.0), 2.0]), Sparse)
    along = lambda x: jacobian(product, sparse=True)(x) @ [1.0, 1.0]
    assert jvp(along, ([1.0, 2.0],), ([1.0, 0.0],)) == ([3.0, 12.0], [1.0, 0.0])


def test_a_cotangent_of_a_matrix_is_a_list_of_its_entries() -> None:
    _, pullback = vjp(lambda x: jacobian(lambda z: [z[0] * z[1]], sparse=True)(x), [Value(1.0), 2.0])
    assert [v.data for v in pullback([1.0, 10.0])[0]] == [10.0, 1.0]


def test_a_matrix_and_a_vector_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="2 columns and a vector of 3"):
        Sparse(Pattern([[0, 1]], 2), [1.0, 2.0]) @ [1.0, 2.0, 3.0]


def test_no_outputs_and_constant_ones_make_empty_rows() -> None:
    assert jacobian(lambda x: [], sparse=True)([1.0, 2.0]).shape == (0, 2)
    assert compile(jacobian(lambda x: [1.0], sparse=True))([[1.0, 2.0]])[0].toarray().tolist() == [[0.0, 0.0]]


def test_a_pattern_needs_no_numpy_and_a_matrix_without_scipy_says_what_to_install() -> None:
    program = """
import sys
sys.modules["numpy"] = sys.modules["scipy"] = None
from autograd import jacobian
jac = jacobian(lambda x: [x[0] * x[1], x[1]], sparse=True)
print(jac.pattern([1.0, 2.0]))
try:
    jac([1.0, 2.0])
except ImportError as error:
    print(error)
"""
    shown = printed(program)
    assert shown.splitlines()[:2] == ["××", "·×"]
    assert "pip install scipy" in shown


def squares(svg: str) -> str:
    path = ElementTree.fromstring(svg).find("{http://www.w3.org/2000/svg}path")
    assert path is not None
    return path.attrib["d"]


def test_the_picture_has_a_square_for_each_entry_and_joins_neighbours() -> None:
    pattern = Pattern([[0, 1], [2], []], 3)
    assert squares(pattern.svg()) == "M12 12h28v14h-28zM40 26h14v14h-14z"
    assert "3 × 3, 3 entries" in pattern.svg()
    assert pattern._repr_svg_() == pattern.svg()


def test_the_picture_of_a_large_matrix_stays_small() -> None:
    assert len(jacobian(pendulum, sparse=True).pattern([0.5] * 1500).svg()) < 40_000


# What takes such matrices


MOMENTS = 8


def swing(z: Any) -> list[Any]:
    """The pendulum's defects, and where it starts and ends."""
    return [*pendulum(z), z[0], z[1], z[-3] - 0.5, z[-2]]


def effort(z: Any) -> Any:
    return sum([u * u for u in z[2::3]])


@pytest.mark.filterwarnings("ignore:.*hess.*are ignored by this method")
@pytest.mark.parametrize("method", ["trust-constr", "SLSQP"])
def test_minimize_takes_them_for_constraints(method: str) -> None:
    from scipy.optimize import NonlinearConstraint, minimize

    curvature = lambda z, v: hessian(lambda z: dot(v, swing(z)), sparse=True)(z)
    constraint = NonlinearConstraint(swing, 0, 0, jac=jacobian(swing, sparse=True), hess=curvature)
    second = {"hess": hessian(effort, sparse=True)} if method == "trust-constr" else {}
    start = np.full(3 * MOMENTS, 0.1)
    found = minimize(effort, start, jac=grad(effort), method=method, constraints=constraint, **second)
    assert found.success and np.abs(swing(found.x)).max() < 1e-8
    assert found.fun == pytest.approx(81.8561, rel=1e-5)


def test_ipopt_takes_them() -> None:
    cyipopt = pytest.importorskip("cyipopt", exc_type=ImportError, reason="Ipopt is not installed")
    constraint = {
        "type": "eq",
        "fun": swing,
        "jac": lambda z: jacobian(swing, sparse=True)(z).tocoo(),
        "hess": lambda z, v: hessian(lambda z: dot(v, swing(z)), sparse=True)(z).tocoo(),
    }
    bend, start = lambda z: hessian(effort, sparse=True)(z).tocoo(), np.full(3 * MOMENTS, 0.1)
    found = cyipopt.minimize_ipopt(effort, start, jac=grad(effort), hess=bend, constraints=[constraint])
    assert found.success and found.fun == pytest.approx(81.8561, rel=1e-5)


def test_least_squares_takes_them() -> None:
    from scipy.optimize import least_squares

    residuals = lambda x: [v for a, b in pairwise(x) for v in (10 * (b - a * a), 1 - a)]
    found = least_squares(residuals, np.full(10, -1.0), jac=jacobian(residuals, sparse=True))
    assert found.x == pytest.approx(np.ones(10), abs=1e-8)


@pytest.mark.parametrize("method", ["BDF", "Radau"])
def test_solve_ivp_takes_them(method: str) -> None:
    from scipy.integrate import solve_ivp

    def rate(t: float, y: Any) -> list[Any]:
        padded = [0.0, *y, 0.0]
        return [a - 2 * b + c - b**3 for a, b, c in zip(padded, padded[1:], padded[2:], strict=False)]

    exact = solve_ivp(rate, (0, 1), np.ones(20), rtol=1e-10, atol=1e-12).y[:, -1]
    jac = jacobian(rate, argnums=1, sparse=True)
    found = solve_ivp(rate, (0, 1), np.ones(20), method=method, jac=jac, rtol=1e-6, atol=1e-8)
    assert found.y[:, -1] == pytest.approx(exact, rel=1e-4)


@pytest.mark.parametrize("inputs", [12, 40])  # straight-line code, a tape
@pytest.mark.parametrize("n", [1, 5, 8, 21, 300])
def test_a_dense_hessian_has_its_zeros_in_every_example(inputs: int, n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "CHUNK", 1 << 30 if n < 300 else 1)  # in one piece, in many
    f = hessian(lambda x: sum([(b - a * a) ** 2 for a, b in pairwise(x)]))
    X = np.random.default_rng(inputs).normal(size=(n, inputs))
    each = np.array([f(x) for x in X.tolist()])
    assert np.count_nonzero(each) == n * (3 * inputs - 2)
    np.testing.assert_allclose(compile(f)(X), each, rtol=1e-12, atol=0)
