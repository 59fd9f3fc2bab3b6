"""Products with all features, and rows of features by label."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from networks.exchange.keras.reading.layers.activations import activation, followed_by
from networks.exchange.keras.reading.masking import WHAT_TO_DO
from networks.exchange.keras.reading.parts import IDENTITY, Layer, Part, Value, at_every_step, made, only


def dense(layer: Layer, values: Sequence[Value]) -> list[Part]:
    """Read a Dense: at every step of a sequence, and of an image a convolution of single pixels."""
    fields, source = layer.fields, only(layer.fields, values)
    units, has_bias = fields.whole("units"), fields.flag("use_bias", True)
    fields.only(lora_rank=None, lora_alpha=None, quantization_config=None)
    function = activation(layer)
    *others, features = source.sizes
    arrays = layer.read({"kernel": (features, units), **({"bias": (units,)} if has_bias else {})})
    weights, biases = arrays["kernel"].T, arrays.get("bias", np.zeros(units, np.float32))
    sizes = (*others, units)
    if len(others) in (0, 1):
        pixel = Value((features,))
        inside = made(
            pixel,
            "dense",
            (units,),
            {"output_shape": f"1x1x{units}", "activation": IDENTITY},
            {"weights": weights, "biases": biases},
        )
    else:
        pixel = Value(source.sizes[-3:])
        inside = made(
            pixel,
            "convolution",
            (*pixel.sizes[:2], units),
            {
                "channels": units,
                "kernel": [1, 1],
                "stride": [1, 1],
                "padding": [0, 0],
                "dilation": [1, 1],
                "activation": IDENTITY,
            },
            {"weights": weights.reshape(units, 1, 1, features), "biases": biases},
        )
    has_steps = len(others) in (1, 3)
    return followed_by([at_every_step(source, inside, sizes) if has_steps else inside], function)


def embedding(layer: Layer, values: Sequence[Value]) -> list[Part]:
    """Read an Embedding of an input of whole numbers."""
    fields = layer.fields
    labels, features = fields.whole("input_dim"), fields.whole("output_dim")
    if fields.flag("mask_zero", False) and not layer.is_masked:
        fields.refuse(f"mask_zero is True: {WHAT_TO_DO.format(0)}")
    fields.only(lora_rank=None, lora_alpha=None, quantization_config=None)
    fields.ignore("input_length", "sparse")
    if len(values) != 1 or not values[0].is_labels:
        fields.refuse("reads no input of the model, or one that another layer reads too; that is not mapped")
    arrays = layer.read({"embeddings": (labels, features)})
    source = values[0]
    return [
        made(
            source,
            "embedding",
            (*source.sizes, features),
            {"labels": labels, "features": features},
            {"weights": arrays["embeddings"]},
        )
    ]
