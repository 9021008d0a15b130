"""What the elementary functions are made of: how a rule is entered, polynomials, sums and products in two parts.

Where few arguments need much more (the sine of 10⁹ radians, e^−740), that is a function for those alone: `rare`.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

from autograd.core import ieee
from autograd.native.body import Body
from autograd.native.ir import V, alike, bits_of, fma, from_bits, intrinsic, select, several
from autograd.native.module import PURE

Rule = Callable[..., Any]
RULES: dict[Any, Rule] = {}  # what is computed in place of a function of `math` or `ieee`

ROUND = 1.5 * 2.0**52  # x + ROUND has the nearest integer to x in its last bits
ROUND_BITS = bits_of(ROUND)
ONE_BITS = 1023 << 52


def rule(f: Rule) -> Rule:
    """Enter a rule for the functions of its name in `math` and in `ieee`; a module has it once, as a function."""
    (called,) = _entered(f, [f.__name__], lambda *xs: [f(*xs)])
    return called


def rules(*names: str) -> Callable[[Rule], Rule]:
    """Enter a rule for several functions, whose results it gives side by side: who asks for both has them at once."""

    def enter(f: Rule) -> Rule:
        _entered(f, names, f)
        return f

    return enter


def _entered(f: Rule, names: Sequence[str], results: Rule) -> list[Rule]:
    def called(k: int, *xs: Any) -> Any:
        body = next(x.body for x in xs if isinstance(x, V))
        return body.module.function(f.__name__, results, xs, len(names))[k]

    entered: list[Rule] = [functools.wraps(f)(functools.partial(called, k)) for k in range(len(names))]
    for name, of_name in zip(names, entered, strict=True):
        _enter(name, of_name)
    return entered


def inline(f: Rule) -> Rule:
    """Enter a rule that is an instruction or two: it is written where it is used."""
    _enter(f.__name__, f)
    return f


def _enter(name: str, f: Rule) -> None:
    for module in (math, ieee):
        if hasattr(module, name):
            RULES[getattr(module, name)] = f


def polynomial(x: V, coefficients: Sequence[float]) -> Any:
    """c₀ + c₁x + c₂x² + …, one after the other (Horner): the fewest operations."""
    z: Any = coefficients[-1]
    for c in coefficients[-2::-1]:
        z = fma(z, x, c)
    return z


def polynomial_in_pairs(x: V, coefficients: Sequence[float]) -> Any:
    """The same in pairs, pairs of pairs, … (Estrin): few operations wait for each other."""
    terms: list[Any] = list(coefficients)
    while len(terms) > 1:
        pairs = [fma(b, x, a) for a, b in zip(terms[::2], terms[1::2], strict=False)]
        terms = pairs + terms[len(pairs) * 2 :]
        x = x * x
    return terms[0]


def two_sum(x: Any, y: Any) -> tuple[Any, Any]:
    """x + y as what it rounds to and what that leaves, for |x| ≥ |y|."""
    z = x + y
    return z, y - (z - x)


def two_product(x: Any, y: Any) -> tuple[Any, Any]:
    z = x * y
    return z, fma(x, y, -z)


def to_double(n: V) -> Any:
    """A double from a small integer."""
    return from_bits(n + ROUND_BITS) - ROUND


def power_of_two(n: V) -> V:
    """2ⁿ, for −1023 < n < 1024"""
    return from_bits((n + 1023) << 52)


def rare(condition: V, usual: Sequence[V], name: str, exactly: Rule, *operands: V) -> list[V]:
    """The `usual` numbers, but exactly(*operands), as many, in the lanes where the condition holds: a function that is
    called if any is."""
    body, lanes = usual[0].body, usual[0].lanes
    module, helper = body.module, f"rare.{name}.{lanes}"
    given, count = [condition, *usual, *operands], len(usual)
    if not module.has(helper):
        inner = Body(module, helper, [(x.type, f"x{i}") for i, x in enumerate(given)], several(count, lanes))
        c, *xs = [V(inner, f"%x{i}", x.kind, lanes) for i, x in enumerate(given)]
        inner.give(*[select(c, x, z) for x, z in zip(exactly(*xs[count:]), xs[:count], strict=True)])
        module.add(inner, "internal", f"noinline cold {PURE}")
    any_lane = condition if lanes == 1 else body.call(f"llvm.vector.reduce.or.v{lanes}i1", [condition], "i1")
    places = [body.variable(z) for z in usual]
    with body.when(any_lane):
        for z, place in zip(body.results(helper, given, count, lanes), places, strict=True):
            body.store(z, place)
    return [body.load(place, lanes) for place in places]


def by_lane(name: str, operands: Sequence[V]) -> Any:
    """A C function of doubles, called for one lane after the other; what all share is spread first."""
    operands = alike(*operands)
    body, lanes = operands[0].body, operands[0].lanes
    if lanes == 1:
        return body.call(name, operands)
    z = body.poison(lanes)
    for k in range(lanes):
        z = body.with_lane(z, k, body.call(name, [body.lane(x, k) for x in operands]))
    return z


# Roots, signs and integers: instructions.


@inline
def sqrt(x: V) -> Any:
    return intrinsic("sqrt", x)


@inline
def fabs(x: V) -> Any:
    return abs(x)


@inline
def copysign(x: Any, y: Any) -> Any:
    return intrinsic("copysign", x, y)
