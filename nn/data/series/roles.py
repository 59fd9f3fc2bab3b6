"""What the columns of a CSV file are: documented, and said by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from nn.data.errors import DataError
from nn.short_text import join_names, short_repr

Row = Literal["step", "series"]
"""What a row holds."""


@dataclass(frozen=True)
class Roles:
    """Which column of a CSV file is what.

    Attributes
    ----------
    series
        Tells the series apart; without it all rows are one series.
    label
        The class of the series, the same in all its rows.
    time
        Numbers or dates of ISO 8601, which must increase within a series.
    variables
        Columns of values; by default all that have no other role.
    row
        "step": a row is one step. "series": a row is a whole series, its columns are called by variable and
        step, such as `x0, y0, x1, y1`; `variables` are those without the numbers, and there is no time.

    Of `series`, `label` and `time`, None is the column of that name, if there is one and it is no variable.
    """

    series: str | None = None
    label: str | None = None
    time: str | None = None
    variables: Sequence[str] | None = None
    row: Row = "step"

    def __post_init__(self) -> None:
        if self.row not in get_args(Row):
            raise DataError(f"roles: row {self.row!r}: give {' or '.join(get_args(Row))}")
        if self.row == "series" and self.time is not None:
            raise DataError("roles: a row that is a whole series has no column of times: leave time out")
        if isinstance(self.variables, str) or self.variables == ():
            raise DataError(f"roles: variables {self.variables!r}: give a list of names, or None for all")


class Places(NamedTuple):
    """Where in a row the roles are; None where a file has no such column."""

    series: int | None
    label: int | None
    time: int | None
    others: list[int]


def find_places(header: Sequence[str], roles: Roles, path: Path) -> Places:
    """Return the places of roles in a header of different names; `others` are all that have none of the
    three.

    Raises
    ------
    DataError
        When a column is named that is not there, or two roles name the same.
    """
    variables = set(roles.variables or ()) if roles.row == "step" else set()
    named = {"series": roles.series, "label": roles.label, "time": roles.time}
    places: dict[str, int | None] = {}
    for role, name in named.items():
        if name is None:
            fits = role in header and role not in variables and (role, roles.row) != ("time", "series")
            places[role] = header.index(role) if fits else None
        else:
            places[role] = place_of(name, header, f"roles: {role}", path)
    used = [place for place in places.values() if place is not None]
    twice = {header[place] for place in used if used.count(place) > 1 or header[place] in variables}
    if twice:
        raise DataError(f"{path}: roles: column {join_names(sorted(twice))} has two roles: give it one")
    others = [place for place in range(len(header)) if place not in used]
    return Places(places["series"], places["label"], places["time"], others)


def place_of(name: str, known: Sequence[str], what: str, path: Path) -> int:
    """Return where a name is among those that are known.

    Raises
    ------
    DataError
        When it is not; suggests the nearest.
    """
    if name in known:
        return list(known).index(name)
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {join_names(known)}"
    raise DataError(f"{path}: {what}: there is no {short_repr(name)}; {hint}")
