"""A program as Python: one line an instruction, for a person to read, to run as it is, and for Numba to compile.

The function takes the inputs and the parameters of one example. A mean over the batch is, for one example, the thing
itself; so the gradient prints as the derivative of one example's result.
"""

from __future__ import annotations

import keyword
import math
import re
from collections.abc import Callable, Sequence
from typing import Any

from autograd.core import ieee
from autograd.core import primitives as table
from autograd.core.primitives import BUILT_IN, TABLE, Primitive
from autograd.program.program import DOT_LIKE, GATED_DOT, MEAN, Program

_INFIX = {table.add: "{} + {}", table.sub: "{} - {}", table.mul: "{} * {}", table.neg: "-{}"}
_RESERVED = {*keyword.kwlist, "divide", "power", "nan", "inf", "abs"}
_SPELLED = {table.div: "divide", table.pow_: "power"}


def function_text(name: str, program: Program, returns: Callable[[Sequence[str]], str] | None = None) -> str:
    """`def name(inputs, parameters): …`; `returns` spells the result from the names of the outputs."""
    names = row_names(program)
    rows = range(program.leaves, len(program))
    body = [line for row in rows for line in statements(program, row, names)]
    results = [names[row] for row in program.outputs]
    result = returns(results) if returns else ", ".join(results)
    head = _wrapped(f"def {name}(", names[: program.leaves], "):")
    return "\n".join([*head, *[f"    {line}" for line in body], f"    return {result}"])


def imports(text: str) -> str:
    """The import lines that printed functions need."""
    called, words = set(re.findall(r"(\w+)\(", text)), set(re.findall(r"\w+", text))
    modules = {
        "math": sorted(words & {"nan", "inf"}),
        "autograd.core.ieee": sorted(called & set(_SPELLED.values())),
        "autograd.core.primitives": sorted(called & BUILT_IN - {"abs"}),
    }
    own = sorted(called & TABLE.keys() - BUILT_IN)
    if own:
        modules["autograd.core.primitives"] = ["TABLE", *modules["autograd.core.primitives"]]
    lines = [f"from {module} import {', '.join(names)}\n" for module, names in modules.items() if names]
    lines += ["\n", *[f'{name} = TABLE["{name}"]\n' for name in own]] if own else []
    return "".join([*lines, "\n\n"]) if lines else ""


def compiled(text: str, name: str) -> Callable[..., Any]:
    """The printed function, running: the rows it names are the table's plain functions of floats."""
    scope: dict[str, Any] = {p.name: p.forward for p in TABLE.values()}
    scope |= {"divide": ieee.divide, "power": ieee.power, "nan": math.nan, "inf": math.inf}
    exec(text, scope)
    return scope[name]  # type: ignore[no-any-return]


def row_names(program: Program) -> list[str]:
    """A Python name for each row: its label where it has one that can be spelled, else t and its number."""
    names: list[str] = []
    taken = {*_RESERVED, *TABLE}
    for row, primitive in enumerate(program.primitives):
        if row in program.numbers:
            names.append(repr(program.numbers[row]))
        elif primitive is MEAN:
            names.append(names[program.operands[row][0]])
        else:
            wanted = re.sub(r"[\W_]+", "_", program.names[row]).strip("_") if row < program.leaves else f"t{row}"
            if not wanted.isidentifier():
                wanted = f"p_{wanted}"
            while wanted in taken:
                wanted += "_"
            taken.add(wanted)
            names.append(wanted)
    return names


def statements(program: Program, row: int, names: Sequence[str], fused: bool = False) -> list[str]:
    """The lines that compute a row; `fused` spells dots as the kernels compute them."""
    primitive, operands = program.primitives[row], program.operands[row]
    if not isinstance(primitive, Primitive):
        return []
    xs = [names[x] for x in operands]
    if primitive in DOT_LIKE:
        return _dot_statements(names[row], xs, primitive is GATED_DOT, fused)
    if primitive is table.sum_:
        return [f"{names[row]} = {' + '.join(['0.0', *xs])}"]
    if primitive is table.div and program.numbers.get(operands[1], 0.0) != 0.0:
        return [f"{names[row]} = {xs[0]} / {xs[1]}"]
    if primitive in _INFIX:
        return [f"{names[row]} = {_INFIX[primitive].format(*xs)}"]
    return [f"{names[row]} = {_SPELLED.get(primitive, primitive.name)}({', '.join(xs)})"]


def _dot_statements(name: str, xs: Sequence[str], gated: bool, fused: bool) -> list[str]:
    n = len(xs) // 2
    products = list(zip(xs[:n], xs[n:-1], strict=True))
    if fused:
        otherwise = [f" if {x} != 0.0 else {name}" if gated else "" for _, x in products]
        steps = [f"{name} = fma({w}, {x}, {name}){other}" for (w, x), other in zip(products, otherwise, strict=True)]
        return [f"{name} = {xs[-1]}", *steps]
    terms = [x if w == "1.0" else f"gate({x}, {w})" if gated else f"{w} * {x}" for w, x in products]
    return [f"{name} = {' + '.join(terms if xs[-1] == '-0.0' else [xs[-1], *terms])}"]


def _wrapped(start: str, words: Sequence[str], end: str, width: int = 110) -> list[str]:
    lines, line = [], start
    for i, word in enumerate(words):
        piece = word + (", " if i < len(words) - 1 else "")
        if len(line) + len(piece) > width:
            lines.append(line.rstrip())
            line = "    " + "    "
        line += piece
    return [*lines, line + end]
