"""What of a network is drawn: the values of its layers for one image, and its strongest connections."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from autoencoder.model import AutoEncoder
from autoencoder.session import HALVES
from nn import to_history
from nn.bfloat16_arrays import widened
from nn.render.network import ConnectionsPicture, LayerPicture
from workbench.inspect.anatomy import Anatomy

STRONGEST = 60
"""Connections drawn between two layers."""


class Drawing(NamedTuple):
    """Layers in order, and the connections between them."""

    layers: list[LayerPicture]
    connections: list[ConnectionsPicture]


def draw_model(model: AutoEncoder, image: np.ndarray) -> Drawing:
    """Run one image, float32 (height, width, channels), and collect what every layer made of it."""
    layers = [LayerPicture("input", model.shape, image, image=True)]
    connections = []
    with model.network.inference() as network:
        anatomy = Anatomy(network, HALVES)
        network.forward(to_history(image[None]))
        for number, layer in enumerate(anatomy.layers[1:], 1):
            values = widened(anatomy.neuron_layer(number).values()[..., 0]).reshape(layer.shape)
            if number == len(anatomy.layers) - 1:
                layers.append(LayerPicture("output", layer.shape, np.clip(values, 0, 1), image=True))
            else:
                name = "code" if number == anatomy.code else f"{layer.kind} {number}"
                layers.append(LayerPicture(name, layer.shape, values))
            sources, targets, weights = (each[::-1] for each in anatomy.strongest(number, STRONGEST))
            connections.append(ConnectionsPicture(number - 1, number, sources, targets, weights))
    return Drawing(layers, connections)
