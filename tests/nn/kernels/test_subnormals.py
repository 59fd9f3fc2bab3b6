"""Subnormal numbers are taken as zero inside kernels, and nowhere else."""

import numpy as np
import pytest

from networks import GRU, LSTM
from nn.kernels.core.compilation import kernel
from nn.kernels.core.subnormals import IS_X86, flush_subnormals, restore
from nn.shape import SequenceShape

TINY = np.finfo(np.float32).tiny

x86 = pytest.mark.skipif(not IS_X86, reason="the bits are those of x86")


@kernel
def halves(values, flushes):
    state = flush_subnormals()
    if not flushes:
        restore(state)
    for n in range(values.size):
        values[n] *= values.dtype.type(0.5)
    restore(state)


@kernel
def state_of_thread():
    state = flush_subnormals()
    restore(state)
    return state


@x86
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("flushes", [False, True])
def test_results_and_operands_are_taken_as_zero_until_the_state_is_restored(dtype, flushes):
    numbers = np.finfo(dtype)
    values = np.array([numbers.tiny, 3 * numbers.smallest_subnormal, 2 * numbers.tiny, 1], dtype)
    expected = values / 2
    if flushes:
        expected[:2] = 0
    halves(values, flushes)
    assert np.array_equal(values, expected)
    assert numbers.tiny / dtype(2) > 0  # of this thread, outside of the kernel


@x86
@pytest.mark.parametrize("kind", [LSTM, GRU])
@pytest.mark.parametrize("units", [3, 70])
def test_signals_that_fade_end_at_zero_and_the_state_of_the_thread_stays(kind, units):
    network = kind(
        SequenceShape(200, 3), units=units, whole_sequence=True, generator=np.random.default_rng(0)
    )
    network.parameters.values[:] *= 0.02  # of every step some two digits are lost
    values = np.random.default_rng(1).normal(size=(200, 3, 40)).astype(np.float32)
    signals = np.zeros((200, units, 40), np.float32)
    signals[-1] = 1
    before = state_of_thread()
    network.forward(values, training=True)
    passed = np.abs(network.backward(signals))
    assert state_of_thread() == before
    assert passed.min() == 0 < passed[-1].min()
    assert not ((passed > 0) & (passed < TINY)).any()
