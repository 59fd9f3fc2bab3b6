"""Batches of images: the same numbers as the plain conversion, for any size, type and mask."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.data.image_set import ImageSet
from nn.entries import to_history
from nn.history import padded
from nn.losses import SquaredError
from nn.training.batches import ArrayBatches, ImageBatches

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


def check_layout(array, expected_shape, **options):
    """Return the only batch of an array as inputs, after checking its shape."""
    batch = ArrayBatches(array, **options).batch(np.arange(len(array)))
    assert batch.inputs.shape == (*expected_shape, padded(len(array)))
    assert batch.inputs.dtype == np.dtype(options.get("dtype", np.float32))
    assert not batch.inputs[..., len(array) :].any()
    return batch.inputs[..., : len(array)]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("array", "shape"),
    [
        (GENERATOR.random((5, 7)), (1, 1, 7)),
        (GENERATOR.random((5, 7)).astype(np.float16), (1, 1, 7)),
        (GENERATOR.random(5).astype(">f4"), (1, 1, 1)),
        (GENERATOR.random((5, 4, 3)), (4, 3)),
        (GENERATOR.random((5, 2, 3, 4, 1)), (2, 3, 4, 1)),
        (GENERATOR.integers(-9, 9, 5), (1, 1, 1)),
        (GENERATOR.integers(0, 9, (5, 1)), (1, 1, 1)),
        (GENERATOR.integers(0, 9, 5).astype(np.uint8), (1, 1, 1)),
        (GENERATOR.integers(0, 9, (5, 6)), (6, 1)),
        (GENERATOR.integers(0, 9, (5, 6)).astype(np.uint8), (6, 1)),
        (GENERATOR.integers(0, 9, (5, 6, 1)).astype(np.int32), (6, 1)),
        (GENERATOR.random((5, 3)) < 0.5, (1, 1, 3)),
    ],
)
def test_arrays_of_every_kind_keep_their_numbers(array, shape, dtype):
    laid_out = check_layout(array, shape, dtype=dtype)
    np.testing.assert_array_equal(laid_out.reshape(-1, 5).T, array.reshape(5, -1).astype(dtype))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("numbers", [256, 257, 300, 530])
def test_entries_of_more_numbers_than_are_gathered_at_a_time(numbers, dtype):
    array = GENERATOR.integers(0, 256, (40, numbers, 1, 1), dtype=np.uint8)
    chosen = GENERATOR.permutation(40)[:17]
    batch = ArrayBatches(array, dtype=dtype).batch(chosen)
    expected = to_history(array[chosen].astype(dtype) / dtype(255), dtype)
    np.testing.assert_array_equal(batch.inputs, expected)


def test_targets_go_with_their_inputs():
    inputs, labels = GENERATOR.random((9, 4)), GENERATOR.integers(0, 3, 9)
    batch = ArrayBatches(inputs, labels).batch(np.array([8, 0, 3]))
    np.testing.assert_array_equal(batch.inputs[0, 0, :, :3], inputs[[8, 0, 3]].T.astype(np.float32))
    np.testing.assert_array_equal(batch.targets[0, 0, 0, :3], labels[[8, 0, 3]])
    assert batch.mask is None
    assert batch.step_mask is None


def test_several_inputs_and_targets_keep_their_names():
    inputs = {"left": GENERATOR.random((9, 4)), "right": BYTES[:9]}
    targets = {"digit": GENERATOR.integers(0, 3, 9), "image": inputs["right"]}
    weights = {"digit": GENERATOR.random(9)}
    batch = ArrayBatches(inputs, targets, weights).batch(np.array([2, 1]))
    assert {name: array.shape for name, array in batch.inputs.items()} == {
        "left": (1, 1, 4, 16),
        "right": (3, 5, 2, 16),
    }
    np.testing.assert_array_equal(batch.targets["image"], batch.inputs["right"])
    np.testing.assert_array_equal(batch.targets["digit"][0, 0, 0, :2], targets["digit"][[2, 1]])
    assert batch.mask.keys() == {"digit"}
    expected = np.append(weights["digit"][[2, 1]], np.zeros(14)).astype(np.float32)
    np.testing.assert_array_equal(batch.mask["digit"][0, 0, 0], expected)


@pytest.mark.parametrize(
    ("targets", "mask_shape", "expected"),
    [
        (GENERATOR.random((6, 4)), (6,), (1, 1, 1)),
        (GENERATOR.random((6, 4)), (6, 4), (1, 1, 4)),
        (GENERATOR.random((6, 5, 3)), (6, 5), (5, 1)),
        (GENERATOR.random((6, 5, 3)), (6,), (1, 1)),
        (GENERATOR.integers(0, 3, (6, 5)), (6, 5), (5, 1)),
        (GENERATOR.random((6, 2, 3, 4)), (6, 2, 3), (2, 3, 1)),
    ],
)
@pytest.mark.parametrize("boolean", [True, False])
def test_masks_are_given_for_targets_or_their_first_axes(targets, mask_shape, expected, boolean):
    mask = GENERATOR.random(mask_shape)
    mask = mask < 0.5 if boolean else mask
    batch = ArrayBatches(GENERATOR.random((6, 2)), targets, mask).batch(np.arange(6))
    assert batch.mask.shape == (*expected, 16)
    np.broadcast_to(batch.mask, batch.targets.shape)
    laid_out = batch.mask[..., :6].reshape(-1, 6).T
    np.testing.assert_array_equal(laid_out, mask.reshape(6, -1).astype(np.float32))


def test_steps_that_are_not_there_do_not_count():
    sequences, lengths = GENERATOR.random((6, 4, 3)), np.array([4, 1, 2, 3, 4, 0])
    steps, chosen = np.arange(4) < lengths[:, None], np.array([1, 3])
    labels = GENERATOR.integers(0, 2, (6, 4))
    batch = ArrayBatches(sequences, labels, step_masks=steps).batch(chosen)
    assert batch.step_mask.dtype == np.bool_
    assert batch.step_mask.shape == (4, 16)
    np.testing.assert_array_equal(batch.step_mask[:, :2], steps[chosen].T)
    assert not batch.step_mask[:, 2:].any()
    np.testing.assert_array_equal(batch.mask[:, 0], batch.step_mask.astype(np.float32))
    whole = ArrayBatches(sequences, labels[:, 0], step_masks=steps).batch(chosen)
    assert whole.mask is None
    assert whole.step_mask is not None


def test_a_selection_shares_the_arrays_and_no_buffer():
    whole = ArrayBatches(BYTES, GENERATOR.integers(0, 3, 40), np.arange(40) / 40)
    part = whole.select(np.array([5, 7, 30]))
    assert len(part) == 3
    taken = part.batch(np.array([2, 0]))
    expected = whole.batch(np.array([30, 5]))
    for got, wanted in zip(taken[:3], expected[:3], strict=True):
        np.testing.assert_array_equal(got, wanted)
        assert not np.shares_memory(got, wanted)
    second = part.select(np.array([1])).batch(np.array([0]))
    assert second.mask[0, 0, 0, 0] == np.float32(7 / 40)
    own = ImageBatches(BYTES).select(np.arange(3)).batch(np.arange(2))
    assert own.targets is own.inputs
    assert np.shares_memory(whole._inputs[""].rows, part._inputs[""].rows)


def test_a_split_holds_out_what_is_not_trained_on():
    labels = np.repeat([0, 1, 2], [20, 10, 10])
    source = ArrayBatches(np.arange(40.0), labels)
    parts = source.split(0.25, generator=np.random.default_rng(3), labels=labels)
    training, held_out = (
        part.batch(np.arange(len(part))).inputs[0, 0, 0, : len(part)].astype(int) for part in parts
    )
    assert sorted([*training, *held_out]) == list(range(40))
    assert np.bincount(labels[held_out]).tolist() in ([5, 3, 2], [5, 2, 3])


def test_the_size_counts_shared_arrays_once():
    assert ImageBatches(BYTES).size_in_bytes == BYTES.nbytes
    assert ImageBatches(BYTES, MASKS).size_in_bytes == BYTES.nbytes + MASKS.nbytes


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (({"a": np.zeros((4, 2)), "b": np.zeros((5, 2))},), "inputs b: 5 entries, the inputs 4"),
        ((np.zeros((4, 2)), np.zeros(5)), "targets: 5 entries, the inputs 4"),
        (({},), "inputs: give an array, or some by name"),
        (([1, 2],), r"inputs are of type list: give an array \(N, ...\)"),
        ((np.zeros(2), [1, 2]), "targets are of type list"),
        ((np.zeros(2), np.zeros(2), [1, 0]), "masks are of type list"),
        ((np.zeros(2), np.zeros(2), None, [[True]]), "step masks are of type list"),
        ((np.zeros((0, 2)),), r"inputs have shape \(0, 2\)"),
        ((np.zeros(3, complex),), "inputs are complex128"),
        ((np.array(["a", "b"]),), "inputs are <U1"),
        ((np.array([0, 2**24 + 1]),), "beyond 16777216, which float32 cannot tell apart"),
        ((np.zeros(3), np.zeros(3), np.zeros(2)), r"masks have shape \(2,\), expected \(3,\)"),
        ((np.zeros(3), np.zeros(3), np.zeros(3, int)), "masks are int64"),
        ((np.zeros(3), np.zeros(3), np.full(3, 1.5)), r"masks must be in \[0, 1\], not 1.5 to 1.5"),
        ((np.zeros(3), np.zeros(3), np.full(3, np.nan)), r"masks must be in \[0, 1\], not nan"),
        ((np.zeros(3), {"a": np.zeros(3)}, {"b": np.zeros(3)}), "masks are given for 'b', targets for 'a'"),
        ((np.zeros(3), np.zeros(3), None, np.zeros((3, 2))), "step masks are float64"),
        ((np.zeros(3), np.zeros(3), None, np.zeros((2, 2), bool)), r"bool \(2, 2\), expected bool \(3, s"),
    ],
)
def test_what_cannot_be_used_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        ArrayBatches(*arguments)


@pytest.mark.parametrize("indices", [[], [40], [-1]])
def test_entries_that_are_not_there_cannot_be_selected(indices):
    with pytest.raises(ValueError, match="cannot select"):
        ImageBatches(BYTES).select(np.array(indices, np.int64))
