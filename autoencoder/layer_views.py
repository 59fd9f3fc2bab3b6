"""The layers of a model one by one, those within a graph included."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from autoencoder.model import AutoEncoder
from networks import Network
from networks.base.wiring import FIXED
from nn import Shape


class LayerView(NamedTuple):
    """A layer of neurons that compute something, with what leads to them.

    Attributes
    ----------
    name
        `encoder 0`, `encoder 1` ... and `decoder 0` ...
    family
        Of the network it is part of.
    input_shape, output_shape
        Of the layer before, and of the layer itself.
    weights, biases
        Flat: one weight for every connection, one bias for every neuron.
    """

    name: str
    family: str
    input_shape: Shape
    output_shape: Shape
    weights: np.ndarray
    biases: np.ndarray

    @property
    def counts(self) -> tuple[int, int, int]:
        """Neurons, connections, parameters."""
        return self.output_shape.size, self.weights.size, self.weights.size + self.biases.size


def layer_views(model: AutoEncoder) -> Iterator[LayerView]:
    """Yield the layers of the encoder, then those of the decoder."""
    for name, half in (("encoder", model.encoder), ("decoder", model.decoder)):
        views = (view for network in half.layers for view in _views(network))
        for number, view in enumerate(views):
            yield view._replace(name=f"{name} {number}")


def _views(network: Network) -> Iterator[LayerView]:
    before = Shape(*network.input_shape)
    for layer in network.wiring():
        parameters, biases = network.parameters.values, layer.wiring.biases()
        weights = parameters[layer.wiring.rows().places]
        yield LayerView("", layer.family, before, layer.shape, weights, parameters[biases[biases != FIXED]])
        before = layer.shape
