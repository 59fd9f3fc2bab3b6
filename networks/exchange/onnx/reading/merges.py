"""Sums, products and concatenations of what several layers give."""

from __future__ import annotations

from itertools import chain

import numpy as np

from networks.exchange.onnx.reading.activations import SQUASH
from networks.exchange.onnx.reading.affine import affine
from networks.exchange.onnx.reading.factors import aligned, axis, size_of, whole, written
from networks.exchange.onnx.reading.node import Given, Node
from networks.exchange.onnx.reading.plan import Joined, Layer, Leak, Place, Value, arranged, steps_of
from networks.exchange.onnx.reading.products import add_biases
from networks.exchange.onnx.reading.recurrent import is_final
from networks.exchange.onnx.reading.tensors import Constant
from nn.shape import as_shape

ONE, ZERO = np.ones(1), np.zeros(1)


def add(node: Node) -> list[Value]:
    """Read sums, of constants too."""
    given = [node.input(number) for number in range(node.input_count)]
    for number, each in enumerate(given):
        if isinstance(each, Leak) and len(given) == 2:
            return [_leaking(node, each, given[1 - number])]
    values = [each for each in given if not isinstance(each, Constant)]
    total = _merged(node, "add", [node.as_value(each) for each in values])
    for each in given:
        if isinstance(each, Constant):
            total = _shifted(node, total, each)
    return [total]


def multiply(node: Node) -> list[Value | Leak]:
    """Read products, with constants too."""
    given = [node.input(number) for number in range(node.input_count)]
    for number, each in enumerate(given):
        if isinstance(each, Constant) and len(given) == 2:
            other = given[1 - number]
            if isinstance(other, Leak) and each.array.size == 1:
                return [other._replace(factor=other.factor * float(each.array.reshape(-1)[0]))]
            factor = _reals(node, each)
            value = node.as_value(other)
            return [value if _is_all(factor, 1) else affine(node, value, factor, ZERO)]
    return [_merged(node, "multiply", [node.as_value(each) for each in given])]


def subtract(node: Node) -> list[Value | Leak]:
    """Read differences with a constant; or what lies beyond the limits of a squash."""
    one, other = node.input(0), node.input(1)
    if isinstance(other, Constant):
        return [_shifted(node, node.as_value(one), Constant(-_reals(node, other)))]
    if isinstance(one, Constant):
        return [affine(node, node.as_value(other), -ONE, _reals(node, one))]
    first, second = node.as_value(one), node.as_value(other)
    is_limit = second.layer.fields.get("activation") == SQUASH and second.layer.family == "activation"
    if is_limit and second.layer.sources == (first.layer,) and second.axes == first.axes:
        return [Leak(second, 1.0)]
    node.refuse("differences of two computed tensors are not mapped")


def divide(node: Node) -> list[Value]:
    """Read a division by constants."""
    divisor = _reals(node, Constant(node.constant(1)))
    if not divisor.all():
        node.refuse("input 1 holds 0")
    return [affine(node, node.value(0), 1 / divisor, ZERO)]


def _reals(node: Node, constant: Constant) -> np.ndarray:
    if constant.array.dtype.kind != "f" or not constant.array.size:
        node.refuse(f"a constant is {constant.array.dtype} {constant.array.shape}, not real numbers")
    return constant.array


def _is_all(array: np.ndarray, number: int) -> bool:
    return array.size == 1 and bool(array.reshape(-1)[0] == number)


def _shifted(node: Node, value: Value, constant: Constant) -> Value:
    """Return values plus a constant: in the biases of a layer before them, or by a layer of its own."""
    if _is_all(_reals(node, constant), 0):
        return value
    return add_biases(node, value, constant) or affine(node, value, ONE, constant.array)


def _leaking(node: Node, leak: Leak, other: Given) -> Value:
    """Return a squash, and a share of what lies beyond its limits."""
    inside = node.as_value(other)
    if inside.layer is not leak.inside.layer or inside.axes != leak.inside.axes or not 0 <= leak.factor <= 1:
        node.refuse("differences of two computed tensors are not mapped")
    squash = inside.layer
    fields = {"activation": {"name": "squash", "leakage": leak.factor}}
    made = Layer(node.name, "activation", squash.shape, squash.order, squash.sources, fields)
    return Value(made, inside.axes)


def _merged(node: Node, family: str, values: list[Value]) -> Value:
    """Return a layer of values that lie alike."""
    first, *others = values
    if not others:
        return first
    layers = [first.layer]
    for other in others:
        if other.sizes != first.sizes:
            node.refuse(
                f"its inputs are {written(first.sizes)} and {written(other.sizes)}: of one size is mapped"
            )
        pairs = [aligned(one, another) for one, another in zip(first.axes, other.axes, strict=True)]
        if any(each is None for each in pairs):
            node.lies_otherwise("axes of its inputs are composed differently")
        theirs = dict(chain.from_iterable(each for each in pairs if each is not None))
        wanted = tuple(theirs[each] for each in whole(first.layer.order))
        layer = arranged(other, [wanted], first.layer.shape)
        if layer is None:
            node.lies_otherwise("its inputs lie in different orders")
        layers.append(layer)
    alone = all(each.is_alone for each in values)
    merged = Layer(node.name, family, layers[0].shape, layers[0].order, tuple(layers), source_is_alone=alone)
    return Value(merged, first.axes)


def concatenate(node: Node) -> list[Value | Joined]:
    """Read channels, or features, of several values side by side."""
    place = node.integer("axis", 1)
    given = [node.input(number) for number in range(node.input_count)]
    if given and all(isinstance(each, Place) for each in given):
        return [_whole_again(node, [each for each in given if isinstance(each, Place)], place)]
    values = [node.value(number) for number in range(node.input_count)]
    first = values[0]
    rank = len(first.axes)
    if not -rank <= place < rank or any(len(each.axes) != rank for each in values):
        node.refuse(
            f"attribute axis is {place}, and the inputs have {[len(each.axes) for each in values]} axes"
        )
    place %= rank
    if len(values) == 1:
        return [first]
    if place == 0 and all(is_final(each.layer) for each in values):
        return [Joined(tuple(values), place)]
    layers = [_with_features_last(node, first, each, place) for each in values]
    total = sum(each.sizes[place] for each in values)
    joined = axis(total)
    last = len(whole(first.axes[place]))
    order = whole(layers[0].order)
    layer = Layer(
        node.name,
        "concatenate",
        as_shape((*layers[0].shape[:-1], total)),
        (*order[: len(order) - last], *joined),
        tuple(layers),
    )
    axes = [joined if number == place else each for number, each in enumerate(first.axes)]
    return [Value(layer, tuple(axes))]


def _whole_again(node: Node, places: list[Place], place: int) -> Value:
    """Return values whose places on one axis lie one after another on another: both axes as one."""
    value, taken = places[0].value, places[0].axis
    numbers = [each.number for each in places]
    left = [each for other, each in enumerate(value.axes) if other != taken]
    is_whole = numbers == list(range(value.sizes[taken]))
    if (
        not is_whole
        or not -len(left) <= place < len(left)
        or any(
            each.value.layer is not value.layer or each.value.axes != value.axes or each.axis != taken
            for each in places
        )
    ):
        node.refuse(
            f"its inputs are places {numbers} of an axis of {value.sizes[taken]}, not all of them in order"
        )
    left[place] = (*value.axes[taken], *left[place])
    return value.seen_as(left)


def _with_features_last(node: Node, first: Value, value: Value, place: int) -> Layer:
    """Return a layer whose last side is an axis of its values; the others lie as those of the first."""
    if steps_of(value.axes[place]) is not None:
        node.lies_otherwise("entries are counted by the axis along which its inputs are joined")
    features = whole(value.axes[place])
    others = [each for each in whole(first.layer.order) if each not in set(whole(first.axes[place]))]
    pairs = [
        aligned(one, another)
        for number, (one, another) in enumerate(zip(first.axes, value.axes, strict=True))
        if number != place
    ]
    if any(each is None for each in pairs):
        node.refuse(
            f"its inputs are {written(first.sizes)} and {written(value.sizes)}, which differ in another axis"
        )
    theirs = dict(chain.from_iterable(each for each in pairs if each is not None))
    sides = first.layer.shape[:-1]
    before = tuple(theirs[each] for each in whole(others))
    if np.prod(sides) != size_of(before):
        sides = (1, size_of(before))
    layer = arranged(value, [before, features], as_shape((*sides, size_of(features))))
    if layer is None:
        node.lies_otherwise("the axis along which its inputs are joined is not what runs fastest in them")
    return layer
