"""Options of training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from nn.clipping import Clipping
from nn.metrics import Metric
from nn.regularizers import Regularizer
from nn.training.arguments import check_kind

Reset = Literal["epoch", "batch", "never"]

LastBatch = Literal["keep", "drop", "merge"]


@dataclass(frozen=True)
class Options:
    """How a `Trainer` trains.

    Attributes
    ----------
    regularizers
        Applied before and after every step, in their order.
    clipping
        Applied to the gradients before every step, those of the regularizers included.
    metrics
        Measured on the held-out data; those of the loss where none are given.
    shuffled
        Whether entries come in a new order every epoch, or always in their own.
    reset
        When a network that goes on where its last sequence ended forgets it: before every "epoch",
        before every "batch" or "never".
    last_batch
        What happens to the remaining entries of an epoch that do not fill a batch: "keep" makes a
        smaller one of them, "drop" leaves them out of the epoch, "merge" adds them to the batch before,
        which then has up to twice as many, less one. A batch normalisation needs more than one entry. Data
        smaller than one batch always form one.

    Raises
    ------
    ValueError
        When an attribute is of another kind, `reset` or `last_batch` is none of these, or two metrics have
        one name.
    """

    regularizers: Sequence[Regularizer] = ()
    clipping: Clipping | None = None
    metrics: Sequence[Metric] | None = None
    shuffled: bool = True
    reset: Reset = "epoch"
    last_batch: LastBatch = "keep"

    def __post_init__(self) -> None:
        for number, each in enumerate(_listed("regularizers", self.regularizers)):
            check_kind(f"regularizers[{number}]", each, Regularizer, "one of nn.regularizers")
        for number, metric in enumerate(_listed("metrics", self.metrics or ())):
            check_kind(f"metrics[{number}]", metric, Metric, "one of nn.metrics")
        check_kind("clipping", self.clipping, Clipping | None, "one of nn.clipping")
        for name, choices in (("reset", Reset), ("last_batch", LastBatch)):
            if getattr(self, name) not in get_args(choices):
                raise ValueError(
                    f"{name} {getattr(self, name)!r}: must be one of {', '.join(get_args(choices))}"
                )
        names = [metric.name for metric in self.metrics or ()]
        if len(set(names)) < len(names):
            raise ValueError(f"metrics {', '.join(names)}: two have the same name")


def _listed(name: str, values: Any) -> Sequence[Any]:
    check_kind(name, values, Sequence, "a list of them")
    listed: Sequence[Any] = values
    return listed
