"""Other engines as adapters of the conformance kit: each says how it differentiates, and which functions it has.

An engine that is not installed raises ImportError. HIPS autograd owns our import name, so it runs in a process of its
own (`hips`), in an environment whose Python the variable HIPS_PYTHON names.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import autograd
from autograd import compile, hessian, value_and_grad
from autograd.testing import Adapter, offered, own

UNLIKE = {"remainder"}  # called like a row of the table, and another function: with the sign of the divisor

REFUSALS = ("not implemented", "not supported", "modified by an inplace operation")


def chainrule() -> Adapter:
    return replace(own(), name=f"chainrule {autograd.__version__} ({autograd.engine})")


def chainrule_compiled() -> Adapter:
    return Adapter(
        f"chainrule {autograd.__version__} (compiled)",
        lambda f, xs: compile(value_and_grad(f, tuple(range(len(xs)))))(*xs),
        own().functions,
        lambda f, xs: compile(hessian(f, tuple(range(len(xs)))))(*xs),
    )


def torch() -> Adapter:
    import torch

    def number(x: Any) -> Any:
        return x if isinstance(x, torch.Tensor) else torch.tensor(x, dtype=torch.float64)

    def gradient(f, xs):
        leaves = [number(x).requires_grad_() for x in xs]
        z = f(*leaves)
        found = torch.autograd.grad(z, leaves, allow_unused=True)
        return z.item(), [0.0 if g is None else g.item() for g in found]

    def hess(f, xs):
        return torch.autograd.functional.hessian(lambda x: f(*x), number(xs)).tolist()

    found = lifted(offered(torch, torch.special, torch.nn.functional), number)
    found["where"] = lambda c, a, b: torch.where(number(c) != 0, number(a), number(b))
    found["polygamma"] = lambda n, x: torch.polygamma(n, number(x))
    return Adapter(f"torch {version('torch')}", refusing(gradient), without(found), refusing(hess))


def jax() -> Adapter:
    import jax

    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_platforms", "cpu")
    found = offered(jax.numpy, jax.nn, jax.scipy.special)
    found["gelu"] = lambda x: jax.nn.gelu(x, approximate=False)
    found["log1mexp"] = lambda x: jax.nn.log1mexp(-x)  # theirs is log(1 − e⁻ˣ)
    number = jax.numpy.float64

    def gradient(f, xs):
        z, slopes = jax.value_and_grad(f, tuple(range(len(xs))))(*map(number, xs))
        return float(z), [float(g) for g in slopes]

    def hess(f, xs):
        return jax.hessian(lambda x: f(*x))(jax.numpy.array(xs)).tolist()

    return Adapter(f"jax {version('jax')}", refusing(gradient), without(found), refusing(hess))


def micrograd() -> Adapter:
    from micrograd.engine import Value as Scalar

    def gradient(f, xs):
        leaves = [Scalar(x) for x in xs]
        z = f(*leaves)
        z.backward()
        return z.data, [leaf.grad for leaf in leaves]

    return Adapter(f"micrograd {version('micrograd')}", refusing(gradient, AssertionError), {"relu": Scalar.relu})


def xad() -> Adapter:
    import xad.math
    from xad.adj_1st import Real, Tape

    def gradient(f, xs):
        with Tape() as tape:
            leaves = [Real(x) for x in xs]
            for leaf in leaves:
                tape.registerInput(leaf)
            tape.newRecording()
            z = f(*leaves)
            if not isinstance(z, Real):
                return float(z), [0.0] * len(xs)
            tape.registerOutput(z)
            z.derivative = 1.0
            tape.computeAdjoints()
            return z.value, [leaf.derivative for leaf in leaves]

    return Adapter(f"xad {version('xad')}", gradient, without(offered(xad.math)))


def hyperjet() -> Adapter:
    from hyperjet import DDScalar

    size = 1

    def at(f, xs):
        nonlocal size
        size = len(xs)
        z = f(*DDScalar.variables(xs))
        return z if isinstance(z, DDScalar) else DDScalar.constant(z, size)

    def number(x: Any) -> Any:
        return x if isinstance(x, DDScalar) else DDScalar.constant(float(x), size)

    found = lifted(offered(DDScalar), number)
    return Adapter(
        f"hyperjet {version('hyperjet')}",
        lambda f, xs: (at(f, xs).f, at(f, xs).g.tolist()),
        found,
        lambda f, xs: at(f, xs).hm("full").tolist(),
    )


def hips() -> Adapter:
    """Each case is run on our Values, and its graph is replayed there as a list of steps."""
    from benchmarks.hips import Child

    child = Child(os.environ.get("HIPS_PYTHON", ""))
    return Adapter(child.name, child.value_and_grad, child.functions, child.hessian)


ADAPTERS: dict[str, Callable[[], Adapter]] = {
    f.__name__: f for f in (chainrule, chainrule_compiled, torch, jax, hips, xad, hyperjet, micrograd)
}


def without(functions: dict[str, Any]) -> dict[str, Any]:
    return {name: f for name, f in functions.items() if name not in UNLIKE}


def lifted(functions: dict[str, Any], number: Callable[[Any], Any]) -> dict[str, Any]:
    """Functions that take numbers too, where the engine's take its scalars only."""
    return {name: lambda *xs, f=f: f(*map(number, xs)) for name, f in functions.items()}


def refusing(differentiate: Callable[..., Any], *refusals: type[Exception]) -> Callable[..., Any]:
    """What the engine says it has not got, as NotImplementedError."""

    def asked(f, xs):
        try:
            return differentiate(f, xs)
        except (RuntimeError, ValueError, *refusals) as error:
            if isinstance(error, refusals) or any([words in str(error) for words in REFUSALS]):
                raise NotImplementedError(str(error)) from None
            raise

    return asked
