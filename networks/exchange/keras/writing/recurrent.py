"""LSTM and GRU, a layer of Keras for every layer of ours."""

from __future__ import annotations

from typing import Any

import numpy as np

from networks.exchange.keras.refusals import RefusedError
from networks.exchange.keras.writing.theirs import Ours, Theirs, arranged


def lstm(ours: Ours) -> list[Theirs]:
    """Write an LSTM; gates are in the same order."""
    layer: Any = ours.layer
    if layer.peepholes:
        raise RefusedError(f"{ours.name or layer.family}: an LSTM of Keras has no peepholes")
    return _layers(ours, "LSTM")


def gru(ours: Ours) -> list[Theirs]:
    """Write a GRU, whose update gate is first there."""
    return _layers(ours, "GRU")


def _layers(ours: Ours, kind: str) -> list[Theirs]:
    layer: Any = ours.layer
    if layer.stateful:
        raise RefusedError(
            f"{ours.name or layer.family}: is stateful, which is not written: build it without"
        )
    made = arranged(ours.given[0], layer.input_shape)
    last = layer.layer_count - 1
    for number in range(layer.layer_count):
        every = number < last or layer.whole_sequence
        features = layer.units * (2 if layer.bidirectional else 1)
        sizes = (layer.input_shape[0], features) if every else (features,)
        directions = [
            _directed(kind, layer, f"layer_{number}.{direction}.", every, direction == "backward")
            for direction in (("forward", "backward") if layer.bidirectional else ("forward",))
        ]
        if not layer.bidirectional:
            made += directions
            continue
        inside = {"layer": directions[0], "backward_layer": directions[1]}
        made.append(Theirs("Bidirectional", sizes, {"merge_mode": "concat"}, inside=inside))
    return made


def _directed(kind: str, layer: Any, prefix: str, every: bool, turned: bool) -> Theirs:
    configuration = {
        "units": layer.units,
        "activation": "tanh",
        "recurrent_activation": "sigmoid",
        "use_bias": True,
        "return_sequences": every,
        "go_backwards": turned,
    }
    arrays = {
        name: layer.parameters[prefix + name] for name in ("input_weights", "recurrent_weights", "biases")
    }
    if kind == "GRU":
        configuration["reset_after"] = True
        hidden = layer.parameters[prefix + "recurrent_biases"]
        arrays = {name: _swapped(array) for name, array in arrays.items()}
        biases = np.stack(
            [arrays["biases"], np.concatenate([np.zeros_like(hidden), np.zeros_like(hidden), hidden])]
        )
    else:
        biases = arrays["biases"]
    variables = {
        "kernel": arrays["input_weights"].T,
        "recurrent_kernel": arrays["recurrent_weights"].T,
        "bias": biases,
    }
    sizes = (layer.input_shape[0], layer.units) if every else (layer.units,)
    return Theirs(kind, sizes, configuration, variables, part="cell")


def _swapped(array: np.ndarray) -> np.ndarray:
    reset, update, candidate = np.split(array, 3)
    return np.concatenate([update, reset, candidate])
