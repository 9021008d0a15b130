"""A graph as JavaScript that computes it again: every value, every partial, from other numbers in the leaves.

The idea: the page needs what the engine needs, a list of instructions and the rows they apply. Each row that occurs is
printed from the table, its value and its partials, by the printer that exports programs; the page's own loops over the
list are the forward pass and the reverse sweep.
"""

from collections.abc import Sequence
from contextvars import Context

from autograd.core.primitives import Primitive
from autograd.core.value import Value, apply
from autograd.program.lower import lower
from autograd.program.program import Program
from autograd.program.source import javascript
from autograd.program.spelling import JAVASCRIPT


def script(order: Sequence[Value]) -> str | None:
    """`const engine = {rows, code, data}`; None where a row of the user's own cannot be said in JavaScript.

    rows[k] is {f, d, masked}: z = f(0, operands)[0] and ∂z/∂operands = d(operands and z), a null where nothing passes.
    code[i] is [k, …operands] for value i, an operand the index of a value or [a number], and null for a leaf, whose
    number is data[i].
    """
    index = {value: i for i, value in enumerate(order)}
    kinds: dict[tuple[Primitive, int], int] = {}
    code = []
    for value in order:
        if value._row is None:
            code.append("null")
            continue
        kind = kinds.setdefault((value._row, len(value._arguments)), len(kinds))
        operands = [str(index[a]) if isinstance(a, Value) else f"[{JAVASCRIPT.number(a)}]" for a in value._arguments]
        code.append(f"[{','.join([str(kind), *operands])}]")
    try:
        programs, rows = _printed(list(kinds))
        functions = javascript(programs)
    except TypeError:
        return None
    data = ",".join(JAVASCRIPT.number(value._data) for value in order)
    return f"{functions}\nconst engine = {{rows: [{', '.join(rows)}],\ncode: [{','.join(code)}],\ndata: [{data}]}};\n"


def _printed(kinds: Sequence[tuple[Primitive, int]]) -> tuple[dict[str, Program], list[str]]:
    """The programs to print and, for every kind, the entry of `rows` that calls them."""
    programs: dict[str, Program] = {}
    rows = []
    for k, (primitive, count) in enumerate(kinds):
        *operands, z = (Value(0.5) for _ in range(count + 1))
        programs[f"f{k}"] = _program([Context().run(apply, primitive, *operands)], operands)
        partials = Context().run(primitive.partials_at, operands, z)
        computed = [p for p in partials if isinstance(p, Value)]
        programs[f"d{k}"] = _program(computed, [*operands, z])
        place = {p: f"v[{i}]" for i, p in reversed([*enumerate(computed)])}
        entries = [
            "null" if p is None else place[p] if isinstance(p, Value) else JAVASCRIPT.number(p) for p in partials
        ]
        masked = ", masked: true" if primitive.masked else ""
        rows.append(f"{{f: f{k}, d: (x, v = d{k}(0, x)) => [{', '.join(entries)}]{masked}}}")
    return programs, rows


def _program(outputs: list[Value], inputs: list[Value]) -> Program:
    program, others = lower(outputs, inputs)
    if others:
        raise TypeError("a rule reads a Value of its own")
    return program
