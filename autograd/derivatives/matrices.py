"""Jacobians and Hessians, dense and sparse: see `transforms`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, Literal, overload

from autograd.core.arrays import array_of
from autograd.derivatives import sparse as sparse_sweeps
from autograd.derivatives.pattern import Pattern, Sparse
from autograd.derivatives.recording import Recording, name_of, reads_as_graph
from autograd.derivatives.structures import is_array, leaves, rebuild, rebuilt, rectangle
from autograd.derivatives.transforms import Argnums, Derivative, P, check, gradient_of, positions, quickly


class Jacobian(Generic[P]):
    """What `jacobian` returns: the derivative function, and in `mode` which sweeps its latest call used."""

    def __init__(self, f: Callable[P, Any], argnums: Argnums, mode: str, transform: str = "jacobian") -> None:
        self.f, self.argnums, self.wanted, self.mode = f, argnums, mode, mode
        self.__name__, self.__wrapped__ = f"{transform}({name_of(f)})", f
        check(self.__name__, f, argnums)
        if mode not in ("auto", "forward", "reverse"):
            raise ValueError(f'{self.__name__}: mode is "auto", "forward" or "reverse", got {mode!r}')

    def __call__(self, *arguments: P.args, **keywords: P.kwargs) -> Any:
        which = positions(self.__name__, self.argnums, arguments)
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
        which = positions(self.__name__, self.argnums, arguments)
        return Recording(self.__name__, self.f, arguments, which, keywords)

    def _parts(self, recording: Recording, pattern: Pattern, data: list[Any], matrix: Callable[..., Any]) -> Any:
        """One matrix for each argument."""
        if not isinstance(self.argnums, tuple):
            return matrix(pattern, data)
        return tuple([matrix(*part) for part in sparse_sweeps.beside(pattern, data, recording.sizes)])


class SparseHessian(SparseJacobian[P]):
    """What `hessian(f, sparse=True)` returns: the sparse Jacobian of the gradient."""

    def _recording(self, arguments: Sequence[Any], keywords: Any) -> Recording:
        which = positions(self.__name__, self.argnums, arguments)
        return Recording(self.__name__, gradient_of(self.__name__, self.f, which), arguments, which, keywords)

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
    check(transform, f, argnums)

    def run(*arguments: Any, **keywords: Any) -> Any:
        which = positions(transform, argnums, arguments)
        nested = reads_as_graph(arguments, keywords)
        quick = None if nested else quickly(transform, f, arguments, which, keywords)
        if quick is not None:
            recording, lines = quick
        else:
            recording = Recording(transform, gradient_of(transform, f, which), arguments, which, keywords)
            lines = recording.lines()
        parts = zip(recording.arguments, recording.split(lines), strict=True)
        blocks = tuple([tuple(_blocks(recording, x, part)) for x, part in parts])
        return blocks if isinstance(argnums, tuple) else blocks[0][0]

    return Derivative(transform, run, f)


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
