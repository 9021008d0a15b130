"""A formula as text: `C = (sigmoid(w*a + b) - y)**2`.

The idea: Python's own parser reads it, and only arithmetic, comparisons, names and the table's functions are then
walked. Nothing is ever evaluated as code. An error knows its column.
"""

import ast
import keyword
import math
import re
import unicodedata
import warnings
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from autograd.core import columns, functions
from autograd.core import primitives as table
from autograd.core.value import Value

TOO_DEEP = "the formula is nested too deeply to be parsed"
PRODUCT = "a product is written x*y, not x y"
CONDITIONS = "conditions are 1 or 0: both are (x > 0)*(x < 1), one of them max(x < 0, x > 1), not is 1 - (x > 0)"
RESERVED = {*keyword.kwlist} - {"and", "else", "if", "in", "is", "not", "or", "None", "True", "False"}
SIGNS = {  # by a pattern of the text from where Python's parser stops
    "[¹²³⁰⁴-⁹]": "a power is written x**2, not x²",
    r"\|": "an absolute value is written abs(x), not |x|",
    "[×⋅]": "a product is written x*y, not x×y",
    "−": "a minus is written -",
    "√": "a root is written sqrt(x), not √x",
    "=(?!=)": "a result has a name alone: f = …, not f(x) = …",
}
MEANT = {  # what other names stand for
    "ln": "log", "lg": "log10", "tg": "tan", "pow": "x**y",
    "sec": "1/cos", "csc": "1/sin", "cot": "1/tan", "sech": "1/cosh", "csch": "1/sinh", "coth": "1/tanh",
}  # fmt: skip
CONSTANTS = {"pi": math.pi, "e": math.e, "inf": math.inf, "nan": math.nan}


def _operators() -> dict[type, Callable[[Any, Any], Any]]:
    """What Python's grammar calls the infix signs of the table; < and <= are > and >= of exchanged operands."""
    rows: dict[type, Callable[[Any, Any], Any]] = {}
    for row in table.TABLE.values():
        if row.infix and row.arity == 2:
            match ast.parse(f"x {row.infix} y", mode="eval").body:
                case ast.BinOp(op=sign) | ast.Compare(ops=[sign]):
                    rows[type(sign)] = row
    for less, greater in ((ast.Lt, rows[ast.Gt]), (ast.LtE, rows[ast.GtE])):
        rows[less] = _exchanged(greater)
    return rows


def _exchanged(row: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda x, y: row(y, x)


BINARY = _operators()


def known_functions() -> dict[str, Callable[..., Any]]:
    """The functions a formula may use: the table's, with those of the user, and the ones that take lists."""
    return {**columns.functions(), **{name: getattr(functions, name) for name in functions.__all__}}


class FormulaError(ValueError):
    """What is wrong with a formula, and where: `column` counts characters from 0."""

    def __init__(self, message: str, column: int | None = None) -> None:
        super().__init__(message)
        self.column = column


class Formula:
    """A parsed formula: `.names` are what needs numbers, `.label` names the result, `.evaluate({"w": …})`."""

    def __init__(self, text: str) -> None:
        self.text = text = re.sub(r"\s", " ", text)
        named = re.match(r"\s*([^\W\d]\w*)\s*=(?!=)", text)
        self.label = unicodedata.normalize("NFKC", named[1]) if named else ""
        start = named.end() if named else 0
        self._start = start + len(text[start:]) - len(text[start:].lstrip())
        if not text[self._start :].strip():
            raise FormulaError('there is no formula here; write one such as "w*a + b"', self._start)
        try:
            with warnings.catch_warnings():  # "is" with a literal, 1if: said here, by what it is
                warnings.simplefilter("ignore")
                self._tree = ast.parse(text[self._start :], mode="eval").body
        except (RecursionError, MemoryError):
            raise FormulaError(TOO_DEEP) from None
        except (SyntaxError, ValueError) as error:
            offset = getattr(error, "offset", None)
            column = self._start + offset - 1 if offset else len(text.rstrip())
            raise FormulaError(self._remedy(str(getattr(error, "msg", error)), column), column) from None
        self.names: list[str] = []
        known = known_functions()
        try:
            self._check(self._tree, known)
        except RecursionError:
            raise FormulaError(TOO_DEEP) from None

    def _remedy(self, message: str, column: int) -> str:
        """What to write instead, where Python's parser only says that its syntax is another."""
        if message.startswith("invalid decimal literal"):
            return "a product is written 2*x, not 2x"
        if reserved := RESERVED.intersection(words := re.findall(r"\w+", self.text)):
            word = next(word for word in words if word in reserved)
            return f"{word} is a word of Python's, and no name; {word}_ is one"
        rest = self.text[column:]
        for pattern, remedy in SIGNS.items():
            if re.match(pattern, rest):
                return remedy
        side_by_side = re.search(r"([\w.]+|\)) +[\w(]", self.text)
        if message.startswith("invalid syntax") and side_by_side and not set(self.text.split()) & {*keyword.kwlist}:
            word = side_by_side[1]
            return f"a function's operand is in parentheses: {word}(x)" if word in known_functions() else PRODUCT
        return message.partition(". ")[0]

    def column(self, node: ast.AST) -> int:
        """Where a node begins, in characters (ast counts bytes)."""
        body = self.text[self._start :].encode()
        return self._start + len(body[: getattr(node, "col_offset", 0)].decode(errors="ignore"))

    def _check(self, node: ast.AST, known: Mapping[str, Any]) -> None:
        """Only what the grammar has; collects the names."""
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and type(node.value) is not bool:
            try:
                float(node.value)
            except OverflowError:
                raise FormulaError("the whole number is too large for a float; write inf", self.column(node)) from None
            return
        if isinstance(node, ast.Name):
            if node.id in known:
                raise FormulaError(f"{node.id} is a function: write {node.id}(…)", self.column(node))
            if "·" in node.id:  # to Python, a letter
                raise FormulaError("a product is written x*y, not x·y", self.column(node))
            if node.id not in self.names:
                self.names.append(node.id)
            return
        if isinstance(node, ast.BinOp) and type(node.op) in BINARY:
            children: list[ast.AST] = [node.left, node.right]
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitXor):
            raise FormulaError("a power is written x**y, not x^y", self.column(node.right) - 1)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            children = [node.operand]
        elif isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in BINARY:
            children = [node.left, *node.comparators]
        elif isinstance(node, ast.List | ast.Tuple):
            children = list(node.elts)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
            if node.func.id not in known:
                name = node.func.id
                lower = name.lower()
                near = [MEANT[lower]] if lower in MEANT else get_close_matches(lower, known, n=1)
                remedy = f"did you mean {near[0]}?" if near else f"-h lists them; a product is written {name}*(…)"
                raise FormulaError(f"{name} is not a known function; {remedy}", self.column(node))
            children = list(node.args)
        elif isinstance(dotted := getattr(node, "func", node), ast.Attribute):
            raise FormulaError(f"a name has no point: {dotted.attr}, not {ast.unparse(dotted)}", self.column(node))
        elif isinstance(node, ast.Call) and not isinstance(node.func, ast.Name):
            raise FormulaError(PRODUCT, self.column(node))
        elif isinstance(node, ast.IfExp):
            raise FormulaError("a choice is written where(x > 0, x, y)", self.column(node))
        elif isinstance(node, ast.BoolOp) or isinstance(getattr(node, "op", None), ast.BitAnd | ast.BitOr | ast.Not):
            raise FormulaError(CONDITIONS, self.column(node))
        elif isinstance(node, ast.Compare) and len(node.ops) > 1:
            raise FormulaError(CONDITIONS, self.column(node))
        else:
            raise FormulaError(
                "only numbers, names, + - * / **, comparisons and functions can be used", self.column(node)
            )
        for child in children:
            self._check(child, known)

    def evaluate(self, numbers: Mapping[str, Any]) -> Any:
        """The formula's value, of numbers or of Values; parts worth a name of their own get labels u_1, u_2, …"""
        taken = {*self.names, self.label}
        fresh = (f"u_{k}" for k in range(1, 1_000_000) if f"u_{k}" not in taken)
        known = known_functions()

        def name(x: Any) -> Any:
            if isinstance(x, Value) and x.op and not x.label:
                x.label = next(fresh)
            return x

        def walk(node: ast.AST) -> Any:
            match node:
                case ast.Constant(value=int() | float() as x):
                    return float(x)
                case ast.Name():
                    return numbers[node.id]
                case ast.List() | ast.Tuple():
                    return [walk(item) for item in node.elts]
                case ast.UnaryOp():
                    operand = walk(node.operand)
                    return table.neg(operand) if isinstance(node.op, ast.USub) else operand
                case ast.Compare():
                    return BINARY[type(node.ops[0])](walk(node.left), walk(node.comparators[0]))
                case ast.BinOp():
                    return BINARY[type(node.op)](walk(node.left), walk(node.right))
                case ast.Call():
                    assert isinstance(node.func, ast.Name)
                    arguments = [walk(argument) for argument in node.args]
                    if node.func.id != "where":
                        arguments = [name(argument) for argument in arguments]
                    try:
                        return name(known[node.func.id](*arguments))
                    except (TypeError, ValueError) as error:
                        named = str(error).startswith((f"{node.func.id} ", f"{node.func.id}: "))
                        said = f"{error}" if named else f"{node.func.id}: {error}"
                        raise FormulaError(said, self.column(node)) from None
            raise AssertionError(node)

        try:
            result = walk(self._tree)
        except RecursionError:
            raise FormulaError(TOO_DEEP) from None
        if isinstance(result, list):
            raise FormulaError("the formula is a list; it should be one number", self._start)
        if isinstance(result, Value) and result.op:
            result.label = self.label or ("C" if "C" not in self.names else "out")
        return result
