"""The directory of a watched run: its lock, its model, its journal and its snapshots."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection
from pathlib import Path

import numpy as np

from nn.snapshot import previous, save
from nn.training.lock import FolderLock
from workbench.errors import InputError
from workbench.files import make_directory
from workbench.run.changes import ChangeError
from workbench.run.events import BeginEvent, SnapshotEvent, StopEvent
from workbench.run.journal import Journal, JournalError
from workbench.run.lineage import common, same_run
from workbench.run.session import Session
from workbench.run.snapshots import KeptSnapshot, SnapshotFolder

MODEL_NAME = "model.safetensors"

logger = logging.getLogger(__name__)


class RunDirectory:
    """The directory of a run; no other process trains there until it is closed.

    Parameters
    ----------
    directory
        Is made if it does not exist.
    model_name
        Of the file of the model.
    apart_from
        Settings that do not decide what a run is, such as where its files lie.

    Attributes
    ----------
    directory, model_path, journal, snapshots
        What there is.

    Raises
    ------
    FolderLockedError
        When another process trains there.
    InputError
        When the directory cannot be made or written, or its journal neither read nor moved aside.
    """

    def __init__(
        self, directory: Path, model_name: str = MODEL_NAME, apart_from: Collection[str] = ()
    ) -> None:
        make_directory(directory)
        self.directory, self.model_path = directory, directory / model_name
        self._lock = FolderLock(directory)
        try:
            self._lock.__enter__()
        except OSError as error:
            raise InputError(f"{directory}: cannot be written: {error.strerror}") from error
        try:
            self.journal = Journal(directory, apart_from)
            self.snapshots = SnapshotFolder(directory)
        except BaseException:
            self._lock.release()
            raise

    @property
    def holds_model(self) -> bool:
        """Whether there is a model, or the one before it."""
        return self.model_path.exists() or previous(self.model_path).exists()

    def close(self) -> None:
        """Release the directory."""
        self._lock.release()

    def save(self, session: Session) -> None:
        """Save a session as the model; SnapshotError when that cannot be done."""
        save(self.model_path, *session.contents())

    def keep(self, session: Session) -> KeptSnapshot:
        """Save a snapshot of a session.

        Raises
        ------
        SnapshotError, OperationError
            When it cannot be saved.
        """
        trainer = session.trainer
        path = self.snapshots.new_path(trainer.step)
        save(path, *session.contents())
        kept = self.snapshots.add(path, trainer.step, trainer.clock.seconds, trainer.log.last_loss)
        self.note(SnapshotEvent(step=kept.step, name=kept.name, parameters=checksum(session)))
        return kept

    def note(self, event: SnapshotEvent | StopEvent) -> None:
        """Write an event that is only used for comparisons; if that fails, log the error and continue."""
        try:
            self.journal.add(event)
        except JournalError as error:
            logger.error("%s", error)

    def begin(self, session: Session) -> None:
        """Begin the journal of a new session; raises JournalError."""
        self.journal.begin(beginning(session))

    def take_up(self, session: Session, name: str) -> None:
        """Bring the journal in line with a session that continues from a snapshot; raises JournalError."""
        steering, step = session.steering, session.trainer.step
        self.journal.take_up(beginning(session), steering.changed, step, name)

    def catch_up(self, session: Session) -> None:
        """Repeat changes in the journal that are missing in the saved model.

        They were made at the step of the model, by a process that was killed before it saved again.
        """
        lineage, steering = self.journal.lineage, session.steering
        if lineage is None or not same_run(lineage.begin, beginning(session), self.journal.apart_from):
            return
        known = lineage.changed
        if common(known, steering.changed) < len(steering.changed):
            return
        for each in known[len(steering.changed) :]:
            if each.step != session.trainer.step:
                return
            try:
                steering.apply(each.changes)
            except ChangeError as error:
                logger.warning("%s: step %d: %s", self.journal.path, each.step, error)
                return


def beginning(session: Session) -> BeginEvent:
    """Return the event with which the run of a session began."""
    return BeginEvent(settings=session.steering.begin, data=session.fingerprint)


def checksum(session: Session) -> str:
    """Return the SHA-256 of the bytes of all parameters."""
    values = session.network.parameters.values
    return hashlib.sha256(np.ascontiguousarray(values).data).hexdigest()
