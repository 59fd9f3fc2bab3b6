"""The race: several learning rates are tried for a few steps, and the best one is used."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from nn.argument_checks import check_count, is_positive
from nn.improvement import is_lower
from nn.snapshot import Snapshot
from nn.training.callbacks import Callback
from nn.training.divergence import TrainingDiverged
from nn.training.monitor import known_count

if TYPE_CHECKING:
    from nn.training import Trainer

logger = logging.getLogger(__name__)

FACTORS = (1 / 2, 1 / 1.2, 1.0, 1.2, 2.0)


class Race(Callback):
    """Clones the run at intervals, lets each clone make a few steps at another rate, and keeps the winner.

    The clones run one after the other from the same state on the same batches: parameters, optimizer,
    carried states and random numbers are set back before each. A clone that meets NaN or Inf has lost.
    The loop then makes the winner's steps once more, to the same bits, so that every callback, the log
    and the limits see them like all others. Nothing in it depends on the clock, unless the schedule
    does.

    Parameters
    ----------
    steps
        Steps of every clone.
    interval, unit
        How many "epochs" or "steps" lie between two races; the first is at the start.
    factors
        What the learning rate is multiplied by in each clone.
    judge
        The lowest mean loss over the "training" steps of the race wins, or the lowest loss of the
        "held_out" data after them. Where two are equal, the earlier factor.

    Raises
    ------
    ValueError
        When steps or interval are not whole numbers of at least 1, or there is no factor, or one is not
        finite and above 0; at the start when held-out data should judge and there are none.
    """

    def __init__(
        self,
        steps: int,
        interval: int = 1,
        unit: Literal["epochs", "steps"] = "epochs",
        *,
        factors: Sequence[float] = FACTORS,
        judge: Literal["training", "held_out"] = "training",
    ) -> None:
        if unit not in ("epochs", "steps") or judge not in ("training", "held_out"):
            raise ValueError(f"unit {unit!r} must be epochs or steps, judge {judge!r} training or held_out")
        if not factors or not all(map(is_positive, factors)):
            raise ValueError(
                f"factors {tuple(factors)} of the learning rate: each must be finite and above 0"
            )
        self.steps, self.interval = check_count("race: steps", steps), check_count("race: interval", interval)
        self.unit = unit
        self.factors, self.judge = tuple(factors), judge
        self._raced_at: int | None = None

    def forget(self) -> None:
        """Forget the run that it was used in before."""
        self._raced_at = None

    def on_start(self, trainer: Trainer) -> None:
        """Check that the judging data exist."""
        if self.judge == "held_out" and trainer.held_out is None:
            raise ValueError("the race is judged on held-out data, but there are none")

    def before_step(self, trainer: Trainer) -> None:
        """Race, if it is time.

        That is before the step and not after the one before, so that it makes no difference whether training
        was stopped between the two: all other callbacks have acted, in whatever order they are given.
        """
        if self._is_due(trainer):
            self._race(trainer)

    def state(self) -> Mapping[str, Any]:
        """Return the step of the last race."""
        return {} if self._raced_at is None else {"raced_at": self._raced_at}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` returned; see `Callback.load_state`."""
        self._raced_at = known_count(state["raced_at"])

    def _is_due(self, trainer: Trainer) -> bool:
        if trainer.step == self._raced_at:
            return False
        if self.unit == "steps":
            return trainer.step % self.interval == 0
        return trainer.shuffle.entry == 0 and trainer.shuffle.epoch % self.interval == 0

    def _race(self, trainer: Trainer) -> None:
        """Set the learning rate to the winner's; a stopped race does not count, and is run again."""
        start, rate, stopped_before = trainer.checkpoint(), trainer.optimizer.learning_rate, trainer.stopping
        losses = []
        for factor in self.factors:
            loss = self._loss_of_clone(trainer, rate * factor, start, stopped_before)
            if loss is None:
                return
            losses.append(loss)
        winner = _lowest(losses)
        if winner is None:
            return
        factor = self.factors[winner]
        trainer.optimizer.learning_rate = rate * factor
        self._raced_at = trainer.step
        logger.info(
            "race at step %d: %.4g times the learning rate won, %.4g", trainer.step, factor, rate * factor
        )

    def _loss_of_clone(
        self, trainer: Trainer, rate: float, start: Snapshot, stopped_before: bool
    ) -> float | None:
        """Return the loss that a rate leads to; None where that was stopped.

        It is infinite where it diverges, and where nothing counted: no rate is the better one then.
        """
        losses: list[float] = []
        try:
            trainer.optimizer.learning_rate = rate
            for _ in range(self.steps):
                trainer.make_step()
                if trainer.log.last_loss is not None:
                    losses.append(trainer.log.last_loss)
                if trainer.stopping and not stopped_before:
                    return None
            evaluation = trainer.evaluate() if self.judge == "held_out" else None
        except TrainingDiverged:
            return math.inf
        finally:
            trainer.rewind(start)
        if evaluation is None:
            return sum(losses) / len(losses) if losses else math.inf
        return math.inf if evaluation.loss is None else evaluation.loss


def _lowest(losses: Sequence[float]) -> int | None:
    """Return the number of the first of the lowest losses; None where none is a finite number."""
    winner: int | None = None
    for number, loss in enumerate(losses):
        if is_lower(loss, None if winner is None else losses[winner]):
            winner = number
    return winner
