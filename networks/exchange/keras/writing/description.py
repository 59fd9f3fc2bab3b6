"""The description of a model, as `keras.saving` reads it."""

from __future__ import annotations

from typing import Any

from networks.exchange.keras.writing.order import layers_in_order
from networks.exchange.keras.writing.theirs import Theirs
from networks.exchange.keras.writing.wiring import Node, Wiring


def is_chain(wiring: Wiring) -> bool:
    """Return whether every layer reads the one before, once."""
    names = list(wiring.layers)
    return (
        len(wiring.inputs) == len(wiring.outputs) == 1
        and all(
            len(wiring.calls[name]) == 1 and [each.layer for each in wiring.calls[name][0]] == [before]
            for name, before in zip(names[1:], names, strict=False)
        )
        and wiring.outputs[0].layer == names[-1]
    )


def described(wiring: Wiring, dtype: str) -> dict[str, Any]:
    """Return the description of a `keras.Sequential` where it is a chain, else of a functional model."""
    names = layers_in_order(wiring)
    layers = {name: _layer(name, wiring.layers[name], dtype) for name in names}
    if is_chain(wiring):
        configuration = {"name": "sequential", "trainable": True, "dtype": _policy(dtype)}
        configuration["layers"] = list(layers.values())
        return _object("keras", "Sequential", configuration)
    for name, layer in layers.items():
        layer["name"] = name
        layer["inbound_nodes"] = [
            {"args": [_tensors(nodes, dtype)], "kwargs": {}} for nodes in wiring.calls[name]
        ]
    configuration = {
        "name": "functional",
        "trainable": True,
        "layers": list(layers.values()),
        "input_layers": [_place(node) for node in wiring.inputs],
        "output_layers": [_place(node) for node in wiring.outputs],
    }
    if len(wiring.inputs) == 1:
        configuration["input_layers"] = _place(wiring.inputs[0])
    if len(wiring.outputs) == 1:
        configuration["output_layers"] = _place(wiring.outputs[0])
    return _object("keras.src.models.functional", "Functional", configuration) | {
        "registered_name": "Functional"
    }


def _object(module: str, kind: str, configuration: dict[str, Any]) -> dict[str, Any]:
    return {"module": module, "class_name": kind, "config": configuration, "registered_name": None}


def _policy(dtype: str) -> dict[str, Any]:
    return _object("keras", "DTypePolicy", {"name": dtype})


def _layer(name: str, layer: Theirs, dtype: str) -> dict[str, Any]:
    if layer.kind == "InputLayer":
        kind = layer.configuration["dtype"] or dtype
        return _object("keras.layers", layer.kind, {**layer.configuration, "dtype": kind, "name": name})
    configuration = {
        "name": name,
        "trainable": layer.trainable,
        "dtype": _policy(dtype),
        **layer.configuration,
    }
    for part, inside in layer.inside.items():
        configuration[part] = _layer(f"{name}_{part}", inside, dtype)
    return _object("keras.layers", layer.kind, configuration)


def _place(node: Node) -> list[Any]:
    return [node.layer, node.call, 0]


def _tensors(nodes: tuple[Node, ...], dtype: str) -> Any:
    found = [
        {
            "class_name": "__keras_tensor__",
            "config": {"shape": [None, *node.sizes], "dtype": dtype, "keras_history": _place(node)},
        }
        for node in nodes
    ]
    return found if len(found) > 1 else found[0]
