"""A run as those see it who only watch."""

from __future__ import annotations

from typing import Any

from nn.one_line import one_line
from workbench.run.run_directory import RunDirectory
from workbench.run.session import Session
from workbench.run.status_report import describe_curve, describe_progress, describe_session, describe_settings
from workbench.run.step_timer import StepTimer


class Watched:
    """A session, and where it stands; nothing here changes it.

    Parameters
    ----------
    session
        To begin with.
    directory
        Where it lives; closed with the run.

    Attributes
    ----------
    session, directory
        Now.
    run
        Grows with every new session.
    """

    def __init__(self, session: Session, directory: RunDirectory) -> None:
        self.session, self.directory = session, directory
        self.run = 0
        self._training = self._diverged = self._announced = self._stepped = False
        self._message = ""
        self._saved: tuple[int, int] | None = None
        self._take(session, directory)

    def _take(self, session: Session, directory: RunDirectory) -> None:
        """Go on with a session whose state is on the disk."""
        self.session, self.directory = session, directory
        self.run += 1
        self._between = StepTimer()
        self._diverged, self._message = False, ""
        self._saved = self._moment

    @property
    def _moment(self) -> tuple[int, int]:
        """What changes with every step and every change."""
        return self.session.trainer.step, len(self.session.steering.changed)

    def announce(self) -> None:
        """Say that `train` is called next, by whoever owns the run."""
        self._announced = True

    @property
    def starting(self) -> bool:
        """Whether the first step of this process is on its way, for which kernels are compiled."""
        return (self._training or self._announced) and not self._stepped

    @property
    def state(self) -> str:
        """Either idle, training, finished or diverged."""
        if self._training or self._announced:
            return "training"
        if self._diverged:
            return "diverged"
        return "finished" if self.session.trainer.share_done >= 1 else "idle"

    def overview(self) -> dict[str, Any]:
        """Return what stays as it is until there is another session."""
        return describe_session(self.session)

    def status(self) -> dict[str, Any]:
        """Return where the run stands, how fast it goes, and what was changed."""
        trainer, steering = self.session.trainer, self.session.steering
        speeds = self._between.speeds(len(trainer.batches))
        per_second = 0.0 if speeds.seconds_per_epoch is None else 1 / speeds.seconds_per_epoch
        left = trainer.limits.seconds_left(trainer.shuffle.epochs, trainer.clock.seconds, per_second)
        return {
            "run": self.run,
            "state": self.state,
            "starting": self.starting,
            "message": self._message,
            **describe_progress(trainer),
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
        """Return how far the run is and where its model is; None where nothing was saved yet."""
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
