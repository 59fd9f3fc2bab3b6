"""Convolutions and pooling: windows over images, which lie channels first there."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from networks.exchange.onnx.reading.factors import Axis, axis, size_of
from networks.exchange.onnx.reading.node import Node
from networks.exchange.onnx.reading.plan import IDENTITY, Layer, Value, arranged, at_steps, steps_of
from nn.shape import LARGEST, Shape
from nn.windows import Kernel, Windows

Pair = tuple[int, int]


class Image(NamedTuple):
    """Values as an image, or as one at every step.

    Attributes
    ----------
    layer
        Whose values lie as images of ours.
    entries
        The axis that counts entries, and steps.
    steps
        What it counts beside entries.
    channels, rows, columns
        Axes.
    shape
        Of one image.
    """

    layer: Layer
    entries: Axis
    steps: Axis
    channels: Axis
    rows: Axis
    columns: Axis
    shape: Shape


def image_of(node: Node, value: Value) -> Image:
    """Return values (N, channels, rows, columns) as an image of ours."""
    if len(value.axes) != 4:
        node.refuse(f"input 0 has {len(value.axes)} axes: images (N, channels, rows, columns) alone are read")
    entries, channels, rows, columns = value.axes
    steps = steps_of(entries)
    if steps is None:
        node.lies_otherwise("entries are not counted by the first axis")
    shape = Shape(size_of(rows), size_of(columns), size_of(channels))
    layer = arranged(value, [steps, rows, columns, channels], at_steps(steps, shape))
    if layer is None:
        node.lies_otherwise("its input does not lie as images (rows, columns, channels)")
    return Image(layer, entries, steps, channels, rows, columns, shape)


def image_layer(node: Node, image: Image, family: str, shape: Shape, **details: Any) -> Value:
    """Return the values of a layer that makes images of images, with axes channels first."""
    channels = image.channels if shape.channels == image.shape.channels else axis(shape.channels)
    rows, columns = axis(shape.height), axis(shape.width)
    layer = Layer(
        node.name,
        family,
        at_steps(image.steps, shape),
        (*image.steps, *rows, *columns, *channels),
        (image.layer,),
        steps=size_of(image.steps) if image.steps else 0,
        **details,
    )
    return Value(layer, (image.entries, channels, rows, columns))


class Margins(NamedTuple):
    """Pixels around an image: before and after the rows, and the columns."""

    rows: Pair
    columns: Pair


def _kernel_size(node: Node, weights: np.ndarray) -> Pair:
    size = (weights.shape[2], weights.shape[3])
    given = node.integers("kernel_shape")
    if given is not None and tuple(given) != size:
        node.refuse(f"attribute kernel_shape is {given}, and the weights are {weights.shape}")
    return size


def _pair(node: Node, name: str, otherwise: Pair | None = None) -> Pair:
    """Take two whole numbers of at least 1."""
    found = node.integers(name, otherwise)
    if found is None:
        node.refuse(f"attribute {name} is missing")
    if len(found) != 2 or not all(1 <= each <= LARGEST for each in found):
        node.refuse(f"attribute {name} is {found}, not two whole numbers of at least 1")
    return found[0], found[1]


def _margins(node: Node, sides: Pair, spans: Pair, strides: Pair) -> Margins:
    """Return the pixels around an image of `sides` that attributes ask for."""
    automatic = node.text("auto_pad", "NOTSET")
    pads = node.integers("pads")
    if automatic in ("NOTSET", "VALID"):
        pads = pads if pads is not None and automatic == "NOTSET" else [0, 0, 0, 0]
        if len(pads) != 4 or not all(0 <= each <= LARGEST for each in pads):
            node.refuse(f"attribute pads is {pads}, not four whole numbers of at least 0")
        return Margins((pads[0], pads[2]), (pads[1], pads[3]))
    if automatic not in ("SAME_UPPER", "SAME_LOWER"):
        node.refuse(f"attribute auto_pad is {automatic}, which is not mapped")
    both: list[Pair] = []
    for side, span, stride in zip(sides, spans, strides, strict=True):
        room = max((-(-side // stride) - 1) * stride + span - side, 0)
        both.append(
            (room // 2, room - room // 2) if automatic == "SAME_UPPER" else (room - room // 2, room // 2)
        )
    return Margins(both[0], both[1])


def _laid_over(node: Node, kernel: Kernel, shape: Shape) -> Windows:
    try:
        return kernel.over(shape.height, shape.width)
    except ValueError as error:
        node.refuse(str(error))


def convolution(node: Node) -> list[Value]:
    """Read a convolution of images, without groups."""
    image, weights = image_of(node, node.value(0)), node.weights(1, 4)
    size = _kernel_size(node, weights)
    stride, dilation = _pair(node, "strides", (1, 1)), _pair(node, "dilations", (1, 1))
    _check_groups(node, image, weights.shape[1])
    biases = _biases(node, len(weights))
    spans = Kernel(size, (1, 1), (0, 0), dilation).spans
    margins = _margins(node, image.shape[:2], spans, stride)
    kernel = Kernel(size, stride, _padding(node, margins, spans, stride), dilation)
    windows = _laid_over(node, kernel, image.shape)
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


def _padding(node: Node, margins: Margins, spans: Pair, stride: Pair) -> Any:
    """Return margins as ours has them: the same on both sides, or what keeps the image's size."""
    if all(before == after for before, after in margins):
        return margins.rows[0], margins.columns[0]
    same = tuple(((span - 1) // 2, span // 2) for span in spans)
    if tuple(margins) == same and stride == (1, 1):
        return "same"
    node.refuse(
        f"pads {list(margins.rows)} of the rows and {list(margins.columns)} of the columns: ours are the "
        "same before and after, or, with strides of 1, what keeps the size with the odd one behind"
    )


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
    image, weights = image_of(node, node.value(0)), node.weights(1, 4)
    size = _kernel_size(node, weights)
    stride, dilation = _pair(node, "strides", (1, 1)), _pair(node, "dilations", (1, 1))
    _check_groups(node, image, len(weights))
    biases = _biases(node, weights.shape[1])
    if node.has("output_shape"):
        node.refuse("attribute output_shape is not mapped: give pads and output_padding")
    extra = node.integers("output_padding", (0, 0))
    limits = tuple(map(max, stride, dilation))
    if extra is None or len(extra) != 2 or not (0 <= extra[0] < limits[0] and 0 <= extra[1] < limits[1]):
        node.refuse(
            f"attribute output_padding is {extra}: runtimes compute what is below the strides and dilations"
        )
    if node.text("auto_pad", "NOTSET") != "NOTSET":
        node.refuse("attribute auto_pad is not mapped: give pads")
    rows, columns = _margins(node, image.shape[:2], size, stride)
    more = [extra[0] + rows[0] - rows[1], extra[1] + columns[0] - columns[1]]
    if min(more) < 0:
        node.refuse(f"pads {list(rows)} of the rows and {list(columns)} of the columns cut off more behind")
    kernel = Kernel(size, stride, (rows[0], columns[0]), dilation)
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


def max_pooling(node: Node) -> list[Value]:
    """Read the greatest of every window; places of the greatest are not mapped."""
    if 1 in node.used:
        node.refuse("output 1, the places of the greatest, is not mapped")
    node.expect("storage_order", 0)
    if node.integers("dilations", (1, 1)) != [1, 1]:
        node.refuse("attribute dilations is not mapped: pooling windows of ours have no gaps")
    return [_pooling(node, "max_pooling", {})]


def average_pooling(node: Node) -> list[Value]:
    """Read the averages of windows, with or without the padding in them."""
    if node.integers("dilations", (1, 1)) != [1, 1]:
        node.refuse("attribute dilations is not mapped: pooling windows of ours have no gaps")
    counts = node.integer("count_include_pad", 0)
    if counts not in (0, 1):
        node.refuse(f"attribute count_include_pad is {counts}, neither 0 nor 1")
    return [_pooling(node, "average_pooling", {"count_padding": bool(counts)})]


def _pooling(node: Node, family: str, fields: dict[str, Any]) -> Value:
    image = image_of(node, node.value(0))
    window, stride = _pair(node, "kernel_shape"), _pair(node, "strides", (1, 1))
    rows, columns = _margins(node, image.shape[:2], window, stride)
    if rows[0] != rows[1] or columns[0] != columns[1]:
        node.refuse(f"pads {list(rows)} of the rows and {list(columns)} of the columns: ours are the same")
    padding = rows[0], columns[0]
    if padding[0] > window[0] // 2 or padding[1] > window[1] // 2:
        node.refuse(f"pads {list(padding)} are more than half of the window {list(window)}")
    if node.integer("ceil_mode", 0):
        _check_ceiling(node, image.shape, window, stride, padding)
    windows = _laid_over(node, Kernel(window, stride, padding, (1, 1)), image.shape)
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
