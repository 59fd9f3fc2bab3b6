"""LSTM and GRU as operators, a node for every layer.

ONNX has the gates of an LSTM in the order input, output, forget, cell, and of a GRU update, reset, candidate.
Initial states and lengths are inputs that may be left out: their defaults, of one entry, are spread over all.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from networks.exchange.library import optional
from networks.exchange.onnx.writing.graph import GraphWriter, Value

GATES = {"LSTM": (0, 3, 1, 2), "GRU": (1, 0, 2)}
"""Ours in the order of ONNX."""

PEEPHOLES = (0, 2, 1)
"""Ours, of the input, forget and output gate, in the order of ONNX: input, output, forget."""

STATES = {"LSTM": ("hidden", "cells"), "GRU": ("hidden",)}


def recurrent(graph: GraphWriter, layer: Any, value: Value) -> str:
    """Write the layers of an LSTM or a GRU, or of a cell, which is one step of them."""
    cell = layer.family.endswith("_cell")
    kind = layer.family.removesuffix("_cell").upper()
    name = graph.reshape(value.name, (1, value.shape[-1])) if cell else value.name
    name = str(graph.node("Transpose", [name], perm=[1, 0, 2]))
    shape = str(graph.node("Shape", [name]))
    steps, entries = (str(graph.node("Gather", [shape, graph.integers([place])], axis=0)) for place in (0, 1))
    lengths = _lengths(graph, steps, entries) if graph.optional_inputs and not cell else ""
    states = _states(graph, layer, kind, entries)
    last = ""
    for number in range(layer.layer_count):
        directed = layer.directed_layers_of(number)
        arrays = [_joined(graph, layer, directed, kind, what) for what in ("weights", "recurrent", "biases")]
        begin, end = number * layer.directions, (number + 1) * layer.directions
        ends = [graph.integers(each) for each in ([begin], [end], [0])]
        given = [str(graph.node("Slice", [state, *ends])) for state in states]
        inputs = [name, *arrays, lengths, *given]
        options: dict[str, Any] = {"linear_before_reset": 1} if kind == "GRU" else {}
        if getattr(layer, "peepholes", False):
            inputs.append(_joined(graph, layer, directed, kind, "peepholes"))
        direction = "bidirectional" if layer.directions == 2 else "forward"
        every, last, *_ = graph.node(
            kind, inputs, 1 + len(states), hidden_size=layer.units, direction=direction, **options
        )
        name = str(graph.node("Transpose", [every], perm=[0, 2, 1, 3]))
        name = str(graph.node("Reshape", [name, graph.integers([0, 0, -1])]))
    if layer.family.endswith("_cell") or not layer.whole_sequence:
        name = str(graph.node("Transpose", [last], perm=[1, 0, 2]))
        return graph.reshape(name, (layer.output_shape[-1],))
    return str(graph.node("Transpose", [name], perm=[1, 0, 2]))


def _joined(graph: GraphWriter, layer: Any, directed: Any, kind: str, what: str) -> str:
    """Keep an array of both directions of a layer, with the gates in the order of ONNX."""
    found = [_array(layer, each.prefix, kind, what) for each in directed]
    return graph.constant(np.stack(found), what)


def _array(layer: Any, prefix: str, kind: str, what: str) -> np.ndarray:
    parameters, gates = layer.parameters, GATES[kind]

    def ordered(array: np.ndarray) -> np.ndarray:
        blocks = array.reshape(len(gates), layer.units, -1)
        return np.asarray(blocks[list(gates)].reshape(array.shape))

    if what == "peepholes":
        return np.asarray(parameters[prefix + "peepholes"][list(PEEPHOLES)].reshape(-1))
    if what != "biases":
        name = "input_weights" if what == "weights" else "recurrent_weights"
        return ordered(parameters[prefix + name])
    biases = ordered(parameters[prefix + "biases"])
    others = np.zeros_like(biases)
    if kind == "GRU":
        others[-layer.units :] = parameters[prefix + "recurrent_biases"]
    return np.concatenate([biases, others])


def _lengths(graph: GraphWriter, steps: str, entries: str) -> str:
    """Add the input of the lengths, all steps where it is left out."""
    types = optional("onnx").TensorProto
    name = graph.fresh("lengths")
    graph.add_default(name, np.array([-1], np.int32), types.INT32, [f"{name}_entries"])
    every = str(graph.node("Cast", [steps], to=types.INT32))
    whole = graph.constant([-1], "whole", np.int32)
    chosen = graph.node("Where", [graph.node("Equal", [name, whole]), every, name])
    return str(graph.node("Expand", [chosen, entries]))


def _states(graph: GraphWriter, layer: Any, kind: str, entries: str) -> list[str]:
    """Add the inputs of the initial states, zero where they are left out: (directed layers, N, units)."""
    count = len(layer.directed_layers)
    ends = graph.integers([count]), graph.integers([layer.units])
    shape = str(graph.node("Concat", [ends[0], entries, ends[1]], axis=0))
    found = []
    for what in STATES[kind]:
        name = graph.fresh(f"initial_{what}")
        zeros = np.zeros((count, 1, layer.units), graph.dtype)
        if graph.optional_inputs:
            graph.add_default(name, zeros, graph.kind, [count, f"{name}_entries", layer.units])
        else:
            graph.keep(zeros, name)
        found.append(str(graph.node("Expand", [name, shape])))
    return found
