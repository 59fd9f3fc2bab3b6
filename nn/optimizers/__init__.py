"""Optimizers: each step is one fused pass over the flat parameters that also clears the gradients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from nn.configurable import from_configuration
from nn.lookup import look_up
from nn.optimizer import Optimizer
from nn.optimizers.adaptive_moments import Adam, Adamax, AdamW, Nadam
from nn.optimizers.ftrl import FTRL
from nn.optimizers.root_mean_square import Adadelta, Adagrad, RMSprop
from nn.optimizers.sgd import SGD

__all__ = [
    "FTRL",
    "KINDS",
    "OPTIMIZERS",
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Nadam",
    "Optimizer",
    "RMSprop",
    "optimizer_by_name",
    "optimizer_from_configuration",
]

KINDS: dict[str, type[Optimizer]] = {
    kind.name: kind for kind in (SGD, RMSprop, Adagrad, Adadelta, Adam, AdamW, Adamax, Nadam, FTRL)
}

OPTIMIZERS: dict[str, Callable[[float], Optimizer]] = {
    **KINDS,
    "momentum": partial(SGD, momentum=0.9),
    "nesterov": partial(SGD, momentum=0.9, nesterov=True),
}


def optimizer_by_name(name: str, learning_rate: float) -> Optimizer:
    """Return an optimizer with its usual settings; `momentum` and `nesterov` are SGD with momentum 0.9.

    Raises
    ------
    ValueError
        When the name is unknown; the message suggests the nearest.
    """
    return look_up(OPTIMIZERS, name, "optimizer")(learning_rate)


def optimizer_from_configuration(configuration: Mapping[str, Any]) -> Optimizer:
    """Return the optimizer that `to_configuration` described; its state is not part of that.

    Raises
    ------
    ValueError
        When the name is unknown, or a field unknown, missing, of the wrong kind or out of range; the
        message names it.
    """
    return from_configuration(KINDS, configuration, "optimizer")
