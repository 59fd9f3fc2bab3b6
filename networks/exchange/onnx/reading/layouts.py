"""Which layer has values that lie as a reader wants them: images, or what ends in some features."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from networks.exchange.onnx.reading.factors import Axis, size_of, whole
from networks.exchange.onnx.reading.node import Node
from networks.exchange.onnx.reading.plan import Layer, Value, arranged, steps_of
from nn.shape import Shape


def ending_in(node: Node, value: Value, taken: Sequence[Axis]) -> tuple[Layer, Axis]:
    """Return a layer whose last side is made of some axes, and their factors in its order."""
    features = whole(chain.from_iterable(taken))
    if steps_of(features) is not None:
        node.lies_otherwise("entries are counted by an axis that is computed over")
    layer, order = value.layer, whole(value.layer.order)
    others = tuple(each for each in order if each not in set(features))
    ours = order[len(others) :]
    if set(ours) != set(features):
        ours = features
    elif size_of(features) == layer.shape[-1]:
        return layer, ours
    found = arranged(value, [others, ours], Shape(1, size_of(others), size_of(features)))
    if found is None:
        node.lies_otherwise("the axis that is computed over is not what runs fastest in the values before it")
    return found, ours
