"""Timing by turns: ours, peer, peer, ours, peer, peer ... so that a busy moment falls on everybody.

A round times every engine once; a ratio is taken inside a round and its median over the rounds is
reported, which a machine that drifts by a factor of two between rounds does not disturb.
"""

from __future__ import annotations

import math
import multiprocessing
import os
import statistics
from collections.abc import Iterator
from typing import Any

from benchmarks import worker
from benchmarks.harness import Engine, Work

ROUND = 0.05  # seconds one engine's turn lasts, when a call is shorter than that
ROUNDS = 9
LONG = 4.0  # seconds: a call that lasts longer is timed once
PATIENCE = 240.0  # seconds to wait for a worker before the row says so


class Player:
    """One engine's worker process, and what was measured with it."""

    def __init__(self, module: str, work: Work, engine: Engine) -> None:
        self.engine, self.figures, self.calls, self.rounds = engine, [], 1, 0
        saved = dict(os.environ)
        os.environ.update(worker.environment(work.threads) | engine.environment)
        try:
            context = multiprocessing.get_context("spawn")
            self.pipe, theirs = context.Pipe()
            self.process = context.Process(
                target=worker.main, args=(theirs, module, work.id, engine.name), daemon=False
            )
            self.process.start()
            theirs.close()
        finally:
            os.environ.clear()
            os.environ.update(saved)

    def ask(self, request: str, argument: Any) -> dict[str, Any]:
        try:
            self.pipe.send((request, argument))
            if self.pipe.poll(PATIENCE):
                return self.pipe.recv()
        except (EOFError, BrokenPipeError, ConnectionResetError):
            self.process.join(5)
            return {"problem": f"the process died (exit code {self.process.exitcode})"}
        self.process.kill()
        return {"problem": f"no answer within {PATIENCE:.0f} s"}

    def close(self) -> None:
        self.pipe.close()
        self.process.join(10)
        if self.process.is_alive():
            self.process.kill()


def play(module: str, work: Work, only: list[str], quick: bool) -> Iterator[list[dict[str, Any]]]:
    """Run one workload; yield the rows (dictionaries ready for JSON) of each size, one per engine."""
    engines = [e for e in work.engines.values() if not (quick and e.slow) and (not only or e.name in only)]
    if not engines:
        return
    players = [Player(module, work, engine) for engine in engines]
    try:
        for size in (work.quick_sizes if quick else work.sizes) or [None]:
            yield _size(work, players, size, quick)
    finally:
        for player in players:
            player.close()


def _size(work: Work, players: list[Player], size: int | None, quick: bool) -> list[dict[str, Any]]:
    rows = {player: _row(work, player.engine, size) for player in players}
    for player in players:
        rows[player] |= ready(work, player, size, quick)
    for turn in range(ROUNDS):
        for player in players:
            if turn < player.rounds:
                reply = player.ask("time", player.calls)
                if "problem" in reply:
                    rows[player]["status"], player.rounds, player.figures = reply["problem"], 0, []
                else:
                    player.figures.append(reply["figure"])
    for player in players:
        if player.figures:
            figures = [figure / work.per(size or 1) for figure in player.figures]
            rows[player] |= {"median": statistics.median(figures), "low": min(figures), "high": max(figures)}
            rows[player] |= {"status": "ok", "figures": figures}
    return list(rows.values())


def ready(work: Work, player: Player, size: int | None, quick: bool) -> dict[str, Any]:
    """Have a player set up and give its answer; decide how many calls make a turn, and how many turns it takes."""
    player.rounds, player.figures = 0, []
    if (size or 1) > player.engine.upto:
        return {"status": f"not run: {player.engine.why_not}"}
    reply = player.ask("prepare", size)
    tried: list[float] = []
    if "problem" not in reply and work.meter == "clock" and not work.whole:
        for calls, short in ((1, math.inf), (1, LONG), (3, ROUND), (3, ROUND), (30, ROUND)):
            if min(tried, default=0.0) < short:  # any of them may have prepared the later ones, or been held up
                reply |= player.ask("time", calls)
                tried.append(reply["figure"])
    if "problem" in reply:
        return {"status": reply["problem"]}
    once = reply["first"] if work.meter == "own" else min(tried, default=reply["figure"])
    if work.whole or (once > LONG and not quick):
        player.figures = [reply["figure"]]
    elif quick:
        player.calls, player.rounds = 1 if work.meter == "own" else max(1, min(3, int(ROUND / once))), 2
    else:
        player.calls = 1 if work.meter == "own" else max(1, min(int(ROUND / once), 1_000_000))
        player.rounds = max(3, min(ROUNDS, int(work.seconds / (once * player.calls))))
    return {"first": reply["first"]}


def _row(work: Work, engine: Engine, size: int | None) -> dict[str, Any]:
    return {
        "work": work.id,
        "title": work.title,
        "size": size,
        "engine": engine.name,
        "unit": work.unit,
        "scale": work.scale,
        "collector": "on" if engine.collector else "off",
        "threads": work.threads,
        "status": "",
    }


def ratio(ours: dict[str, Any], peer: dict[str, Any]) -> float | None:
    """How many times faster ours is: the median over rounds of the peer's figure divided by ours."""
    if ours["status"] != "ok" or peer["status"] != "ok":
        return None
    return statistics.median(p / o for p, o in zip(peer["figures"], ours["figures"], strict=False))
