"""The table read on `V`: a row's own `forward`, run on numbers in registers, writes what it computes.

A forward is a function of floats, so it may do what V cannot answer itself. Its `if`s are taken both ways (see
`Module.branches`); and in place of `math`, `ieee`, `float`, `max` … its code is given those of `vector`: it is read
with other globals. So whatever is made of operators, comparisons, `math` and other rows needs nothing more. What
is not, a loop that runs until it has converged, is written one lane after the other (see `functions`), or called: a
function of the C library's, what Numba makes of a user's row where that is installed, or the row in Python.
"""

from __future__ import annotations

import builtins
import math
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import Context
from functools import cache, partial, reduce
from operator import add, gt, lt, or_
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any
from weakref import WeakSet

from autograd.core import ieee
from autograd.core.columns import TABLE, Primitive
from autograd.core.modes import tracing
from autograd.core.primitives import dot, dot_parts
from autograd.core.value import Value
from autograd.native import build
from autograd.native.functions import function
from autograd.native.ir import V, constant, fma, intrinsic, select
from autograd.native.module import Module
from autograd.native.vector import RULES, by_lane, exp, log
from autograd.program.program import FUSED, MASKED_DOT, Program, masked_dot_parts
from autograd.program.reading import Untranslatable

MOST = 1024  # arguments of a function that ctypes makes
WAYS_OUT = 'write its forward function with operators and other rows, or compile with runner="python"'


def compute(row: Primitive, operands: Sequence[Any]) -> Any:
    """The row's result: the operands are V, or numbers where they are constants."""
    if row is dot or row is MASKED_DOT:
        return dot_like(row, operands)
    body = next((x.body for x in operands if isinstance(x, V)), None)
    if body is None:
        return row.forward(*operands)
    operands = [_number(x) for x in operands]
    if row.by_call:
        return by_lane(_written(row, body.module, len(operands)), [_vector(x, operands) for x in operands])
    forward = getattr(row.forward, "__wrapped__", row.forward)  # of a user's row: V does not raise
    try:
        with tracing() if row.own else nullcontext():  # a Value's number may be another at the next call
            return _vector(_number(body.module.branches(lambda: read(forward)(*operands))), operands)
    except Exception as error:
        return by_lane(_symbol(row, len(operands), error), [_vector(x, operands) for x in operands])


def dot_like(row: Primitive, operands: Sequence[Any]) -> Any:
    """b + Σ wᵢxᵢ, term after term; of a masked dot without the terms that are off."""
    offs, ws, total, xs = masked_dot_parts(operands) if row is MASKED_DOT else ((), *dot_parts(operands))
    for i, (w, x) in enumerate(zip(ws, xs, strict=True)):
        fused = len(ws) >= FUSED and any(isinstance(v, V) for v in (w, x, total))
        step = fma(w, x, total) if fused else total + w * x
        total = select(offs[i] != 0.0, total, step) if offs else step
    return total


def _vector(x: Any, operands: Sequence[Any]) -> V:
    """A number among V as a V, which is what C functions take and a row's result is."""
    first = next(v for v in operands if isinstance(v, V))
    return x if isinstance(x, V) else constant(first.body, x, lanes=first.lanes)


# What `math` has of the C library's functions, and no rule of `vector` knows.
LIBM = {
    name: name for name in ("acosh", "asinh", "atanh", "cbrt", "exp2", "fmod", "lgamma", "log10", "log2", "remainder")
}
LIBM["gamma"] = "tgamma"


# A function's code with other globals


def read(f: Callable[..., Any]) -> Callable[..., Any]:
    """f as a function of V, or of Values."""
    if f in RULES:
        return lambda *xs: (RULES[f] if any([_holds_v(x) for x in xs]) else _on_values(f, xs))(*xs)
    if isinstance(f, FunctionType):  # a user's has numbers in its surroundings, which may be others next time
        return _ours(f) if str(f.__globals__.get("__name__")).startswith("autograd.") else _with_other_globals(f)
    if isinstance(f, BuiltinFunctionType) and f.__name__ in LIBM and f.__module__ == "math":
        return lambda *xs: by_lane(LIBM[f.__name__], [_vector(x, xs) for x in xs])
    return f


def _on_values(f: Callable[..., Any], xs: Sequence[Any]) -> Callable[..., Any]:
    """The row that f computes, if some of these are Values."""
    return _row_of().get(f, f) if any([isinstance(x, Value) for x in xs]) else f


@cache
def _row_of() -> dict[Callable[..., Any], Primitive]:
    return {row.forward: row for row in TABLE.values() if row.forward in RULES}


def _holds_v(x: Any) -> bool:
    return isinstance(x, V) or (isinstance(x, list | tuple) and any([isinstance(y, V) for y in x]))


@cache
def _ours(f: FunctionType) -> Callable[..., Any]:
    return _with_other_globals(f)


def _with_other_globals(f: FunctionType) -> Callable[..., Any]:
    names = _names(f.__code__)
    scope = {name: _global(f.__globals__[name]) for name in names if f.__globals__.get(name, f) is not f}
    scope |= {name: rule for name, rule in _BUILTINS.items() if name in names and name not in scope}
    scope["__builtins__"] = builtins
    cells = f.__closure__ and tuple([type(cell)(_global(cell.cell_contents)) for cell in f.__closure__])
    other = FunctionType(f.__code__, scope, f.__name__, f.__defaults__, cells)
    other.__kwdefaults__ = f.__kwdefaults__
    return other


def _names(code: CodeType) -> set[str]:
    """The names that a function and those inside it may take from its globals."""
    return set(code.co_names).union(*[_names(x) for x in code.co_consts if isinstance(x, CodeType)])


def _global(x: Any) -> Any:
    if x is math or x is ieee:
        return _Module(x)
    return read(x) if callable(x) and not isinstance(x, Primitive | type) else x


class _Module:
    """`math` or `ieee`, for V."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return _global(getattr(self._module, name))


def _number(x: Any) -> Any:
    """float(x)"""
    return select(x, 1.0, 0.0) if isinstance(x, V) and x.kind == "i1" else x if isinstance(x, V) else float(x)


def _extreme(beats: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """max or min, of numbers or of a list of them: the first of those that nothing beats."""
    return lambda *xs: reduce(lambda x, y: select(beats(y, x), y, x), xs[0] if len(xs) == 1 else xs)


_larger, _smaller = _extreme(gt), _extreme(lt)
_BUILTINS = {"float": _number, "max": _larger, "min": _smaller, "any": partial(reduce, or_)}


def _rounding(name: str) -> Callable[[Any], Any]:
    return lambda x: intrinsic(name, x)


def _logsumexp(xs: Sequence[Any]) -> Any:
    """`ieee.logsumexp`, whose largest operand is chosen lane by lane."""
    xs = [_vector(x, xs) for x in xs]
    top = _larger(xs)
    total = top + log(reduce(add, [exp(x - top) for x in xs]))
    undefined = reduce(or_, [x != x for x in xs])
    return select(undefined, math.nan, select(abs(top) < math.inf, total, top))


RULES[ieee.logsumexp] = _logsumexp
RULES |= {math.floor: _rounding("floor"), math.ceil: _rounding("ceil"), math.trunc: _rounding("trunc")}


# Functions of C


def _symbol(row: Primitive, operands: int, error: Exception) -> str:
    """The name of a C function that computes a row of the user's own: what Numba, if installed, makes of it, else one
    that calls it in Python."""
    if not row.own:
        said = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise TypeError(f"compile: the row {row.name!r} cannot be read as machine code ({said}); {WAYS_OUT}") from None
    forward = getattr(row.forward, "__wrapped__", row.forward)
    try:
        from numba import cfunc, types

        made: Any = cfunc(types.float64(*[types.float64] * operands), error_model="numpy")(forward)
    except Exception:
        return _callback(row, operands)
    return _defined(made, int(made.address))


def _written(row: Primitive, module: Module, operands: int) -> str:
    """The name of a function that computes a row one lane at a time: from its text where that can be written as machine
    code, else in Python."""
    if row.own:
        return _callback(row, operands)

    def called(f: Callable[..., float], operands: int) -> str:
        _calling.add(row)
        return _in_python(f, operands)

    try:
        return function(module, row.forward, called)
    except Untranslatable:
        return _callback(row, operands)


def _callback(row: Primitive, operands: int) -> str:
    """The name of a C function that calls a row's forward in Python."""
    if operands > MOST:
        raise TypeError(
            f"compile: the row {row.name!r} has {operands:,} operands, and machine code calls Python with {MOST:,} at "
            'most; compile with runner="python"'
        )
    _calling.add(row)
    return _in_python(row.forward, operands)


def _in_python(f: Callable[..., float], operands: int) -> str:
    """The name of a C function that calls one of Python's."""
    import ctypes

    if (f, operands) not in _called:
        made = ctypes.CFUNCTYPE(ctypes.c_double, *[ctypes.c_double] * operands)(_keeping(f))
        _called[f, operands] = _defined(made, ctypes.cast(made, ctypes.c_void_p).value or 0)
    return _called[f, operands]


def _defined(made: Any, address: int) -> str:
    """A name for it; another process's is elsewhere, so that code that calls it is not kept for that."""
    name = f"row.{address:x}"
    _made.append(made)
    build.define(name, address)
    return name


def _keeping(forward: Callable[..., Any]) -> Callable[..., float]:
    """forward, whose exceptions wait until machine code is done: that knows none. Nor does it know of modes."""

    def call(*xs: float) -> float:
        try:
            return float(Context().run(forward, *xs))
        except BaseException as error:
            _of_thread.errors.append(error)
            return math.nan

    return call


@contextmanager
def keeping(errors: list[BaseException]) -> Iterator[None]:
    """The exceptions of rows that machine code calls in this thread are kept there: they are those of one call, on
    which other threads work too, and in a row there may be another call."""
    before = getattr(_of_thread, "errors", None)
    _of_thread.errors = errors
    try:
        yield
    finally:
        _of_thread.errors = before


def calls_python(program: Program) -> bool:
    """Whether it has rows that machine code calls in Python: they may raise, and let other threads run."""
    return not _calling.isdisjoint(program.primitives)


_made: list[Any] = []  # functions that machine code calls
_called: dict[tuple[Callable[..., float], int], str] = {}  # those among them that are Python's, and their names
_calling: WeakSet[Primitive] = WeakSet()  # rows that are called in Python, or call something there
_of_thread = threading.local()
