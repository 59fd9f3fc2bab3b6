"""What may be done differently in training, beside what is always needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

from nn.metrics import Metric
from nn.parameters import Parameters

Reset = Literal["epoch", "batch", "never"]


class Regularizer(Protocol):
    """Anything that keeps parameters small; see `nn.regularizers`."""

    def before_step(self, parameters: Parameters) -> float:
        """Add its gradients to the others and return its penalty."""

    def after_step(self, parameters: Parameters) -> None:
        """Put the values back to where they may be."""


class Clipping(Protocol):
    """Anything that keeps gradients short; see `nn.clipping`."""

    def __call__(self, parameters: Parameters) -> float:
        """Shorten the gradients and return how long they were."""


@dataclass(frozen=True)
class Options:
    """How a `Trainer` trains.

    Attributes
    ----------
    regularizers
        Asked before and after every step, in their order.
    clipping
        Applied to the gradients before every step, those of the regularizers included.
    metrics
        Measured on the held-out data; those of the loss where none are given.
    shuffled
        Whether entries come in a new order every epoch, or always in their own.
    reset
        When a network that goes on where its last sequence ended forgets it: before every "epoch",
        before every "batch" or "never".

    Raises
    ------
    ValueError
        When `reset` is none of these, or two metrics have one name.
    """

    regularizers: Sequence[Regularizer] = ()
    clipping: Clipping | None = None
    metrics: Sequence[Metric] | None = None
    shuffled: bool = True
    reset: Reset = "epoch"

    def __post_init__(self) -> None:
        if self.reset not in get_args(Reset):
            raise ValueError(f"reset {self.reset!r}: must be one of {', '.join(get_args(Reset))}")
        names = [metric.name for metric in self.metrics or ()]
        if len(set(names)) < len(names):
            raise ValueError(f"metrics {', '.join(names)}: two have the same name")
