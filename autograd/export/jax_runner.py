"""The JAX runner: a program's printed JAX, compiled by XLA for each batch size, over one device or several.

The batch is cut between the devices by `jax.sharding`; parameters and results are on all of them. Several processes
work alike: `jax.distributed.initialize` before, and each calls with the same arrays. Doubles throughout; XLA takes
subnormal numbers for 0, and sums in an order of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd.core.modes import tracing
from autograd.core.value import Value
from autograd.export import jax as printer
from autograd.program.program import Program

MISSING = "the jax runner needs jax: pip install jax"


class Runner:
    """Runs a program over whole batches. `columns`: for each input (argument, index in an example, its length)."""

    def __init__(
        self, program: Program, columns: Sequence[tuple[int, int, int]], parameters: Sequence[Value], devices: Any
    ) -> None:
        try:
            import jax
        except ImportError:
            raise ImportError(MISSING) from None
        import numpy as np
        from jax.sharding import Mesh, NamedSharding, PartitionSpec

        self._jax, self._np, self._columns, self._parameters = jax, np, columns, parameters
        given = jax.devices()[:1] if devices is None else devices
        devices = [*given] if hasattr(given, "__iter__") else []
        if not devices or not all([isinstance(device, jax.Device) for device in devices]):
            raise TypeError(f"compile: devices= are JAX's, such as jax.devices()[:2], not {given!r:.60}")
        mesh = Mesh(np.array(devices), ("examples",))
        self._devices = len(devices)
        self._cut, self._whole = (
            NamedSharding(mesh, PartitionSpec(None, "examples")),
            NamedSharding(mesh, PartitionSpec()),
        )
        scope: dict[str, Any] = {}
        with tracing():  # what a function of the user's reads of a Value may be another number at the next call
            text = printer.text({"run": program})
        exec(text, scope)
        self._run = jax.jit(scope["run"], out_shardings=self._whole)

    def run(self, arrays: Sequence[Any], n: int, at: Any = None) -> tuple[Any, Any]:
        """The results for the whole batch, and those for each example: (others, n)."""
        jax, np = self._jax, self._np
        p = np.array([q._data for q in self._parameters] if at is None else at)
        x = np.empty((len(self._columns), n))
        for row, (argument, i, length) in enumerate(self._columns):
            array = arrays[argument]
            x[row] = array.reshape(n, length)[:, i] if length else array
        with jax.enable_x64(True):
            cut = self._cut if n % self._devices == 0 else self._whole  # what does not divide is on every device
            whole, each = self._run(self._put(p, self._whole), self._put(x, cut))
            return np.asarray(whole), np.asarray(each)

    def _put(self, array: Any, sharding: Any) -> Any:
        """The array on the devices, each process giving the parts of its own."""
        return self._jax.make_array_from_callback(array.shape, sharding, lambda index: array[index])
