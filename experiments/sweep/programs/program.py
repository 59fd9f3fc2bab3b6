"""What a sweep has to know of a program that it trains."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.watch_option import WATCHED
from workbench.settings.table import Given, SettingsTable, to_name

Check = Callable[[Mapping[str, Given]], Any]
"""Returns the settings; raises SettingsError, InputError or DataError for what the program would refuse."""

GoOn = Callable[[Path], list[str]]
"""Returns the words that go on with the run in a folder; options after them may give it another budget."""


@dataclass(frozen=True)
class SweepProgram:
    """A program.

    Attributes
    ----------
    command
        Words that start it.
    table
        Of its settings.
    check
        See `Check`.
    places
        Settings that say where it writes, and which folder within the trial's that is.
    left_out
        Settings that a sweep does not take, and why.
    statistics
        Returns the columns that `losses.csv` in the trial's folder has with some settings, but for the time.
    rows
        Returns the column of the table that counts on, and by how much from one whole row to the next: a
        training that is stopped may leave a row in between.
    begun
        Returns whether a trial's folder holds a run to go on with.
    go_on
        See `GoOn`.
    counters
        Units of a budget that it has, and the column of the table that counts each.
    lasting
        Values of settings with which a longer budget later is the same as one from the start, where others
        follow the length of the run.
    memory
        Returns an estimate in bytes of what training with some settings takes, or raises ValueError where
        that is more than so many bytes; None where the program makes no estimate.
    watched
        Words that show a training in a page as long as it runs; none where there is no such page.
    """

    command: tuple[str, ...]
    table: SettingsTable[Any]
    check: Check
    places: Mapping[str, str]
    left_out: Mapping[str, str]
    statistics: Callable[[Any], Sequence[str]]
    rows: Callable[[Any], tuple[str, int]]
    begun: Callable[[Path], bool]
    go_on: GoOn
    counters: Mapping[str, str]
    lasting: Mapping[str, tuple[str, ...]]
    memory: Callable[[Any, int], int] | None = None
    watched: tuple[str, ...] = ()


TABLE_FILE = "losses.csv"
"""What every program calls the table of its statistics."""


ENDS_ANEW = "once it has ended a run that is then taken up again, the run goes on: take [[filters.limits]]"
"""Why a sweep leaves out settings that end a run early: what is trained must not depend on kills."""


def option(key: str, text: str) -> list[str]:
    """Return the words of an option; what begins with a dash, or is empty, is joined to it."""
    return [f"--{key}={text}"] if not text or text.startswith("-") else [f"--{key}", text]


def given_of(words: Sequence[str]) -> dict[str, Given]:
    """Return the settings, by name, that words made by `option` give; others are skipped."""
    found, left = {}, iter(words)
    for word in left:
        if word.startswith("--") and word not in WATCHED:
            key, joined, text = word.partition("=")
            found[to_name(key.removeprefix("--"))] = Given(text if joined else next(left), key)
    return found
