"""What a prediction costs: functions of an output (one Value, or a list of them) and its target.

Each is written in the form that stays finite and accurate wherever the mathematics does, gradients included, and
without a branch on a Value, so that `compile` can record it: a target that is a number chooses the formula at once, a
Value among the targets chooses through `where`.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from autograd import (
    Value,
    dot,
    equal,
    exp,
    log,
    log1p,
    logsumexp,
    maximum,
    minimum,
    relu,
    softplus,
    stop_gradient,
    sum,
    where,
)
from autograd.core.words import counted

Number = Value | float

_SMALLEST_LOG = -100.0  # of a probability, as in torch: a wrong answer given with certainty costs 100, not infinity


def squared_error(output: Any, target: Any) -> Any:
    """C = (a − y)², or Σ (aᵢ − yᵢ)² over a list of outputs."""
    if not _is_list(output):
        return (output - _single(target, "squared_error")) ** 2
    return sum([squared_error(a, y) for a, y in _pairs(output, target, "squared_error")])


def mse(output: Any, target: Any) -> Any:
    """1/n Σ (aᵢ − yᵢ)², the mean over a list of outputs. ValueError when there are none."""
    return _average(mse, output, target, "mse") if _is_list(output) else squared_error(output, target)


def binary_cross_entropy(p: Any, y: Any) -> Any:
    """−y log p − (1 − y) log(1 − p) for a probability p; a target between 0 and 1. Lists are averaged.

    Of p = σ(z) it is computed from z, so that it is exact however large z is, and so are its gradients. Any other p
    costs 100 at most (log is cut off at −100, where nothing passes back any more). ValueError when p or y is not
    between 0 and 1. (In a compiled program, which cannot raise, nan.)
    """
    if _is_list(p):
        return _average(binary_cross_entropy, p, y, "binary_cross_entropy")
    if isinstance(p, Value) and p.op == "sigmoid":
        return binary_cross_entropy_with_logits(p.operands[0], y)
    y = _probability(y, "binary_cross_entropy")
    if _is_traced(p):
        p = _where_probable(p)
    elif p < 0 or p > 1:
        raise ValueError(
            f"binary_cross_entropy: the output {p!r} is no probability, between 0 and 1; squash it "
            '(output="sigmoid"), or take binary_cross_entropy_with_logits of it as it is'
        )
    return -_blend(y, _log(p), _log_of_rest(p))


def binary_cross_entropy_with_logits(z: Any, y: Any) -> Any:
    """−y log σ(z) − (1 − y) log(1 − σ(z)) for a logit z; a target between 0 and 1, else ValueError. Lists are averaged.
    (In a compiled program, which cannot raise, nan.)"""
    if _is_list(z):
        return _average(binary_cross_entropy_with_logits, z, y, "binary_cross_entropy_with_logits")
    y = _probability(y, "binary_cross_entropy_with_logits")
    return _blend(y, softplus(-z), softplus(z))


def cross_entropy(logits: Sequence[Number], target: Any, smoothing: float = 0.0) -> Any:
    """−log softmax(logits)[target] for the index of the right class, in the form logsumexp(logits) − logits[target].

    A list of probabilities, one for each class, is a soft target: −Σ pₖ log softmax(logits)ₖ. With `smoothing` ε the
    target is 1 − ε of itself and ε/K of each of the K classes (Szegedy et al. 2016). IndexError when the target is not
    one of the classes. (In a compiled program, which cannot raise, nan.)
    """
    if not _is_list(logits):
        raise TypeError(f"cross_entropy needs a list of logits, one for each class, got {logits!r}")
    if not 0.0 <= smoothing <= 1.0:
        raise ValueError(f"cross_entropy: smoothing is between 0 and 1, got {smoothing!r}")
    if smoothing:
        evenly = [1.0 / len(logits)] * len(logits)
        return (1.0 - smoothing) * cross_entropy(logits, target) + smoothing * cross_entropy(logits, evenly)
    if _is_list(target):
        total = logsumexp(logits)
        return sum([_probability(p, "cross_entropy") * (total - z) for z, p in _pairs(logits, target, "cross_entropy")])
    if _is_traced(target):
        hits = [target == float(k) for k in range(len(logits))]
        right = sum([where(hit, z, 0.0) for hit, z in zip(hits, logits, strict=True)])
        return logsumexp(logits) - where(sum(hits), right, math.nan)
    return logsumexp(logits) - logits[_class(target, len(logits))]


def huber(output: Any, target: Any, delta: float = 1.0) -> Any:
    """½(a − y)² where |a − y| ≤ δ, beyond δ(|a − y| − ½δ) (Huber 1964): a square whose slope stops at ±δ. Lists are
    averaged."""
    if not delta > 0.0:
        raise ValueError(f"huber: delta is positive, got {delta!r}")
    if _is_list(output):
        return _average(lambda a, y: huber(a, y, delta), output, target, "huber")
    error = abs(output - _single(target, "huber"))
    near = minimum(error, delta)
    return near * (error - 0.5 * near)


def hinge(score: Any, y: Any) -> Any:
    """max(0, 1 − y · score): the max-margin loss of a score whose sign is the class y, −1 or +1, else ValueError. Lists
    are averaged. (In a compiled program, which cannot raise, nan.)"""
    if _is_list(score):
        return _average(hinge, score, y, "hinge")
    y = _single(y, "hinge")
    if _is_traced(y):
        y = where(equal(abs(y), 1.0), y, math.nan)
    elif not isinstance(y, Value) and y not in (-1, 1):
        raise ValueError(
            f"hinge: the target {y!r} is not one of the 2 classes −1 and 1 (2·y − 1 makes them of 0 and 1)"
        )
    return relu(1 - y * score)


def softmax(logits: Sequence[Number]) -> list[Any]:
    """exp zᵢ / Σ exp zₖ. Any shift of the logits gives the same; shifted by logsumexp z, a constant here, no exp
    overflows, and dividing by their sum takes out the rounding of the shift. Where all zᵢ are −inf, a row that is
    masked altogether, all shares and their slopes are 0, as the slopes of logsumexp are."""
    if not _is_list(logits) or not len(logits):
        raise TypeError(f"softmax needs a list of logits, one for each class, got {logits!r}")
    traced = any(map(_is_traced, logits))
    if traced:
        shift = stop_gradient(logsumexp(logits))
    else:
        shift = logsumexp([z.data if isinstance(z, Value) else z for z in logits])
    finite = maximum(shift, -sys.float_info.max)
    powers = [exp(z - finite) for z in logits]
    total = sum(powers)
    if traced:
        total = total + equal(total, 0.0)
    elif shift == -math.inf:
        total = 1.0
    return [power / total for power in powers]


def l2(parameters: Iterable[Number]) -> Any:
    """Σ p², one node: `loss + 1e-4 * l2(model.parameters())` keeps the parameters small."""
    parameters = list(parameters)
    return dot(parameters, parameters)


def _is_traced(x: Any) -> bool:
    """Whether x stands for numbers not known yet, in a program being recorded: then a comparison is a Value too."""
    return isinstance(x, Value) and isinstance(x >= 0, Value)


def _is_list(x: Any) -> bool:
    return hasattr(x, "__len__") and not isinstance(x, Value | str | bytes) and getattr(x, "shape", None) != ()


def _single(y: Any, name: str) -> Any:
    """The target of a single output, a Value or a number; a list of one will do."""
    if _is_list(y):
        if len(y) != 1:
            raise ValueError(f"{name}: {counted(len(y), 'target')} for 1 output")
        (y,) = y
    if isinstance(y, Value) or y.__class__ in (float, int):
        return y
    try:
        Value(y)
    except (TypeError, OverflowError) as error:
        raise type(error)(f"{name}: the target: {str(error).removeprefix('Value: ')}") from None
    return float(y)


def _pairs(output: Any, target: Any, name: str) -> list[tuple[Any, Any]]:
    targets = target if _is_list(target) else [target]
    if len(output) != len(targets):
        raise ValueError(f"{name}: {counted(len(targets), 'target')} for {counted(len(output), 'output')}")
    return list(zip(output, targets, strict=True))


def _average(loss: Any, output: Any, target: Any, name: str) -> Any:
    costs = [loss(a, y) for a, y in _pairs(output, target, name)]
    if not costs:
        raise ValueError(f"{name} of no outputs: give at least one")
    return sum(costs) / len(costs)


def _probability(y: Any, name: str) -> Any:
    y = _single(y, name)
    if _is_traced(y):
        return _where_probable(y)
    if not isinstance(y, Value) and not 0 <= y <= 1:  # a Value may be varied, and its finite difference goes beyond
        raise ValueError(f"{name}: the target {y!r} is not between the 2 classes 0 and 1")
    return y


def _where_probable(p: Any) -> Any:
    """p where it is between 0 and 1, else nan."""
    return where((p >= 0) & (p <= 1), p, math.nan)


def _log(p: Any) -> Any:
    """log p, but −100 at the least. Recorded, no slope is ever infinite: 0 · inf would make a gradient nan there."""
    if _is_traced(p):
        outside = p <= math.exp(_SMALLEST_LOG)
        return where(outside, _SMALLEST_LOG, log(where(outside, 1.0, p)))
    return maximum(log(p), _SMALLEST_LOG)


def _log_of_rest(p: Any) -> Any:
    """log(1 − p) in the same way."""
    if _is_traced(p):
        return where(p >= 1, _SMALLEST_LOG, log1p(where(p >= 1, 0.0, -p)))
    return maximum(log1p(-p), _SMALLEST_LOG)


def _blend(y: Any, at_1: Any, at_0: Any) -> Any:
    """y · at_1 + (1 − y) · at_0; of a class, 0 or 1, its own term alone."""
    if not isinstance(y, Value) and y in (0, 1):
        return at_1 if y else at_0
    return y * at_1 + (1 - y) * at_0


def _class(target: Any, classes: int) -> int:
    number = target.data if isinstance(target, Value) else target
    try:
        index = int(number)
    except (TypeError, ValueError, OverflowError):
        index = -1
    if index != number or not 0 <= index < classes:
        raise IndexError(
            f"cross_entropy: the target {number!r} is not one of the {classes} classes, which are numbered 0 to "
            f"{classes - 1}"
        )
    return index
