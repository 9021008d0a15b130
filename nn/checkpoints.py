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
    return state


def restore(
    state: dict[str, Any],
    settings: dict[str, Any],
    model: Any,
    optimizer: Optimizer,
    history: History,
) -> None:
    """Bring a run to where `state` left it. ValueError when it was another run: other data, batches, seed or l2."""
    if state.get("data", settings["data"]) != settings["data"]:  # older checkpoints do not say
        raise ValueError("fit: the checkpoint is of a run on other data: as many examples, but other numbers in them")
    for name, here in settings.items():
        if name != "data" and state.get(name) != here:
            raise ValueError(f"fit: the checkpoint is of a run with {name} {state.get(name)!r}; this one has {here!r}")
    model.load_state_dict(state["weights"])
    optimizer.load_state_dict(state["optimizer"])
    for name, saved in state["history"].items():
        setattr(history, name, saved)
