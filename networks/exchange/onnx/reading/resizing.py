"""Resize and Upsample: larger images, where every pixel is repeated or averaged as ours does it."""

from __future__ import annotations

import math

from networks.exchange.onnx.reading.images import Image, image_layer, image_of
from networks.exchange.onnx.reading.node import Node
from networks.exchange.onnx.reading.plan import Value
from nn.shape import LARGEST, Shape

REPEATS = {
    "half_pixel": ("round_prefer_floor", "round_prefer_ceil"),
    "pytorch_half_pixel": ("round_prefer_floor", "round_prefer_ceil"),
    "asymmetric": ("floor",),
    "tf_half_pixel_for_nn": ("floor",),
}
"""Where outputs are looked up, and how that is rounded, where a whole factor repeats every pixel."""

CENTRED = ("half_pixel", "pytorch_half_pixel")
"""Where outputs lie between pixels as in ours: pixels are seen at their centres."""


def upsample(node: Node) -> list[Value]:
    """Read Upsample, whose linear mode measures from the corner of pixels, and ours from their centres."""
    mode = node.text("mode", "nearest")
    if mode != "nearest":
        node.refuse(
            f"mode {mode} of this version is asymmetric, which ours does not compute; nearest is mapped"
        )
    return [_larger(node, _image(node), node.constant(1).tolist(), "nearest_upsampling")]


def _image(node: Node) -> Image:
    if len(node.value(0).axes) != 4:
        node.refuse("images (N, channels, rows, columns) alone are made larger")
    return image_of(node, node.value(0))


def resize(node: Node) -> list[Value]:
    """Read Resize by whole factors, in the modes and coordinates that ours computes."""
    if node.since < 11:
        return upsample(node)
    image = _image(node)
    mode, coordinates = (
        node.text("mode", "nearest"),
        node.text("coordinate_transformation_mode", "half_pixel"),
    )
    rounding = node.text("nearest_mode", "round_prefer_floor")
    for name in ("antialias", "exclude_outside"):
        node.expect(name, 0)
    node.real("cubic_coeff_a", -0.75)  # of cubic and cropping alone, which are refused
    node.real("extrapolation_value", 0.0)
    policy = node.text("keep_aspect_ratio_policy", "stretch")
    if policy != "stretch":
        node.refuse(f"attribute keep_aspect_ratio_policy is {policy}; stretch alone is mapped")
    axes = node.integers("axes", range(4))
    if axes is None or [each % 4 for each in axes] not in ([0, 1, 2, 3], [2, 3]):
        node.refuse(f"attribute axes is {axes}; rows and columns alone are mapped")
    factors = _factors(node, image, len(axes))
    if mode == "nearest" and rounding in REPEATS.get(coordinates, ()):
        return [_larger(node, image, factors, "nearest_upsampling")]
    if mode == "linear" and coordinates in CENTRED:
        return [_larger(node, image, factors, "bilinear_upsampling")]
    node.refuse(
        f"mode {mode} with the coordinates {coordinates}"
        + (f" and {rounding}" if mode == "nearest" else "")
        + ", which ours does not compute"
    )


def _factors(node: Node, image: Image, count: int) -> list[float]:
    """Return by how much the axes grow, of all four."""
    scales, sizes = node.input(2), node.input(3)
    if scales is not None and node.constant(2).size:
        factors = [float(each) for each in node.constant(2).reshape(-1)[:8]]
    elif sizes is not None:
        now = (1, image.shape.channels, image.shape.height, image.shape.width)[-count:]
        wanted = node.numbers(3)
        if len(wanted) != count:
            node.refuse(f"input 3 has {len(wanted)} sizes, not {count}")
        # how many entries there are stays as it is
        factors = [size / old for size, old in zip(wanted[-3:], now[-3:], strict=True)]
        factors = [1.0] * (count - len(factors)) + factors
        if count == 4 and wanted[0] != node.value(0).sizes[0]:
            node.refuse("input 3 changes the number of entries")
    else:
        node.refuse("scales and sizes are both left out")
    if len(factors) != count:
        node.refuse(f"input 2 has {len(factors)} scales, not {count}")
    return [1.0] * (4 - count) + factors


def _larger(node: Node, image: Image, factors: list[float], family: str) -> Value:
    if len(factors) != 4 or not all(math.isfinite(each) and 1 <= each <= LARGEST for each in factors):
        node.refuse(f"its factors are {factors[:8]}: four of at least 1 are mapped")
    if factors[:2] != [1, 1] or any(each != int(each) for each in factors):
        node.refuse(f"its factors are {factors}: whole ones of rows and columns alone are mapped")
    rows, columns = int(factors[2]), int(factors[3])
    height, width, channels = image.shape
    return image_layer(
        node,
        image,
        family,
        Shape(height * rows, width * columns, channels),
        fields={"factor": [rows, columns]},
    )
