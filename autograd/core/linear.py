"""Partials that are no numbers: those of nodes that hold several, as a loop does."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autograd.core.sweeps import Arriving


class LinearMap:
    """The partial of, or in, a node that holds several numbers: what it makes of what arrives, backwards (`pull`) and
    forwards (`push`); None where nothing passes."""

    def __init__(
        self, pull: Callable[[Arriving], Arriving | None], push: Callable[[Arriving], Arriving | None]
    ) -> None:
        self.pull, self.push = pull, push
