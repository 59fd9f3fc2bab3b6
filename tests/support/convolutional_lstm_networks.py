"""What the tests of the convolutional LSTM share: its ladder, random options, and networks.

All weights are drawn, peepholes and biases too: if they were zero, some mistakes would not show.
"""

import numpy as np
from hypothesis import strategies as st

from networks.ladder import FAMILIES
from nn.shape import VideoShape

FAMILY = FAMILIES["convolutional_lstm"]
PLAIN = FAMILY.rungs["plain"]

videos = st.builds(VideoShape, st.integers(1, 3), st.integers(1, 4), st.integers(1, 5), st.integers(1, 3))
settings = st.fixed_dictionaries(
    {
        "channels": st.integers(1, 3),
        "kernel": st.sampled_from([1, 3, 5]),
        "peepholes": st.booleans(),
        "whole_sequence": st.booleans(),
    }
)
USUAL = {"channels": 3, "kernel": 3, "peepholes": True, "whole_sequence": True}


def convolutional_lstm(kind, shape, dtype="float64", **options):
    network = kind(shape, **(USUAL | options), generator=np.random.default_rng(2), dtype=dtype)
    drawn = np.random.default_rng(7).normal(size=network.parameters.size)
    network.parameters.values[:] = 0.5 * drawn
    return network
