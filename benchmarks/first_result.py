"""What a new process runs up to its first compiled result: no more than a user's program would."""

import numpy as np


def ours_first():
    """A small function from definition to derivatives over a batch."""
    import autograd

    a, b = np.linspace(-1, 1, (2 * 64)).reshape(2, 64)
    autograd.compile(autograd.value_and_grad(lambda a, b: autograd.tanh(a * b) + a, argnums=(0, 1)))(a, b)


def jax_first():
    import jax
    import jax.numpy as jnp

    a, b = np.linspace(-1, 1, (2 * 64)).reshape(2, 64)
    f = lambda a, b: jnp.tanh(a * b) + a
    jax.block_until_ready(jax.jit(jax.vmap(jax.value_and_grad(f, argnums=(0, 1))))(a, b))
