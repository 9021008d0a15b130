"""W1: two inputs and a handful of operations: what one call costs, and one row of a batch."""

from benchmarks.formulas import tiny
from benchmarks.two_inputs import one_call, whole_batch


def by_hand(a, b):
    e = a + b - (a * b + b * b * b)
    return e * e / 2, e * (1 - b), e * (1 - a - 3 * b * b)


formula = lambda a, b, relu: tiny(a, b)

WORKS = [
    one_call("W1.call", formula, -41.0, 2.0, (612.5, -35.0, 1050.0)),
    whole_batch("W1.batch", formula, by_hand, "tiny"),
]
