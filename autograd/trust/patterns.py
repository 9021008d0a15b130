"""The cases of the conformance kit that are ways to write code: shared nodes, masks, kinks put together, and loops."""

from __future__ import annotations

from typing import Any


def _doubled(ad: Any, x: Any) -> Any:
    for _ in range(20):
        x = x + x
    return x


def _used_often(ad: Any, x: Any, y: Any) -> Any:
    shared, total = x * y, x
    for k in range(100):
        total = total + shared * k
    return total


def _in_place(ad: Any, x: Any) -> Any:
    z = x * x
    z += x
    z *= z
    return z


def _newton(ad: Any, x: Any) -> Any:
    """√x."""
    root = x
    for _ in range(8):
        root = (root + x / root) / 2
    return root


def _series(ad: Any, x: Any) -> Any:
    """eˣ by its first terms."""
    term, total = 1.0, 1.0
    for k in range(1, 25):
        term = term * x / k
        total = total + term
    return total


def _horner(ad: Any, x: Any) -> Any:
    total = x * 0.0
    for k in range(12):
        total = total * x + (k - 5.5)
    return total


def _logistic(ad: Any, x: Any, r: Any) -> Any:
    for _ in range(10):
        x = r * x * (1 - x)
    return x


def _fraction(ad: Any, x: Any) -> Any:
    """The continued fraction 1/(x + 1/(x + …))."""
    z = x
    for _ in range(20):
        z = x + 1 / z
    return z


def _recurrence(ad: Any, x: Any, y: Any) -> Any:
    """Each term needs the two before it."""
    for k in range(20):
        x, y = y, x * 0.5 + y * y * 0.1 - k * 0.01
    return y


def _halved(ad: Any, x: Any) -> Any:
    """How often it runs depends on the number."""
    z = x
    while z > 1.0:
        z = z * 0.5
    return z * x


def _chain(n: int) -> Any:
    def f(ad: Any, x: Any) -> Any:
        z = x
        for _ in range(n):
            z = z * 0.9999 + 1e-4
        return z

    return f


#        what it is        f(ad, x, …)                                                    at
SHARED: list[Any] = [
    ("x + x",              lambda ad, x: x + x,                                           (3.0,)),
    ("x · x",              lambda ad, x: x * x,                                           (3.0,)),
    ("x · x · x",          lambda ad, x: x * x * x,                                       (-2.0,)),
    ("x − x",              lambda ad, x: x - x,                                           (3.0,)),
    ("x / x",              lambda ad, x: x / x,                                           (3.0,)),
    ("x ** x",             lambda ad, x: x ** x,                                          (1.5,)),
    ("x²·y + x·y² of one product", lambda ad, x, y: (lambda p: p * x + p * y)(x * y),     (3.0, -2.0)),
    ("s·s + s",            lambda ad, x, y: (lambda s: s * s + s)(x * y),                 (3.0, 0.5)),
    ("(s − x)·(s + x)/s",  lambda ad, x, y: (lambda s: (s - x) * (s + x) / s)(x + y),     (3.0, 0.5)),
    ("x doubled 20 times", _doubled,                                                      (1.5,)),
    ("one product, 100 times", _used_often,                                               (0.5, -1.5)),
    ("z += x, z *= z",      _in_place,                                                    (3.0,)),
    ("an unused input",    lambda ad, x, y: x * 2,                                        (3.0, 4.0)),
    ("the input itself",   lambda ad, x: x,                                               (3.0,)),
    ("a product that is 0", lambda ad, x, y: x * y * x,                                   (0.0, 2.0)),
]  # fmt: skip
MASKS: list[Any] = [
    ("√relu(x)",                     lambda ad, x: ad.sqrt(ad.relu(x)),                           (-1.0,)),
    ("log(relu(x))",                 lambda ad, x: ad.log(ad.relu(x)),                            (-1.0,)),
    ("where(x > 0, √x, 0)",          lambda ad, x: ad.where(x > 0.0, ad.sqrt(x), 0.0),            (0.0,)),
    ("where(x > 0, log x, x)",       lambda ad, x: ad.where(x > 0.0, ad.log(x), x),               (-1.0,)),
    ("where(x > 0, log x, x)",       lambda ad, x: ad.where(x > 0.0, ad.log(x), x),               (0.0,)),
    ("where(|x| > 0, sin x / x, 1)", lambda ad, x: ad.where(abs(x) > 0.0, ad.sin(x) / x, 1.0),    (0.0,)),
    ("where(x > 1, 1/(x − 1), x)",   lambda ad, x: ad.where(x > 1.0, 1 / (x - 1), x),             (1.0,)),
    ("min(exp x, y)",                lambda ad, x, y: ad.minimum(ad.exp(x), y),                   (1000.0, 2.0)),
    ("max(−exp x, y)",               lambda ad, x, y: ad.maximum(-ad.exp(x), y),                  (1000.0, 2.0)),
    ("max(log x, −1)",               lambda ad, x: ad.maximum(ad.log(x), x * 0.0 - 1.0),          (0.0,)),
    ("relu(1 − exp x)",              lambda ad, x: ad.relu(1 - ad.exp(x)),                        (1000.0,)),
]  # fmt: skip
#        what it is        f(ad, x, …)                                     at             slopes between
KINKS: list[Any] = [
    ("|x| + x",            lambda ad, x: abs(x) + x,                       (0.0,),        ((0.0, 2.0),)),
    ("x·|x|",              lambda ad, x: x * abs(x),                       (0.0,),        ((0.0, 0.0),)),
    ("relu(x) + relu(−x)", lambda ad, x: ad.relu(x) + ad.relu(-x),         (0.0,),        ((-1.0, 1.0),)),
    ("max(x, x)",          lambda ad, x: ad.maximum(x, x),                 (2.0,),        ((1.0, 1.0),)),
    ("max(x, y), a tie",   lambda ad, x, y: ad.maximum(x * y, y * x),      (2.0, 3.0),    ((3.0, 3.0), (2.0, 2.0))),
    ("max of three ties",  lambda ad, x: ad.maximum(ad.maximum(x, x * 1.0), 2.0 * x - x), (1.0,), ((1.0, 1.0),)),
    ("min(x, −x)",         lambda ad, x: ad.minimum(x, -x),                (0.0,),        ((-1.0, 1.0),)),
    ("hypot(x, x)",        lambda ad, x: ad.hypot(x, x),                   (0.0,),        ((-1.4142136, 1.4142136),)),
]  # fmt: skip
LOOPS: list[Any] = [
    ("Newton's root, 8 steps",          _newton,         (7.0,)),
    ("24 terms of eˣ",                  _series,         (-1.3,)),
    ("Horner, degree 11",               _horner,         (0.7,)),
    ("the logistic map, 10 steps",      _logistic,       (0.3, 3.2)),
    ("a continued fraction, 20 deep",   _fraction,       (1.2,)),
    ("a recurrence of two, 20 steps",   _recurrence,     (0.4, 0.6)),
    ("while x > 1: x = x/2",            _halved,         (37.0,)),
    ("1,000 operations in a row",       _chain(500),     (1.5,)),
    ("10,000 operations in a row",      _chain(5_000),   (1.5,)),
]  # fmt: skip
