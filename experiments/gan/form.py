"""What the numbers of generated entries mean, kept with a model so that it can be used without its data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.gan.components import Components
from experiments.gan.parts import Part
from nn import DataError, Scaler, SequenceShape, SeriesSet, Shape, VideoShape
from nn.shape import as_shape
from nn.short_text import join_names, short_repr

LEVELS = 255
"""Of pixels, above black."""


@dataclass(frozen=True, eq=False)
class Form:
    """Shape, classes and scaling of entries, and how long and how frequent those of the training were.

    Attributes
    ----------
    shape
        Of an entry.
    classes
        Their names; empty without labels.
    low, high
        Range of the generator.
    counts
        Training entries by class, or one row without, and by length: int64 (classes, steps + 1).
    scaler
        Of series; None for images, whose pixels are 0 to 1.
    variables
        Their names; empty for images.
    components
        What the networks see of entries, where that is not these themselves.
    """

    shape: Shape | SequenceShape
    classes: tuple[str, ...]
    low: float
    high: float
    counts: np.ndarray
    scaler: Scaler | None = None
    variables: tuple[str, ...] = ()
    components: Components | None = None

    @classmethod
    def of(
        cls,
        training: Part,
        shape: Shape | SequenceShape,
        classes: tuple[str, ...],
        low: float,
        high: float,
        *,
        scaler: Scaler | None = None,
        variables: tuple[str, ...] = (),
    ) -> Form:
        """Return the form of some training entries."""
        counts = np.zeros((max(1, len(classes)), training.values.shape[1] + 1), np.int64)
        labels = np.zeros(len(training), np.int64) if training.labels is None else training.labels
        np.add.at(counts, (labels, training.lengths), 1)
        return cls(shape, classes, low, high, counts, scaler, variables)

    @property
    def built_for(self) -> Shape | SequenceShape:
        """Shape of what the networks make and judge: of an entry, or of its components."""
        return self.shape if self.components is None else SequenceShape(1, len(self.components))

    @property
    def are_images(self) -> bool:
        """Whether entries are images."""
        return isinstance(self.shape, Shape)

    def shares(self, values: np.ndarray) -> np.ndarray:
        """Return scaled entries as they are drawn: 0 to 1, clipped, float32 (N, *shape)."""
        shares = (self.entries(values) - np.float32(self.low)) / np.float32(self.high - self.low)
        return np.clip(shares, 0, 1).astype(np.float32)

    def unscaled(self, values: np.ndarray, masks: np.ndarray | None = None) -> np.ndarray:
        """Return scaled entries in the data's own units; pixels are 0 to 1, of the 256 levels of images.

        Between two levels no real pixel lies: entries that did would be told by that alone.
        """
        if self.scaler is None:
            return np.round(self.shares(values) * LEVELS) / np.float32(LEVELS)
        lengths = None if masks is None else masks.sum(axis=1)
        return self.scaler.inverse(SeriesSet.of(self.entries(values), lengths=lengths)).values

    def entries(self, values: np.ndarray) -> np.ndarray:
        """Return scaled entries of what the networks made or saw of them, (N, *shape)."""
        if self.components is None:
            return values
        return self.components.inverse(values, self.low, self.high).reshape(len(values), *self.shape)

    def draw_labels(self, count: int, generator: np.random.Generator) -> np.ndarray | None:
        """Return labels as frequent as in the training, int64 (N,), or None without classes."""
        if not self.classes:
            return None
        of_class = self.counts.sum(axis=1)
        return generator.choice(len(of_class), count, p=of_class / of_class.sum())

    def draw_masks(
        self, labels: np.ndarray | None, count: int, generator: np.random.Generator
    ) -> np.ndarray | None:
        """Return steps of entries as long as those of their classes, bool (N, steps); None where all are."""
        steps = self.counts.shape[1] - 1
        if self.are_images or not self.counts[:, :steps].any():
            return None
        of_each = np.tile(self.counts.sum(axis=0), (count, 1)) if labels is None else self.counts[labels]
        lengths = [generator.choice(steps + 1, p=each / each.sum()) for each in of_each]
        return np.arange(steps) < np.array(lengths)[:, None]

    def labels_of(self, names: tuple[str, ...], count: int) -> np.ndarray:
        """Return labels of named classes in turn, int64 (N,).

        Raises
        ------
        DataError
            When there are no classes, or not one of a name.
        """
        if not self.classes:
            raise DataError("--labels: this run has no classes: it was trained without labels")
        for name in names:
            if name not in self.classes:
                raise DataError(
                    f"--labels: there is no class {short_repr(name)}; there are {join_names(self.classes)}"
                )
        places = np.array([self.classes.index(name) for name in names])
        return np.resize(places, count).astype(np.int64)

    def to_arrays(
        self, values: np.ndarray, labels: np.ndarray | None, masks: np.ndarray | None = None
    ) -> dict[str, np.ndarray]:
        """Return scaled entries as `numpy.savez` writes them, in their own units, to be read as data again.

        Images are `values` (N, height, width, channels) with `labels` that are their classes; series are as
        `SeriesSet.to_arrays` has them.
        """
        unscaled = self.unscaled(values, masks)
        if self.are_images:
            named = (
                {} if labels is None else {"labels": np.array([int(each) for each in self.classes])[labels]}
            )
            return {"values": unscaled, **named}
        lengths = None if masks is None else masks.sum(axis=1)
        series = SeriesSet.of(unscaled, lengths=lengths, labels=labels, classes=self.classes or None)
        return {**series.to_arrays(), "variables": np.array(self.variables, np.str_)}

    def to_configuration(self) -> dict[str, Any]:
        """Describe all but the arrays in JSON's terms."""
        return {
            "shape": list(self.shape),
            "classes": list(self.classes),
            "range": [self.low, self.high],
            "scaler": None if self.scaler is None else self.scaler.to_configuration(),
            "variables": list(self.variables),
        }

    @classmethod
    def from_configuration(
        cls, configuration: Mapping[str, Any], counts: np.ndarray, components: Components | None = None
    ) -> Form:
        """Return the form that was described.

        Raises
        ------
        ValueError, TypeError, KeyError
            When the description is none.
        """
        fields = dict(configuration)
        shape = as_shape(tuple(fields["shape"]))
        if isinstance(shape, VideoShape):
            raise ValueError(f"entries of {shape} are no images and no series")
        low, high = map(float, fields["range"])
        scaler = None if fields["scaler"] is None else Scaler.from_configuration(fields["scaler"])
        classes, variables = (tuple(map(str, fields[name])) for name in ("classes", "variables"))
        if (
            counts.shape != (max(1, len(classes)), shape[0] + 1)
            or counts.dtype != np.int64
            or counts.min() < 0
        ):
            raise ValueError(f"counts {counts.dtype} {counts.shape} of {len(classes)} classes of {shape}")
        if not counts.sum(axis=1).all():
            raise ValueError("a class has no entries")
        if (scaler is None) != isinstance(shape, Shape):
            raise ValueError(f"entries of {shape} and their scaling do not go together")
        if scaler is not None and not len(scaler.offset) == len(variables) == shape[-1]:
            raise ValueError(f"{len(variables)} variables scaled for entries of {shape}")
        if components is not None and len(components.mean) != shape.size:
            raise ValueError(f"components of {len(components.mean)} numbers for entries of {shape}")
        return cls(shape, classes, low, high, counts, scaler, variables, components)
