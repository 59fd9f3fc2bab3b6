"""A graph from a file, checked entry by entry before anything is built from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from nn.activations import Activation, activation_from_configuration
from nn.graph.neuron import Kind, Layer
from nn.parameter_limit import check_parameter_count
from nn.shape import LARGEST, Shape
from nn.short_text import join_names, short_repr

Description = dict[str, Any]


class Arrays(NamedTuple):
    """The columns of a graph; see `nn.graph.storage.GraphStorage`."""

    kinds: np.ndarray
    activation_of: np.ndarray
    bias_of: np.ndarray
    sources: np.ndarray
    targets: np.ndarray
    weight_of: np.ndarray
    delays: np.ndarray
    weights: np.ndarray
    biases: np.ndarray
    outputs: np.ndarray


def read_description(configuration: Description) -> tuple[list[Activation], list[Layer]]:
    """Return the activations and layers of a graph's description.

    Raises
    ------
    ValueError
        When a key is missing or unknown, or an activation or a shape cannot be read.
    """
    _check_keys("graph", configuration, {"activations", "layers", "weights", "biases"})
    for key in ("weights", "biases"):
        _check_count(f"graph: {key}", configuration[key])
    check_parameter_count(configuration["weights"] + configuration["biases"])
    for key in ("activations", "layers"):
        if not isinstance(configuration[key], list):
            raise ValueError(f"graph: {key} is {short_repr(configuration[key])}, expected a list")
    for number, each in enumerate(configuration["activations"]):
        if not isinstance(each, Mapping):
            raise ValueError(
                f"graph: activation {number} is {short_repr(each)}, expected a name with its parameters"
            )
    activations = [activation_from_configuration(each) for each in configuration["activations"]]
    layers = []
    for number, each in enumerate(configuration["layers"]):
        _check_keys(f"graph: layer {number}", each, {"name", "shape", "first"})
        _check_count(f"graph: layer {number}: first", each["first"])
        for key in ("name", "shape"):
            if not isinstance(each[key], str):
                raise ValueError(f"graph: layer {number}: {key} is {short_repr(each[key])}, expected a text")
        layers.append(Layer(each["name"], Shape.parse(each["shape"]), each["first"]))
    return activations, layers


def _check_keys(what: str, found: Any, expected: set[str]) -> None:
    if not isinstance(found, Mapping) or set(found) != expected:
        names = join_names(sorted(map(str, found))) if isinstance(found, Mapping) else short_repr(found)
        raise ValueError(f"{what}: found {names}, expected {join_names(sorted(expected))}")


def _check_count(what: str, value: Any) -> None:
    if type(value) is not int or not 0 <= value <= LARGEST:
        raise ValueError(f"{what} is {short_repr(value)}, expected a whole number of at least 0")


def check_arrays(
    configuration: Description, arrays: Mapping[str, np.ndarray], activations: int, layers: list[Layer]
) -> Arrays:
    """Return the arrays of a graph after checking every entry.

    Raises
    ------
    ValueError
        Naming the array, the entry, its value and the allowed ones.
    """
    given = {
        "weights": np.broadcast_to(0.0, configuration["weights"]),
        "biases": np.broadcast_to(0.0, configuration["biases"]),
        **arrays,
    }
    _check_keys("graph: arrays", given, set(Arrays._fields))
    checked = Arrays(**given)
    _check_types(checked, configuration)
    neurons = len(checked.kinds)
    _check_range("kinds", checked.kinds, 0, len(Kind))
    _check_range("activation_of", checked.activation_of, 0, activations)
    _check_range("bias_of", checked.bias_of, -1, configuration["biases"])
    _check_range("sources", checked.sources, 0, neurons)
    _check_range("targets", checked.targets, 0, neurons)
    _check_range("weight_of", checked.weight_of, -1, configuration["weights"])
    _check_range("delays", checked.delays, 0, np.iinfo(np.int32).max)
    _check_range("outputs", checked.outputs, 0, neurons)
    _check_kinds(checked)
    _check_layers(layers, neurons)
    return checked


_KINDS = {"f": "floating point numbers", "iu": "whole numbers"}


def _check_types(arrays: Arrays, configuration: Description) -> None:
    lengths = {
        "activation_of": len(arrays.kinds),
        "bias_of": len(arrays.kinds),
        "targets": len(arrays.sources),
        "weight_of": len(arrays.sources),
        "delays": len(arrays.sources),
        "weights": configuration["weights"],
        "biases": configuration["biases"],
    }
    for name, array in arrays._asdict().items():
        expected = "f" if name in ("weights", "biases") else "iu"
        if array.ndim != 1 or array.dtype.kind not in expected:
            raise ValueError(
                f"graph: {name} is {array.dtype} {array.shape}, expected one axis of {_KINDS[expected]}"
            )
        if len(array) != lengths.get(name, len(array)):
            raise ValueError(f"graph: {name} has {len(array)} entries, expected {lengths[name]}")
        if expected == "f" and not np.isfinite(array).all():
            raise ValueError(f"graph: {name} holds NaN or infinity")


def _check_range(name: str, array: np.ndarray, low: int, high: int) -> None:
    wrong = np.flatnonzero((array < low) | (array >= high))
    if wrong.size:
        raise ValueError(f"graph: {name}[{wrong[0]}] is {array[wrong[0]]}, expected {low} to {high - 1}")


def _check_kinds(arrays: Arrays) -> None:
    fed = np.flatnonzero(arrays.kinds[arrays.targets] == Kind.INPUT)
    if fed.size:
        raise ValueError(f"graph: connection {fed[0]} leads to neuron {arrays.targets[fed[0]]}, an input")
    biased = np.flatnonzero((arrays.kinds != Kind.SUM) & (arrays.bias_of >= 0))
    if biased.size:
        raise ValueError(f"graph: neuron {biased[0]} has a bias, but is not a sum")
    if len(np.unique(arrays.outputs)) != len(arrays.outputs):
        raise ValueError("graph: a neuron is output twice")


def _check_layers(layers: list[Layer], neurons: int) -> None:
    end = 0
    for layer in layers:
        if layer.first < end or layer.neurons.stop > neurons:
            raise ValueError(
                f"graph: layer {short_repr(layer.name)} spans neurons {layer.first} to "
                f"{layer.neurons.stop - 1}, expected within {end} to {neurons - 1}"
            )
        end = layer.neurons.stop
    if len({layer.name for layer in layers}) != len(layers):
        raise ValueError("graph: two layers have one name")
