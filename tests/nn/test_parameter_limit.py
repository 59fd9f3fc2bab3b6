"""Limits on parameters: too many for memory are refused with the figures, before anything is allocated."""

import numpy as np
import pytest

from networks.dense import Dense
from networks.lstm import LSTM
from nn.data import memory
from nn.initializers import Zeros
from nn.parameter_limit import check_memory
from nn.parameters import Parameters
from nn.shape import SequenceShape, Shape

GENERATOR = np.random.default_rng(0)
HUGE = Shape(1, 1, 3_000_000)


@pytest.mark.parametrize(
    "build",
    [
        lambda: Dense(HUGE, HUGE, generator=GENERATOR),
        lambda: Dense(HUGE, HUGE, generator=GENERATOR, initializer=Zeros()),
        lambda: LSTM(SequenceShape(10, 1_000_000), units=1_000_000, generator=GENERATOR),
        lambda: Parameters({"weights": (10**9, 10**9)}),
    ],
)
def test_a_network_that_does_not_fit_is_refused_with_the_figures(build):
    with pytest.raises(
        MemoryError, match=r"the network needs [0-9.]+ GiB for its parameters, and .*iB is available: make"
    ):
        build()


def test_gradients_need_room_as_well(monkeypatch):
    parameters = Parameters({"weights": (4096, 4096)})
    monkeypatch.setattr(memory, "available_memory", lambda: 50 * 2**20)
    with pytest.raises(MemoryError, match=r"needs 64\.0 MiB for its gradients, and 50\.0 MiB is available"):
        parameters.gradients.sum()


def test_small_arrays_are_not_asked_about(monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: 0)
    check_memory(2**26 - 1, "for its parameters")
    with pytest.raises(MemoryError, match=r"the network needs 64\.0 MiB for its parameters, and 0 bytes is"):
        check_memory(2**26, "for its parameters")
