"""The run of a program's trainer: watched, steered, and restored from snapshots in place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nn import Callback, Snapshot
from nn.snapshot import load, save
from nn.training.interrupts import INTERRUPTED
from workbench.errors import OperationError
from workbench.run.run import Run
from workbench.run.run_directory import RunDirectory
from workbench.run.trainer_session import TrainerSession

START = "start.safetensors"
"""The state of the trainer at the start, in the directory of the run."""


class TrainerRun(Run):
    """A trainer that is watched and steered.

    Parameters
    ----------
    session
        Of the trainer.
    directory
        Where the journal and snapshots are kept.
    callbacks
        Called during training as well.

    Attributes
    ----------
    error
        That ended the last training; None where it ended normally.
    paused
        Whether a person stopped the last training.
    """

    session: TrainerSession

    def __init__(
        self, session: TrainerSession, directory: RunDirectory, callbacks: Sequence[Callback] = ()
    ) -> None:
        self._callbacks = callbacks
        self.error: BaseException | None = None
        self.paused = False
        super().__init__(session, directory)
        save(directory.directory / START, *session.contents())
        directory.begin(session)

    def _learn(self) -> None:
        self.error, self.paused = None, False
        try:
            outcome = self.session.train_locked([*self._callbacks, self._between])
            if outcome.stopped and not self.paused:
                self._message = outcome.reason
        except BaseException as error:
            self.error = error
            raise

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended the last training: not its limits, a callback or somebody on the page."""
        outcome = self.session.outcome
        return bool(outcome and outcome.reason == INTERRUPTED and not self.paused)

    def why_ended(self) -> str:
        """Return in words why the run is over."""
        outcome, step = self.session.outcome, self.session.trainer.step
        if self.error is not None:
            return f"{type(self.error).__name__} after step {step:,}: {self.error}"
        if outcome is None or self.paused:
            return f"the program ended at step {step:,}"
        if not outcome.stopped:
            return f"training reached its limit at step {step:,}"
        if outcome.reason == INTERRUPTED:
            return f"training was interrupted after step {step:,}"
        return f"training stopped after step {step:,}: {outcome.reason}"

    def stop(self) -> dict[str, Any]:
        """Let training end after the current step, to be continued."""
        self.paused |= self._training
        return super().stop()

    def _rewound(self, snapshot: Snapshot) -> TrainerSession:
        self.session.go_back(snapshot)
        return self.session

    def _renewed(self, given: Mapping[str, str]) -> TrainerSession:
        """Restore the state at the start; a trainer has no seed that could be replaced."""
        if given:
            raise OperationError("this run starts again from the program's trainer: leave the seed empty")
        return self._rewound(load(self.directory.directory / START))

    def _renew(self, given: Mapping[str, str]) -> dict[str, Any]:
        """Keep the present state as a snapshot, and restart the same trainer."""
        self._keep_present()
        session = self._renewed(given)
        self.directory.begin(session)
        self._take(session, self.directory)
        return {"step": session.trainer.step}
