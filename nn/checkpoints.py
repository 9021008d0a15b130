"""Where a training run stands, in a file: all that the next step depends on, every float exact."""

from __future__ import annotations

import os
from typing import Any

from nn.files import FileError, read_json, write_json
from nn.history import History
from nn.optimizers import Optimizer

CHECKPOINT = "chainrule checkpoint"


def write(
    path: str | os.PathLike[str],
    settings: dict[str, Any],
    model: Any,
    optimizer: Optimizer,
    history: History,
    best: dict[str, Any],
) -> None:
    """Save the run after an epoch; a crash meanwhile leaves the checkpoint before this one."""
    state = {
        **settings,
        "weights": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "history": vars(history),
        "best": best,
    }
    write_json(path, CHECKPOINT, state)


def read(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What `write` saved. FileError when it is cut off, something else, or of a newer version."""
    state = read_json(path, CHECKPOINT)
    missing = [k for k in ("seed", "weights", "optimizer", "history", "best") if k not in state]
    if missing:
        raise FileError(f"{path}: not a whole checkpoint: {', '.join(missing)} missing")
    truths = [place for place in _truths(state, "") if place != ".history.compiled"]
    if truths:
        raise FileError(f"{path}: {truths[0][1:]} is true or false where a number is due")
    return state


def _truths(x: Any, place: str) -> list[str]:
    """Where there is a true or false: Python would take it for 1 or 0."""
    if isinstance(x, dict):
        return [found for name, item in x.items() for found in _truths(item, f"{place}.{name}")]
    if isinstance(x, list):
        return [place] if bool in map(type, x) else []
    return [place] if isinstance(x, bool) else []


def restore(
    state: dict[str, Any],
    settings: dict[str, Any],
    model: Any,
    optimizer: Optimizer,
    history: History,
) -> None:
    """Bring a run to where `state` left it. ValueError, naming all that differs, when it was another run: with other
    settings, or on other data."""
    there = {**settings, **state}  # older checkpoints do not say all
    differing = [name for name, here in settings.items() if there[name] != here]
    if differing == ["data"]:
        raise ValueError("fit: the checkpoint is of a run on other data: as many examples, but other numbers in them")
    if differing := [name for name in differing if name != "data"]:
        was = ", ".join([f"{name} {there[name]!r}" for name in differing])
        now = ", ".join([repr(settings[name]) for name in differing])
        raise ValueError(
            f"fit: the checkpoint is of a run with {was}; this one has {now}. To begin another run where it ended, "
            "take over its weights: model.load_state_dict(json.load(file)['weights'])"
        )
    model.load_state_dict(state["weights"])
    optimizer.load_state_dict(state["optimizer"])
    for name, saved in state["history"].items():
        setattr(history, name, saved)
