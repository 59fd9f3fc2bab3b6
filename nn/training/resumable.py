"""What a trainer saves, and how it resumes from that."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np

from nn.interrupts import uninterrupted
from nn.optimizer import Optimizer
from nn.schedules import Schedule
from nn.snapshot import Snapshot
from nn.training.arguments import check_kind
from nn.training.callback_states import CallbackStates
from nn.training.callbacks import Callback
from nn.training.going_back import RestoresEpoch, SetAside
from nn.training.learned_state import LearnedState
from nn.training.limits import Clock
from nn.training.log import LogRow
from nn.training.random_state import generator_state
from nn.training.restore import Parts, restore_parts, trained_in
from nn.training.shuffle import Shuffle
from nn.training.state import TRAINED, OptimizerState, TrainingState, state_arrays

logger = logging.getLogger(__name__)


class Resumable(RestoresEpoch):
    """A trainer as far as snapshots are concerned; see `nn.training.Trainer` for the attributes."""

    optimizer: Optimizer
    schedule: Schedule
    shuffle: Shuffle
    clock: Clock
    step: int
    batch_size: int
    _callbacks: CallbackStates
    _unfinished_row: LogRow | None
    _pending_hooks: list[tuple[Callback, str]]

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return what a snapshot needs for an exact resume: arrays (views, not copies) and metadata."""
        state = TrainingState(
            step=self.step,
            seconds=self.clock.seconds,
            shuffle=self.shuffle.state(),
            optimizer=OptimizerState(name=self.optimizer.name, learning_rate=self.optimizer.learning_rate),
            log=self.log,
            batch_size=self.batch_size,
            schedule=self.schedule.state(),
            generators={name: generator_state(each) for name, each in self.network.generators.items()},
            callbacks=self._callbacks.metadata(),
            restored=None if self._set_aside is None else self._set_aside.epoch,
        )
        arrays = {**state_arrays(self.network, self.optimizer), **self._callbacks.arrays()}
        if self._set_aside is not None:
            arrays |= {TRAINED + name: array for name, array in self._set_aside.trained.arrays().items()}
        return arrays, {"training": state.model_dump()}

    def restore(self, snapshot: Snapshot) -> None:
        """Resume from a snapshot: training continues as if it had never ended.

        The learning rate becomes the snapshot's as well; change it afterwards if you want another. With
        another batch size it is not the run that it would have been, which is logged as a warning.

        Raises
        ------
        ValueError
            When it is not a snapshot.
        SnapshotError
            When it is of another network, optimizer, schedule, kind of generator or number
            of entries, or holds no state of training; nothing is changed then.
        """
        check_kind("snapshot", snapshot, Snapshot, "nn.snapshot.load_latest(path)")
        state = self._go_back(snapshot)
        self.clock.seconds = state.seconds
        if state.batch_size not in (None, self.batch_size):
            logger.warning(
                "%s was saved with batches of %d; going on with batches of %d, which is another run",
                *(snapshot.path, state.batch_size, self.batch_size),
            )
        self._callbacks.restore(state.callbacks, snapshot.arrays)

    def checkpoint(self) -> Snapshot:
        """Return a copy of the state in memory, for `rewind`."""
        arrays, metadata = self.state()
        return Snapshot({name: array.copy() for name, array in arrays.items()}, metadata, Path("memory"))

    def rewind(self, checkpoint: Snapshot) -> None:
        """Go back to a checkpoint within `train`; the clock runs on, and callbacks keep their states."""
        self._go_back(checkpoint)

    def _go_back(self, snapshot: Snapshot) -> TrainingState:
        with uninterrupted:
            state = restore_parts(snapshot, Parts(self.network, self.optimizer, self.schedule, self.shuffle))
            self.step, self.log = state.step, state.log
            self._unfinished_row = self._set_aside = None
            self._pending_hooks = []
            if (trained := trained_in(snapshot)) is not None and state.restored is not None:
                self._set_aside = SetAside(LearnedState.of(self.network), trained, state.restored)
        return state
