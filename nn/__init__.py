"""Small neural networks on scalar Values: modules, losses, optimizers, and `fit`.

```python
    import nn
    X, Y = nn.data.moons(100, seed=1337)
    model = nn.MLP(2, [16, 16, 1])
    nn.fit(model, X, Y, loss=nn.hinge, optimizer=nn.SGD(model.parameters(), lr=0.5), epochs=100)
```
"""

from nn.layers import MLP, Layer, Neuron, Sequential
from nn.losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    hinge,
    l2,
    mse,
    softmax,
    squared_error,
)
from nn.modules import Module
from nn.optimizers import SGD, Adam, AdamW

__all__ = [  # noqa: RUF022
    # modules
    "Module", "Neuron", "Layer", "MLP", "Sequential",
    # losses
    "squared_error", "mse", "binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy", "hinge", "l2",
    "softmax",
    # optimizers
    "SGD", "Adam", "AdamW",
]  # fmt: skip
