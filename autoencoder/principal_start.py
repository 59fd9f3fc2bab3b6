"""A start at the principal components: a dense network that begins as their reconstruction.

Each component's number z goes through a leaky ReLU f unchanged as a pair of neurons, since
f(z) - f(-z) = (1 + leakage) z for every z. Where a layer has no room for pairs, single neurons carry it with
a bias that keeps z above zero for all but far outliers. All other neurons start as drawn, and nothing is
connected to what the carriers give: they can only add to it what they learn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from networks import Network
from nn.principal_components import PrincipalComponents

MARGIN = 8.0
"""Standard deviations by which a number carried by a single neuron is kept above zero."""


class Carried(NamedTuple):
    """Numbers as linear in what a layer gives: `weights` (numbers, neurons), `offsets` (numbers,)."""

    weights: np.ndarray
    offsets: np.ndarray


def start_principal(
    encoder: Sequence[Network], decoder: Sequence[Network], components: PrincipalComponents
) -> int:
    """Initialise dense layers as principal components, as many as every layer can carry.

    The code's numbers are the components', the largest first, divided by one number, such that they are of
    the size of one. What the code has beyond them starts as drawn, and the decoder begins without it.

    Parameters
    ----------
    encoder, decoder
        Dense layers in order: leaky ReLUs, but for the last of each, which are linear.
    components
        At least one; of the images' numbers in flat order.

    Returns
    -------
    int
        How many components the network starts with.
    """
    widths = [layer.output_shape.size for layer in (*encoder, *decoder[:-1])]
    count = min(components.number, *widths)
    directions, variances = components.directions[:, :count], components.variances[:count]
    scale = float(np.sqrt(variances.mean()))
    spread = np.sqrt(variances) / scale
    numbers = _carry(encoder, Carried(directions.T / scale, -(components.mean @ directions) / scale), spread)
    _put(encoder[-1], numbers.weights, numbers.offsets)
    code = Carried(np.eye(count, encoder[-1].output_shape.size), np.zeros(count))
    numbers = _carry(decoder, code, spread)
    weights = directions * scale
    _put(decoder[-1], weights @ numbers.weights, components.mean + weights @ numbers.offsets)
    return count


def _carry(layers: Sequence[Network], numbers: Carried, spread: np.ndarray) -> Carried:
    """Carry numbers through all layers but the last; return them as what that one's inputs make of them."""
    count = len(spread)
    for layer in layers[:-1]:
        width = layer.output_shape.size
        pairs = min(count, width - count)
        weights, offsets = numbers
        above = MARGIN * spread[pairs:]
        _put(
            layer,
            np.concatenate([weights, -weights[:pairs]]),
            np.concatenate([offsets[:pairs], offsets[pairs:] + above, -offsets[:pairs]]),
        )
        back = np.eye(count, width)
        activation = layer.activation
        assert activation is not None, "a dense layer has one"
        half = 1 / (1 + activation.slope)
        back[range(pairs), range(pairs)] = half
        back[range(pairs), range(count, count + pairs)] = -half
        numbers = Carried(back, np.concatenate([np.zeros(pairs), -above]))
    return numbers


def _put(layer: Network, weights: np.ndarray, biases: np.ndarray) -> None:
    """Give the first neurons of a layer weights and biases."""
    layer.parameters["weights"][: len(weights)] = weights
    layer.parameters["biases"][: len(biases)] = biases
