"""Gather, Slice and Cast: tables of features, the last of several steps, and kinds of numbers."""

from __future__ import annotations

import numpy as np

from networks.exchange.onnx.reading.factors import axis, size_of, whole
from networks.exchange.onnx.reading.node import Node
from networks.exchange.onnx.reading.plan import Joined, Layer, Padded, Place, Value, arranged, steps_of
from networks.exchange.onnx.reading.recurrent import last_step
from networks.exchange.onnx.reading.stretches import read_stretches
from networks.exchange.onnx.reading.tensors import REALS, WHOLES, Constant
from nn.shape import SequenceShape, Shape

Part = Value | Place


def gather(node: Node) -> list[Part]:
    """Read rows of a table by labels, or a single place on an axis of values."""
    if isinstance(node.input(0), Constant):
        return [_embedding(node)]
    places = node.constant(1)
    if places.dtype != np.int64 or places.size != 1 or places.ndim > 1:
        node.refuse(f"input 1 is {places.dtype} {places.shape}: one place alone is mapped")
    number, place = int(places.reshape(-1)[0]), node.integer("axis", 0)
    given = node.input(0)
    if isinstance(given, Joined):
        return [_of_joined(node, given, place, number)]
    value = node.value(0)
    rank = len(value.axes)
    if not -rank <= place < rank:
        node.refuse(f"attribute axis is {place}, and the input has {rank} axes")
    found = _taken(node, value, place % rank, number)
    if isinstance(found, Value) and places.ndim:
        found = _opened(found, place % rank)
    return [found]


def _of_joined(node: Node, joined: Joined, place: int, number: int) -> Part:
    """Return one of several layers' values that were put one after another."""
    rank = len(joined.values[0].axes)
    counts = [each.sizes[joined.axis] for each in joined.values]
    if place not in (joined.axis, joined.axis - rank) or not -sum(counts) <= number < sum(counts):
        node.refuse(f"takes place {number} of axis {place} of values that lie one after another")
    number %= sum(counts)
    for value, count in zip(joined.values, counts, strict=True):
        if number < count:
            return _taken(node, value, joined.axis, number)
        number -= count
    raise AssertionError


def _taken(node: Node, value: Value, place: int, number: int) -> Part:
    """Return what lies at one place of an axis, which is no more."""
    size = value.sizes[place]
    if not -size <= number < size:
        node.refuse(f"takes place {number} of an axis of {size}")
    if steps_of(value.axes[place]) is not None:
        node.lies_otherwise("takes a single entry")
    if size == 1:
        return value.seen_as([each for other, each in enumerate(value.axes) if other != place])
    return last_step(value, place, number) or Place(value, place, number % size)


def _opened(value: Value, place: int) -> Value:
    return value.seen_as([*value.axes[:place], (), *value.axes[place:]])


def slice_(node: Node) -> list[Value | Padded]:
    """Read all of an axis, its last step, or all but its end before a convolution."""
    value = node.value(0)
    starts, ends, places, steps = read_stretches(node)
    starts, ends = starts or [], ends or []
    places = list(range(len(starts))) if places is None else places
    if not len(starts) == len(ends) == len(places) or set(steps or [1]) != {1}:
        node.refuse("its starts, ends and axes are not as many, or its steps are not 1")
    rank = len(value.axes)
    margins = [(0, 0)] * rank
    for start, end, place in zip(starts, ends, places, strict=True):
        if not -rank <= place < rank:
            node.refuse(f"axis {place} of {rank} axes")
        size = value.sizes[place]
        first, last, _ = slice(start, end).indices(size)
        if (first, last) == (0, size):
            continue
        found = _taken(node, value, place % rank, first) if last - first == 1 else None
        if isinstance(found, Value):
            value = _opened(found, place % rank)
        elif first < last and steps_of(value.axes[place]) is None:
            margins[place % rank] = (-first, last - size)
        else:
            node.refuse(f"takes {first} to {last} of an axis of {size}")
    return [Padded(value, tuple(margins)) if any(map(any, margins)) else value]


def _embedding(node: Node) -> Value:
    table, value = node.weights(0, 2), node.value(1)
    if node.integer("axis", 0) not in (0, -2) or not table.size:
        node.refuse("a table is looked up along another axis than its first, or is empty")
    if not value.is_labels:
        node.refuse("input 1 is computed, and has to be labels: an input of whole numbers")
    steps = steps_of(tuple(each for axis in value.axes for each in axis))
    if steps is None:
        node.lies_otherwise("no axis of input 1 counts entries")
    shape = SequenceShape(size_of(steps), 1) if steps else Shape(1, 1, 1)
    source = arranged(value, [steps], shape)
    if source is None:
        node.lies_otherwise("labels lie in another order")
    labels, count = table.shape
    features = axis(count)
    layer = Layer(
        node.name,
        "embedding",
        SequenceShape(size_of(steps), count) if steps else Shape(1, 1, count),
        (*whole(steps), *features),
        (source,),
        {"labels": labels, "features": count},
        {"weights": table},
        origins=node.origins(),
    )
    return Value(layer, (*value.axes, features))


def cast(node: Node) -> list[Value]:
    """Read another kind of numbers: reals stay reals, and an input may be made labels."""
    value, kind = node.value(0), node.integer("to", 0)
    node.integer("saturate", 1)  # of kinds that are refused
    if kind in REALS and not value.is_labels:
        return [value]
    if kind in WHOLES and (value.is_labels or not value.layer.family):
        return [value._replace(is_labels=True)]
    node.refuse(f"attribute to is {kind}: computed numbers stay real, and labels whole")
