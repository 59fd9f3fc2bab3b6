"""Changing the learning rate while training runs, by hand or by a record of such changes."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nn.argument_checks import check_not_negative
from nn.training.callbacks import Callback
from nn.training.monitor import known_count

if TYPE_CHECKING:
    from nn.training import Trainer

logger = logging.getLogger(__name__)


class LearningRate(Callback):
    """Sets the learning rate between steps, on request or from a record.

    A schedule still multiplies the rate that is set. Every change is logged and remembered, in snapshots too,
    and the rows of the log show it: so a run that was steered by hand can be repeated, by giving the
    `changes` of the one as the record of the other.

    Parameters
    ----------
    record
        Steps done to the rate from then on. A run that goes on from a snapshot ignores those before it.

    Attributes
    ----------
    changes
        What was set, as steps done to the rate from then on.

    Raises
    ------
    ValueError
        When a step or a rate is negative or not a finite number.
    """

    def __init__(self, record: Mapping[int, float] | None = None) -> None:
        self.record = {known_count(step): _checked(rate) for step, rate in (record or {}).items()}
        self.changes: dict[int, float] = {}
        self._wanted: deque[float] = deque(maxlen=1)

    @property
    def name(self) -> str:
        """What its state is called in snapshots."""
        return "learning rate"

    def change(self, rate: float) -> None:
        """Request another rate from the next step on; may be called from any thread.

        Parameters
        ----------
        rate
            Of the optimizer, before any schedule.

        Raises
        ------
        ValueError
            When it is negative or not a finite number.
        """
        self._wanted.append(_checked(rate))

    def forget(self) -> None:
        """Forget what was set in the run that it was used in before; the record stays."""
        self.changes = {}

    def on_start(self, trainer: Trainer) -> None:
        """Set the rate of the first step."""
        self.on_step(trainer)

    def on_step(self, trainer: Trainer) -> None:
        """Set the requested rate; requests take precedence over the record."""
        step, optimizer = trainer.step, trainer.optimizer
        recorded = None if step in self.changes else self.record.get(step)
        rate = self._wanted.pop() if self._wanted else recorded
        if rate is None:
            return
        logger.info("learning rate %g from step %d on, before it was %g", rate, step, optimizer.learning_rate)
        optimizer.learning_rate = self.changes[step] = rate

    def state(self) -> Mapping[str, Any]:
        """Return what was set."""
        return {"steps": list(self.changes), "rates": list(self.changes.values())}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` returned; see `Callback.load_state`."""
        changes = zip(state["steps"], state["rates"], strict=True)
        self.changes = {known_count(step): _checked(rate) for step, rate in changes}


def _checked(rate: float) -> float:
    return check_not_negative("learning rate", rate)
