"""Random models with two inputs, a tower that both pass through, merges, and one output or two."""

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from networks import (
    Add,
    BatchNormalisation,
    Call,
    Concatenate,
    Convolution,
    Dense,
    Input,
    Model,
    Network,
    Sequential,
)
from nn import Shape

seeds = st.integers(0, 2**32 - 1)


@st.composite
def branching_networks(
    draw: Any, activations: SearchStrategy[Any], learned: Callable[[Network, int], Network]
) -> Network:
    """Return one with what `learned` draws of a network and a seed."""
    generator = np.random.default_rng(0)
    left, right = (Input(Shape(4, 3, 2), generator=generator) for _ in range(2))
    inside = [
        Convolution.of(channels=2, kernel=2, activation=draw(activations)),
        BatchNormalisation.of(),
        Dense.of(4),
    ]
    code = Call(Sequential.of(inside[draw(st.integers(0, 2)) :]), left, name="tower")
    other = Call(code.network, right)
    added = Call(draw(st.sampled_from([Add, Concatenate])).of(), code, other)
    deep = Call(Dense.of(3), Call(Dense.of(2), added), name="answer")
    joined = Call(Concatenate.of(), deep, Call(Dense.of(3), right))
    outputs = {"answer": deep, "joined": joined} if draw(st.booleans()) else joined
    return learned(Model({"left": left, "right": right}, outputs), draw(seeds))
