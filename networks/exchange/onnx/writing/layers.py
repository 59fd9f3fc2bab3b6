"""Layers that make values of values, as nodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from networks.exchange.onnx.writing.activations import activated
from networks.exchange.onnx.writing.graph import GraphWriter, Value, channel_axis, is_flat, order_of, sizes_of
from nn.shape import AnyShape, SequenceShape

Writer = Callable[[GraphWriter, Any, Value], str]
"""Writes a layer for its input; returns the name of what it gives."""


def same(graph: GraphWriter, layer: Any, value: Value) -> str:
    """Write nothing: values pass a layer that only acts in training."""
    return value.name


def activation(graph: GraphWriter, layer: Any, value: Value) -> str:
    """Write an activation layer."""
    return activated(graph, value.name, layer.activation)


def flattened(graph: GraphWriter, value: Value) -> str:
    """Return values (N, all of an entry)."""
    return value.name if is_flat(value.shape) else str(graph.node("Flatten", [value.name], axis=1))


def dense(graph: GraphWriter, layer: Any, value: Value) -> str:
    """Write a product of flattened values, with the weights in the order of these."""
    inputs, outputs = layer.input_shape, layer.output_shape
    before, after = order_of(inputs), order_of(outputs)
    weights = layer.parameters["weights"].reshape(*outputs, *inputs)
    weights = weights.transpose(*after, *(len(outputs) + axis for axis in before))
    biases = layer.parameters["biases"].reshape(outputs).transpose(after)
    names = [
        graph.constant(weights.reshape(outputs.size, inputs.size), "weights"),
        graph.constant(biases.reshape(-1), "biases"),
    ]
    sums = str(graph.node("Gemm", [flattened(graph, value), *names], transB=1))
    values = activated(graph, sums, layer.activation)
    return values if is_flat(outputs) else graph.reshape(values, sizes_of(outputs))


def as_image(graph: GraphWriter, value: Value) -> str:
    """Return values (N, channels, rows, columns)."""
    return graph.reshape(value.name, (value.shape[-1], 1, 1)) if is_flat(value.shape) else value.name


def from_image(graph: GraphWriter, name: str, shape: AnyShape) -> str:
    """Return an image as values of ours lie: of one pixel as features."""
    return graph.reshape(name, (shape[-1],)) if is_flat(shape) else name


def convolution(graph: GraphWriter, layer: Any, value: Value) -> str:
    """Write a convolution; zeros at its edges are those that its windows see."""
    axes = layer.windows.rows, layer.windows.columns
    before = [each.before for each in axes]
    after = [_reach(each) - each.length - each.before for each in axes]
    weights = graph.constant(layer.parameters["weights"].transpose(0, 3, 1, 2), "weights")
    biases = graph.constant(layer.parameters["biases"], "biases")
    name = as_image(graph, value)
    if min(after) < 0:  # the last pixels that no window sees
        name, after = _cut(graph, name, axes, after), [max(each, 0) for each in after]
    sums = graph.node(
        "Conv",
        [name, weights, biases],
        kernel_shape=[each.kernel for each in axes],
        strides=[each.stride for each in axes],
        dilations=[each.dilation for each in axes],
        pads=[*before, *after],
    )
    return from_image(graph, activated(graph, str(sums), layer.activation), layer.output_shape)


def _reach(axis: Any) -> int:
    """Return how many pixels windows cover, zeros before and after included."""
    return int((axis.windows - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1)


def _cut(graph: GraphWriter, name: str, axes: Any, after: Any) -> str:
    ends = [axis.length + min(more, 0) for axis, more in zip(axes, after, strict=True)]
    arrays = [graph.integers(numbers) for numbers in ([0, 0], ends, [2, 3])]
    return str(graph.node("Slice", [name, *arrays]))


def transposed_convolution(graph: GraphWriter, layer: Any, value: Value) -> str:
    """Write a transposed convolution; what windows put beyond the image is cut off."""
    axes = layer.windows.rows, layer.windows.columns
    before = [each.before for each in axes]
    after = [_reach(each) - each.length - each.before for each in axes]
    more = [max(-each, 0) for each in after]
    weights = graph.constant(layer.parameters["weights"].transpose(0, 3, 1, 2), "weights")
    zeros = graph.constant(np.zeros(layer.output_shape.channels), "no_biases")
    sums = graph.node(
        "ConvTranspose",
        [as_image(graph, value), weights, zeros],
        kernel_shape=[each.kernel for each in axes],
        strides=[each.stride for each in axes],
        dilations=[each.dilation for each in axes],
        pads=[*before, *(max(each, 0) for each in after)],
    )
    name = str(sums)
    if any(more):
        pads = graph.integers([0, 0, 0, 0, 0, 0, *more])
        name = str(graph.node("Pad", [name, pads]))
    biases = graph.constant(layer.parameters["biases"].reshape(-1, 1, 1), "biases")
    name = str(graph.node("Add", [name, biases]))
    return from_image(graph, activated(graph, name, layer.activation), layer.output_shape)


def pooling(operator: str) -> Writer:
    """Return the writer of a pooling layer."""

    def write(graph: GraphWriter, layer: Any, value: Value) -> str:
        counted = {"count_include_pad": int(layer.count_padding)} if operator == "AveragePool" else {}
        name = graph.node(
            operator,
            [as_image(graph, value)],
            kernel_shape=list(layer.window),
            strides=list(layer.stride),
            pads=[*layer.padding, *layer.padding],
            **counted,
        )
        return from_image(graph, str(name), layer.output_shape)

    return write


def global_pooling(operator: str) -> Writer:
    """Return the writer of pooling over a whole image."""

    def write(graph: GraphWriter, layer: Any, value: Value) -> str:
        name = str(graph.node(operator, [as_image(graph, value)]))
        return from_image(graph, name, layer.output_shape)

    return write


def upsampling(mode: str, **attributes: Any) -> Writer:
    """Return the writer of an upsampling layer."""

    def write(graph: GraphWriter, layer: Any, value: Value) -> str:
        scales = graph.constant([1, 1, *layer.factor], "scales", np.float32)
        name = graph.node("Resize", [as_image(graph, value), "", scales], mode=mode, **attributes)
        return from_image(graph, str(name), layer.output_shape)

    return write


def features_last(graph: GraphWriter, value: Value, write: Callable[[str], str]) -> str:
    """Run what works on the last axis on features, or the channels of a pixel."""
    axis = channel_axis(value.shape)
    if axis < 0:
        return write(value.name)
    order = [*range(axis), axis + 1, axis + 2, axis]
    name = write(str(graph.node("Transpose", [value.name], perm=order)))
    return str(graph.node("Transpose", [name], perm=[order.index(each) for each in range(len(order))]))


def batch_normalisation(graph: GraphWriter, layer: Any, value: Value) -> str:
    """Write a normalisation by running statistics of the features, or channels."""
    state = layer.state()
    spread = np.sqrt(state["variances"].astype(np.float64) + layer.epsilon)
    scale = layer.parameters["scale"] / spread
    shift = layer.parameters["shift"] - state["means"] * scale
    if channel_axis(value.shape) == 1 or is_flat(value.shape):
        arrays = [layer.parameters["scale"], layer.parameters["shift"], state["means"], state["variances"]]
        names = ("scale", "shift", "means", "variances")
        inputs = [graph.constant(array, name) for array, name in zip(arrays, names, strict=True)]
        return str(graph.node("BatchNormalization", [value.name, *inputs], epsilon=float(layer.epsilon)))

    def write(name: str) -> str:
        scaled = graph.node("Mul", [name, graph.constant(scale, "scale")])
        return str(graph.node("Add", [scaled, graph.constant(shift, "shift")]))

    return features_last(graph, value, write)


def layer_normalisation(graph: GraphWriter, layer: Any, value: Value) -> str:
    """Write a normalisation over features, the channels of a pixel, or the whole entry."""
    if layer.axes == "all":
        return _normalised_whole(graph, layer, value)
    names = [graph.constant(layer.parameters[each], each) for each in ("scale", "shift")]

    def write(name: str) -> str:
        inputs, epsilon = [name, *names], float(layer.epsilon)
        return str(graph.node("LayerNormalization", inputs, axis=-1, epsilon=epsilon))

    return features_last(graph, value, write)


def _normalised_whole(graph: GraphWriter, layer: Any, value: Value) -> str:
    arrays = [layer.parameters[each].transpose(order_of(value.shape)) for each in ("scale", "shift")]
    sizes = sizes_of(value.shape)
    names = [
        graph.constant(array.reshape(sizes), each)
        for array, each in zip(arrays, ("scale", "shift"), strict=True)
    ]
    return str(graph.node("LayerNormalization", [value.name, *names], axis=1, epsilon=float(layer.epsilon)))


def softmax(graph: GraphWriter, layer: Any, value: Value) -> str:
    """Write a softmax over features, or the channels of a pixel."""
    return str(graph.node("Softmax", [value.name], axis=channel_axis(value.shape)))


def embedding(graph: GraphWriter, layer: Any, value: Value) -> str:
    """Write a lookup of rows by labels, which have no axis of features; those computed are made whole."""
    name, shape = value.name, value.shape
    if not value.is_labels:
        axis = graph.integers([channel_axis(shape)], "axis")
        name = graph.node("Cast", [graph.node("Squeeze", [name, axis])], to=graph.kind_of(np.int64))
    weights = graph.constant(layer.parameters["weights"], "weights")
    found = str(graph.node("Gather", [weights, name], axis=0))
    if is_flat(shape) or isinstance(shape, SequenceShape):
        return found
    places = (0, 3, 1, 2) if len(shape) == 3 else (0, 1, 4, 2, 3)
    return str(graph.node("Transpose", [found], perm=places))


def reshape(graph: GraphWriter, layer: Any, value: Value) -> str:
    """Write another shape of the same numbers, in the order in which ours lie."""
    given, wanted = value.shape, layer.output_shape
    name = in_our_order(graph, value)
    if is_flat(wanted) or isinstance(wanted, SequenceShape):
        return graph.reshape(name, sizes_of(wanted))
    name = graph.reshape(name, tuple(wanted))
    if given == wanted:
        return value.name
    back = (0, *(1 + axis for axis in order_of(wanted)))
    return str(graph.node("Transpose", [name], perm=back))


def in_our_order(graph: GraphWriter, value: Value) -> str:
    """Return values whose numbers lie as ours, channels last."""
    shape = value.shape
    if is_flat(shape) or isinstance(shape, SequenceShape):
        return value.name
    images = len(shape) == 3
    return str(graph.node("Transpose", [value.name], perm=[0, 2, 3, 1] if images else [0, 1, 3, 4, 2]))


def minibatch_deviation(graph: GraphWriter, layer: Any, value: Value) -> str:
    """Write the running mean as one more feature."""
    axis = channel_axis(value.shape)
    axis = len(sizes_of(value.shape)) if axis < 0 else axis
    sizes = graph.node("Shape", [value.name])
    single = graph.node(
        "ScatterND", [sizes, graph.constant([[axis]], "place", np.int64), graph.integers([1])]
    )
    column = graph.node("Expand", [graph.constant(layer.state()["statistic"], "statistic"), single])
    return str(graph.node("Concat", [value.name, column], axis=axis))


def local(graph: GraphWriter, layer: Any, value: Value) -> str:
    """Write windows with weights of their own: gathered pixels of every tile, and one product for all tiles.

    Windows at the edges see fewer pixels; they are filled up with one whose weights are zero.
    """
    patches = list(layer.patches())
    inputs, outputs = layer.input_shape, layer.output_shape
    places = np.arange(inputs.size).reshape(inputs)
    targets = np.arange(outputs.size).reshape(outputs)
    windows = [places[patch.window].ravel() for patch in patches]
    blocks = [targets[patch.block].ravel() for patch in patches]
    most, size = max(map(len, windows)), len(blocks[0])
    seen = np.zeros((len(patches), most), np.int64)
    weights = np.zeros((len(patches), most, size), graph.dtype)
    flat = layer.parameters["weights"].ravel()
    for number, (patch, window) in enumerate(zip(patches, windows, strict=True)):
        seen[number, : len(window)] = window
        weights[number, : len(window)] = flat[patch.weights].reshape(size, len(window)).T
    name = graph.reshape(in_our_order(graph, value), (inputs.size,))
    name = str(graph.node("Gather", [name, graph.constant(seen, "windows", np.int64)], axis=1))
    name = str(graph.node("Unsqueeze", [name, graph.integers([2])]))
    name = str(graph.node("MatMul", [name, graph.constant(weights, "weights")]))
    order = np.empty(outputs.size, np.int64)
    order[np.concatenate(blocks)] = np.arange(outputs.size)
    name = graph.reshape(name, (outputs.size,))
    order = order.reshape(outputs).transpose(order_of(outputs)).ravel()
    name = str(graph.node("Gather", [name, graph.constant(order, "order", np.int64)], axis=1))
    biases = layer.parameters["biases"].reshape(outputs).transpose(order_of(outputs)).ravel()
    name = str(graph.node("Add", [name, graph.constant(biases, "biases")]))
    return graph.reshape(activated(graph, name, layer.activation), sizes_of(outputs))


LAYERS: Mapping[str, Writer] = {
    "activation": activation,
    "average_pooling": pooling("AveragePool"),
    "batch_normalisation": batch_normalisation,
    "bilinear_upsampling": upsampling("linear", coordinate_transformation_mode="half_pixel"),
    "convolution": convolution,
    "dense": dense,
    "dropout": same,
    "embedding": embedding,
    "flatten": reshape,
    "gaussian_noise": same,
    "global_average_pooling": global_pooling("GlobalAveragePool"),
    "global_max_pooling": global_pooling("GlobalMaxPool"),
    "layer_normalisation": layer_normalisation,
    "local": local,
    "max_pooling": pooling("MaxPool"),
    "minibatch_deviation": minibatch_deviation,
    "nearest_upsampling": upsampling(
        "nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor"
    ),
    "reshape": reshape,
    "softmax": softmax,
    "transposed_convolution": transposed_convolution,
}
"""What writes a layer of one input, by family."""
