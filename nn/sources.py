"""Models from other libraries, as models of this one: the same numbers, layer by layer, to go on with here.

Nothing of those libraries is imported: an estimator is known by its fitted attributes, a torch module by its class's
name. What does not fit is refused by name, never approximated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from autograd import assign
from autograd.core.words import counted
from nn.activations import LINEAR
from nn.layers import MLP, Layer, Sequential
from nn.losses import softmax
from nn.modules import Module


class _Linear(NamedTuple):
    weights: list[list[float]]  # a row for each neuron
    biases: list[float]
    activation: str


_SKLEARN = {"relu": "relu", "tanh": "tanh", "logistic": "sigmoid", "identity": LINEAR, "softmax": "softmax"}
_LINEAR = (
    "LogisticRegression", "LogisticRegressionCV", "LinearRegression", "Ridge", "RidgeCV", "Lasso", "LassoCV",
    "ElasticNet", "ElasticNetCV", "Lars", "BayesianRidge", "HuberRegressor", "SGDRegressor",
)  # fmt: skip
_FITS = "MLPClassifier, MLPRegressor, LogisticRegression and linear models such as LinearRegression and Ridge"


def from_sklearn(estimator: Any) -> Module:
    """A fitted scikit-learn estimator as a model: multilayer perceptrons, logistic and linear regression.

    A classifier gives probabilities, as its `predict_proba` does: that of the second class where there are two, else a
    list. A regressor gives what its `predict` does. TypeError for any other estimator, ValueError for one not fitted.
    """
    name = type(estimator).__name__
    if hasattr(estimator, "coefs_") and hasattr(estimator, "out_activation_"):
        hidden, last = _named(name, estimator.activation), _named(name, estimator.out_activation_)
        pairs = [*zip(estimator.coefs_, estimator.intercepts_, strict=True)]
        layers = [
            _Linear(_listed(W.T), _listed(b), last if i == len(pairs) - 1 else hidden) for i, (W, b) in enumerate(pairs)
        ]
        return _model(layers)
    if name.startswith("MLP") or (hasattr(estimator, "fit") and not hasattr(estimator, "coef_") and name in _LINEAR):
        raise ValueError(f"from_sklearn: this {name} is not fitted; call its fit first")
    if name not in _LINEAR or not hasattr(estimator, "coef_"):
        raise TypeError(f"from_sklearn: {name} is not a model of layers; what fits are {_FITS}")
    weights, biases = _listed(estimator.coef_), _listed(estimator.intercept_)
    weights = weights if isinstance(weights[0], list) else [weights]
    biases = biases if isinstance(biases, list) else [biases] * len(weights)
    classes = name.startswith("LogisticRegression")
    return _model([_Linear(weights, biases, LINEAR if not classes else "softmax" if len(weights) > 1 else "sigmoid")])


def _named(where: str, activation: str) -> str:
    if activation not in _SKLEARN:
        raise TypeError(f"from_sklearn: {where} has the activation {activation!r}; what fits are {', '.join(_SKLEARN)}")
    return _SKLEARN[activation]


def from_torch(sequential: Any) -> Module:
    """A `torch.nn.Sequential` of Linear layers and activations as a model; its weights exactly, in double precision.

    Activations: ReLU, Tanh, Sigmoid, SiLU, GELU, LeakyReLU(0.01), ELU(1), Identity, and Softmax at the end. Dropout is
    left out of a module in `eval()`. TypeError, naming the module and its place, for everything else; Softplus too,
    as torch's is a straight line above its threshold.
    """
    if type(sequential).__name__ != "Sequential":
        raise TypeError(f"from_torch: expected a torch.nn.Sequential, got {type(sequential).__name__}")
    layers: list[_Linear] = []
    for place, module in enumerate(sequential):
        kind = type(module).__name__
        if kind == "Linear":
            weights = _listed(module.weight)
            biases = [0.0] * len(weights) if module.bias is None else _listed(module.bias)
            layers.append(_Linear(weights, biases, LINEAR))
            continue
        fits = _TORCH.get(kind)
        if fits is None or not fits[1](module) or not layers or layers[-1].activation != LINEAR:
            raise TypeError(
                f"from_torch: module {place}, {module!r}, does not fit; what does are Linear, each with one of "
                f"{', '.join(_TORCH)} behind it"
            )
        layers[-1] = layers[-1]._replace(activation=fits[0])
    if not layers:
        raise TypeError("from_torch: there is no Linear layer in it")
    return _model(layers)


def _always(module: Any) -> bool:
    return True


_TORCH: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "ReLU": ("relu", _always),
    "Tanh": ("tanh", _always),
    "Sigmoid": ("sigmoid", _always),
    "SiLU": ("silu", _always),
    "GELU": ("gelu", lambda m: m.approximate == "none"),
    "LeakyReLU": ("leaky_relu", lambda m: m.negative_slope == 0.01),
    "ELU": ("elu", lambda m: m.alpha == 1.0),
    "Identity": (LINEAR, _always),
    "Dropout": (LINEAR, lambda m: not m.training),
    "Softmax": ("softmax", lambda m: m.dim in (1, -1)),
}


def _model(layers: Sequence[_Linear]) -> Module:
    """An MLP where all hidden layers have one activation, else layers in a row; a softmax stands behind them."""
    for k, (here, behind) in enumerate(pairwise(layers), 1):
        if len(behind.weights[0]) != len(here.weights):
            raise ValueError(
                f"layer {k} has {counted(len(here.weights), 'output')}, layer {k + 1} "
                f"{counted(len(behind.weights[0]), 'input')}"
            )
        if here.activation == "softmax":
            raise TypeError(f"the softmax of layer {k} does not fit: only the last layer may have one")
    last = layers[-1]
    soft = last.activation == "softmax"
    output = LINEAR if soft else last.activation
    hidden = {layer.activation for layer in layers[:-1]}
    nin, nouts = len(layers[0].weights[0]), [len(layer.weights) for layer in layers]
    model: Module
    if len(hidden) > 1:
        names = [layer.activation for layer in layers[:-1]] + [output]
        shapes = zip(pairwise([nin, *nouts]), names, strict=True)
        steps = [Layer(n, m, name, seed=0) for (n, m), name in shapes]
        model = Sequential(*steps, softmax) if soft else Sequential(*steps)
        values = [p for step in steps for p in step.parameters()]
    else:
        mlp = MLP(nin, nouts, hidden.pop() if hidden else output, output, seed=0)
        values = mlp.parameters()
        model = Sequential(mlp, softmax) if soft else mlp
    assign(
        values, [x for layer in layers for row, b in zip(layer.weights, layer.biases, strict=True) for x in (*row, b)]
    )
    return model


def _listed(numbers: Any) -> Any:
    """The numbers of an array or a tensor as (nested lists of) floats."""
    if hasattr(numbers, "detach"):
        numbers = numbers.detach().cpu()
    return numbers.tolist() if hasattr(numbers, "tolist") else numbers
