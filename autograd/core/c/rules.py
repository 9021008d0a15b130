"""The table in C: the value and the partials of its rows, translated from the text of primitives.py and ieee.py.

A row that says more than doubles in C can (`scope`) is left to the Python rule, and named; a test compares all others
with it, bit for bit.

The result is a header. For each row it has a function that answers value and partials at once,

    static double at_mul(const double *at, unsigned wanted, double *partials)

where bit i of `wanted` asks for ∂z/∂xᵢ; one for its second partials, which are the partials read on dual numbers,

    static double second_mul(int i, const Dual *at)

the rate of ∂z/∂xᵢ as the operands and z, which follow one another in `at`, move; and a line `X(mul, 2, 3, second_mul)`
in the list `RULES(X)`: how many operands it has, which of them have a partial, and NULL if it has no such function.
`UNARY_RULES(X)` lists those of one operand alone.
"""

from __future__ import annotations

import ast
import sys
from binascii import crc32
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent))  # it runs by its path, when there is no package yet
from scope import LIBM, Function, Scope, Untranslatable

CORE = Path(__file__).parent.parent
TEXTS = ("ieee.py", "primitives.py")
MOST_OPERANDS = 3

PRELUDE = """\
/* Generated from the table. */
#include <math.h>

#define FINGERPRINT {fingerprint}u

static inline double modulo(double x, double y) {{ /* Python's %, which takes the sign of y */
    double rest = fmod(x, y);
    return rest != 0.0 && (y < 0.0) != (rest < 0.0) ? rest + y : rest;
}}

typedef struct {{ double is, moves; }} Dual; /* a number and its rate, OFF where it stands still */
typedef double (*SecondPartial)(int i, const Dual *at);

static inline Dual still(double x) {{ return (Dual){{x, off()}}; }}

/* The chain rule, operand by operand: what has passed, and what this one passes on. A mask's 0 lets nothing through. */
static inline double moved(double before, double partial, double rate, int masked) {{
    if (masked && partial == 0.0) return before;
    return is_off(before) ? partial * rate : before + partial * rate;
}}
"""


class Row(NamedTuple):
    """A row as the table's text has it."""

    name: str
    forward: ast.expr
    partials: list[ast.expr]
    masked: bool


def table(core: Path = CORE) -> tuple[list[str], dict[str, str]]:
    """The header's lines, and the rows of at most three operands that it leaves out with the reason."""
    texts = [(core / name).read_bytes() for name in TEXTS]
    ieee, primitives = map(ast.parse, texts)
    found = dict(_rows(primitives))
    names = {variable: f"row_{row.name}" for variable, row in found.items()}
    functions, reasons = _functions(ieee, "ieee_", {}), {}
    functions |= _functions(primitives, "", names)
    for row in found.values():
        try:
            functions |= _translated(row, names)
        except Untranslatable as reason:
            reasons[row.name] = str(reason)
    rows = {variable: row for variable, row in found.items() if row.name not in reasons}
    for row in rows.values():
        functions |= _second(row, rows)
    _drop_what_calls_the_missing(functions)
    made = [row for row in found.values() if row.name not in reasons and f"at_{row.name}" in functions]
    for row in found.values():
        if row not in made:
            reasons.setdefault(row.name, "it calls what is not translated")
    needed = _needed(
        functions,
        [f"{kind}_{row.name}" for row in made for kind in ("at", "second") if f"{kind}_{row.name}" in functions],
    )
    fingerprint = 0  # by which the extension knows the texts it was made from, and that which connects it
    for text in [*texts, (core / "fast" / "__init__.py").read_bytes()]:
        fingerprint = crc32(text, fingerprint)
    lines = [
        PRELUDE.format(fingerprint=fingerprint),
        *[f"{functions[name].text.partition(' {')[0]};" for name in needed],
        "",
    ]
    lines += [functions[name].text for name in needed]
    for kind, some in (("RULES", made), ("UNARY_RULES", [row for row in made if len(row.partials) == 1])):
        entries = []
        for row in some:
            second = f"second_{row.name}" if f"second_{row.name}" in functions else "NULL"
            entries.append(f"X({row.name}, {len(row.partials)}, {_having(row)}, {second})")
        lines += ["", " \\\n    ".join([f"#define {kind}(X)", *entries]), ""]
    return lines, reasons


def _rows(module: ast.Module) -> Iterator[tuple[str, Row]]:
    """The rows of up to three operands, by the variable that holds each."""
    for statement in module.body:
        match statement:
            case ast.Assign(
                targets=[ast.Name(id=variable)],
                value=ast.Call(
                    func=ast.Name(id="row"), args=[ast.Constant(value=str(name)), forward, *partials], keywords=columns
                ),
            ):
                if not any(column.arg == "nary" for column in columns) and len(partials) <= MOST_OPERANDS:
                    masked = any(column.arg == "masked" for column in columns)
                    yield variable, Row(name, forward, partials, masked)


def _functions(module: ast.Module, prefix: str, rows: dict[str, str]) -> dict[str, Function]:
    """The functions of doubles that a module defines, or takes over from `math` by name."""
    own = {f.name: f"{prefix}{f.name}" for f in module.body if isinstance(f, ast.FunctionDef)}
    functions = {}
    for statement in module.body:
        if isinstance(statement, ast.FunctionDef):
            names = [argument.arg for argument in statement.args.args]
            try:
                name = own[statement.name]
                functions[name] = Scope(own | rows, names).function(name, names, statement.body)
            except Untranslatable:
                pass
    if prefix:
        for name in sorted(_taken_over(module) - set(own)):
            operands = ["y", "x"] if name in ("atan2", "copysign", "fmod", "pow", "remainder") else ["x"]
            call = ast.parse(f"return math.{name}({', '.join(operands)})").body
            functions[f"{prefix}{name}"] = Scope({}, operands).function(f"{prefix}{name}", operands, call)
    return functions


def _taken_over(module: ast.Module) -> set[str]:
    """sin for `from math import sin`, and atan2 for `atan2 = math.atan2`."""
    names = set()
    for statement in module.body:
        match statement:
            case ast.ImportFrom(module="math", names=aliases):
                names |= {alias.name for alias in aliases if alias.asname in (None, alias.name)}
            case ast.Assign(
                targets=[ast.Name(id=name)], value=ast.Attribute(value=ast.Name(id="math"), attr=attribute)
            ):
                names |= {name} if name == attribute else set()
    return names & LIBM


def _translated(row: Row, names: dict[str, str]) -> dict[str, Function]:
    """row_f for its value, row_f_0 … for its partials, and at_f for all of them."""
    n, value = len(row.partials), f"row_{row.name}"
    functions = {value: _rule(value, row.forward, n, names)}
    body, calls = "", {value}
    for i, partial in enumerate(row.partials):
        if _is_none(partial):
            continue
        name = f"{value}_{i}"
        functions[name] = _rule(name, partial, n + 1, names)
        calls.add(name)
        operands = ", ".join([*[f"at[{k}]" for k in range(n)], "z"])
        body += f"    if (wanted & {1 << i}u) partials[{i}] = {name}({operands});\n"
    operands = ", ".join([f"at[{k}]" for k in range(n)])
    unused = "" if body else "    (void)wanted, (void)partials;\n"
    functions[f"at_{row.name}"] = Function(
        f"static inline double at_{row.name}(const double *at, unsigned wanted, double *partials) {{\n"
        f"{unused}    double z = {value}({operands});\n{body}    return z;\n}}",
        frozenset(calls),
    )
    return functions


DUAL = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.Pow: "pow", ast.Mod: "mod"}


def _second(row: Row, rows: dict[str, Row]) -> dict[str, Function]:
    """dual_f, the row on dual numbers, and second_f, its partials on them, if all that they say can be read so."""
    n, masked = len(row.partials), int(row.masked)
    operands, numbers = [f"x{i}" for i in range(n)], ", ".join([f"x{i}.is" for i in range(n)])
    body, cases, calls = "", "", {f"row_{row.name}"}
    dual_calls: set[str] = set()
    for i, partial in enumerate(row.partials):
        if _is_none(partial):
            continue
        slope = f"row_{row.name}_{i}"
        calls.add(slope)
        rate = f"moved(z.moves, {slope}({numbers}, z.is), x{i}.moves, {masked})"
        body += f"    if (!is_off(x{i}.moves)) z.moves = {rate};\n"
        try:
            cases += f"    case {i}: return {_on_duals(partial, n, rows, dual_calls)}.moves;\n"
        except Untranslatable:
            cases, dual_calls = "", {"nothing that there is"}
            break
    head = f"static inline Dual dual_{row.name}({', '.join(f'Dual {x}' for x in operands)})"
    return {
        f"dual_{row.name}": Function(
            f"{head} {{\n    Dual z = still(row_{row.name}({numbers}));\n{body}    return z;\n}}", frozenset(calls)
        ),
        f"second_{row.name}": Function(
            f"static inline double second_{row.name}(int i, const Dual *at) {{\n    (void)at;\n    switch (i) {{\n"
            f"{cases}    default: return off();\n    }}\n}}",
            frozenset(dual_calls),
        ),
    }


def _on_duals(rule: ast.expr, arity: int, rows: dict[str, Row], calls: set[str]) -> str:
    """A partial as an expression of dual numbers; `calls` gets the functions that it needs."""
    if not isinstance(rule, ast.Lambda) or len(rule.args.args) != arity + 1:
        raise Untranslatable(ast.unparse(rule))
    places = {argument.arg: f"at[{i}]" for i, argument in enumerate(rule.args.args)}

    def called(row: str, *operands: ast.expr) -> str:
        calls.add(f"dual_{row}")
        return f"dual_{row}({', '.join(map(read, operands))})"

    def read(node: ast.expr) -> str:
        match node:
            case ast.Name(id=name) if name in places:
                return places[name]
            case ast.UnaryOp(op=ast.USub(), operand=x) if not isinstance(x, ast.Constant):
                return called("neg", x)
            case ast.BinOp(left=a, op=operator, right=b) if type(operator) in DUAL and not _is_constant(node, places):
                return called(DUAL[type(operator)], a, b)
            case ast.Call(func=ast.Name(id=name), args=arguments) if name in rows:
                if len(arguments) == len(rows[name].partials):
                    return called(rows[name].name, *arguments)
        return f"still({Scope({}, []).number(node)})"

    return read(rule.body)


def _is_constant(node: ast.expr, places: dict[str, str]) -> bool:
    return not any(isinstance(part, ast.Name) and part.id in places for part in ast.walk(node))


def _rule(name: str, rule: ast.expr, arity: int, names: dict[str, str]) -> Function:
    """A lambda, or the name of a function, as a function in C."""
    if isinstance(rule, ast.Lambda):
        if rule.args.vararg or len(rule.args.args) != arity:
            raise Untranslatable(f"{ast.unparse(rule)} takes a list")
        operands = [argument.arg for argument in rule.args.args]
        return Scope(names, operands).function(name, operands, [ast.Return(rule.body)])
    operands = [f"x{i}" for i in range(arity)]
    call = ast.Call(rule, [ast.Name(operand) for operand in operands], [])
    return Scope(names, operands).function(name, operands, [ast.Return(call)])


def _is_none(rule: ast.expr) -> bool:
    return isinstance(rule, ast.Constant) and rule.value is None


def _having(row: Row) -> str:
    return f"{sum(1 << i for i, partial in enumerate(row.partials) if not _is_none(partial))}u"


def _drop_what_calls_the_missing(functions: dict[str, Function]) -> None:
    while missing := [name for name, f in functions.items() if not f.calls <= functions.keys()]:
        for name in missing:
            del functions[name]


def _needed(functions: dict[str, Function], roots: Sequence[str]) -> list[str]:
    """The functions that the roots call, directly or not, in the order they were made."""
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        if (name := waiting.pop()) not in found:
            found.add(name)
            waiting += functions[name].calls
    return [name for name in functions if name in found]


def main(header: str) -> None:
    lines, _ = table()
    Path(header).write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
