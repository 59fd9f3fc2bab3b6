"""What a picture of a network is made of: layers with their neurons' values, and connections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nn.render.colours import check_finite
from nn.shape import Shape

STRONGEST = 200


@dataclass(frozen=True, eq=False)
class LayerPicture:
    """A layer of neurons as it is to be drawn.

    Attributes
    ----------
    name
        Written under the layer.
    shape
        Height, width and channels.
    values
        What colours the neurons: (H, W, C), real and finite.
    image
        Whether the values are pixels in [0, 1], drawn from black to white (the channels of colour
        images from black to red, green and blue) instead of blue to red around zero.

    Raises
    ------
    ValueError
        When the values do not have the shape, or one of them is NaN or infinite.
    """

    name: str
    shape: Shape
    values: np.ndarray
    image: bool = False

    def __post_init__(self) -> None:
        if np.shape(self.values) != tuple(self.shape):
            raise ValueError(
                f"layer {self.name!r} has shape {self.shape}, its values {np.shape(self.values)}"
            )
        if not self.shape.size:
            raise ValueError(f"layer {self.name!r} has shape {self.shape}: there is no neuron to draw")
        check_finite(np.asarray(self.values), f"values of layer {self.name!r}", "(row, column, channel)")


@dataclass(frozen=True, eq=False)
class ConnectionsPicture:
    """Connections from the neurons of one layer to those of another, or of the same one.

    Attributes
    ----------
    source_layer, target_layer
        Positions in the list of layers.
    source_index, target_index
        Whole numbers (n,): each connection's neurons, counted row by row, pixel by pixel, channel by
        channel within their layer.
    weight
        (n,), finite.

    Raises
    ------
    ValueError
        When the arrays differ in length, the indices are not whole numbers, or a weight is NaN or
        infinite.
    """

    source_layer: int
    target_layer: int
    source_index: np.ndarray
    target_index: np.ndarray
    weight: np.ndarray

    def __post_init__(self) -> None:
        shapes = {np.shape(each) for each in (self.source_index, self.target_index, self.weight)}
        if len(shapes) != 1 or len(next(iter(shapes))) != 1:
            raise ValueError(
                f"{self.name}: indices and weights have shapes {sorted(shapes)}, expected one (n,)"
            )
        for index in map(np.asarray, (self.source_index, self.target_index)):
            if not np.issubdtype(index.dtype, np.integer):
                raise ValueError(f"{self.name}: indices are {index.dtype}, expected whole numbers")
        check_finite(np.asarray(self.weight), f"weights of {self.name}", "(connection)")

    @property
    def name(self) -> str:
        """What messages call them."""
        return f"connections from layer {self.source_layer} to layer {self.target_layer}"

    def strongest(self, count: int) -> ConnectionsPicture:
        """Return the `count` connections of greatest |weight|, weakest first; zeros are left out.

        Of equals, those that come first are kept.

        Raises
        ------
        ValueError
            When the count is negative.
        """
        chosen = _strongest(np.asarray(self.weight), count)
        return ConnectionsPicture(
            self.source_layer,
            self.target_layer,
            np.asarray(self.source_index)[chosen],
            np.asarray(self.target_index)[chosen],
            np.asarray(self.weight)[chosen],
        )


def strongest_connections(
    weights: np.ndarray, source_layer: int, target_layer: int, count: int = STRONGEST
) -> ConnectionsPicture:
    """Pick the strongest connections of a dense weight matrix.

    Parameters
    ----------
    weights
        (targets, sources), as `Dense` keeps them.
    source_layer, target_layer
        Positions in the list of layers that is to be drawn.
    count
        How many at most; zeros are left out.

    Returns
    -------
    ConnectionsPicture
        The connections of greatest |weight|, weakest first.

    Raises
    ------
    ValueError
        When the weights are not a matrix, one of them is NaN or infinite, or the count is negative.
    """
    if weights.ndim != 2:
        raise ValueError(f"weights have shape {weights.shape}, expected (targets, sources)")
    check_finite(weights, "weights", "(target, source)")
    chosen = _strongest(weights.ravel(), count)
    targets, sources = np.divmod(chosen, weights.shape[1])
    return ConnectionsPicture(source_layer, target_layer, sources, targets, weights[targets, sources])


def check_network(layers: Sequence[LayerPicture], connections: Sequence[ConnectionsPicture]) -> None:
    """Refuse a network that cannot be drawn.

    Raises
    ------
    ValueError
        When there is no layer, or a connection names a layer or a neuron that does not exist.
    """
    if not layers:
        raise ValueError("a picture of a network needs at least one layer")
    for each in connections:
        for number, index in ((each.source_layer, each.source_index), (each.target_layer, each.target_index)):
            if not 0 <= number < len(layers):
                raise ValueError(f"{each.name}: there are only layers 0 to {len(layers) - 1}")
            size = layers[number].shape.size
            wrong = np.asarray(index)[(np.asarray(index) < 0) | (np.asarray(index) >= size)]
            if len(wrong):
                raise ValueError(
                    f"{each.name}: neuron {wrong[0]} of layer {layers[number].name!r}, which has {size}"
                )


def _strongest(weights: np.ndarray, count: int) -> np.ndarray:
    """Places of the `count` greatest |weights| that are not zero, weakest first, int64."""
    if count < 0:
        raise ValueError(f"the {count} strongest connections: the count cannot be negative")
    strengths = np.abs(weights)
    if 0 < count < len(strengths):
        threshold = np.partition(strengths, len(strengths) - count)[len(strengths) - count]
        candidates = np.flatnonzero(strengths >= threshold)
    else:
        candidates = np.flatnonzero(strengths)
    order = np.argsort(-strengths[candidates], kind="stable")[:count]
    chosen = candidates[order[::-1]]
    return chosen[strengths[chosen] > 0]
