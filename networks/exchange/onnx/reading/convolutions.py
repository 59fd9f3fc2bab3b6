"""Convolutions and transposed ones, of images and of series."""

from __future__ import annotations

from typing import Any

import numpy as np

from networks.exchange.onnx.reading.images import (
    Image,
    Margins,
    Pair,
    image_layer,
    image_of,
    laid_over,
    margins,
    pair,
    with_more,
)
from networks.exchange.onnx.reading.node import Node
from networks.exchange.onnx.reading.plan import IDENTITY, Value
from nn.shape import Shape
from nn.windows import Kernel


def convolution(node: Node) -> list[Value]:
    """Read a convolution of images, without groups."""
    value, more = node.padded(0)
    image = image_of(node, value)
    weights = _weights(node, image)
    size = weights.shape[2], weights.shape[3]
    stride, dilation = pair(node, image, "strides"), pair(node, image, "dilations")
    _check_groups(node, image, weights.shape[1])
    biases = _biases(node, len(weights))
    spans = Kernel(size, (1, 1), (0, 0), dilation).spans
    around = with_more(node, image, margins(node, image, spans, stride), more)
    kernel = Kernel(size, stride, _padding(node, image, around, spans, stride), dilation)
    windows = laid_over(node, kernel, image.shape)
    shape = Shape(windows.rows.windows, windows.columns.windows, len(weights))
    arrays = {"weights": weights.transpose(0, 2, 3, 1), "biases": biases}
    return [
        image_layer(
            node,
            image,
            "convolution",
            shape,
            fields=_fields(shape, kernel),
            arrays=arrays,
            origins=node.origins(),
        )
    ]


def _weights(node: Node, image: Image) -> np.ndarray:
    """Return the weights of windows of rows and columns."""
    weights = node.weights(1, 3 if image.is_line else 4)
    given = node.integers("kernel_shape")
    if given is not None and tuple(given) != weights.shape[2:]:
        node.refuse(f"attribute kernel_shape is {given}, and the weights are {weights.shape}")
    return weights[..., None] if image.is_line else weights


def _check_groups(node: Node, image: Image, inputs: int) -> None:
    groups = node.integer("group", 1)
    if groups != 1:
        node.refuse(f"attribute group is {groups}: convolutions in groups are not mapped")
    if inputs != image.shape.channels:
        node.refuse(f"input 0 has {image.shape.channels} channels, and the weights are for {inputs}")


def _biases(node: Node, channels: int) -> np.ndarray:
    if not channels:
        node.refuse("the weights are for no channels")
    if node.input(2) is None:
        return np.zeros(channels, np.float32)
    biases = node.weights(2, 1)
    if len(biases) != channels:
        node.refuse(f"input 2 has {len(biases)} biases, and there are {channels} channels")
    return biases


def _padding(node: Node, image: Image, around: Margins, spans: Pair, stride: Pair) -> Any:
    """Return margins as ours has them: the same on both sides, or what keeps the image's size.

    Where there are as many windows, what lies behind the last of them makes no difference.
    """
    same = tuple(((span - 1) // 2, span // 2) for span in spans)
    sides = image.shape[:2]
    if all(map(_windows_are_those_of_equal_margins, sides, around, spans, stride)):
        return around.rows[0], around.columns[0]
    if tuple(around) == same and stride == (1, 1):
        return "same"
    node.refuse(
        f"pads {list(around.rows)} of the rows and {list(around.columns)} of the columns: ours are the "
        "same before and after, or, with strides of 1, what keeps the size with the odd one behind"
    )


def _windows_are_those_of_equal_margins(side: int, around: Pair, span: int, stride: int) -> bool:
    before, after = around
    return before >= 0 and (side + before + after - span) // stride == (side + 2 * before - span) // stride


def _fields(shape: Shape, kernel: Kernel) -> dict[str, Any]:
    padding = kernel.padding if kernel.padding == "same" else list(kernel.padding)
    return {
        "channels": shape.channels,
        "kernel": list(kernel.size),
        "stride": list(kernel.stride),
        "padding": padding,
        "dilation": list(kernel.dilation),
        "activation": IDENTITY,
    }


def transposed_convolution(node: Node) -> list[Value]:
    """Read a transposed convolution of images, without groups.

    Pixels that are cut off before the image and not behind it are our output padding.
    """
    image = image_of(node, node.value(0))
    weights = _weights(node, image)
    size = weights.shape[2], weights.shape[3]
    stride, dilation = pair(node, image, "strides"), pair(node, image, "dilations")
    _check_groups(node, image, len(weights))
    biases = _biases(node, weights.shape[1])
    if node.has("output_shape"):
        node.refuse("attribute output_shape is not mapped: give pads and output_padding")
    extra = node.integers("output_padding", [0] * (1 if image.is_line else 2))
    extra = [*extra, 0] if extra is not None and image.is_line else extra
    limits = tuple(map(max, stride, dilation))
    if extra is None or len(extra) != 2 or not (0 <= extra[0] < limits[0] and 0 <= extra[1] < limits[1]):
        node.refuse(
            f"attribute output_padding is {extra}: runtimes compute what is below the strides and dilations"
        )
    if node.text("auto_pad", "NOTSET") != "NOTSET":
        node.refuse("attribute auto_pad is not mapped: give pads")
    rows, columns = margins(node, image, size, stride)
    more = [extra[0] + rows[0] - rows[1], extra[1] + columns[0] - columns[1]]
    kernel = Kernel(size, stride, (rows[0], columns[0]), dilation)
    if (rows, columns) == tuple(((span - 1) // 2, span // 2) for span in kernel.spans) and stride == (1, 1):
        kernel, more = Kernel(size, stride, "same", dilation), extra
    if min(more) < 0:
        node.refuse(f"pads {list(rows)} of the rows and {list(columns)} of the columns cut off more behind")
    try:
        windows = kernel.under(image.shape.height, image.shape.width, (more[0], more[1]))
    except ValueError as error:
        node.refuse(str(error))
    shape = Shape(windows.rows.length, windows.columns.length, weights.shape[1])
    arrays = {"weights": weights.transpose(0, 2, 3, 1), "biases": biases}
    fields = {**_fields(shape, kernel), "output_padding": more}
    return [
        image_layer(
            node, image, "transposed_convolution", shape, fields=fields, arrays=arrays, origins=node.origins()
        )
    ]
