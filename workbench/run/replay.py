"""Replaying: a callback that makes the changes of a journal at their steps and compares the results."""

from __future__ import annotations

from collections import deque

from nn import Callback, Trainer
from workbench.errors import InputError
from workbench.run.changes import ChangeError
from workbench.run.events import ChangeEvent, SnapshotEvent, StopEvent
from workbench.run.lineage import Lineage
from workbench.run.run_directory import checksum
from workbench.run.session import Session


class Replay(Callback):
    """Replays a journal, and stops at its end, or where something differs.

    A limit of minutes is ignored: the run ends where the journal does.

    Parameters
    ----------
    session
        At its start.
    lineage
        Of the journal.

    Attributes
    ----------
    compared
        How many checksums were the same.
    difference
        Where the first one was another; empty where all were the same.
    """

    def __init__(self, session: Session, lineage: Lineage) -> None:
        self._session = session
        self._entries = deque(lineage.entries)
        self.compared = 0
        self.difference = ""

    @property
    def done(self) -> bool:
        """Whether everything in the journal was done."""
        return not self._entries and not self.difference

    def on_start(self, trainer: Trainer) -> None:
        """Make the changes due before the first step."""
        self._replay_due(trainer)

    def on_step(self, trainer: Trainer) -> None:
        """Make the changes due before the next step."""
        self._replay_due(trainer)

    def _replay_due(self, trainer: Trainer) -> None:
        while self._entries and self._entries[0].step <= trainer.step and not self.difference:
            entry = self._entries.popleft()
            if isinstance(entry, ChangeEvent):
                self._change(entry)
            else:
                self._compare(entry)
        trainer.limits = trainer.limits._replace(minutes=None)
        if self.difference or not self._entries:
            trainer.stop("the journal ends here")

    def _change(self, entry: ChangeEvent) -> None:
        try:
            self._session.steering.apply(entry.changed.changes)
        except ChangeError as error:
            raise InputError(f"the journal does not fit the run, step {entry.step}: {error}") from error

    def _compare(self, entry: SnapshotEvent | StopEvent) -> None:
        if checksum(self._session) == entry.parameters:
            self.compared += 1
            return
        what = f"snapshot {entry.name}" if isinstance(entry, SnapshotEvent) else "stop"
        self.difference = f"step {entry.step:,} ({what}): other parameters than those of the journal"
