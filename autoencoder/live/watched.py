"""A run as those see it who only watch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autoencoder.live.catalogue import BUILT_IN, with_path
from autoencoder.live.home import Home
from autoencoder.live.speed import BetweenSteps
from autoencoder.live.telling import tell_curve, tell_progress, tell_session, tell_settings
from autoencoder.session import Session


class Watched:
    """A session, and where it stands; nothing here changes it.

    Parameters
    ----------
    session
        To begin with; its model directory is the home's.
    home
        Closed with the run.
    inputs, models
        What may be chosen, by name; the built-in digits and what the session uses are added.

    Attributes
    ----------
    session, home
        Now.
    run
        Grows with every new session.
    """

    def __init__(
        self,
        session: Session,
        home: Home,
        *,
        inputs: Mapping[str, Path] | None = None,
        models: Mapping[str, Path] | None = None,
    ) -> None:
        self.session, self.home = session, home
        self.run = 0
        self.inputs, self.models = dict(inputs or {}), dict(models or {})
        self._training = self._diverged = False
        self._message = ""
        self._saved: tuple[int, int] | None = None
        self._use(session, home)

    def _use(self, session: Session, home: Home) -> None:
        """Go on with a session whose state is on the disk."""
        self.session, self.home = session, home
        self.run += 1
        self._between = BetweenSteps()
        self._diverged, self._message = False, ""
        self._saved = self._moment
        self._model, self.models = with_path(self.models, home.directory)
        self._input = BUILT_IN
        if session.settings.input_directory is not None:
            self._input, self.inputs = with_path(self.inputs, session.settings.input_directory)

    @property
    def _moment(self) -> tuple[int, int]:
        """What changes with every step and every change."""
        return self.session.trainer.step, len(self.session.steering.changed)

    @property
    def state(self) -> str:
        """Either idle, training, finished or diverged."""
        if self._training:
            return "training"
        if self._diverged:
            return "diverged"
        return "finished" if self.session.trainer.share_done >= 1 else "idle"

    def overview(self) -> dict[str, Any]:
        """Return what stays as it is until there is another session."""
        about = tell_session(self.session)
        about["data"]["input"] = self._input
        names = {"inputs": [BUILT_IN, *self.inputs], "models": list(self.models)}
        return {**about, **names, "input": self._input, "model": self._model}

    def status(self) -> dict[str, Any]:
        """Return where the run stands, how fast it goes, and what was changed."""
        trainer, steering = self.session.trainer, self.session.steering
        speeds = self._between.speeds(len(self.session.training))
        per_second = 0.0 if speeds.seconds_per_epoch is None else 1 / speeds.seconds_per_epoch
        left = trainer.limits.seconds_left(trainer.shuffle.epochs, trainer.clock.seconds, per_second)
        return {
            "run": self.run,
            "state": self.state,
            "message": self._message,
            **tell_progress(trainer),
            "seconds_left": left,
            **speeds._asdict(),
            "settings": tell_settings(self.session.settings),
            "snapshots": [kept._asdict() for kept in self.home.snapshots.kept],
            "clamps": [[*place, value] for place, value in steering.clamps.items()],
            "locks": [list(place) for place in steering.locks],
            "weight_locks": [list(place) for place in steering.weight_locks],
            "changes": len(steering.changed),
        }

    def curve(self) -> dict[str, Any]:
        """Return the curve of the loss, and the rows of the epochs."""
        return tell_curve(self.session.trainer)

    def journal(self, count: int) -> dict[str, Any]:
        """Return the last events of the journal, the oldest first."""
        return {"events": self.home.journal.tail(count)}
