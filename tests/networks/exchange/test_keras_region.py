"""What is read of a large file: what the model has a place for, and no more."""

import os
import resource
from io import BytesIO

import numpy as np
import pytest

from networks.exchange import ExchangeError
from networks.exchange import keras as exchange
from networks.exchange.keras.reading.region import Region
from tests.networks.exchange.test_keras_old import CHAIN, INPUTS, answers, chain, whole

FLOAT = np.dtype("f4")


def region(size=40):
    return Region(BytesIO(bytes(range(size))), 0, size)


def test_arrays_that_lie_upon_each_other_are_refused():
    file = region()
    for _ in range(2):
        assert file.array(0, FLOAT, (10,)).shape == (10,)
    with pytest.raises(ExchangeError, match="upon each other"):
        file.array(0, FLOAT, (1,))


@pytest.mark.parametrize(("begin", "shape"), [(4, (10,)), (0, (2**40, 2**40)), (2**62, (1,))])
def test_arrays_that_are_not_there_are_refused_before_they_are_read(begin, shape):
    with pytest.raises(ExchangeError, match=r"not there|upon each other"):
        region().array(begin, FLOAT, shape)


def test_bytes_that_are_read_over_and_over_are_refused():
    file = region()
    with pytest.raises(ExchangeError, match="over and over"):
        while True:
            file.seek(0)
            file.read()


def test_a_part_of_a_file_ends_where_it_ends():
    file = Region(BytesIO(bytes(range(40))), 8, 4)
    assert file.read(100) == bytes([8, 9, 10, 11]) and file.read() == b"" and file.tell() == 4
    assert file.seek(-1, os.SEEK_END) == 3 and file.read(1) == b"\x0b"
    with pytest.raises(ValueError, match="beginning"):
        file.seek(-9)


def test_of_a_file_far_larger_than_memory_only_the_model_is_read(tmp_path):
    path = whole(tmp_path / "model.h5", chain(), CHAIN)
    os.truncate(path, 2**36)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert np.allclose(exchange.load(path).predict(INPUTS), answers(), atol=1e-6)
    assert exchange.survey(path)[-1] == "can be opened"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2**18  # KiB


def test_a_description_that_is_too_large_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "model.json"
    path.write_bytes(b"{")
    os.truncate(path, 2**36)
    with pytest.raises(ExchangeError, match=r"model\.json: the description has .* bytes, more than"):
        exchange.load(path)
