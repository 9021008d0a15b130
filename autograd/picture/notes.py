"""What a picture must say besides: numbers that no longer belong together."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from autograd.core.value import Value, data_of
from autograd.picture.formula import labels, typeset

if TYPE_CHECKING:
    from autograd.picture.model import Graph

FOREIGN = "it adds up several sweeps (before one, zero_grad() or .grad = 0), or comes from another output"


def close(x: float, y: float, size: float = 0.0) -> bool:
    """Equal to rounding, of terms as large as `size` that may cancel; an infinity is close to itself alone."""
    tolerance = max(1e-9 * max(abs(x), abs(y)), 1e-12 * size)
    return x == y or abs(x - y) <= tolerance < math.inf or (x != x and y != y)


def on_data(order: Sequence[Value], graph: "Graph") -> list[str]:
    """Which recorded numbers their operands no longer give: a parameter was changed after the forward pass."""
    notes = []
    for value in order:
        if value._row is None:
            continue
        try:
            now = value._row.forward(*map(data_of, value._arguments))
        except Exception:  # a function of the user's own may raise
            continue
        if close(now, value._data):
            continue
        changed = [labels.text(a.label) if a.label else "a leaf" for a in value.operands if a._row is None]
        owner = (
            typeset.text(graph.names[value]) if value in graph.names else labels.text(value.label) or value._row.name
        )
        which = _listed(list(dict.fromkeys(changed)), "or") or "its data"
        recorded, given = _apart(value._data, now)
        notes.append(
            f"{which} was changed after the forward pass: {owner} was recorded as {recorded}, its operands now give "
            f"{given}; derivatives are those of the recorded pass"
        )
        if value in graph.node_of:
            graph.node_of[value].stale = True
        if len(notes) == 3:
            break
    return notes


def _apart(x: float, y: float) -> tuple[str, str]:
    """Two numbers that differ, with as many digits as show it."""
    pairs = ((typeset.format_number(x, digits), typeset.format_number(y, digits)) for digits in range(4, 18))
    return next(pair for pair in pairs if pair[0] != pair[1])


def on_gradients(graph: "Graph") -> list[str]:
    foreign = [n for n in graph.nodes if n.grad is not None and not close(n.grad, n.adjoint)]
    if not foreign:
        return []
    which = _listed([typeset.text(n.name) for n in foreign[:3]] + ["…"] * (len(foreign) > 3), "and")
    return [
        f"the .grad of {which} is not ∂{typeset.text(graph.root.name)}/∂· of this graph alone, and is shown as grad: "
        f"{FOREIGN}"
    ]


def _listed(words: list[str], last: str) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}" if words else ""
