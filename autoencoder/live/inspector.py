"""Inspecting the run of an autoencoder: its codes, and images from outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import numpy as np

from autoencoder.live.codes import CodeObserver
from autoencoder.session import Session
from workbench.errors import OperationError
from workbench.inspect.inspector import Inspector, Reply
from workbench.inspect.view import View
from workbench.run.operations import Source


class CodeInspector(Inspector):
    """Answers questions about a run, those about codes included; see `Inspector`."""

    @property
    def sources(self) -> list[str]:
        """See `Inspector.sources`: there may be an image from outside, too."""
        return list(get_args(Source))

    def _observe(self, before: View | None) -> CodeObserver:
        session = self._run.session
        assert isinstance(session, Session)
        return CodeObserver(session, before, self._clock)

    def _refresh(self) -> CodeObserver:
        observer = super()._refresh()
        assert isinstance(observer, CodeObserver)
        return observer

    def own(self, image: np.ndarray) -> Reply:
        """Look at an image that a person drew or uploaded, uint8 (height, width, channels).

        Raises
        ------
        OperationError
            When it is of another kind or shape than the images of the network.
        """
        view = self._refresh().view
        view.take(image)
        return view.place(), {}

    def code(self) -> Reply:
        """Return the code of the image that is looked at, and which values its numbers have for others.

        Raises
        ------
        OperationError
            When codes are not finite.
        """
        observer = self._refresh()
        view, codes = observer.view, observer.codes
        code = codes.encode(view.at([view.position + view.entry]).values)[0]
        ranges = codes.ranges()
        return {
            "code": code.tolist(),
            "low": ranges.low.tolist(),
            "high": ranges.high.tolist(),
            "order": ranges.order.tolist(),
        }, {}

    def decode(self, code: Sequence[float]) -> Reply:
        """Return the image of a code as `image`, uint8 (height, width, channels).

        Raises
        ------
        OperationError
            When it is no code of this network.
        """
        return {}, {"image": self._refresh().codes.decode(code)}

    def between(self, first: int, second: int, share: float) -> Reply:
        """Return the image of a code between those of two images, as `image`.

        Parameters
        ----------
        first, second
            Positions in the source that is looked at; the nearest there are.
        share
            Of the way from the first to the second, 0 to 1.

        Raises
        ------
        OperationError
            When the share is another.
        """
        if not 0 <= share <= 1:
            raise OperationError(f"share {share}: give 0 for the first image to 1 for the second")
        observer = self._refresh()
        return {}, {"image": observer.codes.between(observer.view.at([first, second]).values, share)}
