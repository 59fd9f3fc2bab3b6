"""The run of a training that a program makes: watched, stopped and continued, and not changed."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Protocol

from nn.training.interrupts import INTERRUPTED
from nn.training.limits import Clock, Limits
from nn.training.shuffle import Shuffle
from workbench.errors import OperationError
from workbench.run.run_state import DONE, PAUSED, RunState
from workbench.run.step_timer import StepTimer


class Training(Protocol):
    """What trains: `nn.Trainer`, `networks.gan.GanTrainer`."""

    step: int
    shuffle: Shuffle
    clock: Clock

    def stop(self, reason: str) -> None:
        """End training after the current step."""


class ProgramRun(RunState):
    """A program's training, for whoever watches.

    Parameters
    ----------
    trainer
        Trains.
    limits
        Where training ends.

    Attributes
    ----------
    run
        Grows whenever another network is shown.
    error
        That ended the last training; None where it ended normally.
    reason
        Why it ended; empty before.
    """

    unit: ClassVar[str] = "step"
    """What a step is called."""

    def __init__(self, trainer: Any, limits: Limits) -> None:
        super().__init__()
        self._trainer: Training = trainer
        self._limits, self._between = limits, StepTimer()
        self.run = 1
        self.error: BaseException | None = None
        self.reason = ""

    @abstractmethod
    def _train(self) -> str:
        """Train to the limits, and call `_after_step` after every step; return why it ended."""

    @property
    def _is_finished(self) -> bool:
        """Whether training came to its end by itself."""
        trainer, goes_on = self._trainer, self.reason in ("", PAUSED, INTERRUPTED)
        return not goes_on or self._limits.share_done(trainer.shuffle.epochs, trainer.clock.seconds) >= 1

    def start(self) -> dict[str, Any]:
        """Check that `train` may be called now, which the owner of the run does next."""
        self._require_idle("start")
        self.announce()
        return {}

    def train(self, between_steps: Callable[[], None]) -> None:
        """Train until the end, or until `stop` is called.

        Errors end training and become the message of the status; the owner finds them in `error`.

        Parameters
        ----------
        between_steps
            Called after every step.
        """

        def after_step() -> None:
            self._stepped = True
            between_steps()

        self._between.call = after_step
        self._learn(self._train)

    def stop(self) -> dict[str, Any]:
        """Let `train` end after the current step, or cancel its announcement."""
        self._announced = False
        if self._training:
            self._trainer.stop(PAUSED)
        return {}

    def step(self) -> dict[str, Any]:
        """Train for one step."""
        self._require_idle("step")
        self._learn(self._make_step)
        if self.error is not None:
            raise OperationError(self._message)
        return {"step": self._trainer.step}

    def _make_step(self) -> str:
        """Train for one step; return why training ended."""

        def after_step() -> None:
            self._stepped = True
            self._trainer.stop(PAUSED)

        self._between.call = after_step
        return self._train()

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended the last training."""
        return self.reason == INTERRUPTED

    def why_ended(self) -> str:
        """Return in words why the run is over."""
        step, unit = self._trainer.step, self.unit
        if self.error is not None:
            return f"{type(self.error).__name__} after {unit} {step:,}: {self.error}"
        if self.interrupted:
            return f"training was interrupted after {unit} {step:,}"
        return f"the program ended at {unit} {step:,}"

    def _learn(self, train: Callable[[], str]) -> None:
        self._training, self._message, self.error = True, "", None
        try:
            self.reason = train()
        except ArithmeticError as error:
            self.error, self._diverged, self._message = error, True, str(error)
        except BaseException as error:
            self.error, self._message = error, str(error)
            raise
        else:
            self._message = "" if self.reason in (DONE, PAUSED) else self.reason
        finally:
            self._training = self._announced = False

    def _require_idle(self, what: str) -> None:
        if self._training:
            raise OperationError(f"cannot {what} while training goes on: stop it first")
        if self._is_finished or self._diverged:
            raise OperationError("training has ended: begin another run, or continue it with higher limits")

    def _progress(self, entries: int) -> dict[str, Any]:
        """Return what every status has, for so many entries of an epoch."""
        trainer, limits, speeds = self._trainer, self._limits, self._between.speeds(entries)
        per_second = 0.0 if speeds.seconds_per_epoch is None else 1 / speeds.seconds_per_epoch
        epochs, seconds = trainer.shuffle.epochs, trainer.clock.seconds
        return {
            **{"run": self.run, "state": self.state, "starting": self.starting, "message": self._message},
            "step": trainer.step,
            **{"epoch": epochs, "epochs": limits.epochs, "minutes": limits.minutes, "seconds": seconds},
            **{"seconds_left": limits.seconds_left(epochs, seconds, per_second), **speeds._asdict()},
            # Nothing in it is changed by a person.
            **{"settings": {}, "snapshots": [], "clamps": [], "locks": [], "weight_locks": [], "changes": 0},
            "metrics": {},
        }


def chart_line(
    name: str,
    tone: str,
    steps: Sequence[int],
    values: Sequence[float | None],
    *,
    faint: bool = False,
    level: bool = False,
) -> dict[str, Any]:
    """Return a line of a chart of the page.

    Parameters
    ----------
    name
        In the legend.
    tone
        Its colour in the theme: "train", "held-out", "muted".
    steps, values
        Its points; None where there is none.
    faint
        Whether it is of single steps, behind that of their means.
    level
        Whether it is one value to compare with, drawn thin across the chart.
    """
    given = {"name": name, "tone": tone, "steps": list(steps), "values": list(values)}
    return {**given, "faint": faint, "level": level}


def describe_program(sizes: Mapping[str, int | None], machine: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an overview has of data and machine: `training` and `held_out` entries.

    None of either stands for no end.
    """
    return {"data": {**sizes, "bytes": 0, "skipped": []}, "machine": dict(machine)}
