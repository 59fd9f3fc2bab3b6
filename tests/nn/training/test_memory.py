"""Memory of training: what is counted, and a refusal with the figures before anything is allocated."""

import numpy as np
import pytest

from nn.history import padded
from nn.optimizers import Adam, optimizer_by_name
from nn.training import TrainingMemoryError, memory
from nn.training.memory import Memory, estimate
from tests.support.tiny_training import make_network, make_trainer


@pytest.mark.parametrize(("name", "slots"), [("sgd", 0), ("momentum", 1), ("adam", 2)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_parameters_gradients_slots_and_histories_are_counted(name, slots, dtype):
    network, optimizer = make_network(dtype), optimizer_by_name(name, 0.1)
    size = network.parameters.values.nbytes
    found = estimate(network, optimizer, 17, data_bytes=1000)
    neurons = 4 * (4 + 6) + 2 * (6 + 4)
    assert found == Memory(size, size, slots * size, neurons * padded(17) * np.dtype(dtype).itemsize, 1000)
    assert found.total == (2 + slots) * size + found.histories + 1000
    optimizer.prepare(network.parameters)
    assert (
        sum(array.nbytes for name, array in optimizer.state().items() if name != "steps") == found.optimizer
    )


def test_what_does_not_fit_is_refused_with_the_figures_before_it_is_allocated(monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: 4000)
    network = make_network()
    with pytest.raises(
        TrainingMemoryError,
        match=r"needs 4.4 KiB more memory \(in all: parameters 232 bytes, gradients 232 bytes, optimizer 464 "
        r"bytes, histories 3.8 KiB\) and 3.9 KiB is available: choose a smaller batch size",
    ):
        make_trainer(network=network)
    assert network.parameters._gradients is None


def test_parameters_that_are_there_already_need_no_more(monkeypatch):
    network = make_network()
    needed = estimate(network, Adam(), 5)
    monkeypatch.setattr(memory, "available_memory", lambda: needed.total - needed.parameters)
    make_trainer(network=network)
    monkeypatch.setattr(memory, "available_memory", lambda: needed.total - needed.parameters - 1)
    with pytest.raises(TrainingMemoryError):
        make_trainer(network=network)


def test_a_batch_never_has_more_entries_than_there_are(monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: 10_000)
    make_trainer(batch_size=10**9)
