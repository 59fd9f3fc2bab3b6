"""Schedules that depend on nothing but the moment."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from nn.argument_checks import check_below_one, check_factor, check_positive, check_share
from nn.schedules.schedule import Moment, Schedule


@dataclass(frozen=True)
class Constant(Schedule):
    """The learning rate as it is."""

    name = "constant"

    def __call__(self, moment: Moment) -> float:
        """Return 1."""
        return 1.0


@dataclass(frozen=True)
class Step(Schedule):
    """Stairs: multiplied by `factor` after every `epochs` epochs.

    Raises
    ------
    ValueError
        When the factor is outside (0, 1] or the number of epochs is not positive.
    """

    factor: float = 0.1
    epochs: float = 30.0
    name = "step"

    def __post_init__(self) -> None:
        check_factor(f"schedule {self.name}: factor", self.factor)
        check_positive(f"schedule {self.name}: epochs", self.epochs)

    def __call__(self, moment: Moment) -> float:
        """Return the factor of the stair."""
        return float(self.factor ** (moment.epochs // self.epochs))


@dataclass(frozen=True)
class Exponential(Schedule):
    """Multiplied by `factor` in every epoch, a little in every step of it.

    Raises
    ------
    ValueError
        When the factor is outside (0, 1].
    """

    factor: float = 0.95
    name = "exponential"

    def __post_init__(self) -> None:
        check_factor(f"schedule {self.name}: factor", self.factor)

    def __call__(self, moment: Moment) -> float:
        """Return the factor at these epochs."""
        return float(self.factor**moment.epochs)


@dataclass(frozen=True)
class Cosine(Schedule):
    """Half a cosine from 1 down to `final` (Loshchilov and Hutter 2017, equation 5, without restarts).

    Attributes
    ----------
    warmup
        Share of training over which the factor first rises in a straight line from 0 to 1 (Goyal et
        al. 2017, section 2.2).
    final
        Factor at the end.

    Raises
    ------
    ValueError
        When the warm-up is outside [0, 1) or the final factor outside [0, 1].
    """

    warmup: float = 0.0
    final: float = 0.0
    name = "cosine"

    def __post_init__(self) -> None:
        check_below_one(f"schedule {self.name}: warmup", self.warmup)
        check_share(f"schedule {self.name}: final", self.final)

    def __call__(self, moment: Moment) -> float:
        """Return the factor at this share of training."""
        if moment.progress < self.warmup:
            return moment.progress / self.warmup
        done = (moment.progress - self.warmup) / (1 - self.warmup)
        return self.final + (1 - self.final) * (1 + math.cos(math.pi * done)) / 2


@dataclass(frozen=True)
class WarmUp(Schedule):
    """Another schedule, times a factor that first rises in a straight line to 1 (Goyal et al. 2017, 2.2).

    The other schedule gets the same moment: its time runs while the rate warms up.

    Attributes
    ----------
    schedule
        The other one.
    length, unit
        After how many "epochs" or "steps" the whole factor is reached.
    start
        Factor at the first step.

    Raises
    ------
    ValueError
        When the length is not positive, the unit is another one, or the start is outside [0, 1].
    """

    schedule: Schedule = Constant()
    length: float = 5.0
    unit: Literal["epochs", "steps"] = "epochs"
    start: float = 0.0
    name = "warm_up"

    def __post_init__(self) -> None:
        check_positive(f"schedule {self.name}: length", self.length)
        if self.unit not in ("epochs", "steps"):
            raise ValueError(f"schedule {self.name}: unit {self.unit!r} must be epochs or steps")
        check_share(f"schedule {self.name}: start", self.start)

    def __call__(self, moment: Moment) -> float:
        """Return the other schedule's factor times this one's."""
        done = min((moment.epochs if self.unit == "epochs" else moment.step) / self.length, 1.0)
        return (self.start + (1 - self.start) * done) * self.schedule(moment)

    @property
    def observer(self) -> Schedule | None:
        """The part of the other schedule that has a state."""
        return self.schedule.observer

    def observe(self, value: float) -> None:
        """Tell the other schedule."""
        self.schedule.observe(value)

    def state(self) -> dict[str, Any]:
        """Return the state of the other schedule."""
        return self.schedule.state()

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Restore the other schedule; see `Schedule.load_state`."""
        self.schedule.load_state(state)

    def to_configuration(self) -> dict[str, Any]:
        """Describe it and the other schedule."""
        return {**super().to_configuration(), "schedule": self.schedule.to_configuration()}
