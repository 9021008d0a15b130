"""Derivatives of functions: grad, value_and_grad, jvp, vjp, hvp; jacobian and hessian are in `matrices`.

Each is one `Recording` of the function and one or more sweeps over it. They compose to any order, in any mixture, and
write no `.grad`. Arguments and results are numbers or nested lists, tuples, dicts and numpy arrays of numbers. Where
the caller passed an array, f is given an object array of Values of its shape, and the caller gets an array of floats.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite
from types import MethodType
from typing import Any, ParamSpec, TypeVarTuple

from autograd.core.words import counted
from autograd.derivatives.recording import Recording, name_of, reads_as_graph
from autograd.derivatives.second_order import second_derivatives
from autograd.derivatives.structures import matching, rebuild

Function = Callable[..., Any]
P = ParamSpec("P")  # the parameters of f, which what is made of f takes
Xs = TypeVarTuple("Xs")  # the types of f's arguments


class Derivative:
    """A function made of another one, under a name that says so; `inspect.signature` finds the other's arguments."""

    def __init__(self, name: str, call: Function, of: Function | None = None) -> None:
        self.__name__ = self.__qualname__ = name
        self._call = call
        if of is not None:
            self.__wrapped__ = of

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return self._call(*arguments, **keywords)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        """As a function does in a class: f's first argument is the instance."""
        return self if instance is None else MethodType(self, instance)

    def __repr__(self) -> str:
        return f"<{self.__name__}>"


Argnums = int | tuple[int, ...]


def grad(f: Callable[P, Any], argnums: Argnums = 0) -> Callable[P, Any]:
    """The gradient of a scalar function: grad(f)(x) is ∂f/∂x, shaped like x; a tuple of them if argnums is a tuple.

    x is a number or a nested list, tuple, dict or array of them. No `.grad` is written, and grad(grad(f)) is the second
    derivative. TypeError when f does not return one number.

    Of a number it is a number, which ends a graph: in a cost that `backward()` takes to f's own parameters write
    grad(f)(Value(x)), or put the cost within `differentiating`.
    """
    transform = f"grad({name_of(f)})"
    both = _value_and_grad(transform, f, argnums)
    return Derivative(transform, lambda *arguments, **keywords: both(*arguments, **keywords)[1], f)


def value_and_grad(f: Callable[P, Any], argnums: Argnums = 0) -> Callable[P, tuple[Any, Any]]:
    """value_and_grad(f)(x) is the pair f(x), ∂f/∂x, from one run of f. They are
    numbers where x is, as with `grad`, and Values of a Value or within `differentiating`."""
    transform = f"value_and_grad({name_of(f)})"
    return Derivative(transform, _value_and_grad(transform, f, argnums), f)


def _value_and_grad(transform: str, f: Function, argnums: Argnums) -> Function:
    check(transform, f, argnums)

    def run(*arguments: Any, **keywords: Any) -> tuple[Any, Any]:
        recording = Recording(transform, f, arguments, positions(transform, argnums, arguments), keywords)
        value = recording.scalar()
        gradients = recording.shaped(recording.pull([1.0]))
        return value, tuple(gradients) if isinstance(argnums, tuple) else gradients[0]

    return run


def jvp(f: Callable[[*Xs], Any], primals: tuple[*Xs] | list[Any], tangents: tuple[*Xs] | list[Any]) -> tuple[Any, Any]:
    """f(*primals), and its derivative in the direction of the tangents, J v, by one forward sweep.

    `primals` is the tuple of f's arguments and `tangents` is shaped like it; both results are shaped like f's. They are
    numbers where all of these are, as with `grad`, and Values of a Value or within `differentiating`. A tangent of 0 is
    multiplied as IEEE says, nan where a slope is infinite: an argument that has none belongs into a closure,
    jvp(lambda x: f(x, y), (x,), (1.0,)).
    """
    transform = f"jvp({name_of(f)})"
    check(transform, f, 0)
    directions = _directions(transform, primals, "tangents", tangents)
    recording = Recording(transform, f, primals, range(len(primals)), nested=reads_as_graph(primals, tangents))
    pushed = recording.push(directions)
    return rebuild(recording.result, recording.values()), rebuild(recording.result, pushed)


def vjp(f: Callable[[*Xs], Any], *primals: *Xs) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """f(*primals), and its pullback: a function from a cotangent c, shaped like f's result, to cᵀJ, a tuple with one
    entry for each primal. Every call of the pullback is one reverse sweep over the same run of f. Results are numbers
    where the primals are, as with `grad`, and Values of a Value or within `differentiating`."""
    transform = f"vjp({name_of(f)})"
    check(transform, f, 0)
    recording = Recording(transform, f, primals, range(len(primals)))

    def pullback(cotangent: Any) -> tuple[Any, ...]:
        of = f"the result of {name_of(f)}"
        cotangents = matching(cotangent, f"{transform}: the cotangent", recording.result, of)
        return tuple(recording.shaped(recording.pull(cotangents)))

    return rebuild(recording.result, recording.values()), Derivative(f"pullback of {name_of(f)}", pullback)


def hvp(f: Callable[[*Xs], Any], primals: tuple[*Xs] | list[Any], v: tuple[*Xs] | list[Any]) -> Any:
    """H v: the second derivative of a scalar function times a direction, forward over reverse, without forming H.

    `primals` is the tuple of f's arguments and `v` is shaped like it. The result is shaped like the argument; for a
    function of several arguments it is a tuple with one entry for each. It holds numbers where all of these are
    numbers, as with `grad`, and Values of a Value or within `differentiating`.
    """
    transform = f"hvp({name_of(f)})"
    check(transform, f, 0)
    directions = _directions(transform, primals, "v", v)
    which, nested = range(len(primals)), reads_as_graph(primals, v)
    quick = None if nested else quickly(transform, f, primals, which, {}, directions)
    if quick is not None:
        recording, lines = quick
        products = [line[0] for line in lines]
    else:
        recording = Recording(transform, gradient_of(transform, f, which), primals, which, nested=nested)
        products = recording.push(directions)
    shaped = recording.shaped(products)
    return shaped[0] if len(shaped) == 1 else tuple(shaped)


def gradient_of(transform: str, f: Function, which: Sequence[int]) -> Function:
    both = _value_and_grad(transform, f, tuple(which))
    return lambda *arguments, **keywords: both(*arguments, **keywords)[1]


def quickly(
    transform: str,
    f: Function,
    arguments: Sequence[Any],
    which: Sequence[int],
    keywords: Any,
    v: list[float] | None = None,
) -> tuple[Recording, list[list[float]]] | None:
    """f recorded on numbers, and H v, or H where no v is given; None where it takes the definition to tell: a strong 0
    times inf is 0 there."""
    recording = Recording(transform, f, arguments, which, keywords)
    recording.scalar()
    lines = second_derivatives(recording.inputs, recording.order, recording.outputs[0], v)
    return (recording, lines) if all([isfinite(sum(line)) for line in lines]) else None


def _directions(transform: str, primals: Any, name: str, v: Any) -> list[Any]:
    """The numbers of a direction, which is shaped like the primals."""
    for what, x in (("primals", primals), (name, v)):
        if not isinstance(x, tuple | list):
            raise TypeError(
                f"{transform}: {what} is the tuple of arguments, got {type(x).__name__}; write (x,) for one"
            )
    return matching(v, f"{transform}: {name}", primals, "primals")


def check(transform: str, f: Any, argnums: Any) -> None:
    if not callable(f):
        raise TypeError(f"{transform.split('(')[0]} takes a function, got {type(f).__name__} {f!r:.40}")
    positions = argnums if isinstance(argnums, tuple) else (argnums,)
    if not all(isinstance(i, int) and not isinstance(i, bool) for i in positions):
        raise TypeError(f"{transform}: argnums is the position of an argument or a tuple of them, got {argnums!r}")


def positions(transform: str, argnums: Argnums, arguments: Sequence[Any]) -> list[int]:
    """argnums as positions from 0; ValueError for one that the call has no argument for."""
    positions = argnums if isinstance(argnums, tuple) else (argnums,)
    count = len(arguments)
    for i in positions:
        if not -count <= i < count:
            raise ValueError(
                f"{transform}: argnums={argnums}, but the call has {counted(count, 'positional argument')}"
            )
    which = [i % count for i in positions]
    if len(set(which)) < len(which):
        raise ValueError(f"{transform}: argnums={argnums} names an argument twice")
    return which
