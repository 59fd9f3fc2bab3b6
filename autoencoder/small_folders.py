"""What a folder of few images needs: a start that is as good as principal components, and staying so.

A network of a million weights learns some hundred images by heart. Where there are few, and settings leave it
open, a dense network starts as their principal components, it sees them shifted, and the best of its epochs
is kept, of which the start is one. `docs/experiments.md` has what that was chosen by.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from autoencoder.components import MOST_COMPONENTS, ShiftCopies, components_error, fitted_components
from autoencoder.model import AutoEncoder
from autoencoder.principal_start import start_principal
from autoencoder.settings import FEW_IMAGES, Settings
from nn import ImageSet
from nn.principal_components import PrincipalComponents

SHIFTS = 2
"""Pixels by which few images are shifted."""

SHIFT_CHOICES = (
    ShiftCopies(),
    ShiftCopies(radius=1, repeats=4),
    ShiftCopies(radius=1),
    ShiftCopies(radius=2),
)
"""What components are fitted on, to choose from; a radius of 1 has four shifts."""


class DecidedSettings(NamedTuple):
    """Settings without anything left open, and what was decided for the number of images.

    Attributes
    ----------
    settings
        Complete.
    names
        The settings that were left open to it.
    few
        Whether there are few images.
    """

    settings: Settings
    names: frozenset[str]
    few: bool


def decide(settings: Settings, count: int) -> DecidedSettings:
    """Decide by the number of training images what settings leave open."""
    few = count <= FEW_IMAGES
    start = settings.start_from or ("principal" if few and _may_start_principal(settings) else "drawn")
    chosen: dict[str, Any] = {
        "start_from": start,
        "output_activation": "identity" if start == "principal" else "sigmoid",
        "shifts": SHIFTS if few and _gains_by_shifts(settings) else 0,
        "keep": "best" if few else "last",
    }
    names = frozenset(name for name in chosen if getattr(settings, name) is None)
    return DecidedSettings(settings.model_copy(update={name: chosen[name] for name in names}), names, few)


def _gains_by_shifts(settings: Settings) -> bool:
    """Return whether shifts help: a sparse graph learns too little by heart for that, as measured."""
    return settings.architecture != "graph" and min(settings.width, settings.height) > 2 * SHIFTS


def _may_start_principal(settings: Settings) -> bool:
    return (
        settings.architecture == "dense"
        and settings.code_size <= MOST_COMPONENTS
        and settings.output_activation != "sigmoid"
        and settings.loss != "binary_cross_entropy"
    )


def start_at_components(
    model: AutoEncoder, images: tuple[ImageSet, ImageSet], *, generator: np.random.Generator
) -> None:
    """Let a dense model start as the principal components that keep most of other images.

    Components of the training images, and of the same with shifted ones among them, are compared on the
    second images, or on every tenth of the training images where there are none.
    """
    count = min(model.settings.code_size, MOST_COMPONENTS)
    candidates = [shown for shown in SHIFT_CHOICES if shown.radius <= (model.settings.shifts or 0)]
    training, others = images if len(images[1]) else tenth_apart(images[0])
    if len(candidates) > 1 and len(training) and len(others):
        shown, components = _best(candidates, (training, others), count, generator)
    else:
        shown, components = candidates[0], None
    if components is None or training is not images[0]:
        components = fitted_components(images[0], count, shown, generator=generator)
    if components.number:
        start_principal(model.encoder.layers, model.decoder.layers, components)


def _best(
    candidates: Sequence[ShiftCopies],
    images: tuple[ImageSet, ImageSet],
    count: int,
    generator: np.random.Generator,
) -> tuple[ShiftCopies, PrincipalComponents]:
    """Return how the first images are best shown for the second, and the components that are fitted so."""
    training, others = images
    fits = ((shown, fitted_components(training, count, shown, generator=generator)) for shown in candidates)
    return min(fits, key=lambda fit: components_error(fit[1], others))


def tenth_apart(images: ImageSet) -> tuple[ImageSet, ImageSet]:
    """Divide images into nine tenths and every tenth; of less than ten the last, of one none is apart."""
    places = np.arange(len(images))
    apart = places % 10 == min(9, len(images) - 1) if len(images) > 1 else places < 0
    return images.select(places[~apart]), images.select(places[apart])
