"""Examples at the border: whatever holds numbers in rows becomes plain lists, checked once."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import Any

from autograd import Argument, Value, no_grad
from autograd.core.words import counted


def rows(X: Any, what: str = "X") -> list[Any]:
    """X as a list of examples: each a number, or lists of numbers of one shape. Errors name the row."""
    found = listed(X.to_numpy() if hasattr(X, "to_numpy") else X)
    if not hasattr(found, "__len__") or isinstance(found, str | bytes | dict | set | frozenset):
        raise TypeError(f"{what} is {type(X).__name__}; give a list or an array with one row for each example")
    found = [*map(listed, found)]
    if not found:
        raise ValueError(f"{what} has no rows; there must be at least one example")
    shape = _shape(found[0], f"{what}[0]")
    for k, row in enumerate(found):
        if _shape(row, f"{what}[{k}]") != shape:
            raise ValueError(f"{what}[{k}] has another shape than {what}[0]: {_said(row)} for {_said(found[0])}")
    return [_plain(row) for row in found]


def pairs(X: Any, Y: Any) -> tuple[list[Any], list[Any]]:
    """Inputs, each a list, and as many targets."""
    inputs, targets = rows(X, "X"), rows(Y, "Y")
    if len(inputs) != len(targets):
        raise ValueError(
            f"{counted(len(inputs), 'row')} in X, but {len(targets)} in Y; there must be one target for each"
        )
    return as_lists(inputs), targets


def as_lists(inputs: list[Any]) -> list[Any]:
    return inputs if isinstance(inputs[0], list) else [[x] for x in inputs]


def listed(example: Any) -> Any:
    """An example as the model sees it in eager runs: nested lists."""
    return example.tolist() if hasattr(example, "tolist") else example


def flat(output: Any) -> list[float]:
    """The numbers of an output, or of a target, one after another."""
    parts = output.values() if isinstance(output, dict) else output if isinstance(output, list | tuple) else None
    return [output] if parts is None else [x for part in parts for x in flat(part)]


def without_values(output: Any) -> Any:
    """An output without its Values: a number, or lists and dicts of numbers."""
    if isinstance(output, Value):
        return output.data
    if isinstance(output, dict):
        return {name: without_values(part) for name, part in output.items()}
    if hasattr(output, "tolist"):
        return without_values(output.tolist())
    return [without_values(part) for part in output] if isinstance(output, list | tuple) else float(output)


def by_example(outputs: Any) -> Any:
    """The outputs of n examples: an array (n, …), of several alike side by side; a list where they fill none."""
    if hasattr(outputs, "dtype"):
        return outputs
    named = isinstance(outputs, dict)
    parts = [*map(by_example, outputs.values() if named else outputs)]
    if not named and len({getattr(part, "shape", None) for part in parts}) == 1 and hasattr(parts[0], "dtype"):
        import numpy as np

        return np.stack(parts, axis=1)
    rows = zip(*map(listed, parts), strict=True)
    return [dict(zip(outputs, row, strict=True)) if named else [*row] for row in rows]


def as_values(x: list[Any]) -> list[Any]:
    """An example's inputs as Values, in nested lists."""
    return [*map(as_values if isinstance(x[0], list) else Argument, x)]


def on_values(model: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The model as a function of plain inputs, which it gets as Values; as they are, if it looks at their numbers."""
    plain = False

    def output(x: Any) -> Any:
        nonlocal plain
        if plain:
            return model(x)
        try:
            return model(as_values(x))
        except (TypeError, ValueError, LookupError, AttributeError):
            try:
                found = model(x)
            except Exception:
                pass
            else:
                plain = True
                return found
            raise

    return output


def check_targets(model: Callable[[Any], Any], loss: Callable[[Any, Any], Any], X: list[Any], Y: list[Any]) -> None:
    """Put every different target to the loss once: a compiled program could not say which example is wrong."""
    seen: dict[Any, int] = {}
    for k, y in enumerate(Y):
        seen.setdefault(hashable(y), k)
    with no_grad():
        output = on_values(model)(X[0])
        for k in seen.values():
            try:
                loss(output, Y[k])
            except (ValueError, IndexError) as error:
                raise type(error)(f"Y[{k}]: {error}") from None


def order(n: int, batch_size: int, seed: int, epoch: int, arrays: bool = False) -> list[Sequence[int]]:
    """The batches of an epoch: a shuffle that depends on the seed and the epoch alone, so that a run can be resumed.

    Ordered by random numbers, which takes half the time that exchanging them does, and as `arrays` of numpy a tenth."""
    if batch_size >= n:
        return [range(n)]
    chance = f"{seed} {epoch}"
    shuffled: Any = _sorted(random.Random(chance), n) if arrays else None
    if shuffled is None:
        rng = random.Random(chance)
        keys = [rng.random() for _ in range(n)]
        shuffled = sorted(range(n), key=keys.__getitem__)
    return [shuffled[i : i + batch_size] for i in range(0, n, batch_size)]


def _sorted(rng: random.Random, n: int) -> Any:
    """The same by numpy; None where two of the numbers are equal. `random` makes a number of 53 bits from two words of
    32: the upper 27 bits of the first, and after those 26 of the second."""
    import numpy as np

    words = np.frombuffer(rng.randbytes(8 * n), "<u8")  # the first word below
    keys = ((words & 0xFFFFFFE0) << 21) + (words >> 38)
    shuffled = keys.argsort()
    ordered = keys[shuffled]
    return shuffled if (ordered[1:] > ordered[:-1]).all() else None


def _shape(row: Any, where: str) -> Any:
    """Its nested lengths; () for a number, which must be finite."""
    if isinstance(row, list | tuple):
        if not row:
            raise ValueError(f"{where} is empty")
        shapes = {_shape(x, f"{where}[{i}]") for i, x in enumerate(row)}
        if len(shapes) != 1:
            raise ValueError(f"{where} is ragged: its rows are not of one length")
        return (len(row), *shapes.pop())
    try:
        finite = math.isfinite(row)
    except TypeError:
        raise TypeError(f"{where}: expected a number, got {type(row).__name__} {row!r:.40}") from None
    if not finite:
        raise ValueError(f"{where} is {row}; the examples must be finite numbers")
    return ()


def _said(row: Any) -> str:
    return counted(len(row), "number") if isinstance(row, list | tuple) else "one number"


def _plain(row: Any) -> Any:
    return [_plain(x) for x in row] if isinstance(row, list | tuple) else row


def hashable(y: Any) -> Any:
    """A target as a key: two are alike when their keys are."""
    return tuple(map(hashable, y)) if isinstance(y, list) else y
