"""Schedules: by what factor the learning rate is multiplied as training goes on.

A schedule is evaluated before every step, and observes the watched loss after every epoch. All but `Plateau`
depend only on the moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nn.configurable import described_fields, from_configuration
from nn.lookup import look_up
from nn.schedules.curves import Constant, Cosine, Exponential, Step, WarmUp
from nn.schedules.plateau import Plateau
from nn.schedules.schedule import Moment, Schedule

__all__ = [
    "SCHEDULES",
    "Constant",
    "Cosine",
    "Exponential",
    "Moment",
    "Plateau",
    "Schedule",
    "Step",
    "WarmUp",
    "schedule_by_name",
    "schedule_from_configuration",
]

SCHEDULES: dict[str, type[Schedule]] = {
    kind.name: kind for kind in (Constant, Step, Exponential, Cosine, WarmUp, Plateau)
}


def schedule_by_name(name: str) -> Schedule:
    """Return a schedule with its usual settings.

    Raises
    ------
    ValueError
        When the name is unknown; the message suggests the nearest.
    """
    return look_up(SCHEDULES, name, "schedule")()


def schedule_from_configuration(configuration: Mapping[str, Any]) -> Schedule:
    """Return the schedule that `to_configuration` described.

    Raises
    ------
    ValueError
        When the name is unknown, or a field unknown, of the wrong kind or out of range; names it.
    """
    fields = described_fields(configuration, "schedule")
    inner = fields.get("schedule")
    if isinstance(inner, Mapping):
        try:
            fields["schedule"] = schedule_from_configuration(inner)
        except RecursionError:
            raise ValueError("schedule: nested too deeply") from None
    return from_configuration(SCHEDULES, fields, "schedule")
