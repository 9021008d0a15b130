"""The formulas of W1 and W2, written once: every engine that overloads operators runs these very lines."""


def tiny(a, b):
    """W1. At a = -41, b = 2: value 612.5, derivatives -35 and 1050."""
    c = a + b
    d = a * b + b**3
    e = c - d
    f = e**2
    return f / 2


def small(a, b, relu):
    """W2, micrograd's own example. At a = -4, b = 2: 24.70408163, 138.83381924, 645.57725948."""
    c = a + b
    d = a * b + b**3
    c = c + (c + 1)
    c = c + (1 + c + (-a))
    d = d + (d * 2 + relu(b + a))
    d = d + (3 * d + relu(b - a))
    e = c - d
    f = e**2
    g = f / 2
    return g + 10 / f
