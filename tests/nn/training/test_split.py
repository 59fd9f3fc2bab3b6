"""Splits: every entry is in one part, classes keep their shares, and the same seed draws the same."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.training.split import split


@given(st.integers(2, 60), st.floats(0.01, 0.99), st.integers(0, 5))
def test_every_entry_is_in_one_part(entries, fraction, seed):
    training, held_out = split(entries, fraction, generator=np.random.default_rng(seed))
    assert sorted([*training, *held_out]) == list(range(entries))
    assert len(training) and len(held_out)
    assert len(held_out) == min(max(round(fraction * entries), 1), entries - 1)
    again = split(entries, fraction, generator=np.random.default_rng(seed))
    np.testing.assert_array_equal(held_out, again[1])


@given(st.lists(st.integers(0, 3), min_size=2, max_size=60), st.floats(0.05, 0.95))
def test_every_class_keeps_its_share(labels, fraction):
    labels = np.array(labels)
    _, held_out = split(len(labels), fraction, generator=np.random.default_rng(1), labels=labels)
    count = min(max(round(fraction * len(labels)), 1), len(labels) - 1)
    assert len(held_out) == count
    for label in np.unique(labels):
        share = np.sum(labels == label) * count / len(labels)
        assert np.floor(share) <= np.sum(labels[held_out] == label) <= np.ceil(share)


def test_entries_are_drawn_and_not_the_last():
    generator = np.random.default_rng(1)
    first, second = (split(100, 0.2, generator=generator)[1].tolist() for _ in range(2))
    assert first != second
    assert first != list(range(80, 100))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1, 0.5), "cannot hold 0.5 of 1 entries out"),
        ((9, 0.0), "cannot hold 0.0 of 9"),
        ((9, 1.0), "cannot hold 1.0 of 9"),
        ((9, np.nan), "cannot hold nan of 9"),
    ],
)
def test_what_cannot_be_split_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        split(*arguments, generator=np.random.default_rng(1))


def test_labels_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"labels have shape \(3,\), expected \(4,\)"):
        split(4, 0.5, generator=np.random.default_rng(1), labels=np.zeros(3))
