"""What the tests of time-distributed networks share: shapes, and networks around a layer or two."""

from functools import partial

import numpy as np
from hypothesis import strategies as st

from networks.ladder import FAMILIES
from networks.sequential import Sequential
from networks.time_distributed import TimeDistributed
from nn.activations import Tanh
from nn.shape import SequenceShape, Shape, VideoShape

TOLERANCE = {"float32": 3e-5, "float64": 1e-11}
WORDS = SequenceShape(5, 4)
CLIP = VideoShape(3, 4, 3, 2)

inputs = st.one_of(
    st.builds(SequenceShape, st.integers(1, 5), st.integers(1, 5)),
    st.builds(VideoShape, *[st.integers(1, 3)] * 3, st.integers(1, 3)),
)
outputs = st.sampled_from([Shape(1, 1, 3), Shape(2, 3, 2)])
histories = st.integers(1, 20)


def dense(shape, output_shape, rung="plain", dtype="float64"):
    generator = np.random.default_rng(2)
    return FAMILIES["dense"].rungs[rung](
        shape, output_shape, activation=Tanh(), generator=generator, dtype=dtype
    )


def build(rung="plain", shape=WORDS, output_shape=None, dtype="float64"):
    maker = partial(dense, output_shape=output_shape or Shape(1, 1, 3), rung=rung, dtype=dtype)
    return TimeDistributed(shape, network=maker)


def normalised(rung="plain", shape=WORDS, dtype="float64"):
    """A network that measures the batch: what is not there must not count."""

    def maker(step):
        layer = dense(step, Shape(1, 1, 6), rung, dtype)
        norm = FAMILIES["batch_normalisation"].rungs[rung](layer.output_shape, dtype=dtype)
        return Sequential([layer, norm])

    return TimeDistributed(shape, network=maker)
