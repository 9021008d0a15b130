"""W9: the sparse Jacobian of a transcription: a pendulum's defects at N moments, 2(N − 1) of them in 3N numbers."""

from __future__ import annotations

import math

import numpy as np

from benchmarks.harness import COMPILED, Work

SIZES = (50, 200, 500)
STEP = 0.1


def moments(n):
    """z = (a₀, w₀, u₀, a₁, …): angles, speeds and torques."""
    return np.linspace(-1.0, 1.0, 3 * n)


def defects(z, n, sin):
    for i in range(n - 1):
        a, w, u, next_a, next_w = [z[3 * i + k] for k in range(5)]
        yield next_a - a - STEP * w
        yield next_w - w - STEP * (u - sin(a))


def by_hand(n):
    """The entries row by row: 7(N − 1) of them, 3,493 where N = 500."""
    angles = moments(n)[0 : 3 * (n - 1) : 3]
    lines = [[-1.0, -STEP, 1.0, STEP * math.cos(a), -1.0, -STEP, 1.0] for a in angles]
    return [x for line in lines for x in line]


def entries(matrix):
    """Those of a matrix of scipy, row by row."""
    return matrix.tocsr().sorted_indices().data


# Each engine's answer in its own form (a batch of one; CasADi's DM), and made a matrix of scipy's.
own = Work(
    "W9.transcription", "the sparse Jacobian of a pendulum's transcription at so many moments, one call",
    sizes=SIZES, quick_sizes=SIZES[:1], expect=by_hand,
)  # fmt: skip
scipys = Work(
    "W9.scipy", "the same as a matrix of scipy", sizes=SIZES, quick_sizes=SIZES[:1], expect=by_hand,
)  # fmt: skip


def ours(n):
    import autograd

    call = autograd.compile(autograd.jacobian(lambda z: [*defects(z, n, autograd.sin)], sparse=True))
    z = moments(n)[None]
    return lambda: call(z)


def casadis(n):
    import casadi

    z = casadi.SX.sym("z", 3 * n)
    matrix = casadi.jacobian(casadi.vertcat(*defects(z, n, casadi.sin)), z)
    call, at = casadi.Function("jacobian", [z], [matrix]), moments(n)
    return lambda: call(at)


@own.engine(COMPILED, "autograd")
def our_own(n):
    run = ours(n)
    run.view = lambda batch: batch.data[0]
    return run


@own.engine("casadi", "casadi", "scipy.sparse")
def casadis_own(n):
    run = casadis(n)
    run.view = lambda matrix: entries(matrix.sparse())
    return run


@own.engine("jax.jit, dense", "jax", upto=200, why_not="1.5 million numbers, nearly all of them 0")
def jax(n):
    import jax

    call = jax.jit(jax.jacrev(lambda z: jax.numpy.stack([*defects(z, n, jax.numpy.sin)])))
    z = jax.device_put(moments(n))
    run = lambda: jax.block_until_ready(call(z))
    run.view = lambda matrix: np.asarray(matrix)[np.asarray(matrix) != 0.0]
    return run


@scipys.engine(COMPILED, "autograd", "scipy.sparse")
def our_scipys(n):
    call = ours(n)
    run = lambda: call()[0]
    run.view = entries
    return run


@scipys.engine("casadi", "casadi", "scipy.sparse")
def casadis_scipys(n):
    call = casadis(n)
    run = lambda: call().sparse()
    run.view = entries
    return run


WORKS = [own, scipys]
