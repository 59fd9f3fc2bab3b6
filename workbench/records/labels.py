"""Labels: which trial of which sweep a process runs, as whoever started it says in the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

from workbench.errors import InputError

VARIABLE = "GANGLION_TRIAL"

JOBS = "job"
"""In place of a sweep's name: the number is that of a job of the queue, from 1."""


class Label(NamedTuple):
    """A trial of a sweep: the sweep's name, and the trial's number from 0."""

    sweep: str
    trial: int

    @property
    def environment(self) -> dict[str, str]:
        """What to add to the environment of a program, so that its run bears this label."""
        return {VARIABLE: f"{self.sweep}/{self.trial}"}


def label_of_environment(environment: Mapping[str, str] | None = None) -> Label | None:
    """Return the label in the environment, of this process by default; None without one.

    Raises
    ------
    InputError
        When it is no name and number.
    """
    text = (os.environ if environment is None else environment).get(VARIABLE, "")
    if not text:
        return None
    sweep, _, trial = text.rpartition("/")
    if not sweep or not (trial.isascii() and trial.isdecimal()):
        raise InputError(f"{VARIABLE}={text}: give the name of a sweep and a trial's number, such as rates/7")
    return Label(sweep, int(trial))
