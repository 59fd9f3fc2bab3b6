"""Early stopping when nothing improves any more, and the best snapshot."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nn.argument_checks import check_count
from nn.snapshot import SnapshotError
from nn.training.callbacks import Callback, Snapshots
from nn.training.learned_state import LearnedState
from nn.training.monitor import MonitoredMetric, known_count, known_number

if TYPE_CHECKING:
    from nn.training import Trainer

logger = logging.getLogger(__name__)


class EarlyStopping(Callback):
    """Stops training when a number has not become better for some epochs (Prechelt 1998, third class).

    A run that it stopped stays stopped when it resumes from a snapshot. NaN is never better, and anything
    finite is better than it.

    Parameters
    ----------
    metric
        What to watch; see `nn.training.monitor.MonitoredMetric`. Which way is better is known.
    patience
        Epochs in a row without progress after which training ends; None where it never does for that.
    minimum_change
        How much better a number has to be to count as progress.
    restore_best
        Whether the network goes back to the parameters of the best epoch, and what it carried then, when
        training ends, whatever ends it, as Keras' callback does; not after an error, nor where no epoch had a
        number. Snapshots of the end save these, in whatever order callbacks are given, and beside them where
        training stands: whoever goes on gets the same bits as if it had not ended.
    from_start
        Whether the network as it is before its first step counts as an epoch, which takes an evaluation. For
        networks that begin with something.

    Raises
    ------
    ValueError
        When the patience is below 1, the minimum change negative, or the training loss is to be known from
        the start; at the start of training when the trainer does not measure the metric.
    """

    def __init__(
        self,
        metric: str = "held_out_loss",
        patience: int | None = 10,
        minimum_change: float = 0.0,
        restore_best: bool = False,
        from_start: bool = False,
    ) -> None:
        if from_start and metric == "training_loss":
            raise ValueError("from_start: there is no training_loss before the first step")
        self.watch = MonitoredMetric(metric, minimum_change)
        self.patience = None if patience is None else check_count("patience", patience)
        self.restore_best, self.from_start = restore_best, from_start
        self.best: float | None = None
        self.waited = 0
        self._kept: LearnedState | None = None
        self._epoch = 0.0

    @property
    def name(self) -> str:
        """Named after the metric."""
        return f"early stopping on {self.watch.metric}"

    def forget(self) -> None:
        """Forget the run that it was used in before."""
        self.best, self.waited, self._kept, self._epoch = None, 0, None, 0.0

    def on_start(self, trainer: Trainer) -> None:
        """Ask whether the metric is measured; stop again where it had stopped training before."""
        self.watch.check(trainer)
        if self._kept is not None:
            self._kept.check(trainer.network)
        if self.from_start and not trainer.step and self.best is None:
            self._look(trainer, self.watch.value_now(trainer), 0.0)
            self.waited = 0  # epochs, and none has passed
        self._stop_if_out_of_patience(trainer)

    def on_epoch(self, trainer: Trainer) -> None:
        """Look at the metric, and count the epochs without progress."""
        self._look(trainer, self.watch.value(trainer), trainer.rows[-1].epoch)
        self._stop_if_out_of_patience(trainer)

    def _look(self, trainer: Trainer, value: float | None, epoch: float) -> None:
        if self.watch.is_better(trainer, value, self.best):
            self.best, self.waited = value, 0
            if self.restore_best:
                self._kept, self._epoch = LearnedState.of(trainer.network), epoch
        else:
            self.waited += 1

    def before_end(self, trainer: Trainer) -> None:
        """Return the network to the best parameters."""
        if self.restore_best and self._kept is not None:
            trainer.restore_epoch(self._kept, self._epoch)

    def state(self) -> Mapping[str, Any]:
        """Return the best number, the epochs since, and the best parameters where they are stored."""
        kept = {} if self._kept is None else {"epoch": self._epoch, **self._kept.arrays()}
        return {"best": self.best, "waited": self.waited, **kept}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` returned; see `Callback.load_state`."""
        best, waited = known_number(state["best"]), known_count(state["waited"])
        epoch, kept = known_number(state.get("epoch")), LearnedState.from_arrays(state)
        self.best, self.waited, self._epoch, self._kept = best, waited, epoch or 0.0, kept

    def _stop_if_out_of_patience(self, trainer: Trainer) -> None:
        if self.patience is not None and self.waited >= self.patience:
            epochs = "1 epoch" if self.waited == 1 else f"{self.waited} epochs"
            best = "nothing" if self.best is None else f"{self.best:.6g}"
            trainer.stop(f"{self.watch.metric} has not become better than {best} in {epochs}")


class Best(Snapshots):
    """Saves the state of training whenever a number is better than ever before at the end of an epoch.

    A snapshot that cannot be saved is logged as an error; the one before it stays, until another epoch
    is better than that.

    Parameters
    ----------
    path
        Where to; see `nn.snapshot.save`. Another place than that of the last snapshots.
    metric
        What to watch; see `nn.training.monitor.MonitoredMetric`. Which way is better is known.
    metadata
        What to keep beside the state of training; see `Snapshots`.
    arrays
        More arrays to keep; see `Snapshots`.

    Raises
    ------
    ValueError
        At the start, when the trainer does not measure the metric.
    FolderLockedError, SnapshotError
        At the start, as `Snapshots`.
    """

    def __init__(
        self,
        path: Path,
        metric: str = "held_out_loss",
        metadata: Mapping[str, Any] | None = None,
        arrays: Mapping[str, np.ndarray] | None = None,
    ) -> None:
        super().__init__(path, 0.0, metadata or {}, arrays)
        self.watch = MonitoredMetric(metric)
        self.best: float | None = None
        self._to_save: float | None = None

    @property
    def name(self) -> str:
        """Named after the metric."""
        return f"best {self.watch.metric}"

    def forget(self) -> None:
        """Forget the run that it was used in before."""
        self.best = self._to_save = None

    def on_start(self, trainer: Trainer) -> None:
        """Ask whether the metric is measured; save what a run that was killed could not save any more."""
        self.watch.check(trainer)
        super().on_start(trainer)
        self.on_step(trainer)

    def on_epoch(self, trainer: Trainer) -> None:
        """Look at the metric."""
        value = self.watch.value(trainer)
        if self.watch.is_better(trainer, value, self.best):
            self._to_save = value

    def on_step(self, trainer: Trainer) -> None:
        """Save after an epoch that was better, when all callbacks know of it."""
        if self._to_save is None:
            return
        before, self.best, self._to_save = self.best, self._to_save, None
        try:
            self.save(trainer)
        except SnapshotError as error:
            self.best = before
            logger.error("%s", error)

    def on_end(self, trainer: Trainer) -> None:
        """Save nothing more."""

    def state(self) -> Mapping[str, Any]:
        """Return the best number, and that of an epoch which is yet to be saved."""
        return {"best": self.best, "to_save": self._to_save}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` returned; see `Callback.load_state`."""
        best, to_save = known_number(state["best"]), known_number(state["to_save"])
        self.best, self._to_save = best, to_save
