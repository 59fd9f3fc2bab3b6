"""Networks of layers as graphs: one after another, by their calls, and at every step of a sequence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from networks.base.network import Network
from networks.exchange.onnx.writing.convolutional_lstm import convolutional_lstm
from networks.exchange.onnx.writing.graph import GraphWriter, Value, channel_axis, sizes_of
from networks.exchange.onnx.writing.layers import LAYERS
from networks.exchange.onnx.writing.neurons import neurons, neurons_in_steps, runs_in_steps, sequence_of
from networks.exchange.onnx.writing.recurrent import recurrent
from networks.merge import Merge
from networks.model import Model
from networks.sequential import Sequential
from networks.spectral_normalisation import SpectralNormalisation
from networks.time_distributed import TimeDistributed
from nn.shape import SequenceShape, Shape, VideoShape

RECURRENT = ("lstm", "lstm_cell", "gru", "gru_cell")
WRITERS = {
    **LAYERS,
    **dict.fromkeys(RECURRENT, recurrent),
    "convolutional_lstm": convolutional_lstm,
    "graph": neurons,
}
MERGES = {"add": "Add", "multiply": "Mul"}


def write(graph: GraphWriter, name: str, network: Network, values: Sequence[Value]) -> dict[str, Value]:
    """Write a network for its inputs; return its outputs by name, a single one as ""."""
    before = graph.within(name)
    try:
        _refuse_clamps(graph, name, network)
        if isinstance(network, Model):
            return _model(graph, name, network, values)
        if runs_in_steps(network) and not isinstance(values[0].shape, Shape):
            return {"": neurons_in_steps(graph, network, values[0])}
        return {"": Value(_single(graph, name, network, values), network.output_shape)}
    finally:
        graph.within(before)


def _refuse_clamps(graph: GraphWriter, name: str, network: Any) -> None:
    clamped = getattr(network, "clamped", {})
    if isinstance(network, Sequential | Model) and clamped:
        graph.within(_inside(name, next(iter(clamped))))
    if clamped or getattr(network, "nudges", None) is not None:
        graph.refuse("has clamped or nudged neurons, which no file holds: release them first")


def _single(graph: GraphWriter, name: str, network: Any, values: Sequence[Value]) -> str:
    if isinstance(network, SpectralNormalisation):
        network.divide_weights(training=False)  # parameters may have changed since the last forward
        return write(graph, name, network.network, values)[""].name
    if isinstance(network, Sequential):
        return _one_after_another(graph, name, network, values[0])
    if isinstance(network, TimeDistributed):
        return _every_step(graph, name, network, values[0])
    if network.family in MERGES or network.family == "concatenate":
        return _merged(graph, network, values)
    if network.family not in WRITERS:
        graph.refuse(f"a {network.family} is not mapped to ONNX")
    return WRITERS[network.family](graph, network, values[0])


def _one_after_another(graph: GraphWriter, name: str, network: Sequential, value: Value) -> str:
    for inner, layer in network.named.items():
        (value,) = write(graph, _inside(name, inner), layer, [value]).values()
    return value.name


def _inside(name: str, inner: str) -> str:
    return f"{name}.{inner}" if name else inner


def _model(graph: GraphWriter, name: str, model: Model, values: Sequence[Value]) -> dict[str, Value]:
    nodes = dict(zip(model.input_shapes, values, strict=True))
    for call in model.calls:
        sources = [nodes[each] for each in call.sources]
        called, first = (_inside(name, each) for each in (call.name, call.network))
        before = graph.twin
        if call.name != call.network:
            graph.twin = f"{called}.", f"{first}."
        (nodes[call.name],) = write(graph, called, model.named[call.name], sources).values()
        graph.twin = before
    return {each: nodes[node] for each, node in model.output_nodes.items()}


def _merged(graph: GraphWriter, network: Any, values: Sequence[Value]) -> str:
    names = [each.name for each in values]
    if network.family == "concatenate":
        return str(graph.node("Concat", names, axis=channel_axis(values[0].shape)))
    total = names[0]
    for each in names[1:]:
        total = str(graph.node(MERGES[network.family], [total, each]))
    return total


def _every_step(graph: GraphWriter, name: str, network: Any, value: Value) -> str:
    """Run a network on every step as on an entry."""
    step = network.network.input_shape
    begin = str(graph.node("Shape", [value.name], end=2))
    sizes = [*sizes_of(step)]
    if value.is_labels:
        del sizes[channel_axis(step)]
    inside = Value(graph.reshape(value.name, sizes), step, value.is_labels)
    (result,) = write(graph, _inside(name, "network"), network.network, [inside]).values()
    shape = graph.node("Concat", [begin, graph.integers(sizes_of(result.shape))], axis=0)
    return str(graph.node("Reshape", [result.name, shape]))


FLEXIBLE = (
    *RECURRENT,
    "activation",
    "add",
    "batch_normalisation",
    "concatenate",
    "convolutional_lstm",
    "dropout",
    "embedding",
    "gaussian_noise",
    "layer_normalisation",
    "minibatch_deviation",
    "multiply",
    "softmax",
)
"""Families that take any number of steps."""


def takes_any_steps(network: Network) -> bool:
    """Whether sequences may be of other lengths than the network was made for."""
    if isinstance(network, TimeDistributed) or runs_in_steps(network):
        return True
    if isinstance(network, Sequential | Model):
        inner = network.named.values()
        return all(not _has_steps(each) or takes_any_steps(each) for each in inner)
    return network.family in FLEXIBLE and getattr(network, "axes", "last") == "last"


def _has_steps(network: Any) -> bool:
    shapes = getattr(network, "input_shapes", None)
    given = [network.input_shape] if shapes is None else list(_shapes(shapes))
    others = getattr(network, "output_shapes", None)
    given += [network.output_shape] if others is None else list(_shapes(others))
    return any(isinstance(each, SequenceShape | VideoShape) for each in given)


def _shapes(shapes: Mapping[str, Any] | Sequence[Any]) -> Sequence[Any]:
    return list(shapes.values()) if isinstance(shapes, Mapping) else list(shapes)


def input_shapes(network: Any) -> dict[str, Any]:
    """Return the shapes of the inputs by name."""
    if isinstance(network, Model):
        return dict(network.input_shapes)
    if isinstance(network, Merge):
        return {f"input_{number}": shape for number, shape in enumerate(network.input_shapes)}
    shape = network.input_shape
    return {"input": sequence_of(shape) if runs_in_steps(network) else shape}


def labels_of(network: Any, name: str) -> bool:
    """Whether an input holds labels: what reads it first looks rows up."""
    if isinstance(network, Sequential):
        return labels_of(next(iter(network.named.values())), name)
    if isinstance(network, Model):
        readers = [network.named[call.name] for call in network.calls if name in call.sources]
        return all(labels_of(each, "input") for each in readers)
    return network.labels is not None
