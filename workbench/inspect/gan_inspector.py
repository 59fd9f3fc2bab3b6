"""Looking into a pair of adversarial networks: one of the two at a time, and samples."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Protocol

import numpy as np

from nn.training.batch import Values
from workbench.inspect.examples import Images, entries_of
from workbench.inspect.gan_sides import Side
from workbench.inspect.inspector import Inspector, Reply
from workbench.inspect.observer import Observer
from workbench.inspect.view import View


class CellView(View):
    """Which cell of the samples is looked at."""

    most: ClassVar[int] = 1


class SideObserver(Observer):
    """Looks at one of the two networks; see `Observer`."""

    views: ClassVar[type[View]] = CellView
    session: Side  # type: ignore[assignment]

    def _errors(self, images: Images, outputs: np.ndarray) -> list[float | None]:
        return []

    def _answers(self, images: Images) -> Sequence[str]:
        return []

    def _send_back(self, images: Images) -> None:
        cells = self.session.group(self.view.position)
        signals = self.session.signals(unpadded(self.probe.every_output, len(cells)), cells)
        self.probe.send_signals(entries_of(signals, len(cells)))


def unpadded(values: Values, entries: int) -> Values:
    """Return histories (..., N) of the entries alone."""
    if isinstance(values, Mapping):
        return {name: array[..., :entries] for name, array in values.items()}
    return values[..., :entries]


class Watched(Protocol):
    """A run of a pair: `workbench.run.gan_run.GanRun`, or anything with these."""

    @property
    def session(self) -> Side:
        """The network that is looked at."""

    @property
    def run(self) -> int:
        """Grows with every change of it."""

    @property
    def state(self) -> str:
        """`training` while it trains."""


class GanInspector(Inspector):
    """Answers questions about a pair; see `Inspector`.

    Parameters
    ----------
    run
        Whose present side is inspected.
    clock
        Seconds that only grow.
    """

    def __init__(self, run: Watched, clock: Callable[[], float] = time.monotonic) -> None:
        self._pair_run = run
        self._observers: dict[str, SideObserver] = {}
        super().__init__(run, clock)  # type: ignore[arg-type]

    def _observe(self, before: View | None) -> Observer:
        """Return the observer of the present side, the same one every time: it may have a baseline."""
        side = self._pair_run.session
        if side.name not in self._observers:
            self._observers[side.name] = SideObserver(side, before, self._clock)  # type: ignore[arg-type]
        observer = self._observers[side.name]
        if before is not None:
            observer.view.show("training", before.position, 0)
        return observer

    def samples(self) -> Reply:
        """Return pictures of all cells, uint8 (N, height, width, channels), row by row, the last one real."""
        side = self._pair_run.session
        samples = side.pair.samples
        header = {"step": side.step, "columns": samples.columns, "headings": list(samples.headings)}
        return header, {"pictures": samples.pictures(side.pair.make())}
