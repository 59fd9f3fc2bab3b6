"""Constants that values are multiplied with, added or taken away: a factor and a shift for every feature.

Ours is a batch normalisation whose statistics stay what they are: means of 0 and variances of 1.
"""

from __future__ import annotations

import numpy as np

from networks.exchange.onnx.reading.layouts import ending_in
from networks.exchange.onnx.reading.node import Node
from networks.exchange.onnx.reading.plan import Layer, Value, permuted_columns

NEARLY_ZERO = 1e-30
"""Added to variances of 1, it changes nothing."""


def affine(node: Node, value: Value, factor: np.ndarray, shift: np.ndarray) -> Value:
    """Return values times a factor plus a shift, both numbers or one for each place on one axis."""
    wide = factor if factor.size > 1 else shift
    layer, both = value.layer, [factor, shift]
    count = layer.shape[-1]
    if wide.size > 1:
        place = len(value.axes) - wide.ndim + int(np.argmax(wide.shape))
        if wide.ndim > len(value.axes) or wide.size != max(wide.shape) or wide.size != value.sizes[place]:
            node.refuse(
                f"a constant {wide.shape} is merged with values: one number, or one for each place on an "
                "axis, is mapped"
            )
        features, count = value.axes[place], wide.size
        layer, ours = ending_in(node, value, [features])
        both = [
            permuted_columns(each.reshape(1, -1), features, ours)[0] if each.size > 1 else each
            for each in both
        ]
    both = [np.broadcast_to(each.reshape(-1), (count,)) for each in both]
    if layer is value.layer and value.is_alone and is_affine(layer):
        layer.arrays["shift"] = layer.arrays["shift"] * both[0] + both[1]
        layer.arrays["scale"] = layer.arrays["scale"] * both[0]
        return value
    made = Layer(
        node.name,
        "batch_normalisation",
        layer.shape,
        layer.order,
        (layer,),
        {"momentum": 0.1, "epsilon": NEARLY_ZERO, "fixed_statistics": True},
        {"scale": both[0], "shift": both[1]},
        {"means": np.zeros(count), "variances": np.ones(count)},
        source_is_alone=value.is_alone,
    )
    return Value(made, value.axes)


def is_affine(layer: Layer) -> bool:
    """Return whether a layer was made of such constants."""
    return layer.family == "batch_normalisation" and layer.fields["epsilon"] == NEARLY_ZERO
