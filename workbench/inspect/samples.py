"""Samples: cells in rows and columns, generated ones and below them a row of real ones, always the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from networks.gan import Gan, GanTrainer
from networks.gan.blueprint import RANGES
from workbench.inspect.examples import pictures

COLUMNS, ROWS = 10, 5
"""Of samples that a program does not choose, at most."""

Draw = Callable[[np.ndarray, np.ndarray | None], np.ndarray]
"""Makes pictures of entries (N, *data shape) and masks (N, steps): uint8 (N, height, width, channels)."""


@dataclass(frozen=True, eq=False)
class Samples:
    """What samples of a pair are made and drawn with.

    Cells are numbered row by row; the last row has the real entries.

    Attributes
    ----------
    noise
        Of the generated cells, (rows * columns, *noise shape without conditions).
    real
        A row of real entries, (columns, *data shape).
    labels
        The class of every column, whole numbers (columns,); None where the generator knows no classes.
    masks, real_masks
        Steps that entries have, bool (rows * columns, steps) and (columns, steps); None for all.
    headings
        Above the columns; may be empty.
    draw
        Makes pictures of entries.
    """

    noise: np.ndarray
    real: np.ndarray
    labels: np.ndarray | None
    draw: Draw
    masks: np.ndarray | None = None
    real_masks: np.ndarray | None = None
    headings: Sequence[str] = ()

    @property
    def columns(self) -> int:
        """How many there are."""
        return len(self.real)

    @property
    def generated(self) -> int:
        """How many cells are generated."""
        return len(self.noise)

    def __len__(self) -> int:
        return self.generated + self.columns

    def is_real(self, cell: int) -> bool:
        """Return whether a cell has a real entry."""
        return cell >= self.generated

    def partner(self, cell: int) -> int:
        """Return the real cell of a generated one's column, and the uppermost one of a real one's."""
        column = cell % self.columns
        return column if self.is_real(cell) else self.generated + column

    def labels_of(self, cells: np.ndarray) -> np.ndarray | None:
        """Return the classes of cells, int (n,); None where the generator knows none."""
        return None if self.labels is None else self.labels[cells % self.columns]

    def after(self, cell: int, count: int) -> int:
        """Return the cell so many after one, in a ring of those that are generated as it is, or real."""
        if self.is_real(cell):
            return self.generated + (cell - self.generated + count) % self.columns
        return (cell + count) % self.generated

    def mask_of(self, cells: Sequence[int]) -> np.ndarray | None:
        """Return the steps of cells that are all generated or all real, bool (steps, N); None for all."""
        masks, first = (self.real_masks, self.generated) if self.is_real(cells[0]) else (self.masks, 0)
        return None if masks is None else np.ascontiguousarray(masks[[cell - first for cell in cells]].T)

    def name(self, cell: int) -> str:
        """Return a cell in words."""
        row, column = divmod(cell, self.columns)
        place = self.headings[column] if self.headings else f"column {column + 1}"
        return f"real, {place}" if self.is_real(cell) else f"generated {row + 1}, {place}"

    def make(self, gan: Gan) -> np.ndarray:
        """Return the generated entries, (rows * columns, *data shape)."""
        cells = np.arange(self.generated)
        known = self.real[cells % self.columns] if gan.blueprint.completes else None
        return gan.generate_from(self.noise, labels=self.labels_of(cells), masks=self.masks, known=known)

    def pictures(self, made: np.ndarray) -> np.ndarray:
        """Return pictures of all cells, uint8 (N, height, width, channels)."""
        entries, masks = np.concatenate([made, self.real]), None
        if self.masks is not None or self.real_masks is not None:
            steps = entries.shape[1]
            everywhere = [np.ones((count, steps), bool) for count in (self.generated, self.columns)]
            pairs = zip((self.masks, self.real_masks), everywhere, strict=True)
            masks = np.concatenate([every if own is None else own for own, every in pairs])
        return self.draw(entries, masks)


def default_samples(trainer: GanTrainer) -> Samples:
    """Return samples of a pair whose program chose none: the first entries, or those of every class.

    Series are drawn as images of their numbers, steps downwards.
    """
    gan, generator = trainer.gan, np.random.default_rng(0)
    blueprint, span = gan.blueprint, RANGES[gan.blueprint.output]
    rows, labels = np.arange(min(COLUMNS, len(trainer.entries))), None
    if blueprint.conditions and trainer.labels is not None:
        classes, first = np.unique(trainer.labels, return_index=True)
        rows, labels = first[:COLUMNS], classes[:COLUMNS].astype(np.int64)
    noise = np.moveaxis(gan.draw_noise(ROWS * len(rows), generator), -1, 0)
    masks = None if trainer.masks is None else trainer.masks[rows]

    def draw(entries: np.ndarray, steps: np.ndarray | None) -> np.ndarray:
        shown = entries if steps is None else np.where(steps[..., None], entries, span[0])
        return pictures(shown, blueprint.data_shape, span)

    return Samples(
        noise,
        trainer.entries[rows],
        labels,
        draw,
        masks=None if masks is None else np.tile(masks, (ROWS, 1)),
        real_masks=masks,
        headings=() if labels is None else [str(label) for label in labels],
    )
