"""A run that can be watched and changed: the operations for the page and other callers.

Everything is called by one thread: while `train` runs, from the function that it calls between steps. Names
and arguments of the operations are those of `workbench.run.operations`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from nn import Snapshot, SnapshotError, TrainingDiverged
from nn.snapshot import load
from nn.training.lock import FolderLockedError
from nn.training.trainable import forget_batch
from workbench.errors import InputError, OperationError
from workbench.run.changes import Change, ChangeError, parse_changes
from workbench.run.events import ChangeEvent, StopEvent
from workbench.run.run_directory import RunDirectory, checksum
from workbench.run.session import Session
from workbench.run.undo import UndoHistory
from workbench.run.watched import Watched


class Run(Watched, ABC):
    """A session that is watched and changed, and the sessions after it."""

    def _take(self, session: Any, directory: RunDirectory) -> None:
        super()._take(session, directory)
        self._history = UndoHistory()

    def status(self) -> dict[str, Any]:
        """Return the state of the run, as `Watched.status`, and what would be undone and redone."""
        done, undone = self._history.last_done, self._history.last_undone
        return {
            **super().status(),
            "undo": None if done is None else done.describe(),
            "redo": None if undone is None else undone.describe(),
        }

    @abstractmethod
    def _rewound(self, snapshot: Snapshot) -> Session:
        """Return a session that continues from a snapshot."""

    @abstractmethod
    def _renewed(self, given: Mapping[str, str]) -> Session:
        """Return a new session with the present settings but for some, as texts by field."""

    @abstractmethod
    def _learn(self) -> None:
        """Train the session, and call `self._between` after every step."""

    def start(self) -> dict[str, Any]:
        """Check that `train` may be called now, which the owner of the run does next."""
        self._require_idle("start")
        self._require_unfinished()
        self.announce()
        return {}

    def train(self, between_steps: Callable[[], None]) -> None:
        """Train until a limit is reached, `stop` is called or training diverges.

        Errors of files and memory end training and become the message of the status. The bits are those of
        unwatched training.

        Parameters
        ----------
        between_steps
            Called after every step.
        """
        self._require_idle("start")

        def after_step() -> None:
            self._stepped = True
            between_steps()

        self._between.call = after_step
        self._training, self._diverged, self._message = True, False, ""
        try:
            self._learn()
            self._saved = self._moment
            self._last_row()
        except TrainingDiverged as error:
            self._diverged, self._message = True, str(error)
        except (SnapshotError, FolderLockedError, InputError, MemoryError) as error:
            self._message = str(error) or "out of memory"
        finally:
            self._training = self._announced = False
        if not self._diverged:
            self._note_stop()

    def stop(self) -> dict[str, Any]:
        """Let `train` end after the current step, or cancel its announcement."""
        self._announced = False
        if self._training:
            self.session.trainer.stop()
        return {}

    def step(self) -> dict[str, Any]:
        """Train on one mini-batch."""
        self._require_idle("step")
        self._require_unfinished()
        trainer = self.session.trainer
        self._diverged, self._message = False, ""
        trainer.clock.start()
        try:
            trainer.advance()
        except TrainingDiverged as error:
            self._diverged, self._message = True, str(error)
        finally:
            trainer.clock.stop()
            forget_batch(trainer.network)
        return {"step": trainer.step}

    def apply(self, changes: object) -> dict[str, Any]:
        """Make changes before the next step, all of them or none, once they are in the journal.

        Raises
        ------
        ChangeError
            When one of them cannot be made.
        JournalError
            When the journal cannot be written: nothing is changed then.
        """
        parsed = parse_changes(changes)
        self.session.steering.check(parsed)
        back = self._inverse(parsed)
        self._make(parsed)
        if back is None:
            self._history.clear()
        else:
            self._history.add(parsed, back)
        return {"step": self.session.trainer.step}

    def undo(self) -> dict[str, Any]:
        """Take back the changes that were made last, by changes that are in the journal as all others are."""
        deed = self._history.last_done
        if deed is None:
            raise OperationError("there is nothing to undo")
        self.session.steering.check(deed.back)
        self._make(deed.back, "undo")
        self._history.undid()
        return {"step": self.session.trainer.step, **deed.describe()}

    def redo(self) -> dict[str, Any]:
        """Make the changes again that were undone last."""
        deed = self._history.last_undone
        if deed is None:
            raise OperationError("there is nothing to redo")
        self.session.steering.check(deed.made)
        back = self._inverse(deed.made)
        self._make(deed.made, "redo")
        self._history.redid(deed.back if back is None else back)
        return {"step": self.session.trainer.step, **deed.describe()}

    def _make(self, changes: Sequence[Change], why: Literal["undo", "redo"] | None = None) -> None:
        """Make changes that were checked, once they are in the journal."""
        given = [change.model_dump() for change in changes]
        self.directory.journal.add(ChangeEvent(step=self.session.trainer.step, changes=given, why=why))
        self.session.steering.apply(changes)

    def _inverse(self, changes: Sequence[Change]) -> tuple[Change, ...] | None:
        """Return what takes changes back; None where training diverged and nothing does."""
        try:
            return self.session.steering.inverse(changes)
        except ChangeError:
            return None

    def snapshot(self) -> dict[str, Any]:
        """Save a snapshot of the present state, unless there is one."""
        kept = self._keep()
        return {"name": kept.name, "step": kept.step}

    def rewind(self, name: str) -> dict[str, Any]:
        """Return to a snapshot, with the settings in it; the present state is kept as another one."""
        self._require_idle("rewind")
        snapshot = load(self.directory.snapshots.path(name))
        self._keep_present()
        session = self._rewound(snapshot)
        self._put(session)
        self.directory.take_up(session, name)
        self._take(session, self.directory)
        self._kept = self._moment, self.directory.snapshots.named(name)
        return {"step": session.trainer.step}

    def delete_snapshot(self, name: str) -> dict[str, Any]:
        """Delete a snapshot; what the journal says of it stays, as a replay compares with that."""
        deleted = self.directory.snapshots.delete(name)
        if self._kept is not None and self._kept[1].name == name:
            self._kept = None
        return {"name": deleted.name, "step": deleted.step}

    def _keep_present(self) -> None:
        """Keep what was trained or changed, if anything was, before something else takes its place."""
        if any(self._moment) and not self._diverged:
            self._keep()

    def reset(self, seed: int | None) -> dict[str, Any]:
        """Start again with the present settings, and another seed if one is given."""
        self._require_idle("reset")
        return self._renew({} if seed is None else {"seed": str(seed)})

    def close(self) -> None:
        """Save unsaved changes, and release the model directory.

        Raises
        ------
        SnapshotError
            When it cannot be saved.
        """
        try:
            self._leave()
        finally:
            self.directory.close()

    def _leave(self) -> None:
        """Save unsaved changes; after training diverged the last good state is saved already."""
        if self._diverged or self._moment == self._saved:
            return
        self.directory.save(self.session)
        self._saved = self._moment
        self._note_stop()

    def _renew(self, given: Mapping[str, str]) -> dict[str, Any]:
        """Save the session as a snapshot, and begin a new one."""
        session = self._renewed(given)
        self._keep_present()
        if self.directory.holds_model:
            self._put(session)
        self.directory.begin(session)
        self._take(session, self.directory)
        return {"step": 0}

    def _put(self, session: Session) -> None:
        """Save another session over this one, which has to be saved again if it stays in use."""
        self._saved = None
        self.directory.save(session)

    def _note_stop(self) -> None:
        self.directory.note(StopEvent(step=self.session.trainer.step, parameters=checksum(self.session)))

    def _require_idle(self, what: str) -> None:
        if self._training:
            raise OperationError(f"cannot {what} while training goes on: stop it first")

    def _require_unfinished(self) -> None:
        if self._is_finished:
            raise OperationError(
                "training has reached its limit of epochs or minutes: give it more to go on, or reset it"
            )
