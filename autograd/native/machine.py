"""What kernels need of the machine beyond Python: blocks of lanes, fused multiply-add, raw addresses, calls.

Each is an LLVM instruction or two, given a name that Numba knows. A block is one vector of LANES doubles, which LLVM
lays out over whatever registers the processor has.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

LANES = 64  # of a block
DOUBLE, I32, I64 = ir.DoubleType(), ir.IntType(32), ir.IntType(64)

doubles = types.CPointer(types.float64)
words = types.CPointer(types.uint32)
integers = types.CPointer(types.int64)


class Lanes(types.Type):
    """A vector of doubles."""

    def __init__(self, count: int) -> None:
        super().__init__(f"Lanes{count}")
        self.vector = ir.VectorType(DOUBLE, count)


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, lanes: Lanes) -> None:
        super().__init__(manager, lanes, lanes.vector)


block, eight = Lanes(LANES), Lanes(8)


def _at(builder: Any, array: Any, index: Any, vector: Any) -> Any:
    return builder.bitcast(builder.gep(array, [index]), vector.as_pointer())


def _all_lanes(builder: Any, x: Any, vector: Any) -> Any:
    undefined = ir.Constant(vector, ir.Undefined)
    one = builder.insert_element(undefined, x, ir.Constant(I32, 0))
    return builder.shuffle_vector(one, undefined, ir.Constant(ir.VectorType(I32, vector.count), [0] * vector.count))


def _fma(builder: Any, x: Any, y: Any, z: Any) -> Any:
    name = f"llvm.fma.v{z.type.count}f64" if isinstance(z.type, ir.VectorType) else "llvm.fma.f64"
    kind = ir.FunctionType(z.type, [z.type] * 3)
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), [x, y, z])


@intrinsic
def load(typing: Any, array: Any, index: Any) -> Any:
    """A block: array[index : index + LANES]"""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array, index = args
        return builder.load(_at(builder, array, index, block.vector), align=8)

    return block(array, index), emit


@intrinsic
def store(typing: Any, array: Any, index: Any, x: Any) -> Any:
    """array[index : index + LANES] = x"""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array, index, x = args
        builder.store(x, _at(builder, array, index, block.vector), align=8)
        return context.get_dummy_value()

    return types.void(array, index, x), emit


@intrinsic
def splat(typing: Any, x: Any) -> Any:
    """A block with x in all lanes"""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _all_lanes(builder, args[0], block.vector)

    return block(types.float64), emit


@intrinsic
def keep(typing: Any, x: Any, count: Any) -> Any:
    """The first `count` lanes of a block, and 0 in the others whatever was there"""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        places = ir.VectorType(I64, LANES)
        inside = builder.icmp_signed("<", ir.Constant(places, list(range(LANES))), _all_lanes(builder, args[1], places))
        return builder.select(inside, args[0], ir.Constant(block.vector, [0.0] * LANES))

    return block(block, types.int64), emit


@intrinsic
def fma(typing: Any, x: Any, y: Any, z: Any) -> Any:
    """x·y + z, rounded once: of doubles, or of blocks lane by lane"""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _fma(builder, *args)

    return x(x, x, x), emit


@intrinsic
def fma_where(typing: Any, x: Any, y: Any, z: Any) -> Any:
    """x·y + z, but z in the lanes where y is 0"""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        x, y, z = args
        passes = builder.fcmp_unordered("!=", y, ir.Constant(block.vector, [0.0] * LANES))
        return builder.select(passes, _fma(builder, x, y, z), z)

    return block(block, block, block), emit


@intrinsic
def zero_where(typing: Any, x: Any, y: Any) -> Any:
    """x, but 0 in the lanes where y is 0"""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        x, y = args
        zeros = ir.Constant(block.vector, [0.0] * LANES)
        return builder.select(builder.fcmp_unordered("!=", y, zeros), x, zeros)

    return block(block, block), emit


def _any_nan(builder: Any, x: Any) -> Any:
    bits = ir.IntType(x.type.count)
    return builder.icmp_unsigned("!=", builder.bitcast(builder.fcmp_unordered("uno", x, x), bits), ir.Constant(bits, 0))


@intrinsic
def has_nan(typing: Any, x: Any) -> Any:
    """Whether any lane of a block is nan"""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _any_nan(builder, args[0])

    return types.boolean(block), emit


@intrinsic
def eight_has_nan(typing: Any, x: Any) -> Any:
    """Whether any of eight sums is nan"""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _any_nan(builder, args[0])

    return types.boolean(eight), emit


@intrinsic
def sum_products(typing: Any, x: Any, y: Any) -> Any:
    """Eight sums of products of two blocks: the i-th over every eighth lane, from lane i on"""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        def eighth(block: Any, k: int) -> Any:
            picked = ir.Constant(ir.VectorType(I32, 8), list(range(8 * k, 8 * k + 8)))
            return builder.shuffle_vector(block, ir.Constant(block.type, ir.Undefined), picked)

        sums = [builder.fmul(eighth(args[0], k), eighth(args[1], k)) for k in range(2)]  # two chains: half the latency
        for k in range(2, LANES // 8):
            sums[k % 2] = _fma(builder, eighth(args[0], k), eighth(args[1], k), sums[k % 2])
        return builder.fadd(*sums)

    return eight(block, block), emit


@intrinsic
def add_eight(typing: Any, array: Any, index: Any, x: Any) -> Any:
    """array[index : index + 8] += x"""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = _at(builder, args[0], args[1], eight.vector)
        builder.store(builder.fadd(builder.load(place, align=8), args[2]), place, align=8)
        return context.get_dummy_value()

    return types.void(array, index, eight), emit


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


@intrinsic
def bits(typing: Any, x: Any) -> Any:
    """The 64 bits of a double, as an integer"""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], I64)

    return types.int64(types.float64), emit


@intrinsic
def double_of(typing: Any, x: Any) -> Any:
    """The double of these 64 bits"""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], DOUBLE)

    return types.float64(types.int64), emit
