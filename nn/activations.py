"""The nonlinearities by name, and how widely the weights that feed them are spread at first."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from operator import index
from typing import Any

from autograd import Value

Activation = Callable[[Value], Value]

LINEAR = "linear"

# The methods of Value rather than the functions: z is always a Value, and a neuron is called often.
_NAMED = (
    "relu sigmoid tanh softplus log_sigmoid leaky_relu elu gelu silu mish softsign celu selu hardtanh relu6 hardswish "
    "sin exp"
)
ACTIVATIONS: dict[str, Activation | None] = {LINEAR: None, **{name: getattr(Value, name) for name in _NAMED.split()}}

# Weights are uniform on (−bound, bound). He et al. (2015) keep the
# variance through relu layers, Xavier Glorot & Bengio (2010) through tanh ones.
BOUNDS: dict[str, Callable[[int, int], float]] = {
    "uniform": lambda nin, nout: 1.0,
    "he": lambda nin, nout: math.sqrt(6 / nin),
    "xavier": lambda nin, nout: math.sqrt(6 / (nin + nout)),
}


def activation(named: Any, where: str) -> Activation | None:
    """The function of an activation given by name, or given as a function; None for the linear one."""
    if callable(named):
        return named
    if not isinstance(named, str) or named not in ACTIVATIONS:
        if named == "softmax":
            raise ValueError(
                f"{where}: softmax is of all outputs together: leave them as they are for cross_entropy, and for "
                "probabilities write nn.Sequential(model, nn.softmax)"
            )
        raise ValueError(
            f"{where}: unknown activation {named!r}; the names are {', '.join(ACTIVATIONS)}, or give a function"
        )
    return ACTIVATIONS[named]


def bound(init: str, nin: int, nout: int) -> float:
    if init not in BOUNDS:
        raise ValueError(f"unknown init {init!r}; the names are {', '.join(BOUNDS)}")
    return BOUNDS[init](nin, nout)


def generator(seed: int | None, rng: Any) -> Any:
    """Where random numbers come from: `rng`, a fresh one started at `seed`, or Python's own `random`."""
    if seed is not None and rng is not None:
        raise ValueError("give seed= or rng=, not both: a seed starts a generator of its own")
    return rng if rng is not None else random if seed is None else seeded(seed)


def seeded(seed: Any) -> random.Random:
    """A generator that starts at the seed; whole numbers of numpy's are whole numbers."""
    return random.Random(index(seed) if hasattr(seed, "__index__") else seed)
