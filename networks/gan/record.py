"""What adversarial training records: a row for every epoch, and moving averages of both losses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
from pydantic import Field

from networks.gan.round import StepFigures
from nn.training.log import Whole
from nn.training.mean_loss import Real

Count = Annotated[Whole, Field(ge=0)]

AVERAGED_OVER = 50
"""Steps that a moving average of a loss looks back over."""


@dataclass
class GanRow:
    """Means over the rounds of an epoch, each figure under the parameters of its own step.

    Attributes
    ----------
    epoch, step
        Epochs and rounds done.
    seconds
        Of training, over all runs together.
    discriminator_loss, generator_loss
        Without penalties and class heads.
    penalty
        On the discriminator's input gradients.
    classification
        Loss of the discriminator's class head on real and generated entries.
    discriminator_gradient, generator_gradient
        Lengths of both sides' gradients.
    real_score, generated_score
        Means of what the discriminator says.
    generator_factor
        The g-factor at the end of the epoch.
    scores
        Of what judges the generator after the epoch, by name.
    """

    epoch: Real
    step: Count
    seconds: Real
    discriminator_loss: Real
    generator_loss: Real
    penalty: Real
    classification: Real
    discriminator_gradient: Real
    generator_gradient: Real
    real_score: Real
    generated_score: Real
    generator_factor: Real
    scores: dict[str, Real] = field(default_factory=dict)


@dataclass
class EpochSums:
    """Sums over the rounds of an epoch so far, of what `GanRow` shows as means."""

    rounds: Count = 0
    sums: list[Real] = field(default_factory=lambda: [0.0] * 8)

    def add(self, discriminator: StepFigures, generator: StepFigures) -> None:
        """Add a round."""
        figures = (
            discriminator.loss,
            generator.loss,
            discriminator.penalty,
            discriminator.classification,
            discriminator.gradient_norm,
            generator.gradient_norm,
            discriminator.real_score,
            discriminator.generated_score,
        )
        self.rounds += 1
        self.sums = [before + figure for before, figure in zip(self.sums, figures, strict=True)]

    def row(self, epoch: float, step: int, seconds: float, factor: float) -> GanRow:
        """Return the row of the epoch, with means over its rounds."""
        (d_loss, g_loss, penalty, classes, d_norm, g_norm, real, generated) = (
            each / max(self.rounds, 1) for each in self.sums
        )
        return GanRow(
            *(epoch, step, seconds, d_loss, g_loss, penalty, classes),
            *(d_norm, g_norm, real, generated, factor),
        )


@dataclass
class MovingLosses:
    """Both losses, each as a moving average of its size, and for how long one was far above the other."""

    rounds: Count = 0
    discriminator: Real = 0.0
    generator: Real = 0.0
    rounds_apart: Count = 0

    def add(self, discriminator: float, generator: float, limit: float) -> None:
        """Add a round; `limit` is the ratio from which the losses are far apart, 0 for none."""
        self.rounds += 1
        share = max(1 / self.rounds, 1 / AVERAGED_OVER)
        self.discriminator += share * (abs(discriminator) - self.discriminator)
        self.generator += share * (abs(generator) - self.generator)
        self.rounds_apart = self.rounds_apart + 1 if limit and self.ratio > limit else 0

    @property
    def ratio(self) -> float:
        """The larger of both by the smaller."""
        smaller, larger = sorted((self.discriminator, self.generator))
        return larger / max(smaller, float(np.finfo(np.float32).tiny))
