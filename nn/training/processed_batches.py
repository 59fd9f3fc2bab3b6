"""Batches of entries that go through processors, whose augmentations are drawn anew every time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike

from nn.data.processors import Processors
from nn.training.batch import Batch
from nn.training.batches import ArrayBatches
from nn.training.drawn_batches import DrawnBatches


class ProcessedBatches(DrawnBatches):
    """Entries as the reader of processors gives them, with what the steps after it make of them.

    Steps before the first augmentation are done once, the others for every batch.

    Parameters
    ----------
    processors
        What is done, as in inference but for the augmentations.
    entries
        (N, ...), or N arrays: `processors.read(path).entries`, `ImageSet.images` and so on. As many as
        there are targets, after steps that make several of one.
    targets
        As for `nn.ArrayBatches`; None for entries that are their own targets.
    seed
        Of the draws; None for no augmentations, as in inference: of what is held out.
    dtype
        The network's: float32 or float64.

    Raises
    ------
    ValueError
        When there are more or fewer targets, or as `ArrayBatches`; of entries a `DataError`.
    """

    def __init__(
        self,
        processors: Processors,
        entries: Sequence[np.ndarray],
        targets: np.ndarray | None = None,
        *,
        seed: int | None,
        dtype: DTypeLike = np.float32,
    ) -> None:
        super().__init__(0 if seed is None else seed)
        self._draws = seed is not None
        self._processors, self._targets, self._dtype = processors, targets, np.dtype(dtype)
        self._names, self._entries = processors.process(entries, processors.fixed_steps)
        if targets is not None and len(targets) != len(self._entries):
            raise ValueError(f"targets: {len(targets)}, but there are {len(self._entries)} entries")
        self._steps = max((len(each) for each in self._entries), default=0)
        self.batch(np.arange(min(1, len(self._entries))))  # refuses what cannot be used

    def __len__(self) -> int:
        return len(self._entries)

    def batch(self, indices: np.ndarray) -> Batch:
        """Return the entries at `indices`, int (n,), as histories (..., N), augmented."""
        processors = self._processors
        names, entries = processors.process(
            [self._entries[index] for index in indices],
            processors.drawn_steps,
            names=[self._names[index] for index in indices],
            generator=self.generator_of(indices) if self._draws else None,
        )
        values, step_masks, _ = processors.joined(entries, names, self._steps)
        targets = None if self._targets is None else self._targets[indices]
        batches = ArrayBatches(values, targets, step_masks=step_masks, dtype=self._dtype)
        return batches.batch(np.arange(len(indices)))
