"""The code for interactive use: its numbers, their ranges, and images decoded from them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from autoencoder.session import HALVES, Session
from networks import Sequential
from workbench.errors import OperationError
from workbench.inspect.examples import to_bytes
from workbench.inspect.observer import Observer
from workbench.inspect.probe import Probe
from workbench.inspect.view import View

IMAGES = 512
"""Images from whose codes the ranges are taken: the first of the training data."""

PERCENTILES = (2, 98)

SHORTEST_AGE = 3.0
"""Seconds for which ranges are good enough while training goes on."""

SHARE = 0.01
"""Of the time, at most, for finding them again while training goes on."""


class Ranges(NamedTuple):
    """Which values each number of the code has for different images.

    Attributes
    ----------
    low, high
        Between which most are, float32 (code size,).
    order
        Which number varies most, and so on, int64 (code size,).
    """

    low: np.ndarray
    high: np.ndarray
    order: np.ndarray


class Codes:
    """Codes of images and images of codes.

    Parameters
    ----------
    session
        Whose model and training images are used.
    probe
        Of that model.
    clock
        Seconds that only grow.
    """

    def __init__(self, session: Session, probe: Probe, clock: Callable[[], float] = time.monotonic) -> None:
        self._session, self._probe, self._clock = session, probe, clock
        self._found: Ranges | None = None
        self._found_at, self._good_until = (-1, 0), 0.0

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Return the codes of images, float32 (n, code size).

        Raises
        ------
        OperationError
            When they are not finite.
        """
        codes = self._run("encoder", images).reshape(len(images), -1)
        if not np.isfinite(codes).all():
            raise OperationError("the code is not finite: training has diverged, go back to a snapshot")
        return codes

    def decode(self, code: Sequence[float] | np.ndarray) -> np.ndarray:
        """Return the image of a code, uint8 (height, width, channels).

        Raises
        ------
        OperationError
            When it does not have as many numbers as a code, or they are not finite.
        """
        size = self._session.model.code_shape.size
        with np.errstate(over="ignore"):
            numbers = np.asarray(code, np.float32)
        if numbers.shape != (size,):
            raise OperationError(f"a code of {numbers.size} numbers, this network's have {size}")
        if not np.isfinite(numbers).all():
            raise OperationError("the numbers of a code must be finite, and fit float32")
        codes = numbers.reshape(1, *self._session.model.code_shape)
        return to_bytes(self._run("decoder", codes)[0])

    def between(self, images: np.ndarray, share: float) -> np.ndarray:
        """Return the image of the code that lies between those of two images.

        Parameters
        ----------
        images
            float32 (2, height, width, channels).
        share
            Of the way from the first to the second.
        """
        first, second = self.encode(images)
        return self.decode(first + np.float32(share) * (second - first))

    def ranges(self) -> Ranges:
        """Return which values the numbers have: anew after steps and changes, but every few seconds at most.

        Raises
        ------
        OperationError
            When codes are not finite.
        """
        begin, session = self._clock(), self._session
        moment = session.trainer.step, len(session.steering.changed)
        if self._found is None or (moment != self._found_at and begin >= self._good_until):
            self._found, self._found_at = self._find(), moment
            end = self._clock()
            self._good_until = end + max(SHORTEST_AGE, (end - begin) / SHARE)
        return self._found

    def _run(self, half: str, batch: np.ndarray) -> np.ndarray:
        """Run a batch through the encoder or the decoder of the twin."""
        twin = self._probe.twin
        assert isinstance(twin, Sequential)
        names = {label: name for name, label in HALVES.items()}
        return self._probe.run_part(twin.named[names[half]], batch)

    def _find(self) -> Ranges:
        images = self._session.training
        codes = self.encode(images.batch(np.arange(min(IMAGES, len(images))))[0])
        low, high = np.percentile(codes, PERCENTILES, axis=0).astype(np.float32)
        return Ranges(low, high, np.argsort(-codes.std(axis=0), kind="stable"))


class CodeObserver(Observer):
    """Looks at a session and its codes; see `Observer`.

    Attributes
    ----------
    codes
        Of the session's model.
    """

    def __init__(
        self, session: Session, before: View | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(session, before, clock)
        self.codes = Codes(session, self.probe, clock)
