"""How three languages spell what a program is made of: one column of words each, and nothing about any row.

Operators, comparisons and calls are written alike in all of them; what differs is here. A row of the table that a
language has no word for is printed as a function, translated from the row's own rule: see `rules`.
"""

from __future__ import annotations

import keyword
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from autograd.core import ieee


class Looping(NamedTuple):
    """How a language spells a loop, and what it keeps."""

    variable: str  # one that changes, with its first number
    assign: str
    array: str  # of a name and a size
    table: tuple[str, str]  # what stands before and after the numbers of an array that are known
    forwards: str  # of an index, where it begins, and where it ends
    backwards: str  # of these, and its first
    when: str  # of a condition
    close: str  # of a block
    large: int = 4_000_000  # numbers, from which on states are not all kept
    room: int = 0  # for numbers, if there is less than memory has


class Language(NamedTuple):
    name: str
    words: dict[
        Callable[..., Any], str
    ]  # a function of Python's, or of `ieee`, that the language has, by its name there
    own: dict[str, str]  # words above that are functions of ours, and their text
    taken: frozenset[str]  # what no variable and no helper may be called
    nan: str
    inf: str
    declare: str  # a new variable
    choose: str  # of condition, then, otherwise
    logic: dict[str, str]
    end: str  # of a statement
    head: Callable[[str, Sequence[str]], str]  # of a helper function
    zeros: str  # a new array, of so many numbers
    element: str  # of an array, at an index which is a double
    looping: Looping

    def number(self, x: float) -> str:
        """A literal that reads back to the bit."""
        if x != x:
            return self.nan
        if math.isinf(x):
            return self.inf if x > 0.0 else f"-{self.inf}"
        return repr(float(x))


def _words(prefix: str, **others: str) -> dict[Callable[..., Any], str]:
    """Functions of libm by their names, and with each the function of `ieee` that makes it total as C has it."""
    words: dict[Callable[..., Any], str] = {}
    for name in _LIBM.split():
        words[getattr(math, name)] = others.get(name, f"{prefix}{name}")
        if hasattr(ieee, name):
            words[getattr(ieee, name)] = words[getattr(math, name)]
    words[abs] = words[math.fabs]
    return words


_LIBM = (
    "exp expm1 log log1p log2 log10 sqrt cbrt sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh atan2 pow "
    "fabs floor ceil trunc copysign erf erfc fmod exp2 remainder"
)

_ALSO_IN_MATH_H = (
    "fdim fma fmax fmin frexp gamma hypot ilogb isfinite isinf isnan isnormal j0 j1 jn ldexp lgamma llrint llround "
    "logb lrint lround modf nan nearbyint nextafter nexttoward pow10 remquo rint round scalb scalbln scalbn signbit "
    "signgam significand sincos tgamma y0 y1 yn drem exp10 finite abs div"
)
_C_KEYWORDS = (
    "alignas alignof and asm auto bitand bitor bool break case catch char class compl const constexpr continue "
    "decltype default delete do double else enum explicit export extern false float for friend goto if inline int main "
    "long mutable namespace new noexcept not nullptr operator or private protected public register restrict "
    "return short signed sizeof static struct switch template this throw true try typedef typename union unsigned "
    "using virtual void volatile while xor"
)
C = Language(
    name="C",
    words={**_words(""), math.gamma: "tgamma", math.lgamma: "lgamma"},  # Python has its own of these two
    own={},
    taken=frozenset(f"{_LIBM} {_ALSO_IN_MATH_H} {_C_KEYWORDS} k0 k1".split()),  # k0, k1: its tables of places
    nan="NAN",
    inf="INFINITY",
    declare="double {} = {};",
    choose="{} ? {} : {}",
    logic={"and": "&&", "or": "||", "not": "!{}", "float": "(double)({})"},
    end=";",
    head=lambda name, arguments: f"static double {name}({', '.join([f'double {x}' for x in arguments])})",
    zeros="double {}[{}] = {{0}};",
    element="{}[(int)({})]",
    looping=Looping(
        variable="double {} = {};",
        assign="{} = {};",
        array="double {}[{}];",
        table=("static const double {}[] = {{", "};"),
        forwards="for (int {0} = {1}; {0} < {2}; {0}++) {{",
        backwards="for (int {0} = {3}; {0} >= {1}; {0}--) {{",
        when="if ({}) {{",
        close="}",
        large=10_000,
        room=100_000,
    ),
)

_JS_KEYWORDS = (
    "arguments await break case catch class const continue debugger default delete do else enum eval export extends "
    "false finally for function if implements import in instanceof interface let new null package private protected "
    "public return static super switch this throw true try typeof var void while with yield Math Number Object NaN "
    "Infinity"
)
# What JavaScript lacks, or has with other special points. The error function by its series near 0 and the continued
# fraction of erfc beyond (Abramowitz & Stegun 7.1.6, 7.1.14), exp(-x²) in two factors, of which the first is exact.
_JS_OWN = {
    "pow": "const pow = (x, y) => x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : Math.pow(x, y);",
    "copysign": "const copysign = (x, y) => (y < 0 || Object.is(y, -0) ? -Math.abs(x) : Math.abs(x));",
    "fmod": "const fmod = (x, y) => x % y;",
    "exp2": "const exp2 = (x) => Math.pow(2, x);",
    "remainder": """\
const remainder = (x, y) => {
  const b = Math.abs(y), half = 0.5 * b;
  let r = b < 8e307 ? Math.abs(x) % (b + b) : Math.abs(x);
  if (b < 1e-300 ? r + r > b : r > half) {
    r -= b;
    if (b < 1e-300 ? r + r >= b : r >= half) r -= b;
  }
  return b !== b || b === 0 || Math.abs(x) === Infinity ? NaN : (x < 0 || Object.is(x, -0) ? -r : r);
};""",
    "erf": """\
const gauss = (x) => {
  const top = Math.fround(x);
  return Math.exp(-top * top) * Math.exp((top - x) * (top + x));
};
const erfSeries = (x) => {
  let term = x, sum = x;
  for (let n = 1; n < 60; n++) sum += term *= (2 * x * x) / (2 * n + 1);
  return (2 / Math.sqrt(Math.PI)) * gauss(x) * sum;
};
const erfFraction = (x) => {
  let f = x;
  for (let n = 160; n > 0; n--) f = x + n / 2 / f;
  return gauss(x) / Math.sqrt(Math.PI) / f;
};
const erf = (x) =>
  x !== x ? x : Math.abs(x) < 1 ? erfSeries(x) : Math.sign(x) * (Math.abs(x) > 6 ? 1 : 1 - erfFraction(Math.abs(x)));
const erfc = (x) => (x !== x ? x : x < 0.5 ? 1 - erf(x) : x < 27 ? (x < 1 ? 1 - erfSeries(x) : erfFraction(x)) : 0);""",
}
_JS_OWN["erfc"] = _JS_OWN["erf"]
JAVASCRIPT = Language(
    name="JavaScript",
    words=_words("Math.", **{name: name for name in _JS_OWN}, fabs="Math.abs"),
    own=_JS_OWN,
    taken=frozenset([*_JS_KEYWORDS.split(), *_JS_OWN, "gauss", "erfSeries", "erfFraction"]),
    nan="NaN",
    inf="Infinity",
    declare="const {} = {};",
    choose="{} ? {} : {}",
    logic={"and": "&&", "or": "||", "not": "!{}", "float": "Number({})"},
    end=";",
    head=lambda name, arguments: f"function {name}({', '.join(arguments)})",
    zeros="const {} = new Float64Array({});",
    element="{}[{}]",
    looping=Looping(
        variable="let {} = {};",
        assign="{} = {};",
        array="const {} = new Float64Array({});",
        table=("const {} = [", "];"),
        forwards="for (let {0} = {1}; {0} < {2}; {0}++) {{",
        backwards="for (let {0} = {3}; {0} >= {1}; {0}--) {{",
        when="if ({}) {{",
        close="}",
    ),
)

PYTHON = Language(
    name="Python",
    words={abs: "abs", float: "float", **{getattr(math, name): f"math.{name}" for name in _LIBM.split()}},
    own={},
    taken=frozenset([*keyword.kwlist, "divide", "power", "nan", "inf", "abs"]),
    nan="nan",
    inf="inf",
    declare="{} = {}",
    choose="{1} if {0} else {2}",
    logic={"and": "and", "or": "or", "not": "not {}", "float": "float({})"},
    end="",
    head=lambda name, arguments: f"def {name}({', '.join(arguments)}):",
    zeros="{} = [0.0] * {}",
    element="{}[int({})]",
    looping=Looping(
        variable="{} = {}",
        assign="{} = {}",
        array="{} = [0.0] * {}",
        table=("{} = [", "]"),
        forwards="for {} in range({}, {}):",
        backwards="for {} in reversed(range({}, {})):",
        when="if {}:",
        close="",
    ),
)

# What XLA lacks or is bad at. Every step of the remainder is exact: fmod takes whole pairs of |y| away, so that an even
# multiple is left where r is at most |y|/2, and r − |y| is exact by Sterbenz's lemma; so is |y| − r where it decides.
_JAX_OWN = {
    "exp2": "exp2 = lambda x: jnp.power(2.0, x)  # XLA's own is a hundred times less accurate",
    "remainder": """\
def remainder(x, y):  # jnp.remainder is that of %
    b = jnp.abs(y)
    r = jnp.where(b < 8e307, jnp.fmod(jnp.abs(x), b + b), jnp.abs(x))
    s = r - b
    r = jnp.where(r > b - r, jnp.where(s >= b - s, s - b, s), r)
    return jnp.where((b > 0.0) & jnp.isfinite(x), jnp.copysign(1.0, x) * r, jnp.nan)""",
}
# Whole batches at a time: a choice computes both of its sides, and a rule is one expression.
JAX = Language(
    name="JAX",
    words={
        ieee.rint: "jnp.rint",  # XLA takes (x + 2⁵²) − 2⁵² for x
        **_words(
            "jnp.",
            **{name: name for name in _JAX_OWN},
            **{name: f"jnp.{name.replace('a', 'arc', 1)}" for name in "asin acos atan asinh acosh atanh atan2".split()},
            fabs="jnp.abs",
            pow="jnp.power",
            erf="jax.scipy.special.erf",
            erfc="jax.scipy.special.erfc",
        ),
    },
    own=_JAX_OWN,
    taken=frozenset([*keyword.kwlist, "jax", "jnp", "np", "nan", "inf", "abs", *_JAX_OWN]),
    nan="jnp.nan",
    inf="jnp.inf",
    declare="{} = {}",
    choose="jnp.where({}, {}, {})",
    logic={"and": "&", "or": "|", "not": "jnp.logical_not({})", "float": "(({}) * 1.0)"},
    end="",
    head=PYTHON.head,
    zeros="{}jnp.zeros({})",
    element="{}[jnp.int32({})]",
    looping=PYTHON.looping,  # of a whole batch it is `lax.scan`: see `export.jax_loops`
)
