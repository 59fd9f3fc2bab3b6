"""How many neurons of the hidden layers are active: on the side of the kink where their slope is 1."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from networks import Network
from nn import ImageSet, LeakyReLU, to_history


class Activity(NamedTuple):
    """Activity of a layer, over a set of images.

    Attributes
    ----------
    active
        Share of all pairs of neuron and image in which the neuron's value is positive.
    dead
        Share of neurons whose value is positive for no image.
    """

    active: float
    dead: float


def measure_activity(network: Network, images: ImageSet) -> list[Activity]:
    """Measure every leaky ReLU layer of a network, in order, on all the images at once."""
    pixels, _ = images.batch(np.arange(len(images)))
    activities = []
    with network.inference() as looked_at:
        looked_at.forward(to_history(pixels, network.dtype))
        for layer in looked_at.layers:
            if isinstance(getattr(layer, "activation", None), LeakyReLU):
                positive = layer.values[..., : len(images)] > 0
                activities.append(Activity(float(positive.mean()), float((~positive.any(axis=-1)).mean())))
    return activities
