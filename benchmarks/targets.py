"""The goals set before the work began, each with the rows that decide it.

A goal is a ratio to a peer measured in the same rounds ("at least 3 times faster than jax.jit"), or a
ceiling on a figure of our own ("at most 1.5 µs"), held against the lowest round: what is above it was the
machine's other work.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from benchmarks.harness import COMPILED, OURS, PURE
from benchmarks.turns import ratio

Place = tuple[str, int | None, str]  # work, size, engine


@dataclass(frozen=True)
class Target:
    """ours against peer at least `goal` times; without a peer, ours[field] * scale at most `goal` units."""

    what: str
    goal: float
    ours: Place
    peer: Place | None = None
    field: str = "low"
    scale: float = 1.0
    unit: str = "×"


def faster(what: str, goal: float, work: str, size: int | None, engine: str, peer: str, peer_work: str = "") -> Target:
    return Target(what, goal, (work, size, engine), (peer_work or work, size, peer))


GRAPH = ("eager.graph", 86_000, OURS)
MICROSECONDS, MILLISECONDS = 1e6, 1e3

JAX, VMAP, C = "jax.jit", "jax.jit(vmap)", "C by hand"


def compiled(what: str, goal: float, work: str, size: int | None, peer: str, peer_work: str = "") -> Target:
    return faster(f"compiled, {what}, beside {peer}", goal, work, size, COMPILED, peer, peer_work)


def ceiling(what: str, goal: float, work: str, size: int | None, unit: str, scale: float, field: str = "low") -> Target:
    return Target(f"compiled, {what}", goal, (work, size, COMPILED), field=field, scale=scale, unit=unit)


TARGETS = [
    faster("eager, 86,000 binary nodes, beside micrograd", 50, *GRAPH, "micrograd"),
    faster("eager, 86,000 binary nodes, beside torch scalars", 50, *GRAPH, "torch scalars"),
    faster("eager, 86,000 binary nodes, beside XAD's Python binding", 3.5, *GRAPH, "xad"),
    faster("eager, 1,000 binary nodes, beside XAD's Python binding", 6, "eager.graph", 1_000, OURS, "xad"),
    faster("eager, 1,000,000 binary nodes, beside XAD's Python binding", 2.5, "eager.graph", 1_000_000, OURS, "xad"),
    faster("eager, W3 step through nn, beside micrograd", 200, "W3.step", None, OURS, "micrograd"),
    Target("eager, W3 step through nn", 2.5, ("W3.step", None, OURS), scale=MILLISECONDS, unit="ms"),
    faster("eager, microgpt with only its class replaced", 12, "W4.step", None, OURS, "tuple tape"),
    Target("eager, W8, a chain of 1,000,000 built and swept", 0.3, ("W8.deep", 1_000_000, OURS), unit="s"),
    Target("eager, memory of a node", 100, ("memory", 200_000, OURS), unit="bytes"),
    faster("grad(f) of 1,000 nodes, beside building and backward()", 1 / 2, "D.grad", None, OURS, "build, backward()"),
    faster("grad(f) of 1,000 nodes, beside the pure engine", 6, "D.grad", None, OURS, PURE),
    *[
        faster(f"Hessian, 50 inputs of a {name}, beside the pure engine", 6, f"D.hessian.{name}", None, OURS, PURE)
        for name in ("valley", "product", "network")
    ],
    *[
        faster(f"Hessian, 50 inputs of a {name}", 1 / 70, f"D.hessian.{name}", None, OURS, "one backward()")
        for name in ("valley", "product", "network")
    ],
    *[compiled(f"{work}, one call", 2, f"{work}.call", None, "casadi") for work in ("W1", "W2")],
    *[compiled(f"{work}, batch of 100", 40, f"{work}.batch", 100, VMAP) for work in ("W1", "W2")],
    *[compiled(f"{work}, batch of 100,000", 2, f"{work}.batch", 100_000, VMAP) for work in ("W1", "W2")],
    compiled("W1, batch of 100,000", 0.9, "W1.batch", 100_000, C),
    compiled("W2, batch of 100,000", 0.45, "W2.batch", 100_000, C),
    ceiling("W2, first build", 50, "W2.batch", 10_000, "ms", MILLISECONDS, "first"),
    compiled("W3, batch of 100", 5, "W3.grad", 100, JAX),
    compiled("W3, batch of 1,024", 3, "W3.grad", 1024, JAX),
    compiled("W3, batch of 100", 0.95, "W3.grad", 100, C),
    compiled("W3, batch of 1,024", 1.2, "W3.grad", 1024, C),
    compiled("W3, batch of 100", 8, "W3.grad", 100, "torch"),
    ceiling("W4 step", 0.5, "W4.step", None, "ms", MILLISECONDS),
    faster("compiled, W4 step, beside the original, collector off", 100, "W4.step.off", None, COMPILED, "tuple tape"),
    compiled("W5, a pass", 0.55, "W5.pass", None, "C switch"),
    compiled("W5, 10,000 passes with compilation", 0.55, "W5.job", None, "C switch"),
    faster(
        "compiled, 2-32-32-1, 10,000 rows, two cores beside one",
        1.8,
        "W7.cores",
        10_000,
        COMPILED,
        "one core",
    ),
    ceiling("W9, 1,000 results, a call", 50, "W9.outputs", None, "µs", MICROSECONDS),
    ceiling("W9, dense 300 × 300 Jacobian, a call", 2, "W9.banded", None, "ms", MILLISECONDS),
    compiled("W9, sparse Jacobian at 50 moments", 1, "W9.transcription", 50, "casadi"),
    ceiling("W9, 500 moments, first call", 0.5, "W9.transcription", 500, "s", 1.0, "first"),
    ceiling("W9, 500 moments, a call", 0.2, "W9.transcription", 500, "ms", MILLISECONDS),
    compiled("W10, Black–Scholes and Greeks", 2.5, "W10.greeks", 100_000, VMAP),
    compiled("W11, tanh, 1,000 rows", 1, "W11.tanh", 1_000, JAX),
    compiled("W11, gelu, 1,000 rows", 1.2, "W11.gelu", 1_000, JAX),
    *[
        compiled(f"W12, {name}, {n:,} rows", 0.9, work, n, JAX)
        for name, work in (("2-256-256-1", "W12.256"), ("784-128-10", "W12.784"))
        for n in (64, 1_000)
    ],
    *[compiled(f"W13, gradients, {n:,} rows", 5, "W13.gradient", n, VMAP) for n in (1_000, 100_000)],
    *[compiled(f"W13, Hessians of {n} inputs", 5, "W13.hessian", n, VMAP) for n in (10, 50)],
    *[
        compiled(f"W13, Levenberg–Marquardt Jacobians, {n:,} rows", 5, "W13.levenberg", n, VMAP)
        for n in (1_000, 100_000)
    ],
    compiled("W14, batch of 8", 1, "W14.rollout", 8, "jax.lax.scan"),
    ceiling("W14, 1,000 steps, first call", 0.3, "W14.rollout", 8, "s", 1.0, "first"),
    ceiling("W14, 1,000,000 steps, first call", 0.3, "W14.million", None, "s", 1.0, "first"),
    ceiling("W14, 1,000,000 steps, memory", 200, "W14.memory", None, "MB", 1e-6),
    compiled("W15, an epoch through fit", 2, "W15.epoch", None, "numpy by hand"),
    compiled("W15, an epoch through fit", 2, "W15.epoch", None, JAX),
    ceiling("trace and lower, a node of 1,000,000", 8, "first.graph", 1_000_000, "µs", MICROSECONDS),
    ceiling("first result on the moons graph, warm", 50, "first.moons", None, "ms", MILLISECONDS),
    ceiling("cold start, nothing cached", 0.15, "start.cold", None, "s", 1.0),
    ceiling("cold start, every later process", 0.15, "start.warm", None, "s", 1.0),
    Target("import autograd", 50, ("import", None, "autograd"), scale=MILLISECONDS, unit="ms"),
    Target("import nn", 50, ("import", None, "nn"), scale=MILLISECONDS, unit="ms"),
]


def judge(target: Target, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """{"what", "goal", "measured", "met"}: measured is None where a row is missing."""
    at = {(row["work"], row["size"], row["engine"]): row for row in rows}
    ours = at.get(target.ours)
    if target.peer is not None:
        peer = at.get(target.peer)
        measured = ratio(ours, peer) if ours and peer else None
    else:
        measured = ours[target.field] * target.scale if ours and ours["status"] == "ok" else None
    met = None if measured is None else measured >= target.goal if target.peer else measured <= target.goal
    sign = "≥" if target.peer else "≤"
    return {
        "what": target.what,
        "goal": f"{sign} {target.goal:.3g} {target.unit}",
        "unit": target.unit,
        "measured": measured,
        "met": met,
    }
