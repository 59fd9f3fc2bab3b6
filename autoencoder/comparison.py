"""The error of a network beside that of as many principal components."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from autoencoder.components import (
    MOST_COMPONENTS,
    components_error,
    fitted_components,
    fitted_on,
    mean_error,
    sample,
)
from autoencoder.model import BATCH_SIZE, AutoEncoder
from nn import ImageSet, Snapshot, SnapshotError

COMPARISON = "comparison"
"""What model files call it."""

Count = Annotated[int, Field(ge=1)]
Error = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Comparison(BaseModel):
    """Errors of a network and of principal components on the same images.

    Attributes
    ----------
    components
        How many: as many as the code has numbers, or fewer where the images do not differ in so many ways.
    fitted_on
        Training images that the components were fitted on.
    components_error, network_error
        Mean squared error of what each makes of the images, not clipped; pixels in [0, 1], padding left out.
    images
        How many they were measured on.
    held_out
        Whether these were held out; training images otherwise.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    components: Count
    fitted_on: Count
    components_error: Error
    network_error: Error
    images: Count
    held_out: bool

    def __str__(self) -> str:
        of = "held-out" if self.held_out else "training"
        return (
            f"{self.components} principal components of {self.fitted_on:,} training images: "
            f"{self.components_error:.6f} (network: {self.network_error:.6f}), "
            f"mean squared error on {self.images:,} {of} images"
        )


def compare(model: AutoEncoder, images: tuple[ImageSet, ImageSet]) -> Comparison | None:
    """Compare a model with principal components of what it was trained on, on what was held out.

    Parameters
    ----------
    model
        Was trained on the first of the images.
    images
        Training images, and those held out; where there are none of these the first are measured on.

    Returns
    -------
    Comparison or None
        None where the code has more numbers than components are looked for, or the images are all the same.
    """
    training, held_out = images
    count, seen = model.settings.code_size, held_out if len(held_out) else training
    if count > MOST_COMPONENTS:
        return None
    components = fitted_components(training, count, generator=np.random.default_rng(model.settings.seed))
    errors = components_error(components, seen), mean_error(seen, _outputs(model))
    if not (components.number and np.isfinite(errors).all()):
        return None
    return Comparison(
        components=components.number,
        fitted_on=len(fitted_on(training, count)),
        components_error=errors[0],
        network_error=errors[1],
        images=len(sample(seen)),
        held_out=bool(len(held_out)),
    )


def _outputs(model: AutoEncoder) -> Callable[[np.ndarray], np.ndarray]:
    return lambda batch: model.network.predict(batch, BATCH_SIZE)


def comparison_of(snapshot: Snapshot) -> Comparison | None:
    """Return the comparison in a model file; None in one of a training that has not ended, or an old one.

    Raises
    ------
    SnapshotError
        When it is none.
    """
    found = snapshot.metadata.get(COMPARISON)
    try:
        return None if found is None else Comparison.model_validate(found)
    except ValidationError as error:
        raise SnapshotError(f"{snapshot.path}: its {COMPARISON} cannot be used: {error}") from error
