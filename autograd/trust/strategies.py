"""Property tests for derivatives, with Hypothesis: of your function, your primitive, or another library.

**A function of yours.** Draw its arguments; `check_gradients` does the rest, to second order and in both modes.

```python
    from hypothesis import given
    from autograd import check_gradients, exp
    from autograd.testing import values

    @given(values(low=-5, high=5), values(low=0.1, high=5))
    def test_gaussian(x, width):
        check_gradients(lambda x, w: exp(-((x / w) ** 2)), x, width)
```

**A primitive of yours.** `inputs` draws operands where the row is smooth, by its own `domain` and `kinks`. One line
tells whether its partials are right; `expressions` puts it among the other rows, in all their combinations.

```python
    from autograd import primitive
    from autograd.testing import expressions, inputs

    cube = primitive("cube", lambda x: x * x * x, lambda x, z: 3 * x * x)

    @given(inputs(cube))
    def test_cube(xs):
        check_gradients(cube, *xs)

    @given(expressions(primitives=["add", "mul", "tanh", cube], max_nodes=10))
    def test_cube_among_others(f):
        check_gradients(f, *f.inputs)
```

If the 3 were missing, the test would end with

    Falsifying example: test_cube_among_others(f=
        def f(x):
            return cube(x)
        f(1.0))
    AssertionError: … the first wrong local derivative is ∂cube(x)/∂x at x = 1.0: got 1.0, expected 3

**Another library.** Say how it differentiates a function at some numbers, and let `assert_gradients_match` compare. An
expression calls operators, and methods named like the rows; draw only rows that the other library has.

```python
    from micrograd.engine import Value as Scalar
    from autograd.testing import assert_gradients_match

    def micrograd(f, *xs):
        leaves = [Scalar(x) for x in xs]
        f(*leaves).backward()
        return [leaf.grad for leaf in leaves]

    @given(expressions(primitives=["add", "sub", "mul", "relu"]))
    def test_micrograd(f):
        assert_gradients_match(f, micrograd)
```

Importing this module imports Hypothesis (`pip install hypothesis`); importing `autograd` does not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

try:
    from hypothesis import strategies as st
except ImportError:
    raise ImportError("autograd.testing makes its examples with Hypothesis: pip install hypothesis") from None

from autograd.core.columns import TABLE, Primitive
from autograd.core.words import counted
from autograd.derivatives.custom import Custom
from autograd.derivatives.structures import leaves
from autograd.trust.checks import check_gradients, derivative_of
from autograd.trust.differences import differences
from autograd.trust.expressions import Expression, Step, is_ordinary

__all__ = ["Expression", "assert_gradients_match", "check_gradients", "expressions", "inputs", "values"]


def values(low: float = -math.inf, high: float = math.inf, special: bool = True) -> st.SearchStrategy[float]:
    """Numbers strictly between low and high, simple ones first: ordinary; if `special` also signed zeros, tiny, huge.

    Without infinities and nan. What a row is defined for is `values(*row.domain[0])`.
    """
    ordinary = st.floats(max(low, -8.0), min(high, 8.0), exclude_min=low >= -8.0, exclude_max=high <= 8.0)
    if low >= 8.0 or high <= -8.0:
        ordinary = st.floats(low, high, exclude_min=True, exclude_max=True, allow_infinity=False)
    simple = [float(i) for i in (1, 2, 3, -1, -2, -3) if low < i < high] + [x for x in (0.5, -0.5) if low < x < high]
    kinds = [ordinary.map(_rounded).filter(lambda x: low < x < high), ordinary]
    if simple:
        kinds.insert(0, st.sampled_from(simple))
    if special:
        extremes = [s * x for x in (0.0, 5e-324, 1e-300, 1e-9, 1e9, 1e300) for s in (1.0, -1.0)]
        inside = [x for x in extremes if low < x < high]
        kinds += [st.sampled_from(inside)] if inside else []
    return st.one_of(kinds)


def _rounded(x: float) -> float:
    return round(x, 2)


def inputs(primitive: Primitive | Custom | str, special: bool = False) -> st.SearchStrategy[tuple[float, ...]]:
    """Operands of a row where it is smooth, off its kinks and of moderate size, so that derivatives can be checked.

    With `special`, anywhere in its domain, kinks and extreme sizes included. A row of any number of operands gets one
    to five of them (a dot an odd number). A `custom` function of plain numbers is drawn for as a row is.
    """
    if isinstance(primitive, Custom):
        made = primitive
        drawn = st.tuples(*[values(low, high, special) for low, high in made.spans()])
        return drawn if special else drawn.filter(lambda xs: all(is_ordinary(row, xs) for row in made.rows(*xs)))
    row = _row(primitive)
    if row.arity is not None:
        spans = zip(row.names, row.domain, strict=True)
        drawn = st.tuples(*[_ORDERS if x in row.whole else values(*span, special) for x, span in spans])
    else:
        lengths = st.sampled_from((3, 5, 7) if row is TABLE["dot"] else (1, 2, 3, 4, 5))
        drawn = lengths.flatmap(lambda n: st.tuples(*[values(special=special)] * n))
    return drawn if special else drawn.filter(lambda xs: is_ordinary(row, xs))


def expressions(
    primitives: Sequence[Primitive | str] | None = None, max_nodes: int = 10, n_inputs: int | None = None
) -> st.SearchStrategy[Expression]:
    """Random functions with inputs to call them at: `f(*f.inputs)`.

    Up to `max_nodes` applications of the given rows (default: every public row that has a derivative, yours
    included, but not the special functions) to `n_inputs` inputs (default: one to three), constants, and each other's
    results. At the inputs
    every node is smooth and of moderate size. They shrink towards one row applied to one simple number, and print as
    Python.
    """
    rows = [_row(p) for p in primitives] if primitives is not None else None
    if rows is not None and not rows:
        raise ValueError("expressions: primitives is empty; name at least one row")
    if max_nodes < 1:
        raise ValueError(f"expressions: max_nodes is 1 or more, got {max_nodes!r}")
    if n_inputs is not None and n_inputs < 1:
        raise ValueError(f"expressions: n_inputs is 1 or more, got {n_inputs}")
    return _expressions(rows, max_nodes, n_inputs)


@st.composite
def _expressions(draw: st.DrawFn, rows: list[Primitive] | None, max_nodes: int, n_inputs: int | None) -> Expression:
    rows = rows or [row for row in TABLE.values() if row.public and any(row.partials) and not row.by_call]
    n = n_inputs or draw(st.integers(1, 3))
    xs = draw(st.tuples(*[values(special=False)] * n))
    known, steps = list(xs), []
    unused: dict[Any, None] = {}
    drawn = st.tuples(st.sampled_from(rows), _OPERAND, _OPERAND, _OPERAND, st.integers(0, 24))
    for _ in range(max_nodes):
        row, *refs, more = draw(drawn)
        operands = tuple(
            [_operand(ref, n, len(known)) for ref in refs[: row.arity or (3 if row is TABLE["dot"] else 2)]]
        )
        at = [known[i] if isinstance(i, int) else i for i in operands]
        if any([isinstance(i, int) for i in operands]) and is_ordinary(row, at):  # else the step is left out
            for i in operands:
                unused.pop(i, None)
            unused[len(known)] = None
            steps.append(Step(row, operands))
            known.append(float(row.forward(*at)))
        if not more:  # drawn after the last step too, so that any step can be deleted
            break
    add = TABLE["add"]
    while add in rows and len(unused) > 1 and len(steps) < max_nodes:  # so that little of what was drawn is lost
        (x, _), (y, _) = unused.popitem(), unused.popitem()
        unused[len(known)] = None
        steps.append(Step(add, (y, x)))
        known.append(known[y] + known[x])
    return Expression(xs, steps)


_ORDERS = st.sampled_from((0.0, 1.0, 2.0))  # of a family of derivatives
_CONSTANTS = (2.0, 0.5, -1.0, 3.0)
_OPERAND = st.integers(0, 63)


def _operand(ref: int, n: int, known: int) -> int | float:
    """The latest step, half of the time; any input or step; an input; a constant."""
    if ref < 32:
        return known - 1
    if ref < 52:
        return known - 1 - (ref - 32) % known
    return (ref - 52) % n if ref < 56 else _CONSTANTS[ref % len(_CONSTANTS)]


def _row(primitive: Primitive | str) -> Primitive:
    if isinstance(primitive, Primitive):
        return primitive
    if primitive not in TABLE:
        raise ValueError(f"the table has no row {primitive!r}; its rows are {', '.join(TABLE)}")
    return TABLE[primitive]


def assert_gradients_match(
    f: Callable[..., Any], reference: Callable[..., Any], *args: Any, rtol: float = 1e-9, atol: float = 1e-12
) -> None:
    """Compare the gradient of f here with another engine's; the AssertionError says where they differ and who is right.

    `reference(f, *args)` returns the derivatives of f by each of its arguments, shaped like them; for one argument it
    may be the derivative itself. The arguments of an `Expression` are its own inputs unless given.
    """
    args = args or tuple(getattr(f, "inputs", ()))
    theirs = reference(f, *args)
    ours = derivative_of(f, 1)(*args)
    found = leaves([theirs], "the reference's gradients")
    if len(found) != len(ours):
        raise AssertionError(
            f"the reference returned {counted(len(found), 'derivative')} where f has {counted(len(ours), 'argument')}"
        )
    numbers = leaves(args, "the arguments")
    for i, (a, b) in enumerate(zip(ours, found, strict=True)):
        if not (a == b or (a != a and b != b) or abs(a - b) <= atol + rtol * max(abs(a), abs(b))):
            d = differences(f, args, numbers, i)[0]
            told = f"{d.low:.9g}" if not d.reason else f"no answer ({d.reason})"
            raise AssertionError(
                f"the derivative in argument {i} is {a!r} here and {b!r} by the reference; finite differences say "
                f"{told}, for\n{f!r}"
            )
