"""Parts of the data: entries with their labels and lengths, divided so that every class is in each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from experiments.gan.settings import Settings
from nn import DataError
from nn.data.series.splits import held_out_of_classes
from nn.short_text import join_names, short_repr


@dataclass(frozen=True, eq=False)
class Part:
    """Some entries.

    Attributes
    ----------
    values
        float32 (N, *shape of an entry), scaled.
    labels
        Places of their classes, int64 (N,); None without classes.
    masks
        Which steps each has, bool (N, steps); None where all have all.
    """

    values: np.ndarray
    labels: np.ndarray | None
    masks: np.ndarray | None

    def __len__(self) -> int:
        return len(self.values)

    @property
    def lengths(self) -> np.ndarray:
        """Steps of every entry, int64 (N,); of images their rows."""
        if self.masks is None:
            return np.full(len(self), self.values.shape[1], np.int64)
        return self.masks.sum(axis=1)

    def select(self, rows: np.ndarray) -> Part:
        """Return the entries of some rows, int (n,)."""
        labels, masks = (None if each is None else each[rows] for each in (self.labels, self.masks))
        return Part(self.values[rows], labels, masks)

    def padded(self, steps: int) -> Part:
        """Return the same entries with so many steps, those that are not there zero and masked out."""
        more = steps - self.values.shape[1]
        masks = np.ones(self.values.shape[:2], bool) if self.masks is None else self.masks
        return Part(
            np.pad(self.values, ((0, 0), (0, more), (0, 0))), self.labels, np.pad(masks, ((0, 0), (0, more)))
        )


def select_classes(settings: Settings, there: Sequence[str]) -> tuple[str, ...]:
    """Return the classes that are learned, in the order that they have in the data; none without labels.

    Raises
    ------
    DataError
        When labels are asked for and missing, or a class is not there.
    """
    if not there:
        asked = settings.conditioning not in (None, "none")
        if settings.classes or asked:
            option = "--classes" if settings.classes else f"--conditioning {settings.conditioning}"
            raise DataError(
                f"{settings.data}: labels are missing, and {option} needs them: give a file of labels beside "
                "IDX files, an array called labels in an .npz, or --label-column of a .csv; or leave it out"
            )
        return ()
    unknown = [name for name in settings.classes if name not in there]
    if unknown:
        raise DataError(
            f"{settings.data}: --classes: there is no class {short_repr(unknown[0])}; "
            f"there are {join_names(there)}"
        )
    return tuple(name for name in there if not settings.classes or name in settings.classes)


def are_usable(labels: np.ndarray | None, classes: Sequence[str], least: int, settings: Settings) -> bool:
    """Return whether there are labels, and every class has enough entries to be in every part.

    Raises
    ------
    DataError
        When one has not, naming it, and labels are to be learned.
    """
    if labels is None:
        return False
    counts = np.bincount(labels, minlength=len(classes))
    rarest = int(counts.argmin())
    if counts[rarest] < least and settings.conditioning != "none":
        have = {0: "no entry", 1: "one entry"}.get(int(counts[rarest]), f"{counts[rarest]} entries")
        raise DataError(
            f"{settings.data}: labels: class {short_repr(classes[rarest])} has {have}, and {least} are "
            "needed, one to learn from, one to score by and one to test on: give more of it, leave it out by "
            "--classes, or learn without labels by --conditioning none"
        )
    return bool(counts[rarest] >= least)


def held_out(part: Part, share: float, generator: np.random.Generator) -> tuple[Part, Part]:
    """Divide entries at random into some that are kept and some that are held out, both in the old order.

    Of every class at least one is held out, without classes at least two in all; and at least one is kept.
    """
    least = 2 if part.labels is None else 1
    labels = np.zeros(len(part), np.int64) if part.labels is None else part.labels
    chosen = held_out_of_classes(labels, share, generator, least)
    return part.select(np.flatnonzero(~chosen)), part.select(np.flatnonzero(chosen))
