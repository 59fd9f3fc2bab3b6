"""The base of all schedules, and the moment at which they are evaluated."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, NamedTuple

from nn.configurable import Configurable
from nn.deep_copied import DeepCopied


class Moment(NamedTuple):
    """Where training stands before a step.

    Attributes
    ----------
    progress
        Share of training that is done, in [0, 1], whether epochs or time limit it.
    epochs
        Epochs done, with the share of the current one.
    step
        Steps done.
    """

    progress: float
    epochs: float
    step: int


class Schedule(Configurable, DeepCopied, ABC):
    """Turns the moment into a factor of the learning rate."""

    @abstractmethod
    def __call__(self, moment: Moment) -> float:
        """Return the factor of the step that follows, at least 0."""

    @property
    def observer(self) -> Schedule | None:
        """The part of it that has a state and belongs to one network: itself where it has a state."""
        return None if type(self).state is Schedule.state else self

    def observe(self, value: float) -> None:
        """Observe the watched loss; called after every epoch. Smaller is better."""

    def state(self) -> dict[str, Any]:
        """Return what has to be saved to resume training, as JSON-able values; nothing for most."""
        return {}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Continue from what `state` returned.

        Raises
        ------
        ValueError
            When a field is missing, unknown or of the wrong kind; nothing is changed then.
        """
        if state:
            raise ValueError(
                f"schedule {self.name}: keeps no state, but is given {', '.join(map(str, state))}"
            )
