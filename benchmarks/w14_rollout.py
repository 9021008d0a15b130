"""W14: a pendulum through 1,000 steps of Runge and Kutta's method, and the gradient of its last angle in its first one
and its length, for a batch of pendulums."""

from __future__ import annotations

import numpy as np

from benchmarks.harness import COMPILED, Work, printed

STEPS, FEW, MANY = 1_000, 30, 1_000_000
SECONDS = 5.0  # of all steps
BATCHES = (1, 8, 100)


def pendulums(batch):
    """First angles and lengths."""
    return np.linspace(0.5, 1.5, batch), np.linspace(0.8, 1.3, batch)


def rollout(angle, length, steps, sin):
    """The last angle, on numbers, arrays or what else an engine computes with."""
    dt = SECONDS / steps
    a, w = angle, 0.0 * angle
    for _ in range(steps):
        a, w = moved(a, w, length, dt, sin)
    return a


def moved(a, w, length, dt, sin):
    slope = lambda a, w: (w, -9.81 / length * sin(a))
    k1 = slope(a, w)
    k2 = slope(a + dt / 2 * k1[0], w + dt / 2 * k1[1])
    k3 = slope(a + dt / 2 * k2[0], w + dt / 2 * k2[1])
    k4 = slope(a + dt * k3[0], w + dt * k3[1])
    return [x + dt / 6 * (p + 2 * q + 2 * r + s) for x, p, q, r, s in zip((a, w), k1, k2, k3, k4, strict=True)]


def by_complex_steps(batch, steps=STEPS):
    """The angle and its slopes: Im f(x + ih)/h, in which nothing cancels."""
    angle, length = pendulums(batch)
    h = 1e-30
    slopes = [rollout(angle + h * u, length + h * v, steps, np.sin).imag / h for u, v in ((1j, 0j), (0j, 1j))]
    return rollout(angle, length, steps, np.sin), slopes


rollouts = Work(
    "W14.rollout", "a pendulum's 1,000 steps and the gradient in its start and length, for each of a batch",
    sizes=BATCHES, quick_sizes=BATCHES[1:2], expect=by_complex_steps,
)  # fmt: skip
unrolled = Work(
    "W14.unrolled", "the same of 30 steps, written out in Python, batch of 8", expect=lambda: by_complex_steps(8, FEW)
)
million = Work(
    "W14.million", "the same of 1,000,000 steps, batch of 1: the time to the first result", unit="s", scale=1.0,
    expect=lambda: by_complex_steps(1, STEPS), rtol=1e-6, seconds=2,
)  # fmt: skip
memory = Work("W14.memory", "the same: peak memory of the process", unit="MB", scale=1e-6, meter="own")


def ours(batch, f):
    import autograd

    call, (angle, length) = autograd.compile(autograd.value_and_grad(f, (0, 1))), pendulums(batch)
    return lambda: call(angle, length)


def swing(steps):
    """`rollout` as an instruction."""
    from autograd import rk4, sin

    def last(angle, length):
        return rk4(lambda t, y: [y[1], -9.81 / length * sin(y[0])], [angle, 0.0], 0.0, SECONDS / steps, steps)[0]

    return last


@rollouts.engine(COMPILED, "autograd")
def our_rollouts(batch):
    return ours(batch, swing(STEPS))


@rollouts.engine("jax.lax.scan", "jax")
def jax_scan(batch):
    import jax

    def last(angle, length):
        step = lambda y, _: (tuple(moved(*y, length, SECONDS / STEPS, jax.numpy.sin)), None)
        return jax.lax.scan(step, (angle, 0.0 * angle), None, length=STEPS)[0][0]

    return jaxs(batch, last)


def jaxs(batch, last):
    import jax

    call = jax.jit(jax.vmap(jax.value_and_grad(last, (0, 1))))
    angle, length = map(jax.device_put, pendulums(batch))
    return lambda: jax.block_until_ready(call(angle, length))


@unrolled.engine(COMPILED, "autograd")
def our_unrolled():
    from autograd import sin

    return ours(8, lambda angle, length: rollout(angle, length, FEW, sin))


@unrolled.engine("chainrule compiled, rk4", "autograd")
def our_few():
    from autograd import rk4, sin

    dt = SECONDS / FEW
    slope = lambda length: lambda t, y: [y[1], -9.81 / length * sin(y[0])]
    return ours(8, lambda angle, length: rk4(slope(length), [angle, 0.0], 0.0, dt, FEW)[0])


@unrolled.engine("jax, unrolled", "jax")
def jax_unrolled():
    import jax

    return jaxs(8, lambda angle, length: rollout(angle, length, FEW, jax.numpy.sin))


@million.engine(COMPILED, "autograd")
def our_million():
    return ours(1, swing(MANY))


PROGRAM = """
import resource
from benchmarks import w14_rollout
w14_rollout.our_million()()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


@memory.engine(COMPILED, "autograd")
def our_memory():
    return lambda: printed(PROGRAM)


WORKS = [rollouts, unrolled, million, memory]
