"""The rules of rows as functions of another language, translated from their own text.

A rule on floats is arithmetic, comparisons, choices, loops, and calls of `math` and of other rules. Its syntax tree
says all of that, and the names in it are looked up where the rule was written, so nothing about any row is said here. A
`try` is its body: other languages' division and functions answer as IEEE 754 says where Python's raise.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any

from autograd.core import ieee
from autograd.core.columns import TABLE, Primitive
from autograd.program.functional import EACH, Functional, holds_loop
from autograd.program.reading import Untranslatable, calls, meaning
from autograd.program.spelling import JAX, PYTHON, Language
from autograd.program.statements import Python, Statements

_SPELLED = {
    row.forward: row.forward.__name__
    for row in TABLE.values()
    if row.is_arithmetic and row.forward.__module__ == ieee.__name__
}  # what printed Python calls them
SOLVES = "is solved by a function of Python's that takes floats, and has no text"


class Rules:
    """The functions that a text in a language needs, in the order in which they must stand."""

    def __init__(self, language: Language, taken: Iterable[str] = ()) -> None:
        self.language, self.taken = language, {*language.taken, *taken}
        self.texts: dict[str, str] = {}
        self._names: dict[Any, str] = {}
        self._looping: dict[FunctionType, bool] = {}
        self._own = False  # inside the text of a user's

    def row(self, primitive: Primitive) -> str:
        """The name by which a row is called. TypeError if the language cannot say what it computes."""
        if primitive.by_call and not primitive.own and primitive.name not in TABLE:
            raise TypeError(
                f"export: the row {primitive.name!r} {SOLVES} in {self.language.name}; export the function that is to "
                "be solved, and solve it there"
            )
        forward = getattr(primitive.forward, "__wrapped__", primitive.forward)
        self._own = primitive.own
        try:
            if self.language is JAX and self._loops(forward):
                return self._each(forward, primitive.name)
            return self.function(forward, primitive.name)
        except Untranslatable as reason:
            raise TypeError(
                f"export: the row {primitive.name!r} cannot be written in {self.language.name}: {reason}; "
                "make its rule of operators and this library's functions"
            ) from None

    def function(self, f: Callable[..., Any], wanted: str = "") -> str:
        """The name of a function, defined if need be."""
        if isinstance(f, Primitive):
            return self.function(f.forward, f.name)
        word = self.language.words.get(f)
        if word is not None:
            if self._own and f.__module__ == "math" and f.__name__ not in ("fabs", "copysign"):
                raise Untranslatable(f"math.{f.__name__} raises where IEEE arithmetic has an answer")
            if word in self.language.own:
                self.texts.setdefault(self.language.own[word], self.language.own[word])
            return word
        if not isinstance(f, FunctionType):
            raise Untranslatable(f"it calls {getattr(f, '__qualname__', f)}")
        if f not in self._names:
            name = self._free(_SPELLED.get(f) or wanted or f.__name__)
            own, self._own = self._own, self._own and not f.__module__.startswith("autograd.")
            self._names[f] = name
            try:
                self.texts[name] = self._translation(f).text(name)  # what it calls comes before, by being there first
            except Exception:
                del self._names[f]
                raise
            finally:
                self._own = own
        return self._names[f]

    def _free(self, name: str) -> str:
        """The name, or one like it that is not taken."""
        if re.match(r"t\d", name):  # names of slots
            name = f"row_{name}"
        while name in self.taken - {*_SPELLED.values()} or name in self._names.values():
            name += "_"
        return name

    def _translation(self, f: FunctionType) -> Python | Statements | Functional:
        if self.language is JAX:
            return Functional(self.language, f, self.function, self._loops)
        return (Python if self.language is PYTHON else Statements)(self.language, f, self.function)

    def _each(self, f: Callable[..., Any], wanted: str) -> str:
        """The name of a function that loops, as one of whole arrays."""
        key = f, EACH
        if key not in self._names:
            inner = self.function(f, f"{wanted}_of_one")
            self._names[key] = name = self._free(wanted)
            self.texts.setdefault("each", EACH)
            self.texts[name] = f"{name} = each({inner})"
        return self._names[key]

    def _loops(self, f: Callable[..., Any]) -> bool:
        """Whether a function loops, or one that it calls."""
        f = f.forward if isinstance(f, Primitive) else f
        if not isinstance(f, FunctionType) or f in self.language.words:
            return False
        if f not in self._looping:
            self._looping[f] = False
            called = [meaning(node, f, f.__code__.co_varnames) for node in calls(f)]
            self._looping[f] = holds_loop(f) or any([self._loops(g) for g in called])
        return self._looping[f]
