"""Means and maxima over axes: global pooling of ours."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain

from networks.exchange.onnx.reading.factors import size_of, whole
from networks.exchange.onnx.reading.node import Node
from networks.exchange.onnx.reading.plan import Layer, Value, arranged, at_steps, steps_of
from networks.exchange.onnx.reading.views import named_axes
from nn.shape import Shape


def reduction(family: str) -> Callable[[Node], list[Value]]:
    """Return the reader of a mean or maximum over rows and columns, or over steps."""

    def read(node: Node) -> list[Value]:
        value = node.value(0)
        places = named_axes(node, len(value.axes))
        keeps = node.integer("keepdims", 1)
        node.expect("noop_with_empty_axes", 0)
        if not places:
            node.refuse("it computes over all axes, entries among them")
        return [_reduced(node, family, value, places, bool(keeps))]

    return read


def _reduced(node: Node, family: str, value: Value, places: list[int], keeps: bool) -> Value:
    taken = whole(chain.from_iterable(value.axes[place] for place in places))
    left = [each for place, each in enumerate(value.axes) if place not in places]
    if steps_of(taken) is not None:
        node.lies_otherwise("it computes over the axis that counts entries")
    entries = next(each for each in left if steps_of(each) is not None)
    steps = steps_of(entries) or ()
    kept = tuple(each for each in whole(chain.from_iterable(left)) if not each.is_batch and each not in steps)
    order = whole(value.layer.order)[len(steps) :]
    over, rest = order[: len(taken)], order[len(taken) :]
    if set(over) != set(taken):
        over, rest = taken, kept
    sides = value.layer.shape[:-1][-2:]
    if len(sides) < 2 or sides[0] * sides[1] != size_of(taken):
        sides = (size_of(taken), 1)
    shape = Shape(sides[0], sides[1], size_of(rest))
    source = arranged(value, [steps, over, rest], at_steps(steps, shape))
    if source is None:
        node.lies_otherwise("what it computes over is not what runs slowest in the values before it")
    layer = Layer(
        node.name,
        family,
        at_steps(steps, Shape(1, 1, size_of(rest))),
        (*steps, *rest),
        (source,),
        steps=size_of(steps) if steps else 0,
    )
    axes = [() if place in places else each for place, each in enumerate(value.axes)]
    return Value(layer, tuple(axes if keeps else left))
