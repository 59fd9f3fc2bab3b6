"""Batch and layer normalisations."""

from __future__ import annotations

import numpy as np

from networks.exchange.onnx.reading.factors import size_of, whole
from networks.exchange.onnx.reading.images import image_of
from networks.exchange.onnx.reading.layouts import ending_in
from networks.exchange.onnx.reading.node import Node
from networks.exchange.onnx.reading.plan import Layer, Value, arranged, at_steps, permuted_columns, steps_of
from nn.shape import SequenceShape, Shape


def batch_normalisation(node: Node) -> list[Value]:
    """Read a normalisation of channels by running statistics.

    Momentum is the share of the old statistics there, of the new ones here.
    """
    value = node.value(0)
    node.expect("training_mode", 0)
    layer = _channels_last(node, value)
    count = value.sizes[1]
    scale, shift, means, variances = (node.weights(number, 1) for number in range(1, 5))
    for number, array in enumerate((scale, shift, means, variances), start=1):
        if len(array) != count:
            node.refuse(f"input {number} has {len(array)} numbers, and there are {count} channels")
    if (variances < 0).any():
        node.refuse("input 4 holds variances below zero")
    fields = {
        "momentum": float(np.round(1 - node.real("momentum", 0.9), 7)),
        "epsilon": _epsilon(node),
        "fixed_statistics": False,
    }
    if not 0 <= fields["momentum"] <= 1:
        node.refuse(f"attribute momentum is {1 - fields['momentum']:g}, not from 0 to 1")
    made = Layer(
        node.name,
        "batch_normalisation",
        layer.shape,
        layer.order,
        (layer,),
        fields,
        {"scale": scale, "shift": shift},
        {"means": means, "variances": variances},
        source_is_alone=value.is_alone,
        origins=node.origins(),
    )
    return [Value(made, value.axes)]


def _channels_last(node: Node, value: Value) -> Layer:
    """Return a layer whose last side is the channels, axis 1 of the values."""
    if len(value.axes) == 4:
        return image_of(node, value).layer
    if len(value.axes) not in (2, 3):
        node.refuse(f"input 0 has {len(value.axes)} axes; two to four are mapped")
    entries, channels, *rest = value.axes
    steps = steps_of(entries)
    if steps is None or (steps and rest):
        node.lies_otherwise("entries are not counted by the first axis")
    steps = (*steps, *(rest[0] if rest else ()))
    if value.layer.shape[-1] == size_of(channels) and whole(value.layer.order) == whole((*steps, *channels)):
        return value.layer
    if rest:
        shape = SequenceShape(size_of(steps), size_of(channels))
        layer = arranged(value, [steps, channels], shape)
    else:
        layer = arranged(value, [steps, channels], at_steps(steps, Shape(1, 1, size_of(channels))))
    if layer is None:
        node.lies_otherwise("channels are not what runs fastest in the values before it")
    return layer


def _epsilon(node: Node) -> float:
    epsilon = node.real("epsilon", 1e-5)
    if epsilon <= 0:
        node.refuse(f"attribute epsilon is {epsilon}, not above 0")
    return epsilon


def layer_normalisation(node: Node) -> list[Value]:
    """Read a normalisation of each entry, over its features or all of it."""
    value = node.value(0)
    if node.used - {0}:
        node.refuse("outputs 1 and 2, means and deviations, are not mapped")
    node.expect("stash_type", 1)
    rank = len(value.axes)
    place = node.integer("axis", -1)
    if not -rank <= place < rank:
        node.refuse(f"attribute axis is {place}, and the input has {rank} axes")
    taken = value.axes[place % rank :]
    count = size_of(each for axis in taken for each in axis)
    scale, shift = (
        _each(node, 1, value.sizes[place % rank :], 1.0),
        _each(node, 2, value.sizes[place % rank :], 0.0),
    )
    theirs = tuple(each for axis in taken for each in axis)
    is_whole = count == size_of(value.layer.order) and value.layer.shape[-1] != count
    layer, ours = (value.layer, value.layer.order) if is_whole else ending_in(node, value, taken)
    if steps_of(theirs) is not None:
        node.lies_otherwise("entries are counted by an axis that is computed over")
    arrays = {
        name: permuted_columns(array.reshape(1, -1), theirs, ours)[0]
        for name, array in (("scale", scale), ("shift", shift))
    }
    fields = {"axes": "all" if is_whole else "last", "epsilon": _epsilon(node)}
    made = Layer(
        node.name,
        "layer_normalisation",
        layer.shape,
        layer.order,
        (layer,),
        fields,
        arrays,
        origins=node.origins(),
    )
    return [Value(made, value.axes)]


def _each(node: Node, number: int, sizes: tuple[int, ...], otherwise: float) -> np.ndarray:
    """Return a number for each value that is normalised."""
    if node.input(number) is None:
        if number == 1:
            node.refuse("input 1, the scale, is left out")
        return np.full(sizes, otherwise, np.float32)
    array = node.weights(number, len(sizes))
    if array.shape != sizes:
        node.refuse(f"input {number} is {array.shape}, and {sizes} are normalised")
    return array
