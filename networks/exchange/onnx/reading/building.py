"""From planned layers to a network: one description, and the arrays that belong to it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from networks.base.network import Network
from networks.base.nodes import call_name
from networks.exchange.onnx.reading.graph import called
from networks.exchange.onnx.reading.naming import different, network_name, tensor_name
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
    read = {source for layer in layers for source in layer.sources}
    plan = plan._replace(inputs={name: layer for name, layer in plan.inputs.items() if layer in read})
    _check_twins(layers)
    shared = _shared(layers)
    networks = [layer for layer in layers if shared[layer] is layer]
    wanted = [network_name(each.name) or each.family for each in networks]
    names = dict(zip(networks, different(wanted), strict=True))
    calls = _call_names(layers, shared, names)
    try:
        with at_most_parameters(parameter_count(networks)):
            network = network_from_configuration(_configuration(plan, names, shared, calls), {}, dtype=dtype)
    except UNBUILDABLE as error:
        raise RefusedError(f"the network in it cannot be built: {one_line(str(error))}") from error
    _fill(network, names, calls)
    return network


def _shared(layers: Sequence[Layer]) -> dict[Layer, Layer]:
    """Return, for every layer, the first that is made in the same way of the same tensors of the file."""
    first: dict[tuple[str, tuple[str, ...]], Layer] = {}
    shared: dict[Layer, Layer] = {}
    for layer in layers:
        shared[layer] = layer
        if layer.arrays and all(layer.origins):
            other = first.setdefault((json.dumps(describe(layer)), layer.origins), layer)
            if all(np.array_equal(array, other.arrays[name]) for name, array in layer.arrays.items()):
                shared[layer] = other
    return shared


def _call_names(
    layers: Sequence[Layer], shared: Mapping[Layer, Layer], names: Mapping[Layer, str]
) -> dict[Layer, str]:
    """Return what the call of each layer is called: `tower`, and the second time `tower:2`."""
    numbers: Counter[str] = Counter()
    calls: dict[Layer, str] = {}
    for layer in layers:
        name = names[shared[layer]]
        numbers[name] += 1
        calls[layer] = call_name(name, numbers[name])
    return calls


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
    there = set(layers)
    for layer in layers:
        if layer.twin in there:
            name = called(layer.name) if layer.name else layer.family
            raise RefusedError(
                f"{name}: every step and the last hidden values are read, and ours gives one of them"
            )


def _configuration(
    plan: Plan, names: Mapping[Layer, str], shared: Mapping[Layer, Layer], calls: Mapping[Layer, str]
) -> dict[str, Any]:
    described = {name: describe(layer) for layer, name in names.items()}
    if _is_chain(plan, list(calls)) and len(names) == len(calls):
        return {"family": "sequential", "networks": described}
    input_names = different(map(tensor_name, plan.inputs), names.values())
    inputs = dict(zip(plan.inputs.values(), input_names, strict=True))
    known = {**calls, **inputs}
    outputs = different(map(tensor_name, plan.outputs))
    return {
        "family": "model",
        "inputs": {name: str(layer.shape) for layer, name in inputs.items()},
        "networks": described,
        "uses": [[names[shared[layer]], *(known[each] for each in layer.sources)] for layer in calls],
        "outputs": {name: calls[layer] for name, layer in zip(outputs, plan.outputs.values(), strict=True)},
    }


def _is_chain(plan: Plan, layers: Sequence[Layer]) -> bool:
    """Return whether every layer reads the one before, and the last is the only output."""
    if len(plan.inputs) > 1 or list(plan.outputs.values()) != [layers[-1]]:
        return False
    before = [next(iter(plan.inputs.values())), *layers[:-1]]
    return all(layer.sources == (source,) for layer, source in zip(layers, before, strict=True))


def _fill(network: Network, names: Mapping[Layer, str], calls: Mapping[Layer, str]) -> None:
    """Write parameters and running statistics."""
    for layer, name in names.items():
        for part, array in parameters_of(layer).items():
            _write(network.parameters[f"{name}.{part}"], array, layer.name or layer.family)
    state = network.state()
    for layer, name in calls.items():
        inside = "network." if layer.steps else ""
        for part, array in layer.state.items():
            _write(state[f"{name}.{inside}{part}"], array, layer.name or layer.family)


def _write(target: np.ndarray, array: np.ndarray, name: str) -> None:
    with np.errstate(over="ignore", invalid="ignore"):  # said below
        target[...] = array.reshape(target.shape)
    if not np.isfinite(target).all():
        raise RefusedError(f"{called(name)}: its weights hold numbers too large for {target.dtype}")
