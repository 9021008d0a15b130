"""Where a matrix of derivatives can be other than 0, and matrices of which only those entries are kept.

The entries are in compressed rows, as `scipy.sparse` keeps them (CSR): those of row i are
`data[indptr[i]:indptr[i + 1]]`, in the columns `indices[indptr[i]:indptr[i + 1]]`, which increase.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

from autograd.core.words import counted

MISSING = "sparse derivatives are matrices of scipy: pip install scipy; .pattern(x) needs nothing"


class Pattern:
    """The structural entries of a matrix of `shape` (m, n): where a path of the graph leads from a column to a row.

    indptr    m + 1 numbers: where the entries of each row begin    nnz    how many entries there are
    indices   the column of each entry                             rows   the columns of each row, a list for each

    It tells of a program and not of a point: what is switched off by a mask, or happens to be 0, is an entry too.
    """

    def __init__(self, rows: Sequence[Sequence[int]], columns: int) -> None:
        self.rows = [[*row] for row in rows]
        self.shape = len(rows), columns
        self.indices = [j for row in self.rows for j in row]
        self.indptr = [0]
        for row in self.rows:
            self.indptr.append(self.indptr[-1] + len(row))
        self.nnz = len(self.indices)

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, Pattern) and self.shape == other.shape and self.rows == other.rows

    def __repr__(self) -> str:
        return f"<Pattern {self.shape[0]} × {self.shape[1]}, {counted(self.nnz, 'entry', 'entries')}>"

    def __str__(self) -> str:
        """A line of text for each row, with × for an entry and · elsewhere."""
        lines = [["·"] * self.shape[1] for _ in self.rows]
        for line, row in zip(lines, self.rows, strict=True):
            for j in row:
                line[j] = "×"
        return "\n".join(map("".join, lines))

    def svg(self) -> str:
        """A picture of it."""
        from autograd.picture.pattern import svg

        return svg(self.rows, self.shape)

    _repr_svg_ = svg

    @cached_property
    def _arrays(self) -> tuple[Any, Any]:
        import numpy as np

        return np.array(self.indices, dtype=np.int32), np.array(self.indptr, dtype=np.int32)

    def csr(self, data: Any) -> Any:
        """The `scipy.sparse.csr_array` with this pattern and these numbers. ImportError without scipy."""
        try:
            from scipy.sparse import csr_array
        except ImportError:
            raise ImportError(MISSING) from None
        import numpy as np

        indices, indptr = self._arrays
        numbers = np.array(data, dtype=np.float64)  # copies: a matrix may be changed in place
        return csr_array((numbers, indices.copy(), indptr.copy()), shape=self.shape)


class Sparse:
    """A matrix of Values by its entries, `data`, in the order of its `pattern`: what a sparse derivative is inside
    another derivative, or in a function that is being compiled."""

    def __init__(self, pattern: Pattern, data: Sequence[Any]) -> None:
        self.pattern, self.data = pattern, data

    def __matmul__(self, v: Sequence[Any]) -> list[Any]:
        """The product with a vector, a list. ValueError where the lengths differ."""
        if len(v) != self.pattern.shape[1]:
            raise ValueError(f"@: a matrix of {counted(self.pattern.shape[1], 'column')} and a vector of {len(v)}")
        entries = iter(self.data)
        return [sum([next(entries) * v[j] for j in row], 0.0) for row in self.pattern.rows]

    def __repr__(self) -> str:
        (m, n), entries = self.pattern.shape, counted(self.pattern.nnz, "entry", "entries")
        return f"<Sparse {m} × {n}, {entries}>"


class SparseBatch(Sequence[Any]):
    """A sparse matrix for each of n examples: one `pattern`, and `data` of shape (n, nnz). [k] is the k-th of them, a
    `scipy.sparse.csr_array`."""

    def __init__(self, pattern: Pattern, data: Any) -> None:
        self.pattern, self.data = pattern, data

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, k: Any) -> Any:
        return SparseBatch(self.pattern, self.data[k]) if isinstance(k, slice) else self.pattern.csr(self.data[k])

    def __iter__(self) -> Iterator[Any]:
        return (self.pattern.csr(numbers) for numbers in self.data)

    def __repr__(self) -> str:
        m, n = self.pattern.shape
        return f"<SparseBatch of {len(self)}, {m} × {n}, {counted(self.pattern.nnz, 'entry', 'entries')} each>"
