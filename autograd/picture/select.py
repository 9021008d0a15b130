"""What a picture shows of a graph: folded or not, near the output, on the way to a value; and when that is too much.

The idea: choosing happens on Values, in time linear in the graph and before anything else is built, so that a graph of
a million nodes can be refused, or a small part of it drawn.
"""

from collections.abc import Sequence

from autograd.core.dependencies import dependents
from autograd.core.value import Value
from autograd.picture.formula import labels, typeset


def visible(order: Sequence[Value], fold: bool) -> list[Value]:
    """Leaves, labelled values, values used more than once and the output; without folding, everything."""
    if not fold:
        return list(order)
    several = shared(order)
    return [v for v in order if v._row is None or v.label or v in several or v is order[-1]]


def shared(order: Sequence[Value]) -> set[Value]:
    """The values that are used more than once."""
    used: set[Value] = set()
    several: set[Value] = set()
    for value in order:
        for operand in value._arguments:
            if operand.__class__ is not float:
                (several if operand in used else used).add(operand)
    return several


def between(order: Sequence[Value], shown: Sequence[Value], target: Value) -> list[Value]:
    """The shown values that depend on the target, and the target. Raises ValueError where the output does not."""
    above = dependents(order, [target])
    if order[-1] not in above:
        raise ValueError(f"{_said(order[-1])} does not depend on {_said(target)}")
    kept = set(shown) & above | {target}
    return [value for value in order if value in kept]


def near(root: Value, shown: Sequence[Value], stops: set[Value], depth: int) -> list[Value]:
    """The shown values at most `depth` edges from root."""
    found, frontier = {root}, [root]
    for _ in range(depth):
        frontier = _further(frontier, found, stops)
    return [value for value in shown if value in found]


def _further(frontier: Sequence[Value], found: set[Value], stops: set[Value]) -> list[Value]:
    """The values one edge beyond the frontier, entered among those found."""
    new = [v for value in frontier for v in operands_shown(value, stops) if v not in found]
    found.update(new)
    return list(dict.fromkeys(new))


def operands_shown(value: Value, stops: set[Value]) -> list[Value]:
    """The shown values that a value's formula ends in."""
    found, stack = [], list(value.operands)
    while stack:
        operand = stack.pop()
        if operand in stops:
            found.append(operand)
        else:
            stack.extend(operand.operands)
    return found


def with_operands(shown: Sequence[Value], stops: set[Value]) -> set[Value]:
    """The shown values and those their formulas name."""
    named = set(shown)
    for value in shown:
        named.update(operands_shown(value, stops))
    return named


def too_many(order: Sequence[Value], count: int, fold: bool, max_nodes: int) -> str:
    """What to say of a graph with more cards than wanted: how many, and which settings would fit."""
    from autograd.picture.collapse import count_groups

    shown = visible(order, True)
    counts = {} if fold else {"fold=True": len(shown)}
    counts |= {f'collapse="{by}"': count_groups(shown, by) for by in ("neuron", "layer")}
    fitting = [f"{setting} ({n:,} cards)" for setting, n in counts.items() if n <= max_nodes and n < count]
    stops = set(shown if fold else order)
    found, frontier = {order[-1]}, [order[-1]]
    depth, cards = 0, 1
    while frontier and depth < 99:
        frontier = _further(frontier, found, stops)
        if len(found) > max_nodes:
            break
        depth, cards = depth + 1, len(found)
    fitting += [f"depth={depth} ({cards:,} cards)"] if depth else []
    return (
        f"{count:,} cards ({len(order):,} primitives and leaves) are more than max_nodes={max_nodes:,}; what would "
        f"fit in draw: {', '.join([*fitting, 'path_to= a value of interest', f'max_nodes={count}'])}"
    )


def _said(value: Value) -> str:
    return labels.text(value.label) if value.label else f"the value {typeset.format_number(value._data)}"
