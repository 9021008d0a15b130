"""W2: micrograd's own example, thirty operations with two relus, as one call and as a batch."""

from benchmarks.formulas import small
from benchmarks.two_inputs import one_call, whole_batch


def by_hand(a, b):
    s1, s2 = (b + a > 0) * 1.0, (b - a > 0) * 1.0
    e = 3 * a + 4 * b + 3 - 12 * (a * b + b * b * b) - 4 * s1 * (b + a) - s2 * (b - a)
    f = e * e
    slope = e - 20 / (e * f)
    return f / 2 + 10 / f, slope * (3 - 12 * b - 4 * s1 + s2), slope * (4 - 12 * (a + 3 * b * b) - 4 * s1 - s2)


GOLDEN = (24.70408163265306, 138.8338192419825, 645.5772594752186)

WORKS = [
    one_call("W2.call", small, -4.0, 2.0, GOLDEN),
    whole_batch("W2.batch", small, by_hand, "small"),
]
