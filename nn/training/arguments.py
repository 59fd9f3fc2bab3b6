"""Checks of training's arguments; errors say what to give instead."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from typing import Any

import numpy as np

from nn.losses import Loss
from nn.optimizer import Optimizer
from nn.schedules import Schedule
from nn.training.batch import BatchSource
from nn.training.losses import Losses

KINDS: Mapping[str, tuple[Any, str]] = {
    "loss": (Loss | Losses, 'one of nn.losses, such as loss_by_name("huber"), or Losses'),
    "optimizer": (Optimizer, 'one of nn.optimizers, such as optimizer_by_name("adam", 0.001)'),
    "schedule": (Schedule, 'one of nn.schedules, such as schedule_by_name("cosine")'),
    "generator": (np.random.Generator, "numpy.random.default_rng(seed)"),
}
"""What each argument of a trainer must be, and what to give."""


def check_arguments(**arguments: Any) -> None:
    """Refuse arguments of a trainer, by their names in `KINDS`, that are of another kind.

    Raises
    ------
    ValueError
        Naming the argument.
    """
    for name, value in arguments.items():
        kind, advice = KINDS[name]
        check_kind(name, value, kind, advice)


def check_batches(batches: BatchSource, held_out: BatchSource | None, batch_size: int) -> None:
    """Refuse data that is not a source of batches, and empty batches.

    Raises
    ------
    ValueError
        Naming the argument.
    """
    for name, source in (("batches", batches), ("held_out", held_out)):
        if source is not None and len(source) and not hasattr(source, "batch"):
            raise ValueError(
                f"{name} is of type {type(source).__name__}: give nn.training.ArrayBatches(inputs, targets)"
            )
    if isinstance(batch_size, bool) or not isinstance(batch_size, Integral):
        raise ValueError(f"batch size {batch_size!r} must be a whole number")
    if batch_size < 1 or not len(batches):
        raise ValueError(f"batch size {batch_size}, {len(batches)} entries: both must be at least 1")


def check_kind(name: str, value: Any, kind: Any, advice: str) -> None:
    """Refuse a value that is not of a kind, or of one of several, and say what to give.

    Raises
    ------
    ValueError
        Naming the value.
    """
    if not isinstance(value, kind):
        raise ValueError(f"{name} is {_described(value)}: give {advice}")


def _described(value: Any) -> str:
    """Return what a message calls a value that may be long: short texts and numbers as they are."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    return repr(value) if isinstance(value, str | int | float | None) else f"of type {type(value).__name__}"
