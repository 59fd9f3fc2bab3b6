"""What of a network is drawn: the values of its layers for one image, and its strongest connections."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from autoencoder.model import AutoEncoder
from networks import Network
from networks.dense import Dense
from networks.graph import GraphNetwork
from networks.local import Local
from nn import Shape, to_history
from nn.bfloat16_arrays import widened
from nn.render.network import ConnectionsPicture, LayerPicture, strongest_connections

STRONGEST = 60
"""Connections drawn between two layers."""


class Drawing(NamedTuple):
    """Layers in order, and the connections between them."""

    layers: list[LayerPicture]
    connections: list[ConnectionsPicture]


def draw_model(model: AutoEncoder, image: np.ndarray) -> Drawing:
    """Run one image, float32 (height, width, channels), and collect what every layer made of it."""
    drawing = Drawing([LayerPicture("input", model.shape, image, image=True)], [])
    with model.network.looking() as network:
        network.forward(to_history(image[None]))
        for layer in network.networks[0].layers:
            _add_layer(drawing, layer)
        drawing.layers[-1] = _renamed(drawing.layers[-1], "code")
        for layer in network.networks[1].layers:
            _add_layer(drawing, layer)
    last = drawing.layers[-1]
    drawing.layers[-1] = LayerPicture("output", last.shape, np.clip(last.values, 0, 1), image=True)
    return drawing


def _renamed(layer: LayerPicture, name: str) -> LayerPicture:
    return LayerPicture(name, layer.shape, layer.values)


def _add_layer(drawing: Drawing, layer: Network) -> None:
    if isinstance(layer, GraphNetwork):
        _add_graph(drawing, layer)
        return
    number = len(drawing.layers)
    drawing.layers.append(
        LayerPicture(f"{layer.family} {number}", Shape(*layer.output_shape), widened(layer.values[..., 0]))
    )
    if isinstance(layer, Dense):
        weights = layer.parameters["weights"]
        drawing.connections.append(strongest_connections(weights, number - 1, number, STRONGEST))
    elif isinstance(layer, Local):
        drawing.connections.append(strongest_local(layer, number - 1, STRONGEST))


def strongest_local(layer: Local, source_layer: int, count: int) -> ConnectionsPicture:
    """Pick the strongest connections of a local layer whose channels are mixed.

    Parameters
    ----------
    layer
        Any rung.
    source_layer
        Position of its inputs in the list of layers that is to be drawn; its outputs follow.
    count
        How many at most.
    """
    weights = layer.parameters["weights"]
    chosen = np.argsort(-np.abs(weights), kind="stable")[:count]
    ends = [_ends(layer, int(index)) for index in chosen]
    sources, targets = np.array(ends, np.int64).reshape(-1, 2).T
    return ConnectionsPicture(source_layer, source_layer + 1, sources, targets, weights[chosen])


def _ends(layer: Local, index: int) -> tuple[int, int]:
    """Return which input and which output neuron a weight connects."""
    number = int(np.searchsorted(layer.weight_offsets, index, side="right")) - 1
    tile = layer.tiling.tile(*divmod(number, layer.tiling.columns))
    inputs = tile.window.indices(layer.input_shape).ravel()
    outputs = tile.block.indices(layer.output_shape).ravel()
    output, source = divmod(index - int(layer.weight_offsets[number]), len(inputs))
    return int(inputs[source]), int(outputs[output])


def _add_graph(drawing: Drawing, network: GraphNetwork) -> None:
    """Add the layers of a graph but the first, which is what the layer before gave."""
    graph = network.graph
    for source, target in zip(graph.layers[:-1], graph.layers[1:], strict=True):
        number = len(drawing.layers)
        values = network.layer_values(target)[-1, ..., 0]
        drawing.layers.append(LayerPicture(f"graph {number}", Shape(*target.shape), values))
        between = (graph.targets >= target.first) & (graph.targets < target.neurons.stop)
        picture = ConnectionsPicture(
            number - 1,
            number,
            graph.sources[between] - source.first,
            graph.targets[between] - target.first,
            network.weights[graph.weight_of[between]],
        )
        drawing.connections.append(picture.strongest(STRONGEST))
