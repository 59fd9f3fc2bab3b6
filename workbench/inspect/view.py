"""The view: some examples of a source, and the one among them whose neurons are drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol, get_args

import numpy as np

from nn import Batch, to_history
from nn.pixel_scaling import scale_pixels
from workbench.errors import OperationError
from workbench.inspect.examples import Examples, Images
from workbench.run.operations import Source
from workbench.run.session import Session

SHOWN = 8
"""Examples that are shown together."""


class Viewed(Session, Protocol):
    """A session with examples to show."""

    @property
    def examples(self) -> Mapping[str, Examples]:
        """Examples by source: "training", and "held_out" if there are some."""


class View:
    """Which examples are shown, to all viewers alike.

    Parameters
    ----------
    session
        Has the examples.
    before
        The view of another session: its place is kept where this session has it.

    Attributes
    ----------
    source, position, entry
        The source, the number of the first example in it, and which of the shown examples is the one whose
        neurons are drawn.
    moment
        Which of the moments of the network is looked at.
    own
        A person's own image, uint8 (height, width, channels); None before there is one.
    shown
        How often the view was changed.
    """

    most: ClassVar[int] = SHOWN
    """Examples that run together."""

    def __init__(self, session: Viewed, before: View | None = None) -> None:
        self._session = session
        self.own: np.ndarray | None = None
        self.source, self.position, self.entry = "training", 0, 0
        self.shown = self.moment = 0
        if before is None:
            return
        self.moment = min(before.moment, session.network.moments - 1)
        if before.own is not None and before.own.shape == tuple(session.network.input_shape):
            self.own = before.own
        source = before.source if self._count(before.source) else "training"
        self.show(source, before.position, before.entry)

    def show(self, source: str, position: int, entry: int) -> None:
        """Show other examples; numbers beyond the source become the nearest within it.

        Raises
        ------
        OperationError
            When there is no such source, or it is empty.
        """
        if source not in get_args(Source):
            raise OperationError(f"source {source!r}: give one of {', '.join(get_args(Source))}")
        count = self._count(source)
        if not count and source == "own":
            raise OperationError("there is no image of your own yet: draw or upload one")
        if not count:
            raise OperationError("no image is held out: a new run with held-out above 0 would have some")
        self.source, self.position = source, min(max(position, 0), count - 1)
        self.shown += 1
        self.entry = min(max(entry, 0), min(self.most, count - self.position) - 1)

    def choose_moment(self, number: int) -> None:
        """Look at another moment; the nearest that there is."""
        self.moment = min(max(number, 0), self._session.network.moments - 1)
        self.shown += 1

    def take(self, image: np.ndarray) -> None:
        """Show a person's own image.

        Raises
        ------
        OperationError
            When its dtype or shape is not that of the network's input.
        """
        shape = self._session.network.input_shape
        if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.shape != tuple(shape):
            raise OperationError(f"the image is {_described(image)}, but the network takes uint8 {shape}")
        self.own = image.copy()
        self.show("own", 0, 0)

    @property
    def count(self) -> int:
        """How many examples the source has."""
        return self._count(self.source)

    def place(self) -> dict[str, Any]:
        """Return source, position, entry and count, for a reply."""
        return {
            "source": self.source,
            "position": self.position,
            "entry": self.entry,
            "count": self.count,
        }

    def images(self) -> Images:
        """Return the examples that are shown."""
        return self.at(range(self.position, min(self.position + self.most, self.count)))

    def at(self, positions: Sequence[int]) -> Images:
        """Return examples of the source by their numbers, or the nearest there are."""
        chosen = np.clip(np.array(positions), 0, self.count - 1)
        if self.source == "own":
            assert self.own is not None
            own = to_history(scale_pixels(self.own[None])[chosen])
            return Images(Batch(own, own, None, len(chosen)), ["own image"] * len(chosen))
        return self._session.examples[self.source].at(chosen)

    def _count(self, source: str) -> int:
        if source == "own":
            return 0 if self.own is None else 1
        return len(self._session.examples[source]) if source in self._session.examples else 0


def _described(image: object) -> str:
    if not isinstance(image, np.ndarray):
        return f"of type {type(image).__name__}"
    return f"{image.dtype} {'x'.join(map(str, image.shape))}"
