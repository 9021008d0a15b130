"""Derivatives of functions: grad, value_and_grad, jvp, vjp, jacobian, hessian, hvp.

Each is one `Recording` of the function and one or more sweeps over it. They compose to any order, in any mixture, and
write no `.grad`. Arguments and results are numbers or nested lists, tuples, dicts and numpy arrays of numbers. Where
the caller passed an array, f is given an object array of Values of its shape, and the caller gets an array of floats.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite
from types import MethodType
from typing import Any, Generic, Literal, ParamSpec, TypeVarTuple, overload

from autograd.core.arrays import array_of
from autograd.derivatives import sparse as sparse_sweeps
from autograd.derivatives.pattern import Pattern, Sparse
from autograd.derivatives.recording import Recording, name_of, reads_as_graph
from autograd.derivatives.second_order import second_derivatives
from autograd.derivatives.structures import is_array, leaves, matching, rebuild, rebuilt, rectangle

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
    _check(transform, f, argnums)

    def run(*arguments: Any, **keywords: Any) -> tuple[Any, Any]:
        recording = Recording(transform, f, arguments, _positions(transform, argnums, arguments), keywords)
        value = recording.scalar()
        gradients = recording.shaped(recording.pull([1.0]))
        return value, tuple(gradients) if isinstance(argnums, tuple) else gradients[0]

    return run


def jvp(f: Callable[[*Xs], Any], primals: tuple[*Xs] | list[Any], tangents: tuple[*Xs] | list[Any]) -> tuple[Any, Any]:
    """f(*primals), and its derivative in the direction of the tangents, J v, by one forward sweep.

    `primals` is the tuple of f's arguments and `tangents` is shaped like it; both results are shaped like f's. They are
    numbers where all of these are, as with `grad`, and Values of a Value or within `differentiating`.
    """
    transform = f"jvp({name_of(f)})"
    _check(transform, f, 0)
    directions = _directions(transform, primals, "tangents", tangents)
    recording = Recording(transform, f, primals, range(len(primals)), nested=reads_as_graph(primals, tangents))
    pushed = recording.push(directions)
    return rebuild(recording.result, recording.values()), rebuild(recording.result, pushed)


def vjp(f: Callable[[*Xs], Any], *primals: *Xs) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """f(*primals), and its pullback: a function from a cotangent c, shaped like f's result, to cᵀJ, a tuple with one
    entry for each primal. Every call of the pullback is one reverse sweep over the same run of f. Results are numbers
    where the primals are, as with `grad`, and Values of a Value or within `differentiating`."""
    transform = f"vjp({name_of(f)})"
    _check(transform, f, 0)
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
    _check(transform, f, 0)
    directions = _directions(transform, primals, "v", v)
    which, nested = range(len(primals)), reads_as_graph(primals, v)
    quick = None if nested else _quick(transform, f, primals, which, {}, directions)
    if quick is not None:
        recording, lines = quick
        products = [line[0] for line in lines]
    else:
        recording = Recording(transform, _gradient(transform, f, which), primals, which, nested=nested)
        products = recording.push(directions)
    shaped = recording.shaped(products)
    return shaped[0] if len(shaped) == 1 else tuple(shaped)


class Jacobian(Generic[P]):
    """What `jacobian` returns: the derivative function, and in `mode` which sweeps its latest call used."""

    def __init__(self, f: Callable[P, Any], argnums: Argnums, mode: str, transform: str = "jacobian") -> None:
        self.f, self.argnums, self.wanted, self.mode = f, argnums, mode, mode
        self.__name__, self.__wrapped__ = f"{transform}({name_of(f)})", f
        _check(self.__name__, f, argnums)
        if mode not in ("auto", "forward", "reverse"):
            raise ValueError(f'{self.__name__}: mode is "auto", "forward" or "reverse", got {mode!r}')

    def __call__(self, *arguments: P.args, **keywords: P.kwargs) -> Any:
        which = _positions(self.__name__, self.argnums, arguments)
        recording = Recording(self.__name__, self.f, arguments, which, keywords)
        n, m = len(recording.inputs), len(recording.outputs)
        self.mode = self.wanted if self.wanted != "auto" else "forward" if n < m else "reverse"
        if self.mode == "reverse":
            lines = recording.lines()
        else:
            columns = recording.columns()
            lines = [[column[k] for column in columns] for k in range(m)]
        blocks = _blocks(recording, recording.result, lines)
        return tuple(blocks) if isinstance(self.argnums, tuple) else blocks[0]

    def __repr__(self) -> str:
        return f"<{self.__name__}, mode {self.mode}>"


class SparseJacobian(Jacobian[P]):
    """What `jacobian(f, sparse=True)` returns."""

    def __call__(self, *arguments: P.args, **keywords: P.kwargs) -> Any:
        recording = self._recording(arguments, keywords)
        pattern, data, self.mode = sparse_sweeps.entries(recording, self.wanted)
        matrix = (lambda pattern, data: Sparse(pattern, data)) if recording.nested else Pattern.csr
        return self._parts(recording, pattern, data, matrix)

    def pattern(self, *arguments: P.args, **keywords: P.kwargs) -> Any:
        """The `Pattern` of the matrix for arguments like these, whatever the numbers in them: where its entries are. A
        tuple of them if argnums is a tuple."""
        recording = self._recording(arguments, keywords)
        columns, self.mode = sparse_sweeps.structure(recording, self.wanted)
        pattern = Pattern(columns, len(recording.inputs))
        return self._parts(recording, pattern, [0.0] * pattern.nnz, lambda pattern, data: pattern)

    def _recording(self, arguments: Sequence[Any], keywords: Any) -> Recording:
        which = _positions(self.__name__, self.argnums, arguments)
        return Recording(self.__name__, self.f, arguments, which, keywords)

    def _parts(self, recording: Recording, pattern: Pattern, data: list[Any], matrix: Callable[..., Any]) -> Any:
        """One matrix for each argument."""
        if not isinstance(self.argnums, tuple):
            return matrix(pattern, data)
        return tuple([matrix(*part) for part in sparse_sweeps.beside(pattern, data, recording.sizes)])


class SparseHessian(SparseJacobian[P]):
    """What `hessian(f, sparse=True)` returns: the sparse Jacobian of the gradient."""

    def _recording(self, arguments: Sequence[Any], keywords: Any) -> Recording:
        which = _positions(self.__name__, self.argnums, arguments)
        return Recording(self.__name__, _gradient(self.__name__, self.f, which), arguments, which, keywords)

    def _parts(self, recording: Recording, pattern: Pattern, data: list[Any], matrix: Callable[..., Any]) -> Any:
        if not isinstance(self.argnums, tuple):
            return matrix(pattern, data)
        lines = sparse_sweeps.below(pattern, data, recording.sizes)
        return tuple([super(SparseHessian, self)._parts(recording, *line, matrix) for line in lines])


@overload
def jacobian(
    f: Callable[P, Any], argnums: Argnums = 0, mode: str = "auto", sparse: Literal[False] = False
) -> Jacobian[P]: ...
@overload
def jacobian(
    f: Callable[P, Any], argnums: Argnums = 0, mode: str = "auto", *, sparse: Literal[True]
) -> SparseJacobian[P]: ...
def jacobian(f: Callable[P, Any], argnums: Argnums = 0, mode: str = "auto", sparse: bool = False) -> Jacobian[P]:
    """jacobian(f)(x): ∂(every number that f returns)/∂x, from one run of f.

    It is shaped like f's result with something shaped like x in place of each number; for an array x it is one array
    of shape (result, x). A tuple of them if argnums is a tuple. `mode` is "forward" (a sweep for each number in x),
    "reverse" (a sweep for each in the result), or "auto": whichever is fewer. After a call, `jacobian(f).mode` says
    which it was. It holds numbers where x does, as with `grad`, and Values of a Value or within `differentiating`.

    With `sparse` it is a matrix, `scipy.sparse.csr_array`, of a row for each number that f returns and a column for
    each in x, from one sweep over the entries that can be other than 0: those where a path of operations leads from the
    column to the row, whatever its slope is here; a row of the table that is constant wherever it is smooth leads
    nowhere. `jacobian(f, sparse=True).pattern(x)` is that pattern alone, without scipy. Of Values the matrix is a
    `Sparse`, and compiled, for a batch, a `SparseBatch`. ImportError without scipy.
    """
    return SparseJacobian(f, argnums, mode) if sparse else Jacobian(f, argnums, mode)


@overload
def hessian(f: Callable[P, Any], argnums: Argnums = 0, sparse: Literal[False] = False) -> Callable[P, Any]: ...
@overload
def hessian(f: Callable[P, Any], argnums: Argnums = 0, *, sparse: Literal[True]) -> SparseJacobian[P]: ...
def hessian(f: Callable[P, Any], argnums: Argnums = 0, sparse: bool = False) -> Callable[P, Any]:
    """hessian(f)(x): the second derivatives of a scalar function, from one run of f.

    It is shaped like x with something shaped like x in place of each number; for an array x it is one array. With a
    tuple of argnums it is a tuple of tuples: [i][j] is ∂²f/∂xᵢ∂xⱼ. It holds numbers where x does, as with `grad`, and
    Values of a Value or within `differentiating`. With `sparse` it is the sparse Jacobian of the gradient, a row and a
    column for each number in x: see `jacobian`.
    """
    if sparse:
        return SparseHessian(f, argnums, "auto", "hessian")
    transform = f"hessian({name_of(f)})"
    _check(transform, f, argnums)

    def run(*arguments: Any, **keywords: Any) -> Any:
        which = _positions(transform, argnums, arguments)
        nested = reads_as_graph(arguments, keywords)
        quick = None if nested else _quick(transform, f, arguments, which, keywords)
        if quick is not None:
            recording, lines = quick
        else:
            recording = Recording(transform, _gradient(transform, f, which), arguments, which, keywords)
            lines = recording.lines()
        parts = zip(recording.arguments, recording.split(lines), strict=True)
        blocks = tuple([tuple(_blocks(recording, x, part)) for x, part in parts])
        return blocks if isinstance(argnums, tuple) else blocks[0][0]

    return Derivative(transform, run, f)


def _gradient(transform: str, f: Function, which: Sequence[int]) -> Function:
    both = _value_and_grad(transform, f, tuple(which))
    return lambda *arguments, **keywords: both(*arguments, **keywords)[1]


def _quick(
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


def _blocks(recording: Recording, result: Any, lines: Sequence[Sequence[Any]]) -> list[Any]:
    """Rows of derivatives, one for each number in the result, shaped: one block for each argument."""
    arguments = recording.arguments
    parts = [lines] if len(arguments) == 1 else zip(*map(recording.split, lines), strict=True)
    return [_block(result, x, rebuilt(x, part)) for x, part in zip(arguments, parts, strict=True)]


def _block(result: Any, argument: Any, parts: list[Any]) -> Any:
    block = rebuild(result, parts, arrays=False)
    outer, inner = rectangle(result), rectangle(argument)
    if outer is None or inner is None or not (is_array(argument) or (is_array(result) and inner == ())):
        return block
    return array_of(leaves(block, "block"), outer + inner)


def _directions(transform: str, primals: Any, name: str, v: Any) -> list[Any]:
    """The numbers of a direction, which is shaped like the primals."""
    for what, x in (("primals", primals), (name, v)):
        if not isinstance(x, tuple | list):
            raise TypeError(
                f"{transform}: {what} is the tuple of arguments, got {type(x).__name__}; write (x,) for one"
            )
    return matching(v, f"{transform}: {name}", primals, "primals")


def _check(transform: str, f: Any, argnums: Any) -> None:
    if not callable(f):
        raise TypeError(f"{transform.split('(')[0]} takes a function, got {type(f).__name__} {f!r:.40}")
    positions = argnums if isinstance(argnums, tuple) else (argnums,)
    if not all(isinstance(i, int) and not isinstance(i, bool) for i in positions):
        raise TypeError(f"{transform}: argnums is the position of an argument or a tuple of them, got {argnums!r}")


def _positions(transform: str, argnums: Argnums, arguments: Sequence[Any]) -> list[int]:
    """argnums as positions from 0; ValueError for one that the call has no argument for."""
    positions = argnums if isinstance(argnums, tuple) else (argnums,)
    count = len(arguments)
    for i in positions:
        if not -count <= i < count:
            raise ValueError(f"{transform}: argnums={argnums}, but the call has {count} positional arguments")
    which = [i % count for i in positions]
    if len(set(which)) < len(which):
        raise ValueError(f"{transform}: argnums={argnums} names an argument twice")
    return which
