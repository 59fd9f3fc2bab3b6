import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.data import DataError, ImageSet, Skipped
from nn.shape import Shape


def make_set(count: int, shape: Shape = Shape(2, 3, 1), *, dtype: type = np.uint8) -> ImageSet:  # noqa: B008
    images = np.arange(count * shape.size).reshape(count, *shape) % 251
    values = images.astype(np.uint8) if dtype is np.uint8 else (images / 251).astype(np.float32)
    masks = np.ones((count, shape.height, shape.width), np.bool_)
    masks[:, 0, 0] = False
    return ImageSet(
        values,
        [f"image {index}" for index in range(count)],
        masks,
        labels=np.arange(count),
        skipped=[Skipped("bad.png", "broken")],
    )


def test_describes_itself() -> None:
    images = make_set(5, Shape(4, 3, 3))
    assert len(images) == 5
    assert images.shape == Shape(4, 3, 3)
    assert images.size_in_bytes == 5 * 36 + 5 * 12


def test_batch_of_bytes_spans_zero_to_one_exactly() -> None:
    images = ImageSet(np.array([0, 51, 255], np.uint8).reshape(3, 1, 1, 1), ["a", "b", "c"])
    batch, mask = images.batch(np.array([2, 0, 1]))
    assert mask is None
    assert batch.dtype == np.float32
    assert batch.ravel().tolist() == [1.0, 0.0, np.float32(0.2)]


def test_batch_of_floats_and_its_mask() -> None:
    images = make_set(4, dtype=np.float32)
    batch, mask = images.batch(np.array([3, 1]))
    assert np.array_equal(batch, images.images[[3, 1]])
    assert mask is not None
    assert mask.shape == (2, 2, 3, 1) and mask.dtype == np.float32
    assert mask[:, 0, 0].max() == 0 and mask[:, 1:].min() == 1


def test_changing_a_batch_leaves_the_set_alone() -> None:
    images = make_set(4, dtype=np.float32)
    before = images.images.copy()
    images.batch(np.array([0, 1]))[0][:] = 7
    assert np.array_equal(images.images, before)


@given(count=st.integers(1, 60), fraction=st.floats(0, 0.99), seed=st.integers(0, 99))
def test_split_keeps_every_image_once_and_in_order(count: int, fraction: float, seed: int) -> None:
    images = make_set(count)
    training, held_out = images.split(fraction, generator=np.random.default_rng(seed))
    assert training.labels is not None and held_out.labels is not None
    assert sorted([*training.labels, *held_out.labels]) == list(range(count))
    for part in (training, held_out):
        assert part.labels is not None and part.masks is not None
        assert np.all(np.diff(part.labels) > 0)
        assert part.names == [f"image {label}" for label in part.labels]
        assert np.array_equal(part.images, images.images[part.labels])
        assert len(part.masks) == len(part)
        assert part.skipped == images.skipped
    assert len(training) >= 1
    assert (len(held_out) >= 1) == (fraction > 0 and count > 1)


def test_split_follows_the_generator() -> None:
    images = make_set(40)
    first, again, other = (images.split(0.5, generator=np.random.default_rng(seed))[1] for seed in (1, 1, 2))
    assert first.names == again.names != other.names


@pytest.mark.parametrize("fraction", [-0.1, 1.0, float("nan")])
def test_split_refuses_a_fraction_out_of_range(fraction: float) -> None:
    with pytest.raises(DataError, match="held-out fraction"):
        make_set(4).split(fraction, generator=np.random.default_rng(0))


def test_select_is_refused_when_memory_does_not_suffice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nn.data.memory.available_memory", lambda: 10)
    with pytest.raises(DataError, match="selection of 3 images"):
        make_set(4).select(np.arange(3))


@pytest.mark.parametrize(
    ("images", "names", "masks", "labels", "message"),
    [
        (np.zeros((2, 3, 3), np.uint8), 2, None, None, "images must be"),
        (np.zeros((2, 3, 3, 1), np.float64), 2, None, None, "float64"),
        (np.zeros((2, 3, 3, 1), np.uint8), 3, None, None, "3 names for 2 images"),
        (np.zeros((2, 3, 3, 1), np.uint8), 2, np.zeros((2, 3, 2), np.bool_), None, "masks must be"),
        (np.zeros((2, 3, 3, 1), np.uint8), 2, np.zeros((2, 3, 3), np.uint8), None, "masks must be"),
        (np.zeros((2, 3, 3, 1), np.uint8), 2, None, np.zeros(3, np.int64), "labels must be"),
    ],
)
def test_parts_that_do_not_go_together_are_refused(
    images: np.ndarray, names: int, masks: np.ndarray | None, labels: np.ndarray | None, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        ImageSet(images, ["name"] * names, masks, labels)
