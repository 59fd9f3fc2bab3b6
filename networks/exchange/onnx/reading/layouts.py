"""Which layer has values that lie as a reader wants them: images, or what ends in some features."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from networks.exchange.onnx.reading.factors import Axis, size_of, whole
from networks.exchange.onnx.reading.node import Node
from networks.exchange.onnx.reading.plan import Layer, Value, arranged, at_steps, steps_of
from nn.shape import AnyShape, SequenceShape, Shape


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


def step_by_step(
    node: Node, value: Value, steps: Axis, features: Axis, *, is_sequence: bool = False
) -> tuple[Layer, Axis]:
    """Return a layer whose values lie step by step, and the factors of one step in its order.

    Parameters
    ----------
    node
        Who reads them.
    value
        What is read.
    steps, features
        Axes; without steps the values of a whole entry.
    is_sequence
        Whether a step has to be features, not an image.
    """
    order, first = whole(value.layer.order), whole(steps)
    ours = order[len(first) :]
    shape: AnyShape = value.layer.shape
    if order[: len(first)] == first and set(ours) == set(whole(features)):
        is_so = not steps or (shape[0] == size_of(steps) and not isinstance(shape, Shape))
        if is_so and (not is_sequence or isinstance(shape, SequenceShape)):
            return value.layer, ours
    else:
        ours = whole(features)
    if is_sequence:
        shape = SequenceShape(size_of(steps), size_of(features))
    else:
        shape = at_steps(steps, Shape(1, 1, size_of(features)))
    source = arranged(value, [steps, ours], shape)
    if source is None:
        node.lies_otherwise("the steps are not what runs slowest in the values before it")
    return source, ours
