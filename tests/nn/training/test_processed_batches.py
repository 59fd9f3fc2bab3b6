"""Batches of processed entries: drawn by seed, epoch and entries alone, and otherwise as in inference."""

from copy import deepcopy
from types import SimpleNamespace

import numpy as np
import pytest

from networks import Dense
from nn import Adam, CategoricalCrossEntropyWithLogits, Prefetched, Shape, Trainer
from nn.data.processors import (
    CutWindows,
    Processors,
    RandomCrop,
    RandomFlips,
    ReadImages,
    ReadSeries,
    ScalePixels,
    ScaleVariables,
)
from nn.training.processed_batches import ProcessedBatches

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 1), np.uint8)
CHAIN = Processors(ReadImages(8, 8), ScalePixels(-1), RandomFlips(), RandomCrop(6, 6))


def drawn(batches, indices, epoch=0):
    batches.position = SimpleNamespace(epoch=epoch)
    return batches.batch(np.array(indices)).inputs.copy()


def test_draws_follow_from_seed_epoch_and_entries():
    batches = ProcessedBatches(CHAIN, IMAGES, np.arange(6), seed=3)
    first = drawn(batches, [4, 1])
    assert first.shape == (6, 6, 1, 16)
    drawn(batches, [0, 2])
    assert np.array_equal(drawn(batches, [4, 1]), first)
    assert not np.array_equal(drawn(batches, [4, 1], epoch=1), first)
    assert not np.array_equal(drawn(ProcessedBatches(CHAIN, IMAGES, np.arange(6), seed=4), [4, 1]), first)
    assert batches.batch(np.array([4, 1])).targets.ravel()[:2].tolist() == [4, 1]


def test_without_augmentations_a_batch_is_what_inference_gives():
    chain = Processors(ReadImages(8, 8), ScalePixels(-1))
    batch = ProcessedBatches(chain, IMAGES, seed=0).batch(np.arange(6))
    prepared = chain.joined(chain.process(IMAGES).entries, list("abcdef")).values
    assert np.array_equal(np.moveaxis(batch.inputs[..., :6], -1, 0), prepared)
    assert batch.targets is batch.inputs


def test_series_have_masks_as_wide_as_the_longest_of_all():
    entries = [np.ones((steps, 2), np.float32) for steps in (3, 5, 4)]
    chain = Processors(ReadSeries(), ScaleVariables([1.0, 0.0], [1.0, 2.0]))
    batch = ProcessedBatches(chain, entries, np.array([0, 1, 0]), seed=0).batch(np.array([2, 0]))
    assert batch.inputs.shape[:2] == (5, 2) and batch.step_mask[:, :2].sum(axis=0).tolist() == [4, 3]
    assert batch.inputs[0, :, 0].tolist() == [0, 0.5]


def test_targets_are_as_many_as_the_entries_that_steps_make():
    chain = Processors(ReadSeries(), CutWindows(2))
    entries = [np.ones((4, 1), np.float32)]
    assert len(ProcessedBatches(chain, entries, np.arange(3), seed=0)) == 3
    with pytest.raises(ValueError, match="targets: 1, but there are 3 entries"):
        ProcessedBatches(chain, entries, np.arange(1), seed=0)
    with pytest.raises(ValueError, match="nothing"):
        ProcessedBatches(chain, [], seed=0)


def test_held_out_entries_are_not_augmented():
    batch = ProcessedBatches(CHAIN, IMAGES, np.arange(6), seed=None).batch(np.arange(6))
    prepared = CHAIN.joined(CHAIN.process(IMAGES).entries, list("abcdef")).values
    assert np.array_equal(np.moveaxis(batch.inputs[..., :6], -1, 0), prepared)


@pytest.mark.parametrize("wrap", [lambda each: each, Prefetched])
def test_a_trainer_lets_its_batches_draw_anew_in_every_epoch(wrap):
    source = ProcessedBatches(CHAIN, IMAGES, np.arange(6), seed=3)
    network = Dense(Shape(6, 6, 1), 6, generator=np.random.default_rng(0))
    settings = {"batch_size": 6, "generator": np.random.default_rng(0)}
    batches = wrap(source)
    trainer = Trainer(network, CategoricalCrossEntropyWithLogits(), Adam(), batches, **settings)
    assert source.position is trainer.shuffle
    first = source.batch(np.arange(6)).inputs.copy()
    trainer.train(epochs=1)
    assert not np.array_equal(source.batch(np.arange(6)).inputs, first)
    assert deepcopy(trainer).batches is not batches
