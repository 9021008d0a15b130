"""The goals set before the work began, each with the rows that decide it.

A goal is a ratio to a peer measured in the same rounds ("at least 3 times faster than jax.jit"), or a
ceiling on a figure of our own ("at most 1.5 µs"), held against the lowest round: what is above it was the
machine's other work.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from benchmarks.harness import COMPILED, OURS
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

TARGETS = [
    faster("eager, 86,000 binary nodes, beside micrograd", 20, *GRAPH, "micrograd"),
    faster("eager, 86,000 binary nodes, beside torch scalars", 20, *GRAPH, "torch scalars"),
    faster("eager, 86,000 binary nodes, beside XAD's Python binding", 1, *GRAPH, "xad"),
    faster("eager, W3 step through nn, beside micrograd", 100, "W3.step", None, OURS, "micrograd"),
    faster("eager, microgpt with only its class replaced", 4, "W4.step", None, OURS, "tuple tape"),
    faster("grad(f) of 1,000 nodes, beside building and backward()", 1 / 2, "D.grad", None, OURS, "build, backward()"),
    faster("Hessian, 50 inputs in a row", 1 / 60, "D.hessian.valley", None, OURS, "one backward()"),
    faster("Hessian, 50 inputs in a product", 1 / 60, "D.hessian.product", None, OURS, "one backward()"),
    faster("Hessian, 50 inputs of a network", 1 / 60, "D.hessian.network", None, OURS, "one backward()"),
    faster("compiled, W3, batch of 100, beside jax.jit", 3, "W3.grad", 100, COMPILED, "jax.jit"),
    faster("compiled, W3, batch of 1,024, beside jax.jit", 1.5, "W3.grad", 1024, COMPILED, "jax.jit"),
    faster("compiled, W3, batch of 100, beside torch", 8, "W3.grad", 100, COMPILED, "torch"),
    faster("compiled, W3, batch of 1,024, beside torch", 3, "W3.grad", 1024, COMPILED, "torch"),
    faster("compiled, W1, batch of 100,000, beside jax.jit(vmap)", 1, "W1.batch", 100_000, COMPILED, "jax.jit(vmap)"),
    faster("compiled, W2, batch of 100,000, beside jax.jit(vmap)", 1, "W2.batch", 100_000, COMPILED, "jax.jit(vmap)"),
    Target("compiled, W2, time to compile", 1.0, ("W2.batch", 10_000, COMPILED), field="first", unit="s"),
    Target("compiled, W1, one call", 1.5, ("W1.call", None, COMPILED), scale=MICROSECONDS, unit="µs"),
    Target("compiled, W4 step", 0.5, ("W4.step", None, COMPILED), scale=MILLISECONDS, unit="ms"),
    faster("compiled, W4 step, beside the original, collector off", 100, "W4.step.off", None, COMPILED, "tuple tape"),
    faster("compiled, W5, a pass, beside the same loop in C", 1 / 1.5, "W5.pass", None, COMPILED, "C switch"),
    faster("compiled, W5, 10,000 passes with compilation, beside C", 1 / 1.5, "W5.job", None, COMPILED, "C switch"),
    Target(
        "trace and lower, a node of 1,000,000", 10, ("first.graph", 1_000_000, COMPILED), scale=MICROSECONDS, unit="µs"
    ),
    Target("first result on the moons graph, warm", 50, ("first.moons", None, COMPILED), scale=MILLISECONDS, unit="ms"),
    Target("cold start, once per machine", 5, ("start.cold", None, COMPILED), unit="s"),
    Target("cold start, every later process", 0.3, ("start.warm", None, COMPILED), unit="s"),
    faster("compiled, W9, sparse Jacobian at 50 moments, beside CasADi", 1, "W9.transcription", 50, COMPILED, "casadi"),
    Target("compiled, W9, 500 moments, first call", 0.5, ("W9.transcription", 500, COMPILED), field="first", unit="s"),
    Target(
        "compiled, W9, 500 moments, a call", 0.2, ("W9.transcription", 500, COMPILED), scale=MILLISECONDS, unit="ms"
    ),
    faster("compiled, W14, batch of 8, beside jax.lax.scan", 1, "W14.rollout", 8, COMPILED, "jax.lax.scan"),
    Target("compiled, W14, 1,000 steps, first call", 0.3, ("W14.rollout", 8, COMPILED), field="first", unit="s"),
    Target("compiled, W14, 1,000,000 steps, first call", 0.3, ("W14.million", None, COMPILED), field="first", unit="s"),
    Target("compiled, W14, 1,000,000 steps, memory", 200, ("W14.memory", None, COMPILED), scale=1e-6, unit="MB"),
    Target("W8, a chain of 1,000,000 built and swept", 2, ("W8.deep", 1_000_000, OURS), unit="s"),
    Target("memory of a node", 250, ("memory", 200_000, OURS), unit="bytes"),
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
