"""From planned layers to a network: one description, and the arrays that belong to it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from networks.base.network import Network
from networks.exchange.onnx.reading.plan import Layer, describe, parameter_count, parameters_of
from networks.exchange.onnx.reading.planning import Plan
from networks.exchange.onnx.reading.refusals import RefusedError
from networks.ladder import network_from_configuration
from nn.one_line import one_line
from nn.parameter_limit import at_most_parameters

UNBUILDABLE = (ValueError, TypeError, KeyError, IndexError, RecursionError, MemoryError)


def build(plan: Plan, dtype: np.dtype) -> Network:
    """Return the network of a plan, with its parameters and running statistics.

    Raises
    ------
    RefusedError
        When it cannot be built, or numbers are too large for the dtype.
    """
    layers = _in_order(list(plan.outputs.values()))
    _check_twins(layers)
    names = _named(layers)
    try:
        with at_most_parameters(parameter_count(layers)):
            network = network_from_configuration(_configuration(plan, layers, names), {}, dtype=dtype)
    except UNBUILDABLE as error:
        raise RefusedError(f"the network in it cannot be built: {one_line(str(error))}") from error
    _fill(network, layers, names)
    return network


def _in_order(outputs: Sequence[Layer]) -> list[Layer]:
    """Return all layers, each after those it reads; inputs are not among them."""
    found: dict[Layer, None] = {}
    waiting = [(layer, False) for layer in reversed(outputs)]
    while waiting:
        layer, is_ready = waiting.pop()
        if layer in found or not layer.family:
            continue
        if is_ready:
            found[layer] = None
        else:
            waiting.append((layer, True))
            waiting.extend((each, False) for each in reversed(layer.sources))
    return list(found)


def _check_twins(layers: Sequence[Layer]) -> None:
    for layer in layers:
        if layer.twin in layers:
            raise RefusedError(
                f"{layer.name or layer.family}: every step and the last hidden values are read, and ours "
                "gives one of them"
            )


def _named(layers: Sequence[Layer]) -> dict[Layer, str]:
    """Return different names, those of the nodes as far as they are names here."""
    names: dict[Layer, str] = {}
    taken: set[str] = set()
    for layer in layers:
        name = plain_name(layer.name) or layer.family
        number = 2
        unique = name
        while unique in taken:
            unique, number = f"{name}_{number}", number + 1
        taken.add(unique)
        names[layer] = unique
    return names


def plain_name(name: str) -> str:
    """Return what a name of ours is made of: of `/features/features.0/Conv` it is `features_0`."""
    parts = [part for part in name.split("/") if part]
    if name.startswith("/") and len(parts) > 1:
        parts = parts[:-1]
    return re.sub(r"\W+", "_", parts[-1] if parts else "")[:60].strip("_")


def _configuration(plan: Plan, layers: Sequence[Layer], names: Mapping[Layer, str]) -> dict[str, Any]:
    described = {names[layer]: describe(layer) for layer in layers}
    if _is_chain(plan, layers):
        return {"family": "sequential", "networks": described}
    inputs = _input_names(plan, set(names.values()))
    known = {**names, **inputs}
    return {
        "family": "model",
        "inputs": {name: str(layer.shape) for layer, name in inputs.items()},
        "networks": described,
        "uses": [[names[layer], *(known[each] for each in layer.sources)] for layer in layers],
        "outputs": {_output_name(name): names[layer] for name, layer in plan.outputs.items()},
    }


def _is_chain(plan: Plan, layers: Sequence[Layer]) -> bool:
    """Return whether every layer reads the one before, and the last is the only output."""
    if len(plan.inputs) > 1 or list(plan.outputs.values()) != [layers[-1]]:
        return False
    before = [next(iter(plan.inputs.values())), *layers[:-1]]
    return all(layer.sources == (source,) for layer, source in zip(layers, before, strict=True))


def _input_names(plan: Plan, taken: set[str]) -> dict[Layer, str]:
    names: dict[Layer, str] = {}
    for name, layer in plan.inputs.items():
        plain = re.sub(r"\W+", "_", name)[:60] or "input"
        while plain in taken:
            plain += "_"
        taken.add(plain)
        names[layer] = plain
    return names


def _output_name(name: str) -> str:
    return re.sub(r"\W+", "_", name)[:60] or "output"


def _fill(network: Network, layers: Sequence[Layer], names: Mapping[Layer, str]) -> None:
    """Write parameters and running statistics."""
    state = network.state()
    for layer in layers:
        arrays = {f"{names[layer]}.{name}": array for name, array in parameters_of(layer).items()}
        for name, array in arrays.items():
            _write(network.parameters[name], array, layer.name or layer.family)
        inside = "network." if layer.steps else ""
        for name, array in layer.state.items():
            _write(state[f"{names[layer]}.{inside}{name}"], array, layer.name or layer.family)


def _write(target: np.ndarray, array: np.ndarray, name: str) -> None:
    with np.errstate(over="ignore"):  # said below
        target[...] = array.reshape(target.shape)
    if not np.isfinite(target).all():
        raise RefusedError(f"{one_line(name[:60])}: its weights hold numbers too large for {target.dtype}")
