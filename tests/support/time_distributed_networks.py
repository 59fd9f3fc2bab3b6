"""What the tests of time-distributed networks share: shapes, and networks around a layer or two."""

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


def recipe(output_shape, rung):
    return FAMILIES["dense"].rungs[rung].of(output_shape, activation=Tanh())


def build(rung="plain", shape=WORDS, output_shape=3, dtype="float64"):
    options = {"generator": np.random.default_rng(2), "dtype": dtype}
    return TimeDistributed(shape, recipe(output_shape, rung), **options)


def normalised(rung="plain", shape=WORDS, dtype="float64"):
    """A network that measures the batch: missing steps and entries must not count."""
    layers = [recipe(6, rung), FAMILIES["batch_normalisation"].rungs[rung].of()]
    options = {"generator": np.random.default_rng(2), "dtype": dtype}
    return TimeDistributed(shape, Sequential.of(layers), **options)
