"""`custom`: a whole function with a rule of its own for its derivatives, of any structure of arguments and results.

Each number that the function returns is a row of all the numbers that it takes. These rows are not in the table, but
they are rows: the sweeps, `grad` and its kin, the drawings, `explain` and compiled programs read them as all others.
"""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable, Sequence
from contextvars import Context
from math import nan
from typing import Any

from autograd.core import modes
from autograd.core.columns import REAL, Interval, Primitive
from autograd.core.extension import on_values
from autograd.core.refusals import Argument
from autograd.core.value import Value, apply, data_of
from autograd.core.words import counted
from autograd.derivatives.custom_rules import along, of_jvp, of_vjp, refuse_other_operands
from autograd.derivatives.structures import holds_value, is_array, leaves, rebuild

Function = Callable[..., Any]


def custom(
    function: Function | None = None,
    *,
    partials: Function | None = None,
    jvp: Function | None = None,
    vjp: Function | None = None,
    name: str = "",
    domain: Interval | tuple[Interval, ...] = REAL,
    kinks: tuple[Callable[..., float], ...] = (),
    by_call: bool = False,
) -> Any:
    """A function of numbers, and nested lists, dicts and arrays of them, that is differentiated by a rule of its own.

        @custom(partials=lambda x, y, z: (y, x))
        def product(x, y):
            return x * y

    The function gets floats (in a structure, as it is called), and may do with them whatever Python can. The rule is
    one of these; forward and reverse mode both read it:

        partials(x, y, z)      ∂z/∂x, ∂z/∂y: for each number of z something shaped like (x, y), or like x where that is
                               the only argument; None where z does not depend on it
        vjp(x, y, z, w)        Σ wₖ ∂zₖ/∂x, Σ wₖ ∂zₖ/∂y, for a w shaped like z
        jvp(x, y, z, (u, v))   ∂zₖ/∂x · u + ∂zₖ/∂y · v, shaped like z, for (u, v) shaped like the arguments; (u,) of one

    Made of operators and rows of the table, a rule can be differentiated again, to any order; one that takes numbers
    only gives first derivatives, and a second one is refused with a TypeError. `domain` has the open interval of each
    operand in which the function is smooth, `kinks` are functions of the operands that change sign where it is not: for
    `check_gradients` and `autograd.testing.inputs`.

    Compiled, a function of plain numbers becomes machine code where its text allows, and is called for each example
    where it does not, and always if `by_call`: say that where it draws random numbers or reads a file. Where it raises
    an ArithmeticError, as floats do in 1 / 0, it is computed as IEEE 754 says, and nan where that cannot be.
    TypeError where its result depends on a Value that is no argument, whose gradient would be lost.
    """
    rules = {"partials": partials, "jvp": jvp, "vjp": vjp}
    given = [(kind, rule) for kind, rule in rules.items() if rule is not None]
    if len(given) != 1 or not callable(given[0][1]):
        raise TypeError("custom: give one rule, a function: partials=, jvp= or vjp=; both modes read any of them")
    kind, rule = given[0]
    columns = {"name": name, "domain": domain, "kinks": kinks, "by_call": by_call}

    def make(f: Function) -> Custom:
        made = Custom(f, {"partials": rule, "jvp": of_jvp(rule), "vjp": of_vjp(rule)}[kind], columns)
        refuse_other_operands(made.__name__, f, kind, rule)
        return made

    return make if function is None else make(function)


class Custom:
    """A function with a rule of its own: see `custom`."""

    def __init__(self, function: Function, rule: Function, columns: dict[str, Any]) -> None:
        if not callable(function):
            raise TypeError(f"custom: expected a function, got {type(function).__name__}")
        functools.update_wrapper(self, function)
        self.function, self.rule = function, rule
        self.domain, self.kinks, self.by_call = columns["domain"], columns["kinks"], columns["by_call"]
        named = str(columns["name"] or getattr(function, "__name__", "f"))
        self.__name__ = named if named.isidentifier() else "f"
        self._forms: dict[Any, _Form] = {}

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        if named:
            arguments = self._in_order(arguments, named)
        operands = leaves(arguments, self.__name__)
        return self._form(arguments).call(operands)

    def rows(self, *arguments: Any) -> list[Primitive]:
        """The rows of the numbers that it returns for such arguments, in order."""
        form = self._form(arguments)
        return form.rows_of(form.results(leaves(arguments, self.__name__)))

    def spans(self) -> list[Interval]:
        """The interval of each operand of a function of plain numbers, in which it is smooth."""
        names = [*inspect.signature(self.function).parameters]
        return [*self.domain] if isinstance(self.domain[0], tuple) else [self.domain] * len(names)

    def _form(self, arguments: tuple[Any, ...]) -> _Form:
        key = _shape(arguments)
        if key not in self._forms:
            self._forms[key] = _Form(self, arguments)
        return self._forms[key]

    def _in_order(self, arguments: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
        bound = inspect.signature(self.function).bind(*arguments, **named)
        bound.apply_defaults()
        if bound.kwargs:
            raise TypeError(f"{self.__name__}: what is differentiated is given by position, got {[*bound.kwargs]}")
        return bound.args

    def __repr__(self) -> str:
        return f"<custom {self.__name__}>"


class _Form:
    """A custom function for arguments of one structure: one row for each number that it returns."""

    def __init__(self, of: Custom, arguments: tuple[Any, ...]) -> None:
        self.of, self.name = of, of.__name__
        self.template = rebuild(arguments, [0.0] * len(leaves(arguments, self.name)))
        self.plain = all([x.__class__ is float for x in self.template])
        self.result: Any = None  # the structure of what it returns
        self.rows: list[Primitive] = []
        self._slopes: dict[tuple[int, int], Primitive] = {}
        self._now = threading.local()  # in a call: the numbers and partials that its rows take from it

    def call(self, operands: list[Any]) -> Any:
        numbers = [*map(data_of, operands)]
        z = self.results(numbers)
        if not any([isinstance(x, Value) for x in operands]):
            return z
        rows, before = self.rows_of(z), getattr(self._now, "known", None)
        self._now.known = [leaves(z, self.name), None]
        try:
            nodes = [apply(row, *operands) for row in rows]
        finally:
            self._now.known = before
        return rebuild(z, nodes)

    def results(self, numbers: Sequence[float]) -> Any:
        """What the function returns, of floats."""
        try:
            z = self._evaluated(numbers)
        except (ArithmeticError, ValueError):
            try:  # read on Values, whose operators answer as IEEE does
                z = Context().run(
                    _computed, on_values(self.of.function), rebuild(self.template, map(Argument, numbers))
                )
            except (TypeError, ArithmeticError, ValueError):
                z = None
            if z is None:
                if not self.rows:
                    raise
                return rebuild(self.result, [nan] * len(self.rows))
            return rebuild(z, [*map(data_of, leaves(z, self.name))])
        found = leaves(z, f"the result of {self.name}")
        if met := [x for x in found if isinstance(x, Value)]:
            raise TypeError(
                f"custom {self.name}: its result depends on {met[0]!r}, which is no argument and would get no "
                "gradient; make it an argument, or take its number, .data"
            )
        return rebuild(z, found)

    def _evaluated(self, numbers: Sequence[float]) -> Any:
        arguments = rebuild(self.template, numbers)
        if modes.active and modes.is_tracing():
            return Context().run(self.of.function, *arguments)
        return self.of.function(*arguments)

    def rows_of(self, z: Any) -> list[Primitive]:
        """The rows of these results, made for the first."""
        count = len(leaves(z, self.name))
        if not self.rows:
            self.result = rebuild(z, [0.0] * count)
            self.rows = [self._row(k) for k in range(count)]
        if count != len(self.rows):
            raise TypeError(
                f"custom {self.name}: it returned {counted(len(self.rows), 'number')} before and {count} now, for "
                "arguments of the same structure; return as many each time"
            )
        return self.rows

    def _row(self, k: int) -> Primitive:
        several = not isinstance(self.result, float)
        name = f"{self.name}_{k + 1}" if several else self.name
        easy = self.plain and (not several or all([x.__class__ is float for x in self.result]))

        def number(*xs: float) -> float:
            known = getattr(self._now, "known", None)
            found = known[0] if known else leaves(self._checked(self.results(xs)), self.name)
            return found[k]

        vars(number)["__wrapped__"] = self._text(k, several)
        row = Primitive(
            name, number, lambda xs, z: self.partials(k, xs, z), nary=True, kinks=self.of.kinks,
            by_call=self.of.by_call or not easy,
        )  # fmt: skip
        row.own = True
        return row

    def _checked(self, z: Any) -> Any:
        self.rows_of(z)
        return z

    def _text(self, k: int, several: bool) -> Function:
        """The function as others read it, on Values or as machine code."""
        function, template = self.of.function, self.template
        if self.plain and not several:
            return function
        if self.plain and isinstance(self.result, list | tuple):
            return lambda *xs: function(*xs)[k]
        return lambda *xs: leaves(function(*rebuild(template, xs)), "result")[k]

    def partials(self, k: int, xs: Sequence[Any], z: Any) -> list[Any]:
        """∂zₖ/∂x for every operand: of numbers as numbers, of Values as graph."""
        if not isinstance(z, Value) and not any([isinstance(x, Value) for x in xs]):
            known = getattr(self._now, "known", None)
            if known is None:
                return self._numbers(xs)[k]
            if known[1] is None:
                known[1] = self._numbers(xs, known[0])
            return known[1][k]
        zs = [z if j == k else row(*xs) for j, row in enumerate(self.rows)]
        try:
            found = self.of.rule(*rebuild(self.template, xs), rebuild(self.result, zs))
        except TypeError:  # it takes numbers only
            return [self._slope(k, i)(*xs) for i in range(len(xs))]
        return self._lines(found)[k]

    def _numbers(self, xs: Sequence[float], zs: Sequence[float] | None = None) -> list[list[Any]]:
        """All partials, of floats."""
        zs = zs if zs is not None else leaves(self._checked(self.results(xs)), self.name)
        arguments = (*rebuild(self.template, xs), rebuild(self.result, zs))
        try:
            if modes.active and modes.is_tracing():
                return self._lines(Context().run(self.of.rule, *arguments))
            return self._lines(self.of.rule(*arguments))
        except ValueError:
            return [[nan] * len(xs)] * len(self.rows)

    def _lines(self, found: Any) -> list[list[Any]]:
        """What the rule returned, a list of ∂z/∂x for each number of z."""
        of_one = self.template if len(self.template) > 1 else self.template[0]
        template = rebuild(self.result, [of_one] * len(self.rows), arrays=False)
        entries = list(along(template, found, f"custom {self.name}: what its rule returned"))
        n = len(entries) // len(self.rows)
        return [entries[k * n : (k + 1) * n] for k in range(len(self.rows))]

    def _slope(self, k: int, i: int) -> Primitive:
        """The row of ∂zₖ/∂xᵢ by a rule that takes numbers only: without partials of its own."""
        if (k, i) in self._slopes:
            return self._slopes[k, i]

        def number(*xs: float) -> float:
            try:
                slope = self._numbers(xs)[k][i]
            except ArithmeticError:
                return nan
            return 0.0 if slope is None else float(slope)

        def refused(xs: Sequence[Any], z: Any) -> list[float]:
            if modes.active and modes.is_tracing() and not (isinstance(z, Value) or any(map(holds_value, xs))):
                return [nan] * len(xs)  # nobody has asked for it yet
            raise TypeError(
                f"custom {self.name}: its rule takes numbers only, so that there is no second derivative; make it of "
                "operators and functions of this library, which take Values too"
            )

        row = Primitive(f"{self.rows[k].name}_x{i + 1}", number, refused, nary=True, by_call=True)
        row.own = True
        return self._slopes.setdefault((k, i), row)


def _computed(function: Function, arguments: Any) -> Any:
    with modes.computing():
        return function(*arguments)


def _shape(x: Any) -> Any:
    """The structure of arguments, to look it up."""
    if isinstance(x, list | tuple):
        return type(x), tuple(map(_shape, x))
    if isinstance(x, dict):
        return dict, tuple([(key, _shape(item)) for key, item in x.items()])
    return ("array", x.shape) if is_array(x) else None
