"""Finite numbers: every NaN and Inf is seen at any size, and refused by entry and place at the border."""

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks import Dense
from networks.base.nodes import Call, Input
from networks.ladder import FAMILIES
from networks.model import Model
from nn import finite
from nn.finite import all_finite, check_finite
from nn.shape import Shape

BAD = [np.nan, np.inf, -np.inf]

PLACES = [
    ((3,), (2,), "feature 2"),
    ((1, 1, 5), (0, 0, 4), "feature 4"),
    ((4, 3), (3, 1), "step 3, feature 1"),
    ((4, 5, 3), (1, 2, 0), "row 1, column 2, channel 0"),
    ((2, 4, 5, 3), (1, 3, 2, 0), "step 1, row 3, column 2, channel 0"),
    ((2, 2, 2, 2, 2), (1, 0, 1, 0, 1), r"\[1, 0, 1, 0, 1\]"),
    ((), (), "$"),
]


@given(st.integers(1, 300), st.data(), st.sampled_from([np.float32, np.float64]), st.sampled_from(BAD))
def test_one_bad_number_anywhere_is_seen(size, data, dtype, bad):
    array = np.random.default_rng(size).standard_normal(size).astype(dtype)
    array[0] = np.finfo(dtype).max
    assert all_finite(array)
    array[data.draw(st.integers(0, size - 1))] = bad
    assert not all_finite(array)


@pytest.mark.parametrize("position", [0, 32_768, 99_999, 100_000])
def test_large_arrays_are_looked_at_in_parallel(position, monkeypatch):
    monkeypatch.setattr(finite, "PARALLEL_FROM", 100_001)
    array = np.ones(100_001, np.float32)
    assert all_finite(array)
    array[position] = np.inf
    assert not all_finite(array)


def test_arrays_of_any_layout_are_looked_at():
    array = np.ones((4, 6))
    array[1, 2] = np.nan
    assert not all_finite(array[::-1, ::2])
    assert all_finite(array[:, ::5])
    assert all_finite(np.zeros((0, 3)))


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize(("shape", "place", "words"), PLACES)
def test_the_first_bad_entry_is_named_with_the_place_in_it(shape, place, words, bad, monkeypatch):
    monkeypatch.setattr(finite, "CHUNK", 40)  # several parts
    entries = np.zeros((9, *shape))
    check_finite(entries, "codes")
    entries[7] = bad
    entries[(5, *place)] = bad
    with pytest.raises(ValueError, match=f"^codes: entry 5 is {bad:g}.*{words}"):
        check_finite(entries, "codes")


def test_what_does_not_count_is_not_looked_at():
    entries = np.zeros((3, 4, 2), np.float32)
    steps = np.ones((3, 4), bool)
    steps[1, 2:] = False
    entries[1, 2:] = np.nan
    check_finite(entries, "sequences", counts=steps)
    entries[2, 0, 1] = np.inf
    with pytest.raises(ValueError, match="sequences: entry 2 is inf at step 0, feature 1"):
        check_finite(entries, "sequences", counts=steps)
    check_finite(entries, "sequences", counts=np.array([True, False, False]))


@pytest.mark.parametrize("dtype", ["float16", "float32", ">f4", "float64", ">f8", "longdouble", "bfloat16"])
def test_numbers_of_every_kind_are_looked_at(dtype):
    kind = np.dtype(ml_dtypes.bfloat16) if dtype == "bfloat16" else np.dtype(dtype)
    entries = np.ones((4, 3)).astype(kind)
    check_finite(entries, "codes")
    entries[3, 1] = np.nan
    with pytest.raises(ValueError, match="codes: entry 3 is nan at feature 1"):
        check_finite(entries, "codes")


def test_a_number_too_large_for_the_network_is_infinite_there():
    entries = np.full((2, 3), 1e38)
    check_finite(entries, "codes", np.float32)
    entries[1, 2] = -1e39
    check_finite(entries, "codes", np.float64)
    with pytest.raises(ValueError, match="entry 1 is -1e\\+39, which float32 cannot hold, at feature 2"):
        check_finite(entries, "codes", np.float32)


@pytest.mark.parametrize("dtype", ["U3", "S3", "O", "complex64", "M8[s]", "i4,f4"])
def test_what_is_no_number_is_refused(dtype):
    with pytest.raises(ValueError, match=r"codes: expected numbers \(N, ...\), not .* \(2, 3\)"):
        check_finite(np.zeros((2, 3), dtype), "codes")
    for kind in ("?", "uint8", "int64", "uint64"):
        check_finite(np.zeros((2, 3), kind), "codes")


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_network_refuses_to_predict_from_what_is_not_finite(family, bad):
    rungs = FAMILIES[family].rungs
    network = FAMILIES[family].example(rungs["plain"], generator=np.random.default_rng(0))
    entries = np.zeros((5, *network.input_shape), np.float32)
    entries[3, ..., -1] = bad
    with pytest.raises(ValueError, match=f"entry 3 is {bad:g} at (step|row|feature)"):
        network.predict(entries, batch_size=2)


def test_a_model_names_the_input_that_is_not_finite():
    shape = Shape(1, 1, 3)
    left, right = Input(shape), Input(shape)
    dense = Dense(shape, shape, generator=np.random.default_rng(0))
    model = Model({"left": left, "right": right}, {"a": Call(dense, left), "b": Call(dense, right)})
    entries = {name: np.zeros((4, *shape)) for name in ("left", "right")}
    entries["right"][2, 0, 0, 1] = np.nan
    with pytest.raises(ValueError, match="model: input right: entry 2 is nan at feature 1"):
        model.predict(entries)
