"""The cases of the performance guard: a small network of each family with kernels of its own.

Each runs millions of instructions a call, so that the part of Python around a kernel is small.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from networks import Network, rung
from nn import Graph, LeakyReLU, SequenceShape, Shape
from nn.history import aligned_zeros

HISTORIES = 64
DIRECTIONS = ("forward", "backward")


@dataclass(frozen=True)
class Case:
    """A small network of a family, on any rung: `build(rung)`."""

    name: str
    build: Callable[[str], Network]

    def calls(self, rung_name: str) -> dict[str, Callable[[], Any]]:
        """Build the network of a rung, run it once each way, and return both directions to be called."""
        generator = np.random.default_rng(1)
        network = self.build(rung_name)
        values = aligned_zeros((*network.input_shape, HISTORIES))
        values[:] = generator.standard_normal(values.shape, dtype=np.float32)
        if network.labels is not None:
            values[:] = generator.integers(0, network.labels, values.shape)
        signals = aligned_zeros((*network.output_shape, HISTORIES))
        signals[:] = generator.standard_normal(signals.shape, dtype=np.float32)
        calls = {"forward": lambda: network.forward(values), "backward": lambda: network.backward(signals)}
        for call in calls.values():
            call()
        return calls


def _layer(family: str, shape: Any, rung_name: str, **options: Any) -> Network:
    network: Network = rung(family, rung_name)(shape, **options)
    return network


def _drawn(family: str, shape: Any, rung_name: str, **options: Any) -> Network:
    return _layer(family, shape, rung_name, generator=np.random.default_rng(0), **options)


def _graph(rung_name: str) -> Network:
    generator = np.random.default_rng(0)
    wiring = Graph()
    source = wiring.input_layer(Shape(1, 1, 1000))
    layer = wiring.random(source, Shape(1, 1, 1000), connections_per_neuron=40, generator=generator)
    wiring.set_output(layer)
    network: Network = rung("graph", rung_name)(wiring)
    return network


def _case(make: Callable[..., Network], family: str, shape: Any, **options: Any) -> Case:
    return Case(family, partial(make, family, shape, **options))


def all_cases() -> list[Case]:
    """Return the cases."""
    image = Shape(32, 32, 8)
    windows = {"input_block": 2, "window": 5, "output_block": 1, "channels": 8}
    activation = {"activation": LeakyReLU(0.1)}
    return [
        _case(_drawn, "dense", Shape(1, 1, 512), output_shape=Shape(1, 1, 512), **activation),
        _case(_drawn, "convolution", Shape(16, 16, 8), channels=16, kernel=3, padding=1, **activation),
        _case(_drawn, "local", Shape(16, 16, 8), **windows, **activation),
        Case("graph", _graph),
        _case(_drawn, "lstm", SequenceShape(12, 32), units=64),
        _case(_drawn, "gru", SequenceShape(12, 32), units=64),
        _case(_drawn, "embedding", SequenceShape(128, 1), labels=200, features=64),
        _case(_layer, "batch_normalisation", image),
        _case(_layer, "layer_normalisation", image),
        _case(_layer, "max_pooling", image, window=3, stride=2),
        _case(_layer, "bilinear_upsampling", image, factor=2),
        _case(_layer, "softmax", image),
    ]
