"""Adversarial losses: what a discriminator and a generator minimise, each with its signals.

With r the scores of real entries and f those of generated ones, softplus(x) = log(1 + exp(x)), and means over
all scores, the discriminator and the generator minimise

    non-saturating   softplus(-r) + softplus(f)                softplus(-f)
    least squares    (r - 1)² / 2 + f² / 2                      (f - 1)² / 2
    hinge            max(0, 1 - r) + max(0, 1 + f)              -f
    Wasserstein      f - r                                      -f
    relativistic     softplus(-(r - f))                         softplus(-(f - r))

(Goodfellow et al. 2014, "Generative adversarial nets", section 3; Mao et al. 2017, "Least squares generative
adversarial networks", equation 9 with b = c = 1; Miyato et al. 2018, "Spectral normalization", equations 16
and 17; Arjovsky et al. 2017, "Wasserstein GAN", equation 3; Jolicoeur-Martineau 2019, "The relativistic
discriminator", as used by Huang et al. 2025, "The GAN is dead; long live the GAN", equation 2, where entry n
of the real ones is compared with entry n of those generated.) Of the last, both sides need both kinds of
scores.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from nn.activations import Sigmoid, Softplus
from nn.configurable import Configurable, from_configuration

sigmoid, softplus = Sigmoid(), Softplus()


class AdversarialPart(NamedTuple):
    """A loss, and the signals d loss / d score of real and generated scores, each shaped like them."""

    loss: float
    real_signals: np.ndarray
    generated_signals: np.ndarray


@dataclass(frozen=True)
class AdversarialLoss(Configurable, ABC):
    """What the two sides of an adversarial training minimise.

    Attributes
    ----------
    compares
        Whether the generator's loss depends on the scores of real entries.
    has_targets
        Whether real scores have a target, which label smoothing may change.
    """

    compares: ClassVar[bool] = False
    has_targets: ClassVar[bool] = False

    def discriminator(
        self,
        real: np.ndarray,
        generated: np.ndarray,
        weights: np.ndarray | None = None,
        targets: np.ndarray | None = None,
    ) -> AdversarialPart:
        """Return the discriminator's loss.

        Parameters
        ----------
        real, generated
            Scores of any one shape, float32 or float64.
        weights
            How much each score counts, of a shape that broadcasts to theirs: zeros at steps that are not
            there. By default all count alike.
        targets
            What the real scores should say, 1 without label smoothing; only non-saturating and least
            squares know targets.

        Raises
        ------
        ValueError
            When targets are given to a loss that has none.
        """
        if targets is not None and not self.has_targets:
            raise ValueError(
                f"{self.name}: has no targets that label smoothing could change: "
                "leave it out, or take non_saturating or least_squares"
            )
        wanted = np.ones_like(real) if targets is None else targets
        return self._mean(*self._discriminator(real, generated, wanted), weights)

    def generator(
        self, real: np.ndarray, generated: np.ndarray, weights: np.ndarray | None = None
    ) -> AdversarialPart:
        """Return the generator's loss; see `discriminator`. `real` is read only where the loss compares."""
        return self._mean(*self._generator(real, generated), weights)

    @abstractmethod
    def _discriminator(
        self, real: np.ndarray, generated: np.ndarray, wanted: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return losses, and the slopes for real and generated scores, one by one."""

    @abstractmethod
    def _generator(
        self, real: np.ndarray, generated: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return losses, and the slopes for real and generated scores, one by one."""

    @staticmethod
    def _mean(
        losses: np.ndarray, real: np.ndarray, generated: np.ndarray, weights: np.ndarray | None
    ) -> AdversarialPart:
        if weights is None:
            shares = np.full((1,) * losses.ndim, 1 / max(losses.size, 1))
        else:
            every = np.broadcast_to(weights, losses.shape)
            shares = every / max(float(every.sum(dtype=np.float64)), np.finfo(np.float32).tiny)
        loss = float(np.sum(losses * shares, dtype=np.float64))
        return AdversarialPart(loss, *((each * shares).astype(each.dtype) for each in (real, generated)))


@dataclass(frozen=True)
class NonSaturating(AdversarialLoss):
    """Logistic losses of both sides; with a target t for real scores, softplus(r) - t r + softplus(f)."""

    name = "non_saturating"
    has_targets = True

    def _discriminator(
        self, real: np.ndarray, generated: np.ndarray, wanted: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        losses = softplus(real) - wanted * real + softplus(generated)
        return losses, sigmoid(real) - wanted, sigmoid(generated)

    def _generator(
        self, real: np.ndarray, generated: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return softplus(-generated), np.zeros_like(real), -sigmoid(-generated)


@dataclass(frozen=True)
class LeastSquares(AdversarialLoss):
    """Squares of the distance to 1 for real entries and 0 for generated ones."""

    name = "least_squares"
    has_targets = True

    def _discriminator(
        self, real: np.ndarray, generated: np.ndarray, wanted: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return ((real - wanted) ** 2 + generated**2) / 2, real - wanted, generated

    def _generator(
        self, real: np.ndarray, generated: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return (generated - 1) ** 2 / 2, np.zeros_like(real), generated - 1


@dataclass(frozen=True)
class Hinge(AdversarialLoss):
    """The discriminator learns from scores within the margin alone."""

    name = "hinge"

    def _discriminator(
        self, real: np.ndarray, generated: np.ndarray, wanted: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        losses = np.maximum(1 - real, 0) + np.maximum(1 + generated, 0)
        return losses, -(real < 1).astype(real.dtype), (generated > -1).astype(real.dtype)

    def _generator(
        self, real: np.ndarray, generated: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return -generated, np.zeros_like(real), -np.ones_like(generated)


@dataclass(frozen=True)
class Wasserstein(AdversarialLoss):
    """Differences of mean scores; the discriminator must be kept smooth, by a penalty or by clipping."""

    name = "wasserstein"

    def _discriminator(
        self, real: np.ndarray, generated: np.ndarray, wanted: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return generated - real, -np.ones_like(real), np.ones_like(generated)

    def _generator(
        self, real: np.ndarray, generated: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return -generated, np.zeros_like(real), -np.ones_like(generated)


@dataclass(frozen=True)
class Relativistic(AdversarialLoss):
    """How much more real a real entry is than one that is generated, in pairs."""

    name = "relativistic"
    compares = True

    def _discriminator(
        self, real: np.ndarray, generated: np.ndarray, wanted: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        slopes = -sigmoid(generated - real)
        return softplus(generated - real), slopes, -slopes

    def _generator(
        self, real: np.ndarray, generated: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        slopes = -sigmoid(real - generated)
        return softplus(real - generated), -slopes, slopes


ADVERSARIAL_LOSSES: dict[str, type[AdversarialLoss]] = {
    kind.name: kind for kind in (NonSaturating, LeastSquares, Hinge, Wasserstein, Relativistic)
}


def adversarial_loss_from_configuration(configuration: Mapping[str, Any]) -> AdversarialLoss:
    """Return the loss that `to_configuration` described.

    Raises
    ------
    ValueError
        When the name or an argument is unknown.
    """
    return from_configuration(ADVERSARIAL_LOSSES, configuration, "adversarial loss")
