"""A tiny scalar autograd engine: one table of primitives, one graph, many readings.

```python
    from autograd import Value
    w, a, b, y = Value(2.0, label="w"), Value(0.5, label="a"), Value(-0.3, label="b"), Value(1.0, label="y")
    C = ((w * a + b).sigmoid() - y) ** 2
    C.backward()
    w.grad                       # ∂C/∂w
```
"""

import builtins
from importlib import import_module
from typing import TYPE_CHECKING, Any

from autograd.core import columns, face, functions
from autograd.core.bulk import assign, gradient, label, numbers
from autograd.core.dependencies import dependencies
from autograd.core.engine import engine as engine
from autograd.core.extension import primitive
from autograd.core.face import *
from autograd.core.functions import *  # in the place of rows of the same name
from autograd.core.modes import detect_anomaly, differentiating, no_grad
from autograd.core.refusals import Argument
from autograd.core.sweeps import topological_order
from autograd.core.value import Value, bind
from autograd.derivatives.custom import custom
from autograd.derivatives.loops import fori, rk4, scan, while_loop
from autograd.derivatives.matrices import hessian, jacobian
from autograd.derivatives.transforms import grad, hvp, jvp, value_and_grad, vjp

if TYPE_CHECKING:
    from autograd.batch.compiled import compile as compile
    from autograd.derivatives.implicit import argmin, fixed_point, root
    from autograd.derivatives.linear import solve
    from autograd.picture import draw, draw_dot, explain, label_text, step
    from autograd.trust.checks import check_gradients
    from autograd.trust.differences import finite_difference

__version__ = "0.1.0"

_LATER = {  # what recording and differentiating do not need loads on first use
    "argmin": "derivatives.implicit", "fixed_point": "derivatives.implicit", "root": "derivatives.implicit",
    "solve": "derivatives.linear",
    "check_gradients": "trust.checks", "compile": "batch.compiled", "finite_difference": "trust.differences",
    "draw": "picture", "draw_dot": "picture", "explain": "picture", "label_text": "picture", "step": "picture",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _LATER:
        found = globals()[name] = getattr(import_module(f"autograd.{_LATER[name]}"), name)
        return found
    if name == "testing":
        try:
            return import_module("autograd.testing")
        except ImportError as error:
            raise AttributeError(str(error)) from None
    if (row := columns.find(name)) is not None:  # entered later
        return row
    why = f": {_REFUSED[name]}" if name in _REFUSED else ""
    raise AttributeError(f"module 'autograd' has no attribute {name!r}{why}")


_ONE_EXAMPLE = "a number that records is Value(2.0); a function sees one example, and compile(f) takes a batch"
_REFUSED = {  # names of `math` that are no functions of a Value, then those of other libraries; and what to write
    "comb": "it is of whole numbers; exp(-lbeta(k + 1, n - k + 1)) / (n + 1) is its smooth extension",
    "factorial": "it is of whole numbers; gamma(x + 1) is its smooth extension",
    "fma": "write x * y + z",
    "frexp": "its results are parts of a double, one of them a whole number; take math.frexp(v.data)",
    "fsum": "write sum(xs)",
    "gcd": "it is of whole numbers; take math.gcd of .data",
    "isclose": "compare the numbers: math.isclose(v.data, w.data)",
    "isfinite": "ask the number: math.isfinite(v.data)",
    "isinf": "ask the number: math.isinf(v.data)",
    "isnan": "ask the number: math.isnan(v.data)",
    "isqrt": "it is of whole numbers; floor(sqrt(x)) is that of a Value",
    "lcm": "it is of whole numbers; take math.lcm of .data",
    "modf": "write trunc(x) and x - trunc(x)",
    "nextafter": "it is about the representation of a double; take math.nextafter(v.data, towards)",
    "perm": "it is of whole numbers; gamma(n + 1) / gamma(n - k + 1) is its smooth extension",
    "pow": "write x ** y",
    "sumprod": "write dot(p, q)",
    "ulp": "it is about the representation of a double; take math.ulp(v.data)",
    "Tensor": _ONE_EXAMPLE,
    "Variable": "a number that records is Value(2.0)",
    "elementwise_grad": "write compile(grad(f))(xs)",
    "hessian_vector_product": "write hvp(f, xs, vs)",
    "jacfwd": "write jacobian(f), which chooses the mode",
    "jacrev": "write jacobian(f), which chooses the mode",
    "jit": "write compile(f)",
    "ln": "write log(x)",
    "make_jvp": "write jvp(f, xs, vs)",
    "make_vjp": "write vjp(f, *xs)",
    "numpy": "numpy's own functions take Values: import numpy",
    "softmax": "write nn.softmax(xs)",
    "tensor": _ONE_EXAMPLE,
    "vmap": "write compile(f), which takes a batch",
    "zero_grad": "write v.grad = 0.0, or model.zero_grad()",
}


def _shown(value: Value, include: Any = None, exclude: Any = None) -> dict[str, str]:
    """At the end of a notebook's cell a Value shows its graph."""
    from autograd.picture import mimebundle

    return mimebundle(value)


bind(_repr_mimebundle_=_shown)


def __dir__() -> list[str]:
    return sorted({*__all__, *_ALSO, "__version__", "engine", "testing"})


__all__ = [  # noqa: RUF022
    "Argument", "Value", "assign", "label", "numbers",
    # derivatives of functions
    "check_gradients", "custom", "finite_difference", "grad", "gradient", "hessian", "hvp", "jacobian", "jvp",
    "value_and_grad", "vjp",
    # loops
    "fori", "rk4", "scan", "while_loop",
    # functions given by equations
    "argmin", "fixed_point", "root", "solve",
    # graphs and their pictures
    "dependencies", "draw", "draw_dot", "explain", "label_text", "step", "topological_order",
    # recording
    "detect_anomaly", "differentiating", "no_grad", "primitive",
]  # fmt: skip
__all__ += functions.__all__
__all__ += [name for name in face.__all__ if name not in functions.__all__]  # the rows of the table that are functions
# `from autograd import *` leaves Python's own functions alone: import these by name.
_ALSO = ["compile", *[name for name in __all__ if hasattr(builtins, name)]]
__all__ = [name for name in __all__ if name not in _ALSO]
