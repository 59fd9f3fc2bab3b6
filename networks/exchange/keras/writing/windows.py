"""Convolutions, pooling and upsampling, with layers for the pixels around where Keras has no number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from networks.exchange.keras.refusals import RefusedError
from networks.exchange.keras.writing.activations import activated
from networks.exchange.keras.writing.theirs import Ours, Theirs, arranged
from nn.windows import Kernel

Margins = Sequence[tuple[int, int]]


def _same(sides: Sequence[int], kernel: Kernel) -> Margins:
    """Return the pixels around an image that `same` stands for in Keras."""
    margins = []
    for side, span, stride in zip(sides, kernel.spans, kernel.stride, strict=True):
        room = max((-(-side // stride) - 1) * stride + span - side, 0)
        margins.append((room // 2, room - room // 2))
    return margins


def _same_cropped(kernel: Kernel) -> Margins:
    """Return what `same` crops of a transposed convolution in Keras."""
    margins = []
    for span, stride in zip(kernel.spans, kernel.stride, strict=True):
        room = stride + span - 2
        left = min(room // 2 + room % 2, span - 1)
        margins.append((span - 1 - left, span - 1 - (room - left)))
    return margins


def _padded(sizes: tuple[int, ...], margins: Margins) -> list[Theirs]:
    height, width, channels = sizes
    (above, below), (left, right) = margins
    if not any((above, below, left, right)):
        return []
    padded = (height + above + below, width + left + right, channels)
    return [Theirs("ZeroPadding2D", padded, {"padding": [[above, below], [left, right]]})]


def _image(ours: Ours) -> list[Theirs]:
    return arranged(ours.given[0], ours.layer.input_shape)


def convolution(ours: Ours) -> list[Theirs]:
    """Write a convolution: with `same` where that is its padding, else with zeros put around before."""
    layer: Any = ours.layer
    kernel, sides = layer.kernel, tuple(layer.input_shape)
    is_same = list(kernel.margins) == list(_same(sides[:2], kernel))
    before = [] if is_same else _padded(sides, kernel.margins)
    made = _convolved("Conv2D", ours, "same" if is_same else "valid", tuple(layer.output_shape))
    return [*_image(ours), *before, *activated(ours, made, layer.activation)]


def transposed_convolution(ours: Ours) -> list[Theirs]:
    """Write a transposed convolution: what it crops is `same`, or a cropping behind it."""
    layer: Any = ours.layer
    kernel, sizes = layer.kernel, tuple(layer.output_shape)
    cropped = [
        (before, behind - extra)
        for (before, behind), extra in zip(kernel.margins, layer.output_padding, strict=True)
    ]
    if cropped == list(_same_cropped(kernel)):
        return [
            *_image(ours),
            *activated(ours, _convolved("Conv2DTranspose", ours, "same", sizes), layer.activation),
        ]
    # without a cropping Keras makes an image of at least a stride for every pixel
    left_over = [max(stride - span, 0) for span, stride in zip(kernel.spans, kernel.stride, strict=True)]
    cropped = [(before, behind + more) for (before, behind), more in zip(cropped, left_over, strict=True)]
    if min(behind for _, behind in cropped) < 0:
        raise RefusedError(
            f"{ours.name or layer.family}: Keras has no output padding of {layer.output_padding} behind "
            f"padding of {kernel.padding}: use less of it, or padding 'same' and stride 1"
        )
    whole = (
        sizes[0] + sum(cropped[0]),
        sizes[1] + sum(cropped[1]),
        sizes[2],
    )
    made = _convolved("Conv2DTranspose", ours, "valid", whole)
    crop = Theirs("Cropping2D", sizes, {"cropping": [list(each) for each in cropped]})
    is_cropped = any(any(each) for each in cropped)
    first, *others = activated(ours, made, layer.activation)
    for each in others:
        each.sizes = sizes
    return [*_image(ours), first, *([crop] if is_cropped else []), *others]


def _convolved(kind: str, ours: Ours, padding: str, sizes: tuple[int, ...]) -> Theirs:
    layer: Any = ours.layer
    kernel = layer.kernel
    if max(kernel.stride) > 1 and max(kernel.dilation) > 1:
        raise RefusedError(
            f"{ours.name or layer.family}: Keras has no stride of {kernel.stride} with a dilation of "
            f"{kernel.dilation}: one of them must be 1"
        )
    return Theirs(
        kind,
        sizes,
        {
            "filters": layer.output_shape.channels,
            "kernel_size": list(kernel.size),
            "strides": list(kernel.stride),
            "dilation_rate": list(kernel.dilation),
            "padding": padding,
            "data_format": "channels_last",
            "use_bias": True,
        },
        {"kernel": layer.parameters["weights"].transpose(1, 2, 3, 0), "bias": layer.parameters["biases"]},
    )


def max_pooling(ours: Ours) -> list[Theirs]:
    """Write a max pooling, whose padding is none or `same`."""
    layer: Any = ours.layer
    padding = _pooling_padding(layer)
    if padding is None:
        raise RefusedError(
            f"{ours.name or layer.family}: Keras has no padding of {layer.padding} here; none or "
            "what is called same there can be written"
        )
    return [*_image(ours), _pooled("MaxPooling2D", layer, padding)]


def average_pooling(ours: Ours) -> list[Theirs]:
    """Write an average pooling; zeros that count are put around before."""
    layer: Any = ours.layer
    if layer.count_padding and any(layer.padding):
        margins = [(each, each) for each in layer.padding]
        around = _padded(tuple(layer.input_shape), margins)
        return [*_image(ours), *around, _pooled("AveragePooling2D", layer, "valid")]
    padding = _pooling_padding(layer)
    if padding is None:
        raise RefusedError(
            f"{ours.name or layer.family}: Keras has no padding of {layer.padding} here; none or "
            "what is called same there can be written"
        )
    return [*_image(ours), _pooled("AveragePooling2D", layer, padding)]


def _pooling_padding(layer: Any) -> str | None:
    kernel = Kernel(layer.window, layer.stride, layer.padding, (1, 1))
    if not any(layer.padding):
        return "valid"
    return "same" if list(kernel.margins) == list(_same(layer.input_shape[:2], kernel)) else None


def _pooled(kind: str, layer: Any, padding: str) -> Theirs:
    return Theirs(
        kind,
        tuple(layer.output_shape),
        {
            "pool_size": list(layer.window),
            "strides": list(layer.stride),
            "padding": padding,
            "data_format": "channels_last",
        },
    )


def global_pooling(kind: str) -> Callable[[Ours], list[Theirs]]:
    """Return the writer of a pooling of whole images."""

    def write(ours: Ours) -> list[Theirs]:
        channels = ours.layer.output_shape[-1]
        return [*_image(ours), Theirs(kind, (channels,), {"data_format": "channels_last", "keepdims": False})]

    return write


def upsampling(way: str) -> Callable[[Ours], list[Theirs]]:
    """Return the writer of an upsampling."""

    def write(ours: Ours) -> list[Theirs]:
        layer: Any = ours.layer
        configuration = {"size": list(layer.factor), "interpolation": way, "data_format": "channels_last"}
        return [*_image(ours), Theirs("UpSampling2D", tuple(layer.output_shape), configuration)]

    return write
