"""W10 and W13: derivatives of every example of a batch: Greeks, gradients, Hessians, a Jacobian of a fit; many results.

Each row's answer is held against its closed form, written out in numpy.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from benchmarks.harness import COMPILED, Work

ROWS = (1_000, 100_000)
RANGES = ((80, 120), (80, 120), (0.1, 2.0), (0.0, 0.05), (0.1, 0.5))
INPUTS = (10, 50)


def rosenbrock(x):
    return sum(100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2 for a, b in pairwise(x))


def points(n, inputs=10):
    return np.random.default_rng(3).normal(size=(n, inputs))


def gradient_by_hand(x):
    a, b = x[:, :-1], x[:, 1:]
    slope = np.zeros_like(x)
    slope[:, :-1] = -400.0 * a * (b - a * a) - 2.0 * (1.0 - a)
    slope[:, 1:] += 200.0 * (b - a * a)
    return slope


def hessian_by_hand(x):
    n, k = x.shape
    a, b, i = x[:, :-1], x[:, 1:], np.arange(k - 1)
    lines = np.zeros((n, k, k))
    lines[:, i, i] = 1200.0 * a * a - 400.0 * b + 2.0
    lines[:, i + 1, i + 1] += 200.0
    lines[:, i, i + 1] = lines[:, i + 1, i] = -400.0 * a
    return lines


def decay(n):
    """Parameters (n, 3) and times (n,) of y = a·exp(−b·t) + c."""
    rng = np.random.default_rng(4)
    return rng.uniform(0.5, 2.0, (n, 3)), rng.uniform(0.0, 3.0, n)


def decay_by_hand(p, t):
    e = np.exp(-p[:, 1] * t)
    return np.stack([e, -p[:, 0] * t * e, np.ones_like(t)], axis=1)


def options(n):
    rng = np.random.default_rng(5)
    return [rng.uniform(*limits, n) for limits in RANGES]


def call_price(exp, log, sqrt, erf):
    """Black and Scholes's price of a call, of these functions."""
    normal = lambda x: 0.5 * (1.0 + erf(x * math.sqrt(0.5)))

    def price(spot, strike, years, rate, volatility):
        spread = volatility * sqrt(years)
        d = (log(spot / strike) + rate * years) / spread + 0.5 * spread
        return spot * normal(d) - strike * exp(-rate * years) * normal(d - spread)

    return price


def greeks_by_hand(spot, strike, years, rate, volatility):
    erf = np.vectorize(math.erf)
    spread = volatility * np.sqrt(years)
    d = (np.log(spot / strike) + rate * years) / spread + 0.5 * spread
    n1, n2 = (0.5 * (1.0 + erf(x * math.sqrt(0.5))) for x in (d, d - spread))
    density, discount = np.exp(-0.5 * d * d) / math.sqrt(2.0 * math.pi), np.exp(-rate * years)
    vega = spot * np.sqrt(years) * density
    theta = 0.5 * spot * density * volatility / np.sqrt(years) + rate * strike * discount * n2
    return spot * n1 - strike * discount * n2, [n1, -discount * n2, theta, strike * years * discount * n2, vega]


gradients = Work(
    "W13.gradient", "the gradient of Rosenbrock's function of 10 inputs, for each row", sizes=ROWS,
    quick_sizes=ROWS[:1],
    expect=lambda n: gradient_by_hand(points(n)), rtol=1e-8,
)  # fmt: skip
hessians = Work(
    "W13.hessian", "the Hessian of Rosenbrock's function of so many inputs, for each of 1,000 rows", sizes=INPUTS,
    quick_sizes=INPUTS[:1], expect=lambda k: hessian_by_hand(points(1_000, k)), rtol=1e-8,
)  # fmt: skip
fits = Work(
    "W13.levenberg", "the Jacobian of y = a·exp(−b·t) + c in a, b and c, for each row", sizes=ROWS,
    quick_sizes=ROWS[:1], expect=lambda n: decay_by_hand(*decay(n)),
)  # fmt: skip
greeks = Work(
    "W10.greeks", "Black–Scholes: price and five first derivatives, for each option", unit="ms", scale=1e3,
    sizes=(100_000,), quick_sizes=(100,), expect=lambda n: greeks_by_hand(*options(n)), rtol=1e-8,
)  # fmt: skip
outputs = Work(
    "W9.outputs", "1,000 results of one example, one call", expect=lambda: [[0.5 * (1.0 + k) for k in range(1_000)]]
)


@gradients.engine(COMPILED, "autograd")
def our_gradients(n):
    import autograd

    call, x = autograd.compile(autograd.grad(rosenbrock)), points(n)
    return lambda: call(x)


@gradients.engine("jax.jit(vmap)", "jax")
def jax_gradients(n):
    import jax

    call, x = jax.jit(jax.vmap(jax.grad(rosenbrock))), jax.device_put(points(n))
    return lambda: jax.block_until_ready(call(x))


@gradients.engine("numpy by hand")
def numpy_gradients(n):
    x = points(n)
    return lambda: gradient_by_hand(x)


@hessians.engine(COMPILED, "autograd")
def our_hessians(k):
    import autograd

    call, x = autograd.compile(autograd.hessian(rosenbrock)), points(1_000, k)
    return lambda: call(x)


@hessians.engine("jax.jit(vmap)", "jax")
def jax_hessians(k):
    import jax

    call, x = jax.jit(jax.vmap(jax.hessian(rosenbrock))), jax.device_put(points(1_000, k))
    return lambda: jax.block_until_ready(call(x))


@fits.engine(COMPILED, "autograd")
def our_fits(n):
    import autograd

    call = autograd.compile(autograd.grad(lambda p, t: p[0] * autograd.exp(-p[1] * t) + p[2]))
    p, t = decay(n)
    return lambda: call(p, t)


@fits.engine("jax.jit(vmap)", "jax")
def jax_fits(n):
    import jax

    call = jax.jit(jax.vmap(jax.grad(lambda p, t: p[0] * jax.numpy.exp(-p[1] * t) + p[2])))
    p, t = map(jax.device_put, decay(n))
    return lambda: jax.block_until_ready(call(p, t))


@fits.engine("numpy by hand")
def numpy_fits(n):
    p, t = decay(n)
    return lambda: decay_by_hand(p, t)


@greeks.engine(COMPILED, "autograd")
def our_greeks(n):
    import autograd
    from autograd import erf, exp, log, sqrt

    price = autograd.value_and_grad(call_price(exp, log, sqrt, erf), argnums=(0, 1, 2, 3, 4))
    call, given = autograd.compile(price), options(n)
    return lambda: call(*given)


@greeks.engine("jax.jit(vmap)", "jax")
def jax_greeks(n):
    import jax
    from jax import numpy as jnp

    price = call_price(jnp.exp, jnp.log, jnp.sqrt, jax.scipy.special.erf)
    call = jax.jit(jax.vmap(jax.value_and_grad(price, argnums=(0, 1, 2, 3, 4))))
    given = [jax.device_put(x) for x in options(n)]
    return lambda: jax.block_until_ready(call(*given))


@greeks.engine("torch", "torch")
def torch_greeks(n):
    import torch

    given = [torch.from_numpy(x).requires_grad_() for x in options(n)]
    price = call_price(torch.exp, torch.log, torch.sqrt, torch.erf)

    def run():
        z = price(*given)
        return [z.detach(), *torch.autograd.grad(z.sum(), given)]

    return run


@outputs.engine(COMPILED, "autograd")
def our_outputs():
    import autograd

    call, x = autograd.compile(lambda x: [x * (1.0 + k) for k in range(1_000)]), np.array([0.5])
    return lambda: call(x)


@outputs.engine("casadi", "casadi")
def casadi_outputs():
    import casadi

    x = casadi.SX.sym("x")
    call = casadi.Function("f", [x], [casadi.vertcat(*[x * (1.0 + k) for k in range(1_000)])])
    return lambda: np.array(call(0.5)).T


def jacobian_works():
    """A dense Jacobian of 300 functions of 300 numbers, each of three neighbours."""
    size = 300
    point = np.linspace(-1.0, 1.0, size)

    def by_hand():
        i, lines = np.arange(size), np.zeros((1, size, size))
        lines[0, i, i] = np.cos(point) * np.roll(point, -1)
        lines[0, i, (i + 1) % size] = np.sin(point)
        lines[0, i, (i + 2) % size] = 1.0
        return lines

    work = Work("W9.banded", "a dense 300 × 300 Jacobian of a banded function, one call", expect=by_hand)
    banded = lambda sin: lambda z: [sin(z[i]) * z[(i + 1) % size] + z[(i + 2) % size] for i in range(size)]

    @work.engine(COMPILED, "autograd")
    def compiled():
        import autograd

        call, z = autograd.compile(autograd.jacobian(banded(autograd.sin))), point[None, :]
        return lambda: call(z)

    @work.engine("casadi", "casadi")
    def casadi():
        import casadi

        z = casadi.SX.sym("z", size)
        sparse = casadi.jacobian(casadi.vertcat(*banded(casadi.sin)(z)), z)
        call = casadi.Function("jacobian", [z], [casadi.densify(sparse)])
        return lambda: np.array(call(point))[None]

    return [work]


WORKS = [greeks, gradients, hessians, fits, outputs, *jacobian_works()]
