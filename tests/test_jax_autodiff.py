"""The scalar functions that JAX tests its derivatives with are all here, and agree with it twice differentiated."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

np = pytest.importorskip("numpy")
jax = pytest.importorskip("jax")

from autograd import grad  # noqa: E402
from autograd.core.primitives import TABLE  # noqa: E402

lax = jax.lax
# Of the real functions in JAX's lax: all those in the table of its own tests of second derivatives, then the others
# that are differentiable. (Its real, imag, conj and complex are of complex numbers.)
SPEC: dict[str, Callable[..., Any]] = {
    "neg": lax.neg, "floor": lax.floor, "ceil": lax.ceil,
    "round": lambda x: lax.round(x, lax.RoundingMethod.TO_NEAREST_EVEN), "exp": lax.exp, "exp2": lax.exp2,
    "expm1": lax.expm1, "log": lax.log, "log1p": lax.log1p, "sinh": lax.sinh, "cosh": lax.cosh, "tanh": lax.tanh,
    "sin": lax.sin, "cos": lax.cos, "tan": lax.tan, "asin": lax.asin, "acos": lax.acos, "atan2": lax.atan2,
    "erf": lax.erf, "erfc": lax.erfc, "erfinv": lax.erf_inv, "i0e": lax.bessel_i0e, "i1e": lax.bessel_i1e,
    "abs": lax.abs, "pow": lax.pow, "sqrt": lax.sqrt, "rsqrt": lax.rsqrt, "cbrt": lax.cbrt, "sigmoid": lax.logistic,
    "add": lax.add, "sub": lax.sub, "mul": lax.mul, "div": lax.div, "maximum": lax.max, "minimum": lax.min,
    "clip": lambda x, low, high: lax.clamp(low, x, high),
    "atan": lax.atan, "asinh": lax.asinh, "acosh": lax.acosh, "atanh": lax.atanh, "sign": lax.sign, "fmod": lax.rem,
    "lgamma": lax.lgamma, "digamma": lax.digamma, "gammainc": lax.igamma, "gammaincc": lax.igammac,
    "betainc": lax.betainc,
}  # fmt: skip
AT = (0.13, 0.37, 0.61, 0.92)
NOT_IN = {"gammainc": (0,), "gammaincc": (0,), "betainc": (0, 1)}  # operands in which JAX has no second derivative


def points(name: str) -> list[tuple[float, ...]]:
    """Operands within the row's domain, off its kinks."""
    spans = [(max(low, -2.0), min(high, max(low, 0.0) + 3.0)) for low, high in TABLE[name].domain]
    return [tuple([low + t * (high - low) ** (1 + i / 9) for i, (low, high) in enumerate(spans)]) for t in AT]


def wanted(name: str) -> list[tuple[int, int]]:
    """Pairs of operands by which it is differentiated, one after the other."""
    n = TABLE[name].arity or 0
    over = [i for i in range(n) if i not in NOT_IN.get(name, ())]
    return [(i, j) for i in over for j in over]


@cache
def theirs() -> dict[str, Any]:
    def twice(f: Any, name: str) -> Any:
        orders = [jax.grad(jax.grad(f, i), j) for i, j in wanted(name)]
        return lambda *xs: [f(*xs), *[g(*xs) for g in orders]]

    with jax.enable_x64(True) if hasattr(jax, "enable_x64") else jax.experimental.enable_x64():
        every = jax.jit(lambda at: {name: jax.vmap(twice(f, name))(*at[name]) for name, f in SPEC.items()})
        found = every({name: np.array(points(name)).T for name in SPEC})
        return {name: [np.asarray(x).tolist() for x in z] for name, z in found.items()}


def test_there_are_46_of_them() -> None:
    assert len(SPEC) >= 46 and SPEC.keys() <= TABLE.keys()


@pytest.mark.parametrize("name", SPEC)
def test_a_function_of_jaxs_table_agrees_with_it_when_twice_differentiated(name: str) -> None:
    row, found = TABLE[name], theirs()[name]
    for k, point in enumerate(points(name)):
        ours = [row(*point), *[grad(grad(row, i), j)(*point) for i, j in wanted(name)]]
        assert ours == pytest.approx([x[k] for x in found], rel=1e-12, abs=1e-13), point
