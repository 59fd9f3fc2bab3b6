"""A run that can be watched and changed: what the page, or anybody else, may ask of it.

Everything is called by one thread: while `train` runs, from the function that it calls between steps. Names
and arguments of the operations are those of `autoencoder.live.operations`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from autoencoder.errors import InputError
from autoencoder.files import make_directory
from autoencoder.live.catalogue import BUILT_IN, chosen
from autoencoder.live.changes import parse_changes
from autoencoder.live.errors import OperationError
from autoencoder.live.events import Change, Stop
from autoencoder.live.home import Home, checksum
from autoencoder.live.sessions import Progress, open_session, renewed_session, rewound_session
from autoencoder.live.watched import Watched
from autoencoder.model_file import holds_model, load_snapshot
from autoencoder.session import Session
from autoencoder.validation import Given, make_settings
from nn.snapshot import SnapshotError, load
from nn.training import TrainingDiverged
from nn.training.callbacks import LossTable
from nn.training.lock import FolderLockedError
from nn.training.trainable import forget_batch

SAVED = "model"
"""What the journal calls the snapshot that is the model itself."""


class LiveRun(Watched):
    """A session that is watched and changed, and those that follow it; `open` makes one."""

    @classmethod
    def open(
        cls,
        given: Mapping[str, Given],
        *,
        overwrite: bool = False,
        inputs: Mapping[str, Path] | None = None,
        models: Mapping[str, Path] | None = None,
        progress: Progress | None = None,
    ) -> LiveRun:
        """Begin a run, or go on with the model in the model directory unless it is to be overwritten.

        Parameters
        ----------
        given
            Settings by field.
        overwrite
            Whether to begin anew where there is a model.
        inputs, models
            As for the class.
        progress
            Told how many images are read, of how many.

        Raises
        ------
        SettingsError, InputError, DataError, SnapshotError, OperationError, FolderLockedError
            When settings, data, the model or its directory cannot be used.
        """
        home = Home(make_settings(given).model_directory)
        try:
            session = open_session(given, overwrite=overwrite, progress=progress)
            if overwrite or not holds_model(home.directory):
                home.begin(session)
            else:
                home.catch_up(session)
                home.take_up(session, SAVED)
            return cls(session, home, inputs=inputs, models=models)
        except BaseException:
            home.close()
            raise

    def start(self) -> dict[str, Any]:
        """Ask whether `train` may be called now, which whoever owns the run does next."""
        self._require_idle("start")
        self._require_unfinished()
        return {}

    def train(self, between_steps: Callable[[], None]) -> None:
        """Train until a limit is reached, `stop` is called or training diverges.

        What goes wrong with files and memory ends training and is the message of the status. The bits are
        those of `Session.train`.

        Parameters
        ----------
        between_steps
            Called after every step.
        """
        self._require_idle("start")
        directory = self.session.settings.output_directory
        self._between.call = between_steps
        self._training, self._diverged, self._message = True, False, ""
        try:
            make_directory(directory)
            self.session.train_locked([LossTable(directory / "losses.csv"), self._between])
            self._saved = self._moment
        except TrainingDiverged as error:
            self._diverged, self._message = True, str(error)
        except (SnapshotError, FolderLockedError, InputError, MemoryError) as error:
            self._message = str(error) or "out of memory"
        finally:
            self._training = False
        if not self._diverged:
            self._note_stop()

    def stop(self) -> dict[str, Any]:
        """Let `train` end after the current step."""
        if self._training:
            self.session.trainer.stop()
        return {}

    def step(self) -> dict[str, Any]:
        """Learn from one mini-batch."""
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
            When the journal cannot be written: what is not written down is not changed either.
        """
        parsed, trainer = parse_changes(changes), self.session.trainer
        self.session.steering.check(parsed)
        given = [change.model_dump() for change in parsed]
        self.home.journal.add(Change(step=trainer.step, changes=given))
        self.session.steering.apply(parsed)
        return {"step": trainer.step}

    def snapshot(self) -> dict[str, Any]:
        """Keep what there is now, to go back to."""
        kept = self.home.keep(self.session)
        return {"name": kept.name, "step": kept.step}

    def rewind(self, name: str) -> dict[str, Any]:
        """Go back to a snapshot; the settings are those that it was kept with."""
        self._require_idle("rewind")
        snapshot = load(self.home.snapshots.path(name))
        session = rewound_session(self.session, snapshot, self.home.directory)
        self._put(session)
        self.home.take_up(session, name)
        self._use(session, self.home)
        return {"step": session.trainer.step}

    def reset(self, seed: int | None) -> dict[str, Any]:
        """Begin anew with the settings of now, and another seed if one is given."""
        self._require_idle("reset")
        return self._renew({} if seed is None else {"seed": str(seed)})

    def choose_input(self, name: str) -> dict[str, Any]:
        """Begin anew with other images."""
        self._require_idle("choose an input")
        path = "" if name == BUILT_IN else str(chosen(self.inputs, name, "input"))
        return self._renew({"input_directory": path})

    def load_model(self, name: str) -> dict[str, Any]:
        """Go on with the model in another of the model directories, or with the one that was saved last."""
        self._require_idle("load a model")
        directory = chosen(self.models, name, "model")
        elsewhere = name != self._model
        home = Home(directory) if elsewhere else self.home
        try:
            session = rewound_session(self.session, load_snapshot(directory), directory)
            if elsewhere:
                self._leave()
                home.catch_up(session)
            home.take_up(session, SAVED)
        except BaseException:
            if elsewhere:
                home.close()
            raise
        if elsewhere:
            self.home.close()
        self._use(session, home)
        return {"step": session.trainer.step}

    def close(self) -> None:
        """Save what is not saved yet, and let others train in the model directory.

        Raises
        ------
        SnapshotError
            When it cannot be saved.
        """
        try:
            self._leave()
        finally:
            self.home.close()

    def _leave(self) -> None:
        """Save what is not saved yet; after training diverged the last good state is saved already."""
        if self._diverged or self._moment == self._saved:
            return
        self.home.save(self.session)
        self._saved = self._moment
        self._note_stop()

    def _renew(self, given: Mapping[str, str]) -> dict[str, Any]:
        """Keep the session as a snapshot, and begin another at its start."""
        session = renewed_session(self.session, given)
        if any(self._moment) and not self._diverged:
            self.home.keep(self.session)
        if holds_model(self.home.directory):
            self._put(session)
        self.home.begin(session)
        self._use(session, self.home)
        return {"step": 0}

    def _put(self, session: Session) -> None:
        """Save another session in place of this one, which has to be saved again if it stays after all."""
        self._saved = None
        self.home.save(session)

    def _note_stop(self) -> None:
        self.home.note(Stop(step=self.session.trainer.step, parameters=checksum(self.session)))

    def _require_idle(self, what: str) -> None:
        if self._training:
            raise OperationError(f"cannot {what} while training goes on: stop it first")

    def _require_unfinished(self) -> None:
        if self.session.trainer.share_done >= 1:
            raise OperationError(
                "training has reached its limit of epochs or minutes: give it more to go on, or reset it"
            )
