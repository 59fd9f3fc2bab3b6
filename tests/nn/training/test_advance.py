"""Steps one by one, and another optimizer or batch size between them."""

import numpy as np
import pytest

from nn.history import padded
from nn.optimizers import OPTIMIZERS, SGD, Adam, optimizer_by_name
from nn.schedules import Constant
from nn.snapshot import SnapshotError
from nn.training import Callback, EarlyStopping, Prefetched, Race, TrainingMemoryError, memory
from nn.training.batches import ImageBatches
from nn.training.limits import Limits
from nn.training.log import TrainingLog
from nn.training.mean_loss import Part
from tests.support.tiny_training import (
    BATCH_SIZE,
    IMAGES,
    everything,
    make_full_trainer,
    make_images,
    make_network,
    make_noisy_network,
    make_trainer,
    snapshot_of,
)


class Recorder(Callback):
    """Records its calls, and does something after some steps."""

    def __init__(self, actions=None):
        self.events, self.actions = [], actions or {}

    def on_epoch(self, trainer):
        self.events.append(("epoch", trainer.step, len(trainer.rows)))

    def on_step(self, trainer):
        self.events.append(("step", trainer.step, len(trainer.rows)))
        self.actions.get(trainer.step, lambda _: None)(trainer)


class Sizes(ImageBatches):
    """Records which entries are asked for."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.asked = []

    def batch(self, indices):
        self.asked.append(indices.copy())
        return super().batch(indices)


def steady(**changes):
    """Return a trainer whose learning rate does not depend on the limits of training."""
    return make_trainer(**{"schedule": Constant(), "held_out": None, **changes})


def test_steps_one_by_one_are_training_to_the_bit():
    trainers, recorders = [make_full_trainer() for _ in range(2)], [Recorder(), Recorder()]
    trainers[0].train(epochs=3, callbacks=recorders[:1])
    trainers[1].limits = Limits(epochs=3)
    ends = [trainers[1].advance(recorders[1:]) for _ in range(15)]
    assert ends == 3 * [False, False, False, False, True]
    assert everything(trainers[0]) == everything(trainers[1])
    assert recorders[0].events == recorders[1].events


def test_callbacks_are_told_of_an_epoch_before_its_last_step():
    trainer, recorder = make_trainer(batch_size=12), Recorder()
    assert [trainer.advance([recorder]) for _ in range(3)] == [False, True, False]
    assert recorder.events == [("step", 1, 0), ("epoch", 2, 1), ("step", 2, 1), ("step", 3, 1)]
    assert trainer.advance()
    assert len(trainer.rows) == 2


@pytest.mark.parametrize("before", OPTIMIZERS)
@pytest.mark.parametrize("after", ["sgd", "adam", "nesterov"])
def test_another_optimizer_goes_on_from_the_parameters_as_they_are(before, after):
    trainer = steady(optimizer=optimizer_by_name(before, 0.01))
    for _ in range(3):
        trainer.make_step()
    values = trainer.network.parameters.values.copy()
    chosen = optimizer_by_name(after, 0.02)
    trainer.use_optimizer(chosen)
    assert trainer.optimizer is chosen
    assert np.array_equal(trainer.network.parameters.values, values)
    trainer.make_step()
    assert chosen.steps == 1

    alone = steady(optimizer=optimizer_by_name(after, 0.02))
    for _ in range(3):
        alone.shuffle.next(BATCH_SIZE)
        alone.shuffle.advance(BATCH_SIZE)
    alone.network.parameters.values[:] = values
    alone.make_step()
    assert np.array_equal(trainer.network.parameters.values, alone.network.parameters.values)


def test_a_snapshot_of_another_optimizer_needs_that_one_again():
    trainer = steady(optimizer=SGD(0.1))
    trainer.make_step()
    before, expected = snapshot_of(trainer), everything(trainer)
    trainer.use_optimizer(Adam(0.01))
    trainer.make_step()
    with pytest.raises(SnapshotError, match="sgd"):
        trainer.restore(before)
    trainer.use_optimizer(SGD(0.5))
    trainer.restore(before)
    assert everything(trainer) == expected


def test_another_batch_size_goes_on_within_the_epoch():
    source, recorder = (
        Sizes(make_images()),
        Recorder({2: lambda trainer: trainer.use_batch_size(np.int64(9))}),
    )
    trainer = steady(batches=source)
    source.asked.clear()
    trainer.train(epochs=2, callbacks=[recorder])
    assert [step for event, step, _ in recorder.events if event == "epoch"] == [4, 7]
    assert trainer.state()[1]["training"]["batch_size"] == trainer.batch_size == 9
    assert [len(each) for each in source.asked] == [5, 5, 9, 4, 9, 9, 5]
    for epoch in source.asked[:4], source.asked[4:]:
        assert sorted(np.concatenate(epoch)) == list(range(IMAGES))


def test_prefetching_changes_no_bit_of_a_run_with_two_batch_sizes():
    trainers = []
    for wrap in (lambda source: source, Prefetched):
        trainer = steady(batches=wrap(ImageBatches(make_images())))
        changes = {2: lambda each: each.use_batch_size(4), 7: lambda each: each.use_batch_size(16)}
        trainer.train(epochs=3, callbacks=[Recorder(changes)])
        trainers.append(trainer)
    assert everything(trainers[0]) == everything(trainers[1])


@pytest.mark.parametrize("optimizer", ["adam", Adam, None])
def test_what_is_no_optimizer_is_refused(optimizer):
    trainer = steady()
    before = trainer.optimizer
    with pytest.raises(ValueError, match=r"optimizer is .*: give one of nn\.optimizers"):
        trainer.use_optimizer(optimizer)
    assert trainer.optimizer is before


def test_an_optimizer_of_another_network_is_refused():
    trainer, other = steady(), Adam(0.01)
    before = trainer.optimizer
    other.prepare(make_network(np.float64).parameters)
    with pytest.raises(ValueError, match="use one optimizer for each network"):
        trainer.use_optimizer(other)
    assert trainer.optimizer is before


@pytest.mark.parametrize(("count", "message"), [(0, "must be at least 1"), (2.0, "whole"), (True, "whole")])
def test_a_batch_size_of_nothing_is_refused(count, message):
    trainer = steady()
    with pytest.raises(ValueError, match=f"batch size {count}.*{message}"):
        trainer.use_batch_size(count)
    assert trainer.batch_size == BATCH_SIZE


def test_an_optimizer_that_does_not_fit_into_memory_is_refused_before_anything_changes(monkeypatch):
    network, before, after = make_network(), SGD(0.1), Adam(0.1)
    trainer = steady(network=network, optimizer=before)
    needed = 3 * network.parameters.values.nbytes  # two moments, and the gradients that plain descent lacks
    monkeypatch.setattr(memory, "available_memory", lambda: needed - 1)
    with pytest.raises(TrainingMemoryError, match=r"needs 696 bytes more .* 695 bytes is available"):
        trainer.use_optimizer(after)
    assert trainer.optimizer is before
    assert set(after.state()) == {"steps"}
    monkeypatch.setattr(memory, "available_memory", lambda: needed)
    trainer.use_optimizer(after)
    monkeypatch.setattr(memory, "available_memory", lambda: 0)
    trainer.use_optimizer(SGD(0.1))


def test_a_batch_size_that_does_not_fit_into_memory_is_refused_before_anything_changes(monkeypatch):
    trainer = steady()
    grown = padded(17) - padded(BATCH_SIZE)
    needed = grown * trainer.network.history_bytes(1) // padded(1)
    monkeypatch.setattr(memory, "available_memory", lambda: needed - 1)
    with pytest.raises(TrainingMemoryError, match="choose a smaller batch size"):
        trainer.use_batch_size(17)
    assert trainer.batch_size == BATCH_SIZE
    monkeypatch.setattr(memory, "available_memory", lambda: needed)
    trainer.use_batch_size(17)
    monkeypatch.setattr(memory, "available_memory", lambda: 0)
    trainer.use_batch_size(3)
    assert trainer.batch_size == 3


def watching():
    return EarlyStopping("training_loss", patience=99, restore_best=True), Race(1, factors=[0.5, 1.0, 2.0])


@pytest.mark.parametrize("way", ["train", "advance"])
def test_callbacks_of_another_run_begin_anew(way):
    """What was the best there, or when it last raced, says nothing about another network."""
    used, fresh, first = watching(), watching(), make_full_trainer()
    first.log.add = lambda step, parts: TrainingLog.add(first.log, step, {"": Part(1e-9, 1.0)})
    if way == "train":
        first.train(epochs=2, callbacks=used)
    else:
        for _ in range(10):
            first.advance(used)
    trainer, expected = (make_full_trainer(network=make_noisy_network(seed=8)) for _ in range(2))
    for _ in range(10):
        trainer.advance(used)
        expected.advance(fresh)
    assert used[0].state()["best"] == fresh[0].state()["best"] > 1e-9
    assert everything(trainer) == everything(expected)


def test_callbacks_of_single_steps_go_on_from_a_snapshot():
    whole, trainer = make_full_trainer(), make_full_trainer()
    kept = watching()
    for _ in range(12):
        whole.advance(kept)
    callbacks = watching()
    for _ in range(7):
        trainer.advance(callbacks)
    resumed, others = make_full_trainer(), watching()
    resumed.restore(snapshot_of(trainer))
    resumed.advance(others)
    assert others[0].best == callbacks[0].best is not None
    for _ in range(4):
        resumed.advance(others)
    assert others[0].best == kept[0].best
    assert everything(resumed) == everything(whole)
