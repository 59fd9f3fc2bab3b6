"""Normalisations, noise, other shapes, and merges."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from networks.exchange.keras.reading.fields import Fields
from networks.exchange.keras.reading.layers.activations import last_axis
from networks.exchange.keras.reading.parts import Layer, Part, Value, made, only
from nn.short_text import short_repr


def batch_normalisation(layer: Layer, values: Sequence[Value]) -> list[Part]:
    """Read a BatchNormalization over the last axis; its momentum is what is kept, ours what is new."""
    fields, source = layer.fields, only(layer.fields, values)
    last_axis(fields, source)
    fields.only(renorm=False, synchronized=False, renorm_clipping=None, virtual_batch_size=None)
    fields.ignore("renorm_momentum", "fused", "adjustment")
    is_learned = fields.look("trainable")
    features = source.sizes[-1:]
    arrays = _scale_and_shift(layer, features, {"moving_mean": features, "moving_variance": features})
    if (arrays["moving_variance"] < 0).any():
        fields.refuse("has variances below zero")
    described = {
        "momentum": 1 - fields.number("momentum", 0.99),
        "epsilon": fields.number("epsilon", 1e-3),
        "fixed_statistics": is_learned is False,
    }
    state = {"means": arrays["moving_mean"], "variances": arrays["moving_variance"]}
    learned = {name: arrays[name] for name in ("scale", "shift")}
    return [made(source, "batch_normalisation", source.sizes, described, learned, state)]


def _scale_and_shift(
    layer: Layer, sizes: tuple[int, ...], others: dict[str, tuple[int, ...]]
) -> dict[str, np.ndarray]:
    """Read gamma and beta, of which each may be left out, and arrays of other names."""
    scales, centres = layer.fields.flag("scale", True), layer.fields.flag("center", True)
    shapes = {**({"gamma": sizes} if scales else {}), **({"beta": sizes} if centres else {}), **others}
    arrays = layer.read(shapes)
    arrays["scale"] = arrays.get("gamma", np.ones(sizes, np.float32))
    arrays["shift"] = arrays.get("beta", np.zeros(sizes, np.float32))
    return arrays


def layer_normalisation(layer: Layer, values: Sequence[Value]) -> list[Part]:
    """Read a LayerNormalization over the last axis, or over all."""
    fields, source = layer.fields, only(layer.fields, values)
    rank = len(source.sizes)
    axes = fields.take("axis", -1)
    given = axes if isinstance(axes, list) else [axes]
    if not all(isinstance(each, int) and not isinstance(each, bool) for each in given):
        fields.refuse(f"axis is {short_repr(axes)}, not whole numbers")
    places = sorted(each + rank + 1 if each < 0 else each for each in given)
    if places not in ([rank], list(range(1, rank + 1))):
        fields.refuse(f"axis is {short_repr(axes)}; the last, or all, are mapped")
    fields.only(rms_scaling=False)
    is_last = places == [rank]
    arrays = _scale_and_shift(layer, source.sizes[-1:] if is_last else source.sizes, {})
    described = {"axes": "last" if is_last else "all", "epsilon": fields.number("epsilon", 1e-3)}
    learned = {
        name: arrays[name] if is_last else arrays[name].reshape(source.shape) for name in ("scale", "shift")
    }
    return [made(source, "layer_normalisation", source.sizes, described, learned)]


def noise(family: str, name: str, ours: str) -> Callable[[Layer, Sequence[Value]], list[Part]]:
    """Return the reader of a noise with one number."""

    def read(layer: Layer, values: Sequence[Value]) -> list[Part]:
        fields, source = layer.fields, only(layer.fields, values)
        fields.only(noise_shape=None)
        fields.ignore("seed")
        return [made(source, family, source.sizes, {ours: fields.number(name)})]

    return read


def flatten(layer: Layer, values: Sequence[Value]) -> list[Part]:
    """Read a Flatten; values lie in the same order on both sides."""
    source = only(layer.fields, values)
    _check_order(layer.fields)
    return [made(source, "flatten", (math.prod(source.sizes),))]


def _check_order(fields: Fields) -> None:
    found = fields.take("data_format", "channels_last")
    if found not in ("channels_last", None):
        fields.refuse(f"data_format is {short_repr(found)}; channels_last alone is mapped")


def reshape(layer: Layer, values: Sequence[Value]) -> list[Part]:
    """Read a Reshape; one size may be left open."""
    fields, source = layer.fields, only(layer.fields, values)
    wanted = fields.take("target_shape")
    if not isinstance(wanted, list) or not all(isinstance(each, int) for each in wanted):
        fields.refuse(f"target_shape is {short_repr(wanted)}, not whole numbers")
    total = math.prod(source.sizes)
    if wanted.count(-1) == 1:
        rest = math.prod(each for each in wanted if each != -1)
        wanted = [total // rest if each == -1 and rest > 0 else each for each in wanted]
    if not 1 <= len(wanted) <= 4 or min(wanted) < 1 or math.prod(wanted) != total:
        fields.refuse(f"target_shape is {short_repr(wanted)}, of an input of {total:,} values")
    value = Value(tuple(wanted))
    return [made(source, "reshape", value.sizes, {"output_shape": str(value.shape)})]


def merge(family: str) -> Callable[[Layer, Sequence[Value]], list[Part]]:
    """Return the reader of a merge of several values."""

    def read(layer: Layer, values: Sequence[Value]) -> list[Part]:
        fields = layer.fields
        for value in values:
            only(fields, [value])
        if len(values) < 2:
            fields.refuse("merges one value; at least two are mapped")
        sizes = values[0].sizes
        joins = family == "concatenate"
        if joins:
            last_axis(fields, values[0])
            sizes = (*sizes[:-1], sum(value.sizes[-1] for value in values))
        kept = {value.sizes[:-1] if joins else value.sizes for value in values}
        if len(kept) > 1 or len({len(value.sizes) for value in values}) > 1:
            fields.refuse(f"merges values of {' and '.join(str(value.shape) for value in values)}")
        described = {"family": family, "input_shapes": [str(value.shape) for value in values]}
        return [Part(described, Value(sizes))]

    return read
