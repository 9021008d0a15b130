"""Functions of V, compiled and run over arrays: what tests of machine code are made of."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from typing import Any

from autograd.native.body import Body
from autograd.native.build import build
from autograd.native.ir import LANES
from autograd.native.module import Module


def over_arrays(rules: dict[str, tuple[Callable[..., Any], int]]) -> dict[tuple[str, int], Callable[..., Any]]:
    """Each rule (function of V, number of operands) as a function of arrays, at both widths: by (name, lanes)."""
    module = Module()
    for name, (rule, operands) in rules.items():
        for lanes in (1, LANES):
            body = Body(module, f"test.{name}.{lanes}", [("ptr", "xs"), ("ptr", "z"), ("i64", "n")])
            n = body.argument("n")
            with body.loop(0, n, lanes) as i:
                xs = [body.load(body.at(body.argument("xs"), n * k + i), lanes) for k in range(operands)]
                body.store(body.spread(rule(*xs), lanes), body.at(body.argument("z"), i))
            body.give()
            module.add(body)
    code = build(module.text(), 1)
    return {
        (name, lanes): _caller(code.address(f"test.{name}.{lanes}"), code) for name in rules for lanes in (1, LANES)
    }


def _caller(address: int, code: Any) -> Callable[..., Any]:
    function = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)(address)

    def call(*columns: Sequence[float]) -> Any:
        import numpy as np

        assert code
        n = len(columns[0])
        padded = -(-n // LANES) * LANES
        xs = np.array([[*column, *[column[0]] * (padded - n)] for column in columns])
        z = np.empty(padded)
        function(xs.ctypes.data, z.ctypes.data, padded)
        return z[:n]

    return call
