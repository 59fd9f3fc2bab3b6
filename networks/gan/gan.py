"""Gan: a generator and a discriminator, what they are built from, and entries that are made by the first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import DTypeLike

from networks.base.network import Network
from networks.gan.architectures import Architect
from networks.gan.blueprint import RECURRENT, Blueprint
from networks.gan.conditions import beside, one_hot
from networks.gan.multi_scale import MultiScaleArchitect
from networks.gan.views import view_of
from nn.argument_checks import check_count, check_generator
from nn.entries import from_history, to_history

BATCH = 256
"""Entries that are generated at once."""


class Gan:
    """Two networks: one makes data of noise, the other tells them from real ones.

    Parameters
    ----------
    blueprint
        What they are built from.
    generator
        Draws their weights.
    rung_name
        Of the ladder that they are on.
    dtype
        float32 or float64.
    given
        Which numbers of an entry are given, bool (*data shape), where the blueprint completes entries: the
        generator reads them, and keeps them in what it makes.

    Raises
    ------
    ValueError
        When `given` is missing, of another shape or all of the entry, or the blueprint completes nothing.

    Attributes
    ----------
    generator, discriminator
        The networks.
    view
        How they see entries.
    averaged
        The generator's parameters averaged over steps, flat; None before training averages them.
    """

    def __init__(
        self,
        blueprint: Blueprint,
        *,
        generator: np.random.Generator,
        rung_name: str = "o2",
        dtype: DTypeLike = np.float32,
        given: np.ndarray | None = None,
    ) -> None:
        self.given = _checked_given(blueprint, given)
        kind = MultiScaleArchitect if blueprint.multi_scale else Architect
        architect = kind(blueprint, rung_name, check_generator(generator), dtype)
        self.blueprint, self.view = blueprint, view_of(blueprint)
        self.generator, self.discriminator = architect.generator(), architect.discriminator()
        self.averaged: np.ndarray | None = None

    @property
    def networks(self) -> dict[str, Network]:
        """Both networks by side."""
        return {"generator": self.generator, "discriminator": self.discriminator}

    @property
    def dtype(self) -> np.dtype:
        """The dtype of parameters and data."""
        return self.generator.dtype

    def draw_noise(self, count: int, generator: np.random.Generator) -> np.ndarray:
        """Return normal noise for so many entries, (*noise shape without conditions, count)."""
        *sides, _ = self.blueprint.noise_shape
        of_entry = self.blueprint.is_recurrent and self.blueprint.noise_per == "entry"
        drawn = [1] * len(sides) if of_entry else sides
        noise = generator.standard_normal((*drawn, self.blueprint.noise, count)).astype(self.dtype)
        return np.repeat(noise, sides[0], axis=0) if of_entry else noise

    def conditions(self, labels: np.ndarray | None, count: int) -> np.ndarray:
        """Return what says the classes of labels (N,): ones among zeros, (conditions, N); (0, N) without."""
        if not self.blueprint.conditions:
            return np.zeros((0, count), self.dtype)
        return one_hot(self._checked_labels(labels, count), self.blueprint.conditions, self.dtype)

    def make(
        self,
        noise: np.ndarray,
        conditions: np.ndarray,
        *,
        training: bool = False,
        mask: np.ndarray | None = None,
        known: np.ndarray | None = None,
    ) -> np.ndarray:
        """Return what the generator makes, as it is shown to the discriminator; see `networks.gan.views`.

        Parameters
        ----------
        noise
            As `draw_noise` returns it.
        conditions
            As `conditions` returns them, (conditions, N).
        training
            Whether it is part of a step of training.
        mask
            bool (steps, N), which steps are there, where entries differ in length.
        known
            Entries (*data shape, N) of which some numbers are given, where the generator completes them.
        """
        self.generator.step_mask = mask
        made = self.view.made(self.generator.forward(self.taken(noise, conditions, known), training))
        return made if known is None else np.where(self.region, self.view.of(known), made)

    def taken(self, noise: np.ndarray, conditions: np.ndarray, known: np.ndarray | None = None) -> np.ndarray:
        """Return what the generator reads, (*noise shape, N), of what `make` is given."""
        context = noise if known is None else np.concatenate([noise, self._context(known)], axis=-2)
        return beside(context, conditions) if len(conditions) else context

    @property
    def region(self) -> np.ndarray:
        """Which numbers of what is shown of entries are given: a pixel where all that it stands for is."""
        assert self.given is not None
        return self.view.where_all(self.given)

    def _context(self, known: np.ndarray) -> np.ndarray:
        """Return what is given as the generator reads it, zero elsewhere, (*sides of the noise, known, N)."""
        assert self.given is not None
        shown = np.where(self.given[..., None], known, known.dtype.type(0))
        *sides, _ = self.blueprint.noise_shape
        return shown.reshape(*sides, self.blueprint.known, known.shape[-1])

    def generate(
        self,
        count: int,
        *,
        generator: np.random.Generator,
        labels: np.ndarray | None = None,
        masks: np.ndarray | None = None,
        known: np.ndarray | None = None,
    ) -> np.ndarray:
        """Return new entries (N, *data shape), made with the averaged parameters where there are any.

        Parameters
        ----------
        count
            How many.
        generator
            Draws the noise; the same state gives the same entries.
        labels
            The class of each, whole numbers (N,), where the networks know classes.
        masks
            Which steps each has, bool (N, steps); by default all. Steps that are not there are zero.
        known
            Entries (N, *data shape) of which some numbers are given, where the generator completes them.

        Raises
        ------
        ValueError
            When labels are missing, too many, or not among the classes; when masks or what is given do not
            fit.
        """
        noise = self.draw_noise(check_count("gan: count", count), check_generator(generator))
        return self.generate_from(from_history(noise, count), labels=labels, masks=masks, known=known)

    def generate_from(
        self,
        noise: np.ndarray,
        *,
        labels: np.ndarray | None = None,
        masks: np.ndarray | None = None,
        known: np.ndarray | None = None,
    ) -> np.ndarray:
        """Return the entries (N, *data shape) of noise (N, *noise shape without conditions).

        See `generate`.
        """
        count = len(noise)
        conditions = self.conditions(labels, count)
        self._check_known(known, count)
        made = np.empty((count, *self.blueprint.data_shape), self.dtype)
        with self.averaged_parameters(), self.generator.inference():
            for start in range(0, count, BATCH):
                part = slice(start, min(start + BATCH, count))
                mask = None if masks is None else np.ascontiguousarray(masks[part].T)
                values, parts = self._histories(noise[part]), conditions[:, part]
                shown = None if known is None else self._histories(known[part])
                outputs = self.view.entries(self.make(values, parts, mask=mask, known=shown))
                made[part] = from_history(outputs, part.stop - part.start)
        return made

    def _histories(self, entries: np.ndarray) -> np.ndarray:
        """Return entries (N, ...) as (..., N)."""
        return to_history(entries, self.dtype)[..., : len(entries)]

    def _check_known(self, known: np.ndarray | None, count: int) -> None:
        if (known is not None) != self.blueprint.completes:
            needs = (
                "completes entries: give them" if self.blueprint.completes else "completes nothing: give none"
            )
            raise ValueError(f"gan: the generator {needs} as `known`")
        if known is not None and known.shape != (count, *self.blueprint.data_shape):
            raise ValueError(
                f"gan: known entries are {known.shape}, {(count, *self.blueprint.data_shape)} are needed"
            )

    @contextmanager
    def averaged_parameters(self) -> Iterator[None]:
        """Within, the generator has the averaged parameters, where there are any."""
        if self.averaged is None:
            yield
            return
        values = self.generator.parameters.values
        kept = values.copy()
        values[:] = self.averaged
        try:
            yield
        finally:
            values[:] = kept

    @property
    def masks_steps(self) -> bool:
        """Whether entries may differ in length: both networks are recurrent and read steps."""
        return self.blueprint.architecture in RECURRENT and self.blueprint.judge in RECURRENT

    def _checked_labels(self, labels: np.ndarray | None, count: int) -> np.ndarray:
        classes = self.blueprint.conditions
        if labels is None:
            raise ValueError(f"gan: labels are missing: it makes entries of {classes} classes, give {count}")
        array = np.asarray(labels)
        if array.shape != (count,) or not np.issubdtype(array.dtype, np.integer):
            raise ValueError(f"gan: labels must be whole numbers ({count},), not {array.dtype} {array.shape}")
        if count and not 0 <= array.min() <= array.max() < classes:
            wrong = array.min() if array.min() < 0 else array.max()
            raise ValueError(f"gan: label {wrong} is not one of {classes} classes, 0 to {classes - 1}")
        return array


def _checked_given(blueprint: Blueprint, given: np.ndarray | None) -> np.ndarray | None:
    """Return which numbers are given, after a look at them."""
    if not blueprint.completes:
        if given is not None:
            raise ValueError("gan: numbers are given, but the blueprint does not complete entries")
        return None
    shape = tuple(blueprint.data_shape)
    if given is None or given.dtype != np.bool_ or given.shape != shape or given.all():
        raise ValueError(
            f"gan: to complete entries, give which numbers are given: bool {shape}, False where some are made"
        )
    return given
