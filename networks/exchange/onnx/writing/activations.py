"""Activations as operators."""

from __future__ import annotations

from networks.exchange.onnx.writing.graph import GraphWriter
from nn.activations import Activation

NAMES = {"relu": "Relu", "elu": "Elu", "softplus": "Softplus", "tanh": "Tanh", "sigmoid": "Sigmoid"}


def activated(graph: GraphWriter, name: str, activation: Activation | None) -> str:
    """Apply an activation to a tensor; return the name of the result."""
    if activation is None or activation.name == "identity":
        return name
    if activation.name in NAMES:
        return str(graph.node(NAMES[activation.name], [name]))
    if activation.name == "leaky_relu":
        return str(graph.node("LeakyRelu", [name], alpha=float(activation.slope)))
    if activation.name == "hard_sigmoid":
        return str(graph.node("HardSigmoid", [name], alpha=float(activation.slope), beta=0.5))
    if activation.name == "squash":
        ends = [graph.constant(number, "limit") for number in (-1.0, 1.0)]
        inside = str(graph.node("Clip", [name, *ends]))
        if not activation.slope:
            return inside
        outside = graph.node("Sub", [name, inside])
        leaking = graph.node("Mul", [outside, graph.constant(activation.slope, "leakage")])
        return str(graph.node("Add", [inside, leaking]))
    graph.refuse(f"the activation {activation.name} has no operator in ONNX")
