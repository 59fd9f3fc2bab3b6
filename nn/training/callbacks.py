"""Callbacks: actions during training."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nn.argument_checks import check_not_negative
from nn.deep_copied import DeepCopied
from nn.snapshot import SnapshotError, save
from nn.training.lock import FileLock
from nn.training.log import to_csv
from nn.training.table import replace_table

if TYPE_CHECKING:
    from nn.training import Trainer

logger = logging.getLogger(__name__)


class Callback(DeepCopied):
    """Called at certain moments of training.

    It may read everything, and call `trainer.stop()`. A callback with a state returns it from `state`: it is
    saved in snapshots, and given to the callback of the same name when training resumes. With another
    trainer, or after `restore`, it starts anew.

    Attributes
    ----------
    run_key
        Identifies the last run it was used in, so that trainers know whether its state is theirs.
    """

    run_key: str | None = None

    @property
    def name(self) -> str:
        """What its state is called in snapshots: the class's own name, unless another is returned."""
        return type(self).__name__

    def state(self) -> Mapping[str, Any]:
        """Return what has to be saved: JSON's terms with finite numbers, and arrays; nothing by default."""
        return {}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Continue from what `state` returned; called before `on_start`.

        Raises
        ------
        ValueError
            When it is not a state of this callback.
        """

    def forget(self) -> None:
        """Forget the run that it was used in before; called when it is used in another."""

    def on_start(self, trainer: Trainer) -> None:
        """Training starts or resumes."""

    def before_step(self, trainer: Trainer) -> None:
        """A step is about to be made; all callbacks have been called for the previous one.

        Not called where training ends instead. If `trainer.stop()` is called meanwhile, the step is not made,
        and this is called again when training resumes.
        """

    def wants_gradients(self, trainer: Trainer) -> bool:
        """Whether `on_gradients` should be called in the step that begins; False by default.

        Plain gradient descent, otherwise applied within backprop, then stores its gradients for the step.
        That takes time, and may change the last bits of the parameters.
        """
        return False

    def on_gradients(self, trainer: Trainer) -> None:
        """The gradients of a step are ready: neither clipped nor applied, penalties included.

        The network has the values and signals of the batch, and the parameters before the update. Called
        where `wants_gradients` said so.
        """

    def on_step(self, trainer: Trainer) -> None:
        """A step is done; after the last of an epoch, its row is in the log."""

    def on_epoch(self, trainer: Trainer) -> None:
        """An epoch is over and its row is in the log."""

    def before_end(self, trainer: Trainer) -> None:
        """Training is over or was stopped, and its last row is known; not called after an error.

        Here the network may return to earlier parameters with `trainer.restore_epoch`: `on_end` of all
        callbacks follows, and snapshots save those.
        """

    def on_end(self, trainer: Trainer) -> None:
        """Training is over or was stopped, and the network is final; not called after an error."""

    def close(self) -> None:
        """Release resources; called after an error as well."""


def gradient_listeners(callbacks: Sequence[Callback], trainer: Trainer) -> list[Callable[[], None]]:
    """Return the calls of `on_gradients` that are wanted in the step that begins."""
    return [partial(each.on_gradients, trainer) for each in callbacks if each.wants_gradients(trainer)]


class Snapshots(Callback):
    """Saves the state of training at intervals and at the end.

    A snapshot that cannot be saved in between is logged as an error, and tried again after the next
    interval; at the end the error is raised. During training no other process can save to the same path.

    Parameters
    ----------
    path
        Where to, in a folder that exists; see `nn.snapshot.save`.
    interval
        Seconds between snapshots; 0 saves after every step.
    metadata
        What to keep beside the state of training, such as `networks.model_file.model_metadata`, with
        which a snapshot is a model that can be loaded alone.
    arrays
        More arrays to keep, such as `networks.model_file.structure_arrays`, which graphs need for that.

    Raises
    ------
    ValueError
        When the interval is negative or not a finite number.
    FolderLockedError
        At the start, when another process saves to the path; names it.
    SnapshotError
        At the start, when the folder does not exist or cannot be written; at the end, when the last
        snapshot cannot be saved.
    """

    def __init__(
        self,
        path: Path,
        interval: float,
        metadata: Mapping[str, Any],
        arrays: Mapping[str, np.ndarray] | None = None,
    ) -> None:
        self.path = Path(path)
        self.interval = check_not_negative("interval", interval)
        self.metadata = dict(metadata)
        self.arrays = dict(arrays or {})
        self._lock = FileLock(self.path)
        self._saved_at = time.monotonic()

    def on_start(self, trainer: Trainer) -> None:
        """Keep others from saving to the path, and begin the first interval."""
        try:
            self._lock.__enter__()
        except OSError as error:
            raise SnapshotError(f"{self.path}: cannot save snapshots there ({error.strerror})") from error
        self._saved_at = time.monotonic()

    def on_step(self, trainer: Trainer) -> None:
        """Save when the interval is over."""
        if time.monotonic() - self._saved_at < self.interval:
            return
        try:
            self.save(trainer)
        except SnapshotError as error:
            logger.error("%s; trying again in %g s", error, self.interval)
        self._saved_at = time.monotonic()

    def on_end(self, trainer: Trainer) -> None:
        """Save."""
        self.save(trainer)

    def close(self) -> None:
        """Let others save to the path."""
        self._lock.release()

    def save(self, trainer: Trainer) -> None:
        """Save now.

        Raises
        ------
        SnapshotError
            When it cannot be saved; earlier snapshots are untouched.
        """
        arrays, state = trainer.state()
        save(self.path, {**self.arrays, **arrays}, {**self.metadata, **state})


class LossTable(Callback):
    """Writes the rows of the log as a table (CSV), anew after every epoch and at the end.

    A table that cannot be written is logged as an error, and an earlier one is left as it is.

    Parameters
    ----------
    path
        Where to, in a folder that exists.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)

    def on_epoch(self, trainer: Trainer) -> None:
        """Write the table."""
        self._write(trainer)

    def on_end(self, trainer: Trainer) -> None:
        """Write the table, with the row of an epoch that was not finished."""
        self._write(trainer)

    def _write(self, trainer: Trainer) -> None:
        replace_table(self.path, to_csv(trainer.rows), "losses")
