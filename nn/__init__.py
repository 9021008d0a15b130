"""Small neural networks on scalar Values: modules, losses, optimizers, `fit`, files and examples.

```python
    import nn
    X, Y = nn.data.moons(200, seed=1)
    model = nn.MLP(2, [16, 16, 1], output="sigmoid")
    history = nn.fit(model, X, Y, loss=nn.binary_cross_entropy, epochs=200)
    model.save("moons.json")
```
"""

from typing import TYPE_CHECKING, NoReturn

from nn import clash as clash  # isort: skip
from nn import data
from nn.files import FileError, load
from nn.film import TrainingPage, watch
from nn.history import History
from nn.layers import MLP, Layer, Neuron, Sequential
from nn.losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    hinge,
    huber,
    l2,
    mse,
    softmax,
    squared_error,
)
from nn.modules import Module
from nn.optimizers import SGD, Adam, AdamW, clip_gradients
from nn.prediction import Evaluation, evaluate, predict
from nn.shards import Shards
from nn.sources import from_sklearn, from_torch
from nn.training import fit

__all__ = [  # noqa: RUF022
    # modules
    "Module", "Neuron", "Layer", "MLP", "Sequential",
    # losses
    "squared_error", "mse", "binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy", "hinge",
    "huber", "l2", "softmax",
    # optimizers
    "SGD", "Adam", "AdamW", "clip_gradients",
    # training and using a model
    "fit", "watch", "History", "TrainingPage", "Shards", "predict", "evaluate", "Evaluation",
    # files and examples
    "load", "FileError", "data", "from_sklearn", "from_torch",
]  # fmt: skip

_ELSEWHERE = {  # names of torch.nn, and what they are here
    "BCELoss": "binary_cross_entropy",
    "BCEWithLogitsLoss": "binary_cross_entropy_with_logits",
    "CrossEntropyLoss": "cross_entropy",
    "Linear": 'Layer(nin, nout, "linear")',
    "MSELoss": "mse",
    "Parameter": "an autograd.Value among a module's attributes",
    "ReLU": 'Layer(nin, nout, "relu")',
    "Sigmoid": 'Layer(nin, nout, "sigmoid")',
    "Softmax": "softmax",
    "Tanh": 'Layer(nin, nout, "tanh")',
}

if not TYPE_CHECKING:  # to type checkers, unknown names are unknown

    def __getattr__(name: str) -> NoReturn:
        why = f": write {_ELSEWHERE[name]}" if name in _ELSEWHERE else ""
        raise AttributeError(f"module 'nn' has no attribute {name!r}{why}")
