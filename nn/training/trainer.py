"""The training loop: epochs, batches, callbacks, a clean stop and an exact resume.

A step is forward, loss, backward, update. Between steps, and only there, callbacks run and snapshots
are taken, so a snapshot is always of a whole number of steps. NaN or Inf stops before the update.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial

import numpy as np

from nn.deep_copied import DeepCopied
from nn.interrupts import uninterrupted
from nn.optimizer import Optimizer
from nn.schedules import Constant, Moment, Schedule
from nn.training import divergence
from nn.training.adjustable import Adjustable
from nn.training.arguments import check_arguments, check_batches
from nn.training.batch import BatchSource
from nn.training.batch_shapes import reshape_batch
from nn.training.callback_states import CallbackStates
from nn.training.callbacks import Callback, gradient_listeners
from nn.training.divergence import NotFiniteError, TrainingDiverged
from nn.training.drawn_batches import DrawnBatches
from nn.training.evaluation import Evaluation, evaluate
from nn.training.hooks import NONE, Hooks
from nn.training.interrupts import INTERRUPTED, stopping_on_interrupts
from nn.training.limits import Clock, Limits
from nn.training.log import LogRow, TrainingLog
from nn.training.losses import AnyLoss
from nn.training.memory import require_training_memory
from nn.training.options import Options
from nn.training.outcome import Outcome
from nn.training.prefetch import Buffers, Prefetched
from nn.training.resumable import Resumable
from nn.training.shuffle import Shuffle
from nn.training.step import Learner
from nn.training.target_warnings import first_batch, warn_of_unreachable_targets
from nn.training.trainable import Trainable, forget_batch
from nn.training.undo import Undo

logger = logging.getLogger(__name__)


class Trainer(Resumable, Adjustable, DeepCopied):
    """Trains a network.

    A copy has its own network, optimizer, data and everything else, and continues to the same bits.

    Parameters
    ----------
    network
        Anything with forward, backward and parameters.
    loss
        Mean over a batch; masks count in it. `nn.training.Losses` for a network with several outputs.
    optimizer
        Plain gradient descent is applied within the network's own backward where nothing is frozen,
        regularized or clipped.
    batches
        The training data; `nn.training.Prefetched` has the next batch gathered by a thread.
    held_out
        Data to measure loss and metrics on after every epoch and at the end.
    batch_size
        Entries in a step; the last batch of an epoch has what is left, unless `options` say otherwise.
    generator
        Draws the order of every epoch. A network that draws while it trains may share it.
    schedule
        Factor of the learning rate. After every epoch it observes the loss of the held-out data, or of
        the training data where none is held out; nothing, where nothing of these counts.
    options
        Regularizers, clipping, metrics and more.

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
    metrics
        What is measured on the held-out data beside the loss.
    restored
        The row whose parameters the network went back to when training ended, as
        `EarlyStopping(restore_best=True)` does; None where it did not. Training goes on from the last row.

    Raises
    ------
    ValueError
        When the batch size is not positive, there is no data, it is of another dtype than the network, an
        argument is of another kind, or optimizer or schedule have been used with another network.
    TrainingMemoryError
        When training needs more memory than there is.
    """

    def __init__(
        self,
        network: Trainable,
        loss: AnyLoss,
        optimizer: Optimizer,
        batches: BatchSource,
        held_out: BatchSource | None = None,
        *,
        batch_size: int,
        generator: np.random.Generator,
        schedule: Schedule = Constant(),  # noqa: B008 - frozen
        options: Options = Options(),  # noqa: B008 - frozen
    ) -> None:
        check_arguments(loss=loss, optimizer=optimizer, schedule=schedule, generator=generator)
        check_batches(batches, held_out, batch_size)
        self.network, self.loss, self.optimizer, self.schedule = network, loss, optimizer, schedule
        self.batches, self.batch_size, self.options = batches, batch_size, options
        self.held_out = held_out if held_out is not None and len(held_out) else None
        self.step = 0
        self.shuffle = Shuffle(
            len(batches),
            generator=generator,
            shuffled=options.shuffled,
            last_batch=options.last_batch,
        )
        source = batches.source if isinstance(batches, Prefetched) else batches
        if isinstance(source, DrawnBatches):
            source.position = self.shuffle
        self.clock = Clock()
        self.limits = Limits()
        self.log = TrainingLog()
        self.metrics = list(loss.metrics() if options.metrics is None else options.metrics)
        self._callbacks = CallbackStates()
        self._unfinished_row: LogRow | None = None
        self._stop_reason: str | None = None
        self._pending_hooks: list[tuple[Callback, str]] = []
        require_training_memory(network, optimizer, self.shuffle.largest(batch_size))
        self._require_own_parts()
        batch = first_batch("batches", batches, batch_size, network)
        warn_of_unreachable_targets(network, loss, batch)
        if self.held_out is not None:
            first_batch("held_out", self.held_out, 1, network)

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
            Called in their order. After `restore`, callbacks with the names of the snapshot's continue from
            their states. If one raised an error in `on_epoch` or `on_step`, those after it are called when
            training resumes with them.

        Raises
        ------
        ValueError
            When a limit is negative or not a number, callbacks with a state have the same name, or optimizer
            or schedule have been used with another network.
        TrainingDiverged
            When NaN or Inf turns up; the update that would have followed is not made.
        """
        self.limits = Limits(epochs, minutes)
        self.limits.check()
        self._require_own_parts()
        self._callbacks.begin(callbacks, self.network.parameters)
        callbacks = tuple(callbacks)
        self._stop_reason = None
        with ExitStack() as stack:
            for callback in callbacks:
                stack.callback(callback.close)
            stack.callback(self._release)
            stack.enter_context(stopping_on_interrupts(partial(self.stop, INTERRUPTED)))
            self.clock.start()
            self.network.parameters.zero_gradients()
            self._start(callbacks)
            stopped = self._loop(callbacks)
            self._finish(callbacks)
        reason = self._stop_reason or "" if stopped else ""
        logger.info("training ended at step %d%s", self.step, f": {reason}" if reason else "")
        return Outcome(stopped, self.rows[-1] if self.rows else None, reason)

    def stop(self, reason: str = "stopped") -> None:
        """End `train` cleanly after the current step; may be called from any thread.

        Parameters
        ----------
        reason
            The reason in the `Outcome`; for Ctrl-C and SIGTERM it is `nn.training.interrupts.INTERRUPTED`.
        """
        self._stop_reason = reason

    @property
    def stopping(self) -> bool:
        """Whether `stop` was called."""
        return self._stop_reason is not None

    @property
    def stop_reason(self) -> str:
        """Why `stop` was called; empty where it was not."""
        return self._stop_reason or ""

    @property
    def rows(self) -> list[LogRow]:
        """Rows of the epochs that are over, and of the one within which training stopped."""
        return [*self.log.rows, self._unfinished_row] if self._unfinished_row else list(self.log.rows)

    @property
    def share_done(self) -> float:
        """How far training is, in [0, 1]."""
        return self.limits.share_done(self.shuffle.epochs, self.clock.seconds)

    def make_step(self, callbacks: Sequence[Callback] = ()) -> bool:
        """Learn from the next batch; return whether that ended the epoch.

        A batch in which nothing counts is still a step, with gradients of zero: the optimizer's running means
        are updated, weights decay.

        Callbacks given here get the gradients if they want them, and are not called otherwise.

        Raises
        ------
        TrainingDiverged
            When NaN or Inf turns up.

        Whatever is raised, a step either happened, as `step` says, or left everything as it was, with
        gradients of zero: tried again, it gives the same bits.
        """
        self._require_own_parts()
        aside = self._take_up()
        undo = Undo(self)
        try:
            return self._step(gradient_listeners(callbacks, self), undo)
        except BaseException as error:
            if self.step == undo.step:
                with uninterrupted:
                    undo.restore(self)
                    self._put_aside(aside)
            if isinstance(error, NotFiniteError):
                raise self._diverged(str(error)) from None
            raise

    @np.errstate(over="ignore", invalid="ignore")  # looked for, and named, by `divergence`
    def _step(self, gradient_listeners: Sequence[Callable[[], None]], undo: Undo) -> bool:
        """Learn from the next batch; until the update is sure to succeed, `undo` can put everything back."""
        indices = self.shuffle.next(self.batch_size)
        batch = reshape_batch(self.batches.batch(indices), self.network)
        if gradient_listeners:  # and perhaps asking the same source for other entries
            batch = Buffers().copy(batch)
        if isinstance(self.batches, Prefetched) and len(following := self.shuffle.peek(self.batch_size)):
            self.batches.expect(following)
        if self.begins_anew:
            self.network.reset()
        self.network.parameters.zero_gradients()  # of a backward that somebody ran to look at signals
        learner = Learner(self.network, self.loss, self.optimizer, self.options)
        factor = self.schedule_factor()
        parts, signals = learner.prepare(batch, indices, factor, gradient_listeners)
        if learner.may_fail_midway:
            undo.keep_parameters(self)
        with uninterrupted:
            learner.update(signals, factor)
            self.step += 1
            self._unfinished_row = None
            self.log.add(self.step, parts)
            ended = self.shuffle.advance(len(indices))
            forget_batch(self.network)
        return ended

    def advance(self, callbacks: Sequence[Callback] = ()) -> bool:
        """Make one step as `train` does, tell the callbacks, and return whether that ended the epoch.

        Neither the limits nor `stop` are checked, and the caller starts and stops the clock. Where a
        callback is stopped in what it does before the step, the step is not made. Callbacks that are new here
        go on from the states of a snapshot, or begin anew, as in `train`; `on_start` is not called.

        Raises
        ------
        ValueError
            As `train` for callbacks.
        TrainingDiverged
            As `make_step` and, where the epoch ended, as `evaluate`.
        """
        if callbacks and not self._callbacks.are(callbacks):
            self._callbacks.begin(callbacks, self.network.parameters)
            self._callbacks.started()
        self._notify_all(callbacks)
        if self._epoch_is_open:
            self._close_epoch()
            self._notify(callbacks, ended=True)
        stopping, hooks = self.stopping, self._hooks(callbacks)
        for callback in hooks.before_step:
            callback.before_step(self)
        if self.stopping and not stopping:
            return False
        ended = self.make_step(hooks.wants_gradients)
        if ended:
            self._close_epoch()
        self._notify(callbacks, ended)
        return ended

    def evaluate(self) -> Evaluation | None:
        """Return loss and metrics on the held-out data; None where there are none.

        Raises
        ------
        TrainingDiverged
            When a parameter or the loss is not finite.
        """
        if self.held_out is None:
            return None
        self._check_parameters()
        arguments = self.network, self.loss, self.held_out, self.batch_size, self.metrics
        with np.errstate(over="ignore", invalid="ignore"):
            evaluation = evaluate(*arguments, reset=self.options.reset)
        if evaluation.loss is not None and not np.isfinite(evaluation.loss):
            place = divergence.in_evaluation(evaluation.loss, self.network, self.held_out, self.batch_size)
            raise self._diverged(place)
        return evaluation

    def _start(self, callbacks: Sequence[Callback]) -> None:
        """Resume training with its callbacks."""
        aside, ended = self._take_up(), self._epoch_is_open
        try:
            if ended:
                self._close_epoch()
            for callback in callbacks:
                callback.on_start(self)
        except BaseException:
            self._put_aside(aside)
            self._callbacks.cannot_start()
            raise
        self._callbacks.started()
        self._notify_all(callbacks)
        if ended:
            self._notify(callbacks, ended)

    def _loop(self, callbacks: Sequence[Callback]) -> bool:
        """Make steps until the end; return whether it came before a limit."""
        while self.share_done < 1:
            if self.stopping:
                return True
            self.advance(callbacks)
        return False

    def _notify(self, callbacks: Sequence[Callback], ended: bool) -> None:
        """Call the callbacks for a step, and for the epoch that it ended."""
        hooks = self._hooks(callbacks)
        ended_by = [(callback, "on_epoch") for callback in hooks.on_epoch] if ended else []
        self._pending_hooks = [*ended_by, *((callback, "on_step") for callback in hooks.on_step)]
        self._notify_all(callbacks)

    def _hooks(self, callbacks: Sequence[Callback]) -> Hooks:
        """Return the hooks of the callbacks that have begun, or of none."""
        return self._callbacks.hooks if callbacks else NONE

    def _notify_all(self, callbacks: Sequence[Callback]) -> None:
        """Call the callbacks that were skipped because an earlier one raised an error, if still present."""
        while self._pending_hooks:
            callback, hook = self._pending_hooks.pop(0)
            if any(callback is each for each in callbacks):
                getattr(callback, hook)(self)

    @property
    def _epoch_is_open(self) -> bool:
        """Whether an epoch ended whose row is not in the log: something was raised before it was."""
        epoch, rows = self.shuffle.epoch, self.log.rows
        return not self.shuffle.entry and epoch > 0 and not (rows and rows[-1].epoch == epoch)

    def _close_epoch(self) -> None:
        row, before = self._row(), self.schedule.state()
        watched = row.training_loss if self.held_out is None else row.held_out_loss
        with uninterrupted:
            try:
                if watched is not None:
                    self._observe(watched)
            except BaseException:
                self.schedule.load_state(before)
                raise
            self.log.close_epoch(row)
        logger.info("epoch %d: %s", self.shuffle.epoch, row)

    def _diverged(self, place: str) -> TrainingDiverged:
        return TrainingDiverged(self.step + 1, self.shuffle.epoch, place)

    def _check_parameters(self) -> None:
        place = divergence.in_parameters(self.network.parameters)
        if place is not None:
            raise self._diverged(place)

    @property
    def begins_anew(self) -> bool:
        """Whether the states that the network carries are reset before the next step."""
        return self.options.reset == "batch" or (self.options.reset == "epoch" and self.shuffle.entry == 0)

    def schedule_factor(self) -> float:
        """Return what the schedule multiplies the learning rate of the next step by."""
        epochs = self.shuffle.epochs
        return self.schedule(Moment(self.limits.progress(epochs, self.clock.seconds), epochs, self.step))

    def _finish(self, callbacks: Sequence[Callback]) -> None:
        self._check_parameters()
        if self.shuffle.entry:
            self._unfinished_row = self._row()
        for callback in callbacks:
            callback.before_end(self)
        for callback in callbacks:
            callback.on_end(self)

    def _row(self) -> LogRow:
        evaluation = self.evaluate()
        return LogRow(
            epoch=self.shuffle.epochs,
            step=self.step,
            seconds=self.clock.seconds,
            training_loss=self.log.epoch.value,
            held_out_loss=None if evaluation is None else evaluation.loss,
            learning_rate=self.optimizer.learning_rate * self.schedule_factor(),
            metrics={} if evaluation is None else evaluation.metrics,
        )

    def _release(self) -> None:
        self.clock.stop()
        forget_batch(self.network)
        if isinstance(self.batches, Prefetched):
            self.batches.close()
