"""The part of a run that changes nothing: its state, progress and journal."""

from __future__ import annotations

from typing import Any

from nn.one_line import one_line
from nn.training.log import LogRow
from workbench.run.run_directory import RunDirectory
from workbench.run.run_state import RunState
from workbench.run.session import Session
from workbench.run.snapshots import KeptSnapshot
from workbench.run.status_report import describe_curve, describe_progress, describe_session, describe_settings
from workbench.run.step_timer import StepTimer


class Watched(RunState):
    """A session and its state; no method changes the session.

    Parameters
    ----------
    session
        The first one.
    directory
        Of the run; closed with it.

    Attributes
    ----------
    session, directory
        The present ones.
    run
        Number of the session, which grows with each.
    """

    def __init__(self, session: Session, directory: RunDirectory) -> None:
        super().__init__()
        self.session, self.directory = session, directory
        self.run = 0
        self._saved: tuple[int, int] | None = None
        self._row: LogRow | None = None
        self._take(session, directory)

    def _take(self, session: Session, directory: RunDirectory) -> None:
        """Continue with a session that is saved."""
        self.session, self.directory = session, directory
        self.run += 1
        self._between = StepTimer()
        self._diverged, self._message = False, ""
        self._saved = self._moment
        self._row = None
        self._kept: tuple[tuple[int, int], KeptSnapshot] | None = None

    def _keep(self) -> KeptSnapshot:
        """Return a snapshot of the present state: the last one kept or gone back to, or a new one."""
        if self._kept is None or self._kept[0] != self._moment:
            self._kept = self._moment, self.directory.keep(self.session)
        return self._kept[1]

    def _last_row(self) -> LogRow | None:
        """Return what was measured last, which the trainer forgets with a step after training was stopped."""
        rows = self.session.trainer.rows
        self._row = rows[-1] if rows else self._row
        return self._row

    @property
    def _moment(self) -> tuple[int, int]:
        """Changes with every step and every change."""
        return self.session.trainer.step, len(self.session.steering.changed)

    @property
    def _is_finished(self) -> bool:
        """Whether a limit is reached."""
        return self.session.trainer.share_done >= 1

    def overview(self) -> dict[str, Any]:
        """Return what stays the same until there is another session."""
        return describe_session(self.session)

    def status(self) -> dict[str, Any]:
        """Return the state of the run, its progress and speed, and what was changed."""
        trainer, steering = self.session.trainer, self.session.steering
        speeds = self._between.speeds(len(trainer.batches))
        per_second = 0.0 if speeds.seconds_per_epoch is None else 1 / speeds.seconds_per_epoch
        left = trainer.limits.seconds_left(trainer.shuffle.epochs, trainer.clock.seconds, per_second)
        return {
            "run": self.run,
            "state": self.state,
            "starting": self.starting,
            "message": self._message,
            **describe_progress(trainer, self._last_row()),
            "seconds_left": left,
            **speeds._asdict(),
            "settings": describe_settings(self.session),
            "snapshots": [kept._asdict() for kept in self.directory.snapshots.kept],
            "clamps": [[*place, value] for place, value in steering.clamps.items()],
            "locks": [list(place) for place in steering.locks],
            "weight_locks": [list(place) for place in steering.weight_locks],
            "changes": len(steering.changed),
        }

    def last_saved(self) -> dict[str, Any]:
        """Return the progress of the run and the path of its model, which is None before the first save."""
        trainer, path = self.session.trainer, self.directory.model_path
        return {
            "step": trainer.step,
            "epochs": trainer.shuffle.epochs,
            "seconds": trainer.clock.seconds,
            "model": str(path) if path.is_file() else None,
            "directory": one_line(str(self.directory.directory)),
        }

    def curve(self) -> dict[str, Any]:
        """Return the curve of the loss, and the rows of the epochs."""
        return describe_curve(self.session.trainer)

    def journal(self, count: int) -> dict[str, Any]:
        """Return the last events of the journal, the oldest first."""
        return {"events": self.directory.journal.tail(count)}
