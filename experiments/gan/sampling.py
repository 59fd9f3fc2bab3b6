"""Entries of a model: new ones, and those of one noise that everything is watched by."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from experiments.gan.form import Form
from experiments.gan.parts import Part
from networks.gan import Gan

COLUMNS = 10
ROWS = 5


class Shown(NamedTuple):
    """Entries in rows and columns: generated ones, and below them a row of real ones.

    Attributes
    ----------
    labels
        Of one row, (columns,); None where the generator knows no classes.
    noise
        (rows * columns, *noise shape).
    masks
        (rows * columns, steps), or None.
    real
        A row of real entries.
    """

    labels: np.ndarray | None
    noise: np.ndarray
    masks: np.ndarray | None
    real: Part


def choose_shown(gan: Gan, form: Form, real: Part, seed: int) -> Shown:
    """Choose noise, classes and real entries that samples are drawn with in every epoch: always the same."""
    generator = np.random.default_rng([seed, 3])
    rows = _real_rows(form, real, generator)
    labels = real.labels[rows] if real.labels is not None and gan.blueprint.conditions else None
    count = ROWS * len(rows)
    noise = np.moveaxis(gan.draw_noise(count, generator), -1, 0)
    everywhere = None if labels is None else np.tile(labels, ROWS)
    masks = form.draw_masks(everywhere, count, generator)
    chosen = real.select(rows)
    if gan.blueprint.completes and chosen.masks is not None:
        masks = np.tile(chosen.masks, (ROWS, 1))
    return Shown(labels, noise, masks, chosen)


def _real_rows(form: Form, real: Part, generator: np.random.Generator) -> np.ndarray:
    """Return which real entries are shown: one of each class, the classes in order, or any."""
    if real.labels is None:
        return np.sort(generator.permutation(len(real))[:COLUMNS])
    shown = np.linspace(0, len(form.classes) - 1, min(COLUMNS, len(form.classes))).round().astype(int)
    return np.array([generator.choice(np.flatnonzero(real.labels == label)) for label in shown])


def make_shown(gan: Gan, shown: Shown) -> np.ndarray:
    """Return the generated entries of what is shown, (rows * columns, *shape), scaled."""
    everywhere = None if shown.labels is None else np.tile(shown.labels, ROWS)
    known = np.concatenate([shown.real.values] * ROWS) if gan.blueprint.completes else None
    return gan.generate_from(shown.noise, labels=everywhere, masks=shown.masks, known=known)


def generate(
    gan: Gan,
    form: Form,
    count: int,
    generator: np.random.Generator,
    *,
    labels: np.ndarray | None = None,
    pool: Part | None = None,
) -> Part:
    """Return new entries, of given classes or as frequent as in the training, and as long as these.

    Where the generator completes entries, these are drawn from a pool, with their classes and lengths.
    """
    if pool is not None and gan.blueprint.completes:
        given = pool.select(generator.integers(len(pool), size=count))
        labels = given.labels if labels is None and gan.blueprint.conditions else labels
        options = {"labels": labels, "masks": given.masks, "known": given.values}
        return Part(gan.generate(count, generator=generator, **options), labels, given.masks)
    if labels is None and gan.blueprint.conditions:
        labels = form.draw_labels(count, generator)
    masks = form.draw_masks(labels, count, generator)
    return Part(gan.generate(count, generator=generator, labels=labels, masks=masks), labels, masks)
