"""TensorBoard: losses, metrics, the learning rate, statistics of layers and histograms of parameters."""

from __future__ import annotations

import logging
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nn.training.callbacks import Callback
from nn.training.event_file import EventFile, require_tensorboardx
from nn.training.statistics import Statistics

if TYPE_CHECKING:
    from nn.training import Trainer

logger = logging.getLogger(__name__)


class TensorBoard(Callback):
    """Writes the progress of training to a folder that TensorBoard reads: `tensorboard --logdir FOLDER`.

    A run that resumes from a snapshot continues in the same folder: steps written after the snapshot's are
    hidden. Give this after the statistics and before the snapshots, so that all up to a snapshot's step is on
    the disk when it is saved. When the folder cannot be written to, that is logged as an error and tried
    again after the epoch; what comes in between is lost.

    `loss/step` is the loss of single steps; `loss/training`, `loss/held_out`, `learning_rate` and
    `metrics/...` are those of the rows of the log.

    Parameters
    ----------
    folder
        Is made where it does not exist.
    interval
        Every how many steps the loss of a step is written.
    statistics
        Whose rows are written too, such as `gradient_norm/encoder.0`; a callback of the same training.
    histograms
        Whether the parameters are written as histograms after every epoch.

    Raises
    ------
    ValueError
        When the interval is below 1.
    ModuleNotFoundError
        When tensorboardX is not installed, which comes with the extra `tensorboard`.
    """

    def __init__(
        self,
        folder: Path,
        interval: int = 100,
        statistics: Statistics | None = None,
        histograms: bool = False,
    ) -> None:
        if interval < 1:
            raise ValueError(f"interval {interval}: must be at least 1 step")
        require_tensorboardx()
        self.folder, self.interval = Path(folder), interval
        self.statistics, self.histograms = statistics, histograms
        self._file: EventFile | None = None
        self._statistics_step = 0

    def __getstate__(self) -> dict[str, Any]:
        """Leave the file out: a copy begins one of its own."""
        return {**vars(self), "_file": None}

    def on_start(self, trainer: Trainer) -> None:
        """Begin a file for the steps to come."""
        self._statistics_step = trainer.step
        self._open(trainer.step + 1)

    def on_step(self, trainer: Trainer) -> None:
        """Write what is new, if due."""
        ends_epoch = trainer.shuffle.entry == 0
        if ends_epoch and self._file is None:
            self._open(trainer.step)
        news = self._statistics()
        if trainer.step % self.interval == 0 and trainer.log.last_loss is not None:
            news["loss/step", trainer.step] = trainer.log.last_loss
        if ends_epoch:
            news |= _row(trainer)
        self._write(news, trainer if ends_epoch and self.histograms else None)

    def on_end(self, trainer: Trainer) -> None:
        """Write the row of an epoch that was not finished, and what was measured since the last step."""
        self._write(self._statistics() | (_row(trainer) if trainer.shuffle.entry else {}))

    def close(self) -> None:
        """End the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open(self, first_step: int) -> None:
        try:
            self._file = EventFile(self.folder, first_step)
        except OSError as error:
            self._tell(error)

    def _write(self, scalars: dict[tuple[str, int], float], parameters_of: Trainer | None = None) -> None:
        """Write numbers by name and step, and perhaps histograms; have them on the disk."""
        if self._file is None or not scalars:
            return
        try:
            for (name, step), value in scalars.items():
                self._file.scalar(name, value, step)
            if parameters_of is not None:
                self._write_histograms(self._file, parameters_of)
            self._file.flush()
        except OSError as error:
            self.close()
            self._tell(error)

    @staticmethod
    def _write_histograms(file: EventFile, trainer: Trainer) -> None:
        parameters = trainer.network.parameters
        for name in parameters.names:
            if parameters[name].size:
                file.histogram(f"parameters/{name}", parameters[name], trainer.step)

    def _statistics(self) -> dict[tuple[str, int], float]:
        """Return the numbers of the layers in the steps that are not written yet."""
        numbers: dict[tuple[str, int], float] = {}
        rows = [] if self.statistics is None else self.statistics.rows
        for row in reversed(rows):
            if row.step <= self._statistics_step:
                break
            for column, value in row.numbers.items():
                layer, _, kind = column.rpartition(".")
                if math.isfinite(value):
                    numbers[f"{kind}/{layer}" if layer else kind, row.step] = value
        self._statistics_step = rows[-1].step if rows else self._statistics_step
        return numbers

    def _tell(self, error: OSError) -> None:
        logger.error(
            "%s: cannot write for TensorBoard (%s); trying again after the epoch", self.folder, error.strerror
        )


def _row(trainer: Trainer) -> dict[tuple[str, int], float]:
    """Return the numbers of the log's last row."""
    row = trainer.rows[-1]
    numbers = {
        "loss/training": row.training_loss,
        "loss/held_out": row.held_out_loss,
        "learning_rate": row.learning_rate,
        **{f"metrics/{name}": value for name, value in row.metrics.items()},
    }
    return {(name, row.step): value for name, value in numbers.items() if value is not None}
