"""HIPS autograd in a process of its own, because it is imported by the name of this library.

    python -m venv hips && hips/bin/pip install autograd scipy
    HIPS_PYTHON=hips/bin/python python -m benchmarks.conformance hips

Run by that Python, this file is the other side: a line of JSON in, a line out. A function arrives as the list of its
steps, which is what our graph of it is.
"""

from __future__ import annotations

import json
import subprocess
import sys
from functools import partial


class Child:
    """Our side of the conversation."""

    def __init__(self, python: str) -> None:
        from autograd.core.columns import TABLE

        if not python:
            raise ImportError("HIPS_PYTHON names no Python that has HIPS autograd")
        self._process = subprocess.Popen(
            [python, "-I", __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        names = {row.name: [row.name, *row.aliases] for row in TABLE.values() if row.is_function and row.arity}
        self.name, has = self._ask(names)
        self.functions = {name: TABLE[name] for name in has}

    def value_and_grad(self, f, xs):
        z, gradient = self._ask(["gradient", xs, *_steps(f, xs)])
        return z, gradient

    def hessian(self, f, xs):
        return self._ask(["hessian", xs, *_steps(f, xs)])

    def _ask(self, question):
        assert self._process.stdin and self._process.stdout
        print(json.dumps(question), file=self._process.stdin)
        kind, answer = json.loads(self._process.stdout.readline())
        if kind == "refused":
            raise NotImplementedError(answer)
        if kind == "error":
            raise ArithmeticError(answer)
        return answer


def _steps(f, xs):
    """f at these numbers as (row, operands), inputs first, and the constants by their places."""
    from autograd import Value
    from autograd.program.lower import lower

    leaves = [Value(x) for x in xs]
    program, _ = lower([f(*leaves)], leaves)
    steps = [[row.name, list(places)] for row, places in zip(program.primitives, program.operands, strict=True)]
    return [steps[len(xs) :], list(program.numbers.items()), program.outputs[0]]


def _replayed(functions, n, steps, constants, output, x):
    known = {i: x[i] for i in range(n)} | dict(constants)
    for place, (row, operands) in enumerate(steps, n):
        if row != "constant":
            known[place] = functions[row](*[known[i] for i in operands])
    return known[output]


def _serve():
    import warnings
    from importlib.metadata import version

    import autograd.numpy as anp
    import autograd.scipy.special as special

    import autograd

    warnings.simplefilter("ignore")
    operators = {
        "add": lambda x, y: x + y, "sub": lambda x, y: x - y, "mul": lambda x, y: x * y, "div": lambda x, y: x / y,
        "neg": lambda x: -x, "pow": lambda x, y: x**y, "mod": lambda x, y: x % y, "abs": abs,
    }  # fmt: skip
    functions = {}
    for row, aliases in json.loads(sys.stdin.readline()).items():
        for module in (anp, special):
            for name in aliases:
                if row != "remainder" and hasattr(module, name):
                    functions.setdefault(row, getattr(module, name))
    functions |= operators
    print(json.dumps(["ok", [f"HIPS autograd {version('autograd')}", sorted({*functions} - {*operators})]]), flush=True)
    for line in sys.stdin:
        kind, xs, steps, constants, output = json.loads(line)
        f = partial(_replayed, functions, len(xs), steps, constants, output)
        try:
            point = anp.array(xs)
            if kind == "gradient":
                answer = [float(f(point)), autograd.grad(f)(point).tolist()]
            else:
                answer = autograd.hessian(f)(point).tolist()
            print(json.dumps(["ok", answer]), flush=True)
        except (NotImplementedError, KeyError, TypeError, AttributeError) as refusal:
            print(json.dumps(["refused", f"{type(refusal).__name__}: {refusal}"]), flush=True)
        except Exception as error:
            print(json.dumps(["error", f"{type(error).__name__}: {error}"]), flush=True)


if __name__ == "__main__":
    _serve()
