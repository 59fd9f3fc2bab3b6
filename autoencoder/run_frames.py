"""The frames of a run: of the snapshots that it kept, or of training it again."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence

from autoencoder.journal_settings import journal_settings, refuse_clock
from autoencoder.live.sessions import PLACES, rewound_session
from autoencoder.model_file import model_path
from autoencoder.session import Session, start_session
from autoencoder.settings import TABLE
from nn import Callback, Trainer
from nn.snapshot import load
from workbench.errors import InputError
from workbench.replay_page.recording import Recording
from workbench.run.events import ChangeEvent, SnapshotEvent, StopEvent
from workbench.run.lineage import Lineage, common, same_run
from workbench.run.replay import Replay
from workbench.run.run_directory import beginning, checksum
from workbench.run.snapshots import KeptSnapshot, SnapshotFolder
from workbench.settings.table import Given

OF_NOW = ("input_directory", "model_directory", "output_directory", "threads")
"""Settings of the session in a training that is done again; the others are those with which the run began."""

logger = logging.getLogger(__name__)


def kept_snapshots(session: Session) -> list[KeptSnapshot]:
    """Return the snapshots beside the model of a session that were taken before it, by their steps."""
    step = session.trainer.step
    kept = SnapshotFolder(session.settings.model_directory).kept
    return [each for each in kept if each.step <= step]


def snapshot_session(session: Session, kept: KeptSnapshot) -> Session | None:
    """Return the session of a snapshot; None, with a warning, when it is of another run than a session.

    Raises
    ------
    SnapshotError
        When it cannot be read.
    """
    directory = session.settings.model_directory
    snapshot = load(SnapshotFolder(directory).path(kept.name))
    if snapshot.metadata.get("data") == session.fingerprint:
        found = rewound_session(session, snapshot, directory)
        if _led_to(found, session):
            return found
    logger.warning("%s: left out, it is not of the run that led to the model", snapshot.path)
    return None


def _led_to(earlier: Session, session: Session) -> bool:
    before, after = earlier.steering.changed, session.steering.changed
    return same_run(beginning(earlier), beginning(session), PLACES) and common(before, after) == len(before)


def record_snapshots(recording: Recording, session: Session, kept: Sequence[KeptSnapshot]) -> None:
    """Record snapshots and then the session itself, unless the last of them is the same.

    Raises
    ------
    SnapshotError
        When one cannot be read.
    """
    last = ""
    for each in kept:
        found = snapshot_session(session, each)
        if found is not None:
            recording.add(found)
            last = checksum(found)
    if last != checksum(session):
        recording.add(session, kept_epoch(session))


def record_training(
    recording: Recording, session: Session, steps: Collection[int], callbacks: Sequence[Callback]
) -> str | None:
    """Train again as a session was trained, and record it at some steps; nothing is saved.

    Parameters
    ----------
    recording
        Takes the frames.
    session
        Of the model.
    steps
        Those of the frames.
    callbacks
        Of the training, beside those that this needs.

    Returns
    -------
    difference
        What is different from the model, at the end or after the epoch that was kept, which is recorded last
        then; empty where nothing is. None when training was stopped before.

    Raises
    ------
    InputError
        When the learning rate followed the clock, or the run began with something that is not known.
    """
    again, lineage = _begin_again(session)
    following = Replay(again, lineage)
    outcome = again.trainer.train(
        again.settings.epoch_limit,
        again.settings.minutes,
        [*again.moving, *callbacks, FramesAt(steps, recording, again), following],
    )
    if not following.difference and outcome.stopped and again.trainer.step < session.trainer.step:
        return None
    if session.trainer.restored_epoch is None:
        return following.difference
    if checksum(again) != checksum(session):
        recording.add(session, kept_epoch(session))
    return "" if following.compared or not _can_compare_kept(session) else following.difference


def _begin_again(session: Session) -> tuple[Session, Lineage]:
    """Return a session as that of a model was at its start, and what was done in it since."""
    path = model_path(session.settings.model_directory)
    changes = [ChangeEvent.model_validate(each.to_json()) for each in session.steering.changed]
    stop = StopEvent(step=session.trainer.step, parameters=checksum(session))
    lineage = Lineage(beginning(session), [*changes, stop])
    if _can_compare_kept(session):
        row = session.trainer.restored
        kept = SnapshotEvent(step=row.step if row else 0, name="kept", parameters=checksum(session))
        before = sum(change.step < kept.step for change in changes)
        lineage.entries.insert(before, kept)
    refuse_clock(lineage, path)
    now = TABLE.texts(session.settings)
    given = {**journal_settings(lineage, path), **{name: Given(now[name], name) for name in OF_NOW}}
    again = start_session(TABLE.make(given), images=(session.training, session.held_out))
    if again.network.parameters.size != session.network.parameters.size:
        raise InputError(f"{path}: was not made by its settings alone, so it cannot be trained again")
    return again, lineage


def _can_compare_kept(session: Session) -> bool:
    """Return whether an epoch was kept as it was: its start may have been made again, of all images."""
    epoch = session.trainer.restored_epoch
    starts_at_components = session.settings.start_from == "principal" and not len(session.held_out)
    return epoch is not None and not (epoch == 0 and starts_at_components)


def kept_epoch(session: Session) -> str:
    """Return which epoch's network was kept, in words; empty where it is that of the last."""
    epoch = session.trainer.restored_epoch
    return "" if epoch is None else f"kept: as after epoch {epoch:g}"


class FramesAt(Callback):
    """Records a session at some of its steps.

    Parameters
    ----------
    steps
        Done when a frame is due.
    recording, session
        What records, and what is recorded.
    """

    def __init__(self, steps: Collection[int], recording: Recording, session: Session) -> None:
        self._steps, self._recording, self._session = frozenset(steps), recording, session

    def on_start(self, trainer: Trainer) -> None:
        """Record the first frame."""
        self._record(trainer)

    def on_step(self, trainer: Trainer) -> None:
        """Record the frame that is due, if one is."""
        self._record(trainer)

    def _record(self, trainer: Trainer) -> None:
        if trainer.step in self._steps:
            self._recording.add(self._session)
