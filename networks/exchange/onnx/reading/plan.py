"""The layers that a graph becomes: descriptions and arrays, from which networks are built."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from networks.exchange.onnx.reading.factors import Axis, aligned, size_of, sizes, whole
from nn.shape import AnyShape, SequenceShape, Shape, VideoShape, as_shape

IDENTITY = {"name": "identity"}

FUSES = ("dense", "convolution", "transposed_convolution")
"""Families with an activation of their own."""

BY_ELEMENT = ("activation", "add", "multiply")
"""Families that take every value for itself."""


@dataclass(eq=False)
class Layer:
    """A network of the model, or an input of it.

    Attributes
    ----------
    name
        In the model.
    family
        As descriptions have it; empty for an input.
    shape
        Of its values.
    order
        The factors of these in the order in which they lie.
    sources
        What it reads.
    fields
        Of its description, but for input shapes.
    arrays, state
        Its parameters and running statistics by name.
    steps
        At how many steps it is applied, 0 where it reads whole entries.
    source_is_alone
        Whether nothing else reads its sources.
    origins
        Names of the tensors that its parameters are from.
    twin
        Of a recurrent layer that gives every step the one that gives the last, and the other way round.
    """

    name: str
    family: str
    shape: AnyShape
    order: Axis
    sources: tuple[Layer, ...] = ()
    fields: dict[str, Any] = field(default_factory=dict)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    state: dict[str, np.ndarray] = field(default_factory=dict)
    steps: int = 0
    source_is_alone: bool = False
    origins: tuple[str, ...] = ()
    twin: Layer | None = None


class Value(NamedTuple):
    """A tensor of theirs: values of a layer of ours, seen along their axes.

    Attributes
    ----------
    layer
        Whose values.
    axes
        Of the tensor.
    is_alone
        Whether nothing but what reads this tensor reads the layer.
    is_labels
        Whether they are whole numbers.
    """

    layer: Layer
    axes: tuple[Axis, ...]
    is_alone: bool = True
    is_labels: bool = False

    @property
    def sizes(self) -> tuple[int, ...]:
        """The sizes of the axes, `UNKNOWN` for entries of an open number."""
        return tuple(size_of(each) for each in self.axes)

    def seen_as(self, axes: Sequence[Axis]) -> Value:
        """Return the same values along other axes."""
        return self._replace(axes=tuple(axes))


class Place(NamedTuple):
    """One place on an axis of some values, which ours cannot take alone.

    Attributes
    ----------
    value
        Of which it is a part.
    axis, number
        Which axis, and where on it.
    """

    value: Value
    axis: int
    number: int


class Joined(NamedTuple):
    """Values one after another along an axis, from which one may be taken.

    Attributes
    ----------
    values
        The parts.
    axis
        Along which they lie.
    """

    values: tuple[Value, ...]
    axis: int


class Leak(NamedTuple):
    """What lies beyond the limits of a squash, times a factor.

    Attributes
    ----------
    inside
        What the squash gives.
    factor
        A number.
    """

    inside: Value
    factor: float


class Beyond(NamedTuple):
    """Whether some values are larger than a number.

    Attributes
    ----------
    value
        Which values.
    limit
        The number.
    """

    value: Value
    limit: float


class Padded(NamedTuple):
    """Values with zeros around them, or with places left out.

    Attributes
    ----------
    value
        Within.
    margins
        Zeros before and after along every axis; below 0 what is left out.
    """

    value: Value
    margins: tuple[tuple[int, int], ...]


def steps_of(axes: Axis) -> Axis | None:
    """Return what an axis counts beside entries; None where it does not count entries."""
    factors = whole(axes)
    if not any(each.is_batch for each in factors):
        return None
    return tuple(each for each in factors if not each.is_batch)


def at_steps(steps: Axis, shape: Shape) -> AnyShape:
    """Return the shape of an image at every step; without steps the image's."""
    if not steps:
        return shape
    flat = shape[:2] == (1, 1)
    return as_shape((size_of(steps), shape.channels) if flat else (size_of(steps), *shape))


def at_one_step(shape: AnyShape) -> AnyShape:
    """Return what a network applied to every step reads."""
    if isinstance(shape, SequenceShape):
        return Shape(1, 1, shape.features)
    return shape.image if isinstance(shape, VideoShape) else shape


def arranged(value: Value, groups: Sequence[Axis], shape: AnyShape) -> Layer | None:
    """Return a layer whose values lie in an order and shape; None where they do not.

    A dense layer before it gets its rows in that order; a layer that gives them another shape is added where
    that is all it takes.

    Parameters
    ----------
    value
        What is read.
    groups
        Factors in the order wanted.
    shape
        Wanted.
    """
    layer = value.layer
    wanted, there = whole(chain.from_iterable(groups)), whole(layer.order)
    if wanted != there and not (
        len(wanted) == len(there) and set(wanted) == set(there) and value.is_alone and _can_reorder(layer)
    ):
        return None
    if wanted != there:
        _reorder(layer, wanted)
    if layer.shape == shape or (value.is_alone and _reshape(layer, shape)):
        return layer
    return reshaped(value, shape)


def reshaped(value: Value, shape: AnyShape) -> Layer:
    """Return a layer that gives values another shape."""
    layer = value.layer
    return Layer(
        "reshape",
        "reshape",
        shape,
        layer.order,
        (layer,),
        {"output_shape": str(shape)},
        source_is_alone=value.is_alone,
    )


def identity(layer: Layer) -> Layer:
    """Return a layer that gives what it is given."""
    return Layer("", "activation", layer.shape, layer.order, (layer,), {"activation": IDENTITY})


def _can_reorder(layer: Layer) -> bool:
    """Return whether values may come in another order: whether they are the rows of dense layers."""
    waiting = [layer]
    while waiting:
        layer = waiting.pop()
        if layer.family == "dense" and not layer.steps:
            continue
        passes = layer.family in (*BY_ELEMENT, "reshape") or is_flat_normalisation(layer)
        if not (passes and layer.source_is_alone):
            return False
        if any(aligned(layer.order, source.order) is None for source in layer.sources):
            return False
        waiting += layer.sources
    return True


def is_flat_normalisation(layer: Layer) -> bool:
    """Return whether a layer normalises every value by parameters of its own."""
    return layer.family == "batch_normalisation" and layer.shape[:2] == (1, 1) and not layer.steps


def _reorder(layer: Layer, wanted: Axis) -> None:
    """Let the values of a layer come in another order."""
    waiting = [(layer, wanted)]
    while waiting:
        layer, wanted = waiting.pop()
        if layer.family != "dense":
            for source in layer.sources:
                theirs = dict(aligned(layer.order, source.order) or ())
                waiting.append((source, tuple(theirs[each] for each in whole(wanted))))
        if layer.arrays:
            _permute(layer, wanted)
        layer.order = wanted


def _permute(layer: Layer, wanted: Axis) -> None:
    """Bring the rows of a layer's arrays into another order."""
    there = whole(layer.order)
    places = [there.index(each) for each in wanted]
    for arrays in (layer.arrays, layer.state):
        for name, array in arrays.items():
            split = array.reshape(*sizes(there), *array.shape[1:])
            rest = range(len(places), split.ndim)
            arrays[name] = split.transpose(*places, *rest).reshape(array.shape)


def _reshape(layer: Layer, shape: AnyShape) -> bool:
    """Give a layer's values another shape where that needs no further layer; return whether it was done."""
    changed, waiting = [], [layer]
    while waiting:
        layer = waiting.pop()
        changed.append(layer)
        if layer.family in BY_ELEMENT and layer.source_is_alone:
            waiting += layer.sources
        elif layer.family not in ("dense", "reshape") or layer.steps:
            return False
    for each in changed:
        each.shape = shape
        if each.family not in BY_ELEMENT:
            each.fields["output_shape"] = str(shape)
    return True


def permuted_columns(weights: np.ndarray, theirs: Axis, ours: Axis) -> np.ndarray:
    """Return weights (outputs, inputs) with their inputs in our order.

    Parameters
    ----------
    weights
        As the file has them.
    theirs, ours
        The same factors in both orders.
    """
    theirs, ours = whole(theirs), whole(ours)
    if theirs == ours:
        return weights
    split = weights.reshape(len(weights), *(each.size for each in theirs))
    places = [1 + theirs.index(each) for each in ours]
    return split.transpose(0, *places).reshape(weights.shape)


def describe(layer: Layer) -> dict[str, Any]:
    """Return the description of a layer, as `networks.network_from_configuration` reads it."""
    taken = [str(at_one_step(each.shape) if layer.steps else each.shape) for each in layer.sources]
    shapes: dict[str, Any] = {"input_shapes": taken} if len(taken) > 1 else {"input_shape": taken[0]}
    inside = {"family": layer.family, **shapes, **layer.fields}
    if not layer.steps:
        return inside
    return {"family": "time_distributed", "input_shape": str(layer.sources[0].shape), "network": inside}


def parameters_of(layer: Layer) -> Mapping[str, np.ndarray]:
    """Return the parameters of a layer by their names in it."""
    return {f"network.{name}" if layer.steps else name: array for name, array in layer.arrays.items()}


def parameter_count(layers: Sequence[Layer]) -> int:
    """Return how many parameters some layers have."""
    return sum(math.prod(array.shape) for layer in layers for array in layer.arrays.values())
