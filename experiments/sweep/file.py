"""What is in a sweep file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from experiments.sweep.space import Parameter, Value, Values
from experiments.toml_file import Section, checked, read_toml
from workbench.errors import SettingsError

LARGEST_GRID = 1_000
"""Points of a grid above which the file has to say `largest`."""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")

Count = Annotated[int, Field(ge=1, le=10**9, strict=True)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Column = Annotated[str, BeforeValidator(lambda value: value.strip() if isinstance(value, str) else value)]

BUDGETS = ("epochs", "steps", "minutes")
IN_BATCHES = ("tpe", "cma_es")

KEYS = {
    "grid": ("largest",),
    "random": ("candidates",),
    "tpe": ("candidates", "batch", "startup"),
    "cma_es": ("candidates", "batch"),
    "halving": ("candidates", "first", "factor"),
}
"""Which keys of `[search]` each kind has."""


class Search(Section):
    """How candidates are found.

    Attributes
    ----------
    kind
        Every combination; random ones; those that Optuna's TPE or CMA-ES suggest; or random ones of which the
        best alone get more of the budget (successive halving).
    largest
        Points that a grid may have.
    candidates
        How many are tried.
    batch
        How many are suggested at a time, from the results of all before.
    startup
        How many TPE draws at random before it suggests any.
    first
        Budget of a trial of all candidates, in the unit of the budget.
    factor
        One candidate in so many goes on, with so many times the budget.
    """

    kind: Literal["grid", "random", "tpe", "cma_es", "halving"]
    largest: Count = LARGEST_GRID
    candidates: Count | None = None
    batch: Annotated[int, Field(ge=2, le=1000, strict=True)] = 8
    startup: Count = 8
    first: Positive | None = None
    factor: Annotated[int, Field(ge=2, le=100, strict=True)] = 3

    @model_validator(mode="after")
    def _has_its_own(self) -> Search:
        idle = self.model_fields_set - {"kind", *KEYS[self.kind]}
        if idle:
            raise ValueError(f"{min(idle)} does nothing for kind = {self.kind!r}: leave it out")
        if "candidates" in KEYS[self.kind] and self.candidates is None:
            raise ValueError(f"kind = {self.kind!r} needs candidates = N, how many are tried")
        if self.kind == "halving" and self.first is None:
            raise ValueError("kind = 'halving' needs first = N, the budget that every candidate gets")
        return self

    def rungs(self, amount: float) -> list[float]:
        """Return the budgets of the rungs, the last of them the whole; one rung where nothing is halved."""
        if self.kind != "halving":
            return [amount]
        assert self.first is not None
        found = [self.first]
        while found[-1] * self.factor < amount:
            found.append(found[-1] * self.factor)
        return [*found, amount]

    def cost(self, amount: float) -> float:
        """Return the budget that all candidates use together, where none of them ends early."""
        assert self.candidates is not None
        used, before, left = 0.0, 0.0, self.candidates
        for rung in self.rungs(amount):
            used += left * (rung - before)
            before, left = rung, max(1, left // self.factor)
        return used


class Budget(Section):
    """How long a trial lasts, in one unit."""

    epochs: Count | None = None
    steps: Count | None = None
    minutes: Positive | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Budget:
        if len(self.model_dump(exclude_none=True)) != 1:
            raise ValueError("give one of epochs, steps, minutes")
        return self

    @property
    def unit(self) -> str:
        """What it is counted in: epochs, steps or minutes."""
        return next(name for name in BUDGETS if getattr(self, name) is not None)

    @property
    def amount(self) -> float:
        """How many of these."""
        amount: float = getattr(self, self.unit)
        return amount


class Limit(Section):
    """Ends a trial whose statistic stays beyond a limit.

    Attributes
    ----------
    statistic
        A column of the program's table, or one divided by another: "generator_loss / discriminator_loss".
    above, below
        The limit, one of them.
    rows
        For so many rows of the table in a row.
    """

    statistic: Column
    above: Finite | None = None
    below: Finite | None = None
    rows: Count = 1

    @model_validator(mode="after")
    def _has_one(self) -> Limit:
        if (self.above is None) == (self.below is None):
            raise ValueError("give above or below")
        return self

    def is_passed(self, value: float) -> bool:
        """Return whether a value is beyond the limit; one that is not a number is beyond every limit."""
        if self.above is not None:
            return not value <= self.above
        assert self.below is not None
        return not value >= self.below

    def __str__(self) -> str:
        bound = f"above {self.above:g}" if self.above is not None else f"below {self.below:g}"
        return f"{self.statistic} {bound}"


class Filters(Section):
    """What is not tried, or not to its end.

    Attributes
    ----------
    limits
        On statistics of a trial while it runs.
    forbidden
        Combinations of values; lists are any of these.
    memory_mib
        Most memory that a trial may take, as the program estimates it.
    """

    limits: tuple[Limit, ...] = ()
    forbidden: tuple[dict[str, Values], ...] = ()
    memory_mib: Positive | None = None


class Objective(Section):
    """What is searched for.

    Attributes
    ----------
    statistic
        As for `Limit`.
    of
        The last row of a trial, or its best.
    direction
        Whether lower or higher is better.
    columns
        Other statistics of the last row that the report shows.
    """

    statistic: Column
    of: Literal["last", "best"] = "last"
    direction: Literal["minimize", "maximize"] = "minimize"
    columns: tuple[Column, ...] = ()


class SweepFile(Section):
    """All of a sweep file.

    Attributes
    ----------
    program
        Which program is trained.
    seed
        Of what the search draws.
    seeds
        Trainings of every candidate: with seeds 0, 1, 2 and so on, the same for all.
    retries
        How often a trial that failed or was killed by others is tried again.
    settings
        Of all trials.
    space, search, budget, filters, objective
        See there.
    """

    program: str
    seed: Annotated[int, Field(ge=0, le=2**32 - 1, strict=True)] = 0
    seeds: Annotated[int, Field(ge=1, le=1000, strict=True)] = 1
    retries: Annotated[int, Field(ge=0, le=1000, strict=True)] = 2
    settings: dict[str, Value] = Field(default_factory=dict)
    space: dict[str, Parameter]
    search: Search
    budget: Budget
    filters: Filters = Filters()
    objective: Objective


def read_file(path: Path) -> SweepFile:
    """Read a sweep file.

    Raises
    ------
    SettingsError
        When it cannot be read or used, with file, key, what is expected, and the nearest key.
    """
    if not NAME.fullmatch(path.stem):
        raise SettingsError(
            f"{path}: name the file by letters, digits, dots, _ and -: its folder is called so"
        )
    return checked(path, read_toml(path, "sweep"), SweepFile)
