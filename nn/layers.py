"""Neuron, Layer, MLP: z = w·a + b as one node, a = σ(z), and the same again.

Everything is labelled where it is made: w_{12}^(1) weighs input 2 of neuron 1 in layer 1, and z_1^(1), a_1^(1) are what
that neuron computes. The drawings, the derivations and the error messages use these names.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, Never, NoReturn

from autograd import Value, affine, dot, label
from autograd.core.words import counted
from nn.activations import LINEAR, activation, bound, generator
from nn.modules import Module

if TYPE_CHECKING:

    class Outputs(Value, Sequence[Value]):
        """What a type checker knows of a layer's result: a Value, or for several neurons a list of them."""


class Names(NamedTuple):
    """What the z and the a of some neurons are called; a linear one's a is its z."""

    z: list[str]
    a: list[str]


class Neuron(Module):
    """a = σ(w·x + b). Weights are uniform(−1, 1) from Python's `random` and the bias is 0, unless said otherwise.

    activation  a name ("relu", "sigmoid", "linear", …) or a function of z; `nonlin=False` is micrograd's "linear"
    init        "uniform" (−1, 1), "he" or "xavier";    seed, rng    where the random numbers come from
    """

    __slots__ = ("_activate", "_activation", "_names", "b", "w")  # read in half the time of a dict's

    def __init__(
        self,
        nin: int,
        activation: Any = "relu",
        *,
        nonlin: bool | None = None,
        init: str = "uniform",
        seed: int | None = None,
        rng: Any = None,
        _nout: int = 1,
    ) -> None:
        _positive(nin, "Neuron", "inputs")
        limit, uniform = bound(init, nin, _nout), generator(seed, rng).uniform
        self.w = [Value(uniform(-limit, limit)) for _ in range(nin)]
        self.b = Value(0.0)
        self._activation = _chosen(activation, nonlin)
        self._activate = _function(self._activation, "Neuron")
        self._set_labels()

    @property
    def activation(self) -> Any:
        """Its name, or a function of z."""
        return self._activation

    @activation.setter
    def activation(self, other: Any) -> None:
        raise AttributeError(f"{self!r}: its activation is chosen where it is made: Neuron({len(self.w)}, {other!r})")

    def _set_labels(self, index: int | None = None, layer: str | None = None) -> None:
        """Name w, b, z and a as those of neuron `index` in layer `layer`."""
        of = () if index is None else (index,)
        single = index is None and len(self.w) == 1
        for k, w in enumerate(self.w, 1):
            w.label = _label("w", () if single else (*of, k), layer)
        self.b.label = _label("b", of, layer)
        z = _label("z", of, layer)
        self._names = Names([z], [z if self._activate is None else _label("a", of, layer)])

    def __call__(self, x: Any, *others: Never) -> Value:
        if others:
            _refuse_several(self, x, *others)
        return _responses([self], [dot(self.w, _inputs(x, len(self.w), self), self.b)], self._names)[0]

    def _attributes(self) -> dict[str, Any]:
        return {"w": self.w, "b": self.b, **vars(self)}

    def architecture(self) -> dict[str, Any] | None:
        if callable(self.activation):
            return None
        return {"module": "Neuron", "nin": len(self.w), "activation": self.activation}

    def _shape(self) -> str:
        return f"{len(self.w)} → 1 {_name(self.activation)}"


class Layer(Module):
    """nout neurons on the same nin inputs: a list of their outputs, or the output itself when there is one."""

    def __init__(
        self,
        nin: int,
        nout: int,
        activation: Any = "relu",
        *,
        nonlin: bool | None = None,
        init: str = "uniform",
        seed: int | None = None,
        rng: Any = None,
    ) -> None:
        _positive(nin, "Layer", "inputs")
        _positive(nout, "Layer", "neurons")
        rng = generator(seed, rng)
        activation = _chosen(activation, nonlin)
        _function(activation, f"Layer({nin}, {nout})")
        self.neurons = [Neuron(nin, activation, init=init, rng=rng, _nout=nout) for _ in range(nout)]
        self._number: str | None = None
        self._set_labels(None)

    def _set_labels(self, number: str | None) -> None:
        """Name everything in it as belonging to layer `number`."""
        self._number, self._labelled = number, [*self.neurons]
        self._own = any([type(neuron).__call__ is not Neuron.__call__ for neuron in self.neurons])
        for index, neuron in enumerate(self.neurons, 1):
            neuron._set_labels(index, number)
        named = [n._names for n in self.neurons]
        self._names = Names([z for names in named for z in names.z], [a for names in named for a in names.a])

    def __call__(self, x: Any, *others: Never) -> Outputs:
        if others:
            _refuse_several(self, x, *others)
        neurons = self.neurons
        if neurons != self._labelled:  # some were taken out, added or replaced
            self._set_labels(self._number)
        if self._own:  # what they compute, they say themselves
            out: Any = [neuron(x) for neuron in neurons]
        else:
            zs = affine([n.w for n in neurons], _inputs(x, len(neurons[0].w), self), [n.b for n in neurons])
            out = _responses(neurons, zs, self._names)
        return out[0] if len(out) == 1 else out

    def _attributes(self) -> dict[str, Any]:
        return {name: x for name, x in vars(self).items() if name != "_labelled"}

    def architecture(self) -> dict[str, Any] | None:
        neuron = self.neurons[0].architecture()
        return neuron and {**neuron, "module": "Layer", "nout": len(self.neurons)}

    def _shape(self) -> str:
        return f"{len(self.neurons[0].w)} → {len(self.neurons)} {_name(self.neurons[0].activation)}"


class Sequential(Module):
    """Modules, or any functions, one after another.

    For labels, the layers among them are numbered from 1, and so are those of a Sequential among them, after its own
    number: w_{12}^(3,1) is of layer 1 in the third.
    """

    def __init__(self, *steps: Any) -> None:
        if not steps:
            raise ValueError("Sequential of nothing: give at least one module or function")
        for step in steps:
            if not callable(step):
                raise TypeError(f"Sequential: {step!r} cannot be called; give modules or functions")
        self.layers = list(steps)
        self._set_labels(None)

    def _set_labels(self, number: str | None) -> None:
        """Name everything in it as belonging to module `number`."""
        for k, step in enumerate([s for s in self.layers if isinstance(s, Layer | Sequential)], 1):
            step._set_labels(f"{k}" if number is None else f"{number},{k}")

    def __call__(self, x: Any, *others: Never) -> Outputs:
        if others:
            _refuse_several(self, x, *others)
        for layer in self.layers:
            x = layer(x)
        return x

    def architecture(self) -> dict[str, Any] | None:
        steps = [s.architecture() if isinstance(s, Module) else None for s in self.layers]
        return None if None in steps else {"module": type(self).__name__, "steps": steps}

    def _shape(self) -> str:
        return ", ".join(
            f"{type(s).__name__}({s._shape()})" if isinstance(s, Module) else _name(s) for s in self.layers
        )


class MLP(Sequential):
    """Layers of `nouts` neurons on `nin` inputs: `activation` in the hidden ones, `output` in the last.

    nn.MLP(2, [16, 16, 1]) is micrograd's; nn.MLP(1, [1, 1, 1], activation="sigmoid", output="sigmoid") the lecture's.
    """

    def __init__(
        self,
        nin: int,
        nouts: Iterable[int],
        activation: Any = "relu",
        output: Any = LINEAR,
        *,
        init: str = "uniform",
        seed: int | None = None,
        rng: Any = None,
    ) -> None:
        if isinstance(nouts, int) or not (sizes := [nin, *nouts])[1:]:
            raise ValueError(f"MLP: nouts is {nouts!r}; give the size of each layer, as in MLP(2, [16, 16, 1])")
        rng = generator(seed, rng)
        _positive(nin, "MLP", "inputs")
        for number, size in enumerate(sizes[1:], 1):
            _positive(size, f"MLP{tuple(sizes)}: layer {number}", "neurons")
        of_layers = [activation] * (len(sizes) - 2) + [output]
        for number, given in enumerate(of_layers, 1):
            _function(given, f"MLP, layer {number}")
        _function(activation, "MLP")  # where no layer is hidden, too
        shapes = zip(pairwise(sizes), of_layers, strict=True)
        super().__init__(*[Layer(n, m, given, init=init, rng=rng) for (n, m), given in shapes])

    def architecture(self) -> dict[str, Any] | None:
        first, last = self.layers[0].neurons[0], self.layers[-1].neurons[0]
        if callable(first.activation) or callable(last.activation):
            return None
        nouts = [len(layer.neurons) for layer in self.layers]
        return {
            "module": "MLP", "nin": len(first.w), "nouts": nouts,
            "activation": first.activation if len(nouts) > 1 else last.activation, "output": last.activation,
        }  # fmt: skip

    def _shape(self) -> str:
        first = self.layers[0].neurons[0]
        return f"{len(first.w)} → " + " → ".join(
            f"{len(layer.neurons)} {_name(layer.neurons[0].activation)}" for layer in self.layers
        )


def _responses(neurons: Sequence[Neuron], zs: Sequence[Value], names: Names) -> list[Any]:
    """a = σ(z) of each neuron, both labelled, in the fewest steps: an eager network spends its time here."""
    label(zs, names.z)
    functions = [n._activate for n in neurons]
    if (activate := functions[0]) is not None and functions.count(activate) == len(functions):
        out = list(map(activate, zs))
    else:
        out = [z if activate is None else activate(z) for activate, z in zip(functions, zs, strict=True)]
    try:
        label(out, names.a)
    except TypeError:
        neuron, a = next(pair for pair in zip(neurons, out, strict=True) if not isinstance(pair[1], Value))
        raise TypeError(f"{neuron!r}: its activation returned {a!r:.60}, not a Value computed from z") from None
    return out


def _inputs(x: Any, nin: int, module: Neuron | Layer) -> Sequence[Any]:
    """x as a sequence of nin inputs; one number alone is the input of a module that takes one."""
    if x.__class__ is list and len(x) == nin and x[0].__class__ is not list:
        return x
    if hasattr(x, "tolist"):  # numpy's
        x = x.tolist()
    if isinstance(x, dict | set | str | bytes):
        raise TypeError(f"{module!r} takes a list of numbers, got {type(x).__name__}")
    if not hasattr(x, "__len__"):
        x = [x]
    examples = isinstance(x, list | tuple) and any(isinstance(row, list | tuple) for row in x)
    if len(x) != nin or examples:
        number = getattr(module, "_number", None)
        which = f"layer {number}, {module!r}," if number else f"{module!r}"
        remedy = " lists; of several examples write [model(x) for x in X]" if examples else ""
        raise ValueError(f"{which} takes {counted(nin, 'input')}, got {len(x)}{remedy}")
    return x


def _refuse_several(module: Module, *given: Any) -> NoReturn:
    """Of what was called with one argument for each input."""
    numbers = all([isinstance(x, int | float) for x in given])
    written = repr([*given]) if numbers and len(given) <= 4 else "[x₁, x₂, …]"
    raise TypeError(f"{module!r} takes its inputs as one list, got {len(given)} arguments; write model({written})")


def _label(symbol: str, indices: tuple[int, ...], layer: str | None) -> str:
    """w, w_1, w_{12}, w_{1,12}, each perhaps with ^(layer)."""
    index = ("," if any(i > 9 for i in indices) else "").join(map(str, indices))
    below = f"_{{{index}}}" if len(index) > 1 else f"_{index}" if index else ""
    return f"{symbol}{below}" + ("" if layer is None else f"^({layer})")


def _chosen(named: Any, nonlin: bool | None) -> Any:
    """The activation asked for, in this library's form or in micrograd's `nonlin`."""
    if isinstance(named, bool):  # Neuron(2, False)
        named, nonlin = "relu", named
    return LINEAR if nonlin is False else named


_function = activation  # `activation` is also the name of an argument above


def _name(activation: Any) -> str:
    return activation if isinstance(activation, str) else getattr(activation, "__name__", type(activation).__name__)


def _positive(size: Any, where: str, what: str) -> None:
    if not isinstance(size, int) or isinstance(size, bool) or size < 1:
        raise ValueError(f"{where} needs a whole number of {what}, 1 or more, got {size!r}")
