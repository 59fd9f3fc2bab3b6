"""Functions of single values: the activation of the layer before, or a layer of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from networks.exchange.onnx.reading.layouts import ending_in
from networks.exchange.onnx.reading.node import Given, Node
from networks.exchange.onnx.reading.plan import FUSES, IDENTITY, Beyond, Layer, Value

Described = dict[str, Any]

SAME_BEYOND = 20.0
"""From here on a softplus is what it is given, in float32 to the last bit and in float64 to 2e-9."""

SQUASH = {"name": "squash", "leakage": 0.0}
"""Limits of -1 and 1."""


def activated(node: Node, value: Value, activation: Described) -> list[Value]:
    """Return values with a function applied."""
    layer = value.layer
    if value.is_alone and layer.family in FUSES and layer.fields["activation"] == IDENTITY:
        layer.fields["activation"] = activation
        return [value]
    made = Layer(
        node.name,
        "activation",
        layer.shape,
        layer.order,
        (layer,),
        {"activation": activation},
        source_is_alone=value.is_alone,
    )
    return [Value(made, value.axes)]


def plain(name: str) -> Callable[[Node], list[Value]]:
    """Return the reader of a function without parameters."""
    return lambda node: activated(node, node.value(0), {"name": name})


def leaky_relu(node: Node) -> list[Value]:
    """Read a leaky ReLU, whose leakage ours has from 0 to 1."""
    leakage = node.real("alpha", 0.01)
    if not 0 <= leakage <= 1:
        node.refuse(f"attribute alpha is {leakage}; from 0 to 1 is mapped")
    return activated(node, node.value(0), {"name": "leaky_relu", "leakage": leakage})


def elu(node: Node) -> list[Value]:
    """Read an ELU, of which ours has that of alpha 1."""
    alpha = node.real("alpha", 1.0)
    if alpha != 1:
        node.refuse(f"attribute alpha is {alpha}; 1 alone is mapped")
    return activated(node, node.value(0), {"name": "elu"})


def hard_sigmoid(node: Node) -> list[Value]:
    """Read a hard sigmoid, of which ours is 0.5 at zero."""
    steepness, middle = node.real("alpha", 0.2), node.real("beta", 0.5)
    if middle != 0.5 or not 0 < steepness <= 1:
        node.refuse(
            f"attributes alpha and beta are {steepness:g} and {middle:g}; up to 1, and 0.5, are mapped"
        )
    return activated(node, node.value(0), {"name": "hard_sigmoid", "steepness": steepness})


def clip(node: Node) -> list[Value]:
    """Read limits: from -1 to 1 a squash, from 0 up a ReLU."""
    limits = (node.real("min", -np.inf), node.real("max", np.inf)) if node.since < 11 else _limits(node)
    known: dict[tuple[float, float], Described] = {
        (-1.0, 1.0): SQUASH,
        (0.0, np.inf): {"name": "relu"},
    }
    if limits not in known:
        node.refuse(f"limits {limits[0]:g} and {limits[1]:g}; -1 and 1, or 0 alone, are mapped")
    return activated(node, node.value(0), known[limits])


def _limits(node: Node) -> tuple[float, float]:
    found = []
    for number, otherwise in ((1, -np.inf), (2, np.inf)):
        given = node.input(number)
        if given is None:
            found.append(otherwise)
            continue
        array = node.constant(number)
        if array.size != 1:
            node.refuse(f"input {number} is {array.shape}, not one number")
        found.append(float(array.reshape(-1)[0]))
    return found[0], found[1]


def greater(node: Node) -> list[Given]:
    """Read a comparison with a number."""
    limit = node.constant(1)
    if limit.size != 1:
        node.refuse(f"input 1 is {limit.shape}, not one number")
    return [Beyond(node.value(0), float(limit.reshape(-1)[0]))]


def where(node: Node) -> list[Given]:
    """Read a softplus that gives what it is given where that is large, as PyTorch's does."""
    asked, given, softplus = node.input(0), node.value(1), node.value(2)
    is_softplus = softplus.layer.fields.get("activation") == {"name": "softplus"}
    if (
        not isinstance(asked, Beyond)
        or asked.limit < SAME_BEYOND
        or not is_softplus
        or softplus.layer.sources != (given.layer,)
        or asked.value.layer is not given.layer
        or not given.axes == asked.value.axes == softplus.axes
    ):
        node.refuse(
            f"is mapped where constants are chosen, and for a softplus beyond {SAME_BEYOND:g} or more"
        )
    return [softplus]


def nothing(node: Node) -> list[Given]:
    """Read a node that gives what it is given."""
    given = node.input(0)
    if given is None:
        node.refuse("input 0 is left out")
    return [given]


def dropout(node: Node) -> list[Given]:
    """Read a dropout, which does nothing after training."""
    if 1 in node.used:
        node.refuse("output 1, what was dropped, is not mapped")
    node.real("ratio", 0.5)
    node.integer("seed", 0)
    if node.input(2) is not None and node.constant(2).any():
        node.refuse("input 2, training_mode, is true: export the model for inference")
    return nothing(node)


def softmax(node: Node) -> list[Value]:
    """Read a softmax over the last side of ours; before opset 13 over all axes from one on."""
    value = node.value(0)
    number = node.integer("axis", 1 if node.since < 13 else -1)
    rank = len(value.axes)
    if not -rank <= number < rank:
        node.refuse(f"attribute axis is {number}, and the input has {rank} axes")
    number %= rank
    taken = value.axes[number:] if node.since < 13 else value.axes[number : number + 1]
    layer, _ = ending_in(node, value, taken)
    return [Value(Layer(node.name, "softmax", layer.shape, layer.order, (layer,)), value.axes)]
