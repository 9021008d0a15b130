"""What both engines must compute with the same bits: run it with CHAINRULE_PURE=1 and without, and compare."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import autograd
import nn
from autograd import Value, detect_anomaly, grad, hessian, hvp, jvp, value_and_grad
from autograd.core import primitives
from autograd.core.columns import TABLE, Primitive

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
ROWS = sorted(row.name for row in vars(primitives).values() if isinstance(row, Primitive) and not row.by_call)


def show(what: str, numbers: list[float]) -> None:
    print(what, *[float(x).hex() for x in numbers])


def random_graph(rng: random.Random, leaves: list[Value], size: int) -> Value:
    """Every row of the table, constants among its operands, shared nodes and masks."""
    nodes = list(leaves)
    for _ in range(size):
        row = TABLE[rng.choice(ROWS)]
        arity = row.arity or rng.choice((1, 3, 5, 7))
        operands = [
            rng.choice(nodes) if rng.random() < 0.8 else rng.choice((0.0, 1.0, 2.0, -0.5)) for _ in range(arity)
        ]
        if any(isinstance(x, Value) for x in operands):
            z = row(*operands)
            nodes.append(z if abs(z.data) < 1e6 else z * 0.0)
    return autograd.sum(nodes[-7:])


def graphs() -> None:
    for seed in range(150):
        rng = random.Random(seed)
        leaves = [Value(rng.uniform(-2.0, 2.0)) for _ in range(4)]
        root = random_graph(rng, leaves, 30)
        root.backward()
        show(f"graph {seed}", [root.data, *[x.grad for x in leaves]])
        (root * root + leaves[0]).backward()
        show("again", [x.grad for x in leaves])


def bent() -> None:
    """Second derivatives at once, of every row that has any."""
    for seed in range(60):
        rng = random.Random(seed)
        graph = lambda xs, seed=seed: random_graph(random.Random(seed), xs, 30)
        at, v = ([rng.uniform(-2.0, 2.0) for _ in range(4)] for _ in range(2))
        show(f"bent {seed}", [h for line in hessian(graph)(at) for h in line] + hvp(graph, (at,), (v,)))


def derivatives() -> None:
    def f(x, y):
        return (x * y).exp() + (x - y).tanh() * x**3 + autograd.hypot(x, y)

    show("value_and_grad", [value_and_grad(f)(0.3, 0.7)[0], grad(f, argnums=1)(0.3, 0.7)])
    show("jvp", list(jvp(f, (0.3, 0.7), (1.0, -2.0))))
    g = lambda x: f(x[0], x[1]) * x[2].sigmoid() + autograd.dot(x, x)
    show("hessian", [a for line in hessian(g)([0.3, 0.7, -0.1]) for a in line])
    show("hvp", hvp(g, ([0.3, 0.7, -0.1],), ([1.0, 2.0, 3.0],)))
    show("third", [grad(grad(grad(lambda x: x.sin() * x.exp())))(0.4)])


def moons() -> None:
    rng = random.Random(5)
    points = [[rng.uniform(-1.0, 1.0), rng.uniform(-1.0, 1.0)] for _ in range(20)]
    signs = [1.0 if x * y > 0.0 else -1.0 for x, y in points]
    for activation in ("relu", "tanh", "gelu"):
        model = nn.MLP(2, [8, 8, 1], activation=activation, rng=random.Random(3))
        parameters = model.parameters()
        optimizer = nn.Adam(parameters, lr=0.05)
        for _ in range(5):
            loss = autograd.mean([nn.hinge(model(x), y) for x, y in zip(points, signs)])
            loss = loss + 1e-4 * autograd.dot(parameters, parameters)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        show(f"moons {activation}", [loss.data, *[p.data for p in parameters], *[p.grad for p in parameters]])
        with detect_anomaly():
            optimizer.zero_grad()
            model(points[0]).backward()
        show("under detect_anomaly", [p.grad for p in parameters])


def microgpt() -> None:
    from benchmarks import gpt

    p = gpt.parameters(Value)
    scalars = [x for name in gpt.SHAPES for row in p[name] for x in row]
    adam = gpt.Adam(scalars)
    for name in ("ada", "bob"):
        loss = gpt.loss(p, gpt.tokens(name))
        loss.backward()
        show("microgpt", [loss.data, *[x.grad for x in scalars[::50]]])
        adam.step()


if __name__ == "__main__":
    print(autograd.engine, file=sys.stderr)
    for part in (graphs, bent, derivatives, moons, microgpt):
        part()
