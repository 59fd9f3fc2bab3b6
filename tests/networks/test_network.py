"""The protocol of networks: what each of them inherits."""

import numpy as np
import pytest

from networks.dense import Dense
from nn.shape import Shape


def network(dtype=np.float32):
    return Dense(Shape(2, 3, 1), Shape(1, 1, 4), generator=np.random.default_rng(0), dtype=dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("batch_size", [1, 2, 16, 100])
def test_predict_goes_through_the_images_in_batches(dtype, batch_size):
    subject = network(dtype)
    images = np.random.default_rng(1).normal(size=(17, 2, 3, 1))
    outputs = subject.predict(images, batch_size)
    assert outputs.dtype == dtype
    expected = subject.forward(np.moveaxis(images, 0, -1).astype(dtype))
    assert np.allclose(outputs, np.moveaxis(expected, -1, 0), rtol=1e-4)
    np.testing.assert_array_equal(subject.predict(images.tolist(), batch_size), outputs)


def test_predict_takes_bytes_as_training_does():
    images = np.random.default_rng(1).integers(0, 256, (5, 2, 3, 1), dtype=np.uint8)
    np.testing.assert_array_equal(network().predict(images), network().predict(images / np.float32(255)))


def test_predict_of_nothing_is_nothing():
    assert network().predict(np.zeros((0, 2, 3, 1))).shape == (0, 1, 1, 4)


def test_predict_names_what_does_not_fit():
    with pytest.raises(ValueError, match=r"entries have shape \(5, 3, 2, 1\), expected \(N, 2x3x1\)"):
        network().predict(np.zeros((5, 3, 2, 1)))
    with pytest.raises(ValueError, match="batch size 0"):
        network().predict(np.zeros((5, 2, 3, 1)), batch_size=0)


def test_a_network_is_its_own_only_layer():
    subject = network()
    assert subject.layers == [subject]
    assert subject.dtype == np.float32
    assert subject.structure() == {}


def test_all_histories_are_entries_unless_it_is_said_how_many():
    subject = network()
    assert subject.active_entries(16) == 16
    subject.entries = 7
    assert subject.active_entries(16) == 7
    subject.entries = 0
    assert subject.active_entries(16) == 0
    for wrong in (-1, 17):
        subject.entries = wrong
        with pytest.raises(ValueError, match=f"dense: {wrong} entries in 16 histories"):
            subject.active_entries(16)
