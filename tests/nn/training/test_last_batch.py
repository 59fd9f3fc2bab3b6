"""The last batch of an epoch: kept, left out or merged, so that batch normalisations can be trained."""

import json

import numpy as np
import pytest

from networks.dense import Dense
from networks.normalisation import BatchNormalisation
from networks.sequential import Sequential
from nn.losses import SquaredError
from nn.optimizers import Adam
from nn.shape import Shape
from nn.snapshot import Snapshot
from nn.training import ArrayBatches, Options, Prefetched, Statistics, Trainer

WIDE, NARROW = Shape(1, 1, 3), Shape(1, 1, 2)
ENTRIES, BATCH = 13, 4
"""The last batch would be of one entry."""


def make_trainer(last_batch, entries=ENTRIES, prefetched=False):
    generator = np.random.default_rng(0)
    network = Sequential(
        [
            Dense(WIDE, NARROW, generator=generator),
            BatchNormalisation(NARROW),
            Dense(NARROW, WIDE, generator=generator),
        ]
    )
    inputs = generator.normal(size=(entries, 3)).astype(np.float32)
    data = Prefetched(ArrayBatches(inputs, inputs)) if prefetched else ArrayBatches(inputs, inputs)
    return Trainer(
        network,
        SquaredError(),
        Adam(0.01),
        data,
        batch_size=BATCH,
        generator=np.random.default_rng(1),
        options=Options(last_batch=last_batch),
    )


def test_a_batch_of_one_says_what_to_do():
    with pytest.raises(ValueError, match=r"a batch of 1 entry .* Options\(last_batch='drop'\) or 'merge'"):
        make_trainer("keep").train(epochs=1)


@pytest.mark.parametrize(("last_batch", "steps"), [("drop", 6), ("merge", 6)])
@pytest.mark.parametrize("prefetched", [False, True])
def test_no_batch_of_one_is_left_over(last_batch, steps, prefetched):
    trainer = make_trainer(last_batch, prefetched=prefetched)
    statistics = Statistics()
    outcome = trainer.train(epochs=2, callbacks=[statistics])
    assert (trainer.step, outcome.row.epoch) == (steps, 2)
    assert [row.step for row in statistics.rows] == [3, 6]
    assert trainer.log.epoch.value is None or trainer.shuffle.entry == 0


def test_what_is_dropped_is_not_trained_on_and_what_is_merged_is():
    parameters = {}
    for last_batch in ("drop", "merge"):
        trainer = make_trainer(last_batch)
        seen = []
        batch_of = trainer.batches.batch
        trainer.batches.batch = lambda indices, seen=seen, batch_of=batch_of: (
            seen.append(len(indices)) or batch_of(indices)
        )
        trainer.train(epochs=1)
        parameters[last_batch] = trainer.network.parameters.values.copy()
        assert seen[-3:] == ([4, 4, 4] if last_batch == "drop" else [4, 4, 5])
    assert not np.array_equal(*parameters.values())


@pytest.mark.parametrize("last_batch", ["drop", "merge"])
@pytest.mark.parametrize("prefetched", [False, True])
@pytest.mark.parametrize("epochs", [0.3, 0.6, 1, 1.5])
def test_a_resumed_run_ends_with_the_same_bits(last_batch, prefetched, epochs):
    undisturbed, first, second = (make_trainer(last_batch, prefetched=prefetched) for _ in range(3))
    undisturbed.train(epochs=3)
    first.train(epochs=epochs)
    arrays, metadata = first.state()
    second.restore(
        Snapshot(
            {name: each.copy() for name, each in arrays.items()}, json.loads(json.dumps(metadata)), "memory"
        )
    )
    second.train(epochs=3)
    assert second.step == undisturbed.step
    assert np.array_equal(second.network.parameters.values, undisturbed.network.parameters.values)
    for name, array in undisturbed.network.state().items():
        assert np.array_equal(second.network.state()[name], array)


@pytest.mark.parametrize("last_batch", ["keep", "drop", "merge"])
def test_less_than_a_batch_is_one(last_batch):
    trainer = make_trainer(last_batch, entries=3)
    trainer.train(epochs=2)
    assert trainer.step == 2


def test_memory_is_reckoned_for_the_largest_batch(monkeypatch):
    reckoned = []
    monkeypatch.setattr(
        "nn.training.trainer.require_training_memory",
        lambda network, optimizer, entries: reckoned.append(entries),
    )
    for last_batch in ("keep", "drop", "merge"):
        make_trainer(last_batch)
    assert reckoned == [4, 4, 7]
