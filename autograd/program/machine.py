"""What kernels need of the machine beyond Python: eight doubles at once, fused multiply-add, raw addresses, calls.

Each is an LLVM instruction or two, given a name that Numba knows. An `Eight` is a register of eight doubles; for a
processor whose registers are narrower, LLVM splits it. Numba learns the functions of `ieee` here as well.
"""

from __future__ import annotations

import math
from types import BuiltinFunctionType
from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic, models, overload, register_model

from autograd import ieee

DOUBLE, I32, I64 = ir.DoubleType(), ir.IntType(32), ir.IntType(64)
EIGHT = ir.VectorType(DOUBLE, 8)

doubles = types.CPointer(types.float64)
words = types.CPointer(types.uint32)
integers = types.CPointer(types.int64)


class Eight(types.Type):
    def __init__(self) -> None:
        super().__init__("Eight")


@register_model(Eight)
class _EightModel(models.PrimitiveModel):
    def __init__(self, manager: Any, fe_type: Any) -> None:
        super().__init__(manager, fe_type, EIGHT)


eight = Eight()


def _eight_at(builder: Any, array: Any, index: Any) -> Any:
    return builder.bitcast(builder.gep(array, [index]), EIGHT.as_pointer())


def _all_lanes(builder: Any, x: Any, vector: Any) -> Any:
    undefined = ir.Constant(vector, ir.Undefined)
    one = builder.insert_element(undefined, x, ir.Constant(I32, 0))
    return builder.shuffle_vector(one, undefined, ir.Constant(ir.VectorType(I32, 8), [0] * 8))


@intrinsic
def load(typing: Any, array: Any, index: Any) -> Any:
    """array[index : index + 8]"""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load(_eight_at(builder, *args), align=8)

    return eight(array, index), emit


@intrinsic
def store(typing: Any, array: Any, index: Any, x: Any) -> Any:
    """array[index : index + 8] = x"""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store(args[2], _eight_at(builder, *args[:2]), align=8)
        return context.get_dummy_value()

    return types.void(array, index, x), emit


@intrinsic
def splat(typing: Any, x: Any) -> Any:
    """x in all eight lanes"""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _all_lanes(builder, args[0], EIGHT)

    return eight(types.float64), emit


@intrinsic
def keep(typing: Any, x: Any, count: Any) -> Any:
    """The first `count` lanes of x, and 0 in the others whatever was there."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        vector = ir.VectorType(I64, 8)
        inside = builder.icmp_signed("<", ir.Constant(vector, list(range(8))), _all_lanes(builder, args[1], vector))
        return builder.select(inside, args[0], ir.Constant(EIGHT, [0.0] * 8))

    return eight(eight, types.int64), emit


@intrinsic
def fma(typing: Any, x: Any, y: Any, z: Any) -> Any:
    """x·y + z, rounded once: of three doubles, or of three Eights lane by lane"""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        name = "llvm.fma.v8f64" if x == eight else "llvm.fma.f64"
        return builder.call(cgutils.get_or_insert_function(builder.module, ir.FunctionType(args[0].type, [args[0].type] * 3), name), args)

    return x(x, x, x), emit


def _pointer(kind: Any) -> Any:
    @intrinsic
    def pointer(typing: Any, address: Any) -> Any:
        def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.inttoptr(args[0], context.get_value_type(kind))

        return kind(types.int64), emit

    return pointer


doubles_at, words_at, integers_at = _pointer(doubles), _pointer(words), _pointer(integers)


@intrinsic
def call(typing: Any, address: Any, code: Any, once: Any, lanes: Any, sums: Any, live: Any) -> Any:
    """Call the kernel at an address. Numba's convention: two places, for a result and an error, come first."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        nothing = ir.IntType(8).as_pointer()
        places = [cgutils.alloca_once(builder, nothing) for _ in range(2)]
        kind = ir.FunctionType(I32, [p.type for p in places] + [x.type for x in args[1:]])
        builder.call(builder.inttoptr(args[0], kind.as_pointer()), places + list(args[1:]))
        return context.get_dummy_value()

    return types.void(types.int64, words, doubles, doubles, doubles, types.int64), emit


# What the machine does where Python raises, so that `ieee` has to catch. Its other functions compile as they stand.
_UNCAUGHT: dict[Any, Any] = {
    ieee.divide: lambda x, y: x / y,
    ieee.power: lambda x, y: x * x if y == 2.0 else math.pow(x, y),
    ieee.exp: lambda x: math.exp(x),
    ieee.expm1: lambda x: math.expm1(x),
    ieee.sinh: lambda x: math.sinh(x),
    ieee.cosh: lambda x: math.cosh(x),
}


def scalar(forward: Any) -> Any:
    """A row's function, compiled, for kernels to call."""
    if isinstance(forward, BuiltinFunctionType):  # abs, math.tanh: Numba knows it, but compiles only what Python defines
        return njit(error_model="numpy")((lambda x, y: forward(x, y)) if forward is math.atan2 else (lambda x: forward(x)))
    return njit(error_model="numpy")(_UNCAUGHT.get(forward, forward))


def _teach(known: Any) -> None:
    native = _UNCAUGHT.get(known, known)
    two = known.__code__.co_argcount == 2
    overload(known, strict=False, jit_options={"error_model": "numpy"})((lambda x, y: native) if two else (lambda x: native))


for _name in ieee.__all__:
    if _name not in ("number", "logsumexp") and getattr(getattr(ieee, _name), "__module__", "") == ieee.__name__:
        _teach(getattr(ieee, _name))


@overload(float)
def _float_of_truth(x):  # type: ignore[no-untyped-def]
    """float(x > 0), which Numba does not know: 1 or 0."""
    return (lambda x: 1.0 if x else 0.0) if isinstance(x, types.Boolean) else None
