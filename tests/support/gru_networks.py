"""What the tests of the GRU share: its ladder, random options, and networks whose weights are all drawn."""

import numpy as np
from hypothesis import strategies as st

from networks.ladder import FAMILIES
from nn.shape import SequenceShape

FAMILY = FAMILIES["gru"]
PLAIN = FAMILY.rungs["plain"]

shapes = st.builds(SequenceShape, st.integers(1, 4), st.integers(1, 5))
options = st.fixed_dictionaries(
    {
        "units": st.integers(1, 10),
        "layers": st.integers(1, 3),
        "bidirectional": st.booleans(),
        "whole_sequence": st.booleans(),
    }
)


def gru(kind, shape, dtype="float64", *, units=3, **settings):
    """Biases are drawn too: if they were zero, some mistakes would not show."""
    network = kind(shape, units=units, generator=np.random.default_rng(2), dtype=dtype, **settings)
    network.parameters.values[:] = 0.5 * np.random.default_rng(7).normal(size=network.parameters.size)
    return network
