"""Runs of another records file merged into ours, by their keys."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from experiments.sync.files import Copied
from experiments.sync.folders import Folders, found_within, is_within, places_of
from workbench.records import Artefact, Query, Run, Store
from workbench.records.run import RUNNING

TABLES: Mapping[str, tuple[str, str]] = {
    "sessions": ("started_at, ended_at, state, reason, command, code, machine", "rowid"),
    "settings": ("name, kind, value", "name"),
    "results": ("name, kind, value", "place"),
    "statistics": ("name, step, value", "name, step"),
}
"""What is taken over of a run as it is, in which columns and order."""

COLUMNS = (
    "program, seed, data, sweep, trial, state, reason, started_at, ended_at, seen_at, system, process, "
    "process_started"
)


@dataclass
class Merged:
    """How many runs were new, had gone on, or were left as they are; and their files."""

    new: int = 0
    updated: int = 0
    left: int = 0
    copied: Copied = field(default_factory=Copied)


class Merging:
    """Takes over runs.

    Parameters
    ----------
    there, here
        Another records file, and ours.
    source
        Where the other's is, with its files in the same folder.

    Attributes
    ----------
    runs
        Of the other, in their order.
    merged
        What became of those that were taken.
    """

    def __init__(self, there: Store, here: Store, source: Path) -> None:
        self.there, self.here, self.root = there, here, source.parent
        self.runs = there.runs(Query(descending=False))
        self._last_in = {run.folder: run.key for run in self.runs}
        ours = here.runs()
        self._ours = {run.key: run for run in ours}
        self._folders = Folders(here.path.absolute().parent, ours)
        self.merged = Merged()

    def take(self, run: Run) -> None:
        """Take over a run: its files first, and then all that is recorded of it at once.

        Raises
        ------
        RecordsError
            When it cannot be written.
        """
        ours, end = self._ours.get(run.key), self._folder_there(run)
        if ours is not None and not self._is_wanted(run, ours, end):
            self.merged.left += 1
            return
        artefacts = self.there.artefacts(run.number)
        folder = None if ours is None else ours.folder
        if end is not None:
            folder, artefacts = self._copy(run, ours, end, artefacts)
        with self.here.writing():
            self._write(run, folder, artefacts)
        self.merged.new += ours is None
        self.merged.updated += ours is not None

    def _is_wanted(self, run: Run, ours: Run, end: Path | None) -> bool:
        """Return whether a run has gone on there, or its files were not there the last time."""
        if ours.state == RUNNING and ours.process.is_alive(math.inf):
            return False
        there, here = _how_far(run), _how_far(ours)
        return there > here or (there == here and end is not None and ours.folder is None)

    def _folder_there(self, run: Run) -> Path | None:
        """Return the folder of a run in the other's; None where it is not there, or a later run's."""
        if run.folder is None or self._last_in[run.folder] != run.key:
            return None
        end = found_within(self.root, run.folder)
        return end if end is not None and (self.root / end).is_dir() else None

    def _copy(
        self, run: Run, ours: Run | None, end: Path, artefacts: list[Artefact]
    ) -> tuple[Path | None, list[Artefact]]:
        """Copy the files of a run; return its folder here, and the files as they are called here."""
        places = places_of(artefacts, self.root, end)
        if ours is not None and ours.folder is not None:
            folder = ours.folder
            if not is_within(folder, self._folders.root):  # made here, and elsewhere
                return folder, artefacts
        else:
            digests = {place: each.digest for place, (_, each) in places.items()}
            folder = self._folders.choose(end, run, digests)
        called = {}
        for place, (source, each) in places.items():
            target = folder / place
            if is_within(target.parent, folder) and self.merged.copied.copy(source, each, self.root, target):
                called[each.path] = place
        return folder, [each._replace(path=called.get(each.path, each.path)) for each in artefacts]

    def _write(self, run: Run, folder: Path | None, artefacts: list[Artefact]) -> None:
        execute = self.here.connection.execute
        found = self.there.connection.execute(f"SELECT {COLUMNS} FROM runs WHERE number = ?", (run.number,))
        values = (run.key, None if folder is None else str(folder), *found.fetchone())
        changes = ", ".join(f"{name} = excluded.{name}" for name in f"folder, {COLUMNS}".split(", "))
        (number,) = execute(
            f"INSERT INTO runs (key, folder, {COLUMNS}) VALUES ({_marks(len(values))}) "
            f"ON CONFLICT (key) DO UPDATE SET {changes} RETURNING number",
            values,
        ).fetchone()
        for table, (columns, order) in TABLES.items():
            query = f"SELECT ?, {columns} FROM {table} WHERE run = ? ORDER BY {order}"
            rows = self.there.connection.execute(query, (number, run.number)).fetchall()
            execute(f"DELETE FROM {table} WHERE run = ?", (number,))
            marks = _marks(columns.count(",") + 2)
            self.here.connection.executemany(f"INSERT INTO {table} (run, {columns}) VALUES ({marks})", rows)
        execute("DELETE FROM artefacts WHERE run = ?", (number,))
        self.here.write_artefacts(number, artefacts)


def _marks(count: int) -> str:
    return ", ".join("?" * count)


def _how_far(run: Run) -> tuple[float, bool]:
    return run.seen_at, run.ended_at is not None
