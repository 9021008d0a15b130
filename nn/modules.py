"""A module is an object with parameters: the leaves it holds, directly or inside its lists, dicts, arrays and modules.

Nothing is registered. The parameters are found by looking, in the order in which the attributes were set:

    class Line(nn.Module):
        def __init__(self):
            self.slope, self.intercept = Value(1.0, label="m"), Value(0.0, label="c")

        def __call__(self, x):
            return self.slope * x + self.intercept

    [name for name, p in Line().named_parameters()]        # ['slope', 'intercept']
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from autograd import Value
from autograd.core.words import counted

_ONE_MODE = "a model computes the same in training and after it"
_ELSEWHERE = {  # what torch and scikit-learn ask a model for, and what is written here
    "backward": "write cost = loss(model(x), y), then cost.backward()",
    "eval": _ONE_MODE,
    "fit": "write nn.fit(model, X, Y)",
    "forward": "write model(x)",
    "load": "write nn.load(path), which makes the model",
    "predict": "write nn.predict(model, X)",
    "score": "write nn.evaluate(model, X, Y)",
    "step": "it is the optimizer's: nn.SGD(model.parameters(), lr)",
    "train": f"{_ONE_MODE}; write nn.fit(model, X, Y)",
    "weights": "write model.parameters()",
}


class Module:
    """Subclass it, keep Values and modules in attributes, and say in `__call__` what it computes."""

    def parameters(self) -> list[Value]:
        """Every parameter once, in the order of the attributes; a shared one where it is met first. What a subclass
        leaves out here is not trained."""
        return list(_named(self))

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        """(name, parameter) pairs; the name is the path to it, as in "layers.0.neurons.2.b"."""
        return ((name, p) for p, name in _named(self).items())

    def zero_grad(self) -> None:
        """Forget the gradients: `backward()` adds to them, so call this between steps."""
        for p in self.parameters():
            p.grad = 0.0

    def state_dict(self) -> dict[str, float]:
        """The number of every parameter, by name. ValueError for one that is in none of the attributes."""
        named = _named(self)
        for k, p in enumerate(self.parameters()):
            if p not in named:
                raise ValueError(
                    f"state_dict: parameter {k} of {self!r}, {p!r}, has no name to be kept under: hold it in an "
                    "attribute, or in a list, dict, array or module there"
                )
        return {name: p.data for p, name in named.items()}

    def load_state_dict(self, state: Mapping[str, float]) -> None:
        """Set every parameter, or none: KeyError names what is missing or unknown."""
        named = {name: p for p, name in _named(self).items()}
        missing, unknown = [n for n in named if n not in state], [n for n in state if n not in named]
        if missing or unknown:
            wrong = [f"{what}: {_some(names)}" for what, names in (("missing", missing), ("unknown", unknown)) if names]
            raise KeyError(f"load_state_dict: the names are not those of {self!r}; {'; '.join(wrong)}")
        numbers = {name: Value(x).data for name, x in state.items()}
        for name, p in named.items():
            p.data = numbers[name]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write architecture and weights to a file, JSON or `.safetensors` by its extension; `nn.load` reads it."""
        from nn.files import save

        save(self, path)

    def architecture(self) -> dict[str, Any] | None:
        """What `nn.load` needs to build this module anew: plain data, or None when the class does not say."""
        return None

    if not TYPE_CHECKING:  # to type checkers, unknown names are unknown

        def __getattr__(self, name: str) -> Any:
            if name not in _ELSEWHERE or hasattr(type(self), name):
                return object.__getattribute__(self, name)  # says why not: it may be a property's own error
            said = f"{type(self).__name__!r} object has no attribute {name!r}: {_ELSEWHERE[name]}"
            raise AttributeError(said, name=name, obj=self)

    def _attributes(self) -> dict[str, Any]:
        """Where its parameters are looked for."""
        return vars(self)

    def _shape(self) -> str:
        """The architecture as `repr` shows it."""
        return ", ".join(name for name, value in vars(self).items() if _holds_parameters(value))

    def __repr__(self) -> str:
        count = len(_named(self))
        return f"{type(self).__name__}({self._shape()}; {counted(count, 'parameter')})"


def _named(root: Any) -> dict[Value, str]:
    """The parameters below root with their paths. A Value that was computed is not one: only leaves are."""
    found: dict[Value, str] = {}
    _look(root, "", found, {})
    return found


def _look(holder: Any, path: str, found: dict[Value, str], seen: dict[int, Any]) -> None:
    if id(holder) in seen:
        return
    seen[id(holder)] = holder  # a row of an array lives no longer than this, and another would get its id
    for key, x in items(holder):
        if isinstance(x, Value):
            if x not in found and not x.op:
                found[x] = f"{path}{key}"
        elif is_holder(x):
            _look(x, f"{path}{key}.", found, seen)


def is_holder(x: Any) -> bool:
    """Whether parameters are looked for in it."""
    return isinstance(x, Module | list | tuple | dict) or (getattr(x, "dtype", None) == "O" and x.ndim > 0)


def items(holder: Any) -> Any:
    """What a module, list, dict or array of objects holds, with the names or places there."""
    if isinstance(holder, Module):
        return holder._attributes().items()
    return holder.items() if isinstance(holder, dict) else enumerate(holder)


def _holds_parameters(x: Any) -> bool:
    return isinstance(x, Value) or (is_holder(x) and bool(_named(x)))


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
