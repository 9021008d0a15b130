"""What a row of the table says: a class with a field for each column. The rows themselves are in `primitives`.

A partial ∂z/∂xᵢ is written once, as a function of the operands and of the result z, with ordinary operators and other
rows only. The argument's type chooses the reading: on floats it is a number, on Values it is a piece of graph that can
be differentiated again, drawn, explained or compiled.

    sigmoid(0.7)           a number: the row's `forward`
    sigmoid(Value(0.7))    a node of the graph that remembers this row

What it computes: `forward`, `partials`; `domain`, the open interval of each operand in which the row is smooth (the
edges of it are special points), and for the operands in `whole` its whole numbers from 0 on; `kinks`, functions of the
operands that change sign where it is not smooth; `masked` rows switch paths off: where their partial is 0 nothing
passes, not even inf or nan. `made_of` says the same as `forward` in other rows, for machines that have no such
instruction; a forward that loops until it has converged is called there (`by_call`), one number
at a time.
`textbook` has the partials as a textbook writes them, σ′ = z(1 − z), where the computed form is another one for its
accuracy: they are for reading, and equal where nothing cancels or overflows.

How it is called: `names` are those of the operands, `defaults` what the last of them are if not given; `aliases` are
its other names, numpy's and Python's; `public` rows are for people, the others serve partials. An `infix` row is
written with that sign of Python's (`-` of one operand before it); every other public row, and a comparison too, is a
function of its name and a method of its first operand. A row of any number of operands (`nary`) is called with a list,
of `least` numbers or more.

How it prints: `level` says how tightly it binds (1 sums, 2 products, 3 powers, 4 what has brackets of its own); `text`
and, where that is not the same in LaTeX, `latex` are the formula of an operand list; `shown` gives that formula in
other rows instead. `about` is what it means, with its units, its edges and its source.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import inf
from typing import TYPE_CHECKING, Any, overload

from autograd.core import engine
from autograd.core.number import number
from autograd.core.words import counted

if TYPE_CHECKING:
    from inspect import Signature

    from autograd.core.value import Value

Interval = tuple[float, float]
Partial = Callable[..., Any]

REAL = (-inf, inf)
SUM, PRODUCT, POWER, ATOM = 1, 2, 3, 4  # how tightly a formula binds

TABLE: dict[str, Primitive] = {}
_NAMED: dict[str, str] = {}  # the row that has an alias


class Primitive(engine.Row):
    """One row of the table. Called on numbers it gives a float; with a Value among its operands, a Value."""

    def __init__(
        self,
        name: str,
        forward: Callable[..., float],
        *partials: Partial | None,
        infix: str = "",
        level: int = ATOM,
        text: str = "",
        latex: str = "",
        shown: Callable[..., Any] | None = None,
        textbook: tuple[Partial, ...] = (),
        about: str = "",
        names: str = "x y",
        defaults: tuple[float, ...] = (),
        aliases: tuple[str, ...] = (),
        public: bool = True,
        domain: Interval | tuple[Interval, ...] = REAL,
        kinks: tuple[Callable[..., float], ...] = (),
        masked: bool = False,
        nary: bool = False,
        least: int = 0,
        whole: str = "",
        by_call: bool = False,
        made_of: Callable[..., Any] | None = None,
    ) -> None:
        self.name = self.__name__ = name
        self.forward, self.partials, self.made_of = forward, partials, made_of
        self.textbook = textbook or partials
        self.arity = None if nary else len(partials)
        self.domain: tuple[Interval, ...] = domain if isinstance(domain[0], tuple) else (domain,) * len(partials)
        self.kinks, self.masked, self.least, self.whole = kinks, masked, least, frozenset(whole.split())
        words = names.split()[: len(partials)]
        self.names = tuple(words if len(words) == len(partials) else [f"x{i + 1}" for i in range(len(partials))])
        self.by_call = by_call
        self.defaults, self.aliases, self.public, self.infix = defaults, aliases, public, infix
        slots = [f"{{{i}}}" for i in range(len(partials))]
        written = infix + slots[0] if len(slots) == 1 else f" {infix} ".join(slots)
        self.text = text or (written if infix else f"{name}({', '.join(slots)})")
        self.latex, self.level, self.shown = latex, level, shown
        formula = f"{name}([x₁, …, xₙ])" if nary else self.text.format(*self.names)
        self.about = f"z = {formula}: of numbers a float, of Values a Value."
        self.__doc__ = f"{self.about}\n\n{about}" if about else self.about
        self.own = False  # a user's

    @property
    def __signature__(self) -> Signature:
        """What `inspect.signature` and an editor show: the operands by their names, the last with their defaults."""
        from inspect import Parameter, Signature

        if self.arity is None:
            return Signature([Parameter("operands", Parameter.VAR_POSITIONAL)])
        given = (Parameter.empty,) * (self.arity - len(self.defaults)) + self.defaults
        pairs = zip(self.names, given, strict=True)
        return Signature([Parameter(x, Parameter.POSITIONAL_OR_KEYWORD, default=d) for x, d in pairs])

    @property
    def is_function(self) -> bool:
        """Is it called by its name? Else it is an operator, or for the partials of other rows."""
        return self.public and not self.is_arithmetic

    @property
    def is_arithmetic(self) -> bool:
        """Does its sign mean the same on floats? That of a comparison, which prints in brackets, gives a bool there."""
        return bool(self.infix) and self.level < ATOM

    @overload
    def __call__(self, *operands: float) -> float: ...
    @overload
    def __call__(self, x: Value, /, *operands: Value | float) -> Value: ...
    @overload
    def __call__(self, *operands: Any, **named: Any) -> Any: ...
    def __call__(self, *operands: Any, **named: Any) -> Any:
        if self.arity != len(operands) or named:
            operands = self._completed(operands, named)
        for operand in operands:
            if operand.__class__ is not float:
                for x in operands:
                    if hasattr(x, "_apply"):
                        return x._apply(self, *operands)
                operands = tuple([number(x, self.name) for x in operands])
                break
        z = self.forward(*operands)
        return z if z.__class__ is float else number(z, self.name)

    def _completed(self, operands: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
        """The operands as the row takes them: out of their list, with those given by name, with the defaults."""
        if self.arity is None:
            if named:
                raise TypeError(f"{self.name} takes a list, {self.name}([x, y]), and nothing by name")
            return operands
        given = dict(zip(self.names, operands, strict=False))
        defaults = dict(zip(self.names[len(self.names) - len(self.defaults) :], self.defaults, strict=True))
        if len(operands) > self.arity or named.keys() & given.keys() or not named.keys() <= set(self.names):
            given, named = {}, {}
        known = defaults | given | named
        if len(known) != self.arity:
            wanted = counted(self.arity, "operand")
            raise TypeError(f"{self.name} takes {wanted}, {', '.join(self.names)}, got {len(operands) + len(named)}")
        return tuple([known[name] for name in self.names])

    def partials_at(self, operands: Sequence[Any], z: Any, textbook: bool = False) -> Sequence[Any]:
        """∂z/∂xᵢ for every operand, as numbers or as Values by what the operands are; None where there is none."""
        partials = self.textbook if textbook else self.partials
        if self.arity is None:
            assert partials[0] is not None
            found = list(partials[0](operands, z))
            if len(found) != len(operands):
                raise TypeError(
                    f"{self.name}: its partial gave {len(found)} ∂z/∂x for {counted(len(operands), 'operand')}"
                )
            return found
        return [None if partial is None else partial(*operands, z) for partial in partials]

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"

    def __reduce__(self) -> Any:
        """A row is copied and pickled as its name in the table."""
        return row_of, (self.name,)


readers: list[Callable[[tuple[str, ...]], None]] = []  # told the names of rows that are entered later


def row(name: str, forward: Callable[..., float], *partials: Partial | None, **columns: Any) -> Primitive:
    """Enter a row into the table and return it."""
    TABLE[name] = entered = Primitive(name, forward, *partials, **columns)
    _NAMED.update(dict.fromkeys(entered.aliases, name))
    if entered.is_function:
        for tell in readers:
            tell((name, *entered.aliases))
    return entered


def row_of(name: str) -> Primitive:
    if name not in TABLE:
        raise LookupError(f"no row {name!r} is in the table: enter it, primitive({name!r}, …), before it is unpickled")
    return TABLE[name]


def find(name: str) -> Any:
    """What people call by this name, or by this alias: a row, or for a row of any number of operands its `listed`."""
    row = TABLE.get(name) or TABLE.get(_NAMED.get(name, ""))
    if row is None or not row.is_function:
        return None
    return row if row.arity is not None else listed(row)


def functions() -> dict[str, Any]:
    """Everything that is called by name, under each of its names."""
    return {name: find(name) for row in TABLE.values() if row.is_function for name in (row.name, *row.aliases)}


def of_ufunc(name: str) -> Primitive | None:
    """The row of a numpy ufunc. Comparisons are left to numpy, which asks the objects, and their answer is a bool."""
    row = TABLE.get(_NAMED.get(name, name))
    return row if row is not None and row.public and (row.is_arithmetic or not row.infix) else None


def methods() -> dict[str, Any]:
    """Every function of the table as a method of its first operand."""
    return {name: _method(row) for name, row in functions().items() if isinstance(row, Primitive)}


def find_method(name: str) -> Any:
    row = find(name)
    return _method(row) if isinstance(row, Primitive) else None


def _method(row: Primitive) -> Any:
    def of_one(self: Any) -> Any:
        return self._apply(row, self)

    def of_several(self: Any, *operands: Any, **named: Any) -> Any:
        return row(self, *operands, **named)

    return _called(of_one if row.arity == 1 else of_several, row, "Value.")


def listed(row: Primitive) -> Any:
    """A row of any number of operands as people call it, with a list."""

    def of_list(xs: Iterable[Any]) -> Any:
        if not hasattr(xs, "__iter__"):
            raise TypeError(f"{row.name}: expected a list, {row.name}([x, y]), got {type(xs).__name__}")
        operands = tuple(xs)
        if len(operands) < row.least:
            raise ValueError(f"{row.name} of no numbers: give at least one")
        return row(*operands)

    return _called(of_list, row)


def _called(function: Any, row: Primitive, owner: str = "") -> Any:
    function.__name__, function.__qualname__, function.__doc__ = row.name, owner + row.name, row.__doc__
    return function
