"""`f.export(path)`: a function and its gradient as a file of another language, by its suffix.

    cost.export("cost.c")        and cost.h: C11 and C++, no library but libm
    cost.export("cost.mjs")      a JavaScript module
    cost.export("cost.py")       Python that needs nothing but itself
    cost.export("cost_jax.py")   JAX, whole batches

All but JAX compute one example, instruction by instruction as the program stands, so they round as it does. A large
program is printed as loops in C; the others are refused what they could not load.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from autograd.core.words import counted
from autograd.export import jax, loops
from autograd.files import write as write_file
from autograd.program.expand import expand
from autograd.program.loop import loops_in
from autograd.program.phrases import wrapped_words
from autograd.program.program import Program
from autograd.program.rules import Rules
from autograd.program.simplify import exact, simplify
from autograd.program.source import Body, straight
from autograd.program.spelling import JAVASCRIPT, JAX, PYTHON, C, Language

STRAIGHT = 2_000  # instructions, at most, that are printed one by one in C
MOST = 50_000  # in JavaScript and Python, which have no loops here


class Exported(NamedTuple):
    """What a file is made of."""

    name: str
    program: Program
    gradient: Program | None  # its outputs are the value, then the derivatives
    numbers: Sequence[float]  # of the parameters, now
    of_inputs: bool  # the gradient is one in the inputs, for want of parameters
    spell: Callable[..., str]  # the result's structure, from the names of its numbers: see `results.speller`


def write(path: str | os.PathLike[str], it: Exported) -> None:
    """Write the file, and a header beside C. ValueError for a suffix that is no language of ours."""
    path = Path(path)
    if path.name.endswith("_jax.py"):
        write_file(path, jax_text(it).encode())
        return
    if path.suffix not in _PRINTERS:
        raise ValueError(
            f"export: {path.name!r} ends in none of {', '.join(_PRINTERS)}, _jax.py: its end is the language"
        )
    for name, text in _PRINTERS[path.suffix](path.stem, it).items():
        write_file(path.with_name(name), text.encode())


def c_files(stem: str, it: Exported) -> dict[str, str]:
    """The .c file and its header."""
    it, rules, bodies = _prepared(it, C)
    name, many = it.name, len(it.program.outputs) > 1
    functions = [
        (
            f"The result{'s, in this order' if many else ''}.",
            f"void {name}(const double *p, const double *x, double *results)"
            if many
            else f"double {name}(const double *p, const double *x)",
            _c_body(bodies[0], loops.stored("results", bodies[0].results) if many else [], many),
        )
    ]
    if it.gradient:
        of = "x" if it.of_inputs else "p"
        functions.append(
            (
                f"Adds the gradient in {of} to g, as many numbers as {of} has, and returns the result.",
                f"double {name}_gradient(const double *p, const double *x, double *g)",
                _c_body(bodies[1], loops.stored("g", bodies[1].results[1:], "+=")),
            )
        )
    says = _about(it, C)
    guard = re.sub(r"\W|^(?=\d)", "_", f"{stem}_H").upper()
    size, inputs = len(it.numbers), it.program.inputs
    count = f"#define {name.upper()}_INPUTS {inputs}\n#define {name.upper()}_PARAMETERS {size}\n"
    numbers = f"extern const double {name}_parameters[{size}];" if size else ""
    declared = "\n".join([f"/* {told} */\n{head};" for told, head, _ in functions])
    header = (
        f'{_comment(says)}\n#ifndef {guard}\n#define {guard}\n{count}#ifdef __cplusplus\nextern "C" {{\n#endif\n'
        f"{numbers}\n{declared}\n#ifdef __cplusplus\n}}\n#endif\n#endif\n"
    )
    values = wrapped_words(f"const double {name}_parameters[{size}] = {{", [*map(C.number, it.numbers)], "};")
    parts = [
        f'{_comment(says)}\n#include "{stem}.h"\n\n#include <math.h>\n',
        *([*values, ""] if size else []),
        *[f"{text}\n" for text in rules.texts.values()],
        *[f"{head} {{\n{body}\n}}\n" for _, head, body in functions],
    ]
    return {f"{stem}.c": "\n".join(parts), f"{stem}.h": header}


def _c_body(function: Body, last: Sequence[str], many: bool = False) -> str:
    """A function's lines, with what is not read said to be so, then its results."""
    text = "\n".join([*function.lines, *last, *function.results])
    unused = [f"(void){leaf};" for leaf in ("p", "x") if not re.search(rf"\b{leaf}\[", text)]
    returns = [] if many else [f"return {function.results[0]};"]
    return "\n".join([f"    {line}" for line in (*unused, *function.lines, *last, *returns)])


def mjs_files(stem: str, it: Exported) -> dict[str, str]:
    """One function for the value, in its structure with arrays for tuples, and one for value and gradient, an array."""
    it, rules, bodies = _prepared(it, JAVASCRIPT)
    says = "".join([f"// {line}\n" for line in _about(it, JAVASCRIPT)])
    numbers = wrapped_words("export const parameters = [", [*map(JAVASCRIPT.number, it.numbers)], "];")
    printed = [f"export {text}" for text in _functions(it, bodies, JAVASCRIPT, "Gradient")]
    return {f"{stem}.mjs": "\n".join([says, *numbers, "", *rules.texts.values(), "", *printed])}


def py_files(stem: str, it: Exported) -> dict[str, str]:
    it, rules, bodies = _prepared(it, PYTHON)
    numbers = wrapped_words("parameters = [", [*map(PYTHON.number, it.numbers)], "]")
    printed = [*[f"{text}\n" for text in rules.texts.values()], *_functions(it, bodies, PYTHON, "_gradient")]
    says = '"""' + "\n".join(_about(it, PYTHON)) + '\n"""\n'
    head = f"{says}\nimport math\nfrom math import inf, nan\n"
    return {f"{stem}.py": "\n\n".join([head + "\n" + "\n".join(numbers) + "\n", *printed])}


def _functions(it: Exported, bodies: Sequence[Body], language: Language, suffix: str) -> list[str]:
    """The value, in the result's structure, and if there is one the gradient: a number and a list."""
    spell = lambda names: it.spell(names, language is JAVASCRIPT)
    texts = [bodies[0].function(it.name, language, spell)]
    if it.gradient:
        value_and_slopes = lambda names: f"[{names[0]}, [{', '.join(names[1:])}]]"
        texts.append(bodies[1].function(f"{it.name}{suffix}", language, value_and_slopes))
    return texts


def jax_text(it: Exported) -> str:
    """Functions of p and of x, one column an example: results for each example; the mean and its gradient."""
    it = it._replace(name=f"{it.name}_" if it.name in JAX.taken else it.name)
    programs = {"_value": simplify(it.program)}
    if it.gradient:
        programs["_gradient"] = simplify(it.gradient)
    numbers = "\n".join(wrapped_words("parameters = np.array([", [*map(JAX.number, it.numbers)], "])"))
    says = "\n".join(
        [
            *_about(it, JAX),
            "x has a row for each input and a column for each example. XLA takes subnormal",
            "numbers for 0.",
        ]
    )
    x64 = 'jax.config.update("jax_enable_x64", True)'
    many = len(it.program.outputs) > 1
    texts = [f'"""{says}\n"""\n\n{jax.text(programs)}\n\n{x64}\n{numbers}\n']
    texts.append(f"def {it.name}(p, x):\n    return _value(p, x)[1]{'' if many else '[0]'}\n")
    if it.gradient:
        whole = "_gradient(p, x)[0]"
        if it.of_inputs:  # one for each example
            whole = "jax.vmap(lambda column: _gradient(column, x[:, :1])[0], in_axes=1, out_axes=1)(x)"
        texts.append(f"def {it.name}_gradient(p, x):\n    whole = {whole}\n    return whole[0], whole[1:]\n")
    return "\n\n".join(texts)


_PRINTERS: dict[str, Callable[[str, Exported], dict[str, str]]] = {".c": c_files, ".mjs": mjs_files, ".py": py_files}


def _prepared(it: Exported, language: Language) -> tuple[Exported, Rules, list[Body]]:
    """Its programs in rows that are printed; the functions they call; the lines of value and of gradient."""
    while it.name in language.taken:
        it = it._replace(name=f"{it.name}_")
    rules = Rules(language, taken=("p", "x", "g", "s", "v", "parameters", it.name, f"{it.name}_gradient"))
    it = it._replace(program=expand(it.program, exact), gradient=it.gradient and expand(it.gradient, exact))
    programs = [it.program, it.gradient] if it.gradient else [it.program]
    return it, rules, [_body(program, language, rules, it.of_inputs and i == 1) for i, program in enumerate(programs)]


def _body(program: Program, language: Language, rules: Rules, of_inputs: bool) -> Body:
    if language is C and program.count() > STRAIGHT and not loops_in(program):
        return loops.body(program, rules, of_inputs)
    if program.count() > MOST:
        raise ValueError(
            f"export: {program.count()} instructions are more than {language.name} is given ({MOST}); export to C, "
            "which prints loops, or a function of fewer numbers"
        )
    return straight(program, rules, "x" if of_inputs else "p")


def _about(it: Exported, language: Language) -> list[str]:
    """What a person needs to know of the file."""
    program = it.program
    takes = f"{counted(program.inputs, 'input')} x, {counted(program.parameters, 'parameter')} p"
    lines = [f"{it.name}: {takes}. Printed by chainrule."]
    leaves = [
        *[f"x[{i}] {_inert(name)}" for i, name in enumerate(program.names[: program.inputs])],
        *[f"p[{i}] {_inert(name)}" for i, name in enumerate(program.names[program.inputs :])],
    ]
    lines += wrapped_words("", leaves if len(leaves) <= 400 else [*leaves[:400], "…"], "")
    if language is C:
        lines += [
            "Compile with -std=c11 -O2 -ffp-contract=off and link with -lm. -ffp-contract=off keeps every bit: without",
            "it a compiler may fuse a multiplication and an addition, and -ffast-math would change nan, inf and zeros.",
        ]
    return lines


def _inert(label: str) -> str:
    """A label within a comment of any language: it ends none and begins none, whoever wrote it."""
    return "".join([c if c.isprintable() and c not in "\"'\\" else " " for c in label]).replace("/*", "/ *")


def _comment(lines: Sequence[str]) -> str:
    return "\n".join([f"/* {lines[0]}", *[f"   {line}" for line in lines[1:]]]).replace("*/", "* /") + " */"
