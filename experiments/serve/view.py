"""What a page shows: it stands in the page's address, so that it can be opened again or sent on."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlencode

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from experiments.records.choosing import NEWEST_FIRST, parse_numbers
from workbench.errors import InputError
from workbench.records import Comparison, Query
from workbench.records.run import STATES

PAGE = 50
"""Runs that are listed at a time."""

MOST_CHOSEN = 60
"""Runs that can be chosen together."""

Place = Literal["runs", "queue", "sweeps"]
Over = Literal["step", "epoch", "minutes"]


def _listed(value: Any) -> Any:
    """Return the parts of a text with commas between."""
    return (
        tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value
    )


def _numbers(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return tuple(parse_numbers(value))[:MOST_CHOSEN] if value else ()
    except InputError as error:
        raise ValueError(str(error)) from error


Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class View(BaseModel):
    """What a person looks at.

    Attributes
    ----------
    place
        Which part of the page.
    where, program, state, sort, reverse, columns
        Which runs are listed, and how, as the command `list` has them.
    page
        Which of the pages of the list, from 0.
    chosen
        Numbers of runs whose curves are drawn and which are compared.
    statistics, over, band, by, log
        How curves are drawn, as the command `plot` has it, but in minutes instead of seconds.
    sweep
        Whose report is shown.
    job
        Whose log is shown; 0: none.
    """

    model_config = ConfigDict(extra="ignore", validate_assignment=True)

    place: Place = "runs"
    where: str = Field("", max_length=500)
    program: str = Field("", max_length=200)
    state: str = Field("", max_length=20)
    sort: str = Field("number", max_length=200)
    reverse: bool = False
    columns: Names = ()
    page: int = Field(0, ge=0, lt=10**9)
    chosen: Annotated[tuple[int, ...], BeforeValidator(_numbers)] = ()
    statistics: Names = Field((), max_length=6)
    over: Over = "step"
    band: Literal["confidence", "range"] = "confidence"
    by: Names = ()
    log: bool = False
    sweep: str = Field("", max_length=200)
    job: int = Field(0, ge=0, lt=10**9)

    @classmethod
    def from_address(cls, given: Mapping[str, str]) -> Self:
        """Return what an address says; of what makes no sense in it, what is there without it."""
        try:
            return cls.model_validate(dict(given))
        except ValidationError as error:
            wrong = {str(each["loc"][0]) for each in error.errors() if each["loc"]}
            return cls.model_validate({name: value for name, value in given.items() if name not in wrong})

    @property
    def address(self) -> str:
        """The address, from the question mark on."""
        fields = self.model_dump(exclude_defaults=True)
        return f"?{urlencode({name: _as_text(value) for name, value in fields.items()})}" if fields else ""

    @property
    def query(self) -> Query:
        """The runs that are listed.

        Raises
        ------
        InputError
            When a condition makes no sense.
        """
        if self.state and self.state not in STATES:
            raise InputError(f"{self.state!r} is no state: there are {', '.join(STATES)}")
        return Query(
            programs=(self.program,) if self.program else (),
            states=(self.state,) if self.state else (),
            where=tuple(conditions(self.where)),
            sort=self.sort,
            descending=(self.sort in NEWEST_FIRST) != self.reverse,
            limit=PAGE,
            skip=PAGE * self.page,
        )

    def choose(self, numbers: tuple[int, ...], *, chosen: bool) -> None:
        """Choose runs, or no longer."""
        kept = [number for number in self.chosen if number not in numbers]
        self.chosen = tuple([*kept, *numbers] if chosen else kept)[:MOST_CHOSEN]


def conditions(text: str) -> list[Comparison]:
    """Return conditions with spaces between, as they are given to `--where` one by one.

    Raises
    ------
    InputError
        When one makes no sense.
    """
    try:
        parts = shlex.split(text)
    except ValueError as error:
        raise InputError(f"{text}: a quotation mark has no other") from error
    return [Comparison.parse(part) for part in parts]


def _as_text(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return str(int(value)) if isinstance(value, bool) else str(value)
