"""The schedule that waits for the loss to stop falling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from nn.argument_checks import check_factor, check_not_negative
from nn.improvement import is_lower
from nn.schedules.schedule import Moment, Schedule

STATE = {
    "current": (int, float),
    "best": (int, float, type(None)),
    "epochs_without_progress": (int,),
    "epochs_to_cool": (int,),
}


@dataclass
class Plateau(Schedule):
    """Multiplied by `factor` when the watched loss has stopped falling, as PyTorch's ReduceLROnPlateau.

    That is so for losses above zero, with its `threshold_mode` "rel" and an `eps` of 0. Below zero its
    threshold points the other way: there a loss that stays where it is counts as progress, and the rate is
    never reduced. Here progress is a fall by the same share everywhere.

    Attributes
    ----------
    factor
        Of one reduction.
    patience
        Epochs in a row that may pass without progress; the one after them reduces.
    threshold
        Progress is a loss below the best one by more than this share of it.
    cooldown
        Epochs after a reduction whose lack of progress is not counted.
    minimum
        The factor never falls below it.

    Raises
    ------
    ValueError
        When the factor is outside (0, 1], or another setting negative.
    """

    factor: float = 0.1
    patience: int = 10
    threshold: float = 1e-4
    cooldown: int = 0
    minimum: float = 0.0
    _current: float = field(default=1.0, init=False)
    _best: float | None = field(default=None, init=False)
    _epochs_without_progress: int = field(default=0, init=False)
    _epochs_to_cool: int = field(default=0, init=False)
    name: ClassVar[str] = "plateau"

    def __post_init__(self) -> None:
        check_factor(f"schedule {self.name}: factor", self.factor)
        for setting in ("patience", "threshold", "cooldown", "minimum"):
            check_not_negative(f"schedule {self.name}: {setting}", getattr(self, setting))

    def __call__(self, moment: Moment) -> float:
        """Return the factor after all reductions so far."""
        return self._current

    def observe(self, value: float) -> None:
        """Count the epochs without progress, and reduce when there are too many. NaN is no progress."""
        if is_lower(value, self._best, self.threshold * abs(self._best or 0.0)):
            self._best = float(value)
            self._epochs_without_progress = 0
        else:
            self._epochs_without_progress += 1
        if self._epochs_to_cool:
            self._epochs_to_cool -= 1
            self._epochs_without_progress = 0
        if self._epochs_without_progress > self.patience:
            self._current = min(self._current, max(self._current * self.factor, self.minimum))
            self._epochs_to_cool = self.cooldown
            self._epochs_without_progress = 0

    def state(self) -> dict[str, Any]:
        """Return the factor, the best loss (None before the first), and what is counted."""
        return {
            "current": self._current,
            "best": self._best,
            "epochs_without_progress": self._epochs_without_progress,
            "epochs_to_cool": self._epochs_to_cool,
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` returned; see `Schedule.load_state`."""
        if set(state) != set(self.state()):
            raise ValueError(f"schedule {self.name}: state has {sorted(state)}, not {sorted(self.state())}")
        for name, kinds in STATE.items():
            if type(state[name]) not in kinds:
                raise ValueError(f"schedule {self.name}: {name} is {state[name]!r} in its state")
        for name, value in state.items():
            setattr(self, f"_{name}", value)
