"""What happened during training, one entry per epoch."""

from __future__ import annotations

from typing import Any

from autograd.core.words import counted


class History:
    """The costs as they were before each step of the epoch, averaged over it; the same of the accuracy.

    accuracy is empty where targets are not classes; the validation lists are empty where nothing was held out.
    """

    _page: Any = None  # what `watch` made of the run; the class's own, as no checkpoint should hold it

    def __init__(self) -> None:
        self.cost: list[float] = []
        self.accuracy: list[float] = []
        self.validation_cost: list[float] = []
        self.validation_accuracy: list[float] = []
        self.seed: int | None = None
        self.compiled = False
        self.seconds = 0.0
        self.stopped = ""  # why it ended before its last epoch: "interrupted", "early stopping", "callback"

    @property
    def epochs(self) -> int:
        return len(self.cost)

    def page(self) -> Any:
        """The TrainingPage of a run that was watched. RuntimeError for any other: it kept no weights but the last."""
        if self._page is None:
            raise RuntimeError(
                "History.page: this run kept its costs alone; nn.watch, with the arguments of nn.fit, trains as it "
                "does and keeps what the page shows"
            )
        return self._page

    def plot(self, ax: Any = None) -> Any:
        """The curves, drawn by matplotlib (the `notebooks` extra); returns the axes."""
        try:
            import matplotlib.pyplot as plt
        except ImportError:
            raise ImportError("History.plot draws with matplotlib: pip install matplotlib") from None
        ax = ax if ax is not None else plt.subplots(figsize=(6, 3.5), layout="constrained")[1]
        epochs = range(1, self.epochs + 1)
        ax.plot(epochs, self.cost, label="cost")
        if self.validation_cost:
            ax.plot(epochs, self.validation_cost, label="cost, held out")
        ax.set(xlabel="epoch", ylabel="cost")
        curves, top = [*ax.lines], ax
        if self.accuracy:
            top = ax.twinx()
            curves += top.plot(epochs, [100 * a for a in self.accuracy], color="tab:green", alpha=0.6, label="accuracy")
            top.set(ylabel="accuracy, %", ylim=(0, 102))
        if len(curves) > 1:
            top.legend(handles=curves, loc="center right")
        return ax

    def summary(self) -> str:
        """The last epoch in words, as the progress bar shows it."""
        if not self.cost:
            return "not trained yet"
        parts = [f"cost {self.cost[-1]:.4g}"]
        if self.accuracy:
            parts.append(f"accuracy {100 * self.accuracy[-1]:.3g} %")
        if self.validation_cost:
            parts.append(f"held out {self.validation_cost[-1]:.4g}")
        if self.validation_accuracy:
            parts.append(f"accuracy there {100 * self.validation_accuracy[-1]:.3g} %")
        return ", ".join(parts)

    def __repr__(self) -> str:
        how = "compiled" if self.compiled else "eager"
        end = f", stopped by {self.stopped}" if self.stopped else ""
        epochs = counted(self.epochs, "epoch")
        return f"History({epochs} {how} in {self.seconds:.3g} s{end}; {self.summary()})"
