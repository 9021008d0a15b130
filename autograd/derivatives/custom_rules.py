"""What a rule of a custom function takes and returns: the partials in it, and those that a `jvp` or a `vjp` says."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

from autograd.core.extension import parameters
from autograd.core.words import counted
from autograd.derivatives.structures import is_array, leaves, rebuild

Function = Callable[..., Any]
_AFTER = {"partials": ["z"], "jvp": ["z", "directions"], "vjp": ["z", "w"]}  # what a rule takes after the arguments


def refuse_other_operands(name: str, function: Function, kind: str, rule: Function) -> None:
    """TypeError where a rule does not take as many operands as it is given."""
    takes, of, after = parameters(rule), parameters(function), _AFTER[kind]
    if takes is not None and of is not None and takes != of + len(after):
        wanted = ", ".join([*inspect.signature(function).parameters, *after])
        raise TypeError(f"custom {name}: its rule takes {counted(takes, 'operand')}; write {kind}({wanted})")


def along(template: Any, x: Any, where: str) -> Iterator[Any]:
    """What x has in the places of the template's numbers, in its order. TypeError where they do not fit."""
    x = x.tolist() if is_array(x) else x
    if is_array(template):
        template = template.tolist()
    if isinstance(template, dict):
        if not isinstance(x, dict) or x.keys() != template.keys():
            raise _misfit(f"{where} is {_kind(x)} where a dict of {[*template]} is due")
        for key, item in template.items():
            yield from along(item, x[key], f"{where}[{key!r}]")
    elif isinstance(template, list | tuple):
        if not isinstance(x, list | tuple) or len(x) != len(template):
            raise _misfit(f"{where} is {_kind(x)} where {counted(len(template), 'element')} would fit")
        for i, item in enumerate(template):
            yield from along(item, x[i], f"{where}[{i}]")
    elif isinstance(x, list | tuple | dict):
        raise _misfit(f"{where} is {_kind(x)} where a number is due")
    else:
        yield x


def _kind(x: Any) -> str:
    return f"{type(x).__name__} of {len(x)}" if hasattr(x, "__len__") else type(x).__name__


def _misfit(message: str) -> TypeError:
    return TypeError(
        f"{message}: for each number of z something shaped like the arguments (like the one, if there is one)"
    )


def of_vjp(vjp: Function) -> Function:
    """The partials by a rule for reverse mode: its answer to each unit vector is a line of the Jacobian."""

    def partials(*arguments: Any) -> Any:
        *given, z = arguments
        count = len(leaves(z, "z"))
        units = [rebuild(z, [float(j == k) for j in range(count)]) for k in range(count)]
        return rebuild(z, [vjp(*given, z, unit) for unit in units], arrays=False)

    return partials


def of_jvp(jvp: Function) -> Function:
    """The partials by a rule for forward mode: its answer to each unit vector is a column."""

    def partials(*arguments: Any) -> Any:
        *given, z = arguments
        n = len(leaves(given, "the arguments"))
        units = [rebuild(tuple(given), [float(j == i) for j in range(n)]) for i in range(n)]
        columns = [leaves(jvp(*given, z, unit), "jvp") for unit in units]
        blocks = [rebuild(tuple(given), line, arrays=False) for line in zip(*columns, strict=True)]
        return rebuild(z, [block if len(given) > 1 else block[0] for block in blocks], arrays=False)

    return partials
