"""Masks: active entries, and weights of any shape that broadcasts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.masks import active_entries, active_mask, position_shape, total_weight


@given(data=st.data(), shape=st.lists(st.integers(1, 4), min_size=1, max_size=4).map(tuple))
def test_the_total_is_the_sum_of_the_broadcast_mask(data, shape):
    entries = data.draw(st.integers(1, shape[-1]))
    own = tuple(data.draw(st.sampled_from([1, side])) for side in shape)[
        data.draw(st.integers(0, len(shape))) :
    ]
    mask = np.random.default_rng(data.draw(st.integers(0, 99))).random(own)
    expected = np.broadcast_to(mask, shape)[..., :entries]
    assert np.array_equal(active_mask(mask, shape, entries), expected)
    assert total_weight(mask, shape, entries) == pytest.approx(expected.sum(), rel=1e-12)
    assert total_weight(mask < 0.5, shape, entries) == (expected < 0.5).sum()
    assert total_weight(None, shape, entries) == expected.size


def test_all_entries_are_active_unless_said():
    assert active_entries(7, None) == 7
    assert active_entries(7, 3) == 3
    for wrong in (0, -1, 8):
        with pytest.raises(ValueError, match=f"{wrong} active entries of 7: at least one must count"):
            active_entries(7, wrong)


def test_a_position_has_one_number_for_all_its_features():
    assert position_shape((28, 28, 3, 64)) == (28, 28, 1, 64)
    assert position_shape((10, 64)) == (1, 64)


@pytest.mark.parametrize("shape", [(3, 4), (2, 2, 4), (5,)])
def test_a_mask_that_does_not_broadcast_is_refused(shape):
    message = r"the mask has shape \(.*\), expected \(2, 4\) or one that broadcasts to it"
    for use in (active_mask, total_weight):
        with pytest.raises(ValueError, match=message):
            use(np.ones(shape), (2, 4), 4)
