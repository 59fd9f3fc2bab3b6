"""A sweep: what its file says together with the program it trains, and its trials."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from experiments.sweep.file import SweepFile
from experiments.sweep.programs.program import SweepProgram, option
from experiments.sweep.space import Candidate, Parameter, Scalar, describe
from experiments.sweep.variant import Variant
from nn import DataError
from nn.byte_sizes import MEBIBYTE
from workbench.errors import InputError, SettingsError
from workbench.settings.table import Given, to_key, to_name, to_text

REFUSALS = (SettingsError, InputError, DataError)


class Trial(NamedTuple):
    """A training.

    Attributes
    ----------
    number
        Its place among all trials, from 0.
    candidate
        What is searched.
    seed
        Of the program.
    """

    number: int
    candidate: Candidate
    seed: int

    @property
    def name(self) -> str:
        """Of its folder."""
        return trial_name(self.number)


@dataclass(frozen=True)
class Sweep:
    """A sweep.

    Attributes
    ----------
    path
        Of its file.
    file
        What that says.
    program
        What is trained.
    fixed
        Settings of all trials, by name.
    space
        The parameters by name.
    variant
        What is other than in the file; None where nothing is.
    """

    path: Path
    file: SweepFile
    program: SweepProgram
    fixed: Mapping[str, Given]
    space: Mapping[str, Parameter]
    variant: Variant | None = None

    @property
    def name(self) -> str:
        """Of the sweep: that of its file, and of the variant."""
        return self.path.stem if self.variant is None else f"{self.path.stem}-{self.variant}"

    def trial(self, number: int, candidate: Candidate) -> Trial:
        """Return a trial of a candidate: seeds follow from the number alone."""
        return Trial(number, candidate, number % self.file.seeds)

    def given(self, candidate: Candidate, seed: int = 0) -> dict[str, Given]:
        """Return the settings of a trial, each with its place for messages, but for where it writes."""
        searched = {
            name: Given(to_text(value), f"{self.path}: space.{to_key(name)}")
            for name, value in candidate.items()
        }
        unit = self.file.budget.unit
        own = {
            "seed": Given(str(seed), f"{self.path}: seed"),
            unit: Given(amount_text(self.file.budget.amount), f"{self.path}: budget.{unit}"),
        }
        return {**self.fixed, **searched, **own}

    def train_words(self, trial: Trial, folder: Path, amount: float) -> list[str]:
        """Return the words after the program's that begin a trial.

        Parameters
        ----------
        trial
            Which.
        folder
            Its own.
        amount
            How much of the budget it gets.
        """
        texts = {name: each.value for name, each in self.given(trial.candidate, trial.seed).items()}
        texts[self.file.budget.unit] = amount_text(amount)
        texts |= {name: str(folder / place) for name, place in self.program.places.items()}
        return ["train", *(word for name, text in texts.items() for word in option(to_key(name), text))]

    def command_line(self, trial: Trial, folder: Path) -> str:
        """Return the command line of a trial with all of the budget, as a user would type it."""
        words = self.train_words(trial, folder, self.file.budget.amount)
        return shlex.join([*self.program.command, *words])

    def allows(self, candidate: Candidate) -> bool:
        """Return whether the filters allow a candidate."""
        return not self.forbids(candidate) and self._fits(candidate)

    def forbids(self, candidate: Candidate) -> bool:
        """Return whether a candidate is a forbidden combination."""
        return any(
            all(self._value(candidate, to_name(key)) in values for key, values in forbidden.items())
            for forbidden in self.file.filters.forbidden
        )

    def _value(self, candidate: Candidate, name: str) -> Scalar:
        """Return the value that a candidate has, or all trials have."""
        if name in candidate or name not in self.file_settings:
            return candidate.get(name, ())
        return self.file_settings[name]

    @cached_property
    def file_settings(self) -> dict[str, Scalar]:
        """The settings of all trials, as the file has them."""
        return {to_name(key): value for key, value in self.file.settings.items()}

    def _fits(self, candidate: Candidate) -> bool:
        """Return whether the program estimates no more memory than is allowed."""
        limit, memory = self.file.filters.memory_mib, self.program.memory
        if limit is None or memory is None:
            return True
        most = int(limit * MEBIBYTE)
        settings = self.check(candidate)
        try:
            return memory(settings, most) <= most
        except ValueError:  # its parameters alone are more
            return False

    def check(self, candidate: Candidate) -> Any:
        """Return the settings of a candidate.

        Raises
        ------
        SettingsError
            When the program would refuse them.
        """
        try:
            return self.program.check(self.given(candidate))
        except REFUSALS as error:
            advice = "leave it out by [[filters.forbidden]], or by a condition (when)"
            raise SettingsError(
                f"{error}\n{self.path}: {describe(candidate)}: cannot be trained: {advice}"
            ) from error


def trial_name(number: int) -> str:
    """Return the name of a trial's folder."""
    return f"trial-{number:04}"


def amount_text(amount: float) -> str:
    """Return an amount of a budget as an option has it: whole where it is."""
    return str(int(amount)) if amount == int(amount) else str(amount)
