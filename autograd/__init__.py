"""A tiny scalar autograd engine: one table of primitives, one graph, many readings.

```python
    from autograd import Value
    w, a, b, y = Value(2.0, label="w"), Value(0.5, label="a"), Value(-0.3, label="b"), Value(1.0, label="y")
    C = ((w * a + b).sigmoid() - y) ** 2
    C.backward()
    w.grad                       # ∂C/∂w
```
"""

from typing import TYPE_CHECKING, Any

from autograd.core.engine import engine as engine
from autograd.core.extension import primitive
from autograd.core.functions import affine, dot, elu, leaky_relu, logsumexp, mean, sum
from autograd.core.modes import detect_anomaly, differentiating, no_grad
from autograd.derivatives.transforms import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp

from autograd.core.primitives import (  # isort: skip
    acos, asin, atan, atan2, cos, cosh, equal, erf, erfc, exp, expm1, gelu, hypot, log, log1p, maximum, minimum, relu,
    sigmoid, silu, sin, sinh, softplus, sqrt, stop_gradient, tan, tanh, where,
)  # fmt: skip
from autograd.core.value import Argument, Value, assign, label, numbers

if TYPE_CHECKING:
    from autograd.batch.compiled import compile
    from autograd.picture import draw, draw_dot, explain, step
    from autograd.trust.checks import check_gradients

_LATER = {  # what recording and differentiating do not need loads on first use
    "check_gradients": "trust.checks", "compile": "batch.compiled",
    "draw": "picture", "draw_dot": "picture", "explain": "picture", "step": "picture",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'autograd' has no attribute {name!r}")
    from importlib import import_module

    found = globals()[name] = getattr(import_module(f"autograd.{_LATER[name]}"), name)
    return found


__all__ = [  # noqa: RUF022
    "Argument", "Value", "assign", "label", "numbers",
    # functions of numbers or Values
    "acos", "affine", "asin", "atan", "atan2", "cos", "cosh", "dot", "elu", "equal", "erf", "erfc", "exp", "expm1",
    "gelu", "hypot", "leaky_relu", "log", "log1p", "logsumexp", "maximum", "mean", "minimum", "relu", "sigmoid", "silu",
    "sin", "sinh", "softplus", "sqrt", "sum", "tan", "tanh", "where",
    # derivatives of functions
    "check_gradients", "grad", "hessian", "hvp", "jacobian", "jvp", "value_and_grad", "vjp",
    # whole batches, natively
    "compile",
    # pictures
    "draw", "draw_dot", "explain", "step",
    # recording
    "detect_anomaly", "differentiating", "no_grad", "primitive", "stop_gradient",
]  # fmt: skip
