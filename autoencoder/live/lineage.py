"""What of a journal counts: the events that led to where the run stands, without those that were rewound."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeAlias

from autoencoder.live.changes import Changed
from autoencoder.live.events import Begin, Change, Event, Rewind, Snapshot, Stop
from autoencoder.settings import Settings

PLACES = frozenset(
    (
        "input_directory",
        "model_directory",
        "output_directory",
        "snapshot_interval",
        "threads",
        "rung",
        "storage",
    )
)
"""Settings that do not decide what a run is: its images are known by their fingerprint."""

Entry: TypeAlias = Change | Snapshot | Stop


class Lineage(NamedTuple):
    """How a run came to be as it is.

    Attributes
    ----------
    begin
        Its settings at first, and its data.
    entries
        Changes, snapshots and stops in order, those of what was rewound left out.
    """

    begin: Begin
    entries: list[Entry]

    @property
    def changed(self) -> list[Changed]:
        """The changes."""
        return [entry.changed for entry in self.entries if isinstance(entry, Change)]

    @property
    def step(self) -> int:
        """Steps of the last entry."""
        return self.entries[-1].step if self.entries else 0


class LineageError(ValueError):
    """Events that cannot follow each other; `number` is that of the event, from 0."""

    def __init__(self, number: int, message: str) -> None:
        super().__init__(message)
        self.number = number


def trace(events: Iterable[Event]) -> Lineage:
    """Return the lineage of the events of a journal.

    Raises
    ------
    LineageError
        When they do not begin with a beginning, or one of them cannot follow those before it.
    """
    lineage: Lineage | None = None
    for number, event in enumerate(events):
        try:
            lineage = follow(lineage, event)
        except ValueError as error:
            raise LineageError(number, str(error)) from None
    if lineage is None:
        raise LineageError(0, "there is no event in it")
    return lineage


def follow(lineage: Lineage | None, event: Event) -> Lineage:
    """Return the lineage after one more event; what was given is changed.

    Raises
    ------
    ValueError
        When it cannot follow.
    """
    if isinstance(event, Begin) or lineage is None:
        if lineage is not None or not isinstance(event, Begin):
            raise ValueError("a journal begins with its only begin event")
        return Lineage(event, [])
    if event.step < lineage.step and not isinstance(event, Rewind):
        raise ValueError(f"step {event.step} after step {lineage.step}")
    if isinstance(event, Rewind):
        return lineage._replace(entries=_rewound(lineage.entries, event))
    lineage.entries.append(event)
    return lineage


def _rewound(entries: list[Entry], event: Rewind) -> list[Entry]:
    """Return what is left: all before the first change that is not kept, but nothing after the step."""
    kept: list[Entry] = []
    changes = 0
    for entry in entries:
        changes += isinstance(entry, Change)
        if changes > event.kept:
            break
        if entry.step > event.step:
            if isinstance(entry, Change):
                raise ValueError(f"a change of step {entry.step} is kept in going back to step {event.step}")
            continue
        kept.append(entry)
    if changes < event.kept:
        raise ValueError(f"{event.kept} changes are kept and there were {changes}")
    return kept


def same_run(first: Begin, second: Begin) -> bool:
    """Return whether two runs begin alike: with the same data and settings, wherever these may lie."""
    return first.data == second.data and _deciding(first.settings) == _deciding(second.settings)


def _deciding(texts: Mapping[str, str]) -> dict[str, str]:
    return {name: texts.get(name, "") for name in Settings.model_fields if name not in PLACES}


def common(first: list[Changed], second: list[Changed]) -> int:
    """Return how many changes two lists have in common, from the first one on."""
    pairs = zip(first, second, strict=False)
    return next((number for number, (a, b) in enumerate(pairs) if a != b), min(len(first), len(second)))
