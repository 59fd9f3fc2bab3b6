"""The training loop: epochs, batches, callbacks, a clean stop and an exact resume.

A step is forward, loss, backward, update. Between steps, and only there, callbacks run and snapshots
are taken, so a snapshot is always of a whole number of steps. NaN or Inf stops before the update.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any, NamedTuple

import numpy as np

from nn.losses import Loss
from nn.optimizer import Optimizer
from nn.schedules import Constant, Moment, Schedule
from nn.snapshot import Snapshot, SnapshotError
from nn.training import divergence
from nn.training.batches import BatchSource
from nn.training.callbacks import Callback
from nn.training.divergence import TrainingDiverged
from nn.training.evaluation import mean_loss
from nn.training.interrupts import stopping_on_interrupts
from nn.training.limits import Clock, Limits
from nn.training.log import LogRow, TrainingLog
from nn.training.shuffle import Shuffle
from nn.training.state import (
    OptimizerState,
    TrainingState,
    check_parameters,
    load_optimizer,
    load_parameters,
    read_state,
    state_arrays,
)
from nn.training.trainable import Trainable


class Outcome(NamedTuple):
    """How training ended.

    Attributes
    ----------
    stopped
        Whether it was asked to stop before it reached a limit.
    row
        Where it stands; None when no step was ever made.
    """

    stopped: bool
    row: LogRow | None


class Trainer:
    """Trains a network.

    Parameters
    ----------
    network
        Anything with forward, backward and parameters.
    loss
        Mean over a batch; masks count in it.
    optimizer
        Plain gradient descent is applied within the network's own backward.
    batches
        The training data.
    held_out
        Data to measure the loss on after every epoch and at the end.
    batch_size
        Entries in a step; the last batch of an epoch has what is left.
    generator
        Draws the order of every epoch. A network that draws while it trains may share it.
    schedule
        Factor of the learning rate by progress.

    Attributes
    ----------
    step
        Steps done.
    shuffle
        Position in the data.
    clock
        Seconds of training, over all runs together.
    limits
        Of the current or last call of `train`.
    log
        Rows of the epochs that are over, and the curve of the loss.

    Raises
    ------
    ValueError
        When the batch size is not positive or there is no data.
    """

    def __init__(
        self,
        network: Trainable,
        loss: Loss,
        optimizer: Optimizer,
        batches: BatchSource,
        held_out: BatchSource | None = None,
        *,
        batch_size: int,
        generator: np.random.Generator,
        schedule: Schedule = Constant(),  # noqa: B008 - frozen
    ) -> None:
        if batch_size < 1 or not len(batches):
            raise ValueError(f"batch size {batch_size}, {len(batches)} entries: both must be at least 1")
        self.network, self.loss, self.optimizer, self.schedule = network, loss, optimizer, schedule
        self.batches = batches
        self.held_out = held_out
        self.batch_size = batch_size
        self.step = 0
        self.shuffle = Shuffle(len(batches), generator=generator)
        self.clock = Clock()
        self.limits = Limits()
        self.log = TrainingLog()
        self._unfinished_row: LogRow | None = None
        self._stop_requested = False
        optimizer.prepare(network.parameters)

    def train(
        self,
        epochs: float | None = None,
        minutes: float | None = None,
        callbacks: Sequence[Callback] = (),
    ) -> Outcome:
        """Train until a limit is reached, or `stop` is called, or Ctrl-C or SIGTERM comes.

        Parameters
        ----------
        epochs, minutes
            Limits for all runs together, those before a resume included. With neither, training
            goes on until it is stopped. The schedule follows the epochs where both are given.
        callbacks
            Told what happens, in their order.

        Raises
        ------
        ValueError
            When a limit is negative or not a number.
        TrainingDiverged
            When NaN or Inf turns up; the update that would have followed is not made.
        """
        self.limits = Limits(epochs, minutes)
        self.limits.check()
        self._stop_requested = False
        with ExitStack() as stack:
            for callback in callbacks:
                stack.callback(callback.close)
            stack.enter_context(stopping_on_interrupts(self.stop))
            stack.callback(self.clock.stop)
            self.clock.start()
            self.network.parameters.zero_gradients()
            for callback in callbacks:
                callback.on_start(self)
            stopped = self._loop(callbacks)
            self._finish()
            for callback in callbacks:
                callback.on_end(self)
        return Outcome(stopped, self.rows[-1] if self.rows else None)

    def stop(self) -> None:
        """End `train` cleanly after the current step; may be called from any thread."""
        self._stop_requested = True

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return what a snapshot needs for an exact resume: arrays (views, not copies) and metadata."""
        state = TrainingState(
            step=self.step,
            seconds=self.clock.seconds,
            shuffle=self.shuffle.state(),
            optimizer=OptimizerState(name=self.optimizer.name, learning_rate=self.optimizer.learning_rate),
            log=self.log,
        )
        arrays = state_arrays(self.network.parameters, self.optimizer)
        return arrays, {"training": state.model_dump()}

    def restore(self, snapshot: Snapshot) -> None:
        """Go on from a snapshot: training continues as if it had never ended.

        The learning rate becomes the snapshot's as well; change it afterwards if you want another.

        Raises
        ------
        SnapshotError
            When the snapshot is of another network, optimizer, kind of generator or number of
            entries, or holds no state of training; nothing is changed then.
        """
        state = read_state(snapshot)
        check_parameters(snapshot, self.network.parameters)
        try:
            self.shuffle.check_state(state.shuffle)
        except ValueError as error:
            raise SnapshotError(f"{snapshot.path}: {error}") from error
        load_optimizer(snapshot, self.optimizer, self.network.parameters)
        load_parameters(snapshot, self.network.parameters)
        self.shuffle.load_state(state.shuffle)
        self.step, self.clock.seconds, self.log = state.step, state.seconds, state.log
        self._unfinished_row = None

    @property
    def rows(self) -> list[LogRow]:
        """Rows of the epochs that are over, and of the one within which training stopped."""
        return [*self.log.rows, self._unfinished_row] if self._unfinished_row else list(self.log.rows)

    @property
    def share_done(self) -> float:
        """How far training is, in [0, 1]."""
        return self.limits.share_done(self.shuffle.epochs, self.clock.seconds)

    def _loop(self, callbacks: Sequence[Callback]) -> bool:
        """Make steps until the end; return whether it came before a limit."""
        while self.share_done < 1:
            if self._stop_requested:
                return True
            if self._make_step():
                self.log.close_epoch(self._row())
                for callback in callbacks:
                    callback.on_epoch(self)
            for callback in callbacks:
                callback.on_step(self)
        return False

    @np.errstate(over="ignore", invalid="ignore")  # looked for, and named, by `divergence`
    def _make_step(self) -> bool:
        """Learn from one batch; return whether that ended the epoch."""
        indices = self.shuffle.next(self.batch_size)
        batch = self.batches.batch(indices)
        self._refuse(divergence.in_batch(batch, indices))
        self._refuse(divergence.in_parameters(self.network.parameters))
        outputs = self.network.forward(batch.inputs, training=True)
        loss, signals = self.loss(outputs, batch.targets, entries=batch.entries, mask=batch.mask)
        self._refuse(divergence.in_loss(self.network, loss, signals, indices))
        self._learn(signals, indices)
        self.step += 1
        self._unfinished_row = None
        self.log.add(self.step, loss, batch.weight)
        return self.shuffle.advance(len(indices))

    def _learn(self, signals: np.ndarray, indices: np.ndarray) -> None:
        factor = self._schedule_factor()
        if self.optimizer.is_plain_descent:
            self.network.backward(signals, self.optimizer.learning_rate * factor)
            self.optimizer.steps += 1
        else:
            self.network.backward(signals)
            self._refuse(divergence.in_gradients(self.network, indices))
            self.optimizer.step(self.network.parameters, factor)

    def _refuse(self, place: str | None) -> None:
        if place is not None:
            self.network.parameters.zero_gradients()
            raise TrainingDiverged(self.step + 1, self.shuffle.epoch, place)

    def _schedule_factor(self) -> float:
        epochs = self.shuffle.epochs
        return self.schedule(Moment(self.limits.progress(epochs, self.clock.seconds), epochs, self.step))

    def _finish(self) -> None:
        self._refuse(divergence.in_parameters(self.network.parameters))
        if self.shuffle.entry:
            self._unfinished_row = self._row()

    @np.errstate(over="ignore", invalid="ignore")
    def _row(self) -> LogRow:
        return LogRow(
            epoch=self.shuffle.epochs,
            step=self.step,
            seconds=self.clock.seconds,
            training_loss=self.log.epoch_mean,
            held_out_loss=self._held_out_loss(),
            learning_rate=self.optimizer.learning_rate * self._schedule_factor(),
        )

    def _held_out_loss(self) -> float | None:
        if self.held_out is None or not len(self.held_out):
            return None
        self._refuse(divergence.in_parameters(self.network.parameters))
        loss = mean_loss(self.network, self.loss, self.held_out, self.batch_size)
        if not np.isfinite(loss):
            self._refuse(f"the loss of the held-out data is {loss}")
        return loss
