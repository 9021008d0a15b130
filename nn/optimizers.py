"""How a gradient becomes a step: SGD with momentum, Adam, AdamW. The arithmetic is torch's, term for term.

A rule is one formula of a parameter, its gradient and what is remembered of earlier steps. It reads on floats, one
parameter at a time, on whole numpy arrays, and on Values: there `compile` makes machine code of it, for all parameters
at once. The bits are the same: IEEE arithmetic is the same everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, lru_cache
from importlib.util import find_spec
from typing import Any, NamedTuple

from autograd import Value, assign, numbers, sqrt
from autograd import norm as norm_of
from autograd.core.words import counted

Rate = float | Callable[[int], float]
Rule = Any  # rule(sqrt, p, g, *memories, *rates): p after the step, and the memories
ENOUGH = 100  # steps of all optimizers, after which machine code is made for a rule
RULES = 32  # that are kept: one with other settings, or made anew, at each step is another rule at each


class Optimizer:
    """Parameters, a learning rate (a number, or a function of the step 0, 1, 2, …) and what the rule remembers.

        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    A subclass gives `remembers`, the names of its memories (0 at first), `_rule` and, beside the learning rate, what
    changes from step to step: `_rates`. Or a `step()` of its own, which moves the parameters by their `.grad`.
    """

    remembers: tuple[str, ...] = ()

    def __init__(self, parameters: Iterable[Value], lr: Rate) -> None:
        if not hasattr(parameters, "__iter__"):
            raise TypeError(
                f"{type(self).__name__}: the parameters are a list, such as model.parameters(), not {parameters!r:.60}"
            )
        self.parameters = list(parameters)
        if not self.parameters:
            raise ValueError(f"{type(self).__name__}: there are no parameters to optimize")
        if len({*self.parameters}) < len(self.parameters):
            raise ValueError(f"{type(self).__name__}: a parameter is listed twice; it would be moved twice a step")
        for p in self.parameters:
            if not isinstance(p, Value) or p.op:
                raise TypeError(f"{type(self).__name__}: {p!r} is not a parameter (a Value that was not computed)")
        if not callable(lr):
            at_least_0(type(self).__name__, "lr", lr)
        self.lr = lr
        self.steps = 0
        self._memories: list[Any] = [[0.0] * len(self.parameters) for _ in self.remembers]

    def zero_grad(self) -> None:
        """Forget the gradients: `backward()` adds to them, so call this between steps."""
        for p in self.parameters:
            p.grad = 0.0

    def step(self, gradient: Any = None) -> None:
        """Move every parameter by its `.grad`, or by gradients (a list, an array) in the order of the parameters."""
        if gradient is None:
            gradient = [p.grad for p in self.parameters]
        count = len(self.parameters)
        if isinstance(gradient, list | tuple):
            start: Any = numbers(self.parameters)
            shape: tuple[int, ...] = (len(gradient),)
        else:
            import numpy as np

            start, gradient = numbers(self.parameters, np.empty(count)), np.asarray(gradient, dtype=float)
            shape = gradient.shape
        if shape != (count,):
            raise ValueError(f"{type(self).__name__}: a gradient of shape {shape} for {counted(count, 'parameter')}")
        assign(self.parameters, self.moved(start, gradient))

    def moved(self, start: Any, gradient: Any) -> Any:
        """Where the next step takes parameters from `start`; both are lists, or both numpy arrays."""
        name, lr = (f"lr({self.steps})", self.lr(self.steps)) if callable(self.lr) else ("lr", self.lr)
        lr = at_least_0(type(self).__name__, name, lr)
        self.steps += 1
        rule, rates = self._rule(), self._rates(lr)
        if isinstance(start, list):
            memories = [list(map(float, m)) for m in self._memories]
            each = [rule(math.sqrt, *line, *rates) for line in zip(start, gradient, *memories, strict=True)]
            end, *self._memories = map(list, zip(*each, strict=True))
        else:
            end, *self._memories = on_arrays(rule)(start, gradient, *self._memories, *rates)
        return end

    def _rule(self) -> Rule:
        raise NotImplementedError

    def _rates(self, lr: float) -> tuple[float, ...]:
        """What the rule takes beside a parameter, its gradient and its memories."""
        return (lr,)

    def state_dict(self) -> dict[str, Any]:
        """The step count and the memories, as plain numbers: all that another run needs to go on from here."""
        memories = {name: list(map(float, m)) for name, m in zip(self.remembers, self._memories, strict=True)}
        return {"optimizer": type(self).__name__, "steps": self.steps, **memories}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state_dict`; ValueError when it is another optimizer's, or of other parameters."""
        if state.get("optimizer") != type(self).__name__:
            raise ValueError(f"the state is that of {state.get('optimizer')}, not of {type(self).__name__}")
        memories = [list(map(float, state[name])) for name in self.remembers]
        wanted = counted(len(self.parameters), "parameter")
        for name, m in zip(self.remembers, memories, strict=True):
            if len(m) != len(self.parameters):
                raise ValueError(f"the state has {counted(len(m), 'number')} in {name!r} for {wanted}")
        self.steps, self._memories = int(state["steps"]), memories

    def method(self) -> str:
        """The rule and its settings, as Adam(lr=0.01, betas=(0.9, 0.999), …); of a schedule the name."""
        rule = self._rule()
        settings = {"lr": self._rate(), **(rule._asdict() if hasattr(rule, "_asdict") else {})}
        return f"{type(self).__name__}({', '.join([f'{name}={x}' for name, x in settings.items()])})"

    def _rate(self) -> Any:
        """For reading."""
        return getattr(self.lr, "__name__", "lr(step)") if callable(self.lr) else float(self.lr)

    def __repr__(self) -> str:
        lr = self._rate()
        n, k = counted(len(self.parameters), "parameter"), counted(self.steps, "step")
        return f"{type(self).__name__}({n}, lr={lr}, {k} taken)"


class OnArrays:
    """A rule as a function of arrays (memories may be lists) and rates, to an array for each result: by numpy, until it
    has been used so often that machine code pays."""

    def __init__(self, rule: Rule) -> None:
        self.rule, self.uses = rule, 0
        self.enough = ENOUGH if find_spec("llvmlite") else math.inf

    @cached_property
    def native(self) -> Any:
        from autograd import compile

        rule = self.rule
        return compile(lambda *given: rule(sqrt, *given))

    def __call__(self, *given: Any) -> Any:
        if self.uses >= self.enough:
            return self.native(*given)
        import numpy as np

        self.uses += 1
        return self.rule(np.sqrt, *map(np.asarray, given))


on_arrays = lru_cache(RULES)(OnArrays)


class Descent(NamedTuple):
    """p − lr · v."""

    momentum: float
    nesterov: bool
    weight_decay: float

    def __call__(self, sqrt: Any, p: Any, g: Any, velocity: Any, lr: Any) -> tuple[Any, ...]:
        if self.weight_decay:
            g = g + self.weight_decay * p
        if self.momentum:
            velocity = self.momentum * velocity + g
            g = g + self.momentum * velocity if self.nesterov else velocity
        return p - lr * g, velocity


class Moments(NamedTuple):
    """p − rate · m / (√v / scale + eps). Weight decay is part of the gradient, or `apart` from it."""

    betas: tuple[float, float]
    eps: float
    weight_decay: float
    apart: bool

    def __call__(
        self, sqrt: Any, p: Any, g: Any, mean: Any, square: Any, lr: Any, rate: Any, scale: Any
    ) -> tuple[Any, ...]:
        beta1, beta2 = self.betas
        if self.weight_decay and self.apart:
            p = p * (1 - lr * self.weight_decay)
        elif self.weight_decay:
            g = g + self.weight_decay * p
        mean = mean + (1 - beta1) * (g - mean)
        square = beta2 * square + (1 - beta2) * (g * g)
        return p - rate * (mean / (sqrt(square) / scale + self.eps)), mean, square


class SGD(Optimizer):
    """p ← p − lr · v, with v ← momentum · v + g and g ← g + weight_decay · p. Nesterov: g + momentum · v."""

    remembers = ("velocity",)

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: Rate,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr)
        self.momentum = at_least_0("SGD", "momentum", momentum, below=1.0)
        self.weight_decay = at_least_0("SGD", "weight_decay", weight_decay)
        if nesterov and not self.momentum:
            raise ValueError("SGD: nesterov=True needs a momentum above 0")
        self.nesterov = nesterov

    def _rule(self) -> Rule:
        return Descent(self.momentum, self.nesterov, self.weight_decay)


class Adam(Optimizer):
    """p ← p − lr · m̂ / (√v̂ + eps), m and v the running means of g and g², the hats their correction for starting at 0
    (Kingma & Ba 2015).

    weight_decay adds weight_decay · p to the gradient, as L2 does; `AdamW` shrinks the parameter instead.
    """

    remembers = ("mean", "square")
    _apart = False

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: Rate = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        name = type(self).__name__
        super().__init__(parameters, lr)
        self.eps = at_least_0(name, "eps", eps)
        self.weight_decay = at_least_0(name, "weight_decay", weight_decay)
        if not isinstance(betas, tuple | list) or len(betas) != 2:
            raise ValueError(f"{name}: betas are {betas!r}; there are two")
        beta1, beta2 = [at_least_0(name, f"beta {k}", beta, below=1.0) for k, beta in enumerate(betas, 1)]
        self.betas = beta1, beta2

    def _rule(self) -> Rule:
        return Moments(self.betas, self.eps, self.weight_decay, self._apart)

    def _rates(self, lr: float) -> tuple[float, ...]:
        beta1, beta2 = self.betas
        return lr, lr / (1 - beta1**self.steps), math.sqrt(1 - beta2**self.steps)


class AdamW(Adam):
    """Adam whose weight decay shrinks the parameter by lr · weight_decay, apart from the gradient.

    (Loshchilov & Hutter 2019.)
    """

    _apart = True

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: Rate = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(parameters, lr, betas, eps, weight_decay)


def at_least_0(owner: str, name: str, given: Any, below: float = math.inf) -> float:
    """A setting as a float; ValueError where it is no number of that range."""
    if not hasattr(given, "__float__") or not 0.0 <= float(given) < below:
        limit = f" and below {below:g}" if below < math.inf else ""
        raise ValueError(f"{owner}: {name} is {given!r}; it must be a number, 0 or more{limit}")
    return float(given)


def clip_gradients(parameters: Iterable[Value], norm: float) -> float:
    """Scale every `.grad` so that the norm of them all, √ Σ grad², is `norm` at most (Pascanu, Mikolov & Bengio 2013).

    Returns what the norm was. Between `loss.backward()` and `optimizer.step()`; a gradient that is inf or nan stays.
    """
    if not norm > 0.0:
        raise ValueError(f"clip_gradients: the norm is positive, got {norm!r}")
    parameters = list(parameters)
    was = norm_of([p.grad for p in parameters])
    if norm < was < math.inf:
        for p in parameters:
            p.grad *= norm / was
    return float(was)
