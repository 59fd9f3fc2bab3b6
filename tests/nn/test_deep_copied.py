"""Arrays of copies: in writable memory of their own, wherever they came from."""

from collections import defaultdict, namedtuple

import numpy as np
import pytest

from nn.bfloat16 import BFLOAT16
from nn.deep_copied import DeepCopied, make_writable
from nn.history import CACHE_LINE, aligned_zeros
from tests.support.copying import WAYS, assert_apart

Pair = namedtuple("Pair", "first second")


def read_only(size=5):
    array = np.arange(size, dtype=np.float32)
    array.flags.writeable = False
    return array


class Thing(DeepCopied):
    def __init__(self):
        self.number, self.array = 3, np.arange(6, dtype=np.float32).reshape(2, 3)
        self.several = {"list": [self.array, "text"], "pair": Pair(np.zeros(2, BFLOAT16), None)}


@pytest.mark.parametrize("way", WAYS)
def test_a_copy_shares_nothing(way):
    thing = Thing()
    other = WAYS[way](thing)
    assert_apart(thing, other)
    assert type(other) is Thing and other.number == 3
    assert other.array.tolist() == thing.array.tolist()
    assert other.several["list"][1] == "text" and other.several["pair"].first.dtype == BFLOAT16
    other.several["list"][0][:] = other.array[:] = -1
    assert thing.array.min() == 0


def test_what_cannot_be_written_to_is_copied():
    found = make_writable(
        {"list": [read_only()], "pair": Pair(read_only(), 2), "tuple": (read_only(),), "other": 1}
    )
    assert type(found["pair"]) is Pair and type(found["tuple"]) is tuple and found["other"] == 1
    for array in (found["list"][0], found["pair"].first, found["tuple"][0]):
        assert array.flags.writeable and array.tolist() == [0, 1, 2, 3, 4]
        assert array.ctypes.data % CACHE_LINE == 0


def test_what_lies_off_the_cache_lines_is_moved():
    memory = aligned_zeros(40, np.float32)
    memory[:] = np.arange(40)
    assert make_writable(memory) is memory
    moved = make_writable(memory[1:])
    assert moved.ctypes.data % CACHE_LINE == 0 and moved.tolist() == memory[1:].tolist()
    assert make_writable(np.float32(2)[...]).shape == ()


def test_what_can_stay_stays():
    turned, texts = np.asfortranarray(np.ones((2, 3))), np.array(["a", None], object)
    masked, counts = np.ma.masked_less(np.arange(3.0), 1), defaultdict(list, {"a": [read_only()]})
    for thing in (turned, texts, {"a": [1, (2, "b")]}, [turned], (texts,), None, masked, counts):
        assert make_writable(thing) is thing
    assert counts["a"][0].flags.writeable and counts["b"] == []
    turned.flags.writeable = texts.flags.writeable = False
    assert make_writable(turned).flags.f_contiguous and make_writable(turned).flags.writeable
    assert make_writable(texts).tolist() == ["a", None]


def test_a_file_that_is_mapped_becomes_memory(tmp_path):
    mapped = np.memmap(tmp_path / "numbers", np.float32, "w+", shape=16)
    assert type(make_writable(mapped)) is np.ndarray
