"""Trained models, in every other library and back: the same answers, and the same classes."""

import numpy as np
import pytest

from nn import digits
from tests.exchange_differences import COLUMNS
from tests.support.keras_models import keras_library
from tests.support.trained_models import accuracy, agreements, autoencoder, entries_of, reader

pytest.importorskip("torch")
pytest.importorskip("onnxruntime")
pytest.importorskip("h5py")
keras_library()
pytestmark = [pytest.mark.usefixtures("one_thread"), pytest.mark.filterwarnings("ignore")]

SEEN = digits(1200, generator=np.random.default_rng(0))
NEW = digits(200, generator=np.random.default_rng(1))


def check(network, folder):
    found = list(agreements(network, entries_of(network, NEW), folder))
    assert [each.column for each in found] == COLUMNS
    assert max(each.difference for each in found) < 1e-5
    return found


def test_a_trained_autoencoder_gives_the_same_images_everywhere(tmp_path):
    network = autoencoder(SEEN, 3, (64, 16))
    entries = entries_of(network, NEW)
    assert np.mean((network.predict(entries) - entries) ** 2) < 0.8 * entries.var()
    check(network, tmp_path)


def test_a_trained_lstm_gives_the_same_classes_everywhere(tmp_path):
    network = reader(SEEN, 4, 32)
    assert accuracy(network, NEW) > 0.5
    assert all(each.same == 1 for each in check(network, tmp_path))
