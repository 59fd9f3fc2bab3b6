"""LSTM and GRU, in one direction or both, and networks applied to every step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from networks.exchange.keras.reading.fields import Fields
from networks.exchange.keras.reading.parts import Layer, Part, Value, made, only
from nn.short_text import short_repr

RESET = (
    "ours resets hidden values after the product with the weights, so that the same weights give other "
    "answers; build the layer with reset_after=True, the default of Keras, and train it"
)

GATES = {"LSTM": 4, "GRU": 3}


def recurrent(kind: str, layer: Layer, values: Sequence[Value]) -> list[Part]:
    """Read an LSTM or a GRU."""
    fields, source = layer.fields, _sequence(layer.fields, values)
    fields.only(go_backwards=False)
    described, units = _described(kind, layer.fields)
    arrays = _arrays(kind, layer, source, units, "cell")
    sizes = (source.sizes[0], units) if described["whole_sequence"] else (units,)
    described["bidirectional"] = False
    prefixed = {f"layer_0.forward.{name}": array for name, array in arrays.items()}
    return [made(source, kind.lower(), sizes, described, prefixed)]


def _sequence(fields: Fields, values: Sequence[Value]) -> Value:
    source = only(fields, values)
    if len(source.sizes) != 2:
        fields.refuse(f"reads values of {len(source.sizes)} axes, and sequences have two")
    return source


def _described(kind: str, fields: Fields) -> tuple[dict[str, Any], int]:
    units = fields.whole("units")
    fields.only(
        return_state=False,
        stateful=False,
        time_major=False,
        dropout=0.0,
        recurrent_dropout=0.0,
        activation="tanh",
        recurrent_activation="sigmoid",
    )
    # what is computed the same either way
    fields.ignore("unroll", "implementation", "zero_output_for_mask", "unit_forget_bias", "seed", "use_cudnn")
    described: dict[str, Any] = {
        "units": units,
        "layers": 1,
        "whole_sequence": fields.flag("return_sequences", False),
        "stateful": False,
    }
    if kind == "LSTM":
        described["peepholes"] = False
    return described, units


def _arrays(kind: str, layer: Layer, source: Value, units: int, *inside: str) -> dict[str, np.ndarray]:
    """Read the arrays of a direction; ours have rows where theirs have columns."""
    gates, has_bias = GATES[kind] * units, layer.fields.flag("use_bias", True)
    shapes: dict[str, tuple[int, ...]] = {
        "kernel": (source.sizes[1], gates),
        "recurrent_kernel": (units, gates),
    }
    if kind == "GRU":
        _check_reset(layer)
    if has_bias:
        shapes["bias"] = (gates,) if kind == "LSTM" else (2, gates)
    found = layer.read(shapes, *inside)
    weights = {"input_weights": found["kernel"].T, "recurrent_weights": found["recurrent_kernel"].T}
    if kind == "LSTM":  # gates are in the same order: input, forget, cell, output
        return {**weights, "biases": found.get("bias", np.zeros(gates, np.float32))}
    return _reordered(weights, found.get("bias", np.zeros((2, gates), np.float32)))


def _check_reset(layer: Layer) -> None:
    """Refuse a GRU that resets before the product, which early files leave unsaid."""
    if layer.is_old and layer.fields.look("reset_after") is None:
        layer.fields.refuse(f"does not say reset_after, which was False in early versions of Keras: {RESET}")
    if not layer.fields.flag("reset_after", True):
        layer.fields.refuse(f"reset_after is False: {RESET}")


def _reordered(weights: Mapping[str, np.ndarray], biases: np.ndarray) -> dict[str, np.ndarray]:
    """Return the arrays of a GRU with the gates as ours: reset, update, candidate; update is first there."""
    of_inputs, of_hidden = reordered_biases(biases)
    arrays = {name: swapped(array) for name, array in weights.items()}
    return {**arrays, "biases": of_inputs, "recurrent_biases": of_hidden}


def reordered_biases(biases: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the biases of a GRU that ours adds to the inputs, and those of the candidate's hidden values."""
    added, of_hidden = (swapped(each) for each in biases)
    units = len(added) // 3
    added[: 2 * units] += of_hidden[: 2 * units]
    return added, of_hidden[2 * units :]


def swapped(array: np.ndarray) -> np.ndarray:
    """Return the rows of the gates with the first two in the other order: a copy."""
    update, reset, candidate = np.split(array, 3)
    return np.concatenate([reset, update, candidate])


def bidirectional(layer: Layer, values: Sequence[Value]) -> list[Part]:
    """Read a Bidirectional of two LSTMs or GRUs whose outputs lie side by side."""
    fields, source = layer.fields, _sequence(layer.fields, values)
    fields.only(merge_mode="concat")
    forward, backward = fields.take("layer"), fields.take("backward_layer")
    kind, described, arrays = _direction(layer, source, forward, "forward", False)
    units = described["units"]
    if backward is None:
        backward = _turned(fields, forward)
    other = _direction(layer, source, backward, "backward", True)
    if (kind, described) != other[:2]:
        fields.refuse("its directions are different layers; two of one kind are mapped")
    described["bidirectional"] = True
    sizes = (source.sizes[0], 2 * units) if described["whole_sequence"] else (2 * units,)
    return [made(source, kind.lower(), sizes, described, {**arrays, **other[2]})]


def _turned(fields: Fields, forward: Any) -> Any:
    """Return the description of the backward layer, where the file leaves it out."""
    if not isinstance(forward, dict) or not isinstance(forward.get("config"), dict):
        fields.refuse("layer is no layer")
    return {**forward, "config": {**forward["config"], "go_backwards": True}}


def _direction(
    layer: Layer, source: Value, described: Any, direction: str, turned: bool
) -> tuple[str, dict[str, Any], dict[str, np.ndarray]]:
    fields = layer.fields
    if not isinstance(described, dict) or not isinstance(described.get("config"), dict):
        fields.refuse(f"its {direction} layer is {short_repr(described)}, and no layer")
    kind = described.get("class_name")
    if not isinstance(kind, str) or kind not in GATES or described.get("registered_name"):
        fields.refuse(f"its {direction} layer is {short_repr(kind)}; LSTM and GRU are mapped")
    inside = Fields(f"{fields.where}, {direction}", described["config"])
    inside.only(go_backwards=turned)
    inside.check_dtype()
    inside.ignore("name", "trainable", "batch_input_shape", "activity_regularizer")
    found, units = _described(kind, inside)
    arrays = _arrays(kind, layer._replace(fields=inside), source, units, f"{direction}_layer", "cell")
    inside.end()
    return kind, found, {f"layer_0.{direction}.{name}": array for name, array in arrays.items()}
