"""Pad: zeros around images, which the convolution behind them has in its own padding."""

from __future__ import annotations

from networks.exchange.onnx.reading.factors import axis
from networks.exchange.onnx.reading.node import Node
from networks.exchange.onnx.reading.plan import IDENTITY, Padded, Value
from nn.shape import Shape


def pad(node: Node) -> list[Value | Padded]:
    """Read zeros before a convolution, or behind what a transposed one makes."""
    value = node.value(0)
    mode = node.text("mode", "constant")
    if mode != "constant":
        node.refuse(f"attribute mode is {mode}; constant alone is mapped")
    margins = _margins(node, len(value.axes))
    if not any(map(any, margins)):
        return [value]
    if value.is_alone and value.layer.family == "transposed_convolution" and not any(map(any, margins[:2])):
        found = _more_output(value, margins)
        if found is not None:
            return [found]
    return [Padded(value, margins)]


def _margins(node: Node, rank: int) -> tuple[tuple[int, int], ...]:
    """Return the zeros before and after along every axis."""
    if node.since < 11:
        pads, number = node.integers("pads"), node.real("value", 0.0)
    else:
        pads = node.numbers(1)
        number = 0.0
        if node.input(2) is not None:
            given = node.constant(2)
            number = float(given.reshape(-1)[0]) if given.size == 1 else float("nan")
    if number != 0:
        node.refuse(f"pads with {number}; zeros alone are mapped")
    axes = [each % rank for each in node.numbers(3)] if node.input(3) is not None else list(range(rank))
    if pads is None or len(pads) != 2 * len(axes) or len(set(axes)) < len(axes):
        node.refuse(f"pads are {pads}, not two for each of {len(axes)} axes")
    if min(pads) < 0:
        node.refuse(f"pads {pads} below 0 are not mapped")
    found = [(0, 0)] * rank
    for number, place in enumerate(axes):
        found[place] = (pads[number], pads[number + len(axes)])
    return tuple(found)


def _more_output(value: Value, margins: tuple[tuple[int, int], ...]) -> Value | None:
    """Return what a transposed convolution makes with more pixels at its ends, which no window writes.

    None where it does not: its biases would be on these pixels, and windows that were cut off.
    """
    layer, fields, shape = value.layer, value.layer.fields, value.layer.shape
    is_plain = fields["activation"] == IDENTITY and not layer.arrays["biases"].any()
    if len(value.axes) != 4 or not is_plain or not isinstance(shape, Shape):
        return None
    more = []
    given = layer.sources[0].shape
    for place in range(2):
        before, after = margins[2 + place]
        stride, dilation = fields["stride"][place], fields["dilation"][place]
        span = (fields["kernel"][place] - 1) * dilation + 1
        zeros = 0 if fields["padding"] == "same" else fields["padding"][place]
        reach = (given[place] - 1) * stride + span - zeros
        extra = fields["output_padding"][place] + after
        if before or (after and (shape[place] < reach or extra >= max(stride, dilation))):
            return None
        more.append(extra)
    layer.shape = Shape(shape.height + margins[2][1], shape.width + margins[3][1], shape.channels)
    fields["output_padding"] = more
    entries, features = value.axes[:2]
    rows, columns = axis(layer.shape.height), axis(layer.shape.width)
    layer.order = (*rows, *columns, *features)
    return value.seen_as([entries, features, rows, columns])
