"""Images, which lie channels first there, and windows over them; series are images of one column."""

from __future__ import annotations

from typing import Any, NamedTuple

from networks.exchange.onnx.reading.factors import Axis, axis, size_of
from networks.exchange.onnx.reading.node import Node
from networks.exchange.onnx.reading.plan import Layer, Padded, Value, arranged, at_steps, steps_of
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
    is_line
        Whether there are no columns: values (N, channels, rows).
    """

    layer: Layer
    entries: Axis
    steps: Axis
    channels: Axis
    rows: Axis
    columns: Axis
    shape: Shape
    is_line: bool


def image_of(node: Node, value: Value) -> Image:
    """Return values (N, channels, rows, columns), or (N, channels, rows), as an image of ours."""
    if len(value.axes) not in (3, 4):
        node.refuse(
            f"input 0 has {len(value.axes)} axes: images (N, channels, rows, columns) and series are read"
        )
    is_line = len(value.axes) == 3
    entries, channels, rows, columns = (*value.axes, ()) if is_line else value.axes
    steps = steps_of(entries)
    if steps is None:
        node.lies_otherwise("entries are not counted by the first axis")
    shape = Shape(size_of(rows), size_of(columns), size_of(channels))
    layer = arranged(value, [steps, rows, columns, channels], at_steps(steps, shape))
    if layer is None:
        node.lies_otherwise("its input does not lie as images (rows, columns, channels)")
    return Image(layer, entries, steps, channels, rows, columns, shape, is_line)


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
    return Value(
        layer, (image.entries, channels, rows) if image.is_line else (image.entries, channels, rows, columns)
    )


class Margins(NamedTuple):
    """Pixels around an image: before and after the rows, and the columns."""

    rows: Pair
    columns: Pair


def pair(node: Node, image: Image, name: str, otherwise: int | None = 1) -> Pair:
    """Take two whole numbers of at least 1, or one where there are no columns."""
    count = 1 if image.is_line else 2
    found = node.integers(name, None if otherwise is None else [otherwise] * count)
    if found is None:
        node.refuse(f"attribute {name} is missing")
    if len(found) != count or not all(1 <= each <= LARGEST for each in found):
        node.refuse(f"attribute {name} is {found}, not {count} whole numbers of at least 1")
    return found[0], 1 if image.is_line else found[1]


def margins(node: Node, image: Image, spans: Pair, strides: Pair) -> Margins:
    """Return the pixels around an image that attributes ask for."""
    automatic = node.text("auto_pad", "NOTSET")
    if automatic.startswith("SAME") and isinstance(node.input(0), Padded):
        node.refuse(f"attribute auto_pad is {automatic} of an image that was padded or cut before")
    pads = node.integers("pads")
    if automatic in ("NOTSET", "VALID"):
        count = 2 if image.is_line else 4
        pads = pads if pads is not None and automatic == "NOTSET" else [0] * count
        if len(pads) != count or not all(0 <= each <= LARGEST for each in pads):
            node.refuse(f"attribute pads is {pads}, not {count} whole numbers of at least 0")
        return (
            Margins((pads[0], pads[1]), (0, 0))
            if image.is_line
            else Margins((pads[0], pads[2]), (pads[1], pads[3]))
        )
    if automatic not in ("SAME_UPPER", "SAME_LOWER"):
        node.refuse(f"attribute auto_pad is {automatic}, which is not mapped")
    both: list[Pair] = []
    for side, span, stride in zip(image.shape[:2], spans, strides, strict=True):
        room = max((-(-side // stride) - 1) * stride + span - side, 0)
        both.append(
            (room // 2, room - room // 2) if automatic == "SAME_UPPER" else (room - room // 2, room // 2)
        )
    return Margins(both[0], both[1])


def with_more(node: Node, image: Image, own: Margins, more: tuple[Pair, ...]) -> Margins:
    """Return the pixels around an image together with those that a node before put there, or left out."""
    if any(map(any, more[:2])):
        node.refuse("its input has zeros around entries or channels, or lacks some")
    rows, columns = more[2], (0, 0) if image.is_line else more[3]
    both = (
        (rows[0] + own.rows[0], rows[1] + own.rows[1]),
        (columns[0] + own.columns[0], columns[1] + own.columns[1]),
    )
    return Margins(*both)


def laid_over(node: Node, kernel: Kernel, shape: Shape) -> Windows:
    """Return windows over an image."""
    try:
        return kernel.over(shape.height, shape.width)
    except ValueError as error:
        node.refuse(str(error))
