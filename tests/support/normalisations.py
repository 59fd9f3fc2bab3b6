"""Normalisations for tests: on any rung, with scales and shifts that are not those they start with."""

from functools import partial

import numpy as np
import pytest
from hypothesis import strategies as st

from networks.ladder import FAMILIES
from nn.shape import SequenceShape, Shape, VideoShape
from tests.support import network_checks as checks

IMAGE = Shape(3, 2, 5)
TOLERANCE = FAMILIES["batch_normalisation"].tolerance

sides = st.integers(1, 4)
features = st.integers(4, 9)
shapes = st.one_of(
    st.builds(Shape, sides, sides, features),
    st.builds(SequenceShape, sides, features),
    st.builds(VideoShape, st.integers(1, 2), st.integers(1, 2), sides, features),
)
histories = st.integers(8, 40)


def drawn(network):
    """Give a network a scale and a shift that are not those it starts with."""
    network.parameters.values[:] = np.random.default_rng(3).normal(size=network.parameters.size)
    return network


def batch(rung, shape=IMAGE, dtype="float64", **options):
    return drawn(FAMILIES["batch_normalisation"].rungs[rung](shape, dtype=dtype, **options))


def layer(rung, shape=IMAGE, dtype="float64", **options):
    return drawn(FAMILIES["layer_normalisation"].rungs[rung](shape, dtype=dtype, **options))


KINDS = {
    "batch": batch,
    "layer, last axis": partial(layer, axes="last"),
    "layer, all axes": partial(layer, axes="all"),
}
every_kind = pytest.mark.parametrize("kind", KINDS)


def batch_numbers(network, count, entries):
    """Draw values far from mean zero, and signals that are zero where there is no entry."""
    values, signals = checks.numbers(network, count)
    values = 2 * values + 3
    signals[..., entries:] = 0
    network.entries = entries
    return values, signals
