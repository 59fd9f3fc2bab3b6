"""The images of a session, and the random draws that everything in it depends on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from autoencoder.settings import Settings
from autoencoder.small_folders import tenth_apart
from nn import ImageBatches, ImageSet, load_images
from nn.training.shifted_batches import ShiftedBatches

Images: TypeAlias = tuple[ImageSet, ImageSet]
"""Those to train on, and those held out."""


def parts_of(settings: Settings, images: Images) -> Images:
    """Return the images to learn from, and those to watch.

    Where none are held out and the best epoch is to be kept, every tenth is watched instead.
    """
    return tenth_apart(images[0]) if settings.keep == "best" and not len(images[1]) else images


def training_batches(images: ImageSet, settings: Settings) -> ImageBatches | ShiftedBatches:
    """Return what a session learns from: images, shifted where the settings say so."""
    if not settings.shifts:
        return ImageBatches(images.images, images.masks)
    return ShiftedBatches(images.images, images.masks, radius=settings.shifts, seed=settings.seed)


def load_data(
    settings: Settings, generator: np.random.Generator, progress: Callable[[int, int], None] | None = None
) -> Images:
    """Load the training and the held-out images that the settings name."""
    return load_images(
        settings.input_directory,
        settings.shape,
        fit=settings.fit,
        generator=generator,
        held_out_fraction=settings.held_out,
        crops_per_image=settings.crops,
        limit=settings.limit,
        progress=progress,
    )


def generators(settings: Settings) -> tuple[np.random.Generator, np.random.Generator, np.random.Generator]:
    """Return independent generators for the data, the weights and the order of training."""
    data, weights, order = np.random.SeedSequence(settings.seed).spawn(3)
    return np.random.default_rng(data), np.random.default_rng(weights), np.random.default_rng(order)


def fingerprint(images: ImageSet) -> str:
    """Return a short text that changes with any pixel or mask."""
    digest = hashlib.sha256(np.ascontiguousarray(images.images).data)
    if images.masks is not None:
        digest.update(np.ascontiguousarray(images.masks).data)
    return f"{len(images)} images, sha256 {digest.hexdigest()[:16]}"
