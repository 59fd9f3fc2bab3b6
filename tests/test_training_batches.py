"""Batches of images: the same numbers as the plain conversion, for any size, type and mask."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.data.image_set import ImageSet
from nn.history import padded, to_history
from nn.losses import SquaredError
from nn.training.batches import ImageBatches

GENERATOR = np.random.default_rng(1)
BYTES = GENERATOR.integers(0, 256, (40, 3, 5, 2), dtype=np.uint8)
MASKS = GENERATOR.random((40, 3, 5)) < 0.7


@given(st.lists(st.integers(0, 39), min_size=1, max_size=40), st.sampled_from([np.float32, np.float64]))
def test_bytes_become_histories_with_unused_entries_at_zero(indices, dtype):
    indices = np.array(indices)
    batch = ImageBatches(BYTES, dtype=dtype).batch(indices)
    assert batch.entries == len(indices)
    assert batch.mask is None
    assert batch.inputs.ctypes.data % 64 == 0
    assert batch.inputs.flags.c_contiguous
    np.testing.assert_array_equal(batch.inputs, to_history(BYTES[indices].astype(dtype) / dtype(255), dtype))
    assert batch.targets is batch.inputs


def test_masks_come_along_with_unused_entries_at_zero():
    indices = np.array([3, 1, 4, 1, 39])
    batch = ImageBatches(BYTES, MASKS).batch(indices)
    np.testing.assert_array_equal(batch.mask, to_history(MASKS[indices][..., None]))
    assert batch.mask.dtype == np.float32
    loss = SquaredError()
    assert loss.weight(batch.targets, batch.entries, batch.mask) == 2 * MASKS[indices].sum()


def test_the_numbers_are_those_of_an_image_set():
    images = ImageSet(BYTES, names=[str(number) for number in range(40)], masks=MASKS)
    indices = np.arange(39, -1, -1)
    batch = ImageBatches(images.images, images.masks).batch(indices)
    expected, mask = images.batch(indices)
    np.testing.assert_array_equal(batch.inputs, to_history(expected))
    np.testing.assert_array_equal(batch.mask, to_history(mask))


@pytest.mark.parametrize("given_dtype", [np.float32, np.float64])
def test_floating_point_images_are_taken_as_they_are(given_dtype):
    images = GENERATOR.random((20, 2, 2, 3)).astype(given_dtype)
    batch = ImageBatches(images).batch(np.arange(5, 20))
    np.testing.assert_array_equal(batch.inputs, to_history(images[5:].astype(np.float32)))


def test_views_of_larger_arrays_are_read_as_they_look():
    batch = ImageBatches(BYTES[::2, ::-1, 1:4]).batch(np.arange(20))
    expected = BYTES[::2, ::-1, 1:4].astype(np.float32) / np.float32(255)
    np.testing.assert_array_equal(batch.inputs, to_history(expected))


def test_a_small_batch_after_a_large_one_holds_nothing_of_it():
    batches = ImageBatches(BYTES, MASKS)
    batches.batch(np.arange(40))
    small = batches.batch(np.array([7, 8, 9]))
    assert small.inputs.shape == (3, 5, 2, padded(3))
    np.testing.assert_array_equal(small.inputs, to_history(BYTES[7:10].astype(np.float32) / np.float32(255)))
    assert not small.mask[..., 3:].any()


@pytest.mark.parametrize("indices", [[], [40], [-1], [0, 41]])
def test_images_that_are_not_there_are_refused(indices):
    with pytest.raises(IndexError, match="of 40"):
        ImageBatches(BYTES).batch(np.array(indices, np.int64))


@pytest.mark.parametrize(
    ("images", "masks", "message"),
    [
        (BYTES[0], None, r"shape \(3, 5, 2\)"),
        (BYTES[:0], None, r"shape \(0, 3, 5, 2\)"),
        (BYTES.astype(np.int32), None, "int32"),
        (BYTES, MASKS[1:], r"bool \(39, 3, 5\)"),
        (BYTES, MASKS.astype(np.float32), "masks are float32"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(images, masks, message):
    with pytest.raises(ValueError, match=message):
        ImageBatches(images, masks)
