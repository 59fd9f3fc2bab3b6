"""Callbacks that record the training of a `Trainer`."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from nn import ArrayBatches, Callback, Outcome, Prefetched, Trainer
from nn.training.interrupts import INTERRUPTED
from nn.training.log import LogRow
from workbench.records.place import records_path
from workbench.records.recorder import Recorder
from workbench.records.run import DONE, FAILED, STOPPED, About, new_key
from workbench.run.run_state import PAUSED

BY_A_PERSON = (INTERRUPTED, PAUSED, "stopped")
"""Reasons why a person ended a training; `Trainer.stop` has the second by default."""


class RecordedRows(Callback):
    """Records the rows of a training's log as they come; the run is begun and finished by others.

    Parameters
    ----------
    recorder
        Of the run.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def __deepcopy__(self, memo: dict[int, Any]) -> RecordedRows:
        """Return one that records nothing: a copy of a training is another run."""
        return RecordedRows(Recorder(About(self._recorder.about.program), None))

    def on_epoch(self, trainer: Trainer) -> None:
        """Record the row of the epoch."""
        record_row(self._recorder, trainer.log.rows[-1])

    def on_end(self, trainer: Trainer) -> None:
        """Record the row of an epoch that was not finished, and what came of the training."""
        if trainer.rows:
            record_row(self._recorder, trainer.rows[-1])
        self._recorder.results(results_of(trainer))


class Recording(Callback):
    """Records a training of your own: settings, code, machine, data, a row for every epoch, and how it ended.

        trainer.train(epochs=5, callbacks=[Recording("digits", {"units": 64})])

    `python -m experiments list` shows it then. A training that goes on from a snapshot goes on with its
    record. The bits are those of a training that nobody records; a file that cannot be written is warned of,
    and the training goes on.

    Parameters
    ----------
    program
        What runs like this one are called; by default as the script is.
    settings
        By name, beside those of the trainer: numbers, texts, lists.
    folder
        Where the training keeps its files.
    seed
        Of all that is drawn.
    records
        The records file, "off" for none; by default that of the environment variable GANGLION_RECORDS, or
        runs/records.sqlite.
    """

    def __init__(
        self,
        program: str | None = None,
        settings: Mapping[str, Any] | None = None,
        *,
        folder: Path | str | None = None,
        seed: int | None = None,
        records: Path | str | None = None,
    ) -> None:
        self._about = About(
            program or _script(), dict(settings or {}), None if folder is None else Path(folder), seed
        )
        self._records = records
        self._recorder: Recorder | None = None
        self._ending: tuple[str, str] | None = None
        self._outer: BaseException | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Leave the recorder out, and take another key: a copy is another run."""
        about = replace(self._about, key=new_key())
        return {**vars(self), "_recorder": None, "_outer": None, "_about": about}

    @property
    def name(self) -> str:
        """What its state is called in snapshots."""
        return "recording"

    @property
    def number(self) -> int | None:
        """The number of the run in the records; None as long as it is not written there."""
        return None if self._recorder is None else self._recorder.number

    def state(self) -> Mapping[str, Any]:
        """Return by what name the record is found again."""
        return {"key": self._about.key}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on with the record of a snapshot; see `Callback.load_state`."""
        if not re.fullmatch("[0-9a-f]{32}", str(state["key"])):
            raise ValueError("the key of a record has 32 hexadecimal digits")
        self._about = replace(self._about, key=str(state["key"]))

    def forget(self) -> None:
        """Begin another record: the callback is used in another run."""
        self._about = replace(self._about, key=new_key())

    def on_start(self, trainer: Trainer) -> None:
        """Begin the record, or go on with it."""
        self._ending, self._outer = None, sys.exception()
        about = replace(self._about, settings={**settings_of(trainer), **self._about.settings})
        path, step = records_path(self._records), trainer.step or None
        self._recorder = Recorder(about, path, step, fingerprint=partial(fingerprint, trainer))

    def on_epoch(self, trainer: Trainer) -> None:
        """Record the row of the epoch."""
        if self._recorder is not None:
            record_row(self._recorder, trainer.log.rows[-1])

    def on_end(self, trainer: Trainer) -> None:
        """Record what came of the training."""
        if self._recorder is None:
            return
        if trainer.rows:
            record_row(self._recorder, trainer.rows[-1])
        self._recorder.results(results_of(trainer))
        stopped = trainer.stopping and trainer.share_done < 1
        self._ending = ending(Outcome(stopped, None, trainer.stop_reason if stopped else ""))

    def close(self) -> None:
        """Record how it ended, and wait until that is written."""
        if self._recorder is None:
            return
        error = sys.exception()
        if error is not None and error is not self._outer:
            self._recorder.fail(error)
        else:
            self._recorder.finish(*(self._ending or (FAILED, "")))


def ending(outcome: Outcome) -> tuple[str, str]:
    """Return the state of a run whose training ended, and why it did."""
    if not outcome.stopped:
        return DONE, ""
    return STOPPED if outcome.reason in BY_A_PERSON else DONE, outcome.reason


def record_row(recorder: Recorder, row: LogRow) -> None:
    """Record a row of a training's log: metrics as `held_out_...`, as tables call them."""
    recorder.statistics(row.step, numbers_of(row))


def numbers_of(row: LogRow) -> dict[str, float | None]:
    """Return the numbers of a row by the names that tables have for them."""
    names = ("epoch", "seconds", "training_loss", "held_out_loss", "learning_rate")
    metrics = {f"held_out_{name}": value for name, value in row.metrics.items()}
    return {**{name: getattr(row, name) for name in names}, **metrics}


def results_of(trainer: Trainer) -> dict[str, float | None]:
    """Return what came of a training: the numbers of its last row, or of that which it went back to."""
    if not trainer.rows:
        return {"steps": trainer.step}
    row, losses = trainer.restored or trainer.rows[-1], [each.held_out_loss for each in trainer.rows]
    known = [loss for loss in losses if loss is not None]
    found = numbers_of(row)
    order = ("held_out_loss", *(name for name in found if name.startswith("held_out_")), "training_loss")
    return {
        **{name: found[name] for name in order},
        "lowest_held_out_loss": min(known, default=None),
        "epochs": trainer.rows[-1].epoch,
        "steps": trainer.rows[-1].step,
        "seconds": trainer.rows[-1].seconds,
    }


def settings_of(trainer: Trainer) -> dict[str, Any]:
    """Return what a trainer itself tells of how it learns."""
    parts = getattr(trainer.loss, "parts", None)
    return {
        "optimizer": trainer.optimizer.name,
        "learning_rate": trainer.optimizer.learning_rate,
        "schedule": trainer.schedule.name,
        "loss": (parts and {name: each.name for name, each in parts.items()}) or trainer.loss.name,
        "batch_size": trainer.batch_size,
        "entries": len(trainer.batches),
        "parameters": trainer.network.parameters.size,
        "epochs": trainer.limits.epochs,
        "minutes": trainer.limits.minutes,
    }


def fingerprint(trainer: Trainer) -> str:
    """Return a text that changes with the training data; of a source of another kind only their number."""
    batches = trainer.batches.source if isinstance(trainer.batches, Prefetched) else trainer.batches
    if isinstance(batches, ArrayBatches):
        return batches.fingerprint()
    return f"{len(batches):,} entries"


def _script() -> str:
    """Return the name of the script that runs; "notebook" in one, and "python" where there is none."""
    name = Path(sys.argv[0]).stem.strip("-")
    return {"": "python", "c": "python", "ipykernel_launcher": "notebook"}.get(name, name)
