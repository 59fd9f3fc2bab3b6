"""GanTrainer: rounds of adversarial training, with an exact resume.

Between rounds, and only there, callers see the trainer and snapshots are taken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from networks.base.network import Network
from networks.gan.gan import Gan
from networks.gan.record import EpochSums, GanRow, MovingLosses
from networks.gan.round import Batch, Round, StepFigures
from networks.gan.settings import GanSettings
from networks.gan.state import (
    AVERAGED,
    GanState,
    arrays_of,
    check_networks,
    draws_of,
    load_sides,
    read_gan_state,
)
from nn.argument_checks import check_generator
from nn.data.errors import DataError
from nn.entries import to_history
from nn.optimizer import Optimizer
from nn.snapshot import Snapshot, SnapshotError
from nn.training.interrupts import INTERRUPTED, stopping_on_interrupts
from nn.training.limits import Clock, Limits
from nn.training.random_state import check_generator_state, generator_state, set_generator_state
from nn.training.shuffle import Shuffle

Watcher = Callable[["GanTrainer"], None]

WARM_UP = 10
"""Rounds in which the average of the parameters forgets where they started."""

FARTHEST = 10.0
"""How far the g-factor may be from what was set."""


class GanTrainer:
    """Trains a generator and a discriminator against each other.

    Parameters
    ----------
    gan
        Both networks.
    entries
        Real ones, float32 or float64 (N, *data shape), in the range of the generator's output.
    labels
        Their classes, whole numbers (N,), where the networks know classes.
    masks
        Which steps each has, bool (N, steps), where they differ in length.
    ignored
        Which numbers of an entry count for nothing, bool (*data shape): the discriminator sees zeros there.
    settings
        How they learn.
    generator
        Draws the order of the entries, noise, and everything else that is drawn in training.

    Attributes
    ----------
    step
        Rounds done.
    rows
        A row for every epoch.
    figures
        What the last round saw, by side; empty before the first in this process.
    reason
        Why training ended the last time.
    clock
        Counts the seconds of training.

    Raises
    ------
    DataError
        When entries, labels or masks do not fit the networks, or are not finite.
    """

    def __init__(
        self,
        gan: Gan,
        entries: np.ndarray,
        labels: np.ndarray | None = None,
        masks: np.ndarray | None = None,
        *,
        ignored: np.ndarray | None = None,
        settings: GanSettings = GanSettings(),  # noqa: B008 - frozen
        generator: np.random.Generator,
    ) -> None:
        self.gan, self.settings, self.random = gan, settings, check_generator(generator)
        _check_entries(gan, entries, labels, masks)
        self.entries, self.masks = entries, masks
        self.labels = None if labels is None else np.asarray(labels)
        self.shuffle = Shuffle(len(entries), generator=generator, last_batch="drop")
        if len(entries) < settings.batch_size:
            raise DataError(
                f"gan: {len(entries)} entries are fewer than a batch of {settings.batch_size}: "
                "give more, or take smaller batches"
            )
        self.round = Round(gan, settings, generator, _checked_ignored(gan, ignored))
        self.step = 0
        self.rows: list[GanRow] = []
        self.figures: dict[str, StepFigures] = {}
        self.reason = ""
        self.clock = Clock()
        self._losses, self._sums = MovingLosses(), EpochSums()
        self._conditions = gan.conditions(self.labels, len(entries)) if gan.blueprint.conditions else None
        if settings.averaging and gan.averaged is None:
            gan.averaged = gan.generator.parameters.values.copy()

    @property
    def networks(self) -> dict[str, Network]:
        """Both networks by side."""
        return self.gan.networks

    @property
    def optimizers(self) -> dict[str, Optimizer]:
        """Both optimizers by side."""
        return {
            "generator": self.round.generator_optimizer,
            "discriminator": self.round.discriminator_optimizer,
        }

    @property
    def epochs(self) -> float:
        """Epochs done, with the share of the current one."""
        return self.shuffle.epochs

    def train(
        self,
        *,
        epochs: float | None = None,
        minutes: float | None = None,
        on_step: Sequence[Watcher] = (),
        on_epoch: Sequence[Watcher] = (),
    ) -> str:
        """Train until a limit is reached, somebody stops it or Ctrl-C; return why it ended.

        Parameters
        ----------
        epochs, minutes
            Of training over all runs together.
        on_step, on_epoch
            Called with this trainer after a round, and after the last of an epoch, whose row is in `rows`.

        Raises
        ------
        ValueError
            When there is no limit, or one makes no sense.
        GanDiverged
            When a loss or a gradient is not finite; the update is not made.
        """
        limits = Limits(epochs, minutes)
        limits.check()
        if epochs is None and minutes is None:
            raise ValueError("gan: give epochs or minutes")
        self.reason = ""
        self.clock.start()
        try:
            with stopping_on_interrupts(lambda: self.stop(INTERRUPTED)):
                while not self.reason:
                    if limits.share_done(self.epochs, self.clock.seconds) >= 1:
                        self.reason = "done"
                        break
                    ended = self.make_round()
                    for watch in (*on_step, *(on_epoch if ended else ())):
                        watch(self)
        finally:
            self.clock.stop()
        return self.reason

    def stop(self, reason: str = "stopped") -> None:
        """End training before the next round."""
        self.reason = self.reason or reason

    def make_round(self) -> bool:
        """Let each side make its steps; return whether that ended an epoch.

        Raises
        ------
        GanDiverged
            When a loss or a gradient is not finite; that side's update is not made.
        """
        settings, ended = self.settings, False
        self._set_instance_noise()
        for _ in range(settings.discriminator_steps):
            batch = self._next_batch()
            discriminator = self.round.step_discriminator(batch)
            ended = self.shuffle.advance(settings.batch_size) or ended
        for _ in range(settings.generator_steps):
            generator = self.round.step_generator(batch)
        self.step += 1
        self.figures = {"generator": generator, "discriminator": discriminator}
        self._average()
        self._sums.add(discriminator, generator)
        self._losses.add(discriminator.loss, generator.loss, settings.loss_ratio_limit)
        self._balance()
        self._check_ratio()
        if ended:
            self._close_epoch()
        return ended

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return arrays and metadata for a snapshot; the arrays are views."""
        arrays = arrays_of(self.networks, self.optimizers)
        if self.gan.averaged is not None:
            arrays[AVERAGED] = self.gan.averaged
        rates = {side: optimizer.learning_rate for side, optimizer in self.optimizers.items()}
        state = GanState(
            step=self.step,
            seconds=self.clock.seconds,
            shuffle=self.shuffle.state(),
            random=generator_state(self.random),
            generators=draws_of(self.networks),
            learning_rates=rates,
            losses=self._losses,
            sums=self._sums,
            rows=self.rows,
        )
        return arrays, {"gan": state.model_dump()}

    def restore(self, snapshot: Snapshot) -> None:
        """Go on from a snapshot as if training had never ended.

        Raises
        ------
        SnapshotError
            When it is of other networks, optimizers, data or generators; nothing is changed then.
        """
        state = read_gan_state(snapshot)
        check_networks(snapshot, state, self.networks, self.optimizers)
        averaged = snapshot.arrays.get(AVERAGED)
        size = self.gan.generator.parameters.size
        if (averaged is None) != (self.gan.averaged is None) or (
            averaged is not None and averaged.shape != (size,)
        ):
            raise SnapshotError(f"{snapshot.path}: averages other parameters, or none: keep `averaging`")
        try:
            self.shuffle.check_state(state.shuffle)
            check_generator_state(self.random, state.random)
        except ValueError as error:
            raise SnapshotError(f"{snapshot.path}: {error}") from error
        load_sides(snapshot, state, self.networks, self.optimizers)
        if averaged is not None:
            self.gan.averaged = averaged.copy()
        self.shuffle.load_state(state.shuffle)
        set_generator_state(self.random, state.random)
        self.step, self.rows = state.step, list(state.rows)
        self._losses, self._sums = state.losses, state.sums
        self.clock.seconds = state.seconds

    def _next_batch(self) -> Batch:
        chosen = self.shuffle.next(self.settings.batch_size)
        dtype = self.gan.dtype
        mask = None if self.masks is None else np.ascontiguousarray(self.masks[chosen].T)
        conditions = np.zeros((0, len(chosen)), dtype)
        if self._conditions is not None:
            conditions = np.ascontiguousarray(self._conditions[:, chosen])
        return Batch(to_history(self.entries[chosen], dtype)[..., : len(chosen)], conditions, mask)

    def _set_instance_noise(self) -> None:
        settings = self.settings
        left = max(0.0, 1 - self.epochs / settings.noise_epochs) if settings.noise_epochs else 1.0
        self.round.instance_noise = settings.instance_noise * left

    def _average(self) -> None:
        averaged = self.gan.averaged
        if averaged is None:
            return
        decay = min(self.settings.averaging, (1 + self.step) / (WARM_UP + self.step))
        share = averaged.dtype.type(1 - decay)
        averaged += share * (self.gan.generator.parameters.values - averaged)

    def _balance(self) -> None:
        """Let the rate of the generator follow the ratio of the losses."""
        settings, optimizer = self.settings, self.round.generator_optimizer
        if not settings.balance:
            return
        weaker = self._losses.generator > self._losses.discriminator
        factor = 1 + settings.balance if weaker else 1 / (1 + settings.balance)
        start = settings.learning_rate * settings.generator_factor
        rate = optimizer.learning_rate * factor
        optimizer.learning_rate = float(np.clip(rate, start / FARTHEST, start * FARTHEST))

    def _check_ratio(self) -> None:
        limit, apart = self.settings.loss_ratio_limit, self._losses.rounds_apart
        if limit and apart >= self.settings.ratio_patience:
            larger = "generator" if self._losses.generator > self._losses.discriminator else "discriminator"
            self.stop(
                f"the {larger}'s loss was more than {limit:g} times the other's for {apart} rounds: "
                "one side has won"
            )

    def _close_epoch(self) -> None:
        rates = self.optimizers["generator"].learning_rate, self.optimizers["discriminator"].learning_rate
        place = float(self.shuffle.epoch), self.step, self.clock.seconds
        self.rows.append(self._sums.row(*place, rates[0] / rates[1]))
        self._sums = EpochSums()


def _checked_ignored(gan: Gan, ignored: np.ndarray | None) -> np.ndarray | None:
    shape = tuple(gan.blueprint.data_shape)
    if ignored is not None and (ignored.dtype != np.bool_ or ignored.shape != shape or ignored.all()):
        raise DataError(f"gan: what is ignored must be bool {shape}, and not all of it")
    return ignored


def _check_entries(
    gan: Gan, entries: np.ndarray, labels: np.ndarray | None, masks: np.ndarray | None
) -> None:
    gan.blueprint.check_data(entries.shape)
    if not np.isfinite(entries).all():
        place = np.argwhere(~np.isfinite(entries))[0]
        raise DataError(f"gan: entry {place[0]} has a number that is not finite, at {place[1:].tolist()}")
    if gan.blueprint.conditions:
        try:
            gan.conditions(labels, len(entries))
        except ValueError as error:
            raise DataError(str(error)) from None
    if masks is None:
        return
    if not gan.masks_steps:
        raise DataError("gan: entries of different lengths need recurrent networks on both sides: take lstm")
    if masks.dtype != np.bool_ or masks.shape != entries.shape[:2] or not masks[:, 0].all():
        raise DataError(
            f"gan: masks must be bool {entries.shape[:2]} and every entry have its first step, "
            f"not {masks.dtype} {masks.shape}"
        )
