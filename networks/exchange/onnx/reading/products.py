"""Gemm, MatMul and the biases added behind: dense layers, at every step where there are steps."""

from __future__ import annotations

from itertools import chain

import numpy as np

from networks.exchange.onnx.reading.factors import axis, size_of, whole
from networks.exchange.onnx.reading.layouts import step_by_step
from networks.exchange.onnx.reading.node import Node
from networks.exchange.onnx.reading.plan import (
    FUSES,
    IDENTITY,
    Layer,
    Value,
    at_steps,
    permuted_columns,
    steps_of,
)
from networks.exchange.onnx.reading.tensors import Constant
from nn.shape import Shape


def gemm(node: Node) -> list[Value]:
    """Read `alpha A B + beta C`, with A computed and B and C known."""
    value = node.value(0)
    if len(value.axes) != 2:
        node.refuse(f"input 0 has {len(value.axes)} axes, not 2")
    node.expect("transA", 0)
    weights = node.weights(1, 2)
    weights = weights if node.integer("transB", 0) == 1 else weights.T
    alpha, beta = node.real("alpha", 1.0), node.real("beta", 1.0)
    biases = np.zeros(len(weights), weights.dtype)
    if node.input(2) is not None:
        given = node.constant(2)
        if (
            given.dtype.kind != "f"
            or given.size not in (1, len(weights))
            or given.size != max(given.shape[-1:], default=1)
        ):
            node.refuse(
                f"input 2 is {given.dtype} {given.shape}, not a number for each of {len(weights)} outputs"
            )
        biases = biases + beta * given.reshape(-1)
    return [_dense(node, value, weights if alpha == 1 else alpha * weights, biases)]


def matmul(node: Node) -> list[Value]:
    """Read the product of what is computed with a known matrix."""
    value, weights = node.value(0), node.weights(1, 2).T
    if len(value.axes) < 2:
        node.refuse("input 0 has one axis")
    return [_dense(node, value, weights, np.zeros(len(weights), weights.dtype))]


def _dense(node: Node, value: Value, weights: np.ndarray, biases: np.ndarray) -> Value:
    *lead, features = value.axes
    steps = steps_of(tuple(chain.from_iterable(lead)))
    if steps is None or steps_of(features) is not None:
        node.lies_otherwise("entries are not counted by an axis before the last")
    if size_of(features) != weights.shape[1] or not weights.size:
        node.refuse(f"input 0 has {size_of(features)} features, and the weights are {weights.shape[::-1]}")
    source, ours = step_by_step(node, value, steps, features)
    outputs = axis(len(weights))
    layer = Layer(
        node.name,
        "dense",
        at_steps(steps, Shape(1, 1, len(weights))),
        (*steps, *outputs),
        (source,),
        {"output_shape": f"1x1x{len(weights)}", "activation": IDENTITY},
        {"weights": permuted_columns(weights, features, ours), "biases": biases},
        steps=size_of(steps) if steps else 0,
        origins=node.origins(),
    )
    return Value(layer, (*lead, outputs))


def add_biases(node: Node, value: Value, constant: Constant) -> Value | None:
    """Add numbers to the biases of a layer; None where they are not one for each output or channel."""
    layer, array = value.layer, constant.array
    if not (
        value.is_alone
        and layer.family in FUSES
        and layer.fields["activation"] == IDENTITY
        and array.dtype.kind == "f"
    ):
        return None
    count = len(layer.arrays["biases"])
    if not _is_one_each(value, array, count):
        return None
    layer.arrays["biases"] = layer.arrays["biases"] + array.reshape(-1)
    layer.origins = (*layer.origins, constant.name)
    return value


def _is_one_each(value: Value, array: np.ndarray, count: int) -> bool:
    """Return whether an array that is added to values has one number for each output or channel."""
    if array.size == 1:
        return array.ndim <= len(value.axes)
    if array.size != count or array.ndim > len(value.axes):
        return False
    place = len(value.axes) - array.ndim + int(np.argmax(array.shape))
    outputs, order = whole(value.axes[place]), whole(value.layer.order)
    return size_of(outputs) == count and order[len(order) - len(outputs) :] == outputs
