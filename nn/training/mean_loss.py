"""The mean of a loss over many batches, by what counts in each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, NamedTuple

from pydantic import Strict

Real = Annotated[float, Strict()]


class Part(NamedTuple):
    """What one output of a network adds to the loss of a batch.

    Attributes
    ----------
    loss
        Its mean loss, times how much the output counts beside the others.
    weight
        How much the batch counts in its mean over batches; 0 where a mask lets nothing count.
    """

    loss: float
    weight: float


@dataclass
class MeanLoss:
    """Sums over batches, which give the mean of every output.

        mean = sum over outputs k of (sum over batches b of weight_kb * loss_kb / sum over b of weight_kb)

    An output of which nothing counted adds nothing.

    Attributes
    ----------
    sums, weights
        By output: "" where there is but one.
    """

    sums: dict[str, Real] = field(default_factory=dict)
    weights: dict[str, Real] = field(default_factory=dict)

    def add(self, parts: Mapping[str, Part]) -> None:
        """Add a batch, by output."""
        for name, (loss, weight) in parts.items():
            if weight:
                self.sums[name] = self.sums.get(name, 0.0) + loss * weight
                self.weights[name] = self.weights.get(name, 0.0) + weight

    @property
    def value(self) -> float | None:
        """The mean over all batches; None while nothing has counted."""
        if not self.sums:
            return None
        return sum(total / self.weights[name] for name, total in self.sums.items())
