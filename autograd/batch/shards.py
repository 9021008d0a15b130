"""More data than memory: the mean and the gradient over shards, each read and summed where a `map` takes it.

    mean, gradient = cost.over(paths, read, map=executor.map)

What a worker gets is the function, the numbers of the parameters, and one shard; what it gives back is two sums. They
are added in the order of the shards, so the bits do not depend on who did what when, nor on a worker that was lost and
replaced. A worker records the function once, not once a shard.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pickle import PicklingError, dumps
from typing import Any, NamedTuple

Load = Callable[[Any], Sequence[Any]]


class Sums(NamedTuple):
    """What one shard contributes: its number of examples, its mean, the gradient of that, and whose it is."""

    n: int
    mean: float
    gradient: Any
    names: tuple[str, ...]


class Work:
    """A shard → its Sums; picklable where the function and `load` are."""

    def __init__(self, compiled: Any, load: Load, numbers: Sequence[float] | None) -> None:
        self.compiled, self.load, self.numbers = compiled, load, numbers

    def __call__(self, shard: Any) -> Sums:
        try:
            import numpy as np
        except ImportError:
            raise ImportError("over: gradients are summed as arrays of numpy: pip install numpy") from None

        arguments = self.load(shard)
        if not isinstance(arguments, tuple | list):
            raise TypeError(
                f"over: load gives the arguments of {self.compiled.name} as a tuple, such as (X, Y), not "
                f"{type(arguments).__name__}"
            )
        at = None if self.numbers is None else np.array(self.numbers)
        mean, gradient = self.compiled.value_and_grad(*arguments, at=at)
        n = next((len(x) for x in arguments if hasattr(x, "__len__")), 1)
        return Sums(n, mean, gradient, tuple([p.label for p in self.compiled.parameters]))

    def __getstate__(self) -> tuple[Any, ...]:
        compiled = self.compiled
        return compiled.token, compiled.function, compiled.runner, self.load, self.numbers

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        token, function, runner, self.load, self.numbers = state
        if token not in _KNOWN:
            from autograd.batch.compiled import Compiled

            if len(_KNOWN) >= 8:
                del _KNOWN[next(iter(_KNOWN))]
            _KNOWN[token] = Compiled(function, runner)
        self.compiled = _KNOWN[token]


_KNOWN: dict[str, Any] = {}  # in a worker: the functions it has recorded


def over(compiled: Any, shards: Iterable[Any], load: Load, mapped: Callable[..., Iterable[Any]]) -> tuple[float, Any]:
    """Σ nₖ·meanₖ / Σ nₖ over the shards, and its gradient, in their order."""
    shards = [*shards]
    if not shards:
        raise ValueError("over: there are no shards")
    for name, given, such in (("load", load, "read"), ("map", mapped, "executor.map")):
        if not callable(given):
            raise TypeError(f"over: {name}= is a function, such as {such}, not {type(given).__name__}")
    if not compiled.recorded:  # whose the parameters are is known by recording the function
        Work(compiled, load, None)(shards[0])
    names = tuple([p.label for p in compiled.parameters])
    numbers = [p.data for p in compiled.parameters]
    n, cost = 0, 0.0
    gradient: Any = None
    for part in _gathered(_sent(mapped, Work(compiled, load, numbers), shards)):
        if part.names != names:
            raise ValueError(
                f"over: a worker met the parameters {', '.join(part.names[:6])} …, this process "
                f"{', '.join(names[:6])} …: the function is not the same in both"
            )
        n += part.n
        cost += part.mean * part.n
        gradient = part.gradient * part.n if gradient is None else gradient + part.gradient * part.n
    return cost / n, gradient / n


def _sent(mapped: Callable[..., Iterable[Any]], work: Work, shards: list[Any]) -> Iterable[Any]:
    """What the map gives. TypeError, naming it, where something that goes to another process cannot."""
    try:
        yield from mapped(work, shards)
    except (AttributeError, TypeError, PicklingError) as error:
        for name, given in (("the function", work.compiled.function), ("load=", work.load)):
            try:
                dumps(given)
            except Exception:
                raise TypeError(
                    f"over: {name} cannot be sent to another process, {given!r:.80} ({error}): write it with `def`, or "
                    "as a class, at the top level of a module"
                ) from error
        raise


def _gathered(parts: Any) -> Iterable[Sums]:
    """The results, waited for: dask's and its like give futures, which know how to give what they hold."""
    for part in parts:
        yield part if isinstance(part, Sums) else part.result()
