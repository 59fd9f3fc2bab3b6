"""The loss of a network with several outputs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np

from nn.losses import Loss
from nn.metrics import Metric
from nn.training.batch import Batch, Values, named
from nn.training.mean_loss import Part


class Losses:
    """A loss for every output, added up.

        L = sum over outputs k of weight_k * L_k        dL / d output_k = weight_k * dL_k / d output_k

    Parameters
    ----------
    parts
        The loss of every output of the network, by name.
    weights
        How much each counts; 1 by default. The loss of an output that counts 0 is not computed,
        and its targets may be anything, NaN or no label included.

    Raises
    ------
    ValueError
        When there is none, one is not a loss, or a weight belongs to no output, is negative or not finite.
    """

    name = "losses"

    def __init__(self, parts: Mapping[str, Loss], weights: Mapping[str, float] | None = None) -> None:
        self.parts = dict(parts)
        given = dict(weights or {})
        if not self.parts:
            raise ValueError("losses: give the loss of at least one output")
        for name, part in self.parts.items():
            if not isinstance(part, Loss):
                raise ValueError(f"losses: that of {name} is {part!r}: give one of nn.losses")
        if unknown := given.keys() - self.parts.keys():
            raise ValueError(f"losses: weights of {', '.join(sorted(unknown))}, which have no loss")
        self.weights = {name: float(given.get(name, 1.0)) for name in self.parts}
        for name, weight in self.weights.items():
            if not (math.isfinite(weight) and weight >= 0):
                raise ValueError(
                    f"losses: the weight of {name} is {weight}, not a finite number of at least 0"
                )

    def __call__(
        self,
        outputs: Mapping[str, np.ndarray],
        targets: Mapping[str, np.ndarray],
        *,
        entries: int | None = None,
        mask: Mapping[str, np.ndarray] | None = None,
    ) -> tuple[float, dict[str, np.ndarray]]:
        """Return the sum, and the signals of every output.

        Parameters
        ----------
        outputs, targets
            Histories (..., N) by the names of the outputs.
        entries
            How many of the N entries are active; all by default.
        mask
            By name as well; outputs without one count everywhere. An output of which nothing counts adds
            nothing, and has signals of zero.

        Raises
        ------
        ValueError
            When outputs or targets have other names than the losses, or one does not fit its loss.
        """
        parts, signals = self.measure(outputs, targets, entries=entries, mask=mask)
        return sum(part.loss for part in parts.values()), signals

    def measure(
        self,
        outputs: Mapping[str, np.ndarray],
        targets: Mapping[str, np.ndarray],
        *,
        entries: int | None = None,
        mask: Mapping[str, np.ndarray] | None = None,
    ) -> tuple[dict[str, Part], dict[str, np.ndarray]]:
        """Return what every output adds to the sum, and its signals; see `__call__`."""
        self.check_names(outputs, targets)
        parts, signals = {}, {}
        for name, loss in self.parts.items():
            if not self.weights[name]:
                parts[name], signals[name] = Part(0.0, 0.0), np.zeros_like(outputs[name])
                continue
            own = named(mask).get(name)
            mean, slopes = loss(outputs[name], targets[name], entries=entries, mask=own)
            slopes *= self.weights[name]
            parts[name] = Part(self.weights[name] * float(mean), loss.weight(targets[name], entries, own))
            signals[name] = slopes
        return parts, signals

    def metrics(self) -> list[Metric]:
        """Return the metrics of all losses; `accuracy` of the output `digit` is called `digit_accuracy`."""
        return [OutputMetric(name, metric) for name, loss in self.parts.items() for metric in loss.metrics()]

    def check_names(self, outputs: Values, targets: Values) -> None:
        """Refuse outputs or targets of other names than the losses, with a ValueError."""
        for what, given in (("outputs", outputs), ("targets", targets)):
            names = "one without a name" if not isinstance(given, Mapping) else ", ".join(given)
            if not isinstance(given, Mapping) or set(given) != set(self.parts):
                raise ValueError(f"losses are of the outputs {', '.join(self.parts)}; the {what} are {names}")


class OutputMetric(Metric):
    """A metric of one of several outputs."""

    def __init__(self, output: str, metric: Metric) -> None:
        self.output, self.metric = output, metric

    @property
    def name(self) -> str:  # type: ignore[override]
        """The name of the metric after that of the output."""
        return f"{self.output}_{self.metric.name}"

    @property
    def higher_is_better(self) -> bool:  # type: ignore[override]
        """As the metric says."""
        return self.metric.higher_is_better

    def reset(self) -> None:
        """Forget all batches."""
        self.metric.reset()

    def add(
        self,
        outputs: Any,
        targets: Any,
        entries: int | None = None,
        mask: Any = None,
    ) -> None:
        """Add the output's part of a batch, whose arrays are given by the names of the outputs."""
        own = named(mask).get(self.output)
        self.metric.add(outputs[self.output], targets[self.output], entries, own)

    def value(self) -> float:
        """Return the metric over all batches."""
        return self.metric.value()


AnyLoss: TypeAlias = Loss | Losses


def batch_parts(loss: AnyLoss, outputs: Values, batch: Batch) -> tuple[dict[str, Part], Values]:
    """Return what each output adds to the loss of a batch, by name ("" where it has none), and signals."""
    either: Any = loss
    options = {"entries": batch.entries, "mask": batch.mask}
    if isinstance(loss, Losses):
        return either.measure(outputs, batch.targets, **options)
    mean, signals = either(outputs, batch.targets, **options)
    return {"": Part(float(mean), float(either.weight(batch.targets, **options)))}, signals


def batch_loss(loss: AnyLoss, outputs: Values, batch: Batch) -> tuple[float, Values]:
    """Return the loss of the outputs for a batch, and the signals."""
    parts, signals = batch_parts(loss, outputs, batch)
    return sum(part.loss for part in parts.values()), signals


def unread_targets(loss: AnyLoss) -> frozenset[str]:
    """Return the names of the targets that a loss does not look at."""
    weights = loss.weights if isinstance(loss, Losses) else {}
    return frozenset(name for name, weight in weights.items() if not weight)
