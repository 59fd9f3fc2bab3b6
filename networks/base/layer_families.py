"""The families of networks that have parameters, draw, or are wired neuron by neuron."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from networks.base.family import Family, family
from networks.base.network import Network
from nn.activations import Tanh
from nn.shape import AnyShape, SequenceShape, Shape, VideoShape


def _example(kind: Any, shape: AnyShape, **options: Any) -> Network:
    network: Network = kind(shape, **options)
    return network


def _graph_example(kind: Any, *, generator: np.random.Generator, dtype: DTypeLike = np.float32) -> Network:
    """A local layer, a skip past it, a product, and a delay that closes a cycle."""
    from nn.graph import Graph  # noqa: PLC0415 - only graphs need it

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


def _of(shape: AnyShape, **options: Any) -> Any:
    """Return a function that builds the example of a family for an input shape, with some options."""
    return partial(_example, shape=shape, **options)


_convolution = _of(Shape(7, 6, 2), channels=3, kernel=3, stride=2, padding=1, activation=Tanh())
_recurrent = {"units": 5, "layers": 2, "bidirectional": True}
_windows = {"input_block": 2, "window": 5, "output_block": 1, "channels": 4}

LAYERS: dict[str, Family] = {
    "batch_normalisation": family("normalisation", "BatchNormalisation", _normalisation_example),
    "convolution": family("convolution", "Convolution", _convolution),
    "convolutional_lstm": family(
        "convolutional_lstm",
        "ConvolutionalLSTM",
        _of(VideoShape(3, 4, 5, 2), channels=3, kernel=3, peepholes=True),
    ),
    "dense": family("dense", "Dense", _of(Shape(3, 4, 2), output_shape=Shape(2, 3, 3), activation=Tanh())),
    "dropout": family("noise", "Dropout", _of(Shape(3, 4, 5), rate=0.3)),
    "embedding": family("embedding", "Embedding", _of(SequenceShape(4, 1), labels=7, features=5)),
    "gaussian_noise": family("noise", "GaussianNoise", _of(Shape(3, 4, 5), deviation=0.3)),
    "graph": family("graph", "GraphNetwork", _graph_example),
    "gru": family("gru", "GRU", _of(SequenceShape(4, 3), **_recurrent)),
    "gru_cell": family("gru", "GRUCell", _of(Shape(1, 1, 3), units=5)),
    "layer_normalisation": family("normalisation", "LayerNormalisation", _normalisation_example),
    "local": family("local", "Local", _of(Shape(8, 6, 2), **_windows, activation=Tanh())),
    "lstm": family("lstm", "LSTM", _of(SequenceShape(4, 3), **_recurrent, peepholes=True)),
    "lstm_cell": family("lstm", "LSTMCell", _of(Shape(1, 1, 3), units=5, peepholes=True)),
    "transposed_convolution": family("convolution", "TransposedConvolution", _convolution),
}
