"""The ladder: every family of networks, its rungs from the plain one up, and a small example of each.

Tests, benchmarks and the applications read this list and nothing else: a new rung is one line here.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from networks import (
    convolution,
    convolution_o1,
    convolution_o2,
    convolutional_lstm,
    convolutional_lstm_o1,
    convolutional_lstm_o2,
    dense,
    dense_o1,
    dense_o2,
    embedding,
    embedding_o1,
    embedding_o2,
    graph,
    graph_o1,
    graph_o2,
    gru,
    gru_o1,
    gru_o2,
    local,
    local_o1,
    local_o2,
    lstm,
    lstm_o1,
    lstm_o2,
    noise,
    noise_o1,
    noise_o2,
    normalisation,
    normalisation_o1,
    normalisation_o2,
)
from networks.family import USUAL_TOLERANCE, Family
from networks.model import Model
from networks.network import Network
from networks.sequential import Sequential
from networks.spectral_normalisation import SpectralNormalisation
from networks.time_distributed import TimeDistributed
from networks.weightless_families import WEIGHTLESS
from nn.activations import Tanh
from nn.choices import choose
from nn.graph import Graph
from nn.shape import SequenceShape, Shape, VideoShape


def _dense_example(kind: Any, **options: Any) -> Network:
    return kind(Shape(3, 4, 2), Shape(2, 3, 3), activation=Tanh(), **options)


def _local_example(kind: Any, **options: Any) -> Network:
    blocks = {"input_block": 2, "window": 5, "output_block": 1, "channels": 4}
    return kind(Shape(8, 6, 2), **blocks, activation=Tanh(), **options)


def _convolution_example(kind: Any, **options: Any) -> Network:
    return kind(Shape(7, 6, 2), channels=3, kernel=3, stride=2, padding=1, activation=Tanh(), **options)


def _convolutional_lstm_example(kind: Any, **options: Any) -> Network:
    return kind(VideoShape(3, 4, 5, 2), channels=3, kernel=3, **options)


def _gru_example(kind: Any, **options: Any) -> Network:
    return kind(SequenceShape(4, 3), units=5, layers=2, bidirectional=True, **options)


def _lstm_example(kind: Any, **options: Any) -> Network:
    return kind(SequenceShape(4, 3), units=5, layers=2, bidirectional=True, peepholes=True, **options)


def _lstm_cell_example(kind: Any, **options: Any) -> Network:
    return kind(Shape(1, 1, 3), units=5, peepholes=True, **options)


def _graph_example(kind: Any, *, generator: np.random.Generator, dtype: DTypeLike = np.float32) -> Network:
    """A local layer, a skip past it, a product, and a delay that closes a cycle."""
    wiring = Graph()
    image = wiring.input_layer(Shape(4, 4, 1))
    hidden = wiring.local(image, 2, 3, 1, 2, activation=Tanh(), generator=generator)
    output = wiring.dense(hidden, Shape(1, 2, 2), activation=Tanh(), generator=generator)
    wiring.dense(image, target=output, generator=generator)
    gate = wiring.add_product()
    first, last = wiring.neuron(output.first), wiring.neuron(output.first + output.shape.size - 1)
    wiring.connect(first, gate, 0.5)
    wiring.connect(last, gate, None)
    wiring.connect(gate, first, -0.5, delay=1)
    wiring.set_output(output)
    network: Network = kind(wiring, ticks=3, dtype=dtype)
    return network


def _normalisation_example(
    kind: Any, *, generator: np.random.Generator, dtype: DTypeLike = np.float32
) -> Network:
    network: Network = kind(Shape(3, 4, 5), dtype=dtype)
    network.parameters.values[:] = generator.normal(size=network.parameters.size)
    return network


def _embedding_example(kind: Any, **options: Any) -> Network:
    return kind(SequenceShape(4, 1), labels=7, features=5, **options)


def _dropout_example(kind: Any, **options: Any) -> Network:
    return kind(Shape(3, 4, 5), rate=0.3, **options)


def _noise_example(kind: Any, **options: Any) -> Network:
    return kind(Shape(3, 4, 5), deviation=0.3, **options)


FAMILIES: dict[str, Family] = {
    "batch_normalisation": Family(
        {
            "plain": normalisation.BatchNormalisation,
            "o1": normalisation_o1.BatchNormalisation,
            "o2": normalisation_o2.BatchNormalisation,
        },
        _normalisation_example,
        USUAL_TOLERANCE,
    ),
    "convolution": Family(
        {
            "plain": convolution.Convolution,
            "o1": convolution_o1.Convolution,
            "o2": convolution_o2.Convolution,
        },
        _convolution_example,
        USUAL_TOLERANCE,
    ),
    "convolutional_lstm": Family(
        {
            "plain": convolutional_lstm.ConvolutionalLSTM,
            "o1": convolutional_lstm_o1.ConvolutionalLSTM,
            "o2": convolutional_lstm_o2.ConvolutionalLSTM,
        },
        _convolutional_lstm_example,
        USUAL_TOLERANCE,
    ),
    "dense": Family(
        {"plain": dense.Dense, "o1": dense_o1.Dense, "o2": dense_o2.Dense}, _dense_example, USUAL_TOLERANCE
    ),
    "dropout": Family(
        {"plain": noise.Dropout, "o1": noise_o1.Dropout, "o2": noise_o2.Dropout},
        _dropout_example,
        USUAL_TOLERANCE,
    ),
    "embedding": Family(
        {"plain": embedding.Embedding, "o1": embedding_o1.Embedding, "o2": embedding_o2.Embedding},
        _embedding_example,
        USUAL_TOLERANCE,
    ),
    "gaussian_noise": Family(
        {"plain": noise.GaussianNoise, "o1": noise_o1.GaussianNoise, "o2": noise_o2.GaussianNoise},
        _noise_example,
        USUAL_TOLERANCE,
    ),
    "graph": Family(
        {"plain": graph.GraphNetwork, "o1": graph_o1.GraphNetwork, "o2": graph_o2.GraphNetwork},
        _graph_example,
        USUAL_TOLERANCE,
    ),
    "gru": Family({"plain": gru.GRU, "o1": gru_o1.GRU, "o2": gru_o2.GRU}, _gru_example, USUAL_TOLERANCE),
    "layer_normalisation": Family(
        {
            "plain": normalisation.LayerNormalisation,
            "o1": normalisation_o1.LayerNormalisation,
            "o2": normalisation_o2.LayerNormalisation,
        },
        _normalisation_example,
        USUAL_TOLERANCE,
    ),
    "local": Family(
        {"plain": local.Local, "o1": local_o1.Local, "o2": local_o2.Local}, _local_example, USUAL_TOLERANCE
    ),
    "lstm": Family(
        {"plain": lstm.LSTM, "o1": lstm_o1.LSTM, "o2": lstm_o2.LSTM}, _lstm_example, USUAL_TOLERANCE
    ),
    "lstm_cell": Family(
        {"plain": lstm.LSTMCell, "o1": lstm_o1.LSTMCell, "o2": lstm_o2.LSTMCell},
        _lstm_cell_example,
        USUAL_TOLERANCE,
    ),
    "transposed_convolution": Family(
        {
            "plain": convolution.TransposedConvolution,
            "o1": convolution_o1.TransposedConvolution,
            "o2": convolution_o2.TransposedConvolution,
        },
        _convolution_example,
        USUAL_TOLERANCE,
    ),
    **WEIGHTLESS,
}

RUNGS = ("plain", "o1", "o2")

CONTAINERS: dict[str, Any] = {
    "model": Model,
    "sequential": Sequential,
    "spectral_normalisation": SpectralNormalisation,
    "time_distributed": TimeDistributed,
}
"""Networks that hold others, and are as fast as those."""


def rung(family: str, name: str) -> Any:
    """Return the class of a rung.

    Raises
    ------
    ValueError
        When the family or the rung is unknown; the message suggests the nearest.
    """
    rungs = choose(FAMILIES, family, "family").rungs
    return choose(rungs, name, f"rung of {family}")


def network_from_configuration(
    configuration: Mapping[str, Any],
    structure: Mapping[str, np.ndarray],
    *,
    rung_name: str = "o2",
    dtype: DTypeLike = np.float32,
) -> Network:
    """Build the network that `to_configuration` and `structure` described, on any rung.

    Its parameters are zero: they are copied or loaded afterwards.

    Raises
    ------
    ValueError
        When a field is missing, unknown or does not fit; the message names it.
    """
    family = str(configuration.get("family"))
    if family in CONTAINERS:
        build = partial(network_from_configuration, rung_name=rung_name, dtype=dtype)
        container: Network = CONTAINERS[family].from_configuration(configuration, structure, build=build)
        return container
    network: Network = rung(family, rung_name).from_configuration(configuration, structure, dtype=dtype)
    return network
