"""Shifted images, and batches of them."""

from copy import deepcopy

import numpy as np
import pytest

from nn.shifts import offsets, shifted
from nn.training.batches import ImageBatches
from nn.training.shifted_batches import ShiftedBatches
from nn.training.shuffle import Shuffle


def test_no_shift_comes_first_and_none_twice():
    assert offsets(0) == [(0, 0)]
    assert offsets(2)[0] == (0, 0)
    assert len(set(offsets(2))) == len(offsets(2)) == 25
    with pytest.raises(ValueError, match="at least 0"):
        offsets(-1)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("offset", offsets(2))
def test_pixels_move_and_the_outermost_are_repeated(channels: int, offset: tuple[int, int]):
    images = np.random.default_rng(0).integers(0, 256, (2, 5, 7, channels), np.uint8)
    padded = np.pad(images, ((0, 0), (2, 2), (2, 2), (0, 0)), "edge")
    expected = padded[:, 2 - offset[0] : 7 - offset[0], 2 - offset[1] : 9 - offset[1]]
    np.testing.assert_array_equal(shifted(images, offset), expected)


def batches(radius: int = 2, seed: int = 3) -> ShiftedBatches:
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (12, 6, 6, 3), np.uint8)
    made = ShiftedBatches(images, generator.random((12, 6, 6)) < 0.5, radius=radius, seed=seed)
    made.position = Shuffle(12, generator=np.random.default_rng(1))
    return made


def test_every_image_of_a_batch_is_a_shifted_one_with_its_mask():
    source = batches()
    indices = np.arange(12)
    batch = source.batch(indices)
    candidates = [
        ImageBatches(shifted(source._images, each), shifted(source._masks[..., None], each)[..., 0]).batch(
            indices
        )
        for each in offsets(2)
    ]
    for number in range(12):
        assert any(
            np.array_equal(batch.inputs[..., number], each.inputs[..., number])
            and np.array_equal(batch.mask[..., number], each.mask[..., number])
            for each in candidates
        )
    assert batch.targets is batch.inputs
    assert any((batch.inputs[..., n] != candidates[0].inputs[..., n]).any() for n in range(12))


def test_draws_follow_seed_epoch_and_entries_alone():
    """Not the place within the epoch: a prefetching thread asks before the previous step is done."""
    first, indices = batches(), np.arange(12)
    values = first.batch(indices).inputs.copy()
    np.testing.assert_array_equal(first.batch(indices).inputs, values)
    np.testing.assert_array_equal(deepcopy(first).batch(indices).inputs, values)
    assert (batches(seed=4).batch(indices).inputs != values).any()
    first.position.advance(6)
    np.testing.assert_array_equal(first.batch(indices).inputs, values)
    first.position.advance(6)
    assert (first.batch(indices).inputs != values).any()


def test_images_are_left_as_they_are():
    source = batches()
    before = source._images.copy()
    source.batch(np.arange(12))
    np.testing.assert_array_equal(source._images, before)


def test_no_radius_is_no_shift():
    source = batches(radius=0)
    plain = ImageBatches(source._images, source._masks)
    np.testing.assert_array_equal(source.batch(np.arange(5)).inputs, plain.batch(np.arange(5)).inputs)
