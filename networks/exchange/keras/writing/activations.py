"""Functions of single values: a layer's own where the name says all of it, else a layer behind it."""

from __future__ import annotations

import math

from networks.exchange.keras.refusals import RefusedError
from networks.exchange.keras.writing.theirs import Ours, Theirs
from nn.activations import Activation

NAMES = {
    "identity": "linear",
    "relu": "relu",
    "elu": "elu",
    "softplus": "softplus",
    "tanh": "tanh",
    "sigmoid": "sigmoid",
}
"""Of functions without a number. A leaky ReLU says its slope, which is 0.2 or 0.3 where it does not."""


def written(ours: Ours, sizes: tuple[int, ...], activation: Activation) -> Theirs:
    """Return a layer that applies a function.

    Raises
    ------
    RefusedError
        When Keras has no such function.
    """
    leakage = getattr(activation, "leakage", 0.0)
    if activation.name == "leaky_relu":
        return Theirs("LeakyReLU", sizes, {"negative_slope": leakage})
    return Theirs("Activation", sizes, {"activation": _name(ours, activation)})


def activated(ours: Ours, layer: Theirs, activation: Activation) -> list[Theirs]:
    """Return a layer with its function, or followed by it."""
    if activation.name == "leaky_relu":
        layer.configuration["activation"] = "linear"
        return [layer, written(ours, layer.sizes, activation)]
    layer.configuration["activation"] = _name(ours, activation)
    return [layer]


def _name(ours: Ours, activation: Activation) -> str:
    if activation.name == "hard_sigmoid" and math.isclose(6 * activation.slope, 1, rel_tol=1e-6):
        return "hard_sigmoid"
    if activation.name == "squash" and not getattr(activation, "leakage", 0.0):
        return "hard_tanh"
    if activation.name not in NAMES:
        raise RefusedError(f"{ours.name or ours.layer.family}: Keras has no activation {activation}")
    return NAMES[activation.name]
