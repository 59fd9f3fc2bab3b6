"""Networks that do not fit into memory: refused with the figures, before anything is allocated."""

import numpy as np
import pytest

from networks import Dense, Model, Reshape, Sequential, TimeDistributed
from networks.base.nodes import Call, Input
from networks.graph_o1 import GraphNetwork
from networks.ladder import FAMILIES, RUNGS, rung
from networks.lstm import LSTM
from nn import parameter_limit
from nn.activations import Identity
from nn.data import memory
from nn.graph import Graph
from nn.history import aligned_zeros
from nn.shape import SequenceShape, Shape, VideoShape

GENERATOR = np.random.default_rng(0)


@pytest.fixture
def no_memory(monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: 0)
    monkeypatch.setattr(parameter_limit, "LARGE", 1)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("name", RUNGS)
def test_a_network_runs_on_no_more_than_there_is_room_for(family, name, no_memory, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(memory, "available_memory", lambda: 2**40)
        network = FAMILIES[family].example(FAMILIES[family].rungs[name], generator=np.random.default_rng(0))
    entries = np.zeros((3, *network.input_shape), np.float32)
    with pytest.raises(
        MemoryError, match=r"needs .* to run on 3 entries, 2 at once, and 0 bytes is available"
    ):
        network.predict(entries, batch_size=2)


def test_a_model_of_several_inputs_runs_on_no_more_than_there_is_room_for(no_memory, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(memory, "available_memory", lambda: 2**40)
        left, right = Input(Shape(1, 1, 2)), Input(Shape(1, 1, 2))
        tower = Dense(left.shape, Shape(1, 1, 2), generator=GENERATOR)
        model = Model({"left": left, "right": right}, {"a": Call(tower, left), "b": Call(tower, right)})
    pair = {name: np.zeros((3, 1, 1, 2), np.float32) for name in ("left", "right")}
    with pytest.raises(MemoryError, match="to run on 3 entries, 3 at once"):
        model.predict(pair)


HUGE = {
    "steps of a sequence": lambda: rung("lstm", "o2")(SequenceShape(10**9, 3), units=2, generator=GENERATOR),
    "steps of a video": lambda: rung("convolutional_lstm", "o2")(
        VideoShape(10**6, 9, 9, 3), channels=2, kernel=3, generator=GENERATOR
    ),
    "rows of an upsampling": lambda: rung("bilinear_upsampling", "o2")(Shape(3, 3, 2), factor=10**6),
    "a pooling window": lambda: rung("max_pooling", "plain")(Shape(10**5, 10**5, 3), window=10**4),
    "pixels of a convolution": lambda: rung("convolution", "o2")(
        Shape(10**6, 10**6, 1), channels=2, kernel=3, generator=GENERATOR
    ),
    "ticks of a graph": lambda: GraphNetwork(_graph(0), ticks=10**12),
    "delays of a graph": lambda: GraphNetwork(_graph(10**8), ticks=1),
    "a network at every step": lambda: TimeDistributed(
        SequenceShape(10**10, 3), Sequential.of([Reshape.of(3)])
    ),
}
"""Networks of few parameters that are quick to build, but too large to run."""


def _graph(delay: int) -> Graph:
    graph = Graph()
    source, target = graph.add_input(), graph.add_neuron(Identity())
    graph.connect(source, target, 1.0, delay=delay)
    graph.set_output([target])
    return graph


@pytest.mark.parametrize("what", HUGE)
def test_a_network_of_few_parameters_is_made_without_its_histories(what, monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: 2**30)
    network = HUGE[what]()
    assert network.summary()
    entry = np.broadcast_to(np.float32(0), (1, *network.input_shape))
    with pytest.raises(MemoryError, match=r"the network needs .* to run on 1 entries"):
        network.predict(entry)


def test_layers_are_reckoned_before_there_is_one(monkeypatch):
    with pytest.raises(MemoryError, match=r"the network needs .* for its parameters"):
        LSTM(SequenceShape(10, 3), units=2, layers=10**13, generator=GENERATOR)


def test_large_arrays_are_asked_about_before_they_are_made(monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: 2**20)
    with pytest.raises(MemoryError, match=r"an array of \(4, 4194304\) needs 64\.0 MiB of memory, and 1\."):
        aligned_zeros((4, 2**22))
