"""Convolutions, pooling and upsampling of images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from networks.exchange.keras.reading.fields import Fields
from networks.exchange.keras.reading.layers.activations import activation, followed_by
from networks.exchange.keras.reading.parts import IDENTITY, Layer, Part, Value, made, only
from nn.shape import LARGEST
from nn.short_text import short_repr

Pair = tuple[int, int]


class Axis(NamedTuple):
    """Windows along one axis, as ours lie: as many pixels around on both sides, and what else there is.

    Attributes
    ----------
    padding
        Before and behind.
    extra
        Output padding, of a transposed convolution.
    taps
        Taps of zeros before the kernel's own.
    """

    padding: int
    extra: int = 0
    taps: int = 0


def image(fields: Fields, values: Sequence[Value]) -> Value:
    """Return the image that a layer reads, with channels last."""
    source = only(fields, values)
    found = fields.take("data_format", "channels_last")
    if found not in ("channels_last", None):
        fields.refuse(f"data_format is {short_repr(found)}; channels_last alone is mapped")
    if len(source.sizes) != 3:
        fields.refuse(f"reads values of {len(source.sizes)} axes, and images have three")
    return source


def zero_padding(fields: Fields, values: Sequence[Value]) -> Value:
    """Read a ZeroPadding2D with as many zeros on either side: the layer that reads it adds them."""
    source = image(fields, values)
    found = fields.take("padding", 1)
    sides = found if isinstance(found, list) and len(found) == 2 else [found, found]
    both = [each if isinstance(each, list) else [each, each] for each in sides]
    if any(
        len(each) != 2 or each[0] != each[1] or not isinstance(each[0], int) or not 0 <= each[0] <= LARGEST
        for each in both
    ):
        fields.refuse(f"padding is {short_repr(found)}; as much on either side is mapped")
    (rows, _), (columns, _) = both
    height, width, channels = source.sizes
    return Value((height + 2 * rows, width + 2 * columns, channels), margins=(rows, columns))


def within_margins(values: Sequence[Value]) -> tuple[tuple[int, int], list[Value]]:
    """Return the zeros around an image, and the image within them."""
    if len(values) != 1 or not any(values[0].margins):
        return (0, 0), list(values)
    rows, columns = values[0].margins
    height, width, channels = values[0].sizes
    return (rows, columns), [Value((height - 2 * rows, width - 2 * columns, channels))]


def is_same(fields: Fields) -> bool:
    """Take the padding, valid or same."""
    found = fields.text("padding", "valid")
    if found not in ("valid", "same"):
        fields.refuse(f"padding is {short_repr(found)}; valid and same are mapped")
    return found == "same"


def convolution(layer: Layer, values: Sequence[Value]) -> list[Part]:
    """Read a Conv2D without groups, and the ZeroPadding2D before it."""
    around, values = within_margins(values)
    fields, source = layer.fields, image(layer.fields, values)
    size, stride, dilation = (
        fields.pair("kernel_size"),
        fields.pair("strides", 1),
        fields.pair("dilation_rate", 1),
    )
    fields.only(groups=1)
    same = is_same(fields)
    if same and any(around):
        fields.refuse("has padding same, and reads a ZeroPadding2D; one of both is mapped")
    sides = [side + 2 * more for side, more in zip(source.sizes[:2], around, strict=True)]
    spans = [(taps - 1) * step + 1 for taps, step in zip(size, dilation, strict=True)]
    keeps_size = same and stride == (1, 1)
    axes = (
        None
        if keeps_size
        else (
            _axis_of(fields, around[0], sides[0], spans[0], stride[0], dilation[0], same),
            _axis_of(fields, around[1], sides[1], spans[1], stride[1], dilation[1], same),
        )
    )
    heights = [
        -(-side // step) if same else (side - span) // step + 1
        for side, span, step in zip(sides, spans, stride, strict=True)
    ]
    if min(heights) < 1:
        fields.refuse(f"a kernel of {spans[0]} x {spans[1]} does not fit into {sides[0]} x {sides[1]}")
    channels = source.sizes[2]

    def shape(filters: int) -> tuple[int, ...]:
        return (*size, channels, filters)

    return _convolved(layer, source, "convolution", axes, heights, shape, size, stride, dilation)


def _axis_of(
    fields: Fields, around: int, side: int, span: int, stride: int, dilation: int, same: bool
) -> Axis:
    if around:
        return Axis(around)
    room = max((-(-side // stride) - 1) * stride + span - side, 0) if same else 0
    before, behind = room // 2, room - room // 2
    if before == behind:
        return Axis(before)
    # ours are the same on both sides: a further tap of zero before the kernel sees the further pixel there
    if dilation > 1:
        fields.refuse("padding same with a dilation adds more pixels behind than before, which ours has not")
    return Axis(behind, taps=1)


def transposed_convolution(layer: Layer, values: Sequence[Value]) -> list[Part]:
    """Read a Conv2DTranspose, whose same crops at the end."""
    fields, source = layer.fields, image(layer.fields, values)
    size, stride, dilation = (
        fields.pair("kernel_size"),
        fields.pair("strides", 1),
        fields.pair("dilation_rate", 1),
    )
    fields.only(output_padding=None)
    same = is_same(fields)
    spans = [(taps - 1) * step + 1 for taps, step in zip(size, dilation, strict=True)]
    rows, columns = (_axis_under(fields, *each, same) for each in zip(spans, stride, dilation, strict=True))
    sides = [
        side * step if same else (side - 1) * step + max(span, step)
        for side, span, step in zip(source.sizes[:2], spans, stride, strict=True)
    ]
    channels = source.sizes[2]

    def shape(filters: int) -> tuple[int, ...]:
        return (*size, filters, channels)

    family = "transposed_convolution"
    return _convolved(layer, source, family, (rows, columns), sides, shape, size, stride, dilation)


def crop(fields: Fields, part: Part) -> None:
    """Read a Cropping2D behind a transposed convolution, which crops that much more."""
    inside = part.described
    found = fields.take("cropping", 0)
    sides = found if isinstance(found, list) and len(found) == 2 else [found, found]
    both = [each if isinstance(each, list) else [each, each] for each in sides]
    if any(
        len(each) != 2 or not all(isinstance(side, int) and 0 <= side <= LARGEST for side in each)
        for each in both
    ):
        fields.refuse(f"cropping is {short_repr(found)}, not pixels of every side")
    fields.only(data_format="channels_last")
    sizes = list(part.value.sizes)
    for place, (before, behind) in enumerate(both):
        if inside["padding"] == "same":
            fields.refuse("crops what padding same has cropped, which is not mapped")
        padding = inside["padding"][place] + before
        extra = inside["output_padding"][place] + before - behind
        limit = max(inside["stride"][place], inside["dilation"][place])
        sizes[place] -= before + behind
        if not 0 <= extra < limit or sizes[place] < 1:
            fields.refuse(f"cropping is {short_repr(found)}, which is no padding of the convolution before")
        inside["padding"][place], inside["output_padding"][place] = padding, extra
    part.value = Value(tuple(sizes))


def _axis_under(fields: Fields, span: int, stride: int, dilation: int, same: bool) -> Axis:
    before, behind = 0, span - max(span, stride)
    if same:
        room = stride + span - 2
        left = min(room // 2 + room % 2, span - 1)
        before, behind = span - 1 - left, span - 1 - (room - left)
    if before >= behind:
        return Axis(before, extra=before - behind)
    # ours crops as much before as behind: further taps of zero before the kernel are cropped there
    taps, rest = divmod(behind - before, dilation)
    if rest:
        fields.refuse("padding same with this dilation crops more behind than before, which ours has not")
    return Axis(behind, taps=taps)


def _convolved(
    layer: Layer,
    source: Value,
    family: str,
    axes: tuple[Axis, Axis] | None,
    sides: Sequence[int],
    shape: Callable[[int], tuple[int, ...]],
    size: Pair,
    stride: Pair,
    dilation: Pair,
) -> list[Part]:
    fields = layer.fields
    filters, has_bias = fields.whole("filters"), fields.flag("use_bias", True)
    fields.only(lora_rank=None, lora_alpha=None, quantization_config=None)
    function = activation(layer)
    arrays = layer.read({"kernel": shape(filters), **({"bias": (filters,)} if has_bias else {})})
    rows, columns = axes or (Axis(0), Axis(0))
    weights = np.pad(arrays["kernel"], ((rows.taps, 0), (columns.taps, 0), (0, 0), (0, 0)))
    described = {
        "channels": filters,
        "kernel": [size[0] + rows.taps, size[1] + columns.taps],
        "stride": list(stride),
        "padding": [rows.padding, columns.padding] if axes else "same",
        "dilation": list(dilation),
        "activation": IDENTITY,
    }
    if family == "transposed_convolution":
        described["output_padding"] = [rows.extra, columns.extra]
    biases = arrays.get("bias", np.zeros(filters, np.float32))
    part = made(
        source,
        family,
        (*sides, filters),
        described,
        {"weights": weights.transpose(3, 0, 1, 2), "biases": biases},
    )
    return followed_by([part], function)


def max_pooling(layer: Layer, values: Sequence[Value]) -> list[Part]:
    """Read a MaxPooling2D."""
    return _pooled(layer, values, "max_pooling")


def average_pooling(layer: Layer, values: Sequence[Value]) -> list[Part]:
    """Read an AveragePooling2D, which averages what lies within the image."""
    return _pooled(layer, values, "average_pooling")


def _pooled(layer: Layer, values: Sequence[Value], family: str) -> list[Part]:
    around, values = within_margins(values) if family == "average_pooling" else ((0, 0), values)
    fields, source = layer.fields, image(layer.fields, values)
    window = fields.pair("pool_size", 2)
    strides = fields.take("strides")
    stride = window if strides is None else Fields(fields.where, {"strides": strides}).pair("strides")
    same = is_same(fields)
    if same and any(around):
        fields.refuse("has padding same, and reads a ZeroPadding2D; one of both is mapped")
    sides, padding = [], []
    for inside, more, span, step in zip(source.sizes[:2], around, window, stride, strict=True):
        side = inside + 2 * more
        count = -(-side // step) if same else (side - span) // step + 1
        room = max((count - 1) * step + span - side, 0)
        if count < 1:
            fields.refuse(f"a window of {span} does not fit into {side}")
        if room % 2:
            fields.refuse(
                f"padding same of windows of {window[0]} x {window[1]} reaches further beyond the end of "
                f"{source.sizes[0]} x {source.sizes[1]} than beyond its beginning, which ours does not"
            )
        sides.append(count)
        padding.append(room // 2 + more)
    described: dict[str, Any] = {"window": list(window), "stride": list(stride), "padding": padding}
    if family == "average_pooling":
        described["count_padding"] = any(around)
    return [made(source, family, (*sides, source.sizes[2]), described)]


def global_pooling(family: str) -> Callable[[Layer, Sequence[Value]], list[Part]]:
    """Return the reader of a pooling of whole images."""

    def read(layer: Layer, values: Sequence[Value]) -> list[Part]:
        source = image(layer.fields, values)
        layer.fields.only(keepdims=False)
        return [made(source, family, source.sizes[2:])]

    return read


def upsampling(layer: Layer, values: Sequence[Value]) -> list[Part]:
    """Read an UpSampling2D."""
    fields, source = layer.fields, image(layer.fields, values)
    factor, way = fields.pair("size", 2), fields.text("interpolation", "nearest")
    if way not in ("nearest", "bilinear"):
        fields.refuse(f"interpolation is {short_repr(way)}; nearest and bilinear are mapped")
    height, width, channels = source.sizes
    sizes = (height * factor[0], width * factor[1], channels)
    return [made(source, f"{way}_upsampling", sizes, {"factor": list(factor)})]
