"""Write `autograd/core/face.pyi`, what a type checker knows of the table's functions: `python -m tests.stub`."""

from pathlib import Path

from autograd.core import face
from autograd.core import functions as by_hand
from autograd.core.columns import TABLE

STUB = Path(face.__file__).with_suffix(".pyi")


def stub() -> str:
    """`face.pyi`."""
    functions = [TABLE[name] for name in face.__all__ if name not in by_hand.__all__]
    lines = ["# Written from the table by `python -m tests.stub`; a test holds it to that.", ""]
    lines += ["from collections.abc import Iterable", "from typing import Any, overload", ""]
    lines += ["from autograd.core.columns import Primitive", "from autograd.core.value import Value", ""]
    lines += ["__all__ = [  # noqa: RUF022", *[f'    "{row.name}",' for row in functions], "]", ""]
    for row in functions:
        for name in (row.name, *row.aliases):
            if row.arity is not None:
                lines.append(f"{name}: Primitive")
            for kind in ("float", "Value", "Value | float") if row.arity is None else ():
                lines += ["@overload", f"def {name}(xs: Iterable[{kind}]) -> {kind}: ..."]
    lines += ["", "class Methods:"]
    lines += [f"    def __{name}__(self, other: Any) -> Value | bool: ..." for name in ("lt", "le", "gt", "ge")]
    lines += [f"    def __{name}__(self, other: object) -> bool: ..." for name in ("eq", "ne")]
    for row in TABLE.values():
        if row.is_function and row.arity is not None:
            names, least = row.names[1:], row.arity - len(row.defaults)
            operands = [f"{x}: Value | float" for x in names[: least - 1]]
            operands += [
                f"{x}: Value | float = {default!r}" for x, default in zip(names[least - 1 :], row.defaults, strict=True)
            ]
            for name in (row.name, *row.aliases):
                lines.append(f"    def {name}({', '.join(['self', *operands])}) -> Value: ...")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    STUB.write_text(stub())
