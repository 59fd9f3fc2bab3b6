"""Losses, each beside its gradient, chosen by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nn.configurable import from_configuration
from nn.losses.base import ElementwiseLoss, Loss, TargetError
from nn.losses.binary import BinaryCrossEntropy, BinaryCrossEntropyWithLogits
from nn.losses.categorical import CategoricalCrossEntropy, CategoricalCrossEntropyWithLogits
from nn.losses.margin import Hinge, Wasserstein
from nn.losses.regression import AbsoluteError, Huber, SquaredError

__all__ = [
    "LOSSES",
    "AbsoluteError",
    "BinaryCrossEntropy",
    "BinaryCrossEntropyWithLogits",
    "CategoricalCrossEntropy",
    "CategoricalCrossEntropyWithLogits",
    "ElementwiseLoss",
    "Hinge",
    "Huber",
    "Loss",
    "SquaredError",
    "TargetError",
    "Wasserstein",
    "loss_by_name",
    "loss_from_configuration",
]

LOSSES: dict[str, type[Loss]] = {
    kind.name: kind
    for kind in (
        SquaredError,
        AbsoluteError,
        Huber,
        BinaryCrossEntropy,
        BinaryCrossEntropyWithLogits,
        CategoricalCrossEntropy,
        CategoricalCrossEntropyWithLogits,
        Hinge,
        Wasserstein,
    )
}


def loss_by_name(name: str) -> Loss:
    """Return a loss with its usual settings.

    Raises
    ------
    ValueError
        When the name is unknown; the message suggests the nearest.
    """
    return loss_from_configuration({"name": name})


def loss_from_configuration(configuration: Mapping[str, Any]) -> Loss:
    """Return the loss that `to_configuration` described.

    Parameters
    ----------
    configuration
        `name`, one of `LOSSES`, and any of the loss's settings, such as the `delta` of huber.

    Raises
    ------
    ValueError
        When the name is unknown, or a field unknown, of the wrong kind or out of range; the message
        names it.
    """
    return from_configuration(LOSSES, configuration, "loss")
