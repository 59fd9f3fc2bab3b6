"""The lineage of a run: the events of its journal that led to its present state, without rewound ones."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple, TypeAlias

from workbench.run.changes import Changed
from workbench.run.events import BeginEvent, ChangeEvent, Event, RewindEvent, SnapshotEvent, StopEvent

Entry: TypeAlias = ChangeEvent | SnapshotEvent | StopEvent


class Lineage(NamedTuple):
    """The history of a run's present state.

    Attributes
    ----------
    begin
        Its first settings, and its data.
    entries
        Changes, snapshots and stops in order, those of what was rewound left out.
    """

    begin: BeginEvent
    entries: list[Entry]

    @property
    def changed(self) -> list[Changed]:
        """The changes."""
        return [entry.changed for entry in self.entries if isinstance(entry, ChangeEvent)]

    @property
    def step(self) -> int:
        """Steps of the last entry."""
        return self.entries[-1].step if self.entries else 0


class LineageError(ValueError):
    """An event that cannot come after those before it; `number` is its own, from 0."""

    def __init__(self, number: int, message: str) -> None:
        super().__init__(message)
        self.number = number


def trace(events: Iterable[Event]) -> Lineage:
    """Return the lineage of the events of a journal.

    Raises
    ------
    LineageError
        When the first is not a begin event, or one cannot come after those before it.
    """
    lineage: Lineage | None = None
    for number, event in enumerate(events):
        try:
            lineage = extended(lineage, event)
        except ValueError as error:
            raise LineageError(number, str(error)) from None
    if lineage is None:
        raise LineageError(0, "there is no event in it")
    return lineage


def extended(lineage: Lineage | None, event: Event) -> Lineage:
    """Return the lineage after one more event; the given one is changed.

    Raises
    ------
    ValueError
        When it cannot come after those before it.
    """
    if isinstance(event, BeginEvent) or lineage is None:
        if lineage is not None or not isinstance(event, BeginEvent):
            raise ValueError("a journal begins with its only begin event")
        return Lineage(event, [])
    if event.step < lineage.step and not isinstance(event, RewindEvent):
        raise ValueError(f"step {event.step} after step {lineage.step}")
    if isinstance(event, RewindEvent):
        return lineage._replace(entries=_rewound(lineage.entries, event))
    lineage.entries.append(event)
    return lineage


def _rewound(entries: list[Entry], event: RewindEvent) -> list[Entry]:
    """Return the rest: all before the first change that is not kept, but nothing after the step."""
    kept: list[Entry] = []
    changes = 0
    for entry in entries:
        changes += isinstance(entry, ChangeEvent)
        if changes > event.kept:
            break
        if entry.step > event.step:
            if isinstance(entry, ChangeEvent):
                raise ValueError(f"a change of step {entry.step} is kept in going back to step {event.step}")
            continue
        kept.append(entry)
    if changes < event.kept:
        raise ValueError(f"{event.kept} changes are kept and there were {changes}")
    return kept


def same_run(first: BeginEvent, second: BeginEvent, apart_from: Collection[str] = ()) -> bool:
    """Return whether two runs begin with the same data and settings, apart from some settings."""

    def deciding(texts: Mapping[str, str]) -> dict[str, str]:
        return {name: text for name, text in texts.items() if text and name not in apart_from}

    return first.data == second.data and deciding(first.settings) == deciding(second.settings)


def common(first: list[Changed], second: list[Changed]) -> int:
    """Return how many changes two lists have in common, from the first one on."""
    pairs = zip(first, second, strict=False)
    return next((number for number, (a, b) in enumerate(pairs) if a != b), min(len(first), len(second)))
