"""Convolutional LSTM: a Scan over the images of a video."""

from __future__ import annotations

from typing import Any

import numpy as np

from networks.exchange.library import optional
from networks.exchange.onnx.writing.graph import GraphWriter, Value
from networks.exchange.onnx.writing.layers import from_image
from nn.shape import Shape


def convolutional_lstm(graph: GraphWriter, layer: Any, value: Value) -> str:
    """Write the layer; its states begin as zeros of as many entries as there are."""
    image: Shape = layer.input_shape.image
    own = (layer.channels, image.height, image.width)
    entries = str(graph.node("Shape", [value.name], end=1))
    sizes = graph.node("Concat", [entries, graph.integers(own)], axis=0)
    zeros = graph.node("Expand", [graph.constant([0], "start"), sizes])
    ends = graph.node(
        "Scan",
        [zeros, zeros, value.name],
        outputs=3,
        body=_body(graph, layer, own),
        num_scan_inputs=1,
        scan_input_axes=[1],
        scan_output_axes=[1],
    )
    return str(ends[2]) if layer.whole_sequence else from_image(graph, str(ends[0]), layer.output_shape)


def _body(graph: GraphWriter, layer: Any, own: tuple[int, ...]) -> Any:
    """Return the graph of a step: hidden values, cells and an image make new ones."""
    helper = optional("onnx").helper
    outer, graph.nodes = graph.nodes, []
    hidden, cells, image = (graph.fresh(each) for each in ("hidden", "cells", "image"))
    frame: Shape = layer.input_shape.image
    given = {hidden: own, cells: own, image: (frame.channels, frame.height, frame.width)}
    new_hidden, new_cells = _step(graph, layer, hidden, cells, image)
    shown = str(graph.node("Identity", [new_hidden]))
    ends = [
        [helper.make_tensor_value_info(name, graph.kind, ["entries", *sizes]) for name, sizes in each.items()]
        for each in (given, dict.fromkeys((new_hidden, new_cells, shown), own))
    ]
    body = helper.make_graph(graph.nodes, graph.layer or "step", *ends)
    graph.nodes = outer
    return body


def _step(graph: GraphWriter, layer: Any, hidden: str, cells: str, image: str) -> tuple[str, str]:
    """Return the names of the new hidden values and cells."""
    margin = [(layer.kernel - 1) // 2] * 4
    arrays = layer.parameters
    weights, recurrent = (
        graph.constant(arrays[name].transpose(0, 3, 1, 2), name)
        for name in ("input_weights", "recurrent_weights")
    )
    seen = graph.node("Conv", [image, weights, graph.constant(arrays["biases"], "biases")], pads=margin)
    sums = graph.node("Add", [seen, graph.node("Conv", [hidden, recurrent], pads=margin)])
    i, f, g, o = graph.node("Split", [sums], outputs=4, axis=1, num_outputs=4)
    peepholes = np.moveaxis(arrays["peepholes"], -1, 1) if layer.peepholes else None

    def gate(sums: str, number: int, cells: str) -> Any:
        if peepholes is not None:
            weights = graph.constant(peepholes[number], "peepholes")
            sums = graph.node("Add", [sums, graph.node("Mul", [cells, weights])])
        return graph.node("Sigmoid", [sums])

    let_in = graph.node("Mul", [gate(i, 0, cells), graph.node("Tanh", [g])])
    new_cells = graph.node("Add", [graph.node("Mul", [gate(f, 1, cells), cells]), let_in])
    return str(graph.node("Mul", [gate(o, 2, new_cells), graph.node("Tanh", [new_cells])])), str(new_cells)
