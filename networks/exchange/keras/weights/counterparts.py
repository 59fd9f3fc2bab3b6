"""What stands for each layer in a file of weights of Keras: arrays in an order, and where they go to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from networks.base.network import Network
from networks.exchange.calls_of_layers import calls_of_layers
from networks.exchange.keras.reading.layers.recurrent import reordered_biases, swapped
from networks.exchange.keras.refusals import RefusedError
from networks.spectral_normalisation import SpectralNormalisation
from networks.time_distributed import TimeDistributed

OPTIONAL = frozenset(("bias", "gamma", "beta"))
"""Arrays that a layer of Keras may be without."""

VARIANCE = "moving_variance"

INSIDE = "network"
"""What a network that is applied to every step is called in it."""


class Slot(NamedTuple):
    """An array of theirs: its shape, and what takes it into the network."""

    shape: tuple[int, ...]
    write: Callable[[np.ndarray], None]


class Counterpart(NamedTuple):
    """A layer.

    Attributes
    ----------
    kinds
        Classes that it may be of there, as groups are called.
    parts
        The arrays in their order there by name, by the part of the layer that has them: `forward_layer`, or
        an empty name.
    """

    kinds: tuple[str, ...]
    parts: Mapping[str, Mapping[str, Slot]]

    def labelled(self, layer: str) -> dict[str, Slot]:
        """Return all arrays by names for a reader, those of the layer first."""
        return {
            label(layer, part, name): slot
            for part, slots in self.parts.items()
            for name, slot in slots.items()
        }


def label(*names: str) -> str:
    """Return the names that are not empty, between dots."""
    return ".".join(name for name in names if name)


def counterparts(network: Network) -> dict[str, list[Counterpart]]:
    """Return what stands for every layer that has arrays, for each call of it, by its first name.

    The network within a `TimeDistributed` has the name of that; every further layer of a recurrent network is
    called `layer_0`, `layer_1` and so on in it.

    Raises
    ------
    RefusedError
        When a layer has no counterpart; names it.
    """
    if any(isinstance(each, SpectralNormalisation) for each in network.all_networks):
        raise RefusedError(
            "a spectral_normalisation computes with other weights than it has: read into the network in it, "
            "called `network`"
        )
    steps = _at_every_step("", network)
    found: dict[str, list[Counterpart]] = {}
    for name, calls in calls_of_layers(network).items():
        called = name.removesuffix(f".{INSIDE}") if name in steps else name
        for layer in calls:
            for part, each in _of_layer(called, layer).items():
                found.setdefault(part, []).append(each)
    return found


def _at_every_step(prefix: str, network: Any) -> set[str]:
    """Return the names of the networks that are applied to every step."""
    names = {label(prefix, INSIDE)} if isinstance(network, TimeDistributed) else set()
    for name, each in getattr(network, "named", {}).items():
        names |= _at_every_step(label(prefix, name), each)
    return names


def _of_layer(name: str, layer: Network) -> dict[str, Counterpart]:
    if layer.family in RECURRENT:
        return _recurrent(name, layer)
    if layer.family in LAYERS:
        return {name: LAYERS[layer.family](layer)}
    if layer.parameters.size or layer.state():
        raise RefusedError(f"{name or layer.family}: a {layer.family} has no counterpart in Keras")
    return {}


def _view(array: np.ndarray) -> Slot:
    """Return a place that is a view of ours with the axes in their order."""
    return Slot(array.shape, partial(np.copyto, array))


def _plain(*kinds: str, **arrays: np.ndarray) -> Counterpart:
    return Counterpart(kinds, {"": {name: _view(array) for name, array in arrays.items()}})


def _dense(layer: Any) -> Counterpart:
    parameters = layer.parameters
    return _plain("dense", kernel=parameters["weights"].T, bias=parameters["biases"].reshape(-1))


def _convolution(layer: Any) -> Counterpart:
    kernel = layer.parameters["weights"].transpose(1, 2, 3, 0)
    return _plain("conv2d", kernel=kernel, bias=layer.parameters["biases"])


def _transposed_convolution(layer: Any) -> Counterpart:
    # ours are (input channels, rows, columns, output channels)
    kernel = layer.parameters["weights"].transpose(1, 2, 3, 0)
    return _plain("conv2d_transpose", kernel=kernel, bias=layer.parameters["biases"])


def _embedding(layer: Any) -> Counterpart:
    return _plain("embedding", embeddings=layer.parameters["weights"])


def _batch_normalisation(layer: Any) -> Counterpart:
    parameters, state = layer.parameters, layer.state()
    return _plain(
        "batch_normalization",
        gamma=parameters["scale"],
        beta=parameters["shift"],
        moving_mean=state["means"],
        moving_variance=state["variances"],
    )


def _layer_normalisation(layer: Any) -> Counterpart:
    sizes = tuple(layer.input_shape)
    shape = sizes[-1:] if layer.axes == "last" else sizes[2:] if sizes[:2] == (1, 1) else sizes
    arrays = [layer.parameters[name].reshape(shape) for name in ("scale", "shift")]
    return _plain("layer_normalization", gamma=arrays[0], beta=arrays[1])


LAYERS: Mapping[str, Callable[[Any], Counterpart]] = {
    "batch_normalisation": _batch_normalisation,
    "convolution": _convolution,
    "dense": _dense,
    "embedding": _embedding,
    "layer_normalisation": _layer_normalisation,
    "transposed_convolution": _transposed_convolution,
}
"""By the family's name."""

RECURRENT = {"lstm": "lstm", "gru": "gru"}
"""Families of layers in one direction or both, and their classes."""


def _recurrent(name: str, layer: Any) -> dict[str, Counterpart]:
    """Return what stands for every layer of a recurrent network."""
    if getattr(layer, "peepholes", False):
        raise RefusedError(f"{name or layer.family}: an LSTM of Keras has no peepholes")
    kind, both = RECURRENT[layer.family], layer.bidirectional
    directions = {"forward_layer": "forward", "backward_layer": "backward"} if both else {"": "forward"}
    return {
        label(name, f"layer_{number}" if layer.layer_count > 1 else ""): Counterpart(
            ("bidirectional",) if both else (kind,),
            {
                part: DIRECTIONS[kind](layer.parameters, f"layer_{number}.{direction}.")
                for part, direction in directions.items()
            },
        )
        for number in range(layer.layer_count)
    }


def _lstm(parameters: Any, prefix: str) -> dict[str, Slot]:
    """Return the arrays of a direction; gates are in the same order."""
    return {
        "kernel": _view(parameters[f"{prefix}input_weights"].T),
        "recurrent_kernel": _view(parameters[f"{prefix}recurrent_weights"].T),
        "bias": _view(parameters[f"{prefix}biases"]),
    }


def _gru(parameters: Any, prefix: str) -> dict[str, Slot]:
    """Return the arrays of a direction, whose update gate is first there, and ours the reset gate."""
    biases, hidden = parameters[f"{prefix}biases"], parameters[f"{prefix}recurrent_biases"]

    def kernel(target: np.ndarray) -> Slot:
        return Slot(target.T.shape, lambda array: np.copyto(target, swapped(array.T)))

    def write_biases(array: np.ndarray) -> None:
        biases[...], hidden[...] = reordered_biases(array)

    return {
        "kernel": kernel(parameters[f"{prefix}input_weights"]),
        "recurrent_kernel": kernel(parameters[f"{prefix}recurrent_weights"]),
        "bias": Slot((2, biases.size), write_biases),
    }


DIRECTIONS = {"lstm": _lstm, "gru": _gru}
