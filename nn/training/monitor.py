"""Watching a number of the log: is it better than before?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nn.argument_checks import check_not_negative
from nn.improvement import is_higher, is_lower

if TYPE_CHECKING:
    from nn.training import Trainer

LOSSES = ("held_out_loss", "training_loss")


class MonitoredMetric:
    """A number of the log's rows, and which way it should go.

    Parameters
    ----------
    metric
        held_out_loss, training_loss, or the name of a metric that the trainer measures.
    minimum_change
        How much better a number has to be to count as better.

    Raises
    ------
    ValueError
        When the change is negative or not finite.
    """

    def __init__(self, metric: str, minimum_change: float = 0.0) -> None:
        self.metric = metric
        self.minimum_change = check_not_negative("minimum change", minimum_change)

    def check(self, trainer: Trainer) -> None:
        """Ask whether the trainer measures it.

        Raises
        ------
        ValueError
            When it does not; the message names what it measures.
        """
        measured = ["training_loss"]
        if trainer.held_out is not None:
            measured += ["held_out_loss", *(metric.name for metric in trainer.metrics)]
        if self.metric not in measured:
            raise ValueError(f"cannot watch {self.metric}: measured are {', '.join(measured)}")

    def value(self, trainer: Trainer) -> float | None:
        """Return the number in the last row; None where it is not known."""
        row = trainer.rows[-1]
        value = getattr(row, self.metric) if self.metric in LOSSES else row.metrics.get(self.metric)
        return None if value is None else float(value)

    def value_now(self, trainer: Trainer) -> float | None:
        """Return what the number is now, of the held-out data; None where it is not known."""
        evaluation = trainer.evaluate()
        if evaluation is None:
            return None
        return evaluation.loss if self.metric in LOSSES else evaluation.metrics.get(self.metric)

    def is_better(self, trainer: Trainer, value: float | None, best: float | None) -> bool:
        """Return whether a number is better than the best so far; None and NaN never are."""
        higher = any(metric.higher_is_better for metric in trainer.metrics if metric.name == self.metric)
        return (is_higher if higher else is_lower)(value, best, self.minimum_change)


def known_number(value: object) -> float | None:
    """Return a number from a callback's state, or None.

    Raises
    ------
    ValueError
        When it is neither.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{value!r} is not a number")
    return float(value)


def known_count(value: object) -> int:
    """Return a whole number of at least 0 from a callback's state.

    Raises
    ------
    ValueError
        When it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{value!r} is not a whole number of at least 0")
    return value
