"""Pooling: the greatest or the average of windows over images and series, or of all of it."""

from __future__ import annotations

from typing import Any

from networks.exchange.onnx.reading.images import (
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
from networks.exchange.onnx.reading.plan import Value
from nn.shape import Shape
from nn.windows import Kernel


def max_pooling(node: Node) -> list[Value]:
    """Read the greatest of every window; places of the greatest are not mapped."""
    if 1 in node.used:
        node.refuse("output 1, the places of the greatest, is not mapped")
    node.expect("storage_order", 0)
    return [_pooling(node, "max_pooling", {})]


def average_pooling(node: Node) -> list[Value]:
    """Read the averages of windows, with or without the padding in them."""
    counts = node.integer("count_include_pad", 0)
    if counts not in (0, 1):
        node.refuse(f"attribute count_include_pad is {counts}, neither 0 nor 1")
    return [_pooling(node, "average_pooling", {"count_padding": bool(counts)})]


def _pooling(node: Node, family: str, fields: dict[str, Any]) -> Value:
    value, more = node.padded(0) if family == "average_pooling" else (node.value(0), ())
    image = image_of(node, value)
    if pair(node, image, "dilations") != (1, 1):
        node.refuse("attribute dilations is not mapped: pooling windows of ours have no gaps")
    window, stride = pair(node, image, "kernel_shape", None), pair(node, image, "strides")
    rows, columns = margins(node, image, window, stride)
    if any(map(any, more)):  # zeros that a node before put there, which count
        if any((*rows, *columns)):
            node.refuse("pads of an image that was padded before are not mapped")
        rows, columns = with_more(node, image, Margins(rows, columns), more)
        fields = {"count_padding": True}
    if rows[0] != rows[1] or columns[0] != columns[1]:
        node.refuse(f"pads {list(rows)} of the rows and {list(columns)} of the columns: ours are the same")
    padding = rows[0], columns[0]
    if padding[0] > window[0] // 2 or padding[1] > window[1] // 2:
        node.refuse(f"pads {list(padding)} are more than half of the window {list(window)}")
    if node.integer("ceil_mode", 0):
        _check_ceiling(node, image.shape, window, stride, padding)
    windows = laid_over(node, Kernel(window, stride, padding, (1, 1)), image.shape)
    shape = Shape(windows.rows.windows, windows.columns.windows, image.shape.channels)
    fields = {"window": list(window), "stride": list(stride), "padding": list(padding), **fields}
    return image_layer(node, image, family, shape, fields=fields)


def _check_ceiling(node: Node, shape: Shape, window: Pair, stride: Pair, padding: Pair) -> None:
    """Refuse windows that reach beyond the image at its end, of which ours has none."""
    for side, length, step, zeros in zip(shape[:2], window, stride, padding, strict=True):
        if (side + 2 * zeros - length) % step:
            node.refuse(
                f"attribute ceil_mode adds a window beyond the {side} pixels: ours has whole windows alone"
            )


def global_pooling(family: str) -> Any:
    """Return the reader of pooling over whole images."""

    def read(node: Node) -> list[Value]:
        image = image_of(node, node.value(0))
        return [image_layer(node, image, family, Shape(1, 1, image.shape.channels))]

    return read
