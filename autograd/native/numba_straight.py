"""A kernel of its own for a program: what each example needs, printed as straight-line Python and compiled by Numba.

It fuses all instructions into one pass over the lanes, so that values between them stay in registers. The lines are
those of `source`; only the first and last, which read and write the arrays of the tape, are added here.
"""

from __future__ import annotations

from typing import Any

from autograd.core.primitives import BUILT_IN, Primitive
from autograd.native import native
from autograd.native.roll import Tape
from autograd.program.program import EXAMPLE
from autograd.program.source import _SPELLED, row_names, statements


def kernel(tape: Tape, lanes: int) -> int:
    """The address of the kernel for the example part of a fused tape."""
    text = kernel_text(tape, lanes)

    def make() -> Any:
        from autograd.native.kernels import checked
        from autograd.native.machine import fma

        scope: dict[str, Any] = {"fma": fma, "nan": float("nan"), "inf": float("inf")}
        for row, primitive, _ in tape.program.instructions():
            if (
                isinstance(primitive, Primitive)
                and primitive.arity is not None
                and tape.program.moments[row] == EXAMPLE
            ):
                scope.setdefault(_SPELLED.get(primitive, primitive.name), checked(primitive))
        exec(text, scope)
        return scope["kernel"]

    from autograd.native.tape import KERNEL

    keep = all([p.name in BUILT_IN for _, p, _ in tape.program.instructions() if isinstance(p, Primitive)])
    return native.address(f"straight {lanes}", make, KERNEL, text, keep)


def kernel_text(tape: Tape, lanes: int) -> str:
    program, place = tape.program, tape.place
    names = row_names(program)
    examples = [row for row in range(len(program)) if program.moments[row] == EXAMPLE]
    computed = [row for row in examples if row >= program.leaves]
    read = {x for row in computed for x in program.operands[row]}
    once = sorted(x for x in read if program.moments[x] != EXAMPLE and x not in program.numbers)
    lines = ["def kernel(code, once, lanes, sums, live):"]
    lines += [f"    {names[x]} = once[{place[x]}]" for x in once]
    lines += [f"    for lane in range({lanes}):"]
    lines += [f"        {names[x]} = lanes[{place[x] * lanes} + lane]" for x in range(program.inputs) if x in read]
    lines += [f"        {line}" for row in computed for line in statements(program, row, names, fused=True)]
    lines += [f"        lanes[{place[row] * lanes} + lane] = {names[row]}" for row in computed if place[row] >= 0]
    return "\n".join([*lines, "        pass"])
