"""Losses, each beside its gradient, chosen by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from nn.choices import choose
from nn.losses.base import ElementwiseLoss, Loss
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
        When the name is unknown, or a setting does not belong to the loss or has a value it cannot have.
    """
    settings = dict(configuration)
    kind = choose(LOSSES, settings.pop("name", None), "loss")
    known = [field.name for field in fields(kind)]
    for unknown in sorted(set(settings) - set(known)):
        raise ValueError(f"loss {kind.name} has no setting {unknown!r}; known: {', '.join(known) or 'none'}")
    return kind(**settings)
