"""Functions of single values: of a layer's own, or a layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from networks.exchange.keras.reading.fields import Fields
from networks.exchange.keras.reading.parts import IDENTITY, Layer, Part, Value, made, only
from nn.short_text import short_repr

SOFTMAX = {"name": "softmax"}
"""Stands for the layer that a softmax is here."""

HARD_SIGMOID = "hard_sigmoid"
"""Steeper in Keras 2."""

KNOWN: dict[str, dict[str, Any]] = {
    "linear": IDENTITY,
    "relu": {"name": "relu"},
    "leaky_relu": {"name": "leaky_relu", "leakage": 0.2},
    "elu": {"name": "elu"},
    "softplus": {"name": "softplus"},
    "tanh": {"name": "tanh"},
    "sigmoid": {"name": "sigmoid"},
    "hard_tanh": {"name": "squash", "leakage": 0.0},
    "softmax": SOFTMAX,
}
"""Ours by the names there. A leaky ReLU that is named has a slope of 0.2; the layer's default is 0.3."""


def activation(layer: Layer, name: str = "activation", otherwise: str = "linear") -> dict[str, Any]:
    """Take an activation."""
    fields = layer.fields
    found = fields.take(name, otherwise)
    if isinstance(found, dict):
        found = _function(fields, name, found)
    if found is None:
        return IDENTITY
    if found == HARD_SIGMOID:
        return {"name": HARD_SIGMOID, "steepness": 0.2 if layer.is_old else 1 / 6}
    if not isinstance(found, str) or found not in KNOWN:
        fields.refuse(f"{name} is {short_repr(found)}; {', '.join((*KNOWN, HARD_SIGMOID))} are mapped")
    return KNOWN[found]


def _function(fields: Fields, name: str, found: dict[str, Any]) -> Any:
    """Return the name of a function of Keras that is described as an object."""
    described = found.get("config")
    is_plain = found.get("class_name") == "function" and found.get("module") in (None, "builtins")
    if (
        not is_plain
        or found.get("registered_name") not in (None, "function")
        or described
        not in (
            *KNOWN,
            HARD_SIGMOID,
        )
    ):
        fields.refuse(f"{name} is {short_repr(found)}, which is not mapped")
    return described


def followed_by(parts: list[Part], function: dict[str, Any]) -> list[Part]:
    """Give the last of some networks an activation of its own, or a softmax behind it."""
    last = parts[-1]
    inside = last.described.get("network", last.described)
    if function is SOFTMAX:
        inside["activation"] = IDENTITY
        return [*parts, made(last.value, "softmax", last.value.sizes)]
    inside["activation"] = function
    return parts


def _layer(source: Value, function: dict[str, Any]) -> list[Part]:
    if function is SOFTMAX:
        return [made(source, "softmax", source.sizes)]
    return [made(source, "activation", source.sizes, {"activation": function})]


def activation_layer(layer: Layer, values: Sequence[Value]) -> list[Part]:
    """Read an Activation."""
    return _layer(only(layer.fields, values), activation(layer))


def relu(layer: Layer, values: Sequence[Value]) -> list[Part]:
    """Read a ReLU, whose slope below 0 may be that of a leaky one."""
    fields = layer.fields
    fields.only(max_value=None, threshold=0.0)
    slope = fields.number("negative_slope", 0.0)
    return _layer(only(fields, values), _leaky(fields, slope) if slope else KNOWN["relu"])


def leaky_relu(layer: Layer, values: Sequence[Value]) -> list[Part]:
    """Read a LeakyReLU, whose slope was called alpha."""
    fields = layer.fields
    slope = fields.number("negative_slope", fields.number("alpha", 0.3))
    return _layer(only(fields, values), _leaky(fields, slope))


def _leaky(fields: Fields, slope: float) -> dict[str, Any]:
    if not 0 <= slope <= 1:
        fields.refuse(f"negative_slope is {slope:g}; from 0 to 1 is mapped")
    return {"name": "leaky_relu", "leakage": slope}


def elu(layer: Layer, values: Sequence[Value]) -> list[Part]:
    """Read an ELU, of which ours has that of alpha 1."""
    layer.fields.only(alpha=1.0)
    return _layer(only(layer.fields, values), KNOWN["elu"])


def softmax(layer: Layer, values: Sequence[Value]) -> list[Part]:
    """Read a Softmax over the last axis."""
    source = only(layer.fields, values)
    last_axis(layer.fields, source)
    return _layer(source, SOFTMAX)


def last_axis(fields: Fields, source: Value) -> None:
    """Take an axis, which must be the last."""
    axis = fields.take("axis", -1)
    if isinstance(axis, list) and len(axis) == 1:
        (axis,) = axis
    if isinstance(axis, bool) or axis not in (-1, len(source.sizes)):
        fields.refuse(f"axis is {short_repr(axis)}; the last alone is mapped")
