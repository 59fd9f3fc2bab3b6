"""One step on the way from a file to what a network takes, described by a name and its arguments."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np

from nn.configurable import Configurable

IMAGE = "images"
"""Entries (height, width, channels)."""

CLIP = "clips"
"""Entries (steps, height, width, channels)."""

SERIES = "series"
"""Entries (steps, variables)."""


def sound_at(rate: int) -> str:
    """Return the kind of entries (samples,) at a rate in hertz."""
    return f"sound at {rate} Hz"


class Read(NamedTuple):
    """What is in a file: a name for each entry, and the entries."""

    names: list[str]
    entries: list[np.ndarray]


class Reader(Configurable, ABC):
    """Turns a file into entries."""

    @property
    @abstractmethod
    def gives(self) -> str:
        """The kind of its entries."""

    @abstractmethod
    def read(self, path: Path) -> Read:
        """Read a file.

        Raises
        ------
        DataError
            When it cannot be used; names the file.
        """


class Processor(Configurable, ABC):
    """Turns an entry into another, or into several.

    Attributes
    ----------
    takes
        Kinds of entries that it can be given.
    is_drawn
        Whether it is an augmentation: at random in training, and the same for every entry otherwise.
    is_several
        Whether it makes several entries of one.
    """

    is_drawn: ClassVar[bool] = False
    is_several: ClassVar[bool] = False

    @property
    @abstractmethod
    def takes(self) -> tuple[str, ...]:
        """Kinds of entries that it can be given."""

    def gives(self, kind: str) -> str:
        """Return the kind of what it makes of entries of a kind: the same, unless it says otherwise."""
        return kind

    @abstractmethod
    def process(self, entry: np.ndarray, generator: np.random.Generator | None) -> list[np.ndarray]:
        """Return what becomes of an entry.

        Parameters
        ----------
        entry
            Of a kind that it takes; it is not changed.
        generator
            Draws the augmentation in training; None in inference.

        Raises
        ------
        DataError
            When the entry cannot be used.
        """
