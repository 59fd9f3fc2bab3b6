"""Training: it learns, stops, resumes to the bit, counts every entry once, and never updates with NaN."""

import itertools
import os
import signal
import threading

import numpy as np
import pytest

from nn.entries import to_history
from nn.losses import SquaredError
from nn.optimizers import OPTIMIZERS, SGD, optimizer_by_name
from nn.schedules import Cosine
from nn.training.batches import Batch, ImageBatches
from nn.training.callbacks import Callback
from tests.support.tiny_training import (
    IMAGES,
    STEPS_PER_EPOCH,
    everything,
    make_images,
    make_network,
    make_trainer,
    snapshot_of,
)


class At(Callback):
    """Does something after a step."""

    def __init__(self, step, action):
        self.step, self.action = step, action

    def on_step(self, trainer):
        if trainer.step == self.step:
            self.action(trainer)


def stop_at(step):
    return At(step, lambda trainer: trainer.stop())


def test_the_loss_falls_and_the_rows_say_so():
    trainer = make_trainer()
    outcome = trainer.train(epochs=60)
    assert not outcome.stopped
    assert outcome.row is trainer.rows[-1]
    assert len(trainer.rows) == 60
    assert trainer.rows[-1].training_loss < 0.5 * trainer.rows[0].training_loss
    assert [row.epoch for row in trainer.rows] == list(range(1, 61))
    assert [row.step for row in trainer.rows] == list(range(5, 301, 5))
    assert all(after.seconds > before.seconds for before, after in itertools.pairwise(trainer.rows))
    assert trainer.rows[-1].learning_rate == pytest.approx(0)


def test_a_row_holds_the_means_over_the_epoch_and_over_the_held_out_data():
    """With a learning rate of zero both are the loss of the network as it is."""
    network = make_network(np.float64)
    images, held_out = make_images(dtype=np.float64), make_images(7, np.float64, seed=3)
    trainer = make_trainer(
        network=network,
        optimizer=SGD(0.0),
        batches=ImageBatches(images, dtype=np.float64),
        held_out=ImageBatches(held_out, dtype=np.float64),
    )
    row = trainer.train(epochs=1).row
    assert row.training_loss == pytest.approx(np.mean((network.predict(images) - images) ** 2))
    assert row.held_out_loss == pytest.approx(np.mean((network.predict(held_out) - held_out) ** 2))


@pytest.mark.parametrize("held_out", [None, []])
def test_without_held_out_data_its_loss_is_not_known(held_out):
    assert make_trainer(held_out=held_out).train(epochs=1).row.held_out_loss is None


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("steps", [0, 1, 4, 5, 6, 9, 10, 12])
def test_stopped_after_any_step_and_resumed_equals_uninterrupted(name, steps):
    whole = make_trainer(optimizer=optimizer_by_name(name, 0.01))
    whole.train(epochs=3)
    first = make_trainer(optimizer=optimizer_by_name(name, 0.01))
    first.limits = first.limits._replace(epochs=3)
    if steps:
        assert first.train(epochs=3, callbacks=[stop_at(steps)]).stopped
    second = make_trainer(
        network=make_network(seed=77),
        optimizer=optimizer_by_name(name, 0.5),
        generator=np.random.default_rng(88),
    )
    second.restore(snapshot_of(first))
    assert second.step == steps
    assert everything(second) == everything(first)
    second.train(epochs=3)
    assert everything(second) == everything(whole)


def test_resumed_at_every_step_in_turn_equals_uninterrupted():
    whole = make_trainer()
    whole.train(epochs=3)
    trainer = make_trainer()
    for step in range(1, 3 * STEPS_PER_EPOCH + 1):
        trainer.train(epochs=3, callbacks=[stop_at(step)])
        snapshot = snapshot_of(trainer)
        trainer = make_trainer(network=make_network(seed=step), generator=np.random.default_rng(step))
        trainer.restore(snapshot)
    assert everything(trainer) == everything(whole)


def test_a_finished_run_can_be_given_more_epochs():
    once, twice = make_trainer(schedule=Cosine(final=1)), make_trainer(schedule=Cosine(final=1))
    once.train(epochs=4)
    twice.train(epochs=2)
    twice.train(epochs=4)
    assert everything(once) == everything(twice)
    assert not twice.train(epochs=4).stopped
    assert everything(once) == everything(twice)


def test_every_entry_counts_once_an_epoch_whatever_the_batch_size():
    seen = []

    class Counting(ImageBatches):
        def batch(self, indices):
            seen.append(indices.tolist())
            return super().batch(indices)

    trainer = make_trainer(batches=Counting(make_images()), held_out=None, batch_size=9)
    seen.clear()
    trainer.train(epochs=2)
    assert [len(indices) for indices in seen] == [9, 9, 5] * 2
    first, second = (list(itertools.chain(*epoch)) for epoch in (seen[:3], seen[3:]))
    assert sorted(first) == sorted(second) == list(range(IMAGES))
    assert first != second


@pytest.mark.parametrize("entries", [1, 15, 16, 17, 23])
@pytest.mark.parametrize("masked", [False, True])
def test_a_ragged_batch_gives_the_gradient_of_its_entries_alone(entries, masked):
    """The mean of the gradients of the entries, each run by itself without padding."""
    images = make_images(entries, np.float64)
    masks = np.random.default_rng(6).random(images.shape[:3]) < 0.7
    masks[:, 0, 0] = True
    network, loss = make_network(np.float64), SquaredError()
    batch = ImageBatches(images, masks if masked else None, dtype=np.float64).batch(np.arange(entries))
    outputs = network.forward(batch.inputs)
    network.backward(loss(outputs, batch.targets, entries=batch.entries, mask=batch.mask)[1])
    expected, weight = np.zeros(network.parameters.size), 0.0
    for image, mask in zip(images, masks, strict=True):
        alone = make_network(np.float64)
        inputs = np.ascontiguousarray(image[..., None])
        weights = mask[..., None, None].astype(np.float64) if masked else None
        count = mask.sum() if masked else mask.size
        alone.backward(loss(alone.forward(inputs), inputs, mask=weights)[1])
        expected += alone.parameters.gradients * count
        weight += count
    np.testing.assert_allclose(network.parameters.gradients, expected / weight, rtol=1e-9, atol=1e-15)


def test_pixels_that_a_mask_leaves_out_change_nothing():
    images = make_images()
    masks = np.random.default_rng(6).random(images.shape[:3]) < 0.7
    targets = to_history(images / 255)
    mask = to_history(masks[..., None])

    class Changed:
        """The inputs stay the same; targets outside the mask change."""

        def __init__(self, offset):
            self.targets = (targets + offset * (1 - mask)).astype(np.float32)

        def __len__(self):
            return IMAGES

        def batch(self, indices):
            inputs, answers, weights = (
                to_history(np.moveaxis(array, -1, 0)[indices]) for array in (targets, self.targets, mask)
            )
            return Batch(inputs, answers, weights, len(indices))

    runs = [make_trainer(batches=Changed(offset), held_out=None) for offset in (0, 5)]
    for run in runs:
        run.train(epochs=2)
    assert everything(runs[0]) == everything(runs[1])


def test_plain_descent_within_backward_equals_descent_along_gradients():
    class NotPlain(SGD):
        is_plain_sgd = False

    runs = [make_trainer(optimizer=kind(0.1)) for kind in (SGD, NotPlain)]
    for run in runs:
        run.train(epochs=3)
    plain, along = (run.network.parameters for run in runs)
    np.testing.assert_allclose(plain.values, along.values, rtol=1e-5, atol=1e-7)
    assert plain._gradients is None
    assert runs[0].optimizer.steps == runs[1].optimizer.steps == 15


def test_a_schedule_multiplies_the_rate_of_every_step():
    rates = []

    class Watched(SGD):
        is_plain_sgd = False

        def step(self, parameters, factor=1.0):
            rates.append(self.learning_rate * factor)
            super().step(parameters, factor)

    make_trainer(optimizer=Watched(0.5), batch_size=IMAGES, schedule=Cosine(warmup=0.5)).train(epochs=4)
    np.testing.assert_allclose(rates, [0, 0.25, 0.5, 0.25])


def test_minutes_are_counted_over_all_runs(monkeypatch):
    ticks = itertools.count()
    monkeypatch.setattr("nn.training.limits.time.monotonic", lambda: next(ticks) / 100)
    trainer = make_trainer()
    trainer.train(minutes=0.001)
    assert 0.06 <= trainer.clock.seconds < 0.2
    resumed = make_trainer()
    resumed.restore(snapshot_of(trainer))
    step = resumed.step
    outcome = resumed.train(minutes=0.001)
    assert resumed.step == step
    assert not outcome.stopped
    resumed.train(minutes=0.004)
    assert resumed.clock.seconds >= 0.24


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_stops_after_the_step_that_is_running(number):
    trainer = make_trainer()
    outcome = trainer.train(epochs=9, callbacks=[At(7, lambda _: os.kill(os.getpid(), number))])
    assert outcome.stopped
    assert trainer.step == 7
    assert outcome.row.epoch == pytest.approx(1 + 10 / 23)
    assert len(trainer.log.rows) == 1
    assert len(trainer.rows) == 2
    trainer.train(epochs=2)
    assert [row.epoch for row in trainer.rows] == [1, 2]


def test_another_thread_can_train_and_be_stopped():
    trainer, started, outcomes = make_trainer(), threading.Event(), []
    thread = threading.Thread(
        target=lambda: outcomes.append(trainer.train(callbacks=[At(3, lambda _: started.set())]))
    )
    thread.start()
    assert started.wait(30)
    trainer.stop()
    thread.join(30)
    assert outcomes[0].stopped
    assert trainer.step >= 3


@pytest.mark.parametrize("settings", [{"batch_size": 0}, {"batches": []}])
def test_a_trainer_needs_data_and_a_batch_size(settings):
    with pytest.raises(ValueError, match="both must be at least 1"):
        make_trainer(**settings)


@pytest.mark.parametrize("limits", [{"epochs": -1}, {"minutes": np.nan}])
def test_limits_that_make_no_sense_are_refused(limits):
    with pytest.raises(ValueError, match="must be a finite number"):
        make_trainer().train(**limits)


def test_no_epochs_at_all_change_nothing():
    trainer = make_trainer()
    before = everything(trainer)
    assert trainer.train(epochs=0) == (False, None, "")
    assert everything(trainer) == before
